package gui_test

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"boxready/checks"
	"boxready/gui"
	"boxready/gui/store"
	"boxready/gui/widgets"
	"boxready/internal/allowlist"
	"boxready/internal/bitrix"
	"boxready/internal/feed"
)

// noLists fails as if the feed were unreachable.
func noLists(context.Context, allowlist.Options) ([]feed.List, error) {
	return nil, feed.ErrUnreachable
}

func allowlistStates() []pageState {
	broken := func(t *testing.T) setup { return setup{checker: faulty(t)} }
	opened := func(r *testWindow) {
		r.check("portal.example.ru")
		r.waitUntil("the end of the run", r.verdictShown)
		r.openSection("allowlist")
	}
	return []pageState{
		{"allowlist", broken, func(r *testWindow) {
			opened(r)
			r.option(r.say("window.allowlist.both", nil), r.say("allowlist.region.cis", nil))
			r.option(r.say("window.allowlist.none", nil), r.say("allowlist.equipment.mikrotik.name", nil))
		}},
		{"allowlist details", broken, func(r *testWindow) {
			opened(r)
			r.tap(r.say("window.allowlist.details", nil))
		}},
		{"allowlist without addresses", broken, func(r *testWindow) {
			opened(r)
			r.option(r.say("allowlist.handlers.internet.name", nil), r.say("allowlist.handlers.lan.name", nil))
			r.mustSay(r.say("window.allowlist.no-list", nil))
		}},
	}
}

// viewed is the text in the viewer.
func (r *testWindow) viewed() string {
	r.t.Helper()
	text, found := "", false
	r.walk(func(o fyne.CanvasObject, _ fyne.Position, _ rect) bool {
		if v, ok := o.(*widgets.Viewer); ok {
			text, found = v.Text(), true
		}
		return true
	})
	if !found {
		r.t.Fatalf("there is no viewer; the window shows:\n%s", strings.Join(r.texts(), "\n"))
	}
	return text
}

// mustView checks that the text in the viewer has these parts.
func (r *testWindow) mustView(parts ...string) {
	r.t.Helper()
	for _, part := range parts {
		if text := r.viewed(); !strings.Contains(text, part) {
			r.t.Errorf("the text doesn't say %q:\n%s", part, text)
		}
	}
}

func (r *testWindow) mustNotView(parts ...string) {
	r.t.Helper()
	for _, part := range parts {
		if text := r.viewed(); strings.Contains(text, part) {
			r.t.Errorf("the text says %q:\n%s", part, text)
		}
	}
}

func TestNetworkRules(t *testing.T) {
	kept := store.Open(t.TempDir())
	r := open(t, setup{store: kept})
	r.openSection("allowlist")
	r.mustSay("С сервера портала в интернет", "oauth.bitrix24.tech", "Россия и СНГ", "oauth.bitrix.info", "остальной мир", "*.1c-bitrix.ru", "отсюда не проверить", "ещё не проверялось")
	r.mustView("Тема: ", "oauth.bitrix24.tech, TCP 443")

	r.option("Регион неизвестен: оба", "Регион: остальной мир")
	r.mustNotSay("oauth.bitrix24.tech")
	r.mustNotView("oauth.bitrix24.tech")
	r.option("Регион: остальной мир", "Регион: Россия и СНГ")
	r.mustView("oauth.bitrix24.tech")

	r.option("Оборудование: не выбрано", "MikroTik")
	r.mustView("/ip firewall address-list add", "oauth.bitrix24.tech")
	r.mustSay("соединений, которые здесь не записать")
	r.tap("Как убрать")
	r.mustView("/ip firewall address-list remove")
	r.mustNotView("address-list add")
	r.tap("Копировать текст")
	if got := r.app.Clipboard().Content(); got != r.viewed() {
		t.Errorf("copied %q", got)
	}
	r.tap("Правила MikroTik")
	r.tap("Копировать правила")
	rules := r.app.Clipboard().Content()
	if rules != r.viewed() || !strings.Contains(rules, "address-list add") {
		t.Errorf("copied %q", rules)
	}
	r.tap("Копировать письмо")
	if letter := r.app.Clipboard().Content(); !strings.HasPrefix(letter, "Тема: ") || !strings.Contains(letter, rules) {
		t.Errorf("the letter, with the rules: %q", letter)
	}

	// Optional features of the portal.
	r.tap("Ещё: функции, адреса")
	r.mustSay("Функции портала")
	r.tap("Обновления и лицензия")
	r.mustSay("www.bitrixsoft.com")
	r.mustView("www.bitrixsoft.com")
	r.tap("Обновления и лицензия")
	r.mustNotView("www.bitrixsoft.com")
	r.tap("События")
	for _, pack := range []string{"Телефония", "Звонки и конференции", "Сайты", "Почта", "CoPilot", "Открытые линии", "Документы и видео", "СМС и WhatsApp", "CRM: реквизиты"} {
		r.tap(pack)
	}
	r.tap("Показать ещё")
	r.mustNotSay("Показать ещё")
	for _, pack := range []string{"Телефония", "Звонки и конференции", "Сайты", "Почта", "CoPilot", "Открытые линии", "Документы и видео", "СМС и WhatsApp", "CRM: реквизиты"} {
		r.tap(pack)
	}

	// An address narrows the rules; an invalid one is reported and ignored.
	r.pasteInto("Сервер портала", "10.0.0")
	r.mustSay("Это не IP-адрес.")
	r.typeIn(".5")
	r.mustNotSay("Это не IP-адрес.")
	r.mustView("10.0.0.5")

	r.option("Обработчики: в интернете", "изолированно")
	r.mustNotView("oauth.bitrix24.tech")

	// The choices are restored at the next start, but not the address of this portal's server.
	r.waitUntil("it being kept", func() bool { return kept.Settings().Network.Handlers == "custom" })
	r = open(t, setup{store: kept, settings: kept.Settings()})
	r.openSection("allowlist")
	r.mustSay("Обработчики: изолированно", "Оборудование: MikroTik")
	r.mustNotView("10.0.0.5")
}

func TestEventQueueAddresses(t *testing.T) {
	asked := make(chan allowlist.Options, 10)
	answer := make(chan error)
	list := feed.List{Region: bitrix.CIS, URL: bitrix.Feed(bitrix.CIS), Nodes: []netip.Prefix{netip.MustParsePrefix("203.0.113.7/32"), netip.MustParsePrefix("203.0.113.9/32")},
		Fetched: time.Date(2026, 11, 23, 10, 40, 0, 0, time.UTC)}
	r := open(t, setup{settings: store.Settings{Region: "cis"}, with: func(p *gui.Params) {
		p.Lists = func(_ context.Context, o allowlist.Options) ([]feed.List, error) {
			asked <- o
			if err := <-answer; err != nil {
				return nil, err
			}
			return []feed.List{list}, nil
		}
	}})
	r.openSection("allowlist")
	r.option("Оборудование: не выбрано", "nftables")
	if len(asked) > 0 {
		t.Error("addresses were fetched that the rules don't need")
	}
	r.option("Обработчики: в интернете", "в нашей сети")
	r.mustSay("Получаем адреса очереди событий…")
	r.mustNotView("203.0.113.7")
	answer <- feed.ErrUnreachable
	r.mustSay("Адреса очереди событий получить не удалось")
	if o := <-asked; o.Region != bitrix.CIS {
		t.Errorf("asked for region %q", o.Region)
	}
	r.tap("Повторить")
	answer <- nil
	r.mustSay("Адреса очереди событий: 2, получены 23.11.2026 10:40.")
	r.mustView("203.0.113.7", "203.0.113.9")
	r.tap("Обновление адресов")
	r.mustView("#!/usr/bin/env python3", bitrix.Feed(bitrix.CIS))
	r.tap("Правила nftables")

	// The other region's are fetched as well when it is chosen.
	r.option("Регион: Россия и СНГ", "Регион неизвестен: оба")
	answer <- errors.New("no network")
	r.mustSay("Адреса очереди событий получить не удалось")
	r.mustView("203.0.113.7")
}

func TestSavingAndMailingTheLetter(t *testing.T) {
	folder := t.TempDir()
	fails := make(chan bool, 1)
	fails <- false
	var r *testWindow
	r = open(t, setup{with: func(p *gui.Params) { p.Downloads, p.Drafts = folder, t.TempDir() }, openURL: func(address string) error {
		if <-fails {
			return errors.New("no mail program")
		}
		r.opened <- address
		return nil
	}})
	r.openSection("allowlist")
	r.tap("Отправить…")
	message := r.message(r.fileAt(<-r.opened)) // too long for a URL
	if !strings.Contains(message.body, "oauth.bitrix24.tech") || !strings.Contains(message.attached["connections.txt"], "1. oauth.bitrix24.tech") {
		t.Errorf("the text %q, attached %q", message.body, message.attached)
	}
	fails <- true
	r.tap("Отправить…")
	r.mustSay("Почтовая программа не открылась")
	r.mustSay("Письмо уже скопировано")
	r.key(fyne.KeyEscape)
	if got := r.app.Clipboard().Content(); got != r.viewed() {
		t.Errorf("in the clipboard: %q", got)
	}

	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Error(err)
		}
		return string(data)
	}
	r.tap("Сохранить…")
	r.mustSay("Сохранить файл", folder)
	r.key(fyne.KeyReturn) // the focus is on the name
	r.mustSay("Сохранено: " + filepath.Join(folder, "boxready-letter.txt"))
	if got := read("boxready-letter.txt"); got != r.viewed() {
		t.Errorf("saved %q", got)
	}

	// An existing file is not replaced without confirmation.
	if err := os.WriteFile(filepath.Join(folder, "boxready-letter.txt"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.tap("Сохранить…")
	r.key(fyne.KeyReturn)
	r.mustSay("Файл boxready-letter.txt здесь уже есть. Заменить его?")
	if got := read("boxready-letter.txt"); got != "mine" {
		t.Errorf("replaced by %q", got)
	}
	r.typeIn("l") // another name
	r.mustNotSay("Заменить его?")
	r.shortcut(&fyne.ShortcutSelectAll{})
	r.typeIn("письмо.html")
	r.key(fyne.KeyReturn)
	r.mustSay("Сохранено: " + filepath.Join(folder, "письмо.html"))
	if got := read("письмо.html"); !strings.HasPrefix(got, "<!DOCTYPE html>") || !strings.Contains(got, "oauth.bitrix24.tech") {
		t.Errorf("saved %q", got)
	}
	r.tap("Сохранить…")
	r.key(fyne.KeyReturn)
	r.mustSay("Заменить его?")
	r.tapAfter("", "Заменить")
	r.waitUntil("it being replaced", func() bool { return !r.says("Имя файла") })
	if got := read("boxready-letter.txt"); got != r.viewed() {
		t.Errorf("after yes: %q", got)
	}

	// A folder that doesn't exist.
	r.tap("Сохранить…")
	r.shortcut(&fyne.ShortcutSelectAll{})
	r.typeIn(filepath.Join(folder, "gone", "letter.txt"))
	r.key(fyne.KeyReturn)
	r.mustSay("Папки для ")
	r.key(fyne.KeyEscape)
	r.mustNotSay("Имя файла")

	// Another folder.
	other := filepath.Join(folder, "other")
	if err := os.Mkdir(other, 0o700); err != nil {
		t.Fatal(err)
	}
	r.option("Оборудование: не выбрано", "Squid")
	r.tap("Сохранить…")
	r.tap("Другая папка…")
	r.mustSay("Выберите папку", "other")
	r.tap("other")
	r.mustSay("Здесь нет папок.")
	r.tap("Выбрать эту папку")
	r.mustSay(other)
	r.tapAfter("Имя файла", "Сохранить")
	r.mustSay("Сохранено: " + filepath.Join(other, "boxready-squid.conf"))
}

func TestRecheckOfTheNetwork(t *testing.T) {
	r := open(t, setup{checker: faulty(t)})
	r.openSection("allowlist")
	r.mustNotSay("Проверить снова")
	r.tap("Проверка")
	r.check("portal.example.ru")
	r.mustSay(stillBroken)
	r.openSection("allowlist")
	r.mustSay("портал не связался со своим сервером авторизации, одним из этих двух; проверено 23.11.2026", "открыто с этого компьютера, 23.11.2026")
	r.mustView("portal.example.ru", "портал не связался со своим сервером авторизации")

	gate := make(chan struct{})
	r.checker.gate = func(ctx context.Context, id checks.ID) { <-gate }
	inner := r.checker.outcome
	r.checker.outcome = func(target checks.Target) *checks.Outcome {
		o := inner(target)
		for i, result := range o.Results {
			if result.Check == checks.AuthServerFromPortal {
				o.Results[i] = checks.Result{Check: result.Check, State: checks.OK, Vantage: result.Vantage}
			}
		}
		return o
	}
	r.tap("Проверить снова")
	r.mustSay("Проверяем…")
	close(gate)
	r.mustSay("открыт сервер одного из двух регионов")
	for _, want := range []checks.ID{checks.AuthServerFromPortal, checks.PortalTCP} {
		if !slices.Contains(r.checker.again, want) {
			t.Errorf("made again: %v", r.checker.again)
		}
	}
	r.option("Регион неизвестен: оба", "Регион: Россия и СНГ")
	r.mustSay("открыто, видно через портал, 23.11.2026")
}

func TestRulesContainTheApplicationsHosts(t *testing.T) {
	r := open(t, setup{checker: faulty(t)})
	r.w.Drop(file(t, "calls.boxready.yaml", strings.Replace(telephony, "internet", "lan", 1)))
	r.mustSay("Звонок+")
	r.tap("Указать портал")
	r.check("portal.example.ru")
	r.mustSay("Можно обратиться к узлам приложения?")
	r.tap("Да, проверить")
	r.mustSay(stillBroken)
	r.openSection("allowlist")
	r.mustSay("Обработчики: в нашей сети", "app.vendor.example", "calls.vendor.example", "TCP 8443")
	r.mustView("app.vendor.example")
}
