package report_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"boxready/checks"
	"boxready/internal/report"
	"boxready/internal/view"
	"boxready/internal/words"

	"github.com/google/go-cmp/cmp"
)

func readReason(err error) report.ReadReason {
	var read *report.ReadError
	if errors.As(err, &read) {
		return read.Reason
	}
	return ""
}

func write(t testing.TB, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// zipOf makes a zip of names and contents in turn.
func zipOf(t testing.TB, parts ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for i := 0; i < len(parts); i += 2 {
		w, err := z.Create(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, parts[i+1])
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestReadBack asserts that each format yields the same report, in every language, with hidden names or not.
func TestReadBack(t *testing.T) {
	o := runDemo(t, "tls-self-signed")
	for _, hide := range [][]report.Category{nil, report.Categories()} {
		b := bundle(t, reporter(t, "ru"), report.Contents{Outcome: o, Hide: hide})
		var first report.Document
		for name, data := range map[string][]byte{"zip": zipped(t, b), "page": b.File(report.HTMLFile), "data": b.File(report.JSONFile),
			"data with BOM": append([]byte("\ufeff"), b.File(report.JSONFile)...)} {
			saved, err := report.Read(write(t, data))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if saved.Altered != nil {
				t.Errorf("%s was altered: %v", name, saved.Altered)
			}
			if first.Schema == 0 {
				first = saved.Document
			}
			if diff := cmp.Diff(textOf(t, first), textOf(t, saved.Document)); diff != "" {
				t.Errorf("%s differs:\n%s", name, diff)
			}
		}
		if first.Verdict != o.Verdict || len(first.Results) != len(o.Results) {
			t.Errorf("read back: %s, %d results", first.Verdict, len(first.Results))
		}
	}
}

func textOf(t *testing.T, d report.Document) string {
	t.Helper()
	var out bytes.Buffer
	if err := report.WriteJSON(&out, d, true); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestAlteredFilesAreReported(t *testing.T) {
	b := bundle(t, reporter(t, "en"), report.Contents{Outcome: runDemo(t)})
	files := func(change func(name, content string) string) []byte {
		var parts []string
		for _, f := range b.Files {
			if content := change(f.Name, string(f.Data)); content != "" {
				parts = append(parts, f.Name, content)
			}
		}
		return zipOf(t, parts...)
	}
	for name, c := range map[string]struct {
		data []byte
		want []string
	}{
		"as written": {files(func(_, s string) string { return s }), nil},
		"the data": {files(func(n, s string) string {
			return strings.Replace(s, `"ready"`, `"unsure"`, 1) + map[bool]string{true: " "}[n == report.JSONFile]
		}), []string{report.JSONFile}},
		"a file that is gone": {files(func(n, s string) string {
			if n == report.LogFile {
				return ""
			}
			return s
		}), []string{report.LogFile}},
		"a letter put in": {append([]byte{}, zipOf(t, append([]string{report.LetterFile, "pay here"}, partsOf(b)...)...)...), []string{report.LetterFile}},
	} {
		saved, err := report.Read(write(t, c.data))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, saved.Altered); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func partsOf(b *report.Bundle) (parts []string) {
	for _, f := range b.Files {
		parts = append(parts, f.Name, string(f.Data))
	}
	return parts
}

const emptyReport = `{"schema":1,"tool":{"name":"boxready","version":"1"},"portal":"https://p.example","started":"2026-01-01T00:00:00Z","finished":"2026-01-01T00:00:01Z","verdict":"no-obstacle","counts":{},"not_checked":[],"results":[%s]}`

func reportWith(results string) string { return fmt.Sprintf(emptyReport, results) }

// TestForeignFiles asserts that files which aren't reports, or are malicious, are rejected with a reason.
func TestForeignFiles(t *testing.T) {
	good := reportWith("")
	bomb := strings.Repeat("0", 64<<20)
	for name, c := range map[string]struct {
		data string
		want report.ReadReason
	}{
		"good":                 {good, ""},
		"empty":                {"", report.ReadNoReport},
		"text":                 {"Portal: https://p.example\n", report.ReadNoReport},
		"other JSON":           {`{"a":1}`, report.ReadNoReport},
		"other program":        {strings.Replace(good, "boxready", "other", 1), report.ReadNoReport},
		"other page":           {"<!DOCTYPE html><html><body><template id=x>{}</template>", report.ReadNoReport},
		"cut off":              {good[:100], report.ReadDamaged},
		"next schema":          {strings.Replace(good, `"schema":1`, `"schema":2`, 1), report.ReadForeign},
		"no schema":            {strings.Replace(good, `"schema":1`, `"schema":null`, 1), report.ReadNoReport},
		"results no list":      {strings.Replace(good, `"results":[]`, `"results":{}`, 1), report.ReadDamaged},
		"result without state": {reportWith(`{"check":"portal-tls"}`), report.ReadDamaged},
		"unknown state":        {reportWith(`{"check":"portal-tls","state":"great"}`), report.ReadDamaged},
		"code no code":         {reportWith(`{"check":"<b>","state":"ok"}`), report.ReadDamaged},
		"cause no code":        {reportWith(`{"check":"a","state":"problem","cause":"a\u001b[31m"}`), report.ReadDamaged},
		"too many results":     {reportWith(strings.Repeat(`{"check":"a","state":"ok"},`, 6000) + `{"check":"a","state":"ok"}`), report.ReadTooBig},
		"millions of nothing":  {reportWith(strings.Repeat(`{},`, 2_000_000) + `{}`), report.ReadTooBig},
		"deep":                 {reportWith(`{"check":"a","state":"ok","facts":` + strings.Repeat(`[`, 200_000)), report.ReadTooBig},
		"too big":              {reportWith(`{"check":"a","state":"ok","title":"` + strings.Repeat("a", 9<<20) + `"}`), report.ReadTooBig},
		"zip of nothing":       {string(zipOf(t)), report.ReadNoReport},
		"zip of others":        {string(zipOf(t, "readme.txt", "hello")), report.ReadNoReport},
		"zip bomb":             {string(zipOf(t, report.JSONFile, bomb)), report.ReadTooBig},
		"zip bomb beside it":   {string(zipOf(t, report.JSONFile, good, report.HTMLFile, bomb)), report.ReadTooBig},
		"zip of two":           {string(zipOf(t, report.JSONFile, good, report.JSONFile, good)), report.ReadDamaged},
		"zip cut off":          {string(zipOf(t, report.JSONFile, good)[:60]), report.ReadDamaged},
		"zip, traversal":       {string(zipOf(t, "../../"+report.JSONFile, good, `..\`+report.JSONFile, good)), report.ReadNoReport},
		"zip, traversal too":   {string(zipOf(t, "../../../tmp/evil", "x", report.JSONFile, good)), ""},
		"page bomb":            {"<!DOCTYPE html><template id=boxready-report>" + strings.Repeat("a", 9<<20), report.ReadDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			saved, err := report.Read(write(t, []byte(c.data)))
			if readReason(err) != c.want {
				t.Errorf("%v, want %q", err, c.want)
			}
			if c.want == "" && (saved == nil || saved.Portal != "https://p.example") {
				t.Errorf("read as %+v", saved)
			}
		})
	}
	folder := t.TempDir()
	for path, want := range map[string]report.ReadReason{filepath.Join(folder, "none.zip"): report.ReadMissing, folder: report.ReadNoReport} {
		if _, err := report.Read(path); readReason(err) != want {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
	}
}

// TestZipBombMemory asserts that a zip bomb isn't unpacked in memory.
func TestZipBombMemory(t *testing.T) {
	path := write(t, zipOf(t, report.JSONFile, reportWith(strings.Repeat(`{},`, 2_000_000)+`{}`), "x", strings.Repeat("0", 256<<20)))
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := report.Read(path); err == nil {
		t.Error("it is read as a report")
	}
	runtime.ReadMemStats(&after)
	if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 100 {
		t.Errorf("%d MiB", took)
	}
}

// TestCostOfStructure asserts that what a file costs in memory is in proportion to its size, whatever its structure.
func TestCostOfStructure(t *testing.T) {
	result := func(facts string) string {
		return `{"check":"rest-route","state":"problem","cause":"rest-not-found","vantage":"computer","owner":"server-admin","affects":[],"because":"","facts":` + facts + `}`
	}
	for name, c := range map[string]struct {
		facts string
		read  bool
	}{
		"9000 levels of objects": {strings.Repeat(`{"a":`, 9000) + "1" + strings.Repeat("}", 9000), false},
		"9000 levels of lists":   {`{"a":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + "}", false},
		"400 000 facts":          {`{"a":[` + strings.Repeat(`{"b":1},`, 400_000) + `{"b":1}]}`, false},
		"brackets in a text":     {`{"a":"` + strings.Repeat(`[{\"`, 9000) + `"}`, true},
		"a thousand facts":       {`{"a":[` + strings.Repeat(`{"b":1},`, 1000) + `{"b":1}]}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			content := reportWith(result(c.facts))
			path := write(t, []byte(content))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			saved, err := report.Read(path)
			if err == nil {
				view.ValuesOf(saved.Results[0].Facts).Facts()
			}
			runtime.ReadMemStats(&after)
			if (err == nil) != c.read {
				t.Errorf("read: %t, %v", err == nil, err)
			}
			if made, most := after.TotalAlloc-before.TotalAlloc, uint64(20*len(content)+1<<20); made > most {
				t.Errorf("%d bytes were made of %d, at most %d are expected", made, len(content), most)
			}
		})
	}
}

// TestMarkupIsHarmless asserts that untrusted text in a report can't control the terminal.
func TestMarkupIsHarmless(t *testing.T) {
	payload := "\u001b[2J\u001b]0;title\u0007<script>alert(1)</script>\u202e\r\nboxready check evil.example"
	quoted, _ := json.Marshal(payload)
	data := strings.Replace(reportWith(fmt.Sprintf(`{"check":"portal-tls","state":"problem","cause":"of-tomorrow","owner":"server-admin","vantage":"computer",
		"title":%[1]s,"text":%[1]s,"steps":[%[1]s],"more":"javascript:alert(1)","facts":{%[1]s:%[1]s,"a":[%[1]s]}}`, quoted)), `"1"`, string(quoted), 1)
	saved, err := report.Read(write(t, []byte(strings.Replace(data, `"https://p.example"`, string(quoted), 1))))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := reporter(t, "en").WriteSaved(&out, saved, report.Style{Verbose: true}); err != nil {
		t.Fatal(err)
	}
	changes := reporter(t, "en").Compare(report.Document{}, saved.Document)
	if err := reporter(t, "en").WriteChanges(&out, report.Document{}, saved.Document, &changes, report.Style{}); err != nil {
		t.Fatal(err)
	}
	again, _ := reporter(t, "en").JudgeAgain(saved)
	if err := reporter(t, "en").WriteSaved(&out, again, report.Style{Verbose: true}); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"\u001b", "\u0007", "\u202e", "\r", "javascript:"} {
		if strings.Contains(out.String(), bad) {
			t.Errorf("it shows %q:\n%q", bad, out.String())
		}
	}
}

func FuzzRead(f *testing.F) {
	words, err := words.New("en")
	if err != nil {
		f.Fatal(err)
	}
	p := &report.Reporter{Words: words, Version: "1", System: "Linux"}
	// Small, because small inputs are tried more often.
	for _, results := range []string{
		`{"check":"credentials-arrive","state":"ok","facts":{"tokens":[{"carrier":"form","request":"x","at":"2026-01-01T00:00:00Z","times":{"total":1}}]}}`,
		`{"check":"portal-tls","state":"ok","facts":{"at":"2026-01-01T00:00:00Z","addresses":[{"took_ms":1,"trust":{"public":true},"chain":[{"subject":"CN=a","issuer":"CN=a"}]}]}}`,
		`{"check":"modules","state":"skipped","because":"webhook","facts":{"credential":"webhook","required":{"modules":{"crm":"1.0.0"}},"methods":[{"name":"a"}]}}`,
		`{"check":"rest-route","state":"problem","cause":"rest-blocked","owner":"server-admin","steps":["a"],"facts":{"request":"x","status":403,"form":"html"}}`,
	} {
		data := reportWith(results)
		f.Add([]byte(data))
		f.Add([]byte("<!DOCTYPE html><template id=boxready-report>" + data + "</template>"))
		f.Add(zipOf(f, report.JSONFile, data))
	}
	path := filepath.Join(f.TempDir(), "file")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		saved, err := report.Read(path)
		if err != nil {
			if readReason(err) == "" {
				t.Errorf("no reason: %v", err)
			}
			return
		}
		if files, err := report.ReadFiles(path); err != nil && readReason(err) == "" || err == nil && len(files) == 0 {
			t.Errorf("%d files, %v", len(files), err)
		}
		outcome, _ := saved.Outcome()
		for _, r := range outcome.Results {
			words.Finding(r, outcome.Target.Address.Display())
		}
		again, _ := p.JudgeAgain(saved)
		for _, d := range []*report.Saved{saved, again} {
			if err := p.WriteSaved(io.Discard, d, report.Style{Verbose: true}); err != nil {
				t.Error(err)
			}
			for _, e := range d.Results {
				if e.State == checks.OK && e.Cause != "" && d == again && e.Check == checks.PortalTLS {
					t.Errorf("judged ok because of %s", e.Cause)
				}
			}
		}
		p.Compare(saved.Document, again.Document)
	})
}
