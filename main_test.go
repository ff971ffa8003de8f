package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestExporterIsNotInTheWindow looks at what each of the two programs is made of.
func TestExporterIsNotInTheWindow(t *testing.T) {
	made := func(tags string) []string {
		c := exec.Command("go", "list", "-e", "-deps", "-tags", tags, ".")
		c.Env = append(os.Environ(), "CGO_ENABLED=1") // nothing is compiled
		out, err := c.Output()
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		return strings.Fields(string(out))
	}
	const window = "fyne.io/fyne/v2/app"
	for tags, want := range map[string]map[string]bool{
		"migrated_fynedo":       {window: true, "boxready/internal/exporter": false},
		"migrated_fynedo,nogui": {window: false, "boxready/internal/exporter": true},
	} {
		have := made(tags)
		for name, is := range want {
			if slices.Contains(have, name) != is {
				t.Errorf("with the tags %s: %s is %t, expected %t", tags, name, !is, is)
			}
		}
	}
}

func TestDemoFaults(t *testing.T) {
	for line, want := range map[string]struct {
		faults []string
		ok     bool
	}{
		"":                                      {nil, false},
		"check portal.example.com":              {nil, false},
		"--demo":                                {nil, true},
		"--demo --fault tls-expired":            {[]string{"tls-expired"}, true},
		"--demo --fault=tls-expired --fault no": {[]string{"tls-expired", "no"}, true},
		"--demo --fault":                        {nil, false},
		"--demo --deep":                         {nil, false},
		"--demo portal.example.com":             {nil, false},
	} {
		faults, ok := demoFaults(strings.Fields(line))
		if ok != want.ok || ok && !slices.Equal(faults, want.faults) {
			t.Errorf("%q: %v, %t", line, faults, ok)
		}
	}
	if got := unknownFault([]string{"tls-expired", "no"}); got != "no" {
		t.Errorf("unknown: %q", got)
	}
}

// BenchmarkStart measures the static program from exec to the end of "version", and its size.
func BenchmarkStart(b *testing.B) {
	program := filepath.Join(b.TempDir(), "boxready")
	build := exec.Command("go", "build", "-tags", "nogui", "-trimpath", "-ldflags", "-s -w", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	info, err := os.Stat(program)
	if err != nil {
		b.Fatal(err)
	}
	var times []time.Duration
	for b.Loop() {
		start := time.Now()
		if err := exec.Command(program, "version").Run(); err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	middle := times[len(times)/2]
	b.ReportMetric(float64(middle.Microseconds())/1000, "ms")
	b.ReportMetric(float64(info.Size())/1e6, "MB")
	if middle > 30*time.Millisecond {
		b.Errorf("%v from exec to the end; at most 30 ms", middle)
	}
	if info.Size() > 22e6 {
		b.Errorf("%d bytes; at most 22 MB", info.Size())
	}
}
