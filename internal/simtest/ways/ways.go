// Package ways has the ways of writing a secret that tests of masking try. It shares no code with package secret. Only tests import it.
package ways

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
)

// each writes every character of a secret in one way.
func each(format string) func(string) string {
	return func(s string) string {
		var out strings.Builder
		for _, c := range []byte(s) {
			fmt.Fprintf(&out, format, c)
		}
		return out.String()
	}
}

// between puts a separator after every nth character.
func between(separator string, n int) func(string) string {
	return func(s string) string {
		var out strings.Builder
		for i, c := range s {
			if i > 0 && i%n == 0 {
				out.WriteString(separator)
			}
			out.WriteRune(c)
		}
		return out.String()
	}
}

func both(first, then func(string) string) func(string) string {
	return func(s string) string { return then(first(s)) }
}

func in64(encoding *base64.Encoding, before, after string) func(string) string {
	return func(s string) string { return encoding.EncodeToString([]byte(before + s + after)) }
}

// All are the ways of writing a secret that a hostile portal may try; each reveals all of it, or 12 characters of it.
var All = map[string]func(string) string{
	"plain":                    func(s string) string { return s },
	"upper case":               strings.ToUpper,
	"lower case":               strings.ToLower,
	"alternating case":         func(s string) string { return strings.Map(alternate(), s) },
	"first 12":                 func(s string) string { return s[:12] },
	"last 12":                  func(s string) string { return s[len(s)-12:] },
	"middle 12":                func(s string) string { return s[2:14] },
	"12 in upper case":         func(s string) string { return strings.ToUpper(s[1:13]) },
	"in a word":                func(s string) string { return "x" + s + "y" },
	"query":                    url.QueryEscape,
	"every byte percent":       each("%%%02x"),
	"every byte PERCENT":       each("%%%02X"),
	"percent twice":            both(each("%%%02x"), url.QueryEscape),
	"percent three times":      both(both(each("%%%02X"), url.QueryEscape), url.QueryEscape),
	"percent of 12":            func(s string) string { return each("%%%02x")(s[3:15]) },
	"every other byte percent": func(s string) string { return s[:1] + each("%%%02x")(s[1:2]) + s[2:] },
	"JSON u":                   each(`\u%04x`),
	"JSON U":                   each(`\u%04X`),
	"JSON u twice":             each(`\\u%04x`),
	"JSON u, four times":       each(`\\\\u%04x`),
	"JSON u in percent":        both(each(`\u%04x`), url.QueryEscape),
	"percent in JSON u":        both(each("%%%02x"), each(`\u%04x`)),
	"braces":                   each(`\u{%x}`),
	"x":                        each(`\x%02x`),
	"C":                        each(`\U%08x`),
	"decimal entities":         each("&#%d;"),
	"hexadecimal entities":     each("&#x%x;"),
	"HEXADECIMAL entities":     each("&#X%X;"),
	"entities with zeros":      each("&#%07d;"),
	"entities, no semicolon":   func(s string) string { return strings.ReplaceAll(each("&#%d ")(s), " ", "\u200b") },
	"entities twice":           both(each("&#%d;"), html.EscapeString),
	"entities in percent":      both(each("&#%d;"), url.QueryEscape),
	"entities in JSON":         both(each("&#%d;"), each(`\u%04x`)),
	"hexadecimal":              func(s string) string { return hex.EncodeToString([]byte(s)) },
	"HEXADECIMAL":              func(s string) string { return fmt.Sprintf("%X", s) },
	"hexadecimal, spaced":      each("%02x "),
	"hexadecimal of 12":        func(s string) string { return hex.EncodeToString([]byte(s[2:14])) },
	"hexadecimal of upper":     func(s string) string { return hex.EncodeToString([]byte(strings.ToUpper(s))) },
	"base64":                   in64(base64.StdEncoding, "", ""),
	"base64, raw":              in64(base64.RawStdEncoding, "", ""),
	"base64 for URLs":          in64(base64.URLEncoding, "", ""),
	"base64 after 1":           in64(base64.StdEncoding, "u", ""),
	"base64 after 2":           in64(base64.StdEncoding, "us", ""),
	"base64 of user:secret":    in64(base64.StdEncoding, "user:", ":x"),
	"base64 of 12":             func(s string) string { return in64(base64.StdEncoding, "uu", "xx")(s[3:15]) },
	"base64 of upper":          both(strings.ToUpper, in64(base64.StdEncoding, "", "")),
	"base64 in percent":        both(in64(base64.StdEncoding, "a", ""), url.QueryEscape),
	"base64, wrapped":          both(in64(base64.StdEncoding, "", ""), between("\r\n", 5)),
	"base64 in JSON of PHP":    func(s string) string { return strings.ReplaceAll(in64(base64.StdEncoding, "??", "")(s), "/", `\/`) },
	"spaces":                   between(" ", 1),
	"spaces, each 4":           between(" ", 4),
	"no-break spaces":          between("\u00a0", 2),
	"lines":                    between("\n", 3),
	"tabs":                     between("\t", 1),
	"line separators":          between("\u2028", 2),
	"zero-width spaces":        between("\u200b", 1),
	"joiners":                  between("\u200d", 1),
	"word joiners":             between("\u2060", 1),
	"soft hyphens":             between("\u00ad", 4),
	"byte order marks":         between("\ufeff", 4),
	"tag characters":           between("\U000e0041", 4),
	"Hangul fillers":           between("\u3164", 4),
	"variation selectors":      between("\ufe01", 4),
	"grapheme joiners":         between("\u034f", 4),
	"control characters":       between("\x00", 1),
	"colours":                  between("\u009b", 4),
	"replacement characters":   between("\ufffd", 4),
	"UTF-16":                   func(s string) string { return string(runesToBytes(utf16.Encode([]rune(s)))) },
	"zero-width in percent":    both(between("\u200b", 2), url.QueryEscape),
	"spaces in percent":        both(between(" ", 3), url.PathEscape),
	"lines in JSON":            between(`\n`, 3),
	"zero-width in JSON":       between(`\u200b`, 2),
	"zero-width entities":      between("&#8203;", 2),
	"named entities":           between("&shy;", 2),
	"direction":                between("\u202d", 5),
}

func alternate() func(rune) rune {
	upper := false
	return func(r rune) rune {
		if upper = !upper; upper {
			return unicode.ToUpper(r)
		}
		return unicode.ToLower(r)
	}
}

func runesToBytes(units []uint16) (b []byte) {
	for _, u := range units {
		b = append(b, byte(u>>8), byte(u)) // #nosec G115 -- the upper and the lower byte
	}
	return b
}

// Leaks returns what is to be seen of secrets in an output: what was planted, to its way of writing, and 12 characters in a row of a
// secret, whatever stands between them.
func Leaks(output []byte, planted map[string]string, secrets ...string) (found []string) {
	for written, way := range planted {
		if bytes.Contains(output, []byte(written)) {
			found = append(found, way+": "+written)
		}
	}
	const piece = 12
	squeezed := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, strings.ToLower(string(output)))
	for _, s := range secrets {
		for _, form := range []string{strings.ToLower(s), hex.EncodeToString([]byte(s))} {
			for at := 0; at+piece <= len(form); at++ {
				if strings.Contains(squeezed, form[at:at+piece]) {
					found = append(found, "12 characters: "+form[at:at+piece])
					break
				}
			}
		}
	}
	slices.Sort(found)
	return found
}
