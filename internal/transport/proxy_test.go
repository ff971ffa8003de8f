package transport

import (
	"bufio"
	"context"
	"encoding/base64"
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

// viaProxy returns a Net with the proxy at address, with credentials.
func viaProxy(t testing.TB, address string, overrides ...Override) *Net {
	t.Helper()
	via := must(url.Parse(address))
	via.User = url.UserPassword(proxyUser, proxyPassword)
	return New(Options{
		Roots: testCA.pool(), ConnectTo: overrides, Version: "test",
		Proxy: func(*url.URL) (*url.URL, error) { return via, nil },
	})
}

// tunnelTo is a proxy that forwards everything to target, and reports the request that it got.
func tunnelTo(target netip.AddrPort, answer string, asked chan<- *http.Request) func(net.Conn, <-chan struct{}) {
	return func(conn net.Conn, done <-chan struct{}) {
		reader := bufio.NewReader(conn)
		request, err := http.ReadRequest(reader)
		if err != nil {
			return
		}
		select {
		case asked <- request:
		default:
		}
		onward, err := net.Dial("tcp", target.String())
		if err != nil {
			return
		}
		defer onward.Close()
		if request.Method == http.MethodConnect {
			io.WriteString(conn, answer)
		} else {
			request.WriteProxy(onward)
		}
		pipe(conn, reader, onward)
	}
}

func pipe(conn net.Conn, reader io.Reader, onward net.Conn) {
	go func() {
		io.Copy(onward, reader)
		onward.(*net.TCPConn).CloseWrite()
	}()
	io.Copy(conn, onward)
}

const established = "HTTP/1.1 200 Connection established\r\n\r\n"

// requestURLs has a URL for each way through a proxy.
var requestURLs = map[string]string{"https": "https://portal.test/", "http": "http://portal.test/?code=s3cret"}

func TestProxyForwards(t *testing.T) {
	secure, plain := listen(t, withTLS(testCA.server("portal.test"), serveHTTP(hello))), listen(t, serveHTTP(hello))
	credentials := "Basic " + base64.StdEncoding.EncodeToString([]byte(proxyUser+":"+proxyPassword))
	for name, c := range map[string]struct {
		scheme, answer string
	}{
		"http":                     {"http", established},
		"http, HTTP/1.0":           {"http", "HTTP/1.0 200 OK\r\n\r\n"},
		"http, another 2xx":        {"http", "HTTP/1.1 204 No Content\r\n\r\n"},
		"http, announces a body":   {"http", "HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n"},
		"http, announces chunks":   {"http", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"},
		"http, large header":       {"http", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 32<<10) + "\r\n\r\n"},
		"https":                    {"https", established},
		"https, by another answer": {"https", "HTTP/1.0 200 OK\r\nProxy-Agent: x\r\n\r\n"},
	} {
		for scheme, address := range requestURLs {
			t.Run(name+" to "+scheme, func(t *testing.T) {
				asked := make(chan *http.Request, 1)
				target := secure
				if scheme == "http" {
					target = plain
				}
				serve := tunnelTo(target, c.answer, asked)
				if c.scheme == "https" {
					serve = withTLS(testCA.server("proxy.test"), serve)
				}
				proxy := listen(t, serve)
				// Overrides apply to the proxy's name too.
				n := viaProxy(t, c.scheme+"://proxy.test:3128", must(ParseOverride("proxy.test:3128:"+proxy.String())))
				body, _, err := get(t, n, address, 5*time.Second)
				if err != nil || body != "hello" {
					t.Fatalf("%q, %v", body, err)
				}
				request := <-asked
				if got := request.Header.Get("Proxy-Authorization"); got != credentials {
					t.Errorf("Proxy-Authorization %q", got)
				}
				if got := request.Header.Get("User-Agent"); got != "BoxReady/test" {
					t.Errorf("User-Agent %q", got)
				}
				want := http.MethodGet + " " + address
				if scheme == "https" {
					want = "CONNECT portal.test:443"
				}
				if got := request.Method + " " + request.RequestURI; got != want {
					t.Errorf("asked %q, want %q", got, want)
				}
			})
		}
	}
}

func TestProxyFails(t *testing.T) {
	closed := fmt.Sprintf("127.0.0.1:%d", closedPort(t))
	refuse := func(status string) func(net.Conn, <-chan struct{}) {
		return answerWith("HTTP/1.1 " + status + "\r\nContent-Length: 5\r\n\r\nnever")
	}
	for name, c := range map[string]struct {
		scheme  string
		serve   func(net.Conn, <-chan struct{})
		failure Failure
		status  int
		// Over plain http a proxy's answer can't be distinguished from the portal's.
		plainAnswers bool
	}{
		"407":                   {"http", refuse("407 Proxy Authentication Required"), ProxyAuth, 0, false},
		"403":                   {"http", refuse("403 Forbidden"), ProxyRefuse, 403, true},
		"502":                   {"http", refuse("502 token=s3cr3t-w0rd"), ProxyRefuse, 502, true},
		"silence":               {"http", silent, Timeout, 0, false},
		"nobody there":          {"http", nil, ProxyRefuse, 0, false},
		"reset":                 {"http", reset, ProxyRefuse, 0, true},
		"end":                   {"http", answerWith(""), ProxyRefuse, 0, true},
		"not HTTP":              {"http", answerWith("SSH-2.0-OpenSSH_9.6\r\n"), ProxyRefuse, 0, true},
		"header without end":    {"http", flood, ProxyRefuse, 0, true},
		"https, 407":            {"https", withTLS(testCA.server("127.0.0.1"), refuse("407 No")), ProxyAuth, 0, false},
		"https, 403":            {"https", withTLS(testCA.server("127.0.0.1"), refuse("403 No")), ProxyRefuse, 403, true},
		"https, silence":        {"https", silent, Timeout, 0, false},
		"https, not TLS":        {"https", refuse("400 Bad Request"), ProxyRefuse, 0, false},
		"https, unknown CA":     {"https", withTLS(newAuthority().server("127.0.0.1"), silent), ProxyRefuse, 0, false},
		"https, other name":     {"https", withTLS(testCA.server("other.test"), silent), ProxyRefuse, 0, false},
		"https, nobody there":   {"https", nil, ProxyRefuse, 0, false},
		"socks, silence":        {"socks5", silent, Timeout, 0, false},
		"socks, nobody there":   {"socks5", nil, ProxyRefuse, 0, false},
		"socks, end":            {"socks5", answerWith(""), ProxyRefuse, 0, false},
		"socks, not SOCKS":      {"socks5", refuse("400 Bad Request"), ProxyRefuse, 0, false},
		"socks, other methods":  {"socks5", socks(netip.AddrPort{}, 0xff, 0, 0), ProxyAuth, 0, false},
		"socks, wrong password": {"socks5h", socks(netip.AddrPort{}, 2, 1, 0), ProxyAuth, 0, false},
		"socks, not allowed":    {"socks5", socks(netip.AddrPort{}, 0, 0, 2), ProxyRefuse, 0, false},
		"socks, unreachable":    {"socks5h", socks(netip.AddrPort{}, 2, 0, 4), ProxyRefuse, 0, false},
		"unknown kind":          {"socks4", nil, ProxyRefuse, 0, false},
	} {
		for scheme, address := range requestURLs {
			t.Run(name+" to "+scheme, func(t *testing.T) {
				proxy := closed
				if c.serve != nil {
					proxy = listen(t, c.serve).String()
				}
				timeout := 5 * time.Second
				if c.failure == Timeout {
					timeout = testTimeout
				}
				n := viaProxy(t, c.scheme+"://"+proxy)
				_, _, err := get(t, n, address, timeout)
				if scheme == "http" && c.plainAnswers {
					if failure := FailureOf(err); failure == ProxyRefuse {
						t.Errorf("failure %q: %v", failure, err)
					}
					return
				}
				stage := StageProxy
				if scheme == "http" && name == "silence" {
					stage = StageHTTP // the proxy has the whole request; the portal may be the silent one
				}
				if FailureOf(err) != c.failure || StageOf(err) != stage {
					t.Errorf("failure %q at stage %q, want %q: %v", FailureOf(err), StageOf(err), c.failure, err)
				}
				var refused *ProxyError
				if errors.As(err, &refused) && refused.Status != c.status {
					t.Errorf("status %d, want %d", refused.Status, c.status)
				}
				assertNoCredentials(t, fmt.Sprint(err))
			})
		}
	}
}

func assertNoCredentials(t *testing.T, text string) {
	t.Helper()
	for _, secret := range []string{proxyPassword, proxyUser, base64.StdEncoding.EncodeToString([]byte(proxyUser + ":" + proxyPassword))} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in %q", secret, text)
		}
	}
}

func TestProxyCancel(t *testing.T) {
	for name, scheme := range map[string]string{"http": "http", "https": "https", "socks": "socks5"} {
		t.Run(name, func(t *testing.T) {
			n := viaProxy(t, scheme+"://"+listen(t, silent).String())
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(testTimeout, cancel)
			_, _, err := getIn(ctx, n, "https://portal.test/")
			if FailureOf(err) != Cancelled || StageOf(err) != StageProxy {
				t.Errorf("failure %q at stage %q: %v", FailureOf(err), StageOf(err), err)
			}
		})
		t.Run(name+", a deadline without a request", func(t *testing.T) {
			n := viaProxy(t, scheme+"://"+listen(t, silent).String())
			ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
			defer cancel()
			_, err := n.Dial(ctx, "portal.test", 443)
			if FailureOf(err) != Timeout || StageOf(err) != StageProxy {
				t.Errorf("failure %q at stage %q: %v", FailureOf(err), StageOf(err), err)
			}
			assertNoCredentials(t, fmt.Sprint(err))
		})
	}
}

// Bytes right after the proxy's answer are the target's.
func TestProxyEarlyBytes(t *testing.T) {
	for name, c := range map[string]struct {
		early   string
		failure Failure
	}{
		"a server that sends first": {"220 mail.test ESMTP\r\n", NotTLS},
		"an answer of HTTP":         {"HTTP/1.1 400 Bad Request\r\n\r\n", NotTLS},
		"more than a buffer":        {strings.Repeat("garbage ", 4<<10), NotTLS},
	} {
		t.Run(name, func(t *testing.T) {
			n := viaProxy(t, "http://"+listen(t, answerWith(established+c.early)).String())
			_, _, err := get(t, n, "https://portal.test/", 5*time.Second)
			if FailureOf(err) != c.failure || StageOf(err) != StageTLS {
				t.Errorf("failure %q at stage %q: %v", FailureOf(err), StageOf(err), err)
			}
			conn, err := n.Dial(t.Context(), "portal.test", 443)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if got, _ := io.ReadAll(conn); string(got) != c.early {
				t.Errorf("read %d bytes %.40q, want %d", len(got), got, len(c.early))
			}
		})
	}
}

// socks is a SOCKS 5 proxy in front of target. It chooses method, and answers with the two codes.
func socks(target netip.AddrPort, method, auth, answer byte) func(net.Conn, <-chan struct{}) {
	return func(conn net.Conn, done <-chan struct{}) {
		read := func(n int) []byte {
			b := make([]byte, n)
			io.ReadFull(conn, b)
			return b
		}
		read(int(read(2)[1]))
		conn.Write([]byte{5, method})
		switch method {
		case 0xff:
			return
		case 2:
			user := read(int(read(2)[1]))
			password := read(int(read(1)[0]))
			if string(user) != proxyUser || string(password) != proxyPassword {
				auth = 1
			}
			conn.Write([]byte{1, auth})
			if auth != 0 {
				return
			}
		}
		head := read(5)
		host := string(read(int(head[4])))
		read(2)
		if head[3] != 3 || host != "portal.test" { // a name, which the proxy looks up
			answer = 8
		}
		conn.Write([]byte{5, answer, 0, 1, 0, 0, 0, 0, 0, 0})
		if answer != 0 {
			return
		}
		onward, err := net.Dial("tcp", target.String())
		if err != nil {
			return
		}
		defer onward.Close()
		pipe(conn, conn, onward)
	}
}

func TestSOCKS(t *testing.T) {
	targets := map[string]netip.AddrPort{
		"https": listen(t, withTLS(testCA.server("portal.test"), serveHTTP(hello))),
		"http":  listen(t, serveHTTP(hello)),
	}
	for scheme, address := range requestURLs {
		for name, method := range map[string]byte{"without password": 0, "with password": 2} {
			t.Run(name+" to "+scheme, func(t *testing.T) {
				n := viaProxy(t, "socks5://"+listen(t, socks(targets[scheme], method, 0, 0)).String())
				if body, _, err := get(t, n, address, 5*time.Second); err != nil || body != "hello" {
					t.Errorf("%q, %v", body, err)
				}
			})
		}
	}
}

func TestProxyFor(t *testing.T) {
	var asked atomic.Pointer[url.URL]
	n := New(Options{
		ConnectTo: []Override{must(ParseOverride("given.test:443:127.0.0.1:1"))},
		Proxy: func(u *url.URL) (*url.URL, error) {
			asked.Store(u)
			switch u.Hostname() {
			case "direct.test":
				return nil, nil
			case "broken.test":
				return nil, fmt.Errorf("invalid proxy address %q", "http://"+proxyUser+":"+proxyPassword+"@:x")
			case "script.test":
				return &url.URL{Host: "proxy.test:8080"}, nil
			case "scripts.test":
				return &url.URL{Host: "proxy.test:8080 second.test:8080"}, nil
			}
			return url.Parse("http://" + proxyUser + ":" + proxyPassword + "@proxy.test:3128")
		},
	})
	const usual = "http://proxy.test:3128"
	for name, c := range map[string]struct {
		scheme, host string
		port         int
		want, asked  string
		failure      Failure
	}{
		"usual":               {scheme: "https", host: "portal.test", port: 443, want: usual, asked: "https://portal.test:443"},
		"plain http":          {scheme: "http", host: "portal.test", port: 80, want: usual, asked: "http://portal.test:80"},
		"IPv6":                {scheme: "https", host: "2001:db8::1", port: 443, want: usual, asked: "https://[2001:db8::1]:443"},
		"none":                {scheme: "https", host: "direct.test", port: 443, asked: "https://direct.test:443"},
		"overridden":          {scheme: "https", host: "given.test", port: 443},
		"overridden, capital": {scheme: "https", host: "Given.test", port: 443},
		"not that port":       {scheme: "https", host: "given.test", port: 8443, want: usual, asked: "https://given.test:8443"},
		"loopback":            {scheme: "https", host: "127.0.0.1", port: 443},
		"loopback, another":   {scheme: "https", host: "127.1.2.3", port: 443},
		"loopback, IPv6":      {scheme: "https", host: "::1", port: 443},
		"loopback, mapped":    {scheme: "https", host: "::ffff:127.0.0.1", port: 443},
		"localhost":           {scheme: "http", host: "LocalHost", port: 80},
		"under localhost":     {scheme: "http", host: "portal.localhost.", port: 80},
		"script":              {scheme: "https", host: "script.test", port: 443, want: "http://proxy.test:8080", asked: "https://script.test:443"},
		"script, two":         {scheme: "https", host: "scripts.test", port: 443, want: "http://proxy.test:8080", asked: "https://scripts.test:443"},
		"broken setting":      {scheme: "https", host: "broken.test", port: 443, asked: "https://broken.test:443", failure: ProxyRefuse},
	} {
		t.Run(name, func(t *testing.T) {
			asked.Store(nil)
			via, err := n.ProxyFor(c.scheme, c.host, c.port)
			if got := ProxyName(via); got != c.want {
				t.Errorf("proxy %q, want %q", got, c.want)
			}
			if FailureOf(err) != c.failure || err != nil && StageOf(err) != StageProxy {
				t.Errorf("failure %q: %v", FailureOf(err), err)
			}
			assertNoCredentials(t, fmt.Sprint(err))
			question := ""
			if u := asked.Load(); u != nil {
				question = u.String()
			}
			if question != c.asked {
				t.Errorf("the system was asked for %q, want %q", question, c.asked)
			}
		})
	}
	for scheme := range requestURLs {
		t.Run("broken setting to "+scheme, func(t *testing.T) {
			_, _, err := get(t, n, scheme+"://broken.test/", time.Second)
			if FailureOf(err) != ProxyRefuse || StageOf(err) != StageProxy {
				t.Errorf("failure %q at stage %q: %v", FailureOf(err), StageOf(err), err)
			}
			assertNoCredentials(t, fmt.Sprint(err))
		})
	}
}

func TestProxyName(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"plain":       {"http://proxy.test:3128", "http://proxy.test:3128"},
		"credentials": {"http://" + proxyUser + ":" + proxyPassword + "@proxy.test:3128/path?q=" + proxyPassword, "http://proxy.test:3128"},
		"user only":   {"socks5://" + proxyUser + "@proxy.test", "socks5://proxy.test"},
		"IPv6":        {"https://[2001:db8::1]:443", "https://[2001:db8::1]:443"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := ProxyName(must(url.Parse(c.in))); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
	if got := ProxyName(nil); got != "" {
		t.Errorf("none: %q", got)
	}
}

// See TestMain for the environment.
func TestSystemProxy(t *testing.T) {
	n := New(Options{Proxy: SystemProxy()})
	for name, c := range map[string]struct {
		scheme, host, want string
	}{
		"https":      {"https", "portal.test", "http://proxy.test:3128"},
		"exempt":     {"https", "portal.intranet.test", ""},
		"loopback":   {"https", "127.0.0.1", ""},
		"no address": {"http", "portal.test", ""}, // ignored by the library
	} {
		t.Run(name, func(t *testing.T) {
			via, err := n.ProxyFor(c.scheme, c.host, 443)
			if ProxyName(via) != c.want || err != nil {
				t.Errorf("%q, %v", ProxyName(via), err)
			}
		})
	}
}
