package checks

import (
	"context"
	"net/http"

	"boxready/internal/bitrix"
	"boxready/internal/portal"
)

// Causes of rate-limit.
const (
	Throttled     Cause = "throttled"
	Overloaded    Cause = "overloaded"
	OperationTime Cause = "operation-time"
)

// LimitFacts are the answers of a run in which the portal, or what stands in front of it, asked for patience.
type LimitFacts struct {
	Limited []Limited `json:"limited,omitempty"`
}

// Limited is one such answer.
type Limited struct {
	Request string `json:"request" hide:"text"` // secrets masked
	Status  int    `json:"status"`
	Error   string `json:"error,omitempty" hide:"text"`
	Server  string `json:"server,omitempty" hide:"text"`
}

// enoughLimited is how many such answers anybody needs to see.
const enoughLimited = 20

func (env *Env) noteLimit(r portal.Request, a portal.Answer) {
	x := env.exchange(r, a)
	l := Limited{x.Request, x.Status, x.Error, x.Server}
	if l.cause() == "" {
		return
	}
	env.mu.Lock()
	defer env.mu.Unlock()
	if len(env.limited) < enoughLimited {
		env.limited = append(env.limited, l)
	}
}

// cause is what an answer says about limits. On a box the portal itself hardly limits anything; what stands in front of it
// may, and answers 429 without the portal's words.
func (l Limited) cause() Cause {
	switch {
	case bitrix.SameCode(l.Error, bitrix.CodeOverloadLimit):
		return Overloaded
	case bitrix.SameCode(l.Error, bitrix.CodeOperationTimeLimit):
		return OperationTime
	case bitrix.SameCode(l.Error, bitrix.CodeQueryLimitExceeded), l.Status == http.StatusTooManyRequests:
		return Throttled
	}
	return ""
}

func observeLimits(_ context.Context, env *Env) (*LimitFacts, error) {
	env.mu.Lock()
	defer env.mu.Unlock()
	return &LimitFacts{Limited: env.limited}, nil
}

func judgeLimits(f *LimitFacts, _ Seen) []Result {
	var results []Result
	told := map[Cause]bool{}
	for _, l := range f.Limited {
		if cause := l.cause(); cause != "" && !told[cause] {
			told[cause] = true
			results = append(results, notice(cause, ServerAdmin).with(Args{"request": l.Request, "status": l.Status, "error": l.Error, "server": l.Server}))
		}
	}
	return orOK(results)
}
