package checks

import (
	"context"
	"net/url"
	"sync"
	"time"

	"boxready/internal/bitrix"
	"boxready/internal/flight"
	"boxready/internal/portal"
)

// Credential is the kind of credential that a call to the portal uses.
type Credential string

// The credentials.
const (
	ByWebhook Credential = "webhook" // an incoming webhook
	BySignIn  Credential = "sign-in" // a token of the application that the owner signed in to
)

// callTimeout is how long a call with a credential may take: the portal may ask the authorization server first, and looks up
// fifty methods in one batch.
const callTimeout = tokenTimeout

// credential returns the one that calls use: the sign-in, which has more rights, if the portal accepted it; otherwise the webhook.
func (env *Env) credential() Credential {
	if env.blocker(TokenAccepted) == "" {
		return BySignIn
	}
	return ByWebhook
}

func (env *Env) callRequest(by Credential, method string, form url.Values) portal.Request {
	if by == ByWebhook {
		return env.target.Webhook.Request(method, form, callTimeout)
	}
	return portal.Request{Path: portal.MethodPath(method), Form: form, Token: env.signedIn(), Timeout: callTimeout}
}

// signedIn returns the sign-in's token, zero before there is one.
func (env *Env) signedIn() portal.Token {
	env.mu.Lock()
	defer env.mu.Unlock()
	return env.token
}

func (env *Env) setToken(token portal.Token) {
	env.mu.Lock()
	defer env.mu.Unlock()
	env.token = token
}

// Call is the facts of a call with a credential.
type Call struct {
	Credential Credential `json:"credential"`
	Command    string     `json:"command,omitempty"` // of a batch, if the error is that command's alone
	Exchange
}

// call makes a request whose answer no other check shares.
func (env *Env) call(ctx context.Context, by Credential, method string, form url.Values) (Call, portal.Answer) {
	r := env.callRequest(by, method, form)
	a := env.do(ctx, r)
	return Call{Credential: by, Exchange: *env.exchange(r, a)}, a
}

func (c *Call) answered() bool { return c.succeeded() }

// fault returns the results of a check whose call got no usable answer; nil if it got one.
func (c *Call) fault() []Result {
	switch {
	case c.answered():
		return nil
	case c.Command == "" && c.refused() && bitrix.SameCode(c.Error, bitrix.CodeMethodNotFound):
		return skipped(MethodInventory)
	}
	return refusal(bitrix.AtCommand, &c.Exchange)
}

// once is a request shared by several checks; the first that needs the answer sends it.
type once[T any] struct {
	start sync.Once
	call  *flight.Call[T]
}

// get calls ask, or waits for the call in progress; the answer is kept for the run. It returns ctx's error if that ends first.
func (o *once[T]) get(ctx context.Context, env *Env, ask func(context.Context) T) (T, error) {
	o.start.Do(func() { o.call = flight.Go(&env.asking, func() T { return ask(env.run) }) })
	return o.call.Wait(ctx)
}

// paced is how long n requests take under the rate limit.
func paced(n int) time.Duration { return time.Duration(n) * 900 * time.Millisecond }
