package gui_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"boxready/assets"
	"boxready/checks"
	"boxready/internal/simtest/constants"
)

// TestTextKeys checks that every text that the window uses exists, and that every text of the window is used.
func TestTextKeys(t *testing.T) {
	data, err := assets.Texts("en")
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := json.Unmarshal(data, &tree); err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	flatten(tree, "", have)

	asked, passed, prefixes := literals(t)
	for key := range asked {
		if !have[key] {
			t.Errorf("the window asks for %q, and there is no such text", key)
		}
	}
	for key := range have {
		if !strings.HasPrefix(key, "window.") || asked[key] || passed[key] {
			continue
		}
		if !slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(key, prefix) }) {
			t.Errorf("nothing asks for %q", key)
		}
	}
	// Keys that are built from codes.
	for _, r := range constants.OfType(t, "checks/outcome.go", "Reason") {
		if !have["window.reason."+string(r)] {
			t.Errorf("no text window.reason.%s", r)
		}
	}
	for _, step := range checks.Steps() {
		for _, key := range []string{"step." + string(step), "window.running." + string(step), "window.walk.needs." + string(step)} {
			if !have[key] {
				t.Errorf("no text %s", key)
			}
		}
	}
	for _, c := range []checks.Consent{checks.Deep, checks.ContentFilter, checks.EventTest, checks.BodySize} {
		for _, key := range []string{"window.consent." + string(c), "consent." + string(c) + ".title", "consent." + string(c) + ".text"} {
			if !have[key] {
				t.Errorf("no text %s", key)
			}
		}
	}
}

func flatten(tree map[string]any, at string, into map[string]bool) {
	for name, value := range tree {
		key := strings.TrimPrefix(at+"."+name, ".")
		switch v := value.(type) {
		case string:
			into[key] = true
		case map[string]any:
			if _, plural := v["other"]; plural {
				into[key] = true
				continue
			}
			flatten(v, key, into)
		}
	}
}

// literals are the text keys in the window's code: whole ones, literals that may be passed on as keys, and the prefixes of keys
// that are concatenated.
func literals(t *testing.T) (whole, passed map[string]bool, prefixes []string) {
	t.Helper()
	whole, passed = map[string]bool{}, map[string]bool{}
	var files []string
	for _, pattern := range []string{"*.go", "model/*.go", "../main_window.go"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, source, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			name := nameOf(call.Fun)
			prefix, known := map[string]string{"say": "window.", "text": "window.", "copyButton": "window.", "Say": "", "Count": "", "steps": ""}[name]
			if !known {
				return true
			}
			if strings.HasPrefix(file, "..") {
				prefix = "" // has its own
			}
			if _, local := call.Fun.(*ast.Ident); local {
				return true // a helper that adds a prefix
			}
			if text, ok := literal(call.Args[0]); ok && text != "" && name != "steps" {
				whole[prefix+text] = true
			} else if text, ok := firstLiteral(call.Args[0]); ok {
				prefixes = append(prefixes, prefix+text)
			}
			return true
		})
		// Literals that may be passed on as keys.
		ast.Inspect(parsed, func(n ast.Node) bool {
			if e, ok := n.(ast.Expr); ok {
				if text, ok := literal(e); ok && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789.-") == "" && text != "" {
					passed["window."+text], passed[text] = true, true
				}
			}
			return true
		})
	}
	prefixes = slices.DeleteFunc(prefixes, func(s string) bool { return s == "window." || s == "" })
	return whole, passed, prefixes
}

func nameOf(f ast.Expr) string {
	switch f := f.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

func literal(e ast.Expr) (string, bool) {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(l.Value)
	return text, err == nil
}

// firstLiteral is the literal that a concatenation begins with.
func firstLiteral(e ast.Expr) (string, bool) {
	for {
		b, ok := e.(*ast.BinaryExpr)
		if !ok {
			return literal(e)
		}
		e = b.X
	}
}
