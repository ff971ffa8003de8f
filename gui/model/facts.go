package model

import (
	"encoding/json"
	"strings"

	"boxready/checks"
	"boxready/internal/view"
	"boxready/internal/words"
)

// Fact is a name and its value, as the window shows them.
type Fact struct{ Name, Value string }

// FirstFacts returns a result's first facts, at most most, and whether there are more. They have the names that they have in a
// report.
func FirstFacts(r checks.Result, most int) (facts []Fact, more bool) {
	all := view.ValuesOf(r.Facts).Facts()
	for _, f := range all[:min(len(all), most)] {
		facts = append(facts, Fact{f.Path, f.Value})
	}
	return facts, len(all) > most
}

// InWords returns the fact in the reader's language: its name, with its path in the report, and yes and no for true and false.
// Names without a text stay as they are.
func (f Fact) InWords(w *words.Texts) Fact {
	where, leaf := "", f.Name
	if dot := strings.LastIndexByte(f.Name, '.'); dot >= 0 {
		where, leaf = f.Name[:dot], f.Name[dot+1:]
	}
	if name := w.Say("fact."+leaf, nil); name != "fact."+leaf {
		f.Name = name
		if where = strings.TrimSuffix(strings.TrimSuffix(where, "times"), "."); where != "" {
			f.Name += " (" + where + ")"
		}
	}
	switch f.Value {
	case "true":
		f.Value = w.Say("format.yes", nil)
	case "false":
		f.Value = w.Say("format.no", nil)
	}
	return f
}

// FactsText returns all facts of a result as JSON, as in a report.
func FactsText(r checks.Result) string {
	text, err := json.MarshalIndent(r.Facts, "", "  ")
	if err != nil {
		return ""
	}
	return string(text)
}
