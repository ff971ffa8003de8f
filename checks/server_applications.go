package checks

import (
	"context"
	"time"

	"boxready/internal/serverprobe"
)

// Causes of server-applications, besides install-unfinished.
const (
	AppInactive       Cause = "app-inactive"
	AppPaymentExpired Cause = "app-payment-expired"
)

// ApplicationsFacts are the applications in the portal's database.
type ApplicationsFacts struct {
	At           time.Time                 `json:"at"`
	Applications []serverprobe.Application `json:"applications,omitempty"`
}

func hasApplications(p *serverprobe.Probe) bool { return p.Applications != nil }

func observeApplications(_ context.Context, env *Env) (*ApplicationsFacts, error) {
	return &ApplicationsFacts{At: env.now().UTC(), Applications: env.probe().Applications}, nil
}

func judgeApplications(f *ApplicationsFacts, _ FactsByCheck) []Result {
	var results []Result
	for _, c := range []struct {
		cause Cause
		holds func(serverprobe.Application) bool
	}{
		// An application that is neither active nor installed was removed.
		{InstallUnfinished, func(a serverprobe.Application) bool { return a.Active && !a.Installed }},
		{AppInactive, func(a serverprobe.Application) bool { return !a.Active && a.Installed }},
		{AppPaymentExpired, func(a serverprobe.Application) bool { return a.Active && unpaid(a, f.At) }},
	} {
		var names []string
		for _, a := range f.Applications {
			if c.holds(a) {
				names = append(names, appName(a))
			}
		}
		if names != nil {
			results = append(results, problem(c.cause, PortalAdmin).with(Args{"applications": names, "count": len(names)}))
		}
	}
	return about(orOK(results), Args{"number": len(f.Applications)})
}

func appName(a serverprobe.Application) string {
	if a.Name == "" || a.Name == a.Code {
		return a.Code
	}
	return a.Name + " (" + a.Code + ")"
}

// paidGrace is how long an application works after its last paid day (module rest, AppTable::PAID_GRACE_PERIOD). A trial has
// none, and free, local and subscribed ones have no day of their own.
const paidGrace = 14 * 24 * time.Hour

func unpaid(a serverprobe.Application, at time.Time) bool {
	ends, ok := dayEnd(a.Ends)
	switch a.Status {
	case "P":
		return ok && at.After(ends.Add(paidGrace))
	case "T", "D":
		return ok && at.After(ends)
	}
	return false
}

// dayEnd is the end of a day as the scripts write it, in any time zone.
func dayEnd(day string) (time.Time, bool) {
	t, err := time.Parse(time.DateOnly, day)
	return t.Add(36 * time.Hour), err == nil
}
