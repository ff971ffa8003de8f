package oauthflow

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"boxready/assets"
	"boxready/internal/portal"
	"boxready/internal/secret"
	"boxready/internal/simtest/testenv"
)

func TestMain(m *testing.M) {
	if server := os.Getenv(serverVariable); server != "" {
		renewInProcess(server)
	}
	goleak.VerifyTestMain(testenv.M{M: m})
}

const (
	testClientID = "local.655f1c2d8a1b37.42180155"
	testSecret   = "SakeVG5mbRdcQet45UUrt6q72AMTo7fkwXSO7Y5LYFYNCRsA6f"
	testCode     = "c0de5f1c2d8a1b37c0de5f1c2d8a1b37c0de"
	testPortal   = "portal.demo.example"
)

func testApp() App { return App{ClientID: testClientID, ClientSecret: secret.New(testSecret)} }

// fakeServer is an authorization server that knows one application and rotates refresh tokens.
type fakeServer struct {
	*httptest.Server
	t *testing.T

	mu       sync.Mutex
	codes    map[string]bool // valid ones
	refresh  map[string]bool // valid ones
	issued   int
	requests []url.Values
	// answer, if set, answers instead; it reports whether it did.
	answer func(w http.ResponseWriter, r *http.Request) bool
}

func newFakeServer(t *testing.T) *fakeServer {
	s := &fakeServer{t: t, codes: map[string]bool{testCode: true}, refresh: map[string]bool{"refresh-0": true}}
	s.Server = serveTLS(s)
	t.Cleanup(s.Close)
	return s
}

// serveTLS is httptest.NewTLSServer without logged errors of closed connections.
func serveTLS(h http.Handler) *httptest.Server {
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	return s
}

func (s *fakeServer) auth() AuthServer { return AuthServer{URL: s.URL, HTTP: s.Client()} }

func (s *fakeServer) choose(string) (AuthServer, error) { return s.auth(), nil }

func (s *fakeServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		s.t.Errorf("the authorization server was asked with %s", r.Method)
	}
	if body, _ := io.ReadAll(r.Body); len(body) > 0 {
		s.t.Errorf("the request has a body of %d bytes", len(body))
	}
	q := r.URL.Query()
	s.mu.Lock()
	s.requests = append(s.requests, q)
	answer := s.answer
	s.mu.Unlock()
	if answer != nil && answer(w, r) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.URL.Path != "/oauth/token/" {
		http.NotFound(w, r)
		return
	}
	refuse := func(code string) {
		w.WriteHeader(400)
		fmt.Fprintf(w, `{"error":%q}`, code)
	}
	switch {
	case q.Get("client_id") != testClientID:
		fmt.Fprint(w, `{"error":"wrong_client"}`) // with 200
		return
	case q.Get("client_secret") != testSecret:
		refuse("invalid_client")
		return
	}
	switch q.Get("grant_type") {
	case "authorization_code":
		if !s.codes[q.Get("code")] {
			refuse("invalid_grant")
			return
		}
		delete(s.codes, q.Get("code"))
	case "refresh_token":
		if !s.refresh[q.Get("refresh_token")] {
			refuse("invalid_grant")
			return
		}
		delete(s.refresh, q.Get("refresh_token"))
	default:
		refuse("unsupported_grant_type")
		return
	}
	s.issued++
	next := fmt.Sprintf("refresh-%d", s.issued)
	s.refresh[next] = true
	json.NewEncoder(w).Encode(map[string]any{
		"access_token": fmt.Sprintf("access-%d", s.issued), "refresh_token": next, "expires": time.Now().Add(time.Hour).Unix(), "expires_in": 3600,
		"scope": "user_basic,crm", "domain": "oauth.bitrix.info", "server_endpoint": "https://oauth.bitrix.info/rest/",
		"client_endpoint": "https://" + testPortal + "/rest/", "member_id": "0123456789abcdef0123456789abcdef", "status": "L", "user_id": 7,
	})
}

func (s *fakeServer) asked() []url.Values {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]url.Values(nil), s.requests...)
}

func (s *fakeServer) answerWith(status int, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(status)
		io.WriteString(w, body)
		return true
	}
}

// pageIn returns the program's texts.
func pageIn(t testing.TB, lang string) Page {
	t.Helper()
	data, err := assets.Texts(lang)
	if err != nil {
		t.Fatal(err)
	}
	var texts struct {
		Page map[string]json.RawMessage `json:"sign-in-page"`
	}
	if err := json.Unmarshal(data, &texts); err != nil {
		t.Fatal(err)
	}
	read := func(key string, into any) {
		if err := json.Unmarshal(texts.Page[key], into); err != nil {
			t.Fatalf("%s in %s: %v", key, lang, err)
		}
	}
	p := Page{Lang: lang, Reasons: map[Reason]string{}}
	for key, into := range map[string]*Words{"done": &p.Done, "failed": &p.Failed, "waiting": &p.Waiting} {
		read(key, into)
	}
	for _, reason := range Reasons() {
		var text string
		read("reason-"+string(reason), &text)
		p.Reasons[reason] = text
	}
	return p
}

func englishPage() Page {
	return Page{
		Lang:    "en",
		Done:    Words{"You are signed in", "You can close this tab."},
		Failed:  Words{"The sign-in failed", "Go back to BoxReady."},
		Waiting: Words{"This is not the portal's answer", "BoxReady is still waiting."},
		Reasons: map[Reason]string{
			ReasonOtherPortal:  "Another portal answered.",
			ReasonNoDomain:     "It doesn't say which portal answered.",
			ReasonInvalidGrant: "The authorization server did not accept the code.",
			ReasonDenied:       "The portal refused the sign-in.",
		},
	}
}

func address(t *testing.T, s string) portal.Address {
	t.Helper()
	a, err := portal.ParseAddress(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// start starts a flow on a free port.
func start(t *testing.T, s *fakeServer, change func(*Options)) *Flow {
	t.Helper()
	o := Options{
		Portal: address(t, testPortal), Confirmed: true, App: testApp(), Server: s.choose, Listen: "127.0.0.1:0", Page: englishPage(),
		OpenBrowser: func(string) error { return nil },
	}
	if change != nil {
		change(&o)
	}
	f, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f
}

// good returns the parameters of the portal's answer; changes are pairs of name and value, "-" to leave one out.
func validQuery(f *Flow, changes ...string) url.Values {
	q := url.Values{
		"code": {testCode}, "state": {f.state.Reveal()}, "domain": {testPortal}, "member_id": {"0123456789abcdef0123456789abcdef"},
		"scope": {"user_basic,crm"}, "server_domain": {"oauth.bitrix.info"},
	}
	for i := 0; i < len(changes); i += 2 {
		if changes[i+1] == "-" {
			q.Del(changes[i])
		} else {
			q.Set(changes[i], changes[i+1])
		}
	}
	return q
}

type page struct {
	status int
	header http.Header
	body   string
}

// visit sends a callback as a browser does.
func visit(t *testing.T, f *Flow, q url.Values) page {
	t.Helper()
	return send(t, f, http.MethodGet, Path+"?"+q.Encode(), "")
}

func send(t *testing.T, f *Flow, method, target, host string) page {
	t.Helper()
	return ask(t, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, f, method, target, host)
}

func ask(t *testing.T, client *http.Client, f *Flow, method, target, host string) page {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+bound(f)+target, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return page{response.StatusCode, response.Header, string(body)}
}

// bound is host:port of a flow.
func bound(f *Flow) string {
	return strings.TrimSuffix(strings.TrimPrefix(f.ReturnAddress(), "http://"), Path)
}

// testTimeout is for what comes at once, except on a busy machine.
const testTimeout = 2 * time.Minute

// wait returns the flow's outcome.
func wait(t *testing.T, f *Flow) (Token, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	defer cancel()
	return f.Wait(ctx)
}

// stillWaiting fails unless the flow waits for an answer, and a good answer succeeds.
func stillWaiting(t *testing.T, f *Flow) {
	t.Helper()
	select {
	case <-f.Done():
		_, err := f.outcome()
		t.Fatalf("the flow ended: %v", err)
	default:
	}
	if p := visit(t, f, validQuery(f)); p.status != http.StatusOK || !strings.Contains(p.body, f.options.Page.Done.Title) {
		t.Fatalf("the good answer afterwards: %d\n%s", p.status, p.body)
	}
	if token, err := wait(t, f); err != nil || token.Access.Reveal() != "access-1" {
		t.Fatalf("the good answer afterwards: %v", err)
	}
}

// pipeListener replaces the loopback port in tests with synctest, where real sockets don't work.
type pipeListener struct {
	arriving chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

type pipeConn struct{ net.Conn }

func (pipeConn) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:50000"))
}

func (p *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-p.arriving:
		return pipeConn{c}, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}
func (p *pipeListener) Close() error { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipeListener) Addr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:41924"))
}

func (p *pipeListener) dial() net.Conn {
	ours, theirs := net.Pipe()
	p.arriving <- theirs
	return ours
}

func (p *pipeListener) client() *http.Client {
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext:       func(context.Context, string, string) (net.Conn, error) { return p.dial(), nil },
	}}
}

// startInBubble starts a flow on a pipeListener, with an authorization server that answers from memory.
func startInBubble(t *testing.T, change func(*Options)) (*Flow, *pipeListener) {
	t.Helper()
	p := &pipeListener{arriving: make(chan net.Conn), closed: make(chan struct{})}
	o := Options{
		Portal: address(t, testPortal), App: testApp(), Page: englishPage(),
		Server: func(string) (AuthServer, error) {
			return AuthServer{URL: "https://auth.example", HTTP: doerFunc(func(*http.Request) (*http.Response, error) {
				w := httptest.NewRecorder()
				io.WriteString(w, `{"access_token":"access-1","refresh_token":"refresh-1","expires_in":3600}`)
				return w.Result(), nil
			})}, nil
		},
	}
	if change != nil {
		change(&o)
	}
	return serve(t.Context(), o, p), p
}

// stillWaitingInBubble is stillWaiting on a pipeListener.
func stillWaitingInBubble(t *testing.T, f *Flow, p *pipeListener) {
	t.Helper()
	if got := ask(t, p.client(), f, http.MethodGet, query(validQuery(f)), ""); got.status != http.StatusOK || !strings.Contains(got.body, f.options.Page.Done.Title) {
		t.Errorf("the good answer afterwards: %d\n%s", got.status, got.body)
	}
}
