package secret

import (
	"errors"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// URLError returns err without the parts of addresses that carry secrets: of
// every *url.Error in it, and of every address that its text quotes, only
// scheme, host and path stay. net/http prints whole addresses, and the
// authorization server reads grants from the query.
//
// errors.Is finds in the result what it finds in err. errors.As finds
// *url.Error (cleaned) and the causes below it; it does not find an error that
// wraps a *url.Error, because its text would give the address away.
func URLError(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := err.(*url.Error); ok {
		return &url.Error{Op: e.Op, URL: cleanURL(e.URL), Err: cleanCause(e)}
	}
	var inner []error
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if wrapped := e.Unwrap(); wrapped != nil {
			inner = []error{wrapped}
		}
	case interface{ Unwrap() []error }:
		inner = e.Unwrap()
	}
	text := err.Error()
	clean := text
	for _, e := range urlErrorsOf(err, nil) {
		shown := cleanURL(e.URL)
		clean = strings.ReplaceAll(clean, e.Error(), URLError(e).Error())
		clean = strings.ReplaceAll(clean, strconv.Quote(e.URL), strconv.Quote(shown))
		if e.URL != "" {
			clean = strings.ReplaceAll(clean, e.URL, shown)
		}
	}
	clean = cleanURLs(clean)
	if clean == text {
		return err
	}
	s := &scrubbed{text: clean, original: err}
	for _, e := range inner {
		if e != nil {
			s.inner = append(s.inner, URLError(e))
		}
	}
	return s
}

// scrubbed stands for an error whose text quoted an address.
type scrubbed struct {
	text     string
	original error
	inner    []error
}

func (s *scrubbed) Error() string        { return s.text }
func (s *scrubbed) Unwrap() []error      { return s.inner }
func (s *scrubbed) Is(target error) bool { return errors.Is(s.original, target) }

// Timeout lets *url.Error, which looks no further than its direct cause, see
// through to the original.
func (s *scrubbed) Timeout() bool {
	var t interface{ Timeout() bool }
	return errors.As(s.original, &t) && t.Timeout()
}

func urlErrorsOf(err error, found []*url.Error) []*url.Error {
	if e, ok := err.(*url.Error); ok {
		found = append(found, e)
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if wrapped := e.Unwrap(); wrapped != nil {
			found = urlErrorsOf(wrapped, found)
		}
	case interface{ Unwrap() []error }:
		for _, wrapped := range e.Unwrap() {
			if wrapped != nil {
				found = urlErrorsOf(wrapped, found)
			}
		}
	}
	return found
}

var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"?`)

func cleanCause(e *url.Error) error {
	if e.Err == nil {
		return errors.New("unknown cause")
	}
	cause := URLError(e.Err)
	// What could not be parsed is quoted in the cause, a password taken for a
	// port for one.
	if e.Op == "parse" {
		if text := cause.Error(); quoted.MatchString(text) {
			return &scrubbed{text: quoted.ReplaceAllString(text, strconv.Quote(mask)), original: e.Err}
		}
	}
	return cause
}

// cleanURL leaves scheme, host and path of an address, and nothing of what
// cannot be parsed as one.
func cleanURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return mask
	}
	if u.Opaque != "" {
		return u.Scheme + ":" + mask
	}
	u.User, u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment = nil, "", false, "", ""
	return Mask(u.String())
}

var anyURL = regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]*://[^\s"'<>]+`)

func cleanURLs(text string) string {
	return Mask(anyURL.ReplaceAllStringFunc(text, func(raw string) string {
		// Punctuation of the sentence around an address parses as its end.
		trimmed := strings.TrimRight(raw, `.,;:)]}\`)
		return cleanURL(trimmed) + raw[len(trimmed):]
	}))
}
