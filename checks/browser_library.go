package checks

import (
	"context"
	"net/http"

	"boxready/internal/bitrix"
	"boxready/internal/transport"
)

// LibraryFacts are this computer's requests for the script that every application's page in the portal loads.
type LibraryFacts struct {
	Hosts []HostSeen `json:"hosts"` // of the regions that the portal may be in
}

func observeLibrary(ctx context.Context, env *Env) (*LibraryFacts, error) {
	regions := env.target.regions()
	f := &LibraryFacts{Hosts: make([]HostSeen, len(regions))}
	parallelN(len(regions), func(i int) { f.Hosts[i] = env.shared.host(ctx, bitrix.BrowserLibrary(regions[i])) })
	return f, nil
}

// judgeLibrary finds one region's script enough: the address doesn't show which is the portal's.
func judgeLibrary(f *LibraryFacts, _ FactsByCheck) []Result {
	if len(f.Hosts) == 0 {
		return one(unknown(UnexpectedAnswer, NetworkAdmin))
	}
	var (
		hosts     []string
		exhausted transport.Failure
	)
	for _, h := range f.Hosts {
		if h.Layer == "" && h.Status < http.StatusBadRequest {
			return ok()
		}
		if h.Failure.Exhausted() {
			exhausted = h.Failure
		}
		hosts = append(hosts, h.Host)
	}
	if exhausted != "" {
		return one(requestFailed(exhausted))
	}
	first := f.Hosts[0]
	return one(notice(VendorHostUnreachable, NetworkAdmin).with(Args{"hosts": hosts, "layer": string(first.Layer), "failure": string(first.Failure),
		"interceptor": first.Interceptor, "proxy": first.Proxy, "status": first.Status, "url": "https://" + first.Host + "/api/v1/"}))
}
