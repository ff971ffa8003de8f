package vault

import (
	"context"
	"errors"
	"slices"
	"time"
)

// A Backend holds texts by key. Its calls may take as long as they like. What
// it does not have is ErrNotFound; an *Error says why it failed; of other
// errors the reason is guessed.
type Backend interface {
	Get(key string) (string, error)
	Set(key, value string) error
	Delete(key string) error
}

// errNotKept is what dismissed prompts come to: the library takes no notice.
var errNotKept = &Error{Reason: Refused, Err: errors.New("what was written did not come back")}

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
			return errNotKept
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
		// The call that is in the way may be a Save of this account.
		s.guard.after(portal, func() { _ = s.remove(portal) }) // nobody waits for it
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
		// The account is gone whether or not this works; List tries again.
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
			// The answer is right without this.
			_ = removeFromIndex(s.backend, gone...)
		}
		return nil
	})
	if err != nil {
		return nil, fail("list", err) // found may still be growing
	}
	return found, nil
}
