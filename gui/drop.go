package gui

import (
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"

	"boxready/checks"
)

// dropped takes files that were dropped on the window. Each goes where a button would take it: a report, requirements, the answer
// of the portal's server, or a run from outside.
func (w *Window) dropped(_ fyne.Position, files []fyne.URI) {
	if w.dialogs.shown() {
		return
	}
	var others []string
	for _, f := range files {
		if f.Scheme() != "file" {
			continue
		}
		path := filepath.FromSlash(f.Path())
		switch strings.ToLower(filepath.Ext(path)) {
		case ".txt", ".log", ".html", ".htm":
			w.droppedAboutServer(path, w.serverPage.takeFile)
		case ".json":
			w.droppedRun(path)
		default:
			others = append(others, path)
		}
	}
	w.open(others)
}

// droppedRun takes a run in JSON: one from outside while a portal is checked, or else one to look at.
func (w *Window) droppedRun(path string) {
	if s := w.model.Current; s == nil || s.ReadOnly() {
		w.open([]string{path})
		return
	}
	w.droppedAboutServer(path, w.serverPage.takeOutside)
}

// droppedAboutServer takes a file that is about the current portal.
func (w *Window) droppedAboutServer(path string, take func(path string)) {
	if w.model.Current == nil {
		w.dialogs.showMessage(w.say("drop.no-portal", nil), w.say("drop.no-portal-text", checks.Args{"file": filepath.Base(path)}))
		return
	}
	w.frame.show("server")
	take(path)
}
