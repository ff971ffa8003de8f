package gui

import (
	"slices"

	"fyne.io/fyne/v2"

	"boxready/checks"
)

// section is an entry of the list on the left; the text "section."+id is its title.
type section struct {
	id       string
	page     page
	atBottom bool // at the bottom of the list
	// available reports whether there is something to show in it; nil: always. What isn't available is not in the list.
	available func() bool
}

// page is what a section shows. It may also have
//
//	refresh()  shows what has changed in the model
//	escape()   goes back, or stops what is under way
//	save()     saves what is shown
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
	asks := func() bool { return w.model.Current == nil || !w.model.Current.ReadOnly() } // a report asks nothing of its portal
	list := []section{
		{id: "check", page: w.checkPage},
		{id: "portals", page: &portalsPage{scaffold: scaffold{environment: w.environment}, dialogs: w.dialogs, runs: w.runs, portals: w}},
		{id: "requirements", page: w.requirementsPage, available: asks},
	}
	if w.params.Lists != nil {
		list = append(list, section{id: "allowlist", page: w.allowlistPage})
	}
	named := func() bool { return w.model.Current != nil }
	asked := func() bool { return named() && asks() }
	list = append(list, section{id: "server", page: w.serverPage, available: asked})
	if w.params.Access != nil {
		list = append(list, section{id: "events", page: w.eventsPage, available: asked})
	}
	list = append(list, section{id: "report", page: w.reportPage, available: named})
	if w.params.Access != nil {
		list = append(list, section{id: "sign-in", page: w.signInPage, atBottom: true, available: asks})
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
	// openGuide opens the guide through the sign-in, or what signs in again with the saved application.
	openGuide()
	// callAttention brings the window to the front. Where the system doesn't allow that, a notification says the texts.
	callAttention(title, text string)
	// portalChanged is called when another portal has become the current one.
	portalChanged()
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
func (w *Window) portalChanged()        { w.checkPage.reset() }

func (w *Window) openGuide() { w.signInPage.openGuide() }

// showResult opens a result of the last run.
func (w *Window) showResult(r checks.Result, key string) {
	w.checkPage.finding = nil
	w.frame.show("check")
	w.checkPage.show(r, key)
}
