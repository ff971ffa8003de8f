package simportal

// Ways to look at a portal, for Fault.With.
var (
	withWebhook = []string{"webhook"}
	signedIn    = []string{"sign-in", "deep"}
	eventTest   = []string{"sign-in", "deep", "event-test"}
)

// An application that is called by the event queue, or opened by browsers, and whose server connects to the portal.
var (
	calledApp = []string{"host:app.demo.example:443:portal-to-app", "host:app.demo.example:443:app-to-portal"}
	openedApp = []string{"host:app.demo.example:443:browser-to-app"}
)

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
	{Name: "rest-overflows", Group: "answer", Words: "more than it announces comes with every answer: the request once more"},
	{Name: "rest-polluted-bom", Group: "answer", Causes: []string{"rest-route/rest-polluted"}, Words: "a byte order mark stands before the JSON"},
	{Name: "rest-polluted-notice", Group: "answer", Causes: []string{"rest-route/rest-polluted"}, Words: "PHP notices stand before the JSON"},
	{Name: "rest-polluted-after", Group: "answer", Causes: []string{"rest-route/rest-polluted"}, Words: "HTML stands after the JSON"},

	{Name: "rest-server-error-json", Group: "site", Causes: []string{"rest-route/rest-server-error"}, Words: "the portal answers 500 with INTERNAL_SERVER_ERROR"},
	{Name: "rest-site-closed", Group: "site", Causes: []string{"rest-route/rest-site-closed"}, Words: "the public part is closed: PORTAL_DELETED"},

	{Name: "core-method-missing", Group: "methods", lacks: Without{Methods: []string{"event.bind"}}, Causes: []string{"method-inventory/core-method-missing"}, Words: "the method event.bind does not exist"},
	{Name: "core-method-missing-batch", Group: "methods", lacks: Without{Methods: []string{"batch"}}, Causes: []string{"method-inventory/core-method-missing"}, Words: "the method batch does not exist"},
	{Name: "platform-outdated", Group: "methods", Causes: []string{"method-inventory/platform-outdated"}, versions: map[string]string{"rest": "21.400.0"}, Words: "a rest module of 2021: no method.get, no feature.get, no REST 3.0"},

	{Name: "https-not-seen", Group: "https", Causes: []string{"https-seen/https-not-seen"}, Words: "PHP does not see that the request came over https"},
	{Name: "https-seen-odd", Group: "https", Causes: []string{"https-seen/unexpected-answer"}, Words: "webhook addresses answer with the portal's 404 page"},

	{Name: "clock-off", Group: "clock", Causes: []string{"portal-clock/clock-off"}, Words: "the portal's clock is 3 minutes fast"},
	{Name: "clock-wrong", Group: "clock", Causes: []string{"portal-clock/clock-wrong"}, Words: "the portal's clock is 20 minutes fast"},
	{Name: "clock-wrong-slow", Group: "clock", Causes: []string{"portal-clock/clock-wrong"}, Words: "the portal's clock is 20 minutes slow"},
	{Name: "clock-wrong-unproved", Group: "clock", Causes: []string{"portal-clock/clock-off"}, Words: "the portal's clock is 20 minutes fast and the authorization servers send no Date"},
	{Name: "self-clock", Group: "clock", Causes: []string{"self-clock/clock-wrong"}, Words: "the portal and the authorization servers are 20 minutes ahead: it is this computer that is wrong"},
	{Name: "no-auth-date", Group: "clock", Words: "the authorization servers send no Date"},

	{Name: "intranet-absent", Group: "authorization", Causes: []string{"auth-server-from-portal/needs-deep"}, lacks: Without{Modules: []string{"intranet"}}, Words: "no intranet module: no user.current, no pages under /oauth/"},
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

	{Name: "app-missing", Group: "portal", Causes: []string{"token-accepted/app-not-on-portal"}, With: signedIn, Words: "the token's application is not on the portal"},
	{Name: "app-inactive", Group: "portal", Causes: []string{"token-accepted/app-not-on-portal"}, With: signedIn, Words: "the token's application is switched off"},
	{Name: "app-not-on-auth-server", Group: "portal", Causes: []string{"token-accepted/app-not-on-auth-server"}, With: signedIn, Words: "the authorization server tells the portal that the token's application is not installed"},
	{Name: "user-inactive", Group: "portal", Causes: []string{"token-accepted/user-inactive"}, With: signedIn, Words: "the token's user is dismissed"},
	{Name: "user-never-logged-in", Group: "portal", Causes: []string{"token-accepted/user-inactive"}, With: signedIn, Words: "the token's user has never signed in"},
	{Name: "user-no-access", Group: "portal", Causes: []string{"token-accepted/user-no-app-access"}, With: signedIn, Words: "the application is not open to the token's user"},
	{Name: "cached-error", Group: "portal", With: signedIn, Words: "the portal remembers a refused licence for the tokens that it knows, though the licence is good by now"},
	{Name: "cloud-statuses", Group: "portal", Words: "HTTP statuses as documented for the cloud instead of a box's 401"},

	{Name: "webhook-rejected", Group: "webhook", Causes: []string{"webhook/webhook-rejected"}, With: withWebhook, Words: "the incoming webhook's code is wrong by now"},
	{Name: "webhook-user", Group: "webhook", Causes: []string{"webhook/webhook-user"}, With: withWebhook, Words: "the incoming webhook's user is dismissed"},

	{Name: "rest-not-in-plan", Group: "licence", Causes: []string{"rest-licence/rest-not-in-plan"}, With: withWebhook, Words: "the licence includes no REST"},
	{Name: "subscription-ended", Group: "licence", Causes: []string{"rest-licence/subscription-ended"}, With: withWebhook, Words: "the subscription has ended"},
	{Name: "feature-not-licensed", Group: "licence", Causes: []string{"rest-licence/feature-not-licensed"}, With: withWebhook, Words: "the licence does not include what is called"},
	{Name: "app-unpaid", Group: "licence", Causes: []string{"rest-licence/app-payment-required"}, With: signedIn, Words: "the authorization server calls the application unpaid when the portal asks about its token"},
	{Name: "licence-blocked", Group: "licence", Causes: []string{"rest-licence/licence-blocked"}, With: withWebhook, Words: "the licence scanner has blocked the portal"},

	{Name: "overloaded", Group: "limits", Causes: []string{"rate-limit/overloaded"}, With: withWebhook, Words: "REST is held by hand because of load"},
	{Name: "throttled", Group: "limits", Causes: []string{"rate-limit/throttled"}, With: withWebhook, Words: "every other call with credentials is refused as one too many"},
	{Name: "throttled-page", Group: "limits", Causes: []string{"rate-limit/throttled"}, With: withWebhook, Words: "the web server answers every other call with credentials with HTML 503"},
	{Name: "operation-time", Group: "limits", Causes: []string{"rate-limit/operation-time"}, With: withWebhook, Needs: []string{"method:crm.deal.list"}, Words: "method.get has used up its time"},

	{Name: "install-unfinished", Group: "application", Causes: []string{"app-installed/install-unfinished"}, With: append([]string{"as-application"}, signedIn...), Words: "the application's installation was never finished, so it gets no events"},

	{Name: "user-not-admin", Group: "user", Causes: []string{"user-rights/user-not-admin"}, With: withWebhook, Words: "the webhook's and the token's user is no administrator"},

	{Name: "scope-not-granted", Group: "permissions", Causes: []string{"scopes/scope-not-granted"}, With: append([]string{"as-application"}, withWebhook...), Needs: []string{"scope:disk"}, ungranted: []string{"disk"}, Words: "a permission that the portal has is not granted"},
	{Name: "method-not-permitted", Group: "permissions", Causes: []string{"methods/method-not-permitted"}, With: append([]string{"as-application"}, withWebhook...), Needs: []string{"method:disk.storage.getlist"}, Words: "a method is not permitted although its permission is granted"},
	{Name: "scope-unknown", Group: "permissions", Causes: []string{"scopes/scope-unknown"}, With: withWebhook, Needs: []string{"scope:crm_premium"}, Words: "an application wants a permission that exists nowhere, which is no fault of the portal"},

	{Name: "module-missing", Group: "inventory", Causes: []string{"modules/module-missing"}, With: withWebhook, Needs: []string{"module:crm", "scope:crm", "method:crm.deal.list", "method:crm.item.list", "event:ONCRMDEALADD"}, lacks: Without{Modules: []string{"crm"}}, Words: "the module crm is not installed"},
	{Name: "module-outdated", Group: "inventory", Causes: []string{"modules/module-outdated"}, With: withWebhook, Needs: []string{"module:crm>=23.300.0", "method:crm.activity.configurable.add"}, versions: map[string]string{"crm": "22.0.0"}, Words: "the module crm is of 2022"},
	{Name: "module-version-unknown", Group: "inventory", Causes: []string{"modules/module-version-unknown"}, With: withWebhook, Needs: []string{"module:ai>=23.600.0"}, Words: "an application wants a version of a module of which nothing tells the version, which is no fault of the portal"},
	{Name: "method-missing", Group: "inventory", Causes: []string{"methods/method-missing"}, With: withWebhook, Needs: []string{"method:crm.lead.contact.add", "method:crm.deal.list"}, lacks: Without{Methods: []string{"crm.lead.contact.add"}}, Words: "the module crm is there without crm.lead.contact.add"},
	{Name: "method-missing-controller", Group: "inventory", Causes: []string{"methods/method-missing"}, With: withWebhook, Needs: []string{"method:crm.item.list", "method:crm.deal.list"}, lacks: Without{Methods: []string{"crm.item.list"}}, Words: "the module crm is there without crm.item.list, which the list of methods never has"},
	{Name: "method-unknown", Group: "inventory", Causes: []string{"methods/method-unknown"}, With: withWebhook, Needs: []string{"method:crm.deal.lits"}, Words: "an application wants a method that exists nowhere, which is no fault of the portal"},
	{Name: "method-deprecated", Group: "inventory", Causes: []string{"methods/method-deprecated"}, With: withWebhook, Needs: []string{"method:crm.company.add"}, Words: "an application wants a method that has a successor, which is no fault of the portal"},
	{Name: "event-missing", Group: "inventory", Causes: []string{"events/event-missing"}, With: signedIn, Needs: []string{"event:ONCRMDYNAMICITEMADD_147", "event:ONCRMDEALADD"}, lacks: Without{Events: []string{"ONCRMDYNAMICITEMADD"}}, Words: "the module crm is there without the event ONCRMDYNAMICITEMADD"},

	{Name: "event-not-recorded", Group: "events", Causes: []string{"event-machinery/event-not-recorded"}, With: eventTest, Words: "events are fired and never recorded"},
	{Name: "event-test-missing", Group: "events", With: eventTest, lacks: Without{Methods: []string{"event.test"}}, Words: "the method event.test does not exist"},
	{Name: "event-recorded-late", Group: "events", With: eventTest, Words: "events are recorded after the first look at them, as a background job may do"},
	{Name: "event-unbind-error", Group: "events", With: eventTest, Words: "taking an event handler away ends in an error"},
	{Name: "event-unbind-fails", Group: "events", With: eventTest, Words: "taking an event handler away takes none away"},

	{Name: "app-host-unreachable", Group: "application-host", Causes: []string{"application-hosts/host-unreachable"}, Needs: calledApp, Words: "the application's server refuses connections", ports: true},
	{Name: "app-private", Group: "application-host", Causes: []string{"application-hosts/handler-private"}, With: []string{"dns"}, Needs: calledApp, Words: "the application's name leads to a private address only"},
	{Name: "app-tls-self-signed", Group: "application-tls", Causes: []string{"application-hosts/handler-tls"}, Needs: calledApp, Words: "the application's certificate is signed by itself"},
	{Name: "app-tls-incomplete-chain", Group: "application-tls", Causes: []string{"application-hosts/handler-tls"}, Needs: calledApp, Words: "the application's server does not send the intermediate certificate"},
	{Name: "app-tls-expired", Group: "application-tls", Causes: []string{"application-hosts/handler-tls"}, Needs: openedApp, Words: "the application's certificate has expired"},
	{Name: "app-tls-wrong-host", Group: "application-tls", Causes: []string{"application-hosts/handler-tls"}, Needs: openedApp, Words: "the application's certificate is for other names"},
	{Name: "app-frame-options", Group: "application-page", Causes: []string{"application-hosts/frame-blocked"}, Needs: openedApp, Words: "the application's page forbids frames with X-Frame-Options"},
	{Name: "app-frame-ancestors", Group: "application-page", Causes: []string{"application-hosts/frame-blocked"}, Needs: openedApp, Words: "the application's page allows frames of another portal alone"},
	{Name: "app-frame-allowed", Group: "application-page", Needs: openedApp, Words: "the application's page allows frames of this portal alone, and says otherwise in X-Frame-Options, which is no fault"},

	{Name: "authorize-login", Group: "authorize", Words: "/oauth/authorize/ shows the login form"},
	{Name: "authorize-error", Group: "authorize", Words: "/oauth/authorize/ shows the authorization server's error"},
	{Name: "authorize-code-box", Group: "authorize", Words: "/oauth/authorize/ shows the code instead of redirecting"},
	{Name: "authorize-empty-box", Group: "authorize", Words: "/oauth/authorize/ shows an empty code"},

	{Name: "grant-invalid", Group: "token", Causes: []string{"sign-in/grant-invalid"}, With: []string{"sign-in"}, Words: "the authorization server does not know the refresh token"},
	{Name: "client-invalid", Group: "token", Causes: []string{"sign-in/client-invalid"}, With: []string{"sign-in"}, Words: "the application's secret is wrong"},
	{Name: "sign-in-expired", Group: "token", Causes: []string{"sign-in/sign-in-expired"}, With: []string{"sign-in"}, Words: "the refresh token is older than 180 days"},
	{Name: "app-payment-required", Group: "token", Causes: []string{"sign-in/app-payment-required"}, With: []string{"sign-in"}, Words: "the application's own payment has ended"},
	{Name: "app-unknown", Group: "token", Causes: []string{"sign-in/app-unknown"}, With: []string{"sign-in"}, Words: "the authorization server does not know the application"},
	{Name: "token-not-installed", Group: "token", With: []string{"sign-in"}, Words: "the authorization server says that the application is not installed"},
	{Name: "token-unauthorized-client", Group: "token", With: []string{"sign-in"}, Words: "the application may not use this kind of grant"},
	{Name: "token-invalid-scope", Group: "token", With: []string{"sign-in"}, Words: "the authorization server finds the permissions too many"},
	{Name: "token-invalid-request", Group: "token", With: []string{"sign-in"}, Words: "the authorization server finds the request malformed"},
	{Name: "token-unsupported-grant", Group: "token", With: []string{"sign-in"}, Words: "the authorization server does not know this kind of grant"},
	{Name: "token-server-error", Group: "token", With: []string{"sign-in"}, Words: "the authorization server answers with HTML 502"},
	{Name: "token-query-only", Group: "token", With: []string{"sign-in"}, Words: "the authorization server reads the query alone, not the body"},

	{Name: "address-differs", Group: "identity", Causes: []string{"portal-identity/address-differs"}, With: []string{"sign-in"}, Words: "the authorization server holds another address for the portal"},
	{Name: "address-held-as-http", Group: "identity", Causes: []string{"portal-identity/address-held-as-http"}, With: []string{"sign-in"}, Words: "the authorization server holds the portal's address with http"},

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

	// The same misbehaviour as of faults above, seen with more.
	{Name: "signed-in-auth-server-unreachable", Group: "again", like: "auth-server-unreachable", Causes: []string{"token-accepted/auth-server-unreachable"}, With: signedIn, Words: "the portal is refused by the authorization server, seen with a fresh token"},
	{Name: "signed-in-portal-not-registered", Group: "again", like: "portal-not-registered", Causes: []string{"token-accepted/portal-not-registered"}, With: signedIn, Words: "the portal never registered, seen with a fresh token"},
	{Name: "signed-in-licence-rejected", Group: "again", like: "licence-rejected", Causes: []string{"token-accepted/licence-rejected"}, With: signedIn, Words: "the authorization server rejects the licence, seen with a fresh token"},
	{Name: "signed-in-credentials-refused", Group: "again", like: "portal-credentials-refused", Causes: []string{"token-accepted/portal-credentials-refused"}, With: signedIn, Words: "the authorization server refuses the portal's own credentials, seen with a fresh token"},
	{Name: "signed-in-token-checker-missing", Group: "again", like: "token-checker-missing", Causes: []string{"token-accepted/token-checker-missing"}, With: signedIn, Words: "the rest module's token checker is not registered, seen with a fresh token"},
	{Name: "signed-in-vendor-host-unreachable", Group: "again", like: "auth-host-unreachable", Causes: []string{"sign-in/vendor-host-unreachable"}, With: []string{"sign-in"}, Words: "both authorization servers refuse this computer, which has a sign-in"},
	{Name: "signed-in-rest-not-in-plan", Group: "again", like: "rest-not-in-plan", Causes: []string{"rest-licence/rest-not-in-plan"}, With: signedIn, Words: "the licence includes no REST, seen with a token"},
	{Name: "signed-in-subscription-ended", Group: "again", like: "subscription-ended", Causes: []string{"rest-licence/subscription-ended"}, With: signedIn, Words: "the subscription has ended, seen with a token"},
	{Name: "signed-in-feature-not-licensed", Group: "again", like: "feature-not-licensed", Causes: []string{"rest-licence/feature-not-licensed"}, With: signedIn, Words: "the licence does not include what is called, seen with a token"},
	{Name: "signed-in-licence-blocked", Group: "again", like: "licence-blocked", Causes: []string{"rest-licence/licence-blocked"}, With: signedIn, Words: "the licence scanner has blocked the portal, seen with a token"},
	{Name: "signed-in-user-not-admin", Group: "again", like: "user-not-admin", Causes: []string{"user-rights/user-not-admin"}, With: signedIn, Words: "the token's user is no administrator"},
	{Name: "event-test-denied", Group: "again", like: "user-not-admin", Causes: []string{"event-machinery/event-test-denied"}, With: eventTest, Words: "the token's user is no administrator and may not bind offline events"},
	{Name: "platform-2021", Group: "again", like: "platform-outdated", Causes: []string{"platform/platform-outdated"}, With: withWebhook, Words: "a rest module of 2021, seen with a webhook"},
	{Name: "method-unsure", Group: "again", like: "platform-outdated", Causes: []string{"methods/method-unsure"}, With: withWebhook, Needs: []string{"method:crm.item.list"}, Words: "a rest module of 2021 cannot say whether it has crm.item.list"},
	{Name: "method-missing-2021", Group: "again", like: "platform-outdated", Causes: []string{"methods/method-missing"}, With: withWebhook, Needs: []string{"method:crm.lead.contact.add"}, lacks: Without{Methods: []string{"crm.lead.contact.add"}}, Words: "a rest module of 2021, and crm without crm.lead.contact.add"},
}
