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

// fyneTexts are Fyne's own that can be seen in this window, under the names that they have there: menus of entries, and the
// dialog that saves a file.
var fyneTexts = []string{"Advanced", "Cancel", "Copy", "Create Folder", "Cut", "Enter filename", "Error", "Favourites", "File", "Folder",
	"New Folder", "No", "OK", "Open", "Paste", "Quit", "Redo", "Save", "Select all", "Show Hidden Files", "Undo", "Yes", "file.name", "file.parent"}

// setLanguage uses these texts from now on, also for Fyne's own words. Fyne chooses a language by the system and can't be told
// another one, so ours stands in for whichever it has chosen.
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
			continue // as C is
		}
		if err := lang.AddTranslationsForLocale(data, fyne.Locale(chosen)); err != nil {
			return fmt.Errorf("texts for Fyne: %w", err)
		}
	}
	return nil
}
