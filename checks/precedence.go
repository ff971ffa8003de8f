package checks

import "slices"

// precedence lists the results that a finding of the portal's server explains: the server sees the cause where the portal's
// answers show only the effect, and one fault must not be reported twice.
var precedence = []struct {
	check  ID
	cause  Cause
	server ID      // the server's check
	found  []Cause // one of which explains the result
}{
	{AuthServerFromPortal, AuthServerUnreachable, ServerAuthServer, egressCauses},
	{AuthServerFromPortal, NeedsDeep, ServerAuthServer, egressCauses},
	{AuthServerFromPortal, PortalNotRegistered, ServerRegistration, []Cause{PortalNotRegistered}},
	{AuthServerFromPortal, TokenCheckerMissing, ServerRESTSetup, []Cause{TokenCheckerMissing, CustomAuthProvider}},
	{AuthServerFromPortal, LicenceRejected, ServerLicence, []Cause{LicenceEnded}},
	{TokenAccepted, AuthServerUnreachable, ServerAuthServer, egressCauses},
	{TokenAccepted, PortalNotRegistered, ServerRegistration, []Cause{PortalNotRegistered}},
	{TokenAccepted, TokenCheckerMissing, ServerRESTSetup, []Cause{TokenCheckerMissing, CustomAuthProvider}},
	{TokenAccepted, LicenceRejected, ServerLicence, []Cause{LicenceEnded}},
	{EventDelivery, EventNotDelivered, ServerAuthServer, egressCauses},
	{RESTRoute, RESTSiteClosed, ServerRESTSetup, []Cause{SiteClosed}},
	{RESTRoute, RESTModuleMissing, ServerModules, []Cause{ModuleMissing}},
	{HTTPSSeen, HTTPSNotSeen, ServerRESTSetup, []Cause{HTTPSNotSeen}},
	{MethodInventory, PlatformOutdated, ServerPlatform, []Cause{PlatformOutdated}},
	{Platform, PlatformOutdated, ServerPlatform, []Cause{PlatformOutdated}},
	{AppInstalled, InstallUnfinished, ServerApplications, []Cause{InstallUnfinished}},
	{RequiredModules, ModuleMissing, ServerModules, []Cause{ModuleMissing}},
	{RequiredModules, ModuleOutdated, ServerModules, []Cause{ModuleOutdated}},
}

var egressCauses = []Cause{AuthServerUnreachable, TLSIntercepted, CABundleOutdated, ProxyNotForREST, OldHostOnly}

// applyPrecedence is the last step of judging: own are what c concluded, others the results of the checks in its Reads.
//
//   - What the server explains is skipped because of the server's finding.
//   - Whether the portal reaches the authorization server is settled by the server where the portal's answers left it open.
//   - Everything else is unchanged. A contradiction between two vantages is shown, and the more severe result decides.
//
// The server's results never turn an observed fault into ok, nor a check that tokens depend on.
func (c *Check) applyPrecedence(own []Result, others map[ID][]Result) []Result {
	if c.ID == AuthServerFromPortal && len(own) == 1 && (own[0].State == Unknown || own[0].State == Skipped) && reachedByServer(others[ServerAuthServer]) {
		return one(Result{Check: c.ID, State: OK, Vantage: FromServer, Facts: own[0].Facts})
	}
	var kept []Result
	because := ID("")
	for _, r := range own {
		if server := explainedBy(r, others); server != "" && r.Check == c.ID {
			because = server
			continue
		}
		kept = append(kept, r)
	}
	if len(kept) == 0 && because != "" {
		return one(Result{Check: c.ID, State: Skipped, Vantage: c.Vantage, Because: because, Facts: own[0].Facts})
	}
	return kept
}

// reachedByServer reports whether the portal's server proved, with its own settings, that it reaches the authorization server.
func reachedByServer(results []Result) bool {
	return slices.ContainsFunc(results, func(r Result) bool {
		f, _ := r.Facts.(*ServerAuthFacts)
		return f.proved()
	})
}

// explainedBy is the server's check that explains a result, or "".
func explainedBy(r Result, others map[ID][]Result) ID {
	for _, p := range precedence {
		if p.check == r.Check && p.cause == r.Cause && slices.ContainsFunc(others[p.server], func(s Result) bool {
			return slices.Contains(p.found, s.Cause) && s.State != Unknown
		}) {
			return p.server
		}
	}
	return ""
}

// precededBy returns the server's checks whose results precede those of check.
func precededBy(check ID) (server []ID) {
	for _, p := range precedence {
		if p.check == check && !slices.Contains(server, p.server) {
			server = append(server, p.server)
		}
	}
	return server
}
