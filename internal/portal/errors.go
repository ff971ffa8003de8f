package portal

import (
	"strings"

	"boxready/internal/bitrix"
)

// Error is a reply's own error: the portal's, or one of the authorization server
// that it passes on.
type Error struct {
	Code        string // as sent; "" if the reply has an error without one
	Description string // cleaned for printing, "" if missing
	Status      int    // HTTP status it came with; never decide by it
	V3          bool   // in the form of REST 3.0
}

func (e *Error) Error() string {
	switch {
	case e.Code == "" && e.Description == "":
		return "error without code"
	case e.Code == "":
		return "error without code: " + e.Description
	case e.Description == "":
		return e.Code
	}
	return e.Code + ": " + e.Description
}

// Is reports whether target is an *Error with the same code and, if target has
// a description, one that is part of this error's. Letter case is ignored, and a
// code of REST 3.0 matches its classic counterpart.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	if !ok || t.Code == "" {
		return false
	}
	if !bitrix.SameCode(e.Code, t.Code) && !bitrix.SameCode(classicCode(e.Code), t.Code) {
		return false
	}
	return strings.Contains(strings.ToLower(e.Description), strings.ToLower(t.Description))
}

// Targets for errors.Is. Where one code has several meanings, the description
// distinguishes them.
var (
	// Who is calling.

	ErrNoAuthFound    = &Error{Code: bitrix.CodeNoAuthFound}
	ErrHTTPSRequired  = &Error{Code: bitrix.CodeInvalidRequest, Description: "https required"}
	ErrInvalidRequest = &Error{Code: bitrix.CodeInvalidRequest}
	ErrExpiredToken   = &Error{Code: bitrix.CodeExpiredToken}
	ErrInvalidToken   = &Error{Code: bitrix.CodeInvalidToken}
	ErrAccessDenied   = &Error{Code: bitrix.CodeAccessDenied}
	ErrNotInstalled   = &Error{Code: bitrix.CodeOAuth, Description: "application not installed"}

	// What is called.

	ErrMethodNotFound = &Error{Code: bitrix.CodeMethodNotFound}

	// The portal and the authorization server.

	ErrConnection      = &Error{Code: bitrix.CodeConnectionError}
	ErrNoClientCreds   = &Error{Code: bitrix.CodeCore, Description: "no client credentials"}
	ErrInvalidClient   = &Error{Code: bitrix.CodeInvalidClient}
	ErrInvalidGrant    = &Error{Code: bitrix.CodeInvalidGrant}
	ErrWrongClient     = &Error{Code: bitrix.CodeWrongClient}
	ErrPaymentRequired = &Error{Code: bitrix.CodePaymentRequired}
)

// classicCode returns what a code of REST 3.0 is called in the classic API, or
// "". ACCESSDENIED is also any failed authentication, so it means no more than
// ACCESS_DENIED.
func classicCode(code string) string {
	class, ok := bitrix.V3Class(code)
	if !ok {
		return ""
	}
	switch class {
	case "METHODNOTFOUND":
		return bitrix.CodeMethodNotFound
	case "ACCESSDENIED":
		return bitrix.CodeAccessDenied
	case "INSUFFICIENTSCOPE":
		return bitrix.CodeInsufficientScope
	case "RATELIMIT":
		return bitrix.CodeQueryLimitExceeded
	}
	return ""
}
