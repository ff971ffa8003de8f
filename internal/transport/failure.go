package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
)

// Failure is why a request got no answer: a stable code.
type Failure string

// The failures. "" means none.
const (
	Timeout     Failure = "timeout"
	Cancelled   Failure = "cancelled"
	NoNetwork   Failure = "no-network" // this computer has no network at all
	NameUnknown Failure = "dns-not-found"
	NameFailed  Failure = "dns-failed" // the resolver answered with an error, or didn't answer
	Refused     Failure = "refused"
	NoRoute     Failure = "no-route"    // from this computer to that kind of address, or its own firewall forbids it
	Unreachable Failure = "unreachable" // reported by a router or firewall on the way, or no answer on the local network
	Reset       Failure = "reset"
	Closed      Failure = "closed" // the other side ended the connection before the answer's end
	ProxyAuth   Failure = "proxy-auth-required"
	ProxyRefuse Failure = "proxy-refused" // or unreachable, or no proxy
	Certificate Failure = "certificate"   // it doesn't verify
	NotTLS      Failure = "not-tls"
	TLSFailed   Failure = "tls-failed" // an alert, or no common version or cipher suite
	Other       Failure = "other"
)

// What this computer has run out of. Nothing follows from it about anybody else.
const (
	NoFiles  Failure = "too-many-open-files" // the process's limit of descriptors, or the system's
	NoPort   Failure = "no-free-port"        // for the connection's own end
	NoMemory Failure = "no-memory"
)

// Exhausted reports whether this computer has run out of something.
func (f Failure) Exhausted() bool { return slices.Contains([]Failure{NoFiles, NoPort, NoMemory}, f) }

// FailureOf classifies err. Of a joined error, as that of several addresses, the most specific one counts.
func FailureOf(err error) Failure {
	var (
		dns         *net.DNSError
		proxy       *ProxyError
		certificate *tls.CertificateVerificationError
		hostname    x509.HostnameError
		record      tls.RecordHeaderError
		network     net.Error
	)
	switch {
	case err == nil:
		return ""
	case errors.Is(err, context.Canceled):
		return Cancelled
	case exhausted(err) != "": // also where only one of several addresses couldn't be tried
		return exhausted(err)
	case errors.Is(err, ErrProxyAuth):
		return ProxyAuth
	case errors.As(err, &proxy):
		return ProxyRefuse
	case errors.As(err, &dns):
		switch {
		case dns.IsNotFound:
			return NameUnknown
		case !online():
			return NoNetwork
		default:
			return NameFailed
		}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return Timeout
	case errors.As(err, &certificate), errors.As(err, &hostname):
		return Certificate
	case errors.As(err, &record):
		return NotTLS
	case isErrno(err, syscall.ECONNREFUSED, wsaECONNREFUSED):
		return Refused
	case isErrno(err, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE, wsaECONNRESET, wsaECONNABORTED):
		return Reset
	case errors.Is(err, errByRouter), isErrno(err, syscall.EHOSTUNREACH, syscall.EHOSTDOWN, wsaEHOSTUNREACH, wsaEHOSTDOWN):
		return Unreachable
	case isErrno(err, syscall.ETIMEDOUT, wsaETIMEDOUT):
		return Timeout
	case isErrno(err, syscall.ENETUNREACH, syscall.ENETDOWN, syscall.EADDRNOTAVAIL, syscall.EAFNOSUPPORT, syscall.EACCES, syscall.EPERM,
		wsaENETUNREACH, wsaENETDOWN, wsaEADDRNOTAVAIL, wsaEAFNOSUPPORT, wsaEACCES):
		if !online() {
			return NoNetwork
		}
		return NoRoute
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed), closedIdle(err):
		return Closed
	case errors.As(err, &network) && network.Timeout():
		return Timeout
	case isTLSAlert(err), StageOf(err) == StageTLS: // most errors of crypto/tls have no type
		return TLSFailed
	default:
		return Other
	}
}

// On Windows, Go's syscall package has invented numbers for these; network errors have Winsock's.
const (
	wsaEACCES        = syscall.Errno(10013)
	wsaEMFILE        = syscall.Errno(10024)
	wsaEADDRINUSE    = syscall.Errno(10048)
	wsaEAFNOSUPPORT  = syscall.Errno(10047)
	wsaEADDRNOTAVAIL = syscall.Errno(10049)
	wsaENETDOWN      = syscall.Errno(10050)
	wsaENETUNREACH   = syscall.Errno(10051)
	wsaECONNABORTED  = syscall.Errno(10053)
	wsaECONNRESET    = syscall.Errno(10054)
	wsaENOBUFS       = syscall.Errno(10055)
	wsaETIMEDOUT     = syscall.Errno(10060)
	wsaECONNREFUSED  = syscall.Errno(10061)
	wsaEHOSTDOWN     = syscall.Errno(10064)
	wsaEHOSTUNREACH  = syscall.Errno(10065)
)

func isErrno(err error, codes ...syscall.Errno) bool {
	return slices.ContainsFunc(codes, func(code syscall.Errno) bool { return errors.Is(err, code) })
}

// exhausted is what this computer has run out of, or "". Of a failed look-up Go keeps only the text.
func exhausted(err error) Failure {
	var dns *net.DNSError
	looked := errors.As(err, &dns)
	for _, resource := range []struct {
		failure Failure
		codes   []syscall.Errno
	}{
		{NoFiles, []syscall.Errno{syscall.EMFILE, syscall.ENFILE, wsaEMFILE}},
		{NoPort, []syscall.Errno{wsaEADDRINUSE}}, // when connecting
		{NoMemory, []syscall.Errno{syscall.ENOMEM, syscall.ENOBUFS, wsaENOBUFS}},
	} {
		if isErrno(err, resource.codes...) || looked && slices.ContainsFunc(resource.codes, func(code syscall.Errno) bool { return strings.HasSuffix(dns.Err, code.Error()) }) {
			return resource.failure
		}
	}
	if errors.Is(err, errNoPort) {
		return NoPort
	}
	return ""
}

// An alert that the peer sent arrives as an OpError with this operation; its type is private to crypto/tls.
func isTLSAlert(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error")
}

// closedIdle recognises net/http's error for an idle connection that the peer closed just as a request was to be sent on it. The
// error has neither type nor variable.
func closedIdle(err error) bool {
	return strings.HasSuffix(err.Error(), "http: server closed idle connection")
}

// online tells whether any interface except loopback has a global address.
func online() bool {
	interfaces, err := net.Interfaces()
	if err != nil {
		return true // unknown, so don't report a missing network
	}
	for _, i := range interfaces {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagLoopback != 0 {
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			return true
		}
		for _, a := range addrs {
			if ip, ok := a.(*net.IPNet); ok && ip.IP.IsGlobalUnicast() {
				return true
			}
		}
	}
	return false
}

// Stage is how far a request got.
type Stage string

const (
	StageProxy Stage = "proxy"
	StageDNS   Stage = "dns"
	StageTCP   Stage = "tcp"
	StageTLS   Stage = "tls"
	StageHTTP  Stage = "http"
)

// stageError records at which stage err occurred.
type stageError struct {
	stage Stage
	err   error
}

func (e *stageError) Error() string {
	prefix := string(e.stage) + ": "
	return prefix + strings.TrimPrefix(e.err.Error(), prefix)
}
func (e *stageError) Unwrap() error { return e.err }

func atStage(stage Stage, err error) error {
	if err == nil {
		return nil
	}
	return &stageError{stage, err}
}

// StageOf tells at which stage err, which is not nil, occurred.
func StageOf(err error) Stage {
	var (
		staged *stageError
		proxy  *ProxyError
	)
	switch {
	case errors.As(err, &proxy), errors.Is(err, ErrProxyAuth):
		return StageProxy
	case errors.As(err, &staged):
		return staged.stage
	default:
		return StageHTTP
	}
}
