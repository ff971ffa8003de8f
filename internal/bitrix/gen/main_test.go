package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What is embedded was made from the tables here. The compressed bytes differ
// between versions of Go, what they hold does not.
func TestEmbeddedIsGenerated(t *testing.T) {
	embedded, err := os.ReadFile("../data/catalogue.tsv.gz")
	if err != nil {
		t.Fatal(err)
	}
	packed, err := pack(".")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(unpack(t, embedded), unpack(t, packed)) {
		t.Error("the embedded catalogue differs from docs.tsv and kept.tsv: go generate ./internal/bitrix")
	}
}

func unpack(t *testing.T, packed []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	table, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

const testDocs = `R	owner/docs	abc123	2026-01-02
M	a.First	task		any		2+3					a.html	task,crm	tasks	a3.html
M	b.second	crm		admin	ad	2				a.First	b.html
E	ONB	sonet		any	d	e.html
F	a.First		since	1.2.0		method	https://pages/a
`

const testKept = `# by hand
R	owner/docs	def456	2026-02-03
M	b.Alone	crm		any		2					c.html
X	c.*	example
C	ONB	scope	crm
S	crm	crm,sale	source	CRM	s.html
S	task	tasks	source
B	b.second	main	l	static	3.0.0	1.0.0
F		rest	bounds	3.0.0	2.0.0	tokens	compared
`

func packText(t *testing.T, docs, kept string) ([]byte, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"docs.tsv": docs, "kept.tsv": kept} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return pack(dir)
}

func TestPack(t *testing.T) {
	first, err := packText(t, testDocs, testKept)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{
		"D\t1\t2026-02-03",
		"R\towner/docs\tabc123\t2026-01-02",
		"R\towner/docs\tdef456\t2026-02-03",
		"M\ta.First\ttask\ttasks\tany\t\t2+3\t\t\t\t\ta.html\ttask,crm\ttasks\ta3.html",
		"M\tb.Alone\tcrm\tcrm\tany\t\t2\t\t\t\t\tc.html",
		"M\tb.second\tcrm\tmain\tadmin\tadl\t2\tstatic\t3.0.0\t1.0.0\ta.First\tb.html",
		"E\tONB\tcrm\tcrm\tany\td\te.html",
		"S\tcrm\tcrm,sale\tsource\tCRM\ts.html",
		"S\ttask\ttasks\tsource",
		"F\ta.First\ttasks\tsince\t1.2.0\t\tmethod\thttps://pages/a",
		"F\t\trest\tbounds\t3.0.0\t2.0.0\ttokens\tcompared",
	}, "\n") + "\n"
	if diff := cmp.Diff(want, string(unpack(t, first))); diff != "" {
		t.Error(diff)
	}
	if again, err := packText(t, testDocs, testKept); err != nil || !bytes.Equal(first, again) {
		t.Errorf("the same input gives different output (%v)", err)
	}
}

func TestPackRefuses(t *testing.T) {
	for name, tc := range map[string]struct{ docs, kept, want string }{
		"a kept method that has a page":     {"", "M\tB.Second\tcrm\n", "has two rows"},
		"bounds of no method":               {"", "B\tc.third\n", "c.third, which is no method"},
		"bounds of an event":                {"", "B\tONB\n", "ONB, which is no method"},
		"a correction that changes nothing": {"", "C\tb.*\twho\tadmin\n", "changes nothing"},
		"a correction of nothing":           {"", "C\tc.*\twho\tadmin\n", "changes nothing"},
		"a correction of no field":          {"", "C\tb.*\tdoc\tx.html\n", "no field doc"},
		"a correction of no event's field":  {"", "C\tONB\treplaced_by\tONC\n", "no field replaced_by"},
		"a scope without a module":          {"M\td\tnews\t\tany\t\t2\n", "", `scope "news" has no S row`},
		"a kind of row that is not known":   {"Q\td\n", "", "of no known kind"},
		"too many fields":                   {"M" + strings.Repeat("\t", 14) + "\tx\n", "", "of no known kind"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := packText(t, testDocs+tc.docs, testKept+tc.kept); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error with %q", err, tc.want)
			}
		})
	}
	if _, err := pack(t.TempDir()); err == nil {
		t.Error("an empty directory is accepted")
	}
}
