package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"boxready/internal/simtest/testenv"
	"boxready/internal/words"
)

func TestMain(m *testing.M) { os.Exit(testenv.M{M: m}.Run()) }

// TestPages asserts that there is a page for every command in every language, with all sections, and that groff has nothing to
// say about it.
func TestPages(t *testing.T) {
	var english []string
	for _, lang := range words.Languages() {
		folder := t.TempDir()
		if err := write(folder, "1.2.3", lang, time.Unix(0, 0).UTC()); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(folder, "*.1"))
		if err != nil || len(files) < 30 {
			t.Fatalf("%s: %d pages, %v", lang, len(files), err)
		}
		var names []string
		for _, file := range files {
			names = append(names, filepath.Base(file))
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(string(text), ".SH "); n < 8 {
				t.Errorf("%s %s: %d sections", lang, filepath.Base(file), n)
			}
			if strings.Contains(string(text), "HELP.") {
				t.Errorf("%s %s: a text is missing", lang, filepath.Base(file))
			}
		}
		if english == nil {
			english = names
		}
		if !slices.Equal(names, english) {
			t.Errorf("%s: %q instead of %q", lang, names, english)
		}
		assertFormatted(t, files)
	}
}

func assertFormatted(t *testing.T, files []string) {
	t.Helper()
	groff, err := exec.LookPath("groff")
	if err != nil {
		testenv.Missing(t, "groff is not installed; make test does that")
	}
	for _, file := range files {
		if said, err := exec.Command(groff, "-k", "-man", "-Tutf8", "-ww", "-z", file).CombinedOutput(); err != nil || len(said) > 0 {
			t.Errorf("%s: %v\n%s", filepath.Base(file), err, said)
		}
	}
}
