package gui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/gui/style"
	"boxready/gui/widgets"
	"boxready/internal/untrusted"
	"boxready/internal/words"
)

// findingPage shows one result: what was seen, what it breaks, what to do, the owner, and the evidence.
type findingPage struct {
	scaffold
	list  *checkPage
	check checks.ID
	cause checks.Cause

	back  *widgets.Button
	again *widgets.Button
	shown bool // a result is shown, rather than that it is being checked
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
	f.shown = ok && !(s.Running && s.Working(f.check))
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
	f.page = nil // it begins at its top
	f.setContent(head, content...)
}

// refresh rebuilds the page only if the check's state has changed: the user may be reading it.
func (f *findingPage) refresh() {
	s := f.model.Current
	_, ok := s.Result(f.check, f.cause)
	if shown := ok && !(s.Running && s.Working(f.check)); shown != f.shown || f.again != nil && f.again.Disabled() != s.Running {
		focused := f.fyne.Canvas().Focused() != nil
		f.fill()
		if focused {
			f.focusOn(f.back)
		}
	}
}

func (f *findingPage) cards(s *model.Session, r checks.Result, d model.Details) []fyne.CanvasObject {
	text := func(t string) fyne.CanvasObject { return widgets.NewText(t, widgets.Font{Selectable: true}) }
	part := func(title string, more ...fyne.CanvasObject) fyne.CanvasObject {
		return widgets.Column(3, append([]fyne.CanvasObject{widgets.Heading(title)}, more...)...)
	}
	var parts []fyne.CanvasObject
	if d.Saw != "" {
		parts = append(parts, part(f.words.Say("part.saw", nil), text(d.Saw)))
	}
	if d.Breaks != "" {
		parts = append(parts, part(f.words.Say("part.breaks", nil), text(d.Breaks)))
	}
	if len(d.Steps) > 0 {
		var steps []fyne.CanvasObject
		for i, pieces := range d.Steps {
			steps = append(steps, f.step(i+1, pieces))
		}
		parts = append(parts, part(f.words.Say("part.do", nil), widgets.Column(6, steps...)))
	}
	if d.Owner != "" {
		parts = append(parts, part(f.words.Say("part.who", nil), text(words.UpperFirst(d.Owner)+".")))
	}
	if d.Waiting != "" {
		parts = append(parts, widgets.NewText(d.Waiting, widgets.Font{Color: widgets.Muted, Selectable: true}))
	}
	parts = append(parts, widgets.Pad(4, 0, 0, 0, widgets.Flow(10, f.buttons(s, r, d)...)))
	head := widgets.Beside(14, true, widgets.NewSign(style.Sign(d.Sign), 22), widgets.Column(12, parts...), nil)
	return []fyne.CanvasObject{widgets.Card(head), f.evidence(s, r, d)}
}

func (f *findingPage) buttons(s *model.Session, r checks.Result, d model.Details) []fyne.CanvasObject {
	var buttons []fyne.CanvasObject
	if d.Owner != "" {
		copies := f.copyButton(copyKey("finding.copy", r.Owner), func() string { return s.Letter(f.words, f.params.Version, r) })
		copies.Importance = widget.HighImportance
		buttons = append(buttons, copies)
	}
	f.again = widgets.NewButton(f.say("finding.again", nil), theme.ViewRefreshIcon(), func() { f.list.runs.recheck(s, f.check) })
	if s.Running {
		f.again.Disable()
	}
	if !s.ReadOnly() {
		buttons = append(buttons, f.again)
	}
	if d.More != "" {
		buttons = append(buttons, widgets.NewButton(f.say("finding.more", nil), theme.ComputerIcon(), func() { f.list.dialogs.openURL(d.More) }))
	}
	return buttons
}

// evidence is what the check saw, and from where.
func (f *findingPage) evidence(s *model.Session, r checks.Result, d model.Details) fyne.CanvasObject {
	when := s.Begun
	if s.Outcome != nil {
		when = s.Outcome.Finished
	}
	lines := []fyne.CanvasObject{
		widgets.Heading(f.words.Say("part.facts", nil)),
		widgets.NewText(f.say("finding.when", checks.Args{"vantage": words.UpperFirst(d.Vantage), "when": model.When(f.words, when)}), widgets.Font{Color: widgets.Muted, Selectable: true}),
	}
	facts := append([]model.Fact{{Name: f.say("finding.code", nil), Value: codeOf(r)},
		{Name: f.say("finding.took", nil), Value: f.say("finding.took-value", checks.Args{"seconds": d.Took.Seconds()})}}, d.Facts...)
	var rows []fyne.CanvasObject
	for _, fact := range facts {
		fact = fact.InWords(f.words)
		rows = append(rows, widgets.NameValue(widgets.NewText(fact.Name, widgets.Font{Size: style.SizeSmall, Color: widgets.Muted}),
			widgets.NewText(untrusted.Truncate(fact.Value, maxValue), widgets.Font{Size: style.SizeSmall, Selectable: true})))
	}
	lines = append(lines, widgets.Pad(4, 0, 0, 0, widgets.Inset(widgets.Column(4, rows...))))
	if d.MoreFacts {
		all := f.copyButton("finding.copy-facts", func() string { return model.FactsText(r) })
		lines = append(lines, widgets.Pad(8, 0, 0, 0, widgets.BesideOrBelow(10, 200,
			widgets.NewText(f.say("finding.more-facts", nil), widgets.Font{Color: widgets.Muted}), all)))
	}
	return widgets.Card(widgets.Column(2, lines...))
}

// maxValue is how many letters of a value are shown; all of them are copied.
const maxValue = 300

// codeOf identifies a result as reports and the documentation do.
func codeOf(r checks.Result) string {
	if r.Cause == "" {
		return string(r.Check)
	}
	return string(r.Check) + " / " + string(r.Cause)
}
