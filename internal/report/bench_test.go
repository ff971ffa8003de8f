package report_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"boxready/internal/growth"
	"boxready/internal/report"
	"boxready/internal/secret"
)

// BenchmarkBundle makes a report of 500 results, zips it and looks for a dozen secrets.
func BenchmarkBundle(b *testing.B) {
	var secrets []secret.String
	for i := range 12 {
		secrets = append(secrets, secret.New(fmt.Sprintf("%032x", 0xabcdef0123456+i)))
	}
	o := many(b, 500)
	for name, hide := range map[string][]report.Category{"shown": nil, "hidden": report.Categories()} {
		b.Run(name, func(b *testing.B) {
			var times []time.Duration
			for b.Loop() {
				start := time.Now()
				made, err := reporter(b, "ru").Bundle(report.Contents{Outcome: o, Hide: hide, Secrets: secrets})
				if err == nil {
					err = made.WriteZip(io.Discard)
				}
				if err != nil {
					b.Fatal(err)
				}
				times = append(times, time.Since(start))
			}
			took := slices.Min(times) // other load only adds to it
			b.ReportMetric(float64(took.Milliseconds()), "ms")
			if limit := 100 * time.Millisecond; took > limit {
				b.Errorf("%v, at most %v", took, limit)
			}
		})
	}
}

// BenchmarkFindings measures how the time for the JSON and the text grows with the number of findings.
func BenchmarkFindings(b *testing.B) {
	sizes := []int{125, 250, 500, 1000, 2000}
	var times []float64
	for _, n := range sizes {
		o, p := many(b, n), reporter(b, "ru")
		var took []time.Duration
		for range 9 {
			start := time.Now()
			err := report.WriteJSON(io.Discard, p.Document(o), false)
			if err == nil {
				err = p.WriteText(io.Discard, o, report.Style{Verbose: true})
			}
			if err != nil {
				b.Fatal(err)
			}
			took = append(took, time.Since(start))
		}
		times = append(times, float64(slices.Min(took).Microseconds())/1000)
		b.Logf("%4d findings: %.1f ms", n, times[len(times)-1])
	}
	e := growth.Exponent(sizes, times)
	b.ReportMetric(e, "exponent")
	if e > 1.2 {
		b.Errorf("the time grows with the %.2f-th power of the number of findings; at most 1.2", e)
	}
}

// BenchmarkSummarize summarizes 1000 reports, and compares the time for each with that in a tenth of them.
func BenchmarkSummarize(b *testing.B) {
	const many = 1000
	folder := b.TempDir()
	made, err := reporter(b, "en").Bundle(report.Contents{Outcome: runDemo(b, "auth-server-unreachable", "tls-expires-soon")})
	if err != nil {
		b.Fatal(err)
	}
	var paths []string
	for i := range many {
		data := strings.ReplaceAll(string(made.File(report.JSONFile)), "portal.demo.example", fmt.Sprintf("portal%d.example", i))
		path := filepath.Join(folder, fmt.Sprintf("%d.zip", i))
		if err := os.WriteFile(path, zipOf(b, report.JSONFile, data, report.HTMLFile, string(made.File(report.HTMLFile))), 0o600); err != nil {
			b.Fatal(err)
		}
		paths = append(paths, path)
	}
	tally := func(n int) time.Duration {
		start := time.Now()
		t := report.NewTally()
		for _, path := range paths[:n] {
			if err := t.Add(path); err != nil {
				b.Fatal(err)
			}
		}
		if totals := t.Totals(); totals.Portals != n {
			b.Fatalf("%d portals", totals.Portals)
		}
		return time.Since(start)
	}
	tally(many / 10) // warms the file cache
	tally(many)
	var few, all []time.Duration
	debug.FreeOSMemory()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for b.Loop() {
		few, all = append(few, tally(many/10)), append(all, tally(many))
	}
	runtime.ReadMemStats(&after)
	// Sys is the program's peak memory from the system.
	grown := float64(after.Sys) / (1 << 20)
	linear := float64(slices.Min(all)) / float64(10*slices.Min(few))
	b.ReportMetric(float64(slices.Min(all).Milliseconds()), "ms")
	b.ReportMetric(grown, "MB")
	b.ReportMetric(linear, "×linear")
	if grown > 150 {
		b.Errorf("%.0f MB, at most 150", grown)
	}
	if linear > 1.3 {
		b.Errorf("ten times the reports take %.2f times as long each", linear)
	}
}
