package gui

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/gui/style"
	"boxready/gui/widgets"
	"boxready/internal/serverprobe"
	"boxready/internal/untrusted"
	"boxready/internal/words"
)

// findingPage shows one result: who fixes it and what to press, what was seen and the first step, and folded below, the other steps
// and the evidence.
type findingPage struct {
	scaffold
	list  *checkPage
	check checks.ID
	cause checks.Cause

	back    *widgets.Button
	primary *widgets.Button // nil before a result is shown
	folds   map[model.FindingPart]*widgets.Row
	setup   *widgets.Select // of the portal's server
	asked   *leaving        // whether to leave the finding as it is; nil if that isn't asked
	shown   bool            // a result is shown, rather than that it is being checked
	running bool            // in the content that is shown
	outcome *checks.Outcome // the same
}

func (f *findingPage) build() fyne.CanvasObject {
	f.root = widgets.Stack()
	f.fill()
	return f.root
}

func (f *findingPage) fill() {
	f.stopAnimations()
	s := f.model.Current
	r, ok := s.Result(f.check, f.cause)
	title, content := f.words.Name(f.check), []fyne.CanvasObject(nil)
	f.running, f.outcome = s.Running, s.Outcome
	f.shown = ok && !(s.Running && s.Working(f.check))
	f.primary, f.folds = nil, map[model.FindingPart]*widgets.Row{}
	switch {
	case f.shown:
		d := s.Details(f.words, r)
		title, content = d.Title, f.cards(s, r, d)
	case s.Running:
		content = []fyne.CanvasObject{widgets.Card(f.wait(widgets.RowContent{Title: title, Detail: f.say("verdict.running", nil)}))}
	default:
		content = []fyne.CanvasObject{widgets.Card(widgets.NewText(f.say("finding.gone", nil), widgets.Font{}))}
	}
	var head fyne.CanvasObject
	f.back, head = f.backHead(title, f.list.back)
	f.setContent(head, content...)
}

// refresh rebuilds the page only if the check's state has changed: the user may be reading it. A check that is made again may be over
// before the page has shown that it began.
func (f *findingPage) refresh() {
	s := f.model.Current
	_, ok := s.Result(f.check, f.cause)
	if shown := ok && !(s.Running && s.Working(f.check)); shown != f.shown || f.running != s.Running || f.outcome != s.Outcome {
		focused := f.fyne.Canvas().Focused() != nil
		f.page = nil // it begins at its top
		f.fill()
		if focused && !f.list.dialogs.shown() {
			f.focusOn(f.back)
		}
	}
}

const (
	signEdge = 22
	signGap  = 14
	// textIndent is the distance from a card's edge to its texts, which are on the right of the sign.
	textIndent = signEdge + signGap
)

func (f *findingPage) cards(s *model.Session, r checks.Result, d model.Details) []fyne.CanvasObject {
	cards := []fyne.CanvasObject{f.headCard(s, r, d), f.startCard(s, r, d), f.foldedCard(s, r, d)}
	if card := f.acknowledgedCard(s, r); card != nil {
		cards = slices.Insert(cards, 1, card)
	}
	var links []fyne.CanvasObject
	if checks.ServerMayExplain(r) && s.Target.ServerProbe == nil && f.list.nav.hasSection("server") {
		links = append(links, widgets.NewLowEmphasis(f.say("finding.ask-server", nil), nil, func() { f.list.nav.openProbe(serverprobe.PHP) }))
	}
	if s.CanAcknowledge(r) && f.asked == nil {
		links = append(links, widgets.NewLowEmphasis(f.say("known.ask", nil), nil, f.ask))
	}
	if links != nil {
		cards = append(cards, widgets.Pad(0, 0, 0, textIndent, widgets.Flow(0, links...)))
	}
	return cards
}

// headCard says who fixes it, and has the buttons. One of them is the primary.
func (f *findingPage) headCard(s *model.Session, r checks.Result, d model.Details) fyne.CanvasObject {
	var lines []fyne.CanvasObject
	if d.Owner != "" {
		lines = append(lines, widgets.NewText(d.Owner, widgets.Font{Bold: true, Selectable: true}))
	}
	lines = append(lines, widgets.NewText(d.WalkStep, widgets.Font{Color: widgets.Muted, Selectable: true}),
		widgets.Pad(10, 0, 0, 0, widgets.Flow(8, f.headButtons(s, r, d)...)))
	return widgets.Card(widgets.Beside(signGap, true, widgets.NewSign(style.Sign(d.Sign), signEdge), widgets.Column(2, lines...), nil))
}

// headButtons are, the primary first: what the owner at this computer does, or the letter to the one who fixes it; and to check
// again, unless that would tell the same.
func (f *findingPage) headButtons(s *model.Session, r checks.Result, d model.Details) []fyne.CanvasObject {
	var buttons []*widgets.Button
	action := f.headAction(s, r, d)
	if action != "" {
		buttons = append(buttons, f.actionButton(s, r, action))
	}
	if d.Owner != "" && r.Owner != checks.You && (r.Owner != checks.PortalAdmin || s.ReadOnly()) { // the portal's administrator sits here
		buttons = append(buttons, f.letterButton(r))
	}
	if again := f.againAction(s); d.NeedsConsent == "" && again != action && !s.ReadOnly() {
		b := f.actionButton(s, r, again)
		if again == words.CheckAgain {
			b.Icon = theme.ViewRefreshIcon()
		}
		buttons = append(buttons, b)
	}
	if buttons != nil {
		f.primary = buttons[0]
		f.primary.Importance = widget.HighImportance
	}
	var objects []fyne.CanvasObject
	for _, b := range buttons {
		objects = append(objects, b)
	}
	return objects
}

// againAction is how the check is made again: with the question, if a consent for it holds for one run alone.
func (f *findingPage) againAction(s *model.Session) words.Action {
	ask := map[checks.ID]words.Action{checks.ContentFilterCheck: words.ConsentFilter, checks.EventMachinery: words.ConsentEvent, checks.EventDelivery: words.TestDelivery}[f.check]
	if ask != "" && f.offers(s, ask) {
		return ask
	}
	return words.CheckAgain
}

// headAction is the action that the owner at this computer has to take first; "" if somebody else fixes it, or none is known.
func (f *findingPage) headAction(s *model.Session, r checks.Result, d model.Details) words.Action {
	if d.NeedsConsent != "" {
		return d.NeedsConsent
	}
	if r.Owner != checks.You && r.Owner != checks.PortalAdmin {
		return ""
	}
	for _, step := range d.Steps {
		for _, a := range step.Actions {
			if a != words.CheckAgain && f.offers(s, a) {
				return a
			}
		}
	}
	return ""
}

func (f *findingPage) letterButton(r checks.Result) *widgets.Button {
	return widgets.NewButton(f.say("next.letter."+string(r.Owner), nil), nil, func() { f.list.nav.openLetter(r.Owner) })
}

// actionButton is a button for an action of a step.
func (f *findingPage) actionButton(s *model.Session, r checks.Result, a words.Action) *widgets.Button {
	b := widgets.NewButton(f.say("action."+string(a), checks.Args{"other": r.Args["other"]}), nil, func() { remedies()[a].do(f, s, r) })
	if s.Running {
		b.Disable()
	}
	return b
}

// startCard has what was seen and the first step.
func (f *findingPage) startCard(s *model.Session, r checks.Result, d model.Details) fyne.CanvasObject {
	parts := []fyne.CanvasObject{f.part("part.saw", f.text(d.Saw))}
	if len(d.Steps) > 0 {
		parts = append(parts, widgets.Column(3, widgets.Heading(f.say("finding.start", nil)), f.stepContent(s, r, d, d.Steps[0])))
		if slices.ContainsFunc(d.Steps, func(step model.Step) bool { return step.Setup != "" }) {
			f.setup = f.setupChoice(s, func() {
				f.fill()
				f.focusOn(f.setup)
			})
			parts = append(parts, widgets.Bordered(f.setup))
		}
	}
	return widgets.Card(widgets.Pad(0, 0, 0, textIndent, widgets.Column(14, parts...)))
}

func (f *findingPage) text(t string) fyne.CanvasObject {
	return widgets.NewText(t, widgets.Font{Selectable: true})
}

func (f *findingPage) part(title string, content ...fyne.CanvasObject) fyne.CanvasObject {
	return widgets.Column(3, append([]fyne.CanvasObject{widgets.Heading(f.words.Say(title, nil))}, content...)...)
}

// stepContent is a step without its number. What is at the top of the page already has no second button.
func (f *findingPage) stepContent(s *model.Session, r checks.Result, d model.Details, step model.Step) fyne.CanvasObject {
	lines := f.pieces(step.Pieces)
	var buttons []fyne.CanvasObject
	said := map[string]bool{}
	for _, a := range step.Actions {
		if a == words.CheckAgain || a == f.againAction(s) || a == f.headAction(s, r, d) || !f.offers(s, a) {
			continue
		}
		if b := f.actionButton(s, r, a); !said[b.Text] {
			said[b.Text] = true
			buttons = append(buttons, b)
		}
	}
	if buttons != nil {
		lines = append(lines, widgets.Pad(2, 0, 2, 0, widgets.Flow(8, buttons...)))
	}
	return widgets.Column(4, lines...)
}

// foldedCard has the other steps and the evidence.
func (f *findingPage) foldedCard(s *model.Session, r checks.Result, d model.Details) fyne.CanvasObject {
	var lines []fyne.CanvasObject
	fold := func(part model.FindingPart, title string, content func() fyne.CanvasObject) {
		if lines != nil {
			lines = append(lines, widgets.Line())
		}
		shown := widgets.RowContent{Title: title, Aside: f.say("show", nil), Chevron: widgets.Collapsed}
		if s.Unfolded[part] {
			shown.Aside, shown.Chevron = f.say("hide", nil), widgets.Expanded
		}
		row := widgets.NewRow(shown, func() { f.fold(s, part) })
		f.folds[part] = row
		lines = append(lines, row.Object)
		if s.Unfolded[part] {
			lines = append(lines, widgets.Pad(4, 8, 12, textIndent, content()))
		}
	}
	if others := len(d.Steps) - 1; others > 0 {
		title := f.words.Count("window.finding.other-steps", others)
		if r.Owner == checks.You {
			title = f.words.Count("window.finding.your-steps", others)
		}
		fold(model.OtherSteps, title, func() fyne.CanvasObject {
			var steps []fyne.CanvasObject
			for i, step := range d.Steps[1:] {
				steps = append(steps, numbered(i+2, f.stepContent(s, r, d, step)))
			}
			return widgets.Column(8, steps...)
		})
	}
	fold(model.Evidence, f.say("finding.details", nil), func() fyne.CanvasObject { return f.evidence(s, r, d) })
	return widgets.Card(widgets.Column(2, lines...))
}

// fold folds a part of the page, or unfolds it.
func (f *findingPage) fold(s *model.Session, part model.FindingPart) {
	s.Fold(part)
	f.fill()
	if row, ok := f.folds[part].Object.(fyne.Focusable); ok {
		f.focusOn(row)
	}
}

// evidence is what it breaks, what else the check saw, and from where.
func (f *findingPage) evidence(s *model.Session, r checks.Result, d model.Details) fyne.CanvasObject {
	var parts []fyne.CanvasObject
	if d.Breaks != "" {
		parts = append(parts, f.part("part.breaks", f.text(d.Breaks)))
	}
	if d.SawMore != "" {
		parts = append(parts, f.part("part.saw", f.text(d.SawMore)))
	}
	if d.Waiting != "" {
		parts = append(parts, widgets.NewText(d.Waiting, widgets.Font{Color: widgets.Muted, Selectable: true}))
	}
	when := s.Begun
	if s.Outcome != nil {
		when = s.Outcome.Finished
	}
	seen := f.say("finding.when", checks.Args{"vantage": words.UpperFirst(d.Vantage), "when": model.When(f.words, when)})
	facts := append(d.Facts, model.Fact{Name: f.say("finding.took", nil), Value: f.say("finding.took-value", checks.Args{"seconds": d.Took.Seconds()})},
		model.Fact{Name: f.say("finding.code", nil), Value: model.CodeOf(r)})
	var rows []fyne.CanvasObject
	for _, fact := range facts {
		rows = append(rows, widgets.NameValue(widgets.NewText(fact.Name, widgets.Font{Size: style.SizeSmall, Color: widgets.Muted}),
			widgets.NewText(untrusted.Truncate(fact.Value, maxValue), widgets.Font{Size: style.SizeSmall, Selectable: true})))
	}
	parts = append(parts, f.part("part.facts", widgets.NewText(seen, widgets.Font{Color: widgets.Muted, Selectable: true}),
		widgets.Pad(4, 0, 0, 0, widgets.Inset(widgets.Column(4, rows...)))))
	if d.MoreFacts {
		parts = append(parts, widgets.NewText(f.say("finding.more-facts", nil), widgets.Font{Color: widgets.Muted}))
	}
	buttons := []fyne.CanvasObject{f.copyButton("finding.copy-facts", func() string { return model.FactsText(r) })}
	if d.More != "" {
		buttons = append(buttons, widgets.NewButton(f.say("finding.more", nil), theme.ComputerIcon(), func() { f.list.dialogs.openURL(d.More) }))
	}
	return widgets.Column(12, append(parts, widgets.Flow(8, buttons...))...)
}

// maxValue is how many letters of a value are shown; all of them are copied.
const maxValue = 300
