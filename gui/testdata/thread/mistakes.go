package gui

import (
	"context"
	"sync"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"boxready/checks"
)

// Each line that is marked must be found, and no other.

func (w *Window) mistakes(label *widget.Label, group *sync.WaitGroup) {
	go func() { label.SetText("") }()                    // mistake
	group.Go(func() { label.Refresh() })                 // mistake
	time.AfterFunc(time.Second, func() { label.Hide() }) // mistake
	fyne.Do(func() { label.Show() })                     // mistake
	w.background(func(ctx context.Context) func() {
		label.SetText("") // mistake
		label.Text = ""   // mistake
		w.frame.open = "" // mistake
		w.deeper(label)
		w.dialogs.onDismiss()        // mistake
		w.checkPage.nav.saveReport() // mistake
		w.do(func() { label.SetText("") })
		w.params.Checker.Run(ctx, checks.Target{}, nil)
		text := "then it is right"
		return func() { label.SetText(text) }
	})
	w.background(w.named) // mistake
	label.SetText("")
}

func (w *Window) deeper(label *widget.Label) {
	label.Refresh() // mistake
}

func (w *Window) named(context.Context) func() { return nil }

type observing struct{ label *widget.Label }

func (e observing) Started(checks.ID) {
	e.label.SetText("") // mistake
}

func (e observing) Finished(checks.ID, []checks.Result) {}
