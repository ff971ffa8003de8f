package simportal_test

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"boxready/internal/simportal"
)

const tokenEndpoint = "https://oauth.bitrix24.tech/oauth/token/"

// refreshing returns the parameters of an application's refresh request.
func refreshing(g simportal.Grant) string {
	return url.Values{"grant_type": {"refresh_token"}, "client_id": {g.ClientID}, "client_secret": {g.ClientSecret}, "refresh_token": {g.RefreshToken}}.Encode()
}

func TestTokenEndpoint(t *testing.T) {
	s := faulty(t)
	g := s.IssueGrant("expired")
	refresh := url.Values{"grant_type": {"refresh_token"}, "client_id": {g.ClientID}, "client_secret": {g.ClientSecret}, "refresh_token": {g.RefreshToken}}
	wrong := url.Values{"grant_type": {"refresh_token"}, "client_id": {g.ClientID}, "client_secret": {"x"}}
	tests := []struct {
		name, url, kind, body string
		status                int
		want                  string
	}{
		{"no parameters", "https://oauth.bitrix24.tech/oauth/token/", "", "", 400, `"error":"invalid_request"`},
		{"unknown grant", "https://oauth.bitrix24.tech/oauth/token/?grant_type=password&client_id=x", "", "", 400, `"error":"unsupported_grant_type"`},
		{"unknown client", "https://oauth.bitrix24.tech/oauth/token/?grant_type=refresh_token&client_id=x", "", "", 200, `{"error":"wrong_client"}`},
		{"other region", "https://oauth.bitrix.info/oauth/token/?" + refresh.Encode(), "", "", 200, `{"error":"wrong_client"}`},
		{"wrong secret", "https://oauth.bitrix24.tech/oauth/token/?" + wrong.Encode(), "", "", 400, `"error":"invalid_client"`},
		{"through the portal, no parameters", "https://" + s.Host() + "/oauth/token/", "", "", 400, `"error":"invalid_request"`},
		{"through the portal, unknown client", "https://" + s.Host() + "/oauth/token/?grant_type=refresh_token&client_id=x", "", "", 200, `{"error":"wrong_client"}`},
		{"through the portal", "https://" + s.Host() + "/oauth/token/?" + refresh.Encode(), "", "", 200, `"domain":"` + s.Host() + `"`},
		{"used refresh token", "https://oauth.bitrix24.tech/oauth/token/", form, refresh.Encode(), 400, `"error":"invalid_grant"`},
		{"app.info without a token", "https://oauth.bitrix24.tech/rest/app.info", "", "", 401, `"error":"NO_AUTH_FOUND"`},
		{"app.info with an invented token", "https://oauth.bitrix24.tech/rest/app.info?auth=x", "", "", 401, `"error":"invalid_token"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := ask(t, client(t, s), request{url: test.url, kind: test.kind, body: test.body})
			if r.status != test.status || !strings.Contains(r.body, test.want) {
				t.Errorf("got %d %s %v, want %d %s", r.status, r.body, r.err, test.status, test.want)
			}
		})
	}
	t.Run("refreshed token works", func(t *testing.T) {
		again := url.Values{"grant_type": {"refresh_token"}, "client_id": {g.ClientID}, "client_secret": {g.ClientSecret}, "refresh_token": {s.IssueGrant("expired").RefreshToken}}
		r := ask(t, client(t, s), request{url: "https://oauth.bitrix24.tech/oauth/token/", kind: form, body: again.Encode()})
		token, _ := r.json["access_token"].(string)
		if r.json["domain"] != "oauth.bitrix24.tech" || r.json["server_endpoint"] != "https://oauth.bitrix24.tech/rest/" {
			t.Errorf("got %s", r.body)
		}
		if r := get(t, s, "/rest/user.admin?auth="+token); r.status != 200 {
			t.Errorf("got %s", r.body)
		}
	})
}

// fakeClock is a clock that a test advances.
type fakeClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *fakeClock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func TestTokenLifetimes(t *testing.T) {
	clock := &fakeClock{now: time.Now()}
	s := start(t, simportal.Options{Clock: clock.read})
	// The client uses the same clock, so certificates have to be renewed with it.
	c := client(t, s)
	tlsOf(c).Time = clock.read
	refresh := func(g simportal.Grant) reply {
		t.Helper()
		return ask(t, c, request{url: tokenEndpoint + "?" + refreshing(g)})
	}
	call := func(token string) string {
		return ask(t, c, request{url: "https://" + s.Host() + "/rest/profile?auth=" + token}).code()
	}
	code := func() string {
		t.Helper()
		r := ask(t, c, request{url: "https://" + s.Host() + "/oauth/authorize/?client_id=" + s.IssueGrant("valid").ClientID})
		at, err := url.Parse(r.header.Get("Location"))
		if err != nil || at.Query().Get("code") == "" {
			t.Fatalf("got %d %s", r.status, r.body)
		}
		return at.Query().Get("code")
	}
	exchange := func(code string) reply {
		g := s.IssueGrant("valid")
		return ask(t, c, request{url: tokenEndpoint + "?" + url.Values{"grant_type": {"authorization_code"}, "client_id": {g.ClientID}, "client_secret": {g.ClientSecret}, "code": {code}}.Encode()})
	}

	young, old := code(), code()
	clock.advance(30 * time.Second)
	if r := exchange(young); r.json["access_token"] == nil {
		t.Errorf("a code after 30 s: %s", r.body)
	}
	clock.advance(time.Second)
	if r := exchange(old); r.status != 401 || r.body != `{"error":"expired_token","error_description":"The authorization token provided has expired."}` {
		t.Errorf("a code after 31 s: %d %s", r.status, r.body)
	}

	first, second := s.IssueGrant("valid"), s.IssueGrant("valid")
	clock.advance(time.Hour - time.Second)
	if got := call(first.AccessToken); got != "" {
		t.Errorf("a token before its hour is over: %s", got)
	}
	clock.advance(time.Second)
	for name, want := range map[string]string{first.AccessToken: "expired_token", second.AccessToken: "expired_token"} {
		if got := call(name); got != want {
			t.Errorf("a token after an hour: %s", got)
		}
	}

	clock.advance(180*24*time.Hour - time.Hour)
	if r := refresh(first); r.json["access_token"] == nil {
		t.Errorf("a refresh token after 180 days: %s %v", r.body, r.err)
	}
	clock.advance(time.Second)
	if r := refresh(second); r.status != 401 || r.body != `{"error":"expired_token","error_description":"The refresh token provided has expired."}` {
		t.Errorf("a refresh token after more than 180 days: %d %s", r.status, r.body)
	}
	clock.advance(500 * 24 * time.Hour)
	if r := ask(t, c, request{url: "https://" + s.Host() + "/rest/profile"}); r.err != nil {
		t.Errorf("a year and a half later: %v", r.err)
	}
}

// TestRotation uses one refresh token in many requests at once.
func TestRotation(t *testing.T) {
	s := faulty(t)
	g := s.IssueGrant("valid")
	const many = 20
	var renewed, refused sync.Map
	var wg sync.WaitGroup
	for i := range many {
		wg.Go(func() {
			r := ask(t, client(t, s), request{url: tokenEndpoint, kind: form, body: refreshing(g)})
			if token, ok := r.json["refresh_token"].(string); ok {
				renewed.Store(token, true)
			} else if r.code() == "invalid_grant" {
				refused.Store(i, true)
			}
		})
	}
	wg.Wait()
	count := func(m *sync.Map) (n int, last any) {
		m.Range(func(k, _ any) bool { n++; last = k; return true })
		return n, last
	}
	n, next := count(&renewed)
	if no, _ := count(&refused); n != 1 || no != many-1 {
		t.Fatalf("%d renewed, %d refused", n, no)
	}
	g.RefreshToken = next.(string)
	if r := ask(t, client(t, s), request{url: tokenEndpoint + "?" + refreshing(g)}); r.json["access_token"] == nil {
		t.Errorf("the new refresh token: %s", r.body)
	}
	logged := 0
	for _, r := range s.Log() {
		if r.Path == "/oauth/token/" && slices.Contains(r.Tokens, g.RefreshToken) {
			logged++
		}
	}
	if logged != 1 {
		t.Errorf("the log has the new refresh token %d times", logged)
	}
}

func TestTokenEndpointFaults(t *testing.T) {
	for fault, want := range map[string]string{
		"grant-invalid":             `400 {"error":"invalid_grant"}`,
		"client-invalid":            `400 {"error":"invalid_client","error_description":"Invalid client credentials."}`,
		"sign-in-expired":           `401 {"error":"expired_token","error_description":"The refresh token provided has expired."}`,
		"app-payment-required":      `401 {"error":"PAYMENT_REQUIRED","error_description":"Payment required"}`,
		"app-unknown":               `200 {"error":"wrong_client"}`,
		"token-not-installed":       `401 {"error":"NOT_INSTALLED","error_description":"Application not installed"}`,
		"token-unauthorized-client": `400 {"error":"unauthorized_client"}`,
		"token-invalid-scope":       `403 {"error":"invalid_scope","error_description":"Given scope exceeds permissions associated with given grant"}`,
		"token-invalid-request":     `400 {"error":"invalid_request"}`,
		"token-unsupported-grant":   `400 {"error":"unsupported_grant_type"}`,
	} {
		t.Run(fault, func(t *testing.T) {
			s := faulty(t, fault)
			g := s.IssueGrant("valid")
			q := tokenEndpoint + "?" + refreshing(g)
			if r := ask(t, client(t, s), request{url: q}); strconv.Itoa(r.status)+" "+r.body != want {
				t.Errorf("got %d %s, want %s", r.status, r.body, want)
			}
			if err := s.SetFaults(); err != nil {
				t.Fatal(err)
			}
			if r := ask(t, client(t, s), request{url: q}); r.json["access_token"] == nil {
				t.Errorf("a refused refresh used the token up: %s", r.body)
			}
		})
	}
	t.Run("query only", func(t *testing.T) {
		s := faulty(t, "token-query-only")
		g := s.IssueGrant("valid")
		if r := ask(t, client(t, s), request{url: tokenEndpoint, kind: form, body: refreshing(g)}); r.code() != "invalid_request" {
			t.Errorf("a form: %s", r.body)
		}
		if r := ask(t, client(t, s), request{url: tokenEndpoint + "?" + refreshing(g)}); r.json["access_token"] == nil {
			t.Errorf("the query: %s", r.body)
		}
	})
}
