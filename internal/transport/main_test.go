package transport

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/net/dns/dnsmessage"

	"boxready/internal/simtest/testenv"
)

// Credentials in the proxy's URL; no error may contain them.
const (
	proxyUser     = "alice"
	proxyPassword = "s3cr3t-w0rd"
)

// testCA signs the servers of all tests.
var testCA *authority

// processWideRoots tells whether any were set before the tests; see hasProcessWideRoots.
var processWideRoots bool

// net/http reads the proxy of the environment, and crypto/x509 the system's roots, once in a process.
func TestMain(m *testing.M) {
	if address := os.Getenv(pacedVariable); address != "" {
		requestPaced(address)
	}
	processWideRoots = hasProcessWideRoots()
	testCA = newAuthority()
	dir, err := os.MkdirTemp("", "transport")
	if err != nil {
		panic(err)
	}
	file := filepath.Join(dir, "roots.pem")
	if err := os.WriteFile(file, testCA.pem(), 0o600); err != nil {
		panic(err)
	}
	tests := testenv.M{M: m, Set: []string{
		"SSL_CERT_FILE=" + file, "GODEBUG=x509sslcertoverrideplatform=1", // on Windows and macOS, too
		"HTTPS_PROXY=http://" + proxyUser + ":" + proxyPassword + "@proxy.test:3128",
		"HTTP_PROXY=http://" + proxyUser + ":" + proxyPassword + "@proxy.test\x7f",
		"NO_PROXY=.intranet.test",
	}}
	goleak.VerifyTestMain(tests, goleak.Cleanup(func(code int) {
		os.RemoveAll(dir)
		os.Exit(code)
	}))
}

type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func newAuthority() *authority {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der := must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))
	return &authority{must(x509.ParseCertificate(der)), key}
}

func (a *authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

func (a *authority) pool() *x509.CertPool { return Pool([]*x509.Certificate{a.cert}) }

// server is the TLS configuration of a server with a certificate for the names.
func (a *authority) server(names ...string) *tls.Config {
	return a.serverUntil(time.Now().Add(time.Hour), names...)
}

func (a *authority) serverUntil(end time.Time, names ...string) *tls.Config {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: a.cert.NotBefore, NotAfter: end, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der := must(x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key))
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

// listen serves every connection to a port of 127.0.0.1 with serve, which may wait for the end of done, and closes it.
func listen(t testing.TB, serve func(conn net.Conn, done <-chan struct{})) netip.AddrPort {
	return listenOn(t, "127.0.0.1:0", serve)
}

func listenOn(t testing.TB, address string, serve func(conn net.Conn, done <-chan struct{})) netip.AddrPort {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var conns []net.Conn
	done := make(chan struct{})
	wg.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, conn)
			mu.Unlock()
			wg.Go(func() {
				defer conn.Close()
				serve(conn, done)
			})
		}
	})
	t.Cleanup(func() {
		listener.Close()
		close(done)
		mu.Lock()
		for _, conn := range conns {
			conn.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return listener.Addr().(*net.TCPAddr).AddrPort()
}

// withTLS makes serve speak over TLS.
func withTLS(config *tls.Config, serve func(net.Conn, <-chan struct{})) func(net.Conn, <-chan struct{}) {
	return func(conn net.Conn, done <-chan struct{}) {
		secure := tls.Server(conn, config)
		if secure.Handshake() == nil {
			defer secure.Close()
			serve(secure, done)
		}
	}
}

// serveHTTP hands the connection's requests to handler.
func serveHTTP(handler http.HandlerFunc) func(net.Conn, <-chan struct{}) {
	return func(conn net.Conn, _ <-chan struct{}) {
		closed := make(chan struct{})
		server := &http.Server{Handler: handler, ConnState: func(_ net.Conn, s http.ConnState) {
			if s == http.StateClosed || s == http.StateHijacked {
				close(closed)
			}
		}}
		server.Serve(&oneConn{conn: conn})
		<-closed
	}
}

// oneConn is a listener with a single connection.
type oneConn struct {
	conn net.Conn
	used bool
}

func (l *oneConn) Accept() (net.Conn, error) {
	if l.used {
		return nil, io.EOF
	}
	l.used = true
	return l.conn, nil
}
func (l *oneConn) Close() error   { return nil }
func (l *oneConn) Addr() net.Addr { return l.conn.LocalAddr() }

// Behaviours of a server.

func silent(_ net.Conn, done <-chan struct{}) { <-done }

func closeAtOnce(net.Conn, <-chan struct{}) {}

// reset reads the beginning of the request, so that connecting succeeds, and resets the connection.
func reset(conn net.Conn, _ <-chan struct{}) {
	conn.Read(make([]byte, 1<<10))
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	conn.(*net.TCPConn).SetLinger(0)
	conn.Close()
}

// answerWith reads the beginning of the request, answers with text and ends.
func answerWith(text string) func(net.Conn, <-chan struct{}) {
	return func(conn net.Conn, done <-chan struct{}) {
		conn.Read(make([]byte, 4<<10))
		io.WriteString(conn, text)
		if tcp, ok := conn.(*net.TCPConn); ok {
			tcp.CloseWrite()
			<-done // otherwise unread data would turn the end into a reset
		}
	}
}

// connectTo sends every connection to addr.
func connectTo(addr netip.AddrPort) []Override {
	return []Override{{Addr: addr.Addr().String(), AddrPort: int(addr.Port())}}
}

// get sends a GET request and returns the answer's body.
func get(t testing.TB, n *Net, address string, timeout time.Duration) (string, *http.Response, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	return getIn(ctx, n, address)
}

func getIn(ctx context.Context, n *Net, address string) (string, *http.Response, error) {
	client := n.HTTPClient()
	defer client.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return "", nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), response, err
}

// dnsZone answers questions; nil means not at all.
type dnsZone func(name string, kind dnsmessage.Type) (dnsmessage.RCode, []netip.Addr, bool)

// hosts is a zone in which the names have the addresses and all else doesn't exist.
func hosts(names map[string][]string) dnsZone {
	return func(name string, kind dnsmessage.Type) (dnsmessage.RCode, []netip.Addr, bool) {
		list, ok := names[name]
		if !ok {
			return dnsmessage.RCodeNameError, nil, true
		}
		var addrs []netip.Addr
		for _, text := range list {
			if addr := netip.MustParseAddr(text); addr.Is4() == (kind == dnsmessage.TypeA) {
				addrs = append(addrs, addr)
			}
		}
		return dnsmessage.RCodeSuccess, addrs, true
	}
}

func always(code dnsmessage.RCode) dnsZone {
	return func(string, dnsmessage.Type) (dnsmessage.RCode, []netip.Addr, bool) { return code, nil, true }
}

func never(string, dnsmessage.Type) (dnsmessage.RCode, []netip.Addr, bool) { return 0, nil, false }

// reply answers a packed question as the zone says, or returns nil.
func (z dnsZone) reply(packet []byte) []byte {
	var m dnsmessage.Message
	if err := m.Unpack(packet); err != nil || len(m.Questions) != 1 {
		return nil
	}
	q := m.Questions[0]
	name := string(bytes.TrimSuffix(q.Name.Data[:q.Name.Length], []byte(".")))
	code, addrs, ok := z(name, q.Type)
	if !ok {
		return nil
	}
	m.Response, m.RecursionAvailable, m.RCode, m.Additionals = true, true, code, nil
	for _, addr := range addrs {
		r := dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 60}}
		if addr.Is4() {
			r.Body = &dnsmessage.AResource{A: addr.As4()}
		} else {
			r.Body = &dnsmessage.AAAAResource{AAAA: addr.As16()}
		}
		m.Answers = append(m.Answers, r)
	}
	return must(m.Pack())
}

// resolver uses a DNS server of the test.
func resolver(t testing.TB, zone dnsZone) *net.Resolver {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		packet := make([]byte, 4<<10)
		for {
			n, from, err := server.ReadFrom(packet)
			if err != nil {
				return
			}
			if answer := zone.reply(packet[:n]); answer != nil {
				server.WriteTo(answer, from)
			}
		}
	})
	t.Cleanup(func() { server.Close(); wg.Wait() })
	return resolverAt(server.LocalAddr().String())
}

func resolverAt(address string) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, "udp", address)
		if err == nil {
			// Go's resolver waits up to 5 s for an answer even after cancellation.
			context.AfterFunc(ctx, func() { conn.Close() })
		}
		return conn, err
	}}
}

// closedPort is a local port that nothing listens on.
func closedPort(t testing.TB) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

func hello(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }
