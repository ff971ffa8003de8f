package checks

import "time"

// Verdict answers the question whether applications will work on the portal.
type Verdict string

const (
	Ready      Verdict = "ready"       // proved with a webhook or a sign-in
	NoObstacle Verdict = "no-obstacle" // nothing wrong seen, but what decides was not all checked
	Unsure     Verdict = "unsure"      // no problem, but something that applications depend on could not be told
	NotReady   Verdict = "not-ready"
)

// NotChecked is a check that was not made because something was not asked for or given.
type NotChecked struct {
	Check  ID
	Reason Reason
}

// Reason is what a check that was not made would have needed.
type Reason string

const (
	NeedsConsentDeep   Reason = "consent-deep"
	NeedsConsentFilter Reason = "consent-content-filter"
	NeedsCredential    Reason = "credential" // a webhook or a sign-in
	NeedsOutsideRun    Reason = "outside-run"
)

func reasonFor(c Consent) Reason {
	if c == ContentFilter {
		return NeedsConsentFilter
	}
	return NeedsConsentDeep
}

// Outcome is what a run came to.
type Outcome struct {
	Target            Target
	Started, Finished time.Time
	Results           []Result // in the catalogue's order
	NotChecked        []NotChecked
	Verdict           Verdict
}

// decisive is what no run without a credential, and none from inside the portal's own network, can tell.
var decisive = []NotChecked{
	{"portal-from-internet", NeedsOutsideRun},
	{"token-accepted", NeedsCredential},
	{"modules", NeedsCredential},
	{"methods", NeedsCredential},
	{"events", NeedsCredential},
}

func (o *Outcome) conclude() {
	o.NotChecked = append(o.NotChecked, decisive...)
	o.Verdict = NoObstacle
	for _, r := range o.Results {
		switch {
		case r.State == Problem:
			o.Verdict = NotReady
			return
		case r.State == Unknown && len(r.Affects) > 0:
			o.Verdict = Unsure
		}
	}
}

// Counts is how many results have each state.
func (o *Outcome) Counts() map[State]int {
	counts := map[State]int{OK: 0, Notice: 0, Problem: 0, Unknown: 0, Skipped: 0}
	for _, r := range o.Results {
		counts[r.State]++
	}
	return counts
}
