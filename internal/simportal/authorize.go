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

// User is somebody on the portal.
type User struct {
	ID, Login, Password string
	Name, LastName      string
	Admin               bool
	Active              bool // false = dismissed: can't sign in
	App                 bool // the demo application is open to them

	gender string
}

const userZone = "Europe/Moscow"

var users = [...]User{
	{"1", "admin", "demo", "Анна", "Смит-О'Хара", true, true, true, "F"},
	{"7", "ivan", "demo", "Иван", "Петров", false, true, true, "M"},
	{"12", "olga", "demo", "Ольга", "Сидорова", false, true, false, "F"},
	{"19", "pavel", "demo", "Павел", "Уволенный", false, false, true, "M"},
}

// Users are the portal's: an administrator, who owns the webhook and the grants of IssueGrant, an
// ordinary user, one to whom the application is not open, and one who was dismissed.
func Users() []User { return slices.Clone(users[:]) }

func userByID(id string) *User {
	i := slices.IndexFunc(users[:], func(u User) bool { return u.ID == id })
	return &users[i]
}

// sessions are the portal's, by the cookie that a browser holds.
type sessions struct {
	mu   sync.Mutex
	user map[string]*User
}

const sessionCookie = "PHPSESSID"

// visitor is who asks; nil for somebody who has to sign in first.
func (s *Sim) visitor(h *hit) *User {
	if !s.opt.Login && !h.f.on("authorize-login") {
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

// signIn takes the login form; nil means that it was not sent, or wrongly filled in.
func (s *Sim) signIn(h *hit) (u *User, sent bool) {
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
	http.SetCookie(h.w, &http.Cookie{Name: sessionCookie, Value: id, Path: "/", HttpOnly: true, Secure: h.tls}) // #nosec G124 -- of a simulated portal, which it opens alone
	return &users[i], true
}

// loginPage is the login form that leads back to where it was shown.
func (h *hit) loginPage(action, words string) {
	page := strings.Replace(loginForm, `action="/auth/?login=yes"`, `action="`+html.EscapeString(action)+`"`, 1)
	page = strings.Replace(page, "<form", words+"\n<form", 1)
	page = strings.Replace(page, "</form>", "</form>\n<p><small>"+html.EscapeString(loginHint())+"</small></p>", 1)
	h.portalPage(http.StatusOK, page)
}

// loginHint helps who has started the simulated portal to get in.
func loginHint() string {
	var names []string
	for _, u := range users {
		names = append(names, u.Login+" / "+u.Password)
	}
	return "Simulated portal. Login / password: " + strings.Join(names, ", ") + "."
}

// authorize is the portal's page /oauth/authorize/
// (https://apidocs.bitrix24.com/settings/oauth/index.html).
func (s *Sim) authorize(h *hit) {
	if h.f.inv.absent["intranet"] {
		h.portalPage(http.StatusNotFound, notFoundPage)
		return
	}
	paragraph := func(status int, text string) {
		h.portalPage(status, "<!DOCTYPE html><html><body><p>"+html.EscapeString(text)+"</p></body></html>\n")
	}
	p := parseQuery(h.r.URL.RawQuery)
	client := p.text("client_id")
	onPortal := client == s.account.clientID && h.f.any("app-missing", "app-inactive") == ""
	user, sent := s.visitor(h), false
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
	case h.f.on("portal-not-registered"):
		paragraph(http.StatusInternalServerError, "No client credentials")
		return
	}
	address := ownAddress(h)
	s.report(address)
	fault := h.f.in("authorize")
	box := func(code string) {
		h.portalPage(http.StatusOK, "<!DOCTYPE html><html><body><p>Application ID</p><h1>"+code+"</h1></body></html>\n")
	}
	if fault == "authorize-empty-box" || s.callAuthServer(h.r.Context(), h.f, methodCheck, s.opt.Blackhole) != lineUp {
		box("")
		return
	}
	err := s.admitPortal(h.f, address)
	switch {
	case err != nil:
		paragraph(http.StatusOK, err.code+": "+err.text)
		return
	case fault == "authorize-error" || h.f.on("app-not-on-auth-server"):
		paragraph(http.StatusOK, "ERROR_OAUTH: Application not installed")
		return
	case client != s.account.clientID:
		paragraph(http.StatusOK, "WRONG_APPLICATION_CLIENT: Unable to get application data")
		return
	}
	code := s.account.issue(s.account.codes, pass{user, s.authNow(h.f)})
	if fault == "authorize-code-box" {
		box(code)
		return
	}
	values := url.Values{
		"code": {code}, "domain": {h.r.Host}, "member_id": {s.account.memberID}, "scope": {strings.Join(h.f.inv.granted, ",")},
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
