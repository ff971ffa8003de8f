package report

import (
	"bytes"
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
	OtherPortal bool       `json:"other_portal"` // the runs aren't about the same portal
	WrongOrder  bool       `json:"wrong_order"`  // the run that was given as the later one is the earlier one
	New         []Delta    `json:"new"`          // findings that were not there before
	Revealed    []Delta    `json:"revealed"`     // findings that the earlier run could not have seen
	Fixed       []Delta    `json:"fixed"`        // findings that are gone
	Unseen      []Delta    `json:"unseen"`       // findings that the later run could not see
	Changed     []Delta    `json:"changed"`      // findings that are more or less severe, or another one's to fix
	Evidence    []Evidence `json:"evidence"`     // facts that differ, whatever the conclusion
}

// Delta is one finding that changed.
type Delta struct {
	Check  checks.ID    `json:"check"`
	Cause  checks.Cause `json:"cause"`
	Before checks.State `json:"before"` // "" if absent
	After  checks.State `json:"after"`  // "" if absent
	Owner  checks.Owner `json:"owner"`
	Title  string       `json:"title"`
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
func (c *Changes) None() bool {
	return len(c.New)+len(c.Revealed)+len(c.Fixed)+len(c.Unseen)+len(c.Changed)+len(c.Evidence) == 0
}

// Worse returns the findings that are new or more severe.
func (c *Changes) Worse() []Delta {
	worse := slices.Clone(c.New)
	for _, d := range c.Changed {
		if view.Severity(d.After) > view.Severity(d.Before) {
			worse = append(worse, d)
		}
	}
	return worse
}

// Compare returns what changed from the earlier to the later of two runs.
func Compare(before, after Document) Changes {
	c := Changes{OtherPortal: before.Portal != after.Portal && !token().MatchString(before.Portal) && !token().MatchString(after.Portal),
		WrongOrder: after.Started.Before(before.Started), New: []Delta{}, Revealed: []Delta{}, Fixed: []Delta{}, Unseen: []Delta{}, Changed: []Delta{}, Evidence: []Evidence{}}
	for _, now := range after.Results {
		if !view.IsFinding(now.State) {
			continue
		}
		then := find(before, now)
		d := Delta{now.Check, now.Cause, "", now.State, now.Owner, now.Title}
		switch {
		case then == nil && hasConclusion(before, now.Check):
			c.New = append(c.New, d)
		case then == nil:
			c.Revealed = append(c.Revealed, d)
		case then.State != now.State || then.Owner != now.Owner:
			d.Before = then.State
			c.Changed = append(c.Changed, d)
		}
	}
	for _, then := range before.Results {
		if !view.IsFinding(then.State) || find(after, then) != nil {
			continue
		}
		d := Delta{then.Check, then.Cause, then.State, "", then.Owner, then.Title}
		if hasConclusion(after, then.Check) {
			c.Fixed = append(c.Fixed, d)
		} else {
			c.Unseen = append(c.Unseen, d)
		}
	}
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

// find returns the same finding in another run, or nil.
func find(in Document, e Entry) *Entry {
	i := slices.IndexFunc(in.Results, func(other Entry) bool {
		return other.Check == e.Check && other.Cause == e.Cause && view.IsFinding(other.State)
	})
	if i < 0 {
		return nil
	}
	return &in.Results[i]
}

// hasConclusion reports whether a run has a conclusion of a check.
func hasConclusion(in Document, id checks.ID) bool {
	return slices.ContainsFunc(in.Results, func(e Entry) bool {
		return e.Check == id && (e.State == checks.OK || e.State == checks.Notice || e.State == checks.Problem)
	})
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
