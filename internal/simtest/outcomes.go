package simtest

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"boxready/checks"
	"boxready/internal/demo"
	"boxready/internal/transport"
)

// Outcomes returns the outcome of a run against each fault of the demo, by the fault's name, and without a fault by "". The owner
// agreed to an invented token wherever the fault shows with it. The runs take a minute.
func Outcomes(t testing.TB) map[string]*checks.Outcome {
	t.Helper()
	const atOnce = 12
	slots := make(chan struct{}, atOnce)
	outcomes := map[string]*checks.Outcome{}
	var mu sync.Mutex
	var running sync.WaitGroup
	for _, fault := range append(demo.Faults(), demo.Fault{}) {
		running.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			o, err := outcome(t.Context(), fault.Name)
			if err != nil {
				t.Errorf("%s: %v", fault.Name, err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			outcomes[fault.Name] = o
		})
	}
	running.Wait()
	return outcomes
}

func outcome(ctx context.Context, fault string) (*checks.Outcome, error) {
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
	if !simulated.Needs("deep") && !slices.Contains(target.Consents, checks.Deep) {
		target.Consents = append(target.Consents, checks.Deep)
	}
	limited, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	return checks.Run(limited, transport.New(options), target, silent{}), nil
}

// silent observes nothing.
type silent struct{}

func (silent) Started(checks.ID)                   {}
func (silent) Finished(checks.ID, []checks.Result) {}
