package portal

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
	"time"

	"boxready/internal/secret"
)

// Webhook is an incoming webhook: a user's number (or login) and a code with that user's rights.
// https://apidocs.bitrix24.com/local-integrations/local-webhooks.html
type Webhook struct {
	Address Address
	User    string
	Code    secret.String
}

var (
	// ErrNoWebhook means that a text is not a webhook's address. Its text never contains the input.
	ErrNoWebhook = errors.New("not the address of an incoming webhook")
	// ErrWebhookHTTP means a webhook's address with http://: its code would be sent unencrypted.
	ErrWebhookHTTP = errors.New("the webhook's address begins with http://")
)

var (
	webhookPath = regexp.MustCompile(`^/+rest/+([^/]+)/+([A-Za-z0-9]{8,64})(?:/|$)`)
	// A login may hold nearly anything, but it is one part of a path.
	webhookUser = regexp.MustCompile(`^[^/?#\s]{1,100}$`)
)

// ParseWebhook reads a webhook's address as the portal shows it, with or without a method behind it, or within a text. The
// error is an *AddressError, ErrWebhookHTTP or ErrNoWebhook.
func ParseWebhook(s string) (Webhook, error) {
	address, words, err := findAddress(s)
	if err != nil {
		return Webhook{}, err
	}
	if address.WasHTTP {
		return Webhook{}, ErrWebhookHTTP
	}
	for _, word := range words {
		if user, code, ok := webhookIn(word); ok {
			return Webhook{Address: address, User: user, Code: code}, nil
		}
	}
	return Webhook{}, ErrNoWebhook
}

// webhookIn returns what the path of a URL says, if it is a webhook's.
func webhookIn(rest string) (user string, code secret.String, ok bool) {
	if _, after, ok := strings.Cut(rest, "://"); ok {
		rest = after
	}
	slash := strings.IndexByte(rest, '/')
	if slash < 0 {
		return "", secret.String{}, false
	}
	path, _, _ := strings.Cut(rest[slash:], "?")
	m := webhookPath.FindStringSubmatch(path)
	if m == nil {
		return "", secret.String{}, false
	}
	user, err := url.PathUnescape(m[1])
	if err != nil || !webhookUser.MatchString(user) {
		return "", secret.String{}, false
	}
	return user, secret.New(m[2]), true
}

// URL is the webhook's address, which is a secret as a whole; it ends in a slash.
func (w Webhook) URL() secret.String {
	return secret.New(w.Address.String() + WebhookPath(url.PathEscape(w.User), w.Code.Reveal(), ""))
}

// Request is a call of a method through the webhook.
func (w Webhook) Request(method string, form url.Values, timeout time.Duration) Request {
	return Request{Path: WebhookPath(w.User, w.Code.Reveal(), method), Form: form, Webhook: true, Timeout: timeout}
}

// RequestREST3 is a call of a method of REST 3.0 without parameters through the webhook.
// https://apidocs.bitrix24.com/api-reference/rest-v3/index.html
func (w Webhook) RequestREST3(method string, timeout time.Duration) Request {
	path := WebhookPath(w.User, w.Code.Reveal(), method)
	return Request{Path: REST3Path(strings.TrimPrefix(path, "/rest/")), Carrier: InJSON, Webhook: true, Timeout: timeout}
}
