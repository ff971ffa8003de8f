package checks

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"boxready/internal/portal"
	"boxready/internal/simportal"
	"boxready/internal/transport"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

//go:generate go test -run TestCatalogIsStable -update .

var update = flag.Bool("update", false, "write the files that the tests compare with")

// TestCatalogIsStable compares the ids of checks and causes with the recorded ones: reports and the programs that read them rely
// on them, so none may be removed or renamed. -update adds new ones.
func TestCatalogIsStable(t *testing.T) {
	const file = "testdata/catalog.txt"
	saved, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	var lines strings.Builder
	add := func(id string, causes []Cause) {
		for _, cause := range causes {
			got[id] = append(got[id], string(cause))
		}
		fmt.Fprintf(&lines, "%s: %s\n", id, strings.Join(got[id], " "))
	}
	for _, c := range Catalog() {
		add(string(c.ID), slices.Sorted(slices.Values(c.Causes)))
	}
	add("common", CommonCauses())
	for line := range strings.Lines(string(saved)) {
		id, causes, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if _, there := got[id]; !there {
			t.Errorf("there is no check %s any more", id)
		}
		for _, cause := range strings.Fields(causes) {
			if !slices.Contains(got[id], cause) {
				t.Errorf("%s has no cause %s any more", id, cause)
			}
		}
	}
	if *update && !t.Failed() {
		if err := os.WriteFile(file, []byte(lines.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if diff := cmp.Diff(string(saved), lines.String()); diff != "" {
		t.Errorf("checks and causes; make generate adds new ones (-want +got):\n%s", diff)
	}
}

func TestCatalogIsConsistent(t *testing.T) {
	place := map[ID]int{}
	catalog := Catalog()
	for i, c := range catalog {
		if _, twice := place[c.ID]; twice {
			t.Errorf("%s stands in the catalogue twice", c.ID)
		}
		place[c.ID] = i
		if !slices.Contains(Steps(), c.Step) {
			t.Errorf("%s belongs to no step", c.ID)
		}
	}
	waits := map[ID][]ID{}
	for i, c := range catalog {
		waits[c.ID] = slices.Concat(c.waitsFor(), c.Reads, precededBy(c.ID))
		for _, id := range c.waitsFor() {
			// Checks in After may be reported later.
			if at, known := place[id]; !known || at >= i && !slices.Contains(c.After, id) {
				t.Errorf("%s waits for %s, which doesn't stand before it", c.ID, id)
			}
		}
		for _, id := range append(precededBy(c.ID), c.Reads...) {
			if _, known := place[id]; !known {
				t.Errorf("%s reads the facts of %s, which is no check", c.ID, id)
			}
		}
		for _, anyOf := range c.Needs {
			if len(anyOf) == 0 {
				t.Errorf("%s needs one of nothing", c.ID)
			}
		}
		if c.ReachableThrough != "" {
			if _, ok := catalog[place[c.ReachableThrough]].NewFacts().(interface{ Reachable() bool }); !ok {
				t.Errorf("%s goes on once %s is reached, whose facts can't tell", c.ID, c.ReachableThrough)
			}
		}
		if c.Owner == "" || c.Group == "" || len(c.Causes) == 0 {
			t.Errorf("%s: owner %q, group %q, %d causes", c.ID, c.Owner, c.Group, len(c.Causes))
		}
		if c.Vantage != vantages[c.ID] {
			t.Errorf("%s sees from %q, want %q", c.ID, c.Vantage, vantages[c.ID])
		}
		for j, cause := range c.Causes {
			if slices.Contains(c.Causes[:j], cause) || slices.Contains(CommonCauses(), cause) {
				t.Errorf("%s declares %s twice", c.ID, cause)
			}
		}
		// This computer's connections to the vendor's hosts don't affect applications.
		if about := len(c.Affects) > 0; about == (c.Owner == You) {
			t.Errorf("%s affects %v and its owner is %s", c.ID, c.Affects, c.Owner)
		}
	}
	for _, id := range []ID{CredentialsArrive, ContentFilterCheck} {
		if catalog[place[id]].Consent == "" {
			t.Errorf("%s needs no consent", id)
		}
	}

	var visit func(id ID, trail []ID)
	visit = func(id ID, trail []ID) {
		if slices.Contains(trail, id) {
			t.Fatalf("checks wait for each other: %v", append(trail, id))
		}
		for _, next := range waits[id] {
			visit(next, append(slices.Clone(trail), id))
		}
	}
	for _, c := range catalog {
		visit(c.ID, nil)
	}
}

// stubFacts are the facts of a fake check.
type stubFacts struct {
	Said  string
	Until bool
}

func (f *stubFacts) Reachable() bool { return f.Until }

// stub returns a fake check with a given conclusion.
func stub(id ID, conclusion Result, change ...func(*Check)) *Check {
	c := Check{ID: id, Vantage: FromComputer, Owner: ServerAdmin, Affects: []Affected{Applications}, Causes: []Cause{"stub"}}
	made := define(c, func(context.Context, *Env) (*stubFacts, error) { return &stubFacts{Said: string(id)}, nil },
		func(*stubFacts, FactsByCheck) []Result { return []Result{conclusion} })
	for _, change := range change {
		change(made)
	}
	return made
}

var (
	fine    = Result{State: OK}
	broken  = Result{State: Problem, Cause: "stub"}
	unclear = Result{State: Unknown, Cause: "stub"}
	noticed = Result{State: Notice, Cause: "stub"}
)

func needs(ids ...ID) func(*Check) { return func(c *Check) { c.Needs = append(c.Needs, ids) } }

func observes(f func(context.Context, *Env) (Facts, error)) func(*Check) {
	return func(c *Check) { c.observe = f }
}

func judges(f func(Facts, FactsByCheck) []Result) func(*Check) { return func(c *Check) { c.judge = f } }

// runStubs runs fake checks and returns their outcome and the observer with its calls.
func runStubs(t *testing.T, ctx context.Context, target Target, catalog ...*Check) (*Outcome, *callRecorder) {
	t.Helper()
	env := newEnv(ctx, transport.New(transport.Options{}), target)
	defer env.close()
	env.slow = waitsForTokens(catalog)
	w := &callRecorder{}
	outcome := runCatalog(ctx, env, catalog, w)
	if problems := w.problems(); len(problems) > 0 {
		t.Errorf("calls of the observer: %s", strings.Join(problems, "; "))
	}
	return outcome, w
}

// callRecorder is an observer that records its calls, and whether any were concurrent.
type callRecorder struct {
	busy       atomic.Int32
	concurrent atomic.Bool
	events     []string
	started    []ID
	finished   map[ID][]Result
	onEvent    func(event string) // nil: nothing
}

// contextEndingAfter returns a context whose deadline passes when one check has started and all others are finished, on a busy or
// an idle computer. The limit is a minute.
func contextEndingAfter(t *testing.T, started ID, finished ...ID) (*deadlineContext, *callRecorder) {
	t.Helper()
	ctx := &deadlineContext{Context: t.Context(), done: make(chan struct{})}
	end := sync.OnceFunc(func() { ctx.ended = time.Now(); close(ctx.done) })
	latest := time.AfterFunc(time.Minute, end)
	t.Cleanup(func() { latest.Stop(); end() })
	return ctx, &callRecorder{onEvent: after(end, started, finished...)}
}

// after calls f shortly after the check has started and the others are finished.
func after(f func(), started ID, finished ...ID) (onEvent func(event string)) {
	missing := map[string]bool{"started " + string(started): true}
	for _, id := range finished {
		missing["finished "+string(id)] = true
	}
	return func(event string) {
		if delete(missing, event); len(missing) == 0 {
			time.AfterFunc(50*time.Millisecond, f) // time for its request, which gets no answer
		}
	}
}

// deadlineContext is a context whose deadline passes when done is closed.
type deadlineContext struct {
	context.Context
	done  chan struct{}
	ended time.Time // when it was closed
}

func (c *deadlineContext) Done() <-chan struct{} { return c.done }

func (c *deadlineContext) Err() error {
	select {
	case <-c.done:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

func (w *callRecorder) tell(event string, note func()) {
	if w.busy.Add(1) != 1 {
		w.concurrent.Store(true)
	}
	w.events = append(w.events, event)
	note()
	if w.onEvent != nil {
		w.onEvent(event)
	}
	time.Sleep(time.Millisecond) // time for another call to come in between
	w.busy.Add(-1)
}

func (w *callRecorder) Started(id ID) {
	w.tell("started "+string(id), func() { w.started = append(w.started, id) })
}

func (w *callRecorder) Finished(id ID, results []Result) {
	w.tell("finished "+string(id), func() {
		if w.finished == nil {
			w.finished = map[ID][]Result{}
		}
		w.finished[id] = append(w.finished[id], results...)
	})
}

func (w *callRecorder) problems() []string {
	var problems []string
	if w.concurrent.Load() {
		problems = append(problems, "two things at once")
	}
	for i, event := range w.events {
		if slices.Contains(w.events[:i], event) {
			problems = append(problems, event+" twice")
		}
		if id, ok := strings.CutPrefix(event, "finished "); ok && !slices.Contains(w.events[:i], "started "+id) {
			problems = append(problems, event+" before it started")
		}
	}
	for _, id := range w.started {
		if len(w.finished[id]) == 0 {
			problems = append(problems, "nothing of the end of "+string(id))
		}
	}
	return problems
}

func outline(o *Outcome) []string {
	var lines []string
	for _, r := range o.Results {
		lines = append(lines, string(r.Check)+" "+strings.TrimPrefix(written(r.Check, r), string(r.Check)+": "))
	}
	return lines
}

func TestNeeds(t *testing.T) {
	nothing := func(context.Context, *Env) (Facts, error) { panic("made in spite of what it needs") }
	for _, c := range []struct {
		name    string
		catalog []*Check
		want    []string
	}{
		{"met by ok and by a notice", []*Check{stub("a", fine), stub("b", noticed), stub("c", fine, needs("a"), needs("b"))},
			results("a ok", "b notice stub server-admin", "c ok")},
		{"a problem below", []*Check{stub("a", broken), stub("b", fine, needs("a"), observes(nothing))},
			results("a problem stub server-admin", "b skipped because a")},
		{"an unknown below", []*Check{stub("a", unclear), stub("b", fine, needs("a"), observes(nothing))},
			results("a unknown stub server-admin", "b skipped because a")},
		{"the lowest of a tower is named", []*Check{stub("a", broken), stub("b", fine, needs("a")), stub("c", fine, needs("b")), stub("d", fine, needs("c"))},
			results("a problem stub server-admin", "b skipped because a", "c skipped because a", "d skipped because a")},
		{"what is named by a Judge is handed on", []*Check{stub("a", Result{State: Skipped, Because: "elsewhere"}), stub("b", fine, needs("a"), observes(nothing))},
			results("a skipped because elsewhere", "b skipped because elsewhere")},
		{"one of two is enough", []*Check{stub("a", broken), stub("b", fine), stub("c", fine, needs("a", "b")), stub("d", fine, needs("b", "a"))},
			results("a problem stub server-admin", "b ok", "c ok", "d ok")},
		{"neither of two", []*Check{stub("a", broken), stub("b", unclear), stub("c", fine, needs("a", "b"), observes(nothing))},
			results("a problem stub server-admin", "b unknown stub server-admin", "c skipped because b")},
		{"the rest goes on", []*Check{stub("a", broken), stub("b", fine, needs("a")), stub("c", fine)},
			results("a problem stub server-admin", "b skipped because a", "c ok")},
		{"a notice beside a problem", []*Check{stub("a", fine, judges(func(Facts, FactsByCheck) []Result { return []Result{noticed, broken} })), stub("b", fine, needs("a"), observes(nothing))},
			results("a notice stub server-admin", "a problem stub server-admin", "b skipped because a")},
		{"after isn't a need", []*Check{stub("a", broken), stub("b", fine, func(c *Check) { c.After = []ID{"a"} })},
			results("a problem stub server-admin", "b ok")},
	} {
		t.Run(c.name, func(t *testing.T) {
			outcome, _ := runStubs(t, t.Context(), Target{}, c.catalog...)
			got := outline(outcome)
			if strings.HasPrefix(c.name, "neither") {
				// Either of the two may be named.
				got[2] = strings.Replace(got[2], "because a", "because b", 1)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("results (-want +got):\n%s", diff)
			}
			for _, r := range outcome.Results {
				if r.Vantage != FromComputer || r.State == Skipped && r.Owner != "" {
					t.Errorf("%s: seen from %q, owner %q", r.Check, r.Vantage, r.Owner)
				}
			}
		})
	}
}

func TestConsent(t *testing.T) {
	asked := func(c Consent) func(*Check) { return func(check *Check) { check.Consent = c } }
	for _, c := range []struct {
		name   string
		agreed []Consent
		want   []string
		reason []NotChecked
	}{
		{"none", nil, results("a ok"), []NotChecked{{"b", NeedsConsentDeep}, {"c", NeedsConsentFilter}}},
		{"one", []Consent{Deep}, results("a ok", "b ok"), []NotChecked{{"c", NeedsConsentFilter}}},
		{"another", []Consent{ContentFilter}, results("a ok", "c ok"), []NotChecked{{"b", NeedsConsentDeep}}},
		{"both", []Consent{ContentFilter, Deep}, results("a ok", "b ok", "c ok"), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			outcome, w := runStubs(t, t.Context(), Target{Consents: c.agreed}, stub("a", fine), stub("b", fine, asked(Deep)), stub("c", fine, asked(ContentFilter)))
			if diff := cmp.Diff(c.want, outline(outcome)); diff != "" {
				t.Errorf("results (-want +got):\n%s", diff)
			}
			if got := outcome.NotChecked; len(got) != len(c.reason) || len(got) > 0 && !slices.Equal(got, c.reason) {
				t.Errorf("not checked %v, want %v", got, c.reason)
			}
			for _, n := range c.reason {
				if slices.Contains(w.started, n.Check) {
					t.Errorf("%s was begun without consent", n.Check)
				}
			}
		})
	}
}

// TestOrder asserts that results are in the catalogue's order, whatever finishes first, and that independent checks run
// concurrently.
func TestOrder(t *testing.T) {
	const n = 6
	together := make(chan struct{})
	var arrived atomic.Int32
	var catalog []*Check
	var want []string
	for i := range n {
		id := ID(fmt.Sprint("check-", i))
		want = append(want, string(id)+" ok")
		catalog = append(catalog, stub(id, fine, observes(func(ctx context.Context, _ *Env) (Facts, error) {
			if arrived.Add(1) == n {
				close(together)
			}
			select {
			case <-together:
			case <-ctx.Done():
			}
			time.Sleep(time.Duration(n-i) * 3 * time.Millisecond)
			return &stubFacts{}, nil
		})))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	outcome, w := runStubs(t, ctx, Target{}, catalog...)
	if diff := cmp.Diff(want, outline(outcome)); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	if len(w.events) != 2*n {
		t.Errorf("%d calls to the observer, want %d", len(w.events), 2*n)
	}
	if outcome.Finished.Before(outcome.Started) || outcome.Results[0].Took <= 0 {
		t.Errorf("began %s, ended %s, the first took %s", outcome.Started, outcome.Finished, outcome.Results[0].Took)
	}
}

// TestContinued asserts that only those that come after a check wait for what it goes on to observe, and that the last judgement counts.
func TestContinued(t *testing.T) {
	begun := make(chan struct{})
	a := continued(stub("a", fine, judges(func(facts Facts, _ FactsByCheck) []Result {
		if facts.(*stubFacts).Said == "more" {
			return one(noticed)
		}
		return ok()
	})), func(_ context.Context, _ *Env, f *stubFacts) *stubFacts {
		<-begun // b waits for a, so this comes only if a's first results are enough
		return &stubFacts{Said: "more"}
	})
	b := stub("b", fine, needs("a"), observes(func(_ context.Context, env *Env) (Facts, error) {
		found := env.factsByCheck()["a"]
		close(begun)
		return found, nil
	}))
	c := stub("c", fine, func(c *Check) { c.After = []ID{"a"} }, observes(func(_ context.Context, env *Env) (Facts, error) {
		if got := env.factsByCheck()["a"].(*stubFacts).Said; got != "more" {
			t.Errorf("c found %q, want the last facts", got)
		}
		return &stubFacts{}, nil
	}))
	o, w := runStubs(t, t.Context(), Target{}, a, b, c)
	if diff := cmp.Diff(results("a notice stub server-admin", "b ok", "c ok"), outline(o)); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	if got := o.Results[1].Facts.(*stubFacts).Said; got != "a" {
		t.Errorf("b found %q, want the first facts", got)
	}
	if n := len(w.finished["a"]); n != 1 {
		t.Errorf("a ended %d times", n)
	}
}

// TestDeadlineWhileContinuing asserts that what fails because the run's time is over is no finding.
func TestDeadlineWhileContinuing(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	a := continued(stub("a", fine, judges(func(facts Facts, _ FactsByCheck) []Result {
		if facts.(*stubFacts).Said == "timeout" {
			return one(noticed)
		}
		return ok()
	})), func(ctx context.Context, _ *Env, f *stubFacts) *stubFacts {
		<-ctx.Done()
		return &stubFacts{Said: "timeout"}
	})
	o, _ := runStubs(t, ctx, Target{}, a)
	if diff := cmp.Diff(results("a ok"), outline(o)); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
}

// TestPartOfTheCatalogue asserts that a check doesn't wait for one that isn't in the run.
func TestPartOfTheCatalogue(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	outcome, _ := runStubs(t, ctx, Target{}, stub("a", fine, func(c *Check) { c.Reads = []ID{"elsewhere"} }))
	if diff := cmp.Diff(results("a ok"), outline(outcome)); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	for name, catalog := range map[string][]*Check{"before a sign-in": signInCatalog(), "of this program": SelfCatalog()} {
		there := map[ID]bool{}
		for _, c := range catalog {
			there[c.ID] = true
			for _, id := range c.waitsFor() {
				if !there[id] {
					t.Errorf("%s: %s waits for %s, which is left out", name, c.ID, id)
				}
			}
		}
	}
}

func alwaysPanic() { panic("a fault of our own") }

// TestPanic asserts that a panic affects only one check, and is reported.
func TestPanic(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Check)
	}{
		{"in Observe", observes(func(context.Context, *Env) (Facts, error) { alwaysPanic(); return nil, nil })},
		{"in Judge", judges(func(Facts, FactsByCheck) []Result { alwaysPanic(); return nil })},
		{"in Judge, an index", judges(func(Facts, FactsByCheck) []Result { return []Result{{State: State(strings.Split("x", ",")[1])}} })},
		{"a state that doesn't exist", judges(func(Facts, FactsByCheck) []Result { return []Result{{State: "great"}} })},
		{"an error as its value", observes(func(context.Context, *Env) (Facts, error) { panic(errors.New("as an error")) })},
	} {
		t.Run(c.name, func(t *testing.T) {
			read := stub("e", fine, func(c *Check) { c.Reads = []ID{"b"} },
				judges(func(_ Facts, seen FactsByCheck) []Result {
					if factsOf[stubFacts](seen, "b") != nil {
						return one(broken) // the facts of a broken check are unreliable
					}
					return ok()
				}))
			outcome, _ := runStubs(t, t.Context(), Target{}, stub("a", fine), stub("b", fine, c.change), stub("c", fine, needs("b")), stub("d", fine), read)
			want := results("a ok", "b unknown internal-error you", "c skipped because b", "d ok", "e ok")
			if diff := cmp.Diff(want, outline(outcome)); diff != "" {
				t.Fatalf("results (-want +got):\n%s", diff)
			}
			crash, ok := outcome.Results[1].Facts.(*Crash)
			if !ok {
				t.Fatalf("its facts are %T", outcome.Results[1].Facts)
			}
			if crash.Panic == "" || !strings.Contains(crash.Stack, "runner_test.go") && !strings.Contains(crash.Stack, "check.go") {
				t.Errorf("it says %q, and its stack doesn't show where: %.200s", crash.Panic, crash.Stack)
			}
			if outcome.Verdict != Unsure {
				t.Errorf("verdict %s, want %s", outcome.Verdict, Unsure)
			}
		})
	}
}

// TestPanicWhileAsking asserts the same for the goroutines that send requests, where untrusted answers are read. It runs in its
// own process, which an unrecovered panic ends.
func TestPanicWhileAsking(t *testing.T) {
	const inside = "BOXREADY_TEST_PANIC_WHILE_ASKING"
	if os.Getenv(inside) == "" {
		command := exec.Command(os.Args[0], "-test.run=^TestPanicWhileAsking$", "-test.v")
		command.Env = append(os.Environ(), inside+"=1")
		if output, err := command.CombinedOutput(); err != nil || !strings.Contains(string(output), "--- PASS: TestPanicWhileAsking") {
			t.Fatalf("a panic while the portal was asked ended the program: %v\n%.600s", err, output)
		}
		return
	}
	address, err := portal.ParseAddress("portal.example")
	if err != nil {
		t.Fatal(err)
	}
	// This includes checks with their own goroutines.
	for _, id := range []ID{PortalRedirect, RESTRoute, HTTPSSeen, MethodInventory, PortalClock, AuthServerFromPortal, ContentFilterCheck} {
		real := find(t, id)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		outcome, _ := runStubs(t, ctx, Target{Address: address}, stub("a", fine, observes(func(ctx context.Context, env *Env) (Facts, error) {
			env.client = nil // which makes every request panic
			return real.observe(ctx, env)
		})), stub("b", fine))
		cancel()
		if diff := cmp.Diff(results("a unknown internal-error you", "b ok"), outline(outcome)); diff != "" {
			t.Errorf("%s: results (-want +got):\n%s", id, diff)
		}
	}
}

// TestObserveFails asserts the result of a check whose Observe fails.
func TestObserveFails(t *testing.T) {
	for _, c := range []struct {
		name  string
		facts Facts
		err   error
		want  string
	}{
		{"an error", nil, errors.New("no proxy settings"), "a unknown unexpected-answer server-admin"},
		{"neither facts nor error", nil, nil, "a unknown unexpected-answer server-admin"},
		{"a proxy that wants a password", nil, transport.ErrProxyAuth, "a unknown proxy-auth-required you"},
		{"a proxy that refuses", nil, &transport.ProxyError{}, "a unknown proxy-refused network-admin"},
		{"a timeout", nil, os.ErrDeadlineExceeded, "a unknown timeout server-admin"},
	} {
		t.Run(c.name, func(t *testing.T) {
			outcome, _ := runStubs(t, t.Context(), Target{}, stub("a", fine, observes(func(context.Context, *Env) (Facts, error) { return c.facts, c.err })), stub("b", fine, needs("a")))
			if diff := cmp.Diff(results(c.want, "b skipped because a"), outline(outcome)); diff != "" {
				t.Errorf("results (-want +got):\n%s", diff)
			}
		})
	}
}

// TestDeadline asserts that checks that time out or are cancelled yield no conclusion about the portal.
func TestDeadline(t *testing.T) {
	yieldsProblem := judges(func(Facts, FactsByCheck) []Result { return one(broken) })
	hangs := observes(func(ctx context.Context, _ *Env) (Facts, error) {
		<-ctx.Done()
		return &stubFacts{Said: "half"}, nil
	})
	for _, c := range []struct {
		name string
		ctx  func(context.Context) (context.Context, context.CancelFunc)
		want string
	}{
		{"deadline", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 50*time.Millisecond)
		}, "b unknown timeout you"},
		{"cancelled", func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(50*time.Millisecond, cancel)
			return ctx, cancel
		}, "b unknown cancelled you"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := c.ctx(t.Context())
			defer cancel()
			begin := time.Now()
			outcome, _ := runStubs(t, ctx, Target{}, stub("a", fine), stub("b", fine, hangs, yieldsProblem), stub("c", fine, needs("b")))
			if diff := cmp.Diff(results("a ok", c.want, "c skipped because b"), outline(outcome)); diff != "" {
				t.Errorf("results (-want +got):\n%s", diff)
			}
			if took := time.Since(begin); took > time.Second {
				t.Errorf("it took %s to end", took)
			}
			if facts, ok := outcome.Results[1].Facts.(*stubFacts); !ok || facts.Said != "half" {
				t.Errorf("what was seen until then is lost: %#v", outcome.Results[1].Facts)
			}
		})
	}
}

// TestDeadlineOnTheConnection asserts the same if the connection ends before the context: it has the same deadline, but its own
// timer, which is often slightly earlier.
func TestDeadlineOnTheConnection(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	const rounds = 200
	early := 0
	for range rounds {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		end, _ := ctx.Deadline()
		outcome, _ := runStubs(t, ctx, Target{}, stub("a", fine, observes(func(context.Context, *Env) (Facts, error) {
			conn, err := net.Dial("tcp", silent.Addr().String())
			if err != nil {
				return nil, err
			}
			defer conn.Close()
			conn.SetReadDeadline(end)
			_, err = conn.Read(make([]byte, 1))
			return &stubFacts{Said: string(transport.FailureOf(err))}, nil
		}), judges(func(Facts, FactsByCheck) []Result { return one(broken) })))
		cancel()
		if written("a", outcome.Results[0]) != "unknown timeout you" {
			early++
		}
	}
	if early > 0 {
		t.Errorf("in %d of %d runs the end of our own time was judged as the portal's fault", early, rounds)
	}
}

// way returns the network to a simulation, by name or through its DNS server.
func way(t *testing.T, sim *simportal.Sim, throughDNS bool, change ...func(*transport.Options)) *transport.Net {
	t.Helper()
	roots, err := transport.ParseRoots(sim.RootsPEM())
	if err != nil {
		t.Fatal(err)
	}
	options := transport.Options{Roots: transport.Pool(roots), Version: "test"}
	places := sim.ConnectTo()
	if throughDNS {
		places = sim.ConnectToByAddress()
		options.Resolver = sim.Resolver()
	}
	for _, place := range places {
		override, err := transport.ParseOverride(place)
		if err != nil {
			t.Fatal(err)
		}
		options.ConnectTo = append(options.ConnectTo, override)
	}
	for _, change := range change {
		change(&options)
	}
	return transport.New(options)
}

func startSim(t *testing.T, faults ...string) (*simportal.Sim, portal.Address) {
	t.Helper()
	sim, err := simportal.Start(simportal.Options{Faults: faults})
	if err != nil {
		t.Fatal(err)
	}
	address, err := portal.ParseAddress(sim.Host())
	if err != nil {
		t.Fatal(err)
	}
	return sim, address
}

// assertComplete asserts that every check which was to be made has a result, in the catalogue's order.
func assertComplete(t *testing.T, o *Outcome) {
	t.Helper()
	var want, got []ID
	for _, c := range Catalog() {
		if c.planned(&o.Target) {
			want = append(want, c.ID)
		}
	}
	for _, r := range o.Results {
		if len(got) == 0 || got[len(got)-1] != r.Check {
			got = append(got, r.Check)
		}
		if r.Cause == InternalError {
			t.Errorf("%s crashed: %+v", r.Check, r.Facts)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("checks with results (-want +got):\n%s", diff)
	}
}

// slack is how long a run may take after its end to close connections, on a busy machine.
const slack = 4 * time.Second

// TestCancel cancels a run while the portal, or the authorization server behind it, doesn't answer.
func TestCancel(t *testing.T) {
	for _, c := range []struct {
		name, fault string
		consents    []Consent
		waiting     ID // in progress when the run is cancelled
	}{
		{"the portal is silent", "rest-timeout", nil, RESTRoute},
		{"the portal is silent, deep", "rest-timeout", []Consent{Deep, ContentFilter}, RESTRoute},
		{"the portal dribbles", "rest-timeout-trickle", nil, RESTRoute},
		{"the portal waits for the authorization server", "auth-server-unreachable-slow", []Consent{Deep}, AuthServerFromPortal},
		{"no connection", "tcp-timeout", nil, PortalTCP},
	} {
		t.Run(c.name, func(t *testing.T) {
			defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
			sim, address := startSim(t, c.fault)
			defer sim.Close()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var cancelled time.Time
			w := &callRecorder{onEvent: after(sync.OnceFunc(func() { cancelled = time.Now(); cancel() }), c.waiting)}
			outcome := Run(ctx, way(t, sim, false), Target{Address: address, Consents: c.consents}, w)
			if took := time.Since(cancelled); cancelled.IsZero() || took > slack {
				t.Fatalf("it went on for %s", took)
			}
			assertComplete(t, outcome)
			if problems := w.problems(); len(problems) > 0 {
				t.Errorf("calls of the observer: %s", strings.Join(problems, "; "))
			}
			for _, r := range outcome.Results {
				switch {
				case r.Check == c.waiting && written(r.Check, r) != "unknown cancelled you":
					t.Errorf("%s: %s", r.Check, written(r.Check, r))
				case r.State == Problem, r.State == Unknown && r.Cause != Cancelled:
					t.Errorf("of a run that was broken off, %s says %s", r.Check, written(r.Check, r))
				}
			}
			if outcome.Verdict != Unsure {
				t.Errorf("verdict %s, want %s", outcome.Verdict, Unsure)
			}
		})
	}
}

func TestCancelledBeforehand(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	sim, address := startSim(t)
	defer sim.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	begin := time.Now()
	outcome := Run(ctx, way(t, sim, false), Target{Address: address, Consents: []Consent{Deep, ContentFilter}}, &callRecorder{})
	if took := time.Since(begin); took > slack {
		t.Errorf("it took %s", took)
	}
	assertComplete(t, outcome)
	for _, r := range sim.Log() {
		t.Errorf("%s was asked for %s", r.Server, r.Path)
	}
	for _, r := range outcome.Results {
		if r.State == Problem || r.State == Unknown && r.Cause != Cancelled {
			t.Errorf("%s: %s", r.Check, written(r.Check, r))
		}
	}
}

// TestTimeout checks portals that never finish. The run ends, and our time-out is no verdict on the portal.
func TestTimeout(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	t.Run("portals", func(t *testing.T) {
		for _, c := range []struct {
			name     string
			faults   []string
			consents []Consent
			dns      bool
			silent   ID            // the check that gets no answer before the time is over; "" if all do
			want     map[ID]string // first result of some checks
			mayBlame bool          // there is a fault that is found in time
		}{
			{name: "silent", silent: RESTRoute, faults: []string{"rest-timeout"}, want: map[ID]string{RESTRoute: "unknown timeout you", HTTPSSeen: "skipped because rest-route"}},
			{name: "silent, deep", silent: RESTRoute, faults: []string{"rest-timeout"}, consents: []Consent{Deep, ContentFilter}, want: map[ID]string{RESTRoute: "unknown timeout you"}},
			{name: "a byte a second", silent: RESTRoute, faults: []string{"rest-timeout-trickle"}, want: map[ID]string{RESTRoute: "unknown timeout you"}},
			{name: "behind a silent resolver", silent: PortalDNS, faults: []string{"dns-failed-silent"}, dns: true, want: map[ID]string{PortalTCP: "skipped because portal-dns"}},
			{name: "never open", silent: PortalTCP, faults: []string{"tcp-timeout"}, want: map[ID]string{PortalTCP: "unknown timeout you"}},
			{name: "waits for the authorization server", silent: AuthServerFromPortal, faults: []string{"auth-server-unreachable-slow"}, consents: []Consent{Deep},
				want: map[ID]string{AuthServerFromPortal: "unknown timeout you"}},
			{name: "flood", faults: []string{"rest-cut-off-endless"}, want: map[ID]string{RESTRoute: "unknown rest-cut-off server-admin"}},
			{name: "flood in a small parcel", faults: []string{"rest-gzip-bomb"}, want: map[ID]string{RESTRoute: "unknown rest-cut-off server-admin"}},
			{name: "circle", faults: []string{"redirect-loop"}, want: map[ID]string{PortalRedirect: "problem redirect-loop server-admin"}, mayBlame: true},
			{name: "circle on port 80", faults: []string{"redirect-loop-http"}, want: map[ID]string{PortalRedirect: "notice redirect-loop server-admin"}},
			{name: "reset", faults: []string{"rest-cut-off-reset"}, want: map[ID]string{RESTRoute: "unknown rest-cut-off server-admin"}},
			{name: "closed", faults: []string{"rest-cut-off-closed"}, want: map[ID]string{RESTRoute: "unknown rest-cut-off server-admin"}},
			{name: "reset in the handshake", faults: []string{"tls-handshake-reset"}, want: map[ID]string{PortalTLS: "problem tls-handshake-failed server-admin"}, mayBlame: true},
		} {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				sim, address := startSim(t, c.faults...)
				defer sim.Close()
				ctx, w := contextEndingAfter(t, c.silent)
				outcome := Run(ctx, way(t, sim, c.dns), Target{Address: address, Consents: c.consents}, w)
				assertEnded(t, ctx, c.silent != "")
				assertComplete(t, outcome)
				assertFirst(t, outcome, c.want)
				if problems := w.problems(); len(problems) > 0 {
					t.Errorf("calls of the observer: %s", strings.Join(problems, "; "))
				}
				for _, r := range outcome.Results {
					if r.State == Problem && !c.mayBlame {
						t.Errorf("%s: %s", r.Check, written(r.Check, r))
					}
				}
			})
		}
	})
}

// TestDeadlineAtEveryCheck ends the time of a run at the beginning of each of its checks. Nobody is named who has no part in that.
func TestDeadlineAtEveryCheck(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	sim, address := startSim(t)
	defer sim.Close()
	t.Run("checks", func(t *testing.T) {
		target := Target{Address: address, Consents: []Consent{Deep, ContentFilter, BodySize}}
		unpaced := func(o *transport.Options) { o.PaceWindow = 1 }
		whole := outline(Run(t.Context(), way(t, sim, false, unpaced), target, nil))
		for _, c := range Catalog() {
			if !c.planned(&target) {
				continue
			}
			t.Run(string(c.ID), func(t *testing.T) {
				t.Parallel()
				ctx := &deadlineContext{Context: t.Context(), done: make(chan struct{})}
				end := sync.OnceFunc(func() { close(ctx.done) })
				defer end()
				outcome := Run(ctx, way(t, sim, false, unpaced), target, &callRecorder{onEvent: func(event string) {
					if event == "started "+string(c.ID) {
						end()
					}
				}})
				assertComplete(t, outcome)
				for i, line := range outline(outcome) {
					state := outcome.Results[i].State
					if state != OK && state != Skipped && line != string(outcome.Results[i].Check)+" unknown timeout you" && !slices.Contains(whole, line) {
						t.Errorf("of a run that was ended, but not of one that wasn't: %s", line)
					}
				}
			})
		}
	})
	for _, r := range sim.Log() {
		if len(r.Tokens) > 0 && !(r.Server == "portal" && r.TLS) {
			t.Errorf("a token went to %s %s", r.Server, r.Path)
		}
	}
}

// assertEnded asserts that the run ended soon after its deadline, or before it unless over.
func assertEnded(t *testing.T, ctx *deadlineContext, over bool) {
	t.Helper()
	if (ctx.Err() != nil) != over {
		t.Errorf("the time was over: %t, want %t", ctx.Err() != nil, over)
	}
	if over && time.Since(ctx.ended) > slack {
		t.Errorf("it ended %s after its time was over", time.Since(ctx.ended))
	}
}

func assertFirst(t *testing.T, o *Outcome, want map[ID]string) {
	t.Helper()
	for id, want := range want {
		i := slices.IndexFunc(o.Results, func(r Result) bool { return r.Check == id })
		if i < 0 {
			t.Errorf("%s has no result", id)
		} else if got := written(id, o.Results[i]); got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
}

// TestSilentHandshake connects to ports that accept and then send nothing.
func TestSilentHandshake(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	sim, address := startSim(t)
	defer sim.Close()
	override, err := transport.ParseOverride(net.JoinHostPort(sim.Host(), "443") + ":" + listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	roots, err := transport.ParseRoots(sim.RootsPEM())
	if err != nil {
		t.Fatal(err)
	}
	options := transport.Options{Roots: transport.Pool(roots), Version: "test", ConnectTo: []transport.Override{override}}
	for _, place := range sim.ConnectTo() {
		override, err := transport.ParseOverride(place)
		if err != nil {
			t.Fatal(err)
		}
		options.ConnectTo = append(options.ConnectTo, override)
	}
	ctx, w := contextEndingAfter(t, PortalTLS, PortalTCP, AuthServerFromComputer)
	outcome := Run(ctx, transport.New(options), Target{Address: address}, w)
	assertEnded(t, ctx, true)
	assertComplete(t, outcome)
	assertFirst(t, outcome, map[ID]string{PortalTCP: "ok", PortalTLS: "unknown timeout you", RESTRoute: "skipped because portal-tls", AuthServerFromComputer: "ok"})
}

// TestClientCertificateTimeout asserts that a server which asks for an optional client certificate and then takes too long hasn't
// refused anything.
func TestClientCertificateTimeout(t *testing.T) {
	t.Parallel()
	now := time.Now()
	root := issue(t, nil, "Root", true, now.Add(-days), now.Add(days))
	leaf := issue(t, root, "portal.example", false, now.Add(-days), now.Add(days))
	release := make(chan struct{})
	served := make(chan struct{})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(served)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		config := &tls.Config{
			Certificates: []tls.Certificate{{Certificate: [][]byte{leaf.cert.Raw}, PrivateKey: leaf.key}},
			ClientAuth:   tls.RequestClientCert, MaxVersion: tls.VersionTLS12,
			VerifyConnection: func(tls.ConnectionState) error { <-release; return nil },
		}
		_ = tls.Server(conn, config).Handshake() // it fails as the client closes
	}()
	defer func() { close(release); listener.Close(); <-served }()

	address, err := portal.ParseAddress("portal.example")
	if err != nil {
		t.Fatal(err)
	}
	env := newEnv(t.Context(), transport.New(transport.Options{}), Target{Address: address})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second) // a busy machine needs some for what comes before
	defer cancel()
	var s TLSSeen
	conn := env.handshake(ctx, &connection{endpoint: endpoint{dial: func(ctx context.Context) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", listener.Addr().String())
	}}}, &s)
	if conn != nil {
		conn.Close()
		t.Fatal("the handshake came to an end")
	}
	if !s.ClientCertificateAsked {
		t.Fatal("the server didn't ask for a certificate")
	}
	for _, r := range find(t, PortalTLS).Judge(&TLSFacts{At: now, Addresses: []TLSSeen{s}}, nil) {
		if got, want := written(PortalTLS, r), "unknown timeout server-admin"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// TestRunsShareRateLimit asserts that a second run right after the first one shares its rate limit.
func TestRunsShareRateLimit(t *testing.T) {
	t.Parallel()
	sim, address := startSim(t)
	defer sim.Close()
	const window = time.Second
	way := way(t, sim, false, func(o *transport.Options) { o.PaceWindow = window })
	for range 2 {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		Run(ctx, way, Target{Address: address, Consents: []Consent{Deep}}, &callRecorder{})
		cancel()
	}
	var sentAt []time.Time
	for _, r := range sim.Log() {
		if r.Server == "portal" || r.Server == "portal-http" {
			sentAt = append(sentAt, r.At)
		}
	}
	if len(sentAt) != 20 {
		t.Errorf("%d requests in two runs", len(sentAt))
	}
	for i := range sentAt {
		if n := i + 12; n < len(sentAt) && sentAt[n].Sub(sentAt[i]) < window {
			t.Errorf("13 requests within %s", sentAt[n].Sub(sentAt[i]))
		}
	}
}
