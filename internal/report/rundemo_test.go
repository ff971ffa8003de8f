package report_test

import (
	"context"
	"testing"
	"time"

	"boxready/checks"
	"boxready/internal/report"
	"boxready/internal/simtest"
	"boxready/internal/words"
)

// runDemo runs the checklist, tokens allowed, against a simulated portal with the faults and the options that they need.
func runDemo(t testing.TB, faults ...string) *checks.Outcome {
	t.Helper()
	simulated := simtest.Start(t, faults)
	target := simulated.Target()
	if !simulated.Needs("deep") {
		target.Consents = append(target.Consents, checks.Deep)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	return checks.Run(ctx, simulated.Net(), target, nil)
}

func reporter(t testing.TB, lang string) *report.Reporter {
	t.Helper()
	words, err := words.New(lang)
	if err != nil {
		t.Fatal(err)
	}
	return &report.Reporter{Words: words, Version: "1.2.3", System: "Linux"}
}

func bundle(t testing.TB, p *report.Reporter, c report.Contents) *report.Bundle {
	t.Helper()
	b, err := p.Bundle(c)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
