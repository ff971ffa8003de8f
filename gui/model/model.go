// Package model is what the window shows, independent of Fyne: the portals, their runs, and texts about them. It is used on the
// Fyne thread alone.
package model

import (
	"boxready/checks"
	"boxready/internal/app"
	"boxready/internal/portal"
)

// Model is all that the window shows.
type Model struct {
	Current *Session // nil before the first portal
	// Applications are for the next portal, while there is none.
	Applications []*Application
	sessions     map[string]*Session
	before       *Session             // current before the report that is shown
	daily        map[string]app.Daily // by address; nil before the scheduler was asked
}

// Open makes a portal the current one, with its session if it has one.
func (m *Model) Open(address portal.Address) *Session {
	m.Current = m.Of(address)
	return m.Current
}

// Of returns a portal's session, a new one if it has none; the current one stays.
func (m *Model) Of(address portal.Address) *Session {
	key := address.String()
	if m.sessions[key] == nil {
		if m.sessions == nil {
			m.sessions = map[string]*Session{}
		}
		m.sessions[key] = &Session{Target: checks.Target{Address: address}}
	}
	return m.sessions[key]
}

// Replace makes s the current session, in place of another one of its portal.
func (m *Model) Replace(s *Session) {
	key := s.Target.Address.String()
	m.Open(s.Target.Address)
	m.sessions[key], m.Current = s, s
}

// ShowReport makes a read-only session the current one, until CloseReport.
func (m *Model) ShowReport(s *Session) {
	if m.Current == nil || !m.Current.ReadOnly() {
		m.before = m.Current
	}
	m.Current = s
}

// CloseReport makes what was current before the report the current session again.
func (m *Model) CloseReport() {
	if m.Current != nil && m.Current.ReadOnly() {
		m.Current, m.before = m.before, nil
	}
}

// Forget drops a portal. A report about it stays open.
func (m *Model) Forget(address string) {
	for _, s := range []**Session{&m.Current, &m.before} {
		if *s != nil && !(*s).ReadOnly() && (*s).Target.Address.String() == address {
			*s = nil
		}
	}
	delete(m.sessions, address)
}

// Session returns a portal's session, or nil.
func (m *Model) Session(address string) *Session { return m.sessions[address] }

// Sign is a state as the window shows it: a state of checks, or one of those below.
type Sign string

// The signs.
const (
	OK      Sign = Sign(checks.OK)
	Notice  Sign = Sign(checks.Notice)
	Problem Sign = Sign(checks.Problem)
	Unknown Sign = Sign(checks.Unknown)
	Skipped Sign = Sign(checks.Skipped)
	Waiting Sign = "waiting" // a check is under way
	Go      Sign = "go"      // nothing wrong so far, go on
	None    Sign = ""
)

// isFinding reports whether an owner has to act on a result. A check that was stopped is no finding.
func isFinding(r checks.Result) bool {
	return r.NeedsAction() && r.Cause != checks.Cancelled
}
