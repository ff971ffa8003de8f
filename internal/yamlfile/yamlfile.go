// Package yamlfile parses untrusted files that people write by hand: YAML without anything that could expand a small
// file, with limits, known keys only, and the position of every mistake.
package yamlfile

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
)

// MaxSize is the limit of a YAML file, in bytes.
const MaxSize = 1 << 20

// Limits of a file.
const (
	maxDepth = 8
	maxItems = 10_000 // of one list
	maxText  = 200    // runes of one value
	maxError = 20     // further ones are dropped
)

// validText is a line in which everything is seen; the schemas have the same expression. Emoji keep their selectors.
var validText = regexp.MustCompile(`^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\x{034f}\x{115f}\x{1160}\x{17b4}\x{17b5}\x{180b}-\x{180f}\x{2065}\x{2800}\x{3164}` +
	`\x{fe00}-\x{fe0d}\x{ffa0}\x{fff0}-\x{fff8}\x{e0000}-\x{e0fff}]+$`)

// Load reads a file, up to one byte more than size. The error is an Errors.
func Load(path string, size int) ([]byte, error) {
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
	data, err := io.ReadAll(io.LimitReader(file, int64(size)+1))
	if err != nil {
		return nil, fail(Unreadable, err)
	}
	return data, nil
}

// Reader parses one file and collects its mistakes.
type Reader struct {
	File    string // name in errors
	MaxSize int    // in bytes
	MaxKeys int    // of the whole file
	Errors  Errors

	list string // key of the list that is read, and the number of its item from 1
	item int
}

// Err returns the mistakes as an Errors, sorted by line; nil if there are none.
func (r *Reader) Err() error {
	if len(r.Errors) == 0 {
		return nil
	}
	slices.SortStableFunc(r.Errors, func(a, b *Error) int { return a.Line - b.Line })
	return r.Errors
}

// Fail records a mistake. Of many only the first ones are kept.
func (r *Reader) Fail(line, column int, code string, args map[string]any) {
	if len(r.Errors) < maxError {
		if args == nil {
			args = map[string]any{}
		}
		if r.item > 0 && args["key"] == r.list {
			args["item"] = r.item
		}
		r.Errors = append(r.Errors, &Error{File: r.File, Line: line, Column: column, Code: code, Args: args})
	}
}

// FailAt is Fail at a node.
func (r *Reader) FailAt(n ast.Node, code string, args map[string]any) {
	line, column := Place(n)
	r.Fail(line, column, code, args)
}

// Place is where a node begins.
func Place(n ast.Node) (line, column int) {
	t := n.GetToken()
	if m, ok := n.(ast.MapNode); ok { // its own token is the first colon
		if i := m.MapRange(); i.Next() {
			t = i.Key().GetToken()
		}
	}
	return t.Position.Line, t.Position.Column
}

// Root returns the root node of the file's only document, or nil after Fail.
func (r *Reader) Root(data []byte) ast.Node {
	text, ok := r.Text(data)
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
		r.Fail(1, 1, Empty, nil)
		return nil
	case 1:
		return bodies[0]
	}
	r.FailAt(bodies[1], SeveralDocuments, nil)
	return nil
}

// Text checks the encoding and normalises line ends; false after Fail.
func (r *Reader) Text(data []byte) (string, bool) {
	if len(data) > r.MaxSize {
		r.Fail(1, 1, TooBig, map[string]any{"limit": r.MaxSize >> 10})
		return "", false
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) ||
		len(data) > 1 && (data[0] == 0) != (data[1] == 0) { // UTF-16 without a byte order mark
		r.Fail(1, 1, UTF16, nil)
		return "", false
	}
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(data))
	line, column := 1, 1
	for i := 0; i < len(text); {
		c, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case c == utf8.RuneError && size == 1:
			r.Fail(line, column, NotUTF8, nil)
			return "", false
		case c == '\n':
			line, column = line+1, 0
		case c != '\t' && unicode.IsControl(c) || c == '\ufeff':
			r.Fail(line, column, ControlCharacter, nil)
			return "", false
		}
		column++
		i += size
	}
	return text, true
}

// plain refuses YAML that the format doesn't use, before parsing: the parser's time is quadratic in depth and in the number of
// keys.
func (r *Reader) plain(tokens token.Tokens) bool {
	keys, depth, entries, line := 0, 0, 0, 0
	for _, t := range tokens {
		at := t.Position
		switch t.Type {
		case token.AnchorType, token.AliasType, token.TagType, token.MergeKeyType, token.MappingKeyType, token.DirectiveType:
			r.Fail(at.Line, at.Column, NotPlain, map[string]any{"found": t.Value})
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
			r.Fail(at.Line, at.Column, TooDeep, nil)
			return false
		case keys > r.MaxKeys:
			r.Fail(at.Line, at.Column, TooMany, map[string]any{"limit": r.MaxKeys})
			return false
		}
	}
	return true
}

func (r *Reader) syntax(text string, err error) {
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
	r.Fail(line, column, code, nil)
}

// Field is a key that an object may have.
type Field struct {
	key      string
	required bool
	read     func(ast.Node)
}

// Optional is a key that an object may have.
func Optional(key string, read func(ast.Node)) Field { return Field{key, false, read} }

// Required is a key that an object must have.
func Required(key string, read func(ast.Node)) Field { return Field{key, true, read} }

// Object reads an object that has these keys and no others.
func (r *Reader) Object(key string, n ast.Node, fields ...Field) {
	var allowed []string
	for _, f := range fields {
		allowed = append(allowed, f.key)
	}
	seen := r.Pairs(key, n, func(name, value ast.Node, k string) {
		if i := slices.Index(allowed, k); i >= 0 {
			fields[i].read(value)
			return
		}
		r.FailAt(name, UnknownKey, map[string]any{"key": k, "nearest": NewSpelling(allowed...).Nearest(k), "allowed": allowed})
	})
	if seen == nil {
		return
	}
	for _, f := range fields {
		if _, there := seen[f.key]; f.required && !there {
			r.FailAt(n, MissingKey, map[string]any{"key": f.key})
		}
	}
}

// Pairs calls each for an object's entries and returns its keys with their lines, or nil if n is no object.
func (r *Reader) Pairs(key string, n ast.Node, each func(name, value ast.Node, k string)) map[string]int {
	m, ok := n.(ast.MapNode)
	if !ok {
		r.FailAt(n, WrongType, map[string]any{"key": key, "expected": "object"})
		return nil
	}
	seen := map[string]int{}
	for i := m.MapRange(); i.Next(); {
		name := i.Key()
		k := name.GetToken().Value
		line, _ := Place(name)
		if first, twice := seen[k]; twice {
			r.FailAt(name, DuplicateKey, map[string]any{"key": k, "first": first})
			continue
		}
		seen[k] = line
		each(name, i.Value(), k)
	}
	return seen
}

// List reads a list; a key without a value is an empty one.
func (r *Reader) List(key string, n ast.Node, each func(ast.Node)) {
	switch n := n.(type) {
	case *ast.NullNode:
	case *ast.SequenceNode:
		if len(n.Values) > maxItems {
			r.FailAt(n.Values[maxItems], TooMany, map[string]any{"limit": maxItems, "count": len(n.Values)})
			return
		}
		outer, item := r.list, r.item
		r.list = key
		for i, value := range n.Values {
			r.item = i + 1
			each(value)
		}
		r.list, r.item = outer, item
	default:
		r.FailAt(n, WrongType, map[string]any{"key": key, "expected": "list"})
	}
}

// String reads one line of text; see IsText.
func (r *Reader) String(key string, n ast.Node) (string, bool) {
	var s string
	switch n := n.(type) {
	case *ast.StringNode:
		s = n.Value
	case *ast.LiteralNode:
		s = n.Value.Value
	default:
		r.FailAt(n, WrongType, map[string]any{"key": key, "expected": "text"})
		return "", false
	}
	if fault := TextFault(s); fault != "" {
		r.FailAt(n, BadText, map[string]any{"key": key, "fault": fault})
		return "", false
	}
	return s, true
}

// IsText tells whether s is one line of 1 to 200 runes, none of them a control or format character.
func IsText(s string) bool { return TextFault(s) == "" }

// TextFault is why s is no text as IsText wants it: "empty", "long", "lines" or "invisible"; "" if it is one.
func TextFault(s string) string {
	switch {
	case s == "":
		return "empty"
	case utf8.RuneCountInString(s) > maxText:
		return "long"
	case strings.Contains(s, "\n"):
		return "lines"
	case !validText.MatchString(s):
		return "invisible"
	}
	return ""
}

// Integer reads a whole number.
func (r *Reader) Integer(key string, n ast.Node) (int, bool) {
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
	r.FailAt(n, WrongType, map[string]any{"key": key, "expected": "number"})
	return 0, false
}

// Choice reads one of a few texts.
func (r *Reader) Choice(key string, n ast.Node, allowed ...string) string {
	s, ok := r.String(key, n)
	if ok && !slices.Contains(allowed, s) {
		r.FailAt(n, BadChoice, map[string]any{"key": key, "value": s, "allowed": allowed})
	}
	return s
}

// Bool reads true or false.
func (r *Reader) Bool(key string, n ast.Node) bool {
	b, ok := n.(*ast.BoolNode)
	if !ok {
		r.FailAt(n, WrongType, map[string]any{"key": key, "expected": "yes-no"})
		return false
	}
	return b.Value
}
