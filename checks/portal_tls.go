package checks

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"boxready/internal/lazyregexp"
	"boxready/internal/portal"
	"boxready/internal/transport"
)

// Causes of portal-tls.
const (
	TLSSelfSigned        Cause = "tls-self-signed"
	TLSPrivateCA         Cause = "tls-private-ca"
	TLSNationalCA        Cause = "tls-national-ca"
	TLSIncompleteChain   Cause = "tls-incomplete-chain"
	TLSExpired           Cause = "tls-expired"
	TLSNotYetValid       Cause = "tls-not-yet-valid"
	TLSWrongHost         Cause = "tls-wrong-host"
	TLSOldProtocol       Cause = "tls-old-protocol"
	TLSNotTLS            Cause = "tls-not-tls"
	TLSWeakCertificate   Cause = "tls-weak-certificate"
	TLSClientCertificate Cause = "tls-client-certificate"
	TLSIntercepted       Cause = "tls-intercepted"
	CaptivePortal        Cause = "captive-portal"
	TLSHandshakeFailed   Cause = "tls-handshake-failed"
	TLSExpiresSoon       Cause = "tls-expires-soon"
)

// expiresSoon reports whether a certificate should have been renewed by now: less than a quarter of its lifetime is left, and less
// than three weeks. Short-lived ones last six days and are renewed every three.
func (c *Certificate) expiresSoon(now time.Time) bool {
	left := c.NotAfter.Sub(now)
	return left < 21*24*time.Hour && left < c.NotAfter.Sub(c.NotBefore)/4
}

// TLSFacts are the results of the TLS handshake at each address of the portal.
type TLSFacts struct {
	At         time.Time `json:"at"`
	Proxy      string    `json:"proxy,omitempty" hide:"host"` // on the way to the portal
	Addresses  []TLSSeen `json:"addresses"`
	Unverified bool      `json:"unverified,omitempty"` // the certificate doesn't verify; requests without tokens were made nevertheless
	// HTTP is port 80's answer, if a guest network may be in between: the certificate is of another name, and no authorization server
	// answers either.
	HTTP *Exchange `json:"http,omitempty"`
}

// TLSSeen is the handshake at one address.
type TLSSeen struct {
	Address  string            `json:"address,omitempty" hide:"ip"`
	Failure  transport.Failure `json:"failure,omitempty"`
	Protocol string            `json:"protocol,omitempty"`
	Cipher   string            `json:"cipher,omitempty"`
	// OldProtocol is the version of a second handshake with TLS 1.1 at most, if the first one failed.
	OldProtocol              string        `json:"old_protocol,omitempty"`
	ClientCertificateAsked   bool          `json:"client_certificate_asked,omitempty"`
	ClientCertificateRefused bool          `json:"client_certificate_refused,omitempty"` // a connection without one
	Chain                    []Certificate `json:"chain,omitempty"`                      // as sent, the portal's own first
	Trust                    *Trust        `json:"trust,omitempty"`
	Interceptor              string        `json:"interceptor,omitempty"` // the product that replaced the certificate
	// Gateway is who replaced the certificate if it is no known product: its issuer also issued one for an authorization server,
	// whose real one is public.
	Gateway string `json:"gateway,omitempty" hide:"subject"`
	// VendorsToo means that the same certificate, which isn't for the portal's name, answered for an authorization server.
	VendorsToo bool   `json:"vendors_too,omitempty"`
	NationalCA string `json:"national_ca,omitempty"`
	TookMS     int64  `json:"took_ms"`
}

// Reachable reports whether requests can be made, verified or not.
func (f *TLSFacts) Reachable() bool {
	return len(f.Addresses) > 0 && f.Addresses[0].reached() && !f.captive(&f.Addresses[0])
}

// captive reports whether a guest network's sign-in page answered. It has one certificate for everybody; a proxy that inspects TLS
// writes the name that was asked for into its certificates.
func (f *TLSFacts) captive(s *TLSSeen) bool {
	return s.Trust != nil && !s.Trust.NameMatches && (s.VendorsToo || f.HTTP != nil && f.HTTP.guestPage())
}

// InUse returns the portal's own certificates, one for all addresses that have the same, and those of issuers that were valid and end
// before them: until then the chain has to be renewed, too. An interceptor's and a guest network's are not the portal's.
func (f *TLSFacts) InUse() (list []Certificate) {
	for i := range f.Addresses {
		s := &f.Addresses[i]
		if len(s.Chain) == 0 || s.Trust == nil || s.intercepted() != "" || f.captive(s) {
			continue
		}
		for n, c := range s.links() {
			known := slices.ContainsFunc(list, func(other Certificate) bool { return other.SHA256 == c.SHA256 })
			if !known && (n == 0 || !c.SelfSigned && c.NotAfter.After(f.At) && c.NotAfter.Before(s.Chain[0].NotAfter)) {
				list = append(list, c)
			}
		}
	}
	return list
}

// Public returns the values that identify nobody although their fields are tagged: public authorities.
func (f *TLSFacts) Public() []string {
	var values []string
	for _, s := range f.Addresses {
		values = append(values, s.public()...)
	}
	return values
}

func (s *TLSSeen) public() (values []string) {
	if s.Trust == nil || len(s.Chain) == 0 {
		return nil
	}
	if s.Trust.Public {
		for _, c := range s.links() {
			values = append(values, c.Issuer)
		}
		for _, c := range s.links()[1:] {
			values = append(values, c.Subject, c.CommonName, c.SerialNumber, c.SHA256)
		}
	}
	if aia := s.Trust.AIA; aia != nil && aia.Completes {
		values = append(values, s.lastLink().Issuer, aia.Issuer, aia.URL)
	}
	return values
}

func (s *TLSSeen) reached() bool {
	return s.Failure == "" && !s.ClientCertificateRefused && !s.elsewhere()
}

// intercepted is who replaced the portal's certificate; "" for nobody.
func (s *TLSSeen) intercepted() string {
	if s.Trust == nil || s.Trust.Public {
		return ""
	}
	return cmp.Or(s.Interceptor, s.Gateway)
}

// elsewhere reports whether another server answered: a proxy that inspects TLS writes the portal's name into its certificate.
func (s *TLSSeen) elsewhere() bool { return s.intercepted() != "" && !s.Trust.NameMatches }

// connection is an address of the portal with a connection to it.
type connection struct {
	endpoint endpoint
	spare    <-chan net.Conn // more connections to the same address
}

func observeTLS(ctx context.Context, env *Env) (*TLSFacts, error) {
	f := &TLSFacts{At: env.now().UTC(), Addresses: make([]TLSSeen, len(env.connections))}
	if tcp := factsOf[TCPFacts](env.factsByCheck(), PortalTCP); tcp != nil {
		f.Proxy = tcp.Proxy
	}
	first := env.connections[0]
	spare := env.secureSpare(first.spare)

	parallel(func() {
		start := time.Now()
		conn := env.handshake(ctx, first, &f.Addresses[0])
		if conn == nil {
			spare.drop()
			return
		}
		verified := f.Addresses[0].Trust.good()
		env.openClient(first, conn, spare.collect(spareTimeout(time.Since(start))), verified)
		f.Unverified = !verified
		env.lookForGuestPage(ctx, f)
	}, func() {
		for i, c := range env.connections[1:] {
			if conn := env.handshake(ctx, c, &f.Addresses[i+1]); conn != nil {
				conn.Close()
			}
		}
	})
	return f, nil
}

// lateConnection is how long after the first connection another address may answer to be looked at, too. Less would miss bad
// certificates of slower addresses on a busy computer.
const lateConnection = 300 * time.Millisecond

// observeLateTLS looks at addresses that connected later than those that the run began with. What sends no token doesn't wait for it.
func observeLateTLS(ctx context.Context, env *Env, f *TLSFacts) *TLSFacts {
	if env.dialling == nil {
		return f
	}
	env.dialling.wait(ctx, func(first time.Duration) time.Duration { return first + max(first, lateConnection) })
	whole := *f // others read f
	whole.Addresses = slices.Clone(f.Addresses)
	for _, e := range env.dialling.opened() {
		if slices.ContainsFunc(env.connections, func(c *connection) bool { return c.endpoint.address == e.address }) {
			continue
		}
		var seen TLSSeen
		if conn := env.handshake(ctx, &connection{endpoint: e}, &seen); conn != nil {
			conn.Close()
		}
		whole.Addresses = append(whole.Addresses, seen)
	}
	return &whole
}

// handshake fills s and returns the connection if it can be used.
func (env *Env) handshake(ctx context.Context, c *connection, s *TLSSeen) *tls.Conn {
	s.Address = c.endpoint.address
	start := env.now()
	defer func() { s.TookMS = env.now().Sub(start).Milliseconds() }()
	var asked atomic.Bool
	config := env.tlsConfig()
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		asked.Store(true)
		return &tls.Certificate{}, nil
	}
	raw := c.endpoint.conn
	if raw == nil { // through a proxy, which isn't dialled yet
		var err error
		if raw, err = c.endpoint.dial(ctx); err != nil {
			s.Failure = transport.FailureOf(err)
			return nil
		}
	}
	conn, err := env.net.Handshake(ctx, raw, config)
	s.ClientCertificateAsked = asked.Load()
	if err != nil {
		s.Failure = transport.FailureOf(err)
		switch {
		case s.Failure == transport.Timeout || s.Failure == transport.Cancelled || s.Failure == transport.NotTLS:
		case s.ClientCertificateAsked:
			s.ClientCertificateRefused = true
		default:
			s.OldProtocol = env.oldHandshake(ctx, c)
		}
		return nil
	}
	if s.ClientCertificateAsked && (closesWithoutCertificate(conn) || env.demandsCertificate(ctx, c)) {
		s.ClientCertificateRefused = true
		conn.Close()
		return nil
	}
	state := conn.ConnectionState()
	s.Protocol, s.Cipher = tls.VersionName(state.Version), tls.CipherSuiteName(state.CipherSuite)
	for _, cert := range state.PeerCertificates {
		s.Chain = append(s.Chain, describe(cert))
	}
	s.Trust = env.examine(ctx, state.PeerCertificates)
	if !s.Trust.Public { // public authorities don't intercept
		s.Interceptor, s.NationalCA = nameIn(s.Chain, interceptors), nameIn(s.Chain, nationalCAs)
	}
	env.compareWithVendor(ctx, s, state.PeerCertificates[0].Issuer, env.now().Sub(start))
	return conn
}

// compareWithVendor looks for the same certificate or issuer at the authorization servers, whose real ones are public. They are asked
// beside this check in any run; it waits for their answers only where the certificate is bad, so a healthy run takes no longer. A gateway
// that answers for the portal within took answers for them about as fast, so nobody waits for servers that are silent.
func (env *Env) compareWithVendor(ctx context.Context, s *TLSSeen, issuer pkix.Name, took time.Duration) {
	unknown := s.Interceptor == "" && !s.Trust.Public && !s.Trust.Given
	if s.Trust.NameMatches && !unknown {
		return
	}
	if s.Trust.NameMatches {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, max(env.net.Timeout(deadAfter), 3*took))
		defer cancel()
	}
	vendor, err := env.askVendor(ctx)
	if err != nil {
		return
	}
	for _, h := range vendor.Hosts {
		if h.Certificate == s.Chain[0].SHA256 && !s.Trust.NameMatches {
			s.VendorsToo = true
		}
		if h.Issuer == s.Chain[0].Issuer && unknown {
			s.Gateway = cmp.Or(issuer.CommonName, issuer.String())
		}
	}
}

// lookForGuestPage makes portal-redirect's request on port 80 already here where a guest network may be in between.
func (env *Env) lookForGuestPage(ctx context.Context, f *TLSFacts) {
	s := &f.Addresses[0]
	if s.Trust.NameMatches || f.captive(s) {
		return
	}
	if asks, _, err := env.asksPlain(); err != nil || !asks {
		return
	}
	if vendor, err := env.askVendor(ctx); err == nil && vendor.allUnreachable() {
		f.HTTP = env.exchange(plainRequest, env.ask(ctx, plainRequest))
	}
}

// Words in the address of a guest network's sign-in page, besides those of any other (loginWord).
var guestWord = lazyregexp.New(`(?i)(^|[^a-z])(guest|hotspot|captive|splash|wi-?fi)([^a-z]|$)`)

// guestPage reports whether an answer of port 80 is a guest network's: it leads to its sign-in page, or says so (RFC 6585, section 6).
func (x *Exchange) guestPage() bool {
	return x.Status == http.StatusNetworkAuthenticationRequired ||
		x.redirects() && x.OtherHost != "" && (x.LoginRedirect || guestWord().MatchString(x.Location))
}

// closesWithoutCertificate reports whether the server closes a connection without a client certificate. With TLS 1.3 the
// handshake has succeeded by then and only the first read fails; a server with an optional certificate stays silent.
func closesWithoutCertificate(conn *tls.Conn) bool {
	const readTimeout = 1500 * time.Millisecond
	conn.SetReadDeadline(time.Now().Add(readTimeout))
	_, err := conn.Read(make([]byte, 1))
	conn.SetReadDeadline(time.Time{})
	var network net.Error
	return err != nil && !(errors.As(err, &network) && network.Timeout())
}

// demandsCertificate reports whether a server refuses the first request, not the handshake, for lack of a certificate, as nginx
// does with its codes 495 and 496, sent as 400 (https://nginx.org/en/docs/http/ngx_http_ssl_module.html#errors).
func (env *Env) demandsCertificate(ctx context.Context, c *connection) bool {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	turn, err := env.pacer.Begin(ctx)
	if err != nil {
		return false
	}
	defer turn.End()
	raw, err := c.endpoint.dial(ctx)
	if err != nil {
		return false
	}
	conn, err := env.net.Handshake(ctx, raw, env.tlsConfig())
	if err != nil {
		return false
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, "https://"+env.target.Address.Authority()+"/", nil)
	if err != nil {
		return false
	}
	request.Header.Set("User-Agent", env.net.UserAgent())
	turn.Sent()
	if request.Write(conn) != nil {
		return false
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), request)
	return err == nil && response.StatusCode == http.StatusBadRequest
}

// oldHandshake returns the version if a server supports only versions that application servers no longer accept.
func (env *Env) oldHandshake(ctx context.Context, c *connection) string {
	conn, err := c.endpoint.dial(ctx)
	if err != nil {
		return ""
	}
	config := env.tlsConfig()
	config.MinVersion, config.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 // #nosec G402 -- only to detect the server's version; nothing is sent
	old, err := env.net.Handshake(ctx, conn, config)
	if err != nil {
		return ""
	}
	defer old.Close()
	return tls.VersionName(old.ConnectionState().Version)
}

// tlsConfig offers everything that Go supports from TLS 1.2 on, so that a failure is the server's, and verifies nothing: the
// certificate is examined afterwards, fault by fault.
func (env *Env) tlsConfig() *tls.Config {
	return &tls.Config{ServerName: env.target.Address.Host, MinVersion: tls.VersionTLS12, CipherSuites: allCipherSuites(), NextProtos: []string{"http/1.1"}, InsecureSkipVerify: true} // #nosec G402 -- verify looks at the chain itself, and more closely
}

var allCipherSuites = sync.OnceValue(func() (ids []uint16) {
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		ids = append(ids, suite.ID)
	}
	return ids
})

// strictConfig is for connections that may carry a token: each is verified on its own.
func (env *Env) strictConfig() *tls.Config {
	config := env.tlsConfig()
	config.VerifyConnection = func(state tls.ConnectionState) error { return env.verify(state.PeerCertificates) }
	return config
}

// openClient makes the client for all requests after the TLS check.
func (env *Env) openClient(c *connection, conn *tls.Conn, spare []*tls.Conn, verified bool) {
	config, open := env.tlsConfig(), []*tls.Conn{conn}
	if verified {
		config = env.strictConfig()
	}
	for _, s := range spare {
		if verified && env.verify(s.ConnectionState().PeerCertificates) != nil {
			s.Close()
			continue
		}
		open = append(open, s)
	}
	env.client = portal.NewClient(portal.Options{Address: env.target.Address, Net: env.net, Pacer: env.pacer,
		Dial: c.endpoint.dial, Addr: c.endpoint.addr(), Open: open, OneByOne: env.target.OneConnection, TLS: config, Verified: verified})
}

// spareConnections are connections with handshakes parallel to the TLS check's own.
type spareConnections struct{ ready chan *tls.Conn }

func (env *Env) secureSpare(raw <-chan net.Conn) *spareConnections {
	s := &spareConnections{ready: make(chan *tls.Conn, cap(raw))}
	for range cap(raw) {
		env.asking.Go(func() {
			conn := <-raw
			if conn == nil {
				s.ready <- nil
				return
			}
			secure, err := env.net.Handshake(env.run, conn, env.tlsConfig())
			if err != nil {
				secure = nil
			}
			s.ready <- secure
		})
	}
	return s
}

// collect returns those that are ready within timeout; later ones are closed.
func (s *spareConnections) collect(timeout time.Duration) []*tls.Conn {
	var conns []*tls.Conn
	late := time.After(timeout)
	for i := range cap(s.ready) {
		select {
		case conn := <-s.ready:
			if conn != nil {
				conns = append(conns, conn)
			}
		case <-late:
			go s.close(cap(s.ready) - i)
			return conns
		}
	}
	return conns
}

func (s *spareConnections) drop() { go s.close(cap(s.ready)) }

func (s *spareConnections) close(n int) {
	for range n {
		if conn := <-s.ready; conn != nil {
			conn.Close()
		}
	}
}

func (env *Env) verify(chain []*x509.Certificate) error {
	if trust := env.examineCached(chain); !trust.good() {
		return &tls.CertificateVerificationError{UnverifiedCertificates: chain, Err: errUnverified}
	}
	return nil
}

var errUnverified = errors.New("the portal's certificate does not verify")

func judgeTLS(f *TLSFacts, _ FactsByCheck) []Result {
	var results []Result
	for i := range f.Addresses {
		for _, r := range f.judge(&f.Addresses[i]) {
			same := slices.IndexFunc(results, func(had Result) bool { return had.Cause == r.Cause })
			switch {
			case same < 0:
				results = append(results, r)
			case r.State == Problem: // the most severe of several addresses counts
				results[same] = r
			}
		}
	}
	return about(orOK(results), Args{"proxy": f.Proxy})
}

func (f *TLSFacts) judge(s *TLSSeen) []Result {
	if f.captive(s) {
		return one(f.guestNetwork(s))
	}
	return about(s.faults(f.At), Args{"address": s.Address})
}

// guestNetwork is the result where a sign-in page answered: its certificate proves nothing about the portal's.
func (f *TLSFacts) guestNetwork(s *TLSSeen) Result {
	args := Args{"address": s.Address, "issuer": "", "page": "", "vendors_too": s.VendorsToo}
	if len(s.Chain) > 0 {
		args["issuer"] = s.Chain[0].Issuer
	}
	if f.HTTP != nil {
		args["page"] = f.HTTP.Location
	}
	return unknown(CaptivePortal, You).with(args)
}

func (s *TLSSeen) faults(now time.Time) []Result {
	switch {
	case s.ClientCertificateRefused:
		return one(problem(TLSClientCertificate, ServerAdmin))
	case s.OldProtocol != "":
		return one(problem(TLSOldProtocol, ServerAdmin).with(Args{"protocol": s.OldProtocol}))
	}
	switch s.Failure {
	case "":
		return s.certificateFaults(now)
	case transport.NotTLS:
		return one(problem(TLSNotTLS, ServerAdmin))
	case transport.Reset, transport.Closed, transport.Refused:
		return one(problem(TLSHandshakeFailed, ServerAdmin).with(Args{"closed": true}))
	case transport.TLSFailed, transport.Other:
		// Possibly only for lack of a cipher suite that Go doesn't have (DHE, CBC-SHA384, GOST).
		return one(unknown(TLSHandshakeFailed, ServerAdmin).with(Args{"closed": false}))
	default:
		return one(requestFailed(s.Failure))
	}
}

func (s *TLSSeen) certificateFaults(now time.Time) []Result {
	if s.Trust == nil || len(s.Chain) == 0 {
		return one(unknown(UnexpectedAnswer, ServerAdmin))
	}
	leaf := s.Chain[0]
	if by := s.intercepted(); by != "" {
		// The dates and names of an interceptor's certificate prove nothing about the portal's.
		owner, here := NetworkAdmin, runsHere(by)
		if here {
			owner = You
		}
		return one(unknown(TLSIntercepted, owner).with(Args{"interceptor": by, "issuer": leaf.Issuer, "here": here}))
	}
	var results []Result
	if r, bad := s.trustFault(); bad {
		results = append(results, r.with(Args{"issuer": leaf.Issuer}))
	}
	if i := slices.IndexFunc(s.Chain, func(c Certificate) bool { return c.weak(s.Trust.Public) }); i >= 0 {
		c := s.Chain[i]
		results = append(results, problem(TLSWeakCertificate, ServerAdmin).with(Args{"subject": c.Subject, "key": c.Key, "signature": c.Signature}))
	}
	results = append(results, s.dateFaults(now)...)
	if !s.Trust.NameMatches {
		results = append(results, problem(TLSWrongHost, ServerAdmin).with(Args{"names": leaf.Names, "more_names": leaf.MoreNames, "common_name": leaf.CommonName}))
	}
	return results
}

// dateFaults are what is wrong with the dates of the portal's own certificate, or else of an issuer.
func (s *TLSSeen) dateFaults(now time.Time) (results []Result) {
	leaf := &s.Chain[0]
	sent := func(subject string) *Certificate {
		return &s.Chain[max(slices.IndexFunc(s.Chain, func(c Certificate) bool { return c.Subject == subject }), 0)]
	}
	expired := func(c *Certificate, intermediate bool) {
		results = append(results, problem(TLSExpired, ServerAdmin).with(Args{"subject": c.Subject, "issuer": c.Issuer, "not_after": c.NotAfter, "intermediate": intermediate}))
	}
	early := func(c *Certificate) {
		results = append(results, problem(TLSNotYetValid, ServerAdmin).with(Args{"not_before": c.NotBefore}))
	}
	switch {
	case now.After(leaf.NotAfter):
		expired(leaf, false)
	case s.Trust.ExpiredIssuer != "":
		expired(sent(s.Trust.ExpiredIssuer), true)
	}
	switch {
	case now.Before(leaf.NotBefore):
		early(leaf)
	case s.Trust.EarlyIssuer != "":
		early(sent(s.Trust.EarlyIssuer))
	}
	if len(results) == 0 && leaf.expiresSoon(now) {
		results = append(results, notice(TLSExpiresSoon, ServerAdmin).with(Args{"not_after": leaf.NotAfter, "issuer": leaf.Issuer,
			"left": leaf.NotAfter.Sub(now)}))
	}
	return results
}

func (s *TLSSeen) trustFault() (Result, bool) {
	leaf, last := s.Chain[0], s.lastLink()
	// Go calls a chain with a SHA-1 signature "unknown authority"; then the signature is the fault, not the authority.
	weakSignature := slices.ContainsFunc(s.Chain, func(c Certificate) bool { return c.weakSignature() })
	switch {
	case s.Trust.Given && !s.Trust.Public:
		return notice(TLSPrivateCA, ServerAdmin).with(Args{"trusted": true, "proven": true}), true
	case s.NationalCA != "" && !s.Trust.Public:
		return problem(TLSNationalCA, ServerAdmin).with(Args{"authority": s.NationalCA}), true
	case leaf.SelfSigned && !s.Trust.Public:
		return problem(TLSSelfSigned, ServerAdmin), true
	case s.Trust.Public, weakSignature:
		return Result{}, false
	case last.SelfSigned, s.Trust.AIA != nil && s.Trust.AIA.Private:
		return problem(TLSPrivateCA, ServerAdmin).with(Args{"trusted": false, "proven": true}), true
	case s.Trust.AIA != nil && s.Trust.AIA.Completes:
		return problem(TLSIncompleteChain, ServerAdmin).with(Args{"missing": s.Trust.AIA.Issuer, "url": s.Trust.AIA.URL}), true
	default:
		return problem(TLSPrivateCA, ServerAdmin).with(Args{"trusted": false, "proven": false}), true
	}
}

// lastLink is the end of the chain that begins with the portal's own certificate: others sent, such as a former intermediate or a
// root without the intermediate that leads to it, don't count.
func (s *TLSSeen) lastLink() Certificate {
	links := s.links()
	return links[len(links)-1]
}

// links is the chain that begins with the portal's own certificate.
func (s *TLSSeen) links() []Certificate {
	links := s.Chain[:1:1]
	for range s.Chain {
		last := links[len(links)-1]
		i := slices.IndexFunc(s.Chain, func(c Certificate) bool { return c.Subject == last.Issuer && c.SHA256 != last.SHA256 })
		if i < 0 || last.SelfSigned {
			break
		}
		links = append(links, s.Chain[i])
	}
	return links
}
