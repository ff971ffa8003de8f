package vault

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"boxready/internal/secret"
)

// limit is the size in bytes that an entry must stay below, as on Windows.
const limit = 2560

const version = 1

// entry is an account's stored form. It is the only type with secrets in plain
// strings, and must never be printed.
type entry struct {
	Version       int    `json:"v"`
	ClientID      string `json:"client_id,omitempty"`
	ClientSecret  string `json:"client_secret,omitempty"`
	Refresh       string `json:"refresh_token,omitempty"`
	RefreshIssued int64  `json:"refresh_issued,omitempty"`
	Access        string `json:"access_token,omitempty"`
	Expires       int64  `json:"expires,omitempty"`
	Server        string `json:"server,omitempty"`
	MemberID      string `json:"member_id,omitempty"`
	UserID        string `json:"user_id,omitempty"`
	Webhook       string `json:"webhook,omitempty"`
	Confirmed     bool   `json:"confirmed,omitempty"`
	Saved         int64  `json:"saved,omitempty"`
}

// encode returns an account's stored form, without the access token if it is too
// big with it.
func encode(a Account) (string, error) {
	if err := valid(a); err != nil {
		return "", err
	}
	text, err := marshal(a)
	if err == nil && len(text) >= limit {
		a.Access, a.Expires = secret.String{}, time.Time{}
		text, err = marshal(a)
	}
	if err == nil && len(text) >= limit {
		err = &Error{Reason: TooBig, Err: fmt.Errorf("%d bytes, %d are too many", len(text), limit)}
	}
	if err != nil {
		return "", err
	}
	return text, nil
}

func marshal(a Account) (string, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // an escape takes six bytes
	err := encoder.Encode(entry{
		Version:       version,
		ClientID:      a.ClientID,
		ClientSecret:  a.ClientSecret.Reveal(),
		Refresh:       a.Refresh.Reveal(),
		RefreshIssued: unixSeconds(a.RefreshIssued),
		Access:        a.Access.Reveal(),
		Expires:       unixSeconds(a.Expires),
		Server:        a.Server,
		MemberID:      a.MemberID,
		UserID:        a.UserID,
		Webhook:       a.Webhook.Reveal(),
		Confirmed:     a.Confirmed,
		Saved:         unixSeconds(a.Saved),
	})
	return strings.TrimSuffix(text.String(), "\n"), err
}

// decode reads what encode wrote. Its errors contain none of it.
func decode(portal, text string) (Account, error) {
	// The version first: other fields of a newer one may have other types.
	var head struct {
		Version int `json:"v"`
	}
	if json.Unmarshal([]byte(text), &head) != nil || head.Version < 1 {
		return Account{}, ErrDamaged
	}
	if head.Version > version {
		return Account{}, ErrNewer
	}
	var e entry
	if json.Unmarshal([]byte(text), &e) != nil {
		return Account{}, ErrDamaged
	}
	a := Account{
		Portal:        portal,
		ClientID:      e.ClientID,
		ClientSecret:  secret.New(e.ClientSecret),
		Refresh:       secret.New(e.Refresh),
		RefreshIssued: unixTime(e.RefreshIssued),
		Access:        secret.New(e.Access),
		Expires:       unixTime(e.Expires),
		Server:        e.Server,
		MemberID:      e.MemberID,
		UserID:        e.UserID,
		Webhook:       secret.New(e.Webhook),
		Confirmed:     e.Confirmed,
		Saved:         unixTime(e.Saved),
	}
	if valid(a) != nil {
		return Account{}, ErrDamaged
	}
	return a, nil
}

// valid refuses what would not be read back unchanged, or would send a secret
// over a connection without TLS.
func valid(a Account) error {
	if !isPortal(a.Portal) {
		return errPortal
	}
	for _, text := range []string{
		a.ClientID, a.ClientSecret.Reveal(), a.Refresh.Reveal(), a.Access.Reveal(),
		a.Server, a.MemberID, a.UserID, a.Webhook.Reveal(),
	} {
		if !utf8.ValidString(text) { // JSON would replace it
			return ErrInvalid
		}
	}
	for _, address := range []string{a.Server, a.Webhook.Reveal()} {
		if address != "" && !strings.HasPrefix(address, "https://") {
			return ErrInvalid
		}
	}
	return nil
}

// errPortal does not contain the input, which may be a webhook's address.
var errPortal = fmt.Errorf("%w: not a portal's address", ErrInvalid)

const maxPortalLen = 300

var portalPattern = regexp.MustCompile(`^https://(?:[a-z0-9_-][a-z0-9._-]*|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$`)

// isPortal reports whether s is a portal's address in canonical form. It is the
// entry's name, which keyrings show and do not encrypt.
func isPortal(s string) bool {
	return len(s) <= maxPortalLen && portalPattern.MatchString(s) && !strings.HasSuffix(s, ":443")
}

func unixSeconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func unixTime(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

func (a Account) secrets() []secret.String {
	return []secret.String{a.ClientSecret, a.Refresh, a.Access, a.Webhook}
}
