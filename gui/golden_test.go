package gui_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"boxready/gui/style"
)

var update = flag.Bool("update", false, "write the pictures that the tests compare with")

// golden compares what the window shows with a picture. One that differs is saved in testdata/failed.
func (r *testWindow) golden(name string) {
	r.t.Helper()
	r.canvas().Unfocus() // a blinking cursor may be visible or not
	got := r.canvas().Capture()
	file := filepath.Join("testdata", "golden", name+".png")
	if *update {
		writePNG(r.t, file, got)
		return
	}
	want, err := readPNG(file)
	if errors.Is(err, fs.ErrNotExist) {
		r.t.Fatalf("no picture %s; run make golden and look at it", file)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	if n := differingPixels(got, want); n > 0 {
		failed := filepath.Join("testdata", "failed", name+".png")
		writePNG(r.t, failed, got)
		r.t.Errorf("%d pixels differ from %s; see %s", n, file, failed)
	}
}

// bar is how wide the page's scroll bar is at the right edge. It isn't compared: how long it is follows from texts that the
// picture doesn't show.
const bar = 6

// differingPixels counts those that differ by more than rounding on another processor could.
func differingPixels(a, b image.Image) (n int) {
	if a.Bounds() != b.Bounds() {
		return max(a.Bounds().Dx()*a.Bounds().Dy(), 1)
	}
	for y := range a.Bounds().Dy() {
		if line := opaqueLine(a, y); line != nil && bytes.Equal(line, opaqueLine(b, y)) {
			continue // as nearly always
		}
		for x := range a.Bounds().Dx() - bar {
			ar, ag, ab, _ := a.At(x, y).RGBA()
			br, bg, bb, _ := b.At(x, y).RGBA()
			if differ(ar, br) || differ(ag, bg) || differ(ab, bb) {
				n++
			}
		}
	}
	return n
}

// opaqueLine is a line of a picture without transparent pixels, as bytes; nil if its format is another one.
func opaqueLine(picture image.Image, y int) []byte {
	length := 4 * picture.Bounds().Dx()
	switch p := picture.(type) {
	case *image.NRGBA: // as Fyne paints
		return p.Pix[y*p.Stride:][:length]
	case *image.RGBA: // as it is read from a file
		return p.Pix[y*p.Stride:][:length]
	}
	return nil
}

func differ(a, b uint32) bool { return max(a, b)-min(a, b) > 0x0400 }

func writePNG(t testing.TB, file string, picture image.Image) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(f, picture); err != nil {
		t.Fatal(err)
	}
}

func readPNG(file string) (image.Image, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	picture, err := png.Decode(f)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	return picture, nil
}

// shapeOf is a sign's shape without its colour.
func shapeOf(t *testing.T, sign string) string {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(style.Theme{Look: style.Light})
	picture := canvas.NewImageFromResource(style.Sign(sign).Icon())
	w := test.NewWindow(picture)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(24, 24))
	var shape strings.Builder
	shot := w.Canvas().Capture()
	ground := shot.At(0, 0)
	for y := range 24 {
		for x := range 24 {
			if contrast(shot.At(x, y), ground) > 2 {
				shape.WriteByte('#')
			} else {
				shape.WriteByte('.')
			}
		}
		shape.WriteByte('\n')
	}
	return shape.String()
}
