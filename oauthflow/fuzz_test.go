package oauthflow

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"boxready/internal/portal"
	"boxready/internal/secret"
)

// FuzzPaste parses pasted text: it gives a code or one of the three error types.
func FuzzPaste(f *testing.F) {
	const state = "c3RhdGUtb2YtdGhpcy1mbG93"
	want, err := portal.ParseAddress(testPortal)
	if err != nil {
		f.Fatal(err)
	}
	answer := ReturnAddress() + "?code=" + testCode + "&state=" + state + "&domain=" + testPortal + "&server_domain=oauth.bitrix.info"
	for _, text := range []string{
		"", testCode, "«" + testCode + "»", answer, answer[:60] + "\n  " + answer[60:], answer + "#part", answer + "&code=2", answer + "&%zz",
		"?error=access_denied&error_description=%3Cb%3E&state=" + state, "https://" + testPortal + "/stream/", testClientID, "code=1&domain=[::1]:443", "<b>123456</b>", "\xff1234",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := readPaste(text, state, want)
		var (
			paste  *PasteError
			other  *OtherPortalError
			denied *DeniedError
		)
		switch {
		case err == nil && (a.code.IsZero() || a.denied != nil):
			t.Error("an answer without a code")
		case err == nil && a.hasDomain && a.check(want) != nil:
			t.Error("another portal's answer")
		case err != nil && !errors.As(err, &paste) && !errors.As(err, &other) && !errors.As(err, &denied):
			t.Errorf("%T", err)
		case errors.As(err, &denied) && (len([]rune(denied.Description)) > maxPrintable+1 || strings.ContainsAny(denied.Description, "\x00\x1b\r\n")):
			t.Errorf("description %q", denied.Description)
		}
	})
}

// FuzzCallback sends queries to the loopback page, as any program or web page on this computer can. Without the state none is
// an answer, and none puts markup on the page.
func FuzzCallback(f *testing.F) {
	want, err := portal.ParseAddress(testPortal)
	if err != nil {
		f.Fatal(err)
	}
	for _, query := range []string{
		"", "code=" + testCode + "&state=STATE&domain=" + testPortal, "code=1&state=1", "state=STATE&error=access_denied&error_description=%3Cscript%3Ealert(1)%3C/script%3E",
		"state=STATE&state=STATE&code=1", "state=STATE&code=1&domain=%3Cscript%3E", "state=STATE&code=1&domain=" + testPortal + "&server_domain=evil.example", "%zz", "code=1;state=2", "STATE",
	} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		asked := 0
		flow, err := Start(t.Context(), Options{
			Portal: want, Confirmed: true, App: testApp(), PasteOnly: true, Page: englishPage(), Timeout: time.Minute,
			Server: func(host string) (AuthServer, error) {
				if host != "" && !strings.HasPrefix(host, "oauth.bitrix") {
					t.Errorf("the secret would go to %q", host)
				}
				return AuthServer{URL: "https://oauth.test", HTTP: doerFunc(func(*http.Request) (*http.Response, error) {
					asked++
					return nil, io.ErrUnexpectedEOF
				})}, nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer flow.Close()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, Path, nil)
		r.URL.RawQuery = strings.ReplaceAll(query, "STATE", flow.state.Reveal())
		r.Host, r.RemoteAddr = "127.0.0.1:41924", "127.0.0.1:50000"
		w := httptest.NewRecorder()
		callbackHandler{flow, r.Host}.ServeHTTP(w, r)
		if w.Code == http.StatusSeeOther { // to the page with the outcome
			r.URL.Path, r.URL.RawQuery = w.Header().Get("Location"), ""
			w = httptest.NewRecorder()
			callbackHandler{flow, r.Host}.ServeHTTP(w, r)
		}
		known := strings.Contains(query, "STATE") || strings.Contains(query, flow.state.Reveal())
		select {
		case <-flow.done:
			if !known {
				t.Errorf("ended by an unauthorized %q", query)
			}
		default:
			if asked > 0 || w.Code != http.StatusBadRequest {
				t.Errorf("status %d, and the authorization server was asked %d times", w.Code, asked)
			}
		}
		if body := strings.ToLower(w.Body.String()); strings.Contains(body, "<script") || strings.Contains(body, "<img") {
			t.Errorf("markup on the page:\n%s", body)
		}
	})
}

// FuzzGrant parses an authorization server's response: the result is a usable token, or an error without a secret in it.
func FuzzGrant(f *testing.F) {
	now := time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)
	for _, body := range []string{
		`{"access_token":"a","refresh_token":"r","expires_in":3600,"scope":"crm,user_basic","user_id":7}`, `{"access_token":7,"expires":1795600000,"scope":["crm",1,null]}`,
		`{"access_token":{},"expires_in":"9e99"}`, `{"error":"invalid_grant","error_description":"` + testSecret + `"}`, "\ufeff" + `{"access_token":"a"}`, `[]`, "", "<html>" + testCode,
		`{"result":{"client_id":"app.1","scope":"crm","expires":1,"install":{"installed":"Y","domain":"x","status":"L"}}}`,
	} {
		f.Add(body, uint16(200))
	}
	f.Fuzz(func(t *testing.T, body string, status uint16) {
		server := AuthServer{URL: "https://oauth.test", Now: func() time.Time { return now }, HTTP: doerFunc(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: int(status), Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
		})}
		token, err := server.Exchange(t.Context(), testApp(), secret.New(testCode))
		if err == nil && (token.Access.IsZero() || token.Expires.Before(now) || token.Expires.After(now.Add(maxAccessLifetime))) {
			t.Errorf("a token valid from %s to %s", now, token.Expires)
		}
		if err != nil && (strings.Contains(err.Error(), testSecret) || strings.Contains(err.Error(), testCode)) {
			t.Errorf("a secret in %q", err)
		}
		if _, err := server.AppInfo(t.Context(), secret.New(testCode)); err != nil && strings.Contains(err.Error(), testCode) {
			t.Errorf("a token in %q", err)
		}
	})
}
