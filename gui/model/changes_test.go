package model_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/internal/report"
	"boxready/internal/report/history"
	"boxready/internal/words"

	"github.com/google/go-cmp/cmp"
)

func TestChanges(t *testing.T) {
	w, err := words.New("en")
	if err != nil {
		t.Fatal(err)
	}
	changes := &report.Changes{
		New: []report.Delta{{Check: checks.PortalTLS, Cause: checks.TLSExpired, After: checks.Problem, Owner: checks.ServerAdmin, Title: "Expired"}},
		Changed: []report.Delta{
			{Check: checks.PortalClock, Cause: checks.ClockOff, Before: checks.Notice, After: checks.Problem, Owner: checks.ServerAdmin, Title: "Clock"},
			{Check: checks.RequiredMethods, Cause: checks.MethodMissing, Before: checks.Problem, After: checks.Problem, Owner: checks.PortalAdmin, Title: "Methods", Removed: []string{"crm.item.list"}},
		},
		Fixed:     []report.Delta{{Check: checks.PortalDNS, Cause: checks.DNSDiffers, Before: checks.Notice, Owner: checks.NetworkAdmin, Title: "DNS"}},
		Unseen:    []report.Delta{{Check: checks.RateLimit, Cause: checks.Throttled, Before: checks.Notice, Owner: checks.ServerAdmin, Title: "Throttled"}},
		Coincides: []report.Coincidence{{Fact: "module", Name: "crm", Before: "24.0.0", After: "25.0.0"}},
	}
	want := []model.ChangeGroup{
		{"New", []model.ChangeRow{{Sign: model.Problem, Title: "Expired", Aside: "server administrator", Check: checks.PortalTLS, Cause: checks.TLSExpired}}},
		{"Worse", []model.ChangeRow{{Sign: model.Problem, Title: "Clock", Detail: "Was: notice. Now: problem.", Aside: "server administrator", Check: checks.PortalClock, Cause: checks.ClockOff}}},
		{"Better", []model.ChangeRow{{Sign: model.Problem, Title: "Methods", Detail: "No longer: crm.item.list.", Aside: "portal administrator", Check: checks.RequiredMethods, Cause: checks.MethodMissing}}},
		{"Gone", []model.ChangeRow{{Sign: model.OK, Title: "DNS"}}},
		{"Couldn't be determined this time", []model.ChangeRow{{Sign: model.Notice, Title: "Throttled", Aside: "server administrator"}}},
		{"Changed at the same time", []model.ChangeRow{{Title: "Version of module crm", Detail: "Was 24.0.0, now 25.0.0"}}},
	}
	if diff := cmp.Diff(want, model.Changes(w, changes)); diff != "" {
		t.Error(diff)
	}
}

// TestManyChanges asserts that a report with thousands of findings makes no page with thousands of rows.
func TestManyChanges(t *testing.T) {
	var changes report.Changes
	for range 5000 {
		changes.New = append(changes.New, report.Delta{Check: checks.PortalTLS, Cause: checks.TLSExpired, After: checks.Problem, Title: strings.Repeat("long ", 800)})
	}
	rows := model.Changes(words.Lazy("en"), &changes)[0].Rows
	if last := rows[len(rows)-1]; len(rows) != 51 || last.Title != "and 4950 more" || len(rows[0].Title) > 200 {
		t.Errorf("%d rows, the last %q, a title of %d bytes", len(rows), last.Title, len(rows[0].Title))
	}
}

func TestSince(t *testing.T) {
	noon := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	run := func(hour int, state checks.State) report.Document {
		d := report.Document{Schema: 1, Tool: report.Tool{Name: "boxready", Version: "1"}, Portal: "https://portal.example", Started: noon.Add(time.Duration(hour) * time.Hour),
			Verdict: checks.NoObstacle, NotChecked: []report.NotChecked{}, Results: []report.Entry{{Check: checks.PortalTLS, State: state, Facts: struct{}{}}}}
		if state == checks.Problem {
			d.Verdict, d.Results[0].Cause = checks.NotReady, checks.TLSExpired
		}
		return d
	}
	at := func(hour int) time.Time { return noon.Add(time.Duration(hour) * time.Hour) }
	const good, bad = checks.OK, checks.Problem
	for _, c := range []struct {
		name  string
		kept  []checks.State
		now   checks.State
		want  model.Since
		count string
	}{
		{"the first run", nil, bad, model.Since{}, ""},
		{"good, as before", []checks.State{good}, good, model.Since{Same: at(0)}, ""},
		{"good again", []checks.State{bad}, good, model.Since{}, ""},
		{"bad by now", []checks.State{good}, bad, model.Since{Good: at(0), New: 1}, "new: 1"},
		{"still bad", []checks.State{good, good, bad}, bad, model.Since{Good: at(1), New: 1, Same: at(2)}, "new: 1"},
		{"never good", []checks.State{bad}, bad, model.Since{Same: at(0)}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			kept := &history.Store{Dir: filepath.Join(t.TempDir(), "history")}
			for i, state := range c.kept {
				if err := kept.Add(run(i, state)); err != nil {
					t.Fatal(err)
				}
			}
			since := model.NewSince(kept, run(len(c.kept), c.now))
			if diff := cmp.Diff(c.want, since); diff != "" {
				t.Error(diff)
			}
			if got := since.Counts(words.Lazy("en")); got != c.count {
				t.Errorf("counts %q, expected %q", got, c.count)
			}
		})
	}
}
