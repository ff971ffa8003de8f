package checks

// The checks.
const (
	PortalAddress          ID = "portal-address"
	PortalDNS              ID = "portal-dns"
	PortalTCP              ID = "portal-tcp"
	PortalTLS              ID = "portal-tls"
	PortalRedirect         ID = "portal-redirect"
	RESTRoute              ID = "rest-route"
	HTTPSSeen              ID = "https-seen"
	MethodInventory        ID = "method-inventory"
	PortalClock            ID = "portal-clock"
	AuthServerFromPortal   ID = "auth-server-from-portal"
	CredentialsArrive      ID = "credentials-arrive"
	ContentFilterCheck     ID = "content-filter"
	AuthServerFromComputer ID = "auth-server-from-computer"
	QueueFeed              ID = "queue-feed"

	// SelfClock is no check of its own here: portal-clock yields it when it is this computer that is off.
	SelfClock ID = "self-clock"
)

func all(ids ...ID) (needs [][]ID) {
	for _, id := range ids {
		needs = append(needs, []ID{id})
	}
	return needs
}

// Catalog returns the checks in the order in which they are reported; what a check needs stands before it.
func Catalog() []*Check {
	everything := []Affected{Applications, Events, Webhooks}
	tokens := []Affected{Applications, Events}
	return []*Check{
		define(Check{
			ID: PortalAddress, Group: PortalGroup, Vantage: FromComputer, Owner: PortalAdmin, Affects: everything,
			Causes: []Cause{AddressIsIP, AddressIsCloud, AddressWasHTTP},
		}, observeAddress, judgeAddress),
		define(Check{
			ID: PortalDNS, Group: PortalGroup, Needs: all(PortalAddress), Vantage: FromComputer, Owner: NetworkAdmin, Affects: everything,
			Causes: []Cause{DNSNotFound, DNSFailed, DNSPrivateOnly, DNSSinkhole, DNSDiffers},
		}, observeDNS, judgeDNS),
		define(Check{
			ID: PortalTCP, Group: PortalGroup, Needs: all(PortalDNS), Vantage: FromComputer, Owner: NetworkAdmin, Affects: everything,
			Causes: []Cause{TCPRefused, TCPTimeout, IPv6Dead},
		}, observeTCP, judgeTCP),
		define(Check{
			ID: PortalTLS, Group: PortalGroup, Needs: all(PortalTCP), Vantage: FromComputer, Owner: ServerAdmin, Affects: everything,
			Causes: []Cause{TLSSelfSigned, TLSPrivateCA, TLSNationalCA, TLSIncompleteChain, TLSExpired, TLSNotYetValid, TLSWrongHost, TLSOldProtocol,
				TLSNotTLS, TLSWeakCertificate, TLSClientCertificate, TLSIntercepted, TLSHandshakeFailed, TLSExpiresSoon},
		}, observeTLS, judgeTLS),
		define(Check{
			ID: PortalRedirect, Group: PortalGroup, Reached: PortalTLS, Vantage: FromComputer, Owner: ServerAdmin, Affects: everything,
			Causes: []Cause{RedirectDropsPost, RedirectOtherHost, RedirectLoop},
		}, observeRedirect, judgeRedirect),
		define(Check{
			ID: RESTRoute, Group: PortalGroup, Reached: PortalTLS, Vantage: FromComputer, Owner: ServerAdmin, Affects: everything,
			Causes: []Cause{RESTNotFound, RESTModuleMissing, RESTNotBitrix, RESTBasicAuth, RESTLoginPage, RESTBlocked, RESTSiteClosed, RESTPolluted,
				RESTServerError, RESTCutOff},
		}, observeRoute, judgeRoute),
		define(Check{
			ID: HTTPSSeen, Group: PortalGroup, Needs: all(RESTRoute), Vantage: FromPortal, Owner: ServerAdmin, Affects: everything,
			Causes: []Cause{HTTPSNotSeen},
		}, observeHTTPS, judgeHTTPS),
		define(Check{
			ID: MethodInventory, Group: PortalGroup, Needs: all(RESTRoute), Vantage: FromComputer, Owner: PortalAdmin, Affects: tokens,
			Causes: []Cause{CoreMethodMissing, PlatformOutdated},
		}, observeInventory, judgeInventory),
		define(Check{
			ID: PortalClock, Group: PortalGroup, Needs: all(RESTRoute), Reads: []ID{AuthServerFromComputer}, Vantage: FromComputer, Owner: ServerAdmin, Affects: tokens,
			Causes: []Cause{ClockOff, ClockWrong},
		}, observeClock, judgeClock),
		define(Check{
			ID: AuthServerFromPortal, Group: AuthGroup, Needs: all(RESTRoute), After: tokenRule, Vantage: FromPortal, Owner: ServerAdmin, Affects: tokens,
			Causes: []Cause{NeedsDeep, AuthServerUnreachable, PortalNotRegistered, LicenceRejected, PortalCredentialsRefused, TokenCheckerMissing},
		}, observeAuth, judgeAuth),
		define(Check{
			ID: CredentialsArrive, Group: AuthGroup, Needs: all(RESTRoute), After: tokenRule, Consent: Deep, Vantage: FromPortal, Owner: ServerAdmin, Affects: tokens,
			Causes: []Cause{AuthHeaderStripped, PostBodyLost},
		}, observeCredentials, judgeCredentials),
		define(Check{
			ID: ContentFilterCheck, Group: AuthGroup, Needs: all(RESTRoute), After: []ID{AuthServerFromPortal, CredentialsArrive, MethodInventory}, Consent: ContentFilter,
			Vantage: FromPortal, Owner: ServerAdmin, Affects: tokens,
			Causes: []Cause{BodyFiltered},
		}, observeFilter, judgeFilter),
		define(Check{
			ID: AuthServerFromComputer, Group: AuthGroup, Vantage: FromComputer, Owner: You,
			Causes: []Cause{VendorHostUnreachable},
		}, observeVendor, judgeVendor),
		define(Check{
			ID: QueueFeed, Group: AuthGroup, Reads: []ID{AuthServerFromComputer}, Vantage: FromComputer, Owner: You,
			Causes: []Cause{FeedUnreachable, FeedInvalid},
		}, observeFeed, judgeFeed),
	}
}

// tokenRule are the checks on which it depends whether a token may go to the portal.
var tokenRule = []ID{PortalTLS, PortalRedirect, HTTPSSeen}
