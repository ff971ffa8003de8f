package checks

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"math/rand"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"crypto/ecdsa"
	"crypto/elliptic"
	cryptorand "crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"

	"boxready/internal/portal"
	"boxready/internal/transport"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/dns/dnsmessage"
)

func TestJudgeAddress(t *testing.T) {
	judge(t, PortalAddress, []verdict{
		{"a name", &AddressFacts{Address: "https://portal.example"}, nil, results("ok")},
		{"an IP address", &AddressFacts{IP: true}, nil, results("problem address-is-ip portal-admin")},
		{"a cloud portal", &AddressFacts{Cloud: true}, nil, results("notice address-is-cloud you")},
		{"http typed", &AddressFacts{WasHTTP: true}, nil, results("notice address-was-http you")},
		{"http and an IP address", &AddressFacts{IP: true, WasHTTP: true}, nil, results("problem address-is-ip portal-admin", "notice address-was-http you")},
		{"http and a cloud portal", &AddressFacts{Cloud: true, WasHTTP: true}, nil, results("notice address-is-cloud you")},
	})
}

func addresses(texts ...string) []netip.Addr {
	var list []netip.Addr
	for _, s := range texts {
		list = append(list, netip.MustParseAddr(s))
	}
	return list
}

func TestJudgeDNS(t *testing.T) {
	found := func(texts ...string) *DNSFacts {
		return &DNSFacts{Host: "portal.example", Addresses: addresses(texts...)}
	}
	failed := func(f transport.Failure) *DNSFacts { return &DNSFacts{Host: "portal.example", Failure: f} }
	public := func(f *DNSFacts, failure transport.Failure, texts ...string) *DNSFacts {
		f.Public = &PublicDNSFacts{Resolver: "dns.example", Failure: failure, Addresses: addresses(texts...)}
		return f
	}
	const private, differs, sinkhole = "notice dns-private-only network-admin", "notice dns-differs network-admin", "problem dns-sinkhole network-admin"
	judge(t, PortalDNS, []verdict{
		{"public", found("203.0.113.10"), nil, results("ok")},
		{"public IPv6", found("2001:db8::10"), nil, results("ok")},
		{"given", &DNSFacts{Host: "portal.example", Given: true}, nil, results("ok")},
		{"through a proxy", &DNSFacts{Host: "portal.example", Proxy: "proxy.example:3128"}, nil, results("ok")},
		// An address that the user gave may be this computer's.
		{"given, and on this computer", &DNSFacts{Given: true, Addresses: addresses("127.0.0.1")}, nil, results("ok")},

		{"not found", failed(transport.NameUnknown), nil, results("problem dns-not-found you")},
		{"SERVFAIL", failed(transport.NameFailed), nil, results("unknown dns-failed network-admin")},
		{"no answer", failed(transport.Timeout), nil, results("unknown dns-failed network-admin")},
		{"no network", failed(transport.NoNetwork), nil, results("unknown no-network you")},
		{"cancelled", failed(transport.Cancelled), nil, results("unknown cancelled you")},
		{"something else", failed(transport.Other), nil, results("unknown unexpected-answer network-admin")},

		{"10/8", found("10.1.2.3"), nil, results(private)},
		{"172.16/12, first", found("172.16.0.0"), nil, results(private)},
		{"172.16/12, last", found("172.31.255.255"), nil, results(private)},
		{"172.15 is public", found("172.15.255.255"), nil, results("ok")},
		{"172.32 is public", found("172.32.0.0"), nil, results("ok")},
		{"192.168/16", found("192.168.0.1"), nil, results(private)},
		{"100.64/10, first", found("100.64.0.0"), nil, results(private)},
		{"100.64/10, last", found("100.127.255.255"), nil, results(private)},
		{"100.63 is public", found("100.63.255.255"), nil, results("ok")},
		{"100.128 is public", found("100.128.0.0"), nil, results("ok")},
		{"link-local", found("169.254.1.1"), nil, results(private)},
		{"IPv6 link-local", found("fe80::1"), nil, results(private)},
		{"IPv6 unique local", found("fd00::1"), nil, results(private)},
		{"several private", found("10.0.0.1", "fd00::1"), nil, results(private)},
		{"private beside public", found("10.0.0.1", "203.0.113.10"), nil, results("ok")},
		{"private IPv4 beside public IPv6", found("10.0.0.1", "2001:db8::10"), nil, results("ok")},

		{"sinkhole 0.0.0.0", found("0.0.0.0"), nil, results(sinkhole)},
		{"sinkhole 127.0.0.1", found("127.0.0.1"), nil, results(sinkhole)},
		{"sinkhole, end of 127/8", found("127.255.255.255"), nil, results(sinkhole)},
		{"126 is public", found("126.255.255.255"), nil, results("ok")},
		{"128 is public", found("128.0.0.1"), nil, results("ok")},
		{"sinkhole ::", found("::"), nil, results(sinkhole)},
		{"sinkhole ::1", found("::1"), nil, results(sinkhole)},
		{"block page", found("146.112.61.106"), nil, results(sinkhole)},
		{"the neighbour of block pages", found("146.112.61.112"), nil, results("ok")},
		{"0.0.0.0 and ::, as filters answer", found("0.0.0.0", "::"), nil, results(sinkhole)},
		{"sinkhole and a different public answer", public(found("0.0.0.0"), "", "203.0.113.10"), nil, results(sinkhole)},

		{"public resolver agrees", public(found("203.0.113.10"), "", "203.0.113.10"), nil, results("ok")},
		{"public resolver agrees on one of several", public(found("203.0.113.10", "203.0.113.11"), "", "203.0.113.12", "203.0.113.11"), nil, results("ok")},
		{"public resolver disagrees", public(found("203.0.113.10"), "", "198.51.100.10"), nil, results(differs)},
		{"public resolver doesn't know the name", public(found("203.0.113.10"), transport.NameUnknown), nil, results(differs)},
		{"public resolver fails", public(found("203.0.113.10"), transport.NameFailed), nil, results("ok")},
		{"public resolver is silent", public(found("203.0.113.10"), transport.Timeout), nil, results("ok")},
		{"public resolver out of reach", public(found("203.0.113.10"), transport.Refused), nil, results("ok")},
		{"private and unknown outside", public(found("10.0.0.1"), transport.NameUnknown), nil, results(private, differs)},
		{"private outside too", public(found("10.0.0.1"), "", "10.0.0.1"), nil, results(private)},
		// An ordinary split DNS: the public answer shows that applications outside can connect.
		{"private inside, public outside", public(found("10.0.0.1"), "", "203.0.113.10"), nil, results(differs)},
		{"unknown inside, known outside", public(failed(transport.NameUnknown), "", "203.0.113.10"), nil, results("problem dns-not-found you")},
	})
}

func TestJudgeTCP(t *testing.T) {
	const v4, v4too, v6 = "203.0.113.10", "203.0.113.11", "2001:db8::10"
	at := func(address string, f transport.Failure) TCPAttempt { return TCPAttempt{Address: address, Failure: f} }
	tried := func(attempts ...TCPAttempt) *TCPFacts { return &TCPFacts{Port: 443, Attempts: attempts} }
	const refused, timeout = "problem tcp-refused network-admin", "problem tcp-timeout network-admin"
	const partly, dead6 = "notice address-partly-dead network-admin", "notice ipv6-dead network-admin"
	judge(t, PortalTCP, []verdict{
		{"open", tried(at(v4, "")), nil, results("ok")},
		{"both open", tried(at(v4, ""), at(v6, "")), nil, results("ok")},
		{"given, open", &TCPFacts{Port: 443, Given: true, Attempts: []TCPAttempt{{}}}, nil, results("ok")},
		{"given, refused", &TCPFacts{Port: 443, Given: true, Attempts: []TCPAttempt{{Failure: transport.Refused}}}, nil, results(refused)},
		{"nothing in the internet answers either", &TCPFacts{Port: 443, CutOff: true, Attempts: []TCPAttempt{{Address: "203.0.113.10", Failure: transport.Timeout}}}, nil,
			results("unknown no-network you")},
		{"through a proxy", &TCPFacts{Port: 443, Proxy: "proxy.example:3128"}, nil, results("ok")},

		{"refused", tried(at(v4, transport.Refused)), nil, results(refused)},
		{"reset", tried(at(v4, transport.Reset)), nil, results(refused)},
		{"a firewall says unreachable", tried(at(v4, transport.Unreachable)), nil, results(refused)},
		{"timeout", tried(at(v4, transport.Timeout)), nil, results(timeout)},
		{"no route", tried(at(v4, transport.NoRoute)), nil, results("unknown no-network you")},
		{"no network", tried(at(v4, transport.NoNetwork)), nil, results("unknown no-network you")},
		{"cancelled", tried(at(v4, transport.Cancelled)), nil, results("unknown cancelled you")},
		{"something else", tried(at(v4, transport.Other)), nil, results("unknown unexpected-answer network-admin")},
		{"too many open files here", tried(at(v4, transport.NoFiles)), nil, results("unknown no-network you")},
		{"refused, and too many open files for the other", tried(at(v4, transport.Refused), at(v6, transport.NoFiles)), nil, results("unknown no-network you")},
		{"open, and too many open files for the other", tried(at(v4, ""), at(v6, transport.NoFiles)), nil, results("ok")},

		{"IPv6 refused", tried(at(v4, ""), at(v6, transport.Refused)), nil, results(dead6)},
		{"IPv6 silent", tried(at(v4, ""), at(v6, transport.Timeout)), nil, results(dead6)},
		{"IPv6 unreachable", tried(at(v4, ""), at(v6, transport.Unreachable)), nil, results(dead6)},
		{"no IPv6 on this computer", tried(at(v4, ""), at(v6, transport.NoRoute)), nil, results("ok")},
		{"IPv4 refused, IPv6 open", tried(at(v4, transport.Refused), at(v6, "")), nil, results(partly)},
		{"IPv4 silent, IPv6 open", tried(at(v4, transport.Timeout), at(v6, "")), nil, results(partly)},
		{"no IPv4 on this computer", tried(at(v4, transport.NoRoute), at(v6, "")), nil, results("ok")},
		{"IPv4 silent, IPv6 refused", tried(at(v4, transport.Timeout), at(v6, transport.Refused)), nil, results(timeout)},
		{"IPv4 refused, no IPv6 here", tried(at(v4, transport.Refused), at(v6, transport.NoRoute)), nil, results(refused)},
		{"IPv6 only, open", tried(at(v6, "")), nil, results("ok")},
		{"IPv6 only, refused", tried(at(v6, transport.Refused)), nil, results(refused)},
		{"IPv6 only, silent", tried(at(v6, transport.Timeout)), nil, results(timeout)},
		{"IPv6 only, none here", tried(at(v6, transport.NoRoute)), nil, results("unknown no-network you")},
		{"one of two IPv4 addresses open", tried(at(v4, transport.Refused), at(v4too, "")), nil, results(partly)},
		{"one of two IPv4 addresses silent", tried(at(v4, ""), at(v4too, transport.Timeout)), nil, results(partly)},
		{"one of two IPv4 addresses unreachable", tried(at(v4, ""), at(v4too, transport.Unreachable)), nil, results(partly)},
		{"one of two IPv4 addresses open, IPv6 dead", tried(at(v4, ""), at(v4too, transport.Timeout), at(v6, transport.Refused)), nil, results(partly)},
		{"both IPv4 addresses open, IPv6 dead", tried(at(v4, ""), at(v4too, ""), at(v6, transport.Refused)), nil, results(dead6)},
		{"one of two IPv6 addresses dead, no IPv4", tried(at(v6, ""), at("2001:db8::11", transport.Timeout)), nil, results(partly)},
		{"an attempt was cancelled", tried(at(v4, ""), at(v4too, transport.Cancelled)), nil, results("ok")},
	})
}

var (
	observedAt = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	days       = 24 * time.Hour
)

// goodTLS is a healthy portal's handshake; change breaks it.
func goodTLS(change ...func(*TLSSeen)) TLSSeen {
	s := TLSSeen{
		Address: "203.0.113.10", Protocol: "TLS 1.3",
		Chain: []Certificate{
			{Subject: "CN=portal.example", Issuer: "CN=Public CA 1", Names: []string{"portal.example"}, NotBefore: observedAt.Add(-30 * days), NotAfter: observedAt.Add(60 * days),
				Key: "RSA 2048", RSABits: 2048, Signature: "SHA256-RSA"},
			{Subject: "CN=Public CA 1", Issuer: "CN=Public Root", NotBefore: observedAt.Add(-900 * days), NotAfter: observedAt.Add(900 * days),
				Key: "RSA 4096", RSABits: 4096, Signature: "SHA384-RSA"},
		},
		Trust: &Trust{Public: true, NameMatches: true, DatesGood: true},
	}
	for _, c := range change {
		c(&s)
	}
	return s
}

func root(s *TLSSeen) Certificate {
	last := s.Chain[len(s.Chain)-1]
	return Certificate{Subject: last.Issuer, Issuer: last.Issuer, NotBefore: observedAt.Add(-900 * days), NotAfter: observedAt.Add(900 * days),
		Key: "RSA 4096", RSABits: 4096, Signature: "SHA256-RSA", SelfSigned: true}
}

// Faults of a certificate, to be combined.
func expired(s *TLSSeen) {
	s.Chain[0].NotAfter, s.Trust.DatesGood = observedAt.Add(-days), false
}
func notYet(s *TLSSeen) {
	s.Chain[0].NotBefore, s.Trust.DatesGood = observedAt.Add(days), false
}
func soon(s *TLSSeen)      { s.Chain[0].NotAfter = observedAt.Add(9 * days) }
func wrongHost(s *TLSSeen) { s.Chain[0].Names, s.Trust.NameMatches = []string{"other.example"}, false }
func privateCA(s *TLSSeen) {
	s.Chain[1] = root(s)
	s.Chain[0].Issuer = s.Chain[1].Subject
	s.Trust.Public = false
}
func unproven(s *TLSSeen) { s.Chain, s.Trust.Public, s.Trust.AIA = s.Chain[:1], false, &AIAFacts{} }
func incomplete(s *TLSSeen) {
	unproven(s)
	s.Trust.AIA = &AIAFacts{Completes: true, Issuer: "CN=Public CA 1"}
}
func trusted(s *TLSSeen) { s.Trust.Given = true }
func selfSigned(s *TLSSeen) {
	s.Chain = s.Chain[:1]
	s.Chain[0].Issuer, s.Chain[0].SelfSigned, s.Trust.Public = s.Chain[0].Subject, true, false
}
func national(s *TLSSeen)    { privateCA(s); s.NationalCA = "Russian Trusted Root CA" }
func intercepted(s *TLSSeen) { privateCA(s); s.Interceptor = "Kaspersky" }
func weakKey(s *TLSSeen)     { s.Chain[0].RSABits, s.Chain[0].Key, s.Trust.Weak = 1024, "RSA 1024", true }

func TestJudgeTLS(t *testing.T) {
	facts := func(seen ...TLSSeen) *TLSFacts { return &TLSFacts{At: observedAt, Addresses: seen} }
	with := func(change ...func(*TLSSeen)) *TLSFacts { return facts(goodTLS(change...)) }
	failed := func(f transport.Failure) TLSSeen { return TLSSeen{Address: "203.0.113.10", Failure: f} }
	until := func(d time.Duration) func(*TLSSeen) {
		return func(s *TLSSeen) { s.Chain[0].NotAfter, s.Trust.DatesGood = observedAt.Add(d), d >= 0 }
	}
	from := func(d time.Duration) func(*TLSSeen) {
		return func(s *TLSSeen) { s.Chain[0].NotBefore, s.Trust.DatesGood = observedAt.Add(d), d <= 0 }
	}
	lasts := func(lifetime, left time.Duration) func(*TLSSeen) {
		return func(s *TLSSeen) {
			s.Chain[0].NotBefore, s.Chain[0].NotAfter = observedAt.Add(left-lifetime), observedAt.Add(left)
		}
	}
	bits := func(i, n int) func(*TLSSeen) {
		return func(s *TLSSeen) { s.Chain[i].RSABits, s.Chain[i].Key = n, fmt.Sprint("RSA ", n) }
	}
	signed := func(i int, algorithm string) func(*TLSSeen) {
		return func(s *TLSSeen) { s.Chain[i].Signature = algorithm }
	}
	notPublic := func(s *TLSSeen) { s.Trust.Public = false }
	withRoot := func(s *TLSSeen) { s.Chain = append(s.Chain, root(s)) }
	elsewhere := func(s *TLSSeen) { s.Address = "203.0.113.11" }
	gateway := func(s *TLSSeen) { s.Gateway = "Web Gateway" }
	hotel := func(s *TLSSeen) { s.VendorsToo = true }
	plain := func(f *TLSFacts, status int, to string) *TLSFacts {
		f.HTTP = redirectTo(t, true, status, to)
		return f
	}
	const (
		hasExpired      = "problem tls-expired server-admin"
		isEarly         = "problem tls-not-yet-valid server-admin"
		endsSoon        = "notice tls-expires-soon server-admin"
		wrong           = "problem tls-wrong-host server-admin"
		private         = "problem tls-private-ca server-admin"
		accepted        = "notice tls-private-ca server-admin"
		self            = "problem tls-self-signed server-admin"
		nation          = "problem tls-national-ca server-admin"
		weak            = "problem tls-weak-certificate server-admin"
		missing         = "problem tls-incomplete-chain server-admin"
		intercepts      = "unknown tls-intercepted network-admin"
		interceptsHere  = "unknown tls-intercepted you"
		captive         = "unknown captive-portal you"
		handshakeFailed = "problem tls-handshake-failed server-admin"
		noHandshake     = "unknown tls-handshake-failed server-admin"
	)
	judge(t, PortalTLS, []verdict{
		{"healthy", with(), nil, results("ok")},
		{"healthy, root sent along", with(withRoot), nil, results("ok")},
		{"no certificate", facts(TLSSeen{Address: "203.0.113.10"}), nil, results("unknown unexpected-answer server-admin")},

		{"ends 21 days and an hour from now", with(lasts(365*days, 21*days+time.Hour)), nil, results("ok")},
		{"ends in exactly 21 days", with(lasts(365*days, 21*days)), nil, results("ok")},
		{"ends an hour before 21 days", with(lasts(365*days, 21*days-time.Hour)), nil, results(endsSoon)},
		{"of 90 days, 21 are left", with(lasts(90*days, 21*days)), nil, results("ok")},
		{"of 90 days, 20 are left", with(lasts(90*days, 20*days)), nil, results(endsSoon)},
		{"of 45 days, 15 are left", with(lasts(45*days, 15*days)), nil, results("ok")},
		{"of 45 days, 11 are left", with(lasts(45*days, 11*days)), nil, results(endsSoon)},
		{"of six days, three are left", with(lasts(6*days, 3*days)), nil, results("ok")},
		{"of six days, exactly a quarter is left", with(lasts(6*days, 36*time.Hour)), nil, results("ok")},
		{"of six days, one is left", with(lasts(6*days, days)), nil, results(endsSoon)},
		{"ends this second", with(until(0)), nil, results(endsSoon)},
		{"ended a second ago", with(until(-time.Second)), nil, results(hasExpired)},
		{"begins this second", with(from(0)), nil, results("ok")},
		{"begins in a second", with(from(time.Second)), nil, results(isEarly)},
		{"expired intermediate", with(func(s *TLSSeen) {
			s.Chain[1].NotAfter, s.Trust.ExpiredIssuer = observedAt.Add(-days), s.Chain[1].Subject
		}), nil, results(hasExpired)},
		{"expired, and its intermediate too", with(expired, func(s *TLSSeen) {
			s.Chain[1].NotAfter, s.Trust.ExpiredIssuer = observedAt.Add(-days), s.Chain[1].Subject
		}), nil, results(hasExpired)},
		{"not valid yet, and its intermediate has expired", with(notYet, func(s *TLSSeen) {
			s.Chain[1].NotAfter, s.Trust.ExpiredIssuer = observedAt.Add(-days), s.Chain[1].Subject
		}), nil, results(hasExpired, isEarly)},
		{"expired intermediate that isn't in the chain", with(func(s *TLSSeen) { s.Trust.ExpiredIssuer = "CN=Elsewhere" }), nil, results(hasExpired)},

		{"wrong host", with(wrongHost), nil, results(wrong)},
		{"common name only", with(func(s *TLSSeen) {
			s.Chain[0].Names, s.Chain[0].CommonName, s.Trust.NameMatches = nil, "portal.example", false
		}), nil, results(wrong)},

		{"self-signed", with(selfSigned), nil, results(self)},
		{"a gateway of no known make", with(privateCA, expired, gateway), nil, results(intercepts)},
		{"a gateway that answers for the portal and itself", with(selfSigned, wrongHost, gateway), nil, results(intercepts)},
		{"a hotel's page", with(selfSigned, wrongHost, gateway, hotel), nil, results(captive)},
		{"a hotel's page with a public certificate", with(wrongHost, hotel), nil, results(captive)},
		{"a hotel's page on a known make of gateway", with(intercepted, wrongHost, hotel), nil, results(captive)},
		{"the same certificate for all, and the portal's name in it", with(selfSigned, gateway, hotel), nil, results(intercepts)},
		{"a hotel's page at two addresses", facts(goodTLS(selfSigned, wrongHost, hotel), goodTLS(selfSigned, wrongHost, hotel, elsewhere)), nil, results(captive)},
		{"port 80 leads to a hotel's page", plain(with(wrongHost), 302, "http://login.wifi.example/?to=portal.example"), nil, results(captive)},
		{"port 80 leads to a hotel's splash page", plain(with(selfSigned, wrongHost), 302, "http://10.0.0.1:8880/guest/s/default/"), nil, results(captive)},
		{"port 80 demands a sign-in to the network", plain(with(selfSigned, wrongHost), 511, ""), nil, results(captive)},
		{"port 80 leads elsewhere, not to sign in", plain(with(wrongHost), 302, "http://www.portal.example/"), nil, results(wrong)},
		{"port 80 leads to the portal's own sign-in page", plain(with(wrongHost), 302, "https://portal.example/auth/"), nil, results(wrong)},
		{"the portal's own certificate, port 80 leads to a sign-in page", plain(with(selfSigned), 302, "https://sso.example/login"), nil, results(self)},
		{"a hotel's page has no dates", facts(TLSSeen{VendorsToo: true}), nil, results("unknown unexpected-answer server-admin")},
		{"private CA, root sent", with(privateCA), nil, results(private)},
		{"private CA or incomplete chain, not provable", with(unproven), nil, results(private)},
		{"AIA out of reach", with(unproven, func(s *TLSSeen) {
			s.Trust.AIA = &AIAFacts{URL: "http://aia.example/ca.der", Failure: transport.Timeout}
		}), nil, results(private)},
		{"AIA gives an issuer that leads nowhere", with(unproven, func(s *TLSSeen) { s.Trust.AIA = &AIAFacts{URL: "http://aia.example/ca.der", Issuer: "CN=Company"} }), nil, results(private)},
		{"AIA was not asked", with(unproven, func(s *TLSSeen) { s.Trust.AIA = nil }), nil, results(private)},
		{"incomplete chain", with(incomplete), nil, results(missing)},
		{"private CA that is trusted", with(privateCA, trusted), nil, results(accepted)},
		{"public and trusted besides", with(trusted), nil, results("ok")},
		{"national CA", with(national), nil, results(nation)},
		{"national CA's name, and yet public", with(func(s *TLSSeen) { s.NationalCA = "ГосСУОК" }), nil, results("ok")},

		{"RSA 2047", with(bits(0, 2047)), nil, results(weak)},
		{"RSA 2048", with(bits(0, 2048)), nil, results("ok")},
		{"RSA 1024 intermediate", with(bits(1, 1024)), nil, results(weak)},
		{"no RSA key at all", with(func(s *TLSSeen) { s.Chain[0].RSABits, s.Chain[0].Key = 0, "ECDSA P-256" }), nil, results("ok")},
		{"SHA-1 on the leaf", with(signed(0, "SHA1-RSA"), notPublic), nil, results(weak)},
		{"SHA-1 with ECDSA on the leaf", with(signed(0, "ECDSA-SHA1"), notPublic), nil, results(weak)},
		{"MD5 on the leaf", with(signed(0, "MD5-RSA"), notPublic), nil, results(weak)},
		{"SHA-1 on the intermediate", with(signed(1, "SHA1-RSA"), notPublic), nil, results(weak)},
		{"MD5 on the intermediate", with(signed(1, "MD5-RSA"), notPublic), nil, results(weak)},
		{"SHA-1 on the root", with(withRoot, signed(2, "SHA1-RSA")), nil, results("ok")},
		{"MD5 on the root", with(withRoot, signed(2, "MD5-RSA")), nil, results("ok")},
		{"SHA-1 on a private root", with(privateCA, signed(1, "SHA1-RSA")), nil, results(private)},

		{"expired and wrong host", with(expired, wrongHost), nil, results(hasExpired, wrong)},
		{"expired, wrong host, private CA", with(privateCA, expired, wrongHost), nil, results(hasExpired, wrong, private)},
		{"expired, wrong host, private CA at two addresses", facts(goodTLS(privateCA, expired, wrongHost), goodTLS(privateCA, expired, wrongHost, elsewhere)), nil,
			results(hasExpired, wrong, private)},
		{"not yet valid, wrong host, incomplete chain", with(incomplete, notYet, wrongHost), nil, results(isEarly, wrong, missing)},
		{"ends soon, self-signed, wrong host", with(selfSigned, soon, wrongHost), nil, results(endsSoon, self, wrong)},
		{"ends soon, national CA", with(national, soon), nil, results(endsSoon, nation)},
		{"weak, expired, wrong host", with(weakKey, expired, wrongHost), nil, results(weak, hasExpired, wrong)},
		{"trusted private CA, expired", with(privateCA, trusted, expired), nil, results(accepted, hasExpired)},
		// A short key and the end of the chain are independent: neither fault may hide the other.
		{"weak key, private CA", with(privateCA, weakKey), nil, results(weak, private)},
		{"weak key, self-signed", with(selfSigned, weakKey), nil, results(weak, self)},
		{"weak key, incomplete chain", with(incomplete, weakKey), nil, results(weak, missing)},
		// Trusting the root doesn't permit the short key.
		{"weak key, trusted private CA", with(privateCA, trusted, weakKey), nil, results(weak, accepted)},

		{"intercepted", with(intercepted), nil, results(interceptsHere)},
		{"intercepted by a known gateway", with(privateCA, func(s *TLSSeen) { s.Interceptor = "Fortinet" }), nil, results(intercepts)},
		{"intercepted, dates and names are the interceptor's", with(intercepted, expired, wrongHost, weakKey), nil, results(interceptsHere)},
		{"a product's name in a public chain", with(func(s *TLSSeen) { s.Interceptor = "Fortinet" }), nil, results("ok")},

		{"client certificate", facts(TLSSeen{ClientCertificateAsked: true, ClientCertificateRefused: true}), nil, results("problem tls-client-certificate server-admin")},
		{"client certificate, TLS 1.2", facts(TLSSeen{Failure: transport.TLSFailed, ClientCertificateAsked: true, ClientCertificateRefused: true}), nil,
			results("problem tls-client-certificate server-admin")},
		{"client certificate asked for and not needed", with(func(s *TLSSeen) { s.ClientCertificateAsked = true }), nil, results("ok")},
		{"old protocol", facts(TLSSeen{Failure: transport.TLSFailed, OldProtocol: "TLS 1.1"}), nil, results("problem tls-old-protocol server-admin")},
		{"no TLS", facts(failed(transport.NotTLS)), nil, results("problem tls-not-tls server-admin")},
		{"reset", facts(failed(transport.Reset)), nil, results(handshakeFailed)},
		{"closed", facts(failed(transport.Closed)), nil, results(handshakeFailed)},
		{"alert", facts(failed(transport.TLSFailed)), nil, results(noHandshake)},
		{"an error without a name", facts(failed(transport.Other)), nil, results(noHandshake)},
		{"timeout", facts(failed(transport.Timeout)), nil, results("unknown timeout server-admin")},
		{"cancelled", facts(failed(transport.Cancelled)), nil, results("unknown cancelled you")},
		{"no network", facts(failed(transport.NoNetwork)), nil, results("unknown no-network you")},
		{"proxy wants a password", facts(failed(transport.ProxyAuth)), nil, results("unknown proxy-auth-required you")},
		{"proxy refuses", facts(failed(transport.ProxyRefuse)), nil, results("unknown proxy-refused network-admin")},

		{"the second address is expired", facts(goodTLS(), goodTLS(expired, elsewhere)), nil, results(hasExpired)},
		{"the second address is silent", facts(goodTLS(), failed(transport.Timeout)), nil, results("unknown timeout server-admin")},
		{"each address has its own fault", facts(goodTLS(wrongHost), goodTLS(expired, elsewhere), failed(transport.NotTLS)), nil,
			results(wrong, hasExpired, "problem tls-not-tls server-admin")},
		// One result per cause, with the worst that was seen.
		{"an alert at one address, a reset at the next", facts(failed(transport.TLSFailed), failed(transport.Reset)), nil, results(handshakeFailed)},
		{"a reset at one address, an alert at the next", facts(failed(transport.Reset), failed(transport.TLSFailed)), nil, results(handshakeFailed)},
		{"a trusted private CA at one address, another one at the next", facts(goodTLS(privateCA, trusted), goodTLS(privateCA, elsewhere)), nil, results(private)},
	})
}

func TestInterceptorNames(t *testing.T) {
	for _, c := range []struct{ issuer, want string }{
		{"CN=FG100FTK20012345,OU=Certificate Authority,O=Fortinet,L=Sunnyvale,ST=California,C=US", "Fortinet"},
		{"CN=FortiGate CA,O=Company", "Fortinet"},
		{"CN=Kaspersky Anti-Virus Personal Root Certificate,O=AO Kaspersky Lab", "Kaspersky"},
		{"CN=ESET SSL Filter CA,O=ESET\\, spol. s r. o.,C=SK", "ESET"},
		{"CN=Zscaler Intermediate Root CA (zscaler.net),O=Zscaler Inc.", "Zscaler"},
		{"CN=Check Point CA,O=mgmt..abcdef", "Check Point"},
		{"CN=checkpoint.company.example", "Check Point"},
		{"CN=UserGate CA,O=UserGate", "UserGate"},
		{"CN=PA-VM,O=Palo Alto Networks", "Palo Alto Networks"},
		{"CN=PAN-OS forward trust", "Palo Alto Networks"},
		{"CN=Sophos SSL CA_C01001,O=Sophos", "Sophos"},
		{"CN=AVG Web/Mail Shield Root,OU=generated by AVG Antivirus for SSL/TLS scanning", "AVG"},
		{"CN=Avast Web/Mail Shield Root", "Avast"},
		{"CN=Dr.Web for Windows,O=Doctor Web Ltd", "Dr.Web"},

		{"CN=RESET CA,O=Reset GmbH", ""},
		{"CN=ASSESET Holding CA", ""},
		{"CN=ESETRA CA", ""},
		{"CN=Onset CA,O=onset", ""},
		{"CN=AVGUST Crop Protection CA", ""},
		{"CN=KAVGOR CA", ""},
		{"CN=mavg-root,O=company", ""},
		{"CN=Avastar CA", ""},
		{"CN=Idecom CA", ""},
		{"CN=Squidward CA", ""},
		{"CN=R11,O=Let's Encrypt,C=US", ""},
		{"CN=Company Root CA,O=Company", ""},
	} {
		t.Run(c.issuer, func(t *testing.T) {
			if got := nameIn([]Certificate{{Issuer: "CN=Intermediate"}, {Issuer: c.issuer}}, interceptors); got != c.want {
				t.Errorf("interceptor %q, want %q", got, c.want)
			}
		})
	}
	// The certificate of such a product's vendor isn't issued by the product.
	if got := nameIn([]Certificate{{Subject: "CN=www.kaspersky.com,O=AO Kaspersky Lab", Issuer: "CN=Public CA 1"}}, interceptors); got != "" {
		t.Errorf("the subject made the issuer an interceptor: %q", got)
	}
}

func TestNationalNames(t *testing.T) {
	for _, c := range []struct{ issuer, want string }{
		{"CN=Russian Trusted Root CA,O=The Ministry of Digital Development and Communications,C=RU", "Russian Trusted Root CA"},
		{"CN=Russian Trusted Sub CA,O=The Ministry of Digital Development and Communications,C=RU", "Russian Trusted Root CA"},
		{"CN=Минцифры России,O=Минцифры России,C=RU", "Минцифры России"},
		{"CN=ҰЛТТЫҚ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ (RSA),C=KZ", "НУЦ Республики Казахстан"},
		{"CN=Qaznet Trust Network,O=ISCA,C=KZ", "НУЦ Республики Казахстан"},
		{"CN=Корневой удостоверяющий центр ГосСУОК,C=BY", "ГосСУОК"},
		{"CN=Trusted Root CA,O=Russian Bakery", ""},
		{"CN=R11,O=Let's Encrypt,C=US", ""},
	} {
		t.Run(c.issuer, func(t *testing.T) {
			if got := nameIn([]Certificate{{Issuer: "CN=Intermediate"}, {Issuer: c.issuer}}, nationalCAs); got != c.want {
				t.Errorf("national authority %q, want %q", got, c.want)
			}
		})
	}
}

// authority issues certificates for tests of a chain's dates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func issue(t *testing.T, by *authority, name string, ca bool, from, until time.Time) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), cryptorand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(rand.Int63()), Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: until,
		BasicConstraintsValid: true, IsCA: ca, KeyUsage: x509.KeyUsageDigitalSignature}
	if ca {
		template.KeyUsage |= x509.KeyUsageCertSign
	} else {
		template.DNSNames = []string{name}
	}
	parent := authority{template, key}
	if by != nil {
		parent = *by
	}
	der, err := x509.CreateCertificate(cryptorand.Reader, template, parent.cert, key.Public(), parent.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{cert, key}
}

// TestChainDates examines chains with certificates outside their dates: none may be good, since a good one may get a token.
func TestChainDates(t *testing.T) {
	now := time.Now()
	type dates struct{ from, until time.Time }
	ago, ahead := now.Add(-1000*days), now.Add(1000*days)
	valid, ended, future := dates{ago, ahead}, dates{ago, now.Add(-days)}, dates{now.Add(days), ahead}
	longAgo, renewed := dates{ago, now.Add(-200 * days)}, dates{now.Add(-100 * days), ahead}
	const expired, early = "problem tls-expired server-admin", "problem tls-not-yet-valid server-admin"
	const private, given = "problem tls-private-ca server-admin", "notice tls-private-ca server-admin"
	for _, c := range []struct {
		name               string
		leaf, middle, root dates
		trusts             bool // the root is one that the user named, not a public one
		want               []string
	}{
		{"all good", valid, valid, valid, false, results("ok")},
		{"expired leaf", ended, valid, valid, false, results(expired)},
		{"leaf of tomorrow", future, valid, valid, false, results(early)},
		{"expired intermediate", valid, ended, valid, false, results(expired)},
		{"intermediate of tomorrow", valid, future, valid, false, results(early)},
		{"both expired", ended, ended, valid, false, results(expired)},
		{"expired leaf, intermediate renewed since", longAgo, renewed, valid, false, results(expired)},
		{"leaf of tomorrow, intermediate ended", future, ended, valid, false, results(expired, early)},
		{"intermediate ended, root renewed since", valid, longAgo, valid, false, results(expired)},
		{"expired leaf, intermediate of tomorrow", ended, future, valid, false, results(expired, early)},

		{"named root", valid, valid, valid, true, results(given)},
		{"named root, expired leaf", ended, valid, valid, true, results(given, expired)},
		{"named root, expired leaf, intermediate and root renewed since", longAgo, renewed, renewed, true, results(given, expired)},
		{"named root, expired intermediate", valid, ended, valid, true, results(given, expired)},
		{"named root that has ended", valid, valid, ended, true, results(private)},
	} {
		t.Run(c.name, func(t *testing.T) {
			top := issue(t, nil, "Root", true, c.root.from, c.root.until)
			middle := issue(t, top, "Intermediate", true, c.middle.from, c.middle.until)
			leaf := issue(t, middle, "portal.example", false, c.leaf.from, c.leaf.until)
			s, good := examineChain(t, now, top, c.trusts, leaf, middle)
			if diff := cmp.Diff(c.want, conclusions(t, now, s)); diff != "" {
				t.Errorf("wrong conclusions (-want +got):\n%s", diff)
			}
			if want := c.leaf == valid && c.middle == valid && c.root == valid; s.Trust.good() != want || good != want {
				t.Errorf("good is %t, and a connection that may carry a token is let through: %t", s.Trust.good(), good)
			}
		})
	}
}

// TestNotOnlyTime asserts that dates explain no other fault away.
func TestNotOnlyTime(t *testing.T) {
	now := time.Now()
	ago, ended, ahead := now.Add(-1000*days), now.Add(-days), now.Add(1000*days)
	top := issue(t, nil, "Root", true, ago, ahead)
	impostor := issue(t, nil, "Root", true, ago, ahead)
	middle := issue(t, top, "Intermediate", true, ago, ahead)
	for name, c := range map[string]struct{ leaf, middle *authority }{
		"another root of the same name":           {issue(t, issue(t, impostor, "Intermediate", true, ago, ahead), "portal.example", false, ago, ended), middle},
		"an intermediate of another root":         {issue(t, impostor, "portal.example", false, ago, ended), impostor},
		"the issuer is no authority":              {issue(t, issue(t, top, "Intermediate", false, ago, ahead), "portal.example", false, ago, ended), issue(t, top, "Intermediate", false, ago, ahead)},
		"the issuer isn't the one that was sent":  {issue(t, middle, "portal.example", false, ago, ended), issue(t, top, "Intermediate", true, ago, ended)},
		"issuers that certify each other, no end": {issue(t, impostor, "portal.example", false, ago, ended), issue(t, impostor, "Root", true, ago, ended)},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := examineChain(t, now, top, false, c.leaf, c.middle)
			want := results("problem tls-expired server-admin", "problem tls-private-ca server-admin")
			if diff := cmp.Diff(want, conclusions(t, now, s)); diff != "" {
				t.Errorf("wrong conclusions (-want +got):\n%s", diff)
			}
		})
	}
}

// examineChain examines the certificates that a portal sends, with top as the only root. good: a connection that may carry a token
// is let through.
func examineChain(t *testing.T, now time.Time, top *authority, trusts bool, sent ...*authority) (s TLSSeen, good bool) {
	t.Helper()
	address, err := portal.ParseAddress("portal.example")
	if err != nil {
		t.Fatal(err)
	}
	roots := []*x509.Certificate{top.cert}
	target, public := Target{Address: address}, roots
	if trusts {
		public, target.Trust = nil, roots
	}
	env := newEnv(t.Context(), transport.New(transport.Options{Roots: transport.Pool(public)}), target)
	env.now = func() time.Time { return now }
	var chain []*x509.Certificate
	for _, a := range sent {
		chain, s.Chain = append(chain, a.cert), append(s.Chain, describe(a.cert))
	}
	s.Trust = env.examineOffline(chain, address.Host, target.Trust)
	return s, env.verify(chain) == nil
}

func conclusions(t *testing.T, now time.Time, s TLSSeen) (lines []string) {
	t.Helper()
	for _, r := range find(t, PortalTLS).Judge(&TLSFacts{At: now, Addresses: []TLSSeen{s}}, nil) {
		lines = append(lines, written(PortalTLS, r))
	}
	slices.Sort(lines)
	return lines
}

// Answers of the portal.
func failedWith(f transport.Failure) *Exchange {
	return &Exchange{Request: "POST /rest/app.info", Failure: f}
}
func saysError(status int, code, description string) *Exchange {
	return &Exchange{Request: "POST /rest/app.info", Status: status, Form: portal.FormJSON, Error: code, ErrorDescription: description}
}
func page(status int) *Exchange { return &Exchange{Status: status, Form: portal.FormHTML} }
func redirects(status int, location string) *Exchange {
	return &Exchange{Status: status, Form: portal.FormHTML, Location: location}
}

// Redirects read by the program itself, so that the cases match real facts.
func redirectTo(t *testing.T, plain bool, status int, to string) *Exchange {
	t.Helper()
	address, err := portal.ParseAddress("portal.example")
	if err != nil {
		t.Fatal(err)
	}
	r := portal.Request{Path: "/rest/app.info", Plain: plain}
	header := http.Header{}
	if to != "" {
		header.Set("Location", to)
	}
	return exchange(r, portal.Answer{Reply: portal.Reply{Status: status, Form: portal.FormHTML, Header: header}}, address)
}

func TestJudgeRedirect(t *testing.T) {
	https := func(status int, to string) *Exchange { return redirectTo(t, false, status, to) }
	http := func(status int, to string) *Exchange { return redirectTo(t, true, status, to) }
	good := saysError(401, "NO_AUTH_FOUND", "Wrong authorization data")
	const (
		drops     = "problem redirect-drops-post server-admin"
		other     = "notice redirect-other-host portal-admin"
		loop      = "problem redirect-loop server-admin"
		loopHTTP  = "notice redirect-loop server-admin"
		undecided = "unknown unexpected-answer server-admin"
		wrong     = "problem redirect-wrong-port server-admin"
		loses     = "notice redirect-loses-path server-admin"
		self      = "https://portal.example/rest/app.info"
	)
	cases := []verdict{
		{"none", &RedirectFacts{HTTPS: good, HTTP: good}, nil, results("ok")},
		{"http isn't looked at", &RedirectFacts{HTTPS: good}, nil, results("ok")},
		{"http refuses", &RedirectFacts{HTTPS: good, HTTP: failedWith(transport.Refused)}, nil, results("ok")},
		{"http is silent", &RedirectFacts{HTTPS: good, HTTP: failedWith(transport.Timeout)}, nil, results("ok")},
		{"https got no answer", &RedirectFacts{HTTPS: failedWith(transport.Timeout), HTTP: http(301, "https://www.portal.example/")}, nil, results("skipped because rest-route")},
		{"https was broken off", &RedirectFacts{HTTPS: failedWith(transport.Closed)}, nil, results("skipped because rest-route")},
		{"https was cancelled", &RedirectFacts{HTTPS: failedWith(transport.Cancelled)}, nil, results("skipped because rest-route")},
		{"https not asked", &RedirectFacts{}, nil, results("skipped because rest-route")},
		{"https answers a page", &RedirectFacts{HTTPS: page(404)}, nil, results("ok")},

		{"https to a login page elsewhere", &RedirectFacts{HTTPS: https(302, "https://sso.example/adfs/ls/?wa=1"), HTTP: good}, nil, results("ok")},
		{"https loops", &RedirectFacts{HTTPS: https(301, self), HTTPSLoop: []string{self}}, nil, results(loop)},
		{"https loops with 308", &RedirectFacts{HTTPS: https(308, self), HTTPSLoop: []string{self}}, nil, results(loop)},
		{"http loops", &RedirectFacts{HTTPS: good, HTTP: http(301, "http://portal.example/rest/app.info"), HTTPLoop: []string{"http://portal.example/rest/app.info"}}, nil, results(loopHTTP)},
		{"both loop", &RedirectFacts{HTTPS: https(301, self), HTTPSLoop: []string{self}, HTTP: http(301, self), HTTPLoop: []string{self}}, nil, results(loop)},
		{"https drops, http loops", &RedirectFacts{HTTPS: https(301, "/rest/app.info/"), HTTP: http(302, "http://portal.example/"), HTTPLoop: []string{self}}, nil, results(drops, loopHTTP)},
		{"https drops, http elsewhere", &RedirectFacts{HTTPS: https(301, "/rest/app.info/"), HTTP: http(301, "https://www.portal.example/")}, nil, results(drops, other)},
		{"both elsewhere", &RedirectFacts{HTTPS: https(307, "https://www.portal.example/"), HTTP: http(301, "https://www.portal.example/")}, nil, results(other)},
		{"https loops, http elsewhere", &RedirectFacts{HTTPS: https(301, self), HTTPSLoop: []string{self}, HTTP: http(301, "https://www.portal.example/")}, nil, results(loop, other)},
		// Another host blocks tokens, so a result must name it.
		{"http to a login page elsewhere", &RedirectFacts{HTTPS: good, HTTP: http(302, "https://sso.example/adfs/ls/")}, nil, results(other)},
		{"another port of the same host", &RedirectFacts{HTTPS: https(307, "https://portal.example:8443/rest/app.info")}, nil, results(undecided)},
		{"the same host, its port written out", &RedirectFacts{HTTPS: good, HTTP: http(301, "https://portal.example:443/rest/app.info")}, nil, results("ok")},
		{"the same host in capitals", &RedirectFacts{HTTPS: good, HTTP: http(301, "https://PORTAL.example./rest/app.info")}, nil, results("ok")},
		{"https to https on port 80", &RedirectFacts{HTTPS: https(301, "https://portal.example:80/rest/app.info"), HTTP: good}, nil, results(wrong)},
		{"https to https on port 80, with 308", &RedirectFacts{HTTPS: https(308, "https://portal.example:80/rest/app.info"), HTTP: good}, nil, results(wrong)},
		{"http to https on port 80", &RedirectFacts{HTTPS: good, HTTP: http(301, "https://portal.example:80/rest/app.info")}, nil, results(wrong)},
		{"both to https on port 80", &RedirectFacts{HTTPS: https(301, "https://portal.example:80/rest/app.info"), HTTP: http(301, "https://portal.example:80/rest/app.info")}, nil, results(wrong)},
		{"https drops, http to https on port 80", &RedirectFacts{HTTPS: https(301, "/rest/app.info/"), HTTP: http(301, "https://portal.example:80/")}, nil, results(drops, wrong)},
		{"https to http on port 443", &RedirectFacts{HTTPS: https(302, "http://portal.example:443/rest/app.info"), HTTP: good}, nil, results(wrong)},
		{"http to http on port 443", &RedirectFacts{HTTPS: good, HTTP: http(302, "http://portal.example:443/")}, nil, results(wrong)},
		{"https to port 80 of another host", &RedirectFacts{HTTPS: https(307, "https://www.portal.example:80/"), HTTP: good}, nil, results(other)},
		{"https to a login page on port 80", &RedirectFacts{HTTPS: https(302, "https://portal.example:80/auth/"), HTTP: good}, nil, results("ok")},
		{"http to https, its port written out", &RedirectFacts{HTTPS: good, HTTP: http(301, "https://portal.example:443/rest/app.info?bx24_request_id=1")}, nil, results("ok")},
		{"http to the start page over https", &RedirectFacts{HTTPS: good, HTTP: http(301, "https://portal.example")}, nil, results(loses)},
		{"http to the start page over https, with a slash", &RedirectFacts{HTTPS: good, HTTP: http(302, "https://portal.example/")}, nil, results(loses)},
		{"http to another page over https", &RedirectFacts{HTTPS: good, HTTP: http(302, "https://portal.example/stream/")}, nil, results(loses)},
		{"http to https with a slash more", &RedirectFacts{HTTPS: good, HTTP: http(301, "https://portal.example/rest/app.info/")}, nil, results("ok")},
		{"http to https below a path", &RedirectFacts{HTTPS: good, HTTP: http(301, "https://portal.example/portal/rest/app.info")}, nil, results("ok")},
		{"http to a sign-in page over https", &RedirectFacts{HTTPS: good, HTTP: http(302, "https://portal.example/auth/?backurl=%2F")}, nil, results("ok")},
		{"http to the start page of another host", &RedirectFacts{HTTPS: good, HTTP: http(301, "https://www.portal.example")}, nil, results(other)},
		{"https drops, http to the start page", &RedirectFacts{HTTPS: https(301, "/rest/app.info/"), HTTP: http(301, "https://portal.example")}, nil, results(drops, loses)},
		{"301 without a Location", &RedirectFacts{HTTPS: https(301, ""), HTTP: good}, nil, results(drops)},
	}
	for _, status := range []int{301, 302, 303} {
		cases = append(cases,
			verdict{fmt.Sprint("https ", status, " to the same host"), &RedirectFacts{HTTPS: https(status, "/rest/app.info/"), HTTP: good}, nil, results(drops)},
			verdict{fmt.Sprint("https ", status, " to another host"), &RedirectFacts{HTTPS: https(status, "https://www.portal.example/rest/app.info"), HTTP: good}, nil, results(drops, other)},
			verdict{fmt.Sprint("https ", status, " down to http"), &RedirectFacts{HTTPS: https(status, "http://portal.example/rest/app.info"), HTTP: good}, nil, results(drops)},
			verdict{fmt.Sprint("https ", status, " to a login page"), &RedirectFacts{HTTPS: https(status, "/auth/?backurl=%2Frest%2F"), HTTP: good}, nil, results("ok")},
		)
	}
	for _, status := range []int{307, 308} {
		cases = append(cases,
			// The body survives; whether an application follows is its own matter.
			verdict{fmt.Sprint("https ", status, " to the same host"), &RedirectFacts{HTTPS: https(status, "/rest/app.info/"), HTTP: good}, nil, results(undecided)},
			verdict{fmt.Sprint("https ", status, " to another host"), &RedirectFacts{HTTPS: https(status, "https://www.portal.example/rest/app.info"), HTTP: good}, nil, results(other)},
			verdict{fmt.Sprint("https ", status, " to a login page"), &RedirectFacts{HTTPS: https(status, "/login?next=rest"), HTTP: good}, nil, results("ok")},
		)
	}
	for _, status := range []int{301, 302, 303, 307, 308} {
		cases = append(cases,
			verdict{fmt.Sprint("http ", status, " to https"), &RedirectFacts{HTTPS: good, HTTP: http(status, self)}, nil, results("ok")},
			verdict{fmt.Sprint("http ", status, " to a path"), &RedirectFacts{HTTPS: good, HTTP: http(status, "/index.html")}, nil, results("ok")},
			verdict{fmt.Sprint("http ", status, " to another host"), &RedirectFacts{HTTPS: good, HTTP: http(status, "https://www.portal.example/rest/app.info")}, nil, results(other)},
			verdict{fmt.Sprint("http ", status, " to another host's http"), &RedirectFacts{HTTPS: good, HTTP: http(status, "http://www.portal.example/rest/app.info")}, nil, results(other)},
		)
	}
	judge(t, PortalRedirect, cases)
}

// TestTokensNeedAFinding asserts that what blocks tokens is never ok.
func TestTokensNeedAFinding(t *testing.T) {
	for _, to := range []string{"https://www.portal.example/", "https://sso.example/login", "https://portal.example:8443/", "//cdn.example/x", "https://portal.example/"} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			f := &RedirectFacts{HTTPS: saysError(401, "NO_AUTH_FOUND", ""), HTTP: redirectTo(t, true, status, to)}
			silent := !slices.ContainsFunc(find(t, PortalRedirect).Judge(f, nil), func(r Result) bool { return r.State != OK })
			if f.leavesHost() && silent {
				t.Errorf("http answers %d to %s: no token may be sent because of portal-redirect, which is ok", status, to)
			}
		}
	}
}

func TestLoginAddresses(t *testing.T) {
	for _, c := range []struct {
		location string
		want     bool
	}{
		{"/auth/?backurl=%2Frest%2F", true},
		{"/login", true},
		{"/Login.aspx", true},
		{"/users/sign_in?login=yes", true},
		{"/saml/acs", true},
		{"/saml2/idp", true},
		{"https://adfs.example/adfs/ls/", true},
		{"https://sso.example/sso", true},
		{"/oauth/authorize/?client_id=1", true},
		{"/index.php?auth=yes", true},
		{"https://auth.example/", false}, // only path and query count
		{"/rest/app.info/", false},
		{"/author/", false},
		{"/blogin/", false},
		{"/association/", false},
		{"/rest/app.info?bx24_request_id=login", false},
	} {
		if x := redirectTo(t, false, 302, c.location); x.LoginRedirect != c.want {
			t.Errorf("%s leads to a login page: %t, want %t", c.location, x.LoginRedirect, c.want)
		}
	}
}

func TestJudgeRoute(t *testing.T) {
	route := func(x *Exchange) *RouteFacts { return &RouteFacts{Exchange: *x} }
	answer := func(status int, form portal.Form, change ...func(*Exchange)) *RouteFacts {
		x := &Exchange{Status: status, Form: form}
		for _, c := range change {
			c(x)
		}
		return route(x)
	}
	asks := func(scheme string) func(*Exchange) { return func(x *Exchange) { x.Authenticate = scheme } }
	form := func(x *Exchange) { x.LoginForm = true }
	filter := func(x *Exchange) { x.Filter = "ModSecurity" }
	says := func(code string) *RouteFacts { return route(saysError(401, code, "")) }
	polluted := func(with string, x *Exchange) *RouteFacts { x.Polluted = with; return route(x) }
	const (
		notFound  = "problem rest-not-found server-admin"
		missing   = "problem rest-module-missing server-admin"
		notBitrix = "problem rest-not-bitrix server-admin"
		basic     = "problem rest-basic-auth server-admin"
		login     = "problem rest-login-page server-admin"
		blocked   = "problem rest-blocked server-admin"
		closed    = "problem rest-site-closed portal-admin"
		dirty     = "problem rest-polluted server-admin"
		failed    = "problem rest-server-error server-admin"
		cut       = "unknown rest-cut-off server-admin"
		odd       = "unknown unexpected-answer server-admin"
	)
	cases := []verdict{
		{"a result", answer(200, portal.FormJSON), nil, results("ok")},
		{"empty error", says(""), nil, results("ok")},

		{"site closed", says("PORTAL_DELETED"), nil, results(closed)},
		{"site closed, in small letters", says("portal_deleted"), nil, results(closed)},
		{"site closed, with the documented status", route(saysError(500, "PORTAL_DELETED", "Portal was deleted")), nil, results(closed)},
		{"server error in JSON", route(saysError(500, "INTERNAL_SERVER_ERROR", "")), nil, results(failed)},
		{"server error in JSON, in small letters", route(saysError(500, "internal_server_error", "")), nil, results(failed)},
		{"unexpected answer in JSON", route(saysError(500, "ERROR_UNEXPECTED_ANSWER", "")), nil, results(failed)},
		{"SQL error", route(saysError(500, "ERROR_CORE", "SQL query error!")), nil, results(failed)},
		{"not registered", route(saysError(400, "ERROR_CORE", "No client credentials")), nil, results("ok")},
		{"full disk", route(saysError(401, "ERROR_OAUTH", "Исчерпан выделенный дисковый ресурс.<br>")), nil, results("problem disk-full server-admin")},
		{"a number as a code", says("0"), nil, results("unknown refused-with-code server-admin")},
		{"a code that nobody knows", says("SOMETHING_NEW"), nil, results("unknown refused-with-code server-admin")},
		{"polluted by text", polluted("text", saysError(401, "NO_AUTH_FOUND", "")), nil, results(dirty)},
		{"polluted by a BOM", polluted("BOM", saysError(401, "NO_AUTH_FOUND", "")), nil, results(dirty)},
		{"polluted and closed", polluted("text", saysError(403, "PORTAL_DELETED", "")), nil, results(dirty, closed)},
		{"polluted and broken", polluted("text", saysError(500, "INTERNAL_SERVER_ERROR", "")), nil, results(dirty, failed)},

		{"404 page", answer(404, portal.FormHTML), nil, results(notFound)},
		{"404 text", answer(404, portal.FormText), nil, results(notFound)},
		{"404 empty", answer(404, portal.FormEmpty), nil, results(notFound)},
		{"404 with JSON of another product", answer(404, portal.FormOtherJSON), nil, results(notBitrix)},
		{"200 empty", answer(200, portal.FormEmpty), nil, results(missing)},
		{"200 page", answer(200, portal.FormHTML), nil, results(notBitrix)},
		{"200 text", answer(200, portal.FormText), nil, results(notBitrix)},
		{"200 JSON of another product", answer(200, portal.FormOtherJSON), nil, results(notBitrix)},
		{"200 in an unknown encoding", answer(200, portal.FormBadEncoding), nil, results(odd)},
		{"200 login form", answer(200, portal.FormHTML, form), nil, results(login)},
		{"401 login form", answer(401, portal.FormHTML, form), nil, results(login)},
		{"302 to a login page", route(redirectTo(t, false, 302, "/auth/")), nil, results(login)},
		{"307 to a login page", route(redirectTo(t, false, 307, "/login")), nil, results(login)},
		{"Basic", answer(401, portal.FormHTML, asks(`Basic realm="x"`)), nil, results(basic)},
		{"basic in small letters", answer(401, portal.FormHTML, asks(`basic realm="x"`)), nil, results(basic)},
		{"Digest", answer(401, portal.FormEmpty, asks(`Digest realm="x"`)), nil, results(basic)},
		{"NTLM", answer(401, portal.FormHTML, asks("NTLM")), nil, results(basic)},
		{"Negotiate", answer(401, portal.FormHTML, asks("Negotiate")), nil, results(basic)},
		{"Basic beside the rest module's answer", route(&Exchange{Status: 401, Form: portal.FormJSON, Error: "NO_AUTH_FOUND", Authenticate: "Basic"}), nil, results("ok")},
		{"401 page", answer(401, portal.FormHTML), nil, results(odd)},
		{"401 for something else", answer(401, portal.FormHTML, asks("Bearer")), nil, results(odd)},
		{"403 page", answer(403, portal.FormHTML), nil, results(blocked)},
		{"406 page", answer(406, portal.FormHTML), nil, results(blocked)},
		{"429 page", answer(429, portal.FormHTML), nil, results("skipped because rate-limit")},
		{"403 empty", answer(403, portal.FormEmpty), nil, results(blocked)},
		{"403 of a filter", answer(403, portal.FormHTML, filter), nil, results(blocked)},
		{"501 of a filter that names itself", answer(501, portal.FormHTML, filter), nil, results(blocked)},
		{"500 empty", answer(500, portal.FormEmpty), nil, results(failed)},
		{"502 page", answer(502, portal.FormHTML), nil, results(failed)},
		{"503 text", answer(503, portal.FormText), nil, results(failed)},
		{"504 page", answer(504, portal.FormHTML), nil, results(failed)},
		{"400 page", answer(400, portal.FormHTML), nil, results(odd)},
		{"405 page", answer(405, portal.FormHTML), nil, results("problem rest-method-refused server-admin")},
		{"403 that can't be unpacked", answer(403, portal.FormBadEncoding), nil, results(odd)},
		{"404 that can't be unpacked", answer(404, portal.FormBadEncoding), nil, results(odd)},
		{"413 page", answer(413, portal.FormHTML), nil, results("problem rest-blocked server-admin")},
		{"204", answer(204, portal.FormEmpty), nil, results(odd)},

		{"reset", route(failedWith(transport.Reset)), nil, results(cut)},
		{"closed", route(failedWith(transport.Closed)), nil, results(cut)},
		{"cut off inside", route(&Exchange{Status: 200, Form: portal.FormCutOff, Failure: transport.Closed}), nil, results(cut)},
		{"reset inside", route(&Exchange{Status: 200, Form: portal.FormCutOff, Failure: transport.Reset}), nil, results(cut)},
		{"no end", route(&Exchange{Status: 200, Form: portal.FormTooBig, TooBig: true}), nil, results(cut)},
		{"timeout inside", route(&Exchange{Status: 200, Form: portal.FormCutOff, Failure: transport.Timeout}), nil, results("unknown timeout server-admin")},
		{"cancelled inside", route(&Exchange{Status: 200, Form: portal.FormCutOff, Failure: transport.Cancelled}), nil, results("unknown cancelled you")},
		{"the certificate no longer verifies", route(failedWith(transport.Certificate)), nil, results(odd)},
	}
	for _, code := range []string{"NO_AUTH_FOUND", "no_auth_found", "ERROR_METHOD_NOT_FOUND", "error_method_not_found", "INVALID_REQUEST", "INVALID_CREDENTIALS",
		"ACCESS_DENIED", "QUERY_LIMIT_EXCEEDED", "OVERLOAD_LIMIT", "expired_token", "WRONG_AUTH_TYPE"} {
		cases = append(cases, verdict{"any refusal is a good route: " + code, says(code), nil, results("ok")})
	}
	for _, status := range []int{300, 301, 302, 303, 307, 308} {
		cases = append(cases, verdict{fmt.Sprint(status, " elsewhere"), route(redirectTo(t, false, status, "https://www.portal.example/")), nil, results("skipped because portal-redirect")})
		cases = append(cases, verdict{fmt.Sprint(status, " here"), route(redirectTo(t, false, status, "/rest/app.info/")), nil, results("skipped because portal-redirect")})
	}
	judge(t, RESTRoute, append(cases, commonFailures(ServerAdmin, func(x *Exchange) Facts { return route(x) })...))
}

// commonFailures are the cases shared by all checks of one exchange.
func commonFailures(owner Owner, facts func(*Exchange) Facts) []verdict {
	var cases []verdict
	for _, c := range []struct {
		failure transport.Failure
		want    string
	}{
		{transport.Timeout, "unknown timeout " + string(owner)},
		{transport.Cancelled, "unknown cancelled you"},
		{transport.NoNetwork, "unknown no-network you"},
		{transport.ProxyAuth, "unknown proxy-auth-required you"},
		{transport.ProxyRefuse, "unknown proxy-refused network-admin"},
		{transport.Other, "unknown unexpected-answer " + string(owner)},
	} {
		cases = append(cases, verdict{"no answer: " + string(c.failure), facts(failedWith(c.failure)), nil, results(c.want)})
	}
	return cases
}

// TestFilterSigns reads answers from portals behind a known product. Several of these products mark each answer that they
// forward: only their own answers are a block.
func TestFilterSigns(t *testing.T) {
	address, err := portal.ParseAddress("portal.example")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		status int
		header http.Header
		body   string
		filter string
		want   string
	}{
		{"Cloudflare blocks", 403, http.Header{"Cf-Ray": {"8c0"}, "Server": {"cloudflare"}}, "<html>Sorry, you have been blocked</html>", "Cloudflare", "problem rest-blocked server-admin"},
		{"Cloudflare limits", 429, http.Header{"Cf-Ray": {"8c0"}, "Server": {"cloudflare"}}, "<html>You are being rate limited</html>", "Cloudflare", "skipped because rate-limit"},
		{"Qrator blocks", 403, http.Header{"Server": {"QRATOR"}}, "<html>blocked</html>", "Qrator", "problem rest-blocked server-admin"},
		{"ModSecurity blocks", 406, http.Header{"Server": {"Apache"}}, "<html>This error was generated by Mod_Security.</html>", "ModSecurity", "problem rest-blocked server-admin"},
		{"F5 blocks", 404, nil, "<html>The requested URL was rejected. Please consult with your administrator.</html>", "F5 BIG-IP ASM", "problem rest-blocked server-admin"},
		{"a page of the portal behind Cloudflare", 200, http.Header{"Cf-Ray": {"8c0"}}, "<html>It works!</html>", "", "problem rest-not-bitrix server-admin"},
		{"nginx's 404 behind Cloudflare", 404, http.Header{"Cf-Ray": {"8c0"}, "Server": {"cloudflare"}}, "<html>404 Not Found</html>", "", "problem rest-not-found server-admin"},
		{"502 of the portal behind Cloudflare", 502, http.Header{"Cf-Ray": {"8c0"}, "Server": {"cloudflare"}}, "<html>502 Bad Gateway</html>", "", "problem rest-server-error server-admin"},
		{"522 of Cloudflare: the portal is silent", 522, http.Header{"Cf-Ray": {"8c0"}, "Server": {"cloudflare"}}, "<html>Connection timed out</html>", "Cloudflare", "problem edge-error server-admin"},
		{"404 of the portal behind Qrator", 404, http.Header{"Server": {"QRATOR"}}, "<html>404 Not Found</html>", "", "problem rest-not-found server-admin"},
	} {
		t.Run(c.name, func(t *testing.T) {
			header := c.header
			if header == nil {
				header = http.Header{}
			}
			x := exchange(routeRequest, portal.Answer{Reply: portal.Reply{Status: c.status, Form: portal.FormHTML, Header: header, Body: []byte(c.body)}}, address)
			found := find(t, RESTRoute).Judge(&RouteFacts{Exchange: *x}, nil)
			if got := written(RESTRoute, found[0]); len(found) != 1 || got != c.want {
				t.Errorf("%d results, the first is %q, want %q", len(found), got, c.want)
			}
			if c.filter != "" && x.Filter != c.filter {
				t.Errorf("the filter is called %q, want %q", x.Filter, c.filter)
			}
		})
	}
}

func TestJudgeHTTPS(t *testing.T) {
	facts := func(x *Exchange) Facts { return &HTTPSFacts{Exchange: *x} }
	says := func(code string) Facts { return facts(saysError(401, code, "")) }
	const seen, odd = "problem https-not-seen server-admin", "unknown unexpected-answer server-admin"
	judge(t, HTTPSSeen, append([]verdict{
		{"credentials refused", says("INVALID_CREDENTIALS"), nil, results("ok")},
		{"credentials refused, in small letters", says("invalid_credentials"), nil, results("ok")},
		{"credentials refused, with the documented status", facts(saysError(403, "INVALID_CREDENTIALS", "Invalid request credentials")), nil, results("ok")},
		{"https required", facts(saysError(401, "INVALID_REQUEST", "Https required.")), nil, results(seen)},
		{"https required, in small letters", says("invalid_request"), nil, results(seen)},
		{"https required, with the documented status", facts(saysError(400, "INVALID_REQUEST", "Https required.")), nil, results(seen)},
		{"no credentials seen", says("NO_AUTH_FOUND"), nil, results("unknown refused-with-code server-admin")},
		{"method not found", says("ERROR_METHOD_NOT_FOUND"), nil, results("unknown refused-with-code portal-admin")},
		{"not by subscription", says("ACCESS_DENIED"), nil, results("unknown refused-with-code portal-admin")},
		{"site closed meanwhile", says("PORTAL_DELETED"), nil, results("unknown refused-with-code portal-admin")},
		{"a result", facts(&Exchange{Status: 200, Form: portal.FormJSON}), nil, results(odd)},
		{"404 page", facts(page(404)), nil, results(odd)},
		{"403 page", facts(page(403)), nil, results(odd)},
		{"a redirect", facts(redirects(301, "https://portal.example/")), nil, results(odd)},
		{"reset", facts(failedWith(transport.Reset)), nil, results(odd)},
		{"too big", facts(&Exchange{Status: 200, Form: portal.FormTooBig, TooBig: true}), nil, results(odd)},
	}, commonFailures(ServerAdmin, facts)...))
}

func TestJudgeInventory(t *testing.T) {
	there, not := true, false
	method := func(name string, present *bool, x *Exchange) MethodFacts {
		return MethodFacts{Name: name, Present: present, Exchange: *x}
	}
	yes := func(name string) MethodFacts { return method(name, &there, saysError(401, "NO_AUTH_FOUND", "")) }
	no := func(name string) MethodFacts { return method(name, &not, saysError(404, "ERROR_METHOD_NOT_FOUND", "")) }
	unclear := func(name string, x *Exchange) MethodFacts { return method(name, nil, x) }
	facts := func(m ...MethodFacts) *InventoryFacts { return &InventoryFacts{Methods: m} }
	const (
		missing = "problem core-method-missing portal-admin"
		old     = "notice platform-outdated portal-admin"
	)
	cases := []verdict{
		{"all there", facts(yes("batch"), yes("event.bind"), yes("method.get")), nil, results("ok")},
		{"no batch", facts(no("batch"), yes("event.bind"), yes("method.get")), nil, results(missing)},
		{"no event.bind", facts(yes("batch"), no("event.bind"), yes("method.get")), nil, results(missing)},
		{"neither", facts(no("batch"), no("event.bind"), yes("method.get")), nil, results(missing)},
		{"no method.get", facts(yes("batch"), yes("event.bind"), no("method.get")), nil, results(old)},
		{"nothing there", facts(no("batch"), no("event.bind"), no("method.get")), nil, results(missing, old)},
		{"one missing, one unclear", facts(no("batch"), unclear("event.bind", failedWith(transport.Timeout)), yes("method.get")), nil, results(missing)},
		{"age unclear", facts(yes("batch"), yes("event.bind"), unclear("method.get", page(502))), nil, results("unknown unexpected-answer portal-admin")},
		{"all unclear", facts(unclear("batch", page(403)), unclear("event.bind", page(403)), unclear("method.get", page(403))), nil, results("unknown unexpected-answer portal-admin")},
		// An old platform doesn't imply that applications lack what they need.
		{"old, and a core method unclear", facts(unclear("batch", failedWith(transport.Timeout)), yes("event.bind"), no("method.get")), nil, results(old, "unknown timeout portal-admin")},
	}
	judge(t, MethodInventory, append(cases, commonFailures(PortalAdmin, func(x *Exchange) Facts {
		return facts(unclear("batch", x), yes("event.bind"), yes("method.get"))
	})...))
}

func TestJudgeClock(t *testing.T) {
	clock := func(offset time.Duration) *ClockFacts {
		portalTime := observedAt.Add(offset)
		return &ClockFacts{Portal: &portalTime, Here: observedAt, OffsetS: offset.Seconds()}
	}
	// third is an authorization server whose clock is ahead of this computer's.
	third := func(ahead time.Duration) FactsByCheck {
		date := observedAt.Add(ahead)
		return FactsByCheck{AuthServerFromComputer: &VendorFacts{Hosts: []HostSeen{{Host: "oauth.example", At: observedAt, Date: &date}}}}
	}
	noDate := FactsByCheck{AuthServerFromComputer: &VendorFacts{Hosts: []HostSeen{{Host: "oauth.example", At: observedAt}}}}
	secondHost := third(0)
	secondHost[AuthServerFromComputer] = &VendorFacts{Hosts: append([]HostSeen{{Host: "dead.example", Layer: transport.StageTCP, Failure: transport.Refused}},
		secondHost[AuthServerFromComputer].(*VendorFacts).Hosts...)}
	const (
		off      = "notice clock-off server-admin"
		wrong    = "problem clock-wrong server-admin"
		unproved = "unknown clock-off server-admin"
	)
	ownClockWrong := results("self-clock: problem clock-wrong you", "skipped because self-clock")
	judge(t, PortalClock, []verdict{
		{"exact", clock(0), third(0), results("ok")},
		{"59 s ahead", clock(59 * time.Second), third(0), results("ok")},
		{"59 s behind", clock(-59 * time.Second), third(0), results("ok")},
		{"60 s ahead", clock(60 * time.Second), third(0), results(off)},
		{"60 s behind", clock(-60 * time.Second), third(0), results(off)},
		{"61 s ahead", clock(61 * time.Second), third(0), results(off)},
		{"61 s behind", clock(-61 * time.Second), third(0), results(off)},
		{"a second before 10 min", clock(10*time.Minute - time.Second), third(0), results(off)},
		{"10 min", clock(10 * time.Minute), third(0), results(off)},
		{"a second after 10 min", clock(10*time.Minute + time.Second), third(0), results(wrong)},
		{"a second after 10 min, behind", clock(-10*time.Minute - time.Second), third(0), results(wrong)},
		{"20 min, the third 59 s away", clock(20 * time.Minute), third(59 * time.Second), results(wrong)},
		{"20 min, the third 59 s away, behind", clock(20 * time.Minute), third(-59 * time.Second), results(wrong)},
		{"20 min, and so is the third", clock(20 * time.Minute), third(20 * time.Minute), ownClockWrong},
		{"20 min behind, and so is the third", clock(-20 * time.Minute), third(-20 * time.Minute), ownClockWrong},
		{"20 min, the first host dead, the second agrees with here", clock(20 * time.Minute), secondHost, results(wrong)},
		{"20 min, the third without a Date", clock(20 * time.Minute), noDate, results(unproved)},
		{"20 min, no third", clock(20 * time.Minute), nil, results(unproved)},
		{"3 min, no third", clock(3 * time.Minute), nil, results(off)},
		{"3 min, the third without a Date", clock(3 * time.Minute), noDate, results(off)},
		{"3 min, and so is the third", clock(3 * time.Minute), third(3 * time.Minute), results("ok")},
		{"no third needed", clock(0), nil, results("ok")},
		{"no Date", &ClockFacts{Here: observedAt}, third(0), results("unknown unexpected-answer server-admin")},
	})
}

func token(in portal.Carrier, x *Exchange) TokenAnswer { return TokenAnswer{Carrier: in, Exchange: *x} }

// TestCertificateWithManyNames asserts that what a certificate brings into facts and sentences is limited, and that the rest is counted.
func TestCertificateWithManyNames(t *testing.T) {
	c := &x509.Certificate{SerialNumber: new(big.Int).Lsh(big.NewInt(1), 80_000), Subject: pkix.Name{CommonName: strings.Repeat("c", 60_000)}}
	for i := range 600 {
		c.DNSNames = append(c.DNSNames, fmt.Sprintf("%d.%s.example", i, strings.Repeat("n", 1000)))
		c.IPAddresses = append(c.IPAddresses, net.IPv4(203, 0, 113, byte(i)))
	}
	d := describe(c)
	data, err := json.Marshal(d)
	if err != nil || len(data) > 12<<10 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	if len(d.Names)+d.MoreNames != 1200 || d.MoreNames == 0 {
		t.Errorf("%d names and %d more", len(d.Names), d.MoreNames)
	}
}

// TestManyAddresses asserts that of a name with hundreds of addresses the first become facts, and the rest is counted.
func TestManyAddresses(t *testing.T) {
	resolver := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go answerWithAddresses(server, 300)
		return client, nil
	}}
	n := transport.New(transport.Options{Resolver: resolver, Version: "test"})
	address, err := portal.ParseAddress("portal.example.com")
	if err != nil {
		t.Fatal(err)
	}
	f, err := observeDNS(t.Context(), newEnv(t.Context(), n, Target{Address: address}))
	if err != nil || len(f.Addresses) != maxResolved || f.More != 300-maxResolved {
		t.Errorf("%d addresses and %d more, %q, %v", len(f.Addresses), f.More, f.Failure, err)
	}
}

// answerWithAddresses answers questions over TCP.
func answerWithAddresses(conn net.Conn, count int) {
	defer conn.Close()
	for {
		var size [2]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}
		message := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(conn, message); err != nil {
			return
		}
		var asked dnsmessage.Message
		if asked.Unpack(message) != nil {
			return
		}
		answer := dnsmessage.Message{Header: dnsmessage.Header{ID: asked.ID, Response: true, RecursionAvailable: true}, Questions: asked.Questions}
		for i := range count {
			if q := asked.Questions[0]; q.Type == dnsmessage.TypeA {
				answer.Answers = append(answer.Answers, dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
					Body: &dnsmessage.AResource{A: [4]byte{203, 0, byte(i >> 8), byte(i)}}})
			}
		}
		packed, err := answer.Pack()
		if err != nil {
			return
		}
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(packed))), packed...)); err != nil {
			return
		}
	}
}
