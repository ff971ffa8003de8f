package checks_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"boxready/checks"
	"boxready/internal/demo"
	"boxready/internal/simportal"
	"boxready/internal/simportal/latency"
	"boxready/internal/transport"
)

const roundTrip = 100 * time.Millisecond

// step is one thing that a run has to wait for, in round trips.
type step struct {
	name  string
	trips int
	needs []string
	slot  bool // one of at most four concurrent requests
}

// A run's requests, and what must be known before each. The rest module's answer decides whether it makes sense to go on; so not
// everything can be concurrent.
var addressSteps = []step{
	{name: "tcp", trips: 1},
	{name: "tls", trips: 1, needs: []string{"tcp"}},
	{name: "plain http", trips: 2, needs: []string{"tls"}, slot: true},
	{name: "route", trips: 1, needs: []string{"tls"}, slot: true},
	{name: "token page", trips: 1, needs: []string{"tls"}, slot: true},
	{name: "batch", trips: 1, needs: []string{"tls"}, slot: true},
	{name: "event.bind", trips: 1, needs: []string{"route"}, slot: true},
	{name: "method.get", trips: 1, needs: []string{"route"}, slot: true},
	{name: "webhook", trips: 1, needs: []string{"route"}, slot: true},
	{name: "authorization server", trips: 3},
	{name: "feed", trips: 3},
}

// With consent, a token's own answer replaces the token page's.
var deepSteps = append(slices.DeleteFunc(slices.Clone(addressSteps), func(s step) bool { return s.name == "token page" }),
	step{name: "token in form", trips: 1, needs: []string{"webhook", "plain http"}, slot: true},
	step{name: "token in query", trips: 1, needs: []string{"token in form"}, slot: true},
	step{name: "token in JSON", trips: 1, needs: []string{"token in form"}, slot: true},
	step{name: "token in header", trips: 1, needs: []string{"token in form"}, slot: true},
)

var webhookSteps = append(slices.Clone(addressSteps),
	step{name: "through the webhook", trips: 1, needs: []string{"webhook", "plain http"}, slot: true},
	step{name: "inventory", trips: 1, needs: []string{"through the webhook"}, slot: true},
)

// The held address is asked with a fresh token, before any token goes to the portal.
var signedInSteps = append(needing("token in form", "held address", deepSteps),
	step{name: "fresh token", trips: 3},
	step{name: "held address", trips: 3, needs: []string{"fresh token"}},
	step{name: "with the token", trips: 1, needs: []string{"webhook", "plain http", "held address"}, slot: true},
	step{name: "inventory", trips: 1, needs: []string{"with the token"}, slot: true},
)

// needing returns the steps with one more dependency for the named one.
func needing(name, need string, steps []step) []step {
	steps = slices.Clone(steps)
	for i := range steps {
		if steps[i].name == name {
			steps[i].needs = append(slices.Clone(steps[i].needs), need)
		}
	}
	return steps
}

// chain is the fewest round trips for the steps with four concurrent requests, always starting with what most still depends on.
func chain(steps []step) int {
	tail := map[string]int{} // round trips from the start of a step to the end of what needs it
	for range steps {
		for _, s := range steps {
			longest := 0
			for _, after := range steps {
				if slices.Contains(after.needs, s.name) {
					longest = max(longest, tail[after.name])
				}
			}
			tail[s.name] = s.trips + longest
		}
	}
	order := slices.Clone(steps)
	slices.SortStableFunc(order, func(a, b step) int { return tail[b.name] - tail[a.name] })
	ends := map[string]int{}
	for now := 0; ; now++ {
		busy := 0
		for _, s := range order {
			if end, begun := ends[s.name]; begun && end > now && s.slot {
				busy++
			}
		}
		for _, s := range order {
			_, begun := ends[s.name]
			ready := !slices.ContainsFunc(s.needs, func(need string) bool { end, ok := ends[need]; return !ok || end > now })
			if begun || !ready || (s.slot && busy == 4) {
				continue
			}
			ends[s.name] = now + s.trips
			if s.slot {
				busy++
			}
		}
		if len(ends) == len(steps) {
			last := 0
			for _, end := range ends {
				last = max(last, end)
			}
			return last
		}
	}
}

func BenchmarkAddressOnly(b *testing.B) { benchmarkRun(b, addressSteps, 1.15) }
func BenchmarkDeep(b *testing.B)        { benchmarkRun(b, deepSteps, 1.25, "deep") }
func BenchmarkWebhook(b *testing.B)     { benchmarkRun(b, webhookSteps, 1.25, "webhook") }
func BenchmarkSignedIn(b *testing.B)    { benchmarkRun(b, signedInSteps, 1.25, "sign-in") }

// benchmarkRun compares a run against a healthy portal, 100 ms away, with the longest chain of dependent round trips and with a
// script that makes the same requests sequentially. The number to the portal determines the pauses: twelve need none.
func benchmarkRun(b *testing.B, steps []step, limit float64, with ...string) {
	var runs, scripts []time.Duration
	requests, idle := 0, 0
	for b.Loop() {
		run, script, asked, unused := runAndScript(b, with)
		runs, scripts, requests, idle = append(runs, run), append(scripts, script), max(requests, asked), max(idle, unused)
	}
	shortest := time.Duration(chain(steps)) * roundTrip
	run, script := median(runs), median(scripts)
	b.ReportMetric(float64(requests), "requests")
	b.ReportMetric(float64(idle), "unused-connections")
	b.ReportMetric(float64(chain(steps)), "chain-RTT")
	b.ReportMetric(float64(run.Milliseconds()), "ms")
	b.ReportMetric(float64(script.Milliseconds()), "script-ms")
	ratio, faster := float64(run)/float64(shortest), float64(script)/float64(run)
	b.ReportMetric(ratio, "×chain")
	b.ReportMetric(faster, "×faster")
	if ratio > limit {
		b.Errorf("%.2f times the chain of %d round trips; at most %.2f", ratio, chain(steps), limit)
	}
	if faster < 4 {
		b.Errorf("%.1f times faster than one request after another; at least 4", faster)
	}
	if requests > 12 {
		b.Errorf("%d requests to the portal; more than 12 need a pause of 10 s", requests)
	}
}

func median(times []time.Duration) time.Duration {
	times = slices.Clone(times)
	slices.Sort(times)
	return times[len(times)/2]
}

func runAndScript(b *testing.B, with []string) (run, script time.Duration, asked, unused int) {
	b.Helper()
	p, err := demo.Simulate(simportal.Options{Listen: latency.Listen(roundTrip)}, with...)
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	way, err := p.Way("bench")
	if err != nil {
		b.Fatal(err)
	}
	target, err := p.Target("bench")
	if err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	outcome := checks.Run(context.Background(), transport.New(way), target, nil)
	run = time.Since(start)
	if outcome.Verdict != checks.NoObstacle && outcome.Verdict != checks.Ready {
		b.Fatalf("a healthy portal is %s", outcome.Verdict)
	}
	log, used := p.Sim.Log(), map[int]bool{}
	for _, r := range log {
		used[r.Conn] = true
	}
	unused = p.Sim.Connections() - len(used)
	start = time.Now()
	for _, r := range log {
		askAlone(b, p.Sim, way, r)
		if r.Server == "portal" || r.Server == "portal-http" {
			asked++
		}
	}
	return run, time.Since(start), asked, unused
}

// askAlone makes one request on a connection of its own, as curl in a script does.
func askAlone(b *testing.B, sim *simportal.Sim, way transport.Options, r simportal.Request) {
	b.Helper()
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{RootCAs: way.Roots},
		DialContext: func(ctx context.Context, network, hostport string) (net.Conn, error) {
			host, port, err := net.SplitHostPort(hostport)
			if err != nil {
				return nil, err
			}
			for _, o := range way.ConnectTo {
				if o.Host == host && strconv.Itoa(o.Port) == port {
					hostport = o.Target()
				}
			}
			return (&net.Dialer{}).DialContext(ctx, network, hostport)
		},
	}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	scheme := "http"
	if r.TLS {
		scheme = "https"
	}
	request, err := http.NewRequest(r.Method, scheme+"://"+r.Host+r.Path+"?"+r.RawQuery, bytes.NewReader(r.Body))
	if err != nil {
		b.Fatal(err)
	}
	request.Header = r.Header.Clone()
	response, err := client.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		b.Fatal(err)
	}
}
