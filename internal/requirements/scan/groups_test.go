package scan_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"boxready/internal/bitrix"
	"boxready/internal/requirements/scan"

	"github.com/google/go-cmp/cmp"
)

func TestOnlyInTests(t *testing.T) {
	files := map[string]string{"a.php": call}
	for _, file := range []string{"tests/a.php", "src/__tests__/a.js", "a_test.go", "a.spec.ts", "test_a.py", "LeadTest.php", "examples/a.py", "sub/Fixtures/a.json", "a_spec.rb"} {
		files[file] = `<?php call("crm.item.list"); call("crm.lead.list"); call("event.bind", {"event": "ONCRMLEADADD"}); call("crm.lead." . $x);`
	}
	files["contest.php"] = `<?php call("crm.deal.list");`
	result := scanFiles(t, files)
	if diff := cmp.Diff([]string{"crm.deal.list", "crm.item.list"}, names(result.Methods)); diff != "" {
		t.Errorf("methods (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"crm.lead.list", "crm.lead.…", "event.bind", "ONCRMLEADADD"}, names(result.Tests)); diff != "" {
		t.Errorf("only in tests (-want +got):\n%s", diff)
	}
	if len(result.Built)+len(result.Events) > 0 || result.Apart() != 4 {
		t.Errorf("%v %v, %d apart", result.Built, result.Events, result.Apart())
	}
}

// A folder with most of a large number of methods is named, the innermost that has them.
func TestLargeFolders(t *testing.T) {
	calls := func(first, n int) string {
		var b strings.Builder
		for m := range bitrix.Methods() {
			if strings.HasPrefix(m.Name, "crm.") {
				if first--; first < 0 && n > 0 {
					fmt.Fprintf(&b, "call('%s');\n", m.Name)
					n--
				}
			}
		}
		return b.String()
	}
	for name, c := range map[string]struct {
		files map[string]string
		want  []scan.Folder
	}{
		"an application":              {map[string]string{"a.js": calls(0, 100), "b/c.js": calls(100, 50)}, nil},
		"many methods in all":         {map[string]string{"a.js": calls(0, 100), "b.js": calls(100, 100)}, nil},
		"an SDK in several folders":   {map[string]string{"src/app/a.js": calls(0, 5), "src/sdk/x/a.js": calls(0, 100), "src/sdk/y/a.js": calls(100, 100)}, []scan.Folder{{Path: "src/sdk", Methods: 200}}},
		"a list of all methods":       {map[string]string{"src/names.js": calls(0, 151), "src/app.js": calls(0, 9)}, []scan.Folder{{Path: "src/names.js", Methods: 151}}},
		"two SDKs":                    {map[string]string{"x/a.js": calls(0, 160), "y/a.js": calls(100, 160)}, []scan.Folder{{Path: "x/a.js", Methods: 160}, {Path: "y/a.js", Methods: 160}}},
		"tests are told apart anyway": {map[string]string{"tests/a.js": calls(0, 200), "a.js": calls(0, 1)}, nil},
	} {
		if diff := cmp.Diff(c.want, scanFiles(t, c.files).Large); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// What other applications have, too, is listed separately if nothing calls a portal.
func TestPossibleNames(t *testing.T) {
	result := scanFiles(t, map[string]string{"a.js": `broker.call('user.get'); x = 'user.update'; on('user.add')`})
	if diff := cmp.Diff([]string{"user.get", "user.update"}, names(result.Possible)); diff != "" || result.Apart() != 2 {
		t.Errorf("%d apart (-want +got):\n%s", result.Apart(), diff)
	}
	result = scanFiles(t, map[string]string{"a.js": "x = 'user.update'", "b.js": "x = 'user.update'; call('crm.item.list')"})
	if !slices.Equal(names(result.Methods), []string{"crm.item.list", "user.update"}) || len(result.Possible) > 0 {
		t.Errorf("%v, possible %v", names(result.Methods), names(result.Possible))
	}
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{"a.php": call, "sdk/b.php": `<?php call('crm.lead.list');`, "src/sdk/c.php": `<?php call('crm.deal.list');`, "src/d.php": `<?php call('crm.quote.list');`}
	if runtime.GOOS == "linux" { // elsewhere, names are Unicode
		files["caf\xe9/\xcf\xf0\xe8.php"] = `<?php call('crm.company.list');`
	}
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	result, err := scan.Dir(context.Background(), scan.DirFS{Dir: dir, Without: []string{"sdk", "src/d.php"}}, nil)
	if err != nil || len(result.Unreadable) > 0 {
		t.Fatalf("%v %q", err, result.Unreadable)
	}
	want := []string{"crm.company.list", "crm.deal.list", "crm.item.list"}
	if runtime.GOOS != "linux" {
		want = want[1:]
	}
	if diff := cmp.Diff(want, names(result.Methods)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
