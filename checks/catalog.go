package checks

import (
	"slices"

	"boxready/internal/requirements"
)

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
	PortalFromInternet     ID = "portal-from-internet"

	WebhookCheck     ID = "webhook"
	SignIn           ID = "sign-in"
	PortalIdentity   ID = "portal-identity"
	TokenAccepted    ID = "token-accepted"
	RESTLicence      ID = "rest-licence"
	AppInstalled     ID = "app-installed"
	UserRights       ID = "user-rights"
	Platform         ID = "platform"
	RequiredScopes   ID = "scopes"
	RequiredModules  ID = "modules"
	RequiredMethods  ID = "methods"
	RequiredEvents   ID = "events"
	EventMachinery   ID = "event-machinery"
	EventDelivery    ID = "event-delivery"
	ApplicationHosts ID = "application-hosts"
	RateLimit        ID = "rate-limit"

	BrowserLibrary   ID = "browser-library"
	ApplicationFrame ID = "application-frame"
	BodySizeCheck    ID = "body-size"

	ServerProbe        ID = "server-probe"
	ServerAuthServer   ID = "server-auth-server"
	ServerRegistration ID = "server-registration"
	ServerApplications ID = "server-applications"
	ServerModules      ID = "server-modules"
	ServerPlatform     ID = "server-platform"
	ServerAgents       ID = "server-agents"
	ServerRESTSetup    ID = "server-rest-setup"
	ServerLicence      ID = "server-licence"
	ServerNetwork      ID = "server-network"
	ServerSelf         ID = "server-self"
	ServerPHP          ID = "server-php"
	ServerWebhooks     ID = "server-webhooks"

	// SelfClock is no check of its own here: portal-clock yields it if this computer's clock is wrong.
	SelfClock ID = "self-clock"
)

func all(ids ...ID) (needs [][]ID) {
	for _, id := range ids {
		needs = append(needs, []ID{id})
	}
	return needs
}

// Catalog returns the checks in the order of reports, each after those that it needs.
func Catalog() []*Check {
	allAffected := []Affected{Applications, Events, Webhooks}
	tokens := []Affected{Applications, Events}
	events := []Affected{Events}
	application := []Affected{ThisApplication}
	return []*Check{
		define(Check{
			ID: PortalAddress, Group: PortalGroup, Step: StepPortal, Vantage: FromComputer, Owner: PortalAdmin, Affects: allAffected,
			Causes: []Cause{AddressIsIP, AddressIsCloud, AddressWasHTTP},
		}, observeAddress, judgeAddress),
		define(Check{
			ID: PortalDNS, Group: PortalGroup, Step: StepPortal, Needs: all(PortalAddress), Vantage: FromComputer, Owner: NetworkAdmin, Affects: allAffected,
			Causes: []Cause{DNSNotFound, DNSFailed, DNSPrivateOnly, DNSSinkhole, DNSDiffers},
		}, observeDNS, judgeDNS),
		continued(define(Check{
			ID: PortalTCP, Group: PortalGroup, Step: StepPortal, Needs: all(PortalDNS), Vantage: FromComputer, Owner: NetworkAdmin, Affects: allAffected,
			Causes: []Cause{TCPRefused, TCPTimeout, AddressPartlyDead, IPv6Dead},
		}, observeTCP, judgeTCP), observeSilent),
		continued(define(Check{
			ID: PortalTLS, Group: PortalGroup, Step: StepPortal, Needs: all(PortalTCP), Vantage: FromComputer, Owner: ServerAdmin, Affects: allAffected,
			Causes: []Cause{TLSSelfSigned, TLSPrivateCA, TLSNationalCA, TLSIncompleteChain, TLSExpired, TLSNotYetValid, TLSWrongHost, TLSOldProtocol,
				TLSNotTLS, TLSWeakCertificate, TLSClientCertificate, TLSIntercepted, CaptivePortal, TLSHandshakeFailed, TLSExpiresSoon},
		}, observeTLS, judgeTLS), observeLateTLS),
		define(Check{
			ID: PortalRedirect, Group: PortalGroup, Step: StepPortal, ReachableThrough: PortalTLS, Vantage: FromComputer, Owner: ServerAdmin, Affects: allAffected,
			Causes: []Cause{RedirectDropsPost, RedirectWrongPort, RedirectLosesPath, RedirectOtherHost, RedirectLoop},
		}, observeRedirect, judgeRedirect),
		define(Check{
			ID: RESTRoute, Group: PortalGroup, Step: StepPortal, ReachableThrough: PortalTLS, Vantage: FromComputer, Owner: ServerAdmin, Affects: allAffected,
			Causes: []Cause{RESTNotFound, RESTModuleMissing, RESTNotBitrix, RESTBasicAuth, RESTLoginPage, RESTBlocked, RESTSiteClosed, RESTPolluted,
				RESTServerError, RESTCutOff, RESTSlow, RESTMethodRefused, PHPNotRun, PHPScriptRefused, SiteNotServed, ProxyWrongScheme,
				ErrorsReplaced, EdgeError, BrowserCheck, DiskFull},
		}, observeRoute, judgeRoute),
		define(Check{
			ID: HTTPSSeen, Group: PortalGroup, Step: StepPortal, Needs: all(RESTRoute), Vantage: FromPortal, Owner: ServerAdmin, Affects: allAffected,
			Causes: []Cause{HTTPSNotSeen},
		}, observeHTTPS, judgeHTTPS),
		define(Check{
			ID: MethodInventory, Group: PortalGroup, Step: StepPortal, Needs: all(RESTRoute), Vantage: FromComputer, Owner: PortalAdmin, Affects: tokens,
			Causes: []Cause{CoreMethodMissing, PlatformOutdated},
		}, observeInventory, judgeInventory),
		define(Check{
			ID: PortalClock, Group: PortalGroup, Step: StepPortal, Needs: all(RESTRoute), Reads: []ID{AuthServerFromComputer}, Vantage: FromComputer, Owner: ServerAdmin, Affects: tokens,
			Causes: []Cause{ClockOff, ClockWrong},
		}, observeClock, judgeClock),
		define(Check{
			ID: AuthServerFromPortal, Group: AuthGroup, Step: StepAuthServer, Needs: all(RESTRoute), After: tokenRule, Reads: []ID{AuthServerFromComputer, ServerAuthServer}, Vantage: FromPortal, Owner: ServerAdmin, Affects: tokens,
			Causes: []Cause{NeedsDeep, AuthServerUnreachable, PortalNotRegistered, LicenceRejected, PortalCredentialsRefused, TokenCheckerMissing, DiskFull},
		}, observeAuth, judgeAuth),
		define(Check{
			ID: CredentialsArrive, Group: AuthGroup, Step: StepAuthServer, Needs: all(RESTRoute), After: tokenRule, Consent: Deep, Vantage: FromPortal, Owner: ServerAdmin, Affects: tokens,
			Causes: []Cause{AuthHeaderStripped, PostBodyLost},
		}, observeCredentials, judgeCredentials),
		define(Check{
			ID: ContentFilterCheck, Group: AuthGroup, Step: StepPortal, Needs: all(RESTRoute), After: []ID{AuthServerFromPortal, CredentialsArrive, MethodInventory}, Consent: ContentFilter,
			Vantage: FromComputer, Owner: ServerAdmin, Affects: tokens,
			Causes: []Cause{BodyFiltered},
		}, observeFilter, judgeFilter),
		define(Check{
			ID: AuthServerFromComputer, Group: AuthGroup, Step: StepAuthServer, Vantage: FromComputer, Owner: You, Minor: true,
			Causes: []Cause{VendorHostUnreachable},
		}, observeVendor, judgeVendor),
		define(Check{
			ID: QueueFeed, Group: AuthGroup, Step: StepAuthServer, Reads: []ID{AuthServerFromComputer}, Vantage: FromComputer, Owner: You, Minor: true,
			Causes: []Cause{FeedUnreachable, FeedInvalid},
		}, observeFeed, judgeFeed),
		define(Check{
			ID: PortalFromInternet, Group: AuthGroup, Step: StepPortal, Reads: []ID{PortalDNS, PortalTLS}, MissingPrerequisite: missingOutside, Vantage: FromOutside, Owner: NetworkAdmin, Affects: allAffected,
			Causes: []Cause{NotSeenFromOutside},
		}, observeOutside, judgeOutside),

		define(Check{
			ID: WebhookCheck, Group: AccessGroup, Step: StepSignIn, Needs: all(HTTPSSeen), After: secretRule, Credentials: []Credential{ByWebhook},
			Vantage: FromPortal, Owner: ServerAdmin, Affects: []Affected{ThisWebhook},
			Causes: []Cause{WebhookRejected, WebhookUser, CallAwaitsConsent, DiskFull},
		}, observeWebhook, judgeWebhook),
		define(Check{
			ID: SignIn, Group: AccessGroup, Step: StepSignIn, Credentials: signedIn, Vantage: FromComputer, Owner: You,
			Causes: []Cause{GrantInvalid, ClientInvalid, SignInExpired, AppPaymentRequired, AppUnknown, ScopeRefused, AuthServerFailed, VendorHostUnreachable},
		}, observeSignIn, judgeSignIn),
		define(Check{
			ID: PortalIdentity, Group: AccessGroup, Step: StepSignIn, Needs: all(SignIn), Credentials: signedIn, Vantage: FromComputer, Owner: PortalAdmin, Affects: tokens,
			Causes: []Cause{AddressDiffers, AddressHeldAsHTTP, PortalClone},
		}, observeIdentity, judgeIdentity),
		define(Check{
			ID: TokenAccepted, Group: AccessGroup, Step: StepSignIn, Needs: all(SignIn, HTTPSSeen), After: tokenRule, Credentials: signedIn,
			Reads: []ID{AuthServerFromPortal, AuthServerFromComputer}, Vantage: FromPortal, Owner: ServerAdmin, Affects: tokens,
			Causes: []Cause{AuthServerUnreachable, PortalNotRegistered, LicenceRejected, PortalCredentialsRefused, TokenCheckerMissing,
				AppNotOnPortal, AppNotOnAuthServer, UserInactive, UserNoAppAccess, DiskFull},
		}, observeAccepted, judgeAccepted),
		define(Check{
			ID: RESTLicence, Group: AccessGroup, Step: StepSignIn, Needs: anyCredential, Credentials: either, Vantage: FromPortal, Owner: PortalAdmin, Affects: allAffected,
			Causes: []Cause{RESTNotInPlan, SubscriptionEnded, FeatureNotLicensed, LicenceBlocked, AppPaymentRequired},
		}, observeLicence, judgeLicence),
		define(Check{
			ID: AppInstalled, Group: AccessGroup, Step: StepSignIn, Needs: all(TokenAccepted), Credentials: signedIn, AsApplication: true,
			Vantage: FromPortal, Owner: PortalAdmin, Affects: tokens,
			Causes: []Cause{InstallUnfinished},
		}, observeInstalled, judgeInstalled),
		define(Check{
			ID: UserRights, Group: AccessGroup, Step: StepSignIn, Needs: anyCredential, Credentials: either, Vantage: FromPortal, Owner: PortalAdmin, Affects: tokens, Minor: true,
			Causes: []Cause{UserNotAdmin},
		}, observeRights, judgeRights),
		define(Check{
			ID: Platform, Group: AccessGroup, Step: StepModules, Needs: anyCredential, Credentials: either, Deadline: inventoryDeadline,
			Vantage: FromPortal, Owner: PortalAdmin, Affects: tokens, Minor: true,
			Causes: []Cause{PlatformOutdated},
		}, observePlatform, judgePlatform),
		define(Check{
			ID: RequiredModules, Group: AccessGroup, Step: StepModules, Needs: anyCredential, After: []ID{ServerProbe}, Credentials: either, Deadline: inventoryDeadline,
			Vantage: FromPortal, Owner: PortalAdmin, Affects: tokens,
			Causes: []Cause{ModuleMissing, ModuleOutdated, ModuleVersionUnknown},
		}, observeModules, judgeModules),
		define(Check{
			ID: RequiredScopes, Group: AccessGroup, Step: StepModules, Needs: anyCredential, After: []ID{RequiredModules}, Credentials: either,
			Vantage: FromPortal, Owner: PortalAdmin, Affects: tokens,
			Causes: []Cause{ScopeNotGranted, ScopeUnknown},
		}, observeRequirement(requirements.ScopeNeed), judgeRequirement(judgeScopes)),
		define(Check{
			ID: RequiredMethods, Group: AccessGroup, Step: StepModules, Needs: anyCredential, After: []ID{RequiredModules}, Credentials: either,
			Vantage: FromPortal, Owner: PortalAdmin, Affects: tokens,
			Causes: []Cause{MethodMissing, REST3Missing, MethodUnknown, MethodDeprecated, MethodNotPermitted, MethodUnsure},
		}, observeRequirement(requirements.MethodNeed), judgeRequirement(judgeMethods)),
		define(Check{
			ID: RequiredEvents, Group: AccessGroup, Step: StepEvents, Needs: all(TokenAccepted), After: []ID{RequiredModules}, Credentials: signedIn,
			Vantage: FromPortal, Owner: PortalAdmin, Affects: events,
			Causes: []Cause{EventMissing},
		}, observeRequirement(requirements.EventNeed), judgeRequirement(judgeEvents)),
		define(Check{
			ID: EventMachinery, Group: AccessGroup, Step: StepEvents, Needs: all(TokenAccepted), After: []ID{RequiredModules}, Credentials: signedIn, Consent: EventTest,
			Reads: []ID{AppInstalled, RESTLicence}, Vantage: FromPortal, Owner: ServerAdmin, Affects: events,
			Causes: []Cause{EventNotRecorded, EventTestDenied},
		}, observeEventTest, judgeEventTest),
		define(Check{
			ID: EventDelivery, Group: AccessGroup, Step: StepEvents, Needs: all(EventMachinery), Credentials: signedIn, Consent: EventTest, MissingPrerequisite: missingReceiver,
			Reads: []ID{RESTLicence}, Deadline: deliveryDeadline, Vantage: FromPortal, Owner: NetworkAdmin, Affects: events,
			Causes: []Cause{EventNotDelivered},
		}, observeDelivery, judgeDelivery),
		define(Check{
			ID: ApplicationHosts, Group: AccessGroup, Step: StepEvents, Hosts: true, Vantage: FromComputer, Owner: Vendor, Affects: application,
			Causes: []Cause{HostUnreachable, HandlerTLS, HandlerPrivate},
		}, observeHosts, judgeHosts),
		define(Check{
			ID: BrowserLibrary, Group: BrowserGroup, Step: StepEvents, MissingPrerequisite: missingPage, Vantage: FromComputer, Owner: NetworkAdmin, Affects: []Affected{Applications}, Minor: true,
			Causes: []Cause{VendorHostUnreachable},
		}, observeLibrary, judgeLibrary),
		define(Check{
			ID: ApplicationFrame, Group: BrowserGroup, Step: StepEvents, MissingPrerequisite: missingPage, Vantage: FromComputer, Owner: Vendor, Affects: application,
			Causes: []Cause{FrameBlocked, FrameNotHTTPS, FrameCookie},
		}, observeFrames, judgeFrames),
		define(Check{
			ID: BodySizeCheck, Group: BrowserGroup, Step: StepPortal, Needs: all(RESTRoute), After: []ID{ContentFilterCheck, PortalClock, Platform, RequiredMethods, EventMachinery, EventDelivery},
			Consent: BodySize, Deadline: bodyDeadline, AddsDeadline: true, Vantage: FromComputer, Owner: ServerAdmin, Affects: []Affected{Applications, Webhooks}, Minor: true,
			Causes: []Cause{BodyTooLarge},
		}, observeBody, judgeBody),
		define(Check{
			ID: RateLimit, Group: AccessGroup, Step: StepPortal, After: []ID{ContentFilterCheck, PortalClock, Platform, EventMachinery, EventDelivery, BodySizeCheck},
			NoRequests: true, Vantage: FromComputer, Owner: ServerAdmin, Affects: allAffected, Minor: true,
			Causes: []Cause{Throttled, Overloaded, OperationTime},
		}, observeLimits, judgeLimits),

		define(Check{
			ID: ServerProbe, Group: ServerGroup, Step: StepPortal, MissingPrerequisite: missingProbe, Vantage: FromServer, Owner: You,
			Causes: []Cause{ProbeOtherPortal, ProbeOld, ProbeDamaged},
		}, observeProbe, judgeProbe),
		define(Check{
			ID: ServerAuthServer, Group: ServerGroup, Step: StepAuthServer, Needs: all(ServerProbe), MissingPrerequisite: missingPart(hasAuthHosts), Vantage: FromServer, Owner: NetworkAdmin, Affects: tokens,
			Causes: []Cause{AuthServerUnreachable, TLSIntercepted, CABundleOutdated, ProxyNotForREST, OldHostOnly},
		}, observeServerAuth, judgeServerAuth),
		define(Check{
			ID: ServerRegistration, Group: ServerGroup, Step: StepAuthServer, Needs: all(ServerProbe), MissingPrerequisite: missingPart(hasRegistration), Vantage: FromServer, Owner: PortalAdmin, Affects: tokens,
			Causes: []Cause{PortalNotRegistered, AddressDiffers, PortalClone},
		}, observeRegistration, judgeRegistration),
		define(Check{
			ID: ServerApplications, Group: ServerGroup, Step: StepSignIn, Needs: all(ServerProbe), MissingPrerequisite: missingPart(hasApplications), Vantage: FromServer, Owner: PortalAdmin, Affects: application,
			Causes: []Cause{InstallUnfinished, AppInactive, AppPaymentExpired},
		}, observeApplications, judgeApplications),
		define(Check{
			ID: ServerModules, Group: ServerGroup, Step: StepModules, Needs: all(ServerProbe), MissingPrerequisite: missingPart(hasModules), Vantage: FromServer, Owner: PortalAdmin, Affects: tokens,
			Causes: []Cause{ModuleMissing, ModuleOutdated},
		}, observeServerModules, judgeServerModules),
		define(Check{
			ID: ServerPlatform, Group: ServerGroup, Step: StepModules, Needs: all(ServerProbe), MissingPrerequisite: missingPart(hasPlatform), Vantage: FromServer, Owner: ServerAdmin, Affects: tokens,
			Causes: []Cause{PHPTooOld, PHPExtensionMissing, OpenSSLTooOld, PlatformOutdated},
		}, observeServerPlatform, judgeServerPlatform),
		define(Check{
			ID: ServerAgents, Group: ServerGroup, Step: StepEvents, Needs: all(ServerProbe), MissingPrerequisite: missingPart(hasAgents), Vantage: FromServer, Owner: ServerAdmin, Affects: events,
			Causes: []Cause{AgentsStopped, UsageBacklog},
		}, observeAgents, judgeAgents),
		define(Check{
			ID: ServerRESTSetup, Group: ServerGroup, Step: StepPortal, Needs: all(ServerProbe), MissingPrerequisite: missingPart(hasSetup), Vantage: FromServer, Owner: PortalAdmin, Affects: allAffected,
			Causes: []Cause{TokenCheckerMissing, HTTPSNotSeen, SiteClosed, CustomAuthProvider, CustomEventProvider, RESTLogOff},
		}, observeSetup, judgeSetup),
		define(Check{
			ID: ServerLicence, Group: ServerGroup, Step: StepSignIn, Needs: all(ServerProbe), MissingPrerequisite: missingPart(hasLicence), Vantage: FromServer, Owner: PortalAdmin, Affects: allAffected,
			Causes: []Cause{LicenceDemo, LicenceEnded, LicenceEndsSoon},
		}, observeServerLicence, judgeServerLicence),
		define(Check{
			ID: ServerNetwork, Group: ServerGroup, Step: StepAuthServer, Needs: all(ServerProbe), MissingPrerequisite: missingPart(hasNetwork), Vantage: FromServer, Owner: NetworkAdmin, Affects: []Affected{Applications},
			Causes: []Cause{VendorHostUnreachable},
		}, observeServerNetwork, judgeServerNetwork),
		define(Check{
			ID: ServerSelf, Group: ServerGroup, Step: StepAuthServer, Needs: all(ServerProbe), MissingPrerequisite: missingPart(hasSelf), Reads: []ID{PortalTLS}, Vantage: FromServer, Owner: NetworkAdmin, Affects: []Affected{Applications},
			Causes: []Cause{PortalCannotReachItself},
		}, observeServerSelf, judgeServerSelf),
		define(Check{
			ID: ServerPHP, Group: ServerGroup, Step: StepModules, Needs: all(ServerProbe), MissingPrerequisite: missingPart(hasLimits), Vantage: FromServer, Owner: ServerAdmin, Affects: []Affected{Applications, Webhooks},
			Causes: []Cause{PHPLimitsLow},
		}, observeServerPHP, judgeServerPHP),
		define(Check{
			ID: ServerWebhooks, Group: ServerGroup, Step: StepEvents, Needs: all(ServerProbe), MissingPrerequisite: missingPart(hasOutgoing), Vantage: FromServer, Owner: Vendor, Affects: application,
			Causes: []Cause{HandlerUnreachable},
		}, observeServerWebhooks, judgeServerWebhooks),
	}
}

// secretRule are the checks that must pass before a webhook's code is sent to the portal, tokenRule those for a token: it makes
// the portal report its address, so which one the authorization server holds is asked before.
var (
	secretRule = []ID{PortalTLS, PortalRedirect, HTTPSSeen}
	tokenRule  = append(slices.Clone(secretRule), PortalIdentity)
)

var (
	signedIn      = []Credential{BySignIn}
	either        = []Credential{BySignIn, ByWebhook}
	anyCredential = [][]ID{{WebhookCheck, TokenAccepted}}
)
