package gui_test

import (
	"context"
	"slices"
	"testing"

	"boxready/checks"
	"boxready/gui/store"
)

// severalPortals is a store with three portals that were checked.
func severalPortals(t *testing.T) *store.Store {
	t.Helper()
	s := store.Open("")
	for _, name := range []string{"c", "b", "a"} {
		if err := s.Remember(store.Portal{Address: "https://" + name + ".example.ru", Verdict: checks.NoObstacle}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// TestCheckAll checks three portals one after the other, and looks at what each run was allowed.
func TestCheckAll(t *testing.T) {
	gate := make(chan struct{})
	checker := broken(t)
	checker.gate = func(_ context.Context, id checks.ID) {
		if id == checks.AuthServerFromPortal {
			<-gate
		}
	}
	r := open(t, setup{checker: checker, store: severalPortals(t)})
	r.openSection("portals")
	r.tap("Проверить все")
	for i, next := range []string{"Проверено 0 из 3", "Проверено 1 из 3", "Проверено 2 из 3"} {
		r.mustSay(next, "проверяется")
		r.waitUntil("a run", func() bool { return len(checker.asked()) == i+1 })
		if waiting := len(r.exactly("ждёт очереди")); waiting != 2-i {
			t.Errorf("during run %d, %d portals wait", i+1, waiting)
		}
		gate <- struct{}{}
	}
	r.mustSay("Проверено 3 портала.", "Проверить все")
	r.mustNotSay("проверяется", "ждёт очереди", "Остановить")
	var hosts []string
	for _, target := range checker.asked() {
		hosts = append(hosts, target.Address.Host)
		if len(target.Consents) > 0 || target.Webhook != nil || target.SignIn != nil {
			t.Errorf("%s was checked with %v", target.Address.Host, target)
		}
	}
	if !slices.Equal(hosts, []string{"a.example.ru", "b.example.ru", "c.example.ru"}) {
		t.Errorf("checked: %v", hosts)
	}
}

func TestCheckAllIsStopped(t *testing.T) {
	checker := broken(t)
	checker.gate = blockAt(checks.AuthServerFromPortal)
	r := open(t, setup{checker: checker, store: severalPortals(t)})
	r.openSection("portals")
	r.tap("Проверить все")
	r.waitUntil("a run", func() bool { return len(checker.asked()) == 1 })
	r.tap("Остановить")
	r.mustSay("Остановлено: проверено 0 из 3.", "Проверить все")
	if asked := len(checker.asked()); asked != 1 {
		t.Errorf("%d runs", asked)
	}
}

// exactly are the texts that are this one.
func (r *testWindow) exactly(text string) []string {
	return slices.DeleteFunc(r.texts(), func(t string) bool { return t != text })
}
