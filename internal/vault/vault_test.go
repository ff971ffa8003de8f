package vault

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zalando/go-keyring"
	"go.uber.org/goleak"

	"boxready/internal/secret"
	"boxready/internal/simtest/testenv"
)

func TestMain(m *testing.M) {
	if step := os.Getenv(stepVariable); step != "" {
		os.Exit(runStep(step))
	}
	goleak.VerifyTestMain(testenv.M{M: m})
}

const testPortal = "https://portal.example"

// fake is a keyring in memory with injected failures.
type fake struct {
	mu      sync.Mutex
	held    map[string]string
	before  func(call, key string)              // runs first, outside the lock
	replace func(call, key, value string) error // errSkip: do nothing and report success
	calls   []string
	inside  int
	most    int // concurrent calls
}

var errSkip = errors.New("skip")

func newFake() *fake { return &fake{held: map[string]string{}} }

func (f *fake) call(name, key, value string, do func() error) error {
	f.mu.Lock()
	f.calls = append(f.calls, name+" "+key)
	f.inside++
	f.most = max(f.most, f.inside)
	f.mu.Unlock()
	if f.before != nil {
		f.before(name, key)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.inside--
	if f.replace != nil {
		if err := f.replace(name, key, value); err == errSkip {
			return nil
		} else if err != nil {
			return err
		}
	}
	return do()
}

func (f *fake) Get(key string) (value string, err error) {
	err = f.call("get", key, "", func() error {
		var ok bool
		if value, ok = f.held[key]; !ok {
			return ErrNotFound
		}
		return nil
	})
	return value, err
}

func (f *fake) Set(key, value string) error {
	return f.call("set", key, value, func() error { f.held[key] = value; return nil })
}

func (f *fake) Delete(key string) error {
	return f.call("delete", key, "", func() error {
		if _, ok := f.held[key]; !ok {
			return ErrNotFound
		}
		delete(f.held, key)
		return nil
	})
}

func (f *fake) keys() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Sorted(maps.Keys(f.held))
}

// traffic returns the number of calls, and of concurrent ones at most.
func (f *fake) traffic() (calls, most int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.calls), f.most
}

func full(portal string) Account {
	return Account{
		Portal:        portal,
		ClientID:      "local.0123456789abcd.01234567",
		ClientSecret:  secret.New("client-s3cr3t"),
		Refresh:       secret.New("refresh-s3cr3t"),
		RefreshIssued: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		Access:        secret.New(`access-s3cr3t<&>"\` + "\u2028"),
		Expires:       time.Date(2026, 3, 1, 13, 0, 0, 0, time.UTC),
		Server:        "https://oauth.example",
		MemberID:      "0123456789abcdef0123456789abcdef",
		UserID:        "1",
		Webhook:       secret.New("https://portal.example/rest/1/webhook-s3cr3t/"),
		Confirmed:     true,
	}
}

// difference names the first field in which accounts differ, Saved excluded.
func difference(a, b Account) string {
	for name, same := range map[string]bool{
		"Portal": a.Portal == b.Portal, "ClientID": a.ClientID == b.ClientID,
		"ClientSecret": a.ClientSecret.Equal(b.ClientSecret), "Refresh": a.Refresh.Equal(b.Refresh),
		"RefreshIssued": a.RefreshIssued.Equal(b.RefreshIssued), "Access": a.Access.Equal(b.Access),
		"Expires": a.Expires.Equal(b.Expires), "Server": a.Server == b.Server, "MemberID": a.MemberID == b.MemberID,
		"UserID": a.UserID == b.UserID, "Webhook": a.Webhook.Equal(b.Webhook), "Confirmed": a.Confirmed == b.Confirmed,
	} {
		if !same {
			return name
		}
	}
	return ""
}

func TestStoresAgree(t *testing.T) {
	for name, open := range map[string]func() Store{
		"memory":       Memory,
		"fake keyring": func() Store { return NewKeyring(Options{Backend: newFake()}) },
		"mock keyring": func() Store { return NewKeyring(Options{Backend: mock{}}) },
	} {
		t.Run(name, func(t *testing.T) {
			// The library's mock is global: these tests are not parallel.
			keyring.MockInit()
			testStore(t, open())
		})
	}
}

// mock is the system's keyring without the search for a session bus, which a test
// machine may lack.
type mock struct{}

func (mock) Get(key string) (string, error) {
	value, err := keyring.Get(service, key)
	return value, translate(err)
}
func (mock) Set(key, value string) error { return translate(keyring.Set(service, key, value)) }
func (mock) Delete(key string) error     { return translate(keyring.Delete(service, key)) }

func testStore(t *testing.T, s Store) {
	ctx := t.Context()
	if list, err := s.List(ctx); err != nil || len(list) != 0 {
		t.Fatalf("an empty store lists %v, %v", list, err)
	}
	if _, err := s.Load(ctx, testPortal); !errors.Is(err, ErrNotFound) {
		t.Errorf("load of nothing: %v", err)
	}
	if err := s.Delete(ctx, testPortal); !errors.Is(err, ErrNotFound) {
		t.Errorf("delete of nothing: %v", err)
	}

	want := full(testPortal)
	start := time.Now().Truncate(time.Second)
	if err := s.Save(ctx, want); err != nil {
		t.Fatal(err)
	}
	got, err := s.Load(ctx, testPortal)
	if d := difference(got, want); err != nil || d != "" {
		t.Fatalf("%s came back different, %v", d, err)
	}
	if got.Saved.Before(start) || got.Saved.After(time.Now()) {
		t.Errorf("saved at %v", got.Saved)
	}

	only := Account{Portal: "https://портал.example", Webhook: secret.New("https://h/rest/1/x/")}
	if err := s.Save(ctx, only); !errors.Is(err, ErrInvalid) {
		t.Errorf("a name that is not ASCII: %v", err)
	}
	only.Portal = "https://xn--80avnko.example:8443"
	if err := s.Save(ctx, only); err != nil {
		t.Fatal(err)
	}
	got, err = s.Load(ctx, only.Portal)
	if d := difference(got, only); err != nil || d != "" || !got.ClientSecret.IsZero() || !got.Expires.IsZero() {
		t.Errorf("the webhook's account: %s came back different, %v", d, err)
	}

	want.UserID, want.Refresh = "2", secret.New("rotated")
	if err := s.Save(ctx, want); err != nil {
		t.Fatal(err)
	}
	if got, err = s.Load(ctx, testPortal); err != nil || difference(got, want) != "" {
		t.Errorf("not replaced: %v", err)
	}
	list, err := s.List(ctx)
	if err != nil || !slices.Equal(list, []string{testPortal, only.Portal}) {
		t.Errorf("list %v, %v", list, err)
	}
	if err := s.Delete(ctx, testPortal); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Load(ctx, testPortal); !errors.Is(err, ErrNotFound) {
		t.Errorf("load after delete: %v", err)
	}
	list, err = s.List(ctx)
	if err != nil || !slices.Equal(list, []string{only.Portal}) {
		t.Errorf("list %v, %v", list, err)
	}

	over, cancel := context.WithCancel(ctx)
	cancel()
	_, loadErr := s.Load(over, only.Portal)
	_, listErr := s.List(over)
	for call, err := range map[string]error{"load": loadErr, "list": listErr, "save": s.Save(over, want), "delete": s.Delete(over, only.Portal)} {
		if !errors.Is(err, context.Canceled) || errors.Is(err, Timeout) {
			t.Errorf("%s when cancelled: %v", call, err)
		}
	}

	var group sync.WaitGroup
	const many = 50
	for i := range many {
		group.Go(func() {
			a := full(fmt.Sprintf("https://portal%02d.example", i))
			a.UserID = fmt.Sprint(i)
			if err := s.Save(ctx, a); err != nil {
				t.Error(err)
			}
			if got, err := s.Load(ctx, a.Portal); err != nil || got.UserID != a.UserID {
				t.Errorf("user %s of %s, %v", got.UserID, a.UserID, err)
			}
			if _, err := s.List(ctx); err != nil {
				t.Error(err)
			}
			if i%2 == 0 {
				if err := s.Delete(ctx, a.Portal); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if list, err := s.List(ctx); err != nil || len(list) != 1+many/2 {
		t.Errorf("%d portals after the race, %v", len(list), err)
	}
}

func TestKeyringFailures(t *testing.T) {
	t.Cleanup(keyring.MockInit)
	keyring.MockInitWithError(errors.New("failed to unlock correct collection '/x'"))
	k := NewKeyring(Options{Backend: mock{}})
	if err := k.SelfTest(t.Context()); !errors.Is(err, Locked) {
		t.Error(err)
	}
	keyring.MockInit()
	if err := k.SelfTest(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestSelfTest(t *testing.T) {
	for name, c := range map[string]struct {
		replace func(call, key, value string) error
		want    Reason
	}{
		"works":           {nil, ""},
		"can't write":     {func(call, _, _ string) error { return onlyOn(call, "set", &Error{Reason: Locked}) }, Locked},
		"write dismissed": {func(call, _, _ string) error { return onlyOn(call, "set", errSkip) }, Refused},
		"can't read":      {func(call, _, _ string) error { return onlyOn(call, "get", &Error{Reason: Absent}) }, Absent},
		"can't delete":    {func(call, _, _ string) error { return onlyOn(call, "delete", os.ErrPermission) }, Refused},
		"too small": {func(call, _, value string) error {
			if len(value) > 1000 {
				return keyring.ErrSetDataTooBig
			}
			return nil
		}, TooBig},
		"reads otherwise": {func(call, _, _ string) error { return onlyOn(call, "get", errSkip) }, Refused},
		"panics":          {func(call, _, _ string) error { panic("s3cr3t") }, Refused},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			f.replace = c.replace
			if name == "panics" { // before the lock is taken
				f.replace, f.before = nil, func(string, string) { panic("s3cr3t") }
			}
			err := NewKeyring(Options{Backend: f}).SelfTest(t.Context())
			var failed *Error
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (!errors.As(err, &failed) || failed.Reason != c.want || failed.Op != "self-test"):
				t.Errorf("%v, not %s", err, c.want)
			case err != nil && strings.Contains(err.Error(), "s3cr3t"):
				t.Errorf("the error contains the secret: %v", err)
			}
			if name != "can't delete" && len(f.held) > 0 {
				t.Errorf("left: %d entries", len(f.held))
			}
		})
	}
}

func onlyOn(call, which string, err error) error {
	if call == which {
		return err
	}
	return nil
}

func TestDismissedPrompts(t *testing.T) {
	f := newFake()
	k := NewKeyring(Options{Backend: f})
	f.replace = func(call, key, _ string) error {
		if call == "set" && key == testPortal {
			return errSkip
		}
		return nil
	}
	if err := k.Save(t.Context(), full(testPortal)); !errors.Is(err, Refused) {
		t.Errorf("save of nothing: %v", err)
	}
	f.replace = func(call, key, _ string) error { return onlyOn(call, "set", errSkip) }
	f.calls = nil
	if err := k.Save(t.Context(), full("https://other.example")); !errors.Is(err, Refused) {
		t.Errorf("save without a name: %v", err)
	}
	if sets := strings.Count(strings.Join(f.calls, "\n"), "set "); sets != 1 {
		t.Errorf("asked %d times", sets)
	}
	f.replace = nil
	if err := k.Save(t.Context(), full(testPortal)); err != nil {
		t.Fatal(err)
	}
	f.replace = func(call, _, _ string) error { return onlyOn(call, "delete", errSkip) }
	if err := k.Delete(t.Context(), testPortal); !errors.Is(err, Refused) {
		t.Errorf("delete of nothing: %v", err)
	}
	if list, err := k.List(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("list %v, %v", list, err)
	}
}

// hang returns a keyring that blocks in one call until it is released.
func hang(at string) (f *fake, release func()) {
	f = newFake()
	gate := make(chan struct{})
	f.before = func(call, key string) {
		if call+" "+key == at {
			<-gate
		}
	}
	return f, sync.OnceFunc(func() { close(gate) })
}

func TestHangingKeyring(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, release := hang("get " + testPortal)
		defer release()
		k := NewKeyring(Options{Backend: f})
		ctx := t.Context()
		start := time.Now()
		_, err := k.Load(ctx, testPortal)
		if took := time.Since(start); !errors.Is(err, Timeout) || took != DefaultDeadline {
			t.Errorf("%v after %v", err, took)
		}
		start = time.Now()
		for range 1000 {
			_, loadErr := k.Load(ctx, testPortal)
			_, listErr := k.List(ctx)
			for call, err := range map[string]error{
				"load": loadErr, "list": listErr, "save": k.Save(ctx, full(testPortal)), "delete": k.Delete(ctx, testPortal), "self-test": k.SelfTest(ctx),
			} {
				if !errors.Is(err, Timeout) || !errors.Is(err, errStillWaiting) {
					t.Fatalf("%s: %v", call, err)
				}
			}
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("the other calls waited %v", took)
		}
		if calls, most := f.traffic(); calls != 1 || most != 1 {
			t.Errorf("the keyring was called %d times, %d at once", calls, most)
		}
		if err := k.SelfTest(ctx); !errors.Is(err, Timeout) {
			t.Errorf("a self-test: %v", err)
		}
		release()
		synctest.Wait()
		if err := k.Save(ctx, full(testPortal)); err != nil {
			t.Errorf("after it answered: %v", err)
		}
	})
}

func TestWaitingForAnotherCall(t *testing.T) {
	for name, c := range map[string]struct {
		answers time.Duration // after the first caller's start
		starts  time.Duration // the second caller
		limit   time.Duration // the second's context; 0 none
		want    error
		took    time.Duration
	}{
		"prompt answered": {40 * time.Second, time.Second, 0, nil, 39 * time.Second},
		"not answered":    {time.Hour, 20 * time.Second, 0, errStillWaiting, 40 * time.Second},
		"short":           {time.Hour, time.Second, 5 * time.Second, Timeout, 5 * time.Second},
		"short, later":    {time.Hour, 2 * time.Minute, 5 * time.Second, errStillWaiting, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, release := hang("get " + testPortal)
				defer release()
				k := NewKeyring(Options{Backend: f})
				go k.Load(t.Context(), testPortal)
				timer := time.AfterFunc(c.answers, release)
				defer timer.Stop()
				time.Sleep(c.starts)
				ctx := t.Context()
				if c.limit > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, c.limit)
					defer cancel()
				}
				start := time.Now()
				_, err := k.List(ctx)
				if took := time.Since(start); !errors.Is(err, c.want) || c.want == nil && err != nil || took != c.took {
					t.Errorf("%v after %v", err, took)
				}
				release()
				synctest.Wait()
			})
		})
	}
}

func TestCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, release := hang("get " + indexKey(0))
		defer release()
		k := NewKeyring(Options{Backend: f})
		ctx, cancel := context.WithCancel(t.Context())
		saved := make(chan error, 1)
		go func() { saved <- k.Save(ctx, full(testPortal)) }()
		time.Sleep(time.Second)
		cancel()
		if err := <-saved; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		release()
		synctest.Wait()
		if _, ok := f.held[testPortal]; ok {
			t.Error("saved after it was cancelled")
		}
		if list, err := k.List(t.Context()); err != nil || len(list) != 0 {
			t.Errorf("list %v, %v", list, err)
		}
		if keys := f.keys(); len(keys) != 0 {
			t.Errorf("left: %v", keys)
		}
	})
}

// A Save that timed out may still succeed, but must not restore what was deleted
// before its end.
func TestLateSave(t *testing.T) {
	for name, c := range map[string]struct {
		during func(ctx context.Context, k *Keyring) error
		want   []string
	}{
		"nothing":         {func(context.Context, *Keyring) error { return nil }, []string{testPortal}},
		"deleted":         {func(ctx context.Context, k *Keyring) error { return k.Delete(ctx, testPortal) }, nil},
		"another deleted": {func(ctx context.Context, k *Keyring) error { return k.Delete(ctx, "https://b.example") }, []string{testPortal}},
		"saved in between": {func(ctx context.Context, k *Keyring) error {
			k.Delete(ctx, testPortal)
			return k.Save(ctx, full(testPortal))
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, release := hang("set " + testPortal)
				defer release()
				k := NewKeyring(Options{Backend: f})
				ctx := t.Context()
				if err := k.Save(ctx, full(testPortal)); !errors.Is(err, Timeout) {
					t.Fatal(err)
				}
				if err := c.during(ctx, k); name != "nothing" && !errors.Is(err, Timeout) {
					t.Errorf("during the call: %v", err)
				}
				release()
				got, err := k.List(ctx)
				if errors.Is(err, Timeout) { // it had not answered yet
					synctest.Wait()
					got, err = k.List(ctx)
				}
				if err != nil || !slices.Equal(got, c.want) {
					t.Errorf("list %v, %v", got, err)
				}
				if _, ok := f.held[testPortal]; ok != (c.want != nil) {
					t.Errorf("the entry is there: %v", ok)
				}
				if err := k.Save(ctx, full(testPortal)); err != nil {
					t.Errorf("saved anew: %v", err)
				}
				if _, err := k.Load(ctx, testPortal); err != nil {
					t.Errorf("loaded anew: %v", err)
				}
			})
		})
	}
}

func TestNoSecretInErrors(t *testing.T) {
	a := full(testPortal)
	for _, call := range []string{"get", "set", "delete"} {
		f := newFake()
		f.held[testPortal] = `{"v":1,"client_secret":"client-s3cr3t"`
		f.replace = func(c, key, value string) error {
			if c == call && key == testPortal {
				return fmt.Errorf("can't take %s (%w)", value, &os.PathError{Op: "open", Path: value + " " + a.Refresh.Reveal(), Err: os.ErrPermission})
			}
			return nil
		}
		k := NewKeyring(Options{Backend: f})
		_, loadErr := k.Load(t.Context(), testPortal)
		_, listErr := k.List(t.Context())
		for _, err := range []error{loadErr, listErr, k.Save(t.Context(), a), k.Delete(t.Context(), testPortal)} {
			for ; err != nil; err = errors.Unwrap(err) {
				// The store knows only the secrets of the account being saved.
				known := strings.Contains(err.Error(), "vault: save")
				if text := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(text, "client-s3cr3t") || known && strings.Contains(text, "s3cr3t") {
					t.Errorf("%s: %s", call, text)
				}
			}
		}
	}
	if text := fmt.Sprintf("%v %+v %#v", a, a, &a); strings.Contains(text, "-s3cr3t") {
		t.Errorf("an account prints %s", text)
	}
	m := Memory()
	m.Save(t.Context(), a)
	if text := fmt.Sprintf("%v %+v %#v", m, m, m.(*store).backend); strings.Contains(text, "-s3cr3t") {
		t.Errorf("a memory prints %s", text)
	}
}

func TestPlace(t *testing.T) {
	if InMemory.Keeper() != "memory" || InKeyring.Keeper() == "keyring" {
		t.Errorf("%s, %s", InMemory.Keeper(), InKeyring.Keeper())
	}
}
