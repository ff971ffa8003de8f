package style

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"boxready/assets"
)

// Sign is what a result, an arrow or a row shows instead of a sentence. Signs differ in shape, not in colour alone.
type Sign string

// The signs.
const (
	OK      Sign = "ok"
	Notice  Sign = "notice"
	Problem Sign = "problem"
	Unknown Sign = "unknown" // could not be determined, or was not checked
	Skipped Sign = "skipped"
	Waiting Sign = "waiting" // a check is under way
	Go      Sign = "go"      // nothing wrong so far, go on
)

// Color is the name of the colour that goes with a sign.
func (s Sign) Color() fyne.ThemeColorName {
	switch s {
	case OK:
		return theme.ColorNameSuccess
	case Notice:
		return theme.ColorNameWarning
	case Problem:
		return theme.ColorNameError
	case Waiting, Go:
		return ColorAccented
	default:
		return ColorUnknown
	}
}

// Icon is the sign as a picture.
func (s Sign) Icon() fyne.Resource { return Icon(string(s), s.Color()) }

// Icon is one of BoxReady's own pictures in a colour of the theme.
func Icon(name string, color fyne.ThemeColorName) fyne.Resource {
	file := name + ".svg"
	data, err := assets.Icons.ReadFile("icons/" + file)
	if err != nil {
		panic(err) // there is no such file
	}
	return theme.NewColoredResource(fyne.NewStaticResource(file, data), color)
}
