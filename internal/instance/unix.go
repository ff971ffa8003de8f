//go:build unix

package instance

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// socket is where the first start listens: one path for each display, in a folder that only this user can open.
func socket() (string, error) {
	runtime := runtimeFolder()
	if !filepath.IsAbs(runtime) {
		return "", errors.New("the system gives no folder for it")
	}
	if err := private(runtime); err != nil {
		return "", err
	}
	dir := filepath.Join(runtime, "boxready")
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	if err := private(dir); err != nil {
		return "", err
	}
	display := sha256.Sum256([]byte(os.Getenv("WAYLAND_DISPLAY") + "\n" + os.Getenv("DISPLAY")))
	return filepath.Join(dir, fmt.Sprintf("window-%x", display[:4])), nil
}

// private checks that a folder is owned by this user and not accessible to others.
func private(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || info.Mode().Perm()&0o077 != 0 || !ok || int(owner.Uid) != os.Geteuid() {
		return fmt.Errorf("%s is not a folder of this user alone", dir)
	}
	return nil
}

// claim returns nil if there is a first start already. The holder of the lock is the first: the lock ends with the process, so
// a stale socket is recognised.
func claim() (*First, error) {
	path, err := socket()
	if err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR|unix.O_NOFOLLOW, 0o600) // #nosec G304 -- in the user's runtime folder, and no link is followed
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, lock.Close()
	}
	if err == nil {
		err = os.Remove(path)
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	var listener net.Listener
	if err == nil {
		listener, err = net.Listen("unix", path)
	}
	if err != nil {
		lock.Close()
		return nil, err
	}
	return &First{listener: listener, release: func() { lock.Close() }}, nil
}

func connect(ctx context.Context) (net.Conn, error) {
	path, err := socket()
	if err != nil {
		return nil, err
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	if err := allowed(conn); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

var errOtherUser = errors.New("another user is at the other end")

// allowed checks that the other end is a process of this user.
func allowed(conn net.Conn) error {
	raw, err := conn.(*net.UnixConn).SyscallConn()
	if err != nil {
		return err
	}
	var uid uint32
	var asked error
	if err := raw.Control(func(fd uintptr) { uid, asked = peer(int(fd)) }); err != nil {
		return err
	}
	if asked != nil {
		return asked
	}
	if int(uid) != os.Geteuid() {
		return errOtherUser
	}
	return nil
}

// Restore is for Windows; elsewhere, raising a window also shows it.
func Restore(uintptr) {}
