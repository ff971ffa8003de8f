package gui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// section is an entry of the list on the left: its title is the text "section."+id.
type section struct {
	id   string
	page page
	low  bool // stands at the bottom of the list
}

// page is what a section shows.
type page interface {
	// build makes the page's content anew, in the language of the moment.
	build() fyne.CanvasObject
}

// sections are those that are filled; what this program can't do yet isn't shown.
func (w *Window) sections() []section {
	return []section{
		{id: "check", page: &checkPage{Window: w}},
	}
}

func (w *Window) firstSection() string { return "check" }

// addShortcuts binds keys that work on every page.
func (w *Window) addShortcuts() {
	canvas := w.fyne.Canvas()
	for i := range 9 {
		canvas.AddShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyName(rune('1' + i)), Modifier: fyne.KeyModifierControl}, func(fyne.Shortcut) {
			if sections := w.frame.sections; i < len(sections) {
				w.frame.show(sections[i].id)
			}
		})
	}
}
