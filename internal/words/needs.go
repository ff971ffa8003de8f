package words

import (
	"slices"
	"strings"

	"boxready/checks"
	"boxready/internal/requirements"
)

// Limits of findings in a sentence and of names in a finding; the facts have all.
const (
	mostNeeds = 8
	mostNames = 3
)

// needs describes unmet requirements in one sentence, a clause for each finding.
func (w *Texts) needs(found []requirements.Finding) string {
	var clauses []string
	for _, f := range found[:min(len(found), mostNeeds)] {
		clauses = append(clauses, w.need(f))
	}
	if more := len(found) - len(clauses); more > 0 {
		clauses = append(clauses, w.Say("need.more", checks.Args{"n": more}))
	}
	return strings.Join(clauses, "; ")
}

func (w *Texts) need(f requirements.Finding) string {
	var parts []string
	say := func(when bool, key string, args checks.Args) {
		if when {
			parts = append(parts, w.Say("need."+key, args))
		}
	}
	count := func(key string, names []string) {
		if len(names) > 0 {
			parts = append(parts, w.Count("need."+key, len(names))+" ("+someNames(names)+")")
		}
	}
	module := f.What == requirements.ModuleNeed
	aged := !module && (f.Kind == requirements.Update || f.Kind == requirements.Undetermined)

	key := "module"
	if f.What == requirements.ScopeNeed {
		key = "scope-of"
	}
	say(!module && f.Module != "" && (aged || f.Kind == requirements.AskVendor), key, checks.Args{"module": f.Module})
	switch {
	case !aged:
	case f.Since != "":
		say(true, "since", checks.Args{"version": f.Since})
	case f.After != "" && f.NotLater != "":
		say(true, "between", checks.Args{"after": f.After, "not_later": f.NotLater})
	case f.NotLater != "":
		say(true, "seen-in", checks.Args{"version": f.NotLater})
	}
	say(f.AtLeast != "", "at-least", checks.Args{"version": f.AtLeast})
	say(f.Has != requirements.Range{}, "has", checks.Args{"exactly": f.Has.Exactly, "at_least": f.Has.AtLeast, "below": f.Has.Below})
	say(module && f.Kind == requirements.Install && f.After != "" && f.NotLater != "", "too-old", checks.Args{"after": f.After, "not_later": f.NotLater})
	say(f.Reason != "" && f.Reason != requirements.UnknownName, "reason-"+string(f.Reason), nil)
	count("methods", f.Methods)
	count("events", f.Events)
	count("scopes", f.Scopes)
	// A permission needs no explanation, and everyone has "basic": the method is unavailable for another reason.
	say(!slices.Contains(f.AnyOf, "basic") && (len(f.AnyOf) > 1 || len(f.AnyOf) == 1 && f.What != requirements.ScopeNeed), "any-of", checks.Args{"scopes": strings.Join(f.AnyOf, ", "), "count": len(f.AnyOf)})
	say(f.AlsoNeeds != nil, "also", checks.Args{"modules": w.modules(f.AlsoNeeds), "count": len(f.AlsoNeeds)})
	say(f.ReplacedBy != "", "instead", checks.Args{"name": f.ReplacedBy})
	say(f.Nearest != nil, "nearest", checks.Args{"names": strings.Join(f.Nearest, ", ")})
	if parts == nil {
		return f.Name
	}
	return f.Name + " — " + strings.Join(parts, ", ")
}

// faults lists hosts, each with its fault.
func (w *Texts) faults(hosts, why []string) string {
	var clauses []string
	for i := range min(len(hosts), len(why), mostNeeds) {
		clauses = append(clauses, hosts[i]+" — "+w.Code("host-fault.", why[i], ""))
	}
	if more := len(hosts) - len(clauses); more > 0 {
		clauses = append(clauses, w.Say("host-fault.more", checks.Args{"n": more}))
	}
	return strings.Join(clauses, "; ")
}

// modules translates modules, some with a version as in "rest >=23.100.0".
func (w *Texts) modules(needs []string) []string {
	needs = slices.Clone(needs)
	for i, need := range needs {
		if name, version, demanded := strings.Cut(need, " >="); demanded {
			needs[i] = w.Say("need.or-newer", checks.Args{"module": name, "version": version})
		}
	}
	return needs
}

func someNames(names []string) string {
	if len(names) <= mostNames {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:mostNames], ", ") + "…"
}
