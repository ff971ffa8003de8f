package checks

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"boxready/internal/portal"
	"boxready/internal/transport"
)

// exhaustedVariable has, for a process that is to run out of descriptors, how many are left to it and the way to the simulated portal.
const exhaustedVariable = "BOXREADY_TEST_EXHAUSTED"

type exhaustedRun struct {
	Free    int
	Portal  string
	Places  []string
	Roots   string
	Results []string
}

// TestFewDescriptors makes runs in processes with few free descriptors: what they lack is told of this computer, and nobody else is
// named.
func TestFewDescriptors(t *testing.T) {
	if given := os.Getenv(exhaustedVariable); given != "" {
		runExhausted(t, given)
		return
	}
	sim, address := startSim(t)
	defer sim.Close()
	target := Target{Address: address, Consents: []Consent{Deep}}
	whole := outline(Run(t.Context(), way(t, sim, false), target, nil))
	for _, free := range []int{0, 1, 2, 3, 5, 8} {
		t.Run(fmt.Sprint(free), func(t *testing.T) {
			given, err := json.Marshal(exhaustedRun{Free: free, Portal: sim.Host(), Places: sim.ConnectTo(), Roots: string(sim.RootsPEM())})
			if err != nil {
				t.Fatal(err)
			}
			child := exec.Command(os.Args[0], "-test.run=^TestFewDescriptors$", "-test.count=1")
			child.Env = append(os.Environ(), exhaustedVariable+"="+string(given))
			out, err := child.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			found := 0
			for line := range strings.Lines(string(out)) {
				result, ok := strings.CutPrefix(strings.TrimSpace(line), "result: ")
				if !ok {
					continue
				}
				found++
				switch {
				case strings.HasSuffix(result, " ok"), strings.Contains(result, " skipped because "), slices.Contains(whole, result):
				case strings.HasSuffix(result, " unknown no-network you: too-many-open-files"):
				default:
					t.Errorf("with %d descriptors: %s", free, result)
				}
			}
			if found == 0 {
				t.Errorf("no results:\n%s", out)
			}
			if first := "result: portal-tcp unknown no-network you: too-many-open-files"; free == 0 && !strings.Contains(string(out), first) {
				t.Errorf("%q is missing:\n%s", first, out)
			}
			for _, r := range sim.Log() {
				if len(r.Tokens) > 0 && !(r.Server == "portal" && r.TLS) {
					t.Errorf("a token went to %s %s", r.Server, r.Path)
				}
			}
		})
	}
}

func runExhausted(t *testing.T, given string) {
	var run exhaustedRun
	if err := json.Unmarshal([]byte(given), &run); err != nil {
		t.Fatal(err)
	}
	roots, err := transport.ParseRoots([]byte(run.Roots))
	if err != nil {
		t.Fatal(err)
	}
	options := transport.Options{Roots: transport.Pool(roots), Version: "test"}
	for _, place := range run.Places {
		override, err := transport.ParseOverride(place)
		if err != nil {
			t.Fatal(err)
		}
		options.ConnectTo = append(options.ConnectTo, override)
	}
	address, err := portal.ParseAddress(run.Portal)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 64, Max: 64}); err != nil {
		t.Fatal(err)
	}
	var held []*os.File
	for {
		file, err := os.Open(os.DevNull)
		if err != nil {
			break
		}
		held = append(held, file)
	}
	for _, file := range held[:run.Free] {
		file.Close()
	}
	outcome := Run(t.Context(), transport.New(options), Target{Address: address, Consents: []Consent{Deep}}, nil)
	for _, file := range held[run.Free:] {
		file.Close()
	}
	for i, line := range outline(outcome) {
		if why, ok := outcome.Results[i].Args["exhausted"]; ok {
			line += fmt.Sprint(": ", why)
		}
		fmt.Println("result: " + line)
	}
}
