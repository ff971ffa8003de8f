package checks

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"boxready/internal/transport"
	"boxready/oauthflow"
)

// Causes of sign-in, besides app-payment-required and vendor-host-unreachable.
const (
	GrantInvalid     Cause = "grant-invalid"
	ClientInvalid    Cause = "client-invalid"
	SignInExpired    Cause = "sign-in-expired"
	AppUnknown       Cause = "app-unknown"
	ScopeRefused     Cause = "scope-refused"
	AuthServerFailed Cause = "auth-server-failed" // it says so itself: nothing to mend here or on the portal
)

// SignInFacts are the authorization server's answer to the sign-in's refresh token. It is asked directly, never through the
// portal.
type SignInFacts struct {
	AuthAnswer
	At       time.Time  `json:"at"`
	Ends     *time.Time `json:"ends,omitempty"`     // when the sent refresh token expires
	EndsNow  *time.Time `json:"ends_now,omitempty"` // when the one that was saved in its place does
	Scopes   []string   `json:"scopes,omitempty"`
	MemberID string     `json:"member_id,omitempty" hide:"member"`
	UserID   string     `json:"user_id,omitempty" hide:"user"`
	NotSaved bool       `json:"not_saved,omitempty"` // the keyring did not take the new refresh token
}

// AuthAnswer is the result of a request from this computer to the authorization server.
type AuthAnswer struct {
	Server           string            `json:"server" hide:"host"`
	Failure          transport.Failure `json:"failure,omitempty"`
	Layer            transport.Stage   `json:"layer,omitempty"` // where it failed
	Error            string            `json:"error,omitempty" hide:"text"`
	ErrorDescription string            `json:"error_description,omitempty" hide:"text"`
	Status           int               `json:"status,omitempty"` // HTTP; of an error only
	Body             string            `json:"body,omitempty" hide:"text"`
	TookMS           int64             `json:"took_ms"`
}

// is reports whether the authorization server answered with that error of oauthflow's.
func (a *AuthAnswer) is(target error) bool {
	switch {
	case a.Error != "":
		return errors.Is(&oauthflow.GrantError{Code: a.Error, Description: a.ErrorDescription, Status: a.Status}, target)
	case a.unreadable():
		return errors.Is(&oauthflow.ReplyError{Status: a.Status}, target)
	}
	return false
}

// unreadable reports whether an answer came in no form that an authorization server uses.
func (a *AuthAnswer) unreadable() bool { return a.Failure == transport.Other && a.Status != 0 }

func authAnswer(server string, start time.Time, err error) AuthAnswer {
	a := AuthAnswer{Server: server, TookMS: transport.Since(start)}
	var refused *oauthflow.GrantError
	var unreadable *oauthflow.ReplyError
	switch {
	case err == nil:
	case errors.As(err, &refused):
		a.Error, a.ErrorDescription, a.Status = short(refused.Code), short(refused.Description), refused.Status
	case errors.As(err, &unreadable):
		a.Failure, a.Status, a.Body = transport.Other, unreadable.Status, unreadable.Excerpt
	default:
		a.Failure, a.Layer = transport.FailureOf(err), transport.StageOf(err)
	}
	return a
}

// args are the values for the sentences about the answer.
func (a *AuthAnswer) args() Args {
	return Args{"server": strings.TrimPrefix(a.Server, "https://"), "error": a.Error, "description": a.ErrorDescription,
		"failure": string(a.Failure), "layer": string(a.Layer), "status": a.Status, "body": a.Body}
}

// observeSignIn renews the sign-in, also one that was made a moment ago, whose access token no portal has seen either: that the
// refresh token is accepted, and the application known and paid for, is what this check proves, and no other request tells it. Besides,
// to know that a token is unseen, each process would have to save, before it sends a token, that it does.
func observeSignIn(ctx context.Context, env *Env) (*SignInFacts, error) {
	source := env.target.SignIn
	f := &SignInFacts{At: env.now().UTC(), Ends: refreshEnds(source.Held())}
	start := time.Now()
	token, err := source.Refresh(ctx)
	if errors.Is(err, oauthflow.ErrNotSaved) {
		f.NotSaved, err = true, nil
	}
	f.AuthAnswer = authAnswer(source.Server().URL, start, err)
	if err == nil {
		f.Scopes, f.MemberID, f.UserID = token.Scopes, token.MemberID, token.UserID
		env.setToken(portal.Token{Value: token.Access})
		if !f.NotSaved {
			f.EndsNow = refreshEnds(token)
		}
	}
	return f, nil
}

func refreshEnds(token oauthflow.Token) *time.Time {
	ends := token.Ends().UTC()
	if ends.IsZero() {
		return nil
	}
	return &ends
}

// EndsAfter is when the saved sign-in expires after the run unless it is renewed; zero if not known, or it was refused.
func (f *SignInFacts) EndsAfter() time.Time {
	switch {
	case f.EndsNow != nil:
		return *f.EndsNow
	case f.Ends != nil && f.Failure != "": // it could not be renewed
		return *f.Ends
	}
	return time.Time{}
}

func judgeSignIn(f *SignInFacts, _ FactsByCheck) []Result {
	args := f.args()
	old := f.Ends != nil && !f.At.Before(*f.Ends)
	var r Result
	switch {
	case f.unreadable() && f.is(oauthflow.ErrServerFailed):
		r = unknown(AuthServerFailed, Bitrix24)
	case f.unreadable():
		r = unknown(UnexpectedAnswer, You)
	case f.Failure == transport.Cancelled || f.Failure == transport.ProxyAuth || f.Failure == transport.ProxyRefuse || f.Failure.Exhausted():
		r = requestFailed(f.Failure)
	case f.Failure != "":
		r = unknown(VendorHostUnreachable, You)
	case f.Error == "":
		return about(ok(), Args{"server": args["server"], "not_saved": f.NotSaved})
	case f.is(oauthflow.ErrInvalidGrant) && old:
		r = problem(SignInExpired, PortalAdmin)
	default:
		r = f.refused()
	}
	if r.Cause == RefusedWithCode && f.is(oauthflow.ErrServerFailed) {
		r = unknown(AuthServerFailed, Bitrix24)
	}
	return about(one(r), args)
}

// refused is what follows from the authorization server's own error about a sign-in, by the table of codes.
func (a *AuthAnswer) refused() Result {
	meaning := bitrix.MeaningOf(a.Error, a.ErrorDescription, bitrix.AtRefresh)
	if meaning == nil || meaning.At(bitrix.AtRefresh) == "" {
		return a.refusedWithCode()
	}
	r := problem(Cause(meaning.At(bitrix.AtRefresh)), Owner(meaning.Owner)).with(Args{"meaning": meaning.Name})
	if r.Cause == AppUnknown {
		r.Owner = Vendor // whoever handed out the application's ID
	}
	return r
}

// refusedWithCode is the result for an error that has no cause of its own.
func (a *AuthAnswer) refusedWithCode() Result {
	if meaning := bitrix.MeaningOf(a.Error, a.ErrorDescription, bitrix.AtRefresh); meaning != nil {
		return unknown(RefusedWithCode, Owner(meaning.Owner)).with(Args{"meaning": meaning.Name})
	}
	return unknown(RefusedWithCode, "")
}

// Causes of portal-identity.
const (
	AddressDiffers    Cause = "address-differs"
	AddressHeldAsHTTP Cause = "address-held-as-http"
)

// IdentityFacts are the address that the authorization server holds for the portal, asked there before any token goes to the
// portal: the first token makes the portal report the request's host as its address.
type IdentityFacts struct {
	AuthAnswer
	Portal    string   `json:"portal" hide:"host"`                // the address being checked
	Held      string   `json:"held,omitempty" hide:"host"`        // client_endpoint
	Domain    string   `json:"domain,omitempty" hide:"host"`      // domain
	URI       string   `json:"uri,omitempty" hide:"host"`         // uri
	MemberID  string   `json:"member_id,omitempty" hide:"member"` // the portal's, whatever its address
	Sharing   []string `json:"sharing,omitempty" hide:"host"`     // other portals known here with that member_id
	Installed *bool    `json:"installed,omitempty"`               // the application, as the authorization server sees it
	AppStatus string   `json:"application_status,omitempty"`      // L is a local one
	Version   string   `json:"application_version,omitempty"`     //
}

func observeIdentity(ctx context.Context, env *Env) (*IdentityFacts, error) {
	f := &IdentityFacts{Portal: env.target.Address.String()}
	server := env.target.SignIn.Server()
	start := time.Now()
	info, err := server.AppInfo(ctx, env.signedIn().Value)
	f.AuthAnswer = authAnswer(server.URL, start, err)
	if err == nil {
		i := info.Install
		f.Held, f.Domain, f.URI, f.MemberID = short(i.ClientEndpoint), short(i.Domain), short(i.URI), short(i.MemberID)
		f.Sharing = env.target.sharing(f.MemberID)
		f.Installed, f.AppStatus, f.Version = &i.Installed, short(i.Status), short(i.Version)
	}
	return f, nil
}

// heldAddresses are all that the authorization server holds. A bare domain has no scheme.
func (f *IdentityFacts) heldAddresses() []*url.URL {
	var all []*url.URL
	for _, text := range []string{f.Held, f.URI, f.Domain} {
		if text == "" {
			continue
		}
		if !strings.Contains(text, "://") {
			text = "https://" + text
		}
		if u, err := url.Parse(text); err == nil && u.Host != "" {
			all = append(all, u)
		}
	}
	return all
}

func (f *IdentityFacts) otherHost() string {
	address, err := portal.ParseAddress(f.Portal)
	if err != nil {
		return ""
	}
	for _, u := range f.heldAddresses() {
		// The scheme's default port equals none.
		held, err := portal.ParseAddress(u.Scheme + "://" + u.Host)
		if err != nil || held.Host != address.Host || !held.WasHTTP && held.Port != address.Port {
			return u.Host
		}
	}
	return ""
}

func (f *IdentityFacts) http() bool {
	return slices.ContainsFunc(f.heldAddresses(), func(u *url.URL) bool { return strings.EqualFold(u.Scheme, "http") })
}

// differs reports whether a token sent to the portal would change the address that the authorization server holds.
func (f *IdentityFacts) differs() bool { return f.otherHost() != "" || f.http() }

func judgeIdentity(f *IdentityFacts, _ FactsByCheck) []Result {
	args := f.args()
	args["held"] = f.Held
	var results []Result
	switch {
	case f.is(oauthflow.ErrServerFailed) && f.Error != "":
		failed := f.refusedWithCode()
		failed.Owner = Bitrix24
		results = one(failed)
	case f.is(oauthflow.ErrServerFailed):
		results = one(unknown(UnexpectedAnswer, Bitrix24))
	case f.unreadable():
		results = one(unknown(UnexpectedAnswer, You))
	case f.Error != "":
		results = one(f.refusedWithCode())
	case f.Failure != "":
		results = one(requestFailed(f.Failure))
	case len(f.heldAddresses()) == 0:
		results = one(unknown(UnexpectedAnswer, You))
	}
	if other := f.otherHost(); other != "" {
		results = append(results, problem(AddressDiffers, PortalAdmin).with(Args{"other": other}))
	}
	if f.http() {
		results = append(results, problem(AddressHeldAsHTTP, ServerAdmin))
	}
	if len(f.Sharing) > 0 {
		results = append(results, notice(PortalClone, PortalAdmin).with(Args{"sharing": f.Sharing, "other": strings.TrimPrefix(f.Sharing[0], "https://")}))
	}
	return about(orOK(results), args)
}
