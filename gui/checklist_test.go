package gui_test

import (
	"slices"
	"testing"

	"fyne.io/fyne/v2"

	"boxready/checks"
)

// TestRefreshKeepsTheFocus lets the list be listed anew while a button in it has the focus, as when a kept run has been compared, and
// then the button be gone.
func TestRefreshKeepsTheFocus(t *testing.T) {
	checker := readyPortal(t)
	outcome := checker.outcome
	checker.outcome = func(target checks.Target) *checks.Outcome {
		o := outcome(target)
		if len(checker.asked()) > 1 {
			o.NotChecked = o.NotChecked[:1]
		}
		return o
	}
	r := open(t, setup{checker: checker})
	r.check("portal.example.ru")
	r.waitUntil("the end of the run", r.verdictShown)
	allow := r.say("window.consent.content-filter", nil)
	button := r.find(allow).(fyne.Focusable)
	r.canvas().Focus(button)
	r.w.Counted(checks.QueueFeed, 1, 2)
	r.runQueued()
	if got := r.find(allow).(fyne.Focusable); got != button || r.canvas().Focused() != got {
		t.Errorf("the focus is on %v, the button is %p", r.canvas().Focused(), got)
	}

	r.key(fyne.KeyF5)
	r.waitUntil("the second run", func() bool { return len(r.checker.asked()) == 2 && r.verdictShown() && !r.says(allow) })
	if focused, ok := r.canvas().Focused().(fyne.CanvasObject); !ok || !slices.Contains(r.pressable(), focused) {
		t.Errorf("the focus is on %v", focused)
	}
}
