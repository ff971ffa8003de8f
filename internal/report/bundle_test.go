package report_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"boxready/assets"
	"boxready/checks"
	"boxready/internal/portal"
	"boxready/internal/report"
	"boxready/internal/view"
	"boxready/internal/words"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func validate(t *testing.T, data []byte) {
	t.Helper()
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(assets.ResultSchema))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("result.json", schema); err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiler.MustCompile("result.json").Validate(value); err != nil {
		t.Error(err)
	}
}

func zipped(t *testing.T, b *report.Bundle) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := b.WriteZip(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// letters writes one letter.
func letters(text string) func(hide func(string) string) []report.File {
	return func(hide func(string) string) []report.File {
		return []report.File{{Name: report.LetterFile, Data: []byte(hide(text))}}
	}
}

func TestBundle(t *testing.T) {
	o := runDemo(t, "auth-server-unreachable", "tls-expires-soon")
	for name, c := range map[string]report.Contents{
		"shown":  {Outcome: o},
		"hidden": {Outcome: o, Hide: report.Categories(), Letters: letters("Please allow https://portal.demo.example to go out.\n")},
	} {
		t.Run(name, func(t *testing.T) {
			b := bundle(t, reporter(t, "en"), c)
			host := "portal.demo.example"
			want := []string{report.HTMLFile, report.JSONFile, report.SummaryFile, report.LogFile, report.HiddenFile, report.ManifestFile}
			if name == "hidden" {
				host = "portal-1"
				want = slices.Insert(want, 3, report.LetterFile)
				if got := string(b.File(report.LetterFile)); got != "Please allow https://portal-1 to go out.\n" {
					t.Errorf("the letter: %q", got)
				}
			}
			if got := host + "-" + o.Started.Local().Format("2006-01-02-1504") + "-" + view.RunID(o.Started, o.Finished) + ".boxready.zip"; b.Name != got {
				t.Errorf("it is called %s, want %s", b.Name, got)
			}
			validate(t, b.File(report.JSONFile))
			if !strings.Contains(string(b.File(report.JSONFile)), `"portal": "https://`+host+`"`) {
				t.Error("the data doesn't name the portal as it should")
			}

			data := zipped(t, b)
			if again := zipped(t, bundle(t, reporter(t, "en"), c)); !bytes.Equal(data, again) {
				t.Error("the same run gives another zip")
			}
			z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
			if err != nil {
				t.Fatal(err)
			}
			var files []string
			var manifest strings.Builder
			for _, f := range z.File {
				files = append(files, f.Name)
				r, err := f.Open()
				if err != nil {
					t.Fatal(err)
				}
				content, err := io.ReadAll(r)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(content, b.File(f.Name)) {
					t.Errorf("%s isn't what was shown before", f.Name)
				}
				if f.Name != report.ManifestFile {
					fmt.Fprintf(&manifest, "%x  %s\n", sha256.Sum256(content), f.Name)
				}
			}
			if !slices.Equal(files, want) {
				t.Errorf("files %v, want %v", files, want)
			}
			if manifest.String() != string(b.File(report.ManifestFile)) {
				t.Errorf("manifest\n%swant\n%s", b.File(report.ManifestFile), manifest.String())
			}
		})
	}
}

// TestLog asserts that the log has every request of a run once, in the order of sending, with its result.
func TestLog(t *testing.T) {
	for _, fault := range []string{"body-filtered", "feed-invalid"} {
		t.Run(fault, func(t *testing.T) {
			o := runDemo(t, fault)
			var last time.Time
			seen := map[string]int{}
			feeds := 0
			for line := range strings.Lines(string(bundle(t, reporter(t, "en"), report.Contents{Outcome: o}).File(report.LogFile))) {
				var r report.Request
				if err := json.Unmarshal([]byte(line), &r); err != nil {
					t.Fatal(err)
				}
				if r.At.Before(last) {
					t.Errorf("%s stands after a later one", line)
				}
				if last = r.At; r.Check == "" || r.Request == "" || r.Status == 0 && r.Failure == "" {
					t.Errorf("incomplete: %s", line)
				}
				if r.Check == checks.QueueFeed {
					feeds++
				}
				if seen[r.RequestID]++; r.RequestID != "" && seen[r.RequestID] > 1 {
					t.Errorf("twice: %s", line)
				}
			}
			if len(seen) < 10 || feeds == 0 {
				t.Errorf("only %d requests, %d of them for lists of addresses", len(seen), feeds)
			}
		})
	}
}

// textKey matches a key or a placeholder of a missing text or value.
var textKey = regexp.MustCompile(`\b(report|part|state|owner|vantage|verdict|reason)\.[a-z-]+|<no value>|&lt;no value`)

var style = regexp.MustCompile(`(?s)<style>.*</style>`)

func TestFilesForPeople(t *testing.T) {
	o := runDemo(t, "auth-server-unreachable", "tls-expires-soon", "dns-private-only")
	o.NotChecked = slices.DeleteFunc(o.NotChecked, func(n checks.NotChecked) bool { return n.Reason != checks.NeedsOutsideRun })
	for _, lang := range words.Languages() {
		for name, hide := range map[string][]report.Category{"shown": nil, "hidden": report.Categories(), "people": {report.People}} {
			b := bundle(t, reporter(t, lang), report.Contents{Outcome: o, Hide: hide})
			for _, file := range []string{report.HTMLFile, report.SummaryFile, report.HiddenFile} {
				if missing := textKey.FindString(style.ReplaceAllString(string(b.File(file)), "")); missing != "" {
					t.Errorf("%s %s %s: no text for %s", lang, name, file, missing)
				}
			}
		}
	}
	page := string(bundle(t, reporter(t, "ru"), report.Contents{Outcome: o}).File(report.HTMLFile))
	shown, _, _ := strings.Cut(page, `<template id="boxready-report">`)
	if bad := regexp.MustCompile(`[ >](?:в|на|с|и) [а-я]+| —[ <]`).FindString(shown); bad != "" {
		t.Errorf("a line may end in %q", bad)
	}
	if command := regexp.MustCompile(`<code[^>]*>[^<]*\x{a0}`).FindString(page); command != "" {
		t.Errorf("who copies a command gets a non-breaking space: %q", command)
	}
	for _, want := range []string{"<dt>tokens.<wbr>1.<wbr>carrier</dt>", "request_<wbr>id</dt>", "@top-left { content: \"\\00041e"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q isn't in the page", want)
		}
	}
	b := bundle(t, reporter(t, "ru"), report.Contents{Outcome: o, Hide: []report.Category{report.Names}})
	summary, hidden := string(b.File(report.SummaryFile)), string(b.File(report.HiddenFile))
	for _, want := range []string{"Портал: https://portal-1 (имя скрыто)\n", "ПРОБЛЕМА auth-server-from-portal / auth-server-unreachable\n", "CONNECTION_ERROR", "bx24_request_id",
		"Исправляет: администратор сети\n", "issued by"} {
		if strings.Contains(summary, want) == (want == "issued by") {
			t.Errorf("the summary and %q:\n%s", want, summary)
		}
	}
	for _, want := range []string{"Имена серверов и компаний: заменены на portal-1", "IP-адреса: показаны.", "Люди и номер, под которым портал известен разработчику Битрикс24: их нет."} {
		if !strings.Contains(hidden, want) {
			t.Errorf("%q isn't in\n%s", want, hidden)
		}
	}
	for _, n := range b.Names {
		if n.Hidden != (n.Category == report.Names) || n.Token == "" || n.Value == "" {
			t.Errorf("preview: %+v", n)
		}
		if strings.Contains(hidden, n.Value) {
			t.Errorf("%s gives away %s", report.HiddenFile, n.Value)
		}
	}
}

// many returns a run with too many results for a chat message.
func many(t testing.TB, n int) *checks.Outcome {
	t.Helper()
	o := runDemo(t, "tls-expires-soon", "auth-server-unreachable")
	made := o.Results
	for len(o.Results) < n {
		r := made[len(o.Results)%len(made)]
		if r.State == checks.Skipped {
			r = made[3]
		}
		o.Results = append(o.Results, r)
	}
	return o
}

func TestSummaryIsShort(t *testing.T) {
	o := many(t, 500)
	summary := string(bundle(t, reporter(t, "ru"), report.Contents{Outcome: o}).File(report.SummaryFile))
	if lines := strings.Count(summary, "\n"); lines > 60 || lines < 40 {
		t.Errorf("%d lines", lines)
	}
	if !regexp.MustCompile(`Ещё \d+ результат`).MatchString(summary) {
		t.Errorf("it doesn't say that there is more:\n%s", summary)
	}
}

func TestBundleNames(t *testing.T) {
	for typed, want := range map[string]string{
		"portal.example.ru":         "portal.example.ru-2026-03-01-0405",
		"портал.рф:8443":            "xn--80awhdgm.xn--p1ai-8443-2026-03-01-0405",
		"https://[2001:db8::1]:444": "2001-db8-1-444-2026-03-01-0405",
		"con":                       "con-2026-03-01-0405",
		strings.Repeat(strings.Repeat("a", 50)+".", 4) + "example": (strings.Repeat(strings.Repeat("a", 50)+".", 4) + "example")[:80] + "-2026-03-01-0405",
	} {
		address, err := portal.ParseAddress(typed)
		if err != nil {
			t.Fatal(err)
		}
		o := &checks.Outcome{Target: checks.Target{Address: address}, Started: time.Date(2026, 3, 1, 4, 5, 0, 0, time.Local)}
		if b := bundle(t, reporter(t, "en"), report.Contents{Outcome: o}); b.Name != want+"-"+view.RunID(o.Started, o.Finished)+".boxready.zip" {
			t.Errorf("%s: %s, want %s", typed, b.Name, want)
		}
	}
}
