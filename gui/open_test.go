package gui_test

import (
	"archive/zip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"boxready/checks"
	"boxready/internal/report"
	"boxready/internal/words"
)

// savedReport is a report of a run with faults.
func savedReport(t *testing.T, lang string) string {
	t.Helper()
	words, err := words.New(lang)
	if err != nil {
		t.Fatal(err)
	}
	o := faulty(t).outcome(checks.Target{Address: mustParse(t, "portal.example.ru")})
	path, err := (&report.Reporter{Words: words, Version: "0.1.0-test"}).Save(filepath.Join(t.TempDir(), "отчёт.boxready.zip"), report.Contents{Outcome: o})
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOpenedFiles(t *testing.T) {
	r := open(t, setup{})
	saved := savedReport(t, "ru")
	r.w.Open([]string{saved})
	r.mustSay("отчёт.boxready.zip")
	r.mustSay("portal.example.ru")
	r.key(fyne.KeyEscape)
	r.mustNotSay("отчёт.boxready.zip")

	// An open dialog is closed.
	r.ctrl(fyne.KeyComma)
	r.w.Open([]string{saved})
	r.mustSay("отчёт.boxready.zip")
	r.w.Open([]string{file(t, "calls.boxready.yaml", telephony)})
	r.mustSay("Звонок+")
	r.mustNotSay("отчёт.boxready.zip")
	if len(r.checker.asked()) > 0 {
		t.Error("opening a file began a run")
	}
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
		{altered, "изменили summary.txt"},
		{write("empty.boxready.yaml", ""), "empty.boxready.yaml"},
	} {
		r.w.Open([]string{c.path})
		r.mustSay(c.says)
		r.key(fyne.KeyEscape)
	}
}

// alter copies a report with another summary.
func alter(t *testing.T, from, to string) {
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
			text = strings.ToUpper(text)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
}
