package simportal

import (
	"fmt"
	"slices"
	"strings"
)

// Fault is one thing that can be wrong.
type Fault struct {
	Name   string
	Group  string
	Causes []string // "check/cause" that this fault must make visible; none for a fault without a cause of its own
	With   []string // what a client has to do to see it: "deep", "content-filter", "public-dns", "dns" (resolve through DNS), "proxy" (go through Proxy), "region" (ask this region alone)
	Words  string   // one line of English

	ports bool // decides which ports are open
}

// Faults is everything that Options.Faults and SetFaults understand, by group from
// the name inwards; inside a group the earlier one wins where two contradict.
func Faults() []Fault {
	out := slices.Clone(faultTable)
	for i := range out {
		out[i].Causes, out[i].With = slices.Clone(out[i].Causes), slices.Clone(out[i].With)
	}
	return out
}

var faultTable = []Fault{
	{Name: "dns-not-found", Group: "dns", Causes: []string{"portal-dns/dns-not-found"}, With: []string{"dns"}, Words: "the portal's name does not exist"},
	{Name: "dns-failed", Group: "dns", Causes: []string{"portal-dns/dns-failed"}, With: []string{"dns"}, Words: "the DNS server answers SERVFAIL"},
	{Name: "dns-failed-silent", Group: "dns", Causes: []string{"portal-dns/dns-failed"}, With: []string{"dns"}, Words: "the DNS server never answers about the portal"},
	{Name: "dns-private-only", Group: "dns", Causes: []string{"portal-dns/dns-private-only"}, With: []string{"dns"}, Words: "the name leads to a private address only"},
	{Name: "dns-sinkhole", Group: "dns", Causes: []string{"portal-dns/dns-sinkhole"}, With: []string{"dns"}, Words: "the name leads to 0.0.0.0"},
	{Name: "dns-sinkhole-loopback", Group: "dns", Causes: []string{"portal-dns/dns-sinkhole"}, With: []string{"dns"}, Words: "the name leads to 127.0.0.1"},
	{Name: "dns-differs", Group: "dns", Causes: []string{"portal-dns/dns-differs"}, With: []string{"dns", "public-dns"}, Words: "the public resolver gives another address than the DNS server here"},
	{Name: "dns-differs-absent", Group: "dns", Causes: []string{"portal-dns/dns-differs"}, With: []string{"dns", "public-dns"}, Words: "the public resolver does not know the name that the DNS server here knows"},

	{Name: "tcp-refused", Group: "tcp", Causes: []string{"portal-tcp/tcp-refused"}, Words: "the portal refuses connections", ports: true},
	{Name: "tcp-timeout", Group: "tcp", Causes: []string{"portal-tcp/tcp-timeout"}, Words: "connections to the portal are never answered", ports: true},
	{Name: "ipv6-dead", Group: "tcp", Causes: []string{"portal-tcp/ipv6-dead"}, With: []string{"dns"}, Words: "the portal's IPv6 address refuses connections, the IPv4 one works", ports: true},
	{Name: "http-refused", Group: "tcp", Words: "port 80 is closed, which is no fault", ports: true},

	{Name: "tls-not-tls", Group: "tls", Causes: []string{"portal-tls/tls-not-tls"}, Words: "port 443 answers in plain HTTP"},
	{Name: "tls-handshake-reset", Group: "tls", Causes: []string{"portal-tls/tls-handshake-failed"}, Words: "the server resets the connection during the handshake"},
	{Name: "tls-handshake-closed", Group: "tls", Causes: []string{"portal-tls/tls-handshake-failed"}, Words: "the server closes the connection during the handshake"},
	{Name: "tls-handshake-alert", Group: "tls", Causes: []string{"portal-tls/tls-handshake-failed"}, Words: "the server has no cipher suite in common (alert handshake_failure)"},
	{Name: "tls-old-protocol", Group: "tls", Causes: []string{"portal-tls/tls-old-protocol"}, Words: "the server speaks TLS 1.1 at most"},
	{Name: "tls-client-certificate", Group: "tls", Causes: []string{"portal-tls/tls-client-certificate"}, Words: "the server demands a client certificate (TLS 1.3)"},
	{Name: "tls-client-certificate-12", Group: "tls", Causes: []string{"portal-tls/tls-client-certificate"}, Words: "the server demands a client certificate (TLS 1.2)"},
	{Name: "tls-intercepted", Group: "tls", Causes: []string{"portal-tls/tls-intercepted"}, Words: "an antivirus program on this computer re-signs the portal's certificate"},
	{Name: "tls-intercepted-fortinet", Group: "tls", Causes: []string{"portal-tls/tls-intercepted"}, Words: "a firewall re-signs the portal's certificate"},
	{Name: "tls-self-signed", Group: "tls", Causes: []string{"portal-tls/tls-self-signed"}, Words: "the certificate is signed by itself"},
	{Name: "tls-private-ca", Group: "tls", Causes: []string{"portal-tls/tls-private-ca"}, Words: "the certificate comes from the company's own authority, whose root is sent along"},
	{Name: "tls-private-ca-no-root", Group: "tls", Causes: []string{"portal-tls/tls-private-ca"}, Words: "the same, but the root is not sent and nothing says where it is"},
	{Name: "tls-private-ca-aia", Group: "tls", Causes: []string{"portal-tls/tls-private-ca"}, Words: "the same, and the certificate says where the root is"},
	{Name: "tls-private-ca-aia-dead", Group: "tls", Causes: []string{"portal-tls/tls-private-ca"}, Words: "the intermediate is missing and the place where it should be answers 404: not provable which fault it is"},
	{Name: "tls-national-ca", Group: "tls", Causes: []string{"portal-tls/tls-national-ca"}, Words: "the certificate leads to the Russian Trusted Root CA"},
	{Name: "tls-incomplete-chain", Group: "tls", Causes: []string{"portal-tls/tls-incomplete-chain"}, Words: "the server does not send the intermediate certificate"},
	{Name: "tls-stale-intermediate", Group: "tls", Causes: []string{"portal-tls/tls-incomplete-chain"}, Words: "the server sends another intermediate certificate than the one that is needed"},
	{Name: "tls-root-only", Group: "tls", Causes: []string{"portal-tls/tls-incomplete-chain"}, Words: "the server sends the root but not the intermediate certificate"},
	{Name: "tls-expired", Group: "tls", Causes: []string{"portal-tls/tls-expired"}, Words: "the certificate has expired"},
	{Name: "tls-expired-intermediate", Group: "tls", Causes: []string{"portal-tls/tls-expired"}, Words: "the intermediate certificate has expired"},
	{Name: "tls-not-yet-valid", Group: "tls", Causes: []string{"portal-tls/tls-not-yet-valid"}, Words: "the certificate is not valid yet"},
	{Name: "tls-wrong-host", Group: "tls", Causes: []string{"portal-tls/tls-wrong-host"}, Words: "the certificate is for other names"},
	{Name: "tls-cn-only", Group: "tls", Causes: []string{"portal-tls/tls-wrong-host"}, Words: "the certificate has the name in the common name only"},
	{Name: "tls-weak-rsa1024", Group: "tls", Causes: []string{"portal-tls/tls-weak-certificate"}, Words: "the certificate's key is RSA with 1024 bits"},
	{Name: "tls-weak-sha1", Group: "tls", Causes: []string{"portal-tls/tls-weak-certificate"}, Words: "the certificate is signed with SHA-1"},
	{Name: "tls-expires-soon", Group: "tls", Causes: []string{"portal-tls/tls-expires-soon"}, Words: "the certificate expires in ten days"},
	{Name: "tls-second-address", Group: "tls", Causes: []string{"portal-tls/tls-expired"}, With: []string{"dns"}, Words: "the name has two addresses, and the second one serves an expired certificate", ports: true},

	{Name: "throttle", Group: "etiquette", Words: "more than 12 requests in 10 s get HTML 429, as the product's activity control does"},

	{Name: "rest-timeout", Group: "front", Causes: []string{"rest-route/timeout"}, Words: "the portal never answers"},
	{Name: "rest-server-error", Group: "front", Causes: []string{"rest-route/rest-server-error"}, Words: "the web server answers 502 for PHP"},
	{Name: "rest-server-error-empty", Group: "front", Causes: []string{"rest-route/rest-server-error"}, Words: "PHP dies: status 500 and nothing else"},
	{Name: "rest-basic-auth", Group: "front", Causes: []string{"rest-route/rest-basic-auth"}, Words: "the web server asks for a name and password"},
	{Name: "rest-blocked", Group: "front", Causes: []string{"rest-route/rest-blocked"}, Words: "something in front answers HTML 403"},
	{Name: "rest-blocked-modsecurity", Group: "front", Causes: []string{"rest-route/rest-blocked"}, Words: "ModSecurity answers 406"},
	{Name: "rest-blocked-cloudflare", Group: "front", Causes: []string{"rest-route/rest-blocked"}, Words: "Cloudflare answers 403"},
	{Name: "token-echoed", Group: "front", Words: "something in front refuses tokens and quotes them"},
	{Name: "body-filtered", Group: "front", Causes: []string{"content-filter/body-filtered"}, With: []string{"content-filter"}, Words: "a filter answers HTML 403 to bodies with <script or select * from"},

	{Name: "redirect-drops-post", Group: "redirect", Causes: []string{"portal-redirect/redirect-drops-post"}, Words: "the https address answers a call with 301"},
	{Name: "redirect-drops-post-302", Group: "redirect", Causes: []string{"portal-redirect/redirect-drops-post"}, Words: "the https address answers a call with 302"},
	{Name: "redirect-keeps-post", Group: "redirect", Words: "the https address answers a call with 308 to the same host, which keeps the body"},
	{Name: "redirect-other-host", Group: "redirect", Causes: []string{"portal-redirect/redirect-other-host", "portal-redirect/redirect-drops-post"}, Words: "the https address redirects to www with 301"},
	{Name: "redirect-other-host-307", Group: "redirect", Causes: []string{"portal-redirect/redirect-other-host"}, Words: "the https address redirects to www with 307"},
	{Name: "redirect-other-host-http", Group: "redirect", Causes: []string{"portal-redirect/redirect-other-host"}, Words: "port 80 alone redirects to www"},
	{Name: "redirect-other-host-later", Group: "redirect", Causes: []string{"portal-redirect/redirect-other-host"}, Words: "port 80 redirects to itself with a slash, and from there to www"},
	{Name: "redirect-loop", Group: "redirect", Causes: []string{"portal-redirect/redirect-loop"}, Words: "the https address redirects to itself"},
	{Name: "redirect-loop-http", Group: "redirect", Causes: []string{"portal-redirect/redirect-loop"}, Words: "port 80 redirects to itself"},
	{Name: "http-serves", Group: "redirect", Words: "port 80 answers calls itself instead of redirecting"},

	{Name: "rest-login-page", Group: "route", Causes: []string{"rest-route/rest-login-page"}, Words: "/rest/ leads to the login page (302 to /auth/)"},
	{Name: "rest-login-page-html", Group: "route", Causes: []string{"rest-route/rest-login-page"}, Words: "/rest/ shows the login form"},
	{Name: "rest-not-found", Group: "route", Causes: []string{"rest-route/rest-not-found"}, Words: "/rest/ is nginx's own 404"},
	{Name: "rest-not-found-portal", Group: "route", Causes: []string{"rest-route/rest-not-found"}, Words: "/rest/ is the portal's 404 page"},
	{Name: "rest-module-missing", Group: "route", Causes: []string{"rest-route/rest-module-missing"}, Words: "the rest module is not installed: empty 200"},
	{Name: "rest-not-bitrix", Group: "route", Causes: []string{"rest-route/rest-not-bitrix"}, Words: "another product answers with HTML"},
	{Name: "rest-not-bitrix-json", Group: "route", Causes: []string{"rest-route/rest-not-bitrix"}, Words: "another product answers with JSON"},
	{Name: "rest-cut-off-closed", Group: "route", Causes: []string{"rest-route/rest-cut-off"}, Words: "the connection is closed instead of an answer"},
	{Name: "rest-cut-off-reset", Group: "route", Causes: []string{"rest-route/rest-cut-off"}, Words: "the connection is reset instead of an answer"},

	{Name: "rest-cut-off", Group: "answer", Causes: []string{"rest-route/rest-cut-off"}, Words: "the connection ends inside the answer"},
	{Name: "rest-cut-off-endless", Group: "answer", Causes: []string{"rest-route/rest-cut-off"}, Words: "the answer has no end"},
	{Name: "rest-gzip-bomb", Group: "answer", Causes: []string{"rest-route/rest-cut-off"}, Words: "a small compressed answer unpacks to half a gigabyte"},
	{Name: "rest-bad-gzip", Group: "answer", Causes: []string{"rest-route/unexpected-answer"}, Words: "the answer is damaged gzip"},
	{Name: "rest-slow", Group: "answer", Causes: []string{"rest-route/timeout"}, Words: "the answer comes at one byte a second"},
	{Name: "rest-polluted-bom", Group: "answer", Causes: []string{"rest-route/rest-polluted"}, Words: "a byte order mark stands before the JSON"},
	{Name: "rest-polluted-notice", Group: "answer", Causes: []string{"rest-route/rest-polluted"}, Words: "PHP notices stand before the JSON"},
	{Name: "rest-polluted-after", Group: "answer", Causes: []string{"rest-route/rest-polluted"}, Words: "HTML stands after the JSON"},

	{Name: "rest-server-error-json", Group: "site", Causes: []string{"rest-route/rest-server-error"}, Words: "the portal answers 500 with INTERNAL_SERVER_ERROR"},
	{Name: "rest-site-closed", Group: "site", Causes: []string{"rest-route/rest-site-closed"}, Words: "the public part is closed: PORTAL_DELETED"},

	{Name: "core-method-missing", Group: "methods", Causes: []string{"method-inventory/core-method-missing"}, Words: "the method event.bind does not exist"},
	{Name: "core-method-missing-batch", Group: "methods", Causes: []string{"method-inventory/core-method-missing"}, Words: "the method batch does not exist"},
	{Name: "platform-outdated", Group: "methods", Causes: []string{"method-inventory/platform-outdated"}, Words: "a rest module of 2021: no method.get, no feature.get, no REST 3.0"},

	{Name: "https-not-seen", Group: "https", Causes: []string{"https-seen/https-not-seen"}, Words: "PHP does not see that the request came over https"},
	{Name: "https-seen-odd", Group: "https", Causes: []string{"https-seen/unexpected-answer"}, Words: "webhook addresses answer with the portal's 404 page"},

	{Name: "clock-off", Group: "clock", Causes: []string{"portal-clock/clock-off"}, Words: "the portal's clock is 3 minutes fast"},
	{Name: "clock-wrong", Group: "clock", Causes: []string{"portal-clock/clock-wrong"}, Words: "the portal's clock is 20 minutes fast"},
	{Name: "clock-wrong-slow", Group: "clock", Causes: []string{"portal-clock/clock-wrong"}, Words: "the portal's clock is 20 minutes slow"},
	{Name: "clock-wrong-unproved", Group: "clock", Causes: []string{"portal-clock/clock-off"}, Words: "the portal's clock is 20 minutes fast and the authorization servers send no Date"},
	{Name: "self-clock", Group: "clock", Causes: []string{"self-clock/clock-wrong"}, Words: "the portal and the authorization servers are 20 minutes ahead: it is this computer that is wrong"},
	{Name: "no-auth-date", Group: "clock", Words: "the authorization servers send no Date"},

	{Name: "intranet-absent", Group: "authorization", Causes: []string{"auth-server-from-portal/needs-deep"}, Words: "no intranet module: no user.current, no pages under /oauth/"},
	{Name: "needs-deep", Group: "authorization", Causes: []string{"auth-server-from-portal/needs-deep"}, Words: "the page /oauth/token/ is missing"},
	{Name: "token-proxy-broken", Group: "authorization", Causes: []string{"auth-server-from-portal/needs-deep"}, Words: "the page /oauth/token/ is empty"},
	{Name: "portal-not-registered", Group: "authorization", Causes: []string{"auth-server-from-portal/portal-not-registered"}, With: []string{"deep"}, Words: "the portal never registered at the authorization server"},
	{Name: "auth-server-unreachable", Group: "authorization", Causes: []string{"auth-server-from-portal/auth-server-unreachable"}, With: []string{"deep"}, Words: "the portal is refused by the authorization server at once"},
	{Name: "auth-server-unreachable-slow", Group: "authorization", Causes: []string{"auth-server-from-portal/auth-server-unreachable"}, With: []string{"deep"}, Words: "the portal waits 15 s for the authorization server in vain"},
	{Name: "auth-server-html", Group: "authorization", Causes: []string{"auth-server-from-portal/auth-server-unreachable"}, With: []string{"deep"}, Words: "the portal gets HTML instead of the authorization server"},
	{Name: "licence-rejected", Group: "authorization", Causes: []string{"auth-server-from-portal/licence-rejected"}, With: []string{"deep"}, Words: "the authorization server rejects the licence"},
	{Name: "portal-credentials-refused", Group: "authorization", Causes: []string{"auth-server-from-portal/portal-credentials-refused"}, With: []string{"deep"}, Words: "the authorization server refuses the portal's own credentials"},
	{Name: "token-checker-missing", Group: "authorization", Causes: []string{"auth-server-from-portal/token-checker-missing"}, With: []string{"deep"}, Words: "the rest module's token checker is not registered"},

	{Name: "auth-header-stripped", Group: "credentials", Causes: []string{"credentials-arrive/auth-header-stripped"}, With: []string{"deep"}, Words: "the header Authorization does not reach PHP"},
	{Name: "post-body-lost", Group: "credentials", Causes: []string{"credentials-arrive/post-body-lost"}, With: []string{"deep"}, Words: "bodies of POST requests do not reach PHP"},
	{Name: "json-body-lost", Group: "credentials", Words: "JSON bodies alone do not reach PHP"},

	{Name: "app-missing", Group: "portal", Words: "the token's application is not on the portal"},
	{Name: "app-inactive", Group: "portal", Words: "the token's application is switched off"},
	{Name: "user-inactive", Group: "portal", Words: "the token's user is dismissed"},
	{Name: "user-never-logged-in", Group: "portal", Words: "the token's user has never signed in"},
	{Name: "user-no-access", Group: "portal", Words: "the application is not open to the token's user"},
	{Name: "cached-error", Group: "portal", Words: "the portal remembers a refused licence for the tokens that it knows, though the licence is good by now"},
	{Name: "cloud-statuses", Group: "portal", Words: "HTTP statuses as documented for the cloud instead of a box's 401"},

	{Name: "authorize-login", Group: "authorize", Words: "/oauth/authorize/ shows the login form"},
	{Name: "authorize-error", Group: "authorize", Words: "/oauth/authorize/ shows the authorization server's error"},
	{Name: "authorize-code-box", Group: "authorize", Words: "/oauth/authorize/ shows the code instead of redirecting"},
	{Name: "authorize-empty-box", Group: "authorize", Words: "/oauth/authorize/ shows an empty code"},

	{Name: "auth-host-unreachable", Group: "vendor", Causes: []string{"auth-server-from-computer/vendor-host-unreachable"}, Words: "both authorization servers refuse this computer", ports: true},
	{Name: "auth-host-unreachable-cis", Group: "vendor", With: []string{"region"}, Causes: []string{"auth-server-from-computer/vendor-host-unreachable"}, Words: "the authorization server for the CIS refuses this computer", ports: true},
	{Name: "auth-host-unreachable-world", Group: "vendor", With: []string{"region"}, Causes: []string{"auth-server-from-computer/vendor-host-unreachable"}, Words: "the authorization server for the world refuses this computer", ports: true},
	{Name: "auth-host-unreachable-all", Group: "vendor", Causes: []string{"auth-server-from-computer/vendor-host-unreachable"}, Words: "no vendor's host lets this computer in", ports: true},
	{Name: "auth-host-intercepted", Group: "vendor", Causes: []string{"auth-server-from-computer/vendor-host-unreachable"}, Words: "a firewall re-signs the authorization servers' certificates"},
	{Name: "feed-unreachable", Group: "vendor", Causes: []string{"queue-feed/feed-unreachable"}, Words: "the event queue's address lists refuse connections", ports: true},
	{Name: "feed-invalid", Group: "vendor", Causes: []string{"queue-feed/feed-invalid"}, Words: "the event queue's address lists are HTML"},
	{Name: "feed-empty", Group: "vendor", Causes: []string{"queue-feed/feed-invalid"}, Words: "the event queue's address lists are empty"},

	{Name: "proxy-auth", Group: "proxy", Causes: []string{"portal-tls/proxy-auth-required"}, With: []string{"proxy"}, Words: "the proxy wants a name and password (407)"},
	{Name: "proxy-refused", Group: "proxy", Causes: []string{"portal-tls/proxy-refused"}, With: []string{"proxy"}, Words: "the proxy refuses to connect (403)"},
}

// faultSet is what is wrong at the moment.
type faultSet struct{ names map[string]bool }

func newFaultSet(names []string) (*faultSet, error) {
	set := &faultSet{names: map[string]bool{}}
	for _, n := range names {
		if !slices.ContainsFunc(faultTable, func(f Fault) bool { return f.Name == n }) {
			return nil, unknownFault(n)
		}
		set.names[n] = true
	}
	return set, nil
}

func (f *faultSet) on(name string) bool { return f.names[name] }

// any returns the first of the names that is on, "" if none is.
func (f *faultSet) any(names ...string) string {
	for _, n := range names {
		if f.names[n] {
			return n
		}
	}
	return ""
}

// in returns the first fault of a group that is on, "" if none is.
func (f *faultSet) in(group string) string {
	for _, t := range faultTable {
		if t.Group == group && f.names[t.Name] {
			return t.Name
		}
	}
	return ""
}

func unknownFault(name string) error {
	type near struct {
		name string
		d    int
	}
	var all []near
	for _, f := range faultTable {
		d := distance(name, f.Name)
		if name != "" && (strings.Contains(f.Name, name) || strings.Contains(name, f.Name)) {
			d = 1
		}
		all = append(all, near{f.Name, d})
	}
	slices.SortStableFunc(all, func(a, b near) int { return a.d - b.d })
	var names []string
	for _, n := range all {
		if len(names) < 5 && n.d <= max(3, len(name)/2) {
			names = append(names, n.name)
		}
	}
	if len(names) == 0 {
		return fmt.Errorf("unknown fault %q", name)
	}
	return fmt.Errorf("unknown fault %q; near it: %s", name, strings.Join(names, ", "))
}

// distance counts the letters to change, add or remove between two names.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
