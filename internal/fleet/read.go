// Package fleet reads a list of portals, as YAML or CSV: their addresses, and which checks are allowed for each.
// Webhooks and sign-ins are stored in the keyring; the list only selects the portals that use them.
package fleet

import (
	"encoding/csv"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"boxready/checks"
	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"boxready/internal/requirements"
	"boxready/internal/yamlfile"

	"github.com/goccy/go-yaml/ast"
)

// FormatVersion is the version of the YAML form, the value of the key boxready.
const FormatVersion = 1

const (
	maxPortals = 1_000_000 // of CSV; so many take 0.6 GB while they are read
	maxCSV     = 128 << 20 // bytes
	maxKeys    = 20_000    // of YAML; the parser takes 2 s for so many in one object, and a minute for three times as many
)

// Portal is one entry of the list: a portal, and its owner's consents.
type Portal struct {
	Line    int // in the file
	Address portal.Address

	Deep, ContentFilter, PublicDNS   bool // consents, as check's flags
	Webhook, SignedIn, AsApplication bool
	Requires                         []string // files, relative to the list's folder, or names of ready ones
	Region                           bitrix.Region
	Handlers                         requirements.Handlers
}

// Consents returns the consents of the portal's owner.
func (p Portal) Consents() (consents []checks.Consent) {
	if p.Deep {
		consents = append(consents, checks.Deep)
	}
	if p.ContentFilter {
		consents = append(consents, checks.ContentFilter)
	}
	if p.PublicDNS {
		consents = append(consents, checks.PublicDNS)
	}
	return consents
}

// ReadFile reads a list. A file whose name ends in .csv is CSV, any other YAML. The error is a yamlfile.Errors.
func ReadFile(path string) ([]Portal, error) {
	data, err := yamlfile.Load(path, maxSize(path))
	if err != nil {
		return nil, err
	}
	return Read(path, data)
}

// Read reads a list; name is the file's.
func Read(name string, data []byte) ([]Portal, error) { return read(name, data, maxPortals) }

func read(name string, data []byte, limit int) ([]Portal, error) {
	r := &reader{Reader: yamlfile.Reader{File: name, MaxSize: maxSize(name), MaxKeys: maxKeys}, limit: limit, lines: map[string]int{}}
	if isCSV(name) {
		r.csv(data)
	} else if root := r.Root(data); root != nil {
		r.document(root)
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return r.portals, nil
}

func isCSV(name string) bool { return strings.EqualFold(filepath.Ext(name), ".csv") }

// maxSize is the limit of a file, in bytes.
func maxSize(name string) int {
	if isCSV(name) {
		return maxCSV
	}
	return yamlfile.MaxSize
}

type reader struct {
	yamlfile.Reader
	limit   int // of portals in CSV
	portals []Portal
	lines   map[string]int // of the portals by address
}

// Keys of a portal. The JSON Schema defines the same.
const (
	keyAddress  = "address"
	keyRequires = "requires"
	keyRegion   = "region"
	keyHandlers = "handlers"
)

// yesNo are the keys that are true or false.
var yesNo = []struct {
	key string
	of  func(*Portal) *bool
}{
	{"deep", func(p *Portal) *bool { return &p.Deep }},
	{"content-filter", func(p *Portal) *bool { return &p.ContentFilter }},
	{"public-dns", func(p *Portal) *bool { return &p.PublicDNS }},
	{"webhook", func(p *Portal) *bool { return &p.Webhook }},
	{"signed-in", func(p *Portal) *bool { return &p.SignedIn }},
	{"as-application", func(p *Portal) *bool { return &p.AsApplication }},
}

var (
	regions = []string{string(bitrix.CIS), string(bitrix.World), "auto"}
	places  = []string{string(requirements.Internet), string(requirements.LAN), string(requirements.Custom)}
)

func (r *reader) document(n ast.Node) {
	r.Object("", n,
		yamlfile.Required("boxready", func(n ast.Node) {
			if v, ok := r.Integer("boxready", n); ok && v != FormatVersion {
				r.FailAt(n, yamlfile.BadFormatVersion, map[string]any{"value": n.GetToken().Value})
			}
		}),
		yamlfile.Required("portals", func(n ast.Node) {
			failed := len(r.Errors)
			r.List("portals", n, r.portal)
			if len(r.portals) == 0 && len(r.Errors) == failed {
				r.FailAt(n, yamlfile.Empty, nil)
			}
		}),
	)
}

func (r *reader) portal(n ast.Node) {
	line, column := yamlfile.Place(n)
	p := Portal{Line: line}
	fields := []yamlfile.Field{
		yamlfile.Required(keyAddress, func(n ast.Node) {
			if s, ok := r.String(keyAddress, n); ok {
				line, column = yamlfile.Place(n)
				r.address(&p, s, line, column)
			}
		}),
		yamlfile.Optional(keyRequires, func(n ast.Node) {
			r.List(keyRequires, n, func(n ast.Node) {
				if s, ok := r.String(keyRequires, n); ok {
					p.Requires = append(p.Requires, s)
				}
			})
		}),
		yamlfile.Optional(keyRegion, func(n ast.Node) { p.Region = region(r.Choice(keyRegion, n, regions...)) }),
		yamlfile.Optional(keyHandlers, func(n ast.Node) { p.Handlers = requirements.Handlers(r.Choice(keyHandlers, n, places...)) }),
	}
	for _, flag := range yesNo {
		fields = append(fields, yamlfile.Optional(flag.key, func(n ast.Node) { *flag.of(&p) = r.Bool(flag.key, n) }))
	}
	r.Object("portals", n, fields...)
	r.add(p, line, column)
}

func (r *reader) address(p *Portal, typed string, line, column int) {
	var err error
	if p.Address, err = portal.ParseAddress(typed); err != nil {
		reason := ""
		if bad, ok := errors.AsType[*portal.AddressError](err); ok {
			reason = string(bad.Reason)
		}
		r.Fail(line, column, BadAddress, map[string]any{"reason": reason})
	} else if _, err := portal.ParseWebhook(typed); err == nil {
		r.Fail(line, column, WebhookGiven, nil)
	}
}

func (r *reader) add(p Portal, line, column int) {
	if first, duplicate := r.lines[p.Address.String()]; duplicate && p.Address.Host != "" {
		r.Fail(line, column, SamePortal, map[string]any{"first": first})
	}
	r.lines[p.Address.String()] = p.Line
	r.portals = append(r.portals, p)
}

func region(s string) bitrix.Region {
	if s == "auto" {
		return ""
	}
	return bitrix.Region(s)
}

// csv reads a table whose first line names the columns, with the names of the keys. Excel separates by semicolons in many
// countries.
func (r *reader) csv(data []byte) {
	text, ok := r.Text(data)
	if !ok {
		return
	}
	table := csv.NewReader(strings.NewReader(text))
	table.FieldsPerRecord = -1
	table.Comment = '#'
	header, _, _ := strings.Cut(text, "\n")
	for _, comma := range []rune{';', '\t'} {
		if strings.ContainsRune(header, comma) {
			table.Comma = comma
		}
	}
	columns := r.columns(table)
	for columns != nil && len(r.portals) < r.limit && r.row(table, columns) {
	}
	if len(r.portals) == r.limit {
		r.rest(table)
	}
	if len(r.portals) == 0 && len(r.Errors) == 0 {
		r.Fail(1, 1, yamlfile.Empty, nil)
	}
}

// next reads a line of the table; nil at its end, or if it is damaged.
func (r *reader) next(table *csv.Reader) []string {
	fields, err := table.Read()
	if bad, ok := errors.AsType[*csv.ParseError](err); ok {
		r.Fail(bad.Line, max(bad.Column, 1), BadCSV, nil)
		return nil
	}
	if err != nil && err != io.EOF {
		r.Fail(1, 1, BadCSV, nil)
		return nil
	}
	return fields
}

func (r *reader) columns(table *csv.Reader) []string {
	allowed := []string{keyAddress, keyRequires, keyRegion, keyHandlers}
	for _, flag := range yesNo {
		allowed = append(allowed, flag.key)
	}
	columns := r.next(table)
	for i, name := range columns {
		name = strings.ToLower(strings.TrimSpace(name))
		line, column := table.FieldPos(i)
		switch {
		case !slices.Contains(allowed, name):
			name, _ = r.cell(keyAddress, name, line, column)
			r.Fail(line, column, UnknownColumn, map[string]any{"column": name, "nearest": yamlfile.NewSpelling(allowed...).Nearest(name), "allowed": allowed})
		case slices.Contains(columns[:i], name):
			r.Fail(line, column, SameColumn, map[string]any{"column": name})
		}
		columns[i] = name
	}
	if len(r.Errors) == 0 && columns != nil && !slices.Contains(columns, keyAddress) {
		r.Fail(1, 1, NoAddress, nil)
	}
	if len(r.Errors) > 0 {
		return nil // every row would have the same error
	}
	return columns
}

// rest counts the portals that are too many.
func (r *reader) rest(table *csv.Reader) {
	count, at := len(r.portals), 0
	for fields := r.next(table); fields != nil; fields = r.next(table) {
		if isEmpty(fields) {
			continue
		}
		if count++; at == 0 {
			at, _ = table.FieldPos(0)
		}
	}
	if at > 0 {
		r.Fail(at, 1, yamlfile.TooMany, map[string]any{"limit": r.limit, "count": count})
	}
}

// isEmpty reports whether a line has nothing in its fields. Excel leaves such lines.
func isEmpty(fields []string) bool { return strings.TrimSpace(strings.Join(fields, "")) == "" }

// row reads one portal; false at the end.
func (r *reader) row(table *csv.Reader, columns []string) bool {
	fields := r.next(table)
	if fields == nil {
		return false
	}
	line, column := table.FieldPos(0)
	if len(fields) > len(columns) {
		r.Fail(line, column, BadCSV, nil)
		return true
	}
	p := Portal{Line: line}
	for i, value := range fields {
		at, column := table.FieldPos(i)
		value, ok := r.cell(columns[i], value, at, column)
		if ok && value != "" {
			r.set(&p, columns[i], value, at, column)
		}
	}
	if at := slices.Index(columns, keyAddress); at >= len(fields) || strings.TrimSpace(fields[at]) == "" {
		if !isEmpty(fields) {
			r.Fail(line, column, NoAddress, nil)
		}
		return true
	}
	r.add(p, line, column)
	return true
}

func (r *reader) cell(key, value string, line, column int) (string, bool) {
	value = strings.TrimSpace(value)
	if value != "" && !yamlfile.IsText(value) {
		r.Fail(line, column, yamlfile.BadText, map[string]any{"key": key, "fault": yamlfile.TextFault(value)})
		return "", false
	}
	return value, true
}

func (r *reader) set(p *Portal, key, value string, line, column int) {
	choice := func(allowed []string) string {
		if !slices.Contains(allowed, value) {
			r.Fail(line, column, yamlfile.BadChoice, map[string]any{"key": key, "value": value, "allowed": allowed})
		}
		return value
	}
	switch key {
	case keyAddress:
		r.address(p, value, line, column)
	case keyRegion:
		p.Region = region(choice(regions))
	case keyHandlers:
		p.Handlers = requirements.Handlers(choice(places))
	case keyRequires:
		for name := range strings.SplitSeq(value, "|") {
			if name = strings.TrimSpace(name); name != "" {
				p.Requires = append(p.Requires, name)
			}
		}
	}
	for _, flag := range yesNo {
		if flag.key != key {
			continue
		}
		switch strings.ToLower(value) {
		case "yes", "true", "1", "да", "истина":
			*flag.of(p) = true
		case "no", "false", "0", "нет", "ложь":
		default:
			r.Fail(line, column, BadYesNo, map[string]any{"key": key, "value": value})
		}
	}
}
