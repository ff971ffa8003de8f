package checks

import (
	"context"
	"slices"
	"strings"

	"boxready/internal/bitrix"
	"boxready/internal/serverprobe"
)

// ServerNetworkFacts are the connections from the portal's server to the vendor's other hosts: those for finding, installing and
// developing applications, and those that the product's own check contacts.
type ServerNetworkFacts struct {
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
	return p.SystemCheck != nil || slices.ContainsFunc(p.Hosts, func(h serverprobe.Host) bool { return !isAuthHost(h) })
}

func observeServerNetwork(_ context.Context, env *Env) (*ServerNetworkFacts, error) {
	p := env.probe()
	f := &ServerNetworkFacts{Region: env.target.Region, Log: p.SystemCheck}
	if p.Registration != nil && f.Region == "" {
		for _, region := range bitrix.Regions() {
			if p.Registration.Server == bitrix.AuthServer(region) {
				f.Region = region
			}
		}
	}
	for _, h := range p.Hosts {
		if !isAuthHost(h) {
			f.Hosts = append(f.Hosts, env.serverHost(h, false))
		}
	}
	return f, nil
}

func judgeServerNetwork(f *ServerNetworkFacts, _ FactsByCheck) []Result {
	// A portal needs its own region's hosts; of two possible ones, one is enough.
	regions := bitrix.Regions()
	if f.Region != "" {
		regions = []bitrix.Region{f.Region}
	}
	var asked, dead []string
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
		all := slices.Concat(asked, askedByLog)
		slices.Sort(all)
		return about(ok(), Args{"hosts": slices.Compact(all)})
	}
	return one(notice(VendorHostUnreachable, NetworkAdmin).with(Args{"hosts": dead, "log_hosts": deadByLog}))
}

// askedIn returns the hosts of a region that the server asked, and those of them that it didn't reach.
func (f *ServerNetworkFacts) askedIn(region bitrix.Region) (asked, dead []string) {
	for _, h := range f.Hosts {
		needed := slices.ContainsFunc(rowsOf(h.Host), func(e bitrix.Endpoint) bool { return e.Pack == bitrix.PackREST && e.In(region) })
		if !h.Asked || !needed {
			continue
		}
		asked = append(asked, h.Host)
		if h.Layer != "" && !slices.Contains(dead, h.Host) {
			dead = append(dead, h.Host)
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
