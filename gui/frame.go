package gui

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"boxready/checks"
	"boxready/gui/store"
	"boxready/gui/style"
	"boxready/gui/widgets"
)

// frame is the list of sections on the left and the page beside it. Where the window is too narrow for both, the list is a menu
// at the top.
type frame struct {
	w        *Window
	sections []section
	open     string
	items    map[string]*widgets.NavItem
	more     *widgets.NavItem // folds the sections that are needed less often
	unfolded bool             // by the user
	list     *fyne.Container
	portal   *widgets.Text // the current one's address

	side   fyne.CanvasObject
	top    fyne.CanvasObject // in place of the side
	menu   *widgets.Button
	title  *widgets.Text
	banner *fyne.Container
	body   *fyne.Container
	object *fyne.Container
}

func newFrame(w *Window, sections []section) *frame {
	f := &frame{w: w, sections: sections, items: map[string]*widgets.NavItem{}, body: widgets.Stack(), banner: widgets.Stack()}
	f.portal = widgets.NewText("", widgets.Font{Size: style.SizeSmall, Color: widgets.Muted})
	brand := widgets.Beside(9, false, widgets.Picture("boxready", style.ColorAccented, 22), widgets.NewText("BoxReady", widgets.Font{Size: theme.SizeNameSubHeadingText, Bold: true, OneLine: true}), nil)
	head := []fyne.CanvasObject{widgets.Pad(6, 8, 10, 8, brand), widgets.Pad(0, 8, 4, 10, f.portal)}
	f.more, f.unfolded = widgets.NewNavFolder(f.titleOf("more"), f.fold), w.settings().IsUnfolded(moreSections)
	var folded, foot []fyne.CanvasObject
	for _, s := range sections {
		if s.unlisted {
			continue
		}
		item := widgets.NewNavItem(f.titleOf(s.id), func() { f.show(s.id) })
		f.items[s.id] = item
		switch {
		case s.atBottom:
			foot = append(foot, item)
		case s.folded:
			folded = append(folded, widgets.Pad(0, 0, 0, 12, item))
		default:
			head = append(head, item)
		}
	}
	head = append(append(head, f.more), folded...)
	f.list = widgets.TopAndBottom(widgets.Column(2, head...), widgets.Column(2, foot...))
	f.side = widgets.Stack(widgets.NewBackdrop(style.ColorSide, ""), widgets.RightBorder(style.ColorBorder), widgets.Pad(12, 12, 12, 12, f.list))

	f.menu = widgets.NewLowEmphasis("", theme.MenuIcon(), f.showMenu)
	f.title = widgets.NewText("", widgets.Font{Bold: true, Ellipsis: true})
	f.top = widgets.Stack(widgets.NewBackdrop(style.ColorSide, ""), widgets.Pad(4, 12, 4, 6, widgets.Beside(6, false, f.menu, f.title, nil)))
	f.object = &fyne.Container{Layout: &frameLayout{f}, Objects: []fyne.CanvasObject{f.side, f.top, f.banner, f.body}}
	return f
}

// shown are the available sections.
func (f *frame) shown() []section {
	return slices.DeleteFunc(slices.Clone(f.sections), func(s section) bool { return s.available != nil && !s.available() })
}

// listed are the available sections that have an entry.
func (f *frame) listed() []section {
	return slices.DeleteFunc(f.shown(), func(s section) bool { return s.unlisted })
}

func (f *frame) titleOf(id string) string { return f.w.say("section."+id, nil) }

// show opens a section.
func (f *frame) show(id string) {
	for _, s := range f.shown() {
		if s.id != id {
			continue
		}
		if old := f.page(); old != nil {
			old.stopAnimations()
		}
		f.open = id
		widgets.Replace(f.body, s.page.build())
		f.title.SetText(f.titleOf(id))
	}
	for other, item := range f.items {
		item.SetChosen(other == f.open)
	}
	f.refresh()
	f.w.focusOn(f.page().initialFocus())
}

// page is the one that is open.
func (f *frame) page() page {
	for _, s := range f.sections {
		if s.id == f.open {
			return s.page
		}
	}
	return nil
}

// refresh shows what has changed in the model.
func (f *frame) refresh() {
	shown := f.shown()
	if !slices.ContainsFunc(shown, func(s section) bool { return s.id == f.open }) {
		f.show("check")
		return
	}
	f.showItems(shown)
	text := ""
	if s := f.w.model.Current; s != nil {
		text = s.Target.Address.Name()
		if s.ReadOnly() {
			text = f.w.say("opened.side", checks.Args{"portal": text})
		}
	}
	if f.portal.Text() != text || f.portal.Hidden != (text == "") {
		f.portal.Hidden = text == ""
		f.portal.SetText(text)
		f.list.Refresh()
	}
	title := "BoxReady"
	if text != "" {
		title = text + " — " + title
	}
	if f.w.fyne.Title() != title {
		f.w.fyne.SetTitle(title)
	}
	if p, ok := f.page().(interface{ refresh() }); ok {
		p.refresh()
	}
}

// showItems shows the entries of the sections that are available.
func (f *frame) showItems(shown []section) {
	folded, foldedOpen := false, false // there are some, one of them is open
	for _, s := range shown {
		folded, foldedOpen = folded || s.folded, foldedOpen || s.folded && s.id == f.open
	}
	unfolded := f.unfolded || foldedOpen
	for _, s := range f.sections {
		item := f.items[s.id]
		if item == nil {
			continue
		}
		item.Hidden = s.folded && !unfolded || !slices.ContainsFunc(shown, func(other section) bool { return other.id == s.id })
	}
	f.more.Hidden = !folded
	f.more.SetFolded(!unfolded)
	f.list.Refresh()
}

// fold folds the sections that are needed less often, or unfolds them.
func (f *frame) fold() {
	f.unfolded = !f.unfolded
	f.w.saveSettings(func(s *store.Settings) { s.SetUnfolded(moreSections, f.unfolded) }, nil)
	f.showItems(f.shown())
}

// moreSections names the folder in the settings.
const moreSections = "more"

// showMenu shows the sections as a menu.
func (f *frame) showMenu() {
	var items []*fyne.MenuItem
	for _, s := range f.listed() {
		item := fyne.NewMenuItem(f.titleOf(s.id), func() { f.show(s.id) })
		item.Checked = s.id == f.open
		items = append(items, item)
	}
	widget.ShowPopUpMenuAtRelativePosition(fyne.NewMenu("", items...), f.w.fyne.Canvas(), fyne.NewPos(0, f.menu.Size().Height), f.menu)
}

type frameLayout struct{ *frame }

const (
	sideWidth = 196
	// In a narrower window the list is a menu.
	narrow = 600
)

func (l *frameLayout) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	left, y := float32(0), float32(0)
	if size.Width >= narrow {
		left = max(sideWidth*min(1, size.Width/900), l.side.MinSize().Width)
		l.top.Hide()
		l.side.Show()
		l.side.Resize(fyne.NewSize(left, size.Height))
	} else {
		l.side.Hide()
		l.top.Show()
		y = widgets.Fit(l.top, size.Width)
	}
	width := size.Width - left
	l.banner.Move(fyne.NewPos(left, y))
	if len(l.banner.Objects) > 0 {
		y += widgets.Fit(l.banner, width)
	}
	l.body.Move(fyne.NewPos(left, y))
	l.body.Resize(fyne.NewSize(width, size.Height-y))
	if p, ok := l.page().(interface{ resized() }); ok {
		p.resized()
	}
	if l.w.dialogs.popup != nil {
		l.w.dialogs.fit()
	}
	if l.w.dialogs.chooser != nil {
		l.w.dialogs.chooser.fit()
	}
}

func (l *frameLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(360, 320) }
