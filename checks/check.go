// Package checks has all checks: for each a function that uses the network (Observe) and one that draws the conclusion (Judge),
// their ordered catalogue, and the runner.
//
// Observing and judging are separate: the facts that a check observed are typed and go into the report, so every conclusion can
// be tested without a network and drawn again, by a newer BoxReady, from an old report.
//
// One fault may be observed from several vantages, which are never mixed: every result has its vantage. Where they conflict, the
// portal's server precedes the portal's own answers, and these precede this computer; see applyPrecedence. Pasted data never
// permits sending a token or a webhook's code: only this run's own results do.
package checks

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// ID names a check. IDs are stable and never reused.
type ID string

// State is the outcome of a check.
type State string

const (
	OK      State = "ok"
	Notice  State = "notice"  // nothing is broken yet, or only in rare cases
	Problem State = "problem" // applications or events do not work because of it
	Unknown State = "unknown" // undetermined; proves nothing about the portal
	Skipped State = "skipped" // a check that it needs isn't ok, see Because
)

// Severity orders states: the more severe, the higher, 0 for no state. Skipped is more severe than ok, as it may hide a problem, and what
// is unknown may be worse than a notice.
func (s State) Severity() int {
	return slices.Index([]State{OK, Skipped, Notice, Unknown, Problem}, s) + 1
}

// IsFinding reports whether a result of that state requires action.
func (s State) IsFinding() bool { return s.Severity() >= Notice.Severity() }

// Vantage is from where a result was observed. It proves nothing about another vantage.
type Vantage string

const (
	FromComputer Vantage = "computer" // this computer
	FromPortal   Vantage = "portal"   // the portal itself, through its own answers
	FromServer   Vantage = "server"   // the portal's server, pasted from the server probe
	FromOutside  Vantage = "outside"  // the internet, by a run made there
)

// Owner is who fixes it.
type Owner string

const (
	PortalAdmin  Owner = "portal-admin"
	ServerAdmin  Owner = "server-admin"
	NetworkAdmin Owner = "network-admin"
	Vendor       Owner = "vendor" // of the application
	Bitrix24     Owner = "bitrix24"
	You          Owner = "you" // this computer
)

// Affected is what stops working.
type Affected string

const (
	Applications    Affected = "applications"
	Events          Affected = "events"
	Webhooks        Affected = "webhooks"
	ThisWebhook     Affected = "this-webhook" // the one that was given
	ThisUser        Affected = "this-user"    // whose sign-in was used
	ThisApplication Affected = "this-application"
)

// affectsOne has the causes that concern one user or one application, whichever check yields them. If all causes of a check do,
// the catalogue says so: then a cause that concerns all stands in affectsAll.
var affectsOne = map[Cause]Affected{
	UserInactive:       ThisUser,
	UserNoAppAccess:    ThisUser,
	AppInactive:        ThisApplication,
	AppNotOnAuthServer: ThisApplication,
	AppNotOnPortal:     ThisApplication,
	AppPaymentExpired:  ThisApplication,
	AppPaymentRequired: ThisApplication,
	AppUnknown:         ThisApplication,
	ClientInvalid:      ThisApplication,
	GrantInvalid:       ThisApplication,
	InstallUnfinished:  ThisApplication,
	ScopeRefused:       ThisApplication,
	SignInExpired:      ThisApplication,
}

var affectsAll = []Cause{DiskFull}

// Consent is the owner's permission that a check needs because it does more than observe.
type Consent string

const (
	Deep          Consent = "deep"           // requests with tokens: the address is the one that employees and applications use
	ContentFilter Consent = "content-filter" // a request that may look like an attack
	EventTest     Consent = "event-test"     // binding and unbinding a test event
	PublicDNS     Consent = "public-dns"     // the portal's name goes to a public resolver
	BodySize      Consent = "body-size"      // two large requests
	SameIdentity  Consent = "same-identity"  // requests with tokens although another portal known here has the same member_id
)

// Group is a chapter of the checklist.
type Group string

const (
	PortalGroup  Group = "portal"        // the portal, from this computer
	AuthGroup    Group = "authorization" // the portal and the authorization server
	AccessGroup  Group = "access"        // what a webhook or a sign-in shows
	BrowserGroup Group = "browser"       // what employees' browsers and large calls meet
	ServerGroup  Group = "server"        // what the portal's server shows
)

// Step is one of the five steps in which the window leads through a run, in their order.
type Step string

const (
	StepPortal     Step = "portal"      // the portal answers
	StepAuthServer Step = "auth-server" // the portal and the authorization server reach each other
	StepSignIn     Step = "sign-in"     // the portal accepts a credential
	StepModules    Step = "modules"     // modules, methods and updates that applications need are there
	StepEvents     Step = "events"      // events get to applications
)

// Steps returns the steps in order.
func Steps() []Step { return []Step{StepPortal, StepAuthServer, StepSignIn, StepModules, StepEvents} }

// Cause says why a check is not ok. Causes are stable, and documented with the check that yields them.
type Cause string

// Causes of any check that uses the network, all with the state unknown.
const (
	UnexpectedAnswer  Cause = "unexpected-answer" // an answer that this check can't judge
	RefusedWithCode   Cause = "refused-with-code" // the portal's own error, without a cause of its own
	TimedOut          Cause = "timeout"
	NoNetwork         Cause = "no-network"
	ProxyAuthRequired Cause = "proxy-auth-required"
	ProxyRefused      Cause = "proxy-refused"
	Cancelled         Cause = "cancelled"
	InternalError     Cause = "internal-error" // a panic of BoxReady's own
)

// CommonCauses are those that any check may yield.
func CommonCauses() []Cause {
	return []Cause{UnexpectedAnswer, RefusedWithCode, TimedOut, NoNetwork, ProxyAuthRequired, ProxyRefused, Cancelled, InternalError}
}

// Facts are what a check observed: a pointer to a struct of the check's own type, or nil. A field that identifies who or where
// the portal is has a tag such as `hide:"host"`; package report has the kinds. Every other field is public.
type Facts any

// Result is one conclusion of a check. A check yields one, or several with a cause each.
type Result struct {
	Check   ID
	State   State
	Cause   Cause // "" if ok or skipped
	Vantage Vantage
	Owner   Owner // "" if ok or skipped
	Affects []Affected
	Because ID // the check because of which this one was skipped
	Facts   Facts
	Args    Args // values for the sentences about this result
	Took    time.Duration
	// Acknowledged is why somebody left this finding as it is; nil if nobody did, or the finding is worse than it was then. An
	// acknowledged finding doesn't count: not for the verdict, the exit code or an alert.
	Acknowledged *Acknowledged
}

// Acknowledged is a finding that somebody knows about and leaves as it is.
type Acknowledged struct {
	Reason string    `json:"reason"`         // in that person's words
	Until  time.Time `json:"until,omitzero"` // the finding counts again from then on; zero for no end
}

// FoundBy is the check that yielded the result: portal-clock may yield one about this computer's clock, and the run from outside
// also yields results of other checks.
func (r Result) FoundBy() ID {
	switch {
	case r.Vantage == FromOutside:
		return PortalFromInternet
	case r.Check == SelfClock:
		return PortalClock
	default:
		return r.Check
	}
}

// Args are the values for the sentences about a result, by name: strings, numbers, times, lists of strings.
type Args map[string]any

// with adds values for the sentences.
func (r Result) with(args Args) Result {
	if r.Args == nil {
		r.Args = Args{}
	}
	maps.Copy(r.Args, args)
	return r
}

// Check is one property that a portal should have.
type Check struct {
	ID    ID
	Group Group
	Step  Step // whose question the check answers
	// Needs are the checks that must be ok or a notice before this one makes sense; of each inner list, one is enough.
	Needs [][]ID
	// ReachableThrough is a check below which a problem doesn't stop this one as long as requests can be made at all.
	ReachableThrough ID
	// After are checks whose final results Observe needs first, whatever they are.
	After []ID
	// Reads are checks whose facts Judge uses, whatever their results are.
	Reads []ID
	// Consent is what the owner must have agreed to.
	Consent Consent
	// Credentials are those of which one must be given for the check to be made; none: it needs none.
	Credentials []Credential
	// AsApplication limits the check to runs whose credential is the application's own.
	AsApplication bool
	// MissingPrerequisite returns what else a run lacks for the check, or ""; nil: it needs nothing.
	MissingPrerequisite func(*Target) Reason
	// Hosts limits the check to runs whose requirements name hosts.
	Hosts bool
	// NoRequests means that Observe only reads what the requests of other checks showed.
	NoRequests bool
	// Deadline is how long the check may take; nil: checkDeadline.
	Deadline func(*Target) time.Duration
	// AddsDeadline means that the run may take as much longer as Deadline is above checkDeadline, and that its limit doesn't cut the check off.
	AddsDeadline bool
	Vantage      Vantage
	// Owner is who can help if the result is unknown.
	Owner   Owner
	Affects []Affected
	// Minor means that it finds no problems, only notices, or what it can't tell.
	Minor bool
	// Causes are all that it may yield besides CommonCauses.
	Causes []Cause

	observe   func(context.Context, *Env) (Facts, error)
	observeOn func(context.Context, *Env, Facts) Facts // see continued
	judge     func(Facts, FactsByCheck) []Result
	newFacts  func() Facts
}

// Judge draws the check's own conclusions from facts, which must be what its Observe returned or UnmarshalFacts read. What
// another vantage decides is left to applyPrecedence.
func (c *Check) Judge(facts Facts, seen FactsByCheck) []Result {
	results := c.judge(facts, seen)
	for i := range results {
		r := &results[i]
		if r.Check == "" {
			r.Check = c.ID
		}
		if r.Vantage == "" {
			r.Vantage = c.Vantage
		}
		if r.Facts == nil {
			r.Facts = facts
		}
		switch r.State {
		case OK, Skipped:
		case Notice, Problem, Unknown:
			if r.Check != SelfClock { // which is about this computer
				r.Affects = c.affects(r.Cause)
			}
			if r.Owner == "" {
				r.Owner = c.Owner
			}
		default:
			panic(fmt.Sprintf("check %s: state %q", c.ID, r.State))
		}
	}
	return results
}

// affects is what a finding of the check with this cause affects.
func (c *Check) affects(cause Cause) []Affected {
	if one, ok := affectsOne[cause]; ok {
		return []Affected{one}
	}
	if slices.Contains(affectsAll, cause) {
		return []Affected{Applications, Events, Webhooks}
	}
	return c.Affects
}

// UnmarshalFacts reads facts from a report.
func (c *Check) UnmarshalFacts(data []byte) (Facts, error) {
	facts := c.newFacts()
	if err := json.Unmarshal(data, facts); err != nil {
		return nil, fmt.Errorf("facts of %s: %w", c.ID, err)
	}
	return facts, nil
}

// NewFacts returns a pointer to an empty value of the check's facts, e.g. to describe its shape.
func (c *Check) NewFacts() Facts { return c.newFacts() }

// define completes a check with its two functions, typed by its facts.
func define[F any](c Check, observe func(context.Context, *Env) (*F, error), judge func(*F, FactsByCheck) []Result) *Check {
	c.observe = func(ctx context.Context, env *Env) (Facts, error) {
		facts, err := observe(ctx, env)
		if facts == nil {
			return nil, err // not a typed nil
		}
		return facts, err
	}
	c.judge = func(facts Facts, seen FactsByCheck) []Result { return judge(facts.(*F), seen) }
	c.newFacts = func() Facts { return new(F) }
	return &c
}

// continued adds what a check still observes while those that need it are made by its first judgement, which is replaced in the end.
// Those that come after it wait for the end.
// observeOn may not change the facts that it gets, only return others.
func continued[F any](c *Check, observeOn func(context.Context, *Env, *F) *F) *Check {
	c.observeOn = func(ctx context.Context, env *Env, facts Facts) Facts { return observeOn(ctx, env, facts.(*F)) }
	return c
}

// FactsByCheck are the facts of the checks made so far.
type FactsByCheck map[ID]Facts

// factsOf returns the facts of check id, or nil if it was not made.
func factsOf[F any](s FactsByCheck, id ID) *F {
	facts, _ := s[id].(*F)
	return facts
}

func ok() []Result                     { return []Result{{State: OK}} }
func notice(c Cause, by Owner) Result  { return Result{State: Notice, Cause: c, Owner: by} }
func problem(c Cause, by Owner) Result { return Result{State: Problem, Cause: c, Owner: by} }
func unknown(c Cause, by Owner) Result { return Result{State: Unknown, Cause: c, Owner: by} }
func skipped(because ID) []Result      { return []Result{{State: Skipped, Because: because}} }
func one(r Result) []Result            { return []Result{r} }

func orOK(results []Result) []Result {
	if len(results) == 0 {
		return ok()
	}
	return results
}

// about adds the same values to the sentences of each result.
func about(results []Result, args Args) []Result {
	for i := range results {
		results[i] = results[i].with(args)
	}
	return results
}
