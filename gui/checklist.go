package gui

import (
	"fyne.io/fyne/v2"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/gui/style"
	"boxready/gui/widgets"
)

// checklist lists the results, a card for each chapter. Rows with the same key are reused, so that they keep the focus.
type checklist struct {
	p      *checkPage
	object *fyne.Container
	rows   map[string]*widgets.Row
	// How many rows of a chapter are shown. More are built on request: building rows takes time.
	maxRows map[checks.Group]int
}

const rowsAtOnce = 25

func newChecklist(p *checkPage) *checklist {
	return &checklist{p: p, object: widgets.Column(14), rows: map[string]*widgets.Row{}, maxRows: map[checks.Group]int{}}
}

func (l *checklist) refresh() {
	s := l.p.model.Current
	used := map[string]*widgets.Row{}
	var cards []fyne.CanvasObject
	if bar := l.filterBar(s); bar != nil {
		cards = append(cards, bar)
	}
	groups := s.Checklist(l.p.words, l.p.params.Now(), l.p.filter)
	for _, g := range groups {
		lines := []fyne.CanvasObject{widgets.Pad(2, 8, 6, 8, widgets.NewText(l.p.say("group."+string(g.ID), nil), widgets.Font{Size: style.SizeSmall, Color: widgets.Muted, Bold: true}))}
		rows := g.Rows
		rows = rows[:min(len(rows), max(l.maxRows[g.ID], rowsAtOnce))]
		for _, row := range rows {
			lines = l.add(lines, used, row, 0)
			if l.p.open[row.Key] {
				for _, inside := range row.Inside {
					lines = l.add(lines, used, inside, 28)
				}
			}
		}
		if rest := len(g.Rows) - len(rows); rest > 0 {
			more := model.Row{Key: "more " + string(g.ID), Title: l.p.words.Count("window.more-rows", rest)}
			lines = l.addRow(lines, used, more, 0, widgets.RowContent{Title: more.Title, LowEmphasis: true, Chevron: widgets.Collapsed}, func() {
				l.maxRows[g.ID] = len(rows) + rowsAtOnce
				l.p.refresh()
			})
		}
		cards = append(cards, widgets.Card(widgets.Column(0, lines...)))
	}
	if len(groups) == 0 && l.p.filter != (model.Filter{}) {
		cards = append(cards, widgets.Card(widgets.NewText(l.nothing(), widgets.Font{Color: widgets.Muted})))
	}
	if l.p.filter == (model.Filter{}) && !s.Running && !s.ReadOnly() {
		if missing := l.notChecked(s, used); missing != nil {
			cards = append(cards, missing)
		}
	}
	for key, row := range l.rows {
		if used[key] == nil {
			row.Stop()
		}
	}
	l.rows = used
	l.object.Objects = cards
	widgets.Relayout(l.object)
}

func (l *checklist) add(lines []fyne.CanvasObject, used map[string]*widgets.Row, row model.Row, indent float32) []fyne.CanvasObject {
	content := widgets.RowContent{Sign: style.Sign(row.Sign), Title: row.Title, Detail: row.Detail, Aside: row.Aside, Badge: row.Badge,
		LowEmphasis: row.Kind != model.Finding}
	var tapped func()
	switch row.Kind {
	case model.Finding, model.Fine:
		content.Chevron = widgets.Navigates
		tapped = func() { l.p.show(row.Result, row.Key) }
	case model.PutOff, model.InOrder, model.CutShort:
		content.Chevron, content.Aside = widgets.Collapsed, l.p.say("show", nil)
		if l.p.open[row.Key] {
			content.Chevron, content.Aside = widgets.Expanded, l.p.say("hide", nil)
		}
		tapped = func() { l.p.fold(row.Key) }
	}
	return l.addRow(lines, used, row, indent, content, tapped)
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
	if p.open == nil {
		p.open = map[string]bool{}
	}
	p.open[key] = !p.open[key]
	p.refresh()
}

// filterBar shows the filter; nil if there is none.
func (l *checklist) filterBar(s *model.Session) fyne.CanvasObject {
	f := l.p.filter
	if f == (model.Filter{}) {
		return nil
	}
	var title string
	buttons := []fyne.CanvasObject{widgets.NewButton(l.p.say("filter.off", nil), nil, func() { l.p.filterBy(model.Filter{}) })}
	if f.Owner != "" {
		title = l.p.say("filter.owner", checks.Args{"owner": l.p.words.Say("owner."+string(f.Owner)+".to", nil)})
		if found := s.FindingsOf(f.Owner); len(found) > 0 {
			buttons = append(buttons, l.p.copyButton(copyKey("filter.copy", f.Owner), func() string { return s.Letter(l.p.words, l.p.params.Version, found...) }))
		}
	} else {
		title = l.p.say("link."+string(f.Link)+".name", nil)
	}
	return widgets.Column(8, widgets.NewText(title, widgets.Font{Bold: true}), widgets.Flow(8, buttons...))
}

func (l *checklist) nothing() string {
	if link := l.p.filter.Link; link != "" {
		return model.LinkText(l.p.words, link)
	}
	return l.p.say("filter.nothing", nil)
}

// notChecked lists what the run left out, with a button where that can be changed here.
func (l *checklist) notChecked(s *model.Session, used map[string]*widgets.Row) fyne.CanvasObject {
	missing := s.NotChecked(l.p.words)
	if len(missing) == 0 {
		return nil
	}
	lines := []fyne.CanvasObject{widgets.Pad(2, 8, 6, 8, widgets.NewText(l.p.say("not-checked", nil), widgets.Font{Size: style.SizeSmall, Color: widgets.Muted, Bold: true}))}
	for _, m := range missing {
		row := model.Row{Key: "missing " + string(m.Reason)}
		content := widgets.RowContent{Sign: style.Skipped, Title: m.Title, Detail: m.Text, LowEmphasis: true}
		lines = l.addRow(lines, used, row, 0, content, nil)
		if button := l.p.remedy(s, m.Reason); button != nil {
			lines = append(lines, widgets.Pad(0, 8, 10, 36, widgets.Flow(8, button)))
		}
	}
	return widgets.Card(widgets.Column(0, lines...))
}

// remedy is the button for what a skipped check needs; nil if it can't be provided here.
func (p *checkPage) remedy(s *model.Session, reason checks.Reason) fyne.CanvasObject {
	consent := map[checks.Reason]checks.Consent{checks.NeedsConsentDeep: checks.Deep, checks.NeedsConsentFilter: checks.ContentFilter, checks.NeedsConsentEvent: checks.EventTest}[reason]
	if consent != "" {
		return widgets.NewButton(p.say("consent."+string(consent), nil), nil, func() {
			p.dialogs.confirmConsent(consent, func() {
				s.Target.Receiver = "" // the question promises that nothing leaves the portal
				p.runs.run(s, consent)
			})
		})
	}
	if p.nav.hasSection("sign-in") && (reason == checks.NeedsCredential || reason == checks.NeedsSignIn || reason == checks.NeedsWebhook) {
		return widgets.NewButton(p.say("section.sign-in", nil), nil, func() { p.nav.openSection("sign-in") })
	}
	if reason == checks.NeedsReceiver && p.nav.hasSection("events") {
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

// copyKey is the text key of a button that copies something for an owner.
func copyKey(key string, owner checks.Owner) string {
	switch owner {
	case checks.Vendor, checks.Bitrix24:
		return key + "-vendor"
	case checks.You, "":
		return key + "-plain"
	default:
		return key
	}
}
