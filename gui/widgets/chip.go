package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"boxready/gui/style"
)

// Chip is a sign and a few words; it can be pressed unless it was made without an action.
type Chip struct {
	Object fyne.CanvasObject
	sign   *Sign
	text   *Text
	press  *Pressable // nil if there is nothing to do
}

// NewChip returns a chip; tapped is nil if it does nothing.
func NewChip(tapped func()) *Chip {
	c := &Chip{sign: NewSign("", 14), text: NewText("", Font{Size: style.SizeSmall, OneLine: true})}
	content := Pad(5, 12, 5, 10, Beside(6, false, c.sign, c.text, nil))
	if tapped == nil {
		back := NewBackdrop("", style.ColorBorder)
		back.Radius = 13
		c.Object = Stack(back, content)
		return c
	}
	c.press = NewPressable(content, "", theme.ColorNameInputBorder, 13, tapped)
	c.Object = c.press
	return c
}

// Set changes what the chip shows. A chosen one has another background.
func (c *Chip) Set(sign style.Sign, text string, chosen bool) {
	c.sign.Set(sign)
	c.sign.Hidden = sign == ""
	c.text.SetText(text)
	if c.press != nil {
		fill := fyne.ThemeColorName("")
		if chosen {
			fill = style.ColorChosen
		}
		c.press.SetColors(fill, theme.ColorNameInputBorder)
	}
}

// Badge is a word in a coloured border.
func Badge(text string, color fyne.ThemeColorName) fyne.CanvasObject {
	back := NewBackdrop("", color)
	back.Radius = 8
	return Stack(back, Pad(1, 7, 1, 7, NewText(text, Font{Size: style.SizeSmall, OneLine: true})))
}
