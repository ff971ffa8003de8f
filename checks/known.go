package checks

import (
	"slices"
	"strings"
	"time"
)

// PortalClone is a cause of server-registration and portal-identity.
const PortalClone Cause = "portal-clone"

// KnownPortal is a portal by its identity at the authorization server, whatever its address.
type KnownPortal struct {
	Address  string // as portal.Address writes it
	MemberID string
}

// MemberID returns the member_id of the portal that a result's facts are about, "" if they don't have it.
func MemberID(facts Facts) string {
	switch f := facts.(type) {
	case *IdentityFacts:
		return f.MemberID
	case *RegistrationFacts:
		if f.Registration != nil {
			return f.Registration.MemberID
		}
	}
	return ""
}

// sharing returns the addresses of the other known portals with a member_id.
//
// A box derives its member_id from its client ID at the authorization server (the md5 of service_client_id, see
// OAuthService::getMemberId in the module rest) and sends it there with every call. So the one that the server probe computes and the
// one in the authorization server's answers are compared with each other, too: two that are equal can't be so by chance. Two that
// differ prove nothing.
func (t *Target) sharing(memberID string) (addresses []string) {
	for _, k := range t.Known {
		if memberID != "" && strings.EqualFold(k.MemberID, memberID) && k.Address != t.Address.String() {
			addresses = append(addresses, k.Address)
		}
	}
	return addresses
}

// tokensWait reports whether the pasted server probe shows, before any token was sent, that another known portal has the same
// member_id, and the owner hasn't agreed: one of them may be a copy, and a token sent to it would make the authorization server take
// its address for that of both.
func (t *Target) tokensWait() bool {
	p := t.ServerProbe
	if p == nil || p.Registration == nil || probeFacts(t, time.Time{}).otherPortal() {
		return false
	}
	return len(t.sharing(p.Registration.MemberID)) > 0 && !slices.Contains(t.Consents, SameIdentity)
}
