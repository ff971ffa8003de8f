//go:build linux

package dist

import (
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestWorkflows checks the workflows of public runners, and the scripts that can't run here.
func TestWorkflows(t *testing.T) {
	folder(t)
	actionlint, err := filepath.Abs("../../build/tools/actionlint")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(actionlint); err != nil {
		missing(t, "NOT TESTED: actionlint is missing; make dist-test builds it")
	}
	workflows, err := filepath.Glob("../../.github/workflows/*.yml")
	if err != nil || len(workflows) == 0 {
		t.Fatalf("%q, %v", workflows, err)
	}
	must(t, actionlint, workflows...)
	scripts := []string{"../macos/dist", "../dist", "../documents", "../manifests/write"}
	for _, script := range scripts {
		must(t, "bash", "-n", script)
	}
	for _, script := range []string{"../linux/server-installed", "../linux/server-removing"} {
		must(t, "sh", "-n", script)
	}
	if shellcheck, err := exec.LookPath("shellcheck"); err == nil {
		must(t, shellcheck, append([]string{"-S", "warning"}, scripts...)...)
	}
	plist, err := os.ReadFile("../macos/Info.plist")
	if err != nil {
		t.Fatal(err)
	}
	var any struct{}
	if err := xml.Unmarshal(plist, &any); err != nil {
		t.Errorf("Info.plist: %v", err)
	}
}
