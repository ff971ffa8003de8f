package portal

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"boxready/internal/secret"
	"boxready/internal/simtest/testenv"
	"boxready/internal/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(testenv.M{M: m}) }

const (
	testHost     = "example.com" // the name in httptest's certificate
	longToken    = "0123456789abcdef0123456789abcdef"
	shortTimeout = 150 * time.Millisecond
	longTimeout  = 5 * time.Second
)

// asked is a request that the portal got.
type asked struct {
	*http.Request
	body string
}

// carriersOf returns the carriers in which the rest module would find this token.
func (a asked) carriersOf(token string) []Carrier {
	var places []Carrier
	if form, _ := url.ParseQuery(a.body); form.Get("auth") == token && a.Header.Get("Content-Type") == "application/x-www-form-urlencoded" {
		places = append(places, InForm)
	}
	var fields struct{ Auth string }
	if json.Unmarshal([]byte(a.body), &fields) == nil && fields.Auth == token && a.Header.Get("Content-Type") == "application/json" {
		places = append(places, InJSON)
	}
	if a.URL.Query().Get("auth") == token {
		places = append(places, InQuery)
	}
	if a.Header.Get("Authorization") == "Bearer "+token {
		places = append(places, InHeader)
	}
	return places
}

// testPortal is a portal on this computer, over https and over plain http.
type testPortal struct {
	t             testing.TB
	secure, plain *httptest.Server
	address       string // of the https server
	net           *transport.Net
	dials         atomic.Int32

	mu    sync.Mutex
	asked []asked
}

func newTestPortal(t testing.TB, handler http.HandlerFunc) *testPortal {
	b := &testPortal{t: t}
	record := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		b.mu.Lock()
		b.asked = append(b.asked, asked{r, string(body)})
		b.mu.Unlock()
		if handler == nil {
			io.WriteString(w, `{"result":true}`)
			return
		}
		handler(w, r)
	})
	b.plain, b.secure = httptest.NewServer(record), httptest.NewUnstartedServer(record)
	b.secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	b.secure.StartTLS()
	b.address = b.secure.Listener.Addr().String()
	t.Cleanup(func() { b.plain.Close(); b.secure.Close() })
	override, err := transport.ParseOverride(testHost + ":80:" + b.plain.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	b.net = transport.New(transport.Options{Version: "test", ConnectTo: []transport.Override{override}})
	return b
}

func (b *testPortal) received() []asked {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.asked)
}

func (b *testPortal) tls() *tls.Config {
	roots := x509.NewCertPool()
	roots.AddCert(b.secure.Certificate())
	return &tls.Config{ServerName: testHost, RootCAs: roots, NextProtos: []string{"http/1.1"}}
}

func (b *testPortal) options() Options {
	return Options{Address: Address{Host: testHost, Port: 443}, Net: b.net, Pacer: transport.NewPacer(), TLS: b.tls(), Verified: true,
		Dial: func(ctx context.Context) (net.Conn, error) {
			b.dials.Add(1)
			return (&net.Dialer{}).DialContext(ctx, "tcp", b.address)
		}}
}

// client returns a client that may send tokens.
func (b *testPortal) client(change ...func(*Options)) *Client {
	b.t.Helper()
	o := b.options()
	for _, c := range change {
		c(&o)
	}
	client := NewClient(o)
	b.t.Cleanup(client.Close)
	if err := client.AllowTokens(); err != nil {
		b.t.Fatal(err)
	}
	return client
}

// open opens a connection in advance, as the TLS check does.
func (b *testPortal) open() *tls.Conn {
	b.t.Helper()
	conn, err := tls.Dial("tcp", b.address, b.tls())
	if err != nil {
		b.t.Fatal(err)
	}
	return conn
}

func TestTokenRule(t *testing.T) {
	b := newTestPortal(t, nil)
	for _, verified := range []bool{true, false} {
		for _, allowed := range []bool{true, false} {
			o := b.options()
			o.Verified = verified
			client := NewClient(o)
			defer client.Close()
			if allowed {
				err := client.AllowTokens()
				if verified && err != nil || !verified && !errors.Is(err, ErrTokenRule) {
					t.Fatalf("AllowTokens of a portal verified=%v: %v", verified, err)
				}
			}
			for kind, token := range map[string]Token{
				"real": {Value: secret.New(longToken)}, "invented": {Value: secret.New(longToken), Invented: true}, "no": {},
			} {
				for _, carrier := range []Carrier{"", InForm, InJSON, InQuery, InHeader} {
					for _, method := range []string{"", http.MethodGet} {
						for _, plain := range []bool{true, false} {
							client.pacer = transport.NewPacer() // the rate limit isn't tested here
							inBody := carrier == "" || carrier == InForm || carrier == InJSON
							var want error
							switch {
							case kind == "no":
							case plain || !allowed || !verified:
								want = ErrTokenRule
							case kind == "real" && !inBody, inBody && method == http.MethodGet:
								want = ErrTokenCarrier
							}
							name := fmt.Sprintf("%s token/in %q of %q/plain=%v/allowed=%v/verified=%v", kind, carrier, method, plain, allowed, verified)
							t.Run(name, func(t *testing.T) {
								before := len(b.received())
								answer := client.Do(t.Context(), Request{HTTPMethod: method, Path: MethodPath("profile"), Token: token, Carrier: carrier, Plain: plain, Timeout: longTimeout})
								got := b.received()[before:]
								if !errors.Is(answer.Err, want) {
									t.Fatalf("error %v, want %v", answer.Err, want)
								}
								if want != nil {
									if len(got) != 0 {
										t.Fatal("the portal was asked")
									}
									return
								}
								if len(got) != 1 || answer.Status != 200 {
									t.Fatalf("asked %d times, status %d", len(got), answer.Status)
								}
								var places []Carrier
								if kind != "no" {
									places = []Carrier{carrier}
									if carrier == "" {
										places = []Carrier{InForm}
									}
								}
								if diff := cmp.Diff(places, got[0].carriersOf(longToken)); diff != "" {
									t.Error(diff)
								}
								if (got[0].TLS == nil) != plain {
									t.Error("over the other scheme")
								}
							})
						}
					}
				}
			}
		}
	}
}

// Nothing is sent on a connection that doesn't verify, even if an earlier one did.
func TestVerifiedEachTime(t *testing.T) {
	b := newTestPortal(t, nil)
	var bad atomic.Bool
	client := b.client(func(o *Options) {
		o.TLS.VerifyConnection = func(tls.ConnectionState) error {
			if bad.Load() {
				return &tls.CertificateVerificationError{Err: errors.New("another certificate")}
			}
			return nil
		}
	})
	r := Request{Path: MethodPath("profile"), Token: Token{Value: secret.New(longToken)}, Timeout: longTimeout}
	if answer := client.Do(t.Context(), r); answer.Err != nil {
		t.Fatal(answer.Err)
	}
	bad.Store(true)
	b.secure.CloseClientConnections()
	time.Sleep(shortTimeout) // until the client has seen it
	answer := client.Do(t.Context(), r)
	if transport.FailureOf(answer.Err) != transport.Certificate || transport.StageOf(answer.Err) != transport.StageTLS {
		t.Errorf("%v", answer.Err)
	}
	if n := len(b.received()); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

func TestRequest(t *testing.T) {
	b := newTestPortal(t, nil)
	client := b.client()
	query, form := url.Values{"a": {"1", "2"}}, url.Values{"b": {"x y", "ж"}}
	for name, c := range map[string]struct {
		request                         Request
		method, path, query, kind, body string
		host                            string
	}{
		"nothing said":         {Request{Path: "/rest/profile"}, "POST", "/rest/profile", "", "application/x-www-form-urlencoded", "client=BoxReady", ""},
		"form and query":       {Request{Path: "/rest/profile", Query: query, Form: form}, "POST", "/rest/profile", "a=1&a=2", "application/x-www-form-urlencoded", "b=x+y&b=%D0%B6", ""},
		"GET":                  {Request{HTTPMethod: "GET", Path: "/oauth/token/", Query: query}, "GET", "/oauth/token/", "a=1&a=2", "", "", ""},
		"unmarked":             {Request{HTTPMethod: "GET", Path: "/oauth/token/", Unmarked: true}, "GET", "/oauth/token/", "", "", "", ""},
		"plain":                {Request{Path: "/rest/profile", Plain: true}, "POST", "/rest/profile", "", "application/x-www-form-urlencoded", "client=BoxReady", ""},
		"plain GET":            {Request{HTTPMethod: "GET", Path: "/x", Plain: true, Unmarked: true}, "GET", "/x", "", "", "", ""},
		"webhook":              {Request{Path: WebhookPath("1", "c0d%e", "profile")}, "POST", "/rest/1/c0d%25e/profile", "", "application/x-www-form-urlencoded", "client=BoxReady", ""},
		"path of another host": {Request{HTTPMethod: "GET", Path: "//elsewhere.test/?x#y", Unmarked: true}, "GET", "//elsewhere.test/%3Fx%23y", "", "", "", ""},
		"path, no slash":       {Request{HTTPMethod: "GET", Path: "@elsewhere.test", Unmarked: true}, "GET", "/@elsewhere.test", "", "", "", ""},
		"JSON with fields":     {Request{Path: "/rest/profile", Form: url.Values{"b": {"ж"}}, Token: Token{Value: secret.New("t")}, Carrier: InJSON}, "POST", "/rest/profile", "", "application/json", `{"auth":"t","b":"ж"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			client.pacer = transport.NewPacer()
			before := len(b.received())
			c.request.Timeout = longTimeout
			answer := client.Do(t.Context(), c.request)
			if answer.Err != nil {
				t.Fatal(answer.Err)
			}
			got := b.received()[before]
			q := got.URL.Query()
			if id := q.Get("bx24_request_id"); id != answer.RequestID || (id == "") != c.request.Unmarked {
				t.Errorf("id %q, the answer's %q", id, answer.RequestID)
			}
			q.Del("bx24_request_id")
			type seen struct{ Method, Path, Query, Type, Body, Host, Agent, Accept, Encodings string }
			want := seen{c.method, c.path, c.query, c.kind, c.body, testHost, "BoxReady/test", "application/json", ""}
			have := seen{got.Method, got.URL.EscapedPath(), q.Encode(), got.Header.Get("Content-Type"), got.body, got.Host, got.UserAgent(), got.Header.Get("Accept"), got.Header.Get("Accept-Encoding")}
			if diff := cmp.Diff(want, have); diff != "" {
				t.Error(diff)
			}
			if len(got.TransferEncoding) > 0 || got.ContentLength != int64(len(c.body)) {
				t.Errorf("length %d, encodings %v", got.ContentLength, got.TransferEncoding)
			}
			if time.Since(answer.Sent) > longTimeout || answer.Times.Total > time.Since(answer.Sent).Milliseconds()+1 {
				t.Errorf("sent at %v, times %+v", answer.Sent, answer.Times)
			}
		})
	}
	if len(query) != 1 || len(form) != 1 {
		t.Errorf("the caller's values have changed: %v %v", query, form)
	}
}

func TestRequestIDs(t *testing.T) {
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	had := map[string]bool{}
	for range 1000 {
		id := newRequestID()
		if !uuid.MatchString(id) || had[id] {
			t.Fatalf("id %q", id)
		}
		had[id] = true
	}
	if a, b := InventToken(), InventToken(); a.Value.Reveal() == b.Value.Reveal() || !a.Invented || len(a.Value.Reveal()) != 70 {
		t.Error("invented tokens are the same, or no tokens")
	}
}

func TestNoRedirectFollowed(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the other host was asked") }))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		for name, target := range map[string]string{"another host": elsewhere.URL, "itself": "/rest/other"} {
			for _, plain := range []bool{true, false} {
				t.Run(fmt.Sprintf("%d to %s, plain=%v", status, name, plain), func(t *testing.T) {
					b := newTestPortal(t, func(w http.ResponseWriter, r *http.Request) {
						w.Header().Set("Location", target)
						w.WriteHeader(status)
					})
					r := Request{Path: MethodPath("profile"), Plain: plain, Timeout: longTimeout}
					if !plain {
						r.Token = Token{Value: secret.New(longToken)}
					}
					answer := b.client().Do(t.Context(), r)
					if answer.Err != nil || answer.Status != status || answer.Header.Get("Location") != target {
						t.Errorf("%d, %v", answer.Status, answer.Err)
					}
					if n := len(b.received()); n != 1 {
						t.Errorf("asked %d times", n)
					}
				})
			}
		}
	}
}

// newRawPortal returns a portal that calls serve with each connection after the handshake.
func newRawPortal(t testing.TB, serve func(conn net.Conn, done <-chan struct{})) *testPortal {
	b := newTestPortal(t, nil)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer conn.Close()
				secure := tls.Server(conn, &tls.Config{Certificates: b.secure.TLS.Certificates})
				conn.SetDeadline(time.Now().Add(longTimeout))
				if secure.Handshake() == nil {
					serve(secure, done)
				}
			})
		}
	})
	t.Cleanup(func() { close(done); listener.Close(); wg.Wait() })
	b.address = listener.Addr().String()
	return b
}

func readRequest(conn net.Conn) string {
	buffer := make([]byte, 16<<10)
	n, _ := conn.Read(buffer)
	return string(buffer[:n])
}

func resetConn(conn net.Conn) {
	raw := conn.(*tls.Conn).NetConn()
	raw.(*net.TCPConn).SetLinger(0)
	raw.Close()
}

func TestBadAnswers(t *testing.T) {
	answerWith := func(text string) func(net.Conn, <-chan struct{}) {
		return func(conn net.Conn, _ <-chan struct{}) {
			readRequest(conn)
			io.WriteString(conn, text)
			conn.Close()
		}
	}
	const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	for name, c := range map[string]struct {
		serve   func(net.Conn, <-chan struct{})
		failure transport.Failure
		form    Form
	}{
		"silence": {func(conn net.Conn, done <-chan struct{}) { readRequest(conn); <-done }, transport.Timeout, ""},
		"reset":   {func(conn net.Conn, _ <-chan struct{}) { readRequest(conn); resetConn(conn) }, transport.Reset, ""},
		"end":     {answerWith(""), transport.Closed, ""},
		"garbage": {answerWith("220 mail ESMTP\r\n"), transport.Other, ""},
		"header flood": {func(conn net.Conn, _ <-chan struct{}) {
			readRequest(conn)
			io.WriteString(conn, head)
			for range 200 {
				if _, err := fmt.Fprintf(conn, "X-Flood: %s\r\n", strings.Repeat("x", 1<<10)); err != nil {
					return
				}
			}
		}, transport.Other, ""},
		"half a body":  {answerWith(head + "Content-Length: 100\r\n\r\n{\"result\":"), transport.Closed, FormCutOff},
		"half a chunk": {answerWith(head + "Transfer-Encoding: chunked\r\n\r\n64\r\n{\"result\":"), transport.Closed, FormCutOff},
		"reset in the body": {func(conn net.Conn, _ <-chan struct{}) {
			readRequest(conn)
			io.WriteString(conn, head+"Content-Length: 100\r\n\r\n{")
			time.Sleep(shortTimeout / 3)
			resetConn(conn)
		}, transport.Reset, FormCutOff},
		"silence in the body": {func(conn net.Conn, done <-chan struct{}) {
			readRequest(conn)
			io.WriteString(conn, head+"Content-Length: 100\r\n\r\n{")
			<-done
		}, transport.Timeout, FormCutOff},
		"a byte at a time": {func(conn net.Conn, done <-chan struct{}) {
			readRequest(conn)
			io.WriteString(conn, head+"Content-Length: 100000\r\n\r\n{")
			for {
				select {
				case <-time.After(shortTimeout / 20):
				case <-done:
					return
				}
				if _, err := conn.Write([]byte(" ")); err != nil {
					return
				}
			}
		}, transport.Timeout, FormCutOff},
		"more than the limit": {func(conn net.Conn, _ <-chan struct{}) {
			readRequest(conn)
			io.WriteString(conn, head+"\r\n")
			mebibyte := []byte(strings.Repeat("x", 1<<20))
			for range 64 {
				if _, err := conn.Write(mebibyte); err != nil {
					return
				}
			}
			t.Error("64 MiB were taken")
		}, "", FormTooBig},
	} {
		t.Run(name, func(t *testing.T) {
			var requests atomic.Int32
			b := newRawPortal(t, func(conn net.Conn, done <-chan struct{}) { requests.Add(1); c.serve(conn, done) })
			timeout := longTimeout
			if c.failure == transport.Timeout {
				timeout = shortTimeout
			}
			start := time.Now()
			client := b.client()
			answer := client.Do(t.Context(), Request{Path: MethodPath("profile"), Query: url.Values{"code": {"s3cr3t"}},
				Token: Token{Value: secret.New(longToken), Invented: true}, Carrier: InQuery, Timeout: timeout})
			if got := transport.FailureOf(answer.Err); got != c.failure || answer.Form != c.form {
				t.Errorf("failure %q, form %q: %v", got, answer.Form, answer.Err)
			}
			if answer.Err != nil && transport.StageOf(answer.Err) != transport.StageHTTP {
				t.Errorf("stage %q", transport.StageOf(answer.Err))
			}
			if took := time.Since(start); took > timeout+time.Second {
				t.Errorf("took %v", took)
			}
			if answer.RequestID == "" || answer.Sent.IsZero() || len(answer.Body) > MaxBody {
				t.Errorf("id %q, sent %v, %d bytes", answer.RequestID, answer.Sent, len(answer.Body))
			}
			for _, hidden := range []string{longToken, "s3cr3t", answer.RequestID, "?"} {
				if strings.Contains(fmt.Sprint(answer.Err), hidden) {
					t.Errorf("%q is in %q", hidden, answer.Err)
				}
			}
			if n := requests.Load(); n != 1 {
				t.Errorf("%d connections", n)
			}
		})
	}
}

func TestConnectionFails(t *testing.T) {
	b := newTestPortal(t, nil)
	client := b.client(func(o *Options) {
		o.Dial = func(ctx context.Context) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
	})
	r := Request{Path: MethodPath("profile"), Timeout: shortTimeout}
	if answer := client.Do(t.Context(), r); transport.FailureOf(answer.Err) != transport.Timeout {
		t.Error(answer.Err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(shortTimeout, cancel)
	r.Timeout = longTimeout
	if answer := client.Do(ctx, r); transport.FailureOf(answer.Err) != transport.Cancelled {
		t.Error(answer.Err)
	}
}

func TestOpenConnections(t *testing.T) {
	t.Run("are used first, all of them", func(t *testing.T) {
		var hold sync.WaitGroup
		hold.Add(3)
		b := newTestPortal(t, func(w http.ResponseWriter, r *http.Request) {
			hold.Done()
			hold.Wait()
			io.WriteString(w, `{"result":1}`)
		})
		client := b.client(func(o *Options) { o.Open = []*tls.Conn{b.open(), b.open(), b.open()} })
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				if answer := client.Do(t.Context(), Request{Path: "/rest/x", Timeout: longTimeout}); answer.Err != nil {
					t.Error(answer.Err)
				}
			})
		}
		wg.Wait()
		if n := b.dials.Load(); n != 0 {
			t.Errorf("%d connections were made besides", n)
		}
	})
	t.Run("are closed unused", func(t *testing.T) {
		ended := make(chan error, 1)
		b := newRawPortal(t, func(conn net.Conn, _ <-chan struct{}) {
			_, err := conn.Read(make([]byte, 1))
			ended <- err
		})
		o := b.options()
		o.Open = []*tls.Conn{b.open()}
		client := NewClient(o)
		client.Close()
		client.Close()
		if err := <-ended; !errors.Is(err, io.EOF) {
			t.Errorf("the portal read %v", err)
		}
	})
	for name, breakConn := range map[string]func(net.Conn){
		"were closed before":              func(conn net.Conn) { conn.Close() },
		"were reset before":               resetConn,
		"got an unasked answer before":    func(conn net.Conn) { io.WriteString(conn, "HTTP/1.1 408 Request Timeout\r\n\r\n") },
		"got an answer and an end before": func(conn net.Conn) { io.WriteString(conn, "HTTP/1.0 408 Request Timeout\r\n\r\n"); conn.Close() },
	} {
		for _, method := range []string{http.MethodPost, http.MethodGet} {
			t.Run(name+", "+method, func(t *testing.T) {
				var conns, requests atomic.Int32
				died := make(chan struct{}, 2)
				b := newRawPortal(t, func(conn net.Conn, done <-chan struct{}) {
					if conns.Add(1) <= 2 {
						breakConn(conn)
						died <- struct{}{}
						<-done
						return
					}
					readRequest(conn)
					requests.Add(1)
					io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"result\":[]}")
					<-done
				})
				client := b.client(func(o *Options) { o.Open = []*tls.Conn{b.open(), b.open()} })
				<-died
				<-died
				time.Sleep(shortTimeout)
				answer := client.Do(t.Context(), Request{HTTPMethod: method, Path: "/rest/x", Timeout: longTimeout})
				if answer.Err != nil || answer.Form != FormJSON {
					t.Errorf("%q, %v", answer.Form, answer.Err)
				}
				if requests.Load() != 1 || b.dials.Load() != 1 {
					t.Errorf("%d requests, %d new connections", requests.Load(), b.dials.Load())
				}
			})
		}
	}
}

// answered is a complete answer, after which the connection is kept open.
const answered = "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"result\":[]}"

func TestKeptConnections(t *testing.T) {
	for name, c := range map[string]struct {
		after   func(conn net.Conn, next func() string) // handles a connection after its first answer
		failure transport.Failure
		// what the portal sees of two requests
		requests, conns int32
	}{
		"kept": {func(conn net.Conn, next func() string) {
			for next() != "" {
				io.WriteString(conn, answered)
			}
		}, "", 2, 1},
		"closed at once":           {func(conn net.Conn, _ func() string) { conn.Close() }, "", 2, 2},
		"reset at once":            {func(conn net.Conn, _ func() string) { resetConn(conn) }, "", 2, 2},
		"closed under the request": {func(conn net.Conn, next func() string) { next(); conn.Close() }, transport.Closed, 2, 1},
		"reset under the request":  {func(conn net.Conn, next func() string) { next(); resetConn(conn) }, transport.Reset, 2, 1},
	} {
		for _, method := range []string{http.MethodPost, http.MethodGet} {
			t.Run(name+", "+method, func(t *testing.T) {
				var conns, requests atomic.Int32
				b := newRawPortal(t, func(conn net.Conn, _ <-chan struct{}) {
					conns.Add(1)
					next := func() string {
						request := readRequest(conn)
						if request != "" {
							requests.Add(1)
						}
						return request
					}
					next()
					io.WriteString(conn, answered)
					c.after(conn, next)
				})
				client := b.client()
				defer client.Close()
				r := Request{HTTPMethod: method, Path: "/rest/x", Timeout: longTimeout}
				if answer := client.Do(t.Context(), r); answer.Err != nil {
					t.Fatal(answer.Err)
				}
				time.Sleep(shortTimeout)
				answer := client.Do(t.Context(), r)
				if got := transport.FailureOf(answer.Err); got != c.failure {
					t.Errorf("failure %q: %v", got, answer.Err)
				}
				if requests.Load() != c.requests || conns.Load() != c.conns {
					t.Errorf("%d requests on %d connections", requests.Load(), conns.Load())
				}
			})
		}
	}
}

// net/http would send a GET again on each connection that it keeps, and then on a new one.
func TestNothingIsSentAgain(t *testing.T) {
	for _, method := range []string{http.MethodPost, http.MethodGet} {
		t.Run(method, func(t *testing.T) {
			var requests atomic.Int32
			first := make(chan struct{})
			b := newRawPortal(t, func(conn net.Conn, _ <-chan struct{}) {
				readRequest(conn)
				if requests.Add(1) == 4 {
					close(first)
				}
				<-first
				io.WriteString(conn, answered)
				if readRequest(conn) != "" {
					requests.Add(1)
					resetConn(conn)
				}
			})
			client := b.client()
			defer client.Close()
			r := Request{HTTPMethod: method, Path: "/rest/x", Timeout: longTimeout}
			var wg sync.WaitGroup
			for range 4 { // so that four connections are kept
				wg.Go(func() {
					if answer := client.Do(t.Context(), r); answer.Err != nil {
						t.Error(answer.Err)
					}
				})
			}
			wg.Wait()
			if answer := client.Do(t.Context(), r); transport.FailureOf(answer.Err) != transport.Reset {
				t.Error(answer.Err)
			}
			if n := requests.Load(); n != 5 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// A connection that died after net/http chose it, but before anything of the request was written.
func TestConnectionDeadBeforeSending(t *testing.T) {
	var conns, requests atomic.Int32
	b := newRawPortal(t, func(conn net.Conn, _ <-chan struct{}) {
		conns.Add(1)
		for readRequest(conn) != "" {
			requests.Add(1)
			io.WriteString(conn, answered)
		}
	})
	var broken atomic.Pointer[breakableConn]
	client := b.client(func(o *Options) {
		dial := o.Dial
		o.Dial = func(ctx context.Context) (net.Conn, error) {
			conn, err := dial(ctx)
			if err != nil {
				return nil, err
			}
			b := &breakableConn{Conn: conn}
			broken.CompareAndSwap(nil, b)
			return b, nil
		}
	})
	defer client.Close()
	r := Request{Path: "/rest/x", Timeout: longTimeout}
	if answer := client.Do(t.Context(), r); answer.Err != nil {
		t.Fatal(answer.Err)
	}
	broken.Load().dead.Store(true)
	if answer := client.Do(t.Context(), r); answer.Err != nil {
		t.Error(answer.Err)
	}
	if requests.Load() != 2 || conns.Load() != 2 {
		t.Errorf("%d requests on %d connections", requests.Load(), conns.Load())
	}
}

// breakableConn is a connection on which nothing can be written once it is dead.
type breakableConn struct {
	net.Conn
	dead atomic.Bool
}

func (b *breakableConn) Write(p []byte) (int, error) {
	if b.dead.Load() {
		return 0, net.ErrClosed
	}
	return b.Conn.Write(p)
}

func TestCloseEndsConnections(t *testing.T) {
	ended := make(chan struct{})
	b := newRawPortal(t, func(conn net.Conn, _ <-chan struct{}) {
		for readRequest(conn) != "" {
			io.WriteString(conn, answered)
		}
		close(ended)
	})
	client := b.client()
	if answer := client.Do(t.Context(), Request{Path: "/rest/x", Timeout: longTimeout}); answer.Err != nil {
		t.Fatal(answer.Err)
	}
	select {
	case <-ended:
		t.Fatal("the connection wasn't kept")
	case <-time.After(shortTimeout):
	}
	client.Close()
	select {
	case <-ended:
	case <-time.After(longTimeout / 5):
		t.Error("the connection is still open")
	}
}

func TestConcurrencyLimit(t *testing.T) {
	var now, most atomic.Int32
	b := newTestPortal(t, func(w http.ResponseWriter, _ *http.Request) {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(shortTimeout / 3)
		io.WriteString(w, `{"result":1}`)
	})
	client := b.client()
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			if answer := client.Do(t.Context(), Request{Path: "/rest/x", Plain: i%3 == 0, Timeout: longTimeout}); answer.Err != nil {
				t.Error(answer.Err)
			}
		})
	}
	wg.Wait()
	if most.Load() != 4 {
		t.Errorf("%d at once", most.Load())
	}
}

// pipes is a listener whose connections are pipes, so that a client and its server fit into a synctest bubble.
type pipes struct {
	dialled chan net.Conn
	closed  chan struct{}
	close   func()
}

func newPipes() *pipes {
	p := &pipes{dialled: make(chan net.Conn), closed: make(chan struct{})}
	p.close = sync.OnceFunc(func() { close(p.closed) })
	return p
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.dialled:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.close()
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 443} }

func (p *pipes) dial() net.Conn {
	client, server := net.Pipe()
	p.dialled <- server
	return client
}

func TestPace(t *testing.T) {
	b := newTestPortal(t, nil) // for its address and options
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var arrived []time.Time
		listener := newPipes()
		server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			arrived = append(arrived, time.Now())
			io.WriteString(w, `{"result":true}`)
		})}}
		server.StartTLS()
		defer server.Close()
		o := b.options()
		var dials atomic.Int32
		o.Dial = func(context.Context) (net.Conn, error) {
			if dials.Add(1) == 2 {
				time.Sleep(time.Second) // the limit counts arrivals
			}
			return listener.dial(), nil
		}
		client := NewClient(o)
		defer client.Close()
		var wg sync.WaitGroup
		for range 14 {
			wg.Go(func() {
				// A request's timeout begins with its turn.
				if answer := client.Do(t.Context(), Request{Path: "/rest/x", Timeout: longTimeout}); answer.Err != nil {
					t.Error(answer.Err)
				}
			})
		}
		wg.Wait()
		slices.SortFunc(arrived, time.Time.Compare)
		if len(arrived) != 14 {
			t.Fatalf("%d requests arrived", len(arrived))
		}
		for i := range arrived[12:] {
			if gap := arrived[i+12].Sub(arrived[i]); gap < 10*time.Second {
				t.Errorf("13 requests in %v", gap)
			}
		}
	})
}

func TestCancelledTurn(t *testing.T) {
	b := newTestPortal(t, nil)
	pacer := transport.NewPacer()
	for range 4 {
		turn, err := pacer.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer turn.End()
	}
	client := b.client(func(o *Options) { o.Pacer = pacer })
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(shortTimeout, cancel)
	answer := client.Do(ctx, Request{Path: "/rest/x", Timeout: longTimeout})
	if transport.FailureOf(answer.Err) != transport.Cancelled || len(b.received()) != 0 || answer.Sent.IsZero() {
		t.Errorf("%v, asked %d times", answer.Err, len(b.received()))
	}
}

func TestAnswerTimes(t *testing.T) {
	const delay = 100 * time.Millisecond
	wrote := make(chan struct{}, 2)
	b := newTestPortal(t, func(w http.ResponseWriter, _ *http.Request) {
		<-wrote // only now the wait for the answer is measured
		time.Sleep(delay)
		io.WriteString(w, `{"result":1}`)
	})
	client := b.client(func(o *Options) { o.Open = []*tls.Conn{b.open()} })
	for name, plain := range map[string]bool{"open connection": false, "plain": true} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { wrote <- struct{}{} }})
			answer := client.Do(ctx, Request{Path: "/rest/x", Plain: plain, Timeout: longTimeout})
			times, took := answer.Times, time.Since(start)
			for _, got := range []int64{times.Wait, times.Total} {
				if got < delay.Milliseconds()-1 || got > took.Milliseconds()+1 {
					t.Errorf("%+v, want about %v, in all it took %v", times, delay, took)
				}
			}
			if times.DNS != 0 || !plain && times.Connect+times.TLS != 0 {
				t.Errorf("%+v on an open connection", times)
			}
			if sent := answer.Sent.Sub(start); sent < 0 || sent > took-delay {
				t.Errorf("sent after %v of %v", sent, took)
			}
		})
	}
}
