package app

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"boxready/checks"
	"boxready/internal/report"
	"boxready/internal/report/history"
	"boxready/internal/view"
	"boxready/internal/words"
)

// Alert is what a scheduled run has to tell its owner.
type Alert struct {
	Worse   []report.Delta // problems and notices that are new or more severe
	Endings []view.Ending  // that have come near
}

// NewAlert compares a run with those before it. Each of its findings is compared with the last run that could see it: a run without the
// saved sign-in, for instance, hides nothing from the next one with it. A run that did not see the portal has nothing to tell, and is
// none to compare with. What isn't known is no change for the worse.
func NewAlert(past *history.Store, o *checks.Outcome, d report.Document) (Alert, error) {
	var a Alert
	if o.Verdict == checks.NotSeen {
		return a, nil
	}
	before, seen, err := lastSeen(past, d.Portal)
	if err != nil {
		return a, err
	}
	changes := report.Compare(before, d)
	for _, worse := range changes.Worse() {
		acknowledged := func(r checks.Result) bool {
			return r.Check == worse.Check && r.Cause == worse.Cause && r.Acknowledged != nil
		}
		if worse.After != checks.Unknown && !slices.ContainsFunc(o.Results, acknowledged) {
			a.Worse = append(a.Worse, worse)
		}
	}
	for _, e := range view.Endings(o.Results, o.Finished) {
		if e.Soon(o.Finished) && noticesDue(e.At, o.Finished) > noticesDue(e.At, seen[e.Check]) {
			a.Endings = append(a.Endings, e)
		}
	}
	return a, nil
}

// noticeDays are how many days before an end it is told, once each.
var noticeDays = []int{30, 14, 7, 3, 1}

// noticesDue is how many notices of an end are due at a time.
func noticesDue(end, now time.Time) (n int) {
	for _, days := range noticeDays {
		if !now.AddDate(0, 0, days).Before(end) {
			n++
		}
	}
	return n
}

// lastSeen returns the last run that saw a portal, with conclusions of earlier ones about checks about which it has none, and when each
// check last had a result, which may have had an ending without a conclusion.
func lastSeen(past *history.Store, address string) (before report.Document, seen map[checks.ID]time.Time, err error) {
	before, seen = report.Document{Portal: address}, map[checks.ID]time.Time{}
	concluded := map[checks.ID]time.Time{}
	runs, err := past.Runs(address)
	if err != nil {
		return before, nil, fmt.Errorf("compare with earlier runs: %w", err)
	}
	for _, run := range runs {
		if run.Verdict == checks.NotSeen {
			continue
		}
		saved, err := past.Load(run)
		if err != nil {
			continue // damaged, or just deleted
		}
		for _, e := range saved.Results {
			if _, known := seen[e.Check]; !known && e.State != checks.Skipped {
				seen[e.Check] = saved.Started
			}
			at, known := concluded[e.Check]
			if (e.State == checks.OK || e.State == checks.Notice || e.State == checks.Problem) && (!known || at.Equal(saved.Started)) {
				concluded[e.Check] = saved.Started
				before.Results = append(before.Results, e)
			}
		}
	}
	return before, seen, nil
}

// None reports whether there is nothing to tell.
func (a Alert) None() bool { return len(a.Worse)+len(a.Endings) == 0 }

// Text is the alert in words, for a notification: its first lines have to do.
func (a Alert) Text(w *words.Texts, now time.Time) string {
	var lines []string
	if len(a.Worse) > 0 {
		worst := slices.MaxFunc(a.Worse, func(x, y report.Delta) int { return x.After.Severity() - y.After.Severity() })
		lines = append(lines, w.Say("alert.worse", checks.Args{"title": worst.Title, "more": len(a.Worse) - 1}))
	}
	for _, e := range a.Endings[:min(2, len(a.Endings))] {
		lines = append(lines, e.Text(w, now))
	}
	return strings.Join(append(lines, w.Say("alert.open", nil)), "\n")
}
