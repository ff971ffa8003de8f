package checks

import "slices"

// precedence lists the results that another check's finding explains, the check with the most evidence first: one fault must not
// be reported twice. The portal's server sees the cause where the portal's answers show only the effect.
var precedence = []struct {
	check  ID
	cause  Cause
	better ID      // the check with more evidence
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
	{MethodInventory, PlatformOutdated, Platform, []Cause{PlatformOutdated}},
	{Platform, PlatformOutdated, ServerPlatform, []Cause{PlatformOutdated}},
	{AppInstalled, InstallUnfinished, ServerApplications, []Cause{InstallUnfinished}},
	{RequiredModules, ModuleMissing, ServerModules, []Cause{ModuleMissing}},
	{RequiredModules, ModuleOutdated, ServerModules, []Cause{ModuleOutdated}},
}

var egressCauses = []Cause{AuthServerUnreachable, TLSIntercepted, CABundleOutdated, ProxyNotForREST, OldHostOnly}

// applyPrecedence is the last step of judging: own are what c concluded, others the results of the checks in its Reads and of those
// that may explain own.
//
//   - What another check explains is skipped because of that check's finding.
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
		if better := explainedBy(r, others); better != "" && r.Check == c.ID {
			because = better
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

// explainedBy is the check that explains a result, or "".
func explainedBy(r Result, others map[ID][]Result) ID {
	for _, p := range precedence {
		if p.check == r.Check && p.cause == r.Cause && slices.ContainsFunc(others[p.better], func(s Result) bool {
			return slices.Contains(p.found, s.Cause) && s.State != Unknown
		}) {
			return p.better
		}
	}
	return ""
}

// mayExplain returns the checks of which a finding would explain one of the results. The others need not be waited for.
func mayExplain(results []Result) (better []ID) {
	for _, p := range precedence {
		if slices.ContainsFunc(results, func(r Result) bool { return r.Check == p.check && r.Cause == p.cause }) {
			better = append(better, p.better)
		}
	}
	return better
}

// precededBy returns the checks whose findings may explain results of check.
func precededBy(check ID) (better []ID) {
	for _, p := range precedence {
		if p.check == check && !slices.Contains(better, p.better) {
			better = append(better, p.better)
		}
	}
	return better
}

// ServerMayExplain reports whether the portal's server can show the cause of a result.
func ServerMayExplain(r Result) bool {
	better := mayExplain([]Result{r})
	return slices.ContainsFunc(Catalog(), func(c *Check) bool { return c.Group == ServerGroup && slices.Contains(better, c.ID) })
}
