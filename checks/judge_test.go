package checks

import (
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand"
	"net/http"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/quick"
	"time"

	"crypto/ecdsa"
	"crypto/elliptic"
	cryptorand "crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"

	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"boxready/internal/transport"

	"github.com/google/go-cmp/cmp"
)

// verdict is a case of a check's Judge: facts, and the conclusions in one line each.
type verdict struct {
	name  string
	facts Facts
	seen  Seen
	want  []string // "state cause owner", "skipped because check", "ok"; a result under another check's name starts with it and a colon
}

func results(lines ...string) []string { return lines }

// written is a result as the cases write it.
func written(id ID, r Result) string {
	text := string(r.State)
	switch {
	case r.State == Skipped:
		text = strings.TrimSpace("skipped because " + string(r.Because))
	case r.State != OK:
		text = fmt.Sprintf("%s %s %s", r.State, r.Cause, r.Owner)
	}
	if r.Check != id {
		text = string(r.Check) + ": " + text
	}
	return text
}

func find(t testing.TB, id ID) *Check {
	t.Helper()
	for _, c := range slices.Concat(Catalog(), SelfCatalog()) {
		if c.ID == id {
			return c
		}
	}
	t.Fatalf("no check %s", id)
	return nil
}

// vantages is from where each check sees, whatever it concludes.
var vantages = map[ID]Vantage{
	PortalAddress: FromComputer, PortalDNS: FromComputer, PortalTCP: FromComputer, PortalTLS: FromComputer, PortalRedirect: FromComputer,
	RESTRoute: FromComputer, HTTPSSeen: FromPortal, MethodInventory: FromComputer, PortalClock: FromComputer,
	AuthServerFromPortal: FromPortal, CredentialsArrive: FromPortal, ContentFilterCheck: FromPortal,
	AuthServerFromComputer: FromComputer, QueueFeed: FromComputer, PortalFromInternet: FromOutside,
	WebhookCheck: FromPortal, SignIn: FromComputer, PortalIdentity: FromComputer, TokenAccepted: FromPortal, RESTLicence: FromPortal,
	AppInstalled: FromPortal, UserRights: FromPortal, Platform: FromPortal, RequiredScopes: FromPortal, RequiredModules: FromPortal,
	RequiredMethods: FromPortal, RequiredEvents: FromPortal, EventMachinery: FromPortal, EventDelivery: FromPortal, ApplicationHosts: FromComputer, RateLimit: FromPortal,
	ServerProbe: FromServer, ServerAuthServer: FromServer, ServerRegistration: FromServer, ServerApplications: FromServer, ServerModules: FromServer,
	ServerPlatform: FromServer, ServerAgents: FromServer, ServerRESTSetup: FromServer, ServerLicence: FromServer, ServerNetwork: FromServer,
	SelfKeyring: FromComputer, SelfLoopback: FromComputer, SelfBrowser: FromComputer, SelfProxy: FromComputer, SelfClock: FromComputer, SelfDisplay: FromComputer,
}

func judge(t *testing.T, id ID, cases []verdict) {
	t.Helper()
	check := find(t, id)
	names := map[string]bool{}
	for _, c := range cases {
		if names[c.name] {
			t.Fatalf("two cases named %q", c.name)
		}
		names[c.name] = true
		t.Run(c.name, func(t *testing.T) {
			found := check.Judge(c.facts, c.seen)
			var got []string
			causes := map[string]bool{}
			for _, r := range found {
				got = append(got, written(id, r))
				assertWellFormed(t, check, r)
				if key := string(r.Check) + "/" + string(r.Cause); r.Cause != "" {
					if causes[key] {
						t.Errorf("%s is reported twice", key)
					}
					causes[key] = true
				}
			}
			want := slices.Clone(c.want)
			slices.Sort(got)
			slices.Sort(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("wrong conclusions (-want +got):\n%s", diff)
			}
		})
	}
}

// vantageFits tells whether a result is from where its check sees, or the one that the portal's server may settle.
func vantageFits(c *Check, r Result) bool {
	return r.Vantage == vantages[c.ID] || c.ID == AuthServerFromPortal && r.State == OK && r.Vantage == FromServer
}

// assertWellFormed asserts what holds for any result of any check.
func assertWellFormed(t testing.TB, c *Check, r Result) {
	t.Helper()
	if !vantageFits(c, r) {
		t.Errorf("%s: seen from %q, want %q", r.Check, r.Vantage, vantages[c.ID])
	}
	quiet := r.State == OK || r.State == Skipped
	if quiet != (r.Cause == "") || quiet != (r.Owner == "") {
		t.Errorf("%s: state %s with cause %q and owner %q", r.Check, r.State, r.Cause, r.Owner)
	}
	if (r.State == Skipped) != (r.Because != "") {
		t.Errorf("%s: state %s because of %q", r.Check, r.State, r.Because)
	}
	if !quiet && r.Check == c.ID && !slices.Contains(c.Causes, r.Cause) && !slices.Contains(CommonCauses(), r.Cause) {
		t.Errorf("%s: the catalogue doesn't declare the cause %s", r.Check, r.Cause)
	}
	if r.State == Problem && slices.Contains(CommonCauses(), r.Cause) && c.Group != SelfGroup {
		t.Errorf("%s: %s says nothing about the portal and can't be a problem", r.Check, r.Cause)
	}
}

func TestJudgeAddress(t *testing.T) {
	judge(t, PortalAddress, []verdict{
		{"a name", &AddressFacts{Address: "https://portal.example"}, nil, results("ok")},
		{"an IP address", &AddressFacts{IP: true}, nil, results("problem address-is-ip portal-admin")},
		{"a cloud portal", &AddressFacts{Cloud: true}, nil, results("notice address-is-cloud you")},
		{"http typed", &AddressFacts{WasHTTP: true}, nil, results("notice address-was-http you")},
		{"http and an IP address", &AddressFacts{IP: true, WasHTTP: true}, nil, results("problem address-is-ip portal-admin", "notice address-was-http you")},
		{"http and a cloud portal", &AddressFacts{Cloud: true, WasHTTP: true}, nil, results("notice address-is-cloud you", "notice address-was-http you")},
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
		// A place that the user named may be on this very computer.
		{"given, and on this computer", &DNSFacts{Given: true, Addresses: addresses("127.0.0.1")}, nil, results("ok")},

		{"not found", failed(transport.NameUnknown), nil, results("problem dns-not-found network-admin")},
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
		// An ordinary split DNS: that applications outside can't come in is disproved by the public answer.
		{"private inside, public outside", public(found("10.0.0.1"), "", "203.0.113.10"), nil, results(differs)},
		{"unknown inside, known outside", public(failed(transport.NameUnknown), "", "203.0.113.10"), nil, results("problem dns-not-found network-admin")},
	})
}

func TestJudgeTCP(t *testing.T) {
	const v4, v4too, v6 = "203.0.113.10", "203.0.113.11", "2001:db8::10"
	at := func(address string, f transport.Failure) TCPAttempt { return TCPAttempt{Address: address, Failure: f} }
	tried := func(attempts ...TCPAttempt) *TCPFacts { return &TCPFacts{Port: 443, Attempts: attempts} }
	const refused, timeout, dead6 = "problem tcp-refused network-admin", "problem tcp-timeout network-admin", "notice ipv6-dead network-admin"
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

		{"IPv6 refused", tried(at(v4, ""), at(v6, transport.Refused)), nil, results(dead6)},
		{"IPv6 silent", tried(at(v4, ""), at(v6, transport.Timeout)), nil, results(dead6)},
		{"IPv6 unreachable", tried(at(v4, ""), at(v6, transport.Unreachable)), nil, results(dead6)},
		{"no IPv6 on this computer", tried(at(v4, ""), at(v6, transport.NoRoute)), nil, results("ok")},
		{"IPv4 refused, IPv6 open", tried(at(v4, transport.Refused), at(v6, "")), nil, results(refused)},
		{"IPv4 silent, IPv6 open", tried(at(v4, transport.Timeout), at(v6, "")), nil, results(timeout)},
		{"IPv4 silent, IPv6 refused", tried(at(v4, transport.Timeout), at(v6, transport.Refused)), nil, results(timeout)},
		{"IPv4 refused, no IPv6 here", tried(at(v4, transport.Refused), at(v6, transport.NoRoute)), nil, results(refused)},
		{"IPv6 only, open", tried(at(v6, "")), nil, results("ok")},
		{"IPv6 only, refused", tried(at(v6, transport.Refused)), nil, results(refused)},
		{"IPv6 only, silent", tried(at(v6, transport.Timeout)), nil, results(timeout)},
		{"IPv6 only, none here", tried(at(v6, transport.NoRoute)), nil, results("unknown no-network you")},
		{"one of two IPv4 addresses open", tried(at(v4, transport.Refused), at(v4too, "")), nil, results("ok")},
		{"one of two IPv4 addresses open, IPv6 dead", tried(at(v4, ""), at(v4too, transport.Timeout), at(v6, transport.Refused)), nil, results(dead6)},
	})
}

var (
	looked = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	days   = 24 * time.Hour
)

// goodTLS is what a healthy portal shows; change breaks it.
func goodTLS(change ...func(*TLSSeen)) TLSSeen {
	s := TLSSeen{
		Address: "203.0.113.10", Protocol: "TLS 1.3",
		Chain: []Certificate{
			{Subject: "CN=portal.example", Issuer: "CN=Public CA 1", Names: []string{"portal.example"}, NotBefore: looked.Add(-30 * days), NotAfter: looked.Add(60 * days),
				Key: "RSA 2048", RSABits: 2048, Signature: "SHA256-RSA"},
			{Subject: "CN=Public CA 1", Issuer: "CN=Public Root", NotBefore: looked.Add(-900 * days), NotAfter: looked.Add(900 * days),
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
	return Certificate{Subject: last.Issuer, Issuer: last.Issuer, NotBefore: looked.Add(-900 * days), NotAfter: looked.Add(900 * days),
		Key: "RSA 4096", RSABits: 4096, Signature: "SHA256-RSA", SelfSigned: true}
}

// Faults of a certificate, to be combined.
func expired(s *TLSSeen) {
	s.Chain[0].NotAfter, s.Trust.DatesGood = looked.Add(-days), false
}
func notYet(s *TLSSeen) {
	s.Chain[0].NotBefore, s.Trust.DatesGood = looked.Add(days), false
}
func soon(s *TLSSeen)      { s.Chain[0].NotAfter = looked.Add(10 * days) }
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
	facts := func(seen ...TLSSeen) *TLSFacts { return &TLSFacts{At: looked, Addresses: seen} }
	with := func(change ...func(*TLSSeen)) *TLSFacts { return facts(goodTLS(change...)) }
	failed := func(f transport.Failure) TLSSeen { return TLSSeen{Address: "203.0.113.10", Failure: f} }
	until := func(d time.Duration) func(*TLSSeen) {
		return func(s *TLSSeen) { s.Chain[0].NotAfter, s.Trust.DatesGood = looked.Add(d), d >= 0 }
	}
	from := func(d time.Duration) func(*TLSSeen) {
		return func(s *TLSSeen) { s.Chain[0].NotBefore, s.Trust.DatesGood = looked.Add(d), d <= 0 }
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
	const (
		hasExpired  = "problem tls-expired server-admin"
		isEarly     = "problem tls-not-yet-valid server-admin"
		endsSoon    = "notice tls-expires-soon server-admin"
		wrong       = "problem tls-wrong-host server-admin"
		private     = "problem tls-private-ca server-admin"
		accepted    = "notice tls-private-ca server-admin"
		self        = "problem tls-self-signed server-admin"
		nation      = "problem tls-national-ca server-admin"
		weak        = "problem tls-weak-certificate server-admin"
		missing     = "problem tls-incomplete-chain server-admin"
		intercepts  = "unknown tls-intercepted network-admin"
		brokeOff    = "problem tls-handshake-failed server-admin"
		noHandshake = "unknown tls-handshake-failed server-admin"
	)
	judge(t, PortalTLS, []verdict{
		{"healthy", with(), nil, results("ok")},
		{"healthy, root sent along", with(withRoot), nil, results("ok")},
		{"no certificate", facts(TLSSeen{Address: "203.0.113.10"}), nil, results("unknown unexpected-answer server-admin")},

		{"ends 21 days and an hour from now", with(until(21*days + time.Hour)), nil, results("ok")},
		{"ends in exactly 21 days", with(until(21 * days)), nil, results("ok")},
		{"ends an hour before 21 days", with(until(21*days - time.Hour)), nil, results(endsSoon)},
		{"ends this second", with(until(0)), nil, results(endsSoon)},
		{"ended a second ago", with(until(-time.Second)), nil, results(hasExpired)},
		{"begins this second", with(from(0)), nil, results("ok")},
		{"begins in a second", with(from(time.Second)), nil, results(isEarly)},
		{"expired intermediate", with(func(s *TLSSeen) {
			s.Chain[1].NotAfter, s.Trust.ExpiredIssuer = looked.Add(-days), s.Chain[1].Subject
		}), nil, results(hasExpired)},
		{"expired, and its intermediate too", with(expired, func(s *TLSSeen) {
			s.Chain[1].NotAfter, s.Trust.ExpiredIssuer = looked.Add(-days), s.Chain[1].Subject
		}), nil, results(hasExpired)},
		{"expired intermediate that isn't in the chain", with(func(s *TLSSeen) { s.Trust.ExpiredIssuer = "CN=Elsewhere" }), nil, results(hasExpired)},

		{"wrong host", with(wrongHost), nil, results(wrong)},
		{"common name only", with(func(s *TLSSeen) {
			s.Chain[0].Names, s.Chain[0].CommonName, s.Trust.NameMatches = nil, "portal.example", false
		}), nil, results(wrong)},

		{"self-signed", with(selfSigned), nil, results(self)},
		{"a gateway of no known make", with(privateCA, expired, gateway), nil, results(intercepts)},
		{"a hotel's page", with(selfSigned, wrongHost, gateway), nil, results(intercepts)},
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
		// A key that is too short doesn't keep anybody from seeing where the chain leads: neither fault may hide the other.
		{"weak key, private CA", with(privateCA, weakKey), nil, results(weak, private)},
		{"weak key, self-signed", with(selfSigned, weakKey), nil, results(weak, self)},
		{"weak key, incomplete chain", with(incomplete, weakKey), nil, results(weak, missing)},
		// Whoever trusts the root refuses the short key all the same.
		{"weak key, trusted private CA", with(privateCA, trusted, weakKey), nil, results(weak, accepted)},

		{"intercepted", with(intercepted), nil, results(intercepts)},
		{"intercepted, dates and names are the interceptor's", with(intercepted, expired, wrongHost, weakKey), nil, results(intercepts)},
		{"a product's name in a public chain", with(func(s *TLSSeen) { s.Interceptor = "Fortinet" }), nil, results("ok")},

		{"client certificate", facts(TLSSeen{ClientCertificateAsked: true, ClientCertificateRefused: true}), nil, results("problem tls-client-certificate server-admin")},
		{"client certificate, TLS 1.2", facts(TLSSeen{Failure: transport.TLSFailed, ClientCertificateAsked: true, ClientCertificateRefused: true}), nil,
			results("problem tls-client-certificate server-admin")},
		{"client certificate asked for and not needed", with(func(s *TLSSeen) { s.ClientCertificateAsked = true }), nil, results("ok")},
		{"old protocol", facts(TLSSeen{Failure: transport.TLSFailed, OldProtocol: "TLS 1.1"}), nil, results("problem tls-old-protocol server-admin")},
		{"no TLS", facts(failed(transport.NotTLS)), nil, results("problem tls-not-tls server-admin")},
		{"reset", facts(failed(transport.Reset)), nil, results(brokeOff)},
		{"closed", facts(failed(transport.Closed)), nil, results(brokeOff)},
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
		// One result per cause, and it says the worst that was seen.
		{"an alert at one address, a reset at the next", facts(failed(transport.TLSFailed), failed(transport.Reset)), nil, results(brokeOff)},
		{"a reset at one address, an alert at the next", facts(failed(transport.Reset), failed(transport.TLSFailed)), nil, results(brokeOff)},
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
	// The certificate of a maker of such products isn't made by one.
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

// authority makes certificates for the look at a chain's dates.
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

// TestChainDates looks at chains of which one certificate is outside its dates: none of them may pass as good, for what
// passes may get a token.
func TestChainDates(t *testing.T) {
	now := time.Now()
	ago, ahead := now.Add(-1000*days), now.Add(1000*days)
	for _, c := range []struct {
		name                                       string
		leafFrom, leafUntil, middleFrom, middleEnd time.Time
		want                                       []string
	}{
		{"all good", ago, ahead, ago, ahead, results("ok")},
		{"expired leaf", ago, now.Add(-days), ago, ahead, results("problem tls-expired server-admin")},
		{"leaf of tomorrow", now.Add(days), ahead, ago, ahead, results("problem tls-not-yet-valid server-admin")},
		{"expired intermediate", ago, ahead, ago, now.Add(-days), results("problem tls-expired server-admin")},
		{"intermediate of tomorrow", ago, ahead, now.Add(days), ahead, results("problem tls-not-yet-valid server-admin")},
	} {
		t.Run(c.name, func(t *testing.T) {
			top := issue(t, nil, "Root", true, ago, ahead)
			middle := issue(t, top, "Intermediate", true, c.middleFrom, c.middleEnd)
			leaf := issue(t, middle, "portal.example", false, c.leafFrom, c.leafUntil)
			address, err := portal.ParseAddress("portal.example")
			if err != nil {
				t.Fatal(err)
			}
			env := newEnv(t.Context(), transport.New(transport.Options{Roots: transport.Pool([]*x509.Certificate{top.cert})}), Target{Address: address})
			chain := []*x509.Certificate{leaf.cert, middle.cert}
			s := TLSSeen{Trust: env.examineOffline(chain, address.Host, nil)}
			for _, cert := range chain {
				s.Chain = append(s.Chain, describe(cert))
			}
			var got []string
			for _, r := range find(t, PortalTLS).Judge(&TLSFacts{At: now, Addresses: []TLSSeen{s}}, nil) {
				got = append(got, written(PortalTLS, r))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("wrong conclusions (-want +got):\n%s", diff)
			}
			if good := c.name == "all good"; s.Trust.good() != good || (env.verify(chain) == nil) != good {
				t.Errorf("good is %t, and a connection that may carry a token is let through: %t", s.Trust.good(), env.verify(chain) == nil)
			}
		})
	}
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

// The redirects as the program itself reads them, so that the cases hold together with what the facts are made of.
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
		// The name of another host blocks tokens, so something must name it.
		{"http to a login page elsewhere", &RedirectFacts{HTTPS: good, HTTP: http(302, "https://sso.example/adfs/ls/")}, nil, results(other)},
		{"another port of the same host", &RedirectFacts{HTTPS: https(307, "https://portal.example:8443/rest/app.info")}, nil, results(undecided)},
		{"the same host, its port written out", &RedirectFacts{HTTPS: good, HTTP: http(301, "https://portal.example:443/rest/app.info")}, nil, results("ok")},
		{"the same host in capitals", &RedirectFacts{HTTPS: good, HTTP: http(301, "https://PORTAL.example./rest/app.info")}, nil, results("ok")},
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

// TestTokensNeedAFinding asserts that what blocks tokens is never a result that says ok.
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
		{"https://auth.example/", false}, // path and query are what tells; a name may be anything
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
		{"polluted by text", polluted("text", saysError(401, "NO_AUTH_FOUND", "")), nil, results(dirty)},
		{"polluted by a BOM", polluted("BOM", saysError(401, "NO_AUTH_FOUND", "")), nil, results(dirty)},
		{"polluted and closed", polluted("text", saysError(403, "PORTAL_DELETED", "")), nil, results(dirty, closed)},
		{"polluted and broken", polluted("text", saysError(500, "INTERNAL_SERVER_ERROR", "")), nil, results(dirty, failed)},

		{"404 page", answer(404, portal.FormHTML), nil, results(notFound)},
		{"404 text", answer(404, portal.FormText), nil, results(notFound)},
		{"404 empty", answer(404, portal.FormEmpty), nil, results(notFound)},
		{"404 with JSON of another product", answer(404, portal.FormOtherJSON), nil, results(notFound)},
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
		{"429 page", answer(429, portal.FormHTML), nil, results(blocked)},
		{"403 empty", answer(403, portal.FormEmpty), nil, results(blocked)},
		{"403 of a filter", answer(403, portal.FormHTML, filter), nil, results(blocked)},
		{"501 of a filter that names itself", answer(501, portal.FormHTML, filter), nil, results(blocked)},
		{"500 empty", answer(500, portal.FormEmpty), nil, results(failed)},
		{"502 page", answer(502, portal.FormHTML), nil, results(failed)},
		{"503 text", answer(503, portal.FormText), nil, results(failed)},
		{"504 page", answer(504, portal.FormHTML), nil, results(failed)},
		{"400 page", answer(400, portal.FormHTML), nil, results(odd)},
		{"405 page", answer(405, portal.FormHTML), nil, results(odd)},
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
		"ACCESS_DENIED", "QUERY_LIMIT_EXCEEDED", "OVERLOAD_LIMIT", "ERROR_CORE", "expired_token", "WRONG_AUTH_TYPE", "0", "SOMETHING_NEW"} {
		cases = append(cases, verdict{"any error is a good route: " + code, says(code), nil, results("ok")})
	}
	for _, status := range []int{300, 301, 302, 303, 307, 308} {
		cases = append(cases, verdict{fmt.Sprint(status, " elsewhere"), route(redirectTo(t, false, status, "https://www.portal.example/")), nil, results("skipped because portal-redirect")})
		cases = append(cases, verdict{fmt.Sprint(status, " here"), route(redirectTo(t, false, status, "/rest/app.info/")), nil, results("skipped because portal-redirect")})
	}
	judge(t, RESTRoute, append(cases, commonFailures(ServerAdmin, func(x *Exchange) Facts { return route(x) })...))
}

// commonFailures are the cases that any check of one exchange shares.
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

// TestFilterNamesItself reads answers as they come from portals behind a known product. Several of these products sign
// each answer that passes through them, whoever made it: only what they answer themselves is a block.
func TestFilterNamesItself(t *testing.T) {
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
		{"Cloudflare limits", 429, http.Header{"Cf-Ray": {"8c0"}, "Server": {"cloudflare"}}, "<html>You are being rate limited</html>", "Cloudflare", "problem rest-blocked server-admin"},
		{"Qrator blocks", 403, http.Header{"Server": {"QRATOR"}}, "<html>blocked</html>", "Qrator", "problem rest-blocked server-admin"},
		{"ModSecurity blocks", 406, http.Header{"Server": {"Apache"}}, "<html>This error was generated by Mod_Security.</html>", "ModSecurity", "problem rest-blocked server-admin"},
		{"F5 blocks", 404, nil, "<html>The requested URL was rejected. Please consult with your administrator.</html>", "F5 BIG-IP ASM", "problem rest-blocked server-admin"},
		{"a page of the portal behind Cloudflare", 200, http.Header{"Cf-Ray": {"8c0"}}, "<html>It works!</html>", "", "problem rest-not-bitrix server-admin"},
		{"nginx's 404 behind Cloudflare", 404, http.Header{"Cf-Ray": {"8c0"}, "Server": {"cloudflare"}}, "<html>404 Not Found</html>", "", "problem rest-not-found server-admin"},
		{"502 of the portal behind Cloudflare", 502, http.Header{"Cf-Ray": {"8c0"}, "Server": {"cloudflare"}}, "<html>502 Bad Gateway</html>", "", "problem rest-server-error server-admin"},
		{"522 of Cloudflare: the portal is silent", 522, http.Header{"Cf-Ray": {"8c0"}, "Server": {"cloudflare"}}, "<html>Connection timed out</html>", "", "problem rest-server-error server-admin"},
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
		{"no credentials seen", says("NO_AUTH_FOUND"), nil, results(odd)},
		{"method not found", says("ERROR_METHOD_NOT_FOUND"), nil, results(odd)},
		{"not by subscription", says("ACCESS_DENIED"), nil, results(odd)},
		{"site closed meanwhile", says("PORTAL_DELETED"), nil, results(odd)},
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
		// That the platform is old is no answer to whether applications have what they can't do without.
		{"old, and a core method unclear", facts(unclear("batch", failedWith(transport.Timeout)), yes("event.bind"), no("method.get")), nil, results(old, "unknown timeout portal-admin")},
	}
	judge(t, MethodInventory, append(cases, commonFailures(PortalAdmin, func(x *Exchange) Facts {
		return facts(unclear("batch", x), yes("event.bind"), yes("method.get"))
	})...))
}

func TestJudgeClock(t *testing.T) {
	clock := func(offset time.Duration) *ClockFacts {
		portalTime := looked.Add(offset)
		return &ClockFacts{Portal: &portalTime, Here: looked, OffsetS: offset.Seconds()}
	}
	// third is an authorization server whose clock is ahead of this computer's.
	third := func(ahead time.Duration) Seen {
		date := looked.Add(ahead)
		return Seen{AuthServerFromComputer: &VendorFacts{Hosts: []HostSeen{{Host: "oauth.example", At: looked, Date: &date}}}}
	}
	noDate := Seen{AuthServerFromComputer: &VendorFacts{Hosts: []HostSeen{{Host: "oauth.example", At: looked}}}}
	secondHost := third(0)
	secondHost[AuthServerFromComputer] = &VendorFacts{Hosts: append([]HostSeen{{Host: "dead.example", Layer: transport.StageTCP, Failure: transport.Refused}},
		secondHost[AuthServerFromComputer].(*VendorFacts).Hosts...)}
	const (
		off      = "notice clock-off server-admin"
		wrong    = "problem clock-wrong server-admin"
		unproved = "unknown clock-off server-admin"
	)
	mine := results("self-clock: problem clock-wrong you", "skipped because self-clock")
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
		{"20 min, and so is the third", clock(20 * time.Minute), third(20 * time.Minute), mine},
		{"20 min behind, and so is the third", clock(-20 * time.Minute), third(-20 * time.Minute), mine},
		{"20 min, the first host dead, the second agrees with here", clock(20 * time.Minute), secondHost, results(wrong)},
		{"20 min, the third without a Date", clock(20 * time.Minute), noDate, results(unproved)},
		{"20 min, no third", clock(20 * time.Minute), nil, results(unproved)},
		{"3 min, no third", clock(3 * time.Minute), nil, results(off)},
		{"3 min, the third without a Date", clock(3 * time.Minute), noDate, results(off)},
		{"3 min, and so is the third", clock(3 * time.Minute), third(3 * time.Minute), results("ok")},
		{"no third needed", clock(0), nil, results("ok")},
		{"no Date", &ClockFacts{Here: looked}, third(0), results("unknown unexpected-answer server-admin")},
	})
}

func token(in portal.Carrier, x *Exchange) TokenAnswer { return TokenAnswer{Carrier: in, Exchange: *x} }

// fourTimes are the answers to a token in each of the four places, in the order in which they are asked.
func fourTimes(form, query, json, header *Exchange) []TokenAnswer {
	return []TokenAnswer{token(portal.InForm, form), token(portal.InQuery, query), token(portal.InJSON, json), token(portal.InHeader, header)}
}

var (
	relayed      = saysError(400, "invalid_request", "")
	lostToken    = saysError(401, "NO_AUTH_FOUND", "Wrong authorization data")
	lostInSmall  = saysError(401, "no_auth_found", "")
	invalidToken = saysError(401, "invalid_token", "Unable to get application by token")
	noConnection = saysError(401, "CONNECTION_ERROR", "Error connecting to authorization server")
	unregistered = saysError(400, "ERROR_CORE", "No client credentials")
	badLicence   = saysError(401, "verification_needed", "License check failed.")
)

func TestJudgeAuth(t *testing.T) {
	tokenPage := func(x *Exchange) *AuthFacts { return &AuthFacts{TokenPage: x} }
	blocked := func(by ID, x *Exchange) *AuthFacts { return &AuthFacts{Deep: true, BlockedBy: by, TokenPage: x} }
	deep := func(answers ...TokenAnswer) *AuthFacts { return &AuthFacts{Deep: true, Tokens: answers} }
	form := func(x *Exchange) *AuthFacts { return deep(token(portal.InForm, x)) }
	says := func(code, description string) *AuthFacts { return form(saysError(401, code, description)) }
	const (
		needsDeep   = "unknown needs-deep you"
		unreachable = "problem auth-server-unreachable network-admin"
		notKnown    = "problem portal-not-registered portal-admin"
		licence     = "problem licence-rejected portal-admin"
		refused     = "problem portal-credentials-refused portal-admin"
		noChecker   = "problem token-checker-missing server-admin"
		odd         = "unknown unexpected-answer server-admin"
	)
	cases := []verdict{
		{"the page relays", tokenPage(relayed), nil, results("ok")},
		{"the page relays wrong_client with status 200", tokenPage(saysError(200, "wrong_client", "")), nil, results("ok")},
		{"the page relays an error that nobody knows", tokenPage(saysError(400, "something_new", "")), nil, results("ok")},
		{"no page", tokenPage(page(404)), nil, results(needsDeep)},
		{"an empty page", tokenPage(&Exchange{Status: 200, Form: portal.FormEmpty}), nil, results(needsDeep)},
		{"a result without an error", tokenPage(&Exchange{Status: 200, Form: portal.FormJSON}), nil, results(needsDeep)},
		{"other JSON", tokenPage(&Exchange{Status: 200, Form: portal.FormOtherJSON}), nil, results(needsDeep)},
		{"the page is silent", tokenPage(failedWith(transport.Timeout)), nil, results(needsDeep)},
		{"the page was not asked", &AuthFacts{}, nil, results(needsDeep)},

		{"blocked by TLS", blocked(PortalTLS, page(404)), nil, results("skipped because portal-tls")},
		{"blocked by a redirect", blocked(PortalRedirect, nil), nil, results("skipped because portal-redirect")},
		{"blocked by https", blocked(HTTPSSeen, failedWith(transport.Timeout)), nil, results("skipped because https-seen")},
		{"blocked by TLS, the page relays", blocked(PortalTLS, relayed), nil, results("ok")},
		{"blocked by a redirect, the page relays", blocked(PortalRedirect, relayed), nil, results("ok")},
		{"blocked by https, the page relays", blocked(HTTPSSeen, relayed), nil, results("ok")},

		{"invalid token", form(invalidToken), nil, results("ok")},
		{"invalid token, in capitals", says("INVALID_TOKEN", ""), nil, results("ok")},
		{"expired token", says("expired_token", "The access token provided has expired"), nil, results("ok")},
		{"application not found", says("APPLICATION_NOT_FOUND", "Application not found"), nil, results("ok")},
		{"application not installed", says("ERROR_OAUTH", "Application not installed"), nil, results("ok")},
		{"not installed", says("NOT_INSTALLED", "Application not installed"), nil, results("ok")},
		{"wrong client", says("wrong_client", ""), nil, results("ok")},
		{"the application's data cannot be read", says("WRONG_APPLICATION_CLIENT", "Unable to get application data"), nil, results("ok")},
		{"a full disk", says("ERROR_OAUTH", "Исчерпан выделенный дисковый ресурс."), nil, results(odd)},

		{"no connection", form(noConnection), nil, results(unreachable)},
		{"no connection, in small letters", says("connection_error", ""), nil, results(unreachable)},
		{"not registered", form(unregistered), nil, results(notKnown)},
		{"not registered, with a dot", says("ERROR_CORE", "No client credentials."), nil, results(notKnown)},
		{"not registered, in other letters", says("error_core", "NO CLIENT CREDENTIALS"), nil, results(notKnown)},
		{"another failure of the core", says("ERROR_CORE", "SQL query error!"), nil, results(odd)},
		{"a failure of the core without a word", says("ERROR_CORE", ""), nil, results(odd)},
		{"licence", form(badLicence), nil, results(licence)},
		{"licence, in capitals", says("VERIFICATION_NEEDED", ""), nil, results(licence)},
		{"the portal's own keys", says("invalid_client", "Invalid client credentials."), nil, results(refused)},
		{"the portal's own keys, in capitals", says("INVALID_CLIENT", ""), nil, results(refused)},
		{"held by hand", says("OVERLOAD_LIMIT", "REST API is blocked due to overload."), nil, results(odd)},
		{"https required", says("INVALID_REQUEST", "Https required."), nil, results(odd)},
		{"a result", form(&Exchange{Status: 200, Form: portal.FormJSON}), nil, results(odd)},
		{"403 page", form(page(403)), nil, results(odd)},
		{"no token was sent, and nothing said why", deep(), nil, results(odd)},
		{"a bad token answer beats a good page", &AuthFacts{Deep: true, TokenPage: relayed, Tokens: []TokenAnswer{token(portal.InForm, badLicence)}}, nil, results(licence)},

		{"lost everywhere", deep(fourTimes(lostToken, lostToken, lostToken, lostToken)...), nil, results(noChecker)},
		{"lost everywhere, in other letters", deep(fourTimes(lostInSmall, lostToken, lostInSmall, lostToken)...), nil, results(noChecker)},
		{"lost in the form, the others were not tried", form(lostToken), nil, results(odd)},
		{"lost in three, silence in the fourth", deep(fourTimes(lostToken, lostToken, lostToken, failedWith(transport.Timeout))...), nil, results(odd)},
		{"bodies lost, the query tells", deep(fourTimes(lostToken, invalidToken, lostToken, invalidToken)...), nil, results("ok")},
		{"bodies lost, the query tells of no connection", deep(fourTimes(lostToken, noConnection, lostToken, noConnection)...), nil, results(unreachable)},
		{"bodies lost, the query tells of no registration", deep(fourTimes(lostToken, unregistered, lostToken, unregistered)...), nil, results(notKnown)},
		{"bodies lost, the query tells of the licence", deep(fourTimes(lostToken, badLicence, lostToken, badLicence)...), nil, results(licence)},
		{"bodies and query lost, the header tells", deep(fourTimes(lostToken, lostToken, lostToken, noConnection)...), nil, results(unreachable)},
		{"bodies lost, the query is blocked, the header tells", deep(fourTimes(lostToken, page(403), lostToken, badLicence)...), nil, results(licence)},
	}
	judge(t, AuthServerFromPortal, append(cases, commonFailures(ServerAdmin, func(x *Exchange) Facts { return form(x) })...))
}

func TestJudgeCredentials(t *testing.T) {
	facts := func(answers ...TokenAnswer) *CredentialsFacts { return &CredentialsFacts{Tokens: answers} }
	four := func(form, query, json, header *Exchange) *CredentialsFacts {
		return facts(fourTimes(form, query, json, header)...)
	}
	const (
		stripped = "notice auth-header-stripped server-admin"
		lost     = "problem post-body-lost server-admin"
		above    = "skipped because auth-server-from-portal"
		odd      = "unknown unexpected-answer server-admin"
	)
	cases := []verdict{
		{"all arrive", four(invalidToken, invalidToken, invalidToken, invalidToken), nil, results("ok")},
		{"all arrive, the licence is bad", four(badLicence, badLicence, badLicence, badLicence), nil, results("ok")},
		{"blocked by TLS", &CredentialsFacts{BlockedBy: PortalTLS}, nil, results("skipped because portal-tls")},
		{"blocked by a redirect", &CredentialsFacts{BlockedBy: PortalRedirect}, nil, results("skipped because portal-redirect")},
		{"blocked by https", &CredentialsFacts{BlockedBy: HTTPSSeen}, nil, results("skipped because https-seen")},
		{"no connection, no further try", facts(token(portal.InForm, noConnection)), nil, results(above)},
		{"not registered, no further try", facts(token(portal.InForm, unregistered)), nil, results(above)},
		{"no token checker", four(lostToken, lostToken, lostToken, lostToken), nil, results(above)},

		{"header lost", four(invalidToken, invalidToken, invalidToken, lostToken), nil, results(stripped)},
		{"header lost, the licence is bad", four(badLicence, badLicence, badLicence, lostInSmall), nil, results(stripped)},
		{"bodies lost", four(lostToken, invalidToken, lostToken, invalidToken), nil, results(lost)},
		{"bodies lost, the query finds no connection", four(lostToken, noConnection, lostToken, noConnection), nil, results(lost)},
		{"bodies lost, the query finds no registration", four(lostToken, unregistered, lostToken, unregistered), nil, results(lost)},
		{"bodies and header lost", four(lostToken, invalidToken, lostToken, lostToken), nil, results(lost, stripped)},
		{"bodies and query lost", four(lostToken, lostToken, lostToken, invalidToken), nil, results(lost)},
		{"bodies lost, the header is silent", four(lostToken, invalidToken, lostToken, failedWith(transport.Timeout)), nil, results(lost)},
		{"JSON alone lost", four(invalidToken, invalidToken, lostToken, invalidToken), nil, results(odd)},
		{"form alone lost", four(lostToken, invalidToken, invalidToken, invalidToken), nil, results(odd)},
		{"query alone lost", four(invalidToken, lostToken, invalidToken, invalidToken), nil, results(odd)},
		{"a filter answers the form", four(page(403), invalidToken, invalidToken, invalidToken), nil, results(odd)},
		{"bodies lost, nothing else arrives either", four(lostToken, page(403), lostToken, page(403)), nil, results(odd)},
	}
	judge(t, CredentialsArrive, append(cases, commonFailures(ServerAdmin, func(x *Exchange) Facts { return four(invalidToken, invalidToken, invalidToken, x) })...))
}

func TestJudgeFilter(t *testing.T) {
	plain := saysError(401, "NO_AUTH_FOUND", "Wrong authorization data")
	facts := func(x *Exchange) *FilterFacts { return &FilterFacts{Plain: *plain, Suspicious: *x} }
	const filtered, odd = "problem body-filtered server-admin", "unknown unexpected-answer server-admin"
	judge(t, ContentFilterCheck, append([]verdict{
		{"the same answer", facts(saysError(401, "NO_AUTH_FOUND", "Wrong authorization data")), nil, results("ok")},
		{"the same answer in other letters", facts(saysError(401, "no_auth_found", "")), nil, results("ok")},
		{"403 page", facts(page(403)), nil, results(filtered)},
		{"406 page", facts(page(406)), nil, results(filtered)},
		{"403 empty", facts(&Exchange{Status: 403, Form: portal.FormEmpty}), nil, results(filtered)},
		{"a page that names a filter", facts(&Exchange{Status: 501, Form: portal.FormHTML, Filter: "ModSecurity"}), nil, results(filtered)},
		{"reset", facts(failedWith(transport.Reset)), nil, results(filtered)},
		{"closed", facts(failedWith(transport.Closed)), nil, results(filtered)},
		{"a redirect", facts(redirects(302, "https://portal.example/blocked.html")), nil, results(filtered)},
		{"another error of the portal", facts(saysError(401, "INVALID_REQUEST", "")), nil, results(odd)},
		{"200 page", facts(page(200)), nil, results(odd)},
	}, commonFailures(ServerAdmin, func(x *Exchange) Facts { return facts(x) })...))
}

// Hosts of the vendor as this computer sees them.
func hostUp(name string) HostSeen { return HostSeen{Host: name, At: looked, Status: 400} }
func hostDown(name string, layer transport.Stage, f transport.Failure) HostSeen {
	return HostSeen{Host: name, At: looked, Layer: layer, Failure: f}
}

func TestJudgeVendor(t *testing.T) {
	facts := func(hosts ...HostSeen) *VendorFacts { return &VendorFacts{Hosts: hosts} }
	const unreachable = "notice vendor-host-unreachable you"
	cases := []verdict{
		{"both up", facts(hostUp("a"), hostUp("b")), nil, results("ok")},
		{"the first up", facts(hostUp("a"), hostDown("b", transport.StageDNS, transport.NameUnknown)), nil, results("ok")},
		{"the second up", facts(hostDown("a", transport.StageTCP, transport.Timeout), hostUp("b")), nil, results("ok")},
		{"both down", facts(hostDown("a", transport.StageTCP, transport.Refused), hostDown("b", transport.StageDNS, transport.NameUnknown)), nil, results(unreachable)},
		{"the only one up", facts(hostUp("a")), nil, results("ok")},
		{"an error page is an answer", facts(HostSeen{Host: "a", Status: 502}), nil, results("ok")},
	}
	// Whatever keeps this computer from them, it is no problem of the portal.
	for _, c := range []struct {
		layer   transport.Stage
		failure transport.Failure
	}{
		{transport.StageDNS, transport.NameUnknown}, {transport.StageDNS, transport.NameFailed}, {transport.StageTCP, transport.Refused},
		{transport.StageTCP, transport.Timeout}, {transport.StageTCP, transport.NoNetwork}, {transport.StageTLS, transport.Certificate},
		{transport.StageTLS, transport.TLSFailed}, {transport.StageHTTP, transport.Timeout}, {transport.StageHTTP, transport.Closed},
		{transport.StageProxy, transport.ProxyAuth}, {transport.StageProxy, transport.ProxyRefuse},
	} {
		cases = append(cases, verdict{fmt.Sprintf("the only one down: %s at %s", c.failure, c.layer), facts(hostDown("a", c.layer, c.failure)), nil, results(unreachable)})
	}
	judge(t, AuthServerFromComputer, cases)
}

func TestJudgeFeed(t *testing.T) {
	fetched := looked
	good := FeedSeen{Region: bitrix.CIS, URL: "https://feed.example/app.json", Nodes: []string{"198.51.100.21"}, Fetched: &fetched}
	invalid := FeedSeen{Region: bitrix.World, URL: "https://feed.example/world.json", Invalid: true}
	dead := func(f transport.Failure) FeedSeen {
		return FeedSeen{Region: bitrix.CIS, URL: "https://feed.example/app.json", Failure: f}
	}
	refused := dead(transport.Refused)
	facts := func(feeds ...FeedSeen) *FeedFacts { return &FeedFacts{Feeds: feeds} }
	down := hostDown("a", transport.StageTCP, transport.Refused)
	bothUp := Seen{AuthServerFromComputer: &VendorFacts{Hosts: []HostSeen{hostUp("a"), hostUp("b")}}}
	oneUp := Seen{AuthServerFromComputer: &VendorFacts{Hosts: []HostSeen{down, hostUp("b")}}}
	allDown := Seen{AuthServerFromComputer: &VendorFacts{Hosts: []HostSeen{down, down}}}
	const unreachable, broken, above = "notice feed-unreachable you", "notice feed-invalid you", "skipped because auth-server-from-computer"
	var cases []verdict
	for _, hosts := range []struct {
		name string
		seen Seen
		dead string // what two dead feeds lead to
	}{
		{"both authorization servers up", bothUp, unreachable},
		{"one authorization server up", oneUp, unreachable},
		{"authorization servers not asked", nil, unreachable},
		{"no authorization server up", allDown, above},
	} {
		for _, c := range []struct {
			name  string
			facts *FeedFacts
			want  string
		}{
			{"both good", facts(good, good), "ok"},
			{"one good, one dead", facts(good, refused), "ok"},
			{"one dead, one good", facts(refused, good), "ok"},
			{"one invalid, one good", facts(invalid, good), "ok"},
			{"one good, one invalid", facts(good, invalid), "ok"},
			{"both invalid", facts(invalid, invalid), broken},
			{"one invalid, one dead", facts(invalid, refused), broken},
			{"one dead, one invalid", facts(refused, invalid), broken},
			{"both dead", facts(refused, refused), hosts.dead},
			{"the only one good", facts(good), "ok"},
			{"the only one dead", facts(refused), hosts.dead},
			{"the only one invalid", facts(invalid), broken},
		} {
			cases = append(cases, verdict{hosts.name + ", " + c.name, c.facts, hosts.seen, results(c.want)})
		}
	}
	for _, f := range []transport.Failure{transport.Timeout, transport.NoNetwork, transport.ProxyAuth, transport.ProxyRefuse, transport.Certificate, transport.NameUnknown, transport.Other} {
		cases = append(cases, verdict{"dead: " + string(f), facts(dead(f)), bothUp, results(unreachable)})
	}
	judge(t, QueueFeed, cases)
}

// judgeSafely judges and reports a panic as an error.
func judgeSafely(c *Check, facts Facts, seen Seen) (found []Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: Judge panics: %v", c.ID, p)
		}
	}()
	return c.Judge(facts, seen), nil
}

// TestJudgeNothing judges facts of which nothing is known, as an older or damaged report may have them. From nothing no
// fault of the portal follows.
func TestJudgeNothing(t *testing.T) {
	for _, c := range Catalog() {
		for _, text := range []string{`{}`, `null`} {
			t.Run(string(c.ID)+" "+text, func(t *testing.T) {
				facts, err := c.UnmarshalFacts([]byte(text))
				if err != nil {
					t.Fatal(err)
				}
				found, err := judgeSafely(c, facts, Seen{})
				if err != nil {
					t.Fatal(err)
				}
				if len(found) == 0 {
					t.Error("no result")
				}
				for _, r := range found {
					assertWellFormed(t, c, r)
					if r.State == Problem {
						t.Errorf("out of nothing comes %s", written(c.ID, r))
					}
				}
			})
		}
	}
}

// TestJudgeHoles judges facts in which single parts are missing.
func TestJudgeHoles(t *testing.T) {
	for id, texts := range map[ID][]string{
		PortalTLS:              {`{"addresses":[{}]}`, `{"addresses":[{"chain":[{}]}]}`, `{"addresses":[{"trust":{}}]}`, `{"addresses":[{"chain":[{}],"trust":{"expired_issuer":"x"}}]}`},
		PortalTCP:              {`{"attempts":[{}]}`, `{"attempts":[{"address":"not an address","failure":"refused"}]}`},
		PortalDNS:              {`{"public":{}}`, `{"addresses":[""]}`},
		PortalRedirect:         {`{"https":{}}`, `{"http":{}}`, `{"https":{"status":307}}`},
		MethodInventory:        {`{"methods":[{}]}`, `{"methods":[{"name":"batch"}]}`, `{"methods":[{"name":"batch","present":false}]}`},
		AuthServerFromPortal:   {`{"deep":true}`, `{"deep":true,"tokens":[{}]}`, `{"deep":true,"tokens":[{"carrier":"form"},{"carrier":"query"}]}`, `{"token_page":{}}`},
		CredentialsArrive:      {`{"tokens":[{}]}`, `{"tokens":[{},{}]}`, `{"tokens":[{"carrier":"form"},{"carrier":"json"},{"carrier":"query"},{"carrier":"header"}]}`},
		ContentFilterCheck:     {`{"plain":{}}`, `{"suspicious":{}}`, `{"suspicious":{"form":"json"}}`},
		AuthServerFromComputer: {`{"hosts":[]}`, `{"hosts":[{}]}`},
		QueueFeed:              {`{"feeds":[]}`, `{"feeds":[{}]}`},
		PortalFromInternet:     {`{"dns":{}}`, `{"tls":{"addresses":[{}]}}`, `{"tcp":{"attempts":[{}]},"dns":{"addresses":[""]}}`},
		ServerProbe:            {`{"portal":"%zz","asked":"//","names":[""]}`, `{"time":"0001-01-01T00:00:00Z"}`},
		ServerAuthServer:       {`{"hosts":[{}]}`, `{"hosts":[{"layer":"tls","public":true}]}`, `{"hosts":[{"by":"php","in_use":true,"layer":"tcp"}],"proxies":{}}`},
		ServerRegistration:     {`{"registration":{}}`, `{"portal":"x","registration":{"reports":"%zz"}}`},
		ServerModules:          {`{"required":{"modules":{"":"x"}},"versions":{"":""}}`},
		ServerPlatform:         {`{"php":{"version":"x"}}`, `{"php":{"version":"8"},"main":"x","rest":"."}`},
		ServerAgents:           {`{"agents":{"age_s":9223372036854775807}}`, `{"usage":{"unsent_days":1,"oldest":"x"}}`},
		PortalClock:            {`{"offset_s":1e300}`, `{"portal":"2026-01-01T00:00:00Z","offset_s":1e300}`, `{"portal":"2026-01-01T00:00:00Z","offset_s":-1e300}`},
	} {
		c := find(t, id)
		for _, text := range texts {
			t.Run(string(id)+" "+text, func(t *testing.T) {
				facts, err := c.UnmarshalFacts([]byte(text))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := judgeSafely(c, facts, Seen{}); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// TestJudgeAnything judges facts filled at random.
func TestJudgeAnything(t *testing.T) {
	const seed, rounds, size = 20261123, 300, 6
	for _, c := range Catalog() {
		t.Run(string(c.ID), func(t *testing.T) {
			random := rand.New(rand.NewSource(seed))
			for range rounds {
				facts := c.NewFacts()
				fill(reflect.ValueOf(facts).Elem(), random, size)
				seen := Seen{}
				for _, id := range c.Reads {
					read := find(t, id).NewFacts()
					fill(reflect.ValueOf(read).Elem(), random, size)
					seen[id] = read
				}
				found, err := judgeSafely(c, facts, seen)
				if err != nil {
					data, _ := json.Marshal(facts)
					t.Fatalf("%v\nfacts %s", err, data)
				}
				for _, r := range found {
					assertWellFormed(t, c, r)
				}
				if t.Failed() {
					data, _ := json.Marshal(facts)
					t.Fatalf("facts %s", data)
				}
			}
		})
	}
}

// fill puts random values into v: quick's own, but for what it can't make (times, addresses) and for words of which the
// right ones would never come by chance.
func fill(v reflect.Value, random *rand.Rand, size int) {
	words := map[string][]string{
		"Failure": {"", "", "timeout", "cancelled", "no-network", "refused", "no-route", "reset", "closed", "proxy-refused", "tls-failed", "other", "dns-not-found"},
		"Form":    {"json", "json", "other-json", "html", "text", "empty", "cut-off", "too-big", "bad-encoding"},
		"Carrier": {"form", "json", "query", "header"},
		"Stage":   {"", "dns", "tcp", "tls", "http", "proxy"},
		"Region":  {"cis", "world"},
		"ID":      {"", "portal-tls", "https-seen"},
		"error":   {"", "NO_AUTH_FOUND", "invalid_token", "CONNECTION_ERROR", "ERROR_CORE", "PORTAL_DELETED", "INVALID_REQUEST"},
		"address": {"", "203.0.113.10", "2001:db8::10", "127.0.0.1"},
		"method":  {"batch", "event.bind", "method.get"},
	}
	pick := func(from string) string { return words[from][random.Intn(len(words[from]))] }
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(looked.Add(time.Duration(random.Int63n(int64(200*days)) - int64(100*days)))))
		return
	case netip.Addr:
		addr, _ := netip.ParseAddr(pick("address"))
		v.Set(reflect.ValueOf(addr))
		return
	}
	switch v.Kind() {
	case reflect.String:
		if _, known := words[v.Type().Name()]; known {
			v.SetString(pick(v.Type().Name()))
			return
		}
		v.SetString(pick([]string{"error", "address", "method"}[random.Intn(3)]))
	case reflect.Pointer:
		if size > 0 && random.Intn(4) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), random, size-1)
		}
	case reflect.Slice:
		n := random.Intn(max(size, 1))
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fill(v.Index(i), random, size-1)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				fill(v.Field(i), random, size-1)
			}
		}
	default:
		if value, ok := quick.Value(v.Type(), random); ok {
			v.Set(value)
		}
		if v.CanInt() {
			v.SetInt(int64([]int{0, 200, 301, 302, 307, 401, 403, 404, 429, 500, 502, int(v.Int() % 1000)}[random.Intn(12)]))
		}
	}
}

// FuzzJudge judges facts out of any JSON object, as a report from a stranger may have them.
func FuzzJudge(f *testing.F) {
	catalog := Catalog()
	index := map[ID]int{}
	for i, c := range catalog {
		index[c.ID] = i
	}
	seeds := map[ID][]string{
		PortalAddress:          {`{"address":"https://portal.example","ip":true,"was_http":true}`},
		PortalDNS:              {`{"host":"portal.example","addresses":["10.0.0.1","::1"],"public":{"failure":"dns-not-found"}}`},
		PortalTCP:              {`{"port":443,"attempts":[{"address":"2001:db8::1","failure":"timeout"},{"address":"203.0.113.10"}]}`},
		PortalTLS:              {`{"at":"2026-11-23T12:00:00Z","addresses":[{"chain":[{"subject":"a","issuer":"a","self_signed":true,"rsa_bits":1024}],"trust":{"given":true}},{"failure":"reset"}]}`},
		PortalRedirect:         {`{"https":{"status":301,"other_host":"www.portal.example"},"http":{"status":308},"http_loop":["http://portal.example/"]}`},
		RESTRoute:              {`{"status":401,"form":"json","error":"NO_AUTH_FOUND","polluted":"BOM"}`, `{"failure":"closed","form":"cut-off"}`},
		HTTPSSeen:              {`{"status":401,"form":"json","error":"INVALID_REQUEST"}`},
		MethodInventory:        {`{"methods":[{"name":"batch","present":true},{"name":"method.get","present":false},{"name":"event.bind","failure":"timeout"}]}`},
		PortalClock:            {`{"portal":"2026-11-23T12:20:00Z","here":"2026-11-23T12:00:00Z","offset_s":1200}`},
		AuthServerFromPortal:   {`{"deep":true,"tokens":[{"carrier":"form","form":"json","error":"NO_AUTH_FOUND"},{"carrier":"query","form":"json","error":"CONNECTION_ERROR"}]}`, `{"token_page":{"form":"json","error":"wrong_client"}}`},
		CredentialsArrive:      {`{"tokens":[{"carrier":"form","form":"json","error":"NO_AUTH_FOUND"},{"carrier":"json"},{"carrier":"query"},{"carrier":"header"}]}`, `{"blocked_by":"portal-tls"}`},
		ContentFilterCheck:     {`{"plain":{"form":"json","error":"NO_AUTH_FOUND"},"suspicious":{"status":403,"form":"html"}}`},
		AuthServerFromComputer: {`{"hosts":[{"host":"oauth.bitrix.info","layer":"tls","failure":"certificate","interceptor":"Fortinet"}]}`},
		QueueFeed:              {`{"feeds":[{"region":"cis","failure":"refused"},{"region":"world","invalid":true}]}`},
		PortalFromInternet:     {`{"dns":{"addresses":["203.0.113.5"]},"tcp":{"attempts":[{"failure":"timeout"}]}}`},
		ServerAuthServer:       {`{"web":true,"hosts":[{"by":"php","host":"oauth.bitrix24.tech","in_use":true,"layer":"tls","public":true,"verified":false}]}`},
		ServerRESTSetup:        {`{"handlers":{"authorization":[{"module":"a.b"}]},"https":{"browser":"https://x"},"setup":{"event_handlers":1}}`},
		ServerLicence:          {`{"at":"2026-11-23T12:00:00Z","licence":{"ends":"2026-01-01"}}`},
		ServerModules:          {`{"required":{"methods":["rpa.type.add"]},"versions":{"rest":"1"}}`},
	}
	for _, c := range catalog {
		f.Add(uint8(index[c.ID]), `{}`, `{}`)
		for _, text := range seeds[c.ID] {
			f.Add(uint8(index[c.ID]), text, `{"hosts":[{"date":"2026-11-23T12:20:00Z","at":"2026-11-23T12:00:00Z"}]}`)
		}
	}
	f.Fuzz(func(t *testing.T, i uint8, text, read string) {
		c := catalog[int(i)%len(catalog)]
		facts, err := c.UnmarshalFacts([]byte(text))
		if err != nil {
			return
		}
		seen := Seen{}
		for _, id := range c.Reads {
			if other, err := catalog[index[id]].UnmarshalFacts([]byte(read)); err == nil {
				seen[id] = other
			}
		}
		found, err := judgeSafely(c, facts, seen)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range found {
			if r.State == "" || !vantageFits(c, r) {
				t.Errorf("half a result: %+v", r)
			}
		}
	})
}
