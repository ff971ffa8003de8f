package view

import (
	"slices"
	"time"

	"boxready/checks"
)

// settledFor is how long a verdict has been settled before it is shown: the end of a run that comes sooner would only make the page jump.
const settledFor = time.Second

// EarlyVerdict follows a run, and knows its verdict as soon as nothing that is pending can change it. nil knows none.
type EarlyVerdict struct {
	Results []checks.Result // so far
	pending []checks.ID
	verdict checks.Verdict
	since   time.Time // when it was settled
}

// NewEarlyVerdict returns one for a run of the planned checks, see checks.Plan.
func NewEarlyVerdict(planned []checks.ID) *EarlyVerdict {
	return &EarlyVerdict{pending: slices.Clone(planned)}
}

// Finished notes the results of a check.
func (e *EarlyVerdict) Finished(id checks.ID, results []checks.Result, now time.Time) {
	if e == nil {
		return
	}
	e.Results = append(e.Results, results...)
	e.pending = slices.DeleteFunc(e.pending, func(other checks.ID) bool { return other == id })
	if e.verdict == "" && len(e.pending) > 0 {
		if verdict, settled := checks.Settled(e.Results, e.pending); settled {
			e.verdict, e.since = verdict, now
		}
	}
}

// At returns the verdict to show now; "" as long as there is none.
func (e *EarlyVerdict) At(now time.Time) checks.Verdict {
	if e == nil || e.verdict == "" || now.Sub(e.since) <= settledFor {
		return ""
	}
	return e.verdict
}
