package checks

import (
	"context"
	"net/http"
	"slices"
	"time"

	"boxready/internal/bitrix"
	"boxready/internal/portal"
)

// Causes of auth-server-from-portal and credentials-arrive.
const (
	NeedsDeep                Cause = "needs-deep"
	AuthServerUnreachable    Cause = "auth-server-unreachable"
	DiskFull                 Cause = "disk-full"
	PortalNotRegistered      Cause = "portal-not-registered"
	LicenceRejected          Cause = "licence-rejected"
	PortalCredentialsRefused Cause = "portal-credentials-refused" // #nosec G101 -- a cause's code
	TokenCheckerMissing      Cause = "token-checker-missing"
	AuthHeaderStripped       Cause = "auth-header-stripped"
	PostBodyLost             Cause = "post-body-lost"
)

// AuthFacts are the portal's answers that depend on its connection to the authorization server.
type AuthFacts struct {
	// TokenPage is the portal's own /oauth/token/, which relays the authorization server's answer. No answer proves nothing: a
	// portal may lack the page.
	TokenPage *Exchange `json:"token_page,omitempty"`
	Deep      bool      `json:"deep"`                 // the owner agreed to token-bearing requests
	BlockedBy ID        `json:"blocked_by,omitempty"` // the check that forbids sending a token nevertheless
	// Tokens are the answers to an invented token in the form, and elsewhere if the form's did not arrive.
	Tokens []TokenAnswer `json:"tokens,omitempty"`
}

// TokenAnswer is the answer to an invented token in one of the four places where the portal looks for it.
type TokenAnswer struct {
	Carrier portal.Carrier `json:"carrier"`
	Exchange
}

// arrived reports whether the portal saw the token, valid or not.
func (a TokenAnswer) arrived() bool {
	return a.refused() && a.Error != "" && !a.lost()
}

func (a TokenAnswer) lost() bool {
	return a.fromREST() && bitrix.SameCode(a.Error, bitrix.CodeNoAuthFound)
}

const (
	// The portal itself waits up to 10 s for the authorization server when it relays, and up to 15 s to connect and 15 s
	// to read when it checks a token.
	tokenPageTimeout = 12 * time.Second
	tokenTimeout     = 40 * time.Second
)

var tokenPageRequest = portal.Request{HTTPMethod: http.MethodGet, Path: portal.TokenPage, Unmarked: true, Timeout: tokenPageTimeout}

// inventedToken is the run's invented token. Runs that send none have none: to look for it in every answer costs.
func (env *Env) inventedToken() portal.Token {
	env.mu.Lock()
	defer env.mu.Unlock()
	if env.invented.Value.IsZero() {
		env.invented = portal.InventToken()
	}
	return env.invented
}

func (env *Env) tokenRequest(in portal.Carrier) portal.Request {
	r := methodRequest("app.info")
	r.Token, r.Carrier, r.Timeout = env.inventedToken(), in, tokenTimeout
	return r
}

func (env *Env) askToken(ctx context.Context, carriers ...portal.Carrier) []TokenAnswer {
	answers := make([]TokenAnswer, len(carriers))
	parallelN(len(carriers), func(i int) {
		r := env.tokenRequest(carriers[i])
		answers[i] = TokenAnswer{Carrier: carriers[i], Exchange: *env.exchange(r, env.ask(ctx, r))}
	})
	return answers
}

var otherCarriers = []portal.Carrier{portal.InQuery, portal.InJSON, portal.InHeader}

func observeAuth(ctx context.Context, env *Env) (*AuthFacts, error) {
	f := &AuthFacts{Deep: env.target.agreed(Deep)}
	if f.Deep {
		f.BlockedBy = env.tokenRule()
	}
	if !f.Deep || f.BlockedBy != "" {
		f.TokenPage = env.exchange(tokenPageRequest, env.ask(ctx, tokenPageRequest))
		return f, nil
	}
	// A token's answer is more precise, and the page's request would exceed the limit of 12 in 10 s in a signed-in run.
	f.Tokens = env.askToken(ctx, portal.InForm)
	if f.Tokens[0].lost() {
		f.Tokens = append(f.Tokens, env.askToken(ctx, otherCarriers...)...)
	}
	return f, nil
}

func judgeAuth(f *AuthFacts, seen FactsByCheck) []Result {
	switch {
	case len(f.Tokens) == 0 && f.TokenPage != nil && f.TokenPage.fromAuthServer():
		return ok()
	case f.BlockedBy != "":
		return skipped(f.BlockedBy)
	case !f.Deep:
		return one(unknown(NeedsDeep, You))
	case len(f.Tokens) == 0:
		return one(unknown(UnexpectedAnswer, ServerAdmin))
	}
	decisive := f.Tokens[0]
	if i := slices.IndexFunc(f.Tokens, TokenAnswer.arrived); i >= 0 {
		decisive = f.Tokens[i]
	}
	if decisive.lost() && f.lostEverywhere() {
		return about(one(problem(TokenCheckerMissing, ServerAdmin)), answerArgs(&decisive.Exchange))
	}
	results := about(refusal(bitrix.AtInventedToken, &decisive.Exchange), Args{"seconds": float64(decisive.Times.Total) / 1000})
	return withServerFailure(results, factsOf[VendorFacts](seen, AuthServerFromComputer))
}

func (f *AuthFacts) lostEverywhere() bool {
	return len(f.Tokens) == 1+len(otherCarriers) && !slices.ContainsFunc(f.Tokens, func(a TokenAnswer) bool { return !a.lost() })
}

// CredentialsFacts are the answers to an invented token in the four places where the portal looks for one.
type CredentialsFacts struct {
	BlockedBy ID            `json:"blocked_by,omitempty"`
	Tokens    []TokenAnswer `json:"tokens,omitempty"`
}

func observeCredentials(ctx context.Context, env *Env) (*CredentialsFacts, error) {
	if blocker := env.tokenRule(); blocker != "" {
		return &CredentialsFacts{BlockedBy: blocker}, nil
	}
	f := &CredentialsFacts{Tokens: env.askToken(ctx, portal.InForm)}
	if form := f.Tokens[0]; form.Failure != "" || form.is(portal.ErrConnection) || form.is(portal.ErrNoClientCreds) {
		return f, nil // each would make the portal try in vain
	}
	f.Tokens = append(f.Tokens, env.askToken(ctx, otherCarriers...)...)
	return f, nil
}

func judgeCredentials(f *CredentialsFacts, _ FactsByCheck) []Result {
	if f.BlockedBy != "" {
		return skipped(f.BlockedBy)
	}
	if len(f.Tokens) == 1 {
		return skipped(AuthServerFromPortal)
	}
	how := map[portal.Carrier]TokenAnswer{}
	var lost []string
	for _, a := range f.Tokens {
		how[a.Carrier] = a
		if a.lost() {
			lost = append(lost, string(a.Carrier))
		}
	}
	form, json, query, header := how[portal.InForm], how[portal.InJSON], how[portal.InQuery], how[portal.InHeader]
	switch {
	case len(lost) == len(f.Tokens):
		return skipped(AuthServerFromPortal)
	case form.lost() && json.lost() && (query.arrived() || header.arrived()):
		results := one(problem(PostBodyLost, ServerAdmin).with(Args{"lost": lost}))
		if header.lost() {
			results = append(results, notice(AuthHeaderStripped, ServerAdmin))
		}
		return results
	case header.lost() && form.arrived() && json.arrived() && query.arrived():
		return one(notice(AuthHeaderStripped, ServerAdmin))
	}
	for _, a := range f.Tokens {
		if !a.arrived() {
			return refusal(bitrix.AtInventedToken, &a.Exchange)
		}
	}
	return ok()
}
