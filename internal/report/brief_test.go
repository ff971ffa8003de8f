package report_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"boxready/internal/report"
)

func TestBrief(t *testing.T) {
	saved := func(data string) report.Brief {
		path := filepath.Join(t.TempDir(), "a.json")
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		return report.ReadBrief(path)
	}
	const (
		closed  = `{"check":"rest-route","state":"problem","cause":"rest-site-closed","owner":"portal-admin","affects":["applications"],"title":"Closed\u001b[31m"}`
		webhook = `{"check":"webhook","state":"problem","cause":"webhook-rejected","owner":"portal-admin","affects":["this-webhook"],"title":"Rejected"}`
	)
	of := func(verdict, results string) string {
		return strings.NewReplacer("no-obstacle", verdict, "https://p.example", "https://p.example\\u0007").Replace(reportWith(results))
	}
	for name, test := range map[string]struct {
		data string
		want report.Brief // without what all have
	}{
		"a portal's problem before a webhook's": {of("not-ready", webhook+","+closed), report.Brief{Verdict: "not-ready", Check: "rest-route", Cause: "rest-site-closed", Title: "Closed"}},
		"not what was acknowledged": {of("not-ready", strings.Replace(closed, `"rest-route"`, `"portal-tls","acknowledged":{"reason":"known"}`, 1)+","+closed),
			report.Brief{Verdict: "not-ready", Check: "rest-route", Cause: "rest-site-closed", Title: "Closed"}},
		"nothing wrong":     {of("ready", fine), report.Brief{Verdict: "ready"}},
		"not JSON":          {"{", report.Brief{Err: &report.ReadError{Reason: report.ReadDamaged}}},
		"no report":         {"hello", report.Brief{Err: &report.ReadError{Reason: report.ReadNoReport}}},
		"of another format": {strings.Replace(reportWith(""), `"schema":1`, `"schema":9`, 1), report.Brief{Err: &report.ReadError{Reason: report.ReadForeign}}},
		"no code":           {of("not-ready", strings.Replace(closed, "rest-route", "<b>", 1)), report.Brief{Err: &report.ReadError{Reason: report.ReadDamaged}}},
		"no verdict":        {of("<b>", closed), report.Brief{Err: &report.ReadError{Reason: report.ReadDamaged}}},
		"too many results":  {of("not-ready", strings.Repeat(fine+",", 5000)+fine), report.Brief{Err: &report.ReadError{Reason: report.ReadTooBig}}},
	} {
		t.Run(name, func(t *testing.T) {
			got := saved(test.data)
			if test.want.Err != nil {
				if got.Err == nil || got.Err.Reason != test.want.Err.Reason || got.Portal != "" || got.Path == "" {
					t.Errorf("%+v", got)
				}
				return
			}
			if got.Err != nil || got.Verdict != test.want.Verdict || got.Check != test.want.Check || got.Cause != test.want.Cause ||
				!strings.HasPrefix(got.Title, test.want.Title) || strings.ContainsAny(got.Title+got.Portal, "\x1b\x07") || len(got.ID) != 8 || got.Started.IsZero() {
				t.Errorf("%+v", got)
			}
		})
	}
	if got := report.ReadBrief(filepath.Join(t.TempDir(), "missing.zip")); got.Err == nil || got.Err.Reason != report.ReadMissing {
		t.Errorf("%+v", got)
	}
}
