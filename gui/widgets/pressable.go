package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Pressable is anything that can be pressed with the mouse, or with Space and Enter when it has the focus: content on a
// background that shows whether the mouse is over it and whether it has the focus.
type Pressable struct {
	widget.BaseWidget
	Content     fyne.CanvasObject
	OnTapped    func()
	OnHighlight func(highlighted bool) // the mouse or the focus has come, or both have gone

	self                   fyne.Widget         // what this is part of
	fill, border           fyne.ThemeColorName // at rest
	hovered, focused       bool
	highlighted            bool
	backdrop, hoverOverlay *Backdrop
}

var (
	_ fyne.Focusable    = (*Pressable)(nil)
	_ fyne.Tappable     = (*Pressable)(nil)
	_ desktop.Hoverable = (*Pressable)(nil)
)

// NewPressable returns one with these colours at rest.
func NewPressable(content fyne.CanvasObject, fill, border fyne.ThemeColorName, radius float32, tapped func()) *Pressable {
	p := &Pressable{}
	p.init(p, content, fill, border, radius, tapped)
	return p
}

func (p *Pressable) init(self fyne.Widget, content fyne.CanvasObject, fill, border fyne.ThemeColorName, radius float32, tapped func()) {
	p.self, p.Content, p.fill, p.border, p.OnTapped = self, content, fill, border, tapped
	p.backdrop, p.hoverOverlay = NewBackdrop(fill, border), NewBackdrop("", "")
	p.backdrop.Radius, p.hoverOverlay.Radius = radius, radius
	p.ExtendBaseWidget(self)
}

// SetColors changes the colours at rest.
func (p *Pressable) SetColors(fill, border fyne.ThemeColorName) {
	p.fill, p.border = fill, border
	p.paint()
}

func (p *Pressable) paint() {
	p.backdrop.Fill, p.backdrop.Border, p.backdrop.BorderWidth = p.fill, p.border, 1
	p.hoverOverlay.Fill = ""
	if p.hovered {
		p.hoverOverlay.Fill = theme.ColorNameHover
	}
	if p.focused {
		p.backdrop.Border, p.backdrop.BorderWidth = theme.ColorNameForeground, 2
	}
	p.backdrop.Refresh()
	p.hoverOverlay.Refresh()
	if highlighted := p.hovered || p.focused; highlighted != p.highlighted {
		p.highlighted = highlighted
		if p.OnHighlight != nil {
			p.OnHighlight(highlighted)
		}
	}
}

// FocusGained is for Fyne.
func (p *Pressable) FocusGained() {
	p.focused = true
	p.paint()
	ScrollIntoView(p.self)
}

// FocusLost is for Fyne.
func (p *Pressable) FocusLost() { p.focused = false; p.paint() }

// TypedRune is for Fyne.
func (p *Pressable) TypedRune(rune) {}

// TypedKey is for Fyne.
func (p *Pressable) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		p.Tapped(nil)
	case fyne.KeyDown, fyne.KeyUp:
		if c := fyne.CurrentApp().Driver().CanvasForObject(p.self); c == nil {
			return
		} else if e.Name == fyne.KeyDown {
			c.FocusNext()
		} else {
			c.FocusPrevious()
		}
	default:
		forwardKey(p.self, e)
	}
}

// Tapped is for Fyne.
func (p *Pressable) Tapped(*fyne.PointEvent) {
	if p.OnTapped != nil {
		p.OnTapped()
	}
}

// MouseIn is for Fyne.
func (p *Pressable) MouseIn(*desktop.MouseEvent) { p.hovered = true; p.paint() }

// MouseMoved is for Fyne.
func (p *Pressable) MouseMoved(*desktop.MouseEvent) {}

// MouseOut is for Fyne.
func (p *Pressable) MouseOut() { p.hovered = false; p.paint() }

// CreateRenderer is for Fyne.
func (p *Pressable) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(Stack(p.backdrop, p.hoverOverlay, p.Content))
}
