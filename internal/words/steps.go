package words

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"boxready/checks"
	"boxready/internal/lazyregexp"

	i18ntemplate "github.com/nicksnyder/go-i18n/v2/i18n/template"
)

// Step is one thing to do about a finding.
type Step struct {
	Text     string       // ends with a colon or a full stop before the commands
	Commands []Command    // on lines of their own, complete
	Actions  []Action     // that BoxReady itself does; the command lines are among Commands
	By       checks.Owner // who does it; "" in a saved report, which doesn't tell
	Setup    checks.Setup // that it is for; "" for every setup
	Proof    bool         // shows that what the steps before changed has worked
}

// Command is a command line.
type Command struct {
	Label string // where it runs, with a colon: "Linux:"; "" for everywhere, or as the text says
	Line  string
}

// own reports whether a command is BoxReady's.
func (c Command) own() bool { return strings.HasPrefix(c.Line, "boxready ") }

// String is the step as a sentence, with the commands in backticks: as in JSON.
func (s Step) String() string {
	parts := make([]string, 0, 1+2*len(s.Commands))
	for _, part := range append([]string{s.Text}, labelled(s.Commands)...) {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, " ")
}

func labelled(commands []Command) (parts []string) {
	for _, c := range commands {
		parts = append(parts, c.Label, "`"+c.Line+"`")
	}
	return parts
}

// WithoutOwnCommands is the step for readers who may not have the program for a console: without BoxReady's own command lines, and
// with a full stop where one ended the sentence.
func (s Step) WithoutOwnCommands() Step {
	if !slices.ContainsFunc(s.Commands, Command.own) {
		return s
	}
	s.Commands = slices.DeleteFunc(slices.Clone(s.Commands), Command.own)
	if s.Text = strings.TrimRight(s.Text, ": "); s.Text != "" && len(s.Commands) == 0 && !strings.HasSuffix(s.Text, ".") {
		s.Text += "."
	}
	return s
}

// systemLabel matches a label before a command, such as "Linux:" or "Windows (PowerShell):".
var systemLabel = lazyregexp.New(`(?:^|[ \x{a0}])((?:Linux|Windows|macOS)(?: \([^)]*\))?:)$`)

// ParseStep splits a sentence into text and the commands at its end: what stands in backticks and has a space. A sentence that goes on
// after a command stays as it is.
func ParseStep(sentence string) Step {
	parts := strings.Split(strings.TrimSpace(sentence), "`")
	if len(parts)%2 == 0 { // a backtick too many
		return Step{Text: sentence}
	}
	first := len(parts) // of the commands at the end
	for i := len(parts) - 2; i > 0; i -= 2 {
		after := strings.Trim(parts[i+1], " .,;")
		if !strings.Contains(parts[i], " ") || after != "" && (i+2 >= len(parts) || !isSeparator(after)) {
			break
		}
		first = i
	}
	if first == len(parts) {
		return Step{Text: sentence}
	}
	s := Step{Text: strings.TrimSpace(strings.Join(parts[:first], "`"))}
	label := ""
	if found := systemLabel().FindStringSubmatch(s.Text); found != nil && len(found[1]) < len(s.Text) {
		label = found[1]
		s.Text = strings.TrimSpace(strings.TrimSuffix(s.Text, label))
	}
	for i := first; i < len(parts); i += 2 {
		s.Commands = append(s.Commands, Command{label, parts[i]})
		if label = strings.Trim(parts[i+1], " .,;"); !strings.HasSuffix(label, ":") {
			label = ""
		}
	}
	return s
}

// isSeparator reports whether a text between two commands is only an "and", or the second one's label.
func isSeparator(s string) bool { return len(strings.Fields(s)) == 1 || systemLabel().MatchString(s) }

// stepWriter makes the steps of one finding.
type stepWriter struct {
	*Texts
	args      checks.Args
	functions map[string]any
	step      Step // that is being written
}

func (w *Texts) newStepWriter(args checks.Args) *stepWriter {
	s := &stepWriter{Texts: w, args: args, functions: maps.Clone(w.functions)}
	s.functions["by"] = func(owner string) string {
		s.step.By = checks.Owner(owner)
		return ""
	}
	s.functions["action"] = func(args map[string]any, names ...string) (string, error) {
		for _, name := range names {
			if a := commandLines[name].action; !slices.Contains(s.step.Actions, a) {
				s.step.Actions = append(s.step.Actions, a)
			}
		}
		return w.commands(args, names...)
	}
	return s
}

// steps returns the steps whose texts begin with key, and the proof behind what has to be done, before the reader checks again.
func (w *Texts) steps(key string, args checks.Args, owner checks.Owner) (steps []Step) {
	s := w.newStepWriter(args)
	add := func(key string, proof bool) bool {
		written, found := s.write(key)
		for _, step := range written {
			if step.Proof = proof; step.By == "" {
				step.By = owner
			}
			if step.Actions != nil { // who reads it has BoxReady
				step.By = checks.You
			}
			steps = append(steps, step)
		}
		return found
	}
	for i := 1; i <= maxSteps; i++ {
		if !add(key+".do."+strconv.Itoa(i), false) {
			break
		}
	}
	done := len(steps)
	for done > 0 && steps[done-1].Actions != nil {
		done--
	}
	again := slices.Clone(steps[done:])
	steps = steps[:done]
	add(key+".proof", true)
	return append(steps, again...)
}

// sharedPrefix begins a text that stands for a shared step.
const sharedPrefix = "@"

// write returns the step with that key: none if its text is empty, one for each setup if it differs by setup and the setup isn't known.
func (s *stepWriter) write(key string) (steps []Step, found bool) {
	if step, ok := s.writeOne(key); ok {
		if name, shared := strings.CutPrefix(step.Text, sharedPrefix); shared && !strings.Contains(name, " ") {
			steps, _ = s.write("shared-step." + name)
			return steps, true
		}
		if step.Text == "" && step.Commands == nil { // a step may be for some variants only
			return nil, true
		}
		return []Step{step}, true
	}
	for _, setup := range checks.Setups() {
		step, ok := s.writeOne(key + "." + string(setup))
		found = found || ok
		if !ok || s.setup != "" && s.setup != setup {
			continue
		}
		if step.Setup = setup; s.setup == "" {
			step.Text = s.Say("setup."+string(setup), nil) + ": " + LowerFirst(step.Text)
		}
		steps = append(steps, step)
	}
	if steps == nil && found {
		if step, ok := s.writeOne(key + ".any"); ok {
			steps = []Step{step}
		}
	}
	return steps, found
}

func (s *stepWriter) writeOne(key string) (Step, bool) {
	s.step = Step{}
	text, ok := s.findWith(&i18ntemplate.TextParser{Funcs: s.functions}, key, s.args)
	if !ok {
		return Step{}, false
	}
	step := ParseStep(strings.TrimSpace(text))
	step.By, step.Actions = s.step.By, s.step.Actions
	return step, true
}
