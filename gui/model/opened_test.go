package model

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"boxready/checks"
	"boxready/internal/portal"
	"boxready/internal/report"
	"boxready/internal/words"
)

// readReport writes a report of results and reads it back, changed by edit.
func readReport(t *testing.T, w *words.Texts, edit func(*report.Saved), results ...checks.Result) *Session {
	t.Helper()
	outcome := checks.OutcomeOf(results)
	outcome.Target.Address = portal.Address{Host: "portal.example.ru", Port: 443}
	path, err := (&report.Reporter{Words: w, Version: "0.1"}).Save(filepath.Join(t.TempDir(), "a.boxready.zip"), report.Contents{Outcome: outcome})
	if err != nil {
		t.Fatal(err)
	}
	saved, err := report.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if edit != nil {
		edit(saved)
	}
	again, kept := saved.Outcome()
	return OpenReport(Opened{File: "a.boxready.zip", Report: saved, Kept: kept}, again)
}

func TestOpenedReport(t *testing.T) {
	w, err := words.New("en")
	if err != nil {
		t.Fatal(err)
	}
	facts := &checks.HTTPSFacts{}
	judged := checks.Result{Check: checks.HTTPSSeen, State: checks.OK, Vantage: checks.FromPortal, Facts: facts}
	for _, c := range []struct {
		name    string
		edit    func(*report.Saved)
		remarks []string // the beginning of each
	}{
		{"as it was written", nil, nil},
		{"altered", func(s *report.Saved) { s.Altered = []string{report.SummaryFile} }, []string{"Files in the report were changed: summary.txt"}},
		{"judged otherwise", func(s *report.Saved) { s.Verdict = checks.Ready }, []string{"The conclusions are those of this version"}},
		{"an unknown check", func(s *report.Saved) {
			s.Results = append(s.Results, report.Entry{Check: "from-the-future", State: checks.Notice, Title: "A title"})
		}, []string{"This version doesn't know the checks"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			base := readReport(t, w, nil, judged)
			if got := base.Results(); len(got) == 0 {
				t.Fatal("the report has no results")
			}
			s := readReport(t, w, c.edit, base.Results()...)
			if !s.ReadOnly() || s.Target.Address.Host != "portal.example.ru" {
				t.Errorf("read-only: %v, of %s", s.ReadOnly(), s.Target.Address)
			}
			remarks := s.Remarks(w)
			if len(remarks) != len(c.remarks) {
				t.Fatalf("remarks: %q", remarks)
			}
			for i, want := range c.remarks {
				if !strings.HasPrefix(remarks[i], want) {
					t.Errorf("remark %q", remarks[i])
				}
			}
		})
	}
}

// TestOpenedReportKeepsTexts asserts that what can't be judged again is told as the report tells it.
func TestOpenedReportKeepsTexts(t *testing.T) {
	w, err := words.New("en")
	if err != nil {
		t.Fatal(err)
	}
	s := readReport(t, w, func(saved *report.Saved) {
		e := &saved.Results[0]
		e.State, e.Cause, e.Owner, e.Title, e.Text, e.Steps = checks.Problem, checks.HTTPSNotSeen, checks.ServerAdmin, "Title of then", "Seen then.", []string{"Do as told then."}
		saved.Verdict = checks.Unsure
		e.Facts = json.RawMessage(`{"of_another_version":true}`)
	}, checks.Result{Check: checks.HTTPSSeen, State: checks.OK, Facts: &checks.HTTPSFacts{}})
	r, ok := s.Result(checks.HTTPSSeen, checks.HTTPSNotSeen)
	if !ok || r.State != checks.Problem {
		t.Fatalf("result %+v", r)
	}
	d := s.Details(w, r)
	if d.Title != "Title of then" || d.Saw != "Seen then." || len(d.Steps) != 1 || !d.MoreFacts {
		t.Errorf("details %+v", d)
	}
	if remarks := s.Remarks(w); len(remarks) != 1 || !strings.HasPrefix(remarks[0], "This version can't judge again") {
		t.Errorf("remarks %q", remarks)
	}
}

func TestReportIsShownBesidePortals(t *testing.T) {
	m := &Model{}
	live := m.Open(portal.Address{Host: "portal.example.ru", Port: 443})
	first, second := &Session{Target: live.Target, Opened: &Opened{}}, &Session{Target: live.Target, Opened: &Opened{}}
	m.ShowReport(first)
	m.ShowReport(second)
	if m.Current != second || m.Session(live.Target.Address.String()) != live {
		t.Error("a report took the place of its portal's session")
	}
	m.CloseReport()
	if m.Current != live {
		t.Error("what was shown before is not shown again")
	}
	m.ShowReport(first)
	m.Forget(live.Target.Address.String())
	if m.Current != first {
		t.Error("the report was closed with its portal")
	}
	if m.CloseReport(); m.Current != nil {
		t.Error("a forgotten portal is shown")
	}
}
