// Package model is what the window shows, without anything of Fyne: the portals, their runs, and what follows from them, in
// words. It is used on the Fyne thread alone.
package model

import (
	"boxready/checks"
	"boxready/internal/portal"
	"boxready/internal/view"
)

// Model is all that the window shows.
type Model struct {
	Current *Session // nil before the first portal
	// Applications are for the next portal, while there is none.
	Applications []*Application
	sessions     map[string]*Session
}

// Open makes a portal the current one. What was known of it in this window is kept.
func (m *Model) Open(address portal.Address) *Session {
	key := address.String()
	if m.sessions[key] == nil {
		if m.sessions == nil {
			m.sessions = map[string]*Session{}
		}
		m.sessions[key] = &Session{Target: checks.Target{Address: address}}
	}
	m.Current = m.sessions[key]
	return m.Current
}

// Replace makes a portal the current one and forgets what was known of it.
func (m *Model) Replace(s *Session) {
	key := s.Target.Address.String()
	m.Open(s.Target.Address)
	m.sessions[key], m.Current = s, s
}

// Forget drops a portal.
func (m *Model) Forget(address string) {
	if m.Current != nil && m.Current.Target.Address.String() == address {
		m.Current = nil
	}
	delete(m.sessions, address)
}

// Session is what is known of a portal in this window, or nil.
func (m *Model) Session(address string) *Session { return m.sessions[address] }

// Sign is what stands for a state: a state of checks, or one of those below.
type Sign string

// The signs.
const (
	OK      Sign = Sign(checks.OK)
	Notice  Sign = Sign(checks.Notice)
	Problem Sign = Sign(checks.Problem)
	Unknown Sign = Sign(checks.Unknown)
	Skipped Sign = Sign(checks.Skipped)
	Waiting Sign = "waiting" // a check is under way
	None    Sign = ""
)

// isFinding tells whether somebody has to do something about a result. About a check that the owner stopped nobody has.
func isFinding(r checks.Result) bool {
	return view.IsFinding(r.State) && r.Cause != checks.Cancelled
}
