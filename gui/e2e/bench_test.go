package e2e

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Limits of docs/performance.md.
const (
	maxStart  = 1.15 // from exec to the first painted frame, against hello-world's
	maxMemory = 1.25 // resident, against hello-world's
	maxIdle   = 0.02 // of a processor, beside hello-world's
)

const (
	rounds   = 5
	idleTime = 10 * time.Second
)

// figures are of one start of a program.
type figures struct {
	start  time.Duration // from exec to the first painted frame
	memory float64       // resident, bytes
	idle   float64       // of a processor
}

// BenchmarkWindow compares the window with Fyne's smallest, both started in turns.
func BenchmarkWindow(b *testing.B) {
	window, hello := os.Getenv("BOXREADY_WINDOW"), os.Getenv("BOXREADY_HELLO")
	if window == "" || hello == "" {
		b.Skip("BOXREADY_WINDOW and BOXREADY_HELLO don't name the programs; make bench does")
	}
	for range b.N {
		var ours, theirs []figures
		for i := range rounds + 1 {
			o, h := measure(b, window), measure(b, hello)
			if i > 0 { // the first start reads the disk
				ours, theirs = append(ours, o), append(theirs, h)
			}
		}
		start := func(f figures) float64 { return f.start.Seconds() * 1000 }
		memory := func(f figures) float64 { return f.memory / (1 << 20) }
		idle := func(f figures) float64 { return f.idle }
		b.ReportMetric(median(ours, start), "ms-start")
		b.ReportMetric(median(ours, memory), "MiB")
		limit(b, "start against hello-world", median(ours, start)/median(theirs, start), "start-ratio", maxStart)
		limit(b, "memory against hello-world", median(ours, memory)/median(theirs, memory), "memory-ratio", maxMemory)
		limit(b, "idle beside hello-world", median(ours, idle)-median(theirs, idle), "idle-cpu", maxIdle)
	}
}

func limit(b *testing.B, what string, value float64, unit string, most float64) {
	b.Helper()
	b.ReportMetric(value, unit)
	if value > most {
		b.Errorf("%s: %.3f, at most %.2f is allowed", what, value, most)
	}
}

func median(all []figures, of func(figures) float64) float64 {
	var values []float64
	for _, f := range all {
		values = append(values, of(f))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// measure starts a program on a screen whose picture lies in a file.
func measure(b *testing.B, program string) figures {
	b.Helper()
	folder := b.TempDir()
	s := newScreen(b, "-fbdir", folder)
	s.settings(map[string]any{"look": "light"})
	screen := picture{b, filepath.Join(folder, "Xvfb_screen0")}
	command := exec.Command(program)
	// No bus at all: neither program needs one to show its window.
	command.Env = s.env("DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent")
	begin := time.Now()
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	}()
	for !screen.painted() {
		if time.Since(begin) > patience {
			b.Fatal("nothing is painted")
		}
		time.Sleep(time.Millisecond)
	}
	f := figures{start: time.Since(begin)}
	time.Sleep(3 * time.Second) // what goes on after the first frame
	f.memory = resident(b, command.Process.Pid)
	before := used(b, command.Process.Pid)
	time.Sleep(idleTime)
	f.idle = (used(b, command.Process.Pid) - before).Seconds() / idleTime.Seconds()
	return f
}

// picture is a screen as Xvfb keeps it in a file: XWD's header, a table of colours, and rows of pixels.
type picture struct {
	b    *testing.B
	file string
}

// painted tells whether most of the place where the window is isn't black any more.
func (p picture) painted() bool {
	data, err := os.ReadFile(p.file)
	if err != nil {
		p.b.Fatal(err)
	}
	word := func(i int) int { return int(binary.BigEndian.Uint32(data[4*i:])) }
	header, rowBytes, colours := word(0), word(12), word(19)
	pixels := data[header+colours*12:]
	painted, looked := 0, 0
	for y := 8; y < 700; y += 32 {
		for x := 8; x < 1000; x += 32 {
			looked++
			at := y*rowBytes + 4*x
			if pixels[at] != 0 || pixels[at+1] != 0 || pixels[at+2] != 0 {
				painted++
			}
		}
	}
	return painted > looked/2
}

// resident is how much memory a process has.
func resident(b *testing.B, pid int) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	_, after, _ := strings.Cut(string(status), "VmRSS:")
	kib, err := strconv.ParseFloat(strings.Fields(after)[0], 64)
	if err != nil {
		b.Fatal(err)
	}
	return kib * 1024
}

// used is how much time a process has had of a processor.
func used(b *testing.B, pid int) time.Duration {
	b.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	_, after, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(after)
	var ticks int
	for _, field := range fields[11:13] { // utime and stime
		n, err := strconv.Atoi(field)
		if err != nil {
			b.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / 100 // USER_HZ
}
