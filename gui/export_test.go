package gui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/storage"

	"boxready/checks"
)

// Scenarios are the choices of the demo: the name of each and its faults behind it.
func Scenarios() (list [][]string) {
	for _, s := range scenarios {
		list = append(list, append([]string{s.id}, s.faults...))
	}
	return list
}

// Drop drops files on the window, which Fyne's test driver can't.
func (w *Window) Drop(paths ...string) {
	var files []fyne.URI
	for _, path := range paths {
		files = append(files, storage.NewFileURI(path))
	}
	w.dropped(fyne.Position{}, files)
}

// TakeServerAnswer and TakeOutside are called when a file has been chosen in Fyne's dialog.
func (w *Window) TakeServerAnswer(path string) { w.serverPage.takeFile(path) }
func (w *Window) TakeOutside(path string)      { w.serverPage.takeOutside(path) }

// Counted reports a check's progress as a run's goroutine does.
func (w *Window) Counted(id checks.ID, done, total int) {
	observer{w.runs, w.model.Current}.Progress(id, done, total)
}

// OpenGuide opens the guide through the sign-in, as other pages do.
func (w *Window) OpenGuide() { w.openGuide() }

// Compare compares the report that is shown with another one, as when that was chosen in Fyne's dialog.
func (w *Window) Compare(file string) { w.compareWith(file) }
