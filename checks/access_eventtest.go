package checks

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"boxready/internal/receiver"
)

// Causes of event-machinery.
const (
	EventNotRecorded Cause = "event-not-recorded"
	EventTestDenied  Cause = "event-test-denied"
)

// EventTestFacts describe a test event within the portal: a handler is bound to it, it is fired, and it is read back. It never
// leaves the portal, and only our own application sees it.
// https://apidocs.bitrix24.com/api-reference/events/index.html
type EventTestFacts struct {
	Steps []EventStep `json:"steps"`
	// Leftovers is how many handlers of a killed earlier run were unbound.
	Leftovers int   `json:"leftovers,omitempty"`
	Bound     bool  `json:"bound"`
	Fired     bool  `json:"fired"`
	Recorded  bool  `json:"recorded"`
	LeftBound bool  `json:"left_bound,omitempty"` // our handler could not be unbound; the next test retries
	WaitedMS  int64 `json:"waited_ms,omitempty"`  // from firing to reading back
}

// HandlerLeft reports whether unbinding the test event's handler failed.
func (f *EventTestFacts) HandlerLeft() bool { return f.LeftBound }

// EventStep is one call of the test.
type EventStep struct {
	Method string `json:"method"`
	Exchange
}

const (
	testEvent  = "ONAPPTEST"
	fireMethod = "event.test" // fires it for the calling application alone
	// An offline event is dropped when the call that fires it comes from the same application with the same connector. So the
	// handler has one, and the call that fires has none.
	connectorPrefix = "boxready-"
	unbindTimeout   = 20 * time.Second
)

// The portal records an event after it has answered the call that fired it.
var recordWaits = []time.Duration{0, 500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second}

func observeEventTest(ctx context.Context, env *Env) (*EventTestFacts, error) {
	t := &eventTest{env: env, facts: &EventTestFacts{}, connector: connectorPrefix + strings.ToLower(rand.Text()[:12]), nonce: rand.Text()}
	t.run(ctx)
	return t.facts, nil
}

type eventTest struct {
	env       *Env
	facts     *EventTestFacts
	connector string
	nonce     string
}

func (t *eventTest) run(ctx context.Context) {
	t.cleanUp(ctx)
	b := t.binding(offline(t.connector))
	// However the test ends, with a cancel or a panic included, what may be bound is unbound.
	defer func() { t.facts.LeftBound = !b.unbind(ctx) }()
	if t.facts.Bound = b.bind(ctx); !t.facts.Bound {
		return
	}
	start := time.Now()
	fired, _ := b.call(ctx, fireMethod, url.Values{receiver.NonceField: {t.nonce}})
	if t.facts.Fired = fired.answered(); !t.facts.Fired {
		return
	}
	for _, wait := range recordWaits {
		select {
		case <-time.After(t.env.net.Timeout(wait)):
		case <-ctx.Done():
			return
		}
		read, a := b.call(ctx, "event.offline.get", url.Values{"auth_connector": {t.connector}, "filter[EVENT_NAME]": {testEvent}})
		if !read.answered() {
			return
		}
		if strings.Contains(string(a.Result), t.nonce) {
			t.facts.Recorded = true
			t.facts.WaitedMS = time.Since(start).Milliseconds()
			return
		}
	}
}

func (t *eventTest) binding(handler url.Values) *binding {
	return &binding{env: t.env, steps: &t.facts.Steps, handler: handler}
}

// cleanUp unbinds the handlers of killed runs. Only our connectors have this prefix, and only our handlers' addresses a mailbox's
// form.
func (t *eventTest) cleanUp(ctx context.Context) {
	_, a := t.binding(nil).call(ctx, "event.get", nil)
	var handlers []struct {
		Event     portal.Text `json:"event"`
		Connector portal.Text `json:"connector_id"`
		Handler   portal.Text `json:"handler"`
	}
	if a.Result == nil || json.Unmarshal(a.Result, &handlers) != nil {
		return
	}
	for _, h := range handlers {
		var left *binding
		switch {
		case !strings.EqualFold(string(h.Event), testEvent):
			continue
		case strings.HasPrefix(string(h.Connector), connectorPrefix):
			left = t.binding(offline(string(h.Connector)))
		case receiver.IsMailbox(string(h.Handler)):
			left = t.binding(online(string(h.Handler)))
		default:
			continue
		}
		if left.bound = true; left.unbind(ctx) {
			t.facts.Leftovers++
		}
	}
}

// binding is a handler of the test event, and the calls about it.
type binding struct {
	env     *Env
	steps   *[]EventStep
	handler url.Values

	asked, bound, refused bool
}

func offline(connector string) url.Values {
	return url.Values{"event": {testEvent}, "event_type": {"offline"}, "auth_connector": {connector}}
}

func online(handler string) url.Values {
	return url.Values{"event": {testEvent}, "event_type": {"online"}, "handler": {handler}}
}

func (b *binding) call(ctx context.Context, method string, form url.Values) (Call, portal.Answer) {
	call, a := b.env.call(ctx, BySignIn, method, form)
	*b.steps = append(*b.steps, EventStep{Method: method, Exchange: call.Exchange})
	return call, a
}

func (b *binding) bind(ctx context.Context) bool {
	b.asked = true
	call, _ := b.call(ctx, "event.bind", b.handler)
	b.bound = call.answered()
	meaning := call.meaning(bitrix.AtCommand)
	b.refused = call.refused() && meaning != nil && !meaning.Failure
	return b.bound
}

// unbind unbinds the handler and reports whether it is gone. The answer to bind may have been lost although the portal bound;
// there is nothing to do only if the portal denied it, or wasn't asked.
func (b *binding) unbind(ctx context.Context) (gone bool) {
	if b.refused || !b.asked && !b.bound {
		return true
	}
	// The run and its connections may have ended; the handler must be unbound anyway.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), unbindTimeout)
	defer cancel()
	call, a := b.call(ctx, "event.unbind", b.handler)
	var unbound struct {
		Count *portal.Int `json:"count"`
	}
	if json.Unmarshal(a.Result, &unbound) == nil && unbound.Count != nil && *unbound.Count == 0 {
		return !b.bound // there was nothing
	}
	return call.answered()
}

func judgeEventTest(f *EventTestFacts, seen FactsByCheck) []Result {
	args := Args{"left_bound": f.LeftBound, "leftovers": f.Leftovers, "seconds": float64(f.WaitedMS) / 1000, "method": "", "error": "", "description": "", "unfinished": false}
	if f.Recorded {
		return about(ok(), args)
	}
	last := lastStep(f.Steps)
	var r Result
	switch {
	case last == nil:
		r = unknown(UnexpectedAnswer, ServerAdmin)
	case last.denied():
		r = unknown(EventTestDenied, PortalAdmin)
	case !last.succeeded():
		if r = refusedCall(&last.Exchange, seen); r.State == Skipped {
			return one(r)
		}
	case !unfinished(seen):
		r = problem(EventNotRecorded, ServerAdmin)
	case factsOf[InstalledFacts](seen, AppInstalled) != nil:
		return skipped(AppInstalled)
	default:
		// An application whose installation isn't finished gets no events from any portal.
		args["unfinished"] = true
		r = unknown(EventNotRecorded, PortalAdmin)
	}
	if last != nil {
		for name, value := range answerArgs(&last.Exchange) {
			args[name] = value
		}
		args["method"] = last.Method
	}
	return about(one(r), args)
}

// denied reports whether the portal refused the call for the user's rights, or for the kind of credentials.
func (s *EventStep) denied() bool {
	meaning := s.meaning(bitrix.AtCommand)
	return s.refused() && meaning != nil && (meaning.Name == "access-denied" || meaning.Name == "wrong-auth-type")
}

// lastStep is the one at which the test ended, nil for none; unbinding doesn't count.
func lastStep(steps []EventStep) (last *EventStep) {
	for i, step := range steps {
		if step.Method != "event.unbind" && step.Method != "event.get" {
			last = &steps[i]
		}
	}
	return last
}

// unfinished reports whether the portal says that the installation of the sign-in's application isn't finished.
func unfinished(seen FactsByCheck) bool {
	f := factsOf[AcceptedFacts](seen, TokenAccepted)
	return f != nil && f.Application != nil && f.Application.Installed != nil && !*f.Application.Installed
}
