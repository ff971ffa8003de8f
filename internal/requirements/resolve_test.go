package requirements_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"boxready/internal/bitrix"
	"boxready/internal/requirements"

	"github.com/google/go-cmp/cmp"
)

// portal is the inventory of a portal with every module of the catalogue but some.
func portal(without ...string) *requirements.Inventory {
	inv := &requirements.Inventory{Existing: map[string]bool{}, Available: map[string]bool{}}
	for _, s := range bitrix.Scopes() {
		if slices.ContainsFunc(s.Modules, func(m string) bool { return !slices.Contains(without, m) }) {
			inv.Provided = append(inv.Provided, s.Name)
		}
	}
	inv.Granted = inv.Provided
	for m := range bitrix.Methods() {
		if m.API2 {
			there := !slices.Contains(without, m.Module)
			inv.Existing[strings.ToLower(m.Name)], inv.Available[strings.ToLower(m.Name)] = there, there
		}
	}
	for e := range bitrix.Events() {
		if !slices.Contains(without, e.Module) {
			inv.Events = append(inv.Events, e.Name)
		}
	}
	return inv
}

// withoutDeprecated drops the findings about deprecated names.
func withoutDeprecated(findings []requirements.Finding) []requirements.Finding {
	return slices.DeleteFunc(findings, func(f requirements.Finding) bool { return f.Kind == requirements.Deprecated })
}

func one(t *testing.T, name string, findings []requirements.Finding) requirements.Finding {
	t.Helper()
	findings = withoutDeprecated(findings)
	if len(findings) != 1 {
		t.Fatalf("%s: expected one finding, got %+v", name, findings)
	}
	return findings[0]
}

// unprovable are the modules whose absence can't be proved from the catalogue: their scopes are inferred, or
// shared with another module.
var unprovable = []string{"ai", "biconnector", "call", "imbot", "imconnector", "imopenlines", "note", "sign"}

func TestNothingIsMissingOnACompletePortal(t *testing.T) {
	all := &requirements.Requirements{}
	for m := range bitrix.Methods() {
		if m.API2 {
			all.Methods = append(all.Methods, m.Name)
		}
	}
	for e := range bitrix.Events() {
		all.Events = append(all.Events, e.Name)
	}
	for _, s := range bitrix.Scopes() {
		all.Scopes = append(all.Scopes, s.Name)
	}
	if found := withoutDeprecated(requirements.Resolve(all, portal())); len(found) != 0 {
		t.Errorf("%+v", found)
	}
}

func TestEveryMethodWithoutItsModule(t *testing.T) {
	without := map[string]*requirements.Index{}
	for m := range bitrix.Methods() {
		if m.Module == "rest" || m.Module == "main" {
			continue // no portal works without them
		}
		if without[m.Module] == nil {
			without[m.Module] = portal(m.Module).Index()
		}
		f := one(t, m.Name, without[m.Module].Resolve(&requirements.Requirements{Methods: []string{m.Name}}))
		want := requirements.Finding{Kind: requirements.Install, What: requirements.ModuleNeed}
		switch {
		case !slices.Contains(unprovable, m.Module):
		case !m.API2:
			want = requirements.Finding{Kind: requirements.Undetermined, Reason: requirements.NoAnswer, What: requirements.MethodNeed}
		default:
			want = requirements.Finding{Kind: requirements.Undetermined, Reason: requirements.ModuleUnsure, What: requirements.ModuleNeed}
		}
		if f.Kind != want.Kind || f.What != want.What || f.Reason != want.Reason || f.Module != m.Module {
			t.Errorf("%s: %+v", m.Name, f)
		}
		if f.What == requirements.ModuleNeed && !slices.Equal(f.Methods, []string{m.Name}) {
			t.Errorf("%s: methods %v", m.Name, f.Methods)
		}
	}
}

func TestEveryMethodWithItsModuleTooOld(t *testing.T) {
	inv := portal()
	for m := range bitrix.Methods() {
		answers := maps.Clone(inv.Existing)
		for other := range bitrix.Methods() { // what tells the module's age is removed too
			if other.Module == m.Module && (other.AbsentIn != "" || other.Since() != "") {
				delete(answers, strings.ToLower(other.Name))
			}
		}
		if m.API2 {
			answers[strings.ToLower(m.Name)] = false
		}
		old := *inv
		old.Existing = answers
		f := one(t, m.Name, requirements.Resolve(&requirements.Requirements{Methods: []string{m.Name}}, &old))
		want := requirements.Finding{Kind: requirements.Update}
		switch {
		case !m.API2:
			want = requirements.Finding{Kind: requirements.Undetermined, Reason: requirements.NoAnswer}
		case strings.HasPrefix(m.Name, "log.") && m.AbsentIn == "":
			// Every version known has it together with module blog, which REST doesn't show.
			if f.Kind != requirements.Undetermined || f.Module != "blog" {
				t.Errorf("%s: %+v", m.Name, f)
			}
			continue
		}
		if f.Kind != want.Kind || f.Reason != want.Reason || f.What != requirements.MethodNeed || f.Name != m.Name || f.Module != m.Module {
			t.Errorf("%s: %+v", m.Name, f)
		}
		if f.Since != m.Since() || f.After != m.AbsentIn || f.NotLater != m.PresentIn {
			t.Errorf("%s: versions %+v", m.Name, f)
		}
	}
}

func TestEveryMethodWithoutThePermission(t *testing.T) {
	inv := portal()
	inv.Granted = []string{"nothing-of-that-kind"}
	for m := range bitrix.Methods() {
		if !m.API2 {
			continue // method.get doesn't know them
		}
		inv.Available = map[string]bool{strings.ToLower(m.Name): false}
		f := one(t, m.Name, requirements.Resolve(&requirements.Requirements{Methods: []string{m.Name}}, inv))
		if f.Kind != requirements.Grant || !slices.Contains(f.AnyOf, m.Scope) {
			t.Errorf("%s: %+v", m.Name, f)
		}
		if byScope := f.What == requirements.ScopeNeed && slices.Equal(f.Methods, []string{m.Name}); m.Scope != "basic" && !byScope {
			t.Errorf("%s isn't listed with its permission: %+v", m.Name, f)
		}
	}
}

func TestEveryEvent(t *testing.T) {
	for e := range bitrix.Events() {
		need := &requirements.Requirements{Events: []string{e.Name}}
		if bitrix.BoundByPortal(e.Name) {
			if found := requirements.Resolve(need, portal()); len(found) > 0 {
				t.Errorf("%s, which no application binds: %+v", e.Name, found)
			}
			continue
		}
		if e.Module != "rest" {
			f := one(t, e.Name, requirements.Resolve(need, portal(e.Module)))
			want := requirements.Install
			if slices.Contains(unprovable, e.Module) {
				want = requirements.Undetermined
			}
			if f.Kind != want || f.Module != e.Module || !slices.Equal(f.Events, []string{e.Name}) {
				t.Errorf("%s without its module: %+v", e.Name, f)
			}
		}

		inv := portal()
		inv.Events = slices.DeleteFunc(inv.Events, func(name string) bool { return name == e.Name })
		f := one(t, e.Name, requirements.Resolve(need, inv))
		if f.Kind != requirements.Update || f.What != requirements.EventNeed || f.Name != e.Name || f.Module != e.Module {
			t.Errorf("%s too old: %+v", e.Name, f)
		}

		inv = portal()
		inv.Granted = []string{"nothing-of-that-kind"}
		found := requirements.Resolve(need, inv)
		if e.Scope == "basic" {
			if len(found) != 0 {
				t.Errorf("%s needs no permission: %+v", e.Name, found)
			}
			continue
		}
		if f := one(t, e.Name, found); f.Kind != requirements.Grant || f.What != requirements.ScopeNeed || !slices.Equal(f.Events, []string{e.Name}) {
			t.Errorf("%s without the permission: %+v", e.Name, f)
		}
	}
}

func TestAMissingModuleIsReportedOnce(t *testing.T) {
	for _, module := range bitrix.Modules() {
		need := &requirements.Requirements{}
		for m := range bitrix.Methods() {
			if m.Module == module.Name && m.API2 {
				need.Methods = append(need.Methods, m.Name)
			}
		}
		for e := range bitrix.Events() {
			if e.Module == module.Name {
				need.Events = append(need.Events, e.Name, strings.ToLower(e.Name))
			}
		}
		for _, name := range module.Scopes {
			if s, _ := bitrix.Scope(name); len(s.Modules) == 1 {
				need.Scopes = append(need.Scopes, name)
			}
		}
		if module.Name == "rest" || module.Name == "main" || len(need.Methods)+len(need.Scopes) == 0 {
			continue
		}
		need.Modules = []requirements.Module{{Name: module.Name}}
		f := one(t, module.Name, requirements.Resolve(need, portal(module.Name)))
		if f.What != requirements.ModuleNeed || f.Name != module.Name {
			t.Errorf("%s: %+v", module.Name, f)
		}
		if !slices.Equal(f.Methods, need.Methods) || !slices.Equal(f.Scopes, need.Scopes) || len(f.Events) != len(need.Events)/2 {
			t.Errorf("%s: %d methods of %d, %d events of %d, scopes %v of %v", module.Name, len(f.Methods), len(need.Methods),
				len(f.Events), len(need.Events)/2, f.Scopes, need.Scopes)
		}
	}
}

// Methods of REST 3.0 can be asked about under /rest/api/ alone. One that certainly doesn't exist counts as any other absent method.
func TestAbsentMethodsOfREST3(t *testing.T) {
	for m := range bitrix.Methods() {
		if m.API2 {
			continue
		}
		need := &requirements.Requirements{Methods: []string{m.Name}}
		inv := portal()
		inv.Existing[strings.ToLower(m.Name)] = false
		f := one(t, m.Name, requirements.Resolve(need, inv))
		inferred := m.Module == "call" && f.Kind == requirements.Undetermined && f.Reason == requirements.ModuleUnsure // it has no other methods
		if !inferred && (f.Kind != requirements.Update || f.What != requirements.MethodNeed || f.Name != m.Name) || f.Module != m.Module {
			t.Errorf("%s: %+v", m.Name, f)
		}
		inv.Existing[strings.ToLower(m.Name)] = true
		if found := withoutDeprecated(requirements.Resolve(need, inv)); len(found) != 0 {
			t.Errorf("%s is there: %+v", m.Name, found)
		}
		inv.Existing[strings.ToLower(m.Name)], inv.Existing["method.get"] = false, false
		old := portal()
		old.REST3 = new(false)
		for why, before := range map[string]*requirements.Inventory{"too old for method.get": inv, "no /rest/api/": old} {
			f := one(t, m.Name, requirements.Resolve(need, before))
			if f.Kind != requirements.Update || f.What != requirements.MethodNeed || f.Reason != requirements.NoREST3 || f.Module != "rest" || f.Since != bitrix.REST3Since {
				t.Errorf("%s, %s: %+v", m.Name, why, f)
			}
		}
	}
}

// A portal too old for method.get answers methods, which never lists controllers.
func TestWhatTheListOfMethodsOmitsIsNotMissing(t *testing.T) {
	inv := portal()
	inv.Existing, inv.Available, inv.Listed = nil, nil, []string{"batch"}
	x := inv.Index()
	unsure := 0
	for m := range bitrix.Methods() {
		f := withoutDeprecated(x.Resolve(&requirements.Requirements{Methods: []string{m.Name}}))
		switch {
		case m.Name == "batch":
			if len(f) != 0 {
				t.Errorf("%s is listed: %+v", m.Name, f)
			}
		case m.InMethodsList == bitrix.Yes:
			if g := one(t, m.Name, f); g.Kind != requirements.Update && g.Module != "blog" {
				t.Errorf("%s would be listed: %+v", m.Name, f)
			}
		default:
			unsure++
			if g := one(t, m.Name, f); g.Kind != requirements.Undetermined || g.Reason != requirements.NoAnswer {
				t.Errorf("%s is never listed: %+v", m.Name, g)
			}
		}
	}
	if unsure != 673+88 {
		t.Errorf("%d methods are never listed", unsure)
	}
}

func TestResolve(t *testing.T) {
	withoutMethods := func(inv *requirements.Inventory, names ...string) *requirements.Inventory {
		for _, name := range names {
			inv.Existing[strings.ToLower(name)] = false
		}
		return inv
	}
	with := func(change func(*requirements.Inventory)) *requirements.Inventory {
		inv := portal()
		change(inv)
		return inv
	}
	no := func(list []string, names ...string) []string {
		return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(names, s) })
	}
	type req = requirements.Requirements
	type finding = requirements.Finding
	for _, c := range []struct {
		name string
		req  req
		inv  *requirements.Inventory
		want []finding
	}{
		{"an empty file", req{}, portal(), nil},
		{"nothing known of the portal", req{Scopes: []string{"crm", "nonsense"}, Methods: []string{"crm.item.list", "no.such"}, Events: []string{"ONCRMDEALADD"},
			Modules: []requirements.Module{{Name: "crm"}}}, &requirements.Inventory{}, nil},
		{"letter case and repeats don't matter", req{Scopes: []string{"CRM", "crm", "basic"}, Methods: []string{"CRM.Item.List", "crm.item.list"}, Events: []string{"OnCrmDealAdd"}}, portal(), nil},
		{"an event of one type of items", req{Events: []string{"onCrmDynamicItemAdd_147"}}, portal(), nil},
		{"the portal names one type only", req{Events: []string{"ONCRMDYNAMICITEMADD"}}, with(func(inv *requirements.Inventory) { inv.Events = []string{"ONCRMDYNAMICITEMADD_147"} }), nil},
		{"undocumented but there", req{Methods: []string{"mobile.counter.get"}, Scopes: []string{"newscope"}, Events: []string{"ONNEW"}},
			with(func(inv *requirements.Inventory) {
				inv.Existing["mobile.counter.get"] = true
				inv.Provided = append(inv.Provided, "newscope")
				inv.Granted = inv.Provided
				inv.Events = append(inv.Events, "ONNEW")
			}), nil},
		{"undocumented, there, not permitted", req{Methods: []string{"mobile.counter.get"}}, with(func(inv *requirements.Inventory) {
			inv.Existing["mobile.counter.get"], inv.Available["mobile.counter.get"] = true, false
		}), []finding{{Kind: requirements.Grant, What: requirements.MethodNeed, Name: "mobile.counter.get"}}},
		{"names that exist nowhere", req{Methods: []string{"crm.deal.category.list"}, Scopes: []string{"taks"}, Events: []string{"OnCrmDealAd"}},
			withoutMethods(portal(), "crm.deal.category.list", "api/crm.deal.category.list"), []finding{
				{Kind: requirements.AskVendor, Reason: requirements.UnknownName, What: requirements.ScopeNeed, Name: "taks", Nearest: []string{"task", "tasks"}},
				{Kind: requirements.AskVendor, Reason: requirements.UnknownName, What: requirements.MethodNeed, Name: "crm.deal.category.list", Nearest: []string{"crm.dealcategory.list"}},
				{Kind: requirements.AskVendor, Reason: requirements.UnknownName, What: requirements.EventNeed, Name: "ONCRMDEALAD", Nearest: []string{"ONCRMDEALADD"}},
			}},
		{"a name that the portal didn't answer for", req{Methods: []string{"crm.item.lst"}}, portal(), []finding{
			{Kind: requirements.Undetermined, Reason: requirements.NoAnswer, What: requirements.MethodNeed, Name: "crm.item.lst", Nearest: []string{"crm.item.list"}}}},

		{"younger than the catalogue, in REST 3.0", req{Methods: []string{"crm.deal.younger"}}, with(func(inv *requirements.Inventory) {
			inv.Existing["crm.deal.younger"], inv.Existing["api/crm.deal.younger"] = false, true
		}), nil},
		{"looked up one way only", req{Methods: []string{"crm.deal.lits", "api/crm.deal.lits"}}, withoutMethods(portal(), "crm.deal.lits"), []finding{
			{Kind: requirements.Undetermined, Reason: requirements.NoAnswer, What: requirements.MethodNeed, Name: "crm.deal.lits", Nearest: []string{"crm.deal.list"}},
			{Kind: requirements.Undetermined, Reason: requirements.NoAnswer, What: requirements.MethodNeed, Name: "api/crm.deal.lits", Nearest: []string{"crm.deal.list"}}}},
		{"unknown, and there is no REST 3.0", req{Methods: []string{"crm.deal.lits", "api/crm.deal.lits"}}, with(func(inv *requirements.Inventory) {
			inv.Existing["crm.deal.lits"], inv.REST3 = false, new(false)
		}), []finding{
			{Kind: requirements.AskVendor, Reason: requirements.UnknownName, What: requirements.MethodNeed, Name: "crm.deal.lits", Nearest: []string{"crm.deal.list"}},
			{Kind: requirements.AskVendor, Reason: requirements.UnknownName, What: requirements.MethodNeed, Name: "api/crm.deal.lits", Nearest: []string{"crm.deal.list"}}}},
		{"there in one generation, needed in the other", req{Methods: []string{"tasks.task.get", "api/tasks.task.get"}}, with(func(inv *requirements.Inventory) {
			inv.Existing["api/tasks.task.get"], inv.REST3 = false, new(true)
		}), []finding{{Kind: requirements.Update, What: requirements.MethodNeed, Name: "api/tasks.task.get", Module: "tasks", Has: requirements.Range{AtLeast: "19.0.600"}}}},
		{"REST 3.0 shows the version of module rest", req{Modules: []requirements.Module{{Name: "rest", AtLeast: "25.800.0"}, {Name: "rest", AtLeast: "26.0.0"}}},
			with(func(inv *requirements.Inventory) { inv.REST3 = new(true) }), []finding{
				{Kind: requirements.Undetermined, Reason: requirements.VersionUnsure, What: requirements.ModuleNeed, Name: "rest", Module: "rest", AtLeast: "26.0.0", Has: requirements.Range{AtLeast: "25.800.0"}}}},
		{"no REST 3.0 shows it, too", req{Modules: []requirements.Module{{Name: "rest", AtLeast: "25.800.0"}}},
			with(func(inv *requirements.Inventory) { inv.REST3 = new(false) }), []finding{
				{Kind: requirements.Update, What: requirements.ModuleNeed, Name: "rest", Module: "rest", AtLeast: "25.800.0", Has: requirements.Range{AtLeast: "20.0.500", Below: "25.800.0"}}}},
		{"a draft's version of module rest tells the same as its methods", req{Methods: []string{"api/tasks.task.get"}, Modules: []requirements.Module{{Name: "rest", AtLeast: "25.800.0"}}},
			with(func(inv *requirements.Inventory) { inv.REST3 = new(false) }), []finding{
				{Kind: requirements.Update, Reason: requirements.NoREST3, What: requirements.MethodNeed, Name: "api/tasks.task.get", Module: "rest", Since: "25.800.0", Has: requirements.Range{AtLeast: "20.0.500", Below: "25.800.0"}}}},
		{"a permission of REST 3.0", req{Methods: []string{"api/tasks.task.get"}}, with(func(inv *requirements.Inventory) {
			inv.Granted, inv.Existing["api/tasks.task.get"] = []string{"task"}, true
		}), []finding{{Kind: requirements.Grant, What: requirements.ScopeNeed, Name: "tasks", AnyOf: []string{"tasks"}, Methods: []string{"api/tasks.task.get"}}}},
		{"an event that the portal binds", req{Events: []string{"onAppUserReady"}}, portal(), nil},

		{"a method that needs another module", req{Methods: []string{"crm.documentgenerator.document.add"}}, withoutMethods(portal("documentgenerator"), "crm.documentgenerator.document.add"), []finding{
			{Kind: requirements.Install, What: requirements.ModuleNeed, Name: "documentgenerator", Module: "documentgenerator", Methods: []string{"crm.documentgenerator.document.add"}}}},
		{"the other module is there, so this one is too old", req{Methods: []string{"crm.item.payment.add"}},
			with(func(inv *requirements.Inventory) { inv.Existing = map[string]bool{"crm.item.payment.add": false} }), []finding{
				{Kind: requirements.Update, What: requirements.MethodNeed, Name: "crm.item.payment.add", Module: "crm"}}},
		{"both modules are missing", req{Methods: []string{"crm.orderentity.list"}}, withoutMethods(portal("crm", "sale"), "crm.orderentity.list"), []finding{
			{Kind: requirements.Install, What: requirements.ModuleNeed, Name: "crm", Module: "crm", Methods: []string{"crm.orderentity.list"}, AlsoNeeds: []string{"sale"}}}},
		{"the other module can't be seen at all", req{Methods: []string{"log.blogpost.add"}}, with(func(inv *requirements.Inventory) { inv.Existing = map[string]bool{"log.blogpost.add": false} }), []finding{
			{Kind: requirements.Undetermined, Reason: requirements.ModuleUnsure, What: requirements.ModuleNeed, Name: "blog", Module: "blog", Methods: []string{"log.blogpost.add"}}}},
		{"or the version of either", req{Methods: []string{"log.blogcomment.add"}}, with(func(inv *requirements.Inventory) { inv.Existing = map[string]bool{"log.blogcomment.add": false} }), []finding{
			{Kind: requirements.Update, What: requirements.MethodNeed, Name: "log.blogcomment.add", Module: "socialnetwork", After: "17.6.1", NotLater: "19.0.300", AlsoNeeds: []string{"blog"}}}},
		{"the scope needs another module", req{Scopes: []string{"entity"}, Methods: []string{"entity.add"}},
			with(func(inv *requirements.Inventory) {
				inv.Provided = no(inv.Provided, "entity", "iblock")
				inv.Existing["entity.add"] = false
			}), []finding{
				{Kind: requirements.Undetermined, Reason: requirements.ModuleUnsure, What: requirements.ModuleNeed, Name: "iblock", Module: "iblock", Scopes: []string{"entity"}, Methods: []string{"entity.add"}}}},
		{"users need the intranet", req{Scopes: []string{"user"}, Methods: []string{"user.current"}},
			with(func(inv *requirements.Inventory) {
				inv.Provided = no(portal("intranet").Provided, "user", "user_basic", "user_brief")
				inv.Existing = map[string]bool{"user.current": false}
			}), []finding{
				{Kind: requirements.Install, What: requirements.ModuleNeed, Name: "intranet", Module: "intranet", Scopes: []string{"user"}, Methods: []string{"user.current"}}}},
		{"the documentation ties a method to another module's version", req{Methods: []string{"catalog.documentcontractor.list"}},
			with(func(inv *requirements.Inventory) {
				inv.Existing = map[string]bool{"catalog.documentcontractor.list": false, "method.get": false}
			}), []finding{
				{Kind: requirements.Update, What: requirements.MethodNeed, Name: "catalog.documentcontractor.list", Module: "rest", Since: "23.100.0", Has: requirements.Range{Below: "23.100.0"}}}},

		{"a module known in versions without REST", req{Scopes: []string{"sale"}}, portal("sale"), []finding{
			{Kind: requirements.Install, What: requirements.ModuleNeed, Name: "sale", Module: "sale", Scopes: []string{"sale"}, After: "17.0.8", NotLater: "17.6.2"}}},
		{"a scope inferred", req{Scopes: []string{"note"}}, portal("note"), []finding{
			{Kind: requirements.Undetermined, Reason: requirements.ModuleUnsure, What: requirements.ModuleNeed, Name: "note", Module: "note", Scopes: []string{"note"}}}},
		{"a scope inferred, of a module that surely isn't there", req{Scopes: []string{"mail"}, Methods: []string{"mailservice.list"}}, portal("mail"), []finding{
			{Kind: requirements.Install, What: requirements.ModuleNeed, Name: "mail", Module: "mail", Scopes: []string{"mail"}, Methods: []string{"mailservice.list"}}}},
		{"a scope that its module lacks", req{Scopes: []string{"pay_system"}}, with(func(inv *requirements.Inventory) { inv.Provided = no(inv.Provided, "pay_system") }), []finding{
			{Kind: requirements.Update, What: requirements.ScopeNeed, Name: "pay_system", Module: "sale", Has: requirements.Range{AtLeast: "23.200.0"}}}},

		{"smaller scopes stand in for user", req{Scopes: []string{"user"}, Methods: []string{"user.get"}}, with(func(inv *requirements.Inventory) { inv.Granted = []string{"user_brief"} }), nil},
		{"but not for adding users", req{Methods: []string{"user.add"}}, with(func(inv *requirements.Inventory) {
			inv.Granted, inv.Available = []string{"user_brief"}, nil
		}), []finding{{Kind: requirements.Grant, What: requirements.ScopeNeed, Name: "user", AnyOf: []string{"user"}, Methods: []string{"user.add"}}}},
		{"task and tasks are one", req{Scopes: []string{"task"}, Methods: []string{"tasks.task.list"}}, with(func(inv *requirements.Inventory) {
			inv.Granted, inv.Available = []string{"tasks"}, nil
		}), nil},
		{"a permission and what it would open", req{Scopes: []string{"crm"}, Methods: []string{"crm.item.list", "crm.item.get"}, Events: []string{"ONCRMDEALADD"}},
			with(func(inv *requirements.Inventory) { inv.Granted, inv.Available = []string{"im"}, nil }), []finding{
				{Kind: requirements.Grant, What: requirements.ScopeNeed, Name: "crm", AnyOf: []string{"crm"}, Methods: []string{"crm.item.list", "crm.item.get"}, Events: []string{"ONCRMDEALADD"}}}},
		{"not permitted although the permission is there", req{Methods: []string{"crm.item.get"}}, with(func(inv *requirements.Inventory) { inv.Available["crm.item.get"] = false }), []finding{
			{Kind: requirements.Grant, What: requirements.MethodNeed, Name: "crm.item.get", Module: "crm", AnyOf: []string{"crm"}}}},
		{"of several scopes the one that is named", req{Scopes: []string{"call"}, Methods: []string{"voximplant.infocall.startwithtext"}},
			with(func(inv *requirements.Inventory) { inv.Granted, inv.Available = []string{"im"}, nil }), []finding{
				{Kind: requirements.Grant, What: requirements.ScopeNeed, Name: "call", AnyOf: []string{"call"}, Methods: []string{"voximplant.infocall.startwithtext"}}}},

		{"REST 3.0 on an old rest module", req{Methods: []string{"rest.scope.list"}}, &requirements.Inventory{ModuleVersions: map[string]string{"rest": "25.600.100"}}, []finding{
			{Kind: requirements.Update, What: requirements.MethodNeed, Name: "rest.scope.list", Module: "rest", Reason: requirements.NoREST3, Since: "25.800.0", Has: requirements.Range{Exactly: "25.600.100"}}}},

		{"deprecated, with a successor", req{Methods: []string{"catalog.document.confirm"}}, portal(), []finding{
			{Kind: requirements.Deprecated, What: requirements.MethodNeed, Name: "catalog.document.confirm", Module: "catalog", ReplacedBy: "catalog.document.conduct"}}},
		{"deprecated in the built-in file: not reported", req{BuiltIn: true, Methods: []string{"catalog.document.confirm"}}, portal(), nil},
		{"deprecated and gone", req{Methods: []string{"catalog.document.confirm"}}, with(func(inv *requirements.Inventory) {
			inv.Existing["catalog.document.confirm"] = false
			inv.ModuleVersions = map[string]string{"catalog": "26.0.0"}
		}), []finding{{Kind: requirements.AskVendor, Reason: requirements.Removed, What: requirements.MethodNeed, Name: "catalog.document.confirm", Module: "catalog",
			After: "19.0.0", NotLater: "23.100.0", Has: requirements.Range{Exactly: "26.0.0"}, ReplacedBy: "catalog.document.conduct"}}},
		{"missing although the module is new enough", req{Methods: []string{"crm.item.list"}}, with(func(inv *requirements.Inventory) {
			inv.Existing["crm.item.list"] = false
			inv.ModuleVersions = map[string]string{"crm": "25.0.0"}
		}), []finding{{Kind: requirements.Undetermined, Reason: requirements.NewEnough, What: requirements.MethodNeed, Name: "crm.item.list", Module: "crm",
			After: "20.0.287", NotLater: "23.400.501", Has: requirements.Range{Exactly: "25.0.0"}}}},

		{"modules, by what the portal answers", req{Modules: []requirements.Module{{Name: "crm"}, {Name: "CRM", AtLeast: "20.0.0"}, {Name: "crm", AtLeast: "99.0"}, {Name: "voximplant", AtLeast: "23.0.0"}}},
			&requirements.Inventory{Provided: []string{"crm"}, Existing: map[string]bool{"crm.item.list": true, "crm.automatedsolution.list": false}}, []finding{
				{Kind: requirements.Install, What: requirements.ModuleNeed, Name: "voximplant", Module: "voximplant", AtLeast: "23.0.0"},
				{Kind: requirements.Update, What: requirements.ModuleNeed, Name: "crm", Module: "crm", AtLeast: "99.0", Has: requirements.Range{AtLeast: "20.0.287", Below: "24.300.0"}}}},
		{"a module's version that can't be told", req{Modules: []requirements.Module{{Name: "crm", AtLeast: "23.300.0"}}},
			&requirements.Inventory{Provided: []string{"crm"}, Existing: map[string]bool{"crm.item.list": true}}, []finding{
				{Kind: requirements.Undetermined, Reason: requirements.VersionUnsure, What: requirements.ModuleNeed, Name: "crm", Module: "crm", AtLeast: "23.300.0", Has: requirements.Range{AtLeast: "20.0.287"}}}},
		{"a module that REST doesn't show", req{Modules: []requirements.Module{{Name: "blog"}}}, portal(), []finding{
			{Kind: requirements.Undetermined, Reason: requirements.ModuleUnsure, What: requirements.ModuleNeed, Name: "blog", Module: "blog"}}},
		{"modules, from the portal's server", req{Modules: []requirements.Module{{Name: "blog"}, {Name: "ai"}, {Name: "crm", AtLeast: "23.300.0"}, {Name: "im", AtLeast: "24.0"}}},
			&requirements.Inventory{ModuleVersions: map[string]string{"Blog": "20.0.0", "crm": "23.1000.0", "im": "23.999.0"}}, []finding{
				{Kind: requirements.Install, What: requirements.ModuleNeed, Name: "ai", Module: "ai"},
				{Kind: requirements.Update, What: requirements.ModuleNeed, Name: "im", Module: "im", AtLeast: "24.0", Has: requirements.Range{Exactly: "23.999.0"}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, requirements.Resolve(&c.req, c.inv)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
