package checks

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"boxready/internal/transport"
)

// Causes of portal-tcp.
const (
	TCPRefused        Cause = "tcp-refused"
	TCPTimeout        Cause = "tcp-timeout"
	AddressPartlyDead Cause = "address-partly-dead"
	IPv6Dead          Cause = "ipv6-dead"
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

// connections is how many the https requests after the TLS check need at once. Opening them early saves round trips.
func (t *Target) connections() int {
	switch {
	case t.OneConnection:
		return 1
	case t.Webhook != nil || t.SignIn != nil:
		return 4
	}
	return 3
}

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

	f.Attempts = env.connect(ctx, endpoints)
	if len(env.connections) == 0 {
		f.CutOff = env.cutOff(ctx, f.Attempts)
	}
	return f, nil
}

// connect opens the run's connections: the portal's requests go to the first of the endpoints that are open.
func (env *Env) connect(ctx context.Context, endpoints []endpoint) []TCPAttempt {
	spare := env.spareTo(endpoints[0])
	env.dialling = env.dialAll(endpoints)
	env.dialling.wait(ctx, func(first time.Duration) time.Duration { return first + max(first, equals) })
	env.keepConnections(spare, endpoints[0])
	return env.dialling.attempts()
}

// observeSilent waits for the addresses that have neither answered nor refused yet, while the run goes on over one that did.
func observeSilent(ctx context.Context, env *Env, f *TCPFacts) *TCPFacts {
	if env.dialling == nil || !env.dialling.pending() {
		return f
	}
	env.dialling.wait(ctx, func(first time.Duration) time.Duration { return max(env.net.Timeout(deadAfter), 3*first) })
	if ctx.Err() == nil {
		env.dialling.giveUp()
	}
	whole := *f // others read f
	whole.Attempts = env.dialling.attempts()
	return &whole
}

// equals is how long after the first connection another address may answer for a run to use whichever the name's servers list first.
const equals = 50 * time.Millisecond

// deadAfter is how long an address may be silent, while another one answers, before it counts as dead. A lost SYN is sent again after a
// second (RFC 6298, section 2.1).
const deadAfter = 1500 * time.Millisecond

// dialling are the attempts to connect to each of the portal's addresses at the same time.
type dialling struct {
	start time.Time

	mu        sync.Mutex
	endpoints []endpoint
	made      []*TCPAttempt // by endpoint; nil while it has no end
	first     time.Duration // until the first connection; 0 while there is none
	changed   chan struct{} // closed when another attempt ends
}

func (env *Env) dialAll(endpoints []endpoint) *dialling {
	d := &dialling{start: time.Now(), endpoints: slices.Clone(endpoints), made: make([]*TCPAttempt, len(endpoints)), changed: make(chan struct{})}
	for i, e := range endpoints {
		env.asking.Go(func() {
			conn, err := e.dial(env.run)
			d.note(i, conn, err)
		})
	}
	return d
}

func (d *dialling) note(of int, conn net.Conn, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	took, e := max(time.Since(d.start), 1), &d.endpoints[of]
	if e.conn = conn; d.made[of] != nil {
		return // given up
	}
	d.made[of] = &TCPAttempt{Address: e.address, Failure: transport.FailureOf(err), TookMS: took.Milliseconds()}
	if e.open = err == nil; e.open && d.first == 0 {
		d.first = took
	}
	close(d.changed)
	d.changed = make(chan struct{})
}

// pending reports whether an attempt is under way.
func (d *dialling) pending() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Contains(d.made, nil)
}

// wait waits until every attempt has ended; once one has succeeded, no longer than limit after the start.
func (d *dialling) wait(ctx context.Context, limit func(first time.Duration) time.Duration) {
	for {
		d.mu.Lock()
		pending, first, changed := slices.Contains(d.made, nil), d.first, d.changed
		d.mu.Unlock()
		if !pending {
			return
		}
		var late <-chan time.Time
		if first > 0 {
			late = time.After(time.Until(d.start.Add(limit(first))))
		}
		select {
		case <-changed:
		case <-late:
			return
		case <-ctx.Done():
			return
		}
	}
}

// giveUp ends the attempts that are still under way as timed out.
func (d *dialling) giveUp() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, a := range d.made {
		if a == nil {
			d.made[i] = &TCPAttempt{Address: d.endpoints[i].address, Failure: transport.Timeout, TookMS: transport.Since(d.start)}
		}
	}
}

// attempts are those that have ended.
func (d *dialling) attempts() []TCPAttempt {
	d.mu.Lock()
	defer d.mu.Unlock()
	var attempts []TCPAttempt
	for _, a := range d.made {
		if a != nil {
			attempts = append(attempts, *a)
		}
	}
	return attempts
}

// opened are the endpoints that have a connection by now.
func (d *dialling) opened() (open []endpoint) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.endpoints {
		if e.open {
			open = append(open, e)
		}
	}
	return open
}

// close closes every connection, when no attempt is under way any more.
func (d *dialling) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.endpoints {
		if e.conn != nil {
			e.conn.Close()
		}
	}
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

// addr is the address; invalid if the user or a proxy chooses.
func (e *endpoint) addr() netip.Addr {
	addr, _ := netip.ParseAddr(e.address)
	return addr
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

// spareTo opens more connections to an address, as many as the channel has room for; nil stands for one that failed. They outlive
// portal-tcp, so they use the run's context.
func (env *Env) spareTo(e endpoint) <-chan net.Conn {
	spare := make(chan net.Conn, env.target.connections()-1)
	for range cap(spare) {
		env.asking.Go(func() {
			conn, _ := e.dial(env.run)
			spare <- conn
		})
	}
	return spare
}

// keepConnections keeps the open connections for the TLS check: one per address, and for the first open address, which all
// requests of the run go to, spare ones. spare are those to an address that may not be open.
func (env *Env) keepConnections(spare <-chan net.Conn, to endpoint) {
	for _, e := range env.dialling.opened() {
		env.connections = append(env.connections, &connection{endpoint: e})
	}
	if len(env.connections) > 0 {
		first := env.connections[0]
		if first.endpoint.address == to.address {
			first.spare = spare
			return
		}
		first.spare = env.spareTo(first.endpoint)
	}
	go closeAll(spare)
}

func closeAll(spare <-chan net.Conn) {
	for range cap(spare) {
		if conn := <-spare; conn != nil {
			conn.Close()
		}
	}
}

func judgeTCP(f *TCPFacts, _ FactsByCheck) []Result {
	args := Args{"port": f.Port, "cut_off": f.CutOff}
	for name, are := range map[string]func(TCPAttempt) bool{
		"dead":    func(a TCPAttempt) bool { return a.Failure != "" },
		"open":    func(a TCPAttempt) bool { return a.Failure == "" },
		"silent":  func(a TCPAttempt) bool { return a.Failure == transport.Timeout },
		"refused": TCPAttempt.refused,
	} {
		list := []string{}
		for _, a := range f.Attempts {
			if a.Address != "" && are(a) {
				list = append(list, a.Address)
			}
		}
		args[name] = list
	}
	return about(tcpFaults(f), args)
}

// refused reports whether a server or a device on the way refused the connection.
func (a TCPAttempt) refused() bool {
	return slices.Contains([]transport.Failure{transport.Refused, transport.Reset, transport.Unreachable}, a.Failure)
}

func tcpFaults(f *TCPFacts) []Result {
	if f.Proxy != "" {
		return ok()
	}
	var open, open4, dead4, dead6 bool
	for _, a := range f.Attempts {
		dead := a.refused() || a.Failure == transport.Timeout
		open = open || a.Failure == ""
		open4 = open4 || a.Failure == "" && !a.ipv6()
		dead4 = dead4 || dead && !a.ipv6()
		dead6 = dead6 || dead && a.ipv6()
	}
	switch {
	case !open:
		return one(f.closed())
	case dead6 && !dead4 && open4:
		return one(notice(IPv6Dead, NetworkAdmin))
	case dead4 || dead6:
		return one(notice(AddressPartlyDead, NetworkAdmin))
	}
	return ok()
}

// closed is the result where no address is open. IPv4 decides: this computer may have no IPv6, which is no fault.
func (f *TCPFacts) closed() Result {
	var worst *TCPAttempt
	for i := range f.Attempts {
		switch a := &f.Attempts[i]; {
		case a.Failure.Exhausted():
			return requestFailed(a.Failure)
		case a.ipv6() && a.Failure == transport.NoRoute:
		case worst == nil, worst.ipv6() && !a.ipv6():
			worst = a
		}
	}
	if worst == nil || f.CutOff { // IPv6 only, and none here
		return unknown(NoNetwork, You)
	}
	switch {
	case worst.refused():
		return problem(TCPRefused, NetworkAdmin)
	case worst.Failure == transport.Timeout:
		return problem(TCPTimeout, NetworkAdmin)
	case worst.Failure == transport.NoRoute:
		return unknown(NoNetwork, You)
	default:
		return requestFailed(worst.Failure)
	}
}

// spareTimeout is how long the spare connections are waited for when the first one is ready.
func spareTimeout(first time.Duration) time.Duration { return max(first, 300*time.Millisecond) }
