package model

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"boxready/checks"
	"boxready/internal/report"
	"boxready/internal/untrusted"
)

// Kind is what a row of the checklist is about.
type Kind string

// The kinds.
const (
	Finding     Kind = "finding"       // somebody has to do something
	InProgress  Kind = "in-progress"   // a check is under way
	PutOff      Kind = "put-off"       // folds what waits for the finding above
	InOrder     Kind = "in-order"      // folds what is fine
	Fine        Kind = "fine"          // a check that is fine
	PutOffCheck Kind = "put-off-check" // a check that waits
	CutShort    Kind = "cut-short"     // folds what was stopped
)

// Row is one row of the checklist.
type Row struct {
	Key    string // of what the row is about; stays the same as long as that does
	Kind   Kind
	Sign   Sign
	Title  string
	Detail string
	Aside  string
	Badge  string
	Result checks.Result // of a finding and of a check that is fine
	Inside []Row         // what is folded into it
}

// Group is a chapter of the checklist.
type Group struct {
	ID    checks.Group
	Title string
	Rows  []Row
}

// Filter leaves out what isn't asked for. The zero value leaves everything in.
type Filter struct {
	Owner checks.Owner
	Link  LinkID
}

func (f Filter) lets(r checks.Result) bool {
	return (f.Owner == "" || r.Owner == f.Owner) && (f.Link == "" || LinkOf(r.Check) == f.Link)
}

// Checklist is what is known, by chapter, the one with the gravest findings first once the run is over: what is wrong, with what waits for it folded under it; what is under way; and what is
// fine, folded.
func (s *Session) Checklist(w *report.Words, now time.Time, filter Filter) (groups []Group) {
	rows := map[checks.Group][]Row{}
	var order []checks.Group
	for _, c := range checks.Catalog() {
		if !slices.Contains(order, c.Group) {
			order = append(order, c.Group)
		}
	}
	put := func(id checks.ID, row Row) {
		g := groupOf(id)
		rows[g] = append(rows[g], row)
	}
	all := s.Results()
	said := map[checks.ID]bool{} // whose consequences stand in the list
	findings := slices.DeleteFunc(slices.Clone(all), func(r checks.Result) bool { return !isFinding(r) || !filter.lets(r) })
	slices.SortStableFunc(findings, func(a, b checks.Result) int { return weight(b.State) - weight(a.State) })
	for _, r := range findings {
		put(found(r), s.finding(w, r))
		if waiting := s.waitingFor(w, all, r); len(waiting) > 0 && !said[r.Check] {
			said[r.Check] = true
			put(found(r), s.putOff(w, r.Check, r.State, waiting))
		}
	}
	if filter.Owner == "" {
		s.orphans(w, all, said, filter, put)
		s.cutShort(w, all, filter, func(g checks.Group, row Row) { rows[g] = append(rows[g], row) })
		for _, work := range s.working {
			if filter.Link == "" || LinkOf(work.Check) == filter.Link {
				put(work.Check, s.inProgress(w, work, now))
			}
		}
		s.inOrder(w, all, filter, func(g checks.Group, row Row) { rows[g] = append(rows[g], row) })
	}
	if !s.Running { // or they would change places while somebody reads
		gravest := map[checks.Group]int{}
		for _, r := range findings {
			gravest[groupOf(found(r))] = max(gravest[groupOf(found(r))], weight(r.State))
		}
		slices.SortStableFunc(order, func(a, b checks.Group) int { return gravest[b] - gravest[a] })
	}
	for _, g := range order {
		if len(rows[g]) > 0 {
			groups = append(groups, Group{ID: g, Title: w.Say("group."+string(g), nil), Rows: rows[g]})
		}
	}
	return groups
}

func groupOf(id checks.ID) checks.Group {
	for _, c := range checks.Catalog() {
		if c.ID == id {
			return c.Group
		}
	}
	return checks.PortalGroup
}

// What a row has room for, in letters.
const (
	maxTitle  = 160
	maxDetail = 240
)

// finding is the row of a result. It is put into words once: while a run is under way, the list is made again and again.
func (s *Session) finding(w *report.Words, r checks.Result) Row {
	if s.saidIn != w {
		s.saidIn, s.said = w, map[string]Row{}
	}
	id := key(Finding, r.Check, string(r.Cause))
	row, known := s.said[id]
	if !known {
		row = s.newFinding(w, r)
		s.said[id] = row
	}
	return row
}

func (s *Session) newFinding(w *report.Words, r checks.Result) Row {
	f := w.Finding(r, s.Target.Address.Display())
	row := Row{
		Key: key(Finding, r.Check, string(r.Cause)), Kind: Finding, Sign: Sign(r.State), Title: untrusted.Truncate(f.Title, maxTitle), Result: r,
		Detail: join(" · ", untrusted.Truncate(strings.TrimSuffix(firstSentence(f.Saw), "."), maxDetail), w.Say("vantage."+string(r.Vantage), nil)),
		Aside:  w.Say("owner."+string(r.Owner)+".to", nil),
	}
	if s.MarkOf(r) == New {
		row.Badge = w.Say("window.mark.new", nil)
	}
	return row
}

// waitingFor are the rows of checks that were put off because of what r's check came to.
func (s *Session) waitingFor(w *report.Words, all []checks.Result, r checks.Result) (rows []Row) {
	for _, skipped := range all {
		if skipped.State == checks.Skipped && skipped.Because == r.Check {
			rows = append(rows, Row{Key: key(PutOffCheck, skipped.Check, ""), Kind: PutOffCheck, Sign: Skipped, Title: w.Name(skipped.Check), Result: skipped,
				Detail: w.Say("part.because", checks.Args{"check": w.Name(r.Check)})})
		}
	}
	return rows
}

func (s *Session) putOff(w *report.Words, because checks.ID, state checks.State, inside []Row) Row {
	text := "window.put-off"
	if state == checks.Unknown {
		text = "window.unclear" // there may be nothing to fix
	}
	return Row{Key: key(PutOff, because, ""), Kind: PutOff, Sign: Skipped, Title: w.Count(text, len(inside)), Inside: inside}
}

// orphans are put off because of a check that has no row: what stands in the way isn't a finding, or is left out.
func (s *Session) orphans(w *report.Words, all []checks.Result, said map[checks.ID]bool, filter Filter, put func(checks.ID, Row)) {
	for _, r := range all {
		if r.State != checks.Skipped || said[r.Because] || !filter.lets(r) {
			continue
		}
		said[r.Because] = true
		because := checks.Result{Check: r.Because}
		inside := s.waitingFor(w, all, because)
		put(r.Check, s.putOff(w, r.Because, checks.Problem, inside))
	}
}

// cutShort are the checks that the owner stopped.
func (s *Session) cutShort(w *report.Words, all []checks.Result, filter Filter, put func(checks.Group, Row)) {
	stopped := map[checks.Group][]Row{}
	for _, r := range all {
		if r.Cause == checks.Cancelled && filter.lets(r) {
			g := groupOf(found(r))
			stopped[g] = append(stopped[g], Row{Key: key(PutOffCheck, r.Check, ""), Kind: PutOffCheck, Sign: Skipped, Title: w.Name(r.Check), Result: r})
		}
	}
	for g, inside := range stopped {
		put(g, Row{Key: string(CutShort) + " " + string(g), Kind: CutShort, Sign: Skipped, Title: w.Count("window.cut-short", len(inside)), Inside: inside})
	}
}

func (s *Session) inProgress(w *report.Words, work Working, now time.Time) Row {
	waited := max(now.Sub(work.Since), 0)
	text, detail := "window.elapsed", ""
	if work.Check == checks.EventDelivery && len(s.legs) > 0 { // takes long, and says how far it is
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

func (s *Session) inOrder(w *report.Words, all []checks.Result, filter Filter, put func(checks.Group, Row)) {
	fine := map[checks.Group][]Row{}
	fixed := map[checks.Group]int{}
	var order []checks.Group
	for _, r := range all {
		if r.State != checks.OK || !filter.lets(r) {
			continue
		}
		g := groupOf(found(r))
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
func (s *Session) NotChecked(w *report.Words) (list []Missing) {
	if s.Outcome == nil {
		return nil
	}
	names := map[checks.Reason][]string{}
	var reasons []checks.Reason
	for _, n := range s.Outcome.NotChecked {
		if names[n.Reason] == nil {
			reasons = append(reasons, n.Reason)
		}
		names[n.Reason] = append(names[n.Reason], w.Name(n.Check))
	}
	for _, reason := range reasons {
		all := names[reason]
		for i := range all[1:] {
			all[i+1] = lowerFirst(all[i+1])
		}
		list = append(list, Missing{Reason: reason, Title: strings.Join(all, ", "), Text: w.Say("window.reason."+string(reason), nil)})
	}
	return list
}

func key(kind Kind, id checks.ID, more string) string {
	return join(" ", string(kind), string(id), more)
}

func join(by string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), by)
}

// firstSentence is what stands before the first full stop that ends a sentence.
func firstSentence(text string) string {
	for i := 0; i < len(text); {
		stop := strings.Index(text[i:], ". ")
		if stop < 0 {
			return text
		}
		end := i + stop
		next, _ := utf8.DecodeRuneInString(text[end+2:])
		last, _ := utf8.DecodeLastRuneInString(text[:end])
		// Not behind an initial or a number of a list, nor in front of a small letter.
		if !unicode.IsLower(next) && !unicode.IsUpper(last) {
			return text[:end+1]
		}
		i = end + 2
	}
	return text
}

// lowerFirst is for a name within a sentence; an abbreviation stays as it is.
func lowerFirst(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if second, _ := utf8.DecodeRuneInString(s[size:]); unicode.IsUpper(second) {
		return s
	}
	return string(unicode.ToLower(first)) + s[size:]
}
