package simportal_test

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"boxready/internal/simportal"
)

// accessSymptoms are the symptoms that need a webhook or a token.
var accessSymptoms = map[string]seen{
	"app-not-on-auth-server": issuedSays("ERROR_OAUTH"),

	"app-unpaid": issuedSays("PAYMENT_REQUIRED"),

	"webhook-rejected": hookSays("INVALID_CREDENTIALS"),
	"webhook-user":     hookSays("authorization_error"),

	"webhook-user-context":       hookSays("ACCESS_DENIED"),
	"webhook-user-outside":       hookSays("ALLOWED_ONLY_INTRANET_USER"),
	"call-awaits-consent":        hookSays("METHOD_CONFIRM_WAITING"),
	"call-awaits-consent-denied": hookSays("METHOD_CONFIRM_DENIED"),
	"disk-full-webhook":          hookSays("ERROR_OAUTH"),
	"webhook-refused-with-code":  hookSays("ERROR_OF_A_LATER_VERSION"),
	"signed-in-disk-full":        issuedSays("ERROR_OAUTH"),

	"rest-not-in-plan":               bothSay("ACCESS_DENIED"),
	"subscription-ended":             bothSay("PAYMENT_REQUIRED"),
	"feature-not-licensed":           bothSay("WRONG_LICENSE"),
	"licence-blocked":                bothSay("PORTAL_BLOCKED_BY_LICENSE_SCANNER"),
	"overloaded":                     bothSay("OVERLOAD_LIMIT"),
	"signed-in-rest-not-in-plan":     bothSay("ACCESS_DENIED"),
	"signed-in-subscription-ended":   bothSay("PAYMENT_REQUIRED"),
	"signed-in-feature-not-licensed": bothSay("WRONG_LICENSE"),
	"signed-in-licence-blocked":      bothSay("PORTAL_BLOCKED_BY_LICENSE_SCANNER"),

	"throttled":      everyOther(`503 {"error":"QUERY_LIMIT_EXCEEDED","error_description":"Too many requests"}`),
	"throttled-page": everyOther("503 <html>"),
	"operation-time": func(t *testing.T, s *simportal.Sim) {
		r := ask(t, client(t, s), request{url: s.Webhook() + "batch?cmd[a]=method.get&cmd[b]=user.admin"})
		if !strings.Contains(r.body, `"result":{"b":true},"result_error":{"a":{"error":"OPERATION_TIME_LIMIT","error_description":"Method is blocked due to operation time limit."}}`) {
			t.Errorf("got %s", r.body)
		}
	},

	"install-unfinished": func(t *testing.T, s *simportal.Sim) {
		if r := ask(t, client(t, s), request{url: with(s, "app.info")}); !strings.Contains(r.body, `"INSTALLED":false`) {
			t.Errorf("got %s", r.body)
		}
	},

	"user-not-admin": noAdministrator,
	"user-system": func(t *testing.T, s *simportal.Sim) {
		noAdministrator(t, s)
		if r := ask(t, client(t, s), request{url: s.Webhook() + "user.get?ID=1"}); !strings.HasPrefix(r.body, `{"result":[],"total":0`) {
			t.Errorf("got %s", r.body)
		}
		if r := ask(t, client(t, s), request{url: s.Webhook() + "user.get?ID=7"}); !strings.HasPrefix(r.body, `{"result":[{"ID":"7"`) {
			t.Errorf("got %s", r.body)
		}
	},
	"signed-in-user-not-admin": noAdministrator,
	"event-test-denied": func(t *testing.T, s *simportal.Sim) {
		noAdministrator(t, s)
		if r := ask(t, client(t, s), request{url: with(s, "event.bind?event=ONAPPTEST&event_type=offline")}); r.code() != "ACCESS_DENIED" {
			t.Errorf("got %s", r.body)
		}
	},

	"scope-not-granted": notPermitted,
	"method-not-permitted": func(t *testing.T, s *simportal.Sim) {
		if got, want := methodsOf(t, s, []string{"disk.storage.getlist"}), (map[string]there{"disk.storage.getlist": {true, false}}); !maps.Equal(got, want) {
			t.Errorf("methods %v", got)
		}
		if got := stringsOf(t, s, s.Webhook()+"scope"); !slices.Contains(got, "disk") {
			t.Errorf("granted %v", got)
		}
	},
	"scope-unknown":             knowsNot("crm_premium", "", ""),
	"module-missing":            knowsNot("crm", "crm.item.list", "ONCRMDEALADD"),
	"module-outdated":           knowsNot("", "crm.activity.configurable.add", ""),
	"module-version-unknown":    knows("ai_admin", "ai.engine.list", ""),
	"method-missing":            knowsNot("", "crm.lead.contact.add", ""),
	"method-missing-controller": knowsNot("", "crm.item.list", ""),
	"method-unknown":            knowsNot("", "crm.deal.lits", ""),
	"rest3-missing": func(t *testing.T, s *simportal.Sim) {
		if r := get(t, s, "/rest/api/tasks.task.get"); r.code() != "ERROR_METHOD_NOT_FOUND" {
			t.Errorf("got %s", r.body)
		}
	},
	"method-deprecated": knows("crm", "crm.company.add", "ONCRMCOMPANYADD"),
	"event-missing":     knowsNot("", "", "ONCRMDYNAMICITEMADD_147"),

	"event-not-recorded":       shownInOtherTests("TestEventFaults"),
	"event-test-missing":       missing("event.test"),
	"event-recorded-late":      shownInOtherTests("TestEventFaults"),
	"event-unbind-error":       shownInOtherTests("TestEventFaults"),
	"event-unbind-fails":       shownInOtherTests("TestEventFaults"),
	"event-handler-refused":    shownInOtherTests("TestQueue"),
	"event-not-handed-over":    shownInOtherTests("TestQueue"),
	"event-queue-stopped":      shownInOtherTests("TestQueue"),
	"event-queue-shut-out":     shownInOtherTests("TestQueue"),
	"event-body-lost":          shownInOtherTests("TestQueue"),
	"event-queue-late":         shownInOtherTests("TestQueue"),
	"event-delivered-twice":    shownInOtherTests("TestQueue"),
	"event-from-elsewhere":     shownInOtherTests("TestQueue"),
	"receiver-unreachable":     shownInOtherTests("TestHandlerFaults"),
	"receiver-busy":            shownInOtherTests("TestHandlerFaults"),
	"receiver-page":            shownInOtherTests("TestHandlerFaults"),
	"receiver-private":         shownInOtherTests("TestQueue"),
	"receiver-forgets":         shownInOtherTests("TestHandlerFaults"),
	"receiver-tls-self-signed": shownInOtherTests("TestHandlerFaults"),

	"app-host-unreachable": func(t *testing.T, s *simportal.Sim) {
		if err := dialError(s, "app.demo.example:443"); !isRefused(err) {
			t.Errorf("got %v", err)
		}
	},
	"app-tls-self-signed":      appFails("unknown authority"),
	"app-tls-incomplete-chain": appFails("unknown authority"),
	"app-tls-expired":          appFails("expired"),
	"app-tls-wrong-host":       appFails("not app.demo.example"),
	"app-frame-options":        appSays("X-Frame-Options", "SAMEORIGIN"),
	"app-frame-ancestors":      appSays("Content-Security-Policy", "default-src 'self'; frame-ancestors 'self' https://another.demo.example"),
	"app-frame-allowed":        appSays("Content-Security-Policy", "frame-ancestors 'self' https://portal.demo.example"),
	"app-frame-http": func(t *testing.T, s *simportal.Sim) {
		if r := ask(t, client(t, s), request{url: "https://app.demo.example/"}); r.status != 302 || r.header.Get("Location") != "http://app.demo.example/" {
			t.Errorf("got %d %v", r.status, r.header)
		}
	},
	"app-frame-cookie": appSays("Set-Cookie", "PHPSESSID=5f1c; path=/; HttpOnly; Secure"),
	"library-unreachable": func(t *testing.T, s *simportal.Sim) {
		if err := dialError(s, "api.bitrix24.tech:443"); !isRefused(err) {
			t.Errorf("got %v", err)
		}
	},
	"library-intercepted": func(t *testing.T, s *simportal.Sim) {
		if r := ask(t, client(t, s), request{url: "https://api.bitrix24.com/api/v1/"}); r.err == nil || !strings.Contains(r.err.Error(), "unknown authority") {
			t.Errorf("got %d, %v", r.status, r.err)
		}
	},
	"app-private": func(t *testing.T, s *simportal.Sim) {
		addrs, err := s.Resolver().LookupHost(t.Context(), "app.demo.example")
		if err != nil || !slices.Equal(addrs, []string{"192.168.10.60"}) {
			t.Errorf("got %v, %v", addrs, err)
		}
	},

	"grant-invalid":             refreshAnswers(400, "invalid_grant"),
	"client-invalid":            refreshAnswers(400, "invalid_client"),
	"sign-in-expired":           refreshAnswers(401, "expired_token"),
	"app-payment-required":      refreshAnswers(401, "PAYMENT_REQUIRED"),
	"app-unknown":               refreshAnswers(200, "wrong_client"),
	"token-not-installed":       refreshAnswers(401, "NOT_INSTALLED"),
	"token-unauthorized-client": refreshAnswers(400, "unauthorized_client"),
	"token-invalid-scope":       refreshAnswers(403, "invalid_scope"),
	"token-invalid-request":     refreshAnswers(400, "invalid_request"),
	"token-unsupported-grant":   refreshAnswers(400, "unsupported_grant_type"),
	"token-limit":               refreshAnswers(503, "QUERY_LIMIT_EXCEEDED"),
	"token-server-error":        refreshAnswers(502, ""),
	"token-query-only":          shownInOtherTests("TestTokenEndpointFaults"),

	"portal-clone":         held("https://portal.demo.example"), // as without it: what is known elsewhere makes the difference
	"address-differs":      held("https://old.portal.demo.example"),
	"address-held-as-http": held("http://portal.demo.example"),

	"signed-in-auth-server-unreachable": issuedSays("CONNECTION_ERROR"),
	"signed-in-portal-not-registered":   tokenSays("ERROR_CORE", `"error":"invalid_request"`),
	"signed-in-licence-rejected":        issuedSays("verification_needed"),
	"signed-in-credentials-refused":     issuedSays("invalid_client"),
	"signed-in-token-checker-missing":   issuedSays("NO_AUTH_FOUND"),
	"signed-in-vendor-host-unreachable": vendors("oauth.bitrix24.tech", "oauth.bitrix.info"),
	"platform-2021":                     missing("method.get"),
	"method-unsure":                     missing("method.get"),
	"method-missing-2021": func(t *testing.T, s *simportal.Sim) {
		missing("method.get")(t, s)
		missing("crm.lead.contact.add")(t, s)
		if list := stringsOf(t, s, s.Webhook()+"methods"); slices.Contains(list, "crm.lead.contact.add") || !slices.Contains(list, "crm.lead.add") {
			t.Errorf("methods: %v", list)
		}
	},
}

func appFails(reason string) seen {
	return func(t *testing.T, s *simportal.Sim) {
		t.Helper()
		if _, err := client(t, s).Get("https://app.demo.example/"); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("got %v", err)
		}
	}
}

func appSays(name, value string) seen {
	return func(t *testing.T, s *simportal.Sim) {
		t.Helper()
		response, err := client(t, s).Get("https://app.demo.example/")
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if got := response.Header.Get(name); response.StatusCode != 200 || got != value {
			t.Errorf("%d %s: %q", response.StatusCode, name, got)
		}
	}
}

// shownInOtherTests marks faults that a test of its own asserts, because it needs several requests.
func shownInOtherTests(string) seen { return func(*testing.T, *simportal.Sim) {} }

func hookSays(code string) seen {
	return func(t *testing.T, s *simportal.Sim) {
		t.Helper()
		if r := ask(t, client(t, s), request{url: s.Webhook() + "profile"}); r.code() != code {
			t.Errorf("webhook: %d %s", r.status, r.body)
		}
	}
}

// bothSay asserts that the webhook and the application get this code.
func bothSay(code string) seen {
	return func(t *testing.T, s *simportal.Sim) {
		t.Helper()
		hookSays(code)(t, s)
		if r := ask(t, client(t, s), request{url: with(s, "profile")}); r.code() != code {
			t.Errorf("token: %d %s", r.status, r.body)
		}
	}
}

func everyOther(answer string) seen {
	return func(t *testing.T, s *simportal.Sim) {
		t.Helper()
		for i, at := range []string{s.Webhook() + "profile", with(s, "profile"), s.Webhook() + "profile", s.Webhook() + "profile"} {
			get(t, s, "/rest/1/x/profile") // does not count
			r := ask(t, client(t, s), request{url: at})
			if got := strconv.Itoa(r.status) + " " + r.body; (i%2 == 1) != strings.HasPrefix(got, answer) {
				t.Errorf("call %d: %s", i+1, got)
			}
		}
	}
}

func noAdministrator(t *testing.T, s *simportal.Sim) {
	t.Helper()
	for _, at := range []string{s.Webhook(), "https://" + s.Host() + "/rest/"} {
		query := "?auth=" + s.IssueToken("valid")
		if at == s.Webhook() {
			query = ""
		}
		if r := ask(t, client(t, s), request{url: at + "profile" + query}); !strings.Contains(r.body, `"ADMIN":false`) {
			t.Errorf("profile: %s", r.body)
		}
		if r := ask(t, client(t, s), request{url: at + "user.admin" + query}); !strings.Contains(r.body, `"result":false`) {
			t.Errorf("user.admin: %s", r.body)
		}
	}
}

func notPermitted(t *testing.T, s *simportal.Sim) {
	t.Helper()
	if got, want := methodsOf(t, s, []string{"disk.storage.getlist", "crm.deal.list"}), (map[string]there{"disk.storage.getlist": {true, false}, "crm.deal.list": {true, true}}); !maps.Equal(got, want) {
		t.Errorf("methods %v", got)
	}
	if got := stringsOf(t, s, s.Webhook()+"scope"); slices.Contains(got, "disk") {
		t.Errorf("granted %v", got)
	}
	if got := stringsOf(t, s, s.Webhook()+"scope?FULL=1"); !slices.Contains(got, "disk") {
		t.Errorf("provided %v", got)
	}
}

func knows(scope, method, event string) seen    { return inventoried(true, scope, method, event) }
func knowsNot(scope, method, event string) seen { return inventoried(false, scope, method, event) }

// inventoried asserts whether the portal has them; "" is not checked.
func inventoried(has bool, scope, method, event string) seen {
	return func(t *testing.T, s *simportal.Sim) {
		t.Helper()
		if got := slices.Contains(stringsOf(t, s, s.Webhook()+"scope?FULL=1"), scope); scope != "" && got != has {
			t.Errorf("scope %s: %t", scope, got)
		}
		if got := methodsOf(t, s, []string{method, "profile"})[method]; method != "" && got.exists != has {
			t.Errorf("method %s: %v", method, got)
		}
		if got := slices.Contains(stringsOf(t, s, with(s, "events?FULL=1")), event); event != "" && got != has {
			t.Errorf("event %s: %t", event, got)
		}
	}
}

func refreshAnswers(status int, code string) seen {
	return func(t *testing.T, s *simportal.Sim) {
		t.Helper()
		if r := ask(t, client(t, s), request{url: tokenEndpoint + "?" + refreshing(s.IssueGrant("valid"))}); r.status != status || r.code() != code {
			t.Errorf("got %d %s", r.status, r.body)
		}
		if r := ask(t, client(t, s), request{url: tokenEndpoint}); r.code() != "invalid_request" {
			t.Errorf("without parameters: %d %s", r.status, r.body)
		}
	}
}

// held asserts the address registered at the authorization server until a request with a token comes by the right one.
func held(address string) seen {
	return func(t *testing.T, s *simportal.Sim) {
		t.Helper()
		token := s.IssueToken("valid")
		r := ask(t, client(t, s), request{url: "https://oauth.bitrix24.tech/rest/app.info?auth=" + token})
		if s.RegisteredAddress() != address || !strings.Contains(strings.ReplaceAll(r.body, `\/`, "/"), `"uri":"`+address+`","client_endpoint":"`+address+`/rest/"`) {
			t.Errorf("holds %s: %s", s.RegisteredAddress(), r.body)
		}
		get(t, s, "/rest/profile?auth="+token)
		if s.RegisteredAddress() != "https://"+s.Host() {
			t.Errorf("after a call it holds %s", s.RegisteredAddress())
		}
	}
}
