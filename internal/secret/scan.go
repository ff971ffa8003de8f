package secret

import (
	"bytes"
	"encoding/hex"
	"html"
	"slices"
	"strings"
)

// Scanner looks for known secrets in what is about to leave the program.
type Scanner struct {
	begins [1 << 16]bool // whether any form begins with these two bytes
	forms  map[[minPart]byte][][]byte
	// Known is how many secrets it looks for.
	Known int
}

// NewScanner returns a scanner for these secrets, plain and as they are written in URLs, JSON, HTML, base64 and hexadecimal.
// What is shorter than four bytes stands in any text and isn't looked for; neither is white space told apart, because texts
// are wrapped.
func NewScanner(known ...String) *Scanner {
	s := &Scanner{forms: map[[minPart]byte][][]byte{}}
	for i, k := range known {
		plain := k.Reveal()
		if slices.ContainsFunc(known[:i], k.Equal) || len(squeeze([]byte(plain))) < minPart {
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

// What html/template escapes besides.
var htmlEscapes = strings.NewReplacer("+", "&#43;")

func (s *Scanner) add(written string) {
	form := squeeze([]byte(written))
	if len(form) < minPart {
		return
	}
	s.begins[uint16(form[0])<<8|uint16(form[1])] = true
	key := [minPart]byte(form[:minPart])
	s.forms[key] = append(s.forms[key], form)
}

// Finds tells whether one of the secrets is in data.
func (s *Scanner) Finds(data []byte) bool {
	if len(s.forms) == 0 {
		return false
	}
	text := squeeze(data)
	for i := 0; i+minPart <= len(text); i++ {
		if !s.begins[uint16(text[i])<<8|uint16(text[i+1])] {
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

// squeeze takes out white space.
func squeeze(s []byte) []byte {
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
