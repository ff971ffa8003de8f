package gui

import (
	"context"
	"time"

	"fyne.io/fyne/v2"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/gui/store"
	"boxready/gui/widgets"
	"boxready/internal/acknowledged"
)

// leaving is the question whether to leave a finding as it is, as far as it is answered.
type leaving struct {
	reason, span, mistake string
}

// spans are how long a finding can be left as it is, with the day from which it counts again.
var spans = []struct {
	id    string
	until func(now time.Time) time.Time
}{
	{"no-end", func(time.Time) time.Time { return time.Time{} }},
	{"month", func(now time.Time) time.Time { return day(now.AddDate(0, 1, 0)) }},
	{"quarter", func(now time.Time) time.Time { return day(now.AddDate(0, 3, 0)) }},
	{"year", func(now time.Time) time.Time { return time.Date(now.Year()+1, time.January, 1, 0, 0, 0, 0, time.Local) }},
}

func day(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.Local)
}

// acknowledgedCard says why a finding was left as it is, or asks for it; nil for neither.
func (f *findingPage) acknowledgedCard(s *model.Session, r checks.Result) fyne.CanvasObject {
	switch {
	case r.Acknowledged != nil:
		lines := []fyne.CanvasObject{widgets.NewText(f.words.Say("part.acknowledged", nil), widgets.Font{Bold: true, Selectable: true}), f.text(f.words.Acknowledged(r.Acknowledged))}
		if !s.ReadOnly() && !s.Running {
			lines = append(lines, widgets.Flow(8, widgets.NewButton(f.say("known.count-again", nil), nil, func() { f.countAgain(s, r) })))
		}
		return widgets.Card(widgets.Pad(0, 0, 0, textIndent, widgets.Column(8, lines...)))
	case f.asked != nil && s.CanAcknowledge(r):
		return f.question(s, r)
	}
	return nil
}

// ask begins the question, at the top of the page.
func (f *findingPage) ask() {
	f.asked, f.page = &leaving{span: spans[0].id}, nil
	f.fill()
	f.focusOn(f.focus)
}

// question asks why a finding is left as it is, and how long.
func (f *findingPage) question(s *model.Session, r checks.Result) fyne.CanvasObject {
	asked := f.asked
	reason := widgets.NewEntry(f.say("known.example", nil), acknowledged.MaxReason)
	reason.Text = asked.reason
	reason.OnChanged = func(text string) { asked.reason = text }
	reason.OnSubmitted = func(string) { f.leave(s, r) }
	f.focus = reason
	var options []option
	for _, span := range spans {
		options = append(options, option{span.id, f.say("known."+span.id, nil)})
	}
	lines := []fyne.CanvasObject{
		widgets.NewText(f.say("known.title", nil), widgets.Font{Bold: true}), widgets.NewText(f.say("known.text", nil), widgets.Font{}),
		widgets.NewText(f.say("known.reason", nil), widgets.Font{Color: widgets.Muted}), reason,
	}
	if asked.mistake != "" {
		lines = append(lines, widgets.NewText(asked.mistake, widgets.Font{Color: widgets.Danger}))
	}
	lines = append(lines, widgets.Bordered(choice(options, asked.span, func(span string) { asked.span = span })),
		widgets.Flow(8, widgets.NewButton(f.say("known.leave", nil), nil, func() { f.leave(s, r) }), widgets.NewButton(f.say("sign-in.cancel", nil), nil, func() { f.answered("") })))
	return widgets.Card(widgets.Pad(0, 0, 0, textIndent, widgets.Column(8, lines...)))
}

// answered closes the question, or shows what is wrong with the answer.
func (f *findingPage) answered(mistake string) {
	if mistake == "" {
		f.asked = nil
	} else if f.asked != nil {
		f.asked.mistake = mistake
	}
	f.fill()
	if mistake != "" {
		f.focusOn(f.focus)
	} else {
		f.focusOn(f.back)
	}
}

// leave keeps the answer: the finding doesn't count any more.
func (f *findingPage) leave(s *model.Session, r checks.Result) {
	reason := acknowledged.Reason(f.asked.reason)
	if reason == "" {
		f.answered(f.say("known.no-reason", nil))
		return
	}
	if tooLong, masked := acknowledged.IsTooLong(reason, f.asked.reason); tooLong {
		f.answered(f.words.Say("cli-acknowledge.long-reason", checks.Args{"limit": acknowledged.MaxReason, "masked": masked}))
		return
	}
	now := f.params.Now()
	about, found := s.Outcome.Acknowledge(r.Check, r.Cause)
	if !found {
		return // it was checked again meanwhile
	}
	about.Reason, about.Made = reason, now
	for _, span := range spans {
		if span.id == f.asked.span {
			about.Until = span.until(now)
		}
	}
	f.decide(s, func(ctx context.Context, c Checker) error { return c.Acknowledge(ctx, about) })
}

func (f *findingPage) countAgain(s *model.Session, r checks.Result) {
	f.decide(s, func(ctx context.Context, c Checker) error {
		_, err := c.Unacknowledge(ctx, s.Target.Address.String(), r.Check, r.Cause)
		return err
	})
}

// decide keeps a decision, and shows the last run as it leaves it.
func (f *findingPage) decide(s *model.Session, keep func(context.Context, Checker) error) {
	checker, now := f.list.runs.checkerOf(s), f.params.Now()
	f.background(func(ctx context.Context) func() {
		err := keep(ctx, checker)
		all := checker.Acknowledged()
		return func() {
			if err != nil {
				f.list.dialogs.showMessage(f.say("known.not-kept", nil), f.say("known.not-kept-text", nil))
				return
			}
			if s.Running { // its end knows of it
				return
			}
			s.SetAcknowledged(all, now)
			f.list.runs.saveVerdict(s)
			if f.list.finding == f { // otherwise the user went on
				f.answered("")
			}
			f.changed()
		}
	})
}

// saveVerdict saves what the last run says now, for the list of portals.
func (r *runner) saveVerdict(s *model.Session) {
	if _, known := r.params.Store.Portal(s.Target.Address.String()); s.Demo || !known || s.Outcome == nil {
		return
	}
	p := store.PastOf(s.Outcome)
	r.background(func(context.Context) func() {
		_ = r.params.Store.Remember(p)
		return nil
	})
}

// KeptAside says that a file with the owner's decisions could not be read and was renamed. It may be called from any goroutine.
func (w *Window) KeptAside(path string) {
	w.do(func() {
		w.dialogs.showMessage(w.say("unreadable.title", nil), w.words.Say("cli.kept-aside", checks.Args{"file": path}))
	})
}
