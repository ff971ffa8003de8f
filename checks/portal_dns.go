package checks

import (
	"context"
	"net/netip"
	"slices"

	"boxready/internal/transport"
)

// Causes of portal-dns.
const (
	DNSNotFound    Cause = "dns-not-found"
	DNSFailed      Cause = "dns-failed"
	DNSPrivateOnly Cause = "dns-private-only"
	DNSSinkhole    Cause = "dns-sinkhole"
	DNSDiffers     Cause = "dns-differs"
)

// DNSFacts are the result of resolving the name.
type DNSFacts struct {
	Host      string            `json:"host" hide:"host"`
	Given     bool              `json:"given,omitempty"`             // the user gave the address; nothing was resolved
	Proxy     string            `json:"proxy,omitempty" hide:"host"` // the proxy resolves the name; nothing was resolved here
	Addresses []netip.Addr      `json:"addresses,omitempty" hide:"ip"`
	More      int               `json:"more_addresses,omitempty"` // that aren't in Addresses
	Failure   transport.Failure `json:"failure,omitempty"`
	Public    *PublicDNSFacts   `json:"public,omitempty"`
	TookMS    int64             `json:"took_ms"`
}

// PublicDNSFacts are a public resolver's answer.
type PublicDNSFacts struct {
	Resolver  string            `json:"resolver"`
	Addresses []netip.Addr      `json:"addresses,omitempty" hide:"ip"`
	Failure   transport.Failure `json:"failure,omitempty"`
}

// maxResolved is how many of a name's addresses are facts: a resolver may give thousands.
const maxResolved = 50

func observeDNS(ctx context.Context, env *Env) (*DNSFacts, error) {
	address := env.target.Address
	f := &DNSFacts{Host: address.Host}
	if env.net.Overridden(address.Host, address.Port) {
		f.Given = true
		return f, nil
	}
	proxy, err := env.net.ProxyFor("https", address.Host, address.Port)
	if err != nil {
		return f, err
	}
	if proxy != nil {
		f.Proxy = transport.ProxyName(proxy)
		return f, nil
	}
	here := func() {
		start := env.now()
		addrs, err := env.net.Lookup(ctx, address.Host)
		f.TookMS = env.now().Sub(start).Milliseconds()
		f.Addresses, f.Failure = addrs[:min(len(addrs), maxResolved)], transport.FailureOf(err)
		f.More = len(addrs) - len(f.Addresses)
	}
	outside := func() {
		addrs, resolver, err := env.net.LookupPublic(ctx, address.Host)
		f.Public = &PublicDNSFacts{Resolver: resolver, Addresses: addrs[:min(len(addrs), maxResolved)], Failure: transport.FailureOf(err)}
	}
	if env.target.agreed(PublicDNS) {
		parallel(here, outside)
	} else {
		here()
	}
	return f, nil
}

func judgeDNS(f *DNSFacts, _ FactsByCheck) []Result {
	args := Args{"host": f.Host, "addresses": addressStrings(f.Addresses)}
	if f.Public != nil {
		args["public_addresses"], args["resolver"] = addressStrings(f.Public.Addresses), f.Public.Resolver
	}
	return about(dnsFaults(f), args)
}

func addressStrings(addrs []netip.Addr) []string {
	var list []string
	for _, a := range addrs {
		list = append(list, a.String())
	}
	return list
}

func dnsFaults(f *DNSFacts) []Result {
	switch f.Failure {
	case "":
	case transport.NameUnknown:
		return one(problem(DNSNotFound, You))
	case transport.NameFailed, transport.Timeout:
		// A silent resolver is a resolver's failure, whichever time-out ended first.
		return one(unknown(DNSFailed, NetworkAdmin))
	default:
		return one(requestFailed(f.Failure))
	}
	if f.Given || f.Proxy != "" {
		return ok()
	}
	if slices.ContainsFunc(f.Addresses, isSinkhole) {
		return one(problem(DNSSinkhole, NetworkAdmin))
	}
	var results []Result
	seenOutside := f.Public != nil && slices.ContainsFunc(f.Public.Addresses, isPublic)
	if !slices.ContainsFunc(f.Addresses, isPublic) && !seenOutside {
		results = append(results, notice(DNSPrivateOnly, NetworkAdmin))
	}
	if p := f.Public; p != nil && differs(f.Addresses, p) {
		results = append(results, notice(DNSDiffers, NetworkAdmin))
	}
	return orOK(results)
}

// differs reports whether the public resolver has other addresses, or none. An answer may have only some of many addresses, so
// one address in common is agreement.
func differs(inside []netip.Addr, public *PublicDNSFacts) bool {
	switch public.Failure {
	case transport.NameUnknown:
		return true
	case "":
		return !slices.ContainsFunc(inside, func(a netip.Addr) bool { return slices.Contains(public.Addresses, a) })
	default:
		return false
	}
}

// Addresses with which filters replace the real one: unspecified, this computer, or a block page.
var sinkholes = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("::/127"),
	netip.MustParsePrefix("146.112.61.104/29"), // Cisco Umbrella's block pages, docs.umbrella.com
}

func isSinkhole(a netip.Addr) bool {
	return slices.ContainsFunc(sinkholes, func(p netip.Prefix) bool { return p.Contains(a) })
}

// Private by RFC 1918, 4193, 6598 (carriers' own) and 3927 / 4291 (link-local).
var sharedAddressSpace = netip.MustParsePrefix("100.64.0.0/10")

func isPublic(a netip.Addr) bool {
	return !a.IsPrivate() && !a.IsLoopback() && !a.IsLinkLocalUnicast() && !a.IsUnspecified() && !sharedAddressSpace.Contains(a)
}
