//go:build linux

package vault

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"boxready/internal/secret"
	"boxready/internal/simtest/testenv"
)

// These tests run a keyring daemon with its own session bus and home directory,
// and use it from new processes of this test program: the library keeps one
// connection per process, and what was saved must outlive its process.

const (
	stepVariable     = "BOXREADY_VAULT_STEP"
	deadlineVariable = "BOXREADY_VAULT_DEADLINE"

	// For what comes at once, except on a busy machine.
	testTimeout = 2 * time.Minute
)

// A stepResult is a step's result, as JSON on standard output.
type stepResult struct {
	Reason Reason        `json:"reason"`
	Error  string        `json:"error"`
	List   []string      `json:"list"`
	Same   bool          `json:"same"`
	Took   time.Duration `json:"took"`
}

// runStep runs instead of the tests. The secret comes by standard input, so that
// it can get elsewhere only through the vault.
func runStep(step string) int {
	input := bufio.NewScanner(os.Stdin)
	input.Scan()
	value := secret.New(input.Text())
	deadline, err := time.ParseDuration(os.Getenv(deadlineVariable))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	k := NewKeyring(Options{Deadline: deadline})
	ctx := context.Background()
	var all []stepResult
	for name := range strings.FieldsSeq(step) {
		var s stepResult
		var err error
		start := time.Now()
		switch name {
		case "save":
			a := full(testPortal)
			a.Refresh = value
			err = k.Save(ctx, a)
		case "save-other":
			err = k.Save(ctx, full("https://other.example:8443"))
		case "load":
			var a Account
			a, err = k.Load(ctx, testPortal)
			want := full(testPortal)
			want.Refresh = value
			s.Same = err == nil && difference(a, want) == ""
		case "list":
			s.List, err = k.List(ctx)
		case "delete":
			err = k.Delete(ctx, testPortal)
		case "self-test":
			err = k.SelfTest(ctx)
		case "unlocked":
			err = k.Unlocked(ctx)
		}
		s.Took = time.Since(start)
		if err != nil {
			s.Error = err.Error()
			var failed *Error
			if errors.As(err, &failed) {
				s.Reason = failed.Reason
			}
		}
		all = append(all, s)
	}
	json.NewEncoder(os.Stdout).Encode(all)
	return 0
}

// A session is a session bus, with or without a keyring daemon on it.
type session struct {
	home     string
	env      []string // without the bus's address
	address  string
	value    string
	deadline time.Duration
}

func newSession(t *testing.T, password string) *session {
	s := newSessionWithoutBus(t)
	s.address = testenv.StartSession(t, exec.Command, s.env, password)
	return s
}

func newSessionWithoutBus(t *testing.T) *session {
	dir := t.TempDir()
	// Sockets' paths must be short.
	runtimeDir, err := os.MkdirTemp("", "boxready")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(runtimeDir) })
	if err := os.Chmod(runtimeDir, 0o700); err != nil {
		t.Fatal(err)
	}
	return &session{
		home:     dir,
		value:    "s3cr3t-" + rand.Text(),
		deadline: testTimeout,
		env: []string{
			"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "XDG_DATA_HOME=" + filepath.Join(dir, "data"),
			"XDG_CACHE_HOME=" + filepath.Join(dir, "cache"), "XDG_CONFIG_HOME=" + filepath.Join(dir, "config"),
			"XDG_RUNTIME_DIR=" + runtimeDir, "TMPDIR=" + dir, "LC_ALL=C.UTF-8",
			"GOCOVERDIR=" + t.TempDir(), "GORACE=atexit_sleep_ms=0",
		},
	}
}

func (s *session) runtimeDir() string {
	for _, v := range s.env {
		if dir, ok := strings.CutPrefix(v, "XDG_RUNTIME_DIR="); ok {
			return dir
		}
	}
	return ""
}

// run runs steps in one new process.
func (s *session) run(t *testing.T, steps string, env ...string) []stepResult {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	defer cancel()
	c := exec.CommandContext(ctx, self)
	c.Env = append(slices.Clone(s.env), stepVariable+"="+steps, deadlineVariable+"="+s.deadline.String())
	if s.address != "" {
		c.Env = append(c.Env, "DBUS_SESSION_BUS_ADDRESS="+s.address)
	}
	c.Env = append(c.Env, env...)
	c.Stdin = strings.NewReader(s.value + "\n")
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		t.Fatalf("%s: %v: %s", steps, err, errs.String())
	}
	if strings.Contains(out.String()+errs.String(), s.value) {
		t.Errorf("%s printed the secret", steps)
	}
	var all []stepResult
	if err := json.Unmarshal(out.Bytes(), &all); err != nil || len(all) == 0 {
		t.Fatalf("%s: %v: %s", steps, err, out.String())
	}
	return all
}

// connect returns a new connection to the session's bus.
func (s *session) connect(t *testing.T) *dbus.Conn {
	t.Helper()
	bus, err := dbus.Connect(s.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bus.Close() })
	return bus
}

// watchProcesses looks for the secret in the arguments and environments of all
// processes until the function that it returns is called.
func watchProcesses(t *testing.T, value string) (stop func()) {
	var over atomic.Bool
	ended := make(chan struct{})
	var seen, looked atomic.Int64
	go func() {
		defer close(ended)
		for !over.Load() {
			for _, pattern := range []string{"/proc/[0-9]*/cmdline", "/proc/[0-9]*/environ"} {
				files, _ := filepath.Glob(pattern)
				for _, file := range files {
					text, err := os.ReadFile(file)
					if err != nil {
						continue // it has ended, or is another user's
					}
					looked.Add(1)
					if bytes.Contains(text, []byte(value)) {
						seen.Add(1)
					}
				}
			}
			time.Sleep(2 * time.Millisecond)
		}
	}()
	return func() {
		over.Store(true)
		<-ended
		if seen.Load() > 0 || looked.Load() == 0 {
			t.Errorf("the secret was seen in %d of %d arguments and environments", seen.Load(), looked.Load())
		}
	}
}

// assertNoFile looks for the secret in all files of the session's home.
func (s *session) assertNoFile(t *testing.T) {
	t.Helper()
	forms := []string{s.value, base64.StdEncoding.EncodeToString([]byte(s.value))[:20], hex.EncodeToString([]byte(s.value))}
	for _, dir := range []string{s.home, s.runtimeDir()} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			text, err := os.ReadFile(path)
			for _, form := range forms {
				if bytes.Contains(text, []byte(form)) {
					t.Errorf("the secret is in %s", path)
				}
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestRealKeyring(t *testing.T) {
	s := newSession(t, "a password")
	bus := s.connect(t)
	stop := watchProcesses(t, s.value)

	ok := func(steps string) stepResult {
		t.Helper()
		all := s.run(t, steps)
		for i, one := range all {
			if one.Error != "" {
				t.Fatalf("%s, step %d: %s", steps, i, one.Error)
			}
		}
		return all[len(all)-1]
	}
	ok("unlocked")
	ok("self-test")
	ok("save")
	if !ok("load").Same {
		t.Error("what a new process read is not what was saved")
	}
	ok("save-other")
	if got := ok("list"); !slices.Equal(got.List, []string{"https://other.example:8443", testPortal}) {
		t.Errorf("list %v", got.List)
	}
	s.assertNoFile(t)
	files, _ := filepath.Glob(filepath.Join(s.home, "data", "keyrings", "*.keyring"))
	if len(files) == 0 {
		t.Error("the keyring has no file: was it used at all?")
	}

	service := bus.Object(testenv.SecretService, "/org/freedesktop/secrets")
	var locked []dbus.ObjectPath
	var prompt dbus.ObjectPath
	login := []dbus.ObjectPath{"/org/freedesktop/secrets/collection/login"}
	if err := service.Call("org.freedesktop.Secret.Service.Lock", 0, login).Store(&locked, &prompt); err != nil || len(locked) != 1 {
		t.Fatalf("locked %v, %v", locked, err)
	}
	for _, got := range s.run(t, "load save list delete self-test unlocked") {
		if got.Reason != Locked {
			t.Errorf("when locked: %s", got.Error)
		}
	}
	stop()
	s.assertNoFile(t)
}

func TestRealKeyringDelete(t *testing.T) {
	s := newSession(t, "a password")
	got := s.run(t, "save delete load list delete")
	for i, want := range []error{nil, nil, ErrNotFound, nil, ErrNotFound} {
		if text := got[i].Error; (want == nil) != (text == "") || want != nil && !strings.HasSuffix(text, want.Error()) {
			t.Errorf("step %d: %q, not %v", i, text, want)
		}
	}
	if len(got[3].List) != 0 {
		t.Errorf("list %v", got[3].List)
	}
	// From another process, and found without the variable, as under systemd.
	s.run(t, "save")
	s.address = ""
	if got := s.run(t, "load")[0]; !got.Same {
		t.Errorf("not found by XDG_RUNTIME_DIR: %s", got.Error)
	}
}

func TestRealAbsent(t *testing.T) {
	t.Run("a bus without a keyring", func(t *testing.T) {
		s := newSession(t, "")
		for _, got := range s.run(t, "self-test save load list delete unlocked") {
			if got.Reason != Absent {
				t.Errorf("%s: %s", got.Reason, got.Error)
			}
		}
	})
	t.Run("a bus that is gone", func(t *testing.T) {
		s := newSessionWithoutBus(t)
		s.address = "unix:path=" + filepath.Join(s.home, "no-bus")
		if got := s.run(t, "self-test")[0]; got.Reason != Absent {
			t.Error(got.Error)
		}
	})
	for _, address := range []string{"", "autolaunch:"} {
		t.Run("no bus "+address, func(t *testing.T) {
			me, err := user.Current()
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"bus", "dbus-session"} {
				if _, err := os.Stat(filepath.Join("/run/user", me.Uid, name)); err == nil {
					t.Skip("this user has a session bus, which would be found")
				}
			}
			s := newSessionWithoutBus(t)
			s.address = address
			// What the library would start.
			bin, trace := t.TempDir(), filepath.Join(t.TempDir(), "launched")
			if err := os.WriteFile(filepath.Join(bin, "dbus-launch"), []byte("#!/bin/sh\necho >'"+trace+"'\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			for _, got := range s.run(t, "self-test save", "DISPLAY=:99", "PATH="+bin+":"+os.Getenv("PATH")) {
				if got.Reason != Absent {
					t.Errorf("%s: %s", got.Reason, got.Error)
				}
			}
			if _, err := os.Stat(trace); err == nil {
				t.Error("a bus was launched")
			}
		})
	}
}

// A promptingService is a Secret Service whose only collection is locked.
type promptingService struct {
	bus       *dbus.Conn
	dismisses bool // otherwise the prompt never ends
	empty     bool // has no collection at all
}

const fakePrompt = dbus.ObjectPath("/org/freedesktop/secrets/prompt/p1")

func (f *promptingService) OpenSession(string, dbus.Variant) (dbus.Variant, dbus.ObjectPath, *dbus.Error) {
	return dbus.MakeVariant(""), "/org/freedesktop/secrets/session/s1", nil
}

func (f *promptingService) Unlock([]dbus.ObjectPath) ([]dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	if f.empty {
		return nil, "/", nil
	}
	return nil, fakePrompt, nil
}

func (f *promptingService) ReadAlias(string) (dbus.ObjectPath, *dbus.Error) {
	if f.empty {
		return "/", nil
	}
	return "/org/freedesktop/secrets/collection/login", nil
}

func (f *promptingService) Get(string, string) (dbus.Variant, *dbus.Error) {
	return dbus.MakeVariant([]dbus.ObjectPath{}), nil
}

func (f *promptingService) Prompt(string) *dbus.Error {
	if f.dismisses {
		f.bus.Emit(fakePrompt, "org.freedesktop.Secret.Prompt.Completed", true, dbus.MakeVariant([]dbus.ObjectPath{}))
	}
	return nil
}

// lockedCollection is a Secret Service that says that its collection is locked, and counts what would prompt.
type lockedCollection struct{ prompts atomic.Int32 }

func (c *lockedCollection) Get(string, string) (dbus.Variant, *dbus.Error) {
	return dbus.MakeVariant(true), nil
}

func (c *lockedCollection) Unlock([]dbus.ObjectPath) ([]dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	c.prompts.Add(1)
	return nil, "/", nil
}

func TestRealUnlockedNeverPrompts(t *testing.T) {
	s := newSession(t, "")
	bus, c := s.connect(t), &lockedCollection{}
	for path, iface := range map[dbus.ObjectPath]string{"/org/freedesktop/secrets": "org.freedesktop.Secret.Service",
		"/org/freedesktop/secrets/collection/login": "org.freedesktop.DBus.Properties"} {
		if err := bus.Export(c, path, iface); err != nil {
			t.Fatal(err)
		}
	}
	if reply, err := bus.RequestName(testenv.SecretService, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatalf("name: %v, %v", reply, err)
	}
	if got := s.run(t, "unlocked")[0]; got.Reason != Locked {
		t.Errorf("%s: %s", got.Reason, got.Error)
	}
	if n := c.prompts.Load(); n > 0 {
		t.Errorf("would have prompted %d times", n)
	}
}

func TestRealPrompts(t *testing.T) {
	for name, c := range map[string]struct {
		service  promptingService
		deadline time.Duration
		want     Reason
	}{
		"never ends":    {promptingService{}, 500 * time.Millisecond, Timeout},
		"dismissed":     {promptingService{dismisses: true}, testTimeout, Locked},
		"no collection": {promptingService{empty: true}, testTimeout, Absent},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSession(t, "")
			s.deadline = c.deadline
			f := c.service
			f.bus = s.connect(t)
			for path, ifaces := range map[dbus.ObjectPath][]string{
				"/org/freedesktop/secrets": {"org.freedesktop.Secret.Service", "org.freedesktop.DBus.Properties"},
				fakePrompt:                 {"org.freedesktop.Secret.Prompt"},
			} {
				for _, iface := range ifaces {
					if err := f.bus.Export(&f, path, iface); err != nil {
						t.Fatal(err)
					}
				}
			}
			if reply, err := f.bus.RequestName(testenv.SecretService, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
				t.Fatalf("name: %v, %v", reply, err)
			}
			all := s.run(t, "save load self-test")
			for i, got := range all {
				if got.Reason != c.want {
					t.Errorf("step %d: %s", i, got.Error)
				}
			}
			if c.want != Timeout {
				return
			}
			if took := all[0].Took; took < c.deadline { // no upper bound: it depends on the machine's load
				t.Errorf("took %v", took)
			}
			for _, got := range all[1:] {
				if !strings.HasSuffix(got.Error, errStillWaiting.Error()) {
					t.Errorf("%s after %v", got.Error, got.Took)
				}
			}
		})
	}
}
