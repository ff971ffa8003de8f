package simportal

import (
	"fmt"
	"slices"
	"strings"
)

// Fault is one fault, or a property that only an application with certain needs finds wrong.
type Fault struct {
	Name   string
	Group  string
	Causes []string // as "check/cause", which this fault must produce; none for a fault without a cause of its own
	// With is what a run has to do to see it: "deep", "content-filter", "body-size", "public-dns", "event-test" (consents), "dns"
	// (resolve through DNS), "proxy" (go through Proxy), "region" (ask this region alone), "webhook" (have Webhook),
	// "sign-in" (have what IssueGrant gives, and refresh it), "receiver" (have events sent to HandlerHost), "as-application" (the credential is the application's own).
	With []string
	// Needs is what an application must require to see it: "method:crm.deal.list", "event:ONCRMDEALADD",
	// "scope:crm", "module:crm", "module:crm>=23.300.0", "host:app.demo.example:443:portal-to-app", "page:https://app.vendor.example/".
	Needs []string
	Timed bool // a run sees it only when a time-out, or the limit of a slow answer, is over

	ports     bool              // decides which ports are open; fixed at the start
	sameAs    string            // name of the fault with the same behaviour, which another kind of run sees
	without   Without           // missing on the portal
	versions  map[string]string // modules that are older
	ungranted []string          // permissions that the application and the webhook do not have
}

// Faults returns all faults for Options.Faults and SetFaults, by group from
// the outermost layer inwards; of two in a group that contradict each other the earlier one takes effect.
func Faults() []Fault {
	out := slices.Clone(faultTable)
	for i := range out {
		out[i].Causes, out[i].With, out[i].Needs = slices.Clone(out[i].Causes), slices.Clone(out[i].With), slices.Clone(out[i].Needs)
	}
	return out
}

// faultSet is the set of active faults.
type faultSet struct {
	names map[string]bool
	inv   *inventory // what the portal offers with these faults
}

func (s *Sim) newFaultSet(names []string) (*faultSet, error) {
	set := &faultSet{names: map[string]bool{}}
	for _, n := range names {
		i := slices.IndexFunc(faultTable, func(f Fault) bool { return f.Name == n })
		if i < 0 {
			return nil, unknownFault(n)
		}
		set.names[n] = true
		if sameAs := faultTable[i].sameAs; sameAs != "" {
			set.names[sameAs] = true
		}
	}
	set.inv = s.newInventory(slices.DeleteFunc(slices.Clone(faultTable), func(f Fault) bool { return !set.on(f.Name) }))
	return set, nil
}

func (f *faultSet) on(name string) bool { return f.names[name] }

// any returns the first of the names that is active, "" if none is.
func (f *faultSet) any(names ...string) string {
	for _, n := range names {
		if f.names[n] {
			return n
		}
	}
	return ""
}

// in returns the first active fault of a group, "" if there is none.
func (f *faultSet) in(group string) string {
	for _, t := range faultTable {
		if t.Group == group && f.names[t.Name] {
			return t.Name
		}
	}
	return ""
}

func unknownFault(name string) error {
	type near struct {
		name string
		d    int
	}
	var all []near
	for _, f := range faultTable {
		d := distance(name, f.Name)
		if name != "" && (strings.Contains(f.Name, name) || strings.Contains(name, f.Name)) {
			d = 1
		}
		all = append(all, near{f.Name, d})
	}
	slices.SortStableFunc(all, func(a, b near) int { return a.d - b.d })
	var names []string
	for _, n := range all {
		if len(names) < 5 && n.d <= max(3, len(name)/2) {
			names = append(names, n.name)
		}
	}
	if len(names) == 0 {
		return fmt.Errorf("unknown fault %q", name)
	}
	return fmt.Errorf("unknown fault %q; near it: %s", name, strings.Join(names, ", "))
}

// distance counts the letters to change, add or remove between two names.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
