package transport

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestHTTPClient(t *testing.T) {
	var requests atomic.Int32
	var conns atomic.Int32
	handler := func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		switch r.URL.Path {
		case "/redirect":
			http.Redirect(w, r, "https://elsewhere.test/", http.StatusFound)
		case "/packed":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			io.WriteString(z, "hello")
			z.Close()
		default:
			fmt.Fprintf(w, "%s host=%s agent=%s gzip=%s", r.Proto, r.Host, r.UserAgent(), r.Header.Get("Accept-Encoding"))
		}
	}
	serve := func(conn net.Conn, done <-chan struct{}) {
		conns.Add(1)
		serveHTTP(handler)(conn, done)
	}
	secure, plain := listen(t, withTLS(testCA.server("portal.test"), serve)), listen(t, serve)
	n := New(Options{Roots: testCA.pool(), Version: "1.2", ConnectTo: []Override{
		must(ParseOverride("portal.test:443:" + secure.String())), must(ParseOverride("portal.test:80:" + plain.String())),
	}})
	for _, scheme := range []string{"https", "http"} {
		for name, c := range map[string]struct {
			path, body string
			status     int
		}{
			"request":          {"/", "HTTP/1.1 host=portal.test agent=BoxReady/1.2 gzip=", 200},
			"no redirect":      {"/redirect", "", 302},
			"no decompression": {"/packed", "\x1f\x8b", 200},
		} {
			t.Run(name+" over "+scheme, func(t *testing.T) {
				requests.Store(0)
				conns.Store(0)
				client := n.HTTPClient()
				for range 2 {
					response, err := client.Get(scheme + "://portal.test" + c.path)
					if err != nil {
						t.Fatal(err)
					}
					body, _ := io.ReadAll(response.Body)
					response.Body.Close()
					if response.StatusCode != c.status || !strings.HasPrefix(string(body), c.body) {
						t.Errorf("%d %q", response.StatusCode, body)
					}
				}
				if requests.Load() != 2 || conns.Load() != 2 {
					t.Errorf("%d requests on %d connections", requests.Load(), conns.Load())
				}
			})
		}
	}
}

// The caller's request is not changed, and its body is closed even if nothing is sent.
func TestIdentify(t *testing.T) {
	body := &closing{Reader: strings.NewReader("a=b")}
	n := New(Options{Version: "test", Proxy: func(*url.URL) (*url.URL, error) { return nil, errors.New("broken") }})
	request, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://portal.test/", body)
	if _, err := n.HTTPClient().Transport.RoundTrip(request); FailureOf(err) != ProxyRefuse {
		t.Error(err)
	}
	if !body.closed {
		t.Error("the body is still open")
	}
	if len(request.Header) != 0 {
		t.Errorf("the request has headers: %v", request.Header)
	}
}

type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error {
	c.closed = true
	return nil
}

func TestDial(t *testing.T) {
	open := listen(t, answerWith("hello"))
	port := int(open.Port())
	zone := resolver(t, hosts(map[string][]string{
		"portal.test": {"127.0.0.1"}, "second.test": {"127.0.0.9", "127.0.0.1"}, "front.test": {"127.0.0.1"}, "closed.test": {"127.0.0.9"},
	}))
	six := 0
	if listener, err := net.Listen("tcp", "[::1]:0"); err == nil {
		listener.Close()
		six = int(listenOn(t, "[::1]:0", answerWith("hello")).Port())
	}
	for name, c := range map[string]struct {
		host      string
		port      int
		overrides []string
		failure   Failure
	}{
		"name":                      {host: "portal.test", port: port},
		"second address":            {host: "second.test", port: port},
		"literal":                   {host: "127.0.0.1", port: port},
		"literal IPv6":              {host: "::1", port: six},
		"override":                  {host: "other.test", port: 443, overrides: []string{"other.test:443:" + open.String()}},
		"override to a name":        {host: "other.test", port: 443, overrides: []string{fmt.Sprintf("other.test:443:front.test:%d", port)}},
		"override of an address":    {host: "192.0.2.1", port: 443, overrides: []string{"192.0.2.1:443:" + open.String()}},
		"override of IPv6":          {host: "2001:db8::1", port: 443, overrides: []string{"[2001:db8::1]:443:" + open.String()}},
		"override of one looked up": {host: "closed.test", port: 443, overrides: []string{"127.0.0.9:443:" + open.String()}},
		"no override of the target": {host: "other.test", port: 443, overrides: []string{fmt.Sprintf("other.test:443:front.test:%d", port), "front.test::127.0.0.9:1"}},
		"closed":                    {host: "closed.test", port: port, failure: Refused},
		"unknown":                   {host: "nowhere.test", port: port, failure: NameUnknown},
		"override to an unknown":    {host: "other.test", port: 443, overrides: []string{"other.test:443:nowhere.test:1"}, failure: NameUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			if c.port == 0 {
				t.Skip("no IPv6 on this computer")
			}
			o := Options{Resolver: zone}
			for _, text := range c.overrides {
				o.ConnectTo = append(o.ConnectTo, must(ParseOverride(text)))
			}
			conn, err := New(o).Dial(t.Context(), c.host, c.port)
			if FailureOf(err) != c.failure {
				t.Fatalf("failure %q: %v", FailureOf(err), err)
			}
			if err != nil {
				if conn != nil {
					t.Error("a connection beside the error")
				}
				return
			}
			defer conn.Close()
			io.WriteString(conn, "?")
			if got, _ := io.ReadAll(conn); string(got) != "hello" {
				t.Errorf("read %q", got)
			}
		})
	}
	t.Run("one address", func(t *testing.T) {
		n := New(Options{ConnectTo: []Override{must(ParseOverride("[2001:db8::1]:443:" + open.String()))}})
		conn, err := n.DialAddr(t.Context(), netip.MustParseAddrPort("[2001:db8::1]:443"))
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		conn, err := New(Options{Resolver: zone}).Dial(ctx, "second.test", port)
		if conn != nil || FailureOf(err) != Cancelled {
			t.Errorf("%v, %v", conn, err)
		}
	})
}

// TestDialAny uses fake time: the durations are exact.
func TestDialAny(t *testing.T) {
	const never = time.Hour
	type address struct {
		after time.Duration
		err   error
	}
	refused := errors.New("refused")
	for name, c := range map[string]struct {
		addresses []address
		want      int // the connection's address; -1 for none
		took      time.Duration
		tried     int
	}{
		"one":                              {[]address{{20 * time.Millisecond, nil}}, 0, 20 * time.Millisecond, 1},
		"the first answers":                {[]address{{20 * time.Millisecond, nil}, {0, nil}}, 0, 20 * time.Millisecond, 1},
		"the first refuses":                {[]address{{20 * time.Millisecond, refused}, {20 * time.Millisecond, nil}}, 1, 40 * time.Millisecond, 2},
		"the first is silent":              {[]address{{never, nil}, {20 * time.Millisecond, nil}}, 1, attemptDelay + 20*time.Millisecond, 2},
		"two are silent":                   {[]address{{never, nil}, {never, nil}, {0, nil}}, 2, 2 * attemptDelay, 3},
		"the first is slow and yet first":  {[]address{{300 * time.Millisecond, nil}, {time.Second, nil}}, 0, 300 * time.Millisecond, 2},
		"one is silent, the next refuses":  {[]address{{never, nil}, {0, refused}, {0, nil}}, 2, attemptDelay, 3},
		"all refuse":                       {[]address{{time.Millisecond, refused}, {time.Millisecond, refused}}, -1, 2 * time.Millisecond, 2},
		"the first refuses late, all fail": {[]address{{time.Second, refused}, {0, refused}}, -1, time.Second, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var addrs []netip.Addr
				for i := range c.addresses {
					addrs = append(addrs, netip.AddrFrom4([4]byte{203, 0, 113, byte(i)}))
				}
				var tried atomic.Int32
				dial := func(ctx context.Context, addr netip.AddrPort) (net.Conn, error) {
					tried.Add(1)
					of := c.addresses[addr.Addr().As4()[3]]
					select {
					case <-time.After(of.after):
					case <-ctx.Done():
						return nil, ctx.Err()
					}
					if of.err != nil {
						return nil, fmt.Errorf("connect to %s: %w", addr, of.err)
					}
					return &numbered{number: int(addr.Addr().As4()[3])}, nil
				}
				start := time.Now()
				conn, err := dialAny(t.Context(), addrs, 443, dial)
				if took := time.Since(start); took != c.took || int(tried.Load()) != c.tried {
					t.Errorf("took %s, tried %d; want %s, %d", took, tried.Load(), c.took, c.tried)
				}
				switch {
				case c.want < 0 && conn != nil, c.want >= 0 && (err != nil || conn.(*numbered).number != c.want):
					t.Errorf("%v, %v", conn, err)
				case c.want < 0 && !errors.Is(err, refused):
					t.Errorf("the error says %v", err)
				}
			})
		})
	}
}

// TestHTTPClientAt asserts that plain http goes to the given address, and elsewhere only by an override.
func TestHTTPClientAt(t *testing.T) {
	answers := func(text string) string {
		return listen(t, answerWith(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(text), text))).String()
	}
	zone := resolver(t, hosts(map[string][]string{"portal.test": {"203.0.113.1", "203.0.113.2"}}))
	byAddress := []Override{must(ParseOverride("203.0.113.1:80:" + answers("first"))), must(ParseOverride("203.0.113.2:80:" + answers("second")))}
	byName := []Override{must(ParseOverride("portal.test:80:" + answers("named")))}
	second := netip.MustParseAddr("203.0.113.2")
	for name, c := range map[string]struct {
		o    Options
		at   netip.Addr
		want string
	}{
		"any":      {Options{Resolver: zone, ConnectTo: byAddress}, netip.Addr{}, "first"},
		"given":    {Options{Resolver: zone, ConnectTo: byAddress}, second, "second"},
		"override": {Options{Resolver: zone, ConnectTo: append(byName, byAddress...)}, second, "named"},
	} {
		t.Run(name, func(t *testing.T) {
			client := New(c.o).HTTPClientAt(c.at)
			defer client.CloseIdleConnections()
			response, err := client.Get("http://portal.test/")
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			if got, _ := io.ReadAll(response.Body); string(got) != c.want {
				t.Errorf("%q answered, want %q", got, c.want)
			}
		})
	}
}

type numbered struct {
	net.Conn
	number int
}

func (n *numbered) Close() error { return nil }

// A dial of net/http ends with its request; nothing continues in the background.
func TestDialEndsWithRequest(t *testing.T) {
	for _, scheme := range []string{"https", "http"} {
		t.Run(scheme, func(t *testing.T) {
			ended := make(chan error, 1)
			n := New(Options{Resolver: &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
				<-ctx.Done()
				select {
				case ended <- ctx.Err():
				default:
				}
				return nil, ctx.Err()
			}}})
			ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
			defer cancel()
			request, _ := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://portal.test/", nil)
			response, err := n.HTTPClient().Do(request)
			if err == nil {
				response.Body.Close()
			}
			if FailureOf(err) != Timeout || StageOf(err) != StageDNS {
				t.Errorf("failure %q at stage %q: %v", FailureOf(err), StageOf(err), err)
			}
			select {
			case <-ended:
			case <-time.After(time.Second):
				t.Error("the look-up goes on")
			}
		})
	}
}

func TestHandshakeClosesOnFailure(t *testing.T) {
	addr := listen(t, answerWith("HTTP/1.1 400 Bad Request\r\n\r\n"))
	conn, err := New(Options{}).DialAddr(t.Context(), addr)
	if err != nil {
		t.Fatal(err)
	}
	secure, err := New(Options{}).Handshake(t.Context(), conn, &tls.Config{ServerName: "portal.test"})
	if secure != nil || FailureOf(err) != NotTLS || StageOf(err) != StageTLS {
		t.Errorf("%v, failure %q: %v", secure, FailureOf(err), err)
	}
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the connection is open: %v", err)
	}
}

func TestPortOf(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want int
	}{
		"https":       {"https://a.test/", 443},
		"http":        {"http://a.test/", 80},
		"given":       {"http://a.test:8080/", 8080},
		"given, IPv6": {"https://[::1]:8443/", 8443},
		"empty":       {"https://a.test:/", 443},
	} {
		t.Run(name, func(t *testing.T) {
			if got := PortOf(must(url.Parse(c.in))); got != c.want {
				t.Errorf("%d, want %d", got, c.want)
			}
		})
	}
}

// A port is never truncated: 65979 is 443 in sixteen bits.
func TestInvalidPorts(t *testing.T) {
	for _, port := range []string{"65979", "-1", "65536", "443x", ""} {
		if _, got, err := splitHostPort("portal.test:" + port); err == nil {
			t.Errorf("port %q is %d", port, got)
		}
	}
}
