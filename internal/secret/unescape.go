package secret

import (
	"bytes"
	"html"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// unescape decodes the escape that s begins with, of URLs, JSON, programs or HTML; size is its length, 0 if there is none. raw means
// that r is a byte, maybe of a longer character.
func unescape(s []byte) (r rune, raw bool, size int) {
	switch s[0] {
	case '%':
		if n, ok := number(s, 1, 2, 16); ok {
			return n, n >= utf8.RuneSelf, 3
		}
	case '\\':
		return unescapeBackslash(s)
	case '&':
		return unescapeEntity(s)
	}
	return 0, false, 0
}

// number reads the digits s[from:from+n].
func number(s []byte, from, n, base int) (rune, bool) {
	if from+n > len(s) || s[from] == '+' || s[from] == '-' {
		return 0, false
	}
	value, err := strconv.ParseInt(string(s[from:from+n]), base, 32)
	return rune(value), err == nil // #nosec G115 -- 32 bits
}

func unescapeBackslash(s []byte) (rune, bool, int) {
	if len(s) < 2 {
		return 0, false, 0
	}
	switch s[1] {
	case 'n', 'r', 't', 'b', 'f', 'v', '0':
		return ' ', false, 2
	case '/', '\\', '"', '\'':
		return rune(s[1]), false, 2
	case 'x':
		if n, ok := number(s, 2, 2, 16); ok {
			return n, n >= utf8.RuneSelf, 4
		}
	case 'u', 'U':
		if n, ok := number(s, 2, 8, 16); ok && s[1] == 'U' && n <= utf8.MaxRune {
			return n, false, 10
		}
		if end := bytes.IndexByte(s[:min(len(s), 12)], '}'); len(s) > 2 && s[2] == '{' && end > 3 {
			n, ok := number(s, 3, end-3, 16)
			if ok {
				return n, false, end + 1
			}
		}
		first, ok := number(s, 2, 4, 16)
		if !ok {
			break
		}
		if utf16.IsSurrogate(first) && len(s) >= 8 && s[6] == s[0] && s[7] == s[1] {
			if second, ok := number(s, 8, 4, 16); ok {
				return utf16.DecodeRune(first, second), false, 12
			}
		}
		return first, false, 6
	}
	return 0, false, 0
}

func unescapeEntity(s []byte) (rune, bool, int) {
	const longest = 32
	s = s[:min(len(s), longest)]
	if len(s) > 2 && s[1] == '#' {
		base, from := 10, 2
		if s[2] == 'x' || s[2] == 'X' {
			base, from = 16, 3
		}
		end := from
		for end < len(s) && (s[end] >= '0' && s[end] <= '9' || base == 16 && (s[end]|0x20 >= 'a' && s[end]|0x20 <= 'f')) {
			end++
		}
		n, ok := number(s, from, end-from, base)
		if end == from || !ok {
			return 0, false, 0
		}
		if end < len(s) && s[end] == ';' {
			end++
		}
		return n, false, end
	}
	end := bytes.IndexByte(s, ';')
	if end < 2 {
		return 0, false, 0
	}
	entity := string(s[:end+1])
	decoded := html.UnescapeString(entity)
	r, size := utf8.DecodeRuneInString(decoded)
	if size != len(decoded) {
		return 0, false, 0 // none, or two characters
	}
	return r, false, end + 1
}
