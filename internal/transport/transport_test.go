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
	secure, err := Handshake(t.Context(), conn, &tls.Config{ServerName: "portal.test"})
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
