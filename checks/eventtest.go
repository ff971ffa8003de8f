package checks

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"crypto/rand"
)

// Causes of event-machinery.
const (
	EventNotRecorded Cause = "event-not-recorded"
	EventTestDenied  Cause = "event-test-denied"
)

// EventTestFacts are a test event's way through the portal: a handler is bound to it, it is fired, and it is read back. It
// never leaves the portal, and only our own application sees it.
// https://apidocs.bitrix24.com/api-reference/events/index.html
type EventTestFacts struct {
	Steps []EventStep `json:"steps"`
	// Leftovers is how many handlers of an earlier run, which was killed, were unbound.
	Leftovers int   `json:"leftovers,omitempty"`
	Bound     bool  `json:"bound"`
	Fired     bool  `json:"fired"`
	Recorded  bool  `json:"recorded"`
	LeftBound bool  `json:"left_bound,omitempty"` // our handler could not be unbound; the next test does it
	WaitedMS  int64 `json:"waited_ms,omitempty"`  // from firing to reading back
}

// EventStep is one call of the test.
type EventStep struct {
	Method string `json:"method"`
	Exchange
}

const (
	testEvent = "ONAPPTEST"
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
	// Whatever ends the test, a cancel or a panic included: what may be bound is unbound. The answer to bind may be lost
	// although the portal bound.
	defer t.unbind(ctx, t.connector)
	bound, _ := t.call(ctx, "event.bind", t.handler(t.connector))
	if t.facts.Bound = bound.answered(); !t.facts.Bound {
		return
	}
	start := time.Now()
	fired, _ := t.call(ctx, "event.test", url.Values{"boxready": {t.nonce}})
	if t.facts.Fired = fired.answered(); !t.facts.Fired {
		return
	}
	for _, wait := range recordWaits {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
		read, a := t.call(ctx, "event.offline.get", url.Values{"auth_connector": {t.connector}, "filter[EVENT_NAME]": {testEvent}})
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

func (t *eventTest) call(ctx context.Context, method string, form url.Values) (Call, portal.Answer) {
	call, a := t.env.call(ctx, BySignIn, method, form)
	t.facts.Steps = append(t.facts.Steps, EventStep{Method: method, Exchange: call.Exchange})
	return call, a
}

func (t *eventTest) handler(connector string) url.Values {
	return url.Values{"event": {testEvent}, "event_type": {"offline"}, "auth_connector": {connector}}
}

// cleanUp unbinds the handlers of runs that were killed. Nobody else's connector has our prefix.
func (t *eventTest) cleanUp(ctx context.Context) {
	_, a := t.call(ctx, "event.get", nil)
	var handlers []struct {
		Event     portal.Text `json:"event"`
		Connector portal.Text `json:"connector_id"`
	}
	if a.Result == nil || json.Unmarshal(a.Result, &handlers) != nil {
		return
	}
	for _, h := range handlers {
		if strings.EqualFold(string(h.Event), testEvent) && strings.HasPrefix(string(h.Connector), connectorPrefix) {
			if t.unbind(ctx, string(h.Connector)) {
				t.facts.Leftovers++
			}
		}
	}
}

func (t *eventTest) unbind(ctx context.Context, connector string) bool {
	if connector == t.connector && t.refused("event.bind") {
		return false // the portal said that it bound nothing
	}
	// The run may be over, and its connections with it; the handler has to go all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), unbindTimeout)
	defer cancel()
	call, a := t.call(ctx, "event.unbind", t.handler(connector))
	var unbound struct {
		Count *portal.Int `json:"count"`
	}
	gone := call.answered()
	if json.Unmarshal(a.Result, &unbound) == nil && unbound.Count != nil && *unbound.Count == 0 {
		gone = connector == t.connector && !t.facts.Bound // there was nothing
	}
	if connector == t.connector && !gone {
		t.facts.LeftBound = true
	}
	return gone
}

// refused tells whether the portal answered a step with an error of its own.
func (t *eventTest) refused(method string) bool {
	return slices.ContainsFunc(t.facts.Steps, func(s EventStep) bool { return s.Method == method && s.Failure == "" && s.Error != "" })
}

func judgeEventTest(f *EventTestFacts, s Seen) []Result {
	args := Args{"left_bound": f.LeftBound, "leftovers": f.Leftovers, "seconds": float64(f.WaitedMS) / 1000, "method": "", "error": "", "description": "", "unfinished": false}
	if f.Recorded {
		return about(ok(), args)
	}
	// The step at which it ended; taking the handler away again is not part of the way.
	var last *EventStep
	for i, step := range f.Steps {
		if step.Method != "event.unbind" && step.Method != "event.get" {
			last = &f.Steps[i]
		}
	}
	var r Result
	switch {
	case last == nil:
		r = unknown(UnexpectedAnswer, ServerAdmin)
	case last.Failure != "":
		r = unanswered(&last.Exchange)
	case licenceFault(last.err()) != nil:
		return skipped(RESTLicence)
	case bitrix.SameCode(last.Error, bitrix.CodeAccessDenied), bitrix.SameCode(last.Error, bitrix.CodeWrongAuthType):
		r = unknown(EventTestDenied, PortalAdmin)
	case last.Form != portal.FormJSON, last.Error != "":
		r = unknown(UnexpectedAnswer, ServerAdmin)
	case !unfinished(s):
		r = problem(EventNotRecorded, ServerAdmin)
	case seen[InstalledFacts](s, AppInstalled) != nil:
		return skipped(AppInstalled)
	default:
		// An application that isn't installed to the end gets no events from any portal.
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

// unfinished tells whether the portal says that the application that was signed in with isn't installed to the end.
func unfinished(s Seen) bool {
	f := seen[AcceptedFacts](s, TokenAccepted)
	return f != nil && f.Application != nil && f.Application.Installed != nil && !*f.Application.Installed
}
