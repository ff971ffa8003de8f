package gui_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"boxready/checks"
	"boxready/gui"
	"boxready/internal/app"
	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"boxready/internal/secret"
	"boxready/internal/vault"
	"boxready/oauthflow"
)

// recordingAccess is an Access with fixed keys that records what it is asked.
type recordingAccess struct {
	fakeAccess
	saveError error // of a webhook

	mu      sync.Mutex
	checked int // times that MaySignIn was asked
	begun   []app.SignIn
}

func (a *recordingAccess) MaySignIn(context.Context, checks.Target, checks.Observer) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.checked++
	return nil
}

func (a *recordingAccess) StartSignIn(_ context.Context, s app.SignIn) (*oauthflow.Flow, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.begun = append(a.begun, s)
	return nil, oauthflow.ErrInvalidClient
}

func (a *recordingAccess) SaveWebhook(context.Context, portal.Webhook) error { return a.saveError }

func (a *recordingAccess) asked() (checked int, begun []app.SignIn) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.checked, slices.Clone(a.begun)
}

const (
	keptID     = "local.655f1c2d8a1b37.42180155"
	keptSecret = "0123456789abcdefghijABCDEFGHIJ0123456789abcdefghij"
)

// keptSignIn are the keys of a portal with a saved sign-in.
func keptSignIn(address portal.Address) app.Keys {
	source := oauthflow.NewSource(oauthflow.SourceOptions{App: oauthflow.App{ClientID: keptID, ClientSecret: secret.New(keptSecret)}})
	account := oauthflow.Account{Portal: address, ClientID: keptID, Ends: time.Date(2027, 5, 22, 0, 0, 0, 0, time.UTC), Confirmed: true}
	return app.Keys{Account: account, SignIn: source, Place: vault.InKeyring}
}

// reachable is a run like auth-server's in which the portal and this computer get to the authorization server.
func reachable(t *testing.T, more ...checks.Result) *fakeChecker {
	t.Helper()
	before := replayed(t, "auth-server")
	return &fakeChecker{outcome: func(target checks.Target) *checks.Outcome {
		o := before(target)
		for i := range o.Results {
			if r := &o.Results[i]; r.Check == checks.AuthServerFromPortal {
				*r = checks.Result{Check: r.Check, State: checks.OK, Vantage: r.Vantage}
			}
		}
		o.Results = append(o.Results, more...)
		o.Verdict = verdictOf(o.Results)
		return o
	}}
}

// refusedSignIn is the result about a sign-in that the authorization server answered with an error.
func refusedSignIn(t *testing.T, code string) checks.Result {
	t.Helper()
	facts := &checks.SignInFacts{AuthAnswer: checks.AuthAnswer{Server: "https://oauth.bitrix24.tech", Error: code, Status: 400}}
	return byID(t, checks.SignIn).Judge(facts, checks.FactsByCheck{})[0]
}

func TestRefusedSignInIsToldInTheSection(t *testing.T) {
	for code, c := range map[string]struct {
		cause checks.Cause
		once  bool // the saved application is offered
	}{"invalid_grant": {checks.GrantInvalid, true}, "invalid_client": {checks.ClientInvalid, false}} {
		t.Run(code, func(t *testing.T) {
			refused := refusedSignIn(t, code)
			if refused.Cause != c.cause {
				t.Fatalf("the result is %s", refused.Cause)
			}
			access := &recordingAccess{fakeAccess: fakeAccess{keys: keptSignIn(mustParse(t, "portal.example.ru"))}}
			r := open(t, setup{access: access, store: withWebhook(t), checker: reachable(t, refused)})
			r.check("portal.example.ru")
			r.waitUntil("the end of the run", r.verdictShown)
			r.openSection("sign-in")
			r.mustSay(r.title(checks.SignIn, c.cause), "Приложение "+keptID)
			r.mustNotSay("действует до", "Вход выполнен", keptSecret)
			if !c.once {
				r.mustNotSay("осталось войти в браузере")
				r.tap("Войти заново…")
				r.mustSay("1. Добавьте приложение на портал")
				return
			}
			r.tap("Войти заново")
			r.waitUntil("the sign-in", func() bool { _, begun := access.asked(); return len(begun) > 0 })
			_, begun := access.asked()
			if kept := begun[0].App; kept.ClientID != keptID || kept.ClientSecret.Reveal() != keptSecret {
				t.Errorf("signed in with the application %s", kept.ClientID)
			}
			r.mustSay("Войти не удалось", "С другим приложением…")
			r.mustNotSay(keptSecret)
		})
	}
}

// TestSignInThatWorks asserts that the section calls a sign-in good that nothing is known against.
func TestSignInThatWorks(t *testing.T) {
	access := &recordingAccess{fakeAccess: fakeAccess{keys: keptSignIn(mustParse(t, "portal.example.ru"))}}
	r := open(t, setup{access: access, store: withWebhook(t), checker: reachable(t, checks.Result{Check: checks.SignIn, State: checks.OK})})
	r.check("portal.example.ru")
	r.waitUntil("the end of the run", r.verdictShown)
	r.openSection("sign-in")
	r.mustSay("Вход выполнен", "действует до")
}

func TestSignInIsPreparedByTheLastRun(t *testing.T) {
	for _, c := range []struct {
		name    string
		later   time.Duration
		checked int
	}{{"just now", time.Minute, 0}, {"long ago", 10 * time.Minute, 1}} {
		t.Run(c.name, func(t *testing.T) {
			access := &recordingAccess{fakeAccess: fakeAccess{keys: app.Keys{Place: vault.InKeyring}}}
			r := open(t, setup{access: access, checker: reachable(t)})
			r.check("portal.example.ru")
			r.waitUntil("the end of the run", r.verdictShown)
			r.advance(c.later)
			r.w.OpenGuide()
			r.mustSay("1. Добавьте приложение на портал")
			r.pasteInto("Код приложения (client_id)", keptID)
			r.pasteInto("Ключ приложения (client_secret)", keptSecret)
			r.key(fyne.KeyReturn)
			r.tap("Да, открыть браузер")
			r.waitUntil("the sign-in", func() bool { _, begun := access.asked(); return len(begun) > 0 })
			if checked, _ := access.asked(); checked != c.checked {
				t.Errorf("the portal was asked %d times whether a sign-in is safe", checked)
			}
		})
	}
}

func TestSignInThatWillFailIsToldBefore(t *testing.T) {
	access := &recordingAccess{fakeAccess: fakeAccess{keys: app.Keys{Place: vault.InKeyring}}}
	r := open(t, setup{access: access, checker: faulty(t)})
	r.check("portal.example.ru")
	r.waitUntil("the end of the run", r.verdictShown)
	r.w.OpenGuide()
	r.mustSay(r.title(checks.AuthServerFromPortal, checks.AuthServerUnreachable), "браузер остановится на пустой странице")
	r.pasteInto("Код приложения (client_id)", keptID)
	r.pasteInto("Ключ приложения (client_secret)", keptSecret)
	r.key(fyne.KeyReturn)
	r.tap("Да, открыть браузер")
	r.mustSay("Всё равно войти")
	if _, begun := access.asked(); len(begun) > 0 {
		t.Fatal("a sign-in that must fail was begun without a word")
	}
	r.tap("Всё равно войти")
	r.waitUntil("the sign-in", func() bool { _, begun := access.asked(); return len(begun) > 0 })
}

func TestSignInCallsForAttention(t *testing.T) {
	for name, behind := range map[string]bool{"in front": false, "behind the browser": true} {
		t.Run(name, func(t *testing.T) {
			d := newSignInServer(t, true)
			sent := make(chan string, 10)
			s := setup{with: func(p *gui.Params) { p.Notify = func(title, text string) { sent <- title + ": " + text } }}
			r := openSignIn(t, d, s)
			lifecycle := r.app.Lifecycle().(interface {
				OnEnteredForeground() func()
				OnExitedForeground() func()
			})
			lifecycle.OnExitedForeground()()
			if !behind {
				lifecycle.OnEnteredForeground()()
			}
			r.beginSignIn(d)
			r.mustSay("пока работать не будут")
			r.advance(time.Second)
			if !behind {
				r.w.Close() // waits for what is under way
				if len(sent) > 0 {
					t.Errorf("the window in front sent %q", <-sent)
				}
				return
			}
			r.waitUntil("a notification", func() bool { return len(sent) > 0 })
			if n := <-sent; n != "Вход выполнен: Проверяем модули и события https://"+d.sim.Host()+"." {
				t.Errorf("sent %q", n)
			}
		})
	}
}

func TestUnreadSignInIsTold(t *testing.T) {
	kept := withWebhook(t)
	access := &recordingAccess{fakeAccess: fakeAccess{keys: app.Keys{Place: vault.InMemory, Unkept: &vault.Error{Reason: vault.Refused}}}}
	r := open(t, setup{access: access, store: kept, checker: reachable(t)})
	r.check("portal.example.ru")
	r.waitUntil("the end of the run", r.verdictShown)
	r.mustSay("Сохранённый вход не прочитан. Хранилище паролей отказало")
	r.openSection("sign-in")
	r.mustSay("Сохранённый вход не прочитан")
	texts := r.texts()
	at := func(text string) int {
		return slices.IndexFunc(texts, func(t string) bool { return strings.HasPrefix(t, text) })
	}
	if at("Сохранённый вход не прочитан") > at("Вход через браузер") {
		t.Error("it is not said at the top of the section")
	}
	if past, _ := kept.Portal("https://portal.example.ru"); !past.Keys {
		t.Error("that there are saved credentials was forgotten")
	}
}

func TestWebhookThatCannotBeKeptIsUsed(t *testing.T) {
	access := &recordingAccess{fakeAccess: fakeAccess{keys: app.Keys{Place: vault.InKeyring}}, saveError: &vault.Error{Reason: vault.Locked}}
	r := open(t, setup{access: access, checker: reachable(t)})
	const webhook = "https://portal.example.ru/rest/1/abcdef0123456789/"
	r.check(webhook)
	r.tap("Сохранить")
	r.mustSay(unsure)
	r.tap(unsure)
	r.waitUntil("the end of the run", r.verdictShown)
	if target := r.checker.asked()[0]; target.Webhook == nil || target.Webhook.URL().Reveal() != webhook {
		t.Error("the run has no webhook")
	}
	r.mustSay("Вебхук не сохранён: он действует, пока BoxReady открыт. Хранилище паролей заблокировано")
	r.mustNotSay("abcdef0123456789")
}

// TestButtonsOfASilentSignIn asserts that the hint about silence leaves the buttons in sight.
func TestButtonsOfASilentSignIn(t *testing.T) {
	for _, size := range []fyne.Size{{Width: 1040, Height: 720}, {Width: 760, Height: 560}} {
		access := &fakeAccess{keys: app.Keys{Place: vault.InKeyring}, start: func(ctx context.Context, s app.SignIn) (*oauthflow.Flow, error) {
			return oauthflow.Start(ctx, oauthflow.Options{Portal: s.Portal, Confirmed: true, App: s.App, PasteOnly: true,
				OpenBrowser: func(string) error { return nil }, Server: oauthflow.ChooseServer(nil, "", bitrix.CIS)})
		}}
		r := open(t, setup{access: access, size: size})
		r.signInTo("portal.example.ru")
		r.mustSay("Войти…")
		r.tapAfter("", "Войти…")
		r.pasteInto("Код приложения (client_id)", keptID)
		r.pasteInto("Ключ приложения (client_secret)", keptSecret)
		r.key(fyne.KeyReturn)
		r.tap("Да, открыть браузер")
		r.mustSay("Открыть ещё раз")
		before := r.placeOf("Отмена")
		r.advance(time.Minute)
		r.mustSay("С портала пока ничего не пришло")
		for _, text := range []string{"Открыть ещё раз", "Скопировать адрес", "Отмена"} {
			if at := r.placeOf(text); at.size.Height == 0 {
				t.Errorf("%v: %q is out of sight", size, text)
			}
		}
		if after := r.placeOf("Отмена"); after != before {
			t.Errorf("%v: the hint moved the buttons from %v to %v", size, before, after)
		}
		r.w.Close()
	}
}

// placeOf is the visible part of the first text that is exactly this.
func (r *testWindow) placeOf(text string) (place rect) {
	r.t.Helper()
	found := false
	r.walk(func(o fyne.CanvasObject, at fyne.Position, clip rect) bool {
		if said, ok := textOf(o); ok && said == text && !found {
			found, place = true, rect{at, o.Size()}.cut(clip)
		}
		return !found
	})
	if !found {
		r.t.Fatalf("the window doesn't say %q", text)
	}
	return place
}
