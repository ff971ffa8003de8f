package view

import (
	"slices"
	"sync"

	"boxready/checks"
)

// Step is how far one step of the walk is.
type Step struct {
	ID    checks.Step
	State checks.State // the most severe of its results, "" while its question is open
}

var stepOf = sync.OnceValue(func() map[checks.ID]checks.Step {
	steps := map[checks.ID]checks.Step{}
	for _, c := range checks.Catalog() {
		steps[c.ID] = c.Step
	}
	return steps
})

// StepOf returns the step whose question a check of the catalogue answers.
func StepOf(id checks.ID) checks.Step { return stepOf()[id] }

// StepOfResult returns the step to which a result belongs: that of the check that yielded it.
func StepOfResult(r checks.Result) checks.Step { return StepOf(r.FoundBy()) }

// answeredBy are the checks that answer a step's question: one of them is enough. Without any, other results of the step that are
// fine prove little.
var answeredBy = map[checks.Step][]checks.ID{
	checks.StepPortal:     {checks.RESTRoute},
	checks.StepAuthServer: {checks.AuthServerFromPortal, checks.ServerAuthServer, checks.TokenAccepted},
	checks.StepSignIn:     {checks.TokenAccepted, checks.WebhookCheck},
	checks.StepModules:    {checks.Platform, checks.RequiredModules, checks.RequiredMethods, checks.ServerModules},
	checks.StepEvents:     {checks.EventMachinery, checks.EventDelivery},
}

// Steps returns the state of every step, in order.
func (v *View) Steps() (steps []Step) {
	for _, id := range checks.Steps() {
		steps = append(steps, Step{ID: id, State: v.stepState(id)})
	}
	return steps
}

func (v *View) stepState(id checks.Step) checks.State {
	state, acknowledged := checks.State(""), false
	for _, i := range v.Items {
		if StepOfResult(i.Result) != id || notMade(i.Result) {
			continue
		}
		if acknowledged = acknowledged || i.Acknowledged != nil; shownState(i).Severity() > state.Severity() {
			state = shownState(i)
		}
	}
	if !v.answered(id) && !(state == checks.Problem || state == checks.Unknown || acknowledged) {
		return ""
	}
	return state
}

// answered reports whether a check that answers the step's question was made and is fine. It isn't if another one is acknowledged not
// to be.
func (v *View) answered(id checks.Step) (fine bool) {
	for _, i := range v.Items {
		switch {
		case !slices.Contains(answeredBy[id], i.Check):
		case i.State == checks.OK || i.State == checks.Notice:
			fine = true
		case i.Acknowledged != nil:
			return false
		}
	}
	return fine
}

// notMade reports whether a check was not made: nothing is known then, not even that something is unclear.
func notMade(r checks.Result) bool {
	return r.State == checks.Skipped || r.Cause == checks.Cancelled || r.Cause == checks.NeedsDeep
}

// proofs are what a verdict rests on, each proved if all its checks are ok. Of those with the same topic the first counts.
var proofs = []struct {
	code, topic string
	checks      []checks.ID
}{
	{"token", "credential", []checks.ID{checks.TokenAccepted}},
	{"webhook", "credential", []checks.ID{checks.WebhookCheck, checks.AuthServerFromPortal}},
	{"methods", "methods", []checks.ID{checks.RequiredModules, checks.RequiredMethods}},
	{"event-delivered", "event", []checks.ID{checks.EventMachinery, checks.EventDelivery}},
	{"event-recorded", "event", []checks.ID{checks.EventMachinery}},
}

// Proved returns codes of what the results prove; the text "verdict.proved."+code says it.
func (v *View) Proved() (codes []string) {
	fine := func(id checks.ID) bool {
		return slices.ContainsFunc(v.Items, func(i Item) bool { return i.Check == id && i.State == checks.OK })
	}
	topic := ""
	for _, p := range proofs {
		if p.topic != topic && !slices.ContainsFunc(p.checks, func(id checks.ID) bool { return !fine(id) }) {
			codes, topic = append(codes, p.code), p.topic
		}
	}
	return codes
}
