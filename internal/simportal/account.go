package simportal

import (
	"crypto/rand"
	"encoding/hex"
	"slices"
	"sync"
	"time"

	"boxready/internal/bitrix"
)

const (
	tokenLife   = time.Hour        // of an access token, and of an entry in the portal's cache
	codeLife    = 30 * time.Second // of an authorization code
	refreshLife = 180 * day        // of a refresh token
)

func randomHex(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

// token is an access token in the authorization server's records.
type token struct {
	user    *User
	expires time.Time
	revoked bool
	fresh   bool // issued by a refresh, so no portal can have cached a verdict on it
}

// grant is a refresh token or an authorization code (RFC 6749, 1.3); each can be redeemed once.
type grant struct {
	user   *User
	issued time.Time
}

// verdict is the answer of rest.check about a token.
type verdict struct {
	err     *restError
	user    *User
	expires time.Time
	at      time.Time
}

// account is the state of the authorization server and the portal: the demo application and its tokens.
type account struct {
	clientID, clientSecret, memberID string
	applicationToken                 string // sent with every event
	webhook                          credentials
	makeToken                        func() string

	mu      sync.Mutex
	tokens  map[string]*token
	refresh map[string]grant
	codes   map[string]grant
	cache   map[string]verdict // on the portal
	address string             // of the portal, as registered at the authorization server
}

func newAccount(host string, makeToken func() string) *account {
	if makeToken == nil {
		makeToken = func() string { return randomHex(35) }
	}
	return &account{
		makeToken: makeToken,
		clientID:  "local." + randomHex(7) + ".12345678", clientSecret: randomHex(25), memberID: randomHex(16), applicationToken: makeToken(),
		webhook: credentials{users[0].ID, randomHex(8)},
		tokens:  map[string]*token{}, refresh: map[string]grant{}, codes: map[string]grant{}, cache: map[string]verdict{},
		address: "https://" + host,
	}
}

// applyFaults sets the state that some faults start from.
func (a *account) applyFaults(f *faultSet, host string, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch f.in("identity") {
	case "address-differs":
		a.address = "https://" + formerHost(host)
	case "address-held-as-http":
		a.address = "http://" + host
	}
	if f.on("cached-error") {
		for name, t := range a.tokens {
			if !t.fresh {
				a.cache[name] = verdict{err: licenceError(), at: now}
			}
		}
	}
}

// cached returns the portal's verdict on a token if it is younger than an hour.
func (a *account) cached(name string, now time.Time) (verdict, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	v, ok := a.cache[name]
	return v, ok && now.Sub(v.at) < tokenLife
}

func (a *account) cacheVerdict(name string, v verdict) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cache[name] = v
}

// redeem removes a grant and returns it.
func (a *account) redeem(from map[string]grant, name string) (grant, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p, ok := from[name]
	delete(from, name)
	return p, ok
}

// issue stores a new grant and returns its token.
func (a *account) issue(to map[string]grant, p grant) string {
	name := a.makeToken()
	a.mu.Lock()
	defer a.mu.Unlock()
	to[name] = p
	return name
}

// Kinds of tokens that IssueToken makes.
const (
	TokenValid   = "valid"
	TokenExpired = "expired" // expired an hour ago
	TokenRevoked = "revoked" // the application was removed at the authorization server
)

// IssueToken makes an access token of the demo application; "" for an unknown kind.
func (s *Sim) IssueToken(kind string) string {
	t := &token{user: &users[0], expires: s.clock().Add(tokenLife)}
	switch kind {
	case TokenValid:
	case TokenExpired:
		t.expires = s.clock().Add(-tokenLife)
	case TokenRevoked:
		t.revoked = true
	default:
		return ""
	}
	return s.newToken(t)
}

func (s *Sim) newToken(t *token) string {
	a := s.account
	name := a.makeToken()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tokens[name] = t
	if s.faults.Load().on("cached-error") && !t.fresh {
		a.cache[name] = verdict{err: licenceError(), at: s.clock()}
	}
	return name
}

// Grant is what an application has after its user signed in.
type Grant struct {
	ClientID, ClientSecret, MemberID string
	AccessToken, RefreshToken        string
	Expires                          time.Time
	Scope                            []string
	Domain                           string // the portal's name
	ServerEndpoint, ClientEndpoint   string // end in /rest/
	UserID                           string
}

// IssueGrant returns a token as IssueToken does, with everything that an application gets along with it.
func (s *Sim) IssueGrant(kind string) Grant {
	a := s.account
	g := Grant{
		ClientID: a.clientID, ClientSecret: a.clientSecret, MemberID: a.memberID,
		AccessToken: s.IssueToken(kind), RefreshToken: a.issue(a.refresh, grant{&users[0], s.clock()}), Scope: slices.Clone(s.faults.Load().inv.granted),
		Domain: s.opt.Host, ServerEndpoint: bitrix.AuthServer(s.region) + "/rest/", ClientEndpoint: s.RegisteredAddress() + "/rest/", UserID: users[0].ID,
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if t := a.tokens[g.AccessToken]; t != nil {
		g.Expires = t.expires
	}
	return g
}

// RegisteredAddress returns the portal's address as registered at the authorization server: that of
// the last request with a token, or of the last /oauth/authorize/, that the portal reported.
func (s *Sim) RegisteredAddress() string {
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	return s.account.address
}

// Webhook returns the URL of a valid incoming webhook; it ends in a slash.
func (s *Sim) Webhook() string {
	return "https://" + s.opt.Host + "/rest/" + s.account.webhook.user + "/" + s.account.webhook.code + "/"
}

// ReportedAddresses returns the addresses that the portal reported, or
// would have, to the authorization server, in order. A portal reports the host of each
// call with a token, and the server may store it.
func (s *Sim) ReportedAddresses() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.reported)
}

func (s *Sim) report(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reported = append(s.reported, address)
}
