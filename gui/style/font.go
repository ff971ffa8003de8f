package style

import (
	"encoding/binary"
	"sync"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// Font returns Fyne's own font; the monospaced one with more room below its letters.
func (Theme) Font(s fyne.TextStyle) fyne.Resource {
	if s.Monospace {
		return monospaced()
	}
	return theme.DefaultTheme().Font(s)
}

// monospaced is Fyne's monospaced font with lines that are higher by a tenth. Fyne rounds the place of the baseline up to a whole
// pixel and clips what is below the line then: an underscore, in small sizes.
var monospaced = sync.OnceValue(func() fyne.Resource {
	font := theme.DefaultTextMonospaceFont()
	return fyne.NewStaticResource("spaced-"+font.Name(), withLineGap(font.Content()))
})

// withLineGap returns a font in OpenType's format, whose lines are a tenth of an em apart.
func withLineGap(font []byte) []byte {
	// Of the file's directory, and of the tables head and hhea.
	const (
		directory, entry    = 12, 16
		unitsPerEm, lineGap = 18, 8
	)
	tables := map[string]uint32{}
	for i := range int(binary.BigEndian.Uint16(font[4:])) {
		e := font[directory+i*entry:]
		tables[string(e[:4])] = binary.BigEndian.Uint32(e[8:])
	}
	spaced := append([]byte(nil), font...)
	em := binary.BigEndian.Uint16(font[tables["head"]+unitsPerEm:])
	binary.BigEndian.PutUint16(spaced[tables["hhea"]+lineGap:], em/10)
	return spaced
}
