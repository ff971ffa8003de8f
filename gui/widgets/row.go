package widgets

import (
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"boxready/gui/style"
)

// RowContent is what a row of a list shows; empty fields take no space.
type RowContent struct {
	Sign        style.Sign
	Title       string
	LowEmphasis bool   // the title isn't bold
	Detail      string // below the title
	Badge       string // beside the title
	Aside       string // on the right, or below where there is no room
	Chevron     Chevron
}

// Chevron says what pressing a row opens.
type Chevron string

// The chevrons.
const (
	NoChevron Chevron = ""
	Collapsed Chevron = "collapsed"
	Expanded  Chevron = "expanded"
	Navigates Chevron = "navigates" // opens another page
)

// Row is a row of a list. It can be pressed unless it was made without an action.
type Row struct {
	Object fyne.CanvasObject

	content RowContent
	inner   *Group
	sign    *Sign
	title   *Text
	detail  *Text // nil until there is one, like all below
	aside   *Text // on the right
	under   *Text // the same, where there is no room on the right
	badge   fyne.CanvasObject
	chevron fyne.CanvasObject

	min fyne.Size // zero before the first layout
}

// NewRow returns a row; tapped is nil if it does nothing.
func NewRow(content RowContent, tapped func()) *Row {
	r := &Row{sign: SmallSign(""), title: NewText("", Font{Bold: !content.LowEmphasis}), inner: &Group{}}
	r.inner.init(r.inner, &fyne.Container{Layout: rowLayout{r}})
	r.Set(content)
	r.Object = r.inner
	if tapped != nil {
		r.Object = NewPressable(r.inner, "", "", 6, tapped)
	}
	return r
}

// OnTapped changes what pressing the row does; a row that can't be pressed stays so.
func (r *Row) OnTapped(tapped func()) {
	if p, ok := r.Object.(*Pressable); ok {
		p.OnTapped = tapped
	}
}

// Set changes what the row shows. LowEmphasis can't change.
func (r *Row) Set(content RowContent) {
	if content == r.content {
		return
	}
	old := r.content
	r.content, r.min = content, fyne.Size{}
	r.sign.Set(content.Sign)
	r.title.SetText(content.Title)
	set := func(t **Text, text string, font Font) {
		if *t == nil && text != "" {
			*t = NewText(text, font)
		} else if *t != nil {
			(*t).SetText(text)
		}
	}
	set(&r.detail, content.Detail, Font{Color: Muted})
	set(&r.aside, content.Aside, Font{Size: style.SizeSmall, Color: Muted, OneLine: true})
	set(&r.under, content.Aside, Font{Size: style.SizeSmall, Color: Muted})
	if content.Badge != old.Badge {
		r.badge = nil
		if content.Badge != "" {
			r.badge = Badge(content.Badge, style.ColorAccented)
		}
	}
	if content.Chevron != old.Chevron {
		r.chevron = nil
		if icon := map[Chevron]string{Collapsed: "chevron-down", Expanded: "chevron-up", Navigates: "chevron-right"}[content.Chevron]; icon != "" {
			r.chevron = Picture(icon, style.ColorMuted, chevronEdge)
		}
	}
	r.inner.box.Objects = []fyne.CanvasObject{r.sign, r.title}
	for _, t := range []*Text{r.detail, r.aside, r.under} {
		if t != nil {
			r.inner.box.Objects = append(r.inner.box.Objects, t)
		}
	}
	for _, o := range []fyne.CanvasObject{r.badge, r.chevron} {
		if o != nil {
			r.inner.box.Objects = append(r.inner.box.Objects, o)
		}
	}
	r.inner.relayout()
}

// Stop stops the animation of a row that is no longer shown.
func (r *Row) Stop() { r.sign.Set("") }

// rowLayout arranges a row: sign, title with its badge and detail below, aside, chevron.
type rowLayout struct{ *Row }

const (
	rowPadding  = 8
	rowGap      = 10
	chevronEdge = 14
	// Below this width of the middle, the aside moves under it.
	asideFrom = 240
)

// places are the widths of the middle and of the aside on its right; below if that doesn't fit there.
func (l rowLayout) places(width float32) (middle, aside float32, below bool) {
	middle = width - 2*rowPadding - theme.Size(style.SizeSign) - rowGap
	if l.chevron != nil {
		middle -= chevronEdge + rowGap
	}
	if l.content.Aside == "" {
		return middle, 0, false
	}
	aside = l.aside.MinSize().Width
	if middle-aside-rowGap < asideFrom || utf8.RuneCountInString(l.content.Aside) > lineLength {
		return middle, 0, true
	}
	return middle - aside - rowGap, aside, false
}

func (l rowLayout) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	middle, aside, below := l.places(size.Width)
	signEdge := theme.Size(style.SizeSign)
	x, y := rowPadding+signEdge+float32(rowGap), float32(rowPadding)

	var badge fyne.Size
	titleWidth := middle
	if l.badge != nil {
		badge = l.badge.MinSize()
		titleWidth -= badge.Width + 8
	}
	height := Fit(l.title, titleWidth)
	l.title.Move(fyne.NewPos(x, y))
	if l.badge != nil {
		// Beside a title of one line, at its end.
		shown := min(fyne.MeasureText(l.title.Text(), theme.TextSize(), fyne.TextStyle{Bold: !l.content.LowEmphasis}).Width, titleWidth)
		l.badge.Resize(badge)
		l.badge.Move(fyne.NewPos(x+shown+8, y))
		height = max(height, badge.Height)
	}
	first := height
	y += height
	place := func(t *Text, shown bool) {
		if t == nil {
			return
		}
		if !shown {
			t.Hide()
			return
		}
		t.Show()
		h := Fit(t, middle)
		t.Move(fyne.NewPos(x, y+1))
		y += h + 1
	}
	place(l.detail, l.content.Detail != "")
	place(l.under, below)
	l.min = fyne.NewSize(minRowWidth, max(y-rowPadding, signEdge)+2*rowPadding)

	center := func(o fyne.CanvasObject, x, width, height float32) {
		o.Resize(fyne.NewSize(width, height))
		o.Move(fyne.NewPos(x, (size.Height-height)/2))
	}
	// The sign is beside the first line.
	l.sign.Resize(fyne.NewSquareSize(signEdge))
	l.sign.Move(fyne.NewPos(rowPadding, rowPadding+(min(first, 22)-signEdge)/2))
	if l.aside != nil {
		if l.aside.Hidden = aside == 0; aside > 0 {
			center(l.aside, x+middle+rowGap, aside, l.aside.MinSize().Height)
		}
	}
	if l.chevron != nil {
		center(l.chevron, size.Width-rowPadding-chevronEdge, chevronEdge, chevronEdge)
	}
}

const minRowWidth = 160

func (l rowLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	if l.min.IsZero() {
		// An estimate before the first layout.
		return fyne.NewSize(minRowWidth, l.title.MinSize().Height+2*rowPadding)
	}
	return l.min
}
