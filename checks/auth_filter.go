package checks

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"boxready/internal/transport"
)

// BodyFiltered is the cause of content-filter.
const BodyFiltered Cause = "body-filtered"

// FilterFacts compare the answers to two calls without credentials that differ in one field: the words of the second one are what
// content filters look for. Such words are ordinary in a CRM.
type FilterFacts struct {
	Plain      Exchange `json:"plain"`
	Suspicious Exchange `json:"suspicious"`
}

const suspiciousText = "<b>select * from test</b><script>"

func observeFilter(ctx context.Context, env *Env) (*FilterFacts, error) {
	r := routeRequest
	f := &FilterFacts{Plain: *env.exchange(r, env.ask(ctx, r))}
	r.Form = url.Values{"comment": {suspiciousText}}
	f.Suspicious = *env.exchange(r, env.ask(ctx, r))
	return f, nil
}

func judgeFilter(f *FilterFacts, _ FactsByCheck) []Result {
	x := &f.Suspicious
	args := answerArgs(x)
	switch {
	case x.Failure == transport.Reset || x.Failure == transport.Closed:
		return about(one(problem(BodyFiltered, ServerAdmin)), args)
	case x.Failure != "":
		return about(one(unanswered(x)), args)
	case x.fromREST() && strings.EqualFold(x.Error, f.Plain.Error):
		return ok()
	case x.refused(): // the module got it, so nothing filtered it
		return refusal(bitrix.AtLookup, x)
	case x.limited(), x.unavailable(): // the last request of a run is the likeliest
		return skipped(RateLimit)
	case x.kind() == portal.KindOriginError, x.kind() == "" && x.Status >= http.StatusBadGateway:
		return about(one(unknown(UnexpectedAnswer, ServerAdmin)), args)
	case !x.fromREST() && (x.kind() == portal.KindBlocked || x.Status >= 400 || x.redirects()):
		return about(one(problem(BodyFiltered, ServerAdmin)), args)
	default:
		return about(one(unknown(UnexpectedAnswer, ServerAdmin)), args)
	}
}
