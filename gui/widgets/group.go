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

// Inside is what it is made of.
func (g *Group) Inside() []fyne.CanvasObject { return []fyne.CanvasObject{g.box} }

// relayout arranges everything anew in the size that there is.
func (g *Group) relayout() { Relayout(g.box) }
