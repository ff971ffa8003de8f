package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
)

// focusRing is a line around the focused widget: Fyne's own tint is hard to see.
type focusRing struct {
	fyne.WidgetRenderer
	line    *canvas.Rectangle
	focused func() bool
}

func withFocusRing(r fyne.WidgetRenderer, focused func() bool) *focusRing {
	line := canvas.NewRectangle(color.Transparent)
	line.StrokeWidth = 2
	line.CornerRadius = theme.InputRadiusSize()
	with := &focusRing{r, line, focused}
	with.paint()
	return with
}

func (r *focusRing) paint() {
	r.line.StrokeColor = theme.Color(theme.ColorNameForeground)
	r.line.Hidden = !r.focused()
	r.line.Refresh()
}

func (r *focusRing) Layout(size fyne.Size) {
	r.WidgetRenderer.Layout(size)
	r.line.Resize(size)
}

func (r *focusRing) Refresh() {
	r.WidgetRenderer.Refresh()
	r.paint()
}

func (r *focusRing) Objects() []fyne.CanvasObject {
	return append(append([]fyne.CanvasObject{}, r.WidgetRenderer.Objects()...), r.line)
}
