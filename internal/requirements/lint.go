package requirements

import (
	"cmp"
	"slices"
	"strings"

	"boxready/internal/bitrix"
	"boxready/internal/yamlfile"
)

// Level is the severity of a remark.
type Level string

// The levels.
const (
	Warning Level = "notice" // the vendor should change it
	Note    Level = "note"   // the vendor should know it
)

// Remark is a remark of the linter about a valid file: what its vendor should change or know. People read the text
// "requirements.remark.<Code>" with Args.
type Remark struct {
	Line, Column int // from 1, the column in letters
	Level        Level
	Code         string // stable
	Args         map[string]any
}

// Codes of remarks, with their arguments.
const (
	UnknownScope     = "unknown-scope"     // name, nearest, as_of: the catalogue's date
	UnknownMethod    = "unknown-method"    // name, nearest, as_of
	UnknownEvent     = "unknown-event"     // name, nearest, as_of
	UnknownModule    = "unknown-module"    // name, nearest, as_of
	DeprecatedMethod = "deprecated-method" // name, replaced_by
	DeprecatedEvent  = "deprecated-event"  // name
	ScopeNotListed   = "scope-not-listed"  // scope, names: methods and events that it opens
	UnusedScope      = "unused-scope"      // name
	Redundant        = "redundant"         // name, because: "repeated", "always" (every portal has it) or "covered"; by
	REST3Only        = "rest-3-only"       // name
	NoWebhook        = "no-webhook"        // names: methods and permissions that a webhook can't have
)

// notForWebhooks are the permissions that a webhook is never given (public copies of the rest module).
var notForWebhooks = []string{"entity", "landing_cloud", "placement", "rating"}

// Lint returns remarks about a file for its vendor. The error is an Errors if the file is invalid.
func Lint(path string) ([]Remark, error) {
	doc, err := readDocument(path)
	if err != nil {
		return nil, err
	}
	l := &linter{document: doc, exact: map[string]bool{}}
	l.lint()
	slices.SortStableFunc(l.remarks, func(a, b Remark) int { return cmp.Or(a.Line-b.Line, a.Column-b.Column) })
	return l.remarks, nil
}

type linter struct {
	*document
	remarks   []Remark
	noWebhook []item
	exact     map[string]bool // permissions that no other permission replaces
}

func (l *linter) remark(at item, level Level, code string, args map[string]any) {
	l.remarks = append(l.remarks, Remark{at.line, at.column, level, code, args})
}

// unknown remarks on a name that the catalogue doesn't have: it may be misspelt, or younger than the catalogue.
func (l *linter) unknown(at item, code string, known *yamlfile.Spelling) {
	l.remark(at, Warning, code, map[string]any{"name": at.name, "nearest": known.Nearest(at.name), "as_of": bitrix.CatalogueInfo().Date})
}

func (l *linter) lint() {
	used := map[string]bool{}
	l.eachOnce(l.methods, strings.ToLower, func(at item) { l.method(at, used) })
	l.eachOnce(l.events, eventKey, func(at item) { l.event(at, used) })
	l.eachOnce(l.scopes, strings.ToLower, func(at item) { l.scope(at, used) })
	for _, at := range l.modules {
		l.module(at)
	}
	l.scopesNotListed()
	if len(l.noWebhook) > 0 {
		var names []string
		for _, at := range l.noWebhook {
			names = append(names, at.name)
		}
		l.remark(l.noWebhook[0], Note, NoWebhook, map[string]any{"names": names})
	}
}

// eachOnce calls each for every name and remarks on repeated ones.
func (l *linter) eachOnce(items []item, key func(string) string, each func(item)) {
	seen := map[string]bool{}
	for _, at := range items {
		if k := key(at.name); seen[k] {
			l.remark(at, Warning, Redundant, map[string]any{"name": at.name, "because": "repeated", "by": ""})
		} else {
			seen[k] = true
			each(at)
		}
	}
}

// eventKey is the key under which events are compared: the number of an item type is dropped.
func eventKey(name string) string {
	if e, known := bitrix.Event(name); known {
		return e.Name
	}
	return strings.ToUpper(name)
}

func (l *linter) method(at item, used map[string]bool) {
	m, known := bitrix.Method(at.name)
	if !known {
		l.unknown(at, UnknownMethod, methodSpelling())
		return
	}
	for _, s := range append(scopesOf(m), m.ScopeV3) {
		used[s] = true
	}
	if m.Deprecated {
		l.remark(at, Warning, DeprecatedMethod, map[string]any{"name": m.Name, "replaced_by": m.ReplacedBy})
	}
	if !m.API2 {
		l.exact[m.Scope] = true
		l.remark(at, Note, REST3Only, map[string]any{"name": m.Name})
	}
	if m.AppAuthOnly {
		l.noWebhook = append(l.noWebhook, at)
	}
}

func (l *linter) event(at item, used map[string]bool) {
	e, known := bitrix.Event(at.name)
	if !known {
		l.unknown(at, UnknownEvent, eventSpelling())
		return
	}
	for _, s := range e.Scopes {
		used[s] = true
	}
	if e.Deprecated {
		l.remark(at, Warning, DeprecatedEvent, map[string]any{"name": e.Name})
	}
}

func (l *linter) scope(at item, used map[string]bool) {
	s, known := bitrix.Scope(at.name)
	switch {
	case !known:
		l.unknown(at, UnknownScope, scopeSpelling())
		return
	case s.Name == basic:
		l.remark(at, Warning, Redundant, map[string]any{"name": s.Name, "because": "always", "by": ""})
		return
	case slices.Contains(notForWebhooks, s.Name):
		l.noWebhook = append(l.noWebhook, at)
	}
	for name, smaller := range substituteScopes {
		if slices.Contains(smaller, s.Name) && name < s.Name && !l.exact[s.Name] && containsFold(l.Scopes, name) {
			l.remark(at, Warning, Redundant, map[string]any{"name": s.Name, "because": "covered", "by": name})
			return
		}
	}
	if !used[s.Name] && opensAnything(s.Name) {
		l.remark(at, Warning, UnusedScope, map[string]any{"name": s.Name})
	}
}

func containsFold(list []string, name string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, name) })
}

// opensAnything reports whether the catalogue has a method or an event in a scope; others are for placements and the like.
func opensAnything(scope string) bool {
	for m := range bitrix.Methods() {
		if slices.Contains(m.Scopes, scope) || m.ScopeV3 == scope {
			return true
		}
	}
	for e := range bitrix.Events() {
		if slices.Contains(e.Scopes, scope) {
			return true
		}
	}
	return false
}

func (l *linter) module(at item) {
	switch _, known := bitrix.Module(at.name); {
	case !known && !strings.Contains(at.name, "."): // a name with a dot is a partner's module
		var names []string
		for _, m := range bitrix.Modules() {
			names = append(names, m.Name)
		}
		l.unknown(at, UnknownModule, yamlfile.NewSpelling(names...))
	case at.name == "main" || at.name == "rest":
		i := slices.IndexFunc(l.Modules, func(m Module) bool { return m.Name == at.name })
		if l.Modules[i].AtLeast == "" {
			l.remark(at, Warning, Redundant, map[string]any{"name": at.name, "because": "always", "by": ""})
		}
	}
}

// scopesNotListed remarks once on each permission that methods and events need and the file doesn't list.
func (l *linter) scopesNotListed() {
	opens := map[string][]string{}
	first := map[string]item{}
	var order []string
	need := func(at item, name string, scopes []string) {
		if len(scopes) == 0 || scopes[0] == basic || slices.ContainsFunc(scopes, func(s string) bool { return containsFold(l.Scopes, s) }) {
			return
		}
		if _, seen := first[scopes[0]]; !seen {
			first[scopes[0]] = at
			order = append(order, scopes[0])
		}
		opens[scopes[0]] = append(opens[scopes[0]], name)
	}
	for _, at := range l.methods {
		if m, known := bitrix.Method(at.name); known {
			need(at, m.Name, scopesOf(m))
		}
	}
	for _, at := range l.events {
		if e, known := bitrix.Event(at.name); known {
			need(at, e.Name, e.Scopes)
		}
	}
	for _, scope := range order {
		l.remark(first[scope], Warning, ScopeNotListed, map[string]any{"scope": scope, "names": slices.Compact(opens[scope])})
	}
}
