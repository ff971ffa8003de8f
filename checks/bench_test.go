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
	"boxready/internal/portal"
	"boxready/internal/simportal"
	"boxready/internal/transport"
)

const roundTrip = 100 * time.Millisecond

// step is one thing that a run has to wait for, in round trips.
type step struct {
	name  string
	trips int
	needs []string
	slot  bool // one of the four requests that may be under way at once
}

// What a run asks, and what has to be known before it makes sense to ask. The rest module's answer tells whether it makes
// sense to go on; that is why not everything can be asked at once.
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

var deepSteps = append(slices.Clone(addressSteps),
	step{name: "token in form", trips: 1, needs: []string{"webhook", "plain http"}, slot: true},
	step{name: "token in query", trips: 1, needs: []string{"token in form"}, slot: true},
	step{name: "token in JSON", trips: 1, needs: []string{"token in form"}, slot: true},
	step{name: "token in header", trips: 1, needs: []string{"token in form"}, slot: true},
)

// chain is the fewest round trips in which the steps can be done with four requests at once, always taking first what most
// still depends on.
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

func BenchmarkAddressOnly(b *testing.B) { benchmarkRun(b, nil, addressSteps, 1.15) }
func BenchmarkDeep(b *testing.B)        { benchmarkRun(b, []checks.Consent{checks.Deep}, deepSteps, 1.25) }

// benchmarkRun compares a run against a healthy portal, 100 ms away, with the longest chain of dependent round trips and
// with a script that makes the same requests one after another.
func benchmarkRun(b *testing.B, consents []checks.Consent, steps []step, limit float64) {
	var runs, scripts []time.Duration
	for b.Loop() {
		run, script := runAndScript(b, consents)
		runs, scripts = append(runs, run), append(scripts, script)
	}
	shortest := time.Duration(chain(steps)) * roundTrip
	run, script := median(runs), median(scripts)
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
}

func median(times []time.Duration) time.Duration {
	times = slices.Clone(times)
	slices.Sort(times)
	return times[len(times)/2]
}

func runAndScript(b *testing.B, consents []checks.Consent) (run, script time.Duration) {
	b.Helper()
	sim, err := simportal.Start(simportal.Options{Latency: roundTrip})
	if err != nil {
		b.Fatal(err)
	}
	defer sim.Close()
	roots, err := transport.ParseRoots(sim.RootsPEM())
	if err != nil {
		b.Fatal(err)
	}
	way := transport.Options{Roots: transport.Pool(roots), Version: "bench"}
	for _, place := range sim.ConnectTo() {
		override, err := transport.ParseOverride(place)
		if err != nil {
			b.Fatal(err)
		}
		way.ConnectTo = append(way.ConnectTo, override)
	}
	address, err := portal.ParseAddress(sim.Host())
	if err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	outcome := checks.Run(context.Background(), transport.New(way), checks.Target{Address: address, Consents: consents}, silent{})
	run = time.Since(start)
	if outcome.Verdict != checks.NoObstacle {
		b.Fatalf("a healthy portal is %s", outcome.Verdict)
	}
	asked := sim.Log()
	start = time.Now()
	for _, r := range asked {
		askAlone(b, sim, way, r)
	}
	return run, time.Since(start)
}

// askAlone makes one request on a connection of its own, as curl does when a script calls it.
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
