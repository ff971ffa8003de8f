//go:build linux

// Package e2e drives the real program with keys on a screen of its own, as a person would. "make e2e" runs it.
package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// waitTimeout is long, because the machine may be busy.
const waitTimeout = 2 * time.Minute

// tools are what the tests need, and the Debian packages that have them.
var tools = map[string]string{"Xvfb": "xvfb", "xdotool": "xdotool", "xclip": "xclip", "dbus-run-session": "dbus-daemon"}

// program is the path of the program with the window. Without one, or without a tool, the test is skipped; with CI=true it fails.
func program(t testing.TB) string {
	t.Helper()
	missing := func(what string) {
		t.Helper()
		if os.Getenv("CI") == "true" && os.Getenv("BOXREADY_WINDOW") != "" {
			t.Fatal(what)
		}
		t.Skip(what)
	}
	path := os.Getenv("BOXREADY_WINDOW")
	if path == "" {
		missing("BOXREADY_WINDOW doesn't name the program with the window; make e2e does")
	}
	if _, err := os.Stat(path); err != nil {
		missing(err.Error())
	}
	for tool, pkg := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			missing(tool + " is missing; it is in Debian's " + pkg)
		}
	}
	return path
}

// screen is an X server for one test.
type screen struct {
	t       testing.TB
	display string
	home    string
	picture picture
}

func newScreen(t testing.TB, options ...string) *screen {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	server := exec.Command("Xvfb", append([]string{"-displayfd", "3", "-screen", "0", "1280x800x24", "-fbdir", folder, "-nolisten", "tcp"}, options...)...)
	server.ExtraFiles = []*os.File{write}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	write.Close()
	number, err := io.ReadAll(io.LimitReader(read, 8))
	if err != nil && len(number) == 0 {
		t.Fatal(err)
	}
	return &screen{t: t, display: ":" + strings.TrimSpace(string(number)), home: t.TempDir(), picture: picture{t, filepath.Join(folder, "Xvfb_screen0")}}
}

func (s *screen) env(more ...string) []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.home, "XDG_RUNTIME_DIR=" + s.home, "DISPLAY=" + s.display, "LC_ALL=C.UTF-8", "LANG=C.UTF-8",
	}, more...)
}

// settings are written before the program starts.
func (s *screen) settings(settings map[string]any) {
	s.t.Helper()
	data, err := json.Marshal(settings)
	if err != nil {
		s.t.Fatal(err)
	}
	file := s.settingsFile()
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, data, 0o600)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *screen) settingsFile() string {
	return filepath.Join(s.home, ".config", "boxready", "settings.json")
}

// running is the program with its window.
type running struct {
	*screen
	command *exec.Cmd
	output  *bytes.Buffer
	done    chan error
	window  string
	place   image.Rectangle // of the window on the screen
}

func (s *screen) start(path string, args ...string) *running { return s.startWith(nil, path, args...) }

// startWith starts the program on a session bus of its own, which ends with it.
func (s *screen) startWith(env []string, path string, args ...string) *running {
	s.t.Helper()
	r := &running{screen: s, output: &bytes.Buffer{}, done: make(chan error, 1)}
	r.command = exec.Command("dbus-run-session", append([]string{"--", path}, args...)...)
	r.command.Env = s.env(env...)
	r.command.Stdout, r.command.Stderr = r.output, r.output
	r.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := r.command.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() { r.done <- r.command.Wait() }()
	s.t.Cleanup(func() { _ = syscall.Kill(-r.command.Process.Pid, syscall.SIGKILL) })
	return r
}

// open waits for the window.
func (r *running) open() *running {
	r.t.Helper()
	r.until("a window", func() bool {
		out, err := r.tool("xdotool", "search", "--onlyvisible", "--name", "BoxReady$")
		r.window = strings.TrimSpace(out)
		return err == nil && r.window != ""
	})
	r.until("the window's place", func() bool {
		out, err := r.tool("xdotool", "getwindowgeometry", "--shell", r.window)
		var id, x, y, width, height int
		if _, scanned := fmt.Sscanf(out, "WINDOW=%d\nX=%d\nY=%d\nWIDTH=%d\nHEIGHT=%d", &id, &x, &y, &width, &height); err != nil || scanned != nil {
			return false
		}
		r.place = image.Rect(x, y, x+width, y+height)
		return true
	})
	r.hideMouse()
	return r
}

// hideMouse moves the mouse's pointer out of the window.
func (r *running) hideMouse() {
	r.t.Helper()
	if _, err := r.tool("xdotool", "mousemove", "1279", "799"); err != nil {
		r.t.Fatal(err)
	}
}

func (r *running) until(what string, done func() bool) {
	r.t.Helper()
	for end := time.Now().Add(waitTimeout); !done(); time.Sleep(100 * time.Millisecond) {
		select {
		case err := <-r.done:
			r.t.Fatalf("the program ended while the test waited for %s: %v\n%s", what, err, r.output)
		default:
		}
		if time.Now().After(end) {
			r.shot("failed")
			r.t.Fatalf("timed out waiting for %s; see the screenshot. The program printed:\n%s", what, r.output)
		}
	}
}

func (r *running) tool(name string, args ...string) (string, error) {
	command := exec.Command(name, args...)
	command.Env = r.env()
	out, err := command.Output()
	return string(out), err
}

// press presses keys, one after the other, as xdotool calls them, and waits for what each of them changes.
func (r *running) press(keys ...string) {
	r.t.Helper()
	for _, key := range keys {
		r.changes(func() error {
			_, err := r.tool("xdotool", "key", "--clearmodifiers", key)
			return err
		})
	}
}

// tab moves the focus on.
func (r *running) tab(times int) {
	r.t.Helper()
	for range times {
		r.press("Tab")
	}
}

// changes calls do, and waits until the window has changed and then stays the same. do may also change nothing.
func (r *running) changes(do func() error) {
	r.t.Helper()
	before := r.screenshot()
	if err := do(); err != nil {
		r.t.Fatal(err)
	}
	const most = 5 * time.Second
	for end := time.Now().Add(most); bytes.Equal(before.Pix, r.screenshot().Pix) && time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond)
	}
	r.settle()
}

// settle waits until the window stays the same for a while, or, with an animation in it, for the maximum time.
func (r *running) settle() {
	r.t.Helper()
	const still, most = 200 * time.Millisecond, 5 * time.Second
	last, since := r.screenshot(), time.Now()
	for end := since.Add(most); time.Since(since) < still && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if now := r.screenshot(); !bytes.Equal(last.Pix, now.Pix) {
			last, since = now, time.Now()
		}
	}
}

// screenshot is what the window shows.
func (r *running) screenshot() *image.RGBA {
	r.t.Helper()
	return r.picture.of(r.place)
}

// shot saves a picture of the window in build/screenshots.
func (r *running) shot(name string) {
	r.t.Helper()
	folder := os.Getenv("BOXREADY_SCREENSHOTS")
	if folder == "" {
		folder = r.t.ArtifactDir()
	}
	r.save(filepath.Join(folder, name+".png"))
}

func (r *running) save(file string) {
	r.t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		r.t.Fatal(err)
	}
	f, err := os.Create(file)
	if err != nil {
		r.t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, r.screenshot()); err != nil {
		r.t.Fatal(err)
	}
}

// Colours of the light theme.
var (
	red   = color.RGBA{0xbf, 0x1d, 0x24, 0xff}
	green = color.RGBA{0x17, 0x78, 0x3a, 0xff}
)

// A verdict's sign has more pixels of its colour than bigSign, a row's more than smallSign.
const (
	bigSign   = 150
	smallSign = 60
)

// shows reports whether there is a sign of a colour in the upper half of the window.
func (r *running) shows(c color.RGBA, size int) bool { return r.pixels(c, r.place.Dy()/2) > size }

// pixels counts those of a colour in a part of the window, from its top.
func (r *running) pixels(c color.RGBA, height int) (n int) {
	picture := r.screenshot()
	for y := range height {
		for x := range picture.Bounds().Dx() {
			if picture.RGBAAt(x, y) == c {
				n++
			}
		}
	}
	return n
}

// clipboard is what was copied last.
func (r *running) clipboard() string {
	out, _ := r.tool("xclip", "-selection", "clipboard", "-o")
	return out
}

// close closes the window as its own button does, and returns the exit code.
func (r *running) close() int {
	r.t.Helper()
	if err := syscall.Kill(r.pid(), syscall.SIGTERM); err != nil {
		r.t.Fatal(err)
	}
	return r.exit()
}

// abort sends SIGABRT, as after a fatal error.
func (r *running) abort() {
	r.t.Helper()
	if err := syscall.Kill(r.pid(), syscall.SIGABRT); err != nil {
		r.t.Fatal(err)
	}
}

// exit waits for the program's end.
func (r *running) exit() int {
	r.t.Helper()
	select {
	case <-r.done:
	case <-time.After(waitTimeout):
		r.t.Fatalf("it doesn't end:\n%s", r.output)
	}
	return r.command.ProcessState.ExitCode()
}

// pid is the program's: the child of dbus-run-session that isn't the bus.
func (r *running) pid() int {
	r.t.Helper()
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", r.command.Process.Pid, r.command.Process.Pid))
	if err != nil {
		r.t.Fatal(err)
	}
	for _, child := range strings.Fields(string(children)) {
		name, _ := os.ReadFile("/proc/" + child + "/comm")
		if strings.TrimSpace(string(name)) != "dbus-daemon" {
			var pid int
			_, _ = fmt.Sscan(child, &pid)
			return pid
		}
	}
	r.t.Fatal("the program isn't running")
	return 0
}
