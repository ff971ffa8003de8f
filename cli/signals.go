package cli

import (
	"cmp"
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"boxready/internal/flight"
)

// Ended is the cause of a context that a signal ended.
type Ended struct{ Signal syscall.Signal }

func (e *Ended) Error() string { return e.Signal.String() + " signal received" }

// Is makes it match context.Canceled, as the cause of signal.NotifyContext does.
func (e *Ended) Is(target error) bool { return target == context.Canceled }

// exit is the exit code that shells give a process which the signal ended.
func (e *Ended) exit() Exit { return 128 + Exit(e.Signal) }

// UntilSignal returns a context that ends with the first signal which asks the process to end: an interrupt, SIGTERM (on Windows also
// the console's end) or SIGHUP, of a terminal that was closed. A second interrupt or SIGTERM ends the process at once. A closed
// terminal may send SIGHUP twice, so no second one does. A write to a closed pipe fails, and doesn't end the process, which may have
// something to undo.
func UntilSignal(parent context.Context) context.Context {
	ctx, end := context.WithCancelCause(parent)
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as nohup does
		signals = append(signals, syscall.SIGHUP)
	}
	received, dropped := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(received, signals...)
	signal.Notify(dropped, syscall.SIGPIPE)
	go func() {
		first := <-received
		signal.Notify(dropped, signals[2:]...)
		signal.Stop(received)
		end(&Ended{first.(syscall.Signal)})
	}()
	return ctx
}

// endedBy is the signal that ended ctx, or nil.
func endedBy(ctx context.Context) *Ended {
	ended, _ := errors.AsType[*Ended](context.Cause(ctx))
	return ended
}

// reading returns what read returns, or the context's error when that ends first: reading a pipe or a terminal can't be cancelled, and
// goes on until the process ends. So read may do nothing else.
func reading[T any](ctx context.Context, read func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	r, err := flight.Go(nil, func() result {
		value, err := read()
		return result{value, err}
	}).Wait(ctx)
	return r.value, cmp.Or(err, r.err)
}
