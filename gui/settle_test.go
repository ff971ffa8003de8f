package gui

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
)

// laidOut counts how often what has changed was laid out.
type laidOut struct {
	fyne.Canvas
	n int
}

func (l *laidOut) EnsureMinSize() bool { l.n++; return false }

type withCanvas struct {
	fyne.Window
	canvas fyne.Canvas
}

func (w withCanvas) Canvas() fyne.Canvas { return w.canvas }

// TestSettle: where the processor draws, what has changed is laid out before Fyne paints, unless the window has another least size.
func TestSettle(t *testing.T) {
	app := test.NewTempApp(t)
	content := canvas.NewRectangle(nil)
	laid := &laidOut{}
	e := &environment{fyne: withCanvas{app.NewWindow(""), laid}}
	e.fyne.SetContent(content)
	for _, step := range []struct {
		name  string
		plain bool
		least float32
		want  int
	}{
		{"a graphics card", false, 10, 0},
		{"the processor", true, 10, 0},
		{"nothing new", true, 10, 1},
		{"another least size", true, 100, 1},
		{"nothing new again", true, 100, 2},
	} {
		content.SetMinSize(fyne.NewSize(step.least, step.least))
		e.plain = step.plain
		if e.settle(); laid.n != step.want {
			t.Errorf("%s: laid out %d times, want %d", step.name, laid.n, step.want)
		}
	}
}
