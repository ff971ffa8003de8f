package oauthflow

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"boxready/internal/simtest/ways"
)

// TestQuotedSecrets signs in to portals, and at authorization servers, that answer with the sign-in's secrets in every way of writing,
// and looks for them in the landing page and in what terminal and window show.
func TestQuotedSecrets(t *testing.T) {
	const host = "127.0.0.1:41924"
	// What the browser and the authorization server bring, with the secret in it.
	answers := map[string]func(written string) (returned url.Values, grant map[string]string){
		"error": func(w string) (url.Values, map[string]string) { return url.Values{"error": {w}}, nil },
		"description": func(w string) (url.Values, map[string]string) {
			return url.Values{"error": {"access_denied"}, "error_description": {"Refused: " + w}}, nil
		},
		"domain": func(w string) (url.Values, map[string]string) { return url.Values{"domain": {w}}, nil },
		"grant": func(w string) (url.Values, map[string]string) {
			return url.Values{"domain": {testPortal}}, map[string]string{"error": w, "error_description": w}
		},
		"description of a grant": func(w string) (url.Values, map[string]string) {
			return url.Values{"domain": {testPortal}}, map[string]string{"error": "invalid_grant", "error_description": "Refused: " + w}
		},
		"no grant": func(w string) (url.Values, map[string]string) {
			return url.Values{"domain": {testPortal}}, map[string]string{w: w}
		},
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			told := 0
			for way, write := range ways.All {
				for _, which := range []string{"client secret", "code", "state"} {
					var grant map[string]string
					o := Options{Portal: address(t, testPortal), Confirmed: true, App: testApp(), Page: englishPage(), PasteOnly: true}
					o.Server = func(string) (AuthServer, error) {
						return AuthServer{URL: "https://auth.example", HTTP: doerFunc(func(*http.Request) (*http.Response, error) {
							reply := httptest.NewRecorder()
							err := json.NewEncoder(reply).Encode(grant)
							return reply.Result(), err
						})}, nil
					}
					f, err := Start(t.Context(), o)
					if err != nil {
						t.Fatal(err)
					}
					secret := map[string]string{"client secret": testSecret, "code": testCode, "state": f.state.Reveal()}[which]
					written := write(secret)
					var q url.Values
					if q, grant = answer(written); which == "state" && grant != nil {
						f.Close()
						continue // only the portal knows it
					}
					q.Set("code", testCode)
					var shown []byte
					if err := f.Paste(Path + "?" + q.Encode()); err != nil {
						shown = append(shown, Detail(err)+err.Error()...)
					}
					q.Set("state", f.state.Reveal())
					for _, path := range []string{Path + "?" + q.Encode(), outcomePath} {
						r := httptest.NewRequest(http.MethodGet, "http://"+host+path, nil)
						r.RemoteAddr = "127.0.0.1:1"
						page := httptest.NewRecorder()
						callbackHandler{f, host}.ServeHTTP(page, r)
						shown = append(shown, page.Body.Bytes()...)
					}
					_, err = f.Wait(t.Context())
					f.Close()
					if Detail(err) != "" {
						told++
					}
					shown = append(shown, Detail(err)+err.Error()...)
					if leaks := ways.Leaks(shown, map[string]string{written: way}, testSecret, testCode, f.state.Reveal()); leaks != nil {
						t.Errorf("the %s, %s: %q in %q", which, way, leaks, Detail(err))
					}
				}
			}
			if told == 0 && name != "no grant" {
				t.Error("nobody is quoted")
			}
		})
	}
}
