// Hello is the smallest window that Fyne makes, as large as BoxReady's, to compare with.
package main

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/widget"
)

func main() {
	w := app.NewWithID("dev.boxready.hello").NewWindow("BoxReady")
	w.SetContent(widget.NewLabel("Hello, World"))
	w.Resize(fyne.NewSize(1040, 720))
	w.ShowAndRun()
}
