package model_test

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"testing"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/internal/simtest"
	"boxready/internal/view"
	"boxready/internal/words"
)

var (
	// ownCommand is a command line of BoxReady, or a part of one.
	ownCommand = regexp.MustCompile(`boxready(-cli)? [a-z]|--(deep|signed-in|event-test|receiver|webhook|requires|content-filter|trust|outside|server-probe|timeout|as-application|handlers|no-browser)\b`)
	rawName    = regexp.MustCompile(`[a-z]_[a-z]|\b[a-z]+\.[0-9]+\b`)
)

// TestFindingsInTheWindow looks at every finding of every simulated fault as the window shows it: no command line of BoxReady, no
// raw names of facts, and no loop; and as JSON has it: steps with commands.
func TestFindingsInTheWindow(t *testing.T) {
	if testing.Short() {
		t.Skip("a run against each fault takes a while")
	}
	for _, lang := range words.Languages() {
		texts, err := words.New(lang)
		if err != nil {
			t.Fatal(err)
		}
		for name, o := range simtest.Outcomes(t) {
			t.Run(lang+"/"+cmp.Or(name, "none"), func(t *testing.T) {
				if o == nil {
					t.Fatal("no outcome")
				}
				s := sessionOf(o)
				for _, r := range o.Results {
					if r.State == checks.Skipped {
						continue
					}
					d := s.Details(texts, r)
					assertSentences(t, r, d)
					assertFactsInWords(t, texts, r, d)
					assertCommandsOfSteps(t, texts, o, r)
					if r.State.IsFinding() && r.Cause == checks.NeedsDeep && d.NeedsConsent == "" {
						t.Errorf("%s %s asks for no consent", r.Check, r.Cause)
					}
				}
			})
		}
	}
}

func assertSentences(t *testing.T, r checks.Result, d model.Details) {
	t.Helper()
	all := []string{d.Title, d.Saw, d.SawMore, d.Breaks, d.Owner, d.WalkStep}
	for _, step := range d.Steps {
		for _, p := range step.Pieces {
			if !p.Command {
				all = append(all, p.Text)
			} else if strings.Contains(p.Text, "boxready ") {
				t.Errorf("%s %s has the command %q", r.Check, r.Cause, p.Text)
			}
		}
	}
	for _, text := range all {
		if found := ownCommand.FindString(text); found != "" {
			t.Errorf("%s %s: %q in %q", r.Check, r.Cause, found, text)
		}
	}
	for _, text := range []string{d.WalkStep, d.Owner} {
		if strings.HasPrefix(text, "window.") {
			t.Errorf("%s %s: no text %s", r.Check, r.Cause, text)
		}
	}
}

func assertFactsInWords(t *testing.T, texts *words.Texts, r checks.Result, d model.Details) {
	t.Helper()
	for _, f := range d.Facts {
		if rawName.MatchString(f.Name) {
			t.Errorf("%s %s: the name %q", r.Check, r.Cause, f.Name)
		}
	}
	for _, f := range view.ValuesOf(r.Facts).Facts() {
		if f.Value == "" {
			continue
		}
		if _, ok := model.FactName(texts, f.Path); !ok {
			t.Errorf("%s: no name for %s (%s)", r.Check, f.Path, f.Value)
		}
		field := f.Path[strings.LastIndexByte(f.Path, '.')+1:]
		for value := range strings.SplitSeq(f.Value, ", ") {
			if _, ok := texts.Find("fact-value." + field + "-" + value); !ok && slices.Contains(enumerated, field) {
				t.Errorf("%s: no words for %s: %s", r.Check, f.Path, value)
			}
		}
	}
}

// enumerated are the fields whose values are codes of BoxReady.
var enumerated = []string{"form", "carrier", "speaker", "kind", "failure", "layer", "reason", "queue", "state", "leg", "region", "credential", "directions", "handlers", "lacks", "what"}

// assertCommandsOfSteps asserts that a step has a command line of BoxReady where it has an action, and that its text is a sentence
// without it.
func assertCommandsOfSteps(t *testing.T, texts *words.Texts, o *checks.Outcome, r checks.Result) {
	t.Helper()
	for _, step := range texts.Finding(r, o.Target.Address.Display()).Steps {
		if strings.Contains(step.String(), "`boxready ") != (step.Actions != nil) {
			t.Errorf("%s %s: %q, and %v", r.Check, r.Cause, step, step.Actions)
		}
		if text := step.WithoutOwnCommands().Text; text != "" && step.Actions != nil && !strings.ContainsAny(text[len(text)-1:], ".:`)/") {
			t.Errorf("%s %s: %q", r.Check, r.Cause, text)
		}
	}
}
