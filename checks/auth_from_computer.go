package checks

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"boxready/internal/bitrix"
	"boxready/internal/transport"
)

// VendorHostUnreachable is the cause of auth-server-from-computer.
const VendorHostUnreachable Cause = "vendor-host-unreachable"

// VendorFacts are this computer's requests to the authorization servers. They prove nothing about the portal's own connection.
type VendorFacts struct {
	Hosts []HostSeen `json:"hosts"`
}

// HostSeen is one request to one host.
type HostSeen struct {
	Host        string            `json:"host" hide:"host"`
	Proxy       string            `json:"proxy,omitempty" hide:"host"`
	At          time.Time         `json:"at"`
	Layer       transport.Stage   `json:"layer,omitempty"` // where it failed; none when the host answered
	Failure     transport.Failure `json:"failure,omitempty"`
	Interceptor string            `json:"interceptor,omitempty"`                    // who issued the certificate, if it is a known product
	Issuer      string            `json:"issuer,omitempty" hide:"subject"`          // of a certificate that doesn't verify
	Certificate string            `json:"certificate,omitempty" hide:"certificate"` // its SHA-256
	Status      int               `json:"status,omitempty"`
	Date        *time.Time        `json:"date,omitempty"`
	Times       transport.Times   `json:"times"`
}

// vendorTimeout is for the whole request to one of the vendor's hosts.
const vendorTimeout = 10 * time.Second

func observeVendor(ctx context.Context, env *Env) (*VendorFacts, error) { return env.askVendor(ctx) }

// askVendor contacts the authorization servers once for all checks.
func (env *Env) askVendor(ctx context.Context) (*VendorFacts, error) {
	return env.vendor.get(ctx, env, func(ctx context.Context) *VendorFacts {
		servers := env.authServers()
		f := &VendorFacts{Hosts: make([]HostSeen, len(servers))}
		parallelN(len(servers), func(i int) { f.Hosts[i] = env.shared.host(ctx, servers[i]+"/oauth/token/") })
		return f
	})
}

// authServers are the authorization servers that the portal may use.
func (env *Env) authServers() []string {
	if env.target.AuthServer != "" {
		return []string{env.target.AuthServer}
	}
	var servers []string
	for _, region := range env.target.regions() {
		servers = append(servers, bitrix.AuthServer(region))
	}
	return servers
}

// requestHost makes a request, with one retry if no answer came. Any answer over a verified connection is the host's own.
func (s *Shared) requestHost(ctx context.Context, address string) HostSeen {
	seen := s.requestHostOnce(ctx, address)
	if slices.Contains([]transport.Failure{transport.Reset, transport.Closed}, seen.Failure) && ctx.Err() == nil {
		seen = s.requestHostOnce(ctx, address)
	}
	return seen
}

func (s *Shared) requestHostOnce(ctx context.Context, address string) HostSeen {
	ctx, cancel := context.WithTimeout(ctx, s.net.Timeout(vendorTimeout))
	defer cancel()
	u, err := url.Parse(address)
	if err != nil {
		return HostSeen{Host: address, Failure: transport.Other, Layer: transport.StageHTTP}
	}
	seen := HostSeen{Host: u.Hostname(), At: time.Now().UTC()}
	if proxy, err := s.net.ProxyFor(u.Scheme, u.Hostname(), transport.PortOf(u)); err == nil {
		seen.Proxy = transport.ProxyName(proxy)
	}
	var watch transport.Stopwatch
	request, err := http.NewRequestWithContext(watch.Watch(ctx, nil), http.MethodGet, address, nil)
	if err != nil {
		return HostSeen{Host: u.Hostname(), Failure: transport.Other, Layer: transport.StageHTTP}
	}
	client := s.net.HTTPClient()
	defer client.CloseIdleConnections()
	response, err := client.Do(request)
	seen.Times = watch.Stop()
	if err != nil {
		seen.Failure = transport.FailureOf(err)
		seen.Layer = transport.StageOf(err)
		var certificate *tls.CertificateVerificationError
		if errors.As(err, &certificate) {
			var chain []Certificate
			for _, c := range certificate.UnverifiedCertificates {
				chain = append(chain, describe(c))
			}
			seen.Interceptor = nameIn(chain, interceptors)
			if len(chain) > 0 {
				seen.Issuer, seen.Certificate = chain[0].Issuer, chain[0].SHA256
			}
		}
		return seen
	}
	response.Body.Close()
	seen.Status = response.StatusCode
	if date, err := time.Parse(time.RFC1123, response.Header.Get("Date")); err == nil {
		seen.Date = &date
	}
	return seen
}

// offset is how far the clock of the first authorization server that sends a Date is ahead of this computer's.
func (f *VendorFacts) offset() (time.Duration, bool) {
	if f == nil {
		return 0, false
	}
	for _, h := range f.Hosts {
		if h.Date != nil {
			return h.Date.Sub(h.At.Add(time.Duration(h.Times.Total-h.Times.Wait/2) * time.Millisecond)), true
		}
	}
	return 0, false
}

func (f *VendorFacts) allUnreachable() bool {
	return f != nil && len(f.Hosts) > 0 && !slices.ContainsFunc(f.Hosts, func(h HostSeen) bool { return h.Layer == "" })
}

// allAnswer reports whether each of the authorization servers answered, and none that it failed: the portal's own is among them.
func (f *VendorFacts) allAnswer() bool {
	return !slices.ContainsFunc(f.Hosts, func(h HostSeen) bool { return h.Layer != "" || h.Status >= http.StatusInternalServerError })
}

// failing is the status with which the authorization servers answer that they failed, 0 if one of them doesn't.
func (f *VendorFacts) failing() (status int) {
	if f == nil {
		return 0
	}
	for _, h := range f.Hosts {
		switch {
		case h.Status >= http.StatusInternalServerError:
			status = h.Status
		case h.Layer == "":
			return 0
		}
	}
	return status
}

// withServerFailure adds to results about the portal's connection whether the authorization servers fail for this computer as
// well: a portal doesn't tell a failing one from one out of reach.
func withServerFailure(results []Result, f *VendorFacts) []Result {
	for i := range results {
		r := &results[i]
		if r.Cause != AuthServerUnreachable {
			continue
		}
		status := f.failing()
		if status != 0 {
			r.Owner = Bitrix24
		}
		*r = r.with(Args{"failing": status})
	}
	return results
}

func judgeVendor(f *VendorFacts, _ FactsByCheck) []Result {
	// One of the two regions is enough: the address doesn't show which is the portal's.
	if len(f.Hosts) == 0 {
		return one(unknown(UnexpectedAnswer, You))
	}
	if !f.allUnreachable() {
		return about(ok(), Args{"all": f.allAnswer()})
	}
	var hosts []string
	for _, h := range f.Hosts {
		if h.Failure.Exhausted() {
			return one(requestFailed(h.Failure))
		}
		hosts = append(hosts, h.Host)
	}
	first := f.Hosts[0]
	return one(notice(VendorHostUnreachable, You).with(Args{"hosts": hosts, "layer": string(first.Layer), "failure": string(first.Failure),
		"interceptor": first.Interceptor, "proxy": first.Proxy}))
}
