package secret

import (
	"bytes"
	"fmt"
	"html/template"
	"maps"
	"strings"
	"testing"
)

func TestScannerFindsEveryEncoding(t *testing.T) {
	for _, s := range []string{"abcdefgh", "a+b/c=d&e f%g", `quo"te<x>\y`, "секрет🔑ключ", "0123456789abcdef0123456789abcdef", "two words and more"} {
		scanner := NewScanner(New("another-secret"), New(s))
		written := encodings(s)
		written["HTML"] = template.HTMLEscapeString(s)
		written["hexadecimal"] = fmt.Sprintf("%x", s)
		written["HEXADECIMAL"] = fmt.Sprintf("%X", s)
		for name, text := range maps.Clone(written) {
			written[name+" in HTML"] = strings.ReplaceAll(template.HTMLEscapeString(text), "+", "&#43;")
			written[name+", wrapped"] = text[:len(text)/2] + "\r\n\t  " + text[len(text)/2:]
		}
		for name, text := range written {
			if !scanner.Finds([]byte("before " + text + " after")) {
				t.Errorf("%s of %q isn't found: %q", name, s, text)
			}
		}
		if scanner.Finds([]byte("nothing of it is here: a-b-c-d, ключ")) {
			t.Errorf("%q is found where it isn't", s)
		}
	}
}

func TestScannerBounds(t *testing.T) {
	if NewScanner().Finds([]byte("anything")) {
		t.Error("without secrets something is found")
	}
	scanner := NewScanner(New("abc"), String{}, New("abcdefg"), New("a b c d e f g"), New("abcdefgh"), New("abcdefgh"))
	if scanner.Number != 1 {
		t.Errorf("%d secrets are looked for, want the one of eight bytes", scanner.Number)
	}
	for text, want := range map[string]bool{"": false, "abcdefg": false, "xabcdefgh": true, "abcdefgh": true, "abcd\nefgh": true} {
		if got := scanner.Finds([]byte(text)); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
	for _, at := range []int{0, 100_000, 120_000, 131_000, 131_070, 262_100, 400_000} {
		text := bytes.Repeat([]byte("x"), 500_000)
		copy(text[at:], "abcdefgh")
		if !scanner.Finds(text) {
			t.Errorf("not found at %d", at)
		}
	}
}
