package report

import (
	"encoding/json"
	"slices"

	"boxready/checks"
	"boxready/internal/view"
	"boxready/internal/words"
)

// run is an outcome, or a saved report, with its texts, the source of every format for people.
type run struct {
	Document
	view    view.View
	display string // the portal's address as people write it
	saved   bool   // it was read from a report
}

// add appends a result with its texts.
func (n *run) add(e Entry, i view.Item) {
	n.Results, n.view.Items = append(n.Results, e), append(n.view.Items, i)
}

// run adds texts to an outcome, without what h hides and leaks finds.
func (p *Reporter) run(o *checks.Outcome, h *hider, leaks *blanker) *run {
	n, texts := &run{Document: p.Summary(o)}, p.Words.For(o.Setup())
	if o.Target.Address.Host != "" { // a self-test has no portal
		n.display = h.text(o.Target.Address.Display())
	}
	n.Portal = h.text(n.Portal)
	facts := make([]json.RawMessage, len(o.Results))
	values := make([]view.Value, len(o.Results))
	for i, r := range o.Results {
		facts[i] = view.FactsJSON(r.Facts)
		values[i] = view.ParseFacts(facts[i])
		if leaks.known.Finds(facts[i]) {
			leaks.value(&values[i], string(r.Check))
			facts[i] = values[i].JSON()
		}
		h.read(r, values[i])
	}
	for i, r := range o.Results {
		r.Args = leaks.args(r.Args, string(r.Check))
		if h.hides() {
			h.hide(r, values[i])
			r.Args, facts[i] = h.args(r.Args), values[i].JSON()
		}
		r.Facts = facts[i]
		if a := r.Acknowledged; a != nil {
			r.Acknowledged = &checks.Acknowledged{Reason: h.text(a.Reason), Until: a.Until}
		}
		f := texts.Finding(r, n.display)
		n.add(entryOf(r, f), view.Item{Result: r, Text: f, Values: values[i]})
	}
	for i := range n.Endings {
		e := &n.Endings[i]
		e.Name = h.whole(leaks.text(e.Name, string(e.Check)))
	}
	return n
}

// unhidden adds texts to an outcome for whoever made the run: the checks have masked its secrets, and nothing else is hidden.
func (p *Reporter) unhidden(o *checks.Outcome) *run {
	return p.run(o, newHider(o.Target.Address, nil), nothingBlanked())
}

// verdict is the verdict in words.
func (n *run) verdict(w *words.Texts) view.Verdict { return n.view.Verdict(w, n.Verdict) }

// endings are those in the document that are near when the run ended, or all of them.
func (n *run) endings(all bool) []view.Ending {
	return slices.DeleteFunc(slices.Clone(n.Endings), func(e view.Ending) bool { return !all && !e.Near(n.Finished) })
}

// mostImportant are the most important of the checks that need a credential.
var mostImportant = []checks.ID{checks.TokenAccepted, checks.RESTLicence, checks.RequiredModules, checks.RequiredMethods, checks.EventMachinery}

// shorten keeps the most important checks of a long list, and counts the others.
func shorten(m view.Missing) (short view.Missing, more int) {
	const long = 6
	if len(m.Checks) < long {
		return m, 0
	}
	named := slices.DeleteFunc(slices.Clone(m.Checks), func(id checks.ID) bool { return !slices.Contains(mostImportant, id) })
	if len(named) == 0 {
		return m, 0
	}
	return view.Missing{Reason: m.Reason, Checks: named}, len(m.Checks) - len(named)
}

func (n *run) notChecked() []view.Missing {
	list := make([]checks.NotChecked, len(n.NotChecked))
	for i, c := range n.NotChecked {
		list[i] = checks.NotChecked(c)
	}
	return view.NotChecked(list)
}
