package gui

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/storage"

	"boxready/checks"
	"boxready/gui/widgets"
	"boxready/internal/report"
)

// Fyne's own dialog for saving empties the file that is to be replaced before anything is written, and asks in English. So this
// one asks for name and folder itself, and leaves writing to who can do it in one step.

// saving is what is to be saved.
type saving struct {
	title string
	name  string // suggested
	hint  string // about the name; "" for none
	// write saves it under a path and returns where it is then. It is called off the Fyne thread.
	write func(path string) (string, error)
}

const maxPath = 1024

// saveAs asks where to save something, and does it. Then saved is called.
func (w *Window) saveAs(s saving, saved func(path string)) {
	if w.folder == "" {
		w.folder = w.p.Downloads
	}
	var save *widgets.Button
	replace := false // the owner has been told that there is such a file
	name := widgets.NewEntry("", maxPath)
	name.Text = s.name
	folder := widgets.NewText(w.folder, widgets.Font{Selectable: true})
	mistake := widgets.NewText("", widgets.Font{Color: widgets.Danger})
	mistake.Hide()
	complain := func(text string) {
		mistake.SetText(text)
		mistake.Hidden = text == ""
		save.SetText(w.say("save.save", nil))
		if replace {
			save.SetText(w.say("save.replace", nil))
		}
		w.fitDialog()
	}
	change := func() {
		if replace || !mistake.Hidden {
			replace = false
			complain("")
		}
	}
	name.OnChanged = func(string) { change() }
	try := func() {
		path, anyway := strings.TrimSpace(name.Text), replace
		if path == "" {
			return
		}
		if !filepath.IsAbs(path) {
			path = filepath.Join(w.folder, path)
		}
		asked := w.dialog
		save.Disable()
		w.background(func(context.Context) func() {
			if info, err := os.Stat(path); err == nil && !info.IsDir() && !anyway {
				return func() {
					save.Enable()
					replace = true
					complain(w.say("save.exists", checks.Args{"file": filepath.Base(path)}))
				}
			}
			at, err := s.write(path)
			return func() {
				save.Enable()
				if err != nil {
					replace = false
					complain(w.saveMistake(err, path))
					return
				}
				w.folder = filepath.Dir(at)
				if w.dialog == asked {
					w.closeDialog()
				}
				saved(at)
			}
		})
	}
	name.OnSubmitted = func(string) { try() }
	save = widgets.NewPrimary(w.say("save.save", nil), nil, try)
	other := widgets.NewLowEmphasis(w.say("save.other-folder", nil), nil, func() {
		w.pickFolder(func(path string) {
			w.folder = path
			folder.SetText(path)
			change()
			w.fitDialog()
		})
	})
	lines := []fyne.CanvasObject{heading(s.title), widgets.NewText(w.say("save.name", nil), widgets.Font{Color: widgets.Muted}), name}
	if s.hint != "" {
		lines = append(lines, widgets.Small(s.hint))
	}
	lines = append(lines, widgets.NewText(w.say("save.folder", nil), widgets.Font{Color: widgets.Muted}), widgets.BesideOrBelow(8, 240, folder, other), mistake,
		widgets.Flow(8, save, widgets.NewButton(w.say("sign-in.cancel", nil), nil, w.closeDialog)))
	w.showDialog(widgets.Column(10, lines...), name)
}

// saveMistake says why something could not be saved.
func (w *Window) saveMistake(err error, path string) string {
	var save *report.SaveError
	var leak *report.LeakError
	switch {
	case errors.As(err, &leak):
		return w.words.Say("cli-report.leak", checks.Args{"file": leak.File})
	case errors.As(err, &save):
		return w.words.Say("cli-report.save."+string(save.Reason), checks.Args{"file": save.Path})
	default:
		return w.words.Say("cli-report.save."+string(report.SaveOther), checks.Args{"file": path})
	}
}

// pickFolder lets the owner choose a folder.
func (w *Window) pickFolder(chosen func(path string)) {
	w.pick(dialog.NewFolderOpen(func(folder fyne.ListableURI, err error) {
		if err == nil && folder != nil {
			chosen(filepath.FromSlash(folder.Path()))
		}
	}, w.fyne), w.say("save.choose-folder", nil))
}

// pickFile lets the owner choose a file whose name ends in one of these.
func (w *Window) pickFile(title string, endings []string, chosen func(path string)) {
	d := dialog.NewFileOpen(func(file fyne.URIReadCloser, err error) {
		if err != nil || file == nil {
			return
		}
		_ = file.Close() // it was only opened
		chosen(filepath.FromSlash(file.URI().Path()))
	}, w.fyne)
	d.SetFilter(storage.NewExtensionFileFilter(endings))
	w.pick(d, title)
}

// pick shows one of Fyne's dialogs. Esc closes it.
func (w *Window) pick(d *dialog.FileDialog, title string) {
	d.SetTitleText(title)
	d.SetConfirmText(w.say("save.choose", nil))
	d.SetDismissText(w.say("sign-in.cancel", nil))
	if folder, err := storage.ListerForURI(storage.NewFileURI(cmp.Or(w.folder, w.p.Downloads))); err == nil {
		d.SetLocation(folder)
	}
	d.SetOnClosed(func() { w.chooser = nil })
	w.chooser = d
	d.Resize(w.fyne.Canvas().Size().SubtractWidthHeight(40, 60))
	d.Show()
}

// covered tells whether something is laid over the pages.
func (w *Window) covered() bool { return w.dialog != nil || w.chooser != nil }
