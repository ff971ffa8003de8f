package checks

import (
	"context"
	"slices"
	"strings"

	"boxready/internal/bitrix"
	"boxready/internal/requirements"
)

// Causes of modules, scopes, methods and events: unmet requirements of an application.
const (
	ModuleMissing        Cause = "module-missing"
	ModuleOutdated       Cause = "module-outdated"
	ModuleVersionUnknown Cause = "module-version-unknown"
	ScopeNotGranted      Cause = "scope-not-granted"
	ScopeUnknown         Cause = "scope-unknown"
	MethodMissing        Cause = "method-missing"
	REST3Missing         Cause = "rest3-missing"
	MethodUnknown        Cause = "method-unknown"
	MethodDeprecated     Cause = "method-deprecated"
	MethodNotPermitted   Cause = "method-not-permitted"
	MethodUnsure         Cause = "method-unsure"
	EventMissing         Cause = "event-missing"
)

// ModulesFacts are what is required and what the portal has. The other checks of this file use them too.
type ModulesFacts struct {
	Credential Credential `json:"credential"`
	// AsApplication means that the credential is the application's own, with the same permissions.
	AsApplication bool         `json:"as_application,omitempty"`
	Required      Required     `json:"required"`
	Granted       []string     `json:"granted,omitempty"`  // scopes of the credential
	Provided      []string     `json:"provided,omitempty"` // scopes of the installed modules
	Methods       []MethodSeen `json:"methods,omitempty"`
	Listed        []string     `json:"listed,omitempty"` // the answer of methods, where the portal has no method.get
	REST3         *bool        `json:"rest3,omitempty"`  // whether the portal has REST 3.0; absent: not asked, or not known
	Events        []string     `json:"events,omitempty"` // none with only a webhook, which may not ask for them
	// Versions are those of the installed modules, as the portal's server reported them; none without it.
	Versions   map[string]string `json:"versions,omitempty"`
	Unanswered *Call             `json:"unanswered,omitempty"`
	Refused    []RefusedCommand  `json:"refused,omitempty"`
}

// RefusedCommand is the answer to a command of the first batch that gave no list.
type RefusedCommand struct {
	Lacks string `json:"lacks"` // granted, provided, events or methods
	Call
}

// Required are the names in the requirements.
type Required struct {
	BuiltIn bool              `json:"built_in,omitempty"` // without a file: what every application needs
	Modules map[string]string `json:"modules,omitempty"`  // oldest sufficient version, or ""
	Scopes  []string          `json:"scopes,omitempty"`
	Methods []string          `json:"methods,omitempty"`
	Events  []string          `json:"events,omitempty"`
}

func requiredOf(r *requirements.Requirements) Required {
	required := Required{BuiltIn: r.BuiltIn, Scopes: r.Scopes, Methods: r.Methods, Events: r.Events}
	if r.Modules != nil {
		required.Modules = map[string]string{}
	}
	for _, m := range r.Modules {
		required.Modules[m.Name] = m.AtLeast
	}
	return required
}

func (r Required) requirements() *requirements.Requirements {
	q := &requirements.Requirements{BuiltIn: r.BuiltIn, Scopes: r.Scopes, Methods: r.Methods, Events: r.Events}
	for name, version := range r.Modules {
		q.Modules = append(q.Modules, requirements.Module{Name: name, AtLeast: version})
	}
	slices.SortFunc(q.Modules, func(a, b requirements.Module) int { return strings.Compare(a.Name, b.Name) })
	return q
}

func observeModules(ctx context.Context, env *Env) (*ModulesFacts, error) {
	b, err := env.askFirstBatch(ctx)
	if err != nil {
		return nil, err
	}
	inv, err := env.askInventory(ctx)
	if err != nil {
		return nil, err
	}
	f := &ModulesFacts{
		Credential: inv.credential, AsApplication: env.target.AsApplication, Required: requiredOf(env.target.required()),
		Granted: b.names("granted"), Provided: b.names("provided"), Events: b.names("events"),
		Methods: inv.methods, Listed: inv.listed, REST3: inv.rest3, Versions: env.moduleVersions(), Unanswered: inv.unanswered,
	}
	for _, key := range []string{"granted", "provided", "events"} {
		if call := b.command(key); b.items[key].Error != nil && !call.answered() {
			f.Refused = append(f.Refused, RefusedCommand{Lacks: key, Call: call})
		}
	}
	if inv.refused != nil && inv.listed == nil {
		f.Refused = append(f.Refused, RefusedCommand{Lacks: "methods", Call: *inv.refused})
	}
	return f, nil
}

// Inventory returns what is known of the portal.
func (f *ModulesFacts) Inventory() *requirements.Inventory {
	inv := &requirements.Inventory{Provided: f.Provided, Granted: f.Granted, Listed: f.Listed, REST3: f.REST3, Events: f.Events,
		Existing: map[string]bool{}, Available: map[string]bool{}, ModuleVersions: f.Versions}
	for _, m := range f.Methods {
		if m.Existing != nil {
			inv.Existing[m.Name] = *m.Existing
		}
		if m.Available != nil {
			inv.Available[m.Name] = *m.Available
		}
	}
	return inv
}

// findings compares what is required with what the portal has.
func (f *ModulesFacts) findings() []requirements.Finding {
	return requirements.Resolve(f.Required.requirements(), f.Inventory())
}

// RequirementFacts are the facts of a check that depends on those of modules: the findings of its own kind.
type RequirementFacts struct {
	Credential Credential             `json:"credential"`
	Findings   []requirements.Finding `json:"findings,omitempty"`
}

// observeRequirement takes the findings of one kind from the modules' facts.
func observeRequirement(what requirements.What) func(context.Context, *Env) (*RequirementFacts, error) {
	return func(_ context.Context, env *Env) (*RequirementFacts, error) {
		f := factsOf[ModulesFacts](env.factsByCheck(), RequiredModules)
		if f == nil {
			return &RequirementFacts{Credential: env.credential()}, nil
		}
		return &RequirementFacts{Credential: f.Credential, Findings: filter(f.findings(), func(n requirements.Finding) bool { return n.What == what })}, nil
	}
}

// judgeRequirement judges the findings of one kind. Without the modules' facts there are no results.
func judgeRequirement(judge func(*ModulesFacts, []requirements.Finding) []Result) func(*RequirementFacts, FactsByCheck) []Result {
	return func(_ *RequirementFacts, seen FactsByCheck) []Result {
		f := factsOf[ModulesFacts](seen, RequiredModules)
		if f == nil {
			return skipped(RequiredModules)
		}
		return about(judge(f, f.findings()), f.args())
	}
}

// args are the values for every sentence about requirements.
func (f *ModulesFacts) args() Args {
	return Args{"credential": string(f.Credential), "built_in": f.Required.BuiltIn}
}

func filter(all []requirements.Finding, wanted func(requirements.Finding) bool) (found []requirements.Finding) {
	for _, f := range all {
		if wanted(f) {
			found = append(found, f)
		}
	}
	return found
}

func is(kind requirements.Kind, what requirements.What) func(requirements.Finding) bool {
	return func(f requirements.Finding) bool { return f.Kind == kind && f.What == what }
}

// forFindings returns r with the findings' values, nil without findings.
func forFindings(r Result, found []requirements.Finding) []Result {
	if found == nil {
		return nil
	}
	return one(r.with(needArgs(found)))
}

func needArgs(found []requirements.Finding) Args {
	var names []string
	for _, f := range found {
		names = append(names, f.Name)
	}
	return Args{"names": names, "count": len(names), "needs": found}
}

// unansweredOr adds a result for the call, or else the command, that got no answer, if any, to the others.
func (f *ModulesFacts) unansweredOr(results []Result, lacks string) []Result {
	unanswered := f.Unanswered
	if refused := f.refused(lacks); unanswered == nil && refused != nil {
		unanswered = refused
	}
	if unanswered == nil {
		return orOK(results)
	}
	if fault := unanswered.fault(); len(results) == 0 || fault[0].State == Unknown {
		return append(results, fault...)
	}
	return results
}

// refused is the answer to the command whose list is lacking, nil if it was not refused.
func (f *ModulesFacts) refused(lacks string) *Call {
	for i, r := range f.Refused {
		if r.Lacks == lacks {
			return &f.Refused[i].Call
		}
	}
	return nil
}

func judgeModules(f *ModulesFacts, _ FactsByCheck) []Result {
	all := f.findings()
	results := slices.Concat(
		forFindings(problem(ModuleMissing, PortalAdmin), filter(all, is(requirements.Install, requirements.ModuleNeed))),
		// A permission that an installed module doesn't offer needs a newer version.
		forFindings(problem(ModuleOutdated, PortalAdmin), filter(all, func(n requirements.Finding) bool {
			return n.Kind == requirements.Update && (n.What == requirements.ModuleNeed || n.What == requirements.ScopeNeed)
		})),
		forFindings(unknown(ModuleVersionUnknown, PortalAdmin), filter(all, func(n requirements.Finding) bool {
			_, demanded := f.Required.Modules[n.Name]
			return (demanded || n.Scopes != nil) && is(requirements.Undetermined, requirements.ModuleNeed)(n)
		})),
	)
	if f.Provided == nil {
		return about(f.unansweredOr(results, "provided"), f.args())
	}
	return about(orOK(results), f.args())
}

// judgeScopes judges permissions. That BoxReady's own credential lacks one proves nothing about the application's: then it is a
// box to tick, and no finding.
func judgeScopes(f *ModulesFacts, all []requirements.Finding) []Result {
	results := forFindings(notice(ScopeUnknown, Vendor).with(Args{"as_of": bitrix.CatalogueInfo().Day()}), filter(all, is(requirements.AskVendor, requirements.ScopeNeed)))
	lacking := filter(all, is(requirements.Grant, requirements.ScopeNeed))
	if f.AsApplication {
		results = append(results, forFindings(problem(ScopeNotGranted, PortalAdmin), lacking)...)
	}
	if f.Granted == nil {
		return f.unansweredOr(results, "granted")
	}
	if len(results) == 0 {
		return about(ok(), Args{"tick": f.toTick(), "application": f.AsApplication})
	}
	return results
}

// toTick returns the permissions to grant when the application is installed.
func (f *ModulesFacts) toTick() []string {
	tick := slices.Clone(f.Required.Scopes)
	for _, n := range filter(f.findings(), is(requirements.Grant, requirements.ScopeNeed)) {
		if !slices.Contains(tick, n.Name) {
			tick = append(tick, n.Name)
		}
	}
	return tick
}

func judgeMethods(f *ModulesFacts, all []requirements.Finding) []Result {
	if f.Unanswered != nil && !slices.ContainsFunc(f.Methods, func(m MethodSeen) bool { return m.Existing != nil }) && f.Listed == nil {
		return f.Unanswered.fault() // nothing is known of any method
	}
	results := slices.Concat(
		forFindings(problem(REST3Missing, PortalAdmin), filter(all, func(n requirements.Finding) bool { return n.Reason == requirements.NoREST3 })),
		forFindings(problem(MethodMissing, PortalAdmin), filter(all, func(n requirements.Finding) bool {
			return is(requirements.Update, requirements.MethodNeed)(n) && n.Reason != requirements.NoREST3
		})),
		forFindings(notice(MethodUnknown, Vendor).with(Args{"as_of": bitrix.CatalogueInfo().Day()}), filter(all, is(requirements.AskVendor, requirements.MethodNeed))),
		forFindings(notice(MethodDeprecated, Vendor), filter(all, is(requirements.Deprecated, requirements.MethodNeed))),
	)
	if f.refused("methods") == nil { // otherwise what the portal said decides
		results = append(results, forFindings(unknown(MethodUnsure, PortalAdmin), unsureMethods(all))...)
	}
	if f.AsApplication {
		results = append(results, forFindings(problem(MethodNotPermitted, PortalAdmin), filter(all, is(requirements.Grant, requirements.MethodNeed)))...)
	}
	return f.unansweredOr(results, "methods")
}

// unsureMethods returns those of which nothing is known, and those that may be missing with their module.
func unsureMethods(all []requirements.Finding) []requirements.Finding {
	return filter(all, func(n requirements.Finding) bool {
		return n.Kind == requirements.Undetermined && (n.What == requirements.MethodNeed || n.What == requirements.ModuleNeed && n.Methods != nil)
	})
}

func judgeEvents(f *ModulesFacts, all []requirements.Finding) []Result {
	missing := filter(all, func(n requirements.Finding) bool {
		// A missing event is certain even if the module's state isn't.
		if f.Events != nil && is(requirements.Undetermined, requirements.ModuleNeed)(n) && n.Events != nil {
			return true
		}
		return n.What == requirements.EventNeed && (n.Kind == requirements.Update || n.Kind == requirements.AskVendor || n.Kind == requirements.Undetermined)
	})
	results := forFindings(problem(EventMissing, PortalAdmin), missing)
	if f.Events == nil {
		if f.Unanswered != nil || f.refused("events") != nil {
			return f.unansweredOr(results, "events")
		}
		return one(unknown(UnexpectedAnswer, ""))
	}
	return orOK(results)
}
