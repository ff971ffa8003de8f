//go:build linux

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Limits of docs/performance.md.
const (
	maxStart        = 1.15 // from exec to the first painted frame, against hello-world's
	maxStartOneCore = 1.2  // the same with both programs on one core
	maxMemory       = 1.25 // resident, against hello-world's
	maxIdle         = 0.02 // of a processor, more than hello-world's
	maxSize         = 1.65 // of the program's file, against hello-world's
)

const (
	starts   = 15 // of each; what else the computer does can only slow one down, so the fastest counts
	idleRuns = 3  // of each, of which the median counts
	// Work after the first frame has ended by then.
	settled  = 4 * time.Second
	idleTime = 10 * time.Second
)

// BenchmarkWindow compares the window with Fyne's own hello-world, both started in turns.
func BenchmarkWindow(b *testing.B) {
	window, hello := os.Getenv("BOXREADY_WINDOW"), os.Getenv("BOXREADY_HELLO")
	if window == "" || hello == "" {
		b.Skip("BOXREADY_WINDOW and BOXREADY_HELLO don't name the programs; make bench does")
	}
	home := b.TempDir()
	limit(b, "size against hello-world", size(b, window)/size(b, hello), "size-ratio", maxSize)
	for range b.N {
		ours, theirs := fastestStarts(b, home, window, hello)
		b.ReportMetric(ours, "ms-start")
		limit(b, "start against hello-world", ours/theirs, "start-ratio", maxStart)
		ours, theirs = fastestStarts(b, home, window, hello, "taskset", "-c", "0")
		limit(b, "start against hello-world, on one core", ours/theirs, "start-ratio-one-core", maxStartOneCore)

		var memory, theirMemory, idle, theirIdle []float64
		for range idleRuns {
			o, h := start(b, home, window), start(b, home, hello)
			o.painted()
			h.painted()
			time.Sleep(settled)
			memory, theirMemory = append(memory, o.resident()), append(theirMemory, h.resident())
			used, theirUsed := o.used(), h.used()
			time.Sleep(idleTime)
			idle = append(idle, (o.used()-used).Seconds()/idleTime.Seconds())
			theirIdle = append(theirIdle, (h.used()-theirUsed).Seconds()/idleTime.Seconds())
			o.end()
			h.end()
		}
		b.ReportMetric(median(memory)/(1<<20), "MiB")
		limit(b, "memory against hello-world", median(memory)/median(theirMemory), "memory-ratio", maxMemory)
		limit(b, "idle, more than hello-world", median(idle)-median(theirIdle), "idle-cpu", maxIdle)
	}
}

// fastestStarts returns the fastest of several starts of each program, in milliseconds. through is a command that starts them.
func fastestStarts(b *testing.B, home, window, hello string, through ...string) (ours, theirs float64) {
	b.Helper()
	took := func(program string) float64 {
		p := start(b, home, append(slices.Clone(through), program)...)
		defer p.end()
		return p.painted()
	}
	// The first start reads the disk, and looks through the system's fonts.
	took(window)
	took(hello)
	ours, theirs = took(window), took(hello)
	for range starts - 1 {
		ours, theirs = min(ours, took(window)), min(theirs, took(hello))
	}
	return ours, theirs
}

func limit(b *testing.B, what string, value float64, unit string, most float64) {
	b.Helper()
	b.ReportMetric(value, unit)
	b.Logf("%s: %.3f", what, value)
	if value > most {
		b.Errorf("%s: %.3f, at most %.2f is allowed", what, value, most)
	}
}

func size(b *testing.B, program string) float64 {
	b.Helper()
	file, err := os.Stat(program)
	if err != nil {
		b.Fatal(err)
	}
	return float64(file.Size())
}

func median(values []float64) float64 {
	values = slices.Sorted(slices.Values(values))
	return values[len(values)/2]
}

// process is a program on a screen whose pixels are in a file.
type process struct {
	b       *testing.B
	command *exec.Cmd
	begun   time.Time
	screen  *screen
}

// start starts a program, or one through another; how long it takes to paint its window counts from here.
func start(b *testing.B, home string, command ...string) *process {
	b.Helper()
	s := newScreen(b)
	s.home = home
	s.settings(map[string]any{"look": "light"})
	p := &process{b: b, command: exec.Command(command[0], command[1:]...), screen: s}
	// No bus at all: neither program needs one to show its window.
	p.command.Env = s.env("DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent")
	p.begun = time.Now()
	if err := p.command.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(p.end)
	return p
}

func (p *process) end() {
	_ = p.command.Process.Kill()
	_ = p.command.Wait()
}

// painted waits for the first frame, and returns the milliseconds since exec.
func (p *process) painted() float64 {
	p.b.Helper()
	for !p.screen.picture.painted() {
		if time.Since(p.begun) > waitTimeout {
			p.b.Fatal("nothing is painted")
		}
		time.Sleep(time.Millisecond)
	}
	return time.Since(p.begun).Seconds() * 1000
}

func (p *process) resident() float64   { return resident(p.b, p.command.Process.Pid) }
func (p *process) used() time.Duration { return used(p.b, p.command.Process.Pid) }

// resident is how much memory a process has, in bytes.
func resident(t testing.TB, pid int) float64 {
	t.Helper()
	_, after, _ := strings.Cut(about(t, pid, "status"), "VmRSS:")
	kib, err := strconv.ParseFloat(strings.Fields(after)[0], 64)
	if err != nil {
		t.Fatal(err)
	}
	return kib * 1024
}

// used is how much time a process has had of a processor.
func used(t testing.TB, pid int) time.Duration {
	t.Helper()
	_, after, _ := strings.Cut(about(t, pid, "stat"), ") ")
	ticks := 0
	for _, field := range strings.Fields(after)[11:13] { // utime and stime
		n, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / 100 // USER_HZ
}

// about is what the system says about a process.
func about(t testing.TB, pid int, file string) string {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
