package words_test

import (
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"boxready/checks"
	"boxready/internal/simtest/testenv"
	"boxready/internal/words"

	"github.com/google/go-cmp/cmp"
)

func TestParseStep(t *testing.T) {
	for sentence, want := range map[string]words.Step{
		"Откройте порт.":                                                {Text: "Откройте порт."},
		"Параметр `rest` включите.":                                     {Text: "Параметр `rest` включите."},
		"Проверьте: `curl -I https://a/`":                               {Text: "Проверьте:", Commands: []words.Command{{Line: "curl -I https://a/"}}},
		"Проверьте: `curl a/` и `curl b/`.":                             {Text: "Проверьте:", Commands: []words.Command{{Line: "curl a/"}, {Line: "curl b/"}}},
		"Test `rest` here. Linux: `curl -I a` Windows: `curl.exe -I a`": {Text: "Test `rest` here.", Commands: []words.Command{{"Linux:", "curl -I a"}, {"Windows:", "curl.exe -I a"}}},
		"Test. Windows (PowerShell): `tnc a`":                           {Text: "Test.", Commands: []words.Command{{"Windows (PowerShell):", "tnc a"}}},
		"Run `nginx -t` and look.":                                      {Text: "Run `nginx -t` and look."},
		"Не закрыто `curl -I":                                           {Text: "Не закрыто `curl -I"},
	} {
		if diff := cmp.Diff(want, words.ParseStep(sentence)); diff != "" {
			t.Errorf("%s\n%s", sentence, diff)
		}
	}
}

// A step is written and parsed again without a change: reports have it as a sentence.
func TestStepsSurviveReports(t *testing.T) {
	for _, w := range languages(t) {
		for _, c := range conclusions {
			r := c.result(t)
			if r == nil {
				continue
			}
			for _, step := range w.Finding(*r, "https://portal.example.ru").Steps {
				again := words.ParseStep(step.String())
				if diff := cmp.Diff(words.Step{Text: step.Text, Commands: step.Commands}, again); diff != "" {
					t.Errorf("%s %s %s: %s\n%s", w.Lang(), c.check, c.cause, step, diff)
				}
			}
		}
	}
}

// Steps that differ by setup are told for one setup, or for all of them.
func TestStepsBySetup(t *testing.T) {
	r := checks.Result{Check: checks.HTTPSSeen, Cause: checks.HTTPSNotSeen, State: checks.Problem, Owner: checks.ServerAdmin}
	for _, w := range languages(t) {
		var unknown []checks.Setup
		for _, step := range w.Finding(r, "https://portal.example.ru").Steps {
			if step.Setup != "" {
				unknown = append(unknown, step.Setup)
				if name := w.Say("setup."+string(step.Setup), nil); !strings.HasPrefix(step.Text, name+": ") {
					t.Errorf("%s: %q doesn't name %s", w.Lang(), step.Text, name)
				}
			}
		}
		if len(unknown) < 3 {
			t.Errorf("%s: steps for %v", w.Lang(), unknown)
		}
		for _, setup := range unknown {
			for _, step := range w.For(setup).Finding(r, "https://portal.example.ru").Steps {
				if step.Setup != "" && step.Setup != setup {
					t.Errorf("%s: for %s: %q", w.Lang(), setup, step)
				}
			}
		}
	}
}

// shellCommands begin the command lines that a shell on the portal's server runs; others are settings, SQL, or for Windows.
var shellCommands = []string{"curl", "openssl", "nslookup", "nginx", "apachectl", "systemctl", "journalctl", "timedatectl", "ss", "grep", "docker", "df", "php", "date"}

// TestCommandsAreWhole asserts that a shell understands each command line of a text, with nothing left to fill in.
func TestCommandsAreWhole(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		testenv.Missing(t, "%v", err)
	}
	seen := map[string]bool{}
	for _, w := range languages(t) {
		for key, text := range texts(t, w.Lang()) {
			for _, c := range words.ParseStep(argument.ReplaceAllString(text, "x.example")).Commands {
				if name, _, _ := strings.Cut(c.Line, " "); !slices.Contains(shellCommands, name) || seen[c.Line] {
					continue
				}
				seen[c.Line] = true
				if out, err := exec.Command("bash", "-n", "-c", c.Line).CombinedOutput(); err != nil { // #nosec G204 -- of this program's texts
					t.Errorf("%s: %s: %s", key, c.Line, out)
				}
				if strings.ContainsAny(c.Line, "…«»<>") && !strings.Contains(c.Line, ">>") && !strings.Contains(c.Line, "</dev/null") && !strings.Contains(c.Line, "2>/dev/null") {
					t.Errorf("%s: a place to fill in: %s", key, c.Line)
				}
			}
		}
	}
	if len(seen) < 30 {
		t.Errorf("only %d command lines", len(seen))
	}
}

// argument matches what the texts' arguments replace.
var argument = regexp.MustCompile(`\{\{[^}]*\}\}`)

// FuzzParseStep parses steps of saved reports: what is parsed is written and parsed again without a change.
func FuzzParseStep(f *testing.F) {
	for _, sentence := range []string{"", "`", "``", "Test. Linux: `curl a` Windows: `curl.exe a`", "A `b c` и `d e`.", "Linux: `a b`", "` `", "x ` y` z"} {
		f.Add(sentence)
	}
	f.Fuzz(func(t *testing.T, sentence string) {
		step := words.ParseStep(sentence)
		for _, c := range step.Commands {
			if !strings.Contains(c.Line, " ") || strings.Contains(c.Line, "`") {
				t.Errorf("%q has the command %q", sentence, c.Line)
			}
		}
		if again := words.ParseStep(step.String()); again.String() != step.String() {
			t.Errorf("%q is %q, and then %q", sentence, step, again)
		}
	})
}
