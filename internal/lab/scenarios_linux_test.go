package lab

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"boxready/internal/bitrix"
	"boxready/internal/simportal"
)

// scenario is one fault in an otherwise healthy testbed, and the findings that the program must report: exactly
// these.
type scenario struct {
	name      string
	long      bool                                // left out of the short form
	faults    []string                            // of the simulated portal
	addresses []string                            // of the portal in the resolver; nil: its own
	zone      string                              // more of unbound's configuration
	egress    func(*http.Transport)               // of the portal
	front     func(*testbed)                      // starts the server in front of the portal
	handler   func(w *testbed, p string)          // starts the host of event handlers; then a sign-in and the event test are part of the scenario
	breaks    func(*testbed)                      // breaks something
	prepare   func(w *testbed, p string) []string // returns more flags, found with the program itself
	env       []string                            // of the computer
	flags     []string
	want      []string // "state check/cause"
}

var (
	deep    = []string{"--deep"}
	large   = []string{"--deep", "--body-size"}
	only4   = []string{portal4}
	authCIS = hostname(bitrix.AuthServer(bitrix.CIS))
)

const (
	noVendor      = "notice auth-server-from-computer/vendor-host-unreachable"
	noMarket      = "notice server-network/vendor-host-unreachable" // the lab has no other vendor hosts
	noMarketByPHP = "problem server-network/vendor-host-unreachable"
	limitsLow     = "notice server-php/php-limits-low"
	noSelf        = "notice server-self/portal-cannot-reach-itself"
	serverNoAuth  = "problem server-auth-server/auth-server-unreachable"
	noAuth        = "problem auth-server-from-portal/auth-server-unreachable"
)

var scenarios = []scenario{
	{name: "healthy"},
	{name: "healthy, deep run", flags: []string{"--deep", "--content-filter", "--public-dns"}},

	// The connection from the computer to the portal.
	{name: "site's gateway drops", breaks: nft("uplink", "forward", "iifname cable tcp dport 443 drop"), want: []string{"problem portal-tcp/tcp-timeout"}},
	{name: "site's gateway rejects with a reset", breaks: nft("uplink", "forward", "iifname cable tcp dport 443 reject with tcp reset"), want: []string{"problem portal-tcp/tcp-refused"}},
	{name: "site's gateway rejects with ICMP", breaks: nft("uplink", "forward", "iifname cable tcp dport 443 reject with icmpx admin-prohibited"), want: []string{"problem portal-tcp/tcp-refused"}},
	{name: "web server is down", front: func(*testbed) {}, want: []string{"problem portal-tcp/tcp-refused"}},
	{name: "port 80 is closed, which is no fault", breaks: nft("uplink", "forward", "iifname cable tcp dport 80 drop")},
	{name: "IPv6 is dropped", breaks: nft("uplink", "forward", "ip6 daddr "+portal6+" drop"), want: []string{"notice portal-tcp/ipv6-dead"}},
	{name: "IPv6 is rejected", breaks: nft("uplink", "forward", "ip6 daddr "+portal6+" reject with icmpx admin-prohibited"), want: []string{"notice portal-tcp/ipv6-dead"}},
	{name: "computer without IPv6", breaks: shell("computer", "ip -6 route del default; ip -6 addr flush dev cable")},
	{name: "IPv6 alone, and a computer without", addresses: []string{portal6}, breaks: shell("computer", "ip -6 route del default; ip -6 addr flush dev cable"),
		want: []string{"unknown portal-tcp/no-network"}},
	{name: "MTU black hole", addresses: only4, breaks: func(w *testbed) {
		w.run("uplink", "ip link set cable mtu 600")
		w.nft("uplink", "output", "icmp type destination-unreachable drop")
	}, want: []string{"unknown portal-tls/timeout"}},
	{name: "small MTU, which is no fault", addresses: only4, breaks: shell("uplink", "ip link set cable mtu 600")},
	{name: "every fifth packet is lost", long: true, addresses: only4, breaks: nft("internet", "forward", "oifname computer ip saddr "+portal4+" numgen inc mod 5 < 1 drop")},
	{name: "satellite latency of 700 ms", long: true, front: func(w *testbed) { w.delayRelay("portal", ":443", "127.0.0.1:8443", 700*time.Millisecond) }, flags: deep},
	{name: "latency of 3 s", long: true, front: func(w *testbed) { w.delayRelay("portal", ":443", "127.0.0.1:8443", 3*time.Second) }},

	// Names.
	{name: "NXDOMAIN", addresses: []string{}, want: []string{"problem portal-dns/dns-not-found"}},
	{name: "SERVFAIL", addresses: []string{}, zone: servfail(portalName), want: []string{"unknown portal-dns/dns-failed"}},
	{name: "silent resolver", addresses: []string{}, zone: "  local-zone: " + portalName + " deny\n", want: []string{"unknown portal-dns/dns-failed"}},
	{name: "no resolver at all", breaks: nft("internet", "forward", "th dport 53 reject"), want: []string{"unknown portal-dns/dns-failed", noVendor}},
	{name: "resolver behind a dropping firewall", long: true, breaks: nft("internet", "forward", "th dport 53 drop"), want: []string{"unknown portal-dns/dns-failed", noVendor}},
	{name: "blocked by a resolver", addresses: []string{"0.0.0.0"}, want: []string{"problem portal-dns/dns-sinkhole"}},
	{name: "wrong address: unassigned", addresses: []string{unused4}, want: []string{"problem portal-tcp/tcp-refused"}},
	{name: "wrong address: another server", addresses: []string{handler4}, want: []string{"problem portal-tls/tls-wrong-host", "problem rest-route/rest-not-bitrix"}},
	{name: "one of two addresses is dead", addresses: []string{portal4, unused4}, want: []string{"notice portal-tcp/address-partly-dead"}},
	{name: "one of two addresses is silent", addresses: []string{portal4, unused4}, breaks: nft("internet", "forward", "ip daddr "+unused4+" drop"), want: []string{"notice portal-tcp/address-partly-dead"}},
	{name: "split horizon: private here", addresses: []string{private4}, breaks: privateAddress, want: []string{"notice portal-dns/dns-private-only"}},
	{name: "split horizon: private here, public outside", addresses: []string{private4}, breaks: privateAddress, flags: []string{"--public-dns"}, want: []string{"notice portal-dns/dns-differs"}},

	// The portal's outgoing connections.
	{name: "portal's outgoing traffic: DROP", flags: deep, breaks: nft("uplink", "forward", "iifname portal ip daddr "+authCIS4+" drop"), want: []string{noAuth}},
	{name: "portal's outgoing traffic: REJECT", flags: deep, breaks: nft("uplink", "forward", "iifname portal ip daddr "+authCIS4+" reject"), want: []string{noAuth}},
	{name: "portal's outgoing traffic: REJECT, without consent deep", breaks: nft("uplink", "forward", "iifname portal ip daddr "+authCIS4+" reject"),
		want: []string{"unknown auth-server-from-portal/needs-deep"}},
	{name: "portal's outgoing traffic: only the old host is open", flags: deep,
		breaks: nft("uplink", "forward", "iifname portal ct state established,related accept", "iifname portal th dport 53 accept", "iifname portal ip daddr "+authWld4+" accept", "iifname portal drop"),
		want:   []string{noAuth}},
	{name: "portal's resolver doesn't know the authorization server", flags: deep, zone: forPortal("local-zone: " + authCIS + " always_nxdomain"), want: []string{noAuth}},
	{name: "portal's resolver is silent", flags: deep, breaks: nft("uplink", "forward", "iifname portal th dport 53 drop"), want: []string{noAuth}},
	{name: "portal's outgoing TLS is intercepted", flags: deep, breaks: func(w *testbed) {
		w.squid("uplink", siteGate4, intercepting, gatewayCA)
		w.nft("uplink", "prerouting", "iifname portal tcp dport 443 redirect to :3130")
	}, want: []string{noAuth}},
	{name: "portal has to use a proxy, and doesn't", flags: deep, breaks: func(w *testbed) {
		w.squid("uplink", siteGate4, "http_access allow all", "")
		w.nft("uplink", "forward", "iifname portal tcp dport 443 drop")
	}, want: []string{noAuth}},
	{name: "portal has to use a proxy, and does", flags: deep, egress: func(t *http.Transport) {
		t.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: siteGate4 + ":3128"})
	}, breaks: func(w *testbed) {
		w.squid("uplink", siteGate4, "http_access allow all", "")
		w.nft("uplink", "forward", "iifname portal tcp dport 443 drop")
	}},
	{name: "authorization server is down", flags: deep, breaks: nft("auth", "input", "tcp dport 443 reject with tcp reset"), want: []string{noAuth, noVendor}},
	{name: "a portal's network that answers in HTML", flags: deep, zone: forPortal("local-zone: "+authCIS+" redirect", "local-data: \""+authCIS+" A "+aia4+"\""), want: []string{noAuth}},

	// The same faults, diagnosed with the script that runs on the portal's server.
	{name: "script: DROP", long: true, flags: deep, prepare: probe, breaks: nft("uplink", "forward", "iifname portal ip daddr { "+authCIS4+", "+authWld4+" } drop"), want: []string{serverNoAuth, noMarket}},
	{name: "script: REJECT", flags: deep, prepare: probe, breaks: nft("uplink", "forward", "iifname portal ip daddr { "+authCIS4+", "+authWld4+" } reject"), want: []string{serverNoAuth, noMarket}},
	{name: "script: only the old host is open", flags: deep, prepare: probe, breaks: nft("uplink", "forward", "iifname portal ip daddr "+authCIS4+" reject"), want: []string{noAuth, "unknown server-auth-server/auth-server-unreachable", noMarket}},
	{name: "script: the name isn't known", flags: deep, prepare: probe, zone: forPortal("local-zone: "+authCIS+" always_nxdomain", "local-zone: "+hostname(bitrix.AuthServer(bitrix.World))+" always_nxdomain"), want: []string{serverNoAuth, noMarket}},
	{name: "script: intercepted", flags: deep, prepare: probe, breaks: func(w *testbed) {
		w.squid("uplink", siteGate4, intercepting, gatewayCA)
		w.nft("uplink", "prerouting", "iifname portal tcp dport 443 redirect to :3130")
	}, want: []string{"problem server-auth-server/tls-intercepted", noMarket}},
	{name: "script: healthy", flags: deep, prepare: probe, want: []string{noMarket}},
	{name: "script: the portal's own name isn't known", flags: deep, prepare: probe, zone: forPortal("local-zone: " + portalName + " always_nxdomain"), want: []string{noSelf, noMarket}},
	{name: "script: no way back in", flags: deep, prepare: probe, zone: ownAddress(uplink4), want: []string{noSelf, noMarket}},
	{name: "script: no way back in, packets are dropped", flags: deep, prepare: probe, zone: ownAddress(uplink4), breaks: nft("uplink", "input", "iifname portal tcp dport 443 drop"), want: []string{noSelf, noMarket}},
	{name: "script: another server under its own name", flags: deep, prepare: probe, zone: ownAddress(handler4), want: []string{noSelf, noMarket}},
	{name: "script: hairpin NAT", flags: deep, prepare: probe, zone: ownAddress(uplink4), breaks: func(w *testbed) {
		w.nft("uplink", "prerouting", "iifname portal ip daddr "+uplink4+" tcp dport 443 dnat to "+portal4)
		w.nft("uplink", "postrouting", "oifname portal ip daddr "+portal4+" tcp dport 443 masquerade")
	}, want: []string{noMarket}},

	// The computer's connections to the vendor's hosts, which prove nothing about the portal.
	{name: "computer doesn't reach the authorization servers", flags: deep, breaks: nft("internet", "forward", "iifname computer ip daddr { "+authCIS4+", "+authWld4+" } reject"), want: []string{noVendor}},
	{name: "computer doesn't reach the lists of the queue", breaks: nft("internet", "forward", "iifname computer ip daddr { "+feedCIS4+", "+feedWld4+" } reject"), want: []string{"notice queue-feed/feed-unreachable"}},
	{name: "application's server drops", long: true, prepare: requires, breaks: nft("handler", "input", "tcp dport 443 drop"), want: []string{"unknown application-hosts/host-unreachable"}},
	{name: "application's server rejects", prepare: requires, breaks: nft("handler", "input", "tcp dport 443 reject with tcp reset"), want: []string{"problem application-hosts/host-unreachable"}},
	{name: "application's server is there", prepare: requires},

	// Delivery of an event.
	{name: "event", handler: receiver, want: []string{delivered}},
	{name: "event: nginx before the receiver", handler: proxied(proxyPassEvents, ""), want: []string{delivered}},
	{name: "event: nginx doesn't forward the client's address", handler: proxied("proxy_pass http://127.0.0.1:8085;", ""), long: true, want: []string{"ok event-delivery/unlisted"}},
	{name: "event: portal's outgoing traffic is rejected", handler: receiver, breaks: nft("uplink", "forward", "iifname portal ip daddr "+authCIS4+" reject"), want: []string{noAuth, "problem token-accepted/auth-server-unreachable"}},
	{name: "event: portal's gateway intercepts TLS and blocks events", handler: receiver, long: true, breaks: func(w *testbed) {
		w.squid("uplink", siteGate4, "acl event urlpath_regex ^/rest/rest.event.call\nhttp_access deny event\n"+intercepting, gatewayCA)
		w.nft("uplink", "prerouting", "iifname portal tcp dport 443 redirect to :3130")
		w.trusted.AppendCertsFromPEM(w.read("gateway.crt"))
	}, want: []string{notDelivered}},
	{name: "event: handler's firewall drops the queue", handler: receiver, long: true, breaks: nft("handler", "input", "ip saddr "+queue4+" drop"), want: []string{notDelivered}},
	{name: "event: handler's firewall rejects the queue", handler: receiver, long: true, breaks: nft("handler", "input", "ip saddr "+queue4+" reject with tcp reset"), want: []string{notDelivered}},
	{name: "event: the queue's resolver doesn't know the handler", handler: receiver, long: true, zone: forQueue("local-zone: " + simportal.HandlerHost + " always_nxdomain"), want: []string{notDelivered}},
	{name: "event: the queue finds the handler's former server", handler: receiver, long: true, zone: forQueue(isAt(handler4)...), want: []string{notDelivered}},
	{name: "event: handler in the computer's network", handler: private, long: true, want: []string{"unknown event-delivery/unexpected-answer at travel"},
		zone: viewFor(computer4, isAt(eventsPrivate4)) + forQueue("local-zone: "+simportal.HandlerHost+" always_nxdomain")},
	{name: "event: nginx allows the office only", handler: proxied(proxyPassEvents+" allow "+computer4+"; deny all;", ""), long: true, want: []string{notDelivered}},
	{name: "event: nginx redirects handlers", handler: proxied(proxyPassEvents+" rewrite ^(/mailbox/[^/]*)$ https://$host$1/ permanent;", ""), long: true, want: []string{notDelivered}},
	{name: "event: nginx turns POST into GET", handler: proxied(proxyPassEvents, "location /mailbox/ { "+proxyPassEvents+" proxy_method GET; }"), long: true, want: []string{notDelivered}},
	{name: "event: handler's certificate is self-signed", handler: selfSigned, want: []string{noReceiver}},
	{name: "event: handler's server wants a password", handler: proxied(proxyPassEvents+" auth_basic x; auth_basic_user_file /dev/null;", ""), want: []string{noReceiver}},
	{name: "event: handler's server redirects to another host", handler: proxied("return 301 https://www."+simportal.HandlerHost+"$request_uri;", ""), long: true, want: []string{noReceiver}},
	{name: "event: handler's firewall rejects the computer", handler: receiver, long: true, breaks: nft("handler", "input", "ip saddr "+computer4+" reject with tcp reset"), want: []string{noReceiver}},

	// Servers in front.
	{name: "nginx", front: nginx(proxyPass, ""), flags: deep},
	{name: "nginx: no https mapping", front: nginx("proxy_pass http://127.0.0.1:8080; proxy_set_header Host $host;", ""), flags: deep, want: []string{"problem https-seen/https-not-seen"}},
	{name: "nginx: Authorization is stripped", front: nginx(proxyPass+`proxy_set_header Authorization "";`, ""), flags: deep, want: []string{"notice credentials-arrive/auth-header-stripped"}},
	{name: "nginx: no bodies", front: nginx(proxyPass+"proxy_pass_request_body off; proxy_set_header Content-Length \"\";", ""), flags: deep, want: []string{"problem credentials-arrive/post-body-lost"}},
	{name: "nginx: body limit", front: nginx(proxyPass, "client_max_body_size 10;"), flags: deep, want: []string{"problem rest-route/rest-blocked"}},
	{name: "nginx: body limit that only batches meet", front: nginx(proxyPass, "client_max_body_size 500;"), prepare: webhook, want: unexpected("platform", "user-rights", "scopes", "modules", "methods")},
	{name: "nginx: body limit of 1 MiB, as it is unless set", front: nginx(proxyPass, ""), flags: large, want: []string{"notice body-size/body-too-large"}},
	{name: "nginx: body limit of 5 MiB", front: nginx(proxyPass, "client_max_body_size 5m;"), flags: large, want: []string{"notice body-size/body-too-large"}},
	{name: "nginx: no body limit that matters", front: nginx(proxyPass, "client_max_body_size 64m;"), flags: large},
	{name: "nginx, with a webhook", front: nginx(proxyPass, ""), prepare: webhook},
	{name: "nginx: no buffering", front: nginx(proxyPass+"proxy_buffering off; proxy_request_buffering off; proxy_http_version 1.1;", ""), flags: deep},
	{name: "nginx: 301 to www", front: nginx("return 301 https://www.$host$request_uri;", ""), want: []string{"notice portal-redirect/redirect-other-host", "problem portal-redirect/redirect-drops-post"}},
	{name: "nginx: http to the start page", front: nginx(proxyPass, "", plainRedirect, "listen [::]:80; return 301 https://$host;"), want: []string{"notice portal-redirect/redirect-loses-path"}},
	{name: "nginx: http to https on port 80", front: nginx(proxyPass, "", plainRedirect, "listen [::]:80; return 301 https://$host:80$request_uri;"), want: []string{"problem portal-redirect/redirect-wrong-port"}},
	{name: "nginx: both to https on port 80", front: nginx("return 301 https://$host:80$request_uri;", ""), want: []string{"problem portal-redirect/redirect-wrong-port"}},
	{name: "nginx: 301 to a slash", front: nginx("rewrite ^(/rest/.*[^/])$ https://$host$1/ permanent;"+proxyPass, ""), want: []string{"problem portal-redirect/redirect-drops-post"}},
	{name: "nginx: 301 back to http, a loop", front: nginx("return 301 https://$host$request_uri;", ""), want: []string{"problem portal-redirect/redirect-loop"}},
	{name: "nginx: name and password", front: nginx(proxyPass+`auth_basic "Staff"; auth_basic_user_file /dev/null;`, ""), want: []string{"problem rest-route/rest-basic-auth"}},
	{name: "nginx: allows the office only", front: nginx(proxyPass+"allow 10.0.0.0/8; deny all;", ""), want: []string{"problem rest-route/rest-blocked"}},
	{name: "nginx: /rest/ isn't passed on", front: nginx(proxyPass, "location /rest/ { root {DIR}; }"), want: []string{"problem rest-route/rest-not-found"}},
	{name: "nginx: nothing is passed on", front: nginx("root {DIR};", ""), want: []string{"problem rest-route/site-not-served"}},
	{name: "nginx: /rest/ is served as files", front: nginx(proxyPass, "location /rest/ { root {DIR}; try_files /leaf.pem =404; }"), want: []string{"problem rest-route/rest-method-refused"}},
	{name: "nginx: pages of its own for the portal's errors", front: nginx(proxyPass+"proxy_intercept_errors on;", "error_page 401 403 404 /sorry.html; location = /sorry.html { return 200 '<html><body>Sorry</body></html>'; }"),
		want: []string{"problem rest-route/errors-replaced"}},
	{name: "nginx: plain http to an https port", front: nginx("proxy_pass http://127.0.0.1:8444;", "", "server { listen 80;", "server { listen 127.0.0.1:8444 ssl; ssl_certificate {CERT}; ssl_certificate_key {CERT}; }\nserver { listen 80;"),
		want: []string{"problem rest-route/proxy-wrong-scheme"}},
	{name: "nginx: no backend", front: nginx(strings.Replace(proxyPass, "8080", "9", 1), ""), want: []string{"problem rest-route/rest-server-error"}},
	{name: "nginx: read timeout of 1 s", faults: []string{"rest-timeout"}, front: nginx(proxyPass+"proxy_read_timeout 1s;", ""), want: []string{"problem rest-route/rest-server-error"}},
	{name: "nginx: certificate without the intermediate", front: nginx(proxyPass, "ssl_certificate {DIR}/leaf.pem;"), want: []string{"problem portal-tls/tls-incomplete-chain"}},
	{name: "nginx: TLS 1.1 at most", front: nginx(proxyPass, "ssl_protocols TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0;"), want: []string{"problem portal-tls/tls-old-protocol"}},
	{name: "nginx: a cipher suite that Go lacks", front: nginx(proxyPass, "ssl_protocols TLSv1.2; ssl_ciphers ECDHE-ECDSA-AES256-SHA384;"), want: []string{"unknown portal-tls/tls-handshake-failed"}},
	{name: "nginx: client certificates", front: nginx(proxyPass, "ssl_verify_client on; ssl_client_certificate {ROOTS};"), want: []string{"problem portal-tls/tls-client-certificate"}},
	{name: "nginx: no TLS on 443", front: nginx(proxyPass, "", "443 ssl", "443", "[::]:443 ssl", "[::]:443"), want: []string{"problem portal-tls/tls-not-tls"}},
	{name: "nginx: the default site answers", front: nginx("return 200 'Welcome to nginx!';", ""), want: []string{"problem rest-route/rest-not-bitrix"}},
	{name: "nginx: rate limit", front: nginx(proxyPass+"limit_req zone=z; limit_req_status 429;", "", "http {", "http {\nlimit_req_zone $server_port zone=z:1m rate=1r/m;"), breaks: shell("portal", "curl -sk https://127.0.0.1/"), want: []string{"unknown rate-limit/throttled"}},

	// PHP-FPM behind nginx.
	{name: "PHP-FPM", front: phpFPM(""), flags: deep},
	{name: "PHP-FPM: its limits, read by the script", front: phpFPM("-dmax_input_vars=9999"), flags: deep, prepare: probeByPHP, want: []string{limitsLow, noMarketByPHP}},
	{name: "PHP-FPM: enough, read by the script", front: phpFPM("-dmax_input_vars=10000"), flags: deep, prepare: probeByPHP, want: []string{noMarketByPHP}},
	{name: "PHP-FPM: stopped, and no page for that", front: phpFPMStopped(), want: []string{"problem rest-route/site-not-served"}},
	{name: "PHP-FPM: stopped", front: phpFPMStopped("error_page 500 502 503 504 /500.html;", ""), want: []string{"problem rest-route/rest-server-error"}},
	{name: "PHP-FPM: other folders than nginx's", front: phpFPM("", "$document_root", "/srv/www"), want: []string{"problem rest-route/php-script-refused"}},
	{name: "PHP-FPM: other folders than nginx's, without cgi.fix_pathinfo", front: phpFPM("-dcgi.fix_pathinfo=0", "$document_root", "/srv/www"), want: []string{"problem rest-route/php-script-refused"}},
	{name: "PHP-FPM: runs no such file", front: phpFPM("", "urlrewrite.php", "urlrewrite.html"), want: []string{"problem rest-route/php-script-refused"}},

	{name: "HAProxy", front: haproxy("http-request set-header X-Forwarded-Proto https", "server s 127.0.0.1:8080"), flags: deep},
	{name: "HAProxy: no https mapping", front: haproxy("", "server s 127.0.0.1:8080"), flags: deep, want: []string{"problem https-seen/https-not-seen"}},
	{name: "HAProxy: /rest/ is denied", front: haproxy("http-request deny if { path_beg /rest/ }", "server s 127.0.0.1:8080"), want: []string{"problem rest-route/rest-blocked"}},
	{name: "HAProxy: a page of its own for the portal's errors", front: haproxy("", `http-response return status 404 content-type text/html string Sorry if { status 401 403 404 }
  server s 127.0.0.1:8080`), want: []string{"problem rest-route/errors-replaced"}},
	{name: "HAProxy: its servers are down", front: haproxy("", "server s 127.0.0.1:9 check inter 100ms fall 1"), want: []string{"problem rest-route/rest-server-error"}},
	{name: "HAProxy: connections are cut", front: haproxy("http-request silent-drop if { path_beg /rest/ }", "server s 127.0.0.1:8080"), long: true, want: []string{"unknown rest-route/rest-cut-off"}},
	{name: "HAProxy: tarpit", front: haproxy("timeout tarpit 2s\n  http-request tarpit if { path_beg /rest/ }", "server s 127.0.0.1:8080"), want: []string{"problem rest-route/rest-server-error"}},
	{name: "HAProxy: client certificates", front: haproxy("", "server s 127.0.0.1:8080", "crt {CERT}", "crt {CERT} ca-file {ROOTS} verify required"), want: []string{"problem portal-tls/tls-client-certificate"}},

	{name: "Apache", front: apache(`RequestHeader set X-Forwarded-Proto https`), flags: deep},
	{name: "Apache: no https mapping", front: apache(""), flags: deep, want: []string{"problem https-seen/https-not-seen"}},
	{name: "Apache: Authorization is stripped", front: apache("RequestHeader set X-Forwarded-Proto https\nRequestHeader unset Authorization"), flags: deep, want: []string{"notice credentials-arrive/auth-header-stripped"}},
	{name: "Apache: PHP isn't run", front: apache("RewriteEngine on\nRewriteRule ^/rest/ {DIR}/www/bitrix/urlrewrite.php [L]"), want: []string{"problem rest-route/php-not-run"}},
	{name: "Apache: plain http to an https port", front: apache("ProxyPass / http://127.0.0.1:8444/\n</VirtualHost>\nListen 8444\n<VirtualHost *:8444>\nSSLEngine on\nSSLCertificateFile {CERT}"),
		want: []string{"problem rest-route/proxy-wrong-scheme"}},
	{name: "Apache: SSO page", front: apache("RewriteEngine on\nRewriteRule ^/rest/ https://" + portalName + "/saml/login [R=302,L]"), want: []string{"problem rest-route/rest-login-page"}},
	{name: "ModSecurity with the Core Rule Set", front: apache(modSecurity), flags: []string{"--deep", "--content-filter"}, want: []string{"problem content-filter/body-filtered"}},
	{name: "ModSecurity that only watches", front: apache(strings.Replace(modSecurity, "SecRuleEngine On", "SecRuleEngine DetectionOnly", 1)), flags: []string{"--deep", "--content-filter"}},
	{name: "ModSecurity that blocks everything", front: apache(modSecurity + "\nSecRule REQUEST_URI \"@beginsWith /rest/\" \"id:1,phase:1,deny,status:403\""), want: []string{"problem rest-route/rest-blocked"}},

	// The computer's proxy.
	{name: "mandatory proxy", breaks: mandatory("http_access allow all"), env: through(""), flags: deep},
	{name: "mandatory proxy that wants a password", breaks: mandatory(withPassword), env: through(""), want: []string{"unknown portal-tls/proxy-auth-required", noVendor}},
	{name: "mandatory proxy with a password", breaks: mandatory(withPassword), env: through("anna:secret@"), flags: deep},
	{name: "mandatory proxy with a wrong password", breaks: mandatory(withPassword), env: through("anna:wrong@"), want: []string{"unknown portal-tls/proxy-auth-required", noVendor}},
	{name: "mandatory proxy that refuses the portal", breaks: mandatory("acl portal dstdomain " + portalName + "\nhttp_access deny portal\nhttp_access allow all"), env: through(""), want: []string{"unknown portal-tls/proxy-refused"}},
	{name: "mandatory proxy that doesn't know the portal's name", addresses: []string{}, breaks: mandatory("http_access allow all"), env: through(""), want: []string{"unknown portal-tls/proxy-refused"}},
	{name: "mandatory proxy that doesn't run", breaks: nft("internet", "forward", "iifname computer tcp dport { 80, 443 } drop"), env: through(""), want: []string{"unknown portal-tls/proxy-refused", noVendor}},
	{name: "mandatory proxy that isn't set", breaks: mandatory("http_access allow all"), want: []string{"unknown portal-tcp/no-network", noVendor}},
	{name: "proxy that intercepts TLS", breaks: func(w *testbed) { w.squid("internet", gateway4, bumping, gatewayCA) }, env: through(""), want: []string{"unknown portal-tls/tls-intercepted", noVendor}},
	{name: "gateway that intercepts TLS", breaks: func(w *testbed) {
		w.squid("internet", gateway4, intercepting, gatewayCA)
		w.nft("internet", "prerouting", "iifname computer meta nfproto ipv4 tcp dport 443 redirect to :3130", "iifname computer meta nfproto ipv6 tcp dport 443 redirect to :9")
	}, addresses: only4, want: []string{"unknown portal-tls/tls-intercepted", noVendor}},
	{name: "gateway of a known vendor that intercepts TLS", breaks: func(w *testbed) {
		w.squid("internet", gateway4, intercepting, "/O=Fortinet/CN=FGT60F")
		w.nft("internet", "prerouting", "iifname computer tcp dport 443 redirect to :3130")
	}, addresses: only4, want: []string{"unknown portal-tls/tls-intercepted", noVendor}},
	{name: "captive portal with its own certificate", addresses: only4, breaks: captive("redirect to :8443"), want: []string{"unknown portal-tls/captive-portal", noVendor}},
	{name: "captive portal that rejects https", addresses: only4, breaks: captive("redirect to :9"), want: []string{"unknown portal-tcp/no-network", noVendor}},
	{name: "captive portal that resolves every name to itself", breaks: func(w *testbed) {
		captive("redirect to :8443")(w)
	}, addresses: []string{"10.11.12.13"}, want: []string{"unknown portal-tls/captive-portal", "notice portal-dns/dns-private-only", noVendor}},
}

func nft(host, hook string, rules ...string) func(*testbed) {
	return func(w *testbed) { w.nft(host, hook, rules...) }
}

func shell(host string, commands ...string) func(*testbed) {
	return func(w *testbed) { w.run(host, commands...) }
}

// servfail makes the resolver forward a name to a server that doesn't exist.
func servfail(name string) string {
	return "  local-zone: " + name + " transparent\nforward-zone:\n  name: " + name + "\n  forward-addr: 127.0.0.1@9\n"
}

// forPortal is a zone that the resolver shows to the portal only.
func forPortal(zone ...string) string { return viewFor(portal4, zone) }

// ownAddress is the address that the portal's own name has for the portal.
func ownAddress(address string) string {
	return forPortal("local-zone: "+portalName+" redirect", "local-data: \""+portalName+" A "+address+"\"")
}

// forQueue is a zone that the resolver shows to the event queue only.
func forQueue(zone ...string) string { return viewFor(queue4, zone) }

func viewFor(address string, zone []string) string {
	text := "  access-control-view: " + address + "/32 for-" + address + "\nview:\n  name: for-" + address + "\n  view-first: yes\n"
	for _, line := range zone {
		text += "  " + line + "\n"
	}
	return text + "server:\n"
}

// privateAddress gives the portal a private address in the computer's network.
func privateAddress(w *testbed) {
	w.run("portal", "ip addr add "+private4+" dev cable")
	w.run("uplink", "ip route add "+private4+" dev portal")
	w.run("internet", "ip route add "+private4+" via "+uplink4+" dev uplink onlink")
}

// probe runs the shell script on the portal's server and returns the flag with its answer.
func probe(w *testbed, program string) []string {
	w.run("portal", w.portalResolver(), "mount --bind "+w.roots+" /etc/ssl/certs/ca-certificates.crt", "CURL_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt "+
		program+" probe sh "+portalName+" 2>/dev/null | SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt sh > "+filepath.Join(w.dir, "answer.txt"))
	return []string{"--server-probe", filepath.Join(w.dir, "answer.txt")}
}

// probeByPHP runs the script for PHP in the page of a portal that PHP-FPM serves, with stand-ins of the product's classes, and returns
// the flag with its answer.
func probeByPHP(w *testbed, program string) []string {
	for _, name := range []string{"page.php", "product.php"} {
		w.write("www/bitrix/admin/"+name, string(w.testdata("../../serverprobe/testdata/"+name)))
	}
	extensions := "<?php\n" // which this computer's PHP may lack
	for _, name := range []string{"mb_substr", "xml_parser_create", "gzcompress", "imagecreatetruecolor", "imagettftext"} {
		extensions += "if (!function_exists('" + name + "')) { function " + name + "() {} }\n"
	}
	w.write("www/bitrix/admin/probe.php", extensions+"require 'page.php';\n")
	portal := `{"main":"25.550.100","modules":{"main":"25.550.100","rest":"25.600.100"},"region":"ru","ends":"2099-01-01","support_ends":"2099-01-01","now":"2099-01-01 12:00:00",
"options":{"main":{},"rest":{"service_client_id":"app.1"}},"settings":{},"tables":{"b_agent":[{"IS_PERIOD":"N","LAST_RUN":"2099-01-01 11:59:00"}]},"auth_server":"` + bitrix.AuthServer(bitrix.CIS) + `",
"handlers":{"onrestcheckauth":[{"TO_MODULE_ID":"rest","TO_CLASS":"\\Bitrix\\Rest\\OAuth\\Auth"}]}}`
	server := `{"HTTP_HOST":"` + portalName + `","SERVER_PORT":"443","HTTPS":"on","HTTP_ORIGIN":"https://` + portalName + `"}`
	script, answer := filepath.Join(w.dir, "probe.php"), filepath.Join(w.dir, "answer.txt")
	w.run("portal", program+" probe php "+portalName+" 2>/dev/null > "+script,
		"curl -sSk --resolve "+portalName+":443:127.0.0.1 --data-urlencode query@"+script+" --data-urlencode portal@"+w.write("portal.json", portal)+
			" --data-urlencode server@"+w.write("server.json", server)+" -d result_as_text=y https://"+portalName+"/bitrix/admin/probe.php > "+answer)
	return []string{"--server-probe", answer}
}

// portalResolver is a command that gives the portal's programs the lab's resolver, within a mount namespace of their own.
func (w *testbed) portalResolver() string {
	return "mount --bind " + w.write("portal.resolv.conf", "nameserver "+resolver4+"\n") + " /etc/resolv.conf"
}

// requires returns the flag with the requirements of an application that the portal calls.
func requires(w *testbed, _ string) []string {
	return []string{"--requires", w.write("lab.boxready.yaml", "boxready: 1\napplication: {name: Lab}\nhosts:\n  - {host: "+appName+", port: 443, direction: portal-to-app}\n")}
}

// unexpected are findings of checks that got an unexpected answer.
func unexpected(checks ...string) (want []string) {
	for _, check := range checks {
		want = append(want, "unknown "+check+"/unexpected-answer")
	}
	return want
}

// webhook returns the flags with a webhook and an application's methods.
func webhook(w *testbed, _ string) []string {
	return []string{"--webhook", w.sim.Webhook(), "--requires", w.write("lab.boxready.yaml", `boxready: 1
application: {name: Lab}
methods: [crm.item.list, crm.item.get, crm.item.add, crm.item.update, tasks.task.list, tasks.task.get, tasks.task.add, user.get, department.get]
`)}
}

const proxyPass = "proxy_pass http://127.0.0.1:8080; proxy_set_header Host $host; proxy_set_header X-Forwarded-Proto $scheme;"

// plainRedirect is what port 80 does.
const plainRedirect = "listen [::]:80; return 301 https://$host$request_uri;"

// nginx runs in front of the portal. location is the content of its location, server what is added to its server block on 443; pairs of old
// and new change the rest.
func nginx(location, server string, changes ...string) func(*testbed) {
	certificate := "ssl_certificate {CERT};"
	if strings.Contains(server, "ssl_certificate ") {
		certificate = ""
	}
	text := `daemon off; master_process off; pid {DIR}/nginx.pid; error_log stderr;
events {}
http {
client_body_temp_path {DIR}/body; proxy_temp_path {DIR}/proxy; fastcgi_temp_path {DIR}/f; uwsgi_temp_path {DIR}/u; scgi_temp_path {DIR}/s; access_log off;
server {
  listen 443 ssl; listen [::]:443 ssl;
  ` + certificate + ` ssl_certificate_key {CERT}; ` + server + `
  location / { ` + location + ` }
}
server { listen 80; ` + plainRedirect + ` }
}
`
	return func(w *testbed) {
		text := strings.NewReplacer(changes...).Replace(text)
		w.writeLeaf()
		w.daemon("portal", "127.0.0.1:443", "nginx", "-e", "stderr", "-p", w.dir, "-c", w.write("nginx.conf", text))
	}
}

// writeLeaf writes the portal's certificate without the intermediate.
func (w *testbed) writeLeaf() {
	data, err := os.ReadFile(w.certificate)
	if err != nil {
		w.t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(data), "-----END CERTIFICATE-----\n")
	w.write("leaf.pem", first+"-----END CERTIFICATE-----\n")
}

// phpFPM runs nginx with PHP-FPM behind it, configured as Bitrix24's environment for Docker does it, and option as an option of the latter. Pairs of old and new
// change that configuration. The scripts pass all requests on to the simulated portal.
func phpFPM(option string, changes ...string) func(*testbed) {
	return func(w *testbed) {
		w.writeScripts()
		argv := []string{"sh", "-c", w.portalResolver() + ` && exec "$@"`, "sh", phpFPMProgram(), "-dopenssl.cafile=" + w.roots, "-F", "-O", "-y", w.write("fpm.conf", `[global]
error_log = {DIR}/fpm.log
[portal]
user = www-data
listen = 127.0.0.1:9000
pm = static
pm.max_children = 4
`)}
		if option != "" {
			argv = append(argv, option)
		}
		w.daemon("portal", "127.0.0.1:9000", argv...)
		phpFPMStopped(changes...)(w)
	}
}

// phpFPMStopped is phpFPM with nginx alone.
func phpFPMStopped(changes ...string) func(*testbed) {
	return func(w *testbed) {
		w.writeScripts()
		nginx("try_files $uri $uri/ @bitrix;", strings.NewReplacer(changes...).Replace(string(w.testdata("bitrix-env-docker.conf"))))(w)
	}
}

// phpFPMProgram is the program of the newest version that is installed; Debian's name has the version in it.
func phpFPMProgram() string {
	found, _ := filepath.Glob("/usr/sbin/php-fpm*")
	slices.Sort(found)
	return slices.Concat([]string{""}, found)[len(found)]
}

// writeScripts writes the scripts of a portal that relay every request.
func (w *testbed) writeScripts() {
	relay := string(w.testdata("relay.php"))
	for _, script := range []string{"urlrewrite.php", "admin/index.php"} {
		w.write("www/bitrix/"+script, relay)
	}
}

// testdata returns a file of the lab.
func (w *testbed) testdata(name string) []byte {
	w.t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		w.t.Fatal(err)
	}
	return data
}

// haproxy runs in front of the portal.
func haproxy(rules, backend string, changes ...string) func(*testbed) {
	text := `defaults
  mode http
  timeout connect 3s
  timeout client 60s
  timeout server 60s
frontend secure
  bind :::443 v4v6 ssl crt {CERT}
  ` + rules + `
  default_backend portal
frontend plain
  bind :::80 v4v6
  http-request redirect scheme https code 301
backend portal
  ` + backend + "\n"
	return func(w *testbed) {
		w.daemon("portal", "127.0.0.1:443", "haproxy", "-db", "-f", w.write("haproxy.cfg", strings.NewReplacer(changes...).Replace(text)))
	}
}

// apache runs in front of the portal.
func apache(rules string) func(*testbed) {
	var modules strings.Builder
	for _, m := range []string{"mpm_event", "authz_core", "ssl", "socache_shmcb", "proxy", "proxy_http", "headers", "alias", "rewrite", "unique_id", "security2"} {
		modules.WriteString("LoadModule " + m + "_module /usr/lib/apache2/modules/mod_" + m + ".so\n")
	}
	text := modules.String() + `ServerRoot {DIR}
DefaultRuntimeDir {DIR}
PidFile {DIR}/apache.pid
Mutex file:{DIR}
ServerName ` + portalName + `
User www-data
Group www-data
ErrorLog /dev/stderr
Listen 443
Listen 80
SecDataDir {DIR}
<VirtualHost *:443>
SSLEngine on
SSLCertificateFile {CERT}
ProxyPreserveHost On
` + rules + `
ProxyPass / http://127.0.0.1:8080/
</VirtualHost>
<VirtualHost *:80>
Redirect 301 / https://` + portalName + `/
</VirtualHost>
`
	return func(w *testbed) {
		w.writeScripts()
		w.daemon("portal", "127.0.0.1:443", "apache2", "-X", "-f", w.write("apache.conf", text))
		w.awaitTLS("portal", "127.0.0.1:443")
	}
}

// modSecurity is Debian's ModSecurity with the OWASP Core Rule Set, both with their defaults.
const modSecurity = `SecRuleEngine On
SecRequestBodyAccess On
Include /etc/modsecurity/crs/crs-setup.conf
Include /usr/share/modsecurity-crs/rules/*.conf
RequestHeader set X-Forwarded-Proto https
`

// The authority of a gateway that intercepts TLS, of an unknown vendor.
const gatewayCA = "/O=Romashka LLC/CN=Romashka Web Gateway"

const (
	ssl          = "tls-cert={DIR}/gateway.pem generate-host-certificates=on dynamic_cert_mem_cache_size=4MB"
	intercepting = "https_port 3130 intercept ssl-bump " + ssl + "\nhttp_access allow all"
	bumping      = "http_port 3128 ssl-bump " + ssl + "\nhttp_access allow all"
	withPassword = "auth_param basic program /usr/lib/squid/basic_ncsa_auth {DIR}/users\nacl known proxy_auth REQUIRED\nhttp_access allow known\nhttp_access deny all"
)

// squid is a proxy at a gateway; authority is the subject of the one with which it intercepts TLS.
func (w *testbed) squid(host, address, rules, authority string) {
	port := "http_port 3128\n"
	if strings.Contains(rules, "http_port") {
		port = ""
	}
	if authority != "" {
		w.run(host, "cd "+w.dir, "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -keyout gateway.key -out gateway.crt -subj '"+authority+"' 2>/dev/null",
			"cat gateway.key gateway.crt > gateway.pem", "/usr/lib/squid/security_file_certgen -c -s "+filepath.Join(w.dir, "certificates")+" -M 4MB")
		w.run(host, "chown -R proxy "+w.dir)
		rules += "\nssl_bump bump all\nsslcrtd_program /usr/lib/squid/security_file_certgen -s {DIR}/certificates -M 4MB\ntls_outgoing_options cafile={ROOTS}"
	}
	if strings.Contains(rules, "basic_ncsa_auth") {
		w.run(host, "printf 'anna:%s\\n' \"$(openssl passwd -apr1 secret)\" > "+filepath.Join(w.dir, "users"))
	}
	w.daemon(host, address+":3128", "squid", "-N", "-f", w.write("squid.conf", port+rules+`
pid_filename {DIR}/squid.pid
cache_log /dev/stderr
logfile_rotate 0
access_log none
cache deny all
coredump_dir {DIR}
pinger_enable off
shutdown_lifetime 0 seconds
visible_hostname gateway
dns_nameservers `+resolver4+`
`))
}

// mandatory is a proxy; the computer's direct connections to ports 80 and 443 are dropped.
func mandatory(rules string) func(*testbed) {
	return func(w *testbed) {
		w.squid("internet", gateway4, rules, "")
		w.nft("internet", "forward", "iifname computer tcp dport { 80, 443 } drop")
	}
}

func through(user string) []string {
	return []string{"HTTPS_PROXY=http://" + user + gateway4 + ":3128", "HTTP_PROXY=http://" + user + gateway4 + ":3128"}
}

// captive is a network that answers web requests with its own login page.
func captive(https string) func(*testbed) {
	return func(w *testbed) {
		w.run("internet", "cd "+w.dir, "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -keyout captive.key -out captive.crt -subj '/CN=wifi.hotel.example' -addext subjectAltName=DNS:wifi.hotel.example 2>/dev/null")
		w.daemon("internet", gateway4+":8443", "nginx", "-e", "stderr", "-p", w.dir, "-c", w.write("captive.conf", `daemon off; master_process off; pid {DIR}/captive.pid; error_log stderr;
events {}
http {
client_body_temp_path {DIR}/body; proxy_temp_path {DIR}/proxy; fastcgi_temp_path {DIR}/f; uwsgi_temp_path {DIR}/u; scgi_temp_path {DIR}/s; access_log off;
server { listen 8443 ssl; listen 8080; ssl_certificate {DIR}/captive.crt; ssl_certificate_key {DIR}/captive.key; return 302 http://wifi.hotel.example/login; }
}
`))
		w.nft("internet", "prerouting", "iifname computer tcp dport 80 redirect to :8080", "iifname computer tcp dport 443 "+https)
	}
}
