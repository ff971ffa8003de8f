package untrusted_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"boxready/internal/untrusted"
)

func TestLine(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"ordinary":             {"Всё «работает» — 100 %, naïve 語 👩\u200d💻 می\u200cخواهم", "Всё «работает» — 100 %, naïve 語 👩\u200d💻 می\u200cخواهم"},
		"no-break spaces":      {"100\u00a0000\u202f₽", "100\u00a0000\u202f₽"},
		"line breaks and tabs": {"a\r\n\tb\u2028c\u0085d", "a   b c d"},
		"terminal":             {"\x1b[31mred\x07\x00\u009b1m", "\ufffd[31mred\ufffd\ufffd\ufffd1m"},
		"direction":            {"a\u202eb\u2066c\u200fd", "a\ufffdb\ufffdc\ufffdd"},
		"invisible":            {"\ufeffa\u00adb\u200bc\U000e0041\u2060d\u180e", "abcd"},
		"fillers":              {"a\u3164b\u115f\u1160c\uffa0d\u034fe\u17b4f", "abcdef"},
		"blank symbol":         {"a\u2800b", "a b"},
		"selectors":            {"a\ufe0fb\ufe01c\U000e0100d ❤\ufe0f\ufe0f\u200d🔥", "abcd ❤\ufe0f\u200d🔥"},
		"joiners":              {"a\u200db\u200c ж\u200dж 語\u200d\u200d\u200c語 می\u200c", "ab жж 語語 می"},
		"signs before numbers": {"\u0600a", "\ufffda"},
		"private use":          {"a\ue000b\uffffc", "a\ufffdb\ufffdc"},
		"no UTF-8":             {"a\xff\xfeb\xd0", "a\ufffdb\ufffd"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := untrusted.Line(c.text); got != c.want {
				t.Errorf("%q, expected %q", got, c.want)
			}
		})
	}
}

func TestLines(t *testing.T) {
	if got := untrusted.Lines("a\u202e\r\n\tb\n\nc\u200b"); got != "a\ufffd\n    b\n\nc" {
		t.Errorf("%q", got)
	}
	// Nothing is copied that stays.
	if text := "Всё «работает» — 100 %"; testing.AllocsPerRun(10, func() { untrusted.Lines(text) }) > 0 {
		t.Error("an ordinary text is copied")
	}
}

// TestText: in what is copied, tabs and lines stay, and nothing that moves a terminal or hides a part.
func TestText(t *testing.T) {
	for text, want := range map[string]string{
		"a\tb\r\n\tc\n": "a\tb\n\tc\n", "\x1b[2Jrm\u202e -rf\u200b\n": "\ufffd[2Jrm\ufffd -rf\n", "\t\x00": "\t\ufffd", "": "", "\n": "\n",
	} {
		if got := untrusted.Text(text); got != want {
			t.Errorf("%q: %q, not %q", text, got, want)
		}
	}
}

func TestJSON(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"ordinary": {`{"a":"Всё «работает», naïve 語 \\ \u001b"}`, `{"a":"Всё «работает», naïve 語 \\ \u001b"}`},
		"control":  {"[\"\u007f\u0080\u009b\u0085\"]", `["\u007f\u0080\u009b\u0085"]`},
		"format":   {"[\"\u200b\u202e\u00ad\ufeff\U000e0041\u061c\"]", `["\u200b\u202e\u00ad\ufeff\udb40\udc41\u061c"]`},
		"lines":    {"[\"\u2028\u2029\"]", `["\u2028\u2029"]`},
		"fillers":  {"{\"\u3164\":\"\u115f\ue000\"}", `{"\u3164":"\u115f\ue000"}`},
		"no UTF-8": {"[\"\x9b\xff\"]", `["\ufffd\ufffd"]`},
	} {
		t.Run(name, func(t *testing.T) {
			got := untrusted.JSON([]byte(c.in))
			if string(got) != c.want {
				t.Errorf("%s, expected %s", got, c.want)
			}
			var before, after any
			if json.Unmarshal([]byte(c.in), &before) != nil || json.Unmarshal(got, &after) != nil || !reflect.DeepEqual(before, after) {
				t.Errorf("%s is read as %q", got, after)
			}
		})
	}
}

func TestTruncate(t *testing.T) {
	long := strings.Repeat("слово ", 1000)
	for _, test := range []struct {
		name, text string
		limit      int
		longest    int // runes that may come back
		ends       string
	}{
		{"short", "как есть", 100, 8, "есть"},
		{"exactly", strings.Repeat("a", 100), 100, 100, "a"},
		{"long", long, 100, 100, "слово…"},
		{"at a limit", "один два", 7, 7, "один…"},
		{"space in the first half", "a " + strings.Repeat("b", 20), 10, 10, "bbb…"},
		{"limit of a word", strings.Repeat("x", 300), 200, 200, "x…"},
		{"one", "ab", 1, 1, "…"},
		{"one word", strings.Repeat("x", 1<<20), 900, 201, "x…"},
		{"one word in Cyrillic", strings.Repeat("ж", 1<<20), 900, 201, "ж…"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := untrusted.Truncate(test.text, test.limit)
			if n := len([]rune(got)); n > test.longest || !strings.HasSuffix(got, test.ends) {
				t.Errorf("%d runes, ends with %.20q", n, got[max(0, len(got)-20):])
			}
		})
	}
}

func TestPrefix(t *testing.T) {
	for limit, want := range []string{"", "a", "a", "aя", "aя", "aя", "aя語", "aя語"} {
		if got := untrusted.Prefix("aя語", limit); got != want {
			t.Errorf("%d bytes: %q, expected %q", limit, got, want)
		}
		if got := untrusted.Prefix([]byte("aя語"), limit); string(got) != want {
			t.Errorf("%d bytes of a slice: %q, expected %q", limit, got, want)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add("a\r\n\x1b[2J\u202e", 3)
	f.Add(strings.Repeat("слово, ", 50), 100)
	f.Add("\xff\xd0", 1)
	f.Add("{\"a\":\"\u200b\u009b\\u2028\U000e0041\"}", 0)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		line := untrusted.Line(text)
		if !utf8.ValidString(line) || strings.ContainsFunc(line, unicode.IsControl) || strings.ContainsAny(line, "\u2028\u2029\u202e\u2066\u200b\u00ad\ufeff\u3164\U000e0041") {
			t.Fatalf("%q", line)
		}
		if untrusted.Line(line) != line {
			t.Fatalf("%q changes again", line)
		}
		var before, after any
		if json.Unmarshal([]byte(text), &before) == nil {
			escaped := untrusted.JSON([]byte(text))
			if json.Unmarshal(escaped, &after) != nil || !reflect.DeepEqual(before, after) {
				t.Fatalf("%q is read as %q", escaped, after)
			}
			if strings.ContainsFunc(string(escaped), func(r rune) bool { return r >= 0x7f && !unicode.IsGraphic(r) }) {
				t.Fatalf("%q", escaped)
			}
		}
		if limit <= 0 {
			return
		}
		short := untrusted.Truncate(line, limit)
		if utf8.RuneCountInString(short) > limit || !utf8.ValidString(short) || !strings.HasPrefix(line, strings.TrimSuffix(short, "…")) {
			t.Fatalf("%d of %q: %q", limit, line, short)
		}
		if prefix := untrusted.Prefix(line, limit); len(prefix) > limit || !utf8.ValidString(prefix) || !strings.HasPrefix(line, prefix) {
			t.Fatalf("%d bytes of %q: %q", limit, line, prefix)
		}
	})
}
