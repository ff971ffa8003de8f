package serverprobe_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"boxready/internal/secret"
	"boxready/internal/serverprobe"
	"boxready/internal/serverprobe/sshtest"

	"go.uber.org/goleak"
	"golang.org/x/crypto/ssh/agent"
)

func bitrixAt(s *sshtest.Server) serverprobe.Server {
	return serverprobe.Server{User: "bitrix", Host: "127.0.0.1", Port: s.Port}
}

// access logs in by password.
func access(s *sshtest.Server) serverprobe.Access {
	return serverprobe.Access{KnownHosts: []string{s.Known},
		Dial: func(ctx context.Context, host string, port int) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		},
		Password: func(context.Context) (secret.String, error) { return secret.New(s.Password), nil }}
}

// portalRoot is a portal's folder on this machine; loading it runs the product of testdata.
func portalRoot(t *testing.T, s stub) string {
	t.Helper()
	root := t.TempDir()
	prolog := filepath.Join(root, "bitrix/modules/main/include/prolog_before.php")
	if err := os.MkdirAll(filepath.Dir(prolog), 0o755); err != nil {
		t.Fatal(err)
	}
	product, err := os.ReadFile("testdata/product.php")
	if err != nil {
		t.Fatal(err)
	}
	quoted := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s.json(t))
	code := "<?php\n$GLOBALS['portal'] = $portal = json_decode('" + quoted + "', true);\necho '<html>uid=', posix_geteuid(), ' agents=', defined('NO_AGENT_CHECK') ? 'no' : 'yes', \"\\n\";\nrequire __DIR__ . '/product.php';\n"
	for path, text := range map[string]string{prolog: code, filepath.Join(filepath.Dir(prolog), "product.php"): string(product)} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestOverSSH(t *testing.T) {
	needs(t, "php")
	verifyNoLeaks(t)
	s := sshtest.Start(t)
	root := portalRoot(t, portalOf("25.550.100", "25.600.100", "https://localhost:1"))
	text, nonce := script(t, serverprobe.PHP, serverprobe.Options{Root: root, Servers: []string{"https://localhost:1"}})
	before := listing(t, root)
	out, err := serverprobe.RunPHP(t.Context(), bitrixAt(s), access(s), text)
	if err != nil {
		t.Fatal(err)
	}
	probe := parsed(t, string(out))
	if probe.Nonce != nonce || !probe.Loaded || probe.Web() || probe.HTTPS != nil || probe.Registration == nil || probe.Registration.Reports != "" || len(probe.Applications) != 2 {
		t.Errorf("read %+v", probe.Answer)
	}
	if !strings.Contains(string(out), "agents=no") {
		t.Errorf("the product was loaded with its agents: %.200s", out)
	}
	if after := listing(t, root); after != before {
		t.Errorf("files before:\n%s\nafter:\n%s", before, after)
	}
	if again := parsed(t, string(serverprobe.Block(out))); again.Nonce != nonce {
		t.Error("the block alone is another answer")
	}
}

func listing(t *testing.T, root string) string {
	t.Helper()
	var list strings.Builder
	filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		fmt.Fprintln(&list, path)
		return err
	})
	return list.String()
}

// TestOtherUser runs the script as root where the portal's files belong to another user: the product must not write as root.
func TestOtherUser(t *testing.T) {
	php := needs(t, "php")
	if os.Getuid() != 0 {
		t.Skip("SKIPPED: only root can change its user")
	}
	const nobody = 65534
	root := portalRoot(t, portalOf("25.550.100", "25.600.100", "https://localhost:1"))
	for dir := root; dir != "/tmp" && dir != "/"; dir = filepath.Dir(dir) {
		os.Chmod(dir, 0o755)
	}
	if err := filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Chown(path, nobody, nobody))
	}); err != nil {
		t.Fatal(err)
	}
	text, _ := script(t, serverprobe.PHP, serverprobe.Options{Root: root, Servers: []string{"https://localhost:1"}})
	run := func(flags ...string) string {
		command := exec.Command(php, flags...)
		command.Stdin = strings.NewReader(text)
		out, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return string(out)
	}
	out := run()
	if probe := parsed(t, out); !probe.Loaded || !strings.Contains(out, "uid=65534") {
		t.Errorf("loaded %t by %.300s", probe.Loaded, out)
	}
	// Where PHP can't change its user, the script reports PHP alone, and why.
	out = run("-d", "disable_functions=posix_setuid,posix_geteuid")
	if probe := parsed(t, out); probe.Loaded || strings.Contains(out, "uid=") || probe.Failed["product"] != "other-user" || probe.Settings == nil || probe.Registration != nil {
		t.Errorf("loaded %t, failed %v", probe.Loaded, probe.Failed)
	}
}

func TestProductNotLoaded(t *testing.T) {
	php := needs(t, "php")
	run := func(root string) string {
		text, _ := script(t, serverprobe.PHP, serverprobe.Options{Root: root, Servers: []string{"https://localhost:1"}})
		command := exec.Command(php)
		command.Stdin = strings.NewReader(text)
		out, _ := command.CombinedOutput()
		return string(out)
	}
	if probe := parsed(t, run("/no/such/folder")); probe.Loaded || probe.Failed["product"] != "not-found" || probe.Settings == nil {
		t.Errorf("loaded %t, failed %v", probe.Loaded, probe.Failed)
	}
	root := portalRoot(t, portalOf("25.550.100", "25.600.100", ""))
	if err := os.WriteFile(filepath.Join(root, "bitrix/modules/main/include/prolog_before.php"), []byte(`<?php echo "Error connecting to the database"; die();`), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := serverprobe.Parse([]byte(run(root)))
	var bad *serverprobe.PasteError
	if !asPasteError(err, &bad) || bad.Reason != serverprobe.PasteNotLoaded {
		t.Errorf("%v", err)
	}
}

func TestSSHIsRefused(t *testing.T) {
	verifyNoLeaks(t)
	s := sshtest.Start(t)
	other := sshtest.Start(t)
	empty := filepath.Join(t.TempDir(), "empty")
	os.WriteFile(empty, nil, 0o600)
	otherKey := filepath.Join(t.TempDir(), "other")
	keys, err := os.ReadFile(other.Known)
	if err != nil {
		t.Fatal(err)
	}
	os.WriteFile(otherKey, []byte(strings.Replace(string(keys), strconv.Itoa(other.Port), strconv.Itoa(s.Port), 1)), 0o600)
	asked := 0
	wrong := func(context.Context) (secret.String, error) { asked++; return secret.New("wrong"), nil }
	for _, c := range []struct {
		name   string
		change func(*serverprobe.Access)
		want   serverprobe.SSHReason
	}{
		{"connection refused", func(a *serverprobe.Access) {
			a.Dial = func(context.Context, string, int) (net.Conn, error) { return nil, errors.New("connection refused") }
		}, serverprobe.SSHUnreachable},
		{"the host isn't known", func(a *serverprobe.Access) { a.KnownHosts = []string{empty} }, serverprobe.SSHUnknownHost},
		{"no file of known hosts", func(a *serverprobe.Access) { a.KnownHosts = nil }, serverprobe.SSHUnknownHost},
		{"another host", func(a *serverprobe.Access) { a.KnownHosts = []string{otherKey} }, serverprobe.SSHChangedHost},
		{"wrong password", func(a *serverprobe.Access) { a.Password = wrong }, serverprobe.SSHRefused},
		{"no password prompt", func(a *serverprobe.Access) { a.Password = nil }, serverprobe.SSHRefused},
		{"no agent behind its socket", func(a *serverprobe.Access) { a.Password, a.Agent = nil, empty }, serverprobe.SSHRefused},
		{"no such command", func(a *serverprobe.Access) { a.Command = "no-such-php" }, serverprobe.SSHNoPHP},
		{"a command that says nothing", func(a *serverprobe.Access) { a.Command = "true" }, serverprobe.SSHNoPHP},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := access(s)
			c.change(&a)
			_, err := serverprobe.RunPHP(t.Context(), bitrixAt(s), a, "<?php")
			var failed *serverprobe.SSHError
			if !errors.As(err, &failed) || failed.Reason != c.want {
				t.Fatalf("%v, want %s", err, c.want)
			}
			if hostKey := c.want == serverprobe.SSHUnknownHost || c.want == serverprobe.SSHChangedHost; hostKey != strings.HasPrefix(failed.Key, "SHA256:") {
				t.Errorf("the host's key is %q", failed.Key)
			}
			if c.name == "no such command" && !strings.Contains(failed.Output, "not found") {
				t.Errorf("output %q", failed.Output)
			}
		})
	}
	if asked != 1 {
		t.Errorf("the password was asked for %d times", asked)
	}
}

func TestSSHAgent(t *testing.T) {
	verifyNoLeaks(t)
	s := sshtest.Start(t)
	keys := agent.NewKeyring()
	if err := keys.Add(agent.AddedKey{PrivateKey: s.Key}); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(t.TempDir(), "agent")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	defer serving.Wait()
	defer listener.Close()
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { agent.ServeAgent(keys, conn); conn.Close() })
		}
	})
	a := access(s)
	a.Agent, a.Command = socket, "cat"
	a.Password = func(context.Context) (secret.String, error) {
		t.Error("the password was asked for although the key is right")
		return secret.String{}, io.EOF
	}
	out, err := serverprobe.RunPHP(t.Context(), bitrixAt(s), a, block(answerJSON))
	if err != nil || parsed(t, string(out)).Nonce != "abcdefgh12345678" {
		t.Errorf("%v, %s", err, out)
	}
}

func TestSSHIsCancelled(t *testing.T) {
	verifyNoLeaks(t)
	s := sshtest.StartSilent(t)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := serverprobe.RunPHP(ctx, bitrixAt(s), access(s), "<?php"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestParseServer(t *testing.T) {
	for typed, want := range map[string]serverprobe.Server{
		"bitrix@server.example.com":      {User: "bitrix", Host: "server.example.com", Port: 22},
		"root@server.example.com:2222":   {User: "root", Host: "server.example.com", Port: 2222},
		"root@203.0.113.5":               {User: "root", Host: "203.0.113.5", Port: 22},
		"root@[2001:db8::1]":             {User: "root", Host: "2001:db8::1", Port: 22},
		"root@[2001:db8::1]:2222":        {User: "root", Host: "2001:db8::1", Port: 2222},
		"":                               {},
		"server.example.com":             {},
		"@server.example.com":            {},
		"root@":                          {},
		"root@server.example.com:0":      {},
		"root@server.example.com:123456": {},
		"root@server example.com":        {},
		"a@b@c":                          {},
		"root@server/path":               {},
	} {
		got, err := serverprobe.ParseServer(typed)
		if got != want || (err != nil) != (want == serverprobe.Server{}) {
			t.Errorf("%q is %+v, %v", typed, got, err)
		}
	}
}

// verifyNoLeaks asserts, after the test's other cleanups, that none of its goroutines is left.
func verifyNoLeaks(t *testing.T) {
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
}
