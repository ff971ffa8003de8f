// Package testenv gives tests an environment of their own: they neither depend on nor touch the session bus, keyring, display,
// proxy settings, home folder, language and time zone of the machine that they run on, and leave no process behind.
// It imports nothing of BoxReady, so that the tests of every package can use it.
package testenv

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// M is a package's tests. Its Run sets the environment, runs them, and fails if they leave a process behind. It fits
// goleak.VerifyTestMain and testscript.Main. A TestMain that is also a child process of its tests has to branch off before Run:
// a child keeps the environment that it was given.
type M struct {
	*testing.M
	Set []string // NAME=value; what this package's tests want besides
}

// isolated is set where the environment is a test's already: in a child process that runs tests.
const isolated = "BOXREADY_TEST_ISOLATED"

// Run runs the tests and returns the exit code.
func (m M) Run() (code int) {
	if os.Getenv(isolated) != "" {
		return m.M.Run()
	}
	home, err := os.MkdirTemp("", "home")
	if err != nil {
		return failed(err)
	}
	defer os.RemoveAll(home)
	if err := isolate(home, m.Set); err != nil {
		return failed(err)
	}
	if err := adoptOrphans(); err != nil {
		return failed(err)
	}
	code = m.M.Run()
	if left := endProcesses(); len(left) > 0 {
		return failed(fmt.Errorf("processes left behind: %s", strings.Join(left, "; ")))
	}
	return code
}

func failed(err error) int {
	fmt.Fprintln(os.Stderr, "testenv:", err)
	return 1
}

// Variables is the environment of a process whose user has this home folder, and no session, display, proxy or agent.
func Variables(home string) []string {
	return []string{
		"HOME=" + home, "USERPROFILE=" + home,
		"APPDATA=" + filepath.Join(home, "AppData", "Roaming"), "LOCALAPPDATA=" + filepath.Join(home, "AppData", "Local"),
		// With an address, even of nothing, no bus is searched for and none is started.
		"DBUS_SESSION_BUS_ADDRESS=unix:path=" + filepath.Join(home, "no-bus"),
		"LANG=en_US.UTF-8", "TZ=UTC",
	}
}

// isolate replaces what this process was given by Variables(home) and more.
func isolate(home string, more []string) error {
	variables := append(append(goVariables(), Variables(home)...), isolated+"=yes")
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); depends(strings.ToUpper(name)) {
			if err := os.Unsetenv(name); err != nil {
				return err
			}
		}
	}
	for _, variable := range append(variables, more...) {
		name, value, _ := strings.Cut(variable, "=")
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	time.Local = time.UTC // the variable may have been read already
	return nil
}

// depends tells whether what the program does depends on a variable.
func depends(name string) bool {
	switch name {
	case "DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "LANGUAGE", "SSH_AUTH_SOCK", "BOXREADY_WEBHOOK", "BOXREADY_LANG":
		return true
	}
	return strings.HasPrefix(name, "XDG_") || strings.HasPrefix(name, "LC_") || strings.HasPrefix(name, "FYNE_") || strings.HasSuffix(name, "_PROXY")
}

// goVariables lets tests that build the program use Go's settings and caches as before.
func goVariables() (variables []string) {
	out, err := exec.Command("go", "env", "GOENV", "GOPATH", "GOCACHE", "GOMODCACHE").Output()
	values := strings.Split(strings.TrimSpace(string(out)), "\n")
	if err != nil || len(values) != 4 {
		return nil // no Go here, so nothing is built
	}
	for i, name := range []string{"GOENV", "GOPATH", "GOCACHE", "GOMODCACHE"} {
		variables = append(variables, name+"="+strings.TrimSpace(values[i]))
	}
	return variables
}

// NotOnWindows skips a test that can't run on Windows, and says why.
func NotOnWindows(t testing.TB, reason string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("NOT TESTED ON WINDOWS: " + reason)
	}
}

// Missing skips a test for which something is missing on this machine, or fails it with CI=true.
func Missing(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("NOT TESTED: "+format, args...)
	}
	t.Skipf("NOT TESTED: "+format, args...)
}
