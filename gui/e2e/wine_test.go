//go:build linux

package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Limits of docs/performance.md for Windows without OpenGL, in seconds, shares of a processor and megabytes.
const (
	maxOpening  = 3.0
	maxVerdict  = 5.0
	maxTyping   = 0.4
	maxChecking = 0.25
	maxResting  = 0.03
	maxSoftware = 200.0
)

const (
	wineRuns     = 5               // of which the median counts
	checkingTime = 3 * time.Second // in which a run has not ended
)

// BenchmarkSoftware measures the program for Windows where there is no OpenGL, in a window that fills a large screen, under Wine.
// The person is logged on: Wine itself has started.
func BenchmarkSoftware(b *testing.B) {
	w := newWine(b)
	figures := map[string][]float64{}
	for range b.N * wineRuns {
		w.forget()
		first := w.start()
		figures["s-first-start"] = append(figures["s-first-start"], first.painted())
		time.Sleep(settled)
		figures["s-typing"] = append(figures["s-typing"], first.typed())
		time.Sleep(settled)
		figures["idle-cpu"] = append(figures["idle-cpu"], first.share(func() { time.Sleep(idleTime) }))
		figures["MB"] = append(figures["MB"], first.resident()/1e6)
		first.end()

		second := w.start()
		figures["s-start"] = append(figures["s-start"], second.painted())
		second.end()

		demo := w.start("--demo")
		painted := demo.painted()
		figures["s-verdict"] = append(figures["s-verdict"], demo.until(demo.begun, "a verdict", demo.bad)-painted)
		// The next run waits for the portal's sake: at most so many requests in ten seconds.
		time.Sleep(settled)
		demo.key("F5")
		time.Sleep(settled)
		figures["checking-cpu"] = append(figures["checking-cpu"], demo.share(func() { time.Sleep(checkingTime) }))
		figures["MB-checked"] = append(figures["MB-checked"], demo.resident()/1e6)
		demo.end()
	}
	for _, f := range []struct {
		unit string
		most float64
	}{
		{"s-first-start", maxOpening}, {"s-start", maxOpening}, {"s-typing", maxTyping}, {"s-verdict", maxVerdict},
		{"checking-cpu", maxChecking}, {"idle-cpu", maxResting}, {"MB", maxSoftware}, {"MB-checked", maxSoftware},
	} {
		all := figures[f.unit]
		limit(b, fmt.Sprintf("%s, %.3f to %.3f", f.unit, slices.Min(all), slices.Max(all)), median(all), f.unit, f.most)
	}
}

// wine is a person's session in Windows without OpenGL.
type wine struct {
	*screen
	folder string // of the program
	prefix string
}

// newWine needs BOXREADY_WINDOWS, the folder that has the program and the software OpenGL.
func newWine(b *testing.B) *wine {
	b.Helper()
	folder := os.Getenv("BOXREADY_WINDOWS")
	if folder == "" {
		b.Skip("BOXREADY_WINDOWS doesn't name the folder of the program for Windows; make bench does")
	}
	for _, tool := range []string{"wine", "wineserver", "x86_64-w64-mingw32-gcc", "xdotool"} {
		if _, err := exec.LookPath(tool); err != nil {
			b.Skip(tool + " is missing")
		}
	}
	w := &wine{screen: newScreen(b, "-screen", "0", "1920x1080x24", "-extension", "GLX"), folder: folder}
	w.prefix = filepath.Join(w.home, "wine")
	for _, command := range [][]string{
		{"wine", "wineboot", "-i"},
		{"x86_64-w64-mingw32-gcc", "-shared", "-O2", "-o", filepath.Join(w.prefix, "drive_c", "windows", "system32", "bcryptprimitives.dll"),
			filepath.Join("..", "..", "packaging", "test", "testdata", "bcryptprimitives.c"), "-ladvapi32"},
	} {
		c := exec.Command(command[0], command[1:]...)
		c.Env = w.env()
		if out, err := c.CombinedOutput(); err != nil {
			b.Fatalf("%q: %v\n%s", command, err, out)
		}
	}
	// As long as one program runs, Wine's own processes do, too.
	session := exec.Command("wine", "cmd")
	session.Env = w.env()
	stays, err := session.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := session.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		stays.Close()
		_ = session.Wait()
		end := exec.Command("wineserver", "-k")
		end.Env = w.env()
		_ = end.Run()
	})
	return w
}

func (w *wine) env() []string {
	return w.screen.env("WINEPREFIX="+w.prefix, "WINEARCH=win64", "WINEDEBUG=-all", "WINEDLLOVERRIDES=mscoree,mshtml=;opengl32=n,b")
}

// forget removes what the program has kept; the next start is the first one.
func (w *wine) forget() {
	w.t.Helper()
	users := filepath.Join(w.prefix, "drive_c", "users", "*", "AppData", "*")
	for _, name := range []string{"boxready", "fyne"} {
		kept, err := filepath.Glob(filepath.Join(users, name))
		for _, folder := range kept {
			err = errors.Join(err, os.RemoveAll(folder))
		}
		if err != nil {
			w.t.Fatal(err)
		}
	}
	// What isn't measured: the size of a window that was made to fill the screen.
	homes, err := filepath.Glob(filepath.Join(w.prefix, "drive_c", "users", "*", "AppData", "Roaming"))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, home := range homes {
		file := filepath.Join(home, "boxready", "settings.json")
		err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700),
			os.WriteFile(file, []byte(`{"language":"en","look":"light","window":{"width":1900,"height":1040}}`), 0o600))
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

// wineProgram is the program while it runs in Wine.
type wineProgram struct {
	*running
	begun time.Time
}

func (w *wine) start(args ...string) *wineProgram {
	w.t.Helper()
	p := &wineProgram{running: &running{screen: w.screen, done: make(chan error, 1), place: image.Rect(0, 0, 1900, 1040)}}
	p.command = exec.Command("wine", append([]string{filepath.Join(w.folder, "boxready.exe")}, args...)...)
	p.command.Env, p.command.Stdout, p.command.Stderr = w.env(), io.Discard, io.Discard
	p.begun = time.Now()
	if err := p.command.Start(); err != nil {
		w.t.Fatal(err)
	}
	go func() { p.done <- p.command.Wait() }()
	w.t.Cleanup(p.end)
	return p
}

// pids are the processes that run the program.
func (p *wineProgram) pids() (pids []int) {
	all, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range all {
		line, err := os.ReadFile(file)
		if err == nil && strings.Contains(string(line), "boxready.exe") && p.ours(filepath.Dir(file)) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			pids = append(pids, pid)
		}
	}
	return pids
}

// ours reports whether a process is on this screen.
func (p *wineProgram) ours(process string) bool {
	env, _ := os.ReadFile(filepath.Join(process, "environ"))
	return slices.Contains(strings.Split(string(env), "\x00"), "DISPLAY="+p.display)
}

func (p *wineProgram) end() {
	for _, pid := range p.pids() {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	for len(p.pids()) > 0 {
		time.Sleep(10 * time.Millisecond)
	}
	// Wine takes the window away when it has seen the end.
	for end := time.Now().Add(5 * time.Second); p.picture.painted() && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
}

// poll is how often the screen is looked at; reading it takes the processor from the program.
const poll = 15 * time.Millisecond

// until waits for something on the screen, and returns the seconds since begun.
func (p *wineProgram) until(begun time.Time, what string, done func() bool) float64 {
	p.t.Helper()
	for !done() {
		if time.Since(begun) > waitTimeout {
			p.shot("failed")
			p.t.Fatalf("timed out waiting for %s", what)
		}
		time.Sleep(poll)
	}
	return time.Since(begun).Seconds()
}

// painted waits for the first frame, and returns the seconds since the start. Before it the window has one colour.
func (p *wineProgram) painted() float64 {
	p.t.Helper()
	return p.until(p.begun, "the first frame", func() bool { return p.colours(image.Rect(0, 0, 200, 300)) > 20 })
}

// colours are how many a part of the window has.
func (p *wineProgram) colours(part image.Rectangle) int {
	seen := map[[3]byte]bool{}
	shown := p.picture.of(part)
	for i := 0; i < len(shown.Pix); i += 4 {
		seen[[3]byte(shown.Pix[i:])] = true
	}
	return len(seen)
}

// typed types a character into the field for the address, and returns the seconds until it is seen.
func (p *wineProgram) typed() float64 {
	p.t.Helper()
	field := image.Rect(200, 50, 900, 500)
	before, begun := p.picture.of(field), time.Now()
	p.key("w")
	return p.until(begun, "what is typed", func() bool { return !bytes.Equal(before.Pix, p.picture.of(field).Pix) })
}

// bad reports whether there is a bad verdict.
func (p *wineProgram) bad() bool {
	n := 0
	shown := p.picture.of(verdictPlace)
	for y := range verdictPlace.Dy() {
		for x := range verdictPlace.Dx() {
			if shown.RGBAAt(x, y) == red {
				n++
			}
		}
	}
	return n > bigSign
}

// verdictPlace is where the verdict's sign is.
var verdictPlace = image.Rect(200, 290, 300, 370)

func (p *wineProgram) key(name string) {
	p.t.Helper()
	if _, err := p.tool("xdotool", "key", name); err != nil {
		p.t.Fatal(err)
	}
}

// pid is the process that has the window; the first one has ended if its OpenGL wasn't enough.
func (p *wineProgram) pid() int {
	p.t.Helper()
	pids := p.pids()
	if len(pids) != 1 {
		p.t.Fatalf("%v are processes of the program", pids)
	}
	return pids[0]
}

func (p *wineProgram) resident() float64 { return resident(p.t, p.pid()) }

// share is how much of a processor the program uses while do runs.
func (p *wineProgram) share(do func()) float64 {
	p.t.Helper()
	pid := p.pid()
	before, begun := used(p.t, pid), time.Now()
	do()
	return (used(p.t, pid) - before).Seconds() / time.Since(begun).Seconds()
}
