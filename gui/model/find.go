package model

import (
	"strings"

	"boxready/checks"
	"boxready/internal/untrusted"
	"boxready/internal/view"
	"boxready/internal/words"
)

// Filter selects results. The zero value selects all.
type Filter struct {
	Step checks.Step
	Link view.Link
	Text string // somewhere in the texts or the facts, whatever the case
}

// matches reports whether a filter selects a result.
func (s *Session) matches(w *words.Texts, f Filter, r checks.Result) bool {
	return (f.Step == "" || view.StepOfResult(r) == f.Step) && (f.Link == "" || view.LinkOfResult(r) == f.Link) &&
		(f.Text == "" || contains(s.allText(w, r), f.Text))
}

// allText is all that is known about a result.
func (s *Session) allText(w *words.Texts, r checks.Result) string {
	f := w.For(s.Setup()).Finding(r, s.Target.Address.Display())
	lines := []string{w.Name(r.Check), CodeOf(r), f.Title, f.Saw, f.Breaks, w.Say("owner."+string(r.Owner), nil), FactsText(r)}
	for _, step := range f.Steps {
		lines = append(lines, step.String())
	}
	return strings.Join(lines, "\n")
}

func contains(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}

// CodeOf identifies a result as reports and the documentation do.
func CodeOf(r checks.Result) string { return join(" / ", string(r.Check), string(r.Cause)) }

// Line is a line of a report's file.
type Line struct {
	File   string
	Number int // from 0
	Text   string
}

// maxLines is how many lines are found.
const maxLines = 20

// Find returns the lines of the files that contain a text, whatever its case, and how many others do.
func (o *Opened) Find(text string) (found []Line, others int) {
	for _, f := range o.Files {
		n := 0
		for line := range strings.Lines(string(f.Data)) {
			switch {
			case !contains(line, text):
			case len(found) == maxLines:
				others++
			default:
				found = append(found, Line{f.Name, n, untrusted.Truncate(strings.TrimSpace(line), maxTitle)})
			}
			n++
		}
	}
	return found, others
}
