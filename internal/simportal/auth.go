package simportal

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"boxready/internal/bitrix"
)

const (
	tokenLife = time.Hour        // of an access token, and of a verdict in the portal's cache
	codeLife  = 30 * time.Second // of an authorization code
)

func randomHex(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

// token is an access token as the authorization server keeps it.
type token struct {
	expires time.Time
	revoked bool
	fresh   bool // issued by a refresh, so no portal can have an old verdict on it
}

// verdict is what rest.check said of a token.
type verdict struct {
	err      *restError
	clientID string
	expires  time.Time
	at       time.Time
}

// account is what the authorization server and the portal know: the demo application, its tokens, its event handlers.
type account struct {
	clientID, clientSecret, memberID string
	webhook                          credentials

	mu       sync.Mutex
	tokens   map[string]*token
	refresh  map[string]bool
	codes    map[string]time.Time // authorization codes and when they were made
	cache    map[string]verdict   // on the portal
	address  string               // the portal's, as the authorization server holds it
	handlers []handler
}

func newAccount(s *Sim) *account {
	return &account{
		clientID: "local." + randomHex(7) + ".12345678", clientSecret: randomHex(25), memberID: randomHex(16),
		webhook: credentials{userID, randomHex(8)},
		tokens:  map[string]*token{}, refresh: map[string]bool{}, codes: map[string]time.Time{}, cache: map[string]verdict{},
		address: "https://" + s.opt.Host,
	}
}

// poison puts a refused licence into the portal's cache for every token of before.
func (a *account) poison(now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for name, t := range a.tokens {
		if !t.fresh {
			a.cache[name] = verdict{err: licenceError(), at: now}
		}
	}
}

func (a *account) bind(h handler) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if slices.Contains(a.handlers, h) {
		return false
	}
	a.handlers = append(a.handlers, h)
	return true
}

func (a *account) bound() []handler {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.handlers)
}

func (a *account) unbind(h handler) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	before := len(a.handlers)
	a.handlers = slices.DeleteFunc(a.handlers, func(g handler) bool {
		return g.event == h.event && g.offline == h.offline && g.connector == h.connector && (h.url == "" || g.url == h.url)
	})
	return before - len(a.handlers)
}

// Kinds of tokens that IssueToken makes.
const (
	TokenValid   = "valid"
	TokenExpired = "expired" // an hour too old
	TokenRevoked = "revoked" // its application was removed at the authorization server
)

// IssueToken makes an access token of the demo application; "" for an unknown kind.
func (s *Sim) IssueToken(kind string) string {
	t := &token{expires: s.clock().Add(tokenLife)}
	switch kind {
	case TokenValid:
	case TokenExpired:
		t.expires = s.clock().Add(-tokenLife)
	case TokenRevoked:
		t.revoked = true
	default:
		return ""
	}
	return s.newToken(t)
}

func (s *Sim) newToken(t *token) string {
	name := randomHex(35)
	a := s.account
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tokens[name] = t
	if s.set.Load().on("cached-error") && !t.fresh {
		a.cache[name] = verdict{err: licenceError(), at: s.clock()}
	}
	return name
}

// Grant is what an application holds after its user signed in.
type Grant struct {
	ClientID, ClientSecret, MemberID string
	AccessToken, RefreshToken        string
	Expires                          time.Time
	Scope                            []string
	Domain                           string // the portal's name
	ServerEndpoint, ClientEndpoint   string // end in /rest/
	UserID                           string
}

// IssueGrant is IssueToken with everything that an application gets along with the token.
func (s *Sim) IssueGrant(kind string) Grant {
	g := Grant{
		ClientID: s.account.clientID, ClientSecret: s.account.clientSecret, MemberID: s.account.memberID,
		AccessToken: s.IssueToken(kind), RefreshToken: s.newRefresh(), Scope: appScope(), Domain: s.opt.Host,
		ServerEndpoint: bitrix.AuthServer(s.region) + "/rest/", ClientEndpoint: s.heldAddress() + "/rest/", UserID: userID,
	}
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	if t := s.account.tokens[g.AccessToken]; t != nil {
		g.Expires = t.expires
	}
	return g
}

func (s *Sim) newRefresh() string {
	name := randomHex(35)
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	s.account.refresh[name] = true
	return name
}

func (s *Sim) heldAddress() string {
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	return s.account.address
}

// Webhook is the URL of a working incoming webhook; it ends in a slash.
func (s *Sim) Webhook() string {
	return "https://" + s.opt.Host + "/rest/" + s.account.webhook.user + "/" + s.account.webhook.code + "/"
}

// ReportedAddresses are the addresses under which the portal introduced itself, or
// would have, to the authorization server, in order. A portal reports whatever host a
// call came in by, and the server may store it.
func (s *Sim) ReportedAddresses() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.reported)
}

func (s *Sim) report(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reported = append(s.reported, address)
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

// callAuthServer is the portal's side of a call; limit is how long it waits for silence.
func (s *Sim) callAuthServer(ctx context.Context, f *faultSet, limit time.Duration) line {
	switch f.any("auth-server-unreachable", "auth-server-unreachable-slow", "auth-server-html") {
	case "auth-server-unreachable":
		return lineDown
	case "auth-server-unreachable-slow":
		s.wait(ctx, limit)
		return lineDown
	case "auth-server-html":
		return lineGarbage
	}
	return lineUp
}

func licenceError() *restError {
	return refuse(bitrix.CodeVerificationNeeded, "License check failed.")
}

// checkToken is the portal's OAuth checker: cache, authorization server, then its own
// view of application and user.
func (s *Sim) checkToken(c *call, name string) (*auth, *restError) {
	a := s.account
	now := s.portalNow(c.f)
	a.mu.Lock()
	v, cached := a.cache[name]
	a.mu.Unlock()
	if !cached || now.Sub(v.at) >= tokenLife {
		if c.f.on("portal-not-registered") {
			return nil, &restError{status: http.StatusBadRequest, code: bitrix.CodeCore, text: "No client credentials"}
		}
		address := ownAddress(c.hit)
		s.report(address)
		if s.callAuthServer(c.hit.r.Context(), c.f, s.opt.Blackhole) != lineUp {
			return nil, refuse(bitrix.CodeConnectionError, "Error connecting to authorization server")
		}
		v = s.restCheck(c.f, name, address)
		v.at = now
		a.mu.Lock()
		a.cache[name] = v
		a.mu.Unlock()
	}
	switch {
	case v.err != nil:
		return nil, v.err
	case !now.Before(v.expires):
		return nil, refuse(bitrix.CodeExpiredToken, "The access token provided has expired")
	}
	switch c.f.in("portal") {
	case "app-missing", "app-inactive":
		return nil, refuse(bitrix.CodeApplicationNotFound, "Application not found")
	case "user-inactive":
		return nil, refuse(bitrix.CodeAuthorizationError, "Unable to authorize user")
	case "user-never-logged-in":
		return nil, refuse(bitrix.CodeAccessDenied, "Current user can't be authorized in this context")
	case "user-no-access":
		return nil, refuse(bitrix.CodeUserAccessError, "The user does not have access to the application.")
	}
	return &auth{clientID: v.clientID, scope: appScope(), userID: userID, admin: true}, nil
}

// restCheck is the authorization server's rest.check. It believes the address it is told before it looks at the token.
func (s *Sim) restCheck(f *faultSet, name, address string) verdict {
	switch f.any("portal-credentials-refused", "licence-rejected") {
	case "portal-credentials-refused":
		return verdict{err: refuse(bitrix.CodeInvalidClient, "Invalid client credentials.")}
	case "licence-rejected":
		return verdict{err: licenceError()}
	}
	a := s.account
	a.mu.Lock()
	defer a.mu.Unlock()
	a.address = address
	t := a.tokens[name]
	if err := t.refusal(s.authNow(f)); err != nil {
		return verdict{err: err}
	}
	return verdict{clientID: a.clientID, expires: t.expires}
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
func (s *Sim) authServer(r bitrix.Region) func(*hit) {
	return func(h *hit) {
		h.w.Header().Set("Date", httpDate(s.authNow(h.f)))
		if h.f.any("no-auth-date", "clock-wrong-unproved") != "" {
			h.w.Header()["Date"] = nil
		}
		status, answer := http.StatusNotFound, errorMethodNotFound().array()
		switch path := h.r.URL.Path; {
		case path == "/oauth/token/" || path == "/oauth/token":
			status, answer = s.issue(h.f, r, phpParams(h))
		case strings.TrimSuffix(path, ".json") == "/rest/app.info":
			status, answer = s.heldInfo(h, r)
		case !strings.HasPrefix(path, "/rest/"):
			h.page(http.StatusNotFound, nginxPage("404 Not Found", ""))
			return
		}
		h.send(status, "application/json; charset=utf-8", encodeJSON(answer))
	}
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
	grant, client := p.text("grant_type"), p.text("client_id")
	switch {
	case grant == "" || client == "":
		return fail(http.StatusBadRequest, "invalid_request", "Required parameter is missing or invalid")
	case grant != "authorization_code" && grant != "refresh_token":
		return fail(http.StatusBadRequest, "unsupported_grant_type", "")
	case r != s.region || client != s.account.clientID:
		return fail(http.StatusOK, "wrong_client", "")
	case p.text("client_secret") != s.account.clientSecret:
		return fail(http.StatusBadRequest, bitrix.CodeInvalidClient, "Invalid client credentials.")
	}
	now := s.authNow(f)
	a := s.account
	a.mu.Lock()
	switch grant {
	case "authorization_code":
		made, ok := a.codes[p.text("code")]
		delete(a.codes, p.text("code"))
		if !ok || now.Sub(made) > codeLife {
			a.mu.Unlock()
			if ok {
				return fail(http.StatusUnauthorized, bitrix.CodeExpiredToken, "The authorization token provided has expired.")
			}
			return fail(http.StatusBadRequest, bitrix.CodeInvalidGrant, "")
		}
	default:
		if !a.refresh[p.text("refresh_token")] {
			a.mu.Unlock()
			return fail(http.StatusBadRequest, bitrix.CodeInvalidGrant, "")
		}
		delete(a.refresh, p.text("refresh_token"))
	}
	a.mu.Unlock()
	expires := now.Add(tokenLife)
	access := s.newToken(&token{expires: expires, fresh: true})
	user, _ := strconv.Atoi(userID)
	return http.StatusOK, assoc("access_token", access, "refresh_token", s.newRefresh(), "expires", expires.Unix(), "expires_in", int(tokenLife/time.Second),
		"scope", strings.Join(appScope(), ","), "domain", hostOf(bitrix.AuthServer(r)), "server_endpoint", bitrix.AuthServer(r)+"/rest/",
		"client_endpoint", s.heldAddress()+"/rest/", "member_id", a.memberID, "status", "L", "user_id", user)
}

// heldInfo is the authorization server's own app.info: what it holds about the portal.
func (s *Sim) heldInfo(h *hit, r bitrix.Region) (int, *array) {
	c := &call{hit: h, f: h.f, params: phpParams(h)}
	name := s.tokenIn(c)
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
	if err := t.refusal(s.authNow(h.f)); err != nil {
		return err.status, err.array()
	}
	scope := strings.Join(appScope(), ",")
	return http.StatusOK, assoc("result", assoc("client_id", a.clientID, "scope", scope, "expires", t.expires.Unix(),
		"install", assoc("installed", true, "version", "1", "status", "L", "scope", scope, "domain", hostOf(a.address), "uri", a.address,
			"client_endpoint", a.address+"/rest/", "member_id", a.memberID, "member_type", "B")))
}

// tokenProxy is the portal's page /oauth/token/, which asks the authorization server
// with the caller's parameters and relays the answer.
func (s *Sim) tokenProxy(h *hit) {
	h.poweredByBitrix()
	if h.f.any("intranet-absent", "needs-deep") != "" {
		h.page(http.StatusNotFound, notFoundPage)
		return
	}
	const html = "text/html; charset=UTF-8"
	if h.f.on("token-proxy-broken") {
		h.send(http.StatusOK, html, nil)
		return
	}
	switch s.callAuthServer(h.r.Context(), h.f, s.opt.Blackhole*2/3) { // this page waits 10 s, calls of the rest module 15
	case lineDown:
		h.send(http.StatusOK, html, nil)
	case lineGarbage:
		h.send(http.StatusOK, html, []byte(otherProductPage))
	default:
		status, answer := s.issue(h.f, s.region, phpParams(h))
		if answer.get("domain") != nil {
			answer.set("domain", h.r.Host)
		}
		h.send(status, "application/json; charset=utf-8", encodeJSON(answer))
	}
}

// authorize is the portal's page /oauth/authorize/ for a user who is signed in
// (https://apidocs.bitrix24.com/settings/oauth/index.html).
func (s *Sim) authorize(h *hit) {
	if h.f.on("intranet-absent") {
		h.portalPage(http.StatusNotFound, notFoundPage)
		return
	}
	const notFound = "<!DOCTYPE html><html><body><p>Application was not found.</p></body></html>\n"
	p := parseQuery(h.r.URL.RawQuery)
	client := p.text("client_id")
	fault := h.f.in("authorize")
	known := client == s.account.clientID && h.f.any("app-missing", "app-inactive") == ""
	switch {
	case client == "":
		h.portalPage(http.StatusOK, notFound)
		return
	case fault == "authorize-login" && known:
		h.portalPage(http.StatusOK, strings.Replace(loginForm, "<form", "<p>Please log in to use the application.</p>\n<form", 1))
		return
	case fault == "authorize-login":
		h.portalPage(http.StatusOK, notFound)
		return
	case h.f.on("portal-not-registered"):
		h.portalPage(http.StatusInternalServerError, "<!DOCTYPE html><html><body><p>No client credentials</p></body></html>\n")
		return
	}
	s.report(ownAddress(h))
	box := func(code string) {
		h.portalPage(http.StatusOK, "<!DOCTYPE html><html><body><p>Application ID</p><h1>"+code+"</h1></body></html>\n")
	}
	oauthError := func(text string) {
		h.portalPage(http.StatusOK, "<!DOCTYPE html><html><body><p>"+text+"</p></body></html>\n")
	}
	if fault == "authorize-empty-box" || s.callAuthServer(h.r.Context(), h.f, s.opt.Blackhole) != lineUp {
		box("")
		return
	}
	switch {
	case fault == "authorize-error":
		oauthError("ERROR_OAUTH: Application not installed")
		return
	case h.f.on("licence-rejected"):
		oauthError("verification_needed: License check failed.")
		return
	case client != s.account.clientID:
		oauthError("WRONG_APPLICATION_CLIENT: Unable to get application data")
		return
	}
	code := randomHex(20)
	s.account.mu.Lock()
	s.account.codes[code] = s.authNow(h.f)
	s.account.address = ownAddress(h)
	s.account.mu.Unlock()
	if fault == "authorize-code-box" {
		box(code)
		return
	}
	values := url.Values{
		"code": {code}, "domain": {h.r.Host}, "member_id": {s.account.memberID}, "scope": {strings.Join(appScope(), ",")},
		"server_domain": {hostOf(bitrix.AuthServer(s.region))},
	}
	if state := p.text("state"); state != "" {
		values.Set("state", state)
	}
	joint := "?"
	if strings.Contains(s.opt.RedirectURI, "?") {
		joint = "&"
	}
	h.w.Header().Set("Location", s.opt.RedirectURI+joint+values.Encode())
	h.portalPage(http.StatusFound, "")
}
