// Package vault keeps what BoxReady may use on a portal in its owner's name:
// the credentials and tokens of a local application, and incoming webhooks. It
// puts them into the operating system's keyring, or into memory for this run if
// there is no keyring that works, and says which.
//
// A keyring may show a prompt and wait for a person, or for ever. No call here
// waits longer than its deadline, whatever the keyring does, and at most one
// call is outstanding at the keyring at any time.
//
// Nothing here writes files, and no error tells a secret.
package vault

import (
	"context"
	"runtime"
	"time"

	"boxready/internal/secret"
)

// An Account is all that is kept of one portal. It holds a sign-in, an incoming
// webhook, or both.
type Account struct {
	Portal string // https://host[:port] as portal.Address writes it; what the account is found by

	ClientID      string
	ClientSecret  secret.String
	Refresh       secret.String
	RefreshIssued time.Time // refresh tokens live 180 days from here
	// The access token is worth an hour and can be fetched again, so it is what
	// is left out when an account is too big. Expires is left out with it.
	Access  secret.String
	Expires time.Time
	Server  string // https address of the authorization server: no other may see the secret and the tokens

	MemberID, UserID string

	Webhook secret.String // an incoming webhook's whole address, or none

	// Confirmed says that the owner has said that Portal is the address that
	// employees and applications use.
	Confirmed bool

	Saved time.Time // when it was last saved; Save sets it
}

// A Store keeps accounts. Its methods may be called from any goroutine; they
// return when ctx ends, and after the deadline at the latest. Times are kept to
// the second, in UTC.
//
// Errors are *Error, where the keyring failed, or wrap ErrNotFound, ErrDamaged,
// ErrNewer or ErrInvalid, or ctx's error where it was cancelled.
type Store interface {
	// Load returns the account of a portal.
	Load(ctx context.Context, portal string) (Account, error)
	// Save keeps an account in place of the portal's former one, and has read
	// it back when it returns nil. After an error either of the two, or none,
	// may be there; after Timeout that can change until the keyring answers.
	Save(ctx context.Context, a Account) error
	// Delete forgets an account. After Timeout the account may still be there,
	// but it will be deleted as soon as the keyring answers: no Save of before
	// brings it back.
	Delete(ctx context.Context, portal string) error
	// List returns the portals that there are accounts of, sorted.
	List(ctx context.Context) ([]string, error)
	// Place returns where the accounts are kept.
	Place() Place
}

// A Place is where accounts are kept: a stable code.
type Place string

// The places.
const (
	InKeyring Place = "keyring"
	InMemory  Place = "memory" // gone when the program ends
)

// What people know the places as: stable codes.
const (
	KeeperWindows = "windows-credential-manager"
	KeeperMac     = "macos-keychain"
	KeeperSecrets = "secret-service" // GNOME Keyring, KWallet, KeePassXC
	KeeperMemory  = "memory"
)

// Keeper returns what people know the place as on this operating system.
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
