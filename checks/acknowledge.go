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

// subjectArgs are the values of sentences that name what a finding is about: hosts, methods, modules, applications, a certificate by
// its issuer, subject and dates, the code of a refusal, and so on. If one of them is new, the finding is another one.
var subjectArgs = []string{"host", "hosts", "dead", "methods", "names", "modules", "missing", "low", "applications", "code", "handlers", "pages", "url",
	"other", "sharing", "lost", "user", "error", "interceptor", "authority", "issuer", "subject", "not_before", "not_after"}

// Subjects are what the result is about, each once and in order; never nil.
func (r Result) Subjects() []string {
	subjects := []string{}
	for _, name := range subjectArgs {
		switch value := r.Args[name].(type) {
		case string:
			subjects = append(subjects, value)
		case []string:
			subjects = append(subjects, value...)
		case time.Time:
			subjects = append(subjects, value.UTC().Format(time.RFC3339))
		}
	}
	slices.Sort(subjects)
	return slices.DeleteFunc(slices.Compact(subjects), func(s string) bool { return s == "" })
}

// severity orders the states of findings, 0 for the others. What is unknown may be worse than a notice.
func (s State) severity() int { return slices.Index([]State{Notice, Unknown, Problem}, s) + 1 }

// Acknowledge returns an acknowledgement of the finding of a check with this cause, as severe as it is now and about what it is now;
// false if there is none.
func (o *Outcome) Acknowledge(check ID, cause Cause) (Acknowledgement, bool) {
	a := Acknowledgement{Portal: o.Target.Address.String(), Check: check, Cause: cause, Subjects: []string{}}
	for _, r := range o.Results {
		if r.Check != check || r.Cause != cause || r.State.severity() == 0 {
			continue
		}
		if r.State.severity() > a.State.severity() {
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
	case a.Portal != portal || a.Check != r.Check || a.Cause != r.Cause, r.State.severity() == 0, !a.Until.IsZero() && !now.Before(a.Until):
		return false
	case a.State != "" && r.State.severity() > a.State.severity():
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
func (r Result) NeedsAction() bool { return r.State.severity() > 0 && r.Acknowledged == nil }

// keepAcknowledged marks those of the results that are in an earlier conclusion about the same facts, acknowledged and no less severe.
func keepAcknowledged(results, saved []Result) {
	for i := range results {
		r := &results[i]
		for _, s := range saved {
			if s.Acknowledged != nil && s.Check == r.Check && s.Cause == r.Cause && r.State.severity() > 0 && r.State.severity() <= s.State.severity() {
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
