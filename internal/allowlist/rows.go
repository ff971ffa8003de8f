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

// Row is one connection that has to be possible, or several to the same end.
type Row struct {
	// IDs are rows of the table of endpoints, the one that the row is known by first; Application for a host of the
	// requirements. More than one where a row covers others.
	IDs       []string
	Direction bitrix.Direction
	// Hosts, Addresses and Party are the far side: what is connected to, or, for the inward directions, who connects.
	Hosts     []string       // names; "*." stands for any subdomain
	Known     []string       // names that are known under a mask in Hosts, for equipment that has no masks
	Addresses []netip.Prefix // a single address is a /32 or /128
	Party     Party          // who it is where that is known and the names aren't, or besides
	// Unpublished means that Hosts connect to the portal from addresses that nobody publishes, so that no rule can name them.
	Unpublished bool
	Ports       []bitrix.Port // sorted
	Pack        bitrix.Pack   // "" for a host of the requirements
	Mark        bitrix.Mark   // "" for a host of the requirements
	Regions     []bitrix.Region
	// Applications are those that name the host, for a row of requirements.
	Applications []requirements.Application
	Measured     Measurement
}

// Application is the ID of rows that come from requirements, isolatedPortal of the handlers' side of a portal with its own
// event provider.
const (
	Application    = "application"
	isolatedPortal = "isolated-portal"
)

// Party is a far side that differs from portal to portal: a host of bitrix.Host… without its @.
type Party string

// The parties that this package writes of by name.
const (
	Queue    Party = "nodes"
	Portal   Party = "portal"
	Handlers Party = "handlers"
)

// ID is what the row is known by.
func (r Row) ID() string { return r.IDs[0] }

// Inward tells whether the far side is who connects.
func (r Row) Inward() bool { return r.Direction == bitrix.PortalIn || r.Direction == bitrix.AppIn }

// Directions are the rows' directions in the order in which they are shown.
func Directions() []bitrix.Direction {
	return []bitrix.Direction{bitrix.PortalOut, bitrix.PortalIn, bitrix.AppIn, bitrix.AppOut, bitrix.DeskOut}
}

// rows makes the rows in the order of Directions and, within one, of the table.
func (r *Rules) rows(hosts []far) []Row {
	var rows []Row
	for _, e := range r.endpoints() {
		for _, d := range e.Directions {
			if r.wants(e, d) {
				rows = append(rows, r.expand(e, d, hosts)...)
			}
		}
	}
	if r.Handlers == requirements.Custom {
		rows = append(rows, r.fromIsolatedPortal(rows))
	}
	rows = fold(append(rows, r.otherHosts(hosts)...))
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

// replaced tells whether a portal with its own authorization and event provider does without e
// (https://apidocs.bitrix24.com/settings/cloud-and-on-premise/network-access.html).
func replaced(e bitrix.Endpoint) bool {
	return e.Pack == bitrix.PackEvents || slices.ContainsFunc(e.Hosts, bitrix.IsAuthHost)
}

// wants tells whether direction d of e concerns the owner. A vendor's servers on the internet are the vendor's to open.
func (r *Rules) wants(e bitrix.Endpoint, d bitrix.Direction) bool {
	switch d {
	case bitrix.AppIn:
		return r.Handlers == requirements.LAN
	case bitrix.AppOut:
		return r.Handlers != requirements.Internet
	case bitrix.DeskOut:
		return e.Pack != bitrix.PackEvents // BoxReady's own way to the list of addresses
	}
	return true
}

// expand turns one direction of e into rows; there are several only where requirements name hosts with several ports.
func (r *Rules) expand(e bitrix.Endpoint, d bitrix.Direction, hosts []far) []Row {
	row := Row{IDs: []string{e.ID}, Direction: d, Ports: sortedPorts(e.Ports), Pack: e.Pack, Mark: e.Mark}
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
		row.Ports = []bitrix.Port{{Proto: "tcp", Number: uint16(r.Portal.Port)}} // #nosec G115 -- ParseAddress lets in nothing above 65535
	}
	switch row.Party {
	case Queue:
		for _, list := range r.wanted() {
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

// withHosts puts the application's hosts of one direction in the place of a row's party, a row for each port.
func (r *Rules) withHosts(row Row, hosts []far, d requirements.Direction) []Row {
	var rows []Row
	for _, h := range hosts {
		if h.dir == d {
			named := row
			named.Ports = []bitrix.Port{h.port}
			named.Addresses = nil
			rows = h.into(rows, named)
		}
	}
	if rows == nil {
		return []Row{row}
	}
	return rows
}

// into adds the host to the row for its port, which is a copy of like if there is none yet.
func (h far) into(rows []Row, like Row) []Row {
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

// otherHosts are rows for those of the application's hosts that no row of the table has taken.
func (r *Rules) otherHosts(hosts []far) []Row {
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
			rows = h.into(rows, Row{IDs: []string{Application}, Direction: d, Ports: []bitrix.Port{h.port}, Regions: r.regions(),
				Applications: r.Requirements.Applications})
		}
	}
	return rows
}

// fromIsolatedPortal is the handlers' side of the events that the portal sends itself; rows has the portal's.
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

// fold lets a row take over what it covers of others: the same direction, and a name or mask that covers theirs, for all
// their ports.
func fold(rows []Row) []Row {
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

// mask returns the row's own host that covers host, or "".
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

// key is that of a row's texts. The twins of two regions have the same; an application wants something else of the
// authorization server than a portal does.
func (r Row) key(id string) string {
	name := strings.TrimSuffix(id, "-w")
	if r.Direction == bitrix.AppOut && strings.HasPrefix(name, "oauth") {
		name += "-app"
	}
	return "allowlist.row." + name
}

// Why says in words what the row is for.
func (r Row) Why(w Words) string { return r.say(w, ".why") }

// Breaks says in words what doesn't work without it.
func (r Row) Breaks(w Words) string { return r.say(w, ".breaks") }

func (r Row) say(w Words, part string) string {
	var all, applications []string
	for _, a := range r.Applications {
		applications = append(applications, a.NameIn(w.Lang()))
	}
	for _, id := range r.IDs {
		all = add(all, w.Say(r.key(id)+part, checks.Args{"applications": applications}))
	}
	return strings.Join(all, "; ")
}

// What names the far side in words: hosts and addresses, or who it is.
func (r Row) What(w Words) string {
	list := slices.Clone(r.Hosts)
	if r.Party != Queue { // too many, and they change
		for _, p := range r.Addresses {
			list = append(list, text(p))
		}
	}
	if len(list) == 0 {
		return w.Say("allowlist.party."+string(r.Party), nil)
	}
	return strings.Join(list, ", ")
}

// PortsText is the ports as people write them: "TCP 80, 443".
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

// numbers are the ports of one protocol, nil for none.
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

// text is an address or a network as rules have it: a single address without its length.
func text(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

// State says in words what was last measured, from where and when.
func (r Row) State(w Words) string {
	return w.Say("allowlist.measured."+r.Measured.key(), checks.Args{"when": r.Measured.When})
}
