// Command gen makes the compressed catalogue of REST methods, events, scopes
// and version facts that package bitrix embeds, from two tables beside it:
//
//	docs.tsv  what the pages of the documentation state, written by
//	          go run ./gen -en DIR -ru DIR
//	          from checkouts of its English and Russian repository
//	kept.tsv  what the pages can't tell, kept by hand
//
// Rows are tab-separated, their first field is their kind, empty fields at
// their end are cut. In both tables and in the result:
//
//	R repository revision date
//	M name scope module who flags api registration present_in absent_in replaced_by doc scopes_all scope_v3 doc_v3
//	E name scope module who flags doc scopes_all
//	S name modules evidence tool doc note
//	F subject module kind version absent_in what source
//
// flags: a application only, d deprecated, l in the reply of `methods`, n not
// in it. Lists are joined by commas. Before them the result has
//
//	D format date
//
// where date is the newest of the R rows. Only in kept.tsv:
//
//	B name module listed registration present_in absent_in
//	C name field value
//	X name reason
//
// A fact from a page has the module of its method. Facts in prose are kept by
// hand.
//
// B is what copies of the modules show of a method; an empty module is the
// first one of the method's scope. C corrects what a page states or leaves out.
// X is a name that pages mention and that is no method. Names in C and X may
// end in "*". Lines that begin with "#" are comments.
//
// The same tables give the same bytes.
package main

import (
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"slices"
	"strings"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("gen: ")
	en := flag.String("en", "", "`directory` with a checkout of the English documentation")
	ru := flag.String("ru", "", "`directory` with a checkout of the Russian documentation")
	tables := flag.String("tables", "gen", "`directory` with docs.tsv and kept.tsv")
	out := flag.String("out", "data/catalogue.tsv.gz", "`file` to write")
	flag.Parse()
	if flag.NArg() != 0 || (*en == "") != (*ru == "") {
		flag.Usage()
		os.Exit(2)
	}
	if *en != "" {
		if err := writeDocs(*en, *ru, *tables); err != nil {
			log.Fatal(err)
		}
	}
	packed, err := pack(*tables)
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(*out, packed, 0o644); err != nil { // #nosec G306 -- part of the repository
		log.Fatal(err)
	}
	fmt.Printf("%s: %d bytes\n", *out, len(packed))
}

// format is the version of the result's format, as package bitrix reads it.
const format = "1"

// A row is one line, with the kind first and room for all fields.
type row []string

// The fields of a row of a method and of an event.
const (
	mName, mScope, mModule, mWho, mFlags, mAPI, mRegistration     = 1, 2, 3, 4, 5, 6, 7
	mPresent, mAbsent, mReplaced, mDoc, mScopes, mScopeV3, mDocV3 = 8, 9, 10, 11, 12, 13, 14
	eName, eScope, eModule, eWho, eFlags, eDoc, eScopes           = 1, 2, 3, 4, 5, 6, 7
)

func newRow(fields ...string) row { return append(fields, make([]string, max(0, 15-len(fields)))...) }

func (r row) String() string { return strings.TrimRight(strings.Join(r, "\t"), "\t") + "\n" }

// readTable returns a table's rows by kind, in the file's order.
func readTable(file string) (map[string][]row, error) {
	data, err := os.ReadFile(file) // #nosec G304 -- a table of the repository
	if err != nil {
		return nil, err
	}
	kinds := map[string][]row{}
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimRight(line, "\n"); line == "" || line[0] == '#' {
			continue
		}
		r := newRow(strings.Split(line, "\t")...)
		if len(r) > 15 || strings.Contains(line, "\r") || !strings.Contains("RMESFBCX", r[0]) {
			return nil, fmt.Errorf("%s: row %q is of no known kind", file, line)
		}
		kinds[r[0]] = append(kinds[r[0]], r)
	}
	return kinds, nil
}

// pack reads the tables in dir and returns the compressed result.
func pack(dir string) ([]byte, error) {
	docs, err := readTable(dir + "/docs.tsv")
	if err != nil {
		return nil, err
	}
	kept, err := readTable(dir + "/kept.tsv")
	if err != nil {
		return nil, err
	}
	rows, err := merge(docs, kept)
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		if _, err := z.Write([]byte(r.String())); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

// merge joins what pages state with what is kept.
func merge(docs, kept map[string][]row) ([]row, error) {
	byName := map[string]row{}
	add := func(list []row) error {
		for _, r := range list {
			key := strings.ToLower(r[1])
			if byName[key] != nil {
				return fmt.Errorf("%s has two rows: is it kept, and has a page by now?", r[1])
			}
			byName[key] = r
		}
		return nil
	}
	if err := add(slices.Concat(docs["M"], docs["E"])); err != nil {
		return nil, err
	}
	for _, c := range kept["C"] {
		if err := correct(byName, c); err != nil {
			return nil, err
		}
	}
	if err := add(slices.Concat(kept["M"], kept["E"])); err != nil {
		return nil, err
	}
	for _, b := range kept["B"] {
		m := byName[strings.ToLower(b[1])]
		if m == nil || m[0] != "M" {
			return nil, fmt.Errorf("kept.tsv has bounds of %s, which is no method", b[1])
		}
		m[mModule], m[mRegistration], m[mPresent], m[mAbsent] = b[2], b[4], b[5], b[6]
		m[mFlags] += b[3]
	}
	modules := map[string]string{}
	for _, s := range kept["S"] {
		modules[s[1]], _, _ = strings.Cut(s[2], ",")
	}
	var methods, events []row
	for _, r := range byName { // the fields of scope and module are the same in both kinds
		if r[mModule] == "" {
			r[mModule] = modules[r[mScope]]
		}
		if r[mModule] == "" {
			return nil, fmt.Errorf("the module of %s is not known: scope %q has no S row", r[1], r[mScope])
		}
		if r[0] == "M" {
			methods = append(methods, r)
		} else {
			events = append(events, r)
		}
	}
	slices.SortFunc(methods, compareNames)
	slices.SortFunc(events, compareNames)
	for _, f := range docs["F"] {
		if m := byName[strings.ToLower(f[1])]; m != nil {
			f[2] = m[mModule]
		}
	}
	sources := slices.Concat(docs["R"], kept["R"])
	date := ""
	for _, s := range sources {
		date = max(date, s[3])
	}
	slices.SortFunc(kept["S"], compareNames)
	return slices.Concat([]row{{"D", format, date}}, sources, methods, events, kept["S"], docs["F"], kept["F"]), nil
}

func compareNames(a, b row) int { return strings.Compare(strings.ToLower(a[1]), strings.ToLower(b[1])) }

// matches tells whether a name of a C or X row is name or its beginning.
func matches(pattern, name string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(name, prefix)
	}
	return pattern == name
}

// rejected tells whether an X row says that name is no method.
func rejected(kept map[string][]row, name string) bool {
	return slices.ContainsFunc(kept["X"], func(x row) bool { return matches(x[1], name) })
}

// The fields that a C row may correct, by their names.
var (
	methodFields = map[string]int{
		"scope": mScope, "scopes": mScopes, "module": mModule, "who": mWho, "flags": mFlags, "replaced_by": mReplaced,
	}
	eventFields = map[string]int{"scope": eScope, "scopes": eScopes, "module": eModule, "who": eWho, "flags": eFlags}
)

// correct applies a C row. One that changes nothing is an error.
func correct(byName map[string]row, c row) error {
	changed := false
	for _, r := range byName {
		if !matches(c[1], r[1]) {
			continue
		}
		fields := methodFields
		if r[0] == "E" {
			fields = eventFields
		}
		i, ok := fields[c[2]]
		if !ok {
			return fmt.Errorf("kept.tsv corrects %s: there is no field %s", c[1], c[2])
		}
		changed = changed || r[i] != c[3]
		r[i] = c[3]
	}
	if !changed {
		return fmt.Errorf("kept.tsv corrects %s of %s, which changes nothing", c[2], c[1])
	}
	return nil
}

// writeDocs writes docs.tsv from the checkouts. It fails if pages mention a
// method that neither they nor kept.tsv account for.
func writeDocs(en, ru, dir string) error {
	all, err := pages(en, ru)
	if err != nil {
		return err
	}
	list, err := rows(all)
	if err != nil {
		return err
	}
	kept, err := readTable(dir + "/kept.tsv")
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(r row) bool { return rejected(kept, r[1]) })
	if lost := unaccounted(all, list, kept); len(lost) != 0 {
		return fmt.Errorf("add an M or an X row to kept.tsv for what pages mention:\n%s", strings.Join(lost, "\n"))
	}
	var table bytes.Buffer
	for _, s := range []struct{ name, checkout string }{
		{"bitrix24/b24restdocs", en}, {"bitrix-tools/b24-rest-docs", ru},
	} {
		head, err := exec.Command("git", "-C", s.checkout, "log", "-1", "--format=%H\t%cs").Output() // #nosec G204 -- a checkout that the caller names
		if err != nil {
			return fmt.Errorf("ask git for the revision of %s: %w", s.checkout, err)
		}
		table.WriteString("R\t" + s.name + "\t" + string(head))
	}
	for _, r := range list {
		table.WriteString(r.String())
	}
	return os.WriteFile(dir+"/docs.tsv", table.Bytes(), 0o644) // #nosec G306 -- part of the repository
}

// unaccounted returns the names that pages mention, each with its page, and
// that no row has.
func unaccounted(all []page, list []row, kept map[string][]row) []string {
	known := map[string]bool{}
	for _, r := range slices.Concat(list, kept["M"]) { // names of events and subjects do no harm here
		known[strings.ToLower(r[1])] = true
	}
	var lost []string
	for _, p := range all {
		for _, name := range p.called() {
			if key := strings.ToLower(name); !known[key] && !rejected(kept, name) {
				known[key] = true
				lost = append(lost, name+"\t"+p.path)
			}
		}
	}
	return lost
}
