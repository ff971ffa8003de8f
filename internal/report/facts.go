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
		if line := f.Path + ": " + f.Value; f.list {
			t.para(depth+2, "", line)
		} else {
			fmt.Fprintf(t, "%*s%s\n", depth+2, "", line) // unwrapped, so that it can be copied
		}
	}
}

// Fact is one value that a check saw, and where it stands in its facts.
type Fact struct {
	Path, Value string
	list        bool // Value is several plain ones
}

// flatten returns the values in a check's facts in the order in which they stand.
func flatten(facts checks.Facts) []Fact {
	decoder := json.NewDecoder(bytes.NewReader(jsonOf(facts)))
	decoder.UseNumber()
	return leaves(decoder, "")
}

// leaves reads one JSON value. A list of plain values is one leaf.
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
		var values []string
		for i := 1; d.More(); i++ {
			at := join(path, fmt.Sprint(i))
			inside := leaves(d, at)
			if len(inside) == 1 && inside[0].Path == at {
				values = append(values, inside[0].Value)
			}
			list = append(list, inside...)
		}
		d.Token()
		if len(values) > 0 && len(values) == len(list) {
			return []Fact{{printable(path), strings.Join(values, ", "), true}}
		}
		return list
	}
	return []Fact{{printable(path), printable(strings.ReplaceAll(fmt.Sprint(token), "\n", " ")), false}}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
