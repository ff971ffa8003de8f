// Package style is how the window looks: colours for light and dark, sizes, and the signs.
package style

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// Colours beside Fyne's own.
const (
	ColorCard     fyne.ThemeColorName = "boxready.card"     // behind texts
	ColorBorder   fyne.ThemeColorName = "boxready.border"   // of a card
	ColorSide     fyne.ThemeColorName = "boxready.side"     // behind the list of sections
	ColorChosen   fyne.ThemeColorName = "boxready.chosen"   // behind the section that is open
	ColorInset    fyne.ThemeColorName = "boxready.inset"    // behind evidence and commands
	ColorMuted    fyne.ThemeColorName = "boxready.muted"    // of texts that explain
	ColorUnknown  fyne.ThemeColorName = "boxready.unknown"  // of signs that nothing is known about
	ColorAccented fyne.ThemeColorName = "boxready.accented" // of the section that is open, and of links
)

// Sizes beside Fyne's own.
const (
	SizeTitle fyne.ThemeSizeName = "boxready.title" // of the verdict
	SizeSmall fyne.ThemeSizeName = "boxready.small" // of owners, and of explanations of pictures
	SizeSign  fyne.ThemeSizeName = "boxready.sign"  // of a sign in a list
	SizeCard  fyne.ThemeSizeName = "boxready.card"  // between a card's edge and what is in it
)

// Look selects a theme's colours.
type Look string

// The looks.
const (
	System   Look = "" // as the operating system's
	Light    Look = "light"
	Dark     Look = "dark"
	Contrast Look = "contrast" // black on white, with 7 : 1 for everything
)

// Theme is BoxReady's theme.
type Theme struct {
	Look Look
	// Plain is true while the processor draws the window, see IsPlain: a dialog then has no shadow over the whole window, which has
	// to be blended again in every frame. nil for false.
	Plain *bool
}

// IsPlain reports whether the processor draws the window: then each frame is slow.
func IsPlain() bool {
	t, ours := fyne.CurrentApp().Settings().Theme().(Theme)
	return ours && t.Plain != nil && *t.Plain
}

var _ fyne.Theme = Theme{}

// Variant returns this look's variant; v is the system's.
func (t Theme) Variant(v fyne.ThemeVariant) fyne.ThemeVariant {
	switch {
	case t.Look == Dark, t.Look == System && v == theme.VariantDark:
		return theme.VariantDark
	default:
		return theme.VariantLight
	}
}

// Color returns a colour by its name.
func (t Theme) Color(name fyne.ThemeColorName, v fyne.ThemeVariant) color.Color {
	if name == theme.ColorNameShadow && t.Plain != nil && *t.Plain {
		return color.Transparent // which Fyne doesn't draw
	}
	v = t.Variant(v)
	palette := light
	switch {
	case t.Look == Contrast:
		palette = contrast
	case v == theme.VariantDark:
		palette = dark
	}
	if c, ok := palette[name]; ok {
		return c
	}
	return theme.DefaultTheme().Color(name, v)
}

// Icon returns Fyne's own icon.
func (Theme) Icon(name fyne.ThemeIconName) fyne.Resource { return theme.DefaultTheme().Icon(name) }

// Size returns a size in Fyne's units.
func (Theme) Size(name fyne.ThemeSizeName) float32 {
	if size, ok := sizes[name]; ok {
		return size
	}
	return theme.DefaultTheme().Size(name)
}

var sizes = map[fyne.ThemeSizeName]float32{
	SizeTitle: 20, SizeSmall: 12, SizeSign: 18, SizeCard: 16,
	theme.SizeNameText: 14, theme.SizeNameSubHeadingText: 17, theme.SizeNameHeadingText: 20, theme.SizeNameCaptionText: 12,
	theme.SizeNamePadding: 4, theme.SizeNameInnerPadding: 8, theme.SizeNameInputRadius: 6, theme.SizeNameSelectionRadius: 4,
	theme.SizeNameLineSpacing: 4, theme.SizeNameInlineIcon: 18, theme.SizeNameScrollBar: 12, theme.SizeNameScrollBarSmall: 4,
}

// Every text and sign has a contrast of at least 4.5 : 1 to any background that it may have (WCAG 2.1, 1.4.3); a test computes it.
var light = map[fyne.ThemeColorName]color.Color{
	theme.ColorNameBackground:          rgb(0xf5f6f8),
	ColorSide:                          rgb(0xffffff),
	ColorCard:                          rgb(0xffffff),
	ColorBorder:                        rgb(0xdfe3e8),
	ColorInset:                         rgb(0xf3f5f7),
	ColorChosen:                        rgb(0xe7effc),
	ColorMuted:                         rgb(0x525c69),
	ColorUnknown:                       rgb(0x5d6673),
	ColorAccented:                      rgb(0x0b55c0),
	theme.ColorNameForeground:          rgb(0x1b2430),
	theme.ColorNamePlaceHolder:         rgb(0x626b77),
	theme.ColorNameDisabled:            rgb(0x626b77),
	theme.ColorNamePrimary:             rgb(0x0b55c0),
	theme.ColorNameForegroundOnPrimary: rgb(0xffffff),
	theme.ColorNameHyperlink:           rgb(0x0b55c0),
	theme.ColorNameSuccess:             rgb(0x17783a),
	theme.ColorNameForegroundOnSuccess: rgb(0xffffff),
	theme.ColorNameWarning:             rgb(0x8a5300),
	theme.ColorNameForegroundOnWarning: rgb(0xffffff),
	theme.ColorNameError:               rgb(0xbf1d24),
	theme.ColorNameForegroundOnError:   rgb(0xffffff),
	theme.ColorNameButton:              rgb(0xe7ebf1),
	theme.ColorNameDisabledButton:      rgb(0xf0f2f5),
	theme.ColorNameInputBackground:     rgb(0xffffff),
	theme.ColorNameInputBorder:         rgb(0xb4bcc7),
	theme.ColorNameMenuBackground:      rgb(0xffffff),
	theme.ColorNameOverlayBackground:   rgb(0xffffff),
	theme.ColorNameHeaderBackground:    rgb(0xf5f6f8),
	theme.ColorNameSeparator:           rgb(0xe3e6ea),
	theme.ColorNameHover:               color.NRGBA{0x10, 0x28, 0x50, 0x12},
	theme.ColorNamePressed:             color.NRGBA{0x10, 0x28, 0x50, 0x22},
	theme.ColorNameFocus:               color.NRGBA{0x0b, 0x55, 0xc0, 0x40},
	theme.ColorNameSelection:           color.NRGBA{0x0b, 0x55, 0xc0, 0x38},
	theme.ColorNameScrollBar:           color.NRGBA{0x1b, 0x24, 0x30, 0x66},
	theme.ColorNameShadow:              color.NRGBA{0x10, 0x18, 0x28, 0x30},
}

var dark = map[fyne.ThemeColorName]color.Color{
	theme.ColorNameBackground:          rgb(0x15181d),
	ColorSide:                          rgb(0x1a1e24),
	ColorCard:                          rgb(0x1f242b),
	ColorBorder:                        rgb(0x343b45),
	ColorInset:                         rgb(0x171b20),
	ColorChosen:                        rgb(0x22344f),
	ColorMuted:                         rgb(0xaab3bf),
	ColorUnknown:                       rgb(0xa0a9b6),
	ColorAccented:                      rgb(0x8cb8ff),
	theme.ColorNameForeground:          rgb(0xe8ebef),
	theme.ColorNamePlaceHolder:         rgb(0x9ea7b3),
	theme.ColorNameDisabled:            rgb(0x9ea7b3),
	theme.ColorNamePrimary:             rgb(0x8cb8ff),
	theme.ColorNameForegroundOnPrimary: rgb(0x0c1a30),
	theme.ColorNameHyperlink:           rgb(0x8cb8ff),
	theme.ColorNameSuccess:             rgb(0x5fcb85),
	theme.ColorNameForegroundOnSuccess: rgb(0x08210f),
	theme.ColorNameWarning:             rgb(0xeeb64d),
	theme.ColorNameForegroundOnWarning: rgb(0x2a1b00),
	theme.ColorNameError:               rgb(0xff8a84),
	theme.ColorNameForegroundOnError:   rgb(0x330808),
	theme.ColorNameButton:              rgb(0x2a3038),
	theme.ColorNameDisabledButton:      rgb(0x242931),
	theme.ColorNameInputBackground:     rgb(0x171b20),
	theme.ColorNameInputBorder:         rgb(0x58626f),
	theme.ColorNameMenuBackground:      rgb(0x262c34),
	theme.ColorNameOverlayBackground:   rgb(0x1f242b),
	theme.ColorNameHeaderBackground:    rgb(0x1a1e24),
	theme.ColorNameSeparator:           rgb(0x323943),
	theme.ColorNameHover:               color.NRGBA{0xff, 0xff, 0xff, 0x12},
	theme.ColorNamePressed:             color.NRGBA{0xff, 0xff, 0xff, 0x22},
	theme.ColorNameFocus:               color.NRGBA{0x8c, 0xb8, 0xff, 0x40},
	theme.ColorNameSelection:           color.NRGBA{0x8c, 0xb8, 0xff, 0x48},
	theme.ColorNameScrollBar:           color.NRGBA{0xff, 0xff, 0xff, 0x66},
	theme.ColorNameShadow:              color.NRGBA{0x00, 0x00, 0x00, 0x66},
}

// contrast has at least 7 : 1 (WCAG 2.1, 1.4.6), and borders that can be seen as well as texts.
var contrast = map[fyne.ThemeColorName]color.Color{
	theme.ColorNameBackground:          rgb(0xffffff),
	ColorSide:                          rgb(0xffffff),
	ColorCard:                          rgb(0xffffff),
	ColorBorder:                        rgb(0x000000),
	ColorInset:                         rgb(0xffffff),
	ColorChosen:                        rgb(0xe0ecff),
	ColorMuted:                         rgb(0x2b2b2b),
	ColorUnknown:                       rgb(0x2b2b2b),
	ColorAccented:                      rgb(0x00308a),
	theme.ColorNameForeground:          rgb(0x000000),
	theme.ColorNamePlaceHolder:         rgb(0x404040),
	theme.ColorNameDisabled:            rgb(0x2b2b2b),
	theme.ColorNamePrimary:             rgb(0x00308a),
	theme.ColorNameForegroundOnPrimary: rgb(0xffffff),
	theme.ColorNameHyperlink:           rgb(0x00308a),
	theme.ColorNameSuccess:             rgb(0x004d1c),
	theme.ColorNameForegroundOnSuccess: rgb(0xffffff),
	theme.ColorNameWarning:             rgb(0x5c3500),
	theme.ColorNameForegroundOnWarning: rgb(0xffffff),
	theme.ColorNameError:               rgb(0x8c0008),
	theme.ColorNameForegroundOnError:   rgb(0xffffff),
	theme.ColorNameButton:              rgb(0xe6e6e6),
	theme.ColorNameDisabledButton:      rgb(0xffffff),
	theme.ColorNameInputBackground:     rgb(0xffffff),
	theme.ColorNameInputBorder:         rgb(0x000000),
	theme.ColorNameMenuBackground:      rgb(0xffffff),
	theme.ColorNameOverlayBackground:   rgb(0xffffff),
	theme.ColorNameHeaderBackground:    rgb(0xffffff),
	theme.ColorNameSeparator:           rgb(0x606060),
	theme.ColorNameHover:               color.NRGBA{0x00, 0x00, 0x00, 0x14},
	theme.ColorNamePressed:             color.NRGBA{0x00, 0x00, 0x00, 0x28},
	theme.ColorNameFocus:               color.NRGBA{0x00, 0x30, 0x8a, 0x40},
	theme.ColorNameSelection:           color.NRGBA{0x00, 0x30, 0x8a, 0x38},
	theme.ColorNameScrollBar:           color.NRGBA{0x00, 0x00, 0x00, 0xaa},
	theme.ColorNameShadow:              color.NRGBA{0x00, 0x00, 0x00, 0x66},
}

func rgb(c uint32) color.NRGBA {
	return color.NRGBA{uint8(c >> 16), uint8(c >> 8), uint8(c), 0xff} // #nosec G115 -- a byte of the colour each
}
