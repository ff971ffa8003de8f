package checks

import (
	"slices"
	"time"
)

// Verdict is the answer to whether applications will work on the portal.
type Verdict string

const (
	Ready      Verdict = "ready"       // proved with a webhook or a sign-in
	NoObstacle Verdict = "no-obstacle" // nothing wrong seen, but not every decisive check was made
	Unsure     Verdict = "unsure"      // no problem, but something that applications depend on is unknown
	NotReady   Verdict = "not-ready"
)

// NotChecked is a check that was not made because the run lacked something.
type NotChecked struct {
	Check  ID
	Reason Reason
}

// Reason is what was lacking for a check.
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
	NeedsReceiver      Reason = "receiver"     // for a test event, and consent to its host
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

// reasonFor is what is lacking if none of the credentials is given.
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

// Outcome is the result of a run.
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
		// Only checks with a credential are evidence for Ready.
		if (r.Check == WebhookCheck || r.Check == TokenAccepted) && r.State == OK && o.Verdict == NoObstacle {
			o.Verdict = Ready
		}
		switch {
		case r.State == Problem && len(r.Affects) > 0:
			o.Verdict = NotReady
			return
		case r.State == Problem, r.State == Unknown && len(r.Affects) > 0:
			o.Verdict = Unsure // a problem of this computer or of its credential proves nothing about the portal
		}
	}
}

// Counts returns the number of results by state.
func (o *Outcome) Counts() map[State]int {
	counts := map[State]int{OK: 0, Notice: 0, Problem: 0, Unknown: 0, Skipped: 0}
	for _, r := range o.Results {
		counts[r.State]++
	}
	return counts
}
