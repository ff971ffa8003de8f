package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"boxready/checks"
	"boxready/internal/untrusted"
	"boxready/internal/view"
)

// Overview is the results of runs against many portals: a line for each, and totals. It keeps only a few words per run.
type Overview struct {
	lines    []overviewLine
	tally    *Tally
	computer map[causeKey]*computerCause
}

// computerCause is a finding about this computer. It is in the runs against many portals, and counts once.
type computerCause struct {
	state   checks.State // the most severe
	portals int
}

type overviewLine struct {
	portal  string
	verdict checks.Verdict
	counts  map[checks.State]int
	causes  []string // the first problems, or other findings
	worse   []string // causes that are new or worse than in the earlier run that it was compared with
	more    bool     // there are others
}

// rank orders portals that fail: the higher, the earlier; -1 for others.
func (l overviewLine) rank() int {
	return slices.Index([]checks.Verdict{checks.NotSeen, checks.NotReady}, l.verdict)
}

// NewOverview returns an empty one.
func NewOverview() *Overview {
	return &Overview{tally: NewTally(), computer: map[causeKey]*computerCause{}}
}

// Add adds a run.
func (o *Overview) Add(d Document) {
	var results []counted
	for _, e := range d.Results {
		c := counted{Check: e.Check, State: e.State, Cause: e.Cause, Owner: e.Owner, Vantage: e.Vantage, Acknowledged: e.Acknowledged}
		if e.Check == checks.ServerPlatform {
			c.Facts = view.FactsJSON(e.Facts)
		}
		results = append(results, c)
	}
	o.add(d, results, d.Baseline.worse())
}

// Saved reads a run from a line of JSON, returns its portal and when it ended, and adds it if wanted returns true. The error is a
// *ReadError.
func (o *Overview) Saved(line []byte, wanted func(portal string) bool) (portal string, finished time.Time, err error) {
	d, results, err := decode[counted](line)
	if err == nil && slices.ContainsFunc(results, func(r counted) bool { return !r.isCoded() }) {
		err = &ReadError{Reason: ReadDamaged}
	}
	if err != nil {
		return "", time.Time{}, err
	}
	if wanted(d.Portal) {
		o.add(d, results, worseIn(line))
	}
	return d.Portal, d.Finished, nil
}

// worseIn are the causes that got worse, in a line of JSON of an earlier part of the run.
func worseIn(line []byte) []string {
	var d struct {
		Baseline *struct{ New, Worse []Delta } `json:"baseline"`
	}
	if json.Unmarshal(line, &d) != nil || d.Baseline == nil {
		return nil
	}
	b := Baseline{New: d.Baseline.New, Worse: d.Baseline.Worse}
	return slices.DeleteFunc(b.worse(), func(code string) bool { return !isCode().MatchString(strings.Replace(code, "/", "-", 1)) })
}

// add counts a run without what was acknowledged.
func (o *Overview) add(d Document, results []counted, worse []string) {
	results = slices.DeleteFunc(slices.Clone(results), func(r counted) bool { return r.Acknowledged != nil })
	o.tally.count(d, slices.DeleteFunc(slices.Clone(results), counted.ofComputer))
	l := overviewLine{portal: untrusted.Truncate(short(d.Portal), 300), verdict: d.Verdict, counts: map[checks.State]int{}, worse: worse}
	for _, state := range []checks.State{checks.Problem, checks.Unknown, checks.Notice} {
		for _, r := range results {
			if r.State != state {
				continue
			}
			if r.ofComputer() {
				o.countOnce(r)
			} else {
				l.counts[state]++
			}
			if len(l.causes) < shownCauses {
				l.causes = append(l.causes, string(r.Check)+"/"+string(r.Cause))
			} else {
				l.more = true
			}
		}
	}
	o.lines = append(o.lines, l)
}

func (o *Overview) countOnce(r counted) {
	key := causeKey{r.Check, r.Cause}
	c := o.computer[key]
	if c == nil {
		c = &computerCause{state: r.State}
		o.computer[key] = c
	}
	c.portals++
	if r.State.Severity() > c.state.Severity() {
		c.state = r.State
	}
}

// Counts returns the number of results of all runs by state, without ok; those about this computer count once.
func (o *Overview) Counts() map[checks.State]int {
	all := map[checks.State]int{}
	for _, l := range o.lines {
		for state, n := range l.counts {
			all[state] += n
		}
	}
	for _, c := range o.computer {
		all[c.state]++
	}
	return all
}

// Worse returns the number of portals where something got worse.
func (o *Overview) Worse() (n int) {
	for _, l := range o.lines {
		n += min(len(l.worse), 1)
	}
	return n
}

// Verdicts returns the number of portals by verdict.
func (o *Overview) Verdicts() map[checks.Verdict]int { return o.tally.verdicts }

// shownCauses is the limit of causes in a line.
const shownCauses = 2

// WriteOverview writes o as text: the portals, those where applications do not work first, then those that were not seen, then the
// others by their findings; what is wrong with this computer; and the causes by number of portals.
func (p *Reporter) WriteOverview(w io.Writer, o *Overview) error {
	say := func(key string) string { return p.Words.Say("overview."+key, nil) }
	lines := slices.Clone(o.lines)
	slices.SortStableFunc(lines, func(a, b overviewLine) int {
		if more := cmp.Compare(b.rank(), a.rank()); more != 0 {
			return more
		}
		for _, state := range []checks.State{checks.Problem, checks.Unknown, checks.Notice} {
			if more := cmp.Compare(min(b.counts[state], 1), min(a.counts[state], 1)); more != 0 {
				return more
			}
		}
		return strings.Compare(a.portal, b.portal)
	})
	var out strings.Builder
	columns := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(columns, strings.Join([]string{say("portal"), say("verdict"), say("problems"), say("unknown"), say("notices"), say("causes")}, "\t"))
	for _, l := range lines {
		causes := strings.Join(l.causes, ", ")
		if l.more {
			causes += ", …"
		}
		fmt.Fprintln(columns, shownPortal(l.portal)+"\t"+say(string(l.verdict))+"\t"+strconv.Itoa(l.counts[checks.Problem])+
			"\t"+strconv.Itoa(l.counts[checks.Unknown])+"\t"+strconv.Itoa(l.counts[checks.Notice])+"\t"+causes)
	}
	columns.Flush()
	out.WriteString("\n")
	if o.Worse() > 0 {
		out.WriteString(say("worse") + "\n")
		for _, l := range lines {
			if len(l.worse) > 0 {
				fmt.Fprintln(columns, "  "+shownPortal(l.portal)+"\t"+strings.Join(l.worse, ", "))
			}
		}
		columns.Flush()
		out.WriteString("\n")
	}
	if len(o.computer) > 0 {
		out.WriteString(say("computer") + "\n")
		for _, key := range slices.SortedFunc(maps.Keys(o.computer), causeKey.compare) {
			c := o.computer[key]
			fmt.Fprintln(columns, "  "+p.Words.Say("state."+string(c.state), nil)+"\t"+string(key.check)+" / "+string(key.cause)+"\t"+
				p.Words.Say("overview.of-portals", checks.Args{"portals": c.portals, "all": len(o.lines)}))
		}
		columns.Flush()
		out.WriteString("\n")
	}
	if _, err := io.WriteString(w, out.String()); err != nil {
		return fmt.Errorf("write the overview: %w", err)
	}
	return p.WriteTotals(w, o.tally.Totals())
}

func shownPortal(address string) string {
	return untrusted.Line(strings.TrimPrefix(display(address), "https://"))
}
