package widgets

import (
	"image/color"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"boxready/gui/style"
)

// RailStep is one step on a rail: a sign once its state is known, or else its number in a ring.
type RailStep struct {
	Sign   style.Sign // "": the number
	Name   string
	State  string // in words
	Now    bool   // the step that is under way, or the next one
	Chosen bool
}

// Rail is a row of numbered steps, with a line from each to the next. Every step can be pressed. Where there is little room, names
// wrap; where there is even less, only the signs stay, with the name and the state of one step below.
type Rail struct {
	Group
	steps []*railStep
	lines []*Backdrop // between the steps
	below *Text       // name and state of the step that matters, in a narrow rail
}

// NewRail returns a rail; tapped gets the index of the step that is pressed.
func NewRail(steps []RailStep, tapped func(step int)) *Rail {
	r := &Rail{below: NewText("", Font{Size: style.SizeSmall})}
	objects := []fyne.CanvasObject{}
	for i := range steps {
		s := newRailStep(i+1, func() { tapped(i) })
		r.steps = append(r.steps, s)
		objects = append(objects, s)
		if i > 0 {
			line := NewBackdrop(style.ColorBorder, "")
			line.Height = railLine
			r.lines = append(r.lines, line)
			objects = append(objects, line)
		}
	}
	r.init(r, &fyne.Container{Layout: &railLayout{Rail: r}, Objects: append(objects, r.below)})
	r.Set(steps)
	return r
}

// Set shows other states; the number of steps can't change.
func (r *Rail) Set(steps []RailStep) {
	summary := ""
	for i, s := range steps {
		r.steps[i].set(s)
		if i > 0 {
			fill := style.ColorBorder
			if steps[i-1].Sign == style.OK {
				fill = theme.ColorNameSuccess
			}
			r.lines[i-1].Fill = fill
			r.lines[i-1].Refresh()
		}
		if s.Chosen || s.Now && summary == "" {
			summary = s.Name + " · " + s.State
		}
	}
	r.below.SetText(summary)
	r.relayout()
}

// Buttons are the steps, in order.
func (r *Rail) Buttons() (buttons []*Pressable) {
	for _, s := range r.steps {
		buttons = append(buttons, &s.Pressable)
	}
	return buttons
}

const (
	railSign    = 22
	railLine    = 2
	railPadding = 7
	railGap     = 6 // between a sign and the line beside it
	// In less, names get two lines, and in even less none.
	railNamesFrom, railOneLineFrom = 480, 700
)

// railWidths are the steps' shares of the width, by the length of their names.
var railWidths = []float32{152, 174, 138, 184, 140}

type railStep struct {
	Pressable
	number      int
	shown       RailStep
	sign        *Sign
	ring        *ring
	name, state *Text
	small       *Text // the name where there is little room
	inner       *fyne.Container
}

func newRailStep(number int, tapped func()) *railStep {
	s := &railStep{number: number, sign: NewSign("", railSign), ring: newRing(number), name: NewText("", Font{OneLine: true}),
		small: NewText("", Font{Size: style.SizeSmall}), state: NewText("", Font{Size: style.SizeSmall})}
	s.inner = &fyne.Container{Layout: &railStepLayout{s}, Objects: []fyne.CanvasObject{s.sign, s.ring, s.name, s.small, s.state}}
	s.init(s, s.inner, "", "", 6, tapped)
	return s
}

func (s *railStep) set(to RailStep) {
	if to == s.shown {
		return
	}
	s.shown = to
	s.sign.Set(to.Sign)
	s.sign.Hidden, s.ring.Hidden = to.Sign == "", to.Sign != ""
	s.ring.set(to.Now)
	s.name.paragraph.setFont(Font{OneLine: true, Bold: to.Now})
	s.name.SetText(to.Name)
	s.small.paragraph.setFont(Font{Size: style.SizeSmall, Bold: to.Now})
	s.small.SetText(to.Name)
	s.state.paragraph.setFont(Font{Size: style.SizeSmall, Color: stateColor(to)})
	s.state.SetText(to.State)
	fill := fyne.ThemeColorName("")
	if to.Chosen {
		fill = style.ColorChosen
	}
	s.SetColors(fill, "")
	Relayout(s.inner)
}

func stateColor(s RailStep) widget.Importance {
	switch {
	case s.Now:
		return widget.HighImportance
	case s.Sign == style.OK:
		return widget.SuccessImportance
	case s.Sign == style.Notice:
		return widget.WarningImportance
	case s.Sign == style.Problem:
		return Danger
	}
	return Muted
}

// ring is a number in a circle, which is filled for the step that is under way.
type ring struct {
	widget.BaseWidget
	number int
	now    bool
}

func newRing(number int) *ring {
	r := &ring{number: number}
	r.ExtendBaseWidget(r)
	return r
}

func (r *ring) set(now bool) {
	r.now = now
	r.Refresh()
}

// CreateRenderer is for Fyne.
func (r *ring) CreateRenderer() fyne.WidgetRenderer {
	made := &ringRenderer{r: r, circle: &canvas.Circle{StrokeWidth: 1.5}, text: canvas.NewText(strconv.Itoa(r.number), color.Transparent)}
	made.text.Alignment = fyne.TextAlignCenter
	made.Refresh()
	return made
}

type ringRenderer struct {
	r      *ring
	circle *canvas.Circle
	text   *canvas.Text
}

func (r *ringRenderer) Destroy()           {}
func (r *ringRenderer) MinSize() fyne.Size { return fyne.NewSquareSize(railSign) }
func (r *ringRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.circle, r.text}
}

func (r *ringRenderer) Layout(size fyne.Size) {
	r.circle.Resize(size)
	height := r.text.MinSize().Height
	r.text.Resize(fyne.NewSize(size.Width, height))
	r.text.Move(fyne.NewPos(0, (size.Height-height)/2))
}

func (r *ringRenderer) Refresh() {
	fill, text := color.Color(color.Transparent), theme.Color(style.ColorUnknown)
	r.circle.StrokeColor = theme.Color(style.ColorUnknown)
	if r.r.now {
		fill, text = theme.Color(theme.ColorNamePrimary), theme.Color(theme.ColorNameForegroundOnPrimary)
		r.circle.StrokeColor = fill
	}
	r.circle.FillColor, r.text.Color = fill, text
	r.text.TextSize, r.text.TextStyle.Bold = theme.Size(style.SizeSmall), r.r.now
	r.circle.Refresh()
	r.text.Refresh()
}

// railStepLayout puts the sign above the name and the state.
type railStepLayout struct{ *railStep }

func (l *railStepLayout) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	for _, o := range []fyne.CanvasObject{l.sign, l.ring} {
		o.Resize(fyne.NewSquareSize(railSign))
		o.Move(fyne.NewPos(railPadding, railPadding))
	}
	y, width := float32(railPadding+railSign+4), size.Width-2*railPadding
	for _, text := range []*Text{l.name, l.small, l.state} {
		if text.Visible() {
			text.Move(fyne.NewPos(railPadding, y))
			y += Fit(text, width)
		}
	}
}

func (l *railStepLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	size := fyne.NewSize(railSign+2*railPadding, railPadding+railSign+railPadding)
	for _, text := range []*Text{l.name, l.small, l.state} {
		if text.Visible() {
			size.Height += text.MinSize().Height
		}
	}
	return size
}

// railLayout places the steps, and the lines between their signs.
type railLayout struct {
	*Rail
	height float32
}

func (l *railLayout) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	total := float32(0)
	for _, width := range railWidths {
		total += width
	}
	narrow, tiny := size.Width < railOneLineFrom, size.Width < railNamesFrom
	x, height := float32(0), float32(0)
	places := make([]float32, len(l.steps))
	for i, s := range l.steps {
		width := railWidths[i] + (size.Width-total)/float32(len(l.steps))
		if narrow {
			width = size.Width / float32(len(l.steps))
		}
		s.name.Hidden, s.small.Hidden, s.state.Hidden = narrow, !narrow || tiny, tiny
		places[i] = x
		s.Move(fyne.NewPos(x, 0))
		s.inner.Layout.Layout(s.inner.Objects, fyne.NewSize(width, s.Size().Height))
		height = max(height, Fit(s, width))
		x += width
	}
	for i, s := range l.steps {
		s.Resize(fyne.NewSize(s.Size().Width, height))
		if i > 0 {
			from := places[i-1] + railPadding + railSign + railGap
			l.lines[i-1].Move(fyne.NewPos(from, railPadding+railSign/2-railLine/2))
			l.lines[i-1].Resize(fyne.NewSize(places[i]+railPadding-railGap-from, railLine))
		}
	}
	l.below.Hidden = !tiny || l.below.Text() == ""
	if !l.below.Hidden {
		l.below.Move(fyne.NewPos(railPadding, height))
		height += Fit(l.below, size.Width-2*railPadding) + railPadding
	}
	l.height = height
}

func (l *railLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(float32(len(l.steps))*(railSign+2*railPadding), max(l.height, railSign+2*railPadding))
}
