// Package vault stores credentials for portals: those of a local application with
// its tokens, and incoming webhooks. It uses the operating system's keyring, or
// memory for this run if no keyring works, and reports which.
//
// A keyring may prompt the user, or hang. No call here waits longer than its
// deadline, whatever the keyring does, and at most one call of the keyring runs at
// any time.
//
// This package writes no files, and no error contains a secret.
package vault

import (
	"context"
	"runtime"
	"time"

	"boxready/internal/secret"
)

// An Account is all that is stored for one portal: a sign-in, an incoming
// webhook, or both.
type Account struct {
	Portal string // https://host[:port] as portal.Address writes it; the account's key

	ClientID      string
	ClientSecret  secret.String
	Refresh       secret.String
	RefreshIssued time.Time // refresh tokens live 180 days from here
	// The access token is valid for an hour and can be renewed, so it is left out,
	// with Expires, when an account is too big.
	Access  secret.String
	Expires time.Time
	Server  string // https address of the authorization server: no other may see the secret and the tokens

	MemberID, UserID string

	Webhook secret.String // an incoming webhook's whole address, or none

	// Confirmed says that the owner confirmed Portal as the address that employees
	// and applications use.
	Confirmed bool

	Saved time.Time // when it was last saved; Save sets it
}

// A Store stores accounts. It is safe for concurrent use; calls return when ctx
// ends, and after the deadline at the latest. Times are stored to the second, in
// UTC.
//
// Errors are *Error, where the keyring failed, or wrap ErrNotFound, ErrDamaged,
// ErrNewer or ErrInvalid, or ctx's error where it was cancelled.
type Store interface {
	// Load returns the account of a portal.
	Load(ctx context.Context, portal string) (Account, error)
	// Save replaces the portal's account, and reads it back before it returns
	// nil. After an error the old one, the new one or none may be stored; after
	// Timeout that can change until the keyring answers.
	Save(ctx context.Context, a Account) error
	// Delete deletes an account. After Timeout it may still be stored, but is
	// deleted as soon as the keyring answers, also after an earlier Save.
	Delete(ctx context.Context, portal string) error
	// List returns the portals of all accounts, sorted.
	List(ctx context.Context) ([]string, error)
	// Place returns where the accounts are stored.
	Place() Place
}

// A Place is where accounts are stored: a stable code.
type Place string

// The places.
const (
	InKeyring Place = "keyring"
	InMemory  Place = "memory" // gone when the program ends
)

// Products that the places are: stable codes.
const (
	KeeperWindows = "windows-credential-manager"
	KeeperMac     = "macos-keychain"
	KeeperSecrets = "secret-service" // GNOME Keyring, KWallet, KeePassXC
	KeeperMemory  = "memory"
)

// Keeper returns the product that the place is on this operating system.
func (p Place) Keeper() string {
	switch {
	case p != InKeyring:
		return KeeperMemory
	case runtime.GOOS == "windows":
		return KeeperWindows
	case runtime.GOOS == "darwin":
		return KeeperMac
	}
	return KeeperSecrets
}
