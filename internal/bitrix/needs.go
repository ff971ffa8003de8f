package bitrix

import "strings"

// A Need is a module that has to be installed besides the one that offers
// something.
type Need struct {
	Module  string
	AtLeast string // version, or "" if any will do
}

// alsoNeeded are modules without which another module doesn't offer these of its
// methods, by the beginning of their lower-case names (public copies of the
// modules).
var alsoNeeded = []struct{ prefix, module string }{
	{"bizproc.robot.", "crm"},
	{"crm.documentgenerator.", "documentgenerator"},
	{"crm.item.payment.", "sale"},
	{"crm.orderentity.", "sale"},
	{"log.", "blog"},
}

// scopeNeeds is the module without which module rest doesn't offer a scope and
// all that is in it.
var scopeNeeds = map[string]string{
	"entity": "iblock",
	"user":   "intranet", "user_basic": "intranet", "user_brief": "intranet", "user.userfield": "intranet",
}

// AlsoNeeds returns the modules needed besides Module for the method to
// exist.
func (m MethodInfo) AlsoNeeds() []Need {
	needs := needOfScope(m.Scope)
	name := strings.ToLower(m.Name)
	for _, n := range alsoNeeded {
		if strings.HasPrefix(name, n.prefix) {
			needs = append(needs, Need{Module: n.module})
		}
	}
	for _, f := range catalogue().facts[name] {
		if f.bringsMethod() && f.Module != m.Module {
			needs = append(needs, Need{f.Module, f.Version})
		}
	}
	if m.OnlyREST3() && m.Module != "rest" {
		needs = append(needs, Need{"rest", REST3Since})
	}
	return needs
}

// AlsoNeeds returns the modules needed besides Module for the event to exist.
func (e EventInfo) AlsoNeeds() []Need {
	if strings.HasPrefix(e.Name, "ONCRMDOCUMENTGENERATOR") {
		return []Need{{Module: "documentgenerator"}}
	}
	return needOfScope(e.Scope)
}

// AlsoNeeds returns the modules needed besides one of Modules for the scope
// to exist.
func (s ScopeInfo) AlsoNeeds() []Need { return needOfScope(s.Name) }

func needOfScope(scope string) []Need {
	if module := scopeNeeds[scope]; module != "" {
		return []Need{{Module: module}}
	}
	return nil
}

// String writes a need as files of requirements do: "sale" or "rest >=23.100.0".
func (n Need) String() string {
	if n.AtLeast == "" {
		return n.Module
	}
	return n.Module + " >=" + n.AtLeast
}
