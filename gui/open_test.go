package gui_test

import (
	"archive/zip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"boxready/checks"
	"boxready/internal/report"
	"boxready/internal/words"
)

// savedReport is a report of a run with faults.
func savedReport(t testing.TB, lang string) string {
	t.Helper()
	return reportOf(t, lang, faulty(t))
}

// reportOf saves a report about a portal.
func reportOf(t testing.TB, lang string, about *fakeChecker) string {
	t.Helper()
	words, err := words.New(lang)
	if err != nil {
		t.Fatal(err)
	}
	o := about.outcome(checks.Target{Address: mustParse(t, "portal.example.ru")})
	path, err := (&report.Reporter{Words: words, Version: "0.1.0-test"}).Save(filepath.Join(t.TempDir(), "отчёт.boxready.zip"), report.Contents{Outcome: o})
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestReportOffersNothingOfItsPortal shows every result in reports whose live portals could be asked more: a report from somebody else
// must lead to no run and no consent.
func TestReportOffersNothingOfItsPortal(t *testing.T) {
	for name, about := range map[string]*fakeChecker{"a token that was not sent": notSent(t), "a portal that is ready": readyPortal(t), "a name that is not found": notFound()} {
		t.Run(name, func(t *testing.T) {
			r := open(t, setup{access: &fakeAccess{}, checker: faulty(t)})
			r.w.Open([]string{reportOf(t, "ru", about)})
			r.mustSay("Только просмотр: портал не проверяется.")
			offers := []string{"Проверить сервер авторизации…", "Проверить с токеном…", "Проверить фильтр…", "Проверить снова", "Исправить адрес", "Войти и проверить", "Вход и вебхук", confirm}
			r.mustNotSay(offers...)
			for i := range checks.Steps() {
				r.step(i)
				r.mustNotSay(offers...)
				r.step(i)
			}
			r.w.ShowEveryResult(func() { r.mustNotSay(offers...) })
			if len(r.checker.asked()) > 0 || len(r.store.Portals()) > 0 {
				t.Errorf("%d runs, kept: %+v", len(r.checker.asked()), r.store.Portals())
			}
		})
	}
}

// opened is the first line of the banner about a saved report.
const opened = "Отчёт от 23.11.2026, portal.example.ru, BoxReady 0.1.0-test"

func TestOpenedFiles(t *testing.T) {
	r := open(t, setup{})
	saved := savedReport(t, "ru")
	r.w.Open([]string{saved})
	r.mustSay(opened, "Только просмотр: портал не проверяется.")
	r.key(fyne.KeyEscape)
	r.mustNotSay(opened)

	// An open dialog is closed.
	r.ctrl(fyne.KeyComma)
	r.w.Open([]string{saved})
	r.mustSay(opened)
	r.w.Open([]string{file(t, "calls.boxready.yaml", telephony)})
	r.mustSay("Звонок+")
	r.mustNotSay(opened)
	if len(r.checker.asked()) > 0 {
		t.Error("opening a file began a run")
	}
}

// TestOpenedReportIsReadOnly asserts that a report is shown as a check is, in the window's language, and that nothing is asked of its
// portal.
func TestOpenedReportIsReadOnly(t *testing.T) {
	for format, unpack := range map[string]bool{"zip": false, "json": true} {
		t.Run(format, func(t *testing.T) {
			access := &recordingAccess{fakeAccess: fakeAccess{keys: keptSignIn(mustParse(t, "portal.example.ru"))}}
			r := open(t, setup{access: access, store: withWebhook(t), checker: faulty(t)})
			path := savedReport(t, "en")
			if unpack {
				_, files := unzipped(t, path)
				path = file(t, "report.json", files[report.JSONFile])
			}
			r.w.Drop(path)
			r.mustSay(opened, r.title(checks.AuthServerFromPortal, checks.AuthServerUnreachable), "отчёт portal.example.ru")
			r.waitUntil("the verdict", r.verdictShown)
			for _, section := range []string{"requirements", "server", "events", "sign-in"} {
				if r.w.HasSection(section) {
					t.Errorf("there is a section %s", section)
				}
			}
			r.mustNotSay("Файлы в отчёте изменены", "Выводы сделаны этой версией")

			// A finding has its details, and nothing to press that asks the portal.
			r.tap(r.title(checks.AuthServerFromPortal, checks.AuthServerUnreachable))
			r.mustSay("CONNECTION_ERROR")
			if again := r.all(r.say("window.action.check-again", nil)); len(again) > 0 {
				t.Error("the check can be made again")
			}
			r.key(fyne.KeyF5)
			r.ctrl(fyne.KeyS)
			r.key(fyne.KeyEscape)
			r.mustSay(opened)
			r.key(fyne.KeyEscape)
			r.mustNotSay(opened)
			r.w.Close()
			if checked, begun := access.asked(); len(r.checker.asked()) > 0 || len(r.checker.again) > 0 || checked > 0 || len(begun) > 0 {
				t.Error("the portal was asked")
			}
			if past, _ := r.store.Portal("https://portal.example.ru"); !past.Keys || past.Verdict != "" {
				t.Errorf("something was kept about the portal: %+v", past)
			}
		})
	}
}

// TestSearchInAReport types what only the facts of a result have, what nothing has, and what a file has.
func TestSearchInAReport(t *testing.T) {
	r := open(t, setup{checker: faulty(t)})
	r.w.Open([]string{savedReport(t, "ru")})
	r.mustSay(opened)
	finding, inFiles := r.title(checks.AuthServerFromPortal, checks.AuthServerUnreachable), "В файлах отчёта"
	search := func(text string) {
		r.ctrl(fyne.KeyF) // what was typed before is selected
		r.typeIn(text)
	}
	search("connection_ERROR")
	r.mustSay(finding, inFiles, "report.json")
	if r.says(r.title(checks.PortalTLS, checks.TLSExpiresSoon)) {
		t.Error("a result without the text is listed")
	}
	search("такого здесь нет")
	r.mustSay("В отчёте этого нет.")
	r.mustNotSay(inFiles, "2 · Сервер авторизации")

	// A line of a file, and back to what was found.
	search(`"error": "CONNECTION`)
	r.tap(`"error": "CONNECTION_ERROR"`)
	if section, _ := r.w.Place(); section != "report" {
		t.Fatal("the file isn't shown")
	}
	r.mustSay(`"error": "CONNECTION_ERROR"`)
	r.key(fyne.KeyEscape)
	r.mustSay(inFiles)
	r.key(fyne.KeyEscape)
	r.mustSay(finding)
	r.mustNotSay(inFiles)
	r.key(fyne.KeyEscape)
	r.mustNotSay(opened)
}

// TestOpenedReportWithHiddenNames asserts that a report with hidden names is shown with what stands for them.
func TestOpenedReportWithHiddenNames(t *testing.T) {
	words, err := words.New("ru")
	if err != nil {
		t.Fatal(err)
	}
	o := faulty(t).outcome(checks.Target{Address: mustParse(t, "portal.example.ru")})
	path, err := (&report.Reporter{Words: words, Version: "0.1"}).Save(filepath.Join(t.TempDir(), "hidden.boxready.zip"), report.Contents{Outcome: o, Hide: report.Categories()})
	if err != nil {
		t.Fatal(err)
	}
	r := open(t, setup{})
	r.w.Open([]string{path})
	r.mustSay("Отчёт от 23.11.2026, portal-1, BoxReady 0.1", r.title(checks.AuthServerFromPortal, checks.AuthServerUnreachable))
	r.waitUntil("the verdict", r.verdictShown)
	r.mustNotSay("portal.example.ru", "<no value>")
}

func TestClosedReportShowsWhatWasShownBefore(t *testing.T) {
	r := open(t, setup{checker: faulty(t)})
	r.check("other.example")
	r.waitUntil("the end of the run", r.verdictShown)
	r.w.Open([]string{savedReport(t, "ru")})
	r.mustSay(opened)
	r.tap("Закрыть отчёт")
	r.mustNotSay(opened)
	r.mustSay("other.example")
	if !r.w.HasSection("server") {
		t.Error("there is no section server any more")
	}
	r.waitUntil("the verdict", r.verdictShown)
	if n := len(r.checker.asked()); n != 1 {
		t.Errorf("%d runs", n)
	}
}

func TestFilesOfAnOpenedReport(t *testing.T) {
	r := open(t, setup{})
	path := savedReport(t, "ru")
	_, files := unzipped(t, path)
	r.w.Open([]string{path})
	r.mustSay(opened)
	r.tap("Показать файлы")
	r.mustSay("отчёт.boxready.zip", report.SummaryFile, report.ManifestFile)
	r.mustNotSay(r.say("window.report.hidden", nil), r.say("window.report.save", nil))
	r.tap(report.ManifestFile)
	r.tap(r.say("window.finding.copy-plain", nil))
	if got := r.app.Clipboard().Content(); strings.TrimSpace(got) != strings.TrimSpace(files[report.ManifestFile]) {
		t.Errorf("copied %q", got)
	}
}

// TestComparedReports asserts that the earlier report is the one before, whichever was opened first.
func TestComparedReports(t *testing.T) {
	words, err := words.New("ru")
	if err != nil {
		t.Fatal(err)
	}
	save := func(name, host string, day int, results ...checks.Result) string {
		o := checks.OutcomeOf(results)
		o.Target.Address, o.Started = mustParse(t, host), time.Date(2026, 11, day, 10, 0, 0, 0, time.UTC)
		path, err := (&report.Reporter{Words: words, Version: "0.1"}).Save(filepath.Join(t.TempDir(), name+".boxready.zip"), report.Contents{Outcome: o})
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	fine := faulty(t).outcome(checks.Target{}).Results[:6]
	all := faulty(t).outcome(checks.Target{}).Results
	earlier, later := save("a", "portal.example.ru", 20, fine...), save("b", "portal.example.ru", 21, all...)
	other := save("c", "other.example", 22, all...)

	r := open(t, setup{})
	r.w.Open([]string{later})
	r.mustSay("Отчёт от 21.11.2026")
	r.w.Compare(earlier)
	r.mustSay("Что изменилось между отчётами")
	r.mustNotSay("Это отчёты о разных порталах")
	r.mustSay("Видно впервые: прошлая проверка этого не увидела", "Портал не может связаться с сервером авторизации")
	before, after := r.indexOf("Было 20.11.2026"), r.indexOf("Стало 21.11.2026")
	if before < 0 || after < before {
		t.Errorf("the order of the reports is wrong:\n%s", strings.Join(r.texts(), "\n"))
	}
	r.key(fyne.KeyEscape)
	r.mustSay(report.SummaryFile)
	r.w.Compare(other)
	r.mustSay("Это отчёты о разных порталах", "Один о portal.example.ru, другой о other.example.")
}

// indexOf is the number of the text that begins so; -1 if there is none.
func (r *testWindow) indexOf(text string) int {
	return slices.IndexFunc(r.texts(), func(t string) bool { return strings.HasPrefix(t, text) })
}

func TestOpenedInvalidFiles(t *testing.T) {
	r := open(t, setup{})
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	altered := filepath.Join(dir, "altered.boxready.zip")
	alter(t, savedReport(t, "ru"), altered)
	for _, c := range []struct{ path, says string }{
		{filepath.Join(dir, "gone.boxready.zip"), "не найден"},
		{write("text.boxready.zip", "MZ"), "не отчёт BoxReady"},
		{write("half.boxready.zip", "PK\x03\x04"), "повреждён"},
		{altered, "Файлы в отчёте изменены: summary.txt"},
		{write("empty.boxready.yaml", ""), "empty.boxready.yaml"},
	} {
		r.w.Open([]string{c.path})
		r.mustSay(c.says)
		r.key(fyne.KeyEscape)
	}
}

// alter copies a report with another summary, which ends with more.
func alter(t testing.TB, from, to string, more ...string) {
	t.Helper()
	names, files := unzipped(t, from)
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	z := zip.NewWriter(out)
	for _, name := range names {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		text := files[name]
		if name == "summary.txt" {
			text = strings.ToUpper(text) + strings.Join(more, "")
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
}

// openedStates are the states of a report that is shown.
func openedStates() []pageState {
	plain := func(*testing.T) setup { return setup{} }
	show := func(r *testWindow) {
		r.w.Drop(savedReport(r.t, "ru"))
		r.mustSay(r.say("window.opened.view-only", nil))
	}
	return []pageState{
		{"report opened", plain, show},
		{"report opened altered", plain, func(r *testWindow) {
			altered := filepath.Join(r.t.TempDir(), "altered.boxready.zip")
			alter(r.t, savedReport(r.t, "ru"), altered)
			r.w.Drop(altered)
			r.mustSay(r.say("window.opened.view-only", nil))
		}},
		{"report opened files", plain, func(r *testWindow) {
			show(r)
			r.tap(r.say("window.opened.files", nil))
		}},
		{"report opened changes", plain, func(r *testWindow) {
			show(r)
			r.w.Compare(savedReport(r.t, "ru"))
			r.mustSay(r.say("window.opened.changes", nil))
		}},
	}
}
