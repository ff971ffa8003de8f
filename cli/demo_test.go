package cli_test

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"boxready/cli"
	"boxready/internal/simportal"
	"boxready/internal/simtest/testenv"
)

// TestDemoPrintsAWorkingCommand starts the demo as a process, runs the command that it prints, and stops it.
func TestDemoPrintsAWorkingCommand(t *testing.T) {
	testenv.NotOnWindows(t, "Ctrl+C can't be sent to one process")
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no shell to run the command with:", err)
	}
	temp := t.TempDir()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	demo := exec.Command(program, "demo", "--fault", "clock-off")
	demo.Env = append(os.Environ(), "BOXREADY_TEST_PROGRAM=1", "TMPDIR="+temp)
	out, err := demo.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := demo.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	check := exec.Command("sh", "-c", strings.TrimSpace(line)+" --lang en")
	check.Env = append(os.Environ(), "BOXREADY_TEST_PROGRAM=1")
	text, err := check.Output()
	if code := check.ProcessState.ExitCode(); code != 4 || !strings.Contains(string(text), "https://portal.demo.example") {
		t.Errorf("%s\nexit %d, %v:\n%s", line, code, err, text)
	}
	if err := demo.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- demo.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("after Ctrl+C: %v", err)
		}
	case <-time.After(time.Minute):
		demo.Process.Kill()
		t.Error("it doesn't end on Ctrl+C")
	}
	if left, _ := os.ReadDir(temp); len(left) > 0 {
		t.Errorf("it leaves %s behind", left[0].Name())
	}
}

// TestDemoShowsItsFaults asserts that the demo's run finds the requested fault.
func TestDemoShowsItsFaults(t *testing.T) {
	t.Parallel()
	for _, fault := range simportal.Faults() {
		if len(fault.Causes) == 0 || len(fault.With) == 0 {
			continue // the checks' own tests cover the others
		}
		if slices.ContainsFunc(fault.With, func(with string) bool { return with == "webhook" || with == "sign-in" }) {
			continue // the demo has no credentials for such a run
		}
		t.Run(fault.Name, func(t *testing.T) {
			t.Parallel()
			var out, errs bytes.Buffer
			exit := cli.Run(t.Context(), "test", []string{"demo", "--check", "--format", "json", "--lang", "en", "--fault", fault.Name},
				cli.IO{In: strings.NewReader(""), Out: &out, Err: &errs})
			if exit != cli.ExitProblem && exit != cli.ExitNotice {
				t.Errorf("exit %d\n%s", exit, errs.String())
			}
			for _, cause := range fault.Causes {
				_, cause, _ = strings.Cut(cause, "/")
				if !strings.Contains(out.String(), `"`+cause+`"`) {
					t.Errorf("no %s in the result", cause)
				}
			}
		})
	}
}
