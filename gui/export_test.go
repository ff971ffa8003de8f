package gui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/storage"
)

// Drop drops files on the window, which Fyne's test driver can't.
func (w *Window) Drop(paths ...string) {
	var files []fyne.URI
	for _, path := range paths {
		files = append(files, storage.NewFileURI(path))
	}
	w.dropped(fyne.Position{}, files)
}
