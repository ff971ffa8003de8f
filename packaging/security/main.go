// Security reads govulncheck's findings, as JSON, and fails if the program's code can reach a known flaw for which there is a fix: a newer
// module, or a newer Go (toolchain in go.mod). A flaw without a fix is only reported.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"slices"
)

func main() {
	log.SetFlags(0)
	bad, err := judge(os.Stdin, os.Stdout)
	if err != nil {
		log.Fatal(err)
	}
	if bad > 0 {
		log.Fatalf("%d known flaws that have a fix can be reached: see https://pkg.go.dev/vuln/", bad)
	}
}

// message is one of govulncheck's: golang.org/x/vuln/internal/govulncheck.
type message struct {
	Config *struct {
		Go    string `json:"go_version"`
		Level string `json:"scan_level"`
	} `json:"config"`
	OSV *struct {
		ID      string `json:"id"`
		Summary string `json:"summary"`
	} `json:"osv"`
	Finding *struct {
		OSV   string `json:"osv"`
		Fixed string `json:"fixed_version"`
		Trace []struct {
			Module   string `json:"module"`
			Function string `json:"function"`
		} `json:"trace"`
	} `json:"finding"`
}

// judge returns how many flaws that have a fix can be reached.
func judge(in io.Reader, out io.Writer) (int, error) {
	summaries, fixes := map[string]string{}, map[string]string{}
	seen, whole := map[string]bool{}, false
	for decoder := json.NewDecoder(in); ; {
		var m message
		if err := decoder.Decode(&m); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return 0, fmt.Errorf("read govulncheck's output: %w", err)
		}
		switch {
		case m.Config != nil:
			whole = m.Config.Level == "symbol"
			fmt.Fprintln(out, "scanned with", m.Config.Go)
		case m.OSV != nil:
			summaries[m.OSV.ID] = m.OSV.Summary
		case m.Finding != nil && len(m.Finding.Trace) > 0:
			seen[m.Finding.OSV] = true
			if first := m.Finding.Trace[0]; first.Function != "" { // otherwise it is only required, or linked
				fix := "no fix"
				if m.Finding.Fixed != "" {
					fix = "fixed in " + first.Module + " " + m.Finding.Fixed
				}
				fixes[m.Finding.OSV] = fix
			}
		}
	}
	if !whole {
		return 0, errors.New("govulncheck did not look at what the code calls")
	}
	bad := 0
	for _, id := range slices.Sorted(maps.Keys(fixes)) {
		if fixes[id] != "no fix" {
			bad++
		}
		fmt.Fprintf(out, "flaw %s %s: %s\n", id, summaries[id], fixes[id])
	}
	fmt.Fprintf(out, "%d known flaws can be reached, %d of them have a fix; %d more are in what the code doesn't call\n", len(fixes), bad, len(seen)-len(fixes))
	return bad, nil
}
