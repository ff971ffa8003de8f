package app

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"boxready/internal/vault"
)

// store is a vault.Store in memory until the keyring works, and in the keyring from then on.
type store struct {
	keyring *vault.Keyring
	locked  func(context.Context, func() error) error // see oauthflow.Accounts.Locked

	opening chan struct{} // holds one while the keyring is being opened

	// Held for reading by every call, so that nothing is added to memory during the move.
	mu  sync.RWMutex
	now vault.Store
}

func newStore(keyring *vault.Keyring) *store {
	return &store{keyring: keyring, opening: make(chan struct{}, 1), now: vault.Memory()}
}

func (s *store) open(ctx context.Context) error {
	if s.keyring == nil {
		return nil
	}
	select {
	case s.opening <- struct{}{}:
		defer func() { <-s.opening }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if s.Place() == vault.InKeyring {
		return nil
	}
	if err := s.keyring.SelfTest(ctx); err != nil {
		return err
	}
	return s.locked(ctx, func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if err := move(ctx, s.now, s.keyring); err != nil {
			return err
		}
		s.now = s.keyring
		return nil
	})
}

// move merges one store into another.
func move(ctx context.Context, from, to vault.Store) error {
	portals, err := from.List(ctx)
	if err != nil {
		return fmt.Errorf("list what is in memory: %w", err)
	}
	for _, name := range portals {
		moving, err := from.Load(ctx, name)
		if err != nil {
			return fmt.Errorf("read what is in memory: %w", err)
		}
		there, err := to.Load(ctx, name)
		switch {
		case errors.Is(err, vault.ErrNotFound), errors.Is(err, vault.ErrDamaged):
		case err != nil:
			return err
		default:
			moving = merge(there, moving)
		}
		if err := to.Save(ctx, moving); err != nil {
			return err
		}
	}
	return nil
}

// merge returns an account updated with newer.
func merge(account, newer vault.Account) vault.Account {
	webhook := newer.Webhook
	if webhook.IsZero() {
		webhook = account.Webhook
	}
	if newer.ClientID != "" {
		account = newer
	}
	account.Webhook, account.Confirmed = webhook, account.Confirmed || newer.Confirmed
	return account
}

func (s *store) Load(ctx context.Context, portal string) (vault.Account, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.now.Load(ctx, portal)
}

func (s *store) Save(ctx context.Context, a vault.Account) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.now.Save(ctx, a)
}

func (s *store) Delete(ctx context.Context, portal string) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.now.Delete(ctx, portal)
}

func (s *store) List(ctx context.Context) ([]string, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.now.List(ctx)
}

func (s *store) Place() vault.Place {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.now.Place()
}
