package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"boxready/cli"
	"boxready/internal/app"
	"boxready/internal/secret"
	"boxready/internal/simportal"
	"boxready/internal/simtest/ways"
	"boxready/internal/transport"
	"boxready/internal/vault"
)

// memoryKeyring is a keyring in memory.
type memoryKeyring struct {
	mu      sync.Mutex
	entries map[string]string
}

func (k *memoryKeyring) Get(key string) (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	text, ok := k.entries[key]
	if !ok {
		return "", vault.ErrNotFound
	}
	return text, nil
}

func (k *memoryKeyring) Set(key, value string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.entries[key] = value
	return nil
}

func (k *memoryKeyring) Delete(key string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, ok := k.entries[key]; !ok {
		return vault.ErrNotFound
	}
	delete(k.entries, key)
	return nil
}

// broken is a keyring that fails.
type broken struct{ err error }

func (b broken) Get(string) (string, error) { return "", b.err }
func (b broken) Set(string, string) error   { return b.err }
func (b broken) Delete(string) error        { return b.err }

// fixture is a simulated portal and what a command needs to check it.
type fixture struct {
	t         *testing.T
	sim       *simportal.Sim
	keyring   vault.Backend
	listen    string
	way       []string // flags
	webhook   string   // in the environment
	configure func(*transport.Options)
}

func (f *fixture) io(in io.Reader, out, err io.Writer) cli.IO {
	return cli.IO{In: in, Out: out, Err: err, Webhook: secret.New(f.webhook), App: app.Options{Keyring: f.keyring, Listen: f.listen, Transport: f.configure}}
}

var lastPort atomic.Int32

// freeAddress returns a loopback address that nothing else takes until it is listened on: each is returned once, and its port is
// outside the system's ephemeral range.
func freeAddress(t *testing.T) string {
	t.Helper()
	lastPort.CompareAndSwap(0, 20000+rand.Int32N(8000))
	for range 1000 {
		address := fmt.Sprintf("127.0.0.1:%d", lastPort.Add(1))
		if ln, err := net.Listen("tcp", address); err == nil {
			ln.Close()
			return address
		}
	}
	t.Fatal("no free port")
	return ""
}

func newFixture(t *testing.T, faults ...string) *fixture {
	t.Helper()
	return newFixtureWith(t, simportal.Options{Faults: faults})
}

func newFixtureWith(t *testing.T, o simportal.Options) *fixture {
	t.Helper()
	listen := freeAddress(t)
	if o.RedirectURI == "" {
		o.RedirectURI = "http://" + listen + "/callback"
	}
	sim, err := simportal.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	roots := t.TempDir() + "/roots.pem"
	if err := os.WriteFile(roots, sim.RootsPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	f := &fixture{t: t, sim: sim, keyring: &memoryKeyring{entries: map[string]string{}}, listen: listen, way: []string{"--public-roots", roots}}
	for _, place := range sim.ConnectTo() {
		f.way = append(f.way, "--connect-to", place)
	}
	return f
}

// syncBuffer is a buffer for concurrent use.
type syncBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (h *syncBuffer) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.Write(b)
}

func (h *syncBuffer) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.String()
}

// run runs a command that reaches the simulated portal; interact, if given, runs concurrently and may type.
func (f *fixture) run(typed string, interact func(keys io.Writer, stderr *syncBuffer), args ...string) (exit cli.Exit, stdout, stderr string) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 60*time.Second)
	defer cancel()
	in, keys := io.Pipe()
	var out, err syncBuffer
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer keys.Close()
		io.WriteString(keys, typed)
		if interact != nil {
			interact(keys, &err)
		}
	}()
	exit = cli.Run(ctx, "1.2.3", append([]string{"--lang", "en"}, args...), f.io(in, &out, &err))
	in.Close()
	<-done
	return exit, out.String(), err.String()
}

// browse simulates the browser: it opens the address that the command shows and follows the portal's redirect.
func (f *fixture) browse(stderr *syncBuffer) string {
	address := f.shown(stderr)
	if address == "" {
		return ""
	}
	location := f.authorize(address)
	response, err := http.Get(location)
	if err != nil {
		f.t.Errorf("the page where the sign-in ends: %v", err)
		return ""
	}
	defer response.Body.Close()
	page, _ := io.ReadAll(response.Body)
	return string(page)
}

var authorizeAddress = regexp.MustCompile(`https://\S+/oauth/authorize/\S+`)

// shown waits for the sign-in address in the command's output.
func (f *fixture) shown(stderr *syncBuffer) string {
	for start := time.Now(); time.Since(start) < 30*time.Second; time.Sleep(5 * time.Millisecond) {
		if address := authorizeAddress.FindString(stderr.String()); address != "" {
			return address
		}
	}
	f.t.Error("no address was shown")
	return ""
}

// authorize opens the portal's page as a user who is signed in there, and returns the redirect's target.
func (f *fixture) authorize(address string) string {
	location, _ := f.visit(address)
	return location
}

// visit opens the portal's page as a user who is signed in there, and returns the redirect's target and the page.
func (f *fixture) visit(address string) (location, page string) {
	roots, err := transport.ParseRoots(f.sim.RootsPEM())
	if err != nil {
		f.t.Fatal(err)
	}
	way := transport.Options{Roots: transport.Pool(roots)}
	for _, place := range f.sim.ConnectTo() {
		override, err := transport.ParseOverride(place)
		if err != nil {
			f.t.Fatal(err)
		}
		way.ConnectTo = append(way.ConnectTo, override)
	}
	response, err := transport.New(way).HTTPClient().Get(address)
	if err != nil {
		f.t.Errorf("the portal's page: %v", err)
		return "", ""
	}
	defer response.Body.Close()
	shown, _ := io.ReadAll(response.Body)
	return response.Header.Get("Location"), string(shown)
}

func (f *fixture) grant() simportal.Grant { return f.sim.IssueGrant(simportal.TokenValid) }

func (f *fixture) login(args ...string) []string {
	return append(append([]string{"login", f.sim.Host(), "--client-id", f.grant().ClientID, "--no-browser", "--deep"}, f.way...), args...)
}

// TestSignInCheckSignOut signs in, checks with the sign-in, lists and signs out.
func TestSignInCheckSignOut(t *testing.T) {
	f := newFixture(t)
	clientSecret := f.grant().ClientSecret
	page := ""
	exit, out, stderr := f.run(clientSecret+"\n", func(_ io.Writer, stderr *syncBuffer) { page = f.browse(stderr) }, f.login()...)
	if exit != cli.ExitOK || !strings.Contains(out, "Signed in to https://"+f.sim.Host()) || !strings.Contains(page, "You are signed in") && !strings.Contains(page, "Signed in") {
		t.Fatalf("login: exit %d\n%s\n%s\npage: %s", exit, out, stderr, page)
	}
	exit, out, stderr = f.run("", nil, append([]string{"check", f.sim.Host(), "--signed-in", "--format", "json"}, f.way...)...)
	var document struct {
		Verdict string
		Results []struct{ Check, State string }
	}
	if err := json.Unmarshal([]byte(out), &document); err != nil {
		t.Fatalf("check: exit %d: %v\n%s", exit, err, stderr)
	}
	states := map[string]string{}
	for _, r := range document.Results {
		states[r.Check] = r.State
	}
	if exit != cli.ExitOK || document.Verdict != "ready" || states["token-accepted"] != "ok" || states["portal-identity"] != "ok" {
		t.Errorf("check: exit %d, verdict %s, %v", exit, document.Verdict, states)
	}
	for _, r := range f.sim.Log() {
		if r.Server == "portal" && strings.Contains(string(r.Body)+r.RawQuery, clientSecret) {
			t.Errorf("the application's secret went to the portal: %s", r.Path)
		}
	}
	if _, out, _ := f.run("", nil, "accounts"); !strings.Contains(out, f.sim.Host()) || strings.Contains(out, clientSecret) {
		t.Errorf("accounts: %s", out)
	}
	if _, out, _ := f.run("", nil, "accounts", "--format", "json"); !strings.Contains(out, `"sign_in": true`) || strings.Contains(out, clientSecret) {
		t.Errorf("accounts as JSON: %s", out)
	}
	if exit, out, _ := f.run("", nil, "logout", f.sim.Host()); exit != cli.ExitOK || !strings.Contains(out, "Nothing") && !strings.Contains(out, "nothing") {
		t.Errorf("logout: exit %d, %s", exit, out)
	}
	if exit, _, stderr := f.run("", nil, append([]string{"check", f.sim.Host(), "--signed-in"}, f.way...)...); exit != cli.ExitUsage || stderr == "" {
		t.Errorf("check after logout: exit %d, %s", exit, stderr)
	}
}

// slowKeyring saves accounts when it may.
type slowKeyring struct {
	*memoryKeyring
	saving, may chan struct{}
}

func (k *slowKeyring) Set(key, value string) error {
	if strings.HasPrefix(key, "https://") {
		k.saving <- struct{}{}
		<-k.may
	}
	return k.memoryKeyring.Set(key, value)
}

// TestEndDuringRenewal: a signal and a time-out end a check while the authorization server has replaced the refresh token, and the
// new one isn't saved yet.
func TestEndDuringRenewal(t *testing.T) {
	f := newFixture(t)
	if exit, out, stderr := f.run(f.grant().ClientSecret+"\n", func(_ io.Writer, stderr *syncBuffer) { f.browse(stderr) }, f.login()...); exit != cli.ExitOK {
		t.Fatalf("login: exit %d\n%s\n%s", exit, out, stderr)
	}
	saved := f.keyring.(*memoryKeyring)
	check := append([]string{"--lang", "en", "check", f.sim.Host(), "--signed-in"}, f.way...)
	for name, args := range map[string][]string{"signal": check, "time-out": append(slices.Clone(check), "--timeout", "1s")} {
		t.Run(name, func(t *testing.T) {
			slow := &slowKeyring{saved, make(chan struct{}), make(chan struct{})}
			f.keyring = slow
			ctx, cancel := context.WithCancel(t.Context())
			var out, errs syncBuffer
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				cli.Run(ctx, "1.2.3", args, f.io(strings.NewReader(""), &out, &errs))
			}()
			<-slow.saving
			if name == "signal" {
				cancel()
			}
			for !strings.Contains(errs.String(), "The sign-in is being renewed") {
				select {
				case <-ended:
					t.Fatalf("ended before the new token was saved\n%s", errs.String())
				case <-time.After(5 * time.Millisecond):
				}
			}
			close(slow.may)
			<-ended
			cancel()
			f.keyring = saved
			if exit, out, stderr := f.run("", nil, append([]string{"check", f.sim.Host(), "--signed-in"}, f.way...)...); exit != cli.ExitOK {
				t.Errorf("the next check: exit %d\n%s\n%s", exit, out, stderr)
			}
		})
	}
}

// TestWithoutKeyring asserts that a sign-in that can't be saved is used at once, and that other commands report the error.
func TestWithoutKeyring(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.keyring = broken{&vault.Error{Reason: vault.Locked}}
	exit, out, stderr := f.run(f.grant().ClientSecret+"\n", func(_ io.Writer, stderr *syncBuffer) { f.browse(stderr) }, f.login()...)
	if exit != cli.ExitOK || !strings.Contains(out, "Applications will work") || !strings.Contains(stderr, "locked") {
		t.Errorf("login: exit %d\n%s\n%s", exit, out, stderr)
	}
	for _, args := range [][]string{{"accounts"}, {"logout", f.sim.Host()}, {"check", f.sim.Host(), "--signed-in"}} {
		if exit, _, stderr := f.run("", nil, args...); exit != cli.ExitCouldNot || !strings.Contains(stderr, "locked") {
			t.Errorf("%v: exit %d\n%s", args, exit, stderr)
		}
	}
}

// TestPastedCode signs in with a code that the portal shows, and with the whole address that another browser ended on.
func TestPastedCode(t *testing.T) {
	t.Run("the address", func(t *testing.T) {
		f := newFixture(t)
		exit, out, stderr := f.run(f.grant().ClientSecret+"\n", func(keys io.Writer, stderr *syncBuffer) {
			io.WriteString(keys, "rubbish here\n"+f.authorize(f.shown(stderr))+"\n")
		}, f.login()...)
		if exit != cli.ExitOK || !strings.Contains(out, "Signed in") {
			t.Errorf("exit %d\n%s\n%s", exit, out, stderr)
		}
	})
	t.Run("a code, and the region asked for", func(t *testing.T) {
		f := newFixture(t)
		exit, out, stderr := f.run(f.grant().ClientSecret+"\n", func(keys io.Writer, stderr *syncBuffer) {
			location := f.authorize(f.shown(stderr))
			code := regexp.MustCompile(`code=([^&]+)`).FindStringSubmatch(location)[1]
			io.WriteString(keys, code+"\ncis\n")
		}, f.login()...)
		if exit != cli.ExitOK || !strings.Contains(stderr, "Which authorization server") {
			t.Errorf("exit %d\n%s\n%s", exit, out, stderr)
		}
	})
}

// TestSignInRefused asserts that no browser is sent to an unsuitable portal, and that the reason is shown.
func TestSignInRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		faults []string
		typed  string
		change func(*fixture)
		args   func(*fixture) []string
		exit   cli.Exit
		want   string
	}{
		{name: "the certificate doesn't verify", faults: []string{"tls-self-signed"}, exit: cli.ExitProblem, want: "Certificate of the portal"},
		{name: "the portal doesn't see https", faults: []string{"https-not-seen"}, exit: cli.ExitProblem, want: "The portal sees https"},
		{name: "a redirect leads elsewhere", faults: []string{"redirect-other-host-http"}, exit: cli.ExitProblem, want: "Redirects"},
		{name: "no address", args: func(f *fixture) []string { return []string{"login", "http://"} }, exit: cli.ExitUsage},
		{name: "no application", args: func(f *fixture) []string { return []string{"login", f.sim.Host()} }, exit: cli.ExitUsage, want: "127.0.0.1:41924/callback"},
		{name: "the address isn't confirmed", args: func(f *fixture) []string {
			return []string{"login", f.sim.Host(), "--client-id", f.grant().ClientID}
		}, exit: cli.ExitUsage, want: "--deep"},
		{name: "a wrong secret's shape", typed: "••••••••\n", exit: cli.ExitUsage},
		{name: "no secret", typed: "\n", exit: cli.ExitUsage},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t, c.faults...)
			if c.change != nil {
				c.change(f)
			}
			typed := c.typed
			if typed == "" {
				typed = f.grant().ClientSecret + "\n"
			}
			args := f.login()
			if c.args != nil {
				args = c.args(f)
			}
			exit, out, stderr := f.run(typed, nil, args...)
			if exit != c.exit || !strings.Contains(stderr+out, c.want) || authorizeAddress.MatchString(stderr) {
				t.Errorf("exit %d\n%s\n%s", exit, out, stderr)
			}
			for _, r := range f.sim.Log() {
				if strings.HasPrefix(r.Path, "/oauth/authorize") || len(r.Tokens) > 0 {
					t.Errorf("%s of %s was asked", r.Path, r.Server)
				}
			}
		})
	}
}

// TestSignInSaysWhy: the terminal says what the page in the browser says, with the other side's code and words.
func TestSignInSaysWhy(t *testing.T) {
	returned := func(query string) func(*fixture, io.Writer, *syncBuffer) {
		return func(f *fixture, _ io.Writer, stderr *syncBuffer) {
			state, err := url.Parse(f.shown(stderr))
			if err != nil {
				t.Error(err)
				return
			}
			if reply, err := http.Get("http://" + f.listen + "/callback?state=" + state.Query().Get("state") + "&" + query); err == nil {
				reply.Body.Close()
			}
		}
	}
	for name, c := range map[string]struct {
		interact func(*fixture, io.Writer, *syncBuffer)
		args     []string
		want     []string
	}{
		"denied": {returned("error=access_denied&error_description=Nobody+but+Anna"), nil, []string{"refused to let", "access_denied", "Nobody but Anna"}},
		"a secret is quoted": {func(f *fixture, keys io.Writer, stderr *syncBuffer) {
			secret := f.grant().ClientSecret
			returned(url.Values{"error": {secret}, "error_description": {"Nobody knows " + secret}}.Encode())(f, keys, stderr)
		}, nil, []string{"refused to let", "Nobody knows •••"}},
		"another portal": {returned("code=c0de5f1c2d8a1b37&domain=other.example"), nil, []string{"another portal", "other.example"}},
		"no domain":      {returned("code=c0de5f1c2d8a1b37"), nil, []string{"doesn't say which portal"}},
		"unknown server": {func(f *fixture, keys io.Writer, stderr *syncBuffer) {
			returned("code=c0de5f1c2d8a1b37&domain="+f.sim.Host()+"&server_domain=oauth.example")(f, keys, stderr)
		}, nil, []string{"--region"}},
		"pasted": {func(f *fixture, keys io.Writer, stderr *syncBuffer) {
			f.shown(stderr)
			io.WriteString(keys, "https://other.example/callback?code=c0de5f1c2d8a1b37&domain=other.example\n")
		}, []string{"--timeout", "1s"}, []string{"another portal", "other.example"}},
		"another state": {func(f *fixture, _ io.Writer, stderr *syncBuffer) {
			f.shown(stderr)
			for range 2 {
				if reply, err := http.Get("http://" + f.listen + "/callback?state=x&code=c0de5f1c2d8a1b37"); err == nil {
					reply.Body.Close()
				}
			}
		}, []string{"--timeout", "1s"}, []string{"the answer to another attempt", "Nothing has come from the portal yet", "has stopped waiting"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			exit, out, stderr := f.run(f.grant().ClientSecret+"\n", func(keys io.Writer, stderr *syncBuffer) { c.interact(f, keys, stderr) }, f.login(c.args...)...)
			if exit != cli.ExitCouldNot {
				t.Errorf("exit %d", exit)
			}
			if leaks := ways.Leaks([]byte(stderr), nil, f.grant().ClientSecret); leaks != nil {
				t.Errorf("shown of the client secret: %q", leaks)
			}
			for _, want := range c.want {
				if strings.Count(stderr, want) != 1 {
					t.Errorf("%q isn't said once:\n%s\n%s", want, out, stderr)
				}
			}
		})
	}
}

// TestSignInCancelled: whoever presses Ctrl+C is not told about signals.
func TestSignInCancelled(t *testing.T) {
	f := newFixture(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	var out, stderr syncBuffer
	go func() {
		f.shown(&stderr)
		cancel(errors.New("interrupt signal received"))
	}()
	args := append([]string{"--lang", "en"}, f.login()...)
	exit := cli.Run(ctx, "1.2.3", args, f.io(strings.NewReader(f.grant().ClientSecret+"\n"), &out, &stderr))
	if exit != cli.ExitCouldNot || !strings.Contains(stderr.String(), "was cancelled") || strings.Contains(stderr.String(), "signal") {
		t.Errorf("exit %d\n%s", exit, stderr.String())
	}
}

// TestWebhook checks with a webhook from each of its sources.
func TestWebhook(t *testing.T) {
	f := newFixture(t)
	webhook := f.sim.Webhook()
	check := func(typed string, args ...string) (cli.Exit, string, string) {
		return f.run(typed, nil, append(append([]string{"check", f.sim.Host()}, f.way...), args...)...)
	}
	for _, c := range []struct {
		name  string
		typed string
		env   string
		args  []string
		exit  cli.Exit
		want  string
	}{
		{name: "as a flag", args: []string{"--webhook", webhook}, want: "Applications will work"},
		{name: "on standard input", typed: webhook + "\n", args: []string{"--webhook", "-"}, want: "Applications will work"},
		{name: "in the environment", env: webhook, want: "Applications will work"},
		{name: "another portal's", args: []string{"--webhook", "https://other.example/rest/1/abcdefgh12345678/"}, exit: cli.ExitUsage, want: "other.example"},
		{name: "http", args: []string{"--webhook", strings.Replace(webhook, "https", "http", 1)}, exit: cli.ExitUsage, want: "https://"},
		{name: "none", args: []string{"--webhook", "https://" + f.sim.Host()}, exit: cli.ExitUsage},
		{name: "none saved", args: []string{"--webhook", "saved"}, exit: cli.ExitUsage},
	} {
		t.Run(c.name, func(t *testing.T) {
			f.webhook = c.env
			exit, out, stderr := check(c.typed, c.args...)
			if exit != c.exit || !strings.Contains(out+stderr, c.want) {
				t.Errorf("exit %d\n%s\n%s", exit, out, stderr)
			}
			if code := strings.Split(webhook, "/")[5]; strings.Contains(out+stderr, code) {
				t.Error("the webhook's code is shown")
			}
		})
	}
	t.Run("saved", func(t *testing.T) {
		if exit, out, stderr := f.run(webhook+"\n", nil, "accounts", "add-webhook", f.sim.Host()); exit != cli.ExitOK {
			t.Fatalf("exit %d\n%s\n%s", exit, out, stderr)
		}
		if exit, out, stderr := check("", "--webhook", "saved"); exit != cli.ExitOK || !strings.Contains(out, "Applications will work") {
			t.Errorf("exit %d\n%s\n%s", exit, out, stderr)
		}
		if exit, _, _ := f.run("", nil, "logout", f.sim.Host(), "--all"); exit != cli.ExitOK {
			t.Errorf("logout --all: exit %d", exit)
		}
		if exit, _, _ := check("", "--webhook", "saved"); exit != cli.ExitUsage {
			t.Errorf("after logout --all: exit %d", exit)
		}
		if exit, out, stderr := f.run("", nil, "accounts", "add-webhook", webhook); exit != cli.ExitOK || !strings.Contains(out, "is kept in") {
			t.Errorf("given as PORTAL: exit %d\n%s\n%s", exit, out, stderr)
		}
		if exit, _, _ := check("", "--webhook", "saved"); exit != cli.ExitOK {
			t.Errorf("kept from PORTAL: exit %d", exit)
		}
	})
}

// TestBoundToItsServer asserts that a saved sign-in's secrets go to no other authorization server.
func TestBoundToItsServer(t *testing.T) {
	f := newFixture(t)
	if exit, _, stderr := f.run(f.grant().ClientSecret+"\n", func(_ io.Writer, stderr *syncBuffer) { f.browse(stderr) }, f.login()...); exit != cli.ExitOK {
		t.Fatalf("login: exit %d\n%s", exit, stderr)
	}
	before := len(f.sim.Log())
	exit, _, stderr := f.run("", nil, append([]string{"check", f.sim.Host(), "--signed-in", "--auth-server", "https://oauth.bitrix.info"}, f.way...)...)
	if exit != cli.ExitUsage || !strings.Contains(stderr, "oauth.bitrix24.tech") {
		t.Errorf("exit %d, %s", exit, stderr)
	}
	if after := len(f.sim.Log()); after != before {
		t.Errorf("%d requests were made", after-before)
	}
}

func TestSelfTest(t *testing.T) {
	f := newFixture(t)
	for _, c := range []struct {
		name   string
		change func()
		exit   cli.Exit
		want   string
	}{
		{"the keyring works", func() {}, cli.ExitNotice, "no-browser"},
		{"a locked keyring", func() { f.keyring = broken{&vault.Error{Reason: vault.Locked}} }, cli.ExitNotice, "keyring-locked"},
		{"the port is busy", func() {
			ln, err := net.Listen("tcp", f.listen)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { ln.Close() })
		}, cli.ExitProblem, "port-busy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("DISPLAY", "")
			t.Setenv("WAYLAND_DISPLAY", "")
			t.Setenv("BROWSER", "")
			c.change()
			exit, out, stderr := f.run("", nil, append([]string{"selftest", "--format", "json"}, f.way...)...)
			if exit != c.exit || !strings.Contains(out, `"`+c.want+`"`) {
				t.Errorf("exit %d\n%s\n%s", exit, out, stderr)
			}
		})
	}
	if exit, out, stderr := f.run("", nil, append([]string{"selftest"}, f.way...)...); !strings.Contains(out, "You\n") {
		t.Errorf("exit %d\n%s\n%s", exit, out, stderr)
	}
}
