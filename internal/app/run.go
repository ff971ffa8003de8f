package app

import (
	"context"

	"boxready/checks"
)

// Run makes a run against a target, which is compared with the portals in the history unless it names others. It ends after checks.Budget if ctx has no deadline.
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

// withKnown adds the portals in the history, unless the target names others.
func (a *App) withKnown(target checks.Target) checks.Target {
	if target.Known == nil {
		target.Known = History(a.options.Cache).Known()
	}
	return target
}

// withBudget sets a run's usual deadline, unless ctx has one.
func withBudget(ctx context.Context, target checks.Target) (context.Context, context.CancelFunc) {
	if _, limited := ctx.Deadline(); limited {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, checks.Budget(target))
}
