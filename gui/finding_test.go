package gui_test

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"boxready/checks"
	"boxready/gui"
	"boxready/gui/model"
	"boxready/gui/widgets"
	"boxready/internal/simtest"
	"boxready/internal/words"
)

// ownCommand is a command line of BoxReady.
var ownCommand = regexp.MustCompile(`\bboxready(-cli)? (allowlist|check|login|logout|probe|selftest|report|requirements|accounts|demo|portals|receiver|exporter)\b`)

func TestEveryActionHasAButton(t *testing.T) {
	for _, lang := range words.Languages() {
		texts, err := words.New(lang)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range words.Actions() {
			known, offered := gui.HasRemedy(a)
			if !known {
				t.Errorf("the window doesn't know %s", a)
			}
			if _, label := texts.Find("window.action." + string(a)); label != offered {
				t.Errorf("%s: %s is offered: %t, and has a label: %t", lang, a, offered, label)
			}
		}
	}
}

// TestEveryFindingLeadsOn shows each finding of each simulated fault. There is one primary button, no command line of BoxReady, and
// whatever button is pressed, something happens.
func TestEveryFindingLeadsOn(t *testing.T) {
	if testing.Short() {
		t.Skip("runs against all faults take a while")
	}
	seen := map[string]bool{}
	r := open(t, setup{access: signedIn{}})
	pressed := map[string]bool{}
	try := func(fault string, o *checks.Outcome, result checks.Result) {
		key := fmt.Sprint(result.Check, result.Cause, result.State)
		if !result.State.IsFinding() || seen[key] {
			return
		}
		seen[key] = true
		for _, mistake := range r.tryFinding(o, result, pressed) {
			t.Errorf("%s: %s %s: %s", cmp.Or(fault, "no fault"), result.Check, result.Cause, mistake)
		}
	}
	all := simtest.Outcomes(t)
	for fault, o := range all {
		for _, result := range o.Results {
			try(fault, o, result)
		}
	}
	// Without the consent that all these runs had.
	o := *all[""]
	o.Target.Consents, o.Target.SignIn = nil, nil
	o.Results = slices.Clone(o.Results)
	for i, result := range o.Results {
		if result.Check == checks.AuthServerFromPortal {
			o.Results[i] = needsDeep
			try("", &o, needsDeep)
		}
	}
	if len(seen) < 100 {
		t.Errorf("only %d findings were tried", len(seen))
	}
}

var needsDeep = checks.Result{Check: checks.AuthServerFromPortal, State: checks.Unknown, Cause: checks.NeedsDeep, Owner: checks.You, Vantage: checks.FromPortal}

// tryFinding shows a finding, and presses its buttons: the primary, and those whose label isn't in pressed.
func (r *testWindow) tryFinding(o *checks.Outcome, result checks.Result, pressed map[string]bool) (mistakes []string) {
	r.checker.outcome = func(target checks.Target) *checks.Outcome {
		again := *o
		again.Target = target
		return &again
	}
	var s *model.Session
	show := func() []*widgets.Button {
		r.w.Back()
		r.waitUntil("the end of the runs", func() bool { return r.w.RunsUnderWay() == 0 })
		s = r.w.ShowOutcome(o)
		r.w.ShowResult(result)
		return r.buttons()
	}
	buttons := show()
	primary := 0
	for _, text := range r.texts() {
		if found := ownCommand.FindString(text); found != "" {
			mistakes = append(mistakes, fmt.Sprintf("%q in %q", found, text))
		}
	}
	for i, b := range buttons {
		high := b.Importance == widget.HighImportance
		if high {
			primary++
		}
		if result.Cause == checks.NeedsDeep && b.Text == r.say("window.action.check-again", nil) {
			mistakes = append(mistakes, "the same check without the consent is offered")
		}
		if b.Text == "" || !high && pressed[b.Text] || b.Text == r.say("window.finding.back", nil) {
			continue // one without a text copies a command
		}
		pressed[b.Text] = true
		buttons = show()
		before := r.effects(s)
		buttons[i].OnTapped()
		r.runQueued()
		if b.Text == r.say("window.finding.more", nil) {
			<-r.opened
		} else if r.effects(s) == before {
			mistakes = append(mistakes, fmt.Sprintf("pressing %q does nothing", b.Text))
		}
		r.app.Clipboard().SetContent("")
	}
	if primary != 1 {
		mistakes = append(mistakes, fmt.Sprintf("%d primary buttons", primary))
	}
	return mistakes
}

// buttons are those of the page.
func (r *testWindow) buttons() (all []*widgets.Button) {
	r.walk(func(o fyne.CanvasObject, _ fyne.Position, _ rect) bool {
		if b, ok := o.(*widgets.Button); ok {
			all = append(all, b)
		}
		return true
	})
	return all
}

// effects are what pressing a button can change.
func (r *testWindow) effects(s *model.Session) string {
	section, dialog := r.w.Place()
	r.checker.mu.Lock()
	defer r.checker.mu.Unlock()
	return fmt.Sprint(s.Running, section, dialog, r.app.Clipboard().Content(), len(r.checker.targets), len(r.checker.again), r.texts())
}

func TestConsentIsAskedInTheFinding(t *testing.T) {
	checker := broken(t)
	outcome := checker.outcome
	checker.outcome = func(target checks.Target) *checks.Outcome {
		o := outcome(target)
		if !slices.Contains(target.Consents, checks.Deep) {
			o.Results = slices.DeleteFunc(o.Results, func(r checks.Result) bool { return r.Check == checks.AuthServerFromPortal })
			o.Results = append(o.Results, needsDeep)
		}
		return o
	}
	r := open(t, setup{checker: checker})
	r.w.ShowOutcome(checker.outcome(checks.Target{Address: mustParse(t, "portal.example.ru")}))
	r.w.ShowResult(needsDeep)
	r.mustNotSay(r.say("window.action.check-again", nil))
	r.tap(r.say("window.action.consent-deep", nil))
	if len(checker.asked())+len(checker.again) > 0 {
		t.Fatal("something was sent before the owner agreed")
	}
	r.tap(r.say("window.consent.yes", nil))
	r.mustSay(noServer)
	if asked := checker.asked(); len(asked) != 1 || !slices.Contains(asked[0].Consents, checks.Deep) {
		t.Errorf("the run was asked for %+v", asked)
	}
}

func TestFoldsOfAFindingStay(t *testing.T) {
	r := checkedPortal(t, setup{})
	r.tap(noServer)
	r.mustNotSay("На что влияет", "proxyHost")
	r.tap("Подробности")
	r.mustSay("На что влияет", "Длительность", "auth-server-from-portal / auth-server-unreachable")
	r.key(fyne.KeyEscape)
	r.tap(tooSoon)
	r.mustSay("На что влияет")
	r.tap("Подробности")
	r.mustNotSay("На что влияет")
}

func TestConsoleProgramIsSavedWithAScript(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "boxready-cli.exe")
	if err := os.WriteFile(program, []byte("program"), 0o700); err != nil {
		t.Fatal(err)
	}
	to := t.TempDir()
	if err := os.WriteFile(filepath.Join(to, "boxready-outside.cmd"), []byte("another portal's"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := open(t, setup{checker: broken(t), with: func(p *gui.Params) { p.Console, p.Downloads = program, to }})
	r.w.ShowOutcome(r.checker.outcome(checks.Target{Address: mustParse(t, "portal.example.ru:8443")}))
	r.openSection("server")
	r.tap(r.say("window.server.save-console", nil))
	r.tapOn(r.all(r.say("window.save.save", nil))[0])
	r.mustSay("Файл boxready-outside.cmd здесь уже есть. Заменить его?")
	if _, err := os.Stat(filepath.Join(to, "boxready-cli.exe")); err == nil {
		t.Error("the program was saved before the answer")
	}
	r.tapOn(r.all(r.say("window.save.replace", nil))[0])
	r.mustSay(filepath.Join(to, "boxready-cli.exe"))
	if copied, err := os.ReadFile(filepath.Join(to, "boxready-cli.exe")); err != nil || string(copied) != "program" {
		t.Errorf("copied %q, %v", copied, err)
	}
	script, err := os.ReadFile(filepath.Join(to, "boxready-outside.cmd"))
	if want := "@\"%~dp0boxready-cli.exe\" check portal.example.ru:8443 --format json > \"%~dp0outside.json\"\r\n"; err != nil || string(script) != want {
		t.Errorf("the script is %q, %v", script, err)
	}
}

func TestDownloadPageIsAskedForWithoutAConsoleProgram(t *testing.T) {
	r := open(t, setup{checker: broken(t), with: func(p *gui.Params) {
		p.DownloadPage = func(context.Context) (string, error) { return "https://example.com/boxready", nil }
	}})
	r.w.ShowOutcome(r.checker.outcome(checks.Target{Address: mustParse(t, "portal.example.ru")}))
	r.openSection("server")
	r.mustNotSay("boxready check")
	r.tap(r.say("window.server.download", nil))
	r.waitUntil("the page", func() bool { return len(r.opened) > 0 })
	if page := <-r.opened; page != "https://example.com/boxready" {
		t.Errorf("opened %s", page)
	}
}
