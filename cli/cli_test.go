package cli_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"boxready/cli"
)

type failing struct{ with any }

func (f failing) Write([]byte) (int, error) { panic(f.with) }

// A fault of BoxReady's own is told as one, and doesn't pass for wrong usage, which is what the runtime exits with.
func TestOwnFault(t *testing.T) {
	for name, c := range map[string]struct {
		with any
		want string
	}{
		"the runtime's": {outOfRange(), "index out of range"},
		"with a secret": {errors.New("access_token=7d3c1f0b9a8e4c52"), "*errors.errorString"},
	} {
		t.Run(name, func(t *testing.T) {
			var told bytes.Buffer
			exit := cli.Run(context.Background(), "1.2.3", []string{"version", "--lang", "ru"}, cli.IO{In: strings.NewReader(""), Out: failing{c.with}, Err: &told})
			said := told.String()
			if exit != cli.ExitCouldNot || !strings.HasPrefix(said, "BoxReady 1.2.3 остановился") || !strings.Contains(said, c.want) || !strings.Contains(said, "goroutine ") {
				t.Errorf("exit %d\n%s", exit, said)
			}
			if strings.Contains(said, "7d3c1f0b") {
				t.Error("it tells the secret")
			}
		})
	}
}

// outOfRange is what the runtime panics with.
func outOfRange() (fault any) {
	defer func() { fault = recover() }()
	var none []int
	return none[len(none)]
}
