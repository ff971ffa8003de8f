// Package view arranges an outcome for users, once for the window, the terminal, the HTML report, the summary and letters:
// findings by who fixes them, the most severe first, the checks that were skipped because of them, what is in order, what was not
// checked, the state of each step of the walk and of each link of the connection picture, what to do next, and facts as single values. It knows no format. The results of a run
// in progress can be arranged as well.
package view

import (
	"slices"
	"strings"

	"boxready/checks"
	"boxready/internal/words"
)

// View is an arranged list of results.
type View struct {
	Items []Item // in the order of the catalogue
}

// Item is one result.
type Item struct {
	checks.Result
	Text   words.Finding // the result in words; zero if not filled
	Values Value         // the result's facts; zero if not filled
}

// Of arranges results; Text and Values of the items stay empty, for callers that show one result at a time.
func Of(results []checks.Result) *View {
	v := &View{Items: make([]Item, len(results))}
	for i, r := range results {
		v.Items[i].Result = r
	}
	return v
}

// ownerOrder orders owners whose most severe findings are equally severe.
var ownerOrder = []checks.Owner{checks.PortalAdmin, checks.ServerAdmin, checks.NetworkAdmin, checks.Vendor, checks.Bitrix24, checks.You}

// Owner is who has to act on findings.
type Owner struct {
	ID       checks.Owner
	State    checks.State // the most severe of the findings
	Findings []Item       // the most severe first, otherwise in the order of the catalogue
}

// Owners returns those who have findings, the one with the most severe first.
func (v *View) Owners() []Owner {
	var owners []Owner
	for _, id := range ownerOrder {
		owners = append(owners, Owner{ID: id})
	}
	for _, i := range v.Findings() {
		at := slices.IndexFunc(owners, func(o Owner) bool { return o.ID == i.Owner })
		if at < 0 { // of a newer version
			at, owners = len(owners), append(owners, Owner{ID: i.Owner})
		}
		owners[at].Findings = append(owners[at].Findings, i)
	}
	owners = slices.DeleteFunc(owners, func(o Owner) bool { return o.Findings == nil })
	for n := range owners {
		owners[n].State = owners[n].Findings[0].State
	}
	slices.SortStableFunc(owners, func(a, b Owner) int { return b.State.Severity() - a.State.Severity() })
	return owners
}

// Findings returns the results that require action, the most severe first.
func (v *View) Findings() []Item { return v.mostSevereFirst(checks.Result.NeedsAction) }

// Acknowledged returns the findings that somebody left as they are, the most severe first.
func (v *View) Acknowledged() []Item {
	return v.mostSevereFirst(func(r checks.Result) bool { return r.Acknowledged != nil })
}

func (v *View) mostSevereFirst(wanted func(checks.Result) bool) []Item {
	found := slices.DeleteFunc(slices.Clone(v.Items), func(i Item) bool { return !wanted(i.Result) })
	slices.SortStableFunc(found, func(a, b Item) int { return b.State.Severity() - a.State.Severity() })
	return found
}

// InOrder returns the results that are ok.
func (v *View) InOrder() []Item {
	return slices.DeleteFunc(slices.Clone(v.Items), func(i Item) bool { return i.State != checks.OK })
}

// WaitingFor returns the results of checks that were skipped because of the check id.
func (v *View) WaitingFor(id checks.ID) []Item {
	return slices.DeleteFunc(slices.Clone(v.Items), func(i Item) bool { return i.State != checks.Skipped || i.Because != id })
}

// WaitingText is a sentence about the checks that were skipped because of i, "" if none were.
func (v *View) WaitingText(w *words.Texts, i checks.Result) string {
	var ids []checks.ID
	for _, skipped := range v.WaitingFor(i.Check) {
		ids = append(ids, skipped.Check)
	}
	switch {
	case ids == nil, i.Cause == checks.AddressIsCloud: // says itself that nothing else was checked
		return ""
	case i.State == checks.Unknown: // possibly nothing to fix
		return w.Say("part.unclear", checks.Args{"checks": w.CheckNames(ids)})
	}
	return w.Say("part.waiting", checks.Args{"checks": w.CheckNames(ids)})
}

// Missing is a reason for which checks were not made.
type Missing struct {
	Reason checks.Reason
	Checks []checks.ID
}

// NotChecked groups checks that were not made by reason, in the order of the reasons' first occurrences.
func NotChecked(list []checks.NotChecked) (missing []Missing) {
	for _, n := range list {
		at := slices.IndexFunc(missing, func(m Missing) bool { return m.Reason == n.Reason })
		if at < 0 {
			at, missing = len(missing), append(missing, Missing{Reason: n.Reason})
		}
		missing[at].Checks = append(missing[at].Checks, n.Check)
	}
	return missing
}

// Names is the list of the checks' names at the start of a sentence.
func (m Missing) Names(w *words.Texts) string {
	names := w.CheckNames(m.Checks)
	names[0] = w.Name(m.Checks[0])
	return strings.Join(names, ", ")
}
