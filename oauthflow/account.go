package oauthflow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"boxready/internal/filelock"
	"boxready/internal/portal"
	"boxready/internal/secret"
	"boxready/internal/vault"
)

// ErrOtherServer means that another authorization server than the requested one issued the sign-in. Its tokens and the client
// secret are sent to no other.
var ErrOtherServer = errors.New("the sign-in belongs to another authorization server")

// Accounts are the sign-ins and webhooks of this computer's user, as a vault.Store keeps them. What is not there is
// vault.ErrNotFound; other errors are the store's.
type Accounts struct {
	store    vault.Store
	lock     chan struct{} // held while an account is read, changed and written; a channel, so that waiting ends with a context
	locks    filelock.Folder
	renewals renewals
}

// NewAccounts returns the accounts in a store. Processes with the same folder of locks take turns in changing them; "" for a store
// that no other process uses.
func NewAccounts(store vault.Store, locks filelock.Folder) *Accounts {
	return &Accounts{store: store, lock: make(chan struct{}, 1), locks: locks}
}

// FinishRenewals lets no more renewal of a sign-in begin; the channel is closed when none is in progress. A program that ends before
// loses that sign-in: see RenewalTimeout for how long it may take.
func (a *Accounts) FinishRenewals() <-chan struct{} { return a.renewals.finish() }

// Account is what is stored for one portal, without its secrets.
type Account struct {
	Portal    portal.Address
	ClientID  string    // of the application that was signed in with; "" if there is no sign-in
	Server    string    // the sign-in's authorization server
	Ends      time.Time // of the sign-in, see Token.Ends; zero if not known
	Webhook   bool      // there is an incoming webhook
	Confirmed bool      // the owner said that employees and applications use this address
	Saved     time.Time
	Err       error // why nothing else is known: vault.ErrDamaged or vault.ErrNewer
}

// SignedIn tells whether there is a sign-in.
func (a Account) SignedIn() bool { return a.ClientID != "" }

// Place is where the accounts are kept.
func (a *Accounts) Place() vault.Place { return a.store.Place() }

// List returns all accounts, by their portals' names.
func (a *Accounts) List(ctx context.Context) ([]Account, error) {
	var names []string
	err := a.Locked(ctx, func() (err error) {
		names, err = a.store.List(ctx) // which removes names of deleted accounts
		return err
	})
	if err != nil {
		return nil, err
	}
	var all []Account
	for _, name := range names {
		address, err := portal.ParseAddress(name)
		if err != nil {
			continue // a store returns no such name
		}
		account, err := a.Get(ctx, address)
		switch {
		case errors.Is(err, vault.ErrNotFound): // deleted since List
			continue
		case errors.Is(err, vault.ErrDamaged), errors.Is(err, vault.ErrNewer):
			account.Err = err
		case err != nil:
			return nil, err
		}
		all = append(all, account)
	}
	return all, nil
}

// Get returns one account.
func (a *Accounts) Get(ctx context.Context, address portal.Address) (Account, error) {
	kept, err := a.store.Load(ctx, address.String())
	if err != nil {
		return Account{Portal: address}, err
	}
	return Account{
		Portal: address, ClientID: kept.ClientID, Server: kept.Server, Ends: tokenOf(kept).Ends(), Webhook: !kept.Webhook.IsZero(),
		Confirmed: kept.Confirmed, Saved: kept.Saved,
	}, nil
}

// SaveSignIn keeps a new sign-in in place of the portal's former one, and beside its webhook. The address counts as confirmed:
// without that, nobody signs in.
func (a *Accounts) SaveSignIn(ctx context.Context, address portal.Address, app App, token Token) error {
	// A renewal of the former one saves before, not after.
	unlock, err := a.lockRenewal(ctx, address)
	if err != nil {
		return err
	}
	defer unlock()
	return a.change(ctx, address, func(kept *vault.Account) error {
		kept.ClientID, kept.ClientSecret, kept.Confirmed = app.ClientID, app.ClientSecret, true
		setToken(kept, token)
		return nil
	})
}

// SignIn returns a source for a saved sign-in. A rotated token is saved before use, unless the user signed out in between; one
// that another process rotated is adopted. Of server, HTTP and Now are used; its URL is empty or that of the saved server,
// otherwise the error is ErrOtherServer.
func (a *Accounts) SignIn(ctx context.Context, address portal.Address, server AuthServer) (*Source, error) {
	kept, err := a.load(ctx, address, "")
	if err != nil {
		return nil, err
	}
	if server.URL != "" {
		asked, err := server.base()
		if err != nil {
			return nil, err
		}
		if asked != kept.Server {
			return nil, ErrOtherServer
		}
	}
	server.URL = kept.Server
	app := App{ClientID: kept.ClientID, ClientSecret: kept.ClientSecret}
	return NewSource(SourceOptions{
		App: app, Server: server, Token: tokenOf(kept),
		Save: func(ctx context.Context, token Token) error {
			return a.change(ctx, address, func(kept *vault.Account) error {
				if kept.ClientID != app.ClientID || kept.Server != token.Server {
					return fmt.Errorf("the sign-in is gone: %w", vault.ErrNotFound)
				}
				setToken(kept, token)
				return nil
			})
		},
		Load: func(ctx context.Context) (Token, error) {
			kept, err := a.load(ctx, address, app.ClientID)
			return tokenOf(kept), err
		},
		Lock:     func(ctx context.Context) (func(), error) { return a.lockRenewal(ctx, address) },
		renewals: &a.renewals,
	}), nil
}

// lockRenewal waits until no other process renews a portal's sign-in.
func (a *Accounts) lockRenewal(ctx context.Context, address portal.Address) (unlock func(), err error) {
	file, err := a.locks.Lock(ctx, filelock.Name("renewal", address.String()))
	return func() { file.Close() }, err
}

// SaveWebhook keeps a webhook in place of the portal's former one, and beside its sign-in.
func (a *Accounts) SaveWebhook(ctx context.Context, webhook portal.Webhook) error {
	return a.change(ctx, webhook.Address, func(kept *vault.Account) error {
		kept.Webhook = webhook.URL()
		return nil
	})
}

// Webhook returns a saved webhook.
func (a *Accounts) Webhook(ctx context.Context, address portal.Address) (portal.Webhook, error) {
	kept, err := a.store.Load(ctx, address.String())
	switch {
	case err != nil:
		return portal.Webhook{}, err
	case kept.Webhook.IsZero():
		return portal.Webhook{}, fmt.Errorf("no webhook: %w", vault.ErrNotFound)
	}
	webhook, err := portal.ParseWebhook(kept.Webhook.Reveal())
	if err != nil || webhook.Address.String() != address.String() {
		return portal.Webhook{}, vault.ErrDamaged
	}
	return webhook, nil
}

// RemoveWebhook deletes a saved webhook and keeps the portal's sign-in. The webhook stays on the portal.
func (a *Accounts) RemoveWebhook(ctx context.Context, address portal.Address) error {
	return a.change(ctx, address, func(kept *vault.Account) error {
		if kept.Webhook.IsZero() && kept.ClientID != "" {
			return fmt.Errorf("no webhook: %w", vault.ErrNotFound)
		}
		kept.Webhook = secret.String{}
		return nil
	})
}

// SignOut deletes a saved sign-in and keeps the portal's webhook. It revokes nothing: the application stays on the portal, and
// its tokens stay valid until they expire.
func (a *Accounts) SignOut(ctx context.Context, address portal.Address) error {
	return a.change(ctx, address, func(kept *vault.Account) error {
		if kept.ClientID == "" && !kept.Webhook.IsZero() {
			return fmt.Errorf("no sign-in: %w", vault.ErrNotFound)
		}
		*kept = vault.Account{Portal: kept.Portal, Webhook: kept.Webhook, Confirmed: kept.Confirmed}
		return nil
	})
}

// Forget deletes all that is stored for a portal, readable or not. It revokes nothing.
func (a *Accounts) Forget(ctx context.Context, address portal.Address) error {
	return a.Locked(ctx, func() error { return a.store.Delete(ctx, address.String()) })
}

// load reads an account that has a sign-in, of the application clientID unless that is empty.
func (a *Accounts) load(ctx context.Context, address portal.Address, clientID string) (vault.Account, error) {
	kept, err := a.store.Load(ctx, address.String())
	if err == nil && (kept.ClientID == "" || clientID != "" && kept.ClientID != clientID) {
		return vault.Account{}, fmt.Errorf("no sign-in: %w", vault.ErrNotFound)
	}
	return kept, err
}

// Locked calls f while no other process, nor anything else in this one, changes accounts. If that takes too long, the error is
// vault.Timeout: whoever changes them waits for the keyring.
func (a *Accounts) Locked(ctx context.Context, f func() error) error {
	select {
	case a.lock <- struct{}{}:
		defer func() { <-a.lock }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	waiting, cancel := context.WithTimeoutCause(ctx, vault.DefaultDeadline, errLocked)
	defer cancel()
	file, err := a.locks.Lock(waiting, "accounts")
	if err != nil {
		return err
	}
	defer file.Close()
	return f()
}

var errLocked = &vault.Error{Reason: vault.Timeout, Err: errors.New("another process is changing accounts")}

// change edits a portal's account, and deletes it if it ends up empty. A damaged account counts as empty.
func (a *Accounts) change(ctx context.Context, address portal.Address, edit func(*vault.Account) error) error {
	return a.Locked(ctx, func() error { return a.changeLocked(ctx, address, edit) })
}

func (a *Accounts) changeLocked(ctx context.Context, address portal.Address, edit func(*vault.Account) error) error {
	kept, err := a.store.Load(ctx, address.String())
	if errors.Is(err, vault.ErrNotFound) || errors.Is(err, vault.ErrDamaged) {
		kept, err = vault.Account{Portal: address.String()}, nil
	}
	if err != nil {
		return err
	}
	if err := edit(&kept); err != nil {
		return err
	}
	if kept.ClientID == "" && kept.Webhook.IsZero() {
		return a.store.Delete(ctx, kept.Portal)
	}
	return a.store.Save(ctx, kept)
}

func setToken(kept *vault.Account, token Token) {
	kept.Access, kept.Expires = token.Access, token.Expires
	kept.Refresh, kept.RefreshIssued = token.Refresh, token.RefreshIssued
	kept.Server, kept.MemberID, kept.UserID = token.Server, token.MemberID, token.UserID
}

func tokenOf(kept vault.Account) Token {
	return Token{
		Access: kept.Access, Expires: kept.Expires, Refresh: kept.Refresh, RefreshIssued: kept.RefreshIssued,
		Server: kept.Server, MemberID: kept.MemberID, UserID: kept.UserID,
	}
}
