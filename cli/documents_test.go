package cli_test

import (
	"bytes"
	"context"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"boxready/cli"
	"boxready/internal/simtest/testenv"
)

var update = flag.Bool("update", false, "write the samples in README anew")

// sample is a command in a document and what it prints; an ellipsis stands for the rest.
var sample = regexp.MustCompile("(?s)```\n\\$ boxready ([^\n]*)\n(.*?)…\n```\n")

// TestSamples asserts that the program prints what README shows. A sample has as many lines as it had before.
func TestSamples(t *testing.T) {
	for file, language := range map[string]string{"README.md": "en", "README.ru.md": "ru"} {
		text, err := os.ReadFile(filepath.Join("..", file))
		if err != nil {
			t.Fatal(err)
		}
		if !sample.Match(text) {
			t.Errorf("%s has no sample", file)
		}
		printed := sample.ReplaceAllStringFunc(string(text), func(block string) string {
			parts := sample.FindStringSubmatch(block)
			lines := strings.SplitAfter(printed(t, strings.Fields(parts[1]), language), "\n")
			shown := strings.Join(lines[:min(strings.Count(parts[2], "\n"), len(lines))], "")
			return "```\n$ boxready " + parts[1] + "\n" + shown + "…\n```\n"
		})
		if printed == string(text) {
			continue
		}
		if !*update {
			t.Errorf("%s doesn't show what BoxReady prints; go test ./cli -run TestSamples -update writes it anew", file)
			continue
		}
		if err := os.WriteFile(filepath.Join("..", file), []byte(printed), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// printed returns the standard output of a command.
func printed(t *testing.T, args []string, language string) string {
	t.Helper()
	var out, errs bytes.Buffer
	exit := cli.Run(context.Background(), "1.2.3", append(args, "--lang", language), cli.IO{In: strings.NewReader(""), Out: &out, Err: &errs})
	if out.Len() == 0 {
		t.Fatalf("%q: exit %d\n%s", args, exit, errs.String())
	}
	return out.String()
}

var link = regexp.MustCompile(`\[([^]]*)\]\(([^)#\s]+)[^)]*\)`)

// download is what addresses of downloads begin with: a page of releases finds it from where it shows README.
const download = "../../releases/latest/download/"

// TestLinks asserts that every link between documents leads to a file, from a Russian document to a Russian one if there is one,
// and that the reader is told if there isn't.
func TestLinks(t *testing.T) {
	packages, err := os.ReadFile("../packaging/README.md")
	if err != nil {
		t.Fatal(err)
	}
	downloads := map[string][]string{}
	for _, file := range documents(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range link.FindAllSubmatchIndex(text, -1) {
			label, to, after := string(text[found[2]:found[3]]), string(text[found[4]:found[5]]), strings.TrimLeft(string(text[found[1]:]), " \n(,")
			if strings.Contains(to, "://") {
				continue
			}
			if name, ok := strings.CutPrefix(to, download); ok {
				downloads[file] = append(downloads[file], name)
				if !strings.Contains(string(packages), "`"+name+"`") {
					t.Errorf("%s: packaging/README.md doesn't name %s", file, name)
				}
				continue
			}
			target := filepath.Join(filepath.Dir(file), to)
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %v", file, err)
			}
			if !strings.HasSuffix(file, ".ru.md") || !strings.HasSuffix(to, ".md") || strings.HasSuffix(to, ".ru.md") || label == "In English" {
				continue
			}
			if _, err := os.Stat(strings.TrimSuffix(target, ".md") + ".ru.md"); err == nil {
				t.Errorf("%s: %s exists in Russian", file, to)
			}
			if !strings.HasPrefix(after, "на английском") {
				t.Errorf("%s doesn't say that %s is in English", file, to)
			}
		}
	}
	if len(downloads["../README.md"]) < 10 || !slices.Equal(downloads["../README.md"], downloads["../README.ru.md"]) {
		t.Errorf("downloads differ: %q", downloads)
	}
}

// TestTables asserts that the rows of a table have as many cells as its head: readers of Markdown drop the others.
func TestTables(t *testing.T) {
	for _, file := range documents(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		cells := 0 // of the table's head; 0 outside a table
		for i, line := range strings.Split(string(text), "\n") {
			n := 0
			if strings.HasPrefix(line, "|") {
				n = strings.Count(line, "|")
			}
			if cells > 0 && n > 0 && n != cells {
				t.Errorf("%s:%d has %d cells, the table's head %d", file, i+1, n-1, cells-1)
			}
			if n == 0 || cells == 0 {
				cells = n
			}
		}
	}
}

// TestPackagedDocuments asserts that a document in a package links none that isn't there, with and without addresses of downloads.
func TestPackagedDocuments(t *testing.T) {
	testenv.NotOnWindows(t, "packages are made on Linux")
	for _, homepage := range []string{"", "https://boxready.example"} {
		folder := t.TempDir()
		c := exec.Command("../packaging/documents", folder)
		c.Env = append(os.Environ(), "HOMEPAGE="+homepage)
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		pages, err := filepath.Glob(filepath.Join(folder, "*.md"))
		below, _ := filepath.Glob(filepath.Join(folder, "docs", "*.md"))
		if pages = append(pages, below...); err != nil || len(pages) < 10 {
			t.Fatalf("%q, %v", pages, err)
		}
		for _, page := range pages {
			text, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range link.FindAllStringSubmatch(string(text), -1) {
				if strings.Contains(found[2], "://") {
					continue
				}
				if _, err := os.Stat(filepath.Join(filepath.Dir(page), found[2])); err != nil {
					t.Errorf("with the home page %q, %s links %s, which isn't in a package", homepage, filepath.Base(page), found[2])
				}
			}
		}
	}
}

// documents returns the repository's pages.
func documents(t *testing.T) []string {
	t.Helper()
	var pages []string
	for _, folder := range []string{"..", "../docs", "../packaging"} {
		found, err := fs.Glob(os.DirFS(folder), "*.md")
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %q, %v", folder, found, err)
		}
		for _, name := range found {
			pages = append(pages, folder+"/"+name)
		}
	}
	return pages
}
