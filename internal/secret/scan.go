package secret

import (
	"encoding/hex"
	"html"
	"strings"
)

// Scanner looks for known secrets in what is about to leave the program.
type Scanner struct {
	begins [1 << 16]bool // whether any form begins with these two bytes
	forms  map[[minPart]byte][]string
	// Known is how many secrets it looks for.
	Known int
}

// NewScanner returns a scanner for these secrets, plain and as they are written in URLs, JSON, HTML, base64 and hexadecimal.
// What is shorter than four bytes stands in any text and isn't looked for; neither is white space told apart, because texts
// are wrapped.
func NewScanner(known ...String) *Scanner {
	s := &Scanner{forms: map[[minPart]byte][]string{}}
	for _, k := range known {
		plain := k.Reveal()
		if len(squeeze(plain)) < minPart {
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

func (s *Scanner) add(form string) {
	if form = squeeze(form); len(form) < minPart {
		return
	}
	s.begins[uint16(form[0])<<8|uint16(form[1])] = true
	key := [minPart]byte([]byte(form[:minPart]))
	s.forms[key] = append(s.forms[key], form)
}

// Finds tells whether one of the secrets is in data.
func (s *Scanner) Finds(data []byte) bool {
	if len(s.forms) == 0 {
		return false
	}
	text := squeeze(string(data))
	for i := 0; i+minPart <= len(text); i++ {
		if !s.begins[uint16(text[i])<<8|uint16(text[i+1])] {
			continue
		}
		for _, form := range s.forms[[minPart]byte([]byte(text[i:i+minPart]))] {
			if strings.HasPrefix(text[i:], form) {
				return true
			}
		}
	}
	return false
}

// squeeze takes out white space.
func squeeze(s string) string {
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		switch c := s[i]; c {
		case ' ', '\t', '\r', '\n':
		default:
			out = append(out, c)
		}
	}
	return string(out)
}
