package widgets

import (
	"image"
	"image/color"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
)

// TestPiecesLookLikeTheRectangle paints rectangles whole and in pieces.
func TestPiecesLookLikeTheRectangle(t *testing.T) {
	test.NewTempApp(t)
	white, grey := color.NRGBA{0xff, 0xff, 0xff, 0xff}, color.NRGBA{0x80, 0x80, 0x80, 0xff}
	size := fyne.NewSize(300, 120)
	for name, like := range map[string]*canvas.Rectangle{
		"card":       {FillColor: white, StrokeColor: grey, StrokeWidth: 1, CornerRadius: 10},
		"inset":      {FillColor: grey, CornerRadius: 6},
		"node":       {FillColor: white, StrokeColor: grey, StrokeWidth: 2, CornerRadius: 6},
		"banner":     {FillColor: grey},
		"with edges": {FillColor: white, StrokeColor: grey, StrokeWidth: 1},
	} {
		t.Run(name, func(t *testing.T) {
			made := pieces(like, size)
			if len(made) == 0 {
				t.Fatal("it isn't drawn in pieces")
			}
			like.Resize(size)
			whole, cut := painted(like), painted(made...)
			// The painter of tests draws a border on both sides of the edge, OpenGL within it.
			edge := int(like.StrokeWidth) + 1
			differ := 0
			for y := range 140 {
				for x := range 320 {
					near := func(at, last int) bool { return at < edge || at > last-edge && at < last+edge }
					if near(x, 300) || near(y, 120) {
						continue
					}
					a, b := whole.NRGBAAt(x, y), cut.NRGBAAt(x, y)
					if d := int(a.R) - int(b.R); d < -32 || d > 32 {
						differ++
					}
				}
			}
			if differ > 4*8 { // some pixels of each corner
				t.Errorf("%d pixels differ", differ)
			}
			if got := cut.NRGBAAt(150, 0); like.StrokeWidth > 0 && got != grey {
				t.Errorf("the border is %v", got)
			}
		})
	}
}

func painted(objects ...fyne.CanvasObject) *image.NRGBA {
	background := canvas.NewRectangle(color.NRGBA{0xc0, 0xd0, 0xe0, 0xff})
	background.Resize(fyne.NewSize(320, 140))
	w := test.NewWindow(container.NewWithoutLayout(append([]fyne.CanvasObject{background}, objects...)...))
	defer w.Close()
	w.SetPadded(false)
	w.Resize(fyne.NewSize(320, 140))
	shown := w.Canvas().Capture()
	copied := image.NewNRGBA(shown.Bounds())
	for y := range shown.Bounds().Dy() {
		for x := range shown.Bounds().Dx() {
			copied.Set(x, y, shown.At(x, y))
		}
	}
	return copied
}

// TestPiecesAreForLargePanels: a small one costs less as it is, and what can be seen through must not lie over itself.
func TestPiecesAreForLargePanels(t *testing.T) {
	white := color.NRGBA{0xff, 0xff, 0xff, 0xff}
	for name, c := range map[string]struct {
		like *canvas.Rectangle
		size fyne.Size
	}{
		"small":              {&canvas.Rectangle{FillColor: white, CornerRadius: 6}, fyne.NewSize(80, 30)},
		"flat":               {&canvas.Rectangle{FillColor: white, CornerRadius: 6}, fyne.NewSize(2000, 14)},
		"transparent":        {&canvas.Rectangle{FillColor: color.Transparent, CornerRadius: 6}, fyne.NewSize(300, 300)},
		"transparent border": {&canvas.Rectangle{FillColor: white, StrokeColor: color.NRGBA{A: 0x40}, StrokeWidth: 1}, fyne.NewSize(300, 300)},
	} {
		if pieces(c.like, c.size) != nil {
			t.Errorf("%s: it is drawn in pieces", name)
		}
	}
}
