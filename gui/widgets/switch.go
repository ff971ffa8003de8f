package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Switch is a checkbox with a title, and an explanation below it. All of it can be pressed.
type Switch struct {
	Pressable
	On   bool
	box  *widget.Icon
	text *Text
}

// NewSwitch returns a switch; changed is called when the user changes it.
func NewSwitch(title, text string, on bool, changed func(on bool)) *Switch {
	s := &Switch{On: on, box: widget.NewIcon(nil), text: NewText(text, Font{Color: Muted})}
	s.text.Hidden = text == ""
	lines := Column(1, NewText(title, Font{}), s.text)
	s.init(s, Pad(6, 8, 6, 8, Beside(8, true, &fyne.Container{Layout: centered{24}, Objects: []fyne.CanvasObject{s.box}}, lines, nil)), "", "", 6, func() {
		s.On = !s.On
		s.show()
		changed(s.On)
	})
	s.show()
	return s
}

func (s *Switch) show() {
	s.box.SetResource(theme.CheckButtonIcon())
	if s.On {
		s.box.SetResource(theme.NewPrimaryThemedResource(theme.CheckButtonCheckedIcon()))
	}
}

// Explain changes the text below the title.
func (s *Switch) Explain(text string) {
	s.text.SetText(text)
	s.text.Hidden = text == ""
}
