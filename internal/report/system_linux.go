package report

import "os"

func systemVersion() string {
	for _, path := range []string{"/etc/os-release", "/usr/lib/os-release"} {
		if data, err := os.ReadFile(path); err == nil { // #nosec G304 -- one of the two above
			if name := distribution(string(data)); name != "" {
				return "(" + name + ")"
			}
		}
	}
	return ""
}
