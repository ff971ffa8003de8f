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
	text   *canvas.Text
	chosen bool
}

// NewNavItem returns an entry.
func NewNavItem(title string, tapped func()) *NavItem {
	n := &NavItem{text: canvas.NewText(title, theme.Color(theme.ColorNameForeground))}
	n.init(n, Pad(7, 10, 7, 10, n.text), "", "", 6, tapped)
	return n
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
