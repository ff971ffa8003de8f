package checks

import (
	"context"
	"encoding/json"
	"slices"

	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"boxready/oauthflow"
)

// Causes of token-accepted, besides those of auth-server-from-portal.
const (
	AppNotOnPortal     Cause = "app-not-on-portal"
	AppNotOnAuthServer Cause = "app-not-on-auth-server"
	UserInactive       Cause = "user-inactive"
	UserNoAppAccess    Cause = "user-no-app-access"
)

// AcceptedFacts are the portal's answers to a fresh token. A portal caches its result for a token for an hour, so only a new one
// makes it ask the authorization server.
type AcceptedFacts struct {
	BlockedBy ID `json:"blocked_by,omitempty"` // the check that forbids sending a token
	// NotInstalled means that the authorization server answered that the portal doesn't have the application.
	NotInstalled bool       `json:"not_installed,omitempty"`
	Answer       *Exchange  `json:"answer,omitempty"`
	JSON         *Exchange  `json:"json,omitempty"`    // the token in a JSON body, if the form's did not arrive
	Renewed      bool       `json:"renewed,omitempty"` // the portal called the first token expired, so a second one was fetched
	Application  *AppStatus `json:"application,omitempty"`
}

// AppStatus is the portal's app.info for the signed-in application.
// https://apidocs.bitrix24.com/api-reference/common/system/app-info.html
type AppStatus struct {
	Code           string `json:"code,omitempty"`
	Version        string `json:"version,omitempty"`
	Status         string `json:"status,omitempty"`
	Installed      *bool  `json:"installed,omitempty"`
	PaymentExpired string `json:"payment_expired,omitempty"`
	Days           string `json:"days,omitempty"` // of the paid time that remain
	Licence        string `json:"licence,omitempty"`
}

func observeAccepted(ctx context.Context, env *Env) (*AcceptedFacts, error) {
	f := &AcceptedFacts{}
	if env.blocker(PortalIdentity) == PortalIdentity {
		identity := factsOf[IdentityFacts](env.factsByCheck(), PortalIdentity)
		switch {
		case identity != nil && (identity.is(oauthflow.ErrNotInstalled) || identity.is(oauthflow.ErrInvalidToken)):
			f.NotInstalled = true
			return f, nil
		case identity == nil || !identity.differs() || !env.target.Moved:
			f.BlockedBy = PortalIdentity
			return f, nil
		}
	}
	if f.BlockedBy = env.tokenRule(); f.BlockedBy != "" {
		return f, nil
	}
	r := env.callRequest(BySignIn, infoMethod, nil)
	a := env.ask(ctx, r)
	f.Answer = env.exchange(r, a)
	if f.Answer.is(portal.ErrExpiredToken) {
		// One retry: with a wrong clock, the token may already have expired.
		token, err := env.target.SignIn.Refresh(ctx)
		if !token.Access.IsZero() {
			env.setToken(portal.Token{Value: token.Access})
			r = env.callRequest(BySignIn, infoMethod, nil)
			a = env.do(ctx, r)
			f.Answer, f.Renewed = env.exchange(r, a), true
		} else if err != nil {
			return f, nil
		}
	}
	if f.Answer.is(portal.ErrNoAuthFound) {
		r.Carrier = portal.InJSON
		f.JSON = env.exchange(r, env.do(ctx, r))
	}
	f.Application = appStatus(a)
	return f, nil
}

func appStatus(a portal.Answer) *AppStatus {
	var info struct {
		Code           portal.Text  `json:"CODE"`
		Version        portal.Text  `json:"VERSION"`
		Status         portal.Text  `json:"STATUS"`
		Installed      *portal.Bool `json:"INSTALLED"`
		PaymentExpired portal.Text  `json:"PAYMENT_EXPIRED"`
		Days           portal.Text  `json:"DAYS"`
		Licence        portal.Text  `json:"LICENSE"`
	}
	if a.Result == nil || json.Unmarshal(a.Result, &info) != nil {
		return nil
	}
	return &AppStatus{Code: string(info.Code), Version: string(info.Version), Status: string(info.Status), Installed: (*bool)(info.Installed),
		PaymentExpired: string(info.PaymentExpired), Days: string(info.Days), Licence: string(info.Licence)}
}

func judgeAccepted(f *AcceptedFacts, seen FactsByCheck) []Result {
	switch {
	case f.NotInstalled:
		return one(problem(AppNotOnAuthServer, PortalAdmin).with(Args{"error": "", "description": ""}))
	case f.BlockedBy != "":
		return skipped(f.BlockedBy)
	case f.Answer == nil:
		return one(unknown(UnexpectedAnswer, ServerAdmin))
	}
	x, servers := f.Answer, factsOf[VendorFacts](seen, AuthServerFromComputer)
	if x.fromREST() && x.is(portal.ErrNoAuthFound) {
		return judgeLost(f, seen)
	}
	return withServerFailure(acceptance(x), servers)
}

// acceptance judges an answer to a fresh token.
func acceptance(x *Exchange) []Result {
	if x.succeeded() {
		return ok()
	}
	return about(refusal(bitrix.AtFreshToken, x), Args{"seconds": float64(x.Times.Total) / 1000})
}

// judgeLost judges a token that the portal doesn't see. Where an invented one arrived shows why.
func judgeLost(f *AcceptedFacts, seen FactsByCheck) []Result {
	auth := factsOf[AuthFacts](seen, AuthServerFromPortal)
	switch {
	case f.JSON != nil && !f.JSON.is(portal.ErrNoAuthFound):
		return withServerFailure(acceptance(f.JSON), factsOf[VendorFacts](seen, AuthServerFromComputer))
	case auth != nil && auth.lostEverywhere():
		return about(one(problem(TokenCheckerMissing, ServerAdmin)), answerArgs(f.Answer))
	case auth != nil && slices.ContainsFunc(auth.Tokens, TokenAnswer.arrived):
		return skipped(CredentialsArrive)
	default:
		return refusal(bitrix.AtFreshToken, f.Answer)
	}
}

// InstallUnfinished is the cause of app-installed.
const InstallUnfinished Cause = "install-unfinished"

// InstalledFacts are whether the portal has the application's installation as finished.
type InstalledFacts struct {
	Installed *bool  `json:"installed,omitempty"` // absent: not in the answer
	Code      string `json:"code,omitempty"`
	Status    string `json:"status,omitempty"`
}

func observeInstalled(_ context.Context, env *Env) (*InstalledFacts, error) {
	f := &InstalledFacts{}
	if accepted := factsOf[AcceptedFacts](env.factsByCheck(), TokenAccepted); accepted != nil && accepted.Application != nil {
		a := accepted.Application
		f.Installed, f.Code, f.Status = a.Installed, a.Code, a.Status
	}
	return f, nil
}

func judgeInstalled(f *InstalledFacts, _ FactsByCheck) []Result {
	switch {
	case f.Installed == nil:
		return one(unknown(UnexpectedAnswer, PortalAdmin))
	case !*f.Installed:
		return one(problem(InstallUnfinished, PortalAdmin).with(Args{"code": f.Code}))
	}
	return ok()
}
