package checks

import (
	"slices"
	"time"
)

// Acknowledgement is somebody's decision to leave a finding as it is. Portal, check and cause say which one.
type Acknowledgement struct {
	Portal   string // as portal.Address writes it
	Check    ID
	Cause    Cause
	State    State    // of the finding then; "" for any
	Subjects []string // what it was about then, see Result.Subjects; nil for anything
	Reason   string
	Until    time.Time // the finding counts again from then on; zero for no end
	Made     time.Time
}

// Acknowledge returns an acknowledgement of the finding of a check with this cause, as severe as it is now and about what it is now;
// false if there is none.
func (o *Outcome) Acknowledge(check ID, cause Cause) (Acknowledgement, bool) {
	a := Acknowledgement{Portal: o.Target.Address.String(), Check: check, Cause: cause, Subjects: []string{}}
	for _, r := range o.Results {
		if r.Check != check || r.Cause != cause || !r.State.IsFinding() {
			continue
		}
		if r.State.Severity() > a.State.Severity() {
			a.State = r.State
		}
		a.Subjects = append(a.Subjects, r.Subjects()...)
	}
	slices.Sort(a.Subjects)
	a.Subjects = slices.Compact(a.Subjects)
	return a, a.State != ""
}

// covers reports whether the result is the finding that was acknowledged, and neither more severe nor about more than it was then.
func (a *Acknowledgement) covers(portal string, r Result, now time.Time) bool {
	switch {
	case a.Portal != portal || a.Check != r.Check || a.Cause != r.Cause, !r.State.IsFinding(), !a.Until.IsZero() && !now.Before(a.Until):
		return false
	case a.State != "" && r.State.Severity() > a.State.Severity():
		return false
	}
	return a.Subjects == nil || !slices.ContainsFunc(r.Subjects(), func(s string) bool { return !slices.Contains(a.Subjects, s) })
}

// acknowledge marks the results that the target's acknowledgements cover, and no others.
func (t *Target) acknowledge(results []Result, now time.Time) {
	portal := t.Address.String()
	for i := range results {
		r := &results[i]
		r.Acknowledged = nil
		for _, a := range t.Acknowledged {
			if a.covers(portal, *r, now) {
				r.Acknowledged = &Acknowledged{Reason: a.Reason, Until: a.Until}
				break
			}
		}
	}
}

// WithAcknowledged returns the outcome as these acknowledgements leave it at a time, whatever it had.
func (o *Outcome) WithAcknowledged(all []Acknowledgement, now time.Time) *Outcome {
	again := *o
	again.Target.Acknowledged, again.Results = all, slices.Clone(o.Results)
	again.Target.acknowledge(again.Results, now)
	again.judge()
	return &again
}

// NeedsAction reports whether somebody has to act on the result: it is a finding that nobody acknowledged.
func (r Result) NeedsAction() bool { return r.State.IsFinding() && r.Acknowledged == nil }

// keepAcknowledged marks those of the results that are in an earlier conclusion about the same facts, acknowledged and no less severe.
func keepAcknowledged(results, saved []Result) {
	for i := range results {
		r := &results[i]
		for _, s := range saved {
			if s.Acknowledged != nil && s.Check == r.Check && s.Cause == r.Cause && r.State.IsFinding() && r.State.Severity() <= s.State.Severity() {
				r.Acknowledged = s.Acknowledged
			}
		}
	}
}

// CanBeAcknowledged reports whether a check of the catalogue may find the cause. A check that was cancelled found nothing.
func CanBeAcknowledged(check ID, cause Cause) bool {
	if check == SelfClock {
		return cause == ClockWrong
	}
	return slices.ContainsFunc(Catalog(), func(c *Check) bool {
		return c.ID == check && cause != Cancelled && (slices.Contains(c.Causes, cause) || slices.Contains(CommonCauses(), cause))
	})
}
