package model

import (
	"slices"

	"boxready/checks"
	"boxready/internal/allowlist"
	"boxready/internal/letter"
	"boxready/internal/view"
	"boxready/internal/words"
)

// draft is a letter that the owner has edited.
type draft struct {
	letter.Letter
	outcome *checks.Outcome // that it is about
}

// Recipients are those who have findings and don't sit at this computer: the portal's administrator does, but may be somebody else
// than the reader of a report.
func (s *Session) Recipients() []view.Owner {
	if s.ReadOnly() {
		return letter.OwnersOf(s.view())
	}
	return letter.Recipients(s.view())
}

// Letter writes the letter to an owner of findings. rules are the portal's, nil for none; those that were found closed are attached.
func (s *Session) Letter(w *words.Texts, version string, to checks.Owner, rules *allowlist.Rules, equipment allowlist.Equipment) (letter.Letter, error) {
	run := letter.Run{Portal: s.Target.Address, Demo: s.Demo, When: s.Begun, Version: version, Rules: rules, Equipment: equipment}
	if s.Outcome != nil {
		run.When, run.ID = s.Outcome.Finished, view.RunID(s.Outcome.Started, s.Outcome.Finished)
	}
	if of, ok := s.Target.Requirements.Support(); ok {
		run.Support = of.Support
	}
	return letter.Write(w.For(s.Setup()), s.view(), to, run)
}

// SetupMatters reports whether what an owner has to do depends on how the portal's server is set up.
func (s *Session) SetupMatters(w *words.Texts, to checks.Owner) bool {
	return slices.ContainsFunc(s.FindingsOf(to), func(r checks.Result) bool {
		return slices.ContainsFunc(w.For(s.Setup()).Finding(r, s.Target.Address.Display()).Steps, func(step words.Step) bool { return step.Setup != "" })
	})
}

// SetSetup says how the portal's server is set up, for the last run as well.
func (s *Session) SetSetup(setup checks.Setup) {
	s.Target.Setup = setup
	if s.Outcome != nil {
		s.Outcome.Target.Setup = setup
	}
}

// Draft returns what the owner made of a letter, or else the letter as it was written. outdated means that there is a new outcome
// since.
func (s *Session) Draft(written letter.Letter) (l letter.Letter, outdated bool) {
	d, edited := s.drafts[written.To]
	if !edited {
		return written, false
	}
	l, l.Attachments, l.Support = d.Letter, written.Attachments, written.Support
	return l, d.outcome != s.Outcome
}

// EditLetter keeps what the owner makes of a letter.
func (s *Session) EditLetter(l, written letter.Letter) {
	if l.Subject == written.Subject && l.Body == written.Body {
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
