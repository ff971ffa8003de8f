package checks

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"time"

	"boxready/internal/transport"
)

// Causes of portal-tcp.
const (
	TCPRefused Cause = "tcp-refused"
	TCPTimeout Cause = "tcp-timeout"
	IPv6Dead   Cause = "ipv6-dead"
)

// TCPFacts are the attempts to connect to the portal's port, one per address.
type TCPFacts struct {
	Port     int          `json:"port"`
	Given    bool         `json:"given,omitempty"`
	Proxy    string       `json:"proxy,omitempty" hide:"host"`
	Attempts []TCPAttempt `json:"attempts,omitempty"`
	CutOff   bool         `json:"cut_off,omitempty"` // the authorization servers fail in the same way as the portal
}

// TCPAttempt is one attempt to connect.
type TCPAttempt struct {
	Address string            `json:"address,omitempty" hide:"ip"` // none behind a proxy
	Failure transport.Failure `json:"failure,omitempty"`
	TookMS  int64             `json:"took_ms"`
}

func (a TCPAttempt) ipv6() bool {
	addr, err := netip.ParseAddr(a.Address)
	return err == nil && addr.Is6()
}

// A name may have dozens of addresses; no more are tried.
const maxAddresses = 6

// maxConnections is how many connections the requests after the TLS check need at once. Opening them early saves round trips.
const maxConnections = 4

func observeTCP(ctx context.Context, env *Env) (*TCPFacts, error) {
	address := env.target.Address
	f := &TCPFacts{Port: address.Port, Given: env.net.Overridden(address.Host, address.Port)}
	proxy, err := env.net.ProxyFor("https", address.Host, address.Port)
	if err != nil {
		return f, err
	}
	byName := func(ctx context.Context) (net.Conn, error) { return env.net.Dial(ctx, address.Host, address.Port) }
	if proxy != nil {
		// A proxy's answer about a connection isn't the portal's. The TLS check is the first to use it.
		f.Proxy = transport.ProxyName(proxy)
		env.connections = []*connection{{endpoint: endpoint{dial: byName}}}
		return f, nil
	}
	endpoints := []endpoint{{dial: byName}}
	if !f.Given {
		endpoints = env.endpoints()
	}

	f.Attempts = make([]TCPAttempt, len(endpoints))
	spare := make(chan net.Conn, maxConnections-1)
	for range maxConnections - 1 {
		// They outlive this check, so they use the run's context.
		env.asking.Go(func() {
			conn, _ := endpoints[0].dial(env.run)
			spare <- conn
		})
	}
	parallelN(len(endpoints), func(i int) {
		start := env.now()
		conn, err := endpoints[i].dial(ctx)
		f.Attempts[i] = TCPAttempt{Address: endpoints[i].address, Failure: transport.FailureOf(err), TookMS: env.now().Sub(start).Milliseconds()}
		endpoints[i].conn, endpoints[i].open = conn, err == nil
	})
	env.keepConnections(endpoints, spare)
	if len(env.connections) == 0 {
		f.CutOff = env.cutOff(ctx, f.Attempts)
	}
	return f, nil
}

// cutOff reports whether this computer has no internet access: every connection fails in the same way as to the portal, e.g.
// behind a mandatory proxy or a captive portal. For a private address that proves nothing.
func (env *Env) cutOff(ctx context.Context, attempts []TCPAttempt) bool {
	return cutOff(attempts, func() []HostSeen {
		if vendor, err := env.askVendor(ctx); err == nil {
			return vendor.Hosts
		}
		return nil
	})
}

func cutOff(attempts []TCPAttempt, vendor func() []HostSeen) bool {
	i := slices.IndexFunc(attempts, func(a TCPAttempt) bool { return !a.ipv6() })
	if i < 0 {
		return false
	}
	first := attempts[i]
	if addr, err := netip.ParseAddr(first.Address); err != nil || !isPublic(addr) {
		return false
	}
	hosts := vendor()
	return len(hosts) > 0 && !slices.ContainsFunc(hosts, func(h HostSeen) bool {
		return h.Layer != transport.StageTCP || h.Failure != first.Failure
	})
}

// endpoint is one address of the portal.
type endpoint struct {
	address string // "" when the user or a proxy chooses
	dial    func(context.Context) (net.Conn, error)
	conn    net.Conn
	open    bool
}

func (env *Env) endpoints() []endpoint {
	dns := factsOf[DNSFacts](env.factsByCheck(), PortalDNS)
	var endpoints []endpoint
	for _, addr := range dns.Addresses[:min(len(dns.Addresses), maxAddresses)] {
		target := netip.AddrPortFrom(addr, uint16(env.target.Address.Port)) // #nosec G115 -- ParseAddress rejects ports above 65535
		endpoints = append(endpoints, endpoint{address: addr.String(), dial: func(ctx context.Context) (net.Conn, error) {
			return env.net.DialAddr(ctx, target)
		}})
	}
	return endpoints
}

// keepConnections keeps the open connections for the TLS check: one per address, and for the first open address the spare ones
// too, if they are to that address.
func (env *Env) keepConnections(endpoints []endpoint, spare <-chan net.Conn) {
	for i, e := range endpoints {
		if !e.open {
			continue
		}
		c := &connection{endpoint: e}
		if i == 0 && len(env.connections) == 0 {
			c.spare = spare
		}
		env.connections = append(env.connections, c)
	}
	if len(env.connections) == 0 || env.connections[0].spare == nil {
		go closeAll(spare)
	}
}

func closeAll(spare <-chan net.Conn) {
	for range maxConnections - 1 {
		if conn := <-spare; conn != nil {
			conn.Close()
		}
	}
}

func judgeTCP(f *TCPFacts, _ FactsByCheck) []Result {
	dead := []string{}
	for _, a := range f.Attempts {
		if a.Failure != "" && a.Address != "" {
			dead = append(dead, a.Address)
		}
	}
	return about(tcpFaults(f), Args{"port": f.Port, "dead": dead, "cut_off": f.CutOff})
}

func tcpFaults(f *TCPFacts) []Result {
	if f.Proxy != "" {
		return ok()
	}
	var hasV4, v4open, v6open bool
	var worst, dead6 *TCPAttempt
	for i := range f.Attempts {
		a := &f.Attempts[i]
		hasV4 = hasV4 || !a.ipv6()
		switch {
		case a.Failure == "" && a.ipv6():
			v6open = true
		case a.Failure == "":
			v4open = true
		case a.ipv6() && a.Failure == transport.NoRoute:
			// This computer has no IPv6, which is no fault.
		case a.ipv6():
			dead6 = a
		case worst == nil:
			worst = a
		}
	}
	if worst == nil {
		worst = dead6
	}
	switch {
	case v4open && dead6 != nil:
		return one(notice(IPv6Dead, NetworkAdmin))
	case v4open, v6open && !hasV4:
		return ok()
	case worst == nil, f.CutOff: // IPv6 only, and none here
		return one(unknown(NoNetwork, You))
	}
	switch worst.Failure {
	case transport.Refused, transport.Reset, transport.Unreachable:
		return one(problem(TCPRefused, NetworkAdmin))
	case transport.Timeout:
		return one(problem(TCPTimeout, NetworkAdmin))
	case transport.NoRoute:
		return one(unknown(NoNetwork, You))
	default:
		return one(unknown(causeOf(worst.Failure)))
	}
}

// spareTimeout is how long the spare connections are waited for when the first one is ready.
func spareTimeout(first time.Duration) time.Duration { return max(first, 300*time.Millisecond) }
