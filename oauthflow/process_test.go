package oauthflow

import (
	"context"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"boxready/internal/filelock"
	"boxready/internal/portal"
	"boxready/internal/secret"
	"boxready/internal/vault"
)

// What renewInProcess needs, in its environment.
const (
	serverVariable = "BOXREADY_TEST_AUTH_SERVER"
	folderVariable = "BOXREADY_TEST_FOLDER"
	timesVariable  = "BOXREADY_TEST_TIMES" // how often to renew
	killVariable   = "BOXREADY_TEST_KILL"  // at which step of the keyring's; 0 for none
)

// fileKeyring is a keyring that processes share: a file for each entry, replaced at once as a keyring does.
type fileKeyring struct {
	folder string
	step   func() // called before whatever changes
}

func (k fileKeyring) path(key string) string {
	return filepath.Join(k.folder, hex.EncodeToString([]byte(key)))
}

func (k fileKeyring) Get(key string) (string, error) {
	k.step()
	text, err := os.ReadFile(k.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		err = vault.ErrNotFound
	}
	return string(text), err
}

func (k fileKeyring) Set(key, value string) error {
	k.step()
	temporary, err := os.CreateTemp(k.folder, "new-*")
	if err != nil {
		return err
	}
	_, err = temporary.WriteString(value)
	if err = errors.Join(err, temporary.Close()); err != nil {
		return err
	}
	k.step()
	return os.Rename(temporary.Name(), k.path(key))
}

func (k fileKeyring) Delete(key string) error {
	k.step()
	return os.Remove(k.path(key))
}

func sharedAccounts(folder string, step func()) *Accounts {
	return NewAccounts(vault.NewKeyring(vault.Options{Backend: fileKeyring{folder, step}}), filelock.Folder(filepath.Join(folder, "locks")))
}

// renewInProcess is another process, which renews the sign-in and prints what went wrong.
func renewInProcess(server string) {
	step, kill := 0, number(killVariable)
	accounts := sharedAccounts(os.Getenv(folderVariable), func() {
		if step++; step == kill {
			self, _ := os.FindProcess(os.Getpid())
			_ = self.Kill()
			select {}
		}
	})
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	for range number(timesVariable) {
		address, err := portal.ParseAddress(testPortal)
		if err != nil {
			fmt.Println(err)
		}
		source, err := accounts.SignIn(context.Background(), address, AuthServer{URL: server, HTTP: client})
		if err == nil {
			_, err = source.Refresh(context.Background())
		}
		if err != nil {
			fmt.Println(err)
		}
	}
	os.Exit(0)
}

func number(variable string) int {
	n, _ := strconv.Atoi(os.Getenv(variable))
	return n
}

// renewElsewhere runs renewInProcess and returns what it printed, and whether it was killed.
func renewElsewhere(t *testing.T, s *fakeServer, folder string, times, kill int) (output string, killed bool) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), program)
	c.Env = append(os.Environ(), serverVariable+"="+s.URL, folderVariable+"="+folder, timesVariable+"="+strconv.Itoa(times), killVariable+"="+strconv.Itoa(kill))
	text, err := c.CombinedOutput()
	return string(text), err != nil
}

// saveShared saves a sign-in in a folder that processes share.
func saveShared(t *testing.T, s *fakeServer) (accounts *Accounts, folder string) {
	t.Helper()
	folder = t.TempDir()
	accounts = sharedAccounts(folder, func() {})
	if err := accounts.SaveSignIn(t.Context(), address(t, testPortal), testApp(), heldToken(s, 0)); err != nil {
		t.Fatal(err)
	}
	return accounts, folder
}

// newest reports whether the refresh token that is saved is the one that the server issued last.
func (s *fakeServer) newest(t *testing.T, a *Accounts) bool {
	t.Helper()
	kept, err := a.load(t.Context(), address(t, testPortal), "")
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refresh[kept.Refresh.Reveal()]
}

// Two processes that renew one sign-in at the same time never send a spent token, and the newest one stays saved.
func TestTwoProcessesRenew(t *testing.T) {
	s := newFakeServer(t)
	accounts, folder := saveShared(t, s)
	const times = 10
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if output, failed := renewElsewhere(t, s, folder, times, 0); failed || output != "" {
				t.Errorf("failed %t: %s", failed, output)
			}
		})
	}
	both.Wait()
	if n := len(s.asked()); n != 2*times || !s.newest(t, accounts) {
		t.Errorf("%d renewals, the newest token is saved: %t", n, s.newest(t, accounts))
	}
}

// A process is killed at each step of a renewal. What is saved stays readable, the next process isn't kept waiting, and the sign-in is
// lost only between the server's answer and its saving.
func TestKilledDuringRenewal(t *testing.T) {
	survived, lost := 0, 0
	for step := 1; ; step++ {
		s := newFakeServer(t)
		accounts, folder := saveShared(t, s)
		output, killed := renewElsewhere(t, s, folder, 1, step)
		if !killed {
			if output != "" {
				t.Errorf("not killed: %s", output)
			}
			break
		}
		saved, asked := s.newest(t, accounts), len(s.asked())
		output, failed := renewElsewhere(t, s, folder, 1, 0)
		switch {
		case failed || (output == "") != saved:
			t.Errorf("killed at step %d, the newest token was saved: %t; next: %s", step, saved, output)
		case saved:
			survived++
		default:
			lost++
			if asked != 1 || !strings.Contains(output, "invalid_grant") {
				t.Errorf("killed at step %d, after %d requests: %s", step, asked, output)
			}
		}
	}
	t.Logf("the sign-in survived %d kills, and %d between the answer and its saving lost it", survived, lost)
	if survived == 0 || lost == 0 {
		t.Error("the process wasn't killed at all steps")
	}
}

// interleavingsVariable is how often TestInterleavedRenewals repeats itself.
const interleavingsVariable = "BOXREADY_INTERLEAVINGS"

// Renewals, a new sign-in, webhooks and lists of several processes, at the same time and with pauses anywhere: the refresh token that
// the server issued last is the one that is saved.
func TestInterleavedRenewals(t *testing.T) {
	rounds := max(50, number(interleavingsVariable))
	s := newFakeServer(t)
	first, folder := saveShared(t, s)
	pause := func() {
		if rand.IntN(8) == 0 {
			time.Sleep(time.Duration(rand.IntN(500)) * time.Microsecond)
		}
	}
	second := sharedAccounts(folder, pause)
	first = sharedAccounts(folder, pause)
	portal := address(t, testPortal)
	renew := func(a *Accounts) error {
		source, err := a.SignIn(t.Context(), portal, s.auth())
		if err == nil {
			_, err = source.Refresh(t.Context())
		}
		return err
	}
	webhooks := func(a *Accounts) error {
		if err := a.SaveWebhook(t.Context(), webhook(t)); err != nil {
			return err
		}
		_, err := a.List(t.Context())
		return errors.Join(err, a.RemoveWebhook(t.Context(), portal))
	}
	signIn := func(a *Accounts) error {
		token := heldToken(s, 0)
		s.mu.Lock()
		s.issued++
		token.Refresh = secret.New(fmt.Sprintf("refresh-%d", s.issued))
		s.refresh = map[string]bool{token.Refresh.Reveal(): true}
		s.mu.Unlock()
		return a.SaveSignIn(t.Context(), portal, testApp(), token)
	}
	for round := range rounds {
		var all sync.WaitGroup
		for _, work := range []func() error{
			func() error { return renew(first) }, func() error { return renew(second) },
			func() error { return webhooks(first) }, func() error { return webhooks(second) },
		} {
			all.Go(func() {
				pause()
				if err := work(); err != nil && !errors.Is(err, vault.ErrNotFound) {
					t.Errorf("round %d: %v", round, err)
				}
			})
		}
		all.Wait()
		if round%10 == 0 {
			if err := signIn(second); err != nil {
				t.Fatal(err)
			}
		}
		if !s.newest(t, first) {
			t.Fatalf("round %d: the newest token isn't saved", round)
		}
	}
	t.Logf("%d interleavings", rounds)
}
