package model

import (
	"slices"
	"strings"
	"sync"

	"boxready/checks"
	"boxready/internal/bitrix"
	"boxready/internal/requirements"
	"boxready/internal/words"
)

// Name is a method or an event of the catalogue.
type Name struct {
	Name, Module string
	Event        bool
	Deprecated   bool
	lower        string
}

var names = sync.OnceValue(func() (all []Name) {
	for m := range bitrix.Methods() {
		all = append(all, Name{m.Name, m.Module, false, m.Deprecated, strings.ToLower(m.Name)})
	}
	for e := range bitrix.Events() {
		all = append(all, Name{e.Name, e.Module, true, e.Deprecated, strings.ToLower(e.Name)})
	}
	return all
})

// Search returns the names that have every word of a query in them, those that begin with it first. Methods come before events.
func Search(query string) []Name {
	words := strings.Fields(strings.ToLower(query))
	if len(words) == 0 {
		return names()
	}
	var begin, have []Name
	for _, n := range names() {
		switch {
		case slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(n.lower, word) }):
		case strings.HasPrefix(n.lower, words[0]):
			begin = append(begin, n)
		default:
			have = append(have, n)
		}
	}
	return append(begin, have...)
}

// Find returns a name of the catalogue, whatever its letter case.
func Find(name string) (Name, bool) {
	i := slices.IndexFunc(names(), func(n Name) bool { return strings.EqualFold(n.Name, name) })
	if i < 0 {
		return Name{}, false
	}
	return names()[i], true
}

// CatalogueDate says how old the catalogue is.
func CatalogueDate(w *words.Texts) string {
	return w.Say("window.catalogue.as-of", checks.Args{"as_of": bitrix.CatalogueInfo().Day()})
}

// Entry is what the catalogue knows of a name, in words.
type Entry struct {
	Name
	Facts       []Fact
	Warning     string // says that it is deprecated; "" if it isn't
	Replacement Name   // zero if there is none that the catalogue has
	Doc         string // address of its page, or ""
}

// Look returns a name's entry.
func Look(w *words.Texts, n Name) Entry {
	word := func(key string) string { return w.Say("window.catalogue."+key, nil) }
	e := Entry{Name: n}
	add := func(key, value string) {
		if value != "" {
			e.Facts = append(e.Facts, Fact{word(key), value})
		}
	}
	who := func(who bitrix.Who) string {
		if who == bitrix.WhoUnknown {
			return ""
		}
		return word("who-" + string(who))
	}
	if n.Event {
		info, _ := bitrix.Event(n.Name)
		e.Doc = info.DocURL(w.Lang())
		add("permission", anyOf(w, info.Scopes))
		add("who", who(info.Who))
	} else {
		info, _ := bitrix.Method(n.Name)
		e.Doc = info.DocURL(w.Lang())
		add("permission", anyOf(w, info.Scopes))
		add("version", versions(w, info))
		add("who", who(info.Who))
		if info.AppAuthOnly {
			add("credential", word("no-webhook"))
		}
		if info.API3 && !info.API2 {
			add("interface", "REST 3.0")
		}
		if info.ReplacedBy != "" {
			e.Replacement, _ = Find(info.ReplacedBy)
			add("instead", info.ReplacedBy)
		}
	}
	if n.Deprecated {
		e.Warning = word("deprecated")
	}
	return e
}

func anyOf(w *words.Texts, scopes []string) string {
	if len(scopes) > 1 {
		return w.Say("window.catalogue.any-of", checks.Args{"scopes": strings.Join(scopes, ", ")})
	}
	return strings.Join(scopes, "")
}

// versions says which version of its module brought a method, as far as that is known.
func versions(w *words.Texts, m bitrix.MethodInfo) string {
	switch since := m.Since(); {
	case since != "":
		return words.UpperFirst(w.Say("need.since", checks.Args{"version": since}))
	case m.PresentIn != "" && m.AbsentIn != "":
		return words.UpperFirst(w.Say("need.between", checks.Args{"after": m.AbsentIn, "not_later": m.PresentIn}))
	case m.PresentIn != "":
		return words.UpperFirst(w.Say("need.seen-in", checks.Args{"version": m.PresentIn}))
	default:
		return w.Say("window.catalogue.no-version", nil)
	}
}

// Presence reports whether the portal has a name, by the facts of the last run or of a run of AskAbout.
func (s *Session) Presence(w *words.Texts, n Name) (Sign, string) {
	word := func(key string) string {
		return w.Say("window.catalogue."+key, checks.Args{"module": n.Module})
	}
	for _, facts := range []*checks.ModulesFacts{s.Learned, s.modules()} {
		if facts == nil {
			continue
		}
		known := facts.Inventory().Index()
		has := known.Method(n.Name)
		if n.Event {
			has = known.Event(n.Name)
		}
		absent := known.Presence(n.Module) == requirements.Absent
		switch {
		case has == bitrix.Yes:
			return OK, word("is-there")
		case absent:
			return Problem, word("no-module")
		case has == bitrix.No && known.Presence(n.Module) == requirements.Present:
			return Problem, word("too-old")
		case has == bitrix.No:
			return Problem, word("is-not-there")
		}
	}
	return Unknown, word("not-asked")
}

// AskAbout returns a copy of the last outcome that also requires a name, so that a check made again asks for it.
func (s *Session) AskAbout(n Name) *checks.Outcome {
	before := *s.Outcome
	wanted := requirements.Requirements{BuiltIn: true, Methods: []string{n.Name}}
	if n.Event {
		wanted.Methods, wanted.Events = nil, []string{n.Name}
	}
	before.Target.Requirements = requirements.Merge(requirements.AnyApplication(), &wanted)
	return &before
}

// Learn stores the facts of a run of AskAbout.
func (s *Session) Learn(after *checks.Outcome) {
	if facts := modulesIn(after); facts != nil {
		s.Learned = facts
	}
}
