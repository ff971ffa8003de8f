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

// runner makes runs for sessions.
type runner struct {
	*environment
	dialogs *dialogs
	stop    map[*model.Session]func() // ends a session's run early
	saved   func(*model.Session)      // called when a run was saved
	over    func(*model.Session)      // called when a run is over
	demo    *Demo                     // nil if none is running
	unsaved bool                      // the requirements chosen last could not be saved
	idling  bool                      // Params.Idle is about to be called
}

// stopRun ends the run that is shown, if there is one.
func (r *runner) stopRun() {
	if s := r.model.Current; s != nil && r.stop[s] != nil && !s.Stopped {
		r.stop[s]()
		r.changed()
	}
}

// run makes a run of a session's target. With consents, they hold for this run alone, but for checks.Deep and
// checks.SameIdentity: that the address is the right one stays true as long as the window is open.
func (r *runner) run(s *model.Session, consents ...checks.Consent) {
	if s.Running || s.ReadOnly() {
		return
	}
	if r.loadSaved(s, func() { r.run(s, consents...) }) {
		return
	}
	if r.credentialsUnread(s) {
		r.readCredentials(s, consents)
		return
	}
	if hosts := s.Target.HostsToAsk(); r.asksForHosts(s) { // an untrusted file names them: they are shown before anything is contacted
		r.dialogs.confirm(question{title: r.say("hosts.title", nil), text: r.words.Say("hosts.asked", checks.Args{"hosts": hosts}), yes: r.say("consent.yes", nil)}, func() {
			s.HostsShown = hosts
			r.run(s, consents...)
		})
		return
	}
	past, _ := r.params.Store.Portal(s.Target.Address.String())
	if slices.Contains(consents, checks.SameIdentity) {
		s.Allow(checks.SameIdentity)
	}
	if past.Confirmed && !s.Demo || slices.Contains(consents, checks.Deep) {
		s.Allow(checks.Deep)
	}
	if s.Target.Setup == "" {
		s.Target.Setup = past.Setup
	}
	if !s.Demo {
		s.Target.Region = bitrix.Region(r.settings().Region)
	}
	target := s.Target
	s.Target.Receiver, s.Target.Moved = "", false // as with consents
	target.Consents = slices.Clone(target.Consents)
	for _, c := range consents {
		if !slices.Contains(target.Consents, c) {
			target.Consents = append(target.Consents, c)
		}
	}
	s.Past = r.previousRun(s)
	s.Begin(r.params.Now(), checks.Plan(target))
	r.execute(s, target, func(ctx context.Context, c Checker, o checks.Observer) *checks.Outcome { return c.Run(ctx, target, o) })
}

// askAndRun asks for a consent, and begins a run with it.
func (r *runner) askAndRun(s *model.Session, c checks.Consent) {
	r.dialogs.confirmConsent(c, func() {
		s.Target.Receiver = "" // the question promises that nothing leaves the portal
		r.run(s, c)
	})
}

// asksForHosts reports whether a run asks the owner about hosts first.
func (r *runner) asksForHosts(s *model.Session) bool {
	hosts := s.Target.HostsToAsk()
	return !s.Demo && len(hosts) > 0 && !slices.Equal(hosts, s.HostsShown)
}

// recheck makes some checks again.
func (r *runner) recheck(s *model.Session, ids ...checks.ID) {
	if s.Running || s.Outcome == nil || s.ReadOnly() {
		return
	}
	// What the owner allows now holds, not what was allowed then.
	again, planned := *s.Outcome, 0
	again.Target.Consents, again.Target.Page = slices.Clone(s.Target.Consents), s.Target.Page
	before := &again
	for _, id := range ids {
		planned += checks.PlannedAgain(before, id)
	}
	s.BeginAgain(r.params.Now(), planned)
	r.execute(s, before.Target, func(ctx context.Context, c Checker, o checks.Observer) *checks.Outcome {
		return c.Again(ctx, before, o, ids...)
	})
}

// execute makes a run against a target in the background and reports its progress to the session.
func (r *runner) execute(s *model.Session, target checks.Target, start func(context.Context, Checker, checks.Observer) *checks.Outcome) {
	run, cancel := context.WithCancel(r.ctx)
	s.Use(target.Secrets()...)
	stopTicking := r.every(time.Second, r.updated)
	r.stop[s] = func() {
		s.Stopped = true
		cancel()
	}
	checker := r.checkerOf(s)
	r.background(func(context.Context) func() {
		outcome := start(run, checker, observer{r, s})
		cancel()
		secrets := target.Secrets() // a sign-in may have renewed its own by now
		return func() {
			stopTicking()
			delete(r.stop, s)
			if len(r.stop) == 0 {
				r.endUpdates()
			}
			s.Use(secrets...)
			s.End(outcome, s.Stopped)
			if !s.Stopped {
				r.saveRun(s)
			}
			r.over(s)
			r.changed()
			r.idleSoon()
		}
	})
	r.changed()
}

// idleAfter is how long after a run its memory is given back.
const idleAfter = 5 * time.Second

// idleSoon calls Params.Idle if no run is under way by then.
func (r *runner) idleSoon() {
	if r.params.Idle == nil || r.idling {
		return
	}
	r.idling = true
	r.after(idleAfter, func() {
		if r.idling = false; len(r.stop) > 0 {
			return // it is called after that run
		}
		r.background(func(context.Context) func() {
			r.params.Idle()
			return nil
		})
	})
}

func (r *runner) checkerOf(s *model.Session) Checker {
	if s.Demo && r.demo != nil {
		return r.demo.Checker
	}
	return r.params.Checker
}

// previousRun returns the results of the previous run; nil for none.
func (r *runner) previousRun(s *model.Session) *store.Portal {
	if s.Outcome != nil && !s.Stopped {
		p := store.PastOf(s.Outcome)
		return &p
	}
	if s.Demo {
		return s.Past
	}
	if p, ok := r.params.Store.Portal(s.Target.Address.String()); ok && p.Verdict != "" {
		return &p
	}
	return nil
}

// saveRun saves the result of a run. A failure is not shown: the result is missing after the next start.
func (r *runner) saveRun(s *model.Session) {
	if _, known := r.params.Store.Portal(s.Target.Address.String()); s.Demo || !known && s.Outcome.Verdict == checks.NotSeen {
		return // nothing is known of such a portal, not even that there is one
	}
	confirmed := s.Agreed(checks.Deep)
	p, outcome, secrets, reporter := store.PastOf(s.Outcome), s.Outcome, slices.Clone(s.Secrets), r.reporter()
	r.background(func(context.Context) func() {
		_ = r.params.Store.Remember(p)
		if confirmed {
			_ = r.params.Store.SetConfirmed(p.Address, true)
		}
		var since model.Since
		if r.params.History != nil {
			document := reporter.Document(outcome)
			since = model.NewSince(r.params.History, document)
			_ = r.params.History.Add(document, secrets...)
		}
		return func() {
			if s.Outcome == outcome && !s.Running {
				s.Since = &since
				r.changed()
			}
			r.saved(s)
		}
	})
}

// observer reports the progress of a run to its session; it is called on the run's goroutines.
type observer struct {
	r *runner
	s *model.Session
}

func (o observer) Started(id checks.ID) {
	o.r.do(func() {
		o.s.Started(id, o.r.params.Now())
		o.r.updated()
	})
}

func (o observer) Finished(id checks.ID, results []checks.Result) {
	o.r.do(func() {
		o.s.Finished(id, results, o.r.params.Now())
		if slices.ContainsFunc(results, func(r checks.Result) bool { return r.State == checks.Problem || r.State == checks.Notice }) {
			o.r.found()
		} else {
			o.r.updated()
		}
	})
}

// Progress reports how many of its requests a check has made.
func (o observer) Progress(id checks.ID, done, total int) {
	o.r.do(func() {
		o.s.Counted(id, done, total)
		o.r.updated()
	})
}

// Leg reports the progress of a test event.
func (o observer) Leg(_ checks.ID, leg checks.Leg) {
	o.r.do(func() {
		o.s.Went(leg)
		o.r.updated()
	})
}

// hasCredentials reports whether there is a webhook or a sign-in for a portal.
func (r *runner) hasCredentials(s *model.Session) bool {
	return s.Target.Webhook != nil || s.Target.SignIn != nil || r.credentialsUnread(s)
}

// saveApplications saves the applications whose requirements a portal is compared with.
func (r *runner) saveApplications(s *model.Session) {
	var kept []store.Application
	for _, a := range s.Applications {
		kept = append(kept, a.Kept)
	}
	address := s.Target.Address.String()
	r.background(func(context.Context) func() {
		err := r.params.Store.SetApplications(address, kept)
		return func() {
			if unsaved := err != nil; unsaved != r.unsaved {
				r.unsaved = unsaved
				r.changed()
			}
		}
	})
}

// loadSaved loads the saved applications of a session's portal and then calls then, if it isn't nil. It returns whether that
// happens later; otherwise then isn't called.
func (r *runner) loadSaved(s *model.Session, then func()) bool {
	if s.Loaded {
		return false
	}
	past, _ := r.params.Store.Portal(s.Target.Address.String())
	kept := past.Applications
	if s.Demo || len(kept) == 0 {
		r.applySaved(s, nil)
		return false
	}
	if s.OnLoaded = append(s.OnLoaded, then); len(s.OnLoaded) > 1 {
		return true
	}
	r.background(func(context.Context) func() {
		var read []*model.Application
		for _, k := range kept {
			if a, err := model.ReadApplication(k); err == nil { // another version may have saved what this one can't read
				read = append(read, a)
			}
		}
		return func() {
			r.applySaved(s, read)
			callbacks := s.OnLoaded
			s.OnLoaded = nil
			for _, f := range callbacks {
				if f != nil {
					f()
				}
			}
			r.changed()
		}
	})
	return true
}

// applySaved sets a session's saved applications, and adds those chosen before there was a portal.
func (r *runner) applySaved(s *model.Session, kept []*model.Application) {
	chosen := r.model.Applications
	s.Require(kept)
	if chosen == nil || s.Demo {
		return
	}
	r.model.Applications = nil
	s.Require(model.Add(kept, chosen))
	r.saveApplications(s)
}
