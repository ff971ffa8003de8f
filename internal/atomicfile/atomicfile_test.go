package atomicfile

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Readers see one of the contents, whole, whatever several writers do.
func TestReadersSeeWholeFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "folder", "file") // made when it is needed
	contents := [][]byte{bytes.Repeat([]byte("a"), 100_000), bytes.Repeat([]byte("b"), 50_000)}
	if err := Keep(path, contents[0]); err != nil {
		t.Fatal(err)
	}
	var writers sync.WaitGroup
	for _, content := range contents {
		writers.Go(func() {
			for range 20 {
				if err := Keep(path, content); err != nil {
					t.Error(err)
				}
			}
		})
	}
	written := make(chan struct{})
	go func() { defer close(written); writers.Wait() }()
	for done := false; !done; {
		select {
		case <-written:
			done = true
		default:
		}
		got, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(got, contents[0]) && !bytes.Equal(got, contents[1]) {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("%v, %v", left, err)
	}
}

func TestFailureLeavesTheFormerFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := Keep(path, []byte("former")); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	err := Write(path, func(w io.Writer) error {
		_, _ = w.Write([]byte("new"))
		return broken
	})
	if got, _ := os.ReadFile(path); !errors.Is(err, broken) || string(got) != "former" {
		t.Errorf("%v, %q", err, got)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("%v, %v", left, err)
	}
	// A folder stands where the file would.
	if err := os.Mkdir(path+"2", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(path+"2", "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Keep(path+"2", nil); err == nil {
		t.Error("no error")
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 2 {
		t.Errorf("%v, %v", left, err)
	}
}

func TestAside(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	for _, name := range []string{"file.unreadable", "file.unreadable-2", "file.unreadable-3"} {
		if err := Keep(path, []byte(name)); err != nil {
			t.Fatal(err)
		}
		aside, err := Aside(path)
		if err != nil || aside != filepath.Join(dir, name) {
			t.Fatalf("%s, %v", aside, err)
		}
		if kept, err := os.ReadFile(aside); err != nil || string(kept) != name {
			t.Errorf("%q, %v", kept, err)
		}
	}
	if _, err := Aside(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("of no file: %v", err)
	}
	if err := Keep(path, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := Aside(filepath.Join(path, "below")); err == nil {
		t.Error("of a file below a file")
	}
}
