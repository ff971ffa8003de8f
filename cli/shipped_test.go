package cli_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// shipped builds the program as it is shipped without the window, for all tests together.
func shipped(t *testing.T) string {
	t.Helper()
	program, err := buildShipped()
	if err != nil {
		t.Fatal(err)
	}
	return program
}

var buildShipped = sync.OnceValues(func() (string, error) {
	home, err := os.UserHomeDir() // testenv removes it
	if err != nil {
		return "", err
	}
	program := filepath.Join(home, "boxready")
	build := exec.Command("go", "build", "-tags", "nogui", "-o", program, "boxready")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return program, nil
})
