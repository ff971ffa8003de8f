package report

import (
	"encoding/json"
	"io"
	"strings"
	"time"

	"boxready/checks"
	"boxready/internal/portal"
	"boxready/internal/view"
	"boxready/internal/words"
)

// setup is the setup in a saved report, or else what its facts show to this version.
func (s *Document) setup(judged []checks.Result) checks.Setup {
	return (&checks.Outcome{Target: checks.Target{Setup: s.Setup}, Results: judged}).Setup()
}

// results returns the results, as of a saved report: their facts are JSON, and their texts are in the entries.
func (s *Document) results() []checks.Result {
	list := make([]checks.Result, len(s.Results))
	for i, e := range s.Results {
		list[i] = checks.Result{Check: e.Check, State: e.State, Cause: e.Cause, Vantage: e.Vantage, Owner: e.Owner, Affects: e.Affects,
			Because: e.Because, Facts: json.RawMessage(view.FactsJSON(e.Facts)), Took: time.Duration(max(0, e.TookMS)) * time.Millisecond, Acknowledged: e.Acknowledged}
	}
	return list
}

// saved returns a saved report with texts: in this language if the facts still lead to the same conclusion, otherwise those in
// the report.
func (p *Reporter) saved(d *Document) *run {
	n := &run{Document: *d, display: display(d.Portal), saved: true}
	n.Results = nil
	results := d.results()
	judged, _ := checks.JudgeAgain(results)
	n.Endings = view.Endings(judged, d.Finished.Local())
	texts := p.Words.For(d.setup(judged))
	for i, e := range d.Results {
		f := e.finding()
		for _, r := range judged {
			if r.Check == e.Check && r.State == e.State && r.Cause == e.Cause && (judgedAgain(r) || r.State == checks.Skipped && p.Words.Knows(r.Check)) {
				f = texts.Finding(r, n.display)
				break
			}
		}
		e.Title = f.Title
		n.add(e, view.Item{Result: results[i], Text: f, Values: view.ValuesOf(e.Facts)})
	}
	return n
}

// finding has the texts of a saved result.
func (e *Entry) finding() words.Finding {
	f := words.Finding{Title: e.Title, Saw: e.Text, More: e.More}
	for _, step := range e.Steps {
		f.Steps = append(f.Steps, words.ParseStep(step))
	}
	return f
}

// judgedAgain reports whether a result was judged again: then its facts are of this version's type.
func judgedAgain(r checks.Result) bool {
	_, unjudged := r.Facts.(json.RawMessage)
	return !unjudged && r.Facts != nil
}

// display is a portal's address as people write it.
func display(address string) string {
	if parsed, err := portal.ParseAddress(address); err == nil {
		return parsed.Display()
	}
	return address
}

// WriteSaved writes a saved report as text, as WriteText does for a new run.
func (p *Reporter) WriteSaved(w io.Writer, s *Saved, style Style) error {
	return p.writeRun(w, p.saved(&s.Document), style)
}

// JudgeAgain draws a saved report's conclusions again, by this version; the facts stay. The second value has the checks whose
// conclusions had to stay as well.
func (p *Reporter) JudgeAgain(s *Saved) (*Saved, []checks.Kept) {
	results, kept := checks.JudgeAgain(s.results())
	again := &Saved{Document: s.Document, Altered: s.Altered}
	outcome := checks.OutcomeOf(results)
	again.Tool, again.Verdict, again.Counts, again.Acknowledged, again.Results = p.tool(), outcome.Verdict, outcome.Counts(), outcome.Acknowledged(), nil
	again.Setup, again.Endings = s.setup(results), view.Endings(results, s.Finished.Local())
	words, texts := p.saved(&s.Document), p.Words.For(again.Setup)
	for _, r := range results {
		f := texts.Finding(r, words.display)
		if i := words.find(r); i != nil && !judgedAgain(r) {
			f = i.Text // it was kept
		}
		r.Facts = json.RawMessage(view.FactsJSON(r.Facts))
		again.Results = append(again.Results, entryOf(r, f))
	}
	return again, kept
}

// Outcome returns the outcome of a saved report's run, judged by this version, and the checks whose conclusions had to stay. Results
// that can't be judged have the report's texts, see words.Written. The outcome's target has no more than the address.
func (s *Saved) Outcome() (*checks.Outcome, []checks.Kept) {
	results, kept := checks.JudgeAgain(s.results())
	for i, r := range results {
		if raw, unjudged := r.Facts.(json.RawMessage); unjudged && r.State != checks.Skipped {
			results[i].Facts = words.Written{RawMessage: raw, Finding: s.written(r)}
		}
	}
	outcome := checks.OutcomeOf(results)
	outcome.Started, outcome.Finished = s.Started, s.Finished
	for _, n := range s.NotChecked {
		outcome.NotChecked = append(outcome.NotChecked, checks.NotChecked(n))
	}
	address, err := portal.ParseAddress(s.Portal)
	if err != nil {
		address = portal.Address{Host: strings.TrimPrefix(s.Portal, "https://"), Port: 443} // a hidden or damaged one
	}
	outcome.Target.Address, outcome.Target.Setup = address, s.Setup
	return outcome, kept
}

// written are the texts about a result as they stand in the report.
func (s *Saved) written(r checks.Result) words.Finding {
	for _, e := range s.Results {
		if e.Check == r.Check && e.Cause == r.Cause && e.State == r.State {
			return e.finding()
		}
	}
	return words.Finding{Title: string(r.Check)}
}

// find returns the item about the same conclusion, or nil.
func (n *run) find(r checks.Result) *view.Item {
	for i := range n.view.Items {
		if item := &n.view.Items[i]; item.Check == r.Check && item.Cause == r.Cause && item.State == r.State {
			return item
		}
	}
	return nil
}
