package checks

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"boxready/internal/lazyregexp"
	"boxready/internal/portal"
	"boxready/internal/secret"
	"boxready/internal/transport"
	"boxready/internal/untrusted"
)

// Exchange is one request and its result, as a vendor's support asks for it.
type Exchange struct {
	Request          string            `json:"request" hide:"text"`  // method, path
	RequestID        string            `json:"request_id,omitempty"` // bx24_request_id
	At               time.Time         `json:"at"`
	Failure          transport.Failure `json:"failure,omitempty"` // why there is no complete answer
	Status           int               `json:"status,omitempty"`  // HTTP
	Server           string            `json:"server,omitempty" hide:"text"`
	Location         string            `json:"location,omitempty" hide:"host"` // without its query
	Authenticate     string            `json:"www_authenticate,omitempty" hide:"text"`
	Date             *time.Time        `json:"date,omitempty"` // the portal's clock
	Form             portal.Form       `json:"form,omitempty"`
	TooBig           bool              `json:"too_big,omitempty"`
	Polluted         string            `json:"polluted,omitempty"` // text before the JSON
	Error            string            `json:"error,omitempty" hide:"text"`
	ErrorDescription string            `json:"error_description,omitempty" hide:"text"`
	Body             string            `json:"body,omitempty" hide:"text"` // the first 200 bytes if it isn't a portal's answer, masked
	Filter           string            `json:"filter,omitempty"`           // the product that blocked the request, when it says so
	LoginForm        bool              `json:"login_form,omitempty"`
	LoginRedirect    bool              `json:"login_redirect,omitempty"`
	OtherHost        string            `json:"other_host,omitempty" hide:"host"` // the redirect's host, if it is another one
	Times            transport.Times   `json:"times"`
}

// exchange turns an answer of the portal at address into facts.
func exchange(r portal.Request, a portal.Answer, address portal.Address) *Exchange {
	method := r.HTTPMethod
	if method == "" {
		method = "POST"
	}
	path := r.Path
	if r.Plain {
		path = "http://" + address.Authority() + path
	}
	// A portal may echo requests: a token or a webhook's code, even an invented one, must not be in a report.
	mask := secret.Masker(r.Secrets()...)
	clean := func(s string) string { return short(mask(s)) }
	x := &Exchange{Request: method + " " + clean(path), RequestID: a.RequestID, At: a.Sent.UTC(), Times: a.Times,
		Failure: transport.FailureOf(a.Err)}
	if a.Header == nil {
		return x
	}
	x.Status, x.Form, x.Server = a.Status, a.Form, clean(a.Header.Get("Server"))
	x.Authenticate = clean(a.Header.Get("WWW-Authenticate"))
	if date, err := time.Parse(time.RFC1123, a.Header.Get("Date")); err == nil {
		x.Date = &date
	}
	if x.redirects() {
		x.readLocation(r, a, address)
		x.Location, x.OtherHost = clean(x.Location), clean(x.OtherHost)
	}
	x.TooBig = a.Form == portal.FormTooBig
	if a.Polluted() {
		x.Polluted = "text"
		if a.BOM && len(a.Before) == 0 && len(a.After) == 0 {
			x.Polluted = "BOM"
		}
	}
	if a.Error != nil {
		x.Error, x.ErrorDescription = clean(a.Error.Code), clean(a.Error.Description)
	}
	if a.Form != portal.FormJSON || a.Polluted() {
		x.Body = a.Excerpt(r.Secrets()...)
		x.Filter = filterSign(a)
		x.LoginForm = loginForm().Match(beginning(a.Body))
	}
	return x
}

// short truncates untrusted text.
func short(s string) string { return untrusted.Truncate(s, 200) }

// err is the answer's error, if it has one.
func (x *Exchange) err() error {
	if x.Error == "" && x.ErrorDescription == "" {
		return nil
	}
	return &portal.Error{Code: x.Error, Description: x.ErrorDescription}
}

// is reports whether the answer is that error of the portal's, for errors that the code alone doesn't identify.
func (x *Exchange) is(target error) bool { return errors.Is(x.err(), target) }

func (x *Exchange) redirects() bool { return x.Status >= 300 && x.Status < 400 }

func (x *Exchange) readLocation(r portal.Request, a portal.Answer, address portal.Address) {
	target, err := location(r, a, address)
	if err != nil {
		// An unreadable address may lead anywhere.
		x.Location, x.OtherHost = a.Header.Get("Location"), "?"
		return
	}
	x.LoginRedirect = leadsToLogin(target)
	x.OtherHost = otherHost(target, address)
	x.Location = (&url.URL{Scheme: target.Scheme, Host: target.Host, Path: target.Path}).String()
}

// otherHost is u's host if it isn't the portal's, whatever the port.
func otherHost(u *url.URL, address portal.Address) string {
	named := portal.Address{Host: address.Host, Port: 443}
	if named.SameHost(&url.URL{Scheme: "https", Host: strings.TrimSuffix(u.Host, ":"+u.Port())}) {
		return ""
	}
	return u.Hostname()
}

// location is where a redirect leads, absolute.
func location(r portal.Request, a portal.Answer, address portal.Address) (*url.URL, error) {
	base := &url.URL{Scheme: "https", Host: address.Authority(), Path: r.Path}
	if r.Plain {
		base.Scheme, base.Host = "http", portal.Address{Host: address.Host, Port: 443}.Authority()
	}
	target, err := url.Parse(a.Header.Get("Location"))
	if err != nil {
		return nil, err
	}
	return base.ResolveReference(target), nil
}

var loginForm = lazyregexp.New(`(?i)<input[^>]+type\s*=\s*["']?password`)

// Words in the path or query of a sign-in page's address.
var loginWord = lazyregexp.New(`(?i)(^|[^a-z])((o?auth(?:orize|entication|n|z)?)|login|signin|sso|saml2?|adfs)([^a-z]|$)`)

func leadsToLogin(u *url.URL) bool {
	query := u.Query()
	query.Del("bx24_request_id") // ours, echoed
	return loginWord().MatchString(u.Path) || loginWord().MatchString(query.Encode())
}

// filterSigns identify products in front of a portal that block requests, by their answers.
var filterSigns = []struct {
	product string
	header  string // present in the answer, with a value that matches
	value   func() *regexp.Regexp
	body    func() *regexp.Regexp
}{
	{product: "Cloudflare", header: "CF-RAY", value: lazyregexp.New(`.`)},
	{product: "Imperva", header: "X-Iinfo", value: lazyregexp.New(`.`)},
	{product: "Sucuri", header: "X-Sucuri-ID", value: lazyregexp.New(`.`)},
	{product: "Qrator", header: "Server", value: lazyregexp.New(`(?i)^qrator`)},
	{product: "DDoS-Guard", header: "Server", value: lazyregexp.New(`(?i)^ddos-guard`)},
	{product: "Variti", header: "Server", value: lazyregexp.New(`(?i)^variti`)},
	{product: "StormWall", header: "Server", value: lazyregexp.New(`(?i)^stormwall`)},
	{product: "ModSecurity", body: lazyregexp.New(`(?i)mod_?security|not acceptable!`)},
	{product: "F5 BIG-IP ASM", body: lazyregexp.New(`(?i)the requested url was rejected\. please consult`)},
	{product: "FortiWeb", body: lazyregexp.New(`(?i)fortiweb|fortigate|attack id\s*:`)},
	{product: "Wallarm", body: lazyregexp.New(`(?i)wallarm`)},
	{product: "Bitrix Proactive Filter", body: lazyregexp.New(`(?i)security_403|bitrix[^<]{0,40}(proactive|security)`)},
}

// Some products put their header into every answer; only certain statuses mean a block.
func filterSign(a portal.Answer) string {
	if a.Status < 400 {
		return ""
	}
	for _, sign := range filterSigns {
		if sign.header != "" && refuses(a.Status) && sign.value().MatchString(a.Header.Get(sign.header)) {
			return sign.product
		}
		if sign.body != nil && sign.body().Match(beginning(a.Body)) {
			return sign.product
		}
	}
	return ""
}

// maxPageBytes is the size of a page's beginning that identifies it.
const maxPageBytes = 64 << 10

func beginning(page []byte) []byte { return page[:min(len(page), maxPageBytes)] }

// refuses reports whether a status means that a proxy in front of a portal refuses a request. Ours are small: 413 is a server
// that accepts no bodies.
func refuses(status int) bool {
	return slices.Contains([]int{http.StatusForbidden, http.StatusNotAcceptable, http.StatusRequestEntityTooLarge, http.StatusTooManyRequests}, status)
}

// unanswered is the result for an exchange without a complete answer, or with an unexpected one.
func unanswered(x *Exchange) Result {
	return unknown(causeOf(x.Failure))
}

// causeOf is the cause for a failed request, and who can help; "" leaves that to the check.
func causeOf(f transport.Failure) (Cause, Owner) {
	switch f {
	case transport.Timeout:
		return TimedOut, ""
	case transport.Cancelled:
		return Cancelled, You
	case transport.NoNetwork:
		return NoNetwork, You
	case transport.ProxyAuth:
		return ProxyAuthRequired, You
	case transport.ProxyRefuse:
		return ProxyRefused, NetworkAdmin
	default:
		return UnexpectedAnswer, ""
	}
}
