package view

import (
	"cmp"
	"slices"

	"boxready/checks"
	"boxready/internal/words"
)

// What a verdict may ask for besides the actions of steps.
const (
	ShowFinding words.Action = "finding"
	WriteLetter words.Action = "letter"
)

// Next is the one thing to do after a verdict.
type Next struct {
	Action  words.Action  // "" if there is nothing to do
	Finding checks.Result // that the verdict is about; zero for none
	Owner   checks.Owner  // whose job it most likely is; "" for none
}

// Next returns what to do after a verdict on the results.
func (v *View) Next(verdict checks.Verdict) Next {
	main := v.mainFinding(verdict)
	next := Next{Finding: main, Owner: cmp.Or(v.Inference().Owner, main.Owner)}
	if (verdict == checks.Unsure || verdict == checks.NoObstacle) && v.affectedAlone() == "" && v.tokensWait() {
		next.Action = words.ConsentSame
		return next
	}
	switch verdict {
	case checks.Ready:
		next.Action = words.SaveReport
	case checks.NoObstacle:
		next.Action = words.EnterSignIn
	case checks.NotSeen:
		next.Action = words.CheckAgain
		if main.Cause == checks.DNSNotFound {
			next.Action = words.CorrectAddress
		}
	case checks.NotReady:
		next.Action = WriteLetter
		if next.Owner == checks.You || next.Owner == checks.PortalAdmin {
			next.Action = ShowFinding
		}
	case checks.Unsure:
		next.Action = ShowFinding
		switch {
		case v.affectedAlone() == "" && v.lacksDeep():
			next.Action = words.ConsentDeep
		case main.Check == "":
			next.Action = words.CheckAgain
		}
	}
	return next
}

// lacksDeep reports whether the connection that applications depend on most was not checked for lack of the consent.
func (v *View) lacksDeep() bool {
	return slices.ContainsFunc(v.Items, func(i Item) bool { return i.Cause == checks.NeedsDeep && i.NeedsAction() })
}

// tokensWait reports whether tokens were held back because another portal has the same identity.
func (v *View) tokensWait() bool {
	return v.has(sign{checks: ids(checks.ServerRegistration), causes: causes(checks.PortalClone), args: checks.Args{"waits": true}})
}

// mainFinding is the finding that a verdict is about: a problem before what is unknown, one of the portal before one of a single
// credential, user or application, and then the one for which most others wait. It is zero if nothing is wrong.
func (v *View) mainFinding(verdict checks.Verdict) checks.Result {
	if verdict == checks.Ready || verdict == checks.NoObstacle {
		return checks.Result{}
	}
	candidates := slices.DeleteFunc(slices.Clone(v.Items), func(i Item) bool {
		return notMade(i.Result) || i.Acknowledged != nil || i.State != checks.Problem && (i.State != checks.Unknown || len(i.Affects) == 0)
	})
	if len(candidates) == 0 {
		return checks.Result{}
	}
	waiting := func(i Item) int { return len(v.WaitingFor(i.Check)) }
	return slices.MaxFunc(candidates, func(a, b Item) int {
		return cmp.Or(a.State.Severity()-b.State.Severity(), CompareBools(a.AffectsPortal(), b.AffectsPortal()), waiting(a)-waiting(b))
	}).Result
}

// CompareBools orders false before true, as cmp.Compare orders other types.
func CompareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// OtherProblems is how many problems there are besides the finding that a verdict is about.
func (v *View) OtherProblems(main checks.Result) (n int) {
	for _, i := range v.Items {
		if i.State == checks.Problem && i.Acknowledged == nil && (i.Check != main.Check || i.Cause != main.Cause) {
			n++
		}
	}
	return n
}
