package checks

import (
	"context"
	"slices"
	"time"
)

// The limits of a run, from its start. What is decided without a token takes no longer than runLimit.
const (
	runLimit = 15 * time.Second
	// With tokens, at a portal whose other answers are slow, too: its answer about a token would take longer than anybody waits.
	slowRunLimit = 25 * time.Second
	// A portal whose route answers within this time may take as long over a token as it waits for the authorization server.
	quickRoute = 2 * time.Second
)

// Budget is the usual time limit of a run against target: 15 s, or with tokens 90 s, plus what many methods take under the rate limit,
// the wait for a test event, and the large requests.
func Budget(target Target) time.Duration {
	limit := runLimit
	if target.mayWaitForTokens() {
		limit = 90*time.Second + target.extraTime()
	}
	for _, c := range Catalog() {
		if c.AddsDeadline && target.agreed(c.Consent) {
			limit += c.Deadline(&target) - checkDeadline
		}
	}
	return limit
}

// mayWaitForTokens reports whether the run has requests that a portal may take long to answer.
func (t *Target) mayWaitForTokens() bool {
	return t.Webhook != nil || t.agreed(Deep) || t.agreed(ContentFilter)
}

// extraTime is what the run takes that has a budget of its own: many methods under the rate limit, and the wait for a test event.
func (t *Target) extraTime() (extra time.Duration) {
	if t.Webhook != nil || t.SignIn != nil {
		extra += inventoryDeadline(t) - checkDeadline
	}
	if t.SignIn != nil && t.agreed(EventTest) && t.Receiver != "" {
		extra += t.eventWait()
	}
	return extra
}

// timeoutFactor is the factor for all time-outs of a run whose owner allows more time than usual. Less time shortens none of them, so that
// it can't make a slow answer look like none: what is not known by then is cut off.
func (t *Target) timeoutFactor() float64 {
	return max(1, float64(t.Timeout)/float64(Budget(*t)))
}

// waitsForTokens returns the checks that send tokens or depend on such answers. They take as long as a portal waits for the
// authorization server, and have limits of their own.
func waitsForTokens(catalog []*Check) map[ID]bool {
	slow := map[ID]bool{AuthServerFromPortal: true}
	for known := 0; known < len(slow); { // a check may stand before one that it waits for
		known = len(slow)
		for _, c := range catalog {
			if c.Credentials != nil || c.Consent != "" || slices.ContainsFunc(c.waitsFor(), func(id ID) bool { return slow[id] }) {
				slow[c.ID] = true
			}
		}
	}
	return slow
}

// limit is when a check is cut off, from the run's start; 0: never before its own deadline.
func (env *Env) limit(c *Check, waits bool) time.Duration {
	t := &env.target
	if c.NoRequests || c.Group == SelfGroup { // which waits for this computer, and for its user at the keyring
		return 0
	}
	route := factsOf[RouteFacts](env.factsByCheck(), RESTRoute)
	slow := route == nil || route.Failure != "" || route.answerTime() > env.net.Scaled(quickRoute)
	switch {
	case waits && (!slow || c.ID == SignIn): // which asks the authorization server, not the portal
		return 0
	case c.AddsDeadline:
		return 0
	case slow && t.mayWaitForTokens():
		return slowRunLimit + t.extraTime()
	}
	return runLimit
}

// limited is a context whose deadline can move while it runs. Neither it nor what is derived from it has a goroutine.
type limited struct {
	context.Context
	over context.Context // done when limited is
}

func (l limited) Done() <-chan struct{} { return l.over.Done() }

func (l limited) Err() error {
	if context.Cause(l.over) == context.DeadlineExceeded {
		return context.DeadlineExceeded
	}
	return l.over.Err()
}

// AfterFunc is called by package context.
func (l limited) AfterFunc(f func()) (stop func() bool) { return context.AfterFunc(l.over, f) }

// withLimit returns a context that ends at that time after the run's start. BoxReady's own pauses for the rate limit don't count.
func (env *Env) withLimit(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	over, end := context.WithCancelCause(ctx)
	cancel := func() { end(nil) }
	if limit == 0 {
		return over, cancel
	}
	limit = time.Duration(float64(limit) * env.factor)
	left := func() time.Duration { return limit + env.pacer.Paused() - env.paused - time.Since(env.start) }
	var timer *time.Timer
	timer = time.AfterFunc(limit, func() {
		if left := left(); left > 0 {
			timer.Reset(left)
		} else {
			end(context.DeadlineExceeded)
		}
	})
	timer.Reset(left())
	return limited{ctx, over}, func() { timer.Stop(); cancel() }
}
