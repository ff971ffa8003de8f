package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"boxready/gui/style"
)

// Chip is a sign and a few words that can be pressed.
func Chip(sign style.Sign, text string, chosen bool, tapped func()) fyne.CanvasObject {
	var left fyne.CanvasObject
	if sign != "" {
		left = NewSign(sign, 14)
	}
	label := NewText(text, Font{Size: style.SizeSmall, OneLine: true, Bold: chosen})
	content := Pad(5, 12, 5, 10, Beside(6, false, left, label, nil))
	if tapped == nil {
		back := NewBackdrop("", style.ColorBorder)
		back.Radius = 13
		return Stack(back, content)
	}
	fill := fyne.ThemeColorName("")
	if chosen {
		fill = style.ColorChosen
	}
	return NewPressable(content, fill, theme.ColorNameInputBorder, 13, tapped)
}

// Badge is a word on a patch of colour.
func Badge(text string, color fyne.ThemeColorName) fyne.CanvasObject {
	back := NewBackdrop("", color)
	back.Radius = 8
	return Stack(back, Pad(1, 7, 1, 7, NewText(text, Font{Size: style.SizeSmall, OneLine: true})))
}
