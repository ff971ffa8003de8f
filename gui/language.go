package gui

import (
	"encoding/json"
	"fmt"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"
	"golang.org/x/text/language"

	"boxready/internal/report"
)

// language is the one that the owner chose, or else the first of the system's that there are texts in.
func (w *Window) language() string {
	for _, lang := range append([]string{w.settings().Language}, w.p.Languages...) {
		if slices.Contains(report.Languages(), lang) {
			return lang
		}
	}
	return report.Languages()[0]
}

func (w *Window) loadWords() error {
	words, err := report.NewWords(w.language())
	if err != nil {
		return err
	}
	w.words = words
	return w.translateFyne()
}

// translateFyne has Fyne's own few words, in the menu of a field, said in the language of the window. Fyne chooses a language by
// the system and can't be told another one, so ours stands in for whichever it has chosen.
func (w *Window) translateFyne() error {
	ours := map[string]string{}
	for word, key := range map[string]string{"Cut": "cut", "Copy": "copy", "Paste": "paste", "Select all": "select-all", "Undo": "undo", "Redo": "redo"} {
		ours[word] = w.say("menu-of-field."+key, nil)
	}
	data, err := json.Marshal(ours)
	if err != nil {
		return err
	}
	for _, chosen := range append([]string{"en"}, w.p.Languages...) {
		if _, err := language.Parse(chosen); err != nil {
			continue // as C is
		}
		if err := lang.AddTranslationsForLocale(data, fyne.Locale(chosen)); err != nil {
			return fmt.Errorf("translate Fyne: %w", err)
		}
	}
	return nil
}
