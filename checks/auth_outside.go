package checks

import (
	"bytes"
	"context"
	"encoding/json"
	"net/netip"
	"slices"
	"time"
)

// NotSeenFromOutside is the cause of portal-from-internet.
const NotSeenFromOutside Cause = "not-seen-from-outside"

// Outside is a run by address alone from a computer on the internet.
type Outside struct {
	Made    time.Time
	Results []Result // with facts in JSON (json.RawMessage), which are judged again
}

func missingOutside(t *Target) Reason {
	if t.Outside == nil {
		return NeedsOutsideRun
	}
	return ""
}

// OutsideFacts are what that run observed of the portal. A part that can't be read is nil.
type OutsideFacts struct {
	Made  time.Time   `json:"made"`
	DNS   *DNSFacts   `json:"dns,omitempty"`
	TCP   *TCPFacts   `json:"tcp,omitempty"`
	TLS   *TLSFacts   `json:"tls,omitempty"`
	Route *RouteFacts `json:"route,omitempty"`
}

// Public returns the names in the facts that identify nobody.
func (f *OutsideFacts) Public() []string {
	if f.TLS == nil {
		return nil
	}
	return f.TLS.Public()
}

func observeOutside(_ context.Context, env *Env) (*OutsideFacts, error) {
	o := env.target.Outside
	return &OutsideFacts{Made: o.Made.UTC(), DNS: factsIn[DNSFacts](o, PortalDNS), TCP: factsIn[TCPFacts](o, PortalTCP),
		TLS: factsIn[TLSFacts](o, PortalTLS), Route: factsIn[RouteFacts](o, RESTRoute)}, nil
}

// factsIn returns a check's facts from the run; nil if it wasn't made, was cancelled, or has another version's facts.
func factsIn[F any](o *Outside, id ID) *F {
	i := slices.IndexFunc(o.Results, func(r Result) bool { return r.Check == id && r.Vantage != FromOutside })
	if i < 0 || brokenOff(o.Results[i]) {
		return nil
	}
	data, _ := o.Results[i].Facts.(json.RawMessage)
	if text := string(data); text == "" || text == "{}" || text == "null" {
		return nil // not made
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	facts := new(F)
	if decoder.Decode(facts) != nil {
		return nil
	}
	return facts
}

func judgeOutside(f *OutsideFacts, seen FactsByCheck) []Result {
	args := Args{"made": f.Made, "inside": false, "layer": "", "addresses": []string{}}
	conclude := func(r Result) []Result { return one(r.with(args)) }
	var dns, tcp []Result
	if f.DNS != nil {
		dns = judgeDNS(f.DNS, seen)
		args["addresses"] = addressStrings(f.DNS.Addresses)
	}
	if f.TCP != nil {
		tcp = judgeTCP(f.TCP, seen)
	}
	switch inside := f.DNS != nil && len(f.DNS.Addresses) > 0 && !slices.ContainsFunc(f.DNS.Addresses, func(a netip.Addr) bool { return isPublic(a) }); {
	case f.reached() && inside:
		// A private address means that the run was not on the internet.
		args["inside"] = true
		return conclude(unknown(UnexpectedAnswer, You))
	case f.reached():
		return append(conclude(Result{State: OK}), f.onlyFromOutside(dns, seen)...)
	case isProblem(dns):
		args["layer"] = "dns"
		return conclude(problem(NotSeenFromOutside, NetworkAdmin))
	case isProblem(tcp):
		args["layer"] = "tcp"
		return conclude(problem(NotSeenFromOutside, NetworkAdmin))
	}
	return conclude(unknown(UnexpectedAnswer, You))
}

func isProblem(results []Result) bool {
	return slices.ContainsFunc(results, func(r Result) bool { return r.State == Problem })
}

// reached reports whether a connection was opened.
func (f *OutsideFacts) reached() bool {
	tcp := f.TCP != nil && slices.ContainsFunc(f.TCP.Attempts, func(a TCPAttempt) bool { return a.Failure == "" })
	return tcp || f.TLS != nil && f.TLS.Reachable() || f.Route != nil && f.Route.Status > 0
}

// onlyFromOutside are the name and the certificate as seen from the internet, as applications see them. What this computer sees
// in the same way isn't repeated.
func (f *OutsideFacts) onlyFromOutside(dns []Result, seen FactsByCheck) []Result {
	var results []Result
	add := func(id ID, facts Facts, found, here []Result) {
		for _, r := range found {
			if slices.ContainsFunc(here, func(h Result) bool { return h.Cause != "" && h.Cause == r.Cause }) {
				continue
			}
			r.Check, r.Facts = id, facts
			results = append(results, r)
		}
	}
	if f.DNS != nil {
		var here []Result
		if own := factsOf[DNSFacts](seen, PortalDNS); own != nil {
			here = judgeDNS(own, seen)
		}
		add(PortalDNS, f.DNS, dns, here)
	}
	if f.TLS != nil {
		var here []Result
		if own := factsOf[TLSFacts](seen, PortalTLS); own != nil {
			here = judgeTLS(own, seen)
		}
		add(PortalTLS, f.TLS, judgeTLS(f.TLS, seen), here)
	}
	return results
}
