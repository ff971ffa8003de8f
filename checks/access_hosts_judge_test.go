package checks

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"boxready/internal/requirements"
	"boxready/internal/transport"
)

func TestJudgeHosts(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	const called, opened, connects = requirements.PortalToApp, requirements.BrowserToApp, requirements.AppToPortal
	secure := func(change func(*TLSSeen)) *TLSSeen { return trustedTLS(now, change) }
	host := func(d requirements.Direction, change func(*AppHost)) *HostsFacts {
		h := AppHost{Host: "app.example", Port: 443, Directions: []requirements.Direction{d},
			HostAnswer: HostAnswer{Addresses: addresses("203.0.113.60"), TLS: secure(nil), Status: 200}}
		if change != nil {
			change(&h)
		}
		return &HostsFacts{At: now, Portal: "https://portal.example", Hosts: []AppHost{h}}
	}
	in := func(place requirements.Handlers, f *HostsFacts) *HostsFacts {
		f.Handlers = place
		return f
	}
	failing := func(failure transport.Failure) func(*AppHost) {
		return func(h *AppHost) { h.Failure, h.Layer, h.TLS, h.Status = failure, transport.StageTCP, nil, 0 }
	}
	at := func(texts ...string) func(*AppHost) { return func(h *AppHost) { h.Addresses = addresses(texts...) } }
	certificate := func(change func(*TLSSeen)) func(*AppHost) { return func(h *AppHost) { h.TLS = secure(change) } }
	unknownCA := certificate(func(s *TLSSeen) { s.Trust.Public = false })
	expired := certificate(func(s *TLSSeen) { s.Chain[0].NotAfter = now.AddDate(0, 0, -1) })
	many := host(called, failing(transport.Refused))
	many.Hosts = append(many.Hosts, host(called, failing(transport.Timeout)).Hosts[0], host(opened, expired).Hosts[0])
	const unreachable, unsure = "problem host-unreachable vendor", "unknown host-unreachable vendor"
	const badTLS, private = "problem handler-tls vendor", "problem handler-private vendor"
	judge(t, ApplicationHosts, []verdict{
		{"called, in order", host(called, nil), nil, results("ok")},
		{"opened, in order", host(opened, nil), nil, results("ok")},
		{"only connects to the portal: never asked", host(connects, func(h *AppHost) { h.TLS, h.Status, h.Addresses = nil, 0, nil }), nil, results("ok")},
		{"no hosts at all", &HostsFacts{}, nil, results("ok")},
		{"any HTTP status is an answer", host(called, func(h *AppHost) { h.Status = 503 }), nil, results("ok")},

		{"refused", host(called, failing(transport.Refused)), nil, results(unreachable)},
		{"no such name", host(opened, failing(transport.NameUnknown)), nil, results(unreachable)},
		{"our time-out proves nothing", host(called, failing(transport.Timeout)), nil, results(unsure)},
		{"DNS fails", host(called, failing(transport.NameFailed)), nil, results(unsure)},
		{"no way from here", host(called, failing(transport.NoRoute)), nil, results(unsure)},
		{"something odd", host(called, failing(transport.Other)), nil, results(unsure)},
		{"this computer is offline", host(called, failing(transport.NoNetwork)), nil, results("unknown no-network you")},
		{"the proxy wants a password", host(called, failing(transport.ProxyAuth)), nil, results("unknown proxy-auth-required you")},
		{"the proxy forbids it", host(called, failing(transport.ProxyRefuse)), nil, results("unknown proxy-refused network-admin")},
		{"refused, in the LAN: perhaps not this one", in(requirements.LAN, host(called, failing(transport.Refused))), nil, results(unsure)},
		{"private in the LAN and silent", in(requirements.LAN, host(called, func(h *AppHost) { at("10.0.0.5")(h); failing(transport.Timeout)(h) })), nil, results(unsure)},
		{"a filter on this computer answers for DNS", host(called, func(h *AppHost) { at("127.0.0.1")(h); failing(transport.Refused)(h) }), nil, results(unsure)},
		{"proved and not proved", many, nil, results(unreachable, badTLS)},

		{"private", host(called, at("192.168.1.5")), nil, results(private)},
		{"private and silent", host(called, func(h *AppHost) { at("192.168.1.5")(h); failing(transport.Timeout)(h) }), nil, results(private, unsure)},
		{"private and public", host(called, at("192.168.1.5", "203.0.113.60")), nil, results("ok")},
		{"private, in the LAN", in(requirements.LAN, host(called, at("192.168.1.5"))), nil, results("ok")},
		{"private, isolated", in(requirements.Custom, host(called, at("192.168.1.5"))), nil, results("ok")},
		{"private, for browsers", host(opened, at("192.168.1.5")), nil, results("ok")},
		{"a private address in the file, although the user says where it is", host(called, func(h *AppHost) { h.Host, h.Given, h.Addresses = "10.1.2.3", true, nil }), nil, results(private)},
		{"a public address in the file", host(called, func(h *AppHost) { h.Host, h.Given, h.Addresses = "203.0.113.60", true, nil }), nil, results("ok")},
		{"a name without a dot", host(called, func(h *AppHost) { h.Host, h.Given, h.Addresses = "localhost", true, nil }), nil, results(private)},
		{"looked up by the proxy", host(called, func(h *AppHost) { h.Addresses = nil }), nil, results("ok")},

		{"an authority nobody knows", host(called, unknownCA), nil, results(badTLS)},
		{"an authority nobody knows, in the LAN: the queue calls there too", in(requirements.LAN, host(called, unknownCA)), nil, results(badTLS)},
		{"an authority nobody knows, isolated: whom the portal trusts isn't known", in(requirements.Custom, host(called, unknownCA)), nil, results("ok")},
		{"an authority nobody knows, for browsers: they may know it", host(opened, unknownCA), nil, results("ok")},
		{"self-signed", host(called, certificate(func(s *TLSSeen) { s.Trust.Public, s.Chain[0].SelfSigned = false, true })), nil, results(badTLS)},
		{"expired", host(called, expired), nil, results(badTLS)},
		{"expired, for browsers", host(opened, expired), nil, results(badTLS)},
		{"expired, isolated", in(requirements.Custom, host(called, expired)), nil, results(badTLS)},
		{"of another host", host(opened, certificate(func(s *TLSSeen) { s.Trust.NameMatches = false })), nil, results(badTLS)},
		{"expires soon", host(called, certificate(func(s *TLSSeen) { s.Chain[0].NotAfter = now.AddDate(0, 0, 3) })), nil, results("ok")},
		{"re-signed on this computer's way", host(called, certificate(func(s *TLSSeen) { s.Trust.Public, s.Interceptor = false, "Kaspersky" })), nil, results("unknown handler-tls vendor")},
		{"no TLS at all", host(called, failing(transport.NotTLS)), nil, results(badTLS)},
		{"nothing in common", host(called, failing(transport.TLSFailed)), nil, results("unknown handler-tls vendor")},

		{"a handler over http", host(called, func(h *AppHost) { h.Port, h.TLS = 80, nil }), nil, results("ok")},
	})
}

func TestFraming(t *testing.T) {
	for _, c := range []struct {
		name    string
		options []string
		csp     []string
		portal  string
		want    bool
	}{
		{"nothing said", nil, nil, "", true},
		{"deny", []string{"DENY"}, nil, "", false},
		{"same origin, and it isn't", []string{"SameOrigin"}, nil, "", false},
		{"same origin, and it is", []string{"SAMEORIGIN"}, nil, "https://app.example", true},
		{"allow-from is unknown to browsers", []string{"ALLOW-FROM https://other.example"}, nil, "", true},
		{"nonsense", []string{"maybe"}, nil, "", true},
		{"twice the same", []string{"SAMEORIGIN, sameorigin"}, nil, "https://app.example", true},
		{"contradicting itself", []string{"SAMEORIGIN", "ALLOW-FROM x"}, nil, "https://app.example", false},
		{"two words of nonsense", []string{"a, b"}, nil, "", true},
		{"empty", []string{" , "}, nil, "", true},

		{"the policy counts, not the old header", []string{"DENY"}, []string{"frame-ancestors https://portal.example"}, "", true},
		{"a policy about other things leaves the old header", []string{"DENY"}, []string{"default-src *"}, "", false},
		{"none", nil, []string{"frame-ancestors 'none'"}, "", false},
		{"an empty list", nil, []string{"frame-ancestors"}, "", false},
		{"self alone", nil, []string{"frame-ancestors 'self'"}, "", false},
		{"self, and it is", nil, []string{"frame-ancestors 'SELF'"}, "https://app.example:443", true},
		{"any", nil, []string{"Frame-Ancestors *"}, "", true},
		{"any over https", nil, []string{"frame-ancestors https:"}, "", true},
		{"other schemes", nil, []string{"frame-ancestors data: blob: ftp://portal.example"}, "", false},
		{"the host without a scheme", nil, []string{"frame-ancestors PORTAL.example"}, "", true},
		{"the host over http means https too", nil, []string{"frame-ancestors http://portal.example:80"}, "", true},
		{"a wildcard", nil, []string{"frame-ancestors *.company.example"}, "https://b24.company.example", true},
		{"a wildcard isn't the name itself", nil, []string{"frame-ancestors *.portal.example"}, "", false},
		{"a wildcard isn't any end", nil, []string{"frame-ancestors *al.example"}, "", false},
		{"clouds only", nil, []string{"frame-ancestors https://*.bitrix24.ru https://*.bitrix24.com"}, "", false},
		{"another port", nil, []string{"frame-ancestors https://portal.example:8443"}, "", false},
		{"the portal's port", nil, []string{"frame-ancestors https://portal.example:8443"}, "https://portal.example:8443", true},
		{"the portal's port isn't said", nil, []string{"frame-ancestors https://portal.example"}, "https://portal.example:8443", false},
		{"any port", nil, []string{"frame-ancestors https://portal.example:*"}, "https://portal.example:8443", true},
		{"a path is no matter", nil, []string{"frame-ancestors https://portal.example/crm/"}, "", true},
		{"an address", nil, []string{"frame-ancestors https://[2001:db8::1]:8443"}, "https://[2001:db8::1]:8443", true},
		{"every policy has to allow it", nil, []string{"frame-ancestors *", "frame-ancestors 'self'"}, "", false},
		{"two in one header", nil, []string{"frame-ancestors *, default-src 'self'; frame-ancestors 'none'"}, "", false},
		{"the second directive of a policy doesn't count", nil, []string{"frame-ancestors *; frame-ancestors 'none'"}, "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.portal == "" {
				c.portal = "https://portal.example"
			}
			portal, err := url.Parse(c.portal)
			if err != nil {
				t.Fatal(err)
			}
			header := http.Header{"X-Frame-Options": c.options, "Content-Security-Policy": c.csp, "Content-Security-Policy-Report-Only": {"frame-ancestors 'none'"}}
			if f := framing(header, &url.URL{Scheme: "https", Host: "app.example:443", Path: "/"}, portal); f.AllowsPortal != c.want {
				t.Errorf("%+v", f)
			}
		})
	}
}

func FuzzFraming(f *testing.F) {
	f.Add("SAMEORIGIN", "frame-ancestors 'self' https://*.example:*/a")
	f.Add("", "frame-ancestors [::1]:80 http://:/")
	f.Fuzz(func(t *testing.T, options, csp string) {
		page, portal := &url.URL{Scheme: "https", Host: "app.example"}, &url.URL{Scheme: "https", Host: "portal.example"}
		framing(http.Header{"X-Frame-Options": {options}, "Content-Security-Policy": {csp}}, page, portal)
	})
}

func TestHostsToAsk(t *testing.T) {
	target := Target{Requirements: &requirements.Requirements{Handlers: requirements.LAN}}
	for port := range 30 {
		target.Requirements.Hosts = append(target.Requirements.Hosts, requirements.Host{Host: "app.example", Port: port + 1, Direction: requirements.PortalToApp},
			requirements.Host{Host: "app.example", Port: port + 1, Direction: requirements.BrowserToApp})
	}
	hosts, left := target.appHosts()
	if names := target.HostsToAsk(); len(names) != maxAppHosts || names[0] != "app.example:1" || left != 10 || len(hosts[0].Directions) != 2 {
		t.Errorf("%v, %d left out", names, left)
	}
	if target.handlers() != requirements.LAN {
		t.Error("the file's place of handlers is forgotten")
	}
	if target.Handlers = requirements.Internet; target.handlers() != requirements.Internet {
		t.Error("what the user says of handlers doesn't count")
	}
	target.Requirements = &requirements.Requirements{Hosts: []requirements.Host{{Host: "app.example", Port: 443, Direction: requirements.AppToPortal}}}
	if names := target.HostsToAsk(); names != nil {
		t.Errorf("%v only connect to the portal", names)
	}
	if target = (Target{}); target.HostsToAsk() != nil {
		t.Error("without requirements there are hosts")
	}
}

// trustedTLS is a connection with a certificate for app.example that everybody trusts, and change what differs.
func trustedTLS(now time.Time, change func(*TLSSeen)) *TLSSeen {
	s := &TLSSeen{Chain: []Certificate{{Subject: "CN=app.example", Issuer: "CN=CA", NotBefore: now.AddDate(0, -1, 0), NotAfter: now.AddDate(0, 2, 0), SHA256: "1"}},
		Trust: &Trust{Public: true, NameMatches: true, DatesGood: true}}
	if change != nil {
		change(s)
	}
	return s
}
