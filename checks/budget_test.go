package checks

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"boxready/internal/portal"
	"boxready/internal/transport"
)

// untilCut returns a stub that observes until it is cut off.
func untilCut(id ID, change ...func(*Check)) *Check {
	wait := observes(func(ctx context.Context, _ *Env) (Facts, error) {
		<-ctx.Done()
		return &stubFacts{}, nil
	})
	return stub(id, fine, append(change, wait)...)
}

// answering returns a stub of rest-route whose answer takes that long.
func answering(in time.Duration) *Check {
	return define(Check{ID: RESTRoute, Vantage: FromComputer, Owner: ServerAdmin}, func(context.Context, *Env) (*RouteFacts, error) {
		time.Sleep(in)
		return &RouteFacts{Exchange: Exchange{Times: transport.Times{Wait: in.Milliseconds()}}}, nil
	}, func(*RouteFacts, FactsByCheck) []Result { return ok() })
}

// TestRunLimits asserts when a check that never ends is cut off, and that this proves nothing about the portal.
func TestRunLimits(t *testing.T) {
	deep := Target{Consents: []Consent{Deep}}
	withToken := func(c *Check) { c.Consent = Deep }
	for _, c := range []struct {
		name    string
		target  Target
		catalog []*Check
		want    time.Duration
	}{
		{"without tokens", Target{}, []*Check{untilCut(PortalDNS)}, 15 * time.Second},
		{"twice the usual time is given", Target{Timeout: 30 * time.Second}, []*Check{untilCut(PortalDNS)}, 30 * time.Second},
		{"less time doesn't shorten limits", Target{Timeout: 5 * time.Second}, []*Check{untilCut(PortalDNS)}, 15 * time.Second},
		{"with tokens, before the route has answered", deep, []*Check{untilCut(PortalDNS)}, 25 * time.Second},
		{"with tokens, at a slow portal", deep, []*Check{answering(3 * time.Second), untilCut(CredentialsArrive, needs(RESTRoute), withToken)}, 25 * time.Second},
		{"with tokens, at a quick portal", deep, []*Check{answering(time.Second), untilCut(CredentialsArrive, needs(RESTRoute), withToken)}, time.Second + checkDeadline},
		{"what follows a token's check, at a quick portal", deep,
			[]*Check{answering(time.Second), stub(CredentialsArrive, fine, needs(RESTRoute), withToken), untilCut("follower", needs(CredentialsArrive))}, time.Second + checkDeadline},
		{"what needs no token, at a quick portal", deep, []*Check{answering(time.Second), untilCut(HTTPSSeen, needs(RESTRoute))}, 15 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				outcome, _ := runStubs(t, t.Context(), c.target, c.catalog...)
				if took := time.Since(start).Round(time.Second / 2); took != c.want {
					t.Errorf("cut off after %s, want %s", took, c.want)
				}
				last := outcome.Results[len(outcome.Results)-1]
				if cut := c.want < checkDeadline; cut && (last.State != Unknown || last.Cause != TimedOut) {
					t.Errorf("what was cut off is %s %s", last.State, last.Cause)
				}
			})
		})
	}
}

// TestPausesExtendTheLimit asserts that the pauses that BoxReady itself makes aren't counted.
func TestPausesExtendTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := Target{Address: portal.Address{Host: "portal.example", Port: 443}}
		env := newEnv(t.Context(), transport.New(transport.Options{}), target)
		defer env.close()
		start := time.Now()
		busy := observes(func(ctx context.Context, env *Env) (Facts, error) {
			for range 13 { // the window has room for twelve
				turn, err := env.pacer.Begin(ctx)
				if err != nil {
					t.Error(err)
					break
				}
				turn.Sent()
				turn.End()
			}
			<-ctx.Done()
			return &stubFacts{}, nil
		})
		runCatalog(t.Context(), env, []*Check{stub(PortalDNS, fine, busy)}, nil)
		const pause = 10200 * time.Millisecond
		if took := time.Since(start); took != runLimit+pause {
			t.Errorf("cut off after %s, want %s and a pause of %s", took, runLimit, pause)
		}
	})
}

// TestWaitsForTokens names the checks that the limit of 15 s holds for.
func TestWaitsForTokens(t *testing.T) {
	slow := waitsForTokens(Catalog())
	var quick []ID
	for _, c := range Catalog() {
		if !slow[c.ID] && c.Group != ServerGroup {
			quick = append(quick, c.ID)
		}
	}
	want := []ID{PortalAddress, PortalDNS, PortalTCP, PortalTLS, PortalRedirect, RESTRoute, HTTPSSeen, MethodInventory, PortalClock, AuthServerFromComputer,
		QueueFeed, PortalFromInternet, ApplicationHosts, BrowserLibrary, ApplicationFrame}
	if !slices.Equal(quick, want) {
		t.Errorf("quick are %v, want %v", quick, want)
	}
}

func TestSettled(t *testing.T) {
	fault := func(id ID, affects ...Affected) Result {
		return Result{Check: id, State: Problem, Cause: "stub", Vantage: FromPortal, Affects: affects}
	}
	seen := []Result{{Check: PortalDNS, State: OK}, {Check: PortalTLS, State: OK}, {Check: RESTRoute, State: OK}}
	for _, c := range []struct {
		name    string
		results []Result
		pending []ID
		want    Verdict // "" for none
	}{
		{"a problem of the portal's", append(slices.Clone(seen), fault(HTTPSSeen, Applications)), []ID{QueueFeed, AuthServerFromPortal}, NotReady},
		{"the same before the connection is known", []Result{fault(HTTPSSeen, Applications)}, []ID{PortalTLS}, ""},
		{"a problem of one application", append(slices.Clone(seen), fault(ApplicationHosts, ThisApplication)), []ID{QueueFeed}, Unsure},
		{"the same while one of the portal's may come", append(slices.Clone(seen), fault(ApplicationHosts, ThisApplication)), []ID{AuthServerFromPortal}, ""},
		{"only this computer's connections are pending", seen, []ID{QueueFeed, AuthServerFromComputer}, NoObstacle},
		{"a notice at most is pending, but it may be unknown, too", seen, []ID{Platform}, ""},
		{"an address of the portal is silent, another isn't", seen, []ID{PortalTCP}, NoObstacle},
		{"nobody knows yet whether the portal can be reached", []Result{{Check: PortalDNS, State: OK}}, []ID{PortalTCP, PortalTLS}, ""},
		{"not reached, but the server's own answer is pending", []Result{{Check: PortalDNS, State: Problem, Cause: DNSNotFound, Vantage: FromComputer, Affects: []Affected{Applications}}},
			[]ID{ServerProbe}, ""},
		{"a cloud portal", []Result{{Check: PortalAddress, State: Notice, Cause: AddressIsCloud}}, []ID{QueueFeed}, NotABox},
	} {
		t.Run(c.name, func(t *testing.T) {
			verdict, settled := Settled(c.results, c.pending)
			if settled != (c.want != "") || settled && verdict != c.want {
				t.Errorf("%q, settled %v; want %q", verdict, settled, c.want)
			}
		})
	}
}
