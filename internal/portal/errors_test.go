package portal

import (
	"errors"
	"fmt"
	"testing"
)

func TestErrorIs(t *testing.T) {
	for name, c := range map[string]struct {
		err    *Error
		target error
		want   bool
	}{
		"same code":                   {&Error{Code: "NO_AUTH_FOUND", Description: "Wrong authorization data", Status: 401}, ErrNoAuthFound, true},
		"other case":                  {&Error{Code: "Error_Method_Not_Found"}, ErrMethodNotFound, true},
		"other code":                  {&Error{Code: "NO_AUTH_FOUND"}, ErrMethodNotFound, false},
		"not registered":              {&Error{Code: "ERROR_CORE", Description: "No client credentials"}, ErrNoClientCreds, true},
		"not registered, full stop":   {&Error{Code: "ERROR_CORE", Description: "no client credentials."}, ErrNoClientCreds, true},
		"other failure of the core":   {&Error{Code: "ERROR_CORE", Description: "SQL query error!"}, ErrNoClientCreds, false},
		"https":                       {&Error{Code: "INVALID_REQUEST", Description: "Https required."}, ErrHTTPSRequired, true},
		"malformed":                   {&Error{Code: "invalid_request"}, ErrHTTPSRequired, false},
		"malformed, as such":          {&Error{Code: "invalid_request"}, ErrInvalidRequest, true},
		"REST 3.0, plural":            {&Error{Code: "BITRIX_REST_V3_EXCEPTIONS_METHODNOTFOUNDEXCEPTION", V3: true}, ErrMethodNotFound, true},
		"REST 3.0, singular":          {&Error{Code: "bitrix_rest_v3_exception_MethodNotFoundException", V3: true}, ErrMethodNotFound, true},
		"REST 3.0, refused":           {&Error{Code: "BITRIX_REST_V3_EXCEPTION_ACCESSDENIEDEXCEPTION"}, ErrAccessDenied, true},
		"REST 3.0, other":             {&Error{Code: "BITRIX_REST_V3_EXCEPTION_OTHEREXCEPTION"}, ErrAccessDenied, false},
		"REST 3.0, between spellings": {&Error{Code: "BITRIX_REST_V3_EXCEPTION_X"}, &Error{Code: "BITRIX_REST_V3_EXCEPTIONS_X"}, true},
		"no code":                     {&Error{}, &Error{}, false},
		"something else":              {&Error{Code: "X"}, errors.New("X"), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := errors.Is(fmt.Errorf("call: %w", c.err), c.target); got != c.want {
				t.Errorf("%v is %v: %v", c.err, c.target, got)
			}
		})
	}
}

func TestErrorText(t *testing.T) {
	for want, e := range map[string]*Error{
		"X: y":                  {Code: "X", Description: "y"},
		"X":                     {Code: "X"},
		"error without code: y": {Description: "y"},
		"error without code":    {},
	} {
		if e.Error() != want {
			t.Errorf("got %q, want %q", e.Error(), want)
		}
	}
}
