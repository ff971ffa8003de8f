package simportal_test

import (
	"io"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"boxready/internal/simportal"
)

// handler is an application's server that records the events it gets.
type handler struct {
	mu   sync.Mutex
	got  []arrived
	came chan struct{}
	slow time.Duration
}

type arrived struct {
	method, from string
	form         url.Values
	at           time.Time
}

func newHandler() *handler { return &handler{came: make(chan struct{}, 100)} }

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	h.mu.Lock()
	h.got = append(h.got, arrived{r.Method, r.RemoteAddr, form, time.Now()})
	h.mu.Unlock()
	select {
	case <-time.After(h.slow):
	case <-r.Context().Done():
	}
	h.came <- struct{}{}
}

// wait returns the events after n more have arrived.
func (h *handler) wait(t *testing.T, n int) []arrived {
	t.Helper()
	for range n {
		select {
		case <-h.came:
		case <-time.After(30 * time.Second):
			t.Fatal("the event didn't come")
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.got
}

const online = "event=ONAPPTEST&handler=https%3A%2F%2Fevents.demo.example%2Fx"

// TestQueue sends events to a handler, without a fault and with each.
func TestQueue(t *testing.T) {
	t.Parallel()
	for fault, want := range map[string]int{"": 1, "event-queue-late": 1, "event-from-elsewhere": 1, "event-body-lost": 1, "event-delivered-twice": 2,
		"event-handler-refused": 0, "event-not-handed-over": 0, "event-queue-stopped": 0, "event-queue-shut-out": 0, "receiver-private": 0, "install-unfinished": 0} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			h := newHandler()
			o := simportal.Options{Handler: h}
			if fault != "" {
				o.Faults = []string{fault}
			}
			a := newEventApp(t, o)
			bound := "true"
			if fault == "event-handler-refused" {
				bound = "ERROR_WRONG_HANDLER_URL"
			}
			a.says("event.bind", online, bound)
			fired := time.Now()
			a.says("event.test", "n=1", "1")
			got := h.wait(t, want)
			if want == 0 {
				a.s.Close() // pending deliveries have ended
				if h.mu.Lock(); len(h.got) != 0 {
					t.Errorf("%d events came", len(h.got))
				}
				h.mu.Unlock()
				return
			}
			e, from := got[0], a.s.QueueAddresses()[0]+":40000"
			if fault == "event-from-elsewhere" {
				from = "198.51.100.10:40000"
			}
			if fault == "event-body-lost" {
				if e.method != "GET" {
					t.Errorf("%s", e.method)
				}
				return
			}
			if e.method != "POST" || e.from != from || e.form.Get("event") != "ONAPPTEST" || e.form.Get("data[QUERY][n]") != "1" || e.form.Get("data[LANGUAGE_ID]") != "ru" ||
				e.form.Get("auth[domain]") != a.s.Host() || e.form.Get("auth[access_token]") == "" || e.form.Get("ts") == "" || e.form.Get("event_handler_id") != "1" {
				t.Errorf("%+v", e)
			}
			if late := e.at.Sub(fired) >= 2*time.Second; late != (fault == "event-queue-late") && fault == "event-queue-late" {
				t.Errorf("it came after %s", e.at.Sub(fired))
			}
			// The event's token is valid for the user.
			a.token = e.form.Get("auth[access_token]")
			a.says("user.admin", "", "true")
			a.says("event.unbind", online, `{"count":1}`)
			a.says("event.test", "n=2", "1")
			if want == 1 {
				a.s.Close()
				if h.mu.Lock(); len(h.got) != 1 {
					t.Errorf("an event came after unbinding")
				}
				h.mu.Unlock()
			}
		})
	}
}

// TestQueueThrottlesSlowHandlers asserts that a slow handler gets its next event later.
func TestQueueThrottlesSlowHandlers(t *testing.T) {
	t.Parallel()
	h := newHandler()
	h.slow = 1100 * time.Millisecond
	a := newEventApp(t, simportal.Options{Handler: h})
	a.says("event.bind", online, "true")
	a.says("event.test", "n=1", "1")
	h.wait(t, 1)
	for n := range 5 { // until the queue has measured the slow answer
		a.says("event.test", "n=2", "1")
		if got := h.wait(t, 1); got[n+1].at.Sub(got[n].at) >= 3*time.Second {
			return
		}
	}
	t.Error("a slow handler is called as often as a quick one")
}

// TestHandlerFaults asserts the faults of the handler's host itself.
func TestHandlerFaults(t *testing.T) {
	t.Parallel()
	for fault, want := range map[string][2]int{"": {200, 200}, "receiver-unreachable": {0, 0}, "receiver-tls-self-signed": {0, 0}, "receiver-busy": {503, 503},
		"receiver-page": {200, 200}, "receiver-forgets": {404, 200}} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			o := simportal.Options{}
			if fault != "" {
				o.Faults = []string{fault}
			}
			s := start(t, o)
			c := client(t, s)
			got := [2]int{ask(t, c, request{url: "https://" + simportal.HandlerHost + "/"}).status,
				ask(t, c, request{url: "https://" + simportal.HandlerHost + "/", kind: form, body: "x=1"}).status}
			if got != want {
				t.Errorf("GET and POST: %v, expected %v", got, want)
			}
		})
	}
}
