// Package exporter exports the results of runs to Prometheus, many portals through one process
// (https://prometheus.io/docs/guides/multi-target-exporter/): schedules, retention and alerts are Prometheus's job. It checks
// only the portals in its options, and none more often than the interval, however often it is scraped.
package exporter

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"boxready/checks"
	"boxready/internal/portal"
	"boxready/internal/view"
)

// MinInterval is the shortest interval of runs against a portal, from start to start.
const MinInterval = time.Minute

const (
	// Prometheus sends its timeout; a little of it is reserved for the response.
	timeoutHeader   = "X-Prometheus-Scrape-Timeout-Seconds"
	responseReserve = 500 * time.Millisecond
	defaultWait     = 10 * time.Second
	maxWait         = 2 * time.Minute
	maxProbes       = 256 // probes waiting for a result
	maxHeaderBytes  = 16 << 10
)

// Options configure an Exporter.
type Options struct {
	Portals  []portal.Address
	Run      func(context.Context, portal.Address) (*checks.Outcome, error) // makes one run; it must end by itself
	Failed   func(portal.Address, error)                                    // called when a run could not be made
	Interval time.Duration                                                  // from the start of one run against a portal to that of the next
	Parallel int                                                            // runs at once
	Version  string                                                         // of BoxReady
}

// Exporter answers Prometheus. Close it.
type Exporter struct {
	options Options
	ctx     context.Context
	stop    context.CancelFunc
	running sync.WaitGroup
	slots   chan struct{}
	probes  chan struct{}
	targets map[portal.Address]*target

	created                     time.Time
	succeeded, failed, inFlight atomic.Int64 // runs
}

// target is one portal.
type target struct {
	address portal.Address

	mu      sync.Mutex
	started time.Time     // of the last run; zero: none
	done    chan struct{} // closed when the current run ends; nil: none
	last    *sample       // of the last successful run
}

// New returns an exporter whose runs end with ctx.
func New(ctx context.Context, o Options) *Exporter {
	e := &Exporter{options: o, slots: make(chan struct{}, o.Parallel), probes: make(chan struct{}, maxProbes),
		targets: map[portal.Address]*target{}, created: time.Now()}
	e.ctx, e.stop = context.WithCancel(ctx)
	for _, address := range o.Portals {
		e.targets[key(address)] = &target{address: address}
	}
	return e
}

// key identifies a portal, typed with http or https.
func key(a portal.Address) portal.Address {
	a.WasHTTP = false
	return a
}

// Close cancels the current runs, and waits until they have ended.
func (e *Exporter) Close() {
	e.stop()
	e.running.Wait()
}

// Serve answers on ln until ctx is done.
func (e *Exporter) Serve(ctx context.Context, ln net.Listener) error {
	server := &http.Server{Handler: e.Handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: maxWait + time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: maxHeaderBytes}
	ended := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer ended()
	if err := server.Serve(ln); ctx.Err() == nil {
		return fmt.Errorf("serve metrics: %w", err)
	}
	return nil
}

// Handler answers /probe?target=PORTAL and /metrics.
func (e *Exporter) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /probe", e.probe)
	mux.HandleFunc("GET /metrics", e.metrics)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		io.WriteString(w, "BoxReady exporter\n\n/probe?target=PORTAL  the results for one portal of the list\n/metrics              about the exporter itself\n")
	})
	return mux
}

func (e *Exporter) probe(w http.ResponseWriter, r *http.Request) {
	select {
	case e.probes <- struct{}{}:
		defer func() { <-e.probes }()
	default:
		http.Error(w, "too many probes at once", http.StatusServiceUnavailable)
		return
	}
	address, err := portal.ParseAddress(r.URL.Query().Get("target"))
	if err != nil {
		http.Error(w, "target has to be the address of a portal: /probe?target=portal.example.com", http.StatusBadRequest)
		return
	}
	t := e.targets[key(address)]
	if t == nil {
		http.Error(w, "this portal is not in the exporter's list", http.StatusNotFound)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), waitLimit(r.Header.Get(timeoutHeader)))
	defer cancel()
	e.result(ctx, t).page().send(w)
}

// metrics answers with the exporter's own state.
func (e *Exporter) metrics(w http.ResponseWriter, _ *http.Request) {
	var p page
	p.gauge("boxready_build_info", "The version of BoxReady.", 1, "version", e.options.Version)
	p.gauge("boxready_exporter_portals", "Portals that may be probed.", float64(len(e.targets)))
	p.gauge("boxready_exporter_runs_in_flight", "Runs of the checklist under way or waiting for their turn.", float64(e.inFlight.Load()))
	p.metric("counter", "boxready_exporter_runs_total", "Runs of the checklist that ended, by whether they came to a result.")
	p.series(float64(e.succeeded.Load()), "result", "success")
	p.series(float64(e.failed.Load()), "result", "failure")
	p.process(e.created)
	p.send(w)
}

// waitLimit is how long a probe may wait for a run to end.
func waitLimit(said string) time.Duration {
	seconds, err := strconv.ParseFloat(said, 64)
	if err != nil || !(seconds > 0) {
		return defaultWait
	}
	if seconds >= maxWait.Seconds() {
		return maxWait
	}
	whole := time.Duration(seconds * float64(time.Second))
	return max(whole-responseReserve, whole/2)
}

// result returns the last result for a portal. If it is older than the interval, a run starts, and result waits for it until ctx
// is done; the run goes on afterwards.
func (e *Exporter) result(ctx context.Context, t *target) answer {
	t.mu.Lock()
	if t.done == nil && (t.started.IsZero() || time.Since(t.started) >= e.options.Interval) && e.ctx.Err() == nil {
		t.started, t.done = time.Now(), make(chan struct{})
		e.inFlight.Add(1)
		e.running.Go(func() { e.run(t, t.done) })
	}
	done := t.done
	t.mu.Unlock()
	if done != nil {
		select {
		case <-done:
		case <-ctx.Done():
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return answer{last: t.last, running: t.done != nil}
}

func (e *Exporter) run(t *target, done chan struct{}) {
	defer e.inFlight.Add(-1)
	var last *sample
	select {
	case e.slots <- struct{}{}:
		last = e.check(t)
		<-e.slots
	case <-e.ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if last != nil {
		t.last = last
	}
	t.done = nil
	close(done)
}

// check makes a run; nil if it failed.
func (e *Exporter) check(t *target) *sample {
	outcome, err := e.options.Run(e.ctx, t.address)
	if e.ctx.Err() != nil {
		return nil
	}
	if err != nil {
		e.failed.Add(1)
		e.options.Failed(t.address, err)
		return nil
	}
	e.succeeded.Add(1)
	return sampleOf(outcome)
}

// sample is the part of an outcome for Prometheus.
type sample struct {
	verdict           checks.Verdict
	counts            map[checks.State]int
	results           []checks.Result // without facts and arguments
	notChecked        []checks.NotChecked
	started, finished time.Time
	certificate       time.Time     // its end; zero if not known
	endings           []view.Ending // the earliest first
}

func sampleOf(o *checks.Outcome) *sample {
	s := &sample{verdict: o.Verdict, counts: o.Counts(), notChecked: o.NotChecked, started: o.Started, finished: o.Finished, endings: view.Endings(o.Results, o.Finished)}
	for _, r := range o.Results {
		if tls, ok := r.Facts.(*checks.TLSFacts); ok && len(tls.Addresses) > 0 && len(tls.Addresses[0].Chain) > 0 {
			s.certificate = tls.Addresses[0].Chain[0].NotAfter
		}
		s.results = append(s.results, checks.Result{Check: r.Check, State: r.State, Cause: r.Cause, Owner: r.Owner, Vantage: r.Vantage, Affects: r.Affects,
			Acknowledged: r.Acknowledged})
	}
	return s
}

// answer is what is known when a probe has waited.
type answer struct {
	last    *sample
	running bool
}

// page returns the answer's metrics.
func (a answer) page() *page {
	p := new(page)
	p.gauge("boxready_probe_success", "1 if there is a result, however old.", number(a.last != nil))
	p.gauge("boxready_run_in_progress", "1 if a run against the portal is under way.", number(a.running))
	if a.last == nil {
		return p
	}
	s := a.last
	p.gauge("boxready_run_timestamp_seconds", "Unix time at which the run ended that the result is of.", seconds(s.finished))
	p.gauge("boxready_run_duration_seconds", "How long that run took.", s.finished.Sub(s.started).Seconds())
	p.gauge("boxready_result_age_seconds", "How long ago the run ended that the result is of.", max(time.Since(s.finished).Seconds(), 0))
	p.metric("gauge", "boxready_verdict", "1 for the verdict on the portal, 0 for the others.")
	for _, v := range checks.Verdicts() {
		p.series(number(v == s.verdict), "verdict", string(v))
	}
	p.metric("gauge", "boxready_results", "Results by state.")
	for _, state := range slices.Sorted(maps.Keys(s.counts)) {
		p.series(float64(s.counts[state]), "state", string(state))
	}
	p.metric("gauge", "boxready_result", "1 for each result that counts. The cause is empty where all is well.")
	for _, r := range s.results {
		if r.Acknowledged == nil {
			p.result(r)
		}
	}
	p.metric("gauge", "boxready_acknowledged", "1 for each finding that somebody left as it is. It is not among the results.")
	for _, r := range s.results {
		if r.Acknowledged != nil {
			p.result(r)
		}
	}
	p.metric("gauge", "boxready_not_checked", "1 for each check that was not made, with what it needs.")
	for _, n := range s.notChecked {
		p.series(1, "check", string(n.Check), "reason", string(n.Reason))
	}
	p.metric("gauge", "boxready_end_timestamp_seconds", "Unix time at which something ends: the earliest if there are several of one name.")
	sent := map[[3]string]bool{}
	for _, e := range s.endings {
		labels := [3]string{string(e.Check), e.Name, e.What}
		if !sent[labels] {
			sent[labels] = true
			p.series(seconds(e.At), "check", labels[0], "name", labels[1], "what", labels[2])
		}
	}
	if !s.certificate.IsZero() {
		p.gauge("boxready_certificate_not_after_timestamp_seconds", "Unix time at which the portal's certificate ends.", seconds(s.certificate))
	}
	return p
}

// result writes a result of the metric that was begun last.
func (p *page) result(r checks.Result) {
	p.series(1, "affects", joined(r.Affects), "cause", string(r.Cause), "check", string(r.Check), "owner", string(r.Owner), "state", string(r.State),
		"vantage", string(r.Vantage))
}

// joined is the value of a label that lists several.
func joined(affects []checks.Affected) string {
	var codes []string
	for _, a := range affects {
		codes = append(codes, string(a))
	}
	return strings.Join(codes, ",")
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
