package checks_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"boxready/checks"
	"boxready/internal/requirements"
	"boxready/internal/serverprobe"
	"boxready/internal/simportal"
	"boxready/internal/simtest"
)

// reached is an authorization server that answered PHP with its own error.
func reached(host string, inUse bool) serverprobe.Host {
	return serverprobe.Host{By: serverprobe.PHP, Host: host, Port: 443, InUse: inUse, DNS: "ok", Addresses: []string{"203.0.113.9"}, TCP: "ok", TLS: "ok",
		HTTP: &serverprobe.HTTP{Status: 400, TookMS: 80, Error: "invalid_request"}}
}

// unreached is one to which the connection fails at a layer.
func unreached(host string, inUse bool, layer string) serverprobe.Host {
	h := serverprobe.Host{By: serverprobe.PHP, Host: host, Port: 443, InUse: inUse, DNS: "ok", HTTP: &serverprobe.HTTP{}}
	switch layer {
	case "dns":
		h.DNS, h.HTTP = "failed", nil
	case "tcp":
		h.TCP, h.TCPError = "failed", "110 Connection timed out"
	case "tls":
		h.TCP, h.TLS, h.TLSError = "ok", "failed", "certificate verify failed"
	}
	return h
}

const (
	authCIS   = "oauth.bitrix24.tech"
	authWorld = "oauth.bitrix.info"
)

// answered is the server probe's answer for a healthy portal.
func answered(host string) *serverprobe.Probe {
	yes, age := true, int64(60)
	hostname, _, _ := strings.Cut(host, ":")
	day := func(n int) string { return time.Now().AddDate(0, 0, n).Format(time.DateOnly) }
	return &serverprobe.Probe{
		Kinds: []serverprobe.Kind{serverprobe.PHP},
		Answer: serverprobe.Answer{
			Kind: serverprobe.PHP, Nonce: "abcdefgh12345678", PortalHost: host, Time: time.Now().UTC().Truncate(time.Second), SAPI: "fpm-fcgi", Loaded: true, RESTOK: &yes,
			Settings: &serverprobe.PHPSettings{Version: "8.2.20", OpenSSL: "OpenSSL 3.0.13 30 Jan 2024", Store: serverprobe.CertificateStore{File: "/etc/pki/tls/cert.pem", Readable: true},
				Settings: map[string]string{"max_input_vars": "10000", "default_socket_timeout": "60"}},
			Modules:  map[string]string{"main": "25.550.100", "rest": "25.600.100", "crm": "25.600.0", "im": "25.600.0"},
			Database: &serverprobe.Database{Type: "mysql", Version: "8.0.36"}, Names: []string{host},
			Licence:      &serverprobe.Licence{Region: "ru", Ends: day(300), TimeBound: true},
			Registration: &serverprobe.Registration{Registered: true, MemberID: strings.Repeat("ab", 16), Server: "https://" + authCIS, Reports: "https://" + host},
			HTTPS:        &serverprobe.HTTPS{Seen: true, Browser: "https://" + host, Host: host, Port: "443"},
			Proxies:      &serverprobe.Proxies{},
			Applications: []serverprobe.Application{{Code: "vendor.app", Name: "Звонки", Status: "F", Active: true, Installed: true}},
			Handlers:     &serverprobe.Handlers{Authorization: []serverprobe.Handler{{Module: "rest", Class: `Bitrix\Rest\OAuth\Auth`}, {Module: "rest", Class: `Bitrix\Rest\APAuth\Auth`}}},
			Setup:        &serverprobe.Setup{Webhooks: 1},
			Agents:       &serverprobe.Agents{AgeS: &age, CrontabSupport: true},
			Usage:        &serverprobe.Usage{},
			Disk:         &serverprobe.Disk{FreeMB: new(20000)},
			Clocks:       &serverprobe.Clocks{PHP: "Europe/Moscow", Database: "SYSTEM", DatabaseOffS: new(int64)},
			Outgoing:     []serverprobe.Outgoing{{Scheme: "https", Host: "app.example.com", Number: 2, Applications: []string{"Звонки"}, DNS: "ok"}},
			Self:         &serverprobe.Host{By: serverprobe.PHP, Host: hostname, Port: 443, DNS: "ok", Addresses: []string{"203.0.113.7"}, TCP: "ok", TLS: "ok"},
			Hosts:        []serverprobe.Host{reached(authCIS, true), reached(authWorld, false)},
		},
	}
}

// serverFaults are faults of a portal's server with the expected findings.
var serverFaults = []struct {
	name     string
	change   func(*serverprobe.Probe)
	causes   []string
	requires string // required module
}{
	{"nothing", func(*serverprobe.Probe) {}, nil, ""},
	{"other portal", func(p *serverprobe.Probe) { p.PortalHost, p.Names = "other.example.ru", []string{"other.example.ru"} }, []string{"server-probe/probe-other-portal"}, ""},
	{"old", func(p *serverprobe.Probe) { p.Time = p.Time.AddDate(0, 0, -3) }, []string{"server-probe/probe-old"}, ""},
	{"damaged", func(p *serverprobe.Probe) { *p = serverprobe.Probe{Damage: serverprobe.PasteCutOff} }, []string{"server-probe/probe-damaged"}, ""},
	{"ended early", func(p *serverprobe.Probe) {
		p.Stopped, p.Hosts, p.Usage, p.Agents = "Maximum execution time of 30 seconds exceeded", nil, nil, nil
	}, []string{"server-probe/probe-damaged"}, ""},
	{"a silent firewall", func(p *serverprobe.Probe) {
		p.Hosts = []serverprobe.Host{unreached(authCIS, true, "tcp"), unreached(authWorld, false, "tcp")}
	}, []string{"server-auth-server/auth-server-unreachable"}, ""},
	{"no name", func(p *serverprobe.Probe) { p.Hosts = []serverprobe.Host{unreached(authCIS, true, "dns")} }, []string{"server-auth-server/auth-server-unreachable"}, ""},
	{"a proxy that says no", func(p *serverprobe.Probe) {
		p.Proxies.REST.Host, p.Hosts = "10.0.0.9", []serverprobe.Host{unreached(authCIS, true, "tcp")}
	}, []string{"server-auth-server/auth-server-unreachable"}, ""},
	{"the former host alone", func(p *serverprobe.Probe) {
		p.Hosts = []serverprobe.Host{unreached(authCIS, true, "tcp"), reached(authWorld, false)}
	}, []string{"server-auth-server/old-host-only"}, ""},
	{"a proxy for updates alone", func(p *serverprobe.Probe) {
		p.Proxies.Updates, p.Hosts = serverprobe.Proxy{Host: "10.0.0.9", Port: "3128"}, []serverprobe.Host{unreached(authCIS, true, "tcp")}
	}, []string{"server-auth-server/proxy-not-for-rest"}, ""},
	{"not registered", func(p *serverprobe.Probe) { p.Registration = &serverprobe.Registration{Server: "https://" + authCIS} }, []string{"server-registration/portal-not-registered"}, ""},
	{"another name", func(p *serverprobe.Probe) { p.Registration.Reports = "https://bitrix.local" }, []string{"server-registration/address-differs"}, ""},
	{"applications", func(p *serverprobe.Probe) {
		p.Applications = []serverprobe.Application{{Code: "local.1", Status: "L", Active: true}, {Code: "local.2", Status: "L", Installed: true}, {Code: "vendor.app", Status: "T", Active: true, Installed: true, Ends: "2024-01-01"}}
	}, []string{"server-applications/install-unfinished", "server-applications/app-inactive", "server-applications/app-payment-expired"}, ""},
	{"no module rest", func(p *serverprobe.Probe) { delete(p.Modules, "rest") }, []string{"server-modules/module-missing"}, ""},
	{"a module too few", func(*serverprobe.Probe) {}, []string{"server-modules/module-missing"}, "rpa"},
	{"a module too old", func(*serverprobe.Probe) {}, []string{"server-modules/module-outdated"}, "crm>=99.0.0"},
	{"PHP", func(p *serverprobe.Probe) {
		p.Settings = &serverprobe.PHPSettings{Version: "7.4.33", OpenSSL: "OpenSSL 1.0.1e-fips 11 Feb 2013", Missing: []string{"mbstring"}, Settings: p.Settings.Settings}
	}, []string{"server-platform/php-too-old", "server-platform/php-extension-missing", "server-platform/openssl-too-old"}, ""},
	{"never updated", func(p *serverprobe.Probe) { p.Modules["main"], p.Modules["rest"] = "20.0.650", "20.0.500" }, []string{"server-platform/platform-outdated"}, ""},
	{"agents", func(p *serverprobe.Probe) { age := int64(900_000); p.Agents.AgeS = &age }, []string{"server-agents/agents-stopped"}, ""},
	{"backlog", func(p *serverprobe.Probe) {
		p.Usage = &serverprobe.Usage{UnsentDays: 12, Oldest: p.Time.AddDate(0, 0, -12).Format(time.DateOnly)}
	}, []string{"server-agents/usage-backlog"}, ""},
	{"no token checker", func(p *serverprobe.Probe) { p.Handlers.Authorization = p.Handlers.Authorization[1:] }, []string{"server-rest-setup/token-checker-missing"}, ""},
	{"https", func(p *serverprobe.Probe) {
		p.HTTPS.Seen, p.HTTPS.Port, p.Registration.Reports = false, "80", strings.Replace(p.Registration.Reports, "https", "http", 1)
	}, []string{"server-rest-setup/https-not-seen"}, ""},
	{"closed", func(p *serverprobe.Probe) { p.Setup.SiteStopped = true }, []string{"server-rest-setup/site-closed"}, ""},
	{"isolated", func(p *serverprobe.Probe) {
		own := []serverprobe.Handler{{Module: "demo.authprovider", Class: `Demo\AuthProvider\Auth`}}
		p.Handlers = &serverprobe.Handlers{Authorization: own, Events: own}
	}, []string{"server-rest-setup/custom-auth-provider", "server-rest-setup/custom-event-provider"}, ""},
	{"log", func(p *serverprobe.Probe) { p.Setup.EventHandlers = 3 }, []string{"server-rest-setup/rest-log-off"}, ""},
	{"licence over", func(p *serverprobe.Probe) { p.Licence.Ends = "2024-01-01" }, []string{"server-licence/licence-ended"}, ""},
	{"licence ends", func(p *serverprobe.Probe) { p.Licence.Ends = p.Time.AddDate(0, 0, 20).Format(time.DateOnly) }, []string{"server-licence/licence-ends-soon"}, ""},
	{"a trial", func(p *serverprobe.Probe) { p.Licence.Demo = true }, []string{"server-licence/licence-demo"}, ""},
	{"limits of PHP", func(p *serverprobe.Probe) { p.Settings.Settings["max_input_vars"] = "1000" }, []string{"server-php/php-limits-low"}, ""},
	{"no way back in", func(p *serverprobe.Probe) {
		p.Self.TCP, p.Self.TLS, p.Self.TCPError = "failed", "", "110 Connection timed out"
	}, []string{"server-self/portal-cannot-reach-itself"}, ""},
	{"private handlers", func(p *serverprobe.Probe) { p.Outgoing[0].Private = true }, []string{"server-webhooks/handler-unreachable"}, ""},
	{"no Market", func(p *serverprobe.Probe) {
		p.Hosts = append(p.Hosts, serverprobe.Host{By: serverprobe.PHP, Host: "www.1c-bitrix.ru", Port: 443, DNS: "ok", TCP: "ok", TLS: "ok"},
			serverprobe.Host{By: serverprobe.PHP, Host: "util.1c-bitrix.ru", Port: 443, DNS: "ok", TCP: "failed"})
	}, []string{"server-network/vendor-host-unreachable"}, ""},
	{"hosts of a shell", func(p *serverprobe.Probe) {
		refused := 7
		p.Hosts = append(p.Hosts, serverprobe.Host{By: serverprobe.Shell, Host: "www.1c-bitrix.ru", Port: 443, DNS: "ok", Curl: &refused, HTTP: &serverprobe.HTTP{}})
	}, []string{"server-network/vendor-host-unreachable"}, ""},
	{"the product's log", func(p *serverprobe.Probe) {
		p.SystemCheck = &serverprobe.SystemCheck{Tests: map[string]string{"check_update": "Fail"}, Connections: []serverprobe.Connection{{Test: "check_update", Host: "www.1c-bitrix.ru", Port: 80}}}
	}, []string{"server-network/vendor-host-unreachable"}, ""},
}

// Causes that need a certificate of the simulation's; TestCertificatesAtTheServer produces them.
var certificateCauses = []string{"server-auth-server/tls-intercepted", "server-auth-server/ca-bundle-outdated"}

func serverCauses() []string {
	causes := slices.Clone(certificateCauses)
	for _, f := range serverFaults {
		causes = append(causes, f.causes...)
	}
	causes = append(causes, "server-registration/portal-clone") // TestTokensWaitForTheOwner
	return causes
}

// onServer returns the findings of the checks on the server.
func (p scenarioResult) onServer() (causes []string) {
	for _, cause := range p.causes() {
		if strings.HasPrefix(cause, "server-") {
			causes = append(causes, cause)
		}
	}
	slices.Sort(causes)
	return causes
}

func TestEveryServerFaultIsFound(t *testing.T) {
	t.Parallel()
	for _, f := range serverFaults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			s := scenario{usualPace: true}
			if f.requires != "" {
				module, version, _ := strings.Cut(f.requires, ">=")
				s.requirements = &requirements.Requirements{Modules: []requirements.Module{{Name: module, AtLeast: version}}}
			}
			p := s.pasted(t, f.change)
			want := slices.Sorted(slices.Values(f.causes))
			if got := p.onServer(); !slices.Equal(got, want) {
				t.Errorf("found %v, want %v", got, want)
			}
			p.assertRequestRules(t, false)
			p.assertNoTokens(t)
			p.assertTexts(t)
			p.assertReported(t, false)
			p.assertOnlyDeclared(t)
			p.assertJudgedAgain(t)
			for _, r := range p.Results {
				if strings.HasPrefix(string(r.Check), "server-") != (r.Vantage == checks.FromServer) && r.Check != checks.AuthServerFromPortal {
					t.Errorf("%s is seen from %s", r.Check, r.Vantage)
				}
			}
		})
	}
}

// pasted runs a scenario with a changed answer of a healthy portal.
func (s scenario) pasted(t *testing.T, change ...func(*serverprobe.Probe)) scenarioResult {
	t.Helper()
	host := s.host(t)
	s.probe = answered(host)
	for _, c := range change {
		c(s.probe)
	}
	return s.execute(t)
}

// host is the simulated portal's name, which is the same in every simulation.
func (scenario) host(t *testing.T) string {
	t.Helper()
	return simtest.Start(t, nil).Sim.Host()
}

// TestServerAndPortal combines faults of the simulated portal with answers of its server.
func TestServerAndPortal(t *testing.T) {
	t.Parallel()
	silent := func(p *serverprobe.Probe) { p.Hosts = []serverprobe.Host{unreached(authCIS, true, "tcp")} }
	for _, c := range []struct {
		name    string
		faults  []string
		with    []string
		change  func(*serverprobe.Probe)
		want    []string
		verdict checks.Verdict
	}{
		{"the server settles what needs a token", []string{"needs-deep"}, nil, func(*serverprobe.Probe) {}, nil, checks.NoObstacle},
		{"without its word it stays open", []string{"needs-deep"}, nil, func(p *serverprobe.Probe) { p.Hosts = nil }, []string{"auth-server-from-portal unknown needs-deep you"}, checks.Unsure},
		{"the server knows why", []string{"auth-server-unreachable"}, []string{"deep"}, silent,
			[]string{"auth-server-from-portal skipped because server-auth-server", "credentials-arrive skipped because auth-server-from-portal", "server-auth-server problem auth-server-unreachable network-admin"}, checks.NotReady},
		{"they contradict each other", []string{"auth-server-unreachable"}, []string{"deep"}, func(*serverprobe.Probe) {},
			[]string{"auth-server-from-portal problem auth-server-unreachable network-admin", "credentials-arrive skipped because auth-server-from-portal"}, checks.NotReady},
		{"the same fault once", []string{"https-not-seen"}, nil, func(p *serverprobe.Probe) { p.HTTPS.Seen = false; p.Registration.Reports = "" },
			[]string{"https-seen skipped because server-rest-setup", "server-rest-setup problem https-not-seen server-admin"}, checks.NotReady},
		{"an old platform, seen three ways", []string{"platform-outdated"}, []string{"webhook"}, func(p *serverprobe.Probe) { p.Modules["rest"] = "21.400.0" },
			[]string{"method-inventory skipped because server-platform", "platform skipped because server-platform", "server-platform notice platform-outdated portal-admin"}, checks.Ready},
		{"an old platform, seen two ways", []string{"platform-outdated"}, []string{"webhook"}, func(*serverprobe.Probe) {},
			[]string{"method-inventory skipped because platform", "platform notice platform-outdated portal-admin"}, checks.Ready},
		{"closed, by both", []string{"rest-site-closed"}, nil, func(p *serverprobe.Probe) { p.Setup.SiteStopped = true },
			join("rest-route skipped because server-rest-setup", everythingBelow("server-rest-setup", needRoute...), "server-rest-setup problem site-closed portal-admin"), checks.NotReady},
		{"another portal's word counts nothing", []string{"needs-deep"}, nil, func(p *serverprobe.Probe) { p.PortalHost, p.Names = "other.example.ru", nil },
			join("auth-server-from-portal unknown needs-deep you", "server-probe problem probe-other-portal you", everythingBelow(checks.ServerProbe, checks.ServerAuthServer, checks.ServerRegistration,
				checks.ServerApplications, checks.ServerModules, checks.ServerPlatform, checks.ServerAgents, checks.ServerRESTSetup, checks.ServerLicence,
				checks.ServerSelf, checks.ServerPHP, checks.ServerWebhooks)), checks.Unsure},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := scenario{faults: c.faults, with: c.with, usualPace: true}.pasted(t, c.change)
			p.assertSummary(t, c.want...)
			if p.Verdict != c.verdict {
				t.Errorf("verdict %s, want %s", p.Verdict, c.verdict)
			}
			p.assertRequestRules(t, slices.Contains(c.with, "deep"))
			p.assertJudgedAgain(t)
			p.assertTexts(t)
		})
	}
}

// TestTokensWaitForTheOwner asserts that nothing that makes a portal report its address is sent to one that a pasted answer shows to
// be the same as another known one, until the owner agrees.
func TestTokensWaitForTheOwner(t *testing.T) {
	id := answered("").Registration.MemberID
	clone := []checks.KnownPortal{{Address: "https://old.example.ru", MemberID: strings.ToUpper(id)}}
	const found = "server-registration notice portal-clone portal-admin"
	for _, c := range []struct {
		name   string
		known  []checks.KnownPortal
		with   []string
		agreed []checks.Consent
		want   []string
		sent   bool // tokens
		lacks  map[checks.ID]checks.Reason
		host   string // for which the answer was made; "": the portal's
	}{
		{"nothing known", []checks.KnownPortal{}, []string{"deep"}, nil, nil, true, nil, ""},
		{"another portal's", []checks.KnownPortal{{Address: "https://old.example.ru", MemberID: strings.Repeat("cd", 16)}}, []string{"deep"}, nil, nil, true, nil, ""},
		{"no consent at all", clone, nil, nil, []string{found}, false, map[checks.ID]checks.Reason{checks.CredentialsArrive: checks.NeedsConsentDeep, checks.TokenAccepted: checks.NeedsCredential}, ""},
		{"the address is confirmed", clone, []string{"deep"}, nil, []string{found}, false, map[checks.ID]checks.Reason{checks.CredentialsArrive: checks.NeedsConsentSame}, ""},
		{"a webhook, which the portal checks by itself", clone, []string{"deep", "webhook"}, nil, []string{found}, false, map[checks.ID]checks.Reason{
			checks.CredentialsArrive: checks.NeedsConsentSame, checks.TokenAccepted: checks.NeedsSignIn}, ""},
		{"the answer of another portal", clone, []string{"deep"}, nil, join("server-probe problem probe-other-portal you", everythingBelow(checks.ServerProbe, checks.ServerAuthServer, checks.ServerRegistration,
			checks.ServerApplications, checks.ServerModules, checks.ServerPlatform, checks.ServerAgents, checks.ServerRESTSetup, checks.ServerLicence, checks.ServerSelf, checks.ServerPHP, checks.ServerWebhooks)), true, nil, "other.example.ru"},
		{"agreed", clone, []string{"deep"}, []checks.Consent{checks.SameIdentity}, []string{found}, true, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := scenario{with: c.with, known: c.known, agreed: c.agreed, usualPace: true}.pasted(t, func(probe *serverprobe.Probe) {
				if c.host != "" {
					probe.PortalHost, probe.Names = c.host, nil
				}
			})
			p.assertSummary(t, c.want...)
			p.assertRequestRules(t, c.sent)
			if sent := slices.ContainsFunc(p.sim.Log(), func(r simportal.Request) bool { return len(r.Tokens) > 0 }); sent != c.sent {
				t.Errorf("tokens were sent: %t", sent)
			}
			if !c.sent {
				p.assertNoTokens(t)
			}
			for _, n := range p.NotChecked {
				if want := c.lacks[n.Check]; want != "" && n.Reason != want {
					t.Errorf("%s lacks %q, expected %q", n.Check, n.Reason, want)
				}
			}
			p.assertTexts(t)
			p.assertJudgedAgain(t)
		})
	}
}

// TestSignInWaitsForTheOwner asserts the same of a saved sign-in: not even its token is renewed.
func TestSignInWaitsForTheOwner(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, nil, "sign-in", "deep", "event-test")
	target := sim.Target()
	probe := answered(target.Address.Host)
	probe.Registration.MemberID = target.SignIn.Held().MemberID
	target.ServerProbe, target.Known = probe, []checks.KnownPortal{{Address: "https://old.example.ru", MemberID: probe.Registration.MemberID}}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	p := scenarioResult{Outcome: checks.Run(ctx, sim.Net(), target, nil), sim: sim.Sim, window: usual}
	p.assertNoTokens(t)
	for _, r := range p.asked("auth-cis", "auth-world") {
		if r.Method == "POST" || strings.Contains(r.RawQuery, "refresh_token") {
			t.Errorf("the sign-in was renewed: %s %s", r.Method, r.Path)
		}
	}
	for _, id := range []checks.ID{checks.SignIn, checks.PortalIdentity, checks.TokenAccepted, checks.EventMachinery, checks.CredentialsArrive} {
		if !slices.Contains(p.NotChecked, checks.NotChecked{Check: id, Reason: checks.NeedsConsentSame}) {
			t.Errorf("%s isn't among what wasn't checked for lack of the consent: %v", id, p.NotChecked)
		}
	}
}

// TestPastedAnswerPermitsNoToken asserts that no pasted answer makes BoxReady send a token where it wouldn't without it.
func TestPastedAnswerPermitsNoToken(t *testing.T) {
	for _, fault := range []string{"https-not-seen", "https-seen-odd", "tls-expired", "tls-self-signed", "redirect-other-host-http", "tls-intercepted"} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			p := scenario{faults: []string{fault}, with: []string{"deep"}, usualPace: true}.pasted(t)
			p.assertNoTokens(t)
			p.assertRequestRules(t, true)
		})
	}
}

// TestVersionsFromServer asserts that the server's list of versions settles what the portal's methods leave open.
func TestVersionsFromServer(t *testing.T) {
	t.Parallel()
	needs := &requirements.Requirements{Modules: []requirements.Module{{Name: "im", AtLeast: "25.600.0"}}}
	without := scenario{with: []string{"webhook"}, requirements: needs, usualPace: true}.execute(t)
	without.wantState(t, checks.RequiredModules, checks.Unknown)
	with := scenario{with: []string{"webhook"}, requirements: needs, usualPace: true}.pasted(t)
	with.wantState(t, checks.RequiredModules, checks.OK)
	with.assertJudgedAgain(t)
}

// TestCertificatesAtTheServer judges certificates that arrive at the server: the right one, and wrong ones.
func TestCertificatesAtTheServer(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, nil)
	conn, err := sim.Net().Dial(t.Context(), authCIS, 443)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	secure := tls.Client(conn, &tls.Config{ServerName: authCIS, InsecureSkipVerify: true})
	if err := secure.HandshakeContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	var right [][]byte
	for _, c := range secure.ConnectionState().PeerCertificates {
		right = append(right, c.Raw)
	}
	target := sim.Target()
	for _, c := range []struct {
		name  string
		host  string
		chain [][]byte
		want  string
	}{
		{"the right one, not trusted by PHP", authCIS, right, "ca-bundle-outdated"},
		{"another host's", "oauth.example.ru", right, "tls-intercepted"},
		{"none", authCIS, nil, "auth-server-unreachable"},
		{"no certificate", authCIS, [][]byte{[]byte("hello")}, "auth-server-unreachable"},
	} {
		t.Run(c.name, func(t *testing.T) {
			probe := answered(target.Address.Host)
			h := unreached(c.host, true, "tls")
			h.Chain = c.chain
			probe.Hosts = []serverprobe.Host{h}
			target.ServerProbe = probe
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			p := scenarioResult{Outcome: checks.Run(ctx, sim.Net(), target, nil), sim: sim.Sim}
			if got := string(p.result(checks.ServerAuthServer).Cause); got != c.want {
				t.Errorf("found %q, want %q", got, c.want)
			}
			p.assertTexts(t)
			p.assertReported(t, false)
			p.assertJudgedAgain(t)
		})
	}
}

// TestOutside checks with a run from outside.
func TestOutside(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		faults []string // of the portal as seen from outside
		with   []string
		edit   func([]checks.Result) []checks.Result
		want   []string
	}{
		{"seen", nil, nil, nil, nil},
		{"not seen", []string{"tcp-refused"}, []string{"dns"}, nil, []string{"portal-from-internet problem not-seen-from-outside network-admin"}},
		{"no name", []string{"dns-not-found"}, []string{"dns"}, nil, []string{"portal-from-internet problem not-seen-from-outside network-admin"}},
		{"another certificate", []string{"tls-incomplete-chain"}, nil, nil, []string{"portal-tls problem tls-incomplete-chain server-admin"}},
		{"nothing in it", nil, nil, func([]checks.Result) []checks.Result { return nil }, []string{"portal-from-internet unknown unexpected-answer you"}},
		{"another version's", nil, nil, func(all []checks.Result) []checks.Result {
			for i := range all {
				all[i].Facts = json.RawMessage(`{"new":true}`)
			}
			return all
		}, []string{"portal-from-internet unknown unexpected-answer you"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			there := scenario{faults: c.faults, with: c.with, usualPace: true}.execute(t)
			outside := &checks.Outside{Made: there.Started}
			for _, r := range there.Results {
				data, err := json.Marshal(r.Facts)
				if err != nil {
					t.Fatal(err)
				}
				r.Facts = json.RawMessage(data)
				outside.Results = append(outside.Results, r)
			}
			if c.edit != nil {
				outside.Results = c.edit(outside.Results)
			}
			p := scenario{outside: outside, usualPace: true}.execute(t)
			p.assertSummary(t, c.want...)
			p.assertRequestRules(t, false)
			p.assertTexts(t)
			p.assertReported(t, false)
			p.assertOnlyDeclared(t)
			p.assertJudgedAgain(t)
			for _, n := range p.NotChecked {
				if n.Check == checks.PortalFromInternet {
					t.Error("it still stands among what wasn't checked")
				}
			}
		})
	}
}
