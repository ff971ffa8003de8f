package receiver_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"boxready/internal/receiver"
	"boxready/internal/simtest/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(testenv.M{M: m}) }

const public = "https://events.example"

func TestAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"https://events.example": "https://events.example", " https://Events.Example/ ": "https://events.example", "https://events.example:8443/x/y/": "https://events.example:8443/x/y",
		"http://events.example": "", "events.example": "", "https://": "", "https://u:p@events.example": "", "https://events.example/?a": "", "https://events.example?": "",
		"https://events.example/#a": "", "https://events.example/../x": "", "https://events.example//x": "", "https://events.example/%2e": "", "https://events.example/a b": "", "": "", "https://%zz": "",
	} {
		got, err := receiver.ParseAddress(text)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	id := "boxready-" + strings.Repeat("a2", 13)
	for text, want := range map[string]bool{
		"https://events.example/mailbox/" + id: true, "https://events.example/a/mailbox/" + id: true, "https://events.example/mailbox/" + id + "/": false, "http://events.example/mailbox/" + id: false,
		"https://events.example/mailbox/boxready-x": false, "https://events.example/mailbox/": false, "https://events.example/x/" + id: false, "": false, "https://events.example/mailbox/" + strings.ToUpper(id): false,
	} {
		if receiver.IsMailbox(text) != want {
			t.Errorf("%q: %t", text, !want)
		}
	}
}

// TestClientRefusesFalseAnswers asserts that false answers of a receiver are refused.
func TestClientRefusesFalseAnswers(t *testing.T) {
	id, key := "boxready-"+strings.Repeat("a", 26), strings.Repeat("K", 52)
	for name, c := range map[string]struct {
		status int
		body   string
		want   error
	}{
		"another address":  {201, `{"id":"` + id + `","address":"https://evil.example/mailbox/` + id + `","key":"` + key + `"}`, receiver.ErrNoReceiver},
		"another path":     {201, `{"id":"../x","address":"` + public + `/mailbox/../x","key":"` + key + `"}`, receiver.ErrNoReceiver},
		"no key":           {201, `{"id":"` + id + `","address":"` + public + `/mailbox/` + id + `"}`, receiver.ErrNoReceiver},
		"a page":           {200, `<html>`, receiver.ErrNoReceiver},
		"a page as if new": {201, `<html>`, receiver.ErrNoReceiver},
		"a redirect":       {302, ``, receiver.ErrNoReceiver},
		"not found":        {404, ``, receiver.ErrNoReceiver},
		"no room":          {503, ``, receiver.ErrBusy},
		"too often":        {429, ``, receiver.ErrBusy},
		"endless":          {201, `{"id":"` + strings.Repeat("x", 1<<20), receiver.ErrNoReceiver},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked++
				body, _ := io.ReadAll(r.Body)
				if strings.Contains(string(body), "secret-nonce") {
					t.Error("the nonce was sent")
				}
				w.Header().Set("Location", "https://evil.example/")
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			}))
			defer server.Close()
			client := server.Client()
			defer client.CloseIdleConnections()
			client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			if _, err := (&receiver.Client{HTTP: client, Public: server.URL}).Open(t.Context(), "secret-nonce"); !errors.Is(err, c.want) || asked != 1 {
				t.Errorf("%v after %d requests", err, asked)
			}
		})
	}
}
