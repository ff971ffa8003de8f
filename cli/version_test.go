package cli_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"boxready/cli"
	"boxready/internal/app"
	"boxready/internal/transport"
)

func TestVersionCheck(t *testing.T) {
	var asked []*http.Request
	body, status := "", http.StatusOK
	feed := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	defer feed.Close()
	roots := x509.NewCertPool()
	roots.AddCert(feed.Certificate())
	run := func(args ...string) (string, string, cli.Exit) {
		var out, errs bytes.Buffer
		exit := cli.Run(context.Background(), "1.2.3", append(args, "--lang", "en"), cli.IO{
			In: strings.NewReader(""), Out: &out, Err: &errs, Releases: feed.URL + "/latest.json",
			App: app.Options{Transport: func(o *transport.Options) { o.Roots, o.Proxy = roots, nil }},
		})
		return out.String(), errs.String(), exit
	}
	if out, _, exit := run("version"); out != "boxready 1.2.3\n" || exit != cli.ExitOK || len(asked) > 0 {
		t.Errorf("without --check: %q, exit %d, asked %d times", out, exit, len(asked))
	}
	for _, c := range []struct {
		body     string
		status   int
		exit     cli.Exit
		out, err string
	}{
		{`{"version":"1.2.4","page":"https://example.com/1.2.4"}`, 200, cli.ExitNotice, "newer version: 1.2.4. It is here: https://example.com/1.2.4", ""},
		{`{"version":"1.2.4"}`, 200, cli.ExitNotice, "newer version: 1.2.4\n", ""},
		{`{"version":"1.2.3"}`, 200, cli.ExitOK, "newest version", ""},
		{`{"version":"1.2.4"}`, 500, cli.ExitCouldNot, "", "Couldn't find out"},
		{`<html>`, 200, cli.ExitCouldNot, "", "Couldn't find out"},
	} {
		asked, body, status = nil, c.body, c.status
		out, errs, exit := run("version", "--check")
		if exit != c.exit || !strings.HasPrefix(out, "boxready 1.2.3\n") || !strings.Contains(out, c.out) || !strings.Contains(errs, c.err) {
			t.Errorf("%s: exit %d\n%s\n%s", c.body, exit, out, errs)
		}
		if len(asked) != 1 {
			t.Fatalf("%s: asked %d times", c.body, len(asked))
		}
		// The request identifies only the program.
		for name := range asked[0].Header {
			if !slices.Contains([]string{"User-Agent", "Connection"}, name) {
				t.Errorf("the request has %s", name)
			}
		}
		if asked[0].URL.RawQuery != "" || asked[0].UserAgent() != "BoxReady/1.2.3" {
			t.Errorf("asked %s as %s", asked[0].URL, asked[0].UserAgent())
		}
	}
}
