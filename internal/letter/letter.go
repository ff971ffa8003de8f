// Package letter writes the letter to each person who has to fix what a run found, once for the window, the command line and
// reports, and hands it on: as plain text, as a page, and to a mail program.
package letter

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"boxready/checks"
	"boxready/internal/lazyregexp"
	"boxready/internal/portal"
	"boxready/internal/untrusted"
	"boxready/internal/view"
	"boxready/internal/words"
)

// Letter asks one person for all that this person has to do.
type Letter struct {
	To      checks.Owner
	Subject string
	Body    string // ends with a newline
}

// Run is what all letters about a run have in common.
type Run struct {
	Portal  portal.Address
	Demo    bool      // a simulated portal
	When    time.Time // the run ended
	Version string    // of BoxReady
}

// Recipients are the owners of findings that letters go to, the one with the most severe first. Who sits at this computer needs none.
func Recipients(v *view.View) []view.Owner {
	return slices.DeleteFunc(v.Owners(), func(o view.Owner) bool { return o.ID == checks.You })
}

// Limits of a letter, in runes. All that was seen is in the report.
const (
	maxTitle = 120  // of the subject
	maxText  = 2000 // of a sentence or a step, which may quote what a server said
	maxValue = 300  // of a fact
	maxFacts = 60   // facts of a finding
)

// Write writes the letter to an owner: the most severe finding first. The zero Letter means that the owner has none.
func Write(w *words.Texts, v *view.View, to checks.Owner, run Run) Letter {
	owners := v.Owners()
	at := slices.IndexFunc(owners, func(o view.Owner) bool { return o.ID == to })
	if at < 0 {
		return Letter{}
	}
	findings := owners[at].Findings
	name := run.Portal.Display()
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%s\n", w.Say("allowlist.letter.hello", nil))
	line("%s", w.Say("letter.intro", checks.Args{"portal": run.Portal.String()}))
	if run.Demo {
		line("%s", w.Say("letter.demo", nil))
	}
	for _, i := range findings {
		writeFinding(line, w, i.Result, w.Finding(i.Result, name))
	}
	line("\n%s", w.Say("letter.closing", nil))
	line("\n%s", w.Say("letter.end", checks.Args{"version": run.Version, "when": w.When(run.When)}))
	first := plain(w.Finding(findings[0].Result, name).Title)
	subject := w.Say("letter.subject", checks.Args{"title": untrusted.Truncate(first, maxTitle), "more": len(findings) - 1, "portal": strings.TrimPrefix(name, "https://")})
	return Letter{To: to, Subject: subject, Body: b.String()}
}

func writeFinding(line func(string, ...any), w *words.Texts, r checks.Result, f words.Finding) {
	line("\n%s: %s", words.UpperFirst(w.Say("state."+string(r.State), nil)), plain(f.Title))
	line("\n%s: %s %s.", w.Say("part.saw", nil), plain(f.Saw), words.UpperFirst(w.Say("vantage."+string(r.Vantage), nil)))
	if f.Breaks != "" {
		line("\n%s: %s", w.Say("part.breaks", nil), plain(f.Breaks))
	}
	if steps := stepsFor(f.Steps); len(steps) > 0 {
		line("\n%s:", w.Say("part.do", nil))
		for i, step := range steps {
			line("%d. %s", i+1, plain(step))
		}
	}
	if f.More != "" {
		line("\n%s: %s", w.Say("part.more", nil), f.More)
	}
	facts := view.ValuesOf(r.Facts).Facts()
	if len(facts) == 0 {
		return
	}
	code := string(r.Check)
	if r.Cause != "" {
		code += " / " + string(r.Cause)
	}
	line("\n%s (%s):", w.Say("part.facts", nil), code)
	for _, fact := range facts[:min(len(facts), maxFacts)] {
		line("  %s: %s", fact.Path, untrusted.Truncate(fact.Value, maxValue))
	}
	if len(facts) > maxFacts {
		line("  …")
	}
}

// checksAgain matches a step that only makes the check again, which is up to the sender of the letter.
var checksAgain = lazyregexp.New("^[^.:`]*: `boxready [^`]*`(?: [^ `]+ `boxready [^`]*`)*\\.?$")

// stepsFor are the steps for somebody without BoxReady.
func stepsFor(steps []string) (left []string) {
	for i, step := range steps {
		if i == len(steps)-1 && checksAgain().MatchString(step) {
			continue
		}
		left = append(left, words.WithoutCommands(step))
	}
	return left
}

// plain is a text of the catalogue for a reader without markup: backticks enclose commands in it.
func plain(text string) string {
	return untrusted.Truncate(strings.ReplaceAll(text, "`", ""), maxText)
}

// Attach returns the letter with a text at its end, below a line that names it.
func (l Letter) Attach(title, text string) Letter {
	if text != "" {
		l.Body = strings.TrimRight(l.Body, "\n") + "\n\n" + title + "\n\n" + text
	}
	return l
}

// Text is the letter as plain text, the subject first.
func (l Letter) Text(w *words.Texts) string {
	return w.Say("allowlist.letter.subject-label", nil) + ": " + l.Subject + "\n\n" + l.Body
}
