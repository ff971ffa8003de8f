package model_test

import (
	"bytes"
	"cmp"
	"context"
	"html"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"boxready/checks"
	"boxready/cli"
	"boxready/gui/model"
	"boxready/internal/exporter"
	"boxready/internal/letter"
	"boxready/internal/portal"
	"boxready/internal/report"
	"boxready/internal/simtest"
	"boxready/internal/view"
	"boxready/internal/words"
)

// TestAcknowledgedEverywhere acknowledges every finding of every simulated fault, and one of each other cause of the catalogue. All
// faces then leave it out and name it, and all show it again when it is more severe, about something else, or its time is over.
func TestAcknowledgedEverywhere(t *testing.T) {
	if testing.Short() {
		t.Skip("a run against each fault takes a while")
	}
	texts, err := words.New("en")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	try := func(o *checks.Outcome, r checks.Result) {
		name := string(r.Check) + "/" + string(r.Cause)
		if seen[name] || !r.NeedsAction() || !checks.CanBeAcknowledged(r.Check, r.Cause) {
			return
		}
		seen[name] = true
		t.Run(name, func(t *testing.T) { acknowledgedFaces{t: t, words: texts}.try(o, r) })
	}
	all := simtest.Outcomes(t)
	for _, o := range all {
		for _, r := range o.Results {
			try(o, r)
		}
	}
	simulated := len(seen)
	for _, c := range checks.Catalog() {
		for _, cause := range slices.Concat(c.Causes, checks.CommonCauses()) {
			r := checks.Result{Check: c.ID, State: checks.Problem, Cause: cause, Vantage: c.Vantage, Owner: cmp.Or(c.Owner, checks.ServerAdmin), Affects: c.Affects}
			if c.Minor || slices.Contains(checks.CommonCauses(), cause) {
				r.State = checks.Unknown
			}
			o := *all[""]
			o.Results = append(slices.DeleteFunc(slices.Clone(o.Results), func(other checks.Result) bool { return other.Check == c.ID }), r)
			try(o.WithAcknowledged(nil, o.Finished), r)
		}
	}
	if simulated < 90 || len(seen) < 250 {
		t.Errorf("only %d findings, %d of them simulated", len(seen), simulated)
	}
}

// acknowledgedFaces compares what everything that shows an outcome says about one finding.
type acknowledgedFaces struct {
	t     *testing.T
	words *words.Texts
}

const knownReason = "known since spring"

func (f acknowledgedFaces) try(o *checks.Outcome, r checks.Result) {
	about, found := o.Acknowledge(r.Check, r.Cause)
	if !found {
		f.t.Fatal("the finding can't be acknowledged")
	}
	about.Reason = knownReason
	all := []checks.Acknowledgement{about}
	known := o.WithAcknowledged(all, o.Finished)
	f.assertLeftOut(o, known, r)

	about.Until = o.Finished.Add(-time.Second)
	f.assertCounts("when its time is over", o, o.WithAcknowledged([]checks.Acknowledgement{about}, o.Finished), r)
	for i := range all {
		all[i].Until = time.Time{}
	}
	worse := o.WithAcknowledged(nil, o.Finished)
	for i := range worse.Results {
		if worse.Results[i].Check == r.Check {
			worse.Results[i].Facts = nil // which lead to what was concluded before
		}
		if same(worse.Results[i], r) {
			// A problem can't be more severe, but about something else.
			worse.Results[i].Args = checks.Args{"hosts": []string{"other.example"}}
			for name, value := range r.Args {
				if name != "hosts" {
					worse.Results[i].Args[name] = value
				}
			}
			if _, faults := r.Args["why"]; faults { // told host by host
				worse.Results[i].Args["why"] = []string{"dns"}
			}
			if r.State != checks.Problem {
				worse.Results[i].State, worse.Results[i].Args = checks.Problem, r.Args
			}
		}
	}
	worse = worse.WithAcknowledged(nil, o.Finished)
	f.assertCounts("when it is worse", worse, worse.WithAcknowledged(all, o.Finished), r)
}

func same(a, b checks.Result) bool { return a.Check == b.Check && a.Cause == b.Cause }

// assertCounts asserts that an acknowledgement doesn't change an outcome.
func (f acknowledgedFaces) assertCounts(when string, before, after *checks.Outcome, r checks.Result) {
	f.t.Helper()
	if after.Acknowledged() != 0 || after.Verdict != before.Verdict {
		f.t.Errorf("%s: %d acknowledged, %s instead of %s", when, after.Acknowledged(), after.Verdict, before.Verdict)
	}
	if want, got := exitOf(before), f.exit(after); got != want {
		f.t.Errorf("%s: exit %d instead of %d", when, got, want)
	}
	if metrics := f.metrics(after); strings.Contains(metrics, "\nboxready_acknowledged") || !strings.Contains(metrics, `cause="`+string(r.Cause)+`",check="`+string(r.Check)+`"`) {
		f.t.Errorf("%s: the exporter has it among what was acknowledged:\n%s", when, metrics)
	}
	s := sessionOf(after)
	if !slices.ContainsFunc(f.rows(s), func(row model.Row) bool { return row.Kind == model.Finding && same(row.Result, r) }) {
		f.t.Errorf("%s: the window doesn't show it", when)
	}
	if text := f.text(after); strings.Contains(text, f.words.Say("part.acknowledged", nil)) {
		f.t.Errorf("%s: the text has acknowledged findings", when)
	}
}

// assertLeftOut asserts that everything leaves an acknowledged finding out, and names it with its reason.
func (f acknowledgedFaces) assertLeftOut(before, known *checks.Outcome, r checks.Result) {
	t := f.t
	rest := checks.OutcomeOf(slices.DeleteFunc(slices.Clone(before.Results), func(other checks.Result) bool { return same(other, r) }))
	switch {
	case known.Verdict == rest.Verdict:
	case known.Verdict == before.Verdict && (known.Verdict == checks.NotSeen || known.Verdict == checks.NotABox):
	case known.Verdict == checks.NoObstacle && rest.Verdict == checks.Ready: // there is no proof
	default:
		t.Errorf("verdict %s, without the finding %s", known.Verdict, rest.Verdict)
	}
	if known.Verdict == checks.Ready && !slices.ContainsFunc(known.Results, func(r checks.Result) bool {
		return (r.Check == checks.TokenAccepted || r.Check == checks.WebhookCheck) && r.State == checks.OK
	}) {
		t.Error("ready without a proof")
	}
	if want, got := exitOf(rest), f.exit(known); got != want {
		t.Errorf("exit %d, without the finding %d", got, want)
	}
	metrics := f.metrics(known)
	for _, line := range strings.Split(metrics, "\n") {
		if strings.HasPrefix(line, "boxready_result{") && strings.Contains(line, `cause="`+string(r.Cause)+`",check="`+string(r.Check)+`"`) {
			t.Errorf("the exporter: %s", line)
		}
	}
	if !strings.Contains(metrics, "\nboxready_acknowledged{") || !strings.Contains(metrics, "\n"+`boxready_verdict{verdict="`+string(known.Verdict)+`"} 1`) {
		t.Errorf("the exporter doesn't say that it is known:\n%s", metrics)
	}

	title := f.title(known, r)
	heading, line := f.words.Say("part.acknowledged", nil), f.words.Say("state."+string(r.State), nil)+": "+title
	above, below, _ := strings.Cut(f.text(known), "\n"+heading+"\n")
	others := 0 // have the same title
	for _, other := range known.Results {
		if other.NeedsAction() && other.State == r.State && f.title(known, other) == title {
			others++
		}
	}
	if strings.Count(above, "\n  "+line+"\n") != others || !strings.Contains(below, "  "+line+"\n") || !strings.Contains(below, knownReason) {
		t.Errorf("the text has %q in the wrong place:\n%s\n%s\n%s", line, above, heading, below)
	}
	f.assertReport(known, r, title)
	f.assertWindow(known, r)
	f.assertLetters(known, r, title)
}

func (f acknowledgedFaces) assertReport(known *checks.Outcome, r checks.Result, title string) {
	t := f.t
	bundle, err := f.reporter().Bundle(report.Contents{Outcome: known})
	if err != nil {
		t.Fatal(err)
	}
	page := strings.NewReplacer("\u00a0", " ", "<wbr>", "").Replace(html.UnescapeString(string(bundle.File(report.HTMLFile))))
	above, below, found := strings.Cut(page, `<section class="acknowledged"`)
	codes := `<p class="codes">` + string(r.Check) + " / " + string(r.Cause) + " / "
	if !found || strings.Contains(above, codes) || !strings.Contains(below, codes) || !strings.Contains(below, knownReason) || !strings.Contains(below, title) {
		t.Errorf("the page doesn't have the finding among those that are known")
	}
	summary := string(bundle.File(report.SummaryFile))
	name := string(r.Check) + " / " + string(r.Cause)
	if strings.Contains(summary, strings.ToUpper(f.words.Say("state."+string(r.State), nil))+" "+name+"\n") || !strings.Contains(summary, name+". "+f.words.Acknowledged(&checks.Acknowledged{Reason: knownReason})) {
		t.Errorf("the summary:\n%s", summary)
	}
	file := filepath.Join(t.TempDir(), "report.json")
	if err := os.WriteFile(file, bundle.File(report.JSONFile), 0o600); err != nil {
		t.Fatal(err)
	}
	saved, err := report.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	again, kept := saved.Outcome()
	live, _ := known.Acknowledge(r.Check, r.Cause)
	if a, _ := again.Acknowledge(r.Check, r.Cause); r.Facts != nil && !slices.ContainsFunc(kept, func(k checks.Kept) bool { return k.Check == r.FoundBy() }) && !slices.Equal(a.Subjects, live.Subjects) {
		t.Errorf("a saved run is about %q, the run about %q", a.Subjects, live.Subjects)
	}
	if saved.Acknowledged != known.Acknowledged() || saved.Verdict != known.Verdict || again.Verdict != known.Verdict || again.Acknowledged() != known.Acknowledged() {
		t.Errorf("read again: %s and %d acknowledged, judged again: %s and %d; expected %s and %d", saved.Verdict, saved.Acknowledged, again.Verdict, again.Acknowledged(), known.Verdict, known.Acknowledged())
	}
}

func (f acknowledgedFaces) assertWindow(known *checks.Outcome, r checks.Result) {
	s := sessionOf(known)
	if verdict := s.Verdict(f.words, known.Finished); same(verdict.Next.Finding, r) || verdict.Apart == "" {
		f.t.Errorf("the window: %+v", verdict)
	}
	listed := false
	for _, row := range f.rows(s) {
		switch {
		case same(row.Result, r) && row.Kind == model.Finding:
			f.t.Errorf("the window lists it: %+v", row)
		case same(row.Result, r) && row.Kind == model.Acknowledged:
			listed = strings.Contains(row.Detail, knownReason)
		}
	}
	if !listed {
		f.t.Error("the window doesn't list it among what is known")
	}
}

// assertLetters asserts that nobody is asked to fix it; whoever gets a letter for something else reads that it is known.
func (f acknowledgedFaces) assertLetters(known *checks.Outcome, r checks.Result, title string) {
	v := view.Of(known.Results)
	for _, owner := range append(letter.OwnersOf(v), view.Owner{ID: r.Owner}) {
		l, err := letter.Write(f.words, v, owner.ID, letter.Run{Portal: known.Target.Address, When: known.Finished, Version: "test"})
		if err != nil {
			f.t.Fatal(err)
		}
		attached := l.Attached()
		if strings.Contains(attached, "("+string(r.Check)+" / "+string(r.Cause)+")") {
			f.t.Errorf("the letter to %s has the finding:\n%s", owner.ID, l.Whole())
		}
		if l.To == r.Owner && l.Body != "" && !strings.Contains(attached, knownReason) {
			f.t.Errorf("the letter to %s doesn't say that %q is known:\n%s", owner.ID, title, attached)
		}
	}
}

func (f acknowledgedFaces) reporter() *report.Reporter {
	return &report.Reporter{Words: f.words, Version: "test", System: "Linux"}
}

func (f acknowledgedFaces) title(o *checks.Outcome, r checks.Result) string {
	return f.words.For(o.Setup()).Finding(r, o.Target.Address.Display()).Title
}

func (f acknowledgedFaces) text(o *checks.Outcome) string {
	var out bytes.Buffer
	if err := f.reporter().WriteText(&out, o, report.Style{Width: 1 << 20}); err != nil {
		f.t.Fatal(err)
	}
	return out.String()
}

// exitOf is the exit code that an outcome has without anything acknowledged.
func exitOf(o *checks.Outcome) cli.Exit {
	exit := cli.ExitOK
	for _, r := range o.Results {
		if r.State == checks.Problem {
			return cli.ExitProblem
		}
		if r.State.IsFinding() {
			exit = cli.ExitNotice
		}
	}
	return exit
}

// exit is the exit code that the program has for an outcome, from its JSON.
func (f acknowledgedFaces) exit(o *checks.Outcome) cli.Exit {
	f.t.Helper()
	var data bytes.Buffer
	if err := report.WriteJSON(&data, f.reporter().Document(o), false); err != nil {
		f.t.Fatal(err)
	}
	file := filepath.Join(f.t.TempDir(), "run.json")
	if err := os.WriteFile(file, data.Bytes(), 0o600); err != nil {
		f.t.Fatal(err)
	}
	var out, errs bytes.Buffer
	exit := cli.Run(context.Background(), "test", []string{"report", "check", file, "--format", "json", "--lang", "en"}, cli.IO{In: strings.NewReader(""), Out: &out, Err: &errs})
	if exit != cli.ExitOK && exit != cli.ExitProblem && exit != cli.ExitNotice {
		f.t.Fatalf("exit %d: %s", exit, errs.String())
	}
	return exit
}

func (f acknowledgedFaces) metrics(o *checks.Outcome) string {
	e := exporter.New(f.t.Context(), exporter.Options{Portals: []portal.Address{o.Target.Address}, Interval: time.Hour, Parallel: 1,
		Run: func(context.Context, portal.Address) (*checks.Outcome, error) { return o, nil }})
	defer e.Close()
	w := httptest.NewRecorder()
	e.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/probe?target="+o.Target.Address.Authority(), nil))
	return w.Body.String()
}

// rows are all rows of the window's list, with those that are folded.
func (f acknowledgedFaces) rows(s *model.Session) (rows []model.Row) {
	for _, g := range s.Checklist(f.words, time.Time{}, model.Filter{}) {
		for _, row := range g.Rows {
			rows = append(append(rows, row), row.Inside...)
		}
	}
	return rows
}
