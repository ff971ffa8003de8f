package gui_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"boxready/checks"
	"boxready/gui"
	"boxready/gui/store"
	"boxready/gui/widgets"
	"boxready/internal/app"
	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"boxready/internal/requirements"
	"boxready/internal/vault"
	"boxready/oauthflow"
)

const telephony = `boxready: 1
application: {name: Звонок+, vendor: ООО «Связь», support: https://vendor.example}
scopes: [crm, telephony]
methods: [crm.item.list, telephony.externalcall.register, booking.v1.booking.add, crm.iten.list]
events: [ONCRMDEALADD]
modules: {crm: ">=23.300.0"}
hosts:
  - {host: app.vendor.example, port: 443, direction: portal-to-app}
  - {host: calls.vendor.example, port: 8443, direction: browser-to-app}
handlers: {where: internet}
`

// What the window shows for the portal of faulty.
const (
	stillBroken = "Приложения на этом портале пока работать не будут"
	cutOff      = "Портал не может связаться с сервером авторизации"
)

// faulty is a portal that can't reach the authorization server.
func faulty(t testing.TB) *fakeChecker { return &fakeChecker{outcome: replayed(t, "auth-server")} }

// demoOf starts a simulated portal whose applications need something.
func demoOf(t *testing.T, c gui.Checker) func([]string) (gui.Demo, error) {
	return func([]string) (gui.Demo, error) {
		target := checks.Target{Address: mustParse(t, "demo.example"), Requirements: &requirements.Requirements{Methods: []string{"telephony.externalcall.register"}}}
		return gui.Demo{Checker: c, Target: target, Lists: noLists, Close: func() {}}, nil
	}
}

// file is a file of requirements in a folder of the test's own.
func file(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// webhookAccess is an Access with a saved webhook for every portal.
type webhookAccess struct{ gui.Access }

func (webhookAccess) FinishRenewals() <-chan struct{} { return closedChannel() }

func (webhookAccess) ReturnAddress() string { return oauthflow.ReturnAddress() }

func (webhookAccess) Keys(_ context.Context, a portal.Address) app.Keys {
	webhook, err := portal.ParseWebhook(a.String() + "/rest/1/abcdefgh12345678/")
	if err != nil {
		panic(err)
	}
	return app.Keys{Account: oauthflow.Account{Portal: a, Webhook: true}, Webhook: &webhook, Place: vault.InKeyring}
}

// withWebhook is a store with the note that a webhook for portal.example.ru is saved.
func withWebhook(t testing.TB) *store.Store {
	t.Helper()
	s := store.Open("")
	if err := s.SetKeys("https://portal.example.ru", true); err != nil {
		t.Fatal(err)
	}
	return s
}

// withInventory returns outcomes that also have the portal's modules: crm of an old version, and no booking or telephony.
func withInventory(t *testing.T, outcome func(checks.Target) *checks.Outcome) func(checks.Target) *checks.Outcome {
	t.Helper()
	yes, no := true, false
	return func(target checks.Target) *checks.Outcome {
		o := outcome(target)
		if target.Webhook == nil || target.Requirements == nil {
			return o
		}
		facts := &checks.ModulesFacts{Credential: checks.ByWebhook, REST3: &no, Provided: []string{"crm", "user", "task"}, Granted: []string{"crm"}}
		facts.Required = checks.Required{Scopes: target.Requirements.Scopes, Methods: target.Requirements.Methods, Events: target.Requirements.Events, Modules: map[string]string{}}
		for _, m := range target.Requirements.Modules {
			facts.Required.Modules[m.Name] = m.AtLeast
		}
		for _, name := range target.Requirements.Methods {
			seen := checks.MethodSeen{Name: strings.ToLower(name), Existing: &no, Available: &no}
			if name == "crm.item.list" || name == "profile" || name == "user.get" {
				seen.Existing, seen.Available = &yes, &yes
			}
			facts.Methods = append(facts.Methods, seen)
		}
		seen := checks.FactsByCheck{checks.RequiredModules: facts}
		for _, id := range []checks.ID{checks.RequiredModules, checks.RequiredMethods, checks.RequiredScopes} {
			c := byID(t, id)
			var own checks.Facts = facts
			if id != checks.RequiredModules {
				own = c.NewFacts()
			}
			o.Results = append(o.Results, c.Judge(own, seen)...)
		}
		o.Verdict = verdictOf(o.Results)
		return o
	}
}

// comparing sets up a window with a saved webhook, and runs that list the portal's modules.
func comparing(t *testing.T) setup {
	return setup{store: withWebhook(t), access: webhookAccess{}, checker: &fakeChecker{outcome: withInventory(t, replayed(t, "auth-server"))}}
}

func requirementsStates() []pageState {
	plain := func(*testing.T) setup { return setup{} }
	chosen := func(r *testWindow) {
		r.w.Drop(file(r.t, "calls.boxready.yaml", telephony))
		r.mustSay("Звонок+")
	}
	compared := func(r *testWindow) {
		r.check("portal.example.ru")
		r.waitUntil("the end of the run", r.verdictShown)
		chosen(r)
		r.tap(r.say("window.requirements.compare", nil))
		r.tap(r.say("window.consent.yes", nil)) // the hosts may be asked
		r.mustSay(r.say("window.requirements.something-missing", nil))
	}
	look := func(r *testWindow) {
		r.openSection("requirements")
		r.tap(r.say("window.catalogue.open", nil))
		r.typeIn("crm.item")
	}
	return []pageState{
		{"requirements empty", plain, func(r *testWindow) { r.openSection("requirements") }},
		{"requirements wrong", plain, func(r *testWindow) {
			r.w.Drop(file(r.t, "broken.boxready.yaml", "boxready: 1\napplication: {name: X}\nmetods: [a]\nhosts: [{host: 'https://x', port: 99999, direction: up}]\n"))
			r.mustSay("broken.boxready.yaml:3")
		}},
		{"requirements chosen", plain, chosen},
		{"requirements hosts", func(t *testing.T) setup { return setup{checker: faulty(t)} }, func(r *testWindow) {
			r.check("portal.example.ru")
			r.waitUntil("the end of the run", r.verdictShown)
			chosen(r)
			r.ctrl(fyne.Key1)
			r.key(fyne.KeyF5)
			r.mustSay(r.say("window.consent.yes", nil))
		}},
		{"requirements", comparing, compared},
		{"requirements former", comparing, func(r *testWindow) {
			compared(r)
			r.w.Drop(file(r.t, "calls.boxready.yaml", strings.ReplaceAll(telephony, "23.300.0", "23.400.0")))
			r.mustSay(r.say("window.requirements.not-compared.anew", nil))
		}},
		{"requirements asked", plain, func(r *testWindow) {
			chosen(r)
			r.w.Drop(file(r.t, "second.boxready.yaml", telephony))
			r.mustSay(r.say("window.requirements.add-title", nil))
		}},
		{"catalogue", plain, look},
		{"catalogue entry", comparing, func(r *testWindow) {
			compared(r)
			look(r)
			r.key(fyne.KeyReturn)
		}},
	}
}

func TestRequirementsBeforeThereIsAPortal(t *testing.T) {
	folder := t.TempDir()
	kept := store.Open(folder)
	r := open(t, setup{store: kept, checker: faulty(t)})
	r.w.Drop(file(t, "calls.boxready.yaml", telephony), file(t, "broken.boxready.yaml", "boxready: 1\napplication: {name: X}\nmetods: [a]\n"))
	r.mustSay("Звонок+")
	r.mustSay("ООО «Связь» · calls.boxready.yaml", "crm, telephony, booking", "crm 23.300.0 или новее", "ONCRMDEALADD", "в интернете",
		"с портала на app.vendor.example, порт 443; из браузеров сотрудников на calls.vendor.example, порт 8443",
		"broken.boxready.yaml:3:1: Ключа «metods» здесь не бывает. Может быть, «methods»?", "Портал не указан")
	if len(r.checker.asked()) > 0 {
		t.Fatal("a run began before the owner asked for it")
	}
	r.tap("Указать портал")
	r.check("portal.example.ru")
	r.mustSay("Можно обратиться к серверам приложения?", "app.vendor.example:443", "calls.vendor.example:8443")
	r.key(fyne.KeyEscape)
	r.key(fyne.KeyF5)
	r.tap("Не уверен — проверить без токена")
	if len(r.checker.asked()) > 0 {
		t.Fatal("the hosts of an untrusted file are asked although nobody agreed")
	}
	r.tap("Да, проверить")
	r.mustSay(stillBroken)
	r.key(fyne.KeyF5) // is not asked about again
	r.waitUntil("the second run", func() bool { return len(r.checker.asked()) == 2 && r.verdictShown() && !r.says("Остановить") })
	wanted := r.checker.asked()[0].Requirements
	if wanted == nil || wanted.BuiltIn || !slices.Contains(wanted.Methods, "telephony.externalcall.register") || len(wanted.Hosts) != 2 {
		t.Fatalf("the run asked for %+v", wanted)
	}
	r.waitUntil("it being kept", func() bool {
		past, _ := kept.Portal("https://portal.example.ru")
		return len(past.Applications) == 1 && past.Verdict != ""
	})

	// The next start restores each portal's applications.
	r = open(t, setup{store: store.Open(folder), checker: faulty(t)})
	r.tap("Требования")
	r.mustNotSay("Звонок+")
	r.checkAnother("portal.example.ru")
	r.mustSay("Можно обратиться к серверам приложения?")
	r.tap("Да, проверить")
	r.waitUntil("the next start's run", func() bool { return len(r.checker.asked()) == 1 && r.verdictShown() && !r.says("Остановить") })
	if again := r.checker.asked()[0].Requirements; again == nil || len(again.Methods) != len(wanted.Methods) {
		t.Errorf("the next start's run asked for %+v", again)
	}
	r.checkAnother("other.example.ru")
	r.waitUntil("the other portal's run", func() bool { return len(r.checker.asked()) == 2 && r.verdictShown() })
	if other := r.checker.asked()[1].Requirements; other != nil {
		t.Errorf("the other portal's run asked for %+v", other)
	}
}

func TestRequirementsLibrary(t *testing.T) {
	r := open(t, setup{})
	r.tap("Требования")
	r.option("Готовые списки…", "Синхронизация CRM")
	r.mustSay("готовый список BoxReady", "crm.item.add")
	r.option("Готовые списки…", "Телефония")
	r.mustSay("Уже выбрано: Синхронизация CRM. Новое: Телефония.")
	r.mustNotSay("telephony.") // before the answer
	r.tapAfter("", "Добавить")
	r.mustSay("telephony.", "crm.item.add")
	r.option("Готовые списки…", "Телефония")
	r.tapAfter("готовый список", "Убрать")
	r.mustNotSay("crm.item.add")
	r.tapAfter("готовый список", "Убрать")
	r.mustNotSay("telephony.", "Портал не указан")
	r.mustSay("Перетащите сюда файл")
	if r.canvas().Focused() == nil {
		t.Error("nothing has the focus")
	}
}

func TestChoosingAFile(t *testing.T) {
	path := file(t, "calls.boxready.yaml", telephony)
	for _, other := range []string{"notes.txt", ".hidden.yaml"} {
		if err := os.WriteFile(filepath.Join(filepath.Dir(path), other), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := open(t, setup{with: func(p *gui.Params) { p.Downloads = filepath.Dir(path) }})
	r.tap("Требования")
	r.tap("Выбрать файл…")
	r.mustSay("Файл требований", "calls.boxready")
	r.mustNotSay("notes.txt", ".hidden.yaml", "Home", "Computer", "Downloads", "Documents")
	r.key(fyne.KeyEscape)
	r.mustNotSay("calls.boxready")
	r.tap("Выбрать файл…")
	r.mustSay("calls.boxready")
	r.tap("calls.boxready")
	r.mustSay("Звонок+")
	if got := r.store.Settings().Folder; got != filepath.Dir(path) {
		t.Errorf("the folder is remembered as %q", got)
	}
}

// TestGoingThroughFolders goes down and up again, and to a path that is typed.
func TestGoingThroughFolders(t *testing.T) {
	path := file(t, "calls.boxready.yaml", telephony)
	inner := filepath.Join(filepath.Dir(path), "inner")
	if err := os.Mkdir(inner, 0o700); err != nil {
		t.Fatal(err)
	}
	r := open(t, setup{settings: store.Settings{Folder: filepath.Dir(path)}})
	r.tap("Требования")
	r.tap("Выбрать файл…")
	r.mustSay("inner", "calls.boxready")
	r.tap("inner")
	r.mustSay("Здесь нет подходящих файлов.")
	r.tap("Вверх")
	r.mustSay("calls.boxready")
	r.typePath(filepath.Join(inner, "missing"))
	r.mustSay("Эту папку не открыть.")
	r.typePath(path)
	r.mustSay("Звонок+")
}

// typePath types a path into the field of the dialog that chooses a file.
func (r *testWindow) typePath(path string) {
	r.t.Helper()
	r.walk(func(o fyne.CanvasObject, _ fyne.Position, _ rect) bool {
		if e, ok := o.(*widgets.Entry); ok {
			r.canvas().Unfocus()
			r.canvas().Focus(e)
		}
		return true
	})
	r.typeIn(path)
	r.key(fyne.KeyReturn)
}

func TestComparisonWithoutACredential(t *testing.T) {
	r := open(t, setup{checker: faulty(t), access: webhookAccess{}})
	r.check("portal.example.ru")
	r.mustSay(stillBroken)
	r.w.Drop(file(t, "calls.boxready.yaml", telephony))
	r.mustSay("Нужен вебхук или вход")
	r.tapAfter("Нужен вебхук", "Вход и вебхук")
	r.waitUntil("the webhook being read", func() bool { return r.says("Вебхук сохранён") })
	r.tap("Требования")
	r.mustSay("С порталом ещё не сравнивали")
	r.mustNotSay("Нужен вебхук или вход")
}

func TestComparison(t *testing.T) {
	gate := make(chan struct{})
	s := comparing(t)
	r := open(t, s)
	r.check("portal.example.ru")
	r.waitUntil("the first run", r.verdictShown)
	r.w.Drop(file(t, "calls.boxready.yaml", telephony))
	r.mustSay("С порталом ещё не сравнивали")
	s.checker.gate = func(ctx context.Context, id checks.ID) {
		if id == checks.RequiredModules {
			select {
			case <-gate:
			case <-ctx.Done():
			}
		}
	}
	r.tap("Проверить портал")
	r.tap("Да, проверить")
	r.mustSay("Сравнение появится")
	close(gate)
	r.mustSay("Портал пока не готов к этому приложению")
	r.mustSay("Установить 2 модуля", "voximplant — 1 метод (telephony.externalCall.register), 1 право (telephony)", "booking — 1 метод (booking.v1.booking.add)",
		"При установке отметить 1 право", "Спросить разработчика приложения: 1", "crm.iten.list — возможно, имелось в виду crm.item.list",
		"Выяснить не удалось: 1", "crm — нужна версия 23.300.0 или новее")
	r.tap("Скопировать письмо")
	letter := r.app.Clipboard().Content()
	for _, part := range []string{"https://portal.example.ru", "(Звонок+)", "Установить 2 модуля", "- voximplant", "1. Найдите каждый модуль", "crm.iten.list", "BoxReady 0.1.0-test"} {
		if !strings.Contains(letter, part) {
			t.Errorf("the letter doesn't say %q:\n%s", part, letter)
		}
	}
	if strings.Contains(letter, "abcdefgh12345678") || strings.Contains(letter, "`") {
		t.Errorf("the letter has a secret or a mark in it:\n%s", letter)
	}
	r.tapAfter("Установить 2 модуля", "Подробно и по шагам")
	r.mustSay("На портале нет нужных модулей", "Исправляет ")
	r.key(fyne.KeyEscape)
	r.mustSay(stillBroken)

	// What was chosen since then has not been compared. The comparison stays, called the former one, until the next.
	r.tap("Требования")
	r.option("Готовые списки…", "Задачи")
	r.tapAfter("", "Добавить")
	r.mustSay("С этими требованиями портал ещё не сравнивали", "Прежнее сравнение, 23.11.2026", "Установить 2 модуля")
	r.mustNotSay("Подробно и по шагам")
	r.tapAfter("готовый список", "Убрать")
	r.mustSay("С этими требованиями портал ещё не сравнивали", "Установить 2 модуля")
	r.option("Готовые списки…", "Задачи")
	r.tapAfter("", "Заменить")
	r.mustSay("Прежнее сравнение, 23.11.2026", "готовый список BoxReady")
	r.mustNotSay("Звонок+")
	r.tap(r.say("window.requirements.compare", nil))
	r.waitUntil("the new comparison", func() bool {
		return !r.says("Прежнее сравнение") && r.says(r.say("window.requirements.again", nil))
	})
}

// TestSecondRequirementsAreAskedAbout asserts that nothing changes before the owner says what becomes of those chosen before.
func TestSecondRequirementsAreAskedAbout(t *testing.T) {
	second := strings.ReplaceAll(telephony, "Звонок+", "Второе")
	for answer, left := range map[string][]bool{"Добавить": {true, true}, "Заменить": {false, true}, "Отмена": {true, false}} {
		t.Run(answer, func(t *testing.T) {
			r := open(t, setup{})
			r.w.Drop(file(t, "calls.boxready.yaml", telephony))
			r.mustSay("Звонок+")
			r.w.Drop(file(t, "calls.boxready.yaml", telephony)) // the same file once more
			r.waitUntil("the file", func() bool { return !r.says(r.say("window.requirements.reading", nil)) })
			r.mustNotSay("Добавить к прежним требованиям?")
			r.w.Drop(file(t, "second.boxready.yaml", second))
			r.mustSay("Уже выбрано: Звонок+. Новое: Второе.")
			r.tapAfter("", answer)
			r.mustNotSay("Уже выбрано")
			for i, name := range []string{"Звонок+", "Второе"} {
				if r.says(name) != left[i] {
					t.Errorf("%q is shown: %t", name, r.says(name))
				}
			}
		})
	}
}

func TestComparisonNotPossible(t *testing.T) {
	s := comparing(t)
	inner := s.checker.outcome
	s.checker.outcome = func(target checks.Target) *checks.Outcome {
		o := inner(target)
		o.Results = slices.DeleteFunc(o.Results, func(r checks.Result) bool {
			return byID(t, checks.RequiredModules).Group == checks.AccessGroup && strings.HasPrefix(string(r.Check), "m")
		})
		o.Results = append(o.Results, checks.Result{Check: checks.RequiredModules, State: checks.Skipped, Because: checks.AuthServerFromPortal, Vantage: checks.FromComputer})
		return o
	}
	r := open(t, s)
	r.w.Drop(file(t, "calls.boxready.yaml", telephony))
	r.mustSay("Звонок+")
	r.tap("Указать портал")
	r.check("portal.example.ru")
	r.mustSay("Можно обратиться к серверам приложения?")
	r.tap("Да, проверить")
	r.mustSay(stillBroken)
	r.tap("Требования")
	r.mustSay("Сравнить не получилось", "Помешало вот что: "+cutOff)
	r.tap("Подробно и по шагам")
	r.mustSay(cutOff, "С чего начать")
}

func TestManyRequirements(t *testing.T) {
	var methods []string
	for i := range 5000 {
		methods = append(methods, fmt.Sprintf("vendor.thing%d.get", i))
	}
	r := open(t, comparing(t))
	r.w.Drop(file(t, "many.boxready.yaml", "boxready: 1\napplication: {name: Много}\nmethods: ["+strings.Join(methods, ", ")+"]\n"))
	r.mustSay("vendor.thing0.get")
	r.mustSay("и ещё 4994")
	r.mustNotSay("vendor.thing10.get")
	r.tap("Указать портал")
	r.check("portal.example.ru")
	r.waitUntil("the run", r.verdictShown)
	r.tap("Требования")
	r.mustSay("Спросить разработчика приложения: 5000", "vendor.thing5.get", "Показать ещё")
	r.mustNotSay("vendor.thing40.get")
	r.tap("Показать ещё")
	r.mustSay("vendor.thing40.get")
	r.mustNotSay("vendor.thing3000.get")
	r.tap("Скопировать письмо")
	if letter := r.app.Clipboard().Content(); !strings.Contains(letter, "vendor.thing4999.get") {
		t.Error("the letter doesn't have all of them")
	}
}

func TestInvalidRequirementFiles(t *testing.T) {
	r := open(t, setup{})
	folder := t.TempDir()
	r.w.Drop(folder, filepath.Join(folder, "gone.boxready.yaml"), file(t, "huge.boxready.yaml", strings.Repeat("a: b\n", 1<<18)),
		file(t, "code.boxready.yaml", "a: &a [*a, *a]\n"))
	r.mustSay("gone.boxready.yaml: Такого файла нет.")
	r.mustSay("huge.boxready.yaml:1:1: Файл больше 1024 КиБ", filepath.Base(folder)+": Файл не читается.", "code.boxready.yaml:1:")
	r.w.Drop(file(t, "calls.boxready.yaml", telephony))
	r.mustSay("Звонок+")
	r.mustNotSay("Такого файла нет")
}

func TestCatalogue(t *testing.T) {
	s := comparing(t)
	r := open(t, s)
	r.tap("Требования")
	r.tap("Справочник методов")
	list := bitrix.CatalogueInfo()
	r.mustSay(fmt.Sprintf("%d назван", list.Methods+list.Events), "по документации от "+list.Day().Format("02.01.2006"))
	r.typeIn("deal onCRM")
	r.mustSay("ONCRMDEALADD", "событие, модуль crm")
	r.shortcut(&fyne.ShortcutSelectAll{})
	r.typeIn("crm.item.l")
	r.mustSay("1 название", "crm.item.list")
	r.key(fyne.KeyReturn)
	r.mustSay("Метод, модуль crm", "Появился после версии", "Портал не указан, поэтому неизвестно")
	r.tap("Документация")
	if address := <-r.opened; !strings.HasPrefix(address, "https://apidocs.bitrix24.ru/") {
		t.Errorf("opened %s", address)
	}
	r.tap("Скопировать имя")
	if got := r.app.Clipboard().Content(); got != "crm.item.list" {
		t.Errorf("copied %q", got)
	}
	r.key(fyne.KeyEscape)
	r.mustSay("1 название")

	// With the keyboard alone: the second of those found, which has a successor.
	r.shortcut(&fyne.ShortcutSelectAll{})
	r.typeIn("crm.deal.")
	r.canvas().FocusNext()
	r.key(fyne.KeyDown)
	r.key(fyne.KeyUp)
	r.key(fyne.KeyReturn)
	r.mustSay("crm.deal.add", "Устарело", "Вместо него", "crm.item.add")
	r.tap("Показать замену")
	r.mustNotSay("Устарело")
	r.key(fyne.KeyEscape)
	r.key(fyne.KeyEscape)
	r.mustSay("Что нужно приложению")
}

func TestAskingAPortalAboutOneMethod(t *testing.T) {
	s := comparing(t)
	r := open(t, s)
	r.check("portal.example.ru")
	r.waitUntil("the run", r.verdictShown)
	show := func(name string) {
		r.tap("Требования")
		if r.says("Назад") {
			r.key(fyne.KeyEscape)
			r.key(fyne.KeyEscape)
		}
		r.tap("Справочник методов")
		r.typeIn(name)
		r.key(fyne.KeyReturn)
	}
	show("crm.item.list")
	r.mustSay("На портале https://portal.example.ru", "Неизвестно: последняя проверка об этом не спрашивала")
	r.tap("Спросить портал")
	r.waitUntil("the answer", func() bool { return r.says("Есть") && !r.says("Спрашиваем") })
	if !slices.Equal(s.checker.again, []checks.ID{checks.RequiredModules}) {
		t.Errorf("made again: %v", s.checker.again)
	}
	show("booking.v1.booking.add")
	r.mustSay("Нет, потому что нет модуля booking")
	show("crm.item.update")
	r.tap("Спросить портал")
	r.mustSay("Нет, хотя модуль crm есть")
	if s := r.store.Portals()[0]; s.Applications != nil {
		t.Errorf("what was asked about became a requirement: %+v", s.Applications)
	}

	s.checker.outcome = replayed(t, "auth-server") // without facts about modules
	show("task.commentitem.add")
	r.tap("Спросить портал")
	r.mustSay("Понятного ответа портал не дал")
}

func TestRequirementsOfTheDemo(t *testing.T) {
	r := open(t, setup{demo: demoOf(t, faulty(t)), inDemo: true})
	r.mustSay(stillBroken)
	r.tap("Требования")
	r.mustSay("Учебное приложение", "telephony.externalcall.register")
	r.w.Drop(file(t, "calls.boxready.yaml", telephony))
	r.mustSay("Звонок+")
	r.mustNotSay("Учебное приложение")
	if kept := r.store.Portals(); len(kept) > 0 {
		t.Errorf("kept of the demo: %+v", kept)
	}
	r.tap("Закрыть учебный портал")
	r.tap("Требования")
	r.mustNotSay("Звонок+", "Учебное приложение")
}
