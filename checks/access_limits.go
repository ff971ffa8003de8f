package checks

import (
	"context"
	"net/http"
	"slices"

	"boxready/internal/bitrix"
	"boxready/internal/portal"
)

// Causes of rate-limit.
const (
	Throttled     Cause = "throttled"
	Overloaded    Cause = "overloaded"
	OperationTime Cause = "operation-time"
)

// LimitFacts are the answers of a run in which the portal, or a proxy in front of it, refused because of a limit.
type LimitFacts struct {
	Answered  int       `json:"answered"` // answers by the portal itself in the run
	Limited   []Limited `json:"limited,omitempty"`
	BlockedBy ID        `json:"blocked_by,omitempty"` // why there was neither
}

// Limited is one such answer.
type Limited struct {
	Request string `json:"request" hide:"text"` // secrets masked
	Status  int    `json:"status"`
	Error   string `json:"error,omitempty" hide:"text"`
	// Description is the error's, as the portal words it.
	Description string `json:"error_description,omitempty" hide:"text"`
	Server      string `json:"server,omitempty" hide:"text"`
}

// maxLimited is how many such answers are kept.
const maxLimited = 20

func (env *Env) noteLimit(r portal.Request, a portal.Answer) {
	if a.Header == nil {
		return
	}
	own := portal.JSONSpeaker(r, &a.Reply) == portal.ByREST
	said := Limited{Status: a.Status}
	if own && a.Error != nil {
		said.Error = a.Error.Code
	}
	if said.limits() { // few do, and masking the secrets of an answer takes a while
		x := env.exchange(r, a)
		said = Limited{Request: x.Request, Status: x.Status, Server: x.Server}
		switch {
		case own:
			said.Error, said.Description = x.Error, x.ErrorDescription
		case said.unavailable() && x.kind() != "":
			said = Limited{} // an edge says something else with 503
		}
	}
	env.mu.Lock()
	defer env.mu.Unlock()
	if own {
		env.limits.Answered++
	}
	env.limits.add(said)
}

// noteCommand records a refused command of a batch.
func (env *Env) noteCommand(method string, e *portal.Error) {
	env.mu.Lock()
	defer env.mu.Unlock()
	env.limits.add(Limited{Request: method, Error: short(e.Code), Description: short(e.Description)})
}

func (f *LimitFacts) add(l Limited) {
	if l.limits() && len(f.Limited) < maxLimited {
		f.Limited = append(f.Limited, l)
	}
}

// limits reports whether an answer may be about limits.
func (l Limited) limits() bool { return l.cause() != "" || l.unavailable() }

// unavailable reports whether a web server answered 503 in the portal's stead, as nginx does for requests above its limit unless
// configured to answer 429, but also when PHP is down.
func (l Limited) unavailable() bool {
	return l.Status == http.StatusServiceUnavailable && l.Error == ""
}

// cause is the limit that an answer names, "" for none. On a box the portal itself limits little; a proxy in front of it may,
// with 429 and without the portal's own error.
func (l Limited) cause() Cause {
	if meaning := bitrix.MeaningOf(l.Error, l.Description, bitrix.AtCommand); meaning != nil {
		if cause, ok := limitCauses[meaning.Name]; ok {
			return cause
		}
	}
	if l.Status == http.StatusTooManyRequests {
		return Throttled
	}
	return ""
}

// limitCauses are the causes by what the portal's errors about limits mean.
var limitCauses = map[string]Cause{"too-many-requests": Throttled, "operation-time": OperationTime, "overload": Overloaded}

func observeLimits(_ context.Context, env *Env) (*LimitFacts, error) {
	env.mu.Lock()
	f := env.limits
	env.mu.Unlock()
	if f.Answered == 0 && !slices.ContainsFunc(f.Limited, func(l Limited) bool { return l.cause() != "" }) {
		f.BlockedBy = env.blocker(RESTRoute)
	}
	return &f, nil
}

func judgeLimits(f *LimitFacts, _ FactsByCheck) []Result {
	var results []Result
	reported := map[Cause]bool{}
	for _, l := range f.Limited {
		cause := l.cause()
		if cause == "" && l.unavailable() && f.Answered > 0 {
			cause = Throttled // the same portal answered other requests
		}
		if cause != "" && !reported[cause] {
			reported[cause] = true
			owner := PortalAdmin // who set such a limit on the portal
			if cause == Throttled {
				owner = ServerAdmin
			}
			found := notice(cause, owner)
			if f.Answered == 0 {
				found = unknown(cause, owner) // nothing else is known of this portal
			}
			if l.Error != "" {
				found.Vantage = FromPortal // otherwise something in front of it refused
			}
			results = append(results, found.with(Args{"request": l.Request, "status": l.Status, "error": l.Error, "description": l.Description, "server": l.Server}))
		}
	}
	if f.BlockedBy != "" {
		return skipped(f.BlockedBy)
	}
	return orOK(results)
}
