package words_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"boxready/checks"
	"boxready/internal/words"
)

var (
	actionInText = regexp.MustCompile(`\{\{action ([^}]*)\}\}`)
	nameOfAction = regexp.MustCompile("`([a-z-]+)`")
)

// Every action that a text asks for is known, every one that is known is asked for, and no step of a finding has a command line of
// its own.
func TestTextsAskForActions(t *testing.T) {
	for _, lang := range words.Languages() {
		asked := map[string]bool{}
		for key, text := range texts(t, lang) {
			for _, found := range actionInText.FindAllStringSubmatch(text, -1) {
				for _, name := range nameOfAction.FindAllStringSubmatch(found[1], -1) {
					asked[name[1]] = true
					if !slices.Contains(words.CommandNames(), name[1]) {
						t.Errorf("%s %s: no action %s", lang, key, name[1])
					}
				}
			}
			if strings.Contains(key, ".do.") && strings.Contains(text, "boxready ") {
				t.Errorf("%s %s: a command line of BoxReady in %q", lang, key, text)
			}
		}
		for _, name := range words.CommandNames() {
			if !asked[name] {
				t.Errorf("%s: no text asks for %s", lang, name)
			}
		}
	}
}

func TestStepsWithActions(t *testing.T) {
	const portal = "https://portal.example.ru"
	for _, w := range languages(t) {
		r := checks.Result{Check: checks.RESTRoute, State: checks.Unknown, Cause: checks.TimedOut, Owner: checks.ServerAdmin, Args: checks.Args{"request": "POST /rest/app.info",
			"given": []string{string(checks.Deep), string(checks.ByWebhook), checks.GivenRequirements}}}
		want := "`boxready check " + portal + " --deep --webhook - --requires " + w.Say("format.file", nil) + " --timeout 180s`"
		step := w.Finding(r, portal).Steps[0]
		if !strings.HasSuffix(step.String(), want) || !slices.Equal(step.Actions, []words.Action{words.CheckAgain}) || step.By != checks.You {
			t.Errorf("%s: %q by %s with %v, expected %s", w.Lang(), step, step.By, step.Actions, want)
		}
		if step := step.WithoutOwnCommands(); len(step.Commands) > 0 || !strings.HasSuffix(step.Text, ".") || strings.Contains(step.String(), "`") {
			t.Errorf("%s: %+v", w.Lang(), step)
		}
		r.Args["requires"], r.Args["demo"] = []string{"telephony"}, []string{"rest-slow"}
		if step, want := w.Finding(r, portal).Steps[0].String(), "`boxready demo --check --fault rest-slow --deep --webhook`"; !strings.HasSuffix(step, want) {
			t.Errorf("%s: %q, expected %s", w.Lang(), step, want)
		}
		delete(r.Args, "demo")
		if step, want := w.Finding(r, portal).Steps[0].String(), " --requires telephony --timeout 180s`"; !strings.HasSuffix(step, want) {
			t.Errorf("%s: %q, expected %s", w.Lang(), step, want)
		}
		r = checks.Result{Check: checks.SignIn, State: checks.Problem, Cause: checks.SignInExpired, Args: checks.Args{"server": "", "client_id": "local.1", "error": "", "description": ""}}
		if step, want := w.Finding(r, portal).Steps[0].String(), "`boxready login "+portal+" --client-id local.1`"; !strings.HasSuffix(step, want) {
			t.Errorf("%s: %q, expected %s", w.Lang(), step, want)
		}
		r = checks.Result{Check: checks.ServerLicence, State: checks.Problem, Cause: checks.LicenceEnded}
		steps := w.Finding(r, portal).Steps
		steps = slices.DeleteFunc(steps, func(s words.Step) bool { return s.Proof })
		if last := steps[len(steps)-1]; !slices.Equal(last.Actions, []words.Action{words.ServerProbe, words.PasteProbe}) {
			t.Errorf("%s: %+v", w.Lang(), last)
		}
		if steps := w.Finding(checks.Result{Check: checks.RESTRoute, State: checks.OK}, portal).Steps; steps != nil {
			t.Errorf("%s: steps of what is fine: %+v", w.Lang(), steps)
		}
	}
}
