package oauthflow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"boxready/internal/portal"
	"boxready/internal/secret"
)

func heldToken(s *fakeServer, left time.Duration) Token {
	return Token{
		Access: secret.New("access-0"), Refresh: secret.New("refresh-0"), Expires: time.Now().Add(left),
		RefreshIssued: time.Now().Add(-24 * time.Hour), Server: s.URL,
	}
}

func source(s *fakeServer, left time.Duration, change func(*SourceOptions)) *Source {
	o := SourceOptions{App: testApp(), Server: s.auth(), Token: heldToken(s, left)}
	if change != nil {
		change(&o)
	}
	return NewSource(o)
}

func TestSourceRenewsInTime(t *testing.T) {
	for name, c := range map[string]struct {
		left time.Duration
		want string
	}{
		"an hour": {time.Hour, "access-0"}, "62 s": {62 * time.Second, "access-0"}, "58 s": {58 * time.Second, "access-1"},
		"none": {0, "access-1"}, "long gone": {-1000 * time.Hour, "access-1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newFakeServer(t)
			src := source(s, c.left, nil)
			for range 3 {
				if token, err := src.Token(t.Context()); err != nil || token.Access.Reveal() != c.want {
					t.Errorf("%v, %v", token.Access.Reveal(), err)
				}
			}
			if n := len(s.asked()); n > 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// 50 concurrent callers whose token was refused cause one request.
func TestConcurrentRefresh(t *testing.T) {
	for name, ask := range map[string]func(*Source, context.Context) (Token, error){
		"expired": (*Source).Token,
		"refused": func(src *Source, ctx context.Context) (Token, error) {
			src.Invalidate(secret.New("access-0"))
			return src.Token(ctx)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newFakeServer(t)
			var saved atomic.Int32
			left := time.Duration(0)
			if name == "refused" {
				left = time.Hour
			}
			src := source(s, left, func(o *SourceOptions) {
				o.Save = func(context.Context, Token) error { saved.Add(1); return nil }
			})
			ready := make(chan struct{})
			var wg sync.WaitGroup
			for range 50 {
				wg.Go(func() {
					<-ready
					if token, err := ask(src, t.Context()); err != nil || token.Access.Reveal() != "access-1" {
						t.Errorf("%v, %v", token.Access.Reveal(), err)
					}
				})
			}
			close(ready)
			wg.Wait()
			if n := len(s.asked()); n != 1 || saved.Load() != 1 {
				t.Errorf("%d requests, saved %d times", n, saved.Load())
			}
		})
	}
}

// Refresh gives each caller a new token and never sends a refresh token twice, or two at the same time.
func TestRefreshesDoNotOverlap(t *testing.T) {
	s := newFakeServer(t)
	var now, most atomic.Int32
	s.answer = func(http.ResponseWriter, *http.Request) bool {
		most.Store(max(most.Load(), now.Add(1)))
		time.Sleep(time.Millisecond)
		now.Add(-1)
		return false
	}
	src := source(s, time.Hour, nil)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if token, err := src.Refresh(t.Context()); err != nil || token.Access.Reveal() == "access-0" {
				t.Errorf("%v, %v", token.Access.Reveal(), err)
			}
		})
	}
	wg.Wait()
	sent := map[string]bool{}
	for _, q := range s.asked() {
		if sent[q.Get("refresh_token")] {
			t.Errorf("%s was sent twice", q.Get("refresh_token"))
		}
		sent[q.Get("refresh_token")] = true
	}
	if most.Load() != 1 {
		t.Errorf("%d requests at once", most.Load())
	}
}

func TestCancelOfOneWaiter(t *testing.T) {
	s := newFakeServer(t)
	arrived, release := make(chan struct{}), make(chan struct{})
	s.answer = func(http.ResponseWriter, *http.Request) bool {
		close(arrived)
		<-release
		return false
	}
	src := source(s, 0, nil)
	ctx, cancel := context.WithCancel(t.Context())
	first, second := make(chan error), make(chan error)
	go func() { _, err := src.Token(ctx); first <- err }() // its context would cancel a request that used it
	<-arrived
	go func() { _, err := src.Token(t.Context()); second <- err }()
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("the cancelled one got %v", err)
	}
	close(release)
	if err := <-second; err != nil {
		t.Errorf("the other one got %v", err)
	}
	if n := len(s.asked()); n != 1 {
		t.Errorf("%d requests", n)
	}
}

// The rotated token is stored before it is handed out, so it survives a crash at any moment after that.
func TestCrashAfterRotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := AuthServer{URL: "https://auth.example", HTTP: doerFunc(func(r *http.Request) (*http.Response, error) {
			w := httptest.NewRecorder()
			if used := r.URL.Query().Get("refresh_token"); used != "refresh-0" {
				t.Errorf("asked with %s", used)
			}
			io.WriteString(w, `{"access_token":"access-1","refresh_token":"refresh-1","expires_in":3600}`)
			return w.Result(), nil
		})}
		var store Token
		killed := make(chan struct{})
		src := NewSource(SourceOptions{App: testApp(), Server: server, Token: Token{Refresh: secret.New("refresh-0"), Server: server.URL},
			Save: func(_ context.Context, token Token) error {
				store = token
				<-killed // nothing was handed out yet
				return nil
			}})
		// A cancelled caller doesn't lose the rotation.
		ctx, cancel := context.WithCancel(t.Context())
		handed := make(chan error, 1)
		go func() { _, err := src.Token(ctx); handed <- err }()
		synctest.Wait()
		select {
		case err := <-handed:
			t.Fatalf("handed out before it was saved: %v", err)
		default:
		}
		cancel()
		if err := <-handed; !errors.Is(err, context.Canceled) {
			t.Errorf("the cancelled caller: %v", err)
		}
		if store.Refresh.Reveal() != "refresh-1" {
			t.Errorf("the store holds %s", store.Refresh.Reveal())
		}
		close(killed)
	})
}

// After a crash between the server's rotation and saving, the stored token is invalid. It is sent once only.
func TestCrashBeforeSaving(t *testing.T) {
	s := newFakeServer(t)
	accounts, _ := signedIn(t, s)
	if _, err := s.auth().Refresh(t.Context(), testApp(), secret.New("refresh-0")); err != nil { // not saved
		t.Fatal(err)
	}
	src := open(t, accounts, s)
	for range 3 {
		if _, err := src.Token(t.Context()); !errors.Is(err, ErrInvalidGrant) || ReasonOf(err) != ReasonInvalidGrant {
			t.Errorf("error %v", err)
		}
	}
	if n := len(s.asked()); n != 2 {
		t.Errorf("%d requests", n)
	}
}

func TestNotSaved(t *testing.T) {
	locked := errors.New("the keyring is locked")
	for name, save := range map[string]func(context.Context, Token) error{
		"error": func(context.Context, Token) error { return locked },
		"panic": func(context.Context, Token) error { panic("keyring") },
	} {
		t.Run(name, func(t *testing.T) {
			s := newFakeServer(t)
			src := source(s, 0, func(o *SourceOptions) { o.Save = save })
			token, err := src.Token(t.Context())
			if token.Access.Reveal() != "access-1" || !errors.Is(err, ErrNotSaved) || (name == "error") != errors.Is(err, locked) {
				t.Errorf("%v, %v", token.Access.Reveal(), err)
			}
			if token, err = src.Token(t.Context()); token.Access.Reveal() != "access-1" || err != nil {
				t.Errorf("later: %v, %v", token.Access.Reveal(), err)
			}
			if src.Held().Refresh.Reveal() != "refresh-1" || len(s.asked()) != 1 {
				t.Error("the rotated token is not held")
			}
		})
	}
}

func TestInvalidate(t *testing.T) {
	s := newFakeServer(t)
	src := source(s, time.Hour, nil)
	src.Invalidate(secret.New("access-0"))
	if token, err := src.Token(t.Context()); err != nil || token.Access.Reveal() != "access-1" {
		t.Fatalf("%v", err)
	}
	src.Invalidate(secret.New("access-0")) // late, about the old one
	src.Invalidate(secret.String{})
	if token, err := src.Token(t.Context()); err != nil || token.Access.Reveal() != "access-1" || len(s.asked()) != 1 {
		t.Errorf("%v, %d requests", err, len(s.asked()))
	}
}

func TestRefused(t *testing.T) {
	for code, dead := range map[string]bool{
		"invalid_grant": true, "expired_token": true, "wrong_client": true, "invalid_client": false, "PAYMENT_REQUIRED": false,
	} {
		t.Run(code, func(t *testing.T) {
			s := newFakeServer(t)
			s.answerWith(401, `{"error":"`+code+`"}`)
			src := source(s, 0, nil)
			for range 3 {
				if _, err := src.Token(t.Context()); !errors.Is(err, &GrantError{Code: code}) {
					t.Errorf("error %v", err)
				}
			}
			want := 3
			if dead {
				want = 1 // a refused refresh token is not sent again
			}
			if n := len(s.asked()); n != want {
				t.Errorf("%d requests, want %d", n, want)
			}
			if src.Held().Refresh.Reveal() != "refresh-0" {
				t.Error("the refresh token was dropped")
			}
		})
	}
	t.Run("no network", func(t *testing.T) {
		s := newFakeServer(t)
		src := source(s, time.Hour, nil)
		s.answerWith(502, "bad gateway")
		if _, err := src.Refresh(t.Context()); ReasonOf(err) != ReasonServerFailed {
			t.Errorf("error %v", err)
		}
		// The held token is still valid.
		if token, err := src.Token(t.Context()); err != nil || token.Access.Reveal() != "access-0" || len(s.asked()) != 1 {
			t.Errorf("%v", err)
		}
		s.mu.Lock()
		s.answer = nil
		s.mu.Unlock()
		if token, err := src.Refresh(t.Context()); err != nil || token.Access.Reveal() != "access-1" {
			t.Errorf("later: %v", err)
		}
	})
}

// Two processes share one store: the second one adopts what the first one saved.
func TestOtherProcess(t *testing.T) {
	t.Run("rotated before", func(t *testing.T) {
		s := newFakeServer(t)
		store := heldToken(s, 0)
		both := func(o *SourceOptions) {
			o.Load = func(context.Context) (Token, error) { return store, nil }
			o.Save = func(_ context.Context, token Token) error { store = token; return nil }
		}
		window, terminal := source(s, 0, both), source(s, 0, both)
		if _, err := window.Token(t.Context()); err != nil {
			t.Fatal(err)
		}
		if token, err := terminal.Token(t.Context()); err != nil || token.Refresh.Reveal() != "refresh-2" || store.Refresh.Reveal() != "refresh-2" {
			t.Errorf("%v, %v", token.Refresh.Reveal(), err)
		}
		if asked := s.asked(); len(asked) != 2 || asked[1].Get("refresh_token") != "refresh-1" {
			t.Errorf("%d requests", len(asked))
		}
	})
	t.Run("rotated by another process", func(t *testing.T) {
		for name, late := range map[string]time.Duration{"saved already": 0, "being saved": storeLatency / 2} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var asked []string
					token := func(n string) Token {
						return Token{Refresh: secret.New("refresh-" + n), Server: "https://auth.example"}
					}
					saved := time.Now().Add(time.Hour)
					src := NewSource(SourceOptions{App: testApp(), Token: token("0"),
						Server: AuthServer{URL: "https://auth.example", HTTP: doerFunc(func(r *http.Request) (*http.Response, error) {
							used := r.URL.Query().Get("refresh_token")
							asked = append(asked, used)
							w := httptest.NewRecorder()
							if used == "refresh-0" {
								saved = time.Now().Add(late) // by the other process
								io.WriteString(w, `{"error":"invalid_grant"}`)
							} else {
								io.WriteString(w, `{"access_token":"access-2","refresh_token":"refresh-2","expires_in":3600}`)
							}
							return w.Result(), nil
						})},
						Load: func(context.Context) (Token, error) {
							if time.Now().Before(saved) {
								return token("0"), nil
							}
							return token("1"), nil
						},
					})
					if got, err := src.Token(t.Context()); err != nil || got.Access.Reveal() != "access-2" || strings.Join(asked, " ") != "refresh-0 refresh-1" {
						t.Errorf("%v, asked with %v", err, asked)
					}
				})
			})
		}
	})
	t.Run("invalid in the store too", func(t *testing.T) {
		s := newFakeServer(t)
		s.refresh = nil
		src := source(s, 0, func(o *SourceOptions) {
			o.Load = func(context.Context) (Token, error) { return heldToken(s, 0), nil }
		})
		for range 3 {
			if _, err := src.Token(t.Context()); !errors.Is(err, ErrInvalidGrant) {
				t.Errorf("error %v", err)
			}
		}
		if n := len(s.asked()); n != 1 {
			t.Errorf("%d requests", n)
		}
	})
	t.Run("store of another server, broken store", func(t *testing.T) {
		for _, load := range []func(context.Context) (Token, error){
			func(context.Context) (Token, error) {
				return Token{Refresh: secret.New("refresh-x"), Server: "https://other.example"}, nil
			},
			func(context.Context) (Token, error) { return Token{}, errors.New("locked") },
			func(context.Context) (Token, error) { panic("keyring") },
		} {
			s := newFakeServer(t)
			src := source(s, 0, func(o *SourceOptions) { o.Load = load })
			if token, err := src.Token(t.Context()); err != nil || token.Refresh.Reveal() != "refresh-1" {
				t.Errorf("%v", err)
			}
		}
	})
}

func TestNotRotatedKeepsItsDate(t *testing.T) {
	s := newFakeServer(t)
	s.answerWith(200, `{"access_token":"access-1","expires_in":3600}`)
	src := source(s, 0, nil)
	token, err := src.Token(t.Context())
	if err != nil || token.Refresh.Reveal() != "refresh-0" || time.Since(token.RefreshIssued) < 23*time.Hour {
		t.Errorf("%+v, %v", token, err)
	}
}

func TestUse(t *testing.T) {
	expired := fmt.Errorf("app.info: %w", &portal.Error{Code: "expired_token", Description: "The access token provided has expired"})
	other := errors.New("other")
	for name, c := range map[string]struct {
		answers []error
		want    error
		used    string
	}{
		"good":             {[]error{nil}, nil, "access-0"},
		"other error":      {[]error{other}, other, "access-0"},
		"expired once":     {[]error{expired, nil}, nil, "access-0 access-1"},
		"expired twice":    {[]error{expired, expired, nil}, portal.ErrExpiredToken, "access-0 access-1"},
		"app.info expired": {[]error{&GrantError{Code: "expired_token"}, nil}, nil, "access-0 access-1"},
		"expired, other":   {[]error{expired, other}, other, "access-0 access-1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newFakeServer(t)
			var used []string
			err := source(s, time.Hour, nil).Use(t.Context(), func(_ context.Context, token Token) error {
				used = append(used, token.Access.Reveal())
				return c.answers[len(used)-1]
			})
			if !errors.Is(err, c.want) || strings.Join(used, " ") != c.used {
				t.Errorf("%v, used %v", err, used)
			}
		})
	}
	t.Run("not saved", func(t *testing.T) {
		s := newFakeServer(t)
		src := source(s, 0, func(o *SourceOptions) { o.Save = func(context.Context, Token) error { return errors.New("locked") } })
		called := false
		err := src.Use(t.Context(), func(context.Context, Token) error { called = true; return nil })
		if !called || !errors.Is(err, ErrNotSaved) {
			t.Errorf("called %t, error %v", called, err)
		}
	})
	t.Run("no token", func(t *testing.T) {
		s := newFakeServer(t)
		s.refresh = nil
		err := source(s, 0, nil).Use(t.Context(), func(context.Context, Token) error { t.Error("called"); return nil })
		if !errors.Is(err, ErrInvalidGrant) {
			t.Error(err)
		}
	})
}
