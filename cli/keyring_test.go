//go:build linux

package cli_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"boxready/cli"
	"boxready/internal/simportal"
	"boxready/internal/simtest/testenv"
	"boxready/oauthflow"

	"github.com/godbus/dbus/v5"
)

// These tests run the program as it is shipped, with gnome-keyring on its own session bus, and inspect it from outside: its
// output and files, and the arguments and environments of the processes that it starts.

// A browser that only records its arguments and environment.
const fakeBrowser = `#!/bin/sh
cat "/proc/$$/environ" "/proc/$$/cmdline" >"%[1]s/process.$$"
printf %%s "$1" >"%[1]s/new"
mv "%[1]s/new" "%[1]s/address"
`

// computer is a user's session on a computer with a browser, and a portal that can be reached from it.
type computer struct {
	*observed
	program  string
	recorded atomic.Int64 // arguments and environments
	home     string
	browser  string // folder where the browser writes
	env      []string
	bus      string // "" for none

	stopSignal syscall.Signal // with which a process is stopped; SIGINT if 0
}

// newComputer starts one with a keyring that the password opened, or with a bus only if there is no password.
func newComputer(t *testing.T, program, password string) *computer {
	t.Helper()
	c := newBareComputer(t, program)
	c.bus = testenv.StartSession(t, exec.Command, c.env, password)
	return c
}

// newBareComputer has neither a bus nor a keyring.
func newBareComputer(t *testing.T, program string) *computer {
	t.Helper()
	runtime, err := os.MkdirTemp("", "boxready") // sockets' paths must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(runtime) })
	c := &computer{program: program, home: t.TempDir(), browser: t.TempDir()}
	c.observed = newObserved(t, simportal.Fault{}, hexToken, func(o *simportal.Options) { o.RedirectURI = oauthflow.ReturnAddress() })
	bin, temp := filepath.Join(c.home, "bin"), filepath.Join(c.home, "tmp")
	for _, folder := range []string{bin, temp} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(bin, "xdg-open"), fmt.Appendf(nil, fakeBrowser, c.browser), 0o700); err != nil {
		t.Fatal(err)
	}
	c.env = []string{
		"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + c.home, "XDG_DATA_HOME=" + filepath.Join(c.home, "data"),
		"XDG_CACHE_HOME=" + filepath.Join(c.home, "cache"), "XDG_CONFIG_HOME=" + filepath.Join(c.home, "config"), "XDG_RUNTIME_DIR=" + runtime,
		"TMPDIR=" + temp, "DISPLAY=:4242", "LC_ALL=C.UTF-8",
		"GODEBUG=http2debug=2,netdns=2", "GOTRACEBACK=all", // all of Go's own logs
	}
	return c
}

func (c *computer) variable(name string) string {
	for _, v := range c.env {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value
		}
	}
	return ""
}

func (c *computer) connect() *dbus.Conn {
	c.t.Helper()
	bus, err := dbus.Connect(c.bus)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { bus.Close() })
	return bus
}

// keyringItems returns the entries in the keyring.
func (c *computer) keyringItems() (items []dbus.ObjectPath) {
	c.t.Helper()
	value, err := c.connect().Object(testenv.SecretService, "/org/freedesktop/secrets/collection/login").GetProperty("org.freedesktop.Secret.Collection.Items")
	if err != nil {
		c.t.Fatal(err)
	}
	if err := value.Store(&items); err != nil {
		c.t.Fatal(err)
	}
	return items
}

// process runs the program, writes to its standard input, and records all that is visible from outside.
func (c *computer) process(typed string, interact func(ctx context.Context, stop func(), keys io.Writer, stderr *syncBuffer), args []string, env ...string) (exit cli.Exit, out, errs string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), hangs)
	defer cancel()
	child := exec.CommandContext(ctx, c.program, args...)
	child.Cancel = func() error { return child.Process.Signal(cmp.Or(c.stopSignal, syscall.SIGINT)) }
	child.WaitDelay = 10 * time.Second
	child.Env = append(slices.Clone(c.env), env...)
	if c.bus != "" {
		child.Env = append(child.Env, "DBUS_SESSION_BUS_ADDRESS="+c.bus)
	}
	child.Dir = c.home
	keys, err := child.StdinPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	var stdout, stderr syncBuffer
	child.Stdout, child.Stderr = &stdout, &stderr
	if err := child.Start(); err != nil {
		c.t.Fatal(err)
	}
	stopWatching := c.watch(ctx, child.Process.Pid, len(env) == 0)
	ended, end := context.WithCancel(ctx)
	var work sync.WaitGroup
	work.Go(func() {
		defer keys.Close()
		io.WriteString(keys, typed)
		if interact != nil {
			interact(ended, cancel, keys, &stderr)
		}
	})
	err = child.Wait()
	end()
	work.Wait()
	stopWatching()
	if exited := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exited) {
		c.t.Errorf("%s: %v", args[0], err)
	}
	c.record("output of "+args[0], []byte(stdout.String()))
	c.record("errors of "+args[0], []byte(stderr.String()))
	return cli.Exit(child.ProcessState.ExitCode()), stdout.String(), stderr.String()
}

// watch records the arguments and the environment of a process and of its descendants, until the function that it returns is
// called.
func (c *computer) watch(ctx context.Context, pid int, environ bool) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	seen := map[string][]byte{}
	done := make(chan struct{})
	look := func(pid string, environ bool) {
		for name, wanted := range map[string]bool{"cmdline": true, "environ": environ} {
			if data, err := os.ReadFile(filepath.Join("/proc", pid, name)); wanted && err == nil && len(data) > 0 {
				seen[fmt.Sprintf("%s of process %s, %d bytes", name, pid, len(data))] = data
			}
		}
	}
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			pids := []string{strconv.Itoa(pid)}
			look(pids[0], environ) // its own environment was set by the user
			for i := 0; i < len(pids); i++ {
				lists, _ := filepath.Glob(filepath.Join("/proc", pids[i], "task", "*", "children"))
				for _, list := range lists {
					children, _ := os.ReadFile(list)
					for _, child := range strings.Fields(string(children)) {
						if runs, err := os.Readlink(filepath.Join("/proc", child, "exe")); err != nil || runs == c.program {
							continue // a fork of the program before exec
						}
						pids = append(pids, child)
						// Between fork and exec a child still is the program, with the program's own environment.
						exe, err := os.Readlink(filepath.Join("/proc", child, "exe"))
						look(child, err == nil && exe != c.program)
					}
				}
			}
			time.Sleep(3 * time.Millisecond)
		}
	}()
	return func() {
		cancel()
		<-done
		c.recorded.Add(int64(len(seen))) // some end before they can be recorded
		for where, data := range seen {
			c.record(where, data)
		}
	}
}

// browse simulates the user of the browser that the program opens.
func (c *computer) browse(ctx context.Context, stop func(), keys io.Writer, stderr *syncBuffer) {
	defer stop()
	var address []byte
	for len(address) == 0 {
		select {
		case <-ctx.Done():
			c.t.Error("no browser was opened")
			return
		case <-time.After(5 * time.Millisecond):
			address, _ = os.ReadFile(filepath.Join(c.browser, "address"))
		}
	}
	location, _ := c.visit(string(address))
	response, err := browserClient.Get(location)
	if err != nil {
		io.WriteString(keys, location+"\n") // another test has the port; the command asks to paste
	} else {
		page, _ := io.ReadAll(response.Body)
		response.Body.Close()
		c.record("the page where the sign-in ends", page)
		if response.StatusCode != http.StatusOK {
			io.WriteString(keys, location+"\n")
		}
	}
	<-ctx.Done() // with this answer the command ends
}

// login signs in and returns the exit code and all output.
func (c *computer) login(env ...string) (cli.Exit, string) {
	c.t.Helper()
	os.Remove(filepath.Join(c.browser, "address"))
	exit, out, errs := c.process(c.grant().ClientSecret+"\n", c.browse,
		append([]string{"login", c.sim.Host(), "--lang", "en", "--client-id", c.grant().ClientID, "--deep"}, c.way...), env...)
	return exit, out + errs
}

// assertNoLeaks also searches the browser's arguments and every file.
func (c *computer) assertNoLeaks() {
	c.t.Helper()
	c.recordFiles(c.t, c.home, c.variable("XDG_RUNTIME_DIR"), c.browser)
	c.observed.assertNoLeaks(c.t)
}

// TestAsShipped runs the program and the keyring as they are.
func TestAsShipped(t *testing.T) {
	t.Parallel()
	program := shipped(t)
	t.Run("full cycle", func(t *testing.T) {
		t.Parallel()
		testFullCycle(t, newComputer(t, program, "a password"))
	})
	t.Run("terminal closed", func(t *testing.T) {
		t.Parallel()
		testClosedTerminal(t, newComputer(t, program, "a password"))
	})
	t.Run("many at once", func(t *testing.T) {
		t.Parallel()
		testAtOnce(t, newComputer(t, program, "a password"))
	})
	for name, c := range brokenKeyrings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testBrokenKeyring(t, c.prepare(t, program), c.cause, c.message)
		})
	}
}

// testAtOnce saves the webhooks of many portals at the same time, each in a process of its own.
func testAtOnce(t *testing.T, c *computer) {
	const portals = 20
	var all sync.WaitGroup
	for i := range portals {
		all.Go(func() {
			child := exec.CommandContext(t.Context(), c.program, "accounts", "add-webhook", fmt.Sprintf("https://portal%d.example/rest/1/abcdefgh12345678/", i))
			child.Env = append(slices.Clone(c.env), "DBUS_SESSION_BUS_ADDRESS="+c.bus)
			if output, err := child.CombinedOutput(); err != nil {
				t.Errorf("portal %d: %v: %s", i, err, output)
			}
		})
	}
	all.Wait()
	_, out, errs := c.process("", nil, []string{"accounts", "--format", "json"})
	var listed []struct{ Webhook bool }
	if err := json.Unmarshal([]byte(out), &listed); err != nil || len(listed) != portals || slices.ContainsFunc(listed, func(l struct{ Webhook bool }) bool { return !l.Webhook }) {
		t.Errorf("%d of %d are listed, %v\n%s", len(listed), portals, err, errs)
	}
}

// testClosedTerminal asserts that a check whose terminal is closed unbinds the test event's handler or says that it is left, and that
// the next run then unbinds it.
func testClosedTerminal(t *testing.T, c *computer) {
	if exit, output := c.login(); exit != cli.ExitOK {
		t.Fatalf("login: exit %d\n%s", exit, output)
	}
	c.stopSignal = syscall.SIGHUP
	arguments := append([]string{"check", c.sim.Host(), "--signed-in", "--event-test", "--format", "json", "--lang", "en"}, c.way...)
	// The pauses that processes of one user make for each other are not what is tested here.
	alone := func() string { return "XDG_CACHE_HOME=" + t.TempDir() }
	closeWhenBound := func(ctx context.Context, stop func(), _ io.Writer, _ *syncBuffer) {
		defer stop()
		before := len(c.sim.Log())
		fired := func(r simportal.Request) bool { return strings.Contains(r.Path, "event.test") }
		for !slices.ContainsFunc(c.sim.Log()[before:], fired) && ctx.Err() == nil {
			time.Sleep(5 * time.Millisecond)
		}
	}
	for _, closed := range []struct {
		faults []string
		left   int
	}{{[]string{"event-not-recorded"}, 0}, {[]string{"event-not-recorded", "event-unbind-fails"}, 1}} {
		if err := c.sim.SetFaults(closed.faults...); err != nil {
			t.Fatal(err)
		}
		exit, out, errs := c.process("", closeWhenBound, arguments, alone())
		said := strings.Contains(errs, "couldn't be unbound")
		if left := len(c.sim.Bindings()); exit != cli.ExitHungUp || left != closed.left || said != (left > 0) {
			t.Errorf("%v: exit %d, %d handlers left\n%s%s", closed.faults, exit, left, out, errs)
		}
	}
	if err := c.sim.SetFaults(); err != nil {
		t.Fatal(err)
	}
	_, out, errs := c.process("", nil, arguments, alone())
	if left := len(c.sim.Bindings()); left > 0 || !strings.Contains(out, `"leftovers": 1`) {
		t.Errorf("next run: %d handlers left\n%s%s", left, out, errs)
	}
}

// testFullCycle signs in, and in other processes lists, checks, and signs out.
func testFullCycle(t *testing.T, c *computer) {
	if exit, output := c.login(); exit != cli.ExitOK {
		t.Fatalf("login: exit %d\n%s", exit, output)
	}
	if called, _ := filepath.Glob(filepath.Join(c.browser, "process.*")); len(called) != 1 {
		t.Errorf("the browser was called %d times", len(called))
	}
	if len(c.keyringItems()) == 0 {
		t.Error("nothing is in the keyring")
	}
	_, out, errs := c.process("", nil, []string{"accounts", "--format", "json"})
	var listed []struct {
		Portal string
		SignIn bool `json:"sign_in"`
	}
	if err := json.Unmarshal([]byte(out), &listed); err != nil || len(listed) != 1 || !listed[0].SignIn || listed[0].Portal != "https://"+c.sim.Host() {
		t.Errorf("accounts: %v, %v\n%s", listed, err, errs)
	}
	before := c.refreshes()
	exit, out, errs := c.process(c.sim.Webhook()+"\n", nil, append([]string{"check", c.sim.Host(), "--signed-in", "--webhook", "-", "--event-test", "-v", "--lang", "ru",
		"--report", filepath.Join(c.folder, "report.zip")}, c.way...))
	if exit != cli.ExitOK || !strings.Contains(out, "Приложения будут работать") {
		t.Errorf("check: exit %d\n%s\n%s", exit, out, errs)
	}
	// The portal echoes the requests, and the second process uses the token that the first one rotated.
	if err := c.sim.SetFaults("rest-overflows"); err != nil {
		t.Fatal(err)
	}
	exit, out, errs = c.process(c.sim.Webhook()+"\n", nil, append([]string{"check", c.sim.Host(), "--signed-in", "--webhook", "-", "--format", "json"}, c.way...))
	// Leftover bytes may be taken for the next answer if it is requested at once.
	if exit != cli.ExitOK && exit != cli.ExitNotice {
		t.Errorf("check: exit %d\n%s\n%s", exit, out, errs)
	}
	if strings.Contains(errs, "Unsolicited") || strings.Contains(errs, "http2") {
		t.Errorf("what Go logs is shown:\n%s", errs)
	}
	if got := c.refreshes() - before; got != 2 {
		t.Errorf("the sign-in was renewed %d times by two runs", got)
	}
	// A webhook in the environment must not be passed to the browser.
	if err := c.sim.SetFaults(); err != nil {
		t.Fatal(err)
	}
	if exit, output := c.login("BOXREADY_WEBHOOK=" + c.sim.Webhook()); exit != cli.ExitOK {
		t.Errorf("login: exit %d\n%s", exit, output)
	}
	if exit, out, errs := c.process("", nil, []string{"logout", c.sim.Host(), "--lang", "en"}); exit != cli.ExitOK {
		t.Errorf("logout: exit %d\n%s%s", exit, out, errs)
	}
	if items := c.keyringItems(); len(items) > 0 {
		t.Errorf("in the keyring there are still %v", items)
	}
	if exit, _, errs := c.process("", nil, append([]string{"check", c.sim.Host(), "--signed-in", "--lang", "en"}, c.way...)); exit != cli.ExitUsage || !strings.Contains(errs, "Nothing is saved") {
		t.Errorf("check after logout: exit %d, %s", exit, errs)
	}
	c.recordFiles(t, c.folder)
	if c.recorded.Load() == 0 {
		t.Error("nothing was seen of any process")
	}
	c.assertNoLeaks()
}

// refreshes is how often a token was renewed.
func (c *computer) refreshes() (n int) {
	for _, r := range c.sim.Log() {
		if strings.HasPrefix(r.Server, "auth-") && strings.Contains(r.RawQuery, "grant_type=refresh_token") {
			n++
		}
	}
	return n
}

// selftest returns the causes that the program finds on this computer.
func (c *computer) selftest() (causes []string, errs string) {
	c.t.Helper()
	exit, out, errs := c.process("", nil, append([]string{"selftest", "--format", "json"}, c.way...))
	var entries []struct{ Cause string }
	if err := json.Unmarshal([]byte(out), &entries); err != nil {
		c.t.Errorf("selftest: exit %d, %v\n%s", exit, err, errs)
	}
	for _, e := range entries {
		causes = append(causes, e.Cause)
	}
	return causes, errs
}

// brokenKeyrings are computers whose keyring isn't there, is locked or doesn't answer.
var brokenKeyrings = map[string]struct {
	prepare func(t *testing.T, program string) *computer
	cause   string // that the self-test finds
	message string
}{
	"no bus": {func(t *testing.T, program string) *computer {
		c := newBareComputer(t, program)
		c.bus = "unix:path=" + filepath.Join(c.home, "no-bus")
		return c
	}, "keyring-absent", "no keyring in this session"},
	"a bus without a keyring": {func(t *testing.T, program string) *computer { return newComputer(t, program, "") }, "keyring-absent", "no keyring in this session"},
	"locked": {func(t *testing.T, program string) *computer {
		c := newComputer(t, program, "a password")
		var locked []dbus.ObjectPath
		var prompt dbus.ObjectPath
		login := []dbus.ObjectPath{"/org/freedesktop/secrets/collection/login"}
		err := c.connect().Object(testenv.SecretService, "/org/freedesktop/secrets").Call("org.freedesktop.Secret.Service.Lock", 0, login).Store(&locked, &prompt)
		if err != nil || len(locked) != 1 {
			t.Fatalf("locked %v, %v", locked, err)
		}
		return c
	}, "keyring-locked", "The keyring is locked"},
	"a prompt that never ends": {func(t *testing.T, program string) *computer {
		c := newComputer(t, program, "")
		exportLockedService(t, c.connect())
		return c
	}, "keyring-timeout", "The keyring did not answer in time"},
}

// testBrokenKeyring asserts that the error is shown, and that no browser is sent to the portal.
func testBrokenKeyring(t *testing.T, c *computer, cause, message string) {
	var background sync.WaitGroup // a minute each, where the keyring doesn't answer
	background.Go(func() {
		if causes, errs := c.selftest(); !slices.Contains(causes, cause) {
			t.Errorf("selftest finds %v\n%s", causes, errs)
		}
	})
	// Without a keyring a sign-in still allows one check; here the browser isn't used.
	login := append([]string{"login", c.sim.Host(), "--deep", "--client-id", c.grant().ClientID, "--no-browser", "--timeout", "8s"}, c.way...)
	commands := [][]string{login, {"accounts"}, {"check", c.sim.Host(), "--signed-in"}}
	if cause == "keyring-timeout" {
		commands = commands[:1]
	}
	for _, args := range commands {
		exit, _, errs := c.process(c.grant().ClientSecret+"\n", nil, append(args, "--lang", "en"))
		if exit != cli.ExitCouldNot || !strings.Contains(errs, message) {
			t.Errorf("%s: exit %d, %s", args[0], exit, errs)
		}
		if cause == "keyring-timeout" && !strings.Contains(errs, "Waiting for the keyring") {
			t.Errorf("the wait isn't shown: %s", errs)
		}
	}
	background.Wait()
	for _, r := range c.sim.Log() {
		if strings.HasPrefix(r.Path, "/oauth/authorize") || r.Server == "portal" && len(r.Tokens) > 0 {
			t.Errorf("%s of %s was asked", r.Path, r.Server)
		}
	}
	if called, _ := os.ReadDir(c.browser); len(called) > 0 {
		t.Error("a browser was opened")
	}
	c.assertNoLeaks()
}

// lockedService is a Secret Service whose only collection is locked, and whose prompt is never answered.
type lockedService struct{}

const fakePrompt = dbus.ObjectPath("/org/freedesktop/secrets/prompt/p1")

func (lockedService) OpenSession(string, dbus.Variant) (dbus.Variant, dbus.ObjectPath, *dbus.Error) {
	return dbus.MakeVariant(""), "/org/freedesktop/secrets/session/s1", nil
}

func (lockedService) Unlock([]dbus.ObjectPath) ([]dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	return nil, fakePrompt, nil
}

func (lockedService) ReadAlias(string) (dbus.ObjectPath, *dbus.Error) {
	return "/org/freedesktop/secrets/collection/login", nil
}

func (lockedService) Get(string, string) (dbus.Variant, *dbus.Error) {
	return dbus.MakeVariant([]dbus.ObjectPath{}), nil
}

func (lockedService) Prompt(string) *dbus.Error { return nil }

func exportLockedService(t *testing.T, bus *dbus.Conn) {
	t.Helper()
	for path, interfaces := range map[dbus.ObjectPath][]string{
		"/org/freedesktop/secrets": {"org.freedesktop.Secret.Service", "org.freedesktop.DBus.Properties"},
		fakePrompt:                 {"org.freedesktop.Secret.Prompt"},
	} {
		for _, name := range interfaces {
			if err := bus.Export(lockedService{}, path, name); err != nil {
				t.Fatal(err)
			}
		}
	}
	if reply, err := bus.RequestName(testenv.SecretService, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatalf("name: %v, %v", reply, err)
	}
}
