package crash_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"boxready/internal/crash"
	"boxready/internal/simtest/testenv"
)

// TestMain is also the program that crashes.
func TestMain(m *testing.M) {
	if dir := os.Getenv("BOXREADY_DIE_IN"); dir != "" {
		l, err := crash.Watch(dir)
		if err != nil {
			os.Exit(9)
		}
		if os.Getenv("BOXREADY_DIE_WHEN") == "opening" {
			l.Opening("graphics")
		}
		done := make(chan bool)
		go func() { panic("the end of " + os.Getenv("BOXREADY_DIE_WHEN")) }()
		<-done
	}
	os.Exit(testenv.M{M: m}.Run())
}

func crashChild(t *testing.T, dir, when string) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "BOXREADY_DIE_IN="+dir, "BOXREADY_DIE_WHEN="+when)
	if out, err := child.CombinedOutput(); err == nil || !strings.Contains(string(out), "the end of") {
		t.Fatalf("it didn't crash: %v\n%s", err, out)
	}
}

func report(t *testing.T, l crash.Log) *crash.Report {
	t.Helper()
	r, err := l.Report()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func watch(t *testing.T, dir string) crash.Log {
	t.Helper()
	l, err := crash.Watch(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // the runtime keeps the file open, and so Windows doesn't remove it
		if err := debug.SetCrashOutput(nil, debug.CrashOptions{}); err != nil {
			t.Error(err)
		}
	})
	return l
}

func TestReportUntilDeleted(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not there yet")
	l := watch(t, dir)
	if r := report(t, l); r != nil {
		t.Fatalf("a report before any crash: %q", r.Text)
	}
	before := time.Now().Add(-time.Minute)
	crashChild(t, dir, "work")
	crashChild(t, dir, "more work")
	r := report(t, l)
	if r == nil || !strings.Contains(r.Text, "the end of work") || !strings.Contains(r.Text, "the end of more work") || !strings.Contains(r.Text, "goroutine") {
		t.Fatalf("report: %+v", r)
	}
	if l.Unopened("graphics", true) || r.When.Before(before) {
		t.Errorf("opening %t, at %s", l.Unopened("graphics", true), r.When)
	}
	if err := l.Delete(); err != nil {
		t.Fatal(err)
	}
	if r := report(t, l); r != nil {
		t.Errorf("after the deletion: %q", r.Text)
	}
	crashChild(t, dir, "the rest")
	if r := report(t, l); r == nil || !strings.Contains(r.Text, "the end of the rest") {
		t.Errorf("after another crash: %+v", r)
	}
}

func TestCrashWhileOpening(t *testing.T) {
	dir := t.TempDir()
	crashChild(t, dir, "opening")
	l := watch(t, dir)
	if !l.Unopened("graphics", true) || report(t, l) == nil {
		t.Fatal("the crash while it was opening isn't known")
	}
	if l.Unopened("software", true) {
		t.Error("another renderer crashed, too")
	}
	l.Opening("software")
	l.Opened("software") // which says nothing about the other one
	if !l.Unopened("graphics", true) {
		t.Error("the crash is forgotten")
	}
	l.Opened("graphics")
	if l.Unopened("graphics", true) || report(t, l) == nil {
		t.Error("the next start, too, is told that it crashed while opening, or of no crash")
	}
}

func TestCause(t *testing.T) {
	language := "2026/11/30 10:00:00 Fyne error:  Error parsing user locale C\n2026/11/30 10:00:00   Cause: language: tag is not well-formed\n2026/11/30 10:00:00   At: lang.go:1\n"
	for logged, want := range map[string]string{
		"":       "",
		language: "",
		language + "2026/11/30 10:00:00 Fyne error:  window creation error\n2026/11/30 10:00:00   Cause: APIUnavailable: WGL: no OpenGL\n2026/11/30 10:00:00   At: window.go:1\n": "APIUnavailable: WGL: no OpenGL",
		language + "2026/11/30 10:00:00 Fyne error:  failed to initialise GLFW\n2026/11/30 10:00:00   Cause: it can't\n":                                                          "it can't",
		language + "2026/11/30 10:00:00 PlatformError: X11: Failed to open display :9\n":                                                                                          "X11: Failed to open display :9",
	} {
		if got := crash.Cause(logged); got != want {
			t.Errorf("%q, not %q, in:\n%s", got, want, logged)
		}
	}
}

func TestReportIsBounded(t *testing.T) {
	dir := t.TempDir()
	l := watch(t, dir)
	if err := os.WriteFile(l.Path(), bytes.Repeat([]byte("goroutine \xff\n"), 100_000), 0o600); err != nil {
		t.Fatal(err)
	}
	r := report(t, l)
	if r == nil || len(r.Text) > 300<<10 || strings.ContainsRune(r.Text, '\ufffd') {
		t.Errorf("report: %d bytes", len(r.Text))
	}
}

func TestUnwritableFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := crash.Watch(filepath.Join(file, "below"))
	if err == nil {
		t.Error("no error")
	}
	l.Opening("graphics")
	if r := report(t, l); r != nil || l.Unopened("graphics", true) || l.Path() != "" || l.Delete() != nil {
		t.Errorf("a log that keeps nothing: %v, %q", r, l.Path())
	}
}

// TestUnopenedBesideOthers: where another process may be opening its window, a mark alone proves nothing.
func TestUnopenedBesideOthers(t *testing.T) {
	dir := t.TempDir()
	l, err := crash.Watch(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = debug.SetCrashOutput(nil, debug.CrashOptions{}) })
	now := time.Now()
	l.Opening("graphics")
	if l.Unopened("graphics", false) {
		t.Error("a window that is being opened counts as crashed")
	}
	for name, c := range map[string]struct {
		after time.Duration
		want  bool
	}{"a crash since": {time.Minute, true}, "a crash before": {-time.Minute, false}} {
		if err := errors.Join(os.WriteFile(l.Path(), []byte("SIGSEGV"), 0o600), os.Chtimes(l.Path(), now, now.Add(c.after))); err != nil {
			t.Fatal(err)
		}
		if got := l.Unopened("graphics", false); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
