package simportal

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// User name and password that the proxy accepts under the fault proxy-auth.
const (
	ProxyUser     = "demo"
	ProxyPassword = "demo"
)

// proxy is a forward proxy to the simulated hosts only.
func (s *Sim) proxy(h *request) {
	h.w.Header().Set("Server", "squid/5.7")
	if h.faults.on("proxy-auth") && !proxyAuthorized(h.r) {
		h.w.Header().Set("Proxy-Authenticate", `Basic realm="Squid proxy-caching web server"`)
		h.page(http.StatusProxyAuthRequired, squidPage("ERR_CACHE_ACCESS_DENIED", "Cache Access Denied."))
		return
	}
	if h.faults.on("proxy-refused") {
		h.page(http.StatusForbidden, squidPage("ERR_ACCESS_DENIED", "Access Denied."))
		return
	}
	if h.r.Method == http.MethodConnect {
		s.tunnel(h)
		return
	}
	if h.r.URL.Scheme != "http" || h.r.URL.Host == "" {
		h.page(http.StatusBadRequest, squidPage("ERR_INVALID_URL", "Invalid URL"))
		return
	}
	s.forward(h)
}

func proxyAuthorized(r *http.Request) bool {
	probe := http.Request{Header: http.Header{"Authorization": r.Header.Values("Proxy-Authorization")}}
	user, password, ok := probe.BasicAuth()
	return ok && user == ProxyUser && password == ProxyPassword
}

func squidPage(code, text string) string {
	return "<!DOCTYPE html>\n<html><head><title>ERROR: The requested URL could not be retrieved</title></head>\n<body id=" + code + "><h1>ERROR</h1><p>" + text + "</p></body></html>\n"
}

// resolve returns the loopback address of a host and port; "" for hosts that are not simulated.
func (s *Sim) resolve(hostPort, defaultPort string) string {
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		host, port = hostPort, defaultPort
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return ""
	}
	host = strings.Trim(host, "[]")
	routes := s.routes()
	for _, a := range portalAddresses(s.faults.Load()) {
		f := s.faults.Load()
		routes = append(routes, route{a, 443, s.portalAt(f, a)}, route{a, 80, s.portalHTTPAt(f, a)})
	}
	for _, r := range routes {
		if strings.EqualFold(r.host, host) && r.port == n {
			return r.addr
		}
	}
	return ""
}

func (s *Sim) dial(ctx context.Context, target string) (net.Conn, error) {
	return (&net.Dialer{Timeout: 15 * time.Second}).DialContext(ctx, "tcp", target)
}

// tunnel answers CONNECT.
func (s *Sim) tunnel(h *request) {
	target := s.resolve(h.r.Host, "443")
	if target == "" {
		h.page(http.StatusServiceUnavailable, squidPage("ERR_DNS_FAIL", "Unable to determine IP address from host name."))
		return
	}
	out, err := s.dial(h.r.Context(), target)
	if err != nil {
		h.page(http.StatusServiceUnavailable, squidPage("ERR_CONNECT_FAIL", "Connection failed."))
		return
	}
	in, rw, err := http.NewResponseController(h.w).Hijack()
	if err != nil {
		_ = out.Close()
		h.abort()
	}
	h.status(http.StatusOK)
	if _, err := io.WriteString(in, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		_, _ = in.Close(), out.Close()
		return
	}
	splice(in, rw.Reader, out)
}

// splice copies in both directions until either side ends.
func splice(in net.Conn, early *bufio.Reader, out net.Conn) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(out, early)
		_, _ = out.Close(), in.Close()
	}()
	_, _ = io.Copy(in, out)
	_, _ = in.Close(), out.Close()
	<-done
}

// forward forwards a plain HTTP request.
func (s *Sim) forward(h *request) {
	target := s.resolve(h.r.URL.Host, "80")
	if target == "" {
		h.page(http.StatusServiceUnavailable, squidPage("ERR_DNS_FAIL", "Unable to determine IP address from host name."))
		return
	}
	transport := &http.Transport{
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return s.dial(ctx, target) },
		DisableKeepAlives: true, DisableCompression: true,
	}
	request, err := http.NewRequestWithContext(h.r.Context(), h.r.Method, h.r.URL.String(), strings.NewReader(string(h.body)))
	if err != nil {
		h.page(http.StatusBadRequest, squidPage("ERR_INVALID_URL", "Invalid URL"))
		return
	}
	request.Header = h.r.Header.Clone()
	for _, name := range []string{"Proxy-Authorization", "Proxy-Connection", "Connection"} {
		request.Header.Del(name)
	}
	request.Host = h.r.Host
	answer, err := transport.RoundTrip(request)
	if err != nil {
		h.page(http.StatusBadGateway, squidPage("ERR_READ_ERROR", "Read Error"))
		return
	}
	defer func() { _ = answer.Body.Close() }()
	for name, values := range answer.Header {
		h.w.Header()[name] = values
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, bodyReadLimit))
	if err != nil {
		h.abort()
	}
	h.send(answer.StatusCode, answer.Header.Get("Content-Type"), body)
}
