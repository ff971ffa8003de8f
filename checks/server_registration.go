package checks

import (
	"context"
	"strings"

	"boxready/internal/portal"
	"boxready/internal/serverprobe"
)

// RegistrationFacts are the portal's registration at the authorization server, and the address that it would report there.
type RegistrationFacts struct {
	Portal       string                    `json:"portal" hide:"host"` // being checked
	Registration *serverprobe.Registration `json:"registration,omitempty"`
	HTTPS        *serverprobe.HTTPS        `json:"https,omitempty"`
	Custom       bool                      `json:"custom,omitempty"`              // an authorization provider of its own replaces the authorization server
	Sharing      []string                  `json:"sharing,omitempty" hide:"host"` // other portals known here with the same member_id
	TokensWait   bool                      `json:"tokens_wait,omitempty"`         // no token was sent because of them
}

func hasRegistration(p *serverprobe.Probe) bool { return p.Registration != nil }

func observeRegistration(_ context.Context, env *Env) (*RegistrationFacts, error) {
	p := env.probe()
	f := &RegistrationFacts{Portal: env.target.Address.String(), Registration: p.Registration, HTTPS: p.HTTPS}
	if p.Registration != nil {
		f.Sharing, f.TokensWait = env.target.sharing(p.Registration.MemberID), env.target.tokensWait()
	}
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
	if len(f.Sharing) > 0 {
		results = append(results, notice(PortalClone, PortalAdmin).with(Args{"sharing": f.Sharing, "waits": f.TokensWait}))
	}
	browser := ""
	if f.HTTPS != nil {
		browser = f.HTTPS.Browser
	}
	return about(orOK(results), Args{"other": r.Reports, "server": r.Server, "constant": r.HostConstant, "browser": browser,
		"rewritten": browser != "" && sameAddress(browser, f.Portal)})
}

// differs reports whether the portal, asked as when the script ran, would report another address than the one being checked.
// server-rest-setup judges whether PHP sees https.
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

// sameAddress reports whether two addresses have the same scheme, host and port.
func sameAddress(a, b string) bool {
	one, err := portal.ParseAddress(a)
	if err != nil {
		return false
	}
	other, err := portal.ParseAddress(b)
	return err == nil && one == other
}
