package gui

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"

	"boxready/checks"
	"boxready/internal/instance"
	"boxready/internal/report"
	"boxready/internal/words"
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
		w.requirementsPage.catalogue.open = false
		w.frame.show("requirements")
		w.requirementsPage.read(wanted)
	}
	if len(reports) > 0 {
		w.showReports(reports)
	}
}

// showReports shows report files, one below the other.
func (w *Window) showReports(files []string) {
	words, reporter := w.words, w.reportPage.reporter()
	w.background(func(context.Context) func() {
		var names, mistakes []string
		var text bytes.Buffer
		for _, file := range files {
			names = append(names, filepath.Base(file))
			saved, err := report.Read(file)
			if err == nil && len(saved.Altered) > 0 {
				mistakes = append(mistakes, words.Say("report-file.altered", checks.Args{"file": filepath.Base(file), "files": saved.Altered}))
			}
			if err == nil {
				if text.Len() > 0 {
					text.WriteString("\n\n")
				}
				err = reporter.WriteSaved(&text, saved, report.Style{})
			}
			if err != nil {
				mistakes = append(mistakes, readMistake(words, err, file))
			}
		}
		return func() { w.dialogs.showText(strings.Join(names, ", "), mistakes, text.String()) }
	})
}

// readMistake says why a report can't be shown.
func readMistake(words *words.Texts, err error, file string) string {
	reason, schema := report.ReadDamaged, 0
	var read *report.ReadError
	if errors.As(err, &read) {
		reason, schema = read.Reason, read.Schema
	}
	return words.Say("report-file.read."+string(reason), checks.Args{"file": filepath.Base(file), "schema": schema, "known": report.SchemaVersion})
}
