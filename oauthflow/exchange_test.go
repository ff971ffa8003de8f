package oauthflow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"boxready/internal/portal"
	"boxready/internal/secret"
	"boxready/internal/transport"
)

// A code works once, so replies are parsed leniently.
func TestTokenReplies(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for name, c := range map[string]struct {
		body  string
		date  time.Time
		check func(Token) bool
	}{
		"numbers as strings": {`{"access_token":"a","refresh_token":"r","expires_in":"3600","user_id":"7"}`, time.Time{},
			func(t Token) bool { return t.Expires.Equal(now.Add(time.Hour)) && t.UserID == "7" }},
		"end alone, server's clock ahead": {fmt.Sprintf(`{"access_token":"a","expires":%d}`, now.Add(90*time.Minute).Unix()), now.Add(time.Hour),
			func(t Token) bool { return t.Expires.Equal(now.Add(30 * time.Minute)) }},
		"no life": {`{"access_token":"a"}`, time.Time{}, func(t Token) bool { return t.Expires.Equal(now.Add(time.Hour)) }},
		"endless life": {`{"access_token":"a","expires_in":9e15}`, time.Time{},
			func(t Token) bool { return t.Expires.Equal(now.Add(24 * time.Hour)) }},
		"negative life": {`{"access_token":"a","expires_in":-5}`, time.Time{}, func(t Token) bool { return t.Expires.Equal(now.Add(time.Hour)) }},
		"ended already": {`{"access_token":"a","expires":1000}`, now, func(t Token) bool { return t.Expires.Equal(now) }},
		"scopes as a list": {`{"access_token":"a","scope":["crm","user_basic"]}`, time.Time{},
			func(t Token) bool { return slices.Equal(t.Scopes, []string{"crm", "user_basic"}) }},
		"scopes with spaces": {`{"access_token":"a","scope":"crm user_basic"}`, time.Time{},
			func(t Token) bool { return slices.Equal(t.Scopes, []string{"crm", "user_basic"}) }},
		"odd values": {`{"access_token":"a","scope":null,"expires_in":{},"user_id":[],"member_id":null,"status":false,"error":null}`, time.Time{},
			func(t Token) bool { return t.Scopes == nil && t.UserID == "" && t.MemberID == "" && t.Status == "" }},
		"byte order mark": {"\ufeff" + `{"access_token":"a"}`, time.Time{}, func(t Token) bool { return true }},
	} {
		t.Run(name, func(t *testing.T) {
			s := AuthServer{URL: "https://auth.example/", Now: func() time.Time { return now }, HTTP: doerFunc(func(r *http.Request) (*http.Response, error) {
				if r.URL.Host != "auth.example" || r.URL.Path != "/oauth/token/" {
					t.Errorf("asked %s", r.URL)
				}
				w := httptest.NewRecorder()
				if !c.date.IsZero() {
					w.Header().Set("Date", c.date.Format(http.TimeFormat))
				}
				w.WriteString(c.body)
				return w.Result(), nil
			})}
			token, err := s.Exchange(t.Context(), testApp(), secret.New(testCode))
			if err != nil || token.Access.Reveal() != "a" || !c.check(token) {
				t.Errorf("%+v, %v", token, err)
			}
		})
	}
}

func TestRefresh(t *testing.T) {
	s := newFakeServer(t)
	token, err := s.auth().Refresh(t.Context(), testApp(), secret.New("refresh-0"))
	if err != nil || token.Refresh.Reveal() != "refresh-1" || token.RefreshIssued.IsZero() {
		t.Errorf("%+v, %v", token, err)
	}
	if q := s.asked()[0]; q.Get("grant_type") != "refresh_token" || q.Get("refresh_token") != "refresh-0" || q.Get("client_secret") != testSecret || len(q) != 4 {
		t.Errorf("asked %v", q)
	}
	if _, err = s.auth().Refresh(t.Context(), testApp(), secret.New("refresh-0")); !errors.Is(err, ErrInvalidGrant) {
		t.Errorf("used twice: %v", err)
	}
	s.answerWith(200, `{"access_token":"a","expires_in":3600}`)
	if token, err = s.auth().Refresh(t.Context(), testApp(), secret.New("refresh-1")); err != nil || token.Refresh.Reveal() != "refresh-1" || !token.RefreshIssued.IsZero() {
		t.Errorf("not rotated: %+v, %v", token, err)
	}
}

func TestAppInfo(t *testing.T) {
	s := newFakeServer(t)
	s.answer = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/rest/app.info" || r.URL.RawQuery != "auth=access-1" {
			t.Errorf("asked %s", r.URL)
		}
		fmt.Fprint(w, `{"result":{"client_id":"`+testClientID+`","scope":"crm,user_basic","expires":1772600000,"install":{"installed":true,"version":1,
			"status":"L","scope":["crm"],"domain":"portal.demo.example","uri":"http:\/\/127.0.0.1:41924\/callback",
			"client_endpoint":"http:\/\/portal.demo.example\/rest\/","member_id":"m","member_type":"B"}}}`)
		return true
	}
	info, err := s.auth().AppInfo(t.Context(), secret.New("access-1"))
	want := AppInfo{ClientID: testClientID, Scopes: []string{"crm", "user_basic"}, Expires: time.Unix(1772600000, 0), Install: Install{
		Installed: true, Version: "1", Status: "L", Scopes: []string{"crm"}, Domain: testPortal, URI: "http://127.0.0.1:41924/callback",
		ClientEndpoint: "http://portal.demo.example/rest/", MemberID: "m", MemberType: "B",
	}}
	if err != nil || fmt.Sprintf("%+v", info) != fmt.Sprintf("%+v", want) {
		t.Errorf("%+v, %v", info, err)
	}
	for body, want := range map[string]any{
		`{"error":"expired_token","error_description":"The access token provided has expired."}`: ErrExpired,
		`{"error":"invalid_token"}`:           ErrInvalidToken,
		`{"error":"verification_needed"}`:     ErrLicenceRejected,
		`{"result":{"client_id":"x"}}`:        new(*ReplyError),
		`{"result":[]}`:                       new(*ReplyError),
		`{"access_token":"access-1"}`:         new(*ReplyError),
		`<html>auth=access-1</html>`:          new(*ReplyError),
		`{"result":{"install":{"installed":[`: nil,
	} {
		s.answerWith(401, body)
		_, err := s.auth().AppInfo(t.Context(), secret.New("access-1"))
		switch want := want.(type) {
		case error:
			if !errors.Is(err, want) {
				t.Errorf("%s: %v", body, err)
			}
		case **ReplyError:
			if !errors.As(err, want) || strings.Contains((*want).Excerpt, "access-1") {
				t.Errorf("%s: %v", body, err)
			}
		default:
			if err == nil {
				t.Errorf("%s: no error", body)
			}
		}
		if strings.Contains(fmt.Sprintf("%v %+v", err, err), "access-1") {
			t.Errorf("the error shows the token: %v", err)
		}
	}
}

func TestServerAddress(t *testing.T) {
	for _, bad := range []string{"", "http://oauth.bitrix.info", "oauth.bitrix.info", "https://", "https://user@oauth.bitrix.info", "https://oauth.bitrix.info/x",
		"https://oauth.bitrix.info/?x=1", "https://oauth.bitrix.info#x", "https://oauth.bitrix.info:x"} {
		s := AuthServer{URL: bad, HTTP: doerFunc(func(r *http.Request) (*http.Response, error) {
			t.Errorf("%q was asked", r.URL)
			return nil, errors.New("no")
		})}
		if _, err := s.Exchange(t.Context(), testApp(), secret.New(testCode)); !errors.Is(err, ErrServerAddress) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := (AuthServer{URL: "https://auth.example"}).Exchange(t.Context(), testApp(), secret.New(testCode)); err == nil {
		t.Error("asked without a client")
	}
}

// A redirect would carry the grant to another host, in the header Referer if not in the address.
func TestRedirectIsNotFollowed(t *testing.T) {
	other := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("the other host was asked, Referer %q", r.Referer())
	}))
	defer other.Close()
	s := newFakeServer(t)
	s.answer = func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, other.URL, http.StatusFound)
		return true
	}
	var reply *ReplyError
	if _, err := s.auth().Exchange(t.Context(), testApp(), secret.New(testCode)); !errors.As(err, &reply) || reply.Status != 302 {
		t.Errorf("error %v", err)
	}
}

// Network errors keep their kind, but not the URL, which contains the grant.
func TestNetworkErrorsKeepTheirKind(t *testing.T) {
	failing := func(err error) Doer {
		return &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, err }}}
	}
	s := newFakeServer(t)
	for name, c := range map[string]struct {
		server AuthServer
		want   transport.Failure
	}{
		"refused":     {AuthServer{URL: "https://auth.example", HTTP: refused()}, transport.Refused},
		"no name":     {AuthServer{URL: "https://auth.example", HTTP: failing(&net.DNSError{Err: "no such host", Name: "auth.example", IsNotFound: true})}, transport.NameUnknown},
		"no route":    {AuthServer{URL: "https://auth.example", HTTP: failing(os.NewSyscallError("connect", syscall.ENETUNREACH))}, transport.NoRoute},
		"reset":       {AuthServer{URL: "https://auth.example", HTTP: failing(os.NewSyscallError("read", syscall.ECONNRESET))}, transport.Reset},
		"closed":      {AuthServer{URL: "https://auth.example", HTTP: failing(io.ErrUnexpectedEOF)}, transport.Closed},
		"proxy":       {AuthServer{URL: "https://auth.example", HTTP: failing(transport.ErrProxyAuth)}, transport.ProxyAuth},
		"certificate": {AuthServer{URL: s.URL, HTTP: http.DefaultClient}, transport.Certificate},
	} {
		t.Run(name, func(t *testing.T) {
			_, exchange := c.server.Exchange(t.Context(), testApp(), secret.New(testCode))
			_, info := c.server.AppInfo(t.Context(), secret.New("access-0"))
			for _, err := range []error{exchange, info} {
				if got := transport.FailureOf(err); got != c.want && !(c.want == transport.NoRoute && got == transport.NoNetwork) {
					t.Errorf("%s, want %s: %v", got, c.want, err)
				}
				if ReasonOf(err) != ReasonNoConnection {
					t.Errorf("reason %s", ReasonOf(err))
				}
				text := fmt.Sprintf("%v %+v %#v", err, err, err)
				for _, value := range []string{testSecret, testCode, "access-0"} {
					if strings.Contains(text, value) {
						t.Errorf("the error shows %s: %s", value, text)
					}
				}
			}
		})
	}
	if len(s.asked()) != 0 {
		t.Error("an untrusted server got the secret")
	}
	t.Run("timeout", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			silent := doerFunc(func(r *http.Request) (*http.Response, error) {
				<-r.Context().Done()
				return nil, &url.Error{Op: "Get", URL: r.URL.String(), Err: r.Context().Err()}
			})
			_, err := AuthServer{URL: "https://auth.example", HTTP: silent}.Exchange(ctx, testApp(), secret.New(testCode))
			if transport.FailureOf(err) != transport.Timeout || strings.Contains(err.Error(), testCode) {
				t.Errorf("error %v", err)
			}
		})
	})
}

func TestGrantErrorIs(t *testing.T) {
	for name, c := range map[string]struct {
		err, target error
		want        bool
	}{
		"same":                  {&GrantError{Code: "invalid_grant", Description: "x"}, ErrInvalidGrant, true},
		"letter case":           {&GrantError{Code: "Wrong_Client"}, ErrWrongClient, true},
		"other":                 {&GrantError{Code: "invalid_grant"}, ErrInvalidClient, false},
		"no code":               {&GrantError{}, &GrantError{}, false},
		"the portal's own type": {&GrantError{Code: "expired_token"}, portal.ErrExpiredToken, false},
		"ERROR_OAUTH, quota":    {&GrantError{Code: "ERROR_OAUTH", Description: "Disk quota exceeded."}, ErrNotInstalled, false},
	} {
		if got := errors.Is(c.err, c.target); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
