//go:build windows

package instance

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/Microsoft/go-winio"
	"golang.org/x/sys/windows"
)

// pipe is where the first start listens: one for each user and session: sessions over Remote Desktop have different screens.
func pipe() (name, sid string, err error) {
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return "", "", err
	}
	var session uint32
	if err := windows.ProcessIdToSessionId(windows.GetCurrentProcessId(), &session); err != nil {
		return "", "", err
	}
	sid = user.User.Sid.String()
	return fmt.Sprintf(`\\.\pipe\boxready-%s-%d`, sid, session), sid, nil
}

// claim returns nil if there is a first start already. The process that created the mutex is the first: the mutex ends with it.
func claim() (*First, error) {
	name, sid, err := pipe()
	if err != nil {
		return nil, err
	}
	lock, err := windows.UTF16PtrFromString(`Local\boxready-` + sid)
	if err != nil {
		return nil, err
	}
	mutex, err := windows.CreateMutex(nil, false, lock)
	if errors.Is(err, windows.ERROR_ALREADY_EXISTS) {
		return nil, windows.CloseHandle(mutex)
	}
	if err != nil {
		return nil, err
	}
	// winio's pipes can't be reached over the network.
	listener, err := winio.ListenPipe(name, &winio.PipeConfig{SecurityDescriptor: "D:P(A;;GA;;;" + sid + ")"})
	if err != nil {
		_ = windows.CloseHandle(mutex)
		return nil, err
	}
	return &First{listener: listener, release: func() { _ = windows.CloseHandle(mutex) }}, nil
}

func connect(ctx context.Context) (net.Conn, error) {
	name, sid, err := pipe()
	if err != nil {
		return nil, err
	}
	conn, err := winio.DialPipeContext(ctx, name)
	if err != nil {
		return nil, err
	}
	if err := checkServer(conn, sid); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

var (
	errOtherUser             = errors.New("another user is at the other end")
	user32                   = windows.NewLazySystemDLL("user32.dll")
	allowSetForegroundWindow = user32.NewProc("AllowSetForegroundWindow")
	isIconic                 = user32.NewProc("IsIconic")
	showWindow               = user32.NewProc("ShowWindow")
)

// Restore restores a minimized window.
func Restore(window uintptr) {
	if minimized, _, _ := isIconic.Call(window); minimized != 0 {
		_, _, _ = showWindow.Call(window, windows.SW_RESTORE)
	}
}

// checkServer checks that the pipe's server is a process of this user, and allows it to come to the front: only the program that
// was used last may do so, which is this one.
func checkServer(conn net.Conn, sid string) error {
	end, ok := conn.(interface{ Fd() uintptr })
	if !ok {
		return errors.New("the pipe has no handle")
	}
	var id uint32
	if err := windows.GetNamedPipeServerProcessId(windows.Handle(end.Fd()), &id); err != nil {
		return err
	}
	process, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, id)
	if err != nil {
		return err
	}
	defer windows.CloseHandle(process)
	var token windows.Token
	if err := windows.OpenProcessToken(process, windows.TOKEN_QUERY, &token); err != nil {
		return err
	}
	defer token.Close()
	user, err := token.GetTokenUser()
	if err != nil {
		return err
	}
	if user.User.Sid.String() != sid {
		return errOtherUser
	}
	_, _, _ = allowSetForegroundWindow.Call(uintptr(id))
	return nil
}

// allowed has nothing to check: the pipe's security descriptor admits this user only.
func allowed(net.Conn) error { return nil }
