package app

import (
	"boxready/checks"
	"boxready/internal/demo"
	"boxready/internal/transport"
)

// Demo is a simulated portal on this computer, and an App connected to it. Close the portal.
type Demo struct {
	*App
	Portal *demo.Portal
	Target checks.Target // finds the faults
}

// StartDemo starts a simulated portal, see demo.Start. Accounts on it are kept in memory.
func StartDemo(version string, faults []string, with ...string) (*Demo, error) {
	simulated, err := demo.Start(faults, with...)
	if err != nil {
		return nil, err
	}
	d, err := newDemo(version, simulated)
	if err != nil {
		simulated.Close()
		return nil, err
	}
	return d, nil
}

func newDemo(version string, simulated *demo.Portal) (*Demo, error) {
	way, err := simulated.Way(version)
	if err != nil {
		return nil, err
	}
	target, err := simulated.Target(version)
	if err != nil {
		return nil, err
	}
	a, err := New(Options{Version: version, InMemory: true, OpenBrowser: demo.Browser(transport.New(way)), Transport: func(o *transport.Options) { *o = way }})
	if err != nil {
		return nil, err
	}
	return &Demo{a, simulated, target}, nil
}
