package gui

import (
	"context"
	"errors"
	"time"

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
	since      time.Time     // when that one began
	compared   *comparison   // nil while it is being made
	failed     bool          // it could not be
	from       string        // the section that it was opened from; "" for this one
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
		lines = append(lines, widgets.Line(), widgets.NewRow(content, func() { h.show(run.Started) }).Object)
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

// show shows what has changed since the run that began at a time.
func (h *pastRuns) show(since time.Time) {
	s, kept, reporter := h.model.Current, h.params.History, h.reporter()
	address, outcome := s.Target.Address.String(), s.Outcome
	h.open, h.since, h.compared, h.failed, h.from = true, since, nil, false, ""
	h.background(func(context.Context) func() {
		compared, err := changesSince(kept, address, since, outcome, reporter)
		return func() {
			if !h.open || !h.since.Equal(since) {
				return
			}
			h.compared, h.failed = compared, err != nil
			h.fill()
			h.focusOn(h.backButton)
		}
	})
	h.fill()
	h.page.SetOffset(0)
	h.focusOn(h.backButton)
}

// changesSince compares a kept run with the last one: the outcome, or the newest kept one if there is none.
func changesSince(kept *history.Store, address string, since time.Time, outcome *checks.Outcome, reporter *report.Reporter) (*comparison, error) {
	before, err := kept.Before(address, since.Add(time.Nanosecond), false)
	if err == nil && before == nil {
		err = errForgotten
	}
	if err != nil {
		return nil, err
	}
	if outcome != nil {
		return compare(reporter, before.Document, reporter.Document(outcome))
	}
	last, err := kept.Last(address)
	if err == nil && last == nil {
		err = errForgotten
	}
	if err != nil {
		return nil, err
	}
	return compare(reporter, before.Document, last.Document)
}

var errForgotten = errors.New("the run is not kept any more")

func (h *pastRuns) close() {
	h.open = false
	if h.from != "" {
		h.nav.openSection(h.from)
		return
	}
	h.fill()
	h.focusOn(h.initialFocus())
}

func (h *pastRuns) content() (head fyne.CanvasObject, content []fyne.CanvasObject) {
	h.backButton, head = h.backHead(h.say("report.since", checks.Args{"when": model.When(h.words, h.since)}), h.close)
	switch {
	case h.failed:
		return head, []fyne.CanvasObject{widgets.Card(widgets.NewText(h.say("report.unreadable", nil), widgets.Font{}))}
	case h.compared == nil:
		return head, []fyne.CanvasObject{widgets.Card(h.wait(widgets.RowContent{Title: h.say("report.comparing", nil), LowEmphasis: true}))}
	}
	return head, h.changesCards(h.compared, h.model.Current)
}
