package checks_test

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"boxready/checks"
	"boxready/internal/bitrix"
	"boxready/internal/demo"
	"boxready/internal/simportal"
	"boxready/internal/simportal/latency"
	"boxready/internal/transport"
)

// silentRun is a run with something that never answers. The limits are those of the first finding and of the verdict; 0: none.
type silentRun struct {
	name             string
	faults           []string
	vendor           bool // the vendor's hosts accept connections and stay silent
	answer           time.Duration
	authTimeout      time.Duration // of the portal, for the authorization server; 0: at once
	deep             bool
	finding, verdict time.Duration
	cause            checks.Cause // that must be found; "" for any
}

// BenchmarkSilence measures when the first finding and the verdict of a run are known if something on the way is silent.
func BenchmarkSilence(b *testing.B) {
	for _, c := range []silentRun{
		{name: "vendor silent, portal fine", vendor: true, verdict: 12 * time.Second},
		{name: "vendor silent, certificate expired", faults: []string{"tls-expired"}, vendor: true, finding: 500 * time.Millisecond, verdict: 12 * time.Second},
		{name: "port silent", faults: []string{"tcp-timeout"}, verdict: 8 * time.Second, cause: checks.TCPTimeout},
		{name: "DNS silent", faults: []string{"dns-failed-silent"}, verdict: 6 * time.Second, cause: checks.DNSFailed},
		{name: "one of two addresses silent", faults: []string{"address-partly-dead-silent"}, verdict: 640 * time.Millisecond, cause: checks.AddressPartlyDead},
		{name: "no answer", faults: []string{"rest-timeout"}, verdict: 16 * time.Second, cause: checks.TimedOut},
		{name: "every answer after 8 s, deep", answer: 8 * time.Second, deep: true, verdict: 25*time.Second + 500*time.Millisecond, cause: checks.RESTSlow},
		{name: "every answer after 20 s, deep", answer: 20 * time.Second, deep: true, verdict: 25*time.Second + 500*time.Millisecond},
		{name: "authorization server dropped, deep", faults: []string{"auth-server-unreachable-slow"}, authTimeout: 15 * time.Second, deep: true, verdict: 20 * time.Second,
			cause: checks.AuthServerUnreachable},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				c.run(b)
			}
		})
	}
}

func (c *silentRun) run(b *testing.B) {
	options := simportal.Options{Faults: c.faults, AuthServerTimeout: c.authTimeout, Listen: latency.Listen(roundTrip)}
	if c.answer > 0 {
		options.Answer = func(http.ResponseWriter, simportal.Request) bool {
			time.Sleep(c.answer)
			return false
		}
	}
	p, err := demo.Simulate(options)
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	way, err := p.Way("bench")
	if err != nil {
		b.Fatal(err)
	}
	if c.vendor {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		defer listener.Close()
		at := listener.Addr().(*net.TCPAddr)
		for i := range way.ConnectTo {
			if o := &way.ConnectTo[i]; slices.Contains(vendorNames(), o.Host) {
				o.Addr, o.AddrPort = at.IP.String(), at.Port
			}
		}
	}
	target, err := p.Target("bench")
	if err != nil {
		b.Fatal(err)
	}
	target.Consents = nil
	if c.deep {
		target.Consents = []checks.Consent{checks.Deep}
	}
	watch := &stopwatch{start: time.Now(), pending: checks.Plan(target)}
	outcome := checks.Run(context.Background(), transport.New(way), target, watch)
	b.ReportMetric(watch.finding.Seconds(), "finding-s")
	b.ReportMetric(watch.verdict.Seconds(), "verdict-s")
	b.ReportMetric(time.Since(watch.start).Seconds(), "end-s")
	if c.finding > 0 && watch.finding > c.finding {
		b.Errorf("the first finding came after %s; at most %s", watch.finding, c.finding)
	}
	if watch.verdict > c.verdict {
		b.Errorf("the verdict came after %s; at most %s", watch.verdict, c.verdict)
	}
	if c.cause != "" && !slices.ContainsFunc(outcome.Results, func(r checks.Result) bool { return r.Cause == c.cause }) {
		b.Errorf("%s was not found", c.cause)
	}
}

func vendorNames() (names []string) {
	for _, region := range bitrix.Regions() {
		for _, address := range []string{bitrix.AuthServer(region), bitrix.Feed(region)} {
			if u, err := url.Parse(address); err == nil {
				names = append(names, u.Hostname())
			}
		}
	}
	return names
}

// stopwatch records when a run's first finding and its verdict were known.
type stopwatch struct {
	start            time.Time
	results          []checks.Result
	pending          []checks.ID
	finding, verdict time.Duration
}

func (*stopwatch) Started(checks.ID) {}

func (w *stopwatch) Finished(id checks.ID, results []checks.Result) {
	w.results = append(w.results, results...)
	w.pending = slices.DeleteFunc(w.pending, func(other checks.ID) bool { return other == id })
	found := func(r checks.Result) bool { return r.State != checks.OK && r.State != checks.Skipped }
	if w.finding == 0 && slices.ContainsFunc(results, found) {
		w.finding = time.Since(w.start)
	}
	if _, settled := checks.Settled(w.results, w.pending); settled && w.verdict == 0 {
		w.verdict = time.Since(w.start)
	}
}
