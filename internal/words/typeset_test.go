package words_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"boxready/assets"
	"boxready/internal/words"
)

func TestNonbreaking(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"preposition":           {"Портал в сети", "Портал в~сети"},
		"at the start":          {"В сети", "В~сети"},
		"several in a row":      {"и не в сети", "и~не~в~сети"},
		"behind a quote":        {"раздел «О портале»", "раздел «О~портале»"},
		"three letters":         {"письмо для него", "письмо для~него"},
		"dash":                  {"портал — сервер", "портал~— сервер"},
		"particle":              {"если бы он", "если~бы он"},
		"particle, punctuation": {"так ли?", "так~ли?"},
		"unit":                  {"ждал 15 секунд, 3,5 МБ и 90 %", "ждал 15~секунд, 3,5~МБ и~90~%"},
		"number, no unit":       {"ответил 403 портал", "ответил 403 портал"},
		"version":               {"нужны PHP 8.1 и TLS 1.2 на порту 443", "нужны PHP~8.1 и~TLS~1.2 на~порту~443"},
		"end of a sentence":     {"Это не он. В сети", "Это не~он. В~сети"},
		"part of a word":        {"слова вв и-за портал", "слова вв и-за портал"},
		"command":               {"Выполните в консоли `echo в сети — да` и в окне", "Выполните в~консоли `echo в сети — да` и~в~окне"},
		"before a command":      {"файл в `php.ini`", "файл в~`php.ini`"},
		"English":               {"a portal — in 15 seconds, PHP 8.1", "a portal — in 15 seconds, PHP 8.1"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.ReplaceAll(words.Nonbreaking(c.text), "\u00a0", "~"); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// loose matches a short word, a dash or a number and its unit with a space where the line may end.
var loose = regexp.MustCompile(`(?:^|[ «(])(?i:а|в|во|и|из|к|ко|на|не|о|от|по|с|со|у|без|для|при) |(?: |^)— ?$| —|\d (?:секунд|минут|час|дн|МБ|%)`)

// TestEveryRussianText asserts that no text of ours ends a line badly, and that nothing but spaces of sentences changes: neither
// commands nor the places for what is filled in.
func TestEveryRussianText(t *testing.T) {
	data, err := assets.Texts("ru")
	if err != nil {
		t.Fatal(err)
	}
	var texts any
	if err := json.Unmarshal(data, &texts); err != nil {
		t.Fatal(err)
	}
	n := 0
	actions := regexp.MustCompile(`{{.*?}}`)
	eachText(texts, "", func(key, text string) {
		got := words.Nonbreaking(text)
		if strings.ReplaceAll(got, "\u00a0", " ") != strings.ReplaceAll(text, "\u00a0", " ") {
			t.Errorf("%s is another text: %q", key, got)
		}
		kept := append(actions.FindAllString(text, -1), code(text)...)
		for i, part := range append(actions.FindAllString(got, -1), code(got)...) {
			if part != kept[i] {
				t.Errorf("%s: %q has become %q", key, kept[i], part)
			}
		}
		if bad := loose.FindString(withoutCode(got)); bad != "" && strings.ContainsAny(got, "абвгдежзиклмнопрстуя") {
			t.Errorf("%s: a line may end in %q of %q", key, bad, got)
		}
		n++
	})
	if n < 2000 {
		t.Errorf("only %d texts", n)
	}
}

// withoutCode is a text without what stands in backticks, code is that.
func withoutCode(text string) string {
	parts := strings.Split(text, "`")
	for i := range parts {
		if i%2 == 1 {
			parts[i] = "x"
		}
	}
	return strings.Join(parts, "")
}

func code(text string) (list []string) {
	for i, part := range strings.Split(text, "`") {
		if i%2 == 1 {
			list = append(list, part)
		}
	}
	return list
}

func eachText(v any, key string, f func(key, text string)) {
	switch v := v.(type) {
	case string:
		f(key, v)
	case map[string]any:
		for name, inner := range v {
			eachText(inner, key+"."+name, f)
		}
	}
}
