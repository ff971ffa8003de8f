package gui

import (
	"context"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/internal/app"
	"boxready/internal/portal"
	"boxready/oauthflow"
)

// Access signs in to portals and stores credentials; see app.App. Its methods, except ReturnAddress, are called off the Fyne
// thread: they wait for the network, and for keyring prompts to be answered.
type Access interface {
	ReturnAddress() string
	Keys(context.Context, portal.Address) app.Keys
	MaySignIn(context.Context, checks.Target, checks.Observer) error
	StartSignIn(context.Context, app.SignIn) (*oauthflow.Flow, error)
	SaveSignIn(context.Context, portal.Address, oauthflow.App, oauthflow.Token) error
	SignOut(context.Context, portal.Address) error
	SaveWebhook(context.Context, portal.Webhook) error
	RemoveWebhook(context.Context, portal.Address) error
	Forget(context.Context, portal.Address) error
	FinishRenewals() <-chan struct{}
}

func (r *runner) accessOf(s *model.Session) Access {
	if s.Demo && r.demo != nil {
		return r.demo.Access
	}
	return r.params.Access
}

// useCredentials lets the runs of a session use the portal's saved credentials.
func (r *runner) useCredentials(s *model.Session, k app.Keys) {
	past, _ := r.params.Store.Portal(s.Target.Address.String())
	if past.Keys && !s.Demo && k.Err == nil {
		k.Err = k.Unkept // what is saved is in the keyring, which is not open
	}
	s.Keys, s.NotKept = &k, nil
	s.Target.Webhook, s.Target.SignIn = k.Webhook, k.SignIn
	if k.Account.Confirmed && !past.Withdrawn {
		s.Allow(checks.Deep)
	}
	kept := k.InKeyring() && (k.Account.SignedIn() || k.Account.Webhook)
	if s.Demo || k.Err != nil || k.Unkept != nil || kept == past.Keys {
		return // a save that changes nothing could come after a later one that does
	}
	address := s.Target.Address.String()
	r.background(func(context.Context) func() {
		_ = r.params.Store.SetKeys(address, kept) // as with saveRun
		return nil
	})
}

// offerWebhook asks whether to keep the webhook whose address was given as the portal's, if it was, and then calls then.
func (r *runner) offerWebhook(s *model.Session, typed string, then func()) {
	webhook, given := app.WebhookIn(typed)
	a := r.accessOf(s)
	if !given || a == nil {
		then()
		return
	}
	args := checks.Args{"portal": s.Target.Address.Display(), "keeper": r.words.Say("sign-in.place-"+app.KeyringKeeper(), nil)}
	r.dialogs.confirm(question{title: r.say("webhook.title", nil), text: r.say("webhook.text", args), yes: r.say("sign-in.save", nil)}, func() {
		r.background(func(ctx context.Context) func() {
			err := a.SaveWebhook(ctx, webhook)
			k := a.Keys(ctx, s.Target.Address)
			return func() {
				r.useCredentials(s, k)
				if err == nil {
					err = k.Unkept // it is in memory alone
				}
				if err != nil {
					s.Target.Webhook, s.NotKept = &webhook, err
				}
				r.changed()
				then()
			}
		})
	})
	r.dialogs.onDismiss = then
}

// credentialsUnread reports whether a session's portal has saved credentials that were not read yet. A keyring may ask for a
// password, so it is read for such portals only.
func (r *runner) credentialsUnread(s *model.Session) bool {
	past, _ := r.params.Store.Portal(s.Target.Address.String())
	return past.Keys && s.Keys == nil && r.accessOf(s) != nil
}

// readCredentials reads the saved credentials of a session's portal, and then begins the run.
func (r *runner) readCredentials(s *model.Session, consents []checks.Consent) {
	ctx, cancel := context.WithCancel(r.ctx)
	s.Begin(r.params.Now(), checks.Plan(s.Target))
	s.Unlocking = true
	r.stop[s] = func() {
		s.Stopped = true
		cancel()
	}
	a, address := r.accessOf(s), s.Target.Address
	r.background(func(context.Context) func() {
		k := a.Keys(ctx, address)
		cancel()
		return func() {
			delete(r.stop, s)
			s.Running, s.Unlocking = false, false
			if s.Stopped {
				r.over(s)
				r.changed()
				return
			}
			r.useCredentials(s, k)
			r.run(s, consents...)
		}
	})
	r.changed()
}
