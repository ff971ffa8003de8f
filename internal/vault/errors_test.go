package vault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"boxready/internal/simtest/testenv"

	"github.com/zalando/go-keyring"
)

func TestReasons(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want Reason
	}{
		"locked":              {errors.New("failed to unlock correct collection '/org/freedesktop/secrets/aliases/default'"), Locked},
		"prompt dismissed":    {errors.New("Prompt dismissed"), Locked},
		"no bus":              {errors.New("dbus: couldn't determine address of session bus"), Absent},
		"bus gone":            {&net.OpError{Op: "dial", Net: "unix", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}, Absent},
		"bus missing":         {&net.OpError{Op: "dial", Net: "unix", Err: os.NewSyscallError("connect", syscall.ENOENT)}, Absent},
		"bus forbidden":       {&net.OpError{Op: "dial", Net: "unix", Err: os.NewSyscallError("connect", syscall.EACCES)}, Refused},
		"bus closed":          {io.EOF, Absent},
		"connection closed":   {net.ErrClosed, Absent},
		"unsupported":         {keyring.ErrUnsupportedPlatform, Absent},
		"no such program":     {&fs.PathError{Op: "fork/exec", Path: "/usr/bin/security", Err: fs.ErrNotExist}, Absent},
		"too big":             {fmt.Errorf("set: %w", keyring.ErrSetDataTooBig), TooBig},
		"permission":          {os.ErrPermission, Refused},
		"deadline":            {context.DeadlineExceeded, Timeout},
		"Windows, no session": {syscall.Errno(1312), Absent},
		"Windows, bad stub":   {syscall.Errno(1783), TooBig},
		"anything else":       {errors.New("no"), Refused},
		"backend's reason":    {&Error{Reason: Locked, Err: errors.New("no")}, Locked},
		"backend's, wrapped":  {fmt.Errorf("wrapped: %w", &Error{Reason: Absent}), Absent},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			f.replace = func(string, string, string) error { return c.err }
			_, err := NewKeyring(Options{Backend: f}).Load(t.Context(), testPortal)
			var failed *Error
			if !errors.As(err, &failed) || failed.Reason != c.want || !errors.Is(err, c.want) || failed.Op != "load" {
				t.Errorf("%v, not %s", err, c.want)
			}
			for _, other := range []Reason{Absent, Locked, Refused, Timeout, TooBig} {
				if other != c.want && errors.Is(err, other) {
					t.Errorf("%v is %s, too", err, other)
				}
			}
		})
	}
}

func TestExitStatuses(t *testing.T) {
	testenv.NotOnWindows(t, "the statuses are those of macOS's program, and are made by sh")
	for status, want := range map[int]Reason{36: Locked, 128: Locked, 51: Refused, 37: Absent, 50: Absent, 53: Absent, 1: Refused} {
		if got := reasonOf(exec.Command("sh", "-c", fmt.Sprint("exit ", status)).Run()); got != want {
			t.Errorf("%d is %s, not %s", status, got, want)
		}
	}
}

func TestErrorText(t *testing.T) {
	for want, err := range map[string]*Error{
		"vault: save: locked: no": {Reason: Locked, Op: "save", Err: errors.New("no")},
		"vault: save: locked":     {Reason: Locked, Op: "save"},
		"vault: locked":           {Reason: Locked},
	} {
		if err.Error() != want {
			t.Errorf("%q, not %q", err, want)
		}
	}
}
