package checks

import (
	"context"
	"net/netip"
	"slices"

	"boxready/internal/serverprobe"
	"boxready/internal/transport"
)

// PortalCannotReachItself is the cause of server-self.
const PortalCannotReachItself Cause = "portal-cannot-reach-itself"

// ServerSelfFacts are the connection from the portal's server to the portal's own address. Nothing is sent over it.
type ServerSelfFacts struct {
	Host ServerHost `json:"host"`
}

func hasSelf(p *serverprobe.Probe) bool { return p.Self != nil && tried(*p.Self) }

func observeServerSelf(_ context.Context, env *Env) (*ServerSelfFacts, error) {
	return &ServerSelfFacts{env.serverHost(*env.probe().Self, false)}, nil
}

func judgeServerSelf(f *ServerSelfFacts, seen FactsByCheck) []Result {
	h := f.Host
	args := Args{"host": h.Host, "port": h.Port, "layer": string(h.Layer), "failure": h.Failure, "addresses": h.Addresses, "issuer": h.Issuer, "by": string(h.By),
		"private": h.Addresses != nil && !slices.ContainsFunc(h.Addresses, publicText)}
	switch {
	case h.Layer == "" && h.Asked:
		return about(ok(), args)
	case h.Layer == "":
		return one(unknown(UnexpectedAnswer, NetworkAdmin))
	case h.Layer == transport.StageTLS && badCertificate(seen):
		return skipped(PortalTLS)
	}
	return about(one(notice(PortalCannotReachItself, NetworkAdmin)), args)
}

// badCertificate reports whether this computer rejects the portal's certificate, too: then the fault is reported there.
func badCertificate(seen FactsByCheck) bool {
	tls := factsOf[TLSFacts](seen, PortalTLS)
	return tls != nil && slices.ContainsFunc(judgeTLS(tls, seen), func(r Result) bool { return r.State == Problem })
}

func publicText(address string) bool {
	a, err := netip.ParseAddr(address)
	return err == nil && isPublic(a)
}
