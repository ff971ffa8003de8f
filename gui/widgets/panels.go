package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// minPieces is the area from which a backdrop is worth to be drawn in pieces.
const minPieces = 10000

// pieces are objects that look like an opaque rectangle of this size, or nil if they would cost more. A processor that draws the
// window calculates the distance from the corners for every pixel of a rectangle with round corners, and from the edges for every
// pixel of another; that takes most of a frame. A thick line costs a third of it. So only the corners' strips stay rectangles.
func pieces(like *canvas.Rectangle, size fyne.Size) (made []fyne.CanvasObject) {
	radius, border := like.CornerRadius, like.StrokeWidth
	if size.Width*size.Height < minPieces || size.Height < 2*radius+4 || !opaque(like.FillColor) || border > 0 && !opaque(like.StrokeColor) {
		return nil
	}
	add := func(o fyne.CanvasObject, x, y, width, height float32) {
		o.Move(fyne.NewPos(x, y))
		o.Resize(fyne.NewSize(width, height))
		made = append(made, o)
	}
	if border > 0 {
		if radius > 0 {
			add(&canvas.Rectangle{FillColor: like.StrokeColor, TopLeftCornerRadius: radius, TopRightCornerRadius: radius}, 0, 0, size.Width, radius)
			add(&canvas.Rectangle{FillColor: like.StrokeColor, BottomLeftCornerRadius: radius, BottomRightCornerRadius: radius},
				0, size.Height-radius, size.Width, radius)
		} else {
			add(canvas.NewRectangle(like.StrokeColor), 0, 0, size.Width, border)
			add(canvas.NewRectangle(like.StrokeColor), 0, size.Height-border, size.Width, border)
		}
		add(canvas.NewRectangle(like.StrokeColor), 0, radius, border, size.Height-2*radius)
		add(canvas.NewRectangle(like.StrokeColor), size.Width-border, radius, border, size.Height-2*radius)
	}
	inner := max(radius-border, 0)
	left, top, width, height := border, border, size.Width-2*border, size.Height-2*border
	// The line's long edges are anti-aliased, so a rectangle covers each.
	const over = 1
	fill := &canvas.Line{StrokeColor: like.FillColor, StrokeWidth: height - 2*inner - over}
	middle := top + height/2
	fill.Position1, fill.Position2 = fyne.NewPos(left, middle), fyne.NewPos(left+width, middle)
	made = append(made, fill)
	add(&canvas.Rectangle{FillColor: like.FillColor, TopLeftCornerRadius: inner, TopRightCornerRadius: inner}, left, top, width, inner+2*over)
	add(&canvas.Rectangle{FillColor: like.FillColor, BottomLeftCornerRadius: inner, BottomRightCornerRadius: inner},
		left, top+height-inner-2*over, width, inner+2*over)
	return made
}

func opaque(c color.Color) bool {
	if c == nil {
		return false
	}
	_, _, _, alpha := c.RGBA()
	return alpha == 0xffff
}
