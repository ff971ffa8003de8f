package checks

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"boxready/internal/flight"
	"boxready/internal/portal"
	"boxready/internal/transport"
)

// Env is what the checks of one run share: the network, requests, and results so far.
type Env struct {
	target Target
	net    *transport.Net
	factor float64 // the target's timeoutFactor
	now    func() time.Time
	pacer  *transport.Pacer
	shared *Shared

	count func(id ID, done, total int) // the observer's Progress; nil if it has none
	legs  func(ID, Leg)                // likewise

	// Set by portal-tcp and portal-tls for the checks that need them.
	dialling    *dialling
	connections []*connection
	client      *portal.Client

	// Several checks may need an answer, so requests live as long as the run.
	run    context.Context
	start  time.Time
	paused time.Duration // the pacer's, before the run
	slow   map[ID]bool   // see waitsForTokens
	asking sync.WaitGroup

	mu       sync.Mutex
	asked    map[string]*flight.Call[portal.Answer]
	results  map[ID][]Result // a new map for each change, so that checks can read while others record; likewise:
	facts    FactsByCheck
	token    portal.Token // the sign-in's
	invented portal.Token // see inventedToken
	limits   LimitFacts

	exchanges map[string]*Exchange // by the request's number
	examined  []examined

	redaction  redaction
	firstBatch once[*firstBatch]
	inventory  once[*inventory]
	vendor     once[*VendorFacts]
}

func newEnv(ctx context.Context, n *transport.Net, t Target) *Env {
	factor := t.timeoutFactor()
	n = n.WithTimeoutFactor(factor)
	shared := t.Shared
	if shared == nil {
		shared = NewShared(ctx, n, t.FeedCache)
	}
	pacer := n.Pacer(t.Address.Host)
	return &Env{
		target: t, net: n, factor: factor, now: time.Now, pacer: pacer, start: time.Now(), paused: pacer.Paused(), run: ctx, shared: shared,
		slow: shared.slow, asked: map[string]*flight.Call[portal.Answer]{}, results: map[ID][]Result{}, facts: FactsByCheck{},
		exchanges: map[string]*Exchange{},
	}
}

func (env *Env) close() {
	env.asking.Wait()
	if env.shared != env.target.Shared {
		env.shared.Close()
	}
	if env.client != nil {
		env.client.Close()
	}
	if env.dialling != nil {
		env.dialling.close()
	}
}

// ask sends a request to the portal once in a run, however many checks need the answer.
func (env *Env) ask(ctx context.Context, r portal.Request) portal.Answer {
	a, err := env.begin(r).Wait(ctx)
	if err != nil {
		return portal.Answer{Err: err, Sent: env.now()}
	}
	return a
}

// askAhead starts requests whose answers will be needed soon.
func (env *Env) askAhead(requests ...portal.Request) {
	for _, r := range requests {
		env.begin(r)
	}
}

func (env *Env) begin(r portal.Request) *flight.Call[portal.Answer] {
	key := questionKey(r)
	env.mu.Lock()
	defer env.mu.Unlock()
	a := env.asked[key]
	if a == nil {
		a = flight.Go(&env.asking, func() portal.Answer {
			a := env.do(env.run, r)
			a.Shorten(portal.MaxPage) // a dozen answers of 8 MiB each would be kept until the end
			return a
		})
		env.asked[key] = a
	}
	return a
}

// do sends a request, and records answers about limits.
func (env *Env) do(ctx context.Context, r portal.Request) portal.Answer {
	a := env.client.Do(ctx, r)
	env.noteLimit(r, a)
	return a
}

// progress returns a function to call after each of total requests.
func (env *Env) progress(id ID, total int) (step func()) {
	if env.count == nil {
		return func() {}
	}
	var mu sync.Mutex
	done := 0
	return func() {
		mu.Lock()
		defer mu.Unlock()
		done++
		env.count(id, done, total)
	}
}

// reportLeg reports a test event's progress to the observer.
func (env *Env) reportLeg(id ID, leg Leg) {
	if env.legs != nil {
		env.legs(id, leg)
	}
}

// questionKey identifies a request by its content.
func questionKey(r portal.Request) string {
	key := fmt.Sprint(r.HTTPMethod, r.Path, r.Query.Encode(), r.Plain, r.Form.Encode())
	if !r.Token.Value.IsZero() {
		key += fmt.Sprint(r.Carrier, r.Token.Invented)
	}
	return key
}

// exchange turns an answer into facts, which several checks may share.
func (env *Env) exchange(r portal.Request, a portal.Answer) *Exchange {
	env.mu.Lock()
	x := env.exchanges[a.RequestID]
	env.mu.Unlock()
	if x == nil {
		x = newExchange(r, a, env.target.Address, env.masker(r))
	}
	if a.RequestID != "" {
		env.mu.Lock()
		env.exchanges[a.RequestID] = x
		env.mu.Unlock()
	}
	own := *x
	return &own
}

// unverified reports whether requests go over a certificate that doesn't verify.
func (env *Env) unverified() bool {
	f := factsOf[TLSFacts](env.factsByCheck(), PortalTLS)
	return f != nil && f.Unverified
}

// hasResult reports whether a check has been made.
func (env *Env) hasResult(id ID) bool {
	env.mu.Lock()
	defer env.mu.Unlock()
	return len(env.results[id]) > 0
}

// factsByCheck returns the facts known so far.
func (env *Env) factsByCheck() FactsByCheck {
	env.mu.Lock()
	defer env.mu.Unlock()
	return env.facts
}

// resultsByCheck returns the results known so far.
func (env *Env) resultsByCheck() map[ID][]Result {
	env.mu.Lock()
	defer env.mu.Unlock()
	return env.results
}

func (env *Env) record(id ID, facts Facts, results []Result) {
	env.mu.Lock()
	defer env.mu.Unlock()
	if facts != nil {
		env.facts = maps.Clone(env.facts)
		env.facts[id] = facts
	}
	env.results = maps.Clone(env.results)
	env.results[id] = results
}

// blocker returns the check that blocks those that need id: id itself, or what it was skipped for; "" for none.
func (env *Env) blocker(id ID) ID {
	env.mu.Lock()
	defer env.mu.Unlock()
	return blockerIn(env.results[id], id)
}

// blockerIn is the check that blocks those that need check id, whose results these are; "" for none.
func blockerIn(results []Result, id ID) ID {
	if len(results) == 0 {
		return id // not made
	}
	for _, r := range results {
		switch {
		case r.State == Skipped:
			return r.Because
		case r.Check == id && (r.State == Problem || r.State == Unknown):
			return id
		}
	}
	return ""
}

// secretRule returns the check that forbids sending a token or a webhook's code, or "" and enables them: the certificate must
// verify, the portal must see https, and no redirect may lead to another host. The portal would report the host that it was asked
// by to the authorization server as its own address.
func (env *Env) secretRule() ID {
	if b := env.blocker(PortalTLS); b != "" {
		return b
	}
	if f := factsOf[RedirectFacts](env.factsByCheck(), PortalRedirect); f == nil || f.leavesHost() {
		return PortalRedirect
	}
	if b := env.blocker(HTTPSSeen); b != "" {
		return b
	}
	if env.client.AllowTokens() != nil {
		return PortalTLS
	}
	return ""
}

// tokenRule is secretRule for tokens, which make the portal report its address: if the authorization server holds another one,
// the owner must confirm again.
func (env *Env) tokenRule() ID {
	if blocker := env.secretRule(); blocker != "" {
		return blocker
	}
	if f := factsOf[IdentityFacts](env.factsByCheck(), PortalIdentity); f != nil && f.differs() && !env.target.Moved {
		return PortalIdentity
	}
	return ""
}
