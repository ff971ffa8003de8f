package oauthflow

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"boxready/internal/portal"
	"boxready/internal/secret"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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
	codes    map[string]bool // good ones
	refresh  map[string]bool // good ones
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

// serveTLS is httptest.NewTLSServer without complaints about clients that go away.
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

func russianPage() Page {
	return Page{
		Lang:    "ru",
		Done:    Words{"Вход выполнен", "Эту вкладку можно закрыть: BoxReady продолжает проверку."},
		Failed:  Words{"Войти не удалось", "Вернитесь в BoxReady: там написано, что делать."},
		Waiting: Words{"Это не ответ портала", "BoxReady по-прежнему ждёт, пока вы войдёте на портал."},
		Reasons: map[Reason]string{
			ReasonOtherPortal:  "Ответил другой портал, не тот, который вы проверяете.",
			ReasonInvalidGrant: "Сервер авторизации не принял код: возможно, приложение зарегистрировано на другом портале.",
			ReasonDenied:       "Портал отказал во входе.",
		},
	}
}

func englishPage() Page {
	return Page{
		Lang:    "en",
		Done:    Words{"You are signed in", "You can close this tab: BoxReady goes on checking."},
		Failed:  Words{"The sign-in failed", "Go back to BoxReady: it says what to do."},
		Waiting: Words{"This is not the portal's answer", "BoxReady is still waiting for you to sign in to the portal."},
		Reasons: map[Reason]string{
			ReasonOtherPortal:  "Another portal answered, not the one that you are checking.",
			ReasonInvalidGrant: "The authorization server did not accept the code: the application may belong to another portal.",
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
		Portal: address(t, testPortal), App: testApp(), Server: s.choose, Listen: "127.0.0.1:0", Page: englishPage(),
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

// good are the parameters of the portal's answer; changes are pairs of name and value, "-" to leave one out.
func good(f *Flow, changes ...string) url.Values {
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

// visit asks the loopback server as a browser does.
func visit(t *testing.T, f *Flow, q url.Values) page {
	t.Helper()
	return send(t, f, http.MethodGet, Path+"?"+q.Encode(), "")
}

func send(t *testing.T, f *Flow, method, target, host string) page {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, strings.TrimSuffix(f.ReturnAddress(), Path)+target, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
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

// wait returns the outcome, which has to be there soon.
func wait(t *testing.T, f *Flow) (Token, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
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
	if p := visit(t, f, good(f)); p.status != http.StatusOK || !strings.Contains(p.body, f.options.Page.Done.Title) {
		t.Fatalf("the good answer afterwards: %d\n%s", p.status, p.body)
	}
	if token, err := wait(t, f); err != nil || token.Access.Reveal() != "access-1" {
		t.Fatalf("the good answer afterwards: %v", err)
	}
}
