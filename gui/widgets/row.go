package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"boxready/gui/style"
)

// RowContent is what a row of a list shows; what is empty takes no place.
type RowContent struct {
	Sign   style.Sign
	Title  string
	Quiet  bool   // the title is no headline
	Detail string // below the title
	Badge  string // beside the title
	Aside  string // on the right, or below where there is no room
	Fold   Fold
}

// Fold says whether a row opens something.
type Fold string

// The folds.
const (
	NoFold Fold = ""
	Closed Fold = "closed"
	Open   Fold = "open"
	Leads  Fold = "leads" // to another page
)

// Row is a row of a list. It can be pressed if it has something to do then.
type Row struct {
	Object fyne.CanvasObject

	content RowContent
	sign    *Sign
	title   *Text
	detail  *Text
	aside   *Text
	under   *Text // aside, where there is no room on the right
	badge   *fyne.Container
	chevron *fyne.Container
	inner   *Group
}

// NewRow returns a row; tapped is nil if it does nothing.
func NewRow(content RowContent, tapped func()) *Row {
	r := &Row{
		sign:    SmallSign(""),
		title:   NewText("", Font{Bold: !content.Quiet}),
		detail:  NewText("", Font{Color: Muted}),
		aside:   NewText("", Font{Size: style.SizeSmall, Color: Muted, OneLine: true}),
		under:   NewText("", Font{Size: style.SizeSmall, Color: Muted}),
		badge:   Stack(),
		chevron: Stack(),
	}
	r.inner = &Group{}
	r.inner.init(r.inner, &fyne.Container{Layout: rowLayout{r}, Objects: []fyne.CanvasObject{r.sign, r.title, r.badge, r.detail, r.aside, r.under, r.chevron}})
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

// Set changes what the row shows. Whether its title is a headline stays as it was.
func (r *Row) Set(content RowContent) {
	if content == r.content {
		return
	}
	old := r.content
	r.content = content
	r.sign.Set(content.Sign)
	r.title.SetText(content.Title)
	r.detail.SetText(content.Detail)
	r.aside.SetText(content.Aside)
	r.under.SetText(content.Aside)
	if content.Badge != old.Badge {
		r.badge.Objects = nil
		if content.Badge != "" {
			r.badge.Objects = []fyne.CanvasObject{Badge(content.Badge, style.ColorAccented)}
		}
	}
	if content.Fold != old.Fold {
		r.chevron.Objects = nil
		icon := map[Fold]string{Closed: "chevron-down", Open: "chevron-up", Leads: "chevron-right"}[content.Fold]
		if icon != "" {
			r.chevron.Objects = []fyne.CanvasObject{Picture(icon, style.ColorMuted, 14)}
		}
	}
	r.inner.relayout()
}

// Stop ends what moves in a row that is no longer shown.
func (r *Row) Stop() { r.sign.Set("") }

// rowLayout arranges a row: sign, title with its badge and detail below, aside, chevron.
type rowLayout struct{ *Row }

const (
	rowPadding = 8
	rowGap     = 10
	// Below this width of the middle, what stands on the right moves under it.
	asideFrom = 240
)

// places computes where everything stands in a width, and the height.
func (l rowLayout) places(width float32) (middle, aside float32, below bool) {
	middle = width - 2*rowPadding - theme.Size(style.SizeSign) - rowGap
	if len(l.chevron.Objects) > 0 {
		middle -= 14 + rowGap
	}
	if l.content.Aside == "" {
		return middle, 0, false
	}
	aside = l.aside.MinSize().Width
	if middle-aside-rowGap < asideFrom {
		return middle, 0, true
	}
	return middle - aside - rowGap, aside, false
}

func (l rowLayout) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	middle, aside, below := l.places(size.Width)
	signEdge := theme.Size(style.SizeSign)
	x, y := rowPadding+signEdge+float32(rowGap), float32(rowPadding)

	badge := l.badge.MinSize()
	titleWidth := middle
	if badge.Width > 0 {
		titleWidth -= badge.Width + 8
	}
	height := fit(l.title, titleWidth)
	l.title.Move(fyne.NewPos(x, y))
	if badge.Width > 0 {
		// Beside a title of one line, at its end.
		shown := min(fyne.MeasureText(l.title.Text(), theme.TextSize(), fyne.TextStyle{Bold: !l.content.Quiet}).Width, titleWidth)
		l.badge.Resize(badge)
		l.badge.Move(fyne.NewPos(x+shown+8, y))
		height = max(height, badge.Height)
	}
	first := height
	y += height
	place := func(t *Text, shown bool) {
		if !shown {
			t.Hide()
			return
		}
		t.Show()
		h := fit(t, middle)
		t.Move(fyne.NewPos(x, y+1))
		y += h + 1
	}
	place(l.detail, l.content.Detail != "")
	place(l.under, below)

	center := func(o fyne.CanvasObject, x, width, height float32) {
		o.Resize(fyne.NewSize(width, height))
		o.Move(fyne.NewPos(x, (size.Height-height)/2))
	}
	// The sign stands beside the title, wherever that ends.
	l.sign.Resize(fyne.NewSquareSize(signEdge))
	l.sign.Move(fyne.NewPos(rowPadding, rowPadding+(min(first, 22)-signEdge)/2))
	if aside > 0 {
		l.aside.Show()
		center(l.aside, x+middle+rowGap, aside, l.aside.MinSize().Height)
	} else {
		l.aside.Hide()
	}
	center(l.chevron, size.Width-rowPadding-14, 14, 14)
}

func (l rowLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	height := max(l.title.MinSize().Height, l.badge.MinSize().Height)
	for _, t := range []*Text{l.detail, l.under} {
		if t.Visible() && t.Text() != "" {
			height += t.MinSize().Height + 1
		}
	}
	return fyne.NewSize(160, max(height, theme.Size(style.SizeSign))+2*rowPadding)
}
