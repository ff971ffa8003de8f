package report_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"boxready/checks"
	"boxready/internal/report"

	"github.com/google/go-cmp/cmp"
)

func tallied(t testing.TB, files map[string]string) *report.Tally {
	t.Helper()
	tally := report.NewTally()
	folder := t.TempDir()
	for name, data := range files {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		var read *report.ReadError
		if err := tally.Add(path); err != nil && !errors.As(err, &read) {
			t.Fatal(err)
		}
	}
	return tally
}

const (
	problem = `{"check":"portal-tls","state":"problem","cause":"%s","owner":"server-admin"}`
	fine    = `{"check":"portal-dns","state":"ok","cause":"","owner":""}`
)

func of(portal, version, results string) string {
	return strings.NewReplacer("https://p.example", portal, `"version":"1"`, `"version":"`+version+`"`, "no-obstacle", "not-ready").Replace(reportWith(results))
}

// TestSummarizeBySetup counts what is known of the portals' servers; reports that tell nothing of them count no less.
func TestSummarizeBySetup(t *testing.T) {
	server := func(main, rest, php string) string {
		return fmt.Sprintf(`{"check":"server-platform","state":"ok","cause":"","owner":"","facts":{"web":true,"main":"%s","rest":"%s","php":{"version":"%s"}}}`, main, rest, php)
	}
	on := func(setup, data string) string {
		return strings.Replace(data, `"verdict"`, `"setup":"`+setup+`","verdict"`, 1)
	}
	totals := tallied(t, map[string]string{
		"1.json": on("bitrixvm", of("https://a.example", "1", server("25.1.0", "25.2.0", "8.3.1"))),
		"2.json": on("bitrixvm", of("https://b.example", "1", server("25.1.0", "", "8.3.1"))),
		"3.json": on("iis", of("https://c.example", "1", server("24.1.0", "24.2.0", "8.1.2"))),
		"4.json": on("of-a-newer-version", of("https://d.example", "1", strings.Replace(server("9", "9", "9"), `{"web":true`, `{"web":7`, 1))),
		"5.json": of("https://e.example", "1", fine),
	}).Totals()
	if diff := cmp.Diff([]report.SetupTotal{{Setup: "bitrixvm", Reports: 2}, {Setup: "iis", Reports: 1}}, totals.Setups); diff != "" || totals.Reports != 5 {
		t.Errorf("%d reports, %s", totals.Reports, diff)
	}
	want := []report.ProductTotal{{Product: "main", Version: "25.1.0", Reports: 2}, {Product: "main", Version: "24.1.0", Reports: 1},
		{Product: "rest", Version: "24.2.0", Reports: 1}, {Product: "rest", Version: "25.2.0", Reports: 1}, {Product: "php", Version: "8.3.1", Reports: 2}, {Product: "php", Version: "8.1.2", Reports: 1}}
	if diff := cmp.Diff(want, totals.Products); diff != "" {
		t.Error(diff)
	}
	var table, text bytes.Buffer
	if err := reporter(t, "en").WriteCSV(&table, totals); err != nil {
		t.Fatal(err)
	}
	if err := reporter(t, "en").WriteTotals(&text, totals); err != nil {
		t.Fatal(err)
	}
	for _, row := range []string{"setup,,,,bitrixvm,2,", "main,,,,25.1.0,2,", "php,,,,8.1.2,1,"} {
		if !strings.Contains(table.String(), row) {
			t.Errorf("no row %s in\n%s", row, table.String())
		}
	}
	for _, line := range []string{"  2  BitrixVM\n", "  2  module main  25.1.0\n", "  2  PHP          8.3.1\n"} {
		if !strings.Contains(text.String(), line) {
			t.Errorf("no %q in\n%s", line, text.String())
		}
	}
}

func TestSummarize(t *testing.T) {
	expired, weak := fmt.Sprintf(problem, "tls-expired"), fmt.Sprintf(problem, "tls-weak-certificate")
	totals := tallied(t, map[string]string{
		"1.json": of("https://a.example", "1.0.0", expired+","+fine),
		"2.json": strings.Replace(of("https://a.example", "1.0.0", expired+","+expired), "2026-01-01", "2026-01-02", 2),
		"3.json": of("https://b.example", "1.1.0", expired+","+weak),
		"4.json": of("=cmd|calc", "+1", fine),
		"5.json": "{", "6.txt": "hello", "7.json": strings.Replace(reportWith(""), `"schema":1`, `"schema":9`, 1),
		"8.json": of("https://a.example", "1.0.0", `{"check":"<b>","state":"problem","cause":"x"}`),
	}).Totals()
	if totals.Reports != 4 || totals.Portals != 3 || !totals.Complete || totals.Verdicts["not-ready"] != 4 {
		t.Errorf("%+v", totals)
	}
	if diff := cmp.Diff(map[report.ReadReason]int{report.ReadDamaged: 2, report.ReadNoReport: 1, report.ReadForeign: 1}, totals.Unreadable); diff != "" {
		t.Error(diff)
	}
	want := []report.CauseTotal{
		{Check: "portal-tls", Cause: "tls-expired", Owner: "server-admin", Reports: 3, Portals: []report.PortalTotal{{Portal: "https://a.example", Reports: 2}, {Portal: "https://b.example", Reports: 1}}},
		{Check: "portal-tls", Cause: "tls-weak-certificate", Owner: "server-admin", Reports: 1, Portals: []report.PortalTotal{{Portal: "https://b.example", Reports: 1}}},
	}
	if diff := cmp.Diff(want, totals.Causes); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]report.VersionTotal{{Version: "1.0.0", Reports: 2}, {Version: "+1", Reports: 1}, {Version: "1.1.0", Reports: 1}}, totals.Versions); diff != "" {
		t.Error(diff)
	}

	var table, text bytes.Buffer
	if err := reporter(t, "en").WriteCSV(&table, totals); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(table.String(), "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1+2+3+3 || rows[1][5] != "3" || rows[1][6] != "2" || rows[6][4] != "1.0.0" {
		t.Errorf("table: %v", rows)
	}
	for _, row := range rows {
		for _, cell := range row {
			if strings.HasPrefix(cell, "=") || strings.HasPrefix(cell, "+") {
				t.Errorf("a spreadsheet would calculate %q", cell)
			}
		}
	}
	if err := reporter(t, "en").WriteTotals(&text, totals); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Reports: 4, portals: 3\n", "  3  2  portal-tls / tls-expired ", "server administrator\n", "a.example, b.example\n", "  2  damaged\n"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q isn't in\n%s", want, text.String())
		}
	}
}

// TestSummarizeCountsARunOnce asserts that the files of one run are one report, and that a run made again is another one.
func TestSummarizeCountsARunOnce(t *testing.T) {
	p, folder := reporter(t, "ru"), t.TempDir()
	o := runDemo(t, "tls-expired")
	later := *o
	later.Started, later.Finished = o.Started.Add(time.Minute), o.Finished.Add(time.Minute)
	tally := report.NewTally()
	for _, c := range []struct {
		name    string
		outcome *checks.Outcome
	}{{"a.zip", o}, {"a.html", o}, {"a.json", o}, {"copy.json", o}, {"later.html", &later}} {
		path, err := p.Save(filepath.Join(folder, c.name), report.Contents{Outcome: c.outcome})
		if err != nil {
			t.Fatal(err)
		}
		if err := tally.Add(path); err != nil {
			t.Fatal(err)
		}
	}
	totals := tally.Totals()
	if totals.Reports != 2 || totals.Doubles != 3 || totals.Causes[0].Reports != 2 || !totals.Complete {
		t.Errorf("%+v", totals)
	}
	var text bytes.Buffer
	if err := p.WriteTotals(&text, totals); err != nil || !strings.Contains(text.String(), "  3  ещё один файл уже учтённой проверки\n") {
		t.Errorf("%v in\n%s", err, text.String())
	}
}

// TestOverviewOrder asserts that portals which fail come first, those that were not seen after those where applications don't work.
func TestOverviewOrder(t *testing.T) {
	overview := report.NewOverview()
	add := func(portal string, verdict checks.Verdict, states ...checks.State) {
		d := report.Document{Portal: "https://" + portal, Verdict: verdict}
		for _, state := range states {
			d.Results = append(d.Results, report.Entry{Check: checks.PortalTCP, State: state, Cause: checks.TCPRefused})
		}
		overview.Add(d)
	}
	add("a.example", checks.Ready, checks.OK)
	add("b.example", checks.NoObstacle, checks.Notice)
	add("c.example", checks.Unsure, checks.Unknown)
	add("d.example", checks.Unsure, checks.Problem)
	add("e.example", checks.NotSeen, checks.Unknown)
	add("f.example", checks.NotSeen, checks.Problem)
	add("g.example", checks.NotABox, checks.Notice)
	add("h.example", checks.NotReady, checks.Problem)
	var out bytes.Buffer
	if err := reporter(t, "en").WriteOverview(&out, overview); err != nil {
		t.Fatal(err)
	}
	table, totals, _ := strings.Cut(out.String(), "\n\n")
	var got []string
	for _, line := range strings.Split(table, "\n")[1:] {
		columns := strings.Split(line, "  ")
		got = append(got, columns[0]+": "+columns[1])
	}
	want := []string{"h.example: won't work", "f.example: not reachable from here", "e.example: not reachable from here", "d.example: can't tell yet",
		"c.example: can't tell yet", "b.example: no obstacle found", "g.example: cloud portal", "a.example: will work"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
	order := -1
	for _, title := range []string{"Applications will not work", "It can't be said", "The portal can't be reached", "This is a cloud portal", "No obstacle found", "Applications will work"} {
		at := strings.Index(totals, title)
		if at <= order {
			t.Errorf("%q isn't in order in\n%s", title, totals)
		}
		order = at
	}
}

// TestOverviewCountsThisComputerOnce asserts that what is wrong with this computer is no finding of each portal.
func TestOverviewCountsThisComputerOnce(t *testing.T) {
	overview := report.NewOverview()
	for i := range 3 {
		d := report.Document{Portal: fmt.Sprintf("https://%c.example", 'a'+i), Verdict: checks.NotSeen, Results: []report.Entry{
			{Check: checks.PortalDNS, State: checks.Unknown, Cause: "no-network", Owner: checks.You, Vantage: checks.FromComputer}}}
		if i == 0 {
			d.Results = append(d.Results, report.Entry{Check: checks.PortalTLS, State: checks.Problem, Cause: checks.TLSExpired, Owner: checks.ServerAdmin, Vantage: checks.FromComputer})
			d.Results[0].State = checks.Problem
		}
		overview.Add(d)
	}
	if diff := cmp.Diff(map[checks.State]int{checks.Problem: 2}, overview.Counts()); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	var out bytes.Buffer
	if err := reporter(t, "en").WriteOverview(&out, overview); err != nil {
		t.Fatal(err)
	}
	_, causes, _ := strings.Cut(out.String(), "\n\n")
	for _, want := range []string{"  problem  portal-dns / no-network  3 of 3\n", "  1  1  portal-tls / tls-expired"} {
		if !strings.Contains(causes, want) {
			t.Errorf("%q isn't in\n%s", want, out.String())
		}
	}
	if n := strings.Count(causes, "no-network"); n != 1 {
		t.Errorf("counted %d times in\n%s", n, out.String())
	}
}

// TestSummarizeIsBounded asserts that the number of names is limited, and that this is reported.
func TestSummarizeIsBounded(t *testing.T) {
	var results []string
	for i := range 4999 {
		results = append(results, fmt.Sprintf(problem, fmt.Sprintf("made-up-%d", i)))
	}
	totals := tallied(t, map[string]string{"1.json": of("https://a.example", "1", strings.Join(results, ","))}).Totals()
	if totals.Reports != 1 || totals.Complete || len(totals.Causes) >= 4999 {
		t.Errorf("%d reports, complete %t, %d causes", totals.Reports, totals.Complete, len(totals.Causes))
	}
}
