package gui

import (
	"context"
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/gui/style"
	"boxready/gui/widgets"
	"boxready/internal/report"
	"boxready/internal/untrusted"
)

// reportsPage lists the reports that were opened together.
type reportsPage struct {
	scaffold
	reports reportLister
	all     []report.Brief
	reading int // files that are still to be read
	filter  model.ReportFilter
	order   model.ReportOrder
	listed  bool // there is a list
	shown   bool // the report that is open was chosen from it

	// Of the content that is shown.
	rows   []model.ReportRow
	search *widgets.Entry
	count  *widgets.Text
	list   *widgets.List
	place  *fyne.Container // of the list
}

// reportLister opens a report of the list, and closes the list.
type reportLister interface {
	openListed(file string)
	closeReports()
}

// reportsAtOnce are read before the list is shown again.
const reportsAtOnce = 50

// maxReports is more than anybody reads through; the command line counts more.
const maxReports = 10_000

// add reads files, a few at a time, and adds them to the list.
func (p *reportsPage) add(files []string) {
	files = slices.DeleteFunc(slices.Clone(files), func(path string) bool {
		return slices.ContainsFunc(p.all, func(b report.Brief) bool { return b.Path == path })
	})
	files = files[:min(len(files), max(0, maxReports-len(p.all)-p.reading))]
	p.listed, p.reading = true, p.reading+len(files)
	p.read(files)
}

func (p *reportsPage) read(paths []string) {
	now := paths[:min(len(paths), reportsAtOnce)]
	p.background(func(ctx context.Context) func() {
		var read []report.Brief
		for _, path := range now {
			if ctx.Err() == nil {
				read = append(read, report.ReadBrief(path))
			}
		}
		return func() {
			if !p.listed { // any more
				return
			}
			p.all, p.reading = append(p.all, read...), p.reading-len(now)
			if rest := paths[len(now):]; len(rest) > 0 {
				p.read(rest)
			}
			if p.place != nil {
				p.fill()
			}
		}
	})
}

// clear empties the list.
func (p *reportsPage) clear() {
	p.all, p.reading, p.filter, p.listed, p.shown = nil, 0, model.ReportFilter{}, false, false
}

func (p *reportsPage) build() fyne.CanvasObject {
	p.root, p.count, p.place = widgets.Stack(), widgets.Small(""), widgets.Stack()
	p.search = widgets.NewEntry(p.say("reports.search", nil), maxSearch)
	p.search.Text = p.filter.Text
	p.search.OnChanged = func(text string) {
		p.filter.Text = strings.TrimSpace(text)
		p.fill()
	}
	verdicts := []option{{"", p.say("reports.all-verdicts", nil)}}
	for _, v := range checks.Verdicts() {
		_, name := model.PastVerdict(p.words, v)
		verdicts = append(verdicts, option{string(v), name})
	}
	var orders []option
	for _, o := range model.ReportOrders() {
		orders = append(orders, option{string(o), p.say("reports.by-"+string(o), nil)})
	}
	verdict := choice(verdicts, string(p.filter.Verdict), func(value string) {
		p.filter.Verdict = checks.Verdict(value)
		p.fill()
	})
	order := choice(orders, string(p.order), func(value string) {
		p.order = model.ReportOrder(value)
		p.fill()
	})
	closes := widgets.NewButton(p.say("reports.close", nil), nil, p.reports.closeReports)
	head := widgets.BesideOrBelow(10, 160, title(p.say("section.reports", nil)), closes)
	p.fill()
	chosen := widgets.Columns(8, 0.5, 400, widgets.Bordered(verdict), widgets.Bordered(order))
	widgets.Replace(p.root, widgets.Below(widgets.Pad(gutter, gutter, 8, gutter, widgets.Column(8, head, p.search, chosen, p.count)),
		widgets.Pad(2, gutter, gutter, gutter, widgets.Card(p.place))))
	return p.root
}

func (p *reportsPage) initialFocus() fyne.Focusable { return p.search }
func (p *reportsPage) scrollPages(by float32)       { p.list.ScrollPages(by) }
func (p *reportsPage) refresh()                     {}
func (p *reportsPage) escape()                      { p.reports.closeReports() }

// longestRow is what is read as one line, in letters.
const longestRow = 72

// fill lists the reports that the filter selects.
func (p *reportsPage) fill() {
	p.rows = model.ReportRows(p.words, p.all, p.filter, p.order, func(err *report.ReadError) string { return readMistake(p.words, err, err.Path) })
	p.count.SetText(p.say("reports.count", checks.Args{"shown": len(p.rows), "all": len(p.all), "reading": p.reading}))
	p.list = widgets.NewList(func() int { return len(p.rows) }, func() fyne.CanvasObject {
		small := widgets.Font{Size: style.SizeSmall, Color: widgets.Muted, Ellipsis: true}
		lines := widgets.Column(0, widgets.NewText("", widgets.Font{Ellipsis: true}), widgets.NewText("", small), widgets.NewText("", small))
		return widgets.Pad(4, 10, 4, 10, widgets.Beside(10, true, widgets.SmallSign(""), lines, nil))
	}, func(i int, row fyne.CanvasObject) {
		beside := row.(*fyne.Container).Objects[0].(*fyne.Container).Objects
		lines := beside[1].(*fyne.Container).Objects
		beside[0].(*widgets.Sign).Set(style.Sign(p.rows[i].Sign))
		for n, text := range []string{p.rows[i].Title, p.rows[i].Verdict, p.rows[i].Cause} {
			lines[n].(*widgets.Text).SetText(untrusted.Truncate(untrusted.Line(text), longestRow)) // the names of files, too
		}
	}, func(i int) { p.reports.openListed(p.rows[i].Brief.Path) })
	p.place.Objects = []fyne.CanvasObject{p.list}
	p.place.Refresh()
}

// openListed shows a report of the list. Closing it leads back there.
func (w *Window) openListed(file string) {
	w.reportsPage.shown = true
	w.openReport(file)
}

// listReports adds reports to the list, and shows it.
func (w *Window) listReports(files []string) {
	w.closeReport()
	w.reportsPage.add(files)
	w.rebuild()
	w.frame.show("reports")
}

func (w *Window) closeReports() {
	w.reportsPage.clear()
	w.rebuild()
	w.frame.show("check")
}
