package app

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"boxready/checks"
	"boxready/internal/acknowledged"
)

// TestAcknowledged unites the owner's acknowledged findings with those of a team; what can't be read is kept aside, and told once.
func TestAcknowledged(t *testing.T) {
	dir := t.TempDir()
	team := filepath.Join(dir, "team.json")
	if err := os.WriteFile(team, []byte(`{"boxready": 1, "acknowledged": [{"portal": "a.example", "check": "modules", "cause": "module-missing", "reason": "team"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	var aside []string
	options := Options{InMemory: true, Config: filepath.Join(dir, "config"), Acknowledged: []string{team}, KeptAside: func(path string) { aside = append(aside, path) }}
	a, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	own := checks.Acknowledgement{Portal: "https://b.example", Check: checks.RequiredModules, Cause: checks.ModuleMissing, Reason: "own"}
	if err := a.Acknowledge(t.Context(), own); err != nil {
		t.Fatal(err)
	}
	if all := a.Acknowledged(); len(all) != 2 || all[0].Reason != "own" || all[1].Reason != "team" || len(a.OwnAcknowledged()) != 1 {
		t.Errorf("%+v", all)
	}
	if err := os.WriteFile(filepath.Join(options.Config, acknowledged.FileName), []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if all := a.Acknowledged(); len(all) != 1 || len(aside) != 1 {
			t.Errorf("%+v, told of %q", all, aside)
		}
	}
	if found, err := a.Unacknowledge(t.Context(), own.Portal, own.Check, own.Cause); found || err != nil {
		t.Errorf("%t, %v", found, err)
	}

	options.Acknowledged = []string{filepath.Join(options.Config, acknowledged.FileName+".unreadable")}
	var input *InputError
	if _, err := New(options); !errors.As(err, &input) || input.Code != BadAcknowledged {
		t.Errorf("%v", err)
	}
}
