package gui_test

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// pressable are all enabled widgets on the page that can be pressed.
func (r *testWindow) pressable() (list []fyne.CanvasObject) {
	r.walk(func(o fyne.CanvasObject, _ fyne.Position, _ rect) bool {
		if d, ok := o.(fyne.Disableable); ok && d.Disabled() {
			return false
		}
		switch o.(type) {
		case *widget.PopUp:
			return true
		case fyne.Tappable:
			switch kind := fmt.Sprintf("%T", o); {
			case strings.HasPrefix(kind, "*widget.scrollBar"):
				return false // Page Up and Page Down do the same
			case kind == "*widget.listItem":
				return false // the list has the focus, and its arrow keys go through the rows
			}
			list = append(list, o)
			return false
		}
		return true
	})
	return list
}

// place is where an object is on the canvas, and the visible area there.
func (r *testWindow) place(wanted fyne.CanvasObject) (where, view rect) {
	r.walk(func(o fyne.CanvasObject, at fyne.Position, clip rect) bool {
		if o == wanted {
			where, view = rect{at, o.Size()}, clip
		}
		return true
	})
	return where, view
}

func inside(r, in rect) bool {
	return r.at.X >= in.at.X-1 && r.right() <= in.right()+1 && r.at.Y >= in.at.Y-1 && r.bottom() <= in.bottom()+1
}

// assertReadingOrder checks that the focus order is the reading order: the sections first, then the page from top to bottom, and
// in a line from left to right. The connection picture is read along its arrows.
func (r *testWindow) assertReadingOrder(order []fyne.CanvasObject) {
	r.t.Helper()
	var before rect
	for i, o := range order {
		where, _ := r.place(o)
		newColumn := i > 0 && where.at.X > before.right() && before.right() < 200
		if i > 0 && !newColumn && where.bottom() <= before.at.Y {
			r.t.Errorf("the focus goes up, to %s", describe(o))
		}
		sameLine := math.Abs(float64(where.at.Y+where.size.Height/2-before.at.Y-before.size.Height/2)) < 8
		if i > 0 && sameLine && where.at.X < before.at.X {
			r.t.Errorf("the focus goes to the left in a line, to %s", describe(o))
		}
		before = where
	}
}

func describe(o fyne.CanvasObject) string {
	text := ""
	walk(o, fyne.Position{}, rect{}, func(o fyne.CanvasObject, _ fyne.Position, _ rect) bool {
		if t, ok := textOf(o); ok && text == "" {
			text = t
		}
		return true
	})
	return fmt.Sprintf("%T %q", o, text)
}

// contrasting counts the pixels of a place whose contrast between two pictures is at least 3 : 1.
func contrasting(a, b image.Image, where rect) (n int) {
	for y := int(where.at.Y); y <= int(where.bottom()); y++ {
		for x := int(where.at.X); x <= int(where.right()); x++ {
			if one, other := a.At(x, y), b.At(x, y); one != other && contrast(one, other) >= 3 {
				n++
			}
		}
	}
	return n
}

// contrast is WCAG's ratio of two opaque colours.
func contrast(a, b color.Color) float64 {
	light, dark := luminance(a), luminance(b)
	if light < dark {
		light, dark = dark, light
	}
	return (light + 0.05) / (dark + 0.05)
}

func luminance(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	part := func(v uint32) float64 {
		f := float64(v) / 0xffff
		if f <= 0.03928 {
			return f / 12.92
		}
		return math.Pow((f+0.055)/1.055, 2.4)
	}
	return 0.2126*part(r) + 0.7152*part(g) + 0.0722*part(b)
}

// commonest is the colour that most pixels of a place have: the background of a text there.
func commonest(picture image.Image, where rect) (most color.Color) {
	count, last, run := map[color.NRGBA]int{}, color.NRGBA{}, 0 // neighbouring pixels mostly have the same colour
	add := func() {
		if count[last] += run; most == nil || count[last] > count[most.(color.NRGBA)] {
			most = last
		}
	}
	for y := int(where.at.Y); y < int(where.bottom()); y++ {
		for x := int(where.at.X); x < int(where.right()); x++ {
			c := picture.(*image.NRGBA).NRGBAAt(x, y)
			if c != last {
				add()
				last, run = c, 0
			}
			run++
		}
	}
	add()
	return most
}

// mostContrast is the highest contrast of a pixel in a place to its corner, which is background.
func mostContrast(picture image.Image, where rect) (most float64) {
	corner := picture.At(int(where.at.X), int(where.at.Y))
	seen := map[color.Color]bool{}
	for y := int(where.at.Y); y < int(where.bottom()); y++ {
		for x := int(where.at.X); x < int(where.right()); x++ {
			if c := picture.At(x, y); !seen[c] {
				seen[c] = true
				most = max(most, contrast(corner, c))
			}
		}
	}
	return most
}

// TestSignsDifferInShape compares the signs without their colours, for users who can't tell colours.
func TestSignsDifferInShape(t *testing.T) {
	shapes := map[string]string{}
	for _, sign := range []string{"ok", "notice", "problem", "unknown", "skipped"} {
		shape := shapeOf(t, sign)
		if other, taken := shapes[shape]; taken {
			t.Errorf("%s looks like %s", sign, other)
		}
		shapes[shape] = sign
	}
}
