package allowlist

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"boxready/checks"
	"boxready/internal/bitrix"
	"boxready/internal/requirements"
)

// Row is a required connection, or several with the same purpose.
type Row struct {
	// IDs are rows of the table of endpoints, the first is the row's own; Application for a host of the
	// requirements. There are several if the row covers other rows.
	IDs       []string
	Direction bitrix.Direction
	// Hosts, Addresses and Party are the remote side: the target, or the client for the inward directions.
	Hosts     []string       // names; "*." stands for any subdomain
	Known     []string       // known names under a mask in Hosts, for equipment without masks
	Addresses []netip.Prefix // a single address is a /32 or /128
	Party     Party          // the role of the remote side, if Hosts doesn't determine it
	// Unpublished means that Hosts connect to the portal from unpublished addresses, so that no rule can name them.
	Unpublished bool
	Ports       []bitrix.Port // sorted
	Pack        bitrix.Pack   // "" for a host of the requirements
	Mark        bitrix.Mark   // "" for a host of the requirements
	Date        string        // of what Mark names, as bitrix.Endpoint has it
	Regions     []bitrix.Region
	// Applications that need the host, for a row of requirements.
	Applications []requirements.Application
	Measured     Measurement
}

// Application is the ID of rows from requirements, isolatedPortal that of the connections to handlers of a portal with its own
// event provider.
const (
	Application    = "application"
	isolatedPortal = "isolated-portal"
)

// Party is a remote side that differs from portal to portal: a constant bitrix.Host… without its @.
type Party string

// Parties that this package treats specially.
const (
	Queue    Party = "nodes"
	Portal   Party = "portal"
	Handlers Party = "handlers"
)

// ID returns the row's own ID.
func (r Row) ID() string { return r.IDs[0] }

// Inward reports whether the remote side opens the connection.
func (r Row) Inward() bool { return r.Direction == bitrix.PortalIn || r.Direction == bitrix.AppIn }

// Directions returns the directions in the order in which rows are shown.
func Directions() []bitrix.Direction {
	return []bitrix.Direction{bitrix.PortalOut, bitrix.PortalIn, bitrix.AppIn, bitrix.AppOut, bitrix.DeskOut}
}

// rows returns the rows in the order of Directions and, within one, of the table.
func (r *Rules) rows(hosts []remoteHost) []Row {
	var rows []Row
	for _, e := range r.endpoints() {
		for _, d := range e.Directions {
			if r.concernsOwner(e, d) {
				rows = append(rows, r.expand(e, d, hosts)...)
			}
		}
	}
	if r.Handlers == requirements.Custom {
		rows = append(rows, r.fromIsolatedPortal(rows))
	}
	rows = mergeCovered(append(rows, r.otherHosts(hosts)...))
	slices.SortStableFunc(rows, func(a, b Row) int {
		return slices.Index(Directions(), a.Direction) - slices.Index(Directions(), b.Direction)
	})
	return rows
}

func (r *Rules) endpoints() []bitrix.Endpoint {
	return slices.DeleteFunc(bitrix.Endpoints(), func(e bitrix.Endpoint) bool {
		isolated := e.Pack == bitrix.PackIsolated
		return isolated != (r.Handlers == requirements.Custom) && (isolated || replaced(e)) ||
			!isolated && !slices.Contains(r.Packs, e.Pack) ||
			!slices.ContainsFunc(r.regions(), e.In)
	})
}

// replaced reports whether a portal with its own authorization and event provider doesn't need e
// (https://apidocs.bitrix24.com/settings/cloud-and-on-premise/network-access.html).
func replaced(e bitrix.Endpoint) bool {
	return e.Pack == bitrix.PackEvents || slices.ContainsFunc(e.Hosts, bitrix.IsAuthHost)
}

// concernsOwner reports whether direction d of e concerns the owner. Servers of a vendor on the internet are the vendor's responsibility.
func (r *Rules) concernsOwner(e bitrix.Endpoint, d bitrix.Direction) bool {
	switch d {
	case bitrix.AppIn:
		return r.Handlers == requirements.LAN
	case bitrix.AppOut:
		return r.Handlers != requirements.Internet
	case bitrix.DeskOut:
		return e.Pack != bitrix.PackEvents // on an employee's computer only BoxReady fetches the list
	}
	return true
}

// expand returns the rows for one direction of e; several only if the requirements have hosts with several ports.
func (r *Rules) expand(e bitrix.Endpoint, d bitrix.Direction, hosts []remoteHost) []Row {
	row := Row{IDs: []string{e.ID}, Direction: d, Ports: sortedPorts(e.Ports), Pack: e.Pack, Mark: e.Mark, Date: e.Date}
	for _, region := range r.regions() {
		if e.In(region) {
			row.Regions = append(row.Regions, region)
		}
	}
	for _, host := range e.Hosts {
		if party, ok := strings.CutPrefix(host, "@"); ok {
			row.Party = Party(party)
		} else if addr, err := netip.ParseAddr(host); err == nil {
			row.Addresses = append(row.Addresses, single(addr))
		} else {
			row.Hosts = append(row.Hosts, host)
		}
	}
	for _, address := range e.URLs {
		if u, err := url.Parse(address); err == nil && !slices.Contains(row.Hosts, u.Hostname()) {
			row.Known = add(row.Known, u.Hostname())
		}
	}
	row.Unpublished = d == bitrix.PortalIn && len(row.Hosts) > 0
	if r.Portal.Port != 0 && (d == bitrix.PortalIn && row.Party == "app-servers" || row.Party == Portal) {
		row.Ports = []bitrix.Port{{Proto: "tcp", Number: uint16(r.Portal.Port)}} // #nosec G115 -- ParseAddress accepts nothing above 65535
	}
	switch row.Party {
	case Queue:
		for _, list := range r.usedLists() {
			row.Addresses = append(row.Addresses, list.Nodes...)
		}
		slices.SortFunc(row.Addresses, netip.Prefix.Compare)
		row.Addresses = slices.Compact(row.Addresses)
	case Portal:
		if addr, err := netip.ParseAddr(r.Portal.Host); err == nil {
			row.Addresses = []netip.Prefix{single(addr)}
		} else if r.Portal.Host != "" {
			row.Hosts = []string{r.Portal.Host}
		}
	case Handlers:
		if r.HandlerIP.IsValid() {
			row.Addresses = []netip.Prefix{single(r.HandlerIP)}
		}
		return r.withHosts(row, hosts, requirements.PortalToApp)
	case "app-servers":
		return r.withHosts(row, hosts, requirements.AppToPortal)
	}
	return []Row{row}
}

// withHosts replaces a row's party by the application's hosts of one direction, with a row for each port.
func (r *Rules) withHosts(row Row, hosts []remoteHost, d requirements.Direction) []Row {
	var rows []Row
	for _, h := range hosts {
		if h.dir == d {
			named := row
			named.Ports = []bitrix.Port{h.port}
			named.Addresses = nil
			rows = h.addTo(rows, named)
		}
	}
	if rows == nil {
		return []Row{row}
	}
	return rows
}

// addTo adds the host to the row for its port; a new one is a copy of like.
func (h remoteHost) addTo(rows []Row, like Row) []Row {
	i := slices.IndexFunc(rows, func(r Row) bool { return r.Direction == like.Direction && slices.Equal(r.Ports, like.Ports) })
	if i < 0 {
		rows, i = append(rows, like), len(rows)
	}
	if h.addr.IsValid() {
		if p := single(h.addr); !slices.Contains(rows[i].Addresses, p) {
			rows[i].Addresses = append(rows[i].Addresses, p)
		}
	} else {
		rows[i].Hosts = add(rows[i].Hosts, h.name)
	}
	return rows
}

// otherHosts returns rows for those of the application's hosts that are in no row of the table.
func (r *Rules) otherHosts(hosts []remoteHost) []Row {
	directions := map[requirements.Direction]bitrix.Direction{requirements.BrowserToApp: bitrix.DeskOut}
	if r.Handlers != requirements.Custom {
		directions[requirements.PortalToApp] = bitrix.PortalOut
	}
	if !slices.Contains(r.Packs, bitrix.PackREST) {
		directions[requirements.AppToPortal] = bitrix.PortalIn
	}
	var rows []Row
	for _, h := range hosts {
		if d, ok := directions[h.dir]; ok {
			rows = h.addTo(rows, Row{IDs: []string{Application}, Direction: d, Ports: []bitrix.Port{h.port}, Regions: r.regions(),
				Applications: r.Requirements.Applications})
		}
	}
	return rows
}

// fromIsolatedPortal returns the row on the handlers' side for events that the portal sends itself; rows has those on the portal's side.
func (r *Rules) fromIsolatedPortal(rows []Row) Row {
	row := Row{IDs: []string{isolatedPortal}, Direction: bitrix.AppIn, Party: Portal, Pack: bitrix.PackIsolated, Mark: bitrix.Documentation,
		Regions: r.regions()}
	for _, other := range rows {
		if other.Party == Handlers {
			row.Ports = append(row.Ports, other.Ports...)
		}
	}
	row.Ports = sortedPorts(row.Ports)
	if r.PortalIP.IsValid() {
		row.Addresses = []netip.Prefix{single(r.PortalIP)}
	}
	return row
}

// mergeCovered merges hosts into rows that cover them: the same direction, and a name or mask that covers theirs, for all
// their ports.
func mergeCovered(rows []Row) []Row {
	for i := range rows {
		for j := range rows {
			a, b := &rows[i], &rows[j]
			if i == j || len(a.Hosts) == 0 || len(b.Hosts) == 0 || a.Direction != b.Direction || a.Unpublished != b.Unpublished ||
				slices.ContainsFunc(b.Ports, func(p bitrix.Port) bool { return !slices.Contains(a.Ports, p) }) {
				continue
			}
			var kept []string
			for _, host := range b.Hosts {
				switch mask := a.mask(host); mask {
				case "":
					kept = append(kept, host)
				case host:
				default:
					a.Known = add(a.Known, host)
				}
			}
			if len(kept) == len(b.Hosts) {
				continue
			}
			for _, region := range b.Regions {
				a.Regions = add(a.Regions, region)
			}
			if b.Hosts = kept; len(kept) == 0 && len(b.Addresses) == 0 {
				a.IDs = append(a.IDs, b.IDs...)
				b.IDs = nil
			}
		}
	}
	return slices.DeleteFunc(rows, func(r Row) bool { return r.IDs == nil })
}

// mask returns the row's host or mask that covers host, or "".
func (r Row) mask(host string) string {
	i := slices.IndexFunc(r.Hosts, func(own string) bool {
		suffix, masked := strings.CutPrefix(own, "*")
		return own == host || masked && strings.HasSuffix(host, suffix)
	})
	if i < 0 {
		return ""
	}
	return r.Hosts[i]
}

func add[T comparable](list []T, item T) []T {
	if slices.Contains(list, item) {
		return list
	}
	return append(list, item)
}

func single(a netip.Addr) netip.Prefix { return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()) }

func sortedPorts(ports []bitrix.Port) []bitrix.Port {
	return slices.SortedFunc(slices.Values(ports), func(a, b bitrix.Port) int {
		if a.Proto != b.Proto {
			return strings.Compare(a.Proto, b.Proto)
		}
		return int(a.Number) - int(b.Number)
	})
}

// key returns the key of a row's texts. The rows of the two regions share it; an application uses the
// authorization server differently than a portal.
func (r Row) key(id string) string {
	name := strings.TrimSuffix(id, "-w")
	if strings.HasPrefix(id, bitrix.RenewedRow) {
		name = "renewed"
	}
	if r.Direction == bitrix.AppOut && strings.HasPrefix(name, "oauth") {
		name += "-app"
	}
	return "allowlist.row." + name
}

// Why returns what the row is for.
func (r Row) Why(w Words) string { return r.say(w, ".why") }

// Breaks returns what doesn't work without the row.
func (r Row) Breaks(w Words) string { return r.say(w, ".breaks") }

func (r Row) say(w Words, part string) string {
	var all, applications []string
	for _, a := range r.Applications {
		applications = append(applications, a.NameIn(w.Lang()))
	}
	args := checks.Args{"applications": applications}
	if r.Pack != "" { // rows of requirements have none
		args["pack"] = w.Say("allowlist.pack."+string(r.Pack), nil)
	}
	for _, id := range r.IDs {
		all = add(all, w.Say(r.key(id)+part, args))
	}
	return strings.Join(all, "; ")
}

// MarkName tells how a row is known and of which years that knowledge is; "" for the vendor's page.
func (r Row) MarkName(w Words) string {
	if r.Mark == "" || r.Mark == bitrix.Documentation {
		return ""
	}
	return w.Say("allowlist.mark."+strings.ReplaceAll(string(r.Mark), " ", "-"), checks.Args{"years": years(r.Date)})
}

// years returns the years of a date of bitrix.Endpoint: "2025", or "2023–2026" for an interval.
func years(date string) string {
	from, to, _ := strings.Cut(date, "/")
	from, to = from[:min(4, len(from))], to[:min(4, len(to))]
	if to == "" || to == ".." || to == from {
		return from
	}
	return from + "–" + to
}

// What returns the remote side: hosts and addresses, or the name of its party.
func (r Row) What(w Words) string {
	list := slices.Clone(r.Hosts)
	if r.Party != Queue { // there are many, and they change
		for _, p := range r.Addresses {
			list = append(list, text(p))
		}
	}
	if len(list) == 0 {
		return w.Say("allowlist.party."+string(r.Party), nil)
	}
	return strings.Join(list, ", ")
}

// PortsText formats the ports: "TCP 80, 443".
func (r Row) PortsText() string {
	var parts []string
	for _, proto := range protocols {
		if numbers := numbers(r.Ports, proto); numbers != nil {
			parts = append(parts, strings.ToUpper(proto)+" "+strings.Join(numbers, ", "))
		}
	}
	return strings.Join(parts, ", ")
}

var protocols = []string{"tcp", "udp"}

// numbers returns the ports of one protocol, nil for none.
func numbers(ports []bitrix.Port, proto string) []string {
	var list []string
	for _, p := range ports {
		if p.Proto == proto {
			_, number, _ := strings.Cut(p.String(), "/")
			list = append(list, number)
		}
	}
	return list
}

// text formats a network; a single address without its prefix length.
func text(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

// State returns the last measurement, with its vantage and time.
func (r Row) State(w Words) string {
	return w.Say("allowlist.measured."+r.Measured.key(), checks.Args{"when": r.Measured.When})
}
