// Package untrusted makes text that somebody else wrote (an answer, a certificate, a pasted file) safe to show.
package untrusted

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	zeroWidthNonJoiner = '\u200c'
	zeroWidthJoiner    = '\u200d'
)

// Line returns s as one line that can't act on a terminal or mislead a reader. Letters, marks, numbers, punctuation, symbols and
// spaces of any width stay, and so do the two joiners that Persian, Indic scripts and emoji need. A line break or another white
// space character becomes one space each. Everything else becomes U+FFFD, so that it is seen that something was there: control
// characters, which move a terminal's cursor and change its colours; format characters, which reverse the direction of writing
// (CVE-2021-42574) or are invisible; private use and unassigned characters; and each run of bytes that are no UTF-8.
func Line(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsGraphic(r), r == zeroWidthNonJoiner, r == zeroWidthJoiner:
			return r
		case unicode.IsSpace(r):
			return ' '
		}
		return utf8.RuneError
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
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
