package oauthflow

import (
	"crypto/subtle"
	"fmt"
	"net/url"
	"strings"

	"boxready/internal/bitrix"
	"boxready/internal/lazyregexp"
	"boxready/internal/portal"
	"boxready/internal/secret"
)

// PasteProblem is what is wrong with pasted text: a stable code.
type PasteProblem string

// The problems.
const (
	PasteEmpty       PasteProblem = "empty"
	PasteApplication PasteProblem = "application" // the application's client_id
	PasteNoCode      PasteProblem = "no-code"     // an address, but not one with a code: before the redirect, for example
	PasteOtherState  PasteProblem = "other-state" // the answer to an earlier attempt
	PasteRubbish     PasteProblem = "rubbish"     // neither a code nor an address
)

// PasteError says that a pasted text is not an answer. It never contains the text.
type PasteError struct{ Problem PasteProblem }

func (e *PasteError) Error() string { return "not a code: " + string(e.Problem) }

// answer is what the portal sends back through the browser.
type answer struct {
	code         secret.String
	domain       string
	hasDomain    bool
	serverDomain string
	denied       *DeniedError
	known        []secret.String // what no text of the answer may show: the sign-in's secrets, the code among them
}

// readAnswer reads an answer's parameters but state. No parameter may be there twice (RFC 6749, 3.1). known are the sign-in's
// secrets.
func readAnswer(q url.Values, known ...secret.String) (answer, error) {
	for _, name := range []string{"code", "state", "domain", "server_domain", "error", "error_description"} {
		if len(q[name]) > 1 {
			return answer{}, fmt.Errorf("parameter %s is there twice", name)
		}
	}
	a := answer{
		code: secret.New(q.Get("code")), domain: q.Get("domain"), hasDomain: q.Has("domain"), serverDomain: q.Get("server_domain"),
	}
	a.known = append(known, a.code)
	if q.Has("error") {
		a.denied = &DeniedError{Description: a.printable(q.Get("error_description"), maxPrintable)}
		if code := a.printable(q.Get("error"), maxPrintable); errorCodeShape().MatchString(code) {
			a.denied.Code = code
		} else if a.denied.Description == "" {
			a.denied.Description = code
		}
	}
	return a, nil
}

const (
	maxPrintable = 300
	maxPaste     = 16 << 10
)

var (
	errorCodeShape = lazyregexp.New(`^[A-Za-z0-9_.-]{1,64}$`)
	// Six digits in 2017, about 70 hexadecimal characters today.
	codeShape    = lazyregexp.New(`^[A-Za-z0-9][A-Za-z0-9_~-]*$`)
	queryInPaste = lazyregexp.New(`(?:^|[?&#])(?:code|state|error|domain)=`)
)

// check compares the answer's portal with the one that was asked, so that a code of one portal isn't accepted for another.
// A proxy that changes the port shows here too: the portal names the address that its applications will use.
func (a answer) check(want portal.Address) error {
	got, err := portal.ParseAddress(a.domain)
	if err != nil || got.Host != want.Host || got.Port != want.Port {
		return &OtherPortalError{Want: want, Got: a.printable(a.domain, 100)}
	}
	return nil
}

func (a answer) printable(text string, limit int) string { return printable(text, limit, a.known...) }

// server is the answer's authorization server, or "" if it isn't a known one: an answer can't direct the client secret to an
// unknown host.
func (a answer) server() string {
	host := strings.ToLower(strings.TrimSuffix(a.serverDomain, "."))
	if !bitrix.IsAuthHost(host) {
		return ""
	}
	return host
}

func sameState(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// readPaste reads a bare code or an address that the portal redirected to. The host may be any, because an application may
// have its own return address.
func readPaste(pasted, state string, want portal.Address, known ...secret.String) (answer, error) {
	if len(pasted) > maxPaste {
		return answer{}, &PasteError{PasteRubbish}
	}
	words := len(strings.Fields(pasted))
	pasted = normalizePasted(pasted)
	switch {
	case pasted == "":
		return answer{}, &PasteError{PasteEmpty}
	case clientIDShape().MatchString(pasted):
		return answer{}, &PasteError{PasteApplication}
	case words == 1 && isCode(pasted):
		return answer{code: secret.New(pasted)}, nil
	}
	query := pasted
	if _, after, ok := strings.Cut(pasted, "?"); ok {
		query = after
	} else if strings.Contains(pasted, "://") {
		return answer{}, &PasteError{PasteNoCode}
	}
	query, _, _ = strings.Cut(query, "#")
	if !queryInPaste().MatchString(query) {
		if strings.Contains(pasted, "://") {
			return answer{}, &PasteError{PasteNoCode}
		}
		return answer{}, &PasteError{PasteRubbish}
	}
	q, err := url.ParseQuery(query)
	if err != nil {
		return answer{}, &PasteError{PasteRubbish}
	}
	a, err := readAnswer(q, known...)
	if err != nil {
		return answer{}, &PasteError{PasteRubbish}
	}
	if a.denied == nil && a.code.IsZero() {
		return answer{}, &PasteError{PasteNoCode}
	}
	if a.hasDomain {
		if err := a.check(want); err != nil {
			return answer{}, err
		}
	}
	if q.Has("state") && !sameState(q.Get("state"), state) {
		return answer{}, &PasteError{PasteOtherState}
	}
	if a.denied != nil {
		return answer{}, a.denied
	}
	return a, nil
}

// isCode distinguishes a code from a word by its digits.
func isCode(s string) bool {
	return len(s) >= 4 && len(s) <= 512 && codeShape().MatchString(s) && strings.ContainsAny(s, "0123456789")
}
