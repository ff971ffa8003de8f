package gui_test

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// The sizes that every page is tested at: the window as it opens, the narrowest that is supported, both at scale 1.5, and a very
// small one.
var sizes = []struct {
	name  string
	size  fyne.Size
	scale float32
}{
	{"as it opens", fyne.NewSize(1040, 720), 1},
	{"640 wide", fyne.NewSize(640, 720), 1},
	{"as it opens × 1.5", fyne.NewSize(1040/1.5, 720/1.5), 1.5},
	{"640 wide × 1.5", fyne.NewSize(640/1.5, 720/1.5), 1.5},
	{"smallest of Fyne's", fyne.NewSize(380, 400), 1},
}

type seenText struct {
	text string
	rect
}

func (r *testWindow) badTexts() (problems []string) {
	const tolerance = 1.5 // of what rounding does to a text's width
	var seen []seenText
	var boxes []rect // around the current object, from outside
	var scrolls []bool
	var fields []bool // a field of one line scrolls sideways with its cursor
	var visit func(o fyne.CanvasObject, at fyne.Position)
	visit = func(o fyne.CanvasObject, at fyne.Position) {
		if o == nil || !o.Visible() {
			return
		}
		at = at.Add(o.Position())
		own := rect{at, o.Size()}
		if text, ok := o.(*canvas.Text); ok && text.Text != "" {
			own.size = text.MinSize()
			if own.size.Width > o.Size().Width+tolerance && text.Alignment == fyne.TextAlignLeading {
				own.size.Width = fyne.MeasureText(text.Text, text.TextSize, text.TextStyle).Width
			}
			scrolled, field := false, false
			for i := len(boxes) - 1; i >= 0; i-- {
				box := boxes[i]
				scrolled, field = scrolled || scrolls[i], field || fields[i]
				if !field && (own.at.X < box.at.X-tolerance || own.right() > box.right()+tolerance) {
					problems = append(problems, fmt.Sprintf("%q is wider than its place: %v in %v", text.Text, own, box))
					break
				}
				if !scrolled && (own.at.Y < box.at.Y-3 || own.bottom() > box.bottom()+3) {
					problems = append(problems, fmt.Sprintf("%q is higher than its place: %v in %v", text.Text, own, box))
					break
				}
			}
			for i, box := range boxes {
				if scrolls[i] {
					own = own.cut(box)
				}
			}
			for _, other := range seen {
				common := own.cut(other.rect)
				if common.size.Width > tolerance && common.size.Height > 4 {
					problems = append(problems, fmt.Sprintf("%q (%v) stands on %q (%v)", text.Text, own, other.text, other.rect))
				}
			}
			seen = append(seen, seenText{text.Text, own})
			return
		}
		if _, inner := o.(*widget.RichText); inner { // its label has the right size
			for _, line := range children(o) {
				visit(line, at)
			}
			return
		}
		scroll, isScroll := o.(*container.Scroll)
		boxes, scrolls, fields = append(boxes, own), append(scrolls, isScroll), append(fields, isScroll && scroll.Direction != container.ScrollVerticalOnly)
		for _, inside := range children(o) {
			visit(inside, at)
		}
		boxes, scrolls, fields = boxes[:len(boxes)-1], scrolls[:len(scrolls)-1], fields[:len(fields)-1]
	}
	root := r.canvas().Content()
	if over := r.canvas().Overlays().Top(); over != nil {
		root = over
	}
	visit(root, fyne.Position{})
	if len(seen) == 0 {
		problems = append(problems, "nothing can be read")
	}
	return problems
}
