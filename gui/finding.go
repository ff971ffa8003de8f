package gui

import (
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/gui/style"
	"boxready/gui/widgets"
	"boxready/internal/untrusted"
)

// findingPage is one result: what was seen, what it breaks, what to do and who does it, and the evidence.
type findingPage struct {
	*checkPage
	check checks.ID
	cause checks.Cause

	back    *widgets.Button
	again   *widgets.Button
	place   *fyne.Container
	page    *widgets.Page
	waiting *widgets.Row // nil unless it is being checked
	shown   bool         // a result is shown, rather than that it is being checked
}

func (f *findingPage) build() fyne.CanvasObject {
	f.place = widgets.Stack()
	f.fill()
	return f.place
}

// hide ends what moves in a content that is no longer shown.
func (f *findingPage) hide() {
	if f.waiting != nil {
		f.waiting.Stop()
		f.waiting = nil
	}
}

func (f *findingPage) fill() {
	f.hide()
	f.back = widgets.NewButton(f.say("finding.back", nil), style.Icon("chevron-left", theme.ColorNameForeground), f.checkPage.back)
	s := f.model.Current
	r, ok := s.Result(f.check, f.cause)
	title, content := f.words.Name(f.check), []fyne.CanvasObject(nil)
	f.shown = ok && !(s.Running && s.Working(f.check))
	switch {
	case f.shown:
		d := s.Details(f.words, r)
		title, content = d.Title, f.cards(s, r, d)
	case s.Running:
		f.waiting = widgets.NewRow(widgets.RowContent{Sign: style.Waiting, Title: title, Detail: f.say("verdict.running", nil)}, nil)
		content = []fyne.CanvasObject{widgets.Card(f.waiting.Object)}
	default:
		content = []fyne.CanvasObject{widgets.Card(widgets.NewText(f.say("finding.gone", nil), widgets.Font{}))}
	}
	head := widgets.Beside(12, false, f.back, widgets.NewText(title, widgets.Font{Size: theme.SizeNameSubHeadingText, Bold: true, Selectable: true}), nil)
	f.page = widgets.NewPage(widgets.Pad(2, gutter, gutter, gutter, widgets.Column(14, content...)))
	widgets.Replace(f.place, widgets.Below(widgets.Pad(gutter, gutter, 12, gutter, head), f.page))
}

// refresh shows another state of the check, and leaves the page alone otherwise: somebody reads it.
func (f *findingPage) refresh() {
	s := f.model.Current
	_, ok := s.Result(f.check, f.cause)
	if shown := ok && !(s.Running && s.Working(f.check)); shown != f.shown || f.again != nil && f.again.Disabled() != s.Running {
		focused := f.fyne.Canvas().Focused() != nil
		f.fill()
		if focused {
			f.fyne.Canvas().Focus(f.back)
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
		parts = append(parts, part(f.words.Say("part.who", nil), text(model.UpperFirst(d.Owner)+".")))
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
		copies := f.copyButton(copyKey("finding.copy", r.Owner), func() string { return s.Letter(f.words, f.p.Version, r) })
		copies.Importance = widget.HighImportance
		buttons = append(buttons, copies)
	}
	f.again = widgets.NewButton(f.say("finding.again", nil), theme.ViewRefreshIcon(), func() { f.makeAgain(s, f.check) })
	if s.Running {
		f.again.Disable()
	}
	buttons = append(buttons, f.again)
	if d.More != "" {
		buttons = append(buttons, widgets.NewButton(f.say("finding.more", nil), theme.ComputerIcon(), func() { f.browse(d.More) }))
	}
	return buttons
}

// step is a numbered step; a command in it stands alone, so that it can be copied.
func (w *Window) step(number int, pieces []model.Piece) fyne.CanvasObject {
	var lines []fyne.CanvasObject
	for _, piece := range pieces {
		if !piece.Command {
			lines = append(lines, widgets.NewText(piece.Text, widgets.Font{Selectable: true}))
			continue
		}
		copies := w.copies(widgets.NewLowEmphasis("", theme.ContentCopyIcon(), nil), func() string { return piece.Text })
		lines = append(lines, widgets.Command(piece.Text, copies))
	}
	return widgets.Beside(6, true, widgets.NewText(strconv.Itoa(number)+".", widgets.Font{OneLine: true}), widgets.Column(4, lines...), nil)
}

// evidence is what the check saw, and from where.
func (f *findingPage) evidence(s *model.Session, r checks.Result, d model.Details) fyne.CanvasObject {
	when := s.Begun
	if s.Outcome != nil {
		when = s.Outcome.Finished
	}
	lines := []fyne.CanvasObject{
		widgets.Heading(f.words.Say("part.facts", nil)),
		widgets.NewText(f.say("finding.when", checks.Args{"vantage": model.UpperFirst(d.Vantage), "when": model.When(f.words, when)}), widgets.Font{Color: widgets.Muted, Selectable: true}),
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

// maxValue is how much of a value is shown, in letters; all of it is in what is copied.
const maxValue = 300

// codeOf is what a result is called in reports and in the documentation.
func codeOf(r checks.Result) string {
	if r.Cause == "" {
		return string(r.Check)
	}
	return string(r.Check) + " / " + string(r.Cause)
}
