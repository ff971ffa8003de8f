package report

import (
	"os"
	"runtime"
	"strings"
	"testing"
)

func TestDistribution(t *testing.T) {
	for name, c := range map[string]struct{ release, want string }{
		"debian":     {"PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\n", "Debian GNU/Linux 12 (bookworm)"},
		"ubuntu":     {"NAME=Ubuntu\nPRETTY_NAME=\"Ubuntu 24.04.1 LTS\"\n", "Ubuntu 24.04.1 LTS"},
		"no quotes":  {"PRETTY_NAME=Void\n", "Void"},
		"commented":  {"#PRETTY_NAME=x\n", ""},
		"none":       {"", ""},
		"with codes": {"PRETTY_NAME='a\x1b[31mb'\n", "a[31mb"},
	} {
		if got := distribution(c.release); strings.ReplaceAll(got, "\ufffd", "") != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestSystem asserts that the version is there, and that the computer's name isn't.
func TestSystem(t *testing.T) {
	got := (&Reporter{}).system()
	if runtime.GOOS != "linux" && !strings.ContainsAny(got, "0123456789") {
		t.Errorf("no version in %q", got)
	}
	if data, err := os.ReadFile("/etc/os-release"); err == nil && !strings.Contains(got, distribution(string(data))) {
		t.Errorf("%q isn't in %q", distribution(string(data)), got)
	}
	if host, err := os.Hostname(); err == nil && len(host) > 3 && strings.Contains(got, host) {
		t.Errorf("the computer's name is in %q", got)
	}
	if got := (&Reporter{System: "Linux"}).system(); got != "Linux" {
		t.Errorf("given: %q", got)
	}
}
