// Package requirements describes what an application needs of a portal: permissions, methods, events, modules and hosts, as its
// vendor wrote them down in a small file.
package requirements

import (
	"cmp"
	"net"
	"slices"
	"strconv"
	"strings"

	"boxready/internal/bitrix"
)

// Requirements is what one application, or several together, need of a portal. Names are as written; portals compare methods,
// events and scopes whatever their letter case.
type Requirements struct {
	Applications []Application
	Scopes       []string
	Methods      []string
	Events       []string
	Modules      []Module
	Hosts        []Host
	Handlers     Handlers // where the portal's events and calls to the application go; "" if not specified
	Pages        []string // https addresses of pages that the portal shows in a frame, one for each file at most
	Receiver     string   // https address of the vendor's service that proves event delivery; "" if none
	// BuiltIn means that no vendor wrote it, so findings about deprecated names are left out: nobody could act on them.
	BuiltIn bool
}

// Application is an application that the requirements belong to.
type Application struct {
	Name, Vendor string
	Support      string // where its vendor helps: an address that begins with https:// or mailto:, or ""

	names map[string]string // Name by language; nil if it is the same in all
}

// NameIn is the application's name in a language.
func (a Application) NameIn(lang string) string { return cmp.Or(a.names[lang], a.Name) }

// Support returns the application whose vendor helps with the requirements; false if none names an address, or several different ones.
func (r *Requirements) Support() (of Application, ok bool) {
	if r == nil {
		return of, false
	}
	for _, a := range r.Applications {
		if of.Support != "" && a.Support != "" && a.Support != of.Support {
			return Application{}, false
		}
		if of.Support == "" {
			of = a
		}
	}
	return of, of.Support != ""
}

// Module is a module that has to be installed.
type Module struct {
	Name string // as in the product, e.g. crm or voximplant
	// AtLeast is the oldest accepted version, e.g. 23.300.0; "" if any version is accepted.
	AtLeast string
}

// Handlers is where an application's handlers live.
type Handlers string

// Where handlers can be.
const (
	Internet Handlers = "internet"
	LAN      Handlers = "lan"
	Custom   Handlers = "custom" // an isolated portal with its own authorization and event providers
)

// Direction is who connects to whom.
type Direction string

// The directions.
const (
	PortalToApp  Direction = "portal-to-app"
	AppToPortal  Direction = "app-to-portal"
	BrowserToApp Direction = "browser-to-app"
)

// Host is one of the application's hosts.
type Host struct {
	Host      string
	Port      int
	Direction Direction
}

// String writes a host as "app-to-portal app.vendor.example:443".
func (h Host) String() string {
	return string(h.Direction) + " " + net.JoinHostPort(h.Host, strconv.Itoa(h.Port))
}

// AnyApplication is what every REST application needs, used when no file says more.
func AnyApplication() *Requirements {
	return &Requirements{
		BuiltIn: true,
		Methods: []string{"app.info", "batch", "event.bind", "events", "methods", "profile", "scope", "server.time"},
	}
}

// Merge is what several applications together need; without any, AnyApplication. The first that names a receiver decides where
// event delivery is proved. If handlers are in different places, Internet counts, which needs the most open connections.
func Merge(all ...*Requirements) *Requirements {
	if len(all) == 0 {
		return AnyApplication()
	}
	merged := &Requirements{BuiltIn: true}
	for _, r := range all {
		merged.BuiltIn = merged.BuiltIn && r.BuiltIn
		merged.Applications = append(merged.Applications, r.Applications...)
		merged.Scopes = append(merged.Scopes, r.Scopes...)
		merged.Methods = append(merged.Methods, r.Methods...)
		merged.Events = append(merged.Events, r.Events...)
		for _, m := range r.Modules {
			merged.addModule(m)
		}
		for _, h := range r.Hosts {
			if !slices.Contains(merged.Hosts, h) {
				merged.Hosts = append(merged.Hosts, h)
			}
		}
		switch {
		case merged.Handlers == "":
			merged.Handlers = r.Handlers
		case r.Handlers != "" && r.Handlers != merged.Handlers:
			merged.Handlers = Internet
		}
		merged.Pages = append(merged.Pages, r.Pages...)
		merged.Receiver = cmp.Or(merged.Receiver, r.Receiver)
	}
	merged.Scopes, merged.Methods, merged.Events = distinct(merged.Scopes), distinct(merged.Methods), distinct(merged.Events)
	merged.Pages = slices.Compact(slices.Sorted(slices.Values(merged.Pages)))
	return merged
}

// addModule adds a module; of two entries for one module, the newer version counts.
func (r *Requirements) addModule(m Module) {
	for i, other := range r.Modules {
		if strings.EqualFold(other.Name, m.Name) {
			if bitrix.CompareVersions(m.AtLeast, other.AtLeast) > 0 {
				r.Modules[i].AtLeast = m.AtLeast
			}
			return
		}
	}
	r.Modules = append(r.Modules, m)
}

// Permissions are the scopes that have to be granted: those named, and for each method and event that none of them opens the
// scope that does, each once and in that order.
func (r *Requirements) Permissions() []string {
	var all []string
	need := func(scopes []string) {
		if len(scopes) > 0 && scopes[0] != basic && !slices.ContainsFunc(all, func(has string) bool {
			return slices.ContainsFunc(scopes, func(s string) bool { return strings.EqualFold(s, has) })
		}) {
			all = append(all, scopes[0])
		}
	}
	for _, s := range distinct(r.Scopes) {
		if !strings.EqualFold(s, basic) {
			all = append(all, s)
		}
	}
	for _, name := range r.Methods {
		if m, known := bitrix.Method(name); known {
			need(scopesOf(m))
		}
	}
	for _, name := range r.Events {
		if e, known := bitrix.Event(name); known {
			need(e.Scopes)
		}
	}
	return all
}
