package words_test

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"boxready/checks"
	"boxready/internal/bitrix"
	"boxready/internal/words"
)

type conclusion struct {
	check checks.ID
	cause checks.Cause // "" is ok
	facts string
}

// conclusions are facts from which each cause follows: those of answers without a credential, of the checks with one, and of this
// program's own.
var conclusions = []conclusion{
	{"rest-route", "rest-not-found", `{"request":"POST /rest/app.info","form":"html","status":404,"speaker":"product"}`},
	{"rest-route", "rest-not-found", `{"request":"POST /rest/app.info","form":"html","status":200,"speaker":"product"}`},
	{"rest-route", "rest-not-bitrix", `{"request":"POST /rest/app.info","form":"json","status":404,"speaker":"other","error":"Not Found","body":"{\"status\":404,\"error\":\"Not Found\"}"}`},
	{"rest-route", "rest-not-bitrix", `{"request":"POST /rest/app.info","form":"json","status":400,"speaker":"identity-provider","server":"Keycloak","error":"invalid_request","error_description":"Missing parameter: client_id"}`},
	{"rest-route", "rest-not-bitrix", `{"request":"POST /rest/app.info","form":"html","status":200,"speaker":"other","server":"nginx","body":"<html>"}`},
	{"rest-route", "rest-module-missing", `{"request":"POST /rest/app.info","form":"empty","status":200,"speaker":"other"}`},
	{"rest-route", "rest-basic-auth", `{"request":"POST /rest/app.info","form":"html","status":401,"speaker":"web-server","www_authenticate":"Basic realm=x"}`},
	{"rest-route", "rest-login-page", `{"request":"POST /rest/app.info","form":"html","status":200,"speaker":"other","kind":"login"}`},
	{"rest-route", "rest-blocked", `{"request":"POST /rest/app.info","form":"html","status":403,"speaker":"edge","kind":"blocked","filter":"Qrator"}`},
	{"rest-route", "rest-site-closed", `{"request":"POST /rest/app.info","form":"json","status":403,"speaker":"rest-module","error":"PORTAL_DELETED","error_description":"Portal was deleted"}`},
	{"rest-route", "rest-polluted", `{"request":"POST /rest/app.info","form":"json","status":401,"speaker":"rest-module","error":"NO_AUTH_FOUND","error_description":"Wrong authorization data","polluted":"Notice","body":"Notice"}`},
	{"rest-route", "rest-server-error", `{"request":"POST /rest/app.info","form":"json","status":500,"speaker":"rest-module","error":"ERROR_CORE","error_description":"SQL query error!"}`},
	{"rest-route", "rest-server-error", `{"request":"POST /rest/app.info","form":"json","status":502,"speaker":"other","error":"Bad Gateway"}`},
	{"rest-route", "rest-server-error", `{"request":"POST /rest/app.info","form":"html","status":200,"speaker":"product","kind":"exception","body":"A error occurred"}`},
	{"rest-route", "rest-server-error", `{"request":"POST /rest/app.info","form":"empty","status":500,"speaker":"other"}`},
	{"rest-route", "rest-cut-off", `{"request":"POST /rest/app.info","form":"cut-off","status":200,"speaker":"other"}`},
	{"rest-route", "rest-slow", `{"request":"POST /rest/app.info","form":"json","status":401,"speaker":"rest-module","error":"NO_AUTH_FOUND","error_description":"Wrong authorization data","times":{"connect":4000,"wait":7200,"total":11200}}`},
	{"rest-route", "rest-slow", `{"request":"POST /rest/app.info","form":"json","status":200,"speaker":"rest-module","times":{"wait":7200,"total":7200}}`},
	{"rest-route", "rest-method-refused", `{"request":"POST /rest/app.info","form":"html","status":405,"speaker":"web-server","server":"nginx"}`},
	{"rest-route", "rest-method-refused", `{"request":"POST /rest/app.info","form":"html","status":405,"speaker":"other"}`},
	{"rest-route", "php-not-run", `{"request":"POST /rest/app.info","form":"text","status":200,"speaker":"web-server","kind":"php-source","body":"<?php\ninclude_once($_SERVER['DOCUMENT_ROOT']);\n"}`},
	{"rest-route", "php-script-refused", `{"request":"POST /rest/app.info","form":"text","status":404,"speaker":"php-fpm","kind":"script-refused","body":"No input file specified.\n"}`},
	{"rest-route", "php-script-refused", `{"request":"POST /rest/app.info","form":"text","status":403,"speaker":"php-fpm","kind":"script-refused","body":"Access denied.\n"}`},
	{"rest-route", "site-not-served", `{"request":"POST /rest/app.info","form":"html","status":404,"speaker":"web-server","server":"nginx","admin":{"form":"html","status":404,"speaker":"web-server"}}`},
	{"rest-route", "proxy-wrong-scheme", `{"request":"POST /rest/app.info","form":"html","status":400,"speaker":"web-server","kind":"wrong-scheme","body":"<html>"}`},
	{"rest-route", "proxy-wrong-scheme", `{"request":"POST /rest/app.info","form":"text","status":502,"speaker":"web-server","kind":"wrong-scheme","body":"wrong version number"}`},
	{"rest-route", "errors-replaced", `{"request":"POST /rest/app.info","form":"html","status":401,"speaker":"other","server":"nginx","shows_rest":true,"body":"<html><body>Sorry</body></html>"}`},
	{"rest-route", "edge-error", `{"request":"POST /rest/app.info","form":"html","status":520,"speaker":"edge","kind":"origin-error","filter":"Cloudflare"}`},
	{"rest-route", "edge-error", `{"request":"POST /rest/app.info","form":"html","status":521,"speaker":"edge","kind":"origin-error","filter":"Cloudflare"}`},
	{"rest-route", "edge-error", `{"request":"POST /rest/app.info","form":"html","status":523,"speaker":"edge","kind":"origin-error","filter":"Cloudflare"}`},
	{"rest-route", "edge-error", `{"request":"POST /rest/app.info","form":"html","status":524,"speaker":"edge","kind":"origin-error","filter":"Cloudflare"}`},
	{"rest-route", "edge-error", `{"request":"POST /rest/app.info","form":"html","status":525,"speaker":"edge","kind":"origin-error","filter":"Cloudflare"}`},
	{"rest-route", "edge-error", `{"request":"POST /rest/app.info","form":"html","status":526,"speaker":"edge","kind":"origin-error","filter":"Cloudflare"}`},
	{"rest-route", "edge-error", `{"request":"POST /rest/app.info","form":"html","status":502,"speaker":"edge","kind":"origin-error","filter":"Qrator"}`},
	{"rest-route", "browser-check", `{"request":"POST /rest/app.info","form":"empty","status":302,"speaker":"edge","kind":"browser-check","filter":"Yandex SmartCaptcha","location":"https://portal.example.ru/showcaptcha"}`},
	{"rest-route", "browser-check", `{"request":"POST /rest/app.info","form":"html","status":200,"speaker":"edge","kind":"browser-check"}`},
	{"rest-route", "disk-full", `{"request":"POST /rest/app.info","form":"json","status":401,"speaker":"rest-module","error":"ERROR_OAUTH","error_description":"Disk quota exceeded"}`},
	{"rest-route", "refused-with-code", `{"request":"POST /rest/app.info","form":"json","status":400,"speaker":"rest-module","error":"SOMETHING_NEW","error_description":"Nobody knows"}`},
	{"rest-route", "unexpected-answer", `{"request":"POST /rest/app.info","form":"bad-encoding","status":403,"speaker":"other","server":"nginx"}`},
	{"https-seen", "https-not-seen", `{"request":"POST /rest/1/x/profile","form":"json","status":401,"speaker":"rest-module","error":"INVALID_REQUEST","error_description":"Https required."}`},
	{"https-seen", "refused-with-code", `{"request":"POST /rest/1/x/profile","form":"json","status":403,"speaker":"rest-module","error":"ACCESS_DENIED","error_description":"Access denied!"}`},
	{"method-inventory", "refused-with-code", `{"methods":[{"name":"batch","request":"POST /rest/batch","form":"json","status":500,"speaker":"rest-module","error":"ERROR_CORE","error_description":"SQL query error!"}]}`},
	{"auth-server-from-portal", "auth-server-unreachable", `{"deep":true,"tokens":[{"carrier":"form","form":"json","status":401,"speaker":"rest-module","error":"CONNECTION_ERROR","error_description":"Error connecting to authorization server","times":{"total":15200}}]}`},
	{"auth-server-from-portal", "portal-not-registered", `{"deep":true,"tokens":[{"carrier":"form","form":"json","status":400,"speaker":"rest-module","error":"ERROR_CORE","error_description":"No client credentials"}]}`},
	{"auth-server-from-portal", "licence-rejected", `{"deep":true,"tokens":[{"carrier":"form","form":"json","status":401,"speaker":"rest-module","error":"verification_needed","error_description":"License check failed."}]}`},
	{"auth-server-from-portal", "portal-credentials-refused", `{"deep":true,"tokens":[{"carrier":"form","form":"json","status":401,"speaker":"rest-module","error":"invalid_client"}]}`},
	{"auth-server-from-portal", "disk-full", `{"deep":true,"tokens":[{"carrier":"form","request":"POST /rest/app.info","form":"json","status":401,"speaker":"rest-module","error":"ERROR_OAUTH","error_description":"Исчерпан выделенный дисковый ресурс.<br>"}]}`},
	{"auth-server-from-portal", "refused-with-code", `{"deep":true,"tokens":[{"carrier":"form","request":"POST /rest/app.info","form":"json","status":400,"speaker":"rest-module","error":"ERROR_ARGUMENT","error_description":"Wrong"}]}`},
	{"content-filter", "body-filtered", `{"plain":{"form":"json","status":401,"error":"NO_AUTH_FOUND"},"suspicious":{"request":"POST /rest/app.info","form":"html","status":403,"server":"nginx"}}`},
	{"browser-library", "", `{"hosts":[{"host":"api.bitrix24.tech","status":200}]}`},
	{"browser-library", "vendor-host-unreachable", `{"hosts":[{"host":"api.bitrix24.tech","layer":"tcp","failure":"refused"},{"host":"api.bitrix24.com","layer":"tcp","failure":"refused"}]}`},
	{"browser-library", "vendor-host-unreachable", `{"hosts":[{"host":"api.bitrix24.tech","layer":"tls","failure":"certificate","interceptor":"Fortinet"}]}`},
	{"browser-library", "vendor-host-unreachable", `{"hosts":[{"host":"api.bitrix24.tech","status":403}]}`},
	{"application-frame", "", `{"portal":"https://portal.example","pages":[{"page":"https://app.example/","status":200,"frame":{"allows_portal":true}}]}`},
	{"application-frame", "frame-blocked", `{"portal":"https://portal.example","pages":[{"page":"https://app.example/","status":200,"frame":{"x_frame_options":["deny"],"allows_portal":false}}]}`},
	{"application-frame", "frame-blocked", `{"portal":"https://portal.example","pages":[{"page":"https://app.example/","status":200,"frame":{"frame_ancestors":["none"],"allows_portal":false}}]}`},
	{"application-frame", "frame-not-https", `{"portal":"https://portal.example","pages":[{"page":"http://app.example/"}]}`},
	{"application-frame", "frame-not-https", `{"portal":"https://portal.example","pages":[{"page":"https://app.example/","status":302,"location":"http://app.example"}]}`},
	{"application-frame", "frame-cookie", `{"portal":"https://portal.example","pages":[{"page":"https://app.example/","status":200,"frame":{"allows_portal":true},"cookies":[{"name":"PHPSESSID","secure":true}]}]}`},
	{"application-frame", "unexpected-answer", `{"portal":"https://portal.example","pages":[{"page":"https://app.example/","status":405}]}`},
	{"body-size", "", `{"plain":{"form":"json","status":401,"error":"NO_AUTH_FOUND"},"large":[{"mib":2,"answer":{"form":"json","status":401,"error":"NO_AUTH_FOUND"}},{"mib":12,"answer":{"form":"json","status":401,"error":"NO_AUTH_FOUND"}}]}`},
	{"body-size", "body-too-large", `{"plain":{"form":"json","status":401,"error":"NO_AUTH_FOUND"},"large":[{"mib":2,"answer":{"request":"POST /rest/app.info","form":"html","status":413,"server":"nginx"}}]}`},
	{"body-size", "body-too-large", `{"plain":{"form":"json","status":401,"error":"NO_AUTH_FOUND"},"large":[{"mib":2,"answer":{"form":"json","status":401,"error":"NO_AUTH_FOUND"}},{"mib":12,"answer":{"request":"POST /rest/app.info","failure":"closed"}}]}`},
	{"webhook", "", `{"answer":{"form":"json","status":200}}`},
	{"webhook", "webhook-rejected", `{"answer":{"form":"json","status":401,"error":"INVALID_CREDENTIALS","error_description":"Invalid request credentials"}}`},
	{"webhook", "webhook-user", `{"answer":{"form":"json","status":401,"error":"authorization_error"}}`},
	{"webhook", "webhook-user", `{"answer":{"form":"json","status":403,"error":"allowed_only_intranet_user","error_description":"Method allowed only for intranet users"}}`},
	{"webhook", "call-awaits-consent", `{"answer":{"form":"json","status":401,"error":"METHOD_CONFIRM_WAITING","error_description":"Waiting for confirmation"}}`},
	{"webhook", "call-awaits-consent", `{"answer":{"form":"json","status":403,"error":"METHOD_CONFIRM_DENIED","error_description":"Method call denied"}}`},
	{"webhook", "disk-full", `{"answer":{"form":"json","status":401,"error":"ERROR_OAUTH","error_description":"Disk quota exceeded."}}`},
	{"webhook", "refused-with-code", `{"answer":{"request":"POST /rest/app.info","form":"json","status":403,"error":"ACCESS_DENIED","error_description":"Access denied!"}}`},
	{"webhook", "refused-with-code", `{"answer":{"request":"POST /rest/app.info","form":"json","status":401,"error":"CONNECTION_ERROR","error_description":"Error connecting to authorization server"}}`},
	{"webhook", "refused-with-code", `{"answer":{"request":"POST /rest/app.info","form":"json","status":400,"error_description":"Nobody knows"}}`},
	{"sign-in", "", `{"server":"https://oauth.bitrix24.tech","not_saved":true}`},
	{"sign-in", "grant-invalid", `{"server":"https://oauth.bitrix24.tech","error":"invalid_grant"}`},
	{"sign-in", "client-invalid", `{"server":"https://oauth.bitrix24.tech","error":"invalid_client"}`},
	{"sign-in", "sign-in-expired", `{"server":"https://oauth.bitrix24.tech","error":"expired_token"}`},
	{"sign-in", "app-payment-required", `{"server":"https://oauth.bitrix24.tech","error":"PAYMENT_REQUIRED"}`},
	{"sign-in", "app-unknown", `{"server":"https://oauth.bitrix24.tech","error":"wrong_client"}`},
	{"sign-in", "scope-refused", `{"server":"https://oauth.bitrix24.tech","error":"invalid_scope","error_description":"Given scope exceeds permissions associated with given grant"}`},
	{"sign-in", "scope-refused", `{"server":"https://oauth.bitrix24.tech","error":"unauthorized_client"}`},
	{"sign-in", "auth-server-failed", `{"server":"https://oauth.bitrix24.tech","error":"QUERY_LIMIT_EXCEEDED","error_description":"Too many requests","status":503}`},
	{"sign-in", "auth-server-failed", `{"server":"https://oauth.bitrix24.tech","failure":"other","status":502,"body":"<html>"}`},
	{"sign-in", "vendor-host-unreachable", `{"server":"https://oauth.bitrix24.tech","failure":"refused","layer":"tcp"}`},
	{"sign-in", "unexpected-answer", `{"server":"https://oauth.bitrix24.tech","failure":"other","status":200,"body":"hello"}`},
	{"portal-identity", "", `{"portal":"https://portal.example.ru","held":"https://portal.example.ru/rest/"}`},
	{"portal-identity", "address-differs", `{"server":"https://oauth.bitrix24.tech","portal":"https://portal.example.ru","held":"https://copy.example.ru/rest/"}`},
	{"portal-identity", "address-held-as-http", `{"server":"https://oauth.bitrix24.tech","portal":"https://portal.example.ru","held":"http://portal.example.ru/rest/"}`},
	{"token-accepted", "", `{"answer":{"form":"json","status":200}}`},
	{"token-accepted", "auth-server-unreachable", `{"answer":{"form":"json","status":401,"error":"CONNECTION_ERROR","times":{"total_ms":15200}}}`},
	{"token-accepted", "portal-not-registered", `{"answer":{"form":"json","status":400,"error":"ERROR_CORE","error_description":"No client credentials"}}`},
	{"token-accepted", "licence-rejected", `{"answer":{"form":"json","status":401,"error":"verification_needed"}}`},
	{"token-accepted", "portal-credentials-refused", `{"answer":{"form":"json","status":401,"error":"invalid_client"}}`},
	{"token-accepted", "token-checker-missing", `{"answer":{"form":"json","status":401,"error":"NO_AUTH_FOUND"},"json":{"form":"json","status":401,"error":"NO_AUTH_FOUND"}}`},
	{"token-accepted", "app-not-on-portal", `{"answer":{"form":"json","status":401,"error":"APPLICATION_NOT_FOUND"}}`},
	{"token-accepted", "app-not-on-auth-server", `{"not_installed":true}`},
	{"token-accepted", "app-not-on-auth-server", `{"answer":{"form":"json","status":401,"error":"invalid_token","error_description":"Unable to get application by token"}}`},
	{"token-accepted", "disk-full", `{"answer":{"form":"json","status":401,"error":"ERROR_OAUTH","error_description":"Disk quota exceeded."}}`},
	{"token-accepted", "user-inactive", `{"answer":{"form":"json","status":401,"error":"authorization_error"}}`},
	{"token-accepted", "user-no-app-access", `{"answer":{"form":"json","status":401,"error":"user_access_error"}}`},
	{"rest-licence", "", `{}`},
	{"rest-licence", "rest-not-in-plan", `{"refused":[{"credential":"webhook","method":"app.info","error":"ACCESS_DENIED","error_description":"REST is available only by subscription."}]}`},
	{"rest-licence", "subscription-ended", `{"refused":[{"credential":"sign-in","method":"app.info","error":"PAYMENT_REQUIRED","error_description":"Subscription has been ended"}]}`},
	{"rest-licence", "feature-not-licensed", `{"refused":[{"credential":"sign-in","method":"profile","error":"WRONG_LICENSE"}]}`},
	{"rest-licence", "licence-blocked", `{"refused":[{"credential":"sign-in","method":"profile","error":"PORTAL_BLOCKED_BY_LICENSE_SCANNER"}]}`},
	{"rest-licence", "app-payment-required", `{"refused":[{"credential":"sign-in","method":"app.info","error":"PAYMENT_REQUIRED","error_description":"Payment required"}]}`},
	{"app-installed", "", `{"installed":true}`},
	{"app-installed", "install-unfinished", `{"installed":false,"code":"local.1"}`},
	{"user-rights", "", `{"credential":"webhook","form":"json","status":200,"admin":true}`},
	{"user-rights", "user-not-admin", `{"credential":"webhook","form":"json","status":200,"admin":false,"user_id":"7"}`},
	{"user-rights", "user-not-admin", `{"credential":"sign-in","form":"json","status":200,"admin":false}`},
	{"platform", "", `{"credential":"webhook"}`},
	{"platform", "platform-outdated", `{"credential":"webhook","modules":[{"module":"rest","below":"23.100.0"},{"module":"main","below":"22.0.0"}]}`},
	{"event-machinery", "", `{"recorded":true,"waited_ms":1500,"left_bound":true,"leftovers":1}`},
	{"event-delivery", "", `{"receiver":"https://events.example","limit_ms":120000,"arrival":{"took_ms":1400,"from":"192.0.2.1","queue":"listed"}}`},
	{"event-delivery", "", `{"receiver":"https://events.example","limit_ms":120000,"left_bound":true,"arrival":{"took_ms":1400,"from":"192.0.2.1","queue":"unlisted","copies":1}}`},
	{"event-delivery", "", `{"receiver":"https://events.example","limit_ms":120000,"arrival":{"took_ms":0,"from":"192.0.2.1","queue":"unsure"}}`},
	{"event-delivery", "event-not-delivered", `{"receiver":"https://events.example","limit_ms":120000,"waited_ms":120000,"steps":[{"method":"event.bind","form":"json","status":200},{"method":"event.test","form":"json","status":200}]}`},
	{"event-delivery", "event-not-delivered", `{"receiver":"https://events.example","limit_ms":120000,"waited_ms":120000,"refused":1,"others":1,"left_bound":true,"steps":[{"method":"event.bind","form":"json","status":200},{"method":"event.test","form":"json","status":200}]}`},
	{"event-delivery", "refused-with-code", `{"receiver":"https://events.example","limit_ms":120000,"steps":[{"method":"event.bind","form":"json","status":400,"error":"ERROR_WRONG_HANDLER_URL","error_description":"Wrong handler URL"}]}`},
	{"event-delivery", "unexpected-answer", `{"receiver":"https://events.example","limit_ms":120000,"steps":[{"method":"event.bind","form":"html","status":502}]}`},
	{"event-delivery", "unexpected-answer", `{"receiver":"https://events.example","limit_ms":120000,"trouble":{"leg":"mailbox","reason":"unreachable","layer":"tcp","failure":"refused"}}`},
	{"event-delivery", "unexpected-answer", `{"receiver":"https://events.example","limit_ms":120000,"trouble":{"leg":"mailbox","reason":"unreachable","layer":"http","failure":"other"}}`},
	{"event-delivery", "unexpected-answer", `{"receiver":"https://events.example","limit_ms":120000,"trouble":{"leg":"mailbox","reason":"busy"}}`},
	{"event-delivery", "unexpected-answer", `{"receiver":"https://events.example","limit_ms":120000,"trouble":{"leg":"mailbox","reason":"no-receiver"}}`},
	{"event-delivery", "unexpected-answer", `{"receiver":"https://events.example","limit_ms":120000,"waited_ms":120000,"addresses":["192.168.1.5"],"steps":[{"method":"event.test","form":"json","status":200}]}`},
	{"event-delivery", "unexpected-answer", `{"receiver":"https://events.example","limit_ms":120000,"trouble":{"leg":"travel","reason":"forgot"}}`},
	{"event-machinery", "event-not-recorded", `{"left_bound":true,"steps":[{"method":"event.bind","form":"json","status":200},{"method":"event.offline.get","form":"json","status":200}]}`},
	{"event-machinery", "refused-with-code", `{"steps":[{"method":"event.bind","form":"json","status":200},{"method":"event.test","form":"json","status":404,"error":"ERROR_METHOD_NOT_FOUND","error_description":"Method not found!"}]}`},
	{"event-machinery", "unexpected-answer", `{"steps":[{"method":"event.bind","form":"html","status":502}]}`},
	{"event-machinery", "event-test-denied", `{"steps":[{"method":"event.bind","form":"json","status":403,"error":"ACCESS_DENIED"}]}`},
	{"rate-limit", "", `{}`},
	{"rate-limit", "throttled", `{"answered":3,"limited":[{"request":"POST /rest/app.info","status":401,"error":"QUERY_LIMIT_EXCEEDED"}]}`},
	{"rate-limit", "throttled", `{"limited":[{"request":"POST /rest/app.info","status":429,"server":"nginx"}]}`},
	{"rate-limit", "overloaded", `{"limited":[{"request":"POST /rest/app.info","status":401,"error":"OVERLOAD_LIMIT"}]}`},
	{"rate-limit", "operation-time", `{"limited":[{"request":"POST /rest/batch","status":429,"error":"OPERATION_TIME_LIMIT"}]}`},
	{"self-keyring", "", `{"keeper":"windows-credential-manager"}`},
	{"self-keyring", "keyring-absent", `{"keeper":"secret-service","reason":"absent"}`},
	{"self-keyring", "keyring-absent", `{"keeper":"windows-credential-manager","reason":"absent"}`},
	{"self-keyring", "keyring-locked", `{"keeper":"secret-service","reason":"locked"}`},
	{"self-keyring", "keyring-refused", `{"keeper":"macos-keychain","reason":"refused"}`},
	{"self-keyring", "keyring-timeout", `{"keeper":"secret-service","reason":"timeout"}`},
	{"self-loopback", "", `{"address":"127.0.0.1:41924"}`},
	{"self-loopback", "port-busy", `{"address":"127.0.0.1:41924","reason":"busy"}`},
	{"self-loopback", "port-reserved", `{"address":"127.0.0.1:41924","reason":"reserved"}`},
	{"self-loopback", "unexpected-answer", `{"address":"127.0.0.1:41924","reason":"other"}`},
	{"self-browser", "", `{"found":true}`},
	{"self-browser", "no-browser", `{}`},
	{"self-proxy", "", `{}`},
	{"self-proxy", "proxy-auth-required", `{"hosts":[{"host":"oauth.bitrix24.tech","proxy":"proxy.example.ru:3128","failure":"proxy-auth-required","layer":"proxy"}]}`},
	{"self-proxy", "proxy-refused", `{"hosts":[{"host":"oauth.bitrix24.tech","proxy":"proxy.example.ru:3128","failure":"proxy-refused","layer":"proxy"}]}`},
	{"self-clock", "unexpected-answer", `{}`},
	{"self-clock", "clock-wrong", `{"hosts":[{"host":"oauth.bitrix24.tech","at":"2026-08-21T10:00:00Z","date":"2026-08-21T12:00:00Z","status":200}]}`},
	{"self-display", "", `{"opengl":true}`},
	{"self-display", "no-opengl", `{}`},
	{"modules", "", `{"credential":"webhook","required":{"built_in":true},"provided":["crm"]}`},
	{"modules", "module-missing", unmetFacts},
	{"modules", "module-outdated", unmetFacts},
	{"modules", "module-version-unknown", unmetFacts},
	{"modules", "module-outdated", `{"credential":"sign-in","required":{"scopes":["imbot"]},"provided":["im"]}`},
	{"modules", "module-version-unknown", `{"credential":"sign-in","required":{"scopes":["note"]},"provided":["im"]}`},
	{"scopes", "", `{"credential":"sign-in","required":{"scopes":["crm","im"]},"provided":["crm","im"],"granted":["crm"]}`},
	{"scopes", "scope-not-granted", unmetFacts},
	{"scopes", "scope-unknown", unmetFacts},
	{"methods", "", `{"credential":"sign-in","required":{}}`},
	{"methods", "method-missing", unmetFacts},
	{"methods", "rest3-missing", `{"credential":"webhook","required":{"methods":["api/tasks.task.get"]},"provided":["task","tasks"],"granted":["task"],"rest3":false}`},
	{"methods", "method-unknown", unmetFacts},
	{"methods", "method-deprecated", unmetFacts},
	{"methods", "method-not-permitted", unmetFacts},
	{"methods", "method-unsure", unmetFacts},
	{"events", "", `{"credential":"sign-in","required":{},"events":["ONAPPTEST"]}`},
	{"application-hosts", "", `{"at":"2026-11-25T12:00:00Z","handlers":"lan","left_out":3,"hosts":[{"host":"app.example","port":443,"directions":["portal-to-app"]},{"host":"b.example","port":443,"directions":["app-to-portal"]}]}`},
	{"application-hosts", "host-unreachable", `{"at":"2026-11-25T12:00:00Z","hosts":[{"host":"app.example","port":443,"directions":["portal-to-app"],"failure":"refused"}]}`},
	{"application-hosts", "host-unreachable", `{"at":"2026-11-25T12:00:00Z","hosts":[{"host":"app.example","port":443,"directions":["portal-to-app"],"failure":"reset"}]}`},
	{"application-hosts", "host-unreachable", `{"at":"2026-11-25T12:00:00Z","hosts":[{"host":"app.example","port":443,"directions":["portal-to-app"],"failure":"closed"}]}`},
	{"application-hosts", "host-unreachable", `{"at":"2026-11-25T12:00:00Z","hosts":[{"host":"app.example","port":443,"directions":["portal-to-app"],"failure":"dns-not-found"}]}`},
	{"application-hosts", "host-unreachable", `{"at":"2026-11-25T12:00:00Z","hosts":[{"host":"app.example","port":443,"directions":["portal-to-app"],"failure":"timeout"}]}`},
	{"application-hosts", "host-unreachable", `{"at":"2026-11-25T12:00:00Z","hosts":[{"host":"app.example","port":443,"directions":["portal-to-app"],"failure":"dns-failed"}]}`},
	{"application-hosts", "host-unreachable", `{"at":"2026-11-25T12:00:00Z","hosts":[{"host":"app.example","port":443,"directions":["portal-to-app"],"failure":"no-route"}]}`},
	{"application-hosts", "host-unreachable", `{"at":"2026-11-25T12:00:00Z","hosts":[{"host":"app.example","port":443,"directions":["portal-to-app"],"failure":"unreachable"}]}`},
	{"application-hosts", "host-unreachable", `{"at":"2026-11-25T12:00:00Z","hosts":[{"host":"app.example","port":443,"directions":["portal-to-app"],"failure":"other"}]}`},
	{"application-hosts", "handler-tls", `{"at":"2026-11-25T12:00:00Z","hosts":[{"host":"app.example","port":443,"directions":["portal-to-app"],"failure":"not-tls"}]}`},
	{"application-hosts", "handler-tls", `{"at":"2026-11-25T12:00:00Z","hosts":[{"host":"app.example","port":443,"directions":["portal-to-app"],"failure":"tls-failed"}]}`},
	{"application-hosts", "handler-tls", `{"at":"2026-11-25T12:00:00Z","hosts":[{"host":"app.example","port":443,"directions":["portal-to-app"],"tls":{"took_ms":1,"chain":[{"subject":"CN=a","issuer":"CN=b","not_before":"2026-01-01T00:00:00Z","not_after":"2027-01-01T00:00:00Z"}],"trust":{"public":false,"name_matches":true}}}]}`},
	{"application-hosts", "handler-tls", `{"at":"2026-11-25T12:00:00Z","hosts":[{"host":"app.example","port":443,"directions":["portal-to-app"],"tls":{"took_ms":1,"chain":[{"subject":"CN=a","issuer":"CN=b","not_before":"2026-01-01T00:00:00Z","not_after":"2026-02-01T00:00:00Z"}],"trust":{"public":true,"name_matches":false}}}]}`},
	{"application-hosts", "handler-tls", `{"at":"2026-11-25T12:00:00Z","hosts":[{"host":"app.example","port":443,"directions":["portal-to-app"],"tls":{"took_ms":1,"interceptor":"Kaspersky","chain":[{"subject":"CN=a","issuer":"CN=b","not_before":"2026-01-01T00:00:00Z","not_after":"2027-01-01T00:00:00Z"}],"trust":{"public":false,"name_matches":true}}}]}`},
	{"application-hosts", "handler-private", `{"at":"2026-11-25T12:00:00Z","hosts":[{"host":"app.example","port":443,"directions":["portal-to-app"],"addresses":["10.0.0.1"]}]}`},
	{"application-hosts", "handler-private", `{"at":"2026-11-25T12:00:00Z","hosts":[{"host":"localhost","port":443,"directions":["portal-to-app"]}]}`},
	{"events", "event-missing", unmetFacts},
	{"events", "event-missing", `{"credential":"sign-in","required":{"events":["ONIMCONNECTORDIALOGFINISH"]},"provided":["crm","imopenlines"],"events":["ONAPPTEST"]}`},
	{"portal-from-internet", "", `{"made":"2026-11-20T10:00:00Z","route":{"status":401,"form":"json","error":"NO_AUTH_FOUND"}}`},
	{"portal-from-internet", "not-seen-from-outside", `{"made":"2026-11-20T10:00:00Z","dns":{"failure":"dns-not-found"}}`},
	{"portal-from-internet", "not-seen-from-outside", `{"made":"2026-11-20T10:00:00Z","dns":{"addresses":["203.0.113.5"]},"tcp":{"attempts":[{"address":"203.0.113.5","failure":"timeout"}]}}`},
	{"portal-from-internet", "unexpected-answer", `{"made":"2026-11-20T10:00:00Z","dns":{"addresses":["10.0.0.5"]},"tcp":{"attempts":[{"address":"10.0.0.5"}]}}`},
	{"portal-from-internet", "unexpected-answer", `{"made":"2026-11-20T10:00:00Z"}`},
	{"server-probe", "", `{"at":"2026-11-25T10:00:00Z","portal":"portal.example.ru","time":"2026-11-25T09:00:00Z","asked":"portal.example.ru"}`},
	{"server-probe", "probe-other-portal", `{"portal":"portal.example.ru","asked":"other.example.ru"}`},
	{"server-probe", "probe-other-portal", `{"portal":"portal.example.ru","names":["other.example.ru","www.other.example.ru"]}`},
	{"server-probe", "probe-other-portal", `{"portal":"portal.example.ru","asked":"other.example.ru","names":["other.example.ru"]}`},
	{"server-probe", "", `{"log":true}`},
	{"server-probe", "", `{"log":true,"entries_left_out":1200}`},
	{"server-probe", "probe-old", `{"at":"2026-11-25T10:00:00Z","portal":"portal.example.ru","time":"2026-11-20T09:00:00Z","asked":"portal.example.ru","entries_left_out":3}`},
	{"server-probe", "probe-damaged", `{"failed":{"agents":"x"},"entries_left_out":2}`},
	{"server-probe", "probe-damaged", `{"failed":{"product":"not-found"}}`},
	{"server-probe", "probe-damaged", `{"failed":{"product":"other-user"}}`},
	{"server-probe", "probe-old", `{"at":"2026-11-25T10:00:00Z","portal":"portal.example.ru","time":"2026-11-20T09:00:00Z","asked":"portal.example.ru"}`},
	{"server-probe", "probe-damaged", `{"damage":"cut-off"}`},
	{"server-probe", "probe-damaged", `{"damage":"damaged"}`},
	{"server-probe", "probe-damaged", `{"ended":"Maximum execution time of 30 seconds exceeded"}`},
	{"server-probe", "probe-damaged", `{"failed":{"licence":"Error: no","hosts":"no time left"}}`},
	{"server-auth-server", "", `{"web":true,"hosts":[{"by":"php","host":"oauth.bitrix24.tech","in_use":true,"asked":true,"error":"invalid_request"}]}`},
	{"server-auth-server", "", `{"hosts":[{"by":"php","host":"oauth.bitrix24.tech","in_use":true,"asked":true,"error":"invalid_request"}]}`},
	{"server-auth-server", "", `{"hosts":[{"by":"sh","host":"oauth.bitrix24.tech","asked":true,"error":"invalid_request"}]}`},
	{"server-auth-server", "auth-server-unreachable", `{"web":true,"hosts":[{"by":"php","host":"oauth.bitrix24.tech","in_use":true,"asked":true,"layer":"dns"}]}`},
	{"server-auth-server", "auth-server-unreachable", `{"web":true,"hosts":[{"by":"php","host":"oauth.bitrix24.tech","in_use":true,"asked":true,"layer":"tcp","failure":"110 Connection timed out"}]}`},
	{"server-auth-server", "auth-server-unreachable", `{"web":true,"hosts":[{"by":"php","host":"oauth.bitrix24.tech","in_use":true,"asked":true,"layer":"proxy"}],"proxies":{"rest":{"host":"10.0.0.9","port":"3128"}}}`},
	{"server-auth-server", "auth-server-unreachable", `{"web":true,"hosts":[{"by":"php","host":"oauth.bitrix24.tech","in_use":true,"asked":true,"layer":"http","status":200,"body":"<html>"}]}`},
	{"server-auth-server", "auth-server-unreachable", `{"hosts":[{"by":"sh","host":"oauth.bitrix24.tech","asked":true,"layer":"tls"},{"by":"sh","host":"oauth.bitrix.info","asked":true,"error":"invalid_request"}]}`},
	{"server-auth-server", "tls-intercepted", `{"web":true,"hosts":[{"by":"php","host":"oauth.bitrix24.tech","in_use":true,"asked":true,"layer":"tls","public":false,"verified":false,"issuer":"CN=Fortinet CA","interceptor":"Fortinet"}]}`},
	{"server-auth-server", "tls-intercepted", `{"web":true,"hosts":[{"by":"php","host":"oauth.bitrix24.tech","in_use":true,"asked":true,"layer":"tls","public":false,"verified":false,"issuer":"CN=Company CA"}]}`},
	{"server-auth-server", "ca-bundle-outdated", `{"web":true,"hosts":[{"by":"php","host":"oauth.bitrix24.tech","in_use":true,"asked":true,"layer":"tls","public":true,"verified":false,"issuer":"CN=R11,O=Let's Encrypt,C=US","failure":"certificate verify failed"}]}`},
	{"server-auth-server", "proxy-not-for-rest", `{"web":true,"hosts":[{"by":"php","host":"oauth.bitrix24.tech","in_use":true,"asked":true,"layer":"tcp"}],"proxies":{"updates":{"host":"10.0.0.9","port":"3128"}}}`},
	{"server-auth-server", "old-host-only", `{"web":true,"hosts":[{"by":"php","host":"oauth.bitrix24.tech","in_use":true,"asked":true,"layer":"tcp"},{"by":"php","host":"oauth.bitrix.info","asked":true,"error":"invalid_request"}]}`},
	{"server-registration", "", `{"portal":"https://portal.example.ru","registration":{"registered":true,"reports":"https://portal.example.ru"}}`},
	{"server-registration", "", `{"portal":"https://portal.example.ru","registration":{"registered":true}}`},
	{"server-registration", "portal-not-registered", `{"registration":{"registered":false}}`},
	{"server-registration", "portal-clone", `{"portal":"https://portal.example.ru","registration":{"registered":true},"sharing":["https://old.example.ru"],"tokens_wait":true}`},
	{"server-registration", "portal-clone", `{"portal":"https://portal.example.ru","registration":{"registered":true},"sharing":["https://old.example.ru","https://test.example.ru"]}`},
	{"server-registration", "address-differs", `{"portal":"https://portal.example.ru","registration":{"registered":true,"reports":"https://10.0.0.5"},"https":{"browser":"https://portal.example.ru"}}`},
	{"server-registration", "address-differs", `{"portal":"https://portal.example.ru","registration":{"registered":true,"reports":"https://in.example.ru"},"https":{"browser":"https://in.example.ru"}}`},
	{"server-registration", "address-differs", `{"portal":"https://portal.example.ru","registration":{"registered":true,"reports":"https://old.example.ru","host_constant":"old.example.ru"}}`},
	{"server-applications", "", `{"applications":[]}`},
	{"server-applications", "", `{"applications":[{"code":"local.1","status":"L","active":true,"installed":true}]}`},
	{"server-applications", "install-unfinished", `{"applications":[{"code":"local.1","name":"Calls","status":"L","active":true,"installed":false}]}`},
	{"server-applications", "app-inactive", `{"applications":[{"code":"vendor.app","status":"F","installed":true},{"code":"vendor.other","status":"F","installed":true}]}`},
	{"server-applications", "app-payment-expired", `{"at":"2026-11-25T10:00:00Z","applications":[{"code":"vendor.app","status":"T","active":true,"installed":true,"ends":"2026-10-01"}]}`},
	{"server-modules", "", `{"required":{"built_in":true},"versions":{"rest":"25.600.100","main":"25.550.100"}}`},
	{"server-modules", "", `{"required":{"built_in":true},"rest_loads":true}`},
	{"server-modules", "", `{"required":{"modules":{"crm":"23.0.0"}},"versions":{"rest":"25.600.100","crm":"23.400.501"}}`},
	{"server-modules", "module-missing", `{"required":{"modules":{"rpa":""}},"versions":{"rest":"25.600.100"}}`},
	{"server-modules", "module-missing", `{"required":{"built_in":true},"rest_loads":false}`},
	{"server-modules", "module-outdated", `{"required":{"modules":{"crm":"24.0.0"}},"versions":{"rest":"25.600.100","crm":"23.400.501"}}`},
	{"server-platform", "", `{"web":true,"php":{"version":"8.2.20"},"main":"25.550.100","rest":"25.600.100"}`},
	{"server-platform", "php-too-old", `{"web":true,"php":{"version":"8.0.30"},"main":"25.550.100"}`},
	{"server-platform", "php-too-old", `{"php":{"version":"8.0.30"},"main":"25.550.100"}`},
	{"server-platform", "php-extension-missing", `{"web":true,"php":{"version":"8.2.20","missing":["openssl","ssl"]}}`},
	{"server-platform", "php-extension-missing", `{"web":false,"php":{"version":"8.2.20","missing":["gd"]}}`},
	{"server-platform", "openssl-too-old", `{"web":true,"php":{"version":"7.4.33","openssl":"OpenSSL 1.0.1e-fips 11 Feb 2013"}}`},
	{"server-platform", "platform-outdated", `{"web":true,"php":{"version":"8.2.20"},"main":"22.0.0","rest":"20.0.500"}`},
	{"server-agents", "", `{"agents":{"age_s":60}}`},
	{"server-agents", "agents-stopped", `{"agents":{"age_s":900000}}`},
	{"server-agents", "agents-stopped", `{"agents":{"age_s":200000,"crontab_support":true}}`},
	{"server-agents", "usage-backlog", `{"at":"2026-11-25T10:00:00Z","agents":{"age_s":60},"usage":{"unsent_days":9,"oldest":"2026-11-10"}}`},
	{"server-rest-setup", "", `{"setup":{}}`},
	{"server-rest-setup", "token-checker-missing", `{"setup":{"oauth_module":true},"handlers":{"authorization":[{"module":"rest","class":"Bitrix\\Rest\\APAuth\\Auth"}]}}`},
	{"server-rest-setup", "token-checker-missing", `{"handlers":{"authorization":[]}}`},
	{"server-rest-setup", "https-not-seen", `{"https":{"browser":"https://portal.example.ru","port":"80","forwarded_proto":"https"}}`},
	{"server-rest-setup", "https-not-seen", `{"https":{"browser":"https://portal.example.ru"}}`},
	{"server-rest-setup", "site-closed", `{"setup":{"site_stopped":true}}`},
	{"server-rest-setup", "custom-auth-provider", `{"handlers":{"authorization":[{"module":"demo.auth","class":"Demo\\Auth"}]}}`},
	{"server-rest-setup", "custom-event-provider", `{"handlers":{"authorization":[{"module":"rest","class":"Bitrix\\Rest\\OAuth\\Auth"}],"events":[{"class":"Demo\\Events"}]}}`},
	{"server-rest-setup", "rest-log-off", `{"at":"2026-11-25T10:00:00Z","setup":{"event_handlers":4}}`},
	{"server-licence", "", `{"at":"2026-11-25T10:00:00Z","licence":{"ends":"2027-11-01"}}`},
	{"server-licence", "", `{"at":"2026-11-25T10:00:00Z","licence":{"support_ends":"2027-11-01"}}`},
	{"server-licence", "licence-ended", `{"at":"2026-11-25T10:00:00Z","licence":{"ends":"2026-11-01"}}`},
	{"server-licence", "licence-ended", `{"at":"2026-11-25T10:00:00Z","licence":{"support_ends":"2026-11-01"}}`},
	{"server-licence", "licence-ends-soon", `{"at":"2026-11-25T10:00:00Z","licence":{"ends":"2026-12-20"}}`},
	{"server-licence", "licence-demo", `{"at":"2026-11-25T10:00:00Z","licence":{"ends":"2027-11-01","demo":true}}`},
	{"server-self", "", `{"host":{"by":"php","host":"portal.example.ru","port":443,"asked":true}}`},
	{"server-self", "portal-cannot-reach-itself", `{"host":{"by":"php","host":"portal.example.ru","port":443,"asked":true,"layer":"dns"}}`},
	{"server-self", "portal-cannot-reach-itself", `{"host":{"by":"php","host":"portal.example.ru","port":8443,"asked":true,"layer":"tcp","addresses":["203.0.113.7"],"failure":"110 Connection timed out"}}`},
	{"server-self", "portal-cannot-reach-itself", `{"host":{"by":"sh","host":"portal.example.ru","port":443,"asked":true,"layer":"tcp","addresses":["10.0.0.7"]}}`},
	{"server-self", "portal-cannot-reach-itself", `{"host":{"by":"php","host":"portal.example.ru","port":443,"asked":true,"layer":"tls","addresses":["10.0.0.7"],"issuer":"CN=Company CA","failure":"certificate verify failed"}}`},
	{"server-php", "", `{"web":true,"max_input_vars":"10000","default_socket_timeout":"60"}`},
	{"server-php", "php-limits-low", `{"web":true,"max_input_vars":"1000","default_socket_timeout":"30"}`},
	{"server-php", "php-limits-low", `{"max_input_vars":"1000","default_socket_timeout":"60"}`},
	{"server-webhooks", "", `{"outgoing":[]}`},
	{"server-webhooks", "", `{"outgoing":[{"scheme":"https","host":"app.example.com","number":2,"dns":"ok"}]}`},
	{"server-webhooks", "handler-unreachable", `{"resolves":true,"outgoing":[{"scheme":"https","host":"10.0.0.5","number":2,"webhooks":1,"applications":["Calls"],"dns":"ok","private":true},{"scheme":"http","host":"app.example.com","number":1,"dns":"ok"},{"scheme":"https","host":"gone.example.com","number":1,"dns":"failed"}]}`},
	{"server-webhooks", "handler-unreachable", `{"outgoing":[{"scheme":"https","host":"portal","number":1,"webhooks":1,"private":true}]}`},
	{"server-network", "", `{"hosts":[{"by":"sh","host":"www.bitrixsoft.com","asked":true,"status":200}]}`},
	{"server-network", "vendor-host-unreachable", `{"region":"cis","hosts":[{"by":"sh","host":"www.1c-bitrix.ru","asked":true,"layer":"tcp","for":"for-updates"}]}`},
	{"server-network", "vendor-host-unreachable", `{"web":true,"region":"cis","hosts":[{"by":"php","host":"www.1c-bitrix.ru","port":80,"asked":true,"layer":"tcp","for":"for-updates"},{"by":"php","host":"util.1c-bitrix.ru","port":443,"asked":true,"layer":"tls","for":"for-market"},{"by":"php","host":"rtc-cloud.bitrix24.tech","port":443,"asked":true,"layer":"dns","for":"for-push"}]}`},
	{"server-network", "vendor-host-unreachable", `{"log":{"connections":[{"host":"www.1c-bitrix.ru","port":80}]}}`},
}

// unmetFacts are of a portal that lacks requirements of every kind.
const unmetFacts = `{"credential":"sign-in","as_application":true,
 "required":{"modules":{"rpa":"","crm":"99.0.0","rest":"99.0.0"},"scopes":["im","no_such_scope"],
  "methods":["rpa.type.add","crm.item.list","crm.deals.lst","crm.deal.list","task.item.add","imopenlines.bot.session.finish","app.info","booking.v1.booking.add","profile","crm.type.list"],
  "events":["ONCRMDEALADD","ONNOSUCHEVENT"]},
 "granted":["crm"],"provided":["crm","im","task"],
 "methods":[{"name":"crm.item.list","existing":false},{"name":"crm.deals.lst","existing":false},{"name":"api/crm.deals.lst","existing":false},{"name":"crm.deal.list","existing":true,"available":true},
  {"name":"profile","existing":true,"available":false},{"name":"app.info","existing":true,"available":true},
  {"name":"mobile.counter.types.get","existing":false}],
 "events":["ONAPPTEST"]}`

// result is the result with the cause that follows from the facts.
func (c *conclusion) result(t *testing.T) *checks.Result {
	t.Helper()
	unmarshal := func(id checks.ID, facts string) checks.Facts {
		f, err := catalog[id].UnmarshalFacts([]byte(facts))
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	facts := unmarshal(c.check, c.facts)
	seen := checks.FactsByCheck{checks.AuthServerFromPortal: unmarshal(checks.AuthServerFromPortal,
		`{"tokens":[`+strings.TrimSuffix(strings.Repeat(`{"form":"json","error":"NO_AUTH_FOUND"},`, 4), ",")+`]}`)}
	if required := new(checks.ModulesFacts); c.check != checks.ServerModules && strings.Contains(c.facts, `"required"`) {
		if err := json.Unmarshal([]byte(c.facts), required); err != nil {
			t.Fatal(err)
		}
		seen[checks.RequiredModules] = required
		if c.check != checks.RequiredModules {
			facts = &checks.RequirementFacts{}
		}
	}
	results := catalog[c.check].Judge(facts, seen)
	at := slices.IndexFunc(results, func(r checks.Result) bool { return r.Cause == c.cause })
	if at < 0 {
		t.Errorf("%s: no %q in %+v", c.check, c.cause, results)
		return nil
	}
	return &results[at]
}

var catalog = func() map[checks.ID]*checks.Check {
	byID := map[checks.ID]*checks.Check{}
	for _, c := range slices.Concat(checks.Catalog(), checks.SelfCatalog()) {
		byID[c.ID] = c
	}
	return byID
}()

func languages(t *testing.T) (all []*words.Texts) {
	t.Helper()
	for _, lang := range words.Languages() {
		w, err := words.New(lang)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, w)
	}
	return all
}

func sentences(steps []words.Step) (all []string) {
	for _, step := range steps {
		all = append(all, step.String())
	}
	return all
}

func TestSentencesAreWhole(t *testing.T) {
	languages := languages(t)
	for _, c := range conclusions {
		r := c.result(t)
		if r == nil {
			continue
		}
		for _, words := range languages {
			f := words.Finding(*r, "https://portal.example.ru")
			if os.Getenv("SHOW") == words.Lang() {
				t.Logf("%s %s\n%s\n%s\n%s\n%s\n%s", c.check, c.cause, f.Title, f.Saw, f.Breaks, strings.Join(sentences(f.Steps), "\n"), f.More)
			}
			for _, text := range append(sentences(f.Steps), f.Title, f.Saw, f.Breaks) {
				for _, flaw := range []string{"<no value>", string(c.check) + "." + string(c.cause), "any." + string(c.cause) + ".", "keeper.", "{{", "  ", " . ", " , ", ": .", "«»", "“”", "need.", "host-fault."} {
					if strings.Contains(text+" ", flaw) { // " .php" is none
						t.Errorf("%s: %s %q has %q: %s", words.Lang(), c.check, c.cause, flaw, text)
					}
				}
			}
		}
	}
	for _, c := range slices.Concat(checks.Catalog(), checks.SelfCatalog()) {
		if c.Group != checks.SelfGroup && c.Group != checks.ServerGroup && c.ID != checks.PortalFromInternet && c.ID != checks.RESTRoute {
			continue // the texts of every simulated fault are checked where it is found
		}
		for _, cause := range c.Causes {
			if !slices.ContainsFunc(conclusions, func(x conclusion) bool { return x.check == c.ID && x.cause == cause }) {
				t.Errorf("no facts for %s %s", c.ID, cause)
			}
		}
	}
}

// Every text about an answer with an error says which error it was, in the answer's own words.
func TestFindingsQuoteTheError(t *testing.T) {
	languages := languages(t)
	quotes := func(r checks.Result, code, description, want string) {
		r.Args = maps.Clone(r.Args)
		r.Args["error"], r.Args["description"] = code, description
		for _, words := range languages {
			saw := words.Finding(r, "https://portal.example.ru").Saw
			if !strings.Contains(saw, code) || !strings.Contains(saw, want) {
				t.Errorf("%s: %s %s: no %q %q in %s", words.Lang(), r.Check, r.Cause, code, want, saw)
			}
		}
	}
	tried := map[string]bool{}
	for _, c := range conclusions {
		r := c.result(t)
		if r == nil || r.State == checks.OK || tried[string(c.check)+string(c.cause)] {
			continue
		}
		if _, ok := r.Args["error"]; !ok {
			continue
		}
		tried[string(c.check)+string(c.cause)] = true
		for _, code := range bitrix.Codes() {
			if len(code.Descriptions) > 0 {
				quotes(*r, code.Code, code.Descriptions[0], code.Descriptions[0])
			}
		}
		quotes(*r, "NEW_CODE", "Место<br>\nзакончилось.<br />", "Место закончилось.")
		quotes(*r, "NEW_CODE", strings.Repeat("слово ", 100), "слово…")
		quotes(*r, "", "Nobody knows", "Nobody knows")
		quotes(*r, "NEW_CODE", "", "")
	}
	if len(tried) < 50 {
		t.Errorf("only %d findings quote an error", len(tried))
	}
}

func TestSharedTextsNameTheCheckOnlyForCommonCauses(t *testing.T) {
	for _, w := range languages(t) {
		for cause, named := range map[checks.Cause]bool{"disk-full": false, "refused-with-code": true} {
			title := w.Finding(checks.Result{Check: checks.WebhookCheck, Cause: cause, State: checks.Unknown, Args: checks.Args{"error": "", "description": ""}}, "").Title
			if strings.HasPrefix(title, w.Name(checks.WebhookCheck)) != named {
				t.Errorf("%s: %s: %q", w.Lang(), cause, title)
			}
		}
	}
}
