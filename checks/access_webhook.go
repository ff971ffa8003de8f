package checks

import (
	"context"

	"boxready/internal/bitrix"
)

// Causes of webhook.
const (
	WebhookRejected   Cause = "webhook-rejected"
	WebhookUser       Cause = "webhook-user"
	CallAwaitsConsent Cause = "call-awaits-consent"
)

// WebhookFacts are the portal's answer to the owner's incoming webhook. The portal checks its code by itself, without the
// authorization server.
type WebhookFacts struct {
	BlockedBy ID        `json:"blocked_by,omitempty"` // the check that forbids sending the code
	Answer    *Exchange `json:"answer,omitempty"`
}

// infoMethod describes the application, or the webhook's permissions; it needs no permission.
const infoMethod = "app.info"

func observeWebhook(ctx context.Context, env *Env) (*WebhookFacts, error) {
	if blocker := env.secretRule(); blocker != "" {
		return &WebhookFacts{BlockedBy: blocker}, nil
	}
	r := env.callRequest(ByWebhook, infoMethod, nil)
	return &WebhookFacts{Answer: env.exchange(r, env.ask(ctx, r))}, nil
}

func judgeWebhook(f *WebhookFacts, _ FactsByCheck) []Result {
	switch {
	case f.BlockedBy != "":
		return skipped(f.BlockedBy)
	case f.Answer == nil:
		return one(unknown(UnexpectedAnswer, ServerAdmin))
	}
	if f.Answer.succeeded() {
		return ok()
	}
	return refusal(bitrix.AtWebhook, f.Answer)
}
