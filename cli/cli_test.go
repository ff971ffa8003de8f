package cli_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"boxready/cli"
)

// failing is a writer that panics.
type failing struct{ with any }

func (f failing) Write([]byte) (int, error) { panic(f.with) }

// TestPanic asserts that a panic is reported as a bug of BoxReady, without the exit code of wrong usage, which is the runtime's.
func TestPanic(t *testing.T) {
	for name, c := range map[string]struct {
		with any
		want string
	}{
		"the runtime's": {outOfRange(), "index out of range"},
		"with a secret": {errors.New("access_token=7d3c1f0b9a8e4c52"), "*errors.errorString"},
	} {
		t.Run(name, func(t *testing.T) {
			var errs bytes.Buffer
			exit := cli.Run(context.Background(), "1.2.3", []string{"version", "--lang", "ru"}, cli.IO{In: strings.NewReader(""), Out: failing{c.with}, Err: &errs})
			stderr := errs.String()
			if exit != cli.ExitCouldNot || !strings.HasPrefix(stderr, "BoxReady 1.2.3 остановился") || !strings.Contains(stderr, c.want) || !strings.Contains(stderr, "goroutine ") {
				t.Errorf("exit %d\n%s", exit, stderr)
			}
			if strings.Contains(stderr, "7d3c1f0b") {
				t.Error("the secret is shown")
			}
		})
	}
}

// outOfRange returns the runtime's panic value.
func outOfRange() (fault any) {
	defer func() { fault = recover() }()
	var none []int
	return none[len(none)]
}

// TestRunsLeaveNothing runs the command line many times in one process, as tests do: no run's commands and texts stay in memory.
func TestRunsLeaveNothing(t *testing.T) {
	run := func(n int) uint64 {
		for range n {
			cli.Run(t.Context(), "0", []string{"version"}, cli.IO{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard})
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := run(5)
	if after := run(50); after > before+8<<20 {
		t.Errorf("50 runs leave %d MB", (after-before)>>20)
	}
}
