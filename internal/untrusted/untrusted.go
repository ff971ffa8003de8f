// Package untrusted makes text that somebody else wrote (an answer, a certificate, a pasted file) safe to show.
package untrusted

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Line returns s as one line that can't act on a terminal, hide text or mislead a reader. Letters, marks, numbers, punctuation, symbols
// and spaces of any width stay. A line break or another white space character becomes one space each. What has no width and no effect
// is dropped (zero-width spaces, soft hyphens, byte order marks, tags, fillers, variation selectors), except the joiners and selectors
// between two characters of Persian, Indic scripts or emoji, which need them. Everything else becomes U+FFFD, so that it is seen that
// something was there: control characters, which move a terminal's cursor and change its colours; what reverses the direction of
// writing (CVE-2021-42574); private use and unassigned characters; and each run of bytes that are no UTF-8.
func Line(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r == utf8.RuneError || invisible(r) || visible(r) != r }) {
		return s
	}
	s = strings.ToValidUTF8(s, string(utf8.RuneError))
	var out strings.Builder
	out.Grow(len(s))
	before := ' ' // what was written last
	for i, r := range s {
		if invisible(r) {
			next, _ := utf8.DecodeRuneInString(s[i+utf8.RuneLen(r):])
			if !joins(before, r, next) {
				continue
			}
			before = r
		} else {
			before = visible(r)
		}
		out.WriteRune(before)
	}
	return out.String()
}

// Lines is Line for each line of a text. A tab, which indents, becomes four spaces.
func Lines(s string) string { return Text(strings.ReplaceAll(s, "\t", "    ")) }

// Text is Line for each line of a text that is handed to other programs: tabs stay.
func Text(s string) string {
	if !strings.ContainsAny(s, "\n\t") {
		return Line(s)
	}
	var out strings.Builder
	for line := range strings.Lines(s) {
		text, ended := strings.CutSuffix(line, "\n")
		if ended {
			text = strings.TrimSuffix(text, "\r")
		}
		for i, part := range strings.Split(text, "\t") {
			if i > 0 {
				out.WriteByte('\t')
			}
			out.WriteString(Line(part))
		}
		if ended {
			out.WriteByte('\n')
		}
	}
	return out.String()
}

// visible is a character as it is shown.
func visible(r rune) rune {
	const brailleBlank = '\u2800'
	switch {
	case unicode.IsSpace(r) && r != ' ' && !unicode.Is(unicode.Zs, r), r == brailleBlank:
		return ' '
	case unicode.IsGraphic(r):
		return r
	}
	return utf8.RuneError
}

// direction are the format characters that change the direction of writing, and those that mark or precede visible text.
var direction = &unicode.RangeTable{R16: []unicode.Range16{{Lo: 0x600, Hi: 0x605, Stride: 1}, {Lo: 0x61c, Hi: 0x61c, Stride: 1}, {Lo: 0x6dd, Hi: 0x6dd, Stride: 1},
	{Lo: 0x70f, Hi: 0x70f, Stride: 1}, {Lo: 0x890, Hi: 0x891, Stride: 1}, {Lo: 0x8e2, Hi: 0x8e2, Stride: 1}, {Lo: 0x200e, Hi: 0x200f, Stride: 1},
	{Lo: 0x202a, Hi: 0x202e, Stride: 1}, {Lo: 0x2066, Hi: 0x2069, Stride: 1}, {Lo: 0xfff9, Hi: 0xfffb, Stride: 1}}}

// invisible reports whether a character has no width and, alone, no effect.
func invisible(r rune) bool {
	const softHyphen, afterMarks, beforeArabic = 0xad, 0x350, 0x600 // most texts are in between
	if r < softHyphen || r >= afterMarks && r < beforeArabic {
		return false
	}
	return unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) && !unicode.Is(direction, r)
}

// joins reports whether an invisible character between two others is needed to write them.
func joins(before, r, next rune) bool {
	const (
		nonJoiner, joiner = '\u200c', '\u200d'
		text, emoji       = '\ufe0e', '\ufe0f'
	)
	switch r {
	case nonJoiner, joiner:
		return (joined(before) || before == emoji) && joined(next) && unicode.IsGraphic(next)
	case text, emoji:
		return joined(before)
	}
	return false
}

// joined reports whether a character is of the scripts from Arabic to the Indic ones, or a symbol.
func joined(r rune) bool {
	return !invisible(r) && (r >= 0x600 && r < 0x1d00 || r >= 0x2190 && r < 0x2800 || r >= 0x1f000)
}

// JSON writes every character of valid JSON that a terminal may act on, or that isn't seen, as an escape. Such characters can only be
// inside strings, so a parser reads the same.
func JSON(data []byte) []byte {
	if !bytes.ContainsFunc(data, escaped) {
		return data
	}
	out := make([]byte, 0, len(data)+len(data)/8)
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		switch {
		case !escaped(r):
			out = append(out, data[:size]...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		data = data[size:]
	}
	return out
}

func escaped(r rune) bool {
	return r >= 0x7f && (r == utf8.RuneError || invisible(r) || !unicode.IsGraphic(r) || unicode.In(r, unicode.Zl, unicode.Zp))
}

// maxWord is how many runes in a row without a space Truncate keeps: a text may be a single word of a megabyte.
const maxWord = 200

// Truncate returns s, or the beginning of it with an ellipsis: at most limit runes in all (limit is
// positive), at most 200 of them in a row without a space. It cuts at a space where there is one in the second half of what fits.
func Truncate(s string, limit int) string {
	space, end := -1, 0 // indexes in s: of the last space, and of the last rune that fits without the ellipsis
	count, word := 0, 0
	for i, r := range s {
		switch {
		case count == limit && space > end/2:
			return ellipsis(s[:space])
		case count == limit:
			return ellipsis(s[:end])
		case word == maxWord:
			return ellipsis(s[:i])
		}
		end = i
		count++
		if word++; r == ' ' {
			space, word = i, 0
		}
	}
	return s
}

func ellipsis(s string) string { return strings.TrimRight(s, " ,;:") + "…" }

// Prefix returns the first limit bytes of s or a little less, never a part of a rune.
func Prefix[T ~string | ~[]byte](s T, limit int) T {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}
