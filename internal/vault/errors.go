package vault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os/exec"
	"strings"
	"syscall"

	"github.com/zalando/go-keyring"

	"boxready/internal/secret"
)

// A Reason is why a keyring could not be used: a stable code. It is an error for
// errors.Is(err, Locked).
type Reason string

// The reasons.
const (
	Absent  Reason = "absent"  // there is no keyring, or not for this session
	Locked  Reason = "locked"  // it is locked, and nobody unlocked it
	Refused Reason = "refused" // it denied access, or reported success without effect
	Timeout Reason = "timeout" // it did not answer; a prompt may be open
	TooBig  Reason = "too-big" // the account does not fit, even without its access token
)

func (r Reason) Error() string { return string(r) }

// An Error says that a keyring could not be used. Its text and its causes contain
// no secret.
type Error struct {
	Reason Reason
	Op     string // what was attempted
	Err    error  // the keyring's error, or nil
}

func (e *Error) Error() string {
	text := "vault: "
	if e.Op != "" {
		text += e.Op + ": "
	}
	text += string(e.Reason)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is the error's reason.
func (e *Error) Is(target error) bool { return target == e.Reason }

// Errors that are no failure of the keyring.
var (
	ErrNotFound = errors.New("no such account")
	ErrDamaged  = errors.New("the saved account is damaged")
	ErrNewer    = errors.New("the account was saved by a newer BoxReady")
	ErrInvalid  = errors.New("not an account that can be kept")
)

// fail converts err to what callers see. known are secrets that a keyring's error
// may contain.
func fail(op string, err error, known ...secret.String) error {
	if err == nil {
		return nil
	}
	for _, own := range []error{ErrNotFound, ErrDamaged, ErrNewer, ErrInvalid, context.Canceled} {
		if errors.Is(err, own) {
			return fmt.Errorf("vault: %s: %w", op, own)
		}
	}
	failed := &Error{Op: op}
	if typed := (*Error)(nil); errors.As(err, &typed) {
		failed.Reason, err = typed.Reason, typed.Err
	} else {
		failed.Reason = reasonOf(err)
	}
	switch {
	case err == nil:
	case err == errNoAnswer, err == errStillWaiting:
		failed.Err = err
	default:
		// Not wrapped: errors.As would return the original text.
		failed.Err = errors.New(secret.Mask(err.Error(), known...))
	}
	return failed
}

// reasonOf classifies keyrings' errors. Few have a type.
func reasonOf(err error) Reason {
	switch {
	case errors.Is(err, keyring.ErrSetDataTooBig):
		return TooBig
	case errors.Is(err, keyring.ErrUnsupportedPlatform):
		return Absent
	case errors.Is(err, context.DeadlineExceeded):
		return Timeout
	}
	if reason, ok := reasonOfDBus(err); ok {
		return reason
	}
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		if reason, ok := securityExits[exit.ExitCode()]; ok {
			return reason
		}
		return Refused
	}
	if errno := syscall.Errno(0); errors.As(err, &errno) {
		if reason, ok := windowsErrors[errno]; ok {
			return reason
		}
	}
	if op := (*net.OpError)(nil); errors.As(err, &op) && !errors.Is(err, fs.ErrPermission) {
		return Absent // no process serves the session bus
	}
	for _, missing := range []error{fs.ErrNotExist, exec.ErrNotFound, io.EOF, net.ErrClosed} {
		if errors.Is(err, missing) {
			return Absent
		}
	}
	for _, known := range errorTexts {
		if strings.Contains(err.Error(), known.part) {
			return known.reason
		}
	}
	return Refused
}

// securityExits are the exit statuses of macOS's security(1): the last eight
// bits of the Security framework's result codes.
var securityExits = map[int]Reason{
	36:  Locked,  // errSecInteractionNotAllowed: it can't prompt
	128: Locked,  // errSecUserCanceled
	51:  Refused, // errSecAuthFailed: also if the user chose Deny
	37:  Absent,  // errSecNoDefaultKeychain
	50:  Absent,  // errSecNoSuchKeychain
	53:  Absent,  // errSecNotAvailable
}

// windowsErrors are errors of Windows; no Unix uses these numbers.
var windowsErrors = map[syscall.Errno]Reason{
	1312: Absent, // ERROR_NO_SUCH_LOGON_SESSION: a logon over the network, SSH for one, or a policy
	1783: TooBig, // RPC_X_BAD_STUB_DATA
}

var errorTexts = []struct {
	part   string
	reason Reason
}{
	{"failed to unlock correct collection", Locked},
	{"dismissed", Locked},
	{"couldn't determine address of session bus", Absent},
	{"invalid bus address", Absent},
	{"dbus: connection closed", Absent},
}
