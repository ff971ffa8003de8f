package scan

import (
	"regexp"
	"strings"
)

// reader follows the code of one file token by token and classifies every string by the code around it.
type reader struct {
	*collector
	file    string
	texts   bool   // the file holds texts for people
	section string // key of a list of YAML
	lang    *language

	recent   []token               // the last few, newest last
	tokens   [16 * maxRecent]token // holds recent
	op       []byte                // operator that may continue
	spaced   bool                  // white space since the last token
	generics []generic             // functions whose type arguments are read
	generic  string                // the function whose type arguments have just ended
	fresh    bool                  // nothing but white space on this line yet
	indent   int                   // white space at the beginning of this line
	closed   bracket               // the last bracket closed
	stack    []bracket
	rest3    int      // one more than the number of open brackets where a call of REST 3.0 began
	pending  *literal // a string that may be joined with what follows
	chain    chain
	values   values

	bitrix    bool      // something in the file certainly is a call of a portal
	uncertain []finding // findings that count only if bitrix is set
}

type token struct {
	kind  byte // 'w'ord, 'o'perator, bracket, comma or semicolon, 's'tring
	text  string
	line  int
	first bool // of its line
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
	declares  bool      // it lists the parameters of a function
	function  bool      // it is the body of one
	names     []string  // words in it
	denied    bool      // it lists permissions or texts
	rest3     bool      // it is in a call of REST 3.0
	pending   *literal  // the string that its value is joined with
	uncertain []finding // names in it that count only if certain is set
	certain   bool      // a name in it certainly is a method
}

// generic is a function with type arguments that are being read, and how many brackets are open around them.
type generic struct {
	callee string
	depth  int
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
	assigned  bool   // key is a variable or constant
	subscript bool
	joined    bool     // a value is put before it at run time
	variable  string   // that holds this value, if it is only one
	denied    bool     // in a list of permissions or texts
	rest3     bool     // in a call of REST 3.0
	indent    int      // of the line
	ternary   bool     // a colon after it doesn't make it a key
	words     []string // callees and keys of the enclosing brackets
}

// literal is a string, or several that are joined, with gap where a value is inserted at run time.
type literal struct {
	surroundings
	text  string
	gaps  []string // variables that hold the values, "" for other expressions
	state joining
	value string // variable that is joined
}

// joining is what follows a string.
type joining byte

const (
	ended   joining = iota
	joins           // an operator that joins
	valuing         // the operator and a value
)

// insert appends a value that is known at run time.
func (l *literal) insert(variable string) {
	l.text += string(rune(gap))
	l.gaps = append(l.gaps, variable)
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
	if r.fresh {
		r.indent++
	}
}

func (r *reader) newline() {
	r.space()
	r.fresh, r.indent = true, 0
	if len(r.stack) > 0 || r.lang != python && r.lang != ruby {
		return
	}
	if r.pending != nil && r.pending.state != joins {
		r.finishLiteral(token{kind: 'o', text: ";"})
	}
	if r.lang == python {
		r.chain.newline()
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
		return !t.is(")", "]", "}", "<", "</") || t.is(")") && r.closed.control
	}
}

// afterValue reports whether << shifts or appends here.
func (r *reader) afterValue() bool { return !r.expectsValue() }

// adjacent reports whether nothing stands between the last token and what follows.
func (r *reader) adjacent() bool { return !r.spaced && !r.fresh && len(r.op) == 0 }

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
	r.token(token{'w', text, line, r.fresh})
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
	r.token(token{kind: 'o', text: string(c), line: line})
}

// flush ends the current operator.
func (r *reader) flush() {
	if len(r.op) > 0 {
		text := string(r.op)
		r.op = r.op[:0]
		r.token(token{kind: 'o', text: text})
	}
}

// token processes the next token.
func (r *reader) token(t token) {
	suspended := r.finishLiteral(t)
	r.values.token(r, t)
	switch {
	case t.is("<") && r.last().kind == 'w' && len(r.generics) < maxNesting:
		r.generics = append(r.generics, generic{r.last().text, len(r.stack)})
	case t.is(">", ">>", ">>>"):
		r.endGenerics(len(t.text))
	case t.kind != 'o' || len(t.text) > 1:
	case t.text == "(" || t.text == "[" || t.text == "{":
		r.push(t.text[0], suspended)
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

// endGenerics ends the n innermost lists of type arguments.
func (r *reader) endGenerics(n int) {
	for ; n > 0 && len(r.generics) > 0; n-- {
		last := r.generics[len(r.generics)-1]
		r.generics = r.generics[:len(r.generics)-1]
		r.generic = ""
		if last.depth == len(r.stack) {
			r.generic = last.callee
		}
	}
}

// finishLiteral ends the current string, unless t joins it with what follows. A string whose value stands in the bracket that
// t opens is returned.
func (r *reader) finishLiteral(t token) (suspended *literal) {
	p := r.pending
	if p == nil {
		return nil
	}
	access := t.is(accessors...)
	switch joinsNext := r.lang.joins != "" && t.is(r.lang.joins); {
	case joinsNext && p.state == ended:
		p.state = joins
		return nil
	case joinsNext && p.state == valuing && len(p.text) < maxJoined:
		p.insert(p.value)
		p.state = joins
		return nil
	case p.state == joins && (t.kind == 'w' || access):
		p.value, p.state = variableName(t.text), valuing
		return nil
	case p.state == valuing && (access || t.kind == 'w' && r.last().is(accessors...)):
		p.value = variableName(t.text)
		return nil
	case p.state != ended && t.is("(", "[") && len(r.stack) < maxStack:
		r.pending, p.value, p.state = nil, "", valuing
		return p
	case p.state == joins:
		p.insert("")
	case p.state == valuing:
		p.insert(p.value)
	}
	r.pending = nil
	isKey := p.state == ended && (t.is("=>") || t.is(":") && !p.ternary && len(r.stack) > 0 && r.stack[len(r.stack)-1].open == '{')
	r.classifyLiteral(p, isKey)
	return nil
}

// push opens a bracket; suspended is the string that its value is joined with.
func (r *reader) push(open byte, suspended *literal) {
	n := len(r.stack)
	b := bracket{open: open, pending: suspended}
	if n > 0 {
		b.denied, b.rest3 = r.stack[n-1].denied, r.stack[n-1].rest3
	}
	if open == '(' && r.rest3 == n+1 {
		b.rest3, r.rest3 = true, 0
	}
	switch t := r.last(); {
	case open == '{':
		if b.function = r.last().is(")", "=>") && !r.closed.control; b.function {
			r.values.parameters(r, r.closed)
		}
		n := 0
		for t := r.before(n); (t.kind == 'w' || t.is("[", "]", ".", "*", "<", ">")) && !t.is("return", "if", "for", "else", "do", "try", "class"); t = r.before(n) {
			n++ // the type of what is listed
		}
		b.key = r.key(n)
	case t.kind == 'w' && !t.is("return", "case", "in", "of", "if", "while", "for", "foreach", "switch", "match", "elseif", "elif", "catch", "and", "or", "not", "new", "await", "yield"):
		if open == '(' {
			b.callee = t.text
			b.declares = r.before(1).is("function", "def", "func", "fun", "fn")
		} else {
			b.subscript = true
			b.key = t.text
		}
	case t.is("]") && open == '(' && r.closed.subscript: // call[Type](
		b.callee = r.closed.key
	case t.is(")", "]"):
		b.subscript = open == '['
	case t.is(">", ">>", ">>>") && open == '(' && r.generic != "": // call<Type>(
		b.callee = r.generic
	case t.is("if", "while", "for", "with", "foreach", "switch", "match", "elseif", "elif", "catch"):
		b.control = true
	default:
		b.key = r.key(0)
	}
	b.denied = b.denied || anyContains([]string{b.callee, b.key, r.key(r.accessed(0))}, permissionWords)
	if len(r.stack) < maxStack {
		r.stack = append(r.stack, b)
	}
}

// accessed returns how many of the last tokens, from the n-th last on, are names and the operators between them.
func (r *reader) accessed(n int) int {
	for t := r.before(n); t.kind == 'w' || t.is(accessors...); t = r.before(n) {
		n++
	}
	return n
}

// accessors are the operators between the names of objects and of what is in them.
var accessors = []string{"::", "->", "?->", ".", "?.", "@", "$"}

func (r *reader) pop() {
	n := len(r.stack)
	if n == 0 {
		return
	}
	b := r.stack[n-1]
	r.stack = r.stack[:n-1]
	r.closed = b
	r.values.leave(r, b)
	if b.pending != nil {
		r.pending = b.pending
	}
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
		if name.kind == 'w' && !name.first && r.before(n+2).is(":") && t.is("=") { // METHOD: Final[str] = and let method: string =
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
	r.flush()
	r.push('{', nil)
	r.remember(token{kind: 'o', text: "{"})
}

// leave returns the variable whose value the expression is; "" if it is none.
func (r *reader) leave() string {
	r.flush()
	r.finishLiteral(token{kind: 'o', text: "}"})
	variable := ""
	for i := 0; ; i++ {
		switch t := r.before(i); {
		case i == 0 && t.kind == 'w':
			variable = variableName(t.text)
		case t.is("{"):
			r.pop()
			return variable
		case i == 0 || t.kind != 'w' && !t.is(accessors...):
			r.pop()
			return ""
		}
	}
}

// open begins a string.
func (r *reader) open(line int) opened {
	r.flush()
	a := surroundings{line: line, indent: r.indent}
	previous := r.last()
	a.joined = r.lang.joins != "" && previous.is(r.lang.joins)
	if value := r.before(1); a.joined && value.kind == 'w' {
		a.variable = variableName(value.text)
	}
	a.ternary = previous.is("?", "case")
	a.key = r.key(0)
	a.assigned = previous.is("=", ":=", ":", "=>")
	if n := len(r.stack); n > 0 {
		top := r.stack[n-1]
		a.denied, a.rest3 = top.denied, top.rest3
		a.first = previous.is(string(top.open)) || previous.is(",") && r.before(1).kind == 'w' && r.before(2).is("(")
		if a.joined {
			a.first = r.before(r.accessed(1)).is(string(top.open))
		}
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
		a.key, a.assigned = r.before(1).text, strings.EqualFold(a.callee, "define")
	}
	o := opened{surroundings: a, pending: r.pending}
	o.recent = append(o.recent, r.recent...)
	r.pending = nil
	return o
}

// pairs are functions that take a key and its value.
var pairs = set("put", "set", "append", "add", "addproperty", "field", "param", "queryparam", "addparameter", "define")

// close ends a string, or a part of a long one.
func (r *reader) close(o *opened, text []byte, gaps []string) {
	if o.pending != nil {
		r.finishLiteral(token{kind: 's'})
		r.pending, o.pending = o.pending, nil
	}
	p := r.pending
	adjacent := r.lang.adjacent && len(o.recent) > 0 && o.recent[len(o.recent)-1].kind == 's'
	if p != nil && (p.state == joins || adjacent && p.state == ended) && len(p.text)+len(text) < maxJoined {
		p.text += string(text)
		p.gaps = append(p.gaps, gaps...)
		p.state = ended
	} else {
		r.finishLiteral(token{kind: 's'})
		r.pending = &literal{surroundings: o.surroundings, text: string(text), gaps: gaps}
	}
	r.recent = append(r.recent[:0], o.recent...)
	t := token{kind: 's', text: string(text[:min(len(text), 40)]), line: o.line}
	r.chain.token(r, t)
	r.remember(t)
}

// plainLine processes a line of YAML or .env.
func (r *reader) plainLine(text string, line int) {
	text = strings.TrimSpace(templates.ReplaceAllString(text, "\x00"))
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
	if strings.HasPrefix(text, "-") {
		a.key = r.section
	} else if name, isSection := strings.CutSuffix(text, ":"); isSection {
		r.section = name
	}
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

// templates match values that are inserted into YAML and .env.
var templates = regexp.MustCompile(`\{\{[^}]*\}\}|\$\{[^}]*\}`)

func isName(s string) bool {
	return s != "" && strings.Trim(strings.ToUpper(s), "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

// end is called at the end of the file.
func (r *reader) end() {
	r.flush()
	r.finishLiteral(token{kind: 'o', text: ";"})
	for len(r.stack) > 0 {
		r.pop()
		r.finishLiteral(token{kind: 'o', text: ";"})
	}
	r.values.end(r)
	for _, f := range r.uncertain {
		if r.bitrix {
			r.accept(f)
		} else {
			f.weak = true
			r.likely(f)
		}
	}
}
