package app_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"boxready/checks"
	"boxready/internal/app"
	"boxready/internal/bitrix"
	"boxready/internal/demo"
	"boxready/internal/portal"
	"boxready/internal/simportal"
	"boxready/internal/simtest/testenv"
	"boxready/internal/transport"
	"boxready/internal/vault"
	"boxready/oauthflow"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(testenv.M{M: m}) }

// waitLimit is for what takes no time, on a machine that may be busy.
const waitLimit = 2 * time.Minute

// fixture is a simulated portal, and the use cases over the network to it.
type fixture struct {
	*app.App
	sim         *simportal.Sim
	address     portal.Address
	application oauthflow.App
}

// start starts a portal. Without a keyring, accounts are kept in memory.
func start(t *testing.T, keyring vault.Backend, faults ...string) fixture {
	t.Helper()
	// No other process on this machine uses that address.
	listen := fmt.Sprintf("127.%d.%d.%d:41924", 1+rand.IntN(254), rand.IntN(256), 1+rand.IntN(254))
	sim, err := simportal.Start(simportal.Options{Faults: faults, RedirectURI: "http://" + listen + oauthflow.Path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	roots, err := transport.ParseRoots(sim.RootsPEM())
	if err != nil {
		t.Fatal(err)
	}
	way := transport.Options{Roots: transport.Pool(roots), Version: "test"}
	for _, place := range sim.ConnectTo() {
		override, err := transport.ParseOverride(place)
		if err != nil {
			t.Fatal(err)
		}
		way.ConnectTo = append(way.ConnectTo, override)
	}
	address, err := portal.ParseAddress(sim.Host())
	if err != nil {
		t.Fatal(err)
	}
	grant := sim.IssueGrant(simportal.TokenValid)
	application, err := oauthflow.CheckApp(grant.ClientID, grant.ClientSecret)
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(app.Options{Transport: func(o *transport.Options) { *o = way }, Keyring: keyring, InMemory: keyring == nil, Listen: listen,
		OpenBrowser: demo.Browser(transport.New(way))})
	if err != nil {
		t.Fatal(err)
	}
	return fixture{a, sim, address, application}
}

// signIn starts a sign-in, if that is safe.
func (a fixture) signIn(ctx context.Context, region bitrix.Region) (*oauthflow.Flow, error) {
	if err := a.MaySignIn(ctx, checks.Target{Address: a.address}, nil); err != nil {
		return nil, err
	}
	return a.StartSignIn(ctx, app.SignIn{Portal: a.address, App: a.application, Region: app.NewRegionChoice(region)})
}

// calls returns the requested paths at a server.
func (a fixture) calls(server string) (paths []string) {
	for _, r := range a.sim.Log() {
		if r.Server == server {
			paths = append(paths, r.Path)
		}
	}
	return paths
}

func TestSignIn(t *testing.T) {
	a := start(t, nil)
	flow, err := a.signIn(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer flow.Close()
	if flow.ReturnAddress() != a.ReturnAddress() {
		t.Errorf("waits at %s, not at %s", flow.ReturnAddress(), a.ReturnAddress())
	}
	if slices.Contains(a.calls("portal"), "/oauth/authorize/") {
		t.Error("the page for signing in was opened before the browser was")
	}
	flow.OpenBrowser()
	ctx, cancel := context.WithTimeout(t.Context(), waitLimit)
	defer cancel()
	token, err := flow.Wait(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.SaveSignIn(t.Context(), a.address, a.application, token); err != nil {
		t.Fatal(err)
	}
	k := a.Keys(t.Context(), a.address)
	if k.Err != nil || k.Unkept != nil || k.SignIn == nil || k.Webhook != nil || k.Account.ClientID != a.application.ClientID || k.Place != vault.InMemory {
		t.Fatalf("kept: %+v", k)
	}
	if _, err := k.SignIn.Refresh(t.Context()); err != nil {
		t.Errorf("the saved sign-in is no good: %v", err)
	}
	if len(a.calls("auth-world")) > 0 {
		t.Error("the application's secret went to the other region's server")
	}
}

func TestSignInBlockedByCheck(t *testing.T) {
	for fault, want := range map[string]checks.Cause{
		"https-not-seen":      checks.HTTPSNotSeen,
		"tls-expired":         checks.TLSExpired,
		"redirect-other-host": checks.RedirectDropsPost,
		"rest-not-found":      checks.RESTNotFound,
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			a := start(t, nil, fault)
			_, err := a.signIn(t.Context(), bitrix.CIS)
			var blocked *app.BlockedError
			if !errors.As(err, &blocked) || blocked.Result.Cause != want {
				t.Errorf("error %v", err)
			}
			for _, path := range a.calls("portal") {
				if strings.HasPrefix(path, "/oauth/authorize") {
					t.Errorf("asked for %s", path)
				}
			}
			if reported := a.sim.ReportedAddresses(); len(reported) > 0 {
				t.Errorf("the portal reported %s", reported)
			}
		})
	}
}

func TestSignInCancelledDuringAddressCheck(t *testing.T) {
	a := start(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if flow, err := a.signIn(ctx, ""); !errors.Is(err, context.Canceled) {
		flow.Close()
		t.Errorf("error %v", err)
	}
}

// keyring is a fake that works or fails.
type keyring struct {
	mu     sync.Mutex
	broken error
	kept   map[string]string
}

func (k *keyring) Get(key string) (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	value, ok := k.kept[key]
	switch {
	case k.broken != nil:
		return "", k.broken
	case !ok:
		return "", vault.ErrNotFound
	}
	return value, nil
}

func (k *keyring) Set(key, value string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.broken == nil {
		k.kept[key] = value
	}
	return k.broken
}

func (k *keyring) Delete(key string) error {
	if _, err := k.Get(key); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.kept, key)
	return nil
}

func (k *keyring) set(broken error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.broken = broken
}

func webhook(t *testing.T, address string) portal.Webhook {
	t.Helper()
	w, err := portal.ParseWebhook(address)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestKeyringOpenedLater(t *testing.T) {
	ctx := t.Context()
	backend := &keyring{kept: map[string]string{}}
	ring := vault.NewKeyring(vault.Options{Backend: backend})
	a := start(t, backend)

	// Another run of BoxReady saved a sign-in, and a webhook of a second portal.
	earlier := oauthflow.NewAccounts(ring, "")
	token := oauthflow.Token{Server: "https://oauth.bitrix24.tech", Access: a.application.ClientSecret, Refresh: a.application.ClientSecret}
	if err := earlier.SaveSignIn(ctx, a.address, a.application, token); err != nil {
		t.Fatal(err)
	}
	second := webhook(t, "https://second.example/rest/1/abcdef0123456789/")
	if err := earlier.SaveWebhook(ctx, second); err != nil {
		t.Fatal(err)
	}

	backend.set(&vault.Error{Reason: vault.Locked})
	if err := a.OpenKeyring(ctx); !errors.Is(err, vault.Locked) || a.Place() != vault.InMemory {
		t.Fatalf("a locked keyring: %v, in %s", err, a.Place())
	}
	hook := webhook(t, "https://"+a.sim.Host()+"/rest/1/0123456789abcdef/")
	if err := a.SaveWebhook(ctx, hook); err != nil {
		t.Fatal(err)
	}
	if account, err := a.Get(ctx, a.address); err != nil || !account.Webhook || account.SignedIn() {
		t.Errorf("in memory: %+v, %v", account, err)
	}

	backend.set(nil)
	if err := a.OpenKeyring(ctx); err != nil || a.Place() != vault.InKeyring {
		t.Fatalf("unlocked: %v, in %s", err, a.Place())
	}
	if account, err := a.Get(ctx, a.address); err != nil || !account.Webhook || !account.SignedIn() || !account.Confirmed {
		t.Errorf("in the keyring: %+v, %v", account, err)
	}
	if account, err := a.Get(ctx, second.Address); err != nil || !account.Webhook {
		t.Errorf("the other portal: %+v, %v", account, err)
	}
	// Later rotated tokens are saved there too, also of a sign-in opened before the keyring.
	if kept, err := earlier.Webhook(ctx, a.address); err != nil || kept.URL().Reveal() != hook.URL().Reveal() {
		t.Errorf("in the keyring itself: %v", err)
	}
	backend.set(&vault.Error{Reason: vault.Locked})
	if err := a.OpenKeyring(ctx); err != nil {
		t.Errorf("what is open is tried again: %v", err)
	}
}

func TestSignInInMemoryReplacesSavedOne(t *testing.T) {
	ctx := t.Context()
	backend := &keyring{kept: map[string]string{}}
	ring := vault.NewKeyring(vault.Options{Backend: backend})
	a := start(t, backend)
	old, err := oauthflow.CheckApp("local.0000000000000.1", strings.Repeat("o", 30))
	if err != nil {
		t.Fatal(err)
	}
	token := oauthflow.Token{Server: "https://oauth.bitrix24.tech", Access: a.application.ClientSecret, Refresh: a.application.ClientSecret}
	earlier := oauthflow.NewAccounts(ring, "")
	if err := errors.Join(earlier.SaveSignIn(ctx, a.address, old, token), earlier.SaveWebhook(ctx, webhook(t, a.sim.Webhook()))); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(a.SaveSignIn(ctx, a.address, a.application, token), a.OpenKeyring(ctx)); err != nil {
		t.Fatal(err)
	}
	if account, err := a.Get(ctx, a.address); err != nil || account.ClientID != a.application.ClientID || !account.Webhook {
		t.Errorf("%+v, %v", account, err)
	}
}

func TestLockedKeyring(t *testing.T) {
	a := start(t, &keyring{broken: &vault.Error{Reason: vault.Absent}})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.OpenKeyring(ctx); err == nil {
		t.Error("no error")
	}
	if err := a.SaveWebhook(t.Context(), webhook(t, a.sim.Webhook())); err != nil {
		t.Errorf("memory: %v", err)
	}
}
