package app

import (
	"context"
	"errors"
	"fmt"

	"boxready/internal/portal"
	"boxready/internal/vault"
	"boxready/oauthflow"
)

// OpenKeyring tries the keyring, unless it is in use already, and moves accounts from memory into it. The error, a *vault.Error
// for the most part, is why the accounts stay in memory, until the program ends or OpenKeyring is called again.
func (a *App) OpenKeyring(ctx context.Context) error { return a.store.open(ctx) }

// OpenKeyringUnattended is OpenKeyring when nobody is there to answer a prompt: a keyring that would show one is left alone.
func (a *App) OpenKeyringUnattended(ctx context.Context) error {
	if a.keyring != nil {
		if err := a.keyring.Unlocked(ctx); err != nil {
			return err
		}
	}
	return a.OpenKeyring(ctx)
}

// Keys are a portal's saved credentials for a run of checks.
type Keys struct {
	Account oauthflow.Account
	Webhook *portal.Webhook   // nil for none
	SignIn  *oauthflow.Source // nil for none
	Place   vault.Place       // where accounts are kept
	Unkept  error             // why that is not the keyring; nil if it is, or need not be
	Err     error             // why accounts could not be read, or changed
}

// InKeyring reports whether they are kept in the operating system's keyring.
func (k Keys) InKeyring() bool { return k.Place == vault.InKeyring }

// Keys tries the keyring, see OpenKeyring, and reads a portal's saved credentials.
func (a *App) Keys(ctx context.Context, address portal.Address) Keys {
	k := Keys{Unkept: a.OpenKeyring(ctx), Place: a.Place()}
	account, err := a.Get(ctx, address)
	if err == nil && account.Webhook {
		var webhook portal.Webhook
		webhook, err = a.Webhook(ctx, address)
		k.Webhook = &webhook
	}
	if err == nil && account.SignedIn() {
		k.SignIn, err = a.Accounts.SignIn(ctx, address, oauthflow.AuthServer{HTTP: a.net.HTTPClient()})
	}
	switch {
	case errors.Is(err, vault.ErrNotFound):
		return Keys{Unkept: k.Unkept, Place: k.Place}
	case err != nil:
		return Keys{Unkept: k.Unkept, Place: k.Place, Err: err}
	}
	k.Account = account
	return k
}

// InKeyring reports whether accounts are kept in the operating system's keyring.
func (a *App) InKeyring() bool { return a.Place() == vault.InKeyring }

// KeyringKeeper is what the operating system's keyring is called here, see vault.Place.
func KeyringKeeper() string { return vault.InKeyring.Keeper() }

// AccountError is why a saved account could not be used.
type AccountError struct {
	Portal portal.Address // zero if it is the keyring as a whole
	Err    error
}

func (e *AccountError) Error() string {
	return fmt.Sprintf("use what is kept for %q: %v", e.Portal.Display(), e.Err)
}

func (e *AccountError) Unwrap() error { return e.Err }

// Problem is what is wrong with a saved account, or with the keyring. Problems are keys of texts; those of the keyring are
// keyring- and a vault.Reason.
type Problem string

// The problems.
const (
	AccountMissing Problem = "account-missing"
	AccountDamaged Problem = "account-damaged"
	AccountNewer   Problem = "account-newer" // saved by another version of BoxReady
	KeyringRefused Problem = keyringProblem + Problem(vault.Refused)
	KeyringLocked  Problem = keyringProblem + Problem(vault.Locked)
)

const keyringProblem = "keyring-"

// AccountProblem classifies an error of Accounts, or of the keyring; "" for another error.
func AccountProblem(err error) Problem {
	var failed *vault.Error
	switch {
	case errors.Is(err, vault.ErrNotFound):
		return AccountMissing
	case errors.Is(err, vault.ErrDamaged), errors.Is(err, vault.ErrInvalid):
		return AccountDamaged
	case errors.Is(err, vault.ErrNewer):
		return AccountNewer
	case errors.As(err, &failed):
		return keyringProblem + Problem(failed.Reason)
	}
	return ""
}
