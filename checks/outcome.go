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
	Unsure     Verdict = "unsure"      // something that applications depend on is unknown, or one credential, user or application has a problem
	NotReady   Verdict = "not-ready"
	NotSeen    Verdict = "not-seen"  // this computer didn't get to the portal, which proves nothing about it
	NotABox    Verdict = "not-a-box" // a portal in the vendor's cloud
)

// Verdicts returns all verdicts.
func Verdicts() []Verdict { return []Verdict{Ready, NoObstacle, Unsure, NotReady, NotSeen, NotABox} }

// Good reports whether nothing wrong was seen.
func (v Verdict) Good() bool { return v == Ready || v == NoObstacle }

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
	NeedsConsentBody   Reason = "consent-body-size"
	NeedsConsentSame   Reason = "consent-same-identity"
	NeedsCredential    Reason = "credential" // a webhook or a sign-in
	NeedsSignIn        Reason = "sign-in"    // a webhook is not enough
	NeedsWebhook       Reason = "webhook"
	NeedsAsApplication Reason = "as-application"
	NeedsOutsideRun    Reason = "outside-run"
	NeedsServerProbe   Reason = "server-probe" // or this part of its answer
	NeedsRequirements  Reason = "requirements" // that name hosts
	NeedsReceiver      Reason = "receiver"     // for a test event, and consent to its host
	NeedsPage          Reason = "page"         // that an application shows in the portal
)

func (t *Target) reasonForConsent(c Consent) Reason {
	switch c {
	case Deep:
		if t.tokensWait() && (slices.Contains(t.Consents, Deep) || t.SignIn != nil) {
			return NeedsConsentSame
		}
		return NeedsConsentDeep
	case ContentFilter:
		return NeedsConsentFilter
	case EventTest:
		return NeedsConsentEvent
	case BodySize:
		return NeedsConsentBody
	default:
		return NeedsConsentDeep
	}
}

// reasonFor is what is lacking if none of the credentials is given.
func (t *Target) reasonFor(credentials []Credential) Reason {
	switch {
	case t.tokensWait() && t.SignIn != nil && slices.Contains(credentials, BySignIn):
		return NeedsConsentSame
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

// judge sets the first verdict that holds. What was acknowledged makes it no worse. But it proves nothing either: a portal that wasn't
// seen stays so, and a portal isn't ready if the connection on which applications depend most is acknowledged to be broken.
func (o *Outcome) judge() {
	found := func(holds func(Result) bool) bool { return slices.ContainsFunc(o.Results, holds) }
	counts := func(holds func(Result) bool) bool {
		return found(func(r Result) bool { return r.Acknowledged == nil && holds(r) })
	}
	is := func(id ID, states ...State) bool {
		return found(func(r Result) bool { return r.Check == id && slices.Contains(states, r.State) })
	}
	seenElsewhere := is(PortalFromInternet, OK) || is(ServerProbe, OK, Notice)
	switch {
	case found(func(r Result) bool { return r.Cause == AddressIsCloud }):
		o.Verdict = NotABox
	case found(Result.unreached) && !seenElsewhere:
		o.Verdict = NotSeen
	case counts(func(r Result) bool { return r.State == Problem && r.AffectsPortal() }):
		o.Verdict = NotReady
	case counts(func(r Result) bool { return r.State == Problem || r.State == Unknown && len(r.Affects) > 0 }):
		o.Verdict = Unsure
	case found(Result.contradictsProof):
		o.Verdict = NoObstacle
	// Without a credential, nothing proves that applications work. A portal checks a webhook's code without the authorization server.
	case is(TokenAccepted, OK), is(WebhookCheck, OK) && is(AuthServerFromPortal, OK):
		o.Verdict = Ready
	default:
		o.Verdict = NoObstacle
	}
}

// AffectsPortal reports whether all applications, events or webhooks are affected, not one of them alone.
func (r Result) AffectsPortal() bool {
	return slices.ContainsFunc(r.Affects, func(a Affected) bool { return slices.Contains([]Affected{Applications, Events, Webhooks}, a) })
}

// contradictsProof reports whether an acknowledged finding is about what else would prove that applications work.
func (r Result) contradictsProof() bool {
	return r.Acknowledged != nil && r.State != Notice && r.AffectsPortal() && slices.Contains([]ID{AuthServerFromPortal, ServerAuthServer, TokenAccepted}, r.Check)
}

// unreachedCauses are those with which a run ends before anything is known of the portal.
var unreachedCauses = []Cause{DNSNotFound, DNSFailed, DNSSinkhole, TCPRefused, TCPTimeout, CaptivePortal, NoNetwork, ProxyAuthRequired, ProxyRefused}

// unreached reports whether this computer didn't get to the portal.
func (r Result) unreached() bool {
	return r.Vantage == FromComputer && slices.Contains([]ID{PortalDNS, PortalTCP, PortalTLS}, r.Check) && slices.Contains(unreachedCauses, r.Cause)
}

// Counts returns the number of results by state, without those that were acknowledged.
func (o *Outcome) Counts() map[State]int {
	counts := map[State]int{OK: 0, Notice: 0, Problem: 0, Unknown: 0, Skipped: 0}
	for _, r := range o.Results {
		if r.Acknowledged == nil {
			counts[r.State]++
		}
	}
	return counts
}

// Acknowledged returns the number of findings that were acknowledged.
func (o *Outcome) Acknowledged() (n int) {
	for _, r := range o.Results {
		if r.Acknowledged != nil {
			n++
		}
	}
	return n
}
