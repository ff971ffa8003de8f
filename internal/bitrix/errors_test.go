package bitrix

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
)

// Reads the constants from the source, so that none can be added without its
// row in the table.
func TestEveryConstantHasARow(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "errors.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Code") {
			return true
		}
		code, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		n++
		if !IsErrorCode(code) {
			t.Errorf("%s = %q is not in the table", spec.Names[0].Name, code)
		}
		return true
	})
	if n < 40 {
		t.Errorf("found %d constants only", n)
	}
}

func TestErrorTable(t *testing.T) {
	type key struct {
		code    string
		speaker Speaker
	}
	seen := map[key]bool{}
	for _, e := range Errors() {
		if seen[key{e.Code, e.Speaker}] {
			t.Errorf("%s of the %s is double", e.Code, e.Speaker)
		}
		seen[key{e.Code, e.Speaker}] = true
		if e.Speaker != SpeakerPortal && e.Speaker != SpeakerAuthServer || e.Meaning == "" || e.Source == "" {
			t.Errorf("incomplete row: %+v", e)
		}
		if v3 := strings.HasPrefix(e.Code, "BITRIX_REST_V3_"); v3 != (e.API == 3) || e.API != 2 && e.API != 3 {
			t.Errorf("%s: API %d", e.Code, e.API)
		}
		for _, s := range e.Status {
			if s < 200 || s > 599 {
				t.Errorf("%s: status %d", e.Code, s)
			}
		}
	}
	if len(seen) < 60 {
		t.Errorf("%d rows only", len(seen))
	}
	Errors()[0].Code = "changed"
	if Errors()[0].Code == "changed" {
		t.Error("a caller can change the table")
	}
}

func TestFindErrors(t *testing.T) {
	for code, want := range map[string]int{
		"NO_AUTH_FOUND":      1,
		"no_auth_found":      1,
		" NO_AUTH_FOUND ":    1,
		"invalid_request":    2, // https required, and malformed
		"insufficient_scope": 2, // portal and authorization server
		"access_denied":      2, // plan or rights, and a browser session
		"wrong_client":       1,
		"BITRIX_REST_V3_EXCEPTIONS_ACCESSDENIEDEXCEPTION": 1,
		"":             0,
		"NO_SUCH_CODE": 0,
	} {
		if got := FindErrors(code); len(got) != want || IsErrorCode(code) != (want > 0) {
			t.Errorf("FindErrors(%q) = %d rows, want %d", code, len(got), want)
		}
	}
	if !SameCode("EXPIRED_TOKEN", CodeExpiredToken) || SameCode(CodeInvalidToken, CodeInvalidGrant) {
		t.Error("SameCode")
	}
}
