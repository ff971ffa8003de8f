package scan

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"boxready/internal/bitrix"
)

// values are what the variables and constants of a file hold, as far as these are parts of methods' names.
type values struct {
	held    map[string]*value
	tokens  int // that were read
	branch  int // the token that began the last branch of a condition
	deepest int // brackets that are open where the variable is that most are open around
}

// value is what one variable holds.
type value struct {
	texts  []string // one for each branch that assigns to it
	depth  int      // brackets that are open there
	indent int
	token  int
	used   bool
	source *literal // of the last text
}

const (
	maxValues   = 8  // of a variable
	maxVariants = 16 // of a string with variables
)

// nameParts are the words that methods' names consist of.
var nameParts = sync.OnceValue(func() map[string]bool {
	s := map[string]bool{}
	for m := range bitrix.Methods() {
		for part := range strings.SplitSeq(strings.ToLower(m.Name), ".") {
			s[part] = true
		}
	}
	return s
})

// isNamePart reports whether a text can be a part of a method's name.
func isNamePart(text string) bool {
	parts := strings.Split(strings.ToLower(strings.Trim(text, ".")), ".")
	return !slices.ContainsFunc(parts, func(part string) bool { return !nameParts()[part] })
}

// variableName returns the name of a variable or property without the signs that languages put before it.
func variableName(word string) string { return strings.TrimLeft(word, "$@") }

// token follows where branches begin and where a variable gets another value.
func (v *values) token(r *reader, t token) {
	v.tokens++
	if len(v.held) > 0 && len(r.stack) > 0 && t.kind == 'w' && v.held[variableName(t.text)] != nil {
		if top := &r.stack[len(r.stack)-1]; len(top.names) < maxValues {
			top.names = append(top.names, variableName(t.text))
		}
	}
	switch {
	case t.is("else", "elif", "elsif", "elseif", "case", "default", "when", "except", "catch", "rescue"):
		v.branch = v.tokens
	case t.is("=", ":=", "in") && r.last().kind == 'w': // what is a string is held when the string ends
		v.forget(r, r.last().text)
	case t.kind == 'w' && r.last().is("as"): // foreach ($list as $name)
		v.forget(r, t.text)
	}
}

// forget drops what a variable holds, unless that is of another branch.
func (v *values) forget(r *reader, word string) {
	name := variableName(word)
	if held := v.held[name]; held != nil && held.token > v.branch && r.indent <= held.indent {
		v.drop(r, name)
	}
}

// leave forgets the variables of a function, which end with its body.
func (v *values) leave(r *reader, b bracket) {
	if b.declares {
		v.parameters(r, b)
	}
	if b.function && v.deepest > len(r.stack) {
		v.deepest = len(r.stack)
		for _, name := range slices.Sorted(maps.Keys(v.held)) {
			if v.held[name].depth > len(r.stack) {
				v.drop(r, name)
			}
		}
	}
}

// parameters forgets the variables that have the names of a function's parameters.
func (v *values) parameters(r *reader, b bracket) {
	for _, name := range b.names {
		if v.held[name] != nil {
			v.drop(r, name)
		}
	}
}

// hold notes the value of a variable, besides those that weren't forgotten.
func (v *values) hold(r *reader, l *literal, texts []string) {
	name := variableName(l.key)
	texts = slices.DeleteFunc(texts, func(text string) bool { return !isNamePart(text) })
	if name == "" || len(texts) == 0 || len(v.held) >= maxUncertain || r.lang == data {
		return
	}
	held := v.held[name]
	if held == nil {
		if v.held == nil {
			v.held = map[string]*value{}
		}
		held = &value{depth: len(r.stack), indent: l.indent}
		v.held[name] = held
		v.deepest = max(v.deepest, held.depth)
	}
	held.token, held.source = v.tokens, l
	for _, text := range texts {
		if len(held.texts) < maxValues && !slices.Contains(held.texts, text) {
			held.texts = append(held.texts, text)
		}
	}
}

// drop forgets what a variable holds. The beginning of a name that wasn't used may be used in another file.
func (v *values) drop(r *reader, name string) {
	held := v.held[name]
	delete(v.held, name)
	for _, text := range held.texts {
		if !held.used {
			r.beginning(held.source, text)
		}
	}
}

// end is called at the end of the file.
func (v *values) end(r *reader) {
	for _, name := range slices.Sorted(maps.Keys(v.held)) {
		v.drop(r, name)
	}
}

// variants returns what a string can be when the values of its variables are inserted.
func (v *values) variants(text string, gaps []string) []string {
	if len(text) > maxJoined || !slices.ContainsFunc(gaps, func(name string) bool { return v.held[name] != nil }) {
		return []string{text}
	}
	variants := []string{""}
	for {
		before, after, more := strings.Cut(text, string(rune(gap)))
		inserted := []string{""}
		if more {
			inserted = []string{string(rune(gap))}
			if len(gaps) > 0 {
				if held := v.held[gaps[0]]; held != nil {
					inserted, held.used = held.texts, true
				}
				gaps = gaps[1:]
			}
		}
		if len(variants)*len(inserted) > maxVariants {
			inserted = []string{string(rune(gap))}
		}
		var next []string
		for _, variant := range variants {
			for _, value := range inserted {
				next = append(next, variant+before+value)
			}
		}
		if variants = next; !more {
			return variants
		}
		text = after
	}
}
