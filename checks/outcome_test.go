package checks

import (
	"fmt"
	"slices"
	"testing"

	"boxready/internal/portal"
	"boxready/internal/simtest/constants"
	"boxready/internal/transport"

	"github.com/google/go-cmp/cmp"
)

// found is a finding of a check as Judge returns it.
func found(t *testing.T, id ID, state State, cause Cause) Result {
	t.Helper()
	c := find(t, id)
	return Result{Check: id, State: state, Cause: cause, Vantage: c.Vantage, Owner: c.Owner, Affects: c.affects(cause)}
}

func TestVerdict(t *testing.T) {
	ok := func(id ID) Result { return found(t, id, OK, "") }
	wrong := func(id ID, cause Cause) Result { return found(t, id, Problem, cause) }
	unclear := func(id ID, cause Cause) Result { return found(t, id, Unknown, cause) }
	noted := func(id ID, cause Cause) Result { return found(t, id, Notice, cause) }
	outside := func(r Result) Result { r.Vantage = FromOutside; return r }
	selfClock := Result{Check: SelfClock, State: Problem, Cause: ClockWrong, Owner: You, Vantage: FromComputer}
	connection := ok(AuthServerFromPortal)
	for _, c := range []struct {
		name    string
		want    Verdict
		results []Result
	}{
		{"nothing", NoObstacle, nil},
		{"an address alone", NoObstacle, []Result{ok(RESTRoute), connection}},
		{"notices", NoObstacle, []Result{noted(PortalTLS, TLSExpiresSoon), connection}},
		{"a token", Ready, []Result{ok(TokenAccepted)}},
		{"a token and notices", Ready, []Result{noted(PortalTLS, TLSExpiresSoon), ok(TokenAccepted)}},
		{"a webhook and the connection", Ready, []Result{connection, ok(WebhookCheck)}},
		{"a webhook alone", NoObstacle, []Result{ok(WebhookCheck)}},
		{"a webhook, the connection not known", Unsure, []Result{unclear(AuthServerFromPortal, NeedsDeep), ok(WebhookCheck)}},
		{"this computer's connections don't count", Ready, []Result{unclear(AuthServerFromComputer, UnexpectedAnswer), ok(TokenAccepted)}},

		{"a problem of the portal", NotReady, []Result{wrong(PortalTLS, TLSExpired), ok(WebhookCheck)}},
		{"of events", NotReady, []Result{ok(TokenAccepted), wrong(ServerAgents, AgentsStopped)}},
		{"after an unknown", NotReady, []Result{unclear(PortalTLS, TLSIntercepted), wrong(HTTPSSeen, HTTPSNotSeen)}},
		{"unmet requirements", NotReady, []Result{ok(TokenAccepted), wrong(RequiredModules, ModuleMissing)}},
		{"a certificate seen from outside", NotReady, []Result{outside(wrong(PortalTLS, TLSIncompleteChain))}},

		{"a webhook that is refused", Unsure, []Result{connection, wrong(WebhookCheck, WebhookRejected)}},
		{"a webhook whose user is inactive", Unsure, []Result{connection, wrong(WebhookCheck, WebhookUser)}},
		{"a webhook's time-out", Unsure, []Result{connection, unclear(WebhookCheck, TimedOut)}},
		{"a user", Unsure, []Result{connection, wrong(TokenAccepted, UserInactive)}},
		{"an application", Unsure, []Result{connection, wrong(TokenAccepted, AppNotOnPortal)}},
		{"applications on the server", Unsure, []Result{connection, ok(WebhookCheck), wrong(ServerApplications, AppInactive)}},
		{"an application's host", Unsure, []Result{ok(TokenAccepted), wrong(ApplicationHosts, HostUnreachable)}},
		{"an expired sign-in", Unsure, []Result{connection, wrong(SignIn, SignInExpired)}},
		{"a webhook beside a fault of the portal", NotReady, []Result{wrong(HTTPSSeen, HTTPSNotSeen), wrong(WebhookCheck, WebhookRejected)}},
		{"this computer's clock", Unsure, []Result{selfClock, ok(TokenAccepted)}},
		{"another portal's answer was pasted", Unsure, []Result{wrong(ServerProbe, ProbeOtherPortal), ok(TokenAccepted)}},

		{"no such name", NotSeen, []Result{wrong(PortalDNS, DNSNotFound)}},
		{"no resolver", NotSeen, []Result{unclear(PortalDNS, DNSFailed)}},
		{"a filtered name", NotSeen, []Result{wrong(PortalDNS, DNSSinkhole)}},
		{"refused", NotSeen, []Result{wrong(PortalTCP, TCPRefused)}},
		{"silent", NotSeen, []Result{wrong(PortalTCP, TCPTimeout)}},
		{"no network", NotSeen, []Result{unclear(PortalTCP, NoNetwork)}},
		{"a guest network", NotSeen, []Result{unclear(PortalTLS, "captive-portal"), wrong(RESTRoute, RESTNotBitrix)}},
		{"a proxy that wants a password", NotSeen, []Result{unclear(PortalTLS, ProxyAuthRequired)}},
		{"a proxy that refuses", NotSeen, []Result{unclear(PortalTLS, ProxyRefused)}},
		{"not seen, with the sign-in's fault", NotSeen, []Result{wrong(PortalTCP, TCPTimeout), wrong(SignIn, GrantInvalid)}},
		{"not from outside either", NotSeen, []Result{wrong(PortalTCP, TCPTimeout), wrong(PortalFromInternet, NotSeenFromOutside)}},
		{"seen from outside", NotReady, []Result{wrong(PortalTCP, TCPTimeout), ok(PortalFromInternet)}},
		{"the server answered", NotReady, []Result{wrong(PortalTCP, TCPTimeout), ok(ServerProbe)}},
		{"the server answered long ago", NotReady, []Result{wrong(PortalTCP, TCPTimeout), noted(ServerProbe, ProbeOld)}},
		{"seen from outside, no resolver here", Unsure, []Result{unclear(PortalDNS, DNSFailed), ok(PortalFromInternet)}},
		{"another portal's server answered", NotSeen, []Result{wrong(PortalTCP, TCPTimeout), wrong(ServerProbe, ProbeOtherPortal)}},
		{"the network went away later", Unsure, []Result{ok(PortalTCP), ok(PortalTLS), unclear(RESTRoute, NoNetwork)}},
		{"another host is not found", Unsure, []Result{ok(PortalTLS), unclear(ApplicationHosts, NoNetwork)}},

		{"the cloud", NotABox, []Result{noted(PortalAddress, AddressIsCloud)}},
		{"the cloud, in an earlier version's report", NotABox, []Result{noted(PortalAddress, AddressIsCloud), wrong(PortalTCP, TCPRefused), wrong(RESTRoute, RESTNotFound)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := OutcomeOf(c.results).Verdict; got != c.want {
				t.Errorf("verdict %s, want %s", got, c.want)
			}
		})
	}
}

func TestVerdictsAreAll(t *testing.T) {
	var got []string
	for _, v := range Verdicts() {
		got = append(got, string(v))
	}
	if diff := cmp.Diff(constants.OfType(t, "checks/outcome.go", "Verdict"), got); diff != "" {
		t.Errorf("verdicts (-constants +Verdicts):\n%s", diff)
	}
}

// TestAffectsOne lists the causes that do not affect all applications, events or webhooks, but one of them or one user.
func TestAffectsOne(t *testing.T) {
	var got []string
	used := map[Cause]bool{}
	for _, c := range Catalog() {
		for _, cause := range c.Causes {
			used[cause] = true
			if affects := c.affects(cause); len(affects) > 0 && !(Result{Affects: affects}).AffectsPortal() {
				got = append(got, fmt.Sprintf("%s/%s %s", c.ID, cause, affects[0]))
			}
		}
	}
	want := []string{
		"webhook/webhook-rejected this-webhook",
		"webhook/webhook-user this-webhook",
		"webhook/call-awaits-consent this-webhook",
		"sign-in/grant-invalid this-application",
		"sign-in/client-invalid this-application",
		"sign-in/sign-in-expired this-application",
		"sign-in/app-payment-required this-application",
		"sign-in/app-unknown this-application",
		"sign-in/scope-refused this-application",
		"token-accepted/app-not-on-portal this-application",
		"token-accepted/app-not-on-auth-server this-application",
		"token-accepted/user-inactive this-user",
		"token-accepted/user-no-app-access this-user",
		"rest-licence/app-payment-required this-application",
		"app-installed/install-unfinished this-application",
		"application-hosts/host-unreachable this-application",
		"application-hosts/handler-tls this-application",
		"application-hosts/handler-private this-application",
		"application-frame/frame-blocked this-application",
		"application-frame/frame-not-https this-application",
		"application-frame/frame-cookie this-application",
		"server-applications/install-unfinished this-application",
		"server-applications/app-inactive this-application",
		"server-applications/app-payment-expired this-application",
		"server-webhooks/handler-unreachable this-application",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("affected (-want +got):\n%s", diff)
	}
	for cause := range affectsOne {
		if !used[cause] {
			t.Errorf("no check yields %s", cause)
		}
	}
}

// TestAffectsIsJudged asserts that findings of Judge, and of a check that could not be made, name what they affect.
func TestAffectsIsJudged(t *testing.T) {
	accepted := find(t, TokenAccepted)
	webhook := find(t, WebhookCheck)
	for _, c := range []struct {
		results []Result
		want    []Affected
	}{
		{accepted.Judge(&AcceptedFacts{NotInstalled: true}, nil), []Affected{ThisApplication}},
		{accepted.Judge(&AcceptedFacts{}, nil), []Affected{Applications, Events}},
		{webhook.Judge(&WebhookFacts{}, nil), []Affected{ThisWebhook}},
		{webhook.couldNotTell(unknown(TimedOut, "")), []Affected{ThisWebhook}},
		{find(t, AuthServerFromComputer).couldNotTell(unknown(TimedOut, "")), nil},
	} {
		for _, r := range c.results {
			if !slices.Equal(r.Affects, c.want) {
				t.Errorf("%s %s affects %v, want %v", r.Check, r.Cause, r.Affects, c.want)
			}
		}
	}
}

// TestCloudSkipsEveryCheck asserts that the portal's address alone is looked at if it is in the cloud, whatever else was given.
func TestCloudSkipsEveryCheck(t *testing.T) {
	address, err := portal.ParseAddress("https://demo.bitrix24.ru")
	if err != nil {
		t.Fatal(err)
	}
	env := newEnv(t.Context(), transport.New(transport.Options{}), Target{Address: address})
	defer env.close()
	for _, c := range Catalog() {
		if got, skips := env.unmetNeed(c), c.ID != PortalAddress; skips != (got == PortalAddress) {
			t.Errorf("%s is skipped because of %q", c.ID, got)
		}
	}
}
