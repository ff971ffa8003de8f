package scan

import (
	"bytes"
	"strings"
	"sync"

	"boxready/internal/bitrix"
)

// A prefilter tells files that can't hold a finding from those that the lexer has to read. It looks at the bytes of a file for the
// words without which the reader finds nothing, and at what stands beside them; where it can't be sure, the file is read.
// TestPrefilter and FuzzPrefilter prove that it changes no result: what the reader learns to find needs a word here.
//
// The words are matched in one pass by an automaton (Aho and Corasick, 1975).
type prefilter struct {
	class [256]byte // of a byte; letters of both cases have the same
	next  []uint16  // state by state<<classBits | class
	words []sign    // longest word that ends in a state
}

const (
	classBits = 6
	maxState  = 1<<15 - 1
	hit       = maxState + 1 // set in next if a word ends there or the byte is a backslash
)

// sign is what the prefilter looks for.
type sign struct {
	word string // lower-case
	kind signKind
}

type signKind byte

const (
	noSign      signKind = iota
	sdkSign              // the word alone is enough
	scopeSign            // list of permissions, or the PHP SDK's way to them
	nameSign             // first part of methods' names, with its dot
	eventSign            // beginning of events' names
	wordSign             // method of one word: in a path below /rest/, or with callSign
	callSign             // part of a call's name
	restSign             // path of a portal's REST
	endSign              // end of a method's name, before the end of a string; counts with callSign
	handlerSign          // part of the key of a handler's address; counts with urlSign
	urlSign
)

// eventPrefix is how many letters of an event's name the automaton has; the rest is looked up.
const eventPrefix = 8

var signs = sync.OnceValue(func() []sign {
	list := []sign{{"bitrix", sdkSign}, {"b24", sdkSign}, {"bx24", sdkSign}, {"loaddatatype", sdkSign}, {"usepullclient", sdkSign},
		{"initb24helper", sdkSign}, {"scope", scopeSign}, {"call", callSign}, {"method", callSign},
		{"/rest/", restSign}, {"handler", handlerSign}, {"http://", urlSign}, {"https://", urlSign},
		{"onapp", eventSign}, {"oncrm", eventSign}, {"onim", eventSign}, {"ontask", eventSign}, {"onvoximp", eventSign}} // see unknownEvent
	for first := range namespaces() {
		list = append(list, sign{first + ".", nameSign})
	}
	for verb := range verbs {
		list = append(list, sign{"." + verb, endSign})
	}
	for word := range undotted() {
		list = append(list, sign{word, wordSign})
	}
	for e := range bitrix.Events() {
		list = append(list, sign{strings.ToLower(e.Name[:min(eventPrefix, len(e.Name))]), eventSign})
	}
	return list
})

var usualPrefilter = sync.OnceValue(func() *prefilter { return newPrefilter(signs()) })

func newPrefilter(list []sign) *prefilter {
	s := &prefilter{words: make([]sign, 1)}
	s.class['\\'] = 1
	classes := byte(2)
	for _, sign := range list {
		for _, c := range []byte(sign.word) {
			if s.class[c] == 0 {
				s.class[c] = classes
				if c >= 'a' && c <= 'z' {
					s.class[c-'a'+'A'] = classes
				}
				classes++
			}
		}
	}
	s.next = make([]uint16, 1<<classBits)
	for _, sign := range list {
		state := 0
		for _, c := range []byte(sign.word) {
			at := state<<classBits | int(s.class[c])
			if s.next[at] == 0 {
				s.next[at] = uint16(len(s.words)) // #nosec G115 -- some hundred states
				s.words = append(s.words, noWord)
				s.next = append(s.next, make([]uint16, 1<<classBits)...)
			}
			state = int(s.next[at])
		}
		if s.words[state].kind != scopeSign { // which is a method, too
			s.words[state] = sign
		}
	}
	s.link()
	return s
}

var noWord sign

// link completes the trie of words to the automaton, breadth first: where no word goes on, the longest end of what was read that
// begins a word does.
func (s *prefilter) link() {
	failed := make([]uint16, len(s.words))
	queue := []uint16{0}
	for len(queue) > 0 {
		state := queue[0]
		queue = queue[1:]
		for class := range 1 << classBits {
			to := &s.next[int(state)<<classBits|class]
			other := uint16(0)
			if state != 0 {
				other = s.next[int(failed[state])<<classBits|class] &^ hit
			}
			switch {
			case class == int(s.class['\\']):
				*to = state | hit
				continue
			case *to == 0:
				*to = other
			default:
				failed[*to] = other
				if s.words[*to] == noWord {
					s.words[*to] = s.words[other]
				}
				queue = append(queue, *to)
			}
			if s.words[*to] != noWord {
				*to |= hit
			}
		}
	}
}

// passes reports whether a file may hold a finding.
func (s *prefilter) passes(text []byte, lang *language) bool {
	if lang.mayHold(ruby) && bytes.Contains(text, []byte("<<")) || lang.mayHold(php) && bytes.Contains(text, []byte("<<<")) {
		return true // a heredoc needs no quotes
	}
	return s.matches(text, lang) || joinsStrings(text, lang)
}

func (s *prefilter) matches(text []byte, lang *language) bool {
	var seen [urlSign + 1]bool
	scopes := -1 // where the first is
	state := uint16(0)
	for i := 0; i < len(text); i++ {
		state = s.next[int(state)<<classBits|int(s.class[text[i]])]
		if state < hit {
			continue
		}
		state &^= hit
		if text[i] == '\\' { // in a string, the next byte is meant, or white space
			if i+1 < len(text) && strings.IndexByte("nrt\n", text[i+1]) >= 0 {
				if i++; text[i] != '\n' {
					state = 0
				}
			}
			continue
		}
		w := s.words[state]
		start := i + 1 - len(w.word)
		if start < 0 || bytes.IndexByte(text[start:i], '\\') >= 0 { // there are backslashes in the word
			return true
		}
		switch w.kind {
		case sdkSign:
			if w.word != "b24" || start == 0 || text[start-1] == '_' || !isNameByte(text[start-1]) { // or it is in a checksum
				return true
			}
		case nameSign:
			if begins(text, start, lang) && mayBeMethod(text[start:]) {
				return true
			}
		case eventSign:
			if (start == 0 || !isNameByte(text[start-1]) || escaped(text, start-1)) && mayBeEvent(text[start:]) {
				return true
			}
		case urlSign:
			seen[w.kind] = seen[w.kind] || begins(text, start, lang)
		case endSign:
			seen[w.kind] = seen[w.kind] || lang.plain || lang.mayHold(ruby) || i+1 == len(text) || text[i+1] == '?' || text[i+1] == '\\' || isQuote(text[i+1])
		case handlerSign:
			seen[w.kind] = seen[w.kind] || mayBeHandler(text, start, i+1)
		case scopeSign:
			if start > 0 && isWord(text[start-1]) && lang.mayHold(php) {
				return true
			}
			if scopes < 0 {
				scopes = start
			}
			fallthrough
		case wordSign:
			seen[wordSign] = seen[wordSign] || begins(text, start, lang) && (i+1 == len(text) || !isWord(text[i+1]))
			if start > 0 && text[start-1] == '/' && seen[restSign] {
				return true
			}
		default:
			seen[w.kind] = true
		}
		if (seen[wordSign] || seen[endSign]) && seen[callSign] || seen[handlerSign] && seen[urlSign] {
			return true
		}
	}
	return scopes >= 0 && listsScopes(text[scopes:], lang)
}

// begins reports whether a name at start may be at a place where the reader takes names: at the beginning of a string, or after
// what positionOf accepts. It is a little more generous.
func begins(text []byte, start int, lang *language) bool {
	if start == 0 {
		return true
	}
	switch c := text[start-1]; {
	case isNameByte(c):
		return escaped(text, start-1)
	case lang.plain || lang.mayHold(ruby): // these have strings without quotes
		return true
	case c > ' ' || c <= edge:
		return c >= 0x80 || c <= edge || strings.IndexByte("\"'`/=}\\", c) >= 0
	}
	i := start - 1
	for i >= 0 && (text[i] <= ' ' || text[i] >= 0x80) {
		i--
	}
	return i < 0 || isQuote(text[i]) || text[i] == '\\' || escaped(text, i)
}

// escaped reports whether the byte at i may stand for another, as in \n and %s.
func escaped(text []byte, i int) bool { return i > 0 && (text[i-1] == '\\' || text[i-1] == '%') }

func isQuote(c byte) bool { return c == '"' || c == '\'' || c == '`' }

// nameAt is the longest name that text begins with; whole is false if it may go on after a backslash.
func nameAt(text []byte) (name string, whole bool) {
	i := 0
	for i < len(text) && isNameByte(text[i]) {
		i++
	}
	return string(text[:i]), i == len(text) || text[i] != '\\'
}

// mayBeMethod reports whether text begins with more than the name of a file.
func mayBeMethod(text []byte) bool {
	name, whole := nameAt(text)
	if !whole || strings.HasSuffix(name, ".") {
		return true
	}
	name = strings.ToLower(name)
	if _, known := bitrix.Method(name); known || methodPrefixes()[name] {
		return true
	}
	for _, suffix := range []string{".json", ".xml"} {
		name = strings.TrimSuffix(name, suffix)
	}
	return strings.Contains(name, ".") && !nonMethodSuffixes[name[strings.LastIndexByte(name, '.')+1:]]
}

// mayBeEvent reports whether text begins with an event's name.
func mayBeEvent(text []byte) bool {
	name, whole := nameAt(text)
	if !whole {
		return true
	}
	first, _, _ := strings.Cut(name, ".")
	for _, name := range []string{name, first} {
		if _, known := bitrix.Event(name); known || unknownEvent.MatchString(name) {
			return true
		}
	}
	return false
}

// mayBeHandler reports whether the word from start to end may end the key of a handler's address.
func mayBeHandler(text []byte, start, end int) bool {
	name, whole := nameAt(text[end:])
	name = strings.ToLower(name)
	return !whole || name == "url" || name == "_url" || name == "" && (start == 0 || text[start-1] == '_' || !isWord(text[start-1]) || escaped(text, start-1))
}

// listsScopes reports whether a string in text begins with a permission.
func listsScopes(text []byte, lang *language) bool {
	if lang.plain || lang.mayHold(ruby) {
		return true
	}
	for i, c := range text {
		if !isQuote(c) {
			continue
		}
		list := bytes.TrimLeft(text[i+1:min(i+1+maxList, len(text))], " \t\r\n,;|")
		name, whole := nameAt(list)
		if _, known := bitrix.Scope(name); known || !whole || len(list) == 0 {
			return true
		}
	}
	return false
}

// maxList is how much of a string is looked at for its first permission.
const maxList = 100

// joinsStrings reports whether two strings without a value between them may be joined to a name that neither holds.
func joinsStrings(text []byte, lang *language) bool {
	operators := "+"
	if lang.markup { // code of other languages may be inside
		operators = "+.~"
	}
	for _, operator := range []byte(operators) {
		for rest := text; ; {
			i := bytes.IndexByte(rest, operator)
			if i < 0 {
				break
			}
			rest = rest[i+1:]
			if stringEnds(text[:len(text)-len(rest)-1]) && stringBegins(rest, lang) {
				return true
			}
		}
	}
	return lang.adjacent && adjoinsStrings(text, lang)
}

// adjoinsStrings is joinsStrings for strings that need no operator.
func adjoinsStrings(text []byte, lang *language) bool {
	for i := 0; i < len(text); i++ {
		if !isQuote(text[i]) {
			continue
		}
		start := i
		for i+1 < len(text) && text[i+1] == text[start] {
			i++
		}
		quotes, rest := i+1-start, text[i+1:]
		switch {
		case quotes > 3:
			return true
		case start > 0 && !inName(text[start-1]):
		case quotes == 2 && len(rest) > 0 && inName(rest[0]), stringBegins(rest, lang):
			return true
		}
	}
	return false
}

// inName reports whether a string with this byte at its end may be joined to a name or an address, or is empty.
func inName(c byte) bool { return isNameByte(c) || c == ':' || c == '/' || isQuote(c) }

// stringEnds reports whether text ends with a string whose last byte may be in a name, comments and white space aside.
func stringEnds(text []byte) bool {
	code := bytes.TrimRight(text, " \t\r\n")
	if bytes.IndexByte(text[len(code):], '\n') >= 0 {
		line := code[bytes.LastIndexByte(code, '\n')+1:]
		if bytes.Contains(line, []byte("//")) || bytes.IndexByte(line, '#') >= 0 {
			return true
		}
	}
	n := len(code)
	return n > 1 && (isQuote(code[n-1]) && inName(code[n-2]) || string(code[n-2:]) == "*/")
}

// prefixes are what may stand before a quote to say how the string is written, in Python and C#.
const prefixes = "rbfutRBFUT@$"

// stringBegins reports whether text begins with a string whose first byte may be in a name, comments and white space aside.
func stringBegins(text []byte, lang *language) bool {
	text = bytes.TrimLeft(text, " \t\r\n")
	for end := commentEnd(text); end != 0; end = commentEnd(text) {
		if end > maxComment {
			return true
		}
		text = bytes.TrimLeft(text[end:], " \t\r\n")
	}
	if len(text) < 2 {
		return false
	}
	switch c, next := text[0], text[1]; {
	case isQuote(c):
		return inName(next) || next == '\\'
	case c == '\\':
		return next == '\n' || next == '\r'
	case c == '%':
		return lang.mayHold(ruby)
	case strings.IndexByte(prefixes, c) >= 0:
		return isQuote(next) || len(text) > 2 && strings.IndexByte(prefixes, next) >= 0 && isQuote(text[2])
	}
	return false
}

// maxComment limits how often a comment between strings may be looked at.
const maxComment = 4096

// commentEnd returns the length of the comment that text begins with; 0 if it doesn't begin with one.
func commentEnd(text []byte) int {
	end := "\n"
	switch {
	case bytes.HasPrefix(text, []byte("/*")):
		end = "*/"
	case !bytes.HasPrefix(text, []byte("//")) && !bytes.HasPrefix(text, []byte("#")):
		return 0
	}
	text = text[:min(len(text), maxComment+1)]
	if i := bytes.Index(text, []byte(end)); i >= 0 {
		return i + len(end)
	}
	return len(text)
}
