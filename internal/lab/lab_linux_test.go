package lab

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"boxready/internal/simportal"
	"boxready/oauthflow"
)

// programVariable names the static program; without it the lab isn't asked for.
const (
	programVariable = "BOXREADY_LAB"
	shortVariable   = "BOXREADY_LAB_SHORT"
	insideVariable  = "BOXREADY_LAB_INSIDE"
)

// The lab is a test program of its own process, mount and network namespaces: when it ends, in whatever way, the kernel ends all that
// runs in them and removes every namespace that was made.
func TestMain(m *testing.M) {
	if os.Getenv(programVariable) == "" || os.Geteuid() != 0 || os.Getenv(insideVariable) != "" {
		if os.Getenv(insideVariable) != "" {
			if err := furnish(); err != nil {
				fmt.Fprintln(os.Stderr, "lab:", err)
				os.Exit(1)
			}
		}
		os.Exit(m.Run())
	}
	runtime.LockOSThread() // the child ends with this thread
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), insideVariable+"=yes", "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// furnish makes the new namespaces usable.
func furnish() error {
	out, err := exec.Command("sh", "-ec", "mount --make-rprivate /; mount -t proc proc /proc; mount -t tmpfs tmpfs /run; mkdir -p /run/netns; ip link set lo up").CombinedOutput()
	if err != nil {
		return fmt.Errorf("prepare the namespaces: %w: %s", err, out)
	}
	return nil
}

// needsLab skips, or fails in CI, what can't be done here.
func needsLab(t *testing.T) (program string) {
	program = os.Getenv(programVariable)
	if program == "" {
		t.Skipf("NOT TESTED: the fault lab runs with \"make lab\"")
	}
	lacking := func(format string, args ...any) {
		t.Helper()
		if os.Getenv("CI") == "true" {
			t.Fatalf("NOT TESTED: "+format, args...)
		}
		t.Skipf("NOT TESTED: "+format, args...)
	}
	if os.Getenv(insideVariable) == "" {
		lacking("the fault lab makes network namespaces, which only root may")
	}
	for _, command := range []string{"ip", "nft", "unbound", "nginx", "haproxy", "apache2", "squid", "curl", "openssl", "dbus-run-session", "gnome-keyring-daemon"} {
		if _, err := exec.LookPath(command); err != nil {
			lacking("%v", err)
		}
	}
	for _, file := range []string{"/usr/lib/apache2/modules/mod_security2.so", "/usr/share/modsecurity-crs/rules", "/usr/lib/squid/security_file_certgen"} {
		if _, err := os.Stat(file); err != nil {
			lacking("%v", err)
		}
	}
	return program
}

// answer is what is looked at in the program's JSON.
type answer struct {
	Verdict string `json:"verdict"`
	Results []struct {
		Check, State, Cause, Vantage, Because string
		Facts                                 json.RawMessage
	} `json:"results"`
}

// diagnosis is what is wrong or unclear, each as "state check/cause", and how far an event came.
func (a answer) diagnosis() []string {
	found := []string{}
	for _, r := range a.Results {
		switch {
		case r.Check == "event-delivery" && r.State != "skipped":
			found = append(found, r.State+" "+r.Check+"/"+r.Cause+travelled(r.Facts))
		case r.Cause != "":
			found = append(found, r.State+" "+r.Check+"/"+r.Cause)
		}
	}
	slices.Sort(found)
	return found
}

func TestLab(t *testing.T) {
	program := needsLab(t)
	var mu sync.Mutex
	right, all := 0, 0
	start := time.Now()
	t.Cleanup(func() { // after the parallel ones
		fmt.Printf("lab: %d/%d in %v\n", right, all, time.Since(start).Round(time.Second))
	})
	names := map[string]bool{}
	for i, s := range scenarios {
		if names[s.name] {
			t.Fatalf("two scenarios are called %q", s.name)
		}
		names[s.name] = true
		if s.long && os.Getenv(shortVariable) != "" {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			mu.Lock()
			all++
			mu.Unlock()
			t.Parallel()
			if s.play(t, program, fmt.Sprintf("lab%d", i)) {
				mu.Lock()
				right++
				mu.Unlock()
			}
		})
	}
}

// busy are the scenarios that need the processors.
var busy = make(chan struct{}, 8)

// play builds the scenario's world, breaks what is to be broken, and tells whether the program saw it.
func (s scenario) play(t *testing.T, program, name string) bool {
	busy <- struct{}{}
	defer func() { <-busy }()
	w := newWorld(t, name)
	w.simulate(simportal.Options{Faults: s.faults, RedirectURI: oauthflow.ReturnAddress()}, s.front != nil, s.egress)
	w.resolve(s.addresses, s.zone)
	if s.front != nil {
		s.front(w)
	}
	flags := s.flags
	if s.handler != nil {
		s.handler(w, program)
		flags = append(slices.Clone(flags), w.signIn(program)...)
	}
	if s.breaks != nil {
		s.breaks(w)
	}
	if s.prepare != nil {
		flags = append(slices.Clone(flags), s.prepare(w, program)...)
	}
	start := time.Now()
	out, exit := s.check(w, program, flags)
	w.assertPolite(slices.Contains(flags, "--deep"), s.handler != nil)
	var a answer
	if err := json.Unmarshal(out, &a); err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	want := slices.Clone(s.want)
	slices.Sort(want)
	got := a.diagnosis()
	if s.handler != nil {
		w.assertTidy(slices.ContainsFunc(got, func(said string) bool { return strings.HasPrefix(said, "ok event-delivery/") }))
	}
	mark := "ok  "
	if !slices.Equal(got, want) {
		mark = "MISS"
	}
	fmt.Printf("%s %-52s %5.1fs  %s\n", mark, s.name, time.Since(start).Seconds(), cmp.Or(strings.Join(got, ", "), "nothing"))
	if !slices.Equal(got, want) {
		t.Errorf("%s\nsays  %q\nwants %q\nverdict %s, exit %d\n%s", s.name, got, want, a.Verdict, exit, out)
		return false
	}
	return !t.Failed()
}

// check runs the program. One that waits two minutes for an event does nothing else, and lets others go on.
func (s scenario) check(w *world, program string, flags []string) (out []byte, exit int) {
	if s.handler != nil && s.long {
		<-busy
		defer func() { busy <- struct{}{} }()
	}
	return w.check(program, s.env, flags...)
}

// assertPolite asserts what was not asked: no token without consent, none that makes the portal report another address than its own,
// none of a sign-in but to the portal and the authorization server, which alone gets what renews it, and at most 12 requests in 10
// seconds.
func (w *world) assertPolite(deep, signedIn bool) {
	w.t.Helper()
	var hits []time.Time
	for _, r := range w.sim.Log() {
		portal, auth := r.Server == "portal" || r.Server == "portal-http", strings.HasPrefix(r.Server, "auth-")
		if len(r.Tokens) > 0 && (!portal || !deep && !signedIn) && (!auth || !signedIn) {
			w.t.Errorf("a token went to %s %s", r.Server, r.Path)
		}
		if !auth && strings.Contains(r.RawQuery+string(r.Body), "refresh_token=") {
			w.t.Errorf("%s %s got what renews the sign-in", r.Server, r.Path)
		}
		if !portal {
			continue
		}
		if ours := strings.HasPrefix(r.Header.Get("User-Agent"), "BoxReady/"); strings.HasPrefix(r.Path, "/oauth/authorize") && (ours || !signedIn) {
			w.t.Errorf("%s was asked", r.Path)
		}
		if len(hits) > 0 && hits[0].Before(w.signedIn) && r.At.After(w.signedIn) {
			hits = nil // the sign-in was another process, and the browser's
		}
		hits = append(hits, r.At)
		if n := len(hits); n > 12 && r.At.Sub(hits[n-13]) < 10*time.Second {
			w.t.Error("13 requests to the portal in less than 10 s")
		}
	}
	for _, reported := range w.sim.ReportedAddresses() {
		if reported != "https://"+portalName {
			w.t.Errorf("the portal reported %q as its address", reported)
		}
	}
}
