package report

import (
	"fmt"
	"io"

	"boxready/checks"
	"boxready/internal/view"
)

// Live writes a run as text while it is made: each finding when it is final, and in the end what waits for them, what is in order,
// what was not checked, and the verdict. It is an Observer of the run; nothing is written after an error, which End returns.
type Live struct {
	text  *text
	out   io.Writer
	known checks.Outcome // so far
	err   error
}

// Live returns a writer for a run against target.
func (p *Reporter) Live(w io.Writer, target checks.Target, style Style) *Live {
	l := &Live{text: newText(p, &run{display: target.Address.Display()}, style), out: w, known: checks.Outcome{Target: target}}
	l.text.live = true
	l.text.para(0, "", l.text.run.display)
	l.flush()
	return l
}

// Started does nothing: the progress of a run isn't its result.
func (*Live) Started(checks.ID) {}

// Finished writes a check's findings.
func (l *Live) Finished(_ checks.ID, results []checks.Result) {
	l.known.Results = append(l.known.Results, results...)
	texts := l.text.Words.For(l.known.Setup())
	for _, r := range results {
		if r.NeedsAction() {
			l.text.WriteString("\n")
			l.text.finding(view.Item{Result: r, Text: texts.Finding(r, l.text.run.display), Values: view.ParseFacts(view.FactsJSON(r.Facts))})
		}
	}
	l.flush()
}

// End writes the rest.
func (l *Live) End(o *checks.Outcome) error {
	t := l.text
	t.run = t.Reporter.unhidden(o)
	t.waitingLists()
	t.acknowledged()
	t.inOrder()
	t.notChecked()
	verdict := t.run.verdict(t.Words)
	t.WriteString("\n")
	t.para(0, "", t.style.Bold(t.style.Paint(verdict.State, verdict.Title)))
	t.para(0, "", verdict.End)
	t.besides(verdict)
	t.endings()
	t.reportID()
	l.flush()
	return l.err
}

func (l *Live) flush() {
	if l.err == nil && l.text.Len() > 0 {
		if _, err := io.WriteString(l.out, l.text.String()); err != nil {
			l.err = fmt.Errorf("write the result: %w", err)
		}
	}
	l.text.Reset()
}

// waitingLists writes which checks were skipped because of which finding.
func (t *text) waitingLists() {
	for _, i := range t.run.view.Findings() {
		if waiting := t.waitingFor(i); waiting != "" {
			t.WriteString("\n")
			t.para(2, "", t.style.Bold(i.Text.Title))
			t.para(depth, "", waiting)
		}
	}
}

// waitingFor is the sentence about the checks that were skipped because of i; "" if there are none, or it was written.
func (t *text) waitingFor(i view.Item) string {
	waiting := t.run.view.WaitingText(t.Words, i.Result)
	if waiting == "" || t.waiting[i.Check] {
		return ""
	}
	t.waiting[i.Check] = true
	return waiting
}
