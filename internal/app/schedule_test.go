package app_test

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"boxready/checks"
	"boxready/internal/app"
	"boxready/internal/portal"
	"boxready/internal/report"
	"boxready/internal/report/history"
	"boxready/internal/schedule"
	"boxready/internal/transport"
	"boxready/internal/words"
)

// memory is a scheduler in memory.
type memory struct{ jobs map[string]schedule.Job }

func (m memory) Set(_ context.Context, j schedule.Job) error { m.jobs[j.Name] = j; return nil }
func (m memory) Remove(_ context.Context, name string) error { delete(m.jobs, name); return nil }
func (m memory) Place(name string) string                    { return "at " + name }
func (m memory) Jobs(context.Context) (jobs []schedule.Job, _ error) {
	for _, name := range slices.Sorted(maps.Keys(m.jobs)) {
		jobs = append(jobs, m.jobs[name])
	}
	return jobs, nil
}

func parse(t *testing.T, text string) portal.Address {
	t.Helper()
	address, err := portal.ParseAddress(text)
	if err != nil {
		t.Fatal(err)
	}
	return address
}

func texts(t *testing.T, lang string) *words.Texts {
	t.Helper()
	w, err := words.New(lang)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestSchedules(t *testing.T) {
	ctx, m := t.Context(), memory{map[string]schedule.Job{}}
	s := app.Schedules{Scheduler: m, Program: []string{"/opt/boxready"}}
	m.jobs["foreign"] = schedule.Job{Name: "foreign", Command: []string{"/bin/true"}}
	m.jobs["other-name"] = schedule.Job{Name: "other-name", Command: []string{"/opt/boxready", "check", "https://a.example.ru", "--scheduled"}}
	first := app.Daily{Portal: parse(t, "портал.рф:8443"), Time: schedule.Time{Hour: 9}, Deep: true, SignedIn: true, Flags: []string{"--trust", "/etc/roots.pem"}}
	second := app.Daily{Portal: parse(t, "b.example.ru"), Time: schedule.Time{Hour: 21, Minute: 30}}
	for _, d := range []app.Daily{first, second} {
		place, err := s.Set(ctx, d, texts(t, "ru"))
		if err != nil || !strings.HasPrefix(place, "at ") {
			t.Fatalf("%q, %v", place, err)
		}
	}
	for _, j := range m.jobs {
		if slices.Contains(j.Command, "https://xn--80avjdc.xn--p1ai:8443") || slices.Contains(j.Command, "--trust") {
			if got := strings.Join(j.Command[1:], " "); got != "check "+first.Portal.String()+" --scheduled --deep --signed-in --lang ru --trust /etc/roots.pem" {
				t.Errorf("runs %q", got)
			}
		}
	}
	list, err := s.List(ctx)
	if err != nil || len(list) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	for i, want := range []app.Daily{second, first} {
		want.Place = list[i].Place
		if fmt.Sprint(list[i]) != fmt.Sprint(want) {
			t.Errorf("read back %+v", list[i])
		}
	}
	if was, err := s.Off(ctx, first.Portal); !was || err != nil {
		t.Errorf("%v, %v", was, err)
	}
	if was, err := s.Off(ctx, first.Portal); was || err != nil {
		t.Errorf("again: %v, %v", was, err)
	}
	if _, ok := m.jobs["foreign"]; !ok || len(m.jobs) != 3 {
		t.Errorf("left: %v", m.jobs)
	}
}

const daily = "https://portal.example.ru"

// TestWithdrawnConfirmation: what is checked every day sends no tokens any more, and stays otherwise.
func TestWithdrawnConfirmation(t *testing.T) {
	for name, d := range map[string]app.Daily{"the address": {Deep: true}, "the sign-in": {SignedIn: true}, "both": {Deep: true, SignedIn: true}, "none": {}} {
		t.Run(name, func(t *testing.T) {
			s := app.Schedules{Scheduler: memory{map[string]schedule.Job{}}, Program: []string{"/opt/boxready"}}
			d.Portal, d.Time, d.Flags = parse(t, "a.example.ru"), schedule.Time{Hour: 9}, []string{"--region", "cis"}
			other := app.Daily{Portal: parse(t, "b.example.ru"), Time: schedule.Time{Hour: 10}, Deep: true}
			for _, d := range []app.Daily{d, other} {
				if _, err := s.Set(t.Context(), d, texts(t, "en")); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Withdraw(t.Context(), d.Portal, texts(t, "en")); err != nil {
				t.Fatal(err)
			}
			list, err := s.List(t.Context())
			if err != nil || len(list) != 2 {
				t.Fatalf("%+v, %v", list, err)
			}
			for _, got := range list {
				kept := got.Portal == other.Portal && got.Deep || got.Portal == d.Portal && !got.Deep && !got.SignedIn && got.Time == d.Time && slices.Equal(got.Flags, d.Flags)
				if !kept {
					t.Errorf("%+v", got)
				}
			}
		})
	}
}

// day is a day's run: of the portal's certificate, and of what only a sign-in sees.
type day struct {
	verdict    checks.Verdict
	tls        checks.State // "" for none
	scopes     checks.State
	daysLeft   int // of the certificate; 0 for none
	knownAbout checks.ID
	knownDays  int // from the first one on; 0 for always
	signInDays int // of the saved sign-in, whose state isn't known; 0 for none
}

func (d day) outcome(t *testing.T, at time.Time) *checks.Outcome {
	t.Helper()
	o := &checks.Outcome{Target: checks.Target{Address: parse(t, daily)}, Started: at, Finished: at, Verdict: d.verdict}
	add := func(id checks.ID, state checks.State, cause checks.Cause, facts checks.Facts) {
		if state == "" {
			return
		}
		if state == checks.OK {
			cause = ""
		}
		r := checks.Result{Check: id, State: state, Cause: cause, Vantage: checks.FromComputer, Facts: facts}
		if d.knownAbout == id {
			r.Acknowledged = &checks.Acknowledged{Reason: "known"}
			if d.knownDays > 0 {
				r.Acknowledged.Until = first.AddDate(0, 0, d.knownDays)
			}
		}
		o.Results = append(o.Results, r)
	}
	facts := &checks.TLSFacts{}
	if d.daysLeft > 0 {
		end := first.AddDate(0, 0, d.daysLeft)
		facts.Addresses = []checks.TLSSeen{{Trust: &checks.Trust{}, Chain: []checks.Certificate{{CommonName: "portal.example.ru", NotBefore: end.AddDate(-1, 0, 0), NotAfter: end}}}}
	}
	add(checks.PortalTLS, d.tls, checks.TLSExpired, facts)
	if end := first.AddDate(0, 0, d.signInDays); d.signInDays > 0 {
		add(checks.SignIn, checks.Unknown, checks.VendorHostUnreachable, &checks.SignInFacts{AuthAnswer: checks.AuthAnswer{Failure: transport.NameUnknown}, At: at, Ends: &end})
	}
	add(checks.RequiredScopes, d.scopes, "scopes-missing", nil)
	return o
}

var first = time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)

func TestAlert(t *testing.T) {
	const ok, notice, problem, unknown = checks.OK, checks.Notice, checks.Problem, checks.Unknown
	fine, bad := day{tls: ok, scopes: ok}, day{tls: problem, scopes: ok}
	for name, c := range map[string]struct {
		days []day
		want string // for each day: what is told, w for worse, e for an end, - for nothing
	}{
		"nothing changes":                {[]day{fine, fine}, "--"},
		"first run":                      {[]day{bad}, "-"},
		"worse, once":                    {[]day{fine, bad, bad}, "-w-"},
		"better is no news":              {[]day{bad, fine}, "--"},
		"worse again":                    {[]day{fine, bad, fine, bad}, "-w-w"},
		"unknown is no news":             {[]day{fine, {tls: unknown, scopes: ok}}, "--"},
		"worse after an unknown":         {[]day{fine, {tls: unknown, scopes: ok}, bad}, "--w"},
		"acknowledged":                   {[]day{fine, {tls: problem, scopes: ok, knownAbout: checks.PortalTLS}}, "--"},
		"more severe":                    {[]day{{tls: notice, scopes: ok}, bad}, "-w"},
		"less severe":                    {[]day{bad, {tls: notice, scopes: ok}}, "--"},
		"not seen, and as before":        {[]day{fine, {verdict: checks.NotSeen}, fine}, "---"},
		"not seen is no news":            {[]day{fine, {verdict: checks.NotSeen, tls: problem}}, "--"},
		"not seen hides nothing":         {[]day{fine, {verdict: checks.NotSeen, tls: problem}, bad}, "--w"},
		"without the sign-in in between": {[]day{fine, {tls: ok}, {tls: ok, scopes: problem}}, "--w"},
		"without the sign-in":            {[]day{fine, {tls: ok}, {tls: ok}}, "---"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := alerts(t, c.days); got != c.want {
				t.Errorf("told %q, expected %q", got, c.want)
			}
		})
	}
}

// alerts makes a run a day, and returns what each has to tell.
func alerts(t *testing.T, days []day) (told string) {
	t.Helper()
	past := &history.Store{Dir: filepath.Join(t.TempDir(), "runs")}
	reporter := &report.Reporter{Words: texts(t, "en"), Version: "test"}
	for i, d := range days {
		o := d.outcome(t, first.AddDate(0, 0, i))
		document := reporter.Document(o)
		document.Verdict = d.verdict
		a, err := app.NewAlert(past, o, document)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case len(a.Worse) > 0 && len(a.Endings) > 0:
			told += "b"
		case len(a.Worse) > 0:
			told += "w"
		case len(a.Endings) > 0:
			told += "e"
		default:
			told += "-"
		}
		if a.None() != strings.HasSuffix(told, "-") {
			t.Errorf("day %d: None is %v", i, a.None())
		}
		if err := past.Add(document); err != nil {
			t.Fatal(err)
		}
	}
	return told
}

// TestAlertBeforeEnd asserts that an end is told 30, 14, 7, 3 and 1 days before it, once each, also if a day is missed.
func TestAlertBeforeEnd(t *testing.T) {
	run := func(skipped ...int) (told []int) {
		var days []day
		for i := range 40 {
			d := day{tls: checks.OK, daysLeft: 35}
			if slices.Contains(skipped, 35-i) {
				d = day{verdict: checks.NotSeen}
			}
			days = append(days, d)
		}
		for i, c := range alerts(t, days) {
			if c == 'e' {
				told = append(told, 35-i)
			}
		}
		return told
	}
	if got := run(); !slices.Equal(got, []int{30, 14, 7, 3, 1}) {
		t.Errorf("told %v days before", got)
	}
	if got := run(30, 29, 7, 6, 5, 4, 3); !slices.Equal(got, []int{28, 14, 2, 1}) {
		t.Errorf("with days missed: told %v days before", got)
	}
}

// TestAlertBeforeEndOfUnknown asserts the same of what a check whose state isn't known tells the end of.
func TestAlertBeforeEndOfUnknown(t *testing.T) {
	for name, d := range map[string]day{
		"acknowledged": {tls: checks.Unknown, knownAbout: checks.PortalTLS, knownDays: 20},
		"sign-in":      {signInDays: 20},
	} {
		if got := alerts(t, slices.Repeat([]day{d}, 20)); got != "e-----e------e---e-e" {
			t.Errorf("%s: told %q", name, got)
		}
	}
}

func TestAlertText(t *testing.T) {
	o := day{tls: checks.OK, scopes: checks.OK, daysLeft: 14}.outcome(t, first)
	a := app.Alert{Worse: []report.Delta{{After: checks.Notice, Title: "A notice"}, {After: checks.Problem, Title: "A problem"}}}
	full, err := app.NewAlert(&history.Store{}, o, (&report.Reporter{Words: texts(t, "en"), Version: "test"}).Document(o))
	if err != nil || len(full.Endings) != 1 {
		t.Fatalf("%+v, %v", full, err)
	}
	a.Endings = full.Endings
	for lang, want := range map[string][]string{
		"en": {"Got worse: A problem, and 1 more.", "Certificate of portal.example.ru: until", "open it and check the portal"},
		"ru": {"Стало хуже: A problem, и ещё 1.", "Сертификат portal.example.ru: до", "откройте его и проверьте портал"},
	} {
		lines := strings.Split(a.Text(texts(t, lang), first), "\n")
		for i, part := range want {
			if len(lines) != len(want) || !strings.Contains(lines[i], part) {
				t.Errorf("%s: %q", lang, lines)
			}
		}
	}
}
