package app

import (
	"cmp"
	"context"
	"time"

	"boxready/checks"
)

// Run makes a run against a target, which is compared with the portals in the history unless it names others. What is acknowledged by
// now doesn't count. The run ends after the target's
// Timeout or, without one, soon after checks.Budget.
func (a *App) Run(ctx context.Context, target checks.Target, observer checks.Observer) *checks.Outcome {
	ctx, cancel := withBudget(ctx, target)
	defer cancel()
	return checks.Run(ctx, a.net, a.withKnown(target), observer)
}

// Again repeats some checks of a run, one after the other, each with those that it depends on.
func (a *App) Again(ctx context.Context, before *checks.Outcome, observer checks.Observer, ids ...checks.ID) *checks.Outcome {
	ctx, cancel := withBudget(ctx, before.Target)
	defer cancel()
	now := *before
	now.Target = a.withKnown(now.Target)
	outcome := &now
	for _, id := range ids {
		outcome = checks.Again(ctx, a.net, outcome, id, observer)
	}
	return outcome
}

// withKnown adds the portals in the history, unless the target names others, and what was acknowledged.
func (a *App) withKnown(target checks.Target) checks.Target {
	if target.Known == nil {
		target.Known = History(a.options.Cache).Known()
	}
	target.Acknowledged = a.Acknowledged()
	return target
}

// withBudget sets a run's deadline. A run keeps to its budget itself, but for the pauses that the rate limit makes.
func withBudget(ctx context.Context, target checks.Target) (context.Context, context.CancelFunc) {
	const pauses = 15 * time.Second
	return context.WithTimeout(ctx, cmp.Or(target.Timeout, checks.Budget(target)+pauses))
}
