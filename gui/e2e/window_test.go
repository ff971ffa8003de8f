//go:build linux

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"boxready/checks"
)

// TestDemo plays the walk on the simulated portal: from the verdict one press to the letter and one to copy it, to a finding, to the
// report on the disk in two; then it repairs the portal and presses the primary button until the portal is ready: with the keyboard.
func TestDemo(t *testing.T) {
	path := program(t)
	s := newScreen(t)
	s.settings(map[string]any{"language": "ru", "look": "light"})
	r := s.start(path, "--demo").open()
	r.until("a bad verdict", func() bool { return r.shows(red, bigSign) })
	r.settle()
	r.shot("1-broken")

	// The focus is on the primary button, and then on the one that copies.
	r.press("Return")
	r.shot("2-letter")
	r.press("Return")
	if letter := r.clipboard(); !strings.HasPrefix(letter, "Тема: ") {
		r.shot("failed")
		t.Fatalf("the clipboard has %q", letter)
	}

	// Past the button for the report to the first finding.
	r.press("ctrl+1")
	r.tab(2)
	r.press("Return")
	r.shot("3-finding")

	// The simulated server's answer, past the kinds of scripts, the page to open and four buttons.
	r.press("ctrl+6")
	r.shot("server")
	r.tab(10)
	r.press("Return", "Return") // and the check with it
	r.until("the server's results", func() bool { return r.shows(red, smallSign) })
	r.settle()
	r.shot("server-answered")

	// From the primary button back over the rail and the button that checks to the choice of what is broken.
	r.press("ctrl+1", "Escape", "ctrl+1")
	for range 8 {
		r.press("shift+Tab")
	}
	r.press("space", "Down", "Down", "Return")
	r.until("a verdict without problems", func() bool { return r.shows(green, bigSign) && !r.shows(red, smallSign) })
	r.settle()
	r.shot("4-healthy")

	r.press("Return") // signs in
	r.shot("5-guide")
	r.tab(8)
	r.press("Return") // fills in the simulated application's keys
	r.tab(7)
	r.shot("6-keys")
	r.press("Return", "Return") // confirms the address
	r.until("ready", func() bool { return r.pixels(green, r.place.Dy()/2) > 5*bigSign })
	r.settle()
	r.shot("7-ready")

	r.press("Return")
	r.shot("8-save")
	r.press("Return")
	r.until("a report", func() bool { return len(s.reports()) == 1 })

	// An event goes from the simulated portal to the receiver and is seen there.
	r.press("ctrl+7", "Return")
	r.shot("events-question")
	r.press("Return")
	r.until("the event", func() bool {
		r.press("Next") // its way is below what was known before
		return r.pixels(green, r.place.Dy()) > len(checks.Legs())*smallSign
	})
	r.settle()
	r.shot("events-arrived")

	r.press("ctrl+9")
	r.shot("9-settings")
	r.press("space", "Down", "Down", "Return")
	r.until("English", func() bool { return s.kept().Language == "en" })
	r.press("ctrl+1")
	r.shot("10-english")
	if code := r.close(); code != 0 {
		t.Errorf("exit code %d:\n%s", code, r.output)
	}
}

// reports are those that were saved.
func (s *screen) reports() []string {
	files, _ := filepath.Glob(filepath.Join(s.home, "*.zip"))
	return files
}

func (s *screen) kept() (settings struct{ Language, Look string }) {
	s.t.Helper()
	data, err := os.ReadFile(s.settingsFile())
	if err == nil {
		err = json.Unmarshal(data, &settings)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return settings
}

// TestNoWindow starts the program where it can't open its window: it must print that, and what to run instead.
func TestNoWindow(t *testing.T) {
	path := program(t)
	for name, c := range map[string]struct {
		options []string
		env     []string
		args    []string
		says    string
	}{
		"no screen":                 {env: []string{"DISPLAY="}, says: "boxready check"},
		"no screen for the demo":    {env: []string{"DISPLAY="}, args: []string{"--demo"}, says: "boxready demo --check"},
		"a screen that is gone":     {env: []string{"DISPLAY=:4093"}, says: "boxready check"},
		"no OpenGL":                 {options: []string{"-extension", "GLX"}, says: "boxready check"},
		"no driver":                 {env: []string{"LIBGL_DRIVERS_PATH=/nonexistent"}, says: "boxready check"},
		"an OpenGL that is too old": {env: []string{"MESA_GL_VERSION_OVERRIDE=1.4"}, says: "boxready check"},
		"shaders that are too old":  {env: []string{"MESA_GL_VERSION_OVERRIDE=2.1", "MESA_GLSL_VERSION_OVERRIDE=100"}, says: "boxready check"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScreen(t, c.options...)
			s.settings(map[string]any{"language": "en"})
			r := s.startWith(c.env, path, c.args...)
			if code := r.exit(); code != 1 {
				t.Errorf("exit code %d", code)
			}
			var said []string
			for _, line := range strings.Split(r.output.String(), "\n") {
				if strings.HasPrefix(line, "BoxReady ") {
					said = append(said, line)
				}
			}
			if len(said) != 1 || !strings.Contains(said[0], c.says) || strings.Contains(r.output.String(), "goroutine") {
				t.Errorf("it says:\n%s", r.output)
			}
		})
	}
}

// TestCrashWhileOpening simulates a crash in a graphics driver: the next start prints that instead of opening the window, the one
// after that opens it, and offers the report.
func TestCrashWhileOpening(t *testing.T) {
	path := program(t)
	s := newScreen(t)
	s.settings(map[string]any{"language": "en", "look": "light"})
	cache := s.home + "/.cache/boxready"
	if err := os.MkdirAll(cache, 0o700); err != nil {
		t.Fatal(err)
	}
	// The crash is not older than the mark.
	for _, file := range []struct{ name, text string }{{"opening-graphics", ""}, {"crash.txt", "SIGSEGV: segmentation violation\n"}} {
		if err := os.WriteFile(cache+"/"+file.name, []byte(file.text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := s.start(path)
	if code := r.exit(); code != 1 || !strings.Contains(r.output.String(), "graphics driver") || !strings.Contains(r.output.String(), cache+"/crash.txt") {
		t.Errorf("exit code %d, it says:\n%s", code, r.output)
	}
	r = s.start(path).open()
	r.settle()
	r.shot("crash-offered")
	r.press("Return")
	r.until("the report in the clipboard", func() bool { return strings.Contains(r.clipboard(), "SIGSEGV") })
	if code := r.close(); code != 0 {
		t.Errorf("exit code %d:\n%s", code, r.output)
	}
}

// TestCrashReportIsWritten ends the program with SIGABRT.
func TestCrashReportIsWritten(t *testing.T) {
	path := program(t)
	s := newScreen(t)
	r := s.start(path).open()
	r.settle()
	r.abort()
	if code := r.exit(); code == 0 {
		t.Error("it still runs")
	}
	report, err := os.ReadFile(s.home + "/.cache/boxready/crash.txt")
	if err != nil || !strings.Contains(string(report), "SIGABRT") {
		t.Errorf("the report: %v, %d bytes", err, len(report))
	}
}

// TestImages takes the pictures for the README; "make images" runs it.
func TestImages(t *testing.T) {
	folder := os.Getenv("BOXREADY_IMAGES")
	if folder == "" {
		t.Skip("make images takes the pictures for the README")
	}
	path := program(t)
	for _, lang := range []string{"ru", "en"} {
		s := newScreen(t)
		s.settings(map[string]any{"language": lang, "look": "light"})
		r := s.start(path, "--demo").open()
		r.until("a bad verdict", func() bool { return r.shows(red, bigSign) })
		r.settle()
		r.save(filepath.Join(folder, "window-"+lang+".png"))
		r.close()
	}
}
