package oauthflow

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"boxready/internal/simtest/testenv"
)

func TestSignIn(t *testing.T) {
	s := newFakeServer(t)
	f := start(t, s, nil)

	u, err := url.Parse(f.URL())
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{"client_id": {testClientID}, "state": {f.state.Reveal()}}
	if u.Scheme != "https" || u.Host != testPortal || u.Path != "/oauth/authorize/" || u.RawQuery != want.Encode() {
		t.Errorf("the address to open is %s", u)
	}
	if len(f.state.Reveal()) != 43 {
		t.Errorf("state has %d characters", len(f.state.Reveal()))
	}
	if strings.Contains(f.URL(), testSecret) {
		t.Error("the client secret is in the address of the portal")
	}

	before := time.Now()
	p := visit(t, f, validQuery(f))
	if p.status != http.StatusOK || !strings.Contains(p.body, "You are signed in") || !strings.Contains(p.body, "https://"+testPortal) {
		t.Errorf("landing page: %d\n%s", p.status, p.body)
	}
	token, err := wait(t, f)
	if err != nil {
		t.Fatal(err)
	}
	if token.Access.Reveal() != "access-1" || token.Refresh.Reveal() != "refresh-1" || !slices.Equal(token.Scopes, []string{"user_basic", "crm"}) ||
		token.UserID != "7" || token.MemberID != "0123456789abcdef0123456789abcdef" || token.Status != "L" ||
		token.Portal != "https://"+testPortal+"/rest/" || token.Endpoint != "https://oauth.bitrix.info/rest/" || token.Server != s.URL {
		t.Errorf("token: %+v", token)
	}
	if left := token.Expires.Sub(before); left < 59*time.Minute || left > 61*time.Minute {
		t.Errorf("the access token has %s left", left)
	}
	if token.RefreshIssued.Before(before.Add(-time.Second)) || token.RefreshIssued.After(time.Now()) {
		t.Errorf("the refresh token is dated %s", token.RefreshIssued)
	}
	asked := s.asked()
	wantGrant := url.Values{"grant_type": {"authorization_code"}, "client_id": {testClientID}, "client_secret": {testSecret}, "code": {testCode}}
	if len(asked) != 1 || asked[0].Encode() != wantGrant.Encode() {
		t.Errorf("the authorization server was asked %d times, first %v", len(asked), asked)
	}
}

// Each of these requests is refused, reveals nothing, and leaves the flow waiting.
func TestWrongRequests(t *testing.T) {
	type request struct {
		method, target, host string
		status               int
	}
	cases := map[string]func(f *Flow) request{
		"wrong state": func(f *Flow) request { return request{target: query(validQuery(f, "state", "wrong")), status: 400} },
		"no state":    func(f *Flow) request { return request{target: query(validQuery(f, "state", "-")), status: 400} },
		"empty state": func(f *Flow) request { return request{target: query(validQuery(f, "state", "")), status: 400} },
		"state cut off": func(f *Flow) request {
			return request{target: query(validQuery(f, "state", f.state.Reveal()[:42])), status: 400}
		},
		"state twice":     func(f *Flow) request { return request{target: query(validQuery(f)) + "&state=x", status: 400} },
		"code twice":      func(f *Flow) request { return request{target: query(validQuery(f)) + "&code=x", status: 400} },
		"no query":        func(f *Flow) request { return request{target: Path, status: 400} },
		"query not one":   func(f *Flow) request { return request{target: query(validQuery(f)) + "&%zz", status: 400} },
		"error, no state": func(f *Flow) request { return request{target: Path + "?error=access_denied", status: 400} },
		"other host": func(f *Flow) request {
			return request{target: query(validQuery(f)), host: "rebound.example", status: 400}
		},
		"other port": func(f *Flow) request { return request{target: query(validQuery(f)), host: "127.0.0.1", status: 400} },
		"localhost": func(f *Flow) request {
			return request{target: query(validQuery(f)), host: "localhost:41924", status: 400}
		},
		"other path":        func(f *Flow) request { return request{target: "/?" + validQuery(f).Encode(), status: 404} },
		"path below":        func(f *Flow) request { return request{target: Path + "/x?" + validQuery(f).Encode(), status: 404} },
		"path with slash":   func(f *Flow) request { return request{target: Path + "/?" + validQuery(f).Encode(), status: 404} },
		"path escaped":      func(f *Flow) request { return request{target: "/%63allback?" + validQuery(f).Encode(), status: 404} },
		"path in capitals":  func(f *Flow) request { return request{target: "/CALLBACK?" + validQuery(f).Encode(), status: 404} },
		"favicon":           func(f *Flow) request { return request{target: "/favicon.ico", status: 404} },
		"POST":              func(f *Flow) request { return request{method: "POST", target: query(validQuery(f)), status: 405} },
		"HEAD":              func(f *Flow) request { return request{method: "HEAD", target: query(validQuery(f)), status: 405} },
		"OPTIONS":           func(f *Flow) request { return request{method: "OPTIONS", target: query(validQuery(f)), status: 405} },
		"unknown method":    func(f *Flow) request { return request{method: "BREW", target: query(validQuery(f)), status: 405} },
		"method lower case": func(f *Flow) request { return request{method: "get", target: query(validQuery(f)), status: 405} },
	}
	for name, makeRequest := range cases {
		t.Run(name, func(t *testing.T) {
			s := newFakeServer(t)
			f := start(t, s, nil)
			r := makeRequest(f)
			if r.method == "" {
				r.method = http.MethodGet
			}
			p := send(t, f, r.method, r.target, r.host)
			if p.status != r.status {
				t.Errorf("status %d, want %d", p.status, r.status)
			}
			if r.status == 405 && p.header.Get("Allow") != "GET" {
				t.Errorf("Allow is %q", p.header.Get("Allow"))
			}
			if r.method == http.MethodHead && p.body != "" {
				t.Error("HEAD was answered with a body")
			}
			checkHeaders(t, p)
			assertNoSecrets(t, f, p.body)
			if len(s.asked()) != 0 {
				t.Error("the authorization server was asked")
			}
			stillWaiting(t, f)
		})
	}
}

func query(q url.Values) string { return Path + "?" + q.Encode() }

func checkHeaders(t *testing.T, p page) {
	t.Helper()
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
		"Content-Type": "text/html; charset=utf-8",
	} {
		if got := p.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	policy := p.header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "style-src 'unsafe-inline'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"} {
		if !slices.Contains(strings.Split(policy, "; "), part) {
			t.Errorf("the policy %q lacks %s", policy, part)
		}
	}
	if p.header.Get("Server") != "" {
		t.Error("the answer has a Server header")
	}
	for _, forbidden := range []string{"<script", "<form", "<img", "<link", "<a ", "onload", "http-equiv"} {
		if strings.Contains(strings.ToLower(p.body), forbidden) {
			t.Errorf("the page has %s", forbidden)
		}
	}
}

// assertNoSecrets fails if text contains a secret.
func assertNoSecrets(t *testing.T, f *Flow, text string) {
	t.Helper()
	for what, s := range map[string]string{
		"state": f.state.Reveal(), "code": testCode, "client secret": testSecret, "access token": "access-1", "refresh token": "refresh-1",
	} {
		if strings.Contains(text, s) {
			t.Errorf("the %s is in: %s", what, text)
		}
	}
}

// A state is valid for one flow only.
// The address that stays in the browser's history has neither the code nor the state, and can be loaded again.
func TestCleanAddress(t *testing.T) {
	s := newFakeServer(t)
	f := start(t, s, nil)
	if p := send(t, f, http.MethodGet, outcomePath, ""); p.status != http.StatusNotFound {
		t.Errorf("before the answer: status %d", p.status)
	}
	stays := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	p := ask(t, stays, f, http.MethodGet, Path+"?"+validQuery(f).Encode(), "")
	if at := p.header.Get("Location"); p.status != http.StatusSeeOther || at != outcomePath || p.header.Get("Referrer-Policy") != "no-referrer" || p.body != "" {
		t.Errorf("status %d, to %q with %v", p.status, at, p.header)
	}
	for range 2 {
		if p := send(t, f, http.MethodGet, outcomePath, ""); p.status != http.StatusOK || !strings.Contains(p.body, "You are signed in") {
			t.Errorf("the outcome: %d\n%s", p.status, p.body)
		}
	}
	if len(s.asked()) != 1 {
		t.Errorf("the authorization server was asked %d times", len(s.asked()))
	}
}

// Close lets the browser fetch the page that it was sent to, but doesn't wait long for one that is gone.
func TestCloseAfterRedirect(t *testing.T) {
	f := start(t, newFakeServer(t), nil)
	stays := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	ask(t, stays, f, http.MethodGet, Path+"?"+validQuery(f).Encode(), "")
	if _, err := wait(t, f); err != nil {
		t.Fatal(err)
	}
	closed := make(chan struct{})
	go func() { defer close(closed); f.Close() }()
	if p := send(t, f, http.MethodGet, outcomePath, ""); p.status != http.StatusOK {
		t.Errorf("status %d", p.status)
	}
	<-closed
}

func TestReplayedState(t *testing.T) {
	s := newFakeServer(t)
	first := start(t, s, nil)
	replay := validQuery(first)
	first.Close()
	f := start(t, s, nil)
	if p := visit(t, f, replay); p.status != 400 {
		t.Errorf("status %d", p.status)
	}
	stillWaiting(t, f)
}

func TestPeerNotLoopback(t *testing.T) {
	s := newFakeServer(t)
	f := start(t, s, nil)
	for _, peer := range []string{"192.0.2.7:50000", "[2001:db8::7]:50000", "[::ffff:192.0.2.7]:50000", "@", ""} {
		r := httptest.NewRequest("GET", "http://"+bound(f)+query(validQuery(f)), nil)
		r.RemoteAddr = peer
		w := httptest.NewRecorder()
		f.server.Handler.ServeHTTP(w, r)
		if w.Code != 403 {
			t.Errorf("%q: status %d", peer, w.Code)
		}
	}
	stillWaiting(t, f)
}

func raw(t *testing.T, f *Flow) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", bound(f))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(testTimeout))
	return c
}

func TestHugeHeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, p := startInBubble(t, nil)
		defer f.Close()
		c := p.dial()
		defer c.Close()
		go fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\n\r\n", query(validQuery(f)), bound(f), strings.Repeat("x", 64<<10))
		response, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("status %d", response.StatusCode)
		}
		stillWaitingInBubble(t, f, p)
	})
}

func TestSlowHeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, p := startInBubble(t, nil)
		defer f.Close()
		c := p.dial()
		fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\n", query(validQuery(f)), bound(f))
		started := time.Now()
		got, err := io.ReadAll(c)
		if took := time.Since(started); err != nil || took != headerTimeout || bytes.Contains(got, []byte("200 OK")) {
			t.Errorf("after %s: %q, %v", took, got, err)
		}
		stillWaitingInBubble(t, f, p)
	})
}

func TestMalformedRequests(t *testing.T) {
	for name, request := range map[string]string{
		"no Host":      "GET %s HTTP/1.0\r\n\r\n",
		"two Hosts":    "GET %s HTTP/1.1\r\nHost: %[2]s\r\nHost: rebound.example\r\n\r\n",
		"OPTIONS *":    "OPTIONS * HTTP/1.1\r\nHost: %[2]s\r\nX: %[1]s\r\n\r\n",
		"CONNECT":      "CONNECT %[2]s HTTP/1.1\r\nHost: %[2]s\r\nX: %[1]s\r\n\r\n",
		"as a proxy":   "GET http://rebound.example%[1]s HTTP/1.1\r\nHost: %[2]s\r\n\r\n",
		"not HTTP":     "\x16\x03\x01%s",
		"HTTP/0.9":     "GET %s\r\n\r\n",
		"binary noise": "\x00\x01\x02 %s \r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, p := startInBubble(t, nil)
				defer f.Close()
				c := p.dial()
				line := fmt.Sprintf(request, query(validQuery(f)), bound(f))
				line, _, _ = strings.Cut(line, "%!(EXTRA")
				go io.WriteString(c, line) // it may not be read to its end
				got, _ := io.ReadAll(c)
				if bytes.Contains(got, []byte(" 200 ")) {
					t.Errorf("answered: %s", got)
				}
				assertNoSecrets(t, f, string(got))
				stillWaitingInBubble(t, f, p)
			})
		})
	}
}

func TestKeepAliveOff(t *testing.T) {
	s := newFakeServer(t)
	f := start(t, s, nil)
	c := raw(t, f)
	fmt.Fprintf(c, "GET /favicon.ico HTTP/1.1\r\nHost: %s\r\nConnection: keep-alive\r\n\r\n", bound(f))
	if got, err := io.ReadAll(c); err != nil || !bytes.Contains(got, []byte("Connection: close")) {
		t.Errorf("%v: %s", err, got)
	}
}

func TestTwoCallbacks(t *testing.T) {
	s := newFakeServer(t)
	arrived, release := make(chan struct{}), make(chan struct{})
	s.answer = func(http.ResponseWriter, *http.Request) bool {
		close(arrived)
		<-release
		return false
	}
	f := start(t, s, nil)
	var wg sync.WaitGroup
	for i := range 5 {
		wg.Go(func() {
			if i > 0 {
				<-arrived
			}
			if p := visit(t, f, validQuery(f)); p.status != 200 || !strings.Contains(p.body, "You are signed in") {
				t.Errorf("page %d: %d\n%s", i, p.status, p.body)
			}
		})
	}
	<-arrived
	// The page waits for the exchange, to show its outcome.
	select {
	case <-f.Done():
		t.Error("ended before the exchange did")
	default:
	}
	close(release)
	wg.Wait()
	// Later callbacks get the same outcome, whatever they contain.
	if p := visit(t, f, validQuery(f, "code", "another", "domain", "other.example")); p.status != 200 || !strings.Contains(p.body, "You are signed in") {
		t.Errorf("afterwards: %d", p.status)
	}
	if p := visit(t, f, validQuery(f, "state", "wrong")); p.status != 400 {
		t.Errorf("afterwards, with a wrong state: %d", p.status)
	}
	if err := f.Paste(testCode); !errors.Is(err, ErrAnswered) {
		t.Errorf("pasting afterwards: %v", err)
	}
	first, err := wait(t, f)
	again, err2 := wait(t, f)
	if err != nil || err2 != nil || !first.Access.Equal(again.Access) {
		t.Errorf("waiting twice: %v, %v", err, err2)
	}
	if n := len(s.asked()); n != 1 {
		t.Errorf("%d requests to the authorization server", n)
	}
}

// ownLoopback is for tests that close a port and bind it again: no other program uses that address.
func ownLoopback() string {
	return fmt.Sprintf("127.%d.%d.%d:0", 1+rand.IntN(254), rand.IntN(256), 1+rand.IntN(254))
}

func TestCallbackBeforeTheFlow(t *testing.T) {
	s := newFakeServer(t)
	first := start(t, s, func(o *Options) { o.Listen = ownLoopback() })
	addr, early := bound(first), validQuery(first)
	first.Close()
	if c, err := net.Dial("tcp", addr); err == nil {
		c.Close()
		t.Error("something listens without a flow")
	}
	f := start(t, s, func(o *Options) { o.Listen = addr }) // the port is free again at once
	if p := visit(t, f, early); p.status != 400 {
		t.Errorf("status %d", p.status)
	}
	stillWaiting(t, f)
}

func TestOtherPortal(t *testing.T) {
	for name, c := range map[string]struct {
		portal, domain string
		same           bool
	}{
		"same":                 {testPortal, testPortal, true},
		"default port":         {testPortal, testPortal + ":443", true},
		"port of http":         {testPortal, testPortal + ":80", true},
		"capitals":             {testPortal, "Portal.DEMO.example", true},
		"dot at the end":       {testPortal, testPortal + ".", true},
		"own port":             {testPortal + ":8443", testPortal + ":8443", true},
		"IDN in Unicode":       {"https://портал.рф/stream/", "портал.рф", true},
		"IDN in Punycode":      {"портал.рф", "xn--80at9a4c.xn--p1ai", false}, // replaced below
		"other":                {testPortal, "other.example", false},
		"subdomain":            {testPortal, "x." + testPortal, false},
		"name as a prefix":     {testPortal, testPortal + ".evil.example", false},
		"other port":           {testPortal, testPortal + ":8443", false},
		"port lost":            {testPortal + ":8443", testPortal, false},
		"user information":     {testPortal, testPortal + "@evil.example", false},
		"homograph":            {testPortal, "pоrtal.demo.example", false},
		"empty":                {testPortal, "", false},
		"missing":              {testPortal, "-", false},
		"markup":               {testPortal, "<b>evil</b>", false},
		"address for a domain": {testPortal, "javascript://" + testPortal, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newFakeServer(t)
			f := start(t, s, func(o *Options) { o.Portal = address(t, c.portal) })
			if name == "IDN in Punycode" {
				c.domain, c.same = f.options.Portal.Host, true
				if !strings.HasPrefix(c.domain, "xn--") {
					t.Fatalf("host is %s", c.domain)
				}
			}
			p := visit(t, f, validQuery(f, "domain", c.domain))
			_, err := wait(t, f)
			if c.same {
				if err != nil || !strings.Contains(p.body, "You are signed in") {
					t.Errorf("refused: %v", err)
				}
				return
			}
			var other *OtherPortalError
			if !errors.Is(err, ErrOtherPortal) || !errors.As(err, &other) || other.Want.Host != f.options.Portal.Host {
				t.Errorf("error: %v", err)
			}
			if !strings.Contains(p.body, "portal answered") || strings.Contains(p.body, "<b>evil") {
				t.Errorf("page:\n%s", p.body)
			}
			if len(s.asked()) != 0 {
				t.Error("the code was redeemed")
			}
		})
	}
}

func TestServerDomain(t *testing.T) {
	const cis, world = "https://oauth.bitrix24.tech", "https://oauth.bitrix.info"
	for name, c := range map[string]struct {
		serverDomain string
		region       bitrix.Region
		override     string
		want         string // "" for ErrRegionUnknown
	}{
		"world":                   {"oauth.bitrix.info", "", "", world},
		"cis":                     {"oauth.bitrix24.tech", "", "", cis},
		"capitals and dot":        {"OAuth.Bitrix24.TECH.", "", "", cis},
		"portal before region":    {"oauth.bitrix24.tech", bitrix.World, "", cis},
		"foreign":                 {"oauth.evil.example", bitrix.CIS, "", cis},
		"foreign, no region":      {"oauth.evil.example", "", "", ""},
		"missing":                 {"-", bitrix.World, "", world},
		"missing, no region":      {"-", "", "", ""},
		"subdomain":               {"x.oauth.bitrix.info", "", "", ""},
		"known name as a prefix":  {"oauth.bitrix.info.evil.example", "", "", ""},
		"user information":        {"oauth.bitrix.info@evil.example", "", "", ""},
		"port":                    {"oauth.bitrix.info:8443", "", "", ""},
		"path":                    {"oauth.bitrix.info/evil", "", "", ""},
		"address":                 {"https://oauth.evil.example", "", "", ""},
		"override before a known": {"oauth.bitrix.info", bitrix.CIS, "https://auth.test.example", "https://auth.test.example"},
	} {
		t.Run(name, func(t *testing.T) {
			var asked []string
			client := doerFunc(func(r *http.Request) (*http.Response, error) {
				asked = append(asked, r.URL.Scheme+"://"+r.URL.Host)
				return nil, errors.New("stop here")
			})
			f := start(t, newFakeServer(t), func(o *Options) { o.Server = ChooseServer(client, c.override, c.region) })
			visit(t, f, validQuery(f, "server_domain", c.serverDomain))
			_, err := wait(t, f)
			switch {
			case c.want == "":
				if !errors.Is(err, ErrRegionUnknown) || len(asked) != 0 {
					t.Errorf("error %v, asked %v", err, asked)
				}
			case len(asked) != 1 || asked[0] != c.want:
				t.Errorf("asked %v, want %s; error %v", asked, c.want, err)
			}
		})
	}
}

type doerFunc func(*http.Request) (*http.Response, error)

func (d doerFunc) Do(r *http.Request) (*http.Response, error) { return d(r) }

func TestErrorParameter(t *testing.T) {
	const markup = `<script>alert(1)</script>"'&`
	for name, c := range map[string]struct {
		code, description, wantCode string
		wantBody                    string
	}{
		"code":                  {"access_denied", "", "access_denied", "<code>access_denied</code>"},
		"code and description":  {"access_denied", "User said no", "access_denied", "<code>access_denied: User said no</code>"},
		"markup in description": {"access_denied", markup, "access_denied", "access_denied: &lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;&amp;"},
		"markup in code":        {markup, "", "", "&lt;script&gt;alert(1)"},
		"template":              {"{{.Portal}}", "{{.}}", "", "{{.}}"},
		"control characters":    {"a", "b\r\n\x1b[2Jc\u202ed", "a", "a: b"},
		"empty":                 {"", "", "", ">The portal refused the sign-in.<"},
		"endless":               {"a", strings.Repeat("я", 2000), "a", "a: яяя"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newFakeServer(t)
			f := start(t, s, nil)
			// Without the right state it is no answer, and none of it is shown.
			p := visit(t, f, validQuery(f, "state", "wrong", "error", c.code, "error_description", c.description))
			if p.status != 400 || strings.Contains(p.body, "alert(1)") || strings.Contains(p.body, "access_denied") {
				t.Errorf("with a wrong state: %d\n%s", p.status, p.body)
			}
			p = visit(t, f, validQuery(f, "error", c.code, "error_description", c.description))
			checkHeaders(t, p)
			if !strings.Contains(p.body, "The sign-in failed") || !strings.Contains(p.body, "The portal refused the sign-in.") || !strings.Contains(p.body, c.wantBody) {
				t.Errorf("page:\n%s", p.body)
			}
			if strings.ContainsAny(p.body, "\x1b\u202e") || len(p.body) > 8<<10 {
				t.Errorf("page of %d bytes:\n%s", len(p.body), p.body)
			}
			_, err := wait(t, f)
			var denied *DeniedError
			if !errors.Is(err, ErrDenied) || !errors.As(err, &denied) || denied.Code != c.wantCode {
				t.Errorf("error: %v", err)
			}
			if len(s.asked()) != 0 {
				t.Error("the authorization server was asked")
			}
		})
	}
}

func TestExchangeFails(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   error
		reason Reason
		shown  string
	}{
		"invalid_grant":    {400, `{"error":"invalid_grant"}`, ErrInvalidGrant, ReasonInvalidGrant, "did not accept the code"},
		"invalid_client":   {400, `{"error":"invalid_client","error_description":"Invalid client credentials."}`, ErrInvalidClient, ReasonInvalidClient, "invalid_client"},
		"wrong_client":     {200, `{"error":"wrong_client"}`, ErrWrongClient, ReasonWrongClient, "wrong_client"},
		"expired_token":    {401, `{"error":"expired_token"}`, ErrExpired, ReasonExpired, "expired_token"},
		"PAYMENT_REQUIRED": {401, `{"error":"PAYMENT_REQUIRED"}`, ErrPaymentRequired, ReasonPaymentRequired, "PAYMENT_REQUIRED"},
		"NOT_INSTALLED":    {401, `{"error":"NOT_INSTALLED"}`, ErrNotInstalled, ReasonNotInstalled, "NOT_INSTALLED"},
		"ERROR_OAUTH":      {401, `{"error":"ERROR_OAUTH","error_description":"Application not installed"}`, ErrNotInstalled, ReasonNotInstalled, "ERROR_OAUTH"},
		"invalid_request":  {400, `{"error":"invalid_request"}`, ErrInvalidRequest, ReasonRefused, "invalid_request"},
		"markup":           {400, `{"error":"x","error_description":"<script>alert(1)</script>"}`, nil, ReasonRefused, "x: &lt;script&gt;alert(1)"},
		"echoes secrets": {400, `{"error":"invalid_grant","error_description":"code ` + testCode + ` of ` + testSecret + `"}`,
			ErrInvalidGrant, ReasonInvalidGrant, "did not accept the code"},
		"login page":      {200, `<html><body>Please sign in to the proxy</body></html>`, nil, ReasonUnexpected, "unexpected"},
		"empty":           {200, ``, nil, ReasonUnexpected, "unexpected"},
		"no token":        {200, `{"expires_in":3600}`, nil, ReasonUnexpected, "unexpected"},
		"echoed in a 500": {500, `oops: ` + testCode + ` ` + testSecret, nil, ReasonServerFailed, "auth-server-failed"},
		"cut off":         {200, `{"access_token":"access-1","refr`, nil, ReasonNoConnection, "no-connection"},
		"redirect":        {302, `Location elsewhere`, nil, ReasonUnexpected, "unexpected"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newFakeServer(t)
			s.answerWith(c.status, c.body)
			f := start(t, s, nil)
			p := visit(t, f, validQuery(f))
			_, err := wait(t, f)
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			if got := ReasonOf(err); got != c.reason {
				t.Errorf("reason %s, want %s", got, c.reason)
			}
			var grant *GrantError
			if errors.As(err, &grant) && grant.Status != c.status {
				t.Errorf("status %d, want %d", grant.Status, c.status)
			}
			if !strings.Contains(p.body, "The sign-in failed") || !strings.Contains(p.body, c.shown) || strings.Contains(p.body, "<script") {
				t.Errorf("page:\n%s", p.body)
			}
			assertNoSecrets(t, f, p.body)
			assertNoSecrets(t, f, fmt.Sprintf("%v %+v %#v", err, err, err))
			var reply *ReplyError
			if errors.As(err, &reply) {
				assertNoSecrets(t, f, reply.Excerpt)
			}
		})
	}
}

// refused returns a client whose connections are refused. A port closed just now might be in use again.
func refused() *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	}}}
}

func TestNetworkFails(t *testing.T) {
	f := start(t, newFakeServer(t), func(o *Options) {
		o.Server = func(string) (AuthServer, error) { return AuthServer{URL: "https://auth.example", HTTP: refused()}, nil }
	})
	p := visit(t, f, validQuery(f))
	_, err := wait(t, f)
	if ReasonOf(err) != ReasonNoConnection || !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("error %v, reason %s", err, ReasonOf(err))
	}
	assertNoSecrets(t, f, fmt.Sprintf("%v %+v %#v %s", err, err, err, p.body))
}

func TestNothingPrintsSecrets(t *testing.T) {
	s := newFakeServer(t)
	f := start(t, s, nil)
	visit(t, f, validQuery(f))
	token, err := wait(t, f)
	if err != nil {
		t.Fatal(err)
	}
	f.Close() // its server changes while it runs
	for _, v := range []any{f, f.options, f.options.App, token, NewSource(SourceOptions{App: testApp(), Token: token})} {
		var out bytes.Buffer
		fmt.Fprintf(&out, "%v %+v %#v %s", v, v, v, v)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
		if b, err := json.Marshal(v); err == nil {
			out.Write(b)
		}
		assertNoSecrets(t, f, out.String())
	}
}

func TestFlowEnd(t *testing.T) {
	s := newFakeServer(t)
	t.Run("deadline", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f, p := startInBubble(t, func(o *Options) {
				o.Server = func(string) (AuthServer, error) {
					t.Error("the code was redeemed")
					return AuthServer{}, ErrRegionUnknown
				}
			})
			defer f.Close()
			started := time.Now()
			if _, err := f.Wait(t.Context()); !errors.Is(err, ErrTimeout) || time.Since(started) != 5*time.Minute || !time.Now().Equal(f.Deadline()) {
				t.Errorf("after %s: %v", time.Since(started), err)
			}
			// A late callback gets a page with the time-out.
			if p := ask(t, p.client(), f, http.MethodGet, query(validQuery(f)), ""); p.status != 200 || !strings.Contains(p.body, "The sign-in failed") || !strings.Contains(p.body, "timeout") {
				t.Errorf("page: %d\n%s", p.status, p.body)
			}
		})
	})
	t.Run("deadline during the exchange", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f, _ := startInBubble(t, func(o *Options) {
				o.Server = func(string) (AuthServer, error) {
					return AuthServer{URL: "https://auth.example", HTTP: doerFunc(func(r *http.Request) (*http.Response, error) {
						<-r.Context().Done() // a server that never answers
						return nil, r.Context().Err()
					})}, nil
				}
			})
			defer f.Close()
			time.Sleep(5*time.Minute - time.Second)
			if err := f.Paste(testCode); err != nil {
				t.Fatal(err)
			}
			started := time.Now()
			if _, err := f.Wait(t.Context()); ReasonOf(err) != ReasonNoAnswer || time.Since(started) != exchangeTimeout {
				t.Errorf("after %s: %v", time.Since(started), err)
			}
		})
	})
	t.Run("context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		f, err := Start(ctx, Options{Portal: address(t, testPortal), Confirmed: true, App: testApp(), Server: s.choose, Listen: "127.0.0.1:0"})
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		cancel()
		if _, err := wait(t, f); !errors.Is(err, context.Canceled) || ReasonOf(err) != ReasonCancelled {
			t.Errorf("error %v", err)
		}
	})
	t.Run("close", func(t *testing.T) {
		f := start(t, s, nil)
		f.Close()
		f.Close()
		if _, err := wait(t, f); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		if err := f.Paste(testCode); !errors.Is(err, ErrAnswered) {
			t.Errorf("pasting: %v", err)
		}
	})
	t.Run("close during the exchange", func(t *testing.T) {
		s := newFakeServer(t)
		arrived := make(chan struct{})
		s.answer = func(_ http.ResponseWriter, r *http.Request) bool {
			close(arrived)
			<-r.Context().Done()
			panic(http.ErrAbortHandler) // an answer could still get through
		}
		f := start(t, s, nil)
		if err := f.Paste(testCode); err != nil {
			t.Fatal(err)
		}
		<-arrived
		f.Close()
		if _, err := wait(t, f); !errors.Is(err, context.Canceled) || ReasonOf(err) != ReasonCancelled {
			t.Errorf("error %v", err)
		}
	})
	t.Run("a waiter is cancelled", func(t *testing.T) {
		f := start(t, newFakeServer(t), nil)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := f.Wait(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		stillWaiting(t, f)
	})
	t.Run("the tab is closed during the exchange", func(t *testing.T) {
		s := newFakeServer(t)
		arrived, release := make(chan struct{}), make(chan struct{})
		s.answer = func(http.ResponseWriter, *http.Request) bool {
			close(arrived)
			<-release
			return false
		}
		f := start(t, s, nil)
		c := raw(t, f)
		fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", query(validQuery(f)), bound(f))
		<-arrived
		c.Close()
		close(release)
		if token, err := wait(t, f); err != nil || token.Access.IsZero() {
			t.Errorf("error %v", err)
		}
	})
	t.Run("no goroutine is left", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { // which waits for all of them
			f, p := startInBubble(t, nil)
			c := p.dial() // a connection that the browser opened in advance
			defer c.Close()
			started := time.Now()
			f.Close()
			if took := time.Since(started); took > closeTimeout {
				t.Errorf("closing took %s", took)
			}
		})
	})
	t.Run("the page is completed", func(t *testing.T) {
		for range 20 {
			f := start(t, newFakeServer(t), nil)
			done := make(chan page)
			go func() { done <- visit(t, f, validQuery(f)) }()
			if _, err := wait(t, f); err != nil {
				t.Fatal(err)
			}
			f.Close()
			if p := <-done; !strings.Contains(p.body, "You are signed in") {
				t.Fatalf("page: %d\n%s", p.status, p.body)
			}
		}
	})
}

func TestNoCode(t *testing.T) {
	for name, change := range map[string][]string{"missing": {"code", "-"}, "empty": {"code", ""}} {
		t.Run(name, func(t *testing.T) {
			s := newFakeServer(t)
			f := start(t, s, nil)
			visit(t, f, validQuery(f, change...))
			if _, err := wait(t, f); !errors.Is(err, ErrNoCode) || ReasonOf(err) != ReasonNoCode || len(s.asked()) != 0 {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestPort(t *testing.T) {
	if got := ReturnAddress(); got != "http://127.0.0.1:41924/callback" {
		t.Errorf("the return address is %s", got)
	}
	if Port >= 49152 || Port < 1024 {
		t.Errorf("port %d", Port)
	}
	s := newFakeServer(t)
	f := start(t, s, func(o *Options) { o.Listen = ownLoopback() })
	options := f.options
	options.Listen = bound(f)
	_, err := Start(t.Context(), options)
	var failed *PortError
	if !errors.As(err, &failed) || failed.Reason != PortBusy || failed.Address != options.Listen {
		t.Errorf("a second flow: %v", err)
	}
	if err := ProbePort(t.Context(), options.Listen); !errors.As(err, &failed) || failed.Reason != PortBusy {
		t.Errorf("probe of a busy port: %v", err)
	}
	f.Close()
	if err := ProbePort(t.Context(), options.Listen); err != nil {
		t.Errorf("probe of a free port: %v", err)
	}
	for _, bad := range []string{"0.0.0.0:0", "192.0.2.1:0", "localhost:0", ":0", "127.0.0.1", "[::]:0"} {
		options.Listen = bad
		if f, err := Start(t.Context(), options); !errors.As(err, &failed) || failed.Reason != PortOther {
			t.Errorf("listening on %s: %v", bad, err)
			if f != nil {
				f.Close()
			}
		}
	}
	for err, want := range map[error]PortReason{
		syscall.EADDRINUSE: PortBusy, syscall.Errno(10048): PortBusy,
		syscall.EACCES: PortReserved, syscall.Errno(10013): PortReserved,
		syscall.EADDRNOTAVAIL: PortOther,
	} {
		if got := portReason(&net.OpError{Op: "listen", Err: err}); got != want {
			t.Errorf("%v is %s, want %s", err, got, want)
		}
	}
}

func TestStartRefuses(t *testing.T) {
	s := newFakeServer(t)
	whole := Options{Portal: address(t, testPortal), Confirmed: true, App: testApp(), Server: s.choose, Listen: "127.0.0.1:0"}
	for name, change := range map[string]func(*Options){
		"not confirmed": func(o *Options) { o.Confirmed = false },
		"an IP address": func(o *Options) { o.Portal = address(t, "192.0.2.1") },
		"no portal":     func(o *Options) { o.Portal.Host = "" }, "no client_id": func(o *Options) { o.App.ClientID = "" },
		"no secret": func(o *Options) { o.App = App{ClientID: testClientID} }, "no server": func(o *Options) { o.Server = nil },
	} {
		o := whole
		change(&o)
		f, err := Start(t.Context(), o)
		if err == nil {
			f.Close()
			t.Errorf("%s: started", name)
		}
		if rule := name == "not confirmed" || name == "an IP address"; errors.Is(err, portal.ErrTokenRule) != rule {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The port can't be bound; the user pastes the URL that the browser could not open.
func TestPasteOnly(t *testing.T) {
	s := newFakeServer(t)
	f := start(t, s, func(o *Options) { o.PasteOnly, o.Listen = true, "not used" })
	if f.ReturnAddress() != ReturnAddress() {
		t.Errorf("the return address is %s", f.ReturnAddress())
	}
	if err := f.Paste(f.ReturnAddress() + "?" + validQuery(f).Encode()); err != nil {
		t.Fatal(err)
	}
	if token, err := wait(t, f); err != nil || token.Access.Reveal() != "access-1" {
		t.Errorf("%v", err)
	}
}

func TestOpenBrowser(t *testing.T) {
	s := newFakeServer(t)
	opened, release := make(chan string, 2), make(chan struct{})
	f := start(t, s, func(o *Options) {
		o.OpenBrowser = func(u string) error {
			opened <- u
			<-release
			return &exec.Error{Name: "xdg-open", Err: fmt.Errorf("cannot open %q: %w", u, ErrNoBrowser)}
		}
	})
	f.OpenBrowser() // waits neither for the other call nor for the browser's end
	f.OpenBrowser()
	for range 2 {
		if u := <-opened; u != f.URL() {
			t.Errorf("opened %s", u)
		}
	}
	close(release)
	deadline := time.Now().Add(testTimeout)
	for f.BrowserError() == nil && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	if err := f.BrowserError(); !errors.Is(err, ErrNoBrowser) || strings.Contains(err.Error(), f.state.Reveal()) {
		t.Errorf("error %v", err)
	}
	stillWaiting(t, f) // a browser that can't start doesn't end the flow
}

func TestSystemBrowserMissing(t *testing.T) {
	testenv.NotOnWindows(t, "the browser is part of the system, and would open")
	here := t.TempDir()
	for name, c := range map[string]struct {
		path, display, wayland, variable string
		opened                           bool
	}{
		"nothing that opens":  {t.TempDir(), ":0", "wayland-0", "", false},
		"no screen":           {here, "", "", "", false},
		"X11":                 {here, ":0", "", "", true},
		"Wayland":             {here, "", "wayland-0", "", true},
		"an editor's browser": {here, "", "", "/opt/editor/browser.sh", true},
	} {
		t.Run(name, func(t *testing.T) {
			trace := filepath.Join(t.TempDir(), "opened")
			if err := os.WriteFile(filepath.Join(here, "xdg-open"), []byte("#!/bin/sh\necho \"$1\" >'"+trace+"'\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			for name, value := range map[string]string{"PATH": c.path, "DISPLAY": c.display, "WAYLAND_DISPLAY": c.wayland, "BROWSER": c.variable} {
				t.Setenv(name, value)
			}
			probed, opened := ProbeBrowser(), openSystemBrowser("https://portal.demo.example/")
			got, _ := os.ReadFile(trace)
			if errors.Is(probed, ErrNoBrowser) == c.opened || errors.Is(opened, ErrNoBrowser) == c.opened || (string(got) == "https://portal.demo.example/\n") != c.opened {
				t.Errorf("probed %v, opened %v: %s", probed, opened, got)
			}
		})
	}
}

func TestPages(t *testing.T) {
	s := newFakeServer(t)
	f := start(t, s, func(o *Options) { o.Page = pageIn(t, "ru") })
	p := visit(t, f, validQuery(f, "state", "wrong"))
	if !strings.Contains(p.body, `<html lang="ru">`) || !strings.Contains(p.body, "<title>Это не ответ портала · BoxReady</title>") {
		t.Errorf("page:\n%s", p.body)
	}
	if strings.Contains(p.body, testPortal) {
		t.Error("an unauthorized client is told the portal's name")
	}
	stillWaiting(t, f)

	// Texts are escaped, and may be empty.
	for name, words := range map[string]Page{
		"empty":  {},
		"markup": {Lang: `"><script>`, Done: Words{"<script>", "</style>"}, Failed: Words{"<script>", "</main>"}, Waiting: Words{"<script>", "<b>"}},
	} {
		for _, err := range []error{nil, ErrTimeout, &GrantError{Code: "<script>"}} {
			w := httptest.NewRecorder()
			words.write(w, 200, words.Failed, address(t, testPortal), err)
			if body := w.Body.String(); strings.Contains(body, "<script") || !strings.Contains(body, "</html>") || !strings.Contains(body, "<h1>") {
				t.Errorf("%s, %v:\n%s", name, err, body)
			}
		}
	}
}

func TestReasons(t *testing.T) {
	if ReasonOf(nil) != "" {
		t.Error("nil has a reason")
	}
	seen := map[Reason]bool{}
	for _, err := range []error{
		&DeniedError{}, ErrNoCode, &OtherPortalError{}, &OtherPortalError{Got: "other.example"}, ErrRegionUnknown, ErrTimeout, context.Canceled, context.DeadlineExceeded, ErrInvalidGrant, ErrInvalidClient,
		ErrWrongClient, ErrExpired, ErrPaymentRequired, ErrNotInstalled, ErrScopeRefused, ErrServerFailed, &GrantError{Code: "x"}, &ReplyError{}, syscall.ECONNREFUSED, syscall.EMFILE, errors.New("x"),
	} {
		seen[ReasonOf(fmt.Errorf("wrapped: %w", err))] = true
	}
	for _, r := range Reasons() {
		if !seen[r] {
			t.Errorf("no error has the reason %s", r)
		}
	}
	if len(seen) != len(Reasons()) {
		t.Errorf("%d reasons seen, %d listed", len(seen), len(Reasons()))
	}
}
