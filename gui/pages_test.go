package gui_test

import (
	"fmt"
	"image"
	"iter"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"boxready/checks"
)

// keyPages are painted in both languages and both looks, all others in one of each.
var keyPages = []string{"welcome", "results", "finding", "portals", "requirements", "allowlist", "report"}

// variant is a language and a look of the window.
type variant struct{ lang, look string }

// painted reports whether a page is compared with a picture in a variant.
func (p pageState) painted(v variant) bool {
	switch {
	case p.name == signInWaiting || p.name == "licences":
		return false // what is shown is random, or depends on what is linked
	case slices.Contains(keyPages, p.name):
		return true
	default:
		return v == variant{"ru", []string{"light", "dark"}[len(p.name)%2]}
	}
}

// TestPages checks every page in every state. A page is opened once in each language and look, for all measurements: opening
// takes longer than most of them. Only what compares pixels paints.
func TestPages(t *testing.T) {
	focused := map[string]map[string]int{"light": {}, "dark": {}}
	for _, v := range []variant{{"ru", "light"}, {"ru", "dark"}, {"en", "light"}, {"en", "dark"}} {
		for _, p := range pages() {
			if v == (variant{"en", "dark"}) && !p.painted(v) || testing.Short() && v != (variant{"ru", "light"}) {
				continue
			}
			t.Run(v.lang+"-"+v.look+"/"+p.name, func(t *testing.T) {
				s := p.setup(t)
				s.lang, s.look = v.lang, v.look
				r := open(t, s)
				p.drive(r)
				if testing.Short() { // the race detector doesn't change pictures
					r.assertKeyboardReachesEverything()
					return
				}
				if p.painted(v) {
					r.golden(strings.ReplaceAll(p.name, " ", "-") + "-" + v.lang + "-" + v.look)
				}
				if v.lang == "ru" {
					r.assertContrast(4.5)
					r.assertFocusIsVisible(focused[v.look])
				}
				if v == (variant{"ru", "light"}) {
					r.assertKeyboardReachesEverything()
				}
				if v.look == "light" {
					r.assertNoTextIsCutOrOverlaps()
				}
			})
		}
	}
}

// TestHighContrast measures the pages in the look for people who see little (WCAG 2.1, 1.4.6).
func TestHighContrast(t *testing.T) {
	if testing.Short() {
		t.Skip("measures pictures, which the race detector doesn't change")
	}
	for _, p := range pages() {
		if !slices.Contains(keyPages, p.name) && p.name != "running" && p.name != "consent" {
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			s := p.setup(t)
			s.look = "contrast"
			r := open(t, s)
			p.drive(r)
			r.assertContrast(7)
		})
	}
}

func TestNarrowPictures(t *testing.T) {
	if testing.Short() {
		t.Skip("measures pictures, which the race detector doesn't change")
	}
	for _, p := range pages() {
		if !slices.Contains([]string{"results", "finding", "running"}, p.name) {
			continue
		}
		name := p.name + "-narrow"
		t.Run(name, func(t *testing.T) {
			s := p.setup(t)
			s.size = fyne.NewSize(640, 720)
			r := open(t, s)
			p.drive(r)
			r.golden(name)
		})
	}
}

// assertKeyboardReachesEverything goes through the page with the Tab key.
func (r *testWindow) assertKeyboardReachesEverything() {
	r.t.Helper()
	var order []fyne.CanvasObject
	seen := map[fyne.Focusable]bool{}
	for f := range r.focusOrder() {
		seen[f] = true
		o := f.(fyne.CanvasObject)
		order = append(order, o)
		if where, view := r.place(o); !inside(where, view) {
			r.t.Errorf("%s has the focus at %v, and only %v can be seen", describe(o), where, view)
		}
	}
	for _, o := range r.pressable() {
		if f, ok := o.(fyne.Focusable); !ok || !seen[f] {
			r.t.Errorf("the Tab key doesn't come to %s", describe(o))
		}
	}
	r.canvas().Focus(nil)
	for range 20 {
		r.key(fyne.KeyPageUp)
	}
	r.assertReadingOrder(order)
}

// focusOrder focuses one widget after the other, as the Tab key does.
func (r *testWindow) focusOrder() iter.Seq[fyne.Focusable] {
	return func(yield func(fyne.Focusable) bool) {
		r.canvas().Focus(nil)
		seen := map[fyne.Focusable]bool{}
		for {
			r.canvas().FocusNext()
			f := r.canvas().Focused()
			if f == nil || seen[f] || !yield(f) {
				return
			}
			seen[f] = true
		}
	}
}

// assertFocusIsVisible paints each widget with and without the focus and looks for a contrast of 3 : 1 (WCAG 2.1, 1.4.11) between
// the two. painted counts the widgets of a type on all pages: one is painted like another, so eight of them are enough.
func (r *testWindow) assertFocusIsVisible(painted map[string]int) {
	r.t.Helper()
	before := r.canvas().Size()
	r.w.Fyne().Resize(fyne.NewSize(640, 720)) // less to paint
	defer r.w.Fyne().Resize(before)
	var without image.Image // nothing has the focus
	var scrolled []rect     // where everything is there
	for f := range r.focusOrder() {
		kind := fmt.Sprintf("%T", f)
		if painted[kind]++; painted[kind] > 8 {
			continue
		}
		if now := r.places(); without == nil || !slices.Equal(now, scrolled) {
			f.FocusLost()
			without, scrolled = r.canvas().Capture(), now
			f.FocusGained()
		}
		where, _ := r.place(f.(fyne.CanvasObject))
		if n := contrasting(r.canvas().Capture(), without, where); n < 60 {
			r.t.Errorf("one can't see that %s has the focus: %d pixels differ", describe(f.(fyne.CanvasObject)), n)
		}
	}
}

// places are the positions of all focusable widgets.
func (r *testWindow) places() (all []rect) {
	r.walk(func(o fyne.CanvasObject, at fyne.Position, _ rect) bool {
		if _, ok := o.(fyne.Focusable); ok {
			all = append(all, rect{at, o.Size()})
		}
		return true
	})
	return all
}

// assertContrast measures every text and every sign against its background, on a page that is high enough for most.
func (r *testWindow) assertContrast(least float64) {
	r.t.Helper()
	before := r.canvas().Size()
	r.w.Fyne().Resize(fyne.NewSize(1040, 2600))
	defer r.w.Fyne().Resize(before)
	painted := r.canvas().Capture()
	measured := 0
	r.walk(func(o fyne.CanvasObject, at fyne.Position, clip rect) bool {
		where := rect{at, o.Size()}.cut(clip)
		if where.size.Width < 2 || where.size.Height < 2 {
			return true
		}
		switch o := o.(type) {
		case *canvas.Text:
			if o.Text == "" {
				return true
			}
			measured++
			if ratio := contrast(o.Color, commonest(painted, where)); ratio < least {
				r.t.Errorf("%q: %.2f : 1", o.Text, ratio)
			}
		case *canvas.Image:
			measured++
			if ratio := mostContrast(painted, where); ratio < least {
				r.t.Errorf("picture %s: %.2f : 1", o.Resource.Name(), ratio)
			}
		}
		return true
	})
	if measured < 3 {
		r.t.Errorf("only %d texts and signs were measured", measured)
	}
}

// assertNoTextIsCutOrOverlaps measures every text against all boxes around it and against the other texts, while the window gets
// smaller.
func (r *testWindow) assertNoTextIsCutOrOverlaps() {
	r.t.Helper()
	for _, to := range sizes {
		r.canvas().(test.WindowlessCanvas).SetScale(to.scale)
		r.w.Fyne().Resize(to.size)
		for _, problem := range r.badTexts() {
			r.t.Errorf("%s: %s", to.name, problem)
		}
	}
}

// pageState is a page in one of its states.
type pageState struct {
	name  string
	setup func(*testing.T) setup
	drive func(*testWindow)
}

// pages are all pages of the window in all states that look different.
func pages() []pageState {
	plain := func(*testing.T) setup { return setup{} }
	broken := func(t *testing.T) setup { return setup{checker: &fakeChecker{outcome: replayed(t, "auth-server")}} }
	checked := func(r *testWindow) {
		r.check("portal.example.ru")
		r.waitUntil("the end of the run", r.verdictShown)
	}
	unasked := func(t *testing.T) setup { return setup{checker: notSent(t)} }
	asked := func(r *testWindow) {
		r.typeIn("portal.example.ru")
		r.key(fyne.KeyReturn)
	}
	return append([]pageState{
		{"welcome", plain, func(*testWindow) {}},
		{"mistake", plain, func(r *testWindow) { r.check("ftp://portal.example.ru") }},
		{"results", broken, checked},
		{"results unfolded", broken, func(r *testWindow) {
			checked(r)
			for _, show := range r.all(r.say("window.show", nil)) {
				r.tapOn(show)
			}
		}},
		{"results of one arrow", broken, func(r *testWindow) {
			checked(r)
			r.arrow(3)
		}},
		{"results of one step", broken, func(r *testWindow) {
			checked(r)
			r.step(0)
		}},
		{"question", broken, asked},
		{"question explained", broken, func(r *testWindow) {
			asked(r)
			r.tap(r.say("window.confirm.why", nil))
		}},
		{"token not sent", unasked, checked},
		{"token asked for", unasked, func(r *testWindow) {
			checked(r)
			r.tap(r.say("window.next.consent-deep", nil))
		}},
		{"step without results", unasked, func(r *testWindow) {
			checked(r)
			r.step(3)
		}},
		{"not signed in", unasked, func(r *testWindow) {
			asked(r)
			r.tap(r.say("window.confirm.yes", nil))
			r.waitUntil("the end of the run", r.verdictShown)
		}},
		{"ready", func(t *testing.T) setup { return setup{checker: readyPortal(t)} }, checked},
		{"not seen", func(t *testing.T) setup { return setup{checker: notFound()} }, checked},
		{"finding", broken, func(r *testWindow) {
			checked(r)
			r.tap(r.title(checks.AuthServerFromPortal, checks.AuthServerUnreachable))
		}},
		{"finding unfolded", broken, func(r *testWindow) {
			checked(r)
			r.tap(r.title(checks.AuthServerFromPortal, checks.AuthServerUnreachable))
			r.tap(r.words().Count("window.finding.other-steps", 6))
			r.tap(r.say("window.finding.details", nil))
		}},
		{"finding left", broken, func(r *testWindow) {
			checked(r)
			r.tap(r.title(checks.AuthServerFromPortal, checks.AuthServerUnreachable))
			r.tap(r.say("window.known.ask", nil))
		}},
		{"finding known", broken, func(r *testWindow) {
			checked(r)
			r.leaveAsItIs(r.title(checks.AuthServerFromPortal, checks.AuthServerUnreachable), "весной заменим сервер")
		}},
		{"results known", broken, func(r *testWindow) {
			checked(r)
			r.leaveAsItIs(r.title(checks.AuthServerFromPortal, checks.AuthServerUnreachable), "весной заменим сервер")
			r.tap(r.say("window.finding.back", nil))
			r.tap(r.words().Count("window.known.count", 1))
		}},
		{"running", func(t *testing.T) setup {
			s := broken(t)
			s.checker.gate = blockAt(checks.AuthServerFromPortal)
			return s
		}, func(r *testWindow) {
			r.check("portal.example.ru")
			r.waitUntil("the slow check", func() bool { return r.says(r.words().Name(checks.AuthServerFromPortal)) })
			r.advance(12e9)
		}},
		{"consent", broken, func(r *testWindow) {
			checked(r)
			r.tap(r.words().Count("window.not-checked-count", 3))
			r.tap(r.say("window.consent.content-filter", nil))
		}},
		{"portals", func(t *testing.T) setup { return setup{store: storeWithPortals(t)} }, func(r *testWindow) { r.openSection("portals") }},
		{"recent", func(t *testing.T) setup { return setup{store: storeWithPortals(t)} }, func(*testWindow) {}},
		{"portals empty", plain, func(r *testWindow) { r.openSection("portals") }},
		{"not yet", func(t *testing.T) setup { return setup{store: storeWithPortals(t)} }, func(r *testWindow) { r.tap("portal.example.ru") }},
		{"stopped", func(t *testing.T) setup {
			s := broken(t)
			s.checker.gate = blockAt(checks.AuthServerFromPortal)
			return s
		}, func(r *testWindow) {
			r.check("portal.example.ru")
			r.waitUntil("the slow check", func() bool { return r.says(r.words().Name(checks.AuthServerFromPortal)) })
			r.key(fyne.KeyEscape)
			r.waitUntil("the end of the run", r.verdictShown)
		}},
		{"demo", func(t *testing.T) setup { return setup{demo: newFakeDemo(t).start} }, func(r *testWindow) {
			r.tap(r.say("window.check.demo", nil))
			r.waitUntil("the end of the run", r.verdictShown)
		}},
	}, slices.Concat(requirementsStates(), allowlistStates(), serverStates(), eventsStates(), reportStates(), reportsStates(), lettersStates(), signInStates(), openedStates(), settingsStates())...)
}
