package model

import (
	"slices"
	"strings"
	"time"

	"boxready/checks"
	"boxready/internal/untrusted"
	"boxready/internal/view"
	"boxready/internal/words"
)

// Kind is what a row of the checklist is about.
type Kind string

// The kinds.
const (
	Finding      Kind = "finding"       // an owner has to act
	InProgress   Kind = "in-progress"   // a check is under way
	PutOff       Kind = "put-off"       // folds the checks that were skipped because of the finding above
	InOrder      Kind = "in-order"      // folds the checks that are in order
	Fine         Kind = "fine"          // a check that is in order
	PutOffCheck  Kind = "put-off-check" // a check that was skipped or stopped
	CutShort     Kind = "cut-short"     // folds the checks that were stopped
	LeftAsIs     Kind = "left-as-is"    // folds the findings that were acknowledged
	Acknowledged Kind = "acknowledged"  // a finding that was acknowledged
)

// Row is one row of the checklist.
type Row struct {
	Key    string // identifies what the row is about, also in later lists
	Kind   Kind
	Sign   Sign
	Title  string
	Detail string
	Aside  string
	Badge  string
	Result checks.Result // of a finding and of a check that is in order
	Inside []Row         // what is folded into it
}

// Group are the results of one step.
type Group struct {
	ID    checks.Step
	Title string
	Rows  []Row
}

// Checklist returns the results by step, the one with the most severe findings first once the run is over: findings, each with
// the checks that were skipped because of it; checks under way; and checks that are in order.
func (s *Session) Checklist(w *words.Texts, now time.Time, filter Filter) (groups []Group) {
	rows := map[checks.Step][]Row{}
	order := checks.Steps()
	put := func(id checks.ID, row Row) {
		g := view.StepOf(id)
		rows[g] = append(rows[g], row)
	}
	all := s.Results()
	arranged := view.Of(all)
	listed := map[checks.ID]bool{} // whose skipped checks are in the list
	worst := map[checks.Step]int{}
	for _, i := range s.findings() {
		r := i.Result
		if !s.matches(w, filter, r) {
			continue
		}
		worst[view.StepOf(r.FoundBy())] = max(worst[view.StepOf(r.FoundBy())], r.State.Severity())
		put(r.FoundBy(), s.finding(w, r))
		if waiting := waitingFor(w, arranged, r.Check); len(waiting) > 0 && !listed[r.Check] {
			listed[r.Check] = true
			put(r.FoundBy(), s.putOff(w, r.Check, r.State, waiting))
		}
	}
	s.skippedAlone(w, arranged, listed, filter, put)
	s.cutShort(w, all, filter, func(g checks.Step, row Row) { rows[g] = append(rows[g], row) })
	for _, work := range s.working {
		if s.matches(w, filter, checks.Result{Check: work.Check}) {
			put(work.Check, s.inProgress(w, work, now))
		}
	}
	s.inOrder(w, all, filter, func(g checks.Step, row Row) { rows[g] = append(rows[g], row) })
	if !s.Running { // during a run the order would change while the user reads
		slices.SortStableFunc(order, func(a, b checks.Step) int { return worst[b] - worst[a] })
	}
	for _, g := range order {
		if len(rows[g]) > 0 {
			groups = append(groups, Group{ID: g, Title: StepTitle(w, g), Rows: rows[g]})
		}
	}
	if known := s.acknowledged(w, arranged, filter); known != nil {
		row := Row{Key: string(LeftAsIs), Kind: LeftAsIs, Sign: Skipped, Title: w.Count("window.known.count", len(known)), Inside: known}
		groups = append(groups, Group{Title: w.Say("part.acknowledged", nil), Rows: []Row{row}})
	}
	return groups
}

// acknowledged are the rows of the findings that were acknowledged.
func (s *Session) acknowledged(w *words.Texts, v *view.View, filter Filter) (rows []Row) {
	for _, i := range v.Acknowledged() {
		if s.matches(w, filter, i.Result) {
			rows = append(rows, Row{Key: key(Acknowledged, i.Check, string(i.Cause)), Kind: Acknowledged, Sign: Skipped, Result: i.Result,
				Title:  untrusted.Truncate(w.Finding(i.Result, s.Target.Address.Display()).Title, maxTitle),
				Detail: untrusted.Truncate(w.Acknowledged(i.Acknowledged), maxDetail)})
		}
	}
	return rows
}

// Lengths of a row's texts, in letters.
const (
	maxTitle  = 160
	maxDetail = 240
)

// finding is the row of a result. Rows are cached: during a run, the list is made again and again.
func (s *Session) finding(w *words.Texts, r checks.Result) Row {
	if s.rowsIn != w {
		s.rowsIn, s.rows = w, map[string]Row{}
	}
	id := FindingKey(r)
	row, known := s.rows[id]
	if !known {
		row = s.newFinding(w, r)
		s.rows[id] = row
	}
	return row
}

func (s *Session) newFinding(w *words.Texts, r checks.Result) Row {
	row := Row{Key: FindingKey(r), Kind: Finding, Sign: Sign(r.State), Result: r}
	if r.Cause == checks.NeedsDeep { // nothing is unclear: it was not asked
		row.Title, row.Aside = w.Name(r.Check), w.Say("window.walk.open", nil)
		return row
	}
	row.Title = untrusted.Truncate(w.Finding(r, s.Target.Address.Display()).Title, maxTitle)
	row.Aside = w.Say("owner."+string(r.Owner)+".to", nil)
	if s.MarkOf(r) == New {
		row.Badge = w.Say("window.mark.new", nil)
	}
	return row
}

// waitingFor are the rows of checks that were skipped because of another check's result.
func waitingFor(w *words.Texts, v *view.View, because checks.ID) (rows []Row) {
	for _, skipped := range v.WaitingFor(because) {
		rows = append(rows, Row{Key: key(PutOffCheck, skipped.Check, ""), Kind: PutOffCheck, Sign: Skipped, Title: w.Name(skipped.Check), Result: skipped.Result,
			Detail: w.Say("part.because", checks.Args{"check": w.Name(because)})})
	}
	return rows
}

func (s *Session) putOff(w *words.Texts, because checks.ID, state checks.State, inside []Row) Row {
	text := "window.put-off"
	if state == checks.Unknown || because == checks.PortalAddress && state == checks.Notice {
		text = "window.unclear" // there may be nothing to fix; a portal in the cloud isn't checked
	}
	return Row{Key: key(PutOff, because, ""), Kind: PutOff, Sign: Skipped, Title: w.Count(text, len(inside)), Inside: inside}
}

// skippedAlone lists the skipped checks whose blocking check has no row: it isn't a finding, or is filtered out.
func (s *Session) skippedAlone(w *words.Texts, v *view.View, listed map[checks.ID]bool, filter Filter, put func(checks.ID, Row)) {
	for _, r := range v.Items {
		if r.State != checks.Skipped || listed[r.Because] || !s.matches(w, filter, r.Result) {
			continue
		}
		listed[r.Because] = true
		put(r.Check, s.putOff(w, r.Because, checks.Problem, waitingFor(w, v, r.Because)))
	}
}

// cutShort are the checks that the owner stopped.
func (s *Session) cutShort(w *words.Texts, all []checks.Result, filter Filter, put func(checks.Step, Row)) {
	stopped := map[checks.Step][]Row{}
	for _, r := range all {
		if r.Cause == checks.Cancelled && s.matches(w, filter, r) {
			g := view.StepOf(r.FoundBy())
			stopped[g] = append(stopped[g], Row{Key: key(PutOffCheck, r.Check, ""), Kind: PutOffCheck, Sign: Skipped, Title: w.Name(r.Check), Result: r})
		}
	}
	for g, inside := range stopped {
		put(g, Row{Key: string(CutShort) + " " + string(g), Kind: CutShort, Sign: Skipped, Title: w.Count("window.cut-short", len(inside)), Inside: inside})
	}
}

func (s *Session) inProgress(w *words.Texts, work Working, now time.Time) Row {
	waited := max(now.Sub(work.Since), 0)
	text, detail := "window.elapsed", ""
	if work.Check == checks.EventDelivery && len(s.legs) > 0 { // takes long, and reports its progress
		detail = w.Say("window.events.leg-"+string(s.legs[len(s.legs)-1].Name), nil)
	} else if waited >= Slow {
		text = "window.elapsed-slow"
	}
	aside := w.Say(text, checks.Args{"seconds": int(waited.Seconds())})
	if work.Total > 1 {
		aside = join(" · ", w.Say("window.counted", checks.Args{"done": work.Done, "total": work.Total}), aside)
	}
	return Row{Key: key(InProgress, work.Check, ""), Kind: InProgress, Sign: Waiting, Title: w.Name(work.Check), Detail: detail, Aside: aside}
}

func (s *Session) inOrder(w *words.Texts, all []checks.Result, filter Filter, put func(checks.Step, Row)) {
	fine := map[checks.Step][]Row{}
	fixed := map[checks.Step]int{}
	var order []checks.Step
	for _, r := range all {
		if r.State != checks.OK || !s.matches(w, filter, r) {
			continue
		}
		g := view.StepOf(r.FoundBy())
		if fine[g] == nil {
			order = append(order, g)
		}
		f := w.Finding(r, s.Target.Address.Display())
		row := Row{Key: key(Fine, r.Check, ""), Kind: Fine, Sign: OK, Title: f.Title, Detail: untrusted.Truncate(f.Saw, maxDetail), Result: r}
		if s.MarkOf(r) == Fixed {
			row.Badge = w.Say("window.mark.fixed", nil)
			fixed[g]++
		}
		fine[g] = append(fine[g], row)
	}
	for _, g := range order {
		row := Row{Key: string(InOrder) + " " + string(g), Kind: InOrder, Sign: OK, Title: w.Count("window.in-order", len(fine[g])), Inside: fine[g]}
		if fixed[g] > 0 {
			row.Badge = w.Count("window.mark.fixed-count", fixed[g])
		}
		put(g, row)
	}
}

// Missing is what was not checked for one reason.
type Missing struct {
	Reason checks.Reason
	Title  string // what it is
	Text   string // what it would need
}

// NotChecked is what the last run left out, by reason.
func (s *Session) NotChecked(w *words.Texts) (list []Missing) {
	if s.Outcome == nil {
		return nil
	}
	for _, m := range view.NotChecked(s.Outcome.NotChecked) {
		list = append(list, Missing{Reason: m.Reason, Title: m.Names(w), Text: w.Say("window.reason."+string(m.Reason), nil)})
	}
	return list
}

// FindingKey is the key of the row of a finding.
func FindingKey(r checks.Result) string { return key(Finding, r.Check, string(r.Cause)) }

func key(kind Kind, id checks.ID, more string) string {
	return join(" ", string(kind), string(id), more)
}

func join(by string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), by)
}
