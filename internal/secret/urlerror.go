package secret

import (
	"errors"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// URLError returns err without the parts of URLs that may contain secrets: every
// *url.Error in it, and every URL in its text, is reduced to scheme, host and
// path. net/http prints whole URLs, and the authorization server reads grants from
// the query.
//
// errors.Is finds in the result what it finds in err. errors.As finds
// *url.Error (cleaned) and the causes below it; it does not find an error that
// wraps a *url.Error, because its text contains the URL.
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
	s := &redactedError{text: clean, original: err}
	for _, e := range inner {
		if e != nil {
			s.inner = append(s.inner, URLError(e))
		}
	}
	return s
}

// redactedError replaces an error whose text contained a URL.
type redactedError struct {
	text     string
	original error
	inner    []error
}

func (s *redactedError) Error() string        { return s.text }
func (s *redactedError) Unwrap() []error      { return s.inner }
func (s *redactedError) Is(target error) bool { return errors.Is(s.original, target) }

// Timeout is for *url.Error, which asks only its direct cause.
func (s *redactedError) Timeout() bool {
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
	// The cause quotes what could not be parsed, such as a password taken for a
	// port.
	if e.Op == "parse" {
		if text := cause.Error(); quoted.MatchString(text) {
			return &redactedError{text: quoted.ReplaceAllString(text, strconv.Quote(mask)), original: e.Err}
		}
	}
	return cause
}

// cleanURL returns scheme, host and path of a URL, or a mask if it can't be
// parsed.
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
		// The punctuation after a URL is not part of it.
		trimmed := strings.TrimRight(raw, `.,;:)]}\`)
		return cleanURL(trimmed) + raw[len(trimmed):]
	}))
}
