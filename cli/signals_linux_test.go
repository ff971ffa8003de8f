package cli_test

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"boxready/cli"
	"boxready/internal/simportal"

	"golang.org/x/sys/unix"
)

// signalled is a process of the program.
type signalled struct {
	*exec.Cmd
	in       *os.File // its standard input
	consumed func() bool
	out, err bytes.Buffer
	lines    chan string // of its standard output
}

func startSignalled(t *testing.T, args ...string) *signalled {
	t.Helper()
	return startArgs(t, slices.Insert(args, 0, os.Args[0]))
}

func startArgs(t *testing.T, args []string) *signalled {
	t.Helper()
	// Children ignore what their parent ignores, and these tests may run under nohup.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p := &signalled{Cmd: exec.CommandContext(t.Context(), args[0], args[1:]...), in: write, lines: make(chan string, 1000)}
	p.consumed = func() bool {
		waiting, err := unix.IoctlGetInt(int(read.Fd()), unix.TIOCINQ)
		return err == nil && waiting == 0
	}
	p.Env, p.Stdin, p.Stderr = append(os.Environ(), "BOXREADY_TEST_PROGRAM=1"), read, &p.err
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.lines)
		for scanner := bufio.NewScanner(io.TeeReader(out, &p.out)); scanner.Scan(); {
			p.lines <- scanner.Text()
		}
	}()
	t.Cleanup(func() { read.Close(); write.Close() })
	return p
}

// end waits for the process's end and returns its exit code.
func (p *signalled) end(t *testing.T) cli.Exit {
	t.Helper()
	late := time.AfterFunc(20*time.Second, func() { p.Process.Kill() })
	defer late.Stop()
	for range p.lines {
	}
	_ = p.Wait()
	return cli.Exit(p.ProcessState.ExitCode())
}

// until waits for a line of standard output.
func (p *signalled) until(t *testing.T, contains string) {
	t.Helper()
	for line := range p.lines {
		if strings.Contains(line, contains) {
			return
		}
	}
	t.Fatalf("no %s in\n%s%s", contains, p.out.String(), p.err.String())
}

// silentPortal is a simulated portal that doesn't answer REST calls, and the flags that connect to it.
func silentPortal(t *testing.T) (sim *simportal.Sim, flags []string) {
	t.Helper()
	sim, err := simportal.Start(simportal.Options{Faults: []string{"rest-timeout"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	roots := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(roots, sim.RootsPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	flags = []string{"--public-roots", roots}
	for _, place := range sim.ConnectTo() {
		flags = append(flags, "--connect-to", place)
	}
	return sim, flags
}

var endingSignals = map[syscall.Signal]cli.Exit{syscall.SIGINT: cli.ExitInterrupted, syscall.SIGTERM: cli.ExitTerminated, syscall.SIGHUP: cli.ExitHungUp}

// TestSignalWhileReading asserts that the first signal ends a process that waits for its input, in silence.
func TestSignalWhileReading(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"the server's answer": {"check", "portal.example.com", "--server-probe", "-"},
		"a webhook":           {"check", "portal.example.com", "--webhook", "-"},
		"roots":               {"check", "portal.example.com", "--public-roots", "/dev/stdin"},
		"requirements":        {"check", "portal.example.com", "--requires", "/dev/stdin"},
		"a list":              {"check", "--portals", "/dev/stdin"},
		"a list to look at":   {"portals", "check", "/dev/stdin"},
		"requirements alone":  {"requirements", "check", "/dev/stdin"},
		"an application":      {"login", "portal.example.com", "--client-id", "local.0123456789abcd.01234567", "--deep"},
		"the address":         {},
		"a list of openings":  {"allowlist", "--region", "cis", "--requires", "/dev/stdin", "--offline"},
	} {
		for sent, want := range endingSignals {
			t.Run(name+", "+sent.String(), func(t *testing.T) {
				t.Parallel()
				p := startSignalled(t, args...)
				if _, err := p.in.WriteString(" "); err != nil {
					t.Fatal(err)
				}
				for began := time.Now(); !p.consumed(); time.Sleep(5 * time.Millisecond) {
					if time.Since(began) > time.Minute {
						p.Process.Kill()
						p.end(t)
						t.Fatalf("it doesn't read:\n%s%s", p.out.String(), p.err.String())
					}
				}
				if err := p.Process.Signal(sent); err != nil {
					t.Fatal(err)
				}
				if got := p.end(t); got != want || p.out.Len() > 0 || strings.Contains(p.err.String(), "signal") {
					t.Errorf("exit %d, want %d\n%s%s", got, want, p.out.String(), p.err.String())
				}
			})
		}
	}
}

// TestSignalWhileChecking asserts that a run which a signal ends prints what was found so far.
func TestSignalWhileChecking(t *testing.T) {
	t.Parallel()
	for sent, want := range endingSignals {
		t.Run(sent.String(), func(t *testing.T) {
			t.Parallel()
			sim, flags := silentPortal(t)
			p := startSignalled(t, slices.Concat([]string{"check", sim.Host(), "--format", "jsonl"}, flags)...)
			p.until(t, `"portal-tls"`)
			if err := p.Process.Signal(sent); err != nil {
				t.Fatal(err)
			}
			if sent == syscall.SIGHUP { // a closed terminal may send it twice
				_ = p.Process.Signal(sent)
			}
			got := p.end(t)
			for _, found := range []string{`"check":"portal-tls","state":"ok"`, `"check":"rest-route","state":"unknown","cause":"cancelled"`, `"verdict":`} {
				if !strings.Contains(p.out.String(), found) {
					t.Errorf("no %s", found)
				}
			}
			if got != want || t.Failed() {
				t.Errorf("exit %d, want %d\n%s%s", got, want, p.out.String(), p.err.String())
			}
			for _, r := range sim.Log() {
				if len(r.Tokens) > 0 {
					t.Errorf("a token went to %s %s", r.Server, r.Path)
				}
			}
		})
	}
}

// TestNohup asserts that a process which is to ignore the end of its terminal does.
func TestNohup(t *testing.T) {
	sim, flags := silentPortal(t)
	p := startArgs(t, slices.Concat([]string{"sh", "-c", `trap "" HUP; exec "$@"`, "sh", os.Args[0], "check", sim.Host(), "--format", "jsonl"}, flags))
	p.until(t, `"portal-tls"`)
	for _, sent := range []syscall.Signal{syscall.SIGHUP, syscall.SIGTERM} {
		if err := p.Process.Signal(sent); err != nil {
			t.Fatal(err)
		}
	}
	if got := p.end(t); got != cli.ExitTerminated {
		t.Errorf("exit %d, want %d", got, cli.ExitTerminated)
	}
}

// TestBrokenPipe asserts that a run whose reader is gone ends by itself, not by SIGPIPE.
func TestBrokenPipe(t *testing.T) {
	t.Parallel()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	read.Close()
	child := exec.CommandContext(t.Context(), os.Args[0], "version")
	child.Env, child.Stdout = append(os.Environ(), "BOXREADY_TEST_PROGRAM=1"), write
	errs, _ := child.StderrPipe()
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	said, _ := io.ReadAll(errs)
	_ = child.Wait()
	if got := cli.Exit(child.ProcessState.ExitCode()); got != cli.ExitBrokenPipe || len(said) > 0 {
		t.Errorf("exit %d, %s", got, said)
	}
}
