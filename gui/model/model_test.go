package model

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boxready/checks"
	"boxready/gui/store"
	"boxready/internal/portal"
	"boxready/internal/view"
	"boxready/internal/words"
)

func russian(t *testing.T) *words.Texts {
	t.Helper()
	words, err := words.New("ru")
	if err != nil {
		t.Fatal(err)
	}
	return words
}

func sessionOf(t *testing.T, results ...checks.Result) *Session {
	t.Helper()
	address, err := portal.ParseAddress("portal.example.ru")
	if err != nil {
		t.Fatal(err)
	}
	s := &Session{Target: checks.Target{Address: address}}
	s.End(&checks.Outcome{Target: s.Target, Results: results}, false)
	return s
}

func result(id checks.ID, state checks.State, cause checks.Cause) checks.Result {
	return checks.Result{Check: id, State: state, Cause: cause, Owner: checks.ServerAdmin, Vantage: checks.FromComputer}
}

func skipped(id, because checks.ID) checks.Result {
	return checks.Result{Check: id, State: checks.Skipped, Because: because, Vantage: checks.FromComputer}
}

func TestPieces(t *testing.T) {
	for step, want := range map[string][]Piece{
		"Откройте порт.":                                          {{"Откройте порт.", false}},
		"Проверьте: `curl -I https://a/` и `curl -I https://b/`.": {{"Проверьте:", false}, {"curl -I https://a/", true}, {"curl -I https://b/", true}},
		"Проверьте. Linux: `curl -I a` Windows: `curl.exe -I a`":  {{"Проверьте.", false}, {"Linux:", false}, {"curl -I a", true}, {"Windows:", false}, {"curl.exe -I a", true}},
		"Параметр `rest` включите.":                               {{"Параметр rest включите.", false}},
		"Повторите проверку: `boxready check x`":                  {{"Повторите проверку.", false}},
	} {
		if diff := cmp.Diff(want, piecesOf(words.ParseStep(step).WithoutOwnCommands())); diff != "" {
			t.Errorf("%s\n%s", step, diff)
		}
	}
}

func TestFactsInWords(t *testing.T) {
	facts, more := inWords(russian(t), []view.Fact{{Path: "tokens.1.form", Value: "empty"}, {Path: "tokens.2.times.total", Value: "12"}, {Path: "deep", Value: "true"},
		{Path: "at", Value: "2026-11-23T07:42:00Z"}, {Path: "blocked_by", Value: "portal-tls"}, {Path: "required.modules.crm", Value: "23.300.0"},
		{Path: "directions", Value: "portal-to-app, app-to-portal", List: true}, {Path: "of_a_later_version", Value: "1"}, {Path: "error", Value: ""}}, 20)
	want := []Fact{{"Вид ответа (токен 1)", "пусто"}, {"Заняло всего, мс (токен 2)", "12"}, {"С выдуманным токеном", "да"}, {"Когда", time.Date(2026, 11, 23, 7, 42, 0, 0, time.UTC).Local().Format("02.01.2006 15:04:05")},
		{"Токен не отправлен из-за проверки", russian(t).Name(checks.PortalTLS)}, {"Модуль crm (требуется)", "23.300.0"}, {"Кто к кому обращается", "портал к приложению, приложение к порталу"}}
	if diff := cmp.Diff(want, facts); diff != "" || !more {
		t.Errorf("%t %s", more, diff)
	}
}

// What to do about a kind of missing requirement is one text: there is no list of steps behind it.
func TestEachKindOfNeedSaysWhatToDo(t *testing.T) {
	for _, lang := range words.Languages() {
		texts, err := words.New(lang)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range needGroups {
			if key := "window.requirements.kind." + string(g.kind) + ".do"; texts.Say(key, checks.Args{"as_of": time.Now()}) == key {
				t.Errorf("%s: %s is no text", lang, key)
			}
		}
	}
}

func TestSignsOfLinks(t *testing.T) {
	now := time.Now()
	for _, test := range []struct {
		name    string
		results []checks.Result
		working checks.ID
		want    map[view.Link]Sign
	}{
		{"nothing known", nil, "", map[view.Link]Sign{view.ComputerPortal: Unknown, view.PortalAuthorization: Unknown, view.QueueApplication: Unknown}},
		{"all fine", []checks.Result{result(checks.PortalTLS, checks.OK, ""), result(checks.AuthServerFromPortal, checks.OK, "")}, "",
			map[view.Link]Sign{view.ComputerPortal: OK, view.PortalAuthorization: OK, view.QueueApplication: Unknown}},
		{"the most severe counts", []checks.Result{result(checks.PortalTLS, checks.Notice, checks.TLSExpiresSoon), result(checks.RESTRoute, checks.Problem, checks.RESTBlocked)}, "",
			map[view.Link]Sign{view.ComputerPortal: Problem}},
		{"put off is not fine", []checks.Result{result(checks.RESTRoute, checks.Problem, checks.RESTBlocked), skipped(checks.AuthServerFromPortal, checks.RESTRoute)}, "",
			map[view.Link]Sign{view.PortalAuthorization: Skipped}},
		{"under way", []checks.Result{result(checks.PortalTLS, checks.OK, "")}, checks.RESTRoute, map[view.Link]Sign{view.ComputerPortal: Waiting}},
		{"a problem is one before the end", []checks.Result{result(checks.PortalTLS, checks.Problem, checks.TLSExpired)}, checks.RESTRoute, map[view.Link]Sign{view.ComputerPortal: Problem}},
		{"this computer's way to the authorization server says nothing about the portal's", []checks.Result{result(checks.AuthServerFromComputer, checks.OK, "")}, "",
			map[view.Link]Sign{view.PortalAuthorization: Unknown, view.ComputerPortal: Unknown}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := sessionOf(t, test.results...)
			if test.working != "" {
				s.Running = true
				s.Started(test.working, now)
			}
			for link, want := range test.want {
				if got, _ := s.linkSign(view.Of(s.Results()), link); got != want {
					t.Errorf("%s: %s, expected %s", link, got, want)
				}
			}
		})
	}
}

func TestMarks(t *testing.T) {
	past := func(state checks.State, cause checks.Cause) []store.Past {
		return []store.Past{{Check: checks.PortalTLS, State: state, Cause: cause}}
	}
	for _, test := range []struct {
		name string
		past []store.Past
		now  checks.Result
		want Mark
	}{
		{"the same", past(checks.Problem, checks.TLSExpired), result(checks.PortalTLS, checks.Problem, checks.TLSExpired), Unmarked},
		{"broke", past(checks.OK, ""), result(checks.PortalTLS, checks.Problem, checks.TLSExpired), New},
		{"broke in another way", past(checks.Problem, checks.TLSWrongHost), result(checks.PortalTLS, checks.Problem, checks.TLSExpired), New},
		{"mended", past(checks.Problem, checks.TLSExpired), result(checks.PortalTLS, checks.OK, ""), Fixed},
		{"was not made then", nil, result(checks.PortalTLS, checks.Problem, checks.TLSExpired), Unmarked},
		{"was put off then", past(checks.Skipped, ""), result(checks.PortalTLS, checks.Problem, checks.TLSExpired), Unmarked},
		{"could not be told then", past(checks.Unknown, checks.TimedOut), result(checks.PortalTLS, checks.OK, ""), Unmarked},
		{"can't be told now", past(checks.Problem, checks.TLSExpired), result(checks.PortalTLS, checks.Unknown, checks.TimedOut), Unmarked},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := sessionOf(t)
			s.Past = &store.Portal{Results: test.past}
			if got := s.MarkOf(test.now); got != test.want {
				t.Errorf("%q, expected %q", got, test.want)
			}
		})
	}
	if got := sessionOf(t).MarkOf(result(checks.PortalTLS, checks.Problem, checks.TLSExpired)); got != Unmarked {
		t.Errorf("without a run before: %q", got)
	}
}

func TestChecklist(t *testing.T) {
	s := sessionOf(t,
		result(checks.PortalTLS, checks.Notice, checks.TLSExpiresSoon),
		result(checks.RESTRoute, checks.Problem, checks.RESTBlocked),
		skipped(checks.HTTPSSeen, checks.RESTRoute),
		skipped(checks.AuthServerFromPortal, checks.RESTRoute),
		result(checks.PortalDNS, checks.OK, ""),
		result(checks.QueueFeed, checks.OK, ""),
	)
	var got []string
	for _, g := range s.Checklist(russian(t), time.Now(), Filter{}) {
		got = append(got, string(g.ID))
		for _, row := range g.Rows {
			got = append(got, fmt.Sprintf("  %s %s %d", row.Kind, row.Sign, len(row.Inside)))
		}
	}
	want := []string{
		"portal",
		"  finding problem 0",
		"  put-off skipped 2", // skipped checks are listed under the one that blocks them, in any chapter
		"  finding notice 0",
		"  in-order ok 1",
		"auth-server",
		"  in-order ok 1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestChecklistHasAllResults(t *testing.T) {
	// Skipped because of a check that has no row of its own.
	s := sessionOf(t, result(checks.PortalRedirect, checks.OK, ""), skipped(checks.CredentialsArrive, checks.PortalRedirect))
	var all int
	for _, g := range s.Checklist(russian(t), time.Now(), Filter{}) {
		for _, row := range g.Rows {
			all += max(1, len(row.Inside))
		}
	}
	if all != 2 {
		t.Errorf("%d results are in the list", all)
	}
}

func TestVerdictDuringARun(t *testing.T) {
	texts, begun := russian(t), time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	planned := []checks.ID{checks.PortalTLS, checks.HTTPSSeen, checks.AuthServerFromPortal, checks.QueueFeed}
	broken := checks.Result{Check: checks.HTTPSSeen, State: checks.Problem, Cause: checks.HTTPSNotSeen, Owner: checks.ServerAdmin, Vantage: checks.FromPortal,
		Affects: []checks.Affected{checks.Applications}}
	found := map[checks.ID][]checks.Result{checks.PortalTLS: {result(checks.PortalTLS, checks.OK, "")}, checks.HTTPSSeen: {broken},
		checks.AuthServerFromPortal: {result(checks.AuthServerFromPortal, checks.OK, "")}}
	waiting := texts.Say("window.verdict.waiting", checks.Args{"checks": texts.CheckNames([]checks.ID{checks.QueueFeed})})
	for _, c := range []struct {
		name     string
		again    bool // the checks are made again
		finished []checks.ID
		after    time.Duration // since the last was finished
		settled  bool
	}{
		{"settled", false, []checks.ID{checks.PortalTLS, checks.HTTPSSeen, checks.AuthServerFromPortal}, 1001 * time.Millisecond, true},
		{"for a moment only", false, []checks.ID{checks.PortalTLS, checks.HTTPSSeen, checks.AuthServerFromPortal}, time.Second, false},
		{"open", false, []checks.ID{checks.PortalTLS, checks.AuthServerFromPortal}, time.Minute, false},
		{"checks made again, of a run whose verdict has others", true, []checks.ID{checks.PortalTLS, checks.HTTPSSeen, checks.AuthServerFromPortal}, time.Minute, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := sessionOf(t)
			if s.Begin(begun, planned); c.again {
				s.BeginAgain(begun, len(planned))
			}
			for _, id := range planned {
				s.Started(id, begun)
			}
			for _, id := range c.finished {
				s.Finished(id, found[id], begun)
			}
			v := s.Verdict(texts, begun.Add(c.after))
			if settled := v.Sign == Problem; settled != c.settled || !v.Running || v.Button != "" {
				t.Fatalf("%+v, want settled %v, without a button", v, c.settled)
			}
			if !c.settled {
				return
			}
			if !strings.HasPrefix(v.Owner, waiting) || v.Done != 0.75 {
				t.Errorf("%+v does not say what it waits for", v)
			}
			s.Finished(checks.QueueFeed, []checks.Result{result(checks.QueueFeed, checks.Unknown, checks.FeedUnreachable)}, begun.Add(c.after))
			last := s.Verdict(texts, begun.Add(c.after)) // before the outcome is there
			o := &checks.Outcome{Target: s.Target, Results: s.Results(), Verdict: checks.NotReady}
			s.End(o, false)
			ended := s.Verdict(texts, begun.Add(c.after))
			if last.Title != v.Title || ended.Title != v.Title || ended.Text != v.Text || ended.Running || ended.Button == "" {
				t.Errorf("it became\n%+v\n%+v, from\n%+v", last, ended, v)
			}
		})
	}
}
