package scan

import (
	"strings"
)

// reader follows the code of one file token by token and classifies every string by the code around it.
type reader struct {
	*collector
	file string
	lang *language

	recent  []token               // the last few, newest last
	tokens  [16 * maxRecent]token // holds recent
	op      []byte                // operator that may continue
	spaced  bool                  // white space since the last token
	generic struct {              // function whose type arguments are read
		callee string
		depth  int
	}
	fresh   bool // nothing but white space on this line yet
	control bool // the last bracket closed was of if, while and the like
	stack   []bracket
	pending *literal // a string that may be joined with what follows
	chain   chain

	bitrix    bool      // something in the file certainly is a call of a portal
	uncertain []finding // findings that count only if bitrix is set
}

type token struct {
	kind byte // 'w'ord, 'o'perator, bracket, comma or semicolon, 's'tring
	text string
	line int
}

const (
	maxRecent = 8
	maxJoined = 1024 // bytes of a string that is joined from several
	maxStack  = 512
)

// bracket is an open bracket and its context.
type bracket struct {
	open      byte
	callee    string // function that it calls
	key       string // what it is the value of
	subscript bool
	control   bool      // of if, while and the like
	uncertain []finding // names in it that count only if certain is set
	certain   bool      // a name in it certainly is a method
}

// opened is the state at the beginning of a string.
type opened struct {
	surroundings
	recent  []token
	pending *literal
}

// surroundings is the code before and around a string.
type surroundings struct {
	line      int
	callee    string // function that it is an argument of, in the innermost bracket
	first     bool   // argument, but for one that is no string
	key       string // what it is the value of
	subscript bool
	joined    bool     // a value is put before it at run time
	ternary   bool     // a colon after it doesn't make it a key
	words     []string // callees and keys of the enclosing brackets
}

type literal struct {
	surroundings
	text   string
	joined bool // an operator that joins follows
}

func (r *reader) begin(lang *language) {
	r.lang = lang
	r.flush()
	r.token(token{kind: 'o', text: ";"})
	r.newline()
}

func (r *reader) space() {
	r.flush()
	r.spaced = true
}

func (r *reader) newline() {
	r.space()
	r.fresh = true
	if r.pending != nil && !r.pending.joined && len(r.stack) == 0 && (r.lang == python || r.lang == ruby) {
		r.finishLiteral(token{kind: 'o', text: ";"})
	}
}

func (r *reader) lineStart() bool { return r.fresh }

// statementStart reports whether a string that begins here stands alone.
func (r *reader) statementStart() bool {
	return r.fresh && len(r.stack) == 0 && (r.pending == nil) && !r.last().is("=", "+", "(", ",", "[", "return", `\`)
}

func (r *reader) last() token { return r.before(0) }

// before returns the n-th last token.
func (r *reader) before(n int) token {
	if i := len(r.recent) - 1 - n; i >= 0 {
		return r.recent[i]
	}
	return token{}
}

func (t token) is(texts ...string) bool {
	for _, text := range texts {
		if t.text == text && t.kind != 's' {
			return true
		}
	}
	return false
}

// expectsValue reports whether a slash here begins a regular expression rather than divides.
func (r *reader) expectsValue() bool {
	r.flush()
	switch t := r.last(); t.kind {
	case 'w':
		return t.is("return", "typeof", "case", "in", "of", "do", "else", "when", "if", "unless", "and", "or", "not")
	case 's':
		return false
	default:
		return !t.is(")", "]", "}", "<", "</") || t.is(")") && r.control
	}
}

// afterValue reports whether << shifts or appends here.
func (r *reader) afterValue() bool { return !r.expectsValue() }

// prefix removes and returns the letters before a quote that determine the string's syntax.
func (r *reader) prefix(lang *language) string {
	if r.spaced {
		return ""
	}
	switch {
	case lang == python && len(r.op) == 0:
		if t := r.last(); t.kind == 'w' && len(t.text) <= 2 && strings.Trim(strings.ToLower(t.text), "rbfut") == "" {
			r.recent = r.recent[:len(r.recent)-1]
			return strings.ToLower(t.text)
		}
	case lang.sharp:
		prefix := ""
		if string(r.op) == "@" {
			prefix, r.op = "@", r.op[:0]
		}
		if t := r.last(); t.is("$", "@") {
			prefix += t.text
			r.recent = r.recent[:len(r.recent)-1]
			if u := r.last(); u.is("@") {
				prefix += "@"
			}
		}
		return prefix
	}
	return ""
}

func (r *reader) word(text string, line int) {
	r.flush()
	r.token(token{'w', text, line})
}

const operators = "=>-:?.+&|<!@"

func (r *reader) punct(c byte, line int) {
	if strings.IndexByte(operators, c) >= 0 {
		if n := len(r.op); n >= 3 || n > 0 && (c == '@' || r.op[0] == '@') {
			r.flush()
		}
		r.op = append(r.op, c)
		r.fresh = false
		return
	}
	r.flush()
	r.token(token{'o', string(c), line})
}

// flush ends the current operator.
func (r *reader) flush() {
	if len(r.op) > 0 {
		text := string(r.op)
		r.op = r.op[:0]
		r.token(token{'o', text, 0})
	}
}

// token processes the next token.
func (r *reader) token(t token) {
	r.finishLiteral(t)
	switch {
	case t.is("<") && r.last().kind == 'w':
		r.generic.callee, r.generic.depth = r.last().text, len(r.stack)
	case t.kind != 'o' || len(t.text) > 1:
	case t.text == "(" || t.text == "[" || t.text == "{":
		r.push(t.text[0])
	case t.text == ")" || t.text == "]" || t.text == "}":
		r.pop()
	}
	r.chain.token(r, t)
	r.remember(t)
}

func (r *reader) remember(t token) {
	if len(r.recent) == maxRecent {
		r.recent = r.recent[1:]
	}
	if len(r.recent) == cap(r.recent) { // move them once for many tokens
		r.recent = append(r.tokens[:0], r.recent...)
	}
	r.recent = append(r.recent, t)
	r.spaced, r.fresh = false, false
}

// finishLiteral ends the current string, unless t only joins it with the next.
func (r *reader) finishLiteral(t token) {
	p := r.pending
	if p == nil {
		return
	}
	if !p.joined && r.lang.joins != "" && t.is(r.lang.joins) {
		p.joined = true
		return
	}
	r.pending = nil
	isKey := !p.joined && (t.is("=>") || t.is(":") && !p.ternary && len(r.stack) > 0 && r.stack[len(r.stack)-1].open == '{')
	r.classifyLiteral(p, isKey)
}

func (r *reader) push(open byte) {
	b := bracket{open: open}
	switch t := r.last(); {
	case open == '{':
		n := 0
		for t := r.before(n); (t.kind == 'w' || t.is("[", "]", ".", "*", "<", ">")) && !t.is("return", "if", "for", "else", "do", "try", "class"); t = r.before(n) {
			n++ // the type of what is listed
		}
		b.key = r.key(n)
	case t.kind == 'w' && !t.is("return", "case", "in", "of", "if", "while", "for", "foreach", "switch", "match", "and", "or", "not", "new", "await", "yield"):
		if open == '(' {
			b.callee = t.text
		} else {
			b.subscript = true
			b.key = t.text
		}
	case t.is(")", "]"):
		b.subscript = open == '['
	case t.is(">", ">>", ">>>") && open == '(' && r.generic.depth == len(r.stack): // call<Type>(
		b.callee = r.generic.callee
	case t.is("if", "while", "for", "with"):
		b.control = true
	default:
		b.key = r.key(0)
	}
	if len(r.stack) < maxStack {
		r.stack = append(r.stack, b)
	}
}

func (r *reader) pop() {
	n := len(r.stack)
	if n == 0 {
		return
	}
	b := r.stack[n-1]
	r.stack = r.stack[:n-1]
	r.control = b.control
	for _, f := range b.uncertain {
		if b.certain {
			r.accept(f)
		} else if len(r.uncertain) < maxUncertain {
			r.uncertain = append(r.uncertain, f)
		}
	}
}

// key returns the variable or key of a value that follows the n-th last token.
func (r *reader) key(n int) string {
	t := r.before(n)
	switch {
	case t.is("=", ":=", "=>", ":", "?:", "==", "===", "!=", "!=="):
		name := r.before(n + 1)
		if name.kind == 'w' && r.before(n+2).is(":") && t.is("=") { // METHOD: Final[str] = and let method: string =
			return r.before(n + 3).text
		}
		return name.text
	case t.is("return", "case"):
		return t.text
	}
	return ""
}

// enter and leave delimit an expression inside a string.
func (r *reader) enter() {
	r.push('{')
	r.remember(token{'o', "{", 0})
}

func (r *reader) leave() {
	r.finishLiteral(token{kind: 'o', text: "}"})
	r.pop()
}

// open begins a string.
func (r *reader) open(line int) opened {
	r.flush()
	a := surroundings{line: line}
	previous := r.last()
	a.joined = r.lang.joins != "" && previous.is(r.lang.joins)
	a.ternary = previous.is("?", "case")
	a.key = r.key(0)
	if n := len(r.stack); n > 0 {
		top := r.stack[n-1]
		a.first = previous.is(string(top.open)) || previous.is(",") && r.before(1).kind == 'w' && r.before(2).is("(")
		a.subscript = top.subscript
		if top.open == '(' {
			a.callee = top.callee
		}
		for _, b := range r.stack[max(n-4, 0):] {
			a.words = append(a.words, b.callee, b.key)
		}
	}
	switch {
	case previous.kind == 'w' && r.lang == ruby: // call 'crm.deal.list', …
		a.callee, a.first = previous.text, true
	case previous.is(",") && r.before(1).kind == 's' && pairs[strings.ToLower(a.callee)]:
		a.key = r.before(1).text
	}
	o := opened{surroundings: a, pending: r.pending}
	o.recent = append(o.recent, r.recent...)
	r.pending = nil
	return o
}

// pairs are functions that take a key and its value.
var pairs = set("put", "set", "append", "add", "addproperty", "field", "param", "queryparam", "addparameter")

// close ends a string, or a part of a long one.
func (r *reader) close(o *opened, text []byte) {
	if o.pending != nil {
		r.finishLiteral(token{kind: 's'})
		r.pending, o.pending = o.pending, nil
	}
	p := r.pending
	adjacent := r.lang.adjacent && len(o.recent) > 0 && o.recent[len(o.recent)-1].kind == 's'
	if p != nil && (p.joined || adjacent) && len(p.text)+len(text) < maxJoined {
		p.text += string(text)
		p.joined = false
	} else {
		r.finishLiteral(token{kind: 's'})
		r.pending = &literal{surroundings: o.surroundings, text: string(text)}
	}
	r.recent = append(r.recent[:0], o.recent...)
	t := token{'s', string(text[:min(len(text), 40)]), o.line}
	r.chain.token(r, t)
	r.remember(t)
}

// plainLine processes a line of YAML or .env.
func (r *reader) plainLine(text string, line int) {
	text = strings.TrimSpace(text)
	if text == "" || text[0] == '#' || text[0] == ';' {
		return
	}
	if i := strings.Index(text, " #"); i >= 0 {
		text = text[:i]
	}
	if name, value, assigned := strings.Cut(text, "="); assigned && isName(name) {
		r.classifyLiteral(&literal{surroundings: surroundings{line: line, key: name}, text: strings.Trim(value, `"'`)}, false)
		return
	}
	a := surroundings{line: line}
	whole := func(value string) {
		r.classifyLiteral(&literal{surroundings: surroundings{line: line}, text: value}, false)
	}
	classify := func(value string) {
		if r.lang == shell {
			for word := range strings.FieldsFuncSeq(value, func(c rune) bool { return strings.ContainsRune(" \t;|&<>()", c) }) {
				whole(word)
			}
			return
		}
		value = strings.TrimSpace(strings.TrimPrefix(value, "- "))
		for value != "" {
			name, rest, more := strings.Cut(value, ": ")
			if name, isKey := strings.CutSuffix(name, ":"); more || isKey {
				r.classifyLiteral(&literal{surroundings: surroundings{line: line}, text: name}, true)
				a.key, value = name, strings.TrimSpace(rest)
				continue
			}
			r.classifyLiteral(&literal{surroundings: a, text: value}, false)
			return
		}
	}
	for text != "" {
		i := strings.IndexAny(text, `"'[]{},`)
		switch {
		case i < 0:
			classify(text)
			return
		case (text[i] == '"' || text[i] == '\'') && (i == 0 || strings.IndexByte(" [{:,", text[i-1]) >= 0):
			classify(text[:i])
			value, rest, closed := strings.Cut(text[i+1:], text[i:i+1])
			if !closed {
				return
			}
			if r.lang == shell {
				whole(value)
				text = rest
				continue
			}
			if key, isKey := strings.CutPrefix(rest, ":"); isKey {
				value, rest = value+":", key
			}
			classify(value)
			text = rest
		case text[i] == '"' || text[i] == '\'': // an apostrophe in a word
			classify(text)
			return
		default:
			classify(text[:i])
			text = strings.TrimLeft(text[i+1:], " ")
		}
	}
}

func isName(s string) bool {
	return s != "" && strings.Trim(strings.ToUpper(s), "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

// end is called at the end of the file.
func (r *reader) end() {
	r.flush()
	r.finishLiteral(token{kind: 'o', text: ";"})
	for len(r.stack) > 0 {
		r.pop()
	}
	if r.bitrix {
		for _, f := range r.uncertain {
			r.accept(f)
		}
	}
}
