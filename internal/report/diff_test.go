package report_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"boxready/checks"
	"boxready/internal/report"

	"github.com/google/go-cmp/cmp"
)

func entry(check checks.ID, state checks.State, cause checks.Cause, facts string) report.Entry {
	e := report.Entry{Check: check, State: state, Cause: cause, Facts: json.RawMessage(facts)}
	if cause != "" {
		e.Owner, e.Title = checks.ServerAdmin, "Title of "+string(cause)
	}
	return e
}

func documentOf(entries ...report.Entry) report.Document {
	return report.Document{Schema: 1, Portal: "https://p.example", Results: entries}
}

func TestCompare(t *testing.T) {
	delta := func(check checks.ID, cause checks.Cause, before, after checks.State) []report.Delta {
		return []report.Delta{{Check: check, Cause: cause, Before: before, After: after, Owner: checks.ServerAdmin, Title: "Title of " + string(cause)}}
	}
	other := documentOf(entry("a", checks.OK, "", "{}"))
	other.Portal = "https://other.example"
	earlier, later := documentOf(entry("a", checks.OK, "", "{}")), documentOf(entry("a", checks.OK, "", "{}"))
	earlier.Started, later.Started = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name          string
		before, after report.Document
		want          report.Changes
	}{
		{"nothing", documentOf(entry("a", checks.OK, "", `{"x":1}`)), documentOf(entry("a", checks.OK, "", `{"x":1}`)), report.Changes{}},
		{"new", documentOf(entry("a", checks.OK, "", "{}")), documentOf(entry("a", checks.Problem, "c", "{}")), report.Changes{New: delta("a", "c", "", checks.Problem)}},
		{"new beside another", documentOf(entry("a", checks.Notice, "n", "{}")), documentOf(entry("a", checks.Notice, "n", "{}"), entry("a", checks.Problem, "c", "{}")),
			report.Changes{New: delta("a", "c", "", checks.Problem)}},
		{"could not be seen before", documentOf(entry("a", checks.Skipped, "", "{}")), documentOf(entry("a", checks.Problem, "c", "{}")),
			report.Changes{Revealed: delta("a", "c", "", checks.Problem)}},
		{"was not told before", documentOf(entry("a", checks.Unknown, "timeout", "{}")), documentOf(entry("a", checks.Problem, "c", "{}")),
			report.Changes{Revealed: delta("a", "c", "", checks.Problem), Fixed: delta("a", "timeout", checks.Unknown, "")}},
		{"fixed", documentOf(entry("a", checks.Problem, "c", "{}")), documentOf(entry("a", checks.OK, "", "{}")), report.Changes{Fixed: delta("a", "c", checks.Problem, "")}},
		{"can't be seen now", documentOf(entry("a", checks.Problem, "c", "{}")), documentOf(entry("a", checks.Skipped, "", "{}")),
			report.Changes{Unseen: delta("a", "c", checks.Problem, "")}},
		{"not looked at now", documentOf(entry("a", checks.Problem, "c", "{}")), documentOf(), report.Changes{Unseen: delta("a", "c", checks.Problem, "")}},
		{"graver", documentOf(entry("a", checks.Notice, "c", "{}")), documentOf(entry("a", checks.Problem, "c", "{}")), report.Changes{Changed: delta("a", "c", checks.Notice, checks.Problem)}},
		{"another portal", documentOf(entry("a", checks.OK, "", "{}")), other, report.Changes{OtherPortal: true}},
		{"in order", earlier, later, report.Changes{}},
		{"at the same time", later, later, report.Changes{}},
		{"the later one first", later, earlier, report.Changes{WrongOrder: true}},
		{"evidence", documentOf(entry("a", checks.OK, "", `{"x":1,"at":"1","took_ms":3,"times":{"total":1},"l":["b","a"],"hosts":[{"host":"h2","v":1},{"host":"h1","v":2}],"gone":true}`)),
			documentOf(entry("a", checks.OK, "", `{"x":12345678901,"at":"2","took_ms":5,"times":{"total":9},"l":["a","b"],"hosts":[{"host":"h1","v":2},{"host":"h2","v":7}]}`)),
			report.Changes{Evidence: []report.Evidence{{Check: "a", Facts: []report.FactChange{{Path: "gone", Before: "true"}, {Path: "hosts.h2.v", Before: "1", After: "7"}, {Path: "x", Before: "1", After: "12345678901"}}}}}},
		{"one of both hides names", documentOf(entry("a", checks.OK, "", `{"host":"p.example","ip":"10.0.0.1","x":1}`)),
			documentOf(entry("a", checks.OK, "", `{"host":"portal-1","ip":"ip-1","x":1}`)), report.Changes{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := report.Compare(c.before, c.after)
			if got.None() != (len(c.want.New)+len(c.want.Revealed)+len(c.want.Fixed)+len(c.want.Unseen)+len(c.want.Changed)+len(c.want.Evidence) == 0) {
				t.Errorf("none: %t", got.None())
			}
			for _, list := range []*[]report.Delta{&c.want.New, &c.want.Revealed, &c.want.Fixed, &c.want.Unseen, &c.want.Changed} {
				if *list == nil {
					*list = []report.Delta{} // JSON has lists there, not null
				}
			}
			if c.want.Evidence == nil {
				c.want.Evidence = []report.Evidence{}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestCompareAcrossLanguages asserts that two runs in different languages, one with hidden names, differ only in what the portal
// did.
func TestCompareAcrossLanguages(t *testing.T) {
	o := runDemo(t, "auth-server-unreachable")
	ru := savedRun(t, "ru", report.Contents{Outcome: o})
	en := savedRun(t, "en", report.Contents{Outcome: o, Hide: report.Categories()})
	if changes := report.Compare(ru.Document, en.Document); !changes.None() || changes.OtherPortal {
		t.Errorf("the same run differs: %+v", changes)
	}
	good := savedRun(t, "en", report.Contents{Outcome: runDemo(t)})
	changes := reporter(t, "en").Compare(ru.Document, good.Document)
	if len(changes.Fixed) != 1 || changes.Fixed[0].Cause != checks.AuthServerUnreachable || changes.Fixed[0].Title != "The portal can't reach the authorization server" {
		t.Errorf("fixed: %+v", changes.Fixed)
	}
	var out bytes.Buffer
	if err := reporter(t, "ru").WriteChanges(&out, ru.Document, good.Document, report.Style{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Больше нет\n", "  проблема: Портал не может связаться с сервером авторизации\n", "tokens.form.error: CONNECTION_ERROR > "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q isn't in\n%s", want, out.String())
		}
	}
}
