package cli_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"index/suffixarray"
	"io"
	"io/fs"
	"log"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"boxready/cli"
	"boxready/internal/portal"
	"boxready/internal/receiver/server"
	"boxready/internal/secret"
	"boxready/internal/simportal"
	"boxready/internal/simtest"
	"boxready/internal/transport"
	"boxready/internal/vault"
	"boxready/oauthflow"
)

// canary collects every secret of a simulated portal and all output of BoxReady, to search the output for the secrets.
// It shares no code with package secret, so that both can't be wrong in the same way.
type canary struct {
	mu      sync.Mutex
	secrets []string
	records []recordedOutput
}

// recordedOutput is one output of BoxReady and its source.
type recordedOutput struct {
	source string
	data   []byte
}

func (c *canary) addSecrets(secrets ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.secrets = append(c.secrets, secrets...)
}

func (c *canary) record(source string, data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.records = append(c.records, recordedOutput{source, data})
}

// recordFiles records every file below the folders, and the content of archives.
func (c *canary) recordFiles(t *testing.T, folders ...string) {
	t.Helper()
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // another test's, which has ended
			}
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			c.record("the name of a file", []byte(path))
			data, err := os.ReadFile(path)
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil {
				return err
			}
			c.record(path, data)
			archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
			if err != nil {
				return nil // it is none
			}
			for _, f := range archive.File {
				inside, err := f.Open()
				if err != nil {
					return err
				}
				data, err := io.ReadAll(inside)
				if err != nil {
					return err
				}
				c.record(path+"/"+f.Name, data)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

var whiteSpace = regexp.MustCompile(`\s+`)

// leaks returns where a secret was output, whole or in halves, in any encoding.
func (c *canary) leaks() (leaks []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	patterns := map[string]string{}
	for _, s := range c.secrets {
		for encoding, encoded := range encodings(s) {
			patterns[encoded] = encoding
		}
	}
	for _, s := range c.records {
		for _, text := range [][]byte{s.data, whiteSpace.ReplaceAll(s.data, nil)} {
			index := suffixarray.New(text)
			for pattern, encoding := range patterns {
				for _, at := range index.Lookup([]byte(pattern), 1) {
					leaks = append(leaks, fmt.Sprintf("%s: a secret (%s) in …%q…", s.source, encoding, text[max(at-80, 0):min(at+len(pattern)+20, len(text))]))
				}
			}
		}
	}
	return leaks
}

func (c *canary) assertNoLeaks(t *testing.T) {
	t.Helper()
	if len(c.secrets) == 0 {
		t.Fatal("there is no secret to look for")
	}
	for _, leak := range c.leaks() {
		t.Error(leak)
	}
}

// minPart is the length from which a part of a secret counts as leaked.
const minPart = 12

// encodings returns a secret and its halves in every encoding, by the encoding's name.
func encodings(s string) map[string]string {
	all := map[string]string{}
	for part, text := range map[string]string{"whole": s, "first half": s[:len(s)/2], "second half": s[len(s)/2:]} {
		if len(text) < minPart {
			continue
		}
		add := func(encoding, encoded string) { all[part+", "+encoding] = encoded }
		add("plain", text)
		add("query", url.QueryEscape(text))
		add("path", url.PathEscape(text))
		add("query twice", url.QueryEscape(url.QueryEscape(text)))
		add("hexadecimal", hex.EncodeToString([]byte(text)))
		add("HEXADECIMAL", strings.ToUpper(hex.EncodeToString([]byte(text))))
		quoted, _ := json.Marshal(text)
		inside := string(quoted[1 : len(quoted)-1])
		add("JSON", inside)
		add("JSON of PHP", strings.ReplaceAll(inside, "/", `\/`))
		add("JSON, no HTML", strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(inside))
		add("Go", strings.Trim(fmt.Sprintf("%q", text), `"`))
		// Whatever offset it has in the encoded data, one of these is contained unchanged.
		for skip := range 3 {
			groups := text[skip : skip+(len(text)-skip)/3*3]
			add(fmt.Sprint("base64 from byte ", skip), base64.StdEncoding.EncodeToString([]byte(groups)))
			add(fmt.Sprint("base64 for URLs from byte ", skip), base64.URLEncoding.EncodeToString([]byte(groups)))
		}
	}
	return all
}

// TestLeaksAreDetected asserts that the search finds a secret in every encoding.
func TestLeaksAreDetected(t *testing.T) {
	secret := oddToken()
	detects := func(record func(*canary)) bool {
		c := &canary{}
		c.addSecrets(secret)
		record(c)
		return len(c.leaks()) > 0
	}
	quoted, _ := json.Marshal(map[string]string{"access_token": secret})
	texts := map[string]string{
		"plain":                 "token " + secret + ".",
		"first half":            secret[:len(secret)/2] + "…",
		"second half":           "…" + secret[len(secret)/2:],
		"wrapped":               secret[:20] + "\n    " + secret[20:],
		"query":                 "?" + url.Values{"code": {secret}}.Encode(),
		"query in a query":      url.QueryEscape("https://x/?" + url.Values{"code": {secret}}.Encode()),
		"path":                  "/rest/1/" + url.PathEscape(secret) + "/",
		"JSON":                  string(quoted),
		"Go":                    fmt.Sprintf("%#v", struct{ Token string }{secret}),
		"base64":                base64.StdEncoding.EncodeToString([]byte(secret)),
		"base64, after a byte":  base64.StdEncoding.EncodeToString([]byte("x" + secret + "yz")),
		"base64, after 2 bytes": base64.RawURLEncoding.EncodeToString([]byte("xy" + secret + "z")),
		"hexadecimal":           fmt.Sprintf("%x", secret),
	}
	for name, text := range texts {
		if !detects(func(c *canary) { c.record("a text", []byte(text)) }) {
			t.Errorf("%s: not found in %s", name, text)
		}
	}
	if detects(func(c *canary) { c.record("a text", []byte(hexToken()+oddToken())) }) {
		t.Error("another token is taken for it")
	}
	var archive bytes.Buffer
	packed := zip.NewWriter(&archive)
	inside, err := packed.Create("inside")
	if err == nil {
		_, err = io.WriteString(inside, strings.Repeat("x", 1000)+secret)
	}
	if err := errors.Join(err, packed.Close()); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"file": []byte(secret), "archive": archive.Bytes(), strings.ReplaceAll(secret, "/", "_"): nil} {
		folder := filepath.Join(t.TempDir(), "deep")
		if err := errors.Join(os.Mkdir(folder, 0o700), os.WriteFile(filepath.Join(folder, name), content, 0o600)); err != nil {
			t.Fatal(err)
		}
		if !detects(func(c *canary) { c.recordFiles(t, filepath.Dir(folder)) }) && !strings.Contains(secret, "/") {
			t.Errorf("not found in %s", name)
		}
	}
}

// hexToken is a token as Bitrix24 makes them, oddToken one of characters that RFC 6749 allows and that have to be written
// differently nearly everywhere.
func hexToken() string {
	b := make([]byte, 35)
	for i := range b {
		b[i] = byte(rand.Uint32())
	}
	return hex.EncodeToString(b)
}

func oddToken() string {
	const plain, odd = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", `+/=%&"<>\~'#?.;:`
	var s strings.Builder
	for i := range 70 {
		if i%4 == 2 {
			s.WriteByte(odd[rand.IntN(len(odd))])
		} else {
			s.WriteByte(plain[rand.IntN(len(plain))])
		}
	}
	return s.String()
}

// observed is a fixture whose output is recorded.
type observed struct {
	*fixture
	*canary
	fault    simportal.Fault
	folder   string     // for its files
	received syncBuffer // log of the receiver
}

func newObserved(t *testing.T, fault simportal.Fault, token func() string, change ...func(*simportal.Options)) *observed {
	t.Helper()
	o := &observed{canary: &canary{}, fault: fault, folder: t.TempDir()}
	options := simportal.Options{Token: func() string {
		s := token()
		o.addSecrets(s)
		return s
	}}
	if fault.Name != "" {
		options.Faults = []string{fault.Name}
	}
	scale := simtest.Shorten(&options)
	events, err := server.New(server.Options{Public: "https://" + simportal.HandlerHost, Log: slog.New(slog.NewTextHandler(&o.received, nil))})
	if err != nil {
		t.Fatal(err)
	}
	options.Handler = events
	for _, change := range change {
		change(&options)
	}
	o.fixture = newFixtureWith(t, options)
	o.addSecrets(o.grant().ClientSecret, strings.Split(o.sim.Webhook(), "/")[5])
	if slices.Contains(fault.With, "dns") || slices.Contains(fault.With, "proxy") {
		o.way = o.way[:2] // the roots
	}
	if slices.Contains(fault.With, "dns") {
		for _, place := range o.sim.ConnectToByAddress() {
			o.way = append(o.way, "--connect-to", place)
		}
	}
	if slices.Contains(fault.With, "region") {
		o.way = append(o.way, "--region", fault.Name[strings.LastIndex(fault.Name, "-")+1:])
	}
	o.configure = func(way *transport.Options) {
		way.PaceWindow, way.TimeoutScale = 200*time.Millisecond, scale
		if scale == 1 {
			way.TimeoutScale = 4 // no time-out is wanted, on however busy a machine
		}
		way.Proxy = nil
		switch {
		case slices.Contains(fault.With, "dns"):
			way.Resolver = o.sim.Resolver()
		case slices.Contains(fault.With, "proxy"):
			proxy, err := url.Parse(o.sim.Proxy())
			way.Proxy = func(*url.URL) (*url.URL, error) { return proxy, err }
		}
	}
	return o
}

// hangs is when a command is taken to hang, on however busy a machine.
const hangs = 10 * time.Minute

// run runs a command until it ends; interact, if given, runs concurrently and may type or cancel it.
func (o *observed) run(typed string, interact func(ctx context.Context, stop func(), keys io.Writer, stderr *syncBuffer), args ...string) cli.Exit {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(o.t.Context(), hangs)
	defer cancel()
	ended, end := context.WithCancel(ctx)
	in, keys := io.Pipe()
	var out, err syncBuffer
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer keys.Close()
		io.WriteString(keys, typed)
		if interact != nil {
			interact(ended, cancel, keys, &err)
		}
	}()
	exit := cli.Run(ctx, "1.2.3", args, o.io(in, &out, &err))
	end()
	in.Close()
	<-done
	for name, buffer := range map[string]*syncBuffer{"output": &out, "errors": &err} {
		o.record(fmt.Sprintf("%s of %s", name, args[0]), []byte(buffer.String()))
	}
	return exit
}

var codeBox = regexp.MustCompile(`Application ID</p><h1>(.+)</h1>`)

// browserClient has a short timeout: the port may belong to another test by now.
var browserClient = http.Client{Timeout: 10 * time.Second}

// signIn simulates the user: opens the page that the command shows and follows the portal's redirect, pastes a code that it shows
// or an address that doesn't open, and cancels if neither works.
func (o *observed) signIn(ctx context.Context, stop func(), keys io.Writer, stderr *syncBuffer) {
	defer stop()
	address := ""
	for address == "" {
		select {
		case <-ctx.Done():
			return // no page was shown
		case <-time.After(2 * time.Millisecond):
			address = authorizeAddress.FindString(stderr.String())
		}
	}
	location, page := o.visit(address)
	var pasted []string
	accepted := false
	if box := codeBox.FindStringSubmatch(page); box != nil {
		pasted = []string{"rubbish", box[1], "cis"}
	}
	if strings.HasPrefix(location, "http://127.0.0.1") {
		pasted = []string{location} // in case that another test has the port by now
		// A request with another state comes first, and a reload of the page last.
		for _, visited := range []string{regexp.MustCompile(`state=[^&]*`).ReplaceAllString(location, "state=x"), location, location} {
			response, err := browserClient.Get(visited)
			if err != nil {
				continue
			}
			accepted = accepted || visited == location && response.StatusCode == http.StatusOK
			page, _ := io.ReadAll(response.Body)
			response.Body.Close()
			o.record("the page where the sign-in ends", page)
		}
	}
	for _, line := range pasted {
		if accepted {
			break
		}
		shown := len(stderr.String())
		// The command reads the second empty line after it took the first one, so after it dealt with the line before them.
		for _, typed := range []string{line, "", ""} {
			io.WriteString(keys, typed+"\n")
		}
		accepted = len(stderr.String()) == shown // a refusal is explained
	}
	if accepted {
		<-ctx.Done() // what was accepted leads to an end
	}
}

// saveAccount saves a sign-in, whether or not the attempt succeeded.
func (o *observed) saveAccount() {
	o.t.Helper()
	address, err := portal.ParseAddress(o.sim.Host())
	if err != nil {
		o.t.Fatal(err)
	}
	grant := o.grant()
	accounts := oauthflow.NewAccounts(vault.NewKeyring(vault.Options{Backend: o.keyring}), "")
	err = accounts.SaveSignIn(o.t.Context(), address, oauthflow.App{ClientID: grant.ClientID, ClientSecret: secret.New(grant.ClientSecret)},
		oauthflow.Token{Access: secret.New(grant.AccessToken), Refresh: secret.New(grant.RefreshToken), Expires: grant.Expires, RefreshIssued: time.Now(),
			MemberID: grant.MemberID, UserID: grant.UserID, Server: strings.TrimSuffix(grant.ServerEndpoint, "/rest/")})
	if err != nil {
		o.t.Fatal(err)
	}
}

// writeRequirements writes a file with the requirements of all faults' applications.
func writeRequirements(t *testing.T) string {
	t.Helper()
	lists := map[string][]string{}
	for _, fault := range simportal.Faults() {
		for _, need := range fault.Needs {
			kind, name, _ := strings.Cut(need, ":")
			if name, atLeast, _ := strings.Cut(name, ">="); kind == "module" && atLeast != "" {
				lists[kind] = append(lists[kind], fmt.Sprintf("%s: %q", name, ">="+atLeast))
			} else if kind != "module" {
				lists[kind] = append(lists[kind], name)
			}
		}
	}
	list := func(kind string) string {
		slices.Sort(lists[kind])
		return strings.Join(slices.Compact(lists[kind]), ", ")
	}
	path := filepath.Join(t.TempDir(), "canary.boxready.yaml")
	text := fmt.Sprintf("boxready: 1\napplication: {name: Canary, vendor: Canary}\nscopes: [%s]\nmethods: [%s]\nevents: [%s]\nmodules: {%s}\n",
		list("scope"), list("method"), list("event"), list("module"))
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// runCommands runs every command that uses secrets. turn chooses the output formats.
func (o *observed) runCommands(turn int, requires string) {
	o.t.Helper()
	lang := []string{"en", "ru"}[turn/2%2]
	exit := o.run(o.grant().ClientSecret+"\n", o.signIn, append([]string{"login", o.sim.Host(), "--lang", lang, "--client-id", o.grant().ClientID, "--no-browser", "--deep"},
		o.way...)...)
	if exit != cli.ExitOK && o.fault.Name == "" {
		o.t.Errorf("login: exit %d\n%s", exit, o.records[len(o.records)-1].data)
	}
	o.saveAccount()
	o.run(o.sim.Webhook()+"\n", nil, "accounts", "add-webhook", o.sim.Host(), "--lang", lang)

	timeout := hangs
	if simtest.EventLost(o.fault.Name) {
		timeout = 20 * time.Second // the run would wait two minutes for the event
	}
	check := append([]string{"check", o.sim.Host(), "--lang", lang, "--signed-in", "--webhook", "saved", "--event-test", "--receiver", "https://" + simportal.HandlerHost, "--deep", "--content-filter", "--public-dns",
		"--requires", requires, "--timeout", timeout.String(), "--format", []string{"text", "json", "jsonl"}[turn%3],
		"--report", filepath.Join(o.folder, "report."+[]string{"zip", "html", "json", "txt"}[turn%4])}, o.way...)
	if turn%2 == 0 {
		check = append(check, "-v")
	}
	if turn/4%2 == 0 {
		check = append(check, "--hide-names")
	}
	if slices.Contains(o.fault.With, "as-application") {
		check = append(check, "--as-application")
	}
	if exit := o.run("", nil, check...); exit == cli.ExitUsage || exit == cli.ExitCouldNot {
		o.t.Errorf("check: exit %d\n%s", exit, o.records[len(o.records)-1].data)
	}
	o.assertValid(turn)
	o.run("", nil, append([]string{"selftest", "-v", "--lang", lang}, o.way...)...)
	o.run("", nil, "accounts", "--lang", lang)
	o.run("", nil, "accounts", "--format", "json")
	o.run("", nil, "logout", o.sim.Host(), "--all", "--lang", lang)
	if d, ok := o.keyring.(*memoryKeyring); ok && len(d.entries) > 0 {
		o.t.Errorf("%d entries are left in the keyring", len(d.entries))
	}
	o.recordFiles(o.t, o.folder)
	if received := o.received.String(); o.fault.Name == "" && !strings.Contains(received, "event arrived") {
		o.t.Errorf("no event came to the receiver: %s", received)
	}
	o.record("log of the receiver", []byte(o.received.String()))
	o.assertNoLeaks(o.t)
}

// assertValid asserts that the output of check and the report match the JSON Schema.
func (o *observed) assertValid(turn int) {
	o.t.Helper()
	document, result, summary, err := schemas()
	if err != nil {
		o.t.Fatal(err)
	}
	i := slices.IndexFunc(o.records, func(s recordedOutput) bool { return s.source == "output of check" })
	out := o.records[i].data
	switch turn % 3 {
	case 1:
		err = validate(document, out)
	case 2:
		lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
		for i, line := range lines {
			schema := result
			if i == len(lines)-1 {
				schema = summary
			}
			err = errors.Join(err, validate(schema, line))
		}
	}
	report, readErr := os.ReadFile(filepath.Join(o.folder, "report.json"))
	if turn%4 == 2 {
		err = errors.Join(err, readErr, validate(document, report))
	}
	if err != nil {
		o.t.Error(err)
	}
	if files, _ := os.ReadDir(o.folder); len(files) != 1 {
		o.t.Errorf("%d reports", len(files))
	}
}

// TestSecretsStayInTheKeyring signs in, checks, lists and signs out on a healthy portal in every output format, and on portals
// with every fault, and searches all output for every secret.
func TestSecretsStayInTheKeyring(t *testing.T) {
	home := t.TempDir()
	for _, name := range []string{"HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "TMPDIR",
		"USERPROFILE", "APPDATA", "LOCALAPPDATA", "TMP"} {
		folder := filepath.Join(home, name)
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		t.Setenv(name, folder)
	}
	work := filepath.Join(home, "work")
	if err := os.Mkdir(work, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(work)
	requires := writeRequirements(t)
	all := &canary{}
	var logged syncBuffer
	before := log.Writer()
	log.SetOutput(&logged)
	t.Cleanup(func() { // after all of the portals
		log.SetOutput(before)
		all.recordFiles(t, home) // there should be none
		all.assertNoLeaks(t)
		// Only net/http's message about an unsolicited response is expected; main discards it.
		for line := range strings.Lines(logged.String()) {
			if !strings.Contains(line, "Unsolicited response received on idle HTTP channel") {
				t.Errorf("logged: %s", line)
			}
		}
	})
	runFault := func(name string, fault simportal.Fault, turn int) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token := hexToken
			if turn%2 == 1 {
				token = oddToken
			}
			o := newObserved(t, fault, token)
			o.runCommands(turn, requires)
			all.addSecrets(o.secrets...)
		})
	}
	for _, waits := range []bool{true, false} { // what waits longest starts first
		for i, fault := range simportal.Faults() {
			if simtest.EventLost(fault.Name) == waits {
				runFault(fault.Name, fault, i)
			}
		}
	}
	for turn := range 24 { // every combination
		runFault(fmt.Sprint("healthy/", turn), simportal.Fault{}, turn)
	}
}

// leaky is a keyring whose errors or panics contain the value.
type leaky struct {
	*memoryKeyring
	panics bool
}

func (l leaky) Set(key, value string) error {
	if strings.Contains(key, "self-test") {
		return l.memoryKeyring.Set(key, value)
	}
	if l.panics {
		panic("can't keep " + value)
	}
	return fmt.Errorf("can't keep %s", value)
}

// TestKeyringErrorsWithSecrets asserts that errors and panics of a keyring's library aren't shown.
func TestKeyringErrorsWithSecrets(t *testing.T) {
	for _, panics := range []bool{false, true} {
		t.Run(fmt.Sprint("panics: ", panics), func(t *testing.T) {
			t.Parallel()
			o := newObserved(t, simportal.Fault{}, hexToken)
			o.saveAccount()
			kept := o.keyring.(*memoryKeyring)
			o.keyring = leaky{kept, panics}
			o.run(o.grant().ClientSecret+"\n", o.signIn, append([]string{"login", o.sim.Host(), "--client-id", o.grant().ClientID, "--no-browser", "--deep"}, o.way...)...)
			o.run("", nil, append([]string{"check", o.sim.Host(), "--signed-in", "-v", "--report", filepath.Join(o.folder, "report.zip")}, o.way...)...)
			o.run(o.sim.Webhook()+"\n", nil, "accounts", "add-webhook", o.sim.Host())
			o.recordFiles(t, o.folder)
			o.assertNoLeaks(t)
		})
	}
}

// TestSecretsInMemory asserts that no secret leaks where there is no keyring, and the sign-in is used at once.
func TestSecretsInMemory(t *testing.T) {
	t.Parallel()
	o := newObserved(t, simportal.Fault{}, oddToken)
	o.keyring = broken{&vault.Error{Reason: vault.Absent}}
	exit := o.run(o.grant().ClientSecret+"\n", o.signIn, append([]string{"login", o.sim.Host(), "--client-id", o.grant().ClientID, "--no-browser", "--deep"}, o.way...)...)
	if exit != cli.ExitOK {
		t.Errorf("exit %d", exit)
	}
	o.assertNoLeaks(t)
}

// TestMistypedSecrets asserts that a secret in the wrong place of a command line isn't repeated.
func TestMistypedSecrets(t *testing.T) {
	o := newObserved(t, simportal.Fault{}, hexToken)
	webhook, clientSecret := o.sim.Webhook(), o.grant().ClientSecret
	for _, args := range [][]string{
		{webhook}, {"check", webhook}, {"check", o.sim.Host(), webhook}, {"check", o.sim.Host(), "--webhook", strings.Replace(webhook, "https", "http", 1)},
		{"check", o.sim.Host(), "--webhook", strings.Replace(webhook, "portal", "other", 1)}, {"check", o.sim.Host(), "--webhook", webhook + "?x=%zz"},
		{"check", o.sim.Host(), "--portal=" + webhook}, {"login", webhook}, {"logout", webhook}, {"accounts", webhook},
		{"acknowledge", webhook, "portal-tls/tls-expired", "--reason", "known"}, {"acknowledge", o.sim.Host(), webhook, "--reason", "known"},
		{"acknowledge", o.sim.Host(), "portal-tls/tls-expired", "--reason", "known", "--until", webhook}, {"acknowledge", o.sim.Host(), webhook, "--remove"},
		{"check", "our portal " + webhook + " of today"}, {"check", webhook + " or https://other.example/"}, {"probe", "ssh", webhook}, {"allowlist", webhook, "--offline", "--for", "x"},
		{"login", o.sim.Host(), "--client-secret", clientSecret}, {"login", o.sim.Host(), "--client-secret=" + clientSecret},
		{"login", o.sim.Host(), "--client-id", clientSecret, "--deep"},
	} {
		if exit := o.run(clientSecret+"\n", nil, args...); exit == cli.ExitOK {
			t.Errorf("%s: exit 0", args[0])
		}
	}
	if exit := o.run("", nil, "acknowledge", o.sim.Host(), "portal-tls/tls-expired", "--reason", "see "+webhook); exit != cli.ExitOK {
		t.Errorf("a webhook in a reason: exit %d", exit)
	}
	if exit := o.run("", nil, "accounts", "add-webhook", webhook); exit != cli.ExitOK {
		t.Errorf("a webhook given as the portal to keep one of: exit %d", exit)
	}
	o.assertNoLeaks(t)
}

const (
	crashVariable   = "BOXREADY_TEST_CRASH"
	keyringVariable = "BOXREADY_TEST_KEYRING"
	proxyVariable   = "BOXREADY_TEST_PROXY"
)

// runCrashing is the program with a bug: it panics while it writes a check's result, or when it dials for the nth time.
func runCrashing(where string) {
	std := cli.Standard()
	kept := &memoryKeyring{entries: map[string]string{}}
	if err := json.Unmarshal([]byte(os.Getenv(keyringVariable)), &kept.entries); err != nil {
		panic(err)
	}
	proxy, err := url.Parse(os.Getenv(proxyVariable))
	if err != nil {
		panic(err)
	}
	std.App.Keyring = kept
	var nilMap map[string]bool
	var dials atomic.Int64
	std.App.Transport = func(way *transport.Options) {
		way.Proxy = func(to *url.URL) (*url.URL, error) {
			if where == fmt.Sprint("dial ", dials.Add(1)) {
				nilMap[to.Host] = true // panics
			}
			return proxy, nil
		}
	}
	std.Out = panicWriter{where}
	os.Exit(int(cli.Run(context.Background(), "1.2.3", os.Args[1:], std)))
}

// panicWriter panics when the result of one check is written.
type panicWriter struct{ check string }

func (w panicWriter) Write(b []byte) (int, error) {
	if bytes.HasPrefix(b, []byte(`{"check":"`+w.check+`"`)) {
		return int(b[len(b)]), nil
	}
	return os.Stdout.Write(b)
}

// TestCrashOutputHasNoSecrets asserts that the runtime's output after a panic in the middle of a run contains no secret.
func TestCrashOutputHasNoSecrets(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, where := range []string{"sign-in", "portal-identity", "webhook", "token-accepted", "user-rights", "event-machinery", "event-delivery", "dial 1", "dial 5", "dial 7"} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			o := newObserved(t, simportal.Fault{With: []string{"proxy"}}, hexToken)
			o.saveAccount()
			entries, err := json.Marshal(o.keyring.(*memoryKeyring).entries)
			if err != nil {
				t.Fatal(err)
			}
			child := exec.Command(self, append([]string{"check", o.sim.Host(), "--signed-in", "--webhook", "-", "--event-test", "--receiver", "https://" + simportal.HandlerHost,
				"--format", "jsonl", "-v"}, o.way...)...)
			child.Env = append(os.Environ(), crashVariable+"="+where, keyringVariable+"="+string(entries), proxyVariable+"="+o.sim.Proxy(), "GOTRACEBACK=system",
				"HOME="+o.folder, "XDG_CACHE_HOME="+o.folder, "TMPDIR="+o.folder, "USERPROFILE="+o.folder, "APPDATA="+o.folder, "LOCALAPPDATA="+o.folder, "TMP="+o.folder)
			child.Stdin = strings.NewReader(o.sim.Webhook() + "\n")
			child.Dir = o.folder
			out, err := child.CombinedOutput()
			if !strings.Contains(string(out), "goroutine ") {
				t.Fatalf("it didn't crash: %v\n%s", err, out)
			}
			o.record("the crash", out)
			o.recordFiles(t, o.folder)
			o.assertNoLeaks(t)
		})
	}
}
