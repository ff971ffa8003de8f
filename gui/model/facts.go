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

// FirstFacts are the first of what a check saw, no more than most, and whether there are more. They have the names that stand in
// a report.
func FirstFacts(r checks.Result, most int) (facts []Fact, more bool) {
	all := view.ValuesOf(r.Facts).Facts()
	for _, f := range all[:min(len(all), most)] {
		facts = append(facts, Fact{f.Path, f.Value})
	}
	return facts, len(all) > most
}

// InWords is the fact for people: what its name means, with where in the report it stands, and yes and no for the values of
// programs. Names that nobody has put into words stay as they are.
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

// FactsText is all that a check saw, as it stands in a report.
func FactsText(r checks.Result) string {
	text, err := json.MarshalIndent(r.Facts, "", "  ")
	if err != nil {
		return ""
	}
	return string(text)
}
