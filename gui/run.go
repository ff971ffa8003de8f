package gui

import (
	"context"
	"slices"
	"time"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/gui/store"
	"boxready/internal/bitrix"
)

// A whole run is ended after this time; what has no answer by then could not be told.
const runTimeout = 90 * time.Second

// run makes a run of a session's target. With consents, they hold for this run alone, but for checks.Deep: that the address
// is the right one stays true as long as the window is open.
func (w *Window) run(s *model.Session, consents ...checks.Consent) {
	if s.Running {
		return
	}
	if w.locked(s) {
		w.unlock(s, consents)
		return
	}
	if slices.Contains(consents, checks.Deep) && !s.Agreed(checks.Deep) {
		s.Target.Consents = append(s.Target.Consents, checks.Deep)
	}
	if !s.Demo {
		s.Target.Region = bitrix.Region(w.settings().Region)
	}
	target := s.Target
	target.Consents = slices.Clone(target.Consents)
	for _, c := range consents {
		if !slices.Contains(target.Consents, c) {
			target.Consents = append(target.Consents, c)
		}
	}
	s.Past = w.past(s)
	s.Begin(w.p.Now(), checks.Planned(target), true)
	w.start(s, func(ctx context.Context, c Checker, o checks.Observer) *checks.Outcome { return c.Run(ctx, target, o) })
}

// makeAgain makes one check again.
func (w *Window) makeAgain(s *model.Session, id checks.ID) {
	if s.Running || s.Outcome == nil {
		return
	}
	before := s.Outcome
	s.Begin(w.p.Now(), checks.PlannedAgain(before, id), false)
	w.start(s, func(ctx context.Context, c Checker, o checks.Observer) *checks.Outcome {
		return c.Again(ctx, before, id, o)
	})
}

// start makes a run in the background and tells the session what happens.
func (w *Window) start(s *model.Session, make func(context.Context, Checker, checks.Observer) *checks.Outcome) {
	run, cancel := context.WithTimeout(w.ctx, runTimeout)
	stopTicking := w.every(time.Second, w.changed)
	w.stop[s] = func() {
		s.Stopped = true
		cancel()
	}
	checker := w.checkerOf(s)
	w.background(func(context.Context) func() {
		outcome := make(run, checker, observer{w, s})
		cancel()
		return func() {
			stopTicking()
			delete(w.stop, s)
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
	p := store.PastOf(s.Outcome)
	w.background(func(context.Context) func() {
		_ = w.p.Store.Remember(p)
		return nil
	})
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
