package checks

import (
	"testing"

	"boxready/internal/serverprobe"
)

func TestSetup(t *testing.T) {
	header := func(server, filter string) Result {
		return Result{Check: RESTRoute, Facts: &RouteFacts{Exchange: Exchange{Server: server, Filter: filter}}}
	}
	probe := func(environment, system string) Result {
		return Result{Check: ServerPlatform, Facts: &ServerPlatformFacts{PHP: &serverprobe.PHPSettings{Environment: environment, System: system}}}
	}
	for name, c := range map[string]struct {
		given   Setup
		results []Result
		want    Setup
	}{
		"nothing is known":                 {"", nil, ""},
		"the owner's word":                 {Docker, []Result{header("Apache/2.4", ""), probe("9.0.9", "Linux")}, Docker},
		"a word that isn't known":          {"later", []Result{header("Apache/2.4", "")}, Apache},
		"IIS":                              {"", []Result{header("Microsoft-IIS/10.0", "")}, IIS},
		"Apache":                           {"", []Result{header("Apache", "")}, Apache},
		"nginx may stand before anything":  {"", []Result{header("nginx/1.28", "")}, ""},
		"a filter speaks for itself":       {"", []Result{header("Apache", "Some filter")}, ""},
		"BitrixVM by the probe":            {"", []Result{header("Apache", ""), probe("9.0.9", "Linux web 5.14")}, BitrixVM},
		"Windows by the probe":             {"", []Result{header("", ""), probe("", "Windows NT WEB 10.0 build 20348")}, IIS},
		"Apache on Windows":                {"", []Result{header("Apache/2.4 (Win64)", ""), probe("", "Windows NT WEB 10.0 build 20348")}, Apache},
		"Linux alone tells nothing":        {"", []Result{probe("", "Linux web 5.14")}, ""},
		"facts of a saved report, unknown": {"", []Result{{Check: RESTRoute}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := (&Outcome{Target: Target{Setup: c.given}, Results: c.results}).Setup(); got != c.want {
				t.Errorf("%q, expected %q", got, c.want)
			}
		})
	}
}
