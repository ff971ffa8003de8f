package gui

import (
	"errors"

	"fyne.io/fyne/v2"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/gui/style"
	"boxready/gui/widgets"
	"boxready/internal/portal"
)

// checkPage asks for the address, and shows the verdict and the checklist; or one of its findings.
type checkPage struct {
	scaffold
	dialogs *dialogs
	runs    *runner
	nav     navigator
	portals portalOpener

	typed    string // in the address field
	mistake  string // about what was typed; "" for none
	filter   model.Filter
	open     map[string]bool // keys of the rows that are unfolded
	finding  *findingPage    // the one that is open; nil for the list
	returnTo string          // key of the row whose finding was open

	offset float32 // of the list when the finding was opened

	// Of the content that is shown.
	stage   stage
	address *widgets.Entry
	button  *widgets.Button
	bar     *fyne.Container // of the two
	verdict *verdictCard
	picture *widgets.Connections
	list    *checklist
}

// stage is what kind of content the page has.
type stage string

const (
	welcome     stage = "welcome" // before the first portal
	notYet      stage = "not-yet" // a portal that was not checked since the program was started
	withResults stage = "results"
	oneFinding  stage = "finding"
)

// maxAddress is in letters, more than any address has.
const maxAddress = 2048

func (p *checkPage) build() fyne.CanvasObject {
	p.root = widgets.Stack()
	p.fill()
	return p.root
}

// stopAnimations stops the animations of content that is no longer shown.
func (p *checkPage) stopAnimations() {
	if p.list != nil {
		p.verdict.sign.Set("")
		p.picture.Stop()
		for _, row := range p.list.rows {
			row.Stop()
		}
	}
	if p.finding != nil {
		p.finding.stopAnimations()
	}
}

// fill rebuilds the content.
func (p *checkPage) fill() {
	p.stopAnimations()
	p.address, p.button, p.page, p.verdict, p.picture, p.list = nil, nil, nil, nil, nil, nil
	if p.finding != nil {
		p.stage = oneFinding
		widgets.Replace(p.root, p.finding.build())
	} else {
		p.stage = p.stageNow()
		p.buildList()
	}
}

func (p *checkPage) stageNow() stage {
	s := p.model.Current
	switch {
	case s == nil:
		return welcome
	case !s.Running && s.Outcome == nil:
		return notYet
	default:
		return withResults
	}
}

// refresh shows what has changed in the model.
func (p *checkPage) refresh() {
	if p.finding != nil {
		p.finding.refresh()
		return
	}
	if p.stage != p.stageNow() {
		p.fill()
		return
	}
	p.showButton()
	if p.stage == withResults {
		p.verdict.set(p.model.Current.Verdict(p.words, p.params.Now()))
		places, links := p.model.Current.Picture(p.words)
		p.picture.Set(nodes(places), arrows(links))
		p.list.refresh()
		p.page.Refit()
	}
}

func (p *checkPage) buildList() {
	p.address = widgets.NewEntry(p.say("check.address", nil), maxAddress)
	if p.model.Current != nil && p.typed == "" {
		p.typed = p.model.Current.Target.Address.Display()
	}
	p.address.Text = p.typed
	mistake := widgets.NewText(p.mistake, widgets.Font{Color: widgets.Danger})
	mistake.Hidden = p.mistake == ""
	p.address.OnChanged = func(text string) {
		p.typed = text
		if !mistake.Hidden {
			p.mistake = ""
			mistake.Hide()
		}
	}
	p.address.OnSubmitted = func(string) { p.checkTyped() }
	p.button = widgets.NewPrimary("", nil, nil)
	p.bar = widgets.BesideOrBelow(10, 220, p.address, p.button)
	p.showButton()
	if p.inDemo() {
		p.address.Disable()
	}
	p.bar.Hidden = p.model.Current != nil && p.model.Current.ReadOnly()
	top := widgets.Column(6, p.bar, mistake)

	var content []fyne.CanvasObject
	switch p.stage {
	case welcome:
		content = p.welcome()
	case notYet:
		content = p.before()
	default:
		p.verdict = newVerdictCard(p)
		p.verdict.set(p.model.Current.Verdict(p.words, p.params.Now()))
		places, links := p.model.Current.Picture(p.words)
		p.picture = widgets.NewConnections(nodes(places), arrows(links), p.say("link.hint", nil), func(i int) { p.filterBy(model.Filter{Link: links[i].ID}) })
		p.list = newChecklist(p)
		p.list.refresh()
		content = []fyne.CanvasObject{p.verdict.object, widgets.Card(p.picture), p.list.object}
	}
	p.setContent(top, content...)
}

// showButton makes the button start or stop a run.
func (p *checkPage) showButton() {
	text, tapped := p.say("check.run", nil), p.checkTyped
	if s := p.model.Current; s != nil && s.Running {
		text, tapped = p.say("check.stop", nil), p.runs.stopRun
		if s.Stopped {
			text = p.say("check.stopping", nil)
		}
	}
	p.button.OnTapped = tapped
	if p.button.Text != text {
		p.button.SetText(text)
		widgets.Relayout(p.bar)
	}
}

// checkTyped checks the portal whose address is in the field.
func (p *checkPage) checkTyped() {
	if s := p.model.Current; s != nil && (s.Demo || s.ReadOnly()) {
		p.runs.run(s)
		return
	}
	typed := p.typed
	address, err := portal.ParseAddress(typed)
	var bad *portal.AddressError
	if errors.As(err, &bad) {
		p.mistake = p.words.Say("address."+string(bad.Reason), nil)
		p.fill()
		p.focusOn(p.address)
		return
	}
	// A webhook's address is a secret; what is shown is only the portal's.
	p.typed, p.mistake = address.Display(), ""
	p.filter, p.open, p.finding = model.Filter{}, nil, nil
	s := p.model.Open(address)
	s.Target.Address = address
	p.fill()
	p.runs.offerWebhook(s, typed, func() { p.runs.run(s) })
}

func (p *checkPage) inDemo() bool { return p.model.Current != nil && p.model.Current.Demo }

// reset forgets what was typed and what was open, for another portal.
func (p *checkPage) reset() {
	p.typed, p.mistake, p.filter, p.open, p.finding = "", "", model.Filter{}, nil, nil
}

// escape stops the run, or leaves what is open.
func (p *checkPage) escape() {
	s := p.model.Current
	switch {
	case s != nil && s.Running:
		p.runs.stopRun()
	case p.finding != nil:
		p.back()
	case p.filter != model.Filter{}:
		p.filterBy(model.Filter{})
	}
}

func (p *checkPage) initialFocus() fyne.Focusable {
	if p.finding != nil {
		return p.finding.back
	}
	switch {
	case p.bar.Hidden:
		return nil
	case p.inDemo():
		return p.button
	}
	return p.address
}

func (p *checkPage) scrollPages(by float32) {
	if p.finding != nil {
		p.finding.scrollPages(by)
	} else {
		p.scaffold.scrollPages(by)
	}
}

// filterBy filters the findings in the list; the same filter again removes it.
func (p *checkPage) filterBy(f model.Filter) {
	if p.filter == f {
		f = model.Filter{}
	}
	p.filter = f
	p.refresh()
	p.page.ScrollToObject(p.list.object)
}

// show opens a result.
func (p *checkPage) show(r checks.Result, key string) {
	p.offset, p.returnTo = p.page.Offset(), key
	p.finding = &findingPage{scaffold: scaffold{environment: p.environment}, list: p, check: r.Check, cause: r.Cause}
	p.fill()
	p.focusOn(p.finding.back)
}

// back closes the result that is open.
func (p *checkPage) back() {
	p.finding = nil
	p.fill()
	if p.page != nil {
		p.page.SetOffset(p.offset)
	}
	if p.list != nil {
		p.list.focus(p.returnTo)
	}
}

// welcome is shown at the first start.
func (p *checkPage) welcome() []fyne.CanvasObject {
	lines := []fyne.CanvasObject{
		widgets.NewText(p.say("check.question", nil), widgets.Font{Size: style.SizeTitle, Bold: true}),
		widgets.NewText(p.say("check.explain", nil), widgets.Font{Color: widgets.Muted}),
	}
	places, links := (&model.Session{}).Picture(p.words)
	content := []fyne.CanvasObject{
		widgets.Card(widgets.Column(8, lines...)),
		widgets.Card(widgets.NewConnections(nodes(places), arrows(links), p.say("link.welcome", nil), nil)),
	}
	if recent := p.recent(5); recent != nil {
		content = append(content, recent)
	}
	if p.params.StartDemo != nil {
		content = append(content, widgets.Flow(0, widgets.NewLowEmphasis(p.say("check.demo", nil), nil, func() { p.portals.startDemo(scenarios[0].faults) })))
	}
	return content
}

// before is shown for a portal that was not checked since the program was started.
func (p *checkPage) before() []fyne.CanvasObject {
	s := p.model.Current
	past, ok := p.params.Store.Portal(s.Target.Address.String())
	if !ok || s.Demo {
		return []fyne.CanvasObject{widgets.Card(widgets.NewText(p.say("check.explain", nil), widgets.Font{Color: widgets.Muted}))}
	}
	sign, title := model.PastVerdict(p.words, past.Verdict)
	text := p.say("check.before", checks.Args{"when": model.When(p.words, past.Checked)})
	if past.Verdict == "" {
		text = p.say("check.explain", nil)
	}
	v := newVerdictCard(p)
	v.set(model.Verdict{Sign: sign, Title: title, Text: text})
	content := []fyne.CanvasObject{v.object}
	var rows []fyne.CanvasObject
	for _, r := range past.Results {
		if r.State == checks.Problem || r.State == checks.Notice {
			rows = append(rows, widgets.NewRow(widgets.RowContent{Sign: style.Sign(r.State), Title: p.words.Name(r.Check), LowEmphasis: true}, nil).Object)
		}
	}
	if rows != nil {
		content = append(content, widgets.Card(widgets.Column(0, append([]fyne.CanvasObject{widgets.Pad(0, 8, 4, 8, widgets.Heading(p.say("check.found-before", nil)))}, rows...)...)))
	}
	return content
}

func nodes(places []model.Node) (nodes []widgets.Node) {
	for _, n := range places {
		nodes = append(nodes, widgets.Node{Title: n.Title, Caption: n.Caption, Sign: style.Sign(n.Sign)})
	}
	return nodes
}

func arrows(links []model.Link) (arrows []widgets.Link) {
	for _, l := range links {
		arrows = append(arrows, widgets.Link{Sign: style.Sign(l.Sign), Name: l.Name})
	}
	return arrows
}

// verdictCard shows the verdict.
type verdictCard struct {
	object      fyne.CanvasObject
	p           *checkPage
	sign        *widgets.Sign
	title, text *widgets.Text
	chips       *fyne.Container
	chipLine    *fyne.Container
	owners      map[checks.Owner]*widgets.Chip
}

func newVerdictCard(p *checkPage) *verdictCard {
	v := &verdictCard{p: p, sign: widgets.NewSign("", 26), chips: widgets.Flow(8), owners: map[checks.Owner]*widgets.Chip{},
		title: widgets.NewText("", widgets.Font{Size: style.SizeTitle, Bold: true, Selectable: true}),
		text:  widgets.NewText("", widgets.Font{Color: widgets.Muted, Selectable: true})}
	v.chipLine = widgets.Pad(5, 0, 0, 0, v.chips)
	v.object = widgets.Card(widgets.Beside(14, true, v.sign, widgets.Column(6, v.title, v.text, v.chipLine), nil))
	return v
}

func (v *verdictCard) set(to model.Verdict) {
	v.sign.Set(style.Sign(to.Sign))
	v.title.SetText(to.Title)
	v.text.SetText(to.Text)
	v.chipLine.Hidden = len(to.Chips) == 0
	v.chips.Objects = nil
	for _, c := range to.Chips {
		chip := v.owners[c.Owner]
		if chip == nil {
			tapped := func() { v.p.filterBy(model.Filter{Owner: c.Owner}) }
			if c.Owner == "" {
				tapped = nil
			}
			chip = widgets.NewChip(tapped)
			v.owners[c.Owner] = chip
		}
		chip.Set(style.Sign(c.Sign), c.Text, c.Owner != "" && c.Owner == v.p.filter.Owner)
		v.chips.Objects = append(v.chips.Objects, chip.Object)
	}
	widgets.Relayout(v.chips)
}
