package gui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// addKeys binds the keys that work whatever has the focus: F5 checks, Esc stops or goes back, Ctrl+1… opens a section, Ctrl+S
// saves what a page shows, Page Up and Page Down turn pages.
func (w *Window) addKeys() {
	canvas := w.fyne.Canvas()
	canvas.SetOnTypedKey(w.typedKey)
	for i := range 9 {
		canvas.AddShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyName(rune('1' + i)), Modifier: fyne.KeyModifierControl}, func(fyne.Shortcut) {
			if sections := w.frame.shown(); i < len(sections) && !w.dialogs.shown() {
				w.frame.show(sections[i].id)
			}
		})
	}
	canvas.AddShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyS, Modifier: fyne.KeyModifierControl}, func(fyne.Shortcut) {
		if p, ok := w.frame.page().(interface{ save() }); ok && !w.dialogs.shown() {
			p.save()
		}
	})
	canvas.AddShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyLeft, Modifier: fyne.KeyModifierAlt}, func(fyne.Shortcut) {
		if !w.dialogs.shown() && w.checkPage.finding != nil {
			w.checkPage.back()
		}
	})
}

func (w *Window) typedKey(e *fyne.KeyEvent) {
	if w.dialogs.chooser != nil {
		if e.Name == fyne.KeyEscape {
			w.dialogs.chooser.Dismiss()
		}
		return
	}
	if w.dialogs.popup != nil {
		if e.Name == fyne.KeyEscape {
			w.dialogs.closeDialog()
		}
		return
	}
	switch e.Name {
	case fyne.KeyF5:
		w.frame.show("check")
		w.checkPage.checkTyped()
	case fyne.KeyEscape:
		if w.escapeReport() {
			return
		}
		if p, ok := w.frame.page().(interface{ escape() }); ok {
			p.escape()
		}
	case fyne.KeyPageDown:
		w.frame.page().scrollPages(1)
	case fyne.KeyPageUp:
		w.frame.page().scrollPages(-1)
	}
}
