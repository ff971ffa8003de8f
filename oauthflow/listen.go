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
	// below 49152, because Windows lends the ports from there on to Hyper-V and others.
	Port = 41924
	// Path of the return address.
	Path = "/callback"

	loopback = "127.0.0.1"
)

// ReturnAddress is what belongs into the application's card as the path of its handler. It names 127.0.0.1 and not
// localhost, which may be ::1 or anything that the hosts file says (RFC 8252, 8.3).
func ReturnAddress() string { return "http://" + ListenAddress() + Path }

// ListenAddress is the host and port of ReturnAddress.
func ListenAddress() string { return net.JoinHostPort(loopback, strconv.Itoa(Port)) }

// PortReason is why the loopback port can't be had: a stable code.
type PortReason string

// The reasons.
const (
	PortBusy     PortReason = "busy"     // another program listens on it, or another BoxReady
	PortReserved PortReason = "reserved" // the system keeps it, though nothing may listen on it
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

// ProbePort tells whether the loopback port can be had right now; the error is a *PortError. An empty address means the
// usual one.
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

// Go's syscall package invents its own numbers for these on Windows; what bind says there are Winsock's.
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
