//go:build nogui

package cli_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"boxready/cli"
)

// TestExporter scrapes as Prometheus does, and stops the exporter cleanly.
func TestExporter(t *testing.T) {
	f := startFleet(t, 10, fleetFaults...)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	listen := freeAddress(t)
	var stderr syncBuffer
	ended := make(chan cli.Exit, 1)
	go func() {
		ended <- cli.Run(ctx, "1.2.3", slices.Concat([]string{"--lang", "en", "exporter", "--portals", f.list, "--listen", listen}, f.flags),
			cli.IO{In: strings.NewReader(""), Out: io.Discard, Err: &stderr})
	}()
	for !strings.Contains(stderr.String(), "http://"+listen+"/probe") {
		select {
		case exit := <-ended:
			t.Fatalf("exit %d: %s", exit, stderr.String())
		case <-time.After(10 * time.Millisecond):
		}
	}
	get := func(path string) string {
		request, err := http.NewRequest("GET", "http://"+listen+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", "120")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	for range 3 {
		if body := get("/probe?target=" + f.sims[1].Host()); !strings.Contains(body, `boxready_verdict{verdict="no-obstacle"} 1`) {
			t.Errorf("a healthy portal:\n%s", body)
		}
		if body := get("/probe?target=" + f.sims[10].Host()); !strings.Contains(body, `{affects="applications,events,webhooks",cause="tls-expired",check="portal-tls",owner="server-admin",state="problem",vantage="computer"} 1`) {
			t.Errorf("an expired certificate:\n%s", body)
		}
	}
	world, portals := f.asked()
	if world["feed-cis"] != 1 || world["auth-cis"] != 1 || portals[0] == 0 || portals[0] > 12 || portals[1] != 0 {
		t.Errorf("asked: %v, %v", world, portals)
	}
	if body := get("/metrics"); !strings.Contains(body, `boxready_exporter_runs_total{result="success"} 2`) {
		t.Errorf("metrics:\n%s", body)
	}
	http.DefaultClient.CloseIdleConnections()
	stop()
	if exit := <-ended; exit != cli.ExitOK {
		t.Errorf("exit %d: %s", exit, stderr.String())
	}
}
