package gui

import (
	"bytes"
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/gui/style"
	"boxready/gui/widgets"
	"boxready/internal/report"
	"boxready/internal/report/history"
)

// pastRuns shows a portal's earlier runs, and what has changed since one of them.
type pastRuns struct {
	*reportPage
	runs       []history.Run // the newest first
	open       bool          // what has changed since one is shown
	since      *history.Run
	changes    string // "" while they are being computed
	failed     bool   // they could not be
	backButton *widgets.Button
}

// read lists the saved runs.
func (h *pastRuns) read() {
	s, kept := h.model.Current, h.params.History
	if s == nil || s.Demo || s.ReadOnly() || kept == nil {
		h.runs = nil
		return
	}
	address := s.Target.Address.String()
	h.background(func(context.Context) func() {
		runs, err := kept.Runs(address)
		return func() {
			if h.model.Current != s || err != nil {
				return // an unreadable history is not shown
			}
			h.runs = runs
			if h.nav.isOpen("report") && !h.open {
				h.fill()
			}
		}
	})
}

// historyChanged is called when a session's run was saved.
func (p *reportPage) historyChanged(s *model.Session) {
	if p.nav.isOpen("report") && p.model.Current == s {
		p.past.read()
	}
}

// card lists the earlier runs.
func (h *pastRuns) card() []fyne.CanvasObject {
	s := h.model.Current
	var lines []fyne.CanvasObject
	for _, run := range h.runs {
		if s.Outcome != nil && run.Started.Equal(h.reporter().Summary(s.Outcome).Started) {
			continue // it is the one that the report is about
		}
		sign, verdict := model.PastVerdict(h.words, run.Verdict)
		content := widgets.RowContent{Sign: style.Sign(sign), Title: model.When(h.words, run.Started), Detail: verdict, Aside: h.say("report.changes", nil), Chevron: widgets.Navigates}
		if n := run.Counts[checks.Problem]; n > 0 {
			content.Detail += " · " + h.words.Count("window.portals.problems", n)
		}
		lines = append(lines, widgets.Line(), widgets.NewRow(content, func() { h.show(run) }).Object)
	}
	if len(h.runs) == 0 {
		return nil
	}
	if lines == nil {
		lines = append(lines, widgets.NewText(h.say("report.first-run", nil), widgets.Font{Color: widgets.Muted}))
	}
	forget := widgets.NewLowEmphasis(h.say("report.forget", nil), theme.DeleteIcon(), h.forget)
	head := widgets.BesideOrBelow(10, 240, widgets.Heading(h.say("report.history", nil)), forget)
	return []fyne.CanvasObject{widgets.Card(widgets.Column(4, append([]fyne.CanvasObject{head, widgets.NewText(h.say("report.history-text", nil), widgets.Font{Color: widgets.Muted})}, lines...)...))}
}

// forget deletes the runs.
func (h *pastRuns) forget() {
	s, kept := h.model.Current, h.params.History
	address := s.Target.Address.String()
	h.background(func(context.Context) func() {
		err := kept.Delete(address)
		return func() {
			if err != nil {
				h.dialogs.showMessage(h.say("report.not-forgotten", nil), kept.Dir)
			}
			h.read()
		}
	})
}

// show shows what has changed since a run.
func (h *pastRuns) show(run history.Run) {
	s, kept, runs, reporter := h.model.Current, h.params.History, h.runs, h.reporter()
	outcome := s.Outcome
	since := &run
	h.open, h.since, h.changes, h.failed = true, since, "", false
	h.background(func(context.Context) func() {
		text, err := changesSince(kept, run, runs[0], outcome, reporter)
		return func() {
			if !h.open || h.since != since {
				return
			}
			h.changes, h.failed = text, err != nil
			h.fill()
			h.focusOn(h.backButton)
		}
	})
	h.fill()
	h.page.SetOffset(0)
	h.focusOn(h.backButton)
}

// changesSince compares a run with the last one: the outcome, or the newest saved one if there is none.
func changesSince(kept *history.Store, run, newest history.Run, outcome *checks.Outcome, reporter *report.Reporter) (string, error) {
	before, err := kept.Load(run)
	if err != nil {
		return "", err
	}
	var after report.Document
	if outcome != nil {
		after = reporter.Document(outcome)
	} else {
		saved, err := kept.Load(newest)
		if err != nil {
			return "", err
		}
		after = saved.Document
	}
	var text bytes.Buffer
	err = reporter.WriteChanges(&text, before.Document, after, report.Style{})
	return text.String(), err
}

func (h *pastRuns) close() {
	h.open = false
	h.fill()
	h.focusOn(h.initialFocus())
}

func (h *pastRuns) content() (head fyne.CanvasObject, content []fyne.CanvasObject) {
	h.backButton, head = h.backHead(h.say("report.since", checks.Args{"when": model.When(h.words, h.since.Started)}), h.close)
	switch {
	case h.failed:
		return head, []fyne.CanvasObject{widgets.Card(widgets.NewText(h.say("report.unreadable", nil), widgets.Font{}))}
	case h.changes == "":
		return head, []fyne.CanvasObject{widgets.Card(h.wait(widgets.RowContent{Title: h.say("report.comparing", nil), LowEmphasis: true}))}
	}
	text := h.changes
	h.viewer = widgets.NewViewer(text, h.viewerHeight())
	return head, []fyne.CanvasObject{widgets.Card(widgets.Column(10, h.viewer, widgets.Flow(8, h.copyButton("finding.copy-plain", func() string { return text }))))}
}
