package words

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// nonBreaking is U+00A0.
const nonBreaking = "\u00a0"

// Russian words that are not left alone at the end of a line, and particles that belong to the word before.
var (
	leading   = setOf("а б в во да до ж за и из или их к ко на над не ни но о об от по под при про с со то у без для я")
	particles = setOf("б бы ж же ли ль")
	units     = []string{"%", "мс", "сек", "мин", "час", "дн", "день", "недел", "месяц", "год", "лет", "г.", "раз", "байт", "КБ", "МБ", "ГБ", "КиБ", "МиБ", "ГиБ"}
)

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(words) {
		set[word] = true
	}
	return set
}

// Nonbreaking puts non-breaking spaces where a Russian text must not end a line: after short words, before particles and dashes,
// between a number and its unit or what it is the version of. It is for texts that are read, in a page or in the window. Other
// languages, and what stands in backticks, stay as they are.
func Nonbreaking(text string) string {
	if !strings.ContainsFunc(text, isRussian) {
		return text
	}
	parts := strings.Split(text, "`")
	for i := 0; i < len(parts); i += 2 {
		parts[i] = nonbreaking(parts[i])
	}
	return strings.Join(parts, "`")
}

func isRussian(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }

func nonbreaking(text string) string {
	var out strings.Builder
	before := ""
	for i, word := range strings.Split(text, " ") {
		switch {
		case i == 0:
		case belongs(before, word):
			out.WriteString(nonBreaking)
		default:
			out.WriteByte(' ')
		}
		out.WriteString(word)
		before = word
	}
	return out.String()
}

// belongs reports whether two words, with their punctuation, stay on one line.
func belongs(before, word string) bool {
	const opening, closing = "«„“\"(", ".,:;!?…»“”\")"
	first, _ := utf8.DecodeRuneInString(word)
	last, _ := utf8.DecodeLastRuneInString(before)
	switch {
	case first == '—' || first == '–':
		return true
	case leading[strings.ToLower(strings.TrimLeft(before, opening))]:
		return true
	case particles[strings.TrimRight(word, closing)] && before != "":
		return true
	case unicode.IsDigit(last):
		return hasPrefix(word, units) || strings.TrimRight(word, closing) == "с"
	case unicode.IsDigit(first):
		return before == "№" || hasPrefix(strings.ToLower(before), []string{"верси", "порт"}) || isName(before)
	}
	return false
}

func hasPrefix(word string, prefixes []string) bool {
	for _, prefix := range prefixes {
		if strings.HasPrefix(word, prefix) {
			return true
		}
	}
	return false
}

// isName reports whether a word is the name of a product or protocol: PHP, TLS, Windows.
func isName(word string) bool {
	return word != "" && word[0] >= 'A' && word[0] <= 'Z' && strings.Trim(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == ""
}
