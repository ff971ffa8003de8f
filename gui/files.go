package gui

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"

	"boxready/checks"
	"boxready/gui/widgets"
	"boxready/internal/report"
)

// Fyne's own dialog for saving empties the file that is to be replaced before anything is written. So this one asks for name and folder itself, and leaves writing to the caller, who can do it atomically.

// saving is what is to be saved.
type saving struct {
	title string
	name  string // suggested
	also  string // the name of another file that is written to the same folder; "" for none
	hint  string // about the name; "" for none
	keeps bool   // write leaves a file that is there, and takes another name: nobody has to be asked
	// write saves it under a path and returns where it is then. It is called off the Fyne thread.
	write func(path string) (string, error)
}

// existing is the name of a file that would be overwritten; "" for none.
func (s saving) existing(path string) string {
	if s.keeps {
		return ""
	}
	files := []string{path}
	if s.also != "" {
		files = append(files, filepath.Join(filepath.Dir(path), s.also))
	}
	for _, file := range files {
		if info, err := os.Stat(file); err == nil && !info.IsDir() {
			return filepath.Base(file)
		}
	}
	return ""
}

const maxPath = 1024

// saveAs asks where to save something, and does it. Then saved is called.
func (d *dialogs) saveAs(s saving, saved func(path string)) {
	in := d.lastFolder()
	var save *widgets.Button
	replace := false // the owner was asked whether to replace the file
	name := widgets.NewEntry("", maxPath)
	name.Text = s.name
	folder := widgets.NewText(in, widgets.Font{Selectable: true})
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
			path = filepath.Join(in, path)
		}
		asked, write := d.popup, s.write
		save.Disable()
		d.background(func(context.Context) func() {
			if there := s.existing(path); there != "" && !overwrite {
				return func() {
					save.Enable()
					replace = true
					setMistake(d.say("save.exists", checks.Args{"file": there}))
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
				d.rememberFolder(filepath.Dir(at))
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
			in = path
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

// shown reports whether a dialog is open.
func (d *dialogs) shown() bool { return d.popup != nil || d.chooser != nil }
