package gui_test

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"boxready/checks"
	"boxready/gui"
	"boxready/gui/store"
	"boxready/gui/widgets"
)

func lettersStates() []pageState {
	broken := func(t *testing.T) setup { return setup{checker: faulty(t)} }
	opened := func(r *testWindow) {
		r.check("portal.example.ru")
		r.waitUntil("the end of the run", r.verdictShown)
		r.openSection("letters")
	}
	withRules := func(r *testWindow) {
		opened(r)
		r.option(r.say("window.letters.no-rules", nil), r.say("allowlist.equipment.mikrotik.name", nil))
	}
	return []pageState{
		{"letters", broken, withRules},
		{"letters unfolded", broken, func(r *testWindow) {
			withRules(r)
			r.tap(r.say("window.show", nil))
		}},
		{"letters asking", broken, func(r *testWindow) {
			opened(r)
			r.letterText().SetText("Коллеги, добрый день!")
			r.checkAgain()
			r.openSection("letters")
		}},
		{"letters to nobody", func(t *testing.T) setup {
			return setup{checker: &fakeChecker{outcome: withFixed(replayed(t, "auth-server"), checks.AuthServerFromPortal, checks.PortalTLS)}}
		}, opened},
	}
}

// letterText is the field with the letter's text.
func (r *testWindow) letterText() *widgets.Entry {
	r.t.Helper()
	r.entryAfter(r.say("window.letters.body", nil))
	return r.canvas().Focused().(*widgets.Entry)
}

// letterSubject is the field with the letter's subject.
func (r *testWindow) letterSubject() *widgets.Entry {
	r.t.Helper()
	r.entryAfter(r.say("window.letters.subject", nil))
	return r.canvas().Focused().(*widgets.Entry)
}

// checkAgain makes the check of the authorization server again, on the page of its finding.
func (r *testWindow) checkAgain() {
	r.t.Helper()
	before := len(r.checker.madeAgain())
	r.openSection("check")
	if !r.says(r.words().Say("part.saw", nil)) { // it isn't open any more
		r.tap(r.title(checks.AuthServerFromPortal, checks.AuthServerUnreachable))
	}
	r.tap(r.say("window.action.check-again", nil))
	r.waitUntil("the end of the run", func() bool { return len(r.checker.madeAgain()) > before && r.clock.running() == 0 })
}

// TestLetters writes to everybody who has something to do, and asks the portal for nothing.
func TestLetters(t *testing.T) {
	r := checkedPortal(t, setup{})
	r.openSection("letters")
	r.mustSay("Администратор сети", "Администратор сервера", "Тема", "Правила для: не нужны", "Все сетевые правила портала")
	if got := r.letterSubject().Text; !strings.HasPrefix(got, noServer+" — Битрикс24, portal.example.ru [") {
		t.Errorf("subject %q", got)
	}
	network := r.letterText().Text
	r.tap("Администратор сервера")
	r.mustNotSay("Правила для:")
	server := r.letterText().Text
	if !strings.Contains(network, noServer) || strings.Contains(network, tooSoon) || !strings.Contains(server, tooSoon) || strings.Contains(server, noServer) {
		t.Errorf("the letters:\n%s\n%s", network, server)
	}
	r.openSection("portals")
	r.openSection("letters")
	if got := r.letterText().Text; got != server {
		t.Errorf("after another section, the letter shown is\n%s", got)
	}
	if runs, again := len(r.checker.asked()), len(r.checker.madeAgain()); runs != 1 || again != 0 || len(r.opened) > 0 {
		t.Errorf("%d runs, %d checks made again, %d addresses opened", runs, again, len(r.opened))
	}
}

// TestLettersNeedAVerdict hides the section before the first run and during one.
func TestLettersNeedAVerdict(t *testing.T) {
	r := open(t, setup{checker: broken(t)})
	r.mustNotSay("Письма")
	r.check("portal.example.ru")
	r.mustSay(notReady)
	r.mustSay("Письма")
	r.checker.gate = blockAt(checks.PortalDNS)
	r.key(fyne.KeyF5)
	r.mustNotSay("Письма")
	r.key(fyne.KeyEscape)
	r.waitUntil("the end of the run", r.verdictShown)
}

func TestLetterOpenedFromAFinding(t *testing.T) {
	r := checkedPortal(t, setup{})
	r.tap(tooSoon)
	r.w.OpenLetter(checks.ServerAdmin)
	if got := r.letterText().Text; !strings.Contains(got, tooSoon) {
		t.Errorf("the letter to the server's administrator:\n%s", got)
	}
	r.key(fyne.KeyEscape)
	r.mustSay("Что мы увидели", tooSoon)
	r.openSection("letters")
	r.key(fyne.KeyEscape)
	if r.letterText() == nil {
		t.Error("Esc left a section that nothing led to")
	}
}

func TestNobodyToWriteTo(t *testing.T) {
	all := withFixed(replayed(t, "auth-server"), checks.AuthServerFromPortal, checks.PortalTLS)
	r := checkedPortal(t, setup{checker: &fakeChecker{outcome: all}})
	r.openSection("letters")
	r.mustSay("Писать никому не нужно: исправлять нечего.")
	r.mustNotSay("Тема", "Скопировать")
	r.ctrl(fyne.KeyS)
	r.mustNotSay("Имя файла")
	r.tap("Все сетевые правила портала")
	r.mustSay("Письмо администратору сети")

	own := func(target checks.Target) *checks.Outcome {
		o := all(target)
		o.Results = append(o.Results, checks.Result{Check: checks.WebhookCheck, State: checks.Unknown, Cause: checks.TimedOut, Owner: checks.You, Vantage: checks.FromComputer})
		return o
	}
	r = checkedPortal(t, setup{checker: &fakeChecker{outcome: own}})
	r.openSection("letters")
	r.mustSay("Писать никому не нужно: всё, что нашлось, исправляете вы сами.")
}

// TestEditedLetter keeps what was typed until the next run, and asks then.
func TestEditedLetter(t *testing.T) {
	r := checkedPortal(t, setup{})
	r.openSection("letters")
	written := r.letterText().Text
	r.letterText().SetText("Коллеги!\n")
	r.letterSubject().SetText("Срочно")
	mustBe := func(subject, body string) {
		t.Helper()
		if s, b := r.letterSubject().Text, r.letterText().Text; s != subject || b != body {
			t.Errorf("the letter is %q\n%s", s, b)
		}
	}
	r.tap("Администратор сервера")
	r.tap("Администратор сети")
	r.openSection("report")
	r.openSection("letters")
	mustBe("Срочно", "Коллеги!\n")
	r.mustNotSay("Оставить ваш текст")

	r.checkAgain()
	r.openSection("letters")
	r.mustSay("Портал проверен заново", "Взять новый")
	mustBe("Срочно", "Коллеги!\n")
	r.tap("Администратор сервера") // whose letter is as it was written
	r.mustNotSay("Взять новый")
	r.tap("Администратор сети")
	r.tap("Оставить ваш текст")
	r.mustNotSay("Взять новый")
	mustBe("Срочно", "Коллеги!\n")

	r.checkAgain()
	r.openSection("letters")
	if f, ok := r.canvas().Focused().(fyne.CanvasObject); !ok || !strings.Contains(describe(f), "Оставить ваш текст") {
		t.Error("the focus isn't on the question")
	}
	r.tap("Взять новый")
	mustBe(noServer+" — Битрикс24, portal.example.ru [CQ7KW2Z9]", written)

	// What was typed and taken back is no text of the owner's.
	r.letterText().SetText(written + "x")
	r.letterText().SetText(written)
	r.checkAgain()
	r.openSection("letters")
	r.mustNotSay("Взять новый")
}

// fileName matches the end of an attachment's title.
var fileName = regexp.MustCompile(`^, [a-z-]+\.[a-z]+\n$`)

func TestLetterIsCopiedWithTheRules(t *testing.T) {
	kept := store.Open(t.TempDir())
	r := checkedPortal(t, setup{store: kept})
	r.openSection("letters")
	if f, ok := r.canvas().Focused().(fyne.CanvasObject); !ok || !strings.Contains(describe(f), "Скопировать") {
		t.Error("the focus isn't on the primary button")
	}
	r.key(fyne.KeyReturn)
	plain := "Тема: " + r.letterSubject().Text + "\n\n" + r.letterText().Text
	attached := func(t *testing.T, copied string) (titles []string) {
		t.Helper()
		rest, found := strings.CutPrefix(copied, plain+"\n")
		if !found {
			t.Fatalf("copied %q, expected %q first", copied, plain)
		}
		for line := range strings.Lines(rest) {
			if at := strings.LastIndex(line, ", "); at >= 0 && fileName.MatchString(line[at:]) {
				titles = append(titles, strings.TrimSpace(line[at+2:]))
			}
		}
		return titles
	}
	if got := attached(t, r.app.Clipboard().Content()); !slices.Equal(got, []string{"connections.txt", "details.txt"}) {
		t.Errorf("attached: %q", got)
	}
	r.mustSay("Скопировано")
	r.advance(3 * time.Second)
	r.mustNotSay("Скопировано")

	r.option("Правила для: не нужны", "MikroTik")
	r.mustSay("добавятся в конец письма, ")
	r.tap("показать")
	rules := r.viewed()
	for _, part := range []string{"oauth.bitrix24.tech", "oauth.bitrix.info"} {
		if !strings.Contains(rules, part) {
			t.Errorf("no %s in the rules\n%s", part, rules)
		}
	}
	if strings.Contains(rules, "www.1c-bitrix.ru") {
		t.Errorf("the rules have hosts that the letter is not about:\n%s", rules)
	}
	r.tap("скрыть")
	r.tap("Скопировать")
	if got := attached(t, r.app.Clipboard().Content()); !slices.Equal(got, []string{"connections.txt", "boxready-mikrotik.rsc", "boxready-mikrotik-remove.rsc", "details.txt"}) {
		t.Errorf("attached: %q", got)
	}

	// Nftables has no names, and the queue's list isn't what is closed.
	r.option("Правила для: MikroTik", "nftables")
	r.mustSay("nftables: таких правил здесь не записать, в письме их не будет.")
	r.tap("Скопировать")
	if got := attached(t, r.app.Clipboard().Content()); !slices.Equal(got, []string{"connections.txt", "details.txt"}) {
		t.Errorf("attached: %q", got)
	}

	// The choice is the one of the network rules, and is remembered.
	r.openSection("allowlist")
	r.mustSay("Оборудование: nftables")
	r.option("Оборудование: nftables", "Squid")
	r.waitUntil("it being kept", func() bool { return kept.Settings().Network.Equipment == "squid" })
	r.openSection("letters")
	r.mustSay("Правила для: Squid")
}

func TestLetterInTheMailProgram(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "letters")
	var fails atomic.Bool // read off the Fyne thread
	var r *testWindow
	r = checkedPortal(t, setup{with: func(p *gui.Params) { p.Drafts = folder }, openURL: func(address string) error {
		r.opened <- address
		if fails.Load() {
			return errors.New("no mail program")
		}
		return nil
	}})
	r.openSection("letters")
	r.option("Правила для: не нужны", "MikroTik")
	r.app.Clipboard().SetContent("before")

	// Too long for a URL: a file, which has room for the rules.
	r.tap("Открыть в почте")
	message := r.message(r.fileAt(<-r.opened))
	if subject := r.letterSubject().Text; message.subject != subject {
		t.Errorf("subject %q, expected %q", message.subject, subject)
	}
	if body := r.letterText().Text; message.body != body || !strings.Contains(message.attached["boxready-mikrotik.rsc"], "/ip firewall address-list add") {
		t.Errorf("the text %q, attached %q", message.body, message.attached)
	}
	r.mustNotSay("Приложения в буфере обмена")
	if got := r.app.Clipboard().Content(); got != "before" {
		t.Errorf("in the clipboard: %q", got)
	}

	// Short enough for a URL.
	r.letterSubject().SetText("Сеть & порты + 100 %")
	r.letterText().SetText("Добрый день!\nПрошу открыть «443» + 80 & 5 %.")
	r.tap("Открыть в почте")
	r.mustSay("Приложения в буфере обмена: вставьте их в конец письма.")
	address := <-r.opened
	opened, err := url.Parse(address)
	if err != nil || opened.Scheme != "mailto" || opened.Query().Get("subject") != "Сеть & порты + 100 %" || opened.Query().Get("body") != "Добрый день!\r\nПрошу открыть «443» + 80 & 5 %." {
		t.Errorf("opened %s, %v", address, err)
	}
	if got := r.app.Clipboard().Content(); !strings.Contains(got, "/ip firewall address-list add") || strings.Contains(got, "Добрый день") {
		t.Errorf("in the clipboard: %q", got)
	}

	fails.Store(true)
	r.tap("Открыть в почте")
	r.mustSay("Почтовая программа не открылась")
	if got := r.app.Clipboard().Content(); !strings.HasPrefix(got, "Тема: Сеть & порты") || !strings.Contains(got, "address-list add") {
		t.Errorf("in the clipboard: %q", got)
	}
	if runs := len(r.checker.asked()); runs != 1 {
		t.Errorf("%d runs", runs)
	}
}

// fileAt is the file that a URL names.
func (r *testWindow) fileAt(address string) string {
	r.t.Helper()
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "file" {
		r.t.Fatalf("opened %q, %v", address, err)
	}
	path := filepath.FromSlash(u.Path)
	if drive := strings.TrimPrefix(path, `\`); filepath.VolumeName(drive) != "" {
		return drive
	}
	return path
}

// message reads a letter in a file.
func (r *testWindow) message(path string) (m letterFile) {
	r.t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		r.t.Fatal(err)
	}
	parsed, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		r.t.Fatal(err)
	}
	m.subject, err = new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject"))
	if err != nil {
		r.t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(parsed.Header.Get("Content-Type"))
	if err != nil {
		r.t.Fatal(err)
	}
	m.attached = map[string]string{}
	for parts := multipart.NewReader(parsed.Body, params["boundary"]); ; {
		part, err := parts.NextPart()
		if err == io.EOF {
			return m
		}
		if err != nil {
			r.t.Fatal(err)
		}
		data, err := io.ReadAll(part)
		if err != nil {
			r.t.Fatal(err)
		}
		text := strings.ReplaceAll(string(data), "\r\n", "\n")
		if name := part.FileName(); name != "" {
			m.attached[name] = text
		} else {
			m.body = text
		}
	}
}

// letterFile is a letter in a file.
type letterFile struct {
	subject, body string
	attached      map[string]string // by file name
}

func TestLetterIsSaved(t *testing.T) {
	folder := t.TempDir()
	r := checkedPortal(t, setup{with: func(p *gui.Params) { p.Downloads = folder }})
	r.openSection("letters")
	text := r.letterText().Text
	saved := func(name string) string {
		t.Helper()
		r.ctrl(fyne.KeyS)
		r.mustSay("Сохранить письмо")
		if name != "" {
			r.shortcut(&fyne.ShortcutSelectAll{})
			r.typeIn(name)
		} else {
			name = "boxready-letter-network-admin.txt"
		}
		r.key(fyne.KeyReturn)
		r.mustSay("Сохранено: " + filepath.Join(folder, name))
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	if got := saved(""); !strings.HasPrefix(got, "Тема: "+r.letterSubject().Text+"\n\n"+text+"\n") || !strings.Contains(got, "details.txt") {
		t.Errorf("saved %q", got)
	}
	r.canvas().Unfocus()
	if got := saved("l.html"); !strings.HasPrefix(got, "<!DOCTYPE html>") || !strings.Contains(got, noServer) {
		t.Errorf("saved %q", got)
	}
	r.canvas().Unfocus()
	saved("l.eml")
	if got := r.message(filepath.Join(folder, "l.eml")); got.body != text {
		t.Errorf("saved %q", got.body)
	}
}

// TestTabLeavesTheLetter asserts that the text doesn't keep the Tab key for itself.
func TestTabLeavesTheLetter(t *testing.T) {
	r := checkedPortal(t, setup{})
	r.openSection("letters")
	if text, ok := fyne.Focusable(r.letterText()).(fyne.Tabbable); !ok || text.AcceptsTab() {
		t.Error("the Tab key doesn't leave the text")
	}
}

// TestLongLetters writes letters about what may be of any length: Fyne measures all text of a field again and again.
func TestLongLetters(t *testing.T) {
	for name, outcome := range map[string]func(checks.Target) *checks.Outcome{"200 findings": many(200), "5000 methods": longList(5000)} {
		r := checkedPortal(t, setup{checker: &fakeChecker{outcome: func(target checks.Target) *checks.Outcome {
			o := outcome(target)
			for i := range o.Results {
				o.Results[i].Owner = checks.ServerAdmin
			}
			return o
		}}})
		r.openSection("letters")
		if n := len([]rune(r.letterText().Text)); n < 200 || n > 5000 {
			t.Errorf("%s: the letter has %d characters", name, n)
		}
	}
}
