package gui

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/gui/style"
	"boxready/gui/widgets"
	"boxready/internal/view"
	"boxready/internal/words"
)

// checkPage leads from the address to the verdict and what to do next: it asks for the address, asks whether it is the one that
// applications use, and shows the steps, the verdict and the findings; or one of the findings.
type checkPage struct {
	scaffold
	dialogs *dialogs
	runs    *runner
	nav     navigator
	portals portalOpener

	typed    string // in the address field
	pasted   string // the webhook's address that was pasted instead, a secret; "" for none
	mistake  string // about what was typed; "" for none
	question *confirmation
	filter   model.Filter
	open     map[string]bool // keys of the rows that are unfolded
	finding  *findingPage    // the one that is open; nil for the list
	daily    *dailyCheck
	returnTo string // key of the row whose finding was open

	offset float32 // of the list when the finding was opened

	// Of the content that is shown.
	stage   stage
	address *widgets.Entry
	header  *checkHeader
	rail    *widgets.Rail
	verdict *verdictCard
	picture *widgets.Connections
	since   *sinceRows
	list    *checklist
	search  *widgets.Entry // in a report; nil elsewhere
	narrow  bool
}

// stage is what kind of content the page has.
type stage string

const (
	askingForAddress stage = "address"
	askingToConfirm  stage = "confirm" // before the first run
	notYet           stage = "not-yet" // a portal that was not checked since the program was started
	withResults      stage = "results"
	oneFinding       stage = "finding"
)

func (p *checkPage) build() fyne.CanvasObject {
	p.root, p.daily = widgets.Stack(), &dailyCheck{environment: p.environment, fill: p.refill}
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
	p.address, p.header, p.page, p.rail, p.verdict, p.picture, p.list, p.search = nil, nil, nil, nil, nil, nil, nil, nil
	p.narrow = p.isNarrow()
	p.stage = p.stageNow()
	switch p.stage {
	case oneFinding:
		widgets.Replace(p.root, p.finding.build())
	case askingForAddress:
		p.showStart()
	case askingToConfirm:
		p.showQuestion()
	case notYet:
		p.header = newCheckHeader(p)
		p.setContent(p.header.object, p.before()...)
	default:
		p.showResults()
	}
}

// refill rebuilds the content if it is shown, and keeps the focus on the page.
func (p *checkPage) refill() {
	if !p.nav.isOpen("check") {
		return
	}
	focused := p.fyne.Canvas().Focused() != nil
	p.fill()
	if focused && !p.dialogs.shown() {
		p.focusOn(p.initialFocus())
	}
}

func (p *checkPage) stageNow() stage {
	s := p.model.Current
	switch {
	case p.finding != nil:
		return oneFinding
	case s == nil:
		return askingForAddress
	case s.Running || s.Outcome != nil:
		return withResults
	case p.question != nil:
		return askingToConfirm
	default:
		return notYet
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
	if p.header != nil {
		p.header.refresh()
	}
	if p.verdict != nil {
		now := p.model.Current.Verdict(p.words, p.params.Now())
		p.verdict.set(now)
		if p.verdict.ended() && p.fyne.Canvas().Focused() == nil && !p.dialogs.shown() {
			p.focusOn(p.initialFocus())
		}
		p.rail.Set(p.railSteps(now))
		places, links := p.model.Current.Picture(p.words)
		p.picture.Set(nodes(places), arrows(links))
		p.since.refresh()
		p.list.refresh()
		p.page.Refit()
	}
}

func (p *checkPage) showResults() {
	s := p.model.Current
	now := s.Verdict(p.words, p.params.Now())
	p.header = newCheckHeader(p)
	p.rail = widgets.NewRail(p.railSteps(now), func(i int) { p.filterBy(model.Filter{Step: checks.Steps()[i]}) })
	p.verdict = newVerdictCard(p)
	p.verdict.set(now)
	places, links := s.Picture(p.words)
	p.picture = widgets.NewConnections(nodes(places), arrows(links), p.say("link.hint", nil), func(i int) { p.filterBy(model.Filter{Link: links[i].ID}) })
	p.since = newSinceRows(p)
	p.list = newChecklist(p)
	p.list.refresh()
	top := p.verdict.object
	if p.question != nil {
		top = p.question.card()
	}
	content := []fyne.CanvasObject{widgets.TightCard(p.rail), top, p.since.object}
	if s.ReadOnly() {
		content = append(content, p.searchEntry())
	}
	content = append(content, p.list.object, p.pictureCard())
	if s.Outcome != nil && s.Outcome.Verdict == checks.NotABox { // there is nothing to walk through
		content = []fyne.CanvasObject{top}
	}
	p.setContent(p.header.object, content...)
}

// searchEntry finds what a report says about something, in the results and in the files.
func (p *checkPage) searchEntry() fyne.CanvasObject {
	p.search = widgets.NewEntry(p.say("opened.search", nil), maxSearch)
	p.search.Text = p.filter.Text
	p.search.OnChanged = func(text string) {
		p.filter = model.Filter{Text: strings.TrimSpace(text)}
		p.refresh()
	}
	return p.search
}

// maxSearch is in letters.
const maxSearch = 100

// showSearch shows what was found, or the field for it.
func (p *checkPage) showSearch() {
	if p.finding != nil {
		p.back()
	}
	if p.search != nil { // there is none about a portal in the cloud
		p.page.ScrollToObject(p.search)
		p.focusOn(p.search)
	}
}

// resized makes what a narrow window shows differently.
func (p *checkPage) resized() {
	if p.stage != withResults || p.narrow == p.isNarrow() {
		return
	}
	p.refill()
}

// pictureCard has the picture of the connections, folded in a narrow window, where it is higher than all the rest.
func (p *checkPage) pictureCard() fyne.CanvasObject {
	if !p.isNarrow() || p.open[pictureKey] {
		return widgets.Card(p.picture)
	}
	row := widgets.NewRow(widgets.RowContent{Title: p.say("picture", nil), LowEmphasis: true, Aside: p.say("show", nil), Chevron: widgets.Collapsed}, func() {
		p.setOpen(pictureKey, true)
		p.fill()
	})
	return widgets.Card(row.Object)
}

const pictureKey = "picture"

// isNarrow reports whether buttons of the page's head have no room for words.
func (p *checkPage) isNarrow() bool { return p.fyne.Canvas().Size().Width < 800 }

func (p *checkPage) railSteps(v model.Verdict) (steps []widgets.RailStep) {
	for _, s := range p.model.Current.Steps(p.words, v.Next.Action) {
		steps = append(steps, widgets.RailStep{Sign: style.Sign(s.Sign), Name: s.Name, State: s.State, Now: s.Now, Chosen: s.ID == p.filter.Step})
	}
	return steps
}

// checkHeader names the portal, and has the buttons for the whole page.
type checkHeader struct {
	p      *checkPage
	object *fyne.Container
	when   *widgets.Text
	other  *widgets.Button
	run    *widgets.Button // starts or stops a run
}

func newCheckHeader(p *checkPage) *checkHeader {
	s := p.model.Current
	h := &checkHeader{p: p, when: widgets.Small("")}
	name := widgets.NewText(s.Target.Address.Name(), widgets.Font{Size: theme.SizeNameSubHeadingText, Bold: true, Selectable: true})
	h.run = widgets.NewButton("", nil, nil)
	h.other = widgets.NewLowEmphasis(p.say("header.another", nil), nil, p.portals.newPortal)
	if p.isNarrow() {
		h.other = widgets.NewLowEmphasis("", theme.DocumentCreateIcon(), p.portals.newPortal)
	}
	h.other.Hidden = s.Demo || s.ReadOnly()
	h.object = widgets.BesideOrBelow(10, 200, widgets.Column(0, name, h.when), widgets.Beside(8, false, h.other, h.run, nil))
	h.refresh()
	return h
}

func (h *checkHeader) refresh() {
	s, key, icon, tapped := h.p.model.Current, "header.again", theme.ViewRefreshIcon(), h.p.checkAgain
	switch {
	case s.Running && s.Stopped:
		key, icon, tapped = "header.stopping", nil, h.p.runs.stopRun
	case s.Running:
		key, icon, tapped = "header.stop", nil, h.p.runs.stopRun
	}
	h.run.OnTapped, h.run.Hidden = tapped, s.ReadOnly() || !s.Running && s.Outcome == nil // the page has its own
	if text := h.p.say(key, nil); h.run.Text != text {
		h.run.Icon = icon
		h.run.SetText(text)
		widgets.Relayout(h.object)
	}
	text := ""
	if s.Outcome != nil {
		key := "header.checked"
		if o := s.Outcome.Target; !s.ReadOnly() && !slices.Contains(o.Consents, checks.Deep) && o.SignIn == nil {
			key = "header.without-token"
		}
		text = h.p.say(key, checks.Args{"when": model.When(h.p.words, s.Outcome.Finished)})
	}
	h.when.SetText(text) // an empty one keeps its place, so that nothing jumps
}

// checkAgain repeats the run.
func (p *checkPage) checkAgain() { p.start(p.model.Current) }

// reset forgets what was typed and what was open, for another portal.
func (p *checkPage) reset() {
	p.typed, p.pasted, p.mistake, p.question, p.filter, p.open, p.finding = "", "", "", nil, model.Filter{}, nil, nil
}

// escape stops the run, or leaves what is open.
func (p *checkPage) escape() {
	s := p.model.Current
	switch {
	case s != nil && s.Running:
		p.runs.stopRun()
	case p.finding != nil:
		p.back()
	case p.question != nil:
		p.question.leave()
	case p.daily.asks():
		p.daily.cancel()
	case p.filter != model.Filter{}:
		p.filterBy(model.Filter{})
	}
}

func (p *checkPage) initialFocus() fyne.Focusable {
	switch {
	case p.finding != nil:
		return p.finding.back
	case p.address != nil:
		return p.address
	case p.question != nil:
		return p.question.yes
	case p.verdict != nil && p.verdict.primary != nil:
		return p.verdict.primary
	case p.header.run.Hidden:
		return nil
	}
	return p.header.run
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
	if p.search != nil && p.search.Text != f.Text {
		p.search.SetText(f.Text) // calls OnChanged, which drops the step or the link
		p.filter = f
	}
	p.refresh()
	if p.filter != (model.Filter{}) {
		p.page.ScrollToObject(p.list.object)
	}
}

func (p *checkPage) setOpen(key string, open bool) {
	if p.open == nil {
		p.open = map[string]bool{}
	}
	p.open[key] = open
}

// show opens a result.
func (p *checkPage) show(r checks.Result, key string) {
	if p.page != nil {
		p.offset = p.page.Offset()
	}
	p.returnTo = key
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

// act does what is to be done after the verdict.
func (p *checkPage) act(next view.Next) {
	switch s := p.model.Current; next.Action {
	case words.CorrectAddress:
		p.editAddress()
	case words.CheckAgain:
		p.runs.run(s)
	case words.ConsentDeep:
		p.askToConfirm(s, true)
	case words.ConsentSame:
		p.runs.askAndRun(s, checks.SameIdentity)
	case view.ShowFinding:
		p.show(next.Finding, model.FindingKey(next.Finding))
	case view.WriteLetter:
		p.nav.openLetter(next.Owner)
	case words.EnterSignIn:
		p.nav.openGuide()
	case words.SaveReport:
		p.nav.saveReport()
	}
}

// before is shown for a portal that was not checked since the program was started.
func (p *checkPage) before() []fyne.CanvasObject {
	s := p.model.Current
	past, _ := p.params.Store.Portal(s.Target.Address.String())
	sign, title := model.PastVerdict(p.words, past.Verdict)
	text := ""
	if past.Verdict != "" {
		text = p.say("check.before", checks.Args{"when": model.When(p.words, past.Checked)})
	}
	lines := []fyne.CanvasObject{widgets.NewText(title, widgets.Font{Size: style.SizeTitle, Bold: true, Selectable: true})}
	if text != "" {
		lines = append(lines, widgets.NewText(text, widgets.Font{Color: widgets.Muted, Selectable: true}))
	}
	check := widgets.NewPrimary(p.say("check.run", nil), nil, func() { p.start(s) })
	lines = append(lines, widgets.Pad(5, 0, 0, 0, widgets.Flow(8, check)))
	p.focus = check
	content := []fyne.CanvasObject{widgets.Card(widgets.Beside(14, true, widgets.NewSign(style.Sign(sign), 26), widgets.Column(6, lines...), nil))}
	var rows []fyne.CanvasObject
	for _, r := range past.Results {
		if (r.State == checks.Problem || r.State == checks.Notice) && !r.Acknowledged {
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
