package checks

import (
	"context"

	"boxready/internal/bitrix"
)

// Causes of portal-address.
const (
	AddressIsIP    Cause = "address-is-ip"
	AddressIsCloud Cause = "address-is-cloud"
	AddressWasHTTP Cause = "address-was-http"
)

// AddressFacts are the address's own properties.
type AddressFacts struct {
	Address string `json:"address" hide:"host"` // https, ASCII host
	Display string `json:"display" hide:"host"` // the same in Unicode
	IP      bool   `json:"ip,omitempty"`
	Cloud   bool   `json:"cloud,omitempty"`
	WasHTTP bool   `json:"was_http,omitempty"`
}

func observeAddress(_ context.Context, env *Env) (*AddressFacts, error) {
	a := env.target.Address
	_, ip := a.IP()
	return &AddressFacts{Address: a.String(), Display: a.Display(), IP: ip, Cloud: bitrix.IsCloudHost(a.Host), WasHTTP: a.WasHTTP}, nil
}

func judgeAddress(f *AddressFacts, _ FactsByCheck) []Result {
	var results []Result
	if f.IP {
		results = append(results, problem(AddressIsIP, PortalAdmin))
	}
	if f.Cloud {
		return about(one(notice(AddressIsCloud, You)), Args{"address": f.Display}) // nothing is checked, over http or https
	}
	if f.WasHTTP {
		results = append(results, notice(AddressWasHTTP, You))
	}
	return about(orOK(results), Args{"address": f.Display})
}
