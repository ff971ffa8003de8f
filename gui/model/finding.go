package model

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"boxready/checks"
	"boxready/internal/untrusted"
	"boxready/internal/view"
	"boxready/internal/words"
)

// Details are all that is known about a result, in words.
type Details struct {
	Sign      Sign
	Title     string
	Saw       string
	Breaks    string
	Steps     [][]Piece
	More      string // address of a documentation page, or ""
	Owner     string // who fixes it; "" if there is nothing to fix
	Vantage   string
	Facts     []Fact // the first of them
	MoreFacts bool
	Took      time.Duration
	Waiting   string // the checks that were skipped because of it
	CanRepeat bool   // the check can be made again by itself
}

// Piece is a part of a step: words, or a command that can be copied.
type Piece struct {
	Text    string
	Command bool
}

// maxText is how many letters of a text a page shows; a letter to an owner has all of it.
const maxText = 900

// maxFacts is how many are shown; there may be thousands, and all can be copied.
const maxFacts = 24

// Details returns the texts about a result.
func (s *Session) Details(w *words.Texts, r checks.Result) Details {
	f := w.Finding(r, s.Target.Address.Display())
	d := Details{Sign: Sign(r.State), Title: untrusted.Truncate(f.Title, maxTitle), Saw: untrusted.Truncate(f.Saw, maxText), Breaks: untrusted.Truncate(f.Breaks, maxText), More: f.More, Took: r.Took,
		Vantage: w.Say("vantage."+string(r.Vantage), nil), CanRepeat: !s.Running && !s.ReadOnly()}
	d.Facts, d.MoreFacts = FirstFacts(r, maxFacts)
	if isFinding(r) {
		d.Owner = w.Say("owner."+string(r.Owner)+".to", nil)
	}
	for _, step := range f.Steps {
		d.Steps = append(d.Steps, s.pieces(w, untrusted.Truncate(step, maxText)))
	}
	d.Waiting = view.Of(s.Results()).WaitingText(w, r)
	return d
}

// pieces splits a step. Text between backticks is a command, unless it is one word. The command that checks again is replaced by
// the name of the button.
func (s *Session) pieces(w *words.Texts, step string) (pieces []Piece) {
	if before, command, found := strings.Cut(step, ": `boxready check "+s.Target.Address.Display()); found && onlyConsents.MatchString(command) {
		return []Piece{{Text: before + " " + w.Say("window.finding.with-button", nil)}}
	}
	add := func(p Piece) {
		if n := len(pieces); n > 0 && !p.Command && !pieces[n-1].Command {
			pieces[n-1].Text += p.Text
			return
		}
		pieces = append(pieces, p)
	}
	for i, part := range strings.Split(step, "`") {
		switch {
		case i%2 == 0 && len(pieces) > 0 && pieces[len(pieces)-1].Command && strings.Trim(part, ".,; ") == "": // closed the sentence
		case i%2 == 1 && strings.Contains(part, " "):
			add(Piece{part, true})
		case part != "":
			add(Piece{part, false})
		}
	}
	for i := range pieces {
		pieces[i].Text = strings.TrimSpace(pieces[i].Text)
	}
	// An "and" between two commands is superfluous, because each has its own line.
	return slices.DeleteFunc(pieces, func(p Piece) bool { return p.Text == w.Say("format.and", nil) })
}

// onlyConsents is the end of a command whose only options are consents, for which the window asks as well.
var onlyConsents = regexp.MustCompile("^( --(deep|content-filter|event-test|signed-in))*`\\.?$")

// maxFactsInLetter keeps a letter readable; all of them are in the report.
const maxFactsInLetter = 60

// Letter returns a text about results for their owner.
func (s *Session) Letter(w *words.Texts, version string, results ...checks.Result) string {
	var t strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&t, format+"\n", args...) }
	line("%s", w.Say("letter.intro", checks.Args{"portal": s.Target.Address.String()}))
	if s.Demo {
		line("%s", w.Say("window.demo.letter", nil))
	}
	for _, r := range results {
		f := w.Finding(r, s.Target.Address.Display())
		line("\n%s: %s", words.UpperFirst(w.Say("state."+string(r.State), nil)), f.Title)
		line("\n%s: %s %s.", w.Say("part.saw", nil), f.Saw, words.UpperFirst(w.Say("vantage."+string(r.Vantage), nil)))
		if f.Breaks != "" {
			line("\n%s: %s", w.Say("part.breaks", nil), f.Breaks)
		}
		if len(f.Steps) > 0 {
			line("\n%s:", w.Say("part.do", nil))
			for i, step := range f.Steps {
				line("%d. %s", i+1, strings.ReplaceAll(step, "`", ""))
			}
		}
		if f.More != "" {
			line("\n%s: %s", w.Say("part.more", nil), f.More)
		}
		if facts, more := FirstFacts(r, maxFactsInLetter); len(facts) > 0 {
			line("\n%s (%s):", w.Say("part.facts", nil), join(" / ", string(r.Check), string(r.Cause)))
			for _, fact := range facts {
				line("  %s: %s", fact.Name, untrusted.Truncate(fact.Value, maxText))
			}
			if more {
				line("  …")
			}
		}
	}
	when := s.Begun
	if s.Outcome != nil {
		when = s.Outcome.Finished
	}
	line("\n%s", w.Say("letter.end", checks.Args{"version": version, "when": When(w, when)}))
	return t.String()
}

// FindingsOf returns the findings of an owner, the most severe first.
func (s *Session) FindingsOf(owner checks.Owner) (results []checks.Result) {
	for _, i := range s.findings() {
		if i.Owner == owner {
			results = append(results, i.Result)
		}
	}
	return results
}

// When formats a date and a time of day, in the local time zone.
func When(w *words.Texts, t time.Time) string {
	return t.Local().Format(w.Say("format.date", nil) + " 15:04")
}
