package checks_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"boxready/checks"
	"boxready/internal/bitrix"
	"boxready/internal/requirements"
	"boxready/internal/simportal"
)

// young is a method of REST 3.0 that portals have and the documentation lacks.
const young = "crm.mycompany.basic.field.list"

// asksREST3 returns the requests under /rest/api/, as "credential path" without the credential itself.
func (p scenarioResult) asksREST3() (asked []string) {
	for _, r := range p.toPortal() {
		rest, ok := strings.CutPrefix(r.Path, "/rest/api/")
		if !ok {
			continue
		}
		with := "nobody "
		for _, s := range p.secrets {
			if strings.Contains(rest+string(r.Body), s.Reveal()) {
				with = "owner "
			}
		}
		asked = append(asked, with+rest[strings.LastIndexByte(rest, '/')+1:])
	}
	slices.Sort(asked)
	return asked
}

// TestREST3 asserts what is asked of REST 3.0, with which credential, and what follows for the methods required.
func TestREST3(t *testing.T) {
	t.Parallel()
	if _, known := bitrix.Method(young); known {
		t.Fatalf("%s is in the catalogue", young)
	}
	const description = "rest.documentation.openapi"
	refused := func(w http.ResponseWriter, r simportal.Request) bool {
		if strings.Count(r.Path, "/") < 4 || !strings.HasSuffix(r.Path, description) {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"error":{"code":"BITRIX_REST_V3_EXCEPTION_ACCESSDENIEDEXCEPTION","message":"Доступ запрещён."}}`)
		return true
	}
	for _, c := range []struct {
		name     string
		methods  []string
		with     string
		faults   []string
		answer   func(http.ResponseWriter, simportal.Request) bool
		asked    []string
		findings []string // of the check methods
	}{
		{"no such method required", []string{"crm.item.list"}, "webhook", nil, nil, nil, nil},
		{"all described", []string{"api/tasks.task.get", "mail.message.send", young}, "webhook", nil, nil, []string{"nobody " + description, "owner " + description}, nil},
		{"signed in", []string{"api/tasks.task.get", young}, "sign-in", nil, nil, []string{"nobody " + description, "owner " + description}, nil},
		{"a name that nobody knows", []string{"crm.deal.lits", young}, "webhook", nil, nil,
			[]string{"nobody crm.deal.lits", "nobody " + description, "owner " + description}, []string{"method-unknown crm.deal.lits"}},
		{"known to the older interface", []string{"user.admin.list"}, "webhook", nil, nil, nil, nil},
		{"in the older interface alone", []string{"api/crm.deal.list"}, "webhook", nil, nil,
			[]string{"nobody crm.deal.list", "nobody " + description, "owner " + description}, []string{"method-unknown api/crm.deal.list"}},
		{"no description for this credential", []string{"api/tasks.task.get", young}, "webhook", nil, refused,
			[]string{"nobody " + young, "nobody " + description, "nobody tasks.task.get", "owner " + description}, nil},
		{"no REST 3.0", []string{"api/tasks.task.get", "mail.message.send", "crm.deal.lits"}, "webhook", []string{"rest3-missing"}, nil,
			[]string{"nobody " + description}, []string{"method-unknown crm.deal.lits", "rest3-missing api/tasks.task.get mail.message.send"}},
		{"no method.get either", []string{"mail.message.send"}, "webhook", []string{"platform-outdated"}, nil, nil, []string{"rest3-missing mail.message.send"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := scenario{with: []string{c.with}, faults: c.faults, answer: c.answer, requirements: &requirements.Requirements{Methods: c.methods}}.execute(t)
			p.assertRequestRules(t, c.with == "sign-in")
			if got := p.asksREST3(); !slices.Equal(got, c.asked) {
				t.Errorf("asked %q, want %q", got, c.asked)
			}
			var found []string
			for _, r := range p.Results {
				if r.Check == checks.RequiredMethods && r.State != checks.OK {
					found = append(found, strings.Join(append([]string{string(r.Cause)}, r.Args["names"].([]string)...), " "))
				}
			}
			slices.Sort(found)
			if !slices.Equal(found, c.findings) {
				t.Errorf("found %q, want %q", found, c.findings)
			}
		})
	}
}

// TestFewNamesAreLookedUp asserts that a file about something else causes no flood of requests, and that nothing is said of a name that
// wasn't looked up both ways.
func TestFewNamesAreLookedUp(t *testing.T) {
	t.Parallel()
	needs := &requirements.Requirements{}
	for i := range 70 {
		needs.Methods = append(needs.Methods, fmt.Sprintf("some.other%d", i))
	}
	p := scenario{with: []string{"webhook"}, requirements: needs}.execute(t)
	p.assertRequestRules(t, false)
	if n := len(p.asksREST3()); n != 2+50 {
		t.Errorf("%d requests to REST 3.0", n)
	}
	counts := map[checks.Cause]any{}
	for _, r := range p.Results {
		if r.Check == checks.RequiredMethods {
			counts[r.Cause] = r.Args["count"]
		}
	}
	if counts[checks.MethodUnknown] != 50 || counts[checks.MethodUnsure] != 20 {
		t.Errorf("found %v", counts)
	}
}
