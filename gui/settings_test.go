package gui_test

import (
	"context"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"boxready/assets"
	"boxready/checks"
	"boxready/gui"
	"boxready/gui/store"
	"boxready/gui/widgets"
	"boxready/internal/crash"
)

// choose opens the select beside a name and chooses an option.
func (r *testWindow) choose(name, option string) {
	r.t.Helper()
	seen := false
	var choice fyne.Tappable
	r.walk(func(o fyne.CanvasObject, _ fyne.Position, _ rect) bool {
		if text, ok := textOf(o); ok && text == name {
			seen = true
		}
		if s, ok := o.(*widgets.Select); ok && seen && choice == nil {
			choice = s
		}
		return true
	})
	if choice == nil {
		r.t.Fatalf("no choice beside %q", name)
	}
	test.Tap(choice)
	r.tap(option)
}

func TestLanguageAndThemeChangeAtOnce(t *testing.T) {
	dir := t.TempDir()
	r := open(t, setup{store: store.Open(dir)})
	r.tap("Настройки")
	light := r.canvas().Capture()
	r.choose("Язык", "English")
	r.mustSay("Appearance")
	r.mustSay("Settings", "Check", "Language")
	r.mustNotSay("Настройки", "Вид")
	if r.canvas().Focused() == nil {
		t.Error("nothing has the focus")
	}
	r.choose("Theme", "Dark")
	r.waitUntil("darkness", func() bool { return brightness(r.canvas().Capture()) < 80 })
	if brightness(light) < 180 {
		t.Error("it was dark before")
	}
	r.tap("Check")
	r.mustSay("Will applications work")

	// The settings were saved.
	if got := store.Open(dir).Settings(); got.Language != "en" || got.Look != "dark" {
		t.Errorf("kept: %+v", got)
	}
}

func brightness(img image.Image) uint32 {
	r, g, b, _ := img.At(5, 300).RGBA()
	return (r + g + b) / 3 >> 8
}

func TestFieldMenusUseTheChosenLanguage(t *testing.T) {
	r := open(t, setup{lang: "ru"})
	test.TapSecondary(r.canvas().Focused().(fyne.SecondaryTappable))
	r.mustSay("Вставить", "Выделить всё")
	r = open(t, setup{lang: "en"})
	test.TapSecondary(r.canvas().Focused().(fyne.SecondaryTappable))
	r.mustSay("Paste", "Select all")
}

func TestSettingsSaveError(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r := open(t, setup{store: store.Open(filepath.Join(file, "below"))})
	r.tap("Настройки")
	r.choose("Язык", "English")
	r.mustSay("The choice couldn't be saved")
}

func TestScale(t *testing.T) {
	got := make(chan float32, 5)
	r := open(t, setup{scaled: func(factor float32) { got <- factor }})
	r.tap("Настройки")
	r.choose("Масштаб", "150 %")
	r.waitUntil("the scale", func() bool { return len(got) > 0 })
	if factor := <-got; factor != 1.5 || r.store.Settings().Scale != 1.5 {
		t.Errorf("scaled by %v", factor)
	}
	r.tap("Проверка")
	r.tap("Настройки")
	r.mustSay("150 %")
}

func TestRegionGoesIntoRuns(t *testing.T) {
	r := open(t, setup{checker: &fakeChecker{outcome: replayed(t, "auth-server")}})
	r.tap("Настройки")
	r.choose("Сервер авторизации", "Другие страны")
	r.waitUntil("the setting", func() bool { return r.store.Settings().Region == "world" })
	r.tap("Проверка")
	r.check("portal.example.ru")
	r.mustSay("пока работать не будут")
	if region := r.checker.asked()[0].Region; region != "world" {
		t.Errorf("region %q", region)
	}
}

func TestSelfTestAndProxyAreShown(t *testing.T) {
	answer := make(chan bool)
	r := open(t, setup{
		proxy: func(address string) string { return "http://proxy.corp.example:3128" },
		selfTest: func(context.Context) *checks.Outcome {
			<-answer
			return &checks.Outcome{Results: []checks.Result{
				{Check: checks.SelfClock, State: checks.Problem, Cause: checks.ClockWrong, Owner: checks.You, Args: checks.Args{"offset": 20 * time.Minute, "ahead": true}},
			}}
		},
	})
	r.tap("Настройки")
	r.mustSay("http://proxy.corp.example:3128")
	r.tapAfter("верное время", "Проверить")
	r.mustSay("Проверяем…")
	answer <- true
	r.waitUntil("the result", func() bool { return !r.says("Проверяем…") })
	r.mustSay("20 минут")
	if r.canvas().Focused() == nil {
		t.Error("nothing has the focus")
	}
}

func TestAboutListsLibrariesAndLicences(t *testing.T) {
	r := open(t, setup{size: fyne.NewSize(1040, 3000)})
	r.tap("Настройки")
	r.mustSay("BoxReady 0.1.0-test", "/home/somebody/.config/boxready")
	r.tap("Библиотеки и лицензии")
	all, err := assets.Licences()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range all {
		r.mustSay(l.Module)
	}
	r.tap("github.com/spf13/cobra")
	r.mustSay("Apache License")
	r.key(fyne.KeyEscape)
	r.mustSay("github.com/spf13/pflag")
	r.key(fyne.KeyEscape)
	r.mustSay("Оформление")
}

// fakeCrashes has the report of a crash.
type fakeCrashes struct {
	report  *crash.Report
	deleted chan bool
}

func (f *fakeCrashes) Report() (*crash.Report, error) { return f.report, nil }
func (f *fakeCrashes) Path() string                   { return "/home/somebody/.cache/boxready/crash.txt" }
func (f *fakeCrashes) Delete() error                  { f.deleted <- true; return nil }

func TestLastCrashIsOffered(t *testing.T) {
	f := &fakeCrashes{&crash.Report{Text: "panic: the end\n\ngoroutine 1 [running]:\nmain.main()\n" + strings.Repeat("more\n", 100), When: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}, make(chan bool, 1)}
	r := open(t, setup{crashes: f})
	r.mustSay("В прошлый раз BoxReady закрылся из-за ошибки")
	r.mustSay("panic: the end", f.Path())
	r.key(fyne.KeySpace) // the button that copies has the focus
	if got := r.app.Clipboard().Content(); !strings.HasPrefix(got, "BoxReady 0.1.0-test") || !strings.Contains(got, "2026-11-22 09:00:00 UTC") || !strings.Contains(got, f.report.Text) {
		t.Errorf("copied %q", got)
	}
	r.tap("Открыть папку")
	if got := <-r.opened; got != "file:///home/somebody/.cache/boxready" {
		t.Errorf("opened %q", got)
	}
	r.tapAfter("", "Удалить")
	<-f.deleted
	r.mustNotSay("из-за ошибки")

	// Without an answer, the next start offers it again.
	r = open(t, setup{crashes: f})
	r.mustSay("из-за ошибки")
	r.key(fyne.KeyEscape)
	r.mustNotSay("из-за ошибки")
	if len(f.deleted) > 0 {
		t.Error("deleted")
	}

	r = open(t, setup{crashes: &fakeCrashes{}})
	r.mustNotSay("из-за ошибки")
}

// TestHostileCrash: a panic may quote anything, in a line of any length. What is shown and copied has no secret and hides nothing.
func TestHostileCrash(t *testing.T) {
	text := "panic: GET https://portal.example.ru/rest/1/abcdefgh12345678/profile \x1b]0;x\x07 \u202egnp.exe\u200b\n" + strings.Repeat("x", 200<<10)
	r := open(t, setup{crashes: &fakeCrashes{report: &crash.Report{Text: text, When: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}}})
	r.mustSay("panic: GET https://portal.example.ru/rest/1/")
	for _, shown := range r.texts() {
		if len(shown) > 4<<10 {
			t.Errorf("a text of %d bytes", len(shown))
		}
	}
	r.key(fyne.KeySpace) // copy
	for _, text := range append(r.texts(), r.app.Clipboard().Content()) {
		if strings.ContainsAny(text, "\x1b\x07\u202e\u200b") || strings.Contains(text, "abcdefgh12345678") {
			t.Errorf("%.300q", text)
		}
	}
}

var _ gui.Crashes = crash.Log{}

// settingsStates are the states of the settings.
func settingsStates() []pageState {
	tested := &checks.Outcome{Results: []checks.Result{
		{Check: checks.SelfLoopback, State: checks.OK, Args: checks.Args{"address": "127.0.0.1:41924"}},
		{Check: checks.SelfClock, State: checks.Problem, Cause: checks.ClockWrong, Owner: checks.You, Args: checks.Args{"offset": 20 * time.Minute, "ahead": true}},
	}}
	all := func(*testing.T) setup {
		return setup{
			proxy:    func(string) string { return "http://proxy.corp.example:3128" },
			selfTest: func(context.Context) *checks.Outcome { return tested },
		}
	}
	opened := func(r *testWindow) {
		r.openSection("settings")
		r.mustSay("http://proxy.corp.example:3128")
	}
	crashed := &fakeCrashes{report: &crash.Report{Text: "panic: the end\n\ngoroutine 1 [running]:\nmain.main()\n\t/src/boxready/main.go:24\n", When: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}}
	return []pageState{
		{"settings", all, opened},
		{"licences", all, func(r *testWindow) {
			opened(r)
			r.tap(r.say("window.settings.libraries", nil))
		}},
		{"settings tested", all, func(r *testWindow) {
			opened(r)
			r.tapAfter(r.say("window.settings.self-text", nil), r.say("window.settings.self-run", nil))
			r.mustSay("127.0.0.1:41924")
		}},
		{"crash", func(*testing.T) setup { return setup{crashes: crashed} }, func(r *testWindow) { r.mustSay("panic: the end") }},
	}
}

// TestRenderer chooses what draws the window, and says what does now.
func TestRenderer(t *testing.T) {
	dir, again := t.TempDir(), 0
	renderers := &gui.Renderers{Choices: []string{"", "graphics", "software"}, TryAgain: func() { again++ }}
	r := open(t, setup{store: store.Open(dir), screen: &fakeScreen{width: 1920, height: 1050, renderer: "softpipe"}, with: func(p *gui.Params) { p.Renderers = renderers }})
	r.w.Shown()
	r.tap("Настройки")
	r.mustSay("Сейчас окно рисует процессор (softpipe), как обычно на удалённом рабочем столе и в виртуальных машинах.")
	r.choose("Чем рисовать окно", "Видеокартой")
	r.waitUntil("the setting", func() bool { return store.Open(dir).Settings().Renderer == "graphics" })
	if again != 1 {
		t.Errorf("a crash is forgotten %d times", again)
	}

	r = open(t, setup{screen: &fakeScreen{width: 1920, height: 1050, renderer: "GeForce"}})
	r.w.Shown()
	r.tap("Настройки")
	r.mustSay("Сейчас окно рисует видеокарта (GeForce).")
	r.mustNotSay("Чем рисовать окно")
}

func TestUnreadableFilesAreTold(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"settings.json", "portals.json"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(`{"portals":[{`), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := open(t, setup{store: store.Open(dir)})
	r.waitUntil("the message", func() bool { _, dialog := r.w.Place(); return dialog })
	r.mustSay("Файл не читается", "settings.json.unreadable", "portals.json.unreadable")
	r.key(fyne.KeyEscape)
	for _, name := range []string{"settings.json", "portals.json"} {
		if kept, err := os.ReadFile(filepath.Join(dir, name+".unreadable")); err != nil || string(kept) != `{"portals":[{` {
			t.Errorf("%s: %q, %v", name, kept, err)
		}
	}
	if settings, portals := store.Open(dir).KeepAside(); settings+portals != "" {
		t.Errorf("at the next start it would be told again: %q, %q", settings, portals)
	}
}
