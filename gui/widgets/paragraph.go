package widgets

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"boxready/gui/style"
	"boxready/internal/words"
)

// paragraph is a text that can't be selected. Fyne's own wraps by measuring pieces of the text again whenever its width
// changes, which takes a third of a millisecond each; this one measures every word once, so that a window with hundreds of
// texts can be resized. It also keeps short Russian words with the next one; Fyne's ends lines at non-breaking spaces, too.
type paragraph struct {
	widget.BaseWidget
	text  string
	font  Font
	words []word
	space float32 // width of one
	line  float32 // height of one

	width float32 // of lines; 0 before the first layout
	lines []string
}

type word struct {
	text  string
	width float32
}

func newParagraph(text string, font Font) *paragraph {
	p := &paragraph{text: text, font: font}
	p.ExtendBaseWidget(p)
	p.measure()
	return p
}

func (p *paragraph) set(text string) {
	p.text = text
	p.measure()
	if p.width > 0 {
		p.wrap(p.width)
	}
	p.BaseWidget.Refresh()
}

// setFont shows the text in another font.
func (p *paragraph) setFont(font Font) {
	if p.font != font {
		p.font = font
		p.set(p.text)
	}
}

func (p *paragraph) size() float32 {
	if p.font.Size == "" {
		return theme.TextSize()
	}
	return theme.Size(p.font.Size)
}

func (p *paragraph) style() fyne.TextStyle {
	return fyne.TextStyle{Bold: p.font.Bold, Monospace: p.font.Mono}
}

func (p *paragraph) measured(text string) fyne.Size {
	return fyne.MeasureText(text, p.size(), p.style())
}

func (p *paragraph) measure() {
	p.words = p.words[:0]
	if p.font.OneLine || p.font.Ellipsis {
		p.words = append(p.words, word{p.text, p.measured(p.text).Width})
	} else {
		// Words that stay on one line count as one. They are painted with plain spaces, which look the same.
		for _, text := range strings.Split(words.Nonbreaking(p.text), " ") {
			if text = strings.ReplaceAll(text, "\u00a0", " "); text != "" {
				p.words = append(p.words, word{text, p.measured(text).Width})
			}
		}
	}
	space := p.measured(" ")
	p.space, p.line = space.Width, space.Height
	p.lines = []string{p.text}
}

// wrap breaks the text into lines of a width; a word that is longer is broken, too.
func (p *paragraph) wrap(width float32) {
	p.width = width
	p.lines = p.lines[:0]
	switch {
	case p.font.OneLine:
		p.lines = append(p.lines, p.text)
		return
	case p.font.Ellipsis:
		p.lines = append(p.lines, p.cut(width))
		return
	}
	var line strings.Builder
	used := float32(0)
	end := func() {
		if line.Len() > 0 {
			p.lines = append(p.lines, line.String())
			line.Reset()
			used = 0
		}
	}
	for _, w := range p.words {
		if used > 0 && used+p.space+w.width > width {
			end()
		}
		for w.width > width { // alone on its line, and still too long
			n := p.fitting(w.text, width)
			if space := strings.LastIndexByte(w.text[:n], ' '); space > 0 { // better than within a word
				n = space
			}
			p.lines = append(p.lines, w.text[:n])
			w.text = strings.TrimPrefix(w.text[n:], " ")
			w.width = p.measured(w.text).Width
			if w.text == "" {
				break
			}
		}
		if w.text == "" {
			continue
		}
		if used > 0 {
			line.WriteByte(' ')
			used += p.space
		}
		line.WriteString(w.text)
		used += w.width
	}
	end()
	if len(p.lines) == 0 {
		p.lines = append(p.lines, "")
	}
}

// fitting is how many bytes of a text fit into a width: whole letters, and at least one.
func (p *paragraph) fitting(text string, width float32) int {
	ends := make([]int, 0, len(text))
	for i, r := range text {
		ends = append(ends, i+len(string(r)))
	}
	low, high := 0, len(ends)-1 // the last one that fits is among them
	for low < high {
		if middle := (low + high + 1) / 2; p.measured(text[:ends[middle]]).Width <= width {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return ends[low]
}

// cut is the text, or as much of it as fits with an ellipsis.
func (p *paragraph) cut(width float32) string {
	const ellipsis = "…"
	if len(p.words) == 0 || p.words[0].width <= width {
		return p.text
	}
	return strings.TrimRight(p.text[:p.fitting(p.text, width-p.measured(ellipsis).Width)], " ") + ellipsis
}

func (p *paragraph) MinSize() fyne.Size {
	p.ExtendBaseWidget(p)
	width := p.line // of about a letter: it can be as narrow as that
	if p.font.OneLine && len(p.words) > 0 {
		width = p.words[0].width
	}
	return fyne.NewSize(width, float32(len(p.lines))*p.line)
}

func (p *paragraph) Resize(size fyne.Size) {
	if size.Width != p.width {
		p.wrap(size.Width)
	}
	p.BaseWidget.Resize(size)
}

func (p *paragraph) CreateRenderer() fyne.WidgetRenderer {
	r := &paragraphRenderer{p: p}
	r.Refresh()
	return r
}

type paragraphRenderer struct {
	p     *paragraph
	lines []fyne.CanvasObject
}

func (*paragraphRenderer) Destroy()                       {}
func (r *paragraphRenderer) MinSize() fyne.Size           { return r.p.MinSize() }
func (r *paragraphRenderer) Objects() []fyne.CanvasObject { return r.lines }

func (r *paragraphRenderer) Refresh() {
	r.Layout(r.p.Size())
	canvas.Refresh(r.p)
}

func (r *paragraphRenderer) Layout(size fyne.Size) {
	p := r.p
	textColor := theme.Color(colorOfText(p.font.Color))
	for i, text := range p.lines {
		if i == len(r.lines) {
			r.lines = append(r.lines, canvas.NewText("", textColor))
		}
		line := r.lines[i].(*canvas.Text)
		if line.Text != text || line.Color != textColor || line.TextSize != p.size() || line.TextStyle != p.style() {
			line.Text, line.Color, line.TextSize, line.TextStyle = text, textColor, p.size(), p.style()
			line.Refresh()
		}
		if p.font.Centered {
			line.Alignment = fyne.TextAlignCenter
		}
		line.Move(fyne.NewPos(0, float32(i)*p.line))
		line.Resize(fyne.NewSize(size.Width, p.line))
	}
	r.lines = r.lines[:len(p.lines)]
}

// colorOfText is the colour of Fyne's label.
func colorOfText(importance widget.Importance) fyne.ThemeColorName {
	switch importance {
	case Muted:
		return theme.ColorNameDisabled
	case Danger:
		return theme.ColorNameError
	case widget.SuccessImportance:
		return theme.ColorNameSuccess
	case widget.WarningImportance:
		return theme.ColorNameWarning
	case widget.HighImportance:
		return style.ColorAccented
	default:
		return theme.ColorNameForeground
	}
}
