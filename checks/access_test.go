package checks_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"boxready/checks"
	"boxready/internal/bitrix"
	"boxready/internal/requirements"
	"boxready/internal/simportal"
)

// sent returns the requests whose path, query or body contains text.
func (p scenarioResult) sent(text string) (found []simportal.Request) {
	for _, r := range p.sim.Log() {
		if strings.Contains(r.Path, text) || strings.Contains(r.RawQuery, text) || strings.Contains(string(r.Body), text) {
			found = append(found, r)
		}
	}
	return found
}

func (p scenarioResult) wantState(t *testing.T, id checks.ID, want checks.State) {
	t.Helper()
	if r := p.result(id); r.State != want {
		t.Errorf("%s is %s %s (%s), want %s", id, r.State, r.Cause, r.Because, want)
	}
}

func TestReadyWithEvidence(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		with []string
		want checks.Verdict
		lack map[checks.ID]checks.Reason
	}{
		{"an address alone", []string{"deep"}, checks.NoObstacle, map[checks.ID]checks.Reason{
			checks.WebhookCheck: checks.NeedsCredential, checks.TokenAccepted: checks.NeedsCredential, checks.RequiredMethods: checks.NeedsCredential}},
		{"a webhook", []string{"webhook"}, checks.Ready, map[checks.ID]checks.Reason{
			checks.TokenAccepted: checks.NeedsSignIn, checks.RequiredEvents: checks.NeedsSignIn, checks.EventMachinery: checks.NeedsSignIn}},
		{"a sign-in", []string{"sign-in"}, checks.Ready, map[checks.ID]checks.Reason{
			checks.WebhookCheck: checks.NeedsWebhook, checks.EventMachinery: checks.NeedsConsentEvent, checks.AppInstalled: checks.NeedsAsApplication}},
		{"everything", []string{"sign-in", "webhook", "event-test", "as-application", "content-filter"}, checks.Ready, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := scenario{with: c.with}.execute(t)
			if p.Verdict != c.want {
				t.Errorf("verdict %s with %v, want %s", p.Verdict, p.causes(), c.want)
			}
			if len(p.causes()) > 0 && c.want == checks.Ready {
				t.Errorf("a healthy portal shows %v", p.causes())
			}
			for id, reason := range c.lack {
				if !slices.Contains(p.NotChecked, checks.NotChecked{Check: id, Reason: reason}) {
					t.Errorf("%s is not among what lacks %s: %v", id, reason, p.NotChecked)
				}
			}
			p.assertRequestRules(t, !slices.Equal(c.with, []string{"webhook"}))
			if asked := len(p.toPortal()); len(c.with) == 1 && asked > 12 {
				t.Errorf("%d requests: more than 12 need a pause", asked)
			}
		})
	}
}

// TestWebhookRequestCount asserts that many methods take few requests.
func TestWebhookRequestCount(t *testing.T) {
	t.Parallel()
	needs := &requirements.Requirements{}
	for m := range bitrix.Methods() {
		if m.API2 && len(needs.Methods) < 300 {
			needs.Methods = append(needs.Methods, m.Name)
		}
	}
	p := scenario{with: []string{"webhook"}, requirements: needs}.execute(t)
	p.assertRequestRules(t, false)
	if asked := p.sent(p.Target.Webhook.Code.Reveal()); len(asked) > 10 || len(asked) == 0 {
		t.Errorf("%d requests through the webhook for %d methods, at most 10", len(asked), len(needs.Methods))
	}
	modules := p.result(checks.RequiredModules).Facts.(*checks.ModulesFacts)
	for _, m := range modules.Methods {
		if m.Existing == nil {
			t.Errorf("nothing is known of %s", m.Name)
		}
	}
}

// TestIdentityComesFirst asserts the order that keeps a portal's registration safe: what the authorization server holds is
// asked, at that server, before any token, an invented one included, goes to the portal.
func TestIdentityComesFirst(t *testing.T) {
	t.Parallel()
	p := scenario{with: []string{"sign-in", "webhook", "event-test"}}.execute(t)
	p.assertRequestRules(t, true)
	asked := false
	for _, r := range p.sim.Log() {
		switch {
		case strings.HasPrefix(r.Server, "auth-") && strings.HasPrefix(r.Path, "/rest/app.info"):
			asked = true
		case r.Server == "portal" && len(r.Tokens) > 0 && !asked:
			t.Fatalf("a token went to %s of the portal before it was known which address is held", r.Path)
		}
	}
	if !asked {
		t.Error("nobody asked which address is held")
	}
}

// TestAnotherAddressIsHeld asserts that no token goes to an address that the authorization server doesn't hold, unless the owner
// confirms it again.
func TestAnotherAddressIsHeld(t *testing.T) {
	for _, fault := range []string{"address-differs", "address-held-as-http"} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			p := scenario{faults: []string{fault}, with: []string{"sign-in", "event-test"}}.execute(t)
			p.assertRequestRules(t, true)
			for _, id := range []checks.ID{checks.TokenAccepted, checks.CredentialsArrive} {
				if r := p.result(id); r.State != checks.Skipped || r.Because != checks.PortalIdentity {
					t.Errorf("%s is %s because of %q", id, r.State, r.Because)
				}
			}
			if reported := p.sim.ReportedAddresses(); len(reported) > 0 {
				t.Errorf("the portal reported %v", reported)
			}
		})
		t.Run(fault+", moved", func(t *testing.T) {
			t.Parallel()
			p := scenario{faults: []string{fault}, with: []string{"sign-in"}, moved: true}.execute(t)
			p.wantState(t, checks.TokenAccepted, checks.OK)
			p.wantState(t, checks.PortalIdentity, checks.Problem)
		})
	}
}

func testHandlers(sim *simportal.Sim) (own, others int) {
	for _, b := range sim.Bindings() {
		if ours(b) {
			own++
		} else {
			others++
		}
	}
	return own, others
}

// TestEventTestCleansUp asserts that a killed run's handler is unbound, and no other.
func TestEventTestCleansUp(t *testing.T) {
	t.Parallel()
	p := scenario{with: []string{"sign-in", "event-test"}, prepare: func(sim *simportal.Sim) {
		sim.Bind(simportal.Binding{Event: "ONAPPTEST", Connector: "boxready-killed", Offline: true})
		sim.Bind(simportal.Binding{Event: "ONAPPTEST", Connector: "somebody-else", Offline: true})
		sim.Bind(simportal.Binding{Event: "ONAPPTEST", Handler: "https://events.vendor.example/mailbox/boxready-" + strings.Repeat("a2", 13)})
		sim.Bind(simportal.Binding{Event: "ONAPPTEST", Handler: "https://app.example/mailbox/boxready-killed"})
		sim.Bind(simportal.Binding{Event: "ONCRMDEALADD", Handler: "https://app.example/handler"})
	}}.execute(t)
	p.wantState(t, checks.EventMachinery, checks.OK)
	if ours, others := testHandlers(p.sim); ours != 0 || others != 3 {
		t.Errorf("%d handlers of ours and %d of others are bound", ours, others)
	}
	if f := p.result(checks.EventMachinery).Facts.(*checks.EventTestFacts); f.Leftovers != 2 || !f.Recorded {
		t.Errorf("%+v", f)
	}
}

// TestEventTestIsUndoneWhenCancelled asserts that a run cancelled while its handler is bound unbinds it.
func TestEventTestIsUndoneWhenCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	bound := make(chan struct{})
	watching := make(chan struct{})
	p := scenario{faults: []string{"event-not-recorded"}, with: []string{"sign-in", "event-test"}, ctx: ctx, prepare: func(sim *simportal.Sim) {
		go func() {
			defer close(watching)
			for ctx.Err() == nil {
				if ours, _ := testHandlers(sim); ours > 0 {
					close(bound)
					cancel()
					return
				}
				time.Sleep(time.Millisecond)
			}
		}()
	}}.execute(t)
	<-watching
	select {
	case <-bound:
	default:
		t.Fatal("nothing was ever bound")
	}
	if r := p.result(checks.EventMachinery); r.State != checks.Unknown || r.Cause != checks.Cancelled {
		t.Errorf("event-machinery is %s %s", r.State, r.Cause)
	}
	if ours, _ := testHandlers(p.sim); ours != 0 {
		t.Errorf("%d handlers were left bound", ours)
	}
}
