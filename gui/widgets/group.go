package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// Group is a widget that is made of a container. Fyne looks into containers and widgets only, so a type can't just embed a
// container.
type Group struct {
	widget.BaseWidget
	box *fyne.Container
}

func (g *Group) init(self fyne.Widget, box *fyne.Container) {
	g.box = box
	g.ExtendBaseWidget(self)
}

// CreateRenderer is for Fyne.
func (g *Group) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(g.box) }

// Inside returns the container.
func (g *Group) Inside() []fyne.CanvasObject { return []fyne.CanvasObject{g.box} }

// relayout lays the container out again in its size.
func (g *Group) relayout() { Relayout(g.box) }
