package checks

import (
	"context"
	"slices"
	"strings"
	"time"

	"boxready/internal/serverprobe"
)

// Causes of server-rest-setup, besides those that other checks have too.
const (
	SiteClosed          Cause = "site-closed"
	CustomAuthProvider  Cause = "custom-auth-provider"
	CustomEventProvider Cause = "custom-event-provider"
	RESTLogOff          Cause = "rest-log-off"
)

// SetupFacts are the settings of the portal and its module rest for calls.
type SetupFacts struct {
	At       time.Time             `json:"at"`
	Setup    *serverprobe.Setup    `json:"setup,omitempty"`
	Handlers *serverprobe.Handlers `json:"handlers,omitempty"`
	HTTPS    *serverprobe.HTTPS    `json:"https,omitempty"`
}

func hasSetup(p *serverprobe.Probe) bool {
	return p.Setup != nil || p.Handlers != nil || p.HTTPS != nil
}

func observeSetup(_ context.Context, env *Env) (*SetupFacts, error) {
	p := env.probe()
	return &SetupFacts{At: p.Time, Setup: p.Setup, Handlers: p.Handlers, HTTPS: p.HTTPS}, nil
}

// tokenChecker is the class of module rest that checks applications' tokens.
const tokenChecker = `Bitrix\Rest\OAuth\Auth` // #nosec G101 -- a class of the product's

func judgeSetup(f *SetupFacts, _ FactsByCheck) []Result {
	if f.Setup == nil && f.Handlers == nil && f.HTTPS == nil {
		return one(unknown(UnexpectedAnswer, PortalAdmin))
	}
	var results []Result
	if h := f.Handlers; h != nil {
		own := custom(h.Authorization)
		has := slices.ContainsFunc(h.Authorization, func(a serverprobe.Handler) bool { return strings.EqualFold(a.Class, tokenChecker) })
		switch {
		case own != nil:
			results = append(results, notice(CustomAuthProvider, PortalAdmin).with(Args{"handlers": own}))
		case !has:
			results = append(results, problem(TokenCheckerMissing, ServerAdmin).with(Args{"oauth_module": f.Setup != nil && f.Setup.OAuthModule}))
		}
		if own := custom(h.Events); own != nil {
			results = append(results, notice(CustomEventProvider, PortalAdmin).with(Args{"handlers": own}))
		}
	}
	if f.HTTPS != nil && unseenHTTPS(f.HTTPS) {
		results = append(results, problem(HTTPSNotSeen, ServerAdmin).with(Args{"browser": f.HTTPS.Browser, "forwarded": f.HTTPS.ForwardedProto, "port": f.HTTPS.Port}))
	}
	if s := f.Setup; s != nil {
		if s.SiteStopped {
			results = append(results, problem(SiteClosed, PortalAdmin))
		}
		// Without handlers it proves nothing.
		if s.EventHandlers > 0 && s.LogEnds <= f.At.Unix() {
			results = append(results, notice(RESTLogOff, PortalAdmin).with(Args{"number": s.EventHandlers}))
		}
	}
	return orOK(results)
}

// unseenHTTPS reports whether PHP took an https request of the browser for http. A page opened by http proves nothing about
// others.
func unseenHTTPS(h *serverprobe.HTTPS) bool {
	return !h.Seen && strings.HasPrefix(h.Browser, "https://")
}

// custom returns the handlers that aren't the vendor's: they belong to no module, or to a partner's, whose name has a dot.
// https://apidocs.bitrix24.com/settings/cloud-and-on-premise/on-premise/custom-auth-provider.html
func custom(all []serverprobe.Handler) (own []string) {
	for _, h := range all {
		if h.Module == "" || strings.Contains(h.Module, ".") {
			own = append(own, strings.TrimPrefix(h.Module+" "+h.Class, " "))
		}
	}
	return own
}
