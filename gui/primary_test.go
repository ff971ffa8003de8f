package gui_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"boxready/checks"
	"boxready/internal/simtest"
	"boxready/internal/view"
	"boxready/internal/words"
)

// leadsTo says what the window must show after the primary button of a verdict was pressed.
var leadsTo = map[words.Action]func(r *testWindow, next view.Next) bool{
	words.CorrectAddress: func(r *testWindow, _ view.Next) bool {
		return r.says("Будут ли работать приложения")
	},
	words.CheckAgain:  func(r *testWindow, _ view.Next) bool { return len(r.checker.asked()) == 2 },
	words.ConsentDeep: func(r *testWindow, _ view.Next) bool { return r.says(confirm) },
	words.ConsentSame: func(r *testWindow, _ view.Next) bool {
		return r.says("Отправлять токены этому порталу?")
	},
	view.ShowFinding: func(r *testWindow, next view.Next) bool {
		return r.says(r.words().Finding(next.Finding, r.checker.asked()[0].Address.Display()).Title) && r.says("Назад")
	},
	view.WriteLetter:  func(r *testWindow, next view.Next) bool { return r.says("Текст письма") },
	words.EnterSignIn: func(r *testWindow, _ view.Next) bool { return r.says("Вход через браузер") },
	words.SaveReport: func(r *testWindow, _ view.Next) bool {
		return r.says("Сохранить отчёт") && r.says("Имя файла")
	},
}

// TestPrimaryButtonLeadsOn presses the primary button of the verdict on every kind of outcome that the simulated portal has.
func TestPrimaryButtonLeadsOn(t *testing.T) {
	if testing.Short() {
		t.Skip("a run against each fault takes a while")
	}
	outcomes := simtest.Outcomes(t)
	kinds := map[string]*checks.Outcome{}
	for _, name := range slices.Sorted(maps.Keys(outcomes)) {
		o := outcomes[name]
		next := view.Of(o.Results).Next(o.Verdict)
		kinds[fmt.Sprintf("%s, %s, %s %s", o.Verdict, next.Action, next.Finding.Check, next.Finding.Owner)] = o
	}
	notSent := notSent(t).outcome(checks.Target{Address: mustParse(t, "portal.example.ru")})
	kinds["unsure, without a token"] = notSent
	kinds["unsure, the same identity"] = sameIdentity(t).outcome(checks.Target{Address: mustParse(t, "portal.example.ru")})
	actions := map[words.Action]bool{}
	for name, o := range kinds {
		next := view.Of(o.Results).Next(o.Verdict)
		actions[next.Action] = true
		t.Run(name, func(t *testing.T) {
			d := newSignInServer(t, true)
			r := open(t, setup{access: d.access, checker: &fakeChecker{outcome: func(target checks.Target) *checks.Outcome {
				again := *o
				again.Target.Address = target.Address
				return &again
			}}})
			r.check("portal.example.ru")
			r.waitUntil("the end of the run", r.verdictShown)
			r.assertFewWords()
			if next.Action == "" {
				if o.Verdict != checks.NotABox {
					t.Errorf("nothing to do after %s", o.Verdict)
				}
				return
			}
			before := strings.Join(r.texts(), "\n")
			r.key(fyne.KeyReturn) // the focus is on it
			r.waitUntil("what "+string(next.Action)+" leads to", func() bool { return leadsTo[next.Action](r, next) })
			if after := strings.Join(r.texts(), "\n"); after == before && next.Action != words.CheckAgain {
				t.Error("the page is the same as before")
			}
		})
	}
	for action := range leadsTo {
		if !actions[action] && action != words.SaveReport && action != words.CheckAgain {
			t.Errorf("no fault leads to %s", action)
		}
	}
}

// assertFewWords counts the words on the rail and the verdict card.
func (r *testWindow) assertFewWords() {
	r.t.Helper()
	const most = 60
	texts := r.texts()
	from := slices.Index(texts, r.say("window.header.again", nil))
	to := slices.IndexFunc(texts, func(s string) bool {
		return strings.Contains(s, " · ") && s[1] == ' ' || s == r.say("window.not-checked", nil)
	})
	if from < 0 || to < from {
		return // a cloud portal has neither rail nor findings
	}
	if n := len(strings.Fields(strings.Join(texts[from+1:to], " "))); n > most {
		r.t.Errorf("%d words on the rail and the verdict card: %q", n, texts[from+1:to])
	}
}
