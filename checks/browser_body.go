package checks

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"boxready/internal/bitrix"
	"boxready/internal/transport"
)

// BodyTooLarge is the cause of body-size.
const BodyTooLarge Cause = "body-too-large"

// bodySizes are the sizes of the two requests, in MiB. A file travels in REST calls as base64, a third larger: 2 MiB are a
// photograph, above nginx's usual limit of 1 MiB; 12 MiB are a presentation.
var bodySizes = []int{2, 12}

// uploadTimeout is the longest time for one of the requests: 12 MiB take half a minute at 3.5 Mbit/s.
const uploadTimeout = 45 * time.Second

func bodyDeadline(*Target) time.Duration {
	return checkDeadline + time.Duration(len(bodySizes))*uploadTimeout
}

// BodyFacts compare the answer to the route's usual small call with those to large ones, all without credentials. What PHP drops in
// silence (post_max_size) can't be seen without credentials: the answer is the same.
type BodyFacts struct {
	Plain Exchange      `json:"plain"`
	Large []LargeAnswer `json:"large"` // in the order of their sizes, up to the first that was refused
}

// LargeAnswer is the answer to one large request.
type LargeAnswer struct {
	MiB    int      `json:"mib"` // size of its body
	Answer Exchange `json:"answer"`
}

func observeBody(ctx context.Context, env *Env) (*BodyFacts, error) {
	f := &BodyFacts{Plain: *env.exchange(routeRequest, env.ask(ctx, routeRequest))}
	step := env.progress(BodySizeCheck, len(bodySizes))
	for _, size := range bodySizes {
		r := routeRequest
		r.Form = url.Values{"padding": {strings.Repeat("x", size<<20)}}
		r.Timeout = uploadTimeout
		x := newExchange(r, env.do(ctx, r), env.target.Address, env.masker(r)) // not kept for other checks, for its size
		f.Large = append(f.Large, LargeAnswer{size, *x})
		step()
		if !f.passed(x) {
			break
		}
	}
	return f, nil
}

// passed reports whether the rest module answered as it does to the small call.
func (f *BodyFacts) passed(x *Exchange) bool {
	return x.fromREST() && strings.EqualFold(x.Error, f.Plain.Error)
}

func judgeBody(f *BodyFacts, _ FactsByCheck) []Result {
	if len(f.Large) == 0 {
		return one(unknown(UnexpectedAnswer, ServerAdmin))
	}
	last := f.Large[len(f.Large)-1]
	x, passed := &last.Answer, 0
	for _, l := range f.Large {
		if f.passed(&l.Answer) {
			passed = l.MiB
		}
	}
	args := answerArgs(x)
	args["size"], args["bytes"], args["passed"] = last.MiB, last.MiB<<20, passed
	switch {
	case passed == last.MiB:
		return about(ok(), args)
	case x.refused(): // the module got it, so nothing refused its size
		return refusal(bitrix.AtLookup, x)
	case x.limited(), x.unavailable():
		return skipped(RateLimit)
	case x.Status == http.StatusRequestEntityTooLarge, x.Failure == transport.Reset, x.Failure == transport.Closed:
		return about(one(notice(BodyTooLarge, ServerAdmin)), args)
	case x.Failure != "": // a time-out may be this computer's slow connection
		return about(one(unanswered(x)), args)
	case x.Status >= http.StatusBadRequest:
		return about(one(notice(BodyTooLarge, ServerAdmin)), args)
	default:
		return about(one(unknown(UnexpectedAnswer, ServerAdmin)), args)
	}
}
