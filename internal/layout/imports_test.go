// Package layout keeps the arrows between packages: who may import whom.
package layout

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "boxready"

// layers hold every package of the product, from top to bottom. A package imports those of lower layers only.
var layers = [][]string{
	{".", "packaging/manual"},
	{"gui", "cli"},
	{"gui/model"},
	{"gui/widgets", "gui/store"},
	{"gui/style", "gui/discardlog"},
	{"internal/app"},
	{"internal/exporter", "internal/demo", "internal/report/history", "internal/acknowledged"},
	{"internal/report", "internal/letter", "internal/fleet"},
	{"internal/view"},
	{"internal/words", "internal/allowlist"},
	{"checks"},
	{"internal/receiver/server"},
	{"internal/requirements/scan", "internal/receiver", "oauthflow"},
	{"internal/requirements", "internal/serverprobe", "internal/feed"},
	{"internal/portal", "internal/vault", "internal/renewal"},
	{"internal/transport", "internal/simportal"},
	{"internal/bitrix", "internal/secret", "internal/yamlfile", "internal/spreadsheet", "internal/schedule", "internal/notify"},
	{"internal/untrusted", "internal/flight", "internal/filelock", "internal/atomicfile", "internal/lazyregexp", "internal/crash", "internal/instance", "internal/opengl", "internal/release", "assets"},
}

// tools are programs for building and testing BoxReady, and what only tests use. No package of the product imports them.
var tools = []string{"internal/bitrix/gen", "internal/growth", "internal/lab", "internal/layout", "internal/simtest", "internal/simtest/browser", "internal/simtest/testenv", "internal/simtest/constants", "internal/simtest/ways",
	"internal/simportal/latency", "internal/serverprobe/sshtest", "gui/e2e", "packaging/catalogue", "packaging/licences", "packaging/packed", "packaging/security", "packaging/test", "packaging/texts"}

// rules forbid more than the layers do.
var rules = []struct {
	packages []string // "…/" stands for all below
	imports  func(path string) bool
	reason   string
}{
	{[]string{"checks", "cli", "oauthflow", "internal/", "packaging/"}, func(path string) bool { return strings.HasPrefix(path, "fyne.io/") }, "only the window knows Fyne"},
	{[]string{"gui/model", "gui/store"}, func(path string) bool { return strings.HasPrefix(path, "fyne.io/") }, "what the window shows is independent of Fyne"},
	{[]string{"gui", "gui/", "cli"}, func(path string) bool {
		return slices.Contains([]string{"net/http", module + "/internal/transport", module + "/internal/vault"}, path)
	}, "the window and the command line reach network and keyring through internal/app alone"},
	{[]string{"internal/simportal"}, func(path string) bool {
		return strings.HasPrefix(path, module+"/") && path != module+"/internal/bitrix"
	}, "the simulated portal is the other side, and must not share our mistakes"},
}

func (p pkg) matches(patterns []string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		return p.dir == pattern || strings.HasSuffix(pattern, "/") && strings.HasPrefix(p.dir, pattern)
	})
}

// pkg is a directory with Go files that are no tests, and all that they import, whatever their build tags.
type pkg struct {
	dir     string // below the repository's root, with slashes
	imports []string
}

func TestImports(t *testing.T) {
	layer := map[string]int{}
	for i, names := range layers {
		for _, name := range names {
			layer[name] = i
		}
	}
	for _, p := range packages(t) {
		own, inProduct := layer[p.dir]
		if !inProduct {
			if !slices.Contains(tools, p.dir) {
				t.Errorf("%s is in no layer", p.dir)
			}
			continue
		}
		for _, path := range p.imports {
			if below, ours := strings.CutPrefix(path, module+"/"); ours {
				if other, known := layer[below]; !known || other <= own {
					t.Errorf("%s imports %s, which is not below it", p.dir, below)
				}
			}
			for _, rule := range rules {
				if p.matches(rule.packages) && rule.imports(path) {
					t.Errorf("%s imports %s: %s", p.dir, path, rule.reason)
				}
			}
		}
	}
}

// TestLayoutIsDocumented asserts that CONTRIBUTING names each package of the product and each tool, or the folder of tools that it is in.
func TestLayoutIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := func(dir string) bool { return strings.Contains(string(page), "`"+dir+"/`") }
	for _, dir := range slices.Concat(layers...) {
		if dir != "." && !documented(dir) {
			t.Errorf("CONTRIBUTING.md has no row about %s", dir)
		}
	}
	for _, dir := range tools {
		if !documented(dir) && !documented(filepath.ToSlash(filepath.Dir(dir))) {
			t.Errorf("CONTRIBUTING.md has no row about %s", dir)
		}
	}
}

// packages reads the imports of all packages of the repository.
func packages(t *testing.T) (all []pkg) {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	byDir := map[string]map[string]bool{}
	err = fs.WalkDir(os.DirFS(root), ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata" || entry.Name() == "build"):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, path), nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		dir := filepath.ToSlash(filepath.Dir(path))
		if byDir[dir] == nil {
			byDir[dir] = map[string]bool{}
		}
		for _, spec := range file.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			byDir[dir][name] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir, imports := range byDir {
		p := pkg{dir: dir}
		for name := range imports {
			p.imports = append(p.imports, name)
		}
		slices.Sort(p.imports)
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b pkg) int { return strings.Compare(a.dir, b.dir) })
	if len(all) < 20 {
		t.Fatalf("only %d packages below %s", len(all), root)
	}
	return all
}
