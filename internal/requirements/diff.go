package requirements

import (
	"slices"
	"strings"
)

// Difference is one difference between two files of requirements.
type Difference struct {
	What string `json:"what"` // scope, method, event, module, host, handlers, page, receiver, name, vendor or support
	Name string `json:"name,omitempty"`
	Old  string `json:"old,omitempty"` // "" if it is new
	New  string `json:"new,omitempty"` // "" if it is gone
}

// Diff compares two files. The order of entries and the letter case of names don't matter.
func Diff(old, new *Requirements) []Difference {
	var all []Difference
	sets := func(what string, old, new []string) {
		old, new = distinct(old), distinct(new)
		for _, name := range old {
			if !containsFold(new, name) {
				all = append(all, Difference{What: what, Name: name, Old: name})
			}
		}
		for _, name := range new {
			if !containsFold(old, name) {
				all = append(all, Difference{What: what, Name: name, New: name})
			}
		}
	}
	values := func(what, old, new string) {
		if old != new {
			all = append(all, Difference{What: what, Old: old, New: new})
		}
	}
	a, b := old.application(), new.application()
	values("name", a.Name, b.Name)
	values("vendor", a.Vendor, b.Vendor)
	values("support", a.Support, b.Support)
	sets("scope", old.Scopes, new.Scopes)
	sets("method", old.Methods, new.Methods)
	sets("event", old.Events, new.Events)
	constraints := func(modules []Module) map[string]string {
		m := map[string]string{}
		for _, module := range modules {
			m[strings.ToLower(module.Name)] = module.constraint()
		}
		return m
	}
	before, after := constraints(old.Modules), constraints(new.Modules)
	for _, m := range moduleNames(old.Modules, new.Modules) {
		if before[m] != after[m] {
			all = append(all, Difference{What: "module", Name: m, Old: before[m], New: after[m]})
		}
	}
	sets("host", hostLines(old.Hosts), hostLines(new.Hosts))
	values("handlers", string(old.Handlers), string(new.Handlers))
	values("page", strings.Join(old.Pages, " "), strings.Join(new.Pages, " "))
	values("receiver", old.Receiver, new.Receiver)
	return all
}

func (r *Requirements) application() Application {
	if len(r.Applications) == 0 {
		return Application{}
	}
	return r.Applications[0]
}

// constraint is the module's value in a file: "installed" or ">=23.300.0".
func (m Module) constraint() string {
	if m.AtLeast == "" {
		return installed
	}
	return ">=" + m.AtLeast
}

// moduleNames are the names of modules in both lists, each once, sorted.
func moduleNames(lists ...[]Module) []string {
	var names []string
	for _, m := range slices.Concat(lists...) {
		names = append(names, strings.ToLower(m.Name))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func hostLines(hosts []Host) []string {
	var lines []string
	for _, h := range hosts {
		lines = append(lines, h.String())
	}
	return lines
}
