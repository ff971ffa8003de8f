package spreadsheet_test

import (
	"encoding/csv"
	"errors"
	"strings"
	"testing"

	"boxready/internal/spreadsheet"

	"github.com/google/go-cmp/cmp"
)

// parse reads a table with a separator, as Excel does: without the byte order mark, which has to be there.
func parse(t *testing.T, text string, comma rune) [][]string {
	t.Helper()
	text, marked := strings.CutPrefix(text, "\ufeff")
	if !marked {
		t.Errorf("no byte order mark in %.20q", text)
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = comma
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestTableIsReadBack(t *testing.T) {
	rows := [][]string{{"check", "name"}, {"портал", "а; б, «в» \"г\"\nд"}, {"", "10,5"}}
	for lang, comma := range map[string]rune{"ru": ';', "en": ','} {
		var out strings.Builder
		w := spreadsheet.NewWriter(&out, lang)
		for _, row := range rows {
			w.Row(row...)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(rows, parse(t, out.String(), comma)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", lang, diff)
		}
	}
}

// TestNoFormulas asserts that no cell is a formula, whatever separates cells in the program that opens the table.
func TestNoFormulas(t *testing.T) {
	for name, cell := range map[string]string{
		"equals": "=1+1", "plus": "+1", "minus": "-1", "at": "@SUM(A1)", "tab": "\t=1", "line end": "\r=1", "full width": "＝1+1", "in the next line": "a\n=1",
		"behind a comma": "a,=1", "behind a semicolon": "a;=1", "behind a tab": "a\t=1", "quoted": `a;"=1`, "twice": "=1;=2",
	} {
		for _, lang := range []string{"ru", "en"} {
			var out strings.Builder
			w := spreadsheet.NewWriter(&out, lang)
			w.Row("first", cell, "last")
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			for _, comma := range []rune{',', ';', '\t'} {
				for _, line := range strings.Split(strings.TrimPrefix(out.String(), "\ufeff"), "\n") {
					for _, got := range strings.Split(line, string(comma)) {
						if got = strings.TrimLeft(got, `"`); got != "" && strings.ContainsRune("=+-@＝", []rune(got)[0]) {
							t.Errorf("%s, %s, %q: %q would be calculated", name, lang, comma, got)
						}
					}
				}
			}
		}
	}
}

func TestHarmlessTextStays(t *testing.T) {
	for _, text := range []string{"https://portal.example.ru", "a - b", "oauth.bitrix24.tech, *.bitrix24.ru", "curl -sS --max-time 10 https://a.example/?a=b", "a+b=c", "user@a.example"} {
		var out strings.Builder
		w := spreadsheet.NewWriter(&out, "ru")
		w.Row(text)
		if err := w.Close(); err != nil || parse(t, out.String(), ';')[0][0] != text {
			t.Errorf("%q: %q, %v", text, out.String(), err)
		}
	}
}

type full struct{}

var errFull = errors.New("no room")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestWriteError(t *testing.T) {
	w := spreadsheet.NewWriter(full{}, "en")
	w.Row("a")
	if err := w.Close(); !errors.Is(err, errFull) {
		t.Error(err)
	}
}
