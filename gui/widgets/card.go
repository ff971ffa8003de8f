package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"boxready/gui/style"
)

// Card is a panel with round corners behind content.
func Card(content fyne.CanvasObject) *fyne.Container {
	return panel(style.ColorCard, style.ColorBorder, 10, theme.Size(style.SizeCard), content)
}

// TightCard is a card whose content keeps its own distance from the edges.
func TightCard(content fyne.CanvasObject) *fyne.Container {
	return panel(style.ColorCard, style.ColorBorder, 10, 7, content)
}

// Inset is a panel in another colour, for evidence and commands.
func Inset(content fyne.CanvasObject) *fyne.Container {
	return panel(style.ColorInset, "", 6, 10, content)
}

// Command is a command with the button that copies it on its right.
func Command(text string, right fyne.CanvasObject) *fyne.Container {
	line := Beside(6, false, nil, NewText(text, Font{Mono: true, Selectable: true}), right)
	return Stack(inset(), Pad(2, 4, 2, 10, line))
}

func inset() *Backdrop {
	back := NewBackdrop(style.ColorInset, "")
	back.Radius = 6
	return back
}

func panel(fill, border fyne.ThemeColorName, radius, padding float32, content fyne.CanvasObject) *fyne.Container {
	back := NewBackdrop(fill, border)
	back.Radius = radius
	return Stack(back, Pad(padding, padding, padding, padding, content))
}

// TextLink is a text that leads to something; unlike a button's it wraps.
func TextLink(text string, tapped func()) *Pressable {
	return NewPressable(Pad(4, 6, 4, 6, NewText(text, Font{Color: widget.HighImportance})), "", "", 6, tapped)
}

// Bordered draws a border around an object that has none.
func Bordered(o fyne.CanvasObject) *fyne.Container {
	edge := NewBackdrop("", theme.ColorNameInputBorder)
	edge.Radius = theme.Size(theme.SizeNameInputRadius)
	return Stack(o, edge)
}

// Line is a thin line between rows.
func Line() fyne.CanvasObject {
	line := NewBackdrop(theme.ColorNameSeparator, "")
	line.Height = 1
	return line
}

// Banner is a coloured strip across a page.
func Banner(color fyne.ThemeColorName, content fyne.CanvasObject) *fyne.Container {
	return Stack(NewBackdrop(color, ""), Pad(10, 20, 10, 20, content))
}
