package model

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"

	"boxready/checks"
	"boxready/internal/report"
	"boxready/internal/view"
	"boxready/internal/words"
)

// ReportOrder is what a list of reports is sorted by.
type ReportOrder string

// The orders.
const (
	ByDate    ReportOrder = "date" // the newest first
	ByPortal  ReportOrder = "portal"
	ByVerdict ReportOrder = "verdict" // the most severe first
	ByCause   ReportOrder = "cause"
)

// ReportOrders returns all orders.
func ReportOrders() []ReportOrder { return []ReportOrder{ByDate, ByPortal, ByVerdict, ByCause} }

// ReportFilter selects from a list of reports. The zero value selects all.
type ReportFilter struct {
	Text    string // somewhere in what the list shows, whatever the case
	Verdict checks.Verdict
}

// ReportRow is a report in a list.
type ReportRow struct {
	Sign    Sign
	Title   string // the portal, when it was checked, and the ID
	Verdict string // or why the report can't be read
	Cause   string // "" if nothing is wrong
	Brief   report.Brief
}

// ReportRows returns the selected reports in order, those that can't be read last; mistake says why one can't.
func ReportRows(w *words.Texts, all []report.Brief, f ReportFilter, by ReportOrder, mistake func(*report.ReadError) string) (rows []ReportRow) {
	verdicts := map[checks.Verdict]view.Verdict{}
	for _, v := range checks.Verdicts() {
		verdicts[v] = view.Of(nil).Verdict(w, v)
	}
	for _, b := range all {
		row := ReportRow{Sign: Unknown, Title: filepath.Base(b.Path), Brief: b}
		if b.Err != nil {
			row.Verdict = mistake(b.Err)
		} else {
			verdict := verdicts[b.Verdict] // of a newer version: none
			row.Sign, row.Title = Sign(verdict.State), join(" · ", strings.TrimPrefix(b.Portal, "https://"), When(w, b.Started), b.ID)
			row.Verdict, row.Cause = verdict.Title, b.Title
		}
		found := contains(strings.Join([]string{row.Title, row.Verdict, row.Cause, string(b.Check), string(b.Cause), filepath.Base(b.Path)}, "\n"), f.Text)
		if found && (f.Verdict == "" || b.Err == nil && f.Verdict == b.Verdict) {
			rows = append(rows, row)
		}
	}
	slices.SortStableFunc(rows, func(x, y ReportRow) int {
		a, b := x.Brief, y.Brief
		var order int
		switch by {
		case ByPortal:
			order = strings.Compare(a.Portal, b.Portal)
		case ByVerdict:
			order = view.VerdictState(b.Verdict).Severity() - view.VerdictState(a.Verdict).Severity()
		case ByCause: // reports without one last
			order = cmp.Or(view.CompareBools(a.Check == "", b.Check == ""), strings.Compare(string(a.Check+"/")+string(a.Cause), string(b.Check+"/")+string(b.Cause)))
		}
		return cmp.Or(view.CompareBools(a.Err != nil, b.Err != nil), order, b.Started.Compare(a.Started))
	})
	return rows
}
