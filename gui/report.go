package gui

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/gui/store"
	"boxready/gui/style"
	"boxready/gui/widgets"
	"boxready/internal/allowlist"
	"boxready/internal/app"
	"boxready/internal/report"
	"boxready/internal/words"
)

// reportPage shows the report for support, exactly as it would be saved, and what is hidden in it; and earlier runs.
type reportPage struct {
	scaffold
	dialogs *dialogs
	runs    *runner
	nav     navigator
	options func() allowlist.Options // that the letter follows from
	hidden  []report.Category
	known   bool           // hidden has been read
	bundle  *report.Bundle // nil while there is none
	failed  string         // why there is none; "" if it is being made
	file    string         // of the bundle that is shown
	saved   string         // where the report was saved last; "" for nowhere
	saving  bool           // ask where to save it once it is made
	past    pastRuns

	compared comparedReports // with the report that is shown
	found    bool            // a line was opened from the search

	// Of the content that is shown.
	builtFrom reportState
	running   bool
	preview   *fyne.Container
	viewer    *widgets.Viewer // nil while there is no bundle; of what has changed since an earlier run, if that is shown as text
	// unfoldButton shows and hides that text.
	unfoldButton fyne.Focusable
	tab          fyne.Focusable // of the file that is shown
	scan         *widgets.Text
	switches     map[report.Category]*widgets.Switch
	buttons      []*widgets.Button // that need a bundle
	savedAt      *widgets.Text
}

// reportState is the state that a report is made from.
type reportState struct {
	session *model.Session
	outcome *checks.Outcome
	words   *words.Texts
}

func (p *reportPage) now() reportState {
	now := reportState{session: p.model.Current, words: p.words}
	if now.session != nil {
		now.outcome = now.session.Outcome
	}
	return now
}

func (p *reportPage) build() fyne.CanvasObject {
	if !p.known {
		for _, c := range report.Categories() {
			if slices.Contains(p.settings().Hide, string(c)) {
				p.hidden = append(p.hidden, c)
			}
		}
		p.known, p.file = true, report.SummaryFile
	}
	p.root = widgets.Stack()
	p.past.reportPage = p
	p.saving, p.found = false, false
	p.builtFrom = reportState{} // the letter may have changed with what was chosen for it
	p.make()
	p.past.read()
	p.fill()
	return p.root
}

func (p *reportPage) initialFocus() fyne.Focusable {
	switch {
	case p.past.open:
		return p.past.backButton
	case p.compared.open:
		return p.compared.back
	}
	return p.tab
}

func (p *reportPage) escape() {
	switch {
	case p.past.open:
		p.past.close()
	case p.compared.open:
		p.closeCompared()
	case p.found:
		p.nav.find()
	}
}

// refresh rebuilds the page only if its state has changed: the user may be reading it.
func (p *reportPage) refresh() {
	now := p.now()
	running := now.session != nil && now.session.Running
	if now == p.builtFrom && running == p.running {
		return
	}
	if now.session != p.builtFrom.session {
		p.saved, p.past = "", pastRuns{reportPage: p}
	}
	if now != p.builtFrom {
		p.make()
		p.past.read()
	}
	p.fill()
}

// make makes a new report.
func (p *reportPage) make() {
	now := p.now()
	p.builtFrom, p.bundle, p.failed = now, nil, ""
	if now.outcome == nil || now.session.ReadOnly() {
		return
	}
	s := now.session
	s.Use(s.Target.Secrets()...)
	contents := report.Contents{Outcome: now.outcome, Hide: slices.Clone(p.hidden), Secrets: slices.Clone(s.Secrets)}
	options, reporter := p.options(), p.reporter()
	p.background(func(context.Context) func() {
		bundle, err := app.MakeReport(reporter, contents, options)
		return func() {
			if p.builtFrom != now || !slices.Equal(contents.Hide, p.hidden) {
				return // another one is being made
			}
			if p.bundle = bundle; err != nil {
				p.failed, p.saving = p.makeMistake(err), false
			}
			if p.nav.isOpen("report") && !p.past.open {
				p.showBundle()
				if p.saving {
					p.saveOnceMade()
				}
				if p.fyne.Canvas().Focused() == nil && !p.dialogs.shown() {
					p.focusOn(p.initialFocus()) // it was not there when the page was opened
				}
			}
		}
	})
}

func (p *reportPage) makeMistake(err error) string {
	var leak *report.LeakError
	if errors.As(err, &leak) {
		return p.words.Say("report-file.leak", checks.Args{"file": leak.File})
	}
	return p.say("report.failed", nil)
}

// fill rebuilds the content.
func (p *reportPage) fill() {
	p.stopAnimations()
	p.viewer = nil
	s := p.model.Current
	p.running = s != nil && s.Running
	head, content := title(p.say("report.title", nil)), []fyne.CanvasObject(nil)
	switch {
	case p.past.open:
		head, content = p.past.content()
	case s == nil: // the section isn't shown then
	case s.ReadOnly():
		head, content = p.openedContent(s)
	case s.Outcome == nil:
		content = append(p.nothing(s), p.past.card()...)
	default:
		content = append(p.cards(), p.past.card()...)
	}
	p.setContent(head, content...)
}

// nothing is the content before the first run.
func (p *reportPage) nothing(s *model.Session) []fyne.CanvasObject {
	if s.Running {
		return []fyne.CanvasObject{widgets.Card(p.wait(widgets.RowContent{Title: p.say("verdict.running", nil), Detail: p.say("report.wait", nil)}))}
	}
	check := widgets.NewPrimary(p.say("sign-in.check", nil), nil, func() { p.runs.run(s) })
	p.tab = check
	return []fyne.CanvasObject{widgets.Card(widgets.Column(10, widgets.NewText(p.say("report.explain", nil), widgets.Font{}), widgets.Flow(8, check)))}
}

// cards are the preview, what is hidden, and the buttons.
func (p *reportPage) cards() []fyne.CanvasObject {
	p.preview = widgets.Column(10)
	save := widgets.NewPrimary(p.say("report.save", nil), theme.DocumentSaveIcon(), p.save)
	copies := p.copyButton("report.copy", func() string { return string(p.bundle.File(report.SummaryFile)) })
	p.buttons = []*widgets.Button{save, copies}
	folder := widgets.NewButton(p.say("settings.open-folder", nil), theme.FolderOpenIcon(), func() {
		p.dialogs.openURL(fileURL(filepath.Dir(p.saved)))
	})
	if p.saved == "" {
		folder.OnTapped = func() { p.dialogs.openURL(fileURL(p.params.Downloads)) }
	}
	p.savedAt = widgets.NewText("", widgets.Font{Color: widgets.Muted, Selectable: true})
	hidden := p.hiddenCard()
	p.showBundle()
	return []fyne.CanvasObject{
		widgets.Columns(14, 0.62, 700, widgets.Card(p.preview), hidden),
		widgets.Column(8, widgets.Flow(10, save, copies, folder), p.savedAt),
	}
}

// hiddenCard says what is hidden, and lets the owner hide more.
func (p *reportPage) hiddenCard() fyne.CanvasObject {
	p.scan = widgets.NewText("", widgets.Font{Color: widgets.Muted, Selectable: true})
	lines := []fyne.CanvasObject{widgets.Heading(p.say("report.hidden", nil)),
		widgets.NewRow(widgets.RowContent{Sign: style.OK, Title: p.say("report.secrets", nil), Detail: p.say("report.never", nil), LowEmphasis: true}, nil).Object}
	p.switches = map[report.Category]*widgets.Switch{}
	for _, c := range report.Categories() {
		s := widgets.NewSwitch(p.say("report.hide-"+string(c), nil), "", slices.Contains(p.hidden, c), func(on bool) { p.setHidden(c, on) })
		p.switches[c] = s
		lines = append(lines, widgets.Line(), s)
	}
	return widgets.Card(widgets.Column(4, append(lines, widgets.Pad(6, 0, 0, 0, p.scan))...))
}

func (p *reportPage) setHidden(c report.Category, on bool) {
	var now []report.Category
	for _, other := range report.Categories() {
		if other == c && on || other != c && slices.Contains(p.hidden, other) {
			now = append(now, other)
		}
	}
	p.hidden, p.bundle = now, nil
	p.make()
	p.showBundle()
	p.saveSettings(func(s *store.Settings) {
		s.Hide = nil
		for _, c := range now {
			s.Hide = append(s.Hide, string(c))
		}
	}, nil) // a failure isn't shown, as with saveRun
}

// showBundle shows the report, or that it is being made.
func (p *reportPage) showBundle() {
	if p.preview == nil {
		return
	}
	p.stopAnimations()
	p.viewer = nil
	lines := []fyne.CanvasObject{widgets.Heading(p.say("report.preview", nil))}
	switch {
	case p.bundle != nil:
		if p.bundle.ID != "" { // the files of an opened report have none: it stands above the page
			id := widgets.NewText(p.words.Say("report.summary.report-id", checks.Args{"id": p.bundle.ID}), widgets.Font{Color: widgets.Muted, Selectable: true})
			lines = append(lines, id)
		}
		lines = append(lines, p.files())
		p.viewer = widgets.NewViewer(string(p.bundle.File(p.file)), p.viewerHeight())
		lines = append(lines, p.viewer)
	case p.failed != "":
		lines = append(lines, widgets.NewRow(widgets.RowContent{Sign: style.Problem, Title: p.failed}, nil).Object)
	default:
		lines = append(lines, p.wait(widgets.RowContent{Title: p.say("report.making", nil), LowEmphasis: true}))
	}
	p.preview.Objects = lines
	for _, b := range p.buttons {
		if p.bundle == nil {
			b.Disable()
		} else {
			b.Enable()
		}
	}
	p.savedAt.Hidden = p.saved == ""
	p.savedAt.SetText(p.say("save.saved", checks.Args{"file": p.saved}))
	if p.bundle != nil {
		p.scan.Hidden = p.bundle.Secrets == 0
		p.scan.SetText(p.bundle.Searched(p.words))
		for c, s := range p.switches {
			s.Explain(model.HiddenText(p.words, p.bundle, c))
		}
	}
	widgets.Relayout(p.preview)
	if p.page != nil {
		p.page.Refit()
	}
}

const (
	previewHeight = 330 // at least
	// besidePreview is what else is on the page: the title, the ID, the files, the card's edges and the buttons.
	besidePreview = 290
)

// viewerHeight is the height of the text, with which the rest of the page is visible as well.
func (p *reportPage) viewerHeight() float32 {
	return max(previewHeight, p.fyne.Canvas().Size().Height-besidePreview)
}

func (p *reportPage) resized() {
	if p.viewer != nil && p.viewer.SetHeight(p.viewerHeight()) {
		p.page.Refit()
	}
}

// files are the bundle's, the summary first. A letter as a message says the same as the one in plain text.
func (p *reportPage) files() fyne.CanvasObject {
	names := []string{report.SummaryFile}
	for _, f := range p.bundle.Files {
		if f.Name != report.SummaryFile && !strings.HasSuffix(f.Name, ".eml") {
			names = append(names, f.Name)
		}
	}
	if !slices.Contains(names, p.file) {
		p.file = names[0]
	}
	tabs := widgets.Flow(6)
	for _, name := range names {
		chip := widgets.NewChip(func() {
			p.file = name
			p.showBundle()
			p.focusOn(p.tab)
		})
		chip.Set("", name, name == p.file)
		tabs.Add(chip.Object)
		if name == p.file {
			p.tab, _ = chip.Object.(fyne.Focusable)
		}
	}
	return tabs
}

// showLine shows a file of an opened report at a line, counted from 0.
func (p *reportPage) showLine(file string, line int) {
	p.found, p.file = true, file
	p.showBundle()
	p.viewer.ScrollToLine(line)
	p.focusOn(p.tab)
}

// saveOnceMade asks where to save the report, at once or when it is made.
func (p *reportPage) saveOnceMade() {
	p.saving = p.bundle == nil
	p.save()
}

// save saves what is shown.
func (p *reportPage) save() {
	bundle := p.bundle
	if bundle == nil || p.past.open || p.model.Current.ReadOnly() {
		return
	}
	p.dialogs.saveAs(saving{title: p.say("report.save-title", nil), name: bundle.Name, hint: p.say("report.save-hint", nil), keeps: true, write: bundle.Save}, func(path string) {
		p.saved = path
		if p.nav.isOpen("report") {
			p.fill()
		}
	})
}
