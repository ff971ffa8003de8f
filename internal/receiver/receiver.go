// Package receiver is the client of a receiver, which proves that events arrive. A vendor or an integrator runs one (package
// server) on a public host; a client opens a mailbox there for one event, makes the portal call the mailbox's URL as an event
// handler, and reads what has arrived.
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
	// MailboxesPath and EventsPath follow the public address.
	MailboxesPath = "/v1/mailboxes"
	EventsPath    = "/mailbox/"
	// NonceField is where the nonce stands in a test event: a parameter of event.test, which the portal puts under data[QUERY].
	NonceField = "boxready"
)

// Mailbox is the answer to a request for one.
type Mailbox struct {
	ID        string `json:"id"`
	Address   string `json:"address"`    // of the handler
	Key       string `json:"key"`        // bearer token of the client that opened it; a secret
	ExpiresIn int    `json:"expires_in"` // seconds
}

// Mail is what has arrived in a mailbox.
type Mail struct {
	Event   *Event `json:"event"`   // the expected one; nil: not yet
	Copies  int    `json:"copies"`  // further deliveries of the same event
	Others  int    `json:"others"`  // events that aren't the expected one
	Refused int    `json:"refused"` // requests that were no event: not a POST of a form, or too big
}

// Event is the arrival of the expected event.
type Event struct {
	AgeMS int64 `json:"age_ms"` // time since it arrived, so that clocks needn't agree
	// From is the sender's address as the receiver sees it.
	From  netip.Addr `json:"from"`
	Queue Listing    `json:"queue"`
}

// Listing tells whether an address is one of the event queue's.
type Listing string

// Whether it is.
const (
	Listed   Listing = "listed"
	Unlisted Listing = "unlisted"
	Unsure   Listing = "unsure" // a list is not known
)

// ErrAddress is the error of ParseAddress.
var ErrAddress = errors.New("not the address of a receiver")

// ParseAddress reads the address of a receiver: https, a host, and maybe a port and a path. It returns it without a slash at
// the end.
func ParseAddress(text string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil {
		return "", ErrAddress // err may contain a secret
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

// IsMailbox tells whether a handler's address is that of a mailbox at any receiver.
func IsMailbox(address string) bool {
	i := strings.LastIndex(address, EventsPath)
	return i > 0 && strings.HasPrefix(address, "https://") && IsMailboxID(address[i+len(EventsPath):])
}

// IsMailboxID tells whether a text has the form of a mailbox's ID.
func IsMailboxID(id string) bool { return mailboxID.MatchString(id) }

// MailboxAddress is where the events of mailbox id go, at the receiver with that public address.
func MailboxAddress(public, id string) string { return public + EventsPath + id }

// expectation is the hash of a nonce that the receiver gets.
func expectation(nonce string) string {
	sum := sha256.Sum256([]byte(nonce))
	return hex.EncodeToString(sum[:])
}

func badAnswer(status int) error { return fmt.Errorf("%w: status %d", ErrNoReceiver, status) }
