package report

import (
	"fmt"
	"io"
	"strings"

	"boxready/checks"
	"boxready/internal/view"
	"boxready/internal/words"

	"github.com/muesli/reflow/indent"
	"github.com/muesli/reflow/wordwrap"
)

// Style is how a text looks in a terminal. The zero value is plain.
type Style struct {
	Width   int  // columns; 0: 80
	Verbose bool // with the checks that are ok and all facts
	// Paint colours s for a state; nil leaves it as it is. Colour never has information that the text lacks.
	Paint func(state checks.State, s string) string
	Bold  func(s string) string
}

// WriteText writes the outcome as text: the verdict first, then the findings by owner, then what is ok and what was not checked.
func (p *Reporter) WriteText(w io.Writer, o *checks.Outcome, style Style) error {
	return p.writeRun(w, p.unhidden(o), style)
}

// WriteSelfTest writes the outcome of a self-test, which has no verdict on a portal.
func (p *Reporter) WriteSelfTest(w io.Writer, o *checks.Outcome, style Style) error {
	t := newText(p, p.unhidden(o), style)
	t.para(0, "", t.style.Bold(p.Words.Say("group."+string(checks.SelfGroup), nil)))
	return t.writeFindings(w)
}

func (p *Reporter) writeRun(w io.Writer, n *run, style Style) error {
	t := newText(p, n, style)
	t.verdict()
	t.reportID()
	t.endings()
	return t.writeFindings(w)
}

func (t *text) writeFindings(w io.Writer) error {
	for _, owner := range t.run.view.Owners() {
		t.findingsOf(owner)
	}
	t.acknowledged()
	t.inOrder()
	t.notChecked()
	_, err := io.WriteString(w, t.String())
	if err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

type text struct {
	strings.Builder
	*Reporter
	run     *run
	style   Style
	waiting map[checks.ID]bool // checks whose skipped ones were listed
	live    bool               // findings aren't grouped by owner
}

func newText(p *Reporter, n *run, style Style) *text {
	if style.Width == 0 {
		style.Width = 80
	}
	if style.Paint == nil {
		style.Paint = func(_ checks.State, s string) string { return s }
	}
	if style.Bold == nil {
		style.Bold = func(s string) string { return s }
	}
	return &text{Reporter: p, run: n, style: style, waiting: map[checks.ID]bool{}}
}

func (t *text) say(key string, args checks.Args) string { return t.Words.Say(key, args) }

// para writes words wrapped and indented; the first line may begin with a label as wide as the indent.
func (t *text) para(depth int, label, words string) {
	wrap := wordwrap.NewWriter(t.style.Width - depth)
	wrap.Breakpoints = nil // a host name or a flag stays whole at its hyphens
	wrap.Write([]byte(words))
	wrap.Close()
	lines := indent.String(wrap.String(), uint(depth))
	if label != "" {
		lines = pad(label, depth) + strings.TrimLeft(lines, " ")
	}
	t.WriteString(lines + "\n")
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(width-len([]rune(s)), 1))
}

func (t *text) verdict() {
	t.para(0, "", t.run.display)
	verdict := t.run.verdict(t.Words)
	t.para(0, "", t.style.Bold(t.style.Paint(verdict.State, verdict.Title)))
	t.para(0, "", verdict.Text)
	t.besides(verdict)
}

// besides writes what else there is to say about a verdict.
func (t *text) besides(verdict view.Verdict) {
	for _, sentence := range []string{verdict.Apart, verdict.Inference} {
		if sentence != "" {
			t.para(0, "", sentence)
		}
	}
}

// reportID writes the report's ID, which somebody who made the run just now has no use for.
func (t *text) reportID() {
	if t.run.saved || t.style.Verbose {
		t.para(0, "", t.say("report.summary.report-id", checks.Args{"id": t.run.ID}))
	}
}

// endings writes what ends soon and what to do about it, or all endings with verbose.
func (t *text) endings() {
	list := t.run.endings(t.style.Verbose)
	if len(list) == 0 {
		return
	}
	t.WriteString("\n")
	t.para(0, "", t.style.Bold(t.say("ending.title", nil)))
	for _, e := range list {
		line := e.Text(t.Words, t.run.Finished) + "."
		if e.Soon(t.run.Finished) {
			line = t.style.Bold(line)
		}
		if e.Near(t.run.Finished) {
			line += " " + e.Advice(t.Words, t.run.Finished)
		}
		t.para(2, "", line)
	}
}

func (t *text) findingsOf(owner view.Owner) {
	t.WriteString("\n")
	t.para(0, "", t.style.Bold(t.Words.Code("owner.", string(owner.ID), ".title")))
	for _, i := range owner.Findings {
		t.WriteString("\n")
		t.finding(i)
	}
}

const depth = 4

func (t *text) finding(i view.Item) {
	f := i.Text
	t.para(2, "", t.style.Paint(i.State, t.say("state."+string(i.State), nil)+": ")+t.style.Bold(f.Title))
	t.part("saw", f.Saw+" "+t.seenFrom(i))
	t.part("breaks", f.Breaks)
	if t.live {
		t.part("who", t.Words.Code("owner.", string(i.Owner), ".title"))
	}
	if len(f.Steps) > 0 {
		t.para(depth, "", t.say("part.do", nil)+":")
		for i, step := range f.Steps {
			t.step(i+1, step)
		}
	}
	if f.More != "" {
		// Not wrapped, so that it can be clicked and copied.
		fmt.Fprintf(t, "%*s%s: %s\n", depth, "", t.say("part.more", nil), f.More)
	}
	if waiting := t.waitingFor(i); waiting != "" {
		t.para(depth, "", waiting)
	}
	if t.style.Verbose {
		t.facts(i)
	}
}

func (t *text) seenFrom(i view.Item) string {
	return sentence(t.Words.Code("vantage.", string(i.Vantage), ""))
}

// step writes a numbered step. A command gets a line of its own that isn't wrapped, so that it can be copied.
func (t *text) step(number int, step words.Step) {
	label := fmt.Sprintf("%*d.", depth+1, number)
	t.para(depth+3, label, strings.ReplaceAll(step.Text, "`", ""))
	for _, c := range step.Commands {
		if c.Label != "" {
			t.para(depth+3, "", c.Label)
		}
		fmt.Fprintf(t, "%*s%s\n", depth+5, "", c.Line)
	}
}

// facts writes a check's facts, one value per line, under their names in JSON.
func (t *text) facts(i view.Item) {
	for _, f := range i.Values.Facts() {
		if line := f.Path + ": " + t.Words.More(f.Value, f.More); f.List {
			t.para(depth+2, "", line)
		} else {
			fmt.Fprintf(t, "%*s%s\n", depth+2, "", line) // unwrapped, so that it can be copied
		}
	}
}

func (t *text) part(key, words string) {
	if words = strings.TrimSpace(words); words != "" {
		t.para(depth, "", t.say("part."+key, nil)+": "+words)
	}
}

func sentence(s string) string {
	if s == "" {
		return ""
	}
	first := []rune(s)[0]
	return strings.ToUpper(string(first)) + s[len(string(first)):] + "."
}

// acknowledged writes the findings that somebody left as they are, and why.
func (t *text) acknowledged() {
	found := t.run.view.Acknowledged()
	if len(found) == 0 {
		return
	}
	t.WriteString("\n")
	t.para(0, "", t.style.Bold(t.say("part.acknowledged", nil)))
	for _, i := range found {
		t.para(2, "", t.say("state."+string(i.State), nil)+": "+i.Text.Title)
		t.para(depth, "", t.Words.Acknowledged(i.Acknowledged))
		if waiting := t.waitingFor(i); waiting != "" {
			t.para(depth, "", waiting)
		}
		if t.style.Verbose {
			t.facts(i)
		}
	}
}

func (t *text) inOrder() {
	found := t.run.view.InOrder()
	if len(found) == 0 {
		return
	}
	t.WriteString("\n")
	if !t.style.Verbose {
		var ids []checks.ID
		for _, i := range found {
			ids = append(ids, i.Check)
		}
		t.para(0, "", t.style.Paint(checks.OK, t.say("part.in-order", nil))+": "+strings.Join(t.Words.CheckNames(ids), ", "))
		return
	}
	t.para(0, "", t.style.Bold(t.say("part.in-order", nil)))
	for _, i := range found {
		t.para(2, "", t.style.Paint(checks.OK, t.say("state.ok", nil)+": ")+i.Text.Title)
		t.para(depth, "", i.Text.Saw+" "+t.seenFrom(i))
		t.facts(i)
	}
}

func (t *text) notChecked() {
	list := t.run.notChecked()
	if list == nil {
		return
	}
	t.WriteString("\n")
	t.para(0, "", t.style.Bold(t.say("part.not-checked", nil)))
	for _, m := range list {
		more := 0
		if !t.style.Verbose {
			m, more = shorten(m)
		}
		t.para(2, "", t.missing(m, more))
	}
}

// missing is the text about checks that weren't made: names, the number of more, and what was lacking.
func (p *Reporter) missing(m view.Missing, more int) string {
	list := m.Names(p.Words)
	if more > 0 {
		list += " " + p.Words.Count("part.more-checks", more)
	}
	return list + ": " + words.LowerFirst(p.Words.Code("reason.", string(m.Reason), ""))
}
