package checks

import (
	"errors"
	"net/url"
	"strings"
	"time"

	"boxready/internal/bitrix"
	"boxready/internal/lazyregexp"
	"boxready/internal/portal"
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
	ErrorWithoutCode bool              `json:"error_without_code,omitempty"`
	Body             string            `json:"body,omitempty" hide:"text"` // the first 200 bytes if it isn't a portal's answer, masked
	Speaker          portal.Speaker    `json:"speaker,omitempty"`          // who made the answer
	Kind             portal.AnswerKind `json:"kind,omitempty"`             // what it is known to mean, if it isn't the rest module's
	Filter           string            `json:"filter,omitempty"`           // the product that made the answer, when it says so
	LoginForm        bool              `json:"login_form,omitempty"`
	LoginRedirect    bool              `json:"login_redirect,omitempty"`
	OtherHost        string            `json:"other_host,omitempty" hide:"host"` // the redirect's host, if it is another one
	Times            transport.Times   `json:"times"`
}

// newExchange turns an answer of the portal at address into facts, in which mask replaces secrets: a portal may quote any request.
func newExchange(r portal.Request, a portal.Answer, address portal.Address, mask func(string) string) *Exchange {
	method := r.HTTPMethod
	if method == "" {
		method = "POST"
	}
	path := r.Path
	if r.Plain {
		path = "http://" + address.Authority() + path
	}
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
		x.ErrorWithoutCode = x.Error == ""
	}
	source := portal.SourceOf(r, &a.Reply)
	x.Speaker, x.Kind, x.Filter = source.Speaker, source.Kind, source.Product
	x.LoginForm = source.Kind == portal.KindLogin
	if !x.fromREST() || a.Polluted() {
		x.Body = a.Excerpt(mask)
	}
	return x
}

// fromREST reports whether the rest module made the answer. Reports of older versions don't say who did: there every answer in its
// form counts.
func (x *Exchange) fromREST() bool {
	return x.Failure == "" && x.Form == portal.FormJSON && (x.Speaker == portal.ByREST || x.Speaker == "")
}

// fromAuthServer reports whether the portal relayed an error of the authorization server, in its page for that.
func (x *Exchange) fromAuthServer() bool {
	if x.Speaker != "" {
		return x.Failure == "" && x.Speaker == portal.ByAuthServer
	}
	return x.Failure == "" && x.Form == portal.FormJSON && bitrix.IsAuthServerError(x.Error, x.ErrorDescription, true)
}

// succeeded reports whether the rest module answered without an error.
func (x *Exchange) succeeded() bool { return x.fromREST() && !x.refused() }

// refused reports whether the answer is an error of the rest module.
func (x *Exchange) refused() bool {
	return x.fromREST() && (x.Error != "" || x.ErrorDescription != "" || x.ErrorWithoutCode)
}

// kind is what an answer of another program is known to mean. Reports of older versions have other fields for it.
func (x *Exchange) kind() portal.AnswerKind {
	switch {
	case x.Kind != "" || x.Speaker != "":
		return x.Kind
	case x.Filter != "":
		return portal.KindBlocked
	case x.LoginForm:
		return portal.KindLogin
	}
	return ""
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

// Words in the path or query of a sign-in page's address.
var loginWord = lazyregexp.New(`(?i)(^|[^a-z])((o?auth(?:orize|entication|n|z)?)|login|signin|sso|saml2?|adfs)([^a-z]|$)`)

func leadsToLogin(u *url.URL) bool {
	query := u.Query()
	query.Del("bx24_request_id") // ours, echoed
	return loginWord().MatchString(u.Path) || loginWord().MatchString(query.Encode())
}

// unanswered is the result for an exchange without a complete answer, or with an unexpected one.
func unanswered(x *Exchange) Result {
	return requestFailed(x.Failure)
}

// requestFailed is the result for a request that failed. The sentences say what this computer has run out of.
func requestFailed(f transport.Failure) Result {
	r := unknown(causeOf(f))
	if f.Exhausted() {
		r = r.with(Args{"exhausted": string(f)})
	}
	return r
}

// causeOf is the cause for a failed request, and who can help; "" leaves that to the check.
func causeOf(f transport.Failure) (Cause, Owner) {
	switch f {
	case transport.Timeout:
		return TimedOut, ""
	case transport.Cancelled:
		return Cancelled, You
	case transport.NoNetwork, transport.NoFiles, transport.NoPort, transport.NoMemory:
		return NoNetwork, You
	case transport.ProxyAuth:
		return ProxyAuthRequired, You
	case transport.ProxyRefuse:
		return ProxyRefused, NetworkAdmin
	default:
		return UnexpectedAnswer, ""
	}
}
