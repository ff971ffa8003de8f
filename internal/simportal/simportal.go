// Package simportal simulates a self-hosted Bitrix24 portal and the servers around
// it, in a single process on loopback: the portal's web server and REST
// interface, the authorization servers and the event queue's address lists of
// both regions, a DNS server, a DNS-over-HTTPS resolver, the host that certificate
// authorities publish issuers on, an application's server, the event queue itself and
// the host of the handlers that it calls, and a proxy. Faults can be switched on in all of them, and
// every request is recorded.
//
// With it each verdict of the checklist can be shown, and tested, on a
// portal that really has the fault. It answers as the rest module of a self-hosted portal does,
// including the order of checks and the bytes; Bitrix24's own
// servers answer as their documentation says
// (https://apidocs.bitrix24.com/settings/oauth/index.html).
//
// Faults combine. Where two of them concern the same thing, the one in the outer
// layer takes effect first: name, TCP, TLS, server in front, redirect, route of /rest/,
// closed site, method, https as PHP sees it, credentials, application, permission,
// licence, user and limits; faults that damage the answer's bytes are applied last. In one group the one that stands
// earlier in [Faults] takes effect.
package simportal

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"boxready/internal/bitrix"
)

// Names and addresses of the simulation. The addresses are
// reserved for documentation (RFC 5737, RFC 3849).
const (
	defaultHost = "portal.demo.example"
	aiaHost     = "aia.demo.example"
	appHost     = "app.demo.example"   // of an application
	appSite     = "app.vendor.example" // the same, on a site that isn't the portal's
	captiveHost = "wifi.demo.example"
	dohGoogle   = "dns.google"
	dohYandex   = "common.dot.dns.yandex.net"

	addrPortal         = "203.0.113.10"
	addrPortalTwo      = "203.0.113.11"
	addrPortalSix      = "2001:db8::10"
	addrPrivate        = "192.168.10.20"
	addrSinkhole       = "0.0.0.0"
	addrLoopback       = "127.0.0.1"
	addrOther          = "198.51.100.10"
	addrAuthCIS        = "203.0.113.20"
	addrAuthWorld      = "203.0.113.21"
	addrFeedCIS        = "203.0.113.30"
	addrFeedWorld      = "203.0.113.31"
	addrLibrary        = "203.0.113.32"
	addrAIA            = "203.0.113.40"
	addrApp            = "203.0.113.60"
	addrAppPrivate     = "192.168.10.60"
	addrEvents         = "203.0.113.61"
	addrEventsPrivate  = "192.168.10.61"
	addrDoHGoogle      = "203.0.113.53"
	addrDoHYandex      = "203.0.113.54"
	defaultREST        = "25.800.0"
	defaultAuthTimeout = 15 * time.Second
	defaultAppURL      = "http://127.0.0.1:53134/"
	bodyLimit          = 64 << 10
	bodyReadLimit      = 16 << 20
	throttleWindow     = 10 * time.Second
	throttleLimit      = 12
)

// Options configure a simulation. The zero value is a healthy portal.
type Options struct {
	Faults []string         // names from Faults
	Clock  func() time.Time // the clock of all servers; nil = time.Now
	Host   string           // the portal's name; "" = portal.demo.example
	REST   string           // version of the rest module; "" = 25.800.0. Older ones send float times and have no /rest/api/

	// SharedServers makes this another portal beside that simulation: the certificate authority and all servers but the portal's
	// are those of SharedServers. nil: all servers are this simulation's own.
	SharedServers *Sim

	Region            bitrix.Region // where the portal is registered; "" = bitrix.CIS
	AuthServerTimeout time.Duration // how long the portal waits for an authorization server that never answers; 0 = 15 s, as the rest module does
	SlowAnswer        time.Duration // how long the portal takes under the fault rest-slow; 0 = the constant SlowAnswer
	RedirectURI       string        // handler path of the demo application; "" = http://127.0.0.1:53134/

	Login    bool              // /oauth/authorize/ shows the login form, see Users; false: the administrator has a session
	Without  Without           // what the portal does not have
	Versions map[string]string // versions of older modules, by name: methods that need a newer version are absent
	Granted  []string          // permissions of the application and the webhook; nil = all that the modules provide
	// Handler serves the host of event handlers, see HandlerHost; nil accepts every event with an empty answer. HandlerAt is the
	// loopback address of a server that does so itself, over TLS; "" for none.
	Handler   http.Handler
	HandlerAt string
	// Answer answers a request to the portal in its stead, and reports whether it did: a real server's answer, for instance. nil:
	// the portal answers all.
	Answer func(http.ResponseWriter, Request) bool
	// Edit changes the header and the body of an answer of any server before it is sent. nil: none.
	Edit  func(r Request, header http.Header, body []byte) []byte
	Token func() string // generates tokens and codes; nil = 70 hexadecimal digits, as Bitrix24's

	// For simulations whose servers are spread over a network.
	Listen      func(server string) (net.Listener, error) // where a server of this name (see Request) listens, TCP; nil, or a nil listener: loopback
	Egress      http.RoundTripper                         // by which the portal calls its authorization server; nil: no call, the faults decide the result
	Queue       http.RoundTripper                         // by which the event queue calls handlers; nil: only the simulated ones on loopback
	BehindProxy bool                                      // a reverse proxy terminates TLS: X-Forwarded-Proto tells the scheme, and port 80 doesn't redirect
}

// Without lists what of the catalogue a portal does not have.
type Without struct {
	Modules []string // with all their methods, events and scopes
	Methods []string
	Events  []string // without the number that events of one type of objects carry
}

// Sim is a running simulation.
type Sim struct {
	opt    Options
	clock  func() time.Time
	region bitrix.Region
	ca     *authority

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	faults atomic.Pointer[faultSet]

	mu       sync.Mutex
	conns    map[*conn]struct{}
	closers  []func()
	closed   bool
	nextConn int
	log      []*Request
	arrivals []time.Time
	reported []string

	account  *account
	events   eventTables
	queue    queue
	sessions sessions
	calls    atomic.Int64 // with valid credentials, counted for the throttling faults
	at       endpoints
}

// endpoints are the loopback addresses, "127.0.0.1:PORT".
type endpoints struct {
	portal, portalTwo, portalHTTP          string
	authCIS, authWorld, feedCIS, feedWorld string
	library                                string
	aia, app, events, doh, dns, proxy      string
	refused, unreachable                   string
}

// Start starts all servers.
func Start(o Options) (*Sim, error) {
	if o.Host == "" {
		o.Host = defaultHost
	}
	if o.REST == "" {
		o.REST = defaultREST
	}
	if o.AuthServerTimeout == 0 {
		o.AuthServerTimeout = defaultAuthTimeout
	}
	if o.SlowAnswer == 0 {
		o.SlowAnswer = SlowAnswer
	}
	if o.RedirectURI == "" {
		o.RedirectURI = defaultAppURL
	}
	if o.Region == "" {
		o.Region = bitrix.CIS
	}
	if _, err := parseVersion(o.REST); err != nil {
		return nil, err
	}
	if err := o.checkInventory(); err != nil {
		return nil, fmt.Errorf("take something away from the simulated portal: %w", err)
	}
	s := &Sim{opt: o, clock: o.Clock, region: o.Region, conns: map[*conn]struct{}{}, sessions: sessions{user: map[string]*User{}},
		queue: queue{next: map[string]time.Time{}}}
	if s.clock == nil {
		s.clock = time.Now
	}
	set, err := s.newFaultSet(o.Faults)
	if err != nil {
		return nil, err
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.faults.Store(set)
	if o.SharedServers != nil {
		s.ca = o.SharedServers.ca.forHost(o.Host)
	} else if s.ca, err = newAuthority(s.clock, o.Host); err != nil {
		s.cancel()
		return nil, fmt.Errorf("make certificates: %w", err)
	}
	s.account = newAccount(o.Host, o.Token)
	s.account.applyFaults(set, o.Host, s.clock())
	if err := s.listen(set); err != nil {
		s.Close()
		return nil, fmt.Errorf("start the simulated portal: %w", err)
	}
	return s, nil
}

func (s *Sim) listen(set *faultSet) error {
	var err error
	if s.opt.SharedServers != nil {
		s.at = s.opt.SharedServers.at
	} else if s.at.refused, err = s.reservePort(); err != nil {
		return err
	}
	serveTLS := func(addr *string, name string, tlsFor tlsChooser, h func(*request)) {
		if err == nil {
			*addr, err = s.serve(name, tlsFor, h)
		}
	}
	serveTLS(&s.at.portal, "portal", s.portalTLS, s.portal)
	serveTLS(&s.at.portalHTTP, "portal-http", nil, s.portal)
	if err == nil && set.any("tcp-timeout", "address-partly-dead-silent") != "" {
		s.at.unreachable, err = s.silentPort()
	}
	if s.opt.SharedServers != nil {
		return err
	}
	serveTLS(&s.at.authCIS, "auth-cis", s.authTLS, s.authServer(bitrix.CIS))
	serveTLS(&s.at.authWorld, "auth-world", s.authTLS, s.authServer(bitrix.World))
	serveTLS(&s.at.feedCIS, "feed-cis", s.vendorTLS, s.feed(bitrix.CIS))
	serveTLS(&s.at.feedWorld, "feed-world", s.vendorTLS, s.feed(bitrix.World))
	serveTLS(&s.at.library, "library", s.libraryTLS, s.browserLibrary)
	serveTLS(&s.at.aia, "aia", nil, s.issuers)
	serveTLS(&s.at.app, "app", s.appTLS, s.app)
	serveTLS(&s.at.events, "events", s.handlerTLS, s.handlerServer)
	serveTLS(&s.at.doh, "doh", s.vendorTLS, s.dohServer)
	serveTLS(&s.at.proxy, "proxy", nil, s.proxy)
	if set.on("tls-second-address") {
		serveTLS(&s.at.portalTwo, "portal", s.expiredTLS, s.portal)
	}
	if err == nil {
		s.at.dns, err = s.serveDNS()
	}
	return err
}

// Close stops all servers, closes every connection and waits for all goroutines.
func (s *Sim) Close() {
	s.cancel()
	s.mu.Lock()
	s.closed = true
	closers := s.closers
	s.closers = nil
	conns := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		conns = append(conns, c)
	}
	s.mu.Unlock()
	for _, c := range slices.Backward(closers) {
		c()
	}
	for _, c := range conns {
		_ = c.tcpConn.Close()
	}
	s.wg.Wait()
}

// onClose registers a function that Close calls.
func (s *Sim) onClose(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closers = append(s.closers, f)
}

// goRun runs f on a goroutine that Close waits for; after Close it does nothing.
func (s *Sim) goRun(f func()) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.wg.Add(1)
	s.mu.Unlock()
	go func() {
		defer s.wg.Done()
		f()
	}()
}

// Host is the portal's name.
func (s *Sim) Host() string { return s.opt.Host }

// DNS is the address of the DNS server, UDP and TCP.
func (s *Sim) DNS() string { return s.at.dns }

// Proxy is the URL of the proxy.
func (s *Sim) Proxy() string { return "http://" + s.at.proxy }

// RootsPEM returns the root of all healthy certificates.
func (s *Sim) RootsPEM() []byte { return s.ca.rootsPEM() }

// PrivateCAPEM returns the root of the company's own authority, which the tls-private-ca faults use.
func (s *Sim) PrivateCAPEM() []byte { return s.ca.privatePEM() }

// SetFaults replaces the faults of a running simulation. A fault that decides which
// ports are open cannot come or go this way.
func (s *Sim) SetFaults(names ...string) error {
	next, err := s.newFaultSet(names)
	if err != nil {
		return err
	}
	for _, f := range faultTable {
		if f.ports && next.on(f.Name) != s.faults.Load().on(f.Name) {
			return fmt.Errorf("fault %q decides which ports are open: start another simulation with it", f.Name)
		}
	}
	s.account.applyFaults(next, s.opt.Host, s.clock())
	s.faults.Store(next)
	return nil
}

// A route maps a host and port to a loopback address.
type route struct {
	host string // a name or an address
	port int
	addr string // on loopback
}

func (r route) String() string {
	host := r.host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + strconv.Itoa(r.port) + ":" + r.addr
}

// ConnectTo maps every simulated host to its loopback address: "HOST:PORT:ADDR:PORT", as curl's --connect-to reads it.
func (s *Sim) ConnectTo() []string { return lines(s.routes()) }

func (s *Sim) routes() []route {
	return slices.Concat(s.portalRoutes(), []route{{appHost, 443, s.appAt(s.faults.Load())}, {appSite, 443, s.appAt(s.faults.Load())}, {HandlerHost, 443, s.eventsAt(s.faults.Load())}}, s.otherRoutes())
}

// ConnectToByAddress is ConnectTo with the portal's and the application's entries keyed by the addresses
// that the DNS server gives, for a client that resolves through DNS.
func (s *Sim) ConnectToByAddress() []string {
	f := s.faults.Load()
	var routes []route
	for _, a := range portalAddresses(f) {
		routes = append(routes, route{a, 443, s.portalAt(f, a)}, route{a, 80, s.portalHTTPAt(f, a)})
	}
	return lines(append(append(routes, route{appAddress(f), 443, s.appAt(f)}, route{eventsAddress(f), 443, s.eventsAt(f)}), s.otherRoutes()...))
}

func lines(routes []route) []string {
	out := make([]string, len(routes))
	for i, r := range routes {
		out[i] = r.String()
	}
	return out
}

// portalAt is the loopback address of the portal's https port for one of its IP addresses.
func (s *Sim) portalAt(f *faultSet, addr string) string {
	switch {
	case addr == addrSinkhole, addr == addrLoopback, f.on("tcp-refused"):
		return s.at.refused
	case f.on("tcp-timeout"):
		return s.at.unreachable
	case f.on("ipv6-dead") && addr == addrPortalSix:
		return s.at.refused
	case addr == addrPortalTwo && deadAddress(f) == "address-partly-dead":
		return s.at.refused
	case addr == addrPortalTwo && deadAddress(f) != "":
		return s.at.unreachable
	case f.on("tls-second-address") && addr == addrPortalTwo:
		return s.at.portalTwo
	}
	return s.at.portal
}

func (s *Sim) portalHTTPAt(f *faultSet, addr string) string {
	if f.on("http-refused") {
		return s.at.refused
	}
	if at := s.portalAt(f, addr); at == s.at.refused || at == s.at.unreachable {
		return at
	}
	return s.at.portalHTTP
}

func (s *Sim) portalRoutes() []route {
	f := s.faults.Load()
	at, plain := s.portalAt(f, addrPortal), s.portalHTTPAt(f, addrPortal)
	routes := []route{{s.opt.Host, 443, at}, {s.opt.Host, 80, plain}}
	if f.any("redirect-other-host", "redirect-other-host-307", "redirect-other-host-http") != "" {
		// A client that wrongly follows the redirect must reach the simulation, not the internet.
		routes = append(routes, route{s.otherHost(), 443, at}, route{s.otherHost(), 80, plain})
	}
	if f.on("address-differs") { // for the same reason
		routes = append(routes, route{formerHost(s.opt.Host), 443, at}, route{formerHost(s.opt.Host), 80, plain})
	}
	return routes
}

func (s *Sim) otherRoutes() []route {
	f := s.faults.Load()
	auth := map[bitrix.Region]string{bitrix.CIS: s.at.authCIS, bitrix.World: s.at.authWorld}
	feed := map[bitrix.Region]string{bitrix.CIS: s.at.feedCIS, bitrix.World: s.at.feedWorld}
	if f.any("auth-host-unreachable", "auth-host-unreachable-all", "auth-host-unreachable-cis", "captive-portal-http") != "" {
		auth[bitrix.CIS] = s.at.refused
	}
	if f.any("auth-host-unreachable", "auth-host-unreachable-all", "auth-host-unreachable-world", "captive-portal-http") != "" {
		auth[bitrix.World] = s.at.refused
	}
	if f.any("feed-unreachable", "auth-host-unreachable-all") != "" {
		feed[bitrix.CIS], feed[bitrix.World] = s.at.refused, s.at.refused
	}
	library := s.at.library
	if f.on("library-unreachable") {
		library = s.at.refused
	}
	return []route{
		{hostOf(bitrix.BrowserLibrary(bitrix.CIS)), 443, library},
		{hostOf(bitrix.BrowserLibrary(bitrix.World)), 443, library},
		{hostOf(bitrix.AuthServer(bitrix.CIS)), 443, auth[bitrix.CIS]},
		{hostOf(bitrix.AuthServer(bitrix.World)), 443, auth[bitrix.World]},
		{hostOf(bitrix.Feed(bitrix.CIS)), 443, feed[bitrix.CIS]},
		{hostOf(bitrix.Feed(bitrix.World)), 443, feed[bitrix.World]},
		{aiaHost, 80, s.at.aia},
		{dohGoogle, 443, s.at.doh},
		{dohYandex, 443, s.at.doh},
	}
}

// otherHost is the target of the redirect-other-host faults.
func (s *Sim) otherHost() string { return "www." + s.opt.Host }

// formerHost is the name that the authorization server holds under the fault address-differs.
func formerHost(host string) string { return "old." + host }

func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// serve starts one HTTP server, with TLS if tlsFor is given.
func (s *Sim) serve(name string, tlsFor tlsChooser, h func(*request)) (string, error) {
	tcp, err := s.listenTCP(name)
	if err != nil {
		return "", err
	}
	ln := &listener{Listener: tcp, sim: s}
	srv := &http.Server{
		Handler:           s.handler(name, h),
		ErrorLog:          discardLog(),
		ConnContext:       withConn,
		ReadHeaderTimeout: time.Minute,
		MaxHeaderBytes:    1 << 20,
	}
	var front net.Listener = ln
	if tlsFor != nil {
		front = s.wrapTLS(ln, tlsFor)
	}
	s.onClose(func() { _ = srv.Close() })
	s.goRun(func() {
		if err := srv.Serve(front); err != nil && !errors.Is(err, http.ErrServerClosed) {
			_ = front.Close()
		}
	})
	return tcp.Addr().String(), nil
}

func (s *Sim) listenTCP(name string) (net.Listener, error) {
	if s.opt.Listen != nil {
		if ln, err := s.opt.Listen(name); ln != nil || err != nil {
			return ln, err
		}
	}
	return net.Listen("tcp", "127.0.0.1:0")
}

// wait sleeps for d; it reports false if ctx or the simulation ended first.
func (s *Sim) wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
	case <-s.ctx.Done():
	}
	return false
}

// version is a module's version, such as 25.800.0.
type version [3]int

func parseVersion(text string) (version, error) {
	var v version
	parts := strings.Split(text, ".")
	if len(parts) != len(v) {
		return v, fmt.Errorf("version %q of the rest module: want three numbers, such as %s", text, defaultREST)
	}
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || n < 0 {
			return v, fmt.Errorf("version %q of the rest module: want three numbers, such as %s", text, defaultREST)
		}
		v[i] = n
	}
	return v, nil
}

func (v version) atLeast(w version) bool { return slices.Compare(v[:], w[:]) >= 0 }
