package gui

import (
	"context"
	"slices"
	"time"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/gui/store"
	"boxready/internal/bitrix"
	"boxready/internal/report"
)

// run makes a run of a session's target. With consents, they hold for this run alone, but for checks.Deep: that the address
// is the right one stays true as long as the window is open.
func (w *Window) run(s *model.Session, consents ...checks.Consent) {
	if s.Running {
		return
	}
	if w.recall(s, func() { w.run(s, consents...) }) {
		return
	}
	if w.locked(s) {
		w.unlock(s, consents)
		return
	}
	if hosts := s.Target.HostsToAsk(); !s.Demo && !slices.Equal(hosts, s.HostsShown) { // a stranger's file names them: nothing is contacted unseen
		w.ask(question{title: w.say("hosts.title", nil), text: w.words.Say("cli.hosts-asked", checks.Args{"hosts": hosts}), yes: w.say("consent.yes", nil)}, func() {
			s.HostsShown = hosts
			w.run(s, consents...)
		})
		return
	}
	if slices.Contains(consents, checks.Deep) && !s.Agreed(checks.Deep) {
		s.Target.Consents = append(s.Target.Consents, checks.Deep)
	}
	if !s.Demo {
		s.Target.Region = bitrix.Region(w.settings().Region)
	}
	target := s.Target
	s.Target.Receiver = "" // as with consents
	target.Consents = slices.Clone(target.Consents)
	for _, c := range consents {
		if !slices.Contains(target.Consents, c) {
			target.Consents = append(target.Consents, c)
		}
	}
	s.Past = w.past(s)
	s.Begin(w.p.Now(), checks.Planned(target), true)
	w.start(s, target, func(ctx context.Context, c Checker, o checks.Observer) *checks.Outcome { return c.Run(ctx, target, o) })
}

// makeAgain makes some checks again.
func (w *Window) makeAgain(s *model.Session, ids ...checks.ID) {
	if s.Running || s.Outcome == nil {
		return
	}
	before, planned := s.Outcome, 0
	for _, id := range ids {
		planned += checks.PlannedAgain(before, id)
	}
	s.Begin(w.p.Now(), planned, false)
	w.start(s, before.Target, func(ctx context.Context, c Checker, o checks.Observer) *checks.Outcome {
		outcome := before
		for _, id := range ids {
			outcome = c.Again(ctx, outcome, id, o)
		}
		return outcome
	})
}

// start makes a run against a target in the background and tells the session what happens.
func (w *Window) start(s *model.Session, target checks.Target, make func(context.Context, Checker, checks.Observer) *checks.Outcome) {
	// What has no answer by then could not be told.
	run, cancel := context.WithTimeout(w.ctx, checks.Budget(target))
	s.Use(target.Secrets()...)
	stopTicking := w.every(time.Second, w.changed)
	w.stop[s] = func() {
		s.Stopped = true
		cancel()
	}
	checker := w.checkerOf(s)
	w.background(func(context.Context) func() {
		outcome := make(run, checker, observer{w, s})
		cancel()
		secrets := target.Secrets() // a sign-in has others by now
		return func() {
			stopTicking()
			delete(w.stop, s)
			s.Use(secrets...)
			s.End(outcome, s.Stopped)
			if !s.Stopped {
				w.remember(s)
			}
			w.changed()
		}
	})
	w.changed()
}

func (w *Window) checkerOf(s *model.Session) Checker {
	if s.Demo && w.demo != nil {
		return w.demo.Checker
	}
	return w.p.Checker
}

// past is what is known of the run before.
func (w *Window) past(s *model.Session) *store.Portal {
	if s.Outcome != nil && !s.Stopped {
		p := store.PastOf(s.Outcome)
		return &p
	}
	if s.Demo {
		return s.Past
	}
	if p, ok := w.p.Store.Portal(s.Target.Address.String()); ok && p.Verdict != "" {
		return &p
	}
	return nil
}

// remember keeps what a run came to. That it can't be kept is no reason to trouble anyone: it shows at the next start.
func (w *Window) remember(s *model.Session) {
	if s.Demo {
		return
	}
	p, outcome, secrets, reporter := store.PastOf(s.Outcome), s.Outcome, slices.Clone(s.Secrets), w.reporter()
	w.background(func(context.Context) func() {
		_ = w.p.Store.Remember(p)
		if w.p.History != nil {
			_ = w.p.History.Add(reporter.Document(outcome), secrets...)
		}
		return func() { w.reportPage.historyChanged(s) }
	})
}

// reporter writes reports in the language of the window.
func (w *Window) reporter() *report.Reporter {
	return &report.Reporter{Words: w.words, Version: w.p.Version}
}

// observer tells a session what happens in its run; it is called on the run's goroutines.
type observer struct {
	w *Window
	s *model.Session
}

func (o observer) Started(id checks.ID) {
	o.w.do(func() {
		o.s.Started(id, o.w.p.Now())
		o.w.changed()
	})
}

func (o observer) Finished(id checks.ID, results []checks.Result) {
	o.w.do(func() {
		o.s.Finished(id, results)
		o.w.changed()
	})
}

// Progress tells how far a check that asks much has come.
func (o observer) Progress(id checks.ID, done, total int) {
	o.w.do(func() {
		o.s.Counted(id, done, total)
		o.w.changed()
	})
}

// Leg tells how far a test event has come.
func (o observer) Leg(_ checks.ID, leg checks.Leg) {
	o.w.do(func() {
		o.s.Went(leg)
		o.w.changed()
	})
}

// changed lets what has changed in the model be shown: once for all that happens until the Fyne thread gets to it.
func (w *Window) changed() {
	if w.showing {
		return
	}
	w.showing = true
	w.do(func() {
		w.showing = false
		w.frame.refresh()
	})
}
