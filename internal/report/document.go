// Package report writes a run's outcome in BoxReady's output formats: the JSON of the contract, JSON lines, text for people, and
// the report for a vendor's support, with names hidden as its owner chooses. It reads such reports again, judges them again,
// compares them and summarizes many of them; a report that is read is untrusted input.
package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"boxready/checks"
	"boxready/internal/bitrix"
	"boxready/internal/untrusted"
	"boxready/internal/view"
	"boxready/internal/words"
)

// SchemaVersion is the version of the JSON form; it changes only when a field changes its meaning or is removed.
const SchemaVersion = 1

// Document is a run's outcome in JSON.
type Document struct {
	Schema   int                  `json:"schema"`
	ID       string               `json:"id,omitempty"` // of the run, see view.RunID; reports of earlier versions have none
	Tool     Tool                 `json:"tool"`
	Portal   string               `json:"portal"`
	Started  time.Time            `json:"started"`
	Finished time.Time            `json:"finished"`
	Verdict  checks.Verdict       `json:"verdict"`
	Counts   map[checks.State]int `json:"counts"`
	// Acknowledged is how many findings were acknowledged; these are not among Counts.
	Acknowledged int           `json:"acknowledged,omitempty"`
	NotChecked   []NotChecked  `json:"not_checked"`
	Setup        checks.Setup  `json:"setup,omitempty"`    // of the portal's server, if known
	Baseline     *Baseline     `json:"baseline,omitempty"` // of a run that was compared with an earlier one; not read back
	Endings      []view.Ending `json:"endings,omitempty"`  // what ends and when, as far as known
	Results      []Entry       `json:"results,omitempty"`
}

// Tool is the program that made the run.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// Catalogue is the day of its list of methods, events and hosts, as 2006-01-02, and Renewed whether that list is newer than the
	// built-in one. Reports of earlier versions have neither.
	Catalogue string `json:"catalogue,omitempty"`
	Renewed   bool   `json:"renewed,omitempty"`
}

// NotChecked is a check that wasn't made, and what was lacking.
type NotChecked struct {
	Check  checks.ID     `json:"check"`
	Reason checks.Reason `json:"reason"`
}

// Entry is one result in JSON, with facts and texts.
type Entry struct {
	Check   checks.ID         `json:"check"`
	State   checks.State      `json:"state"`
	Cause   checks.Cause      `json:"cause"`
	Vantage checks.Vantage    `json:"vantage"`
	Owner   checks.Owner      `json:"owner"`
	Affects []checks.Affected `json:"affects"`
	// Acknowledged is set for a finding that somebody left as it is, which doesn't count.
	Acknowledged *checks.Acknowledged `json:"acknowledged,omitempty"`
	Because      checks.ID            `json:"because"`
	Facts        checks.Facts         `json:"facts"`
	Title        string               `json:"title"`
	Text         string               `json:"text"`
	Steps        []string             `json:"steps"`
	More         string               `json:"more"`
	TookMS       int64                `json:"took_ms"`
}

// Reporter writes outcomes in one language.
type Reporter struct {
	Words   *words.Texts
	Version string // of BoxReady
	System  string // operating system; "" for this one
}

// Entry turns one result into its JSON form.
func (p *Reporter) Entry(r checks.Result, portal string) Entry {
	return entryOf(r, p.Words.Finding(r, portal))
}

func entryOf(r checks.Result, f words.Finding) Entry {
	e := Entry{Check: r.Check, State: r.State, Cause: r.Cause, Vantage: r.Vantage, Owner: r.Owner, Because: r.Because,
		Affects: r.Affects, Facts: r.Facts, Title: f.Title, Text: strings.TrimSpace(f.Saw + " " + f.Breaks), Steps: []string{}, More: f.More,
		TookMS: r.Took.Milliseconds(), Acknowledged: r.Acknowledged}
	for _, step := range f.Steps {
		e.Steps = append(e.Steps, step.String())
	}
	// In JSON these must be a list and an object, not null; so are the steps.
	if e.Affects == nil {
		e.Affects = []checks.Affected{}
	}
	if e.Facts == nil {
		e.Facts = struct{}{}
	}
	return e
}

// Document turns an outcome into its JSON form.
func (p *Reporter) Document(o *checks.Outcome) Document {
	d, texts := p.Summary(o), p.Words.For(o.Setup())
	d.Results = make([]Entry, 0, len(o.Results))
	for _, r := range o.Results {
		d.Results = append(d.Results, entryOf(r, texts.Finding(r, o.Target.Address.Display())))
	}
	return d
}

func (p *Reporter) tool() Tool {
	c := bitrix.CatalogueInfo()
	return Tool{"boxready", p.Version, c.Date, c.Renewed.Key != ""}
}

// Summary is the document without its results.
func (p *Reporter) Summary(o *checks.Outcome) Document {
	d := Document{Schema: SchemaVersion, ID: view.RunID(o.Started, o.Finished), Tool: p.tool(), Portal: o.Target.Address.String(),
		Started: o.Started.UTC().Truncate(time.Millisecond), Finished: o.Finished.UTC().Truncate(time.Millisecond),
		Verdict: o.Verdict, Counts: o.Counts(), Acknowledged: o.Acknowledged(), NotChecked: []NotChecked{}, Setup: o.Setup(),
		Endings: view.Endings(o.Results, o.Finished.Local())}
	for _, n := range o.NotChecked {
		d.NotChecked = append(d.NotChecked, NotChecked(n))
	}
	return d
}

// WriteJSON writes v, a Document or an Entry, on one line or indented, with escapes for what a terminal may act on or nobody sees.
func WriteJSON(w io.Writer, v any, indent bool) error {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if indent {
		encoder.SetIndent("", "  ")
	}
	if err := encoder.Encode(v); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	if _, err := w.Write(untrusted.JSON(out.Bytes())); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}
