package gui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"

	"boxready/gui/style"
	"boxready/gui/widgets"
)

// frame is the list of sections on the left and the page beside it.
type frame struct {
	w        *Window
	sections []section
	open     string
	items    map[string]*widgets.NavItem
	body     *fyne.Container
	object   fyne.CanvasObject
}

func newFrame(w *Window, sections []section) *frame {
	f := &frame{w: w, sections: sections, items: map[string]*widgets.NavItem{}, body: container.NewStack()}
	var top, low []fyne.CanvasObject
	for _, s := range sections {
		item := widgets.NewNavItem(w.say("section."+s.id, nil), func() { f.show(s.id) })
		f.items[s.id] = item
		if s.low {
			low = append(low, item)
		} else {
			top = append(top, item)
		}
	}
	list := container.NewVBox(append(append(top, layout.NewSpacer()), low...)...)
	side := container.NewStack(widgets.NewBackdrop(style.ColorSide, ""), container.NewPadded(list))
	f.object = container.NewBorder(nil, nil, side, nil, f.body)
	return f
}

// show opens a section.
func (f *frame) show(id string) {
	for _, s := range f.sections {
		if s.id != id {
			continue
		}
		f.open = id
		f.body.Objects = []fyne.CanvasObject{s.page.build()}
		f.body.Refresh()
	}
	for other, item := range f.items {
		item.SetChosen(other == f.open)
	}
}
