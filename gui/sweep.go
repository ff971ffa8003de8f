package gui

import (
	"slices"

	"boxready/gui/model"
	"boxready/internal/portal"
)

// sweep checks all portals of the list, one after the other, as a check of each would do it: with the consents that are there.
// What would have to be asked first is left out.
type sweep struct {
	runs    *runner
	order   []string // addresses, as the list had them at the start; nil before the first
	queue   []string // that are left
	skipped []string
	done    int
	stopped bool
	now     *model.Session // that is being checked; nil if none is
}

func (s *sweep) running() bool { return s.now != nil || len(s.queue) > 0 }

func (s *sweep) start(addresses []string) {
	if s.running() {
		return
	}
	*s = sweep{runs: s.runs, order: addresses, queue: slices.Clone(addresses)}
	s.next()
}

func (s *sweep) stop() {
	s.queue, s.stopped = nil, true
	if stop := s.runs.stop[s.now]; s.now != nil && stop != nil {
		stop()
	}
	s.runs.changed()
}

// next begins with the next portal.
func (s *sweep) next() {
	s.now = nil
	defer s.runs.changed()
	for len(s.queue) > 0 {
		address := s.queue[0]
		s.queue = s.queue[1:]
		parsed, err := portal.ParseAddress(address)
		if _, kept := s.runs.params.Store.Portal(address); err != nil || !kept {
			continue // it was forgotten meanwhile, or what is saved is damaged
		}
		session := s.runs.model.Of(parsed)
		if session.Running {
			continue
		}
		s.now = session
		if !s.runs.loadSaved(session, func() { s.check(session) }) {
			s.check(session)
		}
		return
	}
}

// check checks a portal whose requirements have been read.
func (s *sweep) check(session *model.Session) {
	if s.now != session || s.stopped {
		s.now = nil
		return
	}
	if s.runs.asksForHosts(session) {
		s.skipped = append(s.skipped, session.Target.Address.String())
		s.next()
		return
	}
	s.runs.run(session)
}

// finished is called when a run is over.
func (s *sweep) finished(session *model.Session) {
	if session != s.now {
		return
	}
	if !session.Stopped {
		s.done++
	}
	s.next()
}
