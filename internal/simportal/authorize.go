package simportal

import (
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"boxready/internal/bitrix"
)

// User is a user of the portal.
type User struct {
	ID, Login, Password string
	Name, LastName      string
	Admin               bool
	Active              bool // false = dismissed, can't sign in
	App                 bool // has access to the demo application

	gender string
}

const userZone = "Europe/Moscow"

var users = [...]User{
	{"1", "admin", "demo", "Анна", "Смит-О'Хара", true, true, true, "F"},
	{"7", "ivan", "demo", "Иван", "Петров", false, true, true, "M"},
	{"12", "olga", "demo", "Ольга", "Сидорова", false, true, false, "F"},
	{"19", "pavel", "demo", "Павел", "Уволенный", false, false, true, "M"},
}

// Users returns the portal's users: an administrator, who owns the webhook and the grants of IssueGrant, an
// ordinary user, one without access to the application, and one who was dismissed.
func Users() []User { return slices.Clone(users[:]) }

func userByID(id string) *User {
	i := slices.IndexFunc(users[:], func(u User) bool { return u.ID == id })
	return &users[i]
}

// sessions are the portal's browser sessions by cookie.
type sessions struct {
	mu   sync.Mutex
	user map[string]*User
}

const sessionCookie = "PHPSESSID"

// sessionUser returns the user of a request's session; nil without one.
func (s *Sim) sessionUser(h *request) *User {
	if !s.opt.Login && !h.faults.on("authorize-login") {
		return &users[0]
	}
	c, err := h.r.Cookie(sessionCookie)
	if err != nil {
		return nil
	}
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	return s.sessions.user[c.Value]
}

// signIn handles the login form; u is nil if the form was not sent or its values are wrong.
func (s *Sim) signIn(h *request) (u *User, sent bool) {
	form := parseForm(h.r.Header.Get("Content-Type"), h.body)
	if h.r.Method != http.MethodPost || form == nil || form.text("AUTH_FORM") == "" {
		return nil, false
	}
	i := slices.IndexFunc(users[:], func(u User) bool {
		return u.Active && u.Login == form.text("USER_LOGIN") && u.Password == form.text("USER_PASSWORD")
	})
	if i < 0 {
		return nil, true
	}
	id := randomHex(16)
	s.sessions.mu.Lock()
	s.sessions.user[id] = &users[i]
	s.sessions.mu.Unlock()
	http.SetCookie(h.w, &http.Cookie{Name: sessionCookie, Value: id, Path: "/", HttpOnly: true, Secure: h.tls}) // #nosec G124 -- cookie of a simulated portal
	return &users[i], true
}

// loginPage sends the login form, which posts to action.
func (h *request) loginPage(action, words string) {
	page := strings.Replace(loginForm, `action="/auth/?login=yes"`, `action="`+html.EscapeString(action)+`"`, 1)
	page = strings.Replace(page, "<form", words+"\n<form", 1)
	page = strings.Replace(page, "</form>", "</form>\n<p><small>"+html.EscapeString(loginHint())+"</small></p>", 1)
	h.portalPage(http.StatusOK, page)
}

// loginHint lists the users and their passwords.
func loginHint() string {
	var names []string
	for _, u := range users {
		names = append(names, u.Login+" / "+u.Password)
	}
	return "Simulated portal. Login / password: " + strings.Join(names, ", ") + "."
}

// authorize is the portal's page /oauth/authorize/
// (https://apidocs.bitrix24.com/settings/oauth/index.html).
func (s *Sim) authorize(h *request) {
	if h.faults.inv.absent["intranet"] {
		h.portalPage(http.StatusNotFound, notFoundPage)
		return
	}
	paragraph := func(status int, text string) {
		h.portalPage(status, "<!DOCTYPE html><html><body><p>"+html.EscapeString(text)+"</p></body></html>\n")
	}
	p := parseQuery(h.r.URL.RawQuery)
	client := p.text("client_id")
	onPortal := client == s.account.clientID && h.faults.any("app-missing", "app-inactive") == ""
	user, sent := s.sessionUser(h), false
	if user == nil {
		user, sent = s.signIn(h)
	}
	switch {
	case client == "", user == nil && !onPortal:
		paragraph(http.StatusOK, "Application was not found.")
		return
	case user == nil && sent:
		h.loginPage(h.r.URL.RequestURI(), `<p id="wrong">Incorrect login or password.</p>`)
		return
	case user == nil:
		h.loginPage(h.r.URL.RequestURI(), "<p>Please log in to use the application.</p>")
		return
	case h.faults.on("portal-not-registered"):
		paragraph(http.StatusInternalServerError, "No client credentials")
		return
	}
	address := ownAddress(h)
	s.report(address)
	fault := h.faults.in("authorize")
	codePage := func(code string) {
		h.portalPage(http.StatusOK, "<!DOCTYPE html><html><body><p>Application ID</p><h1>"+code+"</h1></body></html>\n")
	}
	if fault == "authorize-empty-box" || s.callAuthServer(h.r.Context(), h.faults, methodCheck, s.opt.AuthServerTimeout) != callOK {
		codePage("")
		return
	}
	err := s.checkPortal(h.faults, address)
	switch {
	case err != nil:
		paragraph(http.StatusOK, err.code+": "+err.text)
		return
	case fault == "authorize-error" || h.faults.on("app-not-on-auth-server"):
		paragraph(http.StatusOK, "ERROR_OAUTH: Application not installed")
		return
	case client != s.account.clientID:
		paragraph(http.StatusOK, "WRONG_APPLICATION_CLIENT: Unable to get application data")
		return
	}
	code := s.account.issue(s.account.codes, grant{user, s.authNow(h.faults)})
	if fault == "authorize-code-box" {
		codePage(code)
		return
	}
	values := url.Values{
		"code": {code}, "domain": {h.r.Host}, "member_id": {s.account.memberID}, "scope": {strings.Join(h.faults.inv.granted, ",")},
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
