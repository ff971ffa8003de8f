package errorcodes

import (
	"strings"
	"testing"

	"boxready/internal/bitrix"
	"boxready/internal/simtest/constants"
)

// TestEveryConstantHasARow reads the constants from the source, so that none can be added without a row.
func TestEveryConstantHasARow(t *testing.T) {
	codes := constants.WithPrefix(t, "internal/bitrix/errors.go", "Code")
	for _, code := range codes {
		if !Known(code) {
			t.Errorf("%q is not in the table", code)
		}
	}
	if len(codes) < 40 {
		t.Errorf("found %d constants only", len(codes))
	}
}

func TestTable(t *testing.T) {
	type key struct {
		code    string
		speaker Speaker
	}
	seen := map[key]bool{}
	for _, e := range Rows() {
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
	Rows()[0].Code = "changed"
	if Rows()[0].Code == "changed" {
		t.Error("a caller can change the table")
	}
}

func TestFind(t *testing.T) {
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
		if got := Find(code); len(got) != want || Known(code) != (want > 0) {
			t.Errorf("Find(%q) = %d rows, want %d", code, len(got), want)
		}
	}
	if !bitrix.SameCode("EXPIRED_TOKEN", bitrix.CodeExpiredToken) || bitrix.SameCode(bitrix.CodeInvalidToken, bitrix.CodeInvalidGrant) {
		t.Error("SameCode")
	}
}
