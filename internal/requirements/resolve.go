package requirements

import (
	"cmp"
	"slices"
	"strings"

	"boxready/internal/bitrix"
	"boxready/internal/yamlfile"
)

// Kind is the kind of a finding: what has to be done.
type Kind string

// The kinds of findings.
const (
	Install      Kind = "install"    // the module isn't installed
	Update       Kind = "update"     // the module is installed and too old
	Grant        Kind = "grant"      // a permission has to be given
	AskVendor    Kind = "ask-vendor" // the application needs something that exists nowhere
	Undetermined Kind = "unsure"     // it can't be determined, see Reason
	Deprecated   Kind = "deprecated" // it works, but it may be removed in a newer version
)

// What is the kind of object that a finding is about.
type What string

// The kinds of objects.
const (
	ModuleNeed What = "module"
	ScopeNeed  What = "scope"
	MethodNeed What = "method"
	EventNeed  What = "event"
)

// Reason explains Undetermined, Update and AskVendor.
type Reason string

const (
	// Of Undetermined.
	NoAnswer      Reason = "no-answer"      // the portal could not be asked about it
	ModuleUnsure  Reason = "module-unsure"  // it is absent; whether its module is missing or too old can't be determined
	VersionUnsure Reason = "version-unsure" // the module is installed; whether it is new enough can't be determined
	NewEnough     Reason = "new-enough"     // it is absent although its module is new enough

	// Of Update.
	NoREST3 Reason = "no-rest-3" // a method of REST 3.0, and the portal has none of them

	// Of AskVendor.
	UnknownName Reason = "nowhere-known" // neither the catalogue nor the portal has that name
	Removed     Reason = "gone"          // deprecated, and the portal's version no longer has it
)

// Finding is one difference between an application's requirements and a portal. What is absent because of a missing module or permission is listed
// in the finding about that module or permission and nowhere else.
type Finding struct {
	Kind   Kind   `json:"kind"`
	What   What   `json:"what"`
	Name   string `json:"name"` // as the catalogue writes it, otherwise as the requirements do
	Reason Reason `json:"reason,omitempty"`
	Module string `json:"module,omitempty"` // the module to install or update, or that offers Name

	// What the module offers, or what needs the permission.
	Scopes  []string `json:"scopes,omitempty"`
	Methods []string `json:"methods,omitempty"`
	Events  []string `json:"events,omitempty"`

	AnyOf     []string `json:"any_of,omitempty"`     // permissions of which any one is accepted
	AlsoNeeds []string `json:"also_needs,omitempty"` // further modules that it needs, as "sale" or "rest >=23.100.0"

	AtLeast string `json:"at_least,omitempty"` // version of Module that the requirements demand
	Has     Range  `json:"has,omitzero"`       // proven range of Module's version on the portal

	// The first version of Module with it: by the documentation, or between the newest known without it and the oldest known
	// with it. If a module to install has these, old versions of it offer nothing over REST: it may also be installed and too old.
	Since    string `json:"since,omitempty"`
	After    string `json:"after,omitempty"`
	NotLater string `json:"not_later,omitempty"`

	Nearest    []string `json:"nearest,omitempty"`     // similar known names
	ReplacedBy string   `json:"replaced_by,omitempty"` // successor, possibly with a final ".*"
}

// Resolve compares requirements with an inventory and returns what has to be done: missing modules first, then
// permissions, then single names, each in the order of the requirements. There is no finding about what is in order, nor about
// fields of the inventory that are nil.
func Resolve(r *Requirements, inv *Inventory) []Finding { return inv.Index().Resolve(r) }

// Resolve is the function Resolve for an inventory that is used more than once.
func (x *Index) Resolve(r *Requirements) []Finding {
	s := &resolver{Index: x, req: r, modules: map[string]*Finding{}, permissions: map[string]*Finding{},
		names: make([]Finding, 0, len(r.Methods))}
	for _, m := range r.Modules {
		s.requireModule(m)
	}
	for _, name := range distinct(r.Scopes) {
		s.requireScope(name)
	}
	for _, name := range distinct(r.Methods) {
		s.requireMethod(name)
	}
	for _, name := range distinct(r.Events) {
		s.requireEvent(name)
	}
	var all []Finding
	for _, f := range slices.Concat(s.moduleOrder, s.permissionOrder) {
		all = append(all, *f)
	}
	return slices.Concat(all, s.names)
}

type resolver struct {
	*Index
	req             *Requirements
	modules         map[string]*Finding // to install, or Undetermined, by lower-case name
	moduleOrder     []*Finding
	permissions     map[string]*Finding // to grant, by lower-case scope
	permissionOrder []*Finding
	names           []Finding
	suggestions     int
}

// maxSuggested limits for how many names similar spellings are looked up: a file with more unknown names isn't misspelt but about something
// else.
const maxSuggested = 20

func (s *resolver) nearest(known *yamlfile.Spelling, name string) []string {
	if s.suggestions++; s.suggestions > maxSuggested {
		return nil
	}
	return known.Nearest(name)
}

// distinct drops repeated names, whatever their letter case.
func distinct(names []string) []string {
	seen := make(map[string]bool, len(names))
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		name = strings.ToLower(name)
		was := seen[name]
		seen[name] = true
		return was
	})
}

func (s *resolver) add(f Finding) { s.names = append(s.names, f) }

func (s *resolver) requireModule(m Module) {
	switch has := s.Range(m.Name); s.Presence(m.Name) {
	case Absent:
		s.moduleFinding(Install, m.Name).AtLeast = m.AtLeast
	case Unsure:
		if s.Provided != nil {
			s.moduleFinding(Undetermined, m.Name).AtLeast = m.AtLeast
		}
	default:
		switch {
		case m.AtLeast == "" || has.atLeast(m.AtLeast):
		case has.below(m.AtLeast):
			s.add(Finding{Kind: Update, What: ModuleNeed, Name: m.Name, Module: m.Name, AtLeast: m.AtLeast, Has: has})
		default:
			s.add(Finding{Kind: Undetermined, Reason: VersionUnsure, What: ModuleNeed, Name: m.Name, Module: m.Name, AtLeast: m.AtLeast, Has: has})
		}
	}
}

// moduleFinding returns the finding about a module, in which everything is listed that the module would offer.
func (s *resolver) moduleFinding(kind Kind, module string) *Finding {
	key := strings.ToLower(module)
	if f := s.modules[key]; f != nil {
		return f
	}
	f := &Finding{Kind: kind, What: ModuleNeed, Name: module, Module: module}
	if kind == Undetermined {
		f.Reason = ModuleUnsure
	}
	f.After, f.NotLater = moduleEvidence()[key].newestWithout, moduleEvidence()[key].oldestWith
	s.modules[key] = f
	s.moduleOrder = append(s.moduleOrder, f)
	return f
}

// missing is a scope, method or event of the catalogue that the portal doesn't have.
type missing struct {
	Finding
	needs []bitrix.Need            // besides Module
	list  func(*Finding) *[]string // its list in the finding about a module
}

// explain adds the finding that explains why something is missing: its module, a module that it also needs, or the version of either.
func (s *resolver) explain(m missing) {
	for _, need := range m.needs {
		if s.Presence(need.Module) != Present || need.AtLeast != "" && !s.Range(need.Module).atLeast(need.AtLeast) {
			m.AlsoNeeds = append(m.AlsoNeeds, need.String())
		}
	}
	if s.Presence(m.Module) == Absent {
		s.listUnder(s.moduleFinding(Install, m.Module), m)
		return
	}
	// What every known version of the module has isn't missing because the module is old.
	inEveryVersion := m.What == ScopeNeed || m.NotLater != "" && m.After == ""
	for _, need := range m.needs {
		switch presence := s.Presence(need.Module); {
		case presence == Absent:
			s.listUnder(s.moduleFinding(Install, need.Module), m)
			return
		case presence == Unsure && inEveryVersion:
			s.listUnder(s.moduleFinding(Undetermined, need.Module), m)
			return
		case need.AtLeast != "" && s.Range(need.Module).below(need.AtLeast):
			s.add(Finding{Kind: Update, What: m.What, Name: m.Name, Module: need.Module, Since: need.AtLeast, Has: s.Range(need.Module)})
			return
		}
	}
	switch {
	case s.Presence(m.Module) == Unsure:
		s.listUnder(s.moduleFinding(Undetermined, m.Module), m)
		return
	case s.newEnough(m.Finding):
		m.Kind, m.Reason = Undetermined, NewEnough
	default:
		m.Kind = Update
	}
	m.Has = s.Range(m.Module)
	s.add(m.Finding)
}

// listUnder adds something missing to the finding about the module that explains it.
func (s *resolver) listUnder(f *Finding, m missing) {
	list := m.list(f)
	*list = append(*list, m.Name)
	for _, also := range m.AlsoNeeds {
		if also != f.Module && !slices.Contains(f.AlsoNeeds, also) {
			f.AlsoNeeds = append(f.AlsoNeeds, also)
		}
	}
}

func (s *resolver) requireScope(name string) {
	if strings.EqualFold(name, basic) {
		return
	}
	info, known := bitrix.Scope(name)
	if s.Provided != nil && !anyOf(s.provided, acceptedScopes(strings.ToLower(name))) {
		switch {
		case !known:
			s.add(Finding{Kind: AskVendor, Reason: UnknownName, What: ScopeNeed, Name: name, Nearest: s.nearest(scopeSpelling(), name)})
		case info.Evidence == bitrix.EvidenceInferred && s.ModuleVersions == nil && s.Presence(info.Modules[0]) != Absent:
			f := s.moduleFinding(Undetermined, info.Modules[0])
			f.Scopes = append(f.Scopes, info.Name)
		default:
			s.explain(missing{needs: info.AlsoNeeds(), list: func(f *Finding) *[]string { return &f.Scopes },
				Finding: Finding{What: ScopeNeed, Name: info.Name, Module: info.Modules[0]}})
		}
		return
	}
	if s.Granted != nil && !anyOf(s.granted, acceptedScopes(strings.ToLower(name))) {
		s.permission(cmp.Or(info.Name, name), acceptedScopes(strings.ToLower(name)))
	}
}

// permission returns the finding about a permission that is to be granted.
func (s *resolver) permission(scope string, anyOf []string) *Finding {
	key := strings.ToLower(scope)
	if f := s.permissions[key]; f != nil {
		return f
	}
	f := &Finding{Kind: Grant, What: ScopeNeed, Name: scope, AnyOf: anyOf}
	s.permissions[key] = f
	s.permissionOrder = append(s.permissionOrder, f)
	return f
}

// missingPermission returns the finding about the permission that is missing for something in these scopes, or nil. Of several
// that would do, the one that the requirements name.
func (s *resolver) missingPermission(scopes []string) *Finding {
	if s.Granted == nil || len(scopes) == 0 || anyOf(s.granted, scopes) {
		return nil
	}
	named := slices.IndexFunc(scopes, func(scope string) bool {
		return slices.ContainsFunc(s.req.Scopes, func(r string) bool { return strings.EqualFold(r, scope) })
	})
	return s.permission(scopes[max(named, 0)], scopes)
}

func (s *resolver) requireMethod(name string) {
	lower := strings.ToLower(name)
	m, known := bitrix.Method(lower)
	if !known {
		s.requireUnknownMethod(name)
		return
	}
	f := Finding{What: MethodNeed, Name: m.Name, Module: m.Module, Since: m.Since(), After: m.AbsentIn, NotLater: m.PresentIn}
	switch has := s.method(lower, m, known); {
	case has == bitrix.Yes:
		s.requireMethodPermission(m, lower)
	case has == bitrix.No && m.Deprecated && s.newEnough(f):
		f.Kind, f.Reason, f.Has, f.ReplacedBy = AskVendor, Removed, s.Range(m.Module), m.ReplacedBy
		s.add(f)
		return
	case has == bitrix.No && m.OnlyREST3() && s.lacksREST3() && s.Presence(m.Module) != Absent:
		f.Kind, f.Reason, f.Module, f.Since, f.Has = Update, NoREST3, "rest", bitrix.REST3Since, s.Range("rest")
		s.names = slices.DeleteFunc(s.names, tellsNoREST3)
		s.add(f)
	case has == bitrix.No || s.Presence(m.Module) == Absent:
		s.explain(missing{needs: m.AlsoNeeds(), list: func(f *Finding) *[]string { return &f.Methods }, Finding: f})
	case s.Existing != nil || s.Listed != nil:
		f.Kind, f.Reason = Undetermined, NoAnswer
		s.add(f)
	}
	if m.Deprecated && !s.req.BuiltIn {
		s.add(Finding{Kind: Deprecated, What: MethodNeed, Name: m.Name, Module: m.Module, ReplacedBy: m.ReplacedBy})
	}
}

// tellsNoREST3 reports whether a finding says no more than that REST 3.0 is missing: a draft demands its version of module rest.
func tellsNoREST3(f Finding) bool {
	return f.Kind == Update && f.What == ModuleNeed && strings.EqualFold(f.Name, "rest") && bitrix.CompareVersions(f.AtLeast, bitrix.REST3Since) <= 0
}

// newEnough reports whether the portal's version of the module certainly has, or had, what f is about.
func (s *resolver) newEnough(f Finding) bool {
	first := cmp.Or(f.Since, f.NotLater)
	return first != "" && s.Range(f.Module).atLeast(first)
}

func (s *resolver) requireUnknownMethod(name string) {
	f := Finding{What: MethodNeed, Name: name}
	switch has := s.methodAnywhere(strings.ToLower(name)); {
	case has == bitrix.Yes: // not documented, or younger than the catalogue
		if available, answered := s.Available[strings.ToLower(name)]; answered && !available {
			f.Kind = Grant
			s.add(f)
		}
		return
	case has == bitrix.No:
		f.Kind, f.Reason = AskVendor, UnknownName
	case s.Existing != nil || s.Listed != nil:
		f.Kind, f.Reason = Undetermined, NoAnswer
	default:
		return
	}
	f.Nearest = s.nearest(methodSpelling(), strings.TrimPrefix(name, bitrix.REST3Prefix))
	s.add(f)
}

// requireMethodPermission adds a finding if a method that exists may not be called.
func (s *resolver) requireMethodPermission(m bitrix.MethodInfo, lower string) {
	scopes := scopesOf(m)
	available, answered := s.Available[lower]
	if answered && available {
		return
	}
	if f := s.missingPermission(scopes); f != nil {
		f.Methods = append(f.Methods, m.Name)
	} else if answered {
		s.add(Finding{Kind: Grant, What: MethodNeed, Name: m.Name, Module: m.Module, AnyOf: scopes})
	}
}

func (s *resolver) requireEvent(name string) {
	if bitrix.BoundByPortal(name) {
		return // whether the portal lists it isn't known, and nobody binds it
	}
	e, known := bitrix.Event(name)
	if !known {
		if s.Event(name) == bitrix.No {
			s.add(Finding{Kind: AskVendor, Reason: UnknownName, What: EventNeed, Name: strings.ToUpper(name), Nearest: s.nearest(eventSpelling(), name)})
		}
		return
	}
	switch has := s.Event(name); {
	case has == bitrix.No || has == bitrix.Unknown && s.Presence(e.Module) == Absent:
		s.explain(missing{needs: e.AlsoNeeds(), list: func(f *Finding) *[]string { return &f.Events },
			Finding: Finding{What: EventNeed, Name: e.Name, Module: e.Module}})
	case has == bitrix.Yes:
		if f := s.missingPermission(e.Scopes); f != nil {
			f.Events = append(f.Events, e.Name)
		}
	}
	if e.Deprecated && !s.req.BuiltIn {
		s.add(Finding{Kind: Deprecated, What: EventNeed, Name: e.Name, Module: e.Module})
	}
}
