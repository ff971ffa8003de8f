package checks

import (
	"cmp"
	"context"
	"net"
	"slices"
	"strconv"
	"strings"

	"boxready/internal/bitrix"
	"boxready/internal/serverprobe"
)

// ServerNetworkFacts are the connections from the portal's server to the vendor's other hosts: those for updates and for finding,
// installing and developing applications, and those that the product's own check contacts.
type ServerNetworkFacts struct {
	Web    bool                     `json:"web,omitempty"`    // PHP's part was observed within a request to the portal
	Region bitrix.Region            `json:"region,omitempty"` // of the portal; "" if it isn't known
	Hosts  []ServerHost             `json:"hosts,omitempty"`
	Log    *serverprobe.SystemCheck `json:"log,omitempty"`
}

// Public returns the names in the facts that identify nobody.
func (f *ServerNetworkFacts) Public() []string {
	names := publicHosts(f.Hosts)
	for _, c := range f.connections() {
		if isVendor(c.Host) {
			names = append(names, c.Host)
		}
	}
	return names
}

func (f *ServerNetworkFacts) connections() []serverprobe.Connection {
	if f.Log == nil {
		return nil
	}
	return f.Log.Connections
}

func hasNetwork(p *serverprobe.Probe) bool {
	return p.SystemCheck != nil || slices.ContainsFunc(p.Hosts, func(h serverprobe.Host) bool { return !isAuthHost(h) && tried(h) })
}

// tried reports whether a script could find out anything about a host: functions that connect may be disabled, or a command be missing.
func tried(h serverprobe.Host) bool { return h.HTTP != nil || h.TCP != "" || h.DNS == failed }

func observeServerNetwork(_ context.Context, env *Env) (*ServerNetworkFacts, error) {
	p := env.probe()
	f := &ServerNetworkFacts{Web: p.Web(), Region: env.target.Region, Log: p.SystemCheck}
	// The licence decides, not the authorization server: older portals of CIS use World's.
	if p.Licence != nil && f.Region == "" {
		f.Region = bitrix.RegionOfLicence(p.Licence.Region)
	}
	if p.Registration != nil && f.Region == "" {
		for _, region := range bitrix.Regions() {
			if p.Registration.Server == bitrix.AuthServer(region) {
				f.Region = region
			}
		}
	}
	for _, h := range p.Hosts {
		if !isAuthHost(h) {
			host := env.serverHost(h, false)
			host.For = useOf(h.Host)
			f.Hosts = append(f.Hosts, host)
		}
	}
	return f, nil
}

// useOf is what a portal needs one of the vendor's hosts for, as a code of host-fault.
func useOf(host string) string {
	for _, use := range []struct{ row, code string }{{"updates", "for-updates"}, {"market", "for-market"}, {"names", "for-event-names"}, {"rtc", "for-push"}} {
		if slices.ContainsFunc(rowsOf(host), func(e bitrix.Endpoint) bool { return strings.TrimSuffix(e.ID, "-w") == use.row }) {
			return use.code
		}
	}
	return "for-other"
}

func judgeServerNetwork(f *ServerNetworkFacts, _ FactsByCheck) []Result {
	// A portal needs its own region's hosts; of two possible ones, one is enough.
	regions := bitrix.Regions()
	if f.Region != "" {
		regions = []bitrix.Region{f.Region}
	}
	var asked, dead []ServerHost
	for _, region := range regions {
		// A region of which no host was asked proves nothing.
		if in, unreached := f.askedIn(region); in != nil && (asked == nil || len(unreached) < len(dead)) {
			asked, dead = in, unreached
		}
	}
	askedByLog, deadByLog := f.askedByLog()
	switch {
	case len(asked)+len(askedByLog) == 0:
		return one(unknown(UnexpectedAnswer, NetworkAdmin))
	case len(dead)+len(deadByLog) == 0:
		all := slices.Concat(namesOf(asked), askedByLog)
		slices.Sort(all)
		return about(ok(), Args{"hosts": slices.Compact(all)})
	}
	r := notice(VendorHostUnreachable, NetworkAdmin)
	// Only PHP within the portal connects as the portal does, and not every portal has notifications from the cloud.
	if f.Web && slices.ContainsFunc(dead, func(h ServerHost) bool { return h.By == serverprobe.PHP && h.For != "for-push" }) {
		r = problem(VendorHostUnreachable, NetworkAdmin)
	}
	uses := []string{}
	for _, h := range dead {
		uses = append(uses, cmp.Or(h.For, useOf(h.Host))) // older reports don't say it
	}
	return one(r.with(Args{"hosts": namesOf(dead), "uses": uses, "log_hosts": deadByLog}))
}

// namesOf returns the hosts' names, with the port where it isn't 443.
func namesOf(hosts []ServerHost) (names []string) {
	for _, h := range hosts {
		name := h.Host
		if h.Port != 443 && h.Port != 0 {
			name = net.JoinHostPort(h.Host, strconv.Itoa(h.Port))
		}
		names = append(names, name)
	}
	return names
}

// askedIn returns the hosts of a region that the server asked, and those of them that it didn't reach.
func (f *ServerNetworkFacts) askedIn(region bitrix.Region) (asked, dead []ServerHost) {
	for _, h := range f.Hosts {
		needed := slices.ContainsFunc(rowsOf(h.Host), func(e bitrix.Endpoint) bool {
			return (e.Pack == bitrix.PackREST || e.Pack == bitrix.PackPush) && e.In(region)
		})
		if !h.Asked || !needed {
			continue
		}
		asked = append(asked, h)
		if h.Layer == "" {
			continue
		}
		switch same := slices.IndexFunc(dead, func(d ServerHost) bool { return d.Host == h.Host && d.Port == h.Port }); {
		case same < 0:
			dead = append(dead, h)
		case h.By == serverprobe.PHP:
			dead[same] = h
		}
	}
	return asked, dead
}

// askedByLog returns the vendor's hosts that the product's own check asked, and those of them that it didn't reach. It contacts
// only the portal's region.
func (f *ServerNetworkFacts) askedByLog() (asked, dead []string) {
	for _, c := range f.connections() {
		if !isVendor(c.Host) {
			continue
		}
		asked = append(asked, c.Host)
		if !c.OK && !slices.Contains(dead, c.Host) {
			dead = append(dead, c.Host)
		}
	}
	return asked, dead
}

// rowsOf returns the rows of the table of hosts about a host; nil for an unknown one.
func rowsOf(host string) []bitrix.Endpoint {
	return slices.DeleteFunc(bitrix.Endpoints(), func(e bitrix.Endpoint) bool {
		return !slices.ContainsFunc(e.Hosts, func(known string) bool {
			parent, any := strings.CutPrefix(known, "*")
			return known == host || any && strings.HasSuffix(host, parent)
		})
	})
}

func isVendor(host string) bool { return len(rowsOf(host)) > 0 }
