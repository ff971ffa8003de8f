package bitrix

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

//go:generate go run ./gen -from ${BITRIX_CATALOGUE} -out data/catalogue.tsv.gz

// A Who is who may call a method or receive an event.
type Who string

const (
	WhoUnknown Who = ""      // the documentation does not say
	WhoAny     Who = "any"   // any user
	WhoAdmin   Who = "admin" // an administrator
	WhoOther   Who = "other" // somebody with rights to the object, or a longer condition
)

// A Tri is yes, no or unknown.
type Tri int8

// The zero Tri is Unknown.
const (
	Unknown Tri = iota
	Yes
	No
)

func (t Tri) String() string {
	switch t {
	case Yes:
		return "yes"
	case No:
		return "no"
	}
	return "unknown"
}

// A Registration is how a module registers a method.
type Registration string

const (
	RegistrationUnknown Registration = ""
	Static              Registration = "static"     // by name; `methods` lists it
	Controller          Registration = "controller" // by class; `methods` never lists it
)

// A MethodInfo is what is known of one REST method, from the documentation
// (https://apidocs.bitrix24.com/) and from public copies of the modules.
type MethodInfo struct {
	Name   string // as the documentation writes it; portals compare in lower case
	Module string // module that registers the method
	Scope  string // "" for three methods whose scope is not stated
	// Scopes are all scopes under which the documentation or the product has
	// the method, Scope first; any of them is enough.
	Scopes       []string
	ScopeV3      string // scope of the REST 3.0 twin, if the method is in both
	Who          Who
	AppAuthOnly  bool // a webhook cannot call it
	Deprecated   bool
	ReplacedBy   string // name of the successor, possibly with a final ".*"; "" if there is none
	API2, API3   bool   // reached under /rest/ and under /rest/api/
	Registration Registration
	// InMethodsList tells whether the method `methods` lists it. Where it
	// is No or Unknown, absence from that list proves nothing.
	InMethodsList Tri
	// PresentIn is the oldest version of Module known to have the method,
	// AbsentIn the newest older one known to lack it; the true first version
	// lies after AbsentIn and not after PresentIn. "" if not known.
	PresentIn string
	AbsentIn  string

	doc, docV3 string
}

// DocURL returns the method's documentation page: the Russian one for "ru",
// the English one for any other language.
func (m MethodInfo) DocURL(lang string) string { return docURL(lang, m.doc) }

// DocURLV3 returns the page of the REST 3.0 twin, or "" if the method has none.
func (m MethodInfo) DocURLV3(lang string) string { return docURL(lang, m.docV3) }

// Facts returns the version facts about the method, in no particular order.
func (m MethodInfo) Facts() []Fact { return slices.Clone(catalogue().facts[strings.ToLower(m.Name)]) }

// Since returns the version of Module that, by the documentation, brought the
// method, or "".
func (m MethodInfo) Since() string {
	for _, f := range catalogue().facts[strings.ToLower(m.Name)] {
		if f.bringsMethod() && f.Module == m.Module {
			return f.Version
		}
	}
	return ""
}

// An EventInfo is what is known of one REST event.
type EventInfo struct {
	Name       string   // upper case, as `events` returns it
	Module     string   // module that registers the event
	Scope      string   // scope needed to bind it
	Scopes     []string // all scopes seen for it, Scope first; any of them is enough
	Who        Who
	Deprecated bool

	doc string
}

// DocURL returns the event's documentation page: the Russian one for "ru", the
// English one for any other language.
func (e EventInfo) DocURL(lang string) string { return docURL(lang, e.doc) }

// An Evidence is how the modules of a scope are known.
type Evidence string

const (
	EvidenceDocs     Evidence = "docs"     // the documentation names the module
	EvidenceSource   Evidence = "source"   // seen registered in the module
	EvidenceInferred Evidence = "inferred" // general knowledge
)

// A ScopeInfo is what is known of one scope, that is, one permission.
type ScopeInfo struct {
	Name     string
	Modules  []string // modules that register it
	Evidence Evidence // how Modules are known
	Tool     string   // the product's part it stands for, short English
	Note     string   // what else a reader must know, short English
}

// A ModuleInfo gathers what the catalogue has about one module.
type ModuleInfo struct {
	Name    string
	Scopes  []string // scopes that it registers, sorted
	Methods int      // number of methods
	Events  int      // number of events
}

// A FactKind is the meaning of Fact.Version.
type FactKind string

const (
	FactSince           FactKind = "since"            // holds from Version on, by the documentation
	FactSinceInferred   FactKind = "since-inferred"   // the same, but the source names the thing indirectly
	FactBounds          FactKind = "bounds"           // seen in Version, not seen in AbsentIn
	FactBehaviour       FactKind = "behaviour"        // works differently from Version on
	FactDeprecatedSince FactKind = "deprecated-since" // discouraged from Version on
	FactRemovedSince    FactKind = "removed-since"    // gone from Version on
	FactIMRevision      FactKind = "im-revision"      // Version is "rest-revision N" of im.revision.get, not a module's version
	FactJS              FactKind = "js"               // a call of the script for embedded applications
)

// A Fact is one dated statement about a method, an event or a module.
type Fact struct {
	Subject  string // method or event, possibly with a final ".*"; "" for the module as a whole
	Module   string
	Kind     FactKind
	Version  string // see Kind; "" if only AbsentIn is known
	AbsentIn string // newest version known not to have it, or ""
	What     string // short English; "method" if it is the existence of the method
	Source   string // documentation page, or the module versions that were compared
}

func (f Fact) bringsMethod() bool { return f.Kind == FactSince && f.What == "method" }

// A Source is one repository that the catalogue was made from.
type Source struct {
	Name     string // owner/repository on GitHub
	Revision string // its commit
	Date     string // day of that commit, as 2006-01-02
}

// An Info tells how old the catalogue is, where it comes from and what it holds.
type Info struct {
	Date    string // day of the newest of Sources, as 2006-01-02: what is younger is not in the catalogue
	Sources []Source
	Methods int // numbers of rows
	Events  int
	Scopes  int
	Facts   int
}

// CatalogueInfo returns the catalogue's own date, sources and sizes. The slice
// inside it must not be changed.
func CatalogueInfo() Info {
	c := catalogue()
	return Info{
		Date: c.date, Sources: c.sources,
		Methods: len(c.methods), Events: len(c.events), Scopes: len(c.scopes), Facts: len(c.allFacts),
	}
}

// Method returns what is known of a REST method. Letter case does not matter;
// with REST3Prefix it is the method under /rest/api/. The catalogue leaves out
// undocumented methods, so a portal may well have some that are not found here.
func Method(name string) (MethodInfo, bool) {
	c := catalogue()
	name, rest3 := strings.CutPrefix(strings.ToLower(name), REST3Prefix)
	i, ok := c.methodIndex[name]
	switch {
	case !ok:
		return MethodInfo{}, false
	case rest3:
		return c.methods[i].inREST3()
	}
	return c.methods[i], true
}

// Methods returns all known methods, sorted by lower-case name. The slices
// inside a MethodInfo must not be changed.
func Methods() iter.Seq[MethodInfo] {
	return func(yield func(MethodInfo) bool) {
		for _, m := range catalogue().methods {
			if !yield(m) {
				return
			}
		}
	}
}

// Event returns what is known of a REST event. Letter case does not matter,
// nor does the number that a portal appends to the events of one type of
// objects, as in ONCRMDYNAMICITEMADD_147.
func Event(name string) (EventInfo, bool) {
	name = strings.ToUpper(name)
	if i := strings.LastIndexByte(name, '_'); i >= 0 && i+1 < len(name) && strings.Trim(name[i+1:], "0123456789") == "" {
		name = name[:i]
	}
	c := catalogue()
	i, ok := c.eventIndex[name]
	if !ok {
		return EventInfo{}, false
	}
	return c.events[i], true
}

// Events returns all known events, sorted by name. The slices inside an
// EventInfo must not be changed.
func Events() iter.Seq[EventInfo] {
	return func(yield func(EventInfo) bool) {
		for _, e := range catalogue().events {
			if !yield(e) {
				return
			}
		}
	}
}

// Scope returns what is known of a scope. Letter case does not matter.
func Scope(name string) (ScopeInfo, bool) {
	for _, s := range catalogue().scopes {
		if strings.EqualFold(s.Name, name) {
			return s, true
		}
	}
	return ScopeInfo{}, false
}

// Scopes returns all known scopes, sorted by name. The caller owns the slice,
// not the slices inside it.
func Scopes() []ScopeInfo { return slices.Clone(catalogue().scopes) }

// Modules returns all modules that the catalogue mentions, sorted by name. The
// caller owns the slice, not the slices inside it.
func Modules() []ModuleInfo { return slices.Clone(catalogue().modules) }

// Module returns what the catalogue has about one module. Letter case does not
// matter.
func Module(name string) (ModuleInfo, bool) {
	for _, m := range catalogue().modules {
		if strings.EqualFold(m.Name, name) {
			return m, true
		}
	}
	return ModuleInfo{}, false
}

// docURL completes the path of a documentation page.
func docURL(lang, path string) string {
	switch {
	case path == "":
		return ""
	case lang == "ru":
		return "https://apidocs.bitrix24.ru/" + path
	}
	return "https://apidocs.bitrix24.com/" + path
}

// The table is described in gen/main.go, which makes it.
//
//go:embed data/catalogue.tsv.gz
var catalogueData []byte

// catalogueFormat is the version of the table's format, in its first row.
const catalogueFormat = "1"

type tables struct {
	date        string
	sources     []Source
	methods     []MethodInfo
	methodIndex map[string]int // by lower-case name
	events      []EventInfo
	eventIndex  map[string]int // by name
	scopes      []ScopeInfo
	modules     []ModuleInfo
	allFacts    []Fact
	facts       map[string][]Fact // by lower-case subject, "" left out
}

// catalogueRead tells tests whether the table has been parsed.
var catalogueRead atomic.Bool

var catalogue = sync.OnceValue(func() *tables {
	catalogueRead.Store(true)
	t, err := parseCatalogue(catalogueData)
	if err != nil {
		// The data is part of the program and tests read all of it.
		panic(fmt.Sprintf("bitrix: read embedded catalogue: %v", err))
	}
	return t
})

func parseCatalogue(packed []byte) (*tables, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	var text strings.Builder
	text.Grow(384 << 10)                         // the table, rounded up: one allocation instead of many
	if _, err := io.Copy(&text, z); err != nil { // #nosec G110 -- embedded in this program
		return nil, err
	}

	t := &tables{
		methods:     make([]MethodInfo, 0, 1800),
		methodIndex: make(map[string]int, 1800),
		eventIndex:  make(map[string]int, 256),
		facts:       make(map[string][]Fact, 256),
	}
	var f [15]string // the fields of one row; all of them are parts of text
	for line := range strings.SplitSeq(strings.TrimSuffix(text.String(), "\n"), "\n") {
		clear(f[:])
		n := 0
		for field := range strings.SplitSeq(line, "\t") {
			if n == len(f) {
				return nil, fmt.Errorf("row %q has too many fields", line)
			}
			f[n] = field
			n++
		}
		if t.date == "" && f[0] != "D" {
			return nil, fmt.Errorf("row %q comes before the date", line)
		}
		switch f[0] {
		case "D":
			if f[1] != catalogueFormat {
				return nil, fmt.Errorf("format %q is not %s", f[1], catalogueFormat)
			}
			t.date = f[2]
		case "R":
			t.sources = append(t.sources, Source{Name: f[1], Revision: f[2], Date: f[3]})
		case "M":
			m := MethodInfo{
				Name: f[1], Scope: f[2], Module: f[3], Who: Who(f[4]),
				AppAuthOnly: strings.Contains(f[5], "a"), Deprecated: strings.Contains(f[5], "d"),
				API2: strings.Contains(f[6], "2"), API3: strings.Contains(f[6], "3"),
				Registration: Registration(f[7]), PresentIn: f[8], AbsentIn: f[9],
				ReplacedBy: f[10], doc: f[11], Scopes: scopeList(f[2], f[12]), ScopeV3: f[13], docV3: f[14],
			}
			switch {
			case strings.Contains(f[5], "l"):
				m.InMethodsList = Yes
			case strings.Contains(f[5], "n"):
				m.InMethodsList = No
			}
			t.methodIndex[strings.ToLower(m.Name)] = len(t.methods)
			t.methods = append(t.methods, m)
		case "E":
			e := EventInfo{
				Name: f[1], Scope: f[2], Module: f[3], Who: Who(f[4]),
				Deprecated: f[5] == "d", doc: f[6], Scopes: scopeList(f[2], f[7]),
			}
			t.eventIndex[e.Name] = len(t.events)
			t.events = append(t.events, e)
		case "S":
			t.scopes = append(t.scopes, ScopeInfo{
				Name: f[1], Modules: strings.Split(f[2], ","), Evidence: Evidence(f[3]),
				Tool: f[4], Note: f[6],
			})
		case "F":
			fact := Fact{
				Subject: f[1], Module: f[2], Kind: FactKind(f[3]), Version: f[4],
				AbsentIn: f[5], What: f[6], Source: f[7],
			}
			t.allFacts = append(t.allFacts, fact)
			if fact.Subject != "" {
				key := strings.ToLower(fact.Subject)
				t.facts[key] = append(t.facts[key], fact)
			}
		default:
			return nil, fmt.Errorf("row %q is of no known kind", line)
		}
	}
	t.modules = gatherModules(t)
	return t, nil
}

// scopeList puts the main scope first and drops doubles.
func scopeList(first, all string) []string {
	if first == "" {
		return nil
	}
	list := []string{first}
	if all == "" {
		return list
	}
	for s := range strings.SplitSeq(all, ",") {
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

func gatherModules(t *tables) []ModuleInfo {
	byName := make(map[string]*ModuleInfo)
	module := func(name string) *ModuleInfo {
		if byName[name] == nil {
			byName[name] = &ModuleInfo{Name: name}
		}
		return byName[name]
	}
	for i := range t.methods {
		module(t.methods[i].Module).Methods++
	}
	for i := range t.events {
		module(t.events[i].Module).Events++
	}
	for _, f := range t.allFacts {
		module(f.Module)
	}
	for _, s := range t.scopes { // sorted, so each module's list is too
		for _, name := range s.Modules {
			m := module(name)
			m.Scopes = append(m.Scopes, s.Name)
		}
	}
	list := make([]ModuleInfo, 0, len(byName))
	for _, m := range byName {
		list = append(list, *m)
	}
	slices.SortFunc(list, func(a, b ModuleInfo) int { return strings.Compare(a.Name, b.Name) })
	return list
}
