package gui_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"boxready/checks"
	"boxready/internal/app"
	"boxready/internal/vault"
)

const (
	notReady = "Приложения на этом портале пока работать не будут"
	noServer = "Портал не может связаться с сервером авторизации"
	tooSoon  = "Срок сертификата скоро истечёт"
)

// broken is a portal that can't reach the authorization server, and whose certificate ends soon.
func broken(t *testing.T) *fakeChecker { return &fakeChecker{outcome: replayed(t, "auth-server")} }

// withFixed returns outcomes in which some checks, and those that were skipped because of them, are in order.
func withFixed(outcome func(checks.Target) *checks.Outcome, ids ...checks.ID) func(checks.Target) *checks.Outcome {
	return func(target checks.Target) *checks.Outcome {
		o := outcome(target)
		for i, r := range o.Results {
			if slices.Contains(ids, r.Check) || slices.Contains(ids, r.Because) {
				o.Results[i] = checks.Result{Check: r.Check, State: checks.OK, Vantage: r.Vantage, Facts: r.Facts, Args: r.Args}
			}
		}
		o.Verdict = verdictOf(o.Results)
		return o
	}
}

// checkedPortal opens a window and waits for the end of a run.
func checkedPortal(t *testing.T, s setup) *testWindow {
	t.Helper()
	if s.checker == nil {
		s.checker = broken(t)
	}
	r := open(t, s)
	r.check("portal.example.ru")
	r.waitUntil("the end of the run", r.verdictShown)
	return r
}

func TestCheckAndCopyTheLetterByKeyboard(t *testing.T) {
	r := open(t, setup{checker: broken(t)})
	r.check(" Portal.Example.RU/crm/ ") // as people copy it
	r.mustSay(notReady)
	r.mustSay("Исправляет администратор сети", "администратор сервера", noServer, "portal.example.ru")
	target := r.checker.asked()[0]
	if target.Address.String() != "https://portal.example.ru" || len(target.Consents) > 0 || target.Webhook != nil || target.SignIn != nil {
		t.Errorf("the run was asked for %+v: nothing was agreed to", target)
	}
	for range 40 { // Tab to the finding
		if p, ok := r.canvas().Focused().(fyne.CanvasObject); ok && strings.Contains(describe(p), noServer) {
			break
		}
		r.canvas().FocusNext()
	}
	r.key(fyne.KeyReturn)
	r.mustSay("Исправляет администратор сети", "Что мы увидели", "CONNECTION_ERROR", "С чего начать", "oauth.bitrix24.tech")
	r.mustNotSay("На что влияет", "Факты", "proxyHost")
	r.tap("Подробности")
	r.mustSay("На что влияет", "Факты", "Проверено через сам портал, 23.11.2026 10:42", "auth-server-from-portal / auth-server-unreachable")
	r.tap("Ещё 6 шагов")
	r.mustSay("2.", "proxyHost")
	r.canvas().Focus(nil)
	for range 20 {
		if p, ok := r.canvas().Focused().(fyne.CanvasObject); ok && strings.Contains(describe(p), "Письмо администратору сети…") {
			break
		}
		r.canvas().FocusNext()
	}
	r.key(fyne.KeySpace)
	r.key(fyne.KeyReturn) // the focus is on what copies
	letter := r.app.Clipboard().Content()
	for _, part := range []string{"https://portal.example.ru", noServer, "Проверено через сам портал", "Разрешите серверу портала исходящие соединения", "curl -sS", "CONNECTION_ERROR", "BoxReady 0.1.0-test"} {
		if !strings.Contains(letter, part) {
			t.Errorf("the letter doesn't say %q:\n%s", part, letter)
		}
	}
	if strings.Contains(letter, "`") {
		t.Errorf("the letter has backticks in it:\n%s", letter)
	}
	r.mustSay("Скопировано")
	r.advance(3 * time.Second)
	r.waitUntil("that being over", func() bool { return !r.says("Скопировано") })
	r.key(fyne.KeyEscape) // back to the finding
	r.key(fyne.KeyEscape)
	r.mustSay(notReady)
	if p, ok := r.canvas().Focused().(fyne.CanvasObject); !ok || !strings.Contains(describe(p), noServer) {
		t.Error("after going back, the focus isn't on the finding that was open")
	}
}

func TestInvalidAddresses(t *testing.T) {
	megabyte := strings.Repeat("портал ", 1<<17)
	for _, test := range []struct{ typed, says string }{
		{"", "Не указан адрес портала"},
		{"   ", "Не указан адрес портала"},
		{"ftp://portal.example.ru", "начинается с https://"},
		{"https://user:secret@portal.example.ru", "имя пользователя или пароль"},
		{"не адрес вовсе", "Это не похоже на адрес портала"},
		{"portal.example.ru:99999", "Порт в адресе"},
		{megabyte, ""},
		{"\u202eur.elpmaxe.latrop\x00\x1b[31m", ""},
		{strings.Repeat("a", 70) + ".example.ru", ""},
	} {
		t.Run(fmt.Sprintf("%.20q", test.typed), func(t *testing.T) {
			r := open(t, setup{})
			start := time.Now()
			r.app.Clipboard().SetContent(test.typed)
			r.shortcut(&fyne.ShortcutPaste{Clipboard: r.app.Clipboard()})
			r.key(fyne.KeyReturn)
			if len(r.checker.asked()) > 0 {
				t.Error("it was checked")
			}
			r.mustSay("Будут ли работать приложения")
			if test.says != "" {
				r.mustSay(test.says)
			}
			if e, ok := r.canvas().Focused().(interface{ SelectedText() string }); !ok {
				t.Errorf("the focus is on %v, not in the field", e)
			}
			if took := time.Since(start); len(test.typed) > 1<<20 && took > 10*time.Second {
				t.Errorf("a megabyte took %v", took)
			}
		})
	}
}

func TestTypingClearsTheMistake(t *testing.T) {
	r := open(t, setup{checker: broken(t)})
	r.check("ftp://portal.example.ru")
	r.mustSay("начинается с https://")
	r.typeIn("x")
	r.mustNotSay("начинается с https://")
}

func TestWebhookPastedAsAddressIsNotShown(t *testing.T) {
	r := checkedPortal(t, setup{})
	r.key(fyne.KeyEscape)
	r = open(t, setup{checker: broken(t)})
	r.check("https://portal.example.ru/rest/1/abcdefgh12345678/profile.json")
	r.mustSay(notReady)
	r.mustNotSay("abcdefgh12345678")
	r.tap(noServer)
	r.mustNotSay("abcdefgh12345678")
	for _, p := range r.store.Portals() {
		if strings.Contains(p.Address, "abcdefgh12345678") {
			t.Error("the webhook's code is kept")
		}
	}
}

func TestConsents(t *testing.T) {
	for _, test := range []struct {
		consent checks.Consent
		reason  checks.Reason
		button  string
		says    []string // of the question
	}{
		{checks.ContentFilter, checks.NeedsConsentFilter, "Проверить фильтр…", []string{"select * from", "на время заблокировать адрес этого компьютера"}},
		{checks.BodySize, checks.NeedsConsentBody, "Проверить размер запроса…", []string{"на 2 и 12 МБ", "На портале ничего не изменится"}},
		{checks.EventTest, checks.NeedsConsentEvent, "Проверить события…", []string{"подпишет приложение", "отпишет приложение"}},
	} {
		t.Run(string(test.consent), func(t *testing.T) {
			outcome := replayed(t, "auth-server")
			r := checkedPortal(t, setup{checker: &fakeChecker{outcome: func(target checks.Target) *checks.Outcome {
				o := outcome(target)
				o.NotChecked = []checks.NotChecked{{Check: checks.ContentFilterCheck, Reason: test.reason}}
				return o
			}}})
			asked := func() int { return len(r.checker.asked()) }

			r.tap("1 вид проверок")
			r.tap(test.button)
			r.mustSay(append(test.says, "https://portal.example.ru")...)
			r.key(fyne.KeyEscape)
			r.mustSay(notReady)
			r.tap(test.button)
			r.keyHeld(fyne.KeyReturn) // the focus is on yes, but the key was pressed before
			r.mustSay(test.says...)
			r.tap("Отмена")
			r.mustSay(notReady)
			if asked() != 1 {
				t.Fatalf("%d runs after two times no", asked())
			}

			r.tap(test.button)
			r.key(fyne.KeyReturn)
			r.waitUntil("the second run", func() bool { return asked() == 2 && r.verdictShown() })
			if got := r.checker.asked()[1].Consents; !slices.Equal(got, []checks.Consent{test.consent}) {
				t.Errorf("the run was allowed %v", got)
			}

			r.key(fyne.KeyF5)
			r.waitUntil("the third run", func() bool { return asked() == 3 && r.verdictShown() })
			if got := slices.Contains(r.checker.asked()[2].Consents, test.consent); got {
				t.Error("the next run was allowed it as well")
			}
		})
	}
}

func TestLiveRun(t *testing.T) {
	gate := make(chan struct{})
	checker := broken(t)
	checker.gate = func(ctx context.Context, id checks.ID) {
		if id == checks.AuthServerFromPortal {
			select {
			case <-gate:
			case <-ctx.Done():
			}
		}
	}
	r := open(t, setup{checker: checker})
	r.check("portal.example.ru")
	r.mustSay("Связь портала с сервером авторизации")
	r.mustSay("Спрашиваем портал о сервере авторизации…", "Остановить", "прошло 0 с", tooSoon, "8 проверок в порядке")
	r.advance(4 * time.Second)
	r.mustSay("прошло 4 с", "4 с")
	r.mustNotSay("отвечает медленно")
	r.advance(7 * time.Second)
	r.mustSay("11 с, отвечает медленно")
	r.w.Counted(checks.AuthServerFromPortal, 12, 40)
	r.mustSay("запрос 12 из 40 · 11 с, отвечает медленно")
	close(gate)
	r.mustSay(notReady)
	r.mustNotSay("Спрашиваем портал", "Остановить", "отвечает медленно")
	r.waitUntil("the end of the tickers", func() bool { return r.clock.running() == 0 })
}

func TestVerdictBeforeTheEnd(t *testing.T) {
	gate := make(chan struct{})
	checker := broken(t)
	checker.gate = func(ctx context.Context, id checks.ID) {
		if id == checks.QueueFeed {
			select {
			case <-gate:
			case <-ctx.Done():
			}
		}
	}
	r := open(t, setup{checker: checker})
	r.check("portal.example.ru")
	r.mustSay("Список адресов очереди событий", "прошло 0 с", "Остановить")
	r.mustNotSay(notReady)
	r.advance(2 * time.Second)
	r.mustSay(notReady, "Ещё ждём: ", "прошло 2 с", "Остановить")
	r.mustNotSay(r.say("window.next.letter.network-admin", nil))
	close(gate)
	r.waitUntil("the end of the run", func() bool { return r.clock.running() == 0 })
	r.mustSay(notReady)
	r.mustNotSay("Ещё ждём: ", "Остановить")
}

// TestFindingIsShownSoonWhereTheProcessorDraws: there other progress is shown less often.
func TestFindingIsShownSoonWhereTheProcessorDraws(t *testing.T) {
	reached, found, end := make(chan struct{}), make(chan struct{}), make(chan struct{})
	checker := broken(t)
	checker.gate = func(_ context.Context, id checks.ID) {
		switch id {
		case checks.AuthServerFromPortal:
			close(reached)
			<-found
		case checks.QueueFeed:
			<-end
		}
	}
	r := open(t, setup{checker: checker, screen: &fakeScreen{width: 1280, height: 760, renderer: "softpipe"}})
	r.check("portal.example.ru")
	<-reached
	r.runQueued()
	close(found)
	title := r.title(checks.AuthServerFromPortal, checks.AuthServerUnreachable)
	r.waitUntil("the finding", func() bool {
		r.clock.fire(500 * time.Millisecond) // what else is under way is shown every 3 s
		return r.says(title)
	})
	r.mustSay("прошло 0 с")
	close(end)
	r.waitUntil("the end of the tickers", func() bool { return r.clock.running() == 0 })
}

func TestEscStopsARun(t *testing.T) {
	checker := broken(t)
	checker.gate = blockAt(checks.AuthServerFromPortal)
	r := open(t, setup{checker: checker})
	r.check("portal.example.ru")
	r.mustSay("Связь портала с сервером авторизации")
	r.key(fyne.KeyEscape)
	r.mustSay("Проверка остановлена")
	r.mustSay(tooSoon, "4 проверки прерваны")
	r.mustNotSay("Исправляете вы")
	if kept := r.store.Portals(); len(kept) != 0 {
		t.Errorf("a run that was stopped is kept: %+v", kept)
	}
	checker.gate = nil
	r.key(fyne.KeyF5)
	r.mustSay(notReady)
}

// TestSuspendDuringRun suspends the computer in the middle of a run.
func TestSuspendDuringRun(t *testing.T) {
	gate := make(chan struct{})
	checker := broken(t)
	checker.gate = func(ctx context.Context, id checks.ID) {
		if id == checks.AuthServerFromPortal {
			<-gate
		}
	}
	r := open(t, setup{checker: checker})
	r.check("portal.example.ru")
	r.mustSay("Связь портала с сервером авторизации")
	r.advance(8 * time.Hour)
	r.mustSay("28800 с, отвечает медленно", "Остановить")
	close(gate)
	r.mustSay(notReady)
}

func TestLastAddressIsRestored(t *testing.T) {
	r := open(t, setup{store: storeWithPortals(t), checker: broken(t)})
	r.check("")
	r.mustSay(notReady)
	if got := r.checker.asked()[0].Address.Host; got != "never.example.org" {
		t.Errorf("checked %s", got)
	}
	r = open(t, setup{store: storeWithPortals(t), checker: broken(t)})
	r.check("other.example.ru") // typing replaces it
	r.mustSay(notReady)
	if got := r.checker.asked()[0].Address.Host; got != "other.example.ru" {
		t.Errorf("checked %s", got)
	}
}

// TestWindowClosedDuringRenewal: the authorization server has replaced the refresh token, and only its answer has the new one.
func TestWindowClosedDuringRenewal(t *testing.T) {
	for name, end := range map[string]func(*testWindow, *fakeAccess){
		"until it is saved": func(_ *testWindow, a *fakeAccess) { close(a.renewed) },
		"closed once more":  func(r *testWindow, _ *fakeAccess) { r.w.CloseButton() },
	} {
		t.Run(name, func(t *testing.T) {
			access := &fakeAccess{keys: app.Keys{Place: vault.InMemory}, renewed: make(chan struct{})}
			r := open(t, setup{access: access})
			r.w.CloseButton()
			r.mustSay("Вход сейчас продлевается")
			if r.w.Closed() {
				t.Fatal("closed during a renewal")
			}
			end(r, access)
			r.waitUntil("the window to close", r.w.Closed)
			r.w.Close() // doesn't wait for what nobody waits for
		})
	}
}

func TestWindowClosedDuringRun(t *testing.T) {
	checker := broken(t)
	ended := make(chan struct{})
	checker.gate = func(ctx context.Context, id checks.ID) {
		if id == checks.AuthServerFromPortal {
			<-ctx.Done()
			close(ended)
		}
	}
	r := open(t, setup{checker: checker})
	r.check("portal.example.ru")
	r.mustSay("Связь портала с сервером авторизации")
	r.w.Fyne().Close()
	r.w.Close()
	<-ended
	select {
	case <-r.queue:
		t.Error("something is done in a window that is closed")
	default:
	}
}

func TestNewAndFixed(t *testing.T) {
	checker := broken(t)
	r := checkedPortal(t, setup{checker: checker})
	r.mustNotSay("новое", "исправлено:")
	checker.outcome = withFixed(checker.outcome, checks.AuthServerFromPortal)
	r.key(fyne.KeyF5)
	r.mustSay("Портал и сервер авторизации связаны")
	r.mustSay("исправлено: 1")
	r.mustNotSay("новое")
	r.tap("4 проверки в порядке") // of authorization and events, with the one that was skipped
	r.mustSay("исправлено")

	// The next start has the results for comparison.
	r.waitForVerdict("https://portal.example.ru", checks.NoObstacle)
	checker.outcome = replayed(t, "auth-server")
	again := open(t, setup{checker: checker, store: r.store})
	again.check("portal.example.ru")
	again.mustSay(notReady)
	again.mustSay("новое")
	again.mustNotSay("исправлено: ")
}

func TestRecheck(t *testing.T) {
	checker := broken(t)
	r := checkedPortal(t, setup{checker: checker})
	r.tap(noServer)
	checker.outcome = withFixed(checker.outcome, checks.AuthServerFromPortal)
	r.tap("Проверить снова")
	r.mustSay("Портал получает ответы от сервера авторизации")
	r.waitForVerdict("https://portal.example.ru", checks.NoObstacle)
	if !slices.Equal(checker.again, []checks.ID{checks.AuthServerFromPortal}) {
		t.Errorf("made again: %v", checker.again)
	}
	r.mustNotSay("Исправляет администратор сети")
	r.tap("Назад")
	r.mustSay("Портал и сервер авторизации связаны", tooSoon)
}

// TestRecheckThatIsQuick makes a check again that is over before the page has shown that it began.
func TestRecheckThatIsQuick(t *testing.T) {
	checker := broken(t)
	r := checkedPortal(t, setup{checker: checker})
	r.tap(noServer)
	r.w.EndAgain(withFixed(checker.outcome, checks.AuthServerFromPortal)(checker.asked()[0]))
	r.runQueued()
	if r.says("Исправляет администратор сети") || !r.says("Портал получает ответы от сервера авторизации") {
		t.Errorf("the page shows the former result: %q", r.texts())
	}
}

func TestFoldsAndFilters(t *testing.T) {
	r := checkedPortal(t, setup{})
	r.mustNotSay("Токен доходит до портала", "Путь к модулю REST")
	r.tap("Ещё 1 проверка — после исправления")
	r.mustSay("Токен доходит до портала", "после исправления: Связь портала с сервером авторизации")
	r.tap("Ещё 1 проверка — после исправления")
	r.mustNotSay("Токен доходит до портала")
	r.tap("9 проверок в порядке")
	r.mustSay("Путь к модулю REST")
	r.tap("Путь к модулю REST")
	r.tap("Подробности")
	r.mustSay("Факты", "POST /rest/app.info")
	r.key(fyne.KeyEscape)

	r.step(0)
	r.mustSay("1 · Портал доступен", tooSoon, "Имя портала в DNS", "Показать все шаги")
	r.mustNotSay("Не проверено", "проверок в порядке")
	r.step(0)
	r.mustSay("Не проверено", "9 проверок в порядке")
	r.step(3)
	r.mustSay("Модули и методы видны после входа на портал или с вебхуком.", "Показать все шаги")
	r.key(fyne.KeyEscape)
	r.mustSay("Не проверено", "9 проверок в порядке")
}

func TestArrowsFilterFindings(t *testing.T) {
	for i, test := range []struct{ title, says, notSays string }{
		{"От этого компьютера к порталу", tooSoon, noServer},
		{"От портала к серверу авторизации", noServer, tooSoon},
		{"От сервера авторизации к очереди событий", "показывает только проверка событий", noServer},
		{"От очереди событий к приложению", "Разработчик видит это в журналах", noServer},
		{"От приложения к порталу", "запустите BoxReady на компьютере вне вашей сети", noServer},
	} {
		t.Run(test.title, func(t *testing.T) {
			r := checkedPortal(t, setup{})
			r.arrow(i)
			r.mustSay(test.title, test.says, "Показать все шаги")
			if below := r.listed(); slices.ContainsFunc(below, func(s string) bool { return strings.Contains(s, test.notSays) }) {
				t.Errorf("the list has %q in it", test.notSays)
			}
			r.tap("Показать все шаги")
			r.mustSay(noServer, tooSoon)
		})
	}
}

func TestDocumentation(t *testing.T) {
	r := checkedPortal(t, setup{})
	r.tap(noServer)
	r.tap("Подробности")
	r.tap("Документация")
	if address := <-r.opened; !strings.HasPrefix(address, "https://apidocs.bitrix24.ru/") {
		t.Errorf("opened %s", address)
	}

	r = checkedPortal(t, setup{openURL: func(string) error { return errors.New("no browser") }})
	r.tap(noServer)
	r.tap("Подробности")
	r.tap("Документация")
	r.mustSay("Браузер не открылся")
	r.mustSay("https://apidocs.bitrix24.ru/")
	r.tap("Скопировать")
	if got := r.app.Clipboard().Content(); !strings.HasPrefix(got, "https://apidocs.bitrix24.ru/") {
		t.Errorf("copied %q", got)
	}
	r.key(fyne.KeyEscape)
	r.mustNotSay("Браузер не открылся")
}

func TestSelectedTextIsCopied(t *testing.T) {
	r := checkedPortal(t, setup{})
	r.tap(noServer)
	var label fyne.CanvasObject
	r.walk(func(o fyne.CanvasObject, _ fyne.Position, _ rect) bool {
		if d, ok := o.(fyne.DoubleTappable); ok && label == nil {
			if s, ok := o.(interface{ SelectedText() string }); ok && s.SelectedText() == "" {
				label = d.(fyne.CanvasObject)
			}
		}
		return true
	})
	if label == nil {
		t.Fatal("no text can be selected")
	}
	mouse := &desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(14, 14)}, Button: desktop.MouseButtonPrimary}
	label.(desktop.Mouseable).MouseDown(mouse)
	label.(fyne.DoubleTappable).DoubleTapped(&fyne.PointEvent{Position: fyne.NewPos(14, 14)})
	label.(desktop.Mouseable).MouseUp(mouse)
	r.shortcut(&fyne.ShortcutCopy{Clipboard: r.app.Clipboard()})
	if got := r.app.Clipboard().Content(); got != "Портал" {
		t.Errorf("copied %q", got)
	}
	r.key(fyne.KeyEscape)
	r.mustSay(notReady)
}

func TestPortals(t *testing.T) {
	r := open(t, setup{store: storeWithPortals(t), checker: broken(t)})
	r.mustSay("Проверенные порталы", "portal.example.ru", "Приложения на этом портале пока работать не будут · 1 проблема")
	r.ctrl(fyne.Key2)
	r.mustSay("b24.example.com:8443", "20.11.2026 10:30")
	r.tap("b24.example.com:8443")
	r.mustSay("Помех не найдено, но проверено не всё", "Так было в прошлый раз, 20.11.2026 10:30")
	if len(r.checker.asked()) > 0 {
		t.Error("opening a portal checks it without being asked to")
	}
	r.key(fyne.KeyF5)
	r.tap("Не уверен — проверить без токена")
	r.mustSay(notReady)
	if got := r.checker.asked()[0].Address.String(); got != "https://b24.example.com:8443" {
		t.Errorf("checked %s", got)
	}
	r.waitForVerdict("https://b24.example.com:8443", checks.NotReady)
	if first := r.store.Portals()[0]; first.Address != "https://b24.example.com:8443" {
		t.Errorf("what is kept first: %+v", first)
	}

	r.ctrl(fyne.Key2)
	r.tap("Забыть")
	r.mustSay("Забыть b24.example.com:8443?")
	r.key(fyne.KeyEscape)
	r.mustSay("b24.example.com:8443")
	r.tap("Забыть")
	forget := r.all("Забыть") // the popup around it has the word as well
	r.tapOn(forget[len(forget)-1])
	r.waitUntil("it being forgotten", func() bool { return !r.says("b24.example.com:8443") })
	if _, ok := r.store.Portal("https://b24.example.com:8443"); ok {
		t.Error("it is still kept")
	}
}

func TestParallelRuns(t *testing.T) {
	checker := broken(t)
	gate := make(chan struct{})
	checker.gate = func(ctx context.Context, id checks.ID) {
		if id == checks.AuthServerFromPortal {
			select {
			case <-gate:
			case <-ctx.Done():
			}
		}
	}
	r := open(t, setup{checker: checker})
	r.check("one.example.ru")
	r.mustSay("Связь портала с сервером авторизации")
	r.checkAnother("two.example.ru")
	r.waitUntil("the second run", func() bool { return len(checker.asked()) == 2 && r.says("two.example.ru") })
	close(gate)
	r.mustSay(notReady)
	r.waitForVerdict("https://one.example.ru", checks.NotReady)
	r.waitForVerdict("https://two.example.ru", checks.NotReady)
	r.ctrl(fyne.Key2)
	r.tap("one.example.ru")
	r.mustSay(notReady, noServer)
}

// listed are the texts of the checklist.
func (r *testWindow) listed() []string {
	all := r.texts()
	if i := slices.Index(all, "Показать все шаги"); i >= 0 {
		return all[i:]
	}
	return all
}

// checkAnother checks another portal than the one before.
func (r *testWindow) checkAnother(address string) {
	r.t.Helper()
	r.ctrl(fyne.Key1)
	if another := r.say("window.header.another", nil); r.says(another) {
		r.tap(another)
	}
	r.shortcut(&fyne.ShortcutSelectAll{})
	r.check(address)
}

// waitForVerdict waits until the verdict about a portal is saved.
func (r *testWindow) waitForVerdict(address string, verdict checks.Verdict) {
	r.t.Helper()
	r.waitUntil("what was found being kept", func() bool {
		p, ok := r.store.Portal(address)
		return ok && p.Verdict == verdict
	})
}

func TestNarrowWindowHasAMenu(t *testing.T) {
	r := open(t, setup{size: fyne.NewSize(427, 600), store: storeWithPortals(t)})
	if len(r.all("Порталы")) > 0 {
		t.Error("the list of sections takes room in a narrow window")
	}
	r.mustSay("Проверка") // which section it is
	r.canvas().Focus(nil)
	r.canvas().FocusNext() // the menu's button comes first
	r.key(fyne.KeySpace)
	r.mustSay("Порталы")
	r.key(fyne.KeyDown)
	r.key(fyne.KeyDown)
	r.key(fyne.KeyReturn)
	r.mustSay("То, что вы проверяли на этом компьютере")
	r.w.Fyne().Resize(fyne.NewSize(1040, 720))
	if len(r.all("Порталы")) == 0 {
		t.Error("a wide window has no list of sections")
	}
}

// TestNarrowedWindowFoldsThePicture resizes the window while a verdict is shown.
func TestNarrowedWindowFoldsThePicture(t *testing.T) {
	r := open(t, setup{checker: faulty(t)})
	r.w.ShowOutcome(r.checker.outcome(checks.Target{Address: mustParse(t, "portal.example.ru")}))
	picture, place := r.say("window.picture", nil), r.say("window.link.hint", nil)
	r.mustSay(place, r.say("window.header.another", nil))
	r.w.Fyne().Resize(fyne.NewSize(700, 640))
	r.mustSay(picture)
	r.mustNotSay(place, r.say("window.header.another", nil))
	r.w.Fyne().Resize(fyne.NewSize(1040, 720))
	r.mustSay(place)
	r.mustNotSay(picture)
}
