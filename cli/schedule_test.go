package cli_test

import (
	"strings"
	"testing"

	"boxready/internal/simportal"
)

// TestScheduledRunConfirmsNoAddress asserts that a run by the scheduler sends the portal no token of the saved sign-in if the
// authorization server holds another address: only somebody who is there can confirm that one.
func TestScheduledRunConfirmsNoAddress(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--scheduled"}, nil} {
		o := newObserved(t, faultNamed(t, "address-differs"), hexToken)
		o.saveAccount()
		o.run("", nil, append(append([]string{"check", o.sim.Host(), "--deep", "--signed-in", "--lang", "en"}, args...), o.way...)...)
		sent := 0
		for _, r := range o.sim.Log() {
			if r.Server == "portal" && strings.HasPrefix(r.Path, "/rest/") && len(r.Tokens) > 0 {
				sent++
			}
		}
		if confirmed := args == nil; (sent > 0) != confirmed {
			t.Errorf("%q: %d requests with a token of the sign-in went to the portal", args, sent)
		}
	}
}

func faultNamed(t *testing.T, name string) simportal.Fault {
	t.Helper()
	for _, f := range simportal.Faults() {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("no fault %s", name)
	return simportal.Fault{}
}
