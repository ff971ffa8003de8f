package simtest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"boxready/checks"
	"boxready/internal/demo"
	"boxready/internal/simportal"
	"boxready/internal/transport"

	"golang.org/x/sync/errgroup"
)

// Outcomes returns the outcome of a run against each fault of the simulated portal, and against a portal without any under the name
// "". Requests with a token are permitted, unless the fault is about that. They are made once, and nobody changes them.
func Outcomes(t testing.TB) map[string]*checks.Outcome {
	t.Helper()
	all, err := outcomes()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

var outcomes = sync.OnceValues(func() (map[string]*checks.Outcome, error) {
	var mu sync.Mutex
	all := map[string]*checks.Outcome{}
	var running errgroup.Group
	running.SetLimit(24) // they mostly wait for the rate limit
	for _, fault := range append(demo.Faults(), demo.Fault{}) {
		running.Go(func() error {
			o, err := outcomeOf(fault.Name)
			if err != nil {
				return fmt.Errorf("%s: %w", fault.Name, err)
			}
			mu.Lock()
			defer mu.Unlock()
			all[fault.Name] = o
			return nil
		})
	}
	return all, running.Wait()
})

func outcomeOf(fault string) (*checks.Outcome, error) {
	var faults []string
	if fault != "" {
		faults = []string{fault}
	}
	portal := simportal.Options{Faults: faults}
	scale := Shorten(&portal)
	simulated, err := demo.Simulate(portal)
	if err != nil {
		return nil, err
	}
	defer simulated.Close()
	target, err := simulated.Target(version)
	if err != nil {
		return nil, err
	}
	if EventLost(faults...) {
		target.EventWait = time.Second
	}
	options, err := simulated.Way(version)
	if err != nil {
		return nil, err
	}
	options.TimeoutScale = scale
	if !AtUsualPace(faults...) {
		options.PaceWindow = Fast
	}
	if !simulated.Needs("deep") {
		target.Consents = append(target.Consents, checks.Deep)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return checks.Run(ctx, transport.New(options), target, nil), nil
}
