package checks

import (
	"testing"

	"boxready/internal/transport"
)

func TestCutOff(t *testing.T) {
	const public, private = "203.0.113.10", "192.168.10.20"
	host := func(layer transport.Stage, failure transport.Failure) HostSeen {
		return HostSeen{Layer: layer, Failure: failure}
	}
	silent, refused := host(transport.StageTCP, transport.Timeout), host(transport.StageTCP, transport.Refused)
	for name, c := range map[string]struct {
		address string
		failure transport.Failure
		vendor  []HostSeen
		want    bool
	}{
		"all are silent":                   {public, transport.Timeout, []HostSeen{silent, silent}, true},
		"all refuse":                       {public, transport.Refused, []HostSeen{refused}, true},
		"the portal alone is silent":       {public, transport.Timeout, []HostSeen{{}, {}}, false},
		"one of the others answers":        {public, transport.Timeout, []HostSeen{silent, {}}, false},
		"the portal refuses, others don't": {public, transport.Refused, []HostSeen{silent, silent}, false},
		"the others have no name":          {public, transport.Timeout, []HostSeen{host(transport.StageDNS, transport.NameFailed)}, false},
		"a portal of one's own network":    {private, transport.Timeout, []HostSeen{silent, silent}, false},
		"IPv6 alone":                       {"2001:db8::10", transport.Timeout, []HostSeen{silent}, false},
		"nobody to ask":                    {public, transport.Timeout, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := cutOff([]TCPAttempt{{Address: c.address, Failure: c.failure}}, func() []HostSeen { return c.vendor }); got != c.want {
				t.Errorf("cut off: %t, want %t", got, c.want)
			}
		})
	}
}
