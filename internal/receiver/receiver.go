// Package receiver proves that events arrive. A vendor or an integrator runs the service on a public host; whoever checks a
// portal gets a one-time mailbox there, has the portal call its address as an event handler, and asks what has come.
//
// The authorization server puts an access token into every event. The service must not become a place where tokens lie: of an
// event it keeps that it came, when and from where, and a keyed hash by which it knows the same delivery again. The key lives
// as long as the process, nothing is written to disk, and a restart loses the mailboxes and nothing else.
//
// The protocol is three requests, described in docs/receiver.md:
//
//	POST   {public}/v1/mailboxes        expect=SHA-256 of the event's nonce    → Mailbox
//	GET    {public}/v1/mailboxes/{id}   Authorization: Bearer {key}            → Mail
//	DELETE {public}/v1/mailboxes/{id}   Authorization: Bearer {key}
//
// and events go to {public}/mailbox/{id}.
package receiver

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

const (
	mailboxesPath = "/v1/mailboxes"
	eventsPath    = "/mailbox/"
	// NonceField is where the nonce stands in a test event: a parameter of event.test, which the portal puts under data[QUERY].
	NonceField = "boxready"
	nonceKey   = "data[QUERY][" + NonceField + "]"
	tokenKey   = "auth[access_token]" // #nosec G101 -- a field of a form
)

// Mailbox is the answer to opening one.
type Mailbox struct {
	ID        string `json:"id"`
	Address   string `json:"address"`    // of the handler
	Key       string `json:"key"`        // opens it to who made it; a secret
	ExpiresIn int    `json:"expires_in"` // seconds
}

// Mail is what has come into a mailbox.
type Mail struct {
	Event   *Event `json:"event"`   // the expected one; nil: not yet
	Copies  int    `json:"copies"`  // how often the very same came besides
	Others  int    `json:"others"`  // events that aren't the expected one
	Refused int    `json:"refused"` // requests that were no event: not a POST of a form, or too big
}

// Event is the arrival of the expected event.
type Event struct {
	AgeMS int64 `json:"age_ms"` // how long ago it came, so that nobody's clock has to be right
	// From is who delivered it, as far as the service sees.
	From  netip.Addr `json:"from"`
	Queue Listing    `json:"queue"`
}

// Listing tells whether an address is one of the event queue's.
type Listing string

// Whether it is.
const (
	Listed   Listing = "listed"
	Unlisted Listing = "unlisted"
	Unsure   Listing = "unsure" // a list couldn't be had
)

// ErrAddress is the error of ParseAddress.
var ErrAddress = errors.New("not the address of a receiver")

// ParseAddress reads the address of a receiver: https, a host, and maybe a port and a path. It returns it without a slash at
// the end.
func ParseAddress(text string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil {
		return "", ErrAddress // the text itself may be anything, a secret even
	}
	path := strings.TrimRight(u.EscapedPath(), "/")
	if u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || !plainPath.MatchString(path) {
		return "", ErrAddress
	}
	return "https://" + strings.ToLower(u.Host) + path, nil
}

var (
	plainPath = regexp.MustCompile(`^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*$`)
	mailboxID = regexp.MustCompile(`^boxready-[a-z2-7]{26}$`)
)

// IsMailbox tells whether a handler's address is that of a mailbox, whosever receiver it is at.
func IsMailbox(address string) bool {
	i := strings.LastIndex(address, eventsPath)
	return i > 0 && strings.HasPrefix(address, "https://") && mailboxID.MatchString(address[i+len(eventsPath):])
}

// mailboxAddress is where the events of mailbox id go.
func mailboxAddress(public, id string) string { return public + eventsPath + id }

// expectation is what the service is told of a nonce.
func expectation(nonce string) string {
	sum := sha256.Sum256([]byte(nonce))
	return hex.EncodeToString(sum[:])
}

func badAnswer(status int) error { return fmt.Errorf("%w: status %d", ErrNoReceiver, status) }
