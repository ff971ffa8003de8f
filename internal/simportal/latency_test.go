package simportal_test

import (
	"io"
	"math"
	"net/http"
	"testing"
	"time"

	"boxready/internal/simportal"
	"boxready/internal/simportal/latency"
)

func TestLatency(t *testing.T) {
	const rtt = 100 * time.Millisecond
	s := start(t, simportal.Options{Listen: latency.Listen(rtt)})
	c := client(t, s)
	takes := func(what, url string, kept bool, trips float64) {
		t.Helper()
		want, best := trips*float64(rtt), time.Hour
		for range 50 { // load on the machine only adds time
			if !kept {
				c.CloseIdleConnections()
			}
			began := time.Now()
			answer, err := c.Get(url)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, answer.Body)
			_ = answer.Body.Close()
			if best = min(best, time.Since(began)); float64(best) < 1.15*want {
				break
			}
		}
		if math.Abs(float64(best)-want) > 0.15*want {
			t.Errorf("%s: %v, want %v round trips", what, best, trips)
		}
	}
	// TCP, TLS 1.3, request.
	takes("https on a new connection", "https://"+s.Host()+"/rest/app.info", false, 3)
	takes("http on a new connection", "http://"+s.Host()+"/", false, 2)
	takes("http on a kept connection", "http://"+s.Host()+"/", true, 1)
}

func TestLatencyOfFaults(t *testing.T) {
	for name, shows := range map[string]seen{
		"tls-handshake-reset": symptoms["tls-handshake-reset"],
		"tls-handshake-alert": symptoms["tls-handshake-alert"],
		"tls-not-tls":         symptoms["tls-not-tls"],
		"rest-cut-off":        symptoms["rest-cut-off"],
		"rest-cut-off-reset":  symptoms["rest-cut-off-reset"],
		"rest-gzip-bomb":      symptoms["rest-gzip-bomb"],
		"proxy-refused":       symptoms["proxy-refused"],
		"dns-differs":         symptoms["dns-differs"],
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shows(t, start(t, simportal.Options{Listen: latency.Listen(20 * time.Millisecond), Faults: []string{name}}))
		})
	}
}

func TestPipelinedBodyKeepsItsOrder(t *testing.T) {
	s := start(t, simportal.Options{Listen: latency.Listen(10 * time.Millisecond)})
	body := make([]byte, 300<<10)
	for i := range body {
		body[i] = 'a' + byte(i%26)
	}
	r := post(t, s, "/rest/app.info", form, "x="+string(body))
	if r.code() != "NO_AUTH_FOUND" {
		t.Fatalf("got %+v", r)
	}
	if got := string(s.Log()[0].Body[2:]); got != string(body[:len(got)]) {
		t.Error("bytes changed places")
	}
	if r.header.Get("Content-Length") == "" || r.status != http.StatusUnauthorized {
		t.Errorf("got %+v", r)
	}
}
