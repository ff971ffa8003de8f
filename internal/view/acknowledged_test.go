package view

import (
	"testing"

	"boxready/checks"
	"boxready/internal/words"
)

// TestAcknowledgedInView: what is acknowledged is nobody's job and not what the verdict is about, but it doesn't look as if it were in order.
func TestAcknowledgedInView(t *testing.T) {
	known := func(r checks.Result) checks.Result {
		r.Acknowledged, r.Affects = &checks.Acknowledged{Reason: "known"}, []checks.Affected{checks.Applications}
		return r
	}
	unreachable := known(checks.Result{Check: checks.AuthServerFromPortal, State: checks.Problem, Cause: checks.AuthServerUnreachable, Owner: checks.NetworkAdmin, Vantage: checks.FromPortal})
	v := Of([]checks.Result{
		{Check: checks.RESTRoute, State: checks.OK, Vantage: checks.FromComputer}, unreachable,
		{Check: checks.ServerAuthServer, State: checks.OK, Vantage: checks.FromServer},
		{Check: checks.PortalClock, State: checks.Notice, Cause: checks.ClockOff, Owner: checks.ServerAdmin, Vantage: checks.FromComputer},
	})
	if found, left := v.Findings(), v.Acknowledged(); len(found) != 1 || found[0].Check != checks.PortalClock || len(left) != 1 || left[0].Check != checks.AuthServerFromPortal {
		t.Errorf("findings %+v, acknowledged %+v", found, left)
	}
	if owners := v.Owners(); len(owners) != 1 || owners[0].ID != checks.ServerAdmin {
		t.Errorf("owners %+v", owners)
	}
	if state := v.LinkState(PortalAuthorization); state != checks.Notice {
		t.Errorf("the link is %s", state)
	}
	if state := v.stepState(checks.StepAuthServer); state != checks.Notice || v.answered(checks.StepAuthServer) {
		t.Errorf("the step is %s, answered %t", state, v.answered(checks.StepAuthServer))
	}
	next := v.Next(checks.NoObstacle)
	if next.Finding.Check != "" || next.Owner != "" || next.Action != words.EnterSignIn || v.Inference().ID != "" || v.OtherProblems(checks.Result{}) != 0 {
		t.Errorf("%+v, inferred %q", next, v.Inference().ID)
	}
	// Nobody is asked for a consent that somebody decided not to give.
	v = Of([]checks.Result{known(checks.Result{Check: checks.AuthServerFromPortal, State: checks.Unknown, Cause: checks.NeedsDeep, Owner: checks.You, Vantage: checks.FromPortal})})
	if next := v.Next(checks.NoObstacle); next.Action != words.EnterSignIn || v.lacksDeep() {
		t.Errorf("%+v", next)
	}
}
