package model

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"boxready/checks"
	"boxready/internal/report"
	"boxready/internal/untrusted"
)

// Fact is one value that a check saw, under the name that it has in a report.
type Fact struct{ Name, Value string }

// FirstFacts are the first of what a check saw, no more than most, and whether there are more.
func FirstFacts(r checks.Result, most int) (facts []Fact, more bool) {
	data, err := json.Marshal(r.Facts)
	if err != nil || string(data) == "null" {
		return nil, false
	}
	f := &flattener{Decoder: json.NewDecoder(bytes.NewReader(data)), left: most}
	f.UseNumber()
	facts = f.value("")
	return facts, f.left < 0
}

// InWords is the fact for people: what its name means, with where in the report it stands, and yes and no for the values of
// programs. Names that nobody has put into words stay as they are.
func (f Fact) InWords(w *report.Words) Fact {
	where, leaf := "", f.Name
	if dot := strings.LastIndexByte(f.Name, '.'); dot >= 0 {
		where, leaf = f.Name[:dot], f.Name[dot+1:]
	}
	if name := w.Say("window.fact."+leaf, nil); name != "window.fact."+leaf {
		f.Name = name
		if where = strings.TrimSuffix(strings.TrimSuffix(where, "times"), "."); where != "" {
			f.Name += " (" + where + ")"
		}
	}
	switch f.Value {
	case "true":
		f.Value = w.Say("window.yes", nil)
	case "false":
		f.Value = w.Say("window.no", nil)
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

// flattener turns JSON into its leaves.
type flattener struct {
	*json.Decoder
	left int // leaves that may still come; negative after one that may not
}

// value reads one JSON value and returns its leaves; a list of plain values is one leaf.
func (f *flattener) value(path string) (facts []Fact) {
	token, err := f.Token()
	if err != nil || f.left < 0 {
		return nil
	}
	switch token {
	case json.Delim('{'):
		for f.left >= 0 && f.More() {
			name, err := f.Token()
			if err != nil {
				return facts
			}
			facts = append(facts, f.value(join(".", path, fmt.Sprint(name)))...)
		}
		_, _ = f.Token()
		return facts
	case json.Delim('['):
		return f.list(path)
	}
	if f.left--; f.left < 0 {
		return nil
	}
	return []Fact{{path, untrusted.Line(fmt.Sprint(token))}}
}

func (f *flattener) list(path string) (facts []Fact) {
	before, plain := f.left, true
	for i := 1; f.left >= 0 && f.More(); i++ {
		name := fmt.Sprintf("%s.%d", path, i)
		inside := f.value(name)
		plain = plain && (len(inside) == 1 && inside[0].Name == name || f.left < 0)
		facts = append(facts, inside...)
	}
	_, _ = f.Token()
	if !plain || len(facts) == 0 {
		return facts
	}
	values := make([]string, len(facts))
	for i, fact := range facts {
		values[i] = fact.Value
	}
	if f.left >= 0 {
		f.left = before - 1
	}
	return []Fact{{path, strings.Join(values, ", ")}}
}
