package checks

import "slices"

// Plan returns the checks that a run against target makes or skips, in the catalogue's order: all but those that it lacks something for.
func Plan(target Target) []ID {
	var ids []ID
	for _, c := range Catalog() {
		if c.planned(&target) {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// Settled returns the verdict that a run will have, and whether nothing that is still pending can change it: not whether each pending
// check is ok, nor the worst that each may find. results are those that are final, pending the checks that have none yet.
func Settled(results []Result, pending []ID) (Verdict, bool) {
	best := &Outcome{Results: slices.Clone(results)}
	worst := &Outcome{Results: slices.Clone(results)}
	catalog := Catalog()
	for _, c := range catalog {
		if !slices.Contains(pending, c.ID) {
			continue
		}
		best.Results = append(best.Results, Result{Check: c.ID, State: OK, Vantage: c.Vantage})
		worst.Results = append(worst.Results, c.worst(catalog, results)...)
		if slices.Contains([]ID{PortalDNS, PortalTCP, PortalTLS}, c.ID) && !c.passed(catalog, results) {
			return "", false // the run may end there with a verdict of its own
		}
	}
	best.judge()
	worst.judge()
	return best.Verdict, best.Verdict == worst.Verdict
}

// worst is the worst that a pending check may still find.
func (c *Check) worst(catalog []*Check, results []Result) []Result {
	switch {
	case c.ID == PortalTCP && c.passed(catalog, results):
		return nil // what it still waits for is a notice at most
	case c.Minor:
		return one(Result{Check: c.ID, State: Unknown, Vantage: c.Vantage, Affects: c.Affects})
	}
	found := one(Result{Check: c.ID, State: Problem, Vantage: c.Vantage, Affects: c.Affects})
	for _, cause := range c.Causes {
		found = append(found, Result{Check: c.ID, State: Problem, Vantage: c.Vantage, Affects: c.affects(cause)})
	}
	return found
}

// passed reports whether checks that need c have been made, so that it was in order in its first judgement.
func (c *Check) passed(catalog []*Check, results []Result) bool {
	for _, next := range catalog {
		needs := slices.ContainsFunc(next.Needs, func(anyOf []ID) bool { return len(anyOf) == 1 && anyOf[0] == c.ID })
		if needs && slices.ContainsFunc(results, func(r Result) bool { return r.Check == next.ID && r.State != Skipped }) {
			return true
		}
	}
	return false
}
