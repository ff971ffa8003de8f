package checks

import (
	"slices"
	"testing"
	"time"

	"boxready/internal/portal"
)

func TestAcknowledgementCovers(t *testing.T) {
	now := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	hosts := func(r Result, hosts ...string) Result { return r.with(Args{"hosts": hosts}) }
	missing := found(t, RequiredModules, Problem, ModuleMissing)
	soon := found(t, PortalTLS, Notice, TLSExpiresSoon)
	made := func(r Result) Acknowledgement {
		o := Outcome{Target: Target{Address: portal.Address{Host: "portal.example.com", Port: 443}}, Results: []Result{r}}
		a, ok := o.Acknowledge(r.Check, r.Cause)
		if !ok {
			t.Fatalf("%s can't be acknowledged", r.Cause)
		}
		return a
	}
	ending := func(sha256 string) Result {
		r := found(t, PortalTLS, Notice, TLSExpiresSoon)
		r.Facts = &TLSFacts{At: now, Addresses: []TLSSeen{seenCertificate("203.0.113.10", sha256, now.AddDate(0, 0, 5), now)}}
		return r
	}
	until := func(a Acknowledgement, end time.Time) Acknowledgement { a.Until = end; return a }
	anything := func(a Acknowledgement) Acknowledgement { a.State, a.Subjects = "", nil; return a }
	for _, c := range []struct {
		name string
		a    Acknowledgement
		r    Result
		want bool
	}{
		{"the same", made(missing), missing, true},
		{"the same hosts in another order", made(hosts(missing, "a", "b")), hosts(missing, "b", "a"), true},
		{"fewer hosts", made(hosts(missing, "a", "b")), hosts(missing, "a"), true},
		{"another host", made(hosts(missing, "a")), hosts(missing, "b"), false},
		{"one host more", made(hosts(missing, "a")), hosts(missing, "a", "b"), false},
		{"hosts, where there were none", made(missing), hosts(missing, "a"), false},
		{"whatever it is about", anything(made(missing)), hosts(missing, "a"), true},
		{"a more severe state", made(soon), found(t, PortalTLS, Problem, TLSExpiresSoon), false},
		{"a notice that is unclear now", made(soon), found(t, PortalTLS, Unknown, TLSExpiresSoon), false},
		{"a less severe state", made(found(t, PortalTLS, Problem, TLSExpiresSoon)), soon, true},
		{"every state", anything(made(soon)), found(t, PortalTLS, Problem, TLSExpiresSoon), true},
		{"another certificate", made(ending("a")), ending("b"), false},
		{"the same certificate, less time left", made(ending("a").with(Args{"left": time.Hour})), ending("a").with(Args{"left": time.Minute}), true},
		{"another cause", made(soon), found(t, PortalTLS, Notice, TLSPrivateCA), false},
		{"another check", made(missing), found(t, ServerModules, Problem, ModuleMissing), false},
		{"a result that is ok", Acknowledgement{Portal: "https://portal.example.com", Check: PortalTLS}, found(t, PortalTLS, OK, ""), false},
		{"before its end", until(made(missing), now.Add(time.Second)), missing, true},
		{"at its end", until(made(missing), now), missing, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			for portal, want := range map[string]bool{"https://portal.example.com": c.want, "https://other.example.com": false} {
				if got := c.a.covers(portal, c.r, now); got != want {
					t.Errorf("%s: %t", portal, got)
				}
			}
		})
	}
}

// TestVerdictWithoutAcknowledged: what is acknowledged makes no verdict worse, and proves nothing.
func TestVerdictWithoutAcknowledged(t *testing.T) {
	ok := func(id ID) Result { return found(t, id, OK, "") }
	wrong := func(id ID, cause Cause) Result { return found(t, id, Problem, cause) }
	acknowledged := func(r Result) Result { r.Acknowledged = &Acknowledged{Reason: "known"}; return r }
	for _, c := range []struct {
		name    string
		want    Verdict
		results []Result
	}{
		{"a problem, and an accepted token", Ready, []Result{ok(TokenAccepted), acknowledged(wrong(RequiredModules, ModuleMissing))}},
		{"a problem without a proof", NoObstacle, []Result{ok(RESTRoute), acknowledged(wrong(RequiredModules, ModuleMissing))}},
		{"another problem that counts", NotReady, []Result{acknowledged(wrong(RequiredModules, ModuleMissing)), wrong(HTTPSSeen, HTTPSNotSeen)}},
		{"something unknown that counts", Unsure, []Result{acknowledged(wrong(HTTPSSeen, HTTPSNotSeen)), found(t, AuthServerFromPortal, Unknown, NeedsDeep)}},
		{"a webhook", NoObstacle, []Result{ok(AuthServerFromPortal), acknowledged(wrong(WebhookCheck, WebhookRejected))}},
		{"the authorization server", NoObstacle, []Result{acknowledged(wrong(AuthServerFromPortal, AuthServerUnreachable)), ok(WebhookCheck)}},
		{"the authorization server, with a token accepted at other times", NoObstacle, []Result{acknowledged(wrong(AuthServerFromPortal, AuthServerUnreachable)), ok(TokenAccepted)}},
		{"a token, the server reaches the authorization server", NoObstacle, []Result{ok(AuthServerFromPortal), ok(WebhookCheck), acknowledged(wrong(TokenAccepted, TokenCheckerMissing))}},
		{"one user's sign-in, and a webhook", Ready, []Result{ok(AuthServerFromPortal), ok(WebhookCheck), acknowledged(wrong(TokenAccepted, UserInactive))}},
		{"a portal that isn't seen", NotSeen, []Result{acknowledged(wrong(PortalDNS, DNSNotFound))}},
		{"a portal in the cloud", NotABox, []Result{acknowledged(found(t, PortalAddress, Notice, AddressIsCloud))}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := OutcomeOf(c.results)
			if o.Verdict != c.want {
				t.Errorf("verdict %s, expected %s", o.Verdict, c.want)
			}
			if counts := o.Counts(); o.Acknowledged() != 1 || counts[OK]+counts[Problem]+counts[Unknown]+counts[Notice] != len(c.results)-1 {
				t.Errorf("%d acknowledged, %v", o.Acknowledged(), counts)
			}
			// It is settled as soon as it can't change.
			if verdict, settled := Settled(c.results, nil); !settled || verdict != c.want {
				t.Errorf("settled %t as %s", settled, verdict)
			}
		})
	}
}

// TestJudgedAgainAcknowledged: an acknowledgement in a saved run stays with the same conclusion alone.
func TestJudgedAgainAcknowledged(t *testing.T) {
	saved := []Result{found(t, PortalTLS, Notice, TLSExpiresSoon), found(t, RequiredModules, Problem, ModuleMissing)}
	saved[0].Acknowledged = &Acknowledged{Reason: "known"}
	for name, again := range map[string]Result{
		"the same": saved[0], "worse": found(t, PortalTLS, Problem, TLSExpiresSoon), "another cause": found(t, PortalTLS, Notice, TLSPrivateCA), "fixed": found(t, PortalTLS, OK, ""),
	} {
		again.Acknowledged = nil
		results := []Result{again, saved[1]}
		keepAcknowledged(results, saved)
		if kept := results[0].Acknowledged != nil; kept != (name == "the same") || results[1].Acknowledged != nil {
			t.Errorf("%s: %+v", name, results)
		}
	}
}

func TestCanBeAcknowledged(t *testing.T) {
	for _, c := range Catalog() {
		for _, cause := range slices.Concat(c.Causes, CommonCauses()) {
			if got := CanBeAcknowledged(c.ID, cause); got != (cause != Cancelled) {
				t.Errorf("%s/%s: %t", c.ID, cause, got)
			}
		}
	}
	if !CanBeAcknowledged(SelfClock, ClockWrong) || CanBeAcknowledged(PortalTLS, ModuleMissing) || CanBeAcknowledged("no-check", TimedOut) || CanBeAcknowledged(PortalTLS, "") {
		t.Error("other checks and causes")
	}
}

// TestAgainAcknowledges: when a check is made again, all findings are compared with what is acknowledged by then.
func TestAgainAcknowledges(t *testing.T) {
	before := Outcome{Target: Target{Address: portal.Address{Host: "portal.example.com", Port: 443}}, Results: []Result{found(t, PortalTLS, Notice, TLSExpiresSoon), found(t, HTTPSSeen, Problem, HTTPSNotSeen)}}
	before.Results[1].Acknowledged = &Acknowledged{Reason: "taken back since"}
	a, _ := before.Acknowledge(PortalTLS, TLSExpiresSoon)
	a.Reason = "known"
	before.Target.Acknowledged = []Acknowledgement{a}
	after := before.with(&Outcome{Results: []Result{found(t, PortalClock, Notice, ClockOff)}})
	var known []Cause
	for _, r := range after.Results {
		if r.Acknowledged != nil {
			known = append(known, r.Cause)
		}
	}
	if !slices.Equal(known, []Cause{TLSExpiresSoon}) || after.Verdict != NotReady || before.Results[1].Acknowledged == nil {
		t.Errorf("%v are acknowledged, %s", known, after.Verdict)
	}
}
