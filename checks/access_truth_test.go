package checks_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"boxready/checks"
	"boxready/internal/bitrix"
	"boxready/internal/requirements"
	"boxready/internal/simportal"
	"boxready/internal/simtest"
)

// The truth table: portals without a module, with too old a module, and without the permission, asked over HTTP by a signed-in
// run. Names are grouped, many to a portal.

// offers returns, by module, the names that it offers applications.
func offers() map[string]*requirements.Requirements {
	all := map[string]*requirements.Requirements{}
	of := func(module string) *requirements.Requirements {
		if all[module] == nil {
			all[module] = &requirements.Requirements{}
		}
		return all[module]
	}
	for m := range bitrix.Methods() {
		if m.Name != "documentation" { // another name of rest.documentation.openapi
			of(m.Module).Methods = append(of(m.Module).Methods, m.Name)
		}
	}
	for e := range bitrix.Events() {
		of(e.Module).Events = append(of(e.Module).Events, e.Name)
	}
	return all
}

// resolved runs the checklist against a portal and returns, for each name, what it needs.
func resolved(t *testing.T, o simportal.Options, needs *requirements.Requirements) map[string]requirements.Finding {
	t.Helper()
	sim := simtest.Simulate(t, o, "sign-in", "deep")
	sim.PaceWindow = time.Millisecond
	target := sim.Target()
	target.Requirements, target.AsApplication = needs, true
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	found := map[string]requirements.Finding{}
	for _, r := range checks.Run(ctx, sim.Net(), target, nil).Results {
		listed, _ := r.Args["needs"].([]requirements.Finding)
		for _, f := range listed {
			if f.Kind == requirements.Deprecated {
				continue
			}
			names := slices.Concat(f.Methods, f.Events)
			if f.What == requirements.MethodNeed || f.What == requirements.EventNeed {
				names = append(names, f.Name)
			}
			for _, name := range names {
				if other, twice := found[name]; twice && (other.Kind != f.Kind || other.Name != f.Name) {
					t.Errorf("%s stands in two findings: %+v and %+v", name, other, f)
				}
				found[name] = f
			}
		}
	}
	return found
}

// asked are the methods that the checklist itself calls.
var asked = []string{"batch", "method.get", "methods", "scope", "events", "profile", "user.admin", "app.info", "event.bind"}

// unprovableModules are modules whose absence can't be proved: their scopes are undocumented, or shared.
var unprovableModules = []string{"ai", "biconnector", "call", "imbot", "imconnector", "imopenlines", "note", "sign"}

func TestTruthWithoutTheModule(t *testing.T) {
	t.Parallel()
	for module, needs := range offers() {
		if module == "rest" || module == "main" {
			continue // without them there is no portal
		}
		t.Run(module, func(t *testing.T) {
			t.Parallel()
			found := resolved(t, simportal.Options{Without: simportal.Without{Modules: []string{module}}}, needs)
			for _, name := range slices.Concat(needs.Methods, needs.Events) {
				want := requirements.Install
				if slices.Contains(unprovableModules, module) {
					want = requirements.Undetermined
				}
				if f := found[name]; f.Module != module || f.Kind != want && !(f.Kind == requirements.Update && want == requirements.Undetermined) {
					t.Errorf("%s: %+v, want %s", name, found[name], want)
				}
			}
		})
	}
}

func TestTruthWithTheModuleTooOld(t *testing.T) {
	t.Parallel()
	for module, all := range offers() {
		// One half of a module's names is present and proves the module while the other is missing.
		for half := range 2 {
			part := func(names []string) (gone []string) {
				for i, name := range names {
					if i%2 == half && !slices.Contains(asked, name) {
						gone = append(gone, name)
					}
				}
				return gone
			}
			without := simportal.Without{Methods: part(all.Methods), Events: part(all.Events)}
			t.Run(module+"/"+[]string{"one half", "the other"}[half], func(t *testing.T) {
				t.Parallel()
				updates := 0
				found := resolved(t, simportal.Options{REST: "25.1300.0", Without: without}, all)
				gone := map[string]bool{}
				for _, name := range slices.Concat(without.Methods, without.Events) {
					gone[name] = true
					f := found[name]
					// Newer names than the present ones, or those of the first version, aren't missing because of the module's age.
					explained := f.Reason == requirements.NewEnough || f.Reason == requirements.Removed || bitrix.BoundByPortal(name) || strings.HasPrefix(name, "log.") && f.Module == "blog"
					switch {
					case f.Kind == requirements.Update:
						updates++
					case !explained:
						t.Errorf("%s is gone: %+v", name, f)
					}
				}
				t.Logf("%d of %d to update", updates, len(gone))
				for name, f := range found {
					if !gone[name] {
						t.Errorf("%s is there: %+v", name, f)
					}
				}
			})
		}
	}
}

func TestTruthWithoutThePermission(t *testing.T) {
	needs := &requirements.Requirements{}
	want := map[string]bool{}
	for m := range bitrix.Methods() {
		if m.API2 && !slices.Contains(m.Scopes, "basic") {
			needs.Methods, want[m.Name] = append(needs.Methods, m.Name), true
		}
	}
	for e := range bitrix.Events() {
		if e.Scope != "basic" {
			needs.Events, want[e.Name] = append(needs.Events, e.Name), true
		}
	}
	found := resolved(t, simportal.Options{Granted: []string{"basic"}}, needs)
	for name := range want {
		if f := found[name]; f.Kind != requirements.Grant {
			t.Errorf("%s: %+v", name, f)
		}
	}
	for name := range maps.Keys(found) {
		if !want[name] {
			t.Errorf("%s: %+v", name, found[name])
		}
	}
}

// TestOldPortalFallsBack asserts that a portal without method.get is asked for its list, that only what the list should have is
// missing, and that methods of REST 3.0 are explained by the age of module rest.
func TestOldPortalFallsBack(t *testing.T) {
	needs := &requirements.Requirements{}
	for m := range bitrix.Methods() {
		needs.Methods = append(needs.Methods, m.Name)
	}
	gone := []string{"crm.lead.contact.add", "crm.item.list"}
	found := resolved(t, simportal.Options{REST: "21.400.0", Without: simportal.Without{Methods: gone}}, needs)
	for m := range bitrix.Methods() {
		f, listed := found[m.Name]
		switch {
		case m.Name == gone[0] || m.Name == "method.get":
			if f.Kind != requirements.Update {
				t.Errorf("%s: %+v", m.Name, f)
			}
		case !m.API2:
			if f.Kind != requirements.Update || f.Module != "rest" {
				t.Errorf("%s of REST 3.0: %+v", m.Name, f)
			}
		case m.InMethodsList != bitrix.Yes && m.Module != "rest":
			if f.Kind != requirements.Undetermined || f.Reason != requirements.NoAnswer {
				t.Errorf("%s, which is never listed: %+v", m.Name, f)
			}
		case listed && m.Module != "rest" && f.Module != "rest":
			t.Errorf("%s is in the list: %+v", m.Name, f)
		}
	}
}
