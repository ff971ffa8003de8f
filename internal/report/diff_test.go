package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"boxready/checks"
	"boxready/internal/report"
	"boxready/internal/words"

	"github.com/google/go-cmp/cmp"
)

func entry(check checks.ID, state checks.State, cause checks.Cause, facts string) report.Entry {
	e := report.Entry{Check: check, State: state, Cause: cause, Facts: json.RawMessage(facts)}
	if cause != "" {
		e.Owner, e.Title = checks.ServerAdmin, "Title of "+string(cause)
	}
	return e
}

func documentOf(entries ...report.Entry) report.Document {
	return report.Document{Schema: 1, Portal: "https://p.example", Results: entries}
}

func TestCompare(t *testing.T) {
	delta := func(check checks.ID, cause checks.Cause, before, after checks.State) []report.Delta {
		return []report.Delta{{Check: check, Cause: cause, Before: before, After: after, Owner: checks.ServerAdmin, Title: "Title of " + string(cause)}}
	}
	other := documentOf(entry("a", checks.OK, "", "{}"))
	other.Portal = "https://other.example"
	earlier, later := documentOf(entry("a", checks.OK, "", "{}")), documentOf(entry("a", checks.OK, "", "{}"))
	earlier.Started, later.Started = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name          string
		before, after report.Document
		want          report.Changes
	}{
		{"nothing", documentOf(entry("a", checks.OK, "", `{"x":1}`)), documentOf(entry("a", checks.OK, "", `{"x":1}`)), report.Changes{}},
		{"new", documentOf(entry("a", checks.OK, "", "{}")), documentOf(entry("a", checks.Problem, "c", "{}")), report.Changes{New: delta("a", "c", "", checks.Problem)}},
		{"new beside another", documentOf(entry("a", checks.Notice, "n", "{}")), documentOf(entry("a", checks.Notice, "n", "{}"), entry("a", checks.Problem, "c", "{}")),
			report.Changes{New: delta("a", "c", "", checks.Problem)}},
		{"could not be seen before", documentOf(entry("a", checks.Skipped, "", "{}")), documentOf(entry("a", checks.Problem, "c", "{}")),
			report.Changes{Revealed: delta("a", "c", "", checks.Problem)}},
		{"was not told before", documentOf(entry("a", checks.Unknown, "timeout", "{}")), documentOf(entry("a", checks.Problem, "c", "{}")),
			report.Changes{Revealed: delta("a", "c", "", checks.Problem), Fixed: delta("a", "timeout", checks.Unknown, "")}},
		{"fixed", documentOf(entry("a", checks.Problem, "c", "{}")), documentOf(entry("a", checks.OK, "", "{}")), report.Changes{Fixed: delta("a", "c", checks.Problem, "")}},
		{"can't be seen now", documentOf(entry("a", checks.Problem, "c", "{}")), documentOf(entry("a", checks.Skipped, "", "{}")),
			report.Changes{Unseen: delta("a", "c", checks.Problem, "")}},
		{"not looked at now", documentOf(entry("a", checks.Problem, "c", "{}")), documentOf(), report.Changes{Unseen: delta("a", "c", checks.Problem, "")}},
		{"graver", documentOf(entry("a", checks.Notice, "c", "{}")), documentOf(entry("a", checks.Problem, "c", "{}")), report.Changes{Changed: delta("a", "c", checks.Notice, checks.Problem)}},
		{"a lesser one that a graver one may have hidden", documentOf(entry("a", checks.Problem, "c", "{}")), documentOf(entry("a", checks.Notice, "n", "{}")),
			report.Changes{Revealed: delta("a", "n", "", checks.Notice), Fixed: delta("a", "c", checks.Problem, "")}},
		{"a graver one in place of a lesser", documentOf(entry("a", checks.Notice, "n", "{}")), documentOf(entry("a", checks.Problem, "c", "{}")),
			report.Changes{New: delta("a", "c", "", checks.Problem), Fixed: delta("a", "n", checks.Notice, "")}},
		{"can't be told now", documentOf(entry("a", checks.OK, "", "{}")), documentOf(entry("a", checks.Unknown, "timeout", "{}")), report.Changes{Unseen: delta("a", "timeout", "", checks.Unknown)}},
		{"can't be told any more", documentOf(entry("a", checks.Problem, "c", "{}")), documentOf(entry("a", checks.Unknown, "c", "{}")), report.Changes{Unseen: delta("a", "c", checks.Problem, checks.Unknown)}},
		{"is told now", documentOf(entry("a", checks.Unknown, "c", "{}")), documentOf(entry("a", checks.Problem, "c", "{}")), report.Changes{Revealed: delta("a", "c", checks.Unknown, checks.Problem)}},
		{"neither run could tell", documentOf(entry("a", checks.Unknown, "timeout", "{}")), documentOf(entry("a", checks.Skipped, "", "{}")), report.Changes{}},
		{"another portal", documentOf(entry("a", checks.OK, "", "{}")), other, report.Changes{OtherPortal: true}},
		{"in order", earlier, later, report.Changes{}},
		{"at the same time", later, later, report.Changes{}},
		{"the later one first", later, earlier, report.Changes{WrongOrder: true}},
		{"evidence", documentOf(entry("a", checks.OK, "", `{"x":1,"at":"1","took_ms":3,"times":{"total":1},"l":["b","a"],"hosts":[{"host":"h2","v":1},{"host":"h1","v":2}],"gone":true}`)),
			documentOf(entry("a", checks.OK, "", `{"x":12345678901,"at":"2","took_ms":5,"times":{"total":9},"l":["a","b"],"hosts":[{"host":"h1","v":2},{"host":"h2","v":7}]}`)),
			report.Changes{Evidence: []report.Evidence{{Check: "a", Facts: []report.FactChange{{Path: "gone", Before: "true"}, {Path: "hosts.h2.v", Before: "1", After: "7"}, {Path: "x", Before: "1", After: "12345678901"}}}}}},
		{"one of both hides names", documentOf(entry("a", checks.OK, "", `{"host":"p.example","ip":"10.0.0.1","x":1}`)),
			documentOf(entry("a", checks.OK, "", `{"host":"portal-1","ip":"ip-1","x":1}`)), report.Changes{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := report.Compare(c.before, c.after)
			if got.None() != (len(c.want.New)+len(c.want.Revealed)+len(c.want.Fixed)+len(c.want.Unseen)+len(c.want.Changed)+len(c.want.Evidence) == 0) {
				t.Errorf("none: %t", got.None())
			}
			for _, list := range []*[]report.Delta{&c.want.New, &c.want.Revealed, &c.want.Fixed, &c.want.Unseen, &c.want.Changed} {
				if *list == nil {
					*list = []report.Delta{} // JSON has lists there, not null
				}
			}
			if c.want.Coincides == nil {
				c.want.Coincides = []report.Coincidence{}
			}
			if c.want.Evidence == nil {
				c.want.Evidence = []report.Evidence{}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// tlsEntry is the finding of an expired certificate.
func tlsEntry(sha256, ends string) report.Entry {
	return entry(checks.PortalTLS, checks.Problem, checks.TLSExpired, fmt.Sprintf(`{"at":"2026-11-30T09:00:00Z","addresses":[{"address":"203.0.113.10","protocol":"TLS 1.3","took_ms":1,
		"chain":[{"subject":"CN=p.example","common_name":"p.example","issuer":"CN=Authority","not_before":"2025-01-01T00:00:00Z","not_after":%q,"serial_number":%q,"key":"ECDSA","signature":"x","sha256":%[2]q}],
		"trust":{"public":true,"name_matches":true,"dates_good":false}}]}`, ends, sha256))
}

// TestCompareSubjects asserts what becomes of a finding that is about something else than before.
func TestCompareSubjects(t *testing.T) {
	limits := func(facts string) report.Entry {
		return entry(checks.ServerPHP, checks.Notice, checks.PHPLimitsLow, `{"web":true,`+facts+`}`)
	}
	const vars, socket, fineVars, fineSocket = `"max_input_vars":"500"`, `"default_socket_timeout":"10"`, `"max_input_vars":"20000"`, `"default_socket_timeout":"90"`
	extension := func(names string) report.Entry {
		return entry(checks.ServerPlatform, checks.Problem, checks.PHPExtensionMissing, `{"web":true,"php":{"missing":[`+names+`]}}`)
	}
	for _, c := range []struct {
		name           string
		before, after  report.Entry
		part           string // that it is in; "" for none
		added, removed []string
	}{
		{"the same, with another value", limits(vars + "," + fineSocket), limits(`"max_input_vars":"400",` + fineSocket), "", nil, nil},
		{"one more", limits(vars + "," + fineSocket), limits(vars + "," + socket), "worse", []string{"default_socket_timeout"}, nil},
		{"one less", limits(vars + "," + socket), limits(vars + "," + fineSocket), "better", nil, []string{"default_socket_timeout"}},
		{"another one", limits(vars + "," + fineSocket), limits(fineVars + "," + socket), "worse", []string{"default_socket_timeout"}, []string{"max_input_vars"}},
		{"hidden in one", extension(`"host-1"`), extension(`"curl"`), "", nil, nil},
		{"facts of another version", limits(vars + "," + fineSocket), limits(vars + "," + socket + `,"future":1`), "", nil, nil},
		{"the same certificate", tlsEntry("aa", "2026-11-01T00:00:00Z"), tlsEntry("aa", "2026-11-01T00:00:00Z"), "", nil, nil},
		{"another certificate", tlsEntry("aa", "2026-11-01T00:00:00Z"), tlsEntry("bb", "2026-11-29T00:00:00Z"), "changed", []string{"bb"}, []string{"aa"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := report.Compare(documentOf(c.before), documentOf(c.after))
			parts := got.Parts()
			if c.part == "" {
				if parts != nil {
					t.Errorf("changed: %+v", parts)
				}
				return
			}
			if len(parts) != 1 || parts[0].Key != c.part || len(parts[0].Deltas) != 1 {
				t.Fatalf("parts: %+v", parts)
			}
			if d := parts[0].Deltas[0]; !slices.Equal(d.Added, c.added) || !slices.Equal(d.Removed, c.removed) {
				t.Errorf("added %q, removed %q", d.Added, d.Removed)
			}
			if worse := len(got.Worse()) > 0; worse != (c.part == "worse") {
				t.Errorf("worse: %t", worse)
			}
		})
	}
}

// TestCoincidences asserts which facts are told beside findings that changed.
func TestCoincidences(t *testing.T) {
	server := func(name string) report.Entry { return entry(checks.RESTRoute, checks.OK, "", `{"server":"`+name+`"}`) }
	good := tlsEntry("aa", "2026-12-30T00:00:00Z")
	good.State, good.Cause = checks.OK, ""
	modules := func(state checks.State, versions string) report.Entry {
		e := entry(checks.ServerModules, state, "", `{"required":{},"versions":{`+versions+`}}`)
		if state != checks.OK {
			e.Cause = checks.ModuleMissing
		}
		return e
	}
	for _, c := range []struct {
		name          string
		before, after report.Document
		want          []report.Coincidence
	}{
		{"the certificate of a finding about it", documentOf(good), documentOf(tlsEntry("bb", "2026-11-29T00:00:00Z")), []report.Coincidence{
			{Fact: "certificate-ends", Before: "2026-12-30T00:00:00Z", After: "2026-11-29T00:00:00Z", Checks: []checks.ID{checks.PortalTLS}},
			{Fact: "certificate-serial", Before: "aa", After: "bb", Checks: []checks.ID{checks.PortalTLS}}}},
		{"what no finding has to do with", documentOf(server("nginx/1.24"), entry(checks.PortalDNS, checks.OK, "", "{}")),
			documentOf(server("nginx/1.26"), entry(checks.PortalDNS, checks.Notice, checks.DNSPrivateOnly, "{}")), nil},
		{"without a finding that changed", documentOf(server("nginx/1.24")), documentOf(server("nginx/1.26")), nil},
		{"versions of modules by name", documentOf(modules(checks.OK, `"main":"25.0.0","rest":"25.0.0","crm":"24.0.0","im":"24.0.0"`)),
			documentOf(modules(checks.Problem, `"main":"25.100.0","rest":"25.0.0","crm":"25.0.0","tasks":"25.0.0"`)), []report.Coincidence{
				{Fact: "module", Name: "main", Before: "25.0.0", After: "25.100.0", Checks: []checks.ID{checks.ServerModules}},
				{Fact: "module", Name: "crm", Before: "24.0.0", After: "25.0.0", Checks: []checks.ID{checks.ServerModules}}}},
		{"a proxy where there was none", documentOf(entry(checks.PortalTLS, checks.OK, "", `{"at":"2026-11-30T09:00:00Z"}`)),
			documentOf(entry(checks.PortalTLS, checks.Problem, checks.TLSIntercepted, `{"at":"2026-11-30T09:00:00Z","proxy":"proxy.example:3128"}`)), []report.Coincidence{
				{Fact: "proxy", After: "proxy.example:3128", Checks: []checks.ID{checks.PortalTLS}}}},
		{"addresses in another order", documentOf(entry(checks.PortalDNS, checks.OK, "", `{"addresses":["203.0.113.1","203.0.113.2"]}`)),
			documentOf(entry(checks.PortalDNS, checks.Notice, "c", `{"addresses":["203.0.113.2","203.0.113.1"]}`)), nil},
		{"hidden in one", documentOf(entry(checks.PortalDNS, checks.OK, "", `{"addresses":["203.0.113.1"]}`)),
			documentOf(entry(checks.PortalDNS, checks.Notice, "c", `{"addresses":["ip-1"]}`)), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(append([]report.Coincidence{}, c.want...), report.Compare(c.before, c.after).Coincides); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestCoincidencesHaveNames asserts that each has words in every language.
func TestCoincidencesHaveNames(t *testing.T) {
	for _, lang := range words.Languages() {
		w := reporter(t, lang).Words
		for _, fact := range report.CoincidingFacts() {
			c := report.Coincidence{Fact: fact, Name: "crm"}
			if title := c.Title(w); title == "" || strings.Contains(title, "changes.fact") {
				t.Errorf("%s: %s has no name", lang, fact)
			}
		}
	}
}

// TestCompareAcrossLanguages asserts that two runs in different languages, one with hidden names, differ only in what the portal
// did.
func TestCompareAcrossLanguages(t *testing.T) {
	o := runDemo(t, "auth-server-unreachable")
	ru := savedRun(t, "ru", report.Contents{Outcome: o})
	en := savedRun(t, "en", report.Contents{Outcome: o, Hide: report.Categories()})
	if changes := report.Compare(ru.Document, en.Document); !changes.None() || changes.OtherPortal {
		t.Errorf("the same run differs: %+v", changes)
	}
	good := savedRun(t, "en", report.Contents{Outcome: runDemo(t)})
	changes := reporter(t, "en").Compare(ru.Document, good.Document)
	if len(changes.Fixed) != 1 || changes.Fixed[0].Cause != checks.AuthServerUnreachable || changes.Fixed[0].Title != "The portal can't reach the authorization server" {
		t.Errorf("fixed: %+v", changes.Fixed)
	}
	var out bytes.Buffer
	changes = reporter(t, "ru").Compare(ru.Document, good.Document)
	if err := reporter(t, "ru").WriteChanges(&out, ru.Document, good.Document, &changes, report.Style{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Больше нет\n", "  проблема: Портал не может связаться с сервером авторизации\n", "tokens.form.error: CONNECTION_ERROR > "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q isn't in\n%s", want, out.String())
		}
	}
}
