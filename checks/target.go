package checks

import (
	"cmp"
	"crypto/x509"
	"slices"
	"time"

	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"boxready/internal/requirements"
	"boxready/internal/secret"
	"boxready/internal/serverprobe"
	"boxready/oauthflow"
)

// Target is what to check, and what the owner agreed to.
type Target struct {
	Address    portal.Address
	Consents   []Consent
	Region     bitrix.Region       // "" if it isn't known: both are possible
	AuthServer string              // https address that replaces the region's; "" for none
	Trust      []*x509.Certificate // roots that the applications' servers trust besides the public ones
	FeedCache  string              // folder where the queue's address lists are kept between runs; "" for none
	Shared     *Shared             // what runs against other portals asked already; nil: the run asks itself, and FeedCache counts

	Webhook *portal.Webhook   // nil for none; its address is the target's
	SignIn  *oauthflow.Source // nil for none
	// Moved means that the owner said once more that the address is the right one, although the authorization server holds
	// another. Tokens then go to it, and the portal reports it.
	Moved         bool
	AsApplication bool                       // the credential is the application's own, so what it may not do, the application may not
	Requirements  *requirements.Requirements // nil: what every application needs
	Handlers      requirements.Handlers      // where they live; "": where Requirements say

	// Receiver is the service that a test event is sent to, see receiver.ParseAddress, if the owner saw its host, learned that
	// the event carries an access token, and agreed; "" for none. Requirements may name one, which is no yes.
	Receiver  string
	EventWait time.Duration // how long a test event may be on its way; 0: two minutes

	ServerProbe *serverprobe.Probe // what was pasted from the portal's server; nil for nothing
	Outside     *Outside           // a run made in the internet; nil for none

	Self Self // what a self-test looks at
}

// Secrets are those that a run against t uses, as they are now. None of them may be in anything that leaves this computer but
// for where it belongs.
func (t *Target) Secrets() []secret.String {
	var secrets []secret.String
	if t.Webhook != nil {
		secrets = append(secrets, t.Webhook.Code)
	}
	if t.SignIn != nil {
		held := t.SignIn.Held()
		secrets = append(secrets, held.Access, held.Refresh, t.SignIn.App().ClientSecret)
	}
	return secrets
}

// GivenRequirements stands among what Given returns for requirements from files.
const GivenRequirements = "requirements"

// Given is what the run has beside the address, by the codes of consents and credentials; "as-application" and
// GivenRequirements besides.
func (t *Target) Given() []string {
	var given []string
	for _, c := range t.Consents {
		given = append(given, string(c))
	}
	for _, c := range []Credential{BySignIn, ByWebhook} {
		if t.has(c) {
			given = append(given, string(c))
		}
	}
	if t.AsApplication {
		given = append(given, "as-application")
	}
	if t.Requirements != nil {
		given = append(given, GivenRequirements)
	}
	if t.Receiver != "" {
		given = append(given, "receiver "+t.Receiver) // as its flag is written
	}
	return given
}

// agreed tells whether the owner said yes. Whoever signed in had to confirm the address before, and that is kept with the
// account.
func (t *Target) agreed(c Consent) bool {
	return slices.Contains(t.Consents, c) || c == Deep && t.SignIn != nil
}

func (t *Target) regions() []bitrix.Region {
	if t.Region != "" {
		return []bitrix.Region{t.Region}
	}
	return bitrix.Regions()
}

// has tells whether the owner gave that credential.
func (t *Target) has(c Credential) bool {
	switch c {
	case ByWebhook:
		return t.Webhook != nil
	case BySignIn:
		return t.SignIn != nil
	case windowCredential:
		return t.Self.Display != nil
	}
	return false
}

// required is what the run looks for.
func (t *Target) required() *requirements.Requirements {
	return cmp.Or(t.Requirements, requirements.AnyApplication())
}
