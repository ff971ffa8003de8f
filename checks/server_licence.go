package checks

import (
	"context"
	"time"

	"boxready/internal/serverprobe"
)

// Causes of server-licence.
const (
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
	switch {
	case !known:
		return one(unknown(UnexpectedAnswer, PortalAdmin))
	case f.At.After(ends):
		args["ends"] = ends.Add(-36 * time.Hour)
		return about(one(problem(LicenceEnded, PortalAdmin)), args)
	case ends.Sub(f.At) < licenceSoon:
		args["ends"], args["left"] = ends.Add(-36*time.Hour), ends.Sub(f.At)
		return about(one(notice(LicenceEndsSoon, PortalAdmin)), args)
	}
	args["ends"] = ends.Add(-36 * time.Hour)
	return about(ok(), args)
}
