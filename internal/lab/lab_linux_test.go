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

// programVariable is the path of the static program; without it the lab is skipped.
const (
	programVariable = "BOXREADY_LAB"
	shortVariable   = "BOXREADY_LAB_SHORT"
	insideVariable  = "BOXREADY_LAB_INSIDE"
)

// The lab runs in its own process, mount and network namespaces: however it ends, the kernel ends all processes
// in them and removes every namespace.
func TestMain(m *testing.M) {
	if os.Getenv(programVariable) == "" || os.Geteuid() != 0 || os.Getenv(insideVariable) != "" {
		if os.Getenv(insideVariable) != "" {
			if err := prepareNamespaces(); err != nil {
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

// prepareNamespaces mounts what the new namespaces need.
func prepareNamespaces() error {
	out, err := exec.Command("sh", "-ec", "mount --make-rprivate /; mount -t proc proc /proc; mount -t tmpfs tmpfs /run; mkdir -p /run/netns; ip link set lo up").CombinedOutput()
	if err != nil {
		return fmt.Errorf("prepare the namespaces: %w: %s", err, out)
	}
	return nil
}

// needsLab skips the test, or fails it in CI, if the lab can't run here.
func needsLab(t *testing.T) (program string) {
	program = os.Getenv(programVariable)
	if program == "" {
		t.Skipf("NOT TESTED: the fault lab runs with \"make lab\"")
	}
	skip := func(format string, args ...any) {
		t.Helper()
		if os.Getenv("CI") == "true" {
			t.Fatalf("NOT TESTED: "+format, args...)
		}
		t.Skipf("NOT TESTED: "+format, args...)
	}
	if os.Getenv(insideVariable) == "" {
		skip("the fault lab needs root for its network namespaces")
	}
	for _, command := range []string{"ip", "nft", "unbound", "nginx", "haproxy", "apache2", "squid", "curl", "openssl", "dbus-run-session", "gnome-keyring-daemon"} {
		if _, err := exec.LookPath(command); err != nil {
			skip("%v", err)
		}
	}
	if phpFPMProgram() == "" {
		skip("php-fpm is missing")
	}
	for _, file := range []string{"/usr/lib/apache2/modules/mod_security2.so", "/usr/share/modsecurity-crs/rules", "/usr/lib/squid/security_file_certgen"} {
		if _, err := os.Stat(file); err != nil {
			skip("%v", err)
		}
	}
	return program
}

// answer is the part of the program's JSON that is compared.
type answer struct {
	Verdict string `json:"verdict"`
	Results []struct {
		Check, State, Cause, Vantage, Because string
		Facts                                 json.RawMessage
	} `json:"results"`
}

// diagnosis lists the findings as "state check/cause", with the last leg of an event's delivery.
func (a answer) diagnosis() []string {
	found := []string{}
	for _, r := range a.Results {
		switch {
		case r.Check == "event-delivery" && r.State != "skipped":
			found = append(found, r.State+" "+r.Check+"/"+r.Cause+deliveryResult(r.Facts))
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
			t.Fatalf("two scenarios have the name %q", s.name)
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
			if s.run(t, program, fmt.Sprintf("lab%d", i)) {
				mu.Lock()
				right++
				mu.Unlock()
			}
		})
	}
}

// slots limits the scenarios that run at the same time.
var slots = make(chan struct{}, 8)

// run builds the scenario's testbed, breaks it, and reports whether the program's diagnosis is right.
func (s scenario) run(t *testing.T, program, name string) bool {
	slots <- struct{}{}
	defer func() { <-slots }()
	w := newTestbed(t, name)
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
	w.assertRequestRules(slices.Contains(flags, "--deep"), s.handler != nil)
	var a answer
	if err := json.Unmarshal(out, &a); err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	want := slices.Clone(s.want)
	slices.Sort(want)
	got := a.diagnosis()
	if s.handler != nil {
		w.assertCleanedUp(slices.ContainsFunc(got, func(output string) bool { return strings.HasPrefix(output, "ok event-delivery/") }))
	}
	mark := "ok  "
	if !slices.Equal(got, want) {
		mark = "MISS"
	}
	fmt.Printf("%s %-52s %5.1fs  %s\n", mark, s.name, time.Since(start).Seconds(), cmp.Or(strings.Join(got, ", "), "nothing"))
	if !slices.Equal(got, want) {
		t.Errorf("%s\ngot  %q\nwant %q\nverdict %s, exit %d\n%s", s.name, got, want, a.Verdict, exit, out)
		return false
	}
	return !t.Failed()
}

// check runs the program. A scenario that waits two minutes for an event uses no processor, so it gives its slot back.
func (s scenario) check(w *testbed, program string, flags []string) (out []byte, exit int) {
	if s.handler != nil && s.long {
		<-slots
		defer func() { slots <- struct{}{} }()
	}
	return w.check(program, s.env, flags...)
}

// assertRequestRules asserts what the program must not do: send a token without consent, or one that makes the portal report
// another address than its own, or a token of a sign-in to another host than the portal and the authorization server, or a
// refresh token to any but the latter, or more than 12 requests in 10 seconds.
func (w *testbed) assertRequestRules(deep, signedIn bool) {
	w.t.Helper()
	var requests []time.Time
	for _, r := range w.sim.Log() {
		portal, auth := r.Server == "portal" || r.Server == "portal-http", strings.HasPrefix(r.Server, "auth-")
		if len(r.Tokens) > 0 && (!portal || !deep && !signedIn) && (!auth || !signedIn) {
			w.t.Errorf("a token went to %s %s", r.Server, r.Path)
		}
		if !auth && strings.Contains(r.RawQuery+string(r.Body), "refresh_token=") {
			w.t.Errorf("%s %s got the refresh token", r.Server, r.Path)
		}
		if !portal {
			continue
		}
		if ours := strings.HasPrefix(r.Header.Get("User-Agent"), "BoxReady/"); strings.HasPrefix(r.Path, "/oauth/authorize") && (ours || !signedIn) {
			w.t.Errorf("%s was asked", r.Path)
		}
		if len(requests) > 0 && requests[0].Before(w.signedIn) && r.At.After(w.signedIn) {
			requests = nil // the sign-in was made by another process and the browser
		}
		requests = append(requests, r.At)
		if n := len(requests); n > 12 && r.At.Sub(requests[n-13]) < 10*time.Second {
			w.t.Error("13 requests to the portal in less than 10 s")
		}
	}
	for _, reported := range w.sim.ReportedAddresses() {
		if reported != "https://"+portalName {
			w.t.Errorf("the portal reported %q as its address", reported)
		}
	}
}
