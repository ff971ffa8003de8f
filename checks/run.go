package checks

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"boxready/internal/flight"
	"boxready/internal/transport"
)

// Observer gets a run's progress, one call at a time. nil is allowed.
type Observer interface {
	Started(ID)
	Finished(ID, []Result)
}

// Counter is an Observer that also gets the progress of a check with many requests: done of total. Progress may be called before
// Started if another check makes the same requests.
type Counter interface {
	Progress(id ID, done, total int)
}

// A check that takes longer is cancelled; the slowest valid answer is the portal's about a token (40 s).
const checkDeadline = 75 * time.Second

// Crash are the facts of a check that panicked.
type Crash struct {
	Panic string `json:"panic" hide:"text"`
	Stack string `json:"stack" hide:"text"`
}

// Run makes the checks of the catalogue: independent ones concurrently, those that need a broken one not at all. It ends when
// every check has a result, or soon after ctx is done; then missing results are unknown.
func Run(ctx context.Context, n *transport.Net, target Target, observer Observer) *Outcome {
	// Ends what still waits for an answer after ctx is done.
	run, stop := context.WithCancel(ctx)
	env := newEnv(run, n, target)
	defer env.close()
	defer stop()
	return runCatalog(ctx, env, env.shared.catalog, observer)
}

func (c *Check) planned(t *Target) bool { return c.missing(t) == "" }

// missing is what a run against t lacks for the check, or "".
func (c *Check) missing(t *Target) Reason {
	switch {
	case t.inCloud():
		return "" // whatever is given, the check is skipped because of the address
	case c.Credentials != nil && !slices.ContainsFunc(c.Credentials, t.has):
		return t.reasonFor(c.Credentials)
	case c.AsApplication && !t.AsApplication:
		return NeedsAsApplication
	case c.Hosts && len(t.required().Hosts) == 0:
		return NeedsRequirements
	case c.Consent != "" && !t.agreed(c.Consent):
		return t.reasonForConsent(c.Consent)
	case c.MissingPrerequisite != nil:
		return c.MissingPrerequisite(t)
	}
	return ""
}

// runCatalog runs every planned check in its own goroutine, which waits for the checks that it needs.
func runCatalog(ctx context.Context, env *Env, catalog []*Check, observer Observer) *Outcome {
	outcome := &Outcome{Target: env.target, Started: env.now()}
	judged := newJudgedChecks(catalog, &env.target)
	results := make([][]Result, len(catalog))
	var observing sync.Mutex
	notify := func(event func()) {
		observing.Lock()
		defer observing.Unlock()
		event()
	}
	if counter, ok := observer.(Counter); ok {
		env.count = func(id ID, done, total int) { notify(func() { counter.Progress(id, done, total) }) }
	}
	if watcher, ok := observer.(LegWatcher); ok {
		env.legs = func(id ID, leg Leg) { notify(func() { watcher.Leg(id, leg) }) }
	}
	var wg sync.WaitGroup
	for i, c := range catalog {
		first, final := judged.first[c.ID], judged.final[c.ID]
		if final == nil {
			continue
		}
		wg.Go(func() {
			growStack(0)
			if first != final {
				defer close(final)
			}
			release := sync.OnceFunc(func() { close(first) })
			defer release()
			judged.awaitBefore(c)
			if observer != nil {
				notify(func() { observer.Started(c.ID) })
			}
			facts, found := env.runCheck(ctx, c, judged, release)
			env.record(c.ID, facts, found)
			results[i] = found
			if observer != nil {
				notify(func() { observer.Finished(c.ID, found) })
			}
		})
	}
	wg.Wait()
	outcome.Finished = env.now()
	outcome.Results = make([]Result, 0, len(judged.final))
	for i, c := range catalog {
		outcome.Results = append(outcome.Results, results[i]...)
		reason := c.missing(&env.target)
		if results[i] == nil && (reason != NeedsRequirements && reason != NeedsPage || !env.target.required().BuiltIn) { // requirements are optional
			outcome.NotChecked = append(outcome.NotChecked, NotChecked{Check: c.ID, Reason: reason})
		}
	}
	outcome.judge()
	return outcome
}

// growStack gives a new goroutine the 16 KB of stack that a check takes. It would get them by doubling, and each time its frames are
// copied and adjusted, which took 3 % of a run's processor time.
//
//go:noinline
func growStack(i int) byte {
	var room [7 << 10]byte
	return room[i]
}

// judgedChecks tell when the checks of a run have results.
type judgedChecks struct {
	catalog []*Check
	first   map[ID]chan struct{} // closed when a planned check was judged, maybe only by what it observed at first, see continued
	final   map[ID]chan struct{} // closed when its results are final
}

func newJudgedChecks(catalog []*Check, target *Target) judgedChecks {
	j := judgedChecks{catalog, map[ID]chan struct{}{}, map[ID]chan struct{}{}}
	for _, c := range catalog {
		if !c.planned(target) {
			continue
		}
		final := make(chan struct{})
		j.first[c.ID], j.final[c.ID] = final, final
		if c.observeOn != nil {
			j.first[c.ID] = make(chan struct{})
		}
	}
	return j
}

// awaitBefore waits until c may start: the checks that it needs were judged, and those that it comes after are final.
func (j judgedChecks) awaitBefore(c *Check) {
	j.await(j.final, c.After)
	for _, anyOf := range c.Needs { // not c.waitsFor, which allocates
		j.await(j.first, anyOf)
	}
	if c.ReachableThrough != "" {
		j.await(j.first, []ID{c.ReachableThrough})
	}
}

// await waits for checks. For one that isn't planned it waits for those that it would wait for; one that a run of a part of the
// catalogue leaves out is none.
func (j judgedChecks) await(done map[ID]chan struct{}, ids []ID) {
	for _, id := range ids {
		if done := done[id]; done != nil {
			<-done
		} else if i := slices.IndexFunc(j.catalog, func(c *Check) bool { return c.ID == id }); i >= 0 {
			j.awaitBefore(j.catalog[i])
		}
	}
}

// waitsFor returns the checks that must have a result before this one starts.
func (c *Check) waitsFor() []ID {
	ids := append([]ID{}, c.After...)
	for _, anyOf := range c.Needs {
		ids = append(ids, anyOf...)
	}
	if c.ReachableThrough != "" {
		ids = append(ids, c.ReachableThrough)
	}
	return ids
}

// runCheck makes one check, or skips it. release lets the checks begin that wait for its results.
func (env *Env) runCheck(ctx context.Context, c *Check, judged judgedChecks, release func()) (facts Facts, results []Result) {
	start := env.now()
	defer func() {
		if p := recover(); p != nil {
			results = c.couldNotTell(unknown(InternalError, You))
			crashed := flight.Recovered(p)
			mask := env.known().MaskText
			results[0].Facts = &Crash{Panic: mask(fmt.Sprint(crashed.Value)), Stack: mask(string(crashed.Stack))}
			facts = nil
		}
		for i := range results {
			results[i].Took = env.now().Sub(start)
			if args := env.target.commandArgs(); len(args) > 0 && results[i].State != OK && results[i].State != Skipped {
				results[i] = results[i].with(args)
			}
			if slices.Contains(CommonCauses(), results[i].Cause) {
				// To find out, the run must be repeated with the same options.
				results[i] = results[i].with(Args{"given": env.target.Given()})
			}
		}
		env.redactResults(results, facts)
		env.target.acknowledge(results, env.now())
	}()
	if because := env.unmetNeed(c); because != "" {
		return nil, []Result{{Check: c.ID, State: Skipped, Vantage: c.Vantage, Because: because}}
	}
	limit := checkDeadline
	if c.Deadline != nil {
		limit = c.Deadline(&env.target)
	}
	limited, stop := env.withLimit(ctx, env.limit(c, env.slow[c.ID]))
	defer stop()
	deadline, cancel := context.WithTimeout(limited, time.Duration(float64(limit)*env.factor))
	defer cancel()
	observed, err := c.observe(deadline, env)
	facts = redacted(env, observed)
	if ended := endOf(ctx, limited); ended != nil && !c.NoRequests {
		// A request that we cancelled proves nothing about the portal, but it may be another check's to say so.
		if facts != nil {
			if r := c.Judge(facts, env.factsByCheck()); len(r) == 1 && r[0].State == Skipped {
				return facts, r
			}
		}
		return facts, c.ended(ended, facts)
	}
	if err != nil || facts == nil {
		if ended := endOf(deadline); ended != nil && err != nil {
			return facts, c.ended(ended, facts)
		}
		return facts, c.couldNotTell(requestFailed(transport.FailureOf(err)))
	}
	judged.await(judged.final, c.Reads)
	results = env.judge(c, judged, facts)
	if c.observeOn != nil {
		env.record(c.ID, facts, cloneResults(results)) // others read these while the check goes on with its own
		release()
		whole := redacted(env, c.observeOn(deadline, env, facts))
		if endOf(ctx, limited) != nil { // what failed since failed for that
			return facts, results
		}
		facts = whole
		results = env.judge(c, judged, facts)
	}
	return facts, results
}

// cloneResults copies what a check still changes about its results.
func cloneResults(results []Result) []Result {
	copied := slices.Clone(results)
	for i := range copied {
		copied[i].Args = maps.Clone(copied[i].Args)
	}
	return copied
}

// judge draws the check's conclusions, after the checks that may know better.
func (env *Env) judge(c *Check, judged judgedChecks, facts Facts) []Result {
	results := c.Judge(facts, env.factsByCheck())
	judged.await(judged.final, mayExplain(results))
	return c.applyPrecedence(results, env.resultsByCheck())
}

// endOf is why the first of the contexts ended that has, or nil. A connection has the same deadline as its context, but its own timer,
// which may be slightly earlier.
func endOf(contexts ...context.Context) error {
	for _, ctx := range contexts {
		if err := ctx.Err(); err != nil {
			return err
		}
		if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
			return context.DeadlineExceeded
		}
	}
	return nil
}

// ended is the result for a check that was under way when our own time was over, or when it was cancelled: nobody else's doing.
func (c *Check) ended(err error, facts Facts) []Result {
	cause := Cancelled
	if errors.Is(err, context.DeadlineExceeded) {
		cause = TimedOut
	}
	results := c.couldNotTell(unknown(cause, You))
	results[0].Facts = facts
	return results
}

// parallel runs functions at the same time and returns when all have ended.
func parallel(functions ...func()) {
	parallelN(len(functions), func(i int) { functions[i]() })
}

// parallelN runs f(0) to f(n-1) at the same time and returns when all have ended. f(0) runs here, where the stack has grown already.
func parallelN(n int, f func(i int)) {
	panics := make([]*flight.Panic, n)
	run := func(i int) { panics[i] = flight.Catch(func() { f(i) }) }
	var wg sync.WaitGroup
	for i := 1; i < n; i++ {
		wg.Go(func() { run(i) })
	}
	if n > 0 {
		run(0)
	}
	wg.Wait()
	for _, p := range panics {
		p.Rethrow()
	}
}

func (c *Check) couldNotTell(r Result) []Result {
	if r.Owner == "" {
		r.Owner = c.Owner
	}
	r.Check, r.Vantage, r.Affects = c.ID, c.Vantage, c.affects(r.Cause)
	return one(r)
}

// unmetNeed returns the check because of which c is skipped, or "".
func (env *Env) unmetNeed(c *Check) ID {
	if c.ID != PortalAddress && env.target.inCloud() {
		return PortalAddress
	}
	for _, anyOf := range c.Needs {
		because := ID("")
		for _, id := range anyOf {
			blocker := env.blocker(id)
			if blocker == "" {
				because = ""
				break
			}
			// Checks that aren't planned block none.
			if because == "" || env.hasResult(id) {
				because = blocker
			}
		}
		if because != "" {
			return because
		}
	}
	if c.ReachableThrough == "" {
		return ""
	}
	because := env.blocker(c.ReachableThrough)
	if because == c.ReachableThrough {
		if f, ok := env.factsByCheck()[c.ReachableThrough].(interface{ Reachable() bool }); ok && f.Reachable() && env.client != nil {
			return ""
		}
	}
	return because
}
