// Package oauthflow signs in to a portal through the user's browser and renews the sign-in.
//
// Bitrix24's OAuth 2.0 deviates from the standard. redirect_uri is not sent: the portal takes it from the application's card,
// so the loopback server listens on one fixed port. A code is valid for 30 s. When the portal refuses, it shows its own page
// and does not redirect. For an application without a return address it shows the code on a page, to be pasted. Code and
// refresh token are redeemed at the authorization server; neither they nor the client secret ever go to the portal, to which
// this package sends nothing.
//
// Opening the address of [Flow.URL] makes the portal report the host in it to the authorization server as its own address.
// Callers of Start make sure that it is the one that employees and applications use.
package oauthflow

import (
	"regexp"
	"strings"
	"time"
	"unicode"

	"boxready/internal/lazyregexp"
	"boxready/internal/secret"
)

// App is an application's identity at the authorization server.
type App struct {
	ClientID     string
	ClientSecret secret.String
}

// AppProblem is what is wrong with a pasted identity: a stable code.
type AppProblem string

// The problems.
const (
	AppEmpty   AppProblem = "empty"
	AppSwapped AppProblem = "swapped" // the other one of the two
	AppAddress AppProblem = "address" // an address, such as a webhook's
	AppMasked  AppProblem = "masked"  // dots or asterisks, as a page shows a hidden secret
	AppShape   AppProblem = "shape"   // anything else
)

// AppError says which of the two values is wrong. It never contains the input.
type AppError struct {
	Field   string // client_id or client_secret
	Problem AppProblem
}

func (e *AppError) Error() string { return e.Field + " is wrong: " + string(e.Problem) }

var (
	clientIDShape = lazyregexp.New(`^(?:local|app)\.[0-9a-f]{8,32}\.[0-9]{1,12}$`)
	// 50 characters on all portals seen. The bounds are wide, because a refusal here can't be overridden.
	clientSecretShape = lazyregexp.New(`^[0-9A-Za-z]{24,128}$`)
)

// CheckApp parses an application's identity as pasted from the portal's page, and reports what the authorization server would
// refuse only after a whole sign-in. The error is an *AppError.
func CheckApp(clientID, clientSecret string) (App, error) {
	clientID, clientSecret = normalizePasted(clientID), normalizePasted(clientSecret)
	if problem := appProblem(clientID, clientIDShape(), clientSecretShape()); problem != "" {
		return App{}, &AppError{"client_id", problem}
	}
	if problem := appProblem(clientSecret, clientSecretShape(), clientIDShape()); problem != "" {
		return App{}, &AppError{"client_secret", problem}
	}
	return App{ClientID: clientID, ClientSecret: secret.New(clientSecret)}, nil
}

func appProblem(text string, shape, other *regexp.Regexp) AppProblem {
	switch {
	case text == "":
		return AppEmpty
	case shape.MatchString(text):
		return ""
	case other.MatchString(text):
		return AppSwapped
	case strings.Contains(text, "://"):
		return AppAddress
	case strings.Trim(text, "*•●·∙") == "":
		return AppMasked
	default:
		return AppShape
	}
}

// normalizePasted removes what is copied along with a value: white space, line breaks inside it, invisible characters and quotes.
func normalizePasted(s string) string {
	s = strings.Map(func(c rune) rune {
		if unicode.IsSpace(c) || unicode.Is(unicode.Cf, c) || unicode.IsControl(c) {
			return -1
		}
		return c
	}, s)
	return strings.Trim(s, "\"'`«»“”„‟‘’‚‹›<>")
}

// Token is a sign-in: a pair of tokens and what came with them.
type Token struct {
	Access  secret.String
	Refresh secret.String
	Expires time.Time // of Access, by this computer's clock
	// RefreshIssued is when Refresh was issued, by this computer's clock. It is valid for 180 days.
	RefreshIssued time.Time
	Scopes        []string
	MemberID      string // the portal's, the same whatever its address
	UserID        string
	Status        string // of the application: L is a local one
	Portal        string // client_endpoint: the portal's address for REST, as the authorization server has it
	Endpoint      string // server_endpoint: the authorization server's address for REST
	// Server is the authorization server that issued the token, and the only one that gets Refresh and the client secret
	// from now on, whatever Endpoint says.
	Server string
}

// refreshLifetime is how long a refresh token is valid (https://apidocs.bitrix24.com/settings/oauth/index.html).
const refreshLifetime = 180 * 24 * time.Hour

// Ends is when the sign-in expires unless it is renewed; zero if not known.
func (t Token) Ends() time.Time {
	if t.Refresh.IsZero() || t.RefreshIssued.IsZero() {
		return time.Time{}
	}
	return t.RefreshIssued.Add(refreshLifetime)
}

// AppInfo is what the authorization server holds about the application that a token belongs to.
type AppInfo struct {
	ClientID string
	Scopes   []string
	Expires  time.Time // of the token, by the server's clock; zero if not said
	Install  Install
}

// Install is the application's installation on the token's portal.
type Install struct {
	Installed      bool
	Version        string
	Status         string
	Scopes         []string
	Domain         string // the portal's host, as held
	URI            string
	ClientEndpoint string // the portal's address for REST, as held
	MemberID       string
	MemberType     string
}
