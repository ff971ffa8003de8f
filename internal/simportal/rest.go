package simportal

import (
	"net/http"
	"strings"
	"time"

	"boxready/internal/bitrix"
)

// restError is an error answer of the rest module.
type restError struct {
	status     int
	code, text string
	extra      []any // further key, value, …
}

func (e *restError) array() *array {
	a := assoc("error", e.code, "error_description", e.text)
	a.merge(assoc(e.extra...))
	return a
}

func refuse(code, text string) *restError {
	return &restError{status: http.StatusUnauthorized, code: code, text: text}
}

func errorMethodNotFound() *restError {
	return &restError{status: http.StatusNotFound, code: bitrix.CodeMethodNotFound, text: "Method not found!"}
}

// cloudStatus is the status that Bitrix24's documentation gives for a code
// (https://apidocs.bitrix24.com/error-codes.html); a box says 401 for most of them.
func cloudStatus(e *restError) int {
	switch e.code {
	case bitrix.CodeInvalidRequest:
		return http.StatusBadRequest
	case bitrix.CodeInsufficientScope, bitrix.CodeUserAccessError, bitrix.CodeAccessDenied, bitrix.CodeInvalidCredentials:
		return http.StatusForbidden
	case bitrix.CodeOverloadLimit:
		return http.StatusServiceUnavailable
	case bitrix.CodePortalDeleted:
		return http.StatusInternalServerError
	}
	return e.status
}

// call is one REST call under way.
type call struct {
	hit     *hit
	f       *faultSet
	https   bool
	params  *array
	auth    *auth
	started time.Time
	batch   bool // inside batch
}

// auth is who calls.
type auth struct {
	webhook  bool
	clientID string
	scope    []string
	userID   string
	admin    bool
}

func (a *auth) may(scope string) bool {
	if scope == "" {
		return true
	}
	for alternative := range strings.SplitSeq(scope, "|") {
		for _, s := range a.scope {
			if s == alternative {
				return true
			}
		}
	}
	return false
}

// portalNow is the portal's clock.
func (s *Sim) portalNow(f *faultSet) time.Time {
	now := s.clock()
	switch f.in("clock") {
	case "clock-off":
		return now.Add(3 * time.Minute)
	case "clock-wrong", "clock-wrong-unproved", "self-clock":
		return now.Add(20 * time.Minute)
	case "clock-wrong-slow":
		return now.Add(-20 * time.Minute)
	}
	return now
}

// version is the rest module's, older where a fault says so.
func (s *Sim) version(f *faultSet) version {
	if f.on("platform-outdated") {
		return version{21, 400, 0}
	}
	return s.rest
}

// restServer answers everything under /rest/ in the order of the rest module:
// closed site, method, credentials, scope, the method itself.
func (s *Sim) restServer(h *hit) {
	if h.r.Method == http.MethodOptions {
		h.sendREST(http.StatusOK, "text/html; charset=UTF-8", nil)
		return
	}
	c := &call{hit: h, f: h.f, https: h.tls && !h.f.on("https-not-seen"), started: s.portalNow(h.f), params: phpParams(h)}
	path := strings.Trim(strings.TrimPrefix(h.r.URL.Path, "/rest"), "/")
	if rest, ok := strings.CutPrefix(path+"/", "api/"); ok && s.version(h.f).atLeast(version{25, 800, 0}) {
		s.restV3(c, strings.Trim(rest, "/"))
		return
	}
	segments := strings.Split(path, "/")
	name := segments[len(segments)-1]
	send := h.sendJSON
	if base, ok := strings.CutSuffix(name, ".xml"); ok {
		name, send = base, h.sendXML
	} else {
		name = strings.TrimSuffix(name, ".json")
	}
	var webhook *credentials
	switch len(segments) {
	case 1:
	case 3:
		if h.f.on("https-seen-odd") {
			h.portalPage(http.StatusNotFound, notFoundPage)
			return
		}
		webhook = &credentials{segments[0], segments[1]}
	default:
		name = ""
	}
	result, err := s.process(c, name, webhook)
	if err != nil {
		status := err.status
		if h.f.on("cloud-statuses") {
			status = cloudStatus(err)
		}
		send(status, err.array())
		return
	}
	result.set("time", s.timeBlock(c))
	send(http.StatusOK, result)
}

func (h *hit) sendJSON(status int, v *array) {
	h.sendREST(status, "application/json; charset=utf-8", encodeJSON(v))
}

func (h *hit) sendXML(status int, v *array) {
	h.sendREST(status, "text/xml; charset=utf-8", encodeXML(v))
}

// process is the rest module's order of decisions for one call.
func (s *Sim) process(c *call, name string, webhook *credentials) (*array, *restError) {
	switch c.f.in("site") {
	case "rest-server-error-json":
		return nil, &restError{status: http.StatusInternalServerError, code: bitrix.CodeInternalServerError, text: "Internal server error"}
	case "rest-site-closed":
		return nil, &restError{status: http.StatusForbidden, code: bitrix.CodePortalDeleted, text: "Portal was deleted"}
	}
	m := s.lookup(c.f, name)
	if m == nil {
		return nil, errorMethodNotFound()
	}
	var err *restError
	if c.auth, err = s.authenticate(c, webhook); err != nil {
		return nil, err
	}
	return s.run(c, m)
}

// lookup finds a method, the lower-case name first, then as typed.
func (s *Sim) lookup(f *faultSet, name string) *method {
	m, ok := s.modules[strings.ToLower(name)]
	if !ok {
		m, ok = s.modules[name]
	}
	if !ok {
		return nil
	}
	missing := f.on("core-method-missing") && m.name == "event.bind" ||
		f.on("core-method-missing-batch") && m.name == "batch" ||
		f.on("platform-outdated") && (m.name == "method.get" || m.name == "feature.get") ||
		f.on("intranet-absent") && m.name == "user.current"
	if missing {
		return nil
	}
	return m
}

// run checks the scope and calls the method.
func (s *Sim) run(c *call, m *method) (*array, *restError) {
	if !c.auth.may(m.scope) {
		text := "The request requires higher privileges than provided by the access token"
		if c.auth.webhook {
			text = "The request requires higher privileges than provided by the webhook token"
		}
		if c.batch {
			text = ""
		}
		return nil, refuse(bitrix.CodeInsufficientScope, text)
	}
	if m.appOnly && c.auth.webhook {
		return nil, &restError{status: http.StatusForbidden, code: bitrix.CodeWrongAuthType, text: "Current authorization type is denied for this method"}
	}
	if m.run == nil {
		return assoc("result", newArray(), "total", 0), nil
	}
	result, err := m.run(s, c)
	if err != nil {
		return nil, err
	}
	return assoc("result", result), nil
}

// timeBlock is the answer's "time". A box has no operating counters. From 25.800.0 on
// start and processing are integers, as the rest module 25.x answers.
func (s *Sim) timeBlock(c *call) *array {
	seconds := func(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }
	finished := s.portalNow(c.f)
	took := finished.Sub(c.started).Seconds()
	a := newArray()
	if s.version(c.f).atLeast(version{25, 800, 0}) {
		a.set("start", c.started.Unix())
		a.set("finish", seconds(finished))
		a.set("duration", seconds(finished)-float64(c.started.Unix()))
		a.set("processing", int64(took))
	} else {
		a.set("start", seconds(c.started))
		a.set("finish", seconds(finished))
		a.set("duration", took)
		a.set("processing", took)
	}
	a.set("date_start", phpDate(c.started))
	a.set("date_finish", phpDate(finished))
	return a
}

// phpDate is PHP's date('c') on a server in Moscow.
func phpDate(t time.Time) string {
	return t.In(time.FixedZone("MSK", 3*60*60)).Format("2006-01-02T15:04:05-07:00")
}

// phpParams are the call's parameters: query, then form; JSON only for POST without a
// form and with its Content-Type. Broken JSON counts as none.
func phpParams(h *hit) *array {
	params := parseQuery(h.r.URL.RawQuery)
	if h.r.Method != http.MethodPost {
		return params
	}
	kind := h.r.Header.Get("Content-Type")
	form := parseForm(kind, h.body)
	if form != nil && form.len() > 0 {
		params.merge(form)
		return params
	}
	media, _, _ := strings.Cut(kind, ";")
	if strings.EqualFold(strings.TrimSpace(media), "application/json") {
		if j := parseJSON(h.body); j != nil {
			params.merge(j)
		}
	}
	return params
}

// credentials are an incoming webhook's user and code.
type credentials struct{ user, code string }

// authenticate asks the checkers of the event OnRestCheckAuth in turn: OAuth, webhook, session.
func (s *Sim) authenticate(c *call, webhook *credentials) (*auth, *restError) {
	if !c.f.on("token-checker-missing") {
		if token := s.tokenIn(c); token != "" {
			return s.checkToken(c, token)
		}
	}
	if webhook == nil && c.params.text("ap") != "" {
		webhook = &credentials{c.params.text("aplogin"), c.params.text("ap")}
	}
	if webhook != nil {
		return s.checkWebhook(c, *webhook)
	}
	if c.params.text("sessid") != "" || c.hit.r.Header.Get("X-Bitrix-Csrf-Token") != "" {
		e := refuse(bitrix.CodeSessionFailed, "Sessid check failed")
		e.extra = []any{"sessid", randomHex(16), "extended_error", bitrix.CodeSessionFailed}
		return nil, e
	}
	return nil, refuse(bitrix.CodeNoAuthFound, "Wrong authorization data")
}

func (s *Sim) tokenIn(c *call) string {
	if scheme, token, ok := strings.Cut(c.hit.r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		if token = strings.TrimSpace(token); token != "" {
			return token
		}
	}
	if t := c.params.text("auth"); t != "" {
		return t
	}
	return c.params.text("access_token")
}

// checkWebhook asks for https before it looks at the credentials.
func (s *Sim) checkWebhook(c *call, given credentials) (*auth, *restError) {
	if !c.https {
		return nil, refuse(bitrix.CodeInvalidRequest, "Https required.")
	}
	own := s.account.webhook
	if given.code != own.code || given.user != own.user && given.user != userLogin {
		return nil, refuse(bitrix.CodeInvalidCredentials, "Invalid request credentials")
	}
	return &auth{webhook: true, scope: webhookScope(), userID: own.user, admin: true}, nil
}

// restV3 answers REST 3.0 (https://apidocs.bitrix24.com/api-reference/rest-v3.html): every
// failed authentication looks the same there.
func (s *Sim) restV3(c *call, path string) {
	segments := strings.Split(path, "/")
	name := strings.ToLower(segments[len(segments)-1])
	var webhook *credentials
	if len(segments) == 3 {
		webhook = &credentials{segments[0], segments[1]}
	}
	fail := func(status int, class, text string) {
		namespace := "BITRIX_REST_V3_EXCEPTIONS_"
		if s.rest.atLeast(version{25, 1300, 0}) {
			namespace = "BITRIX_REST_V3_EXCEPTION_"
		}
		c.hit.sendJSON(status, assoc("error", assoc("code", namespace+class, "message", text)))
	}
	if c.f.in("site") == "rest-site-closed" {
		c.hit.sendJSON(http.StatusForbidden, refuse(bitrix.CodePortalDeleted, "Portal was deleted").array())
		return
	}
	switch {
	case name == "documentation":
		name = "rest.documentation.openapi"
	case name == "scopes" && s.rest.atLeast(version{25, 1300, 0}):
		name = "rest.scope.list"
	}
	m, ok := s.v3[name]
	if !ok || len(segments) != 1 && len(segments) != 3 || name == "rest.scope.list" && !s.rest.atLeast(version{25, 1300, 0}) {
		fail(http.StatusNotFound, "METHODNOTFOUNDEXCEPTION", "Method not found.")
		return
	}
	who, err := s.authenticate(c, webhook)
	switch {
	case err != nil:
		fail(http.StatusUnauthorized, "ACCESSDENIEDEXCEPTION", "Access denied.")
		return
	case !who.may(m.scope) && s.rest.atLeast(version{25, 1300, 0}):
		fail(http.StatusForbidden, "INSUFFICIENTSCOPEEXCEPTION", "Insufficient scope.")
		return
	case !who.may(m.scope):
		fail(http.StatusForbidden, "ACCESSDENIEDEXCEPTION", "Access denied.")
		return
	}
	c.auth = who
	var result any = newArray()
	if m.run != nil {
		result, err = m.run(s, c)
	}
	if err != nil {
		fail(http.StatusBadRequest, "INVALIDARGUMENTEXCEPTION", err.text)
		return
	}
	c.hit.sendJSON(http.StatusOK, assoc("result", result, "time", s.timeBlock(c)))
}
