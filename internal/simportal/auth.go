package simportal

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"boxready/internal/bitrix"
)

func licenceError() *restError {
	return refuse(bitrix.CodeVerificationNeeded, "License check failed.")
}

// restCheck is the authorization server's rest.check. It stores the reported address before it looks at the token.
func (s *Sim) restCheck(f *faultSet, name, address string) verdict {
	if err := s.checkPortal(f, address); err != nil {
		return verdict{err: err}
	}
	a := s.account
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.tokens[name]
	err := t.refusal(s.authNow(f))
	switch {
	case err != nil:
		return verdict{err: err}
	case f.on("app-not-on-auth-server"):
		return verdict{err: refuse(bitrix.CodeOAuth, "Application not installed")}
	case f.any("app-payment-required", "app-unpaid") != "":
		return verdict{err: refuse(bitrix.CodePaymentRequired, "Payment required")}
	}
	return verdict{user: t.user, expires: t.expires}
}

// checkPortal is the authorization server's first step when a portal calls: it checks the portal's
// credentials and licence and stores its address.
func (s *Sim) checkPortal(f *faultSet, address string) *restError {
	switch f.any("portal-credentials-refused", "licence-rejected") {
	case "portal-credentials-refused":
		return refuse(bitrix.CodeInvalidClient, "Invalid client credentials.")
	case "licence-rejected":
		return licenceError()
	}
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	s.account.address = address
	return nil
}

func (t *token) refusal(now time.Time) *restError {
	switch {
	case t == nil:
		return refuse(bitrix.CodeInvalidToken, "Unable to get application by token")
	case t.revoked:
		return refuse(bitrix.CodeOAuth, "Application not installed")
	case !now.Before(t.expires):
		return refuse(bitrix.CodeExpiredToken, "The access token provided has expired.")
	}
	return nil
}

func (s *Sim) authNow(f *faultSet) time.Time {
	if f.on("self-clock") {
		return s.clock().Add(20 * time.Minute)
	}
	return s.clock()
}

// authServer is the authorization server of a region, as applications reach it.
func (s *Sim) authServer(r bitrix.Region) func(*request) {
	return func(h *request) {
		h.w.Header().Set("Date", httpDate(s.authNow(h.faults)))
		if h.faults.any("no-auth-date", "clock-wrong-unproved") != "" {
			h.w.Header()["Date"] = nil
		}
		if h.faults.on("auth-server-failed") {
			h.page(http.StatusServiceUnavailable, nginxPage("503 Service Temporarily Unavailable", ""))
			return
		}
		status, answer := http.StatusNotFound, errorMethodNotFound().array()
		switch path := h.r.URL.Path; {
		case path == "/oauth/token/" || path == "/oauth/token":
			params := phpParams(h)
			if h.faults.on("token-query-only") {
				params = parseQuery(h.r.URL.RawQuery)
			}
			if h.faults.on("token-server-error") && params.text("grant_type") != "" {
				h.page(http.StatusBadGateway, nginxPage("502 Bad Gateway", ""))
				return
			}
			status, answer = s.issue(h.faults, r, params)
		case strings.TrimSuffix(path, ".json") == "/rest/app.info":
			status, answer = s.authServerAppInfo(h, r)
		case !strings.HasPrefix(path, "/rest/"):
			h.page(http.StatusNotFound, nginxPage("404 Not Found", ""))
			return
		}
		h.send(status, "application/json; charset=utf-8", encodeJSON(answer))
	}
}

// tokenErrors are the token endpoint's errors for a known application, by fault.
var tokenErrors = map[string]restError{
	"grant-invalid":             {status: http.StatusBadRequest, code: bitrix.CodeInvalidGrant},
	"client-invalid":            {status: http.StatusBadRequest, code: bitrix.CodeInvalidClient, text: "Invalid client credentials."},
	"sign-in-expired":           {status: http.StatusUnauthorized, code: bitrix.CodeExpiredToken, text: "The refresh token provided has expired."},
	"app-payment-required":      {status: http.StatusUnauthorized, code: bitrix.CodePaymentRequired, text: "Payment required"},
	"app-unknown":               {status: http.StatusOK, code: "wrong_client"},
	"token-not-installed":       {status: http.StatusUnauthorized, code: bitrix.CodeNotInstalled, text: "Application not installed"},
	"token-unauthorized-client": {status: http.StatusBadRequest, code: "unauthorized_client"},
	"token-invalid-scope":       {status: http.StatusForbidden, code: bitrix.CodeInvalidScope, text: "Given scope exceeds permissions associated with given grant"},
	"token-limit":               {status: http.StatusServiceUnavailable, code: bitrix.CodeQueryLimitExceeded, text: "Too many requests"},
	"token-invalid-request":     {status: http.StatusBadRequest, code: "invalid_request"},
	"token-unsupported-grant":   {status: http.StatusBadRequest, code: "unsupported_grant_type"},
}

// issue is the token endpoint (https://apidocs.bitrix24.com/settings/oauth/index.html). An unknown client is answered with status 200.
func (s *Sim) issue(f *faultSet, r bitrix.Region, p *array) (int, *array) {
	fail := func(status int, code, text string) (int, *array) {
		a := assoc("error", code)
		if text != "" {
			a.set("error_description", text)
		}
		return status, a
	}
	grantType, client := p.text("grant_type"), p.text("client_id")
	said, faulty := tokenErrors[f.in("token")]
	switch {
	case grantType == "" || client == "":
		return fail(http.StatusBadRequest, "invalid_request", "Required parameter is missing or invalid")
	case grantType != "authorization_code" && grantType != "refresh_token":
		return fail(http.StatusBadRequest, "unsupported_grant_type", "")
	case r != s.region || client != s.account.clientID:
		return fail(http.StatusOK, "wrong_client", "")
	case p.text("client_secret") != s.account.clientSecret:
		return fail(http.StatusBadRequest, bitrix.CodeInvalidClient, "Invalid client credentials.")
	case faulty:
		return fail(said.status, said.code, said.text)
	}
	a, now := s.account, s.authNow(f)
	kind, life, late := a.refresh, refreshLife, "The refresh token provided has expired."
	name := p.text("refresh_token")
	if grantType == "authorization_code" {
		kind, life, late = a.codes, codeLife, "The authorization token provided has expired."
		name = p.text("code")
	}
	given, ok := a.redeem(kind, name)
	switch {
	case !ok:
		return fail(http.StatusBadRequest, bitrix.CodeInvalidGrant, "")
	case now.Sub(given.issued) > life:
		return fail(http.StatusUnauthorized, bitrix.CodeExpiredToken, late)
	}
	expires := now.Add(tokenLife)
	access := s.newToken(&token{user: given.user, expires: expires, fresh: true})
	user, _ := strconv.Atoi(given.user.ID)
	return http.StatusOK, assoc("access_token", access, "refresh_token", a.issue(a.refresh, grant{given.user, now}), "expires", expires.Unix(), "expires_in", int(tokenLife/time.Second),
		"scope", strings.Join(f.inv.granted, ","), "domain", hostOf(bitrix.AuthServer(r)), "server_endpoint", bitrix.AuthServer(r)+"/rest/",
		"client_endpoint", s.RegisteredAddress()+"/rest/", "member_id", a.memberID, "status", "L", "user_id", user)
}

// authServerAppInfo is the authorization server's own app.info: its records about the portal.
func (s *Sim) authServerAppInfo(h *request, r bitrix.Region) (int, *array) {
	name := tokenIn(h, phpParams(h))
	if name == "" {
		return http.StatusUnauthorized, refuse(bitrix.CodeNoAuthFound, "Wrong authorization data").array()
	}
	a := s.account
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.tokens[name]
	if r != s.region {
		t = nil
	}
	if err := t.refusal(s.authNow(h.faults)); err != nil {
		return err.status, err.array()
	}
	scope := strings.Join(h.faults.inv.granted, ",")
	return http.StatusOK, assoc("result", assoc("client_id", a.clientID, "scope", scope, "expires", t.expires.Unix(),
		"install", assoc("installed", true, "version", "1", "status", "L", "scope", scope, "domain", hostOf(a.address), "uri", a.address,
			"client_endpoint", a.address+"/rest/", "member_id", a.memberID, "member_type", "B")))
}

// tokenProxy is the portal's page /oauth/token/, which asks the authorization server
// with the caller's parameters and relays the answer.
func (s *Sim) tokenProxy(h *request) {
	if h.faults.on("token-page-other") {
		h.send(http.StatusNotFound, typeJSON, []byte(`{"error":"Not found"}`))
		return
	}
	h.poweredByBitrix()
	if h.faults.inv.absent["intranet"] || h.faults.on("needs-deep") {
		h.page(http.StatusNotFound, notFoundPage)
		return
	}
	if h.faults.on("token-proxy-broken") {
		h.send(http.StatusOK, typeHTML, nil)
		return
	}
	switch s.callAuthServer(h.r.Context(), h.faults, methodCheck, s.opt.AuthServerTimeout*2/3) { // this page waits 10 s, the rest module 15 s
	case callFailed:
		h.send(http.StatusOK, typeHTML, nil)
	case callNotJSON:
		h.send(http.StatusOK, typeHTML, []byte(otherProductPage))
	default:
		status, answer := s.issue(h.faults, s.region, phpParams(h))
		if answer.get("domain") != nil {
			answer.set("domain", h.r.Host)
		}
		h.send(status, "application/json; charset=utf-8", encodeJSON(answer))
	}
}
