package store

import (
	"errors"
	"slices"
	"time"

	"boxready/checks"
)

// Portal is what is saved of a portal: no secrets, and of the last run only what a comparison with the next one needs.
type Portal struct {
	Address string         `json:"address"` // as portal.Address writes it
	Checked time.Time      `json:"checked,omitzero"`
	Verdict checks.Verdict `json:"verdict,omitempty"`
	Results []Past         `json:"results,omitempty"`
	Keys    bool           `json:"keys,omitempty"` // the keyring has a sign-in or a webhook
	// Confirmed says that employees and applications use this address, by the owner's word.
	Confirmed bool `json:"confirmed,omitempty"`
	// Withdrawn says that the owner took that back, also for a sign-in that confirmed it.
	Withdrawn bool `json:"withdrawn,omitempty"`
	// Setup is how its server is set up, by the owner's word.
	Setup checks.Setup `json:"setup,omitempty"`
	// Applications are those whose requirements are compared with the portal.
	Applications []Application `json:"applications,omitempty"`
}

// Application is a file of requirements as the owner gave it, or one of the ready ones.
type Application struct {
	Library string `json:"library,omitempty"` // ID of a ready file
	File    string `json:"file,omitempty"`    // name of the owner's, without a folder
	Text    string `json:"text,omitempty"`    // what was in it
}

// Past is a result of an earlier run.
type Past struct {
	Check checks.ID    `json:"check"`
	State checks.State `json:"state"`
	Cause checks.Cause `json:"cause,omitempty"`
	// Acknowledged says that it didn't count.
	Acknowledged bool `json:"acknowledged,omitempty"`
}

// PastOf returns what is saved of a run.
func PastOf(o *checks.Outcome) Portal {
	p := Portal{Address: o.Target.Address.String(), Checked: o.Finished.UTC().Truncate(time.Second), Verdict: o.Verdict}
	for _, r := range o.Results {
		p.Results = append(p.Results, Past{r.Check, r.State, r.Cause, r.Acknowledged != nil})
	}
	return p
}

// Of returns the results of a check.
func (p *Portal) Of(id checks.ID) (results []Past) {
	for _, r := range p.Results {
		if r.Check == id {
			results = append(results, r)
		}
	}
	return results
}

// Count is how many results have a state and count.
func (p *Portal) Count(state checks.State) (n int) {
	for _, r := range p.Results {
		if r.State == state && !r.Acknowledged {
			n++
		}
	}
	return n
}

// maxPortals is how many are saved; those used longest ago are deleted first.
const maxPortals = 500

// Portals returns the saved portals, the one used last first.
func (s *Store) Portals() []Portal {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.portals)
}

// Portal returns a saved portal; false if there is none with this address.
func (s *Store) Portal(address string) (Portal, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.find(address)
	if i < 0 {
		return Portal{}, false
	}
	return s.portals[i], true
}

// Remember saves a portal as the one used last. Its Keys, Confirmed, Withdrawn, Setup and Applications stay as they were
// saved.
func (s *Store) Remember(p Portal) error {
	return s.change(func() {
		if i := s.find(p.Address); i >= 0 {
			old := s.portals[i]
			p.Keys, p.Confirmed, p.Withdrawn, p.Setup, p.Applications = old.Keys, old.Confirmed, old.Withdrawn, old.Setup, old.Applications
		}
		s.drop(p.Address)
		s.portals = append([]Portal{p}, s.portals...)
		s.portals = s.portals[:min(len(s.portals), maxPortals)]
	})
}

// Update saves a later run of a saved portal, whose place among the others stays.
func (s *Store) Update(p Portal) error {
	return s.change(func() {
		if i := s.find(p.Address); i >= 0 && s.portals[i].Checked.Before(p.Checked) {
			s.portals[i].Checked, s.portals[i].Verdict, s.portals[i].Results = p.Checked, p.Verdict, p.Results
		}
	})
}

// SetKeys saves whether the keyring has credentials for a portal.
func (s *Store) SetKeys(address string, kept bool) error {
	if p, _ := s.Portal(address); p.Keys == kept {
		return nil
	}
	return s.changePortal(address, func(p *Portal) { p.Keys = kept })
}

// SetConfirmed saves that the owner confirmed a portal's address, or took that back.
func (s *Store) SetConfirmed(address string, confirmed bool) error {
	return s.changePortal(address, func(p *Portal) { p.Confirmed, p.Withdrawn = confirmed, !confirmed })
}

// SetSetup saves how a portal's server is set up.
func (s *Store) SetSetup(address string, setup checks.Setup) error {
	return s.changePortal(address, func(p *Portal) { p.Setup = setup })
}

// changePortal changes a saved portal, which is added if it is new.
func (s *Store) changePortal(address string, change func(*Portal)) error {
	return s.change(func() {
		i := s.find(address)
		if i < 0 {
			i, s.portals = 0, append([]Portal{{Address: address}}, s.portals...)
		}
		change(&s.portals[i])
	})
}

// maxApplications is how many bytes of files are saved for a portal.
const maxApplications = 1 << 20

// ErrTooLarge means that files of requirements are too large to be saved.
var ErrTooLarge = errors.New("the files are too large to be kept")

// SetApplications saves the applications whose requirements are compared with a portal, or returns ErrTooLarge.
func (s *Store) SetApplications(address string, applications []Application) error {
	size := 0
	for _, a := range applications {
		size += len(a.File) + len(a.Text)
	}
	if size > maxApplications {
		return ErrTooLarge
	}
	return s.changePortal(address, func(p *Portal) { p.Applications = applications })
}

// Forget deletes a saved portal.
func (s *Store) Forget(address string) error { return s.change(func() { s.drop(address) }) }

// change changes the portals and writes them.
func (s *Store) change(change func()) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	change()
	portals := slices.Clone(s.portals)
	s.mu.Unlock()
	return s.write(portalsFile, portalsFileForm{portals})
}

func (s *Store) find(address string) int {
	return slices.IndexFunc(s.portals, func(p Portal) bool { return p.Address == address })
}

func (s *Store) drop(address string) {
	s.portals = slices.DeleteFunc(s.portals, func(p Portal) bool { return p.Address == address })
}

// portalsFileForm is the content of the file: an object, which can get more fields.
type portalsFileForm struct {
	Portals []Portal `json:"portals"`
}
