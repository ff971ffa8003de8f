package gui_test

import (
	"archive/zip"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"boxready/checks"
	"boxready/gui"
	"boxready/gui/store"
	"boxready/internal/report/history"
)

// withHistory sets up a window that saves runs.
func withHistory(t *testing.T) setup {
	kept := &history.Store{Dir: filepath.Join(t.TempDir(), "history")}
	return setup{checker: faulty(t), with: func(p *gui.Params) { p.History = kept }}
}

// reported makes a run and opens its report.
func (r *testWindow) reported() {
	r.t.Helper()
	r.check("portal.example.ru")
	r.waitUntil("the end of the run", r.verdictShown)
	r.openSection("report")
	r.mustSay("summary.txt")
}

// later returns outcomes of runs that are an hour apart.
func later(outcome func(checks.Target) *checks.Outcome) func(checks.Target) *checks.Outcome {
	n := 0
	return func(target checks.Target) *checks.Outcome {
		o := outcome(target)
		after := time.Duration(n) * time.Hour
		o.Started, o.Finished = o.Started.Add(after), o.Finished.Add(after)
		n++
		return o
	}
}

// gotWorse is a portal that is ready, with a history, and has faults when it is checked again.
func gotWorse(t *testing.T) setup {
	s := withHistory(t)
	good, bad, n := readyPortal(t).outcome, faulty(t).outcome, 0
	s.checker.outcome = later(func(target checks.Target) *checks.Outcome {
		if n++; n == 1 {
			return good(target)
		}
		return bad(target)
	})
	return s
}

// checkedTwice makes two runs and waits until the second has been compared with the first.
func (r *testWindow) checkedTwice() {
	r.t.Helper()
	r.check("portal.example.ru")
	r.waitUntil("the end of the run", r.verdictShown)
	r.checkedAgain()
	r.mustSay(r.sinceGood())
}

// sinceGood is the row that leads to what changed since the first run.
func (r *testWindow) sinceGood() string {
	return r.say("window.changes.since-good", checks.Args{"when": time.Date(2026, 11, 23, 10, 42, 0, 0, time.UTC).Format(r.say("format.date", nil) + " 15:04")})
}

// checkedAgain repeats the run.
func (r *testWindow) checkedAgain() {
	r.t.Helper()
	runs := len(r.checker.asked())
	r.waitUntil("the last run's saving", func() bool {
		if r.history == nil {
			return true
		}
		saved, err := r.history.Runs("https://portal.example.ru")
		return err == nil && len(saved) == runs
	})
	r.key(fyne.KeyF5)
	r.waitUntil("the next run", func() bool { return len(r.checker.asked()) == runs+1 && r.verdictShown() })
}

func reportStates() []pageState {
	return []pageState{
		{"report", withHistory, func(r *testWindow) {
			r.reported()
			r.tap(r.say("window.report.hide-names", nil))
			r.mustSay("portal-1")
		}},
		{"report saving", withHistory, func(r *testWindow) {
			r.reported()
			r.tap(r.say("window.report.save", nil))
		}},
		{"results since all was well", gotWorse, (*testWindow).checkedTwice},
		{"report changes", gotWorse, func(r *testWindow) {
			r.checkedTwice()
			r.tap(r.sinceGood())
			r.mustSay(r.say("changes.new", nil))
			r.tap(r.say("window.changes.text", nil))
		}},
	}
}

// unzipped are the files of a report.
func unzipped(t testing.TB, path string) (names []string, files map[string]string) {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	files = map[string]string{}
	for _, f := range z.File {
		content, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(content)
		if err != nil {
			t.Fatal(err)
		}
		names, files[f.Name] = append(names, f.Name), string(data)
	}
	return names, files
}

func TestSavedReportEqualsPreview(t *testing.T) {
	folder := t.TempDir()
	kept := store.Open(t.TempDir())
	r := open(t, setup{store: kept, checker: faulty(t), with: func(p *gui.Params) { p.Downloads = folder }})
	r.mustNotSay("Отчёт")
	r.reported()
	r.mustSay("никогда не попадают в отчёт", "видно: portal.example.ru", "видно: 198.51.100.7", "в этом отчёте их нет")
	r.mustView("Портал: https://portal.example.ru", "auth-server-from-portal / auth-server-unreachable")
	r.tap("Скопировать кратко")
	if got := r.app.Clipboard().Content(); got != r.viewed() {
		t.Errorf("copied %q", got)
	}
	r.tap("Открыть папку")
	if got := <-r.opened; got != "file://"+folder {
		t.Errorf("opened %s", got)
	}

	// A category can be hidden with the keyboard.
	for range 60 {
		if o, ok := r.canvas().Focused().(fyne.CanvasObject); ok && strings.Contains(describe(o), "Скрыть имена") {
			break
		}
		r.canvas().FocusNext()
	}
	r.key(fyne.KeySpace)
	r.mustSay("заменено на portal-1, host-1")
	r.mustNotView("portal.example.ru")
	r.mustView("https://portal-1")
	r.tap("Скрыть IP-адреса")
	r.mustSay("заменено на ip-1")

	r.tap("Сохранить отчёт…")
	r.mustSay("portal-1-2026-11-23-1042-", folder)
	name := regexp.MustCompile(`portal-1-2026-11-23-1042-[0-9A-Z]{8}\.boxready\.zip`).FindString(strings.Join(r.texts(), "\n"))
	r.tapAfter("Имя файла", "Сохранить")
	path := filepath.Join(folder, name)
	r.mustSay("Сохранено: " + path)
	r.tap("Сохранить отчёт…")
	r.tapAfter("Имя файла", "Сохранить")
	r.mustSay("Сохранено: " + strings.Replace(path, ".boxready", " (2).boxready", 1))
	names, files := unzipped(t, path)
	for _, want := range []string{"report.html", "report.json", "summary.txt", "letter.txt", "log.jsonl", "hidden.txt", "manifest.sha256"} {
		if !slices.Contains(names, want) {
			t.Errorf("no %s in %v", want, names)
		}
	}
	for name, content := range files {
		if strings.HasSuffix(name, ".eml") { // the same as the text of that name
			continue
		}
		r.tap(name)
		if r.viewed() != content {
			t.Errorf("%s was shown other than it was saved", name)
		}
		if strings.Contains(content, "portal.example.ru") || strings.Contains(content, "198.51.100.7") {
			t.Errorf("%s shows what was to be hidden", name)
		}
	}
	if !json.Valid([]byte(files["report.json"])) {
		t.Error("report.json is no JSON")
	}
	r.tap("Открыть папку")
	if got := <-r.opened; got != "file://"+folder {
		t.Errorf("opened %s", got)
	}

	// What is hidden is restored at the next start.
	r.waitUntil("it being kept", func() bool { return len(kept.Settings().Hide) == 2 })
	r = open(t, setup{store: kept, settings: kept.Settings(), checker: faulty(t)})
	r.reported()
	r.mustView("https://portal-1")
	r.tap("Скрыть имена")
	r.mustSay("видно: portal.example.ru")
	r.mustView("https://portal.example.ru")
}

func TestReportSaveErrors(t *testing.T) {
	folder := t.TempDir()
	r := open(t, setup{checker: faulty(t), with: func(p *gui.Params) { p.Downloads = folder }})
	r.reported()
	r.ctrl(fyne.KeyS)
	for _, test := range []struct{ name, says string }{
		{"report.doc", "заканчивается на .zip, .html, .json или .txt, а " + filepath.Join(folder, "report.doc") + " — нет"},
		{filepath.Join(folder, "gone", "report.zip"), "Папки для "},
		{strings.Repeat("a", 300) + ".zip", "слишком длинное"},
	} {
		r.shortcut(&fyne.ShortcutSelectAll{})
		r.typeIn(test.name)
		r.key(fyne.KeyReturn)
		r.mustSay(test.says)
	}
	r.shortcut(&fyne.ShortcutSelectAll{})
	r.typeIn("итог.txt")
	r.key(fyne.KeyReturn)
	r.mustSay("Сохранено: " + filepath.Join(folder, "итог.txt"))
	if data, err := os.ReadFile(filepath.Join(folder, "итог.txt")); err != nil || string(data) != r.viewed() {
		t.Errorf("saved %q, %v", data, err)
	}
	if entries, _ := os.ReadDir(folder); len(entries) != 1 {
		t.Errorf("in the folder: %v", entries)
	}
}

// TestReportWithASecretIsSaved asserts that a value with a secret that no mask caught is left out, and that the page says so.
func TestReportWithASecretIsSaved(t *testing.T) {
	s := comparing(t)
	inner := s.checker.outcome
	s.checker.outcome = func(target checks.Target) *checks.Outcome {
		o := inner(target)
		for i, r := range o.Results {
			if r.Check == checks.AuthServerFromPortal {
				o.Results[i].Facts = map[string]string{"body": "the code is abcdefgh12345678"}
			}
		}
		return o
	}
	kept := &history.Store{Dir: t.TempDir()}
	s.with = func(p *gui.Params) { p.History = kept }
	r := open(t, s)
	r.check("portal.example.ru")
	r.waitUntil("the end of the run", r.verdictShown)
	r.tap("Отчёт")
	r.mustSay("нашёлся секрет")
	r.mustNotSay("abcdefgh12345678")
	r.tap("Сохранить отчёт…")
	r.mustSay("Имя файла")
	if runs, _ := kept.Runs("https://portal.example.ru"); len(runs) != 1 {
		t.Error("the run wasn't kept")
	}
}

func TestHistory(t *testing.T) {
	s := withHistory(t)
	s.store = store.Open("")
	s.checker.outcome = later(s.checker.outcome)
	r := open(t, s)
	r.reported()
	r.mustSay("Пока есть только эта проверка")

	inner := s.checker.outcome
	s.checker.outcome = func(target checks.Target) *checks.Outcome {
		o := inner(target)
		o.Results = slices.DeleteFunc(o.Results, func(r checks.Result) bool { return r.Check == checks.PortalTLS })
		o.Results = append(o.Results, checks.Result{Check: checks.PortalTLS, State: checks.OK, Vantage: checks.FromComputer})
		return o
	}
	r.key(fyne.KeyF5)
	r.waitUntil("the second run", func() bool { return len(s.checker.asked()) == 2 && r.verdictShown() })
	r.tap("Отчёт")
	r.mustSay("23.11.2026 10:42")
	r.mustSay("Прежние проверки", stillBroken+" · 1 проблема")
	r.tap("23.11.2026 10:42")
	r.mustSay("Что изменилось с 23.11.2026 10:42")
	r.mustSay("Больше нет", "Срок сертификата скоро истечёт")
	r.mustNotSay("Появилось")
	r.tap("Текстом, со всеми фактами")
	r.mustView("Больше нет", "Срок сертификата скоро истечёт")
	r.tap("Скопировать текст")
	if got := r.app.Clipboard().Content(); got != r.viewed() {
		t.Errorf("copied %q", got)
	}
	r.key(fyne.KeyEscape)
	r.mustSay("Отчёт для поддержки", "23.11.2026 10:42")

	// At another start, before a run, the earlier ones are compared with the last saved one.
	again := open(t, setup{store: s.store, checker: s.checker, with: s.with})
	again.tapAfter("Проверенные порталы", "portal.example.ru")
	again.tap("Отчёт")
	again.mustSay("23.11.2026 11:42")
	again.mustSay("Проверьте портал, и он появится здесь")
	again.tap("23.11.2026 10:42")
	again.mustSay("Больше нет", "Срок сертификата скоро истечёт")

	r.tap("Удалить историю")
	r.waitUntil("it being deleted", func() bool { return !r.says("Прежние проверки") })
	r.mustView("Портал: ")
}

// TestSinceAllWasWell asserts that the page of the verdict leads to what changed since the last good run, and says when nothing did since
// the last one.
func TestSinceAllWasWell(t *testing.T) {
	r := open(t, gotWorse(t))
	r.check("portal.example.ru")
	r.waitUntil("the end of the run", r.verdictShown)
	r.mustNotSay("когда помех не было видно", "ни хуже, ни лучше")
	r.checkedAgain()
	const cut = "Портал не может связаться с сервером авторизации"
	const title = "Что изменилось с 23.11.2026 10:42, когда помех не было видно"
	r.mustSay(title, "появилось: ")
	r.mustNotSay("ни хуже, ни лучше")
	r.tap(title)
	r.mustSay("Что изменилось с 23.11.2026 10:42", "Появилось", cut, "Было 23.11.2026 10:42: приложения будут работать")
	r.tap(cut)
	r.mustSay("С чего начать")
	r.openSection("check")
	r.key(fyne.KeyEscape)
	r.tap(title)
	r.mustSay("Появилось")
	r.key(fyne.KeyEscape)
	r.mustSay(title)
	r.mustNotSay("Отчёт для поддержки")

	r.checkedAgain()
	r.mustSay(title, "С прошлой проверки, 23.11.2026 11:42, ничего не стало ни хуже, ни лучше.")
}

func TestNoReportBeforeARun(t *testing.T) {
	s := withHistory(t)
	s.store = storeWithPortals(t)
	r := open(t, s)
	r.tap("portal.example.ru")
	r.tap("Отчёт")
	r.mustSay("Проверьте портал, и он появится здесь")
	gate := make(chan struct{})
	s.checker.gate = blockUntil(gate)
	r.tap("Проверить портал")
	r.mustSay("Отчёт появится, когда проверка закончится")
	close(gate)
	r.mustSay("summary.txt")
	r.mustView("Портал: https://portal.example.ru")

	// The report of a forgotten portal is not shown any more.
	r.tap("Порталы")
	r.tapAfter("portal.example.ru", "Забыть")
	r.tapAfter("", "Забыть")
	r.waitUntil("it being forgotten", func() bool { return !r.says("Отчёт") })
}

// blockUntil returns a gate that blocks all checks until gate is closed or their run ends.
func blockUntil(gate chan struct{}) func(context.Context, checks.ID) {
	return func(ctx context.Context, _ checks.ID) {
		select {
		case <-gate:
		case <-ctx.Done():
		}
	}
}
