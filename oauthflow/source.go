package oauthflow

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"boxready/internal/flight"
	"boxready/internal/portal"
	"boxready/internal/secret"
)

const (
	// An access token with less time left is renewed first, so that it doesn't expire during the call.
	minRemaining = 60 * time.Second
	// Limit for a store, which may prompt the user for a password.
	storeTimeout = time.Minute
	// How long another process may renew the sign-in.
	lockTimeout = exchangeTimeout + storeTimeout
	// How long another process that holds no lock usually takes to save.
	storeLatency = time.Second
)

// SourceOptions say how a sign-in is renewed.
type SourceOptions struct {
	App    App
	Server AuthServer // the one that issued Token
	Token  Token      // as it was saved
	// Save stores a rotated token before it is handed out: the old refresh token may be invalid by then, so losing the new one
	// in a crash would lose the sign-in. nil saves nothing.
	Save func(context.Context, Token) error
	// Load reads the stored token, nil if there is no store. Another BoxReady on this computer may have rotated it.
	Load func(context.Context) (Token, error)
	// Lock waits until no other process renews the sign-in, and keeps others from it until unlock is called. nil locks nothing.
	Lock func(context.Context) (unlock func(), err error)

	renewals *renewals // nil for none
}

// Source returns a sign-in's token and renews it. It is safe for concurrent use. Concurrent callers share one renewal: the
// refresh token is rotated, so the second of two requests would get an invalid one.
type Source struct {
	options SourceOptions

	mu       sync.Mutex
	token    Token
	stale    bool                  // token.Access was invalidated
	dead     error                 // final refusal of token.Refresh; it isn't sent again
	renewal  *flight.Call[renewal] // in progress; nil if none is
	replaced []secret.String       // see Secrets
}

type renewal struct {
	token Token
	err   error
}

// NewSource returns a source for a saved sign-in.
func NewSource(o SourceOptions) *Source { return &Source{options: o, token: o.Token} }

// App is the application that was signed in to.
func (s *Source) App() App { return s.options.App }

// Server is the authorization server that the sign-in belongs to, and the only one that may be asked about it.
func (s *Source) Server() AuthServer { return s.options.Server }

// ClientID is the application's.
func (s *Source) ClientID() string { return s.options.App.ClientID }

// Held returns the current token, valid or not.
func (s *Source) Held() Token {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.token
}

// Token returns a token with at least a minute left. Beside a *NotSavedError the token is valid. A refresh token that the
// authorization server refused is not sent again; its *GrantError is returned at once.
func (s *Source) Token(ctx context.Context) (Token, error) {
	s.mu.Lock()
	if s.good(s.token) && !s.stale {
		defer s.mu.Unlock()
		return s.token, nil
	}
	return s.renew(ctx)
}

// Refresh is Token, but always returns a token that no portal has seen so far: a portal caches its verdict about one for an hour.
func (s *Source) Refresh(ctx context.Context) (Token, error) {
	s.mu.Lock()
	return s.renew(ctx)
}

// Invalidate says that access was refused, so that the next Token is another one. It does nothing if access isn't the current
// one.
func (s *Source) Invalidate(access secret.String) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token.Access.Equal(access) {
		s.stale = true
	}
}

// Use calls do with a token, and once more with another one if do's error is an expired token. A token that was not saved is
// used too; the *NotSavedError is joined to do's error.
func (s *Source) Use(ctx context.Context, do func(context.Context, Token) error) error {
	var notSaved error
	for attempt := 1; ; attempt++ {
		token, err := s.Token(ctx)
		switch {
		case errors.Is(err, ErrNotSaved):
			notSaved = err
		case err != nil:
			return err
		}
		err = do(ctx, token)
		if attempt == 1 && (errors.Is(err, portal.ErrExpiredToken) || errors.Is(err, ErrExpired)) {
			s.Invalidate(token.Access)
			continue
		}
		return errors.Join(err, notSaved)
	}
}

func (s *Source) good(t Token) bool {
	return !t.Access.IsZero() && t.Expires.Sub(s.options.Server.now()) >= minRemaining
}

// renew waits for the renewal in progress, or starts one. It is called with s.mu held and releases it.
func (s *Source) renew(ctx context.Context) (Token, error) {
	r := s.renewal
	if r == nil {
		if ctx.Err() != nil {
			defer s.mu.Unlock()
			return Token{}, context.Cause(ctx)
		}
		if s.dead != nil && s.options.Load == nil {
			defer s.mu.Unlock()
			return Token{}, s.dead
		}
		held, dead := s.token, s.dead
		// All callers share it, so no caller's context may cancel it; and a rotated token must be saved.
		ctx := context.WithoutCancel(ctx)
		r = flight.Go(nil, func() renewal { return s.finish(s.rotate(ctx, held, dead)) })
		s.renewal = r
	}
	s.mu.Unlock()
	renewed, err := r.Wait(ctx)
	if err != nil {
		return Token{}, context.Cause(ctx)
	}
	return renewed.token, renewed.err
}

// rotation is the result of a renewal.
type rotation struct {
	token Token // the current one from now on, even with an error
	fresh bool  // token may be handed out
	dead  error // see Source
	err   error
}

func (s *Source) finish(got rotation) renewal {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token, s.dead, s.renewal = got.token, got.dead, nil
	if !got.fresh {
		return renewal{err: got.err}
	}
	s.stale = false
	return renewal{got.token, got.err}
}

// rotate turns the held token into a new one, and saves it.
func (s *Source) rotate(ctx context.Context, held Token, dead error) rotation {
	if s.options.Lock != nil {
		waiting, cancel := context.WithTimeout(ctx, lockTimeout)
		defer cancel()
		unlock, err := s.options.Lock(waiting)
		if err != nil {
			// What the other process holds may be spent, and only its answer would tell. Nothing was asked, so this is no failure of
			// the network.
			return rotation{token: held, dead: dead, err: fmt.Errorf("another process is renewing the sign-in: %w", context.Canceled)}
		}
		defer unlock()
	}
	adopted := s.adopt(ctx, &held)
	if adopted {
		dead = nil
	}
	if dead != nil {
		return rotation{token: held, dead: dead, err: dead}
	}
	got := s.refresh(ctx, held)
	if got.dead == nil || adopted || s.options.Load == nil {
		return got
	}
	// Where files can't be locked, another process may have rotated the token meanwhile and be saving it now. What it saved is tried
	// once.
	for _, pause := range []time.Duration{0, storeLatency} {
		time.Sleep(pause)
		if s.adopt(ctx, &held) {
			return s.refresh(ctx, held)
		}
	}
	return got
}

// adopt replaces held by the stored token if that has another refresh token.
func (s *Source) adopt(ctx context.Context, held *Token) bool {
	if s.options.Load == nil {
		return false
	}
	var stored Token
	err := guard(ctx, func(ctx context.Context) (err error) {
		stored, err = s.options.Load(ctx)
		return err
	})
	// If the store fails, the held token stays; a token of another server belongs to another sign-in.
	if err != nil || stored.Refresh.IsZero() || stored.Refresh.Equal(held.Refresh) || stored.Server != held.Server {
		return false
	}
	s.remember(stored)
	*held = stored
	return true
}

func (s *Source) refresh(ctx context.Context, held Token) rotation {
	if r := s.options.renewals; r != nil {
		if !r.begin() {
			return rotation{token: held, err: fmt.Errorf("renew the sign-in: %w", errEnding)}
		}
		defer r.end()
	}
	asking, cancel := context.WithTimeout(ctx, exchangeTimeout)
	defer cancel()
	token, err := s.options.Server.Refresh(asking, s.options.App, held.Refresh)
	if err != nil {
		got := rotation{token: held, err: err}
		for _, final := range []error{ErrInvalidGrant, ErrExpired, ErrWrongClient} {
			if errors.Is(err, final) {
				got.dead = err
			}
		}
		return got
	}
	s.remember(token)
	if token.RefreshIssued.IsZero() {
		token.RefreshIssued = held.RefreshIssued
	}
	got := rotation{token: token, fresh: true}
	if s.options.Save != nil {
		if err := guard(ctx, func(ctx context.Context) error { return s.options.Save(ctx, token) }); err != nil {
			got.err = &NotSavedError{err}
		}
	}
	return got
}

// guard calls the store and turns a panic into an error: this isn't the caller's goroutine, so a panic would end the program.
func guard(ctx context.Context, store func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the store panicked: %v", p)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return store(ctx)
}
