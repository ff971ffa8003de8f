package simportal_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"boxready/internal/simportal"
	"boxready/internal/simtest/browser"

	"github.com/chromedp/chromedp"
)

// tlsOf is the TLS side of a client's connections.
func tlsOf(c *http.Client) *tls.Config { return c.Transport.(*http.Transport).TLSClientConfig }

func TestAuthorize(t *testing.T) {
	s := start(t, simportal.Options{RedirectURI: "http://127.0.0.1:53134/cb?x=1"})
	g := s.IssueGrant("valid")
	path := "/oauth/authorize/?client_id=" + g.ClientID + "&state=st"
	r := get(t, s, path)
	location, err := url.Parse(r.header.Get("Location"))
	if err != nil || r.status != http.StatusFound {
		t.Fatalf("got %d %v", r.status, err)
	}
	q := location.Query()
	for _, key := range []string{"code", "state", "domain", "server_domain", "member_id", "scope", "x"} {
		if q.Get(key) == "" {
			t.Errorf("no %s in %s", key, location)
		}
	}
	exchange := url.Values{"grant_type": {"authorization_code"}, "client_id": {g.ClientID}, "client_secret": {g.ClientSecret}, "code": {q.Get("code")}}
	at := "https://oauth.bitrix24.tech/oauth/token/?" + exchange.Encode()
	if r := ask(t, client(t, s), request{url: at}); r.json["access_token"] == nil {
		t.Errorf("exchange: %s", r.body)
	}
	if r := ask(t, client(t, s), request{url: at}); r.code() != "invalid_grant" {
		t.Errorf("a code worked twice: %s", r.body)
	}
	if r := get(t, s, "/oauth/authorize/"); !strings.Contains(r.body, "Application was not found.") {
		t.Errorf("without client_id: %s", r.body)
	}
	if r := get(t, s, "/oauth/authorize/?client_id=x"); !strings.Contains(r.body, "WRONG_APPLICATION_CLIENT") || r.status != 200 {
		t.Errorf("unknown client: %d %s", r.status, r.body)
	}
}

func TestLogin(t *testing.T) {
	s := start(t, simportal.Options{Login: true})
	path := "/oauth/authorize/?client_id=" + s.IssueGrant("valid").ClientID + "&state=%22%3E%3Cb%3E"
	at := "https://" + s.Host() + path
	browser := func() *http.Client {
		c := client(t, s)
		c.Jar, _ = cookiejar.New(nil)
		return c
	}
	fill := func(login, password string) request {
		return request{url: at, kind: form, body: url.Values{"AUTH_FORM": {"Y"}, "TYPE": {"AUTH"}, "USER_LOGIN": {login}, "USER_PASSWORD": {password}}.Encode()}
	}
	isForm := func(r reply, words string) bool {
		return r.status == 200 && strings.Contains(r.body, words) && strings.Contains(r.body, `<form name="form_auth" method="post"`) && !strings.Contains(r.body, "<b>")
	}
	var known []string
	for _, u := range simportal.Users() {
		known = append(known, u.Login)
	}
	if !slices.Equal(known, []string{"admin", "ivan", "olga", "pavel"}) {
		t.Fatalf("users %v", known)
	}

	t.Run("the form, every time", func(t *testing.T) {
		c := browser()
		for range 2 {
			if r := ask(t, c, request{url: at}); !isForm(r, "Please log in") {
				t.Errorf("got %d %s", r.status, r.body)
			}
		}
	})
	t.Run("not for an unknown application", func(t *testing.T) {
		if r := ask(t, browser(), request{url: "https://" + s.Host() + "/oauth/authorize/?client_id=x"}); !strings.Contains(r.body, "Application was not found.") || strings.Contains(r.body, "<form") {
			t.Errorf("got %s", r.body)
		}
	})
	for name, q := range map[string]request{"wrong password": fill("admin", "x"), "unknown user": fill("x", "demo"), "dismissed user": fill("pavel", "demo"), "nothing": fill("", "")} {
		t.Run(name, func(t *testing.T) {
			if r := ask(t, browser(), q); !isForm(r, "Incorrect login or password.") || r.header.Get("Set-Cookie") != "" {
				t.Errorf("got %d %s", r.status, r.body)
			}
		})
	}
	if got := s.ReportedAddresses(); len(got) != 0 {
		t.Errorf("the portal introduced itself before anybody signed in: %v", got)
	}
	for login, want := range map[string]struct{ id, admin, call string }{
		"admin": {"1", "true", ""}, "ivan": {"7", "false", ""}, "olga": {"12", "", "user_access_error"},
	} {
		t.Run(login, func(t *testing.T) {
			c := browser()
			r := ask(t, c, fill(login, "demo"))
			cookie := r.header.Get("Set-Cookie")
			if r.status != 302 || !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "Secure") {
				t.Fatalf("got %d %s, cookie %s", r.status, r.body, cookie)
			}
			if r = ask(t, c, request{url: at}); r.status != 302 {
				t.Fatalf("the session is lost: %d", r.status)
			}
			to, err := url.Parse(r.header.Get("Location"))
			if err != nil || to.Query().Get("state") != `"><b>` {
				t.Fatalf("to %v", to)
			}
			g := s.IssueGrant("valid")
			token := ask(t, c, request{url: tokenEndpoint + "?" + url.Values{"grant_type": {"authorization_code"}, "client_id": {g.ClientID}, "client_secret": {g.ClientSecret}, "code": {to.Query().Get("code")}}.Encode()})
			if !strings.Contains(token.body, `"user_id":`+want.id+"}") {
				t.Errorf("token: %s", token.body)
			}
			access, _ := token.json["access_token"].(string)
			if r := ask(t, c, request{url: "https://" + s.Host() + "/rest/profile?auth=" + access}); r.code() != want.call || want.call == "" && !strings.Contains(r.body, `"ID":"`+want.id+`","ADMIN":`+want.admin) {
				t.Errorf("profile: %s", r.body)
			}
		})
	}
}

func TestAuthorizeOutcomes(t *testing.T) {
	tests := []struct {
		name   string
		faults []string
		client string // "" = the demo application
		status int
		want   string
		held   bool // the authorization server stored the portal's address
	}{
		{name: "code", status: 302, held: true},
		{name: "code box", faults: []string{"authorize-code-box"}, status: 200, want: "<p>Application ID</p><h1>", held: true},
		{name: "empty code box", faults: []string{"authorize-empty-box"}, status: 200, want: "<h1></h1>"},
		{name: "authorization server unreachable", faults: []string{"auth-server-unreachable"}, status: 200, want: "<h1></h1>"},
		{name: "not installed", faults: []string{"authorize-error"}, status: 200, want: "<p>ERROR_OAUTH: Application not installed</p>", held: true},
		{name: "removed at the authorization server", faults: []string{"app-not-on-auth-server"}, status: 200, want: "<p>ERROR_OAUTH: Application not installed</p>", held: true},
		{name: "licence", faults: []string{"licence-rejected"}, status: 200, want: "<p>verification_needed: License check failed.</p>"},
		{name: "unknown application", client: "local.x.1", status: 200, want: "<p>WRONG_APPLICATION_CLIENT: Unable to get application data</p>", held: true},
		{name: "not registered", faults: []string{"portal-not-registered"}, status: 500, want: "<p>No client credentials</p>"},
		{name: "login", faults: []string{"authorize-login"}, status: 200, want: "Please log in to use the application."},
		{name: "login, application gone", faults: []string{"authorize-login", "app-missing"}, status: 200, want: "<p>Application was not found.</p>"},
		{name: "no intranet", faults: []string{"intranet-absent"}, status: 404, want: "Page not found"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := faulty(t, append(test.faults, "http-serves")...)
			id := test.client
			if id == "" {
				id = s.IssueGrant("valid").ClientID
			}
			r := ask(t, client(t, s), request{url: "http://" + s.Host() + "/oauth/authorize/?client_id=" + id})
			if r.status != test.status || !strings.Contains(r.body, test.want) {
				t.Errorf("got %d %s", r.status, r.body)
			}
			if held := s.RegisteredAddress() == "http://"+s.Host(); held != test.held {
				t.Errorf("the authorization server holds %s", s.RegisteredAddress())
			}
		})
	}
}

// TestRealBrowser has Debian's browser sign in, by real names, through the simulated proxy.
func TestRealBrowser(t *testing.T) {
	answers := make(chan url.Values, 1)
	landing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" && r.URL.RawQuery != "" {
			answers <- r.URL.Query()
		}
		_, _ = w.Write([]byte(`<!doctype html><title>Landed</title><p id="landed">Landed`))
	}))
	t.Cleanup(landing.Close)
	s := start(t, simportal.Options{Login: true, RedirectURI: landing.URL + "/"})
	_, proxy, _ := strings.Cut(s.Proxy(), "//")
	if _, _, err := net.SplitHostPort(proxy); err != nil {
		t.Fatal(err)
	}
	ctx := browser.Start(t, chromedp.WindowSize(900, 640), chromedp.IgnoreCertErrors, chromedp.Flag("no-proxy-server", false), chromedp.Flag("proxy-server", proxy))
	within, done := context.WithTimeout(ctx, time.Minute)
	defer done()
	at := "https://" + s.Host() + "/oauth/authorize/?client_id=" + s.IssueGrant("valid").ClientID + "&state=st"
	fill := func(password string) []chromedp.Action[chromedp.Void] {
		return []chromedp.Action[chromedp.Void]{
			chromedp.SetValue(chromedp.CSS(`[name=USER_LOGIN]`), "ivan"), chromedp.SetValue(chromedp.CSS(`[name=USER_PASSWORD]`), password), chromedp.Click(chromedp.CSS(`[name=Login]`)),
		}
	}
	steps := append([]chromedp.Action[chromedp.Void]{chromedp.Navigate(at)}, fill("wrong")...)
	steps = append(steps, chromedp.WaitVisible(chromedp.CSS(`#wrong`)))
	steps = append(steps, fill("demo")...)
	steps = append(steps, chromedp.WaitVisible(chromedp.CSS(`#landed`)))
	if err := chromedp.Do(within, steps...); err != nil {
		t.Fatal(err)
	}
	q := <-answers
	if q.Get("state") != "st" || q.Get("domain") != s.Host() || q.Get("code") == "" {
		t.Errorf("landed with %v", q)
	}
	if err := chromedp.Do(within, chromedp.Navigate(at), chromedp.WaitVisible(chromedp.CSS(`#landed`))); err != nil {
		t.Fatalf("the session is lost: %v", err)
	}
}
