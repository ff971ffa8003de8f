package model

import (
	"boxready/checks"
	"boxready/internal/letter"
	"boxready/internal/view"
	"boxready/internal/words"
)

// draft is a letter that the owner has edited.
type draft struct {
	letter.Letter
	outcome *checks.Outcome // that it is about
}

// Recipients are those who have findings, without who sits at this computer.
func (s *Session) Recipients() []view.Owner { return letter.Recipients(s.view()) }

// Letter writes the letter to an owner of findings.
func (s *Session) Letter(w *words.Texts, version string, to checks.Owner) letter.Letter {
	run := letter.Run{Portal: s.Target.Address, Demo: s.Demo, When: s.Begun, Version: version}
	if s.Outcome != nil {
		run.When = s.Outcome.Finished
	}
	return letter.Write(w, s.view(), to, run)
}

// Draft returns what the owner made of a letter, or else the letter as it was written. outdated means that there is a new outcome
// since.
func (s *Session) Draft(written letter.Letter) (l letter.Letter, outdated bool) {
	d, edited := s.drafts[written.To]
	if !edited {
		return written, false
	}
	return d.Letter, d.outcome != s.Outcome
}

// EditLetter keeps what the owner makes of a letter.
func (s *Session) EditLetter(l, written letter.Letter) {
	if l == written {
		s.TakeWritten(l.To)
		return
	}
	d, edited := s.drafts[l.To]
	if !edited {
		d.outcome = s.Outcome
	}
	d.Letter = l
	if s.drafts == nil {
		s.drafts = map[checks.Owner]draft{}
	}
	s.drafts[l.To] = d
}

// KeepDraft says that the owner's text is about the last outcome, too.
func (s *Session) KeepDraft(to checks.Owner) {
	if d, edited := s.drafts[to]; edited {
		d.outcome = s.Outcome
		s.drafts[to] = d
	}
}

// TakeWritten drops what the owner made of a letter.
func (s *Session) TakeWritten(to checks.Owner) { delete(s.drafts, to) }
