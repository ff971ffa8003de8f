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

// stack puts objects on each other.
type stack struct{}

func (stack) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Move(fyne.Position{})
		o.Resize(size)
	}
}

func (stack) MinSize(objects []fyne.CanvasObject) (size fyne.Size) {
	for _, o := range objects {
		size = size.Max(o.MinSize())
	}
	return size
}

// Padded keeps a distance between the one object in a container and its edges.
type Padded struct{ Top, Right, Bottom, Left float32 }

// Layout is for Fyne.
func (p Padded) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Move(fyne.NewPos(p.Left, p.Top))
		o.Resize(size.SubtractWidthHeight(p.Left+p.Right, p.Top+p.Bottom))
	}
}

// MinSize is for Fyne.
func (p Padded) MinSize(objects []fyne.CanvasObject) (size fyne.Size) {
	return stack{}.MinSize(objects).AddWidthHeight(p.Left+p.Right, p.Top+p.Bottom)
}

// Pad puts an object into a container with a distance to its edges.
func Pad(top, right, bottom, left float32, o fyne.CanvasObject) *fyne.Container {
	return &fyne.Container{Layout: Padded{top, right, bottom, left}, Objects: []fyne.CanvasObject{o}}
}
