package gui_test

import (
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

// savedReports saves reports about three portals, and a file that is none.
func savedReports(t *testing.T) (files []string) {
	t.Helper()
	texts, err := words.New("ru")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for i, about := range []struct {
		portal  string
		checker *fakeChecker
	}{{"broken.example.ru", faulty(t)}, {"ready.example.ru", readyPortal(t)}, {"gone.example.ru", notFound()}} {
		o := about.checker.outcome(checks.Target{Address: mustParse(t, about.portal)})
		o.Started = o.Started.Add(time.Duration(i) * 24 * time.Hour)
		o.Finished = o.Started.Add(time.Second)
		path, err := (&report.Reporter{Words: texts, Version: "0.1"}).Save(filepath.Join(folder, about.portal+".boxready.zip"), report.Contents{Outcome: o})
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, path)
	}
	none := filepath.Join(folder, "none.boxready.zip")
	if err := os.WriteFile(none, []byte("MZ"), 0o600); err != nil {
		t.Fatal(err)
	}
	return append(files, none)
}

func reportsStates() []pageState {
	return []pageState{{"opened reports", func(*testing.T) setup { return setup{} }, func(r *testWindow) {
		r.w.Open(savedReports(r.t.(*testing.T)))
		r.mustSay("broken.example.ru", "none.boxready.zip")
	}}}
}

// TestListOfReports opens several reports at once: they are listed, sorted, filtered, and opened one by one.
func TestListOfReports(t *testing.T) {
	for way, take := range map[string]func(*testWindow, []string){
		"opened":  func(r *testWindow, files []string) { r.w.Open(files) },
		"dropped": func(r *testWindow, files []string) { r.w.Drop(files...) },
	} {
		t.Run(way, func(t *testing.T) {
			r := open(t, setup{})
			take(r, savedReports(t))
			r.mustSay("Показано: 4 из 4", "broken.example.ru", noServer, "ready.example.ru", "Приложения будут работать", "none.boxready.zip — не отчёт")
			listed := func() (portals []string) {
				for _, text := range r.texts() {
					for _, name := range []string{"broken", "ready", "gone", "none"} {
						if strings.HasPrefix(text, name+".") && !slices.Contains(portals, name) {
							portals = append(portals, name)
						}
					}
				}
				return portals
			}
			expect := func(what string, want ...string) {
				t.Helper()
				r.runQueued()
				if got := listed(); !slices.Equal(got, want) {
					t.Errorf("%s: %q, expected %q", what, got, want)
				}
			}
			expect("newest first", "gone", "ready", "broken", "none")
			r.option("Сначала новые", "По порталам")
			expect("by portal", "broken", "gone", "ready", "none")
			r.option("По порталам", "По выводам")
			expect("by verdict", "broken", "gone", "ready", "none")
			r.option("Все выводы", "Приложения будут работать")
			expect("those that are ready", "ready")
			r.option("Приложения будут работать", "Все выводы")
			r.entryAfter("Закрыть список")
			r.typeIn("связаться с СЕРВЕРОМ")
			expect("by text", "broken")

			// Pressing one opens it as any report; Esc and the button lead back.
			r.tap("broken.example.ru")
			r.mustSay("Только просмотр: портал не проверяется.", "К списку отчётов")
			r.key(fyne.KeyEscape)
			r.mustSay("Показано: 1 из 4")
			r.tap("broken.example.ru")
			r.mustSay("К списку отчётов")
			r.tap("К списку отчётов")
			r.mustSay("Показано: 1 из 4")
			r.tap("Закрыть список")
			if r.w.HasSection("reports") || len(r.checker.asked()) > 0 || len(r.store.Portals()) > 0 {
				t.Error("the list is still there, or a portal was asked or kept")
			}
		})
	}
}
