package gui_test

import (
	"runtime"
	"testing"

	"fyne.io/fyne/v2"

	"boxready/gui"
)

// TestFiftyRuns checks a portal again and again in one window. Fyne's test driver never empties its caches, from which Fyne's own
// drops what hasn't been painted for a minute. So this measures what each run builds anew, besides what would stay for good.
func TestFiftyRuns(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector changes how much memory is used")
	}
	checker := broken(t)
	r := open(t, setup{checker: checker})
	r.check("portal.example.ru")
	var after10 runtime.MemStats
	for i := range 50 {
		r.waitUntil("a run", func() bool { return len(checker.asked()) == i+1 && r.verdictShown() })
		if i == 9 {
			after10 = memory()
		}
		if i < 49 {
			r.key(fyne.KeyF5)
		}
	}
	after50 := memory()
	grown := int64(after50.HeapAlloc) - int64(after10.HeapAlloc)
	if grown > 16<<20 {
		t.Errorf("40 runs left %d KiB", grown>>10)
	}
}

// memory is what is used after all garbage has been collected.
func memory() (m runtime.MemStats) {
	runtime.GC()
	runtime.GC() // what has a finalizer
	runtime.ReadMemStats(&m)
	return m
}

// TestMemoryIsGivenBack makes two runs shortly after each other.
func TestMemoryIsGivenBack(t *testing.T) {
	idle := make(chan struct{}, 10)
	checker := broken(t)
	r := open(t, setup{checker: checker, with: func(p *gui.Params) { p.Idle = func() { idle <- struct{}{} } }})
	r.check("portal.example.ru")
	r.waitUntil("a run", func() bool { return r.verdictShown() })
	r.key(fyne.KeyF5)
	r.waitUntil("another run", func() bool { return len(checker.asked()) == 2 && r.verdictShown() })
	if len(idle) > 0 {
		t.Error("it is given back at once")
	}
	r.advance(5e9)
	r.waitUntil("the end", func() bool { return len(idle) == 1 })
	r.advance(60e9)
	if n := r.clock.running(); n != 0 || len(idle) != 1 {
		t.Errorf("%d tickers go on, it was given back %d times", n, len(idle))
	}
}
