package gui

import (
	"context"
	"slices"
	"time"

	"fyne.io/fyne/v2"

	"boxready/checks"
	"boxready/gui/store"
	"boxready/gui/style"
	"boxready/internal/opengl"
	"boxready/oauthflow"
)

// Screen is the screen that the window is on, as far as the operating system tells. It is used on the Fyne thread, once the window
// is shown.
type Screen interface {
	// Room is how large the window's content may be, so that the window with its frame stays in what the screen has for windows. It
	// is in pixels as Fyne counts them; zero if it isn't known.
	Room() (width, height int)
	// Place is where the window is; nil if the system doesn't tell.
	Place() *store.Place
	// Move moves the window to a place where it was, if that is on a screen.
	Move(store.Place)
	// Renderer is what draws the window, as OpenGL names it, or will draw it; "" if it isn't known.
	Renderer() string
}

// firstSize is the size that the window had when it was closed last.
func (w *Window) firstSize() fyne.Size {
	if last := w.settings().Window; last.Width > 0 && last.Height > 0 {
		return fyne.NewSize(last.Width, last.Height)
	}
	return fyne.NewSize(1040, 720)
}

// Shown is to be called on the Fyne thread when the window has got its place on the screen.
func (w *Window) Shown() {
	if w.params.Screen == nil {
		return
	}
	w.plain = opengl.IsSoftware(w.params.Screen.Renderer())
	if place := w.settings().Window.Place; place != nil {
		w.params.Screen.Move(*place)
	}
	w.fitScreen()
}

// fitScreen makes a window smaller that is larger than its screen.
func (e *environment) fitScreen() {
	if e.params.Screen == nil {
		return
	}
	width, height := e.params.Screen.Room()
	scale := e.fyne.Canvas().Scale()
	if width <= 0 || height <= 0 || scale <= 0 {
		return
	}
	size, room := e.fyne.Canvas().Size(), fyne.NewSize(float32(width)/scale, float32(height)/scale)
	if size.Width > room.Width || size.Height > room.Height {
		e.fyne.Resize(size.Min(room))
	}
}

// close closes the window when no sign-in is being renewed any more: it would be lost. Closed once more, it closes at once.
func (w *Window) close() {
	renewed := w.renewed()
	select {
	case <-renewed:
		w.fyne.Close()
		return
	default:
	}
	if w.closing {
		w.impatient = true
		w.fyne.Close()
		return
	}
	w.closing = true
	w.dialogs.showMessage(w.say("renewing.title", nil), w.say("renewing.text", checks.Args{"seconds": oauthflow.RenewalTimeout.Seconds()}))
	w.background(func(ctx context.Context) func() {
		select {
		case <-renewed:
		case <-time.After(oauthflow.RenewalTimeout):
		case <-ctx.Done():
		}
		return w.fyne.Close
	})
}

// renewed lets no sign-in be renewed any more, and is closed when none is.
func (w *Window) renewed() <-chan struct{} {
	if w.params.Access == nil {
		none := make(chan struct{})
		close(none)
		return none
	}
	return w.params.Access.FinishRenewals()
}

// closed is called by Fyne before the window is gone.
func (w *Window) closed() {
	place := w.settings().Window.Place
	if w.params.Screen != nil {
		place = w.params.Screen.Place()
	}
	w.rememberWindow(place)
	w.cancel()
}

// Close ends the window's work, see tasks.Close, when Fyne has ended. If the program was told to end, the window was not closed.
func (w *Window) Close() {
	if w.ctx.Err() == nil {
		w.rememberWindow(w.settings().Window.Place)
	}
	w.tasks.Close()
	if w.impatient {
		return
	}
	select {
	case <-w.renewed():
	case <-time.After(oauthflow.RenewalTimeout):
	}
}

// rememberWindow saves what the next start begins with.
func (w *Window) rememberWindow(place *store.Place) {
	size := w.fyne.Canvas().Size()
	last := store.Window{Width: size.Width, Height: size.Height, Place: place}
	if slices.ContainsFunc(w.frame.listed(), func(s section) bool { return s.id == w.frame.open }) {
		last.Section = w.frame.open
	}
	w.saveSettings(func(s *store.Settings) { s.Window = last }, nil)
}

// saveSettings changes the settings and saves them; then saved is called, nil for nothing.
func (e *environment) saveSettings(change func(*store.Settings), saved func(error)) {
	e.params.Store.SetSettings(change)
	e.background(func(context.Context) func() {
		err := e.params.Store.Save()
		if saved == nil {
			return nil
		}
		return func() { saved(err) }
	})
}

// applyTheme has the window painted in the look that is chosen.
func (e *environment) applyTheme() {
	e.params.App.Settings().SetTheme(style.Theme{Look: style.Look(e.settings().Look), Plain: &e.plain})
}

// zooms are the scales that can be chosen, in percent.
var zooms = []int{80, 90, 100, 110, 125, 150, 175, 200}

// zoom is the scale now, in percent.
func (e *environment) zoom() int {
	if scale := e.settings().Scale; scale > 0 {
		return int(scale*100 + 0.5)
	}
	return 100
}

// setZoom makes everything in the window larger or smaller, and saves that.
func (e *environment) setZoom(percent int, saved func(error)) {
	if e.params.SetScale == nil || percent == e.zoom() {
		return
	}
	factor := float32(percent) / 100
	e.saveSettings(func(s *store.Settings) { s.Scale = factor }, saved)
	e.params.SetScale(factor)
	e.applyTheme() // and with it the scale
	e.fitScreen()
}

// zoomBy goes to the next scale that can be chosen: the larger one if step is 1, the smaller one if it is -1.
func (e *environment) zoomBy(step int) {
	now, next := e.zoom(), 0
	for _, percent := range zooms {
		if step > 0 && percent > now {
			next = percent
			break
		}
		if step < 0 && percent < now {
			next = percent
		}
	}
	if next > 0 {
		e.setZoom(next, nil)
	}
}
