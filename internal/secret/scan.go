package secret

import (
	"bytes"
	"encoding/hex"
	"html"
	"slices"
	"strings"
)

// Scanner looks for known secrets in output.
type Scanner struct {
	prefixes [1 << 16]bool // whether any form begins with these two bytes
	forms    map[[minPart]byte][][]byte
	// Known is the number of secrets it looks for.
	Known int
}

// NewScanner returns a scanner for these secrets, plain and encoded for URLs, JSON, HTML, base64 and hexadecimal. Secrets shorter
// than four bytes are skipped, because any text contains them; white space is ignored, because texts are wrapped.
func NewScanner(known ...String) *Scanner {
	s := &Scanner{forms: map[[minPart]byte][][]byte{}}
	for i, k := range known {
		plain := k.Reveal()
		if slices.ContainsFunc(known[:i], k.Equal) || len(removeSpace([]byte(plain))) < minPart {
			continue
		}
		s.Known++
		s.add(strings.ToUpper(hex.EncodeToString([]byte(plain))))
		for _, form := range forms(plain) {
			s.add(form)
			s.add(htmlEscapes.Replace(html.EscapeString(form)))
		}
	}
	return s
}

// What html/template escapes in addition.
var htmlEscapes = strings.NewReplacer("+", "&#43;")

func (s *Scanner) add(written string) {
	form := removeSpace([]byte(written))
	if len(form) < minPart {
		return
	}
	s.prefixes[uint16(form[0])<<8|uint16(form[1])] = true
	key := [minPart]byte(form[:minPart])
	s.forms[key] = append(s.forms[key], form)
}

// Finds tells whether one of the secrets is in data.
func (s *Scanner) Finds(data []byte) bool {
	if len(s.forms) == 0 {
		return false
	}
	text := removeSpace(data)
	for i := 0; i+minPart <= len(text); i++ {
		if !s.prefixes[uint16(text[i])<<8|uint16(text[i+1])] {
			continue
		}
		for _, form := range s.forms[[minPart]byte(text[i:i+minPart])] {
			if bytes.HasPrefix(text[i:], form) {
				return true
			}
		}
	}
	return false
}

// removeSpace removes white space.
func removeSpace(s []byte) []byte {
	out := make([]byte, 0, len(s))
	for _, c := range s {
		switch c {
		case ' ', '\t', '\r', '\n':
		default:
			out = append(out, c)
		}
	}
	return out
}
