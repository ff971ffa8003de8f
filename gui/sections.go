package gui

import (
	"slices"
	"time"

	"fyne.io/fyne/v2"

	"boxready/checks"
	"boxready/internal/requirements"
	"boxready/internal/serverprobe"
)

// section is an entry of the list on the left; the text "section."+id is its title.
type section struct {
	id       string
	page     page
	atBottom bool // at the bottom of the list
	folded   bool // below the folder of what is needed less often
	unlisted bool // opened by other pages alone
	// available reports whether there is something to show in it; nil: always. What isn't available is not in the list.
	available func() bool
}

// page is what a section shows. It may also have
//
//	refresh()  shows what has changed in the model
//	escape()   goes back, or stops what is under way
//	save()     saves what is shown
//	resized()  fits to the page's size what doesn't by itself
type page interface {
	// build builds the content in the current language.
	build() fyne.CanvasObject
	// initialFocus is what gets the focus when the page is opened; nil for nothing.
	initialFocus() fyne.Focusable
	// scrollPages scrolls by pages, downwards if n is positive.
	scrollPages(n float32)
	// stopAnimations stops the animations, because another page is shown.
	stopAnimations()
}

// sections are those that the parameters allow, in order.
func (w *Window) sections() []section {
	named := func() bool { return w.model.Current != nil }
	asks := func() bool { return !named() || !w.model.Current.ReadOnly() } // a report asks nothing of its portal
	asked := func() bool { return named() && asks() }
	list := []section{
		{id: "check", page: w.checkPage},
		{id: "portals", page: &portalsPage{scaffold: scaffold{environment: w.environment}, dialogs: w.dialogs, runs: w.runs, sweep: w.sweep, portals: w}},
		{id: "reports", page: w.reportsPage, available: func() bool { return w.reportsPage.listed }},
		{id: "letters", page: w.lettersPage, available: func() bool { return w.model.Current != nil && w.model.Current.Outcome != nil }},
		{id: "report", page: w.reportPage, available: named},
		{id: "requirements", page: w.requirementsPage, available: asks},
		{id: "server", page: w.serverPage, available: asked, folded: true},
	}
	if w.params.Access != nil {
		list = append(list, section{id: "events", page: w.eventsPage, available: asked, folded: true}, section{id: "sign-in", page: w.signInPage, available: asked, unlisted: true})
	}
	if w.params.Lists != nil {
		list = append(list, section{id: "allowlist", page: w.allowlistPage, folded: true})
	}
	return append(list, section{id: "settings", page: w.settingsPage, atBottom: true})
}

func (w *Window) hasSection(id string) bool {
	return slices.ContainsFunc(w.frame.shown(), func(s section) bool { return s.id == id })
}

// navigator opens other pages.
type navigator interface {
	openSection(id string)
	isOpen(id string) bool
	hasSection(id string) bool
	// showResult opens a result of the last run. key is the row of the checklist to return to, "" for none.
	showResult(r checks.Result, key string)
	// openLetter opens the letter to an owner about the last run.
	openLetter(to checks.Owner)
	// openGuide opens the guide through the sign-in, or what signs in again with the saved application.
	openGuide()
	// callAttention brings the window to the front. Where the system doesn't allow that, a notification says the texts.
	callAttention(title, text string)
	// openLine opens a file of the report that is shown at a line, counted from 0.
	openLine(file string, line int)
	// find leads to the search in the report that is shown.
	find()
	// openChanges opens what changed since a kept run of the portal, which began at this time. Esc leads back.
	openChanges(since time.Time)
	// saveReport opens the report and asks where to save it.
	saveReport()
	openProbe(kind serverprobe.Kind)
	openOutside()
	openAllowlist(handlers requirements.Handlers)
}

// portalOpener opens other portals than the current one.
type portalOpener interface {
	openPortal(address string)
	newPortal()
	startDemo(faults []string)
	rebuild()
}

var (
	_ navigator    = (*Window)(nil)
	_ portalOpener = (*Window)(nil)
)

func (w *Window) openSection(id string) { w.frame.show(id) }
func (w *Window) isOpen(id string) bool { return w.frame.open == id }

// saveReport opens the report and asks where to save it.
func (w *Window) saveReport() {
	w.frame.show("report")
	w.reportPage.saveOnceMade()
}

// openChanges opens what changed since a kept run.
func (w *Window) openChanges(since time.Time) {
	w.frame.show("report")
	w.reportPage.past.show(since)
	w.reportPage.past.from = "check"
}

// openLetter opens a letter about the last run. Esc leads back.
func (w *Window) openLetter(to checks.Owner) {
	w.model.Current.Recipient = to
	w.frame.show("letters")
	w.lettersPage.opened = true
}

// openLine opens a file of the report that is shown at a line. Esc leads back.
func (w *Window) openLine(file string, line int) {
	w.reportPage.compared = comparedReports{}
	w.frame.show("report")
	w.reportPage.showLine(file, line)
}

func (w *Window) openGuide() { w.signInPage.openGuide() }

// showResult opens a result of the last run.
func (w *Window) showResult(r checks.Result, key string) {
	w.checkPage.finding = nil
	w.frame.show("check")
	w.checkPage.show(r, key)
}
