package report

import (
	"errors"
	"slices"
	"time"

	"boxready/checks"
	"boxready/internal/untrusted"
	"boxready/internal/view"
)

// Brief is what a list shows of a report: few words, so that thousands of them fit into memory.
type Brief struct {
	Path    string
	ID      string // of the run
	Portal  string
	Started time.Time
	Verdict checks.Verdict // as in the report
	Check   checks.ID      // of the finding that the verdict is about; "" for none
	Cause   checks.Cause
	Title   string // of that finding, in the report's language
	Err     *ReadError
}

// briefEntry is the part of a result that a Brief follows from.
type briefEntry struct {
	Check   checks.ID         `json:"check"`
	State   checks.State      `json:"state"`
	Cause   checks.Cause      `json:"cause"`
	Owner   checks.Owner      `json:"owner"`
	Because checks.ID         `json:"because"`
	Affects []checks.Affected `json:"affects"`
	Title   string            `json:"title"`

	Acknowledged *checks.Acknowledged `json:"acknowledged"`
}

// ReadBrief reads a report for a list. One that can't be read has Err set, and no more than its path.
func ReadBrief(path string) Brief {
	data, _, err := readData(path, false)
	var d Document
	var entries []briefEntry
	if err == nil {
		d, entries, err = decode[briefEntry](data)
	}
	if err == nil {
		err = d.clean()
	}
	results := make([]checks.Result, len(entries))
	for i, e := range entries {
		results[i] = checks.Result{Check: e.Check, State: e.State, Cause: e.Cause, Owner: e.Owner, Because: e.Because, Affects: e.Affects, Acknowledged: e.Acknowledged}
		if err == nil && (!isCode().MatchString(string(e.Check)) || !isCode().MatchString(string(e.Cause))) {
			err = &ReadError{Reason: ReadDamaged}
		}
	}
	if err != nil {
		b := Brief{Path: path}
		errors.As(readError(path, err), &b.Err)
		return b
	}
	main := view.Of(results).Next(d.Verdict).Finding
	b := Brief{Path: path, ID: d.ID, Portal: untrusted.Truncate(d.Portal, 300), Started: d.Started, Verdict: d.Verdict, Check: main.Check, Cause: main.Cause}
	if i := slices.IndexFunc(entries, func(e briefEntry) bool { return e.Check == main.Check && e.Cause == main.Cause }); i >= 0 {
		b.Title = untrusted.Truncate(untrusted.Line(entries[i].Title), 300)
	}
	return b
}
