package model

import (
	"boxready/checks"
	"boxready/internal/report"
)

// mostHidden values of a category are named.
const mostHidden = 4

// HiddenText says what of a category is in a report, or what stands for it.
func HiddenText(w *report.Words, b *report.Bundle, c report.Category) string {
	var tokens, values []string
	hidden := false
	for _, n := range b.Names {
		if n.Category == c {
			tokens, values, hidden = append(tokens, n.Token), append(values, brief(printable(n.Value))), n.Hidden
		}
	}
	switch {
	case len(values) == 0:
		return w.Say("window.report.none", nil)
	case hidden:
		return w.Say("window.report.replaced", checks.Args{"tokens": some(w, tokens, mostHidden)})
	}
	return w.Say("window.report.shown", checks.Args{"values": some(w, values, mostHidden)})
}

// brief is enough of a value to recognize it: a certificate's has 64 letters.
func brief(value string) string {
	const most = 40
	if letters := []rune(value); len(letters) > most {
		return string(letters[:most/2]) + "…"
	}
	return value
}
