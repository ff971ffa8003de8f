package checks_test

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"boxready/checks"
	"boxready/internal/bitrix"
	"boxready/internal/demo"
	"boxready/internal/requirements"
	"boxready/internal/simportal"
	"boxready/internal/transport"
)

func hostsOf(hosts ...requirements.Host) *requirements.Requirements {
	return &requirements.Requirements{Hosts: hosts}
}

// TestHostsAreAskedOnce asserts that each host gets one request without anything that identifies the sender, whatever its
// directions, and that one that only connects to the portal gets none.
func TestHostsAreAskedOnce(t *testing.T) {
	t.Parallel()
	app := requirements.Host{Host: "app.demo.example", Port: 443}
	called, opened, connects := app, app, requirements.Host{Host: "aia.demo.example", Port: 80, Direction: requirements.AppToPortal}
	called.Direction, opened.Direction = requirements.PortalToApp, requirements.BrowserToApp
	p := scenario{with: []string{"sign-in", "webhook"}, requirements: hostsOf(called, opened, connects)}.execute(t)
	p.wantState(t, checks.ApplicationHosts, checks.OK)
	p.assertRequestRules(t, true)
	n := 0
	for _, r := range p.sim.Log() {
		switch r.Server {
		case "app":
			n++
			if r.Method != "GET" || r.Path != "/" || r.RawQuery != "" || len(r.Body) > 0 || len(r.Tokens) > 0 || r.Header.Get("Cookie")+r.Header.Get("Referer")+r.Header.Get("Authorization") != "" {
				t.Errorf("%s %s?%s %v", r.Method, r.Path, r.RawQuery, r.Header)
			}
		case "aia":
			t.Error("a host that only connects to the portal was asked")
		}
	}
	if n != 1 {
		t.Errorf("%d requests to the application", n)
	}
}

// TestHostOnThePortal asserts that requests to an application on the portal obey the portal's rate limit.
func TestHostOnThePortal(t *testing.T) {
	t.Parallel()
	page := requirements.Host{Host: "portal.demo.example", Port: 443, Direction: requirements.BrowserToApp}
	p := scenario{with: []string{"deep"}, requirements: hostsOf(page)}.execute(t)
	p.wantState(t, checks.ApplicationHosts, checks.OK)
	p.assertRequestRules(t, true)
	if asked := slices.DeleteFunc(p.sim.Log(), func(r simportal.Request) bool { return r.Server != "portal" || r.Path != "/" || r.Method != "GET" }); len(asked) != 1 {
		t.Errorf("the page was asked for %d times", len(asked))
	}
}

// counter records the progress that is reported.
type counter struct {
	mu       sync.Mutex
	reported [][2]int
}

func (*counter) Started(checks.ID)                   {}
func (*counter) Finished(checks.ID, []checks.Result) {}

func (c *counter) Progress(id checks.ID, done, total int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if id == checks.RequiredModules {
		c.reported = append(c.reported, [2]int{done, total})
	}
}

// TestManyMethodsShowProgress asserts that 5000 required methods are looked up in about a hundred requests, and that progress is
// reported for each.
func TestManyMethodsShowProgress(t *testing.T) {
	t.Parallel()
	needs := &requirements.Requirements{}
	for m := range bitrix.Methods() {
		if m.API2 {
			needs.Methods = append(needs.Methods, m.Name)
		}
	}
	const madeUp = "vendor.made.up"
	inCatalogue := len(needs.Methods)
	for i := 0; len(needs.Methods) < 5000; i++ {
		needs.Methods = append(needs.Methods, madeUp+strconv.Itoa(i))
	}
	sim, err := demo.Simulate(simportal.Options{}, "webhook")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	way, err := sim.Way("test")
	if err != nil {
		t.Fatal(err)
	}
	way.PaceWindow = 1
	target, err := sim.Target("test")
	if err != nil {
		t.Fatal(err)
	}
	target.Requirements = needs
	target.Timeout = time.Hour // this is about requests, not about time, on however busy a machine
	if budget := checks.Budget(target); budget.Seconds() < 90+100*0.85 {
		t.Errorf("%s for a hundred requests at 12 in 10 s", budget)
	}
	c := &counter{}
	p := scenarioResult{Outcome: checks.Run(t.Context(), transport.New(way), target, c), sim: sim.Sim}
	p.wantState(t, checks.RequiredMethods, checks.Notice)
	facts := p.result(checks.RequiredModules).Facts.(*checks.ModulesFacts)
	const singly = 50 // of the names that the catalogue lacks are looked up in REST 3.0
	notLookedUp := 0
	for _, m := range facts.Methods {
		switch {
		case m.Existing != nil:
		case strings.HasPrefix(m.Name, bitrix.REST3Prefix+madeUp):
			notLookedUp++
		default:
			t.Errorf("nothing is known of %s", m.Name)
		}
	}
	if want := 5000 - inCatalogue - singly; notLookedUp != want {
		t.Errorf("%d names were not looked up in REST 3.0, want %d", notLookedUp, want)
	}
	batches := p.sent("method.get")
	if len(batches) < 100 || len(batches) > 105 {
		t.Errorf("%d requests for 5000 methods", len(batches))
	}
	if len(c.reported) < 100 {
		t.Fatalf("%d requests reported", len(c.reported))
	}
	for i, reported := range c.reported {
		if reported[0] != i+1 || reported[1] != len(c.reported) {
			t.Errorf("reported %v as number %d of %d", reported, i+1, len(c.reported))
		}
	}
}
