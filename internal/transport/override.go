package transport

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// Override sends what is meant for Host:Port to Addr:AddrPort, like curl's --connect-to. TLS and HTTP go on meaning Host.
type Override struct {
	Host     string // empty: any
	Port     int    // 0: any
	Addr     string
	AddrPort int
}

// ErrOverride is wrapped by what ParseOverride returns for a text that isn't HOST:PORT:ADDR:PORT.
var ErrOverride = errors.New("not HOST:PORT:ADDR:PORT")

// ParseOverride reads HOST:PORT:ADDR:PORT. IPv6 addresses stand in brackets; HOST and PORT may be empty and then mean any.
func ParseOverride(s string) (Override, error) {
	fields, err := splitColons(s)
	if err != nil || len(fields) != 4 || fields[2] == "" {
		return Override{}, fmt.Errorf("%q: %w", s, ErrOverride)
	}
	o := Override{Host: strings.ToLower(strings.TrimSuffix(fields[0], ".")), Addr: fields[2]}
	if addr, err := netip.ParseAddr(o.Host); err == nil {
		o.Host = addr.String()
	}
	if o.Port, err = parsePort(fields[1], true); err != nil {
		return Override{}, fmt.Errorf("%q: %w", s, ErrOverride)
	}
	if o.AddrPort, err = parsePort(fields[3], false); err != nil {
		return Override{}, fmt.Errorf("%q: %w", s, ErrOverride)
	}
	return o, nil
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

func (o Override) matches(host string, port int) bool {
	return (o.Host == "" || strings.EqualFold(o.Host, strings.TrimSuffix(host, "."))) && (o.Port == 0 || o.Port == port)
}

func splitColons(s string) ([]string, error) {
	var fields []string
	for {
		var field string
		if rest, ok := strings.CutPrefix(s, "["); ok {
			inside, after, ok := strings.Cut(rest, "]")
			if !ok || (after != "" && after[0] != ':') {
				return nil, ErrOverride
			}
			fields = append(fields, inside)
			if after == "" {
				return fields, nil
			}
			s = after[1:]
			continue
		}
		field, rest, more := strings.Cut(s, ":")
		fields = append(fields, field)
		if !more {
			return fields, nil
		}
		s = rest
	}
}

func parsePort(s string, anyAllowed bool) (int, error) {
	if s == "" && anyAllowed {
		return 0, nil
	}
	port, err := strconv.ParseUint(s, 10, 16)
	if err != nil || port == 0 {
		return 0, ErrOverride
	}
	return int(port), nil
}
