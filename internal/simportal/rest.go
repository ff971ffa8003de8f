package simportal

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"boxready/internal/bitrix"
)

// restError is an error answer of the rest module.
type restError struct {
	status     int
	code, text string
	extra      []any // further key, value, …
	page       bool  // the web server answers instead of the rest module, in HTML
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

// cloudStatus is the documented status of a code
// (https://apidocs.bitrix24.com/error-codes.html); a self-hosted portal answers 401 for most of them.
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

// call is one REST call being answered.
type call struct {
	request *request
	faults  *faultSet
	https   bool
	params  *array
	auth    *auth
	started time.Time
}

// text returns a parameter as a string; the letter case of its name doesn't matter.
func (c *call) text(name string) string {
	v, _ := c.params.fold(name)
	return phpText(v)
}

// auth is the authenticated caller.
type auth struct {
	webhook   bool
	clientID  string
	scope     []string
	user      *User
	admin     bool
	connector string // auth_connector; the commands of a batch share that of the batch
}

// may reports whether one of the scopes is granted; basic methods need none.
func (a *auth) may(scopes []string) bool {
	return len(scopes) == 0 || slices.ContainsFunc(scopes, func(s string) bool { return slices.Contains(a.scope, s) })
}

// portalNow returns the time of the portal's clock.
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

// restServer answers everything under /rest/ in the order of the rest module:
// closed site, method, credentials, scope, the method itself.
func (s *Sim) restServer(h *request) {
	if h.r.Method == http.MethodOptions {
		h.sendREST(http.StatusOK, typeHTML, nil)
		return
	}
	c := &call{request: h, faults: h.faults, https: h.tls && !h.faults.on("https-not-seen"), started: s.portalNow(h.faults), params: phpParams(h)}
	path := strings.Trim(strings.TrimPrefix(h.r.URL.Path, "/rest"), "/")
	if rest, ok := strings.CutPrefix(path+"/", "api/"); ok && h.faults.inv.rest.atLeast(version{25, 800, 0}) {
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
		if h.faults.on("https-seen-odd") {
			h.portalPage(http.StatusNotFound, notFoundPage)
			return
		}
		webhook = &credentials{segments[0], segments[1]}
	default:
		name = ""
	}
	result, err := s.process(c, name, webhook)
	if c.faults.on("rest-slow") && err != nil && err.code == bitrix.CodeNoAuthFound {
		s.wait(h.r.Context(), s.opt.SlowAnswer)
	}
	switch {
	case err != nil && err.page:
		h.page(err.status, nginxPage(strconv.Itoa(err.status)+" "+http.StatusText(err.status), ""))
		return
	case err != nil:
		status := err.status
		if h.faults.on("cloud-statuses") {
			status = cloudStatus(err)
		}
		send(status, err.array())
		return
	}
	result.set("time", s.timeBlock(c))
	send(http.StatusOK, result)
}

func (h *request) sendJSON(status int, v *array) {
	h.sendREST(status, "application/json; charset=utf-8", encodeJSON(v))
}

func (h *request) sendXML(status int, v *array) {
	h.sendREST(status, "text/xml; charset=utf-8", encodeXML(v))
}

// SlowAnswer is how long the portal takes under the fault rest-slow: more than an application should have to wait, less than it does.
const SlowAnswer = 5500 * time.Millisecond

// siteErrors are the errors of the group "site", with which the portal answers every call.
var siteErrors = map[string]restError{
	"rest-server-error-json":  {status: http.StatusInternalServerError, code: bitrix.CodeInternalServerError, text: "Internal server error"},
	"rest-server-error-sql":   {status: http.StatusInternalServerError, code: bitrix.CodeCore, text: "SQL query error!"},
	"rest-server-error-redis": {status: http.StatusBadRequest, code: bitrix.CodeCore, text: "OOM command not allowed when used memory > 'maxmemory'."},
	"disk-full-route":         {status: http.StatusUnauthorized, code: bitrix.CodeOAuth, text: diskFull},
	"rest-site-closed":        {status: http.StatusForbidden, code: bitrix.CodePortalDeleted, text: "Portal was deleted"},
}

// diskFull is the core's sentence in a Russian portal.
const diskFull = "Исчерпан выделенный дисковый ресурс.<br>"

// process makes the rest module's decisions for one call, in its order.
func (s *Sim) process(c *call, name string, webhook *credentials) (*array, *restError) {
	if err, ok := siteErrors[c.faults.in("site")]; ok {
		return nil, &err
	}
	m := c.faults.inv.lookup(name)
	if m == nil {
		return nil, errorMethodNotFound()
	}
	if err := s.authenticate(c, webhook, m.scopes); err != nil {
		return nil, err
	}
	if err := s.limited(c); err != nil {
		return nil, err
	}
	return s.run(c, m)
}

// limited refuses every second authenticated call under the throttling faults.
func (s *Sim) limited(c *call) *restError {
	fault := c.faults.any("throttled", "throttled-page")
	if fault == "" || s.calls.Add(1)%2 == 1 {
		return nil
	}
	return &restError{status: http.StatusServiceUnavailable, code: bitrix.CodeQueryLimitExceeded, text: "Too many requests", page: fault == "throttled-page"}
}

// page is one page of a list.
type page struct {
	items       *array
	total, next int // next is 0 on the last one
}

// run calls the method.
func (s *Sim) run(c *call, m *method) (*array, *restError) {
	switch {
	case c.faults.on("feature-not-licensed") && m.name != "batch":
		return nil, &restError{status: http.StatusForbidden, code: bitrix.CodeWrongLicense, text: "This feature is not enabled for the current license: " + m.name}
	case c.faults.on("operation-time") && m.name == "method.get":
		return nil, &restError{status: http.StatusTooManyRequests, code: bitrix.CodeOperationTimeLimit, text: "Method is blocked due to operation time limit."}
	case m.appOnly && c.auth.webhook:
		return nil, &restError{status: http.StatusForbidden, code: bitrix.CodeWrongAuthType, text: "Current authorization type is denied for this method"}
	case m.run == nil:
		return assoc("result", newArray(), "total", 0), nil
	}
	result, err := m.run(s, c)
	if err != nil {
		return nil, err
	}
	p, ok := result.(page)
	if !ok {
		return assoc("result", result), nil
	}
	a := assoc("result", p.items)
	if p.next > 0 {
		a.set("next", p.next)
	}
	a.set("total", p.total)
	return a, nil
}

// timeBlock is the answer's "time". A self-hosted portal has no operating counters. From 25.800.0 on
// start and processing are integers, as the rest module 25.x answers.
func (s *Sim) timeBlock(c *call) *array {
	seconds := func(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }
	finished := s.portalNow(c.faults)
	took := finished.Sub(c.started).Seconds()
	a := newArray()
	if c.faults.inv.rest.atLeast(version{25, 800, 0}) {
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

// phpDate formats as PHP's date('c') on a server in Moscow.
func phpDate(t time.Time) string {
	return t.In(time.FixedZone("MSK", 3*60*60)).Format("2006-01-02T15:04:05-07:00")
}

// phpParams are the call's parameters: query, then form; JSON only for POST without a
// form and with its Content-Type. Broken JSON counts as none.
func phpParams(h *request) *array {
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

// restV3 answers REST 3.0 (https://apidocs.bitrix24.com/api-reference/rest-v3.html): every
// failed authentication looks the same there.
func (s *Sim) restV3(c *call, path string) {
	rest := c.faults.inv.rest
	segments := strings.Split(path, "/")
	name := strings.ToLower(segments[len(segments)-1])
	var webhook *credentials
	if len(segments) == 3 {
		webhook = &credentials{segments[0], segments[1]}
	}
	fail := func(status int, class, text string) {
		namespace := "BITRIX_REST_V3_EXCEPTIONS_"
		if rest.atLeast(version{25, 1300, 0}) {
			namespace = "BITRIX_REST_V3_EXCEPTION_"
		}
		c.request.sendJSON(status, assoc("error", assoc("code", namespace+class, "message", text)))
	}
	if c.faults.in("site") == "rest-site-closed" {
		c.request.sendJSON(http.StatusForbidden, refuse(bitrix.CodePortalDeleted, "Portal was deleted").array())
		return
	}
	switch {
	case name == "documentation":
		name = "rest.documentation.openapi"
	case name == "scopes" && rest.atLeast(version{25, 1300, 0}):
		name = "rest.scope.list"
	}
	m, ok := c.faults.inv.v3[name]
	if !ok || len(segments) != 1 && len(segments) != 3 {
		fail(http.StatusNotFound, "METHODNOTFOUNDEXCEPTION", "Method not found.")
		return
	}
	err := s.authenticate(c, webhook, m.scopes)
	switch {
	case err != nil && err.code == bitrix.CodeInsufficientScope && rest.atLeast(version{25, 1300, 0}):
		fail(http.StatusForbidden, "INSUFFICIENTSCOPEEXCEPTION", "Insufficient scope.")
		return
	case err != nil && err.code == bitrix.CodeInsufficientScope:
		fail(http.StatusForbidden, "ACCESSDENIEDEXCEPTION", "Access denied.")
		return
	case err != nil:
		fail(http.StatusUnauthorized, "ACCESSDENIEDEXCEPTION", "Access denied.")
		return
	}
	if name == "rest.documentation.openapi" { // the document alone, as a portal of September 2026 answers
		c.request.sendJSON(http.StatusOK, c.faults.inv.openAPI())
		return
	}
	var result any = newArray()
	if m.run != nil {
		if result, err = m.run(s, c); err != nil {
			fail(http.StatusBadRequest, "INVALIDARGUMENTEXCEPTION", err.text)
			return
		}
	}
	c.request.sendJSON(http.StatusOK, assoc("result", result, "time", s.timeBlock(c)))
}
