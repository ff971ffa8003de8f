package words_test

import (
	"testing"

	"boxready/internal/words"
)

func TestFirstOfTheSentences(t *testing.T) {
	for text, want := range map[string]string{
		"Одно. Два.":                        "Одно.",
		"Порт 443. Он закрыт.":              "Порт 443.",
		"Выдан R. Петровым. Истёк.":         "Выдан R. Петровым.",
		"Версия 20.0.500 старая. Обновите.": "Версия 20.0.500 старая.",
		"Имени нет в DNS. Проверьте его.":   "Имени нет в DNS.",
		"Без точки":                         "Без точки",
		"":                                  "",
		"С сокращением т. е. так. Вот и всё": "С сокращением т. е. так.",
	} {
		if got, _ := words.FirstSentences(text, 1); got != want {
			t.Errorf("%q: %q, expected %q", text, got, want)
		}
	}
}

func TestFirstSentences(t *testing.T) {
	for text, want := range map[string][2]string{
		"":                     {"", ""},
		"Одно.":                {"Одно.", ""},
		"Одно. Два.":           {"Одно. Два.", ""},
		"Одно. Два. Три. Ещё.": {"Одно. Два.", "Три. Ещё."},
		"Ждали 10,2 с. Файл a.php пуст. Вот.":          {"Ждали 10,2 с. Файл a.php пуст.", "Вот."},
		"Ответ: «Один. Два. Три.» Так бывает. Иногда.": {"Ответ: «Один. Два. Три.» Так бывает. Иногда.", ""},
	} {
		if first, rest := words.FirstSentences(text, 2); first != want[0] || rest != want[1] {
			t.Errorf("%q: %q and %q", text, first, rest)
		}
	}
}
