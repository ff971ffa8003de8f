//go:build unix

package filelock

import (
	"errors"
	"os"
	"syscall"
)

// Try locks an open file until it is closed, unless somebody else holds the lock. The error is that files can't be locked there.
func Try(file *os.File) (bool, error) {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}
