package simtest

import (
	"context"
	"sync"
	"testing"
	"time"

	"boxready/checks"
	"boxready/internal/demo"
	"boxready/internal/transport"
)

// Outcomes returns the outcome of a run against each fault of the simulated portal, and against a portal without any under the name
// "". Requests with a token are permitted, unless the fault is about that.
func Outcomes(t testing.TB) map[string]*checks.Outcome {
	t.Helper()
	const atOnce = 12
	slots := make(chan struct{}, atOnce)
	var running sync.WaitGroup
	var mu sync.Mutex
	outcomes := map[string]*checks.Outcome{}
	for _, fault := range append(demo.Faults(), demo.Fault{}) {
		running.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			o, err := outcomeOf(t.Context(), fault.Name)
			if err != nil {
				t.Errorf("%s: %v", fault.Name, err)
				return
			}
			mu.Lock()
			outcomes[fault.Name] = o
			mu.Unlock()
		})
	}
	running.Wait()
	return outcomes
}

func outcomeOf(ctx context.Context, fault string) (*checks.Outcome, error) {
	var faults []string
	if fault != "" {
		faults = []string{fault}
	}
	simulated, err := demo.Start(faults)
	if err != nil {
		return nil, err
	}
	defer simulated.Close()
	target, err := simulated.Target("test")
	if err != nil {
		return nil, err
	}
	options, err := simulated.Way("test")
	if err != nil {
		return nil, err
	}
	if !simulated.Needs("deep") {
		target.Consents = append(target.Consents, checks.Deep)
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	return checks.Run(ctx, transport.New(options), target, nil), nil
}
