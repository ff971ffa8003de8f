package checks

import (
	"slices"
	"time"
)

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
	NeedsConsentEvent  Reason = "consent-event-test"
	NeedsCredential    Reason = "credential" // a webhook or a sign-in
	NeedsSignIn        Reason = "sign-in"    // a webhook is not enough
	NeedsWebhook       Reason = "webhook"
	NeedsAsApplication Reason = "as-application"
	NeedsOutsideRun    Reason = "outside-run"
	NeedsServerProbe   Reason = "server-probe" // or this part of its answer
	NeedsRequirements  Reason = "requirements" // that name hosts
	NeedsReceiver      Reason = "receiver"     // that takes a test event, and a yes to its host
)

func reasonFor(c Consent) Reason {
	switch c {
	case ContentFilter:
		return NeedsConsentFilter
	case EventTest:
		return NeedsConsentEvent
	default:
		return NeedsConsentDeep
	}
}

// reasonFor is what is lacking where none of the credentials is given.
func (t *Target) reasonFor(credentials []Credential) Reason {
	switch {
	case !t.has(ByWebhook) && !t.has(BySignIn):
		return NeedsCredential
	case slices.Contains(credentials, BySignIn):
		return NeedsSignIn
	default:
		return NeedsWebhook
	}
}

// Outcome is what a run came to.
type Outcome struct {
	Target            Target
	Started, Finished time.Time
	Results           []Result // in the catalogue's order
	NotChecked        []NotChecked
	Verdict           Verdict
}

func (o *Outcome) judge() {
	o.Verdict = NoObstacle
	for _, r := range o.Results {
		// What a credential opened is the evidence that only a credential can bring.
		if (r.Check == WebhookCheck || r.Check == TokenAccepted) && r.State == OK && o.Verdict == NoObstacle {
			o.Verdict = Ready
		}
		switch {
		case r.State == Problem && len(r.Affects) > 0:
			o.Verdict = NotReady
			return
		case r.State == Problem, r.State == Unknown && len(r.Affects) > 0:
			o.Verdict = Unsure // a problem of this computer or of its credential says nothing about the portal
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
