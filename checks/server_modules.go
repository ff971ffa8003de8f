package checks

import (
	"context"
	"slices"
	"strings"

	"boxready/internal/requirements"
	"boxready/internal/serverprobe"
)

// ServerModulesFacts are what is required, and the modules reported by the portal's server.
type ServerModulesFacts struct {
	Required Required          `json:"required"`
	Versions map[string]string `json:"versions,omitempty"`
	// RESTLoads reports whether the module rest can be included; nil if not tested.
	RESTLoads *bool `json:"rest_loads,omitempty"`
}

func hasModules(p *serverprobe.Probe) bool { return p.Modules != nil || restLoads(p) != nil }

// restLoads is from the script, or from the product's own check, which tests nothing else of module rest.
func restLoads(p *serverprobe.Probe) *bool {
	if p.RESTOK != nil {
		return p.RESTOK
	}
	if p.SystemCheck != nil && p.SystemCheck.Tests["check_rest"] != "" {
		return new(p.SystemCheck.Tests["check_rest"] == "Ok")
	}
	return nil
}

func observeServerModules(_ context.Context, env *Env) (*ServerModulesFacts, error) {
	return &ServerModulesFacts{Required: requiredOf(env.target.required()), Versions: env.moduleVersions(), RESTLoads: restLoads(env.probe())}, nil
}

func judgeServerModules(f *ServerModulesFacts, _ FactsByCheck) []Result {
	var missing, outdated []requirements.Finding
	if f.Versions != nil {
		// Every application needs module rest, whatever its requirements say.
		r := f.Required.requirements()
		if !slices.ContainsFunc(r.Modules, func(m requirements.Module) bool { return strings.EqualFold(m.Name, "rest") }) {
			r.Modules = append(r.Modules, requirements.Module{Name: "rest"})
		}
		all := requirements.Resolve(r, &requirements.Inventory{ModuleVersions: f.Versions})
		missing = filter(all, is(requirements.Install, requirements.ModuleNeed))
		outdated = filter(all, func(n requirements.Finding) bool { return n.Kind == requirements.Update })
	}
	if broken := f.RESTLoads != nil && !*f.RESTLoads; broken && missing == nil {
		missing = []requirements.Finding{{Kind: requirements.Install, What: requirements.ModuleNeed, Name: "rest", Module: "rest"}}
	}
	if f.Versions == nil && f.RESTLoads == nil {
		return one(unknown(UnexpectedAnswer, PortalAdmin))
	}
	results := slices.Concat(forFindings(problem(ModuleMissing, PortalAdmin), missing), forFindings(problem(ModuleOutdated, PortalAdmin), outdated))
	return about(orOK(results), Args{"built_in": f.Required.BuiltIn, "rest": f.Versions["rest"]})
}
