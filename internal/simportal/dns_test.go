package simportal_test

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"boxready/internal/simportal"

	"golang.org/x/net/dns/dnsmessage"
)

func question(t *testing.T, host string, kind dnsmessage.Type) []byte {
	t.Helper()
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: 7, RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName(host + "."), Type: kind, Class: dnsmessage.ClassINET}},
	}
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func unpack(t *testing.T, b []byte) (string, []string) {
	t.Helper()
	var m dnsmessage.Message
	if err := m.Unpack(b); err != nil {
		t.Fatalf("unpack %q: %v", b, err)
	}
	if m.ID != 7 || !m.Response || !m.RecursionAvailable {
		t.Errorf("header %+v", m.Header)
	}
	var found []string
	for _, a := range m.Answers {
		switch r := a.Body.(type) {
		case *dnsmessage.AResource:
			found = append(found, netip.AddrFrom4(r.A).String())
		case *dnsmessage.AAAAResource:
			found = append(found, netip.AddrFrom16(r.AAAA).String())
		}
	}
	return strings.TrimPrefix(m.RCode.String(), "RCode"), found
}

func overNet(t *testing.T, s *simportal.Sim, network string, kind dnsmessage.Type) (string, []string) {
	t.Helper()
	c, err := net.Dial(network, s.DNS())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(400 * time.Millisecond))
	q := question(t, s.Host(), kind)
	buf := make([]byte, 1500)
	if network == "tcp" {
		q = append(binary.BigEndian.AppendUint16(nil, uint16(len(q))), q...)
	}
	if _, err := c.Write(q); err != nil {
		t.Fatal(err)
	}
	var n int
	if network == "tcp" {
		if _, err = io.ReadFull(c, buf[:2]); err == nil {
			n, err = io.ReadFull(c, buf[:binary.BigEndian.Uint16(buf)])
		}
	} else {
		n, err = c.Read(buf)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return "silence", nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return unpack(t, buf[:n])
}

func overHTTPS(t *testing.T, s *simportal.Sim, method string, kind dnsmessage.Type) (string, []string) {
	t.Helper()
	q := request{method: method, url: "https://dns.google/dns-query"}
	if method == http.MethodGet {
		q.url = "https://common.dot.dns.yandex.net/dns-query?dns=" + base64.RawURLEncoding.EncodeToString(question(t, s.Host(), kind))
	} else {
		q.kind, q.body = "application/dns-message", string(question(t, s.Host(), kind))
	}
	r := ask(t, client(t, s), q)
	if r.status != 200 || r.header.Get("Content-Type") != "application/dns-message" {
		t.Fatalf("DNS over HTTPS: %+v", r)
	}
	return unpack(t, []byte(r.body))
}
