package cli_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"boxready/cli"
	"boxready/internal/simportal"
	"boxready/internal/simtest"

	"github.com/godbus/dbus/v5"
)

// desktop is a notification server that records what it is asked to show.
type desktop struct {
	mu    sync.Mutex
	shown []string
}

func (d *desktop) GetCapabilities() ([]string, *dbus.Error) { return []string{"body"}, nil }

func (d *desktop) Notify(_ string, _ uint32, _, summary, body string, _ []string, _ map[string]dbus.Variant, _ int32) (uint32, *dbus.Error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shown = append(d.shown, summary+"\n"+body)
	return 1, nil
}

// take returns what was shown since.
func (d *desktop) take() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	shown := strings.Join(d.shown, "\n\n")
	d.shown = nil
	return shown
}

// A scheduler that only notes that a timer is enabled.
const fakeSystemctl = `#!/bin/sh
units="$XDG_CONFIG_HOME/systemd/user"
if [ "$2" = enable ]; then mkdir -p "$units/timers.target.wants"; ln -s "$units/$3" "$units/timers.target.wants/$3"; fi
`

// unwritable is an output that can't be written.
type unwritable struct{}

func (unwritable) Write([]byte) (int, error) { return 0, os.ErrClosed }

// TestScheduledRunWithoutOutput asserts that a scheduled run needs no output: Windows gives a program without a console none.
func TestScheduledRunWithoutOutput(t *testing.T) {
	t.Parallel()
	f := newFixtureWith(t, simportal.Options{})
	for flag, want := range map[string]cli.Exit{"--scheduled": cli.ExitOK, "--verbose": cli.ExitCouldNot} {
		args := append([]string{"check", f.sim.Host(), flag}, f.way...)
		if exit := cli.Run(t.Context(), "1.2.3", args, f.io(strings.NewReader(""), unwritable{}, unwritable{})); exit != want {
			t.Errorf("%s: exit %d, expected %d", flag, exit, want)
		}
	}
}

// TestScheduledRun runs the command of the unit that "boxready schedule" writes, as systemd does, with the
// keyring locked, on a desktop that shows notifications.
func TestScheduledRun(t *testing.T) {
	t.Parallel()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := brokenKeyrings["locked"].prepare(t, program)
	c.env = append(c.env, "BOXREADY_TEST_PROGRAM=1") // whose runs don't wait for each other
	if err := os.WriteFile(filepath.Join(c.home, "bin", "systemctl"), []byte(fakeSystemctl), 0o700); err != nil {
		t.Fatal(err)
	}
	units := filepath.Join(c.variable("XDG_CONFIG_HOME"), "systemd", "user")
	exit, out, errs := c.process("", nil, append([]string{"schedule", c.sim.Host(), "--daily", "9:00", "--signed-in", "--lang", "ru"}, c.way...))
	if exit != cli.ExitOK {
		t.Fatalf("schedule: exit %d\n%s%s", exit, out, errs)
	}
	files, _ := filepath.Glob(filepath.Join(units, "*.service"))
	if len(files) != 1 {
		t.Fatalf("units: %q", files)
	}
	unit, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	_, line, _ := strings.Cut(string(unit), "\nExecStart=")
	line, _, _ = strings.Cut(line, "\n")
	command, err := simtest.SplitExecStart(line)
	if err != nil || command[0] != c.program {
		t.Fatalf("%q, %v", command, err)
	}

	run := func(want cli.Exit) (output string) {
		t.Helper()
		exit, out, errs := c.process("", nil, command[1:])
		if exit != want || !strings.Contains(errs, "Хранилище паролей заблокировано: проверка прошла без него.") {
			t.Errorf("exit %d, expected %d\n%s%s", exit, want, out, errs)
		}
		return out + errs
	}
	kept := func() int {
		runs, _ := filepath.Glob(filepath.Join(c.variable("XDG_CACHE_HOME"), "boxready", "runs", "*", "*.json"))
		return len(runs)
	}
	first := run(cli.ExitOK)
	if kept() != 1 {
		t.Errorf("%d runs are kept", kept())
	}
	if err := c.sim.SetFaults("tls-expires-soon"); err != nil {
		t.Fatal(err)
	}
	if output := run(cli.ExitNotice); !strings.Contains(output, "Показать уведомление не удалось") || kept() != 1 {
		t.Errorf("without a desktop %d runs are kept\n%s", kept(), output)
	}
	d, bus := &desktop{}, c.connect()
	if err := bus.Export(d, "/org/freedesktop/Notifications", "org.freedesktop.Notifications"); err != nil {
		t.Fatal(err)
	}
	if _, err := bus.RequestName("org.freedesktop.Notifications", dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	run(cli.ExitNotice)
	shown := d.take()
	for _, part := range []string{"BoxReady: " + c.sim.Host() + "\nСтало хуже: ", "откройте его и проверьте портал", "Хранилище паролей заблокировано"} {
		if !strings.Contains(shown, part) {
			t.Errorf("%q is missing in\n%s\nfirst run:\n%s", part, shown, first)
		}
	}
	c.record("notifications", []byte(shown))
	run(cli.ExitNotice)
	if shown := d.take(); shown != "" || kept() != 3 {
		t.Errorf("nothing got worse, and %d runs are kept: %s", kept(), shown)
	}

	for _, r := range c.sim.Log() {
		if len(r.Tokens) > 0 || strings.HasPrefix(r.Path, "/oauth/authorize") {
			t.Errorf("%s of %s was asked, with tokens %q", r.Path, r.Server, r.Tokens)
		}
	}
	if exit, out, errs := c.process("", nil, []string{"schedule", "--off"}); exit != cli.ExitOK {
		t.Errorf("off: exit %d\n%s%s", exit, out, errs)
	}
	if left, err := exec.Command("find", units, "-name", "boxready-*").Output(); err != nil || len(left) > 0 {
		t.Errorf("left: %s, %v", left, err)
	}
	c.assertNoLeaks()
}
