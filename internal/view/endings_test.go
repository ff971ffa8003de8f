package view

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"boxready/checks"
	"boxready/internal/serverprobe"
)

func TestEndings(t *testing.T) {
	moscow := time.FixedZone("MSK", 3*60*60)
	now := time.Date(2026, time.November, 30, 12, 0, 0, 0, moscow)
	at := func(text string) time.Time {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	certificate := func(name, sha, issuer, from, until string) checks.Certificate {
		return checks.Certificate{CommonName: name, Subject: "CN=" + name, Issuer: "CN=" + issuer, SHA256: sha, NotBefore: at(from), NotAfter: at(until)}
	}
	leaf := certificate("portal.example.com", "1", "Issuer", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")
	tls := func(seen ...checks.TLSSeen) checks.Facts { return &checks.TLSFacts{At: now, Addresses: seen} }
	trusted := &checks.Trust{Public: true, NameMatches: true}
	licence := func(l serverprobe.Licence) checks.Facts {
		return &checks.ServerLicenceFacts{At: now, Licence: &l}
	}
	php := func(version string, web bool) checks.Facts {
		return &checks.ServerPlatformFacts{Web: web, PHP: &serverprobe.PHPSettings{Version: version}}
	}
	application := func(a serverprobe.Application) checks.Facts {
		a.Code, a.Active, a.Installed = "vendor.app", true, true
		return &checks.ApplicationsFacts{At: now, Applications: []serverprobe.Application{a}}
	}
	before, after := at("2027-02-01T10:00:00Z"), at("2027-05-29T10:00:00Z")
	// The wanted ones are written as "what name: time".
	for name, test := range map[string]struct {
		facts checks.Facts
		want  []string
	}{
		"nothing is known": {facts: nil},
		"one certificate at two addresses": {
			tls(checks.TLSSeen{Chain: []checks.Certificate{leaf}, Trust: trusted}, checks.TLSSeen{Chain: []checks.Certificate{leaf}, Trust: trusted}),
			[]string{"certificate portal.example.com: 2027-01-01T00:00:00Z"}},
		"another certificate at another address": {
			tls(checks.TLSSeen{Chain: []checks.Certificate{leaf}, Trust: trusted}, checks.TLSSeen{Chain: []checks.Certificate{
				certificate("portal.example.com", "2", "Issuer", "2026-01-01T00:00:00Z", "2026-12-24T00:00:00Z")}, Trust: trusted}),
			[]string{"certificate portal.example.com: 2026-12-24T00:00:00Z", "certificate portal.example.com: 2027-01-01T00:00:00Z"}},
		"an issuer that ends first": {
			tls(checks.TLSSeen{Chain: []checks.Certificate{leaf, certificate("Issuer", "2", "Root", "2020-01-01T00:00:00Z", "2026-12-15T00:00:00Z")}, Trust: trusted}),
			[]string{"certificate Issuer: 2026-12-15T00:00:00Z", "certificate portal.example.com: 2027-01-01T00:00:00Z"}},
		"an issuer that ends later": {
			tls(checks.TLSSeen{Chain: []checks.Certificate{leaf, certificate("Issuer", "2", "Root", "2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z")}, Trust: trusted}),
			[]string{"certificate portal.example.com: 2027-01-01T00:00:00Z"}},
		"an old issuer that the chain does without": {
			tls(checks.TLSSeen{Chain: []checks.Certificate{leaf, certificate("Issuer", "2", "Root", "2020-01-01T00:00:00Z", "2026-11-01T00:00:00Z")}, Trust: trusted}),
			[]string{"certificate portal.example.com: 2027-01-01T00:00:00Z"}},
		"an inspecting proxy's certificate": {facts: tls(checks.TLSSeen{Chain: []checks.Certificate{leaf}, Trust: &checks.Trust{NameMatches: true}, Gateway: "proxy"})},
		"a guest network's certificate":     {facts: tls(checks.TLSSeen{Chain: []checks.Certificate{leaf}, Trust: &checks.Trust{}, VendorsToo: true})},
		"no answer at the address":          {facts: tls(checks.TLSSeen{})},
		"a licence for a time": {licence(serverprobe.Licence{Name: "CRM", Ends: "2026-12-31", SupportEnds: "2026-12-31"}),
			[]string{"licence CRM: 2026-12-31T20:59:59Z"}},
		"updates that end first": {licence(serverprobe.Licence{Ends: "2027-12-31", SupportEnds: "2026-12-31"}),
			[]string{"subscription : 2026-12-31T20:59:59Z", "licence : 2027-12-31T20:59:59Z"}},
		"a demo key":                   {licence(serverprobe.Licence{Demo: true, Ends: "2026-12-12"}), []string{"demo-licence : 2026-12-12T20:59:59Z"}},
		"the Market":                   {licence(serverprobe.Licence{MarketEnds: "2026-12-12"}), []string{"market : 2026-12-12T20:59:59Z"}},
		"no date of the licence":       {facts: licence(serverprobe.Licence{Name: "CRM"})},
		"an unreadable date":           {facts: licence(serverprobe.Licence{Ends: "31.12.2026"})},
		"no answer about the licence":  {facts: &checks.ServerLicenceFacts{At: now}},
		"PHP of the web server":        {php("8.2.20", true), []string{"php-support 8.2: 2026-12-31T20:59:59Z"}},
		"PHP that is not maintained":   {php("7.4.33", true), []string{"php-support 7.4: 2022-11-28T20:59:59Z"}},
		"a newer PHP":                  {facts: php("9.0.1", true)},
		"PHP of the command line":      {facts: php("8.2.20", false)},
		"no version of PHP":            {facts: php("", true)},
		"an application that is paid":  {application(serverprobe.Application{Name: "App", Status: "P", Ends: "2027-01-31"}), []string{"application App: 2027-01-31T20:59:59Z"}},
		"an application's trial":       {application(serverprobe.Application{Status: "T", Ends: "2027-01-31"}), []string{"application vendor.app: 2027-01-31T20:59:59Z"}},
		"a free application":           {facts: application(serverprobe.Application{Status: "F", Ends: "2027-01-31"})},
		"a sign-in that was renewed":   {&checks.SignInFacts{At: now, Ends: &before, EndsNow: &after}, []string{"sign-in : 2027-05-29T10:00:00Z"}},
		"a sign-in not renewed now":    {&checks.SignInFacts{At: now, Ends: &before, AuthAnswer: checks.AuthAnswer{Failure: "timeout"}}, []string{"sign-in : 2027-02-01T10:00:00Z"}},
		"a sign-in that was refused":   {facts: &checks.SignInFacts{At: now, Ends: &before, AuthAnswer: checks.AuthAnswer{Error: "invalid_grant"}}},
		"a sign-in of an older report": {facts: &checks.SignInFacts{At: now, Ends: &before}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, e := range Endings([]checks.Result{{Check: "x", Facts: test.facts}}, now) {
				got = append(got, e.What+" "+e.Name+": "+e.At.UTC().Format(time.RFC3339))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
	t.Run("acknowledged", func(t *testing.T) {
		results := []checks.Result{
			{Check: checks.PortalTLS, Cause: checks.TLSExpired, Acknowledged: &checks.Acknowledged{Until: before}},
			{Check: checks.ServerLicence, Cause: checks.LicenceDemo, Acknowledged: &checks.Acknowledged{}}, // for good
		}
		got := Endings(results, now)
		if len(got) != 1 || got[0].What != EndsAcknowledged || got[0].Check != checks.PortalTLS || got[0].Name != "tls-expired" || !got[0].At.Equal(before) {
			t.Error(got)
		}
	})
}

// TestEndingsOfUntrustedFacts: facts from somebody's report may hold anything.
func TestEndingsOfUntrustedFacts(t *testing.T) {
	f := &checks.ApplicationsFacts{}
	for i := range 2000 {
		f.Applications = append(f.Applications, serverprobe.Application{Name: fmt.Sprintf("\x1b[31m%d %s", i, strings.Repeat("n", 500)), Status: "P", Active: true, Installed: true, Ends: "2027-01-31"})
	}
	all := Endings([]checks.Result{{Facts: f}}, time.Now())
	if len(all) == 0 || len(all) > 1000 {
		t.Fatalf("%d", len(all))
	}
	if name := all[0].Name; utf8.RuneCountInString(name) > 100 || strings.Contains(name, "\x1b") {
		t.Errorf("%q", name)
	}
}

func TestEndingNear(t *testing.T) {
	now := time.Date(2026, time.November, 30, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		left, lifetime time.Duration
		near, soon     bool
	}{
		"over":                          {left: -day, near: true, soon: true},
		"in 30 days":                    {left: 30 * day, near: true, soon: true},
		"in more than 30 days":          {left: 30*day + time.Second, near: true},
		"in 90 days":                    {left: 90 * day, near: true},
		"in more than 90 days":          {left: 90*day + time.Second},
		"certificate of a year":         {left: 90 * day, lifetime: 398 * day, near: true},
		"new certificate of 90 days":    {left: 60 * day, lifetime: 90 * day},
		"certificate of 90 days, due":   {left: 29 * day, lifetime: 90 * day, near: true},
		"certificate of 90 days, late":  {left: 22 * day, lifetime: 90 * day, near: true, soon: true},
		"new certificate of six days":   {left: 4 * day, lifetime: 6 * day},
		"certificate of six days, late": {left: day, lifetime: 6 * day, near: true, soon: true},
	} {
		t.Run(name, func(t *testing.T) {
			e := Ending{At: now.Add(test.left), lifetime: test.lifetime}
			if e.Near(now) != test.near || e.Soon(now) != test.soon {
				t.Errorf("near %v, soon %v", e.Near(now), e.Soon(now))
			}
		})
	}
}
