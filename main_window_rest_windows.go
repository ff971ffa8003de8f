//go:build !nogui

package main

import (
	"time"
	"unsafe"

	"fyne.io/fyne/v2"
	"golang.org/x/sys/windows"
)

// rest lets Fyne's loop sleep while nothing happens: by itself it looks for input 60 times a second, which takes a few percent of a
// processor in a window that nobody touches.
type rest struct {
	wake windows.Handle // an event, set by whoever has something for the Fyne thread
	wait *windows.LazyProc
	end  chan struct{}
}

const (
	restFrom = 2 * time.Second // the window is painted, and its first check begun
	// What Fyne's own code has for its loop doesn't wake it, and waits that long.
	restAtMost = 200 * time.Millisecond
	// In this time Fyne's loop looks for input once and paints.
	restAfter = 20 * time.Millisecond
	// If nothing has happened, it looks at once.
	restAgain = time.Millisecond
)

// newRest returns nil, with which Fyne's loop runs as ever, if the system gives no event.
func newRest() *rest {
	wake, err := windows.CreateEvent(nil, 0, 0, nil)
	if err != nil {
		return nil
	}
	return &rest{wake: wake, wait: windows.NewLazySystemDLL("user32.dll").NewProc("MsgWaitForMultipleObjectsEx"), end: make(chan struct{})}
}

// start lets Fyne's loop rest from now on.
func (r *rest) start() {
	if r != nil {
		go r.run()
	}
}

func (r *rest) run() {
	for pause := restFrom; ; {
		select {
		case <-time.After(pause):
		case <-r.end:
			return
		}
		rested := make(chan bool, 1)
		fyne.Do(func() { rested <- r.sleep() })
		select {
		case toTheEnd := <-rested:
			pause = restAfter
			if toTheEnd {
				pause = restAgain
			}
		case <-r.end: // Fyne's loop may have ended without calling it
			return
		}
	}
}

// sleep waits for input or work, and reports whether there was none.
func (r *rest) sleep() bool {
	const (
		allInput       = 0x04ff // QS_ALLINPUT
		inputThatWaits = 0x0004 // MWMO_INPUTAVAILABLE
	)
	got, _, _ := r.wait.Call(1,
		uintptr(unsafe.Pointer(&r.wake)), // #nosec G103 -- a call of the system's
		uintptr(restAtMost.Milliseconds()), allInput, inputThatWaits)
	return got == uintptr(windows.WAIT_TIMEOUT)
}

// do runs f on the Fyne thread, and wakes that.
func (r *rest) do(f func()) {
	fyne.Do(f)
	if r != nil {
		_ = windows.SetEvent(r.wake)
	}
}

// stop ends that.
func (r *rest) stop() {
	if r != nil {
		close(r.end)
	}
}
