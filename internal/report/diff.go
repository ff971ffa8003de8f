package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"boxready/checks"

	"boxready/internal/lazyregexp"
	"boxready/internal/untrusted"
	"boxready/internal/view"
)

// Changes are the differences between two runs. Codes are compared, not texts, so the runs may be in different languages and of
// different versions.
type Changes struct {
	OtherPortal bool          `json:"other_portal"` // the runs aren't about the same portal
	WrongOrder  bool          `json:"wrong_order"`  // the run that was given as the later one is the earlier one
	New         []Delta       `json:"new"`          // notices and problems that were not there before
	Revealed    []Delta       `json:"revealed"`     // those that the earlier run could not have seen
	Fixed       []Delta       `json:"fixed"`        // findings that are gone
	Unseen      []Delta       `json:"unseen"`       // findings that the later run could not see, and what it could not tell
	Changed     []Delta       `json:"changed"`      // findings that are more or less severe, about something else, or another one's to fix
	Coincides   []Coincidence `json:"coincides"`    // other changes that New, Fixed and Changed may belong to
	Evidence    []Evidence    `json:"evidence"`     // facts that differ, whatever the conclusion
}

// Delta is one finding that changed.
type Delta struct {
	Check  checks.ID    `json:"check"`
	Cause  checks.Cause `json:"cause"`
	Before checks.State `json:"before"` // "" if absent
	After  checks.State `json:"after"`  // "" if absent
	Owner  checks.Owner `json:"owner"`
	Title  string       `json:"title"`
	// Added and Removed are what it is about by now and wasn't before, and the other way round, see checks.Result.Subjects.
	Added   []string `json:"added,omitempty"`
	Removed []string `json:"removed,omitempty"`
}

// trend is positive for a finding that got worse, and negative for one that got better.
func (d *Delta) trend() int {
	switch {
	case d.Before != d.After:
		return d.After.Severity() - d.Before.Severity()
	case d.Check == checks.PortalTLS: // the certificate was replaced, with the same fault
		return 0
	case len(d.Added) > 0:
		return 1
	}
	return -len(d.Removed)
}

// Evidence is one check's changed facts.
type Evidence struct {
	Check checks.ID    `json:"check"`
	Facts []FactChange `json:"facts"`
}

// FactChange is one changed value of a check's facts; "" stands for none.
type FactChange struct {
	Path   string `json:"path"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// None reports whether nothing changed.
func (c *Changes) None() bool { return c.Parts() == nil && len(c.Evidence) == 0 }

// Worse returns the notices and problems that are new, more severe or about more. What a run could not tell is no worsening, nor is a
// finding that somebody acknowledged.
func (c *Changes) Worse() []Delta { return slices.Concat(c.New, c.changed(1)) }

// changed are the findings that changed for the worse (1), the better (-1) or neither (0).
func (c *Changes) changed(direction int) []Delta {
	found := []Delta{} // JSON has lists there, not null
	for i := range c.Changed {
		if d := &c.Changed[i]; cmp.Compare(d.trend(), 0) == direction {
			found = append(found, *d)
		}
	}
	return found
}

// Part are the findings that changed in the same way.
type Part struct {
	Key    string // of its heading, "changes."+Key
	Deltas []Delta
}

// Parts returns the findings by what became of them, what needs attention first.
func (c *Changes) Parts() (parts []Part) {
	for _, p := range []Part{{"new", c.New}, {"worse", c.changed(1)}, {"better", c.changed(-1)}, {"changed", c.changed(0)}, {"fixed", c.Fixed}, {"revealed", c.Revealed}, {"unseen", c.Unseen}} {
		if len(p.Deltas) > 0 {
			parts = append(parts, p)
		}
	}
	return parts
}

// finding is a finding in a run that is compared.
type finding struct {
	*checks.Result
	title string
	// subjects are those of the result; nil with hidden names, or if this version can't judge its facts.
	subjects []string
}

// compared is a run that is compared.
type compared struct {
	findings []*finding
	results  []checks.Result
}

func newCompared(d Document) *compared {
	c := &compared{results: d.results()}
	judged, _ := checks.JudgeAgain(c.results)
	for i := range c.results {
		r := &c.results[i]
		if !r.State.IsFinding() {
			continue
		}
		f := &finding{Result: r, title: d.Results[i].Title}
		for j := range judged {
			if again := &judged[j]; again.Check == r.Check && again.Cause == r.Cause && judgedAgain(*again) {
				f.subjects = again.Subjects()
			}
		}
		if slices.ContainsFunc(f.subjects, token().MatchString) {
			f.subjects = nil
		}
		c.findings = append(c.findings, f)
	}
	return c
}

// find returns the finding of the same check and cause, or nil.
func (c *compared) find(f *finding) *finding {
	for _, other := range c.findings {
		if other.Check == f.Check && other.Cause == f.Cause {
			return other
		}
	}
	return nil
}

// hasConclusion reports whether the run has a conclusion of a check.
func (c *compared) hasConclusion(id checks.ID) bool {
	for i := range c.results {
		if r := &c.results[i]; r.Check == id && (r.State == checks.OK || r.State == checks.Notice || r.State == checks.Problem) {
			return true
		}
	}
	return false
}

// couldSee reports whether the earlier run c would have had the finding f of a later one: it has a conclusion of the check, and none
// more severe that is gone and may have hidden it.
func (c *compared) couldSee(f *finding, later *compared) bool {
	for _, then := range c.findings {
		if then.Check == f.Check && then.State.Severity() > f.State.Severity() && later.find(then) == nil {
			return false
		}
	}
	return c.hasConclusion(f.Check)
}

// Compare returns what changed from the earlier to the later of two runs.
func Compare(before, after Document) Changes {
	c := Changes{OtherPortal: !SamePortal(before, after), WrongOrder: after.Started.Before(before.Started),
		New: []Delta{}, Revealed: []Delta{}, Fixed: []Delta{}, Unseen: []Delta{}, Changed: []Delta{}, Coincides: []Coincidence{}, Evidence: []Evidence{}}
	c.compareFindings(newCompared(before), newCompared(after))
	c.Coincides = append(c.Coincides, c.coincidences(before, after)...)
	for _, now := range after.Results {
		same := func(e Evidence) bool { return e.Check == now.Check }
		i := slices.IndexFunc(before.Results, func(then Entry) bool { return then.Check == now.Check })
		if i < 0 || slices.ContainsFunc(c.Evidence, same) {
			continue
		}
		if changed := compareFacts(evidenceIn(before.Results[i]), evidenceIn(now)); changed != nil {
			c.Evidence = append(c.Evidence, Evidence{now.Check, changed})
		}
	}
	return c
}

func (c *Changes) compareFindings(before, after *compared) {
	for _, now := range after.findings {
		d := Delta{Check: now.Check, Cause: now.Cause, After: now.State, Owner: now.Owner, Title: now.title}
		then := before.find(now)
		left := now.Acknowledged != nil
		if then != nil {
			d.Before = then.State
			if then.subjects != nil && now.subjects != nil {
				d.Added, d.Removed = without(now.subjects, then.subjects), without(then.subjects, now.subjects)
			}
			left = left && d.trend() > 0
		}
		switch {
		case left, now.Acknowledged != nil && now.State == checks.Unknown:
		case now.State == checks.Unknown:
			if d.Before != checks.Unknown {
				c.Unseen = append(c.Unseen, d)
			}
		case then == nil && before.couldSee(now, after):
			c.New = append(c.New, d)
		case then == nil || then.State == checks.Unknown:
			c.Revealed = append(c.Revealed, d)
		case then.State != now.State || then.Owner != now.Owner || d.Added != nil || d.Removed != nil:
			c.Changed = append(c.Changed, d)
		}
	}
	for _, then := range before.findings {
		d := Delta{Check: then.Check, Cause: then.Cause, Before: then.State, Owner: then.Owner, Title: then.title}
		switch {
		case after.find(then) != nil:
		case after.hasConclusion(then.Check):
			c.Fixed = append(c.Fixed, d)
		case then.State != checks.Unknown: // neither run could tell
			c.Unseen = append(c.Unseen, d)
		}
	}
}

// without are the texts of a list that aren't in another one, both sorted.
func without(list, other []string) []string {
	left := slices.DeleteFunc(slices.Clone(list), func(s string) bool {
		_, found := slices.BinarySearch(other, s)
		return found
	})
	if len(left) == 0 {
		return nil
	}
	return left
}

// Facts that differ in every run.
var volatile = map[string]bool{"at": true, "took_ms": true, "waited_ms": true, "request_id": true, "times": true, "date": true, "here": true,
	"offset_s": true, "fetched": true, "cached": true, "ends": true, "body": true, "panic": true, "stack": true}

// evidenceIn returns the values in a check's facts by path; lists are unordered.
func evidenceIn(e Entry) map[string]string {
	values := map[string]string{}
	var facts any
	decoder := json.NewDecoder(bytes.NewReader(view.FactsJSON(e.Facts)))
	decoder.UseNumber()
	// portal-clock's facts are only times.
	if e.Check != checks.PortalClock && decoder.Decode(&facts) == nil {
		collectEvidence(facts, "", values)
	}
	return values
}

// names are the fields that identify elements of a list.
var names = []string{"name", "carrier", "region", "host", "address", "module", "method"}

func collectEvidence(v any, path string, into map[string]string) {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			if !volatile[name] {
				collectEvidence(value, view.JoinPath(path, name), into)
			}
		}
	case []any:
		var plain []string
		for i, element := range v {
			fields, object := element.(map[string]any)
			if !object {
				plain = append(plain, fmt.Sprint(element))
				continue
			}
			key := fmt.Sprint(i + 1)
			for _, name := range names {
				if value, ok := fields[name].(string); ok {
					key = value
					break
				}
			}
			collectEvidence(element, view.JoinPath(path, key), into)
		}
		if plain != nil {
			slices.Sort(plain)
			into[path] = strings.Join(plain, ", ")
		}
	case nil:
	default:
		into[path] = fmt.Sprint(v)
	}
}

// token matches the replacement of a hidden value.
var token = lazyregexp.New(`\b(?:portal|host|ip|user|member|organization|certificate)-[0-9]+\b`)

func compareFacts(before, after map[string]string) []FactChange {
	both := maps.Clone(before)
	maps.Copy(both, after)
	var changed []FactChange
	for _, path := range slices.Sorted(maps.Keys(both)) {
		then, now := before[path], after[path]
		// One report hides the value, the other one doesn't.
		if hidden := token().MatchString(path) || token().MatchString(then) != token().MatchString(now); hidden || then == now {
			continue
		}
		changed = append(changed, FactChange{short(path), untrusted.Truncate(short(then), 300), untrusted.Truncate(short(now), 300)})
	}
	return changed
}
