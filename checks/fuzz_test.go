package checks

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"boxready/internal/portal"
	"boxready/internal/secret"
	"boxready/internal/transport"
)

// FuzzExchange reads an answer that an intermediary may have written. The sent token must not be in the facts, however it is
// echoed.
func FuzzExchange(f *testing.F) {
	const token = "7d3c1f0b9a8e4c52b6d1f0a93e5c7d18"
	address, err := portal.ParseAddress("portal.demo.example")
	if err != nil {
		f.Fatal(err)
	}
	request := portal.Request{Path: "/rest/app.info", Token: portal.Token{Value: secret.New(token)}}
	add := func(status uint16, location, server, body string) { f.Add(status, location, server, []byte(body)) }
	add(401, "", "nginx", `{"error":"NO_AUTH_FOUND","error_description":"Wrong authorization data"}`)
	add(302, "https://sso.example/login?auth=TOKEN", "TOKEN", "<input type=password>")
	add(301, "//www.portal.demo.example:8443/TOKEN", "", "")
	add(302, "https://[::1%25a]/%zz", "x\x1b[31m", "\ufeff{\"error\":\"TOKEN\"}")
	add(403, "", "cloudflare", "<html>The requested URL was rejected. Please consult TOKEN")
	add(200, "", "", `{"result":{"access_token":"TOKEN"}}`)
	f.Fuzz(func(t *testing.T, status uint16, location, server string, body []byte) {
		sent := func(s string) string { return strings.ReplaceAll(s, "TOKEN", token) }
		reply, err := portal.ReadReply(&http.Response{StatusCode: int(status), Body: io.NopCloser(bytes.NewReader([]byte(sent(string(body))))),
			Header: http.Header{"Location": {sent(location)}, "Server": {sent(server)}, "Www-Authenticate": {sent(server)}, "Cf-Ray": {"1"}}})
		x := exchange(request, portal.Answer{Reply: reply, Err: err, Sent: time.Unix(0, 0)}, address)
		facts, err := json.Marshal(x)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(facts, []byte(token)) {
			t.Errorf("the token is a fact: %s", facts)
		}
		for _, s := range []string{x.Location, x.OtherHost, x.Server, x.Error, x.ErrorDescription, x.Body} {
			if len([]rune(s)) > 1000 {
				t.Errorf("%d untrusted characters", len([]rune(s)))
			}
		}
		if x.OtherHost != "" && !x.redirects() {
			t.Error("another host without a redirect")
		}
	})
}

// FuzzCertificates examines arbitrary certificates of a server.
func FuzzCertificates(f *testing.F) {
	address, err := portal.ParseAddress("portal.demo.example")
	if err != nil {
		f.Fatal(err)
	}
	at := time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)
	env := &Env{target: Target{Address: address}, net: transport.New(transport.Options{}), now: func() time.Time { return at }}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	signed := func(change func(*x509.Certificate)) []byte {
		c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "portal.demo.example"}, NotBefore: at.AddDate(0, -1, 0), NotAfter: at.AddDate(0, 1, 0),
			DNSNames: []string{"portal.demo.example"}, IssuingCertificateURL: []string{"http://aia.example/ca.crt"}}
		change(c)
		der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
		if err != nil {
			f.Fatal(err)
		}
		return der
	}
	own := signed(func(*x509.Certificate) {})
	authority := signed(func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.Subject.CommonName = true, true, "Russian Trusted Root CA \x1b[31m"
	})
	f.Add(own)
	f.Add(append(bytes.Clone(own), authority...))
	f.Add(signed(func(c *x509.Certificate) {
		for i := range 300 {
			c.IPAddresses = append(c.IPAddresses, net.IPv4(203, 0, 113, byte(i)))
		}
	}))
	f.Fuzz(func(t *testing.T, der []byte) {
		chain, err := x509.ParseCertificates(der)
		if err != nil || len(chain) == 0 {
			return
		}
		s := TLSSeen{Protocol: "TLS 1.3", Trust: env.examineOffline(chain, address.Host, nil)}
		for _, c := range chain {
			s.Chain = append(s.Chain, describe(c))
		}
		s.Interceptor, s.NationalCA = nameIn(s.Chain, interceptors), nameIn(s.Chain, nationalCAs)
		if s.Trust.Public {
			t.Error("a made-up certificate leads to a public root")
		}
		for _, c := range s.Chain {
			if len(c.Names) > maxNames {
				t.Errorf("%d names", len(c.Names))
			}
		}
		facts := &TLSFacts{At: at, Addresses: []TLSSeen{s}}
		facts.Public()
		lastLink(chain)
		for _, r := range judgeTLS(facts, FactsByCheck{}) {
			if r.State == OK {
				t.Error("a made-up certificate is good")
			}
		}
	})
}
