package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/layout"
)

// The layouts here differ from Fyne's in one thing: the height of wrapped text depends on its width, so every object gets its
// width first and is then asked for its height.

// Fit gives an object a width and returns the height that it needs with it.
func Fit(o fyne.CanvasObject, width float32) float32 {
	// The width first: a text that is asked for its height before it has one breaks behind every letter.
	if size := o.Size(); size.Width != width {
		o.Resize(fyne.NewSize(width, size.Height))
	}
	height := o.MinSize().Height
	o.Resize(fyne.NewSize(width, height))
	return height
}

// fitNested gives a container of containers a width and the height that it needs then: the height of the innermost text needs a
// round for each level to reach the outermost.
func fitNested(c *fyne.Container, width float32) {
	const rounds = 8
	for range rounds {
		before := c.Size()
		c.Layout.Layout(c.Objects, fyne.NewSize(width, before.Height))
		Fit(c, width)
		if c.Size() == before && c.MinSize().Height == before.Height {
			return
		}
	}
}

// Relayout lays a container out again after something in it was changed.
func Relayout(c *fyne.Container) {
	if size := c.Size(); !size.IsZero() {
		c.Layout.Layout(c.Objects, size)
	}
}

// Replace puts other objects into a container. Fyne's Refresh would refresh, and wrap, all that is in them as well.
func Replace(c *fyne.Container, objects ...fyne.CanvasObject) {
	c.Objects = objects
	Relayout(c)
	canvas.Refresh(c)
}

func visible(objects []fyne.CanvasObject) (shown []fyne.CanvasObject) {
	for _, o := range objects {
		if o.Visible() {
			shown = append(shown, o)
		}
	}
	return shown
}

// Stack puts objects on each other, all as large as the container. Fyne's container.NewStack, like every container.New, lays its
// objects out at once in their smallest size, which would break every text in them into letters.
func Stack(objects ...fyne.CanvasObject) *fyne.Container {
	return &fyne.Container{Layout: layout.NewStackLayout(), Objects: objects}
}

// Pad keeps a distance between an object and the container's edges.
func Pad(top, right, bottom, left float32, o fyne.CanvasObject) *fyne.Container {
	return &fyne.Container{Layout: layout.NewCustomPaddedLayout(top, bottom, left, right), Objects: []fyne.CanvasObject{o}}
}

// Column puts objects below each other, each as wide as the container and as high as it needs to be then.
func Column(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return &fyne.Container{Layout: column{gap}, Objects: objects}
}

type column struct{ gap float32 }

func (c column) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	y := float32(0)
	for _, o := range visible(objects) {
		o.Move(fyne.NewPos(0, y))
		y += Fit(o, size.Width) + c.gap
	}
}

func (c column) MinSize(objects []fyne.CanvasObject) (size fyne.Size) {
	for i, o := range visible(objects) {
		min := o.MinSize()
		size.Width = max(size.Width, min.Width)
		size.Height += min.Height
		if i > 0 {
			size.Height += c.gap
		}
	}
	return size
}

// Flow puts objects beside each other and begins a new line where they don't fit.
func Flow(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return &fyne.Container{Layout: &flow{gap: gap}, Objects: objects}
}

type flow struct {
	gap    float32
	height float32 // at the width of the last layout
}

func (f *flow) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	x, y, line := float32(0), float32(0), float32(0)
	for _, o := range visible(objects) {
		min := o.MinSize()
		width := min.Width
		if x > 0 && x+width > size.Width {
			x, y, line = 0, y+line+f.gap, 0
		}
		o.Move(fyne.NewPos(x, y))
		o.Resize(fyne.NewSize(width, min.Height))
		x, line = x+width+f.gap, max(line, min.Height)
	}
	f.height = y + line
}

func (f *flow) MinSize(objects []fyne.CanvasObject) (size fyne.Size) {
	for _, o := range visible(objects) {
		size = size.Max(o.MinSize())
	}
	size.Height = max(size.Height, f.height)
	return size
}

// Beside puts main between left and right; either may be nil. Main gets the remaining width, and all are centred vertically
// unless top is true.
func Beside(gap float32, top bool, left, main, right fyne.CanvasObject) *fyne.Container {
	return besideOrBelow(&beside{gap: gap, top: top, left: left, main: main, right: right})
}

// BesideOrBelow is Beside without left, where right moves below main if main would be narrower than least.
func BesideOrBelow(gap, least float32, main, right fyne.CanvasObject) *fyne.Container {
	return besideOrBelow(&beside{gap: gap, least: least, main: main, right: right})
}

func besideOrBelow(b *beside) *fyne.Container {
	c := &fyne.Container{Layout: b}
	for _, o := range []fyne.CanvasObject{b.left, b.main, b.right} { // which is the order of the focus, too
		if o != nil {
			c.Objects = append(c.Objects, o)
		}
	}
	return c
}

type beside struct {
	gap               float32
	least             float32 // of main's width; 0 if it takes what there is
	top               bool
	below             bool // right is below main
	left, main, right fyne.CanvasObject
}

func (b *beside) side(o fyne.CanvasObject) fyne.Size {
	if o == nil || !o.Visible() {
		return fyne.Size{}
	}
	return o.MinSize().AddWidthHeight(b.gap, 0)
}

func (b *beside) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	left, right := b.side(b.left), b.side(b.right)
	place := func(o fyne.CanvasObject, x, width float32) {
		if o == nil || !o.Visible() {
			return
		}
		height := Fit(o, width)
		y := float32(0)
		if !b.top {
			y = max(0, (size.Height-height)/2)
		}
		o.Move(fyne.NewPos(x, y))
	}
	if b.below = right.Width > 0 && size.Width-right.Width < b.least; b.below {
		height := Fit(b.main, size.Width)
		b.main.Move(fyne.Position{})
		b.right.Move(fyne.NewPos(0, height+b.gap))
		Fit(b.right, min(size.Width, right.Width-b.gap))
		return
	}
	place(b.left, 0, left.Width-b.gap)
	place(b.main, left.Width, size.Width-left.Width-right.Width)
	place(b.right, size.Width-right.Width+b.gap, right.Width-b.gap)
}

func (b *beside) MinSize([]fyne.CanvasObject) fyne.Size {
	left, right, main := b.side(b.left), b.side(b.right), b.main.MinSize()
	if b.least > 0 {
		// It can always be narrow.
		size := fyne.NewSize(max(main.Width, right.Width-b.gap), max(main.Height, right.Height))
		if b.below {
			size.Height = main.Height + b.gap + right.Height
		}
		return size
	}
	return fyne.NewSize(left.Width+main.Width+right.Width, max(left.Height, main.Height, right.Height))
}

// Below puts a head on top and gives the rest of the container to what is below it.
func Below(head, rest fyne.CanvasObject) *fyne.Container {
	return &fyne.Container{Layout: below{}, Objects: []fyne.CanvasObject{head, rest}}
}

type below struct{}

func (below) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	head, rest := objects[0], objects[1]
	height := float32(0)
	if head.Visible() {
		height = Fit(head, size.Width)
	}
	head.Move(fyne.Position{})
	rest.Move(fyne.NewPos(0, height))
	rest.Resize(size.SubtractWidthHeight(0, height))
}

func (below) MinSize(objects []fyne.CanvasObject) fyne.Size {
	head, rest := objects[0].MinSize(), objects[1].MinSize()
	return fyne.NewSize(max(head.Width, rest.Width), head.Height+rest.Height)
}

// Above puts a foot at the bottom and gives the rest of the container to what is above it.
func Above(rest, foot fyne.CanvasObject) *fyne.Container {
	return &fyne.Container{Layout: above{}, Objects: []fyne.CanvasObject{rest, foot}}
}

type above struct{}

func (above) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	rest, foot := objects[0], objects[1]
	height := Fit(foot, size.Width)
	rest.Move(fyne.Position{})
	rest.Resize(size.SubtractWidthHeight(0, height))
	foot.Move(fyne.NewPos(0, size.Height-height))
}

func (above) MinSize(objects []fyne.CanvasObject) fyne.Size { return below{}.MinSize(objects) }

// NameValue puts a value beside its name, or below where there is no room.
func NameValue(name, value fyne.CanvasObject) *fyne.Container {
	return &fyne.Container{Layout: &nameValue{}, Objects: []fyne.CanvasObject{name, value}}
}

type nameValue struct{ below bool }

const (
	nameWidth  = 190
	besideFrom = 420
)

func (p *nameValue) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	name, value := objects[0], objects[1]
	if p.below = size.Width < besideFrom; p.below {
		name.Move(fyne.Position{})
		value.Move(fyne.NewPos(0, Fit(name, size.Width)))
		Fit(value, size.Width)
		return
	}
	name.Move(fyne.Position{})
	Fit(name, nameWidth-10)
	value.Move(fyne.NewPos(nameWidth, 0))
	Fit(value, size.Width-nameWidth)
}

func (p *nameValue) MinSize(objects []fyne.CanvasObject) fyne.Size {
	name, value := objects[0].MinSize(), objects[1].MinSize()
	if p.below {
		return fyne.NewSize(max(name.Width, value.Width), name.Height+value.Height)
	}
	return fyne.NewSize(max(name.Width, value.Width), max(name.Height, value.Height))
}

// EqualColumns puts objects beside each other with equal widths, as many in a line as fit with a width of least.
func EqualColumns(gap, least float32, objects ...fyne.CanvasObject) *fyne.Container {
	return &fyne.Container{Layout: &equalColumns{gap: gap, least: least}, Objects: objects}
}

type equalColumns struct{ gap, least, height float32 }

func (e *equalColumns) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects = visible(objects)
	inLine := max(1, min(len(objects), int((size.Width+e.gap)/(e.least+e.gap))))
	width := (size.Width - float32(inLine-1)*e.gap) / float32(inLine)
	x, y, line := float32(0), float32(0), float32(0)
	for i, o := range objects {
		if i > 0 && i%inLine == 0 {
			x, y, line = 0, y+line+e.gap, 0
		}
		o.Move(fyne.NewPos(x, y))
		line = max(line, Fit(o, width))
		x += width + e.gap
	}
	e.height = y + line
}

func (e *equalColumns) MinSize(objects []fyne.CanvasObject) (size fyne.Size) {
	for _, o := range visible(objects) {
		size = size.Max(o.MinSize())
	}
	size.Height = max(size.Height, e.height)
	return size
}

// Columns puts two objects beside each other, the left one with a share of the width, or below each other in less than the width
// from.
func Columns(gap, share, from float32, left, right fyne.CanvasObject) *fyne.Container {
	return &fyne.Container{Layout: &columns{gap: gap, share: share, from: from}, Objects: []fyne.CanvasObject{left, right}}
}

type columns struct {
	gap, share, from float32
	below            bool
}

func (c *columns) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	left, right := objects[0], objects[1]
	left.Move(fyne.Position{})
	if c.below = size.Width < c.from; c.below {
		right.Move(fyne.NewPos(0, Fit(left, size.Width)+c.gap))
		Fit(right, size.Width)
		return
	}
	width := (size.Width - c.gap) * c.share
	right.Move(fyne.NewPos(width+c.gap, 0))
	height := max(Fit(left, width), Fit(right, size.Width-c.gap-width))
	left.Resize(fyne.NewSize(width, height))
	right.Resize(fyne.NewSize(size.Width-c.gap-width, height))
}

func (c *columns) MinSize(objects []fyne.CanvasObject) fyne.Size {
	left, right := objects[0].MinSize(), objects[1].MinSize()
	size := fyne.NewSize(max(left.Width, right.Width), max(left.Height, right.Height))
	if c.below {
		size.Height = left.Height + c.gap + right.Height
	}
	return size
}

// Centered puts an object, at most as wide as most, in the middle of the width.
func Centered(most float32, o fyne.CanvasObject) *fyne.Container {
	return &fyne.Container{Layout: centeredColumn{most}, Objects: []fyne.CanvasObject{o}}
}

type centeredColumn struct{ most float32 }

func (c centeredColumn) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	width := min(c.most, size.Width)
	Fit(objects[0], width)
	objects[0].Move(fyne.NewPos((size.Width-width)/2, 0))
}

func (centeredColumn) MinSize(objects []fyne.CanvasObject) fyne.Size { return objects[0].MinSize() }

// TopAndBottom puts one object at the top and another at the bottom of the container.
func TopAndBottom(top, bottom fyne.CanvasObject) *fyne.Container {
	return &fyne.Container{Layout: topAndBottom{}, Objects: []fyne.CanvasObject{top, bottom}}
}

type topAndBottom struct{}

func (topAndBottom) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	Fit(objects[0], size.Width)
	height := Fit(objects[1], size.Width)
	objects[0].Move(fyne.Position{})
	objects[1].Move(fyne.NewPos(0, max(size.Height-height, objects[0].Size().Height)))
}

func (topAndBottom) MinSize(objects []fyne.CanvasObject) fyne.Size { return column{}.MinSize(objects) }

// RightBorder is a thin line at the right edge.
func RightBorder(color fyne.ThemeColorName) *fyne.Container {
	return &fyne.Container{Layout: rightBorder{}, Objects: []fyne.CanvasObject{NewBackdrop(color, "")}}
}

type rightBorder struct{}

func (rightBorder) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[0].Move(fyne.NewPos(size.Width-1, 0))
	objects[0].Resize(fyne.NewSize(1, size.Height))
}

func (rightBorder) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }
