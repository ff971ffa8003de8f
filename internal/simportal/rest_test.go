package simportal_test

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"boxready/internal/simportal"

	"github.com/google/go-cmp/cmp"
)

// someScopes are granted in the tests of bytes.
var someScopes = []string{"crm", "placement", "task", "telephony", "user_brief"}

func TestErrorBytes(t *testing.T) {
	s := start(t, simportal.Options{Granted: someScopes, AuthServerTimeout: 60 * time.Millisecond})
	const invented = "0123456789abcdef"
	tests := []struct {
		name   string
		faults []string
		ask    request // url without the host
		status int
		body   string
	}{
		{name: "no credentials", ask: request{url: "/rest/app.info"}, status: 401, body: `{"error":"NO_AUTH_FOUND","error_description":"Wrong authorization data"}`},
		{name: "no credentials, POST without a body", ask: request{method: "POST", url: "/rest/app.info"}, status: 401, body: `{"error":"NO_AUTH_FOUND","error_description":"Wrong authorization data"}`},
		{name: "trailing slash", ask: request{url: "/rest/app.info/"}, status: 401, body: `{"error":"NO_AUTH_FOUND","error_description":"Wrong authorization data"}`},
		{name: "json suffix", ask: request{url: "/rest/app.info.json"}, status: 401, body: `{"error":"NO_AUTH_FOUND","error_description":"Wrong authorization data"}`},
		{name: "xml suffix", ask: request{url: "/rest/app.info.xml"}, status: 401, body: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<response><error>NO_AUTH_FOUND</error><error_description>Wrong authorization data</error_description></response>"},
		{name: "any letter case", ask: request{url: "/rest/App.Info"}, status: 401, body: `{"error":"NO_AUTH_FOUND","error_description":"Wrong authorization data"}`},
		{name: "a controller exists", ask: request{url: "/rest/crm.item.list"}, status: 401, body: `{"error":"NO_AUTH_FOUND","error_description":"Wrong authorization data"}`},
		{name: "unknown method", ask: request{url: "/rest/no.such.method"}, status: 404, body: `{"error":"ERROR_METHOD_NOT_FOUND","error_description":"Method not found!"}`},
		{name: "no method", ask: request{url: "/rest/"}, status: 404, body: `{"error":"ERROR_METHOD_NOT_FOUND","error_description":"Method not found!"}`},
		{name: "invented token", ask: request{url: "/rest/app.info", kind: form, body: "auth=" + invented}, status: 401, body: `{"error":"invalid_token","error_description":"Unable to get application by token"}`},
		{name: "invented webhook", ask: request{method: "POST", url: "/rest/1/" + invented + "/profile"}, status: 401, body: `{"error":"INVALID_CREDENTIALS","error_description":"Invalid request credentials"}`},
		{name: "invented webhook by parameters", ask: request{url: "/rest/profile", kind: form, body: "aplogin=1&ap=" + invented}, status: 401, body: `{"error":"INVALID_CREDENTIALS","error_description":"Invalid request credentials"}`},
		{name: "https not seen", faults: []string{"https-not-seen"}, ask: request{method: "POST", url: "/rest/1/" + invented + "/profile"}, status: 401, body: `{"error":"INVALID_REQUEST","error_description":"Https required."}`},
		{name: "site closed", faults: []string{"rest-site-closed"}, ask: request{url: "/rest/app.info"}, status: 403, body: `{"error":"PORTAL_DELETED","error_description":"Portal was deleted"}`},
		{name: "connection error", faults: []string{"auth-server-unreachable"}, ask: request{url: "/rest/app.info?auth=" + invented + "1"}, status: 401, body: `{"error":"CONNECTION_ERROR","error_description":"Error connecting to authorization server"}`},
		{name: "not registered", faults: []string{"portal-not-registered"}, ask: request{url: "/rest/app.info?auth=" + invented + "2"}, status: 400, body: `{"error":"ERROR_CORE","error_description":"No client credentials"}`},
		{name: "licence", faults: []string{"licence-rejected"}, ask: request{url: "/rest/app.info?auth=" + invented + "3"}, status: 401, body: `{"error":"verification_needed","error_description":"License check failed."}`},
		{name: "portal's credentials", faults: []string{"portal-credentials-refused"}, ask: request{url: "/rest/app.info?auth=" + invented + "4"}, status: 401, body: `{"error":"invalid_client","error_description":"Invalid client credentials."}`},
		{name: "cloud's status", faults: []string{"cloud-statuses"}, ask: request{method: "POST", url: "/rest/1/" + invented + "/profile"}, status: 403, body: `{"error":"INVALID_CREDENTIALS","error_description":"Invalid request credentials"}`},
		{name: "expired", ask: request{url: "/rest/profile?auth=EXPIRED"}, status: 401, body: `{"error":"expired_token","error_description":"The access token provided has expired."}`},
		{name: "revoked", ask: request{url: "/rest/profile?auth=REVOKED"}, status: 401, body: `{"error":"ERROR_OAUTH","error_description":"Application not installed"}`},
		{name: "scope of a token", ask: request{url: "/rest/disk.storage.getlist?auth=VALID"}, status: 401, body: `{"error":"insufficient_scope","error_description":"The request requires higher privileges than provided by the access token"}`},
		{name: "scope of a webhook", ask: request{url: "WEBHOOKplacement.list"}, status: 401, body: `{"error":"insufficient_scope","error_description":"The request requires higher privileges than provided by the webhook token"}`},
		{name: "webhook deleted", faults: []string{"webhook-rejected"}, ask: request{url: "WEBHOOKprofile"}, status: 401, body: `{"error":"INVALID_CREDENTIALS","error_description":"Invalid request credentials"}`},
		{name: "webhook's user dismissed", faults: []string{"webhook-user"}, ask: request{url: "WEBHOOKprofile"}, status: 401, body: `{"error":"authorization_error","error_description":"Unable to authorize user"}`},
		{name: "plan, webhook", faults: []string{"rest-not-in-plan"}, ask: request{url: "WEBHOOKprofile"}, status: 401, body: `{"error":"ACCESS_DENIED","error_description":"REST is available only by subscription."}`},
		{name: "plan, token", faults: []string{"rest-not-in-plan"}, ask: request{url: "/rest/profile?auth=VALID"}, status: 401, body: `{"error":"ACCESS_DENIED","error_description":"REST is available only on commercial plans."}`},
		{name: "subscription, webhook", faults: []string{"subscription-ended"}, ask: request{url: "WEBHOOKprofile"}, status: 401, body: `{"error":"PAYMENT_REQUIRED","error_description":"Subscription has been ended"}`},
		{name: "subscription, token", faults: []string{"subscription-ended"}, ask: request{url: "/rest/profile?auth=VALID"}, status: 401, body: `{"error":"PAYMENT_REQUIRED","error_description":"Subscription has been ended"}`},
		{name: "application's payment", faults: []string{"app-payment-required"}, ask: request{url: "/rest/profile?auth=FRESH"}, status: 401, body: `{"error":"PAYMENT_REQUIRED","error_description":"Payment required"}`},
		{name: "application not at the authorization server", faults: []string{"app-not-on-auth-server"}, ask: request{url: "/rest/profile?auth=FRESH"}, status: 401, body: `{"error":"ERROR_OAUTH","error_description":"Application not installed"}`},
		{name: "feature, webhook", faults: []string{"feature-not-licensed"}, ask: request{url: "WEBHOOKprofile"}, status: 403, body: `{"error":"WRONG_LICENSE","error_description":"This feature is not enabled for the current license: profile"}`},
		{name: "feature in a batch", faults: []string{"feature-not-licensed"}, ask: request{url: "WEBHOOKbatch?cmd[]=profile"}, status: 200, body: `{"result":{"result":[],"result_error":[{"error":"WRONG_LICENSE","error_description":"This feature is not enabled for the current license: profile"}],"result_total":[],"result_next":[],"result_time":[]},"time":{}}`},
		{name: "licence scanner, webhook", faults: []string{"licence-blocked"}, ask: request{url: "WEBHOOKprofile"}, status: 401, body: `{"error":"PORTAL_BLOCKED_BY_LICENSE_SCANNER","error_description":"Portal is blocked by the license scanner."}`},
		{name: "licence scanner, token", faults: []string{"licence-blocked"}, ask: request{url: "/rest/profile?auth=VALID"}, status: 401, body: `{"error":"PORTAL_BLOCKED_BY_LICENSE_SCANNER","error_description":"Portal is blocked by the license scanner."}`},
		{name: "overload", faults: []string{"overloaded"}, ask: request{url: "WEBHOOKprofile"}, status: 401, body: `{"error":"OVERLOAD_LIMIT","error_description":"REST API is blocked due to overload."}`},
		{name: "operation time", faults: []string{"operation-time"}, ask: request{url: "WEBHOOKmethod.get?name=profile"}, status: 429, body: `{"error":"OPERATION_TIME_LIMIT","error_description":"Method is blocked due to operation time limit."}`},
		{name: "no administrator", faults: []string{"user-not-admin"}, ask: request{url: "/rest/event.bind?event_type=offline&event=ONAPPTEST&auth=VALID"}, status: 403, body: `{"error":"ACCESS_DENIED","error_description":"Access denied! Offline events binding requires administrator access rights"}`},
		{name: "kind of event", ask: request{url: "/rest/event.bind?event_type=other&event=ONAPPTEST&auth=VALID"}, status: 400, body: `{"error":"ERROR_ARGUMENT","error_description":"Value must be one of {online|offline}","argument":"EVENT_TYPE"}`},
		{name: "wrong kind of credentials", ask: request{url: "WEBHOOKevents"}, status: 403, body: `{"error":"WRONG_AUTH_TYPE","error_description":"Current authorization type is denied for this method"}`},
		{name: "argument", ask: request{url: "/rest/event.bind?auth=VALID"}, status: 400, body: `{"error":"ERROR_ARGUMENT","error_description":"Argument \u0027EVENT\u0027 is null or empty","argument":"EVENT"}`},
		{name: "empty code", ask: request{url: "WEBHOOKfeature.get"}, status: 400, body: `{"error":"CODE_EMPTY","error_description":"CODE can\u0027t be empty"}`},
		{name: "REST 3.0 unknown method", ask: request{url: "/rest/api/no.such"}, status: 404, body: `{"error":{"code":"BITRIX_REST_V3_EXCEPTIONS_METHODNOTFOUNDEXCEPTION","message":"Method not found."}}`},
		{name: "REST 3.0 any failed authentication", ask: request{url: "/rest/api/tasks.task.get?auth=" + invented}, status: 401, body: `{"error":{"code":"BITRIX_REST_V3_EXCEPTIONS_ACCESSDENIEDEXCEPTION","message":"Access denied."}}`},
	}
	tokens := strings.NewReplacer("EXPIRED", s.IssueToken("expired"), "REVOKED", s.IssueToken("revoked"), "VALID", s.IssueToken("valid"))
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if err := s.SetFaults(test.faults...); err != nil {
				t.Fatal(err)
			}
			q := test.ask
			q.url = strings.Replace(tokens.Replace(q.url), "FRESH", s.IssueToken("valid"), 1)
			if rest, ok := strings.CutPrefix(q.url, "WEBHOOK"); ok {
				q.url = s.Webhook() + rest
			} else {
				q.url = "https://" + s.Host() + q.url
			}
			r := ask(t, client(t, s), q)
			if r.err != nil || r.status != test.status || timeless(r.body) != test.body {
				t.Errorf("got %d %s %v\nwant %d %s", r.status, r.body, r.err, test.status, test.body)
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	s := faulty(t)
	r := get(t, s, "/rest/app.info")
	want := map[string]string{
		"Content-Type":                 "application/json; charset=utf-8",
		"Access-Control-Allow-Origin":  "*",
		"Access-Control-Allow-Headers": "origin, content-type, accept",
		"X-Content-Type-Options":       "nosniff",
	}
	for name, value := range want {
		if r.header.Get(name) != value {
			t.Errorf("%s: %q, want %q", name, r.header.Get(name), value)
		}
	}
	if _, err := http.ParseTime(r.header.Get("Date")); err != nil {
		t.Errorf("Date: %v", err)
	}
	o := ask(t, client(t, s), request{method: http.MethodOptions, url: "https://" + s.Host() + "/rest/anything"})
	if o.status != 200 || o.body != "" || o.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("OPTIONS: %+v", o)
	}
}

func TestOrderOfChecks(t *testing.T) {
	tests := []struct {
		name, path, want string
		faults           []string
	}{
		{"closed site before method", "/rest/no.such", "PORTAL_DELETED", []string{"rest-site-closed"}},
		{"method before credentials", "/rest/no.such?auth=x", "ERROR_METHOD_NOT_FOUND", nil},
		{"method before webhook's https", "/rest/1/x/no.such", "ERROR_METHOD_NOT_FOUND", []string{"https-not-seen"}},
		{"https before webhook's credentials", "/rest/1/x/profile", "INVALID_REQUEST", []string{"https-not-seen"}},
		{"credentials before scope", "/rest/1/x/placement.list", "INVALID_CREDENTIALS", nil},
		{"registration before authorization server", "/rest/profile?auth=x", "ERROR_CORE", []string{"portal-not-registered", "auth-server-unreachable"}},
		{"authorization server before application", "/rest/profile?auth=x", "CONNECTION_ERROR", []string{"app-missing", "auth-server-unreachable"}},
		{"application before user", "/rest/profile?auth=VALID", "APPLICATION_NOT_FOUND", []string{"app-missing", "user-inactive"}},
		{"scope before user", "/rest/disk.storage.getlist?auth=VALID", "insufficient_scope", []string{"scope-not-granted", "user-inactive"}},
		{"scope before licence", "/rest/disk.storage.getlist?auth=VALID", "insufficient_scope", []string{"scope-not-granted", "subscription-ended"}},
		{"overload before licence", "/rest/profile?auth=VALID", "OVERLOAD_LIMIT", []string{"overloaded", "subscription-ended"}},
		{"licence before user", "/rest/profile?auth=VALID", "PAYMENT_REQUIRED", []string{"user-inactive", "subscription-ended"}},
		{"user before limits", "/rest/profile?auth=VALID", "authorization_error", []string{"user-inactive", "throttled"}},
		{"token before webhook", "/rest/1/x/profile?auth=x", "invalid_token", nil},
		{"session last", "/rest/profile?sessid=x", "session_failed", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := faulty(t, test.faults...)
			r := get(t, s, strings.Replace(test.path, "VALID", s.IssueToken("valid"), 1))
			if r.code() != test.want {
				t.Errorf("got %s, want %s", r.body, test.want)
			}
		})
	}
}

// timeless removes what differs from run to run.
func timeless(body string) string {
	return regexp.MustCompile(`"time":\{[^}]*\}`).ReplaceAllString(body, `"time":{}`)
}

func TestResultBytes(t *testing.T) {
	s := start(t, simportal.Options{Granted: someScopes})
	app := "auth=" + s.IssueToken("valid")
	c := client(t, s)
	tests := []struct{ name, method, query, want string }{
		{"profile", "profile", "", `{"result":{"ID":"1","ADMIN":true,"NAME":"Анна","LAST_NAME":"Смит-О\u0027Хара","PERSONAL_GENDER":"F","TIME_ZONE":"Europe\/Moscow"},"time":{}}`},
		{"user.admin", "user.admin", "", `{"result":true,"time":{}}`},
		{"user.current", "user.current", "", `{"result":{"ID":"1","ACTIVE":true,"NAME":"Анна","LAST_NAME":"Смит-О\u0027Хара","TIME_ZONE":"Europe\/Moscow"},"time":{}}`},
		{"feature.get", "feature.get", "CODE=x", `{"result":{"value":"ru_selfhosted"},"time":{}}`},
		{"method.get here", "method.get", "name=crm.item.list", `{"result":{"isExisting":true,"isAvailable":true},"time":{}}`},
		{"method.get absent", "method.get", "name=no.such", `{"result":{"isExisting":false,"isAvailable":false},"time":{}}`},
		{"scope", "scope", app, `{"result":["crm","placement","task","telephony","user_brief"],"time":{}}`},
		{"app.info", "app.info", app, `{"result":{"ID":1,"CODE":"CLIENT","VERSION":1,"STATUS":"L","INSTALLED":true,"PAYMENT_EXPIRED":"N","DAYS":null,"LANGUAGE_ID":"ru","LICENSE":"ru_selfhosted"},"time":{}}`},
		{"event.bind", "event.bind", app + "&event=ONAPPTEST&handler=https://app.example/h", `{"result":true,"time":{}}`},
		{"event.bind again", "event.bind", app + "&event=ONAPPTEST&handler=https://app.example/h", `{"error":"ERROR_CORE","error_description":"Unable to set event handler: Handler already binded"}`},
		{"event.bind unknown", "event.bind", app + "&event=ONNOTHING&handler=https://app.example/h", `{"error":"ERROR_EVENT_NOT_FOUND","error_description":"Event not found"}`},
		{"event.bind to a name without a dot", "event.bind", app + "&event=ONAPPTEST&handler=https://localhost/h", `{"error":"ERROR_WRONG_HANDLER_URL","error_description":"Wrong handler URL"}`},
		{"event.get", "event.get", app, `{"result":[{"event":"ONAPPTEST","handler":"https:\/\/app.example\/h","auth_type":"0","offline":0}],"time":{}}`},
		{"event.unbind", "event.unbind", app + "&event=ONAPPTEST&handler=https://app.example/h", `{"result":{"count":1},"time":{}}`},
		{"empty batch", "batch", "", `{"result":{"result":[],"result_error":[],"result_total":[],"result_next":[],"result_time":[]},"time":{}}`},
		{"batch in batch", "batch", "cmd[a]=batch", `{"result":{"result":[],"result_error":{"a":{"error":"ERROR_BATCH_METHOD_NOT_ALLOWED","error_description":"Method is not allowed for batch usage"}},"result_total":[],"result_next":[],"result_time":[]},"time":{}}`},
		{"scope inside batch", "batch", "cmd[a]=placement.list", `{"result":{"result":[],"result_error":{"a":{"error":"insufficient_scope","error_description":""}},"result_total":[],"result_next":[],"result_time":[]},"time":{}}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			at := s.Webhook() + test.method
			if strings.Contains(test.query, "auth=") {
				at = "https://" + s.Host() + "/rest/" + test.method
			}
			r := ask(t, c, request{url: at, kind: form, body: test.query})
			got := strings.Replace(timeless(r.body), s.IssueGrant("valid").ClientID, "CLIENT", 1)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBatch(t *testing.T) {
	s := faulty(t)
	c := client(t, s)
	ask50 := func(n int) map[string]any {
		v := url.Values{}
		for i := range n {
			v.Set("cmd[k"+string(rune('a'+i/26))+string(rune('a'+i%26))+"]", "server.time")
		}
		r := ask(t, c, request{url: s.Webhook() + "batch", kind: form, body: v.Encode()})
		result, _ := r.json["result"].(map[string]any)
		return result
	}
	t.Run("fifty are enough", func(t *testing.T) {
		errors, _ := ask50(52)["result_error"].(map[string]any)
		if len(errors) != 2 {
			t.Fatalf("%d errors", len(errors))
		}
		for _, e := range errors {
			if e.(map[string]any)["error"] != "ERROR_BATCH_LENGTH_EXCEEDED" {
				t.Errorf("got %v", e)
			}
		}
		if list, ok := ask50(50)["result_error"].([]any); !ok || len(list) != 0 {
			t.Error("result_error of a good batch is not []")
		}
	})
	t.Run("references and order", func(t *testing.T) {
		r := ask(t, c, request{url: s.Webhook() + "batch", kind: jsonKind, body: `{"halt":0,"cmd":{"z":"app.info","a":"method.get?name=$result[z][LICENSE]","m":"no.such","l":"crm.deal.list"}}`})
		if !strings.Contains(r.body, `"result":{"z":`) || strings.Index(r.body, `"z":{`) > strings.Index(r.body, `"a":{`) {
			t.Errorf("order of keys is lost: %s", r.body)
		}
		result := r.json["result"].(map[string]any)
		if got := slices.Sorted(maps.Keys(result["result"].(map[string]any))); !slices.Equal(got, []string{"a", "l", "z"}) {
			t.Errorf("results of %v", got)
		}
		if got := result["result_error"].(map[string]any)["m"].(map[string]any)["error"]; got != "ERROR_METHOD_NOT_FOUND" {
			t.Errorf("error %v", got)
		}
		if got := result["result_total"].(map[string]any)["l"]; got != float64(0) {
			t.Errorf("total %v", got)
		}
	})
	t.Run("halt", func(t *testing.T) {
		r := ask(t, c, request{url: s.Webhook() + "batch", kind: form, body: "halt=1&cmd[]=no.such&cmd[]=profile"})
		if !strings.Contains(r.body, `"result":{"result":[],"result_error":[{"error":"ERROR_METHOD_NOT_FOUND"`) {
			t.Errorf("got %s", r.body)
		}
	})
}

func TestTimeByVersion(t *testing.T) {
	for version, want := range map[string]string{
		"25.800.0":   `"time":\{"start":\d+,"finish":\d+(\.\d+)?,"duration":\d+(\.\d+)?(e-\d+)?,"processing":0,"date_start":"[^"]+\+03:00","date_finish":"[^"]+"\}`,
		"25.600.100": `"time":\{"start":\d+\.\d+,"finish":\d+\.\d+,"duration":[^,]+\d,"processing":[^,]+,"date_start":"[^"]+","date_finish":"[^"]+"\}`,
	} {
		t.Run(version, func(t *testing.T) {
			clock := time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)
			s := start(t, simportal.Options{REST: version, Clock: func() time.Time { clock = clock.Add(time.Microsecond); return clock }})
			c := client(t, s)
			c.Transport.(*http.Transport).TLSClientConfig.Time = func() time.Time { return clock }
			r := ask(t, c, request{url: s.Webhook() + "user.admin"})
			if !regexp.MustCompile(want).MatchString(r.body) {
				t.Errorf("got %s %v", r.body, r.err)
			}
		})
	}
	t.Run("no REST 3.0 in old ones", func(t *testing.T) {
		s := start(t, simportal.Options{REST: "25.600.100"})
		if r := get(t, s, "/rest/api/documentation"); r.code() != "ERROR_METHOD_NOT_FOUND" {
			t.Errorf("got %s", r.body)
		}
	})
	t.Run("REST 3.0", func(t *testing.T) {
		s := start(t, simportal.Options{REST: "25.1300.0"})
		at := strings.Replace(s.Webhook(), "/rest/", "/rest/api/", 1) + "scopes"
		if r := ask(t, client(t, s), request{url: at, kind: jsonKind, body: "{}"}); r.status != 200 || r.json["result"] == nil {
			t.Errorf("got %s", r.body)
		}
	})
}

func TestParameters(t *testing.T) {
	s := faulty(t)
	token := s.IssueToken("valid")
	c := client(t, s)
	at := "https://" + s.Host() + "/rest/method.get"
	yes, no := `"isExisting":true`, `"isExisting":false`
	tests := []struct {
		name string
		ask  request
		want string
	}{
		{"query", request{url: at + "?auth=" + token + "&name=app.info"}, yes},
		{"access_token", request{url: at + "?access_token=" + token + "&name=app.info"}, yes},
		{"form", request{url: at, kind: form, body: "auth=" + token + "&name=app.info"}, yes},
		{"multipart", request{url: at, kind: "multipart/form-data; boundary=b", body: "--b\r\nContent-Disposition: form-data; name=\"auth\"\r\n\r\n" + token + "\r\n--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\napp.info\r\n--b--\r\n"}, yes},
		{"json", request{url: at, kind: jsonKind + "; charset=utf-8", body: `{"auth":"` + token + `","name":"app.info"}`}, yes},
		{"bearer", request{url: at + "?name=app.info", header: map[string]string{"Authorization": "Bearer " + token}}, yes},
		{"form over query", request{url: at + "?name=app.info", kind: form, body: "auth=" + token + "&name=no.such"}, no},
		{"json without its content type", request{url: at, kind: "text/plain", body: `{"auth":"` + token + `"}`}, "NO_AUTH_FOUND"},
		{"json in a GET", request{method: "GET", url: at, kind: jsonKind, body: `{"auth":"` + token + `"}`}, "NO_AUTH_FOUND"},
		{"broken json", request{url: at, kind: jsonKind, body: `{"auth":"` + token + `"`}, "NO_AUTH_FOUND"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if r := ask(t, c, test.ask); !strings.Contains(r.body, test.want) {
				t.Errorf("got %s, want %s", r.body, test.want)
			}
		})
	}
}

func TestTokenCache(t *testing.T) {
	now := time.Now()
	s := start(t, simportal.Options{Clock: func() time.Time { return now }, AuthServerTimeout: time.Millisecond})
	token, other := s.IssueToken("valid"), s.IssueToken("valid")
	expect := func(token, want string, faults ...string) {
		t.Helper()
		if err := s.SetFaults(faults...); err != nil {
			t.Fatal(err)
		}
		if r := get(t, s, "/rest/user.admin?auth="+token); r.code() != want {
			t.Errorf("%v: got %s, want %q", faults, r.body, want)
		}
	}
	expect(token, "CONNECTION_ERROR", "auth-server-unreachable-slow")
	expect(token, "")
	expect(token, "", "auth-server-unreachable")
	expect(other, "CONNECTION_ERROR", "auth-server-unreachable")
	expect(other, "CONNECTION_ERROR", "auth-server-html")
	expect(other, "verification_needed", "licence-rejected")
	expect(other, "verification_needed")
	now = now.Add(59 * time.Minute)
	expect(token, "", "auth-server-unreachable")
	expect(other, "verification_needed")
	now = now.Add(time.Minute)
	expect(token, "CONNECTION_ERROR", "auth-server-unreachable")
	expect(other, "expired_token")
	if n := len(s.ReportedAddresses()); n != 7 {
		t.Errorf("the portal introduced itself %d times: %v", n, s.ReportedAddresses())
	}
}

func TestReportedAddress(t *testing.T) {
	s := faulty(t, "http-serves")
	g := s.IssueGrant("valid")
	held := func() string {
		r := ask(t, client(t, s), request{url: "https://oauth.bitrix24.tech/rest/app.info?auth=" + g.AccessToken})
		result, _ := r.json["result"].(map[string]any)
		install, _ := result["install"].(map[string]any)
		endpoint, _ := install["client_endpoint"].(string)
		return endpoint
	}
	if got := held(); got != "https://"+s.Host()+"/rest/" {
		t.Errorf("held %s", got)
	}
	get(t, s, "/rest/app.info")
	get(t, s, "/rest/1/x/profile")
	get(t, s, "/oauth/token/?grant_type=refresh_token&client_id=x")
	if got := s.ReportedAddresses(); len(got) != 0 {
		t.Errorf("reported without a token: %v", got)
	}
	get(t, s, "/rest/profile?auth="+g.AccessToken)
	ask(t, client(t, s), request{url: "http://" + s.Host() + "/rest/profile?auth=invented"})
	if got, want := s.ReportedAddresses(), []string{"https://" + s.Host(), "http://" + s.Host()}; !slices.Equal(got, want) {
		t.Errorf("reported %v, want %v", got, want)
	}
	if got := held(); got != "http://"+s.Host()+"/rest/" {
		t.Errorf("the address was not overwritten: %s", got)
	}
}
