package release_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"boxready/internal/release"
)

func TestNewest(t *testing.T) {
	var plain *httptest.Server
	mux := http.NewServeMux()
	answer := func(path, body string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })
	}
	answer("/good", `{"version":"1.2.3","page":"https://example.com/releases/1.2.3","more":1}`)
	answer("/bare", `{"version":"1.2.3"}`)
	answer("/script", `{"version":"1.2.3","page":"javascript:alert(1)"}`)
	answer("/phish", `{"version":"1.2.3","page":"https://bank@example.com/"}`)
	answer("/control", `{"version":"1.2.3","page":"https://example.com/\u001b[2J"}`)
	answer("/no-version", `{"version":"latest\u001b[2J"}`)
	answer("/empty", ``)
	answer("/page", `<!doctype html>`)
	answer("/endless", strings.Repeat(" ", 1<<20)+`{"version":"1.2.3"}`)
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/good", http.StatusFound) })
	mux.HandleFunc("/round", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/round", http.StatusFound) })
	mux.HandleFunc("/down", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, plain.URL+"/good", http.StatusFound) })
	mux.HandleFunc("/gone", http.NotFound)
	secure := httptest.NewTLSServer(mux)
	defer secure.Close()
	asked := 0
	plain = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		mux.ServeHTTP(w, r)
	}))
	defer plain.Close()

	const page = "https://example.com/releases/1.2.3"
	for path, want := range map[string]struct {
		page string
		bad  bool
	}{
		"/good": {page: page}, "/moved": {page: page}, "/bare": {}, "/script": {}, "/phish": {}, "/control": {},
		"/no-version": {bad: true}, "/empty": {bad: true}, "/page": {bad: true}, "/endless": {bad: true}, "/round": {bad: true},
		"/down": {bad: true}, "/gone": {bad: true},
	} {
		r, err := release.Newest(context.Background(), secure.Client(), secure.URL+path)
		if (err != nil) != want.bad {
			t.Errorf("%s: error %v", path, err)
		}
		if err == nil && (r.Version != "1.2.3" || r.Page != want.page) {
			t.Errorf("%s: %+v", path, r)
		}
	}
	if _, err := release.Newest(context.Background(), plain.Client(), plain.URL+"/good"); err == nil || asked > 0 {
		t.Errorf("over plain http: %v, asked %d times", err, asked)
	}
	if _, err := release.Newest(context.Background(), secure.Client(), ""); !errors.Is(err, release.ErrNoFeed) {
		t.Errorf("without a feed: %v", err)
	}
}

func TestNewer(t *testing.T) {
	for _, c := range []struct {
		newest, have string
		newer        bool
	}{
		{"1.2.3", "1.2.2", true}, {"1.2.3", "1.2.3", false}, {"1.2.3", "1.10.0", false}, {"1.2.3", "1.2.3-rc.1", true}, {"1.2.3-rc.1", "1.2.3", false},
		{"1.2.3", "v1.2.3", false}, {"1.2.3", "1.2.3+4.gabcdef0", false}, {"1.2.3", "0.1.0-dev", true}, {"1.2.3", "", true},
	} {
		if got := (release.Release{Version: c.newest}).Newer(c.have); got != c.newer {
			t.Errorf("%s after %q: %t", c.newest, c.have, got)
		}
	}
}
