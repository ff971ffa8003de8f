package secret

import (
	"math/rand/v2"
	"regexp"
	"regexp/syntax"
	"strings"
	"testing"
	"unicode"
)

// TestPartsOfRules generates texts that the rules' expressions match, and asserts that no rule would be left out for them.
func TestPartsOfRules(t *testing.T) {
	// Of a tag, only names matter.
	names := func(p parts) bool { return p.name }
	for rule, c := range map[string]struct {
		expression *regexp.Regexp
		kept       func(parts) bool
	}{
		"named":   {named, names},
		"element": {element, names},
		"name":    {name, names},
		"bearer":  {bearer, func(p parts) bool { return p.bearer }},
		"webhook": {webhook, func(p parts) bool { return p.rest }},
	} {
		t.Run(rule, func(t *testing.T) {
			parsed, err := syntax.Parse(c.expression.String(), syntax.Perl)
			if err != nil {
				t.Fatal(err)
			}
			matched := 0
			for range 20_000 {
				var out strings.Builder
				generate(&out, parsed)
				if text := out.String(); c.expression.MatchString(text) { // not where a word would have to end
					matched++
					if !c.kept(partsOf(text)) {
						t.Fatalf("left out for %q", text)
					}
				}
			}
			if matched < 5_000 {
				t.Errorf("only %d texts were a match", matched)
			}
			if c.kept(partsOf(`{"error":"NO_DATA_FOUND","link":"https://portal.example.com/app.info?x=1"}`)) {
				t.Error("not left out for an ordinary text")
			}
		})
	}
}

// generate writes a text that an expression matches, but for what it says about word boundaries and ends.
func generate(out *strings.Builder, re *syntax.Regexp) {
	times := func(least, most int) {
		for range least + rand.IntN(most-least+1) {
			generate(out, re.Sub[0])
		}
	}
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			if re.Flags&syntax.FoldCase != 0 {
				for range rand.IntN(4) {
					r = unicode.SimpleFold(r)
				}
			}
			out.WriteRune(r)
		}
	case syntax.OpCharClass:
		pair := 2 * rand.IntN(len(re.Rune)/2)
		low, high := re.Rune[pair], min(re.Rune[pair+1], re.Rune[pair]+300)
		out.WriteRune(low + rand.Int32N(high-low+1))
	case syntax.OpStar:
		times(0, 3)
	case syntax.OpPlus:
		times(1, 3)
	case syntax.OpQuest:
		times(0, 1)
	case syntax.OpRepeat:
		times(re.Min, re.Min+2)
	case syntax.OpAlternate:
		generate(out, re.Sub[rand.IntN(len(re.Sub))])
	case syntax.OpConcat, syntax.OpCapture:
		for _, sub := range re.Sub {
			generate(out, sub)
		}
	}
}
