// Package transport makes all of BoxReady's connections: name look-up, dialling (with --connect-to and the system's proxy), the
// public roots that an application's server would trust, the User-Agent, the limit on the rate of requests, the time that each
// stage took, and codes of network failures.
package transport

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"boxready/internal/filelock"
	"boxready/internal/secret"
)

const (
	dialTimeout      = 7500 * time.Millisecond
	handshakeTimeout = 7500 * time.Millisecond
	// Less than the operating system's own limit (10 s in Go's resolver) for a resolver that doesn't answer.
	lookupTimeout = 5500 * time.Millisecond
	// One unreachable address of a name must not use up the time of the others.
	perAddressTimeout = 4 * time.Second
	// How long an address may be silent before the next one is tried; RFC 8305 recommends it.
	attemptDelay = 250 * time.Millisecond

	maxHeaderBytes = 64 << 10
)

// Options configure a Net. The zero value of a field means what its comment says.
type Options struct {
	ConnectTo []Override                              // asked in order before anything else
	Proxy     func(target *url.URL) (*url.URL, error) // nil: no proxy; see SystemProxy
	Resolver  *net.Resolver                           // nil: the system's
	Roots     *x509.CertPool                          // nil: Mozilla's, built in
	Version   string                                  // of BoxReady, for the User-Agent
	// PaceWindow is the time in which a portal gets at most 12 requests; 0 means 10 s. Only a simulated portal may be asked
	// faster.
	PaceWindow time.Duration
	// Locks is where processes of one user share a portal's pace; "" for a process on its own.
	Locks filelock.Folder
	// TimeoutScale multiplies the time-outs of look-ups, connections, the portal's answers and its event table, and the limit of a
	// slow answer; 0 is 1. Tests of time-outs shorten them.
	TimeoutScale float64
}

// Net makes the connections of a run. It is safe for concurrent use.
type Net struct {
	overrides map[string][]Override // see overridesByHost
	proxy     func(*url.URL) (*url.URL, error)
	resolver  *net.Resolver
	roots     *x509.CertPool
	userAgent string
	window    time.Duration
	locks     filelock.Folder
	scale     float64 // of all times, in tests
	factor    float64 // of time-outs

	shared *shared // with the Nets that WithTimeoutFactor returns
}

type shared struct {
	mu        sync.Mutex
	pacers    map[string]*Pacer // by the portal's host
	passwords []secret.String   // of proxies
}

// New returns a Net with these options.
func New(o Options) *Net {
	n := &Net{overrides: overridesByHost(o.ConnectTo), proxy: o.Proxy, resolver: o.Resolver, roots: o.Roots, userAgent: "BoxReady/" + o.Version,
		window: cmp.Or(o.PaceWindow, paceWindow), scale: cmp.Or(o.TimeoutScale, 1), factor: 1, locks: o.Locks, shared: &shared{pacers: map[string]*Pacer{}}}
	if n.resolver == nil {
		n.resolver = net.DefaultResolver
	}
	return n
}

// Roots are the roots that a portal's certificate is verified against.
func (n *Net) Roots() *x509.CertPool {
	if n.roots != nil {
		return n.roots
	}
	return MozillaRoots()
}

// WithTimeoutFactor returns a Net whose time-outs are multiplied by factor. It shares everything else with n.
func (n *Net) WithTimeoutFactor(factor float64) *Net {
	scaled := *n
	scaled.factor = factor
	return &scaled
}

// Timeout scales a time-out.
func (n *Net) Timeout(usual time.Duration) time.Duration {
	return time.Duration(float64(usual) * n.scale * n.factor)
}

// Scaled scales a time that isn't a time-out by Options.TimeoutScale.
func (n *Net) Scaled(usual time.Duration) time.Duration {
	return time.Duration(float64(usual) * n.scale)
}

// UserAgent is the User-Agent of every request.
func (n *Net) UserAgent() string { return n.userAgent }

// Overridden tells whether an override matches host:port.
func (n *Net) Overridden(host string, port int) bool {
	_, ok := n.override(host, port)
	return ok
}

func (n *Net) override(host string, port int) (Override, bool) {
	if n.overrides == nil {
		return Override{}, false
	}
	host = canonicalHost(host)
	list, named := n.overrides[host]
	if !named {
		list = n.overrides[""]
	}
	for _, o := range list {
		if o.matches(host, port) {
			return o, true
		}
	}
	return Override{}, false
}

// Lookup asks the resolver for the addresses of host, IPv4 first. A literal address is returned as it is.
func (n *Net) Lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{addr}, nil
	}
	setStage(ctx, StageDNS)
	ctx, cancel := context.WithTimeout(ctx, n.Timeout(lookupTimeout))
	defer cancel()
	found, err := n.resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, atStage(StageDNS, fmt.Errorf("look up %s: %w", host, err))
	}
	var addrs []netip.Addr
	for _, addr := range found {
		if addr = addr.Unmap(); !slices.Contains(addrs, addr) {
			addrs = append(addrs, addr)
		}
	}
	slices.SortStableFunc(addrs, func(a, b netip.Addr) int { return a.BitLen() - b.BitLen() })
	return addrs, nil
}

// DialAddr opens a TCP connection to one address, without a proxy.
func (n *Net) DialAddr(ctx context.Context, addr netip.AddrPort) (net.Conn, error) {
	if o, ok := n.override(addr.Addr().String(), int(addr.Port())); ok {
		return n.dialFirst(ctx, o.Addr, o.AddrPort, n.dialTCP)
	}
	return n.dialTCP(ctx, addr)
}

func (n *Net) dialTCP(ctx context.Context, addr netip.AddrPort) (net.Conn, error) {
	setStage(ctx, StageTCP)
	conn, err := (&net.Dialer{Timeout: n.Timeout(dialTimeout)}).DialContext(ctx, "tcp", addr.String())
	if err != nil {
		switch {
		case isErrno(err, syscall.ENETUNREACH, syscall.EACCES, wsaENETUNREACH) && hasRoute(addr):
			err = fmt.Errorf("%w: %w", errByRouter, err)
		case isErrno(err, syscall.EADDRNOTAVAIL) && hasRoute(addr):
			err = fmt.Errorf("%w: %w", errNoPort, err)
		}
		return nil, atStage(StageTCP, err) // not a typed nil
	}
	return conn, nil
}

// errByRouter is joined to an error of a router that looks like a local one: ICMP's "no route to the network" and ICMPv6's
// "administratively prohibited" have the error numbers of local routing and firewall.
var errByRouter = errors.New("a router on the way refuses")

// errNoPort is joined to the error of a computer that has an address for the connection's own end, but no free port: it has the
// error number of one without an address of that kind. TCP's ports and UDP's are counted apart.
var errNoPort = errors.New("no free port")

// hasRoute tells whether this computer has a route to addr. Connecting a UDP socket sends nothing.
func hasRoute(addr netip.AddrPort) bool {
	if addr.Addr().IsMulticast() { // not possible with TCP
		return false
	}
	conn, err := net.Dial("udp", addr.String())
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// Dial opens a TCP connection to host:port: to the override's target, through the proxy, or to the first address that answers.
func (n *Net) Dial(ctx context.Context, host string, port int) (net.Conn, error) {
	via, err := n.ProxyFor("https", host, port)
	if err != nil {
		return nil, err
	}
	if via != nil {
		return n.dialTunnel(ctx, via, host, port)
	}
	return n.dialDirect(ctx, host, port)
}

// dialDirect connects to host without a proxy.
func (n *Net) dialDirect(ctx context.Context, host string, port int) (net.Conn, error) {
	return n.dialDirectAt(ctx, host, port, netip.Addr{})
}

// dialDirectAt is dialDirect to one of host's addresses, if addr is valid.
func (n *Net) dialDirectAt(ctx context.Context, host string, port int, addr netip.Addr) (net.Conn, error) {
	if o, ok := n.override(host, port); ok {
		return n.dialFirst(ctx, o.Addr, o.AddrPort, n.dialTCP)
	}
	if addr.IsValid() {
		return n.DialAddr(ctx, netip.AddrPortFrom(addr, uint16(port))) // #nosec G115 -- splitHostPort lets in nothing above 65535
	}
	return n.dialFirst(ctx, host, port, n.DialAddr)
}

// dialFirst connects to the first of host's addresses that answers.
func (n *Net) dialFirst(ctx context.Context, host string, port int, dial dialAddr) (net.Conn, error) {
	addrs, err := n.Lookup(ctx, host)
	if err != nil {
		return nil, err
	}
	timeout := dialTimeout
	if len(addrs) > 1 {
		timeout = perAddressTimeout
	}
	return dialAny(ctx, addrs, port, func(ctx context.Context, addr netip.AddrPort) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, n.Timeout(timeout))
		defer cancel()
		return dial(ctx, addr)
	})
}

type dialAddr func(context.Context, netip.AddrPort) (net.Conn, error)

// dialAny connects to the first of the addresses that answers. The next one is tried when the one before fails, or is silent for
// attemptDelay (RFC 8305, section 5), so that nobody waits for a dead address.
func dialAny(ctx context.Context, addrs []netip.Addr, port int, dial dialAddr) (net.Conn, error) {
	type attempt struct {
		of   int
		conn net.Conn
		err  error
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended, started, running := make(chan attempt), 0, 0
	failed := make([]error, len(addrs)) // in the order of addresses
	var delay <-chan time.Time
	next := func() {
		if started == len(addrs) || ctx.Err() != nil {
			delay = nil
			return
		}
		i := started
		started, running, delay = started+1, running+1, time.After(attemptDelay)
		go func() {
			conn, err := dial(ctx, netip.AddrPortFrom(addrs[i], uint16(port))) // #nosec G115 -- splitHostPort lets in nothing above 65535
			ended <- attempt{i, conn, err}
		}()
	}
	for next(); running > 0; {
		select {
		case a := <-ended:
			running--
			if a.err == nil {
				go func() { // the others, which end now
					for range running {
						if late := <-ended; late.err == nil {
							late.conn.Close()
						}
					}
				}()
				return a.conn, nil
			}
			failed[a.of] = a.err
			next()
		case <-delay:
			next()
		}
	}
	if err := ctx.Err(); err != nil && started == 0 {
		return nil, err
	}
	return nil, errors.Join(failed...)
}

// Handshake makes a TLS handshake over conn, and closes conn when that fails.
func (n *Net) Handshake(ctx context.Context, conn net.Conn, config *tls.Config) (*tls.Conn, error) {
	setStage(ctx, StageTLS)
	ctx, cancel := context.WithTimeout(ctx, n.Timeout(handshakeTimeout))
	defer cancel()
	trace := httptrace.ContextClientTrace(ctx)
	if trace != nil && trace.TLSHandshakeStart != nil {
		trace.TLSHandshakeStart()
	}
	secure := tls.Client(conn, config)
	err := secure.HandshakeContext(ctx)
	if trace != nil && trace.TLSHandshakeDone != nil {
		trace.TLSHandshakeDone(secure.ConnectionState(), err)
	}
	if err != nil {
		conn.Close()
		return nil, atStage(StageTLS, err)
	}
	setStage(ctx, StageHTTP)
	return secure, nil
}

// HTTPClient returns a client for hosts other than the portal: certificates are verified against the public roots,
// redirects are not followed, replies are not decompressed. Close its idle connections when done.
func (n *Net) HTTPClient() *http.Client {
	return n.HTTPClientAt(netip.Addr{})
}

// HTTPClientWith is HTTPClient with another TLS configuration. ServerName is filled in.
func (n *Net) HTTPClientWith(config *tls.Config) *http.Client {
	return n.httpClient(config, netip.Addr{})
}

// HTTPClientAt is HTTPClient for one host, of whose addresses plain http without a proxy uses addr, if it is valid.
func (n *Net) HTTPClientAt(addr netip.Addr) *http.Client {
	return n.httpClient(&tls.Config{RootCAs: n.Roots(), MinVersion: tls.VersionTLS12}, addr)
}

func (n *Net) httpClient(config *tls.Config, addr netip.Addr) *http.Client {
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: n.Identify(&http.Transport{
			// net/http handles only plain http through an HTTP proxy by itself.
			Proxy: func(r *http.Request) (*url.URL, error) {
				if trace := traceOf(r.Context()); trace != nil && trace.via != nil && !isSOCKS(trace.via) {
					return trace.via, nil
				}
				return nil, nil
			},
			DialContext: func(ctx context.Context, _, hostport string) (net.Conn, error) {
				return n.dialFor(ctx, hostport, addr)
			},
			DialTLSContext: func(ctx context.Context, _, hostport string) (net.Conn, error) {
				return n.dialTLSFor(ctx, hostport, config)
			},
			DisableCompression:     true,
			DisableKeepAlives:      true,
			MaxResponseHeaderBytes: maxHeaderBytes,
		}),
	}
}

// dialFor connects for a request over plain http: to its proxy, or to hostport, at addr if that is valid.
func (n *Net) dialFor(ctx context.Context, hostport string, addr netip.Addr) (net.Conn, error) {
	host, port, err := splitHostPort(hostport)
	if err != nil {
		return nil, err
	}
	ctx, cancel := UntilRequestEnds(ctx)
	defer cancel()
	var conn net.Conn
	switch trace := traceOf(ctx); {
	case trace == nil || trace.via == nil:
		conn, err = n.dialDirectAt(ctx, host, port, addr)
	case isSOCKS(trace.via):
		conn, err = n.dialTunnel(ctx, trace.via, host, port)
	default:
		conn, err = n.dialProxy(ctx, trace.via)
	}
	if err == nil {
		setStage(ctx, StageHTTP)
	}
	return conn, err
}

// dialTLSFor connects for a request over https, or to the proxy of one over plain http, if that proxy itself uses TLS.
func (n *Net) dialTLSFor(ctx context.Context, hostport string, config *tls.Config) (net.Conn, error) {
	if trace := traceOf(ctx); trace != nil && trace.via != nil {
		return n.dialFor(ctx, hostport, netip.Addr{})
	}
	host, port, err := splitHostPort(hostport)
	if err != nil {
		return nil, err
	}
	ctx, cancel := UntilRequestEnds(ctx)
	defer cancel()
	conn, err := n.Dial(ctx, host, port)
	if err != nil {
		return nil, err
	}
	config = config.Clone()
	config.ServerName = host
	secure, err := n.Handshake(ctx, conn, config)
	if err != nil {
		return nil, err // not a typed nil
	}
	return secure, nil
}

// PortOf is the port that a request to u goes to.
func PortOf(u *url.URL) int {
	if port, err := strconv.Atoi(u.Port()); err == nil {
		return port
	}
	if u.Scheme == "http" {
		return 80
	}
	return 443
}

func splitHostPort(hostport string) (string, int, error) {
	host, p, err := net.SplitHostPort(hostport)
	if err != nil {
		return "", 0, fmt.Errorf("split %q: %w", hostport, err)
	}
	port, err := strconv.ParseUint(p, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("port of %q: %w", hostport, err)
	}
	return host, int(port), nil
}
