package report_test

import (
	"bytes"
	"testing"

	"boxready/checks"
	"boxready/internal/report"
)

// TestHiddenIdentity asserts that a report with names hidden has neither the portal's member_id nor the address of another portal with
// the same one, and that the report has both otherwise.
func TestHiddenIdentity(t *testing.T) {
	o := runDemo(t, "portal-clone")
	id := ""
	for _, r := range o.Results {
		if r.Cause == checks.PortalClone {
			id = checks.MemberID(r.Facts)
		}
	}
	if id == "" {
		t.Fatalf("the fault isn't found: %v", o.Results)
	}
	for _, lang := range []string{"ru", "en"} {
		for _, hide := range [][]report.Category{nil, report.Categories()} {
			b := bundle(t, reporter(t, lang), report.Contents{Outcome: o, Hide: hide})
			seen := map[string]bool{}
			for _, f := range b.Files {
				for _, value := range []string{id, "portal-copy"} {
					if bytes.Contains(bytes.ToLower(f.Data), bytes.ToLower([]byte(value))) {
						seen[value] = true
						if hide != nil {
							t.Errorf("%s: %s has %s", lang, f.Name, value)
						}
					}
				}
			}
			if hide == nil && len(seen) != 2 {
				t.Errorf("%s: of both, the report has only %v", lang, seen)
			}
		}
	}
}
