package gui_test

import (
	"fmt"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"boxready/checks"
	"boxready/internal/report"
)

// The sizes that every page must be right in: the window as it opens, the narrowest one that is promised, and those where
// everything is shown half as large again.
var sizes = []struct {
	name  string
	size  fyne.Size
	scale float32
}{
	{"as it opens", fyne.NewSize(1040, 720), 1},
	{"640 wide", fyne.NewSize(640, 720), 1},
	{"as it opens × 1.5", fyne.NewSize(1040/1.5, 720/1.5), 1.5},
	{"640 wide × 1.5", fyne.NewSize(640/1.5, 720/1.5), 1.5},
	{"smallest of Fyne's", fyne.NewSize(380, 400), 1},
}

// TestNoTextIsCutOrOverlaps measures every text of every page against all the boxes that it stands in, and against each other,
// while the window gets smaller.
func TestNoTextIsCutOrOverlaps(t *testing.T) {
	if testing.Short() {
		t.Skip("measures pictures, which the race detector doesn't change")
	}
	for _, lang := range report.Languages() {
		for _, p := range pages() {
			t.Run(lang+"/"+p.name, func(t *testing.T) {
				s := p.setup(t)
				s.lang = lang
				r := open(t, s)
				p.drive(r)
				for _, to := range sizes {
					r.canvas().(test.WindowlessCanvas).SetScale(to.scale)
					r.w.Fyne().Resize(to.size)
					for _, problem := range r.badTexts() {
						t.Errorf("%s: %s", to.name, problem)
					}
				}
			})
		}
	}
}

type seenText struct {
	text string
	rect
}

func (r *rig) badTexts() (problems []string) {
	const tolerance = 1.5 // of what rounding does to a text's width
	var seen []seenText
	var boxes []rect // that the object at hand stands in, from outside
	var scrolls []bool
	var visit func(o fyne.CanvasObject, at fyne.Position)
	visit = func(o fyne.CanvasObject, at fyne.Position) {
		if o == nil || !o.Visible() {
			return
		}
		at = at.Add(o.Position())
		own := rect{at, o.Size()}
		if text, ok := o.(*canvas.Text); ok && text.Text != "" {
			own.size = text.MinSize()
			if own.size.Width > o.Size().Width+tolerance && text.Alignment == fyne.TextAlignLeading {
				own.size.Width = fyne.MeasureText(text.Text, text.TextSize, text.TextStyle).Width
			}
			scrolled := false
			for i := len(boxes) - 1; i >= 0; i-- {
				box := boxes[i]
				scrolled = scrolled || scrolls[i]
				if own.at.X < box.at.X-tolerance || own.right() > box.right()+tolerance {
					problems = append(problems, fmt.Sprintf("%q is wider than its place: %v in %v", text.Text, own, box))
					break
				}
				if !scrolled && (own.at.Y < box.at.Y-3 || own.bottom() > box.bottom()+3) {
					problems = append(problems, fmt.Sprintf("%q is higher than its place: %v in %v", text.Text, own, box))
					break
				}
			}
			for i, box := range boxes {
				if scrolls[i] {
					own = own.cut(box)
				}
			}
			for _, other := range seen {
				common := own.cut(other.rect)
				if common.size.Width > tolerance && common.size.Height > 4 {
					problems = append(problems, fmt.Sprintf("%q (%v) stands on %q (%v)", text.Text, own, other.text, other.rect))
				}
			}
			seen = append(seen, seenText{text.Text, own})
			return
		}
		if _, inner := o.(*widget.RichText); inner { // its label is what has the right size
			for _, line := range insides(o) {
				visit(line, at)
			}
			return
		}
		_, isScroll := o.(*container.Scroll)
		boxes, scrolls = append(boxes, own), append(scrolls, isScroll)
		for _, inside := range insides(o) {
			visit(inside, at)
		}
		boxes, scrolls = boxes[:len(boxes)-1], scrolls[:len(scrolls)-1]
	}
	root := r.canvas().Content()
	if over := r.canvas().Overlays().Top(); over != nil {
		root = over
	}
	visit(root, fyne.Position{})
	if len(seen) == 0 {
		problems = append(problems, "nothing can be read")
	}
	return problems
}

// pageState is a page in a state that it can be in.
type pageState struct {
	name  string
	setup func(*testing.T) setup
	drive func(*rig)
}

// pages are all pages of the window in all states that look different.
func pages() []pageState {
	plain := func(*testing.T) setup { return setup{} }
	broken := func(t *testing.T) setup { return setup{checker: &scripted{outcome: played(t, "auth-server")}} }
	checked := func(r *rig) {
		r.check("portal.example.ru")
		r.pump("the end of the run", r.verdictShown)
	}
	return append([]pageState{
		{"welcome", plain, func(*rig) {}},
		{"mistake", plain, func(r *rig) { r.check("ftp://portal.example.ru") }},
		{"results", broken, checked},
		{"results unfolded", broken, func(r *rig) {
			checked(r)
			for _, show := range r.all(r.say("window.show", nil)) {
				r.tapOn(show)
			}
		}},
		{"results of one arrow", broken, func(r *rig) {
			checked(r)
			r.arrow(3)
		}},
		{"results of one owner", broken, func(r *rig) {
			checked(r)
			r.tap(r.words().Say("owner.network-admin.title", nil) + ": 1")
		}},
		{"finding", broken, func(r *rig) {
			checked(r)
			r.tap(r.title(checks.AuthServerFromPortal, checks.AuthServerUnreachable))
		}},
		{"running", func(t *testing.T) setup {
			s := broken(t)
			s.checker.gate = stopAt(checks.AuthServerFromPortal)
			return s
		}, func(r *rig) {
			r.check("portal.example.ru")
			r.pump("the slow check", func() bool { return r.says(r.words().Name(checks.AuthServerFromPortal)) })
			r.pass(12e9)
		}},
		{"consent", broken, func(r *rig) {
			checked(r)
			r.tap(r.say("window.consent.content-filter", nil))
		}},
		{"portals", func(t *testing.T) setup { return setup{store: remembered(t)} }, func(r *rig) { r.openSection("portals") }},
		{"recent", func(t *testing.T) setup { return setup{store: remembered(t)} }, func(*rig) {}},
		{"portals empty", plain, func(r *rig) { r.openSection("portals") }},
		{"not yet", func(t *testing.T) setup { return setup{store: remembered(t)} }, func(r *rig) { r.tap("portal.example.ru") }},
		{"stopped", func(t *testing.T) setup {
			s := broken(t)
			s.checker.gate = stopAt(checks.AuthServerFromPortal)
			return s
		}, func(r *rig) {
			r.check("portal.example.ru")
			r.pump("the slow check", func() bool { return r.says(r.words().Name(checks.AuthServerFromPortal)) })
			r.key(fyne.KeyEscape)
			r.pump("the end of the run", r.verdictShown)
		}},
		{"demo", func(t *testing.T) setup { return setup{demo: pretend(t).start} }, func(r *rig) {
			r.tap(r.say("window.check.demo", nil))
			r.pump("the end of the run", r.verdictShown)
		}},
	}, slices.Concat(requirementsStates(), allowlistStates(), serverStates(), eventsStates(), reportStates(), signInStates(), settingsStates())...)
}
