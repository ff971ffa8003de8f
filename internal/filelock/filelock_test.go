package filelock

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestLock(t *testing.T) {
	folder := Folder(filepath.Join(t.TempDir(), "locks")) // made when it is needed
	var inside, most atomic.Int32
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			file, err := folder.Lock(t.Context(), "name")
			if err != nil || file == nil {
				t.Errorf("%v, %v", file, err)
				return
			}
			defer file.Close()
			most.Store(max(most.Load(), inside.Add(1)))
			time.Sleep(time.Millisecond)
			inside.Add(-1)
		})
	}
	all.Wait()
	if most.Load() != 1 {
		t.Errorf("%d held the lock at once", most.Load())
	}
}

func TestLockHeld(t *testing.T) {
	folder := Folder(t.TempDir())
	held, err := folder.Lock(t.Context(), Name("kind", "one"))
	if err != nil || held == nil {
		t.Fatalf("%v, %v", held, err)
	}
	defer held.Close()
	if _, err := held.WriteString("text"); err != nil {
		t.Errorf("a locked file can't be written: %v", err)
	}
	other, err := folder.Lock(t.Context(), Name("kind", "other"))
	if err != nil || other == nil {
		t.Errorf("another lock: %v, %v", other, err)
	}
	other.Close()
	cause := errors.New("enough")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, cause)
	defer cancel()
	if _, err := folder.Lock(ctx, Name("kind", "one")); !errors.Is(err, cause) {
		t.Errorf("error %v", err)
	}
}

func TestNothingToLock(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []Folder{"", Folder(file)} {
		got, err := folder.Lock(t.Context(), "name")
		if got != nil || err != nil {
			t.Errorf("%q: %v, %v", folder, got, err)
		}
		got.Close()
	}
}
