package widgets

import (
	"strings"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// readable gives a text no more width than lines of lineLength letters need: the eye loses its line in longer ones.
type readable struct{ *Text }

// lineLength is how many letters a line has at most. Words differ in the width of their letters, so a line is made for fewer.
const (
	lineLength = 75
	madeFor    = 70
)

func (l readable) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	width := size.Width
	if l.longest > 0 {
		width = min(width, l.longest)
	}
	objects[0].Resize(fyne.NewSize(width, size.Height))
}

func (readable) MinSize(objects []fyne.CanvasObject) fyne.Size { return objects[0].MinSize() }

// ReadableWidth is the width of an entry for texts, whose lines can be read then.
func ReadableWidth() float32 {
	const letters = 55 // as wide as an n; most are narrower
	return fyne.MeasureText(strings.Repeat("n", letters), theme.TextSize(), fyne.TextStyle{}).Width + 2*theme.InnerPadding()
}

// longestLine is the width of a line of madeFor letters, if they are as wide as those of the text are on average; 0 if the text is
// shorter, or isn't one of sentences.
func longestLine(text string, font Font) float32 {
	letters := utf8.RuneCountInString(text)
	if letters <= madeFor || font.OneLine || font.Ellipsis || font.Mono {
		return 0
	}
	size := font.Size
	if size == "" {
		size = theme.SizeNameText
	}
	width, longest := float32(0), 0
	for line := range strings.Lines(text) { // a text that breaks is as wide as its longest line
		if n := utf8.RuneCountInString(line); n > longest {
			longest = n
			width = fyne.MeasureText(line, theme.Size(size), fyne.TextStyle{Bold: font.Bold}).Width
		}
	}
	if longest <= madeFor {
		return 0
	}
	return width / float32(longest) * madeFor
}
