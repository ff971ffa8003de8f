package gui_test

import (
	"errors"
	"flag"
	"fmt"
	"image"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"boxready/gui/style"
)

var update = flag.Bool("update", false, "write the pictures that the tests compare with")

// golden compares what the window shows with a picture. What differs is left in testdata/failed.
func (r *rig) golden(name string) {
	r.t.Helper()
	r.canvas().Unfocus() // a cursor may be there or not
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
	if n := unlike(got, want); n > 0 {
		failed := filepath.Join("testdata", "failed", name+".png")
		writePNG(r.t, failed, got)
		r.t.Errorf("%d pixels differ from %s; see %s", n, file, failed)
	}
}

// bar is how wide the page's scroll bar is at the right edge. It isn't compared: how long it is follows from texts that the
// picture doesn't show.
const bar = 6

// unlike counts the pixels that differ by more than rounding on another processor could.
func unlike(a, b image.Image) (n int) {
	if a.Bounds() != b.Bounds() {
		return max(a.Bounds().Dx()*a.Bounds().Dy(), 1)
	}
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() - bar {
			ar, ag, ab, _ := a.At(x, y).RGBA()
			br, bg, bb, _ := b.At(x, y).RGBA()
			if far(ar, br) || far(ag, bg) || far(ab, bb) {
				n++
			}
		}
	}
	return n
}

func far(a, b uint32) bool { return max(a, b)-min(a, b) > 0x0400 }

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

// keyPages are painted in both languages and both looks, all others in one of each.
var keyPages = []string{"welcome", "results", "finding", "portals", "requirements", "allowlist", "report"}

func TestPictures(t *testing.T) {
	if testing.Short() {
		t.Skip("measures pictures, which the race detector doesn't change")
	}
	for _, p := range pages() {
		if p.name == signInWaiting || p.name == "licences" {
			continue // what is shown has something random in it, or all that is linked
		}
		type variant struct{ lang, look string }
		variants := []variant{{"ru", []string{"light", "dark"}[len(p.name)%2]}}
		if slices.Contains(keyPages, p.name) {
			variants = []variant{{"ru", "light"}, {"ru", "dark"}, {"en", "light"}, {"en", "dark"}}
		}
		for _, v := range variants {
			name := strings.ReplaceAll(p.name, " ", "-") + "-" + v.lang + "-" + v.look
			t.Run(name, func(t *testing.T) {
				s := p.setup(t)
				s.lang, s.look = v.lang, v.look
				r := open(t, s)
				p.drive(r)
				r.golden(name)
			})
		}
	}
	for _, p := range pages() {
		if !slices.Contains([]string{"results", "finding", "running"}, p.name) {
			continue
		}
		name := p.name + "-narrow"
		t.Run(name, func(t *testing.T) {
			s := p.setup(t)
			s.size = fyne.NewSize(640, 720)
			r := open(t, s)
			p.drive(r)
			r.golden(name)
		})
	}
}

// shapeOf is what a sign looks like without its colour.
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
