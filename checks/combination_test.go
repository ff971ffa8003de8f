package checks_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"boxready/checks"
	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"boxready/internal/simportal"
	"boxready/internal/transport"

	"github.com/google/go-cmp/cmp"
)

// summary is every result that is not ok, one line each, in the catalogue's order.
func (p scenarioResult) summary() []string {
	var lines []string
	for _, r := range p.Results {
		switch r.State {
		case checks.OK:
		case checks.Skipped:
			lines = append(lines, string(r.Check)+" skipped because "+string(r.Because))
		default:
			lines = append(lines, string(r.Check)+" "+string(r.State)+" "+string(r.Cause)+" "+string(r.Owner))
		}
	}
	return lines
}

func (p scenarioResult) assertSummary(t *testing.T, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, p.summary()); diff != "" {
		t.Errorf("wrong results, those that are ok left out (-want +got):\n%s", diff)
	}
}

// asked returns the requests that reached the servers, by their names in the simulation.
func (p scenarioResult) asked(servers ...string) []simportal.Request {
	return slices.DeleteFunc(p.sim.Log(), func(r simportal.Request) bool { return !slices.Contains(servers, r.Server) })
}

// toPortal returns the requests that reached the portal on either port.
func (p scenarioResult) toPortal() []simportal.Request { return p.asked("portal", "portal-http") }

// assertNoTokens asserts that nothing like a token was sent, whatever the consents.
func (p scenarioResult) assertNoTokens(t *testing.T) {
	t.Helper()
	for _, r := range p.sim.Log() {
		if len(r.Tokens) > 0 {
			t.Errorf("a token went to %s %s", r.Server, r.Path)
		}
	}
	if reported := p.sim.ReportedAddresses(); len(reported) > 0 {
		t.Errorf("the portal was made to introduce itself as %q", reported)
	}
}

func (p scenarioResult) assertTokens(t *testing.T, want int) {
	t.Helper()
	got := 0
	for _, r := range p.sim.Log() {
		if len(r.Tokens) > 0 {
			got++
		}
	}
	if got != want {
		t.Errorf("%d requests with a token, want %d", got, want)
	}
}

// everythingBelow is what is skipped when requests can't be made, or the route is broken.
func everythingBelow(blocker checks.ID, ids ...checks.ID) []string {
	var lines []string
	for _, id := range ids {
		lines = append(lines, string(id)+" skipped because "+string(blocker))
	}
	return lines
}

// The checks that need the route, without consents and with deep.
var (
	needRoute     = []checks.ID{checks.HTTPSSeen, checks.MethodInventory, checks.PortalClock, checks.AuthServerFromPortal}
	needRouteDeep = append(slices.Clone(needRoute), checks.CredentialsArrive)
	needTLS       = append([]checks.ID{checks.PortalRedirect, checks.RESTRoute}, needRoute...)
	needTCP       = append([]checks.ID{checks.PortalTLS}, needTLS...)
	needDNS       = append([]checks.ID{checks.PortalTCP}, needTCP...)
)

func join(parts ...any) []string {
	var lines []string
	for _, part := range parts {
		switch part := part.(type) {
		case string:
			lines = append(lines, part)
		case []string:
			lines = append(lines, part...)
		}
	}
	return lines
}

// TestFaultCombinations asserts that each of several faults is found, unless another one hides it; then the skipped checks name
// the check that blocks them.
func TestFaultCombinations(t *testing.T) {
	t.Parallel()
	const (
		credentialsWait = "credentials-arrive skipped because "
		authWaits       = "auth-server-from-portal skipped because "
		vendorDown      = "auth-server-from-computer notice vendor-host-unreachable you"
		feedInvalid     = "queue-feed notice feed-invalid you"
		feedDown        = "queue-feed notice feed-unreachable you"
		notSeen         = "https-seen problem https-not-seen server-admin"
	)
	for _, c := range []struct {
		name     string
		faults   []string
		with     []string
		noTokens bool // though the consent was given
		tokens   int
		want     []string
	}{
		{
			name: "self-signed, https not seen", faults: []string{"tls-self-signed", "https-not-seen"},
			want: join("portal-tls problem tls-self-signed server-admin", notSeen),
		},
		{
			name: "self-signed, https not seen, deep", faults: []string{"tls-self-signed", "https-not-seen"}, with: []string{"deep"}, noTokens: true,
			want: join("portal-tls problem tls-self-signed server-admin", notSeen, credentialsWait+"portal-tls"),
		},
		{
			name: "self-signed, authorization server out of the portal's reach, deep", faults: []string{"tls-self-signed", "auth-server-unreachable"}, with: []string{"deep"}, noTokens: true,
			want: join("portal-tls problem tls-self-signed server-admin", authWaits+"portal-tls", credentialsWait+"portal-tls"),
		},
		{
			name: "expired, core method missing", faults: []string{"tls-expired", "core-method-missing"},
			want: join("portal-tls problem tls-expired server-admin", "method-inventory problem core-method-missing portal-admin"),
		},
		{
			name: "expired, both core methods missing, old", faults: []string{"tls-expired", "core-method-missing", "core-method-missing-batch", "platform-outdated"},
			want: join("portal-tls problem tls-expired server-admin", "method-inventory notice platform-outdated portal-admin", "method-inventory problem core-method-missing portal-admin"),
		},
		{
			name: "wrong host, clock, feed", faults: []string{"tls-wrong-host", "clock-wrong", "feed-invalid"},
			want: join("portal-tls problem tls-wrong-host server-admin", "portal-clock problem clock-wrong server-admin", feedInvalid),
		},
		{
			name: "private address, incomplete chain", faults: []string{"dns-private-only", "tls-incomplete-chain"}, with: []string{"dns"},
			want: join("portal-dns notice dns-private-only network-admin", "portal-tls problem tls-incomplete-chain server-admin"),
		},
		{
			name: "private address, nothing else, deep", faults: []string{"dns-private-only"}, with: []string{"dns", "deep"}, tokens: 4,
			want: join("portal-dns notice dns-private-only network-admin"),
		},
		{
			name: "dead IPv6, bodies lost, deep", faults: []string{"ipv6-dead", "post-body-lost"}, with: []string{"dns", "deep"}, tokens: 4,
			want: join("portal-tcp notice ipv6-dead network-admin", "credentials-arrive problem post-body-lost server-admin"),
		},
		{
			name: "no such name, feed", faults: []string{"dns-not-found", "feed-unreachable"}, with: []string{"dns"},
			want: join("portal-dns problem dns-not-found you", everythingBelow("portal-dns", needDNS...), feedDown, "rate-limit skipped because portal-dns"),
		},
		{
			name: "resolver fails, self-signed", faults: []string{"dns-failed", "tls-self-signed"}, with: []string{"dns"},
			want: join("portal-dns unknown dns-failed network-admin", everythingBelow("portal-dns", needDNS...), "rate-limit skipped because portal-dns"),
		},
		{
			name: "refused, no vendor's host", faults: []string{"tcp-refused", "auth-host-unreachable-all"},
			want: join("portal-tcp problem tcp-refused network-admin", everythingBelow("portal-tcp", needTCP...), vendorDown, "queue-feed skipped because auth-server-from-computer", "rate-limit skipped because portal-tcp"),
		},
		{
			name: "no TLS, feed", faults: []string{"tls-not-tls", "feed-empty"},
			want: join("portal-tls problem tls-not-tls server-admin", everythingBelow("portal-tls", needTLS...), feedInvalid, "rate-limit skipped because portal-tls"),
		},
		{
			name: "alert, site closed", faults: []string{"tls-handshake-alert", "rest-site-closed"},
			want: join("portal-tls unknown tls-handshake-failed server-admin", everythingBelow("portal-tls", needTLS...), "rate-limit skipped because portal-tls"),
		},
		{
			name: "intercepted here, https not seen", faults: []string{"tls-intercepted", "https-not-seen"},
			want: join("portal-tls unknown tls-intercepted you", notSeen),
		},
		{
			name: "a hotel's network, deep", faults: []string{"captive-portal", "https-not-seen"}, with: []string{"deep"}, noTokens: true,
			want: join("portal-tls unknown captive-portal you", everythingBelow("portal-tls", append(slices.Clone(needTLS), checks.CredentialsArrive)...), vendorDown, "rate-limit skipped because portal-tls"),
		},
		{
			name: "a hotel's network with its page on port 80", faults: []string{"captive-portal-http", "feed-invalid"},
			want: join("portal-tls unknown captive-portal you", everythingBelow("portal-tls", needTLS...), vendorDown, feedInvalid, "rate-limit skipped because portal-tls"),
		},
		{
			name: "expired and its issuer renewed, deep", faults: []string{"tls-expired-issuer-renewed", "clock-off"}, with: []string{"deep"}, noTokens: true,
			want: join("portal-tls problem tls-expired server-admin", "portal-clock notice clock-off server-admin", credentialsWait+"portal-tls"),
		},
		{
			name: "intercepted on the way, deep", faults: []string{"tls-intercepted-fortinet", "token-proxy-broken"}, with: []string{"deep"}, noTokens: true,
			want: join("portal-tls unknown tls-intercepted network-admin", authWaits+"portal-tls", credentialsWait+"portal-tls"),
		},
		{
			// One good address doesn't compensate for a bad one: clients choose among them at random.
			name: "the second address expired, deep", faults: []string{"tls-second-address", "needs-deep"}, with: []string{"dns", "deep"}, noTokens: true,
			want: join("portal-tls problem tls-expired server-admin", authWaits+"portal-tls", credentialsWait+"portal-tls"),
		},
		{
			name: "ends soon, header lost, deep", faults: []string{"tls-expires-soon", "auth-header-stripped"}, with: []string{"deep"}, tokens: 4,
			want: join("portal-tls notice tls-expires-soon server-admin", "credentials-arrive notice auth-header-stripped server-admin"),
		},
		{
			name: "site closed, authorization servers", faults: []string{"rest-site-closed", "auth-host-unreachable"},
			want: join("rest-route problem rest-site-closed portal-admin", everythingBelow("rest-route", needRoute...), vendorDown),
		},
		{
			name: "site closed, self-signed, deep", faults: []string{"rest-site-closed", "tls-self-signed"}, with: []string{"deep"}, noTokens: true,
			want: join("portal-tls problem tls-self-signed server-admin", "rest-route problem rest-site-closed portal-admin", everythingBelow("rest-route", needRouteDeep...)),
		},
		{
			name: "login page, http loops", faults: []string{"rest-login-page", "redirect-loop-http"},
			want: join("portal-redirect notice redirect-loop server-admin", "rest-route problem rest-login-page server-admin", everythingBelow("rest-route", needRoute...), "rate-limit skipped because rest-route"),
		},
		{
			name: "polluted, http elsewhere", faults: []string{"rest-polluted-notice", "redirect-other-host-http"},
			want: join("portal-redirect notice redirect-other-host portal-admin", "rest-route problem rest-polluted server-admin", everythingBelow("rest-route", needRoute...)),
		},
		{
			name: "not found, clock", faults: []string{"rest-not-found", "clock-wrong", "feed-invalid"},
			want: join("rest-route problem rest-not-found server-admin", everythingBelow("rest-route", needRoute...), feedInvalid, "rate-limit skipped because rest-route"),
		},
		{
			name: "cut off, http elsewhere", faults: []string{"rest-cut-off-closed", "redirect-other-host-http"},
			want: join("portal-redirect skipped because rest-route", "rest-route unknown rest-cut-off server-admin", everythingBelow("rest-route", needRoute...), "rate-limit skipped because rest-route"),
		},
		{
			name: "redirect drops the body, core method missing, feed", faults: []string{"redirect-drops-post", "core-method-missing", "feed-invalid"},
			want: join("portal-redirect problem redirect-drops-post server-admin", "rest-route skipped because portal-redirect", everythingBelow("portal-redirect", needRoute...), feedInvalid, "rate-limit skipped because portal-redirect"),
		},
		{
			name: "redirect to the wrong port, core method missing", faults: []string{"redirect-wrong-port", "core-method-missing"},
			want: join("portal-redirect problem redirect-wrong-port server-admin", "rest-route skipped because portal-redirect", everythingBelow("portal-redirect", needRoute...), "rate-limit skipped because portal-redirect"),
		},
		{
			name: "http to the wrong port, https not seen", faults: []string{"redirect-wrong-port-http", "https-not-seen"},
			want: join("portal-redirect problem redirect-wrong-port server-admin", notSeen),
		},
		{
			name: "http loses the path, deep", faults: []string{"redirect-loses-path"}, with: []string{"deep"}, tokens: 4,
			want: join("portal-redirect notice redirect-loses-path server-admin"),
		},
		{
			name: "redirect elsewhere, expired, deep", faults: []string{"redirect-other-host", "tls-expired"}, with: []string{"deep"}, noTokens: true,
			want: join("portal-tls problem tls-expired server-admin", "portal-redirect problem redirect-drops-post server-admin", "portal-redirect notice redirect-other-host portal-admin",
				"rest-route skipped because portal-redirect", everythingBelow("portal-redirect", needRouteDeep...), "rate-limit skipped because portal-redirect"),
		},
		{
			name: "redirect elsewhere with the body, deep", faults: []string{"redirect-other-host-307", "feed-unreachable"}, with: []string{"deep"}, noTokens: true,
			want: join("portal-redirect notice redirect-other-host portal-admin", "rest-route skipped because portal-redirect", everythingBelow("portal-redirect", needRouteDeep...), feedDown, "rate-limit skipped because portal-redirect"),
		},
		{
			name: "http elsewhere, authorization server out of the portal's reach, deep", faults: []string{"redirect-other-host-http", "auth-server-unreachable"}, with: []string{"deep"}, noTokens: true,
			want: join("portal-redirect notice redirect-other-host portal-admin", authWaits+"portal-redirect", credentialsWait+"portal-redirect"),
		},
		{
			// The portal's own page proves the connection without a token.
			name: "http elsewhere, the token page relays, deep", faults: []string{"redirect-other-host-http", "core-method-missing"}, with: []string{"deep"}, noTokens: true,
			want: join("portal-redirect notice redirect-other-host portal-admin", "method-inventory problem core-method-missing portal-admin", credentialsWait+"portal-redirect"),
		},
		{
			name: "http elsewhere, no token page", faults: []string{"redirect-other-host-http", "needs-deep"},
			want: join("portal-redirect notice redirect-other-host portal-admin", "auth-server-from-portal unknown needs-deep you"),
		},
		{
			name: "https not seen, deep", faults: []string{"https-not-seen"}, with: []string{"deep"}, noTokens: true,
			want: join(notSeen, credentialsWait+"https-seen"),
		},
		{
			name: "https not seen, no token page, deep", faults: []string{"https-not-seen", "needs-deep"}, with: []string{"deep"}, noTokens: true,
			want: join(notSeen, authWaits+"https-seen", credentialsWait+"https-seen"),
		},
		{
			name: "https unclear, not registered, deep", faults: []string{"https-seen-odd", "portal-not-registered", "intranet-absent"}, with: []string{"deep"}, noTokens: true,
			want: join("https-seen unknown unexpected-answer server-admin", authWaits+"https-seen", credentialsWait+"https-seen"),
		},
		{
			name: "http elsewhere and https not seen, deep", faults: []string{"redirect-other-host-http", "https-not-seen", "needs-deep"}, with: []string{"deep"}, noTokens: true,
			want: join("portal-redirect notice redirect-other-host portal-admin", notSeen, authWaits+"portal-redirect", credentialsWait+"portal-redirect"),
		},
		{
			name: "licence, header, deep", faults: []string{"licence-rejected", "auth-header-stripped"}, with: []string{"deep"}, tokens: 4,
			want: join("auth-server-from-portal problem licence-rejected portal-admin", "credentials-arrive notice auth-header-stripped server-admin"),
		},
		{
			name: "the portal's keys, bodies, deep", faults: []string{"portal-credentials-refused", "post-body-lost"}, with: []string{"deep"}, tokens: 4,
			want: join("auth-server-from-portal problem portal-credentials-refused portal-admin", "credentials-arrive problem post-body-lost server-admin"),
		},
		{
			name: "no way to the authorization server, bodies, deep", faults: []string{"auth-server-unreachable", "post-body-lost"}, with: []string{"deep"}, tokens: 4,
			want: join("auth-server-from-portal problem auth-server-unreachable network-admin", "credentials-arrive problem post-body-lost server-admin"),
		},
		{
			// Each further try would only make the portal wait for the authorization server again.
			name: "no way to the authorization server, header, deep", faults: []string{"auth-server-unreachable", "auth-header-stripped"}, with: []string{"deep"}, tokens: 1,
			want: join("auth-server-from-portal problem auth-server-unreachable network-admin", credentialsWait+"auth-server-from-portal"),
		},
		{
			name: "not registered, header, deep", faults: []string{"portal-not-registered", "auth-header-stripped"}, with: []string{"deep"}, tokens: 1,
			want: join("auth-server-from-portal problem portal-not-registered portal-admin", credentialsWait+"auth-server-from-portal"),
		},
		{
			name: "no token checker, bodies, clock, deep", faults: []string{"token-checker-missing", "post-body-lost", "clock-off"}, with: []string{"deep"}, tokens: 4,
			want: join("portal-clock notice clock-off server-admin", "auth-server-from-portal problem token-checker-missing server-admin", credentialsWait+"auth-server-from-portal"),
		},
		{
			name: "filter, clock, feed", faults: []string{"body-filtered", "clock-off", "feed-invalid"}, with: []string{"content-filter"},
			want: join("portal-clock notice clock-off server-admin", "content-filter problem body-filtered server-admin", feedInvalid),
		},
		{
			name: "filter behind a broken route", faults: []string{"body-filtered", "rest-module-missing"}, with: []string{"content-filter"},
			want: join("rest-route problem rest-module-missing server-admin", everythingBelow("rest-route", append(slices.Clone(needRoute), checks.ContentFilterCheck)...), "rate-limit skipped because rest-route"),
		},
		{
			// The content filter's request has no token, so an unverified certificate doesn't prevent it.
			name: "filter, wrong host, deep", faults: []string{"body-filtered", "tls-wrong-host"}, with: []string{"content-filter", "deep"}, noTokens: true,
			want: join("portal-tls problem tls-wrong-host server-admin", credentialsWait+"portal-tls", "content-filter problem body-filtered server-admin"),
		},
		{
			name: "this computer's clock, core method missing", faults: []string{"self-clock", "core-method-missing"},
			want: join("method-inventory problem core-method-missing portal-admin", "self-clock problem clock-wrong you", "portal-clock skipped because self-clock"),
		},
		{
			name: "clock, no authorization server", faults: []string{"clock-wrong", "auth-host-unreachable-all"},
			want: join("portal-clock unknown clock-off server-admin", vendorDown, "queue-feed skipped because auth-server-from-computer"),
		},
		{
			name: "the proxy wants a password, core method missing", faults: []string{"proxy-auth", "core-method-missing"}, with: []string{"proxy"},
			want: join("portal-tls unknown proxy-auth-required you", everythingBelow("portal-tls", needTLS...), vendorDown, "queue-feed skipped because auth-server-from-computer", "rate-limit skipped because portal-tls"),
		},
		{
			name: "three layers and this computer", faults: []string{"tls-national-ca", "https-not-seen", "core-method-missing", "clock-wrong-slow", "feed-unreachable"},
			want: join("portal-tls problem tls-national-ca server-admin", notSeen, "method-inventory problem core-method-missing portal-admin", "portal-clock problem clock-wrong server-admin", feedDown),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			deep := slices.Contains(c.with, "deep")
			p := scenario{faults: c.faults, with: c.with}.execute(t)
			p.assertSummary(t, c.want...)
			p.assertRequestRules(t, deep)
			p.assertOnlyDeclared(t)
			p.assertJudgedAgain(t)
			if c.noTokens || !deep {
				p.assertNoTokens(t)
			} else {
				p.assertTokens(t, c.tokens)
			}
			p.assertVerdict(t)
		})
	}
}

// assertVerdict asserts the verdict that follows from the results.
func (p scenarioResult) assertVerdict(t *testing.T) {
	t.Helper()
	want := checks.NoObstacle
	for _, r := range p.Results {
		switch {
		case want == checks.NotSeen, r.Check == checks.PortalDNS && r.State != checks.OK && r.State != checks.Notice, r.Check == checks.PortalTCP && r.State == checks.Problem,
			r.Cause == checks.ProxyAuthRequired, r.Cause == checks.CaptivePortal:
			want = checks.NotSeen
		case r.State == checks.Problem && len(r.Affects) > 0:
			want = checks.NotReady
		case want == checks.NoObstacle && (r.State == checks.Problem || r.State == checks.Unknown && len(r.Affects) > 0):
			want = checks.Unsure
		}
	}
	if p.Verdict != want {
		t.Errorf("verdict %s, want %s for %v", p.Verdict, want, p.causes())
	}
}

// TestUnverifiedIsAFact asserts that the facts of requests over an unverified certificate say so.
func TestUnverifiedIsAFact(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{"tls-self-signed", ""} {
		s := scenario{}
		if fault != "" {
			s.faults = []string{fault}
		}
		p, want := s.execute(t), fault != ""
		for id, got := range map[checks.ID]bool{
			checks.PortalTLS:       p.result(checks.PortalTLS).Facts.(*checks.TLSFacts).Unverified,
			checks.RESTRoute:       p.result(checks.RESTRoute).Facts.(*checks.RouteFacts).Unverified,
			checks.HTTPSSeen:       p.result(checks.HTTPSSeen).Facts.(*checks.HTTPSFacts).Unverified,
			checks.MethodInventory: p.result(checks.MethodInventory).Facts.(*checks.InventoryFacts).Unverified,
		} {
			if got != want {
				t.Errorf("fault %q: %s says unverified: %t, want %t", fault, id, got, want)
			}
		}
	}
}

// TestHealthy checks a healthy box, with the usual 301 from http to https.
func TestHealthy(t *testing.T) {
	t.Parallel()
	notChecked := func(own ...checks.NotChecked) []checks.NotChecked {
		for _, c := range checks.Catalog() {
			switch {
			case c.Credentials != nil:
				own = append(own, checks.NotChecked{Check: c.ID, Reason: checks.NeedsCredential})
			case c.Group == checks.ServerGroup:
				own = append(own, checks.NotChecked{Check: c.ID, Reason: checks.NeedsServerProbe})
			case c.ID == checks.BodySizeCheck:
				own = append(own, checks.NotChecked{Check: c.ID, Reason: checks.NeedsConsentBody})
			case c.ID == checks.PortalFromInternet:
				own = append(own, checks.NotChecked{Check: c.ID, Reason: checks.NeedsOutsideRun})
			}
		}
		return own
	}
	noDeep := checks.NotChecked{Check: checks.CredentialsArrive, Reason: checks.NeedsConsentDeep}
	noFilter := checks.NotChecked{Check: checks.ContentFilterCheck, Reason: checks.NeedsConsentFilter}
	for _, c := range []struct {
		name       string
		with       []string
		atMost     int // requests to the portal, both ports
		tokens     int
		notChecked []checks.NotChecked
	}{
		{"address only", nil, 7, 0, notChecked(noDeep, noFilter)},
		{"address only, through DNS", []string{"dns"}, 7, 0, notChecked(noDeep, noFilter)},
		{"address only, public DNS too", []string{"dns", "public-dns"}, 7, 0, notChecked(noDeep, noFilter)},
		{"address only, through a proxy", []string{"proxy"}, 7, 0, notChecked(noDeep, noFilter)},
		{"deep", []string{"deep"}, 10, 4, notChecked(noFilter)},
		{"content filter", []string{"content-filter"}, 8, 0, notChecked(noDeep)},
		{"deep and content filter", []string{"deep", "content-filter"}, 11, 4, notChecked()},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := scenario{with: c.with, usualPace: true}.execute(t)
			p.assertSummary(t)
			if p.Verdict != checks.NoObstacle {
				t.Errorf("verdict %s, want %s", p.Verdict, checks.NoObstacle)
			}
			if diff := cmp.Diff(c.notChecked, p.NotChecked); diff != "" {
				t.Errorf("not checked (-want +got):\n%s", diff)
			}
			made := len(checks.Catalog()) - len(c.notChecked) - 3 // no hosts and no pages are named
			if counts := p.Counts(); counts[checks.OK] != made || len(p.Results) != made {
				t.Errorf("%d results, counted %v, want %d ok", len(p.Results), counts, made)
			}
			if n := len(p.toPortal()); n > c.atMost {
				t.Errorf("%d requests to the portal, want at most %d", n, c.atMost)
			}
			// A proxy might answer on port 80 in the portal's stead.
			redirects := 1
			if slices.Contains(c.with, "proxy") {
				redirects = 0
			}
			if n := len(p.asked("portal-http")); n != redirects {
				t.Errorf("%d requests to port 80, want %d", n, redirects)
			}
			for _, server := range []string{"auth-cis", "auth-world", "feed-cis", "feed-world"} {
				if n := len(p.asked(server)); n != 1 {
					t.Errorf("%d requests to %s, want 1", n, server)
				}
			}
			if n := len(p.asked("aia")); n != 0 {
				t.Errorf("%d requests for an issuer that is not missing", n)
			}
			if doh := len(p.asked("doh")); (doh > 0) != slices.Contains(c.with, "public-dns") {
				t.Errorf("%d requests to a public resolver, asked for with %v", doh, c.with)
			}
			p.assertRequestRules(t, slices.Contains(c.with, "deep"))
			p.assertTokens(t, c.tokens)
			p.assertJudgedAgain(t)
		})
	}
}

// TestHarmlessDifferences checks portals with harmless differences from a healthy one.
func TestHarmlessDifferences(t *testing.T) {
	for _, fault := range []string{"http-refused", "http-serves", "no-auth-date", "cloud-statuses"} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			p := scenario{faults: []string{fault}, with: []string{"deep"}}.execute(t)
			p.assertSummary(t)
			p.assertRequestRules(t, true)
		})
	}
}

// TestOneRegionIsEnough asserts that with both regions possible one authorization server and one list suffice, and that
// a region that is known is the only one asked.
func TestOneRegionIsEnough(t *testing.T) {
	const vendorDown = "auth-server-from-computer notice vendor-host-unreachable you"
	for _, c := range []struct {
		name   string
		fault  string
		region string
		want   []string
		silent []string // servers that must not be asked
	}{
		{name: "the CIS down, both possible", fault: "auth-host-unreachable-cis"},
		{name: "the world down, both possible", fault: "auth-host-unreachable-world"},
		{name: "the CIS down, the world's portal", fault: "auth-host-unreachable-cis", region: "world", silent: []string{"auth-cis", "feed-cis"}},
		{name: "the world down, the CIS's portal", fault: "auth-host-unreachable-world", region: "cis", silent: []string{"auth-world", "feed-world"}},
		{name: "the CIS down, the CIS's portal", fault: "auth-host-unreachable-cis", region: "cis", want: join(vendorDown), silent: []string{"auth-world", "feed-world"}},
		{name: "the world down, the world's portal", fault: "auth-host-unreachable-world", region: "world", want: join(vendorDown), silent: []string{"auth-cis", "feed-cis"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			region := bitrix.Region(c.region)
			p := scenario{faults: []string{c.fault}, region: &region}.execute(t)
			p.assertSummary(t, c.want...)
			for _, r := range p.asked(c.silent...) {
				t.Errorf("%s was asked for %s", r.Server, r.Path)
			}
		})
	}
}

// executeAs checks a simulated portal under another name. Every name resolves into the simulation.
func executeAs(t *testing.T, host, typed string, consents ...checks.Consent) scenarioResult {
	t.Helper()
	sim, err := simportal.Start(simportal.Options{Host: host})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	address, err := portal.ParseAddress(typed)
	if err != nil {
		t.Fatal(err)
	}
	roots, err := transport.ParseRoots(sim.RootsPEM())
	if err != nil {
		t.Fatal(err)
	}
	way := transport.Options{Roots: transport.Pool(roots), Version: "test", Resolver: sim.Resolver()}
	for _, place := range append(sim.ConnectTo(), sim.ConnectToByAddress()...) {
		override, err := transport.ParseOverride(place)
		if err != nil {
			t.Fatal(err)
		}
		way.ConnectTo = append(way.ConnectTo, override)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	return scenarioResult{checks.Run(ctx, transport.New(way), checks.Target{Address: address, Consents: consents}, nil), sim, usual, nil}
}

// TestAddress produces the causes that follow from the typed address.
func TestAddress(t *testing.T) {
	const isIP, wasHTTP = "portal-address problem address-is-ip portal-admin", "portal-address notice address-was-http you"
	const isCloud = "portal-address notice address-is-cloud you"
	below := append([]checks.ID{checks.PortalDNS}, needDNS...)
	var others []checks.ID
	for _, c := range checks.Catalog()[1:] {
		others = append(others, c.ID)
	}
	for _, c := range []struct {
		name       string
		host       string
		typed      string
		deep       bool
		want       []string
		noRequests bool // no request to the portal or a resolver
		noBox      bool // no request to anybody
	}{
		{name: "IPv4", typed: "https://203.0.113.10", want: join(isIP, everythingBelow(checks.PortalAddress, below...), "rate-limit skipped because portal-address"), noRequests: true},
		{name: "IPv4, deep", typed: "203.0.113.10", deep: true, want: join(isIP, everythingBelow(checks.PortalAddress, append(slices.Clone(below), checks.CredentialsArrive)...), "rate-limit skipped because portal-address"), noRequests: true},
		{name: "IPv6", typed: "https://[2001:db8::10]", want: join(isIP, everythingBelow(checks.PortalAddress, below...), "rate-limit skipped because portal-address"), noRequests: true},
		{name: "IPv4 over http", typed: "http://203.0.113.10/", want: join(isIP, wasHTTP, everythingBelow(checks.PortalAddress, below...), "rate-limit skipped because portal-address"), noRequests: true},
		{name: "cloud", host: "demo.bitrix24.ru", typed: "https://demo.bitrix24.ru", want: join(isCloud, everythingBelow(checks.PortalAddress, others...)), noBox: true},
		{name: "cloud, deep", host: "demo.bitrix24.ru", typed: "http://demo.bitrix24.ru/crm/", deep: true, want: join(isCloud, everythingBelow(checks.PortalAddress, others...)), noBox: true},
		{name: "http", host: "portal.demo.example", typed: "http://portal.demo.example", want: join(wasHTTP)},
		{name: "http, deep", host: "portal.demo.example", typed: "http://portal.demo.example", deep: true, want: join(wasHTTP)},
		{name: "a page", host: "portal.demo.example", typed: "https://PORTAL.demo.example/crm/deal/details/5/?any=1#x"},
		{name: "Cyrillic", host: "xn--80atghalgi.xn--p1ai", typed: "портал-п.рф"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.name == "Cyrillic" {
				address, err := portal.ParseAddress(c.typed)
				if err != nil {
					t.Fatal(err)
				}
				c.host = address.Host
			}
			var consents []checks.Consent
			if c.deep {
				consents = append(consents, checks.Deep)
			}
			p := executeAs(t, c.host, c.typed, consents...)
			p.assertSummary(t, c.want...)
			p.assertRequestRules(t, c.deep)
			if c.noBox {
				for _, r := range p.sim.Log() {
					t.Errorf("%s was asked: %s %s", r.Server, r.Method, r.Path)
				}
				if p.Verdict != checks.NotABox || len(p.NotChecked) > 0 {
					t.Errorf("verdict %s, want %s; not checked: %v", p.Verdict, checks.NotABox, p.NotChecked)
				}
				return
			}
			if !c.noRequests {
				if len(p.toPortal()) == 0 {
					t.Error("the portal was not asked")
				}
				for _, r := range p.toPortal() {
					if r.Server == "portal" && (!r.TLS || !strings.EqualFold(r.Host, c.host)) {
						t.Errorf("%s was asked as %s (TLS %t)", r.Path, r.Host, r.TLS)
					}
				}
				return
			}
			for _, r := range p.asked("portal", "portal-http", "dns", "doh", "aia", "proxy") {
				t.Errorf("%s was asked: %s %s", r.Server, r.Method, r.Path)
			}
			if p.Verdict != checks.NotReady {
				t.Errorf("verdict %s, want %s", p.Verdict, checks.NotReady)
			}
		})
	}
}

// TestTrustedPrivateCA asserts that a private authority which the applications' servers trust yields a notice, and that tokens
// may be sent.
func TestTrustedPrivateCA(t *testing.T) {
	t.Parallel()
	p := scenario{faults: []string{"tls-private-ca"}, with: []string{"deep"}, trust: true}.execute(t)
	p.assertSummary(t, "portal-tls notice tls-private-ca server-admin")
	p.assertTokens(t, 4)
	p.assertRequestRules(t, true)

	// That root doesn't validate other chains.
	p = scenario{faults: []string{"tls-self-signed"}, with: []string{"deep"}, trust: true}.execute(t)
	p.assertSummary(t, "portal-tls problem tls-self-signed server-admin", "credentials-arrive skipped because portal-tls")
	p.assertNoTokens(t)
}
