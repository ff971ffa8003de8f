package model_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/internal/app"
	"boxready/internal/portal"
	"boxready/internal/report"
	"boxready/internal/view"
	"boxready/internal/words"
)

// TestReportIDInAllFormats: whatever is made of a run has the same ID, also what is made later of its report, and no more than the
// run's times can be learned from it.
func TestReportIDInAllFormats(t *testing.T) {
	w, err := words.New("en")
	if err != nil {
		t.Fatal(err)
	}
	address, err := portal.ParseAddress("portal.example.com")
	if err != nil {
		t.Fatal(err)
	}
	started := time.Date(2026, 11, 23, 7, 42, 0, 123_456_789, time.FixedZone("MSK", 3*60*60))
	o := &checks.Outcome{Target: checks.Target{Address: address}, Started: started, Finished: started.Add(5 * time.Second), Verdict: checks.NotReady,
		Results: []checks.Result{{Check: checks.RESTRoute, State: checks.Problem, Cause: checks.RESTBlocked, Owner: checks.ServerAdmin, Vantage: checks.FromComputer}}}
	id := view.RunID(o.Started, o.Finished)
	if !regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{8}$`).MatchString(id) || id == view.RunID(o.Started, o.Finished.Add(time.Millisecond)) ||
		id != view.RunID(o.Started.UTC().Truncate(time.Millisecond), o.Finished) {
		t.Errorf("the ID is %q", id)
	}
	reporter := &report.Reporter{Words: w, Version: "test", System: "Linux"}
	for name, hide := range map[string][]report.Category{"shown": nil, "hidden": report.Categories()} {
		bundle, err := app.MakeReport(reporter, report.Contents{Outcome: o, Hide: hide}, app.Rules(o, "test"))
		if err != nil {
			t.Fatal(err)
		}
		path, err := bundle.Save(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		saved, err := report.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		var document struct{ ID string }
		if err := json.Unmarshal(bundle.File(report.JSONFile), &document); err != nil {
			t.Fatal(err)
		}
		var text, again bytes.Buffer
		if err := reporter.WriteText(&text, o, report.Style{Verbose: true}); err != nil {
			t.Fatal(err)
		}
		if err := reporter.WriteSaved(&again, saved, report.Style{}); err != nil {
			t.Fatal(err)
		}
		outcome, kept := saved.Outcome()
		opened := model.OpenReport(model.Opened{Report: saved, Kept: kept}, outcome)
		subjects := map[string]string{}
		for face, s := range map[string]*model.Session{"the window's letter": sessionOf(o), "an opened report's letter": opened} {
			l, err := s.Letter(w, "test", checks.ServerAdmin, nil, "")
			if err != nil {
				t.Fatal(err)
			}
			subjects[face] = l.Subject
		}
		for face, shown := range map[string]string{
			"file name": filepath.Base(path), "the window's report": bundle.ID, "page": string(bundle.File(report.HTMLFile)), "data": document.ID,
			"summary": string(bundle.File(report.SummaryFile)), "letter": string(bundle.File(report.LetterFile)), "text": text.String(), "text of a report": again.String(),
			"opened report": opened.Opened.Report.ID, "list of reports": report.ReadBrief(path).ID,
			"the window's letter": subjects["the window's letter"], "an opened report's letter": subjects["an opened report's letter"],
		} {
			if !strings.Contains(shown, id) {
				t.Errorf("%s: no %s in the %s:\n%.500s", name, id, face, shown)
			}
		}
	}
}
