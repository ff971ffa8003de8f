package model

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"boxready/checks"
)

// Fact is one value that a check saw, under the name that it has in a report.
type Fact struct{ Name, Value string }

// Facts are what a check saw, in the order in which they stand in a report.
func Facts(r checks.Result) []Fact {
	data, err := json.Marshal(r.Facts)
	if err != nil || string(data) == "null" {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	return flatten(decoder, "")
}

// FactsText writes facts, a line each.
func FactsText(facts []Fact) string {
	var text strings.Builder
	for _, f := range facts {
		fmt.Fprintf(&text, "%s: %s\n", f.Name, f.Value)
	}
	return text.String()
}

// flatten reads one JSON value and returns its leaves; a list of plain values is one leaf.
func flatten(d *json.Decoder, path string) (facts []Fact) {
	token, err := d.Token()
	if err != nil {
		return nil
	}
	switch token {
	case json.Delim('{'):
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return facts
			}
			facts = append(facts, flatten(d, join(".", path, fmt.Sprint(name)))...)
		}
		_, _ = d.Token()
		return facts
	case json.Delim('['):
		plain := true
		for i := 1; d.More(); i++ {
			inside := flatten(d, fmt.Sprintf("%s.%d", path, i))
			plain = plain && len(inside) == 1 && inside[0].Name == fmt.Sprintf("%s.%d", path, i)
			facts = append(facts, inside...)
		}
		_, _ = d.Token()
		if plain && len(facts) > 0 {
			values := make([]string, len(facts))
			for i, f := range facts {
				values[i] = f.Value
			}
			return []Fact{{path, strings.Join(values, ", ")}}
		}
		return facts
	}
	return []Fact{{path, printable(fmt.Sprint(token))}}
}

// printable takes out what a stranger's words could do to the reader: control characters and those that turn the direction of
// writing. Line ends become spaces.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, s)
}
