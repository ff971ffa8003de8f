package vault

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"github.com/zalando/go-keyring"
)

// DefaultDeadline is how long a call of a keyring may take. Any call may prompt
// the user, who has to find the window and type a password. Callers that can't
// wait pass a context that ends earlier.
const DefaultDeadline = time.Minute

// Options change how a Keyring works. The zero value is for normal use.
type Options struct {
	Deadline time.Duration // 0 is DefaultDeadline
	Backend  Backend       // nil is the operating system's keyring; another is for tests
}

// A Keyring is the operating system's keyring as a Store. A program should use
// one only: each tracks only its own calls that hang.
type Keyring struct{ store }

// NewKeyring returns a Keyring. It does not touch the keyring itself.
func NewKeyring(o Options) *Keyring {
	if o.Deadline == 0 {
		o.Deadline = DefaultDeadline
	}
	if o.Backend == nil {
		o.Backend = system{}
	}
	return &Keyring{store{backend: o.Backend, place: InKeyring, guard: guard{deadline: o.Deadline}}}
}

// SelfTest writes, reads, compares and deletes an entry of the maximum size,
// without a secret in it.
func (k *Keyring) SelfTest(ctx context.Context) error {
	key := "self-test " + rand.Text() // unique: two processes may test at once
	value := "проверка " + rand.Text() + " "
	value += strings.Repeat("=", limit-1-len(value))
	_, err := k.guard.do(ctx, func(*call) error {
		if err := k.backend.Set(key, value); err != nil {
			return err
		}
		back, err := k.backend.Get(key)
		// Even if abandoned, so that no entry is left.
		deleted := k.backend.Delete(key)
		switch {
		case errors.Is(err, ErrNotFound), err == nil && back != value:
			return errNotWritten
		case err != nil:
			return err
		case errors.Is(deleted, ErrNotFound):
			return errNotWritten
		}
		return deleted
	})
	return fail("self-test", err)
}

// Unlocked fails if the keyring isn't there, or would have to ask the user for a password first: with Locked. It never prompts.
// Only the Secret Service tells; the others ask only users who locked their keyring themselves.
func (k *Keyring) Unlocked(ctx context.Context) error {
	asks, ok := k.backend.(interface{ Unlocked(context.Context) error })
	if !ok {
		return nil
	}
	return fail("ask whether it is locked", asks.Unlocked(ctx))
}

// service is the name that the operating system's tools show for the entries.
const service = "BoxReady"

// system is the operating system's keyring.
type system struct{}

func (system) Unlocked(ctx context.Context) error { return unlocked(ctx) }

func (system) Get(key string) (string, error) {
	if err := findBus(); err != nil {
		return "", err
	}
	value, err := keyring.Get(service, key)
	return value, translate(err)
}

func (system) Set(key, value string) error {
	if err := findBus(); err != nil {
		return err
	}
	return translate(keyring.Set(service, key, value))
}

func (system) Delete(key string) error {
	if err := findBus(); err != nil {
		return err
	}
	return translate(keyring.Delete(service, key))
}

func translate(err error) error {
	if errors.Is(err, keyring.ErrNotFound) {
		return ErrNotFound
	}
	return distinguishLocked(err)
}
