package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"boxready/cli"
	"boxready/internal/app"
	"boxready/internal/secret"
	"boxready/internal/simportal"
	"boxready/internal/transport"
	"boxready/internal/vault"
)

// drawer is a keyring for tests.
type drawer struct {
	mu   sync.Mutex
	held map[string]string
}

func (d *drawer) Get(key string) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	text, ok := d.held[key]
	if !ok {
		return "", vault.ErrNotFound
	}
	return text, nil
}

func (d *drawer) Set(key, value string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.held[key] = value
	return nil
}

func (d *drawer) Delete(key string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.held[key]; !ok {
		return vault.ErrNotFound
	}
	delete(d.held, key)
	return nil
}

// broken is a keyring that fails.
type broken struct{ err error }

func (b broken) Get(string) (string, error) { return "", b.err }
func (b broken) Set(string, string) error   { return b.err }
func (b broken) Delete(string) error        { return b.err }

// desk is a person at a terminal in front of a simulated portal.
type desk struct {
	t       *testing.T
	sim     *simportal.Sim
	keyring vault.Backend
	listen  string
	way     []string // flags
	webhook string   // in the environment
	leave   func(*transport.Options)
}

func (d *desk) io(in io.Reader, out, err io.Writer) cli.IO {
	return cli.IO{In: in, Out: out, Err: err, Webhook: secret.New(d.webhook), App: app.Options{Keyring: d.keyring, Listen: d.listen, Transport: d.leave}}
}

var lastPort atomic.Int32

// freeAddress is a loopback address that nothing else takes until it is listened on: each is given out once, and none is
// among those that the system hands out by itself.
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

func newDesk(t *testing.T, faults ...string) *desk {
	t.Helper()
	return newDeskAt(t, simportal.Options{Faults: faults})
}

func newDeskAt(t *testing.T, o simportal.Options) *desk {
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
	d := &desk{t: t, sim: sim, keyring: &drawer{held: map[string]string{}}, listen: listen, way: []string{"--public-roots", roots}}
	for _, place := range sim.ConnectTo() {
		d.way = append(d.way, "--connect-to", place)
	}
	return d
}

// heard is what a command said.
type heard struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (h *heard) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.Write(b)
}

func (h *heard) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.String()
}

// run runs a command that reaches the simulated portal; meanwhile, if given, goes on beside it and may type.
func (d *desk) run(typed string, meanwhile func(type_ io.Writer, said *heard), args ...string) (exit cli.Exit, stdout, stderr string) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), 60*time.Second)
	defer cancel()
	in, keys := io.Pipe()
	var out, err heard
	beside := make(chan struct{})
	go func() {
		defer close(beside)
		defer keys.Close()
		io.WriteString(keys, typed)
		if meanwhile != nil {
			meanwhile(keys, &err)
		}
	}()
	exit = cli.Run(ctx, "1.2.3", append([]string{"--lang", "en"}, args...), d.io(in, &out, &err))
	in.Close()
	<-beside
	return exit, out.String(), err.String()
}

// browse plays the browser: it opens the address that the command shows and follows the portal's redirect.
func (d *desk) browse(said *heard) string {
	address := d.shown(said)
	if address == "" {
		return ""
	}
	location := d.authorize(address)
	response, err := http.Get(location)
	if err != nil {
		d.t.Errorf("the page where the sign-in ends: %v", err)
		return ""
	}
	defer response.Body.Close()
	page, _ := io.ReadAll(response.Body)
	return string(page)
}

var authorizeAddress = regexp.MustCompile(`https://\S+/oauth/authorize/\S+`)

func (d *desk) shown(said *heard) string {
	for start := time.Now(); time.Since(start) < 30*time.Second; time.Sleep(5 * time.Millisecond) {
		if address := authorizeAddress.FindString(said.String()); address != "" {
			return address
		}
	}
	d.t.Error("no address was shown")
	return ""
}

// authorize opens the portal's page as a user who is signed in there, and returns where it leads.
func (d *desk) authorize(address string) string {
	location, _ := d.visit(address)
	return location
}

// visit opens the portal's page as a user who is signed in there, and returns where it leads, and what it shows.
func (d *desk) visit(address string) (location, page string) {
	roots, err := transport.ParseRoots(d.sim.RootsPEM())
	if err != nil {
		d.t.Fatal(err)
	}
	way := transport.Options{Roots: transport.Pool(roots)}
	for _, place := range d.sim.ConnectTo() {
		override, err := transport.ParseOverride(place)
		if err != nil {
			d.t.Fatal(err)
		}
		way.ConnectTo = append(way.ConnectTo, override)
	}
	response, err := transport.New(way).HTTPClient().Get(address)
	if err != nil {
		d.t.Errorf("the portal's page: %v", err)
		return "", ""
	}
	defer response.Body.Close()
	shown, _ := io.ReadAll(response.Body)
	return response.Header.Get("Location"), string(shown)
}

func (d *desk) grant() simportal.Grant { return d.sim.IssueGrant(simportal.TokenValid) }

func (d *desk) login(args ...string) []string {
	return append(append([]string{"login", d.sim.Host(), "--client-id", d.grant().ClientID, "--no-browser", "--deep"}, d.way...), args...)
}

// TestSignInCheckSignOut goes the whole way: sign in, check with the sign-in, list, sign out.
func TestSignInCheckSignOut(t *testing.T) {
	d := newDesk(t)
	clientSecret := d.grant().ClientSecret
	page := ""
	exit, out, stderr := d.run(clientSecret+"\n", func(_ io.Writer, said *heard) { page = d.browse(said) }, d.login()...)
	if exit != cli.ExitOK || !strings.Contains(out, "Signed in to https://"+d.sim.Host()) || !strings.Contains(page, "You are signed in") && !strings.Contains(page, "Signed in") {
		t.Fatalf("login: exit %d\n%s\n%s\npage: %s", exit, out, stderr, page)
	}
	exit, out, stderr = d.run("", nil, append([]string{"check", d.sim.Host(), "--signed-in", "--format", "json"}, d.way...)...)
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
	for _, r := range d.sim.Log() {
		if r.Server == "portal" && strings.Contains(string(r.Body)+r.RawQuery, clientSecret) {
			t.Errorf("the application's secret went to the portal: %s", r.Path)
		}
	}
	if _, out, _ := d.run("", nil, "accounts"); !strings.Contains(out, d.sim.Host()) || strings.Contains(out, clientSecret) {
		t.Errorf("accounts: %s", out)
	}
	if _, out, _ := d.run("", nil, "accounts", "--format", "json"); !strings.Contains(out, `"sign_in": true`) || strings.Contains(out, clientSecret) {
		t.Errorf("accounts as JSON: %s", out)
	}
	if exit, out, _ := d.run("", nil, "logout", d.sim.Host()); exit != cli.ExitOK || !strings.Contains(out, "Nothing") && !strings.Contains(out, "nothing") {
		t.Errorf("logout: exit %d, %s", exit, out)
	}
	if exit, _, stderr := d.run("", nil, append([]string{"check", d.sim.Host(), "--signed-in"}, d.way...)...); exit != cli.ExitUsage || stderr == "" {
		t.Errorf("check after logout: exit %d, %s", exit, stderr)
	}
}

// TestWithoutKeyring asserts that a sign-in that can't be kept is used at once, and what other commands say.
func TestWithoutKeyring(t *testing.T) {
	d := newDesk(t)
	d.keyring = broken{&vault.Error{Reason: vault.Locked}}
	exit, out, stderr := d.run(d.grant().ClientSecret+"\n", func(_ io.Writer, said *heard) { d.browse(said) }, d.login()...)
	if exit != cli.ExitOK || !strings.Contains(out, "Applications will work") || !strings.Contains(stderr, "locked") {
		t.Errorf("login: exit %d\n%s\n%s", exit, out, stderr)
	}
	for _, args := range [][]string{{"accounts"}, {"logout", d.sim.Host()}, {"check", d.sim.Host(), "--signed-in"}} {
		if exit, _, stderr := d.run("", nil, args...); exit != cli.ExitCouldNot || !strings.Contains(stderr, "locked") {
			t.Errorf("%v: exit %d\n%s", args, exit, stderr)
		}
	}
}

// TestPastedCode signs in with a code that the portal shows, and with the whole address that another browser ended on.
func TestPastedCode(t *testing.T) {
	t.Run("the address", func(t *testing.T) {
		d := newDesk(t)
		exit, out, stderr := d.run(d.grant().ClientSecret+"\n", func(keys io.Writer, said *heard) {
			io.WriteString(keys, "rubbish here\n"+d.authorize(d.shown(said))+"\n")
		}, d.login()...)
		if exit != cli.ExitOK || !strings.Contains(out, "Signed in") {
			t.Errorf("exit %d\n%s\n%s", exit, out, stderr)
		}
	})
	t.Run("a code, and the region asked for", func(t *testing.T) {
		d := newDesk(t)
		exit, out, stderr := d.run(d.grant().ClientSecret+"\n", func(keys io.Writer, said *heard) {
			location := d.authorize(d.shown(said))
			code := regexp.MustCompile(`code=([^&]+)`).FindStringSubmatch(location)[1]
			io.WriteString(keys, code+"\ncis\n")
		}, d.login()...)
		if exit != cli.ExitOK || !strings.Contains(stderr, "Which authorization server") {
			t.Errorf("exit %d\n%s\n%s", exit, out, stderr)
		}
	})
}

// TestNobodySignsIn asserts that no browser is sent to a portal that isn't fit for it, and what the refusals say.
func TestNobodySignsIn(t *testing.T) {
	for _, c := range []struct {
		name   string
		faults []string
		typed  string
		change func(*desk)
		args   func(*desk) []string
		exit   cli.Exit
		want   string
	}{
		{name: "the certificate doesn't verify", faults: []string{"tls-self-signed"}, exit: cli.ExitProblem, want: "Certificate of the portal"},
		{name: "the portal doesn't see https", faults: []string{"https-not-seen"}, exit: cli.ExitProblem, want: "The portal sees https"},
		{name: "a redirect leads elsewhere", faults: []string{"redirect-other-host-http"}, exit: cli.ExitProblem, want: "Redirects"},
		{name: "no address", args: func(d *desk) []string { return []string{"login", "http://"} }, exit: cli.ExitUsage},
		{name: "no application", args: func(d *desk) []string { return []string{"login", d.sim.Host()} }, exit: cli.ExitUsage, want: "127.0.0.1:41924/callback"},
		{name: "the address isn't confirmed", args: func(d *desk) []string {
			return []string{"login", d.sim.Host(), "--client-id", d.grant().ClientID}
		}, exit: cli.ExitUsage, want: "--deep"},
		{name: "a wrong secret's shape", typed: "••••••••\n", exit: cli.ExitUsage},
		{name: "no secret", typed: "\n", exit: cli.ExitUsage},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(t, c.faults...)
			if c.change != nil {
				c.change(d)
			}
			typed := c.typed
			if typed == "" {
				typed = d.grant().ClientSecret + "\n"
			}
			args := d.login()
			if c.args != nil {
				args = c.args(d)
			}
			exit, out, stderr := d.run(typed, nil, args...)
			if exit != c.exit || !strings.Contains(stderr+out, c.want) || authorizeAddress.MatchString(stderr) {
				t.Errorf("exit %d\n%s\n%s", exit, out, stderr)
			}
			for _, r := range d.sim.Log() {
				if strings.HasPrefix(r.Path, "/oauth/authorize") || len(r.Tokens) > 0 {
					t.Errorf("%s of %s was asked", r.Path, r.Server)
				}
			}
		})
	}
}

// TestWebhook checks with a webhook from each place where it may stand.
func TestWebhook(t *testing.T) {
	d := newDesk(t)
	webhook := d.sim.Webhook()
	check := func(typed string, args ...string) (cli.Exit, string, string) {
		return d.run(typed, nil, append(append([]string{"check", d.sim.Host()}, d.way...), args...)...)
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
		{name: "none", args: []string{"--webhook", "https://" + d.sim.Host()}, exit: cli.ExitUsage},
		{name: "none saved", args: []string{"--webhook", "saved"}, exit: cli.ExitUsage},
	} {
		t.Run(c.name, func(t *testing.T) {
			d.webhook = c.env
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
		if exit, out, stderr := d.run(webhook+"\n", nil, "accounts", "add-webhook", d.sim.Host()); exit != cli.ExitOK {
			t.Fatalf("exit %d\n%s\n%s", exit, out, stderr)
		}
		if exit, out, stderr := check("", "--webhook", "saved"); exit != cli.ExitOK || !strings.Contains(out, "Applications will work") {
			t.Errorf("exit %d\n%s\n%s", exit, out, stderr)
		}
		if exit, _, _ := d.run("", nil, "logout", d.sim.Host(), "--all"); exit != cli.ExitOK {
			t.Errorf("logout --all: exit %d", exit)
		}
		if exit, _, _ := check("", "--webhook", "saved"); exit != cli.ExitUsage {
			t.Errorf("after logout --all: exit %d", exit)
		}
	})
}

// TestBoundToItsServer asserts that a saved sign-in's secrets go to no other authorization server.
func TestBoundToItsServer(t *testing.T) {
	d := newDesk(t)
	if exit, _, stderr := d.run(d.grant().ClientSecret+"\n", func(_ io.Writer, said *heard) { d.browse(said) }, d.login()...); exit != cli.ExitOK {
		t.Fatalf("login: exit %d\n%s", exit, stderr)
	}
	before := len(d.sim.Log())
	exit, _, stderr := d.run("", nil, append([]string{"check", d.sim.Host(), "--signed-in", "--auth-server", "https://oauth.bitrix.info"}, d.way...)...)
	if exit != cli.ExitUsage || !strings.Contains(stderr, "oauth.bitrix24.tech") {
		t.Errorf("exit %d, %s", exit, stderr)
	}
	if after := len(d.sim.Log()); after != before {
		t.Errorf("%d requests were made", after-before)
	}
}

func TestSelfTest(t *testing.T) {
	d := newDesk(t)
	for _, c := range []struct {
		name   string
		change func()
		exit   cli.Exit
		want   string
	}{
		{"the keyring works", func() {}, cli.ExitNotice, "no-browser"},
		{"a locked keyring", func() { d.keyring = broken{&vault.Error{Reason: vault.Locked}} }, cli.ExitNotice, "keyring-locked"},
		{"the port is busy", func() {
			ln, err := net.Listen("tcp", d.listen)
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
			exit, out, stderr := d.run("", nil, append([]string{"selftest", "--format", "json"}, d.way...)...)
			if exit != c.exit || !strings.Contains(out, `"`+c.want+`"`) {
				t.Errorf("exit %d\n%s\n%s", exit, out, stderr)
			}
		})
	}
	if exit, out, stderr := d.run("", nil, append([]string{"selftest"}, d.way...)...); !strings.Contains(out, "You, at this computer") {
		t.Errorf("exit %d\n%s\n%s", exit, out, stderr)
	}
}
