package gui

import (
	"context"
	"regexp"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/gui/store"
	"boxready/gui/widgets"
	"boxready/internal/report"
	"boxready/internal/untrusted"
	"boxready/internal/words"
)

// environment is shared by everything in the window: the parameters, the texts, the model, and the tasks.
type environment struct {
	*tasks
	params  Params
	fyne    fyne.Window
	words   *words.Texts
	model   *model.Model
	refresh func() // shows what has changed in the model
	// refreshing is true while a refresh is queued.
	refreshing bool
	updates    updates
	plain      bool      // the processor draws the window, see style.Theme
	least      fyne.Size // of the content, when settle was called last
}

// copyButton copies a text and confirms it.
func (e *environment) copyButton(key string, text func() string) *widgets.Button {
	return e.copies(widgets.NewButton(e.say(key, nil), theme.ContentCopyIcon(), nil), text)
}

// copiedFor is how long a button confirms that it has copied.
const copiedFor = 3 * time.Second

// copies makes a button copy a text, and confirm it for copiedFor.
func (e *environment) copies(b *widgets.Button, text func() string) *widgets.Button {
	word := b.Text
	b.OnTapped = func() {
		e.toClipboard(text())
		b.SetText(e.say("copied", nil))
		e.after(copiedFor, func() { b.SetText(word) })
	}
	return b
}

// toClipboard copies a text. Others wrote parts of it, and where it is pasted, a terminal for instance, nothing may be hidden in it.
func (e *environment) toClipboard(text string) {
	e.params.App.Clipboard().SetContent(untrusted.Text(text))
}

// setupChoice asks how the portal's server is set up, keeps the answer with the portal, and calls chosen.
func (e *environment) setupChoice(s *model.Session, chosen func()) *widgets.Select {
	named := func(name string) string { return e.say("letters.setup", checks.Args{"setup": name}) }
	setups := []option{{"", named(e.say("letters.setup-unknown", nil))}}
	for _, setup := range checks.Setups() {
		setups = append(setups, option{string(setup), named(e.words.Say("setup."+string(setup), nil))})
	}
	return choice(setups, string(s.Setup()), func(value string) {
		s.SetSetup(checks.Setup(value))
		if !s.Demo && !s.ReadOnly() {
			address := s.Target.Address.String()
			e.background(func(context.Context) func() {
				_ = e.params.Store.SetSetup(address, checks.Setup(value)) // otherwise asked again after the next start
				return nil
			})
		}
		chosen()
	})
}

// step is a numbered step.
func (e *environment) step(number int, pieces []model.Piece) fyne.CanvasObject {
	return numbered(number, widgets.Column(4, e.pieces(pieces)...))
}

func numbered(number int, content fyne.CanvasObject) fyne.CanvasObject {
	return widgets.Beside(6, true, widgets.NewText(strconv.Itoa(number)+".", widgets.Font{OneLine: true}), content, nil)
}

// pieces are the lines of a step; a command in it has its own line and a button that copies it.
func (e *environment) pieces(pieces []model.Piece) (lines []fyne.CanvasObject) {
	for _, piece := range pieces {
		if !piece.Command {
			lines = append(lines, widgets.NewText(piece.Text, widgets.Font{Selectable: true}))
			continue
		}
		copies := e.copies(widgets.NewLowEmphasis("", theme.ContentCopyIcon(), nil), func() string { return piece.Text })
		lines = append(lines, widgets.Command(piece.Text, copies))
	}
	return lines
}

// value is something in a step that is copied, or opened.
type value struct {
	text string
	open func() // nil to copy it
}

var valueInStep = regexp.MustCompile(`⟦(\w+)⟧`)

// steps are the numbered steps of a text. A value in one has its own line and a button.
func (e *environment) steps(key string, values map[string]value) (steps []fyne.CanvasObject) {
	args := checks.Args{}
	for name := range values {
		args[name] = "⟦" + name + "⟧"
	}
	for i := 1; ; i++ {
		number := strconv.Itoa(i)
		text := e.words.Say(key+"."+number, args)
		if text == key+"."+number {
			return steps
		}
		var lines []fyne.CanvasObject
		say := func(text, end string) {
			if text = strings.Trim(text, ":. "); text != "" {
				lines = append(lines, widgets.NewText(words.UpperFirst(text)+end, widgets.Font{Selectable: true}))
			}
		}
		found := valueInStep.FindStringSubmatchIndex(text)
		if found == nil {
			say(text, ".")
		} else {
			say(text[:found[0]], ":")
			lines = append(lines, e.valueLine(values[text[found[2]:found[3]]]))
			say(text[found[1]:], ".")
		}
		steps = append(steps, numbered(i, widgets.Column(4, lines...)))
	}
}

func (e *environment) valueLine(v value) fyne.CanvasObject {
	var button *widgets.Button
	if v.open != nil {
		button = widgets.NewButton(e.say("sign-in.open", nil), nil, v.open)
	} else {
		button = e.copyButton("sign-in.copy", func() string { return v.text })
	}
	return widgets.Inset(widgets.BesideOrBelow(8, 200, widgets.NewText(v.text, widgets.Font{Mono: true, Selectable: true}), button))
}

func (e *environment) settings() store.Settings { return e.params.Store.Settings() }

func (e *environment) say(key string, args checks.Args) string {
	return e.words.Say("window."+key, args)
}

// reporter writes reports in the language of the window.
func (e *environment) reporter() *report.Reporter {
	return &report.Reporter{Words: e.words, Version: e.params.Version}
}

// changed queues a refresh: one for all changes until the Fyne thread runs it.
func (e *environment) changed() {
	if e.refreshing {
		return
	}
	e.refreshing = true
	e.do(func() {
		e.refreshing = false
		e.refresh()
		e.settle()
	})
}

// settle lays out what has changed, where the processor draws the window. Fyne would do that while it paints, and take it for another
// change: each refresh would paint two frames.
func (e *environment) settle() {
	canvas, ok := e.fyne.Canvas().(interface{ EnsureMinSize() bool }) // of Fyne's driver; without it, there is one frame more
	if !ok || !e.plain {
		return
	}
	// Only while Fyne paints does the window itself learn of another least size.
	if least := e.fyne.Content().MinSize(); least != e.least {
		e.least = least
		return
	}
	canvas.EnsureMinSize()
}

// updates are the refreshes while something reports its progress: each paints the window, which costs a computer without a
// graphics card.
type updates struct {
	stop func() // nil unless a refresh was less than updateEvery() ago
	soon func() // stops the wait for a finding's refresh; nil for none
	late bool   // something has changed since
}

// The shortest time between two updates, and the same where the processor draws the window: there a finding waits for less than other
// progress.
const (
	updateEvery     = 250 * time.Millisecond
	updateSlowEvery = 3 * time.Second
	findingWithin   = 500 * time.Millisecond
)

func (e *environment) updateEvery() time.Duration {
	if e.plain {
		return updateSlowEvery
	}
	return updateEvery
}

// updated is changed for progress: the first is shown at once, those that follow are shown together.
func (e *environment) updated() {
	if e.updates.stop != nil {
		e.updates.late = true
		return
	}
	e.changed()
	e.updates.stop = e.every(e.updateEvery(), func() {
		if !e.updates.late {
			e.endUpdates()
			return
		}
		e.update()
	})
}

func (e *environment) update() {
	e.updates.late = false
	e.changed()
}

// found is updated for a finding.
func (e *environment) found() {
	e.updated()
	if !e.plain || !e.updates.late || e.updates.soon != nil {
		return
	}
	e.updates.soon = e.every(findingWithin, func() {
		e.updates.soon()
		e.updates.soon = nil
		if e.updates.late {
			e.update()
		}
	})
}

// endUpdates is called when there is no more progress; what has changed is shown by changed.
func (e *environment) endUpdates() {
	for _, stop := range []func(){e.updates.stop, e.updates.soon} {
		if stop != nil {
			stop()
		}
	}
	e.updates = updates{}
}

func (e *environment) focusOn(f fyne.Focusable) { e.fyne.Canvas().Focus(f) }
