package model

import (
	"cmp"
	"time"

	"boxready/checks"
	"boxready/internal/app"
	"boxready/internal/report"
	"boxready/internal/report/history"
	"boxready/internal/untrusted"
	"boxready/internal/words"
)

// Since is how an outcome differs from earlier runs.
type Since struct {
	Good       time.Time // when the last run began in which all was well; zero if there is none, or all is well now
	New, Worse int       // findings since Good
	Same       time.Time // when the run before began, if nothing got worse or better since; zero otherwise
}

// NewSince compares a run with those before it. What can't be read is left out. It may take a while.
func NewSince(kept *history.Store, now report.Document) Since {
	var same time.Time
	if last, err := kept.Before(now.Portal, now.Started, false); err == nil && last != nil {
		if changes := report.Compare(last.Document, now); changes.Parts() == nil {
			same = last.Started
		}
	}
	good, added, worse := app.SinceGood(kept, now)
	return Since{Good: good, New: added, Worse: worse, Same: same}
}

// Title asks what changed since all was well, and Counts answers in short.
func (s *Since) Title(w *words.Texts) string {
	return w.Say("window.changes.since-good", checks.Args{"when": When(w, s.Good)})
}

// Counts are how many findings are new or worse, "" for none.
func (s *Since) Counts(w *words.Texts) string {
	return w.Say("window.changes.counts", checks.Args{"new": s.New, "worse": s.Worse})
}

// Unchanged says that nothing got worse or better since the run before.
func (s *Since) Unchanged(w *words.Texts) string {
	return w.Say("window.changes.same", checks.Args{"when": When(w, s.Same)})
}

// ComparedRun says when one of two compared runs was made, "before" or "after" the other, and what its verdict was.
func ComparedRun(w *words.Texts, side string, d report.Document) string {
	_, verdict := PastVerdict(w, d.Verdict)
	return w.Say("window.changes."+side, checks.Args{"when": When(w, d.Started), "verdict": words.LowerFirst(verdict)})
}

// ChangeGroup are the rows about what changed between two runs in the same way.
type ChangeGroup struct {
	Title string
	Rows  []ChangeRow
}

// ChangeRow is a finding that changed, or a fact that changed at the same time.
type ChangeRow struct {
	Sign                 Sign
	Title, Detail, Aside string
	Check                checks.ID    // of a finding that the later run has; "" otherwise
	Cause                checks.Cause // of that
}

// Changes returns what changed between two runs, what needs attention first.
func Changes(w *words.Texts, c *report.Changes) (groups []ChangeGroup) {
	for _, part := range c.Parts() {
		g := ChangeGroup{Title: w.Say("changes."+part.Key, nil)}
		for _, d := range part.Deltas {
			row := ChangeRow{Sign: Sign(cmp.Or(d.After, d.Before)), Title: untrusted.Truncate(d.Title, maxTitle), Aside: w.Code("owner.", string(d.Owner), ".to"), Detail: d.About(w)}
			switch {
			case part.Key == "fixed":
				row.Sign, row.Aside = OK, ""
			case d.Before != "" && d.After != "" && d.Before != d.After:
				state := func(s checks.State) string { return w.Say("state."+string(s), nil) }
				row.Detail = join(" ", w.Say("window.changes.state", checks.Args{"before": state(d.Before), "after": state(d.After)}), row.Detail)
			}
			if d.After != "" {
				row.Check, row.Cause = d.Check, d.Cause
			}
			g.Rows = append(g.Rows, row)
		}
		groups = append(groups, g.shortened(w))
	}
	if len(c.Coincides) == 0 {
		return groups
	}
	g := ChangeGroup{Title: w.Say("changes.coincides", nil)}
	for _, f := range c.Coincides {
		before, after := f.Values(w)
		g.Rows = append(g.Rows, ChangeRow{Title: f.Title(w), Detail: w.Say("window.changes.value", checks.Args{"before": before, "after": after})})
	}
	return append(groups, g.shortened(w))
}

// mostChanges is how many rows of a group are shown: somebody else's report may have thousands, and building rows takes time.
const mostChanges = 50

// shortened has no more rows than mostChanges, and one that counts the others. The text has all.
func (g ChangeGroup) shortened(w *words.Texts) ChangeGroup {
	if rest := len(g.Rows) - mostChanges; rest > 0 {
		g.Rows = append(g.Rows[:mostChanges:mostChanges], ChangeRow{Title: w.Say("format.more", checks.Args{"n": rest})})
	}
	return g
}
