package simportal

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"boxready/internal/bitrix"
)

// method is one REST method of the portal. If run is nil it answers an empty list.
type method struct {
	name       string   // in lower case for static ones, as modules register them
	scopes     []string // any one is sufficient; none = basic
	module     string
	companion  string            // a second module without which it does not exist, "" if none
	since      map[string]string // minimum versions of modules
	controller bool              // exists, but "methods" does not list it
	appOnly    bool              // refuses webhooks
	run        func(*Sim, *call) (any, *restError)
}

// event is one that applications can bind.
type event struct {
	name   string
	scopes []string // any one is sufficient; none = basic
}

// inventory is what a portal offers: the catalogue without what options and faults remove.
type inventory struct {
	methods, v3 map[string]*method // by lower-case name
	events      map[string]event
	scopes      []string        // what the modules provide, sorted
	granted     []string        // to the application
	absent      map[string]bool // modules
	rest        version
}

// catalogueMethods are all methods of the catalogue and a few undocumented ones, which portals have too.
var catalogueMethods = sync.OnceValues(func() (classic, v3 []*method) {
	for m := range bitrix.Methods() {
		if m.API2 {
			classic = append(classic, newMethod(m, m.Scopes))
		}
		if m.API3 {
			scopes := m.Scopes
			if m.ScopeV3 != "" {
				scopes = []string{m.ScopeV3}
			}
			v3 = append(v3, newMethod(m, scopes))
		}
	}
	return append(classic,
		&method{name: "pull.watch.extend", module: "pull", scopes: []string{"pull"}},
		&method{name: "smile.get", module: "main", scopes: []string{"smile"}},
		&method{name: "user.admin.list", module: "rest", scopes: []string{"user"}, controller: true},
		&method{name: "user.counters", module: "main", scopes: []string{"user"}},
	), append(v3, &method{name: "crm.mycompany.basic.field.list", module: "crm", scopes: []string{"crm"}})
})

func newMethod(info bitrix.MethodInfo, scopes []string) *method {
	m := &method{
		name: strings.ToLower(info.Name), module: info.Module, companion: companion(info), since: map[string]string{},
		controller: info.InMethodsList != bitrix.Yes, appOnly: info.AppAuthOnly, run: implemented[strings.ToLower(info.Name)],
	}
	if m.name == "app.info" {
		m.appOnly = false // webhooks get a different answer instead of a refusal, contrary to the documentation
	}
	if m.controller {
		m.name = info.Name
	}
	for _, s := range scopes {
		if s != "" && s != "basic" {
			m.scopes = append(m.scopes, s)
		}
	}
	if info.Module == "tasks" && len(scopes) > 0 && scopes[0] == "task" {
		m.scopes = append(m.scopes, "tasks") // the module's controllers register this scope
	}
	for _, f := range info.Facts() {
		if f.Kind == bitrix.FactSince && f.What == "method" {
			m.since[f.Module] = f.Version
		}
	}
	if m.since[info.Module] == "" && info.AbsentIn != "" {
		m.since[info.Module] = info.PresentIn // at the latest
	}
	return m
}

// companion returns the module that a method needs besides the one that registers it.
func companion(m bitrix.MethodInfo) string {
	switch {
	case m.Scope == "entity":
		return "iblock"
	case m.Scope == "log":
		return "blog"
	case m.Module == "rest" && (m.Scope == "user" || m.Scope == "user.userfield"):
		return "intranet"
	case strings.HasPrefix(m.Name, "crm.documentgenerator."):
		return "documentgenerator"
	case strings.HasPrefix(m.Name, "crm.orderentity."), strings.HasPrefix(m.Name, "crm.item.payment."):
		return "sale"
	}
	return ""
}

// Scopes that a module registers only where another one is installed too.
var scopeCompanions = map[string]string{
	"entity": "iblock", "user.userfield": "intranet", "user_basic": "intranet", "user_brief": "intranet",
}

// newInventory removes what the options and the active faults name.
func (s *Sim) newInventory(on []Fault) *inventory {
	inv := &inventory{methods: map[string]*method{}, v3: map[string]*method{}, events: map[string]event{}, absent: map[string]bool{}}
	versions := maps.Clone(s.opt.Versions)
	if versions == nil {
		versions = map[string]string{}
	}
	versions["rest"] = s.opt.REST
	without, ungranted := s.opt.Without, []string(nil)
	for _, f := range on {
		without = without.and(f.without)
		maps.Copy(versions, f.versions)
		ungranted = append(ungranted, f.ungranted...)
	}
	for _, m := range without.Modules {
		inv.absent[strings.ToLower(m)] = true
	}
	contains := func(names []string, name string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
	}
	add := func(to map[string]*method, from []*method) {
		for _, m := range from {
			tooOld := false
			for module, since := range m.since {
				has := versions[module]
				tooOld = tooOld || has != "" && bitrix.CompareVersions(has, since) < 0
			}
			if !tooOld && !inv.absent[m.module] && !inv.absent[m.companion] && !contains(without.Methods, m.name) {
				to[strings.ToLower(m.name)] = m
			}
		}
	}
	inv.rest, _ = parseVersion(versions["rest"]) // Start has validated it
	classic, v3 := catalogueMethods()
	add(inv.methods, classic)
	add(inv.v3, v3)
	if !inv.rest.atLeast(version{25, 1300, 0}) {
		delete(inv.v3, "rest.scope.list")
	}
	for e := range bitrix.Events() {
		if inv.absent[e.Module] || contains(without.Events, e.Name) {
			continue
		}
		scopes := slices.DeleteFunc(slices.Clone(e.Scopes), func(s string) bool { return s == "basic" })
		inv.events[e.Name] = event{e.Name, scopes}
		if strings.HasPrefix(e.Name, "ONCRMDYNAMICITEM") {
			inv.events[e.Name+"_147"] = event{e.Name + "_147", scopes}
		}
	}
	for _, sc := range bitrix.Scopes() {
		provided := slices.ContainsFunc(sc.Modules, func(m string) bool { return !inv.absent[m] })
		if provided && sc.Name != "basic" && !inv.absent[scopeCompanions[sc.Name]] {
			inv.scopes = append(inv.scopes, sc.Name)
		}
	}
	inv.granted = s.opt.Granted
	if inv.granted == nil {
		inv.granted = inv.scopes
	}
	inv.granted = except(inv.granted, append(ungranted, "landing_cloud", "rating"))
	return inv
}

func (w Without) and(more Without) Without {
	return Without{slices.Concat(w.Modules, more.Modules), slices.Concat(w.Methods, more.Methods), slices.Concat(w.Events, more.Events)}
}

// checkInventory reports names that aren't in the catalogue: removing them would have no effect.
func (o Options) checkInventory() error {
	isModule := func(name string) bool {
		_, ok := bitrix.Module(name)
		return ok || name == "blog" // it has no entries of its own in the catalogue
	}
	for _, m := range o.Without.Modules {
		if !isModule(m) {
			return fmt.Errorf("unknown module %q", m)
		}
	}
	for m, v := range o.Versions {
		if !isModule(m) || m == "rest" || !bitrix.ValidVersion(v) { // its version is Options.REST
			return fmt.Errorf("no version %q of a module %q can be had", v, m)
		}
	}
	for _, m := range o.Without.Methods {
		if _, ok := bitrix.Method(m); !ok {
			return fmt.Errorf("unknown method %q", m)
		}
	}
	for _, e := range o.Without.Events {
		if _, ok := bitrix.Event(e); !ok {
			return fmt.Errorf("unknown event %q", e)
		}
	}
	return nil
}

// except returns the list without some of its names.
func except(list, without []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(n string) bool { return slices.Contains(without, n) })
}

// webhookScopes are the application's without those that no webhook can have.
func (inv *inventory) webhookScopes() []string {
	return except(inv.granted, []string{"entity", "placement"})
}

// lookup finds a method without regard to letter case.
func (inv *inventory) lookup(name string) *method { return inv.methods[strings.ToLower(name)] }

// exact finds a method as method.get does: for static ones the letter case matters.
func (inv *inventory) exact(name string) *method {
	m := inv.lookup(name)
	if m != nil && !m.controller && name != m.name {
		return nil
	}
	return m
}
