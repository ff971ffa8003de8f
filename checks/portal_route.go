package checks

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"boxready/internal/transport"
)

// Causes of rest-route.
const (
	RESTNotFound      Cause = "rest-not-found"
	RESTModuleMissing Cause = "rest-module-missing"
	RESTNotBitrix     Cause = "rest-not-bitrix"
	RESTBasicAuth     Cause = "rest-basic-auth"
	RESTLoginPage     Cause = "rest-login-page"
	RESTBlocked       Cause = "rest-blocked"
	RESTSiteClosed    Cause = "rest-site-closed"
	RESTPolluted      Cause = "rest-polluted"
	RESTServerError   Cause = "rest-server-error"
	RESTCutOff        Cause = "rest-cut-off"
)

// RouteFacts are the answer to a REST call without credentials. A good route answers NO_AUTH_FOUND.
type RouteFacts struct {
	Exchange
	Unverified bool `json:"unverified,omitempty"` // asked over a certificate that doesn't verify
}

func observeRoute(ctx context.Context, env *Env) (*RouteFacts, error) {
	// On a good route these are needed anyway; sent in parallel they save a round trip.
	env.askAhead(methodRequest(coreMethods[0]))
	if !env.target.agreed(Deep) {
		env.askAhead(tokenPageRequest)
	}
	answer := env.ask(ctx, routeRequest)
	return &RouteFacts{Exchange: *env.exchange(routeRequest, answer), Unverified: env.unverified()}, nil
}

const restTimeout = 20 * time.Second

var (
	routeRequest = portal.Request{Path: portal.MethodPath("app.info"), Timeout: restTimeout}
	plainRequest = portal.Request{Path: portal.MethodPath("app.info"), Plain: true, Timeout: 10 * time.Second}
)

func methodRequest(method string) portal.Request {
	return portal.Request{Path: portal.MethodPath(method), Timeout: restTimeout}
}

func judgeRoute(f *RouteFacts, _ FactsByCheck) []Result {
	x := &f.Exchange
	return about(routeFaults(x), answerArgs(x))
}

// answerArgs are the values for the sentences about an answer.
func answerArgs(x *Exchange) Args {
	return Args{"request": x.Request, "status": x.Status, "server": x.Server, "filter": x.Filter, "body": x.Body,
		"error": x.Error, "description": x.ErrorDescription, "location": x.Location, "damaged": x.Form == portal.FormBadEncoding}
}

// Errors of the rest module that are failures, not refusals.
var internalErrorCodes = []string{bitrix.CodeInternalServerError, bitrix.CodeUnexpectedAnswer}

func routeFaults(x *Exchange) []Result {
	switch {
	case x.Failure == transport.Reset || x.Failure == transport.Closed || x.Failure == transport.Refused,
		x.Form == portal.FormCutOff && x.Failure != transport.Timeout && x.Failure != transport.Cancelled,
		x.TooBig:
		return one(unknown(RESTCutOff, ServerAdmin).with(Args{"too_big": x.TooBig}))
	case x.Failure != "":
		return one(unanswered(x))
	case x.redirects() && x.LoginRedirect:
		return one(problem(RESTLoginPage, ServerAdmin))
	case x.redirects():
		return skipped(PortalRedirect)
	case x.Form == portal.FormJSON:
		return envelopeFaults(x)
	}
	return one(foreignAnswer(x))
}

// envelopeFaults judges an answer of the rest module itself. Any of its errors proves a good route, except these.
func envelopeFaults(x *Exchange) []Result {
	var results []Result
	if x.Polluted != "" {
		results = append(results, problem(RESTPolluted, ServerAdmin).with(Args{"bom": x.Polluted == "BOM"}))
	}
	if bitrix.SameCode(x.Error, bitrix.CodePortalDeleted) {
		results = append(results, problem(RESTSiteClosed, PortalAdmin))
	}
	if slices.ContainsFunc(internalErrorCodes, func(code string) bool { return bitrix.SameCode(code, x.Error) }) {
		results = append(results, problem(RESTServerError, ServerAdmin))
	}
	return orOK(results)
}

// foreignAnswer is the result for an answer that isn't the rest module's.
func foreignAnswer(x *Exchange) Result {
	scheme, _, _ := strings.Cut(strings.ToLower(x.Authenticate), " ")
	switch {
	case x.Status == http.StatusUnauthorized && slices.Contains([]string{"basic", "digest", "ntlm", "negotiate"}, scheme):
		return problem(RESTBasicAuth, ServerAdmin)
	case x.Filter != "":
		return problem(RESTBlocked, ServerAdmin)
	case x.Status >= 500:
		return problem(RESTServerError, ServerAdmin)
	case x.Form == portal.FormBadEncoding: // it may well be the rest module's own answer, which also comes with 403 and 404
		return unknown(UnexpectedAnswer, ServerAdmin)
	case x.LoginForm:
		return problem(RESTLoginPage, ServerAdmin)
	case refuses(x.Status):
		return problem(RESTBlocked, ServerAdmin)
	case x.Status == http.StatusNotFound:
		return problem(RESTNotFound, ServerAdmin)
	case x.Status == http.StatusOK && x.Form == portal.FormEmpty:
		return problem(RESTModuleMissing, ServerAdmin)
	case x.Status == http.StatusOK:
		return problem(RESTNotBitrix, ServerAdmin)
	default:
		return unknown(UnexpectedAnswer, ServerAdmin)
	}
}
