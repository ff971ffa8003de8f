package gui_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"boxready/checks"
	"boxready/gui"
)

const (
	confirm = "Да, проверить полностью"
	unsure  = "Не уверен — проверить без токена"
)

// notSent is a portal on which nothing is wrong, as far as a run without a token shows.
func notSent(t *testing.T) *fakeChecker {
	fixed := withFixed(replayed(t, "auth-server"), checks.AuthServerFromPortal, checks.PortalTLS)
	return &fakeChecker{outcome: func(target checks.Target) *checks.Outcome {
		o := fixed(target)
		if !slices.Contains(target.Consents, checks.Deep) {
			for i, r := range o.Results {
				if r.Check == checks.AuthServerFromPortal {
					o.Results[i] = checks.Result{Check: r.Check, State: checks.Unknown, Cause: checks.NeedsDeep, Owner: checks.You, Vantage: r.Vantage,
						Affects: []checks.Affected{checks.Applications, checks.Events}, Facts: &checks.AuthFacts{}, Args: checks.Args{"portal": "portal.example.ru"}}
				}
			}
			o.Verdict = checks.Unsure
		}
		return o
	}}
}

// sameIdentity is a portal like notSent's, whose server says that another known portal has its member_id, until the owner agrees.
func sameIdentity(t *testing.T) *fakeChecker {
	held, open := notSent(t), withFixed(replayed(t, "auth-server"), checks.AuthServerFromPortal, checks.PortalTLS)
	return &fakeChecker{outcome: func(target checks.Target) *checks.Outcome {
		if slices.Contains(target.Consents, checks.SameIdentity) {
			return open(target)
		}
		target.Consents = nil
		o := held.outcome(target)
		o.Results = append(o.Results, checks.Result{Check: checks.ServerRegistration, State: checks.Notice, Cause: checks.PortalClone, Owner: checks.PortalAdmin,
			Vantage: checks.FromServer, Facts: &checks.RegistrationFacts{Sharing: []string{"https://old.example.ru"}, TokensWait: true},
			Args: checks.Args{"sharing": []string{"https://old.example.ru"}, "waits": true, "portal": "portal.example.ru"}})
		return o
	}}
}

// TestTokensWaitForAnAnswer asserts that the window asks before tokens go to a portal that may be a copy, takes no for an answer, and
// doesn't ask again after a yes.
func TestTokensWaitForAnAnswer(t *testing.T) {
	r := open(t, setup{checker: sameIdentity(t)})
	r.check("portal.example.ru")
	r.waitUntil("the end of the run", r.verdictShown)
	r.mustSay("У другого портала, который здесь проверяли, та же регистрация. Пока не ясно, нет ли среди них копии, токены не отправляются.")
	for _, answer := range []string{r.say("window.consent.no", nil), r.say("window.consent.yes", nil)} {
		r.tap(r.say("window.next.consent-identity", nil))
		r.mustSay("Отправлять токены этому порталу?")
		r.tap(answer)
	}
	r.waitUntil("the second run", func() bool { return len(r.checker.asked()) == 2 && r.verdictShown() })
	if asked := r.checker.asked()[0]; slices.Contains(asked.Consents, checks.SameIdentity) {
		t.Error("the first run had the consent")
	}
	r.tap(r.say("window.header.again", nil))
	r.waitUntil("the third run", func() bool { return len(r.checker.asked()) == 3 && r.verdictShown() })
	for _, asked := range r.checker.asked()[1:] {
		if !slices.Contains(asked.Consents, checks.SameIdentity) {
			t.Errorf("a run after the yes has the consents %v", asked.Consents)
		}
	}
}

// notFound is a portal whose name is not in DNS.
func notFound() *fakeChecker {
	return &fakeChecker{outcome: func(target checks.Target) *checks.Outcome {
		return &checks.Outcome{Target: target, Verdict: checks.NotSeen, Started: checkedAt, Finished: checkedAt, Results: []checks.Result{{
			Check: checks.PortalDNS, State: checks.Problem, Cause: checks.DNSNotFound, Owner: checks.NetworkAdmin, Vantage: checks.FromComputer,
			Affects: []checks.Affected{checks.Applications}, Facts: &checks.DNSFacts{}, Args: checks.Args{"host": target.Address.Host},
		}}}
	}}
}

// readyPortal is a portal that accepts a sign-in, and records events.
func readyPortal(t *testing.T) *fakeChecker {
	fixed := withFixed(replayed(t, "auth-server"), checks.AuthServerFromPortal, checks.PortalTLS)
	return &fakeChecker{outcome: func(target checks.Target) *checks.Outcome {
		o := fixed(target)
		for _, id := range []checks.ID{checks.TokenAccepted, checks.RESTLicence, checks.Platform, checks.RequiredModules, checks.RequiredMethods, checks.EventMachinery} {
			o.Results = append(o.Results, checks.Result{Check: id, State: checks.OK, Vantage: checks.FromPortal, Facts: &checks.LicenceFacts{}})
		}
		o.NotChecked = []checks.NotChecked{{Check: checks.EventDelivery, Reason: checks.NeedsReceiver}, {Check: checks.ContentFilterCheck, Reason: checks.NeedsConsentFilter}}
		o.Verdict = checks.Ready
		return o
	}}
}

var checkedAt = time.Date(2026, 11, 23, 7, 42, 0, 0, time.UTC)

func (r *testWindow) consents(run int) []checks.Consent {
	r.t.Helper()
	r.waitUntil("the run", func() bool { return len(r.checker.asked()) > run && r.verdictShown() })
	return r.checker.asked()[run].Consents
}

func TestAddressIsConfirmedOnce(t *testing.T) {
	checker := notSent(t)
	r := open(t, setup{checker: checker})
	r.typeIn("portal.example.ru")
	r.key(fyne.KeyReturn)
	r.mustSay("portal.example.ru — по этому адресу портал открывают сотрудники и приложения?", confirm, unsure)
	r.mustNotSay("Если адрес не тот")
	if len(checker.asked()) > 0 {
		t.Fatal("the portal was asked before the answer")
	}
	r.tap("Почему это важно")
	r.mustSay("назовёт этот адрес своим", "Если адрес не тот", "Незарегистрированный портал попробует зарегистрироваться.")
	r.tap(confirm)
	if got := r.consents(0); !slices.Equal(got, []checks.Consent{checks.Deep}) {
		t.Errorf("the run was allowed %v", got)
	}
	r.waitUntil("the answer being kept", func() bool {
		p, _ := r.store.Portal("https://portal.example.ru")
		return p.Confirmed && p.Verdict != ""
	})

	// It is kept for this portal alone, also after the next start.
	again := open(t, setup{checker: notSent(t), store: r.store})
	again.shortcut(&fyne.ShortcutSelectAll{})
	again.typeIn("portal.example.ru")
	again.key(fyne.KeyReturn)
	if got := again.consents(0); !slices.Equal(got, []checks.Consent{checks.Deep}) {
		t.Errorf("the next run was allowed %v", got)
	}
	again.tap("Другой портал")
	again.typeIn("other.example.ru")
	again.key(fyne.KeyReturn)
	again.mustSay("other.example.ru — по этому адресу", confirm)
	again.tap(unsure)
	if got := again.consents(1); len(got) > 0 {
		t.Errorf("the other portal's run was allowed %v", got)
	}
}

func TestConfirmationIsWithdrawn(t *testing.T) {
	r := open(t, setup{checker: notSent(t)})
	r.typeIn("portal.example.ru")
	r.key(fyne.KeyReturn)
	r.tap(confirm)
	r.consents(0)
	r.waitUntil("the answer being kept", func() bool {
		p, _ := r.store.Portal("https://portal.example.ru")
		return p.Confirmed
	})
	r.openSection("settings")
	r.mustSay("Подтверждённые адреса", "portal.example.ru")
	r.tap("Отозвать")
	r.waitUntil("it being withdrawn", func() bool { return !r.says("Подтверждённые адреса") })
	r.key(fyne.KeyF5)
	if got := r.consents(1); len(got) > 0 {
		t.Errorf("the next run was allowed %v", got)
	}
}

// TestEnterHeldDoesNotConfirm holds Enter in the address field: the key repeats while the question has appeared.
func TestEnterHeldDoesNotConfirm(t *testing.T) {
	r := open(t, setup{checker: notSent(t)})
	r.typeIn("portal.example.ru")
	r.key(fyne.KeyReturn)
	r.canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	r.mustSay(confirm)
	if len(r.checker.asked()) > 0 {
		t.Fatal("a held key confirmed the address")
	}
	r.key(fyne.KeyReturn)
	if got := r.consents(0); !slices.Equal(got, []checks.Consent{checks.Deep}) {
		t.Errorf("the run was allowed %v", got)
	}
}

// TestVerdictAsksForTheConsent follows the primary button from a run without a token to the verdict.
func TestVerdictAsksForTheConsent(t *testing.T) {
	r := open(t, setup{checker: notSent(t)})
	r.check("portal.example.ru")
	r.mustSay("Помех не найдено, но главное ещё не проверено", "ещё не проверено")
	r.tap("Проверить сервер авторизации…")
	r.mustSay(confirm, "Если адрес не тот")
	r.mustNotSay("Помех не найдено, но главное ещё не проверено")
	r.key(fyne.KeyEscape)
	r.mustSay("Помех не найдено, но главное ещё не проверено")
	if n := len(r.checker.asked()); n != 1 {
		t.Fatalf("%d runs before the answer", n)
	}
	r.tap("Проверить сервер авторизации…")
	r.tap(confirm)
	if got := r.consents(1); !slices.Equal(got, []checks.Consent{checks.Deep}) {
		t.Errorf("the run was allowed %v", got)
	}
	r.mustSay("Портал и сервер авторизации связаны", "Войти и проверить модули и события")
}

func TestCloudPortalIsNotAskedAbout(t *testing.T) {
	r := open(t, setup{checker: broken(t)})
	r.typeIn("company.bitrix24.ru")
	r.key(fyne.KeyReturn)
	r.consents(0)
	r.mustNotSay(confirm)
}

// TestPastedWebhookDisappears pastes a webhook's address into the field: its code must not be shown for a moment.
func TestPastedWebhookDisappears(t *testing.T) {
	const code = "abcdefgh12345678"
	r := open(t, setup{checker: broken(t)})
	r.app.Clipboard().SetContent("https://portal.example.ru/rest/1/" + code + "/")
	r.shortcut(&fyne.ShortcutPaste{Clipboard: r.app.Clipboard()})
	r.mustNotSay(code)
	r.mustSay("Код вебхука скрыт")
	if texts := strings.Join(r.texts(), "\n"); !strings.Contains(texts, "portal.example.ru") {
		t.Errorf("the portal's address is not in the field:\n%s", texts)
	}
}

func TestAddressCorrectedAfterATypo(t *testing.T) {
	r := open(t, setup{checker: notFound()})
	r.check("portla.example.ru")
	r.mustSay("С этого компьютера портал не открывается", "Проверьте адрес, VPN и интернет")
	r.tap("Исправить адрес")
	r.mustSay("Будут ли работать приложения")
	r.mustNotSay("С этого компьютера портал не открывается", "Проверенные порталы") // the old verdict leaves with the address, and a typo isn't kept
	r.shortcut(&fyne.ShortcutSelectAll{})
	r.check("portal.example.ru")
	r.waitUntil("the second run", func() bool { return len(r.checker.asked()) == 2 })
	if got := r.checker.asked()[1].Address.Host; got != "portal.example.ru" {
		t.Errorf("checked %s", got)
	}
}

// enter presses Enter once for each text, when it is shown.
func (r *testWindow) enter(shown ...string) {
	r.t.Helper()
	for _, text := range shown {
		r.mustSay(text)
		r.waitUntil("something to press", func() bool { return r.canvas().Focused() != nil })
		r.key(fyne.KeyReturn)
	}
}

// TestFewPressesToTheLetter presses nothing but Enter after typing the address.
func TestFewPressesToTheLetter(t *testing.T) {
	r := open(t, setup{checker: broken(t)})
	r.typeIn("portal.example.ru")
	r.enter("Проверить", confirm, notReady, "Текст письма, его можно изменить")
	if letter := r.app.Clipboard().Content(); !strings.HasPrefix(letter, "Тема: "+noServer) {
		t.Errorf("copied: %q", letter)
	}
}

// TestFewPressesToTheReport does the same on a portal that is ready.
func TestFewPressesToTheReport(t *testing.T) {
	folder := t.TempDir()
	r := open(t, setup{checker: readyPortal(t), with: func(p *gui.Params) { p.Downloads = folder }})
	r.typeIn("portal.example.ru")
	r.enter("Проверить", confirm, "Приложения будут работать", "Имя файла")
	r.waitUntil("the report", func() bool {
		files, _ := filepath.Glob(filepath.Join(folder, "*.boxready.zip"))
		return len(files) == 1
	})
}
