package requirements

import (
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"golang.org/x/net/idna"

	"boxready/internal/lazyregexp"
	"boxready/internal/yamlfile"
)

// Extension is the extension of the files' names.
const Extension = ".boxready.yaml"

// FormatVersion is the version of the format, the value of the key boxready.
const FormatVersion = 1

// The parser's work grows with the square of the number of keys, and no application needs that many.
const maxKeys = 2000

// Forms of values. The JSON Schema has the same expressions, but for letters outside ASCII, which not every validator knows.
var (
	validMethod  = lazyregexp.New(`^(api/)?[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*$`) // with bitrix.REST3Prefix, of REST 3.0
	validName    = lazyregexp.New(`^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*$`)
	validModule  = lazyregexp.New(`^[a-z][a-z0-9_]*(\.[a-z0-9_]+)?$`)
	validVersion = lazyregexp.New(`^>= *([0-9]{1,9}(?:\.[0-9]{1,9}){1,3})$`)
	validHost    = lazyregexp.New(`^[\p{L}\p{N}]([\p{L}\p{N}-]*[\p{L}\p{N}])?(\.[\p{L}\p{N}]([\p{L}\p{N}-]*[\p{L}\p{N}])?)*$`)
	validMail    = lazyregexp.New(`^(mailto:)?[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$`)
	validURL     = lazyregexp.New(`^https://[\p{L}\p{N}.-]+(:[0-9]{1,5})?([/?#][!-~]*)?$`)
)

// installed is the value of a module of which any version is accepted.
const installed = "installed"

// ReadFile reads a file of requirements.
func ReadFile(path string) (*Requirements, error) {
	doc, err := readDocument(path)
	if err != nil {
		return nil, err
	}
	return &doc.Requirements, nil
}

// Read reads requirements. name stands in errors as the file's name. The error is an Errors.
func Read(name string, data []byte) (*Requirements, error) {
	doc, err := parse(name, data)
	if err != nil {
		return nil, err
	}
	return &doc.Requirements, nil
}

func readDocument(path string) (*document, error) {
	data, err := yamlfile.Load(path, yamlfile.MaxSize)
	if err != nil {
		return nil, err
	}
	return parse(path, data)
}

// document is a parsed file with the positions of its names.
type document struct {
	Requirements
	scopes, methods, events []item
	modules                 []item
}

// item is a name and its position.
type item struct {
	name         string
	line, column int
}

func parse(name string, data []byte) (*document, error) {
	r := &reader{Reader: yamlfile.Reader{File: name, MaxSize: yamlfile.MaxSize, MaxKeys: maxKeys}}
	if root := r.Root(data); root != nil {
		r.document(root)
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return &r.doc, nil
}

type reader struct {
	yamlfile.Reader
	doc document
}

func (r *reader) url(key string, n ast.Node) string {
	s, ok := r.String(key, n)
	if ok && !validURL().MatchString(s) {
		r.FailAt(n, BadURL, map[string]any{"value": s})
	}
	return s
}

// support reads an address of a page or of e-mail, which becomes one that begins with mailto:.
func (r *reader) support(n ast.Node) string {
	s, ok := r.String("support", n)
	switch {
	case !ok, validURL().MatchString(s):
	case validMail().MatchString(s):
		s = "mailto:" + strings.TrimPrefix(s, "mailto:")
	default:
		r.FailAt(n, BadURL, map[string]any{"value": s})
	}
	return s
}

func (r *reader) document(n ast.Node) {
	d := &r.doc
	r.Object("", n,
		yamlfile.Required("boxready", func(n ast.Node) {
			if v, ok := r.Integer("boxready", n); ok && v != FormatVersion {
				r.FailAt(n, BadFormatVersion, map[string]any{"value": n.GetToken().Value})
			}
		}),
		yamlfile.Optional("application", r.application),
		yamlfile.Optional("scopes", r.names("scopes", validName, &d.scopes, &d.Scopes, scopeSpelling)),
		yamlfile.Optional("methods", r.names("methods", validMethod, &d.methods, &d.Methods, methodSpelling)),
		yamlfile.Optional("events", r.names("events", validName, &d.events, &d.Events, eventSpelling)),
		yamlfile.Optional("modules", r.modules),
		yamlfile.Optional("hosts", func(n ast.Node) { r.List("hosts", n, r.host) }),
		yamlfile.Optional("handlers", func(n ast.Node) {
			r.Object("handlers", n, yamlfile.Required("where", func(n ast.Node) {
				d.Handlers = Handlers(r.Choice("where", n, string(Internet), string(LAN), string(Custom)))
			}))
		}),
		yamlfile.Optional("page", func(n ast.Node) { d.Pages = []string{r.url("page", n)} }),
		yamlfile.Optional("receiver", func(n ast.Node) { d.Receiver = r.url("receiver", n) }),
	)
}

func (r *reader) application(n ast.Node) {
	var a Application
	r.Object("application", n,
		yamlfile.Required("name", func(n ast.Node) { a.Name, a.names = r.localized(n) }),
		yamlfile.Optional("vendor", func(n ast.Node) { a.Vendor, _ = r.String("vendor", n) }),
		yamlfile.Optional("support", func(n ast.Node) { a.Support = r.support(n) }),
	)
	r.doc.Applications = []Application{a}
}

// localized reads a name: one text for every language, or a text for each language.
func (r *reader) localized(n ast.Node) (string, map[string]string) {
	if _, ok := n.(ast.MapNode); !ok {
		s, _ := r.String("name", n)
		return s, nil
	}
	names := map[string]string{}
	in := func(lang string) yamlfile.Field {
		return yamlfile.Required(lang, func(n ast.Node) { names[lang], _ = r.String(lang, n) })
	}
	r.Object("name", n, in("en"), in("ru"))
	return names["en"], names
}

func (r *reader) names(key string, valid func() *regexp.Regexp, items *[]item, names *[]string, known func() *yamlfile.Spelling) func(ast.Node) {
	return func(n ast.Node) {
		r.List(key, n, func(n ast.Node) {
			s, ok := r.String(key, n)
			switch {
			case !ok:
			case !valid().MatchString(s):
				r.FailAt(n, BadName, map[string]any{"value": s, "nearest": known().Nearest(s)})
			default:
				line, column := yamlfile.Place(n)
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
	r.Pairs("modules", n, func(name, value ast.Node, module string) {
		if !validModule().MatchString(module) {
			r.FailAt(name, BadModule, map[string]any{"value": module})
			return
		}
		switch value.(type) {
		case *ast.IntegerNode, *ast.FloatNode: // a version without quotes
			r.FailAt(value, BadModuleVersion, map[string]any{"module": module, "value": value.GetToken().Value})
			return
		}
		constraint, ok := r.String(module, value)
		if !ok {
			return
		}
		m := Module{Name: module}
		if constraint != installed {
			version := validVersion().FindStringSubmatch(constraint)
			if version == nil {
				r.FailAt(value, BadModuleVersion, map[string]any{"module": module, "value": constraint})
				return
			}
			m.AtLeast = version[1]
		}
		line, column := yamlfile.Place(name)
		r.doc.modules = append(r.doc.modules, item{module, line, column})
		r.doc.Modules = append(r.doc.Modules, m)
	})
}

func (r *reader) host(n ast.Node) {
	h := Host{Port: 443}
	r.Object("hosts", n,
		yamlfile.Required("host", func(n ast.Node) {
			s, ok := r.String("host", n)
			if !ok {
				return
			}
			ascii, err := idna.Lookup.ToASCII(s)
			if err != nil || !validHost().MatchString(s) || len(ascii) > 253 {
				r.FailAt(n, BadHost, map[string]any{"value": s})
			}
			h.Host = ascii
		}),
		yamlfile.Optional("port", func(n ast.Node) {
			if v, ok := r.Integer("port", n); ok {
				if v < 1 || v > 65535 {
					r.FailAt(n, BadPort, map[string]any{"value": n.GetToken().Value})
				}
				h.Port = v
			}
		}),
		yamlfile.Required("direction", func(n ast.Node) {
			h.Direction = Direction(r.Choice("direction", n, string(PortalToApp), string(AppToPortal), string(BrowserToApp)))
		}),
	)
	r.doc.Hosts = append(r.doc.Hosts, h)
}
