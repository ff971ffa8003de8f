package gui

import (
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"boxready/gui/widgets"
)

// keyBinding is what keys do that work whatever has the focus.
type keyBinding struct {
	keys   []fyne.KeyName
	with   fyne.KeyModifier // 0: the keys alone
	id     string           // the text "keys."+id says what they do; "" for what the list of keys doesn't show
	shown  string           // as the list shows the keys
	dialog bool             // works while a dialog is open, too
	do     func()
}

// keyBindings are bound by addKeys and listed by showKeys.
func (w *Window) keyBindings() []keyBinding {
	const ctrl = fyne.KeyModifierControl
	bindings := []keyBinding{
		{keys: []fyne.KeyName{fyne.KeyF5}, id: "check", shown: "F5", do: func() {
			if !w.isOpen("check") { // building the page anew would leave the old one in Fyne's caches for a while
				w.frame.show("check")
			}
			w.checkPage.checkTyped()
		}},
		{keys: []fyne.KeyName{fyne.KeyEscape}, id: "escape", shown: "Esc", dialog: true, do: w.escape},
		{keys: []fyne.KeyName{fyne.KeyLeft}, with: fyne.KeyModifierAlt, id: "back", shown: "Alt+←", do: func() {
			if w.isOpen("check") && w.checkPage.finding != nil {
				w.checkPage.back()
			}
		}},
		{keys: []fyne.KeyName{fyne.KeyS}, with: ctrl, id: "save", shown: "Ctrl+S", do: func() {
			if p, ok := w.frame.page().(interface{ save() }); ok {
				p.save()
			}
		}},
		{keys: []fyne.KeyName{fyne.KeyF}, with: ctrl, id: "find", shown: "Ctrl+F", do: w.find},
		{id: "section", shown: "Ctrl+1 … Ctrl+9"},
		{id: "pages", shown: "Page Up, Page Down"},
		{keys: []fyne.KeyName{fyne.KeyPageDown}, do: func() { w.frame.page().scrollPages(1) }},
		{keys: []fyne.KeyName{fyne.KeyPageUp}, do: func() { w.frame.page().scrollPages(-1) }},
		// The plus is above another key on some keyboards, and needs Shift on others.
		{keys: []fyne.KeyName{fyne.KeyPlus, fyne.KeyEqual}, with: ctrl, id: "larger", shown: "Ctrl++", dialog: true, do: func() { w.zoomBy(1) }},
		{keys: []fyne.KeyName{fyne.KeyPlus, fyne.KeyEqual}, with: ctrl | fyne.KeyModifierShift, dialog: true, do: func() { w.zoomBy(1) }},
		{keys: []fyne.KeyName{fyne.KeyMinus}, with: ctrl, id: "smaller", shown: "Ctrl+−", dialog: true, do: func() { w.zoomBy(-1) }},
		{keys: []fyne.KeyName{fyne.Key0}, with: ctrl, id: "normal", shown: "Ctrl+0", dialog: true, do: func() { w.setZoom(100, nil) }},
		{keys: []fyne.KeyName{fyne.KeyF1}, id: "list", shown: "F1", do: w.showKeys},
	}
	for i := range 9 {
		bindings = append(bindings, keyBinding{keys: []fyne.KeyName{fyne.KeyName(strconv.Itoa(i + 1))}, with: ctrl, do: func() {
			if sections := w.frame.listed(); i < len(sections) {
				w.frame.show(sections[i].id)
			}
		}})
	}
	return bindings
}

// addKeys binds the keys.
func (w *Window) addKeys() {
	canvas := w.fyne.Canvas()
	alone := map[fyne.KeyName]func(){}
	for _, b := range w.keyBindings() {
		do := func() {
			if b.dialog || !w.dialogs.shown() {
				b.do()
			}
		}
		for _, key := range b.keys {
			if b.with == 0 {
				alone[key] = do
				continue
			}
			canvas.AddShortcut(&desktop.CustomShortcut{KeyName: key, Modifier: b.with}, func(fyne.Shortcut) { do() })
		}
	}
	canvas.SetOnTypedKey(func(e *fyne.KeyEvent) {
		if do := alone[e.Name]; do != nil {
			do()
		}
	})
}

// escape closes a dialog, or stops or leaves what the page shows.
func (w *Window) escape() {
	switch {
	case w.dialogs.chooser != nil:
		w.dialogs.chooser.Dismiss()
	case w.dialogs.popup != nil:
		w.dialogs.closeDialog()
	default:
		if w.escapeReport() {
			return
		}
		if p, ok := w.frame.page().(interface{ escape() }); ok {
			p.escape()
		}
	}
}

// showKeys lists the keys.
func (w *Window) showKeys() {
	lines := []fyne.CanvasObject{heading(w.say("keys.title", nil))}
	for _, b := range w.keyBindings() {
		if b.id != "" {
			lines = append(lines, widgets.NameValue(widgets.NewText(b.shown, widgets.Font{Bold: true}), widgets.NewText(w.say("keys."+b.id, nil), widgets.Font{})))
		}
	}
	done := widgets.NewPrimary(w.say("close", nil), nil, w.dialogs.closeDialog)
	w.dialogs.showDialog(widgets.Column(6, append(lines, widgets.Flow(8, done))...), done)
}
