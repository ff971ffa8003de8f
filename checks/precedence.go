package checks

import "slices"

// explanations are what the portal's server knows better than the portal's answers show. Where it found one of the causes,
// what another check concluded from outside waits for that to be mended: said twice, it would look like two faults.
var explanations = []struct {
	check ID
	cause Cause
	by    ID
	found []Cause
}{
	{AuthServerFromPortal, AuthServerUnreachable, ServerAuthServer, wayOut},
	{AuthServerFromPortal, NeedsDeep, ServerAuthServer, wayOut},
	{AuthServerFromPortal, PortalNotRegistered, ServerRegistration, []Cause{PortalNotRegistered}},
	{AuthServerFromPortal, TokenCheckerMissing, ServerRESTSetup, []Cause{TokenCheckerMissing, CustomAuthProvider}},
	{AuthServerFromPortal, LicenceRejected, ServerLicence, []Cause{LicenceEnded}},
	{TokenAccepted, AuthServerUnreachable, ServerAuthServer, wayOut},
	{TokenAccepted, PortalNotRegistered, ServerRegistration, []Cause{PortalNotRegistered}},
	{TokenAccepted, TokenCheckerMissing, ServerRESTSetup, []Cause{TokenCheckerMissing, CustomAuthProvider}},
	{TokenAccepted, LicenceRejected, ServerLicence, []Cause{LicenceEnded}},
	{EventDelivery, EventNotDelivered, ServerAuthServer, wayOut},
	{RESTRoute, RESTSiteClosed, ServerRESTSetup, []Cause{SiteClosed}},
	{RESTRoute, RESTModuleMissing, ServerModules, []Cause{ModuleMissing}},
	{HTTPSSeen, HTTPSNotSeen, ServerRESTSetup, []Cause{HTTPSNotSeen}},
	{MethodInventory, PlatformOutdated, ServerPlatform, []Cause{PlatformOutdated}},
	{Platform, PlatformOutdated, ServerPlatform, []Cause{PlatformOutdated}},
	{AppInstalled, InstallUnfinished, ServerApplications, []Cause{InstallUnfinished}},
	{RequiredModules, ModuleMissing, ServerModules, []Cause{ModuleMissing}},
	{RequiredModules, ModuleOutdated, ServerModules, []Cause{ModuleOutdated}},
}

var wayOut = []Cause{AuthServerUnreachable, TLSIntercepted, CABundleOutdated, ProxyNotForREST, OldHostOnly}

// heed lets the word of the portal's server go before what check concluded from elsewhere:
//
//   - What the server explains is put off because of the server's finding.
//   - Whether the portal reaches the authorization server is settled by the server where the portal's answers left it open.
//   - Everything else stands. That two places contradict each other is shown, and the graver word decides.
//
// Nothing that the server says turns a fault that was seen into "in order", or makes a check ok that a token waits for.
func heed(check ID, results []Result, seen Seen) []Result {
	if check == AuthServerFromPortal && seen[ServerAuthServer] != nil && len(results) == 1 {
		f, _ := seen[ServerAuthServer].(*ServerAuthFacts)
		if s := results[0].State; f.proved() && (s == Unknown || s == Skipped) {
			return one(Result{State: OK, Vantage: FromServer})
		}
	}
	kept, because := []Result{}, ID("")
	for _, r := range results {
		if by := explainedBy(check, r, seen); by != "" {
			because = by
			continue
		}
		kept = append(kept, r)
	}
	if len(kept) == 0 && because != "" {
		return skipped(because)
	}
	return kept
}

// explainedBy is the server's check that stands behind a result, or "".
func explainedBy(check ID, r Result, seen Seen) ID {
	for _, e := range explanations {
		facts := seen[e.by]
		if e.check != check || e.cause != r.Cause || facts == nil || r.Check != "" && r.Check != check {
			continue
		}
		found := serverJudges[e.by](facts, seen)
		if slices.ContainsFunc(found, func(s Result) bool { return slices.Contains(e.found, s.Cause) && s.State != Unknown }) {
			return e.by
		}
	}
	return ""
}

// heeded are the server's checks whose facts the conclusions of check depend on.
func heeded(check ID) (by []ID) {
	for _, e := range explanations {
		if e.check == check && !slices.Contains(by, e.by) {
			by = append(by, e.by)
		}
	}
	return by
}

var serverJudges = map[ID]func(Facts, Seen) []Result{
	ServerAuthServer: judging(judgeServerAuth), ServerRegistration: judging(judgeRegistration), ServerApplications: judging(judgeApplications),
	ServerModules: judging(judgeServerModules), ServerPlatform: judging(judgeServerPlatform), ServerRESTSetup: judging(judgeSetup),
	ServerLicence: judging(judgeServerLicence),
}

func judging[F any](judge func(*F, Seen) []Result) func(Facts, Seen) []Result {
	return func(facts Facts, seen Seen) []Result {
		if f, _ := facts.(*F); f != nil {
			return judge(f, seen)
		}
		return nil
	}
}
