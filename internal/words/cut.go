package words

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// LowerFirst lowers the first letter for a name within a sentence, except in abbreviations.
func LowerFirst(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if second, _ := utf8.DecodeRuneInString(s[size:]); unicode.IsUpper(second) {
		return s
	}
	return string(unicode.ToLower(first)) + s[size:]
}

// UpperFirst capitalizes the first letter of a sentence.
func UpperFirst(s string) string {
	if s == "" {
		return ""
	}
	first, size := utf8.DecodeRuneInString(s)
	return strings.ToUpper(string(first)) + s[size:]
}

// FirstSentences splits off the first n sentences. What is quoted is one piece.
func FirstSentences(text string, n int) (first, rest string) {
	depth, letters := 0, []rune(text)
	for i, c := range letters {
		switch c {
		case '«', '“':
			depth++
		case '»', '”':
			depth--
		case '.', '!', '?':
			// Not within a number or a name, nor before a lower-case letter.
			if depth > 0 || i+2 >= len(letters) || letters[i+1] != ' ' || unicode.IsLower(letters[i+2]) || isInitial(letters[:i]) {
				continue
			}
			if n--; n == 0 {
				return string(letters[:i+1]), string(letters[i+2:])
			}
		}
	}
	return text, ""
}

// isInitial reports whether a text ends in a single capital letter, as of a first name.
func isInitial(text []rune) bool {
	last := len(text) - 1
	return last >= 0 && unicode.IsUpper(text[last]) && (last == 0 || !unicode.IsLetter(text[last-1]))
}
