package widgets

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2/test"
)

// TestNoLineEndsInAShortWord wraps a text for every width: a short word stays with the next one wherever what belongs together fits on a line, and
// no letter is lost.
func TestNoLineEndsInAShortWord(t *testing.T) {
	test.NewTempApp(t)
	const text = "Портал отвечает из сети, но не из интернета — это 15 секунд"
	p := newParagraph(text, Font{})
	for width := p.measured("но не из интернета —").Width; width < 500; width++ {
		p.wrap(width)
		if got := strings.Join(p.lines, " "); got != text {
			t.Fatalf("%g: %q", width, got)
		}
		for _, line := range p.lines[:len(p.lines)-1] {
			for _, end := range []string{" из", " но", " не", " 15"} {
				if strings.HasSuffix(" "+line, end) {
					t.Errorf("%g: %q", width, p.lines)
				}
			}
		}
		for _, line := range p.lines {
			if strings.HasPrefix(line, "—") {
				t.Errorf("%g: %q", width, p.lines)
			}
		}
	}
	// In a narrow column a short word is left alone before a word is broken.
	p.wrap(p.measured("интернета").Width)
	if got := strings.Join(p.lines, " "); got != text {
		t.Errorf("narrow: %q", p.lines)
	}
}

// TestUntrustedTextHidesNothing asserts that no label, of either kind and however it is changed, reverses or hides a part of its text.
func TestUntrustedTextHidesNothing(t *testing.T) {
	test.NewTempApp(t)
	const hostile, want = "invoice\u202efdp.exe\u200b\U000e0041\n\u009b2J\tend\u3164", "invoice\ufffdfdp.exe\n\ufffd2J    end"
	for _, font := range []Font{{}, {Selectable: true}, {Ellipsis: true}, {OneLine: true, Mono: true}} {
		shown := NewText(hostile, font)
		if got := shown.Text(); got != want {
			t.Errorf("%+v: %q", font, got)
		}
		shown.SetText("other")
		if shown.SetText(hostile); shown.Text() != want {
			t.Errorf("%+v, changed: %q", font, shown.Text())
		}
	}
}
