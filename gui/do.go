package gui

import (
	"context"
	"sync"
	"time"

	"fyne.io/fyne/v2"
)

// Only this file starts goroutines and hands results to the Fyne thread; thread_test.go checks that. Everything else in this
// package runs on the Fyne thread.

// tasks runs a window's background work, and functions on the Fyne thread.
type tasks struct {
	onFyneThread func(func())                                   // see Params.Do
	tick         func(time.Duration) (<-chan time.Time, func()) // see Params.Tick

	queueing sync.Mutex
	queue    []func() // for the Fyne thread, guarded by queueing

	ctx     context.Context // until the window is closed
	cancel  context.CancelFunc
	working sync.WaitGroup
	closing sync.Mutex
	atEnd   []func() // guarded by closing
}

func newTasks(onFyneThread func(func()), tick func(time.Duration) (<-chan time.Time, func())) *tasks {
	t := &tasks{onFyneThread: onFyneThread, tick: tick}
	t.ctx, t.cancel = context.WithCancel(context.Background())
	return t
}

// do runs f on the Fyne thread, unless the window has been closed by then. It may be called from any goroutine. What waits is run
// together: where the processor draws the window, Fyne's loop may paint a whole frame before each function that it is given.
func (t *tasks) do(f func()) {
	if t.ctx.Err() != nil {
		return // Fyne may have ended as well
	}
	t.queueing.Lock()
	t.queue = append(t.queue, f)
	first := len(t.queue) == 1
	t.queueing.Unlock()
	if first {
		t.onFyneThread(t.runQueue)
	}
}

func (t *tasks) runQueue() {
	t.queueing.Lock()
	queue := t.queue
	t.queue = nil
	t.queueing.Unlock()
	for _, f := range queue {
		if t.ctx.Err() == nil {
			f()
		}
	}
}

// background runs work off the Fyne thread. What work returns is then run on it; nil for nothing. ctx ends with the window.
func (t *tasks) background(work func(ctx context.Context) (then func())) {
	t.working.Go(func() {
		if then := work(t.ctx); then != nil {
			t.do(then)
		}
	})
}

// async begins work off the Fyne thread; result waits for it.
func async[T any](work func() (T, error)) (result func() (T, error)) {
	type outcome struct {
		result T
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		result, err := work()
		done <- outcome{result, err}
	}()
	return func() (T, error) {
		o := <-done
		return o.result, o.err
	}
}

// every runs f on the Fyne thread every d until stop is called or the window is closed.
func (t *tasks) every(d time.Duration, f func()) (stop func()) {
	ctx, cancel := context.WithCancel(t.ctx)
	ticks, end := t.tick(d)
	t.working.Go(func() {
		defer end()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticks:
				t.do(func() {
					if ctx.Err() == nil {
						f()
					}
				})
			}
		}
	})
	return cancel
}

// after runs f once on the Fyne thread, after d.
func (t *tasks) after(d time.Duration, f func()) {
	var stop func()
	stop = t.every(d, func() {
		stop()
		f()
	})
}

// atClose registers f to be called by Close, after waiting for the work. It may be called from any goroutine.
func (t *tasks) atClose(f func()) {
	t.closing.Lock()
	defer t.closing.Unlock()
	t.atEnd = append(t.atEnd, f)
}

// Close cancels all work, and waits for it up to closeTimeout: a call of a browser or a keyring may never return. It must not be
// called on the Fyne thread.
func (t *tasks) Close() {
	t.cancel()
	done := make(chan struct{})
	go func() {
		t.working.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(closeTimeout):
	}
	t.closing.Lock()
	defer t.closing.Unlock()
	for _, f := range t.atEnd {
		f()
	}
}

const closeTimeout = 3 * time.Second

func fyneDo(f func()) { fyne.Do(f) }

func newTicker(d time.Duration) (<-chan time.Time, func()) {
	ticker := time.NewTicker(d)
	return ticker.C, ticker.Stop
}
