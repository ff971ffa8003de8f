package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"boxready/gui/style"
)

// Text is a text without the padding that Fyne's label has around it.
type Text struct {
	Group
	label     *selectableLabel // one of the two
	paragraph *paragraph
}

// Font says how a text looks. The zero value is a plain one that wraps.
type Font struct {
	Size      fyne.ThemeSizeName // "": theme.SizeNameText
	Color     widget.Importance  // Muted or Wrong
	Bold      bool
	Mono      bool
	Centered  bool
	OneLine   bool // doesn't wrap
	Ellipsis  bool // what doesn't fit into its one line is cut with an ellipsis
	CanSelect bool // with the mouse
}

// Colours of texts.
const (
	Muted = widget.LowImportance    // explains
	Wrong = widget.DangerImportance // says what is wrong
)

// NewText returns a text.
func NewText(text string, font Font) *Text {
	t := &Text{}
	if !font.CanSelect {
		t.paragraph = newParagraph(text, font)
		t.init(t, Stack(t.paragraph))
		return t
	}
	l := &selectableLabel{}
	l.Text, l.SizeName, l.Importance, l.Selectable = text, font.Size, font.Color, true
	l.TextStyle = fyne.TextStyle{Bold: font.Bold, Monospace: font.Mono}
	l.Wrapping = fyne.TextWrapWord
	l.ExtendBaseWidget(l)
	t.label = l
	t.init(t, &fyne.Container{Layout: bleed{}, Objects: []fyne.CanvasObject{l}})
	return t
}

// Text is what it says.
func (t *Text) Text() string {
	if t.label != nil {
		return t.label.Text
	}
	return t.paragraph.text
}

// SetText changes it.
func (t *Text) SetText(text string) {
	switch {
	case t.Text() == text:
	case t.label != nil:
		t.label.SetText(text)
	default:
		t.paragraph.set(text)
	}
}

// bleed lets a label's padding stick out of the container.
type bleed struct{}

func (bleed) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	padding := theme.InnerPadding()
	for _, o := range objects {
		o.Move(fyne.NewPos(-padding, -padding))
		o.Resize(size.AddWidthHeight(2*padding, 2*padding))
	}
}

func (bleed) MinSize(objects []fyne.CanvasObject) fyne.Size {
	padding := theme.InnerPadding()
	size := stack{}.MinSize(objects).SubtractWidthHeight(2*padding, 2*padding)
	return fyne.NewSize(max(size.Width, 0), max(size.Height, 0))
}

// selectableLabel is Fyne's selectable label without its stop in the focus order: it would show no focus, and keep F5 and Esc
// for itself. What is selected with the mouse can be copied with Ctrl+C as usual.
type selectableLabel struct{ widget.Label }

// CreateRenderer is for Fyne.
func (s *selectableLabel) CreateRenderer() fyne.WidgetRenderer {
	r := s.Label.CreateRenderer()
	objects := r.Objects()
	inner, ok := objects[0].(selecting)
	if !ok || len(objects) != 2 {
		return r
	}
	m := &marker{inner: inner}
	m.ExtendBaseWidget(m)
	return &selectableRenderer{WidgetRenderer: r, marker: m, text: objects[1]}
}

type selectableRenderer struct {
	fyne.WidgetRenderer
	marker *marker
	text   fyne.CanvasObject
	width  float32 // that the text has been wrapped for
}

// Layout wraps the text anew only for another width; Fyne does for another height, too.
func (r *selectableRenderer) Layout(size fyne.Size) {
	if size.Width != r.width {
		r.width = size.Width
		r.text.Resize(size)
	}
	r.marker.Resize(size)
}

func (r *selectableRenderer) Refresh() {
	r.WidgetRenderer.Refresh()
	r.marker.Refresh()
}

func (r *selectableRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.marker, r.text}
}

// selecting is what Fyne's own selection of a label can do.
type selecting interface {
	fyne.Widget
	fyne.Focusable
	fyne.Shortcutable
	fyne.Draggable
	fyne.DoubleTappable
	fyne.SecondaryTappable
	desktop.Mouseable
	desktop.Cursorable
	SelectedText() string
}

// marker stands in for a label's selection. Fyne lets a disabled widget with SelectedText be focused with the mouse and gives
// it Ctrl+C, and leaves it out of the focus order.
type marker struct {
	widget.BaseWidget
	inner selecting
}

var _ selecting = (*marker)(nil)

func (m *marker) CreateRenderer() fyne.WidgetRenderer { return m.inner.CreateRenderer() }

func (m *marker) Enable()        {}
func (m *marker) Disable()       {}
func (m *marker) Disabled() bool { return true }

func (m *marker) SelectedText() string { return m.inner.SelectedText() }

func (m *marker) focus() {
	if c := fyne.CurrentApp().Driver().CanvasForObject(m); c != nil {
		c.Focus(m)
	}
}

func (m *marker) FocusGained() { m.inner.FocusGained(); m.show() }
func (m *marker) FocusLost()   { m.inner.FocusLost(); m.show() }

func (m *marker) TypedRune(rune)                {}
func (m *marker) TypedKey(e *fyne.KeyEvent)     { passUp(m, e) }
func (m *marker) Cursor() desktop.Cursor        { return m.inner.Cursor() }
func (m *marker) DragEnd()                      { m.inner.DragEnd(); m.show() }
func (m *marker) Dragged(e *fyne.DragEvent)     { m.focus(); m.inner.Dragged(e); m.show() }
func (m *marker) MouseUp(e *desktop.MouseEvent) { m.inner.MouseUp(e); m.show() }

func (m *marker) MouseDown(e *desktop.MouseEvent) { m.focus(); m.inner.MouseDown(e); m.show() }

func (m *marker) DoubleTapped(e *fyne.PointEvent) { m.focus(); m.inner.DoubleTapped(e); m.show() }

// TappedSecondary offers to copy; Fyne's own menu would ask a canvas that doesn't know the inner selection.
func (m *marker) TappedSecondary(e *fyne.PointEvent) {
	c := fyne.CurrentApp().Driver().CanvasForObject(m)
	if c == nil || m.SelectedText() == "" {
		return
	}
	item := fyne.NewMenuItem(copyWord(), func() { fyne.CurrentApp().Clipboard().SetContent(m.SelectedText()) })
	widget.ShowPopUpMenuAtPosition(fyne.NewMenu("", item), c, e.AbsolutePosition)
}

func (m *marker) TypedShortcut(s fyne.Shortcut) {
	if _, ok := s.(*fyne.ShortcutCopy); ok {
		m.inner.TypedShortcut(s)
		return
	}
	passUpShortcut(m, s)
}

// show paints what is selected: the inner selection isn't on the canvas itself.
func (m *marker) show() {
	m.Refresh()
	canvas.Refresh(m)
}

// Heading is a bold text that opens a card.
func Heading(text string) *Text { return NewText(text, Font{Bold: true, CanSelect: true}) }

// Small is a small text that explains.
func Small(text string) *Text { return NewText(text, Font{Size: style.SizeSmall, Color: Muted}) }
