package bitrix

import (
	"slices"
	"strings"
	"testing"

	"boxready/internal/simtest/constants"
)

// TestEveryConstantHasACode reads the constants from the source, so that none can be added without a row.
func TestEveryConstantHasACode(t *testing.T) {
	names := constants.WithPrefix(t, "internal/bitrix/errors.go", "Code")
	for _, code := range names {
		if MeaningOf(code, "", AtRoute) == nil {
			t.Errorf("%q is not in the table", code)
		}
	}
	if len(names) < 40 {
		t.Errorf("found %d constants only", len(names))
	}
}

func TestCodes(t *testing.T) {
	used := map[string]bool{}
	var last Code
	for _, c := range Codes() {
		if !slices.ContainsFunc(Meanings(), func(m Meaning) bool { return m.Name == c.Meaning }) {
			t.Errorf("%s means %q, which has no row", c.Code, c.Meaning)
		}
		used[c.Meaning] = true
		if c.Source == "" || c.Origin != FromPortal && c.Origin != FromAuthServer || c.Distinct && c.Descriptions == nil {
			t.Errorf("incomplete row: %+v", c)
		}
		if c.Distinct && SameCode(last.Code, c.Code) && !last.Distinct {
			t.Errorf("%s: a meaning that a description tells apart stands after one for any description", c.Code)
		}
		// A code of two words in one case is the product's own; single words and RFC codes are everybody's.
		if !c.Shared && !strings.ContainsRune(c.Code, '_') {
			t.Errorf("%s can be anybody's", c.Code)
		}
		last = c
	}
	for _, m := range Meanings() {
		if !used[m.Name] {
			t.Errorf("no code means %s", m.Name)
		}
	}
	Codes()[0].Code = "changed"
	if Codes()[0].Code == "changed" {
		t.Error("a caller can change the table")
	}
}

func TestMeaningOf(t *testing.T) {
	for _, c := range []struct {
		code, description string
		at                Place
		want              string
	}{
		{"NO_AUTH_FOUND", "", AtRoute, "no-credentials"},
		{" no_auth_found ", "", AtRoute, "no-credentials"},
		{"ERROR_OAUTH", "Application not installed", AtFreshToken, "app-not-installed"},
		{"ERROR_OAUTH", "Исчерпан выделенный дисковый ресурс.<br>", AtFreshToken, "disk-full"},
		{"ERROR_OAUTH", "Disk quota exceeded.", AtInventedToken, "disk-full"},
		{"ERROR_OAUTH", "Speicherplatz erschöpft", AtInventedToken, "token-refused"},
		{"ERROR_CORE", "No client credentials", AtInventedToken, "not-registered"},
		{"ERROR_CORE", "SQL query error!", AtInventedToken, "failure"},
		{"ACCESS_DENIED", "REST is available only by subscription.", AtWebhook, "rest-not-in-plan"},
		{"ACCESS_DENIED", "Current user can't be authorized in this context", AtWebhook, "user-not-authorized"},
		{"ACCESS_DENIED", "Access denied!", AtWebhook, "access-denied"},
		{"PAYMENT_REQUIRED", "Payment required", AtFreshToken, "app-unpaid"},
		{"PAYMENT_REQUIRED", "Subscription has been ended", AtFreshToken, "subscription-ended"},
		{"INVALID_REQUEST", "Https required.", AtInventedWebhook, "https-required"},
		{"invalid_request", "", AtRefresh, "bad-argument"},
		{"expired_token", "", AtFreshToken, "token-expired"},
		{"expired_token", "", AtRefresh, "grant-expired"},
		{"insufficient_scope", "", AtWebhook, "scope-missing"},
		{"insufficient_scope", "", AtRefresh, "scope-exceeded"},
		{"BITRIX_REST_V3_EXCEPTIONS_METHODNOTFOUNDEXCEPTION", "", AtLookup, "no-method"},
		{"BITRIX_REST_V3_EXCEPTION_ANYWHERE_INVALIDPAGINATIONEXCEPTION", "", AtLookup, "bad-argument"},
		{"BITRIX_REST_V3_EXCEPTION_MARKETSUBSCRIPTIONREQUIRED", "", AtLookup, "rest-not-in-plan"},
		{"SOMETHING_NEW", "", AtRoute, ""},
		{"", "", AtRoute, ""},
	} {
		got := ""
		if m := MeaningOf(c.code, c.description, c.at); m != nil {
			got = m.Name
		}
		if got != c.want {
			t.Errorf("%s %q at %s means %q, want %q", c.code, c.description, c.at, got, c.want)
		}
	}
}

func TestIsOwnError(t *testing.T) {
	for _, c := range []struct {
		code, description string
		want              bool
	}{
		{"NO_AUTH_FOUND", "", true},
		{"no_auth_found", "", true},
		{"ERROR_CORE", "anything", true},
		{"BITRIX_REST_V3_EXCEPTION_SOMETHINGNEW", "", true},
		{"INVALID_REQUEST", "Https required.", true},
		{"INVALID_REQUEST", "Missing parameter: client_id", false},
		{"invalid_request", "Https required.", false}, // not as the portal writes it
		{"ACCESS_DENIED", "Current user can't be authorized in this context", true},
		{"ACCESS_DENIED", "No", false},
		{"access_denied", "", false},
		{"NOT_FOUND", "", false},
		{"Not Found", "", false},
		{"INTERNAL_SERVER_ERROR", "", false},
		{"invalid_client", "Client authentication failed", false},
		{"unauthorized", "", false},
		{"SOMETHING_NEW", "", false},
		{"", "", false},
	} {
		if got := IsOwnError(c.code, c.description); got != c.want {
			t.Errorf("%s %q: %t", c.code, c.description, got)
		}
	}
}

func TestIsAuthServerError(t *testing.T) {
	for code, want := range map[string]bool{"wrong_client": true, "WRONG_CLIENT": true, "invalid_client": true, "invalid_grant": true, "invalid_request": true,
		"NOT_INSTALLED": true, "Not found": false, "NO_AUTH_FOUND": false, "": false, "something_new": false} {
		if got := IsAuthServerError(code, "", true); got != want {
			t.Errorf("%q, relayed: %t", code, got)
		}
	}
	for code, want := range map[string]bool{"wrong_client": true, "invalid_client": false, "invalid_request": false} {
		if got := IsAuthServerError(code, "Missing parameter: client_id", false); got != want {
			t.Errorf("%q of somebody: %t", code, got)
		}
	}
	if !IsAuthServerError("invalid_client", "Invalid client credentials.", false) {
		t.Error("the server's own words don't count")
	}
}

// TestCodesOfREST3 proves that the vendor's renaming of the prefix doesn't matter.
func TestCodesOfREST3(t *testing.T) {
	for _, c := range [][2]string{
		{"BITRIX_REST_V3_EXCEPTIONS_RATELIMITEXCEPTION", "bitrix_rest_v3_exception_ratelimitexception"},
		{"BITRIX_REST_V3_EXCEPTION_VALIDATION_DTOVALIDATIONEXCEPTION", "BITRIX_REST_V3_EXCEPTIONS_VALIDATION_DTOVALIDATIONEXCEPTION"},
	} {
		if !SameCode(c[0], c[1]) {
			t.Errorf("%s and %s differ", c[0], c[1])
		}
	}
	if SameCode("BITRIX_REST_V3_EXCEPTION_ACCESSDENIEDEXCEPTION", "ACCESS_DENIED") {
		t.Error("a code of REST 3.0 is the same as a classic one")
	}
}
