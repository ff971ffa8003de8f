package lab

import (
	"context"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"boxready/checks"
	"boxready/internal/demo"
	"boxready/internal/simportal"
	"boxready/internal/transport"
)

const (
	soakVariable = "BOXREADY_SOAK"      // duration, as for time.ParseDuration; without it the soak is skipped
	seedVariable = "BOXREADY_SOAK_SEED" // seed of a run to be repeated
	workers      = 16
)

// consequences are causes that a fault produces besides its own.
var consequences = map[string][]checks.Cause{
	"proxy-auth":              {checks.VendorHostUnreachable}, // the proxy refuses all hosts
	"proxy-refused":           {checks.VendorHostUnreachable},
	"tls-intercepted-gateway": {checks.VendorHostUnreachable}, // it replaces their certificates too
	"captive-portal":          {checks.VendorHostUnreachable},
	"captive-portal-http":     {checks.VendorHostUnreachable},
	"method-unsure":           {checks.PlatformOutdated}, // the cause of it
	"method-missing-2021":     {checks.PlatformOutdated},
	"event-test-denied":       {checks.UserNotAdmin},
	"core-method-missing":     {checks.MethodMissing}, // every application requires it
	"module-outdated":         {checks.MethodMissing}, // which newer versions of the module have
	"token-not-installed":     {checks.AppUnknown},
	"auth-server-failed":      {checks.AuthServerFailed},
	"app-tls-expired":         {checks.FrameNotHTTPS}, // with a page on that host
	"app-tls-wrong-host":      {checks.FrameNotHTTPS},
}

// exclusive are pairs of faults, by prefixes of their names, that can't occur or be seen together.
var exclusive = [][2]string{
	{"http-refused", "redirect-other-host"}, // which port 80 does
	{"http-refused", "redirect-loop-http"},
	{"http-refused", "redirect-wrong-port-http"},
	{"http-refused", "redirect-loses-path"},
	{"http-refused", "captive-portal-http"},
	{"dns-", "tls-second-address"}, // the name has no such address then
	{"dns-", "ipv6-dead"},
	{"dns-", "address-partly-dead"},
	{"dns-", "proxy-"}, // the proxy resolves the name
	{"ipv6-dead", "proxy-"},
	{"address-partly-dead", "proxy-"},
	{"address-partly-dead", "tls-second-address"}, // the same address
	{"captive-portal-http", "proxy-"},             // port 80 isn't asked
	{"tls-second-address", "proxy-"},
	{"auth-host-unreachable", "tls-intercepted-gateway"}, // there is no other certificate to compare with
	{"auth-host-unreachable", "captive-portal"},
	{"signed-in-vendor-host-unreachable", "tls-intercepted-gateway"},
	{"signed-in-vendor-host-unreachable", "captive-portal"},
	{"errors-replaced", "php-script-refused"}, // whose words the proxy's page hides
	{"errors-replaced", "rest-overflows"},     // which no proxy passes on
	{"method-not-permitted", "platform-"},     // it has no method.get
	{"method-not-permitted", "method-unsure"},
	{"method-not-permitted", "method-missing-2021"},
}

// compatible reports whether two faults can be combined; of one group only one takes effect.
func compatible(a, b simportal.Fault) bool {
	return a.Group != b.Group && !slices.ContainsFunc(exclusive, func(pair [2]string) bool {
		is := func(a, b simportal.Fault) bool {
			return strings.HasPrefix(a.Name, pair[0]) && strings.HasPrefix(b.Name, pair[1])
		}
		return is(a, b) || is(b, a)
	})
}

// A trial is one run against a simulated portal.
type trial struct {
	faults []simportal.Fault
	with   []string
	end    time.Duration // after which the run is cancelled; 0 for never
}

func (t trial) String() string {
	var names []string
	for _, f := range t.faults {
		names = append(names, f.Name)
	}
	s := strings.Join(names, " + ") + " with " + strings.Join(t.with, ", ")
	if t.end > 0 {
		s += ", ended after " + t.end.String()
	}
	return s
}

// randomTrial returns a trial with up to two compatible faults and random options.
func randomTrial(r *rand.Rand) trial {
	var t trial
	faults := simportal.Faults()
	for range []int{0, 1, 1, 1, 1, 2, 2}[r.IntN(7)] {
		f := faults[r.IntN(len(faults))]
		if t.faults == nil || compatible(t.faults[0], f) {
			t.faults = append(t.faults, f)
		}
	}
	for _, w := range []string{"deep", "content-filter", "body-size", "webhook", "sign-in", "event-test"} {
		if r.IntN(3) == 0 {
			t.with = append(t.with, w)
		}
	}
	if r.IntN(20) == 0 {
		t.end = time.Duration(r.Int64N(int64(500 * time.Millisecond)))
	}
	return t
}

// run runs the trial and returns what is wrong with its outcome.
func (t trial) run(ctx context.Context) ([]string, error) {
	var names []string
	for _, f := range t.faults {
		names = append(names, f.Name)
	}
	sim, err := demo.Start(names, t.with...)
	if err != nil {
		return nil, err
	}
	defer sim.Close()
	way, err := sim.Way("soak")
	if err != nil {
		return nil, err
	}
	if !slices.Contains(names, "throttle") {
		way.PaceWindow = 100 * time.Millisecond
	}
	target, err := sim.Target("soak")
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, demo.Timeout)
	defer cancel()
	if t.end > 0 {
		ctx, cancel = context.WithTimeout(ctx, t.end)
		defer cancel()
	}
	return t.wrong(checks.Run(ctx, transport.New(way), target, nil)), nil
}

// wrong compares an outcome with the injected faults. Every problem and notice must belong to one of them; a check that must see
// a fault must not be ok. Unknown is never wrong.
func (t trial) wrong(o *checks.Outcome) (wrong []string) {
	injected := map[checks.Cause]bool{}
	for _, f := range t.faults {
		for _, cause := range f.Causes {
			_, code, _ := strings.Cut(cause, "/") // the check that sees it depends on the run's options
			injected[checks.Cause(code)] = true
		}
		for _, cause := range consequences[f.Name] {
			injected[cause] = true
		}
		if f.Needs != nil {
			injected[checks.MethodDeprecated] = true // an application's methods may be deprecated
		}
	}
	states, unasked := map[checks.ID]checks.State{}, false
	for _, r := range o.Results {
		states[r.Check] = r.State
		if f, _ := r.Facts.(*checks.AuthFacts); f != nil {
			unasked = f.Tokens == nil // without consent no token was sent, so the check knows only that the portal relays the authorization server's answer
		}
		if (r.State == checks.Problem || r.State == checks.Notice) && !injected[r.Cause] {
			wrong = append(wrong, fmt.Sprintf("%s: %s %s/%s", t, r.State, r.Check, r.Cause))
		}
	}
	for _, f := range t.faults {
		for _, cause := range f.Causes {
			check, code, _ := strings.Cut(cause, "/")
			id := checks.ID(check)
			switch {
			case states[id] != checks.OK:
			case checks.Cause(code) == checks.NeedsDeep: // the consent was given
			case id == checks.RateLimit: // the limit was not reached
			case t.end > 0 && checks.Cause(code) == checks.AddressPartlyDead: // the run was over before the address had been silent for long
			case id == checks.AuthServerFromPortal && unasked:
			case len(t.faults) > 1 && slices.Contains(f.With, "sign-in") && states[checks.SignIn] == checks.Unknown: // only the webhook worked
			case len(t.faults) > 1 && slices.Contains([]checks.Verdict{checks.NotReady, checks.Unsure, checks.NotSeen}, o.Verdict): // one fault hides the other
			default:
				wrong = append(wrong, fmt.Sprintf("%s: %s is ok", t, check))
			}
		}
	}
	return wrong
}

// resources are the process's resources.
type resources struct {
	goroutines, descriptors int
	heap                    uint64
}

func (u resources) String() string {
	return fmt.Sprintf("%d goroutines, %d descriptors, %.1f MB of memory in use", u.goroutines, u.descriptors, float64(u.heap)/1e6)
}

// measure waits until the resources are down to atMost, or ten seconds.
func measure(atMost resources) (u resources) {
	for range 100 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		open, _ := os.ReadDir("/proc/self/fd")
		u = resources{runtime.NumGoroutine(), len(open), m.HeapAlloc}
		if u.goroutines <= atMost.goroutines && u.descriptors <= atMost.descriptors {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	return u
}

func TestSoak(t *testing.T) {
	if os.Getenv(soakVariable) == "" {
		t.Skip("NOT TESTED: the soak runs with \"make soak\"")
	}
	length, err := time.ParseDuration(os.Getenv(soakVariable))
	if err != nil {
		t.Fatal(err)
	}
	seed := rand.Uint64()
	if text := os.Getenv(seedVariable); text != "" {
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	log.SetOutput(io.Discard) // as main does
	fmt.Printf("soak: %v, seed %d\n", length, seed)
	source := rand.New(rand.NewPCG(seed, 0))
	var mu sync.Mutex
	runs, wrong := 0, 0
	period := func(length time.Duration) {
		var group sync.WaitGroup
		until := time.Now().Add(length)
		for range workers {
			group.Go(func() {
				for time.Now().Before(until) && t.Context().Err() == nil {
					mu.Lock()
					trial := randomTrial(source)
					mu.Unlock()
					bad, err := trial.run(t.Context())
					mu.Lock()
					runs++
					wrong += min(len(bad), 1)
					mu.Unlock()
					if err != nil {
						t.Errorf("%s: %v", trial, err)
					}
					for _, b := range bad {
						t.Error(b)
					}
				}
			})
		}
		group.Wait()
	}
	periods := min(max(length/(30*time.Second), 2), 10) // each ends with a wait for the last silent portal
	period(length / periods)                            // fills caches that are kept
	first := measure(resources{})
	fmt.Printf("soak: after %5d runs %v\n", runs, first)
	last := first
	for range periods - 1 {
		period(length / periods)
		last = measure(first)
		fmt.Printf("soak: after %5d runs %v\n", runs, last)
	}
	fmt.Printf("soak: %d runs, %d wrong verdicts\n", runs, wrong)
	if last.goroutines > first.goroutines || last.descriptors > first.descriptors {
		t.Errorf("resources leaked: %v, at first %v", last, first)
	}
	if last.heap > first.heap+first.heap/4+4<<20 {
		t.Errorf("memory grows: %v, at first %v", last, first)
	}
}
