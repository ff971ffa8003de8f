// Package constants reads the string constants of other packages from their source, for tests that need all of them: none can be
// added without being tested, and the product needs no lists of them.
package constants

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// OfType returns the values of the constants with a type, in the order of the source. path is a Go file or a folder, relative to
// the root of the module. It fails the test if there are none.
func OfType(t testing.TB, path, typ string) []string {
	t.Helper()
	return read(t, path, func(spec *ast.ValueSpec, _ string) bool {
		named, ok := spec.Type.(*ast.Ident)
		return ok && named.Name == typ
	})
}

// WithPrefix returns the values of the constants without a type whose names begin with prefix, as OfType does.
func WithPrefix(t testing.TB, path, prefix string) []string {
	t.Helper()
	return read(t, path, func(spec *ast.ValueSpec, name string) bool {
		return spec.Type == nil && strings.HasPrefix(name, prefix)
	})
}

func read(t testing.TB, path string, wanted func(spec *ast.ValueSpec, name string) bool) (values []string) {
	t.Helper()
	root, err := os.Getwd()
	for ; err == nil; root = filepath.Dir(root) {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		if root == filepath.Dir(root) {
			t.Fatal("no go.mod in any parent folder")
		}
	}
	path = filepath.Join(root, path)
	files := []string{path}
	if filepath.Ext(path) != ".go" {
		files, err = filepath.Glob(filepath.Join(path, "*.go"))
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			constants, ok := node.(*ast.GenDecl)
			if !ok || constants.Tok != token.CONST {
				return true
			}
			for _, s := range constants.Specs {
				spec := s.(*ast.ValueSpec)
				for i, value := range spec.Values {
					literal, ok := value.(*ast.BasicLit)
					if !ok || literal.Kind != token.STRING || !wanted(spec, spec.Names[i].Name) {
						continue
					}
					text, err := strconv.Unquote(literal.Value)
					if err != nil {
						t.Fatal(err)
					}
					values = append(values, text)
				}
			}
			return false
		})
	}
	if len(values) == 0 {
		t.Fatalf("no such constants in %s", path)
	}
	return values
}
