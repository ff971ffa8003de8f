package transport

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"boxready/internal/secret"

	"github.com/mattn/go-ieproxy"
	"golang.org/x/net/proxy"
)

// ErrProxyAuth means that the proxy requires credentials that were missing or refused (HTTP 407).
var ErrProxyAuth = errors.New("proxy demands authentication")

// ProxyError is a proxy's refusal to make a connection.
type ProxyError struct {
	Status int    // HTTP status of the proxy's answer; 0 when it couldn't be reached or didn't speak HTTP
	Reason string // what was attempted, and how it was answered
	Err    error  // the network error, if there was one
}

func (e *ProxyError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("proxy: %s: %v", e.Reason, e.Err)
	}
	return "proxy: " + e.Reason
}

func (e *ProxyError) Unwrap() error { return e.Err }

// SystemProxy returns a function for Options.Proxy: the proxy of the environment (HTTPS_PROXY, HTTP_PROXY, NO_PROXY) or of the
// settings of Windows.
func SystemProxy() func(target *url.URL) (*url.URL, error) {
	system := ieproxy.GetProxyFunc()
	return func(target *url.URL) (*url.URL, error) { return system(&http.Request{URL: target}) }
}

// ProxyName is a proxy's address without its credentials.
func ProxyName(u *url.URL) string {
	if u == nil {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host}).String()
}

// ProxyFor returns the proxy for host:port, or nil. Overrides and loopback addresses are dialled directly.
func (n *Net) ProxyFor(scheme, host string, port int) (*url.URL, error) {
	if n.proxy == nil || n.Overridden(host, port) || isLoopback(host) {
		return nil, nil
	}
	via, err := n.proxy(&url.URL{Scheme: scheme, Host: net.JoinHostPort(host, strconv.Itoa(port))})
	if err != nil {
		// The error contains the setting with its password.
		return nil, &ProxyError{Reason: "the system's proxy setting is no address"}
	}
	n.rememberPassword(via)
	if via == nil || via.Scheme != "" {
		return via, nil
	}
	// A PAC script returns the host alone, or several, of which the first is used.
	first, _, _ := strings.Cut(via.Host, " ")
	return &url.URL{Scheme: "http", Host: first, User: via.User}, nil
}

// rememberPassword keeps a proxy's password for ProxySecrets.
func (n *Net) rememberPassword(via *url.URL) {
	if via == nil || via.User == nil {
		return
	}
	password, _ := via.User.Password()
	kept := secret.New(password)
	n.shared.mu.Lock()
	defer n.shared.mu.Unlock()
	if !kept.IsZero() && !slices.ContainsFunc(n.shared.passwords, kept.Equal) {
		n.shared.passwords = append(n.shared.passwords, kept)
	}
}

// ProxySecrets returns the passwords of all proxies that were used so far.
func (n *Net) ProxySecrets() []secret.String {
	n.shared.mu.Lock()
	defer n.shared.mu.Unlock()
	return slices.Clone(n.shared.passwords)
}

func isLoopback(host string) bool {
	host = canonicalHost(host)
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

func isSOCKS(via *url.URL) bool { return via.Scheme == "socks5" || via.Scheme == "socks5h" }

// dialTunnel opens a connection to host:port through a proxy.
func (n *Net) dialTunnel(ctx context.Context, via *url.URL, host string, port int) (net.Conn, error) {
	target := net.JoinHostPort(host, strconv.Itoa(port))
	if isSOCKS(via) {
		return n.dialSOCKS(withoutTrace(ctx), via, target)
	}
	conn, err := n.dialProxy(ctx, via)
	if err != nil {
		return nil, err
	}
	tunnel, err := n.requestTunnel(ctx, conn, via, target)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return tunnel, nil
}

// dialProxy opens a connection to a proxy that speaks HTTP.
func (n *Net) dialProxy(ctx context.Context, via *url.URL) (net.Conn, error) {
	ctx = withoutTrace(ctx)
	if via.Scheme != "http" && via.Scheme != "https" {
		return nil, &ProxyError{Reason: "unsupported proxy " + ProxyName(via)}
	}
	conn, err := n.dialDirect(ctx, via.Hostname(), PortOf(via))
	if err != nil {
		return nil, proxyFailed(ctx, "connect to "+ProxyName(via), err)
	}
	if via.Scheme == "http" {
		return conn, nil
	}
	// A proxy may have a certificate of a company's own CA, so the system's roots are used.
	secure, err := n.Handshake(ctx, conn, &tls.Config{ServerName: via.Hostname(), MinVersion: tls.VersionTLS12})
	if err != nil {
		return nil, proxyFailed(ctx, "TLS with "+ProxyName(via), err)
	}
	return secure, nil
}

// proxyFailed returns a *ProxyError, unless err is due to the end of ctx.
func proxyFailed(ctx context.Context, what string, err error) error {
	end := ctx.Err()
	if deadline, ok := ctx.Deadline(); ok && end == nil && !time.Now().Before(deadline) {
		end = context.DeadlineExceeded // a connection's deadline may pass just before the context's
	}
	if end != nil {
		return atStage(StageProxy, fmt.Errorf("%s: %w", what, end))
	}
	return &ProxyError{Reason: what, Err: err}
}

// requestTunnel asks for a tunnel (RFC 9110, 9.3.6).
func (n *Net) requestTunnel(ctx context.Context, conn net.Conn, via *url.URL, target string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, n.Timeout(dialTimeout))
	defer cancel()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()

	request := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: target}, Host: target, Header: http.Header{"User-Agent": {n.userAgent}}}
	if via.User != nil {
		password, _ := via.User.Password()
		basic := base64.StdEncoding.EncodeToString([]byte(via.User.Username() + ":" + password))
		request.Header.Set("Proxy-Authorization", "Basic "+basic)
	}
	if err := request.Write(conn); err != nil {
		return nil, proxyFailed(ctx, "CONNECT "+target, err)
	}
	reader := bufio.NewReader(io.LimitReader(conn, maxHeaderBytes))
	response, err := http.ReadResponse(reader, request)
	if err != nil {
		return nil, proxyFailed(ctx, "CONNECT "+target, err)
	}
	// The body is not closed: that would wait for an announced one. It ends with the connection.
	switch {
	case response.StatusCode/100 == 2:
		if !stop() {
			return nil, proxyFailed(ctx, "CONNECT "+target, ctx.Err())
		}
		early, _ := reader.Peek(reader.Buffered())
		return &tunnel{Conn: conn, in: io.MultiReader(bytes.NewReader(early), conn)}, nil
	case response.StatusCode == http.StatusProxyAuthRequired:
		return nil, fmt.Errorf("CONNECT %s: %w", target, ErrProxyAuth)
	default:
		return nil, &ProxyError{Status: response.StatusCode, Reason: fmt.Sprintf("CONNECT %s: status %d", target, response.StatusCode)}
	}
}

// tunnel is a connection through a proxy. Bytes right after the proxy's answer are the target's, which may send
// first.
type tunnel struct {
	net.Conn
	in io.Reader
}

func (t *tunnel) Read(b []byte) (int, error) { return t.in.Read(b) }

func (n *Net) dialSOCKS(ctx context.Context, via *url.URL, target string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, n.Timeout(dialTimeout))
	defer cancel()
	what := "reach " + target + " through " + ProxyName(via)
	dialer, err := proxy.FromURL(via, directDialer{n})
	if err != nil {
		return nil, &ProxyError{Reason: what, Err: err}
	}
	conn, err := dialer.(proxy.ContextDialer).DialContext(ctx, "tcp", target)
	switch {
	case err == nil:
		return conn, nil
	case socksAuth(err):
		return nil, fmt.Errorf("%s: %w", what, ErrProxyAuth)
	default:
		return nil, proxyFailed(ctx, what, err)
	}
}

// socksAuth recognises the SOCKS client's errors for a missing or wrong name and password. They have no types.
func socksAuth(err error) bool {
	text := err.Error()
	return strings.HasSuffix(text, "no acceptable authentication methods") || strings.HasSuffix(text, "username/password authentication failed") ||
		strings.HasSuffix(text, "invalid username/password")
}

// directDialer is how the SOCKS client reaches its proxy.
type directDialer struct{ n *Net }

func (d directDialer) Dial(network, hostport string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, hostport)
}

func (d directDialer) DialContext(ctx context.Context, _, hostport string) (net.Conn, error) {
	host, port, err := splitHostPort(hostport)
	if err != nil {
		return nil, err
	}
	return d.n.dialDirect(ctx, host, port)
}
