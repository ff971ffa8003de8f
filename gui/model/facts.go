package model

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"unicode"

	"boxready/checks"
)

// Fact is one value that a check saw, under the name that it has in a report.
type Fact struct{ Name, Value string }

// Facts are what a check saw, in the order in which they stand in a report.
func Facts(r checks.Result) []Fact {
	facts, _ := FirstFacts(r, math.MaxInt)
	return facts
}

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

// FactsText writes facts, a line each.
func FactsText(facts []Fact) string {
	var text strings.Builder
	for _, f := range facts {
		fmt.Fprintf(&text, "%s: %s\n", f.Name, f.Value)
	}
	return text.String()
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
	return []Fact{{path, printable(fmt.Sprint(token))}}
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

// Brief cuts a text that is longer than anybody reads, at a space if there is one: a list may have thousands of names in it.
func Brief(text string, most int) string {
	if len(text) <= most { // bytes, which are no fewer than letters
		return text
	}
	runes := []rune(text[:min(len(text), 4*most)])
	if len(runes) <= most {
		return text
	}
	short := string(runes[:most])
	if space := strings.LastIndexByte(short, ' '); space > len(short)/2 {
		short = short[:space]
	}
	return strings.TrimRight(short, " ,;:") + "…"
}
