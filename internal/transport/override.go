package transport

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// Override connects to Addr:AddrPort instead of Host:Port, like curl's --connect-to. TLS and HTTP still use Host.
type Override struct {
	Host     string // empty: any
	Port     int    // 0: any
	Addr     string
	AddrPort int
}

// ErrOverride is wrapped by ParseOverride's errors.
var ErrOverride = errors.New("not HOST:PORT:ADDR:PORT")

// ParseOverride reads HOST:PORT:ADDR:PORT. IPv6 addresses are in brackets; an empty HOST or PORT means any.
func ParseOverride(s string) (Override, error) {
	o, ok := parseOverride(s)
	if !ok {
		return Override{}, fmt.Errorf("%q: %w", s, ErrOverride)
	}
	return o, nil
}

func parseOverride(s string) (o Override, ok bool) {
	var fromPort, toPort string
	if o.Host, s, ok = cutHost(s); !ok {
		return o, false
	}
	if fromPort, s, ok = strings.Cut(s, ":"); !ok {
		return o, false
	}
	if o.Addr, toPort, ok = cutHost(s); !ok || o.Addr == "" {
		return o, false
	}
	if fromPort != "" {
		if o.Port, ok = parsePort(fromPort); !ok {
			return o, false
		}
	}
	o.AddrPort, ok = parsePort(toPort)
	return o, ok
}

// Target is where to dial.
func (o Override) Target() string { return net.JoinHostPort(o.Addr, strconv.Itoa(o.AddrPort)) }

// String is the form that ParseOverride reads.
func (o Override) String() string {
	host, port := o.Host, ""
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if o.Port != 0 {
		port = strconv.Itoa(o.Port)
	}
	return host + ":" + port + ":" + o.Target()
}

// overridesByHost groups overrides by host, in their order, including those for any host, which alone are under "". A map, because
// a fleet may have thousands. nil if there are none.
func overridesByHost(overrides []Override) map[string][]Override {
	var lists map[string][]Override
	for _, o := range overrides {
		if lists == nil {
			lists = map[string][]Override{"": nil}
		}
		if _, known := lists[o.Host]; !known {
			lists[o.Host] = slices.Clone(lists[""])
		}
		if o.Host != "" {
			lists[o.Host] = append(lists[o.Host], o)
			continue
		}
		for host := range lists {
			lists[host] = append(lists[host], o)
		}
	}
	return lists
}

// matches expects host as canonicalHost returns it.
func (o Override) matches(host string, port int) bool {
	return (o.Port == 0 || o.Port == port) && (o.Host == "" || o.Host == host)
}

// cutHost splits s after its leading host and colon.
func cutHost(s string) (host, rest string, ok bool) {
	if inside, found := strings.CutPrefix(s, "["); found {
		host, rest, ok = strings.Cut(inside, "]:")
		addr, err := netip.ParseAddr(host)
		if !ok || err != nil || !addr.Is6() || strings.ContainsFunc(addr.Zone(), notInHost) {
			return "", "", false
		}
		return addr.String(), rest, true
	}
	host, rest, ok = strings.Cut(s, ":")
	if !ok || strings.ContainsFunc(host, notInHost) {
		return "", "", false
	}
	name := canonicalHost(host)
	// A dot alone would become "any".
	if host != "" && slices.Contains(strings.Split(name, "."), "") || strings.ContainsFunc(name, notInHost) {
		return "", "", false
	}
	return name, rest, true
}

func notInHost(c rune) bool {
	return strings.ContainsRune(`[]:/\?#@%"'<>`, c) || c == unicode.ReplacementChar || unicode.IsSpace(c) || !unicode.IsPrint(c)
}

// names maps names as browsers do, so that an override may be written like the portal's address.
var names = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false), idna.CheckHyphens(false))

// canonicalHost is the form in which hosts are compared: ASCII, lower case, no trailing dot, addresses in their shortest form.
func canonicalHost(host string) string {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.String()
	}
	if ascii, err := names.ToASCII(host); err == nil {
		return strings.TrimSuffix(ascii, ".") // an ideographic full stop
	}
	return host
}

func parsePort(s string) (port int, ok bool) {
	n, err := strconv.ParseUint(s, 10, 16)
	return int(n), err == nil && n != 0
}
