package gui

import (
	"context"
	"time"

	"fyne.io/fyne/v2"
)

// This file is the only one where goroutines are started and where they come back to the Fyne thread; a test sees to it.
// Everything else in this package runs on the Fyne thread.

// do runs f on the Fyne thread, unless the window has been closed by then. It may be called from any goroutine.
func (w *Window) do(f func()) {
	if w.ctx.Err() != nil {
		return // Fyne may be gone as well
	}
	w.p.Do(func() {
		if w.ctx.Err() == nil {
			f()
		}
	})
}

// background runs work off the Fyne thread. What work returns is then run on it; nil for nothing. ctx ends with the window.
func (w *Window) background(work func(ctx context.Context) (then func())) {
	w.working.Go(func() {
		if then := work(w.ctx); then != nil {
			w.do(then)
		}
	})
}

// meanwhile does work off the Fyne thread, and waits for it when what it came to is wanted.
func meanwhile[T any](work func() (T, error)) (result func() (T, error)) {
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
func (w *Window) every(d time.Duration, f func()) (stop func()) {
	ctx, cancel := context.WithCancel(w.ctx)
	ticks, end := w.p.Tick(d)
	w.working.Go(func() {
		defer end()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticks:
				w.do(func() {
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
func (w *Window) after(d time.Duration, f func()) {
	var stop func()
	stop = w.every(d, func() {
		stop()
		f()
	})
}

// atClose has f called when the window has been closed and what was begun has ended. It may be called from any goroutine.
func (w *Window) atClose(f func()) {
	w.closing.Lock()
	defer w.closing.Unlock()
	w.atEnd = append(w.atEnd, f)
}

// Close ends everything that was begun, and waits for it a while: a browser or a keyring may keep a call for ever. It must not
// be called on the Fyne thread.
func (w *Window) Close() {
	w.cancel()
	done := make(chan struct{})
	go func() {
		w.working.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(closeTimeout):
	}
	w.closing.Lock()
	defer w.closing.Unlock()
	for _, f := range w.atEnd {
		f()
	}
}

const closeTimeout = 3 * time.Second

func onFyneThread(f func()) { fyne.Do(f) }

func tick(d time.Duration) (<-chan time.Time, func()) {
	ticker := time.NewTicker(d)
	return ticker.C, ticker.Stop
}
