package model

import (
	"slices"
	"time"

	"boxready/checks"
	"boxready/internal/app"
	"boxready/internal/portal"
	"boxready/internal/words"
)

// CredentialsUnread says that the portal's saved sign-in or webhook could not be read, and why; "" if it could, or there is none.
func (s *Session) CredentialsUnread(w *words.Texts) string {
	if s.Keys == nil || s.Keys.Err == nil {
		return ""
	}
	return w.Say("window.sign-in.not-read", nil) + " " + KeyringProblem(w, s.Target.Address, s.Keys.Err)
}

// WebhookNotKept says that a webhook is used, but could not be kept for later, and why; "" if none had to be.
func (s *Session) WebhookNotKept(w *words.Texts) string {
	if s.NotKept == nil {
		return ""
	}
	return w.Say("window.webhook.not-kept", nil) + " " + KeyringProblem(w, s.Target.Address, s.NotKept)
}

// KeyringProblem says what is wrong with the keyring.
func KeyringProblem(w *words.Texts, address portal.Address, err error) string {
	problem := app.AccountProblem(err)
	if problem == "" || problem == app.AccountMissing { // of an account that is there
		problem = app.KeyringRefused
	}
	return w.Say("sign-in."+string(problem), checks.Args{"portal": address.Display(), "keeper": w.Say("sign-in.place-"+app.KeyringKeeper(), nil)})
}

// SignInRefused returns the last run's result about the saved sign-in if the authorization server refused it; false if it didn't, or
// the run didn't ask.
func (s *Session) SignInRefused() (checks.Result, bool) {
	for _, r := range s.results[checks.SignIn] {
		if r.State == checks.Problem {
			return r, true
		}
	}
	return checks.Result{}, false
}

// freshness is how long a run's answers hold for a sign-in.
const freshness = 5 * time.Minute

// SignInPrepared reports whether the last run has just seen that the portal's sign-in page may be opened, see app.App.MaySignIn.
func (s *Session) SignInPrepared(now time.Time) bool {
	return s.Outcome != nil && !s.Running && !s.Stopped && now.Sub(s.Outcome.Finished) < freshness && s.Outcome.SignInAllowed()
}

// SignInObstacle returns the last run's result that a sign-in would fail for: the portal or this computer doesn't get to the
// authorization server. It is false if there is none.
func (s *Session) SignInObstacle() (checks.Result, bool) {
	for _, r := range slices.Concat(s.results[checks.AuthServerFromPortal], s.results[checks.AuthServerFromComputer]) {
		if r.Cause == checks.AuthServerUnreachable || r.Cause == checks.VendorHostUnreachable {
			return r, true
		}
	}
	return checks.Result{}, false
}
