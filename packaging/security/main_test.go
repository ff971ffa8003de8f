package main

import (
	"io"
	"strings"
	"testing"
)

func TestJudge(t *testing.T) {
	const config = `{"config":{"go_version":"go1.27.3","scan_level":"symbol"}}`
	finding := func(trace string) string {
		return config + `{"progress":{"message":"x"}}{"osv":{"id":"GO-1","summary":"Words"}}{"finding":{"osv":"GO-1","fixed_version":"v1.2.3","trace":[` + trace + `]}}`
	}
	for name, c := range map[string]struct {
		said string
		bad  int
		fail bool
	}{
		"nothing":        {config, 0, false},
		"called":         {finding(`{"module":"example.org/x","function":"F"},{"module":"boxready","function":"G"}`), 1, false},
		"linked":         {finding(`{"module":"example.org/x","package":"example.org/x/y"}`), 0, false},
		"of Go itself":   {finding(`{"module":"stdlib","function":"F"}`), 1, false},
		"without a fix":  {strings.Replace(finding(`{"module":"example.org/x","function":"F"}`), `"v1.2.3"`, `""`, 1), 0, false},
		"another level":  {strings.ReplaceAll(config, "symbol", "module"), 0, true},
		"nobody spoke":   {"", 0, true},
		"broken off":     {config + `{"finding":`, 0, true},
		"words, no JSON": {"govulncheck: no go.mod file", 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			bad, err := judge(strings.NewReader(c.said), io.Discard)
			if bad != c.bad || (err != nil) != c.fail {
				t.Errorf("%d, %v", bad, err)
			}
		})
	}
}
