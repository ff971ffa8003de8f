package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"

	"boxready/gui/style"
)

// NavItem is an entry of the list of sections.
type NavItem struct {
	Pressable
	text    *canvas.Text
	content *fyne.Container
	chosen  bool
}

// NewNavItem returns an entry.
func NewNavItem(title string, tapped func()) *NavItem {
	n := &NavItem{text: canvas.NewText(title, theme.Color(theme.ColorNameForeground))}
	n.content = Beside(6, false, nil, n.text, nil)
	n.init(n, Pad(7, 10, 7, 10, n.content), "", "", 6, tapped)
	return n
}

// NewNavFolder returns an entry that folds others.
func NewNavFolder(title string, tapped func()) *NavItem {
	n := NewNavItem(title, tapped)
	n.SetFolded(true)
	return n
}

// SetFolded shows whether the entries of a folder are hidden.
func (n *NavItem) SetFolded(folded bool) {
	icon := "chevron-up"
	if folded {
		icon = "chevron-down"
	}
	n.content.Layout = besideOrBelow(&beside{gap: 6, main: n.text, right: Picture(icon, style.ColorMuted, chevronEdge)}).Layout
	n.content.Objects = []fyne.CanvasObject{n.text, n.content.Layout.(*beside).right}
	Relayout(n.content)
	canvas.Refresh(n.content)
}

// MinSize leaves room for the bold title of the open section.
func (n *NavItem) MinSize() fyne.Size {
	bold := fyne.MeasureText(n.text.Text, theme.TextSize(), fyne.TextStyle{Bold: true})
	return n.Pressable.MinSize().Max(fyne.NewSize(bold.Width+20, 0))
}

// SetChosen sets whether it is the section that is open.
func (n *NavItem) SetChosen(chosen bool) {
	n.chosen = chosen
	n.Refresh()
}

// Refresh shows it in the theme's colours.
func (n *NavItem) Refresh() {
	fill, color := fyne.ThemeColorName(""), theme.ColorNameForeground
	if n.chosen {
		fill, color = style.ColorChosen, style.ColorAccented
	}
	n.text.Color, n.text.TextStyle.Bold, n.text.TextSize = theme.Color(color), n.chosen, theme.TextSize()
	n.SetColors(fill, "")
	n.Pressable.Refresh()
}
