package serverprobe_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/md5"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"boxready/internal/portal"
	"boxready/internal/serverprobe"
	"boxready/internal/simtest/testenv"

	"github.com/google/go-cmp/cmp"
)

// needs returns a command, or skips the test and says why.
func needs(t testing.TB, command string) string {
	t.Helper()
	testenv.NotOnWindows(t, "the scripts run on a portal's server, which has Linux")
	path, err := exec.LookPath(command)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is missing: make test-tools installs it", command)
		}
		t.Skipf("SKIPPED: %s is missing: make test-tools installs it", command)
	}
	return path
}

// authServer is an authorization server on loopback; ca is the file with the root of its certificate.
func authServer(t *testing.T) (address, ca string) {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			return // empty answer
		}
		if r.Method != http.MethodGet || r.URL.Path != "/oauth/token/" || r.URL.RawQuery != "" || r.Header.Get("Authorization") != "" {
			t.Errorf("the script asked %s %s", r.Method, r.URL)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"error":"invalid_request","error_description":"Invalid request"}`)
	}))
	certificate, authority := certificateFor(t, "localhost")
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	ca = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, authority, 0o600); err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	return "https://localhost:" + port, ca
}

func certificateFor(t *testing.T, host string) (tls.Certificate, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host, Organization: []string{"Test"}}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// page is the portal's own PHP command line, run by PHP's built-in web server. Each request carries the state of the portal.
type page struct{ address string }

// startPage starts it with settings of PHP ("memory_limit=16M").
func startPage(t *testing.T, settings ...string) page {
	t.Helper()
	php := needs(t, "php")
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()
	var args []string
	for _, s := range settings {
		args = append(args, "-d", s)
	}
	ctx, cancel := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, php, append(args, "-S", address, "testdata/page.php")...)
	command.Stdout, command.Stderr = io.Discard, io.Discard
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); command.Wait() })
	for deadline := time.Now().Add(time.Minute); ; {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("php -S doesn't start: %v", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return page{"http://" + address + "/bitrix/admin/php_command_line.php"}
}

// run runs a script in the page and returns what a browser would show, tags apart.
func (p page) run(t *testing.T, script string, s stub, asText bool) string {
	t.Helper()
	form := url.Values{"query": {script}, "portal": {s.json(t)}, "server": {asJSON(t, s.Request)}, "result_as_text": {map[bool]string{true: "y", false: "n"}[asText]}}
	response, err := http.PostForm(p.address, form)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(body, []byte("WROTE ")) {
		t.Fatalf("the script wrote: %s", body)
	}
	return string(body)
}

// stub is a portal of the harness.
type stub struct {
	Main        string                      `json:"main"`
	Modules     map[string]string           `json:"modules"`
	Options     map[string]map[string]any   `json:"options"`
	Settings    map[string]any              `json:"settings"`
	Tables      map[string][]map[string]any `json:"tables"`
	Handlers    map[string][]map[string]any `json:"handlers"`
	Constants   map[string]any              `json:"constants"`
	Region      string                      `json:"region"`
	Ends        string                      `json:"ends"`
	SupportEnds string                      `json:"support_ends"`
	Now         string                      `json:"now"`
	AuthServer  string                      `json:"auth_server"`
	Strict      bool                        `json:"strict"` // warnings are errors
	Hang        string                      `json:"hang"`
	Charset     string                      `json:"charset"`  // of the database
	Database    string                      `json:"database"` // its type, mysql unless said
	Denied      bool                        `json:"denied"`   // the account may read no table
	Broken      bool                        `json:"broken_settings"`

	Request map[string]string `json:"-"` // server variables
}

func (s stub) json(t *testing.T) string { return asJSON(t, s) }

func asJSON(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// portalOf is a healthy portal with these versions.
func portalOf(main, rest, authServer string) stub {
	restHandler := func(class string) map[string]any {
		return map[string]any{"TO_MODULE_ID": "rest", "TO_CLASS": `\Bitrix\Rest\` + class, "TO_METHOD": "onRestCheckAuth", "FROM_DB": true}
	}
	s := stub{
		Main: main, Modules: map[string]string{"main": main, "rest": rest, "intranet": "25.0.0", "crm": "23.400.501", "acme.tools": "1.2.3"},
		Options: map[string]map[string]any{
			"main": {"server_name": "portal.example.ru", "~PARAM_CLIENT_LANG": "ru", "~support_finish_date": "2027-03-01", "~license_name": "Энтерпрайз",
				"~mp24_paid": "Y", "~mp24_paid_date": "1798761600", "check_agents": "N", "agents_use_crontab": "N",
				"update_site_proxy_addr": "10.0.0.9", "update_site_proxy_port": "3128", "update_site_proxy_user": "updater"},
			"rest": {"service_client_id": "app.secret1234.55512345", "service_client_secret": "verysecretkey", "log_end_time": "1700000000"},
		},
		Settings: map[string]any{"http_client_options": map[string]any{"socketTimeout": 10, "streamTimeout": 30}, "https_request": true},
		Tables: map[string][]map[string]any{
			"b_lang":        {{"SERVER_NAME": "portal.example.ru"}, {"SERVER_NAME": ""}},
			"b_lang_domain": {{"DOMAIN": "www.portal.example.ru"}},
			"b_rest_app": {
				{"ID": "7", "CODE": "local.5f0c.1", "APP_NAME": "Звонки", "STATUS": "L", "ACTIVE": "Y", "INSTALLED": "N", "DATE_FINISH": nil, "CLIENT_SECRET": "verysecretkey"},
				{"ID": "8", "CODE": "vendor.app", "APP_NAME": "", "STATUS": "P", "ACTIVE": "Y", "INSTALLED": "Y", "DATE_FINISH": "2026-12-31"},
			},
			"b_rest_event": {
				{"EVENT_NAME": "ONAPPTEST", "APP_ID": "7", "EVENT_HANDLER": "https://127.0.0.1:8443/calls/handler.php?token=verysecretkey"},
				{"EVENT_NAME": "ONCRMDEALADD", "APP_ID": nil, "EVENT_HANDLER": "http://someone:pa55word@localhost/hook/verysecretkey/"},
			},
			"b_rest_event_offline": {},
			"b_rest_ap":            {{"ACTIVE": "Y"}},
			"b_agent": {
				{"IS_PERIOD": "N", "LAST_RUN": "2026-11-25 11:59:00"}, {"IS_PERIOD": "Y", "LAST_RUN": "2026-11-25 11:00:00"},
				{"NAME": `\Bitrix\Rest\UsageStatTable::sendAgent();`, "ACTIVE": "Y"},
			},
			"b_rest_usage_stat": {{"OLDEST": "2026-11-20", "DAYS": "4"}},
		},
		Handlers: map[string][]map[string]any{"onrestcheckauth": {restHandler(`OAuth\Auth`), restHandler(`APAuth\Auth`), restHandler(`SessionAuth\Auth`)}},
		Region:   "ru", Ends: "2027-02-01", SupportEnds: "2027-03-01", Now: "2026-11-25 12:00:00", AuthServer: authServer,
		Request: map[string]string{"HTTP_HOST": "portal.example.ru", "SERVER_PORT": "443", "HTTPS": "on", "HTTP_X_FORWARDED_PROTO": "https",
			"HTTP_ORIGIN": "https://portal.example.ru", "HTTP_REFERER": "https://portal.example.ru/bitrix/admin/php_command_line.php?lang=ru"},
	}
	return s
}

// versions are those in which something that the script uses was added or removed: the class of the licence, the errors of HttpClient, the
// region's authorization server, REST 3.0.
var versions = []struct{ rest, main string }{
	{"20.0.500", "20.0.650"},
	{"21.400.0", "21.400.100"},
	{"23.100.0", "23.300.100"},
	{"24.500.0", "24.300.0"},
	{"25.600.100", "25.550.100"},
	{"25.800.0", "25.750.0"},
	{"26.200.200", "26.100.0"},
}

// script prints a script; with servers of the test, it connects to none of the vendor's other hosts.
func script(t *testing.T, kind serverprobe.Kind, o serverprobe.Options) (text, nonce string) {
	t.Helper()
	if o.Servers != nil && o.Others == nil {
		o.Others = []string{}
	}
	text, nonce, err := serverprobe.Script(kind, o)
	if err != nil {
		t.Fatal(err)
	}
	return text, nonce
}

func address(t *testing.T, typed string) portal.Address {
	t.Helper()
	a, err := portal.ParseAddress(typed)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func parsed(t *testing.T, pasted string) *serverprobe.Probe {
	t.Helper()
	probe, err := serverprobe.Parse([]byte(pasted))
	if err != nil {
		t.Fatalf("%v in %.3000s", err, pasted)
	}
	return probe
}

func TestEveryVersionAnswers(t *testing.T) {
	auth, ca := authServer(t)
	page := startPage(t, "openssl.cafile="+ca, "max_execution_time=30", "memory_limit=32M")
	text, nonce := script(t, serverprobe.PHP, serverprobe.Options{Portal: address(t, "portal.example.ru"), Servers: []string{auth}})
	for _, v := range versions {
		t.Run(v.rest, func(t *testing.T) {
			s := portalOf(v.main, v.rest, auth)
			if v.rest == "20.0.500" {
				delete(s.Tables, "b_lang_domain") // a query that fails there must not be reported as a failure
			}
			began := time.Now()
			probe := parsed(t, page.run(t, text, s, true))
			if probe.Nonce != nonce || probe.PortalHost != "portal.example.ru" || probe.Kind != serverprobe.PHP || !probe.Web() || !probe.Loaded || probe.RESTOK == nil || !*probe.RESTOK {
				t.Errorf("whose answer: %+v", probe.Answer)
			}
			if since := probe.Time.Sub(began); since.Abs() > time.Minute {
				t.Errorf("made %s", probe.Time)
			}
			if len(probe.Failed) > 0 || probe.Stopped != "" {
				t.Errorf("failed: %v, ended %q", probe.Failed, probe.Stopped)
			}
			age, periodic := int64(60), int64(3600)
			want := &serverprobe.Answer{
				Modules:  s.Modules,
				Database: &serverprobe.Database{Type: "mysql", Version: "8.0.36"},
				Names:    []string{"portal.example.ru", "www.portal.example.ru"},
				Licence: &serverprobe.Licence{Region: "ru", Name: "Энтерпрайз", Ends: "2027-02-01", SupportEnds: "2027-03-01", TimeBound: true,
					Market: "Y", MarketEnds: "2027-01-01"},
				Registration: &serverprobe.Registration{Registered: true, MemberID: fmt.Sprintf("%x", md5.Sum([]byte("app.secret1234.55512345"))), Server: auth, Reports: "https://portal.example.ru"},
				HTTPS: &serverprobe.HTTPS{Seen: true, Browser: "https://portal.example.ru", Host: "portal.example.ru", Port: "443", HTTPS: "on",
					ForwardedProto: "https", Setting: true},
				Proxies: &serverprobe.Proxies{Updates: serverprobe.Proxy{Host: "10.0.0.9", Port: "3128", User: true}},
				Applications: []serverprobe.Application{
					{Code: "local.5f0c.1", Name: "Звонки", Status: "L", Active: true},
					{Code: "vendor.app", Status: "P", Active: true, Installed: true, Ends: "2026-12-31"},
				},
				Handlers: &serverprobe.Handlers{Authorization: []serverprobe.Handler{{Module: "rest", Class: `Bitrix\Rest\OAuth\Auth`},
					{Module: "rest", Class: `Bitrix\Rest\APAuth\Auth`}, {Module: "rest", Class: `Bitrix\Rest\SessionAuth\Auth`}}, Events: []serverprobe.Handler{}},
				Setup: &serverprobe.Setup{LogEnds: 1700000000, EventHandlers: 2, Webhooks: 1},
				Agents: &serverprobe.Agents{CheckAgents: "N", UseCrontab: "N", AgeS: &age, PeriodicAgeS: &periodic,
					REST: []serverprobe.Agent{{Name: `\Bitrix\Rest\UsageStatTable::sendAgent();`, Active: true}}},
				Usage: &serverprobe.Usage{UnsentDays: 4, Oldest: "2026-11-20"},
				Outgoing: []serverprobe.Outgoing{{Scheme: "https", Host: "127.0.0.1", Number: 1, Applications: []string{"Звонки"}, DNS: "ok", Private: true},
					{Scheme: "http", Host: "localhost", Number: 1, Webhooks: 1, Applications: []string{}, DNS: "ok", Private: true}},
				Self: &serverprobe.Host{By: serverprobe.PHP, Host: "portal.example.ru", Port: 443, DNS: "failed", Addresses: []string{}},
			}
			if v.main < "22" { // the class for the licence doesn't exist yet
				want.Licence.Ends, want.Licence.TimeBound = "", false
			}
			if v.rest == "20.0.500" {
				want.Names = want.Names[:1]
			}
			got := probe.Answer
			want.Kind, want.Nonce, want.PortalHost, want.Time, want.TookMS, want.SAPI = got.Kind, got.Nonce, got.PortalHost, got.Time, got.TookMS, got.SAPI
			want.Loaded, want.RESTOK, want.Failed, want.Settings, want.Hosts = got.Loaded, got.RESTOK, got.Failed, got.Settings, got.Hosts
			want.Disk, want.Clocks = got.Disk, got.Clocks
			if diff := cmp.Diff(want, &got); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			assertHost(t, got, auth)
			assertSettings(t, got.Settings, ca)
		})
	}
}

func assertHost(t *testing.T, a serverprobe.Answer, auth string) {
	t.Helper()
	if len(a.Hosts) != 1 {
		t.Fatalf("hosts %+v", a.Hosts)
	}
	h := a.Hosts[0]
	if !h.InUse || h.By != serverprobe.PHP || h.Host != "localhost" || !strings.HasSuffix(auth, fmt.Sprint(h.Port)) || h.DNS != "ok" || h.TCP != "ok" || h.TLS != "ok" ||
		h.HTTP == nil || h.HTTP.Status != 400 || h.HTTP.Error != "invalid_request" || len(h.Chain) != 1 {
		t.Errorf("host %+v, %+v", h, h.HTTP)
	}
}

func assertSettings(t *testing.T, s *serverprobe.PHPSettings, ca string) {
	t.Helper()
	if s == nil || !strings.Contains(s.Version, ".") || !strings.HasPrefix(s.OpenSSL, "OpenSSL") || s.Store.File != ca || s.Store.Certificates != 1 || s.Settings["memory_limit"] != "32M" {
		t.Errorf("PHP %+v", s)
	}
}

// TestNoSecretsInAnswers looks for every secret of the simulated product in the answer, packed or not.
func TestNoSecretsInAnswers(t *testing.T) {
	auth, ca := authServer(t)
	page := startPage(t, "openssl.cafile="+ca)
	text, _ := script(t, serverprobe.PHP, serverprobe.Options{Servers: []string{auth}})
	s := portalOf("25.750.0", "25.800.0", auth)
	s.Settings["http_client_options"] = map[string]any{"proxyHost": "someone:pa55word@10.0.0.9", "proxyPort": 3128, "proxyUser": "someone", "proxyPassword": "pa55word", "socketTimeout": 5, "streamTimeout": 5}
	s.Options["main"]["update_site_proxy_pass"] = "pa55word"
	out := page.run(t, text, s, true)
	data := asJSON(t, parsed(t, out).Answer)
	for _, hidden := range []string{"verysecretkey", "app.secret1234", "pa55word", "someone", "updater"} {
		if strings.Contains(out, hidden) || strings.Contains(data, hidden) {
			t.Errorf("the answer holds %q", hidden)
		}
	}
	if strings.Contains(text, "verysecret") || !strings.Contains(data, "10.0.0.9") {
		t.Error("the test has no effect: the script holds secrets itself, or the answer lacks the proxy")
	}
}

// TestHandlersWithoutSecrets plants secrets wherever an address of a handler may hold one.
func TestHandlersWithoutSecrets(t *testing.T) {
	page := startPage(t)
	text, _ := script(t, serverprobe.PHP, serverprobe.Options{Servers: []string{"https://localhost:1"}})
	s := portalOf("25.750.0", "25.800.0", "https://localhost:1")
	var rows []map[string]any
	for _, handler := range []string{
		"https://user1canary:pass2canary@127.0.0.1/path3canary/?token=query4canary#fragment5canary", "HTTP://10.0.0.5/rest/1/code6canary/", "https://192.0.2.7:8443/code7canary",
		"https://no-such-name.invalid/code8canary", "localhost/code9canary", "https://user10canary@", "https:///code11canary", "//user12canary:x@host/", `https://host\code13canary`,
		"https://host code14canary/", "javascript:code15canary", "https://[::1]/code16canary", "https://user17canary:p@ss@127.0.0.1:99999/", "https://127.0.0.1?code18canary", "",
	} {
		rows = append(rows, map[string]any{"APP_ID": "7", "EVENT_HANDLER": handler, "APPLICATION_TOKEN": "token19canary", "TITLE": "title20canary", "COMMENT": "canary"})
	}
	s.Tables["b_rest_event"] = rows
	s.Options["rest"]["some_webhook"] = "option21canary"
	out := page.run(t, text, s, true)
	probe := parsed(t, out)
	if data := asJSON(t, probe.Answer); strings.Contains(data, "canary") || strings.Contains(out, "canary") || len(probe.Failed) > 0 {
		t.Errorf("failed %v, and the answer holds secrets: %s", probe.Failed, data)
	}
	want := []string{"https 127.0.0.1 ok true", "http 10.0.0.5 ok true", "https 192.0.2.7 ok false", "https no-such-name.invalid failed false", "   false", "https ::1 ok true"}
	var got []string
	for _, o := range probe.Outgoing {
		got = append(got, fmt.Sprint(o.Scheme, " ", o.Host, " ", o.DNS, " ", o.Private))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("handlers (-want +got):\n%s", diff)
	}
}

// TestDifficultServers asserts that whatever a server forbids, the answer is valid, has what can be known, and nothing was written:
// neither a file nor a line in PHP's log.
func TestDifficultServers(t *testing.T) {
	for _, c := range []struct {
		name     string
		settings []string
		change   func(*stub)
		failed   []string // parts
	}{
		{"a healthy one", nil, func(*stub) {}, nil},
		{"PostgreSQL", nil, func(s *stub) { s.Database = "pgsql" }, nil},
		{"an account without rights", nil, func(s *stub) { s.Denied = true }, []string{"agents", "applications", "clocks", "names", "outgoing", "setup", "usage"}},
		{"a broken .settings.php", nil, func(s *stub) { s.Broken = true }, []string{"https", "proxies"}},
		{"open_basedir", []string{"open_basedir=" + must(filepath.Abs("testdata"))}, func(*stub) {}, nil},
		{"disable_functions", []string{"disable_functions=exec,gethostbynamel,stream_socket_client,disk_free_space,filter_var,date_default_timezone_get,ini_get,getenv"}, func(*stub) {}, nil},
		{"no stream contexts", []string{"disable_functions=stream_context_create,openssl_x509_export,fclose"}, func(*stub) {}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			folder := t.TempDir()
			log := filepath.Join(folder, "error.log")
			page := startPage(t, append(c.settings, "log_errors=1", "error_reporting=-1", "error_log="+log)...)
			text, nonce := script(t, serverprobe.PHP, serverprobe.Options{Portal: address(t, "localhost:1"), Servers: []string{"https://localhost:1"}, Others: []string{"https://localhost:1", "http://localhost:1"}})
			s := portalOf("25.550.100", "25.600.100", "https://localhost:1")
			c.change(&s)
			before := snapshot(t, folder, "testdata", filepath.Join("..", "..", "assets", "probe"))
			probe := parsed(t, page.run(t, text, s, true))
			if diff := cmp.Diff(before, snapshot(t, folder, "testdata", filepath.Join("..", "..", "assets", "probe"))); diff != "" {
				t.Errorf("files changed: %s", diff)
			}
			if logged, err := os.ReadFile(log); err == nil {
				t.Errorf("logged: %s", logged)
			}
			if got := slices.Sorted(maps.Keys(probe.Failed)); !slices.Equal(got, c.failed) || probe.Stopped != "" || probe.Nonce != nonce {
				t.Errorf("failed %v, want %v; ended %q", probe.Failed, c.failed, probe.Stopped)
			}
			if probe.Licence == nil || probe.Registration == nil || probe.Disk == nil || probe.Self == nil || len(probe.Hosts) < 2 {
				t.Errorf("parts are missing: %+v", probe.Answer)
			}
		})
	}
}

func must(path string, err error) string {
	if err != nil {
		panic(err)
	}
	return path
}

// snapshot returns the sizes and times of all files in folders.
func snapshot(t *testing.T, folders ...string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, _ os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := os.Stat(path)
			if err == nil {
				files[path] = fmt.Sprint(info.Size(), info.ModTime())
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// TestNothingIsSent connects to servers that count what arrives after the handshake.
func TestNothingIsSent(t *testing.T) {
	certificate, authority := certificateFor(t, "localhost")
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, authority, 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}})
	if err != nil {
		t.Fatal(err)
	}
	handshakes, sent := make(chan bool, 100), make(chan int, 100)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			n, _ := io.Copy(io.Discard, conn)
			handshakes <- conn.(*tls.Conn).ConnectionState().HandshakeComplete
			sent <- int(n)
			conn.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	_, port, _ := net.SplitHostPort(l.Addr().String())
	own := "localhost:" + port
	for _, c := range []struct{ name, cafile, tls string }{{"trusted", ca, "ok"}, {"untrusted", "/dev/null", "failed"}} {
		t.Run(c.name, func(t *testing.T) {
			page := startPage(t, "openssl.cafile="+c.cafile)
			text, _ := script(t, serverprobe.PHP, serverprobe.Options{Portal: address(t, own), Servers: []string{}, Others: []string{"https://" + own}})
			probe := parsed(t, page.run(t, text, portalOf("25.550.100", "25.600.100", ""), true))
			if len(probe.Hosts) != 1 {
				t.Fatalf("hosts %+v", probe.Hosts)
			}
			for _, h := range []serverprobe.Host{*probe.Self, probe.Hosts[0]} {
				if h.Host != "localhost" || fmt.Sprint(h.Port) != port || h.TCP != "ok" || h.TLS != c.tls || len(h.Chain) != 1 || h.HTTP != nil || h.Failed != "" {
					t.Errorf("host %+v", h)
				}
			}
			wanted := 0 // handshakes; the server notices the end of a connection later than the script
			if c.tls == "ok" {
				wanted = 2
			}
			for late := time.After(time.Minute); wanted > 0 || len(sent) > 0; {
				select {
				case n := <-sent:
					if n != 0 {
						t.Errorf("%d bytes were sent", n)
					}
					if <-handshakes {
						wanted--
					}
				case <-late:
					t.Fatalf("%d handshakes are missing: the test has no effect", wanted)
				}
			}
		})
	}
}

// TestHostsOfTheRegion replaces the vendor's hosts by names that aren't found, and looks which of them the script asked.
func TestHostsOfTheRegion(t *testing.T) {
	page := startPage(t)
	text, _, err := serverprobe.Script(serverprobe.PHP, serverprobe.Options{Servers: []string{}})
	if err != nil {
		t.Fatal(err)
	}
	text = regexp.MustCompile(`'(https?://[a-z0-9.-]+)'`).ReplaceAllString(text, "'$1.invalid'")
	text = strings.ReplaceAll(text, "'util.1c-bitrix.' . $zones", "'util.1c-bitrix.' . 'zone-' . $zones")
	for _, c := range []struct {
		name   string
		change func(*stub)
		want   []string
	}{
		{"ru", func(*stub) {}, []string{"util.1c-bitrix.ru:443", "www.1c-bitrix.ru:443", "www.1c-bitrix.ru:80", "rtc-cloud.bitrix24.tech:443"}},
		{"updates by https", func(s *stub) { s.Options["main"]["update_use_https"] = "Y" }, []string{"util.1c-bitrix.ru:443", "www.1c-bitrix.ru:443", "rtc-cloud.bitrix24.tech:443"}},
		{"kz", func(s *stub) { s.Region, s.Options["main"]["~PARAM_CLIENT_LANG"] = "kz", "kz" },
			[]string{"util.1c-bitrix.zone-kz:443", "www.1c-bitrix.ru:443", "www.1c-bitrix.ru:80", "rtc-cloud.bitrix24.tech:443"}},
		{"de", func(s *stub) { s.Region, s.Options["main"]["~PARAM_CLIENT_LANG"] = "de", "de" },
			[]string{"util.bitrixsoft.com:443", "www.bitrixsoft.com:443", "www.bitrixsoft.com:80", "rtc-cloud.bitrix.info:443"}},
		{"another host for updates", func(s *stub) { s.Options["main"]["update_site"] = "updates.invalid" }, []string{"util.1c-bitrix.ru:443", "www.1c-bitrix.ru:443", "updates:80", "rtc-cloud.bitrix24.tech:443"}},
		{"behind a proxy", func(s *stub) { s.Settings["http_client_options"] = map[string]any{"proxyHost": "10.0.0.9"} }, []string{"www.1c-bitrix.ru:80"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := portalOf("25.550.100", "25.600.100", "")
			delete(s.Options["main"], "update_site_proxy_addr")
			c.change(&s)
			var got []string
			for _, h := range parsed(t, page.run(t, text, s, true)).Hosts {
				got = append(got, fmt.Sprintf("%s:%d", strings.TrimSuffix(h.Host, ".invalid"), h.Port))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("hosts (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNoWarnings runs the script where every warning of PHP is an exception.
func TestNoWarnings(t *testing.T) {
	auth, ca := authServer(t)
	page := startPage(t, "openssl.cafile="+ca)
	text, _ := script(t, serverprobe.PHP, serverprobe.Options{Servers: []string{auth}})
	strict := strings.Replace(text, "$call('set_error_handler', function", "array('', function", 1)
	strict = strings.Replace(strict, "$call('restore_error_handler');", "", 1)
	if strings.Contains(strict, "_error_handler") {
		t.Fatal("the script still has its own handler")
	}
	for _, v := range versions {
		t.Run(v.rest, func(t *testing.T) {
			s := portalOf(v.main, v.rest, auth)
			s.Strict = true
			probe := parsed(t, page.run(t, strict, s, true))
			if len(probe.Failed) > 0 || probe.Stopped != "" {
				t.Errorf("failed %v, ended %q", probe.Failed, probe.Stopped)
			}
			if h := probe.Hosts[0]; h.Failed != "" || h.TLS != "ok" {
				t.Errorf("host %+v", h)
			}
		})
	}
}

// TestBareServer disables the PHP functions that hosting providers disable, and more.
func TestBareServer(t *testing.T) {
	forbidden := []string{"exec", "shell_exec", "system", "passthru", "proc_open", "popen", "gethostbynamel", "stream_socket_client", "fsockopen", "php_uname", "getenv",
		"ini_get", "openssl_get_cert_locations", "is_readable", "filesize", "filemtime", "iconv", "gzencode", "stream_get_transports"}
	page := startPage(t, "disable_functions="+strings.Join(forbidden, ","))
	text, _ := script(t, serverprobe.PHP, serverprobe.Options{Servers: []string{"https://localhost:1"}})
	s := portalOf("25.550.100", "25.600.100", "https://localhost:1")
	probe := parsed(t, page.run(t, text, s, true))
	if len(probe.Failed) > 0 || probe.Stopped != "" {
		t.Errorf("failed %v, ended %q", probe.Failed, probe.Stopped)
	}
	for _, name := range []string{"fsockopen", "ssl"} {
		if !slices.Contains(probe.Settings.Missing, name) {
			t.Errorf("%s isn't among what is missing: %v", name, probe.Settings.Missing)
		}
	}
	if h := probe.Hosts[0]; h.DNS != "" || h.TCP != "" || h.HTTP == nil || h.HTTP.Status != 0 {
		t.Errorf("host %+v", h)
	}
	if probe.Registration == nil || len(probe.Applications) != 2 {
		t.Error("the rest of the answer is missing")
	}
}

func TestScriptStoppedByLimit(t *testing.T) {
	text, _ := script(t, serverprobe.PHP, serverprobe.Options{Servers: []string{"https://localhost:1"}})
	for _, c := range []struct{ hang, setting, want string }{
		{"memory", "memory_limit=8M", "Allowed memory size"},
		{"time", "max_execution_time=1", "Maximum execution time"},
	} {
		t.Run(c.hang, func(t *testing.T) {
			page := startPage(t, c.setting)
			s := portalOf("25.550.100", "25.600.100", "https://localhost:1")
			s.Hang = c.hang
			probe := parsed(t, page.run(t, text, s, true))
			if !strings.Contains(probe.Stopped, c.want) {
				t.Errorf("ended %q, want %q", probe.Stopped, c.want)
			}
		})
	}
}

// TestPartsFailSeparately breaks one part of the portal at a time.
func TestPartsFailSeparately(t *testing.T) {
	page := startPage(t)
	text, _ := script(t, serverprobe.PHP, serverprobe.Options{Servers: []string{"https://localhost:1"}})
	for part, table := range map[string]string{"agents": "b_agent"} {
		s := portalOf("25.550.100", "25.600.100", "https://localhost:1")
		delete(s.Tables, table)
		probe := parsed(t, page.run(t, text, s, true))
		if got := slices.Collect(maps.Keys(probe.Failed)); len(got) != 1 || got[0] != part || !strings.Contains(probe.Failed[part], table) {
			t.Errorf("without %s, %v failed", table, probe.Failed)
		}
		if probe.Setup == nil || probe.Licence == nil {
			t.Error("other parts are missing")
		}
	}
}

// TestOldCharset runs on a portal whose charset isn't UTF-8.
func TestOldCharset(t *testing.T) {
	page := startPage(t)
	text, _ := script(t, serverprobe.PHP, serverprobe.Options{Servers: []string{"https://localhost:1"}})
	s := portalOf("20.0.650", "20.0.500", "https://localhost:1")
	s.Charset = "CP1251"
	if got := parsed(t, page.run(t, text, s, true)).Applications[0].Name; got != "Звонки" {
		t.Errorf("the application is called %q", got)
	}
}

// TestSilentHosts measures how long the script waits for hosts that accept a connection and send nothing.
func TestSilentHosts(t *testing.T) {
	t.Parallel()
	var servers []string
	for range 6 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		_, port, _ := net.SplitHostPort(l.Addr().String())
		servers = append(servers, "https://localhost:"+port)
	}
	page := startPage(t)
	text, _ := script(t, serverprobe.PHP, serverprobe.Options{Portal: address(t, strings.TrimPrefix(servers[2], "https://")), Servers: servers[:2], Others: servers[3:]})
	probe := parsed(t, page.run(t, text, portalOf("25.550.100", "25.600.100", servers[0]), true))
	if t.Logf("took %d ms, failed %v", probe.TookMS, probe.Failed); probe.TookMS > 30_000 || probe.Self == nil || probe.Outgoing == nil {
		t.Errorf("it took %d ms", probe.TookMS)
	}
	if h := probe.Hosts[0]; h.TCP != "ok" || h.TLS != "failed" || h.HTTP == nil || h.HTTP.Status != 0 {
		t.Errorf("host %+v %+v", h, h.HTTP)
	}
}

// TestUntrusted serves a certificate that PHP doesn't trust.
func TestUntrusted(t *testing.T) {
	auth, _ := authServer(t)
	page := startPage(t)
	text, _ := script(t, serverprobe.PHP, serverprobe.Options{Servers: []string{auth}})
	probe := parsed(t, page.run(t, text, portalOf("25.550.100", "25.600.100", auth), true))
	h := probe.Hosts[0]
	if h.TLS != "failed" || !strings.Contains(h.TLSError, "certificate verify failed") || len(h.Chain) != 1 || h.HTTP == nil || h.HTTP.Status != 0 {
		t.Errorf("host %+v %+v", h, h.HTTP)
	}
}

// TestAsHTML runs the script where "show result as text" isn't ticked: the browser then shows what it takes for HTML.
func TestAsHTML(t *testing.T) {
	page := startPage(t)
	text, nonce := script(t, serverprobe.PHP, serverprobe.Options{Servers: []string{"https://localhost:1"}})
	out := page.run(t, text, portalOf("25.550.100", "25.600.100", ""), false)
	shown := regexp.MustCompile(`\s+`).ReplaceAllString(out, " ") // as a browser does
	if parsed(t, shown).Nonce != nonce {
		t.Error("another answer")
	}
}

// TestScriptItself asserts properties of the script's text: it can be pasted anywhere, and holds no secrets.
func TestScriptItself(t *testing.T) {
	for _, kind := range serverprobe.Kinds() {
		text, nonce := script(t, kind, serverprobe.Options{Portal: address(t, "portal.example.ru:8443")})
		for i, line := range strings.Split(text, "\n") {
			if len(line) > 200 {
				t.Errorf("%s: line %d is %d long", kind, i+1, len(line))
			}
		}
		if i := strings.IndexFunc(text, func(r rune) bool { return r > 126 || r < 32 && r != '\n' && r != '\t' }); i >= 0 {
			t.Errorf("%s: %q isn't ASCII", kind, text[i:min(i+20, len(text))])
		}
		if !strings.Contains(text, nonce) || !strings.Contains(text, "portal.example.ru:8443") || strings.Contains(text, "{{") {
			t.Errorf("%s: not filled in", kind)
		}
		if _, again := script(t, kind, serverprobe.Options{}); again == nonce {
			t.Errorf("%s: the nonce is the same twice", kind)
		}
		var bad *serverprobe.PasteError
		if _, err := serverprobe.Parse([]byte(text)); !asPasteError(err, &bad) || (kind == serverprobe.PHP) != (bad.Reason == serverprobe.PasteScript) && bad.Reason != serverprobe.PasteNoAnswer {
			t.Errorf("%s: pasted for its answer it is %v", kind, err)
		}
	}
	if text, _ := script(t, serverprobe.PHP, serverprobe.Options{}); strings.Contains(text, "<?") || !strings.HasPrefix(text, "//title: BoxReady\n") {
		t.Error("the page evaluates a text without a tag, and takes its title from the first line")
	}
	if text, _ := script(t, serverprobe.PHP, serverprobe.Options{Root: serverprobe.UsualRoot}); !strings.HasPrefix(text, "<?php\n") {
		t.Error("php by the command line wants a tag")
	}
	for _, o := range []serverprobe.Options{{Root: "/home/it's"}, {Root: "/a b"}, {Servers: []string{"https://x';exit;'"}}} {
		if _, _, err := serverprobe.Script(serverprobe.PHP, o); err == nil {
			t.Errorf("%+v stands in a script", o)
		}
	}
}
