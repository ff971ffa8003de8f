package checks

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// Kept is a check whose saved results stay as they are, because its facts can't be judged here.
type Kept struct {
	Check  ID
	Reason KeptReason
}

// KeptReason is why results are kept.
type KeptReason string

// The reasons.
const (
	KeptUnknownCheck KeptReason = "unknown-check" // this version has no such check
	KeptForeignFacts KeptReason = "foreign-facts" // they have another form than this version's, or are hidden
	KeptBrokenOff    KeptReason = "broken-off"    // the check was cancelled or timed out
)

// JudgeAgain draws the conclusions again from an earlier run, which may be of another version and come from an untrusted source.
// The results' facts are JSON (json.RawMessage). Checks that weren't made stay so; results that can't be judged here stay as they
// are, and are returned as Kept.
func JudgeAgain(saved []Result) ([]Result, []Kept) {
	var kept []Kept
	catalog, facts := Catalog(), FactsByCheck{}
	for _, c := range catalog {
		own := of(saved, c)
		if len(own) == 0 {
			continue
		}
		if brokenOff(own[0]) {
			kept = append(kept, Kept{c.ID, KeptBrokenOff})
			continue
		}
		data, _ := own[0].Facts.(json.RawMessage)
		if len(data) == 0 || string(data) == "{}" {
			continue // not made
		}
		// An unknown check may be decisive.
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.DisallowUnknownFields()
		read := c.NewFacts()
		if decoder.Decode(read) != nil {
			kept = append(kept, Kept{c.ID, KeptForeignFacts})
			continue
		}
		facts[c.ID] = read
	}
	judged := map[ID][]Result{}
	for _, c := range catalog {
		if facts[c.ID] == nil {
			continue
		}
		var err error
		if judged[c.ID], err = c.judgeUntrusted(facts); err != nil {
			kept = append(kept, Kept{c.ID, KeptForeignFacts})
			delete(judged, c.ID)
		}
	}
	var results []Result
	for _, c := range catalog {
		own := of(saved, c)
		if judged[c.ID] == nil {
			results = append(results, own...)
			continue
		}
		again := c.applyPrecedence(judged[c.ID], judged)
		if waits := slices.ContainsFunc(again, func(r Result) bool { return r.State == Skipped && facts[r.Because] == nil }); waits && own[0].State != Skipped {
			// Other facts that it was judged by can't be read.
			kept = append(kept, Kept{c.ID, KeptForeignFacts})
			results = append(results, own...)
			continue
		}
		for _, r := range again {
			r.Took = own[0].Took
			results = append(results, r)
		}
	}
	for _, r := range saved {
		known := slices.ContainsFunc(catalog, func(c *Check) bool { return c.ID == r.FoundBy() && r.Check != SelfClock })
		if known || slices.ContainsFunc(results, func(had Result) bool { return had.Check == r.Check }) {
			continue
		}
		if r.Check == SelfClock && facts[PortalClock] != nil {
			continue // portal-clock's verdict, which was drawn again
		}
		results = append(results, r)
		if !slices.Contains(kept, Kept{r.Check, KeptUnknownCheck}) {
			kept = append(kept, Kept{r.Check, KeptUnknownCheck})
		}
	}
	keepAcknowledged(results, saved)
	return results, kept
}

// of returns the results that c yielded, except portal-clock's about this computer's clock.
func of(results []Result, c *Check) []Result {
	return slices.DeleteFunc(slices.Clone(results), func(r Result) bool { return c.ID != r.FoundBy() || r.Check == SelfClock })
}

// brokenOff reports whether the check was ended before it had all facts.
func brokenOff(r Result) bool {
	return slices.Contains([]Cause{Cancelled, TimedOut, InternalError}, r.Cause)
}

// judgeUntrusted judges facts from an untrusted source.
func (c *Check) judgeUntrusted(facts FactsByCheck) (results []Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			results, err = nil, fmt.Errorf("judge %s: %v", c.ID, p)
		}
	}()
	return c.Judge(facts[c.ID], facts), nil
}

// OutcomeOf returns the outcome with the verdict for results.
func OutcomeOf(results []Result) *Outcome {
	o := &Outcome{Results: results}
	o.judge()
	return o
}
