package oauthflow

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"boxready/internal/secret"
)

// Doer sends a request, as *http.Client does.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
}

// AuthServer is an authorization server.
//
// golang.org/x/oauth2 is not used for it. That package posts the grant as a form, while the documentation sends it in the query
// of a GET (a form was seen to be accepted for a refresh, in 2026); this server answers 200 with an error in it; a token's other keys and the error's text have to be read anyway; its
// errors keep the whole reply, and its token source neither takes a context nor saves a rotated token.
type AuthServer struct {
	URL string // https, without a path
	// HTTP should neither follow redirects nor reuse connections: net/http repeats a GET by itself when a reused connection
	// is dead, and a code works once.
	HTTP Doer
	Now  func() time.Time // time.Now if nil
}

// ErrServerAddress means that an AuthServer's URL isn't one that a client secret may be sent to.
var ErrServerAddress = errors.New("the authorization server's address is not https://host")

const (
	tokenPath   = "/oauth/token/" // #nosec G101 -- a path
	appInfoPath = "/rest/app.info"
	// The documented lifetime, for replies that don't name one.
	accessLifetime = time.Hour
	// Upper bound, whatever error a clock has.
	maxAccessLifetime = 24 * time.Hour
)

// ChooseServer returns the usual Options.Server: always the override if there is one; otherwise the server that the portal's
// answer names; otherwise the region's; otherwise ErrRegionUnknown.
func ChooseServer(client Doer, override string, region bitrix.Region) func(host string) (AuthServer, error) {
	return func(host string) (AuthServer, error) {
		s := AuthServer{URL: override, HTTP: client}
		switch {
		case override != "":
		case host != "":
			s.URL = "https://" + host
		default:
			s.URL = bitrix.AuthServer(region)
		}
		if s.URL == "" {
			return AuthServer{}, ErrRegionUnknown
		}
		return s, nil
	}
}

// Exchange redeems an authorization code. Errors are *GrantError, *ReplyError or network errors.
func (s AuthServer) Exchange(ctx context.Context, app App, code secret.String) (Token, error) {
	return s.grant(ctx, app, "authorization_code", "code", code)
}

// Refresh exchanges a refresh token for a new pair of tokens. The old one may be invalid afterwards, so the new one has to be
// saved first; Source does. Errors are those of Exchange.
func (s AuthServer) Refresh(ctx context.Context, app App, refresh secret.String) (Token, error) {
	return s.grant(ctx, app, "refresh_token", "refresh_token", refresh)
}

func (s AuthServer) grant(ctx context.Context, app App, grantType, name string, value secret.String) (Token, error) {
	sent := s.now() // not when the reply came: a token renewed too early does no harm
	server, err := s.base()
	if err != nil {
		return Token{}, err
	}
	reply, err := s.get(ctx, tokenPath, url.Values{
		"grant_type": {grantType}, "client_id": {app.ClientID}, "client_secret": {app.ClientSecret.Reveal()}, name: {value.Reveal()},
	}, app.ClientSecret, value)
	if err != nil {
		return Token{}, err
	}
	var t struct {
		AccessToken  text       `json:"access_token"`
		RefreshToken text       `json:"refresh_token"`
		Expires      integer    `json:"expires"`
		ExpiresIn    integer    `json:"expires_in"`
		Scope        stringList `json:"scope"`
		MemberID     text       `json:"member_id"`
		UserID       text       `json:"user_id"`
		Status       text       `json:"status"`
		Client       text       `json:"client_endpoint"`
		Server       text       `json:"server_endpoint"`
	}
	if err := json.Unmarshal(withoutBOM(reply.Body), &t); err != nil || t.AccessToken == "" {
		return Token{}, unreadable(reply, app.ClientSecret, value)
	}
	token := Token{
		Access: secret.New(string(t.AccessToken)), Refresh: secret.New(string(t.RefreshToken)),
		Expires: sent.Add(accessLifetimeOf(int64(t.ExpiresIn), int64(t.Expires), serverTime(reply, sent))), RefreshIssued: sent,
		Scopes: t.Scope, MemberID: string(t.MemberID), UserID: string(t.UserID), Status: string(t.Status),
		Portal: string(t.Client), Endpoint: string(t.Server), Server: server,
	}
	if token.Refresh.IsZero() && grantType == "refresh_token" {
		token.Refresh, token.RefreshIssued = value, time.Time{} // not rotated (RFC 6749, 6): the old one stays valid
	}
	return token, nil
}

// AppInfo asks the authorization server, not the portal, what it holds about the application that the token belongs to.
func (s AuthServer) AppInfo(ctx context.Context, access secret.String) (AppInfo, error) {
	reply, err := s.get(ctx, appInfoPath, url.Values{"auth": {access.Reveal()}}, access)
	if err != nil {
		return AppInfo{}, err
	}
	var a struct {
		ClientID text       `json:"client_id"`
		Scope    stringList `json:"scope"`
		Expires  integer    `json:"expires"`
		Install  *struct {
			Installed      portal.Bool `json:"installed"`
			Version        text        `json:"version"`
			Status         text        `json:"status"`
			Scope          stringList  `json:"scope"`
			Domain         text        `json:"domain"`
			URI            text        `json:"uri"`
			ClientEndpoint text        `json:"client_endpoint"`
			MemberID       text        `json:"member_id"`
			MemberType     text        `json:"member_type"`
		} `json:"install"`
	}
	if reply.Result == nil || json.Unmarshal(reply.Result, &a) != nil || a.Install == nil {
		return AppInfo{}, unreadable(reply, access)
	}
	info := AppInfo{ClientID: string(a.ClientID), Scopes: a.Scope, Install: Install{
		Installed: bool(a.Install.Installed), Version: string(a.Install.Version), Status: string(a.Install.Status),
		Scopes: a.Install.Scope, Domain: string(a.Install.Domain), URI: string(a.Install.URI),
		ClientEndpoint: string(a.Install.ClientEndpoint), MemberID: string(a.Install.MemberID), MemberType: string(a.Install.MemberType),
	}}
	if a.Expires > 0 {
		info.Expires = time.Unix(int64(a.Expires), 0)
	}
	return info, nil
}

// base is the server's address in canonical form: https://host[:port].
func (s AuthServer) base() (string, error) {
	u, err := url.Parse(s.URL)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", ErrServerAddress
	}
	return "https://" + strings.TrimSuffix(strings.ToLower(u.Host), ":443"), nil
}

// get sends one request. The query holds secrets, so errors are returned without it.
func (s AuthServer) get(ctx context.Context, path string, query url.Values, known ...secret.String) (portal.Reply, error) {
	base, err := s.base()
	if err != nil {
		return portal.Reply{}, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+path+"?"+query.Encode(), nil)
	if err != nil {
		return portal.Reply{}, fmt.Errorf("build the request: %w", secret.URLError(err))
	}
	request.Header.Set("Accept", "application/json")
	if s.HTTP == nil {
		return portal.Reply{}, errors.New("ask the authorization server: no HTTP client")
	}
	response, err := s.doer().Do(request)
	if err != nil {
		return portal.Reply{}, fmt.Errorf("ask the authorization server: %w", secret.URLError(err))
	}
	reply, err := portal.ReadReply(response)
	if err != nil {
		return portal.Reply{}, fmt.Errorf("read the authorization server's answer: %w", secret.URLError(err))
	}
	if e := reply.Error; e != nil {
		return portal.Reply{}, &GrantError{
			Code: secret.Mask(e.Code, known...), Description: secret.Mask(e.Description, known...), Status: e.Status,
		}
	}
	return reply, nil
}

// doer keeps a client without CheckRedirect from following redirects: net/http would send the URL, with its secrets, to the
// next host as Referer.
func (s AuthServer) doer() Doer {
	client, ok := s.HTTP.(*http.Client)
	if !ok || client.CheckRedirect != nil {
		return s.HTTP
	}
	noRedirects := *client
	noRedirects.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &noRedirects
}

// now is wall clock time only: the monotonic clock stops while the computer sleeps.
func (s AuthServer) now() time.Time {
	if s.Now == nil {
		return time.Now().Round(0)
	}
	return s.Now().Round(0)
}

func unreadable(reply portal.Reply, known ...secret.String) error {
	return &ReplyError{Status: reply.Status, Form: reply.Form, Excerpt: reply.Excerpt(secret.Masker(known...))}
}

// accessLifetimeOf is the access token's lifetime: expires_in, otherwise expires, which is by the server's clock.
func accessLifetimeOf(seconds, end int64, server time.Time) time.Duration {
	lifetime := accessLifetime
	switch {
	case seconds > 0:
		lifetime = time.Duration(min(seconds, int64(maxAccessLifetime/time.Second))) * time.Second
	case end > 0:
		lifetime = time.Unix(end, 0).Sub(server)
	}
	return max(0, min(lifetime, maxAccessLifetime))
}

func serverTime(reply portal.Reply, fallback time.Time) time.Time {
	if date, err := http.ParseTime(reply.Header.Get("Date")); err == nil {
		return date
	}
	return fallback
}

func withoutBOM(b []byte) []byte { return bytes.TrimPrefix(b, []byte("\ufeff")) }

// The types below are lenient: a code works once, so no odd value beside the tokens may lose them.

// text is a string or a number, because PHP sends identifiers either way; anything else is "".
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	var (
		s string
		n json.Number
	)
	switch {
	case json.Unmarshal(b, &s) == nil:
		*t = text(strings.TrimSpace(s))
	case json.Unmarshal(b, &n) == nil:
		*t = text(n.String())
	default:
		*t = ""
	}
	return nil
}

// integer is a whole number, sent as a number or a string; anything else is 0.
type integer int64

func (w *integer) UnmarshalJSON(b []byte) error {
	var t text
	_ = t.UnmarshalJSON(b)
	n, err := strconv.ParseFloat(string(t), 64)
	if err != nil || n < 0 || n > 1<<53 {
		n = 0
	}
	*w = integer(n)
	return nil
}

// stringList is an array, or one string with commas or spaces between the items; anything else is empty.
type stringList []string

func (l *stringList) UnmarshalJSON(b []byte) error {
	*l = nil
	var words []text
	if json.Unmarshal(b, &words) == nil {
		for _, w := range words {
			*l = append(*l, string(w))
		}
		return nil
	}
	var joined text
	_ = joined.UnmarshalJSON(b)
	*l = strings.FieldsFunc(string(joined), func(c rune) bool { return c == ',' || c == ' ' })
	return nil
}
