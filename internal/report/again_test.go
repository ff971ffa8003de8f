package report_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"boxready/checks"
	"boxready/internal/report"
	"boxready/internal/simportal"

	"github.com/google/go-cmp/cmp"
)

// savedRun writes a run's data and reads it back.
func savedRun(t testing.TB, lang string, c report.Contents) *report.Saved {
	t.Helper()
	saved, err := report.Read(write(t, bundle(t, reporter(t, lang), c).File(report.JSONFile)))
	if err != nil {
		t.Fatal(err)
	}
	return saved
}

func outcomesOf(d report.Document) (list []string) {
	for _, e := range d.Results {
		list = append(list, strings.Join([]string{string(e.Check), string(e.State), string(e.Cause), string(e.Owner), string(e.Because), string(e.Vantage)}, " "))
	}
	return list
}

// TestJudgedAgain asserts that the same program draws the same conclusions from a saved report, for every fault that is found
// quickly.
func TestJudgedAgain(t *testing.T) {
	for _, fault := range simportal.Faults() {
		if fault.Group == "dns" || fault.Group == "tls" || fault.Group == "redirect" || fault.Group == "route" || fault.Group == "clock" {
			t.Run(fault.Name, func(t *testing.T) {
				t.Parallel()
				o := runDemo(t, fault.Name)
				saved := savedRun(t, "ru", report.Contents{Outcome: o})
				again, kept := reporter(t, "ru").JudgeAgain(saved)
				if diff := cmp.Diff(outcomesOf(saved.Document), outcomesOf(again.Document)); diff != "" {
					t.Errorf("judged again:\n%s", diff)
				}
				if again.Verdict != o.Verdict {
					t.Errorf("verdict %s, was %s", again.Verdict, o.Verdict)
				}
				for _, k := range kept {
					if k.Reason != checks.KeptBrokenOff {
						t.Errorf("kept: %+v", k)
					}
				}
				for i := range again.Results {
					if diff := cmp.Diff(saved.Results[i].Text, again.Results[i].Text); diff != "" {
						t.Errorf("%s is said otherwise:\n%s", again.Results[i].Check, diff)
					}
				}
			})
		}
	}
}

// TestVerdictFromOldFacts asserts that an old report's verdict is drawn from its facts, not from its conclusions.
func TestVerdictFromOldFacts(t *testing.T) {
	saved := savedRun(t, "en", report.Contents{Outcome: runDemo(t, "tls-expired")})
	i := slices.IndexFunc(saved.Results, func(e report.Entry) bool { return e.Check == checks.PortalTLS })
	old := &saved.Results[i]
	old.State, old.Cause, old.Owner, old.Title, old.Text = checks.OK, "", "", "Certificate", "It was thought to be fine."
	saved.Verdict, saved.Tool.Version = checks.NoObstacle, "0.0.1"
	again, _ := reporter(t, "en").JudgeAgain(saved)
	if e := again.Results[i]; e.State != checks.Problem || e.Cause != checks.TLSExpired || !strings.Contains(e.Text, "expired") {
		t.Errorf("judged again: %s %s: %s", e.State, e.Cause, e.Text)
	}
	if again.Verdict != checks.NotReady || again.Tool.Version != "1.2.3" || again.Counts[checks.Problem] != 1 {
		t.Errorf("verdict %s, version %s, %v", again.Verdict, again.Tool.Version, again.Counts)
	}
	changes := reporter(t, "en").Compare(saved.Document, again.Document)
	if len(changes.New) != 1 || changes.New[0].Cause != checks.TLSExpired || len(changes.Evidence) > 0 {
		t.Errorf("what changed: %+v", changes)
	}
	validate(t, []byte(textOf(t, again.Document)))
}

// TestKeptResults asserts that results of unknown checks, and those whose facts are hidden or of another form, are kept and
// reported.
func TestKeptResults(t *testing.T) {
	saved := savedRun(t, "en", report.Contents{Outcome: runDemo(t, "dns-private-only"), Hide: report.Categories()})
	fact := func(id checks.ID, facts string) {
		for i := range saved.Results {
			if saved.Results[i].Check == id {
				saved.Results[i].Facts = json.RawMessage(facts)
				saved.Results[i].State, saved.Results[i].Cause, saved.Results[i].Owner, saved.Results[i].Title = checks.Problem, "of-tomorrow", checks.ServerAdmin, "Of tomorrow"
			}
		}
	}
	fact(checks.HTTPSSeen, `{"request":"x","times":{"total":1},"of_tomorrow":1}`)
	fact(checks.RESTRoute, `[]`)
	fact(checks.AuthServerFromPortal, `{"tokens":[{"carrier":5}]}`)
	saved.Results = append(saved.Results, report.Entry{Check: "of-tomorrow", State: checks.Notice, Cause: "new-cause", Owner: checks.You, Title: "A notice of tomorrow", Facts: json.RawMessage(`{"a":1}`)})
	again, kept := reporter(t, "ru").JudgeAgain(saved)
	want := []checks.Kept{{Check: checks.PortalDNS, Reason: checks.KeptForeignFacts}, {Check: checks.RESTRoute, Reason: checks.KeptForeignFacts},
		{Check: checks.HTTPSSeen, Reason: checks.KeptForeignFacts}, {Check: checks.AuthServerFromPortal, Reason: checks.KeptForeignFacts},
		{Check: "of-tomorrow", Reason: checks.KeptUnknownCheck}}
	got := slices.DeleteFunc(slices.Clone(kept), func(k checks.Kept) bool { return !slices.Contains(want, k) })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("kept (all: %v):\n%s", kept, diff)
	}
	for _, id := range []checks.ID{checks.HTTPSSeen, checks.RESTRoute, checks.AuthServerFromPortal} {
		if e := again.Results[slices.IndexFunc(again.Results, func(e report.Entry) bool { return e.Check == id })]; e.Cause != "of-tomorrow" || e.Title != "Of tomorrow" {
			t.Errorf("%s became %s: %s", id, e.Cause, e.Title)
		}
	}
	var out bytes.Buffer
	if err := reporter(t, "ru").WriteSaved(&out, saved, report.Style{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "A notice of tomorrow") {
		t.Errorf("the unknown check isn't shown:\n%s", out.String())
	}
}

// TestReaderLanguage asserts that a report is shown in its reader's language if this version draws the same conclusions.
func TestReaderLanguage(t *testing.T) {
	saved := savedRun(t, "ru", report.Contents{Outcome: runDemo(t, "auth-server-unreachable")})
	var out bytes.Buffer
	if err := reporter(t, "en").WriteSaved(&out, saved, report.Style{Verbose: true}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "problem: The portal can't reach the authorization server") {
		t.Errorf("shown as\n%s", out.String())
	}
	for line := range strings.Lines(out.String()) {
		if strings.ContainsAny(line, "абвгдежзиклмнопрст") && !strings.Contains(line, "«") {
			t.Errorf("not in the reader's language: %s", line)
		}
	}
}
