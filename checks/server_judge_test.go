package checks

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"boxready/internal/serverprobe"
	"boxready/internal/transport"

	"github.com/google/go-cmp/cmp"
)

func daysAgo(n int) *time.Time {
	t := observedAt.Add(-time.Duration(n) * days)
	return &t
}

func TestJudgeProbe(t *testing.T) {
	probe := func(change ...func(*ServerProbeFacts)) *ServerProbeFacts {
		f := &ServerProbeFacts{At: observedAt, Portal: "portal.example.ru", Kinds: []serverprobe.Kind{serverprobe.PHP}, Time: daysAgo(0), Asked: "portal.example.ru", Names: []string{"portal.example.ru"}}
		for _, c := range change {
			c(f)
		}
		return f
	}
	asked := func(host string, names ...string) func(*ServerProbeFacts) {
		return func(f *ServerProbeFacts) { f.Asked, f.Names = host, names }
	}
	const other = "problem probe-other-portal you"
	judge(t, ServerProbe, []verdict{
		{"this portal's, just now", probe(), nil, results("ok")},
		{"two days old", probe(func(f *ServerProbeFacts) { f.Time = daysAgo(2) }), nil, results("notice probe-old you")},
		{"by a clock that is ahead", probe(func(f *ServerProbeFacts) { f.Time = daysAgo(-2) }), nil, results("ok")},
		{"printed for another portal", probe(asked("other.example.ru", "other.example.ru")), nil, results(other)},
		{"printed for another portal, by a shell", probe(asked("other.example.ru")), nil, results(other)},
		{"printed for nobody, run on another portal", probe(asked("", "other.example.ru")), nil, results(other)},
		{"printed for nobody, run on this one", probe(asked("", "localhost", "Portal.Example.ru:443")), nil, results("ok")},
		{"printed for nobody, opened by number", probe(asked("", "10.0.0.5", "localhost")), nil, results("ok")},
		{"printed for nobody, by a shell", probe(asked("")), nil, results("ok")},
		{"printed for this one, which knows itself by another name", probe(asked("portal.example.ru", "bitrix.local")), nil, results("ok")},
		{"printed for another name of this one", probe(asked("www.portal.example.ru", "portal.example.ru", "www.portal.example.ru")), nil, results("ok")},
		{"with another number than the portal that was signed in to", probe(func(f *ServerProbeFacts) { f.OtherMember = true }), nil, results(other)},
		{"another portal's, old and not whole", probe(asked("other.example.ru"), func(f *ServerProbeFacts) { f.Time, f.Ended = daysAgo(9), "ended" }), nil, results(other)},
		{"cut off", &ServerProbeFacts{At: observedAt, Portal: "portal.example.ru", Damage: serverprobe.PasteCutOff}, nil, results("notice probe-damaged you")},
		{"ended early", probe(func(f *ServerProbeFacts) { f.Ended = "Maximum execution time" }), nil, results("notice probe-damaged you")},
		{"a part failed, and old", probe(func(f *ServerProbeFacts) { f.Failed, f.Time = map[string]string{"agents": "x"}, daysAgo(2) }), nil, results("notice probe-damaged you", "notice probe-old you")},
		{"the product's log alone", &ServerProbeFacts{At: observedAt, Portal: "portal.example.ru", Log: true}, nil, results("ok")},
	})
}

// authHost is PHP's result for an authorization server.
func authHost(host string, inUse bool, change ...func(*ServerHost)) ServerHost {
	h := ServerHost{By: serverprobe.PHP, Host: host, Port: 443, InUse: inUse, Asked: true, Status: 400, Error: "invalid_request", Verified: new(true), Public: new(true)}
	for _, c := range change {
		c(&h)
	}
	return h
}

func endsAt(layer transport.Stage) func(*ServerHost) {
	return func(h *ServerHost) {
		h.Layer, h.Status, h.Error, h.Verified, h.Public = layer, 0, "", nil, nil
	}
}

func certificate(verified, public bool) func(*ServerHost) {
	return func(h *ServerHost) { h.Verified, h.Public = new(verified), new(public) }
}

func byShell(h *ServerHost) { h.By, h.InUse = serverprobe.Shell, false }

const (
	cisHost   = "oauth.bitrix24.tech"
	worldHost = "oauth.bitrix.info"
)

func TestJudgeServerAuth(t *testing.T) {
	facts := func(hosts ...ServerHost) *ServerAuthFacts { return &ServerAuthFacts{Web: true, Hosts: hosts} }
	proxies := func(rest, updates string, f *ServerAuthFacts) *ServerAuthFacts {
		f.Proxies = &serverprobe.Proxies{REST: serverprobe.Proxy{Host: rest}, Updates: serverprobe.Proxy{Host: updates}}
		return f
	}
	const (
		unreachable = "problem auth-server-unreachable network-admin"
		unsure      = "unknown auth-server-unreachable network-admin"
		nothing     = "unknown unexpected-answer network-admin"
		intercepted = "problem tls-intercepted network-admin"
	)
	judge(t, ServerAuthServer, []verdict{
		{"both reached", facts(authHost(cisHost, true), authHost(worldHost, false)), nil, results("ok")},
		{"the one in use reached, the other not", facts(authHost(worldHost, true), authHost(cisHost, false, endsAt(transport.StageTCP))), nil, results("ok")},
		{"no name", facts(authHost(cisHost, true, endsAt(transport.StageDNS))), nil, results(unreachable)},
		{"no connection", facts(authHost(cisHost, true, endsAt(transport.StageTCP)), authHost(worldHost, false, endsAt(transport.StageTCP))), nil, results(unreachable)},
		{"a page in place of the answer", facts(authHost(cisHost, true, endsAt(transport.StageHTTP), certificate(true, true))), nil, results(unreachable)},
		{"the proxy gives nothing back", proxies("10.0.0.9", "", facts(authHost(cisHost, true, endsAt(transport.StageProxy)))), nil, results(unreachable)},
		{"the company's certificate", facts(authHost(cisHost, true, endsAt(transport.StageTLS), certificate(false, false))), nil, results(intercepted)},
		{"the company's certificate, trusted, and a page", facts(authHost(cisHost, true, endsAt(transport.StageHTTP), certificate(true, false))), nil, results(intercepted)},
		{"the company's certificate, trusted, and the answer", facts(authHost(cisHost, true, certificate(true, false))), nil, results("ok")},
		{"the right certificate, not trusted", facts(authHost(cisHost, true, endsAt(transport.StageTLS), certificate(false, true))), nil, results("problem ca-bundle-outdated server-admin")},
		{"no certificate at all", facts(authHost(cisHost, true, endsAt(transport.StageTLS))), nil, results(unreachable)},
		{"a proxy for updates alone", proxies("", "10.0.0.9", facts(authHost(cisHost, true, endsAt(transport.StageTCP)))), nil, results("problem proxy-not-for-rest server-admin")},
		{"a proxy for updates alone, no name", proxies("", "10.0.0.9", facts(authHost(cisHost, true, endsAt(transport.StageDNS)))), nil, results("problem proxy-not-for-rest server-admin")},
		{"a proxy for updates alone, and the direct way is open", proxies("", "10.0.0.9", facts(authHost(cisHost, true))), nil, results("ok")},
		{"the former host alone", facts(authHost(cisHost, true, endsAt(transport.StageTCP)), authHost(worldHost, false)), nil, results("problem old-host-only network-admin")},
		{"the newer host alone", facts(authHost(worldHost, true, endsAt(transport.StageTCP)), authHost(cisHost, false)), nil, results(unreachable)},
		{"the former host alone, a proxy for updates besides", proxies("", "10.0.0.9", facts(authHost(cisHost, true, endsAt(transport.StageTCP)), authHost(worldHost, false))), nil, results("problem old-host-only network-admin")},
		{"nobody asked", facts(ServerHost{By: serverprobe.PHP, Host: cisHost, InUse: true}), nil, results(nothing)},
		{"the portal's choice unknown, both reached", facts(authHost(cisHost, false), authHost(worldHost, false)), nil, results("ok")},
		{"the portal's choice unknown, one reached", facts(authHost(cisHost, false, endsAt(transport.StageTCP)), authHost(worldHost, false)), nil, results(unsure)},
		{"a shell reached both", facts(authHost(cisHost, true, byShell), authHost(worldHost, false, byShell)), nil, results("ok")},
		{"a shell reached none", facts(authHost(cisHost, true, byShell, endsAt(transport.StageTCP)), authHost(worldHost, false, byShell, endsAt(transport.StageTCP))), nil, results(unreachable)},
		{"a shell reached both, PHP not the one in use", facts(authHost(cisHost, true, endsAt(transport.StageTLS), certificate(false, true)), authHost(cisHost, false, byShell), authHost(worldHost, false, byShell)), nil,
			results("problem ca-bundle-outdated server-admin")},
		{"no hosts", facts(), nil, results(nothing)},
	})
}

func TestJudgeRegistration(t *testing.T) {
	facts := func(r serverprobe.Registration, change ...func(*RegistrationFacts)) *RegistrationFacts {
		f := &RegistrationFacts{Portal: "https://portal.example.ru", Registration: &r, HTTPS: &serverprobe.HTTPS{Seen: true, Browser: "https://portal.example.ru"}}
		for _, c := range change {
			c(f)
		}
		return f
	}
	httpSeen := func(browser string) func(*RegistrationFacts) {
		return func(f *RegistrationFacts) { f.HTTPS = &serverprobe.HTTPS{Browser: browser} }
	}
	shared := func(f *RegistrationFacts) { f.Sharing = []string{"https://old.example.ru"} }
	const differs = "problem address-differs portal-admin"
	judge(t, ServerRegistration, []verdict{
		{"registered, by its name", facts(serverprobe.Registration{Registered: true, Reports: "https://portal.example.ru"}), nil, results("ok")},
		{"in capitals, with the port", facts(serverprobe.Registration{Registered: true, Reports: "https://Portal.Example.ru:443"}), nil, results("ok")},
		{"by the command line", facts(serverprobe.Registration{Registered: true}), nil, results("ok")},
		{"not registered", facts(serverprobe.Registration{}), nil, results("problem portal-not-registered portal-admin")},
		{"not registered, with a provider of its own", facts(serverprobe.Registration{}, func(f *RegistrationFacts) { f.Custom = true }), nil, results("ok")},
		{"another name", facts(serverprobe.Registration{Registered: true, Reports: "https://bitrix.local"}), nil, results(differs)},
		{"a number", facts(serverprobe.Registration{Registered: true, Reports: "https://10.0.0.5"}), nil, results(differs)},
		{"another port", facts(serverprobe.Registration{Registered: true, Reports: "https://portal.example.ru:8443"}), nil, results(differs)},
		{"opened by http", facts(serverprobe.Registration{Registered: true, Reports: "http://portal.example.ru"}, httpSeen("http://portal.example.ru")), nil, results(differs)},
		{"https not seen is another check's", facts(serverprobe.Registration{Registered: true, Reports: "http://portal.example.ru"}, httpSeen("https://portal.example.ru")), nil, results("ok")},
		{"https not seen, and another name", facts(serverprobe.Registration{Registered: true, Reports: "http://bitrix.local"}, httpSeen("https://portal.example.ru")), nil, results(differs)},
		{"neither", facts(serverprobe.Registration{Reports: "https://bitrix.local"}), nil, results("problem portal-not-registered portal-admin", differs)},
		{"another portal's number", facts(serverprobe.Registration{Registered: true}, shared), nil, results("notice portal-clone portal-admin")},
		{"another portal's number, and another name", facts(serverprobe.Registration{Registered: true, Reports: "https://bitrix.local"}, shared), nil, results(differs, "notice portal-clone portal-admin")},
		{"nothing known", &RegistrationFacts{}, nil, results("unknown unexpected-answer portal-admin")},
	})
}

func TestSharing(t *testing.T) {
	id, other := strings.Repeat("ab", 16), strings.Repeat("cd", 16)
	target := &Target{Known: []KnownPortal{{"https://portal.example.ru", id}, {"https://old.example.ru", strings.ToUpper(id)}, {"https://third.example.ru", other}, {"https://fourth.example.ru", ""}}}
	var err error
	if target.Address, err = portal.ParseAddress("portal.example.ru"); err != nil {
		t.Fatal(err)
	}
	for memberID, want := range map[string][]string{id: {"https://old.example.ru"}, other: {"https://third.example.ru"}, "": nil, strings.Repeat("ef", 16): nil} {
		if got := target.sharing(memberID); !slices.Equal(got, want) {
			t.Errorf("%q is shared by %q, expected %q", memberID, got, want)
		}
	}
}

func TestJudgeApplications(t *testing.T) {
	app := func(status string, active, installed bool, ends string) serverprobe.Application {
		return serverprobe.Application{Code: "vendor.app", Name: "App", Status: status, Active: active, Installed: installed, Ends: ends}
	}
	facts := func(all ...serverprobe.Application) *ApplicationsFacts {
		return &ApplicationsFacts{At: observedAt, Applications: all}
	}
	day := func(n int) string { return observedAt.Add(time.Duration(n) * days).Format(time.DateOnly) }
	const unpaid = "problem app-payment-expired portal-admin"
	judge(t, ServerApplications, []verdict{
		{"none", facts(), nil, results("ok")},
		{"in order", facts(app("F", true, true, ""), app("P", true, true, day(30))), nil, results("ok")},
		{"unfinished", facts(app("L", true, false, "")), nil, results("problem install-unfinished portal-admin")},
		{"switched off", facts(app("F", false, true, "")), nil, results("problem app-inactive portal-admin")},
		{"taken away", facts(app("F", false, false, ""), app("T", false, false, day(-300))), nil, results("ok")},
		{"a trial that is over", facts(app("T", true, true, day(-3))), nil, results(unpaid)},
		{"a trial's last day", facts(app("T", true, true, day(0))), nil, results("ok")},
		{"paid until last week", facts(app("P", true, true, day(-7))), nil, results("ok")},
		{"paid until last month", facts(app("P", true, true, day(-31))), nil, results(unpaid)},
		{"by subscription", facts(app("S", true, true, day(-31))), nil, results("ok")},
		{"free with a day", facts(app("F", true, true, day(-31))), nil, results("ok")},
		{"no day", facts(app("P", true, true, "soon")), nil, results("ok")},
		{"all of it", facts(app("L", true, false, ""), app("F", false, true, ""), app("D", true, true, day(-9))), nil,
			results("problem install-unfinished portal-admin", "problem app-inactive portal-admin", unpaid)},
	})
	named := find(t, ServerApplications).Judge(facts(app("L", true, false, ""), serverprobe.Application{Code: "local.1", Active: true}), nil)[0].Args["applications"]
	if diff := cmp.Diff([]string{"App (vendor.app)", "local.1"}, named); diff != "" {
		t.Errorf("named (-want +got):\n%s", diff)
	}
}

func TestJudgeServerModules(t *testing.T) {
	facts := func(r Required, versions map[string]string) *ServerModulesFacts {
		return &ServerModulesFacts{Required: r, Versions: versions}
	}
	has := map[string]string{"main": "25.550.100", "rest": "25.600.100", "crm": "23.400.501"}
	builtIn := Required{BuiltIn: true, Methods: []string{"batch", "event.bind"}}
	const missing, outdated = "problem module-missing portal-admin", "problem module-outdated portal-admin"
	judge(t, ServerModules, []verdict{
		{"nothing required", facts(builtIn, has), nil, results("ok")},
		{"no rest", facts(builtIn, map[string]string{"main": "25.550.100"}), nil, results(missing)},
		{"rest doesn't load", &ServerModulesFacts{Required: builtIn, Versions: has, RESTLoads: new(false)}, nil, results(missing)},
		{"rest loads, by the product's log", &ServerModulesFacts{Required: builtIn, RESTLoads: new(true)}, nil, results("ok")},
		{"rest doesn't, by the product's log", &ServerModulesFacts{Required: builtIn, RESTLoads: new(false)}, nil, results(missing)},
		{"a module is there", facts(Required{Modules: map[string]string{"crm": "23.0.0"}}, has), nil, results("ok")},
		{"whatever its letters", facts(Required{Modules: map[string]string{"CRM": "23.0.0"}}, has), nil, results("ok")},
		{"too old", facts(Required{Modules: map[string]string{"crm": "24.0.0"}}, has), nil, results(outdated)},
		{"not there", facts(Required{Modules: map[string]string{"rpa": ""}}, has), nil, results(missing)},
		{"both", facts(Required{Modules: map[string]string{"rpa": "", "crm": "99.0.0"}}, has), nil, results(missing, outdated)},
		{"a method's module isn't there", facts(Required{Methods: []string{"rpa.type.add", "crm.item.list"}}, has), nil, results(missing)},
		{"an event's module isn't there", facts(Required{Events: []string{"ONIMBOTMESSAGEADD"}}, has), nil, results(missing)},
		{"nothing known", &ServerModulesFacts{}, nil, results("unknown unexpected-answer portal-admin")},
	})
}

func TestJudgeServerPlatform(t *testing.T) {
	facts := func(php, main, openssl string, missing ...string) *ServerPlatformFacts {
		return &ServerPlatformFacts{Web: true, PHP: &serverprobe.PHPSettings{Version: php, OpenSSL: openssl, Missing: missing}, Main: main, REST: "25.600.100"}
	}
	cli := func(f *ServerPlatformFacts) *ServerPlatformFacts { f.Web = false; return f }
	const today = "OpenSSL 3.0.13 30 Jan 2024"
	judge(t, ServerPlatform, []verdict{
		{"of today", facts("8.2.20", "25.550.100", today), nil, results("ok")},
		{"with Debian's suffix", facts("8.1.2-1ubuntu2.18", "25.550.100", today), nil, results("ok")},
		{"8.0 for main of 2025", facts("8.0.30", "25.750.0", today), nil, results("problem php-too-old server-admin")},
		{"8.0 for main of 2024", facts("8.0.30", "24.300.0", today), nil, results("ok")},
		{"7.4 for main of 2024", facts("7.4.33", "24.300.0", today), nil, results("problem php-too-old server-admin")},
		{"7.4 for main of 2021 is nobody's fault", &ServerPlatformFacts{Web: true, PHP: &serverprobe.PHPSettings{Version: "7.4.33", OpenSSL: today}, Main: "24.0.0", REST: "24.0.0"}, nil,
			results("problem php-too-old server-admin")},
		{"old PHP by the command line", cli(facts("7.4.33", "25.550.100", today)), nil, results("unknown php-too-old server-admin")},
		{"no openssl", facts("8.2.20", "25.550.100", "", "openssl", "ssl"), nil, results("problem php-extension-missing server-admin")},
		{"no pictures", facts("8.2.20", "25.550.100", today, "gd", "gd (FreeType)"), nil, results("notice php-extension-missing server-admin")},
		{"no pictures by the command line", cli(facts("8.2.20", "25.550.100", today, "gd")), nil, results("unknown php-extension-missing server-admin")},
		{"OpenSSL 1.0.1", facts("8.2.20", "25.550.100", "OpenSSL 1.0.1e-fips 11 Feb 2013"), nil, results("problem openssl-too-old server-admin")},
		{"OpenSSL 1.0.2", facts("8.2.20", "25.550.100", "OpenSSL 1.0.2k-fips  26 Jan 2017"), nil, results("ok")},
		{"LibreSSL counts otherwise", facts("8.2.20", "25.550.100", "LibreSSL 0.9.9"), nil, results("ok")},
		{"modules of 2020", &ServerPlatformFacts{Web: true, PHP: &serverprobe.PHPSettings{Version: "7.4.3", OpenSSL: today}, Main: "20.0.650", REST: "20.0.500"}, nil,
			results("notice platform-outdated portal-admin")},
		{"one module of 2023", &ServerPlatformFacts{Web: true, PHP: &serverprobe.PHPSettings{Version: "8.2.3", OpenSSL: today}, Main: "25.0.0", REST: "23.100.0"}, nil,
			results("notice platform-outdated portal-admin")},
		{"all of it", &ServerPlatformFacts{Web: true, PHP: &serverprobe.PHPSettings{Version: "7.4.3", OpenSSL: "OpenSSL 1.0.1e", Missing: []string{"xml"}}, Main: "23.300.100", REST: "23.100.0"}, nil,
			results("problem php-too-old server-admin", "problem php-extension-missing server-admin", "problem openssl-too-old server-admin", "notice platform-outdated portal-admin")},
		{"nothing known", &ServerPlatformFacts{}, nil, results("unknown unexpected-answer server-admin")},
	})
}

func TestJudgeAgents(t *testing.T) {
	facts := func(age, periodic int64, unsent int, oldest int) *AgentsFacts {
		f := &AgentsFacts{At: observedAt, Agents: &serverprobe.Agents{AgeS: &age, PeriodicAgeS: &periodic}}
		if unsent >= 0 {
			f.Usage = &serverprobe.Usage{UnsentDays: unsent, Oldest: observedAt.Add(-time.Duration(oldest) * days).Format(time.DateOnly)}
		}
		return f
	}
	const hour, day = 3600, 86400
	judge(t, ServerAgents, []verdict{
		{"running", facts(60, 600, 0, 0), nil, results("ok")},
		{"one kind runs", facts(30*day, 600, 0, 0), nil, results("ok")},
		{"by night nobody comes", facts(14*hour, 14*hour, 0, 0), nil, results("ok")},
		{"stopped", facts(2*day, 3*day, 0, 0), nil, results("notice agents-stopped server-admin")},
		{"stopped, so reports wait", facts(9*day, 9*day, 8, 9), nil, results("notice agents-stopped server-admin")},
		{"yesterday waits", facts(60, 60, 1, 1), nil, results("ok")},
		{"a week waits", facts(60, 60, 6, 7), nil, results("notice usage-backlog network-admin")},
		{"no table for reports", facts(60, 60, -1, 0), nil, results("ok")},
		{"a clock that went back", facts(-9000, -9000, 0, 0), nil, results("ok")},
		{"an age without end", facts(1<<60, 1<<60, 0, 0), nil, results("notice agents-stopped server-admin")},
		{"nobody ever ran", &AgentsFacts{At: observedAt, Agents: &serverprobe.Agents{}}, nil, results("unknown unexpected-answer server-admin")},
		{"nothing known", &AgentsFacts{}, nil, results("unknown unexpected-answer server-admin")},
	})
}

func TestJudgeSetup(t *testing.T) {
	handler := func(module, class string) serverprobe.Handler {
		return serverprobe.Handler{Module: module, Class: class}
	}
	oauth, hooks := handler("rest", `Bitrix\Rest\OAuth\Auth`), handler("rest", `Bitrix\Rest\APAuth\Auth`)
	moduleHandlers, own := handler("pull", `Bitrix\Pull\Rest\GuestAuth`), handler("demo.authprovider", `Demo\AuthProvider\Auth`)
	facts := func(setup serverprobe.Setup, change ...func(*SetupFacts)) *SetupFacts {
		f := &SetupFacts{At: observedAt, Setup: &setup, Handlers: &serverprobe.Handlers{Authorization: []serverprobe.Handler{oauth, hooks, moduleHandlers}},
			HTTPS: &serverprobe.HTTPS{Seen: true, Browser: "https://portal.example.ru"}}
		for _, c := range change {
			c(f)
		}
		return f
	}
	authorization := func(all ...serverprobe.Handler) func(*SetupFacts) {
		return func(f *SetupFacts) { f.Handlers = &serverprobe.Handlers{Authorization: all} }
	}
	browser := func(page string) func(*SetupFacts) {
		return func(f *SetupFacts) { f.HTTPS = &serverprobe.HTTPS{Browser: page} }
	}
	const checker, provider = "problem token-checker-missing server-admin", "notice custom-auth-provider portal-admin"
	judge(t, ServerRESTSetup, []verdict{
		{"usual", facts(serverprobe.Setup{}), nil, results("ok")},
		{"no token checker", facts(serverprobe.Setup{}, authorization(hooks, moduleHandlers)), nil, results(checker)},
		{"no handlers at all", facts(serverprobe.Setup{OAuthModule: true}, authorization()), nil, results(checker)},
		{"its class in other letters", facts(serverprobe.Setup{}, authorization(handler("rest", `bitrix\rest\oauth\auth`))), nil, results("ok")},
		{"a partner's provider", facts(serverprobe.Setup{}, authorization(oauth, own)), nil, results(provider)},
		{"a partner's provider in place of the checker", facts(serverprobe.Setup{}, authorization(own)), nil, results(provider)},
		{"a provider in init.php", facts(serverprobe.Setup{}, authorization(oauth, handler("", "Closure"))), nil, results(provider)},
		{"events by a partner's", facts(serverprobe.Setup{}, func(f *SetupFacts) { f.Handlers.Events = []serverprobe.Handler{own} }), nil, results("notice custom-event-provider portal-admin")},
		{"https not seen", facts(serverprobe.Setup{}, browser("https://portal.example.ru")), nil, results("problem https-not-seen server-admin")},
		{"opened by http", facts(serverprobe.Setup{}, browser("http://portal.example.ru")), nil, results("ok")},
		{"how it was opened isn't known", facts(serverprobe.Setup{}, browser("")), nil, results("ok")},
		{"closed", facts(serverprobe.Setup{SiteStopped: true}), nil, results("problem site-closed portal-admin")},
		{"the log is off", facts(serverprobe.Setup{EventHandlers: 3, LogEnds: observedAt.Unix() - 60}), nil, results("notice rest-log-off portal-admin")},
		{"the log is on", facts(serverprobe.Setup{EventHandlers: 3, LogEnds: observedAt.Unix() + 60}), nil, results("ok")},
		{"nothing to log", facts(serverprobe.Setup{}), nil, results("ok")},
		{"the network alone", &SetupFacts{}, nil, results("unknown unexpected-answer portal-admin")},
	})
}

func TestJudgeServerLicence(t *testing.T) {
	day := func(n int) string { return observedAt.Add(time.Duration(n) * days).Format(time.DateOnly) }
	facts := func(ends, support string) *ServerLicenceFacts {
		return &ServerLicenceFacts{At: observedAt, Licence: &serverprobe.Licence{Ends: ends, SupportEnds: support}}
	}
	demo := func(ends string) *ServerLicenceFacts {
		return &ServerLicenceFacts{At: observedAt, Licence: &serverprobe.Licence{Ends: ends, Demo: true}}
	}
	const ended, soon = "problem licence-ended portal-admin", "notice licence-ends-soon portal-admin"
	judge(t, ServerLicence, []verdict{
		{"for a year", facts(day(300), ""), nil, results("ok")},
		{"for a month", facts(day(30), ""), nil, results(soon)},
		{"its last day", facts(day(0), ""), nil, results(soon)},
		{"yesterday, somewhere", facts(day(-1), ""), nil, results(soon)},
		{"over", facts(day(-3), ""), nil, results(ended)},
		{"support alone, for a year", facts("", day(300)), nil, results("ok")},
		{"support alone, over", facts("", day(-30)), nil, results(ended)},
		{"the licence goes before support", facts(day(300), day(-30)), nil, results("ok")},
		{"a trial", demo(day(300)), nil, results("notice licence-demo portal-admin")},
		{"a trial that ends soon", demo(day(20)), nil, results("notice licence-demo portal-admin", soon)},
		{"a trial that is over", demo(day(-3)), nil, results(ended)},
		{"a trial without a date", demo(""), nil, results("notice licence-demo portal-admin")},
		{"no date", facts("", ""), nil, results("unknown unexpected-answer portal-admin")},
		{"no date that can be read", facts("01.02.2026", ""), nil, results("unknown unexpected-answer portal-admin")},
		{"nothing known", &ServerLicenceFacts{}, nil, results("unknown unexpected-answer portal-admin")},
	})
}

func TestJudgeServerNetwork(t *testing.T) {
	host := func(name string, change ...func(*ServerHost)) ServerHost {
		h := ServerHost{By: serverprobe.Shell, Host: name, Port: 443, Asked: true, Status: 200}
		for _, c := range change {
			c(&h)
		}
		return h
	}
	dead := endsAt(transport.StageTCP)
	log := func(name string, ok bool) *serverprobe.SystemCheck {
		return &serverprobe.SystemCheck{Connections: []serverprobe.Connection{{Test: "check_update", Host: name, Port: 80, OK: ok}}}
	}
	notAsked := func(h *ServerHost) { h.Asked, h.Status = false, 0 }
	byPHP := func(h *ServerHost) { h.By, h.For = serverprobe.PHP, useOf(h.Host) }
	const unreachable = "notice vendor-host-unreachable network-admin"
	const portalUnreachable = "problem vendor-host-unreachable network-admin"
	judge(t, ServerNetwork, []verdict{
		{"all reached", &ServerNetworkFacts{Hosts: []ServerHost{host("www.1c-bitrix.ru"), host("www.bitrixsoft.com")}}, nil, results("ok")},
		{"its own region's reached", &ServerNetworkFacts{Region: bitrix.CIS, Hosts: []ServerHost{host("www.1c-bitrix.ru"), host("www.bitrixsoft.com", dead)}}, nil, results("ok")},
		{"its own region's not", &ServerNetworkFacts{Region: bitrix.CIS, Hosts: []ServerHost{host("www.1c-bitrix.ru", dead), host("www.bitrixsoft.com")}}, nil, results(unreachable)},
		{"one region's reached", &ServerNetworkFacts{Hosts: []ServerHost{host("www.1c-bitrix.ru", dead), host("www.bitrixsoft.com")}}, nil, results("ok")},
		{"neither region's", &ServerNetworkFacts{Hosts: []ServerHost{host("www.1c-bitrix.ru", dead), host("www.bitrixsoft.com", dead)}}, nil, results(unreachable)},
		{"the portal's PHP reaches neither updates", &ServerNetworkFacts{Web: true, Region: bitrix.CIS, Hosts: []ServerHost{host("www.1c-bitrix.ru", dead, byPHP)}}, nil, results(portalUnreachable)},
		{"nor the Market, in Kazakhstan", &ServerNetworkFacts{Web: true, Region: bitrix.CIS, Hosts: []ServerHost{host("util.1c-bitrix.kz", dead, byPHP)}}, nil, results(portalUnreachable)},
		{"a shell saw it first", &ServerNetworkFacts{Web: true, Region: bitrix.CIS, Hosts: []ServerHost{host("www.1c-bitrix.ru", dead), host("www.1c-bitrix.ru", dead, byPHP)}}, nil, results(portalUnreachable)},
		{"a shell alone saw it", &ServerNetworkFacts{Web: true, Region: bitrix.CIS, Hosts: []ServerHost{host("www.1c-bitrix.ru", dead), host("util.1c-bitrix.ru", byPHP)}}, nil, results(unreachable)},
		{"PHP on the command line", &ServerNetworkFacts{Region: bitrix.CIS, Hosts: []ServerHost{host("www.1c-bitrix.ru", dead, byPHP)}}, nil, results(unreachable)},
		{"notifications alone", &ServerNetworkFacts{Web: true, Region: bitrix.World, Hosts: []ServerHost{host("rtc-cloud.bitrix.info", dead, byPHP), host("www.bitrixsoft.com", byPHP)}}, nil, results(unreachable)},
		{"PHP reaches its region's", &ServerNetworkFacts{Web: true, Region: bitrix.World, Hosts: []ServerHost{host("util.bitrixsoft.com", byPHP), host("www.1c-bitrix.ru", dead, byPHP)}}, nil, results("ok")},
		{"the log's reached", &ServerNetworkFacts{Log: log("www.1c-bitrix.ru", true)}, nil, results("ok")},
		{"the log's not", &ServerNetworkFacts{Log: log("www.1c-bitrix.ru", false)}, nil, results(unreachable)},
		{"its own region's not asked", &ServerNetworkFacts{Region: bitrix.CIS, Hosts: []ServerHost{host("www.1c-bitrix.ru", notAsked), host("www.bitrixsoft.com")}}, nil, results("unknown unexpected-answer network-admin")},
		{"one region's not, the other's not asked", &ServerNetworkFacts{Hosts: []ServerHost{host("www.1c-bitrix.ru", dead), host("www.bitrixsoft.com", notAsked)}}, nil, results(unreachable)},
		{"listed and not asked", &ServerNetworkFacts{Hosts: []ServerHost{host("www.1c-bitrix.ru", notAsked)}}, nil, results("unknown unexpected-answer network-admin")},
		{"listed and not asked, the log's reached", &ServerNetworkFacts{Hosts: []ServerHost{host("www.1c-bitrix.ru", notAsked)}, Log: log("www.1c-bitrix.ru", true)}, nil, results("ok")},
		{"the portal itself isn't the vendor's", &ServerNetworkFacts{Log: log("portal.example.ru", false)}, nil, results("unknown unexpected-answer network-admin")},
		{"nothing asked", &ServerNetworkFacts{Log: &serverprobe.SystemCheck{}}, nil, results("unknown unexpected-answer network-admin")},
		{"nothing known", &ServerNetworkFacts{}, nil, results("unknown unexpected-answer network-admin")},
	})
}

func TestJudgeServerSelf(t *testing.T) {
	at := func(layer transport.Stage) *ServerSelfFacts {
		return &ServerSelfFacts{ServerHost{By: serverprobe.PHP, Host: "portal.example.ru", Port: 443, Asked: true, Layer: layer, Addresses: []string{"10.0.0.5"}}}
	}
	badHere := FactsByCheck{PortalTLS: &TLSFacts{At: observedAt, Addresses: []TLSSeen{goodTLS(expired)}}}
	const cannot = "notice portal-cannot-reach-itself network-admin"
	judge(t, ServerSelf, []verdict{
		{"reached", at(""), nil, results("ok")},
		{"no name", at(transport.StageDNS), nil, results(cannot)},
		{"no way back in", at(transport.StageTCP), nil, results(cannot)},
		{"another certificate inside", at(transport.StageTLS), nil, results(cannot)},
		{"a certificate that is bad here, too", at(transport.StageTLS), badHere, results("skipped because portal-tls")},
		{"no way back in, and a bad certificate", at(transport.StageTCP), badHere, results(cannot)},
		{"not tried", &ServerSelfFacts{ServerHost{Host: "portal.example.ru"}}, nil, results("unknown unexpected-answer network-admin")},
	})
}

func TestJudgeServerPHP(t *testing.T) {
	const low = "notice php-limits-low server-admin"
	judge(t, ServerPHP, []verdict{
		{"as asked", &ServerPHPFacts{Web: true, MaxInputVars: "10000", SocketTimeout: "60"}, nil, results("ok")},
		{"one too few", &ServerPHPFacts{Web: true, MaxInputVars: "9999", SocketTimeout: "60"}, nil, results(low)},
		{"a second too short", &ServerPHPFacts{Web: true, MaxInputVars: "10000", SocketTimeout: "59"}, nil, results(low)},
		{"without end", &ServerPHPFacts{Web: true, MaxInputVars: "10000", SocketTimeout: "-1"}, nil, results("ok")},
		{"one of them is known", &ServerPHPFacts{Web: true, SocketTimeout: "60"}, nil, results("ok")},
		{"the command line's", &ServerPHPFacts{MaxInputVars: "1000", SocketTimeout: "60"}, nil, results(low)},
		{"no number is asked of these", &ServerPHPFacts{Web: true, MaxInputVars: "10000", PostMaxSize: "2M", MemoryLimit: "16M"}, nil, results("ok")},
		{"ini_get is disabled", &ServerPHPFacts{Web: true}, nil, results("unknown unexpected-answer server-admin")},
	})
}

func TestJudgeServerWebhooks(t *testing.T) {
	to := func(scheme, host, dns string, private bool) *ServerWebhooksFacts {
		return &ServerWebhooksFacts{Resolves: true, Outgoing: []serverprobe.Outgoing{{Scheme: scheme, Host: host, Number: 1, DNS: dns, Private: private}}}
	}
	noDNS, isolated := to("https", "gone.example.com", "failed", false), to("http", "10.0.0.5", "ok", true)
	noDNS.Resolves, isolated.Custom = false, true
	const unreachable = "problem handler-unreachable vendor"
	judge(t, ServerWebhooks, []verdict{
		{"public", to("https", "app.example.com", "ok", false), nil, results("ok")},
		{"a private address", to("https", "10.0.0.5", "ok", true), nil, results(unreachable)},
		{"a name of the network", to("https", "localhost", "ok", true), nil, results(unreachable)},
		{"IPv6", to("https", "2001:db8::1", "ok", false), nil, results("ok")},
		{"plain http", to("http", "app.example.com", "ok", false), nil, results(unreachable)},
		{"no such name", to("https", "gone.example.com", "failed", false), nil, results(unreachable)},
		{"the server finds no names at all", noDNS, nil, results("ok")},
		{"not resolved", to("https", "app.example.com", "", false), nil, results("ok")},
		{"the portal calls them itself", isolated, nil, results("ok")},
		{"unreadable", to("", "", "", false), nil, results("ok")},
		{"none", &ServerWebhooksFacts{Outgoing: []serverprobe.Outgoing{}}, nil, results("ok")},
	})
}

func TestJudgeOutside(t *testing.T) {
	dns := func(failure transport.Failure, all ...string) *DNSFacts {
		return &DNSFacts{Host: "portal.example.ru", Addresses: addresses(all...), Failure: failure}
	}
	tcp := func(failure transport.Failure) *TCPFacts {
		return &TCPFacts{Port: 443, Attempts: []TCPAttempt{{Address: "203.0.113.5", Failure: failure}}}
	}
	public, open := dns("", "203.0.113.5"), tcp("")
	good := &TLSFacts{At: observedAt, Addresses: []TLSSeen{goodTLS()}}
	bad := &TLSFacts{At: observedAt, Addresses: []TLSSeen{goodTLS(incomplete)}}
	const unseen, nothing = "problem not-seen-from-outside network-admin", "unknown unexpected-answer you"
	judge(t, PortalFromInternet, []verdict{
		{"reached", &OutsideFacts{DNS: public, TCP: open, TLS: good}, nil, results("ok", "portal-dns: ok", "portal-tls: ok")},
		{"no name", &OutsideFacts{DNS: dns(transport.NameUnknown)}, nil, results(unseen)},
		{"a sinkhole", &OutsideFacts{DNS: dns("", "0.0.0.0")}, nil, results(unseen)},
		{"refused", &OutsideFacts{DNS: public, TCP: tcp(transport.Refused)}, nil, results(unseen)},
		{"silent", &OutsideFacts{DNS: public, TCP: tcp(transport.Timeout)}, nil, results(unseen)},
		{"a private address and silence", &OutsideFacts{DNS: dns("", "10.0.0.5"), TCP: tcp(transport.Timeout)}, nil, results(unseen)},
		{"a private address and an answer: that was inside", &OutsideFacts{DNS: dns("", "10.0.0.5"), TCP: open, TLS: good}, nil, results(nothing)},
		{"that computer had no network", &OutsideFacts{DNS: dns(transport.NoNetwork)}, nil, results(nothing)},
		{"its resolver failed", &OutsideFacts{DNS: dns(transport.NameFailed)}, nil, results(nothing)},
		{"through a proxy", &OutsideFacts{DNS: &DNSFacts{Proxy: "proxy:3128"}, TCP: &TCPFacts{Proxy: "proxy:3128"}, Route: &RouteFacts{Exchange: Exchange{Status: 401, Form: portal.FormJSON}}}, nil,
			results("ok", "portal-dns: ok")},
		{"another certificate than here", &OutsideFacts{DNS: public, TCP: open, TLS: bad}, FactsByCheck{PortalTLS: good}, results("ok", "portal-dns: ok", "portal-tls: problem tls-incomplete-chain server-admin")},
		{"the same fault as here", &OutsideFacts{DNS: public, TCP: open, TLS: bad}, FactsByCheck{PortalTLS: bad}, results("ok", "portal-dns: ok")},
		{"nothing known", &OutsideFacts{Made: observedAt}, nil, results(nothing)},
	})
}

// TestFromOutside asserts that the results of a run from outside keep their facts and vantage.
func TestFromOutside(t *testing.T) {
	f := &OutsideFacts{DNS: &DNSFacts{Addresses: addresses("203.0.113.5")}, TCP: &TCPFacts{Attempts: []TCPAttempt{{}}}, TLS: &TLSFacts{At: observedAt, Addresses: []TLSSeen{goodTLS(expired)}}}
	for _, r := range find(t, PortalFromInternet).Judge(f, nil) {
		want := map[ID]Facts{PortalFromInternet: f, PortalDNS: f.DNS, PortalTLS: f.TLS}[r.Check]
		if r.Vantage != FromOutside || r.Facts != want {
			t.Errorf("%s: seen from %s, facts %T", r.Check, r.Vantage, r.Facts)
		}
	}
}

// TestPrecedence asserts how the results of the portal's server affect those of other vantages.
func TestPrecedence(t *testing.T) {
	connection := &AuthFacts{Deep: true, Tokens: []TokenAnswer{token(portal.InForm, saysError(401, bitrix.CodeConnectionError, ""))}}
	noDeep := &AuthFacts{}
	blocked := &AuthFacts{Deep: true, BlockedBy: PortalRedirect}
	timeout := &AuthFacts{Deep: true, Tokens: []TokenAnswer{token(portal.InForm, failedWith(transport.Timeout))}}
	server := func(hosts ...ServerHost) *ServerAuthFacts { return &ServerAuthFacts{Web: true, Hosts: hosts} }
	reached, dead := server(authHost(cisHost, true)), server(authHost(cisHost, true, endsAt(transport.StageTCP)))
	byCLI := &ServerAuthFacts{Hosts: reached.Hosts}
	setup := &SetupFacts{At: observedAt, Handlers: &serverprobe.Handlers{}}
	oldInventory := &InventoryFacts{Methods: []MethodFacts{{Name: ageMethod, Present: new(bool)}}}
	oldPlatform := &PlatformFacts{Modules: []VersionRange{{"rest", "", "23.100.0"}}}
	oldServer := &ServerPlatformFacts{Web: true, PHP: &serverprobe.PHPSettings{Version: "8.2.20"}, REST: "21.400.0"}
	crm := Required{Modules: map[string]string{"rpa": ""}}
	modules := &ServerModulesFacts{Required: crm, Versions: map[string]string{"rest": "25.0.0", "main": "25.0.0"}}
	for _, c := range []struct {
		id    ID
		cases []verdict
	}{
		{AuthServerFromPortal, []verdict{
			{"what was open is settled", noDeep, FactsByCheck{ServerAuthServer: reached}, results("ok")},
			{"a time-out of ours too", timeout, FactsByCheck{ServerAuthServer: reached}, results("ok")},
			{"and what no token may be sent for", blocked, FactsByCheck{ServerAuthServer: reached}, results("ok")},
			{"not by the command line's PHP", noDeep, FactsByCheck{ServerAuthServer: byCLI}, results("unknown needs-deep you")},
			{"not by a shell", noDeep, FactsByCheck{ServerAuthServer: server(authHost(cisHost, false, byShell))}, results("unknown needs-deep you")},
			{"a contradiction is shown", connection, FactsByCheck{ServerAuthServer: reached}, results("problem auth-server-unreachable network-admin")},
			{"the server knows why", connection, FactsByCheck{ServerAuthServer: dead}, results("skipped because server-auth-server")},
			{"and need not be asked by a token", noDeep, FactsByCheck{ServerAuthServer: dead}, results("skipped because server-auth-server")},
			{"another fault stands", &AuthFacts{Deep: true, Tokens: []TokenAnswer{token(portal.InForm, saysError(401, bitrix.CodeVerificationNeeded, ""))}}, FactsByCheck{ServerAuthServer: dead},
				results("problem licence-rejected portal-admin")},
			{"registration", &AuthFacts{Deep: true, Tokens: []TokenAnswer{token(portal.InForm, saysError(400, bitrix.CodeCore, "No client credentials"))}},
				FactsByCheck{ServerRegistration: &RegistrationFacts{Registration: &serverprobe.Registration{}}}, results("skipped because server-registration")},
			{"without a probe", noDeep, nil, results("unknown needs-deep you")},
		}},
		{HTTPSSeen, []verdict{
			{"the server's answer doesn't allow a token", &HTTPSFacts{Exchange: *failedWith(transport.Timeout)}, FactsByCheck{ServerRESTSetup: &SetupFacts{HTTPS: &serverprobe.HTTPS{Seen: true}}},
				results("unknown timeout server-admin")},
			{"the same fault once", &HTTPSFacts{Exchange: *saysError(401, bitrix.CodeInvalidRequest, "")}, FactsByCheck{ServerRESTSetup: &SetupFacts{HTTPS: &serverprobe.HTTPS{Browser: "https://portal.example.ru"}}},
				results("skipped because server-rest-setup")},
			{"a contradiction is shown", &HTTPSFacts{Exchange: *saysError(401, bitrix.CodeInvalidRequest, "")}, FactsByCheck{ServerRESTSetup: &SetupFacts{HTTPS: &serverprobe.HTTPS{Seen: true}, Setup: &serverprobe.Setup{}}},
				results("problem https-not-seen server-admin")},
		}},
		{TokenAccepted, []verdict{
			{"no token checker", &AcceptedFacts{Answer: errorAnswer(bitrix.CodeNoAuthFound, ""), JSON: errorAnswer(bitrix.CodeNoAuthFound, "")},
				FactsByCheck{ServerRESTSetup: setup, AuthServerFromPortal: &AuthFacts{Deep: true, Tokens: fourTimes(saysError(401, bitrix.CodeNoAuthFound, ""), saysError(401, bitrix.CodeNoAuthFound, ""),
					saysError(401, bitrix.CodeNoAuthFound, ""), saysError(401, bitrix.CodeNoAuthFound, ""))}}, results("skipped because server-rest-setup")},
		}},
		{MethodInventory, []verdict{
			{"old, by the portal's methods too", oldInventory, FactsByCheck{Platform: oldPlatform}, results("skipped because platform")},
			{"old, by the server too", oldInventory, FactsByCheck{Platform: oldPlatform, ServerPlatform: oldServer}, results("skipped because server-platform")},
			{"old, of unknown age by the portal's methods", oldInventory, FactsByCheck{Platform: &PlatformFacts{}}, results("notice platform-outdated portal-admin")},
			{"old, and a core method is missing", &InventoryFacts{Methods: append(slices.Clone(oldInventory.Methods), MethodFacts{Name: "batch", Present: new(bool)})}, FactsByCheck{Platform: oldPlatform},
				results("problem core-method-missing portal-admin")},
		}},
		{Platform, []verdict{
			{"old, by the server too", oldPlatform, FactsByCheck{ServerPlatform: oldServer}, results("skipped because server-platform")},
		}},
		{RequiredModules, []verdict{
			{"missing by the server's list", portalHas(crm), FactsByCheck{ServerModules: modules}, results("skipped because server-modules")},
			{"missing, and something else", portalHas(Required{Modules: map[string]string{"rpa": "", "crm": "23.0.0"}}), FactsByCheck{ServerModules: modules}, results("unknown module-version-unknown portal-admin")},
		}},
	} {
		judge(t, c.id, c.cases)
	}
	if r := conclude(find(t, AuthServerFromPortal), noDeep, FactsByCheck{ServerAuthServer: reached})[0]; r.Vantage != FromServer {
		t.Errorf("seen from %s", r.Vantage)
	}
}

// TestExactVersions asserts that the server's list settles what the portal's methods leave open.
func TestExactVersions(t *testing.T) {
	needs := Required{Modules: map[string]string{"crm": "23.400.0"}}
	for version, want := range map[string][]string{"": results("unknown module-version-unknown portal-admin"), "23.400.501": results("ok"), "23.100.0": results("problem module-outdated portal-admin")} {
		f := portalHas(needs)
		if version != "" {
			f.Versions = map[string]string{"main": "25.0.0", "rest": "25.0.0", "crm": version}
		}
		judge(t, RequiredModules, []verdict{{"crm " + version, f, nil, want}})
	}
}

// TestPrecedenceTable asserts that every row has existing causes.
func TestPrecedenceTable(t *testing.T) {
	declares := func(id ID, cause Cause) bool {
		for _, c := range find(t, id).Causes {
			if c == cause {
				return true
			}
		}
		return false
	}
	for _, p := range precedence {
		if !declares(p.check, p.cause) {
			t.Errorf("%s has no cause %s", p.check, p.cause)
		}
		for _, cause := range p.found {
			if !declares(p.better, cause) {
				t.Errorf("%s has no cause %s", p.better, cause)
			}
		}
		if p.better == p.check || slices.Contains(precededBy(p.better), p.check) {
			t.Errorf("%s and %s explain each other", p.check, p.better)
		}
	}
}

// TestOutsideJudgedAgain asserts that a saved run with results from outside is judged the same again, without duplicates.
func TestOutsideJudgedAgain(t *testing.T) {
	here, there := &TLSFacts{At: observedAt, Addresses: []TLSSeen{goodTLS()}}, &TLSFacts{At: observedAt, Addresses: []TLSSeen{goodTLS(incomplete)}}
	outside := &OutsideFacts{Made: observedAt, TCP: &TCPFacts{Attempts: []TCPAttempt{{}}}, TLS: there}
	first := append(find(t, PortalTLS).Judge(here, nil), find(t, PortalFromInternet).Judge(outside, FactsByCheck{PortalTLS: here})...)
	var saved []Result
	for _, r := range first {
		data, err := json.Marshal(r.Facts)
		if err != nil {
			t.Fatal(err)
		}
		r.Facts = json.RawMessage(data)
		saved = append(saved, r)
	}
	for _, broken := range []bool{false, true} {
		if broken { // as if of another version
			saved[1].Facts = json.RawMessage(`{"other":1}`)
		}
		again, _ := JudgeAgain(saved)
		lines := func(all []Result) (list []string) {
			for _, r := range all {
				list = append(list, written("", r)+" from "+string(r.Vantage))
			}
			return list
		}
		if diff := cmp.Diff(lines(first), lines(again)); diff != "" {
			t.Errorf("broken %t (-first +again):\n%s", broken, diff)
		}
	}
}
