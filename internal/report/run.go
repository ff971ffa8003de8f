package report

import (
	"encoding/json"
	"slices"

	"boxready/checks"
)

// run is an outcome, or a saved report, in words: what every form for people is written from.
type run struct {
	Document
	display string // the portal's address as people write it
	items   []item
}

// item is a result and the words about it.
type item struct {
	Entry
	said Finding
	tree tree // its facts
}

// run puts an outcome into words. What h hides isn't in it.
func (p *Reporter) run(o *checks.Outcome, h *hider) *run {
	n := &run{Document: p.Summary(o)}
	if o.Target.Address.Host != "" { // a look at this program has no portal
		n.display = h.text(o.Target.Address.Display())
	}
	n.Portal = h.text(n.Portal)
	written := make([]json.RawMessage, len(o.Results))
	trees := make([]tree, len(o.Results))
	for i, r := range o.Results {
		written[i] = jsonOf(r.Facts)
		trees[i] = grow(written[i])
		h.read(r, trees[i])
	}
	for i, r := range o.Results {
		if h.hides() {
			h.hide(r, trees[i])
			r.Args, written[i] = h.args(r.Args), trees[i].json()
		}
		r.Facts = written[i]
		f := p.Words.Finding(r, n.display)
		e := entryOf(r, f)
		n.Results, n.items = append(n.Results, e), append(n.items, item{e, f, trees[i]})
	}
	return n
}

// jsonOf is facts in JSON; none are an empty object.
func jsonOf(facts checks.Facts) []byte {
	data, err := json.Marshal(facts)
	if err != nil || string(data) == "null" {
		return []byte("{}")
	}
	return data
}

// Owners in the order in which their findings stand.
var owners = []checks.Owner{checks.PortalAdmin, checks.ServerAdmin, checks.NetworkAdmin, checks.Vendor, checks.Bitrix24, checks.You}

// finding tells whether somebody has to do something about a result.
func (i item) finding() bool { return weight(i.State) > 0 }

func weight(s checks.State) int {
	return map[checks.State]int{checks.Problem: 3, checks.Unknown: 2, checks.Notice: 1}[s]
}

// ownersByWeight are those who have findings, the gravest first.
func (n *run) ownersByWeight() []checks.Owner {
	gravest := map[checks.Owner]int{}
	found := slices.Clone(owners)
	for _, i := range n.items {
		if i.finding() {
			gravest[i.Owner] = max(gravest[i.Owner], weight(i.State))
			if !slices.Contains(found, i.Owner) {
				found = append(found, i.Owner) // of a newer version
			}
		}
	}
	found = slices.DeleteFunc(found, func(o checks.Owner) bool { return gravest[o] == 0 })
	slices.SortStableFunc(found, func(a, b checks.Owner) int { return gravest[b] - gravest[a] })
	return found
}

// findingsOf are one owner's, the gravest first.
func (n *run) findingsOf(owner checks.Owner) []item {
	found := slices.DeleteFunc(slices.Clone(n.items), func(i item) bool { return !i.finding() || i.Owner != owner })
	slices.SortStableFunc(found, func(a, b item) int { return weight(b.State) - weight(a.State) })
	return found
}

func (n *run) inOrder() []item {
	return slices.DeleteFunc(slices.Clone(n.items), func(i item) bool { return i.State != checks.OK })
}

// waitingFor are the checks that were put off because of id.
func (n *run) waitingFor(id checks.ID) []checks.ID {
	var waiting []checks.ID
	for _, i := range n.items {
		if i.State == checks.Skipped && i.Because == id {
			waiting = append(waiting, i.Check)
		}
	}
	return waiting
}

// missing is a reason for which checks weren't made.
type missing struct {
	Reason checks.Reason
	Checks []checks.ID
	more   int // that aren't named
}

// What people want to know most, of what only a credential shows.
var telling = []checks.ID{checks.TokenAccepted, checks.RESTLicence, checks.RequiredModules, checks.RequiredMethods, checks.EventMachinery}

// shorten leaves of a long list the checks that tell most.
func (m *missing) shorten() {
	const long = 6
	if len(m.Checks) < long {
		return
	}
	named := slices.DeleteFunc(slices.Clone(m.Checks), func(id checks.ID) bool { return !slices.Contains(telling, id) })
	if len(named) > 0 {
		m.Checks, m.more = named, len(m.Checks)-len(named)
	}
}

func (n *run) notChecked() []missing {
	var list []missing
	for _, c := range n.NotChecked {
		at := slices.IndexFunc(list, func(m missing) bool { return m.Reason == c.Reason })
		if at < 0 {
			at, list = len(list), append(list, missing{Reason: c.Reason})
		}
		list[at].Checks = append(list[at].Checks, c.Check)
	}
	return list
}

// sentenceNames are names of checks as they stand within a sentence.
func (w *Words) sentenceNames(ids []checks.ID) []string {
	var names []string
	for _, id := range ids {
		names = append(names, lowerFirst(w.Name(id)))
	}
	return names
}

// stateOf is what a verdict looks like.
func stateOf(v checks.Verdict) checks.State {
	return map[checks.Verdict]checks.State{checks.Ready: checks.OK, checks.NoObstacle: checks.OK, checks.Unsure: checks.Unknown, checks.NotReady: checks.Problem}[v]
}
