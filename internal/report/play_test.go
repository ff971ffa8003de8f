package report_test

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"boxready/checks"
	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"boxready/internal/report"
	"boxready/internal/simportal"
	"boxready/internal/transport"
)

type silent struct{}

func (silent) Started(checks.ID)                   {}
func (silent) Finished(checks.ID, []checks.Result) {}

// play runs the checklist, tokens allowed, against a simulated portal with the fault, in the way in which it shows.
func play(t testing.TB, host string, faults ...string) (*checks.Outcome, *simportal.Sim) {
	t.Helper()
	sim, err := simportal.Start(simportal.Options{Faults: faults, Host: host})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	address, err := portal.ParseAddress(sim.Host())
	if err != nil {
		t.Fatal(err)
	}
	roots, err := transport.ParseRoots(sim.RootsPEM())
	if err != nil {
		t.Fatal(err)
	}
	target := checks.Target{Address: address, Consents: []checks.Consent{checks.Deep}}
	way := transport.Options{Roots: transport.Pool(roots), Version: "test"}
	places := sim.ConnectTo()
	for _, fault := range simportal.Faults() {
		if !slices.Contains(faults, fault.Name) {
			continue
		}
		for _, with := range fault.With {
			switch with {
			case "dns":
				way.Resolver, places = sim.Resolver(), sim.ConnectToByAddress()
			case "proxy":
				proxy, err := url.Parse(sim.Proxy())
				if err != nil {
					t.Fatal(err)
				}
				way.Proxy, places = func(*url.URL) (*url.URL, error) { return proxy, nil }, nil
			case "region":
				target.Region = bitrix.Region(fault.Name[strings.LastIndex(fault.Name, "-")+1:])
			case "content-filter", "public-dns":
				target.Consents = append(target.Consents, checks.Consent(with))
			}
		}
	}
	for _, place := range places {
		override, err := transport.ParseOverride(place)
		if err != nil {
			t.Fatal(err)
		}
		way.ConnectTo = append(way.ConnectTo, override)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	return checks.Run(ctx, transport.New(way), target, silent{}), sim
}

func reporter(t testing.TB, lang string) *report.Reporter {
	t.Helper()
	words, err := report.NewWords(lang)
	if err != nil {
		t.Fatal(err)
	}
	return &report.Reporter{Words: words, Version: "1.2.3", System: "Linux"}
}

func bundle(t testing.TB, p *report.Reporter, c report.Contents) *report.Bundle {
	t.Helper()
	b, err := p.Bundle(c)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
