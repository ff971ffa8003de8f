// Package simtest sets up a simulated portal for the tests of other packages: the portal, the network that leads to it, and what a
// run checks. Only tests import it.
package simtest

import (
	"slices"
	"testing"
	"time"

	"boxready/checks"
	"boxready/internal/demo"
	"boxready/internal/simportal"
	"boxready/internal/transport"
)

// Fast is a pace window for runs that needn't be slow: short enough that no test waits for it, and long enough that a run which
// exceeds the limit of requests is seen.
const Fast = 500 * time.Millisecond

// version is BoxReady's in the requests of tests.
const version = "test"

// Portal is a simulated portal of one test, which is closed at its end. What can't be set up fails the test.
type Portal struct {
	*demo.Portal
	// PaceWindow is the time in which the portal gets at most 12 requests; 0: that of real portals.
	PaceWindow time.Duration
	// TimeoutScale shortens all time-outs of the network, see transport.Options; 0: as usual.
	TimeoutScale float64

	t testing.TB
}

// Start starts a simulated portal with faults; with is as for demo.Start.
func Start(t testing.TB, faults []string, with ...string) *Portal {
	t.Helper()
	p, err := demo.Start(faults, with...)
	return started(t, p, err)
}

// timeoutScale is how much shorter the waits of a run are against a fault that it sees only when they are over.
const timeoutScale = 0.2

// Shorten makes the waits of a simulated portal with these options short, and returns the scale of the network's time-outs that
// goes with them, see transport.Options.
func Shorten(o *simportal.Options) float64 {
	o.AuthServerTimeout = Fast
	if !slices.ContainsFunc(simportal.Faults(), func(f simportal.Fault) bool { return f.Timed && slices.Contains(o.Faults, f.Name) }) {
		return 1
	}
	slow := float64(simportal.SlowAnswer) * timeoutScale
	o.SlowAnswer = time.Duration(slow)
	return timeoutScale
}

// EventLost reports whether one of these faults keeps a test event from the receiver, so that a run waits for it in vain.
func EventLost(faults ...string) bool {
	return slices.ContainsFunc(simportal.Faults(), func(f simportal.Fault) bool {
		return slices.Contains(faults, f.Name) && (slices.Contains(f.Causes, "event-delivery/event-not-delivered") || f.Name == "receiver-private")
	})
}

// AtUsualPace reports whether one of these faults is about the real rate limit, so that a run with another one doesn't meet it.
func AtUsualPace(faults ...string) bool { return slices.Contains(faults, "throttle") }

// Simulate starts a simulated portal with these options; with is as for demo.Start.
func Simulate(t testing.TB, o simportal.Options, with ...string) *Portal {
	t.Helper()
	p, err := demo.Simulate(o, with...)
	return started(t, p, err)
}

func started(t testing.TB, p *demo.Portal, err error) *Portal {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return &Portal{Portal: p, t: t}
}

// Net is a network that leads to the portal.
func (p *Portal) Net() *transport.Net {
	p.t.Helper()
	options, err := p.Way(version)
	if err != nil {
		p.t.Fatal(err)
	}
	options.PaceWindow, options.TimeoutScale = p.PaceWindow, p.TimeoutScale
	return transport.New(options)
}

// Target is what to check so that the faults are seen.
func (p *Portal) Target() checks.Target {
	p.t.Helper()
	target, err := p.Portal.Target(version)
	if err != nil {
		p.t.Fatal(err)
	}
	if p.TimeoutScale == 0 {
		target.Timeout = 4 * checks.Budget(target) // no time-out is wanted, on however busy a machine
	}
	return target
}
