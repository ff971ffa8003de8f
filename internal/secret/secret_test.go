package secret

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestStringIsNotPrinted(t *testing.T) {
	const plain = "s3cr3t-value"
	type holder struct {
		Public  String
		private String
		pointer *String
	}
	s := New(plain)
	h := holder{s, s, &s}

	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%t", "%p", "%T", "%20s", "%.3s", "%c", "%U", "%b", "%o", "%e", "%g", "%w"} {
		for name, value := range map[string]any{"value": s, "pointer": &s, "struct": h, "pointer to struct": &h, "slice": []String{s}, "map": map[string]String{"k": s}, "interface": []any{s}} {
			if out := fmt.Sprintf(verb, value); leaks(out, plain) {
				t.Errorf("%s of a %s prints %q", verb, name, out)
			}
		}
	}
	for name, print := range map[string]func() (string, error){
		"json":   func() (string, error) { b, err := json.Marshal(h); return string(b), err },
		"indent": func() (string, error) { b, err := json.MarshalIndent(&h, "", " "); return string(b), err },
		"xml": func() (string, error) {
			b, err := xml.Marshal(struct {
				XMLName xml.Name `xml:"x"`
				S       String
			}{S: s})
			return string(b), err
		},
		"text": func() (string, error) { b, err := s.MarshalText(); return string(b), err },
		"slog": func() (string, error) {
			var out bytes.Buffer
			slog.New(slog.NewTextHandler(&out, nil)).Info("m", "s", s, "h", h)
			slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "s", s, "h", h)
			return out.String(), nil
		},
		"error":   func() (string, error) { return fmt.Errorf("with %v", s).Error(), nil },
		"println": func() (string, error) { return fmt.Sprintln(s, h), nil },
	} {
		out, err := print()
		if err != nil || leaks(out, plain) || !strings.Contains(out, mask) {
			t.Errorf("%s: %q, %v", name, out, err)
		}
	}
	if fmt.Sprintf("%s", s) != mask || s.GoString() != mask {
		t.Errorf("printed as %s and %#v, want the mask", s, s)
	}
}

func leaks(out, plain string) bool {
	out = strings.ToLower(strings.ReplaceAll(out, " ", ""))
	return strings.Contains(out, plain[:4]) || strings.Contains(out, strings.ToLower(fmt.Sprintf("%x", plain[:4])))
}

func TestString(t *testing.T) {
	s := New("abc")
	if s.Reveal() != "abc" || s.IsZero() {
		t.Errorf("New: Reveal %q, IsZero %v", s.Reveal(), s.IsZero())
	}
	var zero String
	if zero.Reveal() != "" || !zero.IsZero() || !New("").IsZero() || fmt.Sprint(zero) != "" {
		t.Error("the zero String is not empty")
	}
	if !s.Equal(New("abc")) || s.Equal(New("abd")) || s.Equal(zero) || !zero.Equal(New("")) {
		t.Error("Equal is wrong")
	}
}
