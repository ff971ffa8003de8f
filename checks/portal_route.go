package checks

import (
	"cmp"
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
	RESTSlow          Cause = "rest-slow"
	RESTMethodRefused Cause = "rest-method-refused"
	PHPNotRun         Cause = "php-not-run"
	PHPScriptRefused  Cause = "php-script-refused"
	SiteNotServed     Cause = "site-not-served"
	ProxyWrongScheme  Cause = "proxy-wrong-scheme"
	ErrorsReplaced    Cause = "errors-replaced"
	EdgeError         Cause = "edge-error"
	BrowserCheck      Cause = "browser-check"
)

// RouteFacts are the answer to a REST call without credentials. A good route answers NO_AUTH_FOUND.
type RouteFacts struct {
	Exchange
	Unverified bool `json:"unverified,omitempty"` // asked over a certificate that doesn't verify
	// Options is the answer to OPTIONS, which the rest module answers by itself; asked only after a page with 401, 403 or 404 that
	// doesn't say whose it is.
	Options *Exchange `json:"options,omitempty"`
	// ShowsREST means that Options is the rest module's.
	ShowsREST bool `json:"shows_rest,omitempty"`
	// SlowLimit is the limit of a slow answer in milliseconds, where it isn't the usual one.
	SlowLimit int64 `json:"slow_limit,omitempty"`
	// Admin is the answer of a page that every edition has; asked only after a 404 that isn't the portal's.
	Admin *Exchange `json:"admin,omitempty"`
}

func observeRoute(ctx context.Context, env *Env) (*RouteFacts, error) {
	// On a good route these are needed anyway; sent in parallel they save a round trip.
	env.askAhead(methodRequest(coreMethods[0]))
	if !env.target.agreed(Deep) {
		env.askAhead(tokenPageRequest)
	}
	answer := env.ask(ctx, routeRequest)
	f := &RouteFacts{Exchange: *env.exchange(routeRequest, answer), Unverified: env.unverified()}
	if limit := env.net.Scaled(slowRoute); limit != slowRoute {
		f.SlowLimit = limit.Milliseconds()
	}
	if f.unsignedRefusal() {
		options := env.ask(ctx, optionsRequest)
		f.Options, f.ShowsREST = env.exchange(optionsRequest, options), options.Err == nil && options.ShowsREST()
	}
	if f.unsignedRefusal() && f.Status == http.StatusNotFound && !f.ShowsREST {
		f.Admin = env.exchange(adminRequest, env.ask(ctx, adminRequest))
	}
	return f, nil
}

// unsignedRefusal reports whether the answer is a page with 401, 403 or 404 of which nothing says who made it, or only a web server
// or proxy: the portal's own answer may be behind it.
func (f *RouteFacts) unsignedRefusal() bool {
	refused := f.Status == http.StatusUnauthorized || f.Status == http.StatusForbidden || f.Status == http.StatusNotFound
	return refused && f.Failure == "" && f.Form != portal.FormBadEncoding && f.Form != portal.FormJSON && f.Form != portal.FormOtherJSON &&
		!f.TooBig && f.Kind == "" && !f.asksPassword() && (f.Speaker == portal.ByWebServer || f.Speaker == portal.ByOther)
}

const restTimeout = 20 * time.Second

var (
	routeRequest = portal.Request{Path: portal.MethodPath("app.info"), Timeout: restTimeout}
	// The page is PHP, and needs neither urlrewrite.php nor the rest module.
	adminRequest   = portal.Request{HTTPMethod: http.MethodGet, Path: "/bitrix/admin/", Unmarked: true, Timeout: restTimeout}
	optionsRequest = portal.Request{HTTPMethod: http.MethodOptions, Path: portal.MethodPath("app.info"), Unmarked: true, Timeout: restTimeout}

	plainRequest = portal.Request{Path: portal.MethodPath("app.info"), Plain: true, Timeout: 10 * time.Second}
)

func methodRequest(method string) portal.Request {
	return portal.Request{Path: portal.MethodPath(method), Timeout: restTimeout}
}

func judgeRoute(f *RouteFacts, _ FactsByCheck) []Result {
	results := routeFaults(f)
	x := &f.Exchange
	limit := cmp.Or(time.Duration(f.SlowLimit)*time.Millisecond, slowRoute)
	if slow := x.answerTime(); slow > limit && x.fromREST() {
		results = append(results, notice(RESTSlow, ServerAdmin).with(Args{"seconds": slow.Seconds()}))
	}
	if len(results) > 1 { // with a finding, the result ok is dropped
		results = slices.DeleteFunc(results, func(r Result) bool { return r.State == OK })
	}
	return about(results, answerArgs(x))
}

// slowRoute is how long the route's own answer may take. Applications give up after 10 to 30 s, and do more than one call.
const slowRoute = 5 * time.Second

// answerTime is from the end of the request to the beginning of the answer: neither the connection nor a proxy's tunnel counts.
func (x *Exchange) answerTime() time.Duration { return time.Duration(x.Times.Wait) * time.Millisecond }

// answerArgs are the values for the sentences about an answer.
func answerArgs(x *Exchange) Args {
	args := Args{"request": x.Request, "status": x.Status, "server": x.Server, "filter": x.Filter, "body": x.Body,
		"error": x.Error, "description": x.ErrorDescription, "location": x.Location, "meaning": "", "form": string(x.Form),
		"damaged": x.Form == portal.FormBadEncoding}
	if m := x.meaning(bitrix.AtRoute); m != nil && x.fromREST() {
		args["meaning"] = m.Name
	}
	return args
}

// routeFaults judges the answer by who made it.
func routeFaults(f *RouteFacts) []Result {
	x := &f.Exchange
	switch {
	case x.Failure == transport.Reset || x.Failure == transport.Closed || x.Failure == transport.Refused,
		x.Form == portal.FormCutOff && x.Failure != transport.Timeout && x.Failure != transport.Cancelled,
		x.TooBig:
		return one(unknown(RESTCutOff, ServerAdmin).with(Args{"too_big": x.TooBig}))
	case x.Failure != "":
		return one(unanswered(x))
	case x.redirects() && x.LoginRedirect:
		return one(problem(RESTLoginPage, ServerAdmin))
	case x.redirects() && x.Kind == portal.KindBrowserCheck:
		return one(problem(BrowserCheck, ServerAdmin))
	case x.redirects():
		return skipped(PortalRedirect)
	case x.fromREST():
		return ownFaults(x)
	case x.limited():
		return skipped(RateLimit)
	}
	return one(foreignAnswer(f))
}

// ownFaults judges an answer of the rest module itself. A refusal proves a good route; a failure, or an error that nobody knows,
// doesn't.
func ownFaults(x *Exchange) []Result {
	var results []Result
	if x.Polluted != "" {
		results = append(results, problem(RESTPolluted, ServerAdmin).with(Args{"bom": x.Polluted == "BOM"}))
	}
	if !x.succeeded() {
		results = append(results, refusal(bitrix.AtRoute, x)...)
	}
	return orOK(results)
}

// causesByKind are the faults that known answers of other programs than the rest module mean.
var causesByKind = map[portal.AnswerKind]Cause{
	portal.KindPHPSource:     PHPNotRun,
	portal.KindScriptRefused: PHPScriptRefused,
	portal.KindWrongScheme:   ProxyWrongScheme,
	portal.KindOriginError:   EdgeError,
	portal.KindBrowserCheck:  BrowserCheck,
	portal.KindBlocked:       RESTBlocked,
	portal.KindException:     RESTServerError,
	portal.KindLogin:         RESTLoginPage,
}

// asksPassword reports whether the web server asks for a name and a password.
func (x *Exchange) asksPassword() bool {
	scheme, _, _ := strings.Cut(strings.ToLower(x.Authenticate), " ")
	return x.Status == http.StatusUnauthorized && slices.Contains([]string{"basic", "digest", "ntlm", "negotiate"}, scheme)
}

// foreignAnswer is the result for an answer that isn't the rest module's.
func foreignAnswer(f *RouteFacts) Result {
	x := &f.Exchange
	cause, known := causesByKind[x.kind()]
	switch {
	case x.asksPassword():
		return problem(RESTBasicAuth, ServerAdmin)
	case known:
		return problem(cause, ServerAdmin)
	case x.Status >= 500:
		return problem(RESTServerError, ServerAdmin)
	case x.Form == portal.FormBadEncoding: // it may well be the rest module's own answer, which also comes with 403 and 404
		return unknown(UnexpectedAnswer, ServerAdmin)
	case x.Form == portal.FormJSON, x.Form == portal.FormOtherJSON:
		return problem(RESTNotBitrix, ServerAdmin)
	case f.ShowsREST:
		return problem(ErrorsReplaced, ServerAdmin)
	case x.Status == http.StatusForbidden || x.Status == http.StatusNotAcceptable || x.Status == http.StatusRequestEntityTooLarge:
		return problem(RESTBlocked, ServerAdmin)
	case x.Status == http.StatusMethodNotAllowed:
		return problem(RESTMethodRefused, ServerAdmin)
	case x.Status == http.StatusNotFound && f.Admin != nil && f.Admin.notServed():
		return problem(SiteNotServed, ServerAdmin)
	case x.Status == http.StatusOK && x.Form == portal.FormEmpty:
		return problem(RESTModuleMissing, ServerAdmin)
	case x.Status == http.StatusNotFound, x.Speaker == portal.ByProduct: // the portal answers, but not its rest module
		return problem(RESTNotFound, ServerAdmin)
	case x.Status == http.StatusOK:
		return problem(RESTNotBitrix, ServerAdmin)
	default:
		return unknown(UnexpectedAnswer, ServerAdmin)
	}
}

// notServed reports whether the answer is a 404 that the portal didn't make.
func (x *Exchange) notServed() bool {
	return x.Failure == "" && x.Status == http.StatusNotFound && x.Speaker != portal.ByProduct && x.Speaker != portal.ByREST
}
