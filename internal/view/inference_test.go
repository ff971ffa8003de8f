package view

import (
	"fmt"
	"slices"
	"testing"

	"boxready/checks"
	"boxready/internal/words"
)

// given makes results of what the rows of inferences look at.
func given(id checks.ID, state checks.State, cause checks.Cause, args checks.Args) checks.Result {
	r := checks.Result{Check: id, State: state, Cause: cause, Args: args}
	for _, c := range checks.Catalog() {
		if c.ID == id {
			r.Vantage, r.Owner, r.Affects = c.Vantage, c.Owner, c.Affects
		}
	}
	return r
}

// Results that several cases have.
var (
	failed        = checks.Args{"failing": 0}
	unreachable   = given(checks.AuthServerFromPortal, checks.Problem, checks.AuthServerUnreachable, failed)
	tokenFails    = given(checks.TokenAccepted, checks.Problem, checks.AuthServerUnreachable, failed)
	tokenOK       = given(checks.TokenAccepted, checks.OK, "", nil)
	reachedOK     = given(checks.AuthServerFromPortal, checks.OK, "", nil)
	webhookOK     = given(checks.WebhookCheck, checks.OK, "", nil)
	hereOK        = given(checks.AuthServerFromComputer, checks.OK, "", checks.Args{"all": true})
	hereInPart    = given(checks.AuthServerFromComputer, checks.OK, "", checks.Args{"all": false})
	hereSilent    = given(checks.AuthServerFromComputer, checks.Notice, checks.VendorHostUnreachable, nil)
	machineryOK   = given(checks.EventMachinery, checks.OK, "", nil)
	notDelivered  = given(checks.EventDelivery, checks.Problem, checks.EventNotDelivered, nil)
	outsideOK     = given(checks.PortalFromInternet, checks.OK, "", nil)
	unregistered1 = given(checks.AuthServerFromPortal, checks.Problem, checks.PortalNotRegistered, nil)
	unregistered2 = given(checks.ServerRegistration, checks.Problem, checks.PortalNotRegistered, nil)
)

func fromServer(state checks.State, cause checks.Cause, by string, cli, inUse bool) checks.Result {
	return given(checks.ServerAuthServer, state, cause, checks.Args{"by": by, "cli": cli, "in_use": inUse})
}

func TestInference(t *testing.T) {
	byPHP, byCLI, byShell := fromServer(checks.OK, "", "php", false, true), fromServer(checks.OK, "", "php", true, true), fromServer(checks.OK, "", "sh", false, false)
	bothFail := unreachable
	bothFail.Args, bothFail.Owner = checks.Args{"failing": 502}, checks.Bitrix24
	settledByServer := reachedOK
	settledByServer.Vantage = checks.FromServer
	elsewhere := given(checks.PortalDNS, checks.Problem, checks.DNSSinkhole, nil)
	elsewhere.Vantage = checks.FromOutside
	expired := given(checks.PortalTLS, checks.Problem, checks.TLSExpired, nil)
	waiting := func(id checks.ID) checks.Result {
		return checks.Result{Check: id, State: checks.Skipped, Because: checks.PortalTLS}
	}
	for _, c := range []struct {
		name    string
		results []checks.Result
		want    string
		broken  Link
		owner   checks.Owner
	}{
		{"nothing wrong", []checks.Result{tokenOK, webhookOK, hereOK}, "", NoLink, ""},
		{"one finding alone", []checks.Result{unreachable}, "", NoLink, ""},
		{"the authorization server fails for all", []checks.Result{bothFail, webhookOK, hereOK, byShell}, "", NoLink, ""},

		{"reached, then not", []checks.Result{reachedOK, tokenFails}, "unstable", PortalAuthorization, checks.ServerAdmin},
		{"not reached, then reached", []checks.Result{unreachable, tokenOK}, "unstable", PortalAuthorization, checks.ServerAdmin},
		{"reached by the server's word only", []checks.Result{settledByServer, tokenFails, byPHP}, "unstable-since-probe", PortalAuthorization, checks.ServerAdmin},
		{"unstable before what the server says", []checks.Result{reachedOK, tokenFails, byShell, webhookOK, hereOK}, "unstable", PortalAuthorization, checks.ServerAdmin},

		{"PHP on the command line", []checks.Result{unreachable, byCLI}, "php-of-web-server", PortalAuthorization, checks.ServerAdmin},
		{"a shell", []checks.Result{unreachable, byShell}, "php-settings", PortalAuthorization, checks.ServerAdmin},
		{"PowerShell", []checks.Result{tokenFails, fromServer(checks.OK, "", "powershell", false, false)}, "php-settings", PortalAuthorization, checks.ServerAdmin},
		{"PHP's settings before what lies between", []checks.Result{unreachable, byShell, webhookOK, hereOK}, "php-settings", PortalAuthorization, checks.ServerAdmin},
		{"a server that couldn't tell", []checks.Result{unreachable, fromServer(checks.Unknown, checks.AuthServerUnreachable, "sh", false, false)}, "", NoLink, ""},
		{"PHP in a request, of a host that may not be the portal's", []checks.Result{unreachable, fromServer(checks.OK, "", "php", false, false)}, "", NoLink, ""},

		{"not registered, the firewall", []checks.Result{unregistered1, fromServer(checks.Problem, checks.AuthServerUnreachable, "php", false, true)}, "register-later", PortalAuthorization, checks.NetworkAdmin},
		{"not registered, PHP doesn't trust", []checks.Result{unregistered2, fromServer(checks.Problem, checks.CABundleOutdated, "php", false, true)}, "register-later", PortalAuthorization, checks.ServerAdmin},
		{"not registered, a host that may not be the portal's", []checks.Result{unregistered1, fromServer(checks.Problem, checks.AuthServerUnreachable, "sh", false, false)}, "", NoLink, ""},
		{"not registered, the network is open", []checks.Result{unregistered1, byPHP}, "registration-refused", NoLink, checks.ServerAdmin},
		{"not registered by the server's word, which the portal's confirms", []checks.Result{unregistered2, byPHP,
			{Check: checks.AuthServerFromPortal, State: checks.Skipped, Because: checks.ServerRegistration}}, "registration-refused", NoLink, checks.PortalAdmin},
		{"not registered by the server's word alone", []checks.Result{unregistered2, byPHP}, "", NoLink, ""},

		{"webhook, and the authorization server answers", []checks.Result{unreachable, webhookOK, hereOK}, "between", PortalAuthorization, checks.ServerAdmin},
		{"webhook, and one of two hosts answers", []checks.Result{unreachable, webhookOK, hereInPart}, "not-the-portal", PortalAuthorization, checks.ServerAdmin},
		{"webhook, and silence here", []checks.Result{unreachable, webhookOK, hereSilent}, "silent-for-both", PortalAuthorization, checks.ServerAdmin},
		{"the authorization server answers", []checks.Result{unreachable, hereOK}, "answers-here", PortalAuthorization, checks.ServerAdmin},
		{"one of two hosts answers", []checks.Result{unreachable, hereInPart}, "", NoLink, ""},
		{"silence here", []checks.Result{tokenFails, hereSilent}, "silent-for-both", PortalAuthorization, checks.ServerAdmin},
		{"a server that is cut off", []checks.Result{fromServer(checks.Problem, checks.AuthServerUnreachable, "php", false, true), hereOK}, "server-cut-off", PortalAuthorization, checks.NetworkAdmin},
		{"a server that is cut off, and silence here", []checks.Result{fromServer(checks.Problem, checks.AuthServerUnreachable, "php", false, true), hereSilent}, "silent-for-both", PortalAuthorization, checks.NetworkAdmin},
		{"a server that knows why", []checks.Result{fromServer(checks.Problem, checks.ProxyNotForREST, "php", false, true), hereOK}, "", NoLink, ""},

		{"an event that is lost", []checks.Result{tokenOK, machineryOK, notDelivered}, "queue", QueueApplication, checks.NetworkAdmin},
		{"an event that is lost, provider of its own", []checks.Result{tokenOK, machineryOK, notDelivered,
			given(checks.ServerRESTSetup, checks.Notice, checks.CustomEventProvider, nil)}, "event-provider", NoLink, checks.PortalAdmin},
		{"an event that isn't recorded", []checks.Result{tokenOK, given(checks.EventMachinery, checks.Problem, checks.EventNotRecorded, checks.Args{"unfinished": false})}, "inside-portal", NoLink, checks.ServerAdmin},
		{"an application that isn't installed", []checks.Result{tokenOK, given(checks.EventMachinery, checks.Problem, checks.EventNotRecorded, checks.Args{"unfinished": true})}, "", NoLink, ""},
		{"a handler", []checks.Result{given(checks.EventDelivery, checks.OK, "", nil), given(checks.ApplicationHosts, checks.Problem, checks.HandlerTLS, nil)}, "only-handler", QueueApplication, checks.Vendor},

		{"not from here", []checks.Result{given(checks.PortalTCP, checks.Problem, checks.TCPRefused, nil), outsideOK}, "only-from-here", ComputerPortal, checks.NetworkAdmin},
		{"a name as seen from outside", []checks.Result{elsewhere, outsideOK}, "", NoLink, ""},
		{"not from outside", []checks.Result{given(checks.RESTRoute, checks.OK, "", nil), given(checks.PortalFromInternet, checks.Problem, checks.NotSeenFromOutside, nil)}, "only-from-outside", ApplicationPortal, checks.NetworkAdmin},
		{"from nowhere", []checks.Result{given(checks.PortalFromInternet, checks.Problem, checks.NotSeenFromOutside, nil)}, "", NoLink, ""},

		{"a webhook alone", []checks.Result{tokenOK, given(checks.WebhookCheck, checks.Problem, checks.WebhookRejected, nil)}, "only-webhook", NoLink, checks.ServerAdmin},
		{"a user alone", []checks.Result{reachedOK, given(checks.TokenAccepted, checks.Problem, checks.UserInactive, nil)}, "only-application", NoLink, checks.ServerAdmin},
		{"an application that the authorization server doesn't know", []checks.Result{reachedOK, given(checks.TokenAccepted, checks.Problem, checks.AppNotOnAuthServer, nil)}, "", NoLink, ""},

		{"another finding decides", []checks.Result{expired, waiting(checks.RESTRoute), waiting(checks.TokenAccepted), unreachable, webhookOK, hereOK}, "", NoLink, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := Of(c.results)
			got := v.Inference()
			if got.ID != c.want || got.Broken != c.broken || got.Owner != c.owner {
				t.Errorf("%q, broken %q, owner %q; expected %q, %q, %q", got.ID, got.Broken, got.Owner, c.want, c.broken, c.owner)
			}
			if next := v.Next(checks.NotReady); got.ID != "" && next.Owner != got.Owner {
				t.Errorf("the next action is for %q", next.Owner)
			}
			for _, link := range got.Proved {
				if state := v.LinkState(link); state == checks.Problem || state == checks.Unknown {
					t.Errorf("%s is said to be in order, but is %s", link, state)
				}
			}
			if got.Broken != NoLink && v.LinkState(got.Broken) != checks.Problem {
				t.Errorf("%s is said to be broken, but is %q", got.Broken, v.LinkState(got.Broken))
			}
		})
	}
}

// TestRowsOfInferences asserts that the rows name checks and causes of the catalogue, that none is unreachable behind an earlier one,
// and that each has a sentence in every language.
func TestRowsOfInferences(t *testing.T) {
	causesOf := map[checks.ID][]checks.Cause{}
	for _, c := range checks.Catalog() {
		causesOf[c.ID] = c.Causes
	}
	for n, row := range inferences {
		for _, s := range append([]sign{row.about}, row.with...) {
			for _, cause := range s.causes {
				if !slices.ContainsFunc(s.checks, func(id checks.ID) bool { return slices.Contains(causesOf[id], cause) }) {
					t.Errorf("%s: %s is no cause of %s", row.id, cause, s.checks)
				}
			}
		}
		for _, earlier := range inferences[:n] {
			same := fmt.Sprint(earlier.about) == fmt.Sprint(row.about)
			if same && !slices.ContainsFunc(earlier.with, func(s sign) bool {
				return !slices.ContainsFunc(row.with, func(other sign) bool { return fmt.Sprint(s) == fmt.Sprint(other) })
			}) {
				t.Errorf("%s is hidden by %s", row.id, earlier.id)
			}
		}
		for _, lang := range words.Languages() {
			w, err := words.New(lang)
			if err != nil {
				t.Fatal(err)
			}
			key := "verdict.inference." + row.id
			if text := (Inference{ID: row.id}).Text(w); text == key || text == "" {
				t.Errorf("%s: no text %s", lang, key)
			}
		}
	}
}
