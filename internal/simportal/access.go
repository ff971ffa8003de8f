package simportal

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"boxready/internal/bitrix"
)

// credentials are an incoming webhook's user and code.
type credentials struct{ user, code string }

// authenticate calls the handlers of the event OnRestCheckAuth in turn: OAuth, webhook,
// session. The first that finds its credentials decides, including the method's scopes.
func (s *Sim) authenticate(c *call, webhook *credentials, scopes []string) *restError {
	if !c.faults.on("token-checker-missing") {
		if token := tokenIn(c.request, c.params); token != "" {
			return s.checkToken(c, token, scopes)
		}
	}
	if webhook == nil && c.params.text("ap") != "" {
		webhook = &credentials{c.params.text("aplogin"), c.params.text("ap")}
	}
	if webhook != nil {
		return s.checkWebhook(c, *webhook, scopes)
	}
	if c.params.text("sessid") != "" || c.request.r.Header.Get("X-Bitrix-Csrf-Token") != "" {
		e := refuse(bitrix.CodeSessionFailed, "Sessid check failed")
		e.extra = []any{"sessid", randomHex(16), "extended_error", bitrix.CodeSessionFailed}
		return e
	}
	return refuse(bitrix.CodeNoAuthFound, "Wrong authorization data")
}

// tokenIn returns the OAuth token of a call.
func tokenIn(h *request, params *array) string {
	if scheme, token, ok := strings.Cut(h.r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		if token = strings.TrimSpace(token); token != "" {
			return token
		}
	}
	if t := params.text("auth"); t != "" {
		return t
	}
	return params.text("access_token")
}

// checkWebhook requires https before it checks the credentials; it calls no other server.
func (s *Sim) checkWebhook(c *call, given credentials, scopes []string) *restError {
	if !c.https {
		return refuse(bitrix.CodeInvalidRequest, "Https required.")
	}
	own := s.account.webhook
	owner := userByID(own.user)
	if given.code != own.code || given.user != owner.ID && given.user != owner.Login || c.faults.on("webhook-rejected") {
		return refuse(bitrix.CodeInvalidCredentials, "Invalid request credentials")
	}
	c.auth = &auth{webhook: true, scope: c.faults.inv.webhookScopes(), user: owner, admin: owner.Admin && c.faults.any("user-not-admin", "user-system") == ""}
	if err := c.authorizeCall(scopes, "webhook token", "REST is available only by subscription."); err != nil {
		return err
	}
	if err, ok := webhookErrors[c.faults.in("webhook")]; ok {
		return &err
	}
	return nil
}

// webhookErrors are what calls with the webhook get although its code is right, by fault.
var webhookErrors = map[string]restError{
	"webhook-user":               {status: http.StatusUnauthorized, code: bitrix.CodeAuthorizationError, text: "Unable to authorize user"},
	"webhook-user-context":       {status: http.StatusUnauthorized, code: bitrix.CodeAccessDenied, text: "Current user can't be authorized in this context"},
	"webhook-user-outside":       {status: http.StatusForbidden, code: "ALLOWED_ONLY_INTRANET_USER", text: "Method allowed only for intranet users"},
	"call-awaits-consent":        {status: http.StatusUnauthorized, code: "METHOD_CONFIRM_WAITING", text: "Waiting for confirmation"},
	"call-awaits-consent-denied": {status: http.StatusForbidden, code: "METHOD_CONFIRM_DENIED", text: "Method call denied"},
	"disk-full-webhook":          {status: http.StatusUnauthorized, code: bitrix.CodeOAuth, text: diskFull},
	"webhook-refused-with-code":  {status: http.StatusUnauthorized, code: "ERROR_OF_A_LATER_VERSION", text: "An error that came after this program"},
}

// authorizeCall checks scope, manual block and licence after the credentials were accepted.
func (c *call) authorizeCall(scopes []string, of, noPlan string) *restError {
	if !c.auth.may(scopes) {
		return refuse(bitrix.CodeInsufficientScope, "The request requires higher privileges than provided by the "+of)
	}
	if c.faults.on("overloaded") {
		return refuse(bitrix.CodeOverloadLimit, "REST API is blocked due to overload.")
	}
	switch c.faults.any("rest-not-in-plan", "subscription-ended", "licence-blocked") {
	case "rest-not-in-plan":
		return refuse(bitrix.CodeAccessDenied, noPlan)
	case "subscription-ended":
		return refuse(bitrix.CodePaymentRequired, "Subscription has been ended")
	case "licence-blocked":
		return refuse(bitrix.CodeLicenseScanner, "Portal is blocked by the license scanner.")
	}
	return nil
}

// ownAddress returns scheme and host of the request, as the portal sees them.
func ownAddress(h *request) string {
	scheme := "http"
	if h.tls && !h.faults.on("https-not-seen") {
		scheme = "https"
	}
	host := strings.TrimSuffix(strings.TrimSuffix(h.r.Host, ":443"), ":80")
	return scheme + "://" + host
}

// callResult is the result of the portal's call to the authorization server.
type callResult int

const (
	callOK callResult = iota
	callFailed
	callNotJSON // an answer that isn't JSON
)

// Methods of the authorization server that a portal calls.
const (
	methodCheck = "rest.check"
	methodEvent = "rest.event.call"
)

// callAuthServer makes the portal's call; limit is the portal's timeout.
func (s *Sim) callAuthServer(ctx context.Context, f *faultSet, method string, limit time.Duration) callResult {
	switch f.any("auth-server-unreachable", "auth-server-unreachable-slow", "auth-server-html", "auth-server-failed") {
	case "auth-server-unreachable":
		return callFailed
	case "auth-server-unreachable-slow":
		s.wait(ctx, limit)
		return callFailed
	case "auth-server-html", "auth-server-failed":
		return callNotJSON
	}
	if s.opt.Egress != nil {
		return s.callOverNetwork(ctx, method, limit)
	}
	return callOK
}

// callOverNetwork calls the authorization server over the network. Of the answer only counts whether it is JSON.
func (s *Sim) callOverNetwork(ctx context.Context, method string, limit time.Duration) callResult {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, bitrix.AuthServer(s.region)+"/rest/"+method, nil)
	if err != nil {
		return callFailed
	}
	answer, err := s.opt.Egress.RoundTrip(request)
	if err != nil {
		return callFailed
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, bodyReadLimit))
	switch {
	case err != nil:
		return callFailed
	case !json.Valid(body):
		return callNotJSON
	}
	return callOK
}

// checkToken is the portal's check of OAuth tokens: cache, authorization server, then its own
// data on application, expiry, scope, licence and user.
func (s *Sim) checkToken(c *call, name string, scopes []string) *restError {
	a := s.account
	now := s.portalNow(c.faults)
	v, cached := a.cached(name, now)
	if !cached {
		if c.faults.on("portal-not-registered") {
			return badRequest(bitrix.CodeCore, "No client credentials")
		}
		switch c.faults.any("disk-full", "disk-full-english") {
		case "disk-full":
			return refuse(bitrix.CodeOAuth, diskFull)
		case "disk-full-english":
			return refuse(bitrix.CodeOAuth, "Disk quota exceeded.")
		}
		address := ownAddress(c.request)
		s.report(address)
		if s.callAuthServer(c.request.r.Context(), c.faults, methodCheck, s.opt.AuthServerTimeout) != callOK {
			return refuse(bitrix.CodeConnectionError, "Error connecting to authorization server")
		}
		v = s.restCheck(c.faults, name, address)
		v.at = now
		a.cacheVerdict(name, v)
	}
	switch {
	case v.err != nil:
		return v.err
	case c.faults.any("app-missing", "app-inactive") != "":
		return refuse(bitrix.CodeApplicationNotFound, "Application not found")
	case !now.Before(v.expires):
		return refuse(bitrix.CodeExpiredToken, "The access token provided has expired")
	}
	c.auth = &auth{
		clientID: a.clientID, scope: c.faults.inv.granted, user: v.user, admin: v.user.Admin && c.faults.any("user-not-admin", "user-system") == "", connector: c.text("auth_connector"),
	}
	if err := c.authorizeCall(scopes, "access token", "REST is available only on commercial plans."); err != nil {
		return err
	}
	switch {
	case c.faults.on("user-inactive") || !v.user.Active:
		return refuse(bitrix.CodeAuthorizationError, "Unable to authorize user")
	case c.faults.on("user-never-logged-in"):
		return refuse(bitrix.CodeAccessDenied, "Current user can't be authorized in this context")
	case c.faults.on("user-no-access") || !v.user.App:
		return refuse(bitrix.CodeUserAccessError, "The user does not have access to the application.")
	}
	return nil
}
