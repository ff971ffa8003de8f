package model

import (
	"maps"
	"slices"
	"time"

	"boxready/checks"
	"boxready/gui/store"
	"boxready/internal/app"
	"boxready/internal/requirements"
	"boxready/internal/secret"
	"boxready/internal/view"
	"boxready/internal/words"
)

// Slow is the time after which a running check is shown as slow.
const Slow = 10 * time.Second

// Session is one portal in the window: what is checked and the results so far.
type Session struct {
	Target checks.Target
	Demo   bool          // a simulated portal
	Past   *store.Portal // results of the previous run; nil for none

	Opened *Opened // the report that is shown; nil for a portal that is checked, see ReadOnly

	Keys    *app.Keys // what is saved for the portal; nil before it was read
	NotKept error     // why a webhook that is used could not be kept; nil if it could

	Applications []*Application             // whose requirements are compared with the portal; Require sets them
	Given        *requirements.Requirements // of a simulated portal
	Loaded       bool                       // the saved Applications have been read
	OnLoaded     []func()                   // called after that, while they are being read; an entry may be nil
	Learned      *checks.ModulesFacts       // the portal's answer about a name of the catalogue after the run
	Secrets      []secret.String            // used by its runs; Use adds to them
	HostsShown   []string                   // hosts of the requirements that the owner allowed runs to ask

	Network   Network
	Server    Server
	Recipient checks.Owner // whose letter is shown; "" for the first
	drafts    map[checks.Owner]draft
	// Unfolded are the parts of a finding that are unfolded.
	Unfolded map[FindingPart]bool

	Running bool
	Stopped bool // the owner ended the last run early
	Begun   time.Time
	// Unlocking says that the run waits for the keyring, which may have asked for a password.
	Unlocking bool
	Outcome   *checks.Outcome // of the last run; nil before the first is over
	Since     *Since          // how it differs from earlier runs; nil as long as that isn't known

	compared    *checks.Outcome // of the last run that compared requirements; nil for none
	total, done int             // checks of the run that is under way
	early       *view.EarlyVerdict
	legs        []checks.Leg // of the test event that it sends; nil before it does
	working     []Working
	results     map[checks.ID][]checks.Result // by Result.FoundBy

	rows   map[string]Row // of findings, by their keys, in the language of rowsIn
	rowsIn *words.Texts
}

// Working is a check that is under way.
type Working struct {
	Check       checks.ID
	Since       time.Time
	Done, Total int // requests, of a check that asks much
}

// Use adds secrets that a run has used: none of them may be in a report.
func (s *Session) Use(secrets ...secret.String) {
	for _, used := range secrets {
		if !used.IsZero() && !slices.ContainsFunc(s.Secrets, used.Equal) {
			s.Secrets = append(s.Secrets, used)
		}
	}
}

// Begin starts a whole run of the planned checks, and clears the previous results.
func (s *Session) Begin(now time.Time, planned []checks.ID) {
	s.results, s.Outcome, s.Learned = nil, nil, nil
	s.BeginAgain(now, len(planned))
	s.early = view.NewEarlyVerdict(planned)
}

// BeginAgain starts to make total checks again.
func (s *Session) BeginAgain(now time.Time, total int) {
	s.Running, s.Stopped, s.Begun, s.total, s.done, s.working = true, false, now, total, 0, nil
	s.Since = nil
	s.early = nil
	s.legs = nil
	if s.results == nil {
		s.results = map[checks.ID][]checks.Result{}
	}
	s.rowsIn = nil
}

// Started records that a check has begun.
func (s *Session) Started(id checks.ID, now time.Time) {
	s.working = append(s.working, Working{Check: id, Since: now})
	delete(s.results, id)
}

// Counted records how many of its requests a check has made.
func (s *Session) Counted(id checks.ID, done, total int) {
	for i := range s.working {
		if s.working[i].Check == id {
			s.working[i].Done, s.working[i].Total = done, total
		}
	}
}

// Finished records the results of a check, and whether they settle the verdict.
func (s *Session) Finished(id checks.ID, results []checks.Result, now time.Time) {
	maps.DeleteFunc(s.rows, func(_ string, row Row) bool { return row.Result.FoundBy() == id })
	s.working = slices.DeleteFunc(s.working, func(w Working) bool { return w.Check == id })
	s.results[id] = results
	s.done++
	s.early.Finished(id, results, now)
}

// End records that the run is over.
func (s *Session) End(o *checks.Outcome, stopped bool) {
	s.rowsIn = nil
	s.Running, s.Stopped, s.working, s.legs, s.Outcome = false, stopped, nil, nil, o
	if o.Target.Requirements != nil && modulesIn(o) != nil {
		s.compared = o
	}
	s.results = map[checks.ID][]checks.Result{}
	for _, r := range o.Results {
		id := r.FoundBy()
		s.results[id] = append(s.results[id], r)
	}
}

// SetAcknowledged makes the last run's findings count or not, by what is acknowledged now.
func (s *Session) SetAcknowledged(all []checks.Acknowledgement, now time.Time) {
	if s.Outcome != nil {
		s.End(s.Outcome.WithAcknowledged(all, now), s.Stopped)
		s.Since = nil // it counted others
	}
}

// CanAcknowledge reports whether the finding can be left as it is.
func (s *Session) CanAcknowledge(r checks.Result) bool {
	return s.Outcome != nil && !s.Running && !s.ReadOnly() && r.NeedsAction() && checks.CanBeAcknowledged(r.Check, r.Cause)
}

// Progress returns how many checks of the run are done, and how many there are.
func (s *Session) Progress() (done, total int) { return s.done, max(s.total, s.done) }

// Elapsed returns how long the run has been under way.
func (s *Session) Elapsed(now time.Time) time.Duration { return now.Sub(s.Begun) }

// Results returns all results, in the order of the catalogue.
func (s *Session) Results() (results []checks.Result) {
	for _, c := range checks.Catalog() {
		results = append(results, s.results[c.ID]...)
	}
	return results
}

// Result finds a result again after another run: the same cause, or else the first of its check.
func (s *Session) Result(check checks.ID, cause checks.Cause) (checks.Result, bool) {
	var first *checks.Result
	for _, r := range s.Results() {
		if r.Check != check {
			continue
		}
		if r.Cause == cause {
			return r, true
		}
		if first == nil {
			first = &r
		}
	}
	if first == nil {
		return checks.Result{}, false
	}
	return *first, true
}

// Mark is how a check has changed since the previous run.
type Mark string

// The marks.
const (
	Unmarked Mark = ""
	New      Mark = "new"   // not found then
	Fixed    Mark = "fixed" // found then, not any more
)

// MarkOf compares a result with the previous run. What was unknown then is neither new nor fixed.
func (s *Session) MarkOf(r checks.Result) Mark {
	if s.Past == nil {
		return Unmarked
	}
	before := s.Past.Of(r.Check)
	known := slices.ContainsFunc(before, func(p store.Past) bool {
		return p.State == checks.OK || p.State == checks.Notice || p.State == checks.Problem
	})
	switch {
	case !known:
		return Unmarked
	case r.State == checks.OK && slices.ContainsFunc(before, func(p store.Past) bool { return p.State == checks.Problem || p.State == checks.Notice }):
		return Fixed
	case (r.State == checks.Problem || r.State == checks.Notice) && !slices.ContainsFunc(before, func(p store.Past) bool { return p.Cause == r.Cause }):
		return New
	default:
		return Unmarked
	}
}

// Working reports whether a check is under way.
func (s *Session) Working(id checks.ID) bool {
	return slices.ContainsFunc(s.working, func(w Working) bool { return w.Check == id })
}

// Allow records a consent.
func (s *Session) Allow(c checks.Consent) {
	if !s.Agreed(c) {
		s.Target.Consents = append(slices.Clone(s.Target.Consents), c)
	}
}

// Withdraw takes a consent back.
func (s *Session) Withdraw(c checks.Consent) {
	s.Target.Consents = slices.DeleteFunc(slices.Clone(s.Target.Consents), func(given checks.Consent) bool { return given == c })
}

// Agreed reports whether the owner has given a consent.
func (s *Session) Agreed(c checks.Consent) bool { return slices.Contains(s.Target.Consents, c) }
