package app_test

import (
	"context"
	"slices"
	"testing"

	"boxready/checks"
	"boxready/internal/app"
	"boxready/internal/report"
	"boxready/internal/simtest"
	"boxready/internal/transport"
	"boxready/internal/words"
)

// TestRunsAreComparedWithKnownPortals asserts that a run knows the portals in the history, and that a portal isn't its own copy.
func TestRunsAreComparedWithKnownPortals(t *testing.T) {
	w, err := words.New("en")
	if err != nil {
		t.Fatal(err)
	}
	cache := t.TempDir()
	sim := simtest.Start(t, nil, "sign-in")
	way, err := sim.Way("test")
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(app.Options{Transport: func(o *transport.Options) { *o = way }, InMemory: true, Cache: cache})
	if err != nil {
		t.Fatal(err)
	}
	found := func() bool {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), waitLimit)
		defer cancel()
		o := a.Run(ctx, sim.Target(), nil)
		if err := app.History(cache).Add((&report.Reporter{Words: w, Version: "test"}).Document(o)); err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(o.Results, func(r checks.Result) bool { return r.Cause == checks.PortalClone })
	}
	for run := range 2 {
		if found() {
			t.Errorf("run %d: a portal is taken for its own copy", run+1)
		}
	}
	known := app.History(cache).Known()
	if len(known) != 1 || known[0].Address != sim.Target().Address.String() {
		t.Fatalf("known are %v", known)
	}
	moved := report.Document{Schema: 1, Portal: "https://old.example.ru", NotChecked: []report.NotChecked{},
		Results: []report.Entry{{Check: checks.PortalIdentity, State: checks.OK, Facts: &checks.IdentityFacts{MemberID: known[0].MemberID}}}}
	if err := app.History(cache).Add(moved); err != nil {
		t.Fatal(err)
	}
	if !found() {
		t.Error("another portal with the same member_id isn't noticed")
	}
}
