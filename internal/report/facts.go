package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"boxready/checks"
)

// facts writes what a check saw, a line a value, under the names that the JSON form has: whoever asks for them knows these.
func (t *text) facts(i item) {
	for _, f := range flatten(i.Facts) {
		fmt.Fprintf(t, "%*s%s: %s\n", depth+2, "", f.Path, f.Value)
	}
}

// Fact is one value that a check saw, and where it stands in its facts.
type Fact struct{ Path, Value string }

// flatten returns the values in a check's facts in the order in which they stand.
func flatten(facts checks.Facts) []Fact {
	decoder := json.NewDecoder(bytes.NewReader(jsonOf(facts)))
	decoder.UseNumber()
	return leaves(decoder, "")
}

// leaves reads one JSON value.
func leaves(d *json.Decoder, path string) []Fact {
	token, err := d.Token()
	if err != nil {
		return nil
	}
	switch token {
	case json.Delim('{'):
		var list []Fact
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return list
			}
			list = append(list, leaves(d, join(path, fmt.Sprint(name)))...)
		}
		d.Token()
		return list
	case json.Delim('['):
		var list []Fact
		for i := 1; d.More(); i++ {
			list = append(list, leaves(d, join(path, fmt.Sprint(i)))...)
		}
		d.Token()
		return list
	}
	return []Fact{{printable(path), printable(strings.ReplaceAll(fmt.Sprint(token), "\n", " "))}}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
