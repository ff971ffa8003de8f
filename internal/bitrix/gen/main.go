// Command gen packs the catalogue of REST methods, events, scopes and version
// facts into the compressed file that package bitrix embeds.
//
//	go run ./gen -from DIR [-extra gen/extra.json] [-out data/catalogue.tsv.gz]
//
// DIR holds five JSON files, each an array of objects (fields not named here
// are ignored):
//
//	methods.json  method, scope, module, who ("any", "admin", "other", ""),
//	              app_auth_only, deprecated, replaced_by, doc (path of the page
//	              on apidocs.bitrix24.com), api ("2", "3", "2+3"),
//	              in_methods_list (true, false or null), and where they apply
//	              scopes_all (array), scope_v3, doc_v3
//	events.json   event, scope, module, who, deprecated, doc, scopes_all
//	scopes.json   scope, modules (array), evidence ("docs", "source",
//	              "inferred"), tool, doc, note
//	since.json    method, module, version, what, kind, source (a URL, or
//	              owner/repository@commit:path of a documentation page)
//	bounds.json   method, module, present_in, absent_in, registration
//
// extra.json, kept beside this program, adds version facts in the shape of
// since.json, plus absent_in: the newest version known to lack what the row is
// about. sources.json beside it names the documentation's repositories: name,
// revision, date. A row of extra.json with what "method" also narrows the bounds of that method.
//
// The same input gives the same bytes.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("gen: ")
	from := flag.String("from", "", "`directory` with the JSON files")
	extra := flag.String("extra", "gen/extra.json", "`file` with further version facts")
	out := flag.String("out", "data/catalogue.tsv.gz", "`file` to write")
	flag.Parse()
	if *from == "" || flag.NArg() != 0 {
		flag.Usage()
		os.Exit(2)
	}
	packed, err := pack(*from, *extra)
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(*out, packed, 0o644); err != nil { // #nosec G306 -- part of the repository
		log.Fatal(err)
	}
	fmt.Printf("%s: %d bytes\n", *out, len(packed))
}

type method struct {
	Method        string   `json:"method"`
	Scope         string   `json:"scope"`
	Module        string   `json:"module"`
	Who           string   `json:"who"`
	AppAuthOnly   bool     `json:"app_auth_only"`
	Deprecated    bool     `json:"deprecated"`
	ReplacedBy    string   `json:"replaced_by"`
	Doc           string   `json:"doc"`
	API           string   `json:"api"`
	InMethodsList *bool    `json:"in_methods_list"`
	ScopesAll     []string `json:"scopes_all"`
	ScopeV3       string   `json:"scope_v3"`
	DocV3         string   `json:"doc_v3"`
}

type event struct {
	Event      string   `json:"event"`
	Scope      string   `json:"scope"`
	Module     string   `json:"module"`
	Who        string   `json:"who"`
	Deprecated bool     `json:"deprecated"`
	Doc        string   `json:"doc"`
	ScopesAll  []string `json:"scopes_all"`
}

type scope struct {
	Scope    string   `json:"scope"`
	Modules  []string `json:"modules"`
	Evidence string   `json:"evidence"`
	Tool     string   `json:"tool"`
	Doc      string   `json:"doc"`
	Note     string   `json:"note"`
}

type fact struct {
	Method   string `json:"method"`
	Module   string `json:"module"`
	Kind     string `json:"kind"`
	Version  string `json:"version"`
	AbsentIn string `json:"absent_in"`
	What     string `json:"what"`
	Source   string `json:"source"`
}

type bound struct {
	Method       string `json:"method"`
	Module       string `json:"module"`
	PresentIn    string `json:"present_in"`
	AbsentIn     string `json:"absent_in"`
	Registration string `json:"registration"`
}

// pack reads the input and returns the compressed table. Its lines are
// tab-separated; the first field is the kind of the row:
//
//	D format date
//	R repository revision date
//	M name scope module who flags api registration present_in absent_in replaced_by doc scopes_all scope_v3 doc_v3
//	E name scope module who flags doc scopes_all
//	S name modules evidence tool doc note
//	F subject module kind version absent_in what source
//
// D comes first: the version of this format and the day of the newest of the
// repositories in the R rows, which the names were read from.
//
// flags: a application only, d deprecated, l in the reply of `methods`, n not
// in it. Lists are joined by commas. Empty fields at the end of a line are cut.
func pack(dir, extraFile string) ([]byte, error) {
	in, err := readInput(dir, extraFile)
	if err != nil {
		return nil, err
	}
	table, err := in.table()
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(table); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

// format is the version of the table, bitrix.catalogueFormat.
const format = "1"

type source struct {
	Name     string `json:"name"`
	Revision string `json:"revision"`
	Date     string `json:"date"`
}

// input holds the sorted contents of the files; bounds by lower-case method.
type input struct {
	sources []source
	methods []method
	events  []event
	scopes  []scope
	facts   []fact
	bounds  map[string]bound
}

func readInput(dir, extraFile string) (*input, error) {
	in := &input{bounds: map[string]bound{}}
	var (
		extra  []fact
		bounds []bound
	)
	for _, f := range []struct {
		path string
		into any
	}{
		{filepath.Join(dir, "methods.json"), &in.methods},
		{filepath.Join(dir, "events.json"), &in.events},
		{filepath.Join(dir, "scopes.json"), &in.scopes},
		{filepath.Join(dir, "since.json"), &in.facts},
		{filepath.Join(dir, "bounds.json"), &bounds},
		{extraFile, &extra},
		{filepath.Join(filepath.Dir(extraFile), "sources.json"), &in.sources},
	} {
		data, err := os.ReadFile(f.path)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(data, f.into); err != nil {
			return nil, fmt.Errorf("read %s: %w", f.path, err)
		}
	}
	for _, b := range bounds {
		in.bounds[strings.ToLower(b.Method)] = b
	}
	for _, x := range extra {
		if x.What != "method" {
			continue
		}
		key := strings.ToLower(x.Method)
		b, ok := in.bounds[key]
		if !ok {
			return nil, fmt.Errorf("%s: method %s has no bounds to narrow", extraFile, x.Method)
		}
		b.PresentIn, b.AbsentIn = x.Version, x.AbsentIn
		in.bounds[key] = b
	}
	in.facts = append(in.facts, extra...)
	slices.SortFunc(in.methods, func(a, b method) int {
		return strings.Compare(strings.ToLower(a.Method), strings.ToLower(b.Method))
	})
	slices.SortFunc(in.events, func(a, b event) int { return strings.Compare(a.Event, b.Event) })
	slices.SortFunc(in.scopes, func(a, b scope) int { return strings.Compare(a.Scope, b.Scope) })
	return in, nil
}

// table returns the lines. It removes the bounds that it has used.
func (in *input) table() ([]byte, error) {
	var table bytes.Buffer
	var bad error
	line := func(fields ...string) {
		for _, f := range fields {
			if strings.ContainsAny(f, "\t\n\r") && bad == nil {
				bad = fmt.Errorf("field %q of row %q holds a tab or a line break", f, fields[:2])
			}
		}
		for len(fields) > 0 && fields[len(fields)-1] == "" {
			fields = fields[:len(fields)-1]
		}
		table.WriteString(strings.Join(fields, "\t"))
		table.WriteByte('\n')
	}
	newest := ""
	for _, s := range in.sources {
		newest = max(newest, s.Date)
	}
	line("D", format, newest)
	for _, s := range in.sources {
		line("R", s.Name, s.Revision, s.Date)
	}
	for _, m := range in.methods {
		key := strings.ToLower(m.Method)
		b := in.bounds[key]
		delete(in.bounds, key)
		flags := flag1(m.AppAuthOnly, "a") + flag1(m.Deprecated, "d")
		if m.InMethodsList != nil {
			flags += flag1(*m.InMethodsList, "l") + flag1(!*m.InMethodsList, "n")
			// Some modules, landing above all, build the names they register
			// from classes. What `methods` shows is registered by name all the same.
			if *m.InMethodsList && b.Registration != "" {
				b.Registration = "static"
			}
		}
		line("M", m.Method, m.Scope, m.Module, m.Who, flags, m.API, b.Registration, b.PresentIn, b.AbsentIn,
			m.ReplacedBy, m.Doc, strings.Join(m.ScopesAll, ","), m.ScopeV3, m.DocV3)
	}
	if len(in.bounds) != 0 {
		return nil, fmt.Errorf("bounds.json has %d methods that aren't in methods.json", len(in.bounds))
	}
	for _, e := range in.events {
		line("E", e.Event, e.Scope, e.Module, e.Who, flag1(e.Deprecated, "d"), e.Doc, strings.Join(e.ScopesAll, ","))
	}
	for _, s := range in.scopes {
		line("S", s.Scope, strings.Join(s.Modules, ","), s.Evidence, s.Tool, s.Doc, s.Note)
	}
	for _, f := range in.facts {
		line("F", f.Method, f.Module, f.Kind, f.Version, f.AbsentIn, f.What, sourceURL(f.Source))
	}
	return table.Bytes(), bad
}

func flag1(set bool, letter string) string {
	if set {
		return letter
	}
	return ""
}

// sourceURL turns owner/repository@commit:path into the address of that file.
func sourceURL(source string) string {
	repo, rest, ok := strings.Cut(source, "@")
	if !ok || strings.Contains(repo, ":") {
		return source
	}
	commit, path, ok := strings.Cut(rest, ":")
	if !ok {
		return source
	}
	return "https://github.com/" + repo + "/blob/" + commit + "/" + path
}
