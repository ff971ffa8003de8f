// Package demo makes the simulated portal available for checks like any other: it starts one on this computer with the
// requested faults, and returns the target to check and the network options that lead to it.
package demo

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"boxready/checks"
	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"boxready/internal/receiver"
	"boxready/internal/receiver/server"
	"boxready/internal/requirements"
	"boxready/internal/secret"
	"boxready/internal/simportal"
	"boxready/internal/transport"
	"boxready/oauthflow"
)

// Timeout is how long a run against a simulated portal may take: its slowest faults take a minute.
const Timeout = 90 * time.Second

// eventWait is how long a simulated event may take to arrive, so that a missing one is detected within Timeout.
const eventWait = 20 * time.Second

// Fault is a fault that the simulated portal can have.
type Fault struct {
	Name  string
	with  map[string]bool // what a run has to do to detect it
	needs []string        // what an application has to require for a run to detect it
}

// Faults returns all faults.
func Faults() []Fault {
	var faults []Fault
	for _, f := range simportal.Faults() {
		fault := Fault{Name: f.Name, with: map[string]bool{}, needs: f.Needs}
		for _, w := range f.With {
			fault.with[w] = true
		}
		if slices.Contains(f.With, "region") {
			fault.with[f.Name[strings.LastIndex(f.Name, "-")+1:]] = true
		}
		faults = append(faults, fault)
	}
	return faults
}

// UnknownFault is the error about a name that isn't in Faults.
type UnknownFault struct{ Name string }

func (e *UnknownFault) Error() string { return fmt.Sprintf("unknown fault %q", e.Name) }

// Portal is a simulated portal with its faults.
type Portal struct {
	Sim    *simportal.Sim
	faults []string
	with   map[string]bool
	needs  []string
}

// Start starts a simulated portal, with an authorization server and an event queue, on this computer's loopback addresses.
// with is what a run does in addition to what the faults need: "deep", "webhook", "sign-in" and the like, see simportal.Fault, or a
// region. The error is an *UnknownFault if a name isn't in Faults.
func Start(names []string, with ...string) (*Portal, error) {
	return Simulate(simportal.Options{Faults: names}, with...)
}

// Simulate is Start with more options.
func Simulate(o simportal.Options, with ...string) (*Portal, error) {
	p := &Portal{faults: o.Faults, with: map[string]bool{}}
	for _, w := range with {
		p.with[w] = true
	}
	known := Faults()
	for _, name := range o.Faults {
		i := slices.IndexFunc(known, func(f Fault) bool { return f.Name == name })
		if i < 0 {
			return nil, &UnknownFault{name}
		}
		for w := range known[i].with {
			p.with[w] = true
		}
		p.needs = append(p.needs, known[i].needs...)
	}
	return p, p.start(o)
}

func (p *Portal) start(o simportal.Options) (err error) {
	o.RedirectURI = oauthflow.ReturnAddress()
	if o.Handler == nil {
		queue := func(a netip.Addr) receiver.Listing {
			if slices.Contains(p.Sim.QueueAddresses(), a.String()) {
				return receiver.Listed
			}
			return receiver.Unlisted
		}
		if o.Handler, err = server.New(server.Options{Public: "https://" + simportal.HandlerHost, Queue: queue}); err != nil {
			return fmt.Errorf("start the receiver of the simulated portal's events: %w", err)
		}
	}
	if p.Sim, err = simportal.Start(o); err != nil {
		return fmt.Errorf("start the simulated portal: %w", err)
	}
	return nil
}

// Close stops the portal.
func (p *Portal) Close() { p.Sim.Close() }

// Needs reports whether the faults are detected only by a run with what: a consent, "dns" or "proxy".
func (p *Portal) Needs(what string) bool { return p.with[what] }

// Region returns the only region that may be asked to detect the faults, "" for none.
func (p *Portal) Region() bitrix.Region {
	for _, region := range bitrix.Regions() {
		if p.with[string(region)] {
			return region
		}
	}
	return ""
}

// Target returns what to check so that the faults are detected. version is BoxReady's.
func (p *Portal) Target(version string) (checks.Target, error) {
	address, err := portal.ParseAddress(p.Sim.Host())
	if err != nil {
		return checks.Target{}, fmt.Errorf("address of the simulated portal: %w", err)
	}
	target := checks.Target{Address: address, Region: p.Region(), Demo: append([]string{}, p.faults...)}
	for _, consent := range []checks.Consent{checks.Deep, checks.ContentFilter, checks.EventTest, checks.PublicDNS, checks.BodySize} {
		if p.with[string(consent)] {
			target.Consents = append(target.Consents, consent)
		}
	}
	target.AsApplication = p.with["as-application"]
	if p.with["receiver"] {
		target.Receiver, target.EventWait = p.Receiver(), eventWait
	}
	target.Requirements = p.Requirements()
	if p.with["webhook"] {
		webhook, err := portal.ParseWebhook(p.Sim.Webhook())
		if err != nil {
			return target, fmt.Errorf("webhook of the simulated portal: %w", err)
		}
		target.Webhook = &webhook
	}
	if p.with["sign-in"] {
		way, err := p.Way(version)
		if err != nil {
			return target, err
		}
		target.SignIn = p.SignIn(transport.New(way))
		if p.with["known"] {
			target.Known = []checks.KnownPortal{{Address: "https://portal-copy.demo.example", MemberID: target.SignIn.Held().MemberID}}
		}
	}
	return target, nil
}

// SignIn returns a sign-in to the simulated portal, renewed through n. It isn't saved.
func (p *Portal) SignIn(n *transport.Net) *oauthflow.Source {
	grant := p.Sim.IssueGrant(simportal.TokenValid)
	server := strings.TrimSuffix(grant.ServerEndpoint, "/rest/")
	return oauthflow.NewSource(oauthflow.SourceOptions{
		App:    oauthflow.App{ClientID: grant.ClientID, ClientSecret: secret.New(grant.ClientSecret)},
		Server: oauthflow.AuthServer{URL: server, HTTP: n.HTTPClient()},
		Token: oauthflow.Token{Access: secret.New(grant.AccessToken), Refresh: secret.New(grant.RefreshToken), Expires: grant.Expires,
			RefreshIssued: time.Now(), MemberID: grant.MemberID, UserID: grant.UserID, Server: server},
	})
}

// Requirements returns what an application has to require for a run to detect the faults; nil for nothing.
func (p *Portal) Requirements() *requirements.Requirements {
	if p.needs == nil {
		return nil
	}
	r := &requirements.Requirements{}
	for _, need := range p.needs {
		kind, name, _ := strings.Cut(need, ":")
		switch kind {
		case "method":
			r.Methods = append(r.Methods, name)
		case "event":
			r.Events = append(r.Events, name)
		case "scope":
			r.Scopes = append(r.Scopes, name)
		case "module":
			module, version, _ := strings.Cut(name, ">=")
			r.Modules = append(r.Modules, requirements.Module{Name: module, AtLeast: version})
		case "page":
			r.Pages = append(r.Pages, name)
		case "host":
			r.Hosts = append(r.Hosts, host(name))
		}
	}
	return r
}

// host reads HOST:PORT:DIRECTION.
func host(text string) (h requirements.Host) {
	words := strings.Split(text, ":")
	if len(words) == 3 {
		h.Host, h.Direction = words[0], requirements.Direction(words[2])
		h.Port, _ = strconv.Atoi(words[1]) // the text is part of the program
	}
	return h
}

// Receiver returns the address of the service that takes the simulated portal's test events.
func (p *Portal) Receiver() string { return "https://" + simportal.HandlerHost }

// Way returns the network options that lead a run to the portal. version is BoxReady's.
func (p *Portal) Way(version string) (transport.Options, error) {
	roots, err := transport.ParseRoots(p.Sim.RootsPEM())
	if err != nil {
		return transport.Options{}, fmt.Errorf("roots of the simulated portal: %w", err)
	}
	way := transport.Options{Roots: transport.Pool(roots), Version: version}
	places := p.Sim.ConnectTo()
	switch {
	case p.with["dns"]:
		way.Resolver, places = p.Sim.Resolver(), p.Sim.ConnectToByAddress()
	case p.with["proxy"]:
		proxy, err := url.Parse(p.Sim.Proxy())
		if err != nil {
			return way, fmt.Errorf("proxy of the simulated portal: %w", err)
		}
		way.Proxy, places = func(*url.URL) (*url.URL, error) { return proxy, nil }, nil
	}
	for _, place := range places {
		override, err := transport.ParseOverride(place)
		if err != nil {
			return way, fmt.Errorf("places of the simulated portal: %w", err)
		}
		way.ConnectTo = append(way.ConnectTo, override)
	}
	return way, nil
}
