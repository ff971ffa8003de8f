// Hello is Fyne's own hello-world (fyne.io/fyne/v2/cmd/hello) in a window as large as BoxReady's, to compare with.
package main

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

func main() {
	w := app.NewWithID("dev.boxready.hello").NewWindow("BoxReady")
	hello := widget.NewLabel("Hello Fyne!")
	w.SetContent(container.NewVBox(hello, widget.NewButton("Hi!", func() { hello.SetText("Welcome") })))
	w.Resize(fyne.NewSize(1040, 720))
	w.ShowAndRun()
}
