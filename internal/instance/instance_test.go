//go:build unix

package instance

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"boxready/internal/simtest/testenv"
)

// TestMain is also a program that connects to a socket, as another user.
func TestMain(m *testing.M) {
	if path := os.Getenv("BOXREADY_TEST_CONNECT"); path != "" {
		if conn, err := net.Dial("unix", path); err == nil {
			_, _ = conn.Read(make([]byte, 1))
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(testenv.M{M: m})
}

// setRuntimeFolder creates a runtime folder for the test, with a name short enough for a socket's path.
func setRuntimeFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "run")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	t.Setenv("XDG_RUNTIME_DIR", dir)
	t.Setenv("TMPDIR", dir)
	t.Setenv("WAYLAND_DISPLAY", "")
	t.Setenv("DISPLAY", ":7")
	return dir
}

func start(t *testing.T, files ...string) (*First, bool) {
	t.Helper()
	first, handed, err := Start(context.Background(), files)
	if err != nil {
		t.Fatal(err)
	}
	return first, handed
}

func TestSecondStartHandsFilesOver(t *testing.T) {
	setRuntimeFolder(t)
	first, handed := start(t)
	if first == nil || handed {
		t.Fatal("the first start isn't the first")
	}
	opened := make(chan []string, 8)
	done := make(chan bool)
	go func() { // before there is a window
		defer close(done)
		if again, handed := start(t, "/a/b.boxready.yaml", "/a/отчёт 1.boxready.ZIP"); again != nil || !handed {
			t.Error("the second start is a first one")
		}
	}()
	first.Serve(func(files []string) { opened <- files })
	<-done
	if got := <-opened; !slices.Equal(got, []string{"/a/b.boxready.yaml", "/a/отчёт 1.boxready.ZIP"}) {
		t.Errorf("handed over: %q", got)
	}
	if _, handed := start(t); !handed {
		t.Error("a start without files isn't handed over")
	}
	if got := <-opened; len(got) != 0 {
		t.Errorf("handed over: %q", got)
	}
	t.Setenv("DISPLAY", ":8")
	other, handed := start(t)
	if other == nil || handed {
		t.Error("on another display it isn't a first one")
	}
	other.Close()
	t.Setenv("DISPLAY", ":7")
	first.Close()
	again, handed := start(t)
	if again == nil || handed {
		t.Error("after the first one's end the next isn't the first")
	}
	again.Close()
}

func TestConcurrentStarts(t *testing.T) {
	setRuntimeFolder(t)
	var firsts, opened atomic.Int32
	var all sync.WaitGroup
	var mu sync.Mutex
	var owner *First
	const starts = 12
	for i := range starts {
		all.Go(func() {
			first, handed, err := Start(context.Background(), []string{fmt.Sprintf("/%d.zip", i)})
			if err != nil || (first == nil) != handed {
				t.Errorf("first %v, handed %t: %v", first, handed, err)
			}
			if first != nil {
				firsts.Add(1)
				mu.Lock()
				owner = first
				mu.Unlock()
				first.Serve(func([]string) { opened.Add(1) })
			}
		})
	}
	all.Wait()
	owner.Close()
	if firsts.Load() != 1 || opened.Load() != starts-1 {
		t.Errorf("%d first ones, %d handed over", firsts.Load(), opened.Load())
	}
}

func TestStaleSocket(t *testing.T) {
	setRuntimeFolder(t)
	path, err := socket()
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false)
	listener.Close()
	first, handed := start(t)
	if first == nil || handed {
		t.Error("a stale socket keeps the next start from being the first")
	}
	first.Close()
}

func TestInvalidRequests(t *testing.T) {
	setRuntimeFolder(t)
	first, _ := start(t)
	defer first.Close()
	opened := make(chan []string, 1)
	first.Serve(func(files []string) { opened <- files })
	path, err := socket()
	if err != nil {
		t.Fatal(err)
	}
	ask := func(text string) string {
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, _ = conn.Write([]byte(text)) // it may have closed the connection
		_ = conn.(*net.UnixConn).CloseWrite()
		var all bytes.Buffer
		_, _ = all.ReadFrom(conn)
		return all.String()
	}
	open := func(names ...string) string {
		text, err := json.Marshal(request{protocol, names})
		if err != nil {
			t.Fatal(err)
		}
		return string(text) + "\n"
	}
	many := slices.Repeat([]string{"/a.zip"}, maxFiles+1)
	for name, text := range map[string]string{
		"nothing": "", "no line": `{"boxready":1}`, "no JSON": "GET / HTTP/1.1\r\n", "another version": `{"boxready":2,"open":["/a.zip"]}` + "\n",
		"endless": strings.Repeat(" ", maxBytes+10) + "\n", "relative": open("a.zip"), "dots": open("/a/../b.zip"), "another kind": open("/etc/passwd"),
		"a flag": open("--demo"), "control characters": open("/a\u001b[2J.zip"), "a new line": open("/a\n.zip"), "too many": open(many...),
		"one of two": open("/a.zip", "/bin/sh"), "not UTF-8": "{\"boxready\":1,\"open\":[\"/\xff/../x.zip\"]}\n", "no list": `{"boxready":1,"open":"/a.zip"}` + "\n",
	} {
		if answer := ask(text); strings.Contains(answer, "true") {
			t.Errorf("%s: %s", name, answer)
		}
	}
	if len(opened) > 0 {
		t.Errorf("opened %q", <-opened)
	}
	slow, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	go func() { // a little in time for each deadline, and no end
		for err := error(nil); err == nil; time.Sleep(50 * time.Millisecond) {
			_, err = slow.Write([]byte(" "))
		}
	}()
	if answer := ask(open("/a.zip")); !strings.Contains(answer, "true") {
		t.Errorf("after a slow connection: %s", answer)
	}
	if got := <-opened; !slices.Equal(got, []string{"/a.zip"}) {
		t.Errorf("opened %q", got)
	}
}

func TestUnsafeRuntimeFolders(t *testing.T) {
	for name, change := range map[string]func(dir string) error{
		"none":           func(string) error { return os.Setenv("XDG_RUNTIME_DIR", "") },
		"relative":       func(string) error { return os.Setenv("XDG_RUNTIME_DIR", "run") },
		"missing":        func(dir string) error { return os.Remove(dir) },
		"open to others": func(dir string) error { return os.Chmod(dir, 0o755) },
		"a link": func(dir string) error {
			return os.Symlink(t.TempDir(), filepath.Join(dir, "boxready"))
		},
		"a file in the way": func(dir string) error { return os.WriteFile(filepath.Join(dir, "boxready"), nil, 0o600) },
		"open to others below": func(dir string) error {
			if err := os.Mkdir(filepath.Join(dir, "boxready"), 0o700); err != nil {
				return err
			}
			return os.Chmod(filepath.Join(dir, "boxready"), 0o770)
		},
		"another user's": func(dir string) error {
			if os.Geteuid() != 0 {
				return os.Remove(dir) // can't be made here; a missing one is refused, too
			}
			return os.Chown(dir, 65534, 65534)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := setRuntimeFolder(t)
			if err := change(dir); err != nil {
				t.Fatal(err)
			}
			first, handed, err := Start(context.Background(), nil)
			if err == nil || first != nil || handed {
				t.Errorf("first %v, handed %t, %v", first, handed, err)
			}
		})
	}
}

func TestPeerOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can start a program as another user")
	}
	dir, err := os.MkdirTemp("", "run")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "program")
	self, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, self, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "socket")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for _, p := range []string{dir, path} {
		if err := os.Chmod(p, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	otherUser := exec.Command(program)
	otherUser.Env = []string{"BOXREADY_TEST_CONNECT=" + path}
	otherUser.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if err := otherUser.Start(); err != nil {
		t.Fatal(err)
	}
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if err := allowed(conn); err != errOtherUser {
		t.Errorf("another user: %v", err)
	}
	conn.Close()
	if err := otherUser.Wait(); err != nil {
		t.Error(err)
	}
	own, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	if err := allowed(own); err != nil {
		t.Errorf("this user: %v", err)
	}
}

func TestFiles(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ arguments, files []string }{
		{[]string{"a.boxready.yaml"}, []string{filepath.Join(here, "a.boxready.yaml")}},
		{[]string{"/x/../a.boxready.zip", "/B.YML"}, []string{"/a.boxready.zip", "/B.YML"}},
		{[]string{"check", "a.zip"}, nil}, {[]string{"--demo"}, nil}, {[]string{"--x.zip"}, nil}, {[]string{"portal.example.com"}, nil}, {nil, nil},
	} {
		if got := Files(c.arguments); !slices.Equal(got, c.files) {
			t.Errorf("%q: %q", c.arguments, got)
		}
	}
}
