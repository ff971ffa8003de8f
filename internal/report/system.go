package report

import (
	"cmp"
	"runtime"
	"strings"

	"boxready/internal/untrusted"
)

// system is the operating system with its version, and nothing about the computer or its user.
func (p *Reporter) system() string {
	names := map[string]string{"windows": "Windows", "linux": "Linux", "darwin": "macOS"}
	return cmp.Or(p.System, strings.TrimSpace(cmp.Or(names[runtime.GOOS], runtime.GOOS)+" "+systemVersion()))
}

// distribution is the name and version in the text of an os-release file; "" if there is none.
// https://www.freedesktop.org/software/systemd/man/latest/os-release.html
func distribution(release string) string {
	for line := range strings.Lines(release) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "PRETTY_NAME="); ok {
			return untrusted.Truncate(untrusted.Line(strings.Trim(name, `"'`)), 80)
		}
	}
	return ""
}
