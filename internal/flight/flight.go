// Package flight shares one computation in flight, a request for instance, among everybody who wants its value.
// golang.org/x/sync/singleflight is not enough: a panic there ends the program, and nobody can stop waiting for the values of Do.
package flight

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
)

// Call is a computation in a goroutine of its own. Any number of goroutines may wait for its value.
type Call[T any] struct {
	done  chan struct{} // closed when the rest is set
	value T
	panic *Panic
}

// Go starts a call. The group, unless nil, ends with it.
func Go[T any](group *sync.WaitGroup, compute func() T) *Call[T] {
	c := &Call[T]{done: make(chan struct{})}
	if group == nil {
		group = new(sync.WaitGroup)
	}
	group.Go(func() {
		defer close(c.done)
		c.panic = Catch(func() { c.value = compute() })
	})
	return c
}

// Done is closed when the call has ended.
func (c *Call[T]) Done() <-chan struct{} { return c.done }

// Wait returns the value, or ctx's error if ctx ends first. It panics with a *Panic if the computation panicked.
func (c *Call[T]) Wait(ctx context.Context) (T, error) {
	select {
	case <-c.done:
		c.panic.Rethrow()
		return c.value, nil
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// Panic is a panic on its way to another goroutine. One that is not recovered where it came up would end the program.
type Panic struct {
	Value any
	Stack []byte // of the goroutine where it came up
}

func (p *Panic) String() string { return fmt.Sprintf("%v\n\n%s", p.Value, p.Stack) }

// Recovered makes a Panic of what recover returned in a deferred function; a *Panic stays the one that it is.
func Recovered(value any) *Panic {
	if p, ok := value.(*Panic); ok {
		return p
	}
	return &Panic{value, debug.Stack()}
}

// Catch runs f and returns its panic, or nil.
func Catch(f func()) (p *Panic) {
	defer func() {
		if value := recover(); value != nil {
			p = Recovered(value)
		}
	}()
	f()
	return nil
}

// Rethrow panics with p unless that is nil.
func (p *Panic) Rethrow() {
	if p != nil {
		panic(p)
	}
}
