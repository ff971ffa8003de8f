package requirements

import (
	"slices"
	"strings"
	"sync"

	"boxready/internal/bitrix"
)

// Inventory holds what a portal answered about its modules, methods, events and permissions. A nil field was not asked for; nothing is concluded from it.
type Inventory struct {
	Provided []string // scopes that the installed modules offer: scope with FULL=1
	Granted  []string // scopes that the credential has: scope

	// Existing and Available are the answers of method.get by lower-case name: whether the method exists, and whether the
	// credential may call it. A name that is in neither was not answered. Existing has answers of REST 3.0, too: under the
	// method's name as a requirement has it, and for names that the catalogue lacks with bitrix.REST3Prefix.
	Existing  map[string]bool
	Available map[string]bool
	// Listed is the answer of methods with FULL=1, where the portal has no method.get.
	Listed []string
	// REST3 tells whether the portal has REST 3.0; nil if its answers don't show it.
	REST3 *bool

	Events []string // events with FULL=1

	ModuleVersions map[string]string // of every installed module, from the portal's server
}

// Presence tells whether a module is installed.
type Presence string

// The values of Presence.
const (
	Present Presence = "present"
	Absent  Presence = "absent"
	Unsure  Presence = "unsure" // nothing proves either
)

// Range is the proven range of a module's version; "" means no bound.
type Range struct {
	Exactly string `json:"exactly,omitempty"` // from the portal's server
	// From the methods that are present and absent: AtLeast <= version < Below.
	AtLeast string `json:"at_least,omitempty"`
	Below   string `json:"below,omitempty"`
}

// atLeast reports whether the version is surely v or newer, below whether it is surely older.
func (r Range) atLeast(v string) bool {
	proved := r.Exactly + r.AtLeast
	return proved != "" && bitrix.CompareVersions(proved, v) >= 0
}

func (r Range) below(v string) bool {
	if r.Exactly != "" {
		return bitrix.CompareVersions(r.Exactly, v) < 0
	}
	return r.Below != "" && bitrix.CompareVersions(r.Below, v) <= 0
}

// Index prepares the inventory for lookups. The inventory must not change afterwards.
func (inv *Inventory) Index() *Index {
	x := &Index{Inventory: inv, modules: map[string]*moduleState{}, provided: lowerSet(inv.Provided), granted: lowerSet(inv.Granted),
		listed: lowerSet(inv.Listed), events: map[string]bool{}, versions: map[string]string{}}
	for name, version := range inv.ModuleVersions {
		x.versions[strings.ToLower(name)] = version
	}
	for _, name := range inv.Events {
		if e, known := bitrix.Event(name); known {
			x.module(e.Module).seen = true
			name = e.Name
		}
		x.events[strings.ToUpper(name)] = true
	}
	answer := func(name string, exists bool) {
		m, known := bitrix.Method(name)
		if !known {
			return
		}
		state := x.module(m.Module)
		if exists {
			state.seen = true
			state.present = append(state.present, m.Name)
		} else {
			state.absent = append(state.absent, m.Name)
		}
	}
	for name, exists := range inv.Existing {
		answer(name, exists)
	}
	for _, name := range inv.Listed {
		if _, answered := inv.Existing[strings.ToLower(name)]; !answered {
			answer(name, true)
		}
	}
	return x
}

func lowerSet(names []string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[strings.ToLower(name)] = true
	}
	return set
}

// Index looks up modules, methods and events in an inventory.
type Index struct {
	*Inventory
	modules                   map[string]*moduleState
	provided, granted, listed map[string]bool
	events                    map[string]bool
	versions                  map[string]string
}

type moduleState struct {
	seen            bool     // something that only this module offers is present
	present, absent []string // methods
	presence        Presence
	versions        *Range
}

func (x *Index) module(name string) *moduleState {
	name = strings.ToLower(name)
	state := x.modules[name]
	if state == nil {
		state = &moduleState{}
		x.modules[name] = state
	}
	return state
}

// Presence tells whether a module is installed. Methods, events and scopes that no other module offers prove that it is. It is
// absent when the portal's server doesn't list it, or when a scope is missing that every known version of it offers. Without
// such evidence the result is Unsure.
func (x *Index) Presence(module string) Presence {
	state := x.module(module)
	if state.presence == "" {
		state.presence = x.presence(strings.ToLower(module), state)
	}
	return state.presence
}

func (x *Index) presence(module string, state *moduleState) Presence {
	if x.ModuleVersions != nil {
		if _, there := x.versions[module]; there {
			return Present
		}
		return Absent
	}
	if state.seen || module == "main" || module == "rest" { // no portal answers without these two
		return Present
	}
	if x.Provided == nil {
		return Unsure
	}
	evidence := moduleEvidence()[module]
	if anyOf(x.provided, evidence.exclusive) {
		return Present
	}
	if slices.ContainsFunc(evidence.always, func(scope string) bool { return !x.provided[scope] }) {
		return Absent
	}
	return Unsure
}

// evidence is what proves that a module is installed or isn't.
type evidence struct {
	exclusive []string // scopes that no other module offers
	always    []string // scopes that every known version of it offers
	// The newest version known to offer nothing to applications and the oldest known to offer something; "" if the module is
	// known only with what it offers, or hardly at all.
	newestWithout, oldestWith string
}

var moduleEvidence = sync.OnceValue(func() map[string]evidence {
	type of struct{ module, scope string }
	holds, seen := map[of]bool{}, map[of]bool{} // whether a scope has methods, whether public copies of the module have methods in it
	all := map[string]evidence{}
	for _, module := range bitrix.Modules() {
		all[module.Name] = evidence{}
	}
	oldest := map[string]bitrix.MethodInfo{}
	for m := range bitrix.Methods() {
		holds[of{m.Module, m.Scope}] = true
		if m.PresentIn == "" {
			continue
		}
		seen[of{m.Module, m.Scope}], seen[of{m.Module, ""}] = true, true
		if o, ok := oldest[m.Module]; !ok || bitrix.CompareVersions(m.PresentIn, o.PresentIn) < 0 ||
			m.PresentIn == o.PresentIn && m.AbsentIn == "" {
			oldest[m.Module] = m
		}
	}
	for name, s := range all {
		if o := oldest[name]; o.AbsentIn != "" {
			s.newestWithout, s.oldestWith = o.AbsentIn, o.PresentIn
		}
		info, _ := bitrix.Module(name)
		for _, scopeName := range info.Scopes {
			scope, _ := bitrix.Scope(scopeName)
			exclusive := len(scope.Modules) == 1
			if exclusive {
				s.exclusive = append(s.exclusive, scopeName)
			}
			switch {
			case scope.Evidence == bitrix.EvidenceInferred:
			case seen[of{name, scopeName}], exclusive && holds[of{name, scopeName}] && !seen[of{name, ""}]:
				// A scope without methods in copies that have methods of the module is newer than the module.
				s.always = append(s.always, scopeName)
			}
		}
		all[name] = s
	}
	return all
})

// Range returns the narrowest proven range of a module's version.
func (x *Index) Range(module string) Range {
	state := x.module(module)
	if state.versions == nil {
		r := Range{}
		if v, there := x.versions[strings.ToLower(module)]; there {
			r.Exactly = v
		} else if x.Presence(module) == Present {
			r.AtLeast, r.Below = bitrix.VersionRange(state.present, state.absent)
			if strings.EqualFold(module, "rest") {
				x.narrowByREST3(&r)
			}
		}
		state.versions = &r
	}
	return *state.versions
}

// narrowByREST3 narrows the range of module rest by whether the portal has REST 3.0.
func (x *Index) narrowByREST3(r *Range) {
	switch {
	case x.REST3 == nil:
	case *x.REST3 && bitrix.CompareVersions(r.AtLeast, bitrix.REST3Since) < 0:
		r.AtLeast = bitrix.REST3Since
	case !*x.REST3 && (r.Below == "" || bitrix.CompareVersions(r.Below, bitrix.REST3Since) > 0):
		r.Below = bitrix.REST3Since
	}
}

// Method tells whether the portal has a method. Where method.get gave no answer, the list of methods decides about those that
// the list contains whenever they exist.
func (x *Index) Method(name string) bitrix.Tri {
	m, known := bitrix.Method(name)
	return x.method(strings.ToLower(name), m, known)
}

func (x *Index) method(lower string, m bitrix.MethodInfo, known bool) bitrix.Tri {
	if exists, answered := x.Existing[lower]; answered {
		return tri(exists)
	}
	if x.listed[lower] {
		return bitrix.Yes
	}
	if known && x.Listed != nil && m.InMethodsList == bitrix.Yes {
		return bitrix.No
	}
	if known && m.OnlyREST3() && x.lacksREST3() {
		return bitrix.No
	}
	return bitrix.Unknown
}

// lacksREST3 reports whether the portal surely has no REST 3.0.
func (x *Index) lacksREST3() bool {
	if x.REST3 != nil {
		return !*x.REST3
	}
	return x.Range("rest").below(bitrix.REST3Since)
}

// methodAnywhere tells whether the portal has a method that the catalogue lacks, by both of its interfaces.
func (x *Index) methodAnywhere(lower string) bitrix.Tri {
	classic, rest3 := x.method(lower, bitrix.MethodInfo{}, false), bitrix.No
	newer, only := strings.CutPrefix(lower, bitrix.REST3Prefix)
	if !x.lacksREST3() {
		rest3 = x.method(bitrix.REST3Prefix+newer, bitrix.MethodInfo{}, false)
	}
	switch {
	case only:
		return rest3
	case classic == bitrix.Yes || rest3 == bitrix.Yes:
		return bitrix.Yes
	case classic == bitrix.No && rest3 == bitrix.No:
		return bitrix.No
	}
	return bitrix.Unknown
}

// Event tells whether the portal has an event.
func (x *Index) Event(name string) bitrix.Tri {
	if x.Events == nil {
		return bitrix.Unknown
	}
	if e, known := bitrix.Event(name); known {
		name = e.Name
	}
	return tri(x.events[strings.ToUpper(name)])
}

func tri(yes bool) bitrix.Tri {
	if yes {
		return bitrix.Yes
	}
	return bitrix.No
}

// substituteScopes are scopes that are accepted instead of another one: the smaller ones of user open the same methods with fewer fields, and
// module tasks accepts both of its names.
var substituteScopes = map[string][]string{"user": {"user_basic", "user_brief"}, "task": {"tasks"}, "tasks": {"task"}}

// acceptedScopes are the scopes of which any one is accepted where scope is needed.
func acceptedScopes(scope string) []string {
	return append([]string{scope}, substituteScopes[scope]...)
}

// scopesOf are the scopes of which any opens a method.
func scopesOf(m bitrix.MethodInfo) []string {
	if m.Module == "tasks" && m.API2 { // the documentation says task, the product tasks
		return acceptedScopes(m.Scope)
	}
	return m.Scopes
}

func anyOf(set map[string]bool, scopes []string) bool {
	return slices.ContainsFunc(scopes, func(s string) bool { return s == basic || set[strings.ToLower(s)] })
}

// basic is the documentation's name of the scope that every credential has; portals don't list it.
const basic = "basic"
