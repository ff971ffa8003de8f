package server

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"boxready/internal/bitrix"
	"boxready/internal/feed"
	"boxready/internal/receiver"
)

// pipes is a listener without a network.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func newPipes() *pipes { return &pipes{make(chan net.Conn), make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

type addressed struct {
	net.Conn
	from net.Addr
}

func (a *addressed) RemoteAddr() net.Addr { return a.from }

// dial connects as if from an address.
func (p *pipes) dial(from string) net.Conn {
	ours, theirs := net.Pipe()
	p.conns <- &addressed{theirs, net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(from), 1234))}
	return ours
}

// served runs f while a service answers, in a time that passes only when everybody waits.
func served(t *testing.T, f func(t *testing.T, p *pipes)) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Options{Public: public, Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.1/32")}})
		if err != nil {
			t.Fatal(err)
		}
		p := newPipes()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- s.Serve(ctx, p, nil) }()
		f(t, p)
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// healthy asks in a good way and tells whether there was a good answer.
func healthy(p *pipes, from string) bool {
	conn := p.dial(from)
	defer conn.Close()
	go io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	return err == nil && response.StatusCode == 200
}

func TestSlowClients(t *testing.T) {
	const head = "POST /mailbox/boxready-aaaaaaaaaaaaaaaaaaaaaaaaaa HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\n"
	for name, c := range map[string]struct {
		once string // what is written at once; then a byte every second
		most time.Duration
	}{
		"never says anything":  {"", headerTimeout},
		"a header by the byte": {"GET / HTTP/1.1\r\nX: ", headerTimeout},
		"a body by the byte":   {head, requestTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			served(t, func(t *testing.T, p *pipes) {
				begin := time.Now()
				gone := make(chan time.Duration, 40)
				for range 40 {
					conn := p.dial("192.0.2.1")
					go func() {
						defer conn.Close()
						_, err := io.WriteString(conn, c.once)
						for err == nil {
							time.Sleep(time.Second)
							_, err = io.WriteString(conn, "x")
							if c.once == "" {
								_, err = conn.Read(make([]byte, 1))
							}
						}
						gone <- time.Since(begin)
					}()
					go io.Copy(io.Discard, conn)
				}
				if !healthy(p, "192.0.2.2") {
					t.Error("others have to wait")
				}
				for range 40 {
					if took := <-gone; took > c.most+2*time.Second {
						t.Errorf("it was waited for %s", took)
					}
				}
				if !healthy(p, "192.0.2.1") {
					t.Error("its connections are still counted")
				}
			})
		})
	}
}

func TestConnectionLimits(t *testing.T) {
	served(t, func(t *testing.T, p *pipes) {
		var held []net.Conn
		for range maxConnsPerSource {
			held = append(held, p.dial("192.0.2.1"))
		}
		if healthy(p, "192.0.2.1") {
			t.Error("one too many is served")
		}
		if !healthy(p, "192.0.2.2") {
			t.Error("others aren't served")
		}
		for range maxConnsPerSource + 10 {
			held = append(held, p.dial("10.0.0.1"))
		}
		if !healthy(p, "10.0.0.1") {
			t.Error("a proxy that is believed has to be served")
		}
		for i := range maxConns {
			held = append(held, p.dial(fmt.Sprintf("203.0.113.%d", i%250)))
		}
		if healthy(p, "192.0.2.3") {
			t.Error("there is no limit")
		}
		for _, conn := range held {
			conn.Close()
		}
		synctest.Wait()
		if !healthy(p, "192.0.2.1") {
			t.Error("closed connections are still counted")
		}
	})
}

// TestNoise sends what no honest client does, over a real connection.
func TestNoise(t *testing.T) {
	s, err := New(Options{Public: public + "/base"})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- s.Serve(ctx, ln, nil) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	// say writes as much as the service takes and returns its answer's status, how much that was, and a Location if there was one.
	say := func(t *testing.T, head string, more io.Reader) (status int, written int64, location string) {
		t.Helper()
		conn, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		done := make(chan int64)
		go func() {
			n, _ := io.Copy(conn, io.MultiReader(strings.NewReader(head), more))
			done <- n
		}()
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err == nil {
			status, location = response.StatusCode, response.Header.Get("Location")
			_, _ = io.Copy(io.Discard, response.Body)
		}
		if tcp, ok := conn.(*net.TCPConn); ok && more == nothing {
			_ = tcp.CloseWrite()
		}
		return status, <-done, location
	}
	id := "boxready-" + strings.Repeat("a", 26)
	const end = "\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
	for _, path := range []string{
		"/", "/base", "/base/", "/mailbox/" + id, "/base/mailbox/", "/base/mailbox/" + id + "/", "/base//mailbox/" + id, "//base/mailbox/" + id, "/base/./mailbox/" + id, "/base/../base/mailbox/" + id,
		"/base/mailbox/../v1/mailboxes", "/base/%6dailbox/" + id, "/base/mailbox/" + id + "%00", "/base/mailbox/" + id + "%2f..", "/base/mailbox/" + strings.ToUpper(id), "/base/mailbox/" + id + ";x",
		"/base/v1/mailboxes/" + id, "/base/v1/mailboxes/", "/base/v1/../../etc/passwd", "/..%2f..%2fetc/passwd", "http://evil.example/base/mailbox/" + id, "/base/mailbox/" + id + "?x=1", "/base\\mailbox\\" + id,
	} {
		for _, method := range []string{"GET", "POST", "DELETE", "PUT", "TRACE", "PATCH", "HEAD", "PROPFIND"} {
			if status, _, to := say(t, method+" "+path+" HTTP/1.1"+end, nothing); status != 404 && status != 400 || to != "" {
				t.Errorf("%s %s: %d %s", method, path, status, to)
			}
		}
	}
	for name, head := range map[string]string{"OPTIONS *": "OPTIONS * HTTP/1.1" + end, "CONNECT": "CONNECT evil.example:443 HTTP/1.1" + end, "HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"two lengths":       "POST /base/v1/mailboxes HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
		"length and chunks": "POST /base/v1/mailboxes HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"no host":           "GET /base/healthz HTTP/1.1\r\n\r\n", "rubbish": "\x16\x03\x01\x00\xff\r\n\r\n",
	} {
		if status, _, to := say(t, head, nothing); status/100 != 4 && status != 505 || to != "" {
			t.Errorf("%s: %d %s", name, status, to)
		}
	}
	const gigabyte = 1 << 30
	const kind = "\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
	m, err := (&receiver.Client{HTTP: &http.Client{Transport: clientTransport{&testServer{t: t, Server: s}, "192.0.2.1"}}, Public: public + "/base"}).Open(t.Context(), "nonce")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		head string
		body io.Reader
		want int
	}{
		"1 GB":                {"POST /base/mailbox/" + m.ID + " HTTP/1.1" + kind + fmt.Sprintf("Content-Length: %d\r\n\r\n", gigabyte), io.LimitReader(zeros{}, gigabyte), 413},
		"1 GB in chunks":      {"POST /base/mailbox/" + m.ID + " HTTP/1.1" + kind + "Transfer-Encoding: chunked\r\n\r\n40000000\r\n", io.LimitReader(zeros{}, gigabyte), 413},
		"1 GB of header":      {"GET /base/healthz HTTP/1.1\r\nX: ", io.LimitReader(zeros{}, gigabyte), 431},
		"headers without end": {"GET /base/healthz HTTP/1.1\r\n", io.LimitReader(&lines{}, gigabyte), 431},
		"1 GB to nowhere":     {"POST /x HTTP/1.1" + kind + fmt.Sprintf("Content-Length: %d\r\n\r\n", gigabyte), io.LimitReader(zeros{}, gigabyte), 404},
	} {
		// The answer may be lost where the connection is cut while more is sent.
		if status, written, _ := say(t, c.head, c.body); status != c.want && status != 0 || written > gigabyte/4 {
			t.Errorf("%s: %d after %d bytes", name, status, written)
		}
	}
	if status, _, _ := say(t, "GET /base/healthz HTTP/1.1"+end, nothing); status != 200 {
		t.Errorf("it doesn't answer any more: %d", status)
	}
}

var nothing io.Reader = strings.NewReader("")

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = '0'
	}
	return len(b), nil
}

type lines struct{}

func (lines) Read(b []byte) (int, error) {
	return copy(b, strings.Repeat("X-Y: z\r\n", len(b)/8+1)) / 8 * 8, nil
}

// doer answers for the hosts that publish the lists.
type doer func(*http.Request) (*http.Response, error)

func (d doer) Do(r *http.Request) (*http.Response, error) { return d(r) }

func TestLists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked []time.Time
		var dead atomic.Bool
		dead.Store(true)
		fetcher := &feed.Fetcher{Now: time.Now, Client: doer(func(r *http.Request) (*http.Response, error) {
			world := r.URL.String() == bitrix.Feed(bitrix.World)
			if world && dead.Load() {
				return nil, errors.New("no way")
			}
			nodes := `{"nodes":["198.51.100.21"]}`
			if world {
				nodes = `{"nodes":["203.0.113.0/24"]}`
			} else {
				asked = append(asked, time.Now())
			}
			return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(nodes)), Header: http.Header{}}, nil
		})}
		l := &Lists{}
		expect := func(address string, want receiver.Listing) {
			t.Helper()
			if got := l.Listing(netip.MustParseAddr(address)); got != want {
				t.Errorf("%s is %s, expected %s", address, got, want)
			}
		}
		expect("198.51.100.21", receiver.Unsure)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); l.Keep(ctx, fetcher) }()
		synctest.Wait()
		expect("198.51.100.21", receiver.Listed)
		expect("192.0.2.1", receiver.Unsure)
		dead.Store(false)
		time.Sleep(retryInterval + time.Second)
		expect("203.0.113.9", receiver.Listed)
		expect("192.0.2.1", receiver.Unlisted)
		time.Sleep(time.Hour)
		cancel()
		<-ended
		for i, at := range asked[1:] {
			if gap := at.Sub(asked[i]); gap < refreshInterval {
				t.Errorf("asked again after %s", gap)
			}
		}
		if len(asked) < 6 {
			t.Errorf("asked %d times in an hour", len(asked))
		}
	})
}

func TestCertificateIsReadAgain(t *testing.T) {
	cert, key := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	if _, err := TLS(cert, key, nil); err == nil {
		t.Fatal("there is none")
	}
	when := time.Now()
	write := func(name string) {
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour)}
		der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
		if err != nil {
			t.Fatal(err)
		}
		secret, err := x509.MarshalPKCS8PrivateKey(private)
		if err != nil {
			t.Fatal(err)
		}
		when = when.Add(time.Minute)
		if err := errors.Join(os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600),
			os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600), os.Chtimes(cert, when, when)); err != nil {
			t.Fatal(err)
		}
	}
	write("first")
	var said bytes.Buffer
	writing := &locked{w: &said}
	config, err := TLS(cert, key, slog.New(slog.NewTextHandler(writing, nil)))
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- newTestServer(t).Serve(ctx, ln, config) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	warned := 0
	expect := func(want string, warnings int) {
		t.Helper()
		for range 5 {
			conn, err := tls.Dial("tcp", ln.Addr().String(), &tls.Config{InsecureSkipVerify: true})
			if err != nil {
				t.Fatal(err)
			}
			if got := conn.ConnectionState().PeerCertificates[0].Subject.CommonName; got != want {
				t.Errorf("%s, expected %s", got, want)
			}
			conn.Close()
		}
		warned += warnings
		writing.mu.Lock()
		defer writing.mu.Unlock()
		if got := strings.Count(said.String(), "the old one stays"); got != warned {
			t.Errorf("%d warnings, expected %d:\n%s", got, warned, said.String())
		}
	}
	expect("first", 0)
	write("second")
	expect("second", 0)
	when = when.Add(time.Minute)
	if err := errors.Join(os.WriteFile(cert, []byte("half of i"), 0o600), os.Chtimes(cert, when, when)); err != nil {
		t.Fatal(err)
	}
	expect("second", 1)
	if err := os.Remove(cert); err != nil {
		t.Fatal(err)
	}
	expect("second", 1)
	write("third")
	expect("third", 0)
	if err := os.WriteFile(key, nil, 0o600); err != nil { // the key alone, as if it were renewed first
		t.Fatal(err)
	}
	expect("third", 1)
}
