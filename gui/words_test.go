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

// TestWords wants every text that the window asks for to exist, and every text of the window to be asked for.
func TestWords(t *testing.T) {
	data, err := assets.Languages.ReadFile("lang/en.json")
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := json.Unmarshal(data, &tree); err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	flatten(tree, "", have)

	asked, handed, begun := literals(t)
	for key := range asked {
		if !have[key] {
			t.Errorf("the window asks for %q, and there is no such text", key)
		}
	}
	for key := range have {
		if !strings.HasPrefix(key, "window.") || asked[key] || handed[key] {
			continue
		}
		if !slices.ContainsFunc(begun, func(start string) bool { return strings.HasPrefix(key, start) }) {
			t.Errorf("nothing asks for %q", key)
		}
	}
	// What is put together from codes.
	for _, r := range constants.OfType(t, "checks/outcome.go", "Reason") {
		if !have["window.reason."+string(r)] {
			t.Errorf("no text window.reason.%s", r)
		}
	}
	for _, c := range checks.Catalog() {
		if !have["window.group."+string(c.Group)] {
			t.Errorf("no text window.group.%s", c.Group)
		}
	}
	for _, c := range []checks.Consent{checks.Deep, checks.ContentFilter, checks.EventTest} {
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

// literals are the keys of texts that stand in the window's code: whole ones, those that may be handed on to where they are
// asked for, and beginnings that something is put behind.
func literals(t *testing.T) (whole, handed map[string]bool, begun []string) {
	t.Helper()
	whole, handed = map[string]bool{}, map[string]bool{}
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
			prefix, known := map[string]string{"say": "window.", "copyButton": "window.", "copyKey": "window.", "Say": "", "Count": "", "steps": ""}[name]
			if !known {
				return true
			}
			if strings.HasPrefix(file, "..") {
				prefix = "" // has its own
			}
			if _, local := call.Fun.(*ast.Ident); local && name != "copyKey" {
				return true // a helper that puts something in front
			}
			if text, ok := literal(call.Args[0]); ok && text != "" && name != "copyKey" && name != "steps" {
				whole[prefix+text] = true
			} else if text, ok := beginning(call.Args[0]); ok {
				begun = append(begun, prefix+text)
			}
			return true
		})
		// Keys that are handed on.
		ast.Inspect(parsed, func(n ast.Node) bool {
			if e, ok := n.(ast.Expr); ok {
				if text, ok := literal(e); ok && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789.-") == "" && text != "" {
					handed["window."+text], handed[text] = true, true
				}
			}
			return true
		})
	}
	begun = slices.DeleteFunc(begun, func(s string) bool { return s == "window." || s == "" })
	return whole, handed, begun
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

// beginning is the literal that an addition begins with.
func beginning(e ast.Expr) (string, bool) {
	for {
		b, ok := e.(*ast.BinaryExpr)
		if !ok {
			return literal(e)
		}
		e = b.X
	}
}
