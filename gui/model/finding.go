package model

import (
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
	WalkStep  string // the part of the walk that the check belongs to
	Saw       string // at most maxSentences
	SawMore   string // the others
	Breaks    string
	Steps     []Step
	More      string // address of a documentation page, or ""
	Owner     string // a sentence about who fixes it; "" if there is nothing to fix
	Vantage   string
	Facts     []Fact // the first of them
	MoreFacts bool   // there are others, or some that have no words
	Took      time.Duration
	Waiting   string // the checks that were skipped because of it
	// NeedsConsent is the action that asks for the consent without which nothing can be determined; "" for none. Checking again
	// without it would tell the same.
	NeedsConsent words.Action
}

// FindingPart is a part of a finding that can be folded.
type FindingPart string

// The parts.
const (
	OtherSteps FindingPart = "steps" // after the first
	Evidence   FindingPart = "details"
)

// Fold folds a part of the findings, or unfolds it.
func (s *Session) Fold(part FindingPart) {
	if s.Unfolded == nil {
		s.Unfolded = map[FindingPart]bool{}
	}
	s.Unfolded[part] = !s.Unfolded[part]
}

// Step is a step in pieces, with what BoxReady itself can do of it.
type Step struct {
	Pieces  []Piece
	Actions []words.Action
	Setup   checks.Setup // that it is for; "" for every setup
}

// Piece is a part of a step: words, or a command or a host that can be copied.
type Piece struct {
	Text    string
	Command bool
}

const (
	// maxText is how many letters of a text a page shows; a letter to an owner has all of it.
	maxText = 900
	// maxSentences about what was seen stand above the steps.
	maxSentences = 2
	// maxFacts is how many are shown; there may be thousands, and all can be copied.
	maxFacts = 24
)

// Details returns the texts about a result.
func (s *Session) Details(w *words.Texts, r checks.Result) Details {
	f := w.For(s.Setup()).Finding(r, s.Target.Address.Display())
	d := Details{Sign: signOf(r), Title: untrusted.Truncate(f.Title, maxTitle), WalkStep: walkStep(w, view.StepOfResult(r)), Breaks: untrusted.Truncate(f.Breaks, maxText),
		More: f.More, Took: r.Took, Vantage: w.Say("vantage."+string(r.Vantage), nil)}
	d.Saw, d.SawMore = words.FirstSentences(untrusted.Truncate(f.Saw, maxText), maxSentences)
	d.Facts, d.MoreFacts = inWords(w, view.ValuesOf(r.Facts).Facts(), maxFacts)
	if isFinding(r) {
		d.Owner = w.Say("verdict.owner."+string(r.Owner), nil)
	}
	for _, step := range f.Steps {
		actions := s.stillToDo(step.Actions)
		if r.State == checks.Unknown && slices.Contains(actions, words.ConsentDeep) && r.Cause == checks.NeedsDeep && !s.ReadOnly() {
			d.NeedsConsent = words.ConsentDeep
		}
		if pieces := piecesOf(step.WithoutOwnCommands()); pieces != nil || actions != nil {
			d.Steps = append(d.Steps, Step{pieces, actions, step.Setup})
		}
	}
	if d.NeedsConsent != "" {
		d.Owner = w.Say("window.finding.consent", nil)
	}
	d.Waiting = view.Of(s.Results()).WaitingText(w, r)
	return d
}

// signOf is a result's sign: one that was acknowledged calls for nothing.
func signOf(r checks.Result) Sign {
	if r.Acknowledged != nil {
		return Skipped
	}
	return Sign(r.State)
}

// stillToDo returns the actions with those that ask for a consent which was given replaced: the check can simply be repeated.
func (s *Session) stillToDo(actions []words.Action) (todo []words.Action) {
	for _, a := range actions {
		if a == words.ConsentDeep && (s.Agreed(checks.Deep) || s.Target.SignIn != nil) {
			a = words.CheckAgain
		}
		if !slices.Contains(todo, a) {
			todo = append(todo, a)
		}
	}
	return todo
}

// Setup is how the portal's server is set up, by the owner's word or by what was seen; "" if neither tells.
func (s *Session) Setup() checks.Setup {
	return (&checks.Outcome{Target: s.Target, Results: s.Results()}).Setup()
}

// walkStep names a step of the walk, with its number.
func walkStep(w *words.Texts, step checks.Step) string {
	return w.Say("window.walk.step", checks.Args{"step": StepTitle(w, step)})
}

// piecesOf splits a step into its text and its commands.
func piecesOf(step words.Step) (pieces []Piece) {
	add := func(text string, command bool) {
		if text != "" {
			pieces = append(pieces, Piece{untrusted.Truncate(text, maxText), command})
		}
	}
	add(strings.ReplaceAll(step.Text, "`", ""), false)
	for _, c := range step.Commands {
		add(c.Label, false)
		add(c.Line, true)
	}
	return pieces
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
func When(w *words.Texts, t time.Time) string { return w.When(t) }
