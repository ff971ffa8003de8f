package gui_test

import (
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"boxready/checks"
)

// BenchmarkStall measures the longest time for which the Fyne thread is busy with one thing: a window that is busy can't be
// moved or closed. It is the thread's own time, so that other programs don't count, and the best of the runs, so that the
// garbage collector's help doesn't; painting isn't in it.
func BenchmarkStall(b *testing.B) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for name, outcome := range map[string]func(checks.Target) *checks.Outcome{"200 findings": many(200), "5000 methods": longList(5000)} {
		b.Run(name, func(b *testing.B) {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			best := time.Hour
			for b.Loop() {
				r := open(b, setup{checker: &fakeChecker{outcome: outcome}})
				r.timed = true
				r.check("portal.example.ru")
				r.waitUntil("the end of the run", r.verdictShown)
				for r.says("Показать ещё") {
					more := r.find("Показать ещё")
					r.time(func() { more.Tapped(nil) })
					r.runQueued()
				}
				r.time(func() { r.w.Fyne().Resize(fyne.NewSize(700, 600)) })
				if name == "5000 methods" {
					row := r.find(r.title(checks.RESTRoute, checks.RESTNotBitrix))
					r.time(func() { row.Tapped(nil) })
					r.runQueued()
					copies := r.find("Скопировать все факты")
					r.time(func() { copies.Tapped(nil) })
				}
				best = min(best, r.longest)
			}
			b.ReportMetric(float64(best.Microseconds())/1000, "ms")
			if best > maxStall {
				b.Errorf("%v; at most %v", best, maxStall)
			}
		})
	}
}

// BenchmarkPaste measures the same while ten megabytes of an invalid answer are pasted.
func BenchmarkPaste(b *testing.B) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	junk := strings.Repeat("BOXREADY-PROBE-BEGIN junk \x00\x1b ё\n", 10<<20/32)
	best := time.Hour
	for b.Loop() {
		r := open(b, setup{checker: &fakeChecker{outcome: many(1)}})
		r.onServerPage()
		r.timed = true
		r.time(func() { r.paste(junk) })
		best = min(best, r.longest)
	}
	b.ReportMetric(float64(best.Microseconds())/1000, "ms")
	if best > maxStall {
		b.Errorf("%v; at most %v", best, maxStall)
	}
}

const maxStall = 50 * time.Millisecond

func init() { threadTime = ownTime }

// ownTime is the processor time that this thread has had.
func ownTime() time.Duration {
	var usage syscall.Rusage
	const thread = 1 // RUSAGE_THREAD
	if err := syscall.Getrusage(thread, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
