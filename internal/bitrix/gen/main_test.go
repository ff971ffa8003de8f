package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func writeInput(t *testing.T, files map[string]string) (dir, extra string) {
	t.Helper()
	dir = t.TempDir()
	for name, content := range map[string]string{
		"methods.json": `[
{"method":"b.second","scope":"crm","module":"crm","who":"admin","app_auth_only":true,"deprecated":true,"replaced_by":"a.First","doc":"b.html","api":"2","in_methods_list":true},
{"method":"a.First","scope":"task","module":"tasks","who":"any","doc":"a.html","api":"2+3","in_methods_list":null,"scopes_all":["task","crm"],"scope_v3":"tasks","doc_v3":"a3.html","unknown field":1}]`,
		"events.json": `[{"event":"ONB","scope":"crm","module":"crm","who":"any","deprecated":true,"doc":"e.html"}]`,
		"scopes.json": `[{"scope":"crm","modules":["crm","sale"],"evidence":"source","tool":"CRM","doc":"s.html","note":""}]`,
		"since.json":  `[{"method":"a.First","module":"tasks","version":"1.2.0","what":"field X","kind":"since","source":"owner/docs@abc123:dir/a.md"}]`,
		"bounds.json": `[{"method":"B.second","module":"crm","present_in":"3.0.0","absent_in":"1.0.0","registration":"controller"}]`,
		"sources.json": `[{"name":"owner/docs","revision":"abc123","date":"2026-01-02"},{"name":"owner/old","revision":"def","date":"2025-12-31"}]`,
		"extra.json":  `[{"method":"b.second","module":"crm","kind":"bounds","version":"3.0.0","absent_in":"2.0.0","what":"method","source":"compared"}]`,
	} {
		if replaced, ok := files[name]; ok {
			content = replaced
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, filepath.Join(dir, "extra.json")
}

func TestPack(t *testing.T) {
	dir, extra := writeInput(t, nil)
	first, err := pack(dir, extra)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(first))
	if err != nil {
		t.Fatal(err)
	}
	table, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{
		"D\t1\t2026-01-02",
		"R\towner/docs\tabc123\t2026-01-02",
		"R\towner/old\tdef\t2025-12-31",
		"M\ta.First\ttask\ttasks\tany\t\t2+3\t\t\t\t\ta.html\ttask,crm\ttasks\ta3.html",
		"M\tb.second\tcrm\tcrm\tadmin\tadl\t2\tstatic\t3.0.0\t2.0.0\ta.First\tb.html",
		"E\tONB\tcrm\tcrm\tany\td\te.html",
		"S\tcrm\tcrm,sale\tsource\tCRM\ts.html",
		"F\ta.First\ttasks\tsince\t1.2.0\t\tfield X\thttps://github.com/owner/docs/blob/abc123/dir/a.md",
		"F\tb.second\tcrm\tbounds\t3.0.0\t2.0.0\tmethod\tcompared",
	}, "\n") + "\n"
	if string(table) != want {
		t.Errorf("got:\n%s\nwant:\n%s", table, want)
	}
	if again, err := pack(dir, extra); err != nil || !bytes.Equal(first, again) {
		t.Errorf("the same input gives different output (%v)", err)
	}
}

func TestPackRefuses(t *testing.T) {
	for want, files := range map[string]map[string]string{
		"tab or a line break":    {"events.json": `[{"event":"ON\tB"}]`},
		"aren't in methods.json": {"bounds.json": `[{"method":"b.second"},{"method":"c.third"}]`},
		"no bounds to narrow":    {"extra.json": `[{"method":"c.third","what":"method"}]`},
		"scopes.json":            {"scopes.json": `{}`},
	} {
		dir, extra := writeInput(t, files)
		if _, err := pack(dir, extra); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
	if _, err := pack(t.TempDir(), "none"); err == nil {
		t.Error("an empty directory is accepted")
	}
}
