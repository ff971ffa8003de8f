package bitrix

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A Renewal is data from a file that is newer than what is built in: names,
// scopes, version facts and hosts. It adds to the built-in data and dates it; a
// row of a known name takes the known one's place, and nothing is lost.
//
// The file is the catalogue's table as gen/main.go describes it, gzipped, with
// rows of hosts at will: H, and a HostRow as JSON.
type Renewal struct{ tables *tables }

// A RenewalOrigin is where a renewal comes from.
type RenewalOrigin struct {
	From string    // address or file
	When time.Time // it was taken over
	Key  string    // id of the key that it is signed with, as minisign writes it
}

// A HostRow is what a renewal can say of hosts, with the fields of Endpoint. An
// authorization server, the list of the event queue and the addresses that the
// server probe asks can't be expressed: a renewal never decides where BoxReady
// sends anything.
type HostRow struct {
	ID         string      `json:"id"`
	Pack       Pack        `json:"pack"`
	Regions    []Region    `json:"regions"`
	Hosts      []string    `json:"hosts"`
	Ports      []Port      `json:"ports"`
	Directions []Direction `json:"directions"`
	Mark       Mark        `json:"mark"`
	Source     string      `json:"source"`
	Date       string      `json:"date"`
}

// A RenewalFault is what is wrong with a file, as a stable code.
type RenewalFault string

// The faults.
const (
	FaultDamaged    RenewalFault = "damaged"     // not gzip, or cut off
	FaultTooLong    RenewalFault = "too-long"    // the text, its rows or a field
	FaultEncoding   RenewalFault = "encoding"    // not UTF-8
	FaultControl    RenewalFault = "control"     // control or invisible characters
	FaultBidi       RenewalFault = "bidi"        // characters that change the direction of writing
	FaultFormat     RenewalFault = "format"      // of another version
	FaultMalformed  RenewalFault = "malformed"   // a row that says nothing valid
	FaultDuplicate  RenewalFault = "duplicate"   // two rows of one name
	FaultSecretHost RenewalFault = "secret-host" // a host that secrets go to
)

// A RenewalError says why a file is no renewal.
type RenewalError struct {
	Fault RenewalFault
	Err   error
}

func (e *RenewalError) Error() string { return fmt.Sprintf("read renewal: %s: %v", e.Fault, e.Err) }

// Unwrap returns the details.
func (e *RenewalError) Unwrap() error { return e.Err }

// Limits of a renewal: several times what the documentation has.
const (
	maxRows  = 20_000
	maxField = 2_000 // bytes
)

// ParseRenewal reads a file and checks each row. The error is a *RenewalError.
func ParseRenewal(packed []byte) (*Renewal, error) {
	text, err := unpack(packed)
	switch {
	case errors.Is(err, errTooLong):
		return nil, &RenewalError{FaultTooLong, err}
	case err != nil:
		return nil, &RenewalError{FaultDamaged, err}
	}
	return parseRenewal(text)
}

func parseRenewal(text string) (*Renewal, error) {
	fail := func(fault RenewalFault, err error) (*Renewal, error) { return nil, &RenewalError{fault, err} }
	if fault, err := checkText(text); err != nil {
		return fail(fault, err)
	}
	t, err := parseCatalogue(text)
	switch {
	case errors.Is(err, errFormat):
		return fail(FaultFormat, err)
	case err != nil:
		return fail(FaultMalformed, err)
	}
	if len(t.methodIndex) < len(t.methods) || len(t.eventIndex) < len(t.events) || hasTwice(t.scopes, scopeName) ||
		hasTwice(t.hosts, func(h HostRow) string { return h.ID }) || hasTwice(t.allFacts, func(f Fact) Fact { return f }) {
		return fail(FaultDuplicate, errors.New("two rows are of the same name"))
	}
	for _, h := range t.hosts {
		if h.forSecrets() {
			return fail(FaultSecretHost, fmt.Errorf("row of %q", h.ID))
		}
	}
	if err := t.check(); err != nil {
		return fail(FaultMalformed, err)
	}
	return &Renewal{t}, nil
}

// checkText checks what concerns the text as a whole.
func checkText(text string) (RenewalFault, error) {
	if !utf8.ValidString(text) {
		return FaultEncoding, errors.New("not UTF-8")
	}
	rows, field := 1, 0
	for _, r := range text {
		field += utf8.RuneLen(r)
		switch {
		case r == '\n':
			rows, field = rows+1, 0
		case r == '\t':
			field = 0
		case unicode.Is(unicode.Bidi_Control, r):
			return FaultBidi, fmt.Errorf("character %U in row %d", r, rows)
		case !unicode.IsGraphic(r):
			return FaultControl, fmt.Errorf("character %U in row %d", r, rows)
		}
		if rows > maxRows || field > maxField {
			return FaultTooLong, fmt.Errorf("row %d", rows)
		}
	}
	return "", nil
}

// Date is the day of the renewal, as 2006-01-02.
func (r *Renewal) Date() string { return r.tables.date }

// renewal is what Use installed.
var renewal struct {
	data   *Renewal
	origin RenewalOrigin
}

// Use adds a renewal to the built-in data if it is the newer one, for the whole
// program. It must be called before the first use of a table.
func Use(r *Renewal, o RenewalOrigin) {
	if catalogueRead.Load() {
		panic("bitrix: a renewal came after the catalogue was read")
	}
	if r.Date() > builtInDate() {
		renewal.data, renewal.origin = r, o
	}
}

// builtInDate reads the date of the built-in catalogue without parsing it.
func builtInDate() string {
	z, err := gzip.NewReader(bytes.NewReader(catalogueData))
	if err != nil {
		panic(fmt.Sprintf("bitrix: read embedded catalogue: %v", err)) // as in catalogue
	}
	row, _, _ := bufio.NewReader(z).ReadLine()
	_, date, _ := strings.Cut(strings.TrimPrefix(string(row), "D\t"), "\t")
	return date
}

// with returns the tables with a renewal's rows.
func (t *tables) with(r *tables) *tables {
	n := &tables{
		date: r.date, sources: r.sources,
		methods: merged(t.methods, r.methods, func(m MethodInfo) string { return strings.ToLower(m.Name) }),
		events:  merged(t.events, r.events, func(e EventInfo) string { return e.Name }),
		scopes:  merged(t.scopes, r.scopes, scopeName),
	}
	known := make(map[Fact]bool, len(t.allFacts)+len(r.allFacts))
	for _, f := range slices.Concat(t.allFacts, r.allFacts) {
		if !known[f] {
			known[f] = true
			n.allFacts = append(n.allFacts, f)
		}
	}
	n.index()
	return n
}

// merged returns the rows of both tables in the order of their keys; of two with the same key, that of b.
func merged[T any](a, b []T, key func(T) string) []T {
	byKey := make(map[string]T, len(a)+len(b))
	for _, row := range slices.Concat(a, b) {
		byKey[key(row)] = row
	}
	rows := make([]T, 0, len(byKey))
	for _, k := range slices.Sorted(maps.Keys(byKey)) {
		rows = append(rows, byKey[k])
	}
	return rows
}

func scopeName(s ScopeInfo) string { return s.Name }

func hasTwice[T any, K comparable](rows []T, key func(T) K) bool {
	seen := make(map[K]bool, len(rows))
	for _, row := range rows {
		seen[key(row)] = true
	}
	return len(seen) < len(rows)
}

// RenewedRow begins the ID of a row of hosts that only a renewal has, and for which there are no texts.
const RenewedRow = "renewed-"

// withHosts returns the table of hosts with a renewal's rows: a row with a known ID adds its hosts to that row and
// dates it, another one comes after those of its pack.
func withHosts(rows []Endpoint, added []HostRow) []Endpoint {
	for _, h := range added {
		if i := slices.IndexFunc(rows, func(e Endpoint) bool { return e.ID == h.ID }); i >= 0 {
			if strings.HasPrefix(rows[i].Hosts[0], "@") {
				continue // each portal's own
			}
			for _, host := range h.Hosts {
				if !slices.Contains(rows[i].Hosts, host) {
					rows[i].Hosts = append(rows[i].Hosts, host)
				}
			}
			rows[i].Mark, rows[i].Source, rows[i].Date = h.Mark, h.Source, h.Date
			continue
		}
		at := len(rows)
		for i, e := range rows {
			if e.Pack == h.Pack {
				at = i + 1
			}
		}
		rows = slices.Insert(rows, at, Endpoint{ID: RenewedRow + h.ID, Pack: h.Pack, Regions: h.Regions, Hosts: h.Hosts, Ports: h.Ports,
			Directions: h.Directions, Mark: h.Mark, Source: h.Source, Date: h.Date})
	}
	return rows
}

func parseHostRow(text string) (h HostRow, err error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&h); err != nil {
		return h, err
	}
	if d.More() {
		return h, errors.New("more than one value")
	}
	return h, nil
}

// forSecrets reports whether the row is about a host that secrets go to: an
// authorization server, known or named like one, or a mask over one.
func (h HostRow) forSecrets() bool {
	return strings.HasPrefix(h.ID, "oauth") || slices.ContainsFunc(h.Hosts, func(host string) bool {
		parent, mask := strings.CutPrefix(host, "*")
		return slices.Contains(strings.Split(strings.ToLower(host), "."), "oauth") || mask && (strings.HasSuffix(authCIS, parent) || strings.HasSuffix(authWorld, parent))
	})
}

// check returns an error that names the first row whose fields aren't what they should be.
func (t *tables) check() error {
	bad := func(row string) error { return fmt.Errorf("row of %q", row) }
	if !isDay(t.date) {
		return bad("date")
	}
	for _, s := range t.sources {
		if !only(s.Name, "/._-") || !only(s.Revision, "") || !isDay(s.Date) {
			return bad(s.Name)
		}
	}
	who := []Who{WhoUnknown, WhoAny, WhoAdmin, WhoOther}
	for _, m := range t.methods {
		valid := isName(m.Name) && only(m.Module, "._") && allOnly(m.Scopes) && only(m.ScopeV3, "._") && slices.Contains(who, m.Who) &&
			(m.API2 || m.API3) && slices.Contains([]Registration{RegistrationUnknown, Static, Controller}, m.Registration) &&
			isVersion(m.PresentIn) && isVersion(m.AbsentIn) && only(m.ReplacedBy, "._*") && isPage(m.doc) && isPage(m.docV3)
		if !valid {
			return bad(m.Name)
		}
	}
	for _, e := range t.events {
		if !isName(e.Name) || e.Name != strings.ToUpper(e.Name) || !only(e.Module, "._") || !allOnly(e.Scopes) || !slices.Contains(who, e.Who) || !isPage(e.doc) {
			return bad(e.Name)
		}
	}
	for _, s := range t.scopes {
		if !isName(s.Name) || !allOnly(s.Modules) || !slices.Contains([]Evidence{EvidenceDocs, EvidenceSource, EvidenceInferred}, s.Evidence) {
			return bad(s.Name)
		}
	}
	for _, f := range t.allFacts {
		valid := only(f.Subject, "._*") && isName(f.Module) && isVersion(f.AbsentIn) && (isVersion(f.Version) || f.Kind == FactIMRevision) &&
			slices.Contains([]FactKind{FactSince, FactSinceInferred, FactBounds, FactBehaviour, FactDeprecatedSince, FactRemovedSince, FactIMRevision, FactJS}, f.Kind)
		if !valid {
			return bad(f.Subject)
		}
	}
	for _, h := range t.hosts {
		if !h.valid() {
			return bad(h.ID)
		}
	}
	return nil
}

func (h HostRow) valid() bool {
	day, end, _ := strings.Cut(h.Date, "/")
	directions := []Direction{PortalOut, PortalIn, AppOut, AppIn, DeskOut}
	return only(h.ID, "-") && slices.Contains(Packs(), h.Pack) && within(h.Regions, Regions()) && within(h.Directions, directions) && len(h.Ports) > 0 &&
		len(h.Hosts) > 0 && !slices.ContainsFunc(h.Hosts, func(host string) bool { return !isHost(host) }) &&
		len(day) >= len("2006") && len(day) <= len(time.DateOnly) && isDay(day+"2006-01-01"[len(day):]) && only(end, ".-") &&
		within([]Mark{h.Mark}, []Mark{Documentation, ProductCode, Inferred}) && (h.Mark != Documentation || strings.HasPrefix(h.Source, "https://"))
}

// within reports whether there are values, and all of them are known.
func within[T comparable](values, known []T) bool {
	return len(values) > 0 && !slices.ContainsFunc(values, func(v T) bool { return !slices.Contains(known, v) })
}

// isHost reports whether s is a lower-case name of at least two labels, or "*." and one of at least three: a mask must not
// open a whole domain of the vendor's.
func isHost(s string) bool {
	name, mask := strings.CutPrefix(s, "*.")
	labels := strings.Split(name, ".")
	if len(labels) < 2 || mask && len(labels) < 3 {
		return false
	}
	return s == strings.ToLower(s) && !slices.ContainsFunc(labels, func(l string) bool {
		return l == "" || l[0] == '-' || l[len(l)-1] == '-' || !only(l, "-")
	}) && strings.ContainsFunc(labels[len(labels)-1], unicode.IsLetter)
}

// only reports whether s consists of ASCII letters, digits and the others.
func only(s, others string) bool {
	return strings.IndexFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune(others, r)
	}) < 0
}

func allOnly(names []string) bool {
	return !slices.ContainsFunc(names, func(s string) bool { return !isName(s) })
}

func isName(s string) bool { return s != "" && only(s, "._") }

func isVersion(s string) bool { return s == "" || ValidVersion(s) }

// isPage reports whether s is "" or the path of a page of the documentation.
func isPage(s string) bool {
	return s == "" || only(s, "/._-") && !strings.Contains(s, "..") && !strings.HasPrefix(s, "/")
}

func isDay(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}
