package checks_test

import (
	"crypto/rand"
	"slices"
	"strings"
	"testing"

	"boxready/checks"
	"boxready/internal/report"
	"boxready/internal/secret"
)

// assertReported asserts that a report of the run can be made in every language, with names hidden in one and shown in the other,
// that it contains no secret in use, and that with names hidden it doesn't identify the portal.
func (p scenarioResult) assertReported(t *testing.T, hideInEnglish bool) {
	t.Helper()
	secrets := []secret.String{secret.New(rand.Text())}
	for _, request := range p.sim.Log() {
		for _, token := range append(request.Tokens, webhookCode(request.Path)) {
			secrets = append(secrets, secret.New(token))
		}
	}
	grant := p.sim.IssueGrant("")
	secrets = append(secrets, secret.New(grant.ClientSecret), secret.New(webhookCode(strings.TrimPrefix(p.sim.Webhook(), "https://"+p.sim.Host())+"/")))
	var held []string // in lower case
	for _, s := range secrets {
		if !s.IsZero() && !slices.Contains(held, strings.ToLower(s.Reveal())) {
			held = append(held, strings.ToLower(s.Reveal()))
		}
	}
	for lang, words := range allWords() {
		var hide []report.Category
		if hideInEnglish == (lang == "en") {
			hide = report.Categories()
		}
		reporter := &report.Reporter{Words: words, Version: "test"}
		b, err := reporter.Bundle(report.Contents{Outcome: p.Outcome, Hide: hide, Secrets: secrets})
		if err != nil {
			t.Errorf("%s: %v", lang, err)
			continue
		}
		for _, f := range append(b.Files, report.File{Name: "its name", Data: []byte(b.Name)}) {
			text := strings.ToLower(string(f.Data))
			for _, s := range held {
				if strings.Contains(text, s) {
					t.Errorf("%s: %s shows a secret", lang, f.Name)
				}
			}
			if hide == nil {
				continue
			}
			for _, name := range append(p.identifying(), p.sim.Host(), grant.MemberID) {
				if strings.Contains(text, strings.ToLower(name)) {
					t.Errorf("%s: %s shows %s", lang, f.Name, name)
				}
			}
		}
	}
}

// identifying returns the portal's addresses in the run.
func (p scenarioResult) identifying() (addresses []string) {
	for _, r := range p.Results {
		switch f := r.Facts.(type) {
		case *checks.DeliveryFacts:
			addresses = append(addresses, strings.TrimPrefix(f.Receiver, "https://"))
		case *checks.DNSFacts:
			for _, a := range f.Addresses {
				// Exceptions: the queue's documentation addresses have the same prefix, and some are special everywhere.
				if !a.IsLoopback() && !a.IsUnspecified() {
					addresses = append(addresses, " "+a.String()+" ", `"`+a.String()+`"`)
				}
			}
		case *checks.RedirectFacts:
			if f.HTTPS != nil && len(f.HTTPS.OtherHost) > 1 {
				addresses = append(addresses, f.HTTPS.OtherHost)
			}
		}
	}
	return addresses
}
