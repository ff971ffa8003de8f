package vault

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

var (
	errNoAnswer     = fmt.Errorf("no answer, a prompt may be waiting for one: %w", context.DeadlineExceeded)
	errStillWaiting = errors.New("an earlier call is still waiting for an answer")
)

// A guard runs calls of a keyring one at a time, each in its own goroutine, so
// that callers can stop waiting. A keyring that hangs blocks one goroutine,
// however many calls are made.
type guard struct {
	deadline time.Duration

	mu      sync.Mutex
	running *call
}

type call struct {
	done     chan struct{} // closed when the call has returned
	overdue  chan struct{} // closed at the deadline
	err      error         // valid after done
	noWaiter atomic.Bool
	then     map[string]func() // run before the next call, by key; guarded by guard.mu
}

// abandoned reports whether nobody waits for the call any more. It should then
// write nothing more, because its caller got an error.
func (c *call) abandoned() bool { return c.noWaiter.Load() }

// do runs f after earlier calls. The error is f's, a timeout or ctx's. If not
// started, f never will be; otherwise it may outlast do.
func (g *guard) do(ctx context.Context, f func(*call) error) (started bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, g.deadline)
	defer cancel()
	for {
		if ctx.Err() != nil {
			return false, contextError(ctx)
		}
		c, own := g.start(f)
		select {
		case <-c.done:
		case <-c.overdue:
		case <-ctx.Done():
		}
		select {
		case <-c.done: // takes precedence
			if own {
				return true, c.err
			}
			continue
		default:
		}
		if own {
			c.noWaiter.Store(true)
			if ctx.Err() != nil {
				return true, contextError(ctx)
			}
			return true, &Error{Reason: Timeout, Err: errNoAnswer}
		}
		if errors.Is(ctx.Err(), context.Canceled) {
			return false, contextError(ctx)
		}
		// Waiting for a call that hangs is useless.
		return false, &Error{Reason: Timeout, Err: errStillWaiting}
	}
}

func contextError(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &Error{Reason: Timeout, Err: errNoAnswer}
	}
	return ctx.Err()
}

// start starts f, or returns the running call.
func (g *guard) start(f func(*call) error) (c *call, own bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.running != nil {
		return g.running, false
	}
	c = &call{done: make(chan struct{}), overdue: make(chan struct{})}
	g.running = c
	timer := time.AfterFunc(g.deadline, func() { close(c.overdue) })
	go func() {
		c.err = recovered(func() error { return f(c) })
		g.finish(c)
		timer.Stop()
		close(c.done)
	}()
	return c, true
}

// finish runs the functions left by after, and lets the next call start.
func (g *guard) finish(c *call) {
	for {
		g.mu.Lock()
		then := c.then
		c.then = nil
		if len(then) == 0 {
			g.running = nil
			g.mu.Unlock()
			return
		}
		g.mu.Unlock()
		for _, f := range then {
			_ = recovered(func() error { f(); return nil }) // no caller to return it to
		}
	}
}

// after runs f when the running call has returned, before any other call, and
// doesn't wait for it. Of several with the same key, the last is run.
func (g *guard) after(key string, f func()) {
	for {
		g.mu.Lock()
		if g.running != nil {
			if g.running.then == nil {
				g.running.then = map[string]func(){}
			}
			g.running.then[key] = f
			g.mu.Unlock()
			return
		}
		g.mu.Unlock()
		if _, own := g.start(func(*call) error { f(); return nil }); own {
			return
		}
	}
}

// recovered turns a panic of f into an error: the library doesn't check the types
// in services' answers.
func recovered(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			// Not p itself, which may contain the value.
			err = &Error{Reason: Refused, Err: fmt.Errorf("the keyring's answer made no sense (%T)", p)}
		}
	}()
	return f()
}
