package app

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"boxready/checks"
	"boxready/internal/portal"
	"boxready/internal/secret"
	"boxready/internal/transport"
)

// InputCode is what is wrong with an input. Codes are keys of texts; each constant's comment has its arguments.
type InputCode string

// The codes.
const (
	BadAddress      InputCode = "bad-address"      // reason: a portal.AddressError's
	BadValue        InputCode = "bad-value"        // value, allowed
	BadAuthServer   InputCode = "bad-auth-server"  // not an https address
	BadPage         InputCode = "bad-page"         // not the address of a page
	BadFile         InputCode = "bad-file"         // file, missing: there is none, or it can't be read
	BadPEM          InputCode = "bad-pem"          // file: no certificates
	BadConnectTo    InputCode = "bad-connect-to"   // value
	BadRequirements InputCode = "bad-requirements" // file; Err is a requirements.Errors
	BadList         InputCode = "bad-list"         // file; Err is a yamlfile.Errors
	BadAcknowledged InputCode = "bad-acknowledged" // file, line, key: of what is wrong, "" if it has another form
	BadReceiver     InputCode = "bad-receiver"     // not an https address, or the portal's own
	BadPaste        InputCode = "bad-paste"        // file, reason: a serverprobe.PasteError's
	BadOutside      InputCode = "bad-outside"      // file, reason: format or other; portal and other of a report about another portal
	NoWebhook       InputCode = "no-webhook"       // not the address of a webhook
	WebhookHTTP     InputCode = "webhook-http"     // without https
	OtherWebhook    InputCode = "other-webhook"    // portal, other
	OtherServer     InputCode = "other-server"     // server: the one that the sign-in is bound to
)

// InputError is what is wrong with an input, typed or in a file.
type InputError struct {
	Option string // the option, e.g. "region"; "" for the portal's address, a webhook and a sign-in
	Code   InputCode
	Args   checks.Args
	Err    error // with details; nil for none
}

func (e *InputError) Error() string {
	text := string(e.Code)
	if e.Option != "" {
		text = e.Option + ": " + text
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

func (e *InputError) Unwrap() error { return e.Err }

// ParsePortal reads a portal's address. The error is an *InputError.
func ParsePortal(typed string) (portal.Address, error) {
	address, err := portal.ParseAddress(typed)
	if bad, ok := errors.AsType[*portal.AddressError](err); ok {
		return address, &InputError{Code: BadAddress, Args: checks.Args{"reason": string(bad.Reason)}}
	}
	return address, nil
}

// WebhookIn returns the webhook whose address was given as the portal's.
func WebhookIn(typed string) (portal.Webhook, bool) {
	webhook, err := portal.ParseWebhook(typed)
	return webhook, err == nil
}

// ParseWebhook reads a webhook's address, which must be of that portal. The error is an *InputError.
func ParseWebhook(pasted secret.String, address portal.Address) (portal.Webhook, error) {
	webhook, err := portal.ParseWebhook(pasted.Reveal())
	switch {
	case errors.Is(err, portal.ErrWebhookHTTP):
		return webhook, &InputError{Code: WebhookHTTP}
	case err != nil:
		return webhook, &InputError{Code: NoWebhook}
	case webhook.Address.String() != address.String():
		return webhook, &InputError{Code: OtherWebhook, Args: checks.Args{"portal": address.Display(), "other": webhook.Address.Display()}}
	}
	return webhook, nil
}

func badFile(option, file string, err error) error {
	return &InputError{Option: option, Code: BadFile, Args: checks.Args{"file": file, "missing": errors.Is(err, os.ErrNotExist)}}
}

// ReadRoots reads certificates of roots from a PEM file. The error is an *InputError.
func ReadRoots(file string) ([]*x509.Certificate, error) { return readRoots("trust", file) }

func readRoots(option, file string) ([]*x509.Certificate, error) {
	pem, err := os.ReadFile(file) // #nosec G304 -- the user names it
	if err != nil {
		return nil, badFile(option, file, err)
	}
	roots, err := transport.ParseRoots(pem)
	if err != nil {
		return nil, &InputError{Option: option, Code: BadPEM, Args: checks.Args{"file": file}, Err: fmt.Errorf("read roots: %w", err)}
	}
	return roots, nil
}
