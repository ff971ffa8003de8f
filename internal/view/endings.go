package view

import (
	"cmp"
	"slices"
	"time"

	"boxready/checks"
	"boxready/internal/untrusted"
	"boxready/internal/words"
)

// Ending is something that a portal depends on, and when it ends.
type Ending struct {
	What  string    `json:"what"`  // a code, one of those below
	Check checks.ID `json:"check"` // whose facts tell it
	Name  string    `json:"name"`  // the host, licence, version or application that it is about; "" if there is but one
	At    time.Time `json:"at"`    // in UTC

	lifetime time.Duration // of a certificate, which a program may renew; 0 for others
}

// What ends.
const (
	EndsCertificate  = "certificate"  // the portal's own, or an issuer's that ends before it
	EndsLicence      = "licence"      // a licence for a time
	EndsDemo         = "demo-licence" // a demo key
	EndsSubscription = "subscription" // updates and support
	EndsMarket       = "market"       // the subscription to the Market
	EndsApplication  = "application"  // what an application is paid for, or its trial
	EndsPHP          = "php-support"  // php.net's security fixes
	EndsSignIn       = "sign-in"      // the saved sign-in, unless it is renewed before
	EndsAcknowledged = "acknowledged" // a finding counts again from then on
)

// Limits of what facts from an untrusted report may hold: far more than a portal has.
const (
	maxName    = 100 // characters
	maxEndings = 200
)

// Endings returns what the results' facts say of what ends, the earliest first; what ended already is among it, and what isn't known
// isn't. The facts have to be typed, see checks.JudgeAgain. A day ends at midnight in now's time zone, as do the days that servers tell.
func Endings(results []checks.Result, now time.Time) []Ending {
	var all []Ending
	add := func(e Ending) {
		if e.At.IsZero() || len(all) == maxEndings {
			return
		}
		e.At, e.Name = e.At.UTC(), untrusted.Truncate(untrusted.Line(e.Name), maxName)
		same := func(other Ending) bool { return e.What == other.What && e.Name == other.Name && e.At.Equal(other.At) }
		if !slices.ContainsFunc(all, same) { // several results of a check have the same facts
			all = append(all, e)
		}
	}
	onDay := func(r checks.Result, what, name, day string) {
		if at, err := time.ParseInLocation(time.DateOnly, day, now.Location()); err == nil {
			add(Ending{What: what, Check: r.Check, Name: name, At: at.AddDate(0, 0, 1).Add(-time.Second)})
		}
	}
	for _, r := range results {
		if r.Acknowledged != nil {
			add(Ending{What: EndsAcknowledged, Check: r.Check, Name: string(r.Cause), At: r.Acknowledged.Until})
		}
		switch f := r.Facts.(type) {
		case *checks.TLSFacts:
			for _, c := range f.InUse() {
				add(Ending{What: EndsCertificate, Check: r.Check, Name: cmp.Or(append([]string{c.CommonName}, c.Names...)...), At: c.NotAfter,
					lifetime: c.NotAfter.Sub(c.NotBefore)})
			}
		case *checks.ServerLicenceFacts:
			l := f.Licence
			if l == nil {
				continue
			}
			what := EndsLicence
			if l.Demo {
				what = EndsDemo
			}
			onDay(r, what, l.Name, l.Ends)
			if l.SupportEnds != l.Ends {
				onDay(r, EndsSubscription, l.Name, l.SupportEnds)
			}
			onDay(r, EndsMarket, "", l.MarketEnds)
		case *checks.ApplicationsFacts:
			for _, a := range f.Applications {
				if a.Active && a.Installed && slices.Contains([]string{"P", "T", "D"}, a.Status) { // others have no day of their own
					onDay(r, EndsApplication, cmp.Or(a.Name, a.Code), a.Ends)
				}
			}
		case *checks.ServerPlatformFacts:
			branch, day := f.PHPSupport()
			onDay(r, EndsPHP, branch, day)
		case *checks.SignInFacts:
			add(Ending{What: EndsSignIn, Check: r.Check, At: f.EndsAfter()})
		}
	}
	slices.SortStableFunc(all, func(a, b Ending) int { return a.At.Compare(b.At) })
	return all
}

const day = 24 * time.Hour

// Near reports whether an ending is near enough to plan for it: within 90 days, or in the last third of the life of a certificate that
// doesn't live much longer.
func (e Ending) Near(now time.Time) bool { return e.within(now, 90*day, 3) }

// Soon reports whether something should be done about it by now: within 30 days, or in the last quarter of a certificate's life.
func (e Ending) Soon(now time.Time) bool { return e.within(now, 30*day, 4) }

func (e Ending) within(now time.Time, lead time.Duration, part time.Duration) bool {
	if e.lifetime > 0 {
		lead = min(lead, e.lifetime/part)
	}
	return e.At.Sub(now) <= lead
}

// endingOwners are those who can renew what ends.
var endingOwners = map[string]checks.Owner{EndsCertificate: checks.ServerAdmin, EndsPHP: checks.ServerAdmin, EndsLicence: checks.PortalAdmin,
	EndsDemo: checks.PortalAdmin, EndsSubscription: checks.PortalAdmin, EndsMarket: checks.PortalAdmin, EndsApplication: checks.PortalAdmin}

// Text says what ends, or ended, and when.
func (e Ending) Text(w *words.Texts, now time.Time) string {
	key := "ending.until"
	if e.At.Before(now) {
		key = "ending.ended"
	}
	what := w.Say("ending."+e.What+".what", checks.Args{"name": e.Name, "check": w.Name(e.Check)})
	return w.Say(key, checks.Args{"what": what, "at": e.At})
}

// Advice says what to do about it, or about what it has led to.
func (e Ending) Advice(w *words.Texts, now time.Time) string {
	return w.Say("ending."+e.What+".do", checks.Args{"ended": e.At.Before(now)})
}

// Owner is who can renew it; you for what is kept on this computer.
func (e Ending) Owner() checks.Owner { return cmp.Or(endingOwners[e.What], checks.You) }
