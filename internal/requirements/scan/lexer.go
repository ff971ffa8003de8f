package scan

import (
	"bytes"
	"slices"
	"strings"
)

// language holds the rules by which the lexer separates a programming language's code, comments and strings.
type language struct {
	name       string
	markup     bool   // begins as HTML with embedded code
	slashes    bool   // comments // and /* */
	hash       bool   // comments from # to the end of the line
	regex      bool   // /regular expressions/
	docstrings bool   // a string that stands alone is a comment
	joins      string // the operator that joins strings
	adjacent   bool   // strings that follow each other are joined
	backtick   string // what `…` is: "template", "raw" or "" if it is no string
	triple     bool   // """…"""
	single     bool   // '''…''' too
	multiline  bool   // strings may hold ends of lines
	sharp      bool   // C#: @"…" and $"…"
	ruby       bool   // =begin, %w[…], <<~HEREDOC
	heredoc    bool   // <<<HEREDOC
	inner      string // what begins an expression inside "…"
	plain      bool   // values needn't be quoted: YAML, .env and shell scripts
	dashes     bool   // comments from -- to the end of the line
	doubled    bool   // a quote in a string is written twice, nothing is escaped
	tags       []tag  // of a template language
}

// tag is how a template language separates code from the markup around it.
type tag struct {
	open, close string
	lang        *language // nil for comments
}

// mayHold reports whether a file may hold code of another language.
func (l *language) mayHold(other *language) bool {
	return l == other || l.markup && other == php || slices.ContainsFunc(l.tags, func(t tag) bool { return t.lang == other })
}

var (
	php        = &language{name: "PHP", markup: true, slashes: true, hash: true, joins: ".", backtick: "raw", multiline: true, heredoc: true, inner: "{$"}
	html       = &language{name: "HTML", markup: true}
	javascript = &language{name: "JavaScript", slashes: true, regex: true, joins: "+", backtick: "template"}
	python     = &language{name: "Python", hash: true, docstrings: true, joins: "+", adjacent: true, triple: true, single: true}
	golang     = &language{name: "Go", slashes: true, joins: "+", backtick: "raw"}
	java       = &language{name: "Java", slashes: true, joins: "+", triple: true}
	kotlin     = &language{name: "Kotlin", slashes: true, joins: "+", triple: true, inner: "${"}
	csharp     = &language{name: "C#", slashes: true, joins: "+", triple: true, sharp: true}
	ruby       = &language{name: "Ruby", hash: true, regex: true, joins: "+", backtick: "raw", multiline: true, ruby: true, inner: "#{"}
	data       = &language{name: "JSON", slashes: true}
	plain      = &language{name: "YAML", plain: true}
	shell      = &language{name: "Shell", plain: true}
	onec       = &language{name: "1C", slashes: true, joins: "+", multiline: true, doubled: true}
	sql        = &language{name: "SQL", slashes: true, dashes: true, multiline: true}
	twig       = &language{name: "Twig", markup: true, tags: []tag{{"{#", "#}", nil}, {"{{", "}}", twigCode}, {"{%", "%}", twigCode}}}
	twigCode   = &language{name: "Twig", joins: "~", multiline: true, inner: "#{"}
	smarty     = &language{name: "Smarty", markup: true, tags: []tag{{"{*", "*}", nil}, {"{", "}", smartyCode}}}
	smartyCode = &language{name: "Smarty", joins: ".", multiline: true, inner: "{$"}
	erb        = &language{name: "ERB", markup: true, tags: []tag{{"<%#", "%>", nil}, {"<%", "%>", ruby}}}
	ejs        = &language{name: "EJS", markup: true, tags: []tag{{"<%#", "%>", nil}, {"<%", "%>", javascript}}}
)

var languages = map[string]*language{
	".php": php, ".phtml": php, ".inc": php,
	".html": html, ".htm": html, ".vue": html, ".svelte": html,
	".js": javascript, ".mjs": javascript, ".cjs": javascript, ".jsx": javascript,
	".ts": javascript, ".mts": javascript, ".cts": javascript, ".tsx": javascript,
	".py": python, ".pyw": python,
	".go": golang, ".java": java, ".kt": kotlin, ".kts": kotlin, ".cs": csharp,
	".rb": ruby, ".rake": ruby,
	".json": data, ".jsonc": data, ".ipynb": data,
	".yaml": plain, ".yml": plain, ".env": plain,
	".sh": shell, ".bash": shell, ".zsh": shell,
	".bsl": onec, ".os": onec, ".sql": sql,
	".twig": twig, ".tpl": smarty, ".erb": erb, ".ejs": ejs,
}

const (
	maxLiteral = 32 << 10 // bytes of a string that are looked at together
	maxNesting = 64       // of expressions inside strings
	maxIndent  = 256      // of a heredoc's end
	maxWaiting = 16       // heredocs that begin on one line
)

// cut stands where a long string is taken apart, so that a part of a name is no name.
const cut = ','

// gap marks in a string where a value is inserted at run time.
const gap = 0

// lexer splits a file into tokens and strings and passes them to a reader.
type lexer struct {
	*source
	lang    *language
	out     *reader
	nesting int
	waiting []heredoc // that begin on the next line
}

type heredoc struct {
	label string
	raw   bool
	quote opened
}

func lex(s *source, lang *language, out *reader) {
	l := &lexer{source: s, lang: lang, out: out}
	switch {
	case lang.plain:
		l.values()
	case lang.markup:
		l.markup()
	default:
		l.code("")
	}
}

// code reads code up to the end, or up to a closing text that belongs to the surrounding file: "}", "?>" or "</script".
func (l *lexer) code(closing string) {
	depth := 0
	for {
		if len(closing) > 1 && l.ahead() == closing[0] && l.followsFold(closing) {
			l.skipTo(closing)
			return
		}
		c, ok := l.next()
		if !ok {
			return
		}
		switch {
		case c == '\n':
			l.out.newline()
			l.heredocs()
		case c == ' ' || c == '\t' || c == '\r':
			l.out.space()
		case l.comment(c, closing):
		case (c == '"' || c == '\'' || c == '`') && !l.apostrophe(c):
			l.quoted(c)
		case l.lang.heredoc && c == '<' && l.follows("<<"):
			l.heredoc()
		case l.lang.ruby && c == '<' && l.follows("<") && l.rubyHeredoc():
		case l.lang.ruby && c == '%' && l.words():
		case l.lang.regex && c == '/' && l.out.expectsValue():
			l.regex()
		case isWord(c):
			l.word(c)
		default:
			switch c {
			case '{':
				depth++
			case '}':
				if depth--; depth < 0 && closing == "}" {
					return
				}
			}
			l.out.punct(c, l.source.line)
		}
	}
}

func (l *lexer) word(c byte) {
	word := []byte{c}
	for isWord(l.ahead()) {
		c, _ := l.next()
		if len(word) < 128 {
			word = append(word, c)
		}
	}
	l.out.word(string(word), l.source.line)
}

// comment skips a comment that begins with c.
func (l *lexer) comment(c byte, closing string) bool {
	switch {
	case c == '/' && l.lang.slashes && l.follows("/"), c == '-' && l.lang.dashes && l.follows("-"), c == '#' && l.lang.hash && !(l.lang == php && l.follows("[")):
		for { // a comment of PHP or of a script ends where these end
			if c := l.ahead(); c == '\n' || len(closing) > 1 && c == closing[0] && l.followsFold(closing) {
				return true
			}
			if _, more := l.next(); !more {
				return true
			}
		}
	case c == '/' && l.lang.slashes && l.follows("*"):
		l.next()
		l.skipTo("*/")
		return true
	case c == '=' && l.lang.ruby && l.out.lineStart() && l.follows("begin"):
		l.skipTo("\n=end")
		return true
	}
	return false
}

// regex skips a regular expression, which may hold quotes.
func (l *lexer) regex() {
	class := false
	for {
		switch c := l.ahead(); {
		case c == 0 || c == '\n':
			return
		case c == '\\':
			l.next()
		case c == '[':
			class = true
		case c == ']':
			class = false
		case c == '/' && !class:
			l.next()
			l.out.word("regex", l.source.line)
			return
		}
		l.next()
	}
}

// apostrophe reports whether the quote c stands in a text of JSX: right after a word that no string follows, or before an s.
func (l *lexer) apostrophe(c byte) bool {
	if l.lang != javascript || c == '`' || !l.out.adjacent() {
		return false
	}
	t := l.out.last()
	return t.kind == 'w' && !beforeString[t.text] || c == '\'' && t.is("}") && l.follows("s") && !isWord(l.second())
}

// second returns the byte after the next, 0 at the end.
func (l *lexer) second() byte {
	if ahead := l.peek(2); len(ahead) == 2 {
		return ahead[1]
	}
	return 0
}

// beforeString are the words of JavaScript that a string may follow without a space.
var beforeString = set("as", "async", "await", "case", "default", "delete", "do", "else", "export", "extends", "from", "get", "import", "in", "instanceof",
	"new", "of", "return", "set", "static", "throw", "typeof", "void", "yield")

// quoted reads the string that begins with the quote c.
func (l *lexer) quoted(c byte) {
	prefix := l.out.prefix(l.lang)
	s := stringLiteral{close: string(c), escapes: !l.lang.doubled, doubled: l.lang.doubled, multiline: l.lang.multiline, inner: l.lang.inner}
	switch {
	case c == '`':
		switch l.lang.backtick {
		case "":
			return
		case "raw":
			s.escapes, s.inner = l.lang != golang, ""
		default:
			s.inner = "${"
		}
		s.multiline = true
	case c == '"' && l.lang.triple && l.follows(`""`), c == '\'' && l.lang.single && l.follows(`''`):
		s.close = strings.Repeat(string(c), 3)
		l.skip(s.close[1:])
		s.multiline = true
		s.escapes = l.lang != csharp && l.lang != kotlin
	case c == '\'':
		s.inner = ""
	}
	switch {
	case strings.Contains(prefix, "@"):
		s.escapes, s.doubled, s.multiline = false, true, true
	case l.lang == python && strings.Contains(prefix, "r"):
		s.raw = true
	}
	if (l.lang == csharp && strings.Contains(prefix, "$")) || (l.lang == python && strings.Contains(prefix, "f")) {
		s.inner = "{"
	}
	s.comment = l.lang.docstrings && l.out.statementStart()
	l.read(s)
}

// stringLiteral is how a string is written.
type stringLiteral struct {
	close     string
	escapes   bool // \x is x
	raw       bool // \x stays, but doesn't end the string
	doubled   bool // "" is a quote
	multiline bool
	inner     string // what begins an expression inside
	comment   bool
}

func (l *lexer) read(s stringLiteral) {
	quote := l.out.open(l.source.line)
	var text []byte
	var gaps []string // the variables whose values are inserted
	flush := func() {
		if !s.comment {
			l.out.close(&quote, text, gaps)
		}
	}
	for {
		c, ok := l.next()
		switch {
		case !ok:
			return // an unterminated quote was no string
		case c == s.close[0] && l.skip(s.close[1:]):
			if s.doubled && l.skip(s.close) {
				text = append(text, c)
				continue
			}
			flush()
			return
		case c == '\n' && !s.multiline:
			l.out.newline()
			l.heredocs()
			return
		case c == '\\' && (s.escapes || s.raw):
			next, ok := l.next()
			switch {
			case !ok:
				return
			case s.raw:
				text = append(text, c, next)
			case next == 'n':
				text = append(text, '\n')
			case next == 'r' || next == 't':
				text = append(text, ' ')
			case next == '\n':
			default:
				text = append(text, next)
			}
		case c == gap:
			text = append(text, ' ')
		default:
			variable, inner := "", false
			if s.inner != "" && c == s.inner[0] {
				variable, inner = l.inner(s.inner)
			}
			if inner {
				c, gaps = gap, append(gaps, variable)
			}
			text = append(text, c)
		}
		if len(text) >= maxLiteral { // no name is that long; the last bytes are looked at twice so that no name is split
			last := text[len(text)-256:]
			text = append(text, cut)
			flush()
			text = append(append(text[:0], cut), last...)
			gaps = slices.Clone(gaps[len(gaps)-bytes.Count(text, []byte{gap}):])
		}
	}
}

// inner reads an expression inside a string, if one begins here, and returns the variable that it is.
func (l *lexer) inner(begin string) (variable string, found bool) {
	if begin == "{" && l.follows("{") { // {{ is a brace
		l.next()
		return "", false
	}
	if !l.follows(begin[1:]) || l.nesting >= maxNesting {
		return "", false
	}
	if begin == "{$" {
		begin = "{" // the dollar belongs to the variable
	}
	l.skip(begin[1:])
	l.nesting++
	l.out.enter()
	l.code("}")
	l.nesting--
	return l.out.leave(), true
}

// heredoc begins PHP's <<<LABEL.
func (l *lexer) heredoc() {
	l.skip("<<")
	label := strings.TrimSpace(l.restOfLine())
	raw := strings.HasPrefix(label, "'")
	if label = strings.Trim(label, `'"`); label == "" || strings.ContainsFunc(label, func(c rune) bool { return c < 0x80 && !isWord(byte(c)) }) { // #nosec G115 -- below 0x80
		return
	}
	l.waiting = append(l.waiting, heredoc{label, raw, l.out.open(l.source.line + 1)})
}

// rubyHeredoc begins <<LABEL, <<-LABEL or <<~LABEL.
func (l *lexer) rubyHeredoc() bool {
	if len(l.waiting) == maxWaiting {
		return false
	}
	ahead := strings.TrimPrefix(string(l.peek(32)), "<")
	rest := strings.TrimLeft(ahead, "-~")
	quote := strings.HasPrefix(rest, "'") || strings.HasPrefix(rest, `"`)
	label := strings.TrimLeft(rest, `'"`)
	if label == "" || !(label[0] >= 'A' && label[0] <= 'Z') || !quote && l.out.afterValue() && ahead[0] != '-' && ahead[0] != '~' {
		return false
	}
	l.next()
	l.skip(ahead[:len(ahead)-len(rest)])
	raw := l.skip("'")
	l.skip(`"`)
	var name []byte
	for isWord(l.ahead()) {
		c, _ := l.next()
		name = append(name, c)
	}
	l.skip("'")
	l.skip(`"`)
	l.waiting = append(l.waiting, heredoc{string(name), raw, l.out.open(l.source.line + 1)})
	return true
}

// heredocs reads the heredocs that begin on this line.
func (l *lexer) heredocs() {
	waiting := l.waiting
	l.waiting = nil
	for _, h := range waiting {
		var text []byte
		for {
			if l.heredocEnds(h.label) {
				break
			}
			line := l.restOfLine()
			text = append(append(text, line...), '\n')
			if len(text) >= maxLiteral {
				l.out.close(&h.quote, text, nil)
				text = text[:0]
			}
			if _, more := l.next(); !more {
				break
			}
		}
		l.out.close(&h.quote, text, nil)
	}
}

// heredocEnds reads the label if the line begins with it.
func (l *lexer) heredocEnds(label string) bool {
	ahead := l.peek(maxIndent + len(label) + 1)
	rest, ends := bytes.CutPrefix(bytes.TrimLeft(ahead, " \t"), []byte(label))
	if !ends || len(rest) > 0 && isWord(rest[0]) {
		return false
	}
	for l.ahead() == ' ' || l.ahead() == '\t' {
		l.next()
	}
	return l.skip(label)
}

// words reads Ruby's %w[…] and %i[…], whose words are strings, and %q(…).
func (l *lexer) words() bool {
	ahead := string(l.peek(2))
	if len(ahead) < 2 || !strings.ContainsRune("wWiIqQ", rune(ahead[0])) {
		return false
	}
	closing, ok := map[byte]byte{'[': ']', '(': ')', '{': '}', '<': '>', '|': '|', '!': '!', '/': '/'}[ahead[1]]
	if !ok {
		return false
	}
	l.skip(ahead)
	split := ahead[0] != 'q' && ahead[0] != 'Q'
	if split {
		l.out.punct('[', l.source.line)
		defer func() { l.out.punct(']', l.source.line) }()
	}
	var text []byte
	quote := l.out.open(l.source.line)
	for {
		c, ok := l.next()
		if !ok {
			return true
		}
		if ends := c == closing; ends || split && (c == ' ' || c == '\n' || c == '\t') {
			if len(text) > 0 {
				l.out.close(&quote, text, nil)
				l.out.punct(',', l.source.line)
				text, quote = nil, l.out.open(l.source.line)
			}
			if ends {
				return true
			}
			continue
		}
		if len(text) < maxLiteral {
			text = append(text, c)
		}
	}
}

// markup reads HTML with code inside.
func (l *lexer) markup() {
	for {
		c, ok := l.next()
		if !ok {
			return
		}
		switch {
		case l.template(c):
		case c != '<':
		case l.skip("!--"):
			l.skipTo("-->")
		case l.skip("?php"), l.skip("?="), l.lang == php && !l.follows("?xml") && l.skip("?"):
			l.embedded(php, "?>")
		case l.followsFold("script"):
			l.tag()
			l.embedded(javascript, "</script")
		case l.followsFold("style"):
			l.skipTo("</style")
		case isWord(l.ahead()):
			l.tag()
		}
	}
}

func (l *lexer) embedded(lang *language, closing string) {
	outer := l.lang
	l.lang = lang
	l.out.begin(lang)
	l.code(closing)
	l.lang = outer
	l.out.begin(outer)
}

// tag reads a tag; its attributes may contain code.
func (l *lexer) tag() {
	for {
		c, ok := l.next()
		switch {
		case !ok || c == '>':
			return
		case c == '"' || c == '\'':
			l.read(stringLiteral{close: string(c), multiline: true})
		case c == '<' && (l.skip("?php") || l.skip("?=")):
			l.embedded(php, "?>")
		default:
			l.template(c)
		}
	}
}

// template reads the tag of a template language that begins with c.
func (l *lexer) template(c byte) bool {
	for _, t := range l.lang.tags {
		if c != t.open[0] || t.lang == smartyCode && l.ahead() <= ' ' || !l.skip(t.open[1:]) {
			continue
		}
		if t.lang == nil {
			l.skipTo(t.close)
		} else {
			l.embedded(t.lang, t.close)
		}
		return true
	}
	return false
}

// values reads lines of "key: value" and "KEY=value" and lists of them.
func (l *lexer) values() {
	for {
		line := l.source.line
		text := l.restOfLine()
		l.out.plainLine(text, line)
		if _, more := l.next(); !more {
			return
		}
	}
}
