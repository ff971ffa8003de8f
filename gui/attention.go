package gui

import (
	"context"
	"time"
)

// watchFocus keeps whether another program has the input focus.
func (w *Window) watchFocus() {
	w.params.App.Lifecycle().SetOnEnteredForeground(func() { w.behind = false })
	w.params.App.Lifecycle().SetOnExitedForeground(func() { w.behind = true })
}

// raiseTime is how long the system may take to bring the window to the front.
const raiseTime = time.Second

// callAttention brings the window to the front. Some systems let no program do that: then a notification says the texts.
func (w *Window) callAttention(title, text string) {
	w.fyne.RequestFocus()
	if !w.behind || w.params.Notify == nil {
		return
	}
	w.after(raiseTime, func() {
		if !w.behind {
			return
		}
		w.background(func(context.Context) func() {
			w.params.Notify(title, text)
			return nil
		})
	})
}
