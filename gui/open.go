package gui

import (
	"os"

	"boxready/internal/instance"
)

// Open shows files that a person opened with BoxReady: requirements and reports. An open dialog is closed, as Esc does.
// It may be called from any goroutine.
func (w *Window) Open(files []string) {
	w.do(func() {
		w.fyne.RequestFocus()
		if len(files) == 0 {
			return
		}
		if w.dialogs.chooser != nil {
			w.dialogs.chooser.Dismiss()
		}
		w.dialogs.closeDialog()
		w.open(files)
	})
}

// blocks reports whether opening a file might never end, as with a pipe that was unpacked from somebody's archive.
func blocks(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.Mode().IsRegular() && !info.IsDir()
}

func (w *Window) open(files []string) {
	var wanted, reports []string
	for _, file := range files {
		if instance.IsReport(file) {
			reports = append(reports, file)
		} else {
			wanted = append(wanted, file)
		}
	}
	if len(wanted) > 0 {
		w.closeReport()
		w.requirementsPage.catalogue.open = false
		w.frame.show("requirements")
		w.requirementsPage.read(wanted)
	}
	switch {
	case len(reports) > 1:
		w.listReports(reports)
	case len(reports) == 1:
		w.reportsPage.shown = false
		w.openReport(reports[0])
	}
}
