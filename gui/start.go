package gui

import (
	"errors"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/gui/style"
	"boxready/gui/widgets"
	"boxready/internal/app"
	"boxready/internal/bitrix"
	"boxready/internal/portal"
)

const (
	// maxAddress is in letters, more than any address has.
	maxAddress = 2048
	startWidth = 640
	startTop   = 100 // from the page's top to the first card, where there is room
	maxRecent  = 5
)

// showStart asks for the address.
func (p *checkPage) showStart() {
	p.address = widgets.NewEntry(p.say("start.example", nil), maxAddress)
	p.address.Text = p.typed
	note := widgets.NewText("", widgets.Font{})
	p.showNote(note)
	p.address.OnChanged = func(text string) {
		atOnce := len(text) - len(p.typed) // of a paste, more than a letter
		p.typed, p.mistake = text, ""
		if _, webhook := app.WebhookIn(text); webhook && atOnce > utf8.UTFMax {
			p.hideWebhook(text)
			return // SetText has called this again
		}
		p.showNote(note)
	}
	p.address.OnSubmitted = func(string) { p.checkTyped() }
	button := widgets.NewPrimary(p.say("check.run", nil), nil, p.checkTyped)
	card := widgets.Column(10,
		widgets.NewText(p.say("start.question", nil), widgets.Font{Size: style.SizeTitle, Bold: true}),
		widgets.Column(4, widgets.NewText(p.say("start.address", nil), widgets.Font{Color: widgets.Muted}), widgets.BesideOrBelow(10, 220, p.address, button)),
		note)
	content := []fyne.CanvasObject{widgets.Card(widgets.Pad(16, 16, 16, 16, card))}
	if recent := p.recent(maxRecent); recent != nil {
		content = append(content, recent)
	}
	if p.params.StartDemo != nil {
		demo := widgets.NewLowEmphasis(p.say("check.demo", nil), nil, func() { p.portals.startDemo(scenarios[0].faults) })
		content = append(content, widgets.Flow(0, demo))
	}
	p.setContent(widgets.Column(0), p.upper(widgets.Column(14, content...)))
}

// upper places content in a column of a readable width, above the middle of a page that is high enough.
func (p *checkPage) upper(content fyne.CanvasObject) fyne.CanvasObject {
	top := float32(0)
	if p.fyne.Canvas().Size().Height >= 620 {
		top = startTop
	}
	return widgets.Pad(top, 0, 0, 0, widgets.Centered(startWidth, content))
}

// showNote says what is wrong with the address, or what to expect.
func (p *checkPage) showNote(note *widgets.Text) {
	text, color := p.say("start.note", nil), widgets.Muted
	switch {
	case p.mistake != "":
		text, color = p.mistake, widgets.Danger
	case p.pasted != "":
		text = p.say("start.webhook", nil)
	}
	note.SetColored(text, color)
	if p.page != nil {
		p.page.Refit()
	}
}

// hideWebhook keeps the portal's address in the field, and the webhook's code out of sight.
func (p *checkPage) hideWebhook(text string) {
	address, err := portal.ParseAddress(text)
	if err != nil {
		return
	}
	p.pasted = text
	p.address.SetText(address.Display())
}

// checkTyped checks the portal whose address is in the field.
func (p *checkPage) checkTyped() {
	if s := p.model.Current; s != nil {
		p.start(s)
		return
	}
	address, err := portal.ParseAddress(p.typed)
	var bad *portal.AddressError
	if errors.As(err, &bad) {
		p.mistake = p.words.Say("address."+string(bad.Reason), nil)
		p.fill()
		p.focusOn(p.address)
		return
	}
	pasted := p.typed
	if webhook, ok := app.WebhookIn(p.pasted); ok && webhook.Address.String() == address.String() { // the address was not changed since
		pasted = p.pasted
	}
	p.reset()
	s := p.model.Open(address)
	s.Target.Address = address
	p.changed()
	p.runs.offerWebhook(s, pasted, func() { p.start(s) })
}

// editAddress lets the owner correct the address of the current portal.
func (p *checkPage) editAddress() {
	typed := p.model.Current.Target.Address.Display()
	p.portals.newPortal()
	p.typed = typed
	p.fill()
	p.focusOn(p.address)
}

// start makes a run, after asking whether the address is the right one if that is not known yet.
func (p *checkPage) start(s *model.Session) {
	if s.Running || s.ReadOnly() {
		return
	}
	past, _ := p.params.Store.Portal(s.Target.Address.String())
	if s.Outcome != nil || s.Demo || past.Confirmed || s.Agreed(checks.Deep) || bitrix.IsCloudHost(s.Target.Address.Host) {
		if p.question != nil { // another way to answer it
			p.question = nil
			p.fill()
		}
		p.runs.run(s)
		return
	}
	p.askToConfirm(s, false)
}

// confirmation is the question whether an address is the one that employees and applications use. Yes permits requests with an
// invented token, which make the portal report this address as its own.
type confirmation struct {
	p        *checkPage
	session  *model.Session
	unfolded bool // says why it matters
	yes      *widgets.Button
}

// askToConfirm asks the question in the page.
func (p *checkPage) askToConfirm(s *model.Session, unfolded bool) {
	if s.ReadOnly() {
		return
	}
	p.finding = nil
	p.question = &confirmation{p: p, session: s, unfolded: unfolded}
	p.fill()
	if p.page != nil {
		p.page.SetOffset(0)
	}
	p.focusOn(p.question.yes)
}

func (p *checkPage) showQuestion() {
	q := p.question
	edit := widgets.NewLowEmphasis(p.say("confirm.edit", nil), nil, q.leave)
	p.setContent(widgets.Column(0), p.upper(widgets.Column(14, q.card(), widgets.Flow(0, edit))))
}

func (q *confirmation) card() fyne.CanvasObject {
	p := q.p
	args := checks.Args{"portal": q.session.Target.Address.Name()}
	q.yes = widgets.NewPrimary(p.say("confirm.yes", nil), nil, func() { q.answer(true) })
	q.yes.Deliberate = true // Enter is still held from the address field
	no := widgets.NewButton(p.say("confirm.no", nil), nil, func() { q.answer(false) })
	icon := theme.MenuDropDownIcon()
	if q.unfolded {
		icon = theme.MenuDropUpIcon()
	}
	why := widgets.NewLowEmphasis(p.say("confirm.why", nil), icon, q.fold)
	lines := []fyne.CanvasObject{widgets.NewText(p.say("confirm.question", args), widgets.Font{Size: style.SizeTitle, Bold: true, Selectable: true}),
		widgets.Flow(8, q.yes, no), widgets.Flow(0, why)}
	if q.unfolded {
		for _, text := range []string{p.say("confirm.what", nil), p.say("confirm.risk", nil) + " " + p.say("confirm.first", nil), p.say("confirm.how", nil)} {
			lines = append(lines, widgets.NewText(text, widgets.Font{Selectable: true}))
		}
	}
	return widgets.Card(widgets.Pad(16, 16, 16, 16, widgets.Column(12, lines...)))
}

func (q *confirmation) fold() {
	q.unfolded = !q.unfolded
	q.p.fill()
	q.p.focusOn(q.yes)
}

// answer begins the run. Yes is kept for the portal when the run has seen it; no is not, so that the question comes again.
func (q *confirmation) answer(yes bool) {
	p, s := q.p, q.session
	p.question = nil
	if yes {
		s.Allow(checks.Deep)
	}
	p.runs.run(s)
	p.fill()
	if !p.dialogs.shown() {
		p.fyne.Canvas().Unfocus() // of the answer; at the end of the run the focus is on what is to be done next
	}
}

// leave returns to what was shown before the question.
func (q *confirmation) leave() {
	q.p.question = nil
	if q.session.Outcome == nil {
		q.p.editAddress()
		return
	}
	q.p.fill()
	q.p.focusOn(q.p.initialFocus())
}
