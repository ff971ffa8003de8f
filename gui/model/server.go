package model

import (
	"slices"
	"strings"

	"boxready/checks"
	"boxready/internal/serverprobe"
	"boxready/internal/words"
)

// Server has the scripts for a portal's server, and the answer that was pasted.
type Server struct {
	scripts map[serverprobe.Kind]string
	nonces  []string // of all scripts that were made

	Pasted string // how it begins
	Probe  *serverprobe.Probe
}

// Script returns this portal's script of a kind, which is made once.
func (s *Session) Script(kind serverprobe.Kind) (string, error) {
	if text := s.Server.scripts[kind]; text != "" {
		return text, nil
	}
	text, err := s.FreshScript(kind, "")
	if err == nil {
		if s.Server.scripts == nil {
			s.Server.scripts = map[serverprobe.Kind]string{}
		}
		s.Server.scripts[kind] = text
	}
	return text, err
}

// FreshScript makes one with a new nonce; root is the portal's folder for PHP by the command line, see serverprobe.Options.
func (s *Session) FreshScript(kind serverprobe.Kind, root string) (string, error) {
	text, nonce, err := serverprobe.Script(kind, serverprobe.Options{Portal: s.Target.Address, Root: root})
	if err == nil {
		s.Server.nonces = append(s.Server.nonces, nonce)
	}
	return text, err
}

// OwnScript reports whether an answer is from a script that was made since the program was started.
func (s *Session) OwnScript(p *serverprobe.Probe) bool {
	return slices.Contains(s.Server.nonces, p.Nonce)
}

// AnswerText names the sources of an answer, and its time.
func (s *Session) AnswerText(w *words.Texts, p *serverprobe.Probe) string {
	var parts []string
	for _, kind := range p.Kinds {
		parts = append(parts, w.Say("window.server.from-"+string(kind), nil))
	}
	if p.SystemCheck != nil {
		parts = append(parts, w.Say("window.server.from-log", nil))
	}
	if !p.Time.IsZero() {
		parts = append(parts, When(w, p.Time))
	}
	if len(p.Kinds) > 0 && !s.OwnScript(p) {
		parts = append(parts, w.Say("window.server.older-script", nil))
	}
	return words.UpperFirst(strings.Join(parts, " · "))
}

// Added returns the last run's results from the server and from outside: rows of findings, and how many checks are in order.
func (s *Session) Added(w *words.Texts) (rows []Row, fine int) {
	for _, r := range s.Results() {
		switch {
		case r.Vantage != checks.FromServer && r.Vantage != checks.FromOutside:
		case isFinding(r):
			rows = append(rows, s.finding(w, r))
		case r.State == checks.OK:
			fine++
		}
	}
	slices.SortStableFunc(rows, func(a, b Row) int { return b.Result.State.Severity() - a.Result.State.Severity() })
	return rows, fine
}
