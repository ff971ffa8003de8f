package gui_test

import (
	"context"
	"strings"
	"testing"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"boxready/checks"
	"boxready/gui/store"
	"boxready/gui/widgets"
)

// fakeScreen is a screen of a size, in pixels.
type fakeScreen struct {
	width, height int
	place         *store.Place
	moved         []store.Place
	renderer      string
}

func (s *fakeScreen) Room() (width, height int) { return s.width, s.height }
func (s *fakeScreen) Place() *store.Place       { return s.place }
func (s *fakeScreen) Renderer() string          { return s.renderer }
func (s *fakeScreen) Move(to store.Place)       { s.moved = append(s.moved, to) }

// pixels is the size of the window.
func (r *testWindow) pixels() (width, height float32) {
	size, scale := r.canvas().Size(), r.canvas().Scale()
	return size.Width * scale, size.Height * scale
}

func TestWindowIsNotLargerThanItsScreen(t *testing.T) {
	for _, scale := range []float32{1, 1.25, 1.5, 2} {
		r := open(t, setup{scale: scale, screen: &fakeScreen{width: 1280, height: 760}})
		r.w.Shown()
		if width, height := r.pixels(); width > 1280 || height > 760 {
			t.Errorf("scale %v: %v × %v pixels", scale, width, height)
		}
	}
	r := open(t, setup{screen: &fakeScreen{width: 1920, height: 1050}})
	r.w.Shown()
	if got := r.canvas().Size(); got != fyne.NewSize(1040, 720) {
		t.Errorf("where there is room, the window has the size %v", got)
	}
}

// TestZoom makes everything larger with the keys, on a screen that the window fills then.
func TestZoom(t *testing.T) {
	screen := &fakeScreen{width: 1280, height: 760}
	var r *testWindow
	r = open(t, setup{screen: screen, scaled: func(factor float32) { r.canvas().(test.WindowlessCanvas).SetScale(factor) }})
	r.openSection("portals")
	for _, step := range []struct {
		keys fyne.Shortcut
		want float32
	}{
		{&desktop.CustomShortcut{KeyName: fyne.KeyEqual, Modifier: fyne.KeyModifierControl}, 1.1},
		{&desktop.CustomShortcut{KeyName: fyne.KeyPlus, Modifier: fyne.KeyModifierControl | fyne.KeyModifierShift}, 1.25},
		{&desktop.CustomShortcut{KeyName: fyne.KeyPlus, Modifier: fyne.KeyModifierControl}, 1.5},
		{&desktop.CustomShortcut{KeyName: fyne.KeyMinus, Modifier: fyne.KeyModifierControl}, 1.25},
		{&desktop.CustomShortcut{KeyName: fyne.Key0, Modifier: fyne.KeyModifierControl}, 1},
		{&desktop.CustomShortcut{KeyName: fyne.KeyMinus, Modifier: fyne.KeyModifierControl}, 0.9},
	} {
		r.shortcut(step.keys)
		if got := r.store.Settings().Scale; got != step.want || r.canvas().Scale() != step.want {
			t.Errorf("scale %v, %v is kept; %v expected", r.canvas().Scale(), got, step.want)
		}
		if width, height := r.pixels(); width > 1280 || height > 760 {
			t.Errorf("scale %v: %v × %v pixels", step.want, width, height)
		}
	}
}

// TestNextStartIsAsTheLastEnd closes a window and opens another one.
func TestNextStartIsAsTheLastEnd(t *testing.T) {
	dir, screen := t.TempDir(), &fakeScreen{width: 1900, height: 1000, place: &store.Place{X: 300, Y: 40}}
	r := open(t, setup{store: store.Open(dir), screen: screen})
	r.w.Shown()
	if screen.moved != nil {
		t.Errorf("the first window was moved to %v", screen.moved)
	}
	r.w.Fyne().Resize(fyne.NewSize(900, 800))
	r.openSection("portals")
	r.w.Fyne().Close()
	r.w.Close()

	kept := store.Open(dir)
	r = open(t, setup{store: kept, screen: screen, settings: kept.Settings(), asLast: true})
	r.w.Shown()
	if got := r.canvas().Size(); got != fyne.NewSize(900, 800) {
		t.Errorf("the size is %v", got)
	}
	if len(screen.moved) != 1 || screen.moved[0] != *screen.place {
		t.Errorf("moved to %v", screen.moved)
	}
	r.mustSay(r.say("window.portals.title", nil), r.say("window.portals.empty", nil))
}

// TestEndedProgramRemembersItsWindow ends the program without closing its window, as at the end of a session.
func TestEndedProgramRemembersItsWindow(t *testing.T) {
	dir := t.TempDir()
	r := open(t, setup{store: store.Open(dir), settings: store.Settings{Window: store.Window{Place: &store.Place{X: 7, Y: 8}}}})
	r.openSection("portals")
	r.w.Close()
	got := store.Open(dir).Settings().Window
	if got.Width != 1040 || got.Height != 720 || got.Section != "portals" || got.Place == nil || *got.Place != (store.Place{X: 7, Y: 8}) {
		t.Errorf("kept: %+v", got)
	}
}

func TestUnfolded(t *testing.T) {
	var s store.Settings
	s.SetUnfolded("more", true)
	s.SetUnfolded("details", true)
	s.SetUnfolded("more", true)
	s.SetUnfolded("details", false)
	if !s.IsUnfolded("more") || s.IsUnfolded("details") || len(s.Unfolded) != 1 {
		t.Errorf("unfolded: %v", s.Unfolded)
	}
}

func TestTitleNamesThePortal(t *testing.T) {
	r := open(t, setup{checker: broken(t)})
	if got := r.w.Fyne().Title(); got != "BoxReady" {
		t.Errorf("the title is %q", got)
	}
	r.check("portal.example.ru")
	r.waitUntil("the run", r.verdictShown)
	if got := r.w.Fyne().Title(); got != "portal.example.ru — BoxReady" {
		t.Errorf("the title is %q", got)
	}
}

// TestLinesCanBeRead measures the lines of every page in a window that is as wide as a screen.
func TestLinesCanBeRead(t *testing.T) {
	for _, p := range pages() {
		for _, lang := range []string{"ru", "en"} {
			t.Run(p.name+" "+lang, func(t *testing.T) {
				s := p.setup(t)
				s.lang, s.size = lang, fyne.NewSize(1920, 1000)
				r := open(t, s)
				p.drive(r)
				r.walk(func(o fyne.CanvasObject, _ fyne.Position, _ rect) bool {
					if e, ok := o.(*widgets.Entry); ok && !e.MultiLine {
						return false // it scrolls
					}
					if line, ok := o.(*canvas.Text); ok && !line.TextStyle.Monospace {
						if n := utf8.RuneCountInString(strings.TrimSpace(line.Text)); n > 75 {
							t.Errorf("%d letters in a line: %q", n, line.Text)
						}
					}
					return true
				})
			})
		}
	}
}

// TestReportFillsTheWindow makes the window higher while a report is read.
func TestReportFillsTheWindow(t *testing.T) {
	r := checkedPortal(t, setup{checker: broken(t)})
	r.openSection("report")
	var viewer *widgets.Viewer
	height := func() float32 {
		r.walk(func(o fyne.CanvasObject, _ fyne.Position, _ rect) bool {
			if v, ok := o.(*widgets.Viewer); ok {
				viewer = v
			}
			return true
		})
		if viewer == nil {
			return 0
		}
		return viewer.Size().Height
	}
	r.waitUntil("the report", func() bool { return height() > 0 })
	before := height()
	r.w.Fyne().Resize(fyne.NewSize(1040, 1020))
	if got := height(); got != before+300 {
		t.Errorf("in a window that is 300 higher the report grew from %v to %v", before, got)
	}
	if where, view := r.place(viewer); !inside(where, view) {
		t.Errorf("the report at %v doesn't fit into %v", where, view)
	}
	r.w.Fyne().Resize(fyne.NewSize(1040, 500))
	if got := height(); got < 330 || got > 350 {
		t.Errorf("in a low window it is %v high", got)
	}
}

// TestKeysAfterAClickIntoText clicks into a text that can be selected.
func TestKeysAfterAClickIntoText(t *testing.T) {
	r := checkedPortal(t, setup{checker: broken(t)})
	r.tap(r.title(checks.AuthServerFromPortal, checks.AuthServerUnreachable))
	r.clickIntoText()
	r.ctrl("2")
	r.mustSay(r.say("window.portals.title", nil))
	r.ctrl("1")
	r.clickIntoText()
	r.shortcut(&desktop.CustomShortcut{KeyName: fyne.KeyLeft, Modifier: fyne.KeyModifierAlt})
	r.mustSay(notReady)
}

func (r *testWindow) clickIntoText() {
	r.t.Helper()
	clicked := false
	r.walk(func(o fyne.CanvasObject, _ fyne.Position, _ rect) bool {
		text, ok := o.(interface {
			desktop.Mouseable
			SelectedText() string
		})
		if ok && !clicked {
			clicked = true
			text.MouseDown(&desktop.MouseEvent{Button: desktop.MouseButtonPrimary})
			text.MouseUp(&desktop.MouseEvent{Button: desktop.MouseButtonPrimary})
		}
		return true
	})
	if !clicked || r.canvas().Focused() == nil {
		r.t.Fatal("no text has got the focus")
	}
}

func TestKeysAreListed(t *testing.T) {
	r := open(t, setup{})
	r.key(fyne.KeyF1) // the field has the focus
	r.mustSay("Клавиши", "F5", "Проверить портал", "Ctrl+1 … Ctrl+9", "Ctrl+0", "F1")
	r.key(fyne.KeyF5)
	r.mustSay("Клавиши") // nothing goes on behind it
	r.key(fyne.KeyEscape)
	r.mustNotSay("Клавиши")
}

// TestProgressIsShownFourTimesASecond reports more progress than a screen can show.
func TestProgressIsShownFourTimesASecond(t *testing.T) {
	gate := make(chan struct{})
	checker := broken(t)
	checker.gate = func(_ context.Context, id checks.ID) {
		if id == checks.AuthServerFromPortal {
			<-gate
		}
	}
	r := open(t, setup{checker: checker})
	r.check("portal.example.ru")
	r.mustSay("Связь портала с сервером авторизации")
	r.advance(250e6) // whatever was held back before is shown
	r.advance(250e6) // and nothing follows
	for i := range 100 {
		r.w.Counted(checks.AuthServerFromPortal, i+1, 100)
		r.runQueued()
	}
	r.mustSay("запрос 1 из 100")
	r.advance(250e6)
	r.mustSay("запрос 100 из 100")
	close(gate)
	r.mustSay(notReady)
}
