package view

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"boxready/checks"
	"boxready/internal/untrusted"
	"boxready/internal/words"
)

// Value is one value of JSON, with the fields of an object in their order.
type Value struct {
	Name   string     // of a field; "" in a list
	Kind   json.Delim // '{' of an object, '[' of a list, 0 of a single value
	Inner  []Value    // of an object or a list
	Text   string     // the string, or another single value as JSON
	Quoted bool       // Text is a string
}

// ParseFacts reads facts in JSON. Invalid JSON is an empty object, as values in it could not be hidden.
func ParseFacts(data []byte) Value {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	v := Value{}
	if v.read(decoder) != nil {
		return Value{Kind: '{'}
	}
	return v
}

// FactsJSON encodes facts in JSON; nil is an empty object.
func FactsJSON(facts checks.Facts) []byte {
	data, err := json.Marshal(facts)
	if err != nil || string(data) == "null" {
		return []byte("{}")
	}
	return data
}

// ValuesOf returns a check's facts as a value.
func ValuesOf(facts checks.Facts) Value { return ParseFacts(FactsJSON(facts)) }

func (v *Value) read(d *json.Decoder) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	switch t := token.(type) {
	case json.Delim:
		v.Kind = t
		for d.More() {
			field := Value{}
			if t == '{' {
				name, err := d.Token()
				if err != nil {
					return err
				}
				field.Name = name.(string)
			}
			if err := field.read(d); err != nil {
				return err
			}
			v.Inner = append(v.Inner, field)
		}
		_, err = d.Token()
		return err
	case string:
		v.Text, v.Quoted = t, true
	case json.Number:
		v.Text = t.String()
	case bool:
		v.Text = strconv.FormatBool(t)
	default:
		v.Text = "null"
	}
	return nil
}

// JSON writes the value as it was read.
func (v *Value) JSON() json.RawMessage {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	v.write(&out, func(s string) {
		_ = encoder.Encode(s)       // can't fail for a string
		out.Truncate(out.Len() - 1) // the newline
	})
	return out.Bytes()
}

func (v *Value) write(w *bytes.Buffer, quote func(string)) {
	switch {
	case v.Quoted:
		quote(v.Text)
		return
	case v.Kind == 0:
		w.WriteString(v.Text)
		return
	}
	w.WriteByte(byte(v.Kind)) // #nosec G115 -- a bracket
	for i := range v.Inner {
		if i > 0 {
			w.WriteByte(',')
		}
		if v.Kind == '{' {
			quote(v.Inner[i].Name)
			w.WriteByte(':')
		}
		v.Inner[i].write(w, quote)
	}
	w.WriteByte(byte(v.Kind) + 2) // #nosec G115 -- the closing one, in ASCII
}

// Field returns a field, or an empty value.
func (v Value) Field(name string) Value {
	for _, field := range v.Inner {
		if field.Name == name {
			return field
		}
	}
	return Value{}
}

// Fact is one value of a check's facts, with its path: names of fields and numbers of elements, from 1, with dots between them.
type Fact struct {
	Path, Value string
	List        bool // Value is several single ones
	More        int  // how many others the list has: as in sentences, it is cut
}

// maxElements is how many elements of a list are shown with their fields. A pasted answer or somebody's report may have thousands.
const maxElements = 100

// Facts returns the single values in it, in order. A list of single values is one fact.
func (v Value) Facts() []Fact { return v.facts("", nil) }

func (v Value) facts(path string, list []Fact) []Fact {
	if v.Kind == 0 {
		if v.Text == "" && !v.Quoted { // the zero value
			return list
		}
		return append(list, Fact{Path: untrusted.Line(path), Value: untrusted.Line(v.Text)})
	}
	if v.Kind == '[' && len(v.Inner) > 0 && !slices.ContainsFunc(v.Inner, func(f Value) bool { return f.Kind != 0 }) {
		values := make([]string, len(v.Inner))
		for i, inner := range v.Inner {
			values[i] = untrusted.Line(inner.Text)
		}
		values, more := words.Listed(values)
		return append(list, Fact{untrusted.Line(path), strings.Join(values, ", "), true, more})
	}
	for i, field := range v.Inner {
		name := field.Name
		if v.Kind == '[' {
			if i == maxElements {
				return append(list, Fact{Path: untrusted.Line(path), List: true, More: len(v.Inner) - i})
			}
			name = strconv.Itoa(i + 1)
		}
		list = field.facts(JoinPath(path, name), list)
	}
	return list
}

// JoinPath is the path of a field below another path.
func JoinPath(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
