package checks_test

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"boxready/checks"
	"boxready/internal/receiver"
	"boxready/internal/simportal"

	"github.com/google/go-cmp/cmp"
)

var delivering = []string{"sign-in", "event-test", "receiver"}

// watcher records the legs of the test event.
type watcher struct {
	mu   sync.Mutex
	legs []string
	then func(checks.Leg)
}

func (*watcher) Started(checks.ID)                   {}
func (*watcher) Finished(checks.ID, []checks.Result) {}

func (w *watcher) Leg(_ checks.ID, leg checks.Leg) {
	w.mu.Lock()
	w.legs = append(w.legs, string(leg.Name)+" "+string(leg.State))
	w.mu.Unlock()
	if w.then != nil {
		w.then(leg)
	}
}

func delivered(p scenarioResult) *checks.DeliveryFacts {
	f, _ := p.result(checks.EventDelivery).Facts.(*checks.DeliveryFacts)
	return f
}

// TestEventIsDelivered asserts that a test event is delivered, that each leg is reported with its time, and that nothing is left,
// on the portal or at the receiver.
func TestEventIsDelivered(t *testing.T) {
	t.Parallel()
	w := &watcher{}
	p := scenario{with: delivering, observer: w}.execute(t)
	p.assertRequestRules(t, true)
	p.wantState(t, checks.EventDelivery, checks.OK)
	f := delivered(p)
	if f.Arrival == nil || f.Arrival.Queue != receiver.Listed || f.Arrival.From.String() != p.sim.QueueAddresses()[0] || f.Arrival.Copies != 0 || f.LeftBound {
		t.Errorf("%+v, arrival %+v", f, f.Arrival)
	}
	var want []string
	for _, name := range checks.Legs() {
		want = append(want, string(name)+" under-way", string(name)+" done")
	}
	if diff := cmp.Diff(want, w.legs); diff != "" {
		t.Errorf("legs (-want +got):\n%s", diff)
	}
	for i, leg := range f.Legs {
		if leg.State != checks.LegDone || leg.TookMS < 0 || leg.Began.IsZero() || i > 0 && leg.Began.Before(f.Legs[i-1].Began) {
			t.Errorf("leg %+v", leg)
		}
	}
	var asked, events []string
	for _, r := range p.sim.Log() {
		switch ours := strings.HasPrefix(r.Header.Get("User-Agent"), "BoxReady/"); {
		case r.Server == "events" && ours:
			asked = append(asked, r.Method)
			if len(r.Body) > 0 && (!strings.HasPrefix(string(r.Body), "expect=") || strings.Count(string(r.Body), "=") != 1) {
				t.Errorf("the receiver got %q", r.Body)
			}
		case r.Server == "events":
			form, _ := url.ParseQuery(string(r.Body))
			events = append(events, form.Get("event"))
			if len(form.Get("auth[access_token]")) < 20 || form.Get("auth[application_token]") == "" || form.Get("auth[member_id]") == "" || form.Get("data[LANGUAGE_ID]") != "ru" {
				t.Errorf("the event holds %q", r.Body)
			}
		}
	}
	if !slices.Equal(events, []string{"ONAPPTEST"}) || asked[0] != "POST" || asked[len(asked)-1] != "DELETE" {
		t.Errorf("the receiver was asked %v and got %v", asked, events)
	}
}

// TestUnusualDeliveries has unusual deliveries that succeed.
func TestUnusualDeliveries(t *testing.T) {
	t.Parallel()
	for fault, good := range map[string]func(*checks.Arrival) bool{
		"event-queue-late":     func(a *checks.Arrival) bool { return a.TookMS >= 2000 && a.Queue == receiver.Listed },
		"event-from-elsewhere": func(a *checks.Arrival) bool { return a.Queue == receiver.Unlisted },
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			p := scenario{faults: []string{fault}, with: delivering}.execute(t)
			p.wantState(t, checks.EventDelivery, checks.OK)
			if f := delivered(p); f.Arrival == nil || !good(f.Arrival) {
				t.Errorf("%+v", f.Arrival)
			}
		})
	}
}

// TestUndeliveredEventCause asserts what is known of an event that never came.
func TestUndeliveredEventCause(t *testing.T) {
	t.Parallel()
	for fault, want := range map[string]string{
		"event-queue-stopped":   "mailbox done, bind done, fire done, travel failed, unbind done",
		"event-body-lost":       "mailbox done, bind done, fire done, travel failed, unbind done",
		"receiver-busy":         "mailbox failed",
		"receiver-page":         "mailbox failed",
		"receiver-forgets":      "mailbox done, bind done, fire done, travel failed, unbind done",
		"event-handler-refused": "mailbox done, bind failed",
		"event-unbind-error":    "mailbox done, bind done, fire done, travel done, unbind failed",
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			p := scenario{faults: []string{fault}, with: delivering}.execute(t)
			f := delivered(p)
			var legs []string
			for _, leg := range f.Legs {
				legs = append(legs, string(leg.Name)+" "+string(leg.State))
			}
			if got := strings.Join(legs, ", "); got != want {
				t.Errorf("legs %s, expected %s", got, want)
			}
			if (fault == "event-body-lost") != (f.Refused == 1) {
				t.Errorf("refused: %d", f.Refused)
			}
			if (fault == "event-unbind-error") != f.LeftBound {
				t.Errorf("left bound: %t", f.LeftBound)
			}
			reasons := map[string]checks.ReceiverReason{"receiver-busy": checks.ReceiverBusy, "receiver-page": checks.ReceiverNone, "receiver-forgets": checks.ReceiverForgot}
			if reason := reasons[fault]; (f.Trouble == nil) != (reason == "") || f.Trouble != nil && f.Trouble.Reason != reason {
				t.Errorf("trouble %+v", f.Trouble)
			}
		})
	}
}

// TestDeliveryNeedsConsent asserts that no receiver is contacted without the owner's consent.
func TestDeliveryNeedsConsent(t *testing.T) {
	t.Parallel()
	p := scenario{with: []string{"sign-in", "event-test"}}.execute(t)
	if r := p.result(checks.EventDelivery); r.Check != "" || !slices.Contains(p.NotChecked, checks.NotChecked{Check: checks.EventDelivery, Reason: checks.NeedsReceiver}) {
		t.Errorf("%+v, not checked: %v", r, p.NotChecked)
	}
	for _, r := range p.sim.Log() {
		if r.Server == "events" {
			t.Errorf("%s %s was asked", r.Host, r.Method)
		}
	}
	for _, address := range []string{"http://events.demo.example", "https://" + p.sim.Host(), "https://" + strings.ToUpper(p.sim.Host()) + ":8443/x", "https://a.example/?x=1", "events.demo.example", ""} {
		target := checks.Target{Address: p.Target.Address}
		if err := target.UseReceiver(address); !errors.Is(err, receiver.ErrAddress) || target.Receiver != "" {
			t.Errorf("%q: %v, %q", address, err, target.Receiver)
		}
	}
}

// TestDeliveryIsUndone asserts that the handler is unbound and the mailbox closed however the test ends.
func TestDeliveryIsUndone(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(cancel func()){"cancelled": func(cancel func()) { cancel() }, "panic": func(func()) { panic("in the middle") }} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
			defer cancel()
			bound := false
			var sim *simportal.Sim
			w := &watcher{}
			w.then = func(leg checks.Leg) {
				if leg.Name == checks.LegTravel && leg.State == checks.LegUnderWay {
					own, _ := testHandlers(sim)
					bound = own == 1
					end(cancel)
				}
			}
			p := scenario{faults: []string{"event-queue-stopped"}, with: delivering, ctx: ctx, observer: w, prepare: func(s *simportal.Sim) { sim = s }}.execute(t)
			if !bound {
				t.Fatal("nothing was ever bound")
			}
			want := map[string]checks.Cause{"cancelled": checks.Cancelled, "panic": checks.InternalError}[name]
			if r := p.result(checks.EventDelivery); r.State != checks.Unknown || r.Cause != want {
				t.Errorf("event-delivery is %s %s", r.State, r.Cause)
			}
			if own, _ := testHandlers(p.sim); own != 0 {
				t.Errorf("%d handlers were left bound", own)
			}
			closed := false
			for _, r := range p.sim.Log() {
				closed = closed || r.Server == "events" && r.Method == "DELETE" && r.Status == 204
			}
			if !closed {
				t.Error("the mailbox was left open")
			}
		})
	}
}
