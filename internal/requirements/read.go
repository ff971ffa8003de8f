package requirements

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
	"golang.org/x/net/idna"
)

// Extension is how the files' names end.
const Extension = ".boxready.yaml"

// FormatVersion is the version of the format, the value of the key boxready.
const FormatVersion = 1

// Limits of a file. Files come from strangers.
const (
	maxSize  = 1 << 20 // bytes
	maxKeys  = 2000
	maxDepth = 8
	maxItems = 10_000 // of one list
	maxText  = 200    // letters of one value
	maxError = 20     // after so many the reader gives up
)

// What values look like; the JSON Schema says the same.
var (
	validName    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*$`)
	validModule  = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z0-9_]+)?$`)
	validVersion = regexp.MustCompile(`^>= *([0-9]{1,9}(?:\.[0-9]{1,9}){1,3})$`)
	validHost    = regexp.MustCompile(`^[\p{L}\p{N}]([\p{L}\p{N}-]*[\p{L}\p{N}])?(\.[\p{L}\p{N}]([\p{L}\p{N}-]*[\p{L}\p{N}])?)*$`)
	validURL     = regexp.MustCompile(`^https://[\p{L}\p{N}.-]+(:[0-9]{1,5})?([/?#][!-~]*)?$`)
	validText    = regexp.MustCompile(`^[^\p{Cc}\p{Cf}]+$`)
)

// installed is the value of a module of which any version will do.
const installed = "installed"

// ReadFile reads a file of requirements.
func ReadFile(path string) (*Requirements, error) {
	doc, err := readDocument(path)
	if err != nil {
		return nil, err
	}
	return &doc.Requirements, nil
}

// Read reads requirements. name is what errors call the file. The error is an Errors.
func Read(name string, data []byte) (*Requirements, error) {
	doc, err := parse(name, data)
	if err != nil {
		return nil, err
	}
	return &doc.Requirements, nil
}

func readDocument(path string) (*document, error) {
	fail := func(code string, err error) error {
		if errors.Is(err, os.ErrNotExist) {
			code = NotFound
		}
		return Errors{{File: path, Code: code, Args: map[string]any{}}}
	}
	file, err := os.Open(path) // #nosec G304 -- the user names it
	if err != nil {
		return nil, fail(Unreadable, err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxSize+1))
	if err != nil {
		return nil, fail(Unreadable, err)
	}
	return parse(path, data)
}

// document is a file with the places of what is in it.
type document struct {
	Requirements
	scopes, methods, events []item
	modules                 []item
}

// item is a name and where it stands.
type item struct {
	name         string
	line, column int
}

func parse(name string, data []byte) (*document, error) {
	r := &reader{file: name}
	if root := r.root(data); root != nil {
		r.document(root)
	}
	if len(r.errors) > 0 {
		slices.SortStableFunc(r.errors, func(a, b *Error) int { return a.Line - b.Line })
		return nil, r.errors
	}
	return &r.doc, nil
}

type reader struct {
	file   string
	errors Errors
	doc    document
}

func (r *reader) fail(line, column int, code string, args map[string]any) {
	if len(r.errors) < maxError {
		if args == nil {
			args = map[string]any{}
		}
		r.errors = append(r.errors, &Error{File: r.file, Line: line, Column: column, Code: code, Args: args})
	}
}

func (r *reader) failAt(n ast.Node, code string, args map[string]any) {
	line, column := place(n)
	r.fail(line, column, code, args)
}

func place(n ast.Node) (line, column int) {
	t := n.GetToken()
	if m, ok := n.(ast.MapNode); ok { // its own token is the first colon
		if i := m.MapRange(); i.Next() {
			t = i.Key().GetToken()
		}
	}
	return t.Position.Line, t.Position.Column
}

// root finds the file's only object, or fails.
func (r *reader) root(data []byte) ast.Node {
	text, ok := r.text(data)
	if !ok || !r.plain(lexer.Tokenize(text)) {
		return nil
	}
	file, err := parser.ParseBytes([]byte(text), 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.syntax(text, err)
		return nil
	}
	var bodies []ast.Node
	for _, d := range file.Docs {
		if d.Body != nil && d.Body.Type() != ast.CommentType {
			bodies = append(bodies, d.Body)
		}
	}
	switch len(bodies) {
	case 0:
		r.fail(1, 1, Empty, nil)
		return nil
	case 1:
		return bodies[0]
	}
	r.failAt(bodies[1], SeveralDocuments, nil)
	return nil
}

// text checks the bytes and unifies the ends of lines.
func (r *reader) text(data []byte) (string, bool) {
	if len(data) > maxSize {
		r.fail(1, 1, TooBig, map[string]any{"limit": maxSize >> 10})
		return "", false
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) ||
		len(data) > 1 && (data[0] == 0) != (data[1] == 0) { // without the mark that it should begin with
		r.fail(1, 1, UTF16, nil)
		return "", false
	}
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(data))
	line, column := 1, 1
	for i := 0; i < len(text); {
		c, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case c == utf8.RuneError && size == 1:
			r.fail(line, column, NotUTF8, nil)
			return "", false
		case c == '\n':
			line, column = line+1, 0
		case c != '\t' && unicode.IsControl(c) || c == '\ufeff':
			r.fail(line, column, ControlCharacter, nil)
			return "", false
		}
		column++
		i += size
	}
	return text, true
}

// plain refuses what the format has no use for, before anything is built from it: the parser's work grows with the square of
// depth and of the number of keys.
func (r *reader) plain(tokens token.Tokens) bool {
	keys, depth, entries, line := 0, 0, 0, 0
	for _, t := range tokens {
		at := t.Position
		switch t.Type {
		case token.AnchorType, token.AliasType, token.TagType, token.MergeKeyType, token.MappingKeyType, token.DirectiveType:
			r.fail(at.Line, at.Column, NotPlain, map[string]any{"found": t.Value})
			return false
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.MappingValueType:
			keys++
		case token.SequenceEntryType: // - - - begins three lists on one line
			if at.Line != line {
				line, entries = at.Line, 0
			}
			entries++
		}
		switch {
		case depth > maxDepth || entries > maxDepth:
			r.fail(at.Line, at.Column, TooDeep, nil)
			return false
		case keys > maxKeys:
			r.fail(at.Line, at.Column, TooMany, map[string]any{"limit": maxKeys})
			return false
		}
	}
	return true
}

func (r *reader) syntax(text string, err error) {
	var bad interface{ GetToken() *token.Token }
	line, column := 1, 1
	if errors.As(err, &bad) && bad.GetToken() != nil {
		line, column = bad.GetToken().Position.Line, bad.GetToken().Position.Column
	}
	code := BadSyntax
	if lines := strings.Split(text, "\n"); line >= 1 && line <= len(lines) {
		if indent := lines[line-1][:len(lines[line-1])-len(strings.TrimLeft(lines[line-1], " \t"))]; strings.Contains(indent, "\t") {
			code = TabIndent
		}
	}
	r.fail(line, column, code, nil)
}

// field is a key that an object may have.
type field struct {
	key      string
	required bool
	read     func(ast.Node)
}

// object reads an object that has these keys and no others.
func (r *reader) object(key string, n ast.Node, fields ...field) {
	var allowed []string
	for _, f := range fields {
		allowed = append(allowed, f.key)
	}
	seen := r.pairs(key, n, func(name, value ast.Node, k string) {
		if i := slices.Index(allowed, k); i >= 0 {
			fields[i].read(value)
			return
		}
		r.failAt(name, UnknownKey, map[string]any{"key": k, "nearest": newSpelling(allowed...).nearest(k), "allowed": allowed})
	})
	if seen == nil {
		return
	}
	for _, f := range fields {
		if _, there := seen[f.key]; f.required && !there {
			r.failAt(n, MissingKey, map[string]any{"key": f.key})
		}
	}
}

// pairs goes through an object and returns its keys with their lines, or nil if n is none.
func (r *reader) pairs(key string, n ast.Node, each func(name, value ast.Node, k string)) map[string]int {
	m, ok := n.(ast.MapNode)
	if !ok {
		r.failAt(n, WrongType, map[string]any{"key": key, "expected": "object"})
		return nil
	}
	seen := map[string]int{}
	for i := m.MapRange(); i.Next(); {
		name := i.Key()
		k := name.GetToken().Value
		line, _ := place(name)
		if first, twice := seen[k]; twice {
			r.failAt(name, DuplicateKey, map[string]any{"key": k, "first": first})
			continue
		}
		seen[k] = line
		each(name, i.Value(), k)
	}
	return seen
}

// list reads a list; a key without a value is an empty one.
func (r *reader) list(key string, n ast.Node, each func(ast.Node)) {
	switch n := n.(type) {
	case *ast.NullNode:
	case *ast.SequenceNode:
		if len(n.Values) > maxItems {
			r.failAt(n.Values[maxItems], TooMany, map[string]any{"limit": maxItems})
			return
		}
		for _, value := range n.Values {
			each(value)
		}
	default:
		r.failAt(n, WrongType, map[string]any{"key": key, "expected": "list"})
	}
}

func (r *reader) string(key string, n ast.Node) (string, bool) {
	var s string
	switch n := n.(type) {
	case *ast.StringNode:
		s = n.Value
	case *ast.LiteralNode:
		s = n.Value.Value
	default:
		r.failAt(n, WrongType, map[string]any{"key": key, "expected": "text"})
		return "", false
	}
	if utf8.RuneCountInString(s) > maxText || !validText.MatchString(s) {
		r.failAt(n, BadText, map[string]any{"key": key})
		return "", false
	}
	return s, true
}

func (r *reader) integer(key string, n ast.Node) (int, bool) {
	switch n := n.(type) {
	case *ast.IntegerNode:
		switch v := n.Value.(type) {
		case int64:
			return int(v), true
		case uint64:
			return int(min(v, math.MaxInt32)), true
		}
	case *ast.FloatNode: // 443.0 is a whole number in JSON
		if v := n.Value; v == math.Trunc(v) && math.Abs(v) < math.MaxInt32 {
			return int(v), true
		}
	}
	r.failAt(n, WrongType, map[string]any{"key": key, "expected": "number"})
	return 0, false
}

func (r *reader) choice(key string, n ast.Node, allowed ...string) string {
	s, ok := r.string(key, n)
	if ok && !slices.Contains(allowed, s) {
		r.failAt(n, BadChoice, map[string]any{"key": key, "value": s, "allowed": allowed})
	}
	return s
}

func (r *reader) url(key string, n ast.Node) string {
	s, ok := r.string(key, n)
	if ok && !validURL.MatchString(s) {
		r.failAt(n, BadURL, map[string]any{"value": s})
	}
	return s
}

func (r *reader) document(n ast.Node) {
	d := &r.doc
	r.object("", n,
		field{"boxready", true, func(n ast.Node) {
			if v, ok := r.integer("boxready", n); ok && v != FormatVersion {
				r.failAt(n, BadFormatVersion, map[string]any{"value": n.GetToken().Value})
			}
		}},
		field{"application", false, r.application},
		field{"scopes", false, r.names("scopes", &d.scopes, &d.Scopes, scopeSpelling)},
		field{"methods", false, r.names("methods", &d.methods, &d.Methods, methodSpelling)},
		field{"events", false, r.names("events", &d.events, &d.Events, eventSpelling)},
		field{"modules", false, r.modules},
		field{"hosts", false, func(n ast.Node) { r.list("hosts", n, r.host) }},
		field{"handlers", false, func(n ast.Node) {
			r.object("handlers", n, field{"where", true, func(n ast.Node) {
				d.Handlers = Handlers(r.choice("where", n, string(Internet), string(LAN), string(Custom)))
			}})
		}},
		field{"receiver", false, func(n ast.Node) { d.Receiver = r.url("receiver", n) }},
	)
}

func (r *reader) application(n ast.Node) {
	var a Application
	r.object("application", n,
		field{"name", true, func(n ast.Node) { a.Name, a.names = r.localized(n) }},
		field{"vendor", false, func(n ast.Node) { a.Vendor, _ = r.string("vendor", n) }},
		field{"support", false, func(n ast.Node) { a.Support = r.url("support", n) }},
	)
	r.doc.Applications = []Application{a}
}

// localized reads a name that is the same in every language, or one for each.
func (r *reader) localized(n ast.Node) (string, map[string]string) {
	if _, ok := n.(ast.MapNode); !ok {
		s, _ := r.string("name", n)
		return s, nil
	}
	names := map[string]string{}
	in := func(lang string) field {
		return field{lang, true, func(n ast.Node) { names[lang], _ = r.string(lang, n) }}
	}
	r.object("name", n, in("en"), in("ru"))
	return names["en"], names
}

func (r *reader) names(key string, items *[]item, names *[]string, known func() *spelling) func(ast.Node) {
	return func(n ast.Node) {
		r.list(key, n, func(n ast.Node) {
			s, ok := r.string(key, n)
			switch {
			case !ok:
			case !validName.MatchString(s):
				r.failAt(n, BadName, map[string]any{"value": s, "nearest": known().nearest(s)})
			default:
				line, column := place(n)
				*items = append(*items, item{s, line, column})
				*names = append(*names, s)
			}
		})
	}
}

func (r *reader) modules(n ast.Node) {
	if n.Type() == ast.NullType {
		return
	}
	r.pairs("modules", n, func(name, value ast.Node, module string) {
		if !validModule.MatchString(module) {
			r.failAt(name, BadModule, map[string]any{"value": module})
			return
		}
		demand, ok := r.string("modules", value)
		if !ok {
			return
		}
		m := Module{Name: module}
		if demand != installed {
			version := validVersion.FindStringSubmatch(demand)
			if version == nil {
				r.failAt(value, BadModuleVersion, map[string]any{"module": module, "value": demand})
				return
			}
			m.AtLeast = version[1]
		}
		line, column := place(name)
		r.doc.modules = append(r.doc.modules, item{module, line, column})
		r.doc.Modules = append(r.doc.Modules, m)
	})
}

func (r *reader) host(n ast.Node) {
	h := Host{Port: 443}
	r.object("hosts", n,
		field{"host", true, func(n ast.Node) {
			s, ok := r.string("host", n)
			if !ok {
				return
			}
			ascii, err := idna.Lookup.ToASCII(s)
			if err != nil || !validHost.MatchString(s) || len(ascii) > 253 {
				r.failAt(n, BadHost, map[string]any{"value": s})
			}
			h.Host = ascii
		}},
		field{"port", false, func(n ast.Node) {
			if v, ok := r.integer("port", n); ok {
				if v < 1 || v > 65535 {
					r.failAt(n, BadPort, map[string]any{"value": n.GetToken().Value})
				}
				h.Port = v
			}
		}},
		field{"direction", true, func(n ast.Node) {
			h.Direction = Direction(r.choice("direction", n, string(PortalToApp), string(AppToPortal), string(BrowserToApp)))
		}},
	)
	r.doc.Hosts = append(r.doc.Hosts, h)
}
