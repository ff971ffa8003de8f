package report

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"

	"boxready/checks"
	"boxready/internal/view"
)

// Kind is the kind of identifying value in a field of a check's facts, given in the field's tag, `hide:"host"`; a field without
// one is public. Secrets are never in facts.
type Kind string

// The kinds.
const (
	Host        Kind = "host"        // a host's name or address, alone or within a URL
	IP          Kind = "ip"          // an IP address
	User        Kind = "user"        // a person's name, login, number or e-mail address
	Member      Kind = "member"      // member_id, the portal's number with the vendor
	Subject     Kind = "subject"     // whom a certificate names: hosts and companies
	Certificate Kind = "certificate" // by which Certificate Transparency logs reveal the host
	Text        Kind = "text"        // untrusted text with any of the above
)

// shape has the kinds of the values in a check's facts in JSON. A nil shape is unknown, and its values are taken for untrusted
// text.
type shape struct {
	kind   Kind // "" is public
	fields map[string]*shape
	each   *shape // of a list or map
}

func (s *shape) field(name string) *shape {
	switch {
	case s == nil:
		return nil
	case s.fields != nil:
		return s.fields[name]
	}
	return s.each
}

func (s *shape) element() *shape {
	if s == nil {
		return nil
	}
	return s.each
}

// shapes caches the shapes of types.
type shapes map[reflect.Type]*shape

// of is the shape of a check's facts.
func (known shapes) of(facts checks.Facts) *shape {
	if facts == nil {
		return nil
	}
	return known.ofType(reflect.TypeOf(facts), "")
}

var (
	jsonMarshaler = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
)

// ofType mirrors encoding/json.
func (known shapes) ofType(t reflect.Type, kind Kind) *shape {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == reflect.TypeFor[json.RawMessage]() {
		return nil
	}
	if pointer := reflect.PointerTo(t); pointer.Implements(jsonMarshaler) || pointer.Implements(textMarshaler) {
		return &shape{kind: kind}
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map:
		return &shape{kind: kind, each: known.ofType(t.Elem(), kind)}
	case reflect.Interface:
		return nil
	case reflect.Struct:
		if s := known[t]; s != nil {
			return s
		}
		s := &shape{fields: map[string]*shape{}}
		known[t] = s
		for i := range t.NumField() {
			field := t.Field(i)
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			inner := known.ofType(field.Type, Kind(field.Tag.Get("hide")))
			switch {
			case field.Anonymous && name == "":
				for name, promoted := range inner.fields {
					s.fields[name] = promoted
				}
			case name == "":
				s.fields[field.Name] = inner
			default:
				s.fields[name] = inner
			}
		}
		return s
	}
	return &shape{kind: kind}
}

// eachString replaces every string in v, except field names, by f's result.
func eachString(v *view.Value, at *shape, f func(string, Kind) string) {
	for i := range v.Inner {
		inner := at.element()
		if v.Kind == '{' {
			inner = at.field(v.Inner[i].Name)
		}
		eachString(&v.Inner[i], inner, f)
	}
	switch {
	case v.Quoted && at == nil:
		v.Text = f(v.Text, Text)
	case v.Quoted:
		v.Text = f(v.Text, at.kind)
	}
}
