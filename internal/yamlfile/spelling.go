package yamlfile

import (
	"math/bits"
	"slices"
	"strings"
)

// maxKnown is the maximum length of a known name.
const maxKnown = 100

// maxNearest is the maximum number of suggestions.
const maxNearest = 3

// Spelling finds the known names closest to a misspelt one.
type Spelling struct {
	byLength [][]knownName
}

type knownName struct {
	name    string // in its own case
	lower   string
	letters uint64 // set of the bytes in it
}

// NewSpelling returns one that knows these names, of at most 100 letters.
func NewSpelling(names ...string) *Spelling {
	s := &Spelling{}
	for _, name := range names {
		lower := strings.ToLower(name)
		for len(s.byLength) <= len(lower) {
			s.byLength = append(s.byLength, nil)
		}
		s.byLength[len(lower)] = append(s.byLength[len(lower)], knownName{name, lower, letters(lower)})
	}
	return s
}

// latin replaces Cyrillic letters by the Latin ones that look the same.
var latin = strings.NewReplacer("а", "a", "в", "b", "с", "c", "е", "e", "ё", "e", "н", "h", "і", "i", "к", "k", "м", "m", "о", "o",
	"р", "p", "ѕ", "s", "т", "t", "у", "y", "х", "x")

func letters(s string) (set uint64) {
	for i := range len(s) {
		set |= 1 << (s[i] & 63)
	}
	return set
}

// Nearest returns the known names with the smallest edit distance from name: at most maxNearest, and none that differs too much.
func (s *Spelling) Nearest(name string) []string {
	name = latin.Replace(strings.ToLower(name))
	limit := 1 + min(len(name)/8, 1)
	set := letters(name)
	var found []string
	for length := max(len(name)-limit, 0); length <= len(name)+limit && length < len(s.byLength); length++ {
		for _, known := range s.byLength[length] {
			if bits.OnesCount64(set^known.letters) > 2*limit {
				continue
			}
			switch d := distance(name, known.lower, limit); {
			case d < limit:
				found, limit = []string{known.name}, d
			case d == limit:
				found = append(found, known.name)
			}
		}
	}
	slices.Sort(found)
	return found[:min(len(found), maxNearest)]
}

// distance is the number of insertions, deletions, replacements and swaps of letters from a to b; limit+1 if more than limit.
func distance(a, b string, limit int) int {
	var rows [3][maxKnown + 1]int
	before, last, row := rows[0][:len(b)+1], rows[1][:len(b)+1], rows[2][:len(b)+1]
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			least = min(least, row[j])
		}
		if least > limit {
			return limit + 1
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], limit+1)
}
