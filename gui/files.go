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
// one asks for name and folder itself, and leaves writing to the caller, who can do it atomically.

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
func (d *dialogs) saveAs(s saving, saved func(path string)) {
	if d.folder == "" {
		d.folder = d.params.Downloads
	}
	var save *widgets.Button
	replace := false // the owner was asked whether to replace the file
	name := widgets.NewEntry("", maxPath)
	name.Text = s.name
	folder := widgets.NewText(d.folder, widgets.Font{Selectable: true})
	mistake := widgets.NewText("", widgets.Font{Color: widgets.Danger})
	mistake.Hide()
	setMistake := func(text string) {
		mistake.SetText(text)
		mistake.Hidden = text == ""
		save.SetText(d.say("save.save", nil))
		if replace {
			save.SetText(d.say("save.replace", nil))
		}
		d.fit()
	}
	change := func() {
		if replace || !mistake.Hidden {
			replace = false
			setMistake("")
		}
	}
	name.OnChanged = func(string) { change() }
	try := func() {
		path, overwrite := strings.TrimSpace(name.Text), replace
		if path == "" {
			return
		}
		if !filepath.IsAbs(path) {
			path = filepath.Join(d.folder, path)
		}
		asked, write := d.popup, s.write
		save.Disable()
		d.background(func(context.Context) func() {
			if info, err := os.Stat(path); err == nil && !info.IsDir() && !overwrite {
				return func() {
					save.Enable()
					replace = true
					setMistake(d.say("save.exists", checks.Args{"file": filepath.Base(path)}))
				}
			}
			at, err := write(path)
			return func() {
				save.Enable()
				if err != nil {
					replace = false
					setMistake(d.saveMistake(err, path))
					return
				}
				d.folder = filepath.Dir(at)
				if d.popup == asked {
					d.closeDialog()
				}
				saved(at)
			}
		})
	}
	name.OnSubmitted = func(string) { try() }
	save = widgets.NewPrimary(d.say("save.save", nil), nil, try)
	other := widgets.NewLowEmphasis(d.say("save.other-folder", nil), nil, func() {
		d.pickFolder(func(path string) {
			d.folder = path
			folder.SetText(path)
			change()
			d.fit()
		})
	})
	lines := []fyne.CanvasObject{heading(s.title), widgets.NewText(d.say("save.name", nil), widgets.Font{Color: widgets.Muted}), name}
	if s.hint != "" {
		lines = append(lines, widgets.Small(s.hint))
	}
	lines = append(lines, widgets.NewText(d.say("save.folder", nil), widgets.Font{Color: widgets.Muted}), widgets.BesideOrBelow(8, 240, folder, other), mistake,
		widgets.Flow(8, save, widgets.NewButton(d.say("sign-in.cancel", nil), nil, d.closeDialog)))
	d.showDialog(widgets.Column(10, lines...), name)
}

// saveMistake says why something could not be saved.
func (d *dialogs) saveMistake(err error, path string) string {
	var save *report.SaveError
	var leak *report.LeakError
	switch {
	case errors.As(err, &leak):
		return d.words.Say("report-file.leak", checks.Args{"file": leak.File})
	case errors.As(err, &save):
		return d.words.Say("report-file.save."+string(save.Reason), checks.Args{"file": save.Path})
	default:
		return d.words.Say("report-file.save."+string(report.SaveOther), checks.Args{"file": path})
	}
}

// pickFolder lets the owner choose a folder.
func (d *dialogs) pickFolder(chosen func(path string)) {
	d.pick(dialog.NewFolderOpen(func(folder fyne.ListableURI, err error) {
		if err == nil && folder != nil {
			chosen(filepath.FromSlash(folder.Path()))
		}
	}, d.fyne), d.say("save.choose-folder", nil))
}

// pickFile lets the owner choose a file whose name ends in one of these.
func (d *dialogs) pickFile(title string, endings []string, chosen func(path string)) {
	chooser := dialog.NewFileOpen(func(file fyne.URIReadCloser, err error) {
		if err != nil || file == nil {
			return
		}
		_ = file.Close() // it was only opened
		chosen(filepath.FromSlash(file.URI().Path()))
	}, d.fyne)
	chooser.SetFilter(storage.NewExtensionFileFilter(endings))
	d.pick(chooser, title)
}

// pick shows one of Fyne's dialogs. Esc closes it.
func (d *dialogs) pick(chooser *dialog.FileDialog, title string) {
	chooser.SetTitleText(title)
	chooser.SetConfirmText(d.say("save.choose", nil))
	chooser.SetDismissText(d.say("sign-in.cancel", nil))
	if folder, err := storage.ListerForURI(storage.NewFileURI(cmp.Or(d.folder, d.params.Downloads))); err == nil {
		chooser.SetLocation(folder)
	}
	chooser.SetOnClosed(func() { d.chooser = nil })
	d.chooser = chooser
	chooser.Resize(d.fyne.Canvas().Size().SubtractWidthHeight(40, 60))
	chooser.Show()
}

// shown reports whether a dialog is open.
func (d *dialogs) shown() bool { return d.popup != nil || d.chooser != nil }
