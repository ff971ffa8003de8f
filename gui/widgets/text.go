package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"boxready/gui/style"
	"boxready/internal/untrusted"
)

// Text is a text without the padding that Fyne's label has around it.
type Text struct {
	Group
	label     *selectableLabel // one of the two
	paragraph *paragraph
	font      Font
	longest   float32 // width of a line; 0 for any
}

// Font is how a text looks. The zero value is a plain one that wraps.
type Font struct {
	Size       fyne.ThemeSizeName // "": theme.SizeNameText
	Color      widget.Importance  // Muted, Danger, or one of a sign
	Bold       bool
	Mono       bool
	Centered   bool
	OneLine    bool // doesn't wrap
	Ellipsis   bool // what doesn't fit into its one line is cut with an ellipsis
	Selectable bool // with the mouse
}

// Colours of texts.
const (
	Muted  = widget.LowImportance    // explains
	Danger = widget.DangerImportance // says what is wrong
)

// NewText returns a text. Untrusted text can't hide a part of itself, nor change its direction.
func NewText(text string, font Font) *Text {
	text = untrusted.Lines(text)
	t := &Text{font: font, longest: longestLine(text, font)}
	if !font.Selectable {
		t.paragraph = newParagraph(text, font)
		t.init(t, &fyne.Container{Layout: readable{t}, Objects: []fyne.CanvasObject{t.paragraph}})
		return t
	}
	l := &selectableLabel{}
	l.Text, l.SizeName, l.Importance, l.Selectable = text, font.Size, font.Color, true
	l.TextStyle = fyne.TextStyle{Bold: font.Bold, Monospace: font.Mono}
	l.Wrapping = fyne.TextWrapWord
	l.ExtendBaseWidget(l)
	t.label = l
	t.init(t, &fyne.Container{Layout: readable{t}, Objects: []fyne.CanvasObject{negativePadding(l)}})
	return t
}

// Text returns the text.
func (t *Text) Text() string {
	if t.label != nil {
		return t.label.Text
	}
	return t.paragraph.text
}

// SetText changes the text.
func (t *Text) SetText(text string) {
	text = untrusted.Lines(text)
	if t.Text() == text {
		return
	}
	t.longest = longestLine(text, t.font)
	t.relayout()
	switch {
	case t.label != nil:
		t.label.SetText(text)
	default:
		t.paragraph.set(text)
	}
}

// SetColored changes a text that can't be selected, and its colour.
func (t *Text) SetColored(text string, color widget.Importance) {
	font := t.paragraph.font
	font.Color = color
	t.paragraph.setFont(font)
	t.SetText(text)
}

// negativePadding cancels the padding of Fyne's label.
func negativePadding(l fyne.CanvasObject) *fyne.Container {
	padding := -theme.InnerPadding()
	return Pad(padding, padding, padding, padding, l)
}

// selectableLabel is Fyne's selectable label without its stop in the focus order: it would show no focus, and keep F5 and Esc
// for itself. What is selected with the mouse can be copied with Ctrl+C as usual.
type selectableLabel struct{ widget.Label }

// CreateRenderer is for Fyne.
func (s *selectableLabel) CreateRenderer() fyne.WidgetRenderer {
	r := s.Label.CreateRenderer()
	objects := r.Objects()
	inner, ok := objects[0].(labelSelection)
	if !ok || len(objects) != 2 {
		return r
	}
	m := &selectionProxy{inner: inner}
	m.ExtendBaseWidget(m)
	return &selectableRenderer{WidgetRenderer: r, proxy: m, text: objects[1]}
}

type selectableRenderer struct {
	fyne.WidgetRenderer
	proxy *selectionProxy
	text  fyne.CanvasObject
	width float32 // that the text has been wrapped for
}

// Layout wraps the text again only for another width; Fyne does for another height, too.
func (r *selectableRenderer) Layout(size fyne.Size) {
	if size.Width != r.width {
		r.width = size.Width
		r.text.Resize(size)
	}
	r.proxy.Resize(size)
}

func (r *selectableRenderer) Refresh() {
	r.WidgetRenderer.Refresh()
	r.proxy.Refresh()
}

func (r *selectableRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.proxy, r.text}
}

// labelSelection has the methods of Fyne's own selection of a label.
type labelSelection interface {
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

// selectionProxy replaces a label's selection. Fyne lets a disabled widget with SelectedText be focused with the mouse and gives
// it Ctrl+C, and leaves it out of the focus order.
type selectionProxy struct {
	widget.BaseWidget
	inner   labelSelection
	focused bool
}

var _ labelSelection = (*selectionProxy)(nil)

func (m *selectionProxy) CreateRenderer() fyne.WidgetRenderer { return m.inner.CreateRenderer() }

func (m *selectionProxy) Enable()  {}
func (m *selectionProxy) Disable() {}

// Disabled is false while it has the focus: Fyne gives a disabled one no shortcut but Ctrl+C.
func (m *selectionProxy) Disabled() bool { return !m.focused }

func (m *selectionProxy) SelectedText() string { return m.inner.SelectedText() }

func (m *selectionProxy) focus() {
	if c := fyne.CurrentApp().Driver().CanvasForObject(m); c != nil {
		c.Focus(m)
	}
}

func (m *selectionProxy) FocusGained() { m.focused = true; m.inner.FocusGained(); m.show() }
func (m *selectionProxy) FocusLost()   { m.focused = false; m.inner.FocusLost(); m.show() }

func (m *selectionProxy) TypedRune(rune)                {}
func (m *selectionProxy) TypedKey(e *fyne.KeyEvent)     { forwardKey(m, e) }
func (m *selectionProxy) Cursor() desktop.Cursor        { return m.inner.Cursor() }
func (m *selectionProxy) DragEnd()                      { m.inner.DragEnd(); m.show() }
func (m *selectionProxy) Dragged(e *fyne.DragEvent)     { m.focus(); m.inner.Dragged(e); m.show() }
func (m *selectionProxy) MouseUp(e *desktop.MouseEvent) { m.inner.MouseUp(e); m.show() }

func (m *selectionProxy) MouseDown(e *desktop.MouseEvent) { m.focus(); m.inner.MouseDown(e); m.show() }

func (m *selectionProxy) DoubleTapped(e *fyne.PointEvent) {
	m.focus()
	m.inner.DoubleTapped(e)
	m.show()
}

// TappedSecondary shows a menu with Copy; Fyne's own would look for the inner selection on the canvas, where it isn't.
func (m *selectionProxy) TappedSecondary(e *fyne.PointEvent) {
	c := fyne.CurrentApp().Driver().CanvasForObject(m)
	if c == nil || m.SelectedText() == "" {
		return
	}
	item := fyne.NewMenuItem(copyLabel(), func() { fyne.CurrentApp().Clipboard().SetContent(m.SelectedText()) })
	widget.ShowPopUpMenuAtPosition(fyne.NewMenu("", item), c, e.AbsolutePosition)
}

func (m *selectionProxy) TypedShortcut(s fyne.Shortcut) {
	if _, ok := s.(*fyne.ShortcutCopy); ok {
		m.inner.TypedShortcut(s)
		return
	}
	forwardShortcut(m, s)
}

// show paints what is selected: the inner selection isn't on the canvas itself.
func (m *selectionProxy) show() {
	m.Refresh()
	canvas.Refresh(m)
}

// Heading is a bold text that opens a card.
func Heading(text string) *Text { return NewText(text, Font{Bold: true, Selectable: true}) }

// Small is a small text that explains.
func Small(text string) *Text { return NewText(text, Font{Size: style.SizeSmall, Color: Muted}) }
