package widgets

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"boxready/gui/style"
	"boxready/internal/untrusted"
)

// List is Fyne's list, which makes only the rows that can be seen. It forwards the window's keys, shows which row has the
// focus, and scrolls by pages.
type List struct {
	widget.List
	Height  float32 // at least
	focused bool
	current int
}

// NewList returns a list of length rows; create makes one of them, and update fills it. chosen is called when one is pressed, nil
// if nothing happens then.
func NewList(length func() int, create func() fyne.CanvasObject, update func(i int, row fyne.CanvasObject), chosen func(i int)) *List {
	l := &List{}
	l.Length, l.HideSeparators = length, true
	l.CreateItem = func() fyne.CanvasObject {
		back := NewBackdrop("", "")
		back.Radius = theme.Size(theme.SizeNameSelectionRadius)
		return Stack(back, create())
	}
	l.UpdateItem = func(i int, o fyne.CanvasObject) {
		box := o.(*fyne.Container)
		back := box.Objects[0].(*Backdrop)
		back.Border = ""
		if l.focused && i == l.current {
			back.Border = theme.ColorNameForeground
		}
		back.Refresh()
		update(i, box.Objects[1])
	}
	l.OnSelected = func(i int) {
		l.current = i
		l.Unselect(i) // so that it can be pressed again
		if chosen != nil {
			chosen(i)
		}
	}
	l.ExtendBaseWidget(l)
	return l
}

// MinSize is for Fyne.
func (l *List) MinSize() fyne.Size {
	return fyne.NewSize(120, max(l.Height, l.List.MinSize().Height))
}

// CreateRenderer is for Fyne.
func (l *List) CreateRenderer() fyne.WidgetRenderer {
	return withFocusRing(l.List.CreateRenderer(), func() bool { return l.focused })
}

// ScrollPages scrolls by pages, downwards if n is positive.
func (l *List) ScrollPages(n float32) { l.ScrollToOffset(l.GetScrollOffset() + n*(l.Size().Height-40)) }

// FocusGained is for Fyne.
func (l *List) FocusGained() {
	l.focused = true
	l.List.FocusGained()
	l.Refresh()
	ScrollIntoView(l)
}

// FocusLost is for Fyne.
func (l *List) FocusLost() {
	l.focused = false
	l.List.FocusLost()
	l.Refresh()
}

// TypedKey is for Fyne; Enter presses, too.
func (l *List) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyPageDown:
		l.ScrollPages(1)
	case fyne.KeyPageUp:
		l.ScrollPages(-1)
	case fyne.KeyReturn, fyne.KeyEnter:
		l.List.TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	case fyne.KeyUp:
		l.current = max(l.current-1, 0)
		l.List.TypedKey(e)
	case fyne.KeyDown:
		l.current = min(l.current+1, l.Length()-1)
		l.List.TypedKey(e)
	default:
		if !forwardKey(l, e) {
			l.List.TypedKey(e)
		}
	}
}

// Viewer shows a text of any length in a monospaced font. Lines that are too long continue in the next row.
type Viewer struct {
	Group
	list    *List
	text    string
	height  float32
	rows    []string
	starts  []int // the row in which each line starts
	columns int   // letters in a row; 0 before it has a width
	goTo    int   // the line to scroll to once it has a width
}

// NewViewer returns a viewer that is at least that high.
func NewViewer(text string, height float32) *Viewer {
	v := &Viewer{text: text, height: height}
	v.init(v, &fyne.Container{Layout: viewerLayout{v}})
	v.fill()
	return v
}

// SetHeight changes how high it is at least; it reports whether that is another height.
func (v *Viewer) SetHeight(height float32) bool {
	changed := height != v.height
	v.height, v.list.Height = height, height
	return changed
}

const (
	viewerPadding = 10
	minColumns    = 20
)

// Set shows another text from its beginning.
func (v *Viewer) Set(text string) {
	if v.text == text {
		return
	}
	v.text = text
	v.fill()
	v.relayout()
}

// fill makes a new list: Fyne's can't be scrolled back to its beginning.
func (v *Viewer) fill() {
	v.wrap()
	v.list = NewList(func() int { return len(v.rows) }, func() fyne.CanvasObject {
		line := canvas.NewText("", theme.Color(theme.ColorNameForeground))
		line.TextSize, line.TextStyle.Monospace = theme.Size(style.SizeSmall), true
		return Pad(0, 0, 0, viewerPadding, line)
	}, func(i int, row fyne.CanvasObject) {
		line := row.(*fyne.Container).Objects[0].(*canvas.Text)
		line.Text = v.rows[i]
		line.Refresh()
	}, nil)
	v.list.Height = v.height
	v.box.Objects = []fyne.CanvasObject{inset(), v.list}
}

// ScrollPages scrolls by pages, downwards if n is positive.
func (v *Viewer) ScrollPages(n float32) { v.list.ScrollPages(n) }

// ScrollToLine scrolls to a line, counted from 0.
func (v *Viewer) ScrollToLine(line int) {
	v.goTo = line
	if line < len(v.starts) {
		v.list.ScrollTo(v.starts[line])
		v.goTo = 0
	}
}

// Text is what it shows.
func (v *Viewer) Text() string { return v.text }

func (v *Viewer) wrap() {
	v.rows, v.starts = nil, nil
	if v.columns == 0 {
		return
	}
	for line := range strings.Lines(v.text) {
		v.starts = append(v.starts, len(v.rows))
		letters := []rune(shownLine(line))
		for len(letters) > v.columns {
			end := v.columns
			for end > v.columns/2 && letters[end-1] != ' ' {
				end--
			}
			if letters[end-1] != ' ' {
				end = v.columns
			}
			v.rows = append(v.rows, string(letters[:end]))
			letters = letters[end:]
		}
		v.rows = append(v.rows, string(letters))
	}
}

// shownLine is an untrusted line of a text as it is shown, with tabs as spaces.
func shownLine(line string) string {
	return untrusted.Line(strings.ReplaceAll(strings.TrimRight(line, "\r\n"), "\t", "    "))
}

type viewerLayout struct{ *Viewer }

func (l viewerLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	letter := fyne.MeasureText("0", theme.Size(style.SizeSmall), fyne.TextStyle{Monospace: true}).Width
	columns := max(minColumns, int((size.Width-2*viewerPadding-theme.Size(theme.SizeNameScrollBarSmall))/letter))
	if columns != l.columns {
		l.columns = columns
		l.wrap()
		defer l.list.Refresh()
	}
	for _, o := range objects {
		o.Move(fyne.Position{})
		o.Resize(size)
	}
	l.list.Move(fyne.NewPos(0, viewerPadding/2))
	l.list.Resize(size.SubtractWidthHeight(0, viewerPadding))
	if l.goTo > 0 {
		l.ScrollToLine(l.goTo)
	}
}

func (l viewerLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	return l.list.MinSize().AddWidthHeight(0, viewerPadding)
}
