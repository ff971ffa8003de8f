package allowlist

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"

	"boxready/checks"
	"boxready/internal/bitrix"
)

// Equipment is a kind of equipment that rules are written for.
type Equipment string

// The kinds of equipment, and two forms of a table.
const (
	Nftables  Equipment = "nftables"
	IPSet     Equipment = "ipset"
	IPTables  Equipment = "iptables"
	Firewalld Equipment = "firewalld"
	Squid     Equipment = "squid"
	Nginx     Equipment = "nginx"
	Windows   Equipment = "windows"
	MikroTik  Equipment = "mikrotik"
	FortiGate Equipment = "fortigate"
	PfSense   Equipment = "pfsense"
	CSV       Equipment = "csv"
	JSON      Equipment = "json"
)

// Part is one of the files written for a kind of equipment.
type Part string

// The parts. Each is a whole file.
const (
	Add     Part = "add"
	Remove  Part = "remove"  // reverts what Add does
	Refresh Part = "refresh" // a script that replaces the event queue's addresses
)

// ErrNoPart is matched if an equipment has no such part, or the rules have nothing for it.
var ErrNoPart = errors.New("there is no such part")

// writer holds the functions and properties of one equipment. What it doesn't have is empty.
type writer struct {
	capability
	add, remove func(*printer)
	refresh     string // name of the script's template
	extension   string // of the files
	removal     string // of the file of Remove
}

func (e Equipment) writer() writer {
	server := capability{addresses: true, applies: onServer}
	filled := server
	filled.empty = true
	switch e {
	case Nftables:
		return writer{filled, addNftables, removeNftables, "nftables", ".nft", ".nft"}
	case IPSet:
		return writer{filled, addIPSet, removeIPSet, "ipset", ".ipset", ".ipset"}
	case IPTables:
		return writer{filled, addIPTables, removeIPTables, "iptables", ".rules", ".sh"}
	case Firewalld:
		return writer{filled, addFirewalld, removeFirewalld, "firewalld", ".sh", ".sh"}
	case Squid:
		return writer{capability{names: true, masks: true, addresses: true, applies: throughProxy}, addSquid, removeSquid, "", ".conf", ".sh"}
	case Nginx:
		return writer{server, addNginx, removeNginx, "nginx", ".conf", ".sh"}
	case Windows:
		return writer{server, addWindows, removeWindows, "windows", ".ps1", ".ps1"}
	case MikroTik:
		return writer{capability{names: true, addresses: true, empty: true}, addMikroTik, removeMikroTik, "mikrotik", ".rsc", ".rsc"}
	case FortiGate:
		return writer{capability{names: true, masks: true, addresses: true}, addFortiGate, removeFortiGate, "list", ".conf", ".conf"}
	case PfSense:
		return writer{capability{names: true, addresses: true}, addPfSense, removePfSense, "list", ".txt", ".txt"}
	case CSV:
		return writer{add: addCSV, extension: ".csv"}
	case JSON:
		return writer{add: addJSON, extension: ".json"}
	}
	return writer{}
}

// Equipments returns all kinds, in the order in which they are offered.
func Equipments() []Equipment {
	return []Equipment{Nftables, IPSet, IPTables, Firewalld, Squid, Nginx, Windows, MikroTik, FortiGate, PfSense, CSV, JSON}
}

// Name returns the equipment's name for people.
func (e Equipment) Name(w Words) string { return w.Say("allowlist.equipment."+string(e)+".name", nil) }

// Has reports whether there is something to write for a part.
func (r *Rules) Has(e Equipment, p Part) bool {
	w := e.writer()
	switch p {
	case Add:
		return w.add != nil
	case Remove:
		return w.remove != nil
	case Refresh:
		return w.refresh != "" && slices.ContainsFunc(r.Rows, func(row Row) bool { return row.Party == Queue })
	}
	return false
}

// FileName returns the name of the file with that part.
func (e Equipment) FileName(p Part) string {
	w, name := e.writer(), setPrefix+string(e)
	switch p {
	case Remove:
		return name + "-remove" + w.removal
	case Refresh:
		return name + "-refresh" + scriptExtension(w.refresh)
	}
	return name + w.extension
}

// Coverage returns how many of the rules' rows an equipment can express, at least in part, and how many it can't.
func (r *Rules) Coverage(e Equipment) (can, cannot int) {
	if e.writer().remove == nil { // tables have all rows
		return len(r.Rows), 0
	}
	targets, _ := e.writer().plan(r)
	return len(targets), len(r.Rows) - len(targets)
}

// Write writes one part for an equipment: a complete file that needs no other.
func (r *Rules) Write(out io.Writer, e Equipment, part Part, w Words) error {
	if !r.Has(e, part) {
		return fmt.Errorf("%s for %q: %w", part, e, ErrNoPart)
	}
	p := &printer{Rules: r, words: w, equipment: e}
	p.targets, p.omitted = e.writer().plan(r)
	switch part {
	case Add:
		e.writer().add(p)
	case Remove:
		e.writer().remove(p)
	case Refresh:
		if err := p.script(e.writer().refresh); err != nil {
			return err
		}
	}
	if _, err := io.WriteString(out, p.out.String()); err != nil {
		return fmt.Errorf("write the rules: %w", err)
	}
	return nil
}

// capability is what an equipment can express.
type capability struct {
	names, masks, addresses bool
	empty                   bool                   // a list without addresses is allowed; the script fills it
	applies                 func(*Rules, Row) bool // whether the row concerns such equipment; nil: always
}

// target is a row as an equipment can express it.
type target struct {
	Row
	names []string
	addrs []netip.Prefix
}

// omission is a row, or a part of one, that an equipment can't express.
type omission struct {
	row Row
	why string // last part of the text's key
}

func (a capability) plan(r *Rules) (targets []target, omitted []omission) {
	leave := func(row Row, why string) { omitted = append(omitted, omission{row, why}) }
	for _, row := range r.Rows {
		switch {
		case a.applies != nil && !a.applies(r, row):
			leave(row, "elsewhere")
			continue
		case row.Unpublished:
			leave(row, "unpublished")
			continue
		case row.Hosts == nil && row.Addresses == nil && row.Party == Queue:
			if leave(row, "no-list"); a.empty {
				targets = append(targets, target{Row: row})
			}
			continue
		case row.Hosts == nil && row.Addresses == nil:
			leave(row, "party")
			continue
		}
		t := target{Row: row, addrs: row.Addresses}
		if !a.names && row.Hosts != nil {
			leave(row, "names")
		}
		if a.names {
			t.names = row.Hosts
			if masked := slices.ContainsFunc(row.Hosts, isMask); masked && !a.masks {
				t.names = append(slices.DeleteFunc(slices.Clone(row.Hosts), isMask), row.Known...)
				leave(row, "masks")
			}
		}
		if len(t.names)+len(t.addrs) > 0 {
			targets = append(targets, t)
		}
	}
	return targets, omitted
}

func isMask(host string) bool { return strings.HasPrefix(host, "*.") }

// group holds the targets of one rule: the same direction and ports. The queue's addresses have their own group, because they change.
type group struct {
	name    string
	dir     bitrix.Direction
	ports   []bitrix.Port
	targets []target
	names   []string
	addrs   []netip.Prefix
}

const nodes = "nodes"

func (p *printer) groups() []group {
	var groups []group
	for _, t := range p.targets {
		name := string(t.Direction) + "-" + strings.Join(portParts(t.Ports), "-")
		if t.Party == Queue {
			name = nodes
		}
		i := slices.IndexFunc(groups, func(g group) bool { return g.name == name })
		if i < 0 {
			i = len(groups)
			groups = append(groups, group{name: name, dir: t.Direction, ports: t.Ports})
		}
		g := &groups[i]
		g.targets = append(g.targets, t)
		for _, n := range t.names {
			g.names = add(g.names, n)
		}
		for _, a := range t.addrs {
			g.addrs = add(g.addrs, a)
		}
	}
	return groups
}

func portParts(ports []bitrix.Port) []string {
	var parts []string
	for _, p := range ports {
		part := strings.TrimPrefix(p.String(), "tcp/")
		parts = append(parts, strings.Replace(part, "/", "", 1))
	}
	return parts
}

// localAddr returns the address of the direction's server, if it was given.
func (r *Rules) localAddr(d bitrix.Direction) netip.Addr {
	switch d {
	case bitrix.PortalOut, bitrix.PortalIn:
		return r.PortalIP
	case bitrix.AppOut, bitrix.AppIn:
		return r.HandlerIP
	}
	return netip.Addr{}
}

// family returns the addresses of one version of IP: 4 or 6.
func family(addrs []netip.Prefix, version int) []string {
	var list []string
	for _, a := range addrs {
		if a.Addr().Is4() == (version == 4) {
			list = append(list, text(a))
		}
	}
	return list
}

// printer writes one file.
type printer struct {
	out strings.Builder
	*Rules
	words     Words
	equipment Equipment
	targets   []target
	omitted   []omission
}

func (p *printer) say(key string, args checks.Args) string {
	return p.words.Say("allowlist."+key, args)
}

// line writes a line of rules.
func (p *printer) line(format string, args ...any) { fmt.Fprintf(&p.out, format+"\n", args...) }

// note writes a comment. Line breaks in words can't end the comment.
func (p *printer) note(words string) { p.noteAt("#", words) }

func (p *printer) noteAt(mark, words string) {
	for _, line := range wrap(words, 76) {
		p.line("%s %s", mark, line)
	}
}

// wrap breaks words into lines at any white space, including all kinds of line separators.
func wrap(words string, width int) []string {
	var lines []string
	var line []rune
	for _, word := range strings.Fields(words) {
		if len(line) > 0 && len(line)+1+len([]rune(word)) > width {
			lines, line = append(lines, string(line)), nil
		}
		if len(line) > 0 {
			line = append(line, ' ')
		}
		line = append(line, []rune(word)...)
	}
	if len(line) > 0 {
		lines = append(lines, string(line))
	}
	return lines
}

// timeFormat is the format of times in files.
const timeFormat = "2006-01-02 15:04 -0700"

// maxListAge is the age from which a list of addresses is reported as old: new senders are listed 5 to 10 minutes ahead.
const maxListAge = time.Hour

// mark returns the comment that marks objects in the equipment.
func (p *printer) mark() string { return "BoxReady " + p.Now.Format("2006-01-02") }

// head writes what the file is, its source, how to load it and how to revert it.
func (p *printer) head(part Part) {
	args := checks.Args{"equipment": p.equipment.Name(p.words), "version": p.Version, "when": p.Now.Format(timeFormat), "portal": p.portalName()}
	p.note(p.say("file."+string(part), args))
	p.note(p.say("file.source", args))
	if part == Remove {
		return
	}
	if p.Region == "" {
		p.note(p.say("file.both", nil))
	}
	for _, s := range p.listNotes() {
		p.note(s)
	}
	use := "equipment." + string(p.equipment)
	p.note(p.say(use+".load", checks.Args{"file": p.equipment.FileName(Add)}))
	if p.Has(p.equipment, Refresh) {
		p.note(p.say(use+".refresh", checks.Args{"script": p.equipment.FileName(Refresh)}))
	}
	p.note(p.say(use+".remove", checks.Args{"script": p.equipment.FileName(Remove)}))
}

// portalName returns the portal's address for people, or "".
func (r *Rules) portalName() string {
	if r.Portal.Host == "" {
		return ""
	}
	return r.Portal.Name()
}

// listNotes returns a note about the age of each list of addresses, and about each missing one.
func (p *printer) listNotes() []string {
	var all []string
	for _, list := range p.usedLists() {
		age := p.Now.Sub(list.Fetched)
		all = append(all, p.say("file.list", checks.Args{"n": len(list.Nodes), "url": list.URL, "age": age, "old": age > maxListAge,
			"when": list.Fetched.In(p.Now.Location()).Format(timeFormat)}))
	}
	for _, region := range p.Missing {
		all = append(all, p.say("file.no-list", checks.Args{"url": bitrix.Feed(region)}))
	}
	return all
}

// notePurpose writes the purposes of a group as a comment.
func (p *printer) notePurpose(mark string, g group) {
	var all []string
	for _, t := range g.targets {
		all = add(all, p.purpose(t))
	}
	p.noteAt(mark, strings.Join(all, "; "))
}

// purpose returns what a target is for, with its tag.
func (p *printer) purpose(t target) string {
	if tag := p.tag(t.Row); tag != "" {
		return t.Why(p.words) + " (" + tag + ")"
	}
	return t.Why(p.words)
}

// noteUnrestricted writes a comment if a rule isn't restricted to its server.
func (p *printer) noteUnrestricted(mark string, g group) {
	if !p.localAddr(g.dir).IsValid() && g.dir != bitrix.DeskOut {
		p.noteAt(mark, p.say("file.wide", nil))
	}
}

// noteOmitted writes the rows that the equipment can't express as comments, with the reasons.
func (p *printer) noteOmitted() {
	var whys []string
	for _, l := range p.omitted {
		whys = add(whys, l.why)
	}
	for _, why := range whys {
		p.line("")
		p.note(p.say("left."+why, nil))
		for _, l := range p.omitted {
			if l.why == why {
				p.note("- " + p.say("direction."+string(l.row.Direction)+".title", nil) + ": " + l.row.What(p.words) + ", " + l.row.PortsText())
			}
		}
	}
}

// noteIfEmpty reports whether the equipment can express none of the rows, and writes a comment then.
func (p *printer) noteIfEmpty() bool {
	if len(p.targets) > 0 {
		return false
	}
	p.line("")
	p.note(p.say("file.nothing", nil))
	p.noteOmitted()
	return true
}
