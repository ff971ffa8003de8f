package widgets

import "fyne.io/fyne/v2"

// The layouts here differ from Fyne's in one thing: what wraps its text tells its height only when it has its width, so
// everything gets its width first and is asked for its height then.

// fit gives an object a width and returns the height that it needs with it.
func fit(o fyne.CanvasObject, width float32) float32 {
	o.Resize(fyne.NewSize(width, o.MinSize().Height))
	height := o.MinSize().Height
	o.Resize(fyne.NewSize(width, height))
	return height
}

func visible(objects []fyne.CanvasObject) (shown []fyne.CanvasObject) {
	for _, o := range objects {
		if o.Visible() {
			shown = append(shown, o)
		}
	}
	return shown
}

// Stack puts objects on each other, all as large as the container.
func Stack(objects ...fyne.CanvasObject) *fyne.Container {
	return &fyne.Container{Layout: stack{}, Objects: objects}
}

type stack struct{}

func (stack) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Move(fyne.Position{})
		o.Resize(size)
	}
}

func (stack) MinSize(objects []fyne.CanvasObject) (size fyne.Size) {
	for _, o := range visible(objects) {
		size = size.Max(o.MinSize())
	}
	return size
}

// Pad keeps a distance between an object and the container's edges.
func Pad(top, right, bottom, left float32, o fyne.CanvasObject) *fyne.Container {
	return &fyne.Container{Layout: padded{top, right, bottom, left}, Objects: []fyne.CanvasObject{o}}
}

type padded struct{ top, right, bottom, left float32 }

func (p padded) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Move(fyne.NewPos(p.left, p.top))
		o.Resize(size.SubtractWidthHeight(p.left+p.right, p.top+p.bottom))
	}
}

func (p padded) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return stack{}.MinSize(objects).AddWidthHeight(p.left+p.right, p.top+p.bottom)
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
		y += fit(o, size.Width) + c.gap
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

// Flow puts objects beside each other and begins a new line where they don't fit; the last one is pushed to the right edge if
// end is true and it fits.
func Flow(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return &fyne.Container{Layout: &flow{gap: gap}, Objects: objects}
}

type flow struct {
	gap    float32
	height float32 // with the width of the last time
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

// Beside puts main between what stands on its left and on its right; either may be nil. Main gets the width that is left, and
// all are centred vertically unless top is true.
func Beside(gap float32, top bool, left, main, right fyne.CanvasObject) *fyne.Container {
	b := &beside{gap: gap, top: top, left: left, main: main, right: right}
	c := &fyne.Container{Layout: b}
	for _, o := range []fyne.CanvasObject{left, main, right} { // which is the order of the focus, too
		if o != nil {
			c.Objects = append(c.Objects, o)
		}
	}
	return c
}

type beside struct {
	gap               float32
	top               bool
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
		height := fit(o, width)
		y := float32(0)
		if !b.top {
			y = max(0, (size.Height-height)/2)
		}
		o.Move(fyne.NewPos(x, y))
	}
	place(b.left, 0, left.Width-b.gap)
	place(b.main, left.Width, size.Width-left.Width-right.Width)
	place(b.right, size.Width-right.Width+b.gap, right.Width-b.gap)
}

func (b *beside) MinSize([]fyne.CanvasObject) fyne.Size {
	left, right, main := b.side(b.left), b.side(b.right), b.main.MinSize()
	return fyne.NewSize(left.Width+main.Width+right.Width, max(left.Height, main.Height, right.Height))
}
