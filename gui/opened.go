package gui

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/gui/style"
	"boxready/gui/widgets"
	"boxready/internal/instance"
	"boxready/internal/report"
	"boxready/internal/untrusted"
	"boxready/internal/words"
)

// openReport shows a report as a read-only page.
func (w *Window) openReport(file string) {
	words := w.words
	w.background(func(context.Context) func() {
		opened, outcome, err := readReport(file)
		if err != nil {
			return func() { w.dialogs.showMessage(filepath.Base(file), readMistake(words, err, file)) }
		}
		return func() { w.showReport(model.OpenReport(opened, outcome)) }
	})
}

// readReport reads a report file, and judges what it holds.
func readReport(file string) (model.Opened, *checks.Outcome, error) {
	saved, err := report.Read(file)
	if err != nil {
		return model.Opened{}, nil, err
	}
	files, err := report.ReadFiles(file)
	if err != nil {
		return model.Opened{}, nil, err
	}
	for i := range files { // whatever is in it, it is shown as text
		var lines []string
		for line := range strings.Lines(string(files[i].Data)) {
			lines = append(lines, untrusted.Line(strings.TrimRight(line, "\r\n")))
		}
		files[i].Data = []byte(strings.Join(lines, "\n"))
	}
	outcome, kept := saved.Outcome()
	return model.Opened{File: filepath.Base(file), Report: saved, Files: files, Kept: kept}, outcome, nil
}

// readMistake says why a report can't be shown.
func readMistake(words *words.Texts, err error, file string) string {
	reason, schema := report.ReadDamaged, 0
	var read *report.ReadError
	if errors.As(err, &read) {
		reason, schema = read.Reason, read.Schema
	}
	return words.Say("report-file.read."+string(reason), checks.Args{"file": filepath.Base(file), "schema": schema, "known": report.SchemaVersion})
}

func (w *Window) showReport(s *model.Session) {
	w.model.ShowReport(s)
	w.sessionReplaced()
}

// closeReport shows again what was shown before the report, if one is open.
func (w *Window) closeReport() {
	if s := w.model.Current; s == nil || !s.ReadOnly() {
		return
	}
	w.model.CloseReport()
	w.sessionReplaced()
	if w.reportsPage.shown {
		w.reportsPage.shown = false
		w.frame.show("reports")
	}
}

// sessionReplaced shows the current session from its beginning, after a report was opened or closed.
func (w *Window) sessionReplaced() {
	w.reportPage.compared, w.reportPage.past = comparedReports{}, pastRuns{reportPage: w.reportPage}
	w.checkPage.reset()
	w.rebuild()
	w.frame.show("check")
}

// escapeReport closes the report, unless something in it is open. It returns whether it did.
func (w *Window) escapeReport() bool {
	s := w.model.Current
	if s == nil || !s.ReadOnly() || w.reportPage.compared.open && w.isOpen("report") || w.reportPage.found && w.isOpen("report") ||
		w.lettersPage.opened && w.isOpen("letters") ||
		w.isOpen("check") && (w.checkPage.finding != nil || w.checkPage.filter != (model.Filter{})) {
		return false
	}
	w.closeReport()
	return true
}

// find leads to the search in the report that is shown.
func (w *Window) find() {
	if s := w.model.Current; s != nil && s.ReadOnly() {
		w.frame.show("check")
		w.checkPage.showSearch()
	}
}

// reportBanner says which report is shown; nil if it is none.
func (w *Window) reportBanner() fyne.CanvasObject {
	s := w.model.Current
	if s == nil || !s.ReadOnly() {
		return nil
	}
	lines := []fyne.CanvasObject{
		widgets.NewText(s.Opened.Title(w.words), widgets.Font{Bold: true, Selectable: true}),
		widgets.Small(w.words.Say("report.summary.report-id", checks.Args{"id": s.Opened.Report.ID}) + ". " + w.say("opened.view-only", nil)),
	}
	for _, remark := range s.Remarks(w.words) {
		lines = append(lines, widgets.Beside(8, true, widgets.SmallSign(style.Notice), widgets.NewText(remark, widgets.Font{Selectable: true}), nil))
	}
	closes := "opened.close"
	if w.reportsPage.shown {
		closes = "opened.to-list"
	}
	compare := widgets.NewButton(w.say("opened.compare", nil), nil, func() {
		w.dialogs.pickFile(w.say("opened.compare-title", nil), instance.ReportEndings(), w.compareWith)
	})
	files := widgets.NewButton(w.say("opened.files", nil), nil, func() {
		w.reportPage.compared = comparedReports{}
		w.frame.show("report")
	})
	buttons := widgets.Flow(8, compare, files, widgets.NewButton(w.say(closes, nil), nil, w.closeReport))
	return widgets.Banner(style.ColorChosen, widgets.Columns(10, 0.37, 780, widgets.Column(2, lines...), buttons))
}

// comparedReports are two reports and what changed between them. The zero value shows nothing.
type comparedReports struct {
	open bool
	*comparison
	differs string // says that they are about different portals; "" if they aren't
	back    *widgets.Button
}

// compareWith compares the report that is shown with another one, and shows what changed between them.
func (w *Window) compareWith(file string) {
	s, words, reporter := w.model.Current, w.words, w.reporter()
	if s == nil || !s.ReadOnly() {
		return
	}
	w.background(func(context.Context) func() {
		other, err := report.Read(file)
		if err != nil {
			return func() { w.dialogs.showMessage(filepath.Base(file), readMistake(words, err, file)) }
		}
		before, after := s.Opened.Report.Document, other.Document
		if after.Started.Before(before.Started) {
			before, after = after, before
		}
		compared, err := compare(reporter, before, after)
		if err != nil {
			return nil // of writing to memory: there is none
		}
		differs := ""
		if before.Portal != after.Portal {
			differs = words.Say("window.opened.other-portal-text", checks.Args{"before": shortPortal(before.Portal), "after": shortPortal(after.Portal)})
		}
		return func() {
			if w.model.Current == s {
				w.reportPage.compared = comparedReports{open: true, comparison: compared, differs: differs}
				w.frame.show("report")
			}
		}
	})
}

func shortPortal(address string) string { return strings.TrimPrefix(address, "https://") }

// openedContent is the content about a report that is shown: its files, or what changed between it and another one.
func (p *reportPage) openedContent(s *model.Session) (head fyne.CanvasObject, content []fyne.CanvasObject) {
	if p.compared.open {
		return p.comparedContent()
	}
	p.preview = widgets.Column(10)
	copies := p.copyButton("finding.copy-plain", func() string { return string(p.bundle.File(p.file)) })
	p.buttons, p.switches, p.saved = []*widgets.Button{copies}, nil, ""
	p.savedAt, p.scan = widgets.NewText("", widgets.Font{}), widgets.NewText("", widgets.Font{})
	p.bundle = &report.Bundle{Name: s.Opened.File, Files: s.Opened.Files}
	if p.file == "" || p.bundle.File(p.file) == nil {
		p.file = report.SummaryFile
	}
	p.showBundle()
	return title(s.Opened.File), []fyne.CanvasObject{widgets.Card(p.preview), widgets.Flow(10, copies)}
}

func (p *reportPage) comparedContent() (head fyne.CanvasObject, content []fyne.CanvasObject) {
	c := &p.compared
	c.back, head = p.backHead(p.say("opened.changes", nil), p.closeCompared)
	if c.differs != "" {
		content = append(content, widgets.Card(widgets.NewRow(widgets.RowContent{Sign: style.Notice, Title: p.say("opened.other-portal", nil), Detail: c.differs}, nil).Object))
	}
	return head, append(content, p.changesCards(c.comparison, nil)...)
}

func (p *reportPage) closeCompared() {
	p.compared = comparedReports{}
	p.fill()
	p.focusOn(p.initialFocus())
}
