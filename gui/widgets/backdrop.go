// Package widgets has the widgets of BoxReady's pages that Fyne lacks. They show what they are given and call back; they know
// nothing of portals.
package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"boxready/gui/style"
)

// Backdrop is a rectangle in colours of the theme; "" is none.
type Backdrop struct {
	widget.BaseWidget
	Fill, Border fyne.ThemeColorName
	BorderWidth  float32
	Radius       float32
	Height       float32 // at least; 0 for a backdrop behind something
}

// NewBackdrop returns one without round corners.
func NewBackdrop(fill, border fyne.ThemeColorName) *Backdrop {
	b := &Backdrop{Fill: fill, Border: border, BorderWidth: 1}
	b.ExtendBaseWidget(b)
	return b
}

// CreateRenderer is for Fyne.
func (b *Backdrop) CreateRenderer() fyne.WidgetRenderer {
	r := &backdropRenderer{b: b, rectangle: canvas.NewRectangle(color.Transparent)}
	r.Refresh()
	return r
}

type backdropRenderer struct {
	b         *Backdrop
	rectangle *canvas.Rectangle
	pieces    []fyne.CanvasObject // nil where the rectangle itself is drawn
}

func (r *backdropRenderer) Destroy()           {}
func (r *backdropRenderer) MinSize() fyne.Size { return fyne.NewSize(0, r.b.Height) }

func (r *backdropRenderer) Layout(size fyne.Size) {
	r.rectangle.Resize(size)
	r.cut()
}

func (r *backdropRenderer) Objects() []fyne.CanvasObject {
	if r.pieces != nil {
		return r.pieces
	}
	return []fyne.CanvasObject{r.rectangle}
}

// cut has the rectangle drawn in pieces where the processor draws.
func (r *backdropRenderer) cut() {
	r.pieces = nil
	if style.IsPlain() {
		r.pieces = pieces(r.rectangle, r.rectangle.Size())
	}
}

func (r *backdropRenderer) Refresh() {
	r.rectangle.FillColor = colorOf(r.b.Fill)
	r.rectangle.StrokeColor, r.rectangle.StrokeWidth = colorOf(r.b.Border), 0
	if r.b.Border != "" {
		r.rectangle.StrokeWidth = r.b.BorderWidth
	}
	r.rectangle.CornerRadius = r.b.Radius
	r.cut()
	canvas.Refresh(r.b)
}

func colorOf(name fyne.ThemeColorName) color.Color {
	if name == "" {
		return color.Transparent
	}
	return theme.Color(name)
}
