package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"boxready/checks"
	"boxready/internal/portal"
	"boxready/internal/report"
)

// TestLongFacts: facts of -v and of the page have of a list what sentences have of it, and say how many more there are; the JSON has all.
func TestLongFacts(t *testing.T) {
	names := strings.Repeat(fmt.Sprintf(`"%s",`, strings.Repeat("n", 250)), 600)
	at, err := portal.ParseAddress("portal.example.ru")
	if err != nil {
		t.Fatal(err)
	}
	r := checks.Result{Check: checks.PortalTLS, State: checks.OK, Vantage: checks.FromComputer, Facts: json.RawMessage(`{"names":[` + names[:len(names)-1] + `]}`)}
	o := &checks.Outcome{Target: checks.Target{Address: at}, Started: time.Unix(1, 0), Finished: time.Unix(2, 0), Results: []checks.Result{r}}
	p := reporter(t, "en")
	var text bytes.Buffer
	if err := p.WriteText(&text, o, report.Style{Verbose: true, Width: 80}); err != nil {
		t.Fatal(err)
	}
	bundle, err := p.Bundle(report.Contents{Outcome: o})
	if err != nil {
		t.Fatal(err)
	}
	page, _, _ := strings.Cut(string(bundle.File(report.HTMLFile)), "boxready-report")
	for place, shown := range map[string]string{"text": text.String(), "page": page} {
		if strings.Count(shown, "nnnnnnn") > 24*40 || !strings.Contains(strings.Join(strings.Fields(shown), " "), "and 576 more") {
			t.Errorf("%s: %d bytes", place, len(shown))
		}
	}
	if n := strings.Count(string(bundle.File(report.JSONFile)), strings.Repeat("n", 250)); n != 600 {
		t.Errorf("the JSON has %d of 600", n)
	}
}
