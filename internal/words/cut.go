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

// FirstSentence returns the text up to the first full stop that ends a sentence, with it.
func FirstSentence(text string) string {
	for i := 0; i < len(text); {
		stop := strings.Index(text[i:], ". ")
		if stop < 0 {
			return text
		}
		end := i + stop
		next, _ := utf8.DecodeRuneInString(text[end+2:])
		last, _ := utf8.DecodeLastRuneInString(text[:end])
		// Not after an initial or a number of a list, nor before a lower-case letter.
		if !unicode.IsLower(next) && !unicode.IsUpper(last) {
			return text[:end+1]
		}
		i = end + 2
	}
	return text
}
