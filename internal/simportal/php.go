package simportal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// array is a PHP array: ordered, with string keys; a list if the keys are 0, 1, 2, …
type array struct {
	keys   []string
	values map[string]any
	next   int // next key for []
}

func newArray() *array { return &array{values: map[string]any{}} }

// assoc makes an array of key, value, key, value, …
func assoc(pairs ...any) *array {
	a := newArray()
	for i := 0; i+1 < len(pairs); i += 2 {
		a.set(fmt.Sprint(pairs[i]), pairs[i+1])
	}
	return a
}

// list makes an array of strings.
func list(stringsOf ...string) *array {
	a := newArray()
	for _, t := range stringsOf {
		a.push(t)
	}
	return a
}

func (a *array) len() int { return len(a.keys) }

func (a *array) set(key string, v any) {
	if _, ok := a.values[key]; !ok {
		a.keys = append(a.keys, key)
		if n, err := strconv.Atoi(key); err == nil && n >= a.next && strconv.Itoa(n) == key {
			a.next = n + 1
		}
	}
	a.values[key] = v
}

func (a *array) push(v any) { a.set(strconv.Itoa(a.next), v) }

func (a *array) get(key string) any { return a.values[key] }

// text returns the value as a string, "" if there is none.
func (a *array) text(key string) string { return phpText(a.values[key]) }

// fold looks a key up without regard to letter case, as the rest module does with parameter names.
func (a *array) fold(key string) (any, bool) {
	for _, k := range a.keys {
		if strings.EqualFold(k, key) {
			return a.values[k], true
		}
	}
	return nil, false
}

func (a *array) isList() bool {
	for i, k := range a.keys {
		if k != strconv.Itoa(i) {
			return false
		}
	}
	return true
}

// merge sets all of b's keys in a.
func (a *array) merge(b *array) {
	for _, k := range b.keys {
		a.set(k, b.values[k])
	}
}

func phpText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		if v {
			return "1"
		}
		return ""
	case int64:
		return strconv.FormatInt(v, 10)
	case int:
		return strconv.Itoa(v)
	case float64:
		return phpFloat(v)
	}
	return ""
}

// phpFloat writes a float as PHP does with serialize_precision = -1.
func phpFloat(f float64) string {
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
	n, err := strconv.Atoi(exponent)
	if err != nil || n >= -4 && n < 17 {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	return fmt.Sprintf("%se%+d", mantissa, n)
}

// parseQuery reads a form as PHP does: brackets make arrays, dots and spaces in names become underscores.
func parseQuery(raw string) *array {
	a := newArray()
	for pair := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, value = phpUnescape(name), phpUnescape(value)
		a.assign(name, value)
	}
	return a
}

// phpUnescape leaves invalid escapes unchanged.
func phpUnescape(s string) string {
	if t, err := url.QueryUnescape(s); err == nil {
		return t
	}
	return strings.ReplaceAll(s, "+", " ")
}

const phpDepth = 64 // max_input_nesting_level

func (a *array) assign(name, value string) {
	name = strings.TrimLeft(name, " ")
	base, rest := name, ""
	if i := strings.IndexByte(name, '['); i > 0 {
		base, rest = name[:i], name[i:]
	}
	if base == "" {
		return
	}
	base = strings.NewReplacer(".", "_", " ", "_").Replace(base)
	at, key, appending := a, base, false
	for depth := 0; strings.HasPrefix(rest, "[") && depth < phpDepth; depth++ {
		inner, after, ok := strings.Cut(rest[1:], "]")
		if !ok {
			break
		}
		var child *array
		if !appending {
			child, _ = at.get(key).(*array)
		}
		if child == nil {
			child = newArray()
			if appending {
				at.push(child)
			} else {
				at.set(key, child)
			}
		}
		at, key, appending, rest = child, inner, inner == "", after
	}
	if appending {
		at.push(value)
		return
	}
	at.set(key, value)
}

// parseForm reads a form body; nil when the Content-Type is not a form's.
func parseForm(contentType string, body []byte) *array {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return nil
	}
	switch kind {
	case "application/x-www-form-urlencoded":
		return parseQuery(string(body))
	case "multipart/form-data":
		a := newArray()
		for r := multipart.NewReader(bytes.NewReader(body), params["boundary"]); ; {
			part, err := r.NextPart()
			if err != nil {
				return a
			}
			value, err := io.ReadAll(part)
			if err == nil && part.FileName() == "" {
				a.assign(part.FormName(), string(value))
			}
		}
	}
	return nil
}

// parseJSON reads a JSON object or list, keeping the order; nil for anything else.
func parseJSON(body []byte) *array {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	v, err := decodeJSON(d, 0)
	if err != nil {
		return nil
	}
	if _, err := d.Token(); err != io.EOF {
		return nil
	}
	a, _ := v.(*array)
	return a
}

func decodeJSON(d *json.Decoder, depth int) (any, error) {
	if depth > 512 { // json_decode's own limit
		return nil, fmt.Errorf("nested deeper than %d", 512)
	}
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Delim:
		a := newArray()
		for d.More() {
			key := ""
			if t == '{' {
				k, err := d.Token()
				if err != nil {
					return nil, err
				}
				key, _ = k.(string)
			}
			v, err := decodeJSON(d, depth+1)
			if err != nil {
				return nil, err
			}
			if t == '{' {
				a.set(key, v)
			} else {
				a.push(v)
			}
		}
		_, err := d.Token()
		return a, err
	case json.Number:
		if n, err := t.Int64(); err == nil {
			return n, nil
		}
		return t.Float64()
	default:
		return t, nil
	}
}

// encodeJSON writes a value as the rest module does: PHP's JSON_HEX_TAG, JSON_HEX_AMP,
// JSON_HEX_APOS, JSON_HEX_QUOT and JSON_UNESCAPED_UNICODE, slashes escaped, an empty array as [].
func encodeJSON(v any) []byte { return appendJSON(nil, v) }

func appendJSON(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case float64:
		return append(b, phpFloat(v)...)
	case string:
		return appendJSONString(b, v)
	case *array:
		if v == nil || v.isList() {
			b = append(b, '[')
			if v != nil {
				for i, k := range v.keys {
					if i > 0 {
						b = append(b, ',')
					}
					b = appendJSON(b, v.values[k])
				}
			}
			return append(b, ']')
		}
		b = append(b, '{')
		for i, k := range v.keys {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSONString(b, k)
			b = append(b, ':')
			b = appendJSON(b, v.values[k])
		}
		return append(b, '}')
	}
	return append(b, "null"...)
}

func appendJSONString(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch r {
		case '<', '>', '&', '\'', '"', '\u2028', '\u2029':
			b = fmt.Appendf(b, `\u%04X`, r)
		case '/', '\\':
			b = append(b, '\\', byte(r))
		case '\b':
			b = append(b, `\b`...)
		case '\f':
			b = append(b, `\f`...)
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		case '\t':
			b = append(b, `\t`...)
		default:
			if r < 0x20 {
				b = fmt.Appendf(b, `\u%04x`, r)
			} else {
				b = utf8.AppendRune(b, r)
			}
		}
	}
	return append(b, '"')
}

// encodeXML writes a value as the transport .xml does.
func encodeXML(v any) []byte {
	b := []byte("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<response>")
	b = appendXML(b, v)
	return append(b, "</response>"...)
}

func appendXML(b []byte, v any) []byte {
	a, ok := v.(*array)
	if !ok {
		return append(b, xmlEscape(phpText(v))...)
	}
	for _, k := range a.keys {
		name := k
		if _, err := strconv.Atoi(k); err == nil {
			name = "item"
		}
		b = append(b, "<"+name+">"...)
		b = appendXML(b, a.values[k])
		b = append(b, "</"+name+">"...)
	}
	return b
}

func xmlEscape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(s)
}

// sorted returns the names in order.
func sorted(names []string) []string {
	slices.Sort(names)
	return names
}
