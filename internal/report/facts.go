package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"boxready/checks"
)

// facts writes what a check saw, a line a value, under the names that the JSON form has: whoever asks for them knows these.
func (t *text) facts(r checks.Result) {
	data, err := json.Marshal(r.Facts)
	if err != nil || string(data) == "null" {
		return
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	for _, line := range flatten(decoder, "") {
		fmt.Fprintf(t, "%*s%s\n", depth+2, "", line)
	}
}

// flatten reads one JSON value and returns its leaves as "path: value", in the order in which they stand.
func flatten(d *json.Decoder, path string) []string {
	token, err := d.Token()
	if err != nil {
		return nil
	}
	switch token {
	case json.Delim('{'):
		var lines []string
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return lines
			}
			lines = append(lines, flatten(d, join(path, fmt.Sprint(name)))...)
		}
		d.Token()
		return lines
	case json.Delim('['):
		var lines []string
		for i := 1; d.More(); i++ {
			lines = append(lines, flatten(d, join(path, fmt.Sprint(i)))...)
		}
		d.Token()
		return lines
	}
	return []string{path + ": " + printable(strings.ReplaceAll(fmt.Sprint(token), "\n", " "))}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
