package simportal_test

import (
	"compress/gzip"
	"context"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"boxready/internal/simportal"

	"golang.org/x/net/dns/dnsmessage"
)

// seen asserts how a fault looks to a client.
type seen func(*testing.T, *simportal.Sim)

// symptoms has an assertion for each fault; it fails on a healthy portal.
var symptoms = map[string]seen{
	"dns-not-found":         dnsSays("NameError", nil, "same"),
	"dns-failed":            dnsSays("ServerFailure", nil, "same"),
	"dns-failed-silent":     dnsSays("silence", nil, "ServerFailure"),
	"dns-private-only":      dnsSays("Success", []string{"192.168.10.20"}, "same"),
	"dns-sinkhole":          dnsSays("Success", []string{"0.0.0.0"}, "same"),
	"dns-sinkhole-loopback": dnsSays("Success", []string{"127.0.0.1"}, "same"),
	"dns-differs":           dnsSays("Success", []string{"203.0.113.10", "2001:db8::10"}, "198.51.100.10"),
	"dns-differs-absent":    dnsSays("Success", []string{"203.0.113.10", "2001:db8::10"}, "NameError"),

	"tcp-refused": func(t *testing.T, s *simportal.Sim) {
		for _, port := range []string{"443", "80"} {
			if err := dialError(s, s.Host()+":"+port); !isRefused(err) {
				t.Errorf("port %s: %v", port, err)
			}
		}
	},
	"tcp-timeout": func(t *testing.T, s *simportal.Sim) {
		for range 3 {
			var ne net.Error
			if err := dialError(s, s.Host()+":443"); !errors.As(err, &ne) || !ne.Timeout() {
				t.Errorf("got %v", err)
			}
		}
	},
	"ipv6-dead": func(t *testing.T, s *simportal.Sim) {
		if err := dialError(s, "[2001:db8::10]:443"); !isRefused(err) {
			t.Errorf("IPv6: %v", err)
		}
		if err := dialError(s, "203.0.113.10:443"); err != nil {
			t.Errorf("IPv4: %v", err)
		}
	},
	"address-partly-dead": func(t *testing.T, s *simportal.Sim) {
		dnsSays("Success", []string{"203.0.113.11", "203.0.113.10", "2001:db8::10"}, "same")(t, s)
		for _, port := range []string{"443", "80"} {
			if err := dialError(s, "203.0.113.11:"+port); !isRefused(err) {
				t.Errorf("the dead address, port %s: %v", port, err)
			}
			if err := dialError(s, "203.0.113.10:"+port); err != nil {
				t.Errorf("the other, port %s: %v", port, err)
			}
		}
	},
	"address-partly-dead-silent": func(t *testing.T, s *simportal.Sim) {
		var ne net.Error
		if err := dialError(s, "203.0.113.11:443"); !errors.As(err, &ne) || !ne.Timeout() {
			t.Errorf("the dead address: %v", err)
		}
		if err := dialError(s, "203.0.113.10:443"); err != nil {
			t.Errorf("the other: %v", err)
		}
	},
	"http-refused": func(t *testing.T, s *simportal.Sim) {
		if err := dialError(s, s.Host()+":80"); !isRefused(err) {
			t.Errorf("got %v", err)
		}
	},

	"tls-not-tls": func(t *testing.T, s *simportal.Sim) {
		_, err := handshake(t, s, nil)
		var header tls.RecordHeaderError
		if !errors.As(err, &header) || !strings.HasPrefix(string(header.RecordHeader[:]), "HTTP/") {
			t.Errorf("got %v", err)
		}
	},
	"tls-handshake-reset": func(t *testing.T, s *simportal.Sim) {
		if _, err := handshake(t, s, nil); !isReset(err) {
			t.Errorf("got %v", err)
		}
	},
	"tls-handshake-closed": func(t *testing.T, s *simportal.Sim) {
		if _, err := handshake(t, s, nil); !errors.Is(err, io.EOF) && !isReset(err) {
			t.Errorf("got %v", err)
		}
	},
	"tls-handshake-alert": func(t *testing.T, s *simportal.Sim) {
		if _, err := handshake(t, s, nil); err == nil || !strings.Contains(err.Error(), "handshake failure") {
			t.Errorf("got %v", err)
		}
	},
	"tls-old-protocol": func(t *testing.T, s *simportal.Sim) {
		if _, err := handshake(t, s, nil); err == nil || !strings.Contains(err.Error(), "protocol version") {
			t.Errorf("got %v", err)
		}
		state, err := handshake(t, s, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
		if err != nil || state.Version != tls.VersionTLS11 {
			t.Errorf("version %x, %v", state.Version, err)
		}
	},
	"tls-client-certificate": func(t *testing.T, s *simportal.Sim) {
		if _, err := handshake(t, s, nil); err != nil {
			t.Errorf("handshake: %v", err)
		}
		if r := get(t, s, "/rest/app.info"); r.err == nil || !strings.Contains(r.err.Error(), "certificate required") {
			t.Errorf("got %v", r.err)
		}
	},
	"tls-client-certificate-12": func(t *testing.T, s *simportal.Sim) {
		if _, err := handshake(t, s, nil); err == nil || strings.Contains(err.Error(), "protocol version") {
			t.Errorf("got %v", err)
		}
	},
	"tls-client-certificate-400": func(t *testing.T, s *simportal.Sim) {
		if _, err := handshake(t, s, nil); err != nil {
			t.Errorf("handshake: %v", err)
		}
		if r := get(t, s, "/rest/app.info"); r.err != nil || r.status != 400 || !strings.Contains(r.body, "No required SSL certificate") {
			t.Errorf("got %d %q %v", r.status, r.body, r.err)
		}
	},
	"tls-intercepted-gateway": issuedBy("Demo Company Web Gateway", 2),
	"captive-portal": func(t *testing.T, s *simportal.Sim) {
		var other x509.HostnameError
		if _, err := handshake(t, s, nil); !errors.As(err, &other) {
			t.Errorf("verification: %v", err)
		}
		if c := chain(t, s); len(c) != 1 || c[0].Issuer.String() != "CN=wifi.demo.example" {
			t.Errorf("got %v", c)
		}
	},
	"captive-portal-http": func(t *testing.T, s *simportal.Sim) {
		if c := chain(t, s); len(c) != 1 || c[0].Issuer.String() != "CN=wifi.demo.example" {
			t.Errorf("got %v", c)
		}
		if r := plain(t, s); r.status != 302 || !strings.HasPrefix(r.header.Get("Location"), "http://wifi.demo.example/login?") {
			t.Errorf("got %+v", r)
		}
		if err := dialError(s, "oauth.bitrix24.tech:443"); !isRefused(err) {
			t.Errorf("the authorization server: %v", err)
		}
	},
	"tls-intercepted":          issuedBy("Kaspersky Anti-Virus Personal Root Certificate", 2),
	"tls-intercepted-fortinet": issuedBy("Fortinet", 2),
	"tls-self-signed":          issuedBy("CN=portal.demo.example", 1),
	"tls-private-ca": func(t *testing.T, s *simportal.Sim) {
		issuedBy("Demo Company Root CA", 2)(t, s)
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(s.PrivateCAPEM())
		if _, err := handshake(t, s, &tls.Config{RootCAs: pool}); err != nil {
			t.Errorf("with the private root: %v", err)
		}
	},
	"tls-private-ca-no-root": func(t *testing.T, s *simportal.Sim) {
		issuedBy("Demo Company Root CA", 1)(t, s)
		if urls := leaf(t, s).IssuingCertificateURL; len(urls) != 0 {
			t.Errorf("issuer at %v", urls)
		}
	},
	"tls-private-ca-aia": func(t *testing.T, s *simportal.Sim) {
		issuedBy("Demo Company Root CA", 1)(t, s)
		if c := issuer(t, s); c == nil || c.Issuer.String() != c.Subject.String() {
			t.Errorf("the issuer is %v", c)
		}
	},
	"tls-private-ca-aia-dead": func(t *testing.T, s *simportal.Sim) {
		if c := issuer(t, s); c != nil {
			t.Errorf("the issuer is %v", c.Subject)
		}
		if _, err := handshake(t, s, nil); err == nil {
			t.Error("verified")
		}
	},
	"tls-national-ca": issuedBy("Russian Trusted Sub CA", 3),
	"tls-incomplete-chain": func(t *testing.T, s *simportal.Sim) {
		issuedBy("BoxReady Demo Public CA 1", 1)(t, s)
		c := issuer(t, s)
		if c == nil {
			t.Fatal("no issuer")
		}
		pool := x509.NewCertPool()
		pool.AddCert(c)
		if _, err := leaf(t, s).Verify(x509.VerifyOptions{DNSName: s.Host(), Roots: roots(s), Intermediates: pool}); err != nil {
			t.Errorf("with the issuer: %v", err)
		}
	},
	"tls-stale-intermediate": func(t *testing.T, s *simportal.Sim) {
		issuedBy("BoxReady Demo Public CA 1", 2)(t, s)
		if _, err := handshake(t, s, nil); err == nil {
			t.Error("verified")
		}
	},
	"tls-root-only": func(t *testing.T, s *simportal.Sim) {
		issuedBy("BoxReady Demo Public CA 1", 2)(t, s)
		if _, err := handshake(t, s, nil); err == nil {
			t.Error("verified")
		}
	},
	"tls-expired": invalid(x509.Expired, 0),
	"tls-expired-issuer-renewed": func(t *testing.T, s *simportal.Sim) {
		invalid(x509.Expired, 0)(t, s)
		if c := chain(t, s); len(c) != 2 || c[0].CheckSignatureFrom(c[1]) != nil || !c[1].NotBefore.After(c[0].NotAfter) {
			t.Errorf("got %v", c)
		}
	},
	"tls-expired-intermediate": invalid(x509.Expired, 1),
	"tls-not-yet-valid": func(t *testing.T, s *simportal.Sim) {
		invalid(x509.Expired, 0)(t, s)
		if from := leaf(t, s).NotBefore; from.Before(time.Now()) {
			t.Errorf("valid from %v", from)
		}
	},
	"tls-wrong-host": func(t *testing.T, s *simportal.Sim) {
		var host x509.HostnameError
		if _, err := handshake(t, s, nil); !errors.As(err, &host) || len(host.Certificate.DNSNames) == 0 {
			t.Errorf("got %v", err)
		}
	},
	"tls-cn-only": func(t *testing.T, s *simportal.Sim) {
		var host x509.HostnameError
		if _, err := handshake(t, s, nil); !errors.As(err, &host) || len(host.Certificate.DNSNames) != 0 || host.Certificate.Subject.CommonName != s.Host() {
			t.Errorf("got %v", err)
		}
	},
	"tls-weak-rsa1024": func(t *testing.T, s *simportal.Sim) {
		if key, ok := leaf(t, s).PublicKey.(*rsa.PublicKey); !ok || key.N.BitLen() != 1024 {
			t.Error("not RSA 1024")
		}
	},
	"tls-weak-sha1": func(t *testing.T, s *simportal.Sim) {
		if a := leaf(t, s).SignatureAlgorithm; a != x509.ECDSAWithSHA1 {
			t.Errorf("signed with %v", a)
		}
	},
	"tls-expires-soon": func(t *testing.T, s *simportal.Sim) {
		state, err := handshake(t, s, nil)
		if err != nil {
			t.Fatal(err)
		}
		if left := time.Until(state.PeerCertificates[0].NotAfter); left < 9*24*time.Hour || left > 11*24*time.Hour {
			t.Errorf("left %v", left)
		}
	},
	"tls-second-address": func(t *testing.T, s *simportal.Sim) {
		dnsSays("Success", []string{"203.0.113.10", "203.0.113.11"}, "same")(t, s)
		for addr, bad := range map[string]bool{"203.0.113.10": false, "203.0.113.11": true} {
			if _, err := handshakeAt(t, s, addr+":443", nil); (err != nil) != bad {
				t.Errorf("%s: %v", addr, err)
			}
		}
	},

	"throttle": func(t *testing.T, s *simportal.Sim) {
		c := client(t, s)
		for i := range 13 {
			r := ask(t, c, request{url: "https://" + s.Host() + "/rest/app.info"})
			if want := map[bool]int{true: 401, false: 429}[i < 12]; r.status != want {
				t.Fatalf("request %d: %d", i+1, r.status)
			}
		}
	},
	"rest-timeout":              silent("/rest/app.info"),
	"rest-server-error":         answers(502, `502 Bad Gateway`),
	"rest-server-error-empty":   answers(500, `^$`),
	"rest-basic-auth":           answers(401, `401 Authorization Required`, "WWW-Authenticate", `^Basic `),
	"rest-blocked":              answers(403, `403 Forbidden`, "Server", `^nginx$`),
	"rest-blocked-modsecurity":  answers(406, `Mod_Security`),
	"rest-blocked-cloudflare":   answers(403, `Cloudflare`, "CF-RAY", `.`, "Server", `^cloudflare$`),
	"browser-check-page":        answers(403, `/cdn-cgi/challenge-platform/`, "Cf-Mitigated", `^challenge$`),
	"edge-error":                answers(526, `Invalid SSL certificate`, "CF-RAY", `.`, "Server", `^cloudflare$`),
	"edge-error-timeout":        answers(522, `Connection timed out`, "CF-RAY", `.`, "Server", `^cloudflare$`),
	"proxy-wrong-scheme":        answers(400, `The plain HTTP request was sent to HTTPS port`, "Server", `^nginx$`),
	"proxy-wrong-scheme-apache": answers(400, `speaking plain HTTP to an SSL-enabled server port`, "Server", `^Apache$`),
	"site-not-served":           everywhere(404, `<center>nginx</center>`),
	"rest-not-bitrix-api":       everywhere(404, `"error":"Not Found"`, "Content-Type", `^application/json`),
	"rest-not-bitrix-identity":  everywhere(400, `"error":"invalid_request"`, "Content-Type", `^application/json`),
	"errors-replaced": func(t *testing.T, s *simportal.Sim) {
		answers(401, `^<html><body>Sorry</body></html>$`, "Server", `^nginx$`, "X-Powered-CMS", `^$`, "Access-Control-Allow-Origin", `^$`)(t, s)
		showsOptions(t, s)
		if r := get(t, s, "/bitrix/admin/"); r.status != 200 {
			t.Errorf("the administration: %d", r.status)
		}
	},
	"token-echoed": func(t *testing.T, s *simportal.Sim) {
		if r := post(t, s, "/rest/app.info", form, "auth=0123456789abcdef"); r.status != 403 || !strings.Contains(string(r.body), "0123456789abcdef") {
			t.Errorf("got %+v", r)
		}
	},
	"body-too-large": func(t *testing.T, s *simportal.Sim) {
		for size, want := range map[int]int{1 << 20: 401, 1<<20 + 1: 413} {
			if r := post(t, s, "/rest/app.info", form, strings.Repeat("x", size)); r.status != want {
				t.Errorf("%d bytes: %d", size, r.status)
			}
		}
	},
	"body-too-large-closed": func(t *testing.T, s *simportal.Sim) {
		if r := post(t, s, "/rest/app.info", form, strings.Repeat("x", 10<<20)); r.status != 401 {
			t.Errorf("10 MiB: %d", r.status)
		}
		if r := post(t, s, "/rest/app.info", form, strings.Repeat("x", 10<<20+1)); !errors.Is(r.err, io.EOF) {
			t.Errorf("more: %d, %v", r.status, r.err)
		}
	},
	"body-filtered": func(t *testing.T, s *simportal.Sim) {
		for body, want := range map[string]int{"x=1": 401, "x=" + url.QueryEscape("<b>select * from test</b><script>"): 403, "x=<ScRipt>": 403} {
			if r := post(t, s, "/rest/app.info", form, body); r.status != want {
				t.Errorf("%s: %d", body, r.status)
			}
		}
		if r := post(t, s, "/rest/app.info", jsonKind, `{"x":"\u003cscript>"}`); r.status != 403 {
			t.Errorf("JSON: %d", r.status)
		}
	},

	"redirect-drops-post":     answers(301, ``, "Location", `^https://portal\.demo\.example/rest/app\.info/$`),
	"redirect-drops-post-302": answers(302, ``, "Location", `^https://portal\.demo\.example/rest/app\.info/$`),
	"redirect-wrong-port": func(t *testing.T, s *simportal.Sim) {
		answers(301, ``, "Location", `^https://portal\.demo\.example:80/rest/app\.info$`)(t, s)
		if r := plain(t, s); r.header.Get("Location") != "https://"+s.Host()+":80/rest/app.info" {
			t.Errorf("got %+v", r)
		}
	},
	"redirect-wrong-port-http": func(t *testing.T, s *simportal.Sim) {
		if r := plain(t, s); r.header.Get("Location") != "https://"+s.Host()+":80/rest/app.info" {
			t.Errorf("got %+v", r)
		}
	},
	"redirect-loses-path": func(t *testing.T, s *simportal.Sim) {
		if r := plain(t, s); r.header.Get("Location") != "https://"+s.Host() {
			t.Errorf("got %+v", r)
		}
	},
	"redirect-keeps-post": answers(308, ``, "Location", `^https://portal\.demo\.example/rest/app\.info/$`),
	"redirect-other-host": func(t *testing.T, s *simportal.Sim) {
		answers(301, ``, "Location", `^https://www\.portal\.demo\.example/rest/app\.info$`)(t, s)
		if r := ask(t, client(t, s), request{url: "https://www." + s.Host() + "/rest/app.info"}); r.code() != "NO_AUTH_FOUND" {
			t.Errorf("the other host: %s %v", r.body, r.err)
		}
	},
	"redirect-other-host-307": answers(307, ``, "Location", `^https://www\.`),
	"redirect-other-host-http": func(t *testing.T, s *simportal.Sim) {
		if r := plain(t, s); r.header.Get("Location") != "https://www."+s.Host()+"/rest/app.info" {
			t.Errorf("got %+v", r)
		}
	},
	"redirect-other-host-later": func(t *testing.T, s *simportal.Sim) {
		if r := plain(t, s); r.header.Get("Location") != "http://"+s.Host()+"/rest/app.info/" {
			t.Errorf("got %+v", r)
		}
	},
	"redirect-loop": answers(301, ``, "Location", `^https://portal\.demo\.example/rest/app\.info$`),
	"redirect-loop-http": func(t *testing.T, s *simportal.Sim) {
		if r := plain(t, s); r.header.Get("Location") != "http://"+s.Host()+"/rest/app.info" {
			t.Errorf("got %+v", r)
		}
	},
	"http-serves": func(t *testing.T, s *simportal.Sim) {
		if r := plain(t, s); r.code() != "NO_AUTH_FOUND" {
			t.Errorf("got %+v", r)
		}
	},

	"rest-login-page":      answers(302, ``, "Location", `^/auth/\?backurl=`),
	"rest-login-page-html": answers(200, `<form name="form_auth"`),
	"rest-not-found": func(t *testing.T, s *simportal.Sim) {
		answers(404, `<center>nginx</center>`)(t, s)
		if r := get(t, s, "/bitrix/admin/"); r.status != 200 || r.header.Get("X-Powered-CMS") == "" {
			t.Errorf("the administration: %d %v", r.status, r.header)
		}
	},
	"rest-not-found-portal": answers(404, `Page not found`, "X-Powered-CMS", `Bitrix`),
	"rest-module-missing":   answers(200, `^$`),
	"rest-not-bitrix":       answers(200, `It works!`, "Content-Type", `^text/html`),
	"rest-not-bitrix-json":  answers(200, `^\{"status":"ok"`, "Content-Type", `^application/json`),
	"php-not-run":           answers(200, `^<\?php`, "Content-Type", `^application/octet-stream$`),

	"php-script-refused":              answers(404, `^No input file specified\.\n$`, "X-Powered-By", `^PHP/`),
	"php-script-refused-denied":       answers(403, `^Access denied\.\n$`),
	"php-script-refused-missing":      answers(404, `^File not found\.\n$`),
	"rest-method-refused":             answers(405, `405 Not Allowed`, "Server", `^nginx$`),
	"rest-server-error-exception":     answers(200, `^A error occurred during execution of this script`, "X-Powered-CMS", `Bitrix`),
	"rest-server-error-exception-500": answers(500, `^A error occurred during execution of this script`, "X-Powered-CMS", `Bitrix`),
	"browser-check":                   answers(302, `^$`, "Location", `^https://portal\.demo\.example/showcaptcha\?`),

	"rest-cut-off":        fails("/rest/app.info", func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }),
	"rest-cut-off-closed": fails("/rest/app.info", func(err error) bool { return errors.Is(err, io.EOF) }),
	"rest-cut-off-reset":  fails("/rest/app.info", isReset),
	"rest-cut-off-endless": func(t *testing.T, s *simportal.Sim) {
		if r := get(t, s, "/rest/app.info"); len(r.body) != 9<<20 {
			t.Errorf("%d bytes, %v", len(r.body), r.err)
		}
	},
	"rest-gzip-bomb": func(t *testing.T, s *simportal.Sim) {
		r := get(t, s, "/rest/app.info")
		if r.header.Get("Content-Encoding") != "gzip" || len(r.body) > 2<<20 {
			t.Fatalf("%d bytes, %v", len(r.body), r.header)
		}
		z, err := gzip.NewReader(strings.NewReader(r.body))
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, io.LimitReader(z, 100<<20)); n != 100<<20 || err != nil {
			t.Errorf("unpacks to %d, %v", n, err)
		}
	},
	"rest-bad-gzip": func(t *testing.T, s *simportal.Sim) {
		r := get(t, s, "/rest/app.info")
		z, err := gzip.NewReader(strings.NewReader(r.body))
		if err != nil || r.header.Get("Content-Encoding") != "gzip" {
			t.Fatalf("got %+v, %v", r, err)
		}
		if b, err := io.ReadAll(z); err == nil || len(b) != 0 {
			t.Errorf("unpacks to %q", b)
		}
	},
	"rest-slow": slowly(answers(401, `"NO_AUTH_FOUND"`), 60*time.Millisecond),
	"rest-timeout-trickle": func(t *testing.T, s *simportal.Sim) {
		began := time.Now()
		answer, err := client(t, s).Get("https://" + s.Host() + "/rest/app.info")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		if _, err := io.ReadFull(answer.Body, make([]byte, 2)); err != nil || time.Since(began) < 900*time.Millisecond {
			t.Errorf("two bytes after %v, %v", time.Since(began), err)
		}
	},
	"rest-overflows": func(t *testing.T, s *simportal.Sim) {
		conn, err := tls.Dial("tcp", where(s, s.Host()+":443"), &tls.Config{ServerName: s.Host(), RootCAs: roots(s)})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "POST /rest/app.info HTTP/1.1\r\nHost: %s\r\nContent-Length: 3\r\n\r\nx=1", s.Host())
		if said, _ := io.ReadAll(conn); !strings.HasSuffix(string(said), "}POST /rest/app.info\r\nx=1") {
			t.Errorf("got %q", said)
		}
	},
	"rest-polluted-bom":       answers(401, "^\ufeff"+`\{"error":"NO_AUTH_FOUND"`),
	"rest-polluted-notice":    answers(401, `(?s)^<br />.*\{"error":"NO_AUTH_FOUND"`),
	"rest-polluted-after":     answers(401, `(?s)^\{"error":"NO_AUTH_FOUND".*<br />`),
	"rest-server-error-json":  answers(500, `^\{"error":"INTERNAL_SERVER_ERROR"`),
	"rest-server-error-sql":   answers(500, `^\{"error":"ERROR_CORE","error_description":"SQL query error!"`),
	"rest-server-error-redis": answers(400, `^\{"error":"ERROR_CORE","error_description":"OOM command`),
	"disk-full-route":         answers(401, `^\{"error":"ERROR_OAUTH"`),
	"rest-site-closed":        answers(403, `^\{"error":"PORTAL_DELETED"`),

	"core-method-missing":       missing("event.bind"),
	"core-method-missing-batch": missing("batch"),
	"platform-outdated":         missing("method.get"),

	"https-not-seen": func(t *testing.T, s *simportal.Sim) {
		if r := get(t, s, "/rest/1/x/profile"); r.code() != "INVALID_REQUEST" {
			t.Errorf("webhook: %s", r.body)
		}
		get(t, s, "/rest/profile?auth=x")
		if got := s.ReportedAddresses(); !slices.Equal(got, []string{"http://" + s.Host()}) {
			t.Errorf("reported %v", got)
		}
	},
	"https-seen-odd": func(t *testing.T, s *simportal.Sim) {
		if r := get(t, s, "/rest/1/x/profile"); r.status != 404 || r.json != nil {
			t.Errorf("got %s", r.body)
		}
		if r := get(t, s, "/rest/app.info"); r.code() != "NO_AUTH_FOUND" {
			t.Errorf("route: %s", r.body)
		}
	},

	"clock-off":            clocks(3*time.Minute, "0s"),
	"clock-wrong":          clocks(20*time.Minute, "0s"),
	"clock-wrong-slow":     clocks(-20*time.Minute, "0s"),
	"clock-wrong-unproved": clocks(20*time.Minute, "none"),
	"self-clock":           clocks(20*time.Minute, "20m0s"),
	"no-auth-date":         clocks(0, "none"),

	"intranet-absent": func(t *testing.T, s *simportal.Sim) {
		missing("user.current")(t, s)
		for _, path := range []string{"/oauth/token/", "/oauth/authorize/?client_id=x"} {
			if r := get(t, s, path); r.status != 404 {
				t.Errorf("%s: %d", path, r.status)
			}
		}
	},
	"needs-deep": func(t *testing.T, s *simportal.Sim) {
		if r := get(t, s, "/oauth/token/"); r.status != 404 || r.json != nil {
			t.Errorf("got %s", r.body)
		}
	},
	"token-proxy-broken": func(t *testing.T, s *simportal.Sim) {
		if r := get(t, s, "/oauth/token/"); r.status != 200 || r.body != "" {
			t.Errorf("got %d %s", r.status, r.body)
		}
	},
	"token-page-other": func(t *testing.T, s *simportal.Sim) {
		if r := get(t, s, "/oauth/token/"); r.status != 404 || r.body != `{"error":"Not found"}` || r.header.Get("X-Powered-CMS") != "" {
			t.Errorf("got %+v", r)
		}
	},
	"disk-full":                    tokenSays("ERROR_OAUTH", `"error":"invalid_request"`),
	"disk-full-english":            tokenSays("ERROR_OAUTH", `"error":"invalid_request"`),
	"portal-not-registered":        tokenSays("ERROR_CORE", `"error":"invalid_request"`),
	"auth-server-unreachable":      tokenSays("CONNECTION_ERROR", `^$`),
	"auth-server-unreachable-slow": slowly(tokenSays("CONNECTION_ERROR", `^$`), 60*time.Millisecond),
	"auth-server-html":             tokenSays("CONNECTION_ERROR", `<html`),
	"auth-server-failed": func(t *testing.T, s *simportal.Sim) {
		tokenSays("CONNECTION_ERROR", `<html`)(t, s)
		for _, host := range []string{"oauth.bitrix24.tech", "oauth.bitrix.info"} {
			if r := ask(t, client(t, s), request{url: "https://" + host + "/oauth/token/"}); r.status != 503 {
				t.Errorf("%s: %d %v", host, r.status, r.err)
			}
		}
	},
	"licence-rejected":           tokenSays("verification_needed", `"error":"invalid_request"`),
	"portal-credentials-refused": tokenSays("invalid_client", `"error":"invalid_request"`),
	"token-checker-missing":      transports("NO_AUTH_FOUND", "NO_AUTH_FOUND", "NO_AUTH_FOUND", "NO_AUTH_FOUND"),

	"auth-header-stripped": transports("invalid_token", "invalid_token", "invalid_token", "NO_AUTH_FOUND"),
	"post-body-lost":       transports("invalid_token", "NO_AUTH_FOUND", "NO_AUTH_FOUND", "invalid_token"),
	"json-body-lost":       transports("invalid_token", "invalid_token", "NO_AUTH_FOUND", "invalid_token"),

	"app-missing":          issuedSays("APPLICATION_NOT_FOUND"),
	"app-inactive":         issuedSays("APPLICATION_NOT_FOUND"),
	"user-inactive":        issuedSays("authorization_error"),
	"user-never-logged-in": issuedSays("ACCESS_DENIED"),
	"user-no-access":       issuedSays("user_access_error"),
	"cached-error": func(t *testing.T, s *simportal.Sim) {
		issuedSays("verification_needed")(t, s)
		if r := get(t, s, "/rest/profile?auth=invented"); r.code() != "invalid_token" {
			t.Errorf("an invented token: %s", r.body)
		}
	},
	"cloud-statuses": func(t *testing.T, s *simportal.Sim) {
		if r := get(t, s, "/rest/1/x/profile"); r.status != 403 {
			t.Errorf("got %d", r.status)
		}
	},

	"authorize-login":     authorizes(200, `Please log in`),
	"authorize-error":     authorizes(200, `ERROR_OAUTH: Application not installed`),
	"authorize-code-box":  authorizes(200, `<h1>[0-9a-f]+</h1>`),
	"authorize-empty-box": authorizes(200, `<h1></h1>`),

	"auth-host-unreachable":       vendors("oauth.bitrix24.tech", "oauth.bitrix.info"),
	"auth-host-unreachable-cis":   vendors("oauth.bitrix24.tech"),
	"auth-host-unreachable-world": vendors("oauth.bitrix.info"),
	"auth-host-unreachable-all":   vendors("oauth.bitrix24.tech", "oauth.bitrix.info", "repos.1c-bitrix.ru", "dl.bitrix24.com"),
	"auth-host-intercepted": func(t *testing.T, s *simportal.Sim) {
		for _, host := range []string{"oauth.bitrix24.tech", "oauth.bitrix.info"} {
			r := ask(t, client(t, s), request{url: "https://" + host + "/oauth/token/"})
			var unknown x509.UnknownAuthorityError
			if !errors.As(r.err, &unknown) || !slices.Contains(unknown.Cert.Issuer.Organization, "Fortinet") {
				t.Errorf("%s: %v", host, r.err)
			}
		}
	},
	"feed-unreachable": vendors("repos.1c-bitrix.ru", "dl.bitrix24.com"),
	"feed-invalid":     feeds(`<html`),
	"feed-empty":       feeds(`^\{"nodes":\[\]\}$`),

	"proxy-auth": func(t *testing.T, s *simportal.Sim) {
		proxied(407, nil)(t, s)
		proxied(401, url.UserPassword(simportal.ProxyUser, simportal.ProxyPassword))(t, s)
	},
	"proxy-refused": proxied(403, nil),
}

func TestEveryFaultShows(t *testing.T) {
	known := map[string]bool{}
	for _, f := range simportal.Faults() {
		known[f.Name] = true
		show := symptoms[f.Name]
		if show == nil {
			show = accessSymptoms[f.Name]
		}
		if show == nil {
			t.Errorf("nothing says how %s shows", f.Name)
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			show(t, faulty(t, f.Name))
		})
	}
	for _, rows := range []map[string]seen{symptoms, accessSymptoms} {
		for name := range rows {
			if !known[name] {
				t.Errorf("no fault %s", name)
			}
		}
	}
}

func TestFaultTable(t *testing.T) {
	var groups []string
	for _, f := range simportal.Faults() {
		if len(groups) == 0 || groups[len(groups)-1] != f.Group {
			if slices.Contains(groups, f.Group) {
				t.Errorf("group %s is torn apart at %s", f.Group, f.Name)
			}
			groups = append(groups, f.Group)
		}
		for _, c := range f.Causes {
			if !regexp.MustCompile(`^[a-z-]+/[a-z0-9-]+$`).MatchString(c) {
				t.Errorf("%s: cause %q", f.Name, c)
			}
		}
		for _, need := range f.Needs {
			if !regexp.MustCompile(`^(method:(api/)?[a-z.]+|event:[A-Z0-9_]+|scope:[a-z_]+|module:[a-z]+(>=\d+\.\d+\.\d+)?|host:[a-z.]+:\d+:[a-z-]+|page:https://[a-z.]+/)$`).MatchString(need) {
				t.Errorf("%s: need %q", f.Name, need)
			}
		}
		for _, w := range f.With {
			if !slices.Contains([]string{"deep", "content-filter", "body-size", "public-dns", "event-test", "dns", "proxy", "region", "webhook", "sign-in", "known", "receiver", "as-application"}, w) {
				t.Errorf("%s: with %q", f.Name, w)
			}
		}
	}
}

func TestTwoFaults(t *testing.T) {
	t.Run("outer layer first", func(t *testing.T) {
		s := faulty(t, "rest-polluted-bom", "redirect-drops-post")
		if r := get(t, s, "/rest/app.info"); r.status != 301 {
			t.Errorf("got %d", r.status)
		}
	})
	t.Run("no fault hides another group's", func(t *testing.T) {
		for other, shown := range map[string]string{
			"throttle": "rest-blocked", "redirect-other-host-http": "redirect-loop", "rest-polluted-bom": "core-method-missing-batch",
			"no-auth-date": "clock-off", "cloud-statuses": "rest-server-error-json", "dns-sinkhole": "rest-site-closed",
		} {
			s := faulty(t, other, shown)
			if shown == "core-method-missing-batch" {
				if r := get(t, s, "/rest/batch"); r.status != 404 || !strings.HasPrefix(r.body, "\ufeff") {
					t.Errorf("got %d %s", r.status, r.body)
				}
				continue
			}
			if shown == "clock-off" {
				clocks(3*time.Minute, "none")(t, s)
				continue
			}
			symptoms[shown](t, s)
		}
	})
	t.Run("closed site with a mark before the JSON", func(t *testing.T) {
		s := faulty(t, "rest-site-closed", "rest-polluted-bom")
		answers(403, "^\ufeff"+`\{"error":"PORTAL_DELETED"`)(t, s)
	})
	t.Run("independent ones both show", func(t *testing.T) {
		s := faulty(t, "tls-expires-soon", "clock-wrong", "core-method-missing", "feed-invalid")
		for _, name := range []string{"tls-expires-soon", "clock-wrong", "core-method-missing", "feed-invalid"} {
			symptoms[name](t, s)
		}
	})
}

func dialError(s *simportal.Sim, hostPort string) error {
	timeout := 300 * time.Millisecond
	if runtime.GOOS == "windows" {
		timeout = 3 * time.Second // it tries again for two seconds before it says that a connection was refused
	}
	c, err := net.DialTimeout("tcp", where(s, hostPort), timeout)
	if err == nil {
		_ = c.Close()
	}
	return err
}

// isRefused and isReset know the numbers of Windows' sockets, too.
func isRefused(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.Errno(10061))
}

func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.Errno(10054))
}

func handshake(t *testing.T, s *simportal.Sim, config *tls.Config) (tls.ConnectionState, error) {
	t.Helper()
	return handshakeAt(t, s, s.Host()+":443", config)
}

func handshakeAt(t *testing.T, s *simportal.Sim, hostPort string, config *tls.Config) (tls.ConnectionState, error) {
	t.Helper()
	if config == nil {
		config = &tls.Config{}
	}
	if config.RootCAs == nil {
		config.RootCAs = roots(s)
	}
	config.ServerName = s.Host()
	raw, err := net.DialTimeout("tcp", where(s, hostPort), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = raw.Close() }()
	_ = raw.SetDeadline(time.Now().Add(time.Minute))
	c := tls.Client(raw, config)
	err = c.HandshakeContext(context.Background())
	return c.ConnectionState(), err
}

// chain is what the portal sends, unverified.
func chain(t *testing.T, s *simportal.Sim) []*x509.Certificate {
	t.Helper()
	state, err := handshake(t, s, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	return state.PeerCertificates
}

func leaf(t *testing.T, s *simportal.Sim) *x509.Certificate { t.Helper(); return chain(t, s)[0] }

// issuer fetches the certificate that the leaf points at; nil if there is none.
func issuer(t *testing.T, s *simportal.Sim) *x509.Certificate {
	t.Helper()
	r := ask(t, client(t, s), request{url: leaf(t, s).IssuingCertificateURL[0]})
	if r.status != 200 {
		return nil
	}
	c, err := x509.ParseCertificate([]byte(r.body))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// issuedBy: not trusted, the issuer's name, so many certificates sent.
func issuedBy(name string, sent int) seen {
	return func(t *testing.T, s *simportal.Sim) {
		t.Helper()
		var unknown x509.UnknownAuthorityError
		if _, err := handshake(t, s, nil); !errors.As(err, &unknown) {
			t.Errorf("verification: %v", err)
		}
		c := chain(t, s)
		if !strings.Contains(c[0].Issuer.String(), name) || len(c) != sent {
			t.Errorf("issuer %s, %d sent", c[0].Issuer, len(c))
		}
	}
}

// invalid: verification fails for this reason at this place of the chain.
func invalid(reason x509.InvalidReason, place int) seen {
	return func(t *testing.T, s *simportal.Sim) {
		t.Helper()
		_, err := handshake(t, s, nil)
		var bad x509.CertificateInvalidError
		if !errors.As(err, &bad) || bad.Reason != reason || !bad.Cert.Equal(chain(t, s)[place]) {
			t.Errorf("got %v", err)
		}
	}
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}

func fails(path string, with func(error) bool) seen {
	return func(t *testing.T, s *simportal.Sim) {
		if r := ask(t, client(t, s), request{method: "POST", url: "https://" + s.Host() + path}); r.err == nil || !with(r.err) {
			t.Errorf("got %d %s, %v", r.status, r.body, r.err)
		}
	}
}

// silent asserts that there is no answer for a while.
func silent(path string) seen {
	return func(t *testing.T, s *simportal.Sim) {
		c := client(t, s)
		c.Timeout = 500 * time.Millisecond
		if r := ask(t, c, request{method: "POST", url: "https://" + s.Host() + path}); !isTimeout(r.err) {
			t.Errorf("got %d %s, %v", r.status, r.body, r.err)
		}
	}
}

// answers is what POST /rest/app.info gets: status, a pattern of the body, headers and their patterns.
func answers(status int, body string, headers ...string) seen {
	return func(t *testing.T, s *simportal.Sim) {
		t.Helper()
		r := post(t, s, "/rest/app.info", "", "")
		if r.err != nil || r.status != status || !regexp.MustCompile(body).MatchString(r.body) {
			t.Errorf("got %d %q, %v", r.status, r.body, r.err)
		}
		for i := 0; i < len(headers); i += 2 {
			if got := r.header.Get(headers[i]); !regexp.MustCompile(headers[i+1]).MatchString(got) {
				t.Errorf("%s: %q", headers[i], got)
			}
		}
	}
}

// everywhere is answers, for the administration and OPTIONS too.
func everywhere(status int, body string, headers ...string) seen {
	return func(t *testing.T, s *simportal.Sim) {
		t.Helper()
		answers(status, body, headers...)(t, s)
		for _, q := range []request{{url: "https://" + s.Host() + "/bitrix/admin/"}, {method: "OPTIONS", url: "https://" + s.Host() + "/rest/app.info"}} {
			if r := ask(t, client(t, s), q); r.status != status || !regexp.MustCompile(body).MatchString(r.body) {
				t.Errorf("%s %s: %d %q, %v", q.method, q.url, r.status, r.body, r.err)
			}
		}
	}
}

// showsOptions asserts that the rest module itself answers OPTIONS.
func showsOptions(t *testing.T, s *simportal.Sim) {
	t.Helper()
	r := ask(t, client(t, s), request{method: "OPTIONS", url: "https://" + s.Host() + "/rest/app.info"})
	if r.status != 200 || r.body != "" || r.header.Get("Access-Control-Allow-Headers") != "origin, content-type, accept" {
		t.Errorf("OPTIONS: %d %q %v, %v", r.status, r.body, r.header, r.err)
	}
}

func TestHealthyPortalShowsItself(t *testing.T) {
	s := faulty(t)
	showsOptions(t, s)
	if r := get(t, s, "/bitrix/admin/"); r.status != 200 || r.header.Get("X-Powered-CMS") == "" {
		t.Errorf("the administration: %d %v", r.status, r.header)
	}
}

func plain(t *testing.T, s *simportal.Sim) reply {
	t.Helper()
	return ask(t, client(t, s), request{url: "http://" + s.Host() + "/rest/app.info"})
}

func missing(method string) seen {
	return func(t *testing.T, s *simportal.Sim) {
		t.Helper()
		if r := get(t, s, "/rest/"+method); r.code() != "ERROR_METHOD_NOT_FOUND" || r.status != 404 {
			t.Errorf("%s: %s", method, r.body)
		}
		if r := get(t, s, "/rest/app.info"); r.code() != "NO_AUTH_FOUND" {
			t.Errorf("app.info: %s", r.body)
		}
	}
}

// clocks: how far the portal is off, and the authorization servers ("none": no Date).
func clocks(portal time.Duration, auth string) seen {
	off := func(r reply) string {
		at, err := http.ParseTime(r.header.Get("Date"))
		if err != nil {
			return "none"
		}
		return time.Until(at).Round(time.Minute).String()
	}
	return func(t *testing.T, s *simportal.Sim) {
		t.Helper()
		if got := off(get(t, s, "/rest/app.info")); got != portal.String() {
			t.Errorf("the portal is %s off", got)
		}
		for _, host := range []string{"oauth.bitrix24.tech", "oauth.bitrix.info"} {
			if got := off(ask(t, client(t, s), request{url: "https://" + host + "/oauth/token/"})); got != auth {
				t.Errorf("%s is %s off", host, got)
			}
		}
	}
}

// tokenSays: the code for an invented token, and a pattern for the page /oauth/token/.
func tokenSays(code, page string) seen {
	return func(t *testing.T, s *simportal.Sim) {
		t.Helper()
		if r := post(t, s, "/rest/app.info", form, "auth=invented"); r.code() != code {
			t.Errorf("token: %s", r.body)
		}
		if r := get(t, s, "/oauth/token/"); !regexp.MustCompile(page).MatchString(r.body) {
			t.Errorf("page: %s", r.body)
		}
	}
}

func slowly(what seen, d time.Duration) seen {
	return func(t *testing.T, s *simportal.Sim) {
		began := time.Now()
		what(t, s)
		if took := time.Since(began); took < d {
			t.Errorf("took %v", took)
		}
	}
}

// transports: the codes for an invented token in query, form, JSON and header.
func transports(want ...string) seen {
	return func(t *testing.T, s *simportal.Sim) {
		t.Helper()
		at, c := "https://"+s.Host()+"/rest/app.info", client(t, s)
		for i, q := range []request{
			{method: "POST", url: at + "?auth=invented"},
			{url: at, kind: form, body: "auth=invented"},
			{url: at, kind: jsonKind, body: `{"auth":"invented"}`},
			{method: "POST", url: at, header: map[string]string{"Authorization": "Bearer invented"}},
		} {
			if r := ask(t, c, q); r.code() != want[i] {
				t.Errorf("transport %d: %s", i, r.body)
			}
		}
	}
}

func issuedSays(code string) seen {
	return func(t *testing.T, s *simportal.Sim) {
		t.Helper()
		if r := get(t, s, "/rest/profile?auth="+s.IssueToken("valid")); r.code() != code || r.status != 401 {
			t.Errorf("got %d %s", r.status, r.body)
		}
	}
}

func authorizes(status int, body string) seen {
	return func(t *testing.T, s *simportal.Sim) {
		r := get(t, s, "/oauth/authorize/?client_id="+s.IssueGrant("valid").ClientID)
		if r.status != status || !regexp.MustCompile(body).MatchString(r.body) {
			t.Errorf("got %d %s", r.status, r.body)
		}
	}
}

// vendors: exactly these hosts refuse connections.
func vendors(dead ...string) seen {
	return func(t *testing.T, s *simportal.Sim) {
		for _, host := range []string{"oauth.bitrix24.tech", "oauth.bitrix.info", "repos.1c-bitrix.ru", "dl.bitrix24.com"} {
			if err := dialError(s, host+":443"); isRefused(err) != slices.Contains(dead, host) {
				t.Errorf("%s: %v", host, err)
			}
		}
	}
}

func feeds(body string) seen {
	return func(t *testing.T, s *simportal.Sim) {
		for _, at := range []string{"https://repos.1c-bitrix.ru/webhook/app.json", "https://dl.bitrix24.com/webhook/app-world.json"} {
			if r := ask(t, client(t, s), request{url: at}); r.status != 200 || !regexp.MustCompile(body).MatchString(r.body) {
				t.Errorf("%s: %d %s", at, r.status, r.body)
			}
		}
	}
}

func TestFeed(t *testing.T) {
	s := faulty(t)
	feeds(`^\{"nodes":\["[0-9.]+","[0-9.]+"\]\}$`)(t, s)
}

// proxied: what CONNECT gets; 401 stands for an answer of the portal through the tunnel.
func proxied(status int, user *url.Userinfo) seen {
	return func(t *testing.T, s *simportal.Sim) {
		t.Helper()
		at, err := url.Parse(s.Proxy())
		if err != nil {
			t.Fatal(err)
		}
		at.User = user
		got := 0
		tr := &http.Transport{
			Proxy: http.ProxyURL(at), TLSClientConfig: &tls.Config{RootCAs: roots(s)},
			OnProxyConnectResponse: func(_ context.Context, _ *url.URL, _ *http.Request, r *http.Response) error {
				got = r.StatusCode
				return nil
			},
		}
		defer tr.CloseIdleConnections()
		c := &http.Client{Transport: tr, Timeout: 5 * time.Second}
		r := ask(t, c, request{url: "https://" + s.Host() + "/rest/app.info"})
		if status == 401 && (got != 200 || r.code() != "NO_AUTH_FOUND") || status != 401 && got != status {
			t.Errorf("CONNECT %d, then %d %s %v", got, r.status, r.body, r.err)
		}
	}
}

func TestProxy(t *testing.T) {
	s := faulty(t)
	proxied(401, nil)(t, s)
	at, err := url.Parse(s.Proxy())
	if err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{Proxy: http.ProxyURL(at)}
	defer tr.CloseIdleConnections()
	c := &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if r := ask(t, c, request{url: "http://" + s.Host() + "/rest/app.info"}); r.status != 301 {
		t.Errorf("plain: %+v", r)
	}
	if r := ask(t, c, request{url: "http://elsewhere.example/"}); r.status != 503 {
		t.Errorf("a strange host: %+v", r)
	}
	if r := ask(t, c, request{url: "https://elsewhere.example/"}); r.err == nil {
		t.Errorf("a tunnel to a strange host: %+v", r)
	}
}

// dnsSays: response code, addresses, and what the public resolver says of A.
func dnsSays(code string, addresses []string, outside string) seen {
	return func(t *testing.T, s *simportal.Sim) {
		t.Helper()
		var got []string
		for _, kind := range []dnsmessage.Type{dnsmessage.TypeA, dnsmessage.TypeAAAA} {
			for _, network := range []string{"udp", "tcp"} {
				rcode, answers := overNet(t, s, network, kind)
				if rcode != code {
					t.Errorf("%s %v: %s, want %s", network, kind, rcode, code)
				}
				if network == "udp" {
					got = append(got, answers...)
				}
			}
		}
		if !slices.Equal(got, addresses) {
			t.Errorf("addresses %v, want %v", got, addresses)
		}
		if outside == "same" {
			outside = code
			if len(addresses) > 0 {
				outside = addresses[0]
			}
		}
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			rcode, answers := overHTTPS(t, s, method, dnsmessage.TypeA)
			if rcode != outside && !slices.Contains(answers, outside) {
				t.Errorf("public resolver, %s: %s %v, want %s", method, rcode, answers, outside)
			}
		}
		for _, a := range addresses {
			if where(s, net.JoinHostPort(a, "443")) == "" || where(s, net.JoinHostPort(a, "80")) == "" {
				t.Errorf("ConnectToByAddress lacks %s", a)
			}
		}
	}
}

func TestMessageOfOtherNames(t *testing.T) {
	s := faulty(t)
	dnsSays("Success", []string{"203.0.113.10", "2001:db8::10"}, "same")(t, s)
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, s.DNS())
	}}
	for _, host := range []string{s.Host(), "oauth.bitrix24.tech", "oauth.bitrix.info", "repos.1c-bitrix.ru", "dl.bitrix24.com", "aia.demo.example", "dns.google", "common.dot.dns.yandex.net"} {
		if found, err := resolver.LookupHost(context.Background(), host+"."); err != nil || len(found) == 0 {
			t.Errorf("%s: %v %v", host, found, err)
		}
	}
	var missing *net.DNSError
	if _, err := resolver.LookupHost(context.Background(), "elsewhere.example."); !errors.As(err, &missing) || !missing.IsNotFound {
		t.Errorf("a strange name: %v", err)
	}
	found := false
	for _, r := range s.Log() {
		found = found || r.Server == "dns" && r.Host == s.Host() && r.Method == "AAAA" && r.Proto == "udp"
	}
	if !found {
		t.Error("the log lacks the question")
	}
}

func TestFaultsEncode(t *testing.T) {
	if b, err := json.Marshal(simportal.Faults()); err != nil || len(b) == 0 {
		t.Errorf("%s %v", b, err)
	}
	if got := fmt.Sprint(len(simportal.Faults())); got == "0" {
		t.Error("no faults")
	}
}
