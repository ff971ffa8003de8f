package view

import (
	"testing"

	"boxready/checks"
	"boxready/internal/words"
)

func TestNext(t *testing.T) {
	finding := func(id checks.ID, state checks.State, cause checks.Cause, owner checks.Owner, affects ...checks.Affected) checks.Result {
		return checks.Result{Check: id, State: state, Cause: cause, Owner: owner, Affects: affects}
	}
	waits := func(id, because checks.ID) checks.Result {
		return checks.Result{Check: id, State: checks.Skipped, Because: because}
	}
	all := []checks.Affected{checks.Applications, checks.Events}
	deep := finding(checks.AuthServerFromPortal, checks.Unknown, checks.NeedsDeep, checks.You, all...)
	certificate := finding(checks.PortalTLS, checks.Problem, checks.TLSExpired, checks.ServerAdmin, all...)
	server := finding(checks.AuthServerFromPortal, checks.Problem, checks.AuthServerUnreachable, checks.NetworkAdmin, all...)
	outdated := finding(checks.MethodInventory, checks.Problem, checks.PlatformOutdated, checks.PortalAdmin, all...)
	webhook := finding(checks.WebhookCheck, checks.Problem, checks.WebhookRejected, checks.PortalAdmin, checks.ThisWebhook)
	silent := finding(checks.RESTRoute, checks.Unknown, checks.TimedOut, checks.ServerAdmin, all...)
	name := finding(checks.PortalDNS, checks.Problem, checks.DNSNotFound, checks.You, all...)
	refused := finding(checks.PortalTCP, checks.Problem, checks.TCPRefused, checks.NetworkAdmin, all...)
	clone := func(waits bool) checks.Result {
		return checks.Result{Check: checks.ServerRegistration, State: checks.Notice, Cause: checks.PortalClone, Args: checks.Args{"waits": waits}}
	}
	for _, c := range []struct {
		name    string
		verdict checks.Verdict
		results []checks.Result
		action  words.Action
		about   checks.ID
	}{
		{"ready", checks.Ready, nil, words.SaveReport, ""},
		{"no obstacle", checks.NoObstacle, nil, words.EnterSignIn, ""},
		{"a cloud portal", checks.NotABox, nil, "", ""},
		{"a name that is not found", checks.NotSeen, []checks.Result{name}, words.CorrectAddress, checks.PortalDNS},
		{"a port that refuses", checks.NotSeen, []checks.Result{refused}, words.CheckAgain, checks.PortalTCP},
		{"a token that was not sent", checks.Unsure, []checks.Result{deep}, words.ConsentDeep, ""},
		{"a token that was not sent, and something unknown", checks.Unsure, []checks.Result{silent, deep}, words.ConsentDeep, checks.RESTRoute},
		{"a webhook before the token", checks.Unsure, []checks.Result{deep, webhook}, ShowFinding, checks.WebhookCheck},
		{"something unknown", checks.Unsure, []checks.Result{silent}, ShowFinding, checks.RESTRoute},
		{"nothing that is known to be unclear", checks.Unsure, nil, words.CheckAgain, ""},
		{"somebody else's job", checks.NotReady, []checks.Result{server}, WriteLetter, checks.AuthServerFromPortal},
		{"the portal administrator's job", checks.NotReady, []checks.Result{outdated}, ShowFinding, checks.MethodInventory},
		{"the one that others wait for", checks.NotReady, []checks.Result{certificate, server, waits(checks.TokenAccepted, checks.AuthServerFromPortal)}, WriteLetter, checks.AuthServerFromPortal},
		{"the portal's before the webhook's", checks.NotReady, []checks.Result{webhook, certificate}, WriteLetter, checks.PortalTLS},
		{"a problem before what is unknown", checks.NotReady, []checks.Result{silent, certificate}, WriteLetter, checks.PortalTLS},
		{"tokens that wait for the owner", checks.Unsure, []checks.Result{deep, clone(true)}, words.ConsentSame, ""},
		{"tokens that wait, before a sign-in", checks.NoObstacle, []checks.Result{clone(true)}, words.ConsentSame, ""},
		{"tokens that wait, and a webhook that fails", checks.Unsure, []checks.Result{deep, webhook, clone(true)}, ShowFinding, checks.WebhookCheck},
		{"tokens that wait, and a fault of the portal", checks.NotReady, []checks.Result{certificate, deep, clone(true)}, WriteLetter, checks.PortalTLS},
		{"tokens that the owner agreed to", checks.NoObstacle, []checks.Result{clone(false)}, words.EnterSignIn, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			next := Of(c.results).Next(c.verdict)
			if next.Action != c.action || next.Finding.Check != c.about {
				t.Errorf("%q about %q, expected %q about %q", next.Action, next.Finding.Check, c.action, c.about)
			}
		})
	}
	v := Of([]checks.Result{certificate, server, outdated, silent})
	if n := v.OtherProblems(server); n != 2 {
		t.Errorf("%d other problems", n)
	}
}
