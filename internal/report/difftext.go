package report

import (
	"fmt"
	"io"

	"boxready/checks"
	"boxready/internal/words"
)

// Compare is the function of the same name, with the findings' titles in this language if it has them.
func (p *Reporter) Compare(before, after Document) Changes {
	return Compare(p.saved(&before).Document, p.saved(&after).Document)
}

// WriteChanges writes the changes between two runs as text.
func (p *Reporter) WriteChanges(w io.Writer, before, after Document, style Style) error {
	then, now := p.saved(&before), p.saved(&after)
	t := newText(p, now, style)
	c := Compare(then.Document, now.Document)
	say := func(key string, args checks.Args) string { return p.Words.Say("changes."+key, args) }
	for _, side := range []struct {
		key string
		*run
	}{{"before", then}, {"after", now}} {
		t.para(0, "", say(side.key, checks.Args{"portal": side.display, "started": moment(side.Started), "version": side.Tool.Version,
			"verdict": words.LowerFirst(side.verdict(p.Words).Title)}))
	}
	if c.OtherPortal {
		t.para(0, "", t.style.Paint(checks.Notice, say("other-portal", nil)))
	}
	if c.WrongOrder {
		t.para(0, "", t.style.Paint(checks.Notice, say("wrong-order", nil)))
	}
	if c.None() {
		t.para(0, "", say("none", nil))
	}
	for _, part := range []struct {
		key  string
		list []Delta
	}{{"new", c.New}, {"revealed", c.Revealed}, {"changed", c.Changed}, {"fixed", c.Fixed}, {"unseen", c.Unseen}} {
		if len(part.list) == 0 {
			continue
		}
		t.WriteString("\n")
		t.para(0, "", t.style.Bold(say(part.key, nil)))
		for _, d := range part.list {
			state := d.After
			if state == "" {
				state = d.Before
			}
			words := t.style.Paint(state, p.Words.Say("state."+string(state), nil))
			if part.key == "changed" && d.Before != d.After {
				words = p.Words.Say("state."+string(d.Before), nil) + " > " + words
			}
			t.para(2, "", words+": "+d.Title+" ("+string(d.Check)+" / "+string(d.Cause)+"; "+p.Words.Code("owner.", string(d.Owner), ".to")+")")
		}
	}
	if len(c.Evidence) > 0 {
		t.WriteString("\n")
		t.para(0, "", t.style.Bold(say("evidence", nil)))
	}
	for _, e := range c.Evidence {
		t.para(2, "", p.Words.Name(e.Check))
		for _, f := range e.Facts {
			fmt.Fprintf(t, "%*s%s: %s > %s\n", depth, "", f.Path, orNone(f.Before), orNone(f.After))
		}
	}
	if _, err := io.WriteString(w, t.String()); err != nil {
		return fmt.Errorf("write the comparison: %w", err)
	}
	return nil
}

func orNone(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
