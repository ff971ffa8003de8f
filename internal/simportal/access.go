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

// authenticate asks the checkers of the event OnRestCheckAuth in turn: OAuth, webhook,
// session. The one whose credentials it finds decides, the method's scopes included.
func (s *Sim) authenticate(c *call, webhook *credentials, scopes []string) *restError {
	if !c.f.on("token-checker-missing") {
		if token := tokenIn(c.hit, c.params); token != "" {
			return s.checkToken(c, token, scopes)
		}
	}
	if webhook == nil && c.params.text("ap") != "" {
		webhook = &credentials{c.params.text("aplogin"), c.params.text("ap")}
	}
	if webhook != nil {
		return s.checkWebhook(c, *webhook, scopes)
	}
	if c.params.text("sessid") != "" || c.hit.r.Header.Get("X-Bitrix-Csrf-Token") != "" {
		e := refuse(bitrix.CodeSessionFailed, "Sessid check failed")
		e.extra = []any{"sessid", randomHex(16), "extended_error", bitrix.CodeSessionFailed}
		return e
	}
	return refuse(bitrix.CodeNoAuthFound, "Wrong authorization data")
}

// tokenIn is the OAuth token of a call.
func tokenIn(h *hit, params *array) string {
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

// checkWebhook asks for https before it looks at the credentials; all of it happens on the portal.
func (s *Sim) checkWebhook(c *call, given credentials, scopes []string) *restError {
	if !c.https {
		return refuse(bitrix.CodeInvalidRequest, "Https required.")
	}
	own := s.account.webhook
	owner := userByID(own.user)
	if given.code != own.code || given.user != owner.ID && given.user != owner.Login || c.f.on("webhook-rejected") {
		return refuse(bitrix.CodeInvalidCredentials, "Invalid request credentials")
	}
	c.auth = &auth{webhook: true, scope: c.f.inv.webhookScopes(), user: owner, admin: owner.Admin && !c.f.on("user-not-admin")}
	switch err := c.admit(scopes, "webhook token", "REST is available only by subscription."); {
	case err != nil:
		return err
	case c.f.on("webhook-user"):
		return refuse(bitrix.CodeAuthorizationError, "Unable to authorize user")
	}
	return nil
}

// admit is what stands between good credentials and their user: scope, a hold by hand, licence.
func (c *call) admit(scopes []string, of, noPlan string) *restError {
	if !c.auth.may(scopes) {
		return refuse(bitrix.CodeInsufficientScope, "The request requires higher privileges than provided by the "+of)
	}
	if c.f.on("overloaded") {
		return refuse(bitrix.CodeOverloadLimit, "REST API is blocked due to overload.")
	}
	switch c.f.any("rest-not-in-plan", "subscription-ended", "licence-blocked") {
	case "rest-not-in-plan":
		return refuse(bitrix.CodeAccessDenied, noPlan)
	case "subscription-ended":
		return refuse(bitrix.CodePaymentRequired, "Subscription has been ended")
	case "licence-blocked":
		return refuse(bitrix.CodeLicenseScanner, "Portal is blocked by the license scanner.")
	}
	return nil
}

// ownAddress is scheme and host of the hit, as the portal sees them.
func ownAddress(h *hit) string {
	scheme := "http"
	if h.tls && !h.f.on("https-not-seen") {
		scheme = "https"
	}
	host := strings.TrimSuffix(strings.TrimSuffix(h.r.Host, ":443"), ":80")
	return scheme + "://" + host
}

// line is how the portal's call to the authorization server went.
type line int

const (
	lineUp line = iota
	lineDown
	lineGarbage // something answered, and not in JSON
)

// Methods of the authorization server that a portal calls.
const (
	methodCheck = "rest.check"
	methodEvent = "rest.event.call"
)

// callAuthServer is the portal's side of a call; limit is how long it waits for silence.
func (s *Sim) callAuthServer(ctx context.Context, f *faultSet, method string, limit time.Duration) line {
	switch f.any("auth-server-unreachable", "auth-server-unreachable-slow", "auth-server-html") {
	case "auth-server-unreachable":
		return lineDown
	case "auth-server-unreachable-slow":
		s.wait(ctx, limit)
		return lineDown
	case "auth-server-html":
		return lineGarbage
	}
	if s.opt.Egress != nil {
		return s.reallyCall(ctx, method, limit)
	}
	return lineUp
}

// reallyCall asks the authorization server over the network. That it answered in JSON is all that is taken from the answer.
func (s *Sim) reallyCall(ctx context.Context, method string, limit time.Duration) line {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, bitrix.AuthServer(s.region)+"/rest/"+method, nil)
	if err != nil {
		return lineDown
	}
	answer, err := s.opt.Egress.RoundTrip(request)
	if err != nil {
		return lineDown
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, bodyReadLimit))
	switch {
	case err != nil:
		return lineDown
	case !json.Valid(body):
		return lineGarbage
	}
	return lineUp
}

// checkToken is the portal's OAuth checker: cache, authorization server, then its own
// view of application, age, scope, licence and user.
func (s *Sim) checkToken(c *call, name string, scopes []string) *restError {
	a := s.account
	now := s.portalNow(c.f)
	v, cached := a.cached(name, now)
	if !cached {
		if c.f.on("portal-not-registered") {
			return badRequest(bitrix.CodeCore, "No client credentials")
		}
		address := ownAddress(c.hit)
		s.report(address)
		if s.callAuthServer(c.hit.r.Context(), c.f, methodCheck, s.opt.Blackhole) != lineUp {
			return refuse(bitrix.CodeConnectionError, "Error connecting to authorization server")
		}
		v = s.restCheck(c.f, name, address)
		v.at = now
		a.remember(name, v)
	}
	switch {
	case v.err != nil:
		return v.err
	case c.f.any("app-missing", "app-inactive") != "":
		return refuse(bitrix.CodeApplicationNotFound, "Application not found")
	case !now.Before(v.expires):
		return refuse(bitrix.CodeExpiredToken, "The access token provided has expired")
	}
	c.auth = &auth{
		clientID: a.clientID, scope: c.f.inv.granted, user: v.user, admin: v.user.Admin && !c.f.on("user-not-admin"), connector: c.text("auth_connector"),
	}
	if err := c.admit(scopes, "access token", "REST is available only on commercial plans."); err != nil {
		return err
	}
	switch {
	case c.f.on("user-inactive") || !v.user.Active:
		return refuse(bitrix.CodeAuthorizationError, "Unable to authorize user")
	case c.f.on("user-never-logged-in"):
		return refuse(bitrix.CodeAccessDenied, "Current user can't be authorized in this context")
	case c.f.on("user-no-access") || !v.user.App:
		return refuse(bitrix.CodeUserAccessError, "The user does not have access to the application.")
	}
	return nil
}
