package report

import (
	"testing"

	"boxready/checks"
)

// TestAcknowledgedIsNoWorsening asserts that a finding which somebody acknowledged is neither new nor worse.
func TestAcknowledgedIsNoWorsening(t *testing.T) {
	run := func(state checks.State, acknowledged bool) *compared {
		f := &finding{Result: &checks.Result{Check: "a", State: state, Cause: "c"}}
		if acknowledged {
			f.Acknowledged = &checks.Acknowledged{Reason: "a test portal"}
		}
		c := &compared{results: []checks.Result{*f.Result}}
		if state != checks.OK {
			c.findings = []*finding{f}
		}
		return c
	}
	for _, c := range []struct {
		name          string
		before, after *compared
		worse, parts  int
	}{
		{"new", run(checks.OK, false), run(checks.Problem, false), 1, 1},
		{"new and acknowledged", run(checks.OK, false), run(checks.Problem, true), 0, 0},
		{"worse", run(checks.Notice, false), run(checks.Problem, false), 1, 1},
		{"worse and acknowledged", run(checks.Notice, true), run(checks.Problem, true), 0, 0},
		{"worse than what was acknowledged", run(checks.Notice, true), run(checks.Problem, false), 1, 1},
		{"better and acknowledged", run(checks.Problem, true), run(checks.Notice, true), 0, 1},
		{"acknowledged and gone", run(checks.Problem, true), run(checks.OK, false), 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			var changes Changes
			changes.compareFindings(c.before, c.after)
			if worse, parts := len(changes.Worse()), len(changes.Parts()); worse != c.worse || parts != c.parts {
				t.Errorf("%d worse, %d parts, expected %d and %d: %+v", worse, parts, c.worse, c.parts, changes)
			}
		})
	}
}
