package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"boxready/cli"
	"boxready/internal/app"
	"boxready/internal/simportal"
	"boxready/internal/vault"
)

// check runs "check --portals" in this process.
func (f *simulatedFleet) check(ctx context.Context, out io.Writer, flags ...string) (cli.Exit, string) {
	var stderr syncBuffer
	args := slices.Concat([]string{"--lang", "en", "check", "--portals", f.list}, f.flags, flags)
	exit := cli.Run(ctx, "1.2.3", args, cli.IO{In: strings.NewReader(""), Out: out, Err: &stderr, App: app.Options{Keyring: f.keyring}})
	return exit, stderr.String()
}

// asked counts the requests to each kind of server of the world, and to each portal.
func (f *simulatedFleet) asked() (world map[string]int, portals []int) {
	world = map[string]int{}
	for _, r := range f.sims[0].Log() {
		world[r.Server]++
	}
	for _, sim := range f.sims[1:] {
		portals = append(portals, len(sim.Log()))
	}
	return world, portals
}

func TestPortals(t *testing.T) {
	f := startFleet(t, 30, fleetFaults...)
	var out bytes.Buffer
	exit, stderr := f.check(t.Context(), &out, "--format", "jsonl", "--parallel", "8")
	if exit != cli.ExitProblem {
		t.Errorf("exit %d", exit)
	}
	f.wrongVerdicts(t, out.Bytes())
	if !strings.Contains(stderr, "30 of 30 portals checked, 3 with problems") {
		t.Errorf("stderr %q", stderr)
	}
	document, _, _, err := schemas()
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(out.Bytes()) {
		if err := validate(document, line); err != nil {
			t.Error(err)
		}
	}
	// For all portals together, each of the vendor's hosts is asked once, and no portal too often.
	world, portals := f.asked()
	for _, server := range []string{"auth-cis", "auth-world", "feed-cis", "feed-world"} {
		if world[server] != 1 {
			t.Errorf("%s was asked %d times", server, world[server])
		}
	}
	for i, n := range portals {
		if n > 12 || n == 0 && f.faults["https://"+f.sims[i+1].Host()] == "" {
			t.Errorf("portal %d got %d requests", i, n)
		}
	}

	// As text: a table with the failing portals first, and the causes.
	out.Reset()
	if exit, _ := f.check(t.Context(), &out); exit != cli.ExitProblem {
		t.Errorf("exit %d", exit)
	}
	lines := strings.Split(out.String(), "\n")
	if !strings.HasPrefix(lines[0], "PORTAL") || !strings.Contains(lines[1], "won't work") || !strings.Contains(lines[4], "no obstacle found") ||
		!strings.Contains(out.String(), "portal-tls / tls-expired") {
		t.Errorf("the table is\n%s", out.String())
	}
}

// stopAfter cancels a run after so many lines.
type stopAfter struct {
	bytes.Buffer
	lines int
	stop  context.CancelFunc
}

func (s *stopAfter) Write(b []byte) (int, error) {
	if s.lines--; s.lines == 0 {
		s.stop()
	}
	return s.Buffer.Write(b)
}

// TestPortalsResume stops a run, damages the last line as a power cut does, and resumes.
func TestPortalsResume(t *testing.T) {
	f := startFleet(t, 20, fleetFaults...)
	state := filepath.Join(t.TempDir(), "results.jsonl")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out := &stopAfter{lines: 7, stop: stop}
	exit, stderr := f.check(ctx, out, "--format", "jsonl", "--parallel", "2", "--resume", state)
	if exit != cli.ExitCouldNot || !strings.Contains(stderr, "portals weren't checked") || !strings.Contains(stderr, "continues from here") {
		t.Errorf("exit %d, stderr %q", exit, stderr)
	}
	saved, err := os.ReadFile(state)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(saved, []byte("\n")); n < 7 || n > 10 || !bytes.Equal(saved, out.Bytes()) {
		t.Errorf("%d lines were saved", n)
	}
	for line := range bytes.Lines(saved) {
		if bytes.Contains(line, []byte(`"cancelled"`)) {
			t.Errorf("what was broken off was saved: %.200s", line)
		}
	}
	if err := os.WriteFile(state, saved[:len(saved)-100], 0o600); err != nil {
		t.Fatal(err)
	}
	_, before := f.asked()
	var rest bytes.Buffer
	exit, stderr = f.check(t.Context(), &rest, "--format", "jsonl", "--resume", state)
	if exit != cli.ExitProblem || !strings.Contains(stderr, "of 20 portals, the oldest result") {
		t.Errorf("exit %d, stderr %q", exit, stderr)
	}
	whole, err := os.ReadFile(state)
	if err != nil {
		t.Fatal(err)
	}
	f.wrongVerdicts(t, whole)
	_, after := f.asked()
	kept := map[string]bool{}
	for line := range bytes.Lines(saved[:bytes.LastIndexByte(saved[:len(saved)-100], '\n')+1]) {
		var d struct{ Portal string }
		json.Unmarshal(line, &d)
		kept[d.Portal] = true
	}
	for i, sim := range f.sims[1:] {
		if kept["https://"+sim.Host()] && after[i] != before[i] {
			t.Errorf("%s was checked again", sim.Host())
		}
	}

	// The second time there is nothing to do; the exit code is that of all results.
	exit, _ = f.check(t.Context(), &rest, "--resume", state)
	if _, again := f.asked(); exit != cli.ExitProblem || !slices.Equal(again, after) {
		t.Errorf("exit %d; a finished list was checked again", exit)
	}

	// A file with other content stays as it is.
	for name, text := range map[string]string{"text": "my notes\n", "one line": "my notes", "another document": `{"schema":1,"tool":{"name":"other"}}` + "\n", "a list": f.list} {
		other := filepath.Join(t.TempDir(), "other")
		if err := os.WriteFile(other, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		exit, stderr := f.check(t.Context(), io.Discard, "--resume", other)
		if left, _ := os.ReadFile(other); exit != cli.ExitUsage || string(left) != text || !strings.Contains(stderr, "line 1") {
			t.Errorf("%s: exit %d, stderr %q, left %q", name, exit, stderr, left)
		}
	}
}

// TestPortalsResumeDamaged resumes from files as a loss of power leaves them.
func TestPortalsResumeDamaged(t *testing.T) {
	f := startFleet(t, 3)
	state := filepath.Join(t.TempDir(), "results.jsonl")
	if exit, stderr := f.check(t.Context(), io.Discard, "--resume", state); exit != cli.ExitOK {
		t.Fatalf("exit %d, stderr %q", exit, stderr)
	}
	whole, err := os.ReadFile(state)
	if err != nil {
		t.Fatal(err)
	}
	last := whole[bytes.LastIndexByte(whole[:len(whole)-1], '\n')+1:]
	nuls := string(make([]byte, 4096))
	for name, c := range map[string]struct {
		text string
		exit cli.Exit
	}{
		"half a line":               {string(whole[:len(whole)-100]), cli.ExitOK},
		"NUL bytes after a line":    {string(whole) + nuls, cli.ExitOK},
		"NUL bytes in half a line":  {string(whole[:len(whole)-100]) + nuls, cli.ExitOK},
		"NUL bytes in a whole line": {string(whole[:len(whole)-100]) + nuls + "}\n", cli.ExitOK},
		"only NUL bytes":            {nuls, cli.ExitOK},
		"a result behind NUL bytes": {string(whole) + nuls + "\n" + string(last), cli.ExitUsage},
		"NUL bytes in another file": {"my notes" + nuls, cli.ExitUsage},
	} {
		t.Run(name, func(t *testing.T) {
			damaged := filepath.Join(t.TempDir(), "state")
			if err := os.WriteFile(damaged, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			exit, stderr := f.check(t.Context(), io.Discard, "--resume", damaged)
			left, err := os.ReadFile(damaged)
			if err != nil || exit != c.exit {
				t.Fatalf("exit %d, %v, stderr %q", exit, err, stderr)
			}
			if exit != cli.ExitOK {
				if string(left) != c.text {
					t.Error("the file was changed")
				}
			} else if bytes.Count(left, []byte("\n")) != 3 || bytes.IndexByte(left, 0) >= 0 {
				t.Errorf("%d lines are left, NUL bytes: %t", bytes.Count(left, []byte("\n")), bytes.IndexByte(left, 0) >= 0)
			} else {
				f.wrongVerdicts(t, left)
			}
		})
	}
}

// resumeRunsVariable is how many runs TestPortalsResumeKilled makes in each of two rows.
const resumeRunsVariable = "BOXREADY_RESUME_RUNS"

// TestPortalsResumeKilled makes runs on one file from two rows of processes at the same time, and kills them at any moment. A result
// that is in the file stays there, none is there twice, and no run refuses the file but for the other one's sake.
func TestPortalsResumeKilled(t *testing.T) {
	runs := 5
	if n, err := strconv.Atoi(os.Getenv(resumeRunsVariable)); err == nil {
		runs = n
	}
	f := startFleet(t, 3*runs)
	state := filepath.Join(t.TempDir(), "results.jsonl")
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	started := func(stderr io.Writer) *exec.Cmd {
		c := exec.CommandContext(t.Context(), program, slices.Concat([]string{"--lang", "en", "check", "--portals", f.list, "--parallel", "2", "--resume", state}, f.flags)...)
		c.Env = append(os.Environ(), "BOXREADY_TEST_PROGRAM=1")
		c.Stderr = stderr
		if err := c.Start(); err != nil {
			t.Error(err)
		}
		return c
	}
	var killed, refused atomic.Int32
	var rows sync.WaitGroup
	for range 2 {
		rows.Go(func() {
			for range runs {
				var stderr bytes.Buffer
				c := started(&stderr)
				timer := time.AfterFunc(time.Duration(200+rand.IntN(1500))*time.Millisecond, func() { _ = c.Process.Kill() })
				_ = c.Wait()
				timer.Stop()
				switch {
				case strings.Contains(stderr.String(), "Another run of BoxReady is writing"):
					refused.Add(1)
				case c.ProcessState.ExitCode() < 0:
					killed.Add(1)
				case strings.Contains(stderr.String(), "isn't a file of results"):
					t.Errorf("refused: %s", stderr.String())
				}
			}
		})
	}
	stop, watched := make(chan struct{}), make(chan struct{})
	go func() { // whole lines are never changed
		defer close(watched)
		var before []byte
		for {
			now, _ := os.ReadFile(state)
			if !bytes.HasPrefix(now, before) {
				t.Error("a result was lost")
			}
			before = now[:bytes.LastIndexByte(now, '\n')+1]
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	rows.Wait()
	close(stop)
	<-watched
	var stderr bytes.Buffer
	if c := started(&stderr); c.Wait() != nil && c.ProcessState.ExitCode() != int(cli.ExitProblem) {
		t.Errorf("the last run: %s, %s", c.ProcessState, stderr.String())
	}
	whole, err := os.ReadFile(state)
	if err != nil {
		t.Fatal(err)
	}
	f.wrongVerdicts(t, whole)
	if n := bytes.Count(whole, []byte("\n")); n != 3*runs {
		t.Errorf("%d results of %d portals", n, 3*runs)
	}
	t.Logf("2 × %d runs: %d were killed, %d were refused for the other one's sake", runs, killed.Load(), refused.Load())
}

// TestPortalsFromTheKeyring uses the webhook of one portal, and reports a missing one before the run.
func TestPortalsFromTheKeyring(t *testing.T) {
	f := startFleet(t, 2, fleetFaults...)
	f.keyring = &memoryKeyring{entries: map[string]string{}}
	first, second := f.sims[1], f.sims[2]
	write := func(text string) {
		if err := os.WriteFile(f.list, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f.list = filepath.Join(t.TempDir(), "portals.yaml")
	write("boxready: 1\nportals:\n  - address: " + first.Host() + "\n    webhook: true\n    requires: [needs.yaml]\n  - address: " + second.Host() + "\n    deep: true\n    region: world\n")
	if err := os.WriteFile(filepath.Join(filepath.Dir(f.list), "needs.yaml"), []byte("boxready: 1\nmethods: [crm.item.list, crm.no.such]\n"), 0o600); err != nil {
		t.Fatal(err)
	}

	exit, stderr := f.check(t.Context(), io.Discard)
	if exit != cli.ExitUsage || !strings.Contains(stderr, "portals.yaml:3: no webhook is saved for "+first.Host()) {
		t.Errorf("exit %d, stderr %q", exit, stderr)
	}
	if _, portals := f.asked(); slices.Max(portals) != 0 {
		t.Error("portals were asked although the list can't be used")
	}

	var saved syncBuffer
	if exit := cli.Run(t.Context(), "1.2.3", []string{"accounts", "add-webhook", first.Host()}, cli.IO{In: strings.NewReader(first.Webhook() + "\n"),
		Out: io.Discard, Err: &saved, App: app.Options{Keyring: f.keyring}}); exit != cli.ExitOK {
		t.Fatalf("exit %d: %s", exit, saved.String())
	}
	var out bytes.Buffer
	state := filepath.Join(t.TempDir(), "state")
	exit, stderr = f.check(t.Context(), &out, "--format", "jsonl", "--resume", state)
	states := map[string]string{}
	for line := range bytes.Lines(out.Bytes()) {
		var d struct {
			Portal  string
			Results []struct{ Check, State, Cause string }
		}
		if err := json.Unmarshal(line, &d); err != nil {
			t.Fatal(err)
		}
		for _, r := range d.Results {
			states[strings.TrimPrefix(d.Portal, "https://")+" "+r.Check] = r.State + r.Cause
		}
	}
	for what, want := range map[string]string{first.Host() + " webhook": "ok", first.Host() + " methods": "noticemethod-unknown", second.Host() + " credentials-arrive": "ok",
		second.Host() + " webhook": "", first.Host() + " credentials-arrive": ""} {
		if states[what] != want {
			t.Errorf("%s is %q, expected %q (exit %d, %s)", what, states[what], want, exit, stderr)
		}
	}
	code := strings.Split(first.Webhook(), "/")[5]
	if kept, err := os.ReadFile(state); err != nil || strings.Contains(out.String()+stderr+string(kept), code) {
		t.Error("the webhook's code came out")
	}

	// Without a keyring nothing is checked.
	f.keyring = broken{vault.Locked}
	if exit, stderr := f.check(t.Context(), io.Discard); exit != cli.ExitCouldNot || stderr == "" {
		t.Errorf("exit %d, stderr %q", exit, stderr)
	}
}

// closedPipe is a pipe without a reader.
type closedPipe struct{}

func (closedPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestPortalsWithoutAReader(t *testing.T) {
	f := startFleet(t, 40, fleetFaults...)
	exit, stderr := f.check(t.Context(), closedPipe{}, "--format", "jsonl", "--parallel", "2")
	if exit != cli.ExitCouldNot || stderr == "" {
		t.Errorf("exit %d, stderr %q", exit, stderr)
	}
	if _, portals := f.asked(); portals[39] != 0 {
		t.Error("portals were still checked after the output was closed")
	}
}

// TestPortalsDeadline ends a run that hangs and continues with the others.
func TestPortalsDeadline(t *testing.T) {
	t.Parallel()
	f := startFleet(t, 3, fleetFaults...)
	silentPortal, err := simportal.Start(simportal.Options{SharedServers: f.sims[0], Host: "silent.demo.example", Faults: []string{"rest-timeout"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(silentPortal.Close)
	for _, place := range silentPortal.ConnectTo()[:2] {
		f.flags = append(f.flags, "--connect-to", place)
	}
	list, _ := os.ReadFile(f.list)
	if err := os.WriteFile(f.list, append([]byte("address\nsilent.demo.example\n"), bytes.TrimPrefix(list, []byte("address\n"))...), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	start := time.Now()
	exit, _ := f.check(t.Context(), &out, "--format", "jsonl", "--timeout", "3s")
	if lines := bytes.Count(out.Bytes(), []byte("\n")); exit != cli.ExitNotice || lines != 4 || !strings.Contains(out.String(), `"timeout"`) {
		t.Errorf("exit %d, %d lines after %v", exit, lines, time.Since(start))
	}
}
