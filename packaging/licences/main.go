// Licences collects the licences of all modules linked into BoxReady, on any system and with or without the window, into
// assets/licences.json.gz: a text for each module, and one for Go itself. "boxready version --licences" prints them.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"log"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"boxready/assets"
	"boxready/packaging/packed"
)

const file = "assets/licences.json.gz"

func main() {
	texts, err := collect(".")
	if err != nil {
		log.Fatal(err)
	}
	var all []assets.Licence
	for _, module := range slices.Sorted(maps.Keys(texts)) {
		all = append(all, assets.Licence{Module: module, Text: string(texts[module])})
	}
	list, err := json.Marshal(all)
	if err != nil {
		log.Fatal(err)
	}
	if err := packed.WriteFile(file, list); err != nil {
		log.Fatal(err)
	}
}

var (
	systems  = []string{"linux", "windows", "darwin"}
	variants = []struct{ cgo, tags string }{{"1", "migrated_fynedo,no_emoji,no_metadata,no_animations"}, {"0", "nogui,migrated_fynedo"}}
)

// collect returns the licence of each module that is linked into the program in a folder, and that of "go".
func collect(program string) (map[string][]byte, error) {
	modules := map[string]string{}           // folders of modules
	packages := map[string]map[string]bool{} // folders of packages, by module
	for _, system := range systems {
		for _, v := range variants {
			list := exec.Command("go", "list", "-deps", "-tags", v.tags, "-f", "{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Dir}}\t{{$.Dir}}{{end}}{{end}}", ".") // #nosec G204 -- constant arguments
			list.Dir = program
			list.Env = append(os.Environ(), "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED="+v.cgo)
			list.Stderr = os.Stderr
			out, err := list.Output()
			if err != nil {
				return nil, fmt.Errorf("list the modules linked on %s: %w", system, err)
			}
			for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
				parts := strings.Split(lines.Text(), "\t")
				if len(parts) != 3 {
					continue
				}
				modules[parts[0]] = parts[1]
				if packages[parts[0]] == nil {
					packages[parts[0]] = map[string]bool{}
				}
				packages[parts[0]][parts[2]] = true
			}
		}
	}
	texts := map[string][]byte{}
	for module, root := range modules {
		text, err := licence(root, packages[module])
		if err != nil {
			return nil, fmt.Errorf("licence of %s: %w", module, err)
		}
		texts[module] = text
	}
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("find GOROOT: %w", err)
	}
	goText, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(goroot)), "LICENSE"))
	if err != nil {
		return nil, fmt.Errorf("licence of Go: %w", err)
	}
	texts["go"] = goText
	return texts, nil
}

var names = regexp.MustCompile(`(?i)^(licen[cs]e|copying|copyright|notice|patents)`)

// licence joins the licences of a module and of its linked folders.
func licence(root string, linked map[string]bool) ([]byte, error) {
	var files []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !d.IsDir() && names.MatchString(d.Name()) && !strings.HasSuffix(path, ".go") && isLinked(root, filepath.Dir(path), linked) {
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("none in %s", root)
	}
	slices.Sort(files)
	var text bytes.Buffer
	for _, file := range files {
		data, err := os.ReadFile(file) // #nosec G304 -- of a module that is linked
		if err != nil {
			return nil, err
		}
		if len(files) > 1 {
			name, err := filepath.Rel(root, file)
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(&text, "%s:\n\n", filepath.ToSlash(name))
		}
		text.Write(bytes.ReplaceAll(bytes.TrimSpace(data), []byte("\r\n"), []byte("\n")))
		text.WriteString("\n\n")
	}
	return append(bytes.TrimSpace(text.Bytes()), '\n'), nil
}

// isLinked reports whether the files in dir belong to a linked package: dir is one, or the module's root, or below one and without
// Go code of its own.
func isLinked(root, dir string, linked map[string]bool) bool {
	if dir == root || linked[dir] {
		return true
	}
	if code, _ := filepath.Glob(filepath.Join(dir, "*.go")); len(code) > 0 {
		return false
	}
	return linked[filepath.Dir(dir)]
}
