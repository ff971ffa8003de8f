package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"boxready/gui/style"
)

// Node is a node in a picture of connections.
type Node struct {
	Title, Caption string
	Sign           style.Sign
}

// Link is an arrow in a picture of connections. Its line is solid, dashed or dotted, and has a sign on it.
type Link struct {
	Sign style.Sign
	Name string // is shown below the picture while the mouse or the focus is on the arrow
}

// Connections is a chain of nodes with an arrow between each two, and one arrow that leads back from the last node to the
// second. Every arrow can be pressed, unless tapped is nil. It is vertical where there is no room for a horizontal one.
type Connections struct {
	Group
	hint    string
	nodes   []*node
	arrows  []*arrow // the last one leads back
	caption *Text
}

// NewConnections returns a picture. links are the arrows from node to node, and the one that leads back at the end.
func NewConnections(nodes []Node, links []Link, hint string, tapped func(link int)) *Connections {
	c := &Connections{hint: hint, caption: NewText(hint, Font{Size: style.SizeSmall, Color: Muted, Centered: true})}
	var objects, buttons []fyne.CanvasObject
	for _, n := range nodes {
		made := newNode(n)
		c.nodes = append(c.nodes, made)
		objects = append(objects, made)
	}
	for i, l := range links {
		made := newArrow(l)
		if tapped != nil {
			made.press(func() { tapped(i) }, func(highlighted bool) { c.highlight(i, highlighted) })
		}
		c.arrows = append(c.arrows, made)
		for _, s := range made.strokes {
			objects = append(objects, s)
		}
		objects = append(objects, made.head)
		buttons = append(buttons, made.place)
	}
	c.init(c, &fyne.Container{Layout: &connectionsLayout{c: c}, Objects: append(append(objects, buttons...), c.caption)})
	return c
}

// Set shows other signs and names; their number can't change.
func (c *Connections) Set(nodes []Node, links []Link) {
	for i, n := range nodes {
		c.nodes[i].set(n)
	}
	for i, l := range links {
		c.arrows[i].set(l)
	}
}

// Stop stops the animations of a picture that is no longer shown.
func (c *Connections) Stop() {
	for _, a := range c.arrows {
		a.sign.Set("")
	}
}

func (c *Connections) highlight(i int, highlighted bool) {
	text := c.hint
	if highlighted {
		text = c.arrows[i].link.Name
	}
	c.caption.SetText(text)
}

// Buttons are the arrows' buttons, in order.
func (c *Connections) Buttons() (buttons []*Pressable) {
	for _, a := range c.arrows {
		if a.button != nil {
			buttons = append(buttons, a.button)
		}
	}
	return buttons
}

type node struct {
	Group
	back           *Backdrop
	title, caption *Text
	inline         bool // the caption is beside the title
}

func newNode(n Node) *node {
	made := &node{back: NewBackdrop(style.ColorCard, n.Sign.Color()), title: NewText(n.Title, Font{Bold: true, Centered: true, OneLine: true}),
		caption: NewText(n.Caption, Font{Size: style.SizeSmall, Color: Muted, Centered: true, OneLine: true})}
	made.back.Radius, made.back.BorderWidth = 8, 1.5
	made.init(made, &fyne.Container{Layout: nodeLayout{made}, Objects: []fyne.CanvasObject{made.back, made.title, made.caption}})
	return made
}

func (n *node) set(to Node) {
	n.title.SetText(to.Title)
	n.caption.SetText(to.Caption)
	n.back.Border = to.Sign.Color()
	n.back.Refresh()
	n.relayout()
}

type nodeLayout struct{ *node }

const (
	nodePadding = 8
	nodeGap     = 8
)

// sizes are those of the node with the caption below the title, and beside it.
func (l nodeLayout) sizes() (high, inline fyne.Size) {
	title, caption := l.title.MinSize(), l.caption.MinSize()
	high = fyne.NewSize(max(title.Width, caption.Width)+2*nodePadding, title.Height+caption.Height+10)
	inline = fyne.NewSize(title.Width+nodeGap+caption.Width+2*nodePadding, title.Height+10)
	return high, inline
}

func (l nodeLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	high, inline := l.sizes()
	if l.inline {
		return inline
	}
	return high
}

func (l nodeLayout) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	l.back.Resize(size)
	title, caption := l.title.MinSize(), l.caption.MinSize()
	if l.inline {
		x := (size.Width - title.Width - nodeGap - caption.Width) / 2
		l.title.Move(fyne.NewPos(x, (size.Height-title.Height)/2))
		l.title.Resize(title)
		l.caption.Move(fyne.NewPos(x+title.Width+nodeGap, (size.Height-caption.Height)/2+1))
		l.caption.Resize(caption)
		return
	}
	y := (size.Height - title.Height - caption.Height) / 2
	l.title.Move(fyne.NewPos(nodePadding, y))
	l.title.Resize(fyne.NewSize(size.Width-2*nodePadding, title.Height))
	l.caption.Move(fyne.NewPos(nodePadding, y+title.Height))
	l.caption.Resize(fyne.NewSize(size.Width-2*nodePadding, caption.Height))
}

type arrow struct {
	link    Link
	strokes [3]*stroke // a straight arrow has one
	head    *canvas.Image
	headed  string // where the head points to
	sign    *Sign
	button  *Pressable        // nil if it can't be pressed
	place   fyne.CanvasObject // the button, or what is there without one
}

func newArrow(l Link) *arrow {
	a := &arrow{sign: SmallSign(l.Sign), head: &canvas.Image{FillMode: canvas.ImageFillContain}}
	a.head.Resize(fyne.NewSquareSize(headEdge))
	for i := range a.strokes {
		a.strokes[i] = newStroke()
	}
	background := NewBackdrop(style.ColorCard, "")
	background.Radius = 11
	a.place = Stack(&fyne.Container{Layout: centered{22}, Objects: []fyne.CanvasObject{background}}, a.sign)
	a.set(l)
	return a
}

func (a *arrow) press(tapped func(), highlighted func(bool)) {
	a.button = NewPressable(a.place, "", "", 8, tapped)
	a.button.OnHighlight = highlighted
	a.place = a.button
}

func (a *arrow) set(l Link) {
	a.link = l
	a.sign.Set(l.Sign)
	for _, s := range a.strokes {
		s.set(l.Sign)
	}
	a.point(a.headed)
}

// point draws the head.
func (a *arrow) point(to string) {
	a.headed = to
	if to != "" {
		a.head.Resource = style.Icon("head-"+to, a.link.Sign.Color())
		a.head.Refresh()
	}
}

// draw puts the line along points, the head at its end and the button around at.
func (a *arrow) draw(points []fyne.Position, to string, at fyne.Position, hitArea fyne.Size) {
	if a.headed != to {
		a.point(to)
	}
	a.head.Move(points[len(points)-1].SubtractXY(headEdge/2, headEdge/2))
	for i, s := range a.strokes {
		if i+1 < len(points) {
			s.Show()
			s.draw(points[i], points[i+1])
		} else {
			s.Hide()
		}
	}
	a.place.Resize(hitArea)
	a.place.Move(at.SubtractXY(hitArea.Width/2, hitArea.Height/2))
}

// connectionsLayout places everything.
type connectionsLayout struct {
	c      *Connections
	height float32 // at the width of the last layout
}

const (
	gapWide     = 42 // at least, between nodes that stand beside each other
	gapTall     = 34 // and below each other
	returnWidth = 40 // for the arrow that leads back
	hitEdge     = 28
	headEdge    = 10
)

// boxes are the nodes' own widths, and the smallest size that fits each of them.
func (l *connectionsLayout) boxes(inline bool) (each []float32, all fyne.Size) {
	for _, n := range l.c.nodes {
		high, low := nodeLayout{n}.sizes()
		if inline {
			high = low
		}
		each = append(each, high.Width)
		all = all.Max(high)
	}
	return each, all
}

func (l *connectionsLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	_, high := l.boxes(false)
	return fyne.NewSize(high.Width+returnWidth, l.height)
}

func (l *connectionsLayout) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	each, high := l.boxes(false)
	gaps := float32(len(each)-1) * gapWide
	natural := gaps
	for _, width := range each {
		natural += width
	}
	var y float32
	if size.Width >= natural {
		// As wide as each other if there is room for that.
		if even := (size.Width - gaps) / float32(len(each)); even >= high.Width {
			for i := range each {
				each[i] = min(even, 1.3*high.Width)
			}
		} else {
			for i := range each {
				each[i] += (size.Width - natural) / 2 / float32(len(each))
			}
		}
		y = l.layoutHorizontal(each, high.Height, size.Width)
	} else {
		_, inline := l.boxes(true)
		if inline.Width+returnWidth > size.Width {
			y = l.layoutVertical(fyne.NewSize(size.Width-returnWidth, high.Height), size.Width, false)
		} else {
			y = l.layoutVertical(fyne.NewSize(min(size.Width-returnWidth, 1.3*inline.Width), inline.Height), size.Width, true)
		}
	}
	l.c.caption.Move(fyne.NewPos(0, y+8))
	l.height = y + 8 + Fit(l.c.caption, size.Width)
}

func (l *connectionsLayout) layoutHorizontal(widths []float32, height, width float32) float32 {
	n := len(l.c.nodes)
	gap := width
	for _, w := range widths {
		gap -= w
	}
	gap /= float32(n - 1)
	left := make([]float32, n)
	for i, node := range l.c.nodes {
		if i > 0 {
			left[i] = left[i-1] + widths[i-1] + gap
		}
		node.inline = false
		node.Move(fyne.NewPos(left[i], 0))
		node.Resize(fyne.NewSize(widths[i], height))
	}
	mid := height / 2
	for i, a := range l.c.arrows[:n-1] {
		from, to := left[i]+widths[i], left[i+1]
		a.draw([]fyne.Position{{X: from, Y: mid}, {X: to - 6, Y: mid}}, "right", fyne.NewPos((from+to-6)/2, mid), fyne.NewSize(min(gap-10, 44), hitEdge))
	}
	low := height + 26
	first, last := left[1]+widths[1]/2, left[n-1]+widths[n-1]/2
	l.c.arrows[n-1].draw([]fyne.Position{{X: last, Y: height}, {X: last, Y: low}, {X: first, Y: low}, {X: first, Y: height + 6}}, "up",
		fyne.NewPos((first+last)/2, low), fyne.NewSize(44, hitEdge))
	return low + hitEdge/2
}

func (l *connectionsLayout) layoutVertical(box fyne.Size, width float32, inline bool) float32 {
	n := len(l.c.nodes)
	x := max(0, (width-box.Width-returnWidth)/2)
	top := func(i int) float32 { return float32(i) * (box.Height + gapTall) }
	for i, node := range l.c.nodes {
		node.inline = inline
		node.Move(fyne.NewPos(x, top(i)))
		node.Resize(box)
		node.relayout()
	}
	mid := x + box.Width/2
	for i, a := range l.c.arrows[:n-1] {
		from, to := top(i)+box.Height, top(i+1)
		a.draw([]fyne.Position{{X: mid, Y: from}, {X: mid, Y: to - 6}}, "down", fyne.NewPos(mid, (from+to-6)/2), fyne.NewSize(44, hitEdge))
	}
	edge, right := x+box.Width, x+box.Width+returnWidth-hitEdge/2
	first, last := top(1)+box.Height/2, top(n-1)+box.Height/2
	l.c.arrows[n-1].draw([]fyne.Position{{X: edge, Y: last}, {X: right, Y: last}, {X: right, Y: first}, {X: edge + 6, Y: first}}, "left",
		fyne.NewPos(right, (first+last)/2), fyne.NewSize(hitEdge, hitEdge))
	return top(n-1) + box.Height
}

// stroke is a straight line, horizontal or vertical: solid for OK and a notice, dashed for a problem, dotted otherwise.
type stroke struct {
	widget.BaseWidget
	sign style.Sign
}

func newStroke() *stroke {
	s := &stroke{}
	s.ExtendBaseWidget(s)
	return s
}

func (s *stroke) set(sign style.Sign) {
	if s.sign != sign {
		s.sign = sign
		s.Refresh()
	}
}

const thickness = 2

func (s *stroke) draw(from, to fyne.Position) {
	s.Move(fyne.NewPos(min(from.X, to.X)-thickness/2, min(from.Y, to.Y)-thickness/2))
	s.Resize(fyne.NewSize(max(from.X, to.X)-min(from.X, to.X)+thickness, max(from.Y, to.Y)-min(from.Y, to.Y)+thickness))
}

// dashes are the lengths of what is drawn and of the gap behind it.
func (s *stroke) dashes() (dash, gap float32) {
	switch s.sign {
	case style.OK, style.Notice:
		return 0, 0
	case style.Problem:
		return 6, 4
	default:
		return 2, 3
	}
}

func (s *stroke) CreateRenderer() fyne.WidgetRenderer { return &strokeRenderer{s: s} }

type strokeRenderer struct {
	s     *stroke
	made  []fyne.CanvasObject
	parts []fyne.CanvasObject // of those, what is drawn
}

func (*strokeRenderer) Destroy()                       {}
func (*strokeRenderer) MinSize() fyne.Size             { return fyne.Size{} }
func (r *strokeRenderer) Objects() []fyne.CanvasObject { return r.parts }

func (r *strokeRenderer) Refresh() {
	r.Layout(r.s.Size())
	canvas.Refresh(r.s)
}

// Layout reuses the parts: a window lays out often, and Fyne keeps for a minute what it has painted.
func (r *strokeRenderer) Layout(size fyne.Size) {
	across := size.Width > size.Height
	length := max(size.Width, size.Height)
	dash, gap := r.s.dashes()
	if dash == 0 {
		dash = length
	}
	n := 0
	for at := float32(0); at < length; at += dash + gap {
		if n == len(r.made) {
			r.made = append(r.made, canvas.NewRectangle(nil))
		}
		part := r.made[n].(*canvas.Rectangle)
		n++
		part.FillColor = theme.Color(r.s.sign.Color())
		piece := min(dash, length-at)
		if across {
			part.Move(fyne.NewPos(at, 0))
			part.Resize(fyne.NewSize(piece, thickness))
		} else {
			part.Move(fyne.NewPos(0, at))
			part.Resize(fyne.NewSize(thickness, piece))
		}
	}
	r.parts = r.made[:n]
}
