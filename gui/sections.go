package gui

import (
	"slices"

	"fyne.io/fyne/v2"
)

// section is an entry of the list on the left; the text "section."+id is its title.
type section struct {
	id   string
	page page
	low  bool // stands at the bottom of the list
}

// page is what a section shows. It may also have
//
//	refresh()               shows what has changed in the model
//	first() fyne.Focusable  what gets the focus when it is opened
//	turn(by float32)        scrolls by pages
//	hide()                  ends what moves, because another page is shown
//	escape()                goes back, or stops what is under way
type page interface {
	// build makes the content anew, in the language of the moment.
	build() fyne.CanvasObject
}

// filled are the sections that there is something to show in, in order; what this program can't do yet is not among them.
func (w *Window) filled() []section {
	list := []section{
		{id: "check", page: w.checkPage},
		{id: "portals", page: &portalsPage{Window: w}},
	}
	if w.p.Access != nil {
		list = append(list, section{id: "sign-in", page: w.signInPage, low: true})
	}
	return append(list, section{id: "settings", page: w.settingsPage, low: true})
}

func (w *Window) hasSection(id string) bool {
	return slices.ContainsFunc(w.frame.sections, func(s section) bool { return s.id == id })
}
