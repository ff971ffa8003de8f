package checks

import (
	"context"
	"slices"
	"strings"

	"boxready/internal/serverprobe"
)

// HandlerUnreachable is the cause of server-webhooks.
const HandlerUnreachable Cause = "handler-unreachable"

// ServerWebhooksFacts are where the portal's events and outgoing webhooks go.
type ServerWebhooksFacts struct {
	Outgoing []serverprobe.Outgoing `json:"outgoing,omitempty"`
	Custom   bool                   `json:"custom,omitempty"`   // an event provider of the portal's own calls them, from its own network
	Resolves bool                   `json:"resolves,omitempty"` // the server's DNS finds other names
}

func hasOutgoing(p *serverprobe.Probe) bool { return p.Outgoing != nil }

func observeServerWebhooks(_ context.Context, env *Env) (*ServerWebhooksFacts, error) {
	p := env.probe()
	f := &ServerWebhooksFacts{Outgoing: p.Outgoing, Custom: p.Handlers != nil && custom(p.Handlers.Events) != nil}
	f.Resolves = slices.ContainsFunc(p.Hosts, func(h serverprobe.Host) bool { return h.DNS == "ok" }) ||
		slices.ContainsFunc(p.Outgoing, func(o serverprobe.Outgoing) bool { return o.DNS == "ok" && isName(o.Host) })
	return f, nil
}

func judgeServerWebhooks(f *ServerWebhooksFacts, _ FactsByCheck) []Result {
	var hosts, why, applications []string
	webhooks := 0
	for _, o := range f.Outgoing {
		fault := f.faultOf(o)
		if fault == "" {
			continue
		}
		hosts, why = append(hosts, o.Host), append(why, fault)
		webhooks += o.Webhooks
		for _, name := range o.Applications {
			if !slices.Contains(applications, name) {
				applications = append(applications, name)
			}
		}
	}
	if hosts == nil {
		return about(ok(), Args{"number": len(f.Outgoing)})
	}
	return one(problem(HandlerUnreachable, Vendor).with(Args{"hosts": hosts, "why": why, "applications": applications, "webhooks": webhooks}))
}

// faultOf is why the event queue can't call handlers at an address, as a code of host-fault; "" if nothing speaks against it.
func (f *ServerWebhooksFacts) faultOf(o serverprobe.Outgoing) string {
	switch {
	case o.Host == "":
		return ""
	case o.DNS == failed && f.Resolves && strings.Contains(o.Host, "."):
		return "dns-not-found"
	case f.Custom:
		return ""
	case !strings.ContainsAny(o.Host, ".:"):
		return whyNoDot
	case o.Private:
		return whyPrivate
	case o.Scheme == "http":
		return "plain-http"
	}
	return ""
}
