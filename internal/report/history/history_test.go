package history_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"boxready/checks"
	"boxready/internal/report"
	"boxready/internal/report/history"
	"boxready/internal/secret"
	"boxready/internal/serverprobe"
)

func run(portal string, at time.Time, verdict checks.Verdict, facts string) report.Document {
	return report.Document{Schema: 1, Tool: report.Tool{Name: "boxready", Version: "1"}, Portal: portal, Started: at, Finished: at, Verdict: verdict,
		NotChecked: []report.NotChecked{}, Results: []report.Entry{{Check: "portal-tls", State: checks.OK, Facts: json.RawMessage(facts)}}}
}

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func count(t *testing.T, folder string) (files int, bytes int64) {
	t.Helper()
	err := filepath.Walk(folder, func(_ string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			files++
			bytes += info.Size()
		}
		return err
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return files, bytes
}

func TestHistory(t *testing.T) {
	s := history.Store{Dir: filepath.Join(t.TempDir(), "history")}
	if portal, err := s.LastPortal(); portal != "" || err != nil {
		t.Errorf("before the first run: the last portal is %q, %v", portal, err)
	}
	if last, err := s.Last("https://a.example"); last != nil || err != nil {
		t.Errorf("before the first run: %v, %v", last, err)
	}
	for i := range 25 {
		if err := s.Add(run("https://a.example", noon.Add(time.Duration(i)*time.Minute), checks.Unsure, "{}")); err != nil {
			t.Fatal(err)
		}
	}
	for _, portal := range []string{"https://a.example:8443", "https://A.example", "https://[2001:db8::1]"} {
		if err := s.Add(run(portal, noon, checks.Ready, "{}")); err != nil {
			t.Fatal(err)
		}
		if runs, err := s.Runs(portal); len(runs) != 1 || err != nil || runs[0].Verdict != checks.Ready {
			t.Errorf("%s: %+v, %v", portal, runs, err)
		}
	}
	if portal, err := s.LastPortal(); portal != "https://a.example" || err != nil {
		t.Errorf("the last portal: %q, %v", portal, err)
	}
	runs, err := s.Runs("https://a.example")
	if err != nil || len(runs) != history.MaxRuns || !runs[0].Started.Equal(noon.Add(24*time.Minute)) || !runs[19].Started.Equal(noon.Add(5*time.Minute)) || runs[0].Counts[checks.OK] != 1 {
		t.Fatalf("%d runs, %v: %+v", len(runs), err, runs)
	}
	if saved, err := s.Load(runs[3]); err != nil || !saved.Started.Equal(runs[3].Started) {
		t.Errorf("loaded %+v, %v", saved, err)
	}
	if last, err := s.Last("https://a.example"); err != nil || !last.Started.Equal(runs[0].Started) {
		t.Errorf("the last one: %+v, %v", last, err)
	}
	if run, err := s.Before("https://a.example", runs[0].Started, false); err != nil || run == nil || !run.Started.Equal(runs[1].Started) {
		t.Errorf("the one before the last: %+v, %v", run, err)
	}
	if run, err := s.Before("https://a.example", runs[0].Started, true); err != nil || run != nil {
		t.Errorf("a good one where there is none: %+v, %v", run, err)
	}
	for i, verdict := range []checks.Verdict{checks.NoObstacle, checks.Ready, checks.NotReady} {
		if err := s.Add(run("https://a.example", noon.Add(time.Duration(30+i)*time.Minute), verdict, "{}")); err != nil {
			t.Fatal(err)
		}
	}
	if run, err := s.Before("https://a.example", noon.Add(time.Hour), true); err != nil || run == nil || run.Verdict != checks.Ready {
		t.Errorf("the last good one: %+v, %v", run, err)
	}
	if err := s.Delete("https://a.example"); err != nil {
		t.Fatal(err)
	}
	if runs, err := s.Runs("https://a.example"); runs != nil || err != nil {
		t.Errorf("after they were deleted: %v, %v", runs, err)
	}
	if files, _ := count(t, s.Dir); files != 3 {
		t.Errorf("%d files of the others", files)
	}
	if err := s.Clear(); err != nil {
		t.Fatal(err)
	}
	if files, _ := count(t, s.Dir); files != 0 {
		t.Errorf("%d files after all was deleted", files)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	s := history.Store{Dir: t.TempDir()}
	facts, _ := json.Marshal(map[string]string{"a": strings.Repeat("x", 3<<20)})
	for i := range 6 {
		if err := s.Add(run("https://a.example", noon.Add(time.Duration(i)*time.Minute), checks.Ready, string(facts))); err != nil {
			t.Fatal(err)
		}
	}
	if files, bytes := count(t, s.Dir); files != 2 || bytes > history.MaxBytes {
		t.Errorf("%d files of %d bytes", files, bytes)
	}
	facts, _ = json.Marshal(strings.Repeat("x", 11<<20))
	if err := s.Add(run("https://b.example", noon, checks.Ready, string(facts))); !errors.Is(err, history.ErrTooBig) {
		t.Errorf("a run that is too big: %v", err)
	}
}

func TestHistoryKeepsNoSecrets(t *testing.T) {
	s := history.Store{Dir: t.TempDir()}
	if err := s.Add(run("https://a.example", noon, checks.Ready, `{"a":"c2VjcmV0LWNvZGUtMTIz"}`), secret.New("secret-code-123")); err != nil {
		t.Fatal(err)
	}
	saved, err := s.Last("https://a.example")
	if err != nil || !strings.Contains(string(saved.Results[0].Facts.(json.RawMessage)), `"a":"•••"`) {
		t.Errorf("%v, %+v", err, saved)
	}
}

func TestDamagedHistory(t *testing.T) {
	s := history.Store{Dir: t.TempDir()}
	for i := range 2 {
		if err := s.Add(run("https://a.example", noon.Add(time.Duration(i)*time.Minute), checks.Ready, "{}")); err != nil {
			t.Fatal(err)
		}
	}
	folder, err := os.ReadDir(s.Dir)
	if err != nil {
		t.Fatal(err)
	}
	portal := filepath.Join(s.Dir, folder[0].Name())
	if err := os.WriteFile(filepath.Join(portal, "20261125T120100.000Z.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(portal, "20270101T000000.000Z.json"), 0o700); err != nil {
		t.Fatal(err)
	}
	if last, err := s.Last("https://a.example"); err != nil || last == nil || !last.Started.Equal(noon) {
		t.Errorf("the last one that is whole: %+v, %v", last, err)
	}
	for i := range history.MaxRuns + 1 { // the damaged one is among the oldest, which aren't kept any more
		if err := s.Add(run("https://a.example", noon.Add(time.Hour+time.Duration(i)*time.Minute), checks.Ready, "{}")); err != nil {
			t.Fatal(err)
		}
	}
	if kept, err := os.ReadFile(filepath.Join(portal, "20261125T120100.000Z.json.unreadable")); err != nil || string(kept) != "{" {
		t.Errorf("the damaged one: %q, %v", kept, err)
	}
	if runs, err := s.Runs("https://a.example"); err != nil || len(runs) != history.MaxRuns {
		t.Errorf("%d runs, %v", len(runs), err)
	}
	nowhere := history.Store{}
	if err := nowhere.Add(run("https://a.example", noon, checks.Ready, "{}")); err != nil {
		t.Error(err)
	}
	if last, err := nowhere.Last("https://a.example"); last != nil || err != nil {
		t.Errorf("kept nowhere: %v, %v", last, err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	blocked := history.Store{Dir: file}
	if err := blocked.Add(run("https://a.example", noon, checks.Ready, "{}")); err == nil {
		t.Error("kept in a file that is no folder")
	}
}

// TestKnown asserts that of a portal's identity only the last one that a run saw is kept, and that it goes with the runs.
func TestKnown(t *testing.T) {
	s := history.Store{Dir: filepath.Join(t.TempDir(), "history")}
	one, other := strings.Repeat("ab", 16), strings.Repeat("cd", 16)
	saw := func(portal string, minute int, facts ...checks.Facts) {
		t.Helper()
		d := run(portal, noon.Add(time.Duration(minute)*time.Minute), checks.Ready, "{}")
		for _, f := range facts {
			d.Results = append(d.Results, report.Entry{Check: "portal-identity", State: checks.OK, Facts: f})
		}
		if err := s.Add(d); err != nil {
			t.Fatal(err)
		}
	}
	want := func(when string, known ...checks.KnownPortal) {
		t.Helper()
		got := s.Known()
		slices.SortFunc(got, func(a, b checks.KnownPortal) int { return strings.Compare(a.Address, b.Address) })
		if !slices.Equal(got, known) {
			t.Errorf("%s: %v, expected %v", when, got, known)
		}
	}
	want("before the first run")
	saw("https://a.example", 0)
	saw("https://b.example:8443", 0, &checks.RegistrationFacts{Registration: &serverprobe.Registration{MemberID: other}})
	saw("https://c.example", 0, &checks.IdentityFacts{MemberID: "not a member_id"}, &checks.RegistrationFacts{})
	want("by the server probe", checks.KnownPortal{Address: "https://b.example:8443", MemberID: other})
	saw("https://a.example", 1, &checks.IdentityFacts{MemberID: other})
	saw("https://a.example", 2, &checks.IdentityFacts{MemberID: one})
	saw("https://a.example", 3)
	a := checks.KnownPortal{Address: "https://a.example", MemberID: one}
	want("by sign-ins", a, checks.KnownPortal{Address: "https://b.example:8443", MemberID: other})
	if runs, err := s.Runs("https://a.example"); len(runs) != 4 || err != nil {
		t.Errorf("%d runs, %v", len(runs), err)
	}
	if err := s.Delete("https://b.example:8443"); err != nil {
		t.Fatal(err)
	}
	want("after the runs were deleted", a)

	folders, err := os.ReadDir(s.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"empty": "", "no address": "a.example\n" + one + "\n", "another text": "https://a.example\nhello\n", "too large": "https://a.example\n" + one + "\n" + strings.Repeat("x", 2000)} {
		for _, folder := range folders {
			if err := os.WriteFile(filepath.Join(s.Dir, folder.Name(), "identity"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want(name)
	}
}
