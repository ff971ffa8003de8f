package gui

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"boxready/gui/store"
	"boxready/gui/widgets"
)

// Fyne reaches the system's own dialog for files in a Flatpak alone, and names the places in its dialog in English. So this one
// shows the folders itself.

// chooser lets the owner choose a file or a folder. It is shown over the window, and over an open dialog.
type chooser struct {
	*dialogs
	title   string
	endings []string // of files; nil to choose a folder
	chosen  func(path string)

	popup   *widget.PopUp
	before  fyne.Focusable // had the focus
	folder  string
	entries []entry
	path    *widgets.Entry
	note    *widgets.Text // in place of the entries, if there are none
	list    *widgets.List
}

// entry is what is in a folder.
type entry struct {
	name   string
	folder bool
}

// pickFolder lets the owner choose a folder.
func (d *dialogs) pickFolder(chosen func(path string)) {
	d.pick(&chooser{title: d.say("save.choose-folder", nil), chosen: chosen})
}

// pickFile lets the owner choose a file whose name ends in one of these.
func (d *dialogs) pickFile(title string, endings []string, chosen func(path string)) {
	d.pick(&chooser{title: title, endings: endings, chosen: chosen})
}

func (d *dialogs) pick(c *chooser) {
	c.dialogs, d.chooser, c.before = d, c, d.fyne.Canvas().Focused()
	c.path = widgets.NewEntry("", maxPath)
	c.path.OnSubmitted = func(path string) { c.open(path) }
	c.note = widgets.NewText("", widgets.Font{Color: widgets.Muted})
	c.list = widgets.NewList(func() int { return len(c.entries) }, func() fyne.CanvasObject {
		return widgets.Pad(6, 10, 6, 10, widgets.Beside(8, false, widget.NewIcon(theme.FolderIcon()), widgets.NewText("", widgets.Font{Ellipsis: true}), nil))
	}, c.fillRow, c.press)
	home, _ := os.UserHomeDir() // "" if there is none
	places := widgets.Flow(6, widgets.NewButton(c.say("choose.up", nil), theme.MoveUpIcon(), func() { c.open(filepath.Dir(c.folder)) }))
	for _, place := range []struct{ key, path string }{{"choose.home", home}, {"choose.downloads", c.params.Downloads}} {
		if place.path != "" {
			places.Add(widgets.NewLowEmphasis(c.say(place.key, nil), nil, func() { c.open(place.path) }))
		}
	}
	buttons := widgets.Flow(8)
	if c.endings == nil {
		buttons.Add(widgets.NewPrimary(c.say("choose.folder", nil), nil, func() { c.take(c.folder) }))
	}
	buttons.Add(widgets.NewButton(c.say("sign-in.cancel", nil), nil, c.Dismiss))
	head := widgets.Column(8, heading(c.title), widgets.NewText(c.say("choose.path", nil), widgets.Font{Color: widgets.Muted}), c.path, places, c.note)
	content := widgets.Below(head, widgets.Above(c.list, widgets.Pad(10, 0, 0, 0, buttons)))
	c.popup = widget.NewModalPopUp(widgets.Pad(12, 14, 12, 14, content), c.fyne.Canvas())
	c.fit()
	c.popup.Show()
	c.open(c.lastFolder())
}

// lastFolder is the one in which a file was saved or chosen last.
func (d *dialogs) lastFolder() string { return cmp.Or(d.settings().Folder, d.params.Downloads) }

// rememberFolder saves in which folder a file was saved or chosen.
func (d *dialogs) rememberFolder(folder string) {
	if folder != d.settings().Folder {
		d.saveSettings(func(s *store.Settings) { s.Folder = folder }, nil)
	}
}

// forgetLostFolder forgets the last folder if it is gone, e.g. with the stick that it was on.
func (w *Window) forgetLostFolder() {
	folder := w.settings().Folder
	if folder == "" {
		return
	}
	w.background(func(context.Context) func() {
		if info, err := os.Stat(folder); err == nil && info.IsDir() {
			return nil
		}
		return func() { w.params.Store.SetSettings(func(s *store.Settings) { s.Folder = "" }) }
	})
}

func (c *chooser) fit() {
	size := c.fyne.Canvas().Size()
	c.popup.Resize(fyne.NewSize(min(640, size.Width-40), min(560, size.Height-40)))
}

// Dismiss closes it; nothing is chosen.
func (c *chooser) Dismiss() {
	c.dialogs.chooser = nil
	c.popup.Hide()
	if c.before != nil {
		c.focusOn(c.before)
	}
}

func (c *chooser) take(path string) {
	folder := path
	if c.endings != nil {
		folder = filepath.Dir(path)
	}
	c.rememberFolder(folder)
	c.Dismiss()
	c.chosen(path)
}

// open shows a folder; or takes a file whose path was typed.
func (c *chooser) open(path string) {
	path = strings.TrimSpace(path)
	if !filepath.IsAbs(path) {
		path = filepath.Join(c.folder, path)
	}
	c.show(path, nil, c.say("choose.reading", nil))
	c.background(func(context.Context) func() {
		entries, err := readFolder(path, c.endings)
		info, isFile := os.Stat(path)
		return func() {
			switch {
			case c.dialogs.chooser != c || c.folder != path:
			case err == nil && len(entries) > 0:
				c.show(path, entries, "")
				c.focusOn(c.list)
			case err == nil && c.endings == nil:
				c.show(path, nil, c.say("choose.no-folders", nil))
			case err == nil:
				c.show(path, nil, c.say("choose.empty", nil))
			case isFile == nil && !info.IsDir() && c.endings != nil:
				c.take(path)
			default:
				c.show(path, nil, c.say("choose.unreadable", nil))
				c.focusOn(c.path)
			}
		}
	})
}

// show shows what is in a folder, or a note.
func (c *chooser) show(folder string, entries []entry, note string) {
	c.folder, c.entries = folder, entries
	c.path.SetText(folder)
	c.note.SetText(note)
	c.note.Hidden = note == ""
	c.list.ScrollToTop()
	c.list.Refresh()
	c.popup.Content.Refresh()
}

func (c *chooser) fillRow(i int, row fyne.CanvasObject) {
	line := row.(*fyne.Container).Objects[0].(*fyne.Container)
	icon := theme.FileIcon()
	if c.entries[i].folder {
		icon = theme.FolderIcon()
	}
	line.Objects[0].(*widget.Icon).SetResource(icon)
	line.Objects[1].(*widgets.Text).SetText(c.entries[i].name)
}

func (c *chooser) press(i int) {
	path := filepath.Join(c.folder, c.entries[i].name)
	if c.entries[i].folder {
		c.open(path)
	} else {
		c.take(path)
	}
}

// readFolder lists the folders in a folder, and below them its files with one of these endings. What is hidden is left out.
func readFolder(path string, endings []string) (entries []entry, err error) {
	files, err := os.ReadDir(path)
	for _, file := range files {
		name, folder := file.Name(), file.IsDir()
		if strings.HasPrefix(name, ".") {
			continue
		}
		if file.Type()&os.ModeSymlink != 0 {
			info, err := os.Stat(filepath.Join(path, name))
			folder = err == nil && info.IsDir()
		}
		if folder || slices.Contains(endings, strings.ToLower(filepath.Ext(name))) {
			entries = append(entries, entry{name, folder})
		}
	}
	slices.SortFunc(entries, func(a, b entry) int {
		if a.folder != b.folder {
			if a.folder {
				return -1
			}
			return 1
		}
		return strings.Compare(strings.ToLower(a.name), strings.ToLower(b.name))
	})
	return entries, err
}
