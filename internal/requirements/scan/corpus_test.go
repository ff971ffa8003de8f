package scan_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"boxready/internal/requirements/scan"

	"github.com/google/go-cmp/cmp"
)

// The corpus has a directory for each language: names that are called, in the usual ways of writing a call, among
// names that aren't. want.txt lists the former. Files are scanned one by one, so that no certain name in one makes names in
// another count.
func TestCorpus(t *testing.T) {
	for _, dir := range corpus(t, "testdata/*/want.txt", 9) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			var got []string
			for _, file := range filesOf(t, dir) {
				result := scanFiles(t, map[string]string{file: readFile(t, dir, file)})
				for _, n := range slices.Concat(result.Methods, result.Events) {
					got = append(got, file+" "+n.Name)
				}
			}
			compare(t, dir, got)
		})
	}
}

// Each directory below kinds has one way to write a name, in every language that has it, and want.txt the group of each name
// that has to be seen. Each file is scanned together with one that certainly calls a portal, but for those in unproven.
func TestKinds(t *testing.T) {
	for _, dir := range corpus(t, "testdata/kinds/*/want.txt", 8) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			var got []string
			for _, file := range filesOf(t, dir) {
				files := map[string]string{file: readFile(t, dir, file)}
				if filepath.Base(dir) != "unproven" {
					files["proof.php"] = call
				}
				result := scanFiles(t, files)
				for group, names := range map[string][]scan.Name{"method": result.Methods, "event": result.Events, "unknown": result.Unknown, "built": result.Built,
					"sdk": result.SDKCalls, "possible": result.Possible, "tests": result.Tests} {
					for _, n := range names {
						if n.Where[0].File == file {
							got = append(got, file+" "+group+" "+n.Name)
						}
					}
				}
			}
			compare(t, dir, got)
		})
	}
}

func corpus(t *testing.T, pattern string, atLeast int) (dirs []string) {
	t.Helper()
	lists, err := filepath.Glob(pattern)
	if err != nil || len(lists) < atLeast {
		t.Fatal(lists, err)
	}
	for _, list := range lists {
		dirs = append(dirs, filepath.Dir(list))
	}
	return dirs
}

func filesOf(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "want.txt" {
			names = append(names, e.Name())
		}
	}
	return names
}

func readFile(t *testing.T, dir, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// compare compares what was found in a directory with its want.txt: no name is missed, none is invented.
func compare(t *testing.T, dir string, got []string) {
	t.Helper()
	want := strings.Split(strings.TrimSpace(readFile(t, dir, "want.txt")), "\n")
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%d names (-missed +invented):\n%s", len(want), diff)
	}
}
