package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boxready/checks"
	"boxready/gui/store"
)

var when = time.Date(2026, 11, 23, 10, 42, 0, 0, time.UTC)

func somePortal(address string) store.Portal {
	return store.Portal{Address: address, Checked: when, Verdict: checks.NotReady,
		Results: []store.Past{{Check: checks.PortalTLS, State: checks.Problem, Cause: checks.TLSExpired}, {Check: checks.PortalDNS, State: checks.OK}}}
}

func remember(t *testing.T, s *store.Store, portals ...store.Portal) {
	t.Helper()
	for _, p := range portals {
		if err := s.Remember(p); err != nil {
			t.Fatal(err)
		}
	}
}

func addresses(s *store.Store) (list []string) {
	for _, p := range s.Portals() {
		list = append(list, p.Address)
	}
	return list
}

func TestSavedStateIsRead(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not there yet")
	s := store.Open(dir)
	s.SetSettings(func(to *store.Settings) {
		*to = store.Settings{Language: "ru", Look: "dark", Scale: 1.25, Region: "cis"}
	})
	if err := s.Save(); err != nil {
		t.Fatal(err)
	}
	remember(t, s, somePortal("https://one.example.ru"), somePortal("https://two.example.ru"))

	next := store.Open(dir)
	if diff := cmp.Diff(s.Settings(), next.Settings()); diff != "" {
		t.Errorf("settings:\n%s", diff)
	}
	if diff := cmp.Diff(s.Portals(), next.Portals()); diff != "" {
		t.Errorf("portals:\n%s", diff)
	}
}

func TestLastUsedPortalIsFirst(t *testing.T) {
	s := store.Open("")
	remember(t, s, somePortal("https://one.example.ru"), somePortal("https://two.example.ru"), somePortal("https://one.example.ru"))
	if diff := cmp.Diff([]string{"https://one.example.ru", "https://two.example.ru"}, addresses(s)); diff != "" {
		t.Error(diff)
	}
	if err := s.Forget("https://one.example.ru"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"https://two.example.ru"}, addresses(s)); diff != "" {
		t.Error(diff)
	}
}

func TestOldestPortalsAreForgotten(t *testing.T) {
	s := store.Open("")
	for i := range 510 {
		remember(t, s, somePortal(fmt.Sprintf("https://p%d.example.ru", i)))
	}
	if list := addresses(s); len(list) != 500 || list[0] != "https://p509.example.ru" {
		t.Errorf("%d portals, first %s", len(list), list[0])
	}
}

func TestDamagedFilesAreIgnoredAndKept(t *testing.T) {
	for name, content := range map[string]string{"empty": "", "half": `{"portals":[{"addr`, "another type": `[1,2,3]`, "binary": "\x00\xff\xfe", "deep": strings.Repeat("[", 1<<16)} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for _, file := range []string{"settings.json", "portals.json"} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			s := store.Open(dir)
			if !reflect.DeepEqual(s.Settings(), store.Settings{}) || len(s.Portals()) != 0 {
				t.Errorf("%+v, %+v", s.Settings(), s.Portals())
			}
			remember(t, s, somePortal("https://one.example.ru"))
			if len(store.Open(dir).Portals()) != 1 {
				t.Error("it can't be written any more")
			}
			if settings, portals := s.KeepAside(); settings != filepath.Join(dir, "settings.json.unreadable") || portals != "" {
				t.Errorf("kept aside: %q, %q; the list of portals was before it was written", settings, portals)
			}
			if settings, portals := s.KeepAside(); settings+portals != "" {
				t.Errorf("told again: %q, %q", settings, portals)
			}
			s.SetSettings(func(to *store.Settings) { to.Language = "en" })
			if err := s.Save(); err != nil {
				t.Fatal(err)
			}
			remember(t, s, somePortal("https://two.example.ru"))
			for _, file := range []string{"settings.json", "portals.json"} {
				if kept, err := os.ReadFile(filepath.Join(dir, file+".unreadable")); err != nil || string(kept) != content {
					t.Errorf("%s isn't kept aside: %q, %v", file, kept, err)
				}
			}
			if files, err := os.ReadDir(dir); err != nil || len(files) != 4 {
				t.Errorf("%v, %v", files, err)
			}
		})
	}
}

func TestFileModesAndAtomicWrites(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "boxready")
	s := store.Open(dir)
	remember(t, s, somePortal("https://one.example.ru"))
	if err := s.Save(); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("%s has the mode %v", f.Name(), info.Mode())
		}
	}
	if len(files) != 2 {
		t.Errorf("more is left behind than two files: %v", files)
	}
}

func TestFailedWritesReturnAnErrorAndKeepTheChangeInMemory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a file")
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := store.Open(dir)
	if err := s.Remember(somePortal("https://one.example.ru")); err == nil {
		t.Error("it was kept in a file that is no folder")
	}
	if len(s.Portals()) != 1 {
		t.Error("it isn't even known in this run")
	}
}

func TestOnlyCodesAreSaved(t *testing.T) {
	p := store.PastOf(&checks.Outcome{Finished: when, Verdict: checks.NotReady, Results: []checks.Result{{
		Check: checks.RESTRoute, State: checks.Problem, Cause: checks.RESTBlocked, Facts: &struct{ Body string }{"secret"}, Args: checks.Args{"body": "secret"}}}})
	dir := t.TempDir()
	remember(t, store.Open(dir), p)
	data, err := os.ReadFile(filepath.Join(dir, "portals.json"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), "secret") {
		t.Errorf("what the portal answered is kept:\n%s", data)
	}
}
