// Package filelock makes processes take turns by locking files. The system releases the lock of a process that ends, however it ends.
// The locks are advisory: they hold for programs that ask for them.
//
// The usual library, github.com/gofrs/flock, locks a file that it opens itself. On Windows no other handle can then read or write the
// locked range, so it can't lock a file that the program writes to.
package filelock

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Folder is a folder of lock files for its user alone, made when it is needed. Its files are never removed: another process may be
// about to lock them.
type Folder string

// A lock that somebody else holds is tried again after the first pause, and after twice the pause each time, up to the longest.
const (
	firstPause   = time.Millisecond
	longestPause = 32 * time.Millisecond
)

// Name is the name of a lock file about one thing, a portal for instance. It doesn't tell the thing.
func Name(kind, of string) string {
	sum := sha256.Sum256([]byte(of))
	return fmt.Sprintf("%s-%x", kind, sum[:8])
}

// Lock waits until nobody else holds the lock, in this process or in another one, and returns the locked file, which is open for
// reading and writing. Closing it releases the lock. Where files can't be locked, the folder is "" or not writable for instance, the
// file is nil, which can be closed as well. The error is ctx's.
func (f Folder) Lock(ctx context.Context, name string) (*os.File, error) {
	file := f.open(name)
	for pause := firstPause; file != nil; pause = min(2*pause, longestPause) {
		locked, err := Try(file)
		if locked {
			return file, nil
		}
		if err != nil {
			break
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			file.Close()
			return nil, context.Cause(ctx)
		}
	}
	file.Close()
	return nil, nil
}

// open returns nil if the file can't be opened.
func (f Folder) open(name string) *os.File {
	if f == "" || os.MkdirAll(string(f), 0o700) != nil {
		return nil
	}
	file, err := os.OpenFile(filepath.Join(string(f), name), os.O_RDWR|os.O_CREATE, 0o600) // #nosec G304 -- a folder of BoxReady's own
	if err != nil {
		return nil
	}
	return file
}
