package checks

import (
	"slices"
	"testing"
	"time"

	"boxready/internal/transport"
)

func TestSubjects(t *testing.T) {
	now := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	seen := func(address, sha256 string, ends time.Time) TLSSeen {
		return seenCertificate(address, sha256, ends, now)
	}
	for _, c := range []struct {
		name  string
		check ID
		facts Facts
		cause Cause
		want  []string
	}{
		{"the portal as a whole", PortalDNS, &DNSFacts{Host: "portal.example", Failure: transport.NameUnknown}, DNSNotFound, nil},
		{"addresses", PortalTCP, &TCPFacts{Port: 443, Attempts: []TCPAttempt{{Address: "203.0.113.11", Failure: transport.Refused}, {Address: "203.0.113.10"}}}, AddressPartlyDead, []string{"203.0.113.11"}},
		{"certificates with the fault", PortalTLS, &TLSFacts{At: now, Addresses: []TLSSeen{seen("203.0.113.10", "b", now.AddDate(0, 0, -1)),
			seen("203.0.113.11", "c", now.AddDate(1, 0, 0)), seen("203.0.113.12", "a", now.AddDate(0, 0, -1))}}, TLSExpired, []string{"a", "b"}},
		{"names of limits, not their values", ServerPHP, &ServerPHPFacts{MaxInputVars: "500", Web: true}, PHPLimitsLow, []string{"max_input_vars"}},
		{"modules, not their versions", Platform, &PlatformFacts{Modules: []VersionRange{{Module: "rest", Below: "19.0.0"}}}, PlatformOutdated, []string{"rest"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, r := range find(t, c.check).Judge(c.facts, FactsByCheck{}) {
				if r.Cause == c.cause {
					if got := r.Subjects(); !slices.Equal(got, c.want) {
						t.Errorf("subjects %q, expected %q", got, c.want)
					}
					return
				}
			}
			t.Errorf("no %s", c.cause)
		})
	}
}

// seenCertificate is an address whose certificate is good but for its end.
func seenCertificate(address, sha256 string, ends, now time.Time) TLSSeen {
	s := TLSSeen{Address: address, Protocol: "TLS 1.3", Chain: []Certificate{{SHA256: sha256, NotAfter: ends, NotBefore: now.AddDate(-1, 0, 0)}}}
	s.Trust = &Trust{Public: true, NameMatches: true, DatesGood: ends.After(now)}
	return s
}
