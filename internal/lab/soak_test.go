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
	soakVariable = "BOXREADY_SOAK"      // how long, as time.ParseDuration reads it; without it there is no soak
	seedVariable = "BOXREADY_SOAK_SEED" // of a run that is to be repeated
	workers      = 16
)

// consequences are what else has to be said where a fault is, beside what the fault is about.
var consequences = map[string][]checks.Cause{
	"proxy-auth":              {checks.VendorHostUnreachable}, // nothing gets through
	"proxy-refused":           {checks.VendorHostUnreachable},
	"tls-intercepted-gateway": {checks.VendorHostUnreachable}, // whose certificates it replaces, too
	"tls-intercepted-captive": {checks.VendorHostUnreachable},
	"method-unsure":           {checks.PlatformOutdated}, // because of which
	"method-missing-2021":     {checks.PlatformOutdated},
	"event-test-denied":       {checks.UserNotAdmin},
	"core-method-missing":     {checks.MethodMissing}, // every application requires it
	"module-outdated":         {checks.MethodMissing}, // that the module got later
	"token-not-installed":     {checks.AppUnknown},
}

// exclusive are faults of which, by the beginnings of their names, the second can't be there, or can't be known, where the first is.
var exclusive = [][2]string{
	{"http-refused", "redirect-other-host"}, // as far as port 80 redirects
	{"http-refused", "redirect-loop-http"},
	{"dns-", "tls-second-address"}, // which the name no longer leads to
	{"dns-", "ipv6-dead"},
	{"dns-", "proxy-"}, // the proxy looks the name up
	{"ipv6-dead", "proxy-"},
	{"tls-second-address", "proxy-"},
	{"auth-host-unreachable", "tls-intercepted-gateway"}, // nobody is left whose certificate could be compared
	{"auth-host-unreachable", "tls-intercepted-captive"},
	{"signed-in-vendor-host-unreachable", "tls-intercepted-gateway"},
	{"signed-in-vendor-host-unreachable", "tls-intercepted-captive"},
	{"method-not-permitted", "platform-"}, // which has no method.get to say so
	{"method-not-permitted", "method-unsure"},
	{"method-not-permitted", "method-missing-2021"},
}

// together tells whether two faults make sense at the same time; of one kind only one counts.
func together(a, b simportal.Fault) bool {
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
	end    time.Duration // when the owner has enough; 0 for never
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

// draw makes a trial: no fault, one, or two of different kinds, looked at in some way that shows them.
func draw(r *rand.Rand) trial {
	var t trial
	faults := simportal.Faults()
	for range []int{0, 1, 1, 1, 1, 2, 2}[r.IntN(7)] {
		f := faults[r.IntN(len(faults))]
		if t.faults == nil || together(t.faults[0], f) {
			t.faults = append(t.faults, f)
		}
	}
	for _, w := range []string{"deep", "content-filter", "webhook", "sign-in", "event-test"} {
		if r.IntN(3) == 0 {
			t.with = append(t.with, w)
		}
	}
	if r.IntN(20) == 0 {
		t.end = time.Duration(r.Int64N(int64(500 * time.Millisecond)))
	}
	return t
}

// run makes the trial and returns what is wrong with its verdict.
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
	return t.wrong(checks.Run(ctx, transport.New(way), target, silent{})), nil
}

// wrong compares an outcome with the injected faults. Whatever is called a problem or noticed has to be one of them; what is one of
// them must not be called in order. Unknown is never wrong.
func (t trial) wrong(o *checks.Outcome) (wrong []string) {
	injected := map[checks.Cause]bool{}
	for _, f := range t.faults {
		for _, cause := range f.Causes {
			_, code, _ := strings.Cut(cause, "/") // which check sees it depends on what the run has
			injected[checks.Cause(code)] = true
		}
		for _, cause := range consequences[f.Name] {
			injected[cause] = true
		}
		if f.Needs != nil {
			injected[checks.MethodDeprecated] = true // what an application requires may be
		}
	}
	states, unasked := map[checks.ID]checks.State{}, false
	for _, r := range o.Results {
		states[r.Check] = r.State
		if f, _ := r.Facts.(*checks.AuthFacts); f != nil {
			unasked = f.Tokens == nil // no token was allowed; that the portal relays the authorization server's word is all that is known
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
			case checks.Cause(code) == checks.NeedsDeep: // isn't needed where it is given
			case id == checks.RateLimit: // that nothing ran into
			case id == checks.AuthServerFromPortal && unasked:
			case len(t.faults) > 1 && slices.Contains(f.With, "sign-in") && states[checks.SignIn] == checks.Unknown: // only the webhook was of use
			case len(t.faults) > 1 && (o.Verdict == checks.NotReady || o.Verdict == checks.Unsure): // the one hides behind the other
			default:
				wrong = append(wrong, fmt.Sprintf("%s: %s is called in order", t, check))
			}
		}
	}
	return wrong
}

type silent struct{}

func (silent) Started(checks.ID)                   {}
func (silent) Finished(checks.ID, []checks.Result) {}

// use is what the process holds.
type use struct {
	goroutines, descriptors int
	heap                    uint64
}

func (u use) String() string {
	return fmt.Sprintf("%d goroutines, %d descriptors, %.1f MB of memory in use", u.goroutines, u.descriptors, float64(u.heap)/1e6)
}

// measure waits until what ends by itself has ended.
func measure(atMost use) (u use) {
	for range 100 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		open, _ := os.ReadDir("/proc/self/fd")
		u = use{runtime.NumGoroutine(), len(open), m.HeapAlloc}
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
	spell := func(length time.Duration) {
		var group sync.WaitGroup
		until := time.Now().Add(length)
		for range workers {
			group.Go(func() {
				for time.Now().Before(until) && t.Context().Err() == nil {
					mu.Lock()
					trial := draw(source)
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
	const spells = 10
	spell(length / spells) // what is made once, and kept
	first := measure(use{})
	fmt.Printf("soak: after %5d runs %v\n", runs, first)
	last := first
	for range spells - 1 {
		spell(length / spells)
		last = measure(first)
		fmt.Printf("soak: after %5d runs %v\n", runs, last)
	}
	fmt.Printf("soak: %d runs, %d wrong verdicts\n", runs, wrong)
	if last.goroutines > first.goroutines || last.descriptors > first.descriptors {
		t.Errorf("something is left: %v, at first %v", last, first)
	}
	if last.heap > first.heap+first.heap/4+4<<20 {
		t.Errorf("memory grows: %v, at first %v", last, first)
	}
}
