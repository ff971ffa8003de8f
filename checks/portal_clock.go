package checks

import (
	"context"
	"time"
)

// Causes of portal-clock.
const (
	ClockOff   Cause = "clock-off"
	ClockWrong Cause = "clock-wrong"
)

const (
	clockOff   = time.Minute
	clockWrong = 10 * time.Minute
)

// ClockFacts compare the portal's clock with this computer's.
type ClockFacts struct {
	Portal *time.Time `json:"portal,omitempty"` // by the answer's Date header, in whole seconds
	Here   time.Time  `json:"here"`             // at the middle of that request
	// OffsetS is how many seconds the portal's clock is ahead of this computer's.
	OffsetS float64 `json:"offset_s"`
}

func observeClock(ctx context.Context, env *Env) (*ClockFacts, error) {
	x := env.exchange(routeRequest, env.ask(ctx, routeRequest))
	f := &ClockFacts{Portal: x.Date, Here: x.middle()}
	if f.Portal != nil {
		f.OffsetS = f.Portal.Sub(f.Here).Seconds()
	}
	return f, nil
}

// middle is the best estimate of when the answer was written.
func (x *Exchange) middle() time.Time {
	return x.At.Add(time.Duration(x.Times.Total-x.Times.Wait/2) * time.Millisecond)
}

func judgeClock(f *ClockFacts, seen FactsByCheck) []Result {
	if f.Portal == nil {
		return one(unknown(UnexpectedAnswer, ServerAdmin))
	}
	offset := seconds(f.OffsetS)
	args := Args{"offset": offset, "ahead": offset > 0, "large": offset.Abs() > clockWrong}
	if offset.Abs() < clockOff {
		return ok()
	}
	// The portal's clock is wrong only if a third one agrees with this computer's.
	here, known := factsOf[VendorFacts](seen, AuthServerFromComputer).offset()
	portalToThird := offset - here
	switch {
	case known && here.Abs() >= clockOff && portalToThird.Abs() < clockOff && offset.Abs() <= clockWrong:
		return ok() // this computer's clock is slightly wrong
	case offset.Abs() <= clockWrong:
		return one(notice(ClockOff, ServerAdmin).with(args))
	case !known:
		return one(unknown(ClockOff, ServerAdmin).with(args))
	case here.Abs() >= clockOff:
		self := problem(ClockWrong, You).with(Args{"offset": here, "ahead": here < 0})
		self.Check = SelfClock
		return []Result{self, {State: Skipped, Because: SelfClock}}
	default:
		return one(problem(ClockWrong, ServerAdmin).with(args))
	}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
