package model

import (
	"strings"

	"boxready/checks"
	"boxready/internal/report"
	"boxready/internal/untrusted"
	"boxready/internal/words"
)

// mostHidden values of a category are named.
const mostHidden = 4

// HiddenText names the values of a category that a report shows, or the tokens that replace them.
func HiddenText(w *words.Texts, b *report.Bundle, c report.Category) string {
	var tokens, values []string
	hidden := false
	for _, n := range b.Names {
		if n.Category == c {
			tokens, values, hidden = append(tokens, n.Token), append(values, recognizable(n)), n.Hidden
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

// recognizable is a value, shortened if the beginning identifies it: a certificate's is a long number.
func recognizable(n report.Name) string {
	const most = 12
	if strings.HasPrefix(n.Token, "certificate-") && len(n.Value) > most {
		return untrusted.Prefix(n.Value, most) + "…"
	}
	return untrusted.Line(n.Value)
}
