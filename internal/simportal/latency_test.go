package simportal_test

import (
	"io"
	"math"
	"net/http"
	"testing"
	"time"

	"boxready/internal/simportal"
)

func TestLatency(t *testing.T) {
	const rtt = 100 * time.Millisecond
	s := start(t, simportal.Options{Latency: rtt})
	c := client(t, s)
	took := func(url string) time.Duration {
		t.Helper()
		best := time.Hour
		for range 3 { // the machine may be busy; the line never is
			c.CloseIdleConnections()
			began := time.Now()
			answer, err := c.Get(url)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, answer.Body)
			_ = answer.Body.Close()
			best = min(best, time.Since(began))
		}
		return best
	}
	near := func(what string, got time.Duration, trips float64) {
		t.Helper()
		if want := trips * float64(rtt); math.Abs(float64(got)-want) > 0.15*want {
			t.Errorf("%s: %v, want %v round trips", what, got, trips)
		}
	}
	// TCP, TLS 1.3, request.
	near("https on a new connection", took("https://"+s.Host()+"/rest/app.info"), 3)
	near("http on a new connection", took("http://"+s.Host()+"/"), 2)
	kept := time.Hour
	for range 4 {
		began := time.Now()
		answer, err := c.Get("http://" + s.Host() + "/")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
		kept = min(kept, time.Since(began))
	}
	near("http on a kept connection", kept, 1)
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
			shows(t, start(t, simportal.Options{Latency: 20 * time.Millisecond, Faults: []string{name}}))
		})
	}
}

func TestPipelinedBodyKeepsItsOrder(t *testing.T) {
	s := start(t, simportal.Options{Latency: 10 * time.Millisecond})
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
