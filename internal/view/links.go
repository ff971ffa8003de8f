package view

import "boxready/checks"

// Place is one of the five parties of the connection picture.
type Place string

// The places.
const (
	Computer      Place = "computer" // this one
	Portal        Place = "portal"
	Authorization Place = "authorization" // server
	Queue         Place = "queue"         // of events
	Application   Place = "application"
)

// Link is a connection between two places. NoLink is none of them.
type Link string

// The links.
const (
	NoLink                Link = ""
	ComputerPortal        Link = "computer-portal"
	PortalAuthorization   Link = "portal-authorization"
	AuthorizationQueue    Link = "authorization-queue"
	QueueApplication      Link = "queue-application"
	ApplicationPortal     Link = "application-portal"
	ComputerAuthorization Link = "computer-authorization"
)

// linkOf has for every check the link that its results are about, including the link's end. NoLink is for checks of this
// computer, and of connections to other places.
var linkOf = map[checks.ID]Link{
	checks.PortalAddress:          ComputerPortal,
	checks.PortalDNS:              ComputerPortal,
	checks.PortalTCP:              ComputerPortal,
	checks.PortalTLS:              ComputerPortal,
	checks.PortalRedirect:         ComputerPortal,
	checks.RESTRoute:              ComputerPortal,
	checks.HTTPSSeen:              ComputerPortal,
	checks.MethodInventory:        ComputerPortal,
	checks.PortalClock:            ComputerPortal,
	checks.AuthServerFromPortal:   PortalAuthorization,
	checks.CredentialsArrive:      ComputerPortal,
	checks.ContentFilterCheck:     ComputerPortal,
	checks.AuthServerFromComputer: ComputerAuthorization,
	checks.QueueFeed:              NoLink, // of the list of the queue's addresses, which this computer fetches
	checks.PortalFromInternet:     ApplicationPortal,

	checks.WebhookCheck:     ComputerPortal,
	checks.SignIn:           ComputerAuthorization, // the token is refreshed by this computer
	checks.PortalIdentity:   PortalAuthorization,   // the address under which the authorization server knows the portal
	checks.TokenAccepted:    PortalAuthorization,
	checks.RESTLicence:      PortalAuthorization, // the portal gets its licence from there
	checks.AppInstalled:     ComputerPortal,
	checks.UserRights:       ComputerPortal,
	checks.Platform:         ComputerPortal,
	checks.RequiredModules:  ComputerPortal,
	checks.RequiredScopes:   ComputerPortal,
	checks.RequiredMethods:  ComputerPortal,
	checks.RequiredEvents:   ComputerPortal,
	checks.EventMachinery:   AuthorizationQueue,
	checks.EventDelivery:    QueueApplication,
	checks.ApplicationHosts: QueueApplication,
	checks.BrowserLibrary:   NoLink, // between an employee's browser and the vendor
	checks.ApplicationFrame: NoLink, // between an employee's browser and the application
	checks.BodySizeCheck:    ComputerPortal,
	checks.RateLimit:        ComputerPortal,

	checks.ServerProbe:        NoLink, // of what was pasted
	checks.ServerAuthServer:   PortalAuthorization,
	checks.ServerRegistration: PortalAuthorization,
	checks.ServerApplications: ComputerPortal,
	checks.ServerModules:      ComputerPortal,
	checks.ServerPlatform:     ComputerPortal,
	checks.ServerAgents:       ComputerPortal,
	checks.ServerRESTSetup:    ComputerPortal,
	checks.ServerLicence:      PortalAuthorization,
	checks.ServerNetwork:      NoLink, // from the portal to other hosts of the vendor
	checks.ServerSelf:         NoLink, // from the portal to itself
	checks.ServerPHP:          ComputerPortal,
	checks.ServerWebhooks:     QueueApplication,

	checks.SelfClock:    NoLink,
	checks.SelfKeyring:  NoLink,
	checks.SelfLoopback: NoLink,
	checks.SelfBrowser:  NoLink,
	checks.SelfProxy:    NoLink,
	checks.SelfDisplay:  NoLink,
}

// LinkOf returns the link that a check is about.
func LinkOf(id checks.ID) Link { return linkOf[id] }

// LinkOfResult returns the link that a result is about: for a run from outside, the connection from there.
func LinkOfResult(r checks.Result) Link {
	if r.Vantage == checks.FromOutside {
		return ApplicationPortal
	}
	return LinkOf(r.Check)
}

// LinkState is the most severe state of the results about a link, "" if there are none. It is Skipped only if nothing is known: a
// later check that was skipped because of another link doesn't change ok. An acknowledged problem is still seen, as a notice.
func (v *View) LinkState(link Link) checks.State {
	state := checks.State("")
	for _, i := range v.Items {
		if LinkOfResult(i.Result) != link || i.State == checks.Skipped && state != "" {
			continue
		}
		if state == checks.Skipped || shownState(i).Severity() > state.Severity() {
			state = shownState(i)
		}
	}
	return state
}

// shownState is the state of a result among others: an acknowledged finding is no more than a notice.
func shownState(i Item) checks.State {
	if i.Acknowledged != nil {
		return checks.Notice
	}
	return i.State
}
