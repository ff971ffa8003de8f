package words

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// LowerFirst is for a name within a sentence; an abbreviation stays as it is.
func LowerFirst(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if second, _ := utf8.DecodeRuneInString(s[size:]); unicode.IsUpper(second) {
		return s
	}
	return string(unicode.ToLower(first)) + s[size:]
}

// UpperFirst is for words that begin a sentence.
func UpperFirst(s string) string {
	if s == "" {
		return ""
	}
	first, size := utf8.DecodeRuneInString(s)
	return strings.ToUpper(string(first)) + s[size:]
}

// FirstSentence is what stands before the first full stop that ends a sentence, with it.
func FirstSentence(text string) string {
	for i := 0; i < len(text); {
		stop := strings.Index(text[i:], ". ")
		if stop < 0 {
			return text
		}
		end := i + stop
		next, _ := utf8.DecodeRuneInString(text[end+2:])
		last, _ := utf8.DecodeLastRuneInString(text[:end])
		// Not behind an initial or a number of a list, nor in front of a small letter.
		if !unicode.IsLower(next) && !unicode.IsUpper(last) {
			return text[:end+1]
		}
		i = end + 2
	}
	return text
}
