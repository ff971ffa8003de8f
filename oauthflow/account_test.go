package oauthflow

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"boxready/internal/portal"
	"boxready/internal/secret"
	"boxready/internal/vault"
)

const testWebhook = "https://" + testPortal + "/rest/1/abcdef0123456789/"

func webhook(t *testing.T) portal.Webhook {
	t.Helper()
	w, err := portal.ParseWebhook(testWebhook)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// signedIn returns accounts with one sign-in, whose access token has expired.
func signedIn(t *testing.T, s *fakeServer) (*Accounts, vault.Store) {
	t.Helper()
	store := vault.Memory()
	accounts := NewAccounts(store, "")
	if err := accounts.SaveSignIn(t.Context(), address(t, testPortal), testApp(), heldToken(s, 0)); err != nil {
		t.Fatal(err)
	}
	return accounts, store
}

func open(t *testing.T, a *Accounts, s *fakeServer) *Source {
	t.Helper()
	source, err := a.SignIn(t.Context(), address(t, testPortal), AuthServer{HTTP: s.Client()})
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func TestSavedSignIn(t *testing.T) {
	s := newFakeServer(t)
	accounts, store := signedIn(t, s)

	source := open(t, accounts, s)
	if held := source.Held(); held.Refresh.Reveal() != "refresh-0" || held.Server != s.URL {
		t.Errorf("held: %+v", held)
	}
	if source.ClientID() != testClientID || source.Server().URL != s.URL {
		t.Errorf("application %s at %s", source.ClientID(), source.Server().URL)
	}
	token, err := source.Token(t.Context())
	if err != nil || token.Access.Reveal() != "access-1" {
		t.Fatalf("token: %v", err)
	}
	kept, err := store.Load(t.Context(), "https://"+testPortal)
	if err != nil || kept.Refresh.Reveal() != "refresh-1" || kept.Access.Reveal() != "access-1" || kept.UserID != "7" || !kept.Confirmed ||
		kept.ClientSecret.Reveal() != testSecret {
		t.Errorf("kept: %+v, %v", kept, err)
	}
	// The next run uses it, and sends no request while the access token is valid.
	if token, err := open(t, accounts, s).Token(t.Context()); err != nil || token.Access.Reveal() != "access-1" || len(s.asked()) != 1 {
		t.Errorf("again: %v, %d requests", err, len(s.asked()))
	}
}

func TestSignInBelongsToItsServer(t *testing.T) {
	s := newFakeServer(t)
	accounts, _ := signedIn(t, s)
	for url, want := range map[string]error{
		"": nil, s.URL: nil, s.URL + "/": nil, strings.ToUpper(s.URL[:6]) + s.URL[6:]: nil,
		"https://oauth.bitrix.info": ErrOtherServer, strings.Replace(s.URL, "https", "http", 1): ErrServerAddress,
	} {
		source, err := accounts.SignIn(t.Context(), address(t, testPortal), AuthServer{URL: url, HTTP: s.Client()})
		if !errors.Is(err, want) || (err == nil) != (source != nil) {
			t.Errorf("%q: %v, want %v", url, err, want)
		}
	}
	if len(s.asked()) != 0 {
		t.Error("a server was asked")
	}
}

// Two processes use the same sign-in; the second one continues with what the first one saved.
func TestSavedByAnotherProcess(t *testing.T) {
	s := newFakeServer(t)
	accounts, _ := signedIn(t, s)
	window, terminal := open(t, accounts, s), open(t, accounts, s)
	if _, err := window.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if token, err := terminal.Refresh(t.Context()); err != nil || token.Refresh.Reveal() != "refresh-2" {
		t.Errorf("the other one: %v", err)
	}
	if asked := s.asked(); len(asked) != 2 || asked[1].Get("refresh_token") != "refresh-1" {
		t.Errorf("%d requests", len(asked))
	}
}

func TestRotationRestoresNoRemovedSignIn(t *testing.T) {
	for name, gone := range map[string]func(*Accounts, context.Context, portal.Address) error{
		"forgotten":  (*Accounts).Forget,
		"signed out": (*Accounts).SignOut,
		"another application": func(a *Accounts, ctx context.Context, p portal.Address) error {
			return a.SaveSignIn(ctx, p, App{"local.655f1c2d8a1b37.99999999", secret.New(testSecret)}, Token{Refresh: secret.New("refresh-9"), Server: "https://oauth.bitrix.info"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newFakeServer(t)
			accounts, store := signedIn(t, s)
			if err := accounts.SaveWebhook(t.Context(), webhook(t)); err != nil {
				t.Fatal(err)
			}
			source := open(t, accounts, s)
			if err := gone(accounts, t.Context(), address(t, testPortal)); err != nil {
				t.Fatal(err)
			}
			token, err := source.Token(t.Context())
			if token.Access.Reveal() != "access-1" || !errors.Is(err, ErrNotSaved) || !errors.Is(err, vault.ErrNotFound) {
				t.Errorf("%v", err)
			}
			if kept, _ := store.Load(t.Context(), "https://"+testPortal); kept.Refresh.Reveal() == "refresh-1" || kept.ClientID == testClientID {
				t.Error("the removed sign-in was saved again")
			}
		})
	}
}

func TestWebhooksAndSignIns(t *testing.T) {
	ctx, at := t.Context(), address(t, testPortal)
	s := newFakeServer(t)
	accounts, _ := signedIn(t, s)
	has := func(signIn, hook bool) {
		t.Helper()
		account, err := accounts.Get(ctx, at)
		if err != nil && !errors.Is(err, vault.ErrNotFound) {
			t.Fatal(err)
		}
		if account.SignedIn() != signIn || account.Webhook != hook {
			t.Errorf("sign-in %t, webhook %t", account.SignedIn(), account.Webhook)
		}
		if _, err := accounts.SignIn(ctx, at, AuthServer{}); (err == nil) != signIn || err != nil && !errors.Is(err, vault.ErrNotFound) {
			t.Errorf("opening: %v", err)
		}
		if got, err := accounts.Webhook(ctx, at); (err == nil) != hook || err != nil && !errors.Is(err, vault.ErrNotFound) || hook && got.URL().Reveal() != testWebhook {
			t.Errorf("webhook: %v", err)
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	has(true, false)
	must(accounts.SaveWebhook(ctx, webhook(t)))
	has(true, true)
	must(accounts.SaveSignIn(ctx, at, testApp(), heldToken(s, time.Hour)))
	has(true, true)
	must(accounts.RemoveWebhook(ctx, at))
	has(true, false)
	if err := accounts.RemoveWebhook(ctx, at); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("removing the webhook twice: %v", err)
	}
	has(true, false)
	must(accounts.SaveWebhook(ctx, webhook(t)))
	must(accounts.SignOut(ctx, at))
	has(false, true)
	if err := accounts.SignOut(ctx, at); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("signing out twice: %v", err)
	}
	has(false, true)
	must(accounts.Forget(ctx, at))
	has(false, false)
	must(accounts.SaveSignIn(ctx, at, testApp(), heldToken(s, time.Hour)))
	must(accounts.SignOut(ctx, at))
	if list, err := accounts.List(ctx); err != nil || len(list) != 0 {
		t.Errorf("an empty account is left: %v, %v", list, err)
	}
	if err := accounts.SignOut(ctx, at); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("signing out of nothing: %v", err)
	}
}

func TestListContainsNoSecret(t *testing.T) {
	s := newFakeServer(t)
	accounts, _ := signedIn(t, s)
	if err := accounts.SaveWebhook(t.Context(), webhook(t)); err != nil {
		t.Fatal(err)
	}
	list, err := accounts.List(t.Context())
	if err != nil || len(list) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	got := list[0]
	if got.Portal != address(t, testPortal) || !got.SignedIn() || !got.Webhook || !got.Confirmed || got.Server != s.URL || got.Saved.IsZero() || got.Err != nil {
		t.Errorf("%+v", got)
	}
	if left := time.Until(got.Ends); left < 178*24*time.Hour || left > 180*24*time.Hour {
		t.Errorf("the sign-in ends in %s", left)
	}
	text := fmt.Sprintf("%v %+v %#v %+v", list, list, list, accounts)
	for _, value := range []string{testSecret, "access-0", "refresh-0", "abcdef0123456789"} {
		if strings.Contains(text, value) {
			t.Errorf("%s is in %s", value, text)
		}
	}
}

// mapBackend is a keyring with the given entries.
type mapBackend map[string]string

func (s mapBackend) Get(key string) (string, error) {
	if v, ok := s[key]; ok {
		return v, nil
	}
	return "", vault.ErrNotFound
}
func (s mapBackend) Set(key, value string) error { s[key] = value; return nil }
func (s mapBackend) Delete(key string) error     { delete(s, key); return nil }

func TestUnreadableAccounts(t *testing.T) {
	ctx := t.Context()
	damaged, newer := address(t, "damaged.example"), address(t, "newer.example")
	accounts := NewAccounts(vault.NewKeyring(vault.Options{Backend: mapBackend{
		"portals": "portals\nhttps://damaged.example\nhttps://newer.example", "https://damaged.example": "{", "https://newer.example": `{"v":99}`,
	}}), "")
	list, err := accounts.List(ctx)
	if err != nil || len(list) != 2 || !errors.Is(list[0].Err, vault.ErrDamaged) || !errors.Is(list[1].Err, vault.ErrNewer) || list[1].Portal != newer {
		t.Fatalf("%+v, %v", list, err)
	}
	if _, err := accounts.SignIn(ctx, damaged, AuthServer{}); !errors.Is(err, vault.ErrDamaged) {
		t.Errorf("opening a damaged account: %v", err)
	}
	// An account of a newer BoxReady is not overwritten, but can be deleted.
	token := Token{Refresh: secret.New("r"), Server: "https://oauth.bitrix.info"}
	if err := accounts.SaveSignIn(ctx, newer, testApp(), token); !errors.Is(err, vault.ErrNewer) {
		t.Errorf("saving over a newer one: %v", err)
	}
	if err := accounts.Forget(ctx, newer); err != nil {
		t.Error(err)
	}
	if err := accounts.SaveSignIn(ctx, damaged, testApp(), token); err != nil {
		t.Errorf("saving over a damaged one: %v", err)
	}
	if list, err = accounts.List(ctx); err != nil || len(list) != 1 || !list[0].SignedIn() {
		t.Errorf("%+v, %v", list, err)
	}
}

// Saving a webhook while the token is renewed loses neither.
func TestChangesAreSerialized(t *testing.T) {
	s := newFakeServer(t)
	accounts, store := signedIn(t, s)
	source := open(t, accounts, s)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := source.Refresh(t.Context()); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			if err := accounts.SaveWebhook(t.Context(), webhook(t)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	kept, err := store.Load(t.Context(), "https://"+testPortal)
	if err != nil || !kept.Refresh.Equal(source.Held().Refresh) || kept.Webhook.IsZero() {
		t.Errorf("%v", err)
	}
	// Waiting for the lock ends with the context.
	accounts.lock <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := accounts.SaveWebhook(ctx, webhook(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestSignInEnds(t *testing.T) {
	issued := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		token Token
		want  time.Time
	}{
		{Token{Refresh: secret.New("r"), RefreshIssued: issued}, time.Date(2026, 6, 30, 0, 0, 0, 0, time.UTC)},
		{Token{Refresh: secret.New("r")}, time.Time{}},
		{Token{RefreshIssued: issued}, time.Time{}},
	} {
		if got := c.token.Ends(); !got.Equal(c.want) {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

// The authorization server is asked for the portal's address with the token that was just issued.
func TestAppInfoAfterRefresh(t *testing.T) {
	s := newFakeServer(t)
	accounts, _ := signedIn(t, s)
	source := open(t, accounts, s)
	token, err := source.Refresh(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.answer = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/rest/app.info" || r.URL.Query().Get("auth") != "access-1" {
			t.Errorf("asked %s", r.URL.Path)
		}
		fmt.Fprint(w, `{"result":{"install":{"installed":true,"client_endpoint":"https:\/\/old.example\/rest\/"}}}`)
		return true
	}
	info, err := source.Server().AppInfo(t.Context(), token.Access)
	if err != nil || info.Install.ClientEndpoint != "https://old.example/rest/" {
		t.Errorf("%+v, %v", info, err)
	}
}
