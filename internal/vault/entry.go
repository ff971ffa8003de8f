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

// limit is how many bytes an entry must stay below: Windows takes no more.
const limit = 2560

const version = 1

// entry is an account as it is kept. It is the only type with secrets in plain
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

// encode returns an account as it is kept, without its access token if it
// would not fit with it.
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
	encoder.SetEscapeHTML(false) // six bytes for one are too many here
	err := encoder.Encode(entry{
		Version:       version,
		ClientID:      a.ClientID,
		ClientSecret:  a.ClientSecret.Reveal(),
		Refresh:       a.Refresh.Reveal(),
		RefreshIssued: seconds(a.RefreshIssued),
		Access:        a.Access.Reveal(),
		Expires:       seconds(a.Expires),
		Server:        a.Server,
		MemberID:      a.MemberID,
		UserID:        a.UserID,
		Webhook:       a.Webhook.Reveal(),
		Confirmed:     a.Confirmed,
		Saved:         seconds(a.Saved),
	})
	return strings.TrimSuffix(text.String(), "\n"), err
}

// decode reads what encode wrote. Its errors never repeat any of it.
func decode(portal, text string) (Account, error) {
	// The version first: what else a newer one has may be of other types.
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
		RefreshIssued: moment(e.RefreshIssued),
		Access:        secret.New(e.Access),
		Expires:       moment(e.Expires),
		Server:        e.Server,
		MemberID:      e.MemberID,
		UserID:        e.UserID,
		Webhook:       secret.New(e.Webhook),
		Confirmed:     e.Confirmed,
		Saved:         moment(e.Saved),
	}
	if valid(a) != nil {
		return Account{}, ErrDamaged
	}
	return a, nil
}

// valid refuses what would not come back as it was, or would lead a secret
// over a connection without TLS.
func valid(a Account) error {
	if !isPortal(a.Portal) {
		return errPortal
	}
	for _, text := range []string{
		a.ClientID, a.ClientSecret.Reveal(), a.Refresh.Reveal(), a.Access.Reveal(),
		a.Server, a.MemberID, a.UserID, a.Webhook.Reveal(),
	} {
		if !utf8.ValidString(text) { // JSON would replace what is not
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

// errPortal does not repeat what it refuses: people paste webhook addresses.
var errPortal = fmt.Errorf("%w: not a portal's address", ErrInvalid)

const longestPortal = 300

var portalPattern = regexp.MustCompile(`^https://(?:[a-z0-9_-][a-z0-9._-]*|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$`)

// isPortal reports whether s is a portal's address in its one spelling. It
// becomes the entry's name, which keyrings show and do not encrypt.
func isPortal(s string) bool {
	return len(s) <= longestPortal && portalPattern.MatchString(s) && !strings.HasSuffix(s, ":443")
}

func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func moment(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

func (a Account) secrets() []secret.String {
	return []secret.String{a.ClientSecret, a.Refresh, a.Access, a.Webhook}
}
