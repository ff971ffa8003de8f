package checks

import (
	"context"
	"crypto/rand"

	"boxready/internal/bitrix"
	"boxready/internal/portal"
)

// HTTPSNotSeen is the cause of https-seen.
const HTTPSNotSeen Cause = "https-not-seen"

// HTTPSFacts are the answer to a call through a webhook that doesn't exist. The portal tests for https before it checks the code,
// so its answer shows whether it sees https. The code is invented and checked by the portal alone.
type HTTPSFacts struct {
	Exchange
	Unverified bool `json:"unverified,omitempty"`
}

func observeHTTPS(ctx context.Context, env *Env) (*HTTPSFacts, error) {
	// As long as a generated code (16), but never one: the rest module's codes have no capital letters.
	r := portal.Request{Path: portal.WebhookPath("1", rand.Text()[:16], "profile"), Timeout: restTimeout}
	answer := env.ask(ctx, r)
	return &HTTPSFacts{Exchange: *env.exchange(r, answer), Unverified: env.unverified()}, nil
}

func judgeHTTPS(f *HTTPSFacts, _ FactsByCheck) []Result {
	return refusal(bitrix.AtInventedWebhook, &f.Exchange)
}
