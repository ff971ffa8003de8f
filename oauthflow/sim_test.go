package oauthflow

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"boxready/internal/bitrix"
	"boxready/internal/secret"
	"boxready/internal/simportal"
	"boxready/internal/transport"
	"boxready/internal/vault"
)

// simulation is a simulated portal with a saved sign-in, on a clock that the test sets.
type simulation struct {
	*simportal.Sim
	seconds  atomic.Int64 // since 1970
	grant    simportal.Grant
	server   AuthServer
	accounts *Accounts
}

func simulate(t *testing.T, o simportal.Options) *simulation {
	t.Helper()
	s := &simulation{accounts: NewAccounts(vault.Memory(), "")}
	s.seconds.Store(time.Now().Unix())
	o.Clock = s.now
	var err error
	if s.Sim, err = simportal.Start(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	s.grant = s.IssueGrant(simportal.TokenValid)
	s.server = AuthServer{HTTP: simClient(t, s.Sim), Now: o.Clock}
	token := Token{
		Access: secret.New(s.grant.AccessToken), Expires: s.grant.Expires, Refresh: secret.New(s.grant.RefreshToken), RefreshIssued: s.now(),
		Server: strings.TrimSuffix(s.grant.ServerEndpoint, "/rest/"),
	}
	if err := s.accounts.SaveSignIn(t.Context(), address(t, s.Host()), s.app(), token); err != nil {
		t.Fatal(err)
	}
	return s
}

// simClient returns a client that reaches the simulated servers.
func simClient(t *testing.T, s *simportal.Sim) *http.Client {
	t.Helper()
	o := transport.Options{Roots: x509.NewCertPool()}
	o.Roots.AppendCertsFromPEM(s.RootsPEM())
	for _, line := range s.ConnectTo() {
		override, err := transport.ParseOverride(line)
		if err != nil {
			t.Fatal(err)
		}
		o.ConnectTo = append(o.ConnectTo, override)
	}
	return transport.New(o).HTTPClient()
}

// clientAtSimTime is simClient for tests in which certificates would expire.
func (s *simulation) clientAtSimTime(t *testing.T) *http.Client {
	t.Helper()
	roots, targets := x509.NewCertPool(), map[string]string{}
	roots.AppendCertsFromPEM(s.RootsPEM())
	for _, line := range s.ConnectTo() {
		part := strings.SplitN(line, ":", 3)
		targets[part[0]+":"+part[1]] = part[2]
	}
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots, Time: s.now},
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, targets[addr])
		},
	}}
}

func (s *simulation) app() App {
	return App{ClientID: s.grant.ClientID, ClientSecret: secret.New(s.grant.ClientSecret)}
}

func (s *simulation) now() time.Time { return time.Unix(s.seconds.Load(), 0) }

func (s *simulation) advance(d time.Duration) { s.seconds.Add(int64(d / time.Second)) }

func (s *simulation) source(t *testing.T) *Source {
	t.Helper()
	source, err := s.accounts.SignIn(t.Context(), address(t, s.Host()), s.server)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// Errors of the authorization server and of the network are distinguished.
func TestAuthorizationServerErrors(t *testing.T) {
	for fault, c := range map[string]struct {
		want   error // nil for no error of the authorization server
		reason Reason
		failed transport.Failure
	}{
		"grant-invalid":             {want: ErrInvalidGrant, reason: ReasonInvalidGrant},
		"client-invalid":            {want: ErrInvalidClient, reason: ReasonInvalidClient},
		"sign-in-expired":           {want: ErrExpired, reason: ReasonExpired},
		"app-payment-required":      {want: ErrPaymentRequired, reason: ReasonPaymentRequired},
		"app-unknown":               {want: ErrWrongClient, reason: ReasonWrongClient},
		"token-not-installed":       {want: ErrNotInstalled, reason: ReasonNotInstalled},
		"token-invalid-scope":       {want: ErrScopeRefused, reason: ReasonScopeRefused},
		"token-invalid-request":     {want: ErrInvalidRequest, reason: ReasonRefused},
		"token-unauthorized-client": {want: ErrScopeRefused, reason: ReasonScopeRefused},
		"token-unsupported-grant":   {want: &GrantError{Code: "unsupported_grant_type"}, reason: ReasonRefused},
		"token-server-error":        {want: ErrServerFailed, reason: ReasonServerFailed},
		"token-limit":               {want: ErrServerFailed, reason: ReasonServerFailed},
		"auth-host-unreachable":     {reason: ReasonNoConnection, failed: transport.Refused},
		"auth-host-intercepted":     {reason: ReasonNoConnection, failed: transport.Certificate},
	} {
		t.Run(fault, func(t *testing.T) {
			s := simulate(t, simportal.Options{Faults: []string{fault}})
			_, err := s.source(t).Refresh(t.Context())
			if c.want != nil && !errors.Is(err, c.want) || ReasonOf(err) != c.reason {
				t.Errorf("%v: reason %s, want %s", err, ReasonOf(err), c.reason)
			}
			if c.failed != "" && transport.FailureOf(err) != c.failed {
				t.Errorf("%v: %s, want %s", err, transport.FailureOf(err), c.failed)
			}
			for other, o := range map[string]error{
				"invalid_grant": ErrInvalidGrant, "invalid_client": ErrInvalidClient, "wrong_client": ErrWrongClient, "expired_token": ErrExpired,
				"PAYMENT_REQUIRED": ErrPaymentRequired, "NOT_INSTALLED": ErrNotInstalled,
			} {
				if o != c.want && errors.Is(err, o) {
					t.Errorf("%v is taken for %s", err, other)
				}
			}
		})
	}
}

func TestTokenLifetimes(t *testing.T) {
	s := simulate(t, simportal.Options{})
	s.server.HTTP = s.clientAtSimTime(t)
	source := s.source(t)
	token, err := source.Token(t.Context())
	if err != nil || token.Access.Reveal() != s.grant.AccessToken {
		t.Fatalf("a saved token: %v", err)
	}
	s.advance(time.Hour - 30*time.Second) // within minRemaining
	if token, err = source.Token(t.Context()); err != nil || token.Access.Reveal() == s.grant.AccessToken || !token.Expires.Equal(s.now().Add(time.Hour)) {
		t.Errorf("at the end of the hour: %+v, %v", token, err)
	}
	ends := s.now().Add(180 * 24 * time.Hour)
	if list, err := s.accounts.List(t.Context()); err != nil || !list[0].Ends.Equal(ends) {
		t.Errorf("%+v, %v", list, err)
	}
	s.advance(ends.Sub(s.now()) - time.Minute)
	if token, err = s.source(t).Token(t.Context()); err != nil || !token.Ends().After(ends) {
		t.Errorf("on the last day: %v", err)
	}
	s.advance(token.Ends().Sub(s.now()) + time.Minute)
	if _, err := s.source(t).Token(t.Context()); !errors.Is(err, ErrExpired) {
		t.Errorf("after 180 days: %v", err)
	}
}

func TestExpiredCode(t *testing.T) {
	s := simulate(t, simportal.Options{RedirectURI: ReturnAddress(), Region: bitrix.World})
	portal := simClient(t, s.Sim)
	for name, c := range map[string]struct {
		age  time.Duration
		want error
	}{
		"fresh": {29 * time.Second, nil}, "too old": {31 * time.Second, ErrExpired},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := Start(t.Context(), Options{Portal: address(t, s.Host()), Confirmed: true, App: s.app(), Server: func(host string) (AuthServer, error) {
				if host != "oauth.bitrix.info" {
					t.Errorf("the portal names %s", host)
				}
				return AuthServer{URL: "https://" + host, HTTP: s.server.HTTP, Now: s.server.Now}, nil
			}, PasteOnly: true})
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			response, err := portal.Get(f.URL())
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			s.advance(c.age)
			if err := f.Paste(response.Header.Get("Location")); err != nil {
				t.Fatal(err)
			}
			token, err := wait(t, f)
			if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) || c.want == nil && token.Server != "https://oauth.bitrix.info" {
				t.Errorf("%+v, %v", token, err)
			}
		})
	}
}

// The portal's address is asked of the authorization server, with a token that no portal has seen.
func TestHeldAddress(t *testing.T) {
	for fault, want := range map[string]string{
		"": "https://portal.demo.example/rest/", "address-differs": "https://old.portal.demo.example/rest/", "address-held-as-http": "http://portal.demo.example/rest/",
	} {
		var faults []string
		if fault != "" {
			faults = []string{fault}
		}
		s := simulate(t, simportal.Options{Faults: faults})
		source := s.source(t)
		token, err := source.Refresh(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		info, err := source.Server().AppInfo(t.Context(), token.Access)
		if err != nil || info.Install.ClientEndpoint != want || token.Portal != want {
			t.Errorf("%q: %+v, %v", fault, info, err)
		}
		for _, r := range s.Log() {
			if r.Server == "portal" {
				t.Errorf("%q: the portal was asked %s", fault, r.Path)
			}
		}
	}
}

// An application of one region is unknown in the other.
func TestOtherRegion(t *testing.T) {
	s := simulate(t, simportal.Options{Region: bitrix.World})
	other := AuthServer{URL: bitrix.AuthServer(bitrix.CIS), HTTP: s.server.HTTP}
	if _, err := other.Refresh(t.Context(), s.app(), secret.New(s.grant.RefreshToken)); !errors.Is(err, ErrWrongClient) {
		t.Errorf("%v", err)
	}
	if _, err := s.accounts.SignIn(t.Context(), address(t, s.Host()), other); !errors.Is(err, ErrOtherServer) {
		t.Errorf("a saved sign-in: %v", err)
	}
	if token, err := s.source(t).Refresh(t.Context()); err != nil || token.Server != bitrix.AuthServer(bitrix.World) {
		t.Errorf("%+v, %v", token, err)
	}
}
