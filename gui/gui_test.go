package gui_test

import (
	"testing"

	"fyne.io/fyne/v2/test"

	"boxready/gui"
	"boxready/gui/store"
)

func TestWindowOpens(t *testing.T) {
	w, err := gui.New(gui.Params{App: test.NewTempApp(t), Store: store.Open("")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	if img := w.Fyne().Canvas().Capture(); img.Bounds().Empty() {
		t.Error("nothing is painted")
	}
}
