package style_test

import (
	"image/color"
	"testing"

	"fyne.io/fyne/v2/theme"

	"boxready/gui/style"
)

// TestPlainHasNoShadow: Fyne leaves out what has exactly this colour.
func TestPlainHasNoShadow(t *testing.T) {
	plain := false
	shadow := func() color.Color {
		return style.Theme{Look: style.Light, Plain: &plain}.Color(theme.ColorNameShadow, theme.VariantLight)
	}
	if shadow() == color.Transparent {
		t.Error("there is never a shadow")
	}
	plain = true
	if shadow() != color.Transparent {
		t.Error("there is a shadow")
	}
}
