package checks

import (
	"context"
	"slices"

	"boxready/internal/transport"
)

// Again repeats one check of a finished run, together with those that it depends on and those skipped because of it, and returns
// the run's outcome with the new results.
func Again(ctx context.Context, n *transport.Net, before *Outcome, id ID, observer Observer) *Outcome {
	run, stop := context.WithCancel(ctx)
	env := newEnv(run, n, before.Target)
	defer env.close()
	defer stop()
	return before.with(runCatalog(ctx, env, withPrerequisites(before, id), observer))
}

// PlannedAgain is the number of checks that Again makes.
func PlannedAgain(before *Outcome, id ID) (n int) {
	for _, c := range withPrerequisites(before, id) {
		if c.planned(&before.Target) {
			n++
		}
	}
	return n
}

// withPrerequisites returns the part of the catalogue that is needed to repeat a check.
func withPrerequisites(before *Outcome, id ID) []*Check {
	catalog := Catalog()
	wanted := map[ID]bool{}
	var want func(ID)
	want = func(id ID) {
		if wanted[id] {
			return
		}
		wanted[id] = true
		for _, c := range catalog {
			if c.ID == id {
				for _, below := range slices.Concat(c.waitsFor(), c.Reads, precededBy(id)) {
					want(below)
				}
			}
		}
	}
	want(id)
	for _, r := range before.Results {
		if r.State == Skipped && r.Because == id {
			want(r.Check)
		}
	}
	return slices.DeleteFunc(catalog, func(c *Check) bool { return !wanted[c.ID] })
}

// with returns the outcome with the results of some checks replaced.
func (o *Outcome) with(some *Outcome) *Outcome {
	merged := &Outcome{Target: o.Target, Started: some.Started, Finished: some.Finished}
	for _, n := range o.NotChecked {
		if !slices.ContainsFunc(some.Results, func(r Result) bool { return r.FoundBy() == n.Check }) {
			merged.NotChecked = append(merged.NotChecked, n)
		}
	}
	for _, c := range Catalog() {
		found := func(r Result) bool { return r.FoundBy() == c.ID }
		from := o
		if slices.ContainsFunc(some.Results, found) {
			from = some
		}
		for _, r := range from.Results {
			if found(r) {
				merged.Results = append(merged.Results, r)
			}
		}
	}
	merged.Target.acknowledge(merged.Results, merged.Finished)
	merged.judge()
	return merged
}
