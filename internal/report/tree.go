package report

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"boxready/checks"
	"boxready/internal/untrusted"
)

// tree is one value of JSON, its fields in the order in which they stand.
type tree struct {
	name  string // of a field; "" in a list
	open  json.Delim
	inner []tree // of an object or a list
	text  string // of a string itself, otherwise as it is written
	words bool   // text is a string
}

// grow reads facts. What can't be read is an empty object: what isn't understood can't be hidden.
func grow(facts []byte) tree {
	decoder := json.NewDecoder(bytes.NewReader(facts))
	decoder.UseNumber()
	t := tree{}
	if t.read(decoder) != nil {
		return tree{open: '{'}
	}
	return t
}

// treeOf are a check's facts.
func treeOf(facts checks.Facts) tree { return grow(jsonOf(facts)) }

func (t *tree) read(d *json.Decoder) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	switch v := token.(type) {
	case json.Delim:
		t.open = v
		for d.More() {
			field := tree{}
			if v == '{' {
				name, err := d.Token()
				if err != nil {
					return err
				}
				field.name = name.(string)
			}
			if err := field.read(d); err != nil {
				return err
			}
			t.inner = append(t.inner, field)
		}
		_, err = d.Token()
		return err
	case string:
		t.text, t.words = v, true
	case json.Number:
		t.text = v.String()
	case bool:
		t.text = strconv.FormatBool(v)
	default:
		t.text = "null"
	}
	return nil
}

// each replaces every string in it, names of fields apart, by what f makes of it.
func (t *tree) each(at *shape, f func(string, Kind) string) {
	switch {
	case t.open == '{':
		for i := range t.inner {
			t.inner[i].each(at.field(t.inner[i].name), f)
		}
	case t.open == '[':
		for i := range t.inner {
			t.inner[i].each(at.element(), f)
		}
	case t.words && at == nil:
		t.text = f(t.text, Text)
	case t.words:
		t.text = f(t.text, at.kind)
	}
}

func (t *tree) json() json.RawMessage {
	var out bytes.Buffer
	strings := json.NewEncoder(&out)
	strings.SetEscapeHTML(false)
	t.write(&out, func(s string) {
		_ = strings.Encode(s)       // of a string can't fail
		out.Truncate(out.Len() - 1) // the line's end
	})
	return out.Bytes()
}

func (t *tree) write(w *bytes.Buffer, quote func(string)) {
	switch {
	case t.words:
		quote(t.text)
		return
	case t.open == 0:
		w.WriteString(t.text)
		return
	}
	w.WriteByte(byte(t.open)) // #nosec G115 -- a bracket
	for i := range t.inner {
		if i > 0 {
			w.WriteByte(',')
		}
		if t.open == '{' {
			quote(t.inner[i].name)
			w.WriteByte(':')
		}
		t.inner[i].write(w, quote)
	}
	w.WriteByte(byte(t.open) + 2) // #nosec G115 -- the closing one, in ASCII
}

// Fact is one value that a check saw, and where it stands in its facts.
type Fact struct {
	Path, Value string
	list        bool // Value is several plain ones
}

// facts are the values in it, in the order in which they stand.
func (t tree) facts() []Fact { return t.leaves("", nil) }

func (t tree) leaves(path string, list []Fact) []Fact {
	if t.open == 0 {
		return append(list, Fact{untrusted.Line(path), t.value(), false})
	}
	if t.open == '[' && len(t.inner) > 0 && !slices.ContainsFunc(t.inner, func(f tree) bool { return f.open != 0 }) {
		values := make([]string, len(t.inner))
		for i, inner := range t.inner {
			values[i] = inner.value()
		}
		return append(list, Fact{untrusted.Line(path), strings.Join(values, ", "), true})
	}
	for i, field := range t.inner {
		name := field.name
		if t.open == '[' {
			name = strconv.Itoa(i + 1)
		}
		list = field.leaves(join(path, name), list)
	}
	return list
}

func (t tree) value() string { return untrusted.Line(t.text) }

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// get returns the text of a field, or "".
func (t tree) get(name string) string {
	for _, field := range t.inner {
		if field.name == name {
			return field.text
		}
	}
	return ""
}

// within returns a field, or an empty value.
func (t tree) within(name string) tree {
	for _, field := range t.inner {
		if field.name == name {
			return field
		}
	}
	return tree{}
}
