package gui_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"boxready/checks"
	"boxready/internal/requirements"
	"boxready/internal/serverprobe"
)

// endingOn is a run that saw the end of a licence, and of PHP's support in December 2029.
func endingOn(t *testing.T, day time.Time) *fakeChecker {
	ready := readyPortal(t)
	return &fakeChecker{outcome: func(target checks.Target) *checks.Outcome {
		o := ready.outcome(target)
		o.Results = slices.DeleteFunc(o.Results, func(r checks.Result) bool { return r.Check == checks.PortalTLS }) // whose certificate ends soon
		o.Results = append(o.Results,
			checks.Result{Check: checks.ServerLicence, State: checks.OK, Vantage: checks.FromServer, Facts: &checks.ServerLicenceFacts{At: checkedAt, Licence: &serverprobe.Licence{Ends: day.Format(time.DateOnly)}}},
			checks.Result{Check: checks.ServerPlatform, State: checks.OK, Vantage: checks.FromServer, Facts: &checks.ServerPlatformFacts{Web: true, PHP: &serverprobe.PHPSettings{Version: "8.5.1"}}})
		return o
	}}
}

// TestEndings: what ends is listed below the result, folded as long as there is time, and comes first when there isn't.
func TestEndings(t *testing.T) {
	licence, php, advice := "Лицензия: до ", "для версии 8.5: до 31.12.2029", "Продлить её можно не раньше чем за 60 дней"
	place := func(r *testWindow, text string) int { return strings.Index(strings.Join(r.texts(), "\n"), text) }
	r := checkedPortal(t, setup{checker: endingOn(t, checkedAt.AddDate(2, 0, 0))})
	r.mustSay("Что и когда заканчивается", licence)
	r.mustNotSay(php, advice)
	if place(r, licence) < place(r, "В порядке") {
		t.Error("an end that is far away comes first")
	}
	r.tap("и ещё")
	r.mustSay(php)

	r = checkedPortal(t, setup{checker: endingOn(t, checkedAt.AddDate(0, 0, 10))})
	r.mustSay(licence, advice, php)
	if place(r, licence) > place(r, "В порядке") {
		t.Error("an end that is near doesn't come first")
	}
}

// TestSupportAddress: the address that an application's requirements name is shown before a letter goes there.
func TestSupportAddress(t *testing.T) {
	for name, test := range map[string]struct{ support, shown, mail, page string }{
		"e-mail": {"mailto:help@vendor.example", "адрес: help@vendor.example", "mailto:help@vendor.example?", ""},
		"a page": {"https://vendor.example/help", "адрес: https://vendor.example/help", "mailto:?", "https://vendor.example/help"},
		"none":   {"", "", "mailto:?", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := open(t, setup{})
			r.w.ShowOutcome(&checks.Outcome{
				Target: checks.Target{Address: mustParse(t, "portal.example.ru"),
					Requirements: &requirements.Requirements{Applications: []requirements.Application{{Name: "Звонок+", Support: test.support}}}},
				Verdict: checks.Unsure,
				Results: []checks.Result{{Check: checks.AppInstalled, State: checks.Problem, Cause: checks.AppPaymentRequired, Owner: checks.Vendor, Vantage: checks.FromPortal}},
			})
			r.openSection("letters")
			if test.shown != "" {
				r.mustSay("В требованиях «Звонок+»", test.shown)
			} else {
				r.mustNotSay("для обращений указан адрес")
			}
			r.tap(r.say("window.letters.mail", nil))
			if address := <-r.opened; !strings.HasPrefix(address, test.mail) {
				t.Errorf("opened %q", address)
			}
			if test.page != "" {
				r.tap(r.say("window.letters.open-support", nil))
				if address := <-r.opened; address != test.page {
					t.Errorf("opened %q", address)
				}
			}
		})
	}
}
