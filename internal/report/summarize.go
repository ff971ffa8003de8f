package report

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"boxready/checks"
	"boxready/internal/spreadsheet"
	"boxready/internal/untrusted"
	"boxready/internal/view"
)

// Tally counts the findings of many reports. It reads one at a time and keeps numbers and a limited number of names: its size
// doesn't grow with the number of reports.
type Tally struct {
	reports     int
	unreadable  map[ReadReason]int
	runs        map[uint64]bool // checksums of the runs that are counted
	doubles     int             // files of runs that are counted already
	first, last time.Time
	verdicts    map[checks.Verdict]int
	kinds       map[tallyKind]map[string]int // reports by version or setup
	causes      map[causeKey]*causeTally
	portals     map[string]uint32 // numbers of the portals' names
	pairs       int               // of causes and portals
	left        bool              // something was counted without its name
}

type causeKey struct {
	check checks.ID
	cause checks.Cause
}

func (k causeKey) compare(other causeKey) int {
	return cmp.Or(strings.Compare(string(k.check), string(other.check)), strings.Compare(string(k.cause), string(other.cause)))
}

type causeTally struct {
	owner   checks.Owner
	reports int
	portals map[uint32]int // reports by portal
}

// Beyond these limits reports still count, but without names.
const (
	maxTallyCauses   = 2000
	maxTallyPortals  = 50_000
	maxTallyPairs    = 500_000
	maxTallyVersions = 500     // of one kind
	maxTallyRuns     = 500_000 // another file of a run beyond these counts as another report
)

// NewTally returns an empty tally.
func NewTally() *Tally {
	return &Tally{unreadable: map[ReadReason]int{}, runs: map[uint64]bool{}, verdicts: map[checks.Verdict]int{}, kinds: map[tallyKind]map[string]int{},
		causes: map[causeKey]*causeTally{}, portals: map[string]uint32{}}
}

// tallyKind is what reports are counted by besides causes: a product with versions, or the setup of the portal's server.
type tallyKind string

// The kinds in the order of the results. What only the server probe tells isn't known of every portal.
const (
	byBoxReady tallyKind = "boxready"
	bySetup    tallyKind = "setup"
	byMain     tallyKind = "main" // a module of the portal
	byREST     tallyKind = "rest" // a module of the portal
	byPHP      tallyKind = "php"
)

var tallyKinds = []tallyKind{byBoxReady, bySetup, byMain, byREST, byPHP}

// counted is the part of a result that is counted.
type counted struct {
	Check   checks.ID      `json:"check"`
	State   checks.State   `json:"state"`
	Cause   checks.Cause   `json:"cause"`
	Owner   checks.Owner   `json:"owner"`
	Vantage checks.Vantage `json:"vantage"`

	Acknowledged *checks.Acknowledged `json:"acknowledged"`
	// Facts are read of server-platform alone.
	Facts json.RawMessage `json:"facts"`
}

// ofComputer reports whether it is a finding about the computer that the run was made on.
func (r counted) ofComputer() bool {
	return r.State.IsFinding() && r.Owner == checks.You && r.Vantage == checks.FromComputer
}

// isCoded reports whether all codes are valid.
func (r counted) isCoded() bool {
	return isCode().MatchString(string(r.Check)) && isCode().MatchString(string(r.Cause)) && isCode().MatchString(string(r.Owner))
}

// Add counts the report in a file; the zip, the page and the JSON of one run count once. The error is a *ReadError; the file then counts as unreadable.
func (t *Tally) Add(path string) error {
	data, _, err := readData(path, false)
	var d Document
	var results []counted
	if err == nil {
		d, results, err = decode[counted](data)
	}
	if err == nil && slices.ContainsFunc(results, func(r counted) bool { return !r.isCoded() }) {
		err = &ReadError{Reason: ReadDamaged}
	}
	if err != nil {
		err = readError(path, err)
		var reason *ReadError
		errors.As(err, &reason)
		t.unreadable[reason.Reason]++
		return err
	}
	if t.isNew(d) {
		t.count(d, results)
	} else {
		t.doubles++
	}
	return nil
}

// isNew reports whether no report of the same run was there before: a run is known by its portal and its times.
func (t *Tally) isNew(d Document) bool {
	hash := fnv.New64a()
	fmt.Fprintln(hash, d.Portal, d.Started.UTC(), d.Finished.UTC())
	run := hash.Sum64()
	switch {
	case t.runs[run]:
		return false
	case len(t.runs) < maxTallyRuns:
		t.runs[run] = true
	default:
		t.left = true
	}
	return true
}

func (t *Tally) count(d Document, results []counted) {
	t.reports++
	if t.first.IsZero() || d.Started.Before(t.first) {
		t.first = d.Started
	}
	if d.Started.After(t.last) {
		t.last = d.Started
	}
	if view.VerdictState(d.Verdict) != "" {
		t.verdicts[d.Verdict]++
	}
	t.countKind(byBoxReady, d.Tool.Version)
	if slices.Contains(checks.Setups(), d.Setup) {
		t.countKind(bySetup, string(d.Setup))
	}
	if i := slices.IndexFunc(results, func(r counted) bool { return r.Check == checks.ServerPlatform }); i >= 0 {
		var f checks.ServerPlatformFacts
		if json.Unmarshal(results[i].Facts, &f) == nil && f.PHP != nil { // facts of another version are ignored
			t.countKind(byMain, f.Main)
			t.countKind(byREST, f.REST)
			t.countKind(byPHP, f.PHP.Version)
		}
	}
	portal, named := t.number(untrusted.Truncate(short(d.Portal), 300))
	seen := map[causeKey]bool{}
	for _, r := range results {
		key := causeKey{r.Check, r.Cause}
		if !r.State.IsFinding() || r.Acknowledged != nil || seen[key] {
			continue
		}
		seen[key] = true
		c := t.causes[key]
		if c == nil && len(t.causes) == maxTallyCauses {
			t.left = true
			continue
		}
		if c == nil {
			c = &causeTally{owner: r.Owner, portals: map[uint32]int{}}
			t.causes[key] = c
		}
		c.reports++
		switch {
		case !named:
		case c.portals[portal] > 0:
			c.portals[portal]++
		case t.pairs < maxTallyPairs:
			t.pairs++
			c.portals[portal]++
		default:
			t.left = true
		}
	}
}

func (t *Tally) countKind(kind tallyKind, name string) {
	name = untrusted.Truncate(short(name), 40)
	names := t.kinds[kind]
	if names == nil {
		names = map[string]int{}
		t.kinds[kind] = names
	}
	switch {
	case name == "" && kind != byBoxReady: // not known
	case names[name] > 0 || len(names) < maxTallyVersions:
		names[name]++
	default:
		t.left = true
	}
}

func (t *Tally) number(portal string) (uint32, bool) {
	if n, ok := t.portals[portal]; ok {
		return n, true
	}
	if len(t.portals) == maxTallyPortals {
		t.left = true
		return 0, false
	}
	n := uint32(len(t.portals)) // #nosec G115 -- so many would not fit into memory
	t.portals[portal] = n
	return n, true
}

// Totals are the result of a tally.
type Totals struct {
	Schema     int                    `json:"schema"`
	Reports    int                    `json:"reports"`
	Doubles    int                    `json:"doubles"` // files of runs that are counted already
	Unreadable map[ReadReason]int     `json:"unreadable"`
	Portals    int                    `json:"portals"`
	First      time.Time              `json:"first"` // report's start
	Last       time.Time              `json:"last"`
	Verdicts   map[checks.Verdict]int `json:"verdicts"`
	Causes     []CauseTotal           `json:"causes"`   // the most frequent first
	Versions   []VersionTotal         `json:"versions"` // of BoxReady, the most frequent first
	Setups     []SetupTotal           `json:"setups"`   // of the portals' servers where they are known, the most frequent first
	Products   []ProductTotal         `json:"products"` // versions of the modules main and rest and of PHP where they are known
	// Complete is false if there were too many names or runs to keep: then some reports count without their names, and some runs
	// once for each of their files.
	Complete bool `json:"complete"`
}

// CauseTotal is one cause in all reports.
type CauseTotal struct {
	Check   checks.ID     `json:"check"`
	Cause   checks.Cause  `json:"cause"`
	Owner   checks.Owner  `json:"owner"`
	Reports int           `json:"reports"`
	Portals []PortalTotal `json:"portals"` // the most frequent first
}

// PortalTotal is how many reports of a portal have a cause.
type PortalTotal struct {
	Portal  string `json:"portal"`
	Reports int    `json:"reports"`
}

// VersionTotal is how many reports a version of BoxReady wrote.
type VersionTotal struct {
	Version string `json:"version"`
	Reports int    `json:"reports"`
}

// SetupTotal is how many reports are about servers of a setup.
type SetupTotal struct {
	Setup   checks.Setup `json:"setup"`
	Reports int          `json:"reports"`
}

// ProductTotal is how many reports are about portals with a version of a product.
type ProductTotal struct {
	Product string `json:"product"` // main, rest or php
	Version string `json:"version"`
	Reports int    `json:"reports"`
}

// frequent returns the names of a kind, the most frequent first.
func (t *Tally) frequent(kind tallyKind) []string {
	names := t.kinds[kind]
	return slices.SortedFunc(maps.Keys(names), func(a, b string) int { return cmp.Or(names[b]-names[a], strings.Compare(a, b)) })
}

// Totals returns the totals so far.
func (t *Tally) Totals() Totals {
	s := Totals{Schema: SchemaVersion, Reports: t.reports, Doubles: t.doubles, Unreadable: t.unreadable, Portals: len(t.portals), First: t.first, Last: t.last,
		Verdicts: t.verdicts, Causes: []CauseTotal{}, Versions: []VersionTotal{}, Setups: []SetupTotal{}, Products: []ProductTotal{}, Complete: !t.left}
	names := make([]string, len(t.portals))
	for name, n := range t.portals {
		names[n] = name
	}
	for key, c := range t.causes {
		total := CauseTotal{Check: key.check, Cause: key.cause, Owner: c.owner, Reports: c.reports, Portals: []PortalTotal{}}
		for n, reports := range c.portals {
			total.Portals = append(total.Portals, PortalTotal{names[n], reports})
		}
		slices.SortFunc(total.Portals, func(a, b PortalTotal) int { return cmp.Or(b.Reports-a.Reports, strings.Compare(a.Portal, b.Portal)) })
		s.Causes = append(s.Causes, total)
	}
	slices.SortFunc(s.Causes, func(a, b CauseTotal) int {
		return cmp.Or(b.Reports-a.Reports, strings.Compare(string(a.Check), string(b.Check)), strings.Compare(string(a.Cause), string(b.Cause)))
	})
	for _, kind := range tallyKinds {
		for _, name := range t.frequent(kind) {
			switch n := t.kinds[kind][name]; kind {
			case byBoxReady:
				s.Versions = append(s.Versions, VersionTotal{name, n})
			case bySetup:
				s.Setups = append(s.Setups, SetupTotal{checks.Setup(name), n})
			default:
				s.Products = append(s.Products, ProductTotal{string(kind), name, n})
			}
		}
	}
	return s
}

// WriteCSV writes one table for a spreadsheet; its first column is what a row counts: a cause, a cause on one portal, a
// version of BoxReady, a setup, or a version of a product on the portal's server.
func (p *Reporter) WriteCSV(w io.Writer, s Totals) error {
	table := spreadsheet.NewWriter(w, p.Words.Lang())
	table.Row("row", "check", "cause", "owner", "name", "reports", "portals")
	for _, c := range s.Causes {
		table.Row("cause", string(c.Check), string(c.Cause), string(c.Owner), "", strconv.Itoa(c.Reports), strconv.Itoa(len(c.Portals)))
	}
	for _, c := range s.Causes {
		for _, portal := range c.Portals {
			table.Row("portal", string(c.Check), string(c.Cause), string(c.Owner), portal.Portal, strconv.Itoa(portal.Reports), "1")
		}
	}
	for _, v := range s.Versions {
		table.Row("version", "", "", "", v.Version, strconv.Itoa(v.Reports), "")
	}
	for _, v := range s.Setups {
		table.Row("setup", "", "", "", string(v.Setup), strconv.Itoa(v.Reports), "")
	}
	for _, v := range s.Products {
		table.Row(v.Product, "", "", "", v.Version, strconv.Itoa(v.Reports), "")
	}
	if err := table.Close(); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	return nil
}

// WriteTotals writes the totals as text.
func (p *Reporter) WriteTotals(w io.Writer, s Totals) error {
	say := func(key string, args checks.Args) string { return p.Words.Say("totals."+key, args) }
	var out strings.Builder
	fmt.Fprintln(&out, say("reports", checks.Args{"reports": s.Reports, "portals": s.Portals}))
	if s.Reports > 0 {
		fmt.Fprintln(&out, say("between", checks.Args{"first": moment(s.First), "last": moment(s.Last)}))
	}
	table := func(key string, rows [][]string) {
		if len(rows) == 0 {
			return
		}
		fmt.Fprintln(&out, "\n"+say(key, nil))
		columns := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
		for _, row := range rows {
			fmt.Fprintln(columns, "  "+strings.Join(row, "\t"))
		}
		columns.Flush()
	}
	var verdicts, causes, portals, versions, setups, products, unreadable [][]string
	all := checks.Verdicts()
	slices.SortStableFunc(all, func(a, b checks.Verdict) int {
		return view.VerdictState(b).Severity() - view.VerdictState(a).Severity()
	})
	for _, verdict := range all {
		if n := s.Verdicts[verdict]; n > 0 {
			verdicts = append(verdicts, []string{strconv.Itoa(n), p.Words.Say("verdict."+string(verdict)+".title", nil)})
		}
	}
	for _, c := range s.Causes {
		name := string(c.Check) + " / " + string(c.Cause)
		causes = append(causes, []string{strconv.Itoa(c.Reports), strconv.Itoa(len(c.Portals)), name, p.Words.Code("owner.", string(c.Owner), ".to")})
		var list []string
		for _, portal := range c.Portals[:min(len(c.Portals), shownPortals)] {
			list = append(list, strings.TrimPrefix(display(portal.Portal), "https://"))
		}
		if more := len(c.Portals) - shownPortals; more > 0 {
			list = append(list, say("more", checks.Args{"n": more}))
		}
		portals = append(portals, []string{name, strings.Join(list, ", ")})
	}
	for _, v := range s.Versions {
		versions = append(versions, []string{strconv.Itoa(v.Reports), v.Version})
	}
	for _, v := range s.Setups {
		setups = append(setups, []string{strconv.Itoa(v.Reports), p.Words.Code("setup.", string(v.Setup), "")})
	}
	for _, v := range s.Products {
		products = append(products, []string{strconv.Itoa(v.Reports), p.Words.Code("totals.product-", v.Product, ""), v.Version})
	}
	for _, reason := range slices.Sorted(maps.Keys(s.Unreadable)) {
		unreadable = append(unreadable, []string{strconv.Itoa(s.Unreadable[reason]), say("unreadable-"+string(reason), nil)})
	}
	if s.Doubles > 0 {
		unreadable = append(unreadable, []string{strconv.Itoa(s.Doubles), say("double", nil)})
	}
	table("verdicts", verdicts)
	table("causes", causes)
	table("by-cause", portals)
	table("versions", versions)
	table("setups", setups)
	table("products", products)
	table("unreadable", unreadable)
	if !s.Complete {
		fmt.Fprintln(&out, "\n"+say("incomplete", nil))
	}
	if _, err := io.WriteString(w, out.String()); err != nil {
		return fmt.Errorf("write the totals: %w", err)
	}
	return nil
}

// shownPortals is the limit of portals in one line.
const shownPortals = 10
