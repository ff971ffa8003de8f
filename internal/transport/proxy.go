package transport

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"

	"github.com/mattn/go-ieproxy"
	"golang.org/x/net/proxy"
)

// ErrProxyAuth means that the proxy demands a name and password (HTTP 407) that it wasn't given or didn't accept.
var ErrProxyAuth = errors.New("proxy demands authentication")

// ProxyError is a proxy's refusal to make a connection.
type ProxyError struct {
	Status int    // HTTP status of the proxy's answer; 0 when it couldn't be reached or didn't speak HTTP
	Reason string // the status line, or what was attempted
	Err    error  // the network error, if there was one
}

func (e *ProxyError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("proxy: %s: %v", e.Reason, e.Err)
	}
	return "proxy: " + e.Reason
}

func (e *ProxyError) Unwrap() error { return e.Err }

// SystemProxy is the proxy that the environment (HTTPS_PROXY, HTTP_PROXY, NO_PROXY) or the settings of Windows name.
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

func (n *Net) dialThrough(ctx context.Context, via *url.URL, host string, port int) (net.Conn, error) {
	target := net.JoinHostPort(host, strconv.Itoa(port))
	if via.Scheme == "socks5" || via.Scheme == "socks5h" {
		return n.dialSOCKS(ctx, via, target)
	}
	conn, err := n.dialDirect(ctx, via.Hostname(), proxyPort(via))
	if err != nil {
		return nil, proxyFailed(ctx, "connect to "+ProxyName(via), err)
	}
	if via.Scheme == "https" {
		// The company's own proxy may well have the company's own certificate: the system's roots decide here.
		if conn, err = Handshake(ctx, conn, &tls.Config{ServerName: via.Hostname(), MinVersion: tls.VersionTLS12}); err != nil {
			return nil, proxyFailed(ctx, "TLS with "+ProxyName(via), err)
		}
	}
	tunnel, err := connect(ctx, conn, via, target, n.userAgent)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return tunnel, nil
}

// proxyFailed keeps the end of our own time or a cancel apart from the proxy's fault.
func proxyFailed(ctx context.Context, what string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", what, ctx.Err())
	}
	return &ProxyError{Reason: what, Err: err}
}

// connect asks for a tunnel (RFC 9110, 9.3.6).
func connect(ctx context.Context, conn net.Conn, via *url.URL, target, userAgent string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()

	request := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: target}, Host: target, Header: http.Header{"User-Agent": {userAgent}}}
	if password, ok := via.User.Password(); ok || via.User.Username() != "" {
		basic := base64.StdEncoding.EncodeToString([]byte(via.User.Username() + ":" + password))
		request.Header.Set("Proxy-Authorization", "Basic "+basic)
	}
	if err := request.Write(conn); err != nil {
		return nil, proxyFailed(ctx, "CONNECT "+target, err)
	}
	// The server behind a tunnel never speaks first in TLS, so nothing of it can be caught in this buffer.
	response, err := http.ReadResponse(bufio.NewReaderSize(conn, 4<<10), request)
	if err != nil {
		return nil, proxyFailed(ctx, "CONNECT "+target, err)
	}
	response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
		if !stop() {
			return nil, ctx.Err()
		}
		return conn, nil
	case http.StatusProxyAuthRequired:
		return nil, fmt.Errorf("CONNECT %s: %w", target, ErrProxyAuth)
	default:
		return nil, &ProxyError{Status: response.StatusCode, Reason: "CONNECT " + target + ": " + response.Status}
	}
}

func (n *Net) dialSOCKS(ctx context.Context, via *url.URL, target string) (net.Conn, error) {
	dialer, err := proxy.FromURL(via, directDialer{n})
	if err != nil {
		return nil, &ProxyError{Reason: "read the address of " + ProxyName(via), Err: err}
	}
	conn, err := dialer.(proxy.ContextDialer).DialContext(ctx, "tcp", target)
	if err != nil {
		return nil, proxyFailed(ctx, "reach "+target+" through "+ProxyName(via), err)
	}
	return conn, nil
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

func proxyPort(u *url.URL) int {
	if u.Port() == "" && u.Scheme == "http" {
		return 80
	}
	return PortOf(u)
}
