package transport

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/crypto/x509roots/fallback/bundle"
	"golang.org/x/net/dns/dnsmessage"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// FuzzDNSAnswer parses a public resolver's answer.
func FuzzDNSAnswer(f *testing.F) {
	name := dnsmessage.MustNewName("portal.test.")
	header := dnsmessage.ResourceHeader{Name: name, Class: dnsmessage.ClassINET}
	for _, m := range []dnsmessage.Message{
		{Answers: []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AResource{A: [4]byte{203, 0, 113, 7}}}, {Header: header, Body: &dnsmessage.AAAAResource{AAAA: netip.MustParseAddr("2001:db8::1").As16()}}}},
		{Answers: []dnsmessage.Resource{{Header: header, Body: &dnsmessage.CNAMEResource{CNAME: name}}}},
		{Header: dnsmessage.Header{RCode: dnsmessage.RCodeNameError}}, {Header: dnsmessage.Header{RCode: dnsmessage.RCodeServerFailure}},
	} {
		m.Response = true
		packed, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(packed)
		f.Add(packed[:len(packed)-1])
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(body)), Request: r}, nil
		})}
		found, err := queryResolver(t.Context(), client, "https://resolver.test/", "portal.test", dnsmessage.TypeA)
		if err != nil && found != nil {
			t.Errorf("both %v and %v", found, err)
		}
		for _, a := range found {
			if !a.IsValid() || a.Zone() != "" {
				t.Errorf("address %v", a)
			}
		}
	})
}

// FuzzParseRoots parses an untrusted PEM file.
func FuzzParseRoots(f *testing.F) {
	var root []byte
	for r := range bundle.Roots() {
		root = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: r.Certificate})
		break
	}
	f.Add(root)
	f.Add(append([]byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), root...))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		roots, err := ParseRoots(text)
		if (len(roots) == 0) == (err == nil) {
			t.Fatalf("%d roots and %v", len(roots), err)
		}
		if err == nil && Pool(roots).Equal(x509.NewCertPool()) {
			t.Error("an empty pool")
		}
	})
}

// FuzzConnect parses a proxy's answer: all bytes after a 2xx header are the target's, and no other answer opens a tunnel.
func FuzzConnect(f *testing.F) {
	for _, answer := range []string{
		"HTTP/1.1 200 OK\r\n\r\n220 ready", "HTTP/1.0 200\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n",
		"HTTP/1.1 403 no\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "SSH-2.0-x\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "",
	} {
		f.Add([]byte(answer))
	}
	via := &url.URL{Scheme: "http", Host: "proxy.test:3128", User: url.UserPassword("user", "pass-word-of-proxy")}
	f.Fuzz(func(t *testing.T, answer []byte) {
		ours, theirs := net.Pipe()
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer theirs.Close()
			// All of the request at once: it is one Write.
			if _, err := theirs.Read(make([]byte, 4<<10)); err == nil {
				_, _ = theirs.Write(answer)
			}
		}()
		tunnel, err := New(Options{Version: "test"}).requestTunnel(context.Background(), ours, via, "portal.test:443")
		switch {
		case err == nil:
			head, rest, found := bytes.Cut(answer, []byte("\n\r\n"))
			if !found {
				head, rest, _ = bytes.Cut(answer, []byte("\n\n"))
			}
			got, _ := io.ReadAll(tunnel)
			if !bytes.HasSuffix(answer, got) || len(got) < len(rest) && !bytes.Contains(head, []byte("\n\n")) {
				t.Errorf("of %q the tunnel returned %q", answer, got)
			}
		default:
			var refused *ProxyError
			if !errors.As(err, &refused) && !errors.Is(err, ErrProxyAuth) {
				t.Errorf("%T: %v", err, err)
			}
			if strings.Contains(err.Error(), "pass-word-of-proxy") {
				t.Errorf("the password stands in %q", err)
			}
		}
		ours.Close()
		<-done
	})
}
