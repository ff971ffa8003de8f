package report

import (
	"slices"
	"strings"

	"boxready/checks"
	"boxready/internal/untrusted"
	"boxready/internal/view"
)

// Coincidence is a fact that changed between two runs, and that findings which changed may have to do with. It is no proof of a cause.
type Coincidence struct {
	Fact   string      `json:"fact"`           // a code, see coinciding
	Name   string      `json:"name,omitempty"` // of the module
	Before string      `json:"before"`
	After  string      `json:"after"`
	Checks []checks.ID `json:"checks"` // whose findings changed
}

// coinciding are the facts and where they stand, with "*" for each element, which of a list begin at 1. That of another check with the
// same code is another source of it. That none stands there may mean that there is none.
var coinciding = []struct {
	fact  string
	check checks.ID
	path  string
	none  bool
}{
	{"certificate-ends", checks.PortalTLS, "addresses.*.chain.1.not_after", false},
	{"certificate-issuer", checks.PortalTLS, "addresses.*.chain.1.issuer", false},
	{"certificate-serial", checks.PortalTLS, "addresses.*.chain.1.serial_number", false},
	{"addresses", checks.PortalDNS, "addresses.*", false},
	{"proxy", checks.PortalTLS, "proxy", true},
	{"web-server", checks.RESTRoute, "server", false},
	{"php", checks.ServerPlatform, "php.version", false},
	{"product", checks.ServerPlatform, "main", false},
	{"module", checks.ServerModules, "versions.*", false},
	{"module-at-least", checks.Platform, "modules.*.at_least", false},
	{"licence", checks.RESTLicence, "licence", false},
	{"licence", checks.ServerLicence, "licence.name", false},
	{"licence-ends", checks.ServerLicence, "licence.ends", false},
	{"portal-proxy", checks.ServerAuthServer, "proxies.rest.host", false},
	{"auth-server", checks.SignIn, "server", false},
	{"auth-server", checks.ServerRegistration, "registration.server", false},
}

// besideStep are the facts that findings of a step may have to do with, besideCheck those of checks that depend on less.
var (
	besideStep = map[checks.Step][]string{
		checks.StepPortal:     {"certificate-ends", "certificate-issuer", "certificate-serial", "addresses", "proxy", "web-server", "php", "product", "module", "module-at-least"},
		checks.StepAuthServer: {"addresses", "web-server", "php", "product", "module", "module-at-least", "licence", "licence-ends", "portal-proxy", "auth-server"},
		checks.StepSignIn:     {"addresses", "product", "module", "module-at-least", "licence", "licence-ends", "auth-server"},
		checks.StepModules:    {"php", "product", "module", "module-at-least", "licence", "licence-ends"},
		checks.StepEvents:     {"addresses", "product", "module", "module-at-least", "licence", "licence-ends", "portal-proxy", "auth-server"},
	}
	besideCheck = map[checks.ID][]string{
		checks.PortalDNS:              {"addresses", "proxy"},
		checks.PortalTCP:              {"addresses", "proxy"},
		checks.PortalTLS:              {"certificate-ends", "certificate-issuer", "certificate-serial", "addresses", "proxy", "web-server"},
		checks.AuthServerFromComputer: {"proxy"},
		checks.QueueFeed:              {"proxy"},
		checks.BrowserLibrary:         {"proxy"},
		checks.ServerProbe:            {},
		checks.SelfClock:              {},
	}
)

func (d *Delta) mayGoWith(fact string) bool {
	facts, ok := besideCheck[d.Check]
	if !ok {
		facts = besideStep[view.StepOf(d.Check)]
	}
	return slices.Contains(facts, fact)
}

// coincidences are the facts that changed together with findings. One that a run lacks, or has hidden, didn't change.
func (c *Changes) coincidences(before, after Document) (found []Coincidence) {
	deltas := slices.Concat(c.New, c.Changed, c.Fixed)
	told := map[[3]string]bool{} // by fact, name and value: there may be several sources
	for _, at := range coinciding {
		var with []checks.ID
		for _, d := range deltas {
			if d.mayGoWith(at.fact) && !slices.Contains(with, d.Check) {
				with = append(with, d.Check)
			}
		}
		if with == nil {
			continue
		}
		then, now := before.fact(at.check, at.path), after.fact(at.check, at.path)
		names := then.names
		if at.none && then.made && now.made {
			names = []string{""}
		}
		for _, name := range names {
			change := Coincidence{at.fact, short(name), then.of(name), now.of(name), with}
			lacking := !at.none && (change.Before == "" || change.After == "") || then.hidden(name) || now.hidden(name)
			if key := [3]string{change.Fact, change.Name, change.After}; !lacking && !told[key] && change.Before != change.After {
				told[key] = true
				found = append(found, change)
			}
		}
	}
	return found
}

// named are values of a fact by name, e.g. the versions of modules.
type named struct {
	made   bool // the check has facts
	names  []string
	values map[string][]string
}

// of are the values with a name as text, "" if there are none.
func (n *named) of(name string) string {
	values := slices.Clone(n.values[name])
	slices.Sort(values)
	return untrusted.Truncate(short(strings.Join(slices.Compact(values), ", ")), 300)
}

func (n *named) hidden(name string) bool {
	return slices.ContainsFunc(n.values[name], token().MatchString)
}

// fact returns the values of a check's facts at a path.
func (s *Document) fact(id checks.ID, path string) named {
	found := named{values: map[string][]string{}}
	i := slices.IndexFunc(s.Results, func(e Entry) bool { return e.Check == id })
	if i >= 0 {
		facts := view.ValuesOf(s.Results[i].Facts)
		found.made = facts.Inner != nil
		found.collect(facts, strings.Split(path, "."), "")
	}
	return found
}

func (n *named) collect(v view.Value, path []string, name string) {
	if len(path) == 0 {
		if v.Kind == 0 && v.Text != "" {
			if n.values[name] == nil {
				n.names = append(n.names, name)
			}
			n.values[name] = append(n.values[name], v.Text)
		}
		return
	}
	for i, inner := range v.Inner {
		switch {
		case path[0] == "1" && v.Kind == '[' && i == 0, path[0] == inner.Name && v.Kind == '{':
			n.collect(inner, path[1:], name)
		case path[0] == "*" && v.Kind == '{':
			n.collect(inner, path[1:], inner.Name)
		case path[0] == "*":
			n.collect(inner, path[1:], inner.Field("module").Text)
		}
	}
}
