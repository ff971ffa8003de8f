package checks

import (
	"context"
	"time"

	"boxready/internal/serverprobe"
)

// Causes of server-licence.
const (
	LicenceDemo     Cause = "licence-demo"
	LicenceEnded    Cause = "licence-ended"
	LicenceEndsSoon Cause = "licence-ends-soon"
)

// ServerLicenceFacts are the licence's dates.
type ServerLicenceFacts struct {
	At      time.Time            `json:"at"`
	Licence *serverprobe.Licence `json:"licence,omitempty"`
}

func hasLicence(p *serverprobe.Probe) bool { return p.Licence != nil }

func observeServerLicence(_ context.Context, env *Env) (*ServerLicenceFacts, error) {
	return &ServerLicenceFacts{At: env.now().UTC(), Licence: env.probe().Licence}, nil
}

// A licence can be renewed from 60 days before its end.
const licenceSoon = 60 * 24 * time.Hour

func judgeServerLicence(f *ServerLicenceFacts, _ FactsByCheck) []Result {
	if f.Licence == nil {
		return one(unknown(UnexpectedAnswer, PortalAdmin))
	}
	// The end of the licence if it is temporary, otherwise of updates and support.
	day, support := f.Licence.Ends, false
	if day == "" {
		day, support = f.Licence.SupportEnds, true
	}
	ends, known := dayEnd(day)
	args := Args{"support": support, "demo": f.Licence.Demo}
	var results []Result
	if f.Licence.Demo {
		results = append(results, notice(LicenceDemo, PortalAdmin))
	}
	if !known {
		if results == nil {
			results = one(unknown(UnexpectedAnswer, PortalAdmin))
		}
		return results
	}
	args["ends"] = ends.Add(-36 * time.Hour)
	switch {
	case f.At.After(ends): // which says more than that it was a trial
		results = one(problem(LicenceEnded, PortalAdmin))
	case ends.Sub(f.At) < licenceSoon:
		args["left"] = ends.Sub(f.At)
		results = append(results, notice(LicenceEndsSoon, PortalAdmin))
	}
	return about(orOK(results), args)
}
