package checks

import (
	"net/http"

	"boxready/internal/bitrix"
)

// refusal is what follows from an answer to a request at a place, by the table of codes: ok, a problem with its owner, or skipped
// because of the check at which such an error is reported. Nothing follows from an answer without an error.
func refusal(at bitrix.Place, x *Exchange) []Result {
	args := answerArgs(x)
	meaning := x.meaning(at)
	switch {
	case x.Failure != "":
		return about(one(unanswered(x)), args)
	case x.limited(), at != bitrix.AtRoute && x.unavailable():
		return skipped(RateLimit)
	case !x.refused():
		odd := unknown(UnexpectedAnswer, "")
		if !x.fromREST() && x.Speaker != "" {
			odd.Vantage = FromComputer // what something else than the portal answered
		}
		return about(one(odd), args)
	case meaning == nil:
		return about(one(unknown(RefusedWithCode, "")), args)
	}
	switch follows := meaning.At(at); follows {
	case bitrix.Accepted:
		return ok()
	case string(RateLimit), string(RESTLicence):
		return skipped(ID(follows))
	case "":
		return about(one(unknown(RefusedWithCode, Owner(meaning.Owner))), args)
	default:
		return about(one(problem(Cause(follows), Owner(meaning.Owner))), args)
	}
}

// refusedCall is refusal for a call that no other check makes: a licence is reported at rest-licence only if that met it as well.
func refusedCall(x *Exchange, seen FactsByCheck) Result {
	r := refusal(bitrix.AtCommand, x)[0]
	if f := factsOf[LicenceFacts](seen, RESTLicence); r.Because == RESTLicence && (f == nil || f.Refused == nil) {
		return unknown(RefusedWithCode, Owner(x.meaning(bitrix.AtCommand).Owner)).with(answerArgs(x))
	}
	return r
}

// meaning is what the answer's error means, nil if that isn't known.
func (x *Exchange) meaning(at bitrix.Place) *bitrix.Meaning {
	return bitrix.MeaningOf(x.Error, x.ErrorDescription, at)
}

// unavailable reports whether a web server answered 503 in the portal's stead, as nginx does for requests above its limit. Where the
// portal answered other requests, rate-limit reports it.
func (x *Exchange) unavailable() bool {
	return x.Status == http.StatusServiceUnavailable && x.Failure == "" && !x.fromREST() && x.kind() == ""
}

// limited reports whether something in front of the portal refused because of too many requests.
func (x *Exchange) limited() bool { return x.Status == http.StatusTooManyRequests && !x.fromREST() }
