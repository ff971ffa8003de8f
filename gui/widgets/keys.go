package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/lang"
	"fyne.io/fyne/v2/widget"
)

// Fyne sends a key to the focused widget only, so every focusable widget forwards the window's keys to the canvas, and scrolls
// into view when it gets the focus.

// forwardKey passes the keys of the window to the canvas's OnTypedKey, and reports whether e is one.
func forwardKey(o fyne.CanvasObject, e *fyne.KeyEvent) bool {
	switch e.Name {
	case fyne.KeyF1, fyne.KeyF5, fyne.KeyEscape, fyne.KeyPageUp, fyne.KeyPageDown:
	default:
		return false
	}
	if c := fyne.CurrentApp().Driver().CanvasForObject(o); c != nil && c.OnTypedKey() != nil {
		c.OnTypedKey()(e)
	}
	return true
}

// forwardShortcut passes a shortcut to the canvas.
func forwardShortcut(o fyne.CanvasObject, s fyne.Shortcut) {
	if c, ok := fyne.CurrentApp().Driver().CanvasForObject(o).(fyne.Shortcutable); ok {
		c.TypedShortcut(s)
	}
}

func copyLabel() string  { return lang.L("Copy") }
func pasteLabel() string { return lang.L("Paste") }

// Button is Fyne's button that forwards the window's keys and scrolls into view.
type Button struct {
	widget.Button
	// Deliberate is true if a key that is held down since before the button had the focus doesn't press it.
	Deliberate bool
	focused    bool
	down       fyne.KeyName // was pressed while the button had the focus
}

var _ desktop.Keyable = (*Button)(nil)

// NewButton returns a button; icon may be nil.
func NewButton(text string, icon fyne.Resource, tapped func()) *Button {
	b := &Button{}
	b.Text, b.Icon, b.OnTapped = text, icon, tapped
	b.ExtendBaseWidget(b)
	return b
}

// MinSize leaves more room beside a word than Fyne does.
func (b *Button) MinSize() fyne.Size {
	if b.Text == "" {
		return b.Button.MinSize()
	}
	return b.Button.MinSize().AddWidthHeight(14, 0)
}

// NewPrimary returns a page's primary button.
func NewPrimary(text string, icon fyne.Resource, tapped func()) *Button {
	b := NewButton(text, icon, tapped)
	b.Importance = widget.HighImportance
	return b
}

// NewLowEmphasis returns a button of low emphasis.
func NewLowEmphasis(text string, icon fyne.Resource, tapped func()) *Button {
	b := NewButton(text, icon, tapped)
	b.Importance = widget.LowImportance
	return b
}

// CreateRenderer is for Fyne.
func (b *Button) CreateRenderer() fyne.WidgetRenderer {
	return withFocusRing(b.Button.CreateRenderer(), func() bool { return b.focused })
}

// FocusGained is for Fyne.
func (b *Button) FocusGained() {
	b.focused = true
	b.Button.FocusGained()
	ScrollIntoView(b)
}

// FocusLost is for Fyne.
func (b *Button) FocusLost() {
	b.focused, b.down = false, ""
	b.Button.FocusLost()
}

// KeyDown is for Fyne, which doesn't call it again while a key is held down.
func (b *Button) KeyDown(e *fyne.KeyEvent) { b.down = e.Name }

// KeyUp is for Fyne.
func (b *Button) KeyUp(*fyne.KeyEvent) { b.down = "" }

// TypedKey is for Fyne; Enter presses, too.
func (b *Button) TypedKey(e *fyne.KeyEvent) {
	switch {
	case forwardKey(b, e):
	case b.Deliberate && b.down != e.Name:
	case e.Name == fyne.KeyReturn || e.Name == fyne.KeyEnter:
		b.Button.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	default:
		b.Button.TypedKey(e)
	}
}

// Entry is Fyne's entry that forwards the window's keys and takes no more than MaxLength characters: what is pasted into it
// may be anything.
type Entry struct {
	widget.Entry
	MaxLength int // in runes
	focused   bool
}

// NewEntry returns an entry of one line.
func NewEntry(placeholder string, maxLength int) *Entry {
	e := &Entry{MaxLength: maxLength}
	e.PlaceHolder = placeholder
	e.ExtendBaseWidget(e)
	return e
}

// CreateRenderer is for Fyne.
func (e *Entry) CreateRenderer() fyne.WidgetRenderer {
	return withFocusRing(e.Entry.CreateRenderer(), func() bool { return e.focused })
}

// FocusGained is for Fyne. What is in an entry of one line is selected, so that typing replaces it.
func (e *Entry) FocusGained() {
	e.focused = true
	e.Entry.FocusGained()
	if !e.MultiLine && e.Text != "" {
		e.Entry.TypedShortcut(&fyne.ShortcutSelectAll{})
	}
	ScrollIntoView(e)
}

// FocusLost is for Fyne.
func (e *Entry) FocusLost() {
	e.focused = false
	e.Entry.FocusLost()
}

// TypedKey is for Fyne.
func (e *Entry) TypedKey(k *fyne.KeyEvent) {
	if e.MultiLine && (k.Name == fyne.KeyPageUp || k.Name == fyne.KeyPageDown) || !forwardKey(e, k) {
		e.Entry.TypedKey(k)
	}
}

// AcceptsTab is for Fyne: the Tab key leaves an entry of several lines, too.
func (e *Entry) AcceptsTab() bool { return false }

// TypedRune is for Fyne.
func (e *Entry) TypedRune(r rune) {
	if len([]rune(e.Text)) < e.MaxLength {
		e.Entry.TypedRune(r)
	}
}

// TypedShortcut is for Fyne.
func (e *Entry) TypedShortcut(s fyne.Shortcut) {
	switch s := s.(type) {
	case *fyne.ShortcutPaste:
		e.paste(s.Clipboard)
	case *fyne.ShortcutCopy, *fyne.ShortcutCut, *fyne.ShortcutSelectAll, *fyne.ShortcutUndo, *fyne.ShortcutRedo:
		e.Entry.TypedShortcut(s)
	default:
		if custom, ok := s.(interface{ Mod() fyne.KeyModifier }); ok && custom.Mod() != 0 && moves(s) {
			e.Entry.TypedShortcut(s)
			return
		}
		forwardShortcut(e, s)
	}
}

// moves reports whether a shortcut moves an entry's cursor or deletes, by words or lines.
func moves(s fyne.Shortcut) bool {
	k, ok := s.(fyne.KeyboardShortcut)
	if !ok {
		return false
	}
	switch k.Key() {
	case fyne.KeyLeft, fyne.KeyRight, fyne.KeyUp, fyne.KeyDown, fyne.KeyHome, fyne.KeyEnd, fyne.KeyBackspace, fyne.KeyDelete:
		return true
	}
	return false
}

// paste pastes no more than fits: Fyne measures every letter of an entry on each change.
func (e *Entry) paste(from fyne.Clipboard) {
	if from == nil {
		return
	}
	text := from.Content()
	if len(text) > 4*e.MaxLength {
		text = text[:4*e.MaxLength]
	}
	runes := []rune(text)
	room := max(e.MaxLength-len([]rune(e.Text))+len([]rune(e.SelectedText())), 0)
	e.Entry.TypedShortcut(&fyne.ShortcutPaste{Clipboard: fixedClipboard(string(runes[:min(len(runes), room)]))})
}

// fixedClipboard is a clipboard with a fixed content.
type fixedClipboard string

func (c fixedClipboard) Content() string   { return string(c) }
func (c fixedClipboard) SetContent(string) {}

// Select is Fyne's select that forwards the window's keys.
type Select struct {
	widget.Select
	focused bool
}

// NewSelect returns a select; changed is called when the user chooses another option.
func NewSelect(options []string, chosen string, changed func(string)) *Select {
	s := &Select{}
	s.Options, s.Selected = options, chosen
	s.OnChanged = func(now string) {
		if now != chosen {
			chosen = now
			changed(now)
		}
	}
	s.ExtendBaseWidget(s)
	return s
}

// MinSize may be less than the longest option needs: one that is too long is cut with an ellipsis.
func (s *Select) MinSize() fyne.Size {
	return fyne.NewSize(min(s.Select.MinSize().Width, 160), s.Select.MinSize().Height)
}

// CreateRenderer is for Fyne.
func (s *Select) CreateRenderer() fyne.WidgetRenderer {
	return withFocusRing(s.Select.CreateRenderer(), func() bool { return s.focused })
}

// FocusGained is for Fyne.
func (s *Select) FocusGained() {
	s.focused = true
	s.Select.FocusGained()
	ScrollIntoView(s)
}

// FocusLost is for Fyne.
func (s *Select) FocusLost() {
	s.focused = false
	s.Select.FocusLost()
}

// TypedKey is for Fyne; Enter opens, too.
func (s *Select) TypedKey(e *fyne.KeyEvent) {
	switch {
	case forwardKey(s, e):
	case e.Name == fyne.KeyReturn || e.Name == fyne.KeyEnter:
		s.Select.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	default:
		s.Select.TypedKey(e)
	}
}
