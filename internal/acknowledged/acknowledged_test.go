package acknowledged

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"boxready/checks"
	"boxready/internal/simtest/testenv"

	"github.com/google/go-cmp/cmp"
)

func TestMain(m *testing.M) { os.Exit(testenv.M{M: m}.Run()) }

func TestRead(t *testing.T) {
	const good = `"portal": "portal.example.com", "check": "modules", "cause": "module-missing"`
	entry := func(text string) string { return "{\"boxready\": 1, \"acknowledged\": [\n" + text + "\n]}" }
	for _, c := range []struct {
		name, text string
		line       int
		key        string
		ok         bool
	}{
		{name: "the least", text: entry(`{` + good + `, "reason": "a"}`), ok: true},
		{name: "none", text: entry(""), ok: true},
		{name: "codes of a newer version", text: entry(`{"portal": "a.example", "check": "new-check", "cause": "new", "reason": "a"}`), ok: true},
		{name: "empty", text: "", line: 1},
		{name: "no JSON", text: "portal: a", line: 1},
		{name: "another version", text: `{"boxready": 2, "acknowledged": []}`, line: 1},
		{name: "no list", text: `{"boxready": 1}`, line: 1, key: "acknowledged"},
		{name: "another file", text: `{"schema": 1}`, line: 1},
		{name: "an unknown key", text: entry(`{` + good + `, "reason": "a", "untill": "2027-01-01"}`), line: 2},
		{name: "no portal", text: entry(`{"check": "modules", "cause": "module-missing", "reason": "a"}`), line: 2, key: "portal"},
		{name: "no check", text: entry(`{"portal": "a.example", "cause": "module-missing", "reason": "a"}`), line: 2, key: "check"},
		{name: "no cause", text: entry(`{"portal": "a.example", "check": "modules", "reason": "a"}`), line: 2, key: "cause"},
		{name: "no reason", text: entry(`{` + good + `}`), line: 2, key: "reason"},
		{name: "a reason that isn't seen", text: entry(`{` + good + `, "reason": "\u200b "}`), line: 2, key: "reason"},
		{name: "a long reason", text: entry(`{` + good + `, "reason": "` + strings.Repeat("я", MaxReason+1) + `"}`), line: 2, key: "reason"},
		{name: "a state that is no finding's", text: entry(`{` + good + `, "reason": "a", "state": "ok"}`), line: 2, key: "state"},
		{name: "a wrong day", text: entry(`{` + good + `, "reason": "a", "until": "31.01.2027"}`), line: 2, key: "until"},
		{name: "the second", text: entry(`{` + good + `, "reason": "a"},` + "\n\n" + `{` + good + `}`), line: 4, key: "reason"},
		{name: "too large", text: entry(strings.Repeat(" ", maxBytes))},
		{name: "too many", text: entry(strings.TrimSuffix(strings.Repeat(`{`+good+`, "reason": "a"},`, maxEntries+1), ",")), line: 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := read([]byte(c.text))
			var bad *Error
			switch {
			case c.ok && err != nil:
				t.Error(err)
			case !c.ok && (!errors.As(err, &bad) || bad.Line != c.line || bad.Key != c.key):
				t.Errorf("%v", err)
			}
		})
	}
}

func TestStore(t *testing.T) {
	for name, dir := range map[string]string{"in a folder": filepath.Join(t.TempDir(), "new"), "in memory": ""} {
		t.Run(name, func(t *testing.T) {
			s := Open(dir)
			first := checks.Acknowledgement{Portal: "https://a.example", Check: checks.RequiredModules, Cause: checks.ModuleMissing, State: checks.Problem, Subjects: []string{"crm"},
				Reason: "later\u202e", Until: time.Date(2027, 2, 1, 0, 0, 0, 0, time.Local), Made: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}
			second := checks.Acknowledgement{Portal: "https://b.example", Check: checks.RequiredModules, Cause: checks.ModuleMissing, Reason: "never"}
			first.Reason = Reason(first.Reason)
			for _, a := range []checks.Acknowledgement{{Portal: first.Portal, Check: first.Check, Cause: first.Cause, Reason: "former", Subjects: []string{}}, second, first} {
				if err := s.Add(t.Context(), a); err != nil {
					t.Fatal(err)
				}
			}
			all, err := s.All()
			if diff := cmp.Diff([]checks.Acknowledgement{second, first}, all); err != nil || diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
			for _, want := range []bool{true, false} {
				if found, err := s.Remove(t.Context(), second.Portal, second.Check, second.Cause); found != want || err != nil {
					t.Errorf("removed: %t, %v", found, err)
				}
			}
			if all, err := s.All(); len(all) != 1 || err != nil {
				t.Errorf("%+v, %v", all, err)
			}
		})
	}
}

// TestStoreRefusesWhatItCouldNotRead: one such entry would put the others aside.
func TestStoreRefusesWhatItCouldNotRead(t *testing.T) {
	s := Open(t.TempDir())
	good := checks.Acknowledgement{Portal: "https://a.example", Check: checks.RequiredModules, Cause: checks.ModuleMissing, Reason: "known"}
	if err := s.Add(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	long := good
	long.Portal, long.Reason = "https://b.example", strings.Repeat("long", 1000)
	if err := s.Add(t.Context(), long); err == nil {
		t.Error("a reason that is too long was kept")
	}
	if all, err := s.All(); len(all) != 1 || err != nil {
		t.Errorf("%+v, %v", all, err)
	}
}

// TestStoresOfSeveralProcesses: none of them loses what another one adds.
func TestStoresOfSeveralProcesses(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	for n := range 20 {
		all.Go(func() {
			if err := Open(dir).Add(context.Background(), checks.Acknowledgement{Portal: fmt.Sprintf("https://%d.example", n), Check: "modules", Cause: "module-missing", Reason: "a"}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if kept, err := Open(dir).All(); len(kept) != 20 || err != nil {
		t.Errorf("%d, %v", len(kept), err)
	}
}

// TestUnreadableIsKeptAside: nothing is lost or overwritten, and it is said once.
func TestUnreadableIsKeptAside(t *testing.T) {
	dir := t.TempDir()
	s := Open(dir)
	for n, content := range []string{"broken", "broken again"} {
		if err := os.WriteFile(filepath.Join(dir, FileName), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := s.All()
		aside, ok := errors.AsType[*AsideError](err)
		if !ok {
			t.Fatal(err)
		}
		if kept, err := os.ReadFile(aside.Path); string(kept) != content {
			t.Errorf("%q, %v", kept, err)
		}
		if all, err := s.All(); len(all) > 0 || err != nil {
			t.Errorf("%d: %v, %v", n, all, err)
		}
	}
	if err := s.Add(t.Context(), checks.Acknowledgement{Portal: "https://a.example", Check: "modules", Cause: "module-missing", Reason: "a"}); err != nil {
		t.Error(err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"boxready": 1, "acknowledged": [{"portal": "a.example", "check": "modules", "cause": "module-missing", "state": "problem", "about": ["crm"], "reason": "later", "until": "2027-01-31"}]}`))
	f.Add([]byte(`{"boxready": 1, "acknowledged": [{"portal": "a.example", "check": "a", "cause": "b", "about": null, "reason": "\u202e"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := read(data)
		if err != nil {
			return
		}
		for _, a := range all {
			if a.Reason != Reason(a.Reason) || a.Reason == "" {
				t.Errorf("reason %q", a.Reason)
			}
		}
		// What is kept is read again as it was.
		kept, err := write(all)
		if err != nil {
			t.Fatal(err)
		}
		again, err := read(kept)
		if err != nil || !slices.EqualFunc(all, again, func(a, b checks.Acknowledgement) bool {
			return a.Portal == b.Portal && a.Reason == b.Reason && a.Until.Equal(b.Until)
		}) {
			t.Errorf("%v: %+v\n%+v", err, all, again)
		}
	})
}

func TestIsTooLong(t *testing.T) {
	for _, c := range []struct {
		name, written   string
		tooLong, masked bool
	}{
		{"the longest", strings.Repeat("я", MaxReason), false, false},
		{"one letter more", strings.Repeat("я", MaxReason+1), true, false},
		{"longer when it is masked", strings.Repeat("token=a ", MaxReason/8), true, true},
		{"shorter when it is masked", "token=" + strings.Repeat("a", MaxReason), false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if tooLong, masked := IsTooLong(Reason(c.written), c.written); tooLong != c.tooLong || masked != c.masked {
				t.Errorf("%v, %v", tooLong, masked)
			}
		})
	}
}
