package cli_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"boxready/cli"
	"boxready/internal/app"
)

// full is a writer to a disk that is full.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// TestOutputThatCannotBeWritten asserts that nothing pretends to have printed what it could not print.
func TestOutputThatCannotBeWritten(t *testing.T) {
	for _, line := range []string{
		"--help", "--version", "check --help", "help report diff", "report", "version", "version --licences", "completion bash", "completion zsh", "completion fish",
		"completion powershell", "report schema", "portals schema", "requirements schema", "requirements library", "requirements library crm-sync", "probe php", "probe sh",
		"allowlist", "allowlist --region cis --for squid", "selftest", "selftest --format json", "demo --check", "demo --check --format json", "demo --check --format jsonl",
		"demo --check --fault tls-expired -v",
	} {
		t.Run(line, func(t *testing.T) {
			var errs bytes.Buffer
			exit := cli.Run(t.Context(), "1.2.3", append(strings.Fields(line), "--lang", "en"), cli.IO{In: strings.NewReader(""), Out: full{}, Err: &errs, App: app.Options{InMemory: true}})
			if exit != cli.ExitCouldNot || !strings.Contains(errs.String(), "no space left") {
				t.Errorf("exit %d: %s", exit, errs.String())
			}
		})
	}
}
