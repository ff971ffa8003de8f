package checks

import (
	"cmp"
	"crypto/x509"
	"net/url"
	"slices"
	"time"

	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"boxready/internal/requirements"
	"boxready/internal/secret"
	"boxready/internal/serverprobe"
	"boxready/oauthflow"
)

// Target is what to check, and the owner's consents.
type Target struct {
	Address    portal.Address
	Consents   []Consent
	Region     bitrix.Region       // "" if not known: both are possible
	AuthServer string              // https address that replaces the region's; "" for none
	Trust      []*x509.Certificate // roots that the applications' servers trust in addition to public ones
	FeedCache  string              // folder where the queue's address lists are kept between runs; "" for none
	Shared     *Shared             // requests shared with runs against other portals; nil: none, and FeedCache is used

	Webhook *portal.Webhook   // nil for none; its address is the target's
	SignIn  *oauthflow.Source // nil for none
	// Moved means that the owner confirmed the address again although the authorization server holds another. Tokens then go to
	// it, and the portal reports it.
	Moved         bool
	AsApplication bool                       // the credential is the application's own, with the same permissions
	Requirements  *requirements.Requirements // nil: what every application needs
	Handlers      requirements.Handlers      // where they run; "": as in Requirements
	Page          string                     // https or http address of a page that an application shows in the portal; "": as in Requirements
	// RequirementNames are what a command line named for Requirements: files, or ready ones.
	RequirementNames []string
	Demo             []string // the faults of a simulated portal, not nil; nil for a real portal

	// Receiver is the service that a test event is sent to, see receiver.ParseAddress, if the owner saw its host, was warned that
	// the event has an access token, and agreed; "" for none. One in the requirements is no consent.
	Receiver  string
	EventWait time.Duration // the longest wait for a test event; 0: two minutes

	// Known are portals that were checked from this computer before, as far as their member_id is known.
	Known []KnownPortal

	// Acknowledged are findings that somebody knows about and leaves as they are, also of other portals.
	Acknowledged []Acknowledgement

	ServerProbe *serverprobe.Probe // what was pasted from the portal's server; nil for nothing
	Outside     *Outside           // a run from the internet; nil for none

	// OneConnection makes requests one after another as long as the portal answers at once, over one connection: with many portals, the
	// handshakes are what costs.
	OneConnection bool
	Timeout       time.Duration // of the whole run, by the owner's wish, instead of Budget; 0: that

	Setup Setup // of the portal's server, as the owner named it; "" for unnamed

	Self Self // what a self-test checks
}

// Secrets returns those that runs against t use or have used. None of them may leave this computer except to its own
// server.
func (t *Target) Secrets() []secret.String {
	var secrets []secret.String
	if t.Webhook != nil {
		secrets = append(secrets, t.Webhook.Code)
	}
	if t.SignIn != nil {
		secrets = append(secrets, t.SignIn.Secrets()...)
	}
	return secrets
}

// GivenRequirements in Given's result means requirements from files.
const GivenRequirements = "requirements"

// Given returns what the run has besides the address, by the codes of consents and credentials, "as-application" and
// GivenRequirements.
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
	if t.Setup != "" {
		given = append(given, "setup "+string(t.Setup)) // as its flag is written
	}
	if page, err := url.Parse(t.Page); err == nil && t.Page != "" {
		given = append(given, "app "+shownPage(page)) // as its flag is written
	}
	if t.Receiver != "" {
		given = append(given, "receiver "+t.Receiver) // as its flag is written
	}
	return given
}

// commandArgs are the values for command lines in texts that are only known to whoever started the run.
func (t *Target) commandArgs() Args {
	args := Args{}
	if t.RequirementNames != nil {
		args["requires"] = t.RequirementNames
	}
	if t.SignIn != nil {
		args["client_id"] = t.SignIn.App().ClientID
	}
	if t.Demo != nil {
		args["demo"] = t.Demo
	}
	return args
}

// inCloud reports whether the portal runs in the vendor's cloud, so that nothing is asked about it.
func (t *Target) inCloud() bool { return bitrix.IsCloudHost(t.Address.Host) }

// agreed reports whether the owner consented. A sign-in requires confirming the address, which is kept with the account.
func (t *Target) agreed(c Consent) bool {
	if c == Deep && t.tokensWait() {
		return false
	}
	return slices.Contains(t.Consents, c) || c == Deep && t.SignIn != nil
}

func (t *Target) regions() []bitrix.Region {
	if t.Region != "" {
		return []bitrix.Region{t.Region}
	}
	return bitrix.Regions()
}

// has reports whether the owner gave that credential.
func (t *Target) has(c Credential) bool {
	switch c {
	case ByWebhook:
		return t.Webhook != nil
	case BySignIn:
		return t.SignIn != nil && !t.tokensWait()
	case windowCredential:
		return t.Self.Display != nil
	}
	return false
}

// required returns the requirements of the run.
func (t *Target) required() *requirements.Requirements {
	return cmp.Or(t.Requirements, requirements.AnyApplication())
}
