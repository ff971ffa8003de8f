package words_test

import (
	"testing"

	"boxready/internal/words"
)

func TestFirstSentence(t *testing.T) {
	for text, want := range map[string]string{
		"Одно. Два.":                        "Одно.",
		"Порт 443. Он закрыт.":              "Порт 443.",
		"Выдан R. Петровым. Истёк.":         "Выдан R. Петровым.",
		"Версия 20.0.500 старая. Обновите.": "Версия 20.0.500 старая.",
		"Без точки":                         "Без точки",
		"":                                  "",
		"С сокращением т. е. так. Вот и всё": "С сокращением т. е. так.",
	} {
		if got := words.FirstSentence(text); got != want {
			t.Errorf("%q: %q, expected %q", text, got, want)
		}
	}
}
