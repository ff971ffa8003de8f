package transport

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"boxready/internal/filelock"
)

// pacedVariable has the address that requestPaced asks, and pacedFolder the folder of locks.
const (
	pacedVariable = "BOXREADY_TEST_PACED"
	pacedFolder   = "BOXREADY_TEST_LOCKS"
)

// What each of two processes does, in a window that is shorter than a portal's.
const (
	pacedRequests = 18
	shortWindow   = 500 * time.Millisecond
)

// requestPaced is another process, which asks a portal at its pace.
func requestPaced(address string) {
	p := New(Options{Locks: filelock.Folder(os.Getenv(pacedFolder)), PaceWindow: shortWindow}).Pacer("portal.example")
	var all sync.WaitGroup
	for range pacedRequests {
		all.Go(func() {
			turn, err := p.Begin(context.Background())
			if err != nil {
				panic(err)
			}
			defer turn.End()
			turn.Sent()
			reply, err := http.Get(address)
			if err != nil {
				panic(err)
			}
			reply.Body.Close()
		})
	}
	all.Wait()
	os.Exit(0)
}

func TestPaceOfTwoProcesses(t *testing.T) {
	var mu sync.Mutex
	var arrived []time.Time
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		arrived = append(arrived, time.Now())
	}))
	defer server.Close()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			c := exec.CommandContext(t.Context(), program)
			c.Env = append(os.Environ(), pacedVariable+"="+server.URL, pacedFolder+"="+folder)
			if output, err := c.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, output)
			}
		})
	}
	both.Wait()
	if len(arrived) != 2*pacedRequests {
		t.Fatalf("%d requests arrived", len(arrived))
	}
	slices.SortFunc(arrived, time.Time.Compare)
	for i := range arrived[paceRequests:] {
		if gap := arrived[i+paceRequests].Sub(arrived[i]); gap < shortWindow-2*time.Millisecond { // the file has milliseconds
			t.Errorf("%d requests in %v", paceRequests+1, gap)
		}
	}
}

// askNow sends requests and returns how long that took.
func askNow(t *testing.T, p *Pacer, n int) time.Duration {
	t.Helper()
	start := time.Now()
	for range n {
		turn, err := p.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		turn.Sent()
		turn.End()
	}
	return time.Since(start)
}

func TestSharedPace(t *testing.T) {
	const host = "portal.example"
	for name, c := range map[string]struct {
		file   func(now int64) string // "" for none
		atMost time.Duration          // for twelve requests
		least  time.Duration
	}{
		"nothing sent":         {nil, 0, 0},
		"sent a while ago":     {func(now int64) string { return full(now - paceWindow.Milliseconds()) }, 0, 0},
		"sent five s ago":      {func(now int64) string { return full(now - 5000) }, paceWindow - 5*time.Second, paceWindow - 5*time.Second},
		"the clock was set":    {func(now int64) string { return full(now + 3_600_000) }, paceWindow, paceWindow},
		"damaged":              {func(int64) string { return "\x00\x00\x00" }, 0, 0},
		"of another program":   {func(int64) string { return "[1,2]" }, 0, 0},
		"too many to be ours":  {func(now int64) string { return filled(now, 1000) }, 0, 0},
		"longer than any ours": {func(now int64) string { return filled(now, 5000) }, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				folder := t.TempDir()
				if c.file != nil {
					if err := os.WriteFile(filepath.Join(folder, filelock.Name("pace", host)), []byte(c.file(time.Now().UnixMilli())), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				p := New(Options{Locks: filelock.Folder(folder)}).Pacer(host)
				if took := askNow(t, p, paceRequests); took < c.least || took > c.atMost {
					t.Errorf("took %v", took)
				}
				other := New(Options{Locks: filelock.Folder(folder)})
				if took := askNow(t, other.Pacer("other.example"), 1); took > 0 {
					t.Errorf("another portal waited %v", took)
				}
				if took := askNow(t, other.Pacer(host), 1); took != paceWindow {
					t.Errorf("another process waited %v", took)
				}
			})
		})
	}
}

func full(at int64) string { return filled(at, paceRequests) }

func filled(at int64, n int) string {
	sent := map[string]int64{}
	for i := range n {
		sent[fmt.Sprint(i)] = at
	}
	text, _ := json.Marshal(sent)
	return string(text)
}

// A folder that can't be used, and a process that was stopped while it held the lock, delay nothing for long.
func TestPaceNotShared(t *testing.T) {
	t.Run("no folder", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		synctest.Test(t, func(t *testing.T) {
			if took := askNow(t, New(Options{Locks: filelock.Folder(file)}).Pacer("portal.example"), paceRequests); took > 0 {
				t.Errorf("took %v", took)
			}
		})
	})
	t.Run("lock held", func(t *testing.T) {
		folder := filelock.Folder(t.TempDir())
		held, err := folder.Lock(t.Context(), filelock.Name("pace", "portal.example"))
		if err != nil || held == nil {
			t.Fatalf("%v, %v", held, err)
		}
		defer held.Close()
		synctest.Test(t, func(t *testing.T) {
			if took := askNow(t, New(Options{Locks: folder}).Pacer("portal.example"), paceRequests); took > 2*paceLockTimeout {
				t.Errorf("took %v", took)
			}
		})
	})
}

// A request that was given up before it was sent takes no place from other processes.
func TestSharedPaceReleased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := filelock.Folder(t.TempDir())
		for range paceRequests {
			turn, err := New(Options{Locks: folder}).Pacer("portal.example").Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			turn.End()
		}
		if took := askNow(t, New(Options{Locks: folder}).Pacer("portal.example"), paceRequests); took > 0 {
			t.Errorf("waited %v", took)
		}
	})
}
