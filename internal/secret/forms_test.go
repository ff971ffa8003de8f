package secret

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// forms returns the encodings of a secret.
func forms(secret string) []string {
	if secret == "" {
		return nil
	}
	plain := []string{secret, url.QueryEscape(secret), url.PathEscape(secret), html.EscapeString(secret)}
	if trimmed := strings.TrimSpace(secret); trimmed != "" {
		plain = append(plain, trimmed)
	}
	for _, escaped := range plain[1:3] {
		plain = append(plain, lowerEscapes.ReplaceAllStringFunc(escaped, strings.ToLower), url.QueryEscape(escaped))
	}
	for _, inner := range plain[:3:3] {
		quoted, _ := json.Marshal(inner)
		inside := string(quoted[1 : len(quoted)-1])
		slashed := strings.ReplaceAll(inside, "/", `\/`) // as PHP writes it
		plain = append(plain, inside, slashed, upperEscapes.ReplaceAllStringFunc(slashed, strings.ToUpper), escapeASCII(inner))
		var bare strings.Builder
		encoder := json.NewEncoder(&bare)
		encoder.SetEscapeHTML(false)
		if encoder.Encode(inner) == nil {
			inside := strings.TrimSuffix(bare.String(), "\n")
			plain = append(plain, inside[1:len(inside)-1])
		}
	}
	found := append(plain, hex.EncodeToString([]byte(secret)))
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		found = append(found, base64Parts(encoding, secret)...)
	}
	slices.Sort(found)
	found = slices.Compact(found)
	return slices.DeleteFunc(found, func(form string) bool { return form == "" })
}

var (
	lowerEscapes = regexp.MustCompile(`%[0-9A-F]{2}`)
	upperEscapes = regexp.MustCompile(`u[0-9a-f]{4}`)
)

// escapeASCII writes a JSON string's inside as PHP does by default: all but
// ASCII escaped, in lower case.
func escapeASCII(s string) string {
	var out strings.Builder
	for _, c := range s {
		quoted, _ := json.Marshal(string(c))
		switch {
		case c == '/':
			out.WriteString(`\/`)
		case c < utf8.RuneSelf && strings.ContainsRune("<>&", c):
			out.WriteRune(c)
		case c < utf8.RuneSelf:
			out.Write(quoted[1 : len(quoted)-1])
		case c > 0xffff:
			c -= 0x10000
			out.WriteString(u16(0xd800 + c>>10))
			out.WriteString(u16(0xdc00 + c&0x3ff))
		default:
			out.WriteString(u16(c))
		}
	}
	return out.String()
}

func u16(c rune) string { return `\u` + hex.EncodeToString([]byte{byte(c >> 8), byte(c)}) } // #nosec G115 -- the upper and the lower byte

// base64Parts returns the parts of the secret's base64 that don't depend on the
// data around it: it may begin at any of three positions in a group, and shares
// its outermost characters with that data.
func base64Parts(encoding *base64.Encoding, secret string) []string {
	var parts []string
	for shift := range 3 {
		encoded := encoding.EncodeToString([]byte(strings.Repeat("\x00", shift) + secret))
		start := (shift*8 + 5) / 6
		end := (shift + len(secret)) * 8 / 6
		// Less than this occurs in ordinary text.
		const least = 6
		if end-start >= least {
			part := encoded[start:end]
			parts = append(parts, part, strings.ReplaceAll(part, "/", `\/`), url.QueryEscape(part))
		}
	}
	return parts
}
