package checks

import (
	"context"
	"encoding/json"
	"errors"

	"boxready/internal/portal"
)

// Causes of rest-licence.
const (
	RESTNotInPlan      Cause = "rest-not-in-plan"
	SubscriptionEnded  Cause = "subscription-ended"
	FeatureNotLicensed Cause = "feature-not-licensed"
	LicenceBlocked     Cause = "licence-blocked"
	AppPaymentRequired Cause = "app-payment-required"
)

// Three different payments: the box's licence, the subscription to the Market, and an application's own fee.
// https://apidocs.bitrix24.com/settings/oauth/error-codes.html
var licenceFaults = []struct {
	err    error
	result Result
}{
	{portal.ErrNoCommercialPlan, problem(RESTNotInPlan, PortalAdmin)},
	{portal.ErrNoSubscription, problem(RESTNotInPlan, PortalAdmin)},
	{portal.ErrAppPayment, problem(AppPaymentRequired, Vendor)},
	{portal.ErrPaymentRequired, problem(SubscriptionEnded, PortalAdmin)},
	{portal.ErrWrongLicense, problem(FeatureNotLicensed, PortalAdmin)},
	{portal.ErrLicenseScanner, problem(LicenceBlocked, PortalAdmin)},
}

// licenceFault is the result for an error about a licence, a subscription or a payment; nil for other errors.
func licenceFault(err error) *Result {
	for _, f := range licenceFaults {
		if errors.Is(err, f.err) {
			result := f.result
			return &result
		}
	}
	return nil
}

// LicenceFacts are the portal's answers about the right to use REST.
type LicenceFacts struct {
	Licence string    `json:"licence,omitempty"` // as the portal names it, e.g. ru_selfhosted
	Refused []Refusal `json:"refused,omitempty"`
}

// Refusal is a call that the portal refused.
type Refusal struct {
	Credential  Credential `json:"credential"`
	Method      string     `json:"method"`
	Error       string     `json:"error" hide:"text"`
	Description string     `json:"error_description,omitempty" hide:"text"`
}

func (r Refusal) err() error { return &portal.Error{Code: r.Error, Description: r.Description} }

func observeLicence(ctx context.Context, env *Env) (*LicenceFacts, error) {
	f := &LicenceFacts{}
	for _, by := range []Credential{BySignIn, ByWebhook} {
		check := map[Credential]ID{BySignIn: TokenAccepted, ByWebhook: WebhookCheck}[by]
		if !env.target.has(by) || env.blocker(check) != "" {
			continue
		}
		r := env.callRequest(by, infoMethod, nil)
		a := env.ask(ctx, r) // asked already
		if x := env.exchange(r, a); x.Error != "" {
			f.Refused = append(f.Refused, Refusal{by, infoMethod, x.Error, x.ErrorDescription})
		}
		var info struct {
			Licence string `json:"LICENSE"`
		}
		if json.Unmarshal(a.Result, &info) == nil && f.Licence == "" {
			f.Licence = short(info.Licence)
		}
	}
	basics, err := env.askFirstBatch(ctx)
	if err != nil {
		return f, err
	}
	f.Refused = append(f.Refused, basics.refused()...)
	return f, nil
}

func judgeLicence(f *LicenceFacts, _ FactsByCheck) []Result {
	var results []Result
	reported := map[Cause]bool{}
	for _, refused := range f.Refused {
		if r := licenceFault(refused.err()); r != nil && !reported[r.Cause] {
			reported[r.Cause] = true
			results = append(results, r.with(Args{"credential": string(refused.Credential), "method": refused.Method,
				"error": refused.Error, "description": refused.Description}))
		}
	}
	return orOK(results)
}
