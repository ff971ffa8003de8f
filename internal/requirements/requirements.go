// Package requirements is what an application needs of a portal: permissions, methods, events, modules and hosts, as its
// vendor wrote them down in a small file.
package requirements

// Requirements is what one application, or several together, need of a portal. Names are as written; portals compare methods,
// events and scopes whatever their letter case.
type Requirements struct {
	Applications []Application
	Scopes       []string
	Methods      []string
	Events       []string
	Modules      []Module
	Hosts        []Host
	Handlers     Handlers // where the portal's events and calls to the application go; "" if not said
	Receiver     string   // https address of the vendor's service that proves event delivery; "" if none
	// BuiltIn means that no vendor wrote it: there is nobody to tell of a deprecated name.
	BuiltIn bool
}

// Application is who needs it.
type Application struct {
	Name, Vendor string
	Support      string // https address, or ""
}

// Module is a module that has to be there.
type Module struct {
	Name string // as in the product, e.g. crm or voximplant
	// AtLeast is the oldest version that will do, e.g. 23.300.0; "" if any will.
	AtLeast string
}

// Handlers is where an application's handlers live.
type Handlers string

// The places.
const (
	Internet Handlers = "internet"
	LAN      Handlers = "lan"
	Custom   Handlers = "custom" // an isolated box with authorization and event providers of its own
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

// AnyApplication is what every REST application needs, used when no file says more.
func AnyApplication() *Requirements {
	return &Requirements{
		BuiltIn: true,
		Methods: []string{"app.info", "batch", "event.bind", "events", "methods", "profile", "scope", "server.time"},
	}
}
