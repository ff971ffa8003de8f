package gui

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"fyne.io/fyne/v2"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/gui/store"
	"boxready/gui/style"
	"boxready/gui/widgets"
	"boxready/internal/requirements"
	"boxready/internal/words"
)

// requirementsPage takes files that say what applications need, and shows what of that the portal lacks; or the catalogue, see
// catalogue.go.
type requirementsPage struct {
	scaffold
	dialogs   *dialogs
	runs      *runner
	nav       navigator
	reading   int                       // files that are being read
	mistakes  []string                  // about the files that were given last
	maxNeeds  map[requirements.Kind]int // how many needs of a kind are shown, if more than usual
	catalogue cataloguePage

	// Of the content that is shown.
	builtFrom      requirementsState
	findingButtons map[requirements.Kind]fyne.Focusable // below the needs of a kind
}

// requirementsState is the state that the page is built from.
type requirementsState struct {
	session                 *model.Session
	wanted                  *requirements.Requirements
	outcome                 *checks.Outcome
	running, hasCredentials bool
	reading                 int
}

func (p *requirementsPage) requirementsState() requirementsState {
	now := requirementsState{session: p.model.Current, reading: p.reading}
	if s := now.session; s != nil {
		p.runs.loadSaved(s, nil)
		now.wanted, now.outcome, now.running, now.hasCredentials = s.Target.Requirements, s.Outcome, s.Running, p.runs.hasCredentials(s)
	}
	return now
}

func (p *requirementsPage) build() fyne.CanvasObject {
	p.root = widgets.Stack()
	p.catalogue.requirementsPage, p.catalogue.scaffold = p, scaffold{environment: p.environment, root: p.root}
	if p.maxNeeds == nil {
		p.maxNeeds = map[requirements.Kind]int{}
	}
	p.fill()
	return p.root
}

// stopAnimations stops the animations of content that is no longer shown.
func (p *requirementsPage) stopAnimations() {
	p.scaffold.stopAnimations()
	p.catalogue.scaffold.stopAnimations()
}

// refresh rebuilds the page only if its state has changed: the user may be reading it.
func (p *requirementsPage) refresh() {
	if p.catalogue.open {
		p.catalogue.refresh()
	} else if p.builtFrom != p.requirementsState() {
		p.fill()
	}
}

func (p *requirementsPage) initialFocus() fyne.Focusable {
	if p.catalogue.open {
		return p.catalogue.initialFocus()
	}
	return p.focus
}

func (p *requirementsPage) scrollPages(by float32) {
	if p.catalogue.open {
		p.catalogue.scrollPages(by)
	} else {
		p.scaffold.scrollPages(by)
	}
}

func (p *requirementsPage) escape() {
	if p.catalogue.open {
		p.catalogue.back()
	}
}

// fill rebuilds the content.
func (p *requirementsPage) fill() {
	p.stopAnimations()
	p.builtFrom, p.findingButtons = p.requirementsState(), map[requirements.Kind]fyne.Focusable{}
	if p.catalogue.open {
		p.catalogue.build()
		return
	}
	var wanted []fyne.CanvasObject
	for i, a := range p.applications() {
		wanted = append(wanted, p.applicationCard(i, a))
	}
	if s := p.model.Current; s != nil && s.Given != nil && s.Applications == nil {
		wanted = append(wanted, p.applicationCard(-1, &model.Application{Needs: s.Given}))
	}
	content := []fyne.CanvasObject{p.chooseCard(len(wanted) == 0)}
	if cards, compared := p.comparison(); compared {
		content = slices.Concat(content, cards, wanted)
	} else {
		content = slices.Concat(content, wanted, cards)
	}
	look := widgets.NewButton(p.say("catalogue.open", nil), nil, p.catalogue.show)
	head := widgets.BesideOrBelow(10, 220, title(p.say("requirements.title", nil)), look)
	p.setContent(head, content...)
}

// refill is fill and sets the focus again, because the focused widget is replaced.
func (p *requirementsPage) refill(focus func() fyne.Focusable) {
	p.fill()
	if p.nav.isOpen("requirements") && !p.dialogs.shown() {
		p.focusOn(focus())
	}
}

// applications are those chosen for the portal, or for the first one while there is none.
func (p *requirementsPage) applications() []*model.Application {
	if s := p.model.Current; s != nil {
		return s.Applications
	}
	return p.model.Applications
}

// chooseCard takes files; with explain it says what they are for.
func (p *requirementsPage) chooseCard(explain bool) fyne.CanvasObject {
	pick := widgets.NewPrimary(p.say("requirements.pick", nil), nil, func() {
		p.dialogs.pickFile(p.say("requirements.pick-title", nil), []string{".yaml", ".yml"}, func(path string) { p.read([]string{path}) })
	})
	p.focus = pick
	var names []string
	library := requirements.Library()
	for _, e := range library {
		names = append(names, (&model.Application{Needs: e.Requirements}).Name(p.words))
	}
	ready := widgets.NewSelect(names, "", func(name string) {
		p.add([]*model.Application{{Kept: store.Application{Library: library[slices.Index(names, name)].ID}, Needs: library[slices.Index(names, name)].Requirements}}, nil)
	})
	ready.PlaceHolder = p.say("requirements.library", nil)
	var lines []fyne.CanvasObject
	if explain {
		lines = append(lines, widgets.NewText(p.say("requirements.explain", checks.Args{"ending": requirements.Extension}), widgets.Font{Color: widgets.Muted}))
	}
	lines = append(lines, widgets.BesideOrBelow(10, 200, widgets.Bordered(ready), pick))
	for _, mistake := range p.mistakes {
		lines = append(lines, widgets.Beside(8, true, widgets.SmallSign(style.Problem), widgets.NewText(mistake, widgets.Font{Selectable: true}), nil))
	}
	if p.runs.unsaved {
		lines = append(lines, widgets.NewText(p.say("requirements.unkept", nil), widgets.Font{Color: widgets.Danger}))
	}
	if p.reading > 0 {
		lines = append(lines, widgets.NewText(p.say("requirements.reading", nil), widgets.Font{Color: widgets.Muted}))
	}
	return widgets.Card(widgets.Column(10, lines...))
}

// applicationCard summarizes what an application needs. i is -1 for the simulated portal's own.
func (p *requirementsPage) applicationCard(i int, a *model.Application) fyne.CanvasObject {
	name, source := a.Name(p.words), ""
	if i < 0 {
		name = p.say("requirements.given", nil)
	} else {
		source = a.Source(p.words)
	}
	lines := []fyne.CanvasObject{widgets.Heading(name)}
	if source != "" {
		lines = append(lines, widgets.NewText(source, widgets.Font{Color: widgets.Muted, Selectable: true}))
	}
	var head fyne.CanvasObject = widgets.Column(1, lines...)
	if i >= 0 {
		head = widgets.BesideOrBelow(10, 220, head, widgets.NewLowEmphasis(p.say("requirements.remove", nil), nil, func() { p.remove(i) }))
	}
	var facts []fyne.CanvasObject
	for _, f := range a.Summary(p.words) {
		facts = append(facts, widgets.NameValue(widgets.NewText(f.Name, widgets.Font{Color: widgets.Muted}), widgets.NewText(f.Value, widgets.Font{Selectable: true})))
	}
	return widgets.Card(widgets.Column(10, head, widgets.Column(6, facts...)))
}

// comparison shows what the portal lacks, or why that isn't known yet, with the former comparison.
func (p *requirementsPage) comparison() (cards []fyne.CanvasObject, compared bool) {
	c := model.Comparison{Stage: model.NoPortal}
	if s := p.model.Current; s != nil {
		c = s.Compare(p.words, p.runs.hasCredentials(s))
	} else if len(p.model.Applications) == 0 {
		c.Stage = model.NothingWanted
	}
	cards, compared = p.comparisonNow(p.model.Current, c)
	if c.Former == nil {
		return cards, compared
	}
	row := widgets.RowContent{Sign: style.Skipped, Title: p.say("requirements.former", checks.Args{"when": model.When(p.words, c.Former.When)}),
		Detail: p.say("requirements.former-text", nil)}
	if len(c.Former.Groups) == 0 {
		row.Detail = p.say("requirements.all-there", nil)
	}
	cards = append(cards, widgets.Card(widgets.NewRow(row, nil).Object))
	for _, g := range c.Former.Groups {
		cards = append(cards, p.groupCard(g))
	}
	return cards, compared
}

// comparisonNow shows a comparison, without the former one.
func (p *requirementsPage) comparisonNow(s *model.Session, c model.Comparison) (cards []fyne.CanvasObject, compared bool) {
	toCheck := func(key string) fyne.CanvasObject {
		return widgets.NewPrimary(p.say("requirements."+key, nil), nil, func() {
			if s == nil {
				p.nav.openSection("check")
			} else {
				p.runs.run(s)
			}
		})
	}
	state := func(sign style.Sign, args checks.Args, buttons ...fyne.CanvasObject) ([]fyne.CanvasObject, bool) {
		content := widgets.RowContent{Sign: sign, Title: p.say("requirements."+string(c.Stage)+".title", args), Detail: p.say("requirements."+string(c.Stage)+".text", args)}
		if c.Former != nil && c.Stage == model.NotCompared {
			content.Title = p.say("requirements.not-compared.anew", nil)
		}
		var lines []fyne.CanvasObject
		if sign == style.Waiting {
			lines = append(lines, p.wait(content))
		} else {
			lines = append(lines, widgets.NewRow(content, nil).Object)
		}
		if len(buttons) > 0 {
			lines = append(lines, widgets.Pad(0, 0, 4, 36, widgets.Flow(8, buttons...)))
		}
		return []fyne.CanvasObject{widgets.Card(widgets.Column(2, lines...))}, false
	}
	switch c.Stage {
	case model.NothingWanted:
		return nil, false
	case model.NoPortal:
		return state(style.Unknown, nil, toCheck("name-portal"))
	case model.NoAccess:
		if p.nav.hasSection("sign-in") {
			return state(style.Unknown, nil, widgets.NewPrimary(p.say("section.sign-in", nil), nil, func() { p.nav.openSection("sign-in") }))
		}
		return state(style.Unknown, nil)
	case model.NotCompared:
		return state(style.Unknown, nil, toCheck("compare"))
	case model.Comparing:
		return state(style.Waiting, nil)
	case model.Unclear:
		f := p.words.Finding(*c.Why, s.Target.Address.Display())
		return state(style.Unknown, checks.Args{"why": f.Title}, p.findingButton(*c.Why), toCheck("compare"))
	}
	copies := p.copyButton("requirements.copy", func() string { return s.RequirementsLetter(p.words, p.params.Version, c) })
	verdict := widgets.RowContent{Sign: style.OK, Title: p.say("requirements.all-there", nil), Detail: p.say("requirements.seen", checks.Args{"when": model.When(p.words, s.Outcome.Finished)})}
	if c.Missing() {
		verdict.Sign, verdict.Title = style.Problem, p.say("requirements.something-missing", nil)
		if !slices.ContainsFunc(c.Groups, func(g model.NeedGroup) bool { return g.Sign == model.Problem }) {
			verdict.Sign, verdict.Title = style.Unknown, p.say("requirements.something-unclear", nil)
		}
	}
	cards = append(cards, widgets.Card(widgets.Column(2, widgets.NewRow(verdict, nil).Object,
		widgets.Pad(0, 0, 4, 36, widgets.Flow(8, copies, widgets.NewButton(p.say("requirements.again", nil), nil, func() { p.runs.run(s) }))))))
	for _, g := range c.Groups {
		cards = append(cards, p.groupCard(g))
	}
	return cards, true
}

// groupCard shows the missing requirements of one kind.
func (p *requirementsPage) groupCard(g model.NeedGroup) fyne.CanvasObject {
	head := widgets.NewRow(widgets.RowContent{Sign: style.Sign(g.Sign), Title: g.Title, Detail: g.Do}, nil).Object
	lines := []fyne.CanvasObject{head}
	needs := g.Needs[:min(len(g.Needs), max(p.maxNeeds[g.Kind], rowsAtOnce))]
	for _, need := range needs {
		lines = append(lines, widgets.Line(), widgets.Pad(6, 8, 6, 36, widgets.NewText(need, widgets.Font{Selectable: true})))
	}
	buttons := widgets.Flow(8)
	if rest := len(g.Needs) - len(needs); rest > 0 {
		buttons.Add(widgets.NewButton(p.words.Count("window.more-rows", rest), nil, func() {
			p.maxNeeds[g.Kind] = len(needs) + rowsAtOnce
			p.refill(func() fyne.Focusable { return p.findingButtons[g.Kind] })
		}))
	}
	if g.Finding != nil {
		button := p.findingButton(*g.Finding)
		p.findingButtons[g.Kind] = button
		buttons.Add(button)
	}
	if len(buttons.Objects) > 0 {
		lines = append(lines, widgets.Pad(6, 0, 4, 36, buttons))
	}
	return widgets.Card(widgets.Column(2, lines...))
}

// findingButton opens a result of the last run.
func (p *requirementsPage) findingButton(r checks.Result) *widgets.Button {
	return widgets.NewButton(p.say("requirements.steps", nil), nil, func() { p.nav.showResult(r, "") })
}

// read reads files of requirements.
func (p *requirementsPage) read(paths []string) {
	p.reading += len(paths)
	words := p.words
	p.background(func(context.Context) func() {
		var read []*model.Application
		var mistakes []string
		for _, path := range paths {
			a, err := readRequirements(path)
			if err != nil {
				mistakes = append(mistakes, mistakesIn(words, err)...)
			} else {
				read = append(read, a)
			}
		}
		return func() {
			p.reading -= len(paths)
			p.add(read, mistakes)
		}
	})
	p.changed()
}

// readRequirements reads a file. The error is a requirements.Errors.
func readRequirements(path string) (*model.Application, error) {
	if blocks(path) {
		return nil, requirements.Errors{{File: path, Code: requirements.Unreadable}}
	}
	if _, err := requirements.ReadFile(path); err != nil {
		return nil, err // it reports mistakes in files of any size
	}
	text, err := os.ReadFile(path) // #nosec G304 -- the user names it
	if err != nil {
		return nil, requirements.Errors{{File: path, Code: requirements.Unreadable}}
	}
	return model.ReadApplication(store.Application{File: filepath.Base(path), Text: string(text)})
}

// mistakesIn says what is wrong with a file.
func mistakesIn(words *words.Texts, err error) (mistakes []string) {
	var bad requirements.Errors
	if !errors.As(err, &bad) {
		return []string{err.Error()} // not of reading
	}
	for _, e := range bad {
		short := *e
		short.File = filepath.Base(e.File)
		mistakes = append(mistakes, words.RequirementsError(&short))
	}
	return mistakes
}

// add adds applications, and shows the mistakes in others. If others than these were chosen before, the owner is asked whether they
// stay.
func (p *requirementsPage) add(more []*model.Application, mistakes []string) {
	p.mistakes = mistakes
	before := p.applications()
	all := model.Add(before, more)
	ask := len(more) > 0 && len(before) > 0 && len(all) > len(before)
	if len(more) > 0 && !ask {
		p.require(all)
	}
	p.refill(p.initialFocus)
	if ask {
		p.addOrReplace(before, more, all)
	}
}

// addOrReplace asks whether applications are added to those chosen before, or replace them.
func (p *requirementsPage) addOrReplace(before, more, all []*model.Application) {
	names := func(applications []*model.Application) (names []string) {
		for _, a := range applications {
			names = append(names, a.Name(p.words))
		}
		return names
	}
	answer := func(now []*model.Application) func() {
		return func() {
			p.dialogs.closeDialog()
			p.require(now)
			p.refill(p.initialFocus)
		}
	}
	add := widgets.NewPrimary(p.say("requirements.add", nil), nil, answer(all))
	replace := widgets.NewButton(p.say("requirements.replace", nil), nil, answer(more))
	text := p.say("requirements.add-text", checks.Args{"before": names(before), "more": names(more)})
	p.dialogs.showDialog(widgets.Column(12, heading(p.say("requirements.add-title", nil)), widgets.NewText(text, widgets.Font{Selectable: true}),
		widgets.Flow(8, add, replace, widgets.NewButton(p.say("sign-in.cancel", nil), nil, p.dialogs.closeDialog))), add)
}

func (p *requirementsPage) remove(i int) {
	p.mistakes = nil
	p.require(slices.Delete(slices.Clone(p.applications()), i, i+1))
	p.refill(p.initialFocus)
}

// require compares with what these need from now on.
func (p *requirementsPage) require(all []*model.Application) {
	p.maxNeeds = map[requirements.Kind]int{}
	s := p.model.Current
	if s == nil {
		p.model.Applications = all
		return
	}
	s.Require(all)
	if !s.Demo {
		p.runs.saveApplications(s)
	}
}
