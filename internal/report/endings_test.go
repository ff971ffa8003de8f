package report_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"boxready/checks"
	"boxready/internal/portal"
	"boxready/internal/report"
	"boxready/internal/serverprobe"
)

// TestEndingsInReports: every format tells what ends soon, and what ends later where there is room; names are hidden like all others,
// and a report of before there were endings tells them, too.
func TestEndingsInReports(t *testing.T) {
	address, err := portal.ParseAddress("portal.example.com")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	server := func(id checks.ID, facts checks.Facts) checks.Result {
		return checks.Result{Check: id, State: checks.OK, Vantage: checks.FromServer, Facts: facts}
	}
	o := &checks.Outcome{Target: checks.Target{Address: address}, Started: at.Add(-5 * time.Second), Finished: at, Verdict: checks.NoObstacle, Results: []checks.Result{
		{Check: checks.PortalTLS, State: checks.OK, Vantage: checks.FromComputer, Facts: &checks.TLSFacts{At: at, Addresses: []checks.TLSSeen{{
			Protocol: "TLS 1.3", Trust: &checks.Trust{Public: true, NameMatches: true, DatesGood: true},
			Chain: []checks.Certificate{{Subject: "CN=portal.example.com", Issuer: "CN=Issuer", CommonName: "portal.example.com", Names: []string{"portal.example.com"},
				NotBefore: at.AddDate(-1, 0, 0), NotAfter: at.AddDate(0, 0, 40), Key: "ECDSA P-256", Signature: "ECDSA-SHA256", SHA256: "1"}}}}}},
		server(checks.ServerPlatform, &checks.ServerPlatformFacts{Web: true, PHP: &serverprobe.PHPSettings{Version: "8.2.20"}}),
		server(checks.ServerLicence, &checks.ServerLicenceFacts{At: at, Licence: &serverprobe.Licence{Ends: "2028-01-01"}}),
	}}
	p := reporter(t, "en")
	b := bundle(t, p, report.Contents{Outcome: o, Hide: report.Categories()})
	validate(t, b.File(report.JSONFile))
	var text, verbose bytes.Buffer
	for out, style := range map[*bytes.Buffer]report.Style{&text: {}, &verbose: {Verbose: true}} {
		if err := p.WriteText(out, o, style); err != nil {
			t.Fatal(err)
		}
	}
	// A report of an earlier version has no ID and no endings.
	var old map[string]any
	if err := json.Unmarshal(b.File(report.JSONFile), &old); err != nil {
		t.Fatal(err)
	}
	if len(old["endings"].([]any)) != 3 {
		t.Errorf("the data has %v", old["endings"])
	}
	delete(old, "endings")
	delete(old, "id")
	data, err := json.Marshal(old)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "old.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	saved, err := report.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	var again bytes.Buffer
	if err := p.WriteSaved(&again, saved, report.Style{}); err != nil {
		t.Fatal(err)
	}
	if judged, _ := p.JudgeAgain(saved); saved.ID != b.ID || len(judged.Endings) != 3 {
		t.Errorf("ID %q, expected %q; endings %v", saved.ID, b.ID, judged.Endings)
	}

	const php, later = "Security fixes of the PHP project for PHP 8.2: until 31 December 2026", "Licence: until 1 January 2028"
	page, _, _ := strings.Cut(string(b.File(report.HTMLFile)), `<template id="boxready-report">`)
	for format, shown := range map[string]struct {
		text, name string
		later      bool
	}{
		"text": {text.String(), "portal.example.com", false}, "text with -v": {verbose.String(), "portal.example.com", true}, "page": {page, "portal-1", true},
		"summary": {string(b.File(report.SummaryFile)), "portal-1", false}, "text of a report": {again.String(), "portal-1", false},
	} {
		said := strings.Join(strings.Fields(strings.ReplaceAll(shown.text, "\u00a0", " ")), " ")
		if !strings.Contains(said, php) || !strings.Contains(said, "Certificate of "+shown.name+": until 9 January 2027") || strings.Contains(said, later) != shown.later {
			t.Errorf("%s:\n%s", format, shown.text)
		}
	}
}
