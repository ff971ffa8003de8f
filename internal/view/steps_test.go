package view

import (
	"slices"
	"testing"

	"boxready/checks"
)

func one(id checks.ID, state checks.State) checks.Result {
	return checks.Result{Check: id, State: state}
}

// TestStepsAreAnswered asserts that a step looks fine only if its question is answered, and has the most severe of its results.
func TestStepsAreAnswered(t *testing.T) {
	deep := checks.Result{Check: checks.AuthServerFromPortal, State: checks.Unknown, Cause: checks.NeedsDeep}
	stopped := checks.Result{Check: checks.RESTRoute, State: checks.Unknown, Cause: checks.Cancelled}
	outside := checks.Result{Check: checks.SelfClock, State: checks.Problem}
	for _, c := range []struct {
		name    string
		results []checks.Result
		want    []checks.State // of the steps, in order
	}{
		{"nothing", nil, []checks.State{"", "", "", "", ""}},
		{"a name alone", []checks.Result{one(checks.PortalDNS, checks.OK)}, []checks.State{"", "", "", "", ""}},
		{"a notice before the answer", []checks.Result{one(checks.PortalTLS, checks.Notice)}, []checks.State{"", "", "", "", ""}},
		{"a problem before the answer", []checks.Result{one(checks.PortalTLS, checks.Problem)}, []checks.State{checks.Problem, "", "", "", ""}},
		{"an answer and a notice", []checks.Result{one(checks.PortalTLS, checks.Notice), one(checks.RESTRoute, checks.OK)}, []checks.State{checks.Notice, "", "", "", ""}},
		{"a token that was not sent", []checks.Result{deep, one(checks.AuthServerFromComputer, checks.OK)}, []checks.State{"", "", "", "", ""}},
		{"a run that was stopped", []checks.Result{stopped, one(checks.PortalDNS, checks.OK)}, []checks.State{"", "", "", "", ""}},
		{"a token that was accepted", []checks.Result{one(checks.TokenAccepted, checks.OK), one(checks.AuthServerFromPortal, checks.OK)}, []checks.State{"", checks.OK, checks.OK, "", ""}},
		{"a webhook", []checks.Result{one(checks.WebhookCheck, checks.OK), one(checks.Platform, checks.OK)}, []checks.State{"", "", checks.OK, checks.OK, ""}},
		{"events that exist, but none recorded", []checks.Result{one(checks.RequiredEvents, checks.OK)}, []checks.State{"", "", "", "", ""}},
		{"this computer's clock", []checks.Result{outside}, []checks.State{checks.Problem, "", "", "", ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []checks.State
			for _, step := range Of(c.results).Steps() {
				got = append(got, step.State)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%q, expected %q", got, c.want)
			}
		})
	}
}

func TestProved(t *testing.T) {
	for _, c := range []struct {
		name    string
		results []checks.Result
		want    []string
	}{
		{"nothing", nil, nil},
		{"a token before a webhook", []checks.Result{one(checks.TokenAccepted, checks.OK), one(checks.WebhookCheck, checks.OK), one(checks.AuthServerFromPortal, checks.OK)}, []string{"token"}},
		{"a webhook without the authorization server", []checks.Result{one(checks.WebhookCheck, checks.OK)}, nil},
		{"a webhook", []checks.Result{one(checks.WebhookCheck, checks.OK), one(checks.AuthServerFromPortal, checks.OK)}, []string{"webhook"}},
		{"modules alone", []checks.Result{one(checks.RequiredModules, checks.OK)}, nil},
		{"an event that was recorded", []checks.Result{one(checks.EventMachinery, checks.OK)}, []string{"event-recorded"}},
		{"an event that was delivered", []checks.Result{one(checks.EventMachinery, checks.OK), one(checks.EventDelivery, checks.OK)}, []string{"event-delivered"}},
		{"a notice is no proof", []checks.Result{one(checks.TokenAccepted, checks.Notice)}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Of(c.results).Proved(); !slices.Equal(got, c.want) {
				t.Errorf("%q, expected %q", got, c.want)
			}
		})
	}
}
