package gui

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/gui/style"
	"boxready/gui/widgets"
	"boxready/internal/words"
)

// cataloguePage finds methods and events by name, and shows what is known of one.
type cataloguePage struct {
	*requirementsPage
	scaffold
	open       bool
	query      string
	found      []model.Name
	entry      *model.Name // the one that is shown; nil for the list
	asking     bool
	askMistake string // why the portal could not be asked; "" if it could

	// Of the content that is shown.
	builtFrom  entryState
	search     *widgets.Entry
	list       *widgets.List
	place      *fyne.Container // of the list
	count      *widgets.Text
	backButton *widgets.Button
}

// entryState is the state that an entry's content is built from.
type entryState struct {
	session *model.Session
	outcome *checks.Outcome
	learned *checks.ModulesFacts
	running bool
	asking  bool
}

func (c *cataloguePage) state() entryState {
	now := entryState{session: c.model.Current, asking: c.asking}
	if s := now.session; s != nil {
		now.outcome, now.learned, now.running = s.Outcome, s.Learned, s.Running
	}
	return now
}

func (c *cataloguePage) show() {
	c.open, c.entry = true, nil
	c.fill()
	c.focusOn(c.initialFocus())
}

// back goes from an entry to the list, and from the list to the requirements.
func (c *cataloguePage) back() {
	if c.entry != nil {
		c.entry = nil
	} else {
		c.open, c.query = false, ""
	}
	c.fill()
	if c.open {
		c.focusOn(c.initialFocus())
	} else {
		c.focusOn(c.requirementsPage.focus)
	}
}

func (c *cataloguePage) initialFocus() fyne.Focusable {
	if c.entry != nil {
		return c.backButton
	}
	return c.search
}

func (c *cataloguePage) scrollPages(by float32) {
	if c.entry != nil {
		c.scaffold.scrollPages(by)
	} else {
		c.list.ScrollPages(by)
	}
}

func (c *cataloguePage) refresh() {
	if c.entry != nil && c.builtFrom != c.state() {
		focused := c.fyne.Canvas().Focused() != nil
		c.fill()
		if focused && !c.dialogs.shown() {
			c.focusOn(c.initialFocus())
		}
	}
}

func (c *cataloguePage) build() {
	c.builtFrom = c.state()
	name := c.say("catalogue.title", nil)
	if c.entry != nil {
		name = c.entry.Name
	}
	var head fyne.CanvasObject
	c.backButton, head = c.backHead(name, c.back)
	if c.entry != nil {
		c.page = nil // it begins at its top
		c.setContent(head, c.entryCards(*c.entry)...)
		return
	}
	c.search = widgets.NewEntry(c.say("catalogue.search", nil), 100)
	c.search.Text = c.query
	c.count = widgets.Small("")
	c.place = widgets.Stack()
	c.search.OnChanged = func(query string) {
		c.query = query
		c.find()
	}
	c.search.OnSubmitted = func(string) {
		if len(c.found) > 0 {
			c.choose(0)
		}
	}
	c.find()
	widgets.Replace(c.root, widgets.Below(widgets.Pad(gutter, gutter, 8, gutter, widgets.Column(8, head, c.search, c.count, widgets.Small(model.CatalogueDate(c.words)))),
		widgets.Pad(2, gutter, gutter, gutter, widgets.Card(c.place))))
}

// find lists what matches the query.
func (c *cataloguePage) find() {
	c.found = model.Search(c.query)
	c.count.SetText(c.words.Count("window.catalogue.found", len(c.found)))
	c.list = widgets.NewList(func() int { return len(c.found) }, func() fyne.CanvasObject {
		return widgets.Pad(2, 10, 2, 10, widgets.Column(0, widgets.NewText("", widgets.Font{Ellipsis: true}), widgets.NewText("", widgets.Font{Size: style.SizeSmall, Color: widgets.Muted, Ellipsis: true})))
	}, func(i int, row fyne.CanvasObject) {
		lines := row.(*fyne.Container).Objects[0].(*fyne.Container).Objects
		lines[0].(*widgets.Text).SetText(c.found[i].Name)
		lines[1].(*widgets.Text).SetText(c.about(c.found[i]))
	}, c.choose)
	c.place.Objects = []fyne.CanvasObject{c.list}
	c.place.Refresh()
}

// about says what a name is.
func (c *cataloguePage) about(n model.Name) string {
	key := "catalogue.method"
	if n.Event {
		key = "catalogue.event"
	}
	return c.say(key, checks.Args{"module": n.Module, "deprecated": n.Deprecated})
}

// choose shows the entry of a row.
func (c *cataloguePage) choose(i int) { c.showEntry(c.found[i]) }

func (c *cataloguePage) showEntry(n model.Name) {
	c.entry, c.askMistake = &n, ""
	c.fill()
	c.focusOn(c.backButton)
}

func (c *cataloguePage) entryCards(n model.Name) []fyne.CanvasObject {
	e := model.Look(c.words, n)
	lines := []fyne.CanvasObject{widgets.NewText(words.UpperFirst(c.about(n)), widgets.Font{Color: widgets.Muted})}
	if e.Warning != "" {
		lines = append(lines, widgets.Beside(8, true, widgets.SmallSign(style.Notice), widgets.NewText(e.Warning, widgets.Font{Selectable: true}), nil))
	}
	var facts []fyne.CanvasObject
	for _, f := range e.Facts {
		facts = append(facts, widgets.NameValue(widgets.NewText(f.Name, widgets.Font{Color: widgets.Muted}), widgets.NewText(f.Value, widgets.Font{Selectable: true})))
	}
	buttons := []fyne.CanvasObject{c.copyButton("catalogue.copy", func() string { return n.Name })}
	if e.Doc != "" {
		buttons = append(buttons, widgets.NewButton(c.say("finding.more", nil), theme.ComputerIcon(), func() { c.dialogs.openURL(e.Doc) }))
	}
	if e.Replacement != (model.Name{}) {
		buttons = append(buttons, widgets.NewButton(c.say("catalogue.show-instead", nil), nil, func() { c.showEntry(e.Replacement) }))
	}
	lines = append(lines, widgets.Column(6, facts...), widgets.Pad(4, 0, 0, 0, widgets.Flow(10, buttons...)))
	return []fyne.CanvasObject{widgets.Card(widgets.Column(10, lines...)), c.presence(n)}
}

// presence shows whether the current portal has a method or an event.
func (c *cataloguePage) presence(n model.Name) fyne.CanvasObject {
	s := c.model.Current
	if s == nil {
		return widgets.Card(widgets.NewRow(widgets.RowContent{Sign: style.Unknown, Title: c.say("catalogue.no-portal", nil), LowEmphasis: true}, nil).Object)
	}
	if c.asking {
		return widgets.Card(c.wait(widgets.RowContent{Title: c.say("catalogue.asking", nil), LowEmphasis: true}))
	}
	sign, text := s.Presence(c.words, n)
	content := widgets.RowContent{Sign: style.Sign(sign), Title: text, Detail: c.askMistake}
	lines := []fyne.CanvasObject{heading(c.say("catalogue.on-portal", checks.Args{"portal": s.Target.Address.Display()})), widgets.NewRow(content, nil).Object}
	var button fyne.CanvasObject
	switch {
	case sign != model.Unknown || s.Running:
	case !c.runs.hasCredentials(s):
		if c.nav.hasSection("sign-in") {
			button = widgets.NewButton(c.say("section.sign-in", nil), nil, func() { c.nav.openSection("sign-in") })
		}
	case s.Outcome == nil || c.runs.credentialsUnread(s):
		button = widgets.NewButton(c.say("requirements.compare", nil), nil, func() { c.runs.run(s) })
	case !n.Event: // a run that has a sign-in knows of all events, and one that has none may not ask
		button = widgets.NewButton(c.say("catalogue.ask", nil), nil, func() { c.ask(s, n) })
	}
	if button != nil {
		lines = append(lines, widgets.Pad(0, 0, 0, 36, widgets.Flow(8, button)))
	}
	return widgets.Card(widgets.Column(4, lines...))
}

// ask asks the portal about one method.
func (c *cataloguePage) ask(s *model.Session, n model.Name) {
	if c.asking {
		return
	}
	c.asking, c.askMistake = true, ""
	before, checker := s.AskAbout(n), c.runs.checkerOf(s)
	s.Use(before.Target.Secrets()...)
	c.background(func(ctx context.Context) func() {
		after := checker.Again(ctx, before, nil, checks.RequiredModules)
		secrets := after.Target.Secrets()
		return func() {
			s.Use(secrets...)
			c.asking = false
			s.Learn(after)
			if sign, _ := s.Presence(c.words, n); sign == model.Unknown {
				c.askMistake = c.say("catalogue.no-answer", nil)
			}
			c.changed()
		}
	})
	c.refresh()
}
