package checks_test

import (
	"slices"
	"sync"
	"testing"

	"boxready/checks"
	"boxready/internal/simtest"
	"boxready/internal/transport"
)

// finishedChecks records which checks were made.
type finishedChecks struct {
	mu       sync.Mutex
	finished []checks.ID
}

func (*finishedChecks) Started(checks.ID) {}

func (h *finishedChecks) Finished(id checks.ID, _ []checks.Result) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.finished = append(h.finished, id)
}

// firstRun returns a simulated portal, the network to it, and the outcome of a run.
func firstRun(t *testing.T, faults ...string) (*simtest.Portal, *transport.Net, *checks.Outcome) {
	t.Helper()
	simulated := simtest.Start(t, faults)
	simulated.PaceWindow = simtest.Fast
	net := simulated.Net()
	return simulated, net, checks.Run(t.Context(), net, simulated.Target(), nil)
}

func TestAgain(t *testing.T) {
	t.Parallel()
	simulated, net, before := firstRun(t, "tls-expires-soon", "auth-server-unreachable")
	if before.Verdict != checks.NotReady {
		t.Fatalf("the verdict is %s", before.Verdict)
	}
	waiting := resultsOf(before, checks.CredentialsArrive)
	if len(waiting) != 1 || waiting[0].Because != checks.AuthServerFromPortal {
		t.Fatalf("credentials-arrive: %+v", waiting)
	}
	if err := simulated.Sim.SetFaults(); err != nil {
		t.Fatal(err)
	}

	listener := &finishedChecks{}
	after := checks.Again(t.Context(), net, before, checks.AuthServerFromPortal, listener)
	for _, id := range []checks.ID{checks.AuthServerFromPortal, checks.CredentialsArrive, checks.PortalTLS} {
		if r := resultsOf(after, id); len(r) != 1 || r[0].State != checks.OK {
			t.Errorf("%s after it was mended: %+v", id, r)
		}
	}
	for _, id := range []checks.ID{checks.QueueFeed, checks.MethodInventory} {
		if slices.Contains(listener.finished, id) {
			t.Errorf("%s was made again, which nobody asked for", id)
		}
		if r := resultsOf(after, id); len(r) != 1 || r[0].State != checks.OK {
			t.Errorf("%s, which was not made again: %+v", id, r)
		}
	}
	if after.Verdict != checks.NoObstacle {
		t.Errorf("the verdict is %s", after.Verdict)
	}
	if len(listener.finished) != checks.PlannedAgain(before, checks.AuthServerFromPortal) {
		t.Errorf("%d checks were made, %d planned", len(listener.finished), checks.PlannedAgain(before, checks.AuthServerFromPortal))
	}
	order := func(o *checks.Outcome) (ids []checks.ID) {
		for _, r := range o.Results {
			ids = append(ids, r.Check)
		}
		return ids
	}
	if !slices.Equal(order(before), order(after)) {
		t.Errorf("the order was %v and is %v", order(before), order(after))
	}
}

// TestAgainEndsForEveryCheck repeats every check of the catalogue: what one waits for must be made with it.
func TestAgainEndsForEveryCheck(t *testing.T) {
	t.Parallel()
	simulated, _, before := firstRun(t)
	for _, c := range checks.Catalog() {
		t.Run(string(c.ID), func(t *testing.T) {
			t.Parallel()
			after := checks.Again(t.Context(), simulated.Net(), before, c.ID, nil)
			if len(after.Results) != len(before.Results) || after.Verdict != before.Verdict || len(after.NotChecked) != len(before.NotChecked) {
				t.Errorf("%d results, %s; before %d, %s", len(after.Results), after.Verdict, len(before.Results), before.Verdict)
			}
		})
	}
}

func resultsOf(o *checks.Outcome, id checks.ID) (found []checks.Result) {
	for _, r := range o.Results {
		if r.Check == id {
			found = append(found, r)
		}
	}
	return found
}

// TestSignInChecksEnd runs the checks that decide on a sign-in: others that they read may be left out.
func TestSignInChecksEnd(t *testing.T) {
	simulated := simtest.Start(t, nil)
	forbids, outcome := checks.MaySignIn(t.Context(), simulated.Net(), simulated.Target(), nil)
	if forbids != "" || len(outcome.Results) != checks.PlannedForSignIn() {
		t.Errorf("forbidden by %q, with %d results", forbids, len(outcome.Results))
	}
}

// TestSignInAllowedByARun asserts that a finished run allows a sign-in where MaySignIn does, and nowhere else.
func TestSignInAllowedByARun(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{"", "https-not-seen", "tls-expired", "redirect-other-host", "redirect-drops-post", "rest-not-found", "auth-server-unreachable"} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			var faults []string
			if fault != "" {
				faults = []string{fault}
			}
			simulated := simtest.Start(t, faults)
			forbids, _ := checks.MaySignIn(t.Context(), simulated.Net(), simulated.Target(), nil)
			outcome := checks.Run(t.Context(), simulated.Net(), simulated.Target(), nil)
			if allowed := outcome.SignInAllowed(); allowed != (forbids == "") {
				t.Errorf("allowed by the run: %t; forbidden by %q", allowed, forbids)
			}
		})
	}
	if (&checks.Outcome{}).SignInAllowed() {
		t.Error("a run that saw nothing allows it")
	}
}
