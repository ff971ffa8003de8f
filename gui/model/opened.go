package model

import (
	"slices"
	"strings"

	"boxready/checks"
	"boxready/internal/report"
	"boxready/internal/words"
)

// Opened is the report that a read-only session shows.
type Opened struct {
	File   string // its name, without the folder
	Report *report.Saved
	Files  []report.File // as they are in it
	Kept   []checks.Kept // the checks whose conclusions this version can't draw again
}

// OpenReport returns a read-only session with a report's outcome, see report.Saved.Outcome. Nothing in it can be asked of the portal.
func OpenReport(opened Opened, outcome *checks.Outcome) *Session {
	s := &Session{Target: outcome.Target, Opened: &opened, Loaded: true}
	s.End(outcome, false)
	return s
}

// ReadOnly reports whether the session shows a report: no run is made for it, and nothing about it is saved.
func (s *Session) ReadOnly() bool { return s.Opened != nil }

// Title says which report is shown.
func (o *Opened) Title(w *words.Texts) string {
	return w.Say("window.opened.title", checks.Args{"day": o.Report.Started, "portal": strings.TrimPrefix(o.Report.Portal, "https://"), "version": o.Report.Tool.Version})
}

// mostKept is how many checks a remark names.
const mostKept = 3

// Remarks say how what is shown differs from what the file says, and what of it can't be shown.
func (s *Session) Remarks(w *words.Texts) (remarks []string) {
	o := s.Opened
	if len(o.Report.Altered) > 0 {
		remarks = append(remarks, w.Say("window.opened.altered", checks.Args{"files": o.Report.Altered}))
	}
	if s.Outcome.Verdict != o.Report.Verdict || !slices.Equal(o.written(), drawn(s.Outcome)) {
		remarks = append(remarks, w.Say("window.opened.judged-again", nil))
	}
	for _, reason := range []checks.KeptReason{checks.KeptForeignFacts, checks.KeptUnknownCheck} {
		var names []string
		for _, k := range o.Kept {
			if k.Reason == reason {
				names = append(names, w.Name(k.Check))
			}
		}
		if names != nil {
			remarks = append(remarks, w.Say("window.opened."+string(reason), checks.Args{"checks": some(w, names, mostKept)}))
		}
	}
	return remarks
}

// written are the conclusions in the report.
func (o *Opened) written() (list []string) {
	for _, e := range o.Report.Results {
		list = append(list, conclusion(e.Check, e.State, e.Cause))
	}
	slices.Sort(list)
	return list
}

// drawn are an outcome's conclusions.
func drawn(o *checks.Outcome) (list []string) {
	for _, r := range o.Results {
		list = append(list, conclusion(r.Check, r.State, r.Cause))
	}
	slices.Sort(list)
	return list
}

func conclusion(id checks.ID, state checks.State, cause checks.Cause) string {
	return join(" ", string(id), string(state), string(cause))
}
