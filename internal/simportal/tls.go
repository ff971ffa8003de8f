package simportal

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"time"

	"boxready/internal/bitrix"
)

const (
	aiaPath        = "/intermediate.der"
	aiaPathPrivate = "/private-root.der"
	aiaPathDead    = "/gone.der"
)

// issuer is a certificate authority.
type issuer struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func (i *issuer) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.cert.Raw})
}

// authority issues all certificates. Only those that a healthy portal needs are made at the start.
type authority struct {
	clock        func() time.Time
	now          time.Time // the time that certificates are issued for, at most a day behind the clock
	host         string
	root         *issuer
	intermediate *issuer // the intermediate

	mu      sync.Mutex
	others  map[string]*issuer
	configs map[string]*tls.Config
}

func newAuthority(clock func() time.Time, host string) (*authority, error) {
	a := &authority{clock: clock, now: clock(), host: host, others: map[string]*issuer{}, configs: map[string]*tls.Config{}}
	var err error
	if a.root, err = a.newIssuer(pkix.Name{Organization: []string{"BoxReady Demo"}, CommonName: "BoxReady Demo Public Root"}, nil, term{}); err != nil {
		return nil, err
	}
	a.intermediate, err = a.newIssuer(pkix.Name{Organization: []string{"BoxReady Demo"}, CommonName: "BoxReady Demo Public CA 1"}, a.root, term{})
	return a, err
}

// forHost is the same authority for a portal with another name.
func (a *authority) forHost(host string) *authority {
	return &authority{clock: a.clock, now: a.now, host: host, root: a.root, intermediate: a.intermediate, others: map[string]*issuer{}, configs: map[string]*tls.Config{}}
}

const (
	day  = 24 * time.Hour
	year = 365 * day
)

// term is how long ago an authority's certificate began and ended; 0 is five years ago, and in five years.
type term struct{ began, ended time.Duration }

// newIssuer makes an authority; a nil parent makes it a root.
func (a *authority) newIssuer(name pkix.Name, parent *issuer, valid term) (*issuer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	t := &x509.Certificate{
		SerialNumber: serial(), Subject: name,
		NotBefore: a.now.Add(-5 * year), NotAfter: a.now.Add(5 * year),
		IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature,
	}
	if valid.began > 0 {
		t.NotBefore = a.now.Add(-valid.began)
	}
	if valid.ended > 0 {
		t.NotAfter = a.now.Add(-valid.ended)
	}
	signer := &issuer{cert: t, key: key}
	if parent != nil {
		signer = parent
	}
	der, err := x509.CreateCertificate(rand.Reader, t, signer.cert, key.Public(), signer.key)
	if err != nil {
		return nil, fmt.Errorf("certificate authority %s: %w", name.CommonName, err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("certificate authority %s: %w", name.CommonName, err)
	}
	return &issuer{cert: cert, key: key}, nil
}

func serial() *big.Int {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return big.NewInt(1)
	}
	return n.Add(n, big.NewInt(1))
}

// Authorities that only faults use.
const (
	caPrivate             = "private"
	caRussian             = "national root"
	caRussianSub          = "national"
	caKaspersky           = "kaspersky"
	caFortinet            = "fortinet"
	caGateway             = "gateway"
	caExpiredIntermediate = "expired intermediate"
	caRenewedIntermediate = "renewed intermediate"
)

// issuerFor returns one of those authorities, made on first use. The caller holds a.mu.
func (a *authority) issuerFor(kind string) (*issuer, error) {
	if i, ok := a.others[kind]; ok {
		return i, nil
	}
	ministry := []string{"The Ministry of Digital Development and Communications"}
	var (
		name   pkix.Name
		parent *issuer
		valid  term
		err    error
	)
	switch kind {
	case caPrivate:
		name = pkix.Name{Organization: []string{"Demo Company"}, CommonName: "Demo Company Root CA"}
	case caRussian:
		name = pkix.Name{Country: []string{"RU"}, Organization: ministry, CommonName: "Russian Trusted Root CA"}
	case caRussianSub:
		name = pkix.Name{Country: []string{"RU"}, Organization: ministry, CommonName: "Russian Trusted Sub CA"}
		parent, err = a.issuerFor(caRussian)
	case caKaspersky:
		name = pkix.Name{Organization: []string{"AO Kaspersky Lab"}, CommonName: "Kaspersky Anti-Virus Personal Root Certificate"}
	case caFortinet:
		name = pkix.Name{Country: []string{"US"}, Organization: []string{"Fortinet"}, OrganizationalUnit: []string{"Certificate Authority"}, CommonName: "FG100FTK20012345"}
	case caGateway:
		name = pkix.Name{Organization: []string{"Demo Company"}, CommonName: "Demo Company Web Gateway"}
	case caExpiredIntermediate:
		name, parent, valid.ended = a.intermediate.cert.Subject, a.root, 10*day
	case caRenewedIntermediate:
		name, parent, valid.began = a.intermediate.cert.Subject, a.root, 5*day
	}
	if err != nil {
		return nil, err
	}
	i, err := a.newIssuer(name, parent, valid)
	if err == nil {
		a.others[kind] = i
	}
	return i, err
}

func (a *authority) rootsPEM() []byte { return a.root.pem() }

func (a *authority) privatePEM() []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	i, err := a.issuerFor(caPrivate)
	if err != nil {
		return nil
	}
	return i.pem()
}

// leafSpec describes a server's certificate.
type leafSpec struct {
	names               []string // alternative names
	cn                  string
	notBefore, notAfter time.Time
	aia                 string // path on the AIA host; "" = no such extension
	algorithm           x509.SignatureAlgorithm
	rsaBits             int // 0 = ECDSA P-256
}

// leaf issues a certificate; a nil signer makes it self-signed. chain is sent after it.
func (a *authority) leaf(spec leafSpec, signer *issuer, chain ...*issuer) (tls.Certificate, error) {
	var (
		key crypto.Signer
		err error
	)
	if spec.rsaBits > 0 {
		key, err = rsa.GenerateKey(rand.Reader, spec.rsaBits)
	} else {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("key for %s: %w", spec.cn, err)
	}
	t := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: spec.cn}, DNSNames: spec.names,
		NotBefore: spec.notBefore, NotAfter: spec.notAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, SignatureAlgorithm: spec.algorithm,
	}
	if spec.rsaBits > 0 {
		t.KeyUsage |= x509.KeyUsageKeyEncipherment
	}
	if spec.aia != "" {
		t.IssuingCertificateURL = []string{"http://" + aiaHost + spec.aia}
	}
	parent, signKey := t, crypto.Signer(key)
	if signer != nil {
		parent, signKey = signer.cert, signer.key
	}
	der, err := x509.CreateCertificate(rand.Reader, t, parent, key.Public(), signKey)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("certificate for %s: %w", spec.cn, err)
	}
	c := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	for _, i := range chain {
		c.Certificate = append(c.Certificate, i.cert.Raw)
	}
	return c, nil
}

// spec describes a healthy certificate for the given names.
func (a *authority) spec(names ...string) leafSpec {
	return leafSpec{names: names, cn: names[0], notBefore: a.now.Add(-30 * day), notAfter: a.now.Add(60 * day), aia: aiaPath}
}

// vendorNames are the names in the certificate of the vendors' hosts.
func vendorNames() []string {
	names := []string{dohGoogle, dohYandex}
	for _, r := range []bitrix.Region{bitrix.CIS, bitrix.World} {
		names = append(names, hostOf(bitrix.AuthServer(r)), hostOf(bitrix.Feed(r)), hostOf(bitrix.BrowserLibrary(r)))
	}
	return names
}

// Kinds of configuration besides the names of faults.
const (
	tlsVendor            = "vendor"
	tlsVendorIntercepted = "vendor intercepted"
	tlsApp               = "app-" // followed by a fault of the portal's certificate
	tlsEvents            = "events-"
)

// config returns the server's TLS configuration for a fault or a kind, made on first use.
func (a *authority) config(kind string) (*tls.Config, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now := a.clock(); now.Sub(a.now).Abs() > day {
		a.now = now
		clear(a.configs)
	}
	if c, ok := a.configs[kind]; ok {
		return c, nil
	}
	cert, err := a.certificate(kind)
	if err != nil {
		return nil, err
	}
	// nginx in front of a portal offers HTTP/2 only if the administrator configured it.
	c := &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"http/1.1"}, MinVersion: tls.VersionTLS12}
	switch kind {
	case "tls-old-protocol":
		c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 // #nosec G402 -- misconfigured servers are what it simulates
		c.CipherSuites = []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, // #nosec G402 -- misconfigured servers are what it simulates
		}
	case "tls-client-certificate":
		c.ClientAuth, c.MinVersion = tls.RequireAnyClientCert, tls.VersionTLS13
	case "tls-client-certificate-400":
		c.ClientAuth = tls.RequestClientCert
	case "tls-client-certificate-12":
		c.ClientAuth, c.MaxVersion = tls.RequireAnyClientCert, tls.VersionTLS12
	}
	a.configs[kind] = c
	return c, nil
}

func (a *authority) certificate(kind string) (tls.Certificate, error) {
	s := a.spec(a.host, "www."+a.host, formerHost(a.host))
	if k, ok := strings.CutPrefix(kind, tlsApp); ok {
		s, kind = a.spec(appHost, appSite), k
	} else if k, ok := strings.CutPrefix(kind, tlsEvents); ok {
		s, kind = a.spec(HandlerHost), k
	}
	signer, chain, err := a.issuers(kind)
	if err != nil {
		return tls.Certificate{}, err
	}
	return a.leaf(a.faultySpec(kind, s), signer, chain...)
}

// issuersOf are the authorities of certificates that the public one doesn't issue: the first signs, all are sent.
var issuersOf = map[string][]string{
	tlsVendorIntercepted: {caFortinet}, "tls-intercepted": {caKaspersky}, "tls-intercepted-fortinet": {caFortinet}, "tls-intercepted-gateway": {caGateway},
	"tls-private-ca": {caPrivate}, "tls-private-ca-no-root": {caPrivate}, "tls-private-ca-aia": {caPrivate},
	"tls-national-ca": {caRussianSub, caRussian}, "tls-expired-intermediate": {caExpiredIntermediate},
	"tls-expired-issuer-renewed": {caRenewedIntermediate},
}

// issuers returns who signs a kind of certificate, nil for itself, and what is sent with it. The caller holds a.mu.
func (a *authority) issuers(kind string) (signer *issuer, chain []*issuer, err error) {
	signer, chain = a.intermediate, []*issuer{a.intermediate}
	for i, name := range issuersOf[kind] {
		c, err := a.issuerFor(name)
		if err != nil {
			return nil, nil, err
		}
		if i == 0 {
			signer, chain = c, nil
		}
		chain = append(chain, c)
	}
	switch kind {
	case "tls-self-signed", "captive-portal", "captive-portal-http":
		return nil, nil, nil
	case "tls-private-ca-no-root", "tls-private-ca-aia", "tls-private-ca-aia-dead", "tls-incomplete-chain":
		chain = nil
	case "tls-stale-intermediate":
		// Any authority that isn't the leaf's issuer serves as the former intermediate.
		former, err := a.issuerFor(caPrivate)
		return signer, []*issuer{former}, err
	case "tls-root-only":
		chain = []*issuer{a.root}
	}
	return signer, chain, nil
}

// faultySpec changes a healthy certificate to that of a kind.
func (a *authority) faultySpec(kind string, s leafSpec) leafSpec {
	switch kind {
	case tlsVendor, tlsVendorIntercepted:
		s = a.spec(vendorNames()...)
	case "tls-intercepted-gateway":
		s = a.spec(append(vendorNames(), s.names...)...)
	case "captive-portal", "captive-portal-http":
		s = a.spec(captiveHost)
	case "tls-private-ca-aia-dead":
		s.aia = aiaPathDead
	case "tls-expired", "tls-expired-issuer-renewed":
		s.notBefore, s.notAfter = a.now.Add(-100*day), a.now.Add(-10*day)
	case "tls-not-yet-valid":
		s.notBefore, s.notAfter = a.now.Add(10*day), a.now.Add(100*day)
	case "tls-expires-soon":
		s.notBefore, s.notAfter = a.now.Add(-80*day), a.now.Add(10*day)
	case "tls-wrong-host":
		s.names, s.cn = []string{"intranet.demo.example", "mail.demo.example"}, "intranet.demo.example"
	case "tls-cn-only":
		s.names = nil
	case "tls-weak-rsa1024":
		s.rsaBits = 1024
	case "tls-weak-sha1":
		s.algorithm = x509.ECDSAWithSHA1
	}
	switch {
	case kind == "tls-private-ca-aia":
		s.aia = aiaPathPrivate
	case issuersOf[kind] != nil, kind == "tls-self-signed", strings.HasPrefix(kind, "captive-portal"): // the public issuer's address would be wrong
		s.aia = ""
	}
	return s
}

// CertificatePEM returns a healthy certificate of the portal with its chain, and its key, for a reverse proxy.
func (s *Sim) CertificatePEM() ([]byte, error) {
	cert, key, err := s.encodeCertificate("")
	return append(cert, key...), err
}

// encodeCertificate returns the certificate of a kind with its chain, and its key, in PEM.
func (s *Sim) encodeCertificate(kind string) (cert, key []byte, err error) {
	config, err := s.ca.config(kind)
	if err != nil {
		return nil, nil, err
	}
	own := config.Certificates[0]
	for _, der := range own.Certificate {
		cert = append(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	der, err := x509.MarshalPKCS8PrivateKey(own.PrivateKey)
	if err != nil {
		return nil, nil, fmt.Errorf("encode the key of a certificate: %w", err)
	}
	return cert, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// tlsMode is how a TLS port treats a connection: a handshake by config, or raw.
type tlsMode struct {
	config *tls.Config
	raw    func(*conn)
}

type tlsChooser func(*faultSet) (tlsMode, error)

func (s *Sim) portalTLS(f *faultSet) (tlsMode, error) {
	fault := f.in("tls")
	switch fault {
	case "tls-not-tls":
		return tlsMode{raw: answerPlainHTTP}, nil
	case "tls-handshake-reset":
		return tlsMode{raw: func(c *conn) { readHello(c); c.reset() }}, nil
	case "tls-handshake-closed":
		return tlsMode{raw: func(c *conn) { readHello(c); _ = c.Close() }}, nil
	case "tls-handshake-alert":
		return tlsMode{raw: refuseHandshake}, nil
	}
	c, err := s.ca.config(fault)
	return tlsMode{config: c}, err
}

func (s *Sim) expiredTLS(*faultSet) (tlsMode, error) {
	c, err := s.ca.config("tls-expired")
	return tlsMode{config: c}, err
}

func (s *Sim) vendorTLS(*faultSet) (tlsMode, error) {
	c, err := s.ca.config(tlsVendor)
	return tlsMode{config: c}, err
}

func (s *Sim) authTLS(f *faultSet) (tlsMode, error) {
	kind := tlsVendor
	switch fault := f.any("tls-intercepted-gateway", "captive-portal", "auth-host-intercepted"); fault {
	case "":
	case "auth-host-intercepted":
		kind = tlsVendorIntercepted
	default:
		kind = fault
	}
	c, err := s.ca.config(kind)
	return tlsMode{config: c}, err
}

type tlsListener struct {
	*listener
	choose tlsChooser
}

func (s *Sim) wrapTLS(ln *listener, choose tlsChooser) net.Listener {
	return &tlsListener{ln, choose}
}

func (l *tlsListener) Accept() (net.Conn, error) {
	for {
		c, err := l.listener.Accept()
		if err != nil {
			return nil, err
		}
		mode, err := l.choose(l.sim.faults.Load())
		switch sc, ok := c.(*conn); {
		case err != nil || !ok:
			_ = c.Close()
		case mode.raw != nil:
			l.sim.goRun(func() { mode.raw(sc) })
		default:
			return tls.Server(c, mode.config), nil
		}
	}
}

// readHello reads the client's first bytes.
func readHello(c *conn) {
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	_, _ = c.Read(make([]byte, 4096))
}

// refuseHandshake sends the alert handshake_failure (40), as a server without a common cipher suite does.
func refuseHandshake(c *conn) {
	readHello(c)
	_, _ = c.Write([]byte{21, 3, 3, 0, 2, 2, 40})
	drain(c)
}

// answerPlainHTTP is a web server whose port 443 was configured without "ssl".
func answerPlainHTTP(c *conn) {
	readHello(c)
	body := nginxPage("400 Bad Request", "")
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nDate: %s\r\nContent-Type: text/html\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		httpDate(c.sim.clock()), len(body), body)
	_, _ = io.WriteString(c, b.String())
	drain(c)
}

// drain closes the sending side and reads for a moment, because closing with
// unread bytes resets the connection and may discard the answer.
func drain(c *conn) {
	_ = c.CloseWrite()
	_ = c.SetReadDeadline(time.Now().Add(2 * time.Second))
	_, _ = io.Copy(io.Discard, c)
	_ = c.Close()
}

// issuers is the host where authorities publish their certificates (RFC 5280, 4.2.2.1).
func (s *Sim) issuers(h *request) {
	var i *issuer
	switch h.r.URL.Path {
	case aiaPath:
		i = s.ca.intermediate
	case aiaPathPrivate:
		s.ca.mu.Lock()
		i, _ = s.ca.issuerFor(caPrivate)
		s.ca.mu.Unlock()
	}
	if i == nil {
		h.page(404, nginxPage("404 Not Found", ""))
		return
	}
	h.send(200, "application/pkix-cert", i.cert.Raw)
}
