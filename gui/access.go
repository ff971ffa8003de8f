package gui

import (
	"context"
	"errors"
	"slices"

	"boxready/checks"
	"boxready/gui/model"
	"boxready/internal/access"
	"boxready/internal/portal"
	"boxready/internal/vault"
	"boxready/oauthflow"
)

// Access is how the owner gets in to portals, and where that is kept; see access.Access. Its methods are called off the Fyne
// thread: they wait for the network, and for whoever answers the keyring's prompts.
type Access interface {
	Open(context.Context) error
	Place() vault.Place
	ReturnAddress() string
	Get(context.Context, portal.Address) (oauthflow.Account, error)
	Forget(context.Context, portal.Address) error

	StartSignIn(context.Context, access.SignIn) (*oauthflow.Flow, error)
	SaveSignIn(context.Context, portal.Address, oauthflow.App, oauthflow.Token) error
	Source(context.Context, portal.Address) (*oauthflow.Source, error)
	SignOut(context.Context, portal.Address) error

	SaveWebhook(context.Context, portal.Webhook) error
	Webhook(context.Context, portal.Address) (portal.Webhook, error)
	RemoveWebhook(context.Context, portal.Address) error
}

func (w *Window) accessOf(s *model.Session) Access {
	if s.Demo && w.demo != nil {
		return w.demo.Access
	}
	return w.p.Access
}

// keys are what is kept for a portal, ready for a run.
type keys struct {
	model.Keys
	webhook *portal.Webhook
	signIn  *oauthflow.Source
}

// readKeys asks the keyring what is kept for a portal. It is called off the Fyne thread.
func readKeys(ctx context.Context, a Access, address portal.Address) (k keys) {
	k.Unkept = a.Open(ctx)
	k.Place = a.Place()
	account, err := a.Get(ctx, address)
	switch {
	case errors.Is(err, vault.ErrNotFound):
		return k
	case err != nil:
		k.Err = err
		return k
	}
	k.Account = account
	if account.Webhook {
		webhook, err := a.Webhook(ctx, address)
		if err != nil {
			k.Err = err
			return k
		}
		k.webhook = &webhook
	}
	if account.SignedIn() {
		k.signIn, k.Err = a.Source(ctx, address)
	}
	return k
}

// use lets the runs of a session use what is kept for its portal.
func (w *Window) use(s *model.Session, k keys) {
	s.Keys = &k.Keys
	s.Target.Webhook, s.Target.SignIn = k.webhook, k.signIn
	if k.Account.Confirmed && !s.Agreed(checks.Deep) {
		s.Target.Consents = append(slices.Clone(s.Target.Consents), checks.Deep)
	}
	if s.Demo {
		return
	}
	address, kept := s.Target.Address.String(), k.Place == vault.InKeyring && (k.Account.SignedIn() || k.Account.Webhook)
	w.background(func(context.Context) func() {
		_ = w.p.Store.SetKeys(address, kept) // as with remember
		return nil
	})
}

// locked tells whether something is kept for a session's portal that nobody has read yet. Keyrings may ask for a password, so
// none is touched for a portal that nothing is kept of.
func (w *Window) locked(s *model.Session) bool {
	if s.Keys != nil || w.accessOf(s) == nil {
		return false
	}
	past, _ := w.p.Store.Portal(s.Target.Address.String())
	return past.Keys
}

// unlock reads what is kept for a session's portal, and begins the run then.
func (w *Window) unlock(s *model.Session, consents []checks.Consent) {
	ctx, cancel := context.WithCancel(w.ctx)
	s.Begin(w.p.Now(), checks.Planned(s.Target), true)
	s.Unlocking = true
	w.stop[s] = func() {
		s.Stopped = true
		cancel()
	}
	a, address := w.accessOf(s), s.Target.Address
	w.background(func(context.Context) func() {
		k := readKeys(ctx, a, address)
		cancel()
		return func() {
			delete(w.stop, s)
			s.Running, s.Unlocking = false, false
			if s.Stopped {
				w.changed()
				return
			}
			w.use(s, k)
			w.run(s, consents...)
		}
	})
	w.changed()
}
