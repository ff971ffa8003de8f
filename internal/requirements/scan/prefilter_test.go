package scan_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"boxready/internal/requirements/scan"

	"github.com/google/go-cmp/cmp"
)

// extensions has one for each language that is read.
var extensions = []string{".php", ".js", ".vue", ".py", ".go", ".java", ".kt", ".cs", ".rb", ".json", ".yaml", ".env",
	".sh", ".bsl", ".sql", ".twig", ".tpl", ".erb", ".ejs"}

// fragments are what generated files consist of: whole names and parts of them, and all that may stand between.
var fragments = []string{"crm", ".", "crm.", "crm.deal", ".list", "cr", "m.deal.list", "user.get", "user.", "event.bind", "app.js", "app.json", "im.", "batch", "profile",
	"crm.deal.list", "tasks.task.get", "user.name", "ONCRM", "DEALADD", "ONCRMDEALADD", "OnAppInstall", "ONIMNEWTHING", "scope", "sco", "$entity", "x = ", "list", ".add", "BX24.callBind(", "BX24.appOption.set(", "LoadDataType.App", "usePullClient(", "initB24Helper(", "list_and_get(",
	"use Bitrix24\\CRM\\Lead;", "new Lead(", "OnTaskAdd", "ontaskadd", "actions.v3.", "/rest/api/tasks.task.get", "permissions", "crm.deal.add_", "as ", "else ", "function f(", "->", "::", "pe", "crm,user",
	"handler", "handler_url", "http", "s://a.example/x", "https://a.example/", "/rest/1/k/", "/", "call(", "call", "method", "callMethod(", "getCRMScope()->deal()->list()", "b24pysdk",
	`'`, `'`, `'`, `"`, `"`, `"`, "`", "'''", `"""`, "+", "+", ".", "~", " ", " ", "  ", "\n", "\n", "\t", `\`, `\n`, "\\\n", "(", ")", "[", "]", "{", "}", "${x}", "{$x}", "#{x}", "{{x}}", "$x", "%s",
	"// a\n", "# b\n", "/* c */", "-- d\n", "<?php ", "?>", "<script>", "</script>", "<% ", "%>", "{{", "}}", "{%", "%}", "<<<A\n", "\nA\n", "<<~B\n", "\nB\n", "%w[", "%q(",
	"=", "=>", ":", ",", ";", "&", "?", "cmd[a]=", "method=", "if", "return ", "f", "r", "$", "@", "$@", "x", "п", "\u00a0", "\x00", "\x01"}

func generated(r *rand.Rand) []byte {
	var b bytes.Buffer
	if r.IntN(3) == 0 {
		b.WriteString("<?php ")
	}
	for range 1 + r.IntN(30) {
		b.WriteString(fragments[r.IntN(len(fragments))])
	}
	return b.Bytes()
}

// The prefilter lets every file pass in which the lexer finds something.
func TestPrefilter(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2)) // #nosec G404 -- the same files in each run
	files, held := 50_000, 0
	if testing.Short() {
		files = 5_000
	}
	for i := range files {
		name, text := "a"+extensions[i%len(extensions)], generated(r)
		switch passes := scan.Passes(name, text); {
		case passes:
		case scan.Finds(name, text):
			t.Fatalf("%s is held back: %q", name, text)
		default:
			held++
		}
	}
	if held < files/10 {
		t.Errorf("%d of %d files are held back; the test proves nothing", held, files)
	}
}

func FuzzPrefilter(f *testing.F) {
	r := rand.New(rand.NewPCG(3, 4)) // #nosec G404 -- the same files in each run
	for i := range extensions {
		f.Add(i, generated(r))
	}
	f.Fuzz(func(t *testing.T, i int, text []byte) {
		if i < 0 || i >= len(extensions) {
			t.Skip()
		}
		if name := "a" + extensions[i]; !scan.Passes(name, text) && scan.Finds(name, text) {
			t.Errorf("%s is held back: %q", name, text)
		}
	})
}

// What is found, how often and where is the same without prefilter and workers: in the corpus, and in many files of which most hold nothing.
func TestPrefilterAndWorkersChangeNoResult(t *testing.T) {
	dir := fstest.MapFS{}
	for i, corpus := range [][]string{glob(t, "testdata/*/*"), glob(t, "testdata/*/.env*"), glob(t, "testdata/kinds/*/*")} {
		for _, name := range corpus {
			data, err := os.ReadFile(name) // #nosec G304 -- the corpus
			if err != nil {
				continue // a directory
			}
			dir[fmt.Sprintf("corpus%d/%s", i, strings.TrimPrefix(name, "testdata/"))] = &fstest.MapFile{Data: data}
		}
	}
	r := rand.New(rand.NewPCG(5, 6)) // #nosec G404 -- the same files in each run
	for i := range 1000 {
		dir[fmt.Sprintf("made/%03d%s", i, extensions[i%len(extensions)])] = &fstest.MapFile{Data: generated(r)}
	}
	dir["big.js"] = &fstest.MapFile{Data: []byte(strings.Repeat("/* filler */\n", 500_000) + "call('crm.lead.' + y)")} // too big to be read at once
	for i := range 30 {                                                                                                // more names than are kept
		dir[fmt.Sprintf("many%02d.js", i)] = &fstest.MapFile{Data: manyNames(i)}
	}
	for range 3 {
		got, err := scan.Dir(context.Background(), dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		want, err := scan.WithoutPrefilter(context.Background(), dir)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-without +with):\n%s", diff)
		}
		if g, w := got.Draft("x", say), want.Draft("x", say); !bytes.Equal(g, w) {
			t.Error("the drafts differ")
		}
		if len(want.Methods) < 50 || len(want.Unknown) < 1000 {
			t.Errorf("%d methods, %d unknown names", len(want.Methods), len(want.Unknown))
		}
	}
}

func manyNames(i int) []byte {
	var b bytes.Buffer
	for n := range 60 {
		fmt.Fprintf(&b, "call('crm.deal.made%d');\n", i*50+n)
	}
	return b.Bytes()
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatal(pattern, names, err)
	}
	return names
}
