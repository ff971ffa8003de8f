package portal

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"boxready/internal/secret"
	"boxready/internal/transport"
)

// Carrier is where in a request a token travels.
type Carrier string

// The four places in which the rest module looks for a token.
const (
	InForm   Carrier = "form"
	InJSON   Carrier = "json"
	InQuery  Carrier = "query"
	InHeader Carrier = "header"
)

// Token is what opens a portal to an application, or an invented one that only shows how the portal treats tokens.
type Token struct {
	Value    secret.String
	Invented bool
}

// InventToken returns a token that no authorization server ever issued, in the shape of a real one.
func InventToken() Token {
	random := make([]byte, 35)
	rand.Read(random)
	return Token{Value: secret.New(fmt.Sprintf("%x", random)), Invented: true}
}

var (
	// ErrTokenRule means that a token was about to go where none may go: to a portal whose certificate does not verify,
	// whose https the portal itself doesn't see, whose address the owner didn't confirm, or over plain http.
	// The portal reports the host of such a request to the authorization server as its own address.
	ErrTokenRule = errors.New("no token may be sent to this portal")
	// ErrTokenCarrier means that a real token was about to travel elsewhere than in the body of a POST.
	ErrTokenCarrier = errors.New("a real token travels only in the body of a POST")
)

// Request is one question to the portal.
type Request struct {
	HTTPMethod string     // POST if empty
	Path       string     // e.g. "/rest/app.info"; see MethodPath
	Query      url.Values // beside bx24_request_id
	Form       url.Values
	Token      Token   // none if its Value is zero
	Carrier    Carrier // of the token; form if empty
	Plain      bool    // over http, port 80
	// Unmarked leaves bx24_request_id out: for pages that take no parameters.
	Unmarked bool
	Timeout  time.Duration // for the whole exchange, the body included; required
}

// MethodPath is the path of a REST method for applications.
func MethodPath(method string) string { return "/rest/" + method }

// WebhookPath is the path of a REST method through an incoming webhook.
func WebhookPath(user, code, method string) string {
	return "/rest/" + url.PathEscape(user) + "/" + url.PathEscape(code) + "/" + method
}

// Answer is what came back.
type Answer struct {
	Reply
	RequestID string    // bx24_request_id, by which the vendor's support finds the request
	Sent      time.Time // by this computer's clock
	Times     transport.Times
	Err       error // why there is no whole answer; see transport.FailureOf
}

// Options say how a Client reaches its portal.
type Options struct {
	Address Address
	Net     *transport.Net
	Pacer   *transport.Pacer
	// Dial opens a TCP connection to the address of the portal that was found good.
	Dial func(ctx context.Context) (net.Conn, error)
	// Open are connections that finished their TLS handshake already; the client uses them first and closes them.
	Open []*tls.Conn
	// TLS is how further connections are made; if Verified, it verifies each of them.
	TLS      *tls.Config
	Verified bool
}

// Client talks to one portal. It keeps the etiquette and the token rule, and follows no redirect.
type Client struct {
	address  Address
	pacer    *transport.Pacer
	verified bool
	allowed  atomic.Bool
	secure   *http.Transport
	plain    *http.Client
	client   *http.Client

	mu   sync.Mutex
	open []*tls.Conn
}

const maxHeaderBytes = 64 << 10

// NewClient returns a client; Close it.
func NewClient(o Options) *Client {
	c := &Client{address: o.Address, pacer: o.Pacer, verified: o.Verified, open: o.Open, plain: o.Net.HTTPClient()}
	c.secure = &http.Transport{
		DialTLSContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			if conn := c.takeOpen(); conn != nil {
				return conn, nil
			}
			conn, err := o.Dial(ctx)
			if err != nil {
				return nil, err
			}
			secured, err := transport.Handshake(ctx, conn, o.TLS)
			if err != nil {
				return nil, err // not a typed nil
			}
			return secured, nil
		},
		MaxConnsPerHost:        4,
		MaxIdleConnsPerHost:    4,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeaderBytes,
	}
	c.client = &http.Client{Transport: o.Net.Identify(c.secure), CheckRedirect: c.plain.CheckRedirect}
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

// Close closes every connection.
func (c *Client) Close() {
	for conn := c.takeOpen(); conn != nil; conn = c.takeOpen() {
		conn.Close()
	}
	c.client.CloseIdleConnections()
	c.plain.CloseIdleConnections()
}

// AllowTokens lets tokens go to the portal from now on. Whoever calls it has seen that the owner confirmed the address,
// that the portal sees https and that no redirect leads to another host; that the certificate verifies is seen to here.
func (c *Client) AllowTokens() error {
	if !c.verified {
		return ErrTokenRule
	}
	c.allowed.Store(true)
	return nil
}

// Do asks once and reads the whole answer.
func (c *Client) Do(ctx context.Context, r Request) Answer {
	if err := c.checkToken(r); err != nil {
		return Answer{Err: err}
	}
	end, err := c.pacer.Begin(ctx)
	if err != nil {
		return Answer{Err: fmt.Errorf("wait for a turn: %w", err)}
	}
	defer end()

	// The time is the portal's: what was spent waiting for a turn doesn't count.
	ctx, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()
	answer := Answer{Sent: time.Now()}
	var watch transport.Stopwatch
	request, id, err := c.build(watch.Watch(ctx, func() { c.pacer.Count(ctx) }), r)
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
	switch {
	case r.Token.Value.IsZero():
		return nil
	case r.Plain || !c.allowed.Load():
		return ErrTokenRule
	case !r.Token.Invented && r.Carrier != "" && r.Carrier != InForm:
		return ErrTokenCarrier
	}
	return nil
}

func (c *Client) build(ctx context.Context, r Request) (*http.Request, string, error) {
	target := &url.URL{Scheme: "https", Host: c.address.Authority(), Path: r.Path}
	if r.Plain {
		plain := Address{Host: c.address.Host, Port: 443} // no port in the URL, hence the scheme's own
		target.Scheme, target.Host = "http", plain.Authority()
	}
	query := url.Values{}
	for name, values := range r.Query {
		query[name] = values
	}
	id := ""
	if !r.Unmarked {
		id = newRequestID()
		query.Set("bx24_request_id", id)
	}
	method, form := r.HTTPMethod, url.Values{}
	if method == "" {
		method = http.MethodPost
	}
	for name, values := range r.Form {
		form[name] = values
	}
	header, contentType, body := http.Header{}, "application/x-www-form-urlencoded", []byte(nil)
	if token := r.Token.Value; !token.IsZero() {
		switch r.Carrier {
		case InQuery:
			query.Set("auth", token.Reveal())
		case InHeader:
			header.Set("Authorization", "Bearer "+token.Reveal())
		case InJSON:
			contentType = "application/json"
			body, _ = json.Marshal(map[string]string{"auth": token.Reveal()})
		default:
			form.Set("auth", token.Reveal())
		}
	}
	target.RawQuery = query.Encode()
	if method == http.MethodPost {
		if body == nil {
			if len(form) == 0 {
				// A POST without a body would be repeated by net/http on its own, and some servers answer it with 411.
				form.Set("client", "BoxReady")
			}
			body = []byte(form.Encode())
		}
		header.Set("Content-Type", contentType)
	}
	request, err := http.NewRequestWithContext(ctx, method, target.String(), bytes.NewReader(body))
	if err != nil {
		return nil, "", fmt.Errorf("build the request: %w", secret.URLError(err))
	}
	request.GetBody = nil // net/http then doesn't send a POST twice on its own
	request.Header = header
	request.Header.Set("Accept", "application/json")
	if len(body) == 0 {
		request.Body = http.NoBody
	}
	return request, id, nil
}

// newRequestID returns a UUID (RFC 9562, version 4).
func newRequestID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
