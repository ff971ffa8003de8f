// Package access is what a person who looks after portals may do on them in a window: sign in through the browser and keep
// webhooks. It puts together what oauthflow, vault and checks offer. Everything here may wait, for the network or for somebody
// who answers a prompt of the keyring, and nothing knows of a window.
package access

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"boxready/checks"
	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"boxready/internal/transport"
	"boxready/internal/vault"
	"boxready/oauthflow"
)

// Options say how portals are reached and where accounts are kept.
type Options struct {
	Net     *transport.Net
	Keyring *vault.Keyring // nil keeps everything in memory
	// Listen is where a sign-in waits for the browser, host:port on loopback; "" is the usual place.
	Listen string
	// OpenBrowser opens an address; nil is the system's browser.
	OpenBrowser func(url string) error
}

// Access is a person's way in to portals. It is safe for concurrent use.
type Access struct {
	*oauthflow.Accounts
	o     Options
	store *store
}

// New returns an Access that keeps accounts in memory until Open finds a keyring that works.
func New(o Options) *Access {
	s := newStore(o.Keyring)
	return &Access{Accounts: oauthflow.NewAccounts(s), o: o, store: s}
}

// Open tries the keyring, unless it is in use already, and moves what was in memory into it. The error, a *vault.Error for the
// most part, is why the accounts stay in memory, until the program ends or another Open.
func (a *Access) Open(ctx context.Context) error { return a.store.open(ctx) }

// Keys are what is kept for a portal, ready for a run of checks.
type Keys struct {
	Account oauthflow.Account
	Webhook *portal.Webhook   // nil for none
	SignIn  *oauthflow.Source // nil for none
	Place   vault.Place       // where things are kept
	Unkept  error             // why that is not the keyring; nil if it is, or isn't meant to be
	Err     error             // why what is kept could not be read, or changed
}

// Keys tries the keyring, see Open, and reads what is kept for a portal.
func (a *Access) Keys(ctx context.Context, address portal.Address) Keys {
	k := Keys{Unkept: a.Open(ctx), Place: a.Place()}
	account, err := a.Get(ctx, address)
	if err == nil && account.Webhook {
		var webhook portal.Webhook
		webhook, err = a.Webhook(ctx, address)
		k.Webhook = &webhook
	}
	if err == nil && account.SignedIn() {
		k.SignIn, err = a.Accounts.SignIn(ctx, address, oauthflow.AuthServer{HTTP: a.o.Net.HTTPClient()})
	}
	switch {
	case errors.Is(err, vault.ErrNotFound):
		return Keys{Unkept: k.Unkept, Place: k.Place}
	case err != nil:
		return Keys{Unkept: k.Unkept, Place: k.Place, Err: err}
	}
	k.Account = account
	return k
}

// SignIn says where to sign in, and as what.
type SignIn struct {
	// Portal is what the owner called the address that employees and applications use.
	Portal portal.Address
	App    oauthflow.App
	// Region is where the application's authorization server is if the portal's answer doesn't say; "" if nobody knows. It is
	// asked when the answer is there.
	Region func() bitrix.Region
	// PasteOnly is for when the loopback port can't be had.
	PasteOnly bool
	Page      oauthflow.Page
}

// BlockedError is why the portal's page for signing in must not be opened: the portal would report a wrong address as its own.
type BlockedError struct {
	Result checks.Result // the first that stands in the way; of the Check there may be others
}

func (e *BlockedError) Error() string {
	return fmt.Sprintf("signing in is not safe because of %s: %s %s", e.Result.Check, e.Result.State, e.Result.Cause)
}

// StartSignIn makes sure that the portal's page for signing in may be opened, and begins to wait for the answer. The error is a
// *BlockedError, or one of oauthflow.Start's.
func (a *Access) StartSignIn(ctx context.Context, s SignIn) (*oauthflow.Flow, error) {
	target := checks.Target{Address: s.Portal, Consents: []checks.Consent{checks.Deep}}
	blocker, outcome := checks.MaySignIn(ctx, a.o.Net, target, nil)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if blocker != "" {
		return nil, &BlockedError{firstOf(outcome, blocker)}
	}
	client := a.o.Net.HTTPClient()
	return oauthflow.Start(ctx, oauthflow.Options{
		Portal: s.Portal, Confirmed: true, App: s.App, PasteOnly: s.PasteOnly, Page: s.Page,
		Listen: a.o.Listen, OpenBrowser: a.o.OpenBrowser,
		Server: func(host string) (oauthflow.AuthServer, error) {
			return oauthflow.ChooseServer(client, "", s.Region())(host)
		},
	})
}

// firstOf is what stands in the way: the check's own result, or, if it was skipped, that of what it waits for.
func firstOf(outcome *checks.Outcome, id checks.ID) checks.Result {
	for range outcome.Results { // no chain is longer
		i := slices.IndexFunc(outcome.Results, func(r checks.Result) bool { return r.Check == id && r.State != checks.OK })
		if i < 0 {
			break
		}
		if r := outcome.Results[i]; r.State != checks.Skipped {
			return r
		}
		id = outcome.Results[i].Because
	}
	return checks.Result{Check: id, State: checks.Unknown, Cause: checks.UnexpectedAnswer, Owner: checks.You}
}

// ReturnAddress is what belongs into an application's card.
func (a *Access) ReturnAddress() string {
	if a.o.Listen == "" {
		return oauthflow.ReturnAddress()
	}
	return "http://" + a.o.Listen + oauthflow.Path
}
