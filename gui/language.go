package gui

import (
	"slices"

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
	return nil
}
