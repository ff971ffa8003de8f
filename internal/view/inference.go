package view

import (
	"cmp"
	"slices"

	"boxready/checks"
	"boxready/internal/words"
)

// Inference is what several results of one run prove together and none of them alone, about the finding that the verdict is about.
type Inference struct {
	ID     string // the text is "verdict.inference."+ID; "" if nothing more follows
	About  checks.Result
	Broken Link         // NoLink if it is a place, a credential or an application that is broken, not a connection
	Proved []Link       // to be in order
	Owner  checks.Owner // whose job it most likely is; the finding's where it says no other
}

// sign is what a result has to have. Zero fields are not compared.
type sign struct {
	checks  []checks.ID // one of them
	state   checks.State
	causes  []checks.Cause // one of them
	vantage checks.Vantage
	because checks.ID
	args    checks.Args
}

func (s sign) of(r checks.Result) bool {
	for name, value := range s.args {
		if r.Args[name] != value {
			return false
		}
	}
	return slices.Contains(s.checks, r.Check) && (s.state == "" || s.state == r.State) && (s.causes == nil || slices.Contains(s.causes, r.Cause)) &&
		(s.vantage == "" || s.vantage == r.Vantage) && (s.because == "" || s.because == r.Because)
}

func ids(list ...checks.ID) []checks.ID          { return list }
func causes(list ...checks.Cause) []checks.Cause { return list }
func isOK(id checks.ID) sign                     { return sign{checks: ids(id), state: checks.OK} }

// Signs that several rows have.
var (
	// tokenUnchecked: the portal asked about a token and got no usable answer, while the authorization server doesn't fail for this
	// computer as well.
	tokenUnchecked = sign{checks: ids(checks.AuthServerFromPortal, checks.TokenAccepted), state: checks.Problem,
		causes: causes(checks.AuthServerUnreachable), args: checks.Args{"failing": 0}}
	serverCut    = sign{checks: ids(checks.ServerAuthServer), state: checks.Problem, causes: causes(checks.AuthServerUnreachable)}
	answersHere  = sign{checks: ids(checks.AuthServerFromComputer), state: checks.OK, args: checks.Args{"all": true}}
	silentHere   = sign{checks: ids(checks.AuthServerFromComputer), causes: causes(checks.VendorHostUnreachable)}
	unregistered = sign{checks: ids(checks.AuthServerFromPortal, checks.TokenAccepted, checks.ServerRegistration), causes: causes(checks.PortalNotRegistered)}
	// portalPHP: PHP reached the authorization server within a request to the portal, with the portal's own settings.
	portalPHP = sign{checks: ids(checks.ServerAuthServer), state: checks.OK, args: checks.Args{"by": "php", "cli": false, "in_use": true}}
)

// inferences are the rows in the order in which they are tried: the first of which all signs are there counts.
//
// They follow from these rules. A portal checks a webhook's code by itself, and asks the authorization server about a token that it
// sees for the first time; it gives each event to the same host, and the event queue calls the handler. It connects with PHP's
// settings: those of http_client_options, not of the system, and on the command line PHP may have others. Until it is registered, each
// token makes it try to register. Events that the portal keeps itself need no other server.
// https://apidocs.bitrix24.com/settings/cloud-and-on-premise/network-access.html
// https://apidocs.bitrix24.com/api-reference/events/index.html
var inferences = []struct {
	id     string
	about  sign
	with   []sign
	broken Link
	proved []Link
	owner  checks.Owner
}{
	// One portal, two answers about the same connection.
	{id: "unstable", about: tokenUnchecked, with: []sign{{checks: ids(checks.AuthServerFromPortal, checks.TokenAccepted), state: checks.OK, vantage: checks.FromPortal}},
		broken: PortalAuthorization},
	{id: "unstable-since-probe", about: tokenUnchecked, with: []sign{portalPHP}, broken: PortalAuthorization},

	// The portal's server gets through, the portal doesn't.
	{id: "php-of-web-server", about: tokenUnchecked, with: []sign{{checks: ids(checks.ServerAuthServer), state: checks.OK, args: checks.Args{"cli": true}}},
		broken: PortalAuthorization, owner: checks.ServerAdmin},
	{id: "php-settings", about: tokenUnchecked, with: []sign{{checks: ids(checks.ServerAuthServer), state: checks.OK, args: checks.Args{"by": "sh"}}},
		broken: PortalAuthorization, owner: checks.ServerAdmin},
	{id: "php-settings", about: tokenUnchecked, with: []sign{{checks: ids(checks.ServerAuthServer), state: checks.OK, args: checks.Args{"by": "powershell"}}},
		broken: PortalAuthorization, owner: checks.ServerAdmin},

	// Why it isn't registered.
	{id: "register-later", about: unregistered, with: []sign{{checks: ids(checks.ServerAuthServer), state: checks.Problem,
		causes: causes(checks.AuthServerUnreachable, checks.TLSIntercepted, checks.OldHostOnly), args: checks.Args{"in_use": true}}},
		broken: PortalAuthorization, owner: checks.NetworkAdmin},
	{id: "register-later", about: unregistered, with: []sign{{checks: ids(checks.ServerAuthServer), state: checks.Problem,
		causes: causes(checks.CABundleOutdated, checks.ProxyNotForREST), args: checks.Args{"in_use": true}}},
		broken: PortalAuthorization, owner: checks.ServerAdmin},
	{id: "registration-refused", about: sign{checks: ids(checks.AuthServerFromPortal, checks.TokenAccepted), causes: causes(checks.PortalNotRegistered)}, with: []sign{portalPHP}},
	{id: "registration-refused", about: sign{checks: ids(checks.ServerRegistration), causes: causes(checks.PortalNotRegistered)}, // and the portal's own answer said so, too
		with: []sign{portalPHP, {checks: ids(checks.AuthServerFromPortal, checks.TokenAccepted), state: checks.Skipped, because: checks.ServerRegistration}}},

	// The portal answers, and the authorization server answers others: what is broken lies between them.
	{id: "between", about: tokenUnchecked, with: []sign{isOK(checks.WebhookCheck), answersHere}, broken: PortalAuthorization,
		proved: []Link{ComputerPortal, ComputerAuthorization}},
	{id: "server-cut-off", about: serverCut, with: []sign{answersHere}, broken: PortalAuthorization, proved: []Link{ComputerAuthorization}},
	{id: "silent-for-both", about: tokenUnchecked, with: []sign{silentHere}, broken: PortalAuthorization},
	{id: "silent-for-both", about: serverCut, with: []sign{silentHere}, broken: PortalAuthorization},
	{id: "answers-here", about: tokenUnchecked, with: []sign{answersHere}, broken: PortalAuthorization, proved: []Link{ComputerAuthorization}},
	{id: "not-the-portal", about: tokenUnchecked, with: []sign{isOK(checks.WebhookCheck)}, broken: PortalAuthorization, proved: []Link{ComputerPortal}},

	// Events.
	{id: "event-provider", about: sign{checks: ids(checks.EventDelivery), causes: causes(checks.EventNotDelivered)},
		with: []sign{{checks: ids(checks.ServerRESTSetup), causes: causes(checks.CustomEventProvider)}}, owner: checks.PortalAdmin},
	{id: "queue", about: sign{checks: ids(checks.EventDelivery), causes: causes(checks.EventNotDelivered)},
		with: []sign{isOK(checks.TokenAccepted), isOK(checks.EventMachinery)}, broken: QueueApplication, proved: []Link{PortalAuthorization}},
	{id: "inside-portal", about: sign{checks: ids(checks.EventMachinery), causes: causes(checks.EventNotRecorded), args: checks.Args{"unfinished": false}},
		with: []sign{isOK(checks.TokenAccepted)}, proved: []Link{PortalAuthorization}},
	{id: "only-handler", about: sign{checks: ids(checks.ApplicationHosts), state: checks.Problem}, with: []sign{isOK(checks.EventDelivery)},
		broken: QueueApplication, proved: []Link{PortalAuthorization, AuthorizationQueue}},

	// Seen from two places.
	{id: "only-from-here", about: sign{checks: ids(checks.PortalDNS, checks.PortalTCP), state: checks.Problem, vantage: checks.FromComputer},
		with: []sign{isOK(checks.PortalFromInternet)}, broken: ComputerPortal, proved: []Link{ApplicationPortal}},
	{id: "only-from-outside", about: sign{checks: ids(checks.PortalFromInternet), causes: causes(checks.NotSeenFromOutside)}, with: []sign{isOK(checks.RESTRoute)},
		broken: ApplicationPortal},

	// One credential or application alone.
	{id: "only-webhook", about: sign{checks: ids(checks.WebhookCheck), causes: causes(checks.WebhookRejected, checks.WebhookUser)},
		with: []sign{isOK(checks.TokenAccepted)}, proved: []Link{PortalAuthorization}},
	{id: "only-application", about: sign{checks: ids(checks.TokenAccepted), causes: causes(checks.AppNotOnPortal, checks.UserInactive, checks.UserNoAppAccess)},
		with: []sign{{checks: ids(checks.AuthServerFromPortal), state: checks.OK}}},
}

// Inference returns the first of the inferences that holds.
func (v *View) Inference() Inference {
	main := v.mainFinding("")
	if main.State != checks.Problem {
		return Inference{}
	}
	for _, row := range inferences {
		if row.about.of(main) && !slices.ContainsFunc(row.with, func(s sign) bool { return !v.has(s) }) {
			return Inference{ID: row.id, About: main, Broken: row.broken, Proved: row.proved, Owner: cmp.Or(row.owner, main.Owner)}
		}
	}
	return Inference{}
}

func (v *View) has(s sign) bool {
	return slices.ContainsFunc(v.Items, func(i Item) bool { return s.of(i.Result) })
}

// Text says what follows in one sentence, "" if nothing does.
func (i Inference) Text(w *words.Texts) string {
	if i.ID == "" {
		return ""
	}
	return w.Say("verdict.inference."+i.ID, nil)
}
