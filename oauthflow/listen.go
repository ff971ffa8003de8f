package oauthflow

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"syscall"
)

const (
	// Port of the loopback server. It is fixed, because the portal takes the return address from the application's card, and
	// below 49152, because Windows may reserve higher ones, for Hyper-V for example.
	Port = 41924
	// Path of the return address.
	Path = "/callback"

	loopback = "127.0.0.1"
)

// ReturnAddress is the handler path to enter in the application's card. It names 127.0.0.1 and not localhost, which may
// resolve to ::1 or to anything in the hosts file (RFC 8252, 8.3).
func ReturnAddress() string { return "http://" + ListenAddress() + Path }

// ListenAddress is the host and port of ReturnAddress.
func ListenAddress() string { return net.JoinHostPort(loopback, strconv.Itoa(Port)) }

// PortReason is why the loopback port can't be bound: a stable code.
type PortReason string

// The reasons.
const (
	PortBusy     PortReason = "busy"     // another program listens on it, or another BoxReady
	PortReserved PortReason = "reserved" // the system excludes it, whether or not anything listens
	PortOther    PortReason = "other"
)

// PortError means that the loopback server can't listen.
type PortError struct {
	Address string
	Reason  PortReason
	Err     error
}

func (e *PortError) Error() string {
	return fmt.Sprintf("listen on %s (%s): %v", e.Address, e.Reason, e.Err)
}
func (e *PortError) Unwrap() error { return e.Err }

// ProbePort checks whether the loopback port can be bound right now; the error is a *PortError. An empty address means
// ListenAddress.
func ProbePort(ctx context.Context, address string) error {
	ln, err := listen(ctx, address)
	if err != nil {
		return err
	}
	return ln.Close()
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	if address == "" {
		address = ListenAddress()
	}
	at, err := netip.ParseAddrPort(address)
	if err == nil && !at.Addr().IsLoopback() {
		err = errors.New("not a loopback address")
	}
	if err != nil {
		return nil, &PortError{address, PortOther, err}
	}
	ln, err := (&net.ListenConfig{Control: exclusive}).Listen(ctx, "tcp", at.String())
	if err != nil {
		return nil, &PortError{address, portReason(err), err}
	}
	return ln, nil
}

// On Windows, Go's syscall package has invented numbers for these; bind returns Winsock's.
const (
	wsaEACCES     = syscall.Errno(10013)
	wsaEADDRINUSE = syscall.Errno(10048)
)

func portReason(err error) PortReason {
	switch {
	case errors.Is(err, syscall.EADDRINUSE), errors.Is(err, wsaEADDRINUSE):
		return PortBusy
	case errors.Is(err, syscall.EACCES), errors.Is(err, wsaEACCES):
		return PortReserved
	default:
		return PortOther
	}
}
