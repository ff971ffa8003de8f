package exporter_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"boxready/checks"
	"boxready/internal/exporter"
	"boxready/internal/portal"
	"boxready/internal/serverprobe"
	"boxready/internal/simtest/testenv"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(testenv.M{M: m}) }

func address(t *testing.T, s string) portal.Address {
	t.Helper()
	a, err := portal.ParseAddress(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// portals makes slow fake runs and counts them.
type portals struct {
	duration   time.Duration
	fail       atomic.Bool
	mu         sync.Mutex
	starts     []time.Time
	running    int
	maxRunning int
}

func (p *portals) run(ctx context.Context, _ portal.Address) (*checks.Outcome, error) {
	p.mu.Lock()
	p.starts = append(p.starts, time.Now())
	p.running++
	p.maxRunning = max(p.maxRunning, p.running)
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.running--
	}()
	o := &checks.Outcome{Started: time.Now(), Verdict: checks.NotReady}
	select {
	case <-time.After(p.duration):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if p.fail.Load() {
		return nil, errors.New("the keyring is locked")
	}
	o.Finished = time.Now()
	o.Results = []checks.Result{
		{Check: checks.PortalTLS, State: checks.Problem, Cause: checks.TLSExpired, Owner: checks.ServerAdmin, Vantage: checks.FromComputer, Affects: []checks.Affected{checks.Applications, checks.Events},
			Facts: &checks.TLSFacts{Addresses: []checks.TLSSeen{
				{Trust: &checks.Trust{}, Chain: []checks.Certificate{{CommonName: "a.example", SHA256: "1", NotAfter: time.Unix(1700000000, 0)}}},
				{Trust: &checks.Trust{}, Chain: []checks.Certificate{{CommonName: "a.example", SHA256: "2", NotAfter: time.Unix(1800000000, 0)}}}}}},
		{Check: checks.ServerLicence, State: checks.OK, Vantage: checks.FromServer,
			Facts: &checks.ServerLicenceFacts{Licence: &serverprobe.Licence{Name: "CRM\x00\"", Ends: "2027-01-01"}}},
		{Check: checks.PortalTCP, State: checks.OK, Vantage: checks.FromComputer},
		{Check: checks.PortalClock, State: checks.Notice, Cause: checks.ClockOff, Owner: checks.ServerAdmin, Vantage: checks.FromComputer, Acknowledged: &checks.Acknowledged{Reason: "known"}},
	}
	o.NotChecked = []checks.NotChecked{{Check: checks.ContentFilterCheck, Reason: "consent-content-filter"}}
	return o, nil
}

func (p *portals) exporter(t *testing.T, parallel int, list ...string) (e *exporter.Exporter, failed *atomic.Int32) {
	failed = new(atomic.Int32)
	var addresses []portal.Address
	for _, a := range list {
		addresses = append(addresses, address(t, a))
	}
	e = exporter.New(t.Context(), exporter.Options{Portals: addresses, Run: p.run, Interval: 10 * time.Minute, Parallel: parallel, Version: "1.2.3",
		Failed: func(portal.Address, error) { failed.Add(1) }})
	return e, failed
}

func ask(e *exporter.Exporter, path, scrapeTimeout string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", path, nil)
	if scrapeTimeout != "" {
		r.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", scrapeTimeout)
	}
	w := httptest.NewRecorder()
	e.Handler().ServeHTTP(w, r)
	return w
}

func assertHas(t *testing.T, body string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains("\n"+body, "\n"+line+"\n") {
			t.Errorf("no %q in\n%s", line, body)
		}
	}
}

func TestProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &portals{duration: 3 * time.Second}
		e, _ := p.exporter(t, 2, "a.example", "http://b.example")
		defer e.Close()
		body := ask(e, "/probe?target=https://A.example/rest/", "").Body.String()
		assertHas(t, body,
			"boxready_probe_success 1",
			"boxready_run_in_progress 0",
			"boxready_run_duration_seconds 3",
			`boxready_verdict{verdict="not-ready"} 1`,
			`boxready_verdict{verdict="ready"} 0`,
			`boxready_verdict{verdict="not-seen"} 0`,
			`boxready_verdict{verdict="not-a-box"} 0`,
			`boxready_results{state="problem"} 1`,
			`boxready_result{affects="applications,events",cause="tls-expired",check="portal-tls",owner="server-admin",state="problem",vantage="computer"} 1`,
			`boxready_result{affects="",cause="",check="portal-tcp",owner="",state="ok",vantage="computer"} 1`,
			`boxready_acknowledged{affects="",cause="clock-off",check="portal-clock",owner="server-admin",state="notice",vantage="computer"} 1`,
			`boxready_result_age_seconds 0`,
			`boxready_not_checked{check="content-filter",reason="consent-content-filter"} 1`,
			`boxready_end_timestamp_seconds{check="portal-tls",name="a.example",what="certificate"} 1.7e+09`,
			`boxready_end_timestamp_seconds{check="server-licence",name="CRM�\"",what="licence"} 1.798847999e+09`,
			"boxready_certificate_not_after_timestamp_seconds 1.7e+09")

		if strings.Contains(body, `boxready_result{affects="",cause="clock-off"`) || strings.Contains(body, `boxready_results{state="notice"} 1`) {
			t.Errorf("an acknowledged finding counts:\n%s", body)
		}

		time.Sleep(5 * time.Minute)
		body = ask(e, "/probe?target=a.example", "").Body.String()
		assertHas(t, body, `boxready_result_age_seconds 300`)
		if body := ask(e, "/probe?target=b.example", "").Body.String(); len(p.starts) != 2 {
			t.Errorf("%d runs; that http:// was typed makes no other portal:\n%s", len(p.starts), body)
		}
	})
}

// TestFrequentScrapes scrapes much more often than the interval of runs allows.
func TestFrequentScrapes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &portals{duration: 20 * time.Second}
		e, _ := p.exporter(t, 1, "a.example")
		defer e.Close()
		for range 60 * 60 { // an hour, several scrapers
			var scrapes sync.WaitGroup
			for range 3 {
				scrapes.Go(func() { ask(e, "/probe?target=a.example", "0.9") })
			}
			scrapes.Wait()
			time.Sleep(time.Second)
		}
		synctest.Wait()
		for i := range p.starts[1:] {
			if pause := p.starts[i+1].Sub(p.starts[i]); pause < 10*time.Minute {
				t.Errorf("two runs within %v", pause)
			}
		}
		if len(p.starts) < 5 || p.maxRunning != 1 {
			t.Errorf("%d runs in an hour, %d at once", len(p.starts), p.maxRunning)
		}
	})
}

// TestSlowRun asserts that an answer comes within the scraper's timeout, and that the run continues.
func TestSlowRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &portals{duration: time.Minute}
		e, _ := p.exporter(t, 1, "a.example")
		defer e.Close()
		for scrapeTimeout, want := range map[string]time.Duration{"10": 9500 * time.Millisecond, "0.4": 200 * time.Millisecond, "": 10 * time.Second, "-1": 10 * time.Second, "NaN": 10 * time.Second} {
			start := time.Now()
			body := ask(e, "/probe?target=a.example", scrapeTimeout).Body.String()
			assertHas(t, body, "boxready_probe_success 0", "boxready_run_in_progress 1")
			if took := time.Since(start); took != want {
				t.Errorf("%q: answered after %v, expected %v", scrapeTimeout, took, want)
			}
		}
		assertHas(t, ask(e, "/probe?target=a.example", "1e300").Body.String(), "boxready_probe_success 1", "boxready_run_in_progress 0")

		// During the next run the previous results are still returned, with their age.
		time.Sleep(10 * time.Minute)
		assertHas(t, ask(e, "/probe?target=a.example", "5").Body.String(), "boxready_probe_success 1", "boxready_run_in_progress 1")
	})
}

func TestRunsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &portals{duration: time.Second}
		list := strings.Fields(strings.Repeat("x ", 40))
		for i := range list {
			list[i] = "p" + strings.Repeat("a", i+1) + ".example"
		}
		e, _ := p.exporter(t, 4, list...)
		defer e.Close()
		var scrapes sync.WaitGroup
		for _, a := range list {
			scrapes.Go(func() { ask(e, "/probe?target="+a, "60") })
		}
		scrapes.Wait()
		if p.maxRunning != 4 || len(p.starts) != 40 {
			t.Errorf("%d runs, %d at once", len(p.starts), p.maxRunning)
		}
	})
}

func TestFailedRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &portals{duration: time.Second}
		e, failed := p.exporter(t, 1, "a.example")
		defer e.Close()
		ask(e, "/probe?target=a.example", "")
		p.fail.Store(true)
		time.Sleep(10 * time.Minute)
		body := ask(e, "/probe?target=a.example", "").Body.String()
		// The last result is kept, and its age increases.
		assertHas(t, body, "boxready_probe_success 1", `boxready_result_age_seconds 601`)
		if failed.Load() != 1 {
			t.Error("the failure was not reported")
		}
		assertHas(t, ask(e, "/metrics", "").Body.String(), `boxready_exporter_runs_total{result="failure"} 1`, `boxready_exporter_runs_total{result="success"} 1`,
			"boxready_exporter_portals 1", `boxready_build_info{version="1.2.3"} 1`, "boxready_exporter_runs_in_flight 0")
	})
}

// TestOwnMetrics reads what the exporter says of itself, with a version that has to be escaped.
func TestOwnMetrics(t *testing.T) {
	e := exporter.New(t.Context(), exporter.Options{Version: "1\\2\"3\n4", Parallel: 1})
	defer e.Close()
	w := ask(e, "/metrics", "")
	if got := w.Header().Get("Content-Type"); got != "text/plain; version=0.0.4; charset=utf-8" {
		t.Errorf("content type %q", got)
	}
	assertHas(t, w.Body.String(), `boxready_build_info{version="1\\2\"3\n4"} 1`)
	least := map[string]float64{"process_start_time_seconds": float64(time.Now().Unix()) - 60, "go_goroutines": 1}
	if runtime.GOOS == "linux" {
		least["process_cpu_seconds_total"], least["process_resident_memory_bytes"] = 0, 1<<20
	}
	for name, least := range least {
		found := regexp.MustCompile(`(?m)^` + name + ` (.+)$`).FindStringSubmatch(w.Body.String())
		if found == nil {
			t.Errorf("no %s in\n%s", name, w.Body)
		} else if value, err := strconv.ParseFloat(found[1], 64); err != nil || value < least || value > 1e12 {
			t.Errorf("%s is %s, expected at least %v", name, found[1], least)
		}
	}
}

// TestUnlistedTargets requests targets that aren't in the list.
func TestUnlistedTargets(t *testing.T) {
	p := &portals{}
	e, _ := p.exporter(t, 1, "a.example")
	defer e.Close()
	for path, status := range map[string]int{
		"/probe": 400, "/probe?target=": 400, "/probe?target=https://u:p@a.example": 400, "/probe?target=%00": 400,
		"/probe?target=b.example": 404, "/probe?target=a.example:8443": 404, "/probe?target=127.0.0.1": 404, "/probe?target=b.example&target=a.example": 404,
		"/other": 404, "/": 200, "/metrics": 200,
	} {
		w := ask(e, path, "")
		if w.Code != status {
			t.Errorf("%s: %d, expected %d", path, w.Code, status)
		}
		if strings.Contains(w.Body.String(), "b.example") {
			t.Errorf("%s is echoed: %s", path, w.Body)
		}
	}
	r := httptest.NewRequest("POST", "/probe?target=a.example", nil)
	w := httptest.NewRecorder()
	if e.Handler().ServeHTTP(w, r); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", w.Code)
	}
	if len(p.starts) != 0 {
		t.Errorf("%d runs", len(p.starts))
	}
}

// TestClose ends a current run.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &portals{duration: time.Hour}
		e, failed := p.exporter(t, 1, "a.example")
		ask(e, "/probe?target=a.example", "1")
		start := time.Now()
		if e.Close(); time.Since(start) != 0 || failed.Load() != 0 {
			t.Errorf("closed after %v", time.Since(start))
		}
		assertHas(t, ask(e, "/probe?target=a.example", "1").Body.String(), "boxready_probe_success 0", "boxready_run_in_progress 0")
		if len(p.starts) != 1 {
			t.Error("a closed exporter began another run")
		}
	})
}

// promtool finds Prometheus's own validator of such files; see packaging/need.
func promtool(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("promtool is missing")
		}
		t.Skip("promtool is missing: apt-get install prometheus")
	}
	return path
}

func TestMetricsFormat(t *testing.T) {
	tool := promtool(t)
	p := &portals{}
	e, _ := p.exporter(t, 1, "a.example")
	defer e.Close()
	for _, path := range []string{"/probe?target=a.example", "/metrics"} {
		c := exec.Command(tool, "check", "metrics")
		c.Stdin = ask(e, path, "").Body
		if out, err := c.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", path, err, out)
		}
	}
}

// TestPackaging has Prometheus check the example files, and compares the metrics in them with the exporter's.
func TestPackaging(t *testing.T) {
	tool := promtool(t)
	const folder = "../../packaging/prometheus/"
	for _, args := range [][]string{{"check", "config", "prometheus.yml"}, {"check", "rules", "boxready.rules.yml"}, {"test", "rules", "boxready.rules.test.yml"}} {
		c := exec.Command(tool, args...)
		c.Dir = folder
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
	}
	p := &portals{}
	e, _ := p.exporter(t, 1, "a.example")
	defer e.Close()
	metrics := ask(e, "/probe?target=a.example", "").Body.String() + ask(e, "/metrics", "").Body.String()
	rules, err := os.ReadFile(folder + "boxready.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`boxready_[a-z_]+`).FindAllString(string(rules), -1)
	for _, name := range named {
		if !strings.Contains(metrics, "# TYPE "+name+" ") {
			t.Errorf("the rules name %s, which doesn't exist", name)
		}
	}
	if len(named) == 0 {
		t.Error("the rules name nothing")
	}
}

func TestUnits(t *testing.T) {
	tool, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is missing: apt-get install systemd")
	}
	const folder = "../../packaging/prometheus/"
	for _, unit := range []string{"boxready-exporter.service", "boxready-check.service", "boxready-check.timer"} {
		// The program may be missing here.
		out, _ := exec.Command(tool, "verify", "--man=no", folder+unit).CombinedOutput()
		for line := range strings.Lines(string(out)) {
			if strings.Contains(line, "boxready") && !strings.Contains(line, "is not executable") && !strings.Contains(line, "Failed to create") {
				t.Errorf("%s: %s", unit, line)
			}
		}
	}
}
