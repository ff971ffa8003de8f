package store

import (
	"errors"
	"slices"
	"time"

	"boxready/checks"
)

// Portal is what is kept of a portal: no secrets, and of the last run no more than shows what is new in the next one.
type Portal struct {
	Address string         `json:"address"` // as portal.Address writes it
	Checked time.Time      `json:"checked,omitzero"`
	Verdict checks.Verdict `json:"verdict,omitempty"`
	Results []Past         `json:"results,omitempty"`
	Keys    bool           `json:"keys,omitempty"` // a sign-in or a webhook is kept in the keyring
	// Applications are those whose requirements are compared with the portal.
	Applications []Application `json:"applications,omitempty"`
}

// Application is a file of requirements as the owner gave it, or one of the ready ones.
type Application struct {
	Library string `json:"library,omitempty"` // ID of a ready file
	File    string `json:"file,omitempty"`    // name of the owner's, without a folder
	Text    string `json:"text,omitempty"`    // what was in it
}

// Past is a result of a run that is over.
type Past struct {
	Check checks.ID    `json:"check"`
	State checks.State `json:"state"`
	Cause checks.Cause `json:"cause,omitempty"`
}

// PastOf is what is kept of a run.
func PastOf(o *checks.Outcome) Portal {
	p := Portal{Address: o.Target.Address.String(), Checked: o.Finished.UTC().Truncate(time.Second), Verdict: o.Verdict}
	for _, r := range o.Results {
		p.Results = append(p.Results, Past{r.Check, r.State, r.Cause})
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

// Count is how many results have a state.
func (p *Portal) Count(state checks.State) (n int) {
	for _, r := range p.Results {
		if r.State == state {
			n++
		}
	}
	return n
}

// maxPortals is how many are kept; the ones checked longest ago are forgotten first.
const maxPortals = 500

// Portals returns what is kept, the one used last first.
func (s *Store) Portals() []Portal {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.portals)
}

// Portal returns what is kept of a portal.
func (s *Store) Portal(address string) (Portal, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.find(address)
	if i < 0 {
		return Portal{}, false
	}
	return s.portals[i], true
}

// Remember keeps a portal in place of what was kept of it, as the one used last.
func (s *Store) Remember(p Portal) error {
	return s.change(func() {
		if i := s.find(p.Address); i >= 0 {
			p.Keys, p.Applications = s.portals[i].Keys, s.portals[i].Applications
		}
		s.drop(p.Address)
		s.portals = append([]Portal{p}, s.portals...)
		s.portals = s.portals[:min(len(s.portals), maxPortals)]
	})
}

// SetKeys notes whether something is kept for a portal in the keyring.
func (s *Store) SetKeys(address string, kept bool) error {
	if p, _ := s.Portal(address); p.Keys == kept {
		return nil
	}
	return s.change(func() {
		if i := s.find(address); i >= 0 {
			s.portals[i].Keys = kept
		} else {
			s.portals = append([]Portal{{Address: address, Keys: kept}}, s.portals...)
		}
	})
}

// maxApplications is how many bytes of files are kept for a portal.
const maxApplications = 1 << 20

// ErrTooLarge means that files of requirements are too large to be kept.
var ErrTooLarge = errors.New("the files are too large to be kept")

// SetApplications keeps whose requirements are compared with a portal.
func (s *Store) SetApplications(address string, applications []Application) error {
	size := 0
	for _, a := range applications {
		size += len(a.File) + len(a.Text)
	}
	if size > maxApplications {
		return ErrTooLarge
	}
	return s.change(func() {
		if i := s.find(address); i >= 0 {
			s.portals[i].Applications = applications
		} else {
			s.portals = append([]Portal{{Address: address, Applications: applications}}, s.portals...)
		}
	})
}

// Forget drops what is kept of a portal.
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

// portalsFileForm is what the file holds; an object has room for more than a list.
type portalsFileForm struct {
	Portals []Portal `json:"portals"`
}
