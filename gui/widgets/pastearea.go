package widgets

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"boxready/gui/style"
	"boxready/internal/untrusted"
)

// PasteArea takes what is pasted into it, however long that is, and shows how it begins. Nothing can be typed there: Fyne's entry
// measures every letter again on each change.
type PasteArea struct {
	Pressable
	hint   string
	pasted func(text string)
	lines  *fyne.Container
}

// NewPasteArea returns an area of a height that shows hint while it is empty; pasted is called with all that is pasted.
func NewPasteArea(hint string, height float32, pasted func(text string)) *PasteArea {
	a := &PasteArea{hint: hint, pasted: pasted, lines: Column(2)}
	a.SetText("")
	a.init(a, &fyne.Container{Layout: minHeight{height}, Objects: []fyne.CanvasObject{Pad(8, 10, 8, 10, a.lines)}}, theme.ColorNameInputBackground, theme.ColorNameInputBorder, 6, func() {
		if c := fyne.CurrentApp().Driver().CanvasForObject(a); c != nil {
			c.Focus(a)
		}
	})
	return a
}

const (
	shownLines   = 4
	shownLetters = 200 // bytes of a line
)

// SetText shows how a text begins; the hint in place of "".
func (a *PasteArea) SetText(text string) {
	var lines []fyne.CanvasObject
	shown := 0
	for line := range strings.Lines(untrusted.Prefix(text, shownLines*shownLetters)) {
		shown += len(line)
		lines = append(lines, NewText(shownLine(line), Font{Mono: true, Size: style.SizeSmall, Ellipsis: true}))
		if len(lines) == shownLines {
			break
		}
	}
	switch {
	case lines == nil:
		lines = []fyne.CanvasObject{NewText(a.hint, Font{Color: Muted})}
	case shown < len(text):
		lines = append(lines, NewText("…", Font{Mono: true, Size: style.SizeSmall}))
	}
	a.lines.Objects = lines
	Relayout(a.lines)
}

// TypedShortcut is for Fyne.
func (a *PasteArea) TypedShortcut(s fyne.Shortcut) {
	if paste, ok := s.(*fyne.ShortcutPaste); ok {
		a.pasted(paste.Clipboard.Content())
		return
	}
	forwardShortcut(a, s)
}

// TappedSecondary shows the menu of a field.
func (a *PasteArea) TappedSecondary(e *fyne.PointEvent) {
	c := fyne.CurrentApp().Driver().CanvasForObject(a)
	if c == nil {
		return
	}
	paste := fyne.NewMenuItem(pasteLabel(), func() { a.pasted(fyne.CurrentApp().Clipboard().Content()) })
	widget.ShowPopUpMenuAtPosition(fyne.NewMenu("", paste), c, e.AbsolutePosition)
}

// minHeight gives its object all the space, and no less than a height.
type minHeight struct{ height float32 }

func (minHeight) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Resize(fyne.NewSize(size.Width, Fit(o, size.Width)))
	}
}

func (l minHeight) MinSize(objects []fyne.CanvasObject) fyne.Size {
	size := fyne.NewSize(0, l.height)
	for _, o := range objects {
		size = size.Max(o.MinSize())
	}
	return size
}
