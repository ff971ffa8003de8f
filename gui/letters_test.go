package gui_test

import (
	"fmt"
	"testing"

	"fyne.io/fyne/v2"

	"boxready/checks"
	"boxready/gui/widgets"
)

func lettersStates() []pageState {
	broken := func(t *testing.T) setup { return setup{checker: faulty(t)} }
	opened := func(r *testWindow) {
		r.check("portal.example.ru")
		r.waitUntil("the end of the run", r.verdictShown)
		r.openSection("letters")
	}
	withRules := func(r *testWindow) {
		opened(r)
		r.option(r.say("window.letters.no-rules", nil), r.say("allowlist.equipment.mikrotik.name", nil))
	}
	return []pageState{
		{"letters", broken, withRules},
		{"letters unfolded", broken, func(r *testWindow) {
			withRules(r)
			r.tap(r.say("window.show", nil))
		}},
		{"letters asking", broken, func(r *testWindow) {
			opened(r)
			r.letterText().SetText("Коллеги, добрый день!")
			r.checkAgain(checks.AuthServerFromPortal)
			r.openSection("letters")
		}},
		{"letters to nobody", func(t *testing.T) setup {
			return setup{checker: &fakeChecker{outcome: withFixed(replayed(t, "auth-server"), checks.AuthServerFromPortal, checks.PortalTLS)}}
		}, opened},
	}
}

// letterText is the field with the letter's text.
func (r *testWindow) letterText() *widgets.Entry {
	r.t.Helper()
	r.entryAfter(r.say("window.letters.body", nil))
	return r.canvas().Focused().(*widgets.Entry)
}

// letterSubject is the field with the letter's subject.
func (r *testWindow) letterSubject() *widgets.Entry {
	r.t.Helper()
	r.entryAfter(r.say("window.letters.subject", nil))
	return r.canvas().Focused().(*widgets.Entry)
}

// checkAgain makes one check again, on the page of its finding.
func (r *testWindow) checkAgain(id checks.ID) {
	r.t.Helper()
	before := len(r.checker.madeAgain())
	r.openSection("check")
	r.tap(r.title(id, checks.AuthServerUnreachable))
	r.tap(r.say("window.finding.again", nil))
	r.waitUntil("the end of the run", func() bool { return len(r.checker.madeAgain()) > before && r.clock.running() == 0 })
}

// TestPaint writes pictures.
func TestPaint(t *testing.T) {
	for _, p := range lettersStates() {
		for _, v := range []variant{{"ru", "light"}, {"en", "dark"}} {
			for _, size := range []fyne.Size{{Width: 1040, Height: 720}, {Width: 760, Height: 560}} {
				s := p.setup(t)
				s.lang, s.look, s.size = v.lang, v.look, size
				r := open(t, s)
				p.drive(r)
				writePNG(t, fmt.Sprintf("/tmp/letters-png/%s-%s-%.0f.png", p.name, v.lang, size.Width), r.canvas().Capture())
			}
		}
	}
}
