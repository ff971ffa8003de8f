package checks

import (
	"fmt"
	"testing"

	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"boxready/internal/transport"
)

// fourTimes are the answers to a token in each of the four places, in the order in which they are asked.
func fourTimes(form, query, json, header *Exchange) []TokenAnswer {
	return []TokenAnswer{token(portal.InForm, form), token(portal.InQuery, query), token(portal.InJSON, json), token(portal.InHeader, header)}
}

var (
	relayed       = saysError(400, "invalid_request", "")
	lostToken     = saysError(401, "NO_AUTH_FOUND", "Wrong authorization data")
	lostLowerCase = saysError(401, "no_auth_found", "")
	invalidToken  = saysError(401, "invalid_token", "Unable to get application by token")
	noConnection  = saysError(401, "CONNECTION_ERROR", "Error connecting to authorization server")
	unregistered  = saysError(400, "ERROR_CORE", "No client credentials")
	badLicence    = saysError(401, "verification_needed", "License check failed.")
)

func TestJudgeAuth(t *testing.T) {
	tokenPage := func(x *Exchange) *AuthFacts { return &AuthFacts{TokenPage: x} }
	blocked := func(by ID, x *Exchange) *AuthFacts { return &AuthFacts{Deep: true, BlockedBy: by, TokenPage: x} }
	deep := func(answers ...TokenAnswer) *AuthFacts { return &AuthFacts{Deep: true, Tokens: answers} }
	form := func(x *Exchange) *AuthFacts { return deep(token(portal.InForm, x)) }
	says := func(code, description string) *AuthFacts { return form(saysError(401, code, description)) }
	const (
		needsDeep   = "unknown needs-deep you"
		unreachable = "problem auth-server-unreachable network-admin"
		notKnown    = "problem portal-not-registered portal-admin"
		licence     = "problem licence-rejected portal-admin"
		refused     = "problem portal-credentials-refused portal-admin"
		noChecker   = "problem token-checker-missing server-admin"
		odd         = "unknown unexpected-answer server-admin"
		ownWord     = "unknown refused-with-code server-admin"
	)
	cases := []verdict{
		{"the page relays", tokenPage(relayed), nil, results("ok")},
		{"the page relays wrong_client with status 200", tokenPage(saysError(200, "wrong_client", "")), nil, results("ok")},
		{"the page relays an error that nobody knows", tokenPage(saysError(400, "something_new", "")), nil, results(needsDeep)},
		{"no page", tokenPage(page(404)), nil, results(needsDeep)},
		{"an empty page", tokenPage(&Exchange{Status: 200, Form: portal.FormEmpty}), nil, results(needsDeep)},
		{"a result without an error", tokenPage(&Exchange{Status: 200, Form: portal.FormJSON}), nil, results(needsDeep)},
		{"other JSON", tokenPage(&Exchange{Status: 200, Form: portal.FormOtherJSON}), nil, results(needsDeep)},
		{"the page is silent", tokenPage(failedWith(transport.Timeout)), nil, results(needsDeep)},
		{"the page was not asked", &AuthFacts{}, nil, results(needsDeep)},

		{"blocked by TLS", blocked(PortalTLS, page(404)), nil, results("skipped because portal-tls")},
		{"blocked by a redirect", blocked(PortalRedirect, nil), nil, results("skipped because portal-redirect")},
		{"blocked by https", blocked(HTTPSSeen, failedWith(transport.Timeout)), nil, results("skipped because https-seen")},
		{"blocked by TLS, the page relays", blocked(PortalTLS, relayed), nil, results("ok")},
		{"blocked by a redirect, the page relays", blocked(PortalRedirect, relayed), nil, results("ok")},
		{"blocked by https, the page relays", blocked(HTTPSSeen, relayed), nil, results("ok")},

		{"invalid token", form(invalidToken), nil, results("ok")},
		{"invalid token, in capitals", says("INVALID_TOKEN", ""), nil, results("ok")},
		{"expired token", says("expired_token", "The access token provided has expired"), nil, results("ok")},
		{"application not found", says("APPLICATION_NOT_FOUND", "Application not found"), nil, results("ok")},
		{"application not installed", says("ERROR_OAUTH", "Application not installed"), nil, results("ok")},
		{"not installed", says("NOT_INSTALLED", "Application not installed"), nil, results("ok")},
		{"wrong client", says("wrong_client", ""), nil, results("ok")},
		{"the application's data cannot be read", says("WRONG_APPLICATION_CLIENT", "Unable to get application data"), nil, results("ok")},
		{"a full disk", says("ERROR_OAUTH", "Исчерпан выделенный дисковый ресурс."), nil, results("problem disk-full server-admin")},

		{"no connection", form(noConnection), nil, results(unreachable)},
		{"no connection, and the servers fail for this computer too", form(noConnection), vendors(HostSeen{Host: "a", Status: 503}, hostDown("b", transport.StageTCP, transport.Timeout)), results("problem auth-server-unreachable bitrix24")},
		{"no connection, and one of the servers fails", form(noConnection), vendors(HostSeen{Host: "a", Status: 503}, hostUp("b")), results(unreachable)},
		{"no connection, from here neither", form(noConnection), vendors(hostDown("a", transport.StageTCP, transport.Timeout)), results(unreachable)},
		{"another answer, and the servers fail", form(badLicence), vendors(HostSeen{Host: "a", Status: 503}), results(licence)},
		{"no connection, in small letters", says("connection_error", ""), nil, results(unreachable)},
		{"not registered", form(unregistered), nil, results(notKnown)},
		{"not registered, with a dot", says("ERROR_CORE", "No client credentials."), nil, results(notKnown)},
		{"not registered, in other letters", says("error_core", "NO CLIENT CREDENTIALS"), nil, results(notKnown)},
		{"another failure of the core", says("ERROR_CORE", "SQL query error!"), nil, results(ownWord)},
		{"a failure of the core without a word", says("ERROR_CORE", ""), nil, results(ownWord)},
		{"licence", form(badLicence), nil, results(licence)},
		{"licence, in capitals", says("VERIFICATION_NEEDED", ""), nil, results(licence)},
		{"the portal's own keys", says("invalid_client", "Invalid client credentials."), nil, results(refused)},
		{"the portal's own keys, in capitals", says("INVALID_CLIENT", ""), nil, results(refused)},
		{"held by hand", says("OVERLOAD_LIMIT", "REST API is blocked due to overload."), nil, results("skipped because rate-limit")},
		{"https required", says("INVALID_REQUEST", "Https required."), nil, results(ownWord)},
		{"a result", form(&Exchange{Status: 200, Form: portal.FormJSON}), nil, results(odd)},
		{"403 page", form(page(403)), nil, results(odd)},
		{"no token was sent, and nothing said why", deep(), nil, results(odd)},
		{"a bad token answer beats a good page", &AuthFacts{Deep: true, TokenPage: relayed, Tokens: []TokenAnswer{token(portal.InForm, badLicence)}}, nil, results(licence)},

		{"lost everywhere", deep(fourTimes(lostToken, lostToken, lostToken, lostToken)...), nil, results(noChecker)},
		{"lost everywhere, in other letters", deep(fourTimes(lostLowerCase, lostToken, lostLowerCase, lostToken)...), nil, results(noChecker)},
		{"lost in the form, the others were not tried", form(lostToken), nil, results(ownWord)},
		{"lost in three, silence in the fourth", deep(fourTimes(lostToken, lostToken, lostToken, failedWith(transport.Timeout))...), nil, results(ownWord)},
		{"bodies lost, the query tells", deep(fourTimes(lostToken, invalidToken, lostToken, invalidToken)...), nil, results("ok")},
		{"bodies lost, the query tells of no connection", deep(fourTimes(lostToken, noConnection, lostToken, noConnection)...), nil, results(unreachable)},
		{"bodies lost, the query tells of no registration", deep(fourTimes(lostToken, unregistered, lostToken, unregistered)...), nil, results(notKnown)},
		{"bodies lost, the query tells of the licence", deep(fourTimes(lostToken, badLicence, lostToken, badLicence)...), nil, results(licence)},
		{"bodies and query lost, the header tells", deep(fourTimes(lostToken, lostToken, lostToken, noConnection)...), nil, results(unreachable)},
		{"bodies lost, the query is blocked, the header tells", deep(fourTimes(lostToken, page(403), lostToken, badLicence)...), nil, results(licence)},
	}
	judge(t, AuthServerFromPortal, append(cases, commonFailures(ServerAdmin, func(x *Exchange) Facts { return form(x) })...))
}

func TestJudgeCredentials(t *testing.T) {
	facts := func(answers ...TokenAnswer) *CredentialsFacts { return &CredentialsFacts{Tokens: answers} }
	four := func(form, query, json, header *Exchange) *CredentialsFacts {
		return facts(fourTimes(form, query, json, header)...)
	}
	const (
		stripped = "notice auth-header-stripped server-admin"
		lost     = "problem post-body-lost server-admin"
		above    = "skipped because auth-server-from-portal"
		odd      = "unknown unexpected-answer server-admin"
		ownWord  = "unknown refused-with-code server-admin"
	)
	cases := []verdict{
		{"all arrive", four(invalidToken, invalidToken, invalidToken, invalidToken), nil, results("ok")},
		{"all arrive, the licence is bad", four(badLicence, badLicence, badLicence, badLicence), nil, results("ok")},
		{"blocked by TLS", &CredentialsFacts{BlockedBy: PortalTLS}, nil, results("skipped because portal-tls")},
		{"blocked by a redirect", &CredentialsFacts{BlockedBy: PortalRedirect}, nil, results("skipped because portal-redirect")},
		{"blocked by https", &CredentialsFacts{BlockedBy: HTTPSSeen}, nil, results("skipped because https-seen")},
		{"no connection, no further try", facts(token(portal.InForm, noConnection)), nil, results(above)},
		{"not registered, no further try", facts(token(portal.InForm, unregistered)), nil, results(above)},
		{"no token checker", four(lostToken, lostToken, lostToken, lostToken), nil, results(above)},

		{"header lost", four(invalidToken, invalidToken, invalidToken, lostToken), nil, results(stripped)},
		{"header lost, the licence is bad", four(badLicence, badLicence, badLicence, lostLowerCase), nil, results(stripped)},
		{"bodies lost", four(lostToken, invalidToken, lostToken, invalidToken), nil, results(lost)},
		{"bodies lost, the query finds no connection", four(lostToken, noConnection, lostToken, noConnection), nil, results(lost)},
		{"bodies lost, the query finds no registration", four(lostToken, unregistered, lostToken, unregistered), nil, results(lost)},
		{"bodies and header lost", four(lostToken, invalidToken, lostToken, lostToken), nil, results(lost, stripped)},
		{"bodies and query lost", four(lostToken, lostToken, lostToken, invalidToken), nil, results(lost)},
		{"bodies lost, the header is silent", four(lostToken, invalidToken, lostToken, failedWith(transport.Timeout)), nil, results(lost)},
		{"JSON alone lost", four(invalidToken, invalidToken, lostToken, invalidToken), nil, results(ownWord)},
		{"form alone lost", four(lostToken, invalidToken, invalidToken, invalidToken), nil, results(ownWord)},
		{"query alone lost", four(invalidToken, lostToken, invalidToken, invalidToken), nil, results(ownWord)},
		{"a filter answers the form", four(page(403), invalidToken, invalidToken, invalidToken), nil, results(odd)},
		{"bodies lost, nothing else arrives either", four(lostToken, page(403), lostToken, page(403)), nil, results(ownWord)},
	}
	judge(t, CredentialsArrive, append(cases, commonFailures(ServerAdmin, func(x *Exchange) Facts { return four(invalidToken, invalidToken, invalidToken, x) })...))
}

func TestJudgeFilter(t *testing.T) {
	plain := saysError(401, "NO_AUTH_FOUND", "Wrong authorization data")
	facts := func(x *Exchange) *FilterFacts { return &FilterFacts{Plain: *plain, Suspicious: *x} }
	const filtered, odd = "problem body-filtered server-admin", "unknown unexpected-answer server-admin"
	judge(t, ContentFilterCheck, append([]verdict{
		{"the same answer", facts(saysError(401, "NO_AUTH_FOUND", "Wrong authorization data")), nil, results("ok")},
		{"the same answer in other letters", facts(saysError(401, "no_auth_found", "")), nil, results("ok")},
		{"403 page", facts(page(403)), nil, results(filtered)},
		{"406 page", facts(page(406)), nil, results(filtered)},
		{"403 empty", facts(&Exchange{Status: 403, Form: portal.FormEmpty}), nil, results(filtered)},
		{"a page that names a filter", facts(&Exchange{Status: 501, Form: portal.FormHTML, Filter: "ModSecurity"}), nil, results(filtered)},
		{"reset", facts(failedWith(transport.Reset)), nil, results(filtered)},
		{"closed", facts(failedWith(transport.Closed)), nil, results(filtered)},
		{"a redirect", facts(redirects(302, "https://portal.example/blocked.html")), nil, results(filtered)},
		{"another refusal of the portal", facts(saysError(401, "INVALID_REQUEST", "")), nil, results("ok")},
		{"a failure of the portal", facts(saysError(500, "ERROR_CORE", "SQL query error!")), nil, results("unknown refused-with-code server-admin")},
		{"the portal's limit", facts(saysError(503, "QUERY_LIMIT_EXCEEDED", "")), nil, results("skipped because rate-limit")},
		{"an edge that loses the portal", facts(&Exchange{Status: 522, Form: portal.FormHTML, Speaker: portal.ByEdge, Kind: portal.KindOriginError, Filter: "Cloudflare"}), nil, results(odd)},
		{"200 page", facts(page(200)), nil, results(odd)},
	}, commonFailures(ServerAdmin, func(x *Exchange) Facts { return facts(x) })...))
}

func vendors(hosts ...HostSeen) FactsByCheck {
	return FactsByCheck{AuthServerFromComputer: &VendorFacts{Hosts: hosts}}
}

// Hosts of the vendor as this computer sees them.
func hostUp(name string) HostSeen { return HostSeen{Host: name, At: observedAt, Status: 400} }
func hostDown(name string, layer transport.Stage, f transport.Failure) HostSeen {
	return HostSeen{Host: name, At: observedAt, Layer: layer, Failure: f}
}

func TestJudgeVendor(t *testing.T) {
	facts := func(hosts ...HostSeen) *VendorFacts { return &VendorFacts{Hosts: hosts} }
	const unreachable = "notice vendor-host-unreachable you"
	cases := []verdict{
		{"both up", facts(hostUp("a"), hostUp("b")), nil, results("ok")},
		{"the first up", facts(hostUp("a"), hostDown("b", transport.StageDNS, transport.NameUnknown)), nil, results("ok")},
		{"the second up", facts(hostDown("a", transport.StageTCP, transport.Timeout), hostUp("b")), nil, results("ok")},
		{"both down", facts(hostDown("a", transport.StageTCP, transport.Refused), hostDown("b", transport.StageDNS, transport.NameUnknown)), nil, results(unreachable)},
		{"the only one up", facts(hostUp("a")), nil, results("ok")},
		{"an error page is an answer", facts(HostSeen{Host: "a", Status: 502}), nil, results("ok")},
		{"no free port here", facts(hostDown("a", transport.StageTCP, transport.Refused), hostDown("b", transport.StageTCP, transport.NoPort)), nil, results("unknown no-network you")},
	}
	// This computer's failures are no problem of the portal.
	for _, c := range []struct {
		layer   transport.Stage
		failure transport.Failure
	}{
		{transport.StageDNS, transport.NameUnknown}, {transport.StageDNS, transport.NameFailed}, {transport.StageTCP, transport.Refused},
		{transport.StageTCP, transport.Timeout}, {transport.StageTCP, transport.NoNetwork}, {transport.StageTLS, transport.Certificate},
		{transport.StageTLS, transport.TLSFailed}, {transport.StageHTTP, transport.Timeout}, {transport.StageHTTP, transport.Closed},
		{transport.StageProxy, transport.ProxyAuth}, {transport.StageProxy, transport.ProxyRefuse},
	} {
		cases = append(cases, verdict{fmt.Sprintf("the only one down: %s at %s", c.failure, c.layer), facts(hostDown("a", c.layer, c.failure)), nil, results(unreachable)})
	}
	judge(t, AuthServerFromComputer, cases)
}

func TestJudgeFeed(t *testing.T) {
	fetched := observedAt
	good := FeedSeen{Region: bitrix.CIS, URL: "https://feed.example/app.json", Nodes: []string{"198.51.100.21"}, Fetched: &fetched}
	invalid := FeedSeen{Region: bitrix.World, URL: "https://feed.example/world.json", Invalid: true}
	failedFeed := func(f transport.Failure) FeedSeen {
		return FeedSeen{Region: bitrix.CIS, URL: "https://feed.example/app.json", Failure: f}
	}
	refused := failedFeed(transport.Refused)
	facts := func(feeds ...FeedSeen) *FeedFacts { return &FeedFacts{Feeds: feeds} }
	down := hostDown("a", transport.StageTCP, transport.Refused)
	bothUp := FactsByCheck{AuthServerFromComputer: &VendorFacts{Hosts: []HostSeen{hostUp("a"), hostUp("b")}}}
	oneUp := FactsByCheck{AuthServerFromComputer: &VendorFacts{Hosts: []HostSeen{down, hostUp("b")}}}
	allDown := FactsByCheck{AuthServerFromComputer: &VendorFacts{Hosts: []HostSeen{down, down}}}
	const unreachable, broken, above = "notice feed-unreachable you", "notice feed-invalid you", "skipped because auth-server-from-computer"
	var cases []verdict
	for _, hosts := range []struct {
		name string
		seen FactsByCheck
		want string // if both feeds fail
	}{
		{"both authorization servers up", bothUp, unreachable},
		{"one authorization server up", oneUp, unreachable},
		{"authorization servers not asked", nil, unreachable},
		{"no authorization server up", allDown, above},
	} {
		for _, c := range []struct {
			name  string
			facts *FeedFacts
			want  string
		}{
			{"both good", facts(good, good), "ok"},
			{"one good, one dead", facts(good, refused), "ok"},
			{"one dead, one good", facts(refused, good), "ok"},
			{"one invalid, one good", facts(invalid, good), "ok"},
			{"one good, one invalid", facts(good, invalid), "ok"},
			{"both invalid", facts(invalid, invalid), broken},
			{"one invalid, one dead", facts(invalid, refused), broken},
			{"one dead, one invalid", facts(refused, invalid), broken},
			{"both dead", facts(refused, refused), hosts.want},
			{"the only one good", facts(good), "ok"},
			{"the only one dead", facts(refused), hosts.want},
			{"the only one invalid", facts(invalid), broken},
		} {
			cases = append(cases, verdict{hosts.name + ", " + c.name, c.facts, hosts.seen, results(c.want)})
		}
	}
	for _, f := range []transport.Failure{transport.Timeout, transport.NoNetwork, transport.ProxyAuth, transport.ProxyRefuse, transport.Certificate, transport.NameUnknown, transport.Other} {
		cases = append(cases, verdict{"dead: " + string(f), facts(failedFeed(f)), bothUp, results(unreachable)})
	}
	judge(t, QueueFeed, cases)
}
