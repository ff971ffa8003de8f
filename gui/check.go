package gui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// checkPage asks for the address, and shows the verdict and the checklist.
type checkPage struct {
	*Window
}

func (p *checkPage) build() fyne.CanvasObject {
	address := widget.NewEntry()
	address.SetPlaceHolder(p.say("check.address", nil))
	return container.NewVBox(address)
}
