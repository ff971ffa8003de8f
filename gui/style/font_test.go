package style_test

import (
	"fmt"
	"image"
	"image/color"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"boxready/gui/style"
)

// TestInkOfEveryCharacter paints each printable ASCII character in every size and style, and looks for the ink that the same
// character has when it is painted so large that rounding to pixels doesn't matter.
func TestInkOfEveryCharacter(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(style.Theme{Look: style.Light})
	sizes := map[float32]bool{}
	for _, name := range []fyne.ThemeSizeName{style.SizeTitle, style.SizeSmall, theme.SizeNameText, theme.SizeNameSubHeadingText} {
		sizes[theme.Size(name)] = true
	}
	const large = 4
	for _, font := range []fyne.TextStyle{{}, {Bold: true}, {Monospace: true}} {
		for size := range sizes {
			wanted := inkHeights(font, size, large)
			for _, scale := range []float32{0.8, 1, 1.25, 1.5, 2} {
				got := inkHeights(font, size, scale)
				for i, height := range got {
					if least := float32(wanted[i])/large*scale - 2; float32(height) < least || height == 0 {
						t.Errorf("%q, size %v, scale %v, %s: %d pixels of ink, at least %.1f expected", rune(first+i), size, scale, describe(font), height, least)
					}
				}
			}
		}
	}
}

const first, last = '!', '~'

func describe(s fyne.TextStyle) string {
	return fmt.Sprintf("bold %t, monospaced %t", s.Bold, s.Monospace)
}

// inkHeights is how many lines of pixels each character has ink in, in a row of cells that are as high as a line.
func inkHeights(font fyne.TextStyle, size, scale float32) (heights []int) {
	row := container.NewWithoutLayout()
	height, x := fyne.MeasureText(" ", size, font).Height, float32(0)
	var edges []float32
	for r := first; r <= last; r++ {
		text := &canvas.Text{Text: string(r), TextSize: size, TextStyle: font, Color: color.Black}
		text.Move(fyne.NewPos(x, 0))
		text.Resize(fyne.NewSize(2*size, height))
		row.Add(text)
		edges = append(edges, x)
		x += 2 * size
	}
	w := test.NewWindow(row)
	defer w.Close()
	w.SetPadded(false)
	w.Canvas().(test.WindowlessCanvas).SetScale(scale)
	w.Resize(fyne.NewSize(x, 3*height))
	picture := w.Canvas().Capture()
	for _, left := range edges {
		heights = append(heights, inkHeight(picture, int(left*scale), int((left+2*size)*scale)))
	}
	return heights
}

func inkHeight(picture image.Image, left, right int) (height int) {
	const dark = 0xd000 // a pale line of a letter on white
	for y := range picture.Bounds().Dy() {
		for x := left; x < right; x++ {
			if r, _, _, _ := picture.At(x, y).RGBA(); r < dark {
				height++
				break
			}
		}
	}
	return height
}
