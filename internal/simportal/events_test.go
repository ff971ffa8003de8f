package simportal_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"boxready/internal/simportal"

	"github.com/google/go-cmp/cmp"
)

// eventApp is an application that works with events.
type eventApp struct {
	t     *testing.T
	s     *simportal.Sim
	c     *http.Client
	token string
}

func newEventApp(t *testing.T, o simportal.Options) eventApp {
	t.Helper()
	s := start(t, o)
	return eventApp{t, s, client(t, s), s.IssueToken("valid")}
}

func (a eventApp) call(method, params string) reply {
	a.t.Helper()
	return ask(a.t, a.c, request{url: "https://" + a.s.Host() + "/rest/" + method, kind: form, body: "auth=" + a.token + "&" + params})
}

// says calls and compares the result, or the error code.
func (a eventApp) says(method, params, want string) {
	a.t.Helper()
	r := a.call(method, params)
	got := regexp.MustCompile(`^\{"result":(.*),"time":\{\}\}$`).ReplaceAllString(timeless(r.body), "$1")
	if code := r.code(); code != "" {
		got = code
	}
	got = regexp.MustCompile(`"(\d{4}-\d\d-\d\dT[^"]*|[0-9a-f]{32})"`).ReplaceAllString(got, `"…"`)
	if got != want {
		a.t.Errorf("%s %s\n got %s\nwant %s", method, params, got, want)
	}
}

const testEvent = `{"ID":"%","TIMESTAMP_X":"…","EVENT_NAME":"ONAPPTEST","EVENT_DATA":{"QUERY":{"n":"1"},"LANGUAGE_ID":"ru"},"EVENT_ADDITIONAL":{"user_id":"1"},"MESSAGE_ID":"…"`

func row(id string) string { return strings.Replace(testEvent, "%", id, 1) + "}" }

func TestOfflineEvents(t *testing.T) {
	const bound = "event_type=offline&event=onAppTest&auth_connector=ours"
	t.Run("the loop", func(t *testing.T) {
		a := newEventApp(t, simportal.Options{})
		a.says("event.bind", bound, "true")
		a.says("event.bind", bound, "ERROR_CORE")
		a.says("event.get", "", `[{"event":"ONAPPTEST","connector_id":"ours","offline":1}]`)
		if diff := cmp.Diff([]simportal.Binding{{Event: "ONAPPTEST", Connector: "ours", Offline: true, User: "0"}}, a.s.Bindings()); diff != "" {
			t.Error(diff)
		}
		a.says("event.test", "n=1", "1")
		a.says("event.offline.get", "", `{"process_id":null,"events":[]}`)
		a.says("event.offline.get", "auth_connector=other", `{"process_id":null,"events":[]}`)
		a.says("event.offline.get", "auth_connector=ours", `{"process_id":null,"events":[`+row("1")+`]}`)
		a.says("event.offline.get", "auth_connector=ours", `{"process_id":null,"events":[]}`)
		a.says("event.unbind", "event_type=offline&event=ONAPPTEST", `{"count":0}`)
		a.says("event.unbind", bound, `{"count":1}`)
		a.says("event.get", "", `[]`)
		if left, rows := a.s.Bindings(), a.s.OfflineEvents(); len(left) != 0 || len(rows) != 0 {
			t.Errorf("left behind: %v %v", left, rows)
		}
	})
	t.Run("one's own connector is not told", func(t *testing.T) {
		a := newEventApp(t, simportal.Options{})
		a.says("event.bind", bound, "true")
		a.says("event.test", "n=1&auth_connector=ours", "1")
		a.says("event.offline.list", "auth_connector=ours", `[],"total":0`)
	})
	t.Run("a batch has one connector", func(t *testing.T) {
		a := newEventApp(t, simportal.Options{})
		cmd := url.Values{"cmd[b]": {"event.bind?event=ONAPPTEST&event_type=offline&auth_connector=inner"}, "cmd[t]": {"event.test?n=1"}, "auth_connector": {"ours"}}
		a.call("batch", cmd.Encode())
		a.says("event.get", "", `[{"event":"ONAPPTEST","connector_id":"ours","offline":1}]`)
		a.says("event.offline.list", "auth_connector=ours", `[],"total":0`)
	})
	t.Run("the same twice is one row", func(t *testing.T) {
		a := newEventApp(t, simportal.Options{})
		a.says("event.bind", bound, "true")
		for range 2 {
			a.says("event.test", "n=1", "1")
		}
		a.says("event.test", "n=2", "1")
		a.says("event.offline.list", "auth_connector=ours&filter[MESSAGE_ID]="+a.s.OfflineEvents()[0].Message, `[`+strings.TrimSuffix(row("1"), "}")+`,"PROCESS_ID":"","ERROR":"0"}],"total":1`)
		a.says("event.offline.list", "auth_connector=ours&order[ID]=DESC&filter[>ID]=1&filter[!EVENT_NAME]=X", strings.Replace(`[`+strings.TrimSuffix(row("2"), "}")+`,"PROCESS_ID":"","ERROR":"0"}],"total":1`, `"n":"1"`, `"n":"2"`, 1))
		if n := len(a.s.OfflineEvents()); n != 2 {
			t.Errorf("%d rows", n)
		}
	})
	t.Run("kept until cleared", func(t *testing.T) {
		a := newEventApp(t, simportal.Options{})
		a.says("event.bind", bound, "true")
		a.says("event.test", "n=1", "1")
		r := a.call("event.offline.get", "auth_connector=ours&clear=0")
		result, _ := r.json["result"].(map[string]any)
		process, _ := result["process_id"].(string)
		if process == "" {
			t.Fatalf("got %s", r.body)
		}
		a.says("event.offline.get", "auth_connector=ours&clear=0", `{"process_id":"…","events":[]}`)
		a.says("event.offline.get", "auth_connector=ours&clear=0&process_id="+process, `{"process_id":"…","events":[`+row("1")+`]}`)
		a.says("event.offline.clear", "auth_connector=ours", "ERROR_ARGUMENT")
		a.says("event.offline.clear", "auth_connector=ours&process_id=other", "true")
		a.says("event.offline.clear", "auth_connector=ours&id[]=7&process_id="+process, "true")
		message := a.s.OfflineEvents()[0].Message
		a.says("event.offline.error", "auth_connector=ours&process_id="+process, "ERROR_ARGUMENT")
		a.says("event.offline.error", "auth_connector=ours&process_id="+process+"&message_id[]="+message, "true")
		a.says("event.offline.get", "auth_connector=ours", `{"process_id":null,"events":[]}`)
		a.says("event.offline.get", "auth_connector=ours&error=1&clear=0", `{"process_id":"…","events":[`+row("1")+`]}`)
		a.says("event.offline.clear", "auth_connector=ours&message_id[]="+message+"&process_id="+a.s.OfflineEvents()[0].Process, "true")
		if rows := a.s.OfflineEvents(); len(rows) != 0 {
			t.Errorf("left: %v", rows)
		}
	})
	t.Run("limits", func(t *testing.T) {
		a := newEventApp(t, simportal.Options{})
		a.says("event.bind", bound, "true")
		for n := range 60 {
			a.says("event.test", "n="+strconv.Itoa(n), "1")
		}
		if r := a.call("event.offline.list", "auth_connector=ours"); !strings.HasSuffix(timeless(r.body), `,"next":50,"total":60,"time":{}}`) {
			t.Errorf("first page: %s", r.body[max(0, len(r.body)-200):])
		}
		if r := a.call("event.offline.list", "auth_connector=ours&start=50"); strings.Contains(r.body, `"next"`) || strings.Count(r.body, `"MESSAGE_ID"`) != 10 {
			t.Errorf("second page: %s", r.body)
		}
		a.says("event.offline.get", "auth_connector=ours&limit=0", "ERROR_ARGUMENT")
		if r := a.call("event.offline.get", "auth_connector=ours&limit=3"); strings.Count(r.body, `"MESSAGE_ID"`) != 3 || len(a.s.OfflineEvents()) != 57 {
			t.Errorf("three: %s", r.body)
		}
	})
	t.Run("leftovers of an earlier run", func(t *testing.T) {
		a := newEventApp(t, simportal.Options{})
		for range 2 {
			a.s.Bind(simportal.Binding{Event: "ONAPPTEST", Connector: "earlier", Offline: true})
		}
		a.s.Bind(simportal.Binding{Event: "ONCRMDEALADD", Handler: "https://vendor.example/h"})
		a.says("event.get", "", `[{"event":"ONAPPTEST","connector_id":"earlier","offline":1},{"event":"ONCRMDEALADD","handler":"https:\/\/vendor.example\/h","auth_type":"0","offline":0}]`)
		a.says("event.unbind", "event_type=offline&event=ONAPPTEST&auth_connector=earlier", `{"count":1}`)
		if n := len(a.s.Bindings()); n != 1 {
			t.Errorf("%d handlers left", n)
		}
	})
	t.Run("who is no administrator", func(t *testing.T) {
		a := newEventApp(t, simportal.Options{Faults: []string{"user-not-admin"}})
		for _, method := range []string{"event.bind", "event.unbind"} {
			a.says(method, bound, "ACCESS_DENIED")
		}
		for _, method := range []string{"event.offline.get", "event.offline.list", "event.offline.clear", "event.offline.error"} {
			a.says(method, "process_id=x&message_id[]=x", "ACCESS_DENIED")
		}
		const online = "event=ONAPPTEST&handler=https://app.example/h"
		a.says("event.bind", online+"&auth_type=7", "ACCESS_DENIED")
		a.says("event.bind", online, "true")
		a.s.Bind(simportal.Binding{Event: "ONAPPTEST", Handler: "https://app.example/other"})
		a.says("event.get", "", `[{"event":"ONAPPTEST","handler":"https:\/\/app.example\/h","auth_type":"1","offline":0}]`)
		a.says("event.unbind", online, `{"count":1}`)
	})
	t.Run("not for the event about events", func(t *testing.T) {
		newEventApp(t, simportal.Options{}).says("event.bind", "event_type=offline&event=ONOFFLINEEVENT", "ERROR_ARGUMENT")
	})
	t.Run("not with a webhook", func(t *testing.T) {
		s := faulty(t)
		for _, method := range []string{"event.bind", "event.get", "event.test", "event.offline.get"} {
			if r := ask(t, client(t, s), request{url: s.Webhook() + method}); r.code() != "WRONG_AUTH_TYPE" || r.status != 403 {
				t.Errorf("%s: %d %s", method, r.status, r.body)
			}
		}
	})
	t.Run("concurrently", func(t *testing.T) {
		a := newEventApp(t, simportal.Options{})
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for _, q := range [][2]string{{"event.bind", bound}, {"event.test", "n=1"}, {"event.offline.get", "auth_connector=ours"}, {"event.unbind", bound}} {
					ask(t, client(t, a.s), request{url: "https://" + a.s.Host() + "/rest/" + q[0], kind: form, body: "auth=" + a.token + "&" + q[1]})
				}
				a.s.Bindings()
				a.s.OfflineEvents()
			})
		}
		wg.Wait()
		if left := a.s.Bindings(); len(left) != 0 {
			t.Errorf("left: %v", left)
		}
	})
}

func TestEventFaults(t *testing.T) {
	const bound = "event_type=offline&event=ONAPPTEST&auth_connector=ours"
	for fault, want := range map[string][3]string{ // answer of event.test, events found by the second call, answer of event.unbind
		"":                    {"1", "1", `{"count":1}`},
		"event-not-recorded":  {"1", "0", `{"count":1}`},
		"install-unfinished":  {"1", "0", `{"count":1}`},
		"event-test-missing":  {"ERROR_METHOD_NOT_FOUND", "0", `{"count":1}`},
		"event-recorded-late": {"1", "1", `{"count":1}`},
		"event-unbind-error":  {"1", "1", "ERROR_CORE"},
		"event-unbind-fails":  {"1", "1", `{"count":0}`},
	} {
		t.Run(fault, func(t *testing.T) {
			var faults []string
			if fault != "" {
				faults = []string{fault}
			}
			a := newEventApp(t, simportal.Options{Faults: faults})
			a.says("event.bind", bound, "true")
			a.says("event.test", "n=1", want[0])
			for look := range 2 {
				n := want[1]
				if fault == "event-recorded-late" && look == 0 {
					n = "0"
				}
				if r := a.call("event.offline.list", "auth_connector=ours"); !strings.HasSuffix(timeless(r.body), `,"total":`+n+`,"time":{}}`) {
					t.Errorf("look %d: %s", look+1, r.body)
				}
			}
			a.says("event.unbind", bound, want[2])
			if left := len(a.s.Bindings()); (left == 0) != (want[2] == `{"count":1}`) {
				t.Errorf("%d handlers left", left)
			}
		})
	}
}
