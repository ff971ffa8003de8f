package gui

import (
	"bytes"

	"fyne.io/fyne/v2"

	"boxready/gui/model"
	"boxready/gui/style"
	"boxready/gui/widgets"
	"boxready/internal/report"
)

// comparison is what changed between two runs.
type comparison struct {
	changes       report.Changes
	before, after report.Document
	text          string // all of it, with all facts
	unfolded      bool   // the text is shown
}

// compare compares two runs. It may take a while.
func compare(reporter *report.Reporter, before, after report.Document) (*comparison, error) {
	changes := reporter.Compare(before, after)
	var text bytes.Buffer
	if err := reporter.WriteChanges(&text, before, after, &changes, report.Style{}); err != nil {
		return nil, err
	}
	return &comparison{changes: changes, before: before, after: after, text: text.String()}, nil
}

// changesCards show what changed, and the same as a text, folded. A finding that s still has is opened by its row; s is nil if the later
// run isn't its outcome.
func (p *reportPage) changesCards(c *comparison, s *model.Session) (cards []fyne.CanvasObject) {
	cards = append(cards, widgets.Column(2, widgets.Small(model.ComparedRun(p.words, "before", c.before)), widgets.Small(model.ComparedRun(p.words, "after", c.after))))
	for _, g := range model.Changes(p.words, &c.changes) {
		lines := []fyne.CanvasObject{groupTitle(g.Title)}
		for i, row := range g.Rows {
			if i > 0 {
				lines = append(lines, widgets.Line())
			}
			content := widgets.RowContent{Sign: style.Sign(row.Sign), Title: row.Title, Detail: row.Detail, Aside: row.Aside, LowEmphasis: row.Sign != model.Problem}
			var open func()
			if s != nil && row.Check != "" {
				if r, ok := s.Result(row.Check, row.Cause); ok && r.Cause == row.Cause {
					content.Chevron = widgets.Navigates
					open = func() { p.nav.showResult(r, model.FindingKey(r)) }
				}
			}
			lines = append(lines, widgets.NewRow(content, open).Object)
		}
		cards = append(cards, widgets.Card(widgets.Column(0, lines...)))
	}
	if len(cards) == 1 {
		cards = append(cards, widgets.Card(widgets.NewText(p.say("changes.none", nil), widgets.Font{})))
	}
	return append(cards, widgets.Card(p.changesText(c)))
}

// changesText is the row that unfolds the text, and the text.
func (p *reportPage) changesText(c *comparison) fyne.CanvasObject {
	content := widgets.RowContent{Title: p.say("changes.text", nil), LowEmphasis: true, Aside: p.say("show", nil), Chevron: widgets.Collapsed}
	if c.unfolded {
		content.Aside, content.Chevron = p.say("hide", nil), widgets.Expanded
	}
	row := widgets.NewRow(content, func() {
		c.unfolded = !c.unfolded
		p.fill()
		p.focusOn(p.unfoldButton)
	})
	p.unfoldButton, _ = row.Object.(fyne.Focusable)
	lines := []fyne.CanvasObject{row.Object}
	if c.unfolded {
		p.viewer = widgets.NewViewer(c.text, p.viewerHeight())
		lines = append(lines, p.viewer)
	}
	return widgets.Column(10, append(lines, widgets.Flow(8, p.copyButton("finding.copy-plain", func() string { return c.text })))...)
}

// sinceRows say on the page of the verdict what changed since all was well, and that nothing changed since the last run.
type sinceRows struct {
	p      *checkPage
	object *fyne.Container
	shown  *model.Since
}

func newSinceRows(p *checkPage) *sinceRows {
	r := &sinceRows{p: p, object: widgets.Column(6)}
	r.object.Hidden = true
	r.refresh()
	return r
}

func (r *sinceRows) refresh() {
	now := r.p.model.Current.Since
	if now == r.shown {
		return
	}
	r.shown, r.object.Objects = now, nil
	if now != nil && !now.Good.IsZero() {
		row := widgets.NewRow(widgets.RowContent{Title: now.Title(r.p.words), Detail: now.Counts(r.p.words), LowEmphasis: true, Chevron: widgets.Navigates}, func() { r.p.nav.openChanges(now.Good) })
		r.object.Add(widgets.TightCard(row.Object))
	}
	if now != nil && !now.Same.IsZero() {
		r.object.Add(widgets.Small(now.Unchanged(r.p.words)))
	}
	r.object.Hidden = r.object.Objects == nil
	widgets.Relayout(r.object)
}
