package gui_test

import (
	"fmt"
	"strings"
	"testing"

	"boxready/checks"
)

// many is an outcome with n findings.
func many(n int) func(checks.Target) *checks.Outcome {
	return func(target checks.Target) *checks.Outcome {
		o := &checks.Outcome{Target: target, Verdict: checks.NotReady}
		ids := checks.Catalog()
		for i := range n {
			c := ids[i%len(ids)]
			o.Results = append(o.Results, checks.Result{Check: c.ID, State: checks.Problem, Cause: checks.Cause(fmt.Sprintf("cause-%d", i)), Owner: checks.PortalAdmin, Vantage: c.Vantage})
		}
		return o
	}
}

// longList is an outcome in which one check saw n names.
func longList(n int) func(checks.Target) *checks.Outcome {
	return func(target checks.Target) *checks.Outcome {
		facts := struct {
			Missing []struct {
				Name string `json:"name"`
				Why  string `json:"kind"`
			} `json:"methods"`
		}{}
		names := make([]string, n)
		for i := range n {
			names[i] = fmt.Sprintf("crm.item.method%d", i)
			facts.Missing = append(facts.Missing, struct {
				Name string `json:"name"`
				Why  string `json:"kind"`
			}{names[i], "unknown"})
		}
		return &checks.Outcome{Target: target, Verdict: checks.NotReady, Results: []checks.Result{{
			Check: checks.RESTRoute, State: checks.Problem, Cause: checks.RESTNotBitrix, Owner: checks.PortalAdmin, Vantage: checks.FromPortal,
			Facts: &facts, Args: checks.Args{"missing": names, "body": strings.Repeat("x", 1<<16)},
		}}}
	}
}

func TestTwoHundredFindings(t *testing.T) {
	r := checkedPortal(t, setup{checker: &fakeChecker{outcome: many(200)}})
	r.mustSay("Исправляет администратор портала, и ещё 199 проблем")
	shown := func() (n int) {
		for _, text := range r.texts() {
			if strings.Contains(text, ".title") {
				n++
			}
		}
		return n
	}
	first := shown()
	if first < 50 {
		t.Errorf("%d findings are shown", first)
	}
	for r.says("Показать ещё") {
		r.tap("Показать ещё")
	}
	if all := shown(); all < 200 {
		t.Errorf("%d findings are shown in the end", all)
	}
}

func TestFiveThousandMethods(t *testing.T) {
	r := checkedPortal(t, setup{checker: &fakeChecker{outcome: longList(5000)}})
	r.tap(r.title(checks.RESTRoute, checks.RESTNotBitrix))
	r.tap("Подробности")
	r.mustSay("crm.item.method0", "Показано не всё")
	r.tap("Скопировать все факты")
	if copied := r.app.Clipboard().Content(); !strings.Contains(copied, "crm.item.method4999") {
		t.Errorf("only %d bytes are copied", len(copied))
	}
}
