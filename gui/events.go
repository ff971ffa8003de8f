package gui

import (
	"fyne.io/fyne/v2"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/gui/style"
	"boxready/gui/widgets"
	"boxready/internal/app"
)

// eventsPage tests the delivery of events from the portal to an application: it sends one to a receiver, and shows its progress.
type eventsPage struct {
	scaffold
	dialogs  *dialogs
	runs     *runner
	nav      navigator
	session  *model.Session
	receiver field
	appPage  field
	typed    bool // into the field; until then it has the offered receiver

	// Of the content that is shown.
	builtFrom eventsState
	legs      map[checks.LegName]*widgets.Row
}

// eventsState is the state that the page is built from, without the event's progress.
type eventsState struct {
	session                 *model.Session
	outcome                 *checks.Outcome
	offered                 string
	running, hasCredentials bool
	legs                    bool
}

func (p *eventsPage) state() eventsState {
	s := p.model.Current
	if s == nil {
		return eventsState{}
	}
	p.runs.loadSaved(s, nil)
	return eventsState{s, s.Outcome, p.offered(s), s.Running, s.Target.SignIn != nil || p.runs.credentialsUnread(s), s.Legs() != nil}
}

// offered is the receiver to suggest; "" for none.
func (p *eventsPage) offered(s *model.Session) string {
	switch {
	case s.Demo && p.runs.demo != nil:
		return p.runs.demo.Sample.Receiver
	case s.Outcome != nil && s.Outcome.Target.Receiver != "":
		return s.Outcome.Target.Receiver
	case s.Target.Requirements != nil:
		return s.Target.Requirements.Receiver
	}
	return ""
}

func (p *eventsPage) build() fyne.CanvasObject {
	p.root = widgets.Stack()
	p.fill()
	return p.root
}

// stopAnimations stops the animations of content that is no longer shown.
func (p *eventsPage) stopAnimations() {
	for _, row := range p.legs {
		row.Stop()
	}
	p.legs = nil
}

func (p *eventsPage) escape() { p.runs.stopRun() }

// refresh rebuilds the page only if its state has changed: the user may be typing.
func (p *eventsPage) refresh() {
	if p.builtFrom != p.state() {
		focused := p.fyne.Canvas().Focused() != nil
		p.fill()
		if focused && !p.dialogs.shown() {
			p.focusOn(p.focus)
		}
		return
	}
	if p.legs != nil {
		p.showLegs(p.builtFrom.session)
	}
}

// fill rebuilds the content.
func (p *eventsPage) fill() {
	p.stopAnimations()
	p.builtFrom = p.state()
	s := p.builtFrom.session
	if s == nil {
		return // the section isn't shown then
	}
	if p.session != s {
		p.session, p.receiver, p.typed, p.appPage = s, field{}, false, field{text: s.Target.Page}
	}
	if !p.typed {
		p.receiver.text = p.builtFrom.offered
	}
	var content []fyne.CanvasObject
	if p.builtFrom.hasCredentials {
		content = append(content, p.localCard(s))
	}
	content = append(content, p.askCard(s))
	if p.builtFrom.legs {
		content = append(content, p.legsCard(s))
	}
	if !s.Demo { // which has no application with a page
		content = append(content, p.pageCard(s))
	}
	p.page = nil // it begins at its top
	p.setContent(title(p.say("events.title", nil)), content...)
}

// localCard tests whether the portal records events, which needs no receiver, and shows the result of the last test.
func (p *eventsPage) localCard(s *model.Session) fyne.CanvasObject {
	lines := []fyne.CanvasObject{heading(p.say("events.local", nil)), widgets.NewText(p.say("events.local-text", nil), widgets.Font{Color: widgets.Muted})}
	if r, ok := s.Result(checks.EventMachinery, ""); ok && !s.Running {
		f := p.words.Finding(r, s.Target.Address.Display())
		lines = append(lines, widgets.NewRow(widgets.RowContent{Sign: style.Sign(r.State), Title: f.Title, Detail: f.Saw, Chevron: widgets.Navigates}, func() { p.nav.showResult(r, "") }).Object)
	}
	test := widgets.NewButton(p.say("consent.event-test", nil), nil, func() { p.runs.askAndRun(s, checks.EventTest) })
	if s.Running {
		test.Disable()
	}
	return widgets.Card(widgets.Column(10, append(lines, widgets.Flow(8, test))...))
}

// askCard asks for the receiver.
func (p *eventsPage) askCard(s *model.Session) fyne.CanvasObject {
	lines := []fyne.CanvasObject{heading(p.say("events.delivery", nil)), widgets.NewText(p.say("events.explain", nil), widgets.Font{Color: widgets.Muted})}
	if !p.builtFrom.hasCredentials {
		enter := widgets.NewPrimary(p.say("section.sign-in", nil), nil, func() { p.nav.openSection("sign-in") })
		p.focus = enter
		row := widgets.NewRow(widgets.RowContent{Sign: style.Unknown, Title: p.say("events.no-access", nil), Detail: p.say("events.no-access-text", nil)}, nil)
		return widgets.Card(widgets.Column(10, append(lines, row.Object, widgets.Flow(8, enter))...))
	}
	e, entry := p.receiver.entry(p.say("events.receiver", nil), false, maxAddress, nil, p.try, func() { p.page.Refit() })
	changed := e.OnChanged
	e.OnChanged = func(text string) {
		p.typed = true
		changed(text)
	}
	begin := widgets.NewPrimary(p.say("events.begin", nil), nil, p.try)
	p.focus = begin
	buttons := widgets.Flow(8, begin)
	if s.Running {
		begin.SetText(p.say("verdict.running", nil))
		begin.Disable()
		stop := widgets.NewButton(p.say("header.stop", nil), nil, p.runs.stopRun)
		buttons.Add(stop)
		p.focus = stop
	}
	return widgets.Card(widgets.Column(10, append(lines, entry, widgets.Small(p.say("events.receiver-text", nil)), buttons)...))
}

// pageCard asks for the page that an application shows in the portal, and shows what came of it.
func (p *eventsPage) pageCard(s *model.Session) fyne.CanvasObject {
	lines := []fyne.CanvasObject{heading(p.words.Name(checks.ApplicationFrame)), widgets.NewText(p.say("events.page-text", nil), widgets.Font{Color: widgets.Muted})}
	for _, id := range []checks.ID{checks.ApplicationFrame, checks.BrowserLibrary} {
		if r, ok := s.Result(id, ""); ok && !s.Running {
			f := p.words.Finding(r, s.Target.Address.Display())
			lines = append(lines, widgets.NewRow(widgets.RowContent{Sign: style.Sign(r.State), Title: f.Title, Detail: f.Saw, Chevron: widgets.Navigates}, func() { p.nav.showResult(r, "") }).Object)
		}
	}
	_, entry := p.appPage.entry(p.say("events.page", nil), false, maxAddress, nil, p.tryPage, func() { p.page.Refit() })
	try := widgets.NewButton(p.say("events.page-begin", nil), nil, p.tryPage)
	if s.Running {
		try.Disable()
	}
	return widgets.Card(widgets.Column(10, append(lines, entry, widgets.Flow(8, try))...))
}

// tryPage checks the page alone if the portal was checked before, otherwise with the portal.
func (p *eventsPage) tryPage() {
	s := p.session
	if s.Running {
		return
	}
	page, err := app.ParsePage(p.appPage.text)
	if err != nil {
		p.appPage.mistake = p.say("events.bad-page", nil)
		p.fill()
		p.focusOn(p.focus)
		return
	}
	p.appPage.mistake, s.Target.Page = "", page
	if s.Outcome == nil {
		p.runs.run(s)
		return
	}
	p.runs.recheck(s, checks.ApplicationFrame, checks.BrowserLibrary)
}

// try sends the event if the receiver's address is valid and the owner agrees.
func (p *eventsPage) try() {
	s := p.session
	if s.Running {
		return
	}
	wanted := s.Target
	if err := wanted.UseReceiver(p.receiver.text); err != nil {
		p.receiver.mistake = p.words.Say("receiver.bad-address", nil)
		p.fill()
		p.focusOn(p.focus)
		return
	}
	p.receiver.mistake = ""
	p.dialogs.confirm(question{
		title: p.say("events.agree-title", checks.Args{"host": checks.ReceiverHost(wanted.Receiver)}),
		text:  p.say("events.agree", checks.Args{"host": checks.ReceiverHost(wanted.Receiver)}),
		more:  p.words.Say("receiver.agreed", checks.Args{"host": checks.ReceiverHost(wanted.Receiver)}),
		small: p.say("consent.portal", checks.Args{"portal": s.Target.Address.Display()}), yes: p.say("consent.yes", nil),
	}, func() {
		s.Target.Receiver = wanted.Receiver
		p.runs.run(s, checks.EventTest)
	})
}

// legsCard shows the event's progress and its result.
func (p *eventsPage) legsCard(s *model.Session) fyne.CanvasObject {
	lines := []fyne.CanvasObject{heading(p.say("events.way", nil))}
	p.legs = map[checks.LegName]*widgets.Row{}
	for i, name := range checks.Legs() {
		row := widgets.NewRow(widgets.RowContent{Sign: style.Skipped, Title: p.say("events.leg-"+string(name), nil), LowEmphasis: true}, nil)
		p.legs[name] = row
		if i > 0 {
			lines = append(lines, widgets.Line())
		}
		lines = append(lines, row.Object)
	}
	p.showLegs(s)
	if r, ok := s.Result(checks.EventDelivery, ""); ok && !s.Running {
		f := p.words.Finding(r, s.Target.Address.Display())
		result := widgets.NewRow(widgets.RowContent{Sign: style.Sign(r.State), Title: f.Title, Detail: f.Saw, Chevron: widgets.Navigates}, func() { p.nav.showResult(r, "") })
		lines = append(lines, widgets.Pad(8, 0, 0, 0, result.Object))
	}
	return widgets.Card(widgets.Column(0, lines...))
}

func (p *eventsPage) showLegs(s *model.Session) {
	for _, leg := range s.LegRows(p.words, p.params.Now()) {
		p.legs[leg.Name].Set(widgets.RowContent{Sign: style.Sign(leg.Sign), Title: leg.Title, Aside: leg.Aside, LowEmphasis: true})
	}
}
