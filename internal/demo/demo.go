// Package demo makes the simulated portal something that can be checked like any other: it starts one on this computer with
// the faults asked for, and says what to check and which way leads there.
package demo

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"boxready/checks"
	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"boxready/internal/simportal"
	"boxready/internal/transport"
)

// Timeout is how long a run against a simulated portal may take: its slowest faults keep silent for a minute.
const Timeout = 90 * time.Second

// Fault is one thing that can be wrong with the simulated portal.
type Fault struct {
	Name  string
	Words string          // one line of English
	with  map[string]bool // what a run has to do to see it
}

// Faults is everything that can be asked for.
func Faults() []Fault {
	var faults []Fault
	for _, f := range simportal.Faults() {
		fault := Fault{Name: f.Name, Words: f.Words, with: map[string]bool{}}
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
	Sim  *simportal.Sim
	with map[string]bool
}

// Start starts a simulated portal, with an authorization server and an event queue, on this computer's loopback addresses.
// The error is an *UnknownFault if a name isn't in Faults.
func Start(names []string) (*Portal, error) {
	p := &Portal{with: map[string]bool{}}
	known := Faults()
	for _, name := range names {
		i := slices.IndexFunc(known, func(f Fault) bool { return f.Name == name })
		if i < 0 {
			return nil, &UnknownFault{name}
		}
		for w := range known[i].with {
			p.with[w] = true
		}
	}
	sim, err := simportal.Start(simportal.Options{Faults: names})
	if err != nil {
		return nil, fmt.Errorf("start the simulated portal: %w", err)
	}
	p.Sim = sim
	return p, nil
}

// Close ends it.
func (p *Portal) Close() { p.Sim.Close() }

// Needs tells whether the faults are seen only by a run that does this: it has a consent, or "dns" or "proxy".
func (p *Portal) Needs(what string) bool { return p.with[what] }

// Region is the one that has to be asked alone to see the faults, "" for none.
func (p *Portal) Region() bitrix.Region {
	for _, region := range bitrix.Regions() {
		if p.with[string(region)] {
			return region
		}
	}
	return ""
}

// Target is what to check so that the faults are seen.
func (p *Portal) Target() (checks.Target, error) {
	address, err := portal.ParseAddress(p.Sim.Host())
	if err != nil {
		return checks.Target{}, fmt.Errorf("address of the simulated portal: %w", err)
	}
	target := checks.Target{Address: address, Region: p.Region()}
	for _, consent := range []checks.Consent{checks.Deep, checks.ContentFilter, checks.PublicDNS} {
		if p.with[string(consent)] {
			target.Consents = append(target.Consents, consent)
		}
	}
	return target, nil
}

// Way is how a run gets there. version is BoxReady's.
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
