// Security reads what govulncheck found, as JSON, and fails where a module has a known flaw that the program's code can reach.
// A flaw of Go itself is told and no failure: it isn't mended here but by building with a newer Go.
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
	"strings"
)

func main() {
	log.SetFlags(0)
	bad, err := judge(os.Stdin, os.Stdout)
	if err != nil {
		log.Fatal(err)
	}
	if bad > 0 {
		log.Fatalf("%d known flaws can be reached: see https://pkg.go.dev/vuln/", bad)
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

// judge returns how many flaws of modules can be reached.
func judge(in io.Reader, out io.Writer) (int, error) {
	summaries, reached := map[string]string{}, map[string]string{}
	seen, whole := map[string]bool{}, false
	for decoder := json.NewDecoder(in); ; {
		var m message
		if err := decoder.Decode(&m); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return 0, fmt.Errorf("read what govulncheck says: %w", err)
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
				reached[m.Finding.OSV] = fmt.Sprintf("%s: mended in %s %s", summaries[m.Finding.OSV], first.Module, m.Finding.Fixed)
			}
		}
	}
	if !whole {
		return 0, errors.New("govulncheck did not look at what the code calls")
	}
	bad := 0
	for _, id := range slices.Sorted(maps.Keys(reached)) {
		kind := "flaw"
		if strings.Contains(reached[id], "mended in stdlib ") {
			kind = "of Go"
		} else {
			bad++
		}
		fmt.Fprintln(out, kind, id, reached[id])
	}
	fmt.Fprintf(out, "%d known flaws can be reached, %d of them in Go itself; %d more are in what the code doesn't call\n", len(reached), len(reached)-bad, len(seen)-len(reached))
	return bad, nil
}
