package portal

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"boxready/internal/bitrix"
	"boxready/internal/secret"
	"boxready/internal/transport"
)

// Carrier is where in a request a token is sent.
type Carrier string

// The four places in which the rest module looks for a token.
const (
	InForm   Carrier = "form"
	InJSON   Carrier = "json"
	InQuery  Carrier = "query"
	InHeader Carrier = "header"
)

// Token is an access token, or an invented one to test how the portal treats tokens.
type Token struct {
	Value    secret.String
	Invented bool
}

// InventToken returns a token that no authorization server ever issued, in the form of a real one.
func InventToken() Token {
	random := make([]byte, 35)
	rand.Read(random)
	return Token{Value: secret.New(fmt.Sprintf("%x", random)), Invented: true}
}

var (
	// ErrTokenRule means that a token may not be sent: the portal's certificate does not verify, the portal doesn't see its
	// own https, the owner didn't confirm its address, or the request is over plain http.
	// The portal reports the host of such a request to the authorization server as its own address.
	ErrTokenRule = errors.New("no token may be sent to this portal")
	// ErrTokenCarrier means that a real token was to be sent elsewhere than in the body of a POST, or that a token's carrier is
	// the body of a request without one.
	ErrTokenCarrier = errors.New("a real token travels only in the body of a POST")
)

// Request is one request to the portal.
type Request struct {
	HTTPMethod string     // POST if empty
	Path       string     // e.g. "/rest/app.info", not escaped; see MethodPath
	Query      url.Values // beside bx24_request_id
	Form       url.Values
	Token      Token   // none if its Value is zero
	Carrier    Carrier // of the token; form if empty
	Webhook    bool    // Path holds a real webhook's code, see Webhook.Request
	Plain      bool    // over http, port 80
	// Unmarked leaves bx24_request_id out: for pages that take no parameters.
	Unmarked bool
	Timeout  time.Duration // for the whole exchange, the body included; required
}

// MethodPath is the path of a REST method for applications.
func MethodPath(method string) string { return "/rest/" + method }

// WebhookPath is the path of a REST method through an incoming webhook.
func WebhookPath(user, code, method string) string {
	return "/rest/" + user + "/" + code + "/" + method
}

// REST3Path is the path of a method of REST 3.0 for applications.
func REST3Path(method string) string { return "/rest/" + bitrix.REST3Prefix + method }

// Answer is the result of a request.
type Answer struct {
	Reply
	RequestID string    // bx24_request_id, for the vendor's support
	Sent      time.Time // by this computer's clock
	Times     transport.Times
	Err       error // why there is no complete answer; see transport.FailureOf
}

// Options say how a Client reaches its portal.
type Options struct {
	Address Address
	Net     *transport.Net
	Pacer   *transport.Pacer
	// Dial opens a TCP connection to the portal's IP address that passed the checks.
	Dial func(ctx context.Context) (net.Conn, error)
	// Addr is that address, for plain http; invalid if the user or a proxy chooses.
	Addr netip.Addr
	// Open are connections after their TLS handshake; the client uses them first and closes them.
	Open []*tls.Conn
	// OneByOne means that requests wait for each other as long as the portal answers at once.
	OneByOne bool
	// TLS is for further connections; if Verified, it verifies each of them.
	TLS      *tls.Config
	Verified bool
}

// Client sends requests to one portal. It enforces the rate limit and the token rule, and follows no redirect.
type Client struct {
	address  Address
	net      *transport.Net
	pacer    *transport.Pacer
	verified bool
	allowed  atomic.Bool
	plain    *http.Client
	client   *http.Client
	turns    chan struct{} // has one value for each request that may be made now
	widen    func()        // lets all of them be made at once

	mu   sync.Mutex
	open []*tls.Conn
}

const (
	maxHeaderBytes = 64 << 10
	maxConnections = 4
	// An answer that takes longer doesn't hold the next request.
	atOnce = 500 * time.Millisecond
)

// NewClient returns a client; Close it.
func NewClient(o Options) *Client {
	c := &Client{address: o.Address, net: o.Net, pacer: o.Pacer, verified: o.Verified, open: o.Open, plain: o.Net.HTTPClientAt(o.Addr)}
	secure := &http.Transport{
		DialTLSContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			for conn := c.takeOpen(); conn != nil; conn = c.takeOpen() {
				if stillIdle(conn) {
					return conn, nil
				}
				conn.Close()
			}
			ctx, cancel := transport.UntilRequestEnds(ctx)
			defer cancel()
			conn, err := o.Dial(ctx)
			if err != nil {
				return nil, err
			}
			secured, err := o.Net.Handshake(ctx, conn, o.TLS)
			if err != nil {
				return nil, err // not a typed nil
			}
			return secured, nil
		},
		MaxConnsPerHost:        maxConnections,
		MaxIdleConnsPerHost:    maxConnections,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeaderBytes,
	}
	c.client = &http.Client{Transport: o.Net.Identify(secure), CheckRedirect: c.plain.CheckRedirect}
	c.turns = make(chan struct{}, maxConnections)
	c.turns <- struct{}{}
	c.widen = sync.OnceFunc(func() {
		for range maxConnections - 1 {
			c.turns <- struct{}{}
		}
	})
	if !o.OneByOne {
		c.widen()
	}
	return c
}

func (c *Client) takeOpen() *tls.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.open) == 0 {
		return nil
	}
	conn := c.open[0]
	c.open = c.open[1:]
	return conn
}

// stillIdle tells whether an open connection can be used: the peer neither closed it nor sent anything, as some do before they
// close. net/http checks that for its own idle connections, but takes one from a dial function for new, and doesn't repeat a
// request that fails on a new one.
func stillIdle(conn *tls.Conn) bool {
	// Data that has arrived is read at once, and crypto/tls can be used after a timeout. Two reads, because on a busy computer the
	// first deadline may pass before its read begins.
	const peekTimeout = time.Millisecond
	defer conn.SetReadDeadline(time.Time{})
	for range 2 {
		conn.SetReadDeadline(time.Now().Add(peekTimeout))
		if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			return false
		}
	}
	return true
}

// Close closes every connection.
func (c *Client) Close() {
	for conn := c.takeOpen(); conn != nil; conn = c.takeOpen() {
		conn.Close()
	}
	c.client.CloseIdleConnections()
	c.plain.CloseIdleConnections()
}

// AllowTokens allows tokens and webhooks' codes to be sent to the portal. The caller has checked that the owner confirmed the
// address, that the portal sees https and that no redirect leads to another host. ErrTokenRule: the certificate doesn't verify.
func (c *Client) AllowTokens() error {
	if !c.verified {
		return ErrTokenRule
	}
	c.allowed.Store(true)
	return nil
}

// Do sends one request and reads the whole answer.
func (c *Client) Do(ctx context.Context, r Request) Answer {
	answer := Answer{Sent: time.Now()}
	if answer.Err = c.checkToken(r); answer.Err != nil {
		return answer
	}
	select {
	case <-c.turns:
		slow := time.AfterFunc(atOnce, c.widen)
		defer func() { slow.Stop(); c.turns <- struct{}{} }()
	case <-ctx.Done():
		answer.Err = fmt.Errorf("wait for the request before: %w", ctx.Err())
		return answer
	}
	turn, err := c.pacer.Begin(ctx)
	if err != nil {
		answer.Err = fmt.Errorf("wait for a turn: %w", err)
		return answer
	}
	defer turn.End()

	// Timeout excludes waiting for a turn.
	ctx, cancel := context.WithTimeout(ctx, c.net.Timeout(r.Timeout))
	defer cancel()
	var watch transport.Stopwatch
	answer.Sent = time.Now()
	request, id, err := c.build(watch.Watch(ctx, turn.Sent), r)
	if err != nil {
		answer.Err = err
		return answer
	}
	answer.RequestID = id
	client := c.client
	if r.Plain {
		client = c.plain
	}
	response, err := client.Do(request)
	if err == nil {
		answer.Reply, err = ReadReply(response)
	}
	answer.Times = watch.Stop()
	answer.Err = secret.URLError(err)
	return answer
}

func (c *Client) checkToken(r Request) error {
	inBody := r.Carrier == "" || r.Carrier == InForm || r.Carrier == InJSON
	switch {
	case r.Webhook && (r.Plain || !c.allowed.Load()):
		return ErrTokenRule
	case r.Token.Value.IsZero():
		return nil
	case r.Plain || !c.allowed.Load():
		return ErrTokenRule
	case !r.Token.Invented && !inBody, inBody && r.method() != http.MethodPost:
		return ErrTokenCarrier
	}
	return nil
}

// Secrets are the secrets in the request, to be masked wherever an answer repeats them.
func (r Request) Secrets() []secret.String {
	secrets := []secret.String{r.Token.Value}
	if path, ok := strings.CutPrefix(r.Path, "/rest/"); ok {
		parts := strings.Split(path, "/") // see WebhookPath; a user's login may be "api"
		if rest3 := strings.HasPrefix(path, bitrix.REST3Prefix); rest3 && len(parts) != 3 {
			parts = parts[1:]
		}
		if len(parts) > 1 {
			secrets = append(secrets, secret.New(parts[1]))
		}
	}
	return secrets
}

func (r Request) method() string { return cmp.Or(r.HTTPMethod, http.MethodPost) }

func (c *Client) build(ctx context.Context, r Request) (*http.Request, string, error) {
	target := &url.URL{Scheme: "https", Host: c.address.Authority(), Path: r.Path}
	if r.Plain {
		plain := Address{Host: c.address.Host, Port: 443} // no port in the URL: http's default
		target.Scheme, target.Host = "http", plain.Authority()
	}
	query, form, header := maps.Clone(r.Query), maps.Clone(r.Form), http.Header{"Accept": {"application/json"}}
	if query == nil {
		query = url.Values{}
	}
	if form == nil {
		form = url.Values{}
	}
	id := ""
	if !r.Unmarked {
		id = newRequestID()
		query.Set("bx24_request_id", id)
	}
	if token := r.Token.Value; !token.IsZero() {
		switch r.Carrier {
		case InQuery:
			query.Set("auth", token.Reveal())
		case InHeader:
			header.Set("Authorization", "Bearer "+token.Reveal())
		default:
			form.Set("auth", token.Reveal())
		}
	}
	target.RawQuery = query.Encode()
	// Not http.NoBody: net/http repeats a GET without a body for each idle connection that turns out broken. With a body that
	// can't be rewound it is sent once.
	var body io.Reader = io.NopCloser(strings.NewReader(""))
	if r.method() == http.MethodPost {
		if len(form) == 0 && r.Carrier != InJSON {
			form.Set("client", "BoxReady") // some servers and filters refuse a POST without a body
		}
		// net/http can rewind this body, but repeats a POST only if nothing of it was written, because the idle connection
		// was dead.
		contentType, text := "application/x-www-form-urlencoded", form.Encode()
		if r.Carrier == InJSON {
			contentType, text = "application/json", jsonOf(form)
		}
		header.Set("Content-Type", contentType)
		body = strings.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, r.method(), target.String(), body)
	if err != nil {
		return nil, "", fmt.Errorf("build the request: %w", secret.URLError(err))
	}
	request.Header = header
	return request, id, nil
}

func jsonOf(form url.Values) string {
	fields := map[string]string{}
	for name := range form {
		fields[name] = form.Get(name)
	}
	text, _ := json.Marshal(fields) // strings can't fail
	return string(text)
}

// newRequestID returns a UUID (RFC 9562, version 4).
func newRequestID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
