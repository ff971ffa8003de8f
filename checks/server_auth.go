package checks

import (
	"cmp"
	"context"
	"crypto/x509"
	"slices"
	"strings"

	"boxready/internal/bitrix"
	"boxready/internal/serverprobe"
	"boxready/internal/transport"
)

// Causes of server-auth-server, besides those that other checks have too.
const (
	CABundleOutdated Cause = "ca-bundle-outdated"
	ProxyNotForREST  Cause = "proxy-not-for-rest"
	OldHostOnly      Cause = "old-host-only"
)

// ServerAuthFacts are the connections from the portal's server to the authorization servers.
type ServerAuthFacts struct {
	Web     bool                 `json:"web"`             // observed by PHP within a request to the portal; on the command line its settings may differ
	Hosts   []ServerHost         `json:"hosts,omitempty"` // in the order of the requests
	Proxies *serverprobe.Proxies `json:"proxies,omitempty"`
}

// ServerHost is what the portal's server observed of a host.
type ServerHost struct {
	By        serverprobe.Kind `json:"by"`
	Host      string           `json:"host" hide:"host"`
	Port      int              `json:"port"`
	InUse     bool             `json:"in_use,omitempty"` // the portal's settings name it
	For       string           `json:"for,omitempty"`    // what the portal needs it for, see useOf
	Asked     bool             `json:"asked"`            // a request was attempted, or a connection where nothing is sent
	Layer     transport.Stage  `json:"layer,omitempty"`  // where the connection failed; "" if an answer came
	Addresses []string         `json:"addresses,omitempty" hide:"ip"`
	Status    int              `json:"status,omitempty"`
	Error     string           `json:"error,omitempty" hide:"text"` // of the authorization server, proof that it was reached
	Failure   string           `json:"failure,omitempty" hide:"text"`
	Body      string           `json:"body,omitempty" hide:"text"`
	TookMS    int              `json:"took_ms,omitempty"`

	// The certificate that arrived at the server.
	Verified    *bool  `json:"verified,omitempty"` // by the observer's certificate store
	Public      *bool  `json:"public,omitempty"`   // a public root
	Issuer      string `json:"issuer,omitempty" hide:"subject"`
	Interceptor string `json:"interceptor,omitempty"`
}

// Public returns the names in the facts that identify nobody.
func (f *ServerAuthFacts) Public() []string { return publicHosts(f.Hosts) }

func publicHosts(hosts []ServerHost) (names []string) {
	for _, h := range hosts {
		if isVendor(h.Host) {
			names = append(names, h.Host)
		}
		if h.Public != nil && *h.Public {
			names = append(names, h.Issuer)
		}
	}
	return names
}

func hasAuthHosts(p *serverprobe.Probe) bool {
	return slices.ContainsFunc(p.Hosts, func(h serverprobe.Host) bool { return isAuthHost(h) })
}

func isAuthHost(h serverprobe.Host) bool { return h.InUse || bitrix.IsAuthHost(h.Host) }

func observeServerAuth(_ context.Context, env *Env) (*ServerAuthFacts, error) {
	p := env.probe()
	f := &ServerAuthFacts{Web: p.Web(), Proxies: p.Proxies}
	for _, h := range p.Hosts {
		if isAuthHost(h) {
			f.Hosts = append(f.Hosts, env.serverHost(h, true))
		}
	}
	return f, nil
}

// serverHost turns a script's result for a host into facts. An authorization server must answer with its own error: any page may
// have replaced it.
func (env *Env) serverHost(h serverprobe.Host, wantsError bool) ServerHost {
	s := ServerHost{By: h.By, Host: h.Host, Port: h.Port, InUse: h.InUse, Addresses: h.Addresses, Asked: h.HTTP != nil}
	if h.HTTP != nil {
		s.Status, s.Error, s.TookMS = h.HTTP.Status, h.HTTP.Error, h.HTTP.TookMS
		if s.Error == "" {
			s.Body = short(h.HTTP.Body)
		}
	}
	curl := func(codes ...int) bool { return h.Curl != nil && slices.Contains(codes, *h.Curl) }
	// A script connects to other hosts without sending anything; a proxy, if there is one, is not tried then.
	connected := !wantsError && h.HTTP == nil && (h.TLS == "ok" || h.TLS == "" && h.TCP == "ok")
	s.Asked = s.Asked || connected
	proxied := h.HTTP != nil && h.By == serverprobe.PHP && env.target.ServerProbe.Proxies != nil && env.target.ServerProbe.Proxies.REST.Host != ""
	switch {
	case s.Error != "", !wantsError && s.Status > 0, connected:
	case proxied:
		s.Layer = transport.StageProxy
	case h.DNS == failed, curl(6):
		s.Layer = transport.StageDNS
	case h.TCP == failed, curl(7, 28): // refused, silent
		s.Layer = transport.StageTCP
	case h.TLS == failed, curl(35, 51, 53, 58, 60, 77, 80, 83, 91): // curl.se/libcurl/c/libcurl-errors.html
		s.Layer = transport.StageTLS
	case h.HTTP != nil:
		s.Layer = transport.StageHTTP
	}
	if s.Layer != "" {
		s.Asked = true
		s.Failure = short(cmp.Or(h.TLSError, h.TCPError, httpFailure(h), h.Failed))
	}
	switch {
	case h.TLS != "":
		s.Verified = new(h.TLS != failed)
	case h.Curl != nil && h.HTTP != nil && h.HTTP.Status > 0:
		s.Verified = new(true)
	case curl(60):
		s.Verified = new(false)
	}
	env.examineSent(&s, h.Chain)
	return s
}

const failed = "failed"

func httpFailure(h serverprobe.Host) string {
	if h.HTTP == nil {
		return ""
	}
	return h.HTTP.Failure
}

// examineSent determines whose certificate arrived at the server: the host's own, with a public root, or one that replaced it.
func (env *Env) examineSent(s *ServerHost, sent [][]byte) {
	var chain []*x509.Certificate
	var described []Certificate
	for _, der := range sent {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return
		}
		chain, described = append(chain, c), append(described, describe(c))
	}
	if chain == nil {
		return
	}
	at := clamp(env.now(), chain[0].NotBefore, chain[0].NotAfter)
	s.Public = new(leadsToRoot(chain, nil, env.net.Roots(), at) && chain[0].VerifyHostname(s.Host) == nil)
	s.Issuer, s.Interceptor = described[0].Issuer, nameIn(described, interceptors)
}

// used is the authorization server in the portal's settings, as observed by PHP; nil if not known.
func (f *ServerAuthFacts) used() *ServerHost {
	for i, h := range f.Hosts {
		if h.InUse && h.By == serverprobe.PHP {
			return &f.Hosts[i]
		}
	}
	return nil
}

// proved reports whether the portal, with its own settings, got an answer of the authorization server itself.
func (f *ServerAuthFacts) proved() bool {
	if f == nil {
		return false
	}
	u := f.used()
	return u != nil && f.Web && u.reached()
}

func (h *ServerHost) reached() bool { return h.Asked && h.Layer == "" && h.Error != "" }

func judgeServerAuth(f *ServerAuthFacts, _ FactsByCheck) []Result {
	if u := f.used(); u != nil {
		switch {
		case u.reached():
			return about(ok(), f.args(u))
		case u.Layer == "":
			return about(one(unknown(UnexpectedAnswer, NetworkAdmin)), f.args(u))
		}
		return about(one(f.fault(u)), f.args(u))
	}
	// Without the portal's settings it isn't known which of the two it uses.
	var dead *ServerHost
	anyReached := false
	for i := range f.Hosts {
		switch h := &f.Hosts[i]; {
		case h.reached():
			anyReached = true
		case h.Layer != "" && dead == nil:
			dead = h
		}
	}
	switch {
	case dead == nil && anyReached:
		return about(ok(), f.args(&f.Hosts[0]))
	case dead == nil:
		return one(unknown(UnexpectedAnswer, NetworkAdmin))
	case anyReached:
		return about(one(unknown(AuthServerUnreachable, NetworkAdmin)), f.args(dead))
	}
	return about(one(f.fault(dead)), f.args(dead))
}

// fault is why a host is not reached.
func (f *ServerAuthFacts) fault(h *ServerHost) Result {
	others := slices.ContainsFunc(f.Hosts, func(other ServerHost) bool {
		return other.By == h.By && other.Host == hostOf(bitrix.AuthServer(bitrix.World)) && other.reached()
	})
	updatesOnly := f.Proxies != nil && f.Proxies.Updates.Host != "" && f.Proxies.REST.Host == ""
	switch {
	case h.Layer == transport.StageTLS && h.Public != nil && *h.Public && h.Verified != nil && !*h.Verified:
		return problem(CABundleOutdated, ServerAdmin)
	case h.Public != nil && !*h.Public && (h.Layer == transport.StageTLS || h.Layer == transport.StageHTTP):
		return problem(TLSIntercepted, NetworkAdmin)
	case h.Host == hostOf(bitrix.AuthServer(bitrix.CIS)) && others:
		return problem(OldHostOnly, NetworkAdmin)
	case updatesOnly && (h.Layer == transport.StageDNS || h.Layer == transport.StageTCP):
		return problem(ProxyNotForREST, ServerAdmin)
	}
	return problem(AuthServerUnreachable, NetworkAdmin)
}

func (f *ServerAuthFacts) args(h *ServerHost) Args {
	args := Args{"host": h.Host, "layer": string(h.Layer), "failure": h.Failure, "by": string(h.By), "cli": h.By == serverprobe.PHP && !f.Web,
		"issuer": h.Issuer, "interceptor": h.Interceptor, "status": h.Status, "body": h.Body, "in_use": h.InUse, "proxy": "", "other": ""}
	if f.Proxies != nil {
		proxy := f.Proxies.REST
		if proxy.Host == "" {
			proxy = f.Proxies.Updates
		}
		args["proxy"] = strings.TrimSuffix(proxy.Host+":"+proxy.Port, ":")
	}
	for _, other := range f.Hosts {
		if other.Host != h.Host && other.reached() {
			args["other"] = other.Host
		}
	}
	return args
}
