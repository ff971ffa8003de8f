//go:build linux

package e2e

import (
	"encoding/binary"
	"image"
	"io"
	"os"
	"testing"
)

// picture is a screen as Xvfb writes it to a file: XWD's header, a table of colours, and rows of pixels (blue, green, red, nothing).
type picture struct {
	t    testing.TB
	file string
}

// rows are the screen's rows from one to before another.
func (p picture) rows(from, to int) (pixels []byte, rowBytes int) {
	p.t.Helper()
	file, err := os.Open(p.file)
	if err != nil {
		p.t.Fatal(err)
	}
	defer file.Close()
	var about [20 * 4]byte
	if _, err := io.ReadFull(file, about[:]); err != nil {
		p.t.Fatal(err)
	}
	word := func(i int) int { return int(binary.BigEndian.Uint32(about[4*i:])) }
	const bytesOfAColour = 12
	header, colours, height := word(0), word(19), word(5)
	rowBytes = word(12)
	pixels = make([]byte, (min(to, height)-from)*rowBytes)
	if _, err := file.ReadAt(pixels, int64(header+colours*bytesOfAColour+from*rowBytes)); err != nil {
		p.t.Fatal(err)
	}
	return pixels, rowBytes
}

// of is what a part of the screen shows.
func (p picture) of(part image.Rectangle) *image.RGBA {
	p.t.Helper()
	pixels, rowBytes := p.rows(part.Min.Y, part.Max.Y)
	shown := image.NewRGBA(image.Rect(0, 0, part.Dx(), part.Dy()))
	for y := range part.Dy() {
		row := pixels[y*rowBytes+4*part.Min.X:]
		for x := range part.Dx() {
			copy(shown.Pix[shown.PixOffset(x, y):], []byte{row[4*x+2], row[4*x+1], row[4*x], 0xff})
		}
	}
	return shown
}

// painted reports whether most of the window's area isn't black any more.
func (p picture) painted() bool {
	p.t.Helper()
	pixels, rowBytes := p.rows(0, 700)
	painted, looked := 0, 0
	for y := 8; y < 700; y += 32 {
		for x := 8; x < 1000; x += 32 {
			looked++
			at := y*rowBytes + 4*x
			if pixels[at] != 0 || pixels[at+1] != 0 || pixels[at+2] != 0 {
				painted++
			}
		}
	}
	return painted > looked/2
}
