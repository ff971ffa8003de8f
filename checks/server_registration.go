package checks

import (
	"context"
	"strings"

	"boxready/internal/portal"
	"boxready/internal/serverprobe"
)

// RegistrationFacts are what the portal is to the authorization server, and what it would call itself there.
type RegistrationFacts struct {
	Portal       string                    `json:"portal" hide:"host"` // that is checked
	Registration *serverprobe.Registration `json:"registration,omitempty"`
	HTTPS        *serverprobe.HTTPS        `json:"https,omitempty"`
	Custom       bool                      `json:"custom,omitempty"` // an authorization provider of its own takes the authorization server's place
}

func hasRegistration(p *serverprobe.Probe) bool { return p.Registration != nil }

func observeRegistration(_ context.Context, env *Env) (*RegistrationFacts, error) {
	p := env.probe()
	f := &RegistrationFacts{Portal: env.target.Address.String(), Registration: p.Registration, HTTPS: p.HTTPS}
	f.Custom = p.Handlers != nil && custom(p.Handlers.Authorization) != nil
	return f, nil
}

func judgeRegistration(f *RegistrationFacts, _ FactsByCheck) []Result {
	r := f.Registration
	if r == nil {
		return one(unknown(UnexpectedAnswer, PortalAdmin))
	}
	var results []Result
	if !r.Registered && !f.Custom {
		results = append(results, problem(PortalNotRegistered, PortalAdmin))
	}
	if f.differs() {
		results = append(results, problem(AddressDiffers, PortalAdmin))
	}
	browser := ""
	if f.HTTPS != nil {
		browser = f.HTTPS.Browser
	}
	return about(orOK(results), Args{"other": r.Reports, "server": r.Server, "constant": r.HostConstant, "browser": browser,
		"rewritten": browser != "" && sameAddress(browser, f.Portal)})
}

// differs tells whether the portal, asked as it was when the script ran, would report another address than the one that is
// checked. That PHP takes https for http is server-rest-setup's matter.
func (f *RegistrationFacts) differs() bool {
	r := f.Registration
	switch {
	case r.Reports == "" || f.Portal == "":
		return false
	case sameAddress(r.Reports, f.Portal):
		return false
	case f.HTTPS != nil && unseenHTTPS(f.HTTPS) && sameAddress(strings.Replace(r.Reports, "http://", "https://", 1), f.Portal):
		return false
	}
	return true
}

// sameAddress tells whether two addresses have the scheme, the host and the port in common.
func sameAddress(a, b string) bool {
	one, err := portal.ParseAddress(a)
	if err != nil {
		return false
	}
	other, err := portal.ParseAddress(b)
	return err == nil && one == other
}
