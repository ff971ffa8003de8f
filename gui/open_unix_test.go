//go:build unix

package gui_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"fyne.io/fyne/v2"

	"boxready/internal/report"
)

// TestHostileFiles opens and drops untrusted files: their names hide text, or they are pipes, which nobody ever writes to.
func TestHostileFiles(t *testing.T) {
	r := open(t, withServer(t))
	dir := t.TempDir()
	name := func(ending string) string { return filepath.Join(dir, "a\x1b[2J\u202egnp\u200b"+ending) }
	for _, ending := range []string{".boxready.zip", ".json", ".html", ".boxready.yaml", ".txt"} {
		path := name(ending)
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
		for way, take := range map[string]func(){"opened": func() { r.w.Open([]string{path}) }, "dropped": func() { r.w.Drop(path) }} {
			take()
			r.mustSay("gnp")
			for _, text := range r.texts() {
				if strings.ContainsAny(text, "\x1b\u202e\u200b") {
					t.Errorf("%s, %s: %q", way, ending, text)
				}
			}
			r.key(fyne.KeyEscape)
		}
	}
	r = open(t, withServer(t))
	r.onServerPage()
	r.w.TakeServerAnswer(name(".txt"))
	r.mustSay("Файл прочитать не удалось")
}

// TestCopiedFilesOfAReport copies a file of an untrusted report.
func TestCopiedFilesOfAReport(t *testing.T) {
	altered := filepath.Join(t.TempDir(), "altered.boxready.zip")
	alter(t, savedReport(t, "ru"), altered, "\x1b[2J\u202egnp\u200b\n")
	r := open(t, setup{})
	r.w.Open([]string{altered})
	r.mustSay("Файлы в отчёте изменены: " + report.SummaryFile)
	r.tap("Показать файлы")
	r.tap(r.say("window.finding.copy-plain", nil))
	if got := r.app.Clipboard().Content(); !strings.Contains(got, "gnp") || strings.ContainsAny(got, "\x1b\u202e\u200b") {
		t.Errorf("copied %.200q", got)
	}
}
