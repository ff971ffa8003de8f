package app

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"boxready/checks"
	"boxready/internal/bitrix"
	"boxready/internal/portal"
	"boxready/oauthflow"
)

// SignIn is where to sign in, and with which application.
type SignIn struct {
	// Portal is the address that the owner confirmed as the one in use, and MaySignIn allowed.
	Portal     portal.Address
	App        oauthflow.App
	AuthServer string // instead of the region's; "" for none
	// Region is used if the portal's answer doesn't say which server issued it. It is read when the answer arrives.
	Region *RegionChoice
	// PasteOnly is for when the loopback port is taken.
	PasteOnly bool
	Page      oauthflow.Page
	Timeout   time.Duration // 0: oauthflow's
}

// RegionChoice is the region of an application's authorization server, if its owner chose one. It may be set while the answer is
// awaited.
type RegionChoice struct{ region atomic.Value }

// NewRegionChoice returns a choice of a region, "" for none.
func NewRegionChoice(region bitrix.Region) *RegionChoice {
	c := &RegionChoice{}
	c.Set(region)
	return c
}

// Set chooses a region.
func (c *RegionChoice) Set(region bitrix.Region) { c.region.Store(region) }

// Get returns the region, "" for none.
func (c *RegionChoice) Get() bitrix.Region { return c.region.Load().(bitrix.Region) }

// BlockedError is why the portal's sign-in page must not be opened: the portal would report a wrong address as its own.
type BlockedError struct {
	Check   checks.ID     // that forbids it
	Result  checks.Result // the first that blocks it, of this check or of one that it needs
	Outcome *checks.Outcome
}

func (e *BlockedError) Error() string {
	return fmt.Sprintf("signing in is not safe because of %s: %s %s", e.Result.Check, e.Result.State, e.Result.Cause)
}

// MaySignIn checks that the portal's sign-in page may be opened. The owner must have confirmed that the address is the one that
// employees and applications use. The error is a *BlockedError, or that of ctx.
func (a *App) MaySignIn(ctx context.Context, target checks.Target, observer checks.Observer) error {
	if !slices.Contains(target.Consents, checks.Deep) {
		target.Consents = append(slices.Clone(target.Consents), checks.Deep)
	}
	blocker, outcome := checks.MaySignIn(ctx, a.net, target, observer)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if blocker != "" {
		return &BlockedError{blocker, blockingResult(outcome, blocker), outcome}
	}
	return nil
}

// StartSignIn starts to wait for the answer. The error is one of oauthflow.Start's.
func (a *App) StartSignIn(ctx context.Context, s SignIn) (*oauthflow.Flow, error) {
	client := a.net.HTTPClient()
	return oauthflow.Start(ctx, oauthflow.Options{
		Portal: s.Portal, Confirmed: true, App: s.App, PasteOnly: s.PasteOnly, Page: s.Page, Timeout: s.Timeout,
		Listen: a.options.Listen, OpenBrowser: a.options.OpenBrowser,
		Server: func(host string) (oauthflow.AuthServer, error) {
			return oauthflow.ChooseServer(client, s.AuthServer, s.Region.Get())(host)
		},
	})
}

// blockingResult is the check's own result, or, if it was skipped, that of the check that it needs.
func blockingResult(outcome *checks.Outcome, id checks.ID) checks.Result {
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

// ReturnAddress is the redirect URI for an application's settings.
func (a *App) ReturnAddress() string {
	if a.options.Listen == "" {
		return oauthflow.ReturnAddress()
	}
	return "http://" + a.options.Listen + oauthflow.Path
}
