// Package letter writes the letter to each person who has to fix what a run found, once for the window, the command line and
// reports, and hands it on: as plain text, as a page, and to a mail program.
package letter

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"boxready/checks"
	"boxready/internal/allowlist"
	"boxready/internal/portal"
	"boxready/internal/untrusted"
	"boxready/internal/view"
	"boxready/internal/words"
)

// Letter asks one person for all that this person has to do, in at most MaxWords words; what has no room is attached.
type Letter struct {
	To          checks.Owner
	Support     string // the vendor's address that its requirements name: it begins with https:// or mailto:; "" for none
	Subject     string
	Body        string // ends with a newline
	Attachments []allowlist.File
}

// Run is what all letters about a run have in common.
type Run struct {
	Portal  portal.Address
	Demo    bool      // a simulated portal
	When    time.Time // the run ended
	Version string    // of BoxReady
	ID      string    // of the run, see view.RunID; "" while it is under way
	Support string    // where the application's vendor helps, see requirements.Application; "" if not known
	// Rules are those of the portal, for the letter to the network's administrator; nil for none.
	Rules *allowlist.Rules
	// Equipment is the equipment whose rules are attached; "" for none.
	Equipment allowlist.Equipment
}

// MaxWords is the longest letter without its attachments.
const MaxWords = 150

// maxFindings are described in a letter; the others are attached.
const maxFindings = 3

// Limits, in runes. All that was seen is in the report.
const (
	maxTitle = 120  // of the subject
	maxText  = 2000 // of a sentence or a step, which may quote what a server said
	maxValue = 300  // of a fact
	maxFacts = 60   // facts of a finding
)

// Recipients are the owners of findings that the portal's administrator writes to, the one with the most severe first.
func Recipients(v *view.View) []view.Owner {
	return slices.DeleteFunc(OwnersOf(v), func(o view.Owner) bool { return o.ID == checks.PortalAdmin })
}

// OwnersOf are the owners of findings that somebody else can write to, the portal's administrator among them. Who sits at this
// computer needs no letter.
func OwnersOf(v *view.View) []view.Owner {
	return slices.DeleteFunc(owners(v), func(o view.Owner) bool { return o.ID == checks.You })
}

// owners are the owners of findings. The finding that the verdict is about comes first, and to whose job it most likely is, who may
// not be its owner.
func owners(v *view.View) []view.Owner {
	all, inferred := v.Owners(), v.Inference()
	if inferred.ID == "" || inferred.Owner == inferred.About.Owner {
		return all
	}
	about := func(i view.Item) bool { return i.Check == inferred.About.Check && i.Cause == inferred.About.Cause }
	first := view.Owner{ID: inferred.Owner, State: inferred.About.State, Findings: []view.Item{{Result: inferred.About}}}
	for n := range all {
		all[n].Findings = slices.DeleteFunc(all[n].Findings, about)
		if all[n].ID == first.ID {
			first.Findings, all[n].Findings = append(first.Findings, all[n].Findings...), nil
		}
	}
	return append([]view.Owner{first}, slices.DeleteFunc(all, func(o view.Owner) bool { return len(o.Findings) == 0 })...)
}

// Write writes the letter to an owner, the most severe finding first. The zero Letter means that the owner has none.
func Write(w *words.Texts, v *view.View, to checks.Owner, run Run) (Letter, error) {
	all := owners(v)
	at := slices.IndexFunc(all, func(o view.Owner) bool { return o.ID == to })
	if at < 0 {
		return Letter{}, nil
	}
	p := &writer{words: w, run: run, to: to, inferred: v.Inference()}
	for _, i := range all[at].Findings {
		p.add(i.Result)
	}
	for _, i := range v.Acknowledged() {
		if i.Owner == to {
			p.acknowledged = append(p.acknowledged, i.Result)
		}
	}
	var results []checks.Result
	for _, i := range v.Items {
		results = append(results, i.Result)
	}
	p.endings = slices.DeleteFunc(view.Endings(results, run.When), func(e view.Ending) bool {
		told := slices.ContainsFunc(p.findings, func(f finding) bool { return f.result.Check == e.Check }) ||
			slices.ContainsFunc(p.acknowledged, func(r checks.Result) bool { return r.Check == e.Check })
		return told || e.Owner() != to || !e.Near(run.When)
	})
	l := Letter{To: to, Subject: p.subject(), Body: p.shortest()}
	if to == checks.Vendor {
		l.Support = run.Support
	}
	l.Attachments = append(l.Attachments, allowlist.File{Title: w.Say("letter.details", nil), Name: "details.txt", Text: p.details()})
	if to != checks.NetworkAdmin || run.Rules == nil {
		return l, nil
	}
	attached, err := connections(w, run)
	l.Attachments = append(attached, l.Attachments...)
	return l, err
}

// connections are the attachments about what was found closed: the table, and the rules for the equipment.
func connections(w *words.Texts, run Run) ([]allowlist.File, error) {
	closed := run.Rules.Closed()
	if len(closed.Rows) == 0 {
		return nil, nil
	}
	var equipment []allowlist.Equipment
	if can, _ := closed.Coverage(run.Equipment); run.Equipment != "" && can > 0 {
		equipment = append(equipment, run.Equipment)
	}
	request, err := closed.Letter(w, equipment...)
	if err != nil {
		return nil, fmt.Errorf("list the connections: %w", err)
	}
	return request.Attachments(), nil
}

// FromRules is the letter that asks for network rules, with what is attached to it.
func FromRules(request *allowlist.Letter) Letter {
	return Letter{To: checks.NetworkAdmin, Subject: request.Subject, Body: request.Body(), Attachments: request.Attachments()}
}

// writer writes one letter.
type writer struct {
	words        *words.Texts
	run          Run
	to           checks.Owner
	inferred     view.Inference
	findings     []finding
	acknowledged []checks.Result // the recipient's findings that were acknowledged: nothing has to be done about them
	endings      []view.Ending   // that are near, the recipient's own, and not what a finding is about
}

// finding is one of the recipient's findings.
type finding struct {
	result checks.Result
	text   words.Finding
	all    []words.Step // that the recipient does, for every setup, with the proofs
	steps  []words.Step // of them, without the proofs, those for one setup
	proofs []words.Step
	others bool // other setups have steps of their own, which are only attached
}

// about reports whether something was inferred about the finding.
func (f finding) about(i view.Inference) bool {
	return i.ID != "" && i.About.Check == f.result.Check && i.About.Cause == f.result.Cause
}

func (p *writer) add(r checks.Result) {
	f := finding{result: r, text: p.words.Finding(r, p.run.Portal.Display())}
	for _, step := range f.text.Steps {
		step = step.WithoutOwnCommands()
		if step.Actions == nil && (step.By == "" || step.By == p.to) && step.String() != "" {
			f.all = append(f.all, step)
		}
	}
	var setup checks.Setup // the first of those that the steps differ for
	for _, step := range f.all {
		if setup = cmp.Or(setup, step.Setup); step.Setup != "" && step.Setup != setup {
			f.others = true
			continue
		}
		if step.Proof {
			f.proofs = append(f.proofs, step)
		} else {
			f.steps = append(f.steps, step)
		}
	}
	p.findings = append(p.findings, f)
}

func (p *writer) say(key string, args checks.Args) string { return p.words.Say("letter."+key, args) }

func (p *writer) subject() string {
	title := plain(p.findings[0].text.Title)
	return p.say("subject", checks.Args{"title": untrusted.Truncate(title, maxTitle), "more": len(p.findings) - 1, "id": p.run.ID,
		"portal": strings.TrimPrefix(p.run.Portal.Display(), "https://")})
}

// amount is how much of the findings a body has.
type amount struct {
	findings, steps int  // the first of each
	endings         bool // what ends soon
	inferred        bool // what follows about one of them
	breaks          bool // what each breaks, not only the first
	proofs          bool // of all findings, not only of the first
}

// shortest is the body with as much as MaxWords allow: fewer steps of each finding, then only what the first one breaks, then one proof,
// then fewer findings, then nothing of what ends, and then nothing of what was inferred.
func (p *writer) shortest() string {
	var body string
	for _, extras := range []amount{{endings: true, inferred: true}, {inferred: true}, {}} {
		for n := min(len(p.findings), maxFindings); n > 0; n-- {
			most := 1
			for _, f := range p.findings[:n] {
				most = max(most, len(f.steps))
			}
			for _, proofs := range []bool{true, false} {
				for _, breaks := range []bool{true, false} {
					for steps := most; steps > 0; steps-- {
						if body = p.body(amount{n, steps, extras.endings, extras.inferred, breaks, proofs}); CountWords(body) <= MaxWords {
							return body
						}
					}
				}
			}
		}
	}
	return body
}

// CountWords counts what has a letter or a digit.
func CountWords(text string) (n int) {
	for _, word := range strings.Fields(text) {
		if strings.ContainsFunc(word, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
			n++
		}
	}
	return n
}

// body writes so much of the findings.
func (p *writer) body(a amount) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%s", p.say("hello", nil))
	line("\n%s", p.say("intro", checks.Args{"portal": p.run.Portal.Display(), "when": p.words.When(p.run.When), "from": p.from(), "findings": a.findings}))
	if p.run.Demo {
		line("%s", p.say("demo", nil))
	}
	var proofs, asked []words.Step
	contains := func(steps []words.Step, step words.Step) bool {
		return slices.ContainsFunc(steps, func(other words.Step) bool { return other.String() == step.String() })
	}
	more := len(p.findings) - a.findings
	for i, f := range p.findings[:a.findings] {
		number := ""
		if a.findings > 1 {
			number = fmt.Sprintf("%d. ", i+1)
		}
		about := sentence(plain(f.text.Title))
		if first, _ := words.FirstSentences(f.text.Breaks, 1); (a.breaks || i == 0) && first != "" {
			about += " " + plain(first)
		}
		if a.inferred && f.about(p.inferred) {
			about += " " + p.inferred.Text(p.words)
		}
		line("\n%s%s", number, about)
		steps := slices.DeleteFunc(slices.Clone(f.steps), func(step words.Step) bool { return contains(asked, step) }) // several findings may need the same
		shown := steps[:min(a.steps, len(steps))]
		asked = append(asked, shown...)
		if len(shown) > 0 {
			line("%s", p.say("please", nil))
		}
		for _, step := range shown {
			writeStep(line, "- ", step)
		}
		if f.others && slices.ContainsFunc(shown, func(step words.Step) bool { return step.Setup != "" }) {
			line("- %s", p.say("other-setups", nil))
		}
		more += len(steps) - len(shown)
		for _, proof := range f.proofs {
			if i > 0 && !a.proofs {
				more++
			} else if !contains(proofs, proof) {
				proofs = append(proofs, proof)
			}
		}
	}
	if a.endings {
		p.writeEndings(line)
	} else {
		more += len(p.endings)
	}
	if more > 0 {
		line("\n%s", p.say("more", nil))
	}
	if proofs == nil {
		line("\n%s", p.say("proof-check", nil))
	}
	for _, proof := range proofs {
		line("")
		writeStep(line, "", proof)
	}
	line("\n%s", p.say("closing", nil))
	if p.to != checks.PortalAdmin {
		line("\n%s", p.say("sender", checks.Args{"portal": p.run.Portal.Display()}))
	}
	return b.String()
}

// writeEndings writes what ends soon, a line each.
func (p *writer) writeEndings(line func(string, ...any)) {
	for i, e := range p.endings {
		if i == 0 {
			line("")
		}
		line("%s.", plain(e.Text(p.words, p.run.When)))
	}
}

// from is the address that the portal's server connects from, if the owner gave it.
func (p *writer) from() string {
	if p.to != checks.NetworkAdmin || p.run.Rules == nil || !p.run.Rules.PortalIP.IsValid() {
		return ""
	}
	return p.run.Rules.PortalIP.String()
}

// writeStep writes a step, and its commands on lines of their own.
func writeStep(line func(string, ...any), mark string, step words.Step) {
	line("%s%s", mark, plain(step.Text))
	for _, c := range step.Commands {
		if c.Label != "" {
			line("%s", c.Label)
		}
		line("%s", c.Line)
	}
}

// details are all findings with all steps and facts, and what was acknowledged.
func (p *writer) details() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	for i, f := range p.findings {
		if i > 0 {
			line("")
		}
		p.writeDetails(line, f)
	}
	for _, e := range p.endings {
		line("\n%s. %s", plain(e.Text(p.words, p.run.When)), e.Advice(p.words, p.run.When))
	}
	for i, r := range p.acknowledged {
		if i == 0 {
			line("\n%s:", p.words.Say("part.acknowledged", nil))
		}
		line("- %s %s", sentence(plain(p.words.Finding(r, p.run.Portal.Display()).Title)), p.words.Acknowledged(r.Acknowledged))
	}
	line("\n%s", p.say("end", checks.Args{"version": p.run.Version, "when": p.words.When(p.run.When)}))
	return b.String()
}

func (p *writer) writeDetails(line func(string, ...any), f finding) {
	w, r := p.words, f.result
	line("%s: %s", words.UpperFirst(w.Say("state."+string(r.State), nil)), plain(f.text.Title))
	line("\n%s: %s %s.", w.Say("part.saw", nil), plain(f.text.Saw), words.UpperFirst(w.Say("vantage."+string(r.Vantage), nil)))
	if f.about(p.inferred) {
		line("%s", p.inferred.Text(w))
	}
	if f.text.Breaks != "" {
		line("\n%s: %s", w.Say("part.breaks", nil), plain(f.text.Breaks))
	}
	for i, step := range f.all {
		if i == 0 {
			line("\n%s:", w.Say("part.do", nil))
		}
		writeStep(line, fmt.Sprintf("%d. ", i+1), step)
	}
	if f.text.More != "" {
		line("\n%s: %s", w.Say("part.more", nil), f.text.More)
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

// plain is a text of the catalogue for a reader without markup: backticks enclose hosts and commands in it.
func plain(text string) string {
	return untrusted.Truncate(strings.ReplaceAll(text, "`", ""), maxText)
}

// sentence ends a title with a full stop.
func sentence(title string) string {
	if strings.HasSuffix(title, ".") || strings.HasSuffix(title, "?") {
		return title
	}
	return title + "."
}

// Replace returns the letter with each of its texts replaced.
func (l Letter) Replace(text func(string) string) Letter {
	l.Subject, l.Body = text(l.Subject), text(l.Body)
	l.Attachments = slices.Clone(l.Attachments)
	for i := range l.Attachments {
		l.Attachments[i].Text = text(l.Attachments[i].Text)
	}
	return l
}

// Whole is the body with the attachments at its end.
func (l Letter) Whole() string { return strings.TrimRight(l.Body, "\n") + "\n\n" + l.Attached() }

// Attached is the attachments as one text.
func (l Letter) Attached() string { return allowlist.Attached(l.Attachments) }

// Text is the letter as plain text, with the address of the vendor's support, if it is known, and the subject first.
func (l Letter) Text(w *words.Texts) string {
	to := ""
	if l.Support != "" {
		to = w.Say("letter.to-label", nil) + ": " + strings.TrimPrefix(l.Support, "mailto:") + "\n"
	}
	return to + w.Say("letter.subject-label", nil) + ": " + l.Subject + "\n\n" + l.Whole()
}
