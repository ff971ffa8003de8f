package gui

import (
	"fmt"
	"slices"

	"fyne.io/fyne/v2"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/gui/style"
	"boxready/gui/widgets"
	"boxready/internal/view"
)

// checklist lists the results, a card for each step. Rows and buttons with the same key are reused, so that they keep the focus.
type checklist struct {
	p       *checkPage
	object  *fyne.Container
	rows    map[string]*widgets.Row
	buttons map[string]*widgets.Button
	stops   []fyne.Focusable // what can have the focus, in the order in which it was listed
	// How many rows of a chapter are shown. More are built on request: building rows takes time.
	maxRows map[checks.Step]int
}

const rowsAtOnce = 25

func newChecklist(p *checkPage) *checklist {
	return &checklist{p: p, object: widgets.Column(14), rows: map[string]*widgets.Row{}, buttons: map[string]*widgets.Button{}, maxRows: map[checks.Step]int{}}
}

func (l *checklist) refresh() {
	s, filter := l.p.model.Current, l.p.filter
	used, before := map[string]*widgets.Row{}, l.stops
	l.stops = nil
	var cards []fyne.CanvasObject
	if bar := l.filterBar(); bar != nil {
		cards = append(cards, bar)
	}
	endings, soon := l.endings(s, used)
	first := soon && s.Outcome.Verdict == checks.Ready // otherwise other things come first
	if first {
		cards = append(cards, endings)
	}
	groups := s.Checklist(l.p.words, l.p.params.Now(), filter)
	ready := filter == (model.Filter{}) && !s.Running && !s.ReadOnly() && s.Outcome != nil && s.Outcome.Verdict == checks.Ready
	if ready {
		if missing := l.notChecked(s, used); missing != nil {
			cards = append(cards, missing)
		}
		groups = l.foldInOrder(groups)
	}
	for _, g := range groups {
		lines := []fyne.CanvasObject{groupTitle(g.Title)}
		rows := g.Rows
		if filter.Step != "" || filter.Text != "" {
			rows = unfolded(rows)
		}
		all := len(rows)
		rows = rows[:min(all, max(l.maxRows[g.ID], rowsAtOnce))]
		for _, row := range rows {
			lines = l.add(lines, used, row, 0)
			if l.p.open[row.Key] {
				for _, inside := range row.Inside {
					lines = l.add(lines, used, inside, 28)
				}
			}
		}
		if rest := all - len(rows); rest > 0 {
			more := model.Row{Key: "more " + string(g.ID), Title: l.p.words.Count("window.more-rows", rest)}
			lines = l.addRow(lines, used, more, 0, widgets.RowContent{Title: more.Title, LowEmphasis: true, Chevron: widgets.Collapsed}, func() {
				l.maxRows[g.ID] = len(rows) + rowsAtOnce
				l.p.refresh()
			})
		}
		cards = append(cards, widgets.Card(widgets.Column(0, lines...)))
	}
	lines := l.lines(s, used)
	if lines != nil {
		cards = append(cards, lines)
	}
	if needs := l.needs(s); needs != nil {
		cards = append(cards, needs)
	} else if len(groups) == 0 && lines == nil && filter != (model.Filter{}) {
		cards = append(cards, widgets.Card(widgets.NewText(l.nothing(), widgets.Font{Color: widgets.Muted})))
	}
	if filter == (model.Filter{}) && !s.Running && !s.ReadOnly() && !ready {
		if missing := l.notChecked(s, used); missing != nil {
			cards = append(cards, missing)
		}
	}
	if endings != nil && !first {
		cards = append(cards, endings)
	}
	for key, row := range l.rows {
		if used[key] == nil {
			row.Stop()
		}
	}
	l.rows = used
	l.object.Objects = cards
	widgets.Relayout(l.object)
	l.keepFocus(before)
}

// keepFocus moves the focus from what is no longer listed to what has its place. If nothing has, the verdict's button gets it when the
// run ends.
func (l *checklist) keepFocus(before []fyne.Focusable) {
	focused := l.p.fyne.Canvas().Focused()
	i := slices.Index(before, focused)
	switch {
	case i < 0 || slices.Contains(l.stops, focused):
	case len(l.stops) == 0:
		l.p.fyne.Canvas().Unfocus()
	default:
		l.p.focusOn(l.stops[min(i, len(l.stops)-1)])
	}
}

// button lists a button; one that was listed with this key stays, and does what the new one does.
func (l *checklist) button(key string, made *widgets.Button) *widgets.Button {
	if old := l.buttons[key]; old != nil && old.Text == made.Text {
		old.OnTapped = made.OnTapped
		made = old
	}
	l.buttons[key] = made
	l.stops = append(l.stops, made)
	return made
}

func groupTitle(text string) fyne.CanvasObject {
	return widgets.Pad(2, 8, 6, 8, widgets.NewText(text, widgets.Font{Size: style.SizeSmall, Color: widgets.Muted, Bold: true}))
}

// foldInOrder puts the steps in which all is in order into one group, a row for each.
func (l *checklist) foldInOrder(groups []model.Group) []model.Group {
	fine := model.Group{Title: l.p.words.Say("part.in-order", nil)}
	groups = slices.DeleteFunc(groups, func(g model.Group) bool {
		if len(g.Rows) > 1 || g.Rows[0].Kind != model.InOrder {
			return false
		}
		row := g.Rows[0]
		row.Title = g.Title
		fine.Rows = append(fine.Rows, row)
		return true
	})
	if fine.Rows == nil {
		return groups
	}
	return append(groups, fine)
}

// unfolded replaces rows that fold others by these.
func unfolded(rows []model.Row) (all []model.Row) {
	for _, row := range rows {
		if row.Inside == nil {
			all = append(all, row)
		}
		all = append(all, row.Inside...)
	}
	return all
}

func (l *checklist) add(lines []fyne.CanvasObject, used map[string]*widgets.Row, row model.Row, indent float32) []fyne.CanvasObject {
	content := widgets.RowContent{Sign: style.Sign(row.Sign), Title: row.Title, Detail: row.Detail, Aside: row.Aside, Badge: row.Badge,
		LowEmphasis: row.Kind != model.Finding || row.Sign != model.Problem}
	var tapped func()
	switch row.Kind {
	case model.Finding, model.Fine, model.Acknowledged:
		content.Chevron = widgets.Navigates
		tapped = func() { l.p.show(row.Result, row.Key) }
	case model.PutOff, model.InOrder, model.CutShort, model.LeftAsIs:
		l.foldable(&content, row.Key)
		tapped = func() { l.p.fold(row.Key) }
	}
	return l.addRow(lines, used, row, indent, content, tapped)
}

// foldable shows that a row folds others.
func (l *checklist) foldable(content *widgets.RowContent, key string) {
	content.Chevron, content.Aside = widgets.Collapsed, l.p.say("show", nil)
	if l.p.open[key] {
		content.Chevron, content.Aside = widgets.Expanded, l.p.say("hide", nil)
	}
}

func (l *checklist) addRow(lines []fyne.CanvasObject, used map[string]*widgets.Row, row model.Row, indent float32, content widgets.RowContent, tapped func()) []fyne.CanvasObject {
	made := l.rows[row.Key]
	if made == nil {
		made = widgets.NewRow(content, tapped)
	} else {
		made.OnTapped(tapped)
		made.Set(content)
	}
	used[row.Key] = made
	object := made.Object
	if stop, ok := object.(fyne.Focusable); ok {
		l.stops = append(l.stops, stop)
	}
	if indent > 0 {
		object = widgets.Pad(0, 0, 0, indent, object)
	}
	if len(lines) > 1 {
		lines = append(lines, widgets.Line())
	}
	return append(lines, object)
}

// fold unfolds a row, or folds it again.
func (p *checkPage) fold(key string) {
	p.setOpen(key, !p.open[key])
	p.refresh()
}

// filterBar says what the list is limited to; nil if it isn't.
func (l *checklist) filterBar() fyne.CanvasObject {
	f := l.p.filter
	if f.Step == "" && f.Link == "" {
		return nil
	}
	title := l.p.say("link."+string(f.Link)+".name", nil)
	if f.Step != "" {
		title = model.StepTitle(l.p.words, f.Step)
	}
	buttons := widgets.Flow(8, l.button("all", widgets.NewButton(l.p.say("walk.all", nil), nil, func() { l.p.filterBy(model.Filter{}) })))
	if section := sectionOf[f.Step]; section != "" && l.p.nav.hasSection(section) {
		buttons.Add(l.button("section", widgets.NewButton(l.p.say("section."+section, nil), nil, func() { l.p.nav.openSection(section) })))
	}
	return widgets.Column(8, widgets.NewText(title, widgets.Font{Bold: true}), buttons)
}

// sectionOf is the section in which more can be done about a step.
var sectionOf = map[checks.Step]string{
	checks.StepAuthServer: "allowlist", checks.StepSignIn: "sign-in", checks.StepModules: "requirements", checks.StepEvents: "events",
}

func (l *checklist) nothing() string {
	if link := l.p.filter.Link; link != "" {
		return model.LinkText(l.p.words, link)
	}
	if l.p.filter.Text != "" {
		return l.p.say("opened.not-found", nil)
	}
	return l.p.say("walk.nothing", nil)
}

// lines are the lines of a report's files that contain what is searched for; nil for none.
func (l *checklist) lines(s *model.Session, used map[string]*widgets.Row) fyne.CanvasObject {
	text := l.p.filter.Text
	if text == "" || !s.ReadOnly() {
		return nil
	}
	found, others := s.Opened.Find(text)
	if found == nil {
		return nil
	}
	lines := []fyne.CanvasObject{groupTitle(l.p.say("opened.in-files", nil))}
	for _, line := range found {
		row := model.Row{Key: fmt.Sprintf("line %s %d", line.File, line.Number)}
		content := widgets.RowContent{Title: line.Text, Aside: line.File, LowEmphasis: true, Chevron: widgets.Navigates}
		lines = l.addRow(lines, used, row, 0, content, func() { l.p.nav.openLine(line.File, line.Number) })
	}
	if others > 0 {
		lines = append(lines, widgets.Pad(6, 8, 6, 8, widgets.Small(l.p.words.Count("window.opened.other-lines", others))))
	}
	return widgets.Card(widgets.Column(0, lines...))
}

// needs says what it takes to check the chosen step, with the button for that; nil if its question is answered or being asked.
func (l *checklist) needs(s *model.Session) fyne.CanvasObject {
	step := l.p.filter.Step
	if step == "" || s.Running || s.ReadOnly() || s.Outcome == nil {
		return nil
	}
	steps := view.Of(s.Results()).Steps()
	if i := slices.IndexFunc(steps, func(now view.Step) bool { return now.ID == step }); steps[i].State != "" {
		return nil
	}
	lines := []fyne.CanvasObject{widgets.NewText(l.p.say("walk.needs."+string(step), nil), widgets.Font{})}
	if button := l.p.buttonFor(s, step); button != nil {
		lines = append(lines, widgets.Flow(8, l.button("needs", button)))
	}
	return widgets.Card(widgets.Column(8, lines...))
}

// buttonFor is the button that gets a step checked; nil if other steps come first.
func (p *checkPage) buttonFor(s *model.Session, step checks.Step) *widgets.Button {
	if seen := view.Of(s.Results()).Steps(); slices.ContainsFunc(seen[:2], func(s view.Step) bool { return s.State == checks.Problem || s.State == checks.Unknown }) {
		return nil
	}
	switch {
	case step == checks.StepAuthServer:
		return widgets.NewButton(p.say("next.consent-deep", nil), nil, func() { p.askToConfirm(s, true) })
	case step == checks.StepEvents && s.Target.SignIn != nil:
		return p.remedy(s, checks.NeedsConsentEvent)
	}
	return p.remedy(s, checks.NeedsSignIn)
}

// notChecked lists what the run left out, with a button where that can be changed here. It is folded unless the portal is ready:
// before that, other things come first.
func (l *checklist) notChecked(s *model.Session, used map[string]*widgets.Row) fyne.CanvasObject {
	missing := s.NotChecked(l.p.words)
	if len(missing) == 0 {
		return nil
	}
	const key = "not-checked"
	lines := []fyne.CanvasObject{groupTitle(l.p.say("not-checked", nil))}
	if s.Outcome.Verdict != checks.Ready {
		content := widgets.RowContent{Sign: style.Skipped, Title: l.p.words.Count("window.not-checked-count", len(missing)), LowEmphasis: true}
		l.foldable(&content, key)
		lines = l.addRow(lines, used, model.Row{Key: key}, 0, content, func() { l.p.fold(key) })
		if !l.p.open[key] {
			return widgets.Card(widgets.Column(0, lines...))
		}
	}
	for _, m := range missing {
		row := model.Row{Key: "missing " + string(m.Reason)}
		content := widgets.RowContent{Sign: style.Skipped, Title: m.Title, Detail: m.Text, LowEmphasis: true}
		lines = l.addRow(lines, used, row, 0, content, nil)
		if button := l.p.remedy(s, m.Reason); button != nil {
			lines = append(lines, widgets.Pad(0, 8, 10, 36, widgets.Flow(8, l.button(row.Key, button))))
		}
	}
	return widgets.Card(widgets.Column(0, lines...))
}

// endings lists what ends and when; nil if nothing is known, or the list is limited to something else. As long as nothing has to be done
// about it, what ends first stands for the others. soon reports whether something has to be done.
func (l *checklist) endings(s *model.Session, used map[string]*widgets.Row) (card fyne.CanvasObject, soon bool) {
	rows, soon := s.Endings(l.p.words, l.p.params.Now())
	if len(rows) == 0 || l.p.filter != (model.Filter{}) {
		return nil, false
	}
	const key = "endings"
	lines := []fyne.CanvasObject{groupTitle(l.p.words.Say("ending.title", nil))}
	for i, row := range rows {
		if i == 0 || soon || l.p.open[key] {
			lines = l.add(lines, used, row, 0)
		}
	}
	if others := len(rows) - 1; others > 0 && !soon {
		content := widgets.RowContent{Title: l.p.words.Count("window.more-endings", others), LowEmphasis: true}
		l.foldable(&content, key)
		lines = l.addRow(lines, used, model.Row{Key: key}, 0, content, func() { l.p.fold(key) })
	}
	return widgets.Card(widgets.Column(0, lines...)), soon
}

// remedy is the button for what a skipped check needs; nil if it can't be provided here.
func (p *checkPage) remedy(s *model.Session, reason checks.Reason) *widgets.Button {
	if reason == checks.NeedsConsentDeep {
		return p.buttonFor(s, checks.StepAuthServer)
	}
	consent := map[checks.Reason]checks.Consent{checks.NeedsConsentFilter: checks.ContentFilter, checks.NeedsConsentEvent: checks.EventTest, checks.NeedsConsentBody: checks.BodySize,
		checks.NeedsConsentSame: checks.SameIdentity}[reason]
	if consent != "" {
		return widgets.NewButton(p.say("consent."+string(consent), nil), nil, func() { p.runs.askAndRun(s, consent) })
	}
	if p.nav.hasSection("sign-in") && (reason == checks.NeedsCredential || reason == checks.NeedsSignIn || reason == checks.NeedsWebhook) {
		return widgets.NewButton(p.say("section.sign-in", nil), nil, func() { p.nav.openSection("sign-in") })
	}
	if (reason == checks.NeedsReceiver || reason == checks.NeedsPage) && p.nav.hasSection("events") {
		return widgets.NewButton(p.say("section.events", nil), nil, func() { p.nav.openSection("events") })
	}
	if reason == checks.NeedsServerProbe || reason == checks.NeedsOutsideRun {
		return widgets.NewButton(p.say("section.server", nil), nil, func() { p.nav.openSection("server") })
	}
	return nil
}

// focus puts the focus on a row.
func (l *checklist) focus(key string) {
	if row := l.rows[key]; row != nil {
		if o, ok := row.Object.(fyne.Focusable); ok {
			l.p.focusOn(o)
		}
	}
}
