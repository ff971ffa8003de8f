package simportal

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// portal is the portal's web server, on port 443 and on port 80.
func (s *Sim) portal(h *request) {
	f := h.faults
	h.w.Header().Set("Date", httpDate(s.portalNow(f)))
	if s.opt.Answer != nil && s.opt.Answer(h.w, h.entry.clone()) {
		return
	}
	if f.on("throttle") && s.overLimit() {
		h.w.Header().Set("Retry-After", "600")
		h.page(http.StatusTooManyRequests, nginxPage("429 Too Many Requests", ""))
		return
	}
	if !h.tls && !s.opt.BehindProxy && s.plainHTTP(h) {
		return
	}
	if s.frontServer(h) || h.tls && s.redirected(h) {
		return
	}
	s.dropBody(h)
	switch path := h.r.URL.Path; {
	case path == "/rest" || strings.HasPrefix(path, "/rest/"):
		s.restRoute(h)
	case path == "/oauth/token/" || path == "/oauth/token":
		s.tokenProxy(h)
	case path == "/oauth/authorize/" || path == "/oauth/authorize":
		s.authorize(h)
	case path == "/" || path == "/auth/" || path == "/bitrix/admin/":
		h.portalPage(http.StatusOK, loginForm)
	default:
		h.portalPage(http.StatusNotFound, notFoundPage)
	}
}

// plainHTTP is the server on port 80, which redirects to https. It reports whether it answered.
func (s *Sim) plainHTTP(h *request) bool {
	target := url.URL{Scheme: "https", Host: s.opt.Host, Path: h.r.URL.Path, RawQuery: h.r.URL.RawQuery}
	switch h.faults.any("captive-portal-http", "redirect-wrong-port", "redirect-wrong-port-http", "redirect-loses-path", "redirect-other-host-http", "redirect-other-host-later", "redirect-loop-http", "http-serves") {
	case "captive-portal-http":
		h.redirect(http.StatusFound, "http://"+captiveHost+"/login?to="+url.QueryEscape(h.r.Host+h.r.URL.Path))
		return true
	case "redirect-wrong-port", "redirect-wrong-port-http": // nginx: return 301 https://$host:80$request_uri;
		target.Host += ":80"
	case "redirect-loses-path": // nginx: return 301 https://$host;
		target.Path, target.RawQuery = "", ""
	case "redirect-other-host-later":
		if strings.HasSuffix(target.Path, "/") {
			target.Host = s.otherHost()
		} else {
			target.Scheme, target.Path = "http", target.Path+"/"
		}
	case "redirect-other-host-http":
		target.Host = s.otherHost()
	case "redirect-loop-http":
		target.Scheme = "http"
	case "http-serves":
		return false
	}
	h.redirect(http.StatusMovedPermanently, target.String())
	return true
}

// frontServer is the web server or filter in front of PHP. It reports whether it answered.
func (s *Sim) frontServer(h *request) bool {
	if h.faults.in("tls") == "tls-client-certificate-400" && h.r.TLS != nil && len(h.r.TLS.PeerCertificates) == 0 {
		h.page(http.StatusBadRequest, nginxPage("400 No required SSL certificate was sent", ""))
		return true
	}
	fault := h.faults.in("front")
	if fault == "rest-timeout" {
		s.wait(h.r.Context(), 24*time.Hour)
		h.abort()
	}
	if h.sendFixed(fault) {
		return true
	}
	if h.faults.on("token-echoed") && len(h.entry.Tokens) > 0 {
		token := h.entry.Tokens[0]
		h.w.Header().Set("Server", "filter "+token)
		h.page(http.StatusForbidden, nginxPage("403 Forbidden", "Refused: "+token))
		return true
	}
	switch {
	case h.faults.on("body-too-large") && len(h.body) > 1<<20: // nginx: client_max_body_size, as it is unless set
		h.page(http.StatusRequestEntityTooLarge, nginxPage("413 Request Entity Too Large", ""))
		return true
	case h.faults.on("body-too-large-closed") && len(h.body) > 10<<20:
		h.abort()
	}
	if h.faults.on("body-filtered") && looksLikeAttack(h.body) {
		h.page(http.StatusForbidden, nginxPage("403 Forbidden", ""))
		return true
	}
	return false
}

// looksLikeAttack is a simple content filter against scripts and SQL.
func looksLikeAttack(body []byte) bool {
	raw := strings.NewReplacer(`\u003c`, "<", `\u003C`, "<").Replace(string(body))
	for _, text := range []string{raw, phpUnescape(raw)} {
		text = strings.ToLower(text)
		if strings.Contains(text, "<script") || strings.Contains(text, "select * from") {
			return true
		}
	}
	return false
}

// redirected answers calls that the https address redirects. It reports whether it answered.
func (s *Sim) redirected(h *request) bool {
	target := url.URL{Scheme: "https", Host: h.r.Host, Path: h.r.URL.Path, RawQuery: h.r.URL.RawQuery}
	fault := h.faults.any("redirect-drops-post", "redirect-drops-post-302", "redirect-wrong-port", "redirect-keeps-post", "redirect-other-host", "redirect-other-host-307", "redirect-loop")
	status := http.StatusMovedPermanently
	switch fault {
	case "redirect-drops-post", "redirect-drops-post-302", "redirect-keeps-post":
		if !strings.HasPrefix(target.Path, "/rest/") || strings.HasSuffix(target.Path, "/") {
			return false
		}
		target.Path += "/"
	case "redirect-other-host", "redirect-other-host-307":
		if strings.EqualFold(h.r.Host, s.otherHost()) {
			return false
		}
		target.Host = s.otherHost()
	case "redirect-wrong-port":
		target.Host = s.opt.Host + ":80"
	case "redirect-loop":
	default:
		return false
	}
	switch fault {
	case "redirect-drops-post-302":
		status = http.StatusFound
	case "redirect-keeps-post":
		status = http.StatusPermanentRedirect
	case "redirect-other-host-307":
		status = http.StatusTemporaryRedirect
	}
	h.redirect(status, target.String())
	return true
}

// dropBody drops bodies and the Authorization header as some proxies in front of PHP do.
func (s *Sim) dropBody(h *request) {
	isJSON := strings.HasPrefix(h.r.Header.Get("Content-Type"), "application/json")
	if h.faults.on("post-body-lost") || h.faults.on("json-body-lost") && isJSON {
		h.body = nil
	}
	if h.faults.on("auth-header-stripped") {
		h.r.Header.Del("Authorization")
	}
}

// overLimit counts a request and reports whether it exceeds the limit in the last ten seconds.
func (s *Sim) overLimit() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for len(s.arrivals) > 0 && now.Sub(s.arrivals[0]) >= throttleWindow {
		s.arrivals = s.arrivals[1:]
	}
	s.arrivals = append(s.arrivals, now)
	return len(s.arrivals) > throttleLimit
}

// restRoute is the web server's routing of /rest/.
func (s *Sim) restRoute(h *request) {
	route := h.faults.in("route")
	if route == "" && h.faults.inv.absent["rest"] {
		route = "rest-module-missing"
	}
	switch route {
	case "rest-login-page":
		h.w.Header().Set("Location", "/auth/?backurl="+url.QueryEscape(h.r.URL.Path))
		h.portalPage(http.StatusFound, "")
	case "browser-check":
		h.w.Header().Set("Location", "https://"+h.r.Host+"/showcaptcha?retpath="+url.QueryEscape(h.r.URL.Path))
		h.send(http.StatusFound, "", nil)
	case "rest-cut-off-closed":
		h.abort()
	case "rest-cut-off-reset":
		if h.conn != nil {
			h.conn.reset()
		}
		h.abort()
	default:
		if !h.sendFixed(route) {
			s.restServer(h)
		}
	}
}

// portalPage sends a page of the portal itself.
func (h *request) portalPage(status int, html string) {
	h.poweredByBitrix()
	h.page(status, html)
}

func (h *request) poweredByBitrix() {
	h.w.Header().Set("X-Powered-CMS", "Bitrix Site Manager (bc2cad9153cb418bb2dfd5602c3c3754)")
}

// sendREST sends an answer of the rest module, damaged by the active fault.
func (h *request) sendREST(status int, contentType string, body []byte) {
	h.poweredByBitrix()
	header := h.w.Header()
	header.Set("Access-Control-Allow-Origin", "*")
	header.Set("Access-Control-Allow-Headers", "origin, content-type, accept")
	header.Set("X-Content-Type-Options", "nosniff")
	switch h.faults.in("answer") {
	case "rest-polluted-bom":
		body = append([]byte("\ufeff"), body...)
	case "rest-polluted-notice":
		body = append([]byte(phpNotice), body...)
	case "rest-polluted-after":
		body = append(body, phpNotice...)
	case "rest-cut-off":
		h.head(status, contentType, len(body)+100)
		_, _ = h.w.Write(body[:len(body)/2])
		h.flush()
		h.abort()
	case "rest-cut-off-endless":
		h.sendEndless(status, contentType)
		return
	case "rest-overflows":
		h.sendExtraBytes(status, contentType, body)
		return
	case "rest-timeout-trickle":
		h.sendSlowly(status, contentType, body)
		return
	case "rest-gzip-bomb":
		h.sendGzipBomb(status, contentType)
		return
	case "rest-bad-gzip":
		header.Set("Content-Encoding", "gzip")
		body = brokenGzip(body)
	}
	h.send(status, contentType, body)
}

func (h *request) flush() { _ = http.NewResponseController(h.w).Flush() }

// sendEndless sends JSON that never ends, until the client closes the connection.
func (h *request) sendEndless(status int, contentType string) {
	h.head(status, contentType, -1)
	chunk := []byte(`{"result":["` + strings.Repeat("0123456789abcdef", 4096))
	for h.sim.ctx.Err() == nil {
		if _, err := h.w.Write(chunk); err != nil {
			break
		}
		chunk = chunk[len(chunk)-65536:]
	}
	h.abort()
}

// sendExtraBytes sends bytes after the end of the answer, where a client that keeps the connection expects none.
func (h *request) sendExtraBytes(status int, contentType string, body []byte) {
	conn, out, err := http.NewResponseController(h.w).Hijack()
	if err != nil {
		h.abort()
	}
	defer conn.Close()
	h.status(status)
	fmt.Fprintf(out, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n", status, http.StatusText(status), contentType, len(body))
	_ = h.w.Header().Write(out)
	fmt.Fprintf(out, "\r\n%s", body)
	fmt.Fprintf(out, "%s %s\r\n%s", h.r.Method, h.r.RequestURI, h.body)
	_ = out.Flush()
	h.sim.wait(h.r.Context(), 100*time.Millisecond) // so that closing the connection isn't taken for the end of the answer
}

// sendSlowly sends one byte per second.
func (h *request) sendSlowly(status int, contentType string, body []byte) {
	h.head(status, contentType, len(body))
	for i := range body {
		if _, err := h.w.Write(body[i : i+1]); err != nil {
			h.abort()
		}
		h.flush()
		if !h.sim.wait(h.r.Context(), time.Second) {
			h.abort()
		}
	}
}

// sendGzipBomb sends half a megabyte that unpacks to half a gigabyte.
func (h *request) sendGzipBomb(status int, contentType string) {
	const mib, members = 1 << 20, 512
	var member bytes.Buffer
	z := gzip.NewWriter(&member)
	_, _ = z.Write(bytes.Repeat([]byte{' '}, mib))
	_ = z.Close()
	h.w.Header().Set("Content-Encoding", "gzip")
	h.head(status, contentType, member.Len()*members)
	for range members {
		if _, err := h.w.Write(member.Bytes()); err != nil {
			h.abort()
		}
	}
}

// brokenGzip has the header of gzip and then plain text, which can't be inflated.
func brokenGzip(body []byte) []byte {
	start := []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xff}
	return append(start, body...)
}
