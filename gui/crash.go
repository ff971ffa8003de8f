package gui

import (
	"context"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/gui/style"
	"boxready/gui/widgets"
	"boxready/internal/crash"
	"boxready/internal/secret"
	"boxready/internal/untrusted"
)

// Crashes gives access to the report of an earlier crash; see crash.Log. Its methods are called off the Fyne thread.
type Crashes interface {
	Report() (*crash.Report, error)
	Path() string
	Delete() error
}

const (
	linesShown = 8   // lines of a report
	lineShown  = 200 // runes of each: one may be as long as all of it
)

// offerCrash offers the report of the last crash.
func (w *Window) offerCrash() {
	if w.params.Crashes == nil {
		return
	}
	w.background(func(context.Context) func() {
		report, err := w.params.Crashes.Report()
		if err != nil || report == nil {
			return nil // there is nothing to offer
		}
		report.Text = secret.Mask(report.Text) // a panic may quote a request
		path := w.params.Crashes.Path()
		return func() { w.showCrash(report, path) }
	})
}

func (w *Window) showCrash(r *crash.Report, path string) {
	lines := strings.Split(strings.TrimSpace(r.Text), "\n")
	lines = lines[:min(len(lines), linesShown)]
	for i, line := range lines {
		lines[i] = untrusted.Truncate(line, lineShown)
	}
	excerpt := strings.Join(lines, "\n")
	copies := w.copyButton("crash.copy", func() string {
		return w.params.versionLine() + "\n" + r.When.UTC().Format("2006-01-02 15:04:05 UTC") + "\n\n" + r.Text
	})
	folder := widgets.NewButton(w.say("settings.open-folder", nil), nil, func() { w.dialogs.openURL(fileURL(filepath.Dir(path))) })
	drop := widgets.NewButton(w.say("crash.delete", nil), nil, func() {
		w.dialogs.closeDialog()
		w.background(func(context.Context) func() {
			_ = w.params.Crashes.Delete() // it is offered again, then
			return nil
		})
	})
	later := widgets.NewButton(w.say("crash.later", nil), nil, w.dialogs.closeDialog)
	w.dialogs.showDialog(widgets.Column(12, heading(w.say("crash.title", nil)),
		widgets.NewText(w.say("crash.text", checks.Args{"when": model.When(w.words, r.When)}), widgets.Font{Selectable: true}),
		widgets.Inset(widgets.NewText(excerpt, widgets.Font{Size: style.SizeSmall, Mono: true, Selectable: true})),
		widgets.NewText(path, widgets.Font{Size: style.SizeSmall, Color: widgets.Muted, Selectable: true}),
		widgets.Flow(8, []fyne.CanvasObject{copies, folder, drop, later}...)), copies)
}
