package checks_test

import (
	"context"
	"sync"
	"testing"

	"boxready/checks"
	"boxready/internal/simtest"
)

// TestSharedAsksTheVendorOnce runs against portals sequentially and concurrently: for all of them together each of the vendor's
// hosts gets one request.
func TestSharedAsksTheVendorOnce(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string][]string{"answering": nil, "dead": {"feed-invalid"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := simtest.Start(t, faults)
			p.PaceWindow = simtest.Fast
			n := p.Net()
			shared := checks.NewShared(t.Context(), n, "")
			defer shared.Close()
			target := p.Target()
			target.Shared = shared

			// The cancelled one doesn't affect the others.
			gone, cancel := context.WithCancel(t.Context())
			cancel()
			checks.Run(gone, n, target, nil)
			first := checks.Run(t.Context(), n, target, nil)
			var wg sync.WaitGroup
			outcomes := make([]*checks.Outcome, 4)
			for i := range outcomes {
				wg.Go(func() { outcomes[i] = checks.Run(t.Context(), n, target, nil) })
			}
			wg.Wait()
			for _, o := range append(outcomes, first) {
				want := checks.NoObstacle
				if faults != nil {
					want = first.Verdict
				}
				if o.Verdict != want || len(o.Results) != len(first.Results) {
					t.Errorf("%s with %d results, expected %s with %d", o.Verdict, len(o.Results), want, len(first.Results))
				}
			}
			asked := map[string]int{}
			for _, r := range p.Sim.Log() {
				asked[r.Server]++
			}
			for _, server := range []string{"auth-cis", "auth-world", "feed-cis", "feed-world"} {
				if asked[server] != 1 {
					t.Errorf("%s was asked %d times", server, asked[server])
				}
			}
		})
	}
}
