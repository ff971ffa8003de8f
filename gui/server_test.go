package gui_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"boxready/checks"
	"boxready/gui"
	"boxready/gui/widgets"
	"boxready/internal/report"
	"boxready/internal/secret"
	"boxready/internal/serverprobe"
)

// answer is what the script prints on the server of a portal, which can't reach the authorization server.
func answer(t testing.TB, portal, nonce string, made time.Time) string {
	t.Helper()
	text, err := serverprobe.Print(&serverprobe.Answer{
		Kind: serverprobe.PHP, Nonce: nonce, PortalHost: portal, Time: made, SAPI: "fpm-fcgi", Loaded: true,
		Hosts: []serverprobe.Host{{Host: "oauth.bitrix24.tech", Port: 443, InUse: true, DNS: "ok", TCP: "failed", TCPError: "110 Connection timed out"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// withServer sets up a window whose runs judge the answer that was pasted.
func withServer(t *testing.T) setup {
	before := replayed(t, "auth-server")
	return setup{checker: &fakeChecker{outcome: func(target checks.Target) *checks.Outcome {
		o := before(target)
		if p := target.ServerProbe; p != nil {
			o.Results = append(o.Results, checks.LookAtProbe(target, p.Time)...)
			facts := &checks.ServerAuthFacts{Web: true, Hosts: []checks.ServerHost{{By: serverprobe.PHP, Host: p.Hosts[0].Host, Port: 443, InUse: true, Asked: true, Layer: "tcp", Failure: p.Hosts[0].TCPError}}}
			o.Results = append(o.Results, byID(t, checks.ServerAuthServer).Judge(facts, nil)...)
		}
		return o
	}}, with: func(p *gui.Params) {
		p.RunProbe = func(context.Context, serverprobe.Server, string, func(context.Context) (secret.String, error)) ([]byte, error) {
			return nil, errors.New("not here")
		}
	}}
}

// onServerPage checks a portal and opens the section about its server.
func (r *testWindow) onServerPage() {
	r.t.Helper()
	r.check("portal.example.ru")
	r.waitUntil("the end of the run", r.verdictShown)
	r.openSection("server")
}

// paste pastes into the paste area, with the keyboard.
func (r *testWindow) paste(text string) {
	r.t.Helper()
	var area *widgets.PasteArea
	r.walk(func(o fyne.CanvasObject, _ fyne.Position, _ rect) bool {
		if a, ok := o.(*widgets.PasteArea); ok {
			area = a
		}
		return true
	})
	if area == nil {
		r.t.Fatal("there is nothing to paste into")
	}
	r.canvas().Focus(area)
	r.app.Clipboard().SetContent(text)
	r.shortcut(&fyne.ShortcutPaste{Clipboard: r.app.Clipboard()})
	r.waitUntil("what was pasted to be read", func() bool { return !r.says(r.say("window.requirements.reading", nil)) })
}

func (r *testWindow) now() time.Time { return r.clock.now() }

func serverStates() []pageState {
	return []pageState{
		{"server", withServer, func(r *testWindow) { r.onServerPage() }},
		{"server script", withServer, func(r *testWindow) {
			r.onServerPage()
			r.tap(r.say("window.server.kind-sh", nil))
			r.tap(r.say("window.server.look", nil))
		}},
		{"server with a bad paste", withServer, func(r *testWindow) {
			r.onServerPage()
			r.paste("Здравствуйте! Скрипт выполнили, вот ответ.\n" + strings.Repeat("BOXREADY-PROBE-", 40) + "\n\t…\n")
		}},
		{"server of another portal", withServer, func(r *testWindow) {
			r.onServerPage()
			r.paste(answer(r.t, "other.example.ru", "abcdefgh12345678", r.now()))
		}},
		{"server that answered", withServer, func(r *testWindow) {
			r.onServerPage()
			r.paste(answer(r.t, "portal.example.ru", "abcdefgh12345678", r.now().Add(-72*time.Hour)))
			r.tap(r.say("window.server.check", nil))
			r.waitUntil("the second run", func() bool { return r.says(r.say("window.server.added", nil)) })
		}},
		{"server over SSH", withServer, func(r *testWindow) {
			r.onServerPage()
			r.tap(r.say("window.server.ssh", nil))
			r.tap(r.say("window.server.ssh-run", nil))
		}},
		{"server password", func(t *testing.T) setup {
			s := withServer(t)
			s.with = func(p *gui.Params) {
				p.RunProbe = func(ctx context.Context, _ serverprobe.Server, _ string, ask func(context.Context) (secret.String, error)) ([]byte, error) {
					_, err := ask(ctx)
					return nil, err
				}
			}
			return s
		}, func(r *testWindow) {
			r.onServerPage()
			r.runOverSSH()
			r.mustSay(r.say("window.server.ssh-go-on", nil))
		}},
	}
}

// runOverSSH names a server and begins.
func (r *testWindow) runOverSSH() {
	r.t.Helper()
	r.tap(r.say("window.server.ssh", nil))
	r.entryAfter(r.say("window.server.ssh-server", nil))
	r.typeIn("bitrix@server.example.ru")
	r.key(fyne.KeyReturn)
}

// entryAfter focuses the entry below a text.
func (r *testWindow) entryAfter(text string) {
	r.t.Helper()
	seen := false
	var found *widgets.Entry
	r.walk(func(o fyne.CanvasObject, _ fyne.Position, _ rect) bool {
		if said, ok := textOf(o); ok && said == text {
			seen = true
		}
		if e, ok := o.(*widgets.Entry); ok && seen && found == nil {
			found = e
		}
		return true
	})
	if found == nil {
		r.t.Fatalf("no field below %q", text)
	}
	r.canvas().Focus(found)
}

var nonceIn = regexp.MustCompile(`'nonce' => '(\w+)'`)

func TestServerNeedsAPortal(t *testing.T) {
	r := open(t, setup{})
	r.mustNotSay("Сервер портала")
}

func TestServerScript(t *testing.T) {
	r := open(t, withServer(t))
	r.onServerPage()
	r.tap("Скопировать скрипт")
	script := r.app.Clipboard().Content()
	if !strings.Contains(script, "portal.example.ru") {
		t.Error("the script isn't for this portal")
	}
	r.openSection("portals")
	r.openSection("server")
	r.tap("Скопировать скрипт")
	if again := r.app.Clipboard().Content(); again != script {
		t.Error("the second copy has another nonce")
	}
	r.tap("Открыть")
	r.waitUntil("the page", func() bool { return len(r.opened) > 0 })
	if page := <-r.opened; page != "https://portal.example.ru/bitrix/admin/php_command_line.php" {
		t.Errorf("it opens %s", page)
	}
	r.tap("Linux, консоль")
	r.tap("Скопировать скрипт")
	if r.app.Clipboard().Content() == script || !strings.HasPrefix(r.app.Clipboard().Content(), "#!/bin/sh") {
		t.Errorf("the script for Linux begins %.40q", r.app.Clipboard().Content())
	}
	file := filepath.Join(t.TempDir(), "script.sh")
	r.tap("Сохранить файлом…")
	r.typeIn(file) // replaces what is selected
	r.key(fyne.KeyReturn)
	r.mustSay("Сохранено: " + file)
	if saved, err := os.ReadFile(file); err != nil || string(saved) != r.app.Clipboard().Content() {
		t.Errorf("saved %d bytes, %v", len(saved), err)
	}
}

func TestServerAnswer(t *testing.T) {
	r := open(t, withServer(t))
	r.onServerPage()
	r.mustSay("Нажмите сюда")
	r.tap("Скопировать скрипт")
	found := nonceIn.FindStringSubmatch(r.app.Clipboard().Content())
	if found == nil {
		t.Fatalf("no nonce in %.600s", r.app.Clipboard().Content())
	}
	r.paste("Результат\n" + answer(t, "portal.example.ru", found[1], r.now()) + "Время выполнения: 1 с")
	r.mustSay("Ответ прочитан", "Скрипт PHP · 23")
	r.mustNotSay("скрипт был взят раньше")
	if len(r.checker.asked()) != 1 {
		t.Error("a run began without being asked for")
	}
	r.key(fyne.KeyReturn) // the focus is on the button that checks
	r.mustSay("Что это добавило")
	asked := r.checker.asked()
	if probe := asked[len(asked)-1].ServerProbe; probe == nil || probe.Nonce != found[1] {
		t.Errorf("the run was made with %+v", probe)
	}
	title := r.title(checks.ServerAuthServer, checks.AuthServerUnreachable)
	r.tap(title)
	r.mustSay("С чего начать")
	r.tap("Подробности")
	r.mustSay("Проверено на сервере портала")
	r.openSection("server")
	r.tap("Убрать")
	r.mustSay("Нажмите сюда")
	r.ctrl(fyne.Key1)
	r.key(fyne.KeyF5)
	r.waitUntil("another run", func() bool { return len(r.checker.asked()) == 3 })
	if r.checker.asked()[2].ServerProbe != nil {
		t.Error("an answer that was removed is used")
	}
}

// TestInvalidServerAnswers checks that mistakes are shown at once, and that such an answer is not used.
func TestInvalidServerAnswers(t *testing.T) {
	r := open(t, withServer(t))
	r.onServerPage()
	good := answer(t, "portal.example.ru", "abcdefgh12345678", r.now())
	r.tap("Скопировать скрипт")
	script := r.app.Clipboard().Content()
	for name, c := range map[string]struct{ pasted, says string }{
		"nothing":        {" ", "здесь пусто"},
		"the script":     {script, "Это сам скрипт"},
		"another text":   {"Здравствуйте!", "Ответа скрипта здесь нет"},
		"cut off":        {good[:len(good)-30], "У ответа нет конца"},
		"changed":        {strings.Replace(good, "data:\ney", "data:\neX", 1), "изменился по дороге"},
		"another portal": {strings.Replace(good, good, answer(t, "other.example.ru", "abcdefgh12345678", r.now()), 1), "Вставлен ответ другого портала"},
		"much junk":      {strings.Repeat("BOXREADY-PROBE-BEGIN junk \x00\x1b ё", 10<<20/30), "У ответа нет конца"},
	} {
		r.paste(c.pasted)
		if !r.says(c.says) {
			t.Errorf("%s: the window says\n%s", name, strings.Join(r.texts(), "\n"))
		}
		r.mustNotSay("Проверить портал с этим")
	}
	r.paste(good)
	r.mustSay("Ответ прочитан", "скрипт был взят раньше", "Проверить портал с этим")
}

func TestServerAnswerFromFile(t *testing.T) {
	r := open(t, withServer(t))
	r.onServerPage()
	file := filepath.Join(t.TempDir(), "answer.txt")
	if err := os.WriteFile(file, []byte(answer(t, "portal.example.ru", "abcdefgh12345678", r.now())), 0o600); err != nil {
		t.Fatal(err)
	}
	r.w.TakeServerAnswer(file)
	r.mustSay("Ответ прочитан")
	r.w.TakeServerAnswer(file + ".gone")
	r.mustSay("Файл прочитать не удалось")
}

// TestDroppedServerAnswer drops the answer on another page, before and after there is a portal.
func TestDroppedServerAnswer(t *testing.T) {
	r := open(t, withServer(t))
	file := filepath.Join(t.TempDir(), "answer.txt")
	if err := os.WriteFile(file, []byte(answer(t, "portal.example.ru", "abcdefgh12345678", r.now())), 0o600); err != nil {
		t.Fatal(err)
	}
	r.w.Drop(file)
	r.mustSay("К какому порталу относится файл?", "answer.txt")
	r.w.Drop(file) // nothing happens behind a dialog
	r.key(fyne.KeyEscape)
	r.onServerPage()
	r.openSection("portals")
	r.w.Drop(file)
	r.mustSay("Ответ прочитан")
	outside := filepath.Join(t.TempDir(), "outside.json")
	if err := os.WriteFile(outside, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.w.Drop(outside)
	r.mustSay("не файл проверки BoxReady")
}

func TestServerAnswerForgottenWithItsPortal(t *testing.T) {
	r := open(t, withServer(t))
	r.onServerPage()
	r.paste(answer(t, "portal.example.ru", "abcdefgh12345678", r.now()))
	r.openSection("portals")
	r.tap("Новый портал")
	r.mustNotSay("Сервер портала")
	r.check("other.example.ru")
	r.waitUntil("the end of the run", func() bool { return len(r.checker.asked()) == 2 && r.verdictShown() })
	if r.checker.asked()[1].ServerProbe != nil {
		t.Error("one portal's answer is used for another")
	}
	r.openSection("server")
	r.mustSay("Нажмите сюда")
}

func TestServerProbeOverSSH(t *testing.T) {
	type call struct {
		server serverprobe.Server
		script string
	}
	calls := make(chan call, 10)
	results := make(chan error, 10)
	passwords := make(chan string, 10)
	s := withServer(t)
	var r *testWindow
	s.with = func(p *gui.Params) {
		p.RunProbe = func(ctx context.Context, server serverprobe.Server, script string, ask func(context.Context) (secret.String, error)) ([]byte, error) {
			calls <- call{server, script}
			password, err := ask(ctx)
			if err != nil {
				return nil, err
			}
			passwords <- password.Reveal()
			if err := <-results; err != nil {
				return nil, err
			}
			return []byte(answer(t, "portal.example.ru", "abcdefgh12345678", r.now())), nil
		}
	}
	r = open(t, s)
	r.onServerPage()
	r.tap("Или выполнить по SSH")
	r.tap("Выполнить")
	r.mustSay("не похоже на сервер")
	r.entryAfter("Пользователь и сервер, например bitrix@server.example.ru")
	r.typeIn("bitrix@server.example.ru:2222")
	r.key(fyne.KeyReturn)
	r.mustSay("Пароль bitrix@server.example.ru")
	if c := <-calls; c.server != (serverprobe.Server{User: "bitrix", Host: "server.example.ru", Port: 2222}) || !strings.Contains(c.script, "/home/bitrix/www") {
		t.Errorf("it runs %.200s on %+v", c.script, c.server)
	}
	// Dismissing the password's dialog stops it.
	r.key(fyne.KeyEscape)
	r.waitUntil("the end", func() bool { return !r.says("Выполняем на сервере") })
	r.mustNotSay("оборвалось")

	r.tap("Выполнить")
	r.mustSay("Пароль bitrix@server.example.ru")
	r.typeIn("hunter2")
	results <- &serverprobe.SSHError{Reason: serverprobe.SSHUnknownHost, Key: "SHA256:abc"}
	r.key(fyne.KeyReturn)
	r.mustSay("SHA256:abc")
	if password := <-passwords; password != "hunter2" {
		t.Errorf("the password is %q", password)
	}

	r.tap("Выполнить")
	r.mustSay("Пароль bitrix@server.example.ru")
	results <- nil
	r.tap("Продолжить")
	r.mustSay("Ответ прочитан")
	r.mustNotSay("hunter2")
}

// TestServerProbeOverSSHEndsWithTheWindow closes the window while the server doesn't answer; TestMain finds goroutines that are left.
func TestServerProbeOverSSHEndsWithTheWindow(t *testing.T) {
	s := withServer(t)
	begun := make(chan bool, 1)
	s.with = func(p *gui.Params) {
		p.RunProbe = func(ctx context.Context, _ serverprobe.Server, _ string, _ func(context.Context) (secret.String, error)) ([]byte, error) {
			begun <- true
			<-ctx.Done()
			return nil, ctx.Err()
		}
	}
	r := open(t, s)
	r.onServerPage()
	r.runOverSSH()
	<-begun
	r.mustSay("Выполняем на сервере")
	r.w.Close()
}

func TestOutsideRun(t *testing.T) {
	r := open(t, withServer(t))
	r.onServerPage()
	write := func(portal string) string {
		target := checks.Target{Address: mustParse(t, portal)}
		file := filepath.Join(t.TempDir(), "outside.json")
		err := report.WriteFile(file, func(w io.Writer) error {
			return report.WriteJSON(w, (&report.Reporter{Words: r.words(), Version: "0.1.0-test"}).Document(replayed(t, "auth-server")(target)), true)
		})
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	r.w.TakeOutside(write("other.example.ru"))
	r.mustSay("Это проверка другого портала: https://other.example.ru")
	r.w.TakeOutside("server_test.go")
	r.mustSay("не файл проверки BoxReady")
	r.w.TakeOutside(write("portal.example.ru"))
	r.mustSay("Проверка из интернета от")
	r.tap("Проверить портал с этим")
	r.waitUntil("the second run", func() bool { return len(r.checker.asked()) == 2 })
	if outside := r.checker.asked()[1].Outside; outside == nil || len(outside.Results) == 0 {
		t.Errorf("the run was made with %+v", outside)
	}
}
