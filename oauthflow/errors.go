package oauthflow

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"boxready/internal/secret"
	"boxready/internal/transport"
	"boxready/internal/untrusted"
)

// How a flow ends without a token, beside a *GrantError, a *ReplyError and errors of the network.
var (
	ErrTimeout = errors.New("nothing came back from the browser in time")
	// ErrDenied is what a *DeniedError matches.
	ErrDenied = errors.New("the portal refused the sign-in")
	// ErrNoCode means that the portal's answer carried neither a code nor an error.
	ErrNoCode = errors.New("the portal answered without a code")
	// ErrOtherPortal is what an *OtherPortalError matches.
	ErrOtherPortal = errors.New("the answer is another portal's")
	// ErrRegionUnknown means that nothing says which authorization server a code belongs to: the caller asks.
	ErrRegionUnknown = errors.New("which authorization server to ask is not known")
	// ErrAnswered means that an answer was pasted after another one had been taken, or after the end.
	ErrAnswered = errors.New("this sign-in has its answer already")
	// ErrServerFailed is what a *GrantError or a *ReplyError matches with which the authorization server says that it failed or
	// that a limit is reached.
	ErrServerFailed = errors.New("the authorization server failed")
	// ErrScopeRefused is what a *GrantError about the application's permissions or kinds of grant matches.
	ErrScopeRefused = errors.New("the authorization server refused the application's permissions")
	// ErrNotSaved is what a *NotSavedError matches.
	ErrNotSaved = errors.New("the new token was not saved")
)

// DeniedError is an answer of the portal with an error instead of a code. The texts are printable, but untrusted.
type DeniedError struct {
	Code        string // "" if it isn't shaped like a code
	Description string
}

func (e *DeniedError) Error() string {
	return withDetails(ErrDenied.Error(), e.Code, e.Description)
}

// Is makes every DeniedError match ErrDenied.
func (e *DeniedError) Is(target error) bool { return target == ErrDenied }

// OtherPortalError is an answer in the name of another portal than the one that was asked.
type OtherPortalError struct {
	Want portal.Address
	Got  string // the answer's domain, fit for printing; "" if it has none
}

func (e *OtherPortalError) Error() string {
	if e.Got == "" {
		return "the answer does not say which portal it comes from"
	}
	return "the answer comes from " + e.Got + ", not from " + e.Want.Authority()
}

// Is makes every OtherPortalError match ErrOtherPortal.
func (e *OtherPortalError) Is(target error) bool { return target == ErrOtherPortal }

// GrantError is the authorization server's error response.
type GrantError struct {
	Code        string // as sent, but for secrets: show Detail
	Description string // likewise; "" if missing
	Status      int    // HTTP status it came with; never decide by it
}

func (e *GrantError) Error() string {
	return withDetails("the authorization server refused", e.Code, e.Description)
}

// The codes that a server sends when it failed or when a limit is reached, and those about permissions.
var (
	failureCodes = []string{bitrix.CodeInternalServerError, bitrix.CodeUnexpectedAnswer, bitrix.CodeQueryLimitExceeded, bitrix.CodeOverloadLimit, bitrix.CodeOperationTimeLimit}
	scopeCodes   = []string{bitrix.CodeInvalidScope, bitrix.CodeInsufficientScope, bitrix.CodeUnauthorizedClient}
)

func failureStatus(status int) bool {
	return status >= http.StatusInternalServerError || status == http.StatusTooManyRequests
}

// Is compares codes, whatever their letter case.
func (e *GrantError) Is(target error) bool {
	is := func(code string) bool { return bitrix.SameCode(code, e.Code) }
	switch target {
	case ErrServerFailed:
		return failureStatus(e.Status) || slices.ContainsFunc(failureCodes, is)
	case ErrScopeRefused:
		return slices.ContainsFunc(scopeCodes, is)
	}
	t, ok := target.(*GrantError)
	if !ok || t.Code == "" {
		return false
	}
	if bitrix.SameCode(e.Code, t.Code) {
		return true
	}
	// The authorization server's REST API has another code for it.
	return bitrix.SameCode(t.Code, bitrix.CodeNotInstalled) && bitrix.SameCode(e.Code, bitrix.CodeOAuth) &&
		strings.Contains(strings.ToLower(e.Description), "not installed")
}

// What callers branch on; see errors.Is.
var (
	ErrInvalidRequest  = &GrantError{Code: "invalid_request"}
	ErrInvalidGrant    = &GrantError{Code: bitrix.CodeInvalidGrant}    // code or refresh token wrong, used or of another application
	ErrInvalidClient   = &GrantError{Code: bitrix.CodeInvalidClient}   // wrong secret
	ErrWrongClient     = &GrantError{Code: bitrix.CodeWrongClient}     // no such application, of this region at least
	ErrExpired         = &GrantError{Code: bitrix.CodeExpiredToken}    // code older than 30 s, refresh token older than 180 days
	ErrPaymentRequired = &GrantError{Code: bitrix.CodePaymentRequired} // the application's payment ended
	ErrNotInstalled    = &GrantError{Code: bitrix.CodeNotInstalled}    // the application is not installed on the portal
	ErrInvalidToken    = &GrantError{Code: bitrix.CodeInvalidToken}    // about an access token
	ErrLicenceRejected = &GrantError{Code: bitrix.CodeVerificationNeeded}
)

// ReplyError is a response in no form that an authorization server uses: of something in between, or of a broken server.
type ReplyError struct {
	Status  int
	Form    portal.Form
	Excerpt string // its beginning, secrets masked
}

func (e *ReplyError) Error() string {
	return "the authorization server's answer cannot be read (" + string(e.Form) + ")"
}

// Is makes a failure's status match ErrServerFailed: over a verified connection nobody else can have sent it.
func (e *ReplyError) Is(target error) bool {
	return target == ErrServerFailed && failureStatus(e.Status)
}

// NotSavedError comes beside a valid token that could not be stored: it is lost when the program ends.
type NotSavedError struct{ Err error }

func (e *NotSavedError) Error() string { return ErrNotSaved.Error() + ": " + e.Err.Error() }
func (e *NotSavedError) Unwrap() error { return e.Err }

// Is makes every NotSavedError match ErrNotSaved.
func (e *NotSavedError) Is(target error) bool { return target == ErrNotSaved }

// Reason is why a sign-in failed: a stable code and the key of the texts.
type Reason string

// The reasons.
const (
	ReasonDenied          Reason = "denied"
	ReasonNoCode          Reason = "no-code"
	ReasonOtherPortal     Reason = "other-portal"
	ReasonNoDomain        Reason = "no-domain" // the answer doesn't say which portal's it is
	ReasonRegionUnknown   Reason = "region-unknown"
	ReasonTimeout         Reason = "timeout"   // nobody signed in in time
	ReasonCancelled       Reason = "cancelled" // by the user, in the program
	ReasonInvalidGrant    Reason = "invalid-grant"
	ReasonInvalidClient   Reason = "invalid-client"
	ReasonWrongClient     Reason = "wrong-client"
	ReasonExpired         Reason = "expired"
	ReasonPaymentRequired Reason = "payment-required"
	ReasonNotInstalled    Reason = "not-installed"
	ReasonScopeRefused    Reason = "scope-refused"
	ReasonServerFailed    Reason = "auth-server-failed"
	ReasonRefused         Reason = "refused"       // any other code of the authorization server
	ReasonUnexpected      Reason = "unexpected"    // its answer can't be read
	ReasonNoConnection    Reason = "no-connection" // it wasn't reached from this computer
	ReasonNoAnswer        Reason = "no-answer"     // it was reached, and did not answer in time
	ReasonExhausted       Reason = "exhausted"     // this computer could open no connection at all
	ReasonOther           Reason = "other"
)

// Reasons returns all reasons.
func Reasons() []Reason {
	return []Reason{
		ReasonDenied, ReasonNoCode, ReasonOtherPortal, ReasonNoDomain, ReasonRegionUnknown, ReasonTimeout, ReasonCancelled,
		ReasonInvalidGrant, ReasonInvalidClient, ReasonWrongClient, ReasonExpired, ReasonPaymentRequired, ReasonNotInstalled,
		ReasonScopeRefused, ReasonServerFailed, ReasonRefused, ReasonUnexpected, ReasonNoConnection, ReasonNoAnswer, ReasonExhausted, ReasonOther,
	}
}

// ReasonOf names the reason behind an error of this package; "" for nil.
func ReasonOf(err error) Reason {
	var (
		grant *GrantError
		reply *ReplyError
		other *OtherPortalError
	)
	switch {
	case err == nil:
		return ""
	case errors.Is(err, ErrDenied):
		return ReasonDenied
	case errors.Is(err, ErrNoCode):
		return ReasonNoCode
	case errors.As(err, &other) && other.Got == "":
		return ReasonNoDomain
	case errors.Is(err, ErrOtherPortal):
		return ReasonOtherPortal
	case errors.Is(err, ErrRegionUnknown):
		return ReasonRegionUnknown
	case errors.Is(err, ErrTimeout):
		return ReasonTimeout
	case errors.Is(err, ErrInvalidGrant):
		return ReasonInvalidGrant
	case errors.Is(err, ErrInvalidClient):
		return ReasonInvalidClient
	case errors.Is(err, ErrWrongClient):
		return ReasonWrongClient
	case errors.Is(err, ErrExpired):
		return ReasonExpired
	case errors.Is(err, ErrPaymentRequired):
		return ReasonPaymentRequired
	case errors.Is(err, ErrNotInstalled):
		return ReasonNotInstalled
	case errors.Is(err, ErrScopeRefused):
		return ReasonScopeRefused
	case errors.Is(err, ErrServerFailed):
		return ReasonServerFailed
	case errors.As(err, &grant):
		return ReasonRefused
	case errors.As(err, &reply):
		return ReasonUnexpected
	case errors.Is(err, context.Canceled):
		return ReasonCancelled
	case transport.FailureOf(err).Exhausted():
		return ReasonExhausted
	case transport.FailureOf(err) == transport.Timeout && transport.StageOf(err) == transport.StageHTTP:
		return ReasonNoAnswer
	case transport.FailureOf(err) != transport.Other:
		return ReasonNoConnection
	default:
		return ReasonOther
	}
}

// NoAnswerAfter is how long to wait for an answer before showing why none may come: long enough to sign in to the portal by then.
const NoAnswerAfter = 20 * time.Second

// NoAnswerReason is a frequent reason why no answer comes back from the browser: a stable code. The portal shows it to the user only,
// so it can't be detected here.
type NoAnswerReason string

// The reasons.
const (
	NoAnswerNotInstalled NoAnswerReason = "not-installed"  // the page says so: the application is not on this portal
	NoAnswerOtherUser    NoAnswerReason = "other-user"     // somebody is signed in who may not use the application
	NoAnswerAddress      NoAnswerReason = "return-address" // the application's card has another return address, or none
	NoAnswerEmptyCode    NoAnswerReason = "empty-code"     // the page has an empty code: the portal can't reach the authorization server
)

// NoAnswerReasons returns all reasons, the likeliest first.
func NoAnswerReasons() []NoAnswerReason {
	return []NoAnswerReason{NoAnswerNotInstalled, NoAnswerOtherUser, NoAnswerAddress, NoAnswerEmptyCode}
}

// withDetails joins the parts that aren't empty.
func withDetails(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ": ")
}

// printable returns untrusted text as one line, credentials masked, at most limit runes.
func printable(text string, limit int, known ...secret.String) string {
	const window = 4 << 10 // masking megabytes is slow
	text = secret.Mask(untrusted.Prefix(text, window), known...)
	return untrusted.Truncate(strings.TrimSpace(untrusted.Line(text)), limit)
}
