package model

import (
	"slices"
	"strings"

	"boxready/checks"
	"boxready/internal/serverprobe"
	"boxready/internal/view"
	"boxready/internal/words"
)

// Server is what was handed out for a portal's server, and what came back.
type Server struct {
	scripts map[serverprobe.Kind]string
	nonces  []string // of all scripts that were handed out

	Pasted string // how it begins
	Probe  *serverprobe.Probe
}

// Script is the script of a kind for this portal, the same whenever it is asked for.
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

// FreshScript is a new copy; root is the portal's folder for PHP by the command line, see serverprobe.Options.
func (s *Session) FreshScript(kind serverprobe.Kind, root string) (string, error) {
	text, nonce, err := serverprobe.Script(kind, serverprobe.Options{Portal: s.Target.Address, Root: root})
	if err == nil {
		s.Server.nonces = append(s.Server.nonces, nonce)
	}
	return text, err
}

// OwnScript tells whether an answer is that of a script which was handed out since the program was started.
func (s *Session) OwnScript(p *serverprobe.Probe) bool {
	return slices.Contains(s.Server.nonces, p.Nonce)
}

// AnswerText says whose word an answer is, and from when.
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

// Added is what the last run found in the word of the server and of somebody in the internet: rows to open, and how many checks
// are in order.
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
	slices.SortStableFunc(rows, func(a, b Row) int { return view.Severity(b.Result.State) - view.Severity(a.Result.State) })
	return rows, fine
}
