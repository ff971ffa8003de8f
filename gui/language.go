package gui

import (
	"encoding/json"
	"fmt"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"
	"golang.org/x/text/language"

	"boxready/internal/words"
)

// language is the one that the owner chose, or else the first of the system's that there are texts in.
func (w *environment) language() string {
	for _, lang := range append([]string{w.settings().Language}, w.params.Languages...) {
		if slices.Contains(words.Languages(), lang) {
			return lang
		}
	}
	return words.Languages()[0]
}

// fyneTexts are the keys of Fyne's own texts that this window shows: menus of entries.
var fyneTexts = []string{"Copy", "Cut", "Paste", "Redo", "Select all", "Undo"}

// setLanguage uses these texts from now on, also for Fyne's own. Fyne follows the system's language and can't be set to another
// one, so ours are registered for each that it may have chosen.
func (w *Window) setLanguage(words *words.Texts) error {
	w.words = words
	texts := map[string]string{}
	for _, key := range fyneTexts {
		texts[key] = w.say("fyne."+key, nil)
	}
	data, err := json.Marshal(texts)
	if err != nil {
		return fmt.Errorf("texts for Fyne: %w", err)
	}
	for _, chosen := range append([]string{"en"}, w.params.Languages...) {
		if _, err := language.Parse(chosen); err != nil {
			continue // e.g. C
		}
		if err := lang.AddTranslationsForLocale(data, fyne.Locale(chosen)); err != nil {
			return fmt.Errorf("texts for Fyne: %w", err)
		}
	}
	return nil
}
