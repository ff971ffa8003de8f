package gui

import (
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"

	"boxready/checks"
	"boxready/internal/instance"
)

// dropped takes files that were dropped on the window. Each goes where a button would take it: a report, requirements, the answer
// of the portal's server, or a run from outside.
func (w *Window) dropped(_ fyne.Position, files []fyne.URI) {
	if w.dialogs.shown() {
		return
	}
	var paths, others []string
	reports := 0
	for _, f := range files {
		if f.Scheme() == "file" {
			path := filepath.FromSlash(f.Path())
			if paths = append(paths, path); instance.IsReport(path) {
				reports++
			}
		}
	}
	if reports > 1 { // of the portal's server there is one answer
		w.open(paths)
		return
	}
	for _, path := range paths {
		switch strings.ToLower(filepath.Ext(path)) {
		case ".txt", ".log", ".html", ".htm":
			w.droppedAboutServer(path, w.serverPage.takeFile)
		case ".json":
			w.droppedAboutServer(path, w.serverPage.takeOutside)
		default:
			others = append(others, path)
		}
	}
	w.open(others)
}

// droppedAboutServer takes a file that is about the current portal. While none is checked, what may be a report is opened as one.
func (w *Window) droppedAboutServer(path string, take func(path string)) {
	switch {
	case w.hasSection("server"):
		w.frame.show("server")
		take(path)
	case instance.IsReport(path):
		w.open([]string{path})
	default:
		w.dialogs.showMessage(w.say("drop.no-portal", nil), w.say("drop.no-portal-text", checks.Args{"file": filepath.Base(path)}))
	}
}
