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

// A guard runs calls of a keyring, one at a time, each in a goroutine of its
// own that callers need not wait for. A keyring that hangs costs one goroutine,
// however many calls are made.
type guard struct {
	deadline time.Duration

	mu      sync.Mutex
	running *call
}

type call struct {
	done    chan struct{} // closed when the keyring has answered
	overdue chan struct{} // closed when it should have
	err     error         // not to be read before done
	left    atomic.Bool
	then    map[string]func() // what to do before anything else, by what it is about; guarded by guard.mu
}

// abandoned reports whether nobody waits for the call any more. It should then
// begin nothing that its caller believes not to happen.
func (c *call) abandoned() bool { return c.left.Load() }

// do runs f after the calls before it. The error is f's, a timeout or ctx's. f
// was started or never will be; if it was, it may outlast do.
func (g *guard) do(ctx context.Context, f func(*call) error) (started bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, g.deadline)
	defer cancel()
	for {
		if ctx.Err() != nil {
			return false, gaveUp(ctx)
		}
		c, own := g.start(f)
		select {
		case <-c.done:
		case <-c.overdue:
		case <-ctx.Done():
		}
		select {
		case <-c.done: // wins, whatever else is true
			if own {
				return true, c.err
			}
			continue
		default:
		}
		if own {
			c.left.Store(true)
			if ctx.Err() != nil {
				return true, gaveUp(ctx)
			}
			return true, &Error{Reason: Timeout, Err: errNoAnswer}
		}
		if errors.Is(ctx.Err(), context.Canceled) {
			return false, gaveUp(ctx)
		}
		// Behind a call that hangs, waiting is in vain.
		return false, &Error{Reason: Timeout, Err: errStillWaiting}
	}
}

func gaveUp(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &Error{Reason: Timeout, Err: errNoAnswer}
	}
	return ctx.Err()
}

// start starts f, or returns the call that it has to wait for.
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
		c.err = protected(func() error { return f(c) })
		g.finish(c)
		timer.Stop()
		close(c.done)
	}()
	return c, true
}

// finish does what was left for the end of the call, and lets the next one start.
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
			_ = protected(func() error { f(); return nil }) // nobody waits for it
		}
	}
}

// after runs f as soon as the keyring has answered, before any other call.
// Nobody waits for it. Of several about the same, the last is run.
func (g *guard) after(about string, f func()) {
	for {
		g.mu.Lock()
		if g.running != nil {
			if g.running.then == nil {
				g.running.then = map[string]func(){}
			}
			g.running.then[about] = f
			g.mu.Unlock()
			return
		}
		g.mu.Unlock()
		if _, own := g.start(func(*call) error { f(); return nil }); own {
			return
		}
	}
}

// protected keeps a panic from ending the program: the library trusts that
// services answer with the types they should.
func protected(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			// Not p itself, which may hold what was to be kept.
			err = &Error{Reason: Refused, Err: fmt.Errorf("the keyring's answer made no sense (%T)", p)}
		}
	}()
	return f()
}
