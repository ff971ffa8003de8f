package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
)

// Page scrolls its content, which is as wide as the page.
type Page struct {
	Group
	scroll  *container.Scroll
	content *fyne.Container
}

// Limit gives an object no more than a width; what is left of a wider place stays empty on the right.
func Limit(width float32, o fyne.CanvasObject) *fyne.Container {
	return &fyne.Container{Layout: limit{width}, Objects: []fyne.CanvasObject{o}}
}

type limit struct{ width float32 }

func (l limit) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[0].Resize(fyne.NewSize(min(size.Width, l.width), size.Height))
}

func (limit) MinSize(objects []fyne.CanvasObject) fyne.Size { return objects[0].MinSize() }

// NewPage returns a page.
func NewPage(content *fyne.Container) *Page {
	p := &Page{scroll: container.NewVScroll(content), content: content}
	p.init(p, &fyne.Container{Layout: pageLayout{p}, Objects: []fyne.CanvasObject{p.scroll}})
	return p
}

type pageLayout struct{ *Page }

func (l pageLayout) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	if size.Width <= 0 {
		return // not placed yet: breaking every text into letters is slow
	}
	fitNested(l.content, size.Width)
	l.scroll.Resize(size)
}

func (l pageLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(l.content.MinSize().Width, 60)
}

// Refit lays the page out again after the height of something in it has changed.
func (p *Page) Refit() {
	if p.Size().IsZero() {
		return
	}
	fitNested(p.content, p.Size().Width)
	p.setOffset(p.scroll.Offset.Y)
	canvas.Refresh(p.content)
}

// setOffset scrolls to an offset within the content, and paints the bars.
func (p *Page) setOffset(y float32) {
	y = max(0, min(y, p.content.Size().Height-p.scroll.Size().Height))
	// ScrollToOffset does nothing at the current offset; Refresh would refresh the whole content.
	p.scroll.Offset.Y = y + 1
	p.scroll.ScrollToOffset(fyne.NewPos(0, y))
}

// ScrollPages scrolls by pages, downwards if n is positive.
func (p *Page) ScrollPages(n float32) { p.setOffset(p.scroll.Offset.Y + n*(p.scroll.Size().Height-40)) }

// Offset is how far the page is scrolled.
func (p *Page) Offset() float32 { return p.scroll.Offset.Y }

// SetOffset scrolls.
func (p *Page) SetOffset(y float32) { p.setOffset(y) }

// ScrollToObject scrolls so that o, which is somewhere on the page, begins at its top.
func (p *Page) ScrollToObject(o fyne.CanvasObject) {
	if y, ok := placeIn(p.content, o); ok {
		p.setOffset(y)
	}
}

// placeIn is how far below the top of a container something in it begins. Fyne doesn't know before it is painted.
func placeIn(c *fyne.Container, wanted fyne.CanvasObject) (y float32, ok bool) {
	for _, o := range c.Objects {
		if o == wanted {
			return o.Position().Y, true
		}
		if inside, is := o.(*fyne.Container); is {
			if y, ok := placeIn(inside, wanted); ok {
				return o.Position().Y + y, true
			}
		}
	}
	return 0, false
}

// ScrollIntoView scrolls the container around o so that it can be seen.
func ScrollIntoView(o fyne.CanvasObject) {
	driver := fyne.CurrentApp().Driver()
	c := driver.CanvasForObject(o)
	if c == nil {
		return
	}
	for _, root := range append([]fyne.CanvasObject{c.Content()}, c.Overlays().List()...) {
		scroll := scrollAround(root, o, nil)
		if scroll == nil {
			continue
		}
		top := driver.AbsolutePositionForObject(o).Y - driver.AbsolutePositionForObject(scroll).Y
		bottom, height := top+o.Size().Height, scroll.Size().Height
		const margin = 12
		switch {
		case top < 0:
			scroll.ScrollToOffset(fyne.NewPos(0, max(0, scroll.Offset.Y+top-margin)))
		case bottom > height:
			scroll.ScrollToOffset(fyne.NewPos(0, scroll.Offset.Y+min(bottom-height+margin, top)))
		}
		return
	}
}

// scrollAround finds the scroll container inside root that contains o; nil for none.
func scrollAround(root, o fyne.CanvasObject, around *container.Scroll) *container.Scroll {
	if root == o {
		return around
	}
	var inside []fyne.CanvasObject
	switch r := root.(type) {
	case *fyne.Container:
		inside = r.Objects
	case *container.Scroll:
		around, inside = r, []fyne.CanvasObject{r.Content}
	case interface{ Inside() []fyne.CanvasObject }:
		inside = r.Inside()
	}
	for _, i := range inside {
		if !i.Visible() {
			continue
		}
		if found := scrollAround(i, o, around); found != nil {
			return found
		}
	}
	return nil
}
