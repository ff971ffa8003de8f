package vault

import (
	"context"
	"errors"
	"slices"
	"time"
)

// A Backend stores texts by key. Its calls may block. A missing key is
// ErrNotFound; other failures are *Error, or are classified by reasonOf.
type Backend interface {
	Get(key string) (string, error)
	Set(key, value string) error
	Delete(key string) error
}

// errNotWritten is how a dismissed prompt shows: the library reports success.
var errNotWritten = &Error{Reason: Refused, Err: errors.New("what was written did not come back")}

// store is a Store on any backend.
type store struct {
	backend Backend
	place   Place
	guard   guard
}

func (s *store) Place() Place { return s.place }

func (s *store) Load(ctx context.Context, portal string) (Account, error) {
	if !isPortal(portal) {
		return Account{}, fail("load", errPortal)
	}
	var text string
	_, err := s.guard.do(ctx, func(*call) (err error) {
		text, err = s.backend.Get(portal)
		return err
	})
	if err != nil {
		return Account{}, fail("load", err)
	}
	a, err := decode(portal, text)
	return a, fail("load", err)
}

func (s *store) Save(ctx context.Context, a Account) error {
	a.Saved = time.Now()
	text, err := encode(a)
	if err != nil {
		return fail("save", err)
	}
	_, err = s.guard.do(ctx, func(c *call) error {
		if err := addToIndex(s.backend, a.Portal); err != nil || c.abandoned() {
			return err
		}
		if err := s.backend.Set(a.Portal, text); err != nil || c.abandoned() {
			return err
		}
		back, err := s.backend.Get(a.Portal)
		if err == nil && back != text || errors.Is(err, ErrNotFound) {
			return errNotWritten
		}
		return err
	})
	return fail("save", err, a.secrets()...)
}

func (s *store) Delete(ctx context.Context, portal string) error {
	if !isPortal(portal) {
		return fail("delete", errPortal)
	}
	started, err := s.guard.do(ctx, func(*call) error { return s.remove(portal) })
	if !started && errors.Is(err, Timeout) {
		// The call that blocks may be a Save of this account.
		s.guard.after(portal, func() { _ = s.remove(portal) }) // no caller to return it to
	}
	return fail("delete", err)
}

func (s *store) remove(portal string) error {
	err := s.backend.Delete(portal)
	if err == nil {
		switch _, left := s.backend.Get(portal); {
		case left == nil:
			return &Error{Reason: Refused, Err: errors.New("what was deleted is still there")}
		case !errors.Is(left, ErrNotFound):
			return left
		}
	}
	if err == nil || errors.Is(err, ErrNotFound) {
		// The account is deleted in any case; List retries this.
		_ = removeFromIndex(s.backend, portal)
	}
	return err
}

func (s *store) List(ctx context.Context) ([]string, error) {
	var found []string
	_, err := s.guard.do(ctx, func(c *call) error {
		pages, err := readIndex(s.backend)
		if err != nil {
			return err
		}
		names := slices.Concat(pages...)
		slices.Sort(names)
		names = slices.Compact(names)
		var gone []string
		for _, name := range names {
			if c.abandoned() {
				return nil
			}
			switch _, err := s.backend.Get(name); {
			case err == nil:
				found = append(found, name)
			case errors.Is(err, ErrNotFound):
				gone = append(gone, name)
			default:
				return err
			}
		}
		if len(gone) > 0 && !c.abandoned() {
			// found is correct without this.
			_ = removeFromIndex(s.backend, gone...)
		}
		return nil
	})
	if err != nil {
		return nil, fail("list", err) // found may still be written to
	}
	return found, nil
}
