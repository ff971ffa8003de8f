package checks

import (
	"context"
	"encoding/json"

	"boxready/internal/bitrix"
)

// Causes of rest-licence.
const (
	RESTNotInPlan      Cause = "rest-not-in-plan"
	SubscriptionEnded  Cause = "subscription-ended"
	FeatureNotLicensed Cause = "feature-not-licensed"
	LicenceBlocked     Cause = "licence-blocked"
	AppPaymentRequired Cause = "app-payment-required"
)

// licenceCauses are the causes by what the portal's errors mean. There are three different payments: the box's licence, the
// subscription to the Market, and an application's own fee. https://apidocs.bitrix24.com/settings/oauth/error-codes.html
var licenceCauses = map[string]Cause{"rest-not-in-plan": RESTNotInPlan, "subscription-ended": SubscriptionEnded, "app-unpaid": AppPaymentRequired,
	"feature-not-licensed": FeatureNotLicensed, "licence-scanner": LicenceBlocked}

// licenceFault is the result for an error about a licence, a subscription or a payment; nil for other errors.
func licenceFault(code, description string) *Result {
	meaning := bitrix.MeaningOf(code, description, bitrix.AtCommand)
	if meaning == nil || licenceCauses[meaning.Name] == "" {
		return nil
	}
	result := problem(licenceCauses[meaning.Name], Owner(meaning.Owner))
	return &result
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
	batch, err := env.askFirstBatch(ctx)
	if err != nil {
		return f, err
	}
	f.Refused = append(f.Refused, batch.refused()...)
	return f, nil
}

func judgeLicence(f *LicenceFacts, _ FactsByCheck) []Result {
	var results []Result
	reported := map[Cause]bool{}
	for _, refused := range f.Refused {
		if r := licenceFault(refused.Error, refused.Description); r != nil && !reported[r.Cause] {
			reported[r.Cause] = true
			results = append(results, r.with(Args{"credential": string(refused.Credential), "method": refused.Method,
				"error": refused.Error, "description": refused.Description}))
		}
	}
	return orOK(results)
}
