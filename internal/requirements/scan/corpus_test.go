package scan_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"boxready/internal/requirements/scan"
)

// The corpus has a directory for each language: names that are called, in the usual ways of writing a call, among
// names that aren't. want.txt lists the former.
func TestCorpus(t *testing.T) {
	dirs, err := filepath.Glob("testdata/*/want.txt")
	if err != nil || len(dirs) < 9 {
		t.Fatal(dirs, err)
	}
	for _, wantFile := range dirs {
		dir := filepath.Dir(wantFile)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			text, err := os.ReadFile(wantFile)
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]bool{}
			for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
				want[line] = true
			}
			got := map[string]bool{}
			entries, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries { // one by one, so that no certain name in one file makes names in another count
				result := scanFile(t, dir, e.Name())
				for _, n := range append(result.Methods, result.Events...) {
					got[e.Name()+" "+n.Name] = true
				}
			}
			right := 0
			for line := range got {
				if want[line] {
					right++
				} else {
					t.Logf("found and not called: %s", line)
				}
			}
			for line := range want {
				if !got[line] {
					t.Logf("called and not found: %s", line)
				}
			}
			precision, recall := float64(right)/float64(len(got)), float64(right)/float64(len(want))
			t.Logf("%d names: precision %.3f, recall %.3f", len(want), precision, recall)
			if precision < 0.98 || recall < 0.95 {
				t.Errorf("precision %.3f, recall %.3f; at least 0.98 and 0.95", precision, recall)
			}
		})
	}
}

// scanFile scans one file of a directory.
func scanFile(t testing.TB, dir, name string) *scan.Result {
	t.Helper()
	alone := t.TempDir()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(alone, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
	result, err := scan.Dir(context.Background(), os.DirFS(alone), nil)
	if err != nil {
		t.Fatal(err)
	}
	return result
}
