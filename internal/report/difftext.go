package report

import (
	"cmp"
	"fmt"
	"io"
	"time"

	"boxready/checks"
	"boxready/internal/words"
)

// Compare is the function of the same name, with the findings' titles in this language if it has them.
func (p *Reporter) Compare(before, after Document) Changes {
	return Compare(p.saved(&before).Document, p.saved(&after).Document)
}

// WriteChanges writes the changes between two runs, which Compare returned, as text.
func (p *Reporter) WriteChanges(w io.Writer, before, after Document, c *Changes, style Style) error {
	then, now := p.saved(&before), p.saved(&after)
	t := newText(p, now, style)
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
	t.changes(c)
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

// WriteSince writes what changed since an earlier run as text, behind the result of a run that was compared with it.
func (p *Reporter) WriteSince(w io.Writer, before Document, c *Changes, style Style) error {
	t := newText(p, &run{}, style)
	key := "changes.since"
	if c.Parts() == nil {
		key = "changes.same-since"
	}
	t.WriteString("\n")
	t.para(0, "", t.style.Bold(p.Words.Say(key, checks.Args{"started": moment(before.Started), "verdict": words.LowerFirst(p.saved(&before).verdict(p.Words).Title)})))
	t.changes(c)
	if _, err := io.WriteString(w, t.String()); err != nil {
		return fmt.Errorf("write what changed: %w", err)
	}
	return nil
}

// changes writes the findings that changed, and what else did.
func (t *text) changes(c *Changes) {
	for _, part := range c.Parts() {
		t.WriteString("\n")
		t.para(0, "", t.style.Bold(t.Words.Say("changes."+part.Key, nil)))
		for _, d := range part.Deltas {
			t.delta(d)
		}
	}
	if len(c.Coincides) > 0 {
		t.WriteString("\n")
		t.para(0, "", t.style.Bold(t.Words.Say("changes.coincides", nil)))
	}
	for _, f := range c.Coincides {
		before, after := f.Values(t.Words)
		t.para(2, "", f.Title(t.Words)+": "+before+" > "+after)
	}
}

func (t *text) delta(d Delta) {
	state := cmp.Or(d.After, d.Before)
	words := t.style.Paint(state, t.Words.Say("state."+string(state), nil))
	if d.Before != "" && d.After != "" && d.Before != d.After {
		words = t.Words.Say("state."+string(d.Before), nil) + " > " + words
	}
	t.para(2, "", words+": "+d.Title+" ("+string(d.Check)+" / "+string(d.Cause)+"; "+t.Words.Code("owner.", string(d.Owner), ".to")+")")
	if about := d.About(t.Words); about != "" {
		t.para(depth, "", about)
	}
}

// About says in a sentence what the finding is about by now and was not before, and the other way round; "" if that is the same.
func (d *Delta) About(w *words.Texts) string {
	switch {
	case d.Added == nil && d.Removed == nil:
		return ""
	case d.Check == checks.PortalTLS:
		return w.Say("changes.other-certificate", nil)
	}
	return w.Say("changes.about", checks.Args{"added": d.Added, "removed": d.Removed})
}

// Title names the fact.
func (c *Coincidence) Title(w *words.Texts) string {
	return w.Say("changes.fact."+c.Fact, checks.Args{"name": c.Name})
}

// Values returns the fact's values in the reader's language.
func (c *Coincidence) Values(w *words.Texts) (before, after string) {
	shown := func(value string) string {
		if at, err := time.Parse(time.RFC3339, value); err == nil {
			return at.Local().Format(w.Say("format.date", nil))
		}
		return orNone(value)
	}
	return shown(c.Before), shown(c.After)
}

func orNone(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
